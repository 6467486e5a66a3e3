"""Checks that look at other tables (domain 5.4): asked when a record is typed, pasted or read in, and again when the act ends.

Errors keep a record out by whatever way it comes; doubts are shown while it is typed and wait for nobody. What was written
before is asked again only when one of the fields changes that the check is about.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, String, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from app.services import files, funds, notices, policies
from app.services.claims import basis as bases
from app.services.claims import judging
from app.services.claims.basis import COMPLETE
from app.services.exchange.items import row_on
from app.services.membership import MEMBER, NOT_YET, status_on
from app.services.records import Act, Invalid, table_of
from db import codes
from db.dates import PartialDate
from db.problems import Problem, Severity, UserError, warning
from db.record import Record, fields_of
from db.registers import Competition, CompetitionRound, CompetitionTrade, Entry, Honour, Member, Nomination, Project, Proposal, SignIn, StudioMember, SubsidyApplication, Team
from db.registers.claims import BASES, SKILL
from db.registers.competitions import trades_of
from db.registers.members import RETIRED
from db.registers.membership import LEFT

Values = Mapping[str, Any]
DOCKET = "docket"
"""Under which the many claims of one act are known."""
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
    found = _trade_of_contest(asked)
    when = values.get("entered_on") or contest["starts_on"] or contest["ends_on"]
    day = min(when.first_day(), asked.today) if isinstance(when, PartialDate) else asked.today
    found += _in_time(asked, contest)
    if values.get("team") and asked.connection.execute(select(table_of(Team).c.competition).where(table_of(Team).c.id == values["team"])).scalar() != contest["id"]:
        found.append(Problem("other-contest", "参赛队不是这项竞赛的，请重新选。", "team"))
    state = _state(asked, member, day)
    if state in LEFT:
        since = member["membership_event_date"] if member["membership_event"] == state else None
        found.append(Problem("not-a-member", f"{member['full_name']}{since.chinese() + '起' if since else ''}已{state}，不能报名。", "member"))
    elif state == NOT_YET:
        found.append(Problem("not-yet-a-member", f"{member['full_name']}还没有入会，不能报名。", "member"))
    plan = select(plans.c.lowest_level).where(plans.c.competition == contest["id"], plans.c.trade == values.get("trade"), plans.c.removed_at.is_(None))
    lowest = asked.once(("plan", contest["id"], values.get("trade")), lambda: connection.execute(plan).scalar())
    ladder = codes.table("skill_level")
    if lowest is not None and ladder.rank(lowest) and (member["skill_level"] is None or ladder.rank(member["skill_level"]) < ladder.rank(lowest)):
        said = f"{member['full_name']}的等级是“{member['skill_level'] or '没有填'}”，这个工种要“{lowest}”以上。"
        found.append(Problem("level-low", said, "member") if day >= asked.today else warning("level-low", said, "member"))  # of a contest long over only a look: the roster says today's level
    others = connection.execute(select(entries.c.id, entries.c.competition, entries.c.team, entries.c.entered_on).where(entries.c.member == member["id"], entries.c.trade == values.get("trade"), entries.c.removed_at.is_(None))).all()
    others = [o for o in others if o.id != asked.record_id]
    if any(o.competition == contest["id"] for o in others):
        found.append(Problem("entered-already", f"{member['full_name']}已经报过“{values.get('trade')}”，一人一工种只报一次。", "member"))
    elif values.get("team") and any(o.team and o.team != values["team"] and o.entered_on and o.entered_on.year == day.year for o in others):
        found.append(warning("two-teams", f"{member['full_name']}今年在同一工种还参加了别的队，请看一眼。", "team"))
    return found


def _in_time(asked: Asked, contest: Values) -> list[Problem]:
    """Not after the entries were closed; with the photograph that the contest asks for."""
    values, found, deadline = asked.values, list[Problem](), contest["entry_deadline"]
    entered = values.get("entered_on")
    if deadline is not None and isinstance(entered, PartialDate) and entered.first_day() > deadline.last_day():
        found.append(Problem("after-deadline", f"报名已在 {deadline.chinese()} 截止，{entered.chinese()}报的名不收。", "entered_on"))
    if contest["photo_rule"] and asked.changed is not NEW:
        photo = next((body for of in (asked.record_id, values.get("member")) if of and (body := files.photo_of(asked.connection, of))), None)
        if photo is None:
            found.append(warning("photo-missing", f"这项竞赛要“{contest['photo_rule']}”，还没有照片，打印报名表以前请补上。", "member"))
    return found


def _round(asked: Asked) -> list[Problem]:
    """A round of a trade that the contest has; weights that make a hundred."""
    values = asked.values
    found = _trade_of_contest(asked)
    table = table_of(CompetitionRound)
    others = asked.connection.execute(select(table.c.weight, table.c.trade).where(table.c.competition == values.get("competition"), table.c.id != (asked.record_id or ""), table.c.removed_at.is_(None))).all()
    weights = [values.get("weight"), *(o.weight for o in others if o.trade in (None, values.get("trade")) or values.get("trade") is None)]
    total = sum(w or 0 for w in weights)
    if values.get("weight") and total > 100:
        found.append(Problem("weights-over", f"各轮占总成绩加起来是 {total}%，不能超过 100%。", "weight"))
    elif any(weights) and total != 100:
        found.append(warning("weights-not-all", f"各轮占总成绩现在加起来是 {total}%，都写完要是 100%。", "weight"))
    return found


def _trade_of_contest(asked: Asked) -> list[Problem]:
    """A trade must be one of the contest's."""
    values, contests = asked.values, table_of(Competition)
    written = asked.once(("trades", values.get("competition")), lambda: asked.connection.execute(select(contests.c.trades).where(contests.c.id == values.get("competition"))).scalar())
    trades = trades_of(written)
    if values.get("trade") and trades and values["trade"] not in trades:
        return [Problem("trade-unknown", f"这项竞赛没有“{values['trade']}”，可选的是：{'、'.join(trades)}。", "trade")]
    return []


def _score(asked: Asked) -> list[Problem]:
    """A mark belongs to an entry of the round's own contest and trade."""
    rounds, entries = table_of(CompetitionRound), table_of(Entry)
    of = asked.connection.execute(select(rounds.c.competition, rounds.c.trade).where(rounds.c.id == asked.values.get("round"))).first()
    entry = asked.connection.execute(select(entries.c.competition, entries.c.trade).where(entries.c.id == asked.values.get("entry"))).first()
    if of is None or entry is None:
        return []
    if of.competition != entry.competition:
        return [Problem("other-contest", "轮次和选手不是同一项竞赛的，请重新选。", "entry")]
    return [Problem("other-trade", f"这一轮是“{of.trade}”的，选手报的是“{entry.trade}”。", "entry")] if of.trade and of.trade != entry.trade else []


def _cup_score(asked: Asked) -> list[Problem]:
    """No line of the safety cup's sheet above what the rule gives it."""
    most = policies.rule(asked.connection, "safety_cup_item", asked.today).value
    return [Problem("score-too-large", f"每项最多 {most} 分。", name) for name in ("self_score", "review_score") if (asked.values.get(name) or 0) > most]


def _budget_line(asked: Asked) -> list[Problem]:
    return funds.verify_line(asked.connection, {**asked.values, "id": asked.record_id}) if asked.record_id is not None else []


def _booking(asked: Asked) -> list[Problem]:
    return funds.doubts(asked.connection, asked.values)


def _group(asked: Asked) -> list[Problem]:
    """A group's number against the roster's department."""
    values, members = asked.values, table_of(Member)
    if not values.get("department") or values.get("member_count") is None:
        return []
    count = asked.connection.execute(select(func.count()).select_from(members).where(members.c.department == values["department"], members.c.removed_at.is_(None), func.coalesce(members.c.membership_event, "").not_in(sorted(LEFT)))).scalar_one()
    return [] if count == values["member_count"] else [warning("other-count", f"名册里“{values['department']}”有 {count} 名会员，这里写的是 {values['member_count']} 人，请核对。", "member_count")]


def _at_the_end(year: Any, today: date) -> date:
    """The last day of a record's year, also where it is written in words (2026 年度); today where it has none."""
    written = re.search(r"(?:19|20)\d\d", str(year or ""))
    return date(int(written[0]), 12, 31) if written else today


def _cup(asked: Asked) -> list[Problem]:
    """An award wants its mark (domain 4g: 95 in the city, 98 in the nation)."""
    values = asked.values
    day = _at_the_end(values.get("year"), asked.today)
    least = policies.rule(asked.connection, "safety_cup_city", day)
    if values.get("award") and values.get("unit_kind") != "先进个人" and values.get("score") is not None and values["score"] < least.value:
        return [warning("score-low", f"考核 {values['score']} 分，市级优胜要 {least.value} 分以上（{least.source}），请看一眼。", "score")]
    return []


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
    granted = bases.claimed_projects(asked.connection, ("批准", "已发放"))
    rows = asked.connection.execute(select(table.c.id, table.c.name, table.c.studio, table.c.leader).where(or_(table.c.first_paid_on.is_not(None), table.c.id.in_(granted)), table.c.settled_on.is_(None), table.c.removed_at.is_(None))).all()
    blocking = [r for r in rows if r.id != asked.record_id and ((values.get("studio") and r.studio == values["studio"]) or (values.get("leader") and r.leader == values["leader"]))]
    return [Problem("unsettled", f"“{blocking[0].name}”的助推资金还没有结算，不能立新的。", "studio" if values.get("studio") else "leader")] if blocking else []


def _studio(asked: Asked) -> list[Problem]:
    """A named studio has a leader and a team."""
    values = asked.values
    if values.get("state") != "已命名" or asked.record_id is None:
        return []
    found = [] if values.get("leader") else [warning("no-leader", "已命名的工作室要有领军人。", "leader")]
    return [*found, *(replace(p, severity=Severity.WARNING) for p in studio_team(asked.connection, asked.record_id, policies.day_of(values.get("named_on"), otherwise=asked.today)))]


def studio_team(connection: Connection, studio: str, day: date) -> list[Problem]:
    """Whether a studio has as many in its team as the rule wants."""
    team = table_of(StudioMember)
    count = connection.execute(select(func.count()).select_from(team).where(team.c.studio == studio, team.c.left_on.is_(None), team.c.removed_at.is_(None))).scalar_one()
    least = policies.rule(connection, "studio_team", day).value
    return [] if count >= least else [Problem("team-small", f"工作室成员只登记了 {count} 人，要 {least} 人以上。", None)]


def _claim(asked: Asked) -> list[Problem]:
    """A claim that is called checked is judged, however it came here; that it is packed only the package says."""
    values = asked.values
    if values.get("state") == PACKED and (asked.changed is None or asked.changed is NEW or "state" in asked.changed):
        return [Problem("packed-by-hand", "“已打包”由导出数据包时自动写上，不能手工改。要退回来改，就选“退回补正”或“草稿”。", "state")]
    if values.get("state") not in COMPLETE:
        return []
    kind = values.get("kind") or SKILL
    basis_id = bases.named_by({**values, "kind": kind})
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
        verdict = judging.judge_claim(asked.connection, basis_id, on=judging.day_of(applied, asked.today), claim=kind, application_id=asked.record_id, policy_id=values.get("policy"), own=values, docket=asked.known.get(DOCKET))
    except UserError as e:
        return [Problem("basis-gone", str(e), next(iter(BASES.get(kind, ()) or ("member",))))]
    return list(verdict.problems)


def _notice(asked: Asked) -> list[Problem]:
    """What goes up was on public notice long enough, without an objection that stands."""
    return notices.check(asked.connection, asked.values, asked.today) if asked.values.get("state") in COMPLETE else []


def _nomination(asked: Asked) -> list[Problem]:
    """A barred employer; honours that the text claims and the register does not hold; the share of the front line."""
    values, found = asked.values, _notice(asked)
    if values.get("state") in COMPLETE and values.get("employer_clean") is None:
        found.append(Problem("employer-unknown", "请先查清单位有没有安全、环保、欠薪等重大违法，填上再上报。", "employer_clean"))
    if values.get("employer_clean") is False:
        found.append(Problem("employer-barred", "单位有安全、环保、欠薪等重大违法，不能推荐。", "employer_clean"))
    if values.get("member") and values.get("honours"):
        honours = table_of(Honour)
        held = set(asked.connection.execute(select(honours.c.level).where(honours.c.member == values["member"], honours.c.removed_at.is_(None))).scalars())
        ladder = [name for name, _ in _WORDS_OF_LEVEL]
        claimed = next((name for name, words in _WORDS_OF_LEVEL if any(word in values["honours"] for word in words)), None)
        if claimed is not None and not any(level in held for level in ladder[: ladder.index(claimed) + 1]):
            found.append(warning("honours-lower", f"奖励里写到{claimed}的荣誉，荣誉登记里没有这一级的，请核对。", "honours"))
    least = policies.rule(asked.connection, "front_line_share", _at_the_end(values.get("year"), asked.today)).value
    if least and values.get("member") and values.get("year"):
        table = table_of(Nomination)
        kinds = list(asked.connection.execute(select(table.c.worker_kind).where(table.c.year == values["year"], table.c.member.is_not(None), table.c.removed_at.is_(None), table.c.id != (asked.record_id or ""))).scalars())
        kinds.append(values.get("worker_kind"))
        share = 100 * sum(kind == "一线职工" for kind in kinds) / len(kinds)
        if share < least:
            found.append(warning("front-line-share", f"{values['year']}推荐的人里一线职工只占 {share:.0f}%，要 {least}% 以上，请核对。", "worker_kind"))
    return found


def _honour(asked: Asked) -> list[Problem]:
    """An honour's level, issuer and holder by its row; the prize that goes with a first medal (2014: national 10,000, capital 5,000)."""
    values = asked.values
    day = policies.day_of(values.get("awarded_on"), otherwise=asked.today)
    row = row_on(asked.connection, "honour", str(values.get("kind")), day)
    if row is None:
        return []
    found = []
    if values.get("member") and row["holder"] == "集体":
        found.append(warning("honour-collective", f"“{values['kind']}”是发给集体的，请填获奖集体。", "member"))
    if values.get("collective") and row["holder"] == "个人":
        found.append(warning("honour-personal", f"“{values['kind']}”是发给个人的，请填获奖人。", "collective"))
    if values.get("level") and row.get("level") and values["level"] != row["level"]:
        found.append(warning("honour-level", f"“{values['kind']}”是{row['level']}级的，这里填的是{values['level']}，请核对。", "level"))
    if values.get("issuer") and row.get("issuer") and not any(word in values["issuer"] for word in row["issuer"]):
        found.append(warning("honour-issuer", f"“{values['kind']}”由{'、'.join(row['issuer'])}授予，这里填的是“{values['issuer']}”，请核对。", "issuer"))
    if values.get("prize") is not None and row.get("prize_rule"):
        wanted = row_on(asked.connection, "rule", row["prize_rule"], day)
        table = table_of(Honour)
        earlier = asked.connection.execute(select(table.c.id).where(table.c.kind == values["kind"], table.c.member == values.get("member"), table.c.id != (asked.record_id or ""), table.c.removed_at.is_(None), type_coerce(table.c.awarded_on, String) < str(day))).first()
        if values.get("member") and earlier:
            found.append(warning("prize-again", f"以前已经获过{values['kind']}，奖金只在首次发，请核对。", "prize"))
        elif wanted is not None and values["prize"] != Decimal(wanted["value"]):
            found.append(warning("prize", f"{values['kind']}的奖金是 {wanted['value']:,} 元（{wanted['source']}），这里是 {values['prize']:,.2f} 元，请核对。", "prize"))
    return found


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
    "competition_round": (_Check(("competition", "trade", "weight"), _round),), "competition_trade": (_Check(("competition", "trade"), _trade_of_contest),), "score": (_Check(("round", "entry"), _score),),
    "safety_cup_score": (_Check(("self_score", "review_score"), _cup_score),), "safety_cup_unit": (_Check(("award", "score", "unit_kind", "year"), _cup),),
    "hardship_case": (_Check(("state", "notice_from", "notice_to"), _notice),),
    "innovation_studio": (_Check(("state", "level", "leader"), _studio),),
    "innovation_project": (_Check(("studio", "leader", "first_paid_on"), _project),),
    "subsidy_application": (_Check(("state", "kind", "member", "applied_on", "policy", "has_other_claim", "contract_from", "contract_to", "insured_months", *bases.FIELDS), _claim),),
    "nomination": (_Check(("member", "honours", "employer_clean", "worker_kind", "year", "state", "notice_from", "notice_to", "objections"), _nomination),),
    "honour": (_Check(("kind", "prize", "level", "issuer", "member", "collective", "awarded_on"), _honour),),
    "budget_line": (_Check(("amount", "earmark"), _budget_line),), "ledger_entry": (_Check(("booked_on", "programme", "budget_line", "paid"), _booking),), "union_group": (_Check(("department", "member_count"), _group),),
    "improvement_proposal": (_Check((*Proposal.PARTS, "proposed_on"), _proposal),),
    "sign_in": (_Check(("full_name", "unit", "member"), _sign_in),),
}
_GONE_IS_FINE = ("membership_event", "sign_in", "registration", "honour", "honour_update", "subsidy_application", "hardship_case", "certificate")
"""Registers of what was, or that judge membership themselves: a member who left is no surprise there."""


WATCHED = frozenset(_CHECKS) - {"honour", "sign_in", "innovation_studio", "safety_cup_unit", "ledger_entry", "union_group"}
"""The registers whose errors are looked for when an act ends; of the others there are only doubts."""


def verify(act: Act, today: date) -> None:
    """Whatever way records came (typed, pasted, read in): Invalid, and nothing is written, where one breaks a rule over other tables."""
    known: dict[Any, Any] = {}
    written = [(register, record_id, changed, values) for register, record_id, changed in act.written if register.__tablename__ in WATCHED and (values := act.current(register, record_id))["removed_at"] is None]
    claims = [values for register, _, _, values in written if register is SubsidyApplication]
    if len(claims) > judging.A_FEW:
        known[DOCKET] = judging.Docket(act.connection, claims)
    for register, record_id, changed, values in written:
        if errors := [p for p in problems(act.connection, register, values, today=today, record_id=record_id, changed=changed or NEW, known=known) if p.is_error]:
            raise Invalid(errors)


def _said_above(register: type[Record], values: Values) -> list[Problem]:
    """A new record cannot begin with what only the district says: a state from above, an approved amount."""
    told = [f for f in fields_of(register) if (f.decided_above or f.words_from_above) and values.get(f.name) is not None]
    return [Problem("decided-above", f"“{f.label}”由区总工会决定，从回执里来，新的记录不能填。", f.name) for f in told if f.is_above(None, f.to_wire(values[f.name]))]


def problems(connection: Connection, register: type[Record], values: Values, *, today: date, record_id: str | None = None, changed: frozenset[str] | None = None, known: dict[Any, Any] | None = None) -> list[Problem]:
    """What other tables say about a record. `changed`: of a stored record, the fields that are being changed; None for a new one."""
    asked = Asked(connection, values, record_id, today, changed, known if known is not None else {})
    found = _said_above(register, values) if changed is None and record_id is None else []
    for check in _CHECKS.get(register.__tablename__, ()):
        if changed is None or changed is NEW or changed & set(check.about):
            found += check.ask(asked)
    if changed is None and register.__tablename__ not in _GONE_IS_FINE and not any(p.field == "member" for p in found):
        who = next((f.name for f in fields_of(register) if f.kind.refers_to == Member.__tablename__), None)
        found += _still_here(who)(asked) if who else []
    return found
