"""Questions before something that cannot be taken back: Enter is no."""

from PySide6.QtWidgets import QMessageBox, QWidget


def sure(parent: QWidget, title: str, text: str) -> bool:
    """Whether she says yes; Enter and Escape say no."""
    buttons = QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No
    return QMessageBox.question(parent, title, text, buttons, QMessageBox.StandardButton.No) == QMessageBox.StandardButton.Yes
