"""Dated rules and eligibility: who may claim a skill subsidy, how much, until when; and why not, in a sentence.

Amounts, levels and windows are rows of `resources/policies`, or the district's in their place; none is a constant here. A claim keeps the id of the row it
was judged by, so judging it again later gives the old answer.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from app.services.exchange.items import rows_of
from app.services.records import table_of
from db import codes
from db.dates import PartialDate
from db.problems import Problem, warning
from db.registers import Certificate, Member, SubsidyApplication
from db.registers.membership import LEFT

DEAD_STATES = ("撤回", "不批准")


@dataclass(frozen=True, kw_only=True)
class SubsidyPolicy:
    """One row: valid for claims made between the dates; amounts in yuan by skill level."""

    id: str
    title: str
    scope: str
    source: str
    valid_from: date
    valid_to: date | None
    window_months: int
    """Claims end so many months after the certificate's date of issue."""
    once_per_level: bool
    per_person_and_year: int
    no_lower_after_higher: bool
    amounts: Mapping[str, Decimal]
    kinds: tuple[str, ...]

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def subsidy_policies(connection: Connection | None = None) -> tuple[SubsidyPolicy, ...]:
    """The rows that hold here: the program's own, and those of the district in their place or beside them."""
    return tuple(
        SubsidyPolicy(
            id=row["id"], title=row["title"], scope=row["scope"], source=row["source"], valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=date.fromisoformat(row["valid_to"]) if "valid_to" in row else None, window_months=row["window_months"],
            once_per_level=row["once_per_level"], per_person_and_year=row["per_person_and_year"], no_lower_after_higher=row["no_lower_after_higher"],
            amounts={level["level"]: Decimal(str(level["amount"])) for level in row["levels"]}, kinds=tuple(row["kinds"]),
        )
        for row in rows_of(connection, "policy")
    )


def policy_named(connection: Connection | None, policy_id: str) -> SubsidyPolicy | None:
    return next((p for p in subsidy_policies(connection) if p.id == policy_id), None)


def policy_on(connection: Connection | None, day: date) -> SubsidyPolicy | None:
    """The row for claims made on that day; the latest where several hold."""
    holding = [p for p in subsidy_policies(connection) if p.holds_on(day)]
    return max(holding, key=lambda p: p.valid_from) if holding else None


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month: 2018-02-15 + 12 -> 2019-02-15."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_day_to_claim(policy: SubsidyPolicy, issued_on: PartialDate) -> date:
    """A date that is only a month counts from that month's last day: the clerk is asked, nobody loses a claim."""
    return months_after(issued_on.last_day(), policy.window_months)


@dataclass(frozen=True)
class Judgement:
    """Whether a claim may be made under a policy: the amount, the last day, and every reason against or doubt."""

    policy: SubsidyPolicy | None
    amount: Decimal | None
    last_day: date | None
    problems: tuple[Problem, ...]

    @property
    def may_claim(self) -> bool:
        return not any(p.is_error for p in self.problems)


def judge_claim(connection: Connection, certificate_id: str, *, on: date, application_id: str | None = None, policy_id: str | None = None) -> Judgement:
    """Judge a claim for one certificate made on a day; an existing application is not its own rival."""
    certificates, members = table_of(Certificate), table_of(Member)
    certificate = dict(connection.execute(select(certificates).where(certificates.c.id == certificate_id)).mappings().one())
    member = connection.execute(select(members).where(members.c.id == certificate["member"])).mappings().one()
    policy = policy_named(connection, policy_id) if policy_id else policy_on(connection, on)
    if policy is None:
        return Judgement(None, None, None, (Problem("no-policy", f"{on} 没有生效的补贴政策，请先在政策里添加。"),))
    problems: list[Problem] = []
    if member["removed_at"] is not None or certificate["removed_at"] is not None:
        problems.append(Problem("removed", "这个人或这本证书已经从册子里删除了，不能申请。", "certificate"))
    if member["membership_event"] in LEFT:
        problems.append(Problem("not-a-member", f"{member['full_name']}已{member['membership_event']}，不是会员，不能申请。", "member"))
    level, kind, issued = certificate["skill_level"], certificate["kind"], certificate["issued_on"]
    amount = policy.amounts.get(level) if level else None
    if kind and kind not in policy.kinds:
        problems.append(Problem("kind-not-covered", f"“{kind}”不在补贴范围（{'、'.join(policy.kinds)}）。", "certificate"))
    if level is None:
        problems.append(Problem("level-missing", "证书没有填等级，请先补上。", "certificate"))
    elif amount is None:
        problems.append(Problem("level-not-covered", f"“{level}”不在补贴等级（{'、'.join(policy.amounts)}）。", "certificate"))
    last = None
    if issued is None:
        problems.append(Problem("issued-missing", "证书没有填发证日期，算不出申请期限，请先补上。", "certificate"))
    else:
        last = last_day_to_claim(policy, issued)
        if issued.first_day() > on:
            problems.append(Problem("issued-later", "发证日期晚于申请日期，请核对。", "applied_on"))
        if on > last:
            problems.append(Problem("window-closed", f"发证满 {policy.window_months} 个月为止可申请，{last} 已过期。", "applied_on"))
    problems += _rivals(connection, policy, member["id"], certificate, on, application_id)
    if not certificate["is_verified"]:
        problems.append(warning("not-verified", "证书还没有联网核验，请打印查询页附后。", "certificate"))
    return Judgement(policy, amount, last, tuple(problems))


def _rivals(connection: Connection, policy: SubsidyPolicy, member_id: str, certificate: Mapping[str, Any], on: date, application_id: str | None) -> list[Problem]:
    claims, certificates = table_of(SubsidyApplication), table_of(Certificate)
    rows = connection.execute(
        select(claims.c.id, claims.c.certificate, claims.c.applied_on, claims.c.state, claims.c.has_other_claim, certificates.c.occupation, certificates.c.skill_level)
        .join(certificates, certificates.c.id == claims.c.certificate).where(claims.c.member == member_id, claims.c.removed_at.is_(None))
    ).all()
    others = [r for r in rows if r.id != application_id and r.state not in DEAD_STATES]
    found = []
    if any(r.id == application_id and r.has_other_claim for r in rows):
        found.append(Problem("other-claim", "本人已享受同一证书的其他补贴，不能再申请。", "has_other_claim"))
    if any(r.certificate == certificate["id"] for r in others):
        found.append(Problem("same-certificate", "这本证书已经申请过补贴，不能再用。", "certificate"))
    elif policy.once_per_level and certificate["occupation"] and any(r.occupation == certificate["occupation"] and r.skill_level == certificate["skill_level"] for r in others):
        found.append(Problem("same-level", "同一工种同一等级已经申请过补贴，只能一次。", "certificate"))
    if sum(1 for r in others if r.applied_on and r.applied_on.year == on.year) >= policy.per_person_and_year:
        found.append(Problem("year-cap", f"本人今年已申请 {policy.per_person_and_year} 次，到上限了。", "member"))
    ladder = codes.table("skill_level")
    level = certificate["skill_level"]
    if policy.no_lower_after_higher and level and any(r.occupation == certificate["occupation"] and r.skill_level and ladder.rank(r.skill_level) > ladder.rank(level) for r in others):
        found.append(warning("lower-after-higher", "已按更高等级申请过，一般不再补低等级，请看一眼。", "certificate"))
    return found
