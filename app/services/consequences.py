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
from db.record import Record
from db.registers import Certificate, Member, SafetyCupScore, SafetyCupUnit, Studio, StudioReview, SubsidyApplication

Written = Sequence[tuple[str, frozenset[str] | None]]
"""Ids of the act's records of one register, with the fields that were changed; None for a new one."""


def _certificates(act: Act, written: Written, today: date) -> None:
    """The roster's level follows the highest certificate; nobody's is lowered."""
    del today
    wanted = [record_id for record_id, changed in written if changed is None or changed & {"skill_level", "member"}]
    ladder, certificates, members = codes.table("skill_level"), table_of(Certificate), table_of(Member)
    best: dict[str, str] = {}
    now: dict[str, str | None] = {}
    for start in range(0, len(wanted), 500):
        query = select(certificates.c.skill_level, members.c.id, members.c.skill_level.label("level")).join(members, members.c.id == certificates.c.member)
        live = (certificates.c.removed_at.is_(None), members.c.removed_at.is_(None), certificates.c.skill_level.is_not(None), certificates.c.id.in_(wanted[start : start + 500]))
        for row in act.connection.execute(query.where(*live)):
            now[row.id] = row.level
            if row.skill_level in ladder.words and (row.id not in best or ladder.rank(best[row.id]) < ladder.rank(row.skill_level)):
                best[row.id] = row.skill_level
    for member, level in best.items():
        if now[member] is None or (now[member] in ladder.words and ladder.rank(str(now[member])) < ladder.rank(level)):
            act.change(Member, member, {"skill_level": level}, checked=True)


def _claims(act: Act, written: Written, today: date) -> None:
    """A claim that was typed or read in gets what a proposed one has from the start."""
    rows = [row for record_id, _ in written if (row := act.current(SubsidyApplication, record_id))["removed_at"] is None and row["state"] in COMPLETE]
    docket = Docket(act.connection, rows) if len(rows) > A_FEW else None
    for row in rows:
        making.complete(act, row, today, docket)


def _cup_scores(act: Act, written: Written, today: date) -> None:
    """A unit's mark is the sum of its sheet: what the assessors gave once all lines have it, before that what it gave itself."""
    del today
    table = table_of(SafetyCupScore)
    items = len(codes.table("safety_cup_item").labels)
    for unit in dict.fromkeys(act.current(SafetyCupScore, record_id)["safety_cup_unit"] for record_id, _ in written):
        rows = act.connection.execute(select(table.c.self_score, table.c.review_score).where(table.c.safety_cup_unit == unit, table.c.removed_at.is_(None))).all()
        for marks in ([r.review_score for r in rows], [r.self_score for r in rows]):
            if len(marks) >= items and None not in marks:
                if act.current(SafetyCupUnit, unit)["removed_at"] is None:
                    act.change(SafetyCupUnit, unit, {"score": sum(marks, Decimal(0))}, checked=True)
                break


def _reviews(act: Act, written: Written, today: date) -> None:
    """What happened to a studio changes it: withdrawn, one level up, another leader."""
    del today
    ladder = codes.table("studio_level").labels
    for record_id, changed in written:
        review = act.current(StudioReview, record_id)
        if review["removed_at"] is not None or not review["studio"] or not (changed is None or changed & {"event", "leader"}):
            continue
        studio = act.current(Studio, review["studio"])
        more: dict[str, Any] = {}
        if review["event"] == "撤销":
            more = {"state": "撤销"}
        elif review["event"] == "领军人变更" and review["leader"]:
            more = {"leader": review["leader"]}
        elif review["event"] == "升级" and changed is None and studio["level"] in ladder[:-1]:
            more = {"level": ladder[ladder.index(studio["level"]) + 1]}
        if more and studio["removed_at"] is None:
            act.change(Studio, review["studio"], more, checked=True)


_FOLLOWS: Mapping[type[Record], Callable[[Act, Written, date], None]] = {Certificate: _certificates, SubsidyApplication: _claims, SafetyCupScore: _cup_scores, StudioReview: _reviews}
REGISTERS = frozenset(register.__tablename__ for register in _FOLLOWS)


def follow(act: Act, written: Sequence[tuple[type[Record], str, frozenset[str] | None]], today: date) -> None:
    """Do what follows from the act's records."""
    for register, do in _FOLLOWS.items():
        if mine := [(record_id, changed) for of, record_id, changed in written if of is register]:
            do(act, mine, today)
