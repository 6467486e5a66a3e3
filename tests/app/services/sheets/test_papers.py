"""Word blanks of upper unions: filled in place, nothing else of the file altered."""

import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from app.services import guarded
from app.services.office import Office
from app.services.sheets import blanks, papers
from db.dates import PartialDate
from db.problems import UserError
from db.registers import Assistance, HardshipCase, Member
from tests.conftest import person

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
OFFICIAL = Path(__file__).resolve().parents[5] / "shared" / "official"


def cell(*runs: str, style: str = "") -> str:
    return f"<w:tc><w:tcPr><w:tcW w:w='2000'/></w:tcPr><w:p>{style}{''.join(f'<w:r><w:rPr><w:b/></w:rPr><w:t>{run}</w:t></w:r>' for run in runs)}</w:p></w:tc>"


def docx(rows: list[list[str]], *, more: bytes = b"\x00\x01") -> bytes:
    table = "".join(f"<w:tr>{''.join(row)}</w:tr>" for row in rows)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("word/document.xml", f"<?xml version='1.0'?><w:document {W}><w:body><w:p><w:r><w:t>申请表</w:t></w:r></w:p><w:tbl>{table}</w:tbl><w:sectPr/></w:body></w:document>")
        made.writestr("word/media/image1.bin", more)
    return out.getvalue()


def texts(body: bytes) -> list[list[str]]:
    root = papers._document(body)["word/document.xml"]
    return [[papers._text(c) for c in row] for _, rows in papers._cells(root) for row in rows]


def others(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return {name: packed.read(name) for name in packed.namelist() if name != "word/document.xml"}


@pytest.fixture
def member(add: Callable[..., str]) -> str:
    return add(Member, **person(1, birth_date=PartialDate(1990, 3, 7), gender="女"))


def bind(office: Office, register: type, body: bytes, tmp_path: Path, **more: str) -> papers.Paper:
    (tmp_path / "空白表.docx").write_bytes(body)
    papers.keep(office, register, tmp_path / "空白表.docx", "上级的表", {**papers.suggest(register, papers.places(body)), **more})
    with office.reading() as session:
        [paper] = papers.papers(session, register)
        assert blanks.forms(session) == [], "it is no workbook"
    return paper


def test_empty_cells_are_found_by_their_labels_and_filled_in_the_labels_type(office: Office, member: str, tmp_path: Path) -> None:
    body = docx([[cell("姓 名"), cell(), cell("性别："), cell()], [cell("身份证号码"), cell(), cell("单位意见"), cell()]])
    filled = papers.fill(office, bind(office, Member, body, tmp_path), member)
    assert texts(filled) == [["姓 名", person(1)["full_name"], "性别：", "女"], ["身份证号码", person(1)["id_number"], "单位意见", ""]]
    assert others(filled) == others(body)
    with zipfile.ZipFile(io.BytesIO(filled)) as packed:
        assert packed.read("word/document.xml").count(b"<w:b/>") == 4 + 3


def test_marks_are_filled_also_where_word_has_cut_them_into_pieces(office: Office, member: str, tmp_path: Path) -> None:
    body = docx([[cell("姓名"), cell("${na", "me}", " 同志")], [cell("出生日期"), cell("${birthday}")], [cell("备注"), cell("${remark}无")]])
    assert [(p.key, p.label) for p in papers.places(body)] == [("name", "姓名"), ("birthday", "出生日期"), ("remark", "备注")]
    paper = bind(office, Member, body, tmp_path)
    assert texts(papers.fill(office, paper, member)) == [["姓名", f"{person(1)['full_name']} 同志"], ["出生日期", "1990年3月7日"], ["备注", "无"]]


def control(prompt: str) -> str:
    """A cell with a content control that shows its prompt."""
    return f"<w:tc><w:p><w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:rPr><w:rStyle w:val='PlaceholderText'/></w:rPr><w:t>{prompt}</w:t></w:r></w:sdtContent></w:sdt></w:p></w:tc>"


def test_content_controls_headers_and_footers_are_filled(office: Office, member: str, tmp_path: Path) -> None:
    inside = f"<w:sdt><w:sdtContent>{cell()}</w:sdtContent></w:sdt>"
    body = docx([[cell("姓名"), control("单击此处输入文字"), cell("性别"), inside]])
    with zipfile.ZipFile(whole := io.BytesIO(body), "a") as made:
        made.writestr("word/header1.xml", f"<w:hdr {W}><w:p><w:r><w:t>编号：${{employee_no}}</w:t></w:r></w:p></w:hdr>")
        made.writestr("word/footer1.xml", f"<w:ftr {W}><w:p><w:r><w:t>第 1 页</w:t></w:r></w:p></w:ftr>")
    paper = bind(office, Member, whole.getvalue(), tmp_path, employee_no="employee_no")
    assert set(paper.places) == {"employee_no", "0.0.1", "0.0.3"}
    filled = papers.fill(office, paper, member)
    assert texts(filled) == [["姓名", person(1)["full_name"], "性别", "女"]]
    with zipfile.ZipFile(io.BytesIO(filled)) as packed:
        assert "编号：A00001" in packed.read("word/header1.xml").decode() and b"PlaceholderText" not in packed.read("word/document.xml")
        assert packed.read("word/footer1.xml") == zipfile.ZipFile(whole).read("word/footer1.xml")


def test_what_a_reference_leads_to_can_be_written_too(office: Office, add: Callable[..., str], member: str, tmp_path: Path) -> None:
    guarded.let(office, office.user.name, may=True)
    case = add(HardshipCase, member=member, case_no="KN-1", consent_on=PartialDate(2026, 1, 1))
    help_ = add(Assistance, hardship_case=case, kind="医疗救助", given_on=PartialDate(2026, 5, 1), illness="肺炎", own_cost=Decimal("12000"))
    body = docx([[cell("职工编号"), cell("${no}")], [cell("病种"), cell()], [cell("自付金额"), cell()]])
    paper = bind(office, Assistance, body, tmp_path, no="hardship_case.case_no")
    assert texts(papers.fill(office, paper, help_)) == [["职工编号", "KN-1"], ["病种", "肺炎"], ["自付金额", "12,000.00"]]


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04nonsense", docx([])[:80], b"\xd0\xcf\x11\xe0old .doc"])
def test_what_is_no_word_file_is_said(body: bytes) -> None:
    with pytest.raises(UserError, match="Word"):
        papers.places(body)


def test_a_blank_with_nothing_bound_is_not_kept(office: Office, tmp_path: Path) -> None:
    (tmp_path / "x.docx").write_bytes(docx([[cell("姓名"), cell()]]))
    with pytest.raises(UserError, match="一处也没有"):
        papers.keep(office, Member, tmp_path / "x.docx", "", {})


@pytest.mark.parametrize("name", ["straitened.docx", "straitened-medical.docx", "straitened-study.docx", "employee.docx"])
def test_the_provinces_real_blanks_are_filled_and_stay_themselves(office: Office, add: Callable[..., str], member: str, tmp_path: Path, name: str) -> None:
    if not (OFFICIAL / name).is_file():
        pytest.skip("the official blanks are not beside this checkout")
    guarded.let(office, office.user.name, may=True)
    body = (OFFICIAL / name).read_bytes()
    case = add(HardshipCase, member=member, case_no="KN-1", cause="家人患病", consent_on=PartialDate(2026, 1, 1))
    paper = bind(office, HardshipCase, body, tmp_path, name="member.full_name")
    filled = papers.fill(office, paper, case)
    assert others(filled) == others(body)
    flat = "".join(text for row in texts(filled) for text in row)
    assert person(1)["full_name"] in flat and "${" not in flat
    assert [len(row) for row in texts(filled)] == [len(row) for row in texts(body)]


def spanned(text: str, more: str) -> str:
    return cell(text).replace("</w:tcPr>", f"{more}</w:tcPr>") if text else cell().replace("</w:tcPr>", f"{more}</w:tcPr>")


def test_merged_cells_are_labelled_by_the_grid_and_their_rest_is_no_place() -> None:
    wide = "<w:gridSpan w:val='2'/>"
    body = docx([[spanned("姓名", wide), cell("备注")], [spanned("", wide), cell()], [spanned("意见", "<w:vMerge w:val='restart'/>"), cell("电话"), cell("x")], [spanned("", "<w:vMerge/>"), cell("手机"), cell()]])
    assert [(p.key, p.label) for p in papers.places(body)] == [("0.1.0", "姓名"), ("0.1.1", "备注"), ("0.3.2", "手机")]


def test_what_is_written_in_is_never_taken_for_a_mark(office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    who = add(Member, **person(1, post="${name}", department="一\ufffe车间"))
    body = docx([[cell("岗位"), cell()], [cell("部门"), cell("${dept}")]])
    paper = bind(office, Member, body, tmp_path, **{"0.0.1": "post", "dept": "department"})
    assert texts(papers.fill(office, paper, who)) == [["岗位", "${name}"], ["部门", "一车间"]]


def test_a_hidden_registers_values_do_not_go_into_a_word_file(office: Office, add: Callable[..., str], member: str, tmp_path: Path) -> None:
    guarded.let(office, office.user.name, may=True)
    case = add(HardshipCase, member=member, case_no="KN-1", consent_on=PartialDate(2026, 1, 1))
    paper = bind(office, HardshipCase, docx([[cell("职工编号"), cell()]]), tmp_path)
    guarded.let(office, office.user.name, may=False)
    with pytest.raises(UserError, match="管理员允许"):
        papers.fill(office, paper, case)
