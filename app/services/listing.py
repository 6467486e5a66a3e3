"""What a table shows: which records, in which order, found how; and a page of them at a time.

The order is a list of row numbers, so that a table of 100,000 people scrolls by loading the rows on screen and no others.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import BindParameter, ColumnElement, Select, String, and_, bindparam, column, false, func, not_, or_, select, text, type_coerce
from sqlalchemy.orm import Session

from app.services.records import table_of
from db import pinyin, search
from db.fields import Amount, DateKind, Field, Identifier, Moment, Name, Reference, Whole, YesNo
from db.record import Record, field_of, fields_of
from db.registers import REGISTERS, Certificate, Entry, Member, SignIn, SubsidyApplication, register_named
from db.registers.members import RETIRED
from db.registers.membership import LEFT


@dataclass(frozen=True)
class Query:
    """A table's question. `filters`: typed text by column; `fixed`: exact values; `sort`: column and whether descending."""

    register: type[Record]
    quick: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    sort: tuple[str, bool] | None = None
    scope: str = ""
    """Of members: `CURRENT` for today's lists, `GONE` for those who left or retired."""
    only: tuple[str, ...] | None = None
    """The ids of the records, where others have chosen them."""


CURRENT, GONE = "current", "gone"
AT_ONCE = 500


@dataclass(frozen=True)
class Hit:
    """Something that was found: enough to name it and to open it."""

    register: str
    id: str
    title: str
    detail: str


def order_of(session: Session, query: Query) -> list[int]:
    """The row numbers that match, in order."""
    table = table_of(query.register)
    where = where_of(query)
    if query.sort is None:
        return _rownos(session, select(table.c.rowno).where(*where).order_by(table.c.rowno))
    name, descending = query.sort
    kind = field_of(query.register, name).kind
    if isinstance(kind, Name | Reference) or name in ("department", "topic", "name"):
        rows = session.execute(select(table.c.rowno, table.c[name]).where(*where)).all()
        words = titles(session, kind.register, [v for _, v in rows if v]) if isinstance(kind, Reference) else {}
        keyed = sorted(((pinyin.sort_key(words.get(value, value) or ""), rowno) for rowno, value in rows), reverse=descending)
        return [rowno for _, rowno in keyed]
    target = table.c[name]
    ordering = target.desc() if descending else target.asc()
    return _rownos(session, select(table.c.rowno).where(*where).order_by(target.is_(None), ordering, table.c.rowno))


def _rownos(session: Session, ordered: Select[tuple[int]]) -> list[int]:
    """The numbers as one JSON array: fetching 100,000 rows one by one takes longer than finding them. SQLite aggregates in the order of the subquery."""
    found: list[int] = msgspec.json.decode(session.execute(select(func.json_group_array(ordered.subquery().c.rowno))).scalar_one(), type=list[int])
    return found


def where_of(query: Query) -> list[ColumnElement[bool]]:
    """The conditions that a query comes to."""
    table = table_of(query.register)
    where = [table.c.removed_at.is_(None), *(table.c[name] == value for name, value in query.fixed.items())]
    where += [_matches(query.register, field_of(query.register, name), words) for name, words in query.filters.items() if words.strip()]
    if query.only is not None:
        chosen: BindParameter[str] = bindparam("only", json.dumps(query.only), unique=True)
        where.append(table.c.id.in_(text("SELECT value FROM json_each(:only)").bindparams(chosen).columns(column("value"))))
    if query.quick.strip():
        where.append(_quick(query.register, query.quick.strip()))
    if query.scope and query.register is Member:
        gone = or_(func.coalesce(table.c.membership_event, "").in_(sorted(LEFT)), func.coalesce(table.c.employment_status, "").in_(sorted(RETIRED)))
        where.append(gone if query.scope == GONE else not_(gone))
    return where


def group_counts(session: Session, query: Query, name: str) -> list[tuple[str, int]]:
    """How many of what is shown have each value of a column, the most first; dates by year; blank as （空）."""
    table, f = table_of(query.register), field_of(query.register, name)
    target = func.substr(type_coerce(table.c[name], String), 1, 4) if isinstance(f.kind, DateKind | Moment) else table.c[name]
    rows = session.execute(select(target, func.count()).where(*where_of(query)).group_by(target).order_by(func.count().desc(), target)).all()
    words = titles(session, f.kind.register, [value for value, _ in rows if value]) if isinstance(f.kind, Reference) else {}

    def shown(value: Any) -> str:
        if value is None:
            return "（空）"
        return words.get(value, "") if isinstance(f.kind, Reference) else str(value) if isinstance(f.kind, DateKind | Moment) else f.mask(value)

    return [(shown(value), count) for value, count in rows]


def _matches(register: type[Record], f: Field, words: str) -> ColumnElement[bool]:
    """A column filter: part of the text; for references what they are called; for numbers the number."""
    target = table_of(register).c[f.name]
    typed = words.strip()
    if typed in ("空", "（空）"):
        return target.is_(None)
    if typed.startswith("=") and not isinstance(f.kind, Reference | Moment | DateKind):
        exactly: ColumnElement[bool] = target == f.kind.read(typed[1:]).value
        return exactly
    if isinstance(f.kind, Moment):
        return _within(target, f.kind, typed)
    if isinstance(f.kind, Reference):
        return _refers_to(target, f.kind.register, typed)
    if isinstance(f.kind, YesNo | Amount | Whole):
        value = f.kind.read(typed).value
        return target == value if value is not None else false()
    if isinstance(f.kind, DateKind):
        return type_coerce(target, String).like(f"{_escaped(typed)}%", escape="\\")
    return target.like(f"%{_escaped(typed)}%", escape="\\")


def _within(target: ColumnElement[Any], kind: Moment, typed: str) -> ColumnElement[bool]:
    """An instant is stored in UTC and asked for in the office's time: the day or the minute that was typed."""
    start = kind.read(typed).value
    if start is None:
        return false()
    end = start + (timedelta(minutes=1) if ":" in typed else timedelta(days=1))
    return and_(target >= start, target < end)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _quick(register: type[Record], typed: str) -> ColumnElement[bool]:
    """The quick filter: the register's own index, what its references are called, and its short texts."""
    table = table_of(register)
    either: list[ColumnElement[bool]] = []
    if _is_indexed(register):
        either.append(_indexed(register, table.c.rowno, typed))
    for f in fields_of(register):
        if isinstance(f.kind, Reference):
            either.append(_refers_to(table.c[f.name], f.kind.register, typed))
        elif (type(f.kind).__name__ in ("Kind", "Code", "Identifier") and not f.is_masked) or (isinstance(f.kind, Name) and not _is_indexed(register)):
            either.append(table.c[f.name].like(f"%{_escaped(typed)}%", escape="\\"))
    return or_(*either) if either else false()


def _indexed(register: type[Record], rowno: ColumnElement[Any], typed: str) -> ColumnElement[bool]:
    """Rows that the search index finds, as a subquery: no bound on how many."""
    query = search.query_of(typed)
    if query is None:
        return false()
    name = f"search_{register.__tablename__}"
    typed_query: BindParameter[str] = bindparam("typed", query, unique=True)  # two filters may ask the same index for different words
    return rowno.in_(text(f"SELECT rowid FROM {name} WHERE {name} MATCH :typed").bindparams(typed_query).columns(column("rowid")))


def _refers_to(reference: ColumnElement[Any], register_name: str, typed: str) -> ColumnElement[bool]:
    """References to records that are found by what was typed."""
    register = register_named(register_name)
    table = table_of(register)
    if _is_indexed(register):
        return reference.in_(select(table.c.id).where(_indexed(register, table.c.rowno, typed)))
    words: list[ColumnElement[bool]] = [table.c[f.name].like(f"%{_escaped(typed)}%", escape="\\") for f in fields_of(register) if isinstance(f.kind, Identifier)]
    words += [_refers_to(table.c[f.name], f.kind.register, typed) for f in fields_of(register) if isinstance(f.kind, Reference)]
    return reference.in_(select(table.c.id).where(or_(false(), *words)))


def _is_indexed(register: type[Record]) -> bool:
    return bool(register.called) or register.search_tokens.__func__ is not Record.search_tokens.__func__  # type: ignore[attr-defined]  # class methods


def page(session: Session, register: type[Record], rownos: Sequence[int]) -> list[Record]:
    """The records of these row numbers, in their order; what vanished meanwhile is left out."""
    found = {record.rowno: record for record in session.scalars(select(register).where(register.rowno.in_(rownos)))}
    return [found[rowno] for rowno in rownos if rowno in found]


def titles(session: Session, register_name: str, ids: Sequence[str]) -> dict[str, str]:
    """What the referenced records are called; nothing of a register that is hidden from her."""
    if register_name in session.info.get("hidden", ()):
        return {}
    register = register_named(register_name)
    wanted = list(dict.fromkeys(ids))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 500):
        for record in session.scalars(select(register).where(register.id.in_(wanted[start : start + 500]))):
            found[record.id] = record.title
    for name in reversed(register.named_by):
        column = table_of(register).c[name]
        named: dict[str, str] = dict(session.execute(select(table_of(register).c.id, column).where(table_of(register).c.id.in_(list(found)[:AT_ONCE]))).all())
        words = titles(session, str(field_of(register, name).kind.refers_to), [i for i in named.values() if i])
        found = {i: " ".join(part for part in (words.get(named.get(i) or "", ""), title) if part) for i, title in found.items()}
    if register.with_member:
        table = table_of(register)
        members = dict(session.execute(select(table.c.id, table.c.member).where(table.c.id.in_(list(found)))).all()) if len(found) <= AT_ONCE else dict(session.execute(select(table.c.id, table.c.member)).all())
        names = titles(session, Member.__tablename__, [m for m in members.values() if m])
        found = {i: " ".join(part for part in (names.get(members.get(i) or "", ""), title if title != register.label else "") if part) or title for i, title in found.items()}
    return found


def lookup(session: Session, register_name: str, typed: str, *, limit: int = 20) -> list[Hit]:
    """Records of one register by what a person types: characters, pinyin, initials, last digits. None of a register that is hidden from her."""
    if register_name in session.info.get("hidden", ()):
        return []
    register = register_named(register_name)
    if _is_indexed(register):
        rownos = search.find(session.connection(), register_name, typed, limit=limit)
        records: list[Record] = [r for r in page(session, register, rownos) if r.removed_at is None]
    else:
        records = []
    if not records and (register.with_member or not _is_indexed(register)):
        member = next((f.name for f in fields_of(register) if isinstance(f.kind, Reference) and f.kind.register == Member.__tablename__), None)
        table = table_of(register)
        either = [table.c.certificate_no.like(f"%{_escaped(typed)}%", escape="\\")] if "certificate_no" in table.c else []
        if member is not None:
            who = typed.split()[0] if register.with_member and typed.split() else typed
            either.append(table.c[member].in_([hit.id for hit in lookup(session, Member.__tablename__, who, limit=200)]))
        rownos = list(session.scalars(select(table.c.rowno).where(and_(table.c.removed_at.is_(None), or_(false(), *either))).limit(limit)))
        records = page(session, register, rownos)
        if register.with_member and len(rest := typed.split(maxsplit=1)) == 2:
            records = [r for r in records if rest[1].strip() in r.title]
    return [describe(session, record) for record in records]


def describe(session: Session, record: Record) -> Hit:
    """A record in a line: what it is called and what tells it from others of that name."""
    detail = ""
    if isinstance(record, Member):
        detail = " · ".join(part for part in (record.department, record.employee_no and f"工号 {record.employee_no}", record.mobile and f"手机尾号 {record.mobile[-4:]}", record.has_left and record.membership_event) if part)
    elif isinstance(record, Certificate | Entry | SubsidyApplication | SignIn) and record.member:
        detail = titles(session, Member.__tablename__, [record.member]).get(record.member, "")
    title = titles(session, record.__tablename__, [record.id])[record.id] if record.with_member or record.named_by else record.title
    if isinstance(record, Certificate) and detail:
        title, detail = f"{detail}　{record.title}", record.kind or ""
    return Hit(record.__tablename__, record.id, title, detail or record.label)


def search_everywhere(session: Session, typed: str, *, limit: int = 8) -> list[Hit]:
    """The global search: the best of every indexed register."""
    hits: list[Hit] = []
    for register in REGISTERS:
        if _is_indexed(register) and register.__tablename__ not in session.info.get("hidden", ()):
            hits += lookup(session, register.__tablename__, typed, limit=limit)
    return hits
