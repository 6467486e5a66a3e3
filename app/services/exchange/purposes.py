"""What the district gets, for which purpose, field by field: a dated policy (resources/policies/purposes.toml, or the district's own)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from app.services.exchange.items import rows_of
from db.fields import Field, Pii
from db.record import Record, fields_of
from db.registers import REGISTERS


@dataclass(frozen=True)
class Purpose:
    """One reason to report, with the fields of each register that it needs."""

    id: str
    title: str
    basis: str
    valid_from: date
    valid_to: date | None
    fields: Mapping[str, frozenset[str]]
    attachments: bool = False
    off: bool = False
    """Whether it goes only when somebody ticks it for this package."""


def purposes_on(connection: Connection | None, day: date) -> tuple[Purpose, ...]:
    """The purposes that hold on a day; of two rows with one id the later."""
    found: dict[str, Purpose] = {}
    for row in sorted(rows_of(connection, "purpose"), key=lambda r: str(r["valid_from"])):
        one = Purpose(
            row["id"], row["title"], row["basis"], date.fromisoformat(row["valid_from"]), date.fromisoformat(row["valid_to"]) if row.get("valid_to") else None,
            {name: frozenset(fields) for name, fields in row["fields"].items()}, bool(row.get("attachments")), bool(row.get("off")),
        )
        if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to):
            found[one.id] = one
    return tuple(found.values())


@dataclass(frozen=True)
class Scope:
    """The fields that a package carries: those of its purposes together, without what only the district decides."""

    purposes: tuple[Purpose, ...]

    @property
    def ids(self) -> list[str]:
        return [p.id for p in self.purposes]

    @property
    def signature(self) -> list[str]:
        """What the last package was made for, to tell a change: id and first day of each."""
        return [f"{p.id} {p.valid_from}" for p in self.purposes]

    @property
    def attachments(self) -> bool:
        return any(p.attachments for p in self.purposes)

    def fields(self, register: type[Record]) -> tuple[Field, ...]:
        """In order of their names, as the canonical form wants them; none where the register does not travel."""
        wanted = frozenset[str]().union(*(p.fields.get(register.__tablename__, frozenset()) for p in self.purposes))
        return tuple(sorted((f for f in fields_of(register) if f.name in wanted and not f.decided_above), key=lambda f: f.name))

    @property
    def registers(self) -> tuple[type[Record], ...]:
        return tuple(r for r in REGISTERS if self.fields(r))

    def sensitive(self, register: type[Record]) -> tuple[str, ...]:
        """Labels of the fields that need more care (个人信息保护法, art. 28)."""
        return tuple(f.label for f in fields_of(register) if f.pii is Pii.SENSITIVE and f in self.fields(register))


def scope(connection: Connection, day: date, chosen: Sequence[str] | Iterable[str] | None = None) -> Scope:
    """The purposes chosen, of those that hold; where none are named all that are not off."""
    holding = purposes_on(connection, day)
    return Scope(tuple(p for p in holding if (not p.off if chosen is None else p.id in set(chosen))))
