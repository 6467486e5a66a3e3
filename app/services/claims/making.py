"""Applications: proposed from what they rest on, judged first, numbered once; one, or all who may in one act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from app.services.claims import basis as bases
from app.services.claims.basis import Basis
from app.services.claims.judging import Claimable, Docket, Judge, Judgement, day_of, judge_claim
from app.services.office import Office
from app.services.policies import policy_named
from app.services.records import Act, ActKind, Invalid, table_of
from db.dates import PartialDate
from db.problems import UserError
from db.record import fields_of
from db.registers import SubsidyApplication
from db.registers.claims import COLLEGE, SKILL
from db.vault import set_setting, setting

NEXT_FORM = "next_form_number"


@dataclass(frozen=True)
class Proposed:
    made: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    """(who or what, why) of those that may not be claimed for any more."""


def propose(office: Office, basis_id: str, claim: str = SKILL, **extra: Any) -> str:
    """A new application; Invalid, with the reasons, when it may not be made. Returns its id."""
    today = office.clock().astimezone().date()
    with office.act(ActKind.APPLICATION, f"申请{claim}") as act:
        found = bases.read(act.connection, claim, [basis_id])
        if not found:
            raise UserError("申请所凭的记录已经不在了，请刷新后再试。")
        basis = found[0]
        act.title = f"申请{claim}：{_named(basis)}"
        verdict = Judge(act.connection, members=[basis.member["id"]] if basis.member else None).judge(claim, basis, on=today)
        if not verdict.may_claim:
            raise Invalid([p for p in verdict.problems if p.is_error])
        return act.create(SubsidyApplication, _values(act, claim, basis, verdict, PartialDate.of(today)) | extra)


def propose_many(office: Office, wanted: Sequence[Claimable]) -> Proposed:
    """Applications for all of these in one act; each is judged again, also against those made just before it."""
    today = office.clock().astimezone().date()
    made, refused = list[str](), list[tuple[str, str]]()
    with office.act(ActKind.APPLICATION, f"申请补贴和助推：{len(wanted)} 份") as act:
        judge = Judge(act.connection, exact=True)
        for claim in dict.fromkeys(one.claim for one in wanted):
            ids = [one.id for one in wanted if one.claim == claim]
            found = {basis.id: basis for basis in bases.read(act.connection, claim, ids)}
            for record_id in ids:
                basis = found.get(record_id)
                if basis is None:
                    refused.append(("", "所凭的记录已经不在了。"))
                    continue
                verdict = judge.judge(claim, basis, on=today)
                if verdict.may_claim:
                    values = _values(act, claim, basis, verdict, PartialDate.of(today))
                    made.append(act.create(SubsidyApplication, values))
                    facts = (basis.facts or {}) if basis.field == "certificate" else {}
                    of = {name: facts.get(name) for name in ("occupation", "skill_level", "occupation_code", "occupation_edition")} | {"certificate_kind": basis.kind}
                    judge.learn(dict.fromkeys(f.name for f in fields_of(SubsidyApplication)) | values | of | {"id": made[-1]})
                else:
                    refused.append((_named(basis), verdict.why_not))
        act.title = f"申请补贴和助推：{len(made)} 份"
    return Proposed(tuple(made), tuple(refused))


def _named(basis: Basis) -> str:
    return f"{basis.member['full_name']}（{basis.title}）" if basis.member and basis.field != "member" else basis.title


def _values(act: Act, claim: str, basis: Basis, verdict: Judgement, today: PartialDate) -> dict[str, Any]:
    assert verdict.policy is not None
    return {
        "kind": claim, basis.field: basis.id, "member": basis.member["id"] if basis.member else None, "policy": verdict.policy.id, "applied_on": today, "amount": verdict.amount or None,
        "state": "草稿" if claim == COLLEGE else "校验通过", "form_no": next_form_number(act, today.year),
    }


def complete(act: Act, row: Mapping[str, Any], today: date, docket: Docket | None = None) -> None:
    """What a proposed application has from the start, for one that was typed or read in: the row it is judged by, the amount, a number."""
    basis_id = bases.named_by(row)
    if (row["policy"] and row["form_no"]) or basis_id is None:
        return
    verdict = judge_claim(act.connection, basis_id, on=day_of(row["applied_on"], today), claim=row["kind"] or SKILL, application_id=row["id"], policy_id=row["policy"], docket=docket)
    if verdict.policy is not None:
        more = {"policy": row["policy"] or verdict.policy.id, "amount": row["amount"] or verdict.amount, "form_no": row["form_no"] or next_form_number(act, row["applied_on"].year)}
        act.change(SubsidyApplication, row["id"], more, checked=True)


def next_form_number(act: Act, year: int) -> str:
    """BT-2026-000127: one series a year, no gaps, never given twice."""
    name = f"{NEXT_FORM}:{year}"
    number = int(setting(act.connection, name) or "1")
    set_setting(act.connection, name, str(number + 1))
    return f"BT-{year}-{number:06}"


def check_before_printing(office: Office, application_id: str) -> None:
    """Invalid when the claim may not be made (any more); judged by the policy row it was made under."""
    verdict = judge_again(office, application_id)
    if not verdict.may_claim:
        raise Invalid([p for p in verdict.problems if p.is_error])


def judge_again(office: Office, application_id: str) -> Judgement:
    """An application judged on its own day by its own row: a later policy changes nothing. UserError when it is gone."""
    table = table_of(SubsidyApplication)
    with office.vault.engine.connect() as connection:
        found = connection.execute(select(table).where(table.c.id == application_id, table.c.removed_at.is_(None))).mappings().first()
        if found is None:
            raise UserError("这份申请已经不在了，请刷新后再试。")
        row = dict(found)
        claim = row["kind"] or SKILL
        basis_id = bases.named_by(row)
        if basis_id is None:
            raise UserError("这份申请没有写凭什么申请，请打开它补上。")
        if row["policy"] and policy_named(connection, row["policy"]) is None:
            raise UserError(f"依据的政策“{row['policy']}”不在了，请管理员在设置里补上。")
        return judge_claim(connection, basis_id, on=day_of(row["applied_on"], office.clock().astimezone().date()), claim=claim, application_id=application_id, policy_id=row["policy"])
