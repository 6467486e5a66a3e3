"""Counts by two dimensions at once: the three databases (人才库, 成果库, 培训信息库) by trade, level, age, unit, year."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, func, select, type_coerce
from sqlalchemy.orm import Session

from app.services.listing import Query, titles, where_of
from app.services.records import table_of
from db import pinyin
from db.fields import Amount, DateKind, Field, Moment, Name
from db.record import Record, field_of, fields_of
from db.registers import Member


@dataclass(frozen=True)
class Pivot:
    """Counts by two columns; `cells[row][column]`."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]

    @property
    def total(self) -> int:
        return sum(map(sum, self.cells))


def dimensions(register: type[Record]) -> list[tuple[str, str]]:
    """(name, label) of what a register can be counted by: its own columns, and what is known of the member it is about."""
    own = [(f.name, f.label) for f in fields_of(register) if not f.is_masked and not isinstance(f.kind, Name | Amount) and not f.kind.multiline and f.kind.refers_to != Member.__tablename__]
    who = next((f.name for f in fields_of(register) if f.kind.refers_to == Member.__tablename__), None)
    person = [(name, field_of(Member, name).label) for name in ("department", "gender", "education", "skill_level", "is_migrant_worker", "employer_name")] + [(AGE, "年龄段")]
    if register is Member:
        return [*own, (AGE, "年龄段")]
    return own + ([(f"{who}.{name}", f"{label}（会员）") for name, label in person] if who else [])


AGE = "age"
_BANDS = ((0, "25 岁以下"), (25, "25-34 岁"), (35, "35-44 岁"), (45, "45-54 岁"), (55, "55 岁以上"))


def pivot(session: Session, query: Query, down: str, across: str, *, year: int) -> Pivot:
    """How many of what is shown fall together by two dimensions; dates count by year, ages by band in `year`."""
    rows, f1, f2 = _read(session, query, down, across, func.count(), grouped=True)
    counts: dict[tuple[str, str], int] = {}
    for key, n in _in_words(session, rows, f1, f2, year):
        counts[key] = counts.get(key, 0) + n
    downs, acrosses = (_in_their_order({key[place] for key in counts}, f) for place, f in ((0, f1), (1, f2)))
    return Pivot(downs, acrosses, tuple(tuple(counts.get((d, a), 0) for a in acrosses) for d in downs))


def records(session: Session, query: Query, down: str, across: str, *, year: int, row: str | None, column: str | None) -> list[str]:
    """The ids behind a cell; None stands for the total of that way."""
    rows, f1, f2 = _read(session, query, down, across, table_of(query.register).c.id, grouped=False)
    return [record_id for (one, other), record_id in _in_words(session, rows, f1, f2, year) if row in (None, one) and column in (None, other)]


def _read(session: Session, query: Query, down: str, across: str, what: Any, *, grouped: bool) -> tuple[Sequence[Any], Field | None, Field | None]:
    """(value down, value across, what) of what is shown."""
    table = table_of(query.register)
    members = table_of(Member).alias("person")
    who = next((f.name for f in fields_of(query.register) if f.kind.refers_to == Member.__tablename__), None)
    source = table.join(members, members.c.id == table.c[who], isouter=True) if who else table

    def target(name: str) -> tuple[ColumnElement[Any], Field | None]:
        owner, register = (members, Member) if "." in name else (table, query.register)
        plain = name.rpartition(".")[2]
        if plain == AGE:
            return func.substr(type_coerce(owner.c.birth_date, String), 1, 4), None
        f = field_of(register, plain)
        return (func.substr(type_coerce(owner.c[plain], String), 1, 4) if isinstance(f.kind, DateKind | Moment) else owner.c[plain]), f

    (first, f1), (second, f2) = target(down), target(across)
    found = select(first, second, what).select_from(source).where(*where_of(query))
    return session.execute(found.group_by(first, second) if grouped else found).all(), f1, f2


def _in_words(session: Session, rows: Sequence[Any], f1: Field | None, f2: Field | None, year: int) -> Iterator[tuple[tuple[str, str], Any]]:
    """The same with both values as they are shown."""
    words: dict[str, str] = {}
    for f, place in ((f1, 0), (f2, 1)):
        if f is not None and f.kind.refers_to:
            words |= titles(session, f.kind.refers_to, [r[place] for r in rows if r[place]])

    def shown(value: Any, f: Field | None) -> str:
        if value is None:
            return "（空）"
        if f is None:
            age = year - int(value) if str(value).isdecimal() else 0
            return next(label for start, label in reversed(_BANDS) if age >= start)
        return words.get(value, "") if f.kind.refers_to else str(value) if isinstance(f.kind, DateKind | Moment) else f.mask(value)

    for one, other, what in rows:
        yield (shown(one, f1), shown(other, f2)), what


def _in_their_order(words: set[str], f: Field | None) -> tuple[str, ...]:
    """Terms as their table has them, all else by the alphabet; blank last."""
    terms = f.kind.choices.labels if f is not None and f.kind.choices is not None else tuple(label for _, label in _BANDS) if f is None else ()
    return tuple(sorted(words, key=lambda word: (word == "（空）", terms.index(word) if word in terms else len(terms), pinyin.sort_key(word))))
