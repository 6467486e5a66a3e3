"""Faults at a door: the program is killed (SIGKILL) at random moments of a queue, and the disk refuses writes. What was shown must be there.

Used by the tests in a short form and by `python3 installer/dev.py bench door-faults` in the long one, which prints the counts.
"""

import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from app.services.checkin import scans, settle
from app.services.checkin.answers import Answer
from app.services.checkin.door import Door
from app.services.office import Office
from db import journal, vault
from db.problems import UserError

PASSWORD = "correct horse"


@dataclass
class Tally:
    """What a run of faults came to. `lost`: shown and not there; `ghosts`: there and never scanned, or twice."""

    runs: int = 0
    shown: int = 0
    lost: int = 0
    ghosts: int = 0
    unsound: int = 0
    in_flight: int = 0
    """Durable, but the kill came before it was shown: the person is asked again and told that she is in."""
    kept: list[str] = field(default_factory=list)


def queue(folder: str, user: str, lecture: str, numbers: list[str], seed: int, told: Connection) -> None:
    """A process at the door: everybody in turn, each reported once the answer is there; settled now and then, taken back now and then."""
    office = Office(vault.unlock(Path(folder), user, PASSWORD))
    chance = random.Random(seed)
    door = Door(office, lecture, name="东门")
    told.send(("ready", ""))
    for number in numbers:
        outcome = door.arrive(number)
        told.send((outcome.answer.value, number))
        what = chance.random()
        if what < 0.02 and outcome.answer is Answer.ADMITTED:
            told.send(("taking-back", number))
            door.take_back(outcome.scan)
            told.send(("taken-back", number))
        elif what < 0.10:
            door.settle()
        elif what < 0.12:
            door.arrive(chance.choice(numbers))
    door.close()
    told.send(("done", ""))
    office.vault.close()


def kill_again_and_again(folder: Path, user: str, lecture: str, numbers: list[str], *, kills: int, seed: int = 1) -> Tally:
    """Send everybody through the door, killing it `kills` times on the way; then compare what was shown with the register."""
    context, chance, tally = multiprocessing.get_context("spawn"), random.Random(seed), Tally()
    shown: set[str] = set()
    unsure: set[str] = set()
    left = list(numbers)
    while left:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=queue, args=(str(folder), user, lecture, left, seed + tally.runs, theirs))
        process.start()
        theirs.close()
        kill_at = chance.randrange(2, max(3, len(numbers) // kills * 2)) if tally.runs < kills else None
        done = _listen(ours, shown, unsure, kill_at)
        if not done:
            time.sleep(chance.random() * 0.004)
            process.kill()
        process.join()
        for said in _rest(ours):
            _note(said, shown, unsure)
        tally.runs += not done
        left = [n for n in left if n not in shown and n not in unsure] if not done else []
    _compare(folder, user, lecture, numbers, shown, unsure, tally)
    return tally


def _rest(ours: Connection) -> Iterator[tuple[str, str]]:
    """What was still on its way when the door was killed."""
    try:
        while ours.poll():
            yield ours.recv()
    except EOFError:
        return


def _listen(ours: Connection, shown: set[str], unsure: set[str], kill_at: int | None) -> bool:
    """Hear the door until it is done or has said so many things; whether it is done."""
    heard = 0
    while kill_at is None or heard < kill_at:
        try:
            if not ours.poll(60):
                return False
            said = ours.recv()
        except EOFError:
            return True
        if said[0] == "done":
            return True
        _note(said, shown, unsure)
        heard += 1
    return False


def _note(said: tuple[str, str], shown: set[str], unsure: set[str]) -> None:
    what, number = said
    if what in ("admitted", "already"):
        shown.add(number)
    elif what == "taking-back":
        shown.discard(number)
        unsure.add(number)  # until it is said, either may be true


def _compare(folder: Path, user: str, lecture: str, numbers: list[str], shown: set[str], unsure: set[str], tally: Tally) -> None:
    opened = vault.unlock(folder, user, PASSWORD)
    office = Office(opened)
    settle.settle(office)
    with opened.engine.connect() as connection:
        there = list(connection.exec_driver_sql("SELECT m.employee_no FROM sign_in s JOIN member m ON m.id = s.member WHERE s.lecture = ? AND s.removed_at IS NULL", (lecture,)).scalars())
        sound = connection.exec_driver_sql("PRAGMA quick_check").scalar() == "ok" and journal.verify(connection) is None
    opened.close()
    tally.shown = len(shown)
    tally.lost = len(shown - set(there))
    tally.ghosts = len(there) - len(set(there)) + len(set(there) - set(numbers))
    tally.in_flight = len(set(there) - shown - unsure)
    tally.unsound = int(not sound)


def refuse_now_and_then(office: Office, lecture: str, numbers: list[str], *, seed: int = 1, share: float = 0.1) -> Tally:
    """The disk is full at random writes, half of them before and half after SQLite had it all: what was said to be in is in, what was refused is not."""
    chance, tally, write = random.Random(seed), Tally(), scans.write
    shown: set[str] = set()

    def failing(connection: Any, lines: list[scans.Scan]) -> None:
        if chance.random() < share:
            tally.runs += 1
            if chance.random() < 0.5:
                write(connection, lines)
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        write(connection, lines)

    door = Door(office, lecture)
    patch: Callable[[Any], None] = lambda value: setattr(scans, "write", value)  # noqa: E731  # one line for both ways
    patch(failing)
    try:
        for number in numbers:
            try:
                if door.arrive(number).answer is Answer.ADMITTED:
                    shown.add(number)
            except UserError:
                continue
    finally:
        patch(write)
    door.close()
    with office.vault.engine.connect() as connection:
        there = list(connection.exec_driver_sql("SELECT m.employee_no FROM sign_in s JOIN member m ON m.id = s.member WHERE s.lecture = ? AND s.removed_at IS NULL", (lecture,)).scalars())
        tally.unsound = int(journal.verify(connection) is not None)
    tally.shown, tally.lost, tally.ghosts = len(shown), len(shown - set(there)), len(there) - len(set(there)) + len(set(there) - shown)
    return tally
