"""After the lecture: who was forgotten at the door, with a reason; whether two hundred came."""

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app.services.checkin.answers import PROOF, Person
from app.services.office import Office
from app.services.records import ActKind
from db.problems import Problem, UserError
from db.registers import SignIn


def late_sign_in(office: Office, lecture: str, person: Person, *, at: datetime, reason: str, session: str | None = None) -> str:
    """补签: after the lecture, with a reason that is kept."""
    office.clerks_only()
    if not reason.strip():
        raise UserError("补签要写原因。")
    member = None if person.is_guest else person.id or None
    values = {"lecture": lecture, "session": session, "member": member, "full_name": person.full_name, "unit": person.department or None, "signed_at": at, "way": "补签", "note": reason.strip()}
    try:
        with office.act(ActKind.SIGN_IN, f"补签：{person.full_name}") as act:
            return act.create(SignIn, values)
    except IntegrityError:
        raise UserError(f"{person.full_name} 这场已经签过到了，不用补签。") from None


def headcount(connection: Connection, lecture: str) -> tuple[int, int]:
    """人次 and 人数 of a lecture: sign-ins of all sessions, and the distinct people behind them (a walk-in by name and phone)."""
    row = connection.exec_driver_sql(
        "SELECT count(*), count(DISTINCT coalesce(member, full_name || '|' || coalesce(mobile, id))) FROM sign_in WHERE lecture = ? AND removed_at IS NULL", (lecture,)
    ).one()
    return int(row[0]), int(row[1])


def proof_problem(connection: Connection, lecture: str) -> Problem | None:
    """Whether the lecture may be counted as one of 200 people (domain 5.4): distinct people who signed in, nothing else."""
    people = headcount(connection, lecture)[1]
    return None if people >= PROOF else Problem("too-few-present", f"签到 {people} 人，不到 {PROOF} 人，不能按 200 人讲座计数。")
