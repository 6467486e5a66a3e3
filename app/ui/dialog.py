"""The frame of our own dialogs: title, room that never passes the screen, a scrolling middle, a foot with its two buttons."""

from PySide6.QtWidgets import QDialog, QScrollArea, QVBoxLayout, QWidget

from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, button, fit_to_screen, row


class FramedDialog(QDialog):
    """Fill it through `box`. Sizes are given at 100 %."""

    def __init__(self, parent: QWidget | None, title: str, width: int, height: int) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        fit_to_screen(self, width, height)
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(px(20), px(16), px(20), px(16))
        self.box.setSpacing(px(12))
        self.banner = Banner()

    def scrolled(self) -> QWidget:
        area = QScrollArea()
        area.setWidgetResizable(True)
        inner = QWidget()
        area.setWidget(inner)
        self.box.addWidget(area, 1)
        return inner

    def foot(self, accept: str) -> None:
        """Cancel and the thing itself."""
        self.ok = button(accept, self.accept, primary=True)
        self.box.addLayout(row(None, button(tr("取消"), self.reject), self.ok))

    def closing(self, words: str = "") -> None:
        """One button, for a dialog whose acts are done as they are clicked."""
        self.box.addLayout(row(None, button(words or tr("好了"), self.accept, primary=True)))
