"""Every step of writing fails in turn, until a run has none left to fail: after each, all is as before or all is done, never half.

A step is a statement or commit of a store, or an operation on a file (open, flush, read back, rename). The pulled stick and the full one are real
errors of the system here; a process killed without a word is in test_kill below.
"""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import OperationalError

from app.receiver import answer, decisions, merge, overview, store, taking_back
from app.receiver.district import Receiver
from app.services.exchange import answers, send
from app.services.office import Office
from app.services.records import ActKind
from db import journal
from db.problems import UserError
from db.registers import Member, SubsidyApplication
from tests.app.receiver.exchanges import add_more, connect, enrol, export, read, round_trip

ROOT = Path(__file__).resolve().parents[3]
MOST = 400


class Faults:
    """Counts steps, and lets one of them fail."""

    def __init__(self) -> None:
        self.step = self.fails_at = 0
        self.fired = False
        self.error: Callable[[], BaseException] = lambda: OSError(errno.EIO, "I/O error")

    def tick(self, sql: str | None = None) -> None:
        self.step += 1
        if self.step == self.fails_at:
            self.fired = True
            raise OperationalError(sql, {}, Exception("disk I/O error")) if sql is not None else self.error()


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    made = Faults()
    armed = [False]

    def counted(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def call(*arguments: Any, **named: Any) -> Any:
            if armed[0]:
                made.tick()
            return real(*arguments, **named)

        monkeypatch.setattr(owner, name, call)

    for owner, name in ((os, "fsync"), (Path, "open"), (Path, "replace"), (Path, "read_bytes"), (Path, "write_bytes")):
        counted(owner, name)

    def on_statement(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if armed[0] and not statement.lstrip().startswith(("SELECT", "WITH", "PRAGMA", "\n    SELECT", "\n    WITH")):
            made.tick(statement[:60])

    def on_commit(_connection: Any) -> None:
        if armed[0]:
            made.tick("COMMIT")

    event.listen(Engine, "before_cursor_execute", on_statement)
    event.listen(Engine, "commit", on_commit)
    made.arm = lambda on: armed.__setitem__(0, on)  # type: ignore[attr-defined]  # a switch for the sweep below
    yield made
    event.remove(Engine, "before_cursor_execute", on_statement)
    event.remove(Engine, "commit", on_commit)


@contextmanager
def failing(faults: Faults, at: int) -> Iterator[None]:
    faults.step, faults.fails_at, faults.fired = 0, at, False
    faults.arm(True)  # type: ignore[attr-defined]
    try:
        with suppress(UserError, OperationalError, OSError):
            yield
    finally:
        faults.arm(False)  # type: ignore[attr-defined]


def sweep(faults: Faults, do: Callable[[], object], after: Callable[[], None]) -> int:
    """Fail step after step of `do`; `after` checks and mends. How many there were."""
    for at in range(1, MOST):
        with failing(faults, at):
            do()
        if not faults.fired:
            after()
            return at - 1
        after()
    raise AssertionError("no end of steps")


def test_export_fails_at_every_step(faults: Faults, receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "first"))
    stick = tmp_path / "stick"
    stick.mkdir()
    n = [1]

    def check() -> None:
        """No half file under a name; what has a name is remembered and merges; the journal is whole; the next export goes through."""
        sent = {p.digest for p in send.sent_packages(connected)}
        for path in stick.iterdir():
            assert path.suffix == ".udpkg", path
            letter = merge.look(receiver, path)
            assert letter.digest in sent
        with connected.vault.engine.connect() as connection:
            assert journal.verify(connection) is None
        for path in stick.iterdir():
            path.unlink()
        n[0] += 1
        add_more(connected, n[0] % 400)
        merge.merge(receiver, send.export(connected, stick).path)
        for path in stick.iterdir():
            path.unlink()
        add_more(connected, n[0] % 400 + 1)

    assert sweep(faults, lambda: send.export(connected, stick), check) >= 8
    with connected.reading() as session:
        members = len(session.scalars(select(Member.id)).all())
    merge.merge(receiver, send.export(connected, stick).path) if send.preview(connected).gathered.total else None
    assert overview.count(receiver, "member") == members


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_merging_fails_at_every_step(kind: str, request: pytest.FixtureRequest, faults: Faults, office: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    receiver: Receiver = request.getfixturevalue("receiver" if kind == "sqlite" else "postgres_receiver")
    connect(office, receiver, tmp_path)
    enrol(receiver, export(office, tmp_path / "first"))
    add_more(office, 1)
    with office.act(ActKind.EDIT, "改") as act:
        act.change(Member, one_of_each["member"], {"post": "焊工"})
    path = export(office, tmp_path / "second")
    tables = (store.records, store.held, store.before, store.series, store.packages, store.offices, store.attachments)

    def snapshot() -> list[Any]:
        with receiver.reading() as connection:
            return [sorted(map(repr, connection.execute(select(table)).all())) for table in tables]

    old = snapshot()
    merge.merge(receiver, path)
    taking_back.take_back(receiver, office.vault.keys.vault_id)
    assert {k: v for k, v in zip(tables, snapshot(), strict=True) if k is store.records} == {store.records: old[0]}
    old = snapshot()

    def check() -> None:
        now = snapshot()
        if now != old:
            assert merge.merge(receiver, path).already_merged
            taking_back.take_back(receiver, office.vault.keys.vault_id)
            assert snapshot()[:3] == old[:3]

    assert sweep(faults, lambda: merge.merge(receiver, path), check) >= 10


def test_answering_and_reading_fail_at_every_step(faults: Faults, receiver: Receiver, connected: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    claim, union, stick = one_of_each["subsidy_application"], connected.vault.keys.vault_id, tmp_path / "stick"
    with connected.act(ActKind.EDIT, "报") as act:
        act.change(SubsidyApplication, claim, {"state": "校验通过"})
    round_trip(connected, receiver, tmp_path / "first")
    stick.mkdir()
    decisions.decide(receiver, [(union, claim)], decisions.REFUSED, reasons=["不是本工会会员"])

    def whole_answers() -> None:
        """Whatever lies on the stick under a name is a whole answer, and the decision is in it or in the next one."""
        for path in stick.iterdir():
            assert path.suffix == ".udrcpt"
            answers.look(connected, path)
            path.unlink()
        said = answers.look(connected, answer.answer(receiver, union, stick))
        assert [d.values["state"] for d in said.decisions] == ["不批准"]
        next(stick.iterdir()).unlink()

    assert sweep(faults, lambda: answer.answer(receiver, union, stick), whole_answers) >= 6
    said = answers.look(connected, answer.answer(receiver, union, stick))

    def state() -> str | None:
        with connected.reading() as session:
            return session.scalars(select(SubsidyApplication.state)).one()

    def all_or_nothing() -> None:
        with connected.vault.engine.connect() as connection:
            applied = connection.exec_driver_sql("SELECT count(*) FROM answer WHERE digest = ?", (said.digest,)).scalar()
            assert journal.verify(connection) is None
        assert (state() == "不批准") == bool(applied)

    assert sweep(faults, lambda: answers.take_in(connected, said), all_or_nothing) >= 5
    assert state() == "不批准"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="mounting a small file system wants root")
def test_a_stick_that_fills_up_while_writing_leaves_nothing_half_and_burns_nothing(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    from app.services.practice import furnish

    stick = tmp_path / "small"
    stick.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(stick)], capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        furnish(connected)
        with pytest.raises(UserError, match="满了"):
            send.export(connected, stick)
        assert list(stick.iterdir()) == [] and send.sent_packages(connected) == []
    finally:
        subprocess.run(["umount", str(stick)], check=False)
    assert enrol(receiver, export(connected, tmp_path / "large")).accepted


KILLED = """
import sys
from pathlib import Path
from app.services.exchange import send
from app.services.office import Office
from app.services.records import ActKind
from db import vault
from db.registers import Member
office = Office(vault.unlock(Path(sys.argv[1]), "李晓梅", "correct horse"))
print("ready", flush=True)
n = 0
while True:
    n += 1
    with office.act(ActKind.EDIT, "加") as act:
        act.create(Member, {"full_name": f"张三{n}"})
    send.export(office, Path(sys.argv[2]))
"""


def test_kill(receiver: Receiver, connected: Office, tmp_path: Path, long_form: bool) -> None:
    """Killed without a word in the midst of exporting, again and again: every named file is whole and known, and the last of them brings everything."""
    add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "first"))
    folder, stick = connected.vault.folder, tmp_path / "stick"
    connected.vault.close()
    stick.mkdir()
    dice = random.Random(5)
    rounds = 0
    while rounds < (60 if long_form else 4) or not any(p.suffix == ".udpkg" for p in stick.iterdir()):
        rounds += 1
        assert rounds < 100, "it never came to exporting"
        child = subprocess.Popen([sys.executable, "-c", KILLED, str(folder), str(stick)], cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        time.sleep(dice.uniform(0.02, 0.35) * max(1, rounds / 4))  # longer where the machine is slow
        child.send_signal(signal.SIGKILL)
        child.wait()
    from db import vault

    again = Office(vault.unlock(folder, "李晓梅", "correct horse"))
    sent = {p.digest for p in send.sent_packages(again)}
    named = sorted(p for p in stick.iterdir() if p.suffix == ".udpkg")
    assert all(merge.look(receiver, path).digest in sent for path in named)
    with again.vault.engine.connect() as connection:
        assert journal.verify(connection) is None
        members = connection.exec_driver_sql("SELECT count(*) FROM member").scalar()
    with again.act(ActKind.EDIT, "加") as act:
        act.create(Member, {"full_name": "最后一个"})
    merge.merge(receiver, send.export(again, stick).path)
    assert overview.count(receiver, "member") == (members or 0) + 1
    assert read(again, answer.answer(receiver, again.vault.keys.vault_id, stick)).said.is_ours
    again.vault.close()

