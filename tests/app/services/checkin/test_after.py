"""After the lecture: the paper sheet typed in, late sign-ins, other systems' lists with a tray."""

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from app.services import undo
from app.services.checkin import foreign
from app.services.checkin.after import PaperSheet
from app.services.checkin.answers import Answer
from app.services.checkin.door import Door
from app.services.office import Office
from app.services.records import ActKind, Invalid
from db.problems import UserError
from db.registers import Member, Registration, SignIn
from tests.conftest import NOW, id_number, person

Add = Callable[..., str]


@pytest.fixture
def people(add: Add) -> list[str]:
    return [add(Member, **person(n)) for n in range(6)]


def signed(office: Office, lecture: str) -> list[tuple[str | None, str | None, str | None, str | None]]:
    with office.reading() as session:
        rows = session.scalars(select(SignIn).where(SignIn.lecture == lecture, SignIn.removed_at.is_(None)).order_by(SignIn.rowno))
        return [(s.member, s.full_name, s.way, s.note) for s in rows]


def test_a_paper_sheet_goes_in_by_number_and_enter(office: Office, lecture: str, people: list[str]) -> None:
    sheet = PaperSheet(office, lecture)
    answers = [sheet.enter(typed).answer for typed in ("A00001", "A00002", "A00001", "不存在", "***", "zs")]
    assert answers == [Answer.ADMITTED, Answer.ADMITTED, Answer.ALREADY, Answer.UNKNOWN, Answer.UNREADABLE, Answer.SEVERAL]
    sheet.enter_stranger("周一鸣", "外单位")
    assert signed(office, lecture) == [(people[1], person(1)["full_name"], "纸质签到", None), (people[2], person(2)["full_name"], "纸质签到", None), (None, "周一鸣", "纸质签到", None)]
    undone = sheet.undo()
    assert undone is not None and undone.full_name == "周一鸣" and len(signed(office, lecture)) == 2
    with pytest.raises(Invalid):
        sheet.enter_stranger("")


def test_numbers_of_the_printed_list_are_its_lines(office: Office, lecture: str, people: list[str], add: Add) -> None:
    for n in (3, 1):
        add(Registration, lecture=lecture, member=people[n], full_name=person(n)["full_name"], unit=f"{n}车间")
    guest = add(Registration, lecture=lecture, full_name="欧阳客", unit="9单位")
    assert guest
    sheet = PaperSheet(office, lecture)
    assert [sheet.enter(str(n), by_number=True).answer for n in (1, 2, 3)] == [Answer.ADMITTED] * 3
    assert [name for _, name, _, _ in signed(office, lecture)] == [person(3)["full_name"], person(1)["full_name"], "欧阳客"]
    for wrong in ("0", "4", "x"):
        outcome = sheet.enter(wrong, by_number=True)
        assert outcome.answer is Answer.UNKNOWN and "一共 3 人" in outcome.detail
    assert sheet.enter("3", by_number=True).answer is Answer.ALREADY


def test_a_number_once_printed_means_the_same_person_whatever_happens_to_the_list(office: Office, lecture: str, people: list[str], add: Add) -> None:
    lines = [add(Registration, lecture=lecture, member=people[n], full_name=person(n)["full_name"], unit="乙") for n in (2, 3)]
    with office.act(ActKind.EDIT, "划掉") as act:
        act.remove(Registration, lines[0])
    add(Registration, lecture=lecture, full_name="欧阳客", unit="甲")
    sheet = PaperSheet(office, lecture)
    assert [sheet.enter(n, by_number=True).answer for n in ("1", "2", "3")] == [Answer.UNKNOWN, Answer.ADMITTED, Answer.ADMITTED]
    assert [name for _, name, _, _ in signed(office, lecture)] == [person(3)["full_name"], "欧阳客"]


def test_with_a_reason_they_are_late_sign_ins(office: Office, lecture: str, people: list[str]) -> None:
    PaperSheet(office, lecture, reason="门口停电").enter("A00001")
    assert signed(office, lecture) == [(people[1], person(1)["full_name"], "补签", "门口停电")]


def test_what_the_door_wrote_and_what_the_paper_says_is_one_sign_in(office: Office, lecture: str, people: list[str]) -> None:
    PaperSheet(office, lecture, at=NOW + timedelta(minutes=30)).enter("A00001")
    door = Door(office, lecture)
    assert door.arrive("A00001").answer is Answer.ALREADY
    door.arrive("A00002")
    door.close()
    assert PaperSheet(office, lecture).enter("A00002").answer is Answer.ALREADY
    assert len(signed(office, lecture)) == 2


def workbook(path: Path, *rows: list[object]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


HEADS: list[object] = ["序号", "姓名", "工号", "手机号", "部门", "签到时间"]


def test_another_systems_list_signs_in_whom_it_means_for_certain_and_keeps_the_rest(office: Office, lecture: str, people: list[str], tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "小程序导出.xlsx", ["健康讲座签到表"], HEADS, [1, person(1)["full_name"], "A00001", "", "", "2026-11-20 13:46"], [2, person(2)["full_name"], "", "13800000002", "", "2026/11/20 13:47:09"],
        [3, person(3)["full_name"], "", "", "一车间", ""], [4, "王麻子", "", "13911112222", "外单位", ""], [5, person(1)["full_name"], "A00001", "", "", "2026-11-20 13:50"], ["合计", "5 人"],
    )
    done = foreign.take_in(office, lecture, path)
    assert (done.new, done.already, done.waiting) == (2, 1, 2)
    assert [(member, way) for member, _, way, _ in signed(office, lecture)] == [(people[1], "表格导入"), (people[2], "表格导入")]
    again = foreign.take_in(office, lecture, path)
    assert (again.new, again.already, again.waiting, again.act) == (0, 3, 0, None)
    with office.vault.engine.connect() as connection:
        waiting = foreign.tray(connection, lecture)
    assert [(w.row, w.full_name, [p.id for p in w.likely]) for w in waiting] == [(5, person(3)["full_name"], [people[3]]), (6, "王麻子", [])]
    assert foreign.decide(office, [(waiting[0], people[3]), (waiting[1], foreign.GUEST)]).came == 2
    assert [(member, name) for member, name, _, _ in signed(office, lecture)[2:]] == [(people[3], person(3)["full_name"]), (None, "王麻子")]
    with office.vault.engine.connect() as connection:
        assert foreign.tray(connection, lecture) == []


def test_a_row_of_the_tray_can_be_dropped(office: Office, lecture: str, people: list[str], tmp_path: Path) -> None:
    foreign.take_in(office, lecture, workbook(tmp_path / "x.xlsx", HEADS, [1, "王麻子", "", "", "", ""]))
    with office.vault.engine.connect() as connection:
        waiting = foreign.tray(connection, lecture)
    assert foreign.decide(office, [(waiting[0], foreign.DROP)]).came == 0
    assert signed(office, lecture) == []
    assert foreign.take_in(office, lecture, tmp_path / "x.xlsx").waiting == 0


def test_two_of_one_name_wait_both_and_undo_lets_them_wait_again(office: Office, lecture: str, people: list[str], tmp_path: Path) -> None:
    foreign.take_in(office, lecture, workbook(tmp_path / "x.xlsx", HEADS, [1, "王强", "", "13911110001", "", ""], [2, "王强", "", "13911110002", "", ""], [3, "王强", "", "", "", ""], [4, "王强", "", "", "", ""]))
    with office.vault.engine.connect() as connection:
        waiting = foreign.tray(connection, lecture)
    assert len(waiting) == 4
    assert foreign.decide(office, [(w, foreign.GUEST) for w in waiting[:2]]).came == 2
    with office.reading() as session:
        last = undo.last_undoable(session)
    assert last is not None
    undo.undo(office, last.act)
    with office.vault.engine.connect() as connection:
        assert len(foreign.tray(connection, lecture)) == 4
    assert signed(office, lecture) == []
    with office.reading() as session:
        redo = undo.headings(session, limit=1)[0]
    undo.undo(office, redo.act)
    with office.vault.engine.connect() as connection:
        assert len(foreign.tray(connection, lecture)) == 2
    assert len(signed(office, lecture)) == 2


def test_a_row_can_be_given_to_any_member_and_to_nobody_who_is_gone(office: Office, lecture: str, people: list[str], tmp_path: Path) -> None:
    foreign.take_in(office, lecture, workbook(tmp_path / "x.xlsx", HEADS, [1, "王小明", "", "", "", ""]))
    with office.vault.engine.connect() as connection:
        waiting = foreign.tray(connection, lecture)
    with pytest.raises(UserError, match="不在名册"):
        foreign.decide(office, [(waiting[0], "nobody")])
    assert foreign.decide(office, [(waiting[0], people[4])]).came == 1
    assert signed(office, lecture)[0][0] == people[4]


def test_times_and_numbers_are_read_from_a_csv_of_a_scanner(office: Office, lecture: str, people: list[str], tmp_path: Path) -> None:
    path = tmp_path / "scan.csv"
    with path.open("w", encoding="gb18030", newline="") as out:
        csv.writer(out).writerows([["工号", "扫码时间"], ["A00004", "2026-11-20 13:40:11"], ["A99999", "2026-11-20 13:41:00"]])
    done = foreign.take_in(office, lecture, path)
    assert (done.new, done.waiting) == (1, 1)
    with office.reading() as session:
        at = session.scalars(select(SignIn.signed_at)).one()
    assert at is not None and f"{at.astimezone():%H:%M:%S}" == "13:40:11"


def test_an_id_number_alone_is_enough(office: Office, lecture: str, people: list[str], tmp_path: Path) -> None:
    assert foreign.take_in(office, lecture, workbook(tmp_path / "x.xlsx", ["身份证号", "时间"], [id_number(3), "2026-11-20 13:40"])).new == 1
    assert signed(office, lecture)[0][0] == people[3]


def test_a_workbook_without_people_is_refused_in_words(office: Office, lecture: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="没有找到签到名单"):
        foreign.take_in(office, lecture, workbook(tmp_path / "x.xlsx", ["a", "b"], [1, 2]))
