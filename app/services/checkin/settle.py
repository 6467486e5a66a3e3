"""From the doors' books to the register: who was there, once each, by the earliest time.

`fold` is the rule, a function of the set of scans and of what people decided about them. It asks neither in which order the scans
came nor how often, so that doors can be merged in any order, twice, or in part, and the end is the same.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from app.services.checkin import scans
from app.services.checkin.answers import TAKEN_BACK, Answer, Arrival
from app.services.checkin.scans import SETTLED_TO, Scan
from app.services.office import Office
from app.services.records import Act, ActKind, table_of
from db.door_tables import WalkInDecision
from db.fields import MOMENT
from db.registers import Lecture, LectureSession, Member, Registration, SignIn
from db.vault import set_setting

FROM_DOORS = frozenset({"名册", "现场加入"})
"""Ways of sign-ins that follow from scans; the others were written by the clerk and stay as she wrote them."""


# -- the rule


def plain_name(full_name: str | None) -> str:
    return unicodedata.normalize("NFKC", full_name or "").replace(" ", "").casefold()


def walk_in_key(full_name: str | None, mobile: str | None) -> str:
    """Under what a walk-in is known again: name and phone. Nothing where there is no phone: a name alone is nobody."""
    name = plain_name(full_name)
    return f"{name}|{mobile}" if name and mobile else ""


@dataclass(frozen=True)
class Known:
    """What the fold is told besides the scans."""

    dead: frozenset[str] = frozenset()
    """Scans whose sign-in a person removed from the register."""
    who: Callable[[str], str] = str
    """A person's id to the one it goes by now: merged members, guests who turned out to be members."""
    member_with: Callable[[str, str], str | None] = lambda _name, _mobile: None
    """The member of this name and phone."""
    same: frozenset[tuple[str, str]] = frozenset()
    """Pairs that a person called one: names as `Groups` has them."""
    minutes_ahead: Mapping[str, int] = field(default_factory=dict)
    """How far a door's clock was ahead."""


@dataclass(frozen=True)
class Presence:
    """One person at one session: her live scans by the time they were, doors' clocks put right."""

    head: str
    """Who she is in `Groups`: p: and an id, or the name of a walk-in."""
    session: str | None
    scans: tuple[Scan, ...]
    at: datetime

    @property
    def first(self) -> Scan:
        return self.scans[0]

    @property
    def person(self) -> str | None:
        return self.head.removeprefix("p:") if self.head.startswith("p:") else None

    @property
    def doors(self) -> int:
        return len({scan.door_pc for scan in self.scans})


class Groups:
    """Names that mean one person: p:<id>, or of walk-ins w:<name|phone>, w:<scan>. The order of joining does not matter; an id, which sorts first, is the head of its group."""

    def __init__(self, same: Iterable[tuple[str, str]] = ()) -> None:
        self._up: dict[str, str] = {}
        for one, other in same:
            self.join(one, other)

    def join(self, one: str, other: str) -> None:
        a, b = self.head(one), self.head(other)
        if a != b:
            self._up[max(a, b)] = min(a, b)

    def head(self, name: str) -> str:
        while (up := self._up.get(name)) is not None:
            name = up
        return name


def identity_of(scan: Scan, known: Known) -> str:
    """Whom a scan is about: an id, a walk-in's name and phone, or only itself."""
    if scan.person:
        return f"p:{known.who(scan.person)}"
    if scan.mobile and (member := known.member_with(scan.full_name or "", scan.mobile)):
        return f"p:{member}"
    key = walk_in_key(scan.full_name, scan.mobile)
    return f"w:{key}" if key else f"w:{scan.id}"


def fold(book: Iterable[Scan], known: Known) -> list[Presence]:
    """Who was there. Of several scans of one person the earliest counts; what was taken back never was."""
    everything = {scan.id: scan for scan in book}
    gone = scans.taken_back(list(everything.values())) | known.dead
    groups = Groups((one, other) for one, other in known.same)
    found: dict[tuple[str, str | None], list[Scan]] = {}
    for scan in everything.values():
        if scan.lets_in and scan.id not in gone:
            found.setdefault((groups.head(identity_of(scan, known)), scan.session), []).append(scan)

    def when(scan: Scan) -> datetime:
        return scan.moment - timedelta(minutes=known.minutes_ahead.get(scan.door_pc, 0))

    made = []
    for (head, session), theirs in found.items():
        theirs.sort(key=lambda s: (when(s), s.id))
        made.append(Presence(head, session, tuple(theirs), when(theirs[0])))
    return sorted(made, key=lambda p: (p.at, p.first.id))


@dataclass(frozen=True)
class Question:
    """Two who may be one: a walk-in, and another walk-in or a member of the same name."""

    one: str
    other: str
    walk_in: Scan
    beside: Scan | None
    member: str | None = None

    @property
    def pair(self) -> tuple[str, str]:
        return (min(self.one, self.other), max(self.one, self.other))


def questions(presences: Sequence[Presence], members_named: Callable[[str], Sequence[tuple[str, str | None]]], decided: Iterable[tuple[str, str]]) -> list[Question]:
    """What a person has to decide. Names alike and phones that do not contradict; `members_named` gives (id, phone) of the members of a name."""
    said = {(min(pair), max(pair)) for pair in decided}
    walk_ins = [p for p in presences if p.person is None]
    by_name: dict[tuple[str, str | None], list[Presence]] = {}
    for p in walk_ins:
        by_name.setdefault((plain_name(p.first.full_name), p.session), []).append(p)
    found = []
    for (name, _session), alike in by_name.items():
        for n, p in enumerate(alike):
            found += [Question(q.head, p.head, p.first, q.first) for q in alike[:n] if not (p.first.mobile and q.first.mobile)]
            members = members_named(name)
            if len(members) == 1 and not (p.first.mobile and members[0][1]):
                found.append(Question(f"p:{members[0][0]}", p.head, p.first, None, members[0][0]))
    return [q for q in found if q.pair not in said]


# -- the register


def settle(office: Office) -> None:
    """Bring the register up to the books. One act; nothing is written where nothing is new."""
    with office.vault.engine.connect() as connection:
        waiting = scans.lectures_waiting(connection)
    if not waiting:
        return
    with office.act(ActKind.SIGN_IN, "签到") as act:
        let_in = settle_into(act)
        names = {scan.full_name or "" for scan in let_in}
        act.title = f"签到：{names.pop()}" if len(names) == 1 else f"签到 {len(let_in)} 人" if let_in else "撤销签到"


def settle_into(act: Act) -> list[Scan]:
    """The same within an act; the scans that let somebody in and were new to the register."""
    connection = act.connection
    after = scans.settled_to(connection)
    to = int(connection.exec_driver_sql("SELECT max(seq) FROM door_scan").scalar() or 0)
    let_in: list[Scan] = []
    for lecture in scans.lectures_waiting(connection):
        fresh = scans.of_lecture(connection, lecture, after=after)
        let_in += [scan for scan in fresh if scan.lets_in]
        if not _plainly(act, lecture, fresh):
            settle_lecture(act, lecture)
    set_setting(connection, SETTLED_TO, str(to))
    return let_in


def _plainly(act: Act, lecture: str, fresh: list[Scan]) -> bool:
    """The common case without the whole book: members who come for the first time. False where it is not so plain."""
    coming = [scan for scan in fresh if scan.lets_in]
    people = [scan.person for scan in coming]
    if any(scan.answer == TAKEN_BACK for scan in fresh) or None in people or len(set(people)) < len(people) or len(people) > 500:
        return False
    if not coming:
        return True
    marks = ", ".join("?" * len(people))
    ask = act.connection.exec_driver_sql
    if ask(f"SELECT count(*) FROM member WHERE id IN ({marks}) AND removed_at IS NULL", tuple(people)).scalar() != len(people):
        return False
    if ask(f"SELECT 1 FROM sign_in WHERE member IN ({marks}) AND lecture = ? LIMIT 1", (*people, lecture)).first():
        return False
    if ask("SELECT 1 FROM lecture WHERE id = ? AND removed_at IS NULL", (lecture,)).first() is None or ask("SELECT 1 FROM door_pc WHERE lecture = ? LIMIT 1", (lecture,)).first():
        return False
    made = act.create_many(SignIn, [_values(scan, scan.person, scan.moment) for scan in coming])
    _map(act.connection, [(scan.id, sign_in) for scan, sign_in in zip(coming, made, strict=True)])
    return True


def way_of(scan: Scan) -> str:
    return "现场加入" if scan.answer == Answer.WALK_IN.value else "名册"


def _values(scan: Scan, member: str | None, at: datetime) -> dict[str, Any]:
    return {
        "lecture": scan.lecture, "session": scan.session, "member": member, "full_name": scan.full_name, "unit": scan.unit, "mobile": scan.mobile,
        "signed_at": at, "way": way_of(scan), "door": scan.door or None, "note": scan.note,
    }


def _map(connection: Connection, pairs: list[tuple[str, str]]) -> None:
    if pairs:
        connection.exec_driver_sql("INSERT INTO settled_scan (scan, sign_in) VALUES (?, ?) ON CONFLICT (scan) DO UPDATE SET sign_in = excluded.sign_in", pairs)


def knowledge(connection: Connection, lecture: str) -> Known:
    """What the fold has to know of one lecture."""
    dead = connection.exec_driver_sql("SELECT scan FROM settled_scan JOIN sign_in ON sign_in.id = sign_in WHERE lecture = ? AND removed_at IS NOT NULL", (lecture,)).scalars()
    registrations = table_of(Registration)
    guests = dict(connection.execute(select(registrations.c.id, registrations.c.member).where(registrations.c.lecture == lecture, registrations.c.member.is_not(None))).all())
    members = table_of(Member)

    def member_with(name: str, mobile: str) -> str | None:
        found = connection.execute(select(members.c.id, members.c.full_name).where(members.c.mobile == mobile, members.c.removed_at.is_(None))).all()
        return next((record_id for record_id, full_name in found if plain_name(full_name) == plain_name(name)), None)

    merged = dict(map(tuple, connection.exec_driver_sql("SELECT old_id, into_id FROM merged_away").all()))

    def who(person: str) -> str:
        person, steps = guests.get(person, person), len(merged)
        while (into := merged.get(person)) is not None and steps:
            person, steps = into, steps - 1
        return person

    decisions = connection.execute(select(WalkInDecision.one, WalkInDecision.other).where(WalkInDecision.same)).all()
    ahead = dict(map(tuple, connection.exec_driver_sql("SELECT id, minutes_off FROM door_pc WHERE lecture = ? AND minutes_off != 0", (lecture,)).all()))
    return Known(
        frozenset(dead), who, member_with, frozenset((_now(who, one), _now(who, other)) for one, other in decisions), ahead,
    )


def _now(who: Callable[[str], str], name: str) -> str:
    return f"p:{who(name[2:])}" if name.startswith("p:") else name


def _members(connection: Connection, people: Iterable[str | None]) -> set[str]:
    """Those of the ids that are members', removed ones included."""
    wanted = [person for person in people if person]
    found = set[str]()
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        found |= set(connection.exec_driver_sql(f"SELECT id FROM member WHERE id IN ({', '.join('?' * len(some))})", tuple(some)).scalars())
    return found


def settle_lecture(act: Act, lecture: str) -> None:
    """Make one lecture's sign-ins what its book says. What a clerk wrote by hand stays; a time is only ever made earlier by it."""
    connection = act.connection
    book = scans.of_lecture(connection, lecture)
    _wake(act, Lecture, lecture)
    for session in {scan.session for scan in book if scan.session and scan.lets_in}:
        _wake(act, LectureSession, session)
    mapped = dict(map(tuple, connection.exec_driver_sql("SELECT scan, sign_in FROM settled_scan JOIN sign_in ON sign_in.id = sign_in WHERE lecture = ?", (lecture,)).all()))
    table = table_of(SignIn)
    rows = {row["id"]: dict(row) for row in connection.execute(select(table).where(table.c.lecture == lecture, table.c.removed_at.is_(None))).mappings()}
    by_member = {(row["session"], row["member"]): row["id"] for row in rows.values() if row["member"]}
    used = set[str]()
    pairs: list[tuple[str, str]] = []
    presences = fold(book, knowledge(connection, lecture))
    members = _members(connection, (p.person for p in presences))
    for p in presences:
        member = p.person if p.person in members else None
        candidates = {mapped[scan.id] for scan in p.scans if mapped.get(scan.id) in rows} | ({by_member[p.session, member]} if (p.session, member) in by_member else set())
        if candidates:
            kept = min(candidates, key=lambda name: (rows[name]["way"] in FROM_DOORS, rows[name]["signed_at"], name))
            for double in candidates - {kept}:
                act.remove(SignIn, double)
            _follow(act, rows[kept], p, member)
        else:
            kept = act.create_many(SignIn, [_values(p.first, member, p.at)])[0]
            rows[kept] = {"way": "名册"}
        used |= candidates | {kept}
        pairs += [(scan.id, kept) for scan in p.scans if mapped.get(scan.id) != kept]
    for sign_in in set(mapped.values()) & rows.keys() - used:
        if rows[sign_in]["way"] in FROM_DOORS:
            act.remove(SignIn, sign_in)
    for sign_in in scans.taken_back(book) & rows.keys() - used:
        act.remove(SignIn, sign_in)
    _map(connection, pairs)


def _follow(act: Act, row: Mapping[str, Any], p: Presence, member: str | None) -> None:
    """What changes of a sign-in that is there already. A line written by hand keeps all but a later time."""
    if row["way"] in FROM_DOORS:
        wanted = _values(p.first, member, p.at)
        changed = {name: wanted[name] for name in ("member", "signed_at", "way", "door") if wanted[name] != row[name]}
        if changed:
            act.change(SignIn, row["id"], changed, checked=True)
    elif p.at < row["signed_at"]:
        act.change(SignIn, row["id"], {"signed_at": p.at}, checked=True)


def _wake(act: Act, register: Any, record_id: str) -> None:
    """People came: a lecture that was deleted meanwhile is there again."""
    if act.connection.execute(select(table_of(register).c.removed_at).where(table_of(register).c.id == record_id)).scalar() is not None:
        act.restore(register, record_id)


def names_of(connection: Connection, name: str) -> list[str]:
    """Everything that has to be taken back for one arrival: the sign-in it led to, and every scan that led there."""
    ask = connection.exec_driver_sql
    sign_in = ask("SELECT sign_in FROM settled_scan WHERE scan = ?", (name,)).scalar() or name
    return list(dict.fromkeys([name, sign_in, *ask("SELECT scan FROM settled_scan WHERE sign_in = ?", (sign_in,)).scalars()]))


def present(connection: Connection, lecture: str, session: str | None) -> list[Arrival]:
    """Who is in, as the register and what is not settled yet say together; a door's own file has only the book."""
    found = [
        Arrival(row.id, row.member or walk_in_key(row.full_name, row.mobile), row.full_name or "", row.unit or "", row.way or "", MOMENT.from_wire(row.signed_at), row.door or "")
        for row in connection.exec_driver_sql("SELECT id, member, full_name, unit, mobile, way, signed_at, door FROM sign_in WHERE lecture = ? AND session IS ? AND removed_at IS NULL", (lecture, session))
    ]
    fresh = scans.of_lecture(connection, lecture, after=scans.settled_to(connection))
    gone = scans.taken_back(fresh)
    here = {a.person for a in found if a.person}
    found = [a for a in found if a.name not in gone]
    for p in fold((scan for scan in fresh if scan.session == session), knowledge(connection, lecture)):
        person = p.person or walk_in_key(p.first.full_name, p.first.mobile)
        if person not in here or not person:
            found.append(Arrival(p.first.id, person, p.first.full_name or "", p.first.unit or "", way_of(p.first), p.at, p.first.door))
    return found
