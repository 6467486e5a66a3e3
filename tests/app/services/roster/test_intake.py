"""From checked rows to the register: new, changed, unchanged, left out; one act, one undo."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.services import undo
from app.services.office import Office
from app.services.records import ActKind
from app.services.roster import batch, intake
from app.services.roster.batch import Batch
from app.services.roster.intake import Options, Verdict
from app.services.roster.reader import Sheet
from db.record import values_of
from db.registers import Certificate, Member
from tests.conftest import id_number

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
HEADER = ["姓名", "身份证号", "手机", "部门"]


def staged(office: Office, *rows: list[Any], header: list[str] = HEADER, name: str = "x.xlsx") -> Batch:
    return batch.stage_sheets(office, name, [Sheet("名单", True, [header, *rows])])


def take(office: Office, *rows: list[Any], header: list[str] = HEADER, **options: Any) -> intake.Imported:
    made = staged(office, *rows, header=header)
    batch.choose(office, made, Options(**options))
    return batch.commit(office, made, batch.make_plan(office, made))


def take_file(office: Office, path: Path) -> intake.Imported:
    made = batch.stage(office, path)
    return batch.commit(office, made, batch.make_plan(office, made))


def members(office: Office) -> list[dict[str, Any]]:
    with office.reading() as session:
        return [values_of(m) for m in session.scalars(select(Member).where(Member.removed_at.is_(None)).order_by(Member.rowno))]


def test_bad_rows_are_left_out_by_number_and_the_rest_are_kept(office: Office) -> None:
    done = take_file(office, SAMPLES / "花名册-人事科.xlsx")
    assert (done.new, done.changed, done.left_out) == (250, 0, 12)
    assert len(members(office)) == 250


def test_the_same_file_twice_changes_nothing_and_says_so(office: Office) -> None:
    first = take_file(office, SAMPLES / "分车间名单.xlsx")
    before = members(office)
    again = take_file(office, SAMPLES / "分车间名单.xlsx")
    assert (first.new, again.new, again.changed, again.unchanged, again.act) == (360, 0, 0, 360, None)
    assert members(office) == before


def test_a_certificate_number_in_a_row_becomes_a_certificate_once(office: Office) -> None:
    take_file(office, SAMPLES / "分车间名单.xlsx")
    take_file(office, SAMPLES / "分车间名单.xlsx")
    with office.reading() as session:
        assert session.scalar(select(func.count()).select_from(Certificate)) == 239


def test_a_blank_cell_never_wipes_what_is_stored(office: Office) -> None:
    take(office, ["张三", id_number(1), "13800000001", "一车间"])
    done = take(office, ["张三", id_number(1), "", "二车间"])
    assert done.changed == 1
    assert [(m["mobile"], m["department"]) for m in members(office)] == [("13800000001", "二车间")]


def test_a_month_does_not_overwrite_the_day_it_contains(office: Office) -> None:
    header = ["姓名", "身份证号", "入会日期"]
    take(office, ["张三", id_number(1), "2015-03-07"], header=header)
    assert take(office, ["张三", id_number(1), "2015.3"], header=header).unchanged == 1
    assert str(members(office)[0]["joined_on"]) == "2015-03-07"


def test_without_a_number_a_person_is_known_by_name_and_phone(office: Office) -> None:
    take(office, ["张三", id_number(1), "13800000001", "一车间"])
    done = take(office, ["张三", "", "13800000001", "二车间"])
    assert (done.new, done.changed) == (0, 1)


def test_two_people_of_one_name_are_never_mixed(office: Office) -> None:
    take(office, ["张三", id_number(1), "13800000001", "一车间"])
    done = take(office, ["张三", id_number(2, born="19850101"), "13800000009", "二车间"], ["张三", "", "13900000009", "三车间"])
    assert (done.new, done.changed, done.left_out) == (1, 0, 1)  # the one without a number is asked about


def test_undo_takes_the_whole_import_back_and_keeps_people_edited_since(office: Office) -> None:
    done = take(office, *[[f"张{chr(0x4E00 + n)}", id_number(n), "", ""] for n in range(50)])
    with office.reading() as session:
        someone = session.scalars(select(Member.id).order_by(Member.rowno)).first()
    with office.act(ActKind.EDIT, "改") as act:
        act.change(Member, someone or "", {"post": "焊工"})
    assert done.act is not None
    taken = undo.undo(office, done.act)
    assert len(members(office)) == 1
    assert taken.kept == (("member", someone),)


def test_undo_of_an_update_brings_the_old_values_back(office: Office) -> None:
    take(office, ["张三", id_number(1), "13800000001", "一车间"])
    before = members(office)
    done = take(office, ["张三", id_number(1), "13900000002", "二车间"])
    assert members(office) != before
    assert done.act is not None
    undo.undo(office, done.act)
    assert members(office) == before


def test_after_undo_the_same_file_comes_in_again(office: Office) -> None:
    done = take(office, ["张三", id_number(1), "", ""])
    assert done.act is not None
    undo.undo(office, done.act)
    assert take(office, ["张三", id_number(1), "", ""]).new == 1


def test_a_doubtful_row_goes_in_with_the_doubtful_cell_blank_when_the_clerk_says_so(office: Office) -> None:
    made = staged(office, ["张三", 1.10105199003072e17, "13800000001", "一车间"])
    batch.decide(office, made, made.rows[0].key, with_doubts=True)
    planned = batch.make_plan(office, made)
    assert [p.verdict for p in planned.rows] == [Verdict.NEW]
    batch.commit(office, made, planned)
    assert [(m["full_name"], m["id_number"]) for m in members(office)] == [("张三", None)]


rosters = st.lists(
    st.tuples(st.text("赵钱孙李周吴郑王甲乙丙丁", min_size=2, max_size=3), st.integers(0, 400), st.sampled_from(["一车间", "二车间", ""])), max_size=12, unique_by=lambda row: row[1]
)


@given(rosters)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_importing_twice_is_importing_once_and_undo_is_before(office: Office, roster: list[tuple[str, int, str]]) -> None:
    before = members(office)
    rows = [[name, id_number(n), "", department] for name, n, department in roster]
    done = take(office, *rows)
    once = members(office)
    again = take(office, *rows)
    assert (again.new, again.changed, members(office)) == (0, 0, once)
    if done.act:
        undo.undo(office, done.act)
    assert members(office) == before


def test_a_person_twice_without_a_number_is_found_in_the_file_itself(office: Office) -> None:
    header = ["姓名", "工号", "部门"]
    done = take(office, ["张三", "A1", "一车间"], ["张三", "A1", "二车间"], ["张三", "A2", "二车间"], header=header)
    assert (done.new, done.left_out) == (2, 1)


def test_mending_a_repeated_row_does_not_make_it_a_second_person(office: Office) -> None:
    made = staged(office, ["张三", id_number(1), "", ""], ["张三", id_number(1), "1", ""])
    batch.decide(office, made, made.rows[1].key, mended={"mobile": "13800000001"}, with_doubts=True)
    assert [p.verdict for p in batch.make_plan(office, made).rows] == [Verdict.NEW, Verdict.LEFT_OUT]


def test_a_plan_overtaken_by_another_act_is_made_again_before_it_is_kept(office: Office) -> None:
    made = staged(office, ["张三", id_number(1), "13800000001", ""])
    stale = batch.make_plan(office, made)
    with office.act(ActKind.EDIT, "手工登记") as act:
        act.create(Member, {"full_name": "张三", "id_number": id_number(1)})
    done = batch.commit(office, made, stale)
    assert (done.new, done.changed, len(members(office))) == (0, 1, 1)
    assert batch.commit(office, made, stale).act is None


def test_cancelling_while_it_writes_leaves_nothing(office: Office) -> None:
    made = staged(office, *[[f"张{chr(0x4E00 + n)}", id_number(n), "", ""] for n in range(40)])

    def cancel(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch.commit(office, made, batch.make_plan(office, made), progress=cancel)
    assert members(office) == []


def test_people_whom_something_else_refers_to_stay_when_their_import_is_taken_back(office: Office) -> None:
    done = take(office, ["张三", id_number(1), "", ""], ["李四", id_number(2), "", ""])
    with office.reading() as session:
        first = session.scalars(select(Member.id).order_by(Member.rowno)).first()
    with office.act(ActKind.EDIT, "证书") as act:
        act.create(Certificate, {"member": first, "occupation": "电工"})
    taken = undo.undo(office, done.act or "")
    assert taken.kept == (("member", first),)
    assert len(members(office)) == 1


people = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["一车间", "二车间", ""])), min_size=1, max_size=8, unique_by=lambda row: row[0])


@given(people, st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_import_then_undo_is_before_and_whatever_was_edited_between_is_kept(office: Office, roster: list[tuple[int, str]], stood_before: set[int], edited: set[int]) -> None:
    stored = [f"张{chr(0x4E00 + n)}" for n, _ in roster]
    with office.act(ActKind.EDIT, "原有") as act:
        old = act.create_many(Member, [{"full_name": stored[i], "id_number": id_number(n), "department": "老车间"} for i, (n, _) in enumerate(roster) if i in stood_before])
    before = {m["id_number"]: m for m in members(office)}
    done = take(office, *[[stored[i], id_number(n), "", department] for i, (n, department) in enumerate(roster)])
    touched = {}
    for i in edited & set(range(len(roster))):
        number = id_number(roster[i][0])
        with office.reading() as session:
            member = session.scalars(select(Member.id).where(Member.id_number == number, Member.removed_at.is_(None))).one()
        with office.act(ActKind.EDIT, "改") as act:
            act.change(Member, member, {"post": "焊工", "department": "新车间"})
        touched[number] = member
    if done.act:
        undo.undo(office, done.act)
    after = {m["id_number"]: m for m in members(office)}
    assert {n: m for n, m in after.items() if n not in touched} == {n: m for n, m in before.items() if n not in touched}
    assert all((after[n]["post"], after[n]["department"]) == ("焊工", "新车间") for n in touched)
    with office.act(ActKind.EDIT, "收拾") as act:
        for m in {*old, *touched.values()}:
            act.remove(Member, m)
