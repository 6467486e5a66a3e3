"""Official sheets out and in again; somebody else's blank filled in place with nothing else of it changed."""

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.datavalidation import DataValidation
from sqlalchemy import select

from app.services import block, listing
from app.services.listing import Query
from app.services.office import Office
from app.services.records import ActKind
from app.services.roster import batch
from app.services.roster.check import check_file
from app.services.sheets import blanks, official
from app.services.sheets.fill import Blank, letters
from db import codes
from db.dates import PartialDate
from db.problems import UserError
from db.record import values_of
from db.registers import Member, Union
from tests.conftest import id_number, person

pytestmark = pytest.mark.filterwarnings("ignore:Data Validation extension")  # openpyxl, which checks what we wrote

FULL = {
    "gender": "男", "id_type": "居民身份证", "birth_date": PartialDate(1990, 3, 7), "ethnicity": "傈僳族", "employment_status": "在岗", "education": "大专", "skill_level": "三级/高级工",
    "household_type": "农业户口", "household_place": "河北", "membership_event": "入会", "membership_event_date": PartialDate(2012, 9, 1), "political_status": "群众",
    "employer_name": "北京某某机电设备有限公司", "native_place": "河北", "is_migrant_worker": True,
}


def some(office: Office, count: int, **more: Any) -> list[int]:
    """Row numbers of so many members."""
    with office.act(ActKind.EDIT, "人") as act:
        act.create_many(Member, [{**person(n), **FULL, "department": None, "employee_no": None, **more} for n in range(1, count + 1)])
    with office.reading() as session:
        return listing.order_of(session, Query(Member))


def test_the_member_sheet_is_the_one_of_the_drive(tmp_path: Path) -> None:
    official.write_blank("member", tmp_path / "空白.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "空白.xlsx")["会员信息"]
    assert [c.value for c in sheet[4]][:4] == ["序号", "姓名", "性别", "出生日期（格式：yyyy/MM/dd）"] and sheet.max_column == 20
    assert sheet["A2"].value == "工会会员信息采集表" and sheet.page_setup.orientation == "landscape"
    assert {str(r) for r in sheet.merged_cells.ranges} >= {"A2:T2", "A3:K3", "L3:T3", "A14:T14"}
    assert sheet["H5"].number_format == "@" and sheet["B5"].font.name == "宋体"
    rules = {str(v.sqref): v.formula1 for v in sheet.data_validations.dataValidation}
    assert rules["C5:C13"] == '"男,女"' and rules["E5:E13"].startswith("下拉菜单表!$A$2")
    assert list(check_file(tmp_path / "空白.xlsx").rows) == []


def test_members_go_into_the_sheet_in_its_own_words_and_come_in_again(office: Office, tmp_path: Path) -> None:
    rownos = some(office, 30)
    assert official.write_members(office, rownos, tmp_path / "采集表.xlsx") == []
    sheet = openpyxl.load_workbook(tmp_path / "采集表.xlsx")["会员信息"]
    assert [sheet.cell(5, c).value for c in (3, 4, 5, 10, 20)] == ["男", "1990/03/07", "傈僳族", "职业资格三级（高级）", "是"]
    staged = batch.stage(office, tmp_path / "采集表.xlsx")
    assert {p.verdict.value for p in batch.make_plan(office, staged).rows} == {"unchanged"} and len(staged.rows) == 30


def test_what_the_sheet_has_no_word_for_is_said(office: Office, tmp_path: Path) -> None:
    rownos = some(office, 2, membership_event="恢复", id_type="护照", id_number=None)
    assert official.write_members(office, rownos, tmp_path / "a.xlsx") == ["有 2 人的“证件类别”不在这张表的选项里，那一格空着。", "有 2 人的“会籍变化类型”不在这张表的选项里，那一格空着。"]


table_terms = {name: st.sampled_from(codes.table(name).labels) for name in ("gender", "ethnicity", "education", "political_status", "household_type", "employment_status")}
names = st.text("赵钱孙李周吴郑王冯陈䶮㛃·", min_size=2, max_size=6).filter(lambda t: not t.startswith("·") and not t.endswith("·") and "··" not in t)


@given(st.lists(st.fixed_dictionaries({"full_name": names, "is_migrant_worker": st.booleans(), "native_place": st.sampled_from(["河北", "北京 朝阳", None]), **table_terms}), min_size=1, max_size=8))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_workbook_roster_workbook_is_the_identity(office: Office, tmp_path: Path, people: list[dict[str, Any]]) -> None:
    for n, p in enumerate(people):
        p |= {"id_number": id_number(n + 1, male=p["gender"] == "男"), "birth_date": PartialDate(1990, 3, 7)}
    with office.act(ActKind.EDIT, "人") as act:
        ids = act.create_many(Member, people)
    with office.reading() as session:
        rownos = [r for (r,) in session.execute(select(Member.rowno).where(Member.id.in_(ids)).order_by(Member.rowno))]
    official.write_members(office, rownos, tmp_path / "一.xlsx")
    with office.act(ActKind.EDIT, "去") as act:
        for i in ids:
            act.remove(Member, i)
    staged = batch.stage(office, tmp_path / "一.xlsx")
    done = batch.commit(office, staged, batch.make_plan(office, staged))
    with office.reading() as session:
        found = {m.id_number: values_of(m) for m in session.scalars(select(Member).where(Member.id.in_(done.ids.values())))}
        again = [r for (r,) in session.execute(select(Member.rowno).where(Member.id.in_(done.ids.values())).order_by(Member.rowno))]
    assert [{k: found[p["id_number"]][k] for k in p} for p in people] == people
    official.write_members(office, again, tmp_path / "二.xlsx")
    assert _values(tmp_path / "一.xlsx") == _values(tmp_path / "二.xlsx")
    with office.act(ActKind.EDIT, "去") as act:
        for i in done.ids.values():
            act.remove(Member, i)


def _values(path: Path) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(path)["会员信息"].iter_rows(values_only=True))


def test_the_organisation_sheet_goes_out_and_comes_back(office: Office, tmp_path: Path) -> None:
    some(office, 3)
    official.write_organisation(office, tmp_path / "组织.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "组织.xlsx")["工会组织信息"]
    heads = [sheet.cell(5, c).value for c in range(1, 18)]
    row = {head: sheet.cell(6, c).value for c, head in enumerate(heads, 1)}
    assert row["工会名称"] == "北京某某机电设备有限公司工会委员会" and row["会员人数"] == "3"
    with office.reading() as session:
        assert official.plan_organisation(office, session, tmp_path / "组织.xlsx").landing == ()
    book = openpyxl.load_workbook(tmp_path / "组织.xlsx")
    book["工会组织信息"].cell(6, heads.index("经济类型") + 1).value = "私营"
    book["工会组织信息"].cell(6, heads.index("工会负责人") + 1).value = "周明"
    book.save(tmp_path / "组织.xlsx")
    with office.reading() as session:
        plan = official.plan_organisation(office, session, tmp_path / "组织.xlsx")
    block.land(office, plan, "读入")
    with office.reading() as session:
        union = session.scalars(select(Union)).one()
        assert (union.economic_kind, union.chair) == ("私营经济", "周明")
        with pytest.raises(UserError, match="没有找到组织信息采集表"):
            official.write_blank("member", tmp_path / "别的.xlsx")
            official.plan_organisation(office, session, tmp_path / "别的.xlsx")


# -- a clerk's own blank


EXTENSION = (
    '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">'
    '<x14:dataValidations xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" count="1"><x14:dataValidation type="list" allowBlank="1">'
    "<x14:formula1><xm:f>选项!$A$1:$A$3</xm:f></x14:formula1><xm:sqref>C4:C6</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>"
)


def blank(path: Path, rows: int = 3) -> Path:
    """A blank as upper unions hand it out: title, header, a few styled empty rows, a sum, merged notes; drop-downs as rule and as extension."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "上报"
    sheet["A1"] = "上报表"
    sheet.merge_cells("A1:E1")
    for c, head in enumerate(["序号", "姓名", "学历", "出生日期（yyyy/MM/dd）", "金额"], 1):
        sheet.cell(3, c, head)
        for r in range(4, 4 + rows):
            sheet.cell(r, c).number_format = "@"
            sheet.row_dimensions[r].height = 21
    last = 3 + rows
    sheet.cell(last + 1, 1, "合计")
    sheet.cell(last + 1, 5, f"=SUM(E4:E{last})")
    sheet.cell(last + 2, 1, "说明：请勿改动")
    sheet.merge_cells(start_row=last + 2, start_column=1, end_row=last + 2, end_column=5)
    rule = DataValidation(type="list", formula1='"一,二"')
    rule.add(f"E4:E{last}")
    sheet.add_data_validation(rule)
    sheet.print_area = f"A1:E{last + 2}"
    options = book.create_sheet("选项")
    for word in ("研究生", "大学", "大学专科"):
        options.append([word])
    book.save(path)
    with zipfile.ZipFile(path) as old:
        parts = {info.filename: old.read(info.filename) for info in old.infolist()}
    xml = parts["xl/worksheets/sheet1.xml"].decode()
    parts["xl/worksheets/sheet1.xml"] = xml.replace("</worksheet>", EXTENSION.replace("C6", f"C{last}") + "</worksheet>").encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in parts.items():
            made.writestr(name, body)
    return path


def parts_of(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as container:
        return {info.filename: container.read(info.filename) for info in container.infolist()}


def test_a_blank_is_filled_in_place_and_every_other_part_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    before = blank(tmp_path / "b.xlsx").read_bytes()
    after = Blank(before).fill("上报", 4, [{0: 1, 1: "张三", 2: "大学", 3: "1990/03/07"}])
    old, new = parts_of(before), parts_of(after)
    assert list(old) == list(new)
    assert [name for name in old if old[name] != new[name]] == ["xl/worksheets/sheet1.xml"]
    xml = new["xl/worksheets/sheet1.xml"].decode()
    assert "x14:dataValidation " in xml and "<xm:f>选项!$A$1:$A$3</xm:f>" in xml and "C4:C6" in xml
    sheet = openpyxl.load_workbook(io.BytesIO(after))["上报"]
    assert [c.value for c in sheet[4]] == [1, "张三", "大学", "1990/03/07", None] and sheet["B4"].number_format == "@"
    assert sheet["E7"].value == "=SUM(E4:E6)"


def test_more_people_than_lines_move_what_stands_below_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    before = blank(tmp_path / "b.xlsx").read_bytes()
    after = Blank(before).fill("上报", 4, [{0: n, 1: f"张{n}"} for n in range(1, 11)])
    old, new = parts_of(before), parts_of(after)
    assert {name for name in old if old[name] != new[name]} == {"xl/worksheets/sheet1.xml", "xl/workbook.xml"}
    sheet = openpyxl.load_workbook(io.BytesIO(after))["上报"]
    assert [sheet.cell(r, 2).value for r in range(4, 14)] == [f"张{n}" for n in range(1, 11)]
    assert (sheet["A14"].value, sheet["E14"].value, sheet["A15"].value) == ("合计", "=SUM(E4:E13)", "说明：请勿改动")
    assert {str(r) for r in sheet.merged_cells.ranges} == {"A1:E1", "A15:E15"}
    assert [str(v.sqref) for v in sheet.data_validations.dataValidation] == ["E4:E13"]
    assert "<xm:sqref>C4:C13</xm:sqref>" in new["xl/worksheets/sheet1.xml"].decode()
    assert sheet["B13"].number_format == "@" and sheet.row_dimensions[13].height == 21
    assert sheet.print_area == "'上报'!$A$1:$E$15"


def test_a_drop_down_is_read_wherever_it_is_kept(tmp_path: Path) -> None:
    found = Blank(blank(tmp_path / "b.xlsx").read_bytes())
    assert found.choices("上报", 4, 5) == ("一", "二")
    assert found.choices("上报", 2, 4) == ("研究生", "大学", "大学专科")
    assert found.choices("上报", 0, 4) == ()


def test_a_cell_with_a_formula_keeps_it(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(blank(tmp_path / "b.xlsx"))
    book["上报"]["E4"] = "=1+1"
    book.save(tmp_path / "b.xlsx")
    after = Blank((tmp_path / "b.xlsx").read_bytes()).fill("上报", 4, [{1: "张三", 4: "5"}])
    assert openpyxl.load_workbook(io.BytesIO(after))["上报"]["E4"].value == "=1+1"


def test_a_blank_is_mapped_once_and_filled_in_its_own_words(office: Office, tmp_path: Path) -> None:
    path = blank(tmp_path / "上级.xlsx")
    found = blanks.look(path)
    assert (found.sheet, found.first_row, found.columns) == ("上报", 4, {0: "row_no", 1: "full_name", 2: "education", 3: "birth_date"})
    form = blanks.keep(office, path, "街道上报表", found, found.columns)
    rownos = some(office, 5)
    said = blanks.fill(office, form, rownos, tmp_path / "填好.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "填好.xlsx")["上报"]
    assert [c.value for c in sheet[4]][:4] == [1, sheet["B4"].value, "大学专科", "1990/03/07"]
    assert said == []
    with office.reading() as session:
        assert [f.name for f in blanks.forms(session)] == ["街道上报表"]
    blanks.forget(office, form)
    with office.reading() as session:
        assert blanks.forms(session) == []


def test_a_file_that_is_no_xlsx_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_bytes(b"x")
    with pytest.raises(UserError, match="另存为"):
        blanks.look(tmp_path / "a.xls")
    with pytest.raises(UserError, match="另存为"):
        Blank(b"rubbish")
    book = openpyxl.Workbook()
    book.active.append(["甲", "乙"])
    book.save(tmp_path / "b.xlsx")
    with pytest.raises(UserError, match="没有找到表头"):
        blanks.look(tmp_path / "b.xlsx")


@pytest.mark.parametrize(("column", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_letters(column: int, name: str) -> None:
    assert letters(column) == name


def test_the_real_blank_of_a_federation_keeps_its_drop_downs(office: Office, samples: Path, tmp_path: Path) -> None:
    path = samples.parent / "official" / "deptMemberTemplates.xlsx"
    found = blanks.look(path)
    assert len(found.columns) == 20
    form = blanks.keep(office, path, "采集表", found, found.columns)
    rownos = some(office, 40)
    assert blanks.fill(office, form, rownos, tmp_path / "填好.xlsx") == []
    old, new = parts_of(path.read_bytes()), parts_of((tmp_path / "填好.xlsx").read_bytes())
    assert {name for name in old if old[name] != new[name]} == {"xl/worksheets/sheet1.xml"}
    xml = new["xl/worksheets/sheet1.xml"].decode()
    assert "E46:E1048576 E1:E3 E5:E44" in xml and "C46:C63385 C3 C5:C44" in xml and '<mergeCell ref="A45:T45"/>' in xml
    staged = batch.stage(office, tmp_path / "填好.xlsx")
    assert {p.verdict.value for p in batch.make_plan(office, staged).rows} == {"unchanged"} and len(staged.rows) == 40


def other_blank(path: Path, fill: Any) -> Blank:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "上报"
    for c, head in enumerate(["序号", "姓名", "备注", "备注二"], 1):
        sheet.cell(1, c, head)
    fill(book, sheet)
    book.save(path)
    return Blank(path.read_bytes())


def test_merges_of_each_row_are_repeated_and_never_grow_over_people(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        for r in (2, 3, 4):
            sheet.merge_cells(f"C{r}:D{r}")
        sheet["A5"] = "合计"

    after = other_blank(tmp_path / "a.xlsx", fill).fill("上报", 2, [{0: n, 1: f"张{n}"} for n in range(1, 7)])
    sheet = openpyxl.load_workbook(io.BytesIO(after))["上报"]
    assert {str(r) for r in sheet.merged_cells.ranges} == {f"C{r}:D{r}" for r in range(2, 8)} and sheet["A8"].value == "合计"


def test_running_numbers_printed_beforehand_do_not_push_anybody_down(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        for r in range(2, 10):
            sheet.cell(r, 1, r - 1)

    after = other_blank(tmp_path / "a.xlsx", fill).fill("上报", 2, [{0: n, 1: f"张{n}"} for n in range(1, 4)])
    sheet = openpyxl.load_workbook(io.BytesIO(after))["上报"]
    assert [sheet.cell(r, 1).value for r in range(2, 10)] == list(range(1, 9)) and [sheet.cell(r, 2).value for r in range(2, 6)] == ["张1", "张2", "张3", None]


def test_formulas_about_other_sheets_and_names_are_left_alone(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        book.create_sheet("表A7")["B9"] = 1
        sheet["A4"], sheet["B4"], sheet["C4"], sheet["D4"] = "合计", "='表A7'!B9", '=VLOOKUP(B2,表A7!$A$1:$B$50,2)&"A9"', "=COUNTA(B2:B3)+B4"

    after = other_blank(tmp_path / "a.xlsx", fill).fill("上报", 2, [{0: n, 1: f"张{n}"} for n in range(1, 6)])
    sheet = openpyxl.load_workbook(io.BytesIO(after))["上报"]
    assert [sheet.cell(7, c).value for c in (2, 3, 4)] == ["='表A7'!B9", '=VLOOKUP(B2,表A7!$A$1:$B$50,2)&"A9"', "=COUNTA(B2:B6)+B7"]


def test_cells_that_say_no_place_are_counted(tmp_path: Path) -> None:
    body = parts_of((other_blank(tmp_path / "a.xlsx", lambda book, sheet: sheet.cell(4, 1, "说明")), (tmp_path / "a.xlsx").read_bytes())[1])
    import re

    body["xl/worksheets/sheet1.xml"] = re.sub(rb'<c r="[A-Z]+\d+"', b"<c", body["xl/worksheets/sheet1.xml"])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, part in body.items():
            made.writestr(name, part)
    sheet = openpyxl.load_workbook(io.BytesIO(Blank(out.getvalue()).fill("上报", 2, [{1: "张三"}])))["上报"]
    assert sheet["B2"].value == "张三"
