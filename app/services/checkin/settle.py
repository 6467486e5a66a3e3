"""From the doors' books to the register. The rule is `fold`; here it meets what stands in the register and what people did there since."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from app.services.checkin import scans
from app.services.checkin.answers import TAKEN_BACK, Answer, Arrival
from app.services.checkin.fold import Known, Presence, fold, plain_name, walk_in_key
from app.services.checkin.scans import SETTLED_TO, Scan
from app.services.office import Office
from app.services.records import Act, ActKind, table_of
from db.door_tables import WalkInDecision
from db.fields import MOMENT
from db.journal import Deed, rows_of
from db.registers import Lecture, LectureSession, Member, Registration, SignIn
from db.vault import set_setting

FROM_DOORS = frozenset({"名册", "现场加入"})
"""Ways of sign-ins that follow from scans; the others were written by the clerk and stay as she wrote them."""
AT_ONCE = 500


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
            settle_lecture(act, lecture, fresh)
    set_setting(connection, SETTLED_TO, str(to))
    return let_in


def _plainly(act: Act, lecture: str, fresh: list[Scan]) -> bool:
    """The common case without the whole book: members who come for the first time. False where it is not so plain."""
    coming = [scan for scan in fresh if scan.lets_in]
    people = [scan.person for scan in coming]
    if any(scan.answer == TAKEN_BACK for scan in fresh) or None in people or len(set(people)) < len(people) or len(people) > AT_ONCE:
        return False
    if not coming:
        return True
    marks = ", ".join("?" * len(people))
    ask, doors = act.connection.exec_driver_sql, tuple({scan.door_pc for scan in coming})
    if ask(f"SELECT count(*) FROM member WHERE id IN ({marks}) AND removed_at IS NULL", tuple(people)).scalar() != len(people):
        return False
    if ask(f"SELECT 1 FROM sign_in WHERE member IN ({marks}) AND lecture = ? LIMIT 1", (*people, lecture)).first():
        return False
    if ask("SELECT 1 FROM lecture WHERE id = ? AND removed_at IS NULL", (lecture,)).first() is None or ask(f"SELECT 1 FROM door_pc WHERE id IN ({', '.join('?' * len(doors))}) AND minutes_off != 0", doors).first():
        return False
    made = act.create_many(SignIn, [_values(scan, scan.person, scan.moment) for scan in coming])
    _map(act, [(scan.id, sign_in) for scan, sign_in in zip(coming, made, strict=True)], made)
    return True


def way_of(scan: Scan) -> str:
    return "现场加入" if scan.answer == Answer.WALK_IN.value else "名册"


def _values(scan: Scan, member: str | None, at: datetime) -> dict[str, Any]:
    return {
        "lecture": scan.lecture, "session": scan.session, "member": member, "full_name": scan.full_name, "unit": scan.unit, "mobile": scan.mobile,
        "signed_at": at, "way": way_of(scan), "door": scan.door or None, "note": scan.note,
    }


def _map(act: Act, pairs: list[tuple[str, str]], made: Collection[str]) -> None:
    """Write down which scan led to which sign-in. Those that `made` a new one belong to this act from now on: undoing it takes them out."""
    insert = "INSERT INTO settled_scan (scan, sign_in, act, undone) VALUES (?, ?, ?, 0) ON CONFLICT (scan) DO UPDATE SET sign_in = excluded.sign_in"
    for more, some in (("", [pair for pair in pairs if pair[1] not in made]), (", act = excluded.act", [pair for pair in pairs if pair[1] in made])):
        if some:
            act.connection.exec_driver_sql(insert + more, [(*pair, act.id) for pair in some])


# -- what people did since


_REMOVED = f"""
    SELECT s.scan,
           (SELECT json_extract(h.changes, '$.kind') || ' ' || j.at FROM journal j JOIN journal h ON h.act = j.act AND h.deed = 'act'
            WHERE j.register = 'sign_in' AND j.record_id = s.sign_in AND j.deed = '{Deed.REMOVE.value}' ORDER BY j.seq DESC LIMIT 1)
    FROM settled_scan s JOIN sign_in i ON i.id = s.sign_in WHERE i.lecture = ? AND i.removed_at IS NOT NULL
"""


def struck(connection: Connection, lecture: str) -> dict[str, str]:
    """Scans whose sign-in a person deleted from the register, and when. Rows that went in a merge of members, or as doubles, are no word about who was there."""
    found = {}
    for scan, said in connection.exec_driver_sql(_REMOVED, (lecture,)):
        kind, _, at = (said or "").partition(" ")
        if kind == ActKind.EDIT.value:
            found[str(scan)] = at
    return found


def settle_after_undo(act: Act, undone: str, again: str | None) -> None:
    """An act was undone that brought scans into the register, or (`again`) its undoing was: what other scans say of the same people stands."""
    act.connection.exec_driver_sql("UPDATE settled_scan SET undone = 1 WHERE act = ?", (undone,))
    act.connection.exec_driver_sql("UPDATE settled_scan SET undone = 0 WHERE act = ?", (again,))
    touched = {record_id for _, register, record_id, _ in rows_of(act.connection, undone) if register == SignIn.__tablename__}
    mapped = act.connection.exec_driver_sql("SELECT DISTINCT i.lecture, i.id FROM settled_scan s JOIN sign_in i ON i.id = s.sign_in").all() if touched else []
    lectures = {lecture for lecture, sign_in in mapped if sign_in in touched}
    if lectures:
        act.write_down()
    for lecture in lectures:
        settle_lecture(act, lecture)


def revive(connection: Connection, lecture: str, door_pc: str) -> None:
    """A book is brought again whose merging was undone: its scans count anew."""
    for scan in scans.of_lecture(connection, lecture):
        if scan.door_pc == door_pc:
            connection.exec_driver_sql("DELETE FROM settled_scan WHERE scan = ? AND undone", (scan.id,))


def knowledge(connection: Connection, lecture: str) -> Known:
    """What the fold has to know of one lecture."""
    dead = connection.exec_driver_sql("SELECT scan FROM settled_scan JOIN sign_in ON sign_in.id = sign_in WHERE lecture = ? AND undone", (lecture,)).scalars()
    registrations, members = table_of(Registration), table_of(Member)
    guests = dict(connection.execute(select(registrations.c.id, registrations.c.member).where(registrations.c.lecture == lecture, registrations.c.member.is_not(None))).all())
    merged = dict(map(tuple, connection.exec_driver_sql("SELECT old_id, into_id FROM merged_away").all()))

    def member_with(name: str, mobile: str) -> str | None:
        found = connection.execute(select(members.c.id, members.c.full_name).where(members.c.mobile == mobile, members.c.removed_at.is_(None))).all()
        return next((record_id for record_id, full_name in found if plain_name(full_name) == plain_name(name)), None)

    def who(person: str) -> str:
        person, steps = guests.get(person, person), len(merged)
        while (into := merged.get(person)) is not None and steps:
            person, steps = into, steps - 1
        return person

    decisions = connection.execute(select(WalkInDecision.one, WalkInDecision.other).where(WalkInDecision.same)).all()
    ahead = dict(map(tuple, connection.exec_driver_sql("SELECT id, minutes_off FROM door_pc WHERE lecture = ? AND minutes_off != 0", (lecture,)).all()))
    return Known(
        frozenset(dead), struck(connection, lecture), who, member_with,
        frozenset((_now(who, one), _now(who, other)) for one, other in decisions), ahead,
    )


def _now(who: Callable[[str], str], name: str) -> str:
    return f"p:{who(name[2:])}" if name.startswith("p:") else name


def _by_hand(connection: Connection, sign_in: str) -> set[str]:
    """Fields of a sign-in that a person edited: her word stands."""
    told = connection.exec_driver_sql(
        "SELECT f.key FROM journal j JOIN journal h ON h.act = j.act AND h.deed = 'act', json_each(j.changes) f "
        f"WHERE j.register = 'sign_in' AND j.record_id = ? AND j.deed = '{Deed.CHANGE.value}' AND json_extract(h.changes, '$.kind') = '{ActKind.EDIT.value}'", (sign_in,)
    )
    return set(told.scalars())


# -- one lecture


def settle_lecture(act: Act, lecture: str, fresh: Sequence[Scan] = (), *, clocks: bool = False) -> None:
    """Make one lecture's sign-ins what its book says. `fresh` are the scans that are new to the register.

    What a clerk wrote or corrected by hand stays. A sign-in goes, or becomes a later one, only by a word that is new: one that somebody restored since
    is left. `clocks`: the doors' clocks were put right, so that times may change.
    """
    connection = act.connection
    if coming := [scan for scan in fresh if scan.lets_in]:
        _wake(act, Lecture, lecture)
        for session in {scan.session for scan in coming if scan.session}:
            _wake(act, LectureSession, session)
    book = scans.of_lecture(connection, lecture)
    mapped = dict(map(tuple, connection.exec_driver_sql("SELECT scan, sign_in FROM settled_scan JOIN sign_in ON sign_in.id = sign_in WHERE lecture = ? AND removed_at IS NULL", (lecture,)).all()))
    presences = fold(book, knowledge(connection, lecture))
    members = _members(connection, (p.person for p in presences))
    taken_back = scans.taken_back(list(fresh))
    touched = {mapped[scan] for scan in taken_back if scan in mapped}
    rows = _Rows(act, lecture, mapped, {(p.session, p.person) for p in presences if p.person in members}, None if clocks else touched)
    pairs = []
    for p in presences:
        kept = rows.place(p, p.person if p.person in members else None)
        pairs += [(scan.id, kept) for scan in p.scans if mapped.get(scan.id) != kept]
    for sign_in in (touched | taken_back) & rows.live.keys() - rows.used:
        if sign_in in taken_back or rows.live[sign_in]["way"] in FROM_DOORS:
            act.remove(SignIn, sign_in)
    _map(act, pairs, rows.made)


class _Rows:
    """The live sign-ins of a lecture while its presences find their places: each row is one person's, each person has one."""

    def __init__(self, act: Act, lecture: str, mapped: Mapping[str, str], claimed: set[tuple[str | None, str | None]], later: set[str] | None) -> None:
        table = table_of(SignIn)
        self._act, self._mapped, self._claimed, self._later = act, mapped, claimed, later
        self.live = {row["id"]: dict(row) for row in act.connection.execute(select(table).where(table.c.lecture == lecture, table.c.removed_at.is_(None))).mappings()}
        self.used, self.made = set[str](), set[str]()
        self._by_member = {(row["session"], row["member"]): name for name, row in self.live.items() if row["member"]}
        by_hand = {name: row for name, row in self.live.items() if not row["member"] and row["way"] not in FROM_DOORS}
        self._by_name = {(row["session"], row["full_name"], row["unit"]): name for name, row in by_hand.items()}
        self._by_key = {(row["session"], key): name for name, row in by_hand.items() if (key := walk_in_key(row["full_name"], row["mobile"]))}

    def place(self, p: Presence, member: str | None) -> str:
        """The row of this presence: hers, or a new one; doubles of it go."""
        found = {self._mapped[scan.id] for scan in p.scans if self._may_be(self._mapped.get(scan.id), member)}
        own = self._by_member.get((p.session, member)) if member else self._of_hand(p)
        found |= {own} - self.used if own else set()
        if not found:
            kept = self._act.create_many(SignIn, [_values(p.first, member, p.at)])[0]
            self.used.add(kept)
            self.made.add(kept)
            return kept
        kept = own if own in found else min(found, key=lambda name: (self.live[name]["way"] in FROM_DOORS, self.live[name]["signed_at"], name))
        for double in found - {kept}:
            self._act.remove(SignIn, double)
        self._follow(self.live[kept], p, member)
        self.used |= found
        return kept

    def _of_hand(self, p: Presence) -> str | None:
        """The line that the clerk wrote of somebody who is no member: of a listed guest by name and unit, of a walk-in by name and phone."""
        if p.person:
            return self._by_name.get((p.session, p.first.full_name, p.first.unit))
        return self._by_key.get((p.session, walk_in_key(p.first.full_name, p.first.mobile)))

    def _may_be(self, name: str | None, member: str | None) -> bool:
        """Whether a row may be this person's: it is there, nobody else's already, and not that of a member who was there herself."""
        if name is None or name in self.used or name not in self.live:
            return False
        theirs = self.live[name]["member"]
        return theirs in (None, member) or (self.live[name]["session"], theirs) not in self._claimed

    def _follow(self, row: Mapping[str, Any], p: Presence, member: str | None) -> None:
        """What changes of a sign-in that is there already. A line written by hand keeps all but a later time; a member once known stays known."""
        if row["way"] not in FROM_DOORS:
            if p.at < row["signed_at"]:
                self._act.change(SignIn, row["id"], {"signed_at": p.at}, checked=True)
            return
        changed = {name: value for name, value in _values(p.first, member, p.at).items() if value != row[name] and not (name == "member" and value is None)}
        if self._later is not None and row["id"] not in self._later and p.at > row["signed_at"]:
            changed = {name: value for name, value in changed.items() if name == "member"}
        if changed and row["revision"] > 1:
            changed = {name: value for name, value in changed.items() if name not in _by_hand(self._act.connection, row["id"])}
        if changed:
            self._act.change(SignIn, row["id"], changed, checked=True)


def _members(connection: Connection, people: Iterable[str | None]) -> set[str]:
    """Those of the ids that are members', removed ones included."""
    wanted = [person for person in people if person]
    found = set[str]()
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        found |= set(connection.exec_driver_sql(f"SELECT id FROM member WHERE id IN ({', '.join('?' * len(some))})", tuple(some)).scalars())
    return found


def _wake(act: Act, register: Any, record_id: str) -> None:
    """People came: a lecture that was deleted meanwhile is there again."""
    if act.connection.execute(select(table_of(register).c.removed_at).where(table_of(register).c.id == record_id)).scalar() is not None:
        act.restore(register, record_id)


# -- who is in


def names_of(connection: Connection, name: str) -> list[str]:
    """Everything that has to be taken back for one arrival: the sign-in it led to, and every scan that led there."""
    ask = connection.exec_driver_sql
    sign_in = ask("SELECT sign_in FROM settled_scan WHERE scan = ?", (name,)).scalar() or name
    return list(dict.fromkeys([name, sign_in, *ask("SELECT scan FROM settled_scan WHERE sign_in = ?", (sign_in,)).scalars()]))


def present(connection: Connection, lecture: str, session: str | None, short: Callable[[str | None], str | None] = lambda mobile: mobile, own: str = "") -> list[Arrival]:
    """Who is in, as the register and what is not settled yet say together; a door's own file has only the book.

    `short` is how the file writes phones, and `own` its name: what was typed at this door stands there whole.
    """
    ask = connection.exec_driver_sql
    guests = {(name, unit): line for line, name, unit in ask("SELECT id, full_name, unit FROM registration WHERE lecture = ? AND member IS NULL AND removed_at IS NULL", (lecture,))}
    scanned = dict(map(tuple, ask("SELECT s.sign_in, d.person FROM door_scan d JOIN settled_scan s ON s.scan = d.id WHERE d.lecture = ? AND d.person IS NOT NULL", (lecture,)).all()))
    rows = ask("SELECT id, member, full_name, unit, mobile, way, signed_at, door FROM sign_in WHERE lecture = ? AND session IS ? AND removed_at IS NULL", (lecture, session)).all()
    found = [
        Arrival(
            row.id, row.member or scanned.get(row.id) or guests.get((row.full_name, row.unit)) or walk_in_key(row.full_name, row.mobile), row.full_name or "", row.unit or "", row.way or "",
            MOMENT.from_wire(row.signed_at), row.door or "",
        )
        for row in rows
    ]
    fresh = scans.of_lecture(connection, lecture, after=scans.settled_to(connection))
    gone = scans.taken_back(fresh)
    found = [a for a in found if a.name not in gone]
    here = {a.person for a in found if a.person}
    mine = [replace(scan, mobile=short(scan.mobile)) if scan.door_pc == own else scan for scan in fresh if scan.session == session]
    for p in fold(mine, knowledge(connection, lecture)):
        person = p.person or walk_in_key(p.first.full_name, p.first.mobile)
        if person not in here or not person:
            found.append(Arrival(p.first.id, person, p.first.full_name or "", p.first.unit or "", way_of(p.first), p.at, p.first.door, tuple(scan.id for scan in p.scans)))
    return found
