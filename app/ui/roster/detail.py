"""What there is to say and to decide about the row that is selected in the preview."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from app.services.roster import layout
from app.services.roster.intake import REPEATED, Planned, Verdict
from app.ui.text import tr
from app.ui.theme import px, theme
from app.ui.widgets import Card, Icon, button, clear_grid, label, row
from db.fields import cell_text


def _as_it_stood(p: Planned) -> str:
    """The original cells of what cannot be trusted: whoever mends one must see it."""
    cells = p.row.cells
    stood = [f"{layout.importable()[x.field].label}“{cell_text(cells[x.field]).strip()}”" for x in p.row.problems if x.is_error and x.field in cells]
    return tr(" 原格：{cells}").format(cells="、".join(dict.fromkeys(stood))) if stood else ""


LONGEST = 30
"""So much of a change is written beside its box; the tip has all of it."""


class Detail(Card):
    """Sentence and buttons; below it, for a changed person, each change to be taken or left."""

    def __init__(self, *, mend: Callable[[], None], take: Callable[[], None], compare: Callable[[], None], leave: Callable[[str, bool], None]) -> None:
        super().__init__(padding=12, spacing=6)
        self._leave = leave
        self.icon = Icon("info", "secondary", 20)
        self.words = label("", wrap=True)
        self.mend_button = button(tr("就地改"), mend, icon_name="pencil", key="F2")
        self.take_button = button(tr("空着也导入"), take)
        self.compare_button = button(tr("比一比…"), compare, icon_name="users", primary=True)
        self.body.addLayout(row(self.icon, self.words, self.mend_button, self.take_button, self.compare_button, wide=self.words))
        self.changes = QWidget()
        self.grid = QGridLayout(self.changes)
        self.grid.setContentsMargins(px(32), 0, 0, 0)
        self.grid.setHorizontalSpacing(px(20))
        self.grid.setVerticalSpacing(px(2))
        self.body.addWidget(self.changes)
        self.boxes: dict[str, QCheckBox] = {}

    def show_nobody(self, why: str, text: str) -> None:
        self._buttons()
        self.icon.show_icon("info", "secondary")
        self.words.setText(tr("{why}，不会导入：{text}").format(why=why, text=text) if why else tr("这里没有行。"))
        self._show_changes(None)

    def show_row(self, p: Planned, where: str) -> None:
        problems = p.row.problems
        wrong = any(x.is_error for x in problems)
        near, out = p.verdict is Verdict.NEAR, p.verdict is Verdict.LEFT_OUT
        repeated = any(x.code == REPEATED for x in problems)
        self._buttons(mend=any(x.field for x in problems) and not near, take=out and bool(p.row.values.get("full_name")) and not repeated, compare=near)
        name = p.row.values.get("full_name") or ""
        if problems:
            self.icon.show_icon("circle-alert", "bad" if wrong else "warn")
            whole = f"{where} {name}：{' '.join(x.message for x in problems)}{_as_it_stood(p)}"
            short = f"{where} {name}：{problems[0].message}" + (tr("（共 {n} 处）").format(n=len(problems)) if len(problems) > 1 else "")
            self.words.setText(short if theme().scale > 1.6 else whole)  # in the largest type rows must stay in sight; the tip has all of it
            self.words.setToolTip(whole)
        elif p.verdict is Verdict.CHANGED:
            self.icon.show_icon("info", "accent")
            self.words.setText(tr("{where} {name}：下面打勾的会更新到名册里。").format(where=where, name=name))
        else:
            self.icon.show_icon("circle-check", "good")
            self.words.setText(tr("{where} {name}：没有疑问。").format(where=where, name=name))
        self._show_changes(p)

    def _buttons(self, *, mend: bool = False, take: bool = False, compare: bool = False) -> None:
        self.mend_button.setVisible(mend)
        self.take_button.setVisible(take)
        self.compare_button.setVisible(compare)

    def _show_changes(self, p: Planned | None) -> None:
        clear_grid(self.grid)
        self.boxes = {}
        changes = p.changes if p is not None and p.verdict is Verdict.CHANGED else {}
        self.changes.setVisible(bool(changes))
        for n, (name, (old, new)) in enumerate(changes.items()):
            f = layout.importable()[name]
            words = f"{f.label}　{f.mask(old) or tr('（空）')} → {f.mask(new) or tr('（空）')}"
            made = QCheckBox(words if len(words) <= LONGEST else f"{words[:LONGEST]}…")
            made.setToolTip(words)
            made.setChecked(p is not None and name not in p.leave)
            made.toggled.connect(partial(self._leave, name))
            self.boxes[name] = made
            self.grid.addWidget(made, n // 3, n % 3)
        for column in range(3):
            self.grid.setColumnStretch(column, 1)
