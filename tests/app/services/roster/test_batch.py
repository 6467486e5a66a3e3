"""The staged workbook: it survives a restart, keeps every decision, mends what waits, gives the sheet back, and is the ledger."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from app.services import undo
from app.services.office import Office
from app.services.records import ActKind
from app.services.roster import batch
from app.services.roster.batch import Batch
from app.services.roster.intake import NEW_PERSON, Mode, Options, Plan, Verdict
from app.services.roster.reader import Sheet
from db import vault
from db.problems import UserError
from db.record import values_of
from db.registers import Member
from tests.app.services.roster.test_check import BAD
from tests.conftest import PASSWORD, id_number

HEADER = ["姓名", "身份证号", "手机", "部门"]
LOST = 1.10105199003072e17


def staged(office: Office, *rows: list[Any], header: list[str] = HEADER, name: str = "花名册.xlsx") -> Batch:
    return batch.stage_sheets(office, name, [Sheet("名单", True, [["某某公司职工花名册"], header, *rows])])


def commit(office: Office, made: Batch) -> Plan:
    planned = batch.make_plan(office, made)
    batch.commit(office, made, planned)
    return planned


def take(office: Office, *rows: list[Any], header: list[str] = HEADER, **options: Any) -> Plan:
    made = staged(office, *rows, header=header)
    batch.choose(office, made, Options(**options))
    return commit(office, made)


def verdicts(planned: Plan) -> list[str]:
    return [p.verdict.value for p in planned.rows]


def members(office: Office) -> list[dict[str, Any]]:
    with office.reading() as session:
        return [values_of(m) for m in session.scalars(select(Member).where(Member.removed_at.is_(None)).order_by(Member.rowno))]


def ledger(office: Office) -> list[batch.Entry]:
    with office.reading() as session:
        return batch.ledger(session)


def test_the_tray_survives_a_restart_with_every_decision(office: Office) -> None:
    made = staged(office, ["张三", id_number(1), "13800000001", "一车间"], ["李四", LOST, "", ""], ["王五", LOST, "", ""])
    second = made.rows[1].key
    commit(office, made)
    batch.decide(office, batch.load(office, made.id), second, mended={"id_number": id_number(2)})
    folder = office.vault.folder
    office.vault.close()
    reopened = Office(vault.unlock(folder, "李晓梅", PASSWORD))
    try:
        again = batch.load(reopened, made.id)
        planned = batch.make_plan(reopened, again)
        assert [(p.row.values["full_name"], p.verdict.value) for p in planned.rows] == [("李四", "new"), ("王五", "left-out")]
        batch.commit(reopened, again, planned)
        assert [m["full_name"] for m in members(reopened)] == ["张三", "李四"]
        assert [e.label for e in ledger(reopened)] == ["1 行待修"]
    finally:
        reopened.vault.close()


def test_good_rows_go_in_without_those_that_wait(office: Office) -> None:
    made = staged(office, ["张三", id_number(1), "", ""], ["李四", LOST, "", ""])
    assert verdicts(commit(office, made)) == ["new", "left-out"]
    assert [m["full_name"] for m in members(office)] == ["张三"]
    assert ledger(office)[0].counts == {"new": 1, "changed": 0, "unchanged": 0, "left_out": 1}


@pytest.mark.parametrize(("mode", "expected"), [(Mode.UPDATE, ("13900000002", "二车间", "焊工")), (Mode.FILL, ("13800000001", "一车间", "焊工")), (Mode.NEW_ONLY, ("13800000001", "一车间", None))])
def test_each_mode_does_what_it_says(office: Office, mode: Mode, expected: tuple[str, ...]) -> None:
    take(office, ["张三", id_number(1), "13800000001", "一车间"])
    take(office, ["张三", id_number(1), "13900000002", "二车间", "焊工"], ["李四", id_number(2), "", "", ""], header=[*HEADER, "岗位"], mode=mode)
    assert [tuple(m[n] for n in ("mobile", "department", "post")) for m in members(office)] == [expected, (None, None, None)]


def test_a_blank_wipes_only_in_the_column_that_was_told_to(office: Office) -> None:
    take(office, ["张三", id_number(1), "13800000001", "一车间"])
    take(office, ["张三", id_number(1), "", ""], wipe=frozenset({"department"}))
    assert [(m["mobile"], m["department"]) for m in members(office)] == [("13800000001", None)]


def test_a_cell_that_cannot_be_trusted_does_not_wipe_either(office: Office) -> None:
    take(office, ["张三", id_number(1), "13800000001", "一车间"])
    made = staged(office, ["张三", id_number(1), "138", "一车间"])
    batch.choose(office, made, Options(wipe=frozenset({"mobile"})))
    batch.decide(office, made, made.rows[0].key, with_doubts=True)
    assert verdicts(commit(office, made)) == ["unchanged"]
    assert members(office)[0]["mobile"] == "13800000001"


def test_each_change_is_taken_or_left_by_itself(office: Office) -> None:
    take(office, ["张三", id_number(1), "13800000001", "一车间"])
    made = staged(office, ["张三", id_number(1), "13900000002", "二车间"])
    assert set(batch.make_plan(office, made).rows[0].changes) == {"mobile", "department"}
    batch.decide(office, made, made.rows[0].key, leave=frozenset({"mobile"}))
    commit(office, made)
    assert [(m["mobile"], m["department"]) for m in members(office)] == [("13800000001", "二车间")]


def test_who_is_missing_from_the_workbook_is_listed_and_nothing_is_done(office: Office) -> None:
    take(office, ["张三", id_number(1), "", ""], ["李四", id_number(2), "", ""])
    made = staged(office, ["张三", id_number(1), "", "二车间"])
    planned = commit(office, made)
    with office.reading() as session:
        assert [session.scalars(select(Member.full_name).where(Member.id == i)).one() for i in planned.missing] == ["李四"]
    assert [m["membership_event"] for m in members(office)] == [None, None]


def test_who_went_in_from_the_same_workbook_is_not_missing_from_it(office: Office) -> None:
    made = staged(office, ["张三", id_number(1), "", ""], ["李四", LOST, "", ""])
    commit(office, made)
    assert batch.make_plan(office, batch.load(office, made.id)).missing == ()


def test_near_people_wait_for_a_person_and_new_is_remembered(office: Office) -> None:
    take(office, ["张珊", id_number(1), "13800000001", "一车间"])
    row = ["章姗", "", "13800000001", "一车间"]
    made = staged(office, row)
    planned = batch.make_plan(office, made)
    assert verdicts(planned) == ["near"]
    assert set(planned.rows[0].near[0].agrees) >= {"full_name", "mobile"}
    batch.decide(office, made, made.rows[0].key, person=NEW_PERSON)
    commit(office, made)
    assert [m["full_name"] for m in members(office)] == ["张珊", "章姗"]
    from app.services.roster.matching import pairs_in_roster

    with office.reading() as session:
        assert pairs_in_roster(session.connection()) == []
    assert verdicts(batch.make_plan(office, staged(office, row, name="再来.xlsx"))) == ["unchanged"]


def test_the_clerk_says_who_a_near_person_is(office: Office) -> None:
    take(office, ["张珊", id_number(1), "13800000001", "一车间"])
    made = staged(office, ["章姗", "", "13800000001", "二车间"])
    near = batch.make_plan(office, made).rows[0].near[0]
    batch.decide(office, made, made.rows[0].key, person=near.id)
    commit(office, made)
    assert [(m["full_name"], m["department"]) for m in members(office)] == [("章姗", "二车间")]


def test_one_number_under_two_names_goes_before_a_person(office: Office) -> None:
    take(office, ["张三", id_number(1), "", ""])
    planned = batch.make_plan(office, staged(office, ["欧阳建国", id_number(1), "", ""]))
    assert verdicts(planned) == ["near"]
    assert "name-other" in [p.code for p in planned.rows[0].row.problems]


@pytest.mark.parametrize("name", ["王?", "王□", "王long"])
def test_a_rare_character_that_was_lost_is_recognised(office: Office, name: str) -> None:
    take(office, ["王龙", id_number(1), "", ""], header=HEADER)
    planned = batch.make_plan(office, staged(office, [name, "", "", "", "1990-03-07"], header=[*HEADER, "出生日期"]))
    assert verdicts(planned) == ["near"]


def test_the_sheet_goes_back_with_two_columns_and_comes_in_again_after_mending(office: Office, tmp_path: Path) -> None:
    made = staged(office, ["张三", id_number(1), "13800000001", "一车间"], ["李四", LOST, "", "二车间"], ["合计", "2人", "", ""])
    planned = commit(office, made)
    assert batch.give_back(made, planned, tmp_path / "退回.xlsx") == 1
    book = openpyxl.load_workbook(tmp_path / "退回.xlsx")
    sheet = book.active
    assert sheet is not None
    told = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
    assert told[0][0] == "某某公司职工花名册"
    assert told[1][-2:] == ["是否导入成功", "错误原因"]
    assert told[2][4:] == ["是", ""]
    assert told[3][4] == "否" and "末三位" in str(told[3][5])
    sheet["B4"] = id_number(2)
    book.save(tmp_path / "退回.xlsx")
    assert verdicts(commit(office, batch.stage(office, tmp_path / "退回.xlsx"))) == ["unchanged", "new"]


def test_a_workbook_explained_once_is_recognised_next_time(office: Office) -> None:
    header, one, two = ["职工", "证", "备用"], ["张三", id_number(1), "一车间"], ["李四", id_number(2), "二车间"]
    made = batch.stage_sheets(office, "怪表.xlsx", [Sheet("一", True, [header, one])])
    assert made.rows == []
    table = made.checked.sheets[0].table
    assert table is not None
    columns = {0: "full_name", 1: "id_number", 2: "department"}
    made = batch.set_columns(office, made, table.shape, columns)
    assert [r.values["department"] for r in made.rows] == ["一车间"]
    batch.save_form(office, "人事科怪表", table, columns)
    later = batch.stage_sheets(office, "怪表二.xlsx", [Sheet("二", True, [["标题", "", ""], header, two])])
    assert (later.forms, [r.values["full_name"] for r in later.rows]) == (("人事科怪表",), ["李四"])
    with office.reading() as session:
        assert [(f.name, f.columns) for f in batch.forms(session)] == [("人事科怪表", columns)]
    batch.change_form(office, table.shape, name="行政部的表", columns={0: "full_name", 1: "id_number"})
    assert "department" not in batch.load(office, later.id).rows[0].values
    batch.forget_form(office, table.shape)
    assert batch.load(office, later.id).rows == []


def test_the_ledger_says_who_what_when_and_an_import_taken_back_can_be_opened_again(office: Office) -> None:
    made = staged(office, ["张三", id_number(1), "", ""])
    commit(office, made)
    entry = ledger(office)[0]
    assert (entry.file_name, entry.opened_by, entry.counts["new"], len(entry.digest), entry.label) == ("花名册.xlsx", "李晓梅", 1, 64, "已导入")
    undo.undo(office, entry.acts[0])
    assert ledger(office)[0].label == "已撤销"
    again = batch.load(office, made.id)
    assert verdicts(commit(office, again)) == ["new"]
    assert [m["full_name"] for m in members(office)] == ["张三"]


def test_the_same_file_a_second_time_is_the_same_batch_and_changes_nothing(office: Office, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (HEADER, ["张三", id_number(1), "", ""]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    first = batch.stage(office, tmp_path / "a.xlsx")
    commit(office, first)
    before = members(office)
    again = batch.stage(office, tmp_path / "a.xlsx")
    assert (again.id, again.was_in_before) == (first.id, True)
    done = batch.commit(office, again, batch.make_plan(office, again))
    assert (done.act, done.unchanged, members(office)) == (None, 1, before)


def test_what_the_file_said_can_be_cleared_and_the_line_stays(office: Office) -> None:
    made = staged(office, ["张三", id_number(1), "", ""], ["李四", LOST, "", ""])
    commit(office, made)
    batch.clear(office, made.id)
    assert [(e.has_cells, e.counts["new"]) for e in ledger(office)] == [(False, 1)]
    with pytest.raises(UserError, match="已经清掉"):
        batch.load(office, made.id)


def test_what_was_never_taken_in_leaves_nothing_when_it_is_cleared(office: Office) -> None:
    batch.clear(office, staged(office, ["张三", id_number(1), "", ""]).id)
    assert ledger(office) == []


def test_rows_are_judged_anew_when_the_roster_changed_meanwhile(office: Office) -> None:
    made = staged(office, ["张三", id_number(1), "", ""])
    with office.act(ActKind.EDIT, "手工") as act:
        act.create(Member, {"full_name": "张三", "id_number": id_number(1)})
    assert verdicts(batch.make_plan(office, batch.load(office, made.id))) == ["changed"]


def test_verdicts_have_words() -> None:
    assert all(v.label for v in Verdict) and all(m.label for m in Mode)


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_cannot_be_taken_leaves_nothing_in_the_vault(office: Office, case: str, tmp_path: Path) -> None:
    name, make, _ = BAD[case]
    (tmp_path / name).write_bytes(make())
    with pytest.raises(UserError):
        batch.stage(office, tmp_path / name)
    assert ledger(office) == []


def test_the_ledger_keeps_which_column_was_taken_for_what(office: Office) -> None:
    commit(office, staged(office, ["张三", id_number(1), "", ""]))
    with office.reading() as session:
        assert batch.mapping_of(session, ledger(office)[0]) == {"名单": {"姓名": "full_name", "身份证号": "id_number", "手机": "mobile", "部门": "department"}}


# -- what a review found


def test_somebody_said_to_be_new_is_never_written_over_a_member(office: Office) -> None:
    take(office, ["王芳", id_number(1), "", ""])
    made = staged(office, ["李建国", id_number(1), "13800000001", ""])
    batch.decide(office, made, made.rows[0].key, person=NEW_PERSON)
    planned = commit(office, made)
    assert (verdicts(planned), [p.code for p in planned.rows[0].row.problems if p.is_error]) == (["left-out"], ["id-taken"])
    assert [m["full_name"] for m in members(office)] == ["王芳"]


def test_a_name_and_one_mark_are_not_enough_where_something_contradicts(office: Office) -> None:
    header = ["编号", "姓名", "性别", "出生日期", "部门"]
    take(office, ["3", "张伟", "男", "1960-01-01", "一车间"], header=header)
    assert verdicts(batch.make_plan(office, staged(office, ["3", "张伟", "女", "1995-05-05", "二车间"], header=header, name="b"))) != ["changed"]


def test_a_list_without_marks_twice_doubles_nobody(office: Office) -> None:
    header = ["姓名", "性别", "学历", "部门"]
    take(office, ["张三", "男", "本科", "一车间"], header=header)
    assert verdicts(batch.make_plan(office, staged(office, ["张三", "男", "大专", "二车间"], header=header, name="b"))) == ["near"]


def test_opening_a_workbook_again_does_not_make_a_new_person_once_more(office: Office) -> None:
    take(office, ["王芳", "", "", "一车间"])
    made = staged(office, ["王芳", "", "", "一车间"], name="b")
    batch.decide(office, made, made.rows[0].key, person=NEW_PERSON)
    commit(office, made)
    assert verdicts(batch.make_plan(office, batch.load(office, made.id))) == ["unchanged"]
    assert len(members(office)) == 2


def test_a_decided_person_who_is_gone_is_asked_about_again(office: Office) -> None:
    take(office, ["王芳", id_number(1), "", ""])
    made = staged(office, ["张三", "", "13800000009", ""], name="b")
    with office.reading() as session:
        member = session.scalars(select(Member.id)).one()
    batch.decide(office, made, made.rows[0].key, person=member)
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(Member, member)
    planned = batch.make_plan(office, made)
    assert (verdicts(planned), planned.rows[0].row.problems[-1].code) == (["left-out"], "decided-gone")


def test_two_rows_about_one_member_do_not_overwrite_each_other(office: Office) -> None:
    take(office, ["张三", id_number(1), "13800000001", "一车间"])
    made = staged(office, ["张三", "", "13800000001", "二车间"], ["张三", "", "13800000001", "三车间"], name="b")
    assert verdicts(batch.make_plan(office, made)) == ["changed", "left-out"]


def test_a_membership_event_is_taken_whole_or_left_whole(office: Office) -> None:
    header = ["姓名", "身份证号", "会籍变化类型", "会籍变化日期"]
    take(office, ["张三", id_number(1), "入会", ""], header=header)
    made = staged(office, ["张三", id_number(1), "退会", "2026-05-01"], header=header, name="b")
    batch.decide(office, made, made.rows[0].key, leave=frozenset({"membership_event"}))
    commit(office, made)
    assert members(office)[0]["membership_event"] == "入会"
    take(office, ["张三", id_number(1), "退会", "2026-05-01"], header=header, mode=Mode.FILL)
    assert members(office)[0]["membership_event"] == "入会"


def test_what_was_worked_out_from_a_bad_cell_goes_with_it(office: Office) -> None:
    made = staged(office, ["赵六(退休)", id_number(1), "", ""])
    batch.decide(office, made, made.rows[0].key, mended={"id_number": "", "full_name": "赵六"})
    values = batch.make_plan(office, made).rows[0].row.values
    assert (values["full_name"], values["gender"], values["birth_date"], values["note"]) == ("赵六", None, None, None)


def test_a_remark_is_added_to_a_note_written_by_hand(office: Office) -> None:
    take(office, ["赵六", id_number(1), "困难职工，已走访"], header=["姓名", "身份证号", "备注"])
    take(office, ["赵六(退休)", id_number(1), "", ""])
    assert members(office)[0]["note"] == "困难职工，已走访；退休"


def test_a_half_that_was_taken_back_can_be_taken_in_again(office: Office) -> None:
    made = staged(office, ["张三", id_number(1), "", ""], ["李四", LOST, "", ""], ["王五", LOST, "", ""])
    second = made.rows[1].key
    commit(office, made)
    batch.decide(office, made, second, mended={"id_number": id_number(2)})
    commit(office, batch.load(office, made.id))
    undo.undo(office, ledger(office)[0].acts[0])
    assert verdicts(batch.make_plan(office, batch.load(office, made.id))) == ["new", "unchanged", "left-out"]


def test_a_neighbour_in_the_same_line_waits_by_herself(office: Office, tmp_path: Path) -> None:
    made = batch.stage_sheets(office, "x", [Sheet("名单", True, [["姓名", "身份证号", "手机", "姓名", "身份证号", "手机"], ["张三", LOST, "", "李四", id_number(2), ""]])])
    planned = commit(office, made)
    assert verdicts(planned) == ["left-out", "new"]
    batch.give_back(made, planned, tmp_path / "a.xlsx", only_waiting=True)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None and sheet["G2"].value == "否" and "末三位" in str(sheet["H2"].value)


def test_committing_what_was_cleared_meanwhile_says_so(office: Office) -> None:
    made = staged(office, ["张三", id_number(1), "", ""])
    planned = batch.make_plan(office, made)
    batch.clear(office, made.id)
    with pytest.raises(UserError, match="清掉了"):
        batch.commit(office, made, planned)
    assert members(office) == []


def test_a_file_too_large_to_be_a_roster_is_refused_before_it_is_read(office: Office, tmp_path: Path) -> None:
    with (tmp_path / "a.xlsx").open("wb") as file:
        file.truncate(3_000_000_000)  # a hole: it takes no room on the disk, and must take none in memory
    with pytest.raises(UserError, match="大得不正常"):
        batch.stage(office, tmp_path / "a.xlsx")
