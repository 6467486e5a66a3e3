"""One way to show what went wrong: the world's faults in a sentence, ours in the log and a crash window without personal data."""

import logging
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtWidgets import QMessageBox, QWidget

from app.ui.jobs import Cancelled
from app.ui.text import tr
from db.problems import UserError, places

log = logging.getLogger("uniondesk")


def keep_log(folder: Path) -> None:
    """Errors of ours go to a small rotating file: types and places, never values."""
    from logging.handlers import RotatingFileHandler  # it imports sockets; the first window need not wait for that

    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / "uniondesk.log", maxBytes=500_000, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)


def show(parent: QWidget | None, error: BaseException) -> None:
    if isinstance(error, Cancelled):
        return
    if isinstance(error, UserError):
        QMessageBox(QMessageBox.Icon.Warning, tr("没有做成"), str(error), QMessageBox.StandardButton.Ok, parent).exec()
        return
    log.error("unexpected\n%s", places(error))
    box = QMessageBox(QMessageBox.Icon.Critical, tr("程序出错了"), tr("程序自己出了错，刚才这一步没有保存，以前的资料都在。请把下面的内容（不含个人信息）发给维护人员。"), parent=parent)
    box.setDetailedText(places(error))
    box.exec()


def install() -> None:
    """Errors in slots reach the crash window instead of the void."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        show(None, error)

    sys.excepthook = hook
