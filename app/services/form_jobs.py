"""Forms filled from records by what the form itself declares: its register, the references it follows, the lists it shows.

A job is made once; what is previewed, saved and printed are the same bytes. Only a job that was saved or printed is written
down, and counts as a copy.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.orm import Session

from app.printing import engine, template
from app.services import crosschecks, files, notices, paperwork, policies
from app.services.claims import making
from app.services.exchange import items
from app.services.office import Office, stamp
from app.services.records import Invalid
from app.services.setup import own_union
from db.dates import PartialDate
from db.office_tables import Printed
from db.problems import Problem, UserError
from db.record import Record, fields_of, new_id, values_of
from db.registers import HardshipCase, Member, Nomination, Studio, SubsidyApplication, register_named
from db.registers.claims import SKILL

_PRINTED = cast(Table, Printed.__table__)
AT_ONCE = 500
DRAFT = "草稿"


@dataclass(frozen=True)
class Job:
    """A finished PDF and what it is of."""

    form: template.Form
    ids: tuple[str, ...]
    pdf: bytes
    warning: str | None
    """What cannot be printed of it, in a sentence."""
    starts: tuple[int, ...] = (0,)
    """The first page of each form, from 0."""


def forms_of(office: Office, register: type[Record]) -> list[template.Form]:
    """The forms that are printed for a register's records, those for one first."""
    with office.vault.engine.connect() as connection:
        sent = items.from_above(connection, "form")
    names = dict.fromkeys((*template.form_names(), *sent))
    found = []
    for name in names:
        try:
            found.append(paperwork.form_named(office, name))
        except KeyError:
            continue  # a form of the district's that this program cannot draw yet
    return sorted((form for form in found if form.register == register.__tablename__), key=lambda form: (form.list_of, form.code))


def job(office: Office, form: template.Form, ids: Sequence[str]) -> Job:
    """The form for these records in this order, or one paper for all of them. UserError where there is nothing to print, Invalid for a claim that may not be made."""
    if form.register in office.hidden:
        raise UserError(f"“{form.title}”要管理员允许的人才能打印。")
    if not ids:
        raise UserError("没有可打印的，请先在列表里选。")
    if len(fitting(office, form, ids)) < len(ids):
        raise UserError(f"选中的里面有不用“{form.title}”的，请只选{'、'.join(value for values in form.when.values() for value in values)}。")
    if (ask := _ASKED_FIRST.get(form.name) or (making.check_before_printing if form.register == SubsidyApplication.__tablename__ else None)) is not None:
        for record_id in ids:
            ask(office, record_id)
    filled = contexts(office, form, ids)
    starts: list[int] = []
    pdf = engine.render(form, filled, draft=office.practice, starts=starts)
    missing = engine.missing_characters(form, filled)
    return Job(form, tuple(ids), pdf, f"这些字字库里没有，会印成“〓”，请手写补上：{'、'.join(missing)}" if missing else None, tuple(starts))


def fitting(office: Office, form: template.Form, ids: Sequence[str]) -> list[str]:
    """Those of the records that the form is meant for, in their order."""
    if not form.when:
        return list(ids)
    table = register_named(form.register).__table__
    found: set[str] = set()
    with office.vault.engine.connect() as connection:
        for start in range(0, len(ids), AT_ONCE):
            fits = [func.coalesce(table.c[name], SKILL).in_(values) if form.register == SubsidyApplication.__tablename__ and name == "kind" else table.c[name].in_(values) for name, values in form.when.items()]
            found.update(connection.execute(select(table.c.id).where(table.c.id.in_(ids[start : start + AT_ONCE]), *fits)).scalars())
    return [record_id for record_id in ids if record_id in found]


def _notice_first(register: type[Record], office: Office, record_id: str) -> None:
    """Invalid while the public notice is missing, too short or not over, or the nominee's employer is barred."""
    with office.vault.engine.connect() as connection:
        table = register.__table__
        values = dict(connection.execute(select(table).where(table.c.id == record_id)).mappings().one())
        problems = notices.check(connection, values, office.clock().astimezone().date())
    if values.get("employer_clean") is False:
        problems.append(Problem("employer-barred", "单位有安全、环保、欠薪等重大违法，不能推荐。", "employer_clean"))
    if any(p.is_error for p in problems):
        raise Invalid([p for p in problems if p.is_error])


def _team_first(office: Office, studio: str) -> None:
    """Invalid while a studio that is declared has no leader, or too small a team."""
    today = office.clock().astimezone().date()
    with office.vault.engine.connect() as connection:
        table = Studio.__table__
        row = connection.execute(select(table.c.leader).where(table.c.id == studio)).one()
        problems = [] if row.leader else [Problem("no-leader", "工作室还没有填领军人，不能申报。", "leader")]
        problems += crosschecks.studio_team(connection, studio, today)
    if problems:
        raise Invalid(problems)


_ASKED_FIRST: Mapping[str, Callable[[Office, str], None]] = {"nomination": partial(_notice_first, Nomination), "nomination_report": partial(_notice_first, Nomination), "hardship_form": partial(_notice_first, HardshipCase), "studio_declaration": _team_first}
"""Forms that must not leave the house before something is in order; every claim is judged."""


def job_named(office: Office, name: str, ids: Sequence[str]) -> Job:
    return job(office, paperwork.form_named(office, name), ids)


def was_printed(office: Office, done: Job, copies: int = 1) -> None:
    """Write a job down as printed or saved, so many times: the next one is another copy."""
    pages = done.pdf.count(b"/Type /Page\n")
    with office.writing() as connection:
        connection.execute(
            _PRINTED.insert().values(
                id=new_id(), at=stamp(office.clock()), who=office.user.name, form=done.form.name, title=done.form.title, register=done.form.register, records=json.dumps(done.ids),
                copies=copies, pages=pages, digest=hashlib.sha256(done.pdf).hexdigest(),
            )
        )


def contexts(office: Office, form: template.Form, ids: Sequence[str]) -> list[template.Context]:
    """What each binding of the form holds. UserError where one of the records is gone."""
    union = values_of(own_union(office))
    today = office.clock().astimezone().date()
    printed = f"{today.year}年{today.month}月{today.day}日"
    with office.reading() as session:
        reader = _Reader(session, today)
        roots = reader.many(register_named(form.register), ids)
        if any(root.removed_at is not None for root in roots):
            raise UserError("选中的里面有已经删除的，请刷新后再试。")
        if form.list_of:
            rows = reader.rows(roots, form.rows.get("rows", {}))
            digest = paperwork.digest_of(*roots)
            number = f"{form.code}-{today:%Y%m%d}-{digest[:4].upper()}"
            dated = _dated(session.connection(), form, None, today)
            values = {"no": number, "copy": _list_copies(session, form.name, ids) + 1, "digest": digest, "record": str(len(roots)), "printed_on": printed, "photo": None, **_state_across(roots)}
            return [{"union": union, **dated, "form": values, "rows": rows, "total": totals(roots, form.rows.get("rows", {}))}]
        copies = _copies(session, form.name)
        reader.prepare(form, roots)
        return [reader.context(form, root, {"union": union}, {"copy": copies.get(root.id, 0) + 1, "printed_on": printed}, today) for root in roots]


def _dated(connection: Connection, form: template.Form, root: Record | None, today: date) -> dict[str, dict[str, Any]]:
    """The pledges and rules that the form names, as they were on the record's day: printed again, it says the same."""
    written = getattr(root, form.dated_by, None) if root is not None and form.dated_by else None
    day = min(written.last_day(), today) if isinstance(written, PartialDate) else today
    return {kind: policies.dated(connection, kind, form.values[kind], day) for kind in ("pledge", "rule") if kind in form.values}


def totals(records: Sequence[Record], spec: Mapping[str, Any]) -> dict[str, Any]:
    """How many there are, the sums of the amounts in `sums`, and the balance of the two in `balance`."""
    sums = {f"sum_{name}": sum((getattr(r, name) or Decimal(0) for r in records), Decimal(0)) for name in spec.get("sums", ())}
    if any(getattr(r, "reverses", None) for r in records):  # what was booked back counts on neither side
        back = {"received": "paid", "paid": "received"}
        for name in {"received", "paid"} & set(spec.get("sums", ())):
            plain = sum((getattr(r, name) or Decimal(0) for r in records if not getattr(r, "reverses", None)), Decimal(0))
            sums[f"sum_{name}"] = plain - sum((getattr(r, back[name]) or Decimal(0) for r in records if getattr(r, "reverses", None)), Decimal(0))
    if "balance" in spec:
        more, less = (sum((getattr(r, name) or Decimal(0) for r in records), Decimal(0)) for name in spec["balance"])
        sums["balance"] = more - less
    return {"count": len(records), **sums}


def _copies(session: Session, form: str) -> dict[str, int]:
    """How often each record's form was printed or saved before."""
    found: dict[str, int] = {}
    for records, copies in session.execute(select(_PRINTED.c.records, _PRINTED.c.copies).where(_PRINTED.c.form == form)):
        for record_id in json.loads(records):
            found[record_id] = found.get(record_id, 0) + copies
    return found


def _list_copies(session: Session, form: str, ids: Sequence[str]) -> int:
    """How often this paper was printed or saved for just these records."""
    rows = session.execute(select(_PRINTED.c.records, _PRINTED.c.copies).where(_PRINTED.c.form == form))
    return sum(copies for records, copies in rows if set(json.loads(records)) == set(ids))


def _state_across(roots: Sequence[Record]) -> dict[str, str]:
    """A paper of something that is still a draft says so across the page."""
    return {"across": DRAFT} if any(getattr(root, "state", None) == DRAFT for root in roots) else {}


class _Reader:
    """Reads records by the hundred, each once."""

    def __init__(self, session: Session, today: date) -> None:
        self.session, self.today = session, today
        self._known: dict[tuple[str, str], Record | None] = {}
        self._lists: dict[tuple[str, str], dict[str, list[Record]]] = {}

    def many(self, register: type[Record], ids: Sequence[str]) -> list[Record]:
        """In the order of the ids. UserError where one is gone."""
        self._load(register, ids)
        found = [self._known.get((register.__tablename__, record_id)) for record_id in ids]
        if None in found:
            raise UserError(f"选中的{register.label}里有已经不在的，请刷新后再试。")
        return cast(list[Record], found)

    def _load(self, register: type[Record], ids: Iterable[str | None]) -> None:
        wanted = [i for i in dict.fromkeys(ids) if i and (register.__tablename__, i) not in self._known]
        for start in range(0, len(wanted), AT_ONCE):
            chunk = wanted[start : start + AT_ONCE]
            self._known |= {(register.__tablename__, i): None for i in chunk}
            self._known |= {(register.__tablename__, r.id): r for r in self.session.scalars(select(register).where(register.id.in_(chunk)))}

    def referred(self, record: Record | None, name: str) -> Record | None:
        """The record that a field refers to."""
        if record is None:
            return None
        target = next(f.kind.refers_to for f in fields_of(type(record)) if f.name == name)
        self._load(register_named(target), [getattr(record, name)])
        return self._known.get((target, getattr(record, name)))

    def prepare(self, form: template.Form, roots: Sequence[Record]) -> None:
        """Read what all the copies need at once."""
        groups: dict[str, list[Record | None]] = {form.root: list(roots)}
        for source, path in _in_order(form.references):
            owner, name = path.split(".")
            records = [r for r in groups[owner] if r is not None]
            if records:
                target = next(f.kind.refers_to for f in fields_of(type(records[0])) if f.name == name)
                self._load(register_named(target), [getattr(r, name) for r in records])
                groups[source] = [self._known.get((target, getattr(r, name) or "")) for r in records]
            else:
                groups[source] = []
        for name, spec in form.rows.items():
            register = register_named(spec["register"])
            table = register.__table__
            found: dict[str, list[Record]] = {}
            ids = [r.id for r in roots]
            for start in range(0, len(ids), AT_ONCE):
                query = select(register).where(table.c[spec["by"]].in_(ids[start : start + AT_ONCE]), table.c.removed_at.is_(None))
                for record in self.session.scalars(query.order_by(*([table.c[spec["order"]]] if "order" in spec else []), table.c.rowno)):
                    found.setdefault(getattr(record, spec["by"]), []).append(record)
            self._lists[form.name, name] = found

    def context(self, form: template.Form, root: Record, given: Mapping[str, Any], values: Mapping[str, Any], today: date) -> template.Context:
        sources: dict[str, Record | None] = {form.root: root}
        for source, path in _in_order(form.references):
            owner, name = path.split(".")
            sources[source] = self.referred(sources[owner], name)
        filled: dict[str, Any] = {**given, **_dated(self.session.connection(), form, root, today)}
        for source, record in sources.items():
            filled[source] = self._values(record, given) if record is not None else paperwork.blank_values(register_named(form.sources[source]))
        filled["total"] = {"count": 0}
        for name, spec in form.rows.items():
            listed = self._lists[form.name, name].get(root.id, [])
            filled[name] = self.rows(listed, spec)
            filled["total"] |= totals(listed, spec)
        known = [r for r in sources.values() if r is not None]
        filled["form"] = {
            "no": getattr(root, "form_no", None) or f"{form.code}-{root.id[-6:].upper()}", "record": root.id[-8:], "digest": paperwork.digest_of(*known),
            "photo": next((body for r in known if (body := files.photo_of(self.session.connection(), r.id))), None), "pictures": self._pictures(form, root), **_state_across([root]), **values,
        }
        return filled

    def _pictures(self, form: template.Form, root: Record) -> list[dict[str, Any]]:
        connection = self.session.connection()
        return [{"jpeg": files.body_of(connection, kept.id), "caption": Path(kept.name).stem} for kept in files.pictures_of(connection, root.id)] if form.annex_pictures else []

    def _values(self, record: Record, given: Mapping[str, Any]) -> dict[str, Any]:
        """A record's values; a member whose employer is not written down works where the union is."""
        values = values_of(record)
        if isinstance(record, Member) and not record.employer_name:
            values["employer_name"] = given["union"].get("employer_name")
        if isinstance(record, SubsidyApplication) and record.policy:
            row = policies.policy_named(self.session.connection(), record.policy)
            values["policy"] = row.title if row is not None else record.policy
        return values

    def _age(self, born: PartialDate | None) -> int | None:
        """Full years today; by the year alone where no more is known."""
        if born is None:
            return None
        first = born.first_day()
        return self.today.year - first.year - (born.day is not None and (self.today.month, self.today.day) < (first.month, first.day))

    def rows(self, records: Sequence[Record], spec: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The lines of a list: each record's values, with those of what it refers to as `<field>_<name>`."""
        names: tuple[str, ...] = tuple(spec.get("with", ()))
        for name in names if records else ():
            target = next(f.kind.refers_to for f in fields_of(type(records[0])) if f.name == name)
            self._load(register_named(target), [getattr(r, name) for r in records])
        lines, balance = [], Decimal(0)
        for number, record in enumerate(records, 1):
            line = {"number": number, "age": self._age(getattr(record, "birth_date", None)), **values_of(record)}
            if "balance" in spec:
                more, less = (getattr(record, name) or Decimal(0) for name in spec["balance"])
                line["balance"] = balance = balance + more - less
            for name in names:
                target = next(f.kind.refers_to for f in fields_of(type(record)) if f.name == name)
                other = self.referred(record, name)
                line |= {f"{name}_{key}": value for key, value in (values_of(other) if other else paperwork.blank_values(register_named(target))).items()}
            lines.append(line)
        return lines


def _in_order(references: Mapping[str, str]) -> list[tuple[str, str]]:
    """The references, each behind the one it starts from."""
    left, done = dict(references), list[tuple[str, str]]()
    while left:
        source = next(s for s, path in left.items() if path.split(".")[0] not in left)
        done.append((source, left.pop(source)))
    return done
