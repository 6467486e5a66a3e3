"""Public notices stand at least five working days, holidays known; nominations do not leave the house before."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services import files, form_jobs, guarded, listing, notices
from app.services import person as person_service
from app.services.exchange import send
from app.services.office import Office
from app.services.records import Invalid
from db import workdays
from db.dates import PartialDate
from db.problems import UserError
from db.registers import PROGRAMMES, HardshipCase, Member, Nomination
from tests.conftest import person

TODAY = date(2026, 11, 20)


def said(first: str | None, last: str | None, today: date = TODAY, **more: Any) -> set[str]:
    values = {"notice_from": PartialDate.from_iso(first) if first else None, "notice_to": PartialDate.from_iso(last) if last else None, **more}
    return {p.code for p in notices.check(None, values, today)}


@pytest.mark.parametrize(
    ("first", "last", "codes"),
    [
        ("2026-11-09", "2026-11-13", set()), ("2026-11-09", "2026-11-12", {"notice-short"}), ("2026-11-13", "2026-11-17", {"notice-short"}),
        ("2026-09-28", "2026-10-09", set()), ("2026-09-30", "2026-10-09", {"notice-short"}), ("2026-11-16", "2026-11-20", {"notice-running"}), (None, None, {"notice-missing"}),
    ],
)
def test_working_days_are_counted_without_weekends_and_holidays(first: str | None, last: str | None, codes: set[str]) -> None:
    assert said(first, last) == codes


def test_a_year_whose_holidays_are_not_known_is_said_so() -> None:
    assert said("2031-03-03", "2031-03-07", date(2031, 4, 1)) == {"holidays-unknown"}


def test_an_objection_is_named() -> None:
    assert said("2026-11-09", "2026-11-13", objections="有人反映") == {"objection"} and said("2026-11-09", "2026-11-13", objections="无异议") == set()


@given(st.dates(date(2020, 1, 1), date(2026, 11, 1)), st.integers(1, 15))
def test_the_earliest_last_day_has_just_enough_working_days(first: date, count: int) -> None:
    last = workdays.after(first, count)
    assert workdays.between(first, last) == count and workdays.is_workday(last)
    assert workdays.between(first, last - timedelta(days=1)) == count - 1


def test_a_nomination_is_printed_only_after_its_notice(office: Office, add: Callable[..., str]) -> None:
    who = add(Member, **person(1))
    short = add(Nomination, kind="首都劳动奖章", member=who, notice_from=PartialDate(2026, 11, 9), notice_to=PartialDate(2026, 11, 12), worker_kind="一线职工")
    good = add(Nomination, kind="首都劳动奖章", member=who, notice_from=PartialDate(2026, 11, 9), notice_to=PartialDate(2026, 11, 13))
    with pytest.raises(Invalid, match="最早到 2026-11-13"):
        form_jobs.job_named(office, "nomination", [short])
    assert form_jobs.job_named(office, "nomination", [good]).pdf.startswith(b"%PDF")
    assert form_jobs.job_named(office, "consultation_worker", [short]).pdf.startswith(b"%PDF")  # opinions are asked before


def test_hardship_is_seen_by_nobody_until_the_administrator_lets_somebody(office: Office) -> None:
    name = office.user.name
    assert not guarded.may_see(office, HardshipCase) and guarded.may_see(office, Member)
    with pytest.raises(UserError, match="没有“王五”"):
        guarded.let(office, "王五", may=True)
    guarded.let(office, name, may=True)
    assert guarded.may_see(office, HardshipCase)
    guarded.let(office, name, may=False)
    assert not guarded.may_see(office, HardshipCase)


def test_every_register_stands_in_one_programme() -> None:
    names = [r.__tablename__ for programme in PROGRAMMES for r in programme.registers]
    assert len(names) == len(set(names))


def test_what_is_hidden_is_found_nowhere_and_leaves_by_no_door(connected: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    office = connected
    (tmp_path / "stick").mkdir()
    with office.reading() as session:
        assert listing.lookup(session, "hardship_case", "张三") == [] and all(hit.register != "family_member" for hit in listing.search_everywhere(session, "李四"))
        assert "困难职工" not in {item.kind for item in person_service.dossier(session, one_of_each["member"], TODAY).items}
    person_service.export(office, one_of_each["member"], tmp_path / "a.xlsx")
    assert "困难职工" not in openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    with pytest.raises(UserError, match="管理员允许"):
        send.export(office, tmp_path / "stick", purposes=["membership", "hardship"])
    with pytest.raises(UserError, match="管理员允许"):
        form_jobs.job_named(office, "hardship_form", [one_of_each["hardship_case"]])


def test_erasing_a_person_erases_her_family_and_her_papers(office: Office, one_of_each: dict[str, str]) -> None:
    files.put(office, Member, one_of_each["member"], "身份证.jpg", b"x", files.SCAN)
    person_service.erase(office, one_of_each["member"])
    with office.vault.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT full_name, id_number FROM family_member").all() == [(person_service.ERASED_NAME, None)]
        assert connection.exec_driver_sql("SELECT illness FROM assistance").all() == [(None,)]
        assert connection.exec_driver_sql("SELECT count(*) FROM record_file").scalar() == 0
