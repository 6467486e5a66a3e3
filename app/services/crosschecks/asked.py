"""What a check over other tables is told."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from app.services.records import table_of
from db.registers import Member

Values = Mapping[str, Any]
NEW: frozenset[str] = frozenset({"*"})
"""In place of the changed fields of a record that was made just now: everything is asked."""


@dataclass(frozen=True)
class Asked:
    """What a check is told: the record's values, its id where it has one, and the day."""

    connection: Connection
    values: Values
    record_id: str | None
    today: date
    changed: frozenset[str] | None
    """Of a stored record, what is being changed; NEW for one that was made just now, None for one that is not made yet."""
    known: dict[Any, Any]
    """What was looked up for other records of the same act."""

    def touches(self, *names: str) -> bool:
        """Whether one of these fields is being changed; of a new record all are."""
        return self.changed is None or self.changed is NEW or bool(self.changed & set(names))

    def once(self, key: Any, look: Callable[[], Any]) -> Any:
        if key not in self.known:
            self.known[key] = look()
        return self.known[key]


def at_the_end(year: Any, today: date) -> date:
    """The last day of a record's year, also where it is written in words (2026 年度); today where it has none."""
    written = re.search(r"(?:19|20)\d\d", str(year or ""))
    return date(int(written[0]), 12, 31) if written else today


def member_of(connection: Connection, member: str | None) -> Values | None:
    table = table_of(Member)
    row = connection.execute(select(table).where(table.c.id == member)).mappings().first() if member else None
    return dict(row) if row is not None else None
