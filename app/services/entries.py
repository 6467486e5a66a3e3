"""Competition entries: one or many members at a time, each person and trade once, leavers refused with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.services.office import Office
from app.services.records import Act, ActKind, table_of
from db import codes
from db.dates import PartialDate
from db.problems import UserError
from db.registers import Competition, CompetitionTrade, Entry, Member
from db.registers.competitions import trades_of
from db.registers.membership import LEFT


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
    people, entered = table_of(Member), table_of(Entry)
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
        already = set(act.connection.execute(select(entered.c.member).where(entered.c.competition == competition, entered.c.trade == trade, entered.c.removed_at.is_(None))).scalars())
        lowest, ladder = _lowest_level(act, competition, trade), codes.table("skill_level")
        found = {r.id: r for r in act.connection.execute(select(people.c.id, people.c.full_name, people.c.skill_level, people.c.joined_on, people.c.membership_event, people.c.membership_event_date, people.c.removed_at).where(people.c.id.in_(members)))}
        refused, rows = [], []
        for member in dict.fromkeys(members):
            person = found.get(member)
            if person is None or person.removed_at is not None:
                refused.append(Refused(member, person.full_name if person else "", "不在名册里了。"))
            elif person.membership_event in LEFT:
                since = f"{person.membership_event_date.chinese()}起" if person.membership_event_date else ""
                refused.append(Refused(member, person.full_name, f"{person.full_name}{since}已{person.membership_event}，不能报名。"))
            elif person.joined_on is not None and person.joined_on.first_day() > today.last_day():
                refused.append(Refused(member, person.full_name, f"{person.full_name}还没有入会，不能报名。"))
            elif lowest is not None and (person.skill_level is None or ladder.rank(person.skill_level) < ladder.rank(lowest)):
                has = person.skill_level or "没有填等级"
                refused.append(Refused(member, person.full_name, f"{person.full_name}的等级是“{has}”，这个工种要“{lowest}”以上。"))
            elif member in already:
                refused.append(Refused(member, person.full_name, f"{person.full_name}已经报过“{trade}”，一人一工种只报一次。"))
            else:
                rows.append({"competition": competition, "member": member, "trade": trade, "state": "报名", "entered_on": today})
        made = act.create_many(Entry, rows)
        if rows:
            first = found[rows[0]["member"]].full_name
            act.title = f"竞赛报名（{trade}）：{first}" + (f"等 {len(rows)} 人" if len(rows) > 1 else "")
    return Entered(tuple(made), tuple(refused))


def _lowest_level(act: Act, competition: str, trade: str) -> str | None:
    """The level that the trade's plan asks for, None where it asks for none."""
    plans = table_of(CompetitionTrade)
    return act.connection.execute(select(plans.c.lowest_level).where(plans.c.competition == competition, plans.c.trade == trade, plans.c.removed_at.is_(None))).scalar()
