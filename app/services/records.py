"""The one door for writing: validate, save, index, journal; an act says what it changed.

An act is one thing a person did, however many records it touched, and one step of undo. Everything it writes is in one
transaction with its journal rows. Values come and go in their Python form; the file holds the written form.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import chain
from typing import Any, cast

from sqlalchemy import Connection, Table, select

from db import journal, search
from db.fields import Reading
from db.journal import Deed, canonical
from db.office_tables import MergedAway
from db.problems import Problem, UserError
from db.record import Record, fields_of, new_id
from db.vault import User


class ActKind(StrEnum):
    EDIT = "edit"
    IMPORT = "import"
    SIGN_IN = "sign-in"
    ENTRY = "entry"
    APPLICATION = "application"
    RECEIPT = "receipt"
    """An answer of the district, taken in."""
    PACKAGE = "package"
    SHOW = "show"
    UNDO = "undo"
    SETTING = "setting"
    MERGE = "merge"
    ERASE = "erase"

    @property
    def is_undoable(self) -> bool:
        return self in (ActKind.EDIT, ActKind.IMPORT, ActKind.SIGN_IN, ActKind.ENTRY, ActKind.APPLICATION, ActKind.MERGE, ActKind.RECEIPT)


class Invalid(UserError):
    """A record that may not be saved as it is; the problems say why, each at its field."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("".join(problem.message for problem in problems if problem.is_error))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Changed:
    """What an act did, for everybody who shows it."""

    act: str
    kind: ActKind
    title: str
    registers: frozenset[str]
    counts: Mapping[str, int]


def read_values(register: type[Record], cells: Mapping[str, Any], *, stored: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], list[Problem]]:
    """Typed or pasted cells as values, with every problem of the fields and of the record. `stored`: the record's other values, where it is one that is there."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for f in fields_of(register):
        if f.name in cells:
            reading: Reading = f.read(cells[f.name])
            values[f.name] = reading.value
            problems += reading.problems
    return values, problems + check(register, {**(stored or {}), **values}, said={p.field for p in problems})


def check(register: type[Record], values: Mapping[str, Any], *, said: Iterable[str | None] = ()) -> list[Problem]:
    """What is missing, and the record's own rules. Fields in `said` have a problem already and are not called missing."""
    already = set(said)
    missing = [
        Problem("required", f"“{f.label}”还没有填。", f.name) for f in fields_of(register) if f.required and values.get(f.name) is None and f.name not in already
    ]
    return missing + [p for p in register.rules(values) if p.field is None or p.field not in already]


@cache
def _insert_sql(register: type[Record]) -> str:
    names = ["rowno", "id", "revision", "origin", "changed_at", *(f.name for f in fields_of(register))]
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {register.__tablename__} ({quoted}) VALUES ({', '.join('?' * len(names))})"


def table_of(register: type[Record]) -> Table:
    table = register.__table__
    assert isinstance(table, Table)
    return table


AT_ONCE = 10_000
_MERGED = cast(Table, MergedAway.__table__)


def resolve(connection: Connection, record_id: str) -> str:
    """The id that a record goes by now: itself, or the one it was merged into, however often."""
    seen = set[str]()
    while (into := connection.execute(select(_MERGED.c.into_id).where(_MERGED.c.old_id == record_id)).scalar()) and into not in seen:
        seen.add(record_id)
        record_id = into
    return record_id


class Act:
    """One act in its transaction. Made by `Office.act`, which commits it."""

    def __init__(self, connection: Connection, *, kind: ActKind, title: str, user: User, at: str, origin: str, watched: frozenset[str] = frozenset()) -> None:
        self.connection = connection
        self.id = new_id()
        self.kind = kind
        self.title = title
        self.at = at
        self._user = user
        self._origin = origin
        self._entries: list[journal.Entry] = []
        self._registers = set[str]()
        self.touched: dict[str, set[str]] = {}
        """Single records that were made or changed, by register; what is done in bulk is not kept here."""
        self._announced = False
        self._facts: dict[str, Any] = {}
        self.counts: Counter[str] = Counter()
        self.written: list[tuple[type[Record], str, frozenset[str] | None]] = []
        """Records of the watched registers that were made (None) or changed (these fields), for the checks over other tables."""
        self.before: dict[tuple[str, str], dict[str, Any]] = {}
        """Of watched records that were changed: what stood in the changed fields when the act began."""
        self._watched = watched
        self.booked: list[str] = []
        """What was booked: it is held to its budget when the act ends."""

    def note(self, **facts: Any) -> None:
        """Add facts to the act's heading: the file's name and hash, counts."""
        assert not self._announced
        self._facts.update(facts)

    def announce(self) -> None:
        """Write the heading now: nothing can be noted after this. What the act does is then written down by the thousand, not kept until its end."""
        self._write([self._heading()])
        self._announced = True

    def write_down(self) -> None:
        """Write what was done so far into the journal now, so that it can be asked about within the act."""
        if not self._announced:
            self.announce()
        self._registers.update(entry.register for entry in self._entries)
        self._write(self._entries)
        self._entries.clear()

    def _heading(self) -> journal.Entry:
        return journal.Entry(Deed.HEADING, "", self.id, json.dumps({"kind": self.kind.value, "title": self.title, **self._facts}, ensure_ascii=False).encode())

    def _write(self, entries: Iterable[journal.Entry]) -> None:
        journal.append(self.connection, self.id, self.at, self._user.name, iter(entries))

    def _written_down(self) -> None:
        """After each entry: keep no more of them than need be."""
        if self._announced and len(self._entries) >= AT_ONCE:
            self._registers.update(entry.register for entry in self._entries)
            self._write(self._entries)
            self._entries.clear()

    def create(self, register: type[Record], values: Mapping[str, Any], *, record_id: str | None = None) -> str:
        """Save a new record; its id. Invalid when a field or a rule forbids it."""
        problems = [p for p in check(register, values) if p.is_error]
        if problems:
            raise Invalid(problems)
        made = self.create_many(register, [values], ids=[record_id or new_id()])[0]
        self._touched(register, made)
        return made

    def create_many(
        self, register: type[Record], rows: Iterable[Mapping[str, Any]], *, ids: Sequence[str] | None = None, progress: Callable[[int, int], None] | None = None
    ) -> list[str]:
        """Save many new records that were checked before; records and index by the thousand, so that memory does not grow with them."""
        table = register.__tablename__
        fields = fields_of(register)
        names = [f.name for f in fields]
        names_set = set(names)
        converters = [(f.name, f.kind.to_wire) for f in fields if not f.kind.is_own_wire]
        above = [f for f in fields if f.decided_above or f.words_from_above] if self.kind not in (ActKind.RECEIPT, ActKind.UNDO) else []
        rowno: int = self.connection.exec_driver_sql(f"SELECT coalesce(max(rowno), 0) FROM {table}").scalar() or 0
        made: list[str] = []
        saved: list[tuple[Any, ...]] = []
        indexed: list[tuple[int, str]] = []

        def write() -> None:
            self.connection.exec_driver_sql(_insert_sql(register), saved)
            search.put(self.connection, table, indexed)
            saved.clear()
            indexed.clear()

        tokens_of = register.search_tokens
        derives = register.derive.__func__ is not Record.derive.__func__  # type: ignore[attr-defined]  # class methods
        entries, deed, dump = self._entries, Deed.CREATE, canonical
        for number, values in enumerate(rows):
            rowno += 1
            if progress and number % 500 == 0:
                progress(number, 0)
            record_id = ids[number] if ids else new_id()
            for f in above:
                if values.get(f.name) is not None and f.is_above(None, f.to_wire(values[f.name])):
                    raise UserError(f"“{f.label}”由区总工会决定，这里不能填“{f.kind.show(values[f.name])}”。")
            written = {**values, **register.derive(values)} if derives else dict(values)
            if not names_set.issuperset(written):
                written = {name: value for name, value in written.items() if name in names_set}
            for name, to_wire in converters:
                if (value := written.get(name)) is not None:
                    written[name] = to_wire(value)
            get = written.get
            saved.append((rowno, record_id, 1, self._origin, self.at, *map(get, names)))
            if tokens := tokens_of(values):
                indexed.append((rowno, " ".join(tokens)))
            entries.append(journal.Entry(deed, table, record_id, dump({name: value for name, value in written.items() if value is not None})))
            made.append(record_id)
            if len(saved) == AT_ONCE:
                write()
                self._written_down()
        if saved:
            write()
        if made:
            self.counts[f"{table}.create"] += len(made)
        if register.booked:
            self.booked += made
        if table in self._watched:
            self.written += ((register, record_id, None) for record_id in made)
        return made

    def current(self, register: type[Record], record_id: str) -> Mapping[str, Any]:
        """The stored row, values in Python form. UserError when it is gone."""
        table = table_of(register)
        row = self.connection.execute(select(table).where(table.c.id == record_id)).mappings().first()
        if row is None:
            raise UserError(f"这条{register.label}已经不在了，请刷新后再试。")
        return dict(row)

    def change(self, register: type[Record], record_id: str, values: Mapping[str, Any], *, checked: bool = False) -> dict[str, tuple[Any, Any]]:
        """Save changed fields; {field: (old, new)} in written form, empty when nothing differs.

        Fields that the district decides are refused unless its receipt is what speaks.
        """
        row = self.current(register, record_id)
        values = {**values, **register.derive({**row, **values})}
        changes: dict[str, tuple[Any, Any]] = {}
        for f in fields_of(register):
            if f.name not in values:
                continue
            old, new = f.to_wire(row[f.name]), f.to_wire(values[f.name])
            if old != new and self.kind not in (ActKind.RECEIPT, ActKind.UNDO) and f.is_above(old, new):
                raise UserError(f"“{f.label}”由区总工会决定，这里不能改。")
            if old != new and f.name in register.booked and self.kind is not ActKind.UNDO:
                raise UserError(f"记过的账不能改，“{f.label}”没有动。记错了请冲销，再记一笔对的。")
            if old != new:
                changes[f.name] = (old, new)
        if not changes:
            return {}
        if row["removed_at"] is not None and self.kind is not ActKind.UNDO:
            raise UserError(f"这条{register.label}已经删除了，没有改。要改请先撤销删除。")
        merged = {**row, **values}
        if not checked and (problems := [p for p in check(register, merged) if p.is_error]):
            raise Invalid(problems)
        table = table_of(register)
        self.connection.execute(
            table.update().where(table.c.rowno == row["rowno"]).values({**{name: values[name] for name in changes}, "revision": row["revision"] + 1, "changed_at": self.at})
        )
        if register.search_tokens(row) != register.search_tokens(merged):
            self._index(register, row["rowno"], merged)
        self._log(Deed.CHANGE, register, record_id, changes)
        if register.__tablename__ in self._watched:
            self.written.append((register, record_id, frozenset(changes)))
            self.before[register.__tablename__, record_id] = {name: row[name] for name in changes} | self.before.get((register.__tablename__, record_id), {})
        return changes

    def remove(self, register: type[Record], record_id: str, *, into: str | None = None) -> None:
        """Make a record a tombstone; it can be restored. `into`: the record that it was merged into, to which its id leads from now on."""
        row = self.current(register, record_id)
        if register.booked and self.kind is not ActKind.UNDO:
            raise UserError("记过的账不能删。记错了请冲销，再记一笔对的。")
        if row["removed_at"] is None:
            self._mark(register, row, self.at, Deed.REMOVE, {"into": into} if into else {})
            search.replace(self.connection, register.__tablename__, row["rowno"], [])
            if into:
                self.connection.execute(_MERGED.insert().values(old_id=record_id, register=register.__tablename__, into_id=into))

    def remove_many(self, register: type[Record], rows: Sequence[tuple[int, str]]) -> None:
        """Tombstones for many records, given as (rowno, id): how an import is taken back."""
        table = register.__tablename__
        self.connection.exec_driver_sql(f"UPDATE {table} SET removed_at = ?, changed_at = ?, revision = revision + 1 WHERE rowno = ?", [(self.at, self.at, rowno) for rowno, _ in rows])
        self.connection.exec_driver_sql(f"DELETE FROM search_{table} WHERE rowid = ?", [(rowno,) for rowno, _ in rows])
        for _, record_id in rows:
            self._log(Deed.REMOVE, register, record_id, {})

    def restore(self, register: type[Record], record_id: str) -> None:
        row = self.current(register, record_id)
        if row["removed_at"] is not None:
            into = self.connection.execute(select(_MERGED.c.into_id).where(_MERGED.c.old_id == record_id)).scalar()
            self._mark(register, row, None, Deed.RESTORE, {"into": into} if into else {})
            self._index(register, row["rowno"], row)
            self.connection.execute(_MERGED.delete().where(_MERGED.c.old_id == record_id))

    def showed(self, register: type[Record], record_id: str, fields: Sequence[str]) -> None:
        """Journal that masked values were shown on purpose."""
        self._log(Deed.SHOW, register, record_id, {"fields": list(fields)})

    def erase(self, register: type[Record], row: Mapping[str, Any], values: Mapping[str, Any], blanked: Sequence[int], *, gone: bool) -> None:
        """Set these values without writing down the old ones; `blanked` are the journal rows whose words were taken out, `gone` makes a tombstone of it."""
        table = table_of(register)
        more = {"removed_at": row["removed_at"] or self.at} if gone else {}
        self.connection.execute(table.update().where(table.c.rowno == row["rowno"]).values({**values, "revision": row["revision"] + 1, "changed_at": self.at, **more}))
        search.replace(self.connection, register.__tablename__, row["rowno"], [])
        self._log(Deed.ERASE, register, row["id"], {"rows": list(blanked)})

    def _mark(self, register: type[Record], row: Mapping[str, Any], removed_at: str | None, deed: Deed, said: Mapping[str, Any]) -> None:
        table = table_of(register)
        self.connection.execute(
            table.update().where(table.c.rowno == row["rowno"]).values(removed_at=removed_at, revision=row["revision"] + 1, changed_at=self.at)
        )
        self._log(deed, register, row["id"], said)

    def _index(self, register: type[Record], rowno: int, values: Mapping[str, Any]) -> None:
        if tokens := register.search_tokens(values):
            search.replace(self.connection, register.__tablename__, rowno, tokens)

    def _touched(self, register: type[Record], record_id: str) -> None:
        self.touched.setdefault(register.__tablename__, set()).add(record_id)

    def _log(self, deed: Deed, register: type[Record], record_id: str, changes: Any) -> None:
        self._entries.append(journal.Entry(deed, register.__tablename__, record_id, canonical(changes)))
        self.counts[f"{register.__tablename__}.{deed.value}"] += 1
        self._touched(register, record_id)
        self._written_down()

    @property
    def is_empty(self) -> bool:
        return not self._entries and not self._facts and not self._announced

    def finish(self) -> Changed:
        """Write the journal rows; called once, just before the commit."""
        self._write(self._entries if self._announced else chain([self._heading()], self._entries))
        self._registers.update(entry.register for entry in self._entries)
        return Changed(self.id, self.kind, self.title, frozenset(self._registers), dict(self.counts))

