"""Checks that look at other tables (domain 5.4): asked when a record is typed, pasted or read in, and again when the act ends.

Errors keep a record out by whatever way it comes; doubts are shown while it is typed and wait for nobody. What was written
before is asked again only when one of the fields changes that the check is about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from app.services.claims import basis as bases
from app.services.claims import judging
from app.services.crosschecks import contests, programmes
from app.services.crosschecks.asked import NEW, Asked, Values, member_of
from app.services.crosschecks.programmes import DOCKET, PACKED, studio_team
from app.services.records import Act, Invalid
from db.problems import Problem, warning
from db.record import Record, fields_of
from db.registers import Member, Proposal, SubsidyApplication
from db.registers.members import RETIRED
from db.registers.membership import LEFT

__all__ = ["NEW", "PACKED", "WATCHED", "Asked", "problems", "studio_team", "verify"]


@dataclass(frozen=True)
class _Check:
    about: tuple[str, ...]
    """A stored record is asked again when one of these fields changes."""
    ask: Callable[[Asked], list[Problem]]


def _still_here(field: str) -> Callable[[Asked], list[Problem]]:
    """Somebody who left or retired, in a new record."""

    def ask(asked: Asked) -> list[Problem]:
        member = member_of(asked.connection, asked.values.get(field)) if asked.record_id is None else None
        if member is None:
            return []
        if member["membership_event"] in LEFT:
            return [warning("member-left", f"{member['full_name']}已{member['membership_event']}，请看一眼。", field)]
        return [warning("member-retired", f"{member['full_name']}已{member['employment_status']}，请看一眼。", field)] if member["employment_status"] in RETIRED else []

    return ask


_CHECKS: Mapping[str, tuple[_Check, ...]] = {
    "entry": (_Check(("competition", "member", "trade", "team", "entered_on"), contests.entry),),
    "competition_round": (_Check(("competition", "trade", "weight"), contests.round),), "competition_trade": (_Check(("competition", "trade"), contests.trade_of_contest),), "score": (_Check(("round", "entry"), contests.score),),
    "safety_cup_score": (_Check(("self_score", "review_score"), contests.cup_score),), "safety_cup_unit": (_Check(("award", "score", "unit_kind", "year"), contests.cup),),
    "hardship_case": (_Check(("state", "notice_from", "notice_to"), programmes.notice),),
    "innovation_studio": (_Check(("state", "level", "leader"), programmes.studio),),
    "innovation_project": (_Check(("studio", "leader"), programmes.project),),
    "subsidy_application": (_Check(("state", "kind", "member", "applied_on", "policy", "has_other_claim", "contract_from", "contract_to", "insured_months", *bases.FIELDS), programmes.claim),),
    "nomination": (_Check(("member", "honours", "employer_clean", "worker_kind", "year", "state", "notice_from", "notice_to", "objections"), programmes.nomination),),
    "honour": (_Check(("kind", "prize", "level", "issuer", "member", "collective", "awarded_on"), programmes.honour),),
    "budget_line": (_Check(("amount", "earmark"), programmes.budget_line),), "ledger_entry": (_Check(("booked_on", "programme", "budget_line", "paid"), programmes.booking),), "studio_review": (_Check(("event", "level", "leader"), programmes.review),), "union_group": (_Check(("department", "member_count"), programmes.group),),
    "improvement_proposal": (_Check((*Proposal.PARTS, "proposed_on"), programmes.proposal),),
    "sign_in": (_Check(("full_name", "unit", "member"), programmes.sign_in),),
}
_GONE_IS_FINE = ("membership_event", "sign_in", "registration", "honour", "honour_update", "subsidy_application", "hardship_case", "certificate")
"""Registers of what was, or that judge membership themselves: a member who left is no surprise there."""


WATCHED = frozenset(_CHECKS) - {"honour", "sign_in", "innovation_studio", "safety_cup_unit", "ledger_entry", "union_group", "studio_review"}
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
