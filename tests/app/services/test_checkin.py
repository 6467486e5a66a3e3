"""The door: one question, a closed set of answers, each on the disk before it is shown."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.services import checkin
from app.services.checkin import WORDS, Answer
from app.services.office import Office
from app.services.records import ActKind, Invalid
from app.ui import theme
from app.ui.sound import TONES
from db.dates import PartialDate
from db.problems import UserError
from db.registers import Lecture, Member, SignIn
from tests.conftest import NOW, id_number, person

ICONS = Path(__file__).resolve().parents[3] / "resources" / "icons"


@pytest.fixture
def people(add: Callable[..., str]) -> list[str]:
    return [add(Member, **person(n)) for n in range(3)]


@pytest.mark.parametrize("answer", Answer)
def test_no_answer_lacks_its_words_colour_icon_and_sound(answer: Answer) -> None:
    words = WORDS[answer]
    assert words.title and words.sentence.endswith("。")
    assert words.tone in theme.LIGHT.__dataclass_fields__
    assert (ICONS / f"{words.icon}.svg").exists()
    assert words.sound in TONES


@pytest.mark.parametrize("typed", ["A00001", "a00001", id_number(1), "13800000001", id_number(1)[-4:], "张三" + chr(0x7533), " A00001\r", "Ａ００００１"])
def test_one_hit_is_signed_in_whatever_was_typed(office: Office, lecture: str, people: list[str], typed: str) -> None:
    outcome = checkin.arrive(office, lecture, typed)
    assert (outcome.answer, outcome.person and outcome.person.id) == (Answer.ADMITTED, people[1])


def test_the_sign_in_is_in_the_file_before_the_answer_is_there(office: Office, lecture: str, people: list[str]) -> None:
    outcome = checkin.arrive(office, lecture, "A00001", door="东门")
    with office.vault.engine.connect() as connection:
        row = connection.execute(text("SELECT lecture, member, door, signed_at FROM sign_in WHERE id = :id"), {"id": outcome.sign_in}).one()
    assert (row.lecture, row.member, row.door) == (lecture, people[1], "东门")
    assert outcome.number == 1


def test_a_second_scan_says_when_the_first_was(office: Office, lecture: str, people: list[str]) -> None:
    checkin.arrive(office, lecture, "A00001", door="东门")
    again = checkin.arrive(office, lecture, "A00001")
    assert (again.answer, again.at, again.door) == (Answer.ALREADY, NOW, "东门")


def test_several_hits_are_told_apart_and_nobody_is_signed_in(office: Office, lecture: str, people: list[str]) -> None:
    outcome = checkin.arrive(office, lecture, "zs")
    assert outcome.answer is Answer.SEVERAL
    assert {p.employee_no for p in outcome.candidates} == {"A00000", "A00001", "A00002"}
    with office.vault.engine.connect() as connection:
        assert checkin.tally(connection, lecture).present == 0
    assert checkin.arrive_as(office, lecture, outcome.candidates[0]).answer is Answer.ADMITTED


@pytest.mark.parametrize("typed", ["", "   ", "\r\n", "***", "x" * 4000, "\x00\x01"])
def test_rubbish_from_a_scanner_is_unreadable_and_harmless(office: Office, lecture: str, people: list[str], typed: str) -> None:
    assert checkin.arrive(office, lecture, typed).answer is Answer.UNREADABLE


def test_an_unknown_name_can_walk_in(office: Office, lecture: str, people: list[str]) -> None:
    assert checkin.arrive(office, lecture, "王麻子").answer is Answer.UNKNOWN
    outcome = checkin.walk_in(office, lecture, "王麻子", unit="外单位")
    assert (outcome.answer, outcome.number) == (Answer.WALK_IN, 1)


def test_a_walk_in_without_a_name_is_refused(office: Office, lecture: str) -> None:
    with pytest.raises(Invalid):
        checkin.walk_in(office, lecture, "  ")


def test_somebody_who_left_is_told_since_when(office: Office, lecture: str, add: Callable[..., str]) -> None:
    add(Member, **person(5, membership_event="转出", membership_event_date=PartialDate(2025, 9)))
    outcome = checkin.arrive(office, lecture, "A00005")
    assert (outcome.answer, outcome.person and outcome.person.has_left) == (Answer.LEFT, "2025年9月转出")


def test_a_closed_lecture_takes_only_late_sign_ins_with_a_reason(office: Office, lecture: str, people: list[str]) -> None:
    with office.act(ActKind.EDIT, "结束") as act:
        act.change(Lecture, lecture, {"state": "结束"})
    assert checkin.arrive(office, lecture, "A00001").answer is Answer.CLOSED
    with office.vault.engine.connect() as connection:
        who = checkin.find(connection, "A00001")[0]
    with pytest.raises(UserError, match="原因"):
        checkin.late_sign_in(office, lecture, who, at=NOW, reason=" ")
    checkin.late_sign_in(office, lecture, who, at=NOW, reason="网络签到漏记")
    with pytest.raises(UserError, match="已经签过到"):
        checkin.late_sign_in(office, lecture, who, at=NOW, reason="再来")


def test_a_deleted_lecture_says_so(office: Office, lecture: str, people: list[str]) -> None:
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(Lecture, lecture)
    with pytest.raises(UserError, match="已经删除"):
        checkin.arrive(office, lecture, "A00001")


def test_a_sign_in_taken_back_keeps_its_time_and_lets_the_person_in_again(office: Office, lecture: str, people: list[str]) -> None:
    first = checkin.arrive(office, lecture, "A00001")
    checkin.take_back(office, first.sign_in or "")
    with office.reading() as session:
        row = session.scalars(select(SignIn).where(SignIn.id == first.sign_in)).one()
    assert isinstance(row.signed_at, datetime) and row.signed_at == NOW and row.removed_at is not None
    assert checkin.arrive(office, lecture, "A00001").answer is Answer.ADMITTED


def test_the_store_itself_refuses_a_second_live_sign_in(office: Office, lecture: str, people: list[str]) -> None:
    with office.vault.engine.connect() as connection:
        who = checkin.find(connection, "A00001")[0]
    assert checkin.sign_in(office, lecture, who).answer is Answer.ADMITTED
    assert checkin.sign_in(office, lecture, who).answer is Answer.ALREADY


def test_two_hundred_is_proven_by_sign_ins_and_nothing_else(office: Office, lecture: str, people: list[str]) -> None:
    checkin.arrive(office, lecture, "A00001")
    with office.vault.engine.connect() as connection:
        problem = checkin.proof_problem(connection, lecture)
        assert problem is not None and "1 人" in problem.message
        assert checkin.tally(connection, lecture).missing_to_proof == 199


def test_four_digits_that_mean_two_people_are_never_decided_for_them(office: Office, lecture: str, add: Callable[..., str]) -> None:
    add(Member, full_name="甲", employee_no="1234")
    add(Member, full_name="乙", employee_no="9", mobile="13800001234")
    outcome = checkin.arrive(office, lecture, "1234")
    assert (outcome.answer, {p.full_name for p in outcome.candidates}) == (Answer.SEVERAL, {"甲", "乙"})


def test_two_of_one_name_among_many_alike_are_both_offered(office: Office, lecture: str, add: Callable[..., str]) -> None:
    for n in range(60):
        add(Member, full_name=f"王伟{chr(0x4E00 + n)}", employee_no=f"X{n}")
    for n in range(2):
        add(Member, full_name="王伟", employee_no=f"Y{n}")
    outcome = checkin.arrive(office, lecture, "王伟")
    assert (outcome.answer, [p.employee_no for p in outcome.candidates]) == (Answer.SEVERAL, ["Y0", "Y1"])
    assert checkin.arrive(office, lecture, "ww").more


def test_the_door_asks_the_indexes_and_never_the_whole_roster(office: Office) -> None:
    """An index over removed_at once made SQLite read every member at each scan; the plan says so before a queue does."""
    asked = "SELECT id FROM member WHERE removed_at IS NULL AND (employee_no = 'x' OR member_card_no = 'x' OR mobile = 'x' OR id_number = 'x')"
    with office.vault.engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
    assert sum("USING INDEX ix_member" in line for line in plan) == 4
