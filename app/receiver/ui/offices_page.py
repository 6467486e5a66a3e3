"""单位: the book of offices, their keys, their answers."""

from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QInputDialog, QLineEdit, QMenu, QMessageBox, QVBoxLayout, QWidget

from app.receiver import answer, offices, review, taking_back
from app.receiver.district import Receiver
from app.receiver.offices import STATUS_WORDS, Office
from app.receiver.ui.parts import Column, DistrictPage, Grid, day
from app.sync.keys import KEY_FILE_SUFFIX, KeyCard, read_key_file
from app.sync.stick import removable_drives
from app.ui.dialog import FramedDialog
from app.ui.text import tr
from app.ui.widgets import Card, QuietCombo, button, label, row
from db import codes
from db.problems import UserError


class CardDialog(FramedDialog):
    """A key file's fingerprint, compared by a person before it counts."""

    def __init__(self, card: KeyCard, parent: QWidget | None = None) -> None:
        super().__init__(parent, tr("核对指纹"), 640, 360)
        box = QVBoxLayout(self.scrolled())
        box.addWidget(label(card.name, "section", wrap=True))
        box.addWidget(label(tr("请打电话，让对方念出词来。一个词不对就不要登记。"), wrap=True))
        box.addWidget(label(card.keys.words, "section", wrap=True, selectable=True))
        box.addWidget(label(card.keys.fingerprint, "mono", selectable=True))
        self.compared = QCheckBox(tr("我已经核对过，词一个不差"))
        box.addWidget(self.compared)
        box.addStretch(1)
        self.foot(tr("登记"))
        self.ok.setEnabled(False)
        self.compared.toggled.connect(self.ok.setEnabled)


class OfficesPage(DistrictPage):
    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver, tr("单位"))
        self.late = QCheckBox(tr("只看很久没报的"))
        self.late.toggled.connect(lambda _on: self.arrived())
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("找单位"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self.arrived())
        now = datetime.now(UTC)
        self.grid = Grid(tr("单位"), [
            Column(tr("单位"), 280, lambda o: o.name), Column(tr("街道"), 140, lambda o: o.street), Column(tr("状态"), 70, lambda o: STATUS_WORDS[o.status], lambda o: "" if o.status == offices.ACTIVE else "bad"),
            Column(tr("收到"), 60, lambda o: str(o.last or ""), right=True), Column(tr("最近一批"), 150, lambda o: day(o.reported_at), lambda o: "warn" if o.is_late(now) else ""),
            Column(tr("回执"), 110, self._answered), Column(tr("要核对"), 160, lambda o: tr("资料分成两路") if o.forked else tr("有不一致") if o.differs else "", lambda o: "bad"),
        ])
        self.grid.moved.connect(self._show_one)
        self.detail = label("", wrap=True, selectable=True)
        card = Card()
        card.body.addWidget(self.detail)
        self.answer_button = button(tr("做回执…"), self._ask_answer, icon_name="send", primary=True, key="Ctrl+R")
        self.street_button = button(tr("归到街道…"), self._ask_street)
        self.more_button = button(tr("更多"), lambda: None, icon_name="ellipsis")
        menu = QMenu(self)
        self.status_act = menu.addAction("", self._toggle_status)
        menu.addAction(tr("撤回最近一批…"), self._ask_take_back)
        menu.addAction(tr("电脑丢了，接过旧资料…"), self._ask_recover)
        menu.addSeparator()
        menu.addAction(tr("钥匙丢了或被盗，作废…"), self._ask_revoke)
        self.more_button.setMenu(menu)
        self.body.addLayout(row(button(tr("按钥匙文件登记单位…"), self._ask_enrol, icon_name="key-round"), button(tr("登记街道或产业工会…"), self._ask_enrol_street, icon_name="key-round"), None, self.late, self.search))
        self.body.addWidget(self.grid, 1)
        self.body.addWidget(card)
        self.body.addLayout(row(self.street_button, self.more_button, None, self.answer_button))

    def first_focus(self) -> QWidget:
        return self.grid

    def arrived(self) -> None:
        found = offices.late_offices(self.receiver) if self.late.isChecked() else offices.all_offices(self.receiver)
        wanted = self.search.text().strip()
        before: Office | None = self.grid.one
        self.grid.fill([o for o in found if wanted in o.name or wanted in o.uscc])
        if before is not None and (place := next((n for n, o in enumerate(self.grid.items) if o.id == before.id), None)) is not None:
            self.grid.selectRow(place)
        self._show_one()

    def _answered(self, office: Office) -> str:
        return tr("第 {n} 份已读").format(n=office.answered) if office.answer and office.answered == office.answer else tr("第 {n} 份未读").format(n=office.answer) if office.answer else ""

    def _show_one(self) -> None:
        one: Office | None = self.grid.one
        for part in (self.answer_button, self.street_button, self.more_button):
            part.setEnabled(one is not None)
        self.answer_button.setVisible(not self.receiver.is_street)
        self.status_act.setText(tr("恢复报送") if one is not None and one.status != offices.ACTIVE else tr("暂停报送"))
        self.detail.setText(tr("{name}\n指纹 {fingerprint}\n电话里念：{words}").format(name=one.name, fingerprint=one.keys.fingerprint, words=one.keys.words) if one else tr("还没有登记的单位。单位第一次报送时在“收件”里登记，或者先按它的钥匙文件登记。"))

    def _ask_card(self, role: str) -> tuple[Path, KeyCard] | None:
        path, _ = QFileDialog.getOpenFileName(self, tr("钥匙文件"), "", tr("钥匙文件 (*{suffix})").format(suffix=KEY_FILE_SUFFIX))
        if not path:
            return None
        try:
            card = read_key_file(Path(path), role=role)
        except UserError as e:
            self.banner.say(str(e))
            return None
        return (Path(path), card) if CardDialog(card, self).exec() else None

    def _ask_enrol(self) -> None:
        if found := self._ask_card("office"):
            self.trying(lambda: offices.enrol_by_file(self.receiver, found[0], fingerprint=found[1].keys.fingerprint), tr("已登记 {name}。").format(name=found[1].name))

    def _ask_enrol_street(self) -> None:
        if found := self._ask_card("street"):
            self.trying(lambda: review.enrol_street(self.receiver, found[0], fingerprint=found[1].keys.fingerprint), tr("已登记 {name}，它的初审意见可以收了。").format(name=found[1].name))

    def _ask_answer(self) -> None:
        sticks = [drive for drive in removable_drives() if drive.writable]
        start = str(sticks[0].path) if len(sticks) == 1 else ""
        if chosen := QFileDialog.getExistingDirectory(self, tr("回执写到哪里（U 盘）"), start):
            self.make_answer(Path(chosen))

    def make_answer(self, folder: Path) -> None:
        one: Office = self.grid.one
        self.trying(lambda: answer.answer(self.receiver, one.id, folder), tr("{name}的回执已写好并核对无误。").format(name=one.name))

    def _ask_street(self) -> None:
        one: Office = self.grid.one
        names = list(codes.table("upper_union").labels)
        chosen, ok = QInputDialog.getItem(self, tr("归到街道"), one.name, names, max(names.index(one.street) if one.street in names else 0, 0), True)
        if ok:
            self.trying(lambda: offices.set_street(self.receiver, one.id, chosen))

    def _toggle_status(self) -> None:
        one: Office = self.grid.one
        status = offices.ACTIVE if one.status != offices.ACTIVE else offices.SUSPENDED
        self.trying(lambda: offices.set_status(self.receiver, one.id, status), tr("{name}：{status}。").format(name=one.name, status=STATUS_WORDS[status]))

    def _ask_revoke(self) -> None:
        one: Office = self.grid.one
        if self._sure(tr("{name}的钥匙丢了或被盗了？作废以后它的数据包都不收，直到按新的钥匙文件重新登记。").format(name=one.name)):
            self.trying(lambda: offices.set_status(self.receiver, one.id, offices.REVOKED), tr("已作废。单位换新钥匙以后，请按钥匙文件重新登记。"))

    def _ask_take_back(self) -> None:
        one: Office = self.grid.one
        if self._sure(tr("撤回{name}的第 {n} 批？它改过的每一条都变回合并以前的样子；文件还留着，可以再合并。").format(name=one.name, n=one.last)):
            self.trying(lambda: taking_back.take_back(self.receiver, one.id), tr("已撤回第 {n} 批。").format(n=one.last))

    def _ask_recover(self) -> None:
        one: Office = self.grid.one
        fresh = [o for o in offices.all_offices(self.receiver) if o.id != one.id and not o.last]
        if not fresh:
            self.banner.say(tr("请先让单位在新电脑上建好，写出钥匙文件，在这里登记，再接过旧资料。"), "warn")
            return
        chosen, ok = QInputDialog.getItem(self, tr("接过旧资料"), tr("{name}的资料交给哪个新装的单位？").format(name=one.name), [o.name + "　" + o.keys.fingerprint[:9] for o in fresh], 0, False)
        if ok:
            target = next(o for o in fresh if chosen == o.name + "　" + o.keys.fingerprint[:9])
            self.trying(lambda: offices.recover(self.receiver, one.id, target.id), tr("下一份回执会把资料交还给 {name}，旧钥匙已作废。").format(name=target.name))

    def _sure(self, question: str) -> bool:
        return QMessageBox.question(self, tr("请确认"), question) == QMessageBox.StandardButton.Yes


def street_combo(names: list[str]) -> QuietCombo:
    """All streets, or one."""
    made = QuietCombo()
    made.setAccessibleName(tr("街道"))
    made.addItem(tr("全部街道"), None)
    for name in names:
        made.addItem(name, name)
    return made
