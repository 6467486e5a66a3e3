"""Who may claim what until when (domain 5.3, 5.4): each condition is a test, and the judgement of old claims stays."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.services.claims import judging, making
from app.services.exchange import items
from app.services.office import Office
from app.services.records import ActKind, Invalid
from db.dates import PartialDate
from db.record import Record
from db.registers import Certificate, Competition, CompetitionRound, Entry, Member, Patent, Project, Studio, StudioMember, SubsidyApplication, Training
from db.registers.claims import BASES, CAREER, COLLEGE, PATENT_AID, PROJECT_AID, SKILL, STUDIO_AID, TRAINING_UNIT
from tests.conftest import NOW, person

TODAY = date(2026, 11, 20)
CARD = {"member_card_no": "6214850112345670"}
RURAL = {**CARD, "household_type": "农业户口", "education": "高中"}


def codes_of(office: Office, basis: str, claim: str, on: date = TODAY) -> set[str]:
    with office.vault.engine.connect() as connection:
        return {p.code for p in judging.judge_claim(connection, basis, on=on, claim=claim).problems}


def ready(add: Callable[..., str], claim: str, **more: Any) -> str:
    """What a claim of each kind can rest on, all in order; `more` changes it."""
    if claim in (SKILL, CAREER):
        who = add(Member, **person(1, **CARD))
        return add(Certificate, **{"member": who, "kind": "职业技能等级证书", "occupation": "电工", "skill_level": "三级/高级工", "issued_on": PartialDate(2026, 3, 8), "is_verified": True, **more})
    if claim == COLLEGE:
        return add(Member, **person(1, **{**RURAL, **more}))
    if claim == PATENT_AID:
        who = add(Member, **person(1, **CARD))
        return add(Patent, **{"name": "一种夹具", "kind": "发明", "member": who, "is_service": True, "in_use": True, "front_line": True, "state": "授权", "grant_published_on": PartialDate(2025, 6, 1), **more})
    if claim == TRAINING_UNIT:
        return add(Training, **{"name": "焊工班", "kind": "技能培训", "starts_on": PartialDate(2026, 5, 1), "ends_on": PartialDate(2026, 6, 1), "state": "结束", **more})
    studio = add(Studio, **{"name": "张三创新工作室", "level": "区级", "state": "已命名", "named_on": PartialDate(2026, 5, 1), "leader": add(Member, **person(2)), **(more if claim == STUDIO_AID else {})})
    for n in range(3):
        add(StudioMember, studio=studio, full_name=f"成员{'甲乙丙'[n]}")
    if claim == STUDIO_AID:
        return studio
    return add(Project, **{"name": "节能改造", "studio": studio, "level": "区级", "approved_on": PartialDate(2026, 2, 1), "approval_no": "某发〔2026〕1号", "start_money": Decimal(10000), "ends_on": PartialDate(2027, 12, 1), **more})


@pytest.mark.parametrize("claim", BASES)
def test_what_is_in_order_may_be_claimed_once_and_is_proposed_with_its_policy(office: Office, add: Callable[..., str], claim: str) -> None:
    basis = ready(add, claim)
    assert not {c for c in codes_of(office, basis, claim) if c not in ("not-verified", "contract-missing")}
    made = making.propose(office, basis, claim)
    with office.reading() as session:
        row = session.scalars(select(SubsidyApplication).where(SubsidyApplication.id == made)).one()
    assert (row.kind, bool(row.policy), row.form_no) == (claim, True, "BT-2026-000001")
    with pytest.raises(Invalid):
        making.propose(office, basis, claim)
    assert making.judge_again(office, made).may_claim


@pytest.mark.parametrize(
    ("claim", "changed", "code"),
    [
        (PATENT_AID, {"kind": "实用新型"}, "not-an-invention"), (PATENT_AID, {"is_service": False}, "not-service"), (PATENT_AID, {"in_use": None}, "not-in-use"), (PATENT_AID, {"front_line": False}, "not-front-line"), (PATENT_AID, {"front_line": None}, "front-line-missing"), (PATENT_AID, {"state": "公开"}, "not-granted"),
        (PATENT_AID, {"grant_published_on": PartialDate(2026, 2, 1)}, "too-early"), (PATENT_AID, {"grant_published_on": PartialDate(2024, 12, 31)}, "window-closed"), (PATENT_AID, {"member": None}, "nobody"),
        (COLLEGE, {"household_type": "非农业户口"}, "not-rural"), (COLLEGE, {"education": "本科"}, "education"), (COLLEGE, {"education": None}, "education-missing"), (COLLEGE, {"member_card_no": None}, "no-card"),
        (COLLEGE, {"membership_event": "转出"}, "not-a-member"), (TRAINING_UNIT, {"state": "计划"}, "not-finished"), (STUDIO_AID, {"state": "培育"}, "not-named"), (STUDIO_AID, {"leader": None}, "no-leader"),
        (PROJECT_AID, {"approved_on": PartialDate(2025, 12, 31)}, "not-this-year"), (PROJECT_AID, {"ends_on": PartialDate(2029, 1, 1)}, "too-long"), (PROJECT_AID, {"start_money": None}, "no-start-money"),
        (PROJECT_AID, {"approval_no": None}, "no-approval"), (PROJECT_AID, {"level": "单位级"}, "level-not-covered"), (SKILL, {"issued_on": PartialDate(2025, 11, 19)}, "window-closed"),
        (SKILL, {"issued_on": None}, "issued-missing"), (SKILL, {"skill_level": "五级/初级工", "kind": "培训合格证"}, "kind-not-covered"), (CAREER, {"skill_level": "五级/初级工"}, "level-not-covered"),
    ],
)
def test_what_is_not_in_order_is_refused_with_the_reason(office: Office, add: Callable[..., str], claim: str, changed: dict[str, Any], code: str) -> None:
    assert code in codes_of(office, ready(add, claim, **changed), claim)


@pytest.mark.parametrize(("amount", "doubted"), [(9_999, True), (10_000, False), (100_000, False), (100_001, True)])
def test_a_studios_support_lies_in_its_range(office: Office, add: Callable[..., str], amount: int, doubted: bool) -> None:
    made = making.propose(office, ready(add, STUDIO_AID), STUDIO_AID, amount=Decimal(amount))
    verdict = making.judge_again(office, made)
    assert verdict.may_claim and ("amount-range" in {p.code for p in verdict.problems}) is doubted


def test_a_team_of_two_is_no_studio(office: Office, add: Callable[..., str]) -> None:
    studio = add(Studio, name="小工作室", state="已命名", named_on=PartialDate(2026, 5, 1), leader=add(Member, **person(3)))
    add(StudioMember, studio=studio, full_name="成员甲")
    assert "team-small" in codes_of(office, studio, STUDIO_AID)


def test_how_many_make_a_team_is_a_rule_that_can_be_set(office: Office, add: Callable[..., str]) -> None:
    studio = ready(add, STUDIO_AID)
    assert "team-small" not in codes_of(office, studio, STUDIO_AID)
    row = next(r for r in items.shipped_rows("rule") if r["id"] == "studio_team")
    items.keep_own(office, "rule", {**row, "value": 4, "valid_from": "2026-11-01", "source": "本工会定"})
    assert "team-small" in codes_of(office, studio, STUDIO_AID)


def test_an_unsettled_project_blocks_the_next_of_its_studio(office: Office, add: Callable[..., str]) -> None:
    project = ready(add, PROJECT_AID)
    with office.reading() as session:
        studio = session.scalars(select(Studio.id)).one()
    other = add(Project, name="旧项目", studio=studio, first_paid_on=PartialDate(2024, 5))
    assert "unsettled" in codes_of(office, project, PROJECT_AID)
    with office.act(ActKind.EDIT, "结算") as act:
        act.change(Project, other, {"settled_on": PartialDate(2026, 1)})
    assert "unsettled" not in codes_of(office, project, PROJECT_AID)


def test_a_project_that_was_claimed_for_blocks_the_next_of_its_studio_before_it_is_paid(office: Office, add: Callable[..., str]) -> None:
    first = ready(add, PROJECT_AID)
    with office.reading() as session:
        studio = session.scalars(select(Studio.id)).one()
    making.propose(office, first, PROJECT_AID)
    second = add(Project, name="又一个", studio=studio, level="区级", approved_on=PartialDate(2026, 2, 1), approval_no="某发〔2026〕2号", start_money=Decimal(10000), ends_on=PartialDate(2027, 12, 1))
    assert "unsettled" in codes_of(office, second, PROJECT_AID)


def test_of_two_projects_the_first_that_was_claimed_for_goes_on_and_a_draft_stops_nobody(office: Office, add: Callable[..., str]) -> None:
    first = ready(add, PROJECT_AID)
    with office.reading() as session:
        studio = session.scalars(select(Studio.id)).one()
    second = add(Project, name="又一个", studio=studio, level="区级", approved_on=PartialDate(2026, 2, 1), approval_no="某发〔2026〕2号", start_money=Decimal(10000), ends_on=PartialDate(2027, 12, 1))
    draft = add(SubsidyApplication, kind=PROJECT_AID, project=second, state="草稿", applied_on=PartialDate(2026, 11, 1))
    assert "unsettled" not in codes_of(office, first, PROJECT_AID)
    with office.act(ActKind.EDIT, "不要了") as act:
        act.remove(SubsidyApplication, draft)
    with office.vault.engine.connect() as connection:
        both = judging.survey(connection, TODAY, (PROJECT_AID,)).may
    done = making.propose_many(office, both)
    assert (len(done.made), len(done.refused)) == (1, 1) and "还没有结算" in done.refused[0][1]
    with office.vault.engine.connect() as connection:
        assert judging.no_longer_in_order(connection, ["校验通过"], TODAY) == {}


def test_two_approved_projects_are_both_paid(office: Office, add: Callable[..., str]) -> None:
    from app.services import funds

    ready(add, PROJECT_AID)
    with office.reading() as session:
        studio = session.scalars(select(Studio.id)).one()
        projects = [session.scalars(select(Project.id)).one()]
    projects.append(add(Project, name="又一个", studio=studio, level="区级", approved_on=PartialDate(2026, 2, 1)))
    for project in projects:
        claim = add(SubsidyApplication, kind=PROJECT_AID, project=project, policy="XM-2021", applied_on=PartialDate(2026, 3, 1))
        with office.act(ActKind.RECEIPT, "回执") as act:
            act.change(SubsidyApplication, claim, {"state": "批准", "approved_amount": Decimal(30000)}, checked=True)
        funds.pay_claim(office, claim)


def test_what_was_paid_before_the_program_came_counts_as_a_rival(office: Office, add: Callable[..., str]) -> None:
    basis = ready(add, SKILL)
    with office.reading() as session:
        who = session.scalars(select(Member.id)).one()
    add(SubsidyApplication, kind=SKILL, member=who, certificate=basis, state="以前已发放", applied_on=PartialDate(2023, 5))
    assert "same-certificate" in codes_of(office, basis, SKILL)


def test_a_college_claim_is_not_complete_before_the_contract_is_written(office: Office, add: Callable[..., str]) -> None:
    made = making.propose(office, ready(add, COLLEGE), COLLEGE)
    with pytest.raises(Invalid, match="合同起止"), office.act(ActKind.EDIT, "交") as act:
        act.change(SubsidyApplication, made, {"state": "校验通过"})
    with office.act(ActKind.EDIT, "交") as act:
        act.change(SubsidyApplication, made, {"state": "校验通过", "contract_from": PartialDate(2026, 1, 1), "contract_to": PartialDate(2027, 12, 31)})


@pytest.mark.parametrize(("rounds", "rank", "outcome", "code"), [(("决赛",), 10, None, None), (("决赛",), 11, None, "rank"), (("初赛", "复赛"), 5, None, None), (("复赛",), 6, None, "rank"), (("初赛",), 1, None, "rank"), (("决赛",), 1, "已取证", "certified")])
def test_a_place_in_a_contest_without_certificates(office: Office, add: Callable[..., str], rounds: tuple[str, ...], rank: int, outcome: str | None, code: str | None) -> None:
    contest = add(Competition, name="竞赛", trades="电工", ends_on=PartialDate(2026, 6, 1), entrant_total=400)
    for name in rounds:
        add(CompetitionRound, competition=contest, name=name)
    entry = add(Entry, competition=contest, member=add(Member, **person(1, **CARD)), trade="电工", rank=rank, outcome=outcome)
    assert codes_of(office, entry, CAREER) == ({code} if code else set())


def test_somebody_who_joined_later_was_no_member_on_that_day(office: Office, add: Callable[..., str]) -> None:
    basis = ready(add, SKILL)
    with office.reading() as session:
        who = session.scalars(select(Member.id)).one()
    with office.act(ActKind.EDIT, "入会") as act:
        act.change(Member, who, {"joined_on": PartialDate(2026, 12, 1)})
    assert "not-yet-a-member" in codes_of(office, basis, SKILL)


def test_all_who_may_are_proposed_in_one_act_and_the_cap_holds_among_them(office: Office, add: Callable[..., str]) -> None:
    who = add(Member, **person(1))
    for n in range(5):
        add(Certificate, member=who, occupation=f"工种{'甲乙丙丁戊'[n]}", skill_level="三级/高级工", issued_on=PartialDate(2026, 3, 8))
    with office.vault.engine.connect() as connection:
        found = judging.survey(connection, TODAY, (SKILL,))
    assert len(found.may) == 5
    done = making.propose_many(office, found.may)
    assert len(done.made) == 3 and all("上限" in why for _, why in done.refused)  # three a person and year


def test_those_who_may_not_are_named_with_the_reason(office: Office, add: Callable[..., str]) -> None:
    ready(add, SKILL, issued_on=PartialDate(2020, 1, 1))
    with office.vault.engine.connect() as connection:
        [(one, why)] = judging.survey(connection, TODAY, (SKILL,)).may_not
    assert one.full_name == person(1)["full_name"] and "已过期" in why


def test_one_occupation_under_another_name_and_a_social_workers_level_are_claimed_once(office: Office, add: Callable[..., str]) -> None:
    who = add(Member, **person(1, **CARD))
    common = {"member": who, "skill_level": "三级/高级工", "issued_on": PartialDate(2026, 3, 8), "is_verified": True, "kind": "职业技能等级证书", "occupation_code": "6-18-02-04", "occupation_edition": "2015"}
    making.propose(office, add(Certificate, occupation="焊工", **common))
    assert "same-level" in codes_of(office, add(Certificate, occupation="电焊工", **common), SKILL)
    assert "same-level" not in codes_of(office, add(Certificate, occupation="电焊工", **{**common, "occupation_edition": None}), SKILL)
    social = {"member": add(Member, **person(2, **CARD)), "kind": "社会工作者职业水平证书", "occupation": "社会工作师", "issued_on": PartialDate(2026, 3, 8), "is_verified": True}
    making.propose(office, add(Certificate, **social), CAREER)
    assert "same-level" in codes_of(office, add(Certificate, **social), CAREER)


def test_a_unit_that_was_paid_for_the_certificate_rules_the_person_out(office: Office, add: Callable[..., str]) -> None:
    basis = ready(add, SKILL)
    with office.reading() as session:
        who = session.scalars(select(Member.id)).one()
    add(SubsidyApplication, kind=TRAINING_UNIT, training=ready(add, TRAINING_UNIT), certificate=basis, member=who, applied_on=PartialDate(2026, 10, 1))
    assert "double-use" in codes_of(office, basis, SKILL)


def own_policy(office: Office, **changed: Any) -> None:
    row = {**next(r for r in items.shipped_rows("policy") if r["id"] == "BT-2017"), **changed}
    items.keep_own(office, "policy", row)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(editions=st.lists(st.tuples(st.sampled_from(["BT-NEW", "BT-2017"]), st.integers(-400, 400), st.integers(1, 9000), st.integers(1, 24), st.booleans()), min_size=1, max_size=4))
def test_a_later_policy_never_changes_an_earlier_judgement(tmp_path_factory: pytest.TempPathFactory, editions: list[tuple[str, int, int, int, bool]]) -> None:
    """Whether it comes under a new number or the old one, from when on, again and again, or is taken back."""
    from app.services import setup
    from tests.conftest import PASSWORD, UNION

    office = setup.create_office(tmp_path_factory.mktemp("o") / "u", union=UNION, administrator="李晓梅", password=PASSWORD, recovery_code="x")
    office.clock = lambda: NOW
    try:

        def add(register: type[Record], **values: Any) -> str:
            with office.act(ActKind.EDIT, "x") as act:
                return act.create(register, values)

        judged = {}
        for n, (name, days, amount, months, gone) in enumerate([("", 0, 0, 0, False), *editions]):
            if name:
                own_policy(office, id=name, valid_from=str(TODAY + timedelta(days=days)), window_months=months, per_person_and_year=9, levels=[{"level": "三级/高级工", "amount": amount}])
            basis = add(Certificate, member=add(Member, **person(n, **CARD)), kind="职业技能等级证书", occupation="电工", skill_level="三级/高级工", issued_on=PartialDate(2026, 11, 1), is_verified=True)
            made = making.propose(office, basis)
            judged[made] = making.judge_again(office, made)
            if gone:
                items.drop_own(office, "policy", name)
            for claim, before in judged.items():
                after = making.judge_again(office, claim)
                assert (after.amount, after.last_day, after.policy) == (before.amount, before.last_day, before.policy)
                assert after.problems == before.problems
    finally:
        office.vault.close()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([SKILL, CAREER, "again"]), min_size=1, max_size=6))
def test_one_certificate_is_never_paid_twice(tmp_path_factory: pytest.TempPathFactory, tries: list[str]) -> None:
    from app.services import setup
    from tests.conftest import PASSWORD, UNION

    office = setup.create_office(tmp_path_factory.mktemp("o") / "u", union=UNION, administrator="李晓梅", password=PASSWORD, recovery_code="x")
    office.clock = lambda: NOW
    try:

        def add(register: type[Record], **values: Any) -> str:
            with office.act(ActKind.EDIT, "x") as act:
                return act.create(register, values)

        basis = ready(add, SKILL)
        for claim in tries:
            try:
                making.propose(office, basis, SKILL if claim == "again" else claim)
            except Invalid:
                continue
        with office.reading() as session:
            assert len(list(session.scalars(select(SubsidyApplication.id).where(SubsidyApplication.certificate == basis)))) == 1
    finally:
        office.vault.close()


def test_a_certificate_of_somebody_else_is_nobodys_basis(office: Office, add: Callable[..., str]) -> None:
    hers = ready(add, SKILL)
    other = add(Member, **person(5))
    wrong = add(SubsidyApplication, kind=SKILL, member=other, certificate=hers, applied_on=PartialDate(2026, 11, 1), policy="BT-2017")
    assert "not-hers" in {p.code for p in making.judge_again(office, wrong).problems}
    with pytest.raises(Invalid, match="已经申请过"):
        making.propose(office, hers)


def test_the_unit_that_claimed_for_the_class_rules_out_its_certificates(office: Office, add: Callable[..., str]) -> None:
    course = ready(add, TRAINING_UNIT)
    making.propose(office, course, TRAINING_UNIT)
    assert "double-use" in codes_of(office, ready(add, SKILL, training=course), SKILL)


def test_a_place_and_the_certificate_won_there_are_one_right(office: Office, add: Callable[..., str]) -> None:
    who = add(Member, **person(1, **CARD))
    entry = add(Entry, competition=add(Competition, name="竞赛", trades="电工", ends_on=PartialDate(2026, 6, 1)), member=who, trade="电工", rank=1)
    making.propose(office, entry, CAREER)
    won = add(Certificate, member=who, kind="职业技能等级证书", occupation="电工", skill_level="三级/高级工", issued_on=PartialDate(2026, 7, 1), entry=entry)
    assert "same-certificate" in codes_of(office, won, CAREER)
    assert "certified" in codes_of(office, entry, CAREER)


def test_one_patent_written_down_twice_is_one_patent(office: Office, add: Callable[..., str]) -> None:
    first = ready(add, PATENT_AID, patent_no="ZL202310123456.6")
    making.propose(office, first, PATENT_AID)
    again = add(Patent, name="同一件", kind="发明", member=add(Member, **person(4, **CARD)), is_service=True, in_use=True, state="授权", grant_published_on=PartialDate(2025, 6, 1), patent_no="ZL202310123456.6")
    assert "same-basis" in codes_of(office, again, PATENT_AID)


@pytest.mark.parametrize(("rounds", "total", "code"), [(("决赛",), 334, None), (("决赛",), 333, "contest-small"), (("复赛",), 100, None), (("复赛",), 99, "contest-small"), (("决赛",), None, "contest-size-unknown")])
def test_how_many_must_have_entered_a_contest(office: Office, add: Callable[..., str], rounds: tuple[str, ...], total: int | None, code: str | None) -> None:
    contest = add(Competition, name="竞赛", trades="电工", ends_on=PartialDate(2026, 6, 1), entrant_total=total)
    for name in rounds:
        add(CompetitionRound, competition=contest, name=name)
    entry = add(Entry, competition=contest, member=add(Member, **person(1, **CARD)), trade="电工", rank=1)
    assert codes_of(office, entry, CAREER) == ({code} if code else set())


@pytest.mark.parametrize(("kind", "level", "wanted"), [(SKILL, "五级/初级工", 1000), (SKILL, "四级/中级工", 1500), (SKILL, "三级/高级工", 2000), (CAREER, "二级/技师", 1000), (CAREER, "一级/高级技师", 2000)])
def test_the_amount_is_that_of_the_level(office: Office, add: Callable[..., str], kind: str, level: str, wanted: int) -> None:
    with office.vault.engine.connect() as connection:
        assert judging.judge_claim(connection, ready(add, kind, skill_level=level), on=TODAY, claim=kind).amount == wanted


@pytest.mark.parametrize(("claim", "wanted"), [(PATENT_AID, 3000), (COLLEGE, 6000), (PROJECT_AID, 30_000)])
def test_the_amounts_of_the_other_plans(office: Office, add: Callable[..., str], claim: str, wanted: int) -> None:
    with office.vault.engine.connect() as connection:
        assert judging.judge_claim(connection, ready(add, claim), on=TODAY, claim=claim).amount == wanted


def test_a_district_may_add_its_own_share_to_the_citys_sum(office: Office, add: Callable[..., str]) -> None:
    basis = ready(add, CAREER, skill_level="二级/技师")
    own_policy(office, id="PP-2016", claim=CAREER, title="区里 1:1 配套", scope="district", source="房山 2016", valid_from="2016-01-01", adds=True, share=100, levels=[{"level": "", "amount": 0}], conditions=[])
    with office.vault.engine.connect() as connection:
        verdict = judging.judge_claim(connection, basis, on=TODAY, claim=CAREER)
    assert (verdict.amount, verdict.policy and verdict.policy.id) == (2000, "ZT-2022")


@pytest.mark.parametrize(("months", "code"), [(None, "insured-missing"), (11, "insured-short"), (12, None)])
def test_months_of_insurance_are_asked_where_the_row_names_them(office: Office, add: Callable[..., str], months: int | None, code: str | None) -> None:
    basis = ready(add, SKILL)
    own_policy(office, limits={"insured_months": 12})
    with office.reading() as session:
        who = session.scalars(select(Member.id)).one()
    claim = add(SubsidyApplication, kind=SKILL, member=who, certificate=basis, applied_on=PartialDate(2026, 11, 1), insured_months=months)
    assert {p.code for p in making.judge_again(office, claim).problems if p.code.startswith("insured")} == ({code} if code else set())


def test_a_strict_ladder_refuses_the_lower_level_after_the_higher(office: Office, add: Callable[..., str]) -> None:
    making.propose(office, ready(add, SKILL))
    with office.reading() as session:
        who = session.scalars(select(Member.id)).one()
    lower = add(Certificate, member=who, kind="职业技能等级证书", occupation="电工", skill_level="四级/中级工", issued_on=PartialDate(2026, 4, 8), is_verified=True)

    def lower_after() -> list[bool]:
        with office.vault.engine.connect() as connection:
            return [p.is_error for p in judging.judge_claim(connection, lower, on=TODAY).problems if p.code == "lower-after-higher"]

    assert lower_after() == [False]
    own_policy(office, limits={"strict_ladder": 1})
    assert lower_after() == [True]


def test_who_leaves_after_the_application_was_a_member_on_its_day(office: Office, add: Callable[..., str]) -> None:
    from app.services import membership

    made = making.propose(office, ready(add, SKILL))
    with office.reading() as session:
        who = session.scalars(select(Member.id)).one()
    membership.record(office, [who], {"event": "退会", "event_date": "2026-12-15"})
    assert making.judge_again(office, made).may_claim
    membership.record(office, [who], {"event": "转入", "event_date": "2026-12-20"})
    assert making.judge_again(office, made).may_claim


def test_who_had_left_on_that_day_may_not_claim_though_she_came_back(office: Office, add: Callable[..., str]) -> None:
    from app.services import membership

    basis = ready(add, SKILL)
    with office.reading() as session:
        who = session.scalars(select(Member.id)).one()
    membership.record(office, [who], {"event": "退会", "event_date": "2026-09-01"})
    membership.record(office, [who], {"event": "入会", "event_date": "2026-11-01"})
    assert "not-a-member" in codes_of(office, basis, SKILL, date(2026, 10, 1))
    assert "not-a-member" not in codes_of(office, basis, SKILL)


def test_the_person_who_claimed_rules_out_the_unit_for_the_class(office: Office, add: Callable[..., str]) -> None:
    course = ready(add, TRAINING_UNIT)
    making.propose(office, ready(add, SKILL, training=course))
    assert "double-use" in codes_of(office, course, TRAINING_UNIT)


@pytest.mark.parametrize(("full_time", "expected"), [(True, set()), (False, {"not-a-union-social-worker"})])
def test_a_social_workers_certificate_is_for_the_unions_own(office: Office, add: Callable[..., str], full_time: bool, expected: set[str]) -> None:
    from db.registers import Officer

    basis = ready(add, CAREER, kind="社会工作者职业水平证书", occupation="社会工作师", skill_level=None)
    with office.reading() as session:
        who = session.scalars(select(Member.id)).one()
    add(Officer, position="社会工作者", member=who, full_name=person(1)["full_name"], is_full_time=full_time)
    assert codes_of(office, basis, CAREER) == expected
