"""The year's figures, their records, the report; pivots; reminders; policies that the administrator sets."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from app.services import figures, pivot, policies, reminders, statistics
from app.services.claims import judging, making
from app.services.exchange import items
from app.services.figures import FIGURES, NAMED
from app.services.lectures import year as lecture_year
from app.services.listing import Query, order_of
from app.services.office import Office
from db.dates import PartialDate
from db.period import Year
from db.problems import UserError
from db.registers import REGISTERS, Certificate, Enrolment, Entry, Lecture, Member, Officer, SignIn, Studio, Training
from tests.app.printing.test_forms import pages_of
from tests.conftest import NOW, person

THIS, OCTOBER = Year.calendar(2026), Year.from_october(2026)


def of(office: Office, name: str, year: Year = THIS) -> Decimal:
    with office.vault.engine.connect() as connection:
        return figures.value(connection, NAMED[name], year)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f.id)
def test_every_figure_counts_the_records_it_leads_to(office: Office, one_of_each: dict[str, str], figure: figures.Figure) -> None:
    with office.vault.engine.connect() as connection:
        found = figures.value(connection, figure, THIS)
        ids = figures.records(connection, figure, THIS)
    if not (figure.add_up or figure.distinct):
        assert found == len(ids)
    if ids:
        with office.reading() as session:
            assert len(order_of(session, Query(figure.register, only=tuple(ids)))) == len(ids)
    else:
        assert found == 0


@pytest.mark.parametrize(
    ("written", "calendar", "october"),
    [("2026", 1, 1), ("2026-09", 1, 1), ("2026-10", 1, 0), ("2026-09-30", 1, 1), ("2025-10-01", 0, 1), ("2025", 0, 0), ("2026-03-08|2026.3.8", 1, 1), ("2026-12-31", 1, 0), ("2027-01-01", 0, 0)],
)
def test_a_date_belongs_to_the_year_in_which_it_begins(office: Office, add: Callable[..., str], written: str, calendar: int, october: int) -> None:
    add(Certificate, member=add(Member, **person(1)), occupation="电工", issued_on=PartialDate.from_iso(written))
    assert (of(office, "certificates"), of(office, "certificates", OCTOBER)) == (calendar, october)


def test_people_are_counted_once_and_attendances_each_time(office: Office, add: Callable[..., str]) -> None:
    who = add(Member, **person(1))
    for topic in ("法律", "健康"):
        lecture = add(Lecture, topic=topic, starts_at=NOW, state="结束")
        add(SignIn, lecture=lecture, member=who, full_name=person(1)["full_name"], signed_at=NOW)
    assert (of(office, "attendances"), of(office, "attendants"), of(office, "lectures")) == (2, 1, 2)


def test_the_share_of_those_who_took_part_counts_each_member_once(office: Office, add: Callable[..., str]) -> None:
    one, two, _three, _four = (add(Member, **person(n)) for n in range(1, 5))
    course = add(Training, name="班", kind="岗位能力提升", starts_on=PartialDate(2026, 5, 1))
    for who in (one, two):
        add(Enrolment, training=course, member=who, full_name="某人", enrolled_on=PartialDate(2026, 5, 1))
    from db.registers import Competition

    add(Entry, competition=add(Competition, name="赛", trades="电工"), member=one, trade="电工", entered_on=PartialDate(2026, 6, 1))
    with office.vault.engine.connect() as connection:
        found = figures.report(connection, THIS)
    assert (found.took_part, found.members, found.share) == (2, 4, "50.0%") and found.of("post_trained") == 2


def test_the_report_is_a_paper_and_a_workbook_beside_the_year_before(office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    for n, year in enumerate((2025, 2026, 2026)):
        add(Certificate, member=add(Member, **person(n)), occupation="电工", skill_level="三级/高级工", issued_on=PartialDate(year, 3))
    with office.vault.engine.connect() as connection:
        found = figures.report(connection, THIS)
        history = figures.by_year(connection, NAMED["certificates"], 2026, october=False)
    line = next(x for x in found.lines if x.figure.id == "certificates")
    assert (line.now, line.before, line.change) == (2, 1, "+1（+100%）") and history[-2:] == [(2025, 1), (2026, 2)]
    pages = "".join(pages_of(figures.status_report(office, found)))
    assert "取得证书" in pages and "+1（+100%）" in pages and "参与率" in pages
    figures.write_workbook(tmp_path / "a.xlsx", found)
    rows = list(openpyxl.load_workbook(tmp_path / "a.xlsx").active.values)
    assert ("证书", "取得证书", "本", "2", "1", "+1（+100%）") in rows


def test_what_cannot_be_is_said_before_the_survey(office: Office, add: Callable[..., str]) -> None:
    add(Training, name="班", kind="技能培训", starts_on=PartialDate(2026, 5, 1), cost=Decimal(100))
    with office.vault.engine.connect() as connection:
        sound = figures.report(connection, THIS)
    assert figures.inconsistencies(sound) == []
    wrong = figures.Report(THIS, tuple(figures.Line(x.figure, Decimal(9) if x.figure.id == "women" else x.now, x.before) for x in sound.lines), 0, 0)
    assert any("其中女会员" in said for said in figures.inconsistencies(wrong))


@pytest.mark.parametrize("register", [r for r in REGISTERS if not r.only_one], ids=lambda r: r.__tablename__)
def test_every_register_can_be_counted_by_two_dimensions(office: Office, one_of_each: dict[str, str], register: type) -> None:
    names = [name for name, _ in pivot.dimensions(register)]
    with office.reading() as session:
        for across in names:
            found = pivot.pivot(session, Query(register), names[0], across, year=2026)
            assert found.total == len(order_of(session, Query(register))), (names[0], across)


def test_a_pivot_counts_certificates_by_trade_level_and_the_holders_age(office: Office, add: Callable[..., str]) -> None:
    for n, (trade, level, born) in enumerate((("电工", "三级/高级工", 1990), ("电工", "四级/中级工", 2003), ("焊工", "三级/高级工", 1960))):
        add(Certificate, member=add(Member, **person(n, birth_date=PartialDate(born))), occupation=trade, skill_level=level)
    with office.reading() as session:
        found = pivot.pivot(session, Query(Certificate), "occupation", "skill_level", year=2026)
        assert (found.rows, found.columns, found.cells) == (("电工", "焊工"), ("四级/中级工", "三级/高级工"), ((1, 1), (0, 1)))
        ages = pivot.pivot(session, Query(Certificate), "member.age", "occupation", year=2026)
    assert ages.rows == ("25 岁以下", "35-44 岁", "55 岁以上")


def test_terms_and_namings_are_reminded_of_before_they_end(office: Office, add: Callable[..., str]) -> None:
    add(Officer, position="主席", full_name="周明", term_to=PartialDate(2026, 12, 31))
    add(Officer, position="委员", full_name="李四", term_to=PartialDate(2028, 1))
    add(Officer, position="委员", full_name="王五", term_to=PartialDate(2026, 1), left_on=PartialDate(2026, 1))
    add(Studio, name="张三创新工作室", named_until=PartialDate(2026, 11))
    with office.vault.engine.connect() as connection:
        found = reminders.due(connection, date(2026, 11, 20))
    assert ["工作室" in found[0].text, "周明" in found[1].text, len(found)] == [True, True, 2]


# -- the administrator's own policies


def test_an_own_policy_holds_from_its_day_and_old_claims_keep_theirs(office: Office, add: Callable[..., str]) -> None:
    who = add(Member, **person(1))
    old = making.propose(office, add(Certificate, member=who, occupation="电工", skill_level="三级/高级工", issued_on=PartialDate(2026, 3, 8)))
    made = policies.change(office, "BT-2017", valid_from="2026-11-20", source="本工会定", levels=[{"level": "三级/高级工", "amount": 2500}], window_months=12, per_person_and_year=3)
    new = add(Certificate, member=who, occupation="焊工", skill_level="三级/高级工", issued_on=PartialDate(2026, 3, 8))
    with office.vault.engine.connect() as connection:
        verdict = judging.judge_claim(connection, new, on=NOW.date())
        earlier = judging.judge_claim(connection, new, on=date(2026, 11, 19))
    assert (verdict.amount, verdict.policy.id if verdict.policy else "", earlier.amount) == (Decimal(2500), made, Decimal(2000))
    assert making.judge_again(office, old).amount == Decimal(2000)


def test_an_own_rule_stands_from_its_day_and_can_be_taken_away(office: Office) -> None:
    row = next(r for r in items.shipped_rows("rule") if r["id"] == "notice_working_days")
    items.keep_own(office, "rule", {**row, "value": 7, "valid_from": "2026-11-01", "source": "本工会定"})
    with office.vault.engine.connect() as connection:
        assert [policies.rule(connection, "notice_working_days", day).value for day in (date(2026, 10, 31), date(2026, 11, 1))] == [5, 7]
    later = {**row, "value": 9, "valid_from": "2027-01-01", "source": "又一份"}
    items.keep_own(office, "rule", later)
    with office.vault.engine.connect() as connection:
        assert [policies.rule(connection, "notice_working_days", date(year, 12, 31)).value for year in (2025, 2026, 2027)] == [5, 7, 9]
    policies.drop(office, "rule", {**row, "valid_from": "2026-11-01"})
    with office.vault.engine.connect() as connection:
        assert [policies.rule(connection, "notice_working_days", date(year, 12, 31)).value for year in (2026, 2027)] == [5, 9]


def test_next_years_target_leaves_this_years_where_it_was(office: Office) -> None:
    row = next(r for r in items.shipped_rows("target") if r["count"] == "lectures")
    items.keep_own(office, "target", {**row, "wanted": 4, "valid_from": "2027-01-01", "source": "本工会定"})
    with office.vault.engine.connect() as connection:
        assert [next(t.wanted for t in statistics.targets(connection, year) if t.count == "lectures") for year in (2026, 2027)] == [1, 4]


def test_how_many_make_a_lecture_count_is_asked_of_the_day_on_which_it_was_held(office: Office, add: Callable[..., str]) -> None:
    row = next(r for r in items.shipped_rows("rule") if r["id"] == "lecture_proof")
    items.keep_own(office, "rule", {**row, "value": 2, "valid_from": "2026-06-01", "source": "本工会定"})
    for month in (5, 7):
        lecture = add(Lecture, topic=f"{month}月", starts_at=datetime(2026, month, 1, 9).astimezone(), place="某处")
        for n in (1, 2):
            add(SignIn, lecture=lecture, full_name=f"来宾{'甲乙'[n - 1]}", unit="某单位", signed_at=datetime(2026, month, 1, 9).astimezone())
    with office.vault.engine.connect() as connection:
        assert figures.value(connection, figures.NAMED["large_lectures"], Year.calendar(2026)) == 1
        assert [line.is_proven for line in lecture_year.figures(connection, Year.calendar(2026)).lines] == [False, True]


@pytest.mark.parametrize("bad", [{"valid_from": "昨天"}, {"levels": []}, {"source": ""}, {"levels": [{"level": "三级/高级工", "amount": "两千"}]}])
def test_an_own_policy_that_cannot_be_is_refused(office: Office, bad: dict[str, object]) -> None:
    with pytest.raises(UserError):
        policies.change(office, "BT-2017", **bad)


@pytest.mark.parametrize("kind", ["policy", "rule"])
def test_every_shipped_row_can_be_used_and_names_its_source(kind: str) -> None:
    for row in items.shipped_rows(kind):
        if row.get("levels") != [] and row.get("kinds") != []:
            assert items.problem_of(kind, row) == ""
        assert row["source"]
