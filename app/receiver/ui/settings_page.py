"""设置: the receiver's own key, in words and in parts; operators; the audit."""

import json
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QLineEdit, QMessageBox, QSpinBox, QVBoxLayout, QWidget
from sqlalchemy import select

from app.receiver import escrow, offices, review, store
from app.receiver.district import Receiver
from app.receiver.offices import STATUS_WORDS
from app.receiver.ui.parts import Column, DistrictPage, Grid, day
from app.sync.keys import KEY_FILE_SUFFIX
from app.ui.dialog import FramedDialog
from app.ui.text import tr
from app.ui.widgets import Card, button, label, row
from db.registers import REGISTERS
from db.registers.district import ITEM_KINDS

MOST_AUDIT = 500
WORDS = {
    "merge": tr("合并"), "refused": tr("不收"), "enrol": tr("登记单位"), "new-keys": tr("单位换钥匙"), "status": tr("改状态"), "answer": tr("做回执"), "decide": tr("审批"), "settle": tr("定分歧"), "take-back": tr("撤回"),
    "recover": tr("接过旧资料"), "item": tr("下发"), "split-key": tr("钥匙分片"), "rotate-own-keys": tr("换区里的钥匙"), "export": tr("导出资料"), "enrol-street": tr("登记街道"), "street": tr("归到街道"), "pass-on": tr("转报"), "district-key": tr("装区里的钥匙"),
}


def detail_of(written: str) -> str:
    """The facts of an audit line, digests shortened."""
    facts = json.loads(written)
    return "，".join(f"{_FACTS[name]} {_VALUES.get(value, str(value)[:19]) if isinstance(value, str) else '是' if value is True else value}" for name, value in facts.items() if name in _FACTS and value is not False)


_FACTS = {
    "parts": tr("片数"), "needed": tr("恢复要"), "gone": tr("收回"), "key": tr("名称"), "series": tr("第几批"), "digest": tr("核对码"), "waiting": tr("等人决定"), "refused": tr("不收"), "fingerprint": tr("指纹"), "street": tr("街道"),
    "records": tr("条数"), "rows": tr("行数"), "file": tr("文件"), "register": tr("种类"), "opinions": tr("意见"),
}
"""What an audit line's facts are called; what is not here (ids) is for programs."""
_VALUES = {register.__tablename__: register.label for register in REGISTERS}


class OperatorDialog(FramedDialog):
    enter_accepts = False

    def __init__(self, known: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent, tr("操作员"), 460, 420)
        box = QVBoxLayout(self.scrolled())
        self._known = list(known)
        box.addWidget(label(tr("现在有：{names}").format(names="、".join(known)), "secondary", wrap=True))
        self.name, self.password, self.again = QLineEdit(), QLineEdit(), QLineEdit()
        for field in (self.password, self.again):
            field.setEchoMode(QLineEdit.EchoMode.Password)
        for title, field in ((tr("姓名"), self.name), (tr("密码（至少 8 个字符）"), self.password), (tr("再写一遍"), self.again)):
            box.addWidget(label(title, "fieldLabel"))
            field.setAccessibleName(title)
            box.addWidget(field)
        box.addStretch(1)
        self.box.addWidget(self.banner)
        self.foot(tr("存下"))

    def accept(self) -> None:
        name = self.name.text().strip()
        if not name or len(self.password.text()) < 8:
            self.banner.say(tr("请写姓名，密码至少 8 个字符。"))
        elif self.password.text() != self.again.text():
            self.banner.say(tr("两遍密码不一样，请再写一遍。"))
        elif name not in self._known or QMessageBox.question(self, tr("操作员"), tr("已经有 {name}，要换他的密码吗？").format(name=name)) == QMessageBox.StandardButton.Yes:
            super().accept()


class SplitDialog(FramedDialog):
    """How many parts, and how many of them restore the key."""

    enter_accepts = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, tr("钥匙分片"), 520, 340)
        box = QVBoxLayout(self.scrolled())
        box.addWidget(label(tr("把区里的钥匙分成几片，由几位同志分别保管。够数的几片合在一起才能恢复，少一片都不行。"), wrap=True))
        self.parts, self.needed = QSpinBox(), QSpinBox()
        for title, spin, value in ((tr("一共几片"), self.parts, 5), (tr("几片能恢复"), self.needed, 3)):
            spin.setRange(2, 16)
            spin.setValue(value)
            spin.setAccessibleName(title)
            box.addLayout(row(label(title), None, spin))
        box.addStretch(1)
        self.foot(tr("选文件夹并写出"))


class SettingsPage(DistrictPage):
    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver, tr("设置"))
        card = Card(tr("我们的钥匙"))
        self.fingerprint = label("", "mono", selectable=True)
        self.words = label("", "section", wrap=True, selectable=True)
        card.body.addWidget(self.words)
        card.body.addWidget(self.fingerprint)
        card.body.addWidget(label(tr("单位装钥匙文件时，会打电话来核对这些词。"), "secondary", wrap=True))
        buttons = [button(tr("写出钥匙文件…"), self._ask_write, icon_name="save"), button(tr("钥匙分片…"), self._ask_split, icon_name="key-round"), button(tr("换新钥匙…"), self._ask_rotate, icon_name="refresh-cw")]
        if receiver.is_street:
            buttons.append(button(tr("装区里的钥匙文件…"), self._ask_district, icon_name="key-round"))
        card.body.addLayout(row(*buttons, None, button(tr("操作员…"), self._ask_operator, icon_name="user-plus")))
        self._names: dict[str, str] = {}
        self.grid = Grid(tr("记录"), [
            Column(tr("时间"), 150, lambda a: day(a.at)), Column(tr("谁"), 110, lambda a: a.operator), Column(tr("做了什么"), 130, lambda a: WORDS.get(a.what, a.what), lambda a: "bad" if a.what == "refused" else ""),
            Column(tr("代码"), 140, lambda a: ITEM_KINDS.get(a.code) or _VALUES.get(a.code) or STATUS_WORDS.get(a.code, a.code)), Column(tr("单位"), 240, lambda a: self._names.get(a.office, a.office)), Column(tr("细节"), 300, lambda a: detail_of(a.detail)),
        ])
        self.body.addWidget(card)
        self.body.addWidget(label(tr("记录（不含个人信息）"), "section"))
        self.body.addWidget(self.grid, 1)

    def arrived(self) -> None:
        self.words.setText(self.receiver.card.keys.words)
        self.fingerprint.setText(self.receiver.card.keys.fingerprint)
        self._names = {office.id: office.name for office in offices.all_offices(self.receiver)}
        with self.receiver.reading() as connection:
            self.grid.fill(connection.execute(select(store.audit).order_by(store.audit.c.at.desc(), store.audit.c.id.desc()).limit(MOST_AUDIT)).all())

    def _ask_write(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("写出钥匙文件"), f"{self.receiver.name}{KEY_FILE_SUFFIX}", tr("钥匙文件 (*{suffix})").format(suffix=KEY_FILE_SUFFIX))
        if path:
            self.trying(lambda: self.receiver.write_key(Path(path)), tr("已写出 {name}，交给各单位。").format(name=Path(path).name))

    def _ask_split(self) -> None:
        dialog = SplitDialog(self)
        if dialog.exec() and (chosen := QFileDialog.getExistingDirectory(self, tr("分片写到哪里"))):
            self.split(Path(chosen), dialog.parts.value(), dialog.needed.value())

    def split(self, folder: Path, parts: int, needed: int) -> None:
        self.trying(
            lambda: escrow.split(self.receiver, folder, parts=parts, needed=needed), tr("已写出 {n} 张分片，请打印后分别交给保管人，再删掉文件。{suffix} 文件每人都可以存一份。").format(n=parts, suffix=escrow.SUFFIX)
        )

    def _ask_rotate(self) -> None:
        if QMessageBox.question(self, tr("换新钥匙"), tr("换了以后，各单位读入下一份回执就会换上；发到旧钥匙的数据包还能打开。换吗？")) == QMessageBox.StandardButton.Yes:
            self.trying(self.receiver.rotate, tr("已换新钥匙。钥匙分片是旧的，请重新做一套。"))

    def _ask_district(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("区总工会的钥匙文件"), "", tr("钥匙文件 (*{suffix})").format(suffix=KEY_FILE_SUFFIX))
        if path:
            self.trying(lambda: review.load_district_key(self.receiver, Path(path)), tr("已装上，请打电话核对指纹。"))

    def _ask_operator(self) -> None:
        dialog = OperatorDialog(self.receiver.operators(), self)
        if dialog.exec():
            self.trying(lambda: self.receiver.add_operator(dialog.name.text(), dialog.password.text()), tr("{name} 可以用自己的密码打开了。").format(name=dialog.name.text()))
