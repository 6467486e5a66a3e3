"""From checked rows to the register: who is new, who changed in what, who waits; then one act.

The preview and the import are the same plan. A blank cell never wipes what is stored. A row with an error is left out, named,
and kept with the act, so that it can be given back to whoever sent the workbook.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from app.services.office import Office
from app.services.records import Act, ActKind, table_of
from app.services.roster.check import Checked, Row, uncollected
from db.fields import cell_text
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
class Imported:
    act: str | None
    new: int
    changed: int
    unchanged: int
    left_out: int


_COLUMNS = tuple(f.name for f in fields_of(Member))
_KEYS = ("id_number", "employee_no", "mobile")


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
            if row["id_number"]:
                self._by_number[row["id_number"]] = row
            self._by_name.setdefault(row["full_name"] or "", []).append(row)

    def find(self, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        number = values.get("id_number")
        if number and (found := self._by_number.get(number)):
            return found
        same_name = self._by_name.get(values.get("full_name") or "", ())
        likely = [row for row in same_name if not (number and row["id_number"]) and _agrees(row, values)]
        return likely[0] if len(likely) == 1 else None


def _agrees(row: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Same name already; does another mark agree, and none contradict?"""
    if any(values.get(k) and row[k] and values[k] == row[k] for k in ("employee_no", "mobile")):
        return True
    born, said = row["birth_date"], values.get("birth_date")
    return bool(born and said and born.day is not None and born == said)


def plan(connection: Connection, checked: Checked | Iterable[Row], *, with_doubts: Collection[tuple[str, int]] = ()) -> list[Planned]:
    """What importing these rows would do. Rows with an error are left out unless (sheet, row) is in `with_doubts`."""
    rows = checked.rows if isinstance(checked, Checked) else checked
    matcher = Matcher(connection)
    planned = []
    for row in rows:
        if not row.is_sound and ((row.sheet, row.row) not in with_doubts or row.values.get("full_name") is None):
            planned.append(Planned(row, Verdict.LEFT_OUT))
            continue
        found = matcher.find(row.values)
        if found is None:
            planned.append(Planned(row, Verdict.NEW))
            continue
        changes = {name: (found[name], value) for name, value in row.values.items() if value is not None and name in _COLUMNS and found[name] != value and not _less_precise(found[name], value)}
        planned.append(Planned(row, Verdict.CHANGED if changes else Verdict.UNCHANGED, found["id"], changes))
    return planned


def _less_precise(stored: Any, offered: Any) -> bool:
    """A month does not overwrite the day that it contains."""
    return hasattr(stored, "agrees_with") and hasattr(offered, "agrees_with") and stored.agrees_with(offered) and stored.day is not None and offered.day is None


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def commit(office: Office, file_name: str, planned: list[Planned], *, digest: str = "", progress: Callable[[int, int], None] | None = None) -> Imported:
    """One transaction, one act, one undo. Nothing is written when nothing would change."""
    counts = Counter(p.verdict for p in planned)
    imported = Imported(None, counts[Verdict.NEW], counts[Verdict.CHANGED], counts[Verdict.UNCHANGED], counts[Verdict.LEFT_OUT])
    new = [p for p in planned if p.verdict is Verdict.NEW]
    changed = [p for p in planned if p.verdict is Verdict.CHANGED]
    with uncollected(), office.act(ActKind.IMPORT, f"导入名册“{file_name}”") as act:
        ids = act.create_many(Member, [p.row.values for p in new])
        people = list(zip(ids, new, strict=True))
        for n, p in enumerate(changed):
            if progress and n % 200 == 0:
                progress(n, len(changed))
            assert p.record_id is not None
            act.change(Member, p.record_id, {name: value for name, (_, value) in p.changes.items()}, checked=True)
        people += [(p.record_id, p) for p in planned if p.record_id is not None]
        added = _certificates(act, people)
        if new or changed or added:
            act.note(
                file=file_name, digest=digest, new=imported.new, changed=imported.changed, unchanged=imported.unchanged, left_out=imported.left_out,
                left_out_rows=[_left_out(p) for p in planned if p.verdict is Verdict.LEFT_OUT],
            )
            return Imported(act.id, imported.new, imported.changed, imported.unchanged, imported.left_out)
    return imported


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
