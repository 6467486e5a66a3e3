"""Competition entries, and who may claim a subsidy until when."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.services import entries, policies
from app.services.claims import judging, making
from app.services.office import Office
from app.services.records import ActKind, Invalid
from db.dates import PartialDate
from db.problems import UserError
from db.registers import Certificate, Competition, Entry, Member, SubsidyApplication
from tests.conftest import person

TODAY = date(2026, 11, 20)


@pytest.fixture
def competition(add: Callable[..., str]) -> str:
    return add(Competition, name="技能竞赛", trades="电工、焊工", entry_deadline=PartialDate(2026, 12, 31))


def test_many_are_entered_as_one_act_and_each_once(office: Office, add: Callable[..., str], competition: str) -> None:
    people = [add(Member, **person(n)) for n in range(5)]
    first = entries.enter(office, competition, "电工", people[:3])
    second = entries.enter(office, competition, "电工", people)
    assert (len(first.entries), len(second.entries)) == (3, 2)
    assert all("只报一次" in r.why for r in second.refused)
    assert len(entries.enter(office, competition, "焊工", people[:1]).entries) == 1


def test_a_member_who_left_is_refused_with_the_reason(office: Office, add: Callable[..., str], competition: str) -> None:
    gone = add(Member, **person(1, membership_event="退会", membership_event_date=PartialDate(2025, 3)))
    done = entries.enter(office, competition, "电工", [gone])
    assert done.entries == ()
    assert "2025年3月起已退会" in done.refused[0].why


def test_a_trade_the_competition_lacks_and_a_past_deadline_are_refused(office: Office, add: Callable[..., str], competition: str) -> None:
    who = add(Member, **person(1))
    with pytest.raises(UserError, match="没有“钳工”"):
        entries.enter(office, competition, "钳工", [who])
    with office.act(ActKind.EDIT, "截止") as act:
        act.change(Competition, competition, {"entry_deadline": PartialDate(2026, 11, 19)})
    with pytest.raises(UserError, match="截止"):
        entries.enter(office, competition, "电工", [who])


def test_the_store_itself_keeps_one_entry_for_person_and_trade(office: Office, add: Callable[..., str], competition: str) -> None:
    who = add(Member, **person(1))
    add(Entry, competition=competition, member=who, trade="电工")
    with pytest.raises(Exception, match="UNIQUE"):
        add(Entry, competition=competition, member=who, trade="电工")


@pytest.fixture
def certificate(add: Callable[..., str]) -> Callable[..., str]:
    def make(n: int = 1, member: str | None = None, **more: object) -> str:
        values = {"kind": "职业技能等级证书", "occupation": "电工", "skill_level": "三级/高级工", "issued_on": PartialDate(2026, 3, 8), "is_verified": True, **more}
        return add(Certificate, member=member or add(Member, **person(n)), **values)

    return make


def judged(office: Office, certificate_id: str, on: date = TODAY) -> judging.Judgement:
    with office.vault.engine.connect() as connection:
        return judging.judge_claim(connection, certificate_id, on=on)


def test_a_sound_certificate_may_be_claimed_for_with_the_policys_amount(office: Office, certificate: Callable[..., str]) -> None:
    verdict = judged(office, certificate())
    assert (verdict.may_claim, verdict.amount, verdict.last_day) == (True, Decimal(2000), date(2027, 3, 8))


def test_the_window_ends_on_the_same_day_a_year_later() -> None:
    assert policies.months_after(date(2018, 2, 15), 12) == date(2019, 2, 15)
    assert policies.months_after(date(2024, 2, 29), 12) == date(2025, 2, 28)


def test_the_last_day_is_in_and_the_day_after_is_out(office: Office, certificate: Callable[..., str]) -> None:
    one = certificate(issued_on=PartialDate(2018, 2, 15))
    assert judged(office, one, date(2019, 2, 15)).may_claim
    assert [p.code for p in judged(office, one, date(2019, 2, 16)).problems] == ["window-closed"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"skill_level": "二级/技师"}, "level-not-covered"), ({"skill_level": None}, "level-missing"), ({"issued_on": None}, "issued-missing"), ({"kind": "培训合格证"}, "kind-not-covered"),
        ({"issued_on": PartialDate(2026, 12, 1)}, "issued-later"), ({"is_verified": False}, "not-verified"),
    ],
)
def test_every_reason_against_is_said(office: Office, certificate: Callable[..., str], change: dict[str, object], code: str) -> None:
    assert [p.code for p in judged(office, certificate(**change)).problems] == [code]


def test_one_certificate_is_never_paid_twice(office: Office, certificate: Callable[..., str]) -> None:
    one = certificate()
    making.propose(office, one)
    with pytest.raises(Invalid, match="已经申请过"):
        making.propose(office, one)


def test_the_same_trade_and_level_is_claimed_once_whatever_the_certificate(office: Office, add: Callable[..., str], certificate: Callable[..., str]) -> None:
    who = add(Member, **person(3))
    making.propose(office, certificate(member=who))
    assert "same-level" in [p.code for p in judged(office, certificate(member=who)).problems]


def test_a_year_has_a_cap_and_a_lower_level_after_a_higher_is_doubted(office: Office, add: Callable[..., str], certificate: Callable[..., str]) -> None:
    who = add(Member, **person(3))
    making.propose(office, certificate(member=who))
    lower = judged(office, certificate(member=who, skill_level="四级/中级工"))
    assert ([p.code for p in lower.problems], lower.may_claim) == (["lower-after-higher"], True)
    for trade in ("焊工", "钳工"):
        making.propose(office, certificate(member=who, occupation=trade))
    assert "year-cap" in [p.code for p in judged(office, certificate(member=who, occupation="车工")).problems]


def test_a_withdrawn_claim_frees_its_certificate(office: Office, certificate: Callable[..., str]) -> None:
    one = certificate()
    application = making.propose(office, one)
    with office.act(ActKind.EDIT, "撤回") as act:
        act.change(SubsidyApplication, application, {"state": "撤回"})
    assert judged(office, one).may_claim


def test_form_numbers_run_without_gaps_or_repeats(office: Office, certificate: Callable[..., str]) -> None:
    for n in range(3):
        making.propose(office, certificate(n))
    with office.reading() as session:
        assert list(session.scalars(select(SubsidyApplication.form_no).order_by(SubsidyApplication.rowno))) == [f"BT-2026-00000{n}" for n in (1, 2, 3)]


def test_a_refused_proposal_uses_up_no_number(office: Office, certificate: Callable[..., str]) -> None:
    with pytest.raises(Invalid):
        making.propose(office, certificate(1, skill_level="二级/技师"))
    application = making.propose(office, certificate(2))
    with office.reading() as session:
        assert session.scalars(select(SubsidyApplication.form_no).where(SubsidyApplication.id == application)).one() == "BT-2026-000001"


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 60))
def test_a_window_is_never_shorter_than_its_months_nor_a_month_longer(day: date, months: int) -> None:
    end = policies.months_after(day, months)
    assert (end.year - day.year) * 12 + end.month - day.month == months
    assert end.day <= day.day


def test_every_policy_names_its_source_and_stands_for_some_day() -> None:
    for policy in policies.claim_policies():
        assert policy.source and (policy.amounts or policy.is_proposed)
        assert policies.policy_on(None, policy.valid_from + timedelta(days=1), policy.claim) is not None
