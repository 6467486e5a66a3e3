"""Writing down what happens at a door: one line a scan, on the disk before anybody is told."""

import hmac
import json
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.services.checkin.answers import TAKEN_BACK, Answer
from app.services.office import Clock, Office, moment_of
from db.vault import set_setting, setting

ERASED_NAME = "（已清除）"
"""What stands for the name of a person whose data were erased."""
SETTLED_TO = "settled_to"
"""The setting that names the last scan whose sign-in stands in the register."""


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One line of `DoorScan`, in the form in which it also travels."""

    id: str
    door_pc: str
    lecture: str
    door: str
    at: str
    answer: str
    session: str | None = None
    person: str | None = None
    full_name: str | None = None
    unit: str | None = None
    mobile: str | None = None
    typed: str | None = None
    note: str | None = None
    takes_back: str | None = None

    @property
    def lets_in(self) -> bool:
        return self.answer in (Answer.ADMITTED.value, Answer.WALK_IN.value)

    @property
    def moment(self) -> datetime:
        return moment_of(self.at)


LONGEST = {"id": 36, "door_pc": 36, "lecture": 36, "session": 36, "person": 36, "takes_back": 36, "door": 100, "at": 32, "answer": 20, "full_name": 100, "unit": 200, "mobile": 40, "typed": 100, "note": 200}
"""Characters of each part; a door never writes more, the office takes no more."""
NAMES = tuple(f.name for f in fields(Scan))
_INSERT = f"INSERT INTO door_scan ({', '.join(NAMES)}) VALUES ({', '.join('?' * len(NAMES))})"
_SELECT = f"SELECT {', '.join(NAMES)} FROM door_scan"


def write(connection: Connection, scans: list[Scan]) -> None:
    if not scans:
        return
    connection.exec_driver_sql(_INSERT, [tuple(getattr(scan, name) for name in NAMES) for scan in scans])


def of_lecture(connection: Connection, lecture: str, *, after: int = 0) -> list[Scan]:
    """Every scan of a lecture, in the order in which this file heard of them."""
    return [Scan(**dict(zip(NAMES, row, strict=True))) for row in connection.exec_driver_sql(f"{_SELECT} WHERE lecture = ? AND seq > ? ORDER BY seq", (lecture, after))]


def known(connection: Connection, lecture: str) -> set[str]:
    return set(connection.exec_driver_sql("SELECT id FROM door_scan WHERE lecture = ?", (lecture,)).scalars())


def settled_to(connection: Connection) -> int:
    return int(setting(connection, SETTLED_TO) or 0)


def lectures_waiting(connection: Connection) -> list[str]:
    """Lectures with scans that the register does not show yet."""
    return list(connection.exec_driver_sql("SELECT DISTINCT lecture FROM door_scan WHERE seq > ?", (settled_to(connection),)).scalars())


def taken_back(scans: Iterator[Scan] | list[Scan]) -> set[str]:
    """What was taken back, by the names of scans (or of sign-ins that had none)."""
    return {scan.takes_back for scan in scans if scan.answer == TAKEN_BACK and scan.takes_back}


def shortened(typed: str) -> str:
    """What may stay of something that was read: of a number of twelve digits and more its last six, as in a lost-property book."""
    text = "".join(c for c in typed if c.isprintable()).strip()[:100]
    digits = sum(c.isdigit() for c in text)
    return f"…{text[-6:]}" if digits >= 12 else text


def forget_person(connection: Connection, members: Sequence[str], records: Sequence[str], names: Collection[str], numbers: Mapping[str, Collection[str]]) -> None:
    """Take the words about somebody out of the doors' book and of the tray: that somebody came stays, who it was does not."""
    ask = connection.exec_driver_sql
    mine = set(members) | set(records)
    for sign_in in records:
        mine |= set(ask("SELECT scan FROM settled_scan WHERE sign_in = ?", (sign_in,)).scalars())
    marks = ", ".join("?" * len(mine))
    ask(f"UPDATE door_scan SET full_name = '{ERASED_NAME}', unit = NULL, mobile = NULL, typed = NULL, note = NULL WHERE person IN ({marks}) OR id IN ({marks}) OR takes_back IN ({marks})", (*mine,) * 3)
    phones = [*numbers.get("mobile", ())]
    for phone in phones:
        ask(f"UPDATE door_scan SET full_name = '{ERASED_NAME}', unit = NULL, mobile = NULL, note = NULL WHERE mobile = ? OR takes_back IN (SELECT id FROM door_scan WHERE mobile = ?)", (phone, phone))
    _remember_phones(connection, phones)
    said = {f"w:{scan}" for scan in mine} | {f"p:{person}" for person in mine} | {f"w:{name}|{phone}" for name in {"".join(n.split()).casefold() for n in names} for phone in phones}
    for one in said:
        ask("DELETE FROM walk_in_decision WHERE one = ? OR other = ?", (one, one))
    ask(f"DELETE FROM sign_in_tray WHERE said IN ({marks})", (*mine,))
    known = {*names, *(number for some in numbers.values() for number in some)}
    for scan, typed in ask("SELECT id, typed FROM door_scan WHERE typed IS NOT NULL").all():
        plain = typed.strip("…")
        if any(name in plain for name in names if len(name) > 1) or (len(plain) >= 4 and any(plain.casefold() in word.casefold() for word in known)):
            ask("UPDATE door_scan SET typed = NULL WHERE id = ?", (scan,))
    for waiting, cells in ask("SELECT id, cells FROM sign_in_tray").all():
        said = json.loads(cells)
        has_number = any(said.get(mark) for mark in numbers)
        if {str(value) for value in said.values()} & (known - set(names) if has_number else known):
            ask("DELETE FROM sign_in_tray WHERE id = ?", (waiting,))


ERASED_PHONES = "erased_phones"
"""The setting with a key and the digests under it of phones whose owners were erased: a door that was away must not bring them back."""


def _remember_phones(connection: Connection, phones: Sequence[str]) -> None:
    kept = json.loads(setting(connection, ERASED_PHONES) or "null") or {"key": secrets.token_hex(16), "seen": []}
    kept["seen"] = sorted({*kept["seen"], *(_digest(kept["key"], phone) for phone in phones)})
    set_setting(connection, ERASED_PHONES, json.dumps(kept))


def is_erased_phone(connection: Connection, phone: str | None) -> bool:
    kept = json.loads(setting(connection, ERASED_PHONES) or "null")
    return bool(phone and kept and _digest(kept["key"], phone) in kept["seen"])


def _digest(key: str, phone: str) -> str:
    return hmac.new(bytes.fromhex(key), phone.encode(), "sha256").hexdigest()


class DoorClock:
    """The door's time. It is the computer's, but within one file it never runs backwards: a clock that is set back goes on from the last scan."""

    def __init__(self, clock: Clock, last: datetime | None) -> None:
        self._clock = clock
        self._last = last

    @property
    def behind(self) -> timedelta | None:
        """How far the computer's clock is behind the last scan, None when it is not."""
        now = self._clock()
        return self._last - now if self._last is not None and now < self._last - timedelta(minutes=2) else None

    def now(self) -> datetime:
        now = self._clock()
        if self._last is not None and now <= self._last:
            now = self._last + timedelta(microseconds=1)
        self._last = now
        return now


def clock_of(office: Office) -> DoorClock:
    """The clock of this file's doors, going on from its last scan."""
    with office.vault.engine.connect() as connection:
        last = connection.exec_driver_sql("SELECT max(at) FROM (SELECT at FROM door_scan WHERE door_pc = ? ORDER BY seq DESC LIMIT 50)", (office.vault.keys.vault_id,)).scalar()
    return DoorClock(office.clock, moment_of(last) if last else None)

