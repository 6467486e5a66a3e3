"""A door: one question, a closed set of answers, each written down before it is given.

`Door.arrive` says what a scan or a typed text means for a lecture and lets in whom it may. What it writes is one line of the
door's own book; the sign-ins of the register follow from that book (`settle`), a moment later or, after a power cut, at the next start.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.services.checkin import after, finding, scans, settle
from app.services.checkin.answers import TAKEN_BACK, Answer, Arrival, Outcome, Person, Tally
from app.services.checkin.finding import MANY, WHOLE_NUMBER, clean
from app.services.checkin.fold import plain_name, walk_in_key
from app.services.checkin.scans import Scan
from app.services.office import Office, stamp
from app.services.records import ActKind, Changed, Invalid, read_values, table_of
from db import search
from db.keyslots import Role
from db.problems import UserError
from db.record import new_id
from db.registers import Lecture, LectureSession, SignIn
from db.registers.lectures import CLOSED, NOT_OPEN

_REGISTERS = frozenset({"lecture", "lecture_session", "registration", "sign_in", "member"})
ID = 36
GONE = "这场讲座已经删除了，请关掉签到窗口，从讲座列表重新打开。"


@dataclass(frozen=True)
class _Lecture:
    """What the door knows of its lecture without asking again."""

    state: str | None
    capacity: int | None
    planned: int | None
    walk_ins: bool
    proof: int
    listed: Mapping[str, str | None] | None
    """Who is on the list (member's id, or the line's of a guest) and for which session; None where there is no list."""
    sessions: Mapping[str, str]


class Door:
    """One entrance to one lecture (or one session of it). It hears of every change in the file; `close` when it is shut."""

    def __init__(self, office: Office, lecture: str, *, session: str | None = None, name: str = "") -> None:
        self.office, self.lecture, self.session, self.name = office, lecture, session, name
        self.clock = scans.clock_of(office)
        with office.vault.engine.connect() as connection:
            self._blind = finding.blind_of(connection)
            self._union = finding.union_of(connection, office.vault.keys.vault_id)
        self._about: _Lecture
        self._arrivals: dict[str, Arrival] = {}
        self._who: dict[str, str] = {}
        self._expected: list[Person] | None = None
        self._stale, self._settling = True, False
        self._fresh()
        office.heard.append(self._heard)

    def close(self) -> None:
        """Settle what is left and hear no more."""
        if self._heard in self.office.heard:
            self.office.heard.remove(self._heard)
        self.settle()

    def settle(self) -> None:
        """Bring the register up to date with the book. Not at a door that was sent out: there the book is all there is."""
        if self._blind.key is None:
            self._settling = True
            try:
                settle.settle(self.office)
            finally:
                self._settling = False

    def _heard(self, changed: Changed) -> None:
        """Any thread: read anew before the next answer. What this door settles it knows already."""
        if changed.registers & _REGISTERS and not self._settling:
            self._stale = True

    def _fresh(self) -> None:
        if not self._stale:
            return
        self._stale, self._expected = False, None
        with self.office.vault.engine.connect() as connection:
            lecture = connection.execute(select(table_of(Lecture)).where(table_of(Lecture).c.id == self.lecture)).mappings().first()
            if lecture is None or lecture["removed_at"] is not None:
                self._stale = True
                raise UserError(GONE)
            sessions = {row["id"]: row for row in connection.execute(select(table_of(LectureSession)).where(table_of(LectureSession).c.lecture == self.lecture)).mappings()}
            lines = connection.exec_driver_sql("SELECT coalesce(member, id), session FROM registration WHERE lecture = ? AND removed_at IS NULL", (self.lecture,)).all()
            mine = sessions.get(self.session or "")
            if self.session and (mine is None or mine["removed_at"] is not None):
                self._stale = True
                raise UserError("这一场次已经删除了，请关掉签到窗口，从讲座列表重新打开。")
            names = {record_id: row["name"] or "" for record_id, row in sessions.items()}
            self._about = _Lecture(
                lecture["state"], mine["capacity"] if mine and mine["capacity"] else lecture["capacity"], lecture["planned_count"], lecture["walk_ins_allowed"] is not False, after.proof_of(connection, self.lecture),
                dict(map(tuple, lines)) if lines else None, names,
            )
            self._arrivals = {a.name: a for a in settle.present(connection, self.lecture, self.session, self._short, self.office.vault.keys.vault_id)}
        self._who = {a.person: a.name for a in self._arrivals.values() if a.person}

    def _short(self, mobile: str | None) -> str | None:
        """A phone as this file writes it."""
        return self._blind.short(mobile, finding.TAIL)

    # -- one scan

    def arrive(self, typed: str, scan: str = "") -> Outcome:
        """The whole of it for one scan: decide, write down, and only then say. UserError when the lecture is gone or the disk is full.

        `scan`: the end of what was typed, where a scanner may have sent that alone; it counts only where nobody is meant by all of it.
        """
        self._fresh()
        return self._written(self._decide(typed, scan), typed)

    def arrive_as(self, person: Person) -> Outcome:
        """The same for somebody chosen from several, or ticked in the list."""
        self._fresh()
        return self._written(self._shut() or self._about_person(person))

    def decide(self, typed: str) -> Outcome:
        """What the text means; ADMITTED says that `arrive` would let in. Writes nothing."""
        self._fresh()
        return self._decide(typed)

    def _shut(self) -> Outcome | None:
        if self._about.state in CLOSED:
            return Outcome(Answer.CLOSED)
        return Outcome(Answer.NOT_OPEN) if self._about.state in NOT_OPEN else None

    def _decide(self, typed: str, scan: str = "") -> Outcome:
        if not finding.is_readable(typed):
            return Outcome(Answer.UNREADABLE)
        if shut := self._shut():
            return shut
        with self.office.vault.engine.connect() as connection:
            if badge := finding.read_badge(typed):
                if not self._union.startswith(badge[0]):
                    return Outcome(Answer.OTHER_UNIT)
                person = finding.by_id(connection, badge[1])
                return self._about_person(person) if person else Outcome(Answer.UNKNOWN)
            guests = self.lecture if self._about.listed else ""
            found = finding.find(connection, clean(typed), lecture=guests, blind=self._blind)
            if not found and len(scan) >= WHOLE_NUMBER:
                found = finding.find(connection, clean(scan), lecture=guests, blind=self._blind)
        if not found:
            return Outcome(Answer.UNKNOWN)
        if len(found) > 1:
            return Outcome(Answer.SEVERAL, candidates=tuple(found[:MANY]), more=len(found) > MANY)
        return self._about_person(found[0])

    def _about_person(self, person: Person) -> Outcome:
        if earlier := self._arrivals.get(self._who.get(person.id, "")):
            return Outcome(Answer.ALREADY, person, at=earlier.at, door=earlier.door)
        if person.not_member:
            return Outcome(Answer.NOT_MEMBER, person)
        listed, capacity = self._about.listed, self._about.capacity
        if listed is not None and person.id not in listed:
            return Outcome(Answer.NOT_LISTED, person, detail="" if self._about.walk_ins else "这场不接受现场加入。")
        wanted = listed.get(person.id) if listed is not None else None
        if self.session and wanted and wanted != self.session:
            return Outcome(Answer.WRONG_SESSION, person, detail=f"名单上是“{self._about.sessions.get(wanted, '另一场')}”。")
        if capacity and len(self._arrivals) >= capacity:
            return Outcome(Answer.FULL, person, detail=f"容量 {capacity} 人，已到 {len(self._arrivals)} 人。")
        return Outcome(Answer.ADMITTED, person)

    def let_in(self, outcome: Outcome) -> Outcome:
        """Let in all the same whom the door held up: not on the list, another session, full, no member any more."""
        person = outcome.person
        if person is None or not outcome.answer.can_be_let_in:
            raise ValueError(outcome.answer)
        self._fresh()
        if shut := self._shut():
            return self._written(shut)
        now = self._about_person(person)
        if now.answer is Answer.ALREADY:
            return self._written(now)
        if now.answer in (Answer.NOT_LISTED, Answer.NOT_MEMBER) and not self._about.walk_ins:
            raise UserError("这场讲座不接受现场加入，请干事先把人加到名单里。")
        kind = Answer.WALK_IN if now.answer in (Answer.NOT_LISTED, Answer.NOT_MEMBER) else Answer.ADMITTED
        why = {Answer.NOT_LISTED: "不在名单上", Answer.NOT_MEMBER: person.not_member or "", Answer.WRONG_SESSION: now.detail.rstrip("。"), Answer.FULL: "加座"}.get(now.answer, "")
        return self._written(Outcome(kind, person), note=why)

    def walk_in(self, full_name: str, *, unit: str = "", mobile: str = "") -> Outcome:
        """Sign in somebody whom the file does not know. Invalid when the name or the phone cannot be taken."""
        self._fresh()
        if shut := self._shut():
            return self._written(shut)
        if not self._about.walk_ins:
            raise UserError("这场讲座不接受现场加入，请干事先把人加到名单里。")
        values, problems = read_values(SignIn, {"full_name": full_name, "unit": unit, "mobile": mobile})
        if any(p.is_error and p.field in ("full_name", "mobile") for p in problems):
            raise Invalid([p for p in problems if p.field in ("full_name", "mobile")])
        if known := self._member_of(values["full_name"], values["mobile"]):
            held = self._about_person(known)
            return self.let_in(held) if held.answer.can_be_let_in else self._written(held)
        again = walk_in_key(values["full_name"], self._short(values["mobile"]))
        person = Person("", values["full_name"], values["unit"] or "", "", (values["mobile"] or "")[-4:])
        if again and (earlier := self._arrivals.get(self._who.get(again, ""))):
            return self._written(Outcome(Answer.ALREADY, person, at=earlier.at, door=earlier.door))
        return self._written(Outcome(Answer.WALK_IN, person), mobile=values["mobile"], key=again)

    def _member_of(self, full_name: str, mobile: str | None) -> Person | None:
        """The member who has this name and this phone: whoever says both is she."""
        if not mobile:
            return None
        with self.office.vault.engine.connect() as connection:
            found = finding.find(connection, mobile, blind=self._blind)
        return next((p for p in found if plain_name(p.full_name) == plain_name(full_name)), None)

    def _written(self, outcome: Outcome, typed: str = "", *, note: str = "", mobile: str | None = None, key: str = "") -> Outcome:
        """Put the line on the disk; the outcome with what follows from it. A person who was let in is counted only then."""
        at, person = self.clock.now(), outcome.person
        scan = self._scan(
            at, outcome.answer.value,
            person=person.id or None if person else None, full_name=person.full_name if person else None, unit=(person.department or None) if person else None, mobile=mobile,
            typed=None if outcome.answer.lets_in or outcome.answer is Answer.ALREADY else scans.shortened(typed) or None, note=note or None,
        )
        with self.office.writing() as connection:
            scans.write(connection, [scan])
        outcome = replace(outcome, scan=scan.id)
        if not outcome.answer.lets_in:
            return outcome
        self._arrivals[scan.id] = Arrival(scan.id, scan.person or key, scan.full_name or "", scan.unit or "", settle.way_of(scan), at, self.name, (scan.id,))
        if scan.person or key:
            self._who[scan.person or key] = scan.id
        return replace(outcome, at=at, door=self.name, number=len(self._arrivals))

    def _scan(self, at: datetime, answer: str, **more: str | None) -> Scan:
        pc = self.office.vault.keys.vault_id
        fitting = {name: value[: scans.LONGEST[name]] if value else value for name, value in more.items()}
        return Scan(id=new_id(), door_pc=pc, lecture=self.lecture, session=self.session, door=self.name[: scans.LONGEST["door"]], at=stamp(at), answer=answer, **fitting)

    def take_back(self, name: str) -> None:
        """Undo one sign-in, here or at another door; what was written stays, and this is written after it."""
        self._fresh()
        with self.office.vault.engine.connect() as connection:
            also = settle.names_of(connection, name)
        arrival = next((a for one in also if (a := self._arrivals.get(one))), None)  # it may go by its sign-in's name since it was settled
        if arrival is None:
            raise UserError("这一位的签到已经撤销过了。")
        person, at = arrival.person if len(arrival.person) == ID else None, self.clock.now()
        with self.office.writing() as connection:
            scans.write(connection, [self._scan(at, TAKEN_BACK, person=person, full_name=arrival.full_name, takes_back=one) for one in dict.fromkeys([*arrival.scans, *also])])
        del self._arrivals[arrival.name]
        if self._who.get(arrival.person) == arrival.name:
            del self._who[arrival.person]

    # -- what the screen shows besides

    def tally(self) -> Tally:
        self._fresh()
        listed = self._about.listed
        mine = [s for s in listed.values() if not self.session or s in (None, self.session)] if listed is not None else []
        return Tally(len(self._arrivals), len(mine) if listed is not None else self._about.planned, self._about.proof)

    def latest(self, limit: int = 10) -> list[Arrival]:
        """The last who came, newest first."""
        self._fresh()
        return sorted(self._arrivals.values(), key=lambda a: (a.at, a.name), reverse=True)[:limit]

    def is_in(self, person: str) -> Arrival | None:
        return self._arrivals.get(self._who.get(person, ""))

    def matching(self, typed: str) -> set[int]:
        """Row numbers of the members whom a text can mean, for narrowing a list as it is typed."""
        with self.office.vault.engine.connect() as connection:
            return set(search.find(connection, "member", clean(typed), limit=5_000))

    def expected(self) -> list[Person]:
        """Who is expected: the list, or without one everybody in the roster who is a member; by department and name. Kept until something else changes."""
        self._fresh()
        if self._expected is None:
            with self.office.vault.engine.connect() as connection:
                people = finding.everybody(connection, self.lecture if self._about.listed is not None else None, self.session)
            self._expected = [p for p in people if not p.not_member]
        return self._expected


def may_open(office: Office, lecture: str) -> str | None:
    """What keeps the clerk from opening the door now, as a question she can answer with yes; None when it is the lecture's day."""
    with office.vault.engine.connect() as connection:
        row: Any = connection.execute(select(table_of(Lecture).c.starts_at, table_of(Lecture).c.state).where(table_of(Lecture).c.id == lecture)).first()
    if row is None or row.state not in (None, *NOT_OPEN) or row.starts_at is None:
        return None
    starts: datetime = row.starts_at.astimezone()
    today = office.clock().astimezone().date()
    return None if starts.date() == today else f"讲座定在{starts.month}月{starts.day}日，今天是{today.month}月{today.day}日。现在就开始签到吗？"


def open_lecture(office: Office, lecture: str) -> bool:
    """Let sign-ins begin: the lecture's state goes on to 签到中. At the door itself only on the lecture's day. Whether it is open now."""
    with office.vault.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT state, topic FROM lecture WHERE id = ?", (lecture,)).first()
    if row is None or row.state not in (None, *NOT_OPEN):
        return row is not None and row.state not in CLOSED
    if office.user.role is Role.DOOR and may_open(office, lecture):
        return False
    with office.act(ActKind.SIGN_IN, f"开始签到：{row.topic}") as act:
        act.change(Lecture, lecture, {"state": "签到中"}, checked=True)
    return True
