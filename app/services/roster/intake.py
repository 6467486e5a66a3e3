"""From checked rows to the register: who is new, who changed in what, who waits; then one act.

The preview and the import are the same plan. A blank cell never wipes what is stored. A row with an error is left out, named,
and kept with the act, so that it can be given back to whoever sent the workbook.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from app.services.office import Office
from app.services.records import Act, ActKind, table_of
from app.services.roster.check import Checked, Row, uncollected
from db.dates import PartialDate
from db.fields import cell_text
from db.journal import JournalRow
from db.problems import Problem
from db.record import field_of, fields_of
from db.registers import Certificate, Member


class Verdict(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LEFT_OUT = "left-out"

    @property
    def label(self) -> str:
        return {Verdict.NEW: "新会员", Verdict.CHANGED: "有变化", Verdict.UNCHANGED: "没变化", Verdict.LEFT_OUT: "先不导入"}[self]


@dataclass
class Planned:
    """One row and what importing it would do. `changes`: field -> (stored, from the file)."""

    row: Row
    verdict: Verdict
    record_id: str | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """All rows with what importing them would do, worked out when the journal stood at `as_of`."""

    rows: tuple[Planned, ...]
    as_of: int
    with_doubts: frozenset[tuple[str, int]] = frozenset()

    def count(self, verdict: Verdict) -> int:
        return sum(p.verdict is verdict for p in self.rows)


@dataclass(frozen=True)
class Imported:
    act: str | None
    new: int
    changed: int
    unchanged: int
    left_out: int


_COLUMNS = tuple(f.name for f in fields_of(Member))
_COLUMN_SET = frozenset(_COLUMNS)
_ROW = "row"
"""Where the matcher keeps the row of somebody who is only planned."""
REPEATED = "duplicate-in-file"


class Matcher:
    """Finds the member that a row means: by ID number; without one, by name with employee no., phone or birth date."""

    def __init__(self, connection: Connection) -> None:
        table = table_of(Member)
        rows = connection.execute(select(table.c.id, *(table.c[name] for name in _COLUMNS)).where(table.c.removed_at.is_(None)))
        self._by_number: dict[str, Mapping[str, Any]] = {}
        self._by_name: dict[str, list[Mapping[str, Any]]] = {}
        names = ("id", *_COLUMNS)
        for found in rows:
            row = dict(zip(names, found, strict=True))
            self.add(row)

    def add(self, row: Mapping[str, Any]) -> None:
        """Know one more person: stored, or planned from a row further up."""
        if row.get("id_number"):
            self._by_number[row["id_number"]] = row
        self._by_name.setdefault(row.get("full_name") or "", []).append(row)

    def find(self, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        number = values.get("id_number")
        if number and (found := self._by_number.get(number)):
            return found
        same_name = self._by_name.get(values.get("full_name") or "", ())
        likely = [row for row in same_name if not (number and row.get("id_number")) and _agrees(row, values)]
        return likely[0] if len(likely) == 1 else None


def _agrees(row: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Same name already; does another mark agree, and none contradict?"""
    if any(values.get(k) and row.get(k) and values[k] == row[k] for k in ("employee_no", "mobile")):
        return True
    born, said = row.get("birth_date"), values.get("birth_date")
    return bool(born and said and born.day is not None and born == said)


def plan(connection: Connection, checked: Checked | Iterable[Row], *, with_doubts: Collection[tuple[str, int]] = ()) -> Plan:
    """What importing these rows would do. Rows with an error are left out unless (sheet, row) is in `with_doubts`."""
    rows = checked.rows if isinstance(checked, Checked) else checked
    matcher = Matcher(connection)
    planned = []
    for row in rows:
        doubted = (row.sheet, row.row) in with_doubts
        if not row.is_sound and (not doubted or row.values.get("full_name") is None or any(p.code == REPEATED for p in row.problems)):
            planned.append(Planned(row, Verdict.LEFT_OUT))
            continue
        found = matcher.find(row.values)
        if found is None:
            planned.append(Planned(row, Verdict.NEW))
            matcher.add({**row.values, _ROW: row})
        elif (first := found.get(_ROW)) is not None:
            planned.append(Planned(_repeated(row, first), Verdict.LEFT_OUT))
        else:
            changes = {name: (found[name], value) for name, value in row.values.items() if value is not None and name in _COLUMN_SET and found[name] != value and not _less_precise(found[name], value)}
            planned.append(Planned(row, Verdict.CHANGED if changes else Verdict.UNCHANGED, found["id"], changes))
    return Plan(tuple(planned), _journal_end(connection), frozenset(with_doubts))


def _repeated(row: Row, first: Row) -> Row:
    said = Problem(REPEATED, f"这个人和第 {first.row} 行是同一个人，只导入第 {first.row} 行。", "full_name")
    return replace(row, problems=(*row.problems, said))


def _journal_end(connection: Connection) -> int:
    return connection.execute(select(func.max(JournalRow.seq))).scalar() or 0


def _less_precise(stored: Any, offered: Any) -> bool:
    """A month does not overwrite the day that it contains, nor a year the month."""
    return isinstance(stored, PartialDate) and isinstance(offered, PartialDate) and stored.agrees_with(offered) and offered.precision < stored.precision


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def commit(office: Office, file_name: str, plan_: Plan, *, digest: str = "", progress: Callable[[int, int], None] | None = None) -> Imported:
    """One transaction, one act, one undo. Nothing is written when nothing would change.

    If anybody changed anything since the plan was made, it is made again inside the transaction.
    """
    with uncollected(), office.act(ActKind.IMPORT, f"导入名册“{file_name}”") as act:
        if _journal_end(act.connection) != plan_.as_of:
            plan_ = plan(act.connection, [p.row for p in plan_.rows], with_doubts=plan_.with_doubts)
        imported = Imported(None, *(plan_.count(v) for v in (Verdict.NEW, Verdict.CHANGED, Verdict.UNCHANGED, Verdict.LEFT_OUT)))
        new = [p for p in plan_.rows if p.verdict is Verdict.NEW]
        total = imported.new + imported.changed
        step = (lambda done, _total: progress(done, total)) if progress else None
        ids = act.create_many(Member, [p.row.values for p in new], progress=step)
        _change_all(act, [p for p in plan_.rows if p.verdict is Verdict.CHANGED], lambda done: progress(imported.new + done, total) if progress else None)
        people = [*zip(ids, new, strict=True), *((p.record_id, p) for p in plan_.rows if p.record_id is not None)]
        added = _certificates(act, people)
        if not total and not added:
            return imported
        counts = {"new": imported.new, "changed": imported.changed, "unchanged": imported.unchanged, "left_out": imported.left_out}
        act.note(file=file_name, digest=digest, **counts, left_out_rows=[_left_out(p) for p in plan_.rows if p.verdict is Verdict.LEFT_OUT])
        if progress:
            progress(total, total)  # the last chance to cancel: after this it is kept
        return replace(imported, act=act.id)


def _change_all(act: Act, changed: list[Planned], progress: Callable[[int], None]) -> None:
    for n, p in enumerate(changed):
        if n % 200 == 0:
            progress(n)
        assert p.record_id is not None
        act.change(Member, p.record_id, {name: value for name, (_, value) in p.changes.items()}, checked=True)


def _certificates(act: Act, people: Iterable[tuple[str, Planned]]) -> int:
    """A certificate number in a roster row becomes a certificate of that person, once."""
    named = [(member, p) for member, p in people if p.row.values.get("certificate_no")]
    if not named:
        return 0
    table = table_of(Certificate)
    known = set(act.connection.execute(select(table.c.member, table.c.certificate_no).where(table.c.removed_at.is_(None))).all())
    fresh = [
        {"member": member, "certificate_no": p.row.values["certificate_no"], "skill_level": p.row.values.get("skill_level")}
        for member, p in named if (member, p.row.values["certificate_no"]) not in known
    ]
    act.create_many(Certificate, fresh)
    return len(fresh)


def _left_out(p: Planned) -> dict[str, Any]:
    return {
        "sheet": p.row.sheet, "row": p.row.row, "cells": {name: cell_text(cell) for name, cell in p.row.cells.items()},
        "why": [problem.message for problem in p.row.problems if problem.is_error],
    }


def label_of(name: str) -> str:
    """How the office calls a column of a roster."""
    register = Certificate if name == "certificate_no" else Member
    return field_of(register, name).label


def write_left_out(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """The left-out rows as the sheet clerks know: the original cells with 是否导入成功 and 错误原因; it can be mended and imported."""
    from openpyxl import Workbook  # 0.4 s to import

    rows = list(rows)
    names = [name for name in [*_COLUMNS, "certificate_no"] if any(name in row["cells"] for row in rows)]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("待修")
    sheet.append([*(label_of(name) for name in names), "是否导入成功", "错误原因"])
    for row in rows:
        sheet.append([*(row["cells"].get(name, "") for name in names), "否", " ".join(row["why"])])
    book.save(path)
