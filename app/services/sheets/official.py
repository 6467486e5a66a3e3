"""The official collection sheets (工会会员信息采集表, 工会组织信息采集表) as blanks and as exports, and the organisation sheet read back.

What they look like is data (`resources/sheets/*.toml`). Values go out in the sheet's own words: a code in the word of its drop-down,
dates as yyyy/MM/dd, everything as text.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.services import statistics
from app.services.block import BlockPlan, plan_paste
from app.services.listing import page
from app.services.office import Office
from app.services.records import ActKind
from app.services.roster import layout, reader
from app.services.spreadsheet import save
from db import codes
from db.dates import PartialDate
from db.fields import cell_text
from db.problems import UserError
from db.record import Record, field_of, fields_of
from db.registers import Member, Union

ROW_NUMBER, MEMBER_COUNT = layout.ROW_NUMBER, "member_count"


@dataclass(frozen=True)
class Column:
    header: str
    field: str
    width: float
    choices: tuple[str, ...]
    is_date: bool


@dataclass(frozen=True)
class SheetForm:
    """One official sheet. `signs` and `groups` are (text, first column, last column), columns from 1."""

    title: str
    label: str
    sheet: str
    signs: tuple[tuple[str, int, int], ...]
    groups: tuple[tuple[str, int, int], ...]
    notes: str
    font: str
    header_height: float
    row_height: float
    blank_rows: int
    columns: tuple[Column, ...]


@cache
def load(name: str) -> SheetForm:
    """`member` or `organisation`."""
    raw = tomllib.loads(resources.files("resources.sheets").joinpath(f"{name}.toml").read_text("utf-8"))
    columns = tuple(
        Column(c["header"], c["field"], c["width"], tuple(c.get("list", ())) or (codes.table(c["code"]).labels if "code" in c else ()), c.get("format") == "date") for c in raw["column"]
    )
    spans = {key: tuple((str(t), int(a), int(b)) for t, a, b in raw.get(key, ())) for key in ("signs", "groups")}
    return SheetForm(
        raw["title"], raw["label"], raw["sheet"], spans["signs"], spans["groups"], raw["notes"], raw["font"], raw["header_height"], raw["row_height"], raw["blank_rows"], columns,
    )


def in_their_words(register: type[Record], name: str, value: Any, choices: Sequence[str], *, is_date: bool = False) -> str | None:
    """A value as a sheet of theirs wants it; None where its drop-down has no word for it."""
    f = field_of(register, name)
    if value is None:
        return ""
    if isinstance(value, PartialDate) and is_date:
        return str(value).replace("-", "/")
    text = f.show(value)
    if not choices or text in choices:
        return text
    table = f.kind.choices
    found = [word for word in choices if (table.find(word) == text if table else f.read(word).value == value)]
    return found[0] if found else None


# -- writing


def write_blank(name: str, path: Path) -> None:
    """The empty sheet, ready to be filled by hand."""
    _write(load(name), [], path)


def write_members(office: Office, rownos: Sequence[int], path: Path, *, progress: Callable[[int, int], None] | None = None) -> list[str]:
    """These members in the official sheet; what it has no word for, in sentences. UserError when the file cannot be written."""
    form = load("member")
    rows: list[list[str]] = []
    unsaid: dict[str, int] = {}
    with office.reading() as session:
        for start in range(0, len(rownos), 500):
            for record in page(session, Member, rownos[start : start + 500]):
                rows.append(_row(form, Member, record, len(rows) + 1, unsaid))
            if progress:
                progress(len(rows), len(rownos))
    _write(form, rows, path)
    with office.act(ActKind.SHOW, f"导出{form.title}") as act:
        act.note(register=Member.__tablename__, rows=len(rows))
    return [f"有 {count} 人的“{field_of(Member, name).label}”不在这张表的选项里，那一格空着。" for name, count in unsaid.items()]


def write_organisation(office: Office, path: Path) -> None:
    """The office's own union in the official sheet, with the number of members as of now."""
    form = load("organisation")
    with office.reading() as session:
        union = session.scalars(select(Union).where(Union.removed_at.is_(None))).one()
        count = statistics.roster_state(session.connection()).members
        row = _row(form, Union, union, 1, {}, {MEMBER_COUNT: str(count)})
    _write(form, [row], path)


def _row(form: SheetForm, register: type[Record], record: Record, number: int, unsaid: dict[str, int], more: Mapping[str, str] | None = None) -> list[str]:
    given = {ROW_NUMBER: str(number), **(more or {})}
    row = []
    for column in form.columns:
        if column.field in given:
            row.append(given[column.field])
            continue
        text = in_their_words(register, column.field, getattr(record, column.field), column.choices, is_date=column.is_date)
        if text is None:
            unsaid[column.field] = unsaid.get(column.field, 0) + 1
        row.append(text or "")
    return row


def _write(form: SheetForm, rows: Sequence[Sequence[str]], path: Path) -> None:
    """Label, title, signatures, header (of two rows where columns are grouped), rows as text with drop-downs, the notes as the last row of all."""
    from openpyxl import Workbook  # 0.4 s to import
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter as letter

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = form.sheet
    width = len(form.columns)
    thin = Side(style="thin")
    boxed, centre = Border(left=thin, right=thin, top=thin, bottom=thin), Alignment(horizontal="center", vertical="center", wrap_text=True)
    plain = Font(name=form.font, size=10)
    sheet["A1"] = form.label
    sheet["A2"] = form.title
    sheet["A2"].font, sheet["A2"].alignment = Font(name=form.font, size=18, bold=True), centre
    sheet.merge_cells(start_row=2, start_column=1, end_row=2, end_column=width)
    sheet.row_dimensions[2].height = 32
    for text, first, last in form.signs:
        sheet.cell(3, first, text).font = plain
        sheet.merge_cells(start_row=3, start_column=first, end_row=3, end_column=last)
    sheet.row_dimensions[3].height = 28
    top = 4
    if form.groups:
        for text, first, last in form.groups:
            sheet.cell(top, first, text)
            sheet.merge_cells(start_row=top, start_column=first, end_row=top, end_column=last)
        sheet.cell(top, 1, form.columns[0].header)
        sheet.merge_cells(start_row=top, start_column=1, end_row=top + 1, end_column=1)
        top += 1
    for n, column in enumerate(form.columns, 1):
        if not (form.groups and n == 1):
            sheet.cell(top, n, column.header)
        sheet.column_dimensions[letter(n)].width = column.width
    for r in range(4, top + 1):
        sheet.row_dimensions[r].height = form.header_height
    first_row, last_row = top + 1, top + max(len(rows), form.blank_rows)
    for r in range(4, last_row + 1):
        if r >= first_row:
            sheet.row_dimensions[r].height = form.row_height
        for c in range(1, width + 1):
            cell = sheet.cell(r, c)
            cell.font, cell.border, cell.alignment, cell.number_format = plain, boxed, centre, "@"
            if r >= first_row and r - first_row < len(rows) and rows[r - first_row][c - 1]:
                cell.value = rows[r - first_row][c - 1]
                cell.data_type = "s"
    sheet.cell(last_row + 1, 1, form.notes).alignment = Alignment(vertical="center", wrap_text=True)
    sheet.cell(last_row + 1, 1).font = plain
    sheet.merge_cells(start_row=last_row + 1, start_column=1, end_row=last_row + 1, end_column=width)
    sheet.row_dimensions[last_row + 1].height = 64
    _drop_downs(book, sheet, form, first_row, last_row)
    sheet.freeze_panes = sheet.cell(first_row, 3)
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 9, 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"4:{top}"
    save(book, path)


def _drop_downs(book: Any, sheet: Any, form: SheetForm, first_row: int, last_row: int) -> None:
    """Short lists stand in the rule itself; long ones (a rule holds 255 characters) on a sheet of their own."""
    from openpyxl.utils import get_column_letter as letter
    from openpyxl.worksheet.datavalidation import DataValidation

    lists = None
    for n, column in enumerate(form.columns, 1):
        if not column.choices:
            continue
        inline = ",".join(column.choices)
        if len(inline) > 200:
            lists = lists if lists is not None else book.create_sheet("下拉菜单表")
            place = lists.max_column + (1 if lists["A1"].value else 0)
            for r, word in enumerate((column.header, *column.choices), 1):
                lists.cell(r, place, word)
            formula = f"下拉菜单表!${letter(place)}$2:${letter(place)}${len(column.choices) + 1}"
        else:
            formula = f'"{inline}"'
        rule = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=True, showInputMessage=True)
        rule.add(f"{letter(n)}{first_row}:{letter(n)}{last_row}")
        sheet.add_data_validation(rule)


# -- the organisation sheet read back


def plan_organisation(office: Office, session: Session, path: Path) -> BlockPlan:
    """What the organisation sheet would change of the own union, to be shown before it lands. UserError when no such table is in the file."""
    known = {layout.header_key(word): f.name for f in fields_of(Union) for word in (f.label, *f.aliases)}
    for sheet in reader.read(path):
        for n, row in enumerate(sheet.rows[: layout.LOOK_AT_ROWS]):
            names = [known.get(layout.header_key(layout.without_hints(cell_text(cell))), "") for cell in row]
            if len(set(names) - {""}) < 4:
                continue
            for below in sheet.rows[n + 1 : n + 12]:
                texts = [cell_text(cell).strip() for cell in below]
                if sum(bool(name and text) for name, text in zip(names, texts, strict=False)) >= 3 and not _is_sample(texts):
                    union = session.scalars(select(Union).where(Union.removed_at.is_(None))).one()
                    filled = [(name, text) for name, text in zip(names, texts, strict=False) if name and text]
                    return plan_paste(session, Union, [union.id], [name for name, _ in filled], [[text for _, text in filled]])
    raise UserError("这个文件里没有找到组织信息采集表：要有“工会名称”“单位名称”这样的表头和填好的一行。")


def _is_sample(texts: Sequence[str]) -> bool:
    """The shipped blank's own example row has 11 for almost every cell."""
    return sum(text in ("11", "1") for text in texts) >= 4
