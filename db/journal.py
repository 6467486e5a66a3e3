"""The append-only journal. Audit, undo and outbox are three readings of it.

A row is one record touched by one act. The first row of an act is its heading (register '', the act's kind and title).
Each row carries the SHA-256 of the row before it and its own contents, so that a changed or dropped row shows.
Triggers (made by the migration) refuse UPDATE and DELETE; nothing in the program asks for them.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Index, LargeBinary, String, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column

from db.record import Base

GENESIS = bytes(32)
ERASED = '{"erased":true}'
"""What stands in place of the words of a row about a person who was erased. The row's hash stays, so the chain goes on."""


class Deed(StrEnum):
    """What was done to one record."""

    HEADING = "act"
    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"
    RESTORE = "restore"
    SHOW = "show"
    ERASE = "erase"


class JournalRow(Base):
    __tablename__ = "journal"
    __table_args__ = (Index("journal_record", "register", "record_id"), Index("journal_heading", "act", sqlite_where=text("deed = 'act'")))

    seq: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(String(36))
    deed: Mapped[str] = mapped_column(String(10))
    register: Mapped[str] = mapped_column(String(40))
    record_id: Mapped[str] = mapped_column(String(36))
    changes: Mapped[str] = mapped_column(Text)
    """JSON: {field: [old, new]} in written form; for a created record {field: value}; for a heading its kind, title and facts."""
    at: Mapped[str] = mapped_column(String(32))
    who: Mapped[str] = mapped_column(String(100))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Entry(NamedTuple):
    """A row to be written: an act may have 200,000, so it is a plain tuple."""

    deed: Deed
    register: str
    record_id: str
    changes: bytes
    """As `canonical` writes it; half of what the same text takes as a str."""


canonical = msgspec.json.Encoder(order="sorted").encode
"""A value as JSON with sorted keys and no spaces, in UTF-8. By msgspec, which is five times as fast as json at it."""
AT_ONCE = 10_000


def row_hash(before: bytes, act: str, deed: str, register: str, record_id: str, changes: str, at: str, who: str) -> bytes:
    body = "\x1f".join((act, deed, register, record_id, changes, at, who)).encode()
    return hashlib.sha256(before + body).digest()


INSERT = "INSERT INTO journal (act, deed, register, record_id, changes, at, who, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def last_hash(connection: Connection) -> bytes:
    found = connection.exec_driver_sql("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1").scalar()
    return found or GENESIS


def rows_of(connection: Connection, act: str) -> list[tuple[str, str, str, str]]:
    """(deed, register, record id, changes) of an act without its heading, newest first. An act's rows stand together."""
    found = connection.exec_driver_sql(
        "SELECT deed, register, record_id, changes FROM journal, (SELECT seq AS head FROM journal WHERE act = ? AND deed = 'act') "
        "WHERE seq > head AND seq < coalesce((SELECT min(seq) FROM journal WHERE deed = 'act' AND seq > head), 9e18) ORDER BY seq DESC",
        (act,),
    )
    return [tuple(row) for row in found]


def append(connection: Connection, act: str, at: str, who: str, entries: Iterator[Entry]) -> int:
    """Write the rows of one act, chained to what is there. Returns how many."""
    before = last_hash(connection)
    head, tail = f"{act}\x1f".encode(), f"\x1f{at}\x1f{who}".encode()
    count = 0
    rows: list[tuple[str, str, str, str, str, str, str, bytes]] = []
    for e in entries:
        before = hashlib.sha256(b"".join((before, head, f"{e.deed}\x1f{e.register}\x1f{e.record_id}\x1f".encode(), e.changes, tail))).digest()
        rows.append((act, e.deed.value, e.register, e.record_id, e.changes.decode(), at, who, before))
        count += 1
        if len(rows) == AT_ONCE:
            connection.exec_driver_sql(INSERT, rows)  # as plain tuples: an act may have 100,000 rows
            rows.clear()
    if rows:
        connection.exec_driver_sql(INSERT, rows)
    return count


def verify(connection: Connection) -> int | None:
    """The number of the first row whose chain is broken, None when the whole journal is sound."""
    before = GENESIS
    columns = select(
        JournalRow.seq, JournalRow.act, JournalRow.deed, JournalRow.register, JournalRow.record_id, JournalRow.changes, JournalRow.at, JournalRow.who, JournalRow.hash
    ).order_by(JournalRow.seq)
    blanked = _erased(connection)
    for expected, (seq, *body, stored) in enumerate(connection.execute(columns), 1):
        before = stored if seq in blanked and '"erased":true' in body[4] else row_hash(before, *body)
        if before != stored or seq != expected:
            return int(seq)
    return None


def _erased(connection: Connection) -> set[int]:
    """The rows that erasing acts say they blanked; any other blank row is a broken one."""
    told = connection.execute(select(JournalRow.changes).where(JournalRow.deed == Deed.ERASE.value)).scalars()
    return {seq for changes in told for seq in json.loads(changes).get("rows", ())}


def blank(connection: Connection, rows: Iterable[tuple[int, str]]) -> None:
    """Take the words out of rows: (number, what stands there instead). The guards let through only what says `"erased":true`."""
    connection.exec_driver_sql("UPDATE journal SET changes = ? WHERE seq = ?", [(words, seq) for seq, words in rows])
