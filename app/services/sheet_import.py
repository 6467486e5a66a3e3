"""Any register from a workbook: the header is found, people are found by their numbers, and what would change is shown first.

The roster has an import of its own; this is for the other registers, whose sheets are smaller and name what already is on the desk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.services.block import BlockPlan, Line, Planner
from app.services.records import table_of
from app.services.roster import reader
from app.services.roster.intake import journal_end
from db.fields import cell_text
from db.problems import UserError
from db.record import Record, field_of, fields_of
from db.registers import Member

HEADER_WITHIN = 20
"""Rows from the top within which a header is looked for."""
_WHO = ("id_number", "employee_no", "member_card_no", "mobile", "full_name")
"""The member's own columns that say which member is meant, the surest first."""
_ENDS = ("合计", "小计", "总计", "共计", "注：", "注:", "备注：", "说明：", "填表人", "审核人", "制表", "填报单位")


@dataclass(frozen=True)
class Columns:
    """Where a sheet's header stands and what its columns mean: fields of the register, or of the member it refers to."""

    row: int
    fields: Mapping[int, str]
    people: Mapping[int, str]

    @property
    def known(self) -> int:
        return len(self.fields) + bool(self.people)


def plan(session: Session, register: type[Record], path: Path, *, password: str | None = None, fixed: Mapping[str, Any] | None = None) -> BlockPlan:
    """What a file would change. `fixed`: values every new record gets (the competition whose entries are looked at). UserError where there is nothing to read."""
    sheets = [sheet for sheet in reader.read(path, password=password) if sheet.visible and sheet.rows]
    found = [(columns, sheet) for sheet in sheets if (columns := columns_of(register, sheet.rows)) is not None]
    if not found:
        words = "、".join(f.label for f in fields_of(register)[:6])
        raise UserError(f"没有找到{register.label}的表头。第一行要有这些列名里的至少两个：{words}……可以先“导出表格”，照它的列名填。")
    planner, lines = Planner(session, register), list[Line]()
    for columns, sheet in found:
        for row in sheet.rows[columns.row + 1 :]:
            if (texts := _texts(register, columns, [cell_text(cell) for cell in row])) is not None:
                lines.append(_line(session, register, planner, texts, fixed or {}))
    return BlockPlan(register, tuple(lines), journal_end(session.connection()))


def columns_of(register: type[Record], rows: Sequence[Sequence[Any]]) -> Columns | None:
    """The row among the first that names the most columns; None where none names two."""
    own = {_key(word): f.name for f in reversed(fields_of(register)) if not f.decided_above for word in (*f.aliases, f.label)}
    reference = member_field(register)
    people = {_key(word): name for name in _WHO for word in (field_of(Member, name).label, *field_of(Member, name).aliases)} if reference else {}
    best: Columns | None = None
    for number, row in enumerate(rows[:HEADER_WITHIN]):
        words = [_key(cell_text(cell)) for cell in row]
        fields = {n: own[word] for n, word in enumerate(words) if word in own}
        who = {n: people[word] for n, word in enumerate(words) if word in people and (word not in own or own[word] == "full_name")}
        made = Columns(number, fields, who)
        if made.known >= 2 and (best is None or len(fields) + len(who) > len(best.fields) + len(best.people)):
            best = made
    return best


def member_field(register: type[Record]) -> str | None:
    """The field that says whose record it is."""
    return next((f.name for f in fields_of(register) if f.kind.refers_to == Member.__tablename__), None)


def _key(text: str) -> str:
    """A heading without spaces, line breaks, stars and what stands in brackets behind it."""
    plain = "".join(text.split()).strip("*＊：:")
    return plain.split("（")[0].split("(")[0] if not plain.startswith(("（", "(")) else plain


def _texts(register: type[Record], columns: Columns, row: Sequence[str]) -> dict[str, str] | None:
    """The cells by field; None for a line that holds no record."""
    first = next((cell.strip() for cell in row if cell.strip()), "")
    if not first or first.startswith(_ENDS):
        return None
    texts = {name: row[n].strip() for n, name in columns.fields.items() if n < len(row)}
    if columns.people and (reference := member_field(register)) is not None and not texts.get(reference):
        said = {name: row[n].strip() for n, name in columns.people.items() if n < len(row) and row[n].strip()}
        texts[reference] = next((said[name] for name in _WHO if name in said), "")
    return texts if any(texts.values()) else None


def _line(session: Session, register: type[Record], planner: Planner, texts: dict[str, str], fixed: Mapping[str, Any]) -> Line:
    made = planner.line(None, texts, fixed)
    there = _same(session, register, {**fixed, **made.values})
    return planner.line(there, {name: text for name, text in texts.items() if text}) if there is not None else made


def _same(session: Session, register: type[Record], values: Mapping[str, Any]) -> Record | None:
    """The record that these values mean, by the register's keys; None where there is none, or two."""
    table = table_of(register)
    for key in register.keys:
        if all(values.get(name) is not None for name in key):
            found = session.scalars(select(register).where(table.c.removed_at.is_(None), *(table.c[name] == values[name] for name in key)).limit(2)).all()
            if len(found) == 1:
                return found[0]
    return None
