"""基层工会调查表: counted where the registers know, typed where not, and nothing in it that cannot be."""

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from app.services import guarded, statistics, survey
from app.services.exchange import items
from app.services.office import Office
from app.services.records import ActKind
from db.dates import PartialDate
from db.problems import UserError
from db.registers import Competition, Enrolment, Entry, HardshipCase, Member, SafetyCupUnit, Training, Union
from tests.app.printing.test_forms import pages_of
from tests.conftest import NOW, person


def values(office: Office, year: int = 2026) -> dict[str, str]:
    with office.vault.engine.connect() as connection:
        found = survey.survey(connection, year, hidden=office.hidden)
    return {line.no: line.shown for sheet in found.sheets for line in sheet.lines}


def problems(office: Office, year: int = 2026) -> list[str]:
    with office.vault.engine.connect() as connection:
        return survey.survey(connection, year, hidden=office.hidden).problems


def test_the_registers_are_counted_and_the_year_ends_in_september(office: Office, add: Callable[..., str]) -> None:
    people = [
        add(Member, **person(1, gender="女", ethnicity="满族", birth_date=PartialDate(1999, 3, 1), education="本科", skill_level="三级/高级工")),
        add(Member, **person(2, employment_form="劳务派遣", birth_date=PartialDate(1985, 1, 1), is_migrant_worker=True)), add(Member, **person(3, birth_date=PartialDate(1970))), add(Member, **person(4, membership_event="退会")),
    ]
    contest = add(Competition, name="竞赛", trades="电工", starts_on=PartialDate(2026, 6, 1))
    add(Competition, name="下一年度的", trades="电工", starts_on=PartialDate(2026, 10, 1))
    for who, day in ((people[0], PartialDate(2025, 10, 1)), (people[1], PartialDate(2026, 9, 30)), (people[2], PartialDate(2026, 10, 1))):
        add(Entry, competition=contest, member=who, trade="电工", entered_on=day)
    add(SafetyCupUnit, year=2026, unit="一车间", employee_count=40, entrant_count=30, team_count=4, entrant_teams=3)
    found = values(office)
    assert {no: found[no] for no in ("103", "104", "105", "106", "107", "108", "109", "110", "111", "113", "701", "702", "502", "503")} == {
        "103": "3", "104": "1", "105": "1", "106": "1", "107": "1", "108": "1", "109": "1", "110": "1", "111": "1", "113": "1", "701": "1", "702": "2", "502": "3", "503": "30",
    }


def test_what_the_registers_do_not_know_is_typed_and_kept_by_year(office: Office) -> None:
    survey.type_in(office, 2026, {"401": "1", "402": "1,200", "403": " "})
    assert (values(office)["401"], values(office)["402"], values(office)["403"], values(office, 2025)["401"]) == ("1", "1200", "", "")
    for wrong in ("许多", "-1", "NaN"):
        with pytest.raises(UserError, match="401"):
            survey.type_in(office, 2026, {"401": wrong})
    assert values(office)["401"] == "1"


def test_a_part_larger_than_its_whole_and_an_empty_cover_are_said(office: Office, add: Callable[..., str]) -> None:
    add(Member, **person(1, birth_date=PartialDate(1999)))
    said = problems(office)
    assert any("901" in text for text in said) and any("904" in text for text in said)
    with office.reading() as session:
        union = session.query(Union.id).scalar()
    with office.act(ActKind.EDIT, "封面") as act:
        act.change(Union, union, {"stat_code": "A001", "area_code": "110105", "organisation_form": "单独建会", "employee_count": 3})
    with office.vault.engine.connect() as connection:
        blank = [line.no for sheet in survey.survey(connection, 2026).sheets for line in sheet.lines if line.is_typed]
    assert problems(office) == [f"还有 {len(blank)} 项没有填：{'、'.join(blank[:8])}……；没有的填 0。"]
    survey.type_in(office, 2026, dict.fromkeys(blank, "0"))
    assert problems(office) == []
    survey.type_in(office, 2026, dict.fromkeys(blank, "0") | {"102": "9", "602": "1", "603": "2"})
    assert [text[:3] for text in problems(office)] == ["102", "603"]


def test_hidden_registers_stay_blank(office: Office, add: Callable[..., str]) -> None:
    guarded.let(office, office.user.name, may=True)
    add(HardshipCase, member=add(Member, **person(1)), consent_on=PartialDate(2026, 1, 1))
    assert values(office)["301"] == "1"
    guarded.let(office, office.user.name, may=False)
    assert values(office)["301"] == ""


def test_the_tables_go_out_as_workbook_and_paper(office: Office, tmp_path: Path) -> None:
    with office.vault.engine.connect() as connection:
        found = survey.survey(connection, 2026)
    survey.write_workbook(tmp_path / "s.xlsx", found, found.problems)
    book = load_workbook(tmp_path / "s.xlsx")
    assert len(book.sheetnames) == 9 and book["表7 经济技术工作"]["A2"].value == "701"
    text = "".join(pages_of(survey.printed(office, found)))
    assert "调查表" in text and "合理化建议" in text and "第 3 页 共 3 页" in text


def test_targets_count_any_figure_derive_from_the_members_and_survive_an_unknown_one(office: Office, add: Callable[..., str]) -> None:
    for n in range(51):
        add(Member, **person(n))
    course = add(Training, name="班", kind="岗位能力提升", starts_on=PartialDate(2026, 5, 1))
    add(Enrolment, training=course, full_name="张三", enrolled_on=PartialDate(2026, 5, 1))
    row = items.shipped_rows("target")[0]
    items.keep_own(office, "target", {**row, "count": "moon_walks", "title": "没有的", "valid_from": "2026-01-01"})
    items.keep_own(office, "target", {**row, "count": "trainings", "title": "培训班", "wanted": 4, "valid_from": "2026-01-01"})
    with office.vault.engine.connect() as connection:
        found = {t.count: t for t in statistics.targets(connection, NOW.year)}
    assert (found["post_trained"].reached, found["post_trained"].wanted, found["post_trained"].district) == (1, 11, 10_000)
    assert (found["trainings"].reached, found["trainings"].wanted) == (1, 4) and "moon_walks" not in found
    assert (found["talents"].wanted, found["entries"].wanted) == (2, 2)
