"""Taking an act back as one step, also after a restart. What was edited since is kept and listed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.services import membership
from app.services.checkin import settle
from app.services.exchange import answers
from app.services.office import Office, moment_of
from app.services.records import Act, ActKind, table_of
from db.fields import Reference
from db.journal import ERASED, Deed, JournalRow, rows_of
from db.keyslots import Role
from db.problems import UserError
from db.record import Record, fields_of
from db.registers import REGISTERS, DistrictItem, MembershipEvent, register_named


@dataclass(frozen=True)
class Heading:
    """One act of the journal, as a list shows it."""

    act: str
    seq: int
    kind: ActKind
    title: str
    at: str
    who: str
    undone: bool
    undoes: str | None
    batch: str | None
    """The staged workbook that an import took in."""


@dataclass(frozen=True)
class TakenBack:
    """What undoing did: records touched, and those left alone because somebody changed them later."""

    title: str
    taken: int
    kept: tuple[tuple[str, str], ...]
    """(register, record id) of what was kept."""


def headings(session: Session, *, limit: int | None = None) -> list[Heading]:
    """The acts, newest first."""
    rows = session.execute(
        select(JournalRow.act, JournalRow.seq, JournalRow.changes, JournalRow.at, JournalRow.who)
        .where(JournalRow.deed == Deed.HEADING.value).order_by(JournalRow.seq.desc()).limit(limit)
    )
    found, undone = [], set[str]()
    for act, seq, body, at, who in rows:
        facts = json.loads(body)
        undoes = facts.get("undoes")
        if undoes and act not in undone:
            undone.add(undoes)
        found.append(Heading(act, seq, ActKind(facts["kind"]), facts["title"], at, who, act in undone, undoes, facts.get("batch")))
    return found


def last_undoable(session: Session, *, within: int = 200) -> Heading | None:
    """The newest act that a person can take back."""
    return next((h for h in headings(session, limit=within) if h.kind.is_undoable and not h.undone), None)


def undo(office: Office, act_id: str) -> TakenBack:
    """Take one act back. UserError when it cannot be or already was."""
    with office.reading() as session:
        wanted = next((h for h in headings(session) if h.act == act_id), None)
    if wanted is None or not (wanted.kind.is_undoable or wanted.kind is ActKind.UNDO):
        raise UserError("这一步不能撤销。")
    if office.user.role is Role.DOOR and wanted.kind is not ActKind.SIGN_IN:
        raise UserError("签到员只能撤销签到，别的请干事来做。")
    if office.user.role is Role.DOOR and wanted.who != office.user.name:
        raise UserError("签到员只能撤销自己做的签到。")
    if wanted.undone:
        raise UserError("这一步已经撤销过了。")
    if wanted.kind is ActKind.EDIT and office.user.role is not Role.ADMINISTRATOR:
        with office.vault.engine.connect() as connection:
            if any(row[1] == DistrictItem.__tablename__ for row in rows_of(connection, act_id)):
                raise UserError("政策和表格是管理员改的，要管理员来撤销。")
    with office.act(ActKind.UNDO, f"撤销：{wanted.title}") as act:
        act.note(undoes=act_id)
        kept = _reverse(act, act_id)
        taken = sum(act.counts.values())
        settle.settle_after_undo(act, act_id, wanted.undoes)
        answers.follow_undo(act, act_id, wanted.undoes)
        act.connection.exec_driver_sql("UPDATE sign_in_tray SET act = '-' || act WHERE act = ?", (act_id,))  # what was decided in it waits again
        act.connection.exec_driver_sql("UPDATE sign_in_tray SET act = substr(act, 2) WHERE act = '-' || ?", (wanted.undoes,))
    return TakenBack(wanted.title, taken, tuple(kept))


def _reverse(act: Act, act_id: str) -> list[tuple[str, str]]:
    kept: list[tuple[str, str]] = []
    created: dict[str, list[tuple[str, str]]] = {}
    again: list[tuple[str, str, str, str]] = []
    rows = rows_of(act.connection, act_id)
    for deed, register_name, record_id, changes in rows:
        if changes == ERASED:
            kept.append((register_name, record_id))
        elif deed == Deed.CREATE:
            created.setdefault(register_name, []).append((record_id, changes))
        elif deed != Deed.SHOW and not _one_back(act, deed, register_name, record_id, changes):
            again.append((deed, register_name, record_id, changes))
    # What refers to others goes first, so that it does not hold them.
    for register in sorted((register_named(name) for name in created), key=lambda r: -len(_references_of(r))):
        kept += _uncreate(act, register, created[register.__tablename__])
    for deed, register_name, record_id, changes in again:  # what the act put in its place is gone now
        if deed not in (Deed.REMOVE, Deed.RESTORE) or not _one_back(act, deed, register_name, record_id, changes):
            kept.append((register_name, record_id))
    if MembershipEvent.__tablename__ in {name for _, name, _, _ in rows}:
        membership.follow(act, [record_id for _, name, record_id, _ in rows if name == MembershipEvent.__tablename__], today=moment_of(act.at).astimezone().date())
    return kept


def _one_back(act: Act, deed: str, register_name: str, record_id: str, changes: str) -> bool:
    """Reverse one row; False when something since then stands in the way (then it is left as it is)."""
    register = register_named(register_name)
    try:
        with act.connection.begin_nested():
            if deed == Deed.REMOVE:
                act.restore(register, record_id)
            elif deed == Deed.RESTORE:
                act.remove(register, record_id, into=json.loads(changes).get("into"))
            else:
                return _change_back(act, register, record_id, json.loads(changes))
    except IntegrityError:  # the same sign-in or entry was made again meanwhile
        return False
    return True


def _change_back(act: Act, register: type[Record], record_id: str, changes: dict[str, list[Any]]) -> bool:
    """Set the old values again where nobody changed them since; whether that was all of them."""
    row = act.current(register, record_id)
    by_name = {f.name: f for f in fields_of(register)}
    back = {name: by_name[name].from_wire(old) for name, (old, new) in changes.items() if by_name[name].to_wire(row[name]) == new}
    act.change(register, record_id, back, checked=True)
    return len(back) == len(changes)


def _uncreate(act: Act, register: type[Record], rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Remove what the act created and nobody changed or refers to since; the others. Set-based: an import may be 20,000 rows."""
    created = dict(rows)
    ids = list(created)
    held = _referred_to(act.connection, register, ids)
    table = table_of(register)
    gone: list[tuple[int, str]] = []
    kept: list[tuple[str, str]] = []
    for start in range(0, len(ids), 500):
        for found in act.connection.execute(select(table).where(table.c.id.in_(ids[start : start + 500]), table.c.removed_at.is_(None))).mappings():
            row = dict(found)
            if row["id"] not in held and (row["revision"] == 1 or _is_as_created(register, row, created[row["id"]])):
                gone.append((row["rowno"], row["id"]))
            else:
                kept.append((register.__tablename__, row["id"]))
    if gone:
        act.remove_many(register, gone)
    return kept


def _is_as_created(register: type[Record], row: Mapping[str, Any], created: str) -> bool:
    now = {f.name: f.to_wire(row[f.name]) for f in fields_of(register)}
    first: dict[str, Any] = json.loads(created)
    return {name: value for name, value in now.items() if value is not None} == first


def _references_of(register: type[Record]) -> list[tuple[str, str]]:
    """(field, register it refers to) of a register."""
    return [(f.name, f.kind.register) for f in fields_of(register) if isinstance(f.kind, Reference)]


def _referred_to(connection: Connection, register: type[Record], ids: list[str]) -> set[str]:
    """Those of the records that a live record of another register refers to."""
    wanted, held = set(ids), set[str]()
    for other in REGISTERS:
        for name, target in _references_of(other):
            if target == register.__tablename__:
                table = table_of(other)
                held |= wanted & set(connection.execute(select(table.c[name]).where(table.c.removed_at.is_(None)).distinct()).scalars())
    return held


def history_of(session: Session, register_name: str, record_id: str) -> list[JournalRow]:
    """Everything that happened to one record, newest first."""
    found = session.scalars(
        select(JournalRow).where(JournalRow.register == register_name, JournalRow.record_id == record_id).order_by(JournalRow.seq.desc())
    )
    return list(found)

