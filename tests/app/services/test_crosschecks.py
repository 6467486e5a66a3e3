"""Checks over other tables hold by whatever way a record comes; doubts are said and keep nobody out (domain 5.4)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.services import block, competitions, crosschecks, membership, undo
from app.services.exchange import items
from app.services.office import Office
from app.services.records import ActKind, Invalid
from db.dates import PartialDate
from db.problems import UserError
from db.record import Record, fields_of
from db.registers import (
    REGISTERS,
    Certificate,
    Competition,
    CompetitionRound,
    CompetitionTrade,
    Entry,
    Honour,
    Lecture,
    Member,
    Nomination,
    Project,
    Proposal,
    SafetyCupScore,
    SafetyCupUnit,
    Score,
    SignIn,
    SubsidyApplication,
    Team,
)
from tests.app.services.test_claims import ready
from tests.conftest import NOW, person, sample_values

TODAY = date(2026, 11, 20)


def said(office: Office, register: type[Record], **values: Any) -> dict[str, bool]:
    """Codes of what is said of a new record, and whether each is an error."""
    with office.vault.engine.connect() as connection:
        return {p.code: p.is_error for p in crosschecks.problems(connection, register, values, today=TODAY)}


@pytest.fixture
def contest(add: Callable[..., str]) -> str:
    made = add(Competition, name="竞赛", trades="电工、焊工")
    add(CompetitionTrade, competition=made, trade="电工", lowest_level="四级/中级工")
    return made


@pytest.mark.parametrize(
    ("about", "trade", "code"),
    [({"skill_level": "四级/中级工"}, "钳工", "trade-unknown"), ({"skill_level": "五级/初级工"}, "电工", "level-low"), ({}, "电工", "level-low"), ({"membership_event": "转出", "membership_event_date": PartialDate(2025, 9)}, "焊工", "not-a-member"), ({"joined_on": PartialDate(2027, 1, 1)}, "焊工", "not-yet-a-member")],
)
def test_an_entry_that_may_not_be_is_kept_out_however_it_comes(office: Office, add: Callable[..., str], contest: str, about: dict[str, Any], trade: str, code: str) -> None:
    who = add(Member, **person(1, **about))
    values = {"competition": contest, "member": who, "trade": trade}
    assert said(office, Entry, **values).get(code) is True
    with pytest.raises(Invalid):
        add(Entry, **values)
    with office.reading() as session:
        plan = block.plan_paste(session, Entry, [], ["competition", "member", "trade"], [["竞赛", person(1)["full_name"], trade]])
        assert not plan.landing


def test_a_member_who_left_later_stays_entered_and_her_score_is_written(office: Office, add: Callable[..., str], contest: str) -> None:
    who = add(Member, **person(1))
    entry = add(Entry, competition=contest, member=who, trade="焊工", entered_on=PartialDate(2026, 3, 1))
    membership.record(office, [who], {"event": "退会", "event_date": "2026-10-01"})
    with office.act(ActKind.EDIT, "成绩") as act:
        act.change(Entry, entry, {"theory_score": Decimal(80)})
    assert "not-a-member" not in said(office, Entry, competition=contest, member=add(Member, **person(2)), trade="焊工", entered_on=PartialDate(2026, 3, 1))


def test_one_entry_for_a_person_and_trade_and_a_look_at_a_second_team(office: Office, add: Callable[..., str], contest: str) -> None:
    from db.registers import Team

    who = add(Member, **person(1))
    team = add(Team, competition=contest, name="一队")
    add(Entry, competition=contest, member=who, trade="焊工", team=team, entered_on=PartialDate(2026, 3, 1))
    assert said(office, Entry, competition=contest, member=who, trade="焊工") == {"entered-already": True}
    other = add(Competition, name="另一场", trades="焊工")
    second = add(Team, competition=other, name="二队")
    assert said(office, Entry, competition=other, member=who, trade="焊工", team=second, entered_on=PartialDate(2026, 5, 1)) == {"two-teams": False}


def test_no_new_project_while_the_last_grant_is_unsettled(office: Office, add: Callable[..., str]) -> None:
    leader = add(Member, **person(1))
    old = add(Project, name="旧项目", leader=leader, first_paid_on=PartialDate(2025, 5, 1))
    with pytest.raises(Invalid, match="还没有结算"):
        add(Project, name="新项目", leader=leader)
    with office.act(ActKind.EDIT, "结算") as act:
        act.change(Project, old, {"settled_on": PartialDate(2026, 1, 1)})
    assert add(Project, name="新项目", leader=leader)


def test_a_typed_claim_is_judged_when_it_is_called_checked_and_gets_number_policy_and_amount(office: Office, add: Callable[..., str]) -> None:
    good = ready(add, "技能提升补贴")
    with office.reading() as session:
        who = session.scalars(select(Member.id)).one()
    draft = add(SubsidyApplication, member=who, certificate=good, applied_on=PartialDate(2026, 11, 1), state="草稿")
    with office.act(ActKind.EDIT, "校验") as act:
        act.change(SubsidyApplication, draft, {"state": "校验通过"})
    with office.reading() as session:
        row = session.scalars(select(SubsidyApplication)).one()
    assert (row.policy, row.amount, row.form_no) == ("BT-2017", Decimal(2000), "BT-2026-000001")
    with pytest.raises(Invalid, match="已经申请过"):
        add(SubsidyApplication, member=who, certificate=good, applied_on=PartialDate(2026, 11, 2), state="校验通过")
    old = add(Certificate, member=who, occupation="焊工", skill_level="三级/高级工", issued_on=PartialDate(2020, 1, 1))
    with pytest.raises(Invalid, match="过期"):
        add(SubsidyApplication, member=who, certificate=old, applied_on=PartialDate(2026, 11, 2), state="基层工会已审")
    with pytest.raises(Invalid, match="不能手工改"), office.act(ActKind.EDIT, "x") as act:
        act.change(SubsidyApplication, draft, {"state": "已打包"})


def test_undoing_is_never_refused_by_a_check(office: Office, add: Callable[..., str], contest: str) -> None:
    who = add(Member, **person(1))
    entry = add(Entry, competition=contest, member=who, trade="焊工")
    with office.act(ActKind.EDIT, "删除报名") as act:
        act.remove(Entry, entry)
    removed = act.id
    with office.act(ActKind.EDIT, "改竞赛") as act:
        act.change(Competition, contest, {"trades": "钳工"})
    undo.undo(office, removed)
    with office.reading() as session:
        assert session.scalars(select(Entry.removed_at)).one() is None


def test_a_nomination_is_held_against_the_register_and_the_front_line(office: Office, add: Callable[..., str]) -> None:
    who = add(Member, **person(1))
    nomination = {"kind": "首都劳动奖章", "year": "2026 年度", "member": who, "honours": "2020 年获北京市劳动模范", "worker_kind": "企业负责人"}
    assert said(office, Nomination, **nomination) == {"honours-lower": False}
    add(Honour, kind="北京市劳动模范", level="省部", member=who, awarded_on=PartialDate(2020))
    assert said(office, Nomination, **nomination) == {}
    assert said(office, Nomination, **nomination, employer_clean=False) == {"employer-barred": True}
    row = next(r for r in items.shipped_rows("rule") if r["id"] == "front_line_share")
    items.keep_own(office, "rule", {**row, "value": 50, "valid_from": "2026-01-01", "source": "某通知"})
    assert said(office, Nomination, **nomination) == {"front-line-share": False}
    assert said(office, Nomination, **{**nomination, "worker_kind": "一线职工"}) == {}


@pytest.mark.parametrize(("kind", "prize", "expected"), [("全国五一劳动奖章", 10_000, {}), ("首都劳动奖章", 5_000, {}), ("首都劳动奖章", 10_000, {"prize": False}), ("三八红旗手", 1, {})])
def test_the_prize_of_a_first_medal(office: Office, add: Callable[..., str], kind: str, prize: int, expected: dict[str, bool]) -> None:
    assert said(office, Honour, kind=kind, member=add(Member, **person(1)), prize=Decimal(prize)) == expected


@pytest.mark.parametrize(
    ("values", "code"),
    [({"kind": "全国劳动模范", "level": "单位"}, "honour-level"), ({"kind": "全国劳动模范", "issuer": "某公司"}, "honour-issuer"), ({"kind": "北京市工人先锋号"}, "honour-collective"), ({"kind": "首都劳动奖章", "member": None, "collective": "一班"}, "honour-personal"),
     ({"kind": "首都劳动奖章", "level": "省部", "issuer": "北京市总工会"}, None), ({"kind": "厂里自己的奖", "level": "单位"}, None)],
)
def test_an_honour_is_held_against_what_it_is(office: Office, add: Callable[..., str], values: dict[str, Any], code: str | None) -> None:
    found = said(office, Honour, **{"member": add(Member, **person(1)), **values})
    assert found == ({code: False} if code else {})


def test_a_second_medal_brings_no_prize_and_one_of_long_ago_is_not_judged_by_todays_row(office: Office, add: Callable[..., str]) -> None:
    who = add(Member, **person(1))
    add(Honour, kind="首都劳动奖章", member=who, awarded_on=PartialDate(2012, 5))
    assert said(office, Honour, kind="首都劳动奖章", member=who, awarded_on=PartialDate(2026, 5), prize=Decimal(5000)) == {"prize-again": False}
    assert said(office, Honour, kind="首都劳动奖章", member=add(Member, **person(2)), awarded_on=PartialDate(2012, 5), prize=Decimal(3000)) == {}


ABOVE = [(register, f.name) for register in REGISTERS for f in fields_of(register) if f.words_from_above]


@pytest.mark.parametrize(("register", "name"), ABOVE, ids=[f"{r.__tablename__}.{n}" for r, n in ABOVE])
def test_no_record_begins_with_what_only_the_district_says(office: Office, one_of_each: dict[str, str], register: type[Record], name: str) -> None:
    for word in sorted(next(f for f in fields_of(register) if f.name == name).words_from_above):
        assert said(office, register, **{name: word}).get("decided-above") is True
        with pytest.raises(UserError, match="由区总工会决定"), office.act(ActKind.IMPORT, "读入") as act:
            act.create_many(register, [{**sample_values(register, one_of_each), name: word}])


@pytest.mark.parametrize(
    ("values", "code"),
    [({"trade": "钳工"}, "trade-unknown"), ({"weight": 70}, "weights-not-all"), ({"weight": 40}, "weights-not-all"), ({"weight": 60}, None)],
)
def test_rounds_are_of_the_contests_trades_and_weigh_a_hundred(office: Office, add: Callable[..., str], contest: str, values: dict[str, Any], code: str | None) -> None:
    add(CompetitionRound, competition=contest, name="初赛", weight=40)
    assert set(said(office, CompetitionRound, **{"competition": contest, "name": "决赛", "trade": "电工", **values})) - ({"weights-not-all"} if code == "trade-unknown" else set()) == ({code} if code else set())


def test_a_round_of_all_trades_counts_once_for_each(office: Office, add: Callable[..., str], contest: str) -> None:
    add(CompetitionRound, competition=contest, name="初赛", weight=50)
    add(CompetitionRound, competition=contest, name="决赛", trade="电工", weight=50)
    assert said(office, CompetitionRound, competition=contest, name="决赛", trade="焊工", weight=50) == {}
    entry = add(Entry, competition=contest, member=add(Member, **person(1)), trade="焊工")
    with pytest.raises(UserError, match="50%"):
        competitions.settle(office, contest)
    add(CompetitionRound, competition=contest, name="决赛", trade="焊工", weight=50)
    competitions.settle(office, contest)
    with office.act(ActKind.EDIT, "改工种名") as act:
        act.change(Competition, contest, {"trades": "钳工", "entry_deadline": PartialDate(2020, 1)})
        act.change(Entry, entry, {"team": act.create(Team, {"competition": contest, "name": "一队"})})  # only what is changed is asked about


def test_a_project_of_an_earlier_year_is_history_and_only_asks_for_a_look(office: Office, add: Callable[..., str]) -> None:
    leader = add(Member, **person(1))
    add(Project, name="去年的", leader=leader, approved_on=PartialDate(2025, 3), first_paid_on=PartialDate(2025, 5))
    assert said(office, Project, name="今年的", leader=leader, approved_on=PartialDate(2026, 3)) == {"unsettled": True}
    assert said(office, Project, name="今年的", leader=leader) == {"unsettled": True}
    assert said(office, Project, name="老的", leader=leader, approved_on=PartialDate(2019, 3)) == {}
    assert said(office, Project, name="也是去年的", leader=leader, approved_on=PartialDate(2025, 9)) == {"unsettled": False}


def test_scores_and_teams_of_another_contest_are_kept_out(office: Office, add: Callable[..., str], contest: str) -> None:
    other = add(Competition, name="另一项", trades="焊工")
    entry = add(Entry, competition=contest, member=add(Member, **person(1)), trade="焊工")
    assert said(office, Score, round=add(CompetitionRound, competition=other, name="初赛"), entry=entry) == {"other-contest": True}
    assert said(office, Score, round=add(CompetitionRound, competition=contest, name="初赛", trade="电工"), entry=entry) == {"other-trade": True}
    team = add(Team, competition=other, name="一队")
    assert said(office, Entry, competition=contest, member=add(Member, **person(2)), trade="焊工", team=team) == {"other-contest": True}


def test_an_entry_after_the_deadline_is_refused_and_a_missing_photograph_is_said(office: Office, add: Callable[..., str]) -> None:
    late = add(Competition, name="竞赛", trades="电工", entry_deadline=PartialDate(2026, 3, 1), photo_rule="市级竞赛蓝底照")
    assert said(office, Entry, competition=late, member=add(Member, **person(1)), trade="电工", entered_on=PartialDate(2026, 3, 2)) == {"after-deadline": True, "photo-missing": False}
    assert said(office, Entry, competition=late, member=add(Member, **person(2)), trade="电工", entered_on=PartialDate(2026, 3, 1)) == {"photo-missing": False}


def test_a_nomination_goes_up_only_after_its_notice_and_with_a_clean_employer(office: Office, add: Callable[..., str]) -> None:
    nomination = {"kind": "首都劳动奖章", "member": add(Member, **person(1)), "state": "校验通过"}
    assert said(office, Nomination, **nomination) == {"notice-missing": True, "employer-unknown": True}
    noticed = {**nomination, "employer_clean": True, "notice_from": PartialDate(2026, 11, 9), "notice_to": PartialDate(2026, 11, 13)}
    assert said(office, Nomination, **noticed) == {}
    row = next(r for r in items.shipped_rows("rule") if r["id"] == "notice_working_days")
    items.keep_own(office, "rule", {**row, "value": 10, "valid_from": "2026-11-18", "source": "某通知"})
    assert said(office, Nomination, **noticed) == {}  # the rule of the day on which the notice began


@pytest.mark.parametrize("state", ["已上报", "批准", "不批准", "归档"])
def test_what_came_back_on_paper_is_written_down_here(office: Office, one_of_each: dict[str, str], state: str) -> None:
    with office.act(ActKind.EDIT, "上级批了") as act:
        act.change(Nomination, one_of_each["nomination"], {"state": state, "decision": "同意"})
    with office.reading() as session:
        assert session.execute(select(Nomination.state, Nomination.decision)).one() == (state, "同意")


def test_a_safety_cups_award_wants_its_mark(office: Office, add: Callable[..., str]) -> None:
    assert said(office, SafetyCupUnit, year=2026, unit="一班", award="优胜班组", score=Decimal(94)) == {"score-low": False}
    unit = add(SafetyCupUnit, year=2026, unit="一班", award="优胜班组", score=Decimal(95))
    assert said(office, SafetyCupScore, safety_cup_unit=unit, item="组织领导", self_score=Decimal(11)) == {"score-too-large": True}


@pytest.mark.parametrize(("part", "mark", "refused"), [("technical_score", 30, False), ("technical_score", 31, True), ("practical_score", 21, True), ("practical_score", 25, False)])
def test_a_proposals_marks_are_held_to_the_rule_of_their_day(office: Office, part: str, mark: int, refused: bool) -> None:
    if mark == 25:
        row = next(r for r in items.shipped_rows("rule") if r["id"] == "proposal_practical")
        items.keep_own(office, "rule", {**row, "value": 25, "valid_from": "2026-06-01", "source": "某办法"})
        assert said(office, Proposal, name="建议", proposed_on=PartialDate(2026, 5, 1), **{part: Decimal(mark)}) == {"score-too-large": True}
    assert said(office, Proposal, name="建议", proposed_on=PartialDate(2026, 7, 1), **{part: Decimal(mark)}) == ({"score-too-large": True} if refused else {})


def test_a_guest_without_a_unit_or_signed_twice_is_looked_at(office: Office, add: Callable[..., str]) -> None:
    lecture = add(Lecture, topic="讲座", starts_at=NOW)
    assert said(office, SignIn, lecture=lecture, full_name="周一鸣") == {"not-on-the-roster": False}
    add(SignIn, lecture=lecture, full_name="周一鸣", unit="外单位", signed_at=NOW)
    assert said(office, SignIn, lecture=lecture, full_name="周一鸣", unit="外单位") == {"signed-twice": False}


@pytest.mark.parametrize(("about", "code"), [({"membership_event": "转出"}, "member-left"), ({"employment_status": "退休"}, "member-retired")])
def test_somebody_who_left_or_retired_in_a_new_record_asks_for_a_look(office: Office, add: Callable[..., str], about: dict[str, Any], code: str) -> None:
    assert said(office, Proposal, name="改进", member=add(Member, **person(1, **about))) == {code: False}


@pytest.mark.parametrize(
    ("number", "level", "issued", "expected"),
    [
        ("S000011000123244000017", "四级/中级工", 2024, set()), ("S000011000123244000017", "三级/高级工", 2024, {"certificate-level-mismatch"}), ("S000011000123244000017", "四级/中级工", 2023, {"certificate-year-mismatch"}),
        ("1510012003400017", "四级/中级工", 2015, {"certificate-kind-mismatch"}), ("1510012003400017", "三级/高级工", 2014, {"certificate-kind-mismatch", "certificate-level-mismatch", "certificate-year-mismatch"}), ("12345", "四级/中级工", 2024, {"certificate-form"}), ("S000011000123247000017", "四级/中级工", 2024, {"certificate-level-mismatch"}), ("AB20240000000000000001", "五级/初级工", 2024, {"certificate-level-mismatch"}), ("AB20240000000000000001", "特级技师", 2024, set()),
    ],
)
def test_a_certificates_number_against_level_and_year(number: str, level: str, issued: int, expected: set[str]) -> None:
    values = {"member": "x", "kind": "职业技能等级证书", "certificate_no": number, "skill_level": level, "issued_on": PartialDate(issued, 3, 1)}
    assert {p.code for p in Certificate.rules(values)} == expected
    assert not {p.code for p in Certificate.rules({**values, "number_note": "外省老证"})} & {"certificate-form"}


def test_another_plans_row_a_future_day_and_two_bases_are_no_way_in(office: Office, add: Callable[..., str]) -> None:
    good = ready(add, "职业发展助推")
    with office.reading() as session:
        who = session.scalars(select(Member.id)).one()
    claim = {"member": who, "certificate": good, "kind": "职业发展助推", "applied_on": PartialDate(2026, 11, 1), "state": "校验通过"}
    entry = add(Entry, competition=add(Competition, name="赛", trades="电工"), member=who, trade="电工", rank=1)
    for wrong, match in (({"policy": "NM-2014"}, "不是职业发展助推"), ({"applied_on": PartialDate(2027, 1, 1)}, "今天以后"), ({"entry": entry}, "只能凭一样")):
        with pytest.raises(Invalid, match=match):
            add(SubsidyApplication, **{**claim, **wrong})
    made = add(SubsidyApplication, **claim)
    with pytest.raises(Invalid, match="其他补贴"), office.act(ActKind.EDIT, "x") as act:
        act.change(SubsidyApplication, made, {"has_other_claim": True})


def test_old_contests_are_read_in_by_who_was_a_member_then(office: Office, add: Callable[..., str]) -> None:
    who = add(Member, **person(1))
    membership.record(office, [who], {"event": "退会", "event_date": "2022-05-01"})
    old = add(Competition, name="2019 年的", trades="电工", starts_on=PartialDate(2019, 9, 1))
    assert "not-a-member" not in said(office, Entry, competition=old, member=who, trade="电工")
    assert said(office, Entry, competition=add(Competition, name="今年的", trades="电工"), member=who, trade="电工")["not-a-member"]


def test_claims_that_a_merge_or_an_undo_set_against_each_other_are_held_back_from_the_package(connected: Office, add: Callable[..., str], tmp_path: Any) -> None:
    from app.services.exchange import send

    office = connected
    good = ready(add, "技能提升补贴")
    with office.reading() as session:
        who = session.scalars(select(Member.id)).one()
    first = add(SubsidyApplication, member=who, certificate=good, applied_on=PartialDate(2026, 11, 1), state="校验通过")
    with office.act(ActKind.EDIT, "撤回") as act:
        act.change(SubsidyApplication, first, {"state": "撤回"})
    back = act.id
    second = add(SubsidyApplication, member=who, certificate=good, applied_on=PartialDate(2026, 11, 2), state="校验通过")
    undo.undo(office, back)
    (tmp_path / "s").mkdir()
    send.export(office, tmp_path / "s")
    with office.reading() as session:
        states = {r.id: (r.state, r.note) for r in session.scalars(select(SubsidyApplication))}
    assert {states[first][0], states[second][0]} == {"草稿"} and "已经申请过" in (states[first][1] or "")


def test_two_equal_lines_in_one_block_are_said_before_they_land(office: Office, add: Callable[..., str], contest: str) -> None:
    add(Member, **person(1))
    line = ["竞赛", person(1)["full_name"], "焊工"]
    with office.reading() as session:
        plan = block.plan_paste(session, Entry, [], ["competition", "member", "trade"], [line, line])
    assert len(plan.landing) == 1 and [p.code for p in plan.lines[1].problems] == ["twice"]


def test_a_clerk_does_not_take_back_what_the_administrator_set(office: Office, add: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    from db.keyslots import Role
    from db.problems import UserError
    from db.vault import User

    row = next(r for r in items.shipped_rows("rule") if r["id"] == "studio_team")
    items.keep_own(office, "rule", {**row, "value": 4, "valid_from": "2026-01-01", "source": "本工会定"})
    with office.reading() as session:
        last = undo.last_undoable(session)
    assert last is not None
    monkeypatch.setattr(Office, "user", property(lambda _self: User("干事", Role.CLERK)))
    with pytest.raises(UserError, match="管理员"):
        undo.undo(office, last.act)
