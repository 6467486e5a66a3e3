"""Subsidy applications: proposed from a certificate, judged first, numbered once, then printed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from app.services.office import Office
from app.services.policies import judge_claim
from app.services.records import Act, ActKind, Invalid, table_of
from db.dates import PartialDate
from db.problems import UserError
from db.registers import Certificate, Member, SubsidyApplication
from db.vault import set_setting, setting

NEXT_FORM = "next_form_number"


def propose(office: Office, certificate_id: str, **extra: Any) -> str:
    """A new application for a certificate; Invalid, with the reasons, when it may not be made. Returns its id."""
    today = office.clock().astimezone().date()
    with office.act(ActKind.APPLICATION, "申请补贴") as act:
        certificate = act.current(Certificate, certificate_id)
        who = act.current(Member, certificate["member"])["full_name"]
        act.title = f"申请补贴：{who}（{certificate['occupation'] or ''} {certificate['skill_level'] or ''}）"
        verdict = judge_claim(act.connection, certificate_id, on=today)
        if not verdict.may_claim:
            raise Invalid([p for p in verdict.problems if p.is_error])
        assert verdict.policy is not None
        values: Mapping[str, Any] = {
            "member": certificate["member"], "certificate": certificate_id, "policy": verdict.policy.id, "applied_on": PartialDate.of(today),
            "amount": verdict.amount, "state": "校验通过", "form_no": next_form_number(act, today.year), **extra,
        }
        return act.create(SubsidyApplication, values)


def next_form_number(act: Act, year: int) -> str:
    """BT-2026-000127: one series a year, no gaps, never given twice."""
    name = f"{NEXT_FORM}:{year}"
    number = int(setting(act.connection, name) or "1")
    set_setting(act.connection, name, str(number + 1))
    return f"BT-{year}-{number:06}"


def check_before_printing(office: Office, application_id: str) -> None:
    """Invalid when the claim may not be made (any more); judged by the policy row it was made under."""
    with office.vault.engine.connect() as connection:
        row = _row(connection, application_id)
        verdict = judge_claim(connection, row["certificate"], on=row["applied_on"].last_day(), application_id=application_id, policy_id=row["policy"])
    if not verdict.may_claim:
        raise Invalid([p for p in verdict.problems if p.is_error])


def _row(connection: Connection, application_id: str) -> Mapping[str, Any]:
    table = table_of(SubsidyApplication)
    row = connection.execute(select(table).where(table.c.id == application_id, table.c.removed_at.is_(None))).mappings().first()
    if row is None:
        raise UserError("这份申请已经不在了，请刷新后再试。")
    return dict(row)
