"""Training classes: sittings at the door, attendance, results, completion certificates, cost per head."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, func, select

from app.services.checkin import settle as scans
from app.services.office import Office
from app.services.policies import day_of, rule
from app.services.records import Act, ActKind, table_of
from db.dates import PartialDate
from db.problems import UserError
from db.registers import Enrolment, Lecture, Member, Registration, SignIn, Training
from db.registers.membership import LEFT
from db.vault import set_setting, setting


@dataclass(frozen=True)
class Enrolled:
    made: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    """(name, why)."""


def enrol(office: Office, training: str, members: Sequence[str]) -> Enrolled:
    """Enrol members as one act; who left, or is enrolled already, is named."""
    with office.act(ActKind.ENTRY, "培训报名") as act:
        course = act.current(Training, training)
        if course["removed_at"] is not None:
            raise UserError("这个培训班已经删除了，不能报名。")
        enrolments, people = table_of(Enrolment), table_of(Member)
        there = set(act.connection.execute(select(enrolments.c.member).where(enrolments.c.training == training, enrolments.c.removed_at.is_(None))).scalars())
        rows, refused = [], []
        found = {r["id"]: r for r in act.connection.execute(select(people).where(people.c.id.in_(members))).mappings()}
        for r in (found[member] for member in dict.fromkeys(members) if member in found):  # in the order in which they were chosen
            if r["removed_at"] is not None or r["membership_event"] in LEFT:
                refused.append((r["full_name"], f"{r['full_name']}已{r['membership_event'] or '删除'}，不能报名。"))
            elif r["id"] in there:
                refused.append((r["full_name"], f"{r['full_name']}已经报过这个班。"))
            else:
                rows.append({"training": training, "member": r["id"], "full_name": r["full_name"], "unit": r["department"], "enrolled_on": PartialDate.of(office.clock().astimezone().date())})
        made = act.create_many(Enrolment, rows)
        act.title = f"培训报名：{course['name']}，{len(made)} 人"
    return Enrolled(tuple(made), tuple(refused))


def open_sitting(office: Office, training: str, starts_at: datetime, place: str = "") -> str:
    """One sitting of the class, as a lecture whose list is the class: the door signs in there as at any lecture. Its id."""
    with office.act(ActKind.EDIT, "安排上课") as act:
        course = act.current(Training, training)
        act.title = f"安排上课：{course['name']}"
        topic = f"{course['name']} {starts_at.astimezone():%m-%d %H:%M}"
        lecture = act.create(
            Lecture, {"training": training, "topic": topic, "starts_at": starts_at, "place": place or course["place"], "speaker": course["teacher"], "state": "通知", "walk_ins_allowed": False}
        )
        enrolments = table_of(Enrolment)
        rows = act.connection.execute(select(enrolments.c.member, enrolments.c.full_name, enrolments.c.unit).where(enrolments.c.training == training, enrolments.c.removed_at.is_(None)).order_by(enrolments.c.rowno)).mappings()
        act.create_many(Registration, [{"lecture": lecture, **r} for r in rows])
    return lecture


def attended(connection: Connection, training: str) -> tuple[int, dict[str, int]]:
    """How many sittings were held, and to how many each came: by member, or by name for who is none."""
    lectures, sign_ins = table_of(Lecture), table_of(SignIn)
    held = list(connection.execute(select(lectures.c.id).where(lectures.c.training == training, lectures.c.removed_at.is_(None), lectures.c.state.not_in(("计划", "通知")))).scalars())
    who = func.coalesce(sign_ins.c.member, sign_ins.c.full_name)
    rows = connection.execute(select(who, func.count(func.distinct(sign_ins.c.lecture))).where(sign_ins.c.lecture.in_(held), sign_ins.c.removed_at.is_(None)).group_by(who)).all() if held else []
    return len(held), {str(name): int(count) for name, count in rows}


@dataclass(frozen=True)
class Completed:
    passed: int
    failed: int
    waiting: int
    """Those whose assessment is missing."""


def settle(office: Office, training: str) -> Completed:
    """Hours attended from the door's sign-ins, results from hours and marks, a certificate number for each who passed; one act."""
    scans.settle(office)
    today = office.clock().astimezone().date()
    passed = failed = waiting = 0
    with office.act(ActKind.EDIT, "培训结业") as act:
        course = act.current(Training, training)
        act.title = f"培训结业：{course['name']}"
        sittings, came = attended(act.connection, training)
        pass_mark = course["passing_score"] if course["passing_score"] is not None else Decimal(rule(act.connection, "pass_score", day_of(course["ends_on"], course["starts_on"], otherwise=today)).value)
        enrolments = table_of(Enrolment)
        for r in [dict(x) for x in act.connection.execute(select(enrolments).where(enrolments.c.training == training, enrolments.c.removed_at.is_(None)).order_by(enrolments.c.rowno)).mappings()]:
            hours = r["hours_attended"]
            times = came.get(r["member"] or r["full_name"], 0)
            if sittings and course["class_hours"] and (times or hours is None):  # hours written by hand stand where the door saw nobody
                hours = round(course["class_hours"] * times / sittings)
            enough = not course["passing_hours"] or (hours is not None and hours >= course["passing_hours"])
            result = "缺考" if r["result"] == "缺考" else None if enough and r["score"] is None else "合格" if enough and r["score"] >= pass_mark else "不合格"
            number = r["completion_no"] or (_next_number(act, today.year) if result == "合格" else None)
            act.change(Enrolment, r["id"], {"hours_attended": hours, "result": result, "completion_no": number if result == "合格" else None})
            passed, failed, waiting = passed + (result == "合格"), failed + (result in ("不合格", "缺考")), waiting + (result is None)
    return Completed(passed, failed, waiting)


def _next_number(act: Act, year: int) -> str:
    name = f"next_completion_number:{year}"
    number = int(setting(act.connection, name) or "1")
    set_setting(act.connection, name, str(number + 1))
    return f"PX-{year}-{number:05}"


def cost_per_head(connection: Connection, training: str) -> Decimal | None:
    """What the class cost for each who finished it; None before both are known."""
    trainings, enrolments = table_of(Training), table_of(Enrolment)
    cost = connection.execute(select(trainings.c.cost).where(trainings.c.id == training)).scalar()
    people = connection.execute(select(func.count()).select_from(enrolments).where(enrolments.c.training == training, enrolments.c.removed_at.is_(None), enrolments.c.result == "合格")).scalar_one()
    if cost is None or not people:
        return None
    return (Decimal(cost) / people).quantize(Decimal("0.01"))
