"""The door's one field. Scanners and people type into it; a scanner is a keyboard that types fast."""

from PySide6.QtCore import QElapsedTimer, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit

from app.services.checkin.finding import read_badge
from app.ui.text import tr

FAST = 35
"""Milliseconds between two keys of a scanner at most. Nobody types six characters so fast."""
SHORTEST_SCAN = 6
SILENCE = 160
"""Milliseconds after which a scanner that sends no line end has said all."""
HINT = "扫码，或输入姓名拼音首字母、工号、手机后四位、身份证后四位"


class DoorField(QLineEdit):
    """`scanned` on Return, Enter or Tab, or when a scanner without any of these falls silent."""

    scanned = Signal(str, str)
    """All that stands here, and what of it came last at a scanner's speed. A busy PC hands a scan over in pieces, so that the speed alone
    cannot say where it began: all is asked about first.
    """
    moved = Signal(int)
    spaced = Signal()
    """Space in the empty field: no name and no code begins with one."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("doorField")
        # An active Chinese input method would swallow what a scanner types; names can still be typed after F4.
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setPlaceholderText(tr(HINT))
        self.setAccessibleName(tr("签到输入"))
        self._since_key = QElapsedTimer()
        self._burst = 0
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.setInterval(SILENCE)
        self._silence.timeout.connect(self._fell_silent)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            self._silence.stop()
            self._emit()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.moved.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        elif event.key() == Qt.Key.Key_Space and not self.text():
            self.spaced.emit()
        else:
            self._count(event)
            super().keyPressEvent(event)

    def _count(self, event: QKeyEvent) -> None:
        """How many keys came at a scanner's speed without a break."""
        if not event.text() or not event.text().isprintable():
            return
        fast = self._since_key.isValid() and self._since_key.elapsed() <= FAST
        self._burst = self._burst + 1 if fast else 1
        self._since_key.start()
        self._silence.start()

    def _fell_silent(self) -> None:
        if self._burst >= SHORTEST_SCAN or read_badge(self.text()):
            self._emit()

    def _emit(self) -> None:
        text, burst = self.text(), self._burst
        self._burst = 0
        self.scanned.emit(text, text[-burst:] if SHORTEST_SCAN <= burst < len(text) else "")

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab:
            self.keyPressEvent(event)  # some scanners end with Tab; it must not move the focus
            return True
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Undo):
            event.ignore()  # Ctrl+Z takes back a sign-in, not a letter
            return True
        return super().event(event)
