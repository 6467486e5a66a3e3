"""Further doors of a lecture: sent out on a stick, brought back, and what a person has to decide afterwards."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QSpinBox, QVBoxLayout, QWidget
from sqlalchemy import Connection

from app.services import listing, paperwork
from app.services.checkin import doorfile
from app.services.checkin.doorfile import DOOR_SUFFIX, SCANS_SUFFIX, Brought, DoorFile, Doors
from app.services.checkin.fold import Presence, Question
from app.services.checkin.scans import Scan
from app.services.lectures import papers
from app.services.office import Office, moment_of
from app.sync import stick
from app.sync.stick import removable_drives
from app.ui import jobs
from app.ui.dialog import FramedDialog
from app.ui.lecture.sessions import SessionChoice
from app.ui.register.record_page import when
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Card, EmptyState, button, clear, label, row
from db.problems import UserError
from db.registers import Member

SHOWN = 40


def stick_folder() -> str:
    """Where a file dialog opens: the stick, if one is plugged in."""
    found = [drive for drive in removable_drives() if drive.writable]
    return str(found[0].path) if found else ""


class MakeDoorDialog(FramedDialog):
    """Name, session, whom to take along. `made` is the file, written to the folder."""

    def __init__(self, parent: QWidget | None, office: Office, lecture: str) -> None:
        super().__init__(parent, tr("做签到文件"), 520, 420)
        self.office, self.lecture = office, lecture
        self.made: DoorFile | None = None
        self.path: Path | None = None
        self.name, self.pin = QLineEdit(), QLineEdit()
        self.name.setPlaceholderText(tr("东门、二号厅…"))
        self.pin.setPlaceholderText(tr("4 到 12 位数字，可不设"))
        self.name.setAccessibleName(tr("签到处名称"))
        self.pin.setAccessibleName(tr("签到口令"))
        self.session = SessionChoice(office, lecture)
        self.everybody = QCheckBox(tr("把全部会员带去（不在名单上的也认得出）"))
        with office.vault.engine.connect() as connection:
            self._has_list = connection.exec_driver_sql("SELECT 1 FROM registration WHERE lecture = ? AND removed_at IS NULL LIMIT 1", (lecture,)).first() is not None
        self.everybody.setChecked(not self._has_list)
        self.everybody.setEnabled(self._has_list)
        self.box.addWidget(label(tr("文件加密后放在 U 盘上，只有姓名、部门、工号和号码的末几位，没有完整的证件号和手机号。签到码印在纸条上，跟 U 盘分开带。"), "secondary", wrap=True))
        for words, widget in ((tr("签到处叫什么"), self.name), (tr("场次"), self.session), (tr("签到口令（离开签到时要输）"), self.pin)):
            widget.setVisible(widget is not self.session or bool(self.session.sessions))
            if widget is not self.session or self.session.sessions:
                self.box.addWidget(label(words, "fieldLabel"))
            self.box.addWidget(widget)
        self.box.addWidget(self.everybody)
        self.box.addWidget(self.banner)
        self.box.addStretch(1)
        self.foot(tr("存到 U 盘…"))
        self.name.setFocus()

    def accept(self) -> None:
        if not self.name.text().strip():
            self.banner.say(tr("请给这个签到处起个名字，比如“东门”。"), "warn")
            self.name.setFocus()
            return
        if self.pin.text() and not (self.pin.text().isdecimal() and 4 <= len(self.pin.text()) <= 12):
            self.banner.say(tr("口令用 4 到 12 位数字。"), "warn")
            return
        folder = QFileDialog.getExistingDirectory(self, tr("签到文件存到哪里"), stick_folder())
        if folder:
            self.write(Path(folder))

    def write(self, folder: Path) -> None:
        """Make the file and put it there; the banner says why not."""
        try:
            made = doorfile.make(self.office, self.lecture, self.name.text(), session=self.session.chosen, everybody=self.everybody.isChecked(), pin=self.pin.text())
            self.path = stick.write(folder, made.file_name, made.body)
        except UserError as e:
            self.banner.say(str(e), "warn")
            return
        self.made = made
        super().accept()


class DoorsDialog(FramedDialog):
    """`show_pdf` shows the slip with a door's code."""

    enter_accepts = False

    def __init__(self, parent: QWidget | None, office: Office, lecture: str, *, show_pdf: Callable[[bytes, str], None]) -> None:
        super().__init__(parent, tr("几个签到处"), 820, 620)
        self.office, self.lecture, self._show_pdf = office, lecture, show_pdf
        self.box.addWidget(label(tr("没有网络也能几个门同时签：做好签到文件拷到另一台电脑，散场后把结果拷回来并入。先后、重复都不要紧，同一个人只算一次，按最早的时间。"), "secondary", wrap=True))
        self.box.addWidget(self.banner)
        self.column = QVBoxLayout(self.scrolled())
        self.column.setSpacing(px(12))
        self.make_button = button(tr("做签到文件…"), self.ask_make, icon_name="usb", primary=True)
        self.bring_button = button(tr("并入签到结果…"), self.ask_bring, icon_name="merge")
        self.box.addLayout(row(self.make_button, self.bring_button, None, button(tr("好了"), self.accept)))
        self.fill()

    def fill(self) -> None:
        clear(self.column)
        with self.office.vault.engine.connect() as connection:
            told = doorfile.report(connection, self.lecture)
            self._questions(connection, told)
            self._doors(told)
            self._twice(connection, told)
            self._said(told)
        self.column.addStretch(1)

    def _doors(self, told: Doors) -> None:
        card = Card(tr("签到处"), padding=16, spacing=8)
        for pc in told.sent:
            came = tr("{when} 并入，共 {n} 条").format(when=when(pc["brought_at"]), n=pc["brought"]) if pc["brought_at"] else tr("还没有带回来")
            ahead = QSpinBox()
            ahead.setRange(-1440, 1440)
            ahead.setValue(pc["minutes_off"])
            ahead.setSuffix(tr(" 分钟"))
            ahead.setAccessibleName(tr("{name}的电脑快了几分钟").format(name=pc["name"]))
            ahead.setToolTip(tr("那台电脑的时间快了几分钟就填几，慢了填负数；按改正后的时间算谁先到。"))
            ahead.editingFinished.connect(partial(self._set_clock, pc["id"], ahead, pc["minutes_off"]))
            card.body.addLayout(row(label(pc["name"], "section"), label(came, "good" if pc["brought_at"] else "warn"), None, label(tr("电脑快了"), "secondary"), ahead))
        if not told.sent:
            card.body.addWidget(EmptyState("usb", tr("还没有派出签到处"), tr("只有一个门就不用，直接“打开签到”。")))
        self.column.addWidget(card)

    def _twice(self, connection: Connection, told: Doors) -> None:
        if not told.twice:
            return
        card = Card(tr("在两个签到处都签过的 {n} 人（已按最早的算一次）").format(n=len(told.twice)), padding=16, spacing=4)
        for p in told.twice[:SHOWN]:
            card.body.addWidget(label(f"{p.first.full_name}　" + "，".join(f"{scan.door or tr('办公室')} {moment_of(scan.at).astimezone():%H:%M:%S}" for scan in _by_door(p)), "secondary", wrap=True))
        if len(told.twice) > SHOWN:
            card.body.addWidget(label(tr("…还有 {n} 人").format(n=len(told.twice) - SHOWN), "secondary"))
        self.column.addWidget(card)

    def _questions(self, connection: Connection, told: Doors) -> None:
        if not told.questions:
            return
        card = Card(tr("像是同一人，请看一眼（{n}）").format(n=len(told.questions)), padding=16, spacing=8)
        for q in told.questions[:SHOWN]:
            both = label(f"{_walked_in(q)}　↔　{self._other(connection, q)}", wrap=True)
            card.body.addWidget(both)
            card.body.addLayout(row(button(tr("是同一人"), partial(self.decide, q, same=True), icon_name="check"), button(tr("不是"), partial(self.decide, q, same=False)), None))
        self.column.addWidget(card)

    def _said(self, told: Doors) -> None:
        if not told.said:
            return
        card = Card(tr("您说过的"), padding=16, spacing=6)
        for said in told.said[:SHOWN]:
            words = label(tr("{name}：{what}").format(name=said.name, what=tr("是同一人") if said.same else tr("不是同一人")), "secondary")
            card.body.addLayout(row(words, None, button(tr("改主意"), partial(self.unsay, said), icon_name="undo-2")))
        self.column.addWidget(card)

    def _other(self, connection: Connection, q: Question) -> str:
        if q.member:
            from sqlalchemy.orm import Session

            with Session(connection) as session:
                return tr("会员 {name}").format(name=listing.titles(session, Member.__tablename__, [q.member]).get(q.member, ""))
        assert q.beside is not None
        return "，".join(part for part in (q.beside.full_name or "", q.beside.unit or "", q.beside.door) if part)

    # -- acts

    def ask_make(self) -> None:
        dialog = MakeDoorDialog(self, self.office, self.lecture)
        if dialog.exec() and dialog.made is not None:
            self.say_made(dialog.made, dialog.name.text().strip(), dialog.session.chosen)

    def say_made(self, made: DoorFile, name: str, session: str | None) -> None:
        """The code is shown once, here and on the slip; it is kept nowhere."""
        self.fill()
        self.banner.say(tr("已写好 {file}。签到码：{code}　请打印纸条或抄下来，关掉以后再也看不到。").format(file=made.file_name, code=made.code), "good")
        self._show_pdf(paperwork.render(self.office, "door_slip", [papers.door_slip(self.office, self.lecture, made, name, session)]), tr("签到处纸条"))

    def ask_bring(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("签到结果"), stick_folder(), tr("签到结果 (*{suffix})").format(suffix=SCANS_SUFFIX))
        if path:
            self.bring(Path(path))

    def bring(self, path: Path) -> None:
        try:
            done: Brought = jobs.wait(self, tr("正在并入签到…"), lambda: doorfile.bring_back(self.office, path))
        except UserError as e:
            self.banner.say(str(e))
            return
        said = tr("“{door}”：新并入 {n} 条，{m} 条以前并过。").format(door=done.door, n=done.new, m=done.known)
        if done.lecture != self.lecture:
            said += tr("这是另一场讲座的签到处，已并到那一场。")
        if done.ahead:
            said += tr("那台电脑的时间比这台快 {t}，可以在下面改正。").format(t=_minutes(done.ahead.total_seconds()))
        if done.behind:
            said += tr("那台电脑的时间比这台至少慢 {t}，可以在下面改正（填负数）。").format(t=_minutes(done.behind.total_seconds()))
        self.fill()
        self.banner.say(said, "warn" if done.ahead or done.behind else "good")

    def decide(self, question: Question, *, same: bool) -> None:
        self._do(lambda: doorfile.decide(self.office, self.lecture, question, same=same), tr("记下了：{name}{what}。").format(name=question.walk_in.full_name, what=tr("是同一人") if same else tr("不是同一人")))

    def unsay(self, said: doorfile.Said) -> None:
        self._do(lambda: doorfile.unsay(self.office, self.lecture, said), tr("收回了，可以重新决定。"))

    def _set_clock(self, door: str, ahead: QSpinBox, before: int) -> None:
        if ahead.value() != before:
            self._do(lambda: doorfile.set_clock(self.office, door, ahead.value()), tr("按改正后的时间重新算过了。"))

    def _do(self, act: Callable[[], None], said: str) -> None:
        try:
            act()
        except UserError as e:
            self.banner.say(str(e))
            return
        QTimer.singleShot(0, self.fill)  # not while the button that was clicked is still at it
        self.banner.say(said, "good")


def _by_door(p: Presence) -> list[Scan]:
    """The first scan at each door."""
    first: dict[str, Scan] = {}
    for scan in p.scans:
        first.setdefault(scan.door_pc, scan)
    return list(first.values())


def _walked_in(q: Question) -> str:
    return "，".join(part for part in (q.walk_in.full_name or "", q.walk_in.unit or "", tr("手机尾号 {tail}").format(tail=q.walk_in.mobile[-4:]) if q.walk_in.mobile else "", q.walk_in.door) if part)


def _minutes(seconds: float) -> str:
    return tr("{n} 分钟").format(n=round(seconds / 60))


def ask_set_up(parent: QWidget) -> Path | None:
    """The door's file on the stick, as the person at the other laptop picks it."""
    path, _ = QFileDialog.getOpenFileName(parent, tr("签到文件"), stick_folder(), tr("签到文件 (*{suffix})").format(suffix=DOOR_SUFFIX))
    return Path(path) if path else None
