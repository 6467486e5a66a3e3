"""Long work off the UI thread. A job is an ordinary function; if it takes `progress`, it reports and can be cancelled by it.

Callbacks are given at the start, never connected after it: a quick job would be over before.
"""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEventLoop, QObject, QRunnable, Qt, QThreadPool, Signal
from PySide6.QtWidgets import QProgressDialog, QWidget

from db.problems import UserError


class Cancelled(Exception):
    """The person cancelled; raised inside the job by its own progress call, so that its transaction rolls back."""


class _Signals(QObject):
    progressed = Signal(int, int)
    done = Signal(object)
    failed = Signal(object)


class Job(QRunnable):
    def __init__(self, work: Callable[..., Any], *, reports: bool) -> None:
        super().__init__()
        self._work = work
        self._reports = reports
        self._cancelled = False
        self.signals = _Signals()
        self.setAutoDelete(False)

    def cancel(self) -> None:
        self._cancelled = True

    def _progress(self, done: int, total: int) -> None:
        if self._cancelled:
            raise Cancelled
        self.signals.progressed.emit(done, total)

    def run(self) -> None:
        try:
            result = self._work(progress=self._progress) if self._reports else self._work()
        except BaseException as e:  # whatever it is belongs to the UI thread, which tells UserError from our own faults
            self.signals.failed.emit(e)
            return
        self.signals.done.emit(result)


_running: set[Job] = set()


def start(
    work: Callable[..., Any],
    *,
    done: Callable[[Any], None],
    failed: Callable[[BaseException], None],
    progressed: Callable[[int, int], None] | None = None,
    reports: bool = False,
) -> Job:
    """Run `work` in a thread; exactly one of `done` and `failed` is called, in the UI thread."""
    job = Job(work, reports=reports)
    _running.add(job)
    queued = Qt.ConnectionType.QueuedConnection
    receiver = _Receiver(job, done, failed, progressed)
    job.signals.done.connect(receiver.on_done, queued)
    job.signals.failed.connect(receiver.on_failed, queued)
    job.signals.progressed.connect(receiver.on_progress, queued)
    QThreadPool.globalInstance().start(job)
    return job


class _Receiver(QObject):
    """Lives in the UI thread, so that queued signals arrive there."""

    def __init__(self, job: Job, done: Callable[[Any], None], failed: Callable[[BaseException], None], progressed: Callable[[int, int], None] | None) -> None:
        super().__init__()
        self._job = job
        self._done, self._failed, self._progressed = done, failed, progressed
        job.receiver = self  # type: ignore[attr-defined]  # kept alive with the job

    def on_done(self, result: object) -> None:
        _running.discard(self._job)
        self._done(result)

    def on_failed(self, error: BaseException) -> None:
        _running.discard(self._job)
        self._failed(error)

    def on_progress(self, done: int, total: int) -> None:
        if self._progressed:
            self._progressed(done, total)


_waited: list[str] = []
"""What is being waited for: one thing at most."""


def wait(parent: QWidget, words: str, work: Callable[[], Any]) -> Any:
    """Run `work` in a thread and give back what it gives, its exception included; after half a second a small window says what is going on.

    For acts that must be finished before the next thing may be done; everything else uses `start`. UserError while another one is waited for:
    the window still takes keys in that half second.
    """
    if _waited:
        raise UserError("上一步还在办，请等它做完再来。")
    box = QProgressDialog(words, "", 0, 0, parent)
    box.setWindowModality(Qt.WindowModality.WindowModal)
    box.setCancelButton(None)  # type: ignore[arg-type]  # none is what takes it away
    box.setMinimumDuration(500)
    box.setWindowTitle(words)
    loop, found = QEventLoop(), list[tuple[bool, Any]]()

    def finished(ok: bool, what: Any) -> None:
        found.append((ok, what))
        loop.quit()

    _waited.append(words)
    try:
        start(work, done=lambda result: finished(True, result), failed=lambda error: finished(False, error))
        loop.exec()
    finally:
        _waited.clear()
        box.reset()
        box.deleteLater()
    ok, what = found[0]
    if not ok:
        raise what
    return what


def is_idle() -> bool:
    return not _running


