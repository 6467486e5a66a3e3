"""Competition entries: one or many members at a time, each person and trade once, leavers refused with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.services import crosschecks
from app.services.office import Office
from app.services.records import ActKind, table_of
from db.dates import PartialDate
from db.problems import UserError
from db.registers import Competition, Entry, Member
from db.registers.competitions import trades_of


@dataclass(frozen=True)
class Refused:
    """A member who could not be entered, and why in a sentence."""

    member: str
    full_name: str
    why: str


@dataclass(frozen=True)
class Entered:
    entries: tuple[str, ...]
    refused: tuple[Refused, ...]


def enter(office: Office, competition: str, trade: str, members: Sequence[str]) -> Entered:
    """Enter members for one trade as one act. Those who may not are named; the others are entered."""
    today = PartialDate.of(office.clock().astimezone().date())
    people = table_of(Member)
    with office.act(ActKind.ENTRY, f"竞赛报名：{trade}") as act:
        row = act.current(Competition, competition)
        if row["removed_at"] is not None:
            raise UserError("这项竞赛已经删除了，不能报名。")
        trades = trades_of(row["trades"])
        if trade not in trades:
            raise UserError(f"这项竞赛没有“{trade}”，可选的是：{'、'.join(trades)}。")
        deadline = row["entry_deadline"]
        if deadline and deadline.last_day() < today.first_day():
            raise UserError(f"报名已在 {deadline.chinese()} 截止。")
        found = {r.id: r for r in act.connection.execute(select(people.c.id, people.c.full_name, people.c.removed_at).where(people.c.id.in_(members)))}
        refused, rows, known = list[Refused](), list[dict[str, Any]](), dict[Any, Any]()
        for member in dict.fromkeys(members):
            person = found.get(member)
            values = {"competition": competition, "member": member, "trade": trade, "state": "报名", "entered_on": today}
            if person is None or person.removed_at is not None:
                refused.append(Refused(member, person.full_name if person else "", "不在名册里了。"))
            elif why := [p.message for p in crosschecks.problems(act.connection, Entry, values, today=today.first_day(), known=known) if p.is_error]:
                refused.append(Refused(member, person.full_name, why[0]))
            else:
                rows.append(values)
        made = act.create_many(Entry, rows)
        if rows:
            first = found[rows[0]["member"]].full_name
            act.title = f"竞赛报名（{trade}）：{first}" + (f"等 {len(rows)} 人" if len(rows) > 1 else "")
    return Entered(tuple(made), tuple(refused))

