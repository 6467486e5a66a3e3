"""Two people side by side, field by field: are they one? Used for a row of a workbook and for two records of the roster."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QDialog, QGridLayout, QRadioButton, QScrollArea, QVBoxLayout, QWidget

from app.services.roster.matching import columns_to_compare
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import button, fit_to_screen, label, row
from db.record import field_of
from db.registers import Member

SAME, DIFFERENT, LATER = 1, 2, 0


class PairDialog(QDialog):
    """`choosing`: the clerk also picks, for each field that differs, which of the two values stays. The result is SAME, DIFFERENT or LATER."""

    def __init__(self, parent: QWidget | None, one: Mapping[str, Any], other: Mapping[str, Any], *, heads: tuple[str, str], agrees: Sequence[str] = (), choosing: bool = False, place: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("是不是同一个人？"))
        fit_to_screen(self, 820, 600)
        self._one, self._other = one, other
        self._choices: dict[str, QButtonGroup] = {}
        box = QVBoxLayout(self)
        box.setContentsMargins(px(20), px(16), px(20), px(16))
        box.setSpacing(px(12))
        why = "、".join(field_of(Member, name).label for name in agrees if name in one or name in other)
        said = tr("{why}对得上。").format(why=why) if why else ""
        box.addWidget(label(said + (tr("合并以后每一项留哪个，请在中间点选。") if choosing else tr("请对照着看一遍。")) + place, "secondary", wrap=True))
        area = QScrollArea()
        area.setWidgetResizable(True)
        inner = QWidget()
        self.grid = QGridLayout(inner)
        self.grid.setHorizontalSpacing(px(16))
        self.grid.setVerticalSpacing(px(6))
        self.grid.setColumnStretch(1, 1)
        self.grid.setColumnStretch(2, 1)
        for column, head in enumerate(heads, 1):
            self.grid.addWidget(label(head, "section", wrap=True), 0, column)
        for n, name in enumerate(columns_to_compare(one, other), 1):
            self._line(n, name, choosing)
        self.grid.setRowStretch(self.grid.rowCount(), 1)
        area.setWidget(inner)
        box.addWidget(area, 1)
        self.same = button(tr("是同一个人，合并") if choosing else tr("是同一个人"), lambda: self.done(SAME), icon_name="user-check", primary=True, key="Ctrl+Return")
        self.different = button(tr("不是同一个人"), lambda: self.done(DIFFERENT), icon_name="user-x", key="Ctrl+N")
        box.addLayout(row(button(tr("以后再说"), lambda: self.done(LATER), key="Escape"), None, self.different, self.same))
        self.same.setFocus()

    def _line(self, n: int, name: str, choosing: bool) -> None:
        f = field_of(Member, name)
        mine, theirs = self._one.get(name), self._other.get(name)
        differ = mine is not None and theirs is not None and mine != theirs
        self.grid.addWidget(label(f.label, "fieldLabel"), n, 0, Qt.AlignmentFlag.AlignTop)
        if choosing and differ and not f.derived:
            group = QButtonGroup(self)
            for column, value in ((1, mine), (2, theirs)):
                made = QRadioButton(_shown(f, value))
                made.setChecked(column == 1)
                group.addButton(made, column)
                self.grid.addWidget(made, n, column)
            self._choices[name] = group
            return
        for column, value in ((1, mine), (2, theirs)):
            tone = "warn" if differ else "good" if mine is not None and mine == theirs else ""
            self.grid.addWidget(label(_shown(f, value) or "—", tone, wrap=True), n, column)

    def chosen(self) -> dict[str, Any]:
        """What is to be set on the first of the two: the other's values where she was chosen, and where the first says nothing."""
        taken = {name: self._other[name] for name, group in self._choices.items() if group.checkedId() == 2}
        blanks = {name: self._other[name] for name in columns_to_compare(self._one, self._other) if self._one.get(name) is None and not field_of(Member, name).derived}
        return {**blanks, **taken}


def _shown(f: Any, value: Any) -> str:
    """In full: whoever is to tell two people apart must see the whole number."""
    return f.show(value) if value is not None else ""
