"""A lecture's life: plan, notice, list, door, close, report; at each step what is there and what is still wanted (domain 5.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from app.services.checkin.after import headcount
from app.services.office import Office
from app.services.records import ActKind, table_of
from db.door_tables import LecturePhoto
from db.problems import UserError
from db.record import field_of
from db.registers import Lecture, LectureSession, Registration

STATES = ("计划", "通知", "签到中", "结束", "已反馈")
_WANTED: Mapping[str, tuple[str, ...]] = {
    "计划": ("topic", "theme", "form", "starts_at", "place", "speaker", "speaker_unit", "organizer_unit", "planned_count", "contact", "contact_phone", "safety_plan"),
    "通知": ("topic", "starts_at", "place", "speaker", "contact", "contact_phone"),
    "签到中": ("starts_at",),
    "结束": (),
    "已反馈": ("summary", "very_satisfied", "speaker_paid"),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {"已反馈": ("summary",)}
"""Without these a step is not taken; what is wanted besides is only said."""
PHOTOS = (2, 4)
"""So many go on the report (domain 4c)."""
LONGEST_SUMMARY = 500


@dataclass(frozen=True)
class Step:
    """One step. `missing` is what its paper would have blank; `can_go` whether the lecture may be moved here now."""

    state: str
    title: str
    reached: bool
    is_now: bool
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Seats:
    """What to expect. `rate`: of those on earlier lists so many came, in percent; None while there was none."""

    capacity: int | None
    listed: int
    planned: int | None
    rate: int | None

    @property
    def expected(self) -> int | None:
        count = self.listed or self.planned
        return count if count is None or self.rate is None or not self.listed else round(count * self.rate / 100)

    @property
    def sentence(self) -> str:
        parts = [f"名单 {self.listed} 人" if self.listed else f"计划 {self.planned} 人" if self.planned else "还没有名单，也没有写计划人数"]
        if self.rate is not None and self.listed:
            parts.append(f"按以往到场率 {self.rate} % 约来 {self.expected} 人")
        if self.capacity:
            count = self.expected or 0
            parts.append(f"容量 {self.capacity} 人，" + (f"可能不够，差 {count - self.capacity} 个座位" if count > self.capacity else f"还余 {self.capacity - count} 个座位"))
        return "，".join(parts) + "。"


_TITLES = {"计划": "计划申办", "通知": "发通知", "签到中": "签到", "结束": "结束", "已反馈": "反馈"}


def steps(connection: Connection, lecture: str) -> tuple[Step, ...]:
    """The five steps of a lecture as they stand. UserError when it is gone."""
    row = _row(connection, lecture)
    now = STATES.index(row["state"]) if row["state"] in STATES else 0
    return tuple(Step(state, _TITLES[state], n <= now, n == now, _missing(connection, row, state)) for n, state in enumerate(STATES))


def _row(connection: Connection, lecture: str) -> dict[str, Any]:
    found = connection.execute(select(table_of(Lecture)).where(table_of(Lecture).c.id == lecture, table_of(Lecture).c.removed_at.is_(None))).mappings().first()
    if found is None:
        raise UserError("这场讲座已经不在了，请刷新后再试。")
    return dict(found)


def _missing(connection: Connection, row: Mapping[str, Any], state: str) -> tuple[str, ...]:
    found = [field_of(Lecture, name).label for name in _WANTED[state] if row[name] is None and not (name == "place" and _halls(connection, row["id"]))]
    if state == "已反馈":
        count = connection.execute(select(func.count()).select_from(LecturePhoto).where(LecturePhoto.lecture == row["id"])).scalar_one()
        found += [f"照片（现有 {count} 张，要 {PHOTOS[0]} 到 {PHOTOS[1]} 张）"] if count < PHOTOS[0] else []
        found += [f"小结超过 {LONGEST_SUMMARY} 字"] if len(row["summary"] or "") > LONGEST_SUMMARY else []
        found += ["签到"] if headcount(connection, row["id"])[0] == 0 else []
    return tuple(found)


def _halls(connection: Connection, lecture: str) -> bool:
    sessions = table_of(LectureSession)
    return bool(connection.execute(select(sessions.c.id).where(sessions.c.lecture == lecture, sessions.c.removed_at.is_(None), sessions.c.hall.is_not(None))).first())


def move(office: Office, lecture: str, state: str) -> None:
    """Take the lecture to a step, forwards or back. UserError naming what is needed first."""
    with office.vault.engine.connect() as connection:
        row = _row(connection, lecture)
        needed = [field_of(Lecture, name).label for name in _NEEDED.get(state, ()) if row[name] is None]
        if state == "已反馈" and headcount(connection, lecture)[0] == 0:
            needed.append("签到")
    if needed:
        raise UserError(f"还没有{'、'.join(needed)}，不能转到“{state}”。")
    with office.act(ActKind.EDIT, f"讲座转到“{state}”：{row['topic']}") as act:
        act.change(Lecture, lecture, {"state": state})


def seats(connection: Connection, lecture: str) -> Seats:
    """The seat estimate of a notice: capacity (of all its sessions), list, plan, and how many of earlier lists came."""
    row = _row(connection, lecture)
    sessions, lines = table_of(LectureSession), table_of(Registration)
    halls = connection.execute(select(sessions.c.capacity).where(sessions.c.lecture == lecture, sessions.c.removed_at.is_(None))).scalars().all()
    listed = connection.execute(select(func.count()).select_from(lines).where(lines.c.lecture == lecture, lines.c.removed_at.is_(None))).scalar_one()
    capacity = sum(hall or 0 for hall in halls) or row["capacity"]
    return Seats(capacity, int(listed), row["planned_count"], _rate(connection, lecture))


def _rate(connection: Connection, lecture: str) -> int | None:
    came, asked = connection.exec_driver_sql(
        "SELECT count(s.id), count(*) FROM registration r JOIN lecture l ON l.id = r.lecture AND l.state IN ('结束', '已反馈') AND l.removed_at IS NULL "
        "LEFT JOIN (SELECT lecture, member, min(id) AS id FROM sign_in WHERE removed_at IS NULL AND member IS NOT NULL GROUP BY lecture, member) s ON s.lecture = r.lecture AND s.member = r.member "
        "WHERE r.removed_at IS NULL AND r.member IS NOT NULL AND r.lecture != ?",
        (lecture,),
    ).one()
    return round(100 * came / asked) if asked else None
