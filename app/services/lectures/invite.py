"""The registration list from the roster: by department, women, migrant workers, who has been to none this year."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from app.services.office import Office
from app.services.records import ActKind
from db.period import Year
from db.problems import UserError
from db.registers import Registration
from db.registers.members import RETIRED
from db.registers.membership import LEFT


@dataclass(frozen=True)
class Choice:
    """Whom to ask. Nothing chosen is everybody on today's lists. `most`: so many at most, those first who have been to the fewest."""

    departments: frozenset[str] = frozenset()
    women: bool = False
    migrants: bool = False
    not_yet: bool = False
    retired: bool = False
    most: int | None = None


@dataclass(frozen=True)
class Candidate:
    id: str
    full_name: str
    department: str
    been: int
    """To how many lectures of this year."""


def candidates(connection: Connection, lecture: str, choice: Choice, now: datetime) -> list[Candidate]:
    """Members of today who fit and are not on the list yet; by department and name, or with `most` those first who have been to the fewest."""
    year = Year.calendar(now.astimezone().year)
    where, values = ["m.removed_at IS NULL", f"coalesce(m.membership_event, '') NOT IN ({_marks(sorted(LEFT))})"], [*sorted(LEFT)]
    if not choice.retired:
        where.append(f"coalesce(m.employment_status, '') NOT IN ({_marks(sorted(RETIRED))})")
        values += sorted(RETIRED)
    if choice.departments:
        where.append(f"coalesce(m.department, '') IN ({_marks(sorted(choice.departments))})")
        values += sorted(choice.departments)
    where += ["m.gender = '女'"] * choice.women + ["m.is_migrant_worker"] * choice.migrants + ["b.been IS NULL"] * choice.not_yet
    rows = connection.exec_driver_sql(
        "SELECT m.id, m.full_name, coalesce(m.department, ''), coalesce(b.been, 0) AS been FROM member m "
        "LEFT JOIN (SELECT s.member, count(DISTINCT s.lecture) AS been FROM sign_in s JOIN lecture l ON l.id = s.lecture AND l.removed_at IS NULL "
        "WHERE s.removed_at IS NULL AND l.starts_at >= ? AND l.starts_at < ? GROUP BY s.member) b ON b.member = m.id "
        f"WHERE {' AND '.join(where)} AND m.id NOT IN (SELECT member FROM registration WHERE lecture = ? AND removed_at IS NULL AND member IS NOT NULL)",
        (*year.written, *values, lecture),
    )
    found = [Candidate(*row) for row in rows]
    if choice.most is not None:
        found = sorted(found, key=lambda c: (c.been, c.department, c.full_name))[: choice.most]
    return sorted(found, key=lambda c: (c.department, c.full_name))


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


def departments(connection: Connection) -> list[tuple[str, int]]:
    """Departments of the roster with how many people."""
    rows = connection.exec_driver_sql("SELECT coalesce(department, ''), count(*) FROM member WHERE removed_at IS NULL GROUP BY 1 ORDER BY 1").all()
    return [(str(name), int(count)) for name, count in rows]


def invite(office: Office, lecture: str, chosen: Sequence[Candidate], *, session: str | None = None) -> int:
    """Put them on the list, one act; how many. UserError when nobody is chosen."""
    if not chosen:
        raise UserError("没有符合条件、又不在名单上的人。")
    with office.act(ActKind.EDIT, f"列入参加名单：{len(chosen)} 人") as act:
        there = set(act.connection.exec_driver_sql("SELECT member FROM registration WHERE lecture = ? AND removed_at IS NULL", (lecture,)).scalars())
        rows = [{"lecture": lecture, "session": session, "member": c.id, "full_name": c.full_name, "unit": c.department or None} for c in chosen if c.id not in there]
        act.create_many(Registration, rows)
    return len(rows)


def strike(office: Office, lecture: str) -> int:
    """Take everybody off the list again who has not signed in; how many."""
    with office.act(ActKind.EDIT, "清空参加名单") as act:
        rows = act.connection.exec_driver_sql(
            "SELECT rowno, id FROM registration r WHERE lecture = ? AND removed_at IS NULL AND NOT EXISTS (SELECT 1 FROM sign_in s WHERE s.lecture = r.lecture AND s.removed_at IS NULL "
            "AND (s.member = r.member OR (s.member IS NULL AND r.member IS NULL AND s.full_name = r.full_name AND s.unit IS r.unit)))", (lecture,)
        ).all()
        act.remove_many(Registration, [(int(rowno), str(record_id)) for rowno, record_id in rows])
    return len(rows)
