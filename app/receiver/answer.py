"""The district's answer to an office: receipt, outcomes, decisions, what it holds, what it gives back, what it sends everybody (FORMAT.md, 11)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from app.receiver import decisions, offices, store
from app.receiver.district import Receiver, stamp
from app.receiver.merge import state_here
from app.services.exchange.send import PROGRAM, plain_file_name
from app.sync import package, stick
from app.sync.keys import PublicKeys
from app.sync.package import DOWN_SUFFIX, Part, Sealed
from db.problems import UserError
from db.registers import REGISTERS
from db.vault import known_versions

ALL = [register.__tablename__ for register in REGISTERS]


def answer(receiver: Receiver, office: str, folder: Path) -> Path:
    """Write an office's answer into a folder, and remember what it carried. It may be made as often as one likes; each is a new one in its series."""
    if receiver.is_street:
        raise UserError("街道和产业工会不做回执，回执由区总工会做。")
    receiver.refresh_keys()
    decisions.accept_arrived(receiver, office)
    with receiver.reading() as connection:
        row = offices.row_of(connection, office)
        if row is None:
            raise UserError("没有这个单位。")
        told = _untold(connection, office)
        sealed = _sealed(receiver, connection, row)
    name = f"{'练习_' if receiver.practice else ''}{plain_file_name(row['name'])}_回执_{sealed.manifest['series']:03}{DOWN_SUFFIX}"

    def remember() -> None:
        with receiver.writing() as connection:
            _remember(receiver, connection, row, sealed, told)

    # Remembered before it has its name: no answer that an office may read is unknown here. A number whose file was never named is skipped.
    return stick.write(folder, name, sealed.body, before_naming=remember)


def _sealed(receiver: Receiver, connection: Connection, row: Mapping[str, Any]) -> Sealed:
    number = int(row["answer"]) + 1
    previous = connection.execute(select(store.about.c.value).where(store.about.c.name == f"answer:{row['id']}")).scalar()
    manifest = {
        "direction": "down", "practice": receiver.practice, "union": {"id": row["id"], "uscc": row["uscc"], "name": row["name"]}, "series": number, "previous": previous,
        "schema": known_versions()[-1], "program": PROGRAM, "made_at": stamp(),
    }
    keys = PublicKeys(row["signing_key"], row["recipient"])
    return package.seal(manifest, _parts(receiver, connection, row), sender=receiver.keys, to=keys, proof=receiver.ring.proof(receiver.facts.id))


def _parts(receiver: Receiver, connection: Connection, row: Mapping[str, Any]) -> list[Part]:
    parts = [_part("receipt", [_receipt(receiver, connection, row)]), _part("outcome", _outcomes(connection, row["id"])), _part("decision", _decisions(connection, row))]
    if differing := _differing(row):
        parts.append(_part("holding", _holdings(connection, row["id"], differing)))
    parts.append(_part("returned", _gifts(connection, row)))
    parts.append(_part("item", _items(connection)))
    if receiver.card.proof is not None:
        parts.append(_part("key", [receiver.card.body(receiver.keys)]))
    return [part for part in parts if part.lines]


def _part(name: str, lines: Iterable[Mapping[str, Any]]) -> Part:
    return Part(name, [json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() for line in lines])


def _differing(row: Mapping[str, Any]) -> list[str]:
    return ALL if row["forked"] else list(json.loads(row["differs"]))


def _receipt(receiver: Receiver, connection: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    office = row["id"]
    last = connection.execute(select(store.packages.c.digest, store.packages.c.counts).where(store.packages.c.office == office, store.packages.c.series == row["last"])).first()
    counts: dict[str, dict[str, int]] = json.loads(last.counts) if last else {}
    tables = {}
    for name in ALL:
        said = counts.get(name, {})
        state = state_here(connection, PublicKeys(row["signing_key"], row["recipient"]).suite, office, name)
        if said or state["count"]:
            taken = sum(said.get(word, 0) for word in ("accepted", "withdrawn", "unchanged"))
            tables[name] = {"accepted": taken, "refused": said.get("refused", 0), "waiting": said.get("waiting", 0), **state}
    return {"last": row["last"], "digest": last.digest if last else None, "reached": row["reached"], "tables": tables, "differs": _differing(row), "forked": bool(row["forked"])}


def _outcomes(connection: Connection, office: str) -> list[dict[str, Any]]:
    table = store.held
    rows = connection.execute(select(table).where(table.c.office == office).order_by(table.c.register, table.c.id)).mappings()
    return [{"register": r["register"], "id": r["id"], "outcome": r["standing"], "code": r["code"], "message": r["message"]} for r in rows]


def _decisions(connection: Connection, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that count and that the office has not read yet."""
    table = store.decisions
    unread = table.c.answer.is_(None) | (table.c.answer > row["answered"])
    rows = connection.execute(select(table).where(table.c.office == row["id"], table.c.superseded.is_(False), unread).order_by(table.c.id)).mappings()
    return [
        {"id": r["id"], "register": r["register"], "record": r["record"], "values": json.loads(r["values"]), "reasons": json.loads(r["reasons"]), "by": r["operator"], "at": r["at"]} for r in rows
    ]


def _holdings(connection: Connection, office: str, registers: Sequence[str]) -> list[dict[str, Any]]:
    """A hash of every live record in these registers; of what is held back, of what the office sent."""
    records, held = store.records, store.held
    lines: dict[tuple[str, str], str] = {}
    for live in connection.execute(select(records.c.register, records.c.id, records.c.hash).where(records.c.office == office, records.c.register.in_(registers), records.c.removed.is_(False))):
        lines[live.register, live.id] = live.hash
    for r in connection.execute(select(held.c.register, held.c.id, held.c.hash, held.c.removed).where(held.c.office == office, held.c.register.in_(registers))):
        if r.removed:
            lines.pop((r.register, r.id), None)
        elif len(r.id) == 36:
            lines[r.register, r.id] = r.hash
    return [{"register": register, "id": record, "hash": digest} for (register, record), digest in sorted(lines.items())]


def _gifts(connection: Connection, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    gifts, records = store.gifts, store.records
    unread = gifts.c.answer.is_(None) | (gifts.c.answer > row["answered"])
    joined = (records.c.office == gifts.c.office) & (records.c.register == gifts.c.register) & (records.c.id == gifts.c.id)
    wanted = select(records.c.register, records.c.id, records.c.revision, records.c.body).join(gifts, joined).where(gifts.c.office == row["id"], unread, records.c.removed.is_(False))
    rows = connection.execute(wanted.order_by(records.c.register, records.c.id))
    return [{"register": r.register, "id": r.id, "revision": r.revision, "values": json.loads(r.body)} for r in rows]


def _items(connection: Connection) -> list[dict[str, Any]]:
    rows = connection.execute(select(store.items).order_by(store.items.c.kind, store.items.c.key)).mappings()
    return [{"kind": r["kind"], "key": r["key"], "body": json.loads(r["body"]) if r["body"] else None} for r in rows]


def _untold(connection: Connection, office: str) -> set[str]:
    """The decisions that no answer has carried yet."""
    table = store.decisions
    return set(connection.execute(select(table.c.id).where(table.c.office == office, table.c.answer.is_(None), table.c.superseded.is_(False))).scalars())


def _remember(receiver: Receiver, connection: Connection, row: Mapping[str, Any], sealed: Sealed, told: set[str]) -> None:
    number, office = int(sealed.manifest["series"]), row["id"]
    now = store.lock_office(connection, office)
    if now is None or any(now[name] != row[name] for name in ("answer", "last", "answered", "forked", "differs")) or told != _untold(connection, office):
        raise UserError("另一位操作员刚动过这个单位，这一份没有写出。请再做一次。")
    for table in (store.decisions, store.gifts):
        connection.execute(table.update().where(table.c.office == office, table.c.answer.is_(None)).values(answer=number))
    holdings = number if _differing(row) else None
    connection.execute(store.offices.update().where(store.offices.c.id == office).values(answer=number, holdings=holdings))
    store.upsert(connection, store.about, [{"name": f"answer:{office}", "value": sealed.digest}])
    receiver.note(connection, "answer", office=office, series=number, digest=sealed.digest)
