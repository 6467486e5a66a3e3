"""What hangs on a record: the records of other registers that refer to it, and the papers that were printed of it. From the declarations alone."""

import json
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from app.services.listing import Hit, describe
from app.services.records import table_of
from db.office_tables import Printed
from db.record import Record, fields_of
from db.registers import REGISTERS

SHOWN = 5
_PRINTED = cast(Table, Printed.__table__)


@dataclass(frozen=True)
class Related:
    """The records of one register that name the record in one of their fields; the newest few as hits."""

    register: type[Record]
    field: str
    label: str
    count: int
    newest: tuple[Hit, ...]


def referring(register: type[Record]) -> list[tuple[type[Record], str, str]]:
    """(register, field, label) of every reference to a register, in menu order. Told apart by the field's label where a register refers twice."""
    found = []
    for other in REGISTERS:
        own = [f for f in fields_of(other) if f.kind.refers_to == register.__tablename__ and not (other is register and other.booked)]  # a booking is booked back by its own act
        found += [(other, f.name, other.label if len(own) == 1 and other is not register else f"{other.label}（{f.label}）") for f in own]
    return found


def around(session: Session, register: type[Record], record_id: str) -> list[Related]:
    """Everything that refers to a record, registers that hold nothing of it included: there one is made. None of a register that is hidden from this user."""
    hidden = session.info.get("hidden", ())
    found = []
    for other, name, label in referring(register):
        if other.__tablename__ in hidden:
            continue
        table = table_of(other)
        of_it = (table.c[name] == record_id, table.c.removed_at.is_(None))
        count = int(session.execute(select(func.count()).select_from(table).where(*of_it)).scalar_one())
        records = session.scalars(select(other).where(*of_it).order_by(table.c.rowno.desc()).limit(SHOWN)).all() if count else ()
        found.append(Related(other, name, label, count, tuple(describe(session, record) for record in records)))
    return found


@dataclass(frozen=True)
class Print:
    """One time that a form was printed or saved for a record."""

    at: str
    who: str
    title: str
    copy: int
    pages: int
    digest: str


def prints(session: Session, record_id: str) -> list[Print]:
    """When which form of a record was printed or saved, the latest first; `copy` counts each form by itself."""
    rows = session.execute(select(_PRINTED).where(_PRINTED.c.records.contains(record_id)).order_by(_PRINTED.c.at, _PRINTED.c.id)).mappings()
    counts: dict[str, int] = {}
    found = []
    for row in rows:
        if record_id in json.loads(row["records"]):
            counts[row["form"]] = counts.get(row["form"], 0) + row["copies"]
            found.append(Print(row["at"], row["who"], row["title"], counts[row["form"]], row["pages"], row["digest"]))
    return found[::-1]
