"""The rule by which sign-ins follow from scans: who was there, once each, by the earliest time.

`fold` is a function of the set of scans and of what people decided about them. It asks neither in which order the scans came nor
how often, so that doors can be merged in any order, twice, or in part, and the end is the same.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.services.checkin import scans
from app.services.checkin.scans import Scan
from app.services.office import moment_of


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
    """Scans whose sign-in was undone with the act that made it."""
    struck: Mapping[str, str] = field(default_factory=dict)
    """Scans whose sign-in a person deleted from the register, and when: whoever it is was not there up to then, at whatever door."""
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
    key = walk_in_key(scan.full_name, scan.mobile)
    return f"w:{key}" if key else f"w:{scan.id}"


def fold(book: Iterable[Scan], known: Known) -> list[Presence]:
    """Who was there. Of several scans of one person the earliest counts; what was taken back never was."""
    everything = {scan.id: scan for scan in book}
    gone = scans.taken_back(list(everything.values())) | known.dead
    groups = Groups(known.same)
    for scan in everything.values():
        if scan.person is None and scan.mobile and (member := known.member_with(scan.full_name or "", scan.mobile)):
            groups.join(identity_of(scan, known), f"p:{member}")

    def key(scan: Scan) -> tuple[str, str | None]:
        return groups.head(identity_of(scan, known)), scan.session

    def when(scan: Scan) -> datetime:
        return scan.moment - timedelta(minutes=known.minutes_ahead.get(scan.door_pc, 0))

    struck: dict[tuple[str, str | None], str] = {}
    for name, at in known.struck.items():
        if name in everything:
            struck[key(everything[name])] = max(at, struck.get(key(everything[name]), ""))
    found: dict[tuple[str, str | None], list[Scan]] = {}
    for scan in everything.values():
        if scan.lets_in and scan.id not in gone:
            who = key(scan)
            if who not in struck or when(scan) > moment_of(struck[who]):
                found.setdefault(who, []).append(scan)

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
