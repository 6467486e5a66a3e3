"""Who is meant by what was scanned or typed. Reads only; asked at every scan, so it is plain SQL on indexes."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from app.services.checkin.answers import Person
from app.services.records import resolve
from db import identity, search
from db.dates import PartialDate
from db.pinyin import readings
from db.registers import Member, Registration
from db.registers.membership import LEFT
from db.vault import setting

MANY = 30
"""So many can be chosen from; of more, the greeter is asked to type more."""
WHOLE_NUMBER = 8
MOBILE = 11
TAIL, LONG_TAIL = 4, 6
"""How much of a phone or card, and of an identity number, a door that was sent out may know."""
LONGEST_INPUT = 100
SUSPENDED = frozenset({"保留"})
"""Events after which the membership rests."""
BLINDED = "door_blind"
"""The setting of a door's file under which the key lies that its numbers were shortened with."""
UNION = "door_union"
"""The setting of a door's file that names its office."""
BADGE = "UD1"
_BADGE = re.compile(rf"{BADGE}:([0-9A-Z]+):([0-9A-Z]{{32}})$")


@dataclass(frozen=True)
class Blind:
    """How the store's numbers are written. A door's file holds no whole number: only its end, and three digits that tell apart those who
    share the end. 4,096 kinds leave hundreds of numbers possible for each, so that nothing can be worked back.
    """

    key: bytes | None = None

    def short(self, number: str | None, keep: int) -> str | None:
        if not number or self.key is None:
            return number
        return hmac.new(self.key, number.encode(), hashlib.sha256).hexdigest()[:3] + number[-keep:]


def blind_of(connection: Connection) -> Blind:
    written = setting(connection, BLINDED)
    return Blind(bytes.fromhex(written) if written else None)


def union_of(connection: Connection, vault_id: str) -> str:
    """The id of the union whose badges are ours: this file's own, or at a door that was sent out, the office's."""
    return setting(connection, UNION) or vault_id


def clean(typed: str) -> str:
    """What a scanner or keyboard sent, without suffixes, control characters and full width."""
    text = "".join(c for c in typed if c.isprintable()).strip()
    if not any(c.isdigit() for c in text):
        return text
    if len(text) >= MOBILE and identity.is_mobile(phone := identity.normal_phone(text)):
        return phone
    return identity.squeeze(text)


def is_readable(typed: str) -> bool:
    """Whether it can be asked about at all: not empty, not the thousands of characters of a scanner gone wild."""
    return len(typed) <= LONGEST_INPUT and any(c.isalnum() for c in typed)


def badge_of(vault_id: str, member: str) -> str:
    """What a badge's QR code says: whose union (the first group of its id) and which member. No name, no number.

    Upper case letters, digits and colons only: QR codes hold these in 5.5 bits a character, and scanners type them under any keyboard.
    """
    return f"{BADGE}:{vault_id[:8]}:{member}".upper().replace("-", "")


def read_badge(text: str) -> tuple[str, str] | None:
    """(union, member's id) of the badge that the text ends with, None where it does not: what stands before a scan was half typed when it fell in."""
    found = _BADGE.search(identity.squeeze(text).upper())
    if not found:
        return None
    d = found[2].lower()
    return found[1].lower(), f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}"


def find(connection: Connection, text: str, *, lecture: str = "", blind: Blind = Blind(), limit: int = MANY) -> list[Person]:  # a frozen value
    """Members, and guests on the lecture's list, whom the text, as `clean` leaves it, can mean, at most `limit` + 1; more than one is for a person to choose from.

    Only a whole number (ID, phone, card, an employee no. with a letter or of eight characters and more) decides alone: 1234
    may be one member's employee no. and the end of another's phone.
    """
    if not text:
        return []
    guests = _guests(connection, lecture, (text, blind.short(text, TAIL) or ""), limit) if lecture else []
    if any(c.isdigit() for c in text):
        key = identity.normal_id(text)
        exact = _people(connection, "employee_no = ? OR member_card_no = ? OR mobile = ? OR id_number = ?", _keys(blind, key), limit + 1)
        if exact and (len(key) >= WHOLE_NUMBER or _has_own_letter(key)):
            return exact + guests
        if not exact and (merged := _merged_away(connection, _keys(blind, key), limit + 1)):
            return merged
    else:
        exact = _people(connection, "full_name = ?", (text,), limit + 1)
        if exact:
            return exact + [g for g in guests if g.full_name == text]
    rownos = search.find(connection, Member.__tablename__, text, limit=limit + 1)
    if not guests and exact and (not rownos or (len(rownos) == 1 and len(exact) == 1 and rownos == [exact[0].rowno])):
        return exact
    found = {p.id: p for p in (*exact, *(_people(connection, f"rowno IN ({', '.join('?' * len(rownos))})", tuple(rownos), limit + 1) if rownos else ()), *guests)}
    wanted = text.casefold()
    return sorted(found.values(), key=lambda p: (not _begins(p.full_name, wanted), p.department, p.full_name))


def _keys(blind: Blind, key: str) -> tuple[str | None, ...]:
    return (short_number(blind, key), blind.short(key, TAIL), blind.short(key, TAIL), blind.short(key, LONG_TAIL))


def short_number(blind: Blind, number: str | None) -> str | None:
    """An employee number as the file writes it: one that is as long as a phone may be one, or an identity number."""
    return blind.short(number, LONG_TAIL) if number and len(number) >= MOBILE else number


def by_id(connection: Connection, record_id: str) -> Person | None:
    """A member by id, also by the id of one who was merged away; or a guest."""
    found = _people(connection, "id = ?", (resolve(connection, record_id),), 1)
    if found:
        return found[0]
    rows = connection.exec_driver_sql(f"{_GUEST} WHERE id = ? AND removed_at IS NULL", (record_id,)).all()
    return _guest(*rows[0]) if rows else None


def everybody(connection: Connection, lecture: str | None, session: str | None) -> list[Person]:
    """All on the lecture's list (for this session or for any), or, without a lecture, the whole roster; by department and name."""
    if lecture is None:
        found = _people(connection, "1", (), -1)
    else:
        mine = "SELECT {} FROM registration WHERE lecture = ? AND removed_at IS NULL AND (session IS NULL OR ? IS NULL OR session = ?)"
        found = _people(connection, f"id IN ({mine.format('member')} AND member IS NOT NULL)", (lecture, session, session), -1)
        found += [_guest(*row) for row in connection.exec_driver_sql(mine.format("id, full_name, unit, mobile") + " AND member IS NULL", (lecture, session, session))]
    return sorted(found, key=lambda p: (p.department, p.full_name))


def _merged_away(connection: Connection, keys: tuple[str | None, ...], limit: int) -> list[Person]:
    """Who is meant by the number of a record that was merged into another: the old card still opens the door."""
    old = connection.exec_driver_sql(
        "SELECT m.id FROM member m JOIN merged_away a ON a.old_id = m.id WHERE m.employee_no = ? OR m.member_card_no = ? OR m.mobile = ? OR m.id_number = ?", keys
    ).scalars().all()
    ids = list(dict.fromkeys(resolve(connection, record_id) for record_id in old))
    return _people(connection, f"id IN ({', '.join('?' * len(ids))})", tuple(ids), limit) if ids else []


def _has_own_letter(key: str) -> bool:
    """B10427 can only be a number of somebody's own; 1234 and 123X may be the end of another."""
    return any(c.isalpha() and c != "X" for c in key)


def _people(connection: Connection, where: str, values: tuple[Any, ...], limit: int) -> list[Person]:
    rows = connection.exec_driver_sql(
        f"SELECT id, full_name, department, employee_no, mobile, membership_event, membership_event_date, rowno FROM member WHERE removed_at IS NULL AND ({where}) LIMIT ?", (*values, limit)
    )
    return [_person(*row) for row in rows]


def _person(record_id: str, name: str | None, department: str | None, employee_no: str | None, mobile: str | None, event: str | None, since: str | None, rowno: int) -> Person:
    out = event if event in LEFT or event in SUSPENDED else None
    when = PartialDate.from_iso(since).chinese() if out and since else ""
    said = f"{when}{out}{'会籍' if event in SUSPENDED else ''}" if out else None
    return Person(record_id, name or "", department or "", employee_no or "", (mobile or "")[-4:], said, rowno)


_GUEST = "SELECT id, full_name, unit, mobile FROM registration"


def _guest(record_id: str, name: str | None, unit: str | None, mobile: str | None) -> Person:
    return Person(record_id, name or "", unit or "", "", (mobile or "")[-4:], is_guest=True)


def _guests(connection: Connection, lecture: str, texts: Iterable[str], limit: int) -> list[Person]:
    table = Registration.__tablename__
    for query in dict.fromkeys(search.query_of(text) for text in texts):
        if query is None:
            continue
        rows = connection.exec_driver_sql(
            f"{_GUEST} WHERE lecture = ? AND member IS NULL AND removed_at IS NULL AND rowno IN (SELECT rowid FROM search_{table} WHERE search_{table} MATCH ?) LIMIT ?", (lecture, query, limit)
        ).all()
        if rows:
            return [_guest(*row) for row in rows]
    return []


def _begins(name: str, typed: str) -> bool:
    """Whether the whole name, its pinyin or its initials begin with what was typed: such people come first."""
    return name.startswith(typed) or any("".join(r).startswith(typed) or "".join(s[0] for s in r).startswith(typed) for r in readings(name))
