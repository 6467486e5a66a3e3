"""A lecture's papers: application, notice, list, report with photos, certificates of attendance, badges, the slip with a door's code."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.printing import template
from app.services import paperwork
from app.services.checkin.after import PERSON, headcount, proof_of, proof_problem
from app.services.checkin.doorfile import DoorFile
from app.services.checkin.finding import badge_of
from app.services.lectures import life, photos
from app.services.office import Office
from app.services.setup import own_union
from db.problems import UserError
from db.record import values_of
from db.registers import Lecture, LectureSession, Member, Registration, SignIn

DASH = "——"


def _lecture(session: Session, lecture: str) -> Lecture:
    found = session.scalars(select(Lecture).where(Lecture.id == lecture)).first()
    if found is None:
        raise UserError("这场讲座已经不在了，请刷新后再试。")
    return found


def _values(lecture: Lecture) -> dict[str, Any]:
    """The record's values with its time in the office's time."""
    return values_of(lecture) | {"starts_at": lecture.starts_at.astimezone() if lecture.starts_at else None}


def _form(office: Office, lecture: Lecture, code: str) -> dict[str, Any]:
    starts = f"{lecture.starts_at.astimezone():%Y%m%d}-" if lecture.starts_at else ""
    return {"no": f"{code}-{starts}{lecture.id[-4:].upper()}", "printed_on": office.clock().astimezone().date(), "digest": paperwork.digest_of(lecture), "record": lecture.id[-8:]}


def _sessions(session: Session, lecture: Lecture) -> list[LectureSession]:
    return list(session.scalars(select(LectureSession).where(LectureSession.lecture == lecture.id, LectureSession.removed_at.is_(None)).order_by(LectureSession.starts_at)))


def _when_and_where(session: Session, lecture: Lecture) -> str:
    """All sessions in one sentence, or the lecture's own time and place."""
    held: list[Any] = [*_sessions(session, lecture)] or [lecture]
    return "；".join("，".join(part for part in (getattr(x, "name", None), template.shown(x.starts_at.astimezone()) if x.starts_at else "", getattr(x, "hall", None) or getattr(x, "place", None)) if part) for x in held)


def _sum(*amounts: Decimal | None) -> Decimal | None:
    given = [amount for amount in amounts if amount is not None]
    return sum(given, Decimal()) if given else None


def application(office: Office, lecture_id: str) -> template.Context:
    """申办表."""
    with office.reading() as session:
        lecture = _lecture(session, lecture_id)
        sessions = _when_and_where(session, lecture) if _sessions(session, lecture) else "只此一场"
        women, migrants = _asked(session.connection(), lecture_id)
        values = _values(lecture)
        values |= {name: count for name, count in (("expected_women", women), ("expected_migrants", migrants)) if values[name] is None and count}
        form = _form(office, lecture, "JT") | {"members": lecture.planned_count, "budget": _sum(lecture.speaker_fee, lecture.venue_fee, lecture.material_fee), "sessions": sessions}
        return {"union": values_of(own_union(office)), "lecture": values, "form": form}


def _asked(connection: Connection, lecture: str) -> tuple[int, int]:
    """Women and migrant workers on the list."""
    row = connection.exec_driver_sql(
        "SELECT count(CASE WHEN m.gender = '女' THEN 1 END), count(CASE WHEN m.is_migrant_worker THEN 1 END) FROM registration r JOIN member m ON m.id = r.member WHERE r.lecture = ? AND r.removed_at IS NULL", (lecture,)
    ).one()
    return int(row[0]), int(row[1])


def notice(office: Office, lecture_id: str) -> template.Context:
    """通知, with the seat estimate."""
    with office.reading() as session:
        lecture = _lecture(session, lecture_id)
        seats = life.seats(session.connection(), lecture_id)
        walk_ins = "" if lecture.walk_ins_allowed is False else "欢迎其他会员到场登记。"
        who = f"名单上的 {seats.listed} 人（另发）。{walk_ins}" if seats.listed else "全体会员。"
        form = _form(office, lecture, "TZ") | {
            "to": "各部门、工会小组", "who": who, "seats": f"容量 {seats.capacity} 人，请提前 15 分钟入场。" if seats.capacity else "请提前 15 分钟入场。",
            "how": "带会员卡、工牌或签到证，也可报手机号后四位。", "sessions": _when_and_where(session, lecture), "badge": "",
        }
        return {"union": values_of(own_union(office)), "lecture": _values(lecture), "form": form}


def report(office: Office, lecture_id: str) -> template.Context:
    """情况反馈表 with up to four photos. Its figures are what was signed in, nothing else."""
    with office.reading() as session:
        lecture, connection = _lecture(session, lecture_id), session.connection()
        attendances, people = headcount(connection, lecture_id)
        answers = [lecture.very_satisfied, lecture.satisfied, lecture.fairly_satisfied, lecture.not_satisfied]
        answered = sum(n or 0 for n in answers)
        form = _form(office, lecture, "FK") | {
            "attendances": attendances, "people": people, **_kinds(connection, lecture_id), "answered": answered,
            "satisfaction": f"满意率 {round(100 * ((answers[0] or 0) + (answers[1] or 0)) / answered)} %" if answered else "",
            "budget": _sum(lecture.speaker_fee, lecture.venue_fee, lecture.material_fee), "paid": _sum(lecture.speaker_paid, lecture.venue_paid, lecture.material_paid),
            "proof": problem.message if (problem := proof_problem(connection, lecture_id)) else f"实名签到 {people} 人，达到 {proof_of(connection, lecture_id)} 人。",
            "sessions": _when_and_where(session, lecture) if _sessions(session, lecture) else "只此一场",
        }
        pictures = [{"jpeg": photo.body, "caption": photo.caption} for photo in photos.of_lecture(connection, lecture_id)[: life.PHOTOS[1]]]
        return {"union": values_of(own_union(office)), "lecture": _values(lecture), "form": form, "photos": pictures}


def _kinds(connection: Connection, lecture: str) -> dict[str, int]:
    row = connection.exec_driver_sql(
        "SELECT count(DISTINCT CASE WHEN m.gender = '女' THEN m.id END), count(DISTINCT CASE WHEN m.is_migrant_worker THEN m.id END), count(DISTINCT CASE WHEN s.member IS NULL THEN " + PERSON + " END) "
        "FROM sign_in s LEFT JOIN member m ON m.id = s.member WHERE s.lecture = ? AND s.removed_at IS NULL", (lecture,)
    ).one()
    return {"women": int(row[0]), "migrants": int(row[1]), "guests": int(row[2])}


def certificates(office: Office, lecture_id: str, only: Sequence[str] = ()) -> template.Context:
    """参加证明 for everybody who signed in, or for these sign-ins; one for a person, by her first time."""
    with office.reading() as session:
        lecture = _lecture(session, lecture_id)
        signed = session.scalars(select(SignIn).where(SignIn.lecture == lecture_id, SignIn.removed_at.is_(None)).order_by(SignIn.signed_at, SignIn.rowno)).all()
        cards: list[dict[str, Any]] = []
        seen = set[str]()
        for s in signed:
            who = s.member or f"{s.full_name}|{s.mobile or s.id}"
            if who in seen:
                continue
            seen.add(who)
            if only and s.id not in only:
                continue
            cards.append({"no": f"ZM-{_day(s.signed_at):%Y%m%d}-{lecture.id[-4:].upper()}-{len(seen):04}", "full_name": s.full_name, "unit": s.unit or "", "said": _said(lecture, s)})
    if not cards:
        raise UserError("还没有人签到，没有证明可打。")
    return {"union": values_of(own_union(office)), "lecture": _values(lecture), "form": {"printed_on": office.clock().astimezone().date()}, "cards": cards}


def _day(moment: datetime | None) -> datetime:
    return moment.astimezone() if moment else datetime.now().astimezone()


def _said(lecture: Lecture, s: SignIn) -> str:
    at = _day(s.signed_at)
    unit = f"（{s.unit}）" if s.unit else ""
    how = "补签" if s.way == "补签" else f"{at:%H:%M} 实名签到"
    return f"兹证明{s.full_name}{unit}于{at.year}年{at.month}月{at.day}日参加了“{lecture.topic}”公益大讲堂，{how}。特此证明。"


def badges(office: Office, members: Sequence[str]) -> template.Context:
    """签到证 for these members, in the order given; the code holds the union and the record, no number."""
    with office.reading() as session:
        found = {m.id: m for m in session.scalars(select(Member).where(Member.id.in_(members), Member.removed_at.is_(None)))} if len(members) <= 500 else {
            m.id: m for m in session.scalars(select(Member).where(Member.removed_at.is_(None)))
        }
    cards = [
        {"full_name": m.full_name, "unit": m.department or "", "employee_no": f"工号 {m.employee_no}" if m.employee_no else "", "qr": badge_of(office.vault.keys.vault_id, m.id)}
        for m in (found.get(member) for member in members) if m is not None
    ]
    if not cards:
        raise UserError("没有选中会员，没有签到证可打。")
    return {"union": values_of(own_union(office)), "cards": cards}


def listed(office: Office, lecture_id: str) -> list[str]:
    """The members on a lecture's list, by department and name."""
    with office.vault.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT member FROM registration WHERE lecture = ? AND removed_at IS NULL AND member IS NOT NULL ORDER BY unit, full_name", (lecture_id,))
        return [str(member) for (member,) in rows]


def list_rows(office: Office, lecture_id: str) -> tuple[list[str], list[float], list[list[str]]]:
    """The registration list for printing: heads, widths, rows with their number and a blank to sign in. Columns that nobody fills are left out."""
    with office.reading() as session:
        names = {x.id: x.title for x in _sessions(session, _lecture(session, lecture_id))}
        lines = session.scalars(select(Registration).where(Registration.lecture == lecture_id).order_by(Registration.rowno)).all()
        rows = [[str(n), line.full_name or "", line.unit or "", names.get(line.session or "", ""), line.note or "", ""] for n, line in enumerate(lines, 1) if line.removed_at is None]
    columns = [("名单号", 50.0), ("姓名", 110.0), ("单位或部门", 200.0), ("场次", 140.0), ("说明", 160.0), ("签名", 120.0)]
    kept = [n for n, (head, _) in enumerate(columns) if head not in ("场次", "说明") or any(cells[n] for cells in rows)]
    return [columns[n][0] for n in kept], [columns[n][1] for n in kept], [[cells[n] for n in kept] for cells in rows]


def door_slip(office: Office, lecture_id: str, made: DoorFile, name: str, session_id: str | None) -> template.Context:
    """The slip with a door's code."""
    with office.reading() as session:
        lecture = _lecture(session, lecture_id)
        mine = next((x for x in _sessions(session, lecture) if x.id == session_id), None)
    door: Mapping[str, Any] = {
        "name": name, "code": made.code, "file_name": made.file_name, "made_on": office.clock().astimezone().date(), "session": mine.title if mine else "", "people": made.people,
    }
    return {"union": values_of(own_union(office)), "lecture": _values(lecture), "door": door}
