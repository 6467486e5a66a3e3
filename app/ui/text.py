"""Texts go through `tr`: Chinese is the source language, other languages may follow."""

from PySide6.QtCore import QCoreApplication


def tr(text: str) -> str:
    return QCoreApplication.translate("app", text)
