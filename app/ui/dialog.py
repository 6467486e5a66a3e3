"""The frame of our own dialogs: title, room that never passes the screen, a scrolling middle, a foot with its two buttons."""

from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QDialog, QLineEdit, QScrollArea, QSpinBox, QVBoxLayout, QWidget

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
        self._has_been_shown = False

    enter_accepts = True
    """Whether Enter in a field is the dialog's own button; not where a field is only one of several things to set."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.enter_accepts and isinstance(self.focusWidget(), QLineEdit | QSpinBox | QComboBox):
            self.focusNextChild()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.enter_accepts and isinstance(self.focusWidget(), QAbstractItemView):
            return  # in a list it is the list's own key, never the dialog's button
        super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """What can be filled in comes first: else the scrolled part would have the focus, and typing would go nowhere."""
        super().showEvent(event)
        if self._has_been_shown or not isinstance(self.focusWidget(), QScrollArea | None):
            return
        self._has_been_shown = True
        for child in cast(list[QWidget], self.findChildren(QWidget)):
            if isinstance(child, QLineEdit | QAbstractSpinBox | QComboBox | QAbstractButton) and child.isEnabled() and child.isVisibleTo(self) and not isinstance(child.parent(), QAbstractSpinBox | QComboBox):
                child.setFocus()
                if isinstance(child, QAbstractSpinBox):
                    child.selectAll()
                return

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
