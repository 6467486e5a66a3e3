"""Checks that look at other tables (domain 5.4): asked when a record is typed, pasted or read in, and again when the act ends.

Errors keep a record out by whatever way it comes; doubts are shown while it is typed and wait for nobody. What was written
before is asked again only when one of the fields changes that the check is about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from app.services import policies
from app.services.claims import basis as bases
from app.services.claims import judging, making
from app.services.membership import MEMBER, NOT_YET, status_on
from app.services.records import Act, Invalid, table_of
from db import codes
from db.dates import PartialDate
from db.problems import Problem, UserError, warning
from db.record import Record, fields_of
from db.registers import Competition, CompetitionTrade, Entry, Honour, Member, Nomination, Project, Proposal, SignIn, SubsidyApplication
from db.registers.claims import BASES, SKILL
from db.registers.competitions import trades_of
from db.registers.members import RETIRED
from db.registers.membership import LEFT

Values = Mapping[str, Any]
TO_BE_SENT = ("校验通过", "基层工会已审")
"""The states of a claim that the next package takes along."""
PACKED = "已打包"
NEW: frozenset[str] = frozenset({"*"})
"""In place of the changed fields of a record that was made just now: everything is asked."""
_WORDS_OF_LEVEL = (("国家", ("全国", "国家")), ("省部", ("北京市", "首都", "省", "部")), ("地市", ("市级",)), ("区县", ("朝阳", "区")))


@dataclass(frozen=True)
class Asked:
    """What a check is told: the record's values, its id where it has one, and the day."""

    connection: Connection
    values: Values
    record_id: str | None
    today: date
    changed: frozenset[str] | None
    """Of a stored record, what is being changed; NEW for one that was made just now, None for one that is not made yet."""
    known: dict[Any, Any]
    """What was looked up for other records of the same act."""

    def once(self, key: Any, look: Callable[[], Any]) -> Any:
        if key not in self.known:
            self.known[key] = look()
        return self.known[key]


@dataclass(frozen=True)
class _Check:
    about: tuple[str, ...]
    """A stored record is asked again when one of these fields changes."""
    ask: Callable[[Asked], list[Problem]]


def _entry(asked: Asked) -> list[Problem]:
    """Member on that day, a trade of the contest and its level, one entry per person and trade, no second team."""
    values, connection = asked.values, asked.connection
    contests, plans, entries = table_of(Competition), table_of(CompetitionTrade), table_of(Entry)
    contest = asked.once(("contest", values.get("competition")), lambda: connection.execute(select(contests).where(contests.c.id == values.get("competition"))).mappings().first())
    member = _member(connection, values.get("member"))
    if contest is None or member is None:
        return []
    found = []
    trades = trades_of(contest["trades"])
    if values.get("trade") and trades and values["trade"] not in trades:
        found.append(Problem("trade-unknown", f"这项竞赛没有“{values['trade']}”，可选的是：{'、'.join(trades)}。", "trade"))
    when = values.get("entered_on") or contest["starts_on"] or contest["ends_on"]
    day = min(when.first_day(), asked.today) if isinstance(when, PartialDate) else asked.today
    state = _state(asked, member, day)
    if state in LEFT:
        since = member["membership_event_date"] if member["membership_event"] == state else None
        found.append(Problem("not-a-member", f"{member['full_name']}{since.chinese() + '起' if since else ''}已{state}，不能报名。", "member"))
    elif state == NOT_YET:
        found.append(Problem("not-yet-a-member", f"{member['full_name']}还没有入会，不能报名。", "member"))
    plan = select(plans.c.lowest_level).where(plans.c.competition == contest["id"], plans.c.trade == values.get("trade"), plans.c.removed_at.is_(None))
    lowest = asked.once(("plan", contest["id"], values.get("trade")), lambda: connection.execute(plan).scalar())
    ladder = codes.table("skill_level")
    if lowest is not None and (member["skill_level"] is None or ladder.rank(member["skill_level"]) < ladder.rank(lowest)):
        said = f"{member['full_name']}的等级是“{member['skill_level'] or '没有填'}”，这个工种要“{lowest}”以上。"
        found.append(Problem("level-low", said, "member") if day >= asked.today else warning("level-low", said, "member"))  # of a contest long over only a look: the roster says today's level
    others = connection.execute(select(entries.c.id, entries.c.competition, entries.c.team, entries.c.entered_on).where(entries.c.member == member["id"], entries.c.trade == values.get("trade"), entries.c.removed_at.is_(None))).all()
    others = [o for o in others if o.id != asked.record_id]
    if any(o.competition == contest["id"] for o in others):
        found.append(Problem("entered-already", f"{member['full_name']}已经报过“{values.get('trade')}”，一人一工种只报一次。", "member"))
    elif values.get("team") and any(o.team and o.team != values["team"] and o.entered_on and o.entered_on.year == day.year for o in others):
        found.append(warning("two-teams", f"{member['full_name']}今年在同一工种还参加了别的队，请看一眼。", "team"))
    return found


def _state(asked: Asked, member: Values, day: date) -> str:
    """What the member was on that day; of today the roster's own fields say it."""
    if day < asked.today:
        return status_on(Session(asked.connection), member["id"], day).state
    since = member["membership_event_date"]
    if member["membership_event"] in LEFT and (since is None or since.first_day() <= day):
        return str(member["membership_event"])
    return NOT_YET if member["joined_on"] is not None and member["joined_on"].first_day() > day else MEMBER


def _project(asked: Asked) -> list[Problem]:
    """No new project while an earlier grant of the studio or the leader is unsettled (京工办发〔2021〕1号)."""
    values, table = asked.values, table_of(Project)
    if values.get("settled_on"):
        return []
    rows = asked.connection.execute(select(table.c.id, table.c.name, table.c.studio, table.c.leader).where(table.c.first_paid_on.is_not(None), table.c.settled_on.is_(None), table.c.removed_at.is_(None))).all()
    blocking = [r for r in rows if r.id != asked.record_id and ((values.get("studio") and r.studio == values["studio"]) or (values.get("leader") and r.leader == values["leader"]))]
    return [Problem("unsettled", f"“{blocking[0].name}”的助推资金还没有结算，不能立新的。", "studio" if values.get("studio") else "leader")] if blocking else []


def _claim(asked: Asked) -> list[Problem]:
    """A claim that is called checked is judged, however it came here; that it is packed only the package says."""
    values = asked.values
    if values.get("state") == PACKED and (asked.changed is None or asked.changed is NEW or "state" in asked.changed):
        return [Problem("packed-by-hand", "“已打包”由导出数据包时自动写上，不能手工改。要退回来改，就选“退回补正”或“草稿”。", "state")]
    if values.get("state") not in TO_BE_SENT:
        return []
    kind = values.get("kind") or SKILL
    basis_id = next((values[field] for field in BASES.get(kind, ()) or ("member",) if values.get(field)), None)
    applied = values.get("applied_on")
    if basis_id is None:
        return [Problem("basis-missing", "没有写凭什么申请，不能算校验通过。", next(iter(BASES.get(kind, ()) or ("member",))))]
    if not isinstance(applied, PartialDate):
        return [Problem("required", "“申请日期”还没有填。", "applied_on")]
    if applied.first_day() > asked.today:
        return [Problem("applied-later", "申请日期在今天以后，请核对。", "applied_on")]
    if len([field for field in BASES.get(kind, ()) if values.get(field)]) > 1:
        return [Problem("two-bases", "一份申请只能凭一样：证书和竞赛名次只留一个。", "entry")]
    try:
        verdict = judging.judge_claim(asked.connection, basis_id, on=judging.day_of(applied, asked.today), claim=kind, application_id=asked.record_id, policy_id=values.get("policy"), own=values)
    except UserError as e:
        return [Problem("basis-gone", str(e), next(iter(BASES.get(kind, ()) or ("member",))))]
    return list(verdict.problems)


def _nomination(asked: Asked) -> list[Problem]:
    """A barred employer; honours that the text claims and the register does not hold; the share of the front line."""
    values, found = asked.values, list[Problem]()
    if values.get("employer_clean") is False:
        found.append(Problem("employer-barred", "单位有安全、环保、欠薪等重大违法，不能推荐。", "employer_clean"))
    if values.get("member") and values.get("honours"):
        honours = table_of(Honour)
        held = set(asked.connection.execute(select(honours.c.level).where(honours.c.member == values["member"], honours.c.removed_at.is_(None))).scalars())
        ladder = [name for name, _ in _WORDS_OF_LEVEL]
        claimed = next((name for name, words in _WORDS_OF_LEVEL if any(word in values["honours"] for word in words)), None)
        if claimed is not None and not any(level in held for level in ladder[: ladder.index(claimed) + 1]):
            found.append(warning("honours-lower", f"奖励里写到{claimed}的荣誉，荣誉登记里没有这一级的，请核对。", "honours"))
    least = policies.rule(asked.connection, "front_line_share", asked.today).value
    if least and values.get("member") and values.get("year"):
        table = table_of(Nomination)
        kinds = list(asked.connection.execute(select(table.c.worker_kind).where(table.c.year == values["year"], table.c.member.is_not(None), table.c.removed_at.is_(None), table.c.id != (asked.record_id or ""))).scalars())
        kinds.append(values.get("worker_kind"))
        share = 100 * sum(kind == "一线职工" for kind in kinds) / len(kinds)
        if share < least:
            found.append(warning("front-line-share", f"{values['year']}推荐的人里一线职工只占 {share:.0f}%，要 {least}% 以上，请核对。", "worker_kind"))
    return found


def _honour(asked: Asked) -> list[Problem]:
    """The prize that goes with a first medal (2014: national 10,000, capital 5,000)."""
    name = {"全国五一劳动奖章": "medal_national", "首都劳动奖章": "medal_capital"}.get(str(asked.values.get("kind")))
    prize = asked.values.get("prize")
    if name is None or prize is None:
        return []
    wanted = policies.rule(asked.connection, name, asked.today)
    return [] if prize == Decimal(wanted.value) else [warning("prize", f"{asked.values['kind']}的奖金是 {wanted.value:,} 元（{wanted.source}），这里是 {prize:,.2f} 元，请核对。", "prize")]


def _proposal(asked: Asked) -> list[Problem]:
    """No part of the score above what the rule of that day gives it."""
    written = asked.values.get("proposed_on")
    day = min(written.last_day(), asked.today) if isinstance(written, PartialDate) else asked.today
    most = asked.once(("scoring", day), lambda: policies.dated(asked.connection, "rule", Proposal.PARTS.values(), day))
    return [Problem("score-too-large", f"这一项最多 {most[rule]} 分。", name) for name, rule in Proposal.PARTS.items() if (asked.values.get(name) or 0) > most[rule]]


def _sign_in(asked: Asked) -> list[Problem]:
    """Somebody who is not on the roster; a guest who signs twice."""
    values = asked.values
    if values.get("member"):
        return []
    found = [] if values.get("unit") else [warning("not-on-the-roster", "这个人不在名册里，请写明单位。", "unit")]
    table = table_of(SignIn)
    again = asked.connection.execute(
        select(func.count()).select_from(table).where(table.c.lecture == values.get("lecture"), table.c.full_name == values.get("full_name"), func.coalesce(table.c.session, "") == (values.get("session") or ""), table.c.id != (asked.record_id or ""), table.c.removed_at.is_(None))
    ).scalar_one()
    return [*found, warning("signed-twice", f"{values.get('full_name')}在这一场已经签过一次，请看一眼是不是同一个人。", "full_name")] if again else found


def _still_here(field: str) -> Callable[[Asked], list[Problem]]:
    """Somebody who left or retired, in a new record."""

    def ask(asked: Asked) -> list[Problem]:
        member = _member(asked.connection, asked.values.get(field)) if asked.record_id is None else None
        if member is None:
            return []
        if member["membership_event"] in LEFT:
            return [warning("member-left", f"{member['full_name']}已{member['membership_event']}，请看一眼。", field)]
        return [warning("member-retired", f"{member['full_name']}已{member['employment_status']}，请看一眼。", field)] if member["employment_status"] in RETIRED else []

    return ask


def _member(connection: Connection, member: str | None) -> Values | None:
    table = table_of(Member)
    row = connection.execute(select(table).where(table.c.id == member)).mappings().first() if member else None
    return dict(row) if row is not None else None


_CHECKS: Mapping[str, tuple[_Check, ...]] = {
    "entry": (_Check(("competition", "member", "trade", "team", "entered_on"), _entry),),
    "innovation_project": (_Check(("studio", "leader", "first_paid_on"), _project),),
    "subsidy_application": (_Check(("state", "kind", "member", "applied_on", "policy", "has_other_claim", "contract_from", "contract_to", "insured_months", *bases.FIELDS), _claim),),
    "nomination": (_Check(("member", "honours", "employer_clean", "worker_kind", "year"), _nomination),),
    "honour": (_Check(("kind", "prize"), _honour),),
    "improvement_proposal": (_Check((*Proposal.PARTS, "proposed_on"), _proposal),),
    "sign_in": (_Check(("full_name", "unit", "member"), _sign_in),),
}
_GONE_IS_FINE = ("membership_event", "sign_in", "registration", "honour", "honour_update", "subsidy_application", "hardship_case", "certificate")
"""Registers of what was, or that judge membership themselves: a member who left is no surprise there."""


WATCHED = frozenset(_CHECKS) - {"honour", "sign_in"}
"""The registers whose errors are looked for when an act ends; of the others there are only doubts."""


def verify(act: Act, today: date) -> None:
    """Whatever way records came (typed, pasted, read in): Invalid, and nothing is written, where one breaks a rule over other tables."""
    known: dict[Any, Any] = {}
    for register, record_id, changed in tuple(act.written):
        values = act.current(register, record_id)
        if values["removed_at"] is not None:
            continue
        if errors := [p for p in problems(act.connection, register, values, today=today, record_id=record_id, changed=changed or NEW, known=known) if p.is_error]:
            raise Invalid(errors)
        if register is SubsidyApplication and values["state"] in TO_BE_SENT:
            making.complete(act, record_id, today)


def problems(connection: Connection, register: type[Record], values: Values, *, today: date, record_id: str | None = None, changed: frozenset[str] | None = None, known: dict[Any, Any] | None = None) -> list[Problem]:
    """What other tables say about a record. `changed`: of a stored record, the fields that are being changed; None for a new one."""
    asked = Asked(connection, values, record_id, today, changed, known if known is not None else {})
    found: list[Problem] = []
    for check in _CHECKS.get(register.__tablename__, ()):
        if changed is None or changed is NEW or changed & set(check.about):
            found += check.ask(asked)
    if changed is None and register.__tablename__ not in _GONE_IS_FINE and not any(p.field == "member" for p in found):
        who = next((f.name for f in fields_of(register) if f.kind.refers_to == Member.__tablename__), None)
        found += _still_here(who)(asked) if who else []
    return found
