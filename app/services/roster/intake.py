"""From checked rows to the register: who is new, who changed in what, who may be somebody, who waits.

The preview and the import are the same plan, worked out from the rows, the clerk's options and her decisions. A blank cell
wipes nothing unless that column was told to. `carry_out` puts a plan into an act; `app.services.roster.batch` keeps the rest.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, func, select

from app.services import membership
from app.services.records import Act, resolve, table_of
from app.services.roster.check import Row, reread
from app.services.roster.matching import COLUMNS, ROW, Matcher, Near, compare
from db.dates import PartialDate
from db.journal import JournalRow
from db.office_tables import NotSame
from db.problems import Problem, warning
from db.record import field_of
from db.registers import Certificate, Member, MembershipEvent
from db.registers.members import RETIRED
from db.registers.membership import LEFT

NEW_PERSON = "new"
REPEATED = "duplicate-in-file"
_COLUMN_SET = frozenset(COLUMNS)


class Verdict(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NEAR = "near"
    LEFT_OUT = "left-out"

    @property
    def label(self) -> str:
        return {Verdict.NEW: "新会员", Verdict.CHANGED: "有变化", Verdict.UNCHANGED: "没变化", Verdict.NEAR: "像是同一人", Verdict.LEFT_OUT: "先不导入"}[self]

    @property
    def waits(self) -> bool:
        """Whether such a row stays in the tray until a person has decided."""
        return self in (Verdict.NEAR, Verdict.LEFT_OUT)


class Mode(StrEnum):
    """What a row may do to somebody who is in the roster already."""

    UPDATE = "update"
    FILL = "fill"
    NEW_ONLY = "new-only"

    @property
    def label(self) -> str:
        return {Mode.UPDATE: "补空白，也更新不一样的", Mode.FILL: "只补空白", Mode.NEW_ONLY: "只加新会员"}[self]


@dataclass(frozen=True)
class Options:
    """`wipe`: columns in which a blank cell empties what is stored."""

    mode: Mode = Mode.UPDATE
    wipe: frozenset[str] = frozenset()


DEFAULT = Options()


@dataclass(frozen=True)
class Decision:
    """What the clerk said about one row. `person`: the member it is, `NEW_PERSON`, or nothing yet; `leave`: changes not to make."""

    mended: Mapping[str, str] = field(default_factory=dict)
    leave: frozenset[str] = frozenset()
    person: str = ""
    with_doubts: bool = False


UNDECIDED = Decision()


@dataclass(slots=True)
class Planned:
    """One row and what importing it would do. `changes`: field -> (stored, from the file)."""

    row: Row
    verdict: Verdict
    record_id: str | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    near: tuple[Near, ...] = ()
    leave: frozenset[str] = frozenset()

    @property
    def taken(self) -> dict[str, Any]:
        """The changes that would be made: field -> new value. A membership event is one thing: it is taken whole or left whole."""
        leave = self.leave | membership.FIELDS.keys() if self.leave & membership.FIELDS.keys() else self.leave
        return {name: new for name, (_, new) in self.changes.items() if name not in leave}


@dataclass(frozen=True)
class Plan:
    """All rows with what importing them would do, worked out when the journal stood at `as_of`."""

    rows: tuple[Planned, ...]
    as_of: int
    options: Options = DEFAULT
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Members on today's lists whom no row means."""
    matcher: Matcher | None = field(default=None, repr=False, compare=False)

    @cached_property
    def counts(self) -> Mapping[Verdict, int]:
        found = dict.fromkeys(Verdict, 0)
        for p in self.rows:
            found[p.verdict] += 1
        return found

    def count(self, verdict: Verdict) -> int:
        return self.counts[verdict]

    @cached_property
    def going(self) -> int:
        """How many rows would change something."""
        return sum(p.verdict is Verdict.NEW or (p.verdict is Verdict.CHANGED and bool(p.taken)) for p in self.rows)


@dataclass(frozen=True)
class Imported:
    act: str | None
    new: int
    changed: int
    unchanged: int
    left_out: int
    people: tuple[tuple[Planned, str], ...] = field(default=(), repr=False)
    """Each row that went in or was there, and the member it became or was."""

    @property
    def ids(self) -> dict[str, str]:
        """Row key -> member."""
        return {p.row.key: member for p, member in self.people}


def plan(connection: Connection, rows: Iterable[Row], options: Options = DEFAULT, decisions: Mapping[str, Decision] | None = None, *, gone_in: Iterable[Row] = ()) -> Plan:
    """What importing these rows would do. Rows with an error wait unless they are taken with their doubts.

    `gone_in`: rows of the same workbook that went in before; whom they mean is not missing from it.
    """
    decided = decisions or {}
    matcher = Matcher(connection)
    planned, meant = [], dict[str, Row]()
    for row in rows:
        decision = decided.get(row.key, UNDECIDED) if decided else UNDECIDED
        p = _plan_row(connection, matcher, row, options, decision)
        if p.record_id is not None and p.changes and (first := meant.get(p.record_id)) is not None:
            p = _repeated(p.row, first)
        planned.append(p)
        for record_id in ([p.record_id] if p.record_id else [near.id for near in p.near]):
            meant.setdefault(record_id, row)
        if p.verdict is Verdict.LEFT_OUT and (likely := matcher.find(row.values)) is not None and ROW not in likely:
            meant.setdefault(likely["id"], row)  # the row waits, but she is in the file
    for row in gone_in:
        if (found := matcher.find(row.values)) is not None and ROW not in found:
            meant.setdefault(found["id"], row)
    missing = tuple(i for i, m in matcher.stored.items() if i not in meant and m["membership_event"] not in LEFT and m["employment_status"] not in RETIRED)
    return Plan(tuple(planned), journal_end(connection), options, decided, missing, matcher)


def decided_again(connection: Connection, plan_: Plan, row: Row, decision: Decision) -> Plan:
    """The plan after one more decision, worked out for that row alone; the rest follows when it is carried out. `row` as the file has it."""
    assert plan_.matcher is not None
    p = _plan_row(connection, plan_.matcher, row, plan_.options, decision)
    rows = tuple(p if old.row.key == row.key else old for old in plan_.rows)
    return replace(plan_, rows=rows, as_of=-1, decisions={**plan_.decisions, row.key: decision})


def _plan_row(connection: Connection, matcher: Matcher, row: Row, options: Options, decision: Decision) -> Planned:
    if decision.mended:
        row = reread(row, decision.mended)
    if not row.is_sound and (not decision.with_doubts or row.values.get("full_name") is None or any(p.code == REPEATED for p in row.problems)):
        return Planned(row, Verdict.LEFT_OUT)
    if decision.person == NEW_PERSON:
        return _as_new(matcher, row)
    found = matcher.stored.get(resolve(connection, decision.person)) if decision.person else None
    if found is None:
        found = matcher.find(row.values)
        if found is not None and (doubt := _another_name(row, found)):
            return doubt
    if found is None:
        if near := matcher.near(row.values):
            return Planned(_doubted(row, near), Verdict.NEAR, near=near)
        if decision.person:
            said = Problem("decided-gone", "上次选的那个人已经不在名册里了，请再看一遍。", "full_name")
            return Planned(replace(row, problems=(*row.problems, said)), Verdict.LEFT_OUT)
        matcher.expect(row.values, row)
        return Planned(row, Verdict.NEW)
    if (first := found.get(ROW)) is not None:
        if first.key == row.key:
            return Planned(row, Verdict.NEW)
        return _repeated(row, first)
    changes = changes_of(found, row, options)
    return Planned(row, Verdict.CHANGED if changes else Verdict.UNCHANGED, found["id"], changes, leave=decision.leave)


def _as_new(matcher: Matcher, row: Row) -> Planned:
    """The clerk said that this is nobody of the roster; only a number that somebody has already stands against it."""
    owner = matcher.holder(row.values.get("id_number"))
    if owner is not None and not (ROW in owner and owner[ROW].key == row.key):
        said = Problem("id-taken", f"这个身份证号已经是“{owner.get('full_name') or ''}”的了，请对照证件改好再导入。", "id_number")
        return Planned(replace(row, problems=(*row.problems, said)), Verdict.LEFT_OUT)
    matcher.expect(row.values, row)
    return Planned(row, Verdict.NEW)


def _another_name(row: Row, found: Mapping[str, Any]) -> Planned | None:
    """The same number under quite another name: one of the two is somebody else's."""
    if found.get(ROW) is not None or row.values.get("full_name") in (None, found["full_name"]):
        return None
    without = dict.fromkeys(("id_number", "birth_date", "gender"))
    weight, _, differs = compare({**found, **without}, {**row.values, **without})
    if "full_name" not in differs or weight >= 1:
        return None
    _, agrees, differs = compare(found, row.values)
    said = warning("name-other", f"身份证号和名册里的“{found['full_name']}”一样，姓名却不同，请看是不是同一个人。", "full_name")
    return Planned(replace(row, problems=(*row.problems, said)), Verdict.NEAR, near=(Near(found["id"], 10.0 + weight, agrees, differs),))


def _repeated(row: Row, first: Row) -> Planned:
    said = Problem(REPEATED, f"这个人和第 {first.row} 行是同一个人，只导入第 {first.row} 行。", "full_name")
    return Planned(replace(row, problems=(*row.problems, said)), Verdict.LEFT_OUT)


def _doubted(row: Row, near: tuple[Near, ...]) -> Row:
    said = warning("person-near", f"名册里有 {len(near)} 个人和这一行很像，请看是不是同一个人。", "full_name")
    return replace(row, problems=(*row.problems, said))


def changes_of(stored: Mapping[str, Any], row: Row, options: Options) -> dict[str, tuple[Any, Any]]:
    """field -> (stored, from the file), as far as the mode allows."""
    if options.mode is Mode.NEW_ONLY:
        return {}
    changes: dict[str, tuple[Any, Any]] = {}
    for name, value in row.values.items():
        if name not in _COLUMN_SET:
            continue
        there = stored[name]
        if value is None:
            if name in options.wipe and there is not None and name != "full_name" and name not in membership.FIELDS and not any(p.field == name for p in row.problems):
                changes[name] = (there, None)
        elif there != value and (there is None or options.mode is Mode.UPDATE) and not _less_precise(there, value) and not _said_in(name, there, value):
            changes[name] = (there, f"{there}；{value}" if name == "note" and there and not row.cells.get("note") else value)
    if options.mode is Mode.FILL and stored["membership_event"] is not None:
        changes = {name: change for name, change in changes.items() if name not in membership.FIELDS}
    if not {"membership_event", "membership_event_date"} & changes.keys():
        changes.pop("membership_event_reason", None)
    return changes


def _less_precise(stored: Any, offered: Any) -> bool:
    """A month does not overwrite the day that it contains, nor a year the month."""
    return isinstance(stored, PartialDate) and isinstance(offered, PartialDate) and stored.agrees_with(offered) and offered.precision < stored.precision


def _said_in(name: str, stored: Any, offered: Any) -> bool:
    """A note that the stored one contains already says nothing new."""
    return name == "note" and isinstance(stored, str) and offered in stored


def journal_end(connection: Connection) -> int:
    return connection.execute(select(func.max(JournalRow.seq))).scalar() or 0


def up_to_date(connection: Connection, plan_: Plan) -> Plan:
    """The plan, made again if anybody changed anything since it was made."""
    if journal_end(connection) == plan_.as_of:
        return plan_
    return plan(connection, [_without_verdict(p.row) for p in plan_.rows], plan_.options, plan_.decisions)


def counts_of(plan_: Plan) -> dict[str, int]:
    """new, changed, unchanged and left_out rows, as the ledger keeps them."""
    left_out = sum(p.verdict.waits for p in plan_.rows)
    new = plan_.count(Verdict.NEW)
    return {"new": new, "changed": plan_.going - new, "unchanged": len(plan_.rows) - plan_.going - left_out, "left_out": left_out}


def carry_out(act: Act, plan_: Plan, *, today: date, progress: Callable[[int, int], None] | None = None) -> Imported:
    """Write what the plan says into the act. The plan must be up to date."""
    new = [p for p in plan_.rows if p.verdict is Verdict.NEW]
    changed = [p for p in plan_.rows if p.verdict is Verdict.CHANGED and p.taken]
    total = len(new) + len(changed)
    ids = act.create_many(Member, [p.row.values for p in new], progress=(lambda done, _: progress(done, total)) if progress else None)
    people: list[tuple[Planned, str]] = [*zip(new, ids, strict=True), *((p, p.record_id) for p in plan_.rows if p.record_id is not None)]
    for n, p in enumerate(changed):
        if progress and n % 200 == 0:
            progress(len(new) + n, total)
        assert p.record_id is not None
        act.change(Member, p.record_id, {name: value for name, value in p.taken.items() if name not in membership.FIELDS}, checked=True)
    _events(act, people[: len(new)], changed, today)
    _certificates(act, people)
    _remember_different(act, plan_, people)
    if progress:
        progress(total, total)  # the last chance to cancel: after this it is kept
    return Imported(act.id if total or not act.is_empty else None, **counts_of(plan_), people=tuple(people))


def _without_verdict(row: Row) -> Row:
    """The row without what an earlier plan said of it."""
    said = ("person-near", "name-other")
    return replace(row, problems=tuple(p for p in row.problems if p.code not in said and not (p.code == REPEATED and p.field == "full_name")))


def _events(act: Act, new: Iterable[tuple[Planned, str]], changed: Iterable[Planned], today: date) -> None:
    """What the rows say of memberships becomes events; a new member's own fields say the same already."""
    def event(member: str | None, values: Mapping[str, Any]) -> dict[str, Any]:
        return {"member": member, **{of_event: values.get(name) for name, of_event in membership.FIELDS.items()}}

    told = [(p, member) for p, member in new if p.row.values.get("membership_event")]
    act.create_many(MembershipEvent, (event(member, p.row.values) for p, member in told))
    later = [member for p, member in told if (when := p.row.values.get("membership_event_date")) and when.first_day() > today]
    membership.refresh(act, later, today=today)
    known = [event(p.record_id, p.row.values) for p in changed if membership.FIELDS.keys() & p.taken.keys() and p.row.values.get("membership_event")]
    membership.add(act, known, today=today)


def _certificates(act: Act, people: Iterable[tuple[Planned, str]]) -> None:
    """A certificate number in a roster row becomes a certificate of that person, once."""
    named = [(member, p) for p, member in people if p.row.values.get("certificate_no")]
    if not named:
        return
    table = table_of(Certificate)
    known = set(act.connection.execute(select(table.c.member, table.c.certificate_no).where(table.c.removed_at.is_(None))).all())
    fresh = [
        {"member": member, "certificate_no": p.row.values["certificate_no"], "skill_level": p.row.values.get("skill_level")}
        for member, p in named if (member, p.row.values["certificate_no"]) not in known
    ]
    act.create_many(Certificate, fresh)


def _remember_different(act: Act, plan_: Plan, people: Iterable[tuple[Planned, str]]) -> None:
    """Who was said to be a new person is not any of those she looked like; nobody is asked again."""
    asked = {key for key, decision in plan_.decisions.items() if decision.person == NEW_PERSON}
    if not asked:
        return
    matcher = Matcher(act.connection)
    for p, mine in people:
        if p.row.key in asked:
            for near in matcher.near({**p.row.values, "id": mine}):
                remember_different(act.connection, mine, near.id)


def remember_different(connection: Connection, one: str, other: str) -> None:
    """Two members are two people: a person said so."""
    low, high = sorted((one, other))
    connection.exec_driver_sql(f"INSERT OR IGNORE INTO {NotSame.__tablename__} (one, other) VALUES (?, ?)", (low, high))


def label_of(name: str) -> str:
    """How the office calls a column of a roster."""
    register = Certificate if name == "certificate_no" else Member
    return field_of(register, name).label
