"""The door: one question, a closed set of answers.

`decide` says what a scan or a typed text means for a lecture; `sign_in` and `walk_in` put it on the disk before anybody is
told. The store itself refuses a second live sign-in of one person, so two windows cannot both say yes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from app.services.office import Office
from app.services.records import ActKind, Invalid, read_values, resolve, table_of
from db import identity, search
from db.dates import PartialDate
from db.fields import MOMENT
from db.pinyin import readings
from db.problems import Problem, UserError
from db.registers import Lecture, Member, SignIn
from db.registers.membership import LEFT

MANY = 30
"""So many can be chosen from; of more, the greeter is asked to type more."""
WHOLE_NUMBER = 8
LONGEST_INPUT = 100
PROOF = 200
"""朝工发〔2015〕17号: every upper union holds one lecture a year with at least 200 people."""


class Answer(Enum):
    """Everything the door can say."""

    ADMITTED = "admitted"
    WALK_IN = "walk-in"
    ALREADY = "already"
    SEVERAL = "several"
    UNKNOWN = "unknown"
    LEFT = "left"
    CLOSED = "closed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Words:
    """What an answer looks and sounds like. `tone` names the colour: good, warn, bad or accent."""

    title: str
    sentence: str
    tone: str
    icon: str
    sound: str


WORDS: Mapping[Answer, Words] = {
    Answer.ADMITTED: Words("签到成功", "请进。", "good", "circle-check", "good"),
    Answer.WALK_IN: Words("现场加入", "已登记，请进。", "good", "user-plus", "good"),
    Answer.ALREADY: Words("已经签过", "不用再签，请进。", "warn", "history", "again"),
    Answer.SEVERAL: Words("有几位，请选一位", "用上下键选，回车签到。", "accent", "users", "ask"),
    Answer.UNKNOWN: Words("名册里没有", "按 F2 现场加入，或换手机号、工号再试。", "warn", "circle-alert", "ask"),
    Answer.LEFT: Words("已不是会员", "会籍已转出或终止，可按 F2 作为外单位人员加入。", "bad", "circle-x", "bad"),
    Answer.CLOSED: Words("讲座已结束", "现在只能补签，请干事在签到表里补，并写明原因。", "bad", "lock", "bad"),
    Answer.UNREADABLE: Words("没有看懂", "请再扫一次，或输入姓名、手机号后四位。", "warn", "circle-alert", "bad"),
}


@dataclass(frozen=True)
class Person:
    """A member as the greeter needs to see her: no full number."""

    id: str
    full_name: str
    department: str
    employee_no: str
    mobile_tail: str
    has_left: str | None = None
    rowno: int = 0


@dataclass(frozen=True)
class Outcome:
    answer: Answer
    person: Person | None = None
    candidates: tuple[Person, ...] = ()
    more: bool = False
    """Whether there are more than the candidates shown."""
    at: datetime | None = None
    door: str | None = None
    number: int | None = None
    """Which place among those present this sign-in took."""
    sign_in: str | None = None
    act: str | None = None

    @property
    def words(self) -> Words:
        return WORDS[self.answer]


@dataclass(frozen=True)
class Tally:
    """Numbers for the head of the door screen."""

    present: int
    planned: int | None

    @property
    def missing_to_proof(self) -> int:
        return max(PROOF - self.present, 0)


def _person(record_id: str, name: str | None, department: str | None, employee_no: str | None, mobile: str | None, event: str | None, since: str | None, rowno: int) -> Person:
    left = event if event in LEFT else None
    when = PartialDate.from_iso(since).chinese() if left and since else ""
    return Person(record_id, name or "", department or "", employee_no or "", (mobile or "")[-4:], f"{when}{left}" if left else None, rowno)


def clean(typed: str) -> str:
    """What a scanner or keyboard sent, without suffixes, control characters and full width."""
    text = "".join(c for c in typed if c.isprintable()).strip()
    return identity.squeeze(text) if any(c.isdigit() for c in text) else text.strip()


def find(connection: Connection, typed: str, *, limit: int = MANY) -> list[Person]:
    """Members that the typed text can mean, at most `limit` + 1 of them; more than one is for a person to choose from.

    Only a whole number (ID, phone, card, an employee no. with a letter or of eight characters and more) decides alone: 1234
    may be one member's employee no. and the end of another's phone.
    """
    text = clean(typed)
    if not text:
        return []
    if any(c.isdigit() for c in text):
        key = identity.normal_id(text)
        exact = _people(connection, "employee_no = ? OR member_card_no = ? OR mobile = ? OR id_number = ?", (key,) * 4, limit + 1)
        if exact and (len(key) >= WHOLE_NUMBER or _has_own_letter(key)):
            return exact
        if not exact and (merged := _merged_away(connection, key, limit + 1)):
            return merged
    else:
        exact = _people(connection, "full_name = ?", (text,), limit + 1)
        if exact:
            return exact
    rownos = search.find(connection, Member.__tablename__, text, limit=limit + 1)
    if exact and (not rownos or (len(rownos) == 1 and len(exact) == 1 and rownos == [exact[0].rowno])):
        return exact
    found = {p.id: p for p in (*exact, *_people(connection, f"rowno IN ({', '.join('?' * len(rownos))})", tuple(rownos), limit + 1))}
    wanted = text.casefold()
    return sorted(found.values(), key=lambda p: (not _begins(p.full_name, wanted), p.department, p.full_name))


def _merged_away(connection: Connection, key: str, limit: int) -> list[Person]:
    """Who is meant by the number of a record that was merged into another: the old card still opens the door."""
    old = connection.exec_driver_sql(
        "SELECT m.id FROM member m JOIN merged_away a ON a.old_id = m.id WHERE m.employee_no = ? OR m.member_card_no = ? OR m.mobile = ? OR m.id_number = ?", (key,) * 4
    ).scalars().all()
    ids = list(dict.fromkeys(resolve(connection, record_id) for record_id in old))
    return _people(connection, f"id IN ({', '.join('?' * len(ids))})", tuple(ids), limit) if ids else []


def _has_own_letter(key: str) -> bool:
    """B10427 can only be a number of somebody's own; 1234 and 123X may be the end of another."""
    return any(c.isalpha() and c != "X" for c in key)


def _people(connection: Connection, where: str, values: tuple[Any, ...], limit: int) -> list[Person]:
    """Members as the greeter needs them. Plain SQL: this is asked at every scan."""
    rows = connection.exec_driver_sql(
        f"SELECT id, full_name, department, employee_no, mobile, membership_event, membership_event_date, rowno FROM member WHERE removed_at IS NULL AND ({where}) LIMIT ?", (*values, limit)
    )
    return [_person(*row) for row in rows]


def _begins(name: str, typed: str) -> bool:
    """Whether the whole name, its pinyin or its initials begin with what was typed: such people come first."""
    return name.startswith(typed) or any("".join(r).startswith(typed) or "".join(s[0] for s in r).startswith(typed) for r in readings(name))


def decide(connection: Connection, lecture: str, typed: str) -> Outcome:
    """What the typed text means; ADMITTED here says that `sign_in` may follow. Changes nothing."""
    text = clean(typed)
    if not text or len(typed) > LONGEST_INPUT or not any(c.isalnum() for c in text):
        return Outcome(Answer.UNREADABLE)
    if _is_closed(connection, lecture):
        return Outcome(Answer.CLOSED)
    found = find(connection, text)
    if not found:
        return Outcome(Answer.UNKNOWN)
    if len(found) > 1:
        return Outcome(Answer.SEVERAL, candidates=tuple(found[:MANY]), more=len(found) > MANY)
    return _about(connection, lecture, found[0])


def _about(connection: Connection, lecture: str, person: Person) -> Outcome:
    earlier = connection.exec_driver_sql("SELECT id, signed_at, door FROM sign_in WHERE lecture = ? AND member = ? AND removed_at IS NULL", (lecture, person.id)).first()
    if earlier:
        return Outcome(Answer.ALREADY, person, at=MOMENT.from_wire(earlier.signed_at), door=earlier.door, sign_in=earlier.id)
    if person.has_left:
        return Outcome(Answer.LEFT, person)
    return Outcome(Answer.ADMITTED, person)


def _is_closed(connection: Connection, lecture: str) -> bool:
    row = connection.exec_driver_sql("SELECT state, removed_at FROM lecture WHERE id = ?", (lecture,)).first()
    if row is None or row.removed_at is not None:
        raise UserError("这场讲座已经删除了，请关掉签到窗口，从讲座列表重新打开。")
    return row.state in ("结束", "已反馈")


def arrive(office: Office, lecture: str, typed: str, *, door: str = "") -> Outcome:
    """The whole of it for one scan: decide, and where there is one person to admit, sign in. Durable before it returns."""
    with office.vault.engine.connect() as connection:
        outcome = decide(connection, lecture, typed)
    return sign_in(office, lecture, outcome.person, door=door) if outcome.answer is Answer.ADMITTED and outcome.person else outcome


def arrive_as(office: Office, lecture: str, person: Person, *, door: str = "") -> Outcome:
    """The same for a person chosen from several."""
    with office.vault.engine.connect() as connection:
        outcome = Outcome(Answer.CLOSED) if _is_closed(connection, lecture) else _about(connection, lecture, person)
    return sign_in(office, lecture, person, door=door) if outcome.answer is Answer.ADMITTED else outcome


def sign_in(office: Office, lecture: str, person: Person, *, door: str = "") -> Outcome:
    moment = office.clock()
    values = {"lecture": lecture, "member": person.id, "full_name": person.full_name, "unit": person.department or None, "signed_at": moment, "way": "名册", "door": door or None}
    try:
        with office.act(ActKind.SIGN_IN, f"签到：{person.full_name}") as act:
            made = act.create_many(SignIn, [values])[0]
            number = _present(act.connection, lecture)
    except IntegrityError:
        with office.vault.engine.connect() as connection:  # another window was quicker
            return _about(connection, lecture, person)
    return Outcome(Answer.ADMITTED, person, at=moment, door=door, number=number, sign_in=made, act=act.id)


def walk_in(office: Office, lecture: str, full_name: str, *, unit: str = "", mobile: str = "", door: str = "") -> Outcome:
    """Sign in somebody who is not on the roster. Invalid when the name or the phone cannot be taken."""
    with office.vault.engine.connect() as connection:
        if _is_closed(connection, lecture):
            return Outcome(Answer.CLOSED)
    moment = office.clock()
    values, problems = read_values(SignIn, {"full_name": full_name, "unit": unit, "mobile": mobile})
    if any(p.is_error and p.field in ("full_name", "mobile") for p in problems):
        raise Invalid([p for p in problems if p.field in ("full_name", "mobile")])
    with office.act(ActKind.SIGN_IN, f"现场加入：{values['full_name']}") as act:
        made = act.create(SignIn, {**values, "lecture": lecture, "signed_at": moment, "way": "现场加入", "door": door or None})
        number = _present(act.connection, lecture)
    person = Person("", values["full_name"], values["unit"] or "", "", (values["mobile"] or "")[-4:])
    return Outcome(Answer.WALK_IN, person, at=moment, door=door, number=number, sign_in=made, act=act.id)


def late_sign_in(office: Office, lecture: str, person: Person, *, at: datetime, reason: str) -> str:
    """补签: after the lecture, with a reason that is kept."""
    if not reason.strip():
        raise UserError("补签要写原因。")
    values = {"lecture": lecture, "member": person.id, "full_name": person.full_name, "unit": person.department or None, "signed_at": at, "way": "补签", "note": reason.strip()}
    try:
        with office.act(ActKind.SIGN_IN, f"补签：{person.full_name}") as act:
            return act.create(SignIn, values)
    except IntegrityError:
        raise UserError(f"{person.full_name} 这场已经签过到了，不用补签。") from None


def take_back(office: Office, sign_in_id: str) -> None:
    """Undo one sign-in at the door; the row stays as a tombstone with its original time."""
    with office.act(ActKind.SIGN_IN, "撤销签到") as act:
        act.remove(SignIn, sign_in_id)


def _present(connection: Connection, lecture: str) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM sign_in WHERE lecture = ? AND removed_at IS NULL", (lecture,)).scalar() or 0)


def tally(connection: Connection, lecture: str) -> Tally:
    table = table_of(Lecture)
    planned = connection.execute(select(table.c.planned_count).where(table.c.id == lecture)).scalar()
    return Tally(_present(connection, lecture), planned)


def latest(connection: Connection, lecture: str, *, limit: int = 10) -> list[Any]:
    """The last sign-ins of a lecture, newest first: rows with id, full_name, unit, way, signed_at."""
    table = table_of(SignIn)
    found = connection.execute(
        select(table.c.id, table.c.full_name, table.c.unit, table.c.way, table.c.signed_at)
        .where(table.c.lecture == lecture, table.c.removed_at.is_(None)).order_by(table.c.signed_at.desc(), table.c.rowno.desc()).limit(limit)
    )
    return list(found)


def proof_problem(connection: Connection, lecture: str) -> Problem | None:
    """Whether the lecture may be counted as one of 200 people (domain 5.4): distinct sign-ins, nothing else."""
    present = _present(connection, lecture)
    return None if present >= PROOF else Problem("too-few-present", f"签到 {present} 人，不到 {PROOF} 人，不能按 200 人讲座计数。")

