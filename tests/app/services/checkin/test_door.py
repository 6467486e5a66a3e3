"""The door: one question, a closed set of answers, each on the disk before it is given."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.services import merging, undo
from app.services.checkin import after, finding, pin, settle
from app.services.checkin.answers import TAKEN_BACK, WORDS, Answer
from app.services.checkin.door import Door, may_open, open_lecture
from app.services.checkin.scans import DoorClock, shortened
from app.services.office import Office
from app.services.records import ActKind, Invalid
from app.ui import theme
from app.ui.sound import TONES
from db.dates import PartialDate
from db.keyslots import Role
from db.problems import UserError
from db.registers import Lecture, LectureSession, Member, Registration, SignIn
from db.vault import User
from tests.conftest import NOW, id_number, person

ICONS = Path(__file__).resolve().parents[4] / "resources" / "icons"
Add = Callable[..., str]


@pytest.fixture
def people(add: Add) -> list[str]:
    return [add(Member, **person(n)) for n in range(3)]


@pytest.fixture
def door(office: Office, lecture: str, people: list[str]) -> Door:
    return Door(office, lecture, name="东门")


def signed(door: Door) -> list[SignIn]:
    """The lecture's live sign-ins in the register, once the door's book is settled."""
    door.settle()
    with door.office.reading() as session:
        return list(session.scalars(select(SignIn).where(SignIn.lecture == door.lecture, SignIn.removed_at.is_(None)).order_by(SignIn.signed_at)))


def book(door: Door) -> list[tuple[str, str | None]]:
    """(answer, what was read) of every scan."""
    with door.office.vault.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("SELECT answer, typed FROM door_scan ORDER BY seq")]


@pytest.mark.parametrize("answer", Answer)
def test_no_answer_lacks_its_words_colour_icon_and_sound(answer: Answer) -> None:
    words = WORDS[answer]
    assert words.title and words.sentence.endswith("。")
    assert words.tone in theme.LIGHT.__dataclass_fields__
    assert (ICONS / f"{words.icon}.svg").exists()
    assert words.sound in TONES


# -- finding


@pytest.mark.parametrize("typed", ["A00001", "a00001", id_number(1), "13800000001", "138-0000-0001", id_number(1)[-4:], id_number(1)[-6:], "张三" + chr(0x7533), " A00001\r", "Ａ００００１", "A00001\t\n"])
def test_one_hit_is_signed_in_whatever_was_typed(door: Door, people: list[str], typed: str) -> None:
    outcome = door.arrive(typed)
    assert (outcome.answer, outcome.person and outcome.person.id) == (Answer.ADMITTED, people[1])


def test_a_badge_finds_its_owner_and_one_of_another_union_is_told_apart(door: Door, office: Office, people: list[str]) -> None:
    ours = finding.badge_of(office.vault.keys.vault_id, people[2])
    assert door.arrive(f"{ours}\r\n").person.id == people[2]  # type: ignore[union-attr]  # admitted
    assert door.arrive(ours.lower()).answer is Answer.ALREADY
    assert door.arrive(finding.badge_of("ffffffff-0000-7000-8000-000000000000", people[1])).answer is Answer.OTHER_UNIT
    assert not any(part in ours for part in ("A00002", id_number(2), "13800000002"))


def test_the_badge_of_a_member_who_was_merged_opens_the_door_for_the_one_who_stayed(door: Door, office: Office, people: list[str]) -> None:
    merging.merge(office, people[0], people[1])
    assert door.arrive(finding.badge_of(office.vault.keys.vault_id, people[1])).person.id == people[0]  # type: ignore[union-attr]  # admitted


def test_four_digits_that_mean_two_people_are_never_decided_for_them(door: Door, add: Add) -> None:
    add(Member, full_name="甲", employee_no="1234")
    add(Member, full_name="乙", employee_no="9", mobile="13800001234")
    outcome = door.arrive("1234")
    assert (outcome.answer, {p.full_name for p in outcome.candidates}) == (Answer.SEVERAL, {"甲", "乙"})


def test_two_of_one_name_among_many_alike_are_both_offered(door: Door, add: Add) -> None:
    for n in range(60):
        add(Member, full_name=f"王伟{chr(0x4E00 + n)}", employee_no=f"X{n}")
    for n in range(2):
        add(Member, full_name="王伟", employee_no=f"Y{n}")
    outcome = door.arrive("王伟")
    assert (outcome.answer, [p.employee_no for p in outcome.candidates]) == (Answer.SEVERAL, ["Y0", "Y1"])
    assert door.arrive("ww").more


def test_the_door_asks_the_indexes_and_never_the_whole_roster(office: Office) -> None:
    """An index over removed_at once made SQLite read every member at each scan; the plan says so before a queue does."""
    asked = "SELECT id FROM member WHERE removed_at IS NULL AND (employee_no = 'x' OR member_card_no = 'x' OR mobile = 'x' OR id_number = 'x')"
    with office.vault.engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
    assert sum("USING INDEX ix_member" in line for line in plan) == 4


# -- deciding


def test_several_hits_are_told_apart_and_nobody_is_signed_in(door: Door) -> None:
    outcome = door.arrive("zs")
    assert outcome.answer is Answer.SEVERAL
    assert {p.employee_no for p in outcome.candidates} == {"A00000", "A00001", "A00002"}
    assert door.tally().present == 0
    assert door.arrive_as(outcome.candidates[0]).answer is Answer.ADMITTED


@pytest.mark.parametrize("typed", ["", "   ", "\r\n", "***", "x" * 4000, "\x00\x01", "7" * 4000])
def test_rubbish_from_a_scanner_is_unreadable_and_harmless(door: Door, typed: str) -> None:
    assert door.arrive(typed).answer is Answer.UNREADABLE
    assert door.arrive("A00001").answer is Answer.ADMITTED


def test_a_second_scan_says_when_and_where_the_first_was(door: Door) -> None:
    door.arrive("A00001")
    again = door.arrive("A00001")
    assert (again.answer, again.at, again.door) == (Answer.ALREADY, NOW, "东门")
    assert len(signed(door)) == 1


def test_somebody_who_left_or_rests_is_told_since_when_and_may_come_as_an_outsider(door: Door, add: Add) -> None:
    add(Member, **person(5, membership_event="转出", membership_event_date=PartialDate(2025, 9)))
    add(Member, **person(6, membership_event="保留", membership_event_date=PartialDate(2024)))
    left, rests = door.arrive("A00005"), door.arrive("A00006")
    assert (left.answer, left.person and left.person.not_member) == (Answer.NOT_MEMBER, "2025年9月转出")
    assert (rests.answer, rests.person and rests.person.not_member) == (Answer.NOT_MEMBER, "2024年保留会籍")
    assert door.let_in(left).answer is Answer.WALK_IN
    assert [(s.full_name, s.way, s.note) for s in signed(door)] == [(person(5)["full_name"], "现场加入", "2025年9月转出")]


def test_who_is_not_on_the_list_can_be_added_at_the_door_unless_the_lecture_forbids_it(door: Door, office: Office, add: Add, people: list[str]) -> None:
    add(Registration, lecture=door.lecture, member=people[0], full_name="张三甲")
    assert door.arrive("A00000").answer is Answer.ADMITTED
    outcome = door.arrive("A00001")
    assert outcome.answer is Answer.NOT_LISTED and door.let_in(outcome).answer is Answer.WALK_IN
    with office.act(ActKind.EDIT, "不接受") as act:
        act.change(Lecture, door.lecture, {"walk_ins_allowed": False})
    refused = door.arrive("A00002")
    assert refused.answer is Answer.NOT_LISTED and "不接受" in refused.detail
    with pytest.raises(UserError, match="名单"):
        door.let_in(refused)
    with pytest.raises(UserError, match="名单"):
        door.walk_in("王麻子")


def test_a_guest_on_the_list_is_found_by_name_and_phone_and_is_no_member(door: Door, add: Add, people: list[str]) -> None:
    add(Registration, lecture=door.lecture, full_name="欧阳客", unit="兄弟单位", mobile="13911112222")
    for typed in ("oyk", "13911112222", "2222"):
        assert door.decide(typed).answer is Answer.ADMITTED
    door.arrive("欧阳客")
    assert door.arrive("13911112222").answer is Answer.ALREADY
    assert [(s.full_name, s.member, s.unit) for s in signed(door)] == [("欧阳客", None, "兄弟单位")]


def test_who_is_on_the_list_of_another_session_is_told_and_may_change(office: Office, lecture: str, add: Add, people: list[str]) -> None:
    morning = add(LectureSession, lecture=lecture, name="上午场", starts_at=NOW)
    evening = add(LectureSession, lecture=lecture, name="下午场", starts_at=NOW)
    add(Registration, lecture=lecture, session=evening, member=people[0], full_name="x")
    door = Door(office, lecture, session=morning)
    outcome = door.arrive("A00000")
    assert outcome.answer is Answer.WRONG_SESSION and "下午场" in outcome.detail
    door.let_in(outcome)
    assert [(s.session, s.note) for s in signed(door)] == [(morning, "名单上是“下午场”")]
    assert Door(office, lecture, session=evening).arrive("A00000").answer is Answer.ADMITTED


def test_a_full_hall_says_so_and_takes_one_more_when_told(door: Door, office: Office) -> None:
    with office.act(ActKind.EDIT, "小厅") as act:
        act.change(Lecture, door.lecture, {"capacity": 1})
    door.arrive("A00000")
    full = door.arrive("A00001")
    assert full.answer is Answer.FULL and "1 人" in full.detail
    assert door.let_in(full).number == 2


@pytest.mark.parametrize(("state", "answer"), [("计划", Answer.NOT_OPEN), ("通知", Answer.NOT_OPEN), ("结束", Answer.CLOSED), ("已反馈", Answer.CLOSED), ("签到中", Answer.ADMITTED), (None, Answer.ADMITTED)])
def test_the_lectures_state_opens_and_closes_the_door(door: Door, office: Office, state: str | None, answer: Answer) -> None:
    with office.act(ActKind.EDIT, "进度") as act:
        act.change(Lecture, door.lecture, {"state": state})
    assert door.arrive("A00001").answer is answer


def test_a_door_that_is_opened_on_another_day_asks_first(office: Office, add: Add) -> None:
    today, later = add(Lecture, topic="今天", starts_at=NOW, state="通知"), add(Lecture, topic="以后", starts_at=NOW + timedelta(days=9), state="计划")
    assert may_open(office, today) is None and "11月29日" in (may_open(office, later) or "")
    assert open_lecture(office, today) and open_lecture(office, today)
    with office.reading() as session:
        assert session.scalars(select(Lecture.state).where(Lecture.id == today)).one() == "签到中"


def test_a_deleted_lecture_says_so(door: Door, office: Office) -> None:
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(Lecture, door.lecture)
    with pytest.raises(UserError, match="已经删除"):
        door.arrive("A00001")


def test_an_unknown_name_can_walk_in_and_is_known_again_by_name_and_phone(door: Door) -> None:
    assert door.arrive("王麻子").answer is Answer.UNKNOWN
    outcome = door.walk_in("王麻子", unit="外单位", mobile="13900000009")
    assert (outcome.answer, outcome.number) == (Answer.WALK_IN, 1)
    assert door.walk_in("王 麻子", mobile="13900000009").answer is Answer.ALREADY
    assert [(s.full_name, s.unit, s.mobile, s.way) for s in signed(door)] == [("王麻子", "外单位", "13900000009", "现场加入")]


def test_a_walk_in_whose_name_and_phone_are_a_members_is_that_member(door: Door, people: list[str]) -> None:
    door.walk_in(person(1)["full_name"], mobile="13800000001")
    assert [s.member for s in signed(door)] == [people[1]]


def test_a_walk_in_without_a_name_is_refused(door: Door) -> None:
    with pytest.raises(Invalid):
        door.walk_in("  ")


# -- keeping


def test_the_scan_is_in_the_file_before_the_answer_is_there_and_the_register_follows(door: Door, office: Office, people: list[str]) -> None:
    outcome = door.arrive("A00001")
    with office.vault.engine.connect() as connection:
        row = connection.execute(text("SELECT lecture, person, door, answer FROM door_scan WHERE id = :id"), {"id": outcome.scan}).one()
    assert tuple(row) == (door.lecture, people[1], "东门", "admitted")
    assert outcome.number == 1
    assert [(s.member, s.signed_at, s.door, s.way) for s in signed(door)] == [(people[1], NOW, "东门", "名册")]


def test_every_scan_is_kept_also_the_refused_ones_without_whole_numbers(door: Door) -> None:
    for typed in ("A00001", "A00001", "王麻子", "zs", "***", id_number(77)):
        door.arrive(typed)
    assert book(door) == [("admitted", None), ("already", None), ("unknown", "王麻子"), ("several", "zs"), ("unreadable", "***"), ("unknown", f"…{id_number(77)[-6:]}")]
    with door.office.vault.engine.connect() as connection:
        assert len(set(connection.exec_driver_sql("SELECT id FROM door_scan").scalars())) == 6
    assert shortened("x" * 4000) == "x" * 100


def test_after_a_power_cut_the_next_door_knows_what_was_not_settled(door: Door, office: Office, people: list[str]) -> None:
    door.arrive("A00001")
    again = Door(office, door.lecture)
    assert again.arrive("A00001").answer is Answer.ALREADY
    assert again.tally().present == 1
    assert [s.member for s in signed(again)] == [people[1]]


def test_a_sign_in_taken_back_keeps_its_time_and_lets_the_person_in_again(door: Door, office: Office) -> None:
    first = door.arrive("A00001")
    assert len(signed(door)) == 1
    door.take_back(first.scan)
    assert signed(door) == []
    with office.reading() as session:
        row = session.scalars(select(SignIn)).one()
    assert isinstance(row.signed_at, datetime) and row.signed_at == NOW and row.removed_at is not None
    assert book(door)[0][0] == "admitted" and {answer for answer, _ in book(door)[1:]} == {TAKEN_BACK}
    assert door.arrive("A00001").answer is Answer.ADMITTED
    assert len(signed(door)) == 1
    with pytest.raises(UserError, match="已经撤销"):
        door.take_back(first.scan)


def test_a_sign_in_taken_back_before_it_was_settled_never_reaches_the_register(door: Door, office: Office) -> None:
    door.take_back(door.arrive("A00001").scan)
    assert signed(door) == [] and door.tally().present == 0
    with office.reading() as session:
        assert session.scalars(select(SignIn)).all() == []


def test_what_the_clerk_deletes_or_undoes_stays_deleted_until_the_person_comes_again(door: Door, office: Office) -> None:
    door.arrive("A00001")
    door.arrive("A00002")
    acts = len(signed(door))
    assert acts == 2
    with office.reading() as session:
        last = undo.last_undoable(session)
    assert last is not None and last.title == "签到 2 人"
    undo.undo(office, last.act)
    assert signed(door) == [] and door.tally().present == 0
    with office.act(ActKind.SIGN_IN, "再算一遍") as act:
        settle.settle_lecture(act, door.lecture)
    assert signed(door) == []
    assert door.arrive("A00001").answer is Answer.ADMITTED
    assert len(signed(door)) == 1


def test_a_clock_set_back_does_not_turn_the_order_round(office: Office) -> None:
    moments = iter([NOW, NOW - timedelta(hours=1), NOW - timedelta(hours=1), NOW - timedelta(minutes=59), NOW + timedelta(minutes=1)])
    clock = DoorClock(lambda: next(moments), None)
    first = clock.now()
    assert clock.behind == timedelta(hours=1)
    later = [clock.now() for _ in range(3)]
    assert sorted([first, *later]) == [first, *later] and later[1] - first < timedelta(seconds=1) and later[2] == NOW + timedelta(minutes=1)


def test_a_member_merged_while_the_door_is_open_is_one_person(door: Door, office: Office, people: list[str]) -> None:
    door.arrive("A00000")
    door.arrive("A00001")
    door.settle()
    merging.merge(office, people[0], people[1])
    assert door.tally().present == 1
    assert door.arrive("A00001").answer is Answer.ALREADY
    assert [s.member for s in signed(door)] == [people[0]]


def test_a_person_who_is_merged_before_the_book_is_settled_is_one_person_too(door: Door, office: Office, people: list[str]) -> None:
    door.arrive("A00000")
    door.arrive("A00001")
    merging.merge(office, people[0], people[1])
    assert [s.member for s in signed(door)] == [people[0]]


# -- after


def test_a_late_sign_in_needs_a_reason_and_nobody_signs_in_twice(door: Door, office: Office) -> None:
    with office.act(ActKind.EDIT, "结束") as act:
        act.change(Lecture, door.lecture, {"state": "结束"})
    with office.vault.engine.connect() as connection:
        who = finding.find(connection, "A00001")[0]
    with pytest.raises(UserError, match="原因"):
        after.late_sign_in(office, door.lecture, who, at=NOW, reason=" ")
    after.late_sign_in(office, door.lecture, who, at=NOW, reason="网络签到漏记")
    with pytest.raises(UserError, match="已经签过到"):
        after.late_sign_in(office, door.lecture, who, at=NOW, reason="再来")
    assert [(s.way, s.note) for s in signed(door)] == [("补签", "网络签到漏记")]


def test_two_hundred_is_proven_by_distinct_people_and_nothing_else(office: Office, lecture: str, add: Add, people: list[str]) -> None:
    sessions = [add(LectureSession, lecture=lecture, name=name, starts_at=NOW) for name in ("上午场", "下午场")]
    for session in sessions:
        door = Door(office, lecture, session=session)
        door.arrive("A00001")
        door.settle()
    with office.vault.engine.connect() as connection:
        assert after.headcount(connection, lecture) == (2, 1)
        problem = after.proof_problem(connection, lecture)
    assert problem is not None and "1 人" in problem.message
    assert door.tally().missing_to_proof == 199


# -- what people do to sign-ins that follow from the book


def test_undoing_a_take_back_stands_when_the_next_one_comes(door: Door, office: Office) -> None:
    door.take_back(door.arrive("A00001").scan)
    first = door.arrive("A00002")
    door.settle()
    door.take_back(first.scan)
    assert signed(door) == []
    with office.reading() as session:
        last = undo.last_undoable(session)
    assert last is not None
    undo.undo(office, last.act)
    door.walk_in("周一鸣")
    assert {s.full_name for s in signed(door)} == {person(2)["full_name"], "周一鸣"}


def test_the_clerks_correction_of_a_sign_in_stands(door: Door, office: Office, people: list[str]) -> None:
    door.walk_in("王麻子", mobile="13900000009")
    made = signed(door)[0]
    with office.act(ActKind.EDIT, "改") as act:
        act.change(SignIn, made.id, {"member": people[2], "signed_at": NOW - timedelta(hours=1), "unit": "改过的"})
    door.walk_in("周一鸣")
    stands = next(s for s in signed(door) if s.id == made.id)
    assert (stands.member, stands.signed_at, stands.unit) == (people[2], NOW - timedelta(hours=1), "改过的")


def test_a_walk_in_who_was_a_member_by_phone_stays_one_when_the_phone_is_corrected(door: Door, office: Office, people: list[str]) -> None:
    door.walk_in(person(1)["full_name"], mobile="13800000001")
    assert signed(door)[0].member == people[1]
    with office.act(ActKind.EDIT, "改") as act:
        act.change(Member, people[1], {"mobile": "13700000001"})
    door.walk_in("周一鸣")
    assert people[1] in {s.member for s in signed(door)}


def test_undoing_a_merge_of_members_leaves_each_her_own_sign_in(door: Door, office: Office, people: list[str]) -> None:
    door.arrive("A00000")
    door.arrive("A00001")
    door.settle()
    act = merging.merge(office, people[0], people[1])
    undo.undo(office, act)
    door.walk_in("周一鸣")
    assert sorted(str(s.member) for s in signed(door)) == sorted(["None", people[0], people[1]])


def test_a_listed_guest_is_one_at_the_door_and_on_paper(door: Door, office: Office, add: Add) -> None:
    add(Registration, lecture=door.lecture, full_name="欧阳客", unit="兄弟单位")
    door.arrive("欧阳客")
    door.settle()
    with office.act(ActKind.EDIT, "别的") as act:
        act.change(Lecture, door.lecture, {"place": "二号厅"})
    assert door.arrive("欧阳客").answer is Answer.ALREADY and door.tally().present == 1
    assert after.PaperSheet(office, door.lecture).enter("欧阳客").answer is Answer.ALREADY
    add(Registration, lecture=door.lecture, full_name="诸葛客", unit="别处")
    after.PaperSheet(office, door.lecture).enter("诸葛客")
    assert door.arrive("诸葛客").answer is Answer.ALREADY
    assert len(signed(door)) == 2


def test_a_member_who_is_in_is_not_let_in_again_as_a_walk_in(door: Door) -> None:
    door.arrive("A00001")
    assert door.walk_in(person(1)["full_name"], mobile="13800000001").answer is Answer.ALREADY
    assert door.tally().present == 1


def test_a_sign_in_can_be_taken_back_by_its_scan_after_it_was_settled(door: Door, office: Office) -> None:
    first = door.arrive("A00001")
    door.settle()
    with office.act(ActKind.EDIT, "别的") as act:
        act.change(Lecture, door.lecture, {"place": "二号厅"})
    door.take_back(first.scan)
    assert signed(door) == []


def test_a_session_that_was_deleted_says_so(office: Office, lecture: str, add: Add, people: list[str]) -> None:
    morning = add(LectureSession, lecture=lecture, name="上午场", starts_at=NOW)
    door = Door(office, lecture, session=morning)
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(LectureSession, morning)
    with pytest.raises(UserError, match="场次已经删除"):
        door.arrive("A00001")


def test_a_guest_is_found_among_three_hundred_of_one_name_at_other_lectures(office: Office, lecture: str, add: Add, people: list[str]) -> None:
    other = add(Lecture, topic="别的", starts_at=NOW)
    with office.act(ActKind.EDIT, "名单") as act:
        act.create_many(Registration, [{"lecture": other, "full_name": "李明"} for _ in range(300)])
    add(Registration, lecture=lecture, full_name="李明")
    assert Door(office, lecture).arrive("李明").answer is Answer.ADMITTED


def test_long_words_at_the_door_are_cut_and_never_refused(office: Office, lecture: str, add: Add, people: list[str]) -> None:
    here, other = (add(LectureSession, lecture=lecture, name=name * 190, starts_at=NOW) for name in "上下")
    add(Registration, lecture=lecture, session=other, member=people[0], full_name="x")
    door = Door(office, lecture, session=here, name="门" * 300)
    assert door.let_in(door.arrive("A00000")).answer is Answer.ADMITTED
    assert len(signed(door)) == 1


def test_somebody_at_the_door_takes_back_her_own_sign_ins_only(door: Door, office: Office) -> None:
    with office.vault.engine.connect() as connection:
        who = finding.find(connection, "A00001")[0]
    after.late_sign_in(office, door.lecture, who, at=NOW, reason="漏记")
    with office.reading() as session:
        last = undo.last_undoable(session)
    office.vault.user = User("门口", Role.DOOR)
    assert last is not None
    with pytest.raises(UserError, match="自己做的"):
        undo.undo(office, last.act)
    with pytest.raises(UserError, match="签到员"):
        pin.set_pin(office, "1234")
