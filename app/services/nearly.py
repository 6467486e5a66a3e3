"""The second line of a search: when nothing hits, who is nearly meant. 章姗 finds 张珊, zhagnli finds 张丽, a phone with a wrong digit its owner.

Distance is optimal string alignment (a wrong, missing, extra letter or two swapped ones count as one), by rapidfuzz.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.services.listing import Hit, describe, page
from app.services.records import table_of
from db.pinyin import readings
from db.registers import Member

SHORTEST, SHORTEST_NUMBER = 2, 6


def members(session: Session, typed: str, *, limit: int = 6) -> list[Hit]:
    """Members nearly called so, the nearest first; nothing for one character or a few digits."""
    plain = "".join(c for c in typed.casefold() if c.isalnum())
    rownos = _numbers(session, plain, limit) if any(c.isdigit() for c in plain) else _names(session, plain, limit)
    return [describe(session, record) for record in page(session, Member, rownos)]


def _allowed(text: str) -> int:
    return 2 if len(text) >= 8 else 1


def _names(session: Session, plain: str, limit: int) -> list[int]:
    if len(plain) < SHORTEST:
        return []
    table = table_of(Member)
    rows = session.execute(select(table.c.rowno, table.c.full_name).where(table.c.removed_at.is_(None), table.c.full_name.is_not(None))).all()
    names = [row.full_name for row in rows]
    found: dict[int, float] = {}
    if not plain.isascii():
        _keep(found, rows, _nearest(plain, names, 1, limit * 3) if len(plain) > 2 else [], 0.5)
    sounds = ["".join(reading) for reading in readings(plain)] if not plain.isascii() else [plain]
    spoken = ["".join(next(iter(readings(name)), ())) for name in names]
    for sound in sounds:
        if len(sound) >= 4:
            _keep(found, rows, _nearest(sound, spoken, _allowed(sound), limit * 3), 0.0)
    return [rowno for rowno, _ in sorted(found.items(), key=lambda pair: pair[1])[:limit]]


def _numbers(session: Session, plain: str, limit: int) -> list[int]:
    if len(plain) < SHORTEST_NUMBER:
        return []
    table = table_of(Member)
    found: dict[int, float] = {}
    for name in ("mobile", "id_number", "employee_no", "member_card_no"):
        column = table.c[name]
        rows = session.execute(select(table.c.rowno, column).where(table.c.removed_at.is_(None), column.is_not(None))).all()
        _keep(found, rows, _nearest(plain, [row[1].casefold() for row in rows], 1, limit), 0.0)
    return [rowno for rowno, _ in sorted(found.items(), key=lambda pair: pair[1])[:limit]]


def _nearest(wanted: str, among: Sequence[str], most: int, limit: int) -> list[tuple[int, int]]:
    """(place, distance) of the texts that are at most so far away."""
    from rapidfuzz import process  # 30 ms to import, and most searches hit
    from rapidfuzz.distance import OSA

    found = process.extract(wanted, among, scorer=OSA.distance, score_cutoff=most, limit=limit)
    return [(place, int(distance)) for _, distance, place in found]


def _keep(found: dict[int, float], rows: Sequence[object], hits: Sequence[tuple[int, int]], more: float) -> None:
    for place, distance in hits:
        rowno = rows[place].rowno  # type: ignore[attr-defined]  # a result row
        found[rowno] = min(found.get(rowno, 9.0), distance + more)
