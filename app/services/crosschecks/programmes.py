"""Claims, projects, studios, nominations, honours, proposals, sign-ins, funds, groups (domain 5.3, 5.4)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, String, func, or_, select, type_coerce

from app.services import funds, notices, policies
from app.services.claims import basis as bases
from app.services.claims import judging
from app.services.claims.basis import COMPLETE
from app.services.crosschecks.asked import NEW, Asked, at_the_end
from app.services.exchange.items import row_on
from app.services.records import table_of
from db.dates import PartialDate
from db.problems import Problem, Severity, UserError, warning
from db.registers import Honour, Member, Nomination, Project, Proposal, SignIn, StudioMember
from db.registers.claims import BASES, SKILL
from db.registers.membership import LEFT

DOCKET = "docket"
"""Under which the many claims of one act are known."""
PACKED = "已打包"
_WORDS_OF_LEVEL = (("国家", ("全国", "国家")), ("省部", ("北京市", "首都", "省", "部")), ("地市", ("市级",)), ("区县", ("朝阳", "区")))


def project(asked: Asked) -> list[Problem]:
    """No new project while an earlier grant of the studio or the leader is unsettled (京工办发〔2021〕1号). One of an earlier year only asks for a look: it is history that is typed in."""
    values, table = asked.values, table_of(Project)
    if values.get("settled_on"):
        return []
    granted = asked.once("granted", lambda: bases.granted_projects(asked.connection))
    rows = asked.connection.execute(select(table.c.id, table.c.name, table.c.studio, table.c.leader, table.c.approved_on).where(or_(table.c.first_paid_on.is_not(None), table.c.id.in_(granted)), table.c.settled_on.is_(None), table.c.removed_at.is_(None))).all()
    approved = values.get("approved_on")

    def blocks(row: Any) -> bool:
        same = (values.get("studio") and row.studio == values["studio"]) or (values.get("leader") and row.leader == values["leader"])
        later = isinstance(approved, PartialDate) and row.approved_on is not None and row.approved_on.first_day() > approved.last_day()
        return bool(same) and row.id != asked.record_id and not later

    blocking = next((row for row in rows if blocks(row)), None)
    if blocking is None:
        return []
    said = Problem("unsettled", f"“{blocking.name}”的助推资金还没有结算，不能立新的。", "studio" if values.get("studio") else "leader")
    return [replace(said, severity=Severity.WARNING)] if isinstance(approved, PartialDate) and approved.year < asked.today.year else [said]


def studio(asked: Asked) -> list[Problem]:
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


def claim(asked: Asked) -> list[Problem]:
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


def notice(asked: Asked) -> list[Problem]:
    """What goes up was on public notice long enough, without an objection that stands."""
    return notices.check(asked.connection, asked.values, asked.today) if asked.values.get("state") in COMPLETE else []


def nomination(asked: Asked) -> list[Problem]:
    """A barred employer; honours that the text claims and the register does not hold; the share of the front line."""
    values, found = asked.values, notice(asked)
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
    least = policies.rule(asked.connection, "front_line_share", at_the_end(values.get("year"), asked.today)).value
    if least and values.get("member") and values.get("year"):
        table = table_of(Nomination)
        kinds = list(asked.connection.execute(select(table.c.worker_kind).where(table.c.year == values["year"], table.c.member.is_not(None), table.c.removed_at.is_(None), table.c.id != (asked.record_id or ""))).scalars())
        kinds.append(values.get("worker_kind"))
        share = 100 * sum(kind == "一线职工" for kind in kinds) / len(kinds)
        if share < least:
            found.append(warning("front-line-share", f"{values['year']}推荐的人里一线职工只占 {share:.0f}%，要 {least}% 以上，请核对。", "worker_kind"))
    return found


def honour(asked: Asked) -> list[Problem]:
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


def proposal(asked: Asked) -> list[Problem]:
    """No part of the score above what the rule of that day gives it."""
    written = asked.values.get("proposed_on")
    day = min(written.last_day(), asked.today) if isinstance(written, PartialDate) else asked.today
    most = asked.once(("scoring", day), lambda: policies.dated(asked.connection, "rule", Proposal.PARTS.values(), day))
    return [Problem("score-too-large", f"这一项最多 {most[rule]} 分。", name) for name, rule in Proposal.PARTS.items() if (asked.values.get(name) or 0) > most[rule]]


def sign_in(asked: Asked) -> list[Problem]:
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


def budget_line(asked: Asked) -> list[Problem]:
    if asked.record_id is None:
        return []
    standing = asked.once("balances", lambda: {b.line: b for b in funds.balances(asked.connection)})
    return funds.verify_line(asked.connection, {**asked.values, "id": asked.record_id}, standing.get(asked.record_id))


def booking(asked: Asked) -> list[Problem]:
    return funds.doubts(asked.connection, asked.values)


def review(asked: Asked) -> list[Problem]:
    """An event says what it came to."""
    values = asked.values
    if values.get("event") == "升级" and not values.get("level"):
        return [warning("new-level", "请选“新级别”，工作室才会跟着升级。", "level")]
    return [warning("new-leader", "请选“新领军人”，工作室才会跟着改。", "leader")] if values.get("event") == "领军人变更" and not values.get("leader") else []


def group(asked: Asked) -> list[Problem]:
    """A group's number against the roster's department."""
    values, members = asked.values, table_of(Member)
    if not values.get("department") or values.get("member_count") is None:
        return []
    count = asked.connection.execute(select(func.count()).select_from(members).where(members.c.department == values["department"], members.c.removed_at.is_(None), func.coalesce(members.c.membership_event, "").not_in(sorted(LEFT)))).scalar_one()
    return [] if count == values["member_count"] else [warning("other-count", f"名册里“{values['department']}”有 {count} 名会员，这里写的是 {values['member_count']} 人，请核对。", "member_count")]
