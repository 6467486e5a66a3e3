"""Numbers for Today: what is due, targets against plan, the state of the roster."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import Connection, String, Table, func, select, type_coerce

from app.services import figures
from app.services.claims.judging import Claimable, survey
from app.services.exchange.items import from_above, row_on, rows_of
from app.services.exchange.outbox import heard, unsent
from app.services.office import moment_of
from app.services.records import table_of
from app.services.reminders import Reminder, due
from db.office_tables import SentPackage
from db.period import Year
from db.registers import Lecture, Member, SignIn
from db.registers.claims import CAREER, PATENT_AID, PROJECT_AID, SKILL, STUDIO_AID, TRAINING_UNIT
from db.registers.members import RETIRED
from db.registers.membership import LEFT

REMINDED = (SKILL, CAREER, PATENT_AID, TRAINING_UNIT, STUDIO_AID, PROJECT_AID)
"""The claims that Today speaks of; the boost for migrant workers' studies is a person's own wish."""
LONGEST_WAIT = 60
"""Days after which an unanswered package is spoken of."""
_SENT = cast(Table, SentPackage.__table__)


@dataclass(frozen=True)
class Target:
    """One line of the year's plan: reached of wanted; `district` is what the whole district should reach, 0 where that is not said."""

    count: str
    title: str
    reached: int
    wanted: int
    unit: str
    source: str
    district: int = 0


@dataclass(frozen=True)
class RosterState:
    members: int
    women: int
    migrants: int
    without_number: int
    without_mobile: int


@dataclass(frozen=True)
class DueLecture:
    id: str
    topic: str
    starts_at: datetime
    planned: int | None
    present: int


@dataclass(frozen=True)
class PlannedAbove:
    """A lecture in the district's plan."""

    topic: str
    starts_at: datetime
    place: str
    seats: str


@dataclass(frozen=True)
class Today:
    lectures: tuple[DueLecture, ...]
    claimable: tuple[Claimable, ...]
    unsent: int
    unsent_sentence: str
    silence: int | None
    plan: tuple[PlannedAbove, ...]
    targets: tuple[Target, ...]
    roster: RosterState
    reminders: tuple[Reminder, ...]


def today(connection: Connection, now: datetime, *, hidden: frozenset[str] = frozenset()) -> Today:
    """`now` in the office's time."""
    day = now.astimezone().date()
    waiting = unsent(connection)
    return Today(
        _lectures(connection, day), survey(connection, day, REMINDED).may, waiting.total, waiting.sentence, silence(connection, now), _plan(connection, now), targets(connection, day.year, hidden=hidden), roster_state(connection),
        tuple(due(connection, day)),
    )


def silence(connection: Connection, now: datetime) -> int | None:
    """Days since the district last answered, when something was sent since and the wait is longer than it should be. None when all is well."""
    first = connection.execute(select(func.min(_SENT.c.made_at)).where(_SENT.c.series > heard(connection).last)).scalar()
    days = (now - moment_of(first)).days if first else 0
    return days if days > LONGEST_WAIT else None


def _plan(connection: Connection, now: datetime) -> tuple[PlannedAbove, ...]:
    """What the district has planned from today on."""
    found = []
    for row in from_above(connection, "lecture-plan").values():
        try:
            starts = datetime.fromisoformat(str(row["starts_at"])).astimezone()
        except ValueError:
            continue  # written for a newer program
        if starts.date() >= now.date():
            found.append(PlannedAbove(str(row["topic"]), starts, str(row["place"]), str(row.get("seats") or "")))
    return tuple(sorted(found, key=lambda one: one.starts_at))


def _between(day_from: date, day_to: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day_from, datetime.min.time()).astimezone()
    return start, datetime.combine(day_to, datetime.min.time()).astimezone()


def _lectures(connection: Connection, day: date) -> tuple[DueLecture, ...]:
    lectures, sign_ins = table_of(Lecture), table_of(SignIn)
    start, end = _between(day, day + timedelta(days=8))
    rows = connection.execute(
        select(lectures.c.id, lectures.c.topic, lectures.c.starts_at, lectures.c.planned_count, lectures.c.state)
        .where(lectures.c.removed_at.is_(None), lectures.c.starts_at >= start, lectures.c.starts_at < end).order_by(lectures.c.starts_at)
    ).all()
    present: dict[str, int] = dict(
        connection.execute(select(sign_ins.c.lecture, func.count()).where(sign_ins.c.removed_at.is_(None), sign_ins.c.lecture.in_([r.id for r in rows])).group_by(sign_ins.c.lecture)).all()
    )
    return tuple(DueLecture(r.id, r.topic, r.starts_at, r.planned_count, present.get(r.id, 0)) for r in rows if r.state not in ("结束", "已反馈"))


def targets(connection: Connection, year: int, *, hidden: frozenset[str] = frozenset()) -> tuple[Target, ...]:
    """The year's targets (`resources/policies/targets.toml`) and how far they are reached. A row that counts what this program does not know is left out."""
    span, found = Year.calendar(year), []
    for count in dict.fromkeys(row["count"] for row in rows_of(connection, "target")):
        figure, row = figures.NAMED.get(count), row_on(connection, "target", count, date(year, 12, 31))
        if figure is None or row is None or figure.register.__tablename__ in hidden:
            continue
        found.append(Target(row["count"], row["title"], int(figures.value(connection, figure, span)), _wanted(connection, row["wanted"], span), row["unit"], row["source"], int(row.get("district") or 0)))
    return tuple(found)


def _wanted(connection: Connection, wanted: int | str, span: Year) -> int:
    """A number; what the year's lectures were planned for; or a share of the members, rounded up."""
    if wanted == "planned":
        table, (first, last) = table_of(Lecture), span.written
        starts = type_coerce(table.c.starts_at, String)
        planned = select(func.coalesce(func.sum(table.c.planned_count), 0)).where(table.c.removed_at.is_(None), table.c.training.is_(None), starts >= first, starts < last)
        return int(connection.execute(planned).scalar_one())
    if isinstance(wanted, str) and wanted.endswith("%") and wanted[:-1].isdecimal():
        return -(-int(wanted[:-1]) * roster_state(connection).members // 100)
    return int(wanted) if str(wanted).isdecimal() else 0


def lacking(connection: Connection, name: str) -> list[str]:
    """The ids of the members on the roster of whom a field is not known."""
    table = table_of(Member)
    live = (table.c.removed_at.is_(None), func.coalesce(table.c.membership_event, "").not_in(sorted(LEFT)), func.coalesce(table.c.employment_status, "").not_in(sorted(RETIRED)))
    return list(connection.execute(select(table.c.id).where(*live, table.c[name].is_(None))).scalars())


def roster_state(connection: Connection) -> RosterState:
    table = table_of(Member)
    live = (table.c.removed_at.is_(None), func.coalesce(table.c.membership_event, "").not_in(sorted(LEFT)), func.coalesce(table.c.employment_status, "").not_in(sorted(RETIRED)))
    row = connection.execute(
        select(
            func.count(), func.count().filter(table.c.gender == "女"), func.count().filter(table.c.is_migrant_worker.is_(True)),
            func.count().filter(table.c.id_number.is_(None)), func.count().filter(table.c.mobile.is_(None)),
        ).where(*live)
    ).one()
    return RosterState(*row)
