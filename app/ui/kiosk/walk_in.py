"""Somebody whom the door does not know: name, unit, phone."""

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, button, label, row


class WalkIn(QDialog):
    """Name, unit, phone; only the name is needed: F2, name, Enter. Closes when the person is in."""

    def __init__(self, parent: QWidget, register: Callable[[str, str, str], str | None], name: str = "", mobile: str = "") -> None:
        super().__init__(parent)
        self._register = register
        self.setWindowTitle(tr("现场加入"))
        box = QVBoxLayout(self)
        box.setContentsMargins(px(24), px(20), px(24), px(20))
        box.setSpacing(px(8))
        self.name, self.unit, self.mobile = QLineEdit(name), QLineEdit(), QLineEdit(mobile)
        for text, field in ((tr("姓名"), self.name), (tr("单位（可不填）"), self.unit), (tr("手机（可不填）"), self.mobile)):
            box.addWidget(label(text, "fieldLabel"))
            field.setAccessibleName(text)
            field.setMinimumWidth(px(360))
            field.returnPressed.connect(self.finish)
            box.addWidget(field)
        self.banner = Banner()
        box.addWidget(self.banner)
        box.addLayout(row(None, button(tr("取消"), self.reject), button(tr("登记并签到"), self.finish, primary=True)))
        self.name.setFocus()

    def finish(self) -> None:
        name = self.name.text().strip()
        if not name or any(c.isdigit() for c in name):
            self.banner.say(tr("这像是号码，请写姓名。") if name else tr("请写姓名。"), "warn")
            self.name.setFocus()
            self.name.selectAll()
            return
        if why := self._register(name, self.unit.text(), self.mobile.text()):
            self.banner.say(why)
            return
        self.accept()
