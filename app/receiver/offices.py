"""The offices a district knows: enrolled by fingerprint, suspended, revoked, given new keys, brought back after a lost PC."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, literal, select

from app.receiver import store
from app.receiver.district import Receiver, stamp
from app.sync.keys import KeyCard, PublicKeys, read_key_file
from app.sync.refusals import PackageRefused, Refusal
from app.sync.series import Known
from db.problems import UserError
from db.registers import REGISTERS

ACTIVE, SUSPENDED, REVOKED = "active", "suspended", "revoked"
STATUS_WORDS = {ACTIVE: "正常", SUSPENDED: "暂停", REVOKED: "作废"}
LATE = timedelta(days=120)
"""An office that has sent nothing for so long is named: a quarter and a month."""


@dataclass(frozen=True)
class Office:
    """One line of the book of offices."""

    id: str
    name: str
    uscc: str
    street: str
    status: str
    keys: PublicKeys
    last: int
    reached: int
    holdings: int | None
    answer: int
    answered: int
    forked: bool
    differs: tuple[str, ...]
    device: str
    reported_at: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Office":
        return cls(
            row["id"], row["name"], row["uscc"], row["street"], row["status"], PublicKeys(row["signing_key"], row["recipient"]), row["last"], row["reached"], row["holdings"], row["answer"],
            row["answered"], bool(row["forked"]), tuple(json.loads(row["differs"])), row["device"], row["reported_at"],
        )

    def is_late(self, now: datetime) -> bool:
        """Nothing came for longer than `LATE`."""
        return self.status == ACTIVE and (self.reported_at is None or now - datetime.fromisoformat(self.reported_at) > LATE)


def all_offices(receiver: Receiver, *, street: str | None = None) -> list[Office]:
    """By street and name."""
    wanted = select(store.offices).order_by(store.offices.c.street, store.offices.c.name)
    with receiver.reading() as connection:
        rows = connection.execute(wanted if street is None else wanted.where(store.offices.c.street == street)).mappings().all()
    return [Office.of(dict(row)) for row in rows]


def late_offices(receiver: Receiver, *, now: datetime | None = None) -> list[Office]:
    """Who has not reported."""
    moment = now or datetime.now(UTC)
    return [office for office in all_offices(receiver) if office.is_late(moment)]


def find(receiver: Receiver, wanted: str | None) -> Office:
    """The office of that id, name or credit code; the only one where none is named. UserError otherwise."""
    found = [o for o in all_offices(receiver) if wanted is None or wanted in (o.id, o.name, o.uscc)]
    if len(found) != 1:
        raise UserError("请指明一个单位（编号、名称或信用代码）。" if found else "没有这个单位。")
    return found[0]


def row_of(connection: Connection, office: str) -> Mapping[str, Any] | None:
    found = connection.execute(select(store.offices).where(store.offices.c.id == office)).mappings().first()
    return dict(found) if found is not None else None


def known_of(connection: Connection, office: Mapping[str, Any] | None) -> Known:
    """What is known of an office's series."""
    if office is None:
        return Known()
    rows = connection.execute(select(store.series).where(store.series.c.office == office["id"])).all()
    return Known(office["last"], {r.series: r.digest for r in rows}, frozenset(r.series for r in rows if r.merged), office["reached"], office["holdings"])


def is_same_fingerprint(one: str, other: str) -> bool:
    return "".join(one.split()).upper() == "".join(other.split()).upper()


def enrol(receiver: Receiver, connection: Connection, *, office: str, name: str, uscc: str, keys: PublicKeys) -> None:
    """A new office. The fingerprint was compared by a person before."""
    connection.execute(store.offices.insert().values(
        id=office, name=name, uscc=uscc, street="", status=ACTIVE, signing_key=keys.signing_key, recipient=keys.recipient, enrolled_at=stamp(), last=0, reached=0, holdings=None, answer=0,
        answered=0, forked=False, differs="[]", device="", reported_at=None, stale=True,
    ))
    receiver.note(connection, "enrol", office=office, fingerprint=keys.fingerprint)


def enrol_by_file(receiver: Receiver, path: Path, *, fingerprint: str) -> Office:
    """Take an office in by its key file, or give a known one new keys; `fingerprint` is what the office read out over the telephone."""
    card = read_key_file(path, role="office")
    if card.practice != receiver.practice:
        raise PackageRefused(Refusal.PRACTICE)
    if not is_same_fingerprint(fingerprint, card.keys.fingerprint):
        with receiver.writing() as connection:
            receiver.note(connection, "refused", office=card.id, code="fingerprint", file=path.name[:60])
        raise UserError(f"指纹对不上，没有登记。文件里的是：{card.keys.fingerprint}")
    with receiver.writing() as connection:
        if row_of(connection, card.id) is None:
            enrol(receiver, connection, office=card.id, name=card.name, uscc="", keys=card.keys)
        else:
            set_keys(receiver, connection, card.id, card.keys, why="by-file")
    return find(receiver, card.id)


def set_keys(receiver: Receiver, connection: Connection, office: str, keys: PublicKeys, *, why: str) -> None:
    connection.execute(store.offices.update().where(store.offices.c.id == office).values(signing_key=keys.signing_key, recipient=keys.recipient, status=ACTIVE))
    receiver.note(connection, "new-keys", office=office, code=why, fingerprint=keys.fingerprint)


def set_status(receiver: Receiver, office: str, status: str) -> None:
    """Suspend, revoke, or let an office report again. What was merged stays."""
    assert status in STATUS_WORDS
    with receiver.writing() as connection:
        if connection.execute(store.offices.update().where(store.offices.c.id == office).values(status=status)).rowcount != 1:
            raise UserError("没有这个单位。")
        receiver.note(connection, "status", office=office, code=status)


def set_street(receiver: Receiver, office: str, street: str) -> None:
    with receiver.writing() as connection:
        connection.execute(store.offices.update().where(store.offices.c.id == office).values(street=street.strip()))
        receiver.note(connection, "street", office=office, street=street.strip())


def check_status(office: Mapping[str, Any] | None, sender: PublicKeys) -> None:
    """PackageRefused for an office that may not report. Keys that were revoked vouch for no others."""
    if office is not None and office["status"] == SUSPENDED:
        raise PackageRefused(Refusal.SUSPENDED)
    if office is not None and office["status"] == REVOKED:
        raise PackageRefused(Refusal.REVOKED if sender == PublicKeys(office["signing_key"], office["recipient"]) else Refusal.UNKNOWN_SENDER)


def recover(receiver: Receiver, lost: str, found: str) -> int:
    """An office lost its PC and began anew: what the old one reported becomes the new one's, and its next answer gives the records back.

    Returns how many are given back. The old one's keys are revoked.
    """
    with receiver.writing() as connection:
        locked = {office: store.lock_office(connection, office) for office in sorted({lost, found})}  # always in one order, so that two operators do not wait for each other
        old, new = locked.get(lost), locked.get(found)
        if old is None or new is None or lost == found:
            raise UserError("请选原来的单位和新装的单位各一个。")
        if new["last"]:
            raise UserError("新装的单位已经报送过，不能再接过旧资料。请先撤回它的数据包。")
        for table in (store.records, store.held, store.attachments, store.decisions, store.opinions):
            _move(connection, table, lost, found)
        connection.execute(store.decisions.update().where(store.decisions.c.office == found).values(answer=None))
        # Of what an office has only one, its new installation has its own.
        own = [register.__tablename__ for register in REGISTERS if register.only_one]
        for table in (store.records, store.held):
            connection.execute(table.delete().where(table.c.office == found, table.c.register.in_(own)))
        rows = connection.execute(select(store.records.c.register, store.records.c.id).where(store.records.c.office == found, store.records.c.removed.is_(False))).all()
        gifts = [{"office": found, "register": r.register, "id": r.id, "answer": None} for r in rows]
        for start in range(0, len(gifts), 5000):
            store.upsert(connection, store.gifts, gifts[start : start + 5000])
        connection.execute(store.offices.update().where(store.offices.c.id == lost).values(status=REVOKED, stale=True))
        connection.execute(store.offices.update().where(store.offices.c.id == found).values(street=old["street"], stale=True))
        receiver.note(connection, "recover", office=found, lost=lost, records=len(gifts))
    return len(gifts)


def _move(connection: Connection, table: Table, lost: str, found: str) -> None:
    """An office's rows under another office: copied and deleted, because the key that a table is distributed by cannot be updated."""
    others = [c for c in table.columns if c.name != "office"]
    copied = select(literal(found).label("office"), *others).where(table.c.office == lost)
    connection.execute(table.insert().from_select(["office", *(c.name for c in others)], copied))
    connection.execute(table.delete().where(table.c.office == lost))


def card_of(office: Office, *, practice: bool) -> KeyCard:
    return KeyCard("office", office.id, office.name, practice, office.keys)
