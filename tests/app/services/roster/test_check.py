"""Any workbook in: the samples come in exactly as their truth files say, and every doubt is named."""

import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import psutil
import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from app.services.roster import layout
from app.services.roster.check import as_document, check_file, check_sheets, reread
from app.services.roster.reader import PasswordNeeded, Sheet, read
from db.problems import UserError
from tests.conftest import id_number

ROOT = Path(__file__).resolve().parents[4]
SAMPLES = ROOT / "tests" / "samples"
TRUTHS = sorted(SAMPLES.glob("*.truth.json"))


def by_place(document: dict[str, Any]) -> dict[tuple[str, int], dict[str, Any]]:
    return {(sheet["name"], row["row"]): row for sheet in document["sheets"] for row in sheet["rows"]}


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda p: p.name.removesuffix(".truth.json"))
def test_a_sample_comes_in_exactly_as_its_truth_file_says(truth: Path) -> None:
    file = truth.with_name(truth.name.removesuffix(".truth.json"))
    wanted = json.loads(truth.read_text("utf-8"))
    found = by_place(as_document(check_file(file)))
    sheet = next(iter(found))[0]
    expected = {((p.get("sheet") or wanted.get("sheet") or sheet) if "sheets" not in wanted else p["sheet"], p["row"]): p for p in wanted["people"]}
    assert set(found) == set(expected)
    for place, person in expected.items():
        values = {k: v for k, v in person.items() if k not in ("row", "sheet", "problems")}
        assert {k: found[place]["values"].get(k) for k in values} == values, place
        assert sorted(p["code"] for p in found[place]["problems"]) == sorted(person["problems"]), place


def test_the_large_sample_is_all_sound(samples: Path) -> None:
    document = as_document(check_file(samples / "会员名册-2万人.xlsx"))
    rows = by_place(document)
    assert len(rows) == 20_000
    assert not any(row["problems"] for row in rows.values())


def test_two_row_headers_and_hints_are_understood() -> None:
    document = as_document(check_file(SAMPLES / "花名册-人事科.xlsx"))
    sheet = document["sheets"][0]
    assert sheet["header_rows"] == [3, 4]
    assert sheet["columns"]["公民身份号码"] == "id_number"
    assert {(s["row"], s["why"]) for s in sheet["skipped"]} == {(106, "blank"), (268, "total"), (269, "blank"), (270, "note"), (271, "note")}
    assert [s.get("why_skipped") for s in document["sheets"]] == [None, "hidden-sheet", "left-sheet"]


def sheet(*rows: list[Any], name: str = "名单", visible: bool = True, merges: tuple[tuple[int, int, int, int], ...] = ()) -> Sheet:
    return Sheet(name, visible, [list(row) for row in rows], merges)


def checked_rows(*sheets: Sheet) -> list[Any]:
    return list(check_sheets("x", list(sheets)).rows)


HEADER = ["姓名", "身份证号", "手机", "部门"]


def test_a_header_in_the_tenth_row_under_notes_is_found() -> None:
    rows = checked_rows(sheet(*([["通知", "", "", ""]] * 9), HEADER, ["张三", id_number(1), "13800000001", "一车间"]))
    assert [r.values["full_name"] for r in rows] == ["张三"]


def test_the_header_repeated_on_each_printed_page_is_no_person() -> None:
    rows = checked_rows(sheet(HEADER, ["张三", id_number(1), "", ""], HEADER, ["李四", id_number(2), "", ""]))
    assert [r.values["full_name"] for r in rows] == ["张三", "李四"]


def test_a_vertical_merge_fills_down_for_departments_only() -> None:
    rows = checked_rows(sheet(HEADER, ["张三", id_number(1), "13800000001", "一车间"], ["李四", id_number(2), "", ""], merges=((1, 3, 2, 3), (1, 2, 2, 2))))
    assert [(r.values["department"], r.values["mobile"]) for r in rows] == [("一车间", "13800000001"), ("一车间", None)]


def test_a_sample_row_of_the_official_blank_is_no_person() -> None:
    rows = checked_rows(sheet(["序号", *HEADER], ["", "11", "11", "1", "海口市"], [1, "张三", id_number(1), "", ""]))
    assert [r.values["full_name"] for r in rows] == ["张三"]


def test_several_sheets_share_one_look_for_repeats() -> None:
    rows = checked_rows(sheet(HEADER, ["张三", id_number(1), "", ""], name="一车间"), sheet(HEADER, ["张三", id_number(1), "", ""], name="二车间"))
    assert [[p.code for p in r.problems] for r in rows] == [[], ["duplicate-in-file"]]


def test_a_missing_number_is_a_doubt_and_no_refusal() -> None:
    row = checked_rows(sheet(HEADER, ["张三", "", "13800000001", ""]))[0]
    assert ([p.code for p in row.problems], row.is_sound) == (["id-missing"], True)


def test_the_number_settles_birth_and_gender_and_contradictions_are_named() -> None:
    row = checked_rows(sheet(["姓名", "性别", "出生日期", "身份证号"], ["张三", "女", "1991-03-07", id_number(1)]))[0]
    assert (row.values["gender"], str(row.values["birth_date"])) == ("男", "1990-03-07")
    assert [p.code for p in row.problems] == ["gender-mismatch", "birth-mismatch"]


def test_a_cell_mended_in_the_preview_is_read_again() -> None:
    row = checked_rows(sheet(HEADER, ["张三", 1.10105199003072e17, "13800000001", ""]))[0]
    assert not row.is_sound
    mended = reread(row, {"id_number": id_number(1)})
    assert (mended.is_sound, mended.values["id_number"], mended.values["gender"]) == (True, id_number(1), "男")


def test_a_landline_in_the_phone_column_goes_to_its_own_field() -> None:
    row = checked_rows(sheet(HEADER, ["张三", id_number(1), "010-65000000", ""]))[0]
    assert (row.values["mobile"], row.values["landline"]) == (None, "010-65000000")


def test_when_mobile_and_phone_both_stand_there_each_goes_its_way() -> None:
    row = checked_rows(sheet(["姓名", "联系电话", "手机号码", "部门"], ["张三", "010-65000000", "13800000001", ""]))[0]
    assert (row.values["mobile"], row.values["landline"]) == ("13800000001", "010-65000000")


def test_columns_set_by_hand_are_obeyed() -> None:
    one = sheet(["姓名", "备用", "部门"], ["张三", id_number(1), "一车间"])
    table = layout.find_table(one)
    assert table is not None
    rows = list(check_sheets("x", [one], columns={table.shape: {0: "full_name", 1: "id_number", 2: "department"}}).rows)
    assert rows[0].values["id_number"] == id_number(1)


@pytest.mark.parametrize("header", [alias for f in layout.importable().values() for alias in (f.label, *f.aliases)])
def test_every_alias_names_its_field(header: str) -> None:
    assert layout.field_for(header) is not None
    assert layout.field_for(f" {header}\n（必填）") == layout.field_for(header)


def test_the_official_blank_is_understood(samples: Path) -> None:
    blank = samples.parent / "official" / "deptMemberTemplates.xlsx"
    table = layout.find_table(read(blank)[0])
    assert table is not None
    assert table.header_rows == (4,)
    assert len(table.columns) == 19  # all but 序号


# -- bad input: one sentence each, nothing written, under ten seconds and 500 MB


def book(fill: Callable[[Any], None]) -> bytes:
    made = openpyxl.Workbook()
    fill(made.active)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container:
        for name, body in parts.items():
            container.writestr(name, body)
    return out.getvalue()


CONTENT_TYPES = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
RELS = b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>'
WORKBOOK = b'<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
BOOK_RELS = b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'


def with_sheet(xml: bytes) -> bytes:
    return packed(**{"[Content_Types].xml": CONTENT_TYPES, "_rels/.rels": RELS, "xl/workbook.xml": WORKBOOK, "xl/_rels/workbook.xml.rels": BOOK_RELS, "xl/worksheets/sheet1.xml": xml})


SHEET = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
CELL = b'<c r="%s" t="inlineStr"><is><t>x</t></is></c>'


def far_cells() -> bytes:
    return with_sheet(SHEET % (b'<row r="1">' + CELL % b"A1" + b'</row><row r="1048576">' + CELL % b"XFD1048576" + b"</row>"))


def zip_bomb() -> bytes:
    return with_sheet(SHEET % (b'<row r="1">' + CELL % b"A1" + b"</row>" + b" " * 600_000_000))


def entity() -> bytes:
    return with_sheet(b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet><sheetData>&e;</sheetData></worksheet>')


def blank_million() -> bytes:
    rows = b"".join(b'<row r="%d"><c r="A%d" s="0"/><c r="T%d" s="0"/></row>' % (n, n, n) for n in range(1, 1_000_001))
    return with_sheet(SHEET % rows)


def locked(body: bytes, password: str = "工会2026") -> bytes:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(body)).encrypt(password, out)
    return out.getvalue()


GOOD = book(lambda s: s.append(HEADER))
BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("a.xlsx", lambda: b"", "空的"),
    "truncated": ("a.xlsx", lambda: GOOD[: len(GOOD) // 2], "不完整"),
    "picture": ("a.xlsx", lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "图片"),
    "html": ("a.xls", lambda: "<html><p>请登录</p><table><tr><td>姓名</td></tr></table></html>".encode(), "网页"),
    "html-deep": ("a.xls", lambda: b"<html>" + b"<table><tr><td>" * 30_000, "。"),
    "xml-entity": ("a.xls", lambda: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">&a;', "。"),
    "locked-bomb": ("a.xlsx", lambda: locked(zip_bomb()), "密码"),
    "pdf": ("a.xls", lambda: b"%PDF-1.7 ....", "PDF"),
    "word": ("a.xlsx", lambda: packed(**{"word/document.xml": b"<x/>"}), "文档"),
    "ods": ("a.ods", lambda: packed(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), ".ods"),
    "password": ("a.xlsx", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600), "密码"),
    "far-cells": ("a.xlsx", far_cells, "没有"),
    "zip-bomb": ("a.xlsx", zip_bomb, "没有打开"),
    "entity": ("a.xlsx", entity, "外部引用"),
    "plain-text": ("a.csv", lambda: "你好\n世界".encode(), "没有分列"),
    "binary": ("a.csv", lambda: bytes(range(256)) * 10, "看不出"),
    "wps-et": ("a.et", lambda: b"x", "另存为"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gives_one_sentence_quickly_and_in_little_memory(case: str, tmp_path: Path) -> None:
    name, make, words = BAD[case]
    path = tmp_path / name
    path.write_bytes(make())
    before = psutil.Process().memory_info().rss
    started = time.monotonic()
    with pytest.raises(UserError) as refused:
        check_file(path)
    assert time.monotonic() - started < 10
    assert psutil.Process().memory_info().rss - before < 500_000_000
    assert words in str(refused.value)
    assert str(refused.value).endswith("。")


def test_a_million_blank_rows_end_quickly_either_way(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(blank_million())
    started = time.monotonic()
    try:
        assert list(check_file(path).rows) == []
    except UserError as e:
        assert str(e).endswith("。")
    assert time.monotonic() - started < 10


def test_the_terminal_twin_prints_the_document_and_writes_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "app", "roster", "check", str(SAMPLES / "导出-物业.csv"), "--json"], cwd=ROOT, capture_output=True, check=True)
    document = json.loads(done.stdout)
    assert set(document) == {"file", "sheets"}
    assert set(document["sheets"][0]) >= {"name", "header_rows", "columns", "rows", "skipped"}
    assert document["sheets"][0]["header_rows"] == [1]
    assert set(document["sheets"][0]["rows"][0]) == {"row", "values", "problems", "changes"}


def test_the_terminal_twin_refuses_with_one_sentence_and_code_2(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"")
    done = subprocess.run([sys.executable, "-m", "app", "roster", "check", str(tmp_path / "x.xlsx"), "--json"], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().strip().count("\n") == 0


def test_a_second_table_with_other_columns_is_read_with_its_own() -> None:
    rows = checked_rows(sheet(["序号", "姓名", "部门", "手机"], [1, "张三", "一车间", "13800000001"], ["", "", "", ""], ["序号", "部门", "姓名", "手机"], [1, "二车间", "李四", "13800000002"]))
    assert [(r.values["full_name"], r.values["department"]) for r in rows] == [("张三", "一车间"), ("李四", "二车间")]


def test_a_column_under_a_group_that_names_something_else_is_left_alone() -> None:
    rows = checked_rows(
        sheet(["姓名", "身份证号", "联系方式", ""], ["", "", "邮箱", "手机"], ["张三", id_number(1), "a@b.c", "13800000001"], merges=((0, 2, 0, 3), (0, 0, 1, 0), (0, 1, 1, 1)))
    )
    assert [(r.values["mobile"], r.problems) for r in rows] == [("13800000001", ())]


def test_people_called_like_a_page_number_are_people() -> None:
    assert [r.values["full_name"] for r in checked_rows(sheet(HEADER, ["第五文静", "", "", "一车间"], ["第 1 页", "", "", ""]))] == ["第五文静"]


def test_a_workbook_of_retired_members_alone_can_be_taken_in() -> None:
    assert len(checked_rows(sheet(HEADER, ["张三", id_number(1), "", ""], name="离退休会员"))) == 1


@pytest.mark.parametrize("cell", ["2015-00-00", "20150000", "2015年0月", "2015-13-01"])
def test_a_month_that_is_none_is_no_date(cell: str) -> None:
    row = checked_rows(sheet(["姓名", "身份证号", "入会日期"], ["张三", id_number(1), cell]))[0]
    assert [p.code for p in row.problems] == ["date-unreadable"]


def test_a_table_that_begins_in_the_middle_of_a_sheet_keeps_its_row_numbers(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    page = made.active
    for c, header in enumerate(HEADER):
        page.cell(5, 3 + c, header)
        page.cell(6, 3 + c, ["张三", id_number(1), "13800000001", "一车间"][c])
    made.save(tmp_path / "a.xlsx")
    checked = check_file(tmp_path / "a.xlsx").sheets[0]
    assert checked.table is not None
    assert (checked.table.header_rows, [r.row for r in checked.rows]) == ((5,), [6])


def test_a_workbook_that_counts_from_1904_gives_the_right_days(tmp_path: Path) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    made = openpyxl.Workbook()
    made.epoch = CALENDAR_MAC_1904
    made.active.append(["姓名", "身份证号", "入会日期"])
    made.active.append(["张三", id_number(1), 40608])
    made.save(tmp_path / "a.xlsx")
    assert [str(r.values["joined_on"]) for r in check_file(tmp_path / "a.xlsx").rows] == ["2015-03-07"]


@pytest.mark.parametrize("filler", ["无", "暂无", "/", "-", "——", "不详"])
def test_fillers_say_nothing_and_leave_nobody_out(filler: str) -> None:
    row = checked_rows(sheet([*HEADER, "入会日期"], ["张三", filler, filler, "/", filler]))[0]
    assert row.is_sound
    assert [row.values[n] for n in ("id_number", "mobile", "department", "joined_on")] == [None] * 4


def test_footers_are_notes_and_long_names_are_people() -> None:
    rows = checked_rows(sheet(["姓名", "身份证号", "部门"], ["阿不都热合曼·买买提依明·吐尔逊", "", ""], ["小计明", id_number(2), ""], ["制表人：张三", "审核：李四五六", ""], ["合计：2人", "", ""], ["小计", "2", ""]))
    assert [r.values["full_name"] for r in rows] == ["阿不都热合曼·买买提依明·吐尔逊", "小计明"]


def test_a_full_width_digit_in_a_phone_is_folded() -> None:
    assert checked_rows(sheet(HEADER, ["张三", id_number(1), "1381234567８", ""]))[0].values["mobile"] == "13812345678"


HTML = """<html><head><meta charset="{charset}"></head><body><table border=1>
<tr><th rowspan=2>姓名</th><th rowspan=2>身份证号</th><th colspan=2>联系</th></tr><tr><th>手机</th><th>部门</th></tr>
<tr><td>张&nbsp;三</td><td>{one}</td><td>13800000001</td><td rowspan=2>一车间</td></tr>
<tr><td>李四</td><td>{two}</td><td>13800000002</td></tr></table></body></html>"""


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_a_web_page_called_xls_comes_in_like_any_table(charset: str, tmp_path: Path) -> None:
    (tmp_path / "导出.xls").write_bytes(HTML.format(charset=charset, one=id_number(1), two=id_number(2)).encode(charset))
    rows = list(check_file(tmp_path / "导出.xls").rows)
    assert [(r.values["full_name"], r.values["mobile"], r.values["department"]) for r in rows] == [("张三", "13800000001", "一车间"), ("李四", "13800000002", "一车间")]


def test_a_workbook_written_as_xml_comes_in(tmp_path: Path) -> None:
    def line(*cells: str) -> str:
        return "<Row>" + "".join(f'<Cell><Data ss:Type="String">{c}</Data></Cell>' for c in cells) + "</Row>"

    body = (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="名单"><Table>'
        + line(*HEADER) + '<Row ss:Index="4"><Cell><Data ss:Type="String">张三</Data></Cell><Cell ss:Index="3"><Data ss:Type="Number">13800000001</Data></Cell></Row>'
        + "</Table></Worksheet></Workbook>"
    )
    (tmp_path / "a.xls").write_text(body, "utf-8")
    assert [(r.row, r.values["full_name"], r.values["mobile"]) for r in check_file(tmp_path / "a.xls").rows] == [(4, "张三", "13800000001")]


def test_a_locked_workbook_asks_for_its_password_and_opens_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(locked(book(lambda s: [s.append(HEADER), s.append(["张三", id_number(1), "", ""])])))
    with pytest.raises(PasswordNeeded, match="有打开密码"):
        check_file(path)
    with pytest.raises(PasswordNeeded, match="密码不对"):
        check_file(path, password="wrong")
    assert [r.values["full_name"] for r in check_file(path, password="工会2026").rows] == ["张三"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.xlsx"]


def test_a_bomb_behind_a_password_is_refused_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(locked(zip_bomb()))
    with pytest.raises(UserError, match="没有打开"):
        check_file(tmp_path / "a.xlsx", password="工会2026")


def test_two_lists_side_by_side_are_both_read() -> None:
    checked = check_sheets("x", [sheet(["序号", "姓名", "手机", "", "序号", "姓名", "手机"], [1, "张三", "13800000001", "", 3, "王五", "13800000003"], [2, "李四", "13800000002", "", "", "", ""])])
    assert [(r.row, r.values["full_name"], r.values["mobile"]) for r in checked.rows] == [(2, "张三", "13800000001"), (3, "李四", "13800000002"), (2, "王五", "13800000003")]
    assert len({r.key for r in checked.rows}) == 3


def test_a_visible_list_sheet_is_named_and_skipped() -> None:
    checked = check_sheets("x", [sheet(HEADER, ["张三", id_number(1), "", ""]), sheet(["姓名", "性别", "手机"], ["男", "女", ""], name="下拉菜单表")])
    assert [s.why_skipped for s in checked.sheets] == [None, "list-sheet"]


def test_what_a_name_cell_says_besides_goes_to_the_note() -> None:
    row = checked_rows(sheet([*HEADER, "备注"], ["赵六（退休）", id_number(1), "13800000001/010-65001234、13800000002", "", "班长"]))[0]
    assert (row.values["full_name"], row.values["note"]) == ("赵六", "班长；其他电话 13800000002；退休")
    assert (row.values["mobile"], row.values["landline"]) == ("13800000001", "010-65001234")
    assert {name: [c.rule for c in said] for name, said in row.changes().items()} == {
        "full_name": ["name-remark"], "mobile": ["phone-first"], "note": ["name-remark"], "landline": ["phone-moved"], "gender": ["id-settles"], "birth_date": ["id-settles"],
    }


@pytest.mark.parametrize(("document", "number", "codes"), [
    ("台胞证", "12345678", []), ("护照", "E12345678", []), ("回乡证", "H12345678", []), ("居民身份证", "E12345678", ["id-type-mismatch"]), ("居民身份证", "12345678", ["id-length"]),
])
def test_other_documents_are_judged_by_what_they_are_called(document: str, number: str, codes: list[str]) -> None:
    row = checked_rows(sheet(["姓名", "证件类型", "证件号码"], ["张三", document, number]))[0]
    assert [p.code for p in row.problems] == codes
    assert (row.values["id_number"] == number) == (codes != ["id-length"])


# -- what a review found


def test_two_lists_side_by_side_go_on_after_a_repeated_header() -> None:
    head = ["序号", "姓名", "手机", "序号", "姓名", "手机"]
    rows = checked_rows(sheet(head, ["1", "张一", "13800000001", "2", "李一", "13800000002"], head, ["3", "张二", "13800000003", "4", "李二", "13800000004"]))
    assert sorted(r.values["full_name"] for r in rows) == ["张一", "张二", "李一", "李二"]


def test_the_name_of_a_section_is_no_person_and_a_head_of_one_is() -> None:
    head = ["职务", "姓名", "性别", "手机"]
    rows = checked_rows(sheet(head, ["", "财务科", "", ""], ["负责人", "张三", "男", "13800000001"], ["", "第二车间（含仓库）", "", ""], ["审核员", "李四", "女", "13800000002"]))
    assert [r.values["full_name"] for r in rows] == ["张三", "李四"]


def test_a_block_about_the_spouse_is_about_nobody_of_ours() -> None:
    top, below = ["职工本人", "", "", "配偶", "", ""], ["姓名", "身份证号", "手机", "姓名", "身份证号", "手机"]
    rows = checked_rows(sheet(top, below, ["张三", id_number(1), "13800000001", "王丽", id_number(2), "13800000002"], merges=((0, 0, 0, 2), (0, 3, 0, 5))))
    assert [(r.values["full_name"], r.values["mobile"]) for r in rows] == [("张三", "13800000001")]


def test_the_phone_of_somebody_else_is_not_hers() -> None:
    row = checked_rows(sheet(["姓名", "联系电话", "手机（紧急联系人）", "部门"], ["张三", "13800000001", "13900000009", ""]))[0]
    assert (row.values["mobile"], row.values.get("landline")) == ("13800000001", None)


@pytest.mark.parametrize(("cell", "code"), [("张**", "name-hidden"), ("*三", "name-hidden"), ("张三 李四", "name-odd"), ("欧阳 娜娜", None)])
def test_names_that_were_masked_or_may_be_two_are_named(cell: str, code: str | None) -> None:
    assert [p.code for p in checked_rows(sheet(HEADER, [cell, id_number(1), "", ""]))[0].problems] == ([code] if code else [])


def test_the_name_of_a_sheet_is_a_department_only_where_it_can_be() -> None:
    rows = checked_rows(sheet(["姓名", "手机"], ["张三", "13800000001"], name="2024年"), sheet(["姓名", "手机"], ["李四", "13800000002"], name="财务科"))
    assert [r.values.get("department") for r in rows] == [None, "财务科"]


# -- what trying odd workbooks found


@pytest.mark.parametrize(("header", "name"), [
    ("员工姓名", "full_name"), ("姓名/Name", "full_name"), ("Name 姓名", "full_name"), ("身份证件号码", "id_number"), ("身份证号/护照号", "id_number"), ("ID No. 身份证号", "id_number"), ("本人手机", "mobile"),
    ("Mobile 手机", "mobile"), ("固话", "landline"), ("部门/科室", "department"), ("所属车间", "department"), ("会员证号码", "member_card_no"), ("员工性别", "gender"), ("户籍地", "household_place"),
    ("紧急联系人电话", None), ("配偶姓名", None), ("备注", "note"),
])
def test_headers_are_known_by_more_than_their_plain_word(header: str, name: str | None) -> None:
    assert layout.field_for(header) == name


def test_two_lists_under_headings_of_their_own_are_both_read() -> None:
    top, head = ["甲班", "", "", "乙班", "", ""], ["姓名", "身份证号", "手机", "姓名", "身份证号", "手机"]
    rows = checked_rows(sheet(top, head, ["花一", id_number(1), "", "草一", id_number(2), ""], merges=((0, 0, 0, 2), (0, 3, 0, 5))))
    assert [r.values["full_name"] for r in rows] == ["花一", "草一"]


@pytest.mark.parametrize("cells", [
    ["示例", "张三", "男", id_number(3)], ["例：", "张三", "男", id_number(3)], ["例", "张三", "", ""], ["6", "合计", "", ""], ["", "男3人，女2人", "", ""], ["", "本页小计", "3人", ""], ["", "以上合计3人", "", ""],
    ["", "（二）生产一线", "", ""], ["", "工会（盖章）：", "", ""], ["", "工会主席：张三", "", ""], ["", "续表", "", ""], ["", "（以下空白）", "", ""], ["（1）", "（2）", "（3）", "（4）"], ["甲", "乙", "丙", "丁"],
])
def test_samples_totals_sections_signatures_and_numbering_are_no_persons(cells: list[str]) -> None:
    rows = checked_rows(sheet(["序号", "姓名", "性别", "身份证号"], cells, ["1", "李四", "男", id_number(1)]))
    assert [r.values["full_name"] for r in rows] == ["李四"]


@pytest.mark.parametrize("cells", [["审核部", "乐一", "2015.3"], ["打印室", "于二", "2016.3"], ["说明书组", "付三", "2015"]])
def test_people_of_a_department_that_is_called_like_a_note_are_people(cells: list[str]) -> None:
    assert [r.values["full_name"] for r in checked_rows(sheet(["部门", "姓名", "入会时间"], cells))] == [cells[1]]


def test_a_comma_in_the_first_line_of_a_tab_separated_file_is_no_column(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"序号\t姓名\t身份证号(18位,末位X大写)\t手机\n1\t张三\t{id_number(1)}\t13800000001\n2\t李四\t{id_number(2)}\t13800000002\n", "utf-8")
    assert [r.values["full_name"] for r in check_file(tmp_path / "a.txt").rows] == ["张三", "李四"]


@pytest.mark.parametrize(("name", "department"), [("职工食堂", "职工食堂"), ("会员服务部", "会员服务部"), ("财务部名单", "财务部"), ("一车间(12人)", "一车间"), ("表2", None), ("工会会员", None), ("女职工", None), ("退休人员", None), ("选项部", "选项部")])
def test_sheets_are_departments_where_their_names_can_be(name: str, department: str | None) -> None:
    other = sheet(["姓名", "身份证号", "手机"], ["李四", id_number(2), ""], name="机修车间")
    rows = checked_rows(sheet(["姓名", "身份证号", "手机"], ["张三", id_number(1), ""], name=name), other)
    assert rows[0].values.get("department") == department


@pytest.mark.parametrize(("cell", "mobile", "landline", "note"), [
    ("13812345684（本人）", "13812345684", None, None), ("手机13812345691", "13812345691", None, None), ("138.1234.5698", "13812345698", None, None), ("13800138000;", "13800138000", None, None),
    ("13812345696和13812345697", "13812345696", None, "其他电话 13812345697"), ("010-65871234/65871235", None, "010-65871234", "其他电话 65871235"), ("13812345696 / 8888", "13812345696", None, "其他电话 8888"),
])
def test_phones_that_are_plain_to_read_are_read(cell: str, mobile: str | None, landline: str | None, note: str | None) -> None:
    row = checked_rows(sheet(HEADER, ["张三", id_number(1), cell, ""]))[0]
    assert (row.values["mobile"], row.values.get("landline"), row.values.get("note"), row.is_sound) == (mobile, landline, note, True)


@pytest.mark.parametrize(("table", "words", "term"), [
    ("skill_level", ("三级（高级工）", "高级工(三级)", "国家职业资格三级", "3级", "技能三级", "高级技工"), "三级/高级工"), ("skill_level", ("国家职业资格二级（技师）",), "二级/技师"),
    ("education", ("大学本科毕业", "在职本科", "本科（函授）", "大本"), "本科"), ("education", ("本科在读", "本科（在读）", "大专肄业"), None), ("political_status", ("民盟",), "民盟盟员"),
    ("political_status", ("中国共产党预备党员", "党员(预备)"), "中共预备党员"), ("political_status", ("民主党派", "入党积极分子"), None),
])
def test_terms_are_known_in_the_words_of_clerks(table: str, words: tuple[str, ...], term: str | None) -> None:
    from db import codes

    assert {word: codes.table(table).find(word) for word in words} == dict.fromkeys(words, term)


@pytest.mark.parametrize(("cell", "day"), [("2015.05.", "2015-05"), ("2015、5、13", "2015-05-13"), ("2015--05-13", "2015-05-13"), ("2015,5,13", "2015-05-13"), ("2015\\5\\13", "2015-05-13")])
def test_dates_in_the_punctuation_of_clerks(cell: str, day: str) -> None:
    assert str(checked_rows(sheet(["姓名", "身份证号", "入会日期"], ["张三", id_number(1), cell]))[0].values["joined_on"]) == day


def test_a_number_among_words_is_taken_and_named_and_words_alone_are_a_missing_number() -> None:
    rows = checked_rows(sheet(HEADER, ["张三", f"身份证：{id_number(1)}（长期）", "", ""], ["李四", "待补", "", ""], ["吴○华", id_number(3), "", ""], ["李某某", id_number(4), "", ""]))
    assert [(r.values["id_number"], [p.code for p in r.problems]) for r in rows] == [(id_number(1), ["id-words"]), (None, ["id-missing"]), (id_number(3), ["name-odd"]), (id_number(4), ["name-odd"])]


def test_a_formula_counts_as_the_value_that_was_stored_with_it(tmp_path: Path) -> None:
    head = b"".join(b'<c r="%s1" t="inlineStr"><is><t>%s</t></is></c>' % (c, h.encode()) for c, h in ((b"A", "姓名"), (b"B", "身份证号"), (b"C", "部门")))
    line = f'<c r="A2" t="str"><f>"张"&amp;"三"</f><v>张三</v></c><c r="B2" t="str"><f>T(D2)</f><v>{id_number(1)}</v></c><c r="C2" t="str"><f>D3</f><v>一车间</v></c>'.encode()
    (tmp_path / "a.xlsx").write_bytes(with_sheet(SHEET % (b'<row r="1">' + head + b'</row><row r="2">' + line + b"</row>")))
    assert [(r.values["full_name"], r.values["id_number"], r.values["department"]) for r in check_file(tmp_path / "a.xlsx").rows] == [("张三", id_number(1), "一车间")]


def test_people_listed_under_a_line_about_leaving_are_asked_about() -> None:
    rows = checked_rows(sheet(["姓名", "性别", "手机"], ["张三", "男", "13800000001"], ["以下人员已离职", "", ""], ["李四", "男", "13800000002"], ["机修车间", "", ""], ["王五", "男", "13800000003"]))
    assert [(r.values["full_name"], [p.code for p in r.problems]) for r in rows] == [("张三", []), ("李四", ["listed-as-left"]), ("王五", [])]
