"""Editing like in a spreadsheet: the plan says what would change, then it is one act with one undo."""

from collections.abc import Callable
from typing import Any

import pypdfium2 as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.services import block, listing, paperwork, undo
from app.services.listing import CURRENT, GONE, Query
from app.services.office import Office
from app.services.records import ActKind
from db.problems import UserError
from db.record import fields_of, values_of
from db.registers import REGISTERS, Certificate, Member
from tests.conftest import id_number, person


@pytest.fixture
def three(office: Office) -> list[str]:
    with office.act(ActKind.EDIT, "三个人") as act:
        return act.create_many(Member, [person(n) for n in (1, 2, 3)])


def column(office: Office, name: str) -> list[Any]:
    with office.reading() as session:
        return list(session.scalars(select(getattr(Member, name)).where(Member.removed_at.is_(None)).order_by(Member.rowno)))


def paste(office: Office, ids: list[str], names: list[str], text: str) -> block.BlockPlan:
    with office.reading() as session:
        return block.plan_paste(session, Member, ids, names, block.cells_of(text))


def test_a_block_lands_where_the_plan_said_and_is_one_undo(office: Office, three: list[str]) -> None:
    plan = paste(office, three, ["department", "post"], "二车间\t焊工\n三车间\t\n")
    assert [[(c.field.label, c.old, c.new) for c in line.cells] for line in plan.lines] == [[("部门", "一车间", "二车间"), ("岗位", "", "焊工")], [("部门", "一车间", "三车间"), ("岗位", "", "")]]
    assert (plan.changed, plan.new, plan.sentence) == (2, 0, "2 人会改。")
    assert column(office, "department") == ["一车间"] * 3
    act = block.land(office, plan, "粘贴")
    assert (column(office, "department"), column(office, "post")) == (["二车间", "三车间", "一车间"], ["焊工", None, None])
    undo.undo(office, act or "")
    assert (column(office, "department"), column(office, "post")) == (["一车间"] * 3, [None] * 3)


def test_rows_beyond_the_last_record_are_new_ones(office: Office, three: list[str]) -> None:
    plan = paste(office, three[2:], ["full_name", "id_number"], f"王五\t{id_number(3)}\n赵六\t{id_number(4)}\n")
    assert (plan.changed, plan.new) == (1, 1)
    block.land(office, plan, "粘贴")
    assert column(office, "full_name")[2:] == ["王五", "赵六"]


def test_types_codes_and_duplicates_are_checked_before_anything_lands(office: Office, three: list[str]) -> None:
    text = f"张三\t{id_number(1)}\t男\n李四\t{id_number(9)[:-1]}\t女\n王五\t{id_number(8)}\t中\n王五\t{id_number(8)}\t男"
    plan = paste(office, [], ["full_name", "id_number", "gender"], text)
    codes = [[p.code for c in line.cells for p in c.problems] + [p.code for p in line.problems] for line in plan.lines]
    assert codes == [["duplicate"], ["id-length"], ["code-unknown"], ["duplicate"]]
    assert (plan.new, plan.refused, plan.sentence) == (2, 4, "2 人会新建；4 处不能用，会跳过。")
    block.land(office, plan, "粘贴")
    assert column(office, "id_number")[3:] == [None, id_number(8)]


def test_a_first_row_of_headers_says_the_columns_itself(office: Office, three: list[str]) -> None:
    plan = paste(office, three, ["post"], "部门\t别的\t岗位\n二车间\tx\t焊工")
    assert [[(c.field.name, c.new) for c in line.cells] for line in plan.lines] == [[("department", "二车间"), ("post", "焊工")]]


def test_one_cell_goes_into_all_that_are_selected(office: Office, three: list[str]) -> None:
    block.land(office, paste(office, three, ["department"], "二车间"), "粘贴")
    assert column(office, "department") == ["二车间"] * 3


def test_what_follows_from_events_is_not_pasted_over(office: Office, three: list[str]) -> None:
    plan = paste(office, three, ["membership_event"], "转出")
    assert plan.landing == () and "由别的内容算出" in plan.lines[0].cells[0].problems[0].message


def test_fill_down_and_change_many_say_how_many_before(office: Office, three: list[str]) -> None:
    with office.reading() as session:
        plan = block.plan_set(session, Member, three, "department", "二车间")
    assert plan.sentence == "3 人会改。"
    block.land(office, plan, "批量")
    assert column(office, "department") == ["二车间"] * 3
    with office.reading() as session:
        assert block.plan_set(session, Member, three, "department", "二车间").sentence == "没有要改的。"


def test_a_blank_empties_a_column_but_not_one_that_is_needed(office: Office, three: list[str]) -> None:
    with office.reading() as session:
        assert block.plan_set(session, Member, three, "department", "").changed == 3
        assert block.plan_set(session, Member, three, "full_name", "").changed == 0


def test_find_and_replace_over_records(office: Office, three: list[str]) -> None:
    with office.reading() as session:
        plan = block.plan_replace(session, Member, three, ["department", "post"], "一", "二")
        assert block.plan_replace(session, Member, three, ["department"], "一", "二", whole=True).lines == ()
        assert block.plan_replace(session, Member, three, ["id_number", "mobile"], "1", "2").lines == ()
        with pytest.raises(UserError):
            block.plan_replace(session, Member, three, ["department"], "", "x")
    block.land(office, plan, "替换")
    assert column(office, "department") == ["二车间"] * 3


def test_a_person_pasted_by_name_is_found_and_an_unclear_one_is_named(office: Office, three: list[str], add: Callable[..., str]) -> None:
    certificate = add(Certificate, member=three[0], occupation="电工")
    with office.reading() as session:
        found = block.plan_paste(session, Certificate, [certificate], ["member"], [["A00002"]])
        unclear = block.plan_paste(session, Certificate, [certificate], ["member"], [["张三"]])
    assert found.landing[0].values == {"member": three[1]}
    assert unclear.landing == () and "有几个" in unclear.lines[0].cells[0].problems[0].message


def test_a_plan_that_was_overtaken_lands_nothing(office: Office, three: list[str]) -> None:
    plan = paste(office, three, ["department"], "二车间")
    with office.act(ActKind.EDIT, "别人") as act:
        act.change(Member, three[0], {"post": "焊工"})
    with pytest.raises(UserError, match="再看一遍"):
        block.land(office, plan, "粘贴")
    assert column(office, "department") == ["一车间"] * 3


@pytest.mark.parametrize("register", REGISTERS, ids=lambda r: r.__tablename__)
def test_copying_a_record_and_pasting_it_back_changes_nothing(office: Office, one_of_each: dict[str, str], register: type[Any]) -> None:
    record_id = one_of_each[register.__tablename__]
    with office.reading() as session:
        record = session.scalars(select(register).where(register.id == record_id)).one()
        planner = block.Planner(session, register)
        row = [planner.show(f, value) for f, value in zip(fields_of(register), values_of(record).values(), strict=True)]
        plan = block.plan_paste(session, register, [record_id], [f.name for f in fields_of(register)], [row])
    assert plan.landing == ()



@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=8), min_size=2, max_size=4), max_size=5))
def test_a_block_survives_the_clipboard(rows: list[list[str]]) -> None:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(rows)
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows = rows[:-1]
    assert block.cells_of(out.getvalue()) == rows


def test_today_s_lists_leave_out_who_left_or_retired(office: Office, add: Callable[..., str]) -> None:
    for n, more in enumerate(({}, {"membership_event": "转出"}, {"employment_status": "退休"}, {"membership_event": "保留"})):
        add(Member, **person(n + 1, **more))
    with office.reading() as session:
        assert [len(listing.order_of(session, Query(Member, scope=scope))) for scope in ("", CURRENT, GONE)] == [4, 2, 2]


def test_groups_count_what_is_shown(office: Office, three: list[str]) -> None:
    with office.act(ActKind.EDIT, "改") as act:
        act.change(Member, three[0], {"department": None})
    with office.reading() as session:
        assert listing.group_counts(session, Query(Member), "department") == [("一车间", 2), ("（空）", 1)]
        assert listing.group_counts(session, Query(Member, filters={"department": "一"}), "department") == [("一车间", 2)]


def test_a_list_prints_as_it_is_shown(office: Office) -> None:
    pdf = paperwork.list_sheet(office, "会员名册", ["姓名", "部门"], [120, 130], [[f"张{n}", "一车间"] for n in range(25)])
    document = pdfium.PdfDocument(pdf)
    text = document[0].get_textpage().get_text_range()
    assert (len(document), "共 25 行" in text, "张0" in text) == (2, True, True)
    document.close()
