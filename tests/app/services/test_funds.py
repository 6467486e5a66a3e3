"""Funds: a balance is only ever reckoned; what is booked stands; the earmark and the budget hold."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.services import funds, policies, undo
from app.services.claims import making
from app.services.office import Office
from app.services.records import ActKind, Invalid
from db.dates import PartialDate
from db.problems import UserError
from db.registers import BudgetLine, Certificate, LedgerEntry, Member, SubsidyApplication
from tests.conftest import person


@pytest.fixture
def line(add: Callable[..., str]) -> str:
    return add(BudgetLine, year=2026, programme="职工培训", name="培训经费", amount=Decimal(5000), earmark="只用于职工培训")


def booking(line: str | None, **more: Any) -> dict[str, Any]:
    return {"booked_on": PartialDate(2026, 11, 20), "programme": "职工培训", "budget_line": line, "summary": "讲课费", "paid": Decimal(2000), **more}


def balance(office: Office) -> funds.Balance:
    with office.vault.engine.connect() as connection:
        [found] = funds.balances(connection, 2026)
    return found


def test_bookings_make_the_balance_and_the_cost_per_head(office: Office, line: str) -> None:
    funds.book(office, booking(line, paid=None, received=Decimal(5000), summary="区里拨款"))
    funds.book(office, booking(line, beneficiaries=8))
    now = balance(office)
    assert (now.received, now.paid, now.left, now.in_hand, now.per_head) == (Decimal(5000), Decimal(2000), Decimal(3000), Decimal(3000), Decimal(250))


def test_money_for_training_is_for_training_only(office: Office, line: str) -> None:
    with pytest.raises(Invalid, match="专款"):
        funds.book(office, booking(line, programme="技能竞赛"))


def test_more_than_the_budget_holds_is_refused(office: Office, line: str) -> None:
    funds.book(office, booking(line))
    with pytest.raises(Invalid, match=r"还剩 3,000\.00"):
        funds.book(office, booking(line, paid=Decimal("3000.01")))


@pytest.mark.parametrize("field", ["paid", "booked_on", "programme"])
def test_what_is_booked_can_neither_be_changed_nor_deleted(office: Office, line: str, field: str) -> None:
    entry = funds.book(office, booking(line))
    other = {"paid": Decimal(1), "booked_on": PartialDate(2025, 1, 1), "programme": "技能竞赛"}
    with pytest.raises(UserError, match="冲销"), office.act(ActKind.EDIT, "改") as act:
        act.change(LedgerEntry, entry, {field: other[field]})
    with pytest.raises(UserError, match="冲销"), office.act(ActKind.EDIT, "删") as act:
        act.remove(LedgerEntry, entry)
    assert balance(office).paid == Decimal(2000)


def test_a_booking_is_booked_back_once_with_a_reason(office: Office, line: str) -> None:
    entry = funds.book(office, booking(line, beneficiaries=8))
    with pytest.raises(UserError, match="原因"):
        funds.reverse(office, entry, " ")
    back = funds.reverse(office, entry, "记错了人")
    assert (balance(office).paid, balance(office).beneficiaries) == (Decimal(0), 0)
    for again in (entry, back):
        with pytest.raises(UserError, match="冲销过"):
            funds.reverse(office, again, "再来")


def test_one_side_and_only_one_is_booked(office: Office, line: str) -> None:
    for wrong in ({"paid": None}, {"received": Decimal(1)}):
        with pytest.raises(Invalid, match="只填一个"):
            funds.book(office, booking(line, **wrong))


def test_an_approved_claim_is_paid_once(office: Office, add: Callable[..., str]) -> None:
    line = add(BudgetLine, year=2026, programme="技能补贴", name="补贴", amount=Decimal(10_000))
    who = add(Member, **person(1))
    claim = making.propose(office, add(Certificate, member=who, occupation="电工", skill_level="三级/高级工", issued_on=PartialDate(2026, 3, 8)))
    with pytest.raises(UserError, match="还没有批准"):
        funds.pay_claim(office, claim, budget_line=line)
    with office.act(ActKind.RECEIPT, "回执") as act:
        act.change(SubsidyApplication, claim, {"state": "批准", "approved_amount": Decimal(2000)})
    entry = funds.pay_claim(office, claim, budget_line=line)
    with pytest.raises(UserError, match="已经记过"):
        funds.pay_claim(office, claim, budget_line=line)
    funds.reverse(office, entry, "退回")
    funds.pay_claim(office, claim, budget_line=line)
    assert balance(office).paid == Decimal(2000)


def test_undo_takes_a_booking_back_like_any_act(office: Office, line: str) -> None:
    funds.book(office, booking(line))
    with office.reading() as session:
        last = undo.last_undoable(session)
    assert last is not None
    undo.undo(office, last.act)
    assert balance(office).paid == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 500)), max_size=12))
def test_in_hand_is_what_came_less_what_went(moves: list[tuple[bool, int]]) -> None:
    came, went = sum(n for is_in, n in moves if is_in), sum(n for is_in, n in moves if not is_in)
    found = funds.Balance("x", 2026, "x", "其他", Decimal(10_000), Decimal(came), Decimal(went), 0)
    assert found.in_hand == came - went and found.left == 10_000 - went and found.per_head is None


def test_deleting_a_budget_line_leaves_its_bookings(office: Office, line: str) -> None:
    funds.book(office, booking(line))
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(BudgetLine, line)
    with office.reading() as session:
        assert session.scalars(select(LedgerEntry.paid)).all() == [Decimal(2000)]


def test_a_reversal_cannot_be_undone_into_a_second_payment(office: Office, add: Callable[..., str]) -> None:
    claim = making.propose(office, add(Certificate, member=add(Member, **person(1)), occupation="电工", skill_level="三级/高级工", issued_on=PartialDate(2026, 3, 8)))
    with office.act(ActKind.RECEIPT, "回执") as act:
        act.change(SubsidyApplication, claim, {"state": "批准", "approved_amount": Decimal(2000)})
    entry = funds.pay_claim(office, claim)
    funds.reverse(office, entry, "退回")
    with office.reading() as session:
        back = undo.last_undoable(session)
    funds.pay_claim(office, claim)
    assert back is not None
    with pytest.raises(UserError, match="多发一笔"):
        undo.undo(office, back.act)


def test_a_negative_amount_and_a_deleted_budget_line_are_refused(office: Office, line: str) -> None:
    with pytest.raises(Invalid, match="负数"):
        funds.book(office, booking(line, paid=Decimal(-5)))
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(BudgetLine, line)
    with pytest.raises(Invalid, match="已经删除"):
        funds.book(office, booking(line))


def test_a_grant_comes_in_the_parts_of_its_policy_and_the_project_knows_when(office: Office, add: Callable[..., str]) -> None:
    from app.services.claims import making
    from db.registers import Project
    from db.registers.claims import PROJECT_AID
    from tests.app.services.test_claims import ready

    claim = making.propose(office, ready(add, PROJECT_AID), PROJECT_AID)
    with office.act(ActKind.RECEIPT, "批准") as act:
        act.change(SubsidyApplication, claim, {"state": "批准", "approved_amount": Decimal(30_000)}, checked=True)
    first = funds.pay_claim(office, claim)
    with office.reading() as session:
        project = session.scalars(select(Project)).one()
        assert session.scalars(select(LedgerEntry.paid).where(LedgerEntry.id == first)).one() == Decimal(18_000)
        assert project.first_paid_on is not None and project.rest_paid_on is None
    rest = funds.pay_claim(office, claim)
    with office.reading() as session:
        entry = session.scalars(select(LedgerEntry).where(LedgerEntry.id == rest)).one()
        assert entry.paid == Decimal(12_000) and "尾款 40%" in (entry.summary or "")
        assert session.scalars(select(Project.rest_paid_on)).one() is not None
    with pytest.raises(UserError, match="已经记过"):
        funds.pay_claim(office, claim)
    funds.reverse(office, rest, "记错")
    assert funds.pay_claim(office, claim)


@pytest.fixture
def approved(office: Office, add: Callable[..., str]) -> str:
    claim = making.propose(office, add(Certificate, member=add(Member, **person(1)), occupation="电工", skill_level="三级/高级工", issued_on=PartialDate(2026, 3, 8)))
    with office.act(ActKind.RECEIPT, "批准") as act:
        act.change(SubsidyApplication, claim, {"state": "批准", "approved_amount": Decimal(2000)}, checked=True)
    return claim


BOOKED = {"booked_on": PartialDate(2026, 11, 20), "programme": "技能补贴", "summary": "手工记的"}


def test_a_booking_by_hand_pays_no_more_than_was_approved_and_nothing_before(office: Office, add: Callable[..., str], approved: str) -> None:
    with pytest.raises(UserError, match="多发"):
        add(LedgerEntry, **BOOKED, claim=approved, paid=Decimal(2001))
    with office.act(ActKind.RECEIPT, "退回") as act:
        act.change(SubsidyApplication, approved, {"state": "街道已审"}, checked=True)
    with pytest.raises(UserError, match="还没有批准"):
        add(LedgerEntry, **BOOKED, claim=approved, paid=Decimal(100))


def test_a_grant_received_for_a_claim_is_no_payment_of_it(office: Office, add: Callable[..., str], approved: str) -> None:
    add(LedgerEntry, **BOOKED, claim=approved, received=Decimal(2000))
    assert funds.pay_claim(office, approved)


@pytest.mark.parametrize("wrong", [{"received": Decimal("0.01")}, {"paid": Decimal(2000)}, {"received": Decimal(2000), "claim": None}])
def test_a_reversal_by_hand_must_mirror_its_booking(office: Office, add: Callable[..., str], approved: str, wrong: dict[str, Any]) -> None:
    entry = funds.pay_claim(office, approved)
    with pytest.raises(UserError, match="收支相反"):
        add(LedgerEntry, **{**BOOKED, "claim": approved, "reverses": entry, **wrong})
    add(LedgerEntry, **BOOKED, claim=approved, reverses=entry, received=Decimal(2000))
    with pytest.raises(Invalid, match="已经冲销过"):
        add(LedgerEntry, **BOOKED, claim=approved, reverses=entry, received=Decimal(2000))


def test_what_is_raised_later_is_paid_and_a_lowered_claim_does_not_lock_the_ledger(office: Office, add: Callable[..., str], approved: str) -> None:
    funds.pay_claim(office, approved)
    with office.act(ActKind.RECEIPT, "改核定") as act:
        act.change(SubsidyApplication, approved, {"approved_amount": Decimal(2500)}, checked=True)
    rest = funds.pay_claim(office, approved)
    with office.reading() as session:
        assert session.scalars(select(LedgerEntry.paid).where(LedgerEntry.id == rest)).one() == Decimal(500)
    with office.act(ActKind.RECEIPT, "又改") as act:
        act.change(SubsidyApplication, approved, {"approved_amount": Decimal(100)}, checked=True)
    assert add(LedgerEntry, **{**BOOKED, "summary": "买笔"}, paid=Decimal(10))


def test_taking_the_first_part_back_makes_it_due_again_and_the_project_unpaid(office: Office, add: Callable[..., str]) -> None:
    from app.services.claims import making as claims
    from db.registers import Project
    from db.registers.claims import PROJECT_AID
    from tests.app.services.test_claims import ready

    claim = claims.propose(office, ready(add, PROJECT_AID), PROJECT_AID)
    with office.act(ActKind.RECEIPT, "批准") as act:
        act.change(SubsidyApplication, claim, {"state": "批准", "approved_amount": Decimal("33.33")}, checked=True)
    first = funds.pay_claim(office, claim)
    funds.reverse(office, first, "记错")
    with office.reading() as session:
        assert session.scalars(select(Project.first_paid_on)).one() is None
        due = funds.next_payment(session.connection(), claim)
    assert (due.words, due.amount) == ("首款 60%", Decimal("20.00"))
    for _ in range(2):
        funds.pay_claim(office, claim)
    with office.reading() as session:
        rows = [r for r in session.scalars(select(LedgerEntry).where(LedgerEntry.claim == claim)) if r.reverses is None and r.id != first]
    assert sum(r.paid or 0 for r in rows) == Decimal("33.33") and sum(r.beneficiaries or 0 for r in rows) == 1


def test_three_parts_are_named_and_found_again_whichever_is_taken_back(office: Office, add: Callable[..., str]) -> None:
    from app.services import policies
    from db.registers.claims import PROJECT_AID
    from tests.app.services.test_claims import ready

    policies.change(office, "XM-2021", valid_from="2026-01-01", source="某通知", parts=[50, 30, 20])
    claim = making.propose(office, ready(add, PROJECT_AID), PROJECT_AID)
    with office.act(ActKind.RECEIPT, "批准") as act:
        act.change(SubsidyApplication, claim, {"state": "批准", "approved_amount": Decimal(30_000)}, checked=True)
    made = [funds.pay_claim(office, claim) for _ in range(3)]
    with office.reading() as session:
        booked = {r.id: (r.paid, r.summary) for r in session.scalars(select(LedgerEntry).where(LedgerEntry.claim == claim))}
    assert [booked[m][0] for m in made] == [Decimal(15_000), Decimal(9_000), Decimal(6_000)]
    assert all(words in (booked[m][1] or "") for m, words in zip(made, ("首款 50%", "第 2 笔 30%", "尾款 20%"), strict=True))
    funds.reverse(office, made[1], "记错")
    with office.reading() as session:
        due = funds.next_payment(session.connection(), claim)
    assert (due.words, due.amount) == ("第 2 笔 30%", Decimal(9_000))


def test_a_budget_line_never_falls_below_what_was_spent_nor_is_earmarked_over_it(office: Office, line: str) -> None:
    funds.book(office, {"booked_on": PartialDate(2026, 3, 1), "programme": "职工培训", "summary": "讲师费", "paid": Decimal(800), "budget_line": line})
    with pytest.raises(Invalid, match="已经支出"), office.act(ActKind.EDIT, "减预算") as act:
        act.change(BudgetLine, line, {"amount": Decimal(799)})
    with office.act(ActKind.EDIT, "减预算") as act:
        act.change(BudgetLine, line, {"amount": Decimal(800), "earmark": None})
    with office.act(ActKind.EDIT, "加预算") as act:
        act.change(BudgetLine, line, {"amount": Decimal(900)})
    funds.book(office, {"booked_on": PartialDate(2026, 3, 1), "programme": "其他", "summary": "茶水", "paid": Decimal(10), "budget_line": line})
    with pytest.raises(Invalid, match="先冲销"), office.act(ActKind.EDIT, "专款") as act:
        act.change(BudgetLine, line, {"earmark": funds.TRAINING_ONLY})


@pytest.mark.parametrize(("values", "code"), [({"booked_on": PartialDate(2031, 1, 1)}, "other-year"), ({"budget_line": None}, "no-line"), ({}, None)])
def test_a_booking_of_another_year_or_of_no_line_is_pointed_out(office: Office, line: str, values: dict[str, Any], code: str | None) -> None:
    with office.vault.engine.connect() as connection:
        found = funds.doubts(connection, {"booked_on": PartialDate(2026, 3, 1), "programme": "职工培训", "paid": Decimal(1), "budget_line": line, **values})
    assert [p.code for p in found] == ([code] if code else [])


def test_three_equal_parts_come_to_the_whole(office: Office, add: Callable[..., str]) -> None:
    """西城: 6,000 yuan in three times 2,000."""
    made = policies.change(office, "NM-2014", valid_from="2026-01-01", source="西城办法", parts=[1, 1, 1])
    claim = add(SubsidyApplication, kind="农民工大学生助推", member=add(Member, **person(1)), policy=made, applied_on=PartialDate(2026, 3, 1))
    with office.act(ActKind.RECEIPT, "回执") as act:
        act.change(SubsidyApplication, claim, {"state": "批准", "approved_amount": Decimal(6000)}, checked=True)
    for words in ("首款 1/3", "第 2 笔 1/3", "尾款 1/3"):
        with office.vault.engine.connect() as connection:
            due = funds.next_payment(connection, claim)
        assert (due.words, due.amount) == (words, Decimal(2000))
        funds.pay_claim(office, claim)
    with office.reading() as session:
        assert session.scalars(select(LedgerEntry.part).order_by(LedgerEntry.rowno)).all() == [1, 2, 3]
