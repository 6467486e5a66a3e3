"""After the lecture: who was forgotten at the door, the paper sheet typed in, whether two hundred came."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from app.services import policies
from app.services.checkin import finding
from app.services.checkin.answers import Answer, Outcome, Person
from app.services.office import Office
from app.services.records import Act, ActKind, Invalid, read_values, table_of
from db.fields import MOMENT
from db.problems import Problem, UserError
from db.registers import Lecture, LectureSession, SignIn

PERSON = "coalesce(s.member, s.full_name || '|' || coalesce(s.mobile, s.id))"
"""Who a sign-in `s` is of, for counting people: a member, or a walk-in by name and phone."""
LATE, PAPER, IMPORTED = "补签", "纸质签到", "表格导入"


def begins(connection: Connection, lecture: str, session: str | None) -> datetime | None:
    """When the lecture, or the session of it, began."""
    register, record_id = (LectureSession, session) if session else (Lecture, lecture)
    found: datetime | None = connection.execute(select(table_of(register).c.starts_at).where(table_of(register).c.id == record_id)).scalar()
    return found


def sign_in(act: Act, lecture: str, session: str | None, person: Person, *, at: datetime, way: str, note: str | None = None, mobile: str | None = None) -> str:
    """One line in the register, written by hand. IntegrityError when she is in already."""
    member = None if person.is_guest or not person.id else person.id
    return act.create_many(
        SignIn, [{"lecture": lecture, "session": session, "member": member, "full_name": person.full_name, "unit": person.department or None, "mobile": mobile, "signed_at": at, "way": way, "note": note}]
    )[0]


def late_sign_in(office: Office, lecture: str, person: Person, *, at: datetime, reason: str, session: str | None = None) -> str:
    """补签: after the lecture, with a reason that is kept."""
    office.clerks_only()
    if not reason.strip():
        raise UserError("补签要写原因。")
    try:
        with office.act(ActKind.SIGN_IN, f"补签：{person.full_name}") as act:
            return sign_in(act, lecture, session, person, at=at, way=LATE, note=reason.strip())
    except IntegrityError:
        raise UserError(f"{person.full_name} 这场已经签过到了，不用补签。") from None


class PaperSheet:
    """A paper sheet typed in: what identifies a person, Enter, the next. Numbers of a printed list count as well.

    `reason` makes late sign-ins of them; without one they are what the paper says.
    """

    def __init__(self, office: Office, lecture: str, *, session: str | None = None, at: datetime | None = None, reason: str = "") -> None:
        office.clerks_only()
        self.office, self.lecture, self.session, self.reason = office, lecture, session, reason.strip()
        with office.vault.engine.connect() as connection:
            self.at = at or begins(connection, lecture, session) or office.clock()
            self._listed = listed(connection, lecture)
        self.done: list[tuple[str, Person]] = []
        """(sign-in, person), oldest first."""

    def enter(self, typed: str, *, by_number: bool = False) -> Outcome:
        """What was typed, signed in where it is one person. `by_number`: it is a number of the printed list, from 1."""
        text = finding.clean(typed)
        if not finding.is_readable(typed):
            return Outcome(Answer.UNREADABLE)
        with self.office.vault.engine.connect() as connection:
            if by_number:
                place = int(text) if text.isdecimal() and len(text) < 7 else 0
                if place not in self._listed:
                    return Outcome(Answer.UNKNOWN, detail=f"名单上没有第 {text[:8]} 号，一共 {len(self._listed)} 人。")
                person = finding.by_id(connection, self._listed[place])
                return self.enter_as(person) if person else Outcome(Answer.UNKNOWN)
            found = finding.find(connection, text, lecture=self.lecture)
        if len(found) > 1:
            return Outcome(Answer.SEVERAL, candidates=tuple(found[: finding.MANY]), more=len(found) > finding.MANY)
        return self.enter_as(found[0]) if found else Outcome(Answer.UNKNOWN)

    def enter_as(self, person: Person) -> Outcome:
        """Sign in this person; ALREADY with the first time where she is in."""
        with self.office.vault.engine.connect() as connection:
            if earlier := already(connection, self.lecture, self.session, person):
                return Outcome(Answer.ALREADY, person, at=earlier[0], door=earlier[1])
        way, note = (LATE, self.reason) if self.reason else (PAPER, None)
        try:
            with self.office.act(ActKind.SIGN_IN, f"{way}：{person.full_name}") as act:
                made = sign_in(act, self.lecture, self.session, person, at=self.at, way=way, note=note)
        except IntegrityError:
            return Outcome(Answer.ALREADY, person)
        self.done.append((made, person))
        return Outcome(Answer.ADMITTED, person, at=self.at, number=len(self.done))

    def enter_stranger(self, full_name: str, unit: str = "", mobile: str = "") -> Outcome:
        """Somebody whom the roster does not know. Invalid when the name or the phone cannot be taken."""
        values, problems = read_values(SignIn, {"full_name": full_name, "unit": unit, "mobile": mobile})
        if wrong := [p for p in problems if p.is_error and p.field in ("full_name", "mobile")]:
            raise Invalid(wrong)
        person = Person("", values["full_name"], values["unit"] or "", "", (values["mobile"] or "")[-4:])
        with self.office.vault.engine.connect() as connection:
            if values["mobile"] and (earlier := already(connection, self.lecture, self.session, person, phone=values["mobile"])):
                return Outcome(Answer.ALREADY, person, at=earlier[0], door=earlier[1])
        way, note = (LATE, self.reason) if self.reason else (PAPER, None)
        with self.office.act(ActKind.SIGN_IN, f"{way}：{person.full_name}") as act:
            made = sign_in(act, self.lecture, self.session, person, at=self.at, way=way, note=note, mobile=values["mobile"])
        self.done.append((made, person))
        return replace(Outcome(Answer.WALK_IN, person, at=self.at), number=len(self.done))

    def undo(self) -> Person | None:
        """Take back the last one; who that was."""
        if not self.done:
            return None
        made, person = self.done.pop()
        with self.office.act(ActKind.SIGN_IN, f"撤销录入：{person.full_name}") as act:
            act.remove(SignIn, made)
        return person


def listed(connection: Connection, lecture: str) -> dict[int, str]:
    """Number on the printed list -> member's id, or that of a guest's line. Numbers are given once: whoever is added comes after, whoever is struck leaves a gap."""
    rows = connection.exec_driver_sql("SELECT coalesce(member, id), removed_at FROM registration WHERE lecture = ? ORDER BY rowno", (lecture,)).all()
    return {n: str(record_id) for n, (record_id, removed_at) in enumerate(rows, 1) if removed_at is None}


def already(connection: Connection, lecture: str, session: str | None, person: Person, *, mobile: str | None = None, phone: str | None = None) -> tuple[datetime, str] | None:
    """When and where somebody signed in, None when she has not. A guest is known by her name and unit and, where it is given, `mobile`; by `phone` whatever her unit."""
    by, value = ("member = ?", (person.id,)) if person.id and not person.is_guest else ("member IS NULL AND full_name = ? AND coalesce(unit, '') = ?", (person.full_name, person.department))
    if phone:
        by, value = "full_name = ? AND mobile = ?", (person.full_name, phone)
    elif mobile and not by.startswith("member ="):
        by, value = f"{by} AND coalesce(mobile, ?) = ?", (*value, mobile, mobile)
    row = connection.exec_driver_sql(f"SELECT signed_at, coalesce(door, '') FROM sign_in WHERE lecture = ? AND session IS ? AND removed_at IS NULL AND {by}", (lecture, session, *value)).first()
    return (MOMENT.from_wire(row[0]), str(row[1])) if row else None


def headcount(connection: Connection, lecture: str) -> tuple[int, int]:
    """人次 and 人数 of a lecture: sign-ins of all sessions, and the distinct people behind them (a walk-in by name and phone)."""
    row = connection.exec_driver_sql(
        f"SELECT count(*), count(DISTINCT {PERSON}) FROM sign_in s WHERE lecture = ? AND removed_at IS NULL", (lecture,)
    ).one()
    return int(row[0]), int(row[1])


def proof_problem(connection: Connection, lecture: str) -> Problem | None:
    """Whether the lecture may be counted as one of 200 people (domain 5.4): distinct people who signed in, nothing else."""
    people, least = headcount(connection, lecture)[1], proof_of(connection, lecture)
    return None if people >= least else Problem("too-few-present", f"签到 {people} 人，不到 {least} 人，不能按 {least} 人讲座计数。")


def proof_of(connection: Connection, lecture: str) -> int:
    """How many people must sign in for it to count in full: the rule of the day on which it is held."""
    starts = connection.execute(select(table_of(Lecture).c.starts_at).where(table_of(Lecture).c.id == lecture)).scalar()
    return policies.rule(connection, "lecture_proof", (starts or datetime.now()).astimezone().date()).value
