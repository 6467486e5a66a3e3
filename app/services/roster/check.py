"""Rows of a workbook as people: values, and every doubt in a sentence at its cell. Writes nothing, needs no vault."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.services.roster import layout
from app.services.roster.layout import Table
from app.services.roster.reader import Cell, Sheet, read
from db import identity
from db.dates import PartialDate
from db.fields import IdNumber, Phone, Reading
from db.problems import Problem, warning
from db.registers import Member

GENERIC_SHEET_NAMES = ("sheet", "工作表", "会员", "职工", "名单", "名册", "花名册", "在职", "汇总", "总表", "会员信息")


@dataclass
class Row:
    """One person of a sheet. `cells` are the originals by field; `row` is its number in the sheet, from 1."""

    row: int
    values: dict[str, Any]
    problems: tuple[Problem, ...]
    cells: dict[str, Cell]
    sheet: str = ""

    @property
    def is_sound(self) -> bool:
        return not any(problem.is_error for problem in self.problems)


@dataclass
class CheckedSheet:
    name: str
    table: Table | None
    rows: list[Row] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    why_skipped: str | None = None
    """Why the whole sheet was passed over; None for a roster."""


@dataclass
class Checked:
    """A workbook, checked."""

    file: str
    sheets: list[CheckedSheet]

    @property
    def rows(self) -> Iterator[Row]:
        for sheet in self.sheets:
            yield from sheet.rows


Progress = Callable[[int, int], None]


def check_file(path: Path, *, mappings: Mapping[str, Mapping[int, str]] | None = None) -> Checked:
    """Read and check a workbook. UserError when it cannot be read. `mappings`: columns set by hand, by sheet name."""
    with uncollected():
        return check_sheets(path.name, read(path), mappings=mappings)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the cyclic collector, which walks all rows again and again while a large roster is built up."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def check_sheets(file: str, sheets: Sequence[Sheet], *, mappings: Mapping[str, Mapping[int, str]] | None = None) -> Checked:
    checked = []
    tables = [layout.find_table(sheet) for sheet in sheets]
    tables = [table.remapped(mappings[sheet.name]) if table and mappings and sheet.name in mappings else table for sheet, table in zip(sheets, tables, strict=True)]
    alone = sum(sheet.visible for sheet in sheets) == 1
    rosters = sum(layout.why_not_a_roster(sheet, table) is None for sheet, table in zip(sheets, tables, strict=True))
    seen: dict[str, tuple[str, int]] = {}
    for sheet, table in zip(sheets, tables, strict=True):
        why = layout.why_not_a_roster(sheet, table, alone=alone)
        if why is not None or table is None:
            skipped = [(n, why or "no-table") for n, row in enumerate(sheet.rows, 1) if any(cell not in ("", None) for cell in row)]
            checked.append(CheckedSheet(sheet.name, table, skipped=skipped, why_skipped=why))
            continue
        department = sheet.name if rosters > 1 and not _is_generic(sheet.name) else None
        checked.append(_check_sheet(sheet, table, department, seen))
    return Checked(file, checked)


def _is_generic(name: str) -> bool:
    return name.strip().lower().startswith(GENERIC_SHEET_NAMES)


def _check_sheet(sheet: Sheet, table: Table, department: str | None, seen: dict[str, tuple[str, int]]) -> CheckedSheet:
    result = CheckedSheet(sheet.name, table)
    start = table.header_rows[-1]
    layout.fill_down(sheet, table.columns)
    reader = RowReader(table, department)
    for n in range(start, len(sheet.rows)):
        row = sheet.rows[n]
        why = layout.why_not_a_person(table, row, reader.name_column, reader.id_column)
        if why is None:
            person = reader.read(n + 1, row)
            person.sheet = sheet.name
            _mark_repeat(person, seen)
            result.rows.append(person)
        elif why == "header" and (other := layout.find_table(replace(sheet, rows=sheet.rows[: n + 3]), n)) and other.is_roster:
            table, reader = other, RowReader(other, department)
            layout.fill_down(sheet, other.columns)
            result.skipped.append((n + 1, why))
        else:
            result.skipped.append((n + 1, why))
    return result


def _mark_repeat(person: Row, seen: dict[str, tuple[str, int]]) -> None:
    number = person.values.get("id_number")
    if number is None:
        return
    place = (person.sheet, person.row)
    sheet, row = seen.setdefault(number, place)
    if (sheet, row) != place:
        first = f"第 {row} 行" if sheet == person.sheet else f"“{sheet}”第 {row} 行"
        said = Problem("duplicate-in-file", f"这个人和{first}是同一个身份证号，只导入{first}。", "id_number")
        person.problems = (*person.problems, said)


class RowReader:
    """Reads rows of one table. Cells that repeat down a column (departments, codes, dates) are read once."""

    def __init__(self, table: Table, department: str | None) -> None:
        fields = layout.importable()
        self._plan: list[tuple[int, str, Callable[[object], Reading], dict[Any, Reading] | None]] = [
            (c, name, fields[name].kind.read, {} if not isinstance(fields[name].kind, IdNumber | Phone) else None) for c, name in table.columns.items()
        ]
        by_name = {name: c for c, name in table.columns.items()}
        self.name_column = by_name["full_name"]
        self.id_column = by_name.get("id_number")
        self._has_id_column = self.id_column is not None
        self._department = department if "department" not in by_name else None

    def read(self, number: int, row: Sequence[Cell]) -> Row:
        values: dict[str, Any] = {}
        cells: dict[str, Cell] = {}
        problems: list[Problem] = []
        width = len(row)
        for c, name, read_cell, remembered in self._plan:
            cell = row[c] if c < width else None
            if cell is None or cell == "":
                values[name] = None
                continue
            cells[name] = cell
            if remembered is None:
                value, said = read_cell(cell)
            else:
                # The type is part of the key: True, 1 and 1.0 are one key in Python and three cells in a workbook.
                key = cell if type(cell) is str else (type(cell), cell)
                if key in remembered:
                    value, said = remembered[key]
                else:
                    value, said = remembered[key] = read_cell(cell)
            values[name] = value
            if said:
                problems.extend(replace(problem, field=name) for problem in said)
        if self._department is not None:
            values["department"] = self._department
        settle_landline(values, cells, problems)
        judge(values, problems, number_expected=self._has_id_column)
        return Row(number, values, tuple(problems), cells)


def settle_landline(values: dict[str, Any], cells: Mapping[str, Cell], problems: list[Problem]) -> None:
    """A landline in the mobile column goes to its own field where that is free."""
    if problems and any(p.code == "phone-landline" for p in problems) and not values.get("landline"):
        values["landline"] = layout.importable()["landline"].read(cells["mobile"]).value
        problems[:] = [warning("phone-landline", "这是固定电话，已放到“固定电话”里。", "mobile") if p.code == "phone-landline" else p for p in problems]


def judge(values: dict[str, Any], problems: list[Problem], *, number_expected: bool) -> None:
    """The rules of the whole row: the number settles birth and gender; what is missing is named. Changes both arguments."""
    number = values.get("id_number")
    if number is None:
        if number_expected and not any(p.field == "id_number" for p in problems):
            problems.append(warning("id-missing", "没有身份证号。可以先导入，以后补上。", "id_number"))
    elif identity.is_resident_style(number):
        gender, born = identity.gender_of(number), identity.birth_of(number)
        said_gender, said_birth = values.get("gender"), values.get("birth_date")
        birth = PartialDate.of(born) if born else None
        if (said_gender is not None and said_gender != gender) or (said_birth is not None and birth is not None and said_birth != birth):
            problems.extend(Member.rules(values))
        values["gender"] = gender
        if birth:
            values["birth_date"] = birth
    if values.get("full_name") is None and not any(p.field == "full_name" for p in problems):
        problems.append(Problem("name-missing", "这一行没有姓名。", "full_name"))


def reread(row: Row, cells: Mapping[str, Cell]) -> Row:
    """The same row after the clerk changed cells in the preview."""
    fields = layout.importable()
    merged = {**row.cells, **cells}
    values: dict[str, Any] = dict(row.values)
    problems: list[Problem] = []
    for name, cell in merged.items():
        reading: Reading = fields[name].read(cell)
        values[name] = reading.value
        problems += reading.problems
    settle_landline(values, merged, problems)
    judge(values, problems, number_expected="id_number" in row.values)
    return replace(row, values=values, problems=tuple(problems), cells=merged)


def as_document(checked: Checked, file: str | None = None) -> dict[str, Any]:
    """What `roster check --json` prints; the identifiers are those of the member register."""
    fields = layout.importable()

    def plain(name: str, value: Any) -> Any:
        if isinstance(value, PartialDate):
            return str(value)
        return value if value is None or isinstance(value, str | bool | int) else fields[name].to_wire(value)

    sheets = []
    for sheet in checked.sheets:
        columns = {sheet.table.headers[c]: name for c, name in sheet.table.columns.items()} if sheet.table else {}
        rows = [
            {
                "row": row.row,
                "values": {name: plain(name, value) for name, value in row.values.items()},
                "problems": [{"code": p.code, "field": p.field, "severity": p.severity.value, "message": p.message} for p in row.problems],
            }
            for row in sheet.rows
        ]
        document: dict[str, Any] = {
            "name": sheet.name, "header_rows": list(sheet.table.header_rows) if sheet.table else [], "columns": columns,
            "rows": rows, "skipped": [{"row": n, "why": why} for n, why in sheet.skipped],
        }
        if sheet.why_skipped:
            document["why_skipped"] = sheet.why_skipped
        sheets.append(document)
    return {"file": file or checked.file, "sheets": sheets}
