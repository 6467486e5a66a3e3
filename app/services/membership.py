"""The life of a membership: events are only added; the status on any day is worked out from them (domain 5.6).

The member's own three fields (会籍变化类型、日期、原因) repeat the event in force today, so that lists, sheets and packages
need not work it out; they are written here and nowhere else. Without any event a member counts as one from 入会日期 on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, String, select, type_coerce
from sqlalchemy.orm import Session

from app.services.office import Office
from app.services.records import Act, ActKind, Invalid, read_values, table_of
from db.dates import PartialDate
from db.problems import Problem, UserError
from db.registers import Member, MembershipEvent
from db.registers.membership import LEFT

FIELDS = {"membership_event": "event", "membership_event_date": "event_date", "membership_event_reason": "reason"}
"""The member's fields and the event's."""
MEMBER, KEPT, NOT_YET, UNKNOWN = "在会", "保留会籍", "尚未入会", "不明"
STATES = (MEMBER, KEPT, *sorted(LEFT), NOT_YET, UNKNOWN)
_LONG_AGO = date(1, 1, 1)


@dataclass(frozen=True)
class Status:
    """What somebody was to the union on one day. `sure`: whether the dates are precise enough to say so."""

    state: str
    since: PartialDate | None = None
    sure: bool = True

    @property
    def is_member(self) -> bool:
        return self.state in (MEMBER, KEPT)


def _order(event: Mapping[str, Any] | MembershipEvent) -> tuple[date, str]:
    """By date, and for one day in the order they were written down (ids begin with the time)."""
    when, record_id = (event.event_date, event.id) if isinstance(event, MembershipEvent) else (event["event_date"], event["id"])
    return (when.first_day() if when else _LONG_AGO, record_id)


def events_of(session: Session, member: str) -> list[MembershipEvent]:
    """All events of a member, oldest first."""
    found = session.scalars(select(MembershipEvent).where(MembershipEvent.member == member, MembershipEvent.removed_at.is_(None)))
    return sorted(found, key=_order)


def status_on(session: Session, member: str, day: date) -> Status:
    """What the member was on `day`. An event of 2026-03 is taken to have happened on the first, and the answer is then not sure in March."""
    person = session.scalars(select(Member).where(Member.id == member)).one()
    events = events_of(session, member)
    if not events and person.membership_event:
        # A member of a vault that is older than the list: the one event that it knew.
        events = [MembershipEvent(id="", event=person.membership_event, event_date=person.membership_event_date)]
    past = [e for e in events if e.event_date is None or e.event_date.first_day() <= day]
    if past:
        last = past[-1]
        return Status(_state_after(last.event), last.event_date, last.event_date is None or day > last.event_date.last_day() or last.event_date.day is not None)
    if events and events[0].event in ("入会", "转入"):
        return Status(NOT_YET)
    joined = person.joined_on
    if joined is not None and joined.first_day() > day:
        return Status(NOT_YET)
    return Status(MEMBER, joined, joined is None or joined.day is not None or day > joined.last_day())


def _state_after(event: str | None) -> str:
    if event in LEFT:
        return event or UNKNOWN
    return KEPT if event == "保留" else MEMBER


def record(office: Office, members: Sequence[str], cells: Mapping[str, Any], *, title: str = "") -> str:
    """Write one event down for each of these members, as one act; the act's id. Invalid where the event itself is unsound."""
    values, problems = read_values(MembershipEvent, {"member": members[0] if members else None, **cells})
    if errors := [p for p in problems if p.is_error]:
        raise Invalid(errors)
    if values.get("event") in LEFT and not values.get("event_date"):
        raise Invalid([Problem("required", "请写会籍是哪一天变的；只知道月份就写到月。", "event_date")])
    if not members:
        raise UserError("没有选人，什么也没有改。")
    with office.act(ActKind.EDIT, title or f"会籍变化：{values['event']} {len(members)} 人") as act:
        add(act, [{**values, "member": member} for member in members], today=office.clock().astimezone().date())
    return act.id


def add(act: Act, events: Iterable[Mapping[str, Any]], *, today: date) -> int:
    """Write events down inside an act, those left out that are known already; then the members' own fields. How many were new."""
    wanted = list(events)
    members = list(dict.fromkeys(e["member"] for e in wanted))
    write_down_known(act, members)
    known = {(e["member"], e["event"], e["event_date"]) for e in _events(act.connection, members)}
    fresh = [e for e in wanted if (e["member"], e["event"], e.get("event_date")) not in known]
    act.create_many(MembershipEvent, fresh)
    if fresh:
        refresh(act, members, today=today)
    return len(fresh)


def write_down_known(act: Act, members: Sequence[str]) -> None:
    """Members whose fields say something that is no event yet (of a vault older than the list): it becomes their first one."""
    told = {event["member"] for event in _events(act.connection, members)}
    silent = [member for member in members if member not in told]
    table = table_of(Member)
    found: list[dict[str, Any]] = []
    for start in range(0, len(silent), 500):
        rows = act.connection.execute(select(table.c.id, *(table.c[name] for name in FIELDS)).where(table.c.id.in_(silent[start : start + 500]), table.c.membership_event.is_not(None)))
        found += [{"member": row["id"], **{of_event: row[name] for name, of_event in FIELDS.items()}} for row in rows.mappings()]
    act.create_many(MembershipEvent, found)


def follow(act: Act, events: Iterable[str], *, today: date) -> None:
    """Events came, went or changed by other ways than `add`: the members' own fields follow."""
    table = table_of(MembershipEvent)
    wanted = list(events)
    members = set[str]()
    for start in range(0, len(wanted), 500):
        members |= set(act.connection.execute(select(table.c.member).where(table.c.id.in_(wanted[start : start + 500]))).scalars())
    refresh(act, sorted(members), today=today, emptied=True)


def _events(connection: Connection, members: Sequence[str]) -> list[dict[str, Any]]:
    table = table_of(MembershipEvent)
    found: list[dict[str, Any]] = []
    for start in range(0, len(members), 500):
        rows = connection.execute(select(table).where(table.c.removed_at.is_(None), table.c.member.in_(members[start : start + 500])))
        found += [dict(row) for row in rows.mappings()]
    return found


def refresh(act: Act, members: Sequence[str], *, today: date, emptied: bool = False) -> None:
    """Let the members' own fields say what is in force today. Members without any event keep what they say, unless their last one was taken away (`emptied`)."""
    last: dict[str, dict[str, Any]] = {}
    known = set[str]()
    for event in sorted(_events(act.connection, members), key=_order):
        known.add(event["member"])
        if event["event_date"] is None or event["event_date"].first_day() <= today:
            last[event["member"]] = event
    table = table_of(Member)
    for start in range(0, len(members), 500):
        rows = act.connection.execute(select(table.c.id, *(table.c[name] for name in FIELDS)).where(table.c.removed_at.is_(None), table.c.id.in_(members[start : start + 500])))
        for row in rows.mappings().all():
            if row["id"] not in known and not emptied:
                continue
            in_force = last.get(row["id"], {})
            wanted = {name: in_force.get(of_event) for name, of_event in FIELDS.items()}
            if any(row[name] != value for name, value in wanted.items()):
                act.change(Member, row["id"], wanted, checked=True)


def catch_up(office: Office) -> int:
    """Once a day: events that were written down for the future and are due now. How many members changed."""
    today = office.clock().astimezone().date()
    seen = office.setting(_CAUGHT_UP) or ""
    if seen >= str(today):
        return 0
    table = table_of(MembershipEvent)
    with office.vault.engine.connect() as connection:
        rows = connection.execute(select(table.c.member, table.c.event_date).where(table.c.removed_at.is_(None), type_coerce(table.c.event_date, String) > seen)).all()
    due = list(dict.fromkeys(member for member, when in rows if seen < str(when.first_day()) <= str(today)))
    if due:
        with office.act(ActKind.EDIT, "会籍变化到期生效") as act:
            refresh(act, due, today=today)
    office.remember(_CAUGHT_UP, str(today))
    return len(due)


_CAUGHT_UP = "membership_caught_up"
