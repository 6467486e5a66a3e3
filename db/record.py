"""The base of every record: identity, revision, origin, tombstone; and what can be asked of a register.

`rowno` is this file's own row number (the search index needs one); `id` is the record's name everywhere, for ever.
A removed record keeps its row with `removed_at` set, so that undo, history and the district can speak of it.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from db.fields import Field
from db.problems import Problem
from db.search import person_tokens


class Base(DeclarativeBase):
    """All tables of the office's file."""


def new_id() -> str:
    """A UUID of version 7 (RFC 9562, 5.7): it begins with the time, so that new records stand together in every index."""
    random = int.from_bytes(os.urandom(10), "big")
    value = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | 0x7 << 76 | (random >> 68) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class Record(Base):
    __abstract__ = True

    label: ClassVar[str]
    """What one of them is called: 会员."""
    counter: ClassVar[str] = "条"
    """The measure word for counts: 人, 场, 条."""
    icon: ClassVar[str] = "file-text"
    only_one: ClassVar[bool] = False
    """Whether the office has exactly one (its own union)."""
    called: ClassVar[tuple[str, ...]] = ()
    """The fields that name a record; its first text where there are none."""
    with_member: ClassVar[bool] = False
    """Whether its member's name comes before what it is called: 张三 电工."""
    named_by: ClassVar[tuple[str, ...]] = ()
    """References whose names come before what it is called: a mark is somebody's, in a round."""
    guarded: ClassVar[bool] = False
    """Whether only those may see it whom the administrator let: hardship and family data."""

    rowno: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(36), unique=True, default=new_id)
    revision: Mapped[int] = mapped_column(default=1)
    origin: Mapped[str] = mapped_column(String(36), default="")
    changed_at: Mapped[str] = mapped_column(String(32), default="")
    removed_at: Mapped[str | None] = mapped_column(String(32), default=None)

    @property
    def title(self) -> str:
        """How a person calls this record, in one line."""
        named = [field_of(type(self), name) for name in self.called] or [f for f in fields_of(type(self)) if not f.kind.refers_to][:1]
        return " ".join(text for f in named if (text := f.show(getattr(self, f.name)))) or self.label

    @classmethod
    def search_tokens(cls, values: Mapping[str, Any]) -> list[str]:
        """What this record is found by: the names in `called`, unless the register says otherwise."""
        return [token for name in cls.called if (value := values.get(name)) and isinstance(value, str | int) for token in person_tokens(str(value))]

    keys: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Fields that together tell a record from all others: a sheet that names them again means the same record."""
    booked: ClassVar[tuple[str, ...]] = ()
    """Fields that stand once the record is written; what is wrong is set right by another record."""

    @classmethod
    def derive(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fields that follow from the others of the same record."""
        return {}

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> list[Problem]:
        """Checks over several fields of one record."""
        return []


@cache
def fields_of(register: type[Record]) -> tuple[Field, ...]:
    """The declared fields in order of declaration."""
    columns = register.__table__.columns
    return tuple(replace(c.info["field"], name=c.name) for c in columns if "field" in c.info)


@cache
def field_of(register: type[Record], name: str) -> Field:
    """KeyError where the register has no such field."""
    found = {f.name: f for f in fields_of(register)}
    return found[name]


def values_of(record: Record) -> dict[str, Any]:
    return {f.name: getattr(record, f.name) for f in fields_of(type(record))}


def written_values(record: Record) -> dict[str, Any]:
    """The record's fields in written form, blanks left out."""
    pairs = ((f.name, f.to_wire(getattr(record, f.name))) for f in fields_of(type(record)))
    return {name: value for name, value in pairs if value is not None}
