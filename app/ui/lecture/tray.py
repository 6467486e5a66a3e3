"""Rows of other systems' sign-in lists that wait: each with whom it may mean; one click for all that have one namesake."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QGridLayout, QVBoxLayout, QWidget

from app.services import listing, undo
from app.services.checkin import foreign
from app.services.checkin.foreign import DROP, GUEST, Waiting
from app.services.listing import Hit
from app.services.office import Office
from app.ui import errors, jobs
from app.ui.dialog import FramedDialog
from app.ui.lecture.sessions import SessionChoice
from app.ui.register.editors import ReferenceEditor
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import EmptyState, QuietCombo, button, clear_grid, label, row
from db.problems import UserError
from db.record import field_of
from db.registers import SignIn

SHOWN = 60
OTHER = "other"


class PickMember(FramedDialog):
    """A member found by typing, as in every other field that names one."""

    def __init__(self, parent: QWidget | None, office: Office) -> None:
        super().__init__(parent, tr("另找会员"), 420, 200)
        self._office = office
        self.editor = ReferenceEditor(field_of(SignIn, "member"), self._lookup)
        self.box.addWidget(label(tr("输入姓名、拼音首字母或号码后四位，从列表里选。"), "secondary", wrap=True))
        self.box.addWidget(self.editor)
        self.box.addStretch(1)
        self.foot(tr("就是这一位"))
        self.editor.focus()

    enter_accepts = False

    def _lookup(self, register: str, typed: str) -> list[Hit]:
        with self._office.reading() as session:
            return listing.lookup(session, register, typed)

    @property
    def chosen(self) -> str:
        return self.editor.text()

    @property
    def title(self) -> str:
        return self.editor.title_text()


def ask_import(parent: QWidget, office: Office, lecture: str) -> str | None:
    """Ask for a workbook and take it in; a sentence on what came of it, None when nothing was chosen."""
    path, _ = QFileDialog.getOpenFileName(parent, tr("导入签到"), "", tr("表格 (*.xlsx *.xls *.csv *.et *.ods);;所有文件 (*)"))
    if not path:
        return None
    session: str | None = None
    choice = SessionChoice(office, lecture)
    if choice.sessions:
        asked = FramedDialog(parent, tr("导入到哪一场"), 420, 160)
        asked.box.addWidget(choice)
        asked.foot(tr("导入"))
        if not asked.exec():
            return None
        session = choice.chosen
    return take_in(parent, office, lecture, Path(path), session=session)


def take_in(parent: QWidget, office: Office, lecture: str, path: Path, *, session: str | None = None) -> str | None:
    try:
        done = jobs.wait(parent, tr("正在导入签到…"), lambda: foreign.take_in(office, lecture, path, session=session))
    except UserError as e:
        errors.show(parent, e)
        return None
    waiting = tr("，{n} 行待定").format(n=done.waiting) if done.waiting else ""
    return tr("签到 {n} 人，{m} 人本来就签过{waiting}。").format(n=done.new, m=done.already, waiting=waiting)


class TrayDialog(FramedDialog):
    def __init__(self, parent: QWidget | None, office: Office, lecture: str) -> None:
        super().__init__(parent, tr("待定的签到"), 860, 600)
        self.office, self.lecture = office, lecture
        self.box.addWidget(label(tr("这些行认不准是谁。选好是哪一位再点“就是”；名册里没有的按外单位记；不该算的丢掉。"), "secondary", wrap=True))
        self.box.addWidget(self.banner)
        inner = self.scrolled()
        column = QVBoxLayout(inner)
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(px(10))
        self.grid.setColumnStretch(0, 1)
        self._acts: list[str] = []
        column.addLayout(self.grid)
        column.addStretch(1)
        self.namesakes = button(tr("只有一位同名的都算本人"), self.take_namesakes, icon_name="check")
        self.guests = button(tr("名册里没有的都按外单位记"), self.take_guests, icon_name="user-plus")
        self.back = button(tr("撤销上一步"), self.undo, icon_name="undo-2", key="Ctrl+Z")
        self.box.addLayout(row(self.namesakes, self.guests, None))
        self.box.addLayout(row(self.back, None, button(tr("好了"), self.accept, primary=True)))
        self.choices: dict[str, QuietCombo] = {}
        self.fill()

    def fill(self) -> None:
        clear_grid(self.grid)
        self.choices.clear()
        with self.office.vault.engine.connect() as connection:
            self.waiting: Sequence[Waiting] = foreign.tray(connection, self.lecture)
        for n, w in enumerate(self.waiting[:SHOWN]):
            words = label("　".join(part for part in (w.full_name or tr("（没有姓名）"), w.unit, w.said) if part), wrap=True)
            words.setToolTip(tr("{file} 第 {n} 行").format(file=w.file_name, n=w.row))
            self.grid.addWidget(words, 2 * n, 0)
            self.grid.addWidget(label(tr("{file} 第 {n} 行").format(file=w.file_name, n=w.row), "secondary"), 2 * n, 1, 1, 2)
            combo = QuietCombo()
            combo.setAccessibleName(tr("{name} 是哪一位").format(name=w.full_name))
            for p in w.likely:
                combo.addItem("　".join(part for part in (p.full_name, p.department, p.employee_no) if part), p.id)
            combo.addItem(tr("外单位的人"), GUEST)
            combo.addItem(tr("另找会员…"), OTHER)
            combo.activated.connect(partial(self._chosen, w.id))
            self.choices[w.id] = combo
            self.grid.addWidget(combo, 2 * n + 1, 0)
            self.grid.addWidget(button(tr("就是"), partial(self.decide, w), icon_name="check"), 2 * n + 1, 1)
            self.grid.addWidget(button("", partial(self.drop, w), icon_name="trash-2", tip=tr("丢掉这一行")), 2 * n + 1, 2)
        if len(self.waiting) > SHOWN:
            self.grid.addWidget(label(tr("下面还有 {n} 行。").format(n=len(self.waiting) - SHOWN), "secondary"), 2 * SHOWN, 0)
        if not self.waiting:
            self.grid.addWidget(EmptyState("inbox", tr("没有待定的"), tr("都办完了。")), 0, 0)
        self.back.setEnabled(bool(self._acts))
        self.namesakes.setEnabled(any(len(w.likely) == 1 for w in self.waiting))
        self.guests.setEnabled(any(not w.likely for w in self.waiting))

    def _chosen(self, waiting: str, place: int) -> None:
        """“另找会员…” asks who, and puts her into the list."""
        combo = self.choices[waiting]
        if combo.itemData(place) != OTHER:
            return
        dialog = PickMember(self, self.office)
        if dialog.exec() and dialog.chosen:
            combo.insertItem(0, dialog.title, dialog.chosen)
        combo.setCurrentIndex(0)

    def decide(self, w: Waiting) -> None:
        chosen = self.choices[w.id].currentData()
        if chosen != OTHER:
            self._say([(w, chosen)])

    def undo(self) -> None:
        """Take the last step back: its sign-ins go, its rows wait again."""
        if not self._acts:
            return
        try:
            undo.undo(self.office, self._acts.pop())
        except UserError as e:
            self.banner.say(str(e), "warn")
        else:
            self.banner.say(tr("撤销了，那几行又在这里等着。"), "good")
        self.fill()

    def drop(self, w: Waiting) -> None:
        self._say([(w, DROP)])

    def take_namesakes(self) -> None:
        self._say([(w, w.likely[0].id) for w in self.waiting if len(w.likely) == 1])

    def take_guests(self) -> None:
        self._say([(w, GUEST) for w in self.waiting if not w.likely])

    def _say(self, said: list[tuple[Waiting, str]]) -> None:
        try:
            done = jobs.wait(self, tr("正在签到…"), lambda: foreign.decide(self.office, said))
        except UserError as e:
            self.banner.say(str(e))
            return
        self._acts.append(done.act)
        self.banner.say(tr("签到 {n} 人。").format(n=done.came) if done.came else tr("已办，没有新增签到。"), "good")
        self.fill()
