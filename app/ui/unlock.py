"""Name and password, before anything is loaded that takes time. Also what shows while the desk is locked."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.ui import jobs
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, Card, button, label, row
from db import keyslots
from db.problems import UserError


class UnlockPage(QWidget):
    """Asks who it is. `unlock(folder, name, password)` runs off the UI thread and gives back what `unlocked` carries."""

    unlocked = Signal(object)
    other_wanted = Signal()

    def __init__(self, folder: Path, unlock: Callable[[Path, str, str], object], *, recover: Callable[[Path, str], object] | None = None, last_user: str = "") -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._folder, self._unlock, self._recover = folder, unlock, recover
        self._recovering = False
        card = Card(padding=32, spacing=10)
        card.setFixedWidth(px(420))
        brand = label("案", "brand")
        brand.setFixedSize(px(40), px(40))
        brand.setAlignment(Qt.AlignmentFlag.AlignCenter)
        top = QHBoxLayout()
        top.addWidget(brand)
        top.addWidget(label(tr("工会案头"), "pageTitle"), 1)
        card.body.addLayout(top)
        self.union = label("", "secondary", wrap=True)
        card.body.addWidget(self.union)
        self.name = QComboBox()
        self.name.setAccessibleName(tr("姓名"))
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setAccessibleName(tr("密码"))
        self.password.returnPressed.connect(self.go)
        self._name_label, self._password_label = label(tr("姓名"), "fieldLabel"), label(tr("密码"), "fieldLabel")
        for part in (self._name_label, self.name, self._password_label, self.password):
            card.body.addWidget(part)
        self.banner = Banner()
        card.body.addWidget(self.banner)
        self.open = button(tr("打开"), self.go, icon_name="lock-open", primary=True)
        card.body.addWidget(self.open)
        below = QHBoxLayout()
        self.forgot = button(tr("用恢复密钥"), self._toggle_recovery, flat=True)
        self.forgot.setVisible(recover is not None)
        below.addWidget(self.forgot)
        below.addStretch(1)
        below.addWidget(button(tr("打开别的工会"), self.other_wanted.emit, flat=True))
        card.body.addLayout(below)
        box = QVBoxLayout(self)
        box.addStretch(2)
        box.addLayout(row(None, card, None))
        box.addStretch(3)
        self.refresh(last_user)

    def refresh(self, last_user: str = "") -> None:
        self.name.clear()
        try:
            keys = keyslots.load(self._folder)
        except UserError as e:
            self.banner.say(str(e))
            self.open.setEnabled(False)
            return
        self.union.setText(keys.title + (tr("（练习）") if keys.practice else ""))
        self.name.addItems([slot.name for slot in keys.users])
        self.name.setCurrentText(last_user)
        if not any(slot.role is not keyslots.Role.DOOR for slot in keys.slots):  # a door that was sent out
            self._password_label.setText(tr("签到码（纸条上的 16 个字符）"))
            self.forgot.hide()
            self.password.setEchoMode(QLineEdit.EchoMode.Normal)  # so that it can be compared with the slip
        self.password.clear()
        self.password.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.password.setFocus()

    def _toggle_recovery(self) -> None:
        self.banner.say("")
        self._recovering = not self._recovering
        self.name.setVisible(not self._recovering)
        self._name_label.setVisible(not self._recovering)
        self._password_label.setText(tr("恢复密钥（32 个字符）") if self._recovering else tr("密码"))
        self.password.setEchoMode(QLineEdit.EchoMode.Normal if self._recovering else QLineEdit.EchoMode.Password)
        self.forgot.setText(tr("用密码") if self._recovering else tr("用恢复密钥"))
        self.password.clear()
        self.password.setFocus()

    def go(self) -> None:
        typed, name = self.password.text(), self.name.currentText()
        if not typed:
            self.password.setFocus()
            return
        self.open.setEnabled(False)
        self.open.setText(tr("正在打开…"))
        self.banner.say("")
        if self._recovering and self._recover is not None:
            recover = self._recover
            jobs.start(lambda: recover(self._folder, typed), done=self._done, failed=self._failed)
        else:
            jobs.start(lambda: self._unlock(self._folder, name, typed), done=self._done, failed=self._failed)

    def _done(self, opened: object) -> None:
        self._ready()
        self.password.clear()
        self.unlocked.emit(opened)

    def _failed(self, error: BaseException) -> None:
        self._ready()
        if not isinstance(error, UserError):
            raise error
        self.banner.say(str(error))
        self.password.selectAll()
        self.password.setFocus()

    def _ready(self) -> None:
        self.open.setEnabled(True)
        self.open.setText(tr("打开"))
