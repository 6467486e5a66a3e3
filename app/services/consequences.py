"""What follows from a record, in the same act, so that nothing is typed twice and one Ctrl+Z takes all of it back."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.services.claims import making
from app.services.claims.basis import COMPLETE
from app.services.claims.judging import A_FEW, Docket
from app.services.records import Act, table_of
from db import codes
from db.dates import PartialDate
from db.record import Record
from db.registers import Certificate, Member, SafetyCupScore, SafetyCupUnit, Studio, StudioReview, SubsidyApplication

Written = Sequence[tuple[str, frozenset[str] | None]]
"""Ids of the act's records of one register, with the fields that were changed; None for a new one."""


def _certificates(act: Act, written: Written, today: date) -> None:
    """The roster's level follows the highest certificate, and nobody's is lowered; but what came from a certificate that was wrong goes back to the best of the others."""
    del today
    ladder, certificates, members = codes.table("skill_level"), table_of(Certificate), table_of(Member)
    wanted = [record_id for record_id, changed in written if changed is None or changed & {"skill_level", "member"}]
    wrong: dict[str, str] = {}
    for record_id, changed in written:
        if changed and changed & {"skill_level", "member"}:
            old, stored = act.before.get((Certificate.__tablename__, record_id), {}), act.current(Certificate, record_id)
            member, level = old.get("member", stored["member"]), old.get("skill_level", stored["skill_level"])
            if member and level in ladder.words:
                wrong[member] = level
    for member, level in wrong.items():
        now = act.current(Member, member)["skill_level"]
        held = act.connection.execute(select(certificates.c.skill_level).where(certificates.c.member == member, certificates.c.removed_at.is_(None), certificates.c.skill_level.is_not(None))).scalars().all()
        best_left = max((h for h in held if h in ladder.words), key=ladder.rank, default=None)
        if now == level and level not in held and best_left is not None:
            act.change(Member, member, {"skill_level": best_left}, checked=True)
    best: dict[str, str] = {}
    levels: dict[str, str | None] = {}
    for start in range(0, len(wanted), 500):
        query = select(certificates.c.skill_level, members.c.id, members.c.skill_level.label("level")).join(members, members.c.id == certificates.c.member)
        live = (certificates.c.removed_at.is_(None), members.c.removed_at.is_(None), certificates.c.skill_level.is_not(None), certificates.c.id.in_(wanted[start : start + 500]))
        for row in act.connection.execute(query.where(*live)):
            levels[row.id] = row.level
            if row.skill_level in ladder.words and (row.id not in best or ladder.rank(best[row.id]) < ladder.rank(row.skill_level)):
                best[row.id] = row.skill_level
    for member, level in best.items():
        if levels[member] is None or (levels[member] in ladder.words and ladder.rank(str(levels[member])) < ladder.rank(level)):
            act.change(Member, member, {"skill_level": level}, checked=True)


def _claims(act: Act, written: Written, today: date) -> None:
    """A claim that was typed or read in gets what a proposed one has from the start."""
    rows = [row for record_id, _ in written if (row := act.current(SubsidyApplication, record_id))["removed_at"] is None and row["state"] in COMPLETE]
    docket = Docket(act.connection, rows) if len(rows) > A_FEW else None
    for row in rows:
        making.complete(act, row, today, docket)


def _cup_scores(act: Act, written: Written, today: date) -> None:
    """A unit's mark is the sum of its sheet: what the assessors gave once every line has it; what it gave itself only while there is no mark at all."""
    del today
    table, items = table_of(SafetyCupScore), len(codes.table("safety_cup_item").labels)
    touched = [record_id for record_id, changed in written if changed is None or changed & {"self_score", "review_score", "safety_cup_unit"}]
    for unit in dict.fromkeys(act.current(SafetyCupScore, record_id)["safety_cup_unit"] for record_id in touched):
        rows = act.connection.execute(select(table.c.self_score, table.c.review_score).where(table.c.safety_cup_unit == unit, table.c.removed_at.is_(None))).all()
        own, given = [r.self_score for r in rows if r.self_score is not None], [r.review_score for r in rows if r.review_score is not None]
        stands = act.current(SafetyCupUnit, unit)
        if stands["removed_at"] is None and len(given) >= items:
            act.change(SafetyCupUnit, unit, {"score": sum(given, Decimal(0))}, checked=True)
        elif stands["removed_at"] is None and len(own) >= items and stands["score"] is None:
            act.change(SafetyCupUnit, unit, {"score": sum(own, Decimal(0))}, checked=True)


def _reviews(act: Act, written: Written, today: date) -> None:
    """What happened to a studio changes it, where nothing happened later: withdrawn, another level, another leader."""
    del today
    table = table_of(StudioReview)
    for record_id, changed in written:
        review = act.current(StudioReview, record_id)
        if review["removed_at"] is not None or not review["studio"] or not (changed is None or changed & {"event", "leader", "level"}):
            continue
        studio = act.current(Studio, review["studio"])
        others = act.connection.execute(select(table.c.year, table.c.reviewed_on).where(table.c.studio == review["studio"], table.c.id != record_id, table.c.event.in_(_EVENTS), table.c.removed_at.is_(None))).all()
        if any(_when(o.year, o.reviewed_on) > _when(review["year"], review["reviewed_on"]) for o in others) or (studio["named_on"] is not None and studio["named_on"].first_day() > _when(review["year"], review["reviewed_on"])):
            continue  # history that is typed in later
        more: dict[str, Any] = {"撤销": {"state": "撤销"}, "领军人变更": {"leader": review["leader"]}, "升级": {"level": review["level"]}}.get(str(review["event"]), {})
        more = {name: value for name, value in more.items() if value}
        if more and studio["removed_at"] is None:
            act.change(Studio, review["studio"], more, checked=True)


_EVENTS = ("撤销", "领军人变更", "升级")


def _when(year: int | None, day: PartialDate | None) -> date:
    return day.last_day() if day is not None else date(year or 1, 12, 31)


_FOLLOWS: Mapping[type[Record], Callable[[Act, Written, date], None]] = {Certificate: _certificates, SubsidyApplication: _claims, SafetyCupScore: _cup_scores, StudioReview: _reviews}
REGISTERS = frozenset(register.__tablename__ for register in _FOLLOWS)


def follow(act: Act, written: Sequence[tuple[type[Record], str, frozenset[str] | None]], today: date) -> None:
    """Do what follows from the act's records."""
    for register, do in _FOLLOWS.items():
        if mine := [(record_id, changed) for of, record_id, changed in written if of is register]:
            do(act, mine, today)
