"""One person whole: all that hangs on her, her growth record, everything about her as a file, and her erasure.

Erasing follows 个人信息保护法 art. 47: what names or finds a person goes from the registers, the journal, the staged workbooks and the
search index; what only counts (gender, year of birth, education, level, that somebody came) stays, so that reports keep their sums.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.orm import Session

from app.printing import template
from app.services import files, listing, membership, paperwork
from app.services.checkin import scans
from app.services.checkin.scans import ERASED_NAME
from app.services.membership import Status
from app.services.office import Office
from app.services.records import ActKind, resolve, table_of
from app.services.roster import batch
from app.services.setup import own_union
from app.services.undo import history_of
from db import journal
from db.dates import PartialDate
from db.fields import Amount, Code, DateKind, Field, Moment, Pii, Reference, Whole, YesNo
from db.journal import ERASED, Deed, JournalRow
from db.office_tables import MergedAway
from db.problems import UserError
from db.record import Record, field_of, fields_of, values_of
from db.registers import REGISTERS, Certificate, Entry, Lecture, Member, MembershipEvent, Registration, SignIn, SubsidyApplication

_TELLS_TOO_MUCH = frozenset({"ethnicity", "political_status"})
"""Codes that are dropped all the same (PIPL art. 28)."""
_MERGED: Table = MergedAway.__table__  # type: ignore[assignment]  # declarative tables are tables


@dataclass(frozen=True)
class Item:
    """One thing in a person's life with the union."""

    register: str
    id: str
    date: PartialDate | None
    what: str
    detail: str = ""

    @property
    def kind(self) -> str:
        return next(r.label for r in REGISTERS if r.__tablename__ == self.register)


@dataclass(frozen=True)
class Dossier:
    """All that hangs on a member, newest first; `status` as of today."""

    status: Status
    items: tuple[Item, ...]

    def of(self, register: type[Record]) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.register == register.__tablename__)


def _day(moment: datetime | None) -> PartialDate | None:
    return PartialDate.of(moment.astimezone().date()) if moment else None


def _item(session: Session, record: Record) -> Item:
    register = record.__tablename__
    if isinstance(record, MembershipEvent):
        return Item(register, record.id, record.event_date, record.event or "", record.reason or record.note or "")
    if isinstance(record, Certificate):
        return Item(register, record.id, record.issued_on, " ".join(p for p in (record.occupation, record.skill_level) if p) or "证书", record.kind or "")
    if isinstance(record, SignIn):
        return Item(register, record.id, _day(record.signed_at), _title(session, "lecture", record.lecture), record.note or "")
    if isinstance(record, Registration):
        starts = session.scalars(select(Lecture.starts_at).where(Lecture.id == record.lecture)).first()
        return Item(register, record.id, _day(starts), _title(session, "lecture", record.lecture), record.note or "")
    if isinstance(record, Entry):
        rank = f"第 {record.rank} 名" if record.rank else record.state or ""
        return Item(register, record.id, record.entered_on, " ".join(p for p in (_title(session, "competition", record.competition), record.trade) if p), rank)
    if isinstance(record, SubsidyApplication):
        amount = record.approved_amount or record.amount
        return Item(register, record.id, record.applied_on, record.form_no or record.label, " ".join(p for p in (record.state, amount is not None and f"{amount:,.2f} 元") if p))
    return Item(register, record.id, None, record.title)


def _title(session: Session, register: str, record_id: str | None) -> str:
    return listing.titles(session, register, [record_id]).get(record_id, "") if record_id else ""


def _hanging(session: Session, member: str) -> Iterable[Record]:
    """Every live record that refers to the member, of the registers that are not hidden."""
    for register in REGISTERS:
        if register.__tablename__ in session.info.get("hidden", ()):
            continue
        for f in fields_of(register):
            if isinstance(f.kind, Reference) and f.kind.register == Member.__tablename__:
                yield from session.scalars(select(register).where(getattr(register, f.name) == member, register.removed_at.is_(None)))


def dossier(session: Session, member: str, today: date) -> Dossier:
    items = [_item(session, record) for record in _hanging(session, member)]
    items.sort(key=lambda i: (i.date.first_day() if i.date else date.min, i.id), reverse=True)
    return Dossier(membership.status_on(session, member, today), tuple(items))


# -- the growth record


def growth_context(office: Office, member: str) -> template.Context:
    """成长档案: who she is and what happened, oldest first; numbers in part only."""
    today = office.clock().astimezone().date()
    with office.reading() as session:
        person = session.scalars(select(Member).where(Member.id == member)).one()
        found = dossier(session, member, today)
    since = f"（{found.status.since.chinese()}起）" if found.status.since else ""
    rows = [
        {"number": n, "date": item.date.chinese() if item.date else "", "kind": item.kind, "what": item.what, "detail": item.detail}
        for n, item in enumerate((item for item in reversed(found.items) if item.register != Registration.__tablename__), 1)  # to be asked is no deed
    ]
    form = {
        "no": f"CZ-{today:%Y%m%d}-{member[-4:].upper()}", "printed_on": PartialDate.of(today).chinese(), "status": f"{found.status.state}{since}",
        "id_masked": field_of(Member, "id_number").mask(person.id_number), "mobile_masked": field_of(Member, "mobile").mask(person.mobile), "total": len(rows),
    }
    return {"union": values_of(own_union(office)), "member": values_of(person), "form": form, "rows": rows}


def growth_record(office: Office, member: str) -> bytes:
    office.clerks_only()
    return paperwork.render(office, "growth_record", [growth_context(office, member)])


# -- everything about one person


def export(office: Office, member: str, path: Path) -> int:
    """Everything the program knows of one person, in full, as a workbook for her (PIPL art. 45); journalled. How many records."""
    from openpyxl import Workbook  # 0.4 s to import

    from app.services.spreadsheet import save, text_cell

    office.clerks_only()
    book = Workbook(write_only=True)
    with office.reading() as session:
        person = session.scalars(select(Member).where(Member.id == member)).one()
        records = [person, *_hanging(session, member)]
        for register in REGISTERS:
            mine = [record for record in records if isinstance(record, register)]
            if not mine:
                continue
            sheet = book.create_sheet(register.label)
            fields = fields_of(register)
            sheet.append([text_cell(sheet, f.label) for f in fields])
            for record in mine:
                sheet.append([text_cell(sheet, _shown(session, f, getattr(record, f.name))) for f in fields])
        sheet = book.create_sheet("变更记录")
        sheet.append([text_cell(sheet, head) for head in ("时间", "谁", "做了什么", "内容")])
        for row in history_of(session, Member.__tablename__, member):
            sheet.append([text_cell(sheet, part) for part in (row.at, row.who, row.deed, row.changes)])
    save(book, path)
    with office.act(ActKind.SHOW, f"导出本人资料：{person.full_name}") as act:
        act.showed(Member, member, [f.name for f in fields_of(Member)])
    return len(records)


def _shown(session: Session, f: Field, value: Any) -> str:
    return _title(session, f.kind.register, value) if isinstance(f.kind, Reference) and value else f.show(value)


# -- erasure


def erase(office: Office, member: str) -> int:
    """Take everything that names or finds the person out of the vault, for good; how many records were emptied. Only an administrator may."""
    office.administrators_only()
    with office.act(ActKind.ERASE, "清除个人信息：1 人") as act:
        member = resolve(act.connection, member)
        person = act.current(Member, member)
        if person["full_name"] == ERASED_NAME:
            raise UserError("这个人的个人信息已经清除过了。")
        targets = list(_records_about(act.connection, member))
        traces = _traces(act.connection, [row for register, row in targets if register is Member])
        targets += _nameless(act.connection, traces, {row["id"] for _, row in targets})
        emptied = _blank_journal(act.connection, targets, set(traces.names))
        for register, row in targets:
            act.erase(register, row, _anonymous(register, row), emptied.pop((register.__tablename__, row["id"]), ()), gone=register is Member)
        files.forget(act.connection, [row["id"] for _, row in targets])
        batch.forget_person(act.connection, traces)
        scans.forget_person(act.connection, [row["id"] for register, row in targets if register is Member], [row["id"] for register, row in targets if register in (SignIn, Registration)], traces.names, traces.numbers)
        # Deleting from the index only marks its tokens; merging its parts into one is what drops them.
        for register in {register for register, _ in targets}:
            act.connection.exec_driver_sql(f"INSERT INTO search_{register.__tablename__}(search_{register.__tablename__}) VALUES ('optimize')")
    with office.vault.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return len(targets)


def _traces(connection: Connection, people: Iterable[Mapping[str, Any]]) -> batch.Traces:
    """Every name and number that she has or ever had, as the journal remembers them."""
    names, numbers = set[str](), {name: set[str]() for name in ("id_number", "mobile", "employee_no", "member_card_no")}

    def note(name: str, value: Any) -> None:
        if name == "full_name" and value:
            names.add(value)
        elif name in numbers and value:
            numbers[name].add(value)

    for row in people:
        for name in ("full_name", *numbers):
            note(name, row[name])
        told = connection.execute(select(JournalRow.deed, JournalRow.changes).where(JournalRow.register == Member.__tablename__, JournalRow.record_id == row["id"]))
        for deed, body in told:
            if deed in (Deed.CREATE.value, Deed.CHANGE.value):
                for name, value in json.loads(body).items():
                    for one in value if isinstance(value, list) else [value]:
                        note(name, one)
    return batch.Traces(frozenset(names - {ERASED_NAME}), {name: frozenset(known) for name, known in numbers.items()})


def _records_about(connection: Connection, member: str) -> Iterable[tuple[type[Record], Mapping[str, Any]]]:
    """The member, whoever was merged into her, and all that refers to any of them, removed records included."""
    everyone = {member} | {old for old in connection.execute(select(_MERGED.c.old_id)).scalars() if resolve(connection, old) == member}
    table = table_of(Member)
    for row in connection.execute(select(table).where(table.c.id.in_(everyone))).mappings().all():
        yield Member, dict(row)
    for register in REGISTERS:
        table = table_of(register)
        for f in fields_of(register):
            if isinstance(f.kind, Reference) and f.kind.register == Member.__tablename__:
                for row in connection.execute(select(table).where(table.c[f.name].in_(everyone))).mappings().all():
                    yield register, dict(row)
                    if register.guarded:
                        yield from _below(connection, register, row["id"])


def _below(connection: Connection, register: type[Record], record_id: str) -> Iterable[tuple[type[Record], Mapping[str, Any]]]:
    """What hangs on a guarded record: the family, the help that was given."""
    for other in REGISTERS:
        table = table_of(other)
        for f in fields_of(other):
            if f.kind.refers_to == register.__tablename__:
                for row in connection.execute(select(table).where(table.c[f.name] == record_id)).mappings().all():
                    yield other, dict(row)


def _nameless(connection: Connection, traces: batch.Traces, known: set[str]) -> list[tuple[type[Record], Mapping[str, Any]]]:
    """Lines about her from before she was known as a member: walk-ins and guests with her phone."""
    found: list[tuple[type[Record], Mapping[str, Any]]] = []
    for register in (SignIn, Registration):
        table = table_of(register)
        rows = connection.execute(select(table).where(table.c.member.is_(None), table.c.mobile.in_(traces.numbers["mobile"]))).mappings().all()
        found += [(register, dict(row)) for row in rows if row["id"] not in known]
    return found


def _anonymous(register: type[Record], row: Mapping[str, Any]) -> dict[str, Any]:
    """What may stay of a record: what only counts. Dates keep their year."""
    kept: dict[str, Any] = {}
    for f in fields_of(register):
        value = row[f.name]
        if f.name == "full_name":
            kept[f.name] = ERASED_NAME
        elif f.name in ("note", "decision"):
            kept[f.name] = None  # free words may say anything
        elif value is None or f.pii is Pii.NONE or isinstance(f.kind, Reference):
            kept[f.name] = value
        elif f.pii is Pii.SENSITIVE or f.name in _TELLS_TOO_MUCH:
            kept[f.name] = None
        elif isinstance(f.kind, DateKind):
            kept[f.name] = PartialDate(value.year)
        else:
            kept[f.name] = value if isinstance(f.kind, Code | YesNo | Whole | Amount | Moment) else None
    return kept


def _blank_journal(connection: Connection, targets: Iterable[tuple[type[Record], Mapping[str, Any]]], names: set[str]) -> dict[tuple[str, str], tuple[int, ...]]:
    """Take the words out of every row about these records, and the names out of the titles of acts; which rows, by record."""
    blanked: dict[tuple[str, str], tuple[int, ...]] = {}
    rows: list[tuple[int, str]] = []
    acts = set[str]()
    for register, row in targets:
        key = (register.__tablename__, row["id"])
        found = connection.execute(select(JournalRow.seq, JournalRow.act, JournalRow.deed).where(JournalRow.register == key[0], JournalRow.record_id == key[1])).all()
        mine = [seq for seq, _, deed in found if deed not in (Deed.ERASE.value, Deed.SHOW.value)]
        acts |= {act for _, act, _ in found}
        blanked[key] = tuple(mine)
        rows += [(seq, ERASED) for seq in mine]
    headings = connection.execute(select(JournalRow.seq, JournalRow.act, JournalRow.changes).where(JournalRow.deed == Deed.HEADING.value)).all()
    told = [(seq, body) for seq, act, body in headings if act in acts or any(name in body for name in names)]
    spoken = [(seq, _without_name(body)) for seq, body in told if any(name in body for name in names)]
    journal.blank(connection, [*rows, *spoken])
    first = next(iter(blanked), None)
    if first is not None:
        blanked[first] = (*blanked[first], *(seq for seq, _ in spoken))
    return blanked


def _without_name(body: str) -> str:
    """A heading that says what kind of act it was and no longer about whom."""
    facts = json.loads(body)
    kept = {name: facts[name] for name in ("kind", "undoes", "batch", "series", "digest", "new", "changed", "unchanged", "left_out") if name in facts}
    return json.dumps({**kept, "title": "（有关的人已清除个人信息）", "erased": True}, ensure_ascii=False, separators=(",", ":"))


def due_for_erasure(connection: Connection, today: date) -> list[str]:
    """Members whose time to be kept is over."""
    table = table_of(Member)
    rows = connection.execute(select(table.c.id, table.c.retain_until).where(table.c.retain_until.is_not(None), table.c.full_name != ERASED_NAME)).all()
    return [record_id for record_id, until in rows if until.last_day() < today]
