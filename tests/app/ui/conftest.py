"""Real windows off screen."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QDialog, QMessageBox  # after the platform is chosen

from app.services import guarded  # likewise
from app.services.office import Office  # likewise
from app.ui import jobs, theme  # likewise
from app.ui.main_window import MainWindow  # likewise
from app.ui.preferences import Preferences  # likewise
from app.ui.run import make_application  # likewise


@pytest.fixture(scope="session")
def qapp() -> Iterator[QApplication]:
    yield make_application(Preferences())


@pytest.fixture(autouse=True)
def _light_and_plain(qapp: QApplication) -> Iterator[None]:
    if (theme.theme().name, theme.theme().scale) != ("light", 1.0):
        theme.theme().apply(name="light", scale=1.0)
    yield


def _say_yes(_parent: object, _title: str, _text: str, buttons: object = None, *_more: object) -> QMessageBox.StandardButton:
    """Yes, or where there is unsaved work: discard."""
    return QMessageBox.StandardButton.Yes if buttons is None or buttons & QMessageBox.StandardButton.Yes else QMessageBox.StandardButton.Discard  # type: ignore[operator]  # a set of buttons


@pytest.fixture(autouse=True)
def _no_question_waits_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A modal question would wait for ever; tests that are about one answer it themselves."""
    monkeypatch.setattr(QMessageBox, "question", _say_yes)


@pytest.fixture
def window(qtbot, practice_office: Office) -> Iterator[MainWindow]:  # type: ignore[no-untyped-def]  # pytest-qt's fixture
    guarded.let(practice_office, practice_office.user.name, may=True)
    made = MainWindow(practice_office, Preferences())
    qtbot.addWidget(made)
    made.show()
    yield made
    qtbot.waitUntil(jobs.is_idle, timeout=20_000)
    made.let_go()


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Answer dialogs of a class as a person would: `fill` works on the dialog, then it ends with `result`; the dialogs that were seen."""
    seen: list[Any] = []

    def answering(kind: type[QDialog], fill: Callable[[Any], None] = lambda _dialog: None, result: int = 1) -> list[Any]:
        def run(dialog: Any) -> int:
            fill(dialog)
            seen.append(dialog)
            return result

        monkeypatch.setattr(kind, "exec", run)
        return seen

    return answering
