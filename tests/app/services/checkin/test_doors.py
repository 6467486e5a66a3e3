"""Several doors without a network: sent out on a stick, brought back in any order, twice, in part. One end."""

import random
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.services import merging, undo
from app.services import person as erasing
from app.services.checkin import doorfile, finding
from app.services.checkin.after import PaperSheet
from app.services.checkin.answers import Answer
from app.services.checkin.door import Door
from app.services.checkin.fold import Known, fold, identity_of
from app.services.checkin.scans import Scan
from app.services.office import Office, stamp
from app.services.records import ActKind
from app.sync.package import PackageRefused
from db import journal, vault
from db.keyslots import Role
from db.problems import UserError
from db.registers import Lecture, LectureSession, Member, Registration, SignIn
from tests.conftest import NOW, PASSWORD, id_number, person

Add = Callable[..., str]


# -- the rule alone: any number of doors, any order


@st.composite
def books(draw: st.DrawFn) -> list[Scan]:
    """What N doors wrote: members and walk-ins let in or refused, and some of it taken back, also from another door."""
    made: list[Scan] = []
    for n in range(draw(st.integers(1, 25))):
        pc = f"door-{draw(st.integers(0, 3))}"
        at = stamp(datetime(2026, 11, 20, 6, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 30))))
        common: dict[str, Any] = {"id": f"scan-{n:02}", "door_pc": pc, "lecture": "x", "session": draw(st.sampled_from([None, "a"])), "door": pc, "at": at}
        kind = draw(st.sampled_from(["admitted", "admitted", "walk-in", "already", "taken-back"]))
        if kind == "taken-back" and made:
            made.append(Scan(**common, answer=kind, takes_back=draw(st.sampled_from(made)).id))
        elif kind == "walk-in":
            made.append(Scan(**common, answer=kind, full_name=draw(st.sampled_from("甲乙")), mobile=draw(st.sampled_from([None, "1", "2"]))))
        else:
            made.append(Scan(**common, answer="already" if kind == "already" else "admitted", person=f"m{draw(st.integers(0, 5))}", full_name="x"))
    return made


@given(books(), st.randoms(use_true_random=False))
def test_the_end_does_not_ask_for_order_or_repeats(book: list[Scan], chance: random.Random) -> None:
    shuffled = [*book, *chance.sample(book, len(book) // 2)]
    chance.shuffle(shuffled)
    assert fold(shuffled, Known()) == fold(book, Known())


@given(books())
def test_everybody_who_was_let_in_and_not_taken_back_is_there_once_by_her_earliest_scan(book: list[Scan]) -> None:
    gone = {scan.takes_back for scan in book if scan.answer == "taken-back"}
    model: dict[tuple[str, str | None], list[str]] = {}
    for scan in book:
        if scan.answer in ("admitted", "walk-in") and scan.id not in gone:
            model.setdefault((identity_of(scan, Known()), scan.session), []).append(scan.at)
    assert sorted((p.head, p.session or "", stamp(p.at)) for p in fold(book, Known())) == sorted((head, session or "", min(times)) for (head, session), times in model.items())


def test_a_clock_an_hour_ahead_is_put_right_before_the_earliest_is_looked_for() -> None:
    early = Scan(id="1", door_pc="office", lecture="x", session=None, door="", at=stamp(NOW), answer="admitted", person="m")
    late = Scan(id="2", door_pc="fast", lecture="x", session=None, door="", at=stamp(NOW + timedelta(minutes=50)), answer="admitted", person="m")
    assert fold([early, late], Known())[0].first.id == "1"
    right = fold([early, late], Known(minutes_ahead={"fast": 60}))[0]
    assert (right.first.id, right.at) == ("2", NOW - timedelta(minutes=10))


# -- real files


class Away:
    """A laptop at another door."""

    def __init__(self, office: Office, path: Path) -> None:
        self.office = office
        self.minutes = 0
        office.clock = lambda: NOW + timedelta(minutes=self.minutes)
        own = doorfile.sent_out(office)
        assert own is not None
        self.door = Door(office, own.lecture, session=own.session, name=own.name)
        self.stick = path
        path.mkdir(exist_ok=True)

    def take_away(self) -> Path:
        self.minutes += 1
        return doorfile.take_away(self.office, self.stick)


@pytest.fixture
def people(add: Add) -> list[str]:
    return [add(Member, **person(n, member_card_no=f"62220000000{n:05}")) for n in range(12)]


@pytest.fixture
def send(office: Office, lecture: str, people: list[str], tmp_path: Path) -> Iterator[Callable[..., Away]]:
    made: list[Away] = []

    def sending(name: str, **more: Any) -> Away:
        out = doorfile.make(office, lecture, name, **more)
        path = tmp_path / out.file_name
        path.write_bytes(out.body)
        away = Away(doorfile.set_up(path, out.code, tmp_path / "laptops"), tmp_path / f"stick-{name}")
        made.append(away)
        return away

    yield sending
    for away in made:
        away.office.vault.close()


def present(office: Office, lecture: str) -> list[tuple[str | None, str | None, str, str | None]]:
    """(member, name, time, way) of the register's sign-ins."""
    with office.reading() as session:
        rows = session.scalars(select(SignIn).where(SignIn.lecture == lecture, SignIn.removed_at.is_(None)))
        return sorted(((s.member, s.full_name, stamp(s.signed_at), s.way) for s in rows if s.signed_at), key=str)


@pytest.mark.parametrize("typed", ["A00001", id_number(1), id_number(1)[-6:], id_number(1)[-4:], "13800000001", "0001", "6222000000000001", "张三" + chr(0x7533)])
def test_a_door_that_was_sent_out_finds_people_as_the_office_does(send: Callable[..., Away], people: list[str], typed: str) -> None:
    east = send("东门")
    outcome = east.door.arrive(typed)
    found = {outcome.person.id} if outcome.person else {p.id for p in outcome.candidates}
    assert people[1] in found and (outcome.answer is Answer.ADMITTED or typed == "0001")


def test_a_door_file_holds_no_whole_number_and_opens_with_its_code_only(office: Office, lecture: str, people: list[str], tmp_path: Path) -> None:
    out = doorfile.make(office, lecture, "东门")
    path = tmp_path / out.file_name
    path.write_bytes(out.body)
    assert "张三".encode() not in out.body
    content = str(doorfile.read(path, out.code.lower().replace("-", " ")))
    for n in range(12):
        p = person(n)
        assert p["full_name"] in content and p["id_number"] not in content and p["mobile"] not in content and f"62220000000{n:05}" not in content
    with pytest.raises(UserError, match="16 个字符"):
        doorfile.read(path, "1234")
    with pytest.raises(UserError, match="签到码不对"):
        doorfile.read(path, doorfile.keyslots.new_door_code())
    path.write_bytes(out.body[:-20])
    with pytest.raises(UserError, match="损坏"):
        doorfile.read(path, out.code)
    path.write_bytes(out.body.replace(b"UNIONDESK-DOOR/1", b"UNIONDESK-DOOR/2"))
    with pytest.raises(UserError, match="升级"):
        doorfile.read(path, out.code)


def test_a_laptop_holds_no_whole_number_anywhere_and_no_way_to_the_registers(send: Callable[..., Away], people: list[str]) -> None:
    east = send("东门")
    assert east.office.user.role is Role.DOOR
    with pytest.raises(UserError, match="签到员"), east.office.act(ActKind.EDIT, "x"):
        pass
    with east.office.vault.engine.connect() as connection:
        dumped = "".join(str(row) for (table,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").all() for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"').all())
    assert person(3)["full_name"] in dumped and not any(person(n)[name] in dumped for n in range(12) for name in ("id_number", "mobile"))


def test_only_those_on_the_list_go_along_when_the_clerk_says_so(office: Office, lecture: str, people: list[str], send: Callable[..., Away], add: Add) -> None:
    add(Registration, lecture=lecture, member=people[3], full_name="x")
    east = send("东门", everybody=False)
    assert east.door.arrive("A00003").answer is Answer.ADMITTED and east.door.arrive("A00004").answer is Answer.UNKNOWN


def test_a_laptop_set_up_twice_keeps_what_it_had(office: Office, lecture: str, people: list[str], tmp_path: Path) -> None:
    out = doorfile.make(office, lecture, "东门")
    path = tmp_path / out.file_name
    path.write_bytes(out.body)
    first = doorfile.set_up(path, out.code, tmp_path / "laptop")
    Door(first, lecture).arrive("A00001")
    first.vault.close()
    again = doorfile.set_up(path, out.code, tmp_path / "laptop")
    assert Door(again, lecture).tally().present == 1
    again.vault.close()
    reopened = vault.unlock(tmp_path / "laptop" / out.id, "东门", out.code.lower())
    reopened.close()


def test_who_came_through_two_doors_is_there_once_by_the_earlier_and_it_is_shown(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    east, west = send("东门"), send("西门")
    east.minutes, west.minutes = 5, 3
    for away in (east, west):
        away.door.arrive("A00001")
    east.minutes = 6
    east.door.arrive("A00002")
    first = doorfile.bring_back(office, east.take_away())
    assert (first.door, first.new, first.known) == ("东门", 2, 0)
    second = doorfile.bring_back(office, west.take_away())
    assert (second.new, second.known) == (1, 0)
    assert present(office, lecture) == sorted([(people[1], person(1)["full_name"], stamp(NOW + timedelta(minutes=3)), "名册"), (people[2], person(2)["full_name"], stamp(NOW + timedelta(minutes=6)), "名册")], key=str)
    with office.vault.engine.connect() as connection:
        told = doorfile.report(connection, lecture)
    assert [(p.person, p.first.door, len(p.scans)) for p in told.twice] == [(people[1], "西门", 2)]
    again = doorfile.bring_back(office, west.take_away())
    assert (again.new, again.known) == (0, 1)


def test_who_was_in_when_the_door_left_is_known_there(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    here = Door(office, lecture, name="办公室")
    here.arrive("A00001")
    here.settle()
    here.arrive("A00002")
    east = send("东门")
    assert [east.door.arrive(f"A0000{n}").answer for n in (1, 2, 3)] == [Answer.ALREADY, Answer.ALREADY, Answer.ADMITTED]
    assert doorfile.bring_back(office, east.take_away()).new == 3
    assert len(present(office, lecture)) == 3


def test_what_the_other_door_takes_back_is_taken_back_here(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    here = Door(office, lecture, name="办公室")
    here.arrive("A00001")
    here.settle()
    east = send("东门")
    east.door.take_back(east.door.latest()[0].name)
    doorfile.bring_back(office, east.take_away())
    assert present(office, lecture) == []


def test_one_walk_in_at_two_doors_is_one_by_name_and_phone_and_a_question_by_name_alone(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    east, west = send("东门"), send("西门")
    east.door.walk_in("王麻子", mobile="13900000009")
    west.door.walk_in("王麻子", mobile="13900000009")
    east.door.walk_in("周一鸣", unit="外单位")
    west.door.walk_in("周一鸣")
    for away in (west, east):
        doorfile.bring_back(office, away.take_away())
    assert [name for _, name, _, _ in present(office, lecture)].count("王麻子") == 1
    with office.vault.engine.connect() as connection:
        asked = doorfile.report(connection, lecture).questions
    assert [(q.walk_in.full_name, q.member) for q in asked] == [("周一鸣", None)]
    doorfile.decide(office, lecture, asked[0], same=True)
    assert [name for _, name, _, _ in present(office, lecture)].count("周一鸣") == 1
    with office.vault.engine.connect() as connection:
        assert doorfile.report(connection, lecture).questions == ()
    for away in (west, east):
        doorfile.bring_back(office, away.take_away())
    assert len(present(office, lecture)) == 2


@pytest.mark.parametrize("same", [True, False])
def test_a_walk_in_called_like_a_member_is_a_question(office: Office, lecture: str, people: list[str], send: Callable[..., Away], same: bool) -> None:
    east = send("东门")
    east.door.walk_in(person(7)["full_name"])
    doorfile.bring_back(office, east.take_away())
    with office.vault.engine.connect() as connection:
        asked = doorfile.report(connection, lecture).questions
    assert [q.member for q in asked] == [people[7]]
    doorfile.decide(office, lecture, asked[0], same=same)
    assert [member for member, _, _, _ in present(office, lecture)] == [people[7] if same else None]
    with office.vault.engine.connect() as connection:
        assert doorfile.report(connection, lecture).questions == ()


def test_a_member_merged_meanwhile_is_the_one_who_stayed(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    east = send("东门")
    east.door.arrive("A00001")
    east.door.arrive("A00002")
    merging.merge(office, people[1], people[2])
    doorfile.bring_back(office, east.take_away())
    assert [member for member, _, _, _ in present(office, lecture)] == [people[1]]


def test_a_lecture_deleted_in_the_office_comes_back_with_the_people_who_were_there(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    east = send("东门")
    east.door.arrive("A00001")
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(Lecture, lecture)
    doorfile.bring_back(office, east.take_away())
    with office.reading() as session:
        assert session.scalars(select(Lecture.removed_at).where(Lecture.id == lecture)).one() is None
    assert len(present(office, lecture)) == 1


def test_a_merge_is_one_step_of_undo(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    east = send("东门")
    east.door.arrive("A00001")
    doorfile.bring_back(office, east.take_away())
    with office.reading() as session:
        last = undo.last_undoable(session)
    assert last is not None and last.title == "并入签到：东门"
    undo.undo(office, last.act)
    assert present(office, lecture) == []


def test_a_laptops_wrong_clock_is_named_and_put_right(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    fast, slow = send("快"), send("慢")
    fast.minutes, slow.minutes = 60, -60
    assert "慢了 1 小时 0 分钟" in (doorfile.clock_doubt(slow.office) or "") and doorfile.clock_doubt(fast.office) is None
    fast.door.arrive("A00001")
    slow.door.arrive("A00002")
    told = doorfile.bring_back(office, fast.take_away())
    assert told.ahead == timedelta(minutes=61) and told.behind is None
    assert doorfile.bring_back(office, slow.take_away()).behind == timedelta(minutes=60)
    with office.vault.engine.connect() as connection:
        fast_id = next(pc["id"] for pc in doorfile.report(connection, lecture).sent if pc["name"] == "快")
    doorfile.set_clock(office, fast_id, 61)
    assert (people[1], person(1)["full_name"], stamp(NOW - timedelta(minutes=1)), "名册") in present(office, lecture)


def test_only_our_own_doors_are_believed(office: Office, lecture: str, people: list[str], send: Callable[..., Away], tmp_path: Path) -> None:
    east = send("东门")
    east.door.arrive("A00001")
    path = east.take_away()
    with office.writing() as connection:
        connection.exec_driver_sql("DELETE FROM door_pc")
    with pytest.raises(PackageRefused, match="钥匙"):
        doorfile.bring_back(office, path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(PackageRefused):
        doorfile.bring_back(office, path)
    assert present(office, lecture) == []


def test_a_stick_pulled_before_it_was_read_changes_nothing(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    east = send("东门")
    east.door.arrive("A00001")
    path = east.take_away()
    path.unlink()
    with pytest.raises(UserError, match="U 盘"):
        doorfile.bring_back(office, path)
    assert present(office, lecture) == []


def test_doors_of_two_sessions_do_not_mix(office: Office, lecture: str, people: list[str], send: Callable[..., Away], add: Add) -> None:
    morning, evening = (add(LectureSession, lecture=lecture, name=name, starts_at=NOW) for name in ("上午场", "下午场"))
    one, two = send("甲", session=morning), send("乙", session=evening)
    for away in (one, two):
        assert away.door.arrive("A00001").answer is Answer.ADMITTED
        doorfile.bring_back(office, away.take_away())
    assert len(present(office, lecture)) == 2


def test_real_doors_end_the_same_in_every_order(office: Office, lecture: str, people: list[str], send: Callable[..., Away], tmp_path: Path, long_form: bool) -> None:
    """Three laptops and the office's own door, random arrivals, walk-ins and take-backs, sticks taken half-way and again; every order of merging."""
    chance = random.Random(4)
    doors = [send(name) for name in ("东门", "西门", "北门")]
    sticks: list[Path] = []
    for step in range(60 if not long_form else 400):
        away = chance.choice(doors)
        away.minutes = max(away.minutes, step) + chance.randrange(3)
        what = chance.random()
        if what < 0.6:
            away.door.arrive(f"A{chance.randrange(12):05}")
        elif what < 0.75:
            away.door.walk_in(chance.choice("甲乙丙"), mobile=chance.choice(["", "13900000001", "13900000002"]))
        elif what < 0.9 and away.door.latest():
            away.door.take_back(chance.choice(away.door.latest()).name)
        elif step % 3 == 0:
            copy = tmp_path / f"half-{step}.udscan"
            shutil.copy(away.take_away(), copy)
            sticks.append(copy)
    sticks += [shutil.copy(away.take_away(), tmp_path / f"end-{n}.udscan") for n, away in enumerate(doors)]
    office.vault.engine.dispose()
    ends = []
    orders = list(permutations(sticks[-3:])) if not long_form else list(permutations(sticks[-3:])) * 5
    for n, order in enumerate(orders):
        mixed = [*order, *chance.sample(sticks, len(sticks) // 2)]
        if n:
            chance.shuffle(mixed)
        folder = tmp_path / f"office-{n}"
        shutil.copytree(office.vault.folder, folder)
        (folder / "lock").unlink(missing_ok=True)
        copy = Office(vault.unlock(folder, "李晓梅", PASSWORD), clock=lambda: NOW + timedelta(hours=9))
        for path in mixed:
            doorfile.bring_back(copy, path)
        ends.append(present(copy, lecture))
        with copy.vault.engine.connect() as connection:
            assert journal.verify(connection) is None
        copy.vault.close()
    assert len(ends[0]) > 5 and all(end == ends[0] for end in ends)


def test_a_badge_of_the_office_opens_the_door_that_was_sent_out(office: Office, people: list[str], send: Callable[..., Away]) -> None:
    east = send("东门")
    assert east.door.arrive(finding.badge_of(office.vault.keys.vault_id, people[4])).answer is Answer.ADMITTED


# -- doors, and what the clerk does meanwhile


def test_a_book_whose_merging_was_undone_can_be_brought_again(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    east = send("东门")
    east.door.arrive("A00001")
    path = east.take_away()
    doorfile.bring_back(office, path)
    with office.reading() as session:
        last = undo.last_undoable(session)
    assert last is not None
    undo.undo(office, last.act)
    assert present(office, lecture) == []
    doorfile.bring_back(office, path)
    assert [member for member, *_ in present(office, lecture)] == [people[1]]


@pytest.mark.parametrize("first", ["delete", "bring"])
def test_whom_the_clerk_deletes_is_gone_at_every_door_whatever_came_first(office: Office, lecture: str, people: list[str], send: Callable[..., Away], first: str) -> None:
    east, west = send("东门"), send("西门")
    east.door.arrive("A00001")
    west.minutes = 5
    west.door.arrive("A00001")
    doorfile.bring_back(office, east.take_away())
    late = west.take_away()
    office.clock = lambda: NOW + timedelta(hours=1)
    for step in (("delete", "bring") if first == "delete" else ("bring", "delete")):
        if step == "bring":
            doorfile.bring_back(office, late)
        else:
            with office.reading() as session:
                row = session.scalars(select(SignIn.id).where(SignIn.removed_at.is_(None))).one()
            with office.act(ActKind.EDIT, "删除签到") as act:
                act.remove(SignIn, row)
    doorfile.bring_back(office, late)
    assert present(office, lecture) == []
    office.clock = lambda: NOW + timedelta(hours=2)
    Door(office, lecture).arrive("A00001")
    door = Door(office, lecture)
    door.settle()
    assert len(present(office, lecture)) == 1


@pytest.mark.parametrize("first", ["merge", "bring"])
def test_a_merge_of_members_and_a_take_back_end_the_same_in_both_orders(office: Office, lecture: str, people: list[str], send: Callable[..., Away], first: str) -> None:
    east, west = send("东门"), send("西门")
    scan = east.door.arrive("A00001").scan
    west.door.arrive("A00002")
    doorfile.bring_back(office, east.take_away())
    doorfile.bring_back(office, west.take_away())
    east.door.take_back(scan)
    back = east.take_away()
    for step in (("merge", "bring") if first == "merge" else ("bring", "merge")):
        if step == "merge":
            merging.merge(office, people[1], people[2])
        else:
            doorfile.bring_back(office, back)
    assert [member for member, *_ in present(office, lecture)] == [people[1]]


def test_two_walk_ins_called_one_and_then_two_again_keep_their_own_times(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    east, west = send("东门"), send("西门")
    east.door.walk_in("周一鸣", unit="甲厂")
    west.minutes = 2
    west.door.walk_in("周一鸣", unit="乙厂")
    for away in (east, west):
        doorfile.bring_back(office, away.take_away())
    before = present(office, lecture)
    with office.vault.engine.connect() as connection:
        asked = doorfile.report(connection, lecture).questions[0]
    doorfile.decide(office, lecture, asked, same=True)
    assert len(present(office, lecture)) == 1
    with office.vault.engine.connect() as connection:
        said = doorfile.report(connection, lecture).said
    assert [(s.name, s.same) for s in said] == [("周一鸣", True)]
    doorfile.unsay(office, lecture, said[0])
    assert present(office, lecture) == before
    with office.vault.engine.connect() as connection:
        assert len(doorfile.report(connection, lecture).questions) == 1


@pytest.mark.parametrize("order", [0, 1])
def test_what_two_doors_wrote_of_one_walk_in_is_what_the_earlier_wrote(office: Office, lecture: str, people: list[str], send: Callable[..., Away], order: int) -> None:
    doors = [send("东门"), send("西门")]
    for minutes, (away, unit) in enumerate(zip(doors, ("甲厂", "乙厂"), strict=True)):
        away.minutes = minutes
        away.door.walk_in("周一鸣", unit=unit, mobile="13900000009")
    for away in doors[:: -1 if order else 1]:
        doorfile.bring_back(office, away.take_away())
    with office.reading() as session:
        assert [(s.unit, s.door) for s in session.scalars(select(SignIn).where(SignIn.removed_at.is_(None)))] == [("甲厂", "东门")]


def test_who_came_through_two_doors_can_be_taken_back_at_a_third(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    for name in ("东门", "西门"):
        away = send(name)
        away.door.arrive("A00001")
        doorfile.bring_back(office, away.take_away())
    south = send("南门")
    assert south.door.tally().present == 1
    south.door.take_back(south.door.latest()[0].name)
    doorfile.bring_back(office, south.take_away())
    assert present(office, lecture) == []


def test_the_old_card_of_a_merged_member_opens_the_door_that_was_sent_out(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    badge = finding.badge_of(office.vault.keys.vault_id, people[2])
    merging.merge(office, people[1], people[2])
    east = send("东门")
    for typed in ("A00002", badge):
        outcome = east.door.decide(typed)
        assert outcome.person is not None and outcome.person.id == people[1]
    assert [p.id for p in east.door.expected()].count(people[2]) == 0


def test_nothing_of_a_lecture_or_a_guest_goes_along_that_the_door_does_not_need(office: Office, lecture: str, people: list[str], tmp_path: Path, add: Add) -> None:
    with office.act(ActKind.EDIT, "x") as act:
        act.change(Lecture, lecture, {"contact_phone": "010-65000000", "safety_plan": "预案内容", "speaker_bio": "简介内容"})
    add(Registration, lecture=lecture, full_name="欧阳客", mobile="13911112222", note="行动不便")
    Door(office, lecture).walk_in("王麻子", mobile="13933334444")
    out = doorfile.make(office, lecture, "东门")
    path = tmp_path / out.file_name
    path.write_bytes(out.body)
    content = str(doorfile.read(path, out.code))
    assert not any(word in content for word in ("65000000", "预案内容", "简介内容", "13911112222", "行动不便", "13933334444"))
    away = doorfile.set_up(path, out.code, tmp_path / "laptop")
    door = Door(away, lecture)
    assert door.arrive("13911112222").answer is Answer.ADMITTED
    assert door.walk_in("王麻子", mobile="13933334444").answer is Answer.ALREADY
    away.vault.close()


def test_a_power_cut_while_a_laptop_is_set_up_is_made_good_the_next_time(office: Office, lecture: str, people: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = doorfile.make(office, lecture, "东门")
    path = tmp_path / out.file_name
    path.write_bytes(out.body)
    content = doorfile.read(path, out.code)
    vault.create_for_door(tmp_path / "laptop" / out.id, vault_id=out.id, title="x", door="东门", code=out.code, practice=content["practice"]).close()
    away = doorfile.set_up(path, out.code, tmp_path / "laptop")
    assert doorfile.sent_out(away) is not None and Door(away, lecture).arrive("A00001").answer is Answer.ADMITTED
    away.vault.close()


def test_who_was_erased_while_the_door_was_away_comes_back_without_a_name(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    east = send("东门")
    east.door.arrive("A00001")
    east.door.take_back(east.door.latest()[0].name)
    east.door.arrive("A00001")
    erasing.erase(office, people[1])
    doorfile.bring_back(office, east.take_away())
    with office.vault.engine.connect() as connection:
        told = str(connection.exec_driver_sql("SELECT * FROM door_scan").all()) + str(connection.exec_driver_sql("SELECT * FROM sign_in").all()) + str(connection.exec_driver_sql("SELECT changes FROM journal").all())
    assert person(1)["full_name"] not in told and len(present(office, lecture)) == 1


def test_deciding_about_a_deleted_lectures_walk_ins_does_not_bring_it_back(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    east = send("东门")
    east.door.arrive("A00001")
    doorfile.bring_back(office, east.take_away())
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(Lecture, lecture)
    with office.vault.engine.connect() as connection:
        pc = doorfile.report(connection, lecture).sent[0]["id"]
    doorfile.set_clock(office, pc, 5)
    with office.reading() as session:
        assert session.scalars(select(Lecture.removed_at).where(Lecture.id == lecture)).one() is not None


@pytest.mark.parametrize("order", [0, 1])
def test_undoing_one_doors_merge_leaves_whom_another_door_let_in(office: Office, lecture: str, people: list[str], send: Callable[..., Away], order: int) -> None:
    east, west = send("东门"), send("西门")
    east.door.arrive("A00001")
    west.minutes = 4
    west.door.arrive("A00001")
    acts = {}
    for away in (east, west)[:: -1 if order else 1]:
        doorfile.bring_back(office, away.take_away())
        with office.reading() as session:
            acts[away] = undo.last_undoable(session)
    undone = acts[east]
    assert undone is not None
    undo.undo(office, undone.act)
    assert [(member, at) for member, _, at, _ in present(office, lecture)] == [(people[1], stamp(NOW + timedelta(minutes=4)))]


@pytest.mark.parametrize("first", ["one book", "two books"])
def test_what_the_clerk_wrote_by_hand_outlives_a_doors_take_back(office: Office, lecture: str, people: list[str], send: Callable[..., Away], first: str) -> None:
    PaperSheet(office, lecture).enter("A00001")
    east = send("东门")
    scan = Door(east.office, lecture)
    assert scan.arrive("A00001").answer is Answer.ALREADY
    fresh = send("西门")
    with fresh.office.writing() as connection:
        connection.exec_driver_sql("DELETE FROM door_scan")  # a door that left before the paper was typed in
    door = Door(fresh.office, lecture, name="西门")
    admitted = door.arrive("A00001")
    if first == "two books":
        doorfile.bring_back(office, fresh.take_away())
    door.take_back(admitted.scan)
    doorfile.bring_back(office, fresh.take_away())
    assert [way for *_, way in present(office, lecture)] == ["纸质签到"]


def test_one_stranger_on_paper_and_at_a_door_is_one(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    east = send("东门")
    PaperSheet(office, lecture).enter_stranger("乙客", mobile="13655550000")
    east.door.walk_in("乙客", mobile="13655550000")
    doorfile.bring_back(office, east.take_away())
    assert len(present(office, lecture)) == 1


def test_a_decision_stands_when_one_of_the_two_becomes_a_member(office: Office, lecture: str, people: list[str], send: Callable[..., Away], add: Add) -> None:
    east, west = send("东门"), send("西门")
    east.door.walk_in("王小明", mobile="13655550000")
    west.door.walk_in("王小明")
    for away in (east, west):
        doorfile.bring_back(office, away.take_away())
    with office.vault.engine.connect() as connection:
        asked = doorfile.report(connection, lecture).questions[0]
    doorfile.decide(office, lecture, asked, same=True)
    member = add(Member, full_name="王小明", mobile="13655550000")
    doorfile.bring_back(office, east.take_away())
    assert [one for one, *_ in present(office, lecture)] == [member]
    with office.vault.engine.connect() as connection:
        told = doorfile.report(connection, lecture)
    assert told.questions == () and [s.same for s in told.said] == [True]


def test_a_sign_in_that_was_restored_is_known_at_the_next_door_and_keeps_its_time(office: Office, lecture: str, people: list[str], send: Callable[..., Away]) -> None:
    here, away_before = Door(office, lecture), send("早门")
    here.take_back(here.arrive("A00001").scan)
    here.settle()
    first = here.arrive("A00002")
    here.settle()
    here.take_back(first.scan)
    here.settle()
    with office.reading() as session:
        last = undo.last_undoable(session)
    assert last is not None
    undo.undo(office, last.act)
    east = send("东门")
    assert east.door.arrive("A00002").answer is Answer.ALREADY
    away_before.minutes = 30
    away_before.door.arrive("A00002")
    before = present(office, lecture)
    doorfile.bring_back(office, away_before.take_away())
    assert present(office, lecture) == before


def test_numbers_that_stand_where_no_number_belongs_do_not_go_along_whole(office: Office, lecture: str, tmp_path: Path, add: Add) -> None:
    add(Member, full_name="甲", employee_no=id_number(5))
    add(Registration, lecture=lecture, full_name="客13612340000", unit="厂13612340001")
    out = doorfile.make(office, lecture, "东门")
    path = tmp_path / out.file_name
    path.write_bytes(out.body)
    content = str(doorfile.read(path, out.code))
    assert not any(number in content for number in (id_number(5), "13612340000", "13612340001"))
    away = doorfile.set_up(path, out.code, tmp_path / "laptop")
    found = Door(away, lecture).arrive(id_number(5)).person
    assert found is not None and found.full_name == "甲"
    away.vault.close()


def test_erasing_reaches_walk_ins_from_before_she_was_a_member_and_doors_still_away(office: Office, lecture: str, people: list[str], send: Callable[..., Away], add: Add) -> None:
    east, west = send("东门"), send("西门")
    for away in (east, west):
        away.door.walk_in("周小兰", mobile="13633334444")
    east.door.arrive("周小兰财务")
    other = send("南门")
    other.door.walk_in("周小兰花", mobile="13677778888")
    other.door.walk_in("周小兰花")
    for away in (east, other):
        doorfile.bring_back(office, away.take_away())
    with office.vault.engine.connect() as connection:
        asked = next(q for q in doorfile.report(connection, lecture).questions if q.walk_in.full_name == "周小兰花")
    doorfile.decide(office, lecture, asked, same=True)
    member = add(Member, full_name="周小兰", mobile="13633334444")
    erasing.erase(office, member)
    doorfile.bring_back(office, west.take_away())
    with office.vault.engine.connect() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_%'").scalars().all()
        told = "".join(str(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()) for table in tables).replace("周小兰花", "")
        assert connection.exec_driver_sql("SELECT count(*) FROM walk_in_decision").scalar() == 1
    assert "周小兰" not in told and "13633334444" not in told
