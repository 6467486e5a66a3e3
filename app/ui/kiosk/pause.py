"""The door with its shutters down: nothing to see until the PIN is typed. The registers stay locked all the while."""

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, Card, Icon, button, label, row

TRIES = 5
WAIT = 30
"""Seconds to wait after so many wrong PINs."""


class PinBox(QWidget):
    """Asks for the PIN; `right` when it was. After five wrong ones it waits half a minute."""

    right = Signal()

    def __init__(self, check: Callable[[str], bool], *, wait: int = WAIT) -> None:
        super().__init__()
        self._check, self._wait, self._wrong = check, wait, 0
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        self.pin = QLineEdit()
        self.pin.setEchoMode(QLineEdit.EchoMode.Password)
        self.pin.setAccessibleName(tr("签到口令"))
        self.pin.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.pin.setMaxLength(12)
        self.pin.returnPressed.connect(self.go)
        self.banner = Banner()
        box.addWidget(label(tr("签到口令"), "fieldLabel"))
        box.addWidget(self.pin)
        box.addWidget(self.banner)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._try_again)

    def go(self) -> None:
        if self._again.isActive() or not self.pin.text():
            return
        typed = self.pin.text()
        self.pin.clear()
        if self._check(typed):
            self._wrong = 0
            self.banner.say("")
            self.right.emit()
            return
        self._wrong += 1
        if self._wrong % TRIES:
            self.banner.say(tr("口令不对，请再试一次。"))
        else:
            self.pin.setEnabled(False)
            self.banner.say(tr("错了 {n} 次，请等 {s} 秒再试，或者找干事。").format(n=TRIES, s=self._wait))
            self._again.start(self._wait * 1000)

    def _try_again(self) -> None:
        self.pin.setEnabled(True)
        self.pin.setFocus()
        self.banner.say("")


class Shutter(QWidget):
    """Covers the door window, which it grows with."""

    opened = Signal()

    def __init__(self, parent: QWidget, check: Callable[[str], bool]) -> None:
        super().__init__(parent)
        self.setObjectName("door")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        card = Card(padding=36, spacing=14)
        card.setFixedWidth(px(380))
        card.body.addLayout(row(None, Icon("lock", "secondary", 40), None))
        word = label(tr("签到暂停"), "pageTitle")
        word.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        card.body.addWidget(word)
        self.box = PinBox(check)
        self.box.right.connect(self._open)
        card.body.addWidget(self.box)
        card.body.addWidget(button(tr("继续签到"), self.box.go, primary=True))
        whole = QVBoxLayout(self)
        whole.addStretch(1)
        whole.addLayout(row(None, card, None))
        whole.addStretch(1)
        parent.installEventFilter(self)
        self.setGeometry(parent.rect())
        self.show()
        self.raise_()
        self.box.pin.setFocus()

    def _open(self) -> None:
        self.hide()
        self.deleteLater()
        self.opened.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(cast(QWidget, watched).rect())
        return False


class PinDialog(QDialog):
    """The PIN before the door is left."""

    def __init__(self, parent: QWidget, check: Callable[[str], bool]) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("离开签到"))
        box = QVBoxLayout(self)
        box.setContentsMargins(px(24), px(20), px(24), px(20))
        box.addWidget(label(tr("输入签到口令，离开签到窗口。回到名册还要干事的密码。"), "secondary", wrap=True))
        self.box = PinBox(check)
        self.box.right.connect(self.accept)
        box.addWidget(self.box)
        box.addLayout(row(None, button(tr("取消"), self.reject), button(tr("离开"), self.box.go, primary=True)))
        self.setMinimumWidth(px(380))
