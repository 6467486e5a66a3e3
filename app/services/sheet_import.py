"""Any register from a workbook: the header is found, people are found by their numbers, and what would change is shown first.

The roster has an import of its own; this is for the other registers, whose sheets are smaller and name what already is on the desk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.services.block import BlockPlan, Line, Planner
from app.services.records import table_of
from app.services.roster import reader
from app.services.roster.intake import journal_end
from db.fields import cell_text
from db.problems import Problem, UserError
from db.record import Record, field_of, fields_of
from db.registers import Member, register_named

_NUMBERING = ("序号", "编号", "NO", "No")
HEADER_WITHIN = 20
"""Rows from the top within which a header is looked for."""
_WHO = ("id_number", "employee_no", "member_card_no", "mobile", "full_name")
"""The member's own columns that say which member is meant, the surest first."""
PERSON = "person:"
"""Before the name of a column that says which member is meant."""
THROUGH = "through:"
"""Before the name of a column that says which of the member's records in another register is meant: the trade of her entry."""
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
    planner, lines, seen = Planner(session, register), list[Line](), set[tuple[Any, ...]]()
    for columns, sheet in found:
        for row in sheet.rows[columns.row + 1 :]:
            if (texts := _texts(register, columns, [cell_text(cell) for cell in row])) is not None:
                lines.append(_line(session, register, planner, texts, fixed or {}, seen))
    unused = dict.fromkeys(word for columns, sheet in found for n, cell in enumerate(sheet.rows[columns.row]) if n not in columns.fields and n not in columns.people and (word := cell_text(cell).strip()) and _key(word) not in _NUMBERING)
    return BlockPlan(register, tuple(lines), journal_end(session.connection()), tuple(unused))


def columns_of(register: type[Record], rows: Sequence[Sequence[Any]]) -> Columns | None:
    """The row among the first that names the most columns; None where none names two."""
    own = {_key(word): f.name for f in reversed(fields_of(register)) if not f.decided_above for word in (*f.aliases, f.label)}
    reference = member_field(register)
    if reference is None and (way := through(register)) is not None:
        reference, target = way
        own = {_key(word): f"{THROUGH}{f.name}" for f in reversed(fields_of(target)) if not f.kind.refers_to and any(f.name in key for key in target.keys) for word in (*f.aliases, f.label)} | own
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


def through(register: type[Record]) -> tuple[str, type[Record]] | None:
    """For a register that names nobody itself: its field that refers to one that does. A score is of an entry, and the entry is somebody's."""
    for f in fields_of(register):
        if f.required and f.kind.refers_to and (target := register_named(f.kind.refers_to)).with_member and member_field(target) is not None:
            return f.name, target
    return None


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
    reference = member_field(register) or (way[0] if (way := through(register)) is not None else None)
    if columns.people and reference is not None and not texts.get(reference):
        texts |= {f"{PERSON}{name}": row[n].strip() for n, name in columns.people.items() if n < len(row) and row[n].strip()}
        texts.setdefault(reference, "")
    return texts if any(texts.values()) else None


def _line(session: Session, register: type[Record], planner: Planner, texts: dict[str, str], fixed: Mapping[str, Any], seen: set[tuple[Any, ...]]) -> Line:
    said = {name.removeprefix(PERSON): text for name, text in texts.items() if name.startswith(PERSON)}
    more = {name.removeprefix(THROUGH): text for name, text in texts.items() if name.startswith(THROUGH)}
    texts = {name: text for name, text in texts.items() if not name.startswith((PERSON, THROUGH))}
    who, problem = _member(session, said) if said else (None, None)
    reference = member_field(register)
    if reference is None and (way := through(register)) is not None:
        reference = way[0]
        if who is not None:
            readable = {name: text for name, text in texts.items() if text and name != reference}
            known = {**fixed, **{f.name: reading.value for f in fields_of(register) if f.kind.refers_to and f.name in readable and (reading := planner.read(f, readable[f.name])).value is not None}}
            who, problem = _hers(session, register, way[1], who, more, known)
    if said and reference is not None:
        texts.pop(reference, None)
        fixed = {**fixed, reference: who}
    made = planner.line(None, texts, fixed)
    values = {**fixed, **made.values}
    key = next((k for k in register.keys if all(values.get(name) is not None for name in k)), None)
    again = key is not None and (mark := (key, *(str(values[name]) for name in key))) in seen
    if key is not None:
        seen.add(mark)
    there = _same(session, register, values)
    if there is not None:
        made = planner.line(there, {name: text for name, text in texts.items() if text})
    if again and not any(p.code == "twice" for p in made.problems):
        problem = Problem("twice", "这张表里前面已经有同样的一行了。")
    return replace(made, problems=(*made.problems, problem)) if problem is not None else made


def _hers(session: Session, register: type[Record], target: type[Record], member: str, more: Mapping[str, str], known: Mapping[str, Any]) -> tuple[str | None, Problem | None]:
    """Which of a member's records is meant: of what the row says of it, and of the same contest as what else the row refers to."""
    table = table_of(target)
    who = member_field(target)
    assert who is not None
    query = select(table.c.id).where(table.c[who] == member, table.c.removed_at.is_(None))
    for name, text in more.items():
        if text:
            query = query.where(table.c[name] == field_of(target, name).read(text).value)
    owners = {f.kind.refers_to: f.name for f in fields_of(target) if f.kind.refers_to and f.kind.refers_to != Member.__tablename__}
    for f in fields_of(register):
        if f.kind.refers_to and f.name in known:  # a round is of a contest: the entry must be of that one
            other = register_named(f.kind.refers_to)
            for shared in (g for g in fields_of(other) if g.kind.refers_to in owners):
                value = session.execute(select(table_of(other).c[shared.name]).where(table_of(other).c.id == known[f.name])).scalar()
                query = query.where(table.c[owners[shared.kind.refers_to]] == value) if value else query
    found = session.execute(query.limit(2)).scalars().all()
    if len(found) == 1:
        return found[0], None
    which = f"有几条{target.label}对得上，请在表里加一列写清楚是哪一条。" if found else f"没有这个人对得上的{target.label}。"
    return None, Problem("reference-unclear", which)


def _member(session: Session, said: Mapping[str, str]) -> tuple[str | None, Problem | None]:
    """The member whom a row means: exactly, by the surest number it names, and of the name it gives."""
    table = table_of(Member)
    name = field_of(Member, "full_name").read(said["full_name"]).value if "full_name" in said else None
    for column in _WHO:
        if column in said and (value := field_of(Member, column).read(said[column]).value) is not None:
            found = session.execute(select(table.c.id, table.c.full_name).where(table.c[column] == value, table.c.removed_at.is_(None)).limit(2)).all()
            if len(found) > 1:
                return None, Problem("reference-unclear", f"名册里叫“{said[column][:20]}”的有几个，请在表里加上身份证号或工号。")
            if found:
                if name is not None and found[0].full_name != name:
                    return None, Problem("reference-other", f"{field_of(Member, column).label}“{said[column][:20]}”在名册里是{found[0].full_name}，不是{name}，请核对。")
                return found[0].id, None
            return None, Problem("reference-unclear", f"名册里对不上{field_of(Member, column).label}“{said[column][:20]}”。")
    return None, Problem("reference-unclear", "这一行没有写是谁。")


def _same(session: Session, register: type[Record], values: Mapping[str, Any]) -> Record | None:
    """The record that these values mean, by the register's keys; None where there is none, or two."""
    table = table_of(register)
    key = next((k for k in register.keys if all(values.get(name) is not None for name in k)), None)
    if key is None:
        return None
    others = [name for stronger in register.keys[: register.keys.index(key)] for name in stronger if name not in key]  # a record that has what this row lacks is another
    found = session.scalars(select(register).where(table.c.removed_at.is_(None), *(table.c[name] == values[name] for name in key), *(table.c[name].is_(None) for name in others)).limit(2)).all()
    return found[0] if len(found) == 1 else None
