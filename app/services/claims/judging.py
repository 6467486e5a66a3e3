"""Whether a claim may be made, how much, until when; and why not, in a sentence. One question or twenty thousand: the claims are read once."""

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlalchemy.orm import Session

from app.services.claims import basis as bases
from app.services.claims.basis import DEAD_STATES, GRANTED, UNDER_WAY, Basis
from app.services.claims.conditions import CONDITIONS
from app.services.membership import MEMBER, NOT_YET, status_on
from app.services.policies import ClaimPolicy, added_on, all_editions, last_day_to_claim, policy_named, policy_on, rule
from app.services.records import table_of
from db import codes
from db.dates import PartialDate
from db.problems import Problem, UserError, warning
from db.registers import Certificate, Patent, SubsidyApplication
from db.registers.claims import BASES, SKILL
from db.registers.membership import LEFT


@dataclass(frozen=True)
class Judgement:
    """Whether a claim may be made under a policy: the amount, the last day, and every reason against or doubt."""

    policy: ClaimPolicy | None
    amount: Decimal | None
    last_day: date | None
    problems: tuple[Problem, ...]

    @property
    def may_claim(self) -> bool:
        return not any(p.is_error for p in self.problems)

    @property
    def why_not(self) -> str:
        return "".join(p.message for p in self.problems if p.is_error)


class Judge:
    """Judges claims against those there are. `members` narrows what is read to the claims of these people."""

    def __init__(self, connection: Connection, *, members: Sequence[str] | None = None, exact: bool = False) -> None:
        self.connection = connection
        self._exact = exact or members is not None
        self._by_member: dict[str, list[Mapping[str, Any]]] = {}
        self._by_basis: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        self._by_id: dict[str, Mapping[str, Any]] = {}
        self._policies: dict[tuple[str, date], ClaimPolicy | None] = {}
        self._teams: dict[date, int] = {}
        self._added: dict[tuple[str, date], tuple[ClaimPolicy, ...]] = {}
        claims, certificates = table_of(SubsidyApplication), table_of(Certificate)
        columns = [claims.c[name] for name in ("id", "kind", "member", "applied_on", "amount", "state", "has_other_claim", "policy", "contract_from", "contract_to", "insured_months", *bases.FIELDS)]
        query = select(*columns, *(certificates.c[name] for name in ("occupation", "skill_level", "occupation_code", "occupation_edition")), certificates.c.kind.label("certificate_kind")).join(certificates, certificates.c.id == claims.c.certificate, isouter=True).where(claims.c.removed_at.is_(None)).order_by(claims.c.rowno)
        if members is not None:  # whatever else was claimed for what these people hold may stand under another's name
            named = [claims.c[field].is_not(None) for field in ("training", "studio", "project", "patent")]
            theirs = select(certificates.c.id).where(certificates.c.member.in_(members))
            query = query.where(or_(claims.c.member.in_(members), claims.c.member.is_(None), claims.c.certificate.in_(theirs), *named))
        for found in connection.execute(query).mappings():
            self.learn(dict(found))

    def learn(self, row: Mapping[str, Any]) -> None:
        """Reckon with a claim: one that is stored, or was made a moment ago; with the trade and level of its certificate."""
        self._by_id[row["id"]] = row
        if row["member"]:
            self._by_member.setdefault(row["member"], []).append(row)
        for field in bases.FIELDS:
            if row[field]:
                self._by_basis.setdefault((field, row[field]), []).append(row)

    def policy(self, claim: str, on: date) -> ClaimPolicy | None:
        if (claim, on) not in self._policies:
            self._policies[claim, on] = policy_on(self.connection, on, claim)
        return self._policies[claim, on]

    def judge(self, claim: str, basis: Basis, *, on: date, application_id: str | None = None, policy: ClaimPolicy | None = None, own: Mapping[str, Any] | None = None) -> Judgement:
        """Judge a claim made on a day; an existing application is not its own rival, and is judged by the row it names. `own`: the claim as it is being written, in place of the stored one."""
        policy = policy or self.policy(claim, on)
        if policy is None:
            return Judgement(None, None, None, (Problem("no-policy", f"{on} 没有生效的{claim}政策，请先在政策里添加。"),))
        problems = [*self._person(basis, on), *_level(policy, basis)]
        last = None
        if basis.arose_label and basis.arose is None:
            problems.append(Problem("issued-missing", f"没有填{basis.arose_label}日期，算不出申请期限，请先补上。", basis.field))
        elif basis.arose is not None:
            last = last_day_to_claim(policy, basis.arose)
            if basis.arose.first_day() > on:
                problems.append(Problem("issued-later", f"{basis.arose_label}日期晚于申请日期，请核对。", "applied_on"))
            if policy.year_after and on.year <= basis.arose.year:
                problems.append(Problem("too-early", f"{basis.arose.year} 年{basis.arose_label}的，{basis.arose.year + 1} 年才能申请。", "applied_on"))
            elif last is not None and on > last:
                window = "上一年度的才能申请" if policy.year_after else f"{basis.arose_label}满 {policy.window_months} 个月为止可申请"
                problems.append(Problem("window-closed", f"{window}，{last} 已过期。", "applied_on"))
        own = own if own is not None else self._by_id.get(application_id or "", {})
        asked = {**own, "limits": policy.limits, "lists": policy.lists}
        if "team" in policy.conditions:
            asked["studio_team"] = self._team(on)
        if "settled" in policy.conditions:
            asked["granted"] = self._granted(own)
        problems += (said for name in policy.conditions if name in CONDITIONS and (said := CONDITIONS[name](basis, asked, on)) is not None)
        problems += self._rivals(policy, basis, on, application_id, own)
        if basis.field == "certificate" and basis.facts and not basis.facts["is_verified"]:
            problems.append(warning("not-verified", "证书还没有联网核验，请打印查询页附后。", "certificate"))
        return Judgement(policy, self._amount(policy, basis, on), last, tuple(problems))

    def _team(self, on: date) -> int:
        if on not in self._teams:
            self._teams[on] = rule(self.connection, "studio_team", on).value
        return self._teams[on]

    def _granted(self, own: Mapping[str, Any]) -> set[str]:
        """The projects that were granted something, or were claimed for before this claim: a draft is no claim yet."""
        found = set[str]()
        for row in self._by_id.values():  # in the order in which they were made
            if own and row["id"] == own.get("id"):
                return found | {r["project"] for r in self._by_id.values() if r["project"] and r["state"] in GRANTED}
            if row["project"] and row["state"] in (*UNDER_WAY, *GRANTED):
                found.add(row["project"])
        return found

    def _amount(self, policy: ClaimPolicy, basis: Basis, on: date) -> Decimal | None:
        """The row's own amount, and what other rows of that day add to it."""
        base = policy.amount_for(basis.level)
        if base is None:
            return None
        if (policy.claim, on) not in self._added:
            self._added[policy.claim, on] = added_on(self.connection, on, policy.claim)
        added = ((base * more.share / 100).quantize(Decimal("0.01")) if more.share else more.amount_for(basis.level) or Decimal(0) for more in self._added[policy.claim, on])
        return sum(added, base)

    def _person(self, basis: Basis, on: date) -> list[Problem]:
        """Whether there is a member, and was one on that day: what happened to her later takes nothing back."""
        member = basis.member
        if basis.is_removed or (member is not None and member["removed_at"] is not None):
            return [Problem("removed", "这个人或这本证书已经从册子里删除了，不能申请。", basis.field)]
        if member is None:
            return [Problem("nobody", "没有写是谁的，不能申请。", basis.field)] if basis.field in ("certificate", "entry", "patent") else []
        left = member["membership_event"] in LEFT
        state = member["membership_event"] if left else MEMBER
        if self._exact:  # one claim, perhaps of long ago; of twenty thousand today's the roster's own fields say it
            state = status_on(Session(self.connection), member["id"], on).state
        elif left and (since := member["membership_event_date"]) is not None and since.first_day() > on:
            state = MEMBER
        if state in LEFT:
            return [Problem("not-a-member", f"{member['full_name']}已{state}，不是会员，不能申请。", "member")]
        if state == NOT_YET or (member["joined_on"] is not None and member["joined_on"].first_day() > on):
            return [Problem("not-yet-a-member", f"{member['full_name']}在申请那天还没有入会，不能申请。", "member")]
        return []

    def _rivals(self, policy: ClaimPolicy, basis: Basis, on: date, application_id: str | None, own: Mapping[str, Any]) -> list[Problem]:
        rights = _same_right(basis)
        if not own and basis.field != "patent" and (basis.member is None or basis.member["id"] not in self._by_member) and not any(right in self._by_basis for right in rights):
            return []  # nothing of hers was ever claimed

        def alive(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
            return [r for r in rows if r["id"] != application_id and r["state"] not in DEAD_STATES]

        theirs = alive(self._by_member.get(basis.member["id"], ())) if basis.member else []
        same_kind = [r for r in theirs if (r["kind"] or SKILL) == policy.claim]
        found = []
        if own and basis.member is not None and own["member"] not in (None, basis.member["id"]):
            found.append(Problem("not-hers", f"所凭的是{basis.member['full_name']}的，不是申请人本人的，请核对。", "member"))
        if own.get("has_other_claim"):
            found.append(Problem("other-claim", "本人已享受同一证书的其他补贴，不能再申请。", "has_other_claim"))
        for rival in alive(row for field, record_id in rights for row in self._by_basis.get((field, record_id), ())):
            rival_kind = rival["kind"] or SKILL
            if rival_kind == policy.claim and (rival["training"] is None or basis.field == "training"):
                said = "这本证书已经申请过补贴，不能再用。" if basis.field == "certificate" else f"已经用它申请过{policy.claim}，不能再用。"
                found.append(Problem("same-certificate" if basis.field == "certificate" else "same-basis", said, basis.field))
                break
            if rival_kind in policy.excludes:
                found.append(Problem("double-use", f"已经用它申请过{rival_kind}，不能再申请{policy.claim}。", basis.field))
                break
        else:
            if basis.field == "patent" and self._is_claimed_elsewhere(basis, application_id):
                found.append(Problem("same-basis", f"这个专利号已经申请过{policy.claim}，不能再用。", "patent"))
            if policy.once_per_level and basis.field == "certificate" and basis.subject and any(_same_trade(r, basis) and _level_of_rival(r) == basis.level for r in same_kind):
                found.append(Problem("same-level", "同一工种同一等级已经申请过补贴，只能一次。", "certificate"))
            if basis.field == "member" and same_kind and policy.once_per_level:
                found.append(Problem("once", f"本人已经申请过{policy.claim}，只能一次。", "member"))
        if basis.member and sum(1 for r in same_kind if r["applied_on"] and r["applied_on"].year == on.year) >= policy.per_person_and_year:
            found.append(Problem("year-cap", f"本人今年已申请 {policy.per_person_and_year} 次，到上限了。", "member"))
        ladder = codes.table("skill_level")
        if policy.no_lower_after_higher and basis.level in ladder.words and any(_same_trade(r, basis) and r["skill_level"] in ladder.words and ladder.rank(r["skill_level"]) > ladder.rank(str(basis.level)) for r in same_kind):
            strict = bool(policy.limits.get("strict_ladder"))
            said = "已按更高等级申请过，不再补低等级。" if strict else "已按更高等级申请过，一般不再补低等级，请看一眼。"
            found.append(Problem("lower-after-higher", said, "certificate") if strict else warning("lower-after-higher", said, "certificate"))
        return found

    def _is_claimed_elsewhere(self, basis: Basis, application_id: str | None) -> bool:
        """Whether another record of the same patent number was claimed for."""
        patents = table_of(Patent)
        others = self.connection.execute(select(patents.c.id).where(patents.c.patent_no == basis.subject, patents.c.id != basis.id)).scalars()
        return any(r["id"] != application_id and r["state"] not in DEAD_STATES for other in others for r in self._by_basis.get(("patent", other), ()))


def _same_trade(rival: Mapping[str, Any], basis: Basis) -> bool:
    """By the name or, where both have one of the same edition, by the occupation's code (domain 2.12a: the name may differ)."""
    facts = basis.facts or {}
    code, edition = facts.get("occupation_code"), facts.get("occupation_edition")
    return rival["occupation"] == basis.subject or bool(code and (rival.get("occupation_code"), rival.get("occupation_edition")) == (code, edition))


def _level_of_rival(rival: Mapping[str, Any]) -> str | None:
    return bases.level_of({"kind": rival.get("certificate_kind"), "skill_level": rival["skill_level"], "occupation": rival["occupation"]})


def _same_right(basis: Basis) -> list[tuple[str, str]]:
    """The fields and ids under which the same right may have been claimed: a place in a contest and the certificate won there are one, a class and the certificates of it too."""
    facts = basis.facts or {}
    if basis.field == "training":
        return [(basis.field, basis.id), *(("certificate", certificate) for certificate in facts.get("certificates", ()))]
    more = [(field, facts[field]) for field in ("entry", "training") if basis.field == "certificate" and facts.get(field)]
    return [(basis.field, basis.id), *more]


def _level(policy: ClaimPolicy, basis: Basis) -> list[Problem]:
    found = []
    if basis.field == "certificate" and policy.kinds and basis.kind and basis.kind not in policy.kinds:
        found.append(Problem("kind-not-covered", f"“{basis.kind}”不在补贴范围（{'、'.join(policy.kinds)}）。", "certificate"))
    by_level = [level for level in policy.amounts if level]
    if not by_level or "" in policy.amounts or basis.field == "entry":
        return found
    if basis.level is None:
        found.append(Problem("level-missing", "证书没有填等级，请先补上。" if basis.field == "certificate" else "没有填级别，请先补上。", basis.field))
    elif basis.level not in policy.amounts:
        found.append(Problem("level-not-covered", f"“{basis.level}”不在补贴等级（{'、'.join(by_level)}）。", basis.field))
    return found


def judge_claim(connection: Connection, basis_id: str, *, on: date, claim: str = SKILL, application_id: str | None = None, policy_id: str | None = None, own: Mapping[str, Any] | None = None, docket: "Docket | None" = None) -> Judgement:
    """Judge one claim by the id of what it rests on; `own`: the claim as it is being written; `docket`: what was read for many at once. A row of another claim or another day does not count. UserError when the basis is gone."""
    basis = docket.bases.get((claim, basis_id)) if docket is not None else None
    if basis is None:
        found = bases.read(connection, claim, [basis_id])
        if not found:
            raise UserError("申请所凭的记录已经不在了，请刷新后再试。")
        basis = found[0]
    judge = docket.judge if docket is not None else Judge(connection, members=[basis.member["id"]] if basis.member else None)
    named = (docket.policy(policy_id) if docket is not None else policy_named(connection, policy_id)) if policy_id else None
    if named is not None and (named.claim != claim or not named.holds_on(on)):
        wrong = Problem("policy-other", f"依据政策“{named.title}”不是{claim}在{on}的政策，请清空它，保存时会自动填上。", "policy")
        return Judgement(named, None, None, (wrong,))
    return judge.judge(claim, basis, on=on, application_id=application_id, policy=named, own=own)


def day_of(applied: PartialDate, today: date) -> date:
    """The day that a claim is judged by: of a month or a year its last, but none that is to come."""
    return applied.last_day() if applied.day else min(applied.last_day(), today)


A_FEW = 5
"""Of more claims than this all that is claimed is read once, of fewer what each needs."""


class Docket:
    """Many claims as they are stored, with what they rest on, read at once; judged against one reading of all there are."""

    def __init__(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        self.judge = Judge(connection, exact=True)
        self._policies: dict[str, ClaimPolicy] = {}
        for policy in all_editions(connection):
            self._policies.setdefault(policy.id, policy)
        wanted: dict[str, list[str]] = {}
        for row in rows:
            if (named := bases.named_by(row)) is not None:
                wanted.setdefault(row["kind"] or SKILL, []).append(named)
        self.bases = {(claim, basis.id): basis for claim, ids in wanted.items() if claim in BASES for basis in bases.read(connection, claim, list(dict.fromkeys(ids)))}


    def policy(self, name: str | None) -> ClaimPolicy | None:
        return self._policies.get(name) if name else None


def no_longer_in_order(connection: Connection, states: Sequence[str], today: date) -> dict[str, str]:
    """Of the claims in these states, those that may not be made (any more), with the reason: two of one right after a merge or an undo."""
    table = table_of(SubsidyApplication)
    rows = [dict(row) for row in connection.execute(select(table).where(table.c.removed_at.is_(None), table.c.state.in_(states))).mappings()]
    docket, found = Docket(connection, rows), dict[str, str]()
    for r in rows:
        basis = docket.bases.get((r["kind"] or SKILL, bases.named_by(r) or ""))
        if basis is None or r["applied_on"] is None:
            found[r["id"]] = "没有写凭什么申请，或者没有申请日期。"
            continue
        verdict = docket.judge.judge(r["kind"] or SKILL, basis, on=day_of(r["applied_on"], today), application_id=r["id"], policy=docket.policy(r["policy"]))
        if not verdict.may_claim:
            found[r["id"]] = verdict.why_not
    return found


@dataclass(frozen=True)
class Claimable:
    """Somebody or something that may claim now."""

    claim: str
    field: str
    id: str
    member: str | None
    full_name: str
    title: str
    amount: Decimal | None
    last_day: date | None


@dataclass(frozen=True)
class Survey:
    """Who may claim, the nearest end first; and who may not, with the reason."""

    may: tuple[Claimable, ...]
    may_not: tuple[tuple[Claimable, str], ...]


def survey(connection: Connection, on: date, claims: Sequence[str] = tuple(BASES)) -> Survey:
    """Judge everything that could be claimed for on a day.

    The collector of cycles rests meanwhile: it would go through twenty thousand people's values again and again, a third of the time, and find none.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _survey(connection, on, claims)
    finally:
        if collecting:
            gc.enable()


def _survey(connection: Connection, on: date, claims: Sequence[str]) -> Survey:
    judge = Judge(connection)
    may, may_not = list[Claimable](), list[tuple[Claimable, str]]()
    known: dict[str, list[Basis]] = {}
    for claim in claims:
        if judge.policy(claim, on) is None:
            continue
        for basis in bases.read(connection, claim, known=known):
            verdict = judge.judge(claim, basis, on=on)
            one = Claimable(claim, basis.field, basis.id, basis.member["id"] if basis.member else None, basis.member["full_name"] if basis.member else "", basis.title, verdict.amount, verdict.last_day)
            if verdict.may_claim:
                may.append(one)
            else:
                may_not.append((one, verdict.why_not))
    return Survey(tuple(sorted(may, key=lambda c: (c.last_day or date.max, c.full_name))), tuple(may_not))
