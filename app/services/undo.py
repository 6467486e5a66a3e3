"""Taking an act back as one step, also after a restart. What was edited since is kept and listed."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.services.office import Office
from app.services.records import Act, ActKind, table_of
from db.journal import Deed, JournalRow
from db.problems import UserError
from db.record import fields_of
from db.registers import register_named


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
        found.append(Heading(act, seq, ActKind(facts["kind"]), facts["title"], at, who, act in undone, undoes))
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
    if wanted.undone:
        raise UserError("这一步已经撤销过了。")
    with office.act(ActKind.UNDO, f"撤销：{wanted.title}") as act:
        act.note(undoes=act_id)
        kept = _reverse(act, act_id)
        taken = sum(act.counts.values())
    return TakenBack(wanted.title, taken, tuple(kept))


def _rows_of(connection: Connection, act_id: str) -> list[tuple[str, str, str, str]]:
    found = connection.execute(
        select(JournalRow.deed, JournalRow.register, JournalRow.record_id, JournalRow.changes)
        .where(JournalRow.act == act_id, JournalRow.deed != Deed.HEADING.value).order_by(JournalRow.seq.desc())
    )
    return [(row.deed, row.register, row.record_id, row.changes) for row in found]


def _reverse(act: Act, act_id: str) -> list[tuple[str, str]]:
    kept: list[tuple[str, str]] = []
    created: dict[str, list[tuple[str, str]]] = {}
    for deed, register_name, record_id, changes in _rows_of(act.connection, act_id):
        register = register_named(register_name)
        if deed == Deed.CREATE:
            created.setdefault(register_name, []).append((record_id, changes))
        elif deed == Deed.REMOVE:
            act.restore(register, record_id)
        elif deed == Deed.RESTORE:
            act.remove(register, record_id)
        elif deed == Deed.CHANGE and not _change_back(act, register_name, record_id, json.loads(changes)):
            kept.append((register_name, record_id))
    for register_name, rows in created.items():
        kept += _uncreate(act, register_name, rows)
    return kept


def _change_back(act: Act, register_name: str, record_id: str, changes: dict[str, list[object]]) -> bool:
    """Set the old values again where nobody changed them since; whether that was all of them."""
    register = register_named(register_name)
    row = act.current(register, record_id)
    by_name = {f.name: f for f in fields_of(register)}
    back = {name: by_name[name].from_wire(old) for name, (old, new) in changes.items() if by_name[name].to_wire(row[name]) == new}  # type: ignore[arg-type]  # JSON scalars
    act.change(register, record_id, back, checked=True)
    return len(back) == len(changes)


def _uncreate(act: Act, register_name: str, rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Remove what the act created and nobody touched since; the ids of the others. Set-based: an import may be 20,000 rows."""
    register = register_named(register_name)
    table = table_of(register)
    ids = [record_id for record_id, _ in rows]
    state: dict[str, tuple[int, int, str | None]] = {}
    for start in range(0, len(ids), 500):
        chunk = select(table.c.id, table.c.rowno, table.c.revision, table.c.removed_at).where(table.c.id.in_(ids[start : start + 500]))
        state |= {row.id: (row.rowno, row.revision, row.removed_at) for row in act.connection.execute(chunk)}
    gone = [record_id for record_id in ids if record_id in state and state[record_id][1] == 1 and state[record_id][2] is None]
    if gone:
        act.remove_untouched(register, [(state[record_id][0], record_id) for record_id in gone])
    taken = set(gone)
    return [(register_name, record_id) for record_id in ids if record_id not in taken and state.get(record_id, (0, 0, ""))[2] is None]


def history_of(session: Session, register_name: str, record_id: str) -> list[JournalRow]:
    """Everything that happened to one record, newest first."""
    found = session.scalars(
        select(JournalRow).where(JournalRow.register == register_name, JournalRow.record_id == record_id).order_by(JournalRow.seq.desc())
    )
    return list(found)

