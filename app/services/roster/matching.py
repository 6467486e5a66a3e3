"""Who is it? By ID number; then by marks with weights; what is only near goes before a person.

The weights follow the practice of record linkage (Fellegi and Sunter 1969): a mark that agrees speaks for, one that
contradicts against. Certain means: nothing contradicts, and a name with one more mark agrees, and there is only one such
person. Names agree in degrees: the same; the same but for a character somebody could not type; the same when read aloud
(which covers variant and traditional characters, and the pinyin that stands for a rare one).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from app.services.records import resolve, table_of
from db import cleaning
from db.office_tables import MergedAway, NotSame
from db.pinyin import readings
from db.record import fields_of
from db.registers import Member

NEAR = 5.0
"""From this weight on a pair is put before a person."""
COLUMNS = tuple(f.name for f in fields_of(Member))
_EXACT = {"member_card_no": 5.0, "mobile": 3.0, "employee_no": 3.0}
_AGAINST = {"employee_no": -1.0}
_MARKS = ("full_name", "id_number", "mobile", "employee_no", "member_card_no", "birth_date")
ROW = "row"
"""Where somebody who is only planned keeps her row."""


@dataclass(frozen=True)
class Near:
    """Somebody in the roster who may be meant: her id, the weight, what speaks for it and what against, by field."""

    id: str
    weight: float
    agrees: tuple[str, ...]
    differs: tuple[str, ...]


def same_when_read(one: str, other: str) -> bool:
    """Whether two names sound alike in any of their readings: 章珊 and 张姗; 张luo and 张珞."""
    mine = {"".join(r) for r in readings(one.casefold())}
    return bool(mine & {"".join(r) for r in readings(other.casefold())})


def _but_for_damage(one: str, other: str) -> bool:
    """The same length and the same characters where neither is damaged: 王? and 王䶮."""
    if len(one) != len(other) or not (cleaning.is_damaged(one) or cleaning.is_damaged(other)):
        return False
    pairs = list(zip(one, other, strict=True))
    return any(a == b for a, b in pairs) and all(a == b or cleaning.is_damaged(a) or cleaning.is_damaged(b) for a, b in pairs)


def _name_weight(one: str | None, other: str | None) -> float:
    if not one or not other:
        return 0.0
    if one == other:
        return 4.0
    if _but_for_damage(one, other):
        return 3.5
    if same_when_read(one, other):
        return 2.5
    from rapidfuzz.distance import Levenshtein  # only for pairs that share another mark

    return 1.5 if min(len(one), len(other)) >= 2 and Levenshtein.distance(one, other) == 1 else -2.0


def _number_weight(one: str | None, other: str | None) -> float:
    """Two different numbers speak against; a slip of one digit or of two neighbours less so."""
    if not one or not other:
        return 0.0
    if one == other:
        return 10.0
    if len(one) != len(other):
        return -2.0
    places = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    swapped = len(places) == 2 and places[1] == places[0] + 1 and one[places[0]] == other[places[1]] and one[places[1]] == other[places[0]]
    return -1.0 if swapped or len([p for p in places if p < 17]) <= 1 else -2.0


def compare(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[float, tuple[str, ...], tuple[str, ...]]:
    """The weight of a pair, the fields that agree and those that differ."""
    weights = {"full_name": _name_weight(one.get("full_name"), other.get("full_name")), "id_number": _number_weight(one.get("id_number"), other.get("id_number"))}
    for name, worth in _EXACT.items():
        a, b = one.get(name), other.get(name)
        weights[name] = 0.0 if not a or not b else worth if a == b else _AGAINST.get(name, 0.0)
    born, said = one.get("birth_date"), other.get("birth_date")
    if born and said:
        weights["birth_date"] = -4.0 if not born.agrees_with(said) else 3.0 if born.day is not None and said.day is not None else 1.0
    if one.get("department") and one.get("department") == other.get("department") and weights["full_name"] > 0:
        weights["department"] = 1.0
    if one.get("gender") and other.get("gender") and one["gender"] != other["gender"]:
        weights["gender"] = -2.0
    return sum(weights.values()), tuple(n for n, w in weights.items() if w > 0), tuple(n for n, w in weights.items() if w < 0)


def _agrees(row: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Same name already; does another mark agree, and none contradict?"""
    _, agrees, differs = compare(row, values)
    born = row.get("birth_date")
    marks = {"employee_no", "mobile", "member_card_no"} | ({"birth_date"} if born and born == values.get("birth_date") and born.day is not None else set())
    return not differs and bool(marks & set(agrees))


class Matcher:
    """Finds the member that a row means, or those that it may mean."""

    def __init__(self, connection: Connection) -> None:
        self._by_number: dict[str, list[Mapping[str, Any]]] = {}
        self._by_name: dict[str, list[Mapping[str, Any]]] = {}
        self.stored: dict[str, Mapping[str, Any]] = {}
        self._by_mark: dict[tuple[str, str], list[Mapping[str, Any]]] | None = None
        self._aliases: list[Mapping[str, Any]] = []
        table = table_of(Member)
        names = ("id", *COLUMNS)
        for found in connection.execute(select(table.c.id, *(table.c[name] for name in COLUMNS)).where(table.c.removed_at.is_(None))):
            row = dict(zip(names, found, strict=True))
            self.stored[row["id"]] = row
            self.add(row)
        self._follow_merged(connection)
        self._different = {frozenset((one, other)) for one, other in connection.execute(select(NotSame.one, NotSame.other))}

    def _follow_merged(self, connection: Connection) -> None:
        """Who was merged into another is known by the old marks as well, unless the other has them for herself."""
        table = table_of(Member)
        rows = connection.execute(select(table.c.id, *(table.c[name] for name in COLUMNS)).join(MergedAway, MergedAway.old_id == table.c.id)).mappings().all()
        for row in rows:
            into = self.stored.get(resolve(connection, row["id"]))
            if into is None:
                continue
            if row["id_number"]:
                self._by_number.setdefault(row["id_number"], [into])
            alias = {**row, "id": into["id"], "of": into}
            self._aliases.append(alias)
            self._by_name.setdefault(row["full_name"] or "", []).append(alias)

    def add(self, row: Mapping[str, Any]) -> None:
        """Know one more person: stored, or planned from a row further up."""
        if row.get("id_number"):
            self._by_number.setdefault(row["id_number"], []).append(row)
        self._by_name.setdefault(row.get("full_name") or "", []).append(row)

    def expect(self, values: Mapping[str, Any], row: Any) -> None:
        """Know somebody who is only planned, by her marks: another row may mean her too."""
        self.add({**{name: values.get(name) for name in _MARKS}, ROW: row})

    def find(self, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The one member who is meant for certain."""
        number = values.get("id_number")
        if number and (holders := self._by_number.get(number)):
            named = [row for row in holders if row.get("full_name") == values.get("full_name")] if len(holders) > 1 else holders
            return named[0] if len(named) == 1 else None  # one number in two records: a person must say which
        same_name = self._by_name.get(values.get("full_name") or "")
        if not same_name:
            return None
        likely = [row for row in same_name if not (number and row.get("id_number")) and _agrees(row, values)]
        people = {id(row.get("of", row)): row.get("of", row) for row in likely}
        return next(iter(people.values())) if len(people) == 1 else None

    def holder(self, number: str | None) -> Mapping[str, Any] | None:
        """Whoever has this ID number, stored or planned."""
        holders = self._by_number.get(number) if number else None
        return holders[0] if holders else None

    def near(self, values: Mapping[str, Any]) -> tuple[Near, ...]:
        """Members who may be meant, the likeliest first; at most five."""
        if not self.stored:
            return ()
        mine = values.get("id")
        found = {row["id"]: row for key in _marks(values, asked=True) for row in self._marks().get(key, ()) if row["id"] != mine}
        pairs = [Near(record_id, *compare(row, values)) for record_id, row in found.items()]
        likely = [p for p in pairs if p.weight >= NEAR or (not p.differs and "full_name" in p.agrees and found[p.id]["full_name"] == values.get("full_name"))]
        return tuple(sorted(likely, key=lambda p: -p.weight)[:5])

    def _marks(self) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
        """Stored people by every mark that can bring a pair together; built when the first pair is asked for."""
        if self._by_mark is None:
            self._by_mark = {}
            for row in (*self.stored.values(), *self._aliases):
                for key in _marks(row, asked=False):
                    self._by_mark.setdefault(key, []).append(row)
        return self._by_mark

    def are_different(self, one: str, other: str) -> bool:
        """Whether a person said so."""
        return frozenset((one, other)) in self._different


def _marks(values: Mapping[str, Any], *, asked: bool) -> Iterable[tuple[str, str]]:
    """What somebody is kept under, and what is asked for. Those whose birth dates are known meet by sound and birth year: a large roster has hundreds of 张伟."""
    for mark in ("id_number", "mobile", "employee_no", "member_card_no"):
        if value := values.get(mark):
            yield mark, value
    name = values.get("full_name") or ""
    born = values.get("birth_date")
    sounds = {"".join(reading) for reading in readings(name)}
    for sound in sounds:
        if born is None or not asked:
            yield "sound", sound
        if born is not None:
            yield "sound, year", f"{sound}{born.year}"
        if (born is None) != asked:
            yield "sound, no birth", sound
    if born and born.day is not None and name:
        yield "birth", f"{born}{name[0]}"
    if name and cleaning.is_damaged(name) and born:
        yield "damaged", str(born)
    if born and not asked:
        yield "damaged", str(born)


def pairs_in_roster(connection: Connection, *, progress: Callable[[int, int], None] | None = None) -> list[tuple[str, Near]]:
    """Members who look alike among themselves, the likeliest first, each pair once; without those that are known to be different."""
    matcher = Matcher(connection)
    found: list[tuple[str, Near]] = []
    for n, (record_id, row) in enumerate(matcher.stored.items()):
        if progress and n % 500 == 0:
            progress(n, len(matcher.stored))
        for near in matcher.near(row):
            if record_id < near.id and not matcher.are_different(record_id, near.id):
                found.append((record_id, near))
    return sorted(found, key=lambda pair: -pair[1].weight)


def columns_to_compare(one: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[str]:
    """The fields in which at least one of the two says something, in the register's order."""
    return [name for name in COLUMNS if one.get(name) is not None or other.get(name) is not None]
