"""Rows of a workbook as people: values, and every doubt in a sentence at its cell. Writes nothing, needs no vault."""

import gc
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.services.roster import layout
from app.services.roster.layout import Table
from app.services.roster.reader import Cell, Sheet, read
from db import identity
from db.cleaning import Change, read_as, remark_of
from db.dates import PartialDate
from db.fields import BLANK, DateKind, IdNumber, Kind, Phone, Reading, cell_text, other_numbers
from db.problems import Problem, warning
from db.registers import Member

DAYS_TO_1904 = 1462


@dataclass(slots=True)
class Row:
    """One person of a sheet; `row` is its number in the sheet, from 1."""

    row: int
    values: dict[str, Any]
    problems: tuple[Problem, ...]
    raw: Sequence[Cell] = ()
    places: Sequence[tuple[str, int]] = ()
    """Which field stands in which place of `raw`; one for all rows of a table."""
    mended: Mapping[str, Cell] | None = None
    sheet: str = ""
    part: int = 0
    """Which of the tables that stand side by side."""
    filled: Collection[str] = ()
    """Fields that a merged cell further up fills."""

    @property
    def key(self) -> str:
        """The row's name within its workbook."""
        return f"{self.row}/{self.part}/{self.sheet}"

    @property
    def cells(self) -> dict[str, Cell]:
        """The originals by field, or what the clerk put in their place."""
        found: dict[str, Cell] = {name: self.raw[c] for name, c in self.places if c < len(self.raw) and self.raw[c] not in (None, "")}
        return {**found, **(self.mended or {})}

    @property
    def is_sound(self) -> bool:
        return not any(problem.is_error for problem in self.problems)

    def changes(self) -> dict[str, tuple[Change, ...]]:
        """What the rules changed, by field: every cell whose value is not what stood there, and every value from elsewhere."""
        fields, cells = layout.importable(), self.cells
        found: dict[str, tuple[Change, ...]] = {}
        for name, value in self.values.items():
            f = fields[name]
            said = f.kind.changes(cells[name]) if name in cells and name not in self.filled else ()
            reached = said[-1].after if said else "" if name in self.filled else cell_text(cells.get(name))
            if value is not None and f.show(value) != reached:
                said = (*said, read_as("fill-down" if name in self.filled else _SETTLED.get(name, "sheet-department"), reached, f.show(value)))
            if said:
                found[name] = said
        return found


@dataclass
class CheckedSheet:
    name: str
    table: Table | None
    rows: list[Row] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    why_skipped: str | None = None
    """Why the whole sheet was passed over; None for a roster."""
    cells: Sequence[Sequence[Cell]] = field(default=(), repr=False)
    """The sheet as it came."""


@dataclass
class Checked:
    """A workbook, checked."""

    file: str
    sheets: list[CheckedSheet]

    @property
    def sheets_with_table(self) -> list[CheckedSheet]:
        """The visible sheets in which something like a table was found, whether or not its columns are known."""
        return [sheet for sheet in self.sheets if sheet.table is not None and sheet.why_skipped in (None, "no-table")]

    @property
    def rows(self) -> Iterator[Row]:
        for sheet in self.sheets:
            yield from sheet.rows


_SETTLED = {"gender": "id-settles", "birth_date": "id-settles", "landline": "phone-moved", "note": "name-remark", "id_number": "id-upgrade"}
"""Why a field holds what its own cell does not say."""
Progress = Callable[[int, int], None]


def check_file(path: Path, *, password: str | None = None) -> Checked:
    """Read and check a workbook. UserError when it cannot be read."""
    with uncollected():
        return check_sheets(path.name, read(path, password=password))


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


def check_sheets(file: str, sheets: Sequence[Sheet], *, columns: Mapping[str, Mapping[int, str]] | None = None) -> Checked:
    """`columns`: by the shape of a table, what its columns are, where that was said by hand."""
    checked = []
    tables = [layout.find_table(sheet) or layout.guess_table(sheet) for sheet in sheets]
    tables = [table.remapped(columns[table.shape]) if table and columns and table.shape in columns else table for table in tables]
    alone = sum(sheet.visible for sheet in sheets) == 1
    rosters = sum(layout.why_not_a_roster(sheet, table) is None for sheet, table in zip(sheets, tables, strict=True))
    seen: dict[str, tuple[str, int]] = {}
    for sheet, table in zip(sheets, tables, strict=True):
        why = layout.why_not_a_roster(sheet, table, alone=alone)
        if why is not None or table is None:
            skipped = [(n, why or "no-table") for n, row in enumerate(sheet.rows, 1) if any(cell not in ("", None) for cell in row)]
            checked.append(CheckedSheet(sheet.name, table, skipped=skipped, why_skipped=why, cells=sheet.rows))
            continue
        department = _department_of(sheet.name) if rosters > 1 else None
        checked.append(_check_sheet(sheet, table, department, seen))
    return Checked(file, checked)


def _department_of(name: str) -> str | None:
    """The department that a sheet's name is; None for Sheet1, 会员, 男, 2024年, 三月. 一车间(12人) is 一车间, 财务部名单 is 财务部."""
    plain = re.sub(r"[（(]\s*\d+\s*人?\s*[)）]", "", name).strip()
    plain = re.sub(r"(?:人员)?(?:名单|名册|花名册|台账)$", "", plain).strip()
    if layout.is_department(plain):
        return plain
    generic = re.fullmatch(r"(?i)(?:sheet|工作表|表)\s*\d*|(?:全体|在职|在册|在岗|退休|离退休|工会|新|女|男|党|团)*(?:会员|职工|员工|人员|员|工|性)?(?:信息|汇总|总表|明细|基本信息)?[\s\d]*", plain)
    return None if generic or len(plain) < 2 or re.search(r"\d{4}|[0-9一二三四五六七八九十]+(?:月|季度|批)", plain) else plain


def _check_sheet(sheet: Sheet, table: Table, department: str | None, seen: dict[str, tuple[str, int]]) -> CheckedSheet:
    result = CheckedSheet(sheet.name, table, cells=sheet.rows)
    for part, one in enumerate((table, *table.beside)):
        if one.is_roster:
            _read_table(result, sheet, one, part, department, seen)
    return result


def _read_table(result: CheckedSheet, sheet: Sheet, table: Table, part: int, department: str | None, seen: dict[str, tuple[str, int]]) -> None:
    """Read one table of a sheet, and those below it that begin with another header."""
    start = table.header_rows[-1]
    filled = layout.fill_down(sheet, table.columns)
    reader = RowReader(table, department, since_1904=sheet.since_1904)
    waiting: list[tuple[int, Sequence[Cell]]] = []
    mine = set(table.headers) if table.beside or part else None

    left_under = ""
    """The line under which those who have left are listed, in a table of everybody."""

    def read_waiting() -> None:
        for person in reader.read_many(waiting):
            if left_under:
                person.problems = (*person.problems, warning("listed-as-left", f"这一行在“{left_under}”下面，请看是不是还在册。", "full_name"))
            person.sheet, person.part, person.filled = sheet.name, part, filled.get(person.row, ())
            _mark_repeat(person, seen)
            result.rows.append(person)
        waiting.clear()

    for n in range(start, len(sheet.rows)):
        row = sheet.rows[n] if mine is None else [cell if c in mine else None for c, cell in enumerate(sheet.rows[n])]
        why = layout.why_not_a_person(table, row, reader.name_column, reader.id_column)
        if why is None:
            waiting.append((n + 1, row))
            continue
        if part == 0:
            result.skipped.append((n + 1, why))
        if why == "section":
            read_waiting()
            text = next(cell_text(cell).strip() for cell in row if cell not in (None, ""))
            left_under = text[:20] if layout.speaks_of_leaving(text) else ""
        if why == "header" and (other := _part(layout.find_table(replace(sheet, rows=sheet.rows[: n + 3]), n), part)) and other.is_roster:
            read_waiting()  # with the columns of the table that ends here
            table, reader = other, RowReader(other, department, since_1904=sheet.since_1904)
            mine = set(table.headers) if mine is not None else None
            filled |= layout.fill_down(sheet, other.columns)
    read_waiting()


def _part(table: Table | None, part: int) -> Table | None:
    """One of the tables that stand side by side under a header."""
    return (table, *table.beside)[part] if table is not None and part <= len(table.beside) else None


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
    """Reads the rows of one table, column by column: what repeats down a column (departments, codes, dates) is read once."""

    def __init__(self, table: Table, department: str | None, *, since_1904: bool = False) -> None:
        fields = layout.importable()
        self._plan = [(c, name, fields[name].kind) for c, name in table.columns.items()]
        by_name = {name: c for c, name in table.columns.items()}
        self.name_column = by_name["full_name"]
        self.id_column = by_name.get("id_number")
        self._since_1904 = since_1904
        self._department = department if "department" not in by_name else None

    def read_many(self, rows: Sequence[tuple[int, Sequence[Cell]]]) -> Iterator[Row]:
        """The people of these (row number, cells), in order."""
        doubts: dict[int, list[Problem]] = {}
        columns: list[list[Any]] = []
        by_column = _transposed([row for _, row in rows], max(c for c, _, _ in self._plan) + 1)
        for c, name, kind in self._plan:
            cells = by_column[c] if by_column else ()
            if self._since_1904 and isinstance(kind, DateKind):
                cells = [cell + DAYS_TO_1904 if type(cell) in (int, float) and 0 < cell < 80_000 and not 1850 <= cell < 2200 else cell for cell in cells]  # type: ignore[operator]  # numbers, as just asked
            values, doubted = _read_column(kind, cells)
            columns.append(values)
            for place, problems_here in doubted:
                doubts.setdefault(place, []).extend(replace(problem, field=name) for problem in problems_here)
        names = [name for _, name, _ in self._plan]
        places = [(name, c) for c, name, _ in self._plan]
        has_id_column = self.id_column is not None
        for place, ((number, raw), of_row) in enumerate(zip(rows, zip(*columns, strict=True), strict=True)):
            person = Row(number, dict(zip(names, of_row, strict=True)), (), raw, places)
            problems = doubts.get(place, [])
            if self._department is not None:
                person.values["department"] = self._department
            if problems:
                settle(person.values, person.cells, problems)
            judge(person.values, problems, number_expected=has_id_column)
            person.problems = tuple(problems)
            yield person


def _transposed(rows: Sequence[Sequence[Cell]], width: int) -> list[Sequence[Cell]]:
    """The columns of rows, short rows filled up with nothing; at least `width` of them where there are rows."""
    if all(len(row) >= width for row in rows):
        return list(zip(*(row if len(row) == width else row[:width] for row in rows), strict=True))
    return list(zip(*([*row[:width], *[None] * (width - len(row))] for row in rows), strict=True))


def _read_column(kind: Kind, cells: Sequence[Cell]) -> tuple[list[Any], list[tuple[int, tuple[Problem, ...]]]]:
    """A value for each cell, and (place, problems) where there are any. Where cells repeat, each is read once; numbers and phones hardly ever do."""
    if isinstance(kind, IdNumber | Phone):
        read_text = kind.read_text
        readings = [read_text(cell) if type(cell) is str and cell else kind.read(cell) for cell in cells]
        return [reading[0] for reading in readings], [(place, reading[1]) for place, reading in enumerate(readings) if reading[1]]
    # The type is part of the key: True, 1 and 1.0 are one key in Python and three cells in a workbook.
    texts = {cell: kind.read(cell) for cell in {cell for cell in cells if type(cell) is str}}
    others: dict[tuple[type, Cell], Reading] = {(type(cell), cell): kind.read(cell) for cell in {cell for cell in cells if type(cell) is float}}
    others |= {(type(cell), cell): kind.read(cell) for cell in cells if cell is not None and type(cell) not in (str, float)}
    if not others and not any(reading[1] for reading in texts.values()):
        known: dict[Cell, Any] = {text: reading[0] for text, reading in texts.items()}
        known[None] = None
        return [known[cell] for cell in cells], []
    readings = [texts[cell] if type(cell) is str else BLANK if cell is None else others[type(cell), cell] for cell in cells]
    return [reading[0] for reading in readings], [(place, reading[1]) for place, reading in enumerate(readings) if reading[1]]


def settle(values: dict[str, Any], cells: Mapping[str, Cell], problems: list[Problem]) -> None:
    """What one cell says about another: a landline among mobiles, a remark behind a name, a number of another document. Changes both arguments."""
    codes = {p.code for p in problems}
    if "phone-landline" in codes and not values.get("landline"):
        landlines, _, rest = other_numbers(cell_text(cells["mobile"]))
        whole = layout.importable()["landline"].read(cells["mobile"]).value
        values["landline"] = whole or (landlines.pop(0) if landlines else None)
        if not whole and (landlines or rest):
            _add_note(values, f"其他电话 {'、'.join([*landlines, *rest])}")
        problems[:] = [warning("phone-landline", "这是固定电话，已放到“固定电话”里。", "mobile") if p.code == "phone-landline" else p for p in problems]
    if "phone-several" in codes:
        landlines, mobiles, more = other_numbers(cell_text(cells["mobile"]))
        if landlines and not values.get("landline"):
            values["landline"] = landlines.pop(0)
        if rest := [*landlines, *mobiles, *more]:
            _add_note(values, f"其他电话 {'、'.join(rest)}")
    if "name-remark" in codes:
        _add_note(values, remark_of(cell_text(cells["full_name"])))
    if codes & {"id-length", "id-charset"} and values.get("id_type"):
        number = identity.normal_id(cell_text(cells["id_number"]))
        if identity.fits_document(values["id_type"], number):
            values["id_number"] = number
            problems[:] = [p for p in problems if p.code not in ("id-length", "id-charset")]


def _add_note(values: dict[str, Any], text: str) -> None:
    there = values.get("note")
    if text and text not in (there or ""):
        values["note"] = f"{there}；{text}" if there else text


def judge(values: dict[str, Any], problems: list[Problem], *, number_expected: bool) -> None:
    """The rules of the whole row: the number settles birth and gender; what is missing is named. Changes both arguments."""
    number = values.get("id_number")
    if number is None:
        if number_expected and not any(p.field == "id_number" for p in problems):
            problems.append(warning("id-missing", "没有身份证号。可以先导入，以后补上。", "id_number"))
    elif identity.is_resident_style(number):
        gender, birth = identity.gender_of(number), _birth(number[6:14])
        said_gender, said_birth = values.get("gender"), values.get("birth_date")
        doubted = (said_gender is not None and said_gender != gender) or (said_birth is not None and birth is not None and said_birth != birth)
        if doubted or number[0] in "89":
            problems.extend(Member.rules(values))
        values["gender"] = gender
        if birth:
            values["birth_date"] = birth
    elif values.get("id_type"):
        problems.extend(Member.rules(values))
    if values.get("full_name") is None and not any(p.field == "full_name" for p in problems):
        problems.append(Problem("name-missing", "这一行没有姓名。", "full_name"))


@lru_cache(maxsize=65536)
def _birth(digits: str) -> PartialDate | None:
    try:
        return PartialDate(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def reread(row: Row, cells: Mapping[str, Cell]) -> Row:
    """The same row after the clerk changed cells in the preview."""
    fields = layout.importable()
    merged = {**row.cells, **cells}
    # What was worked out from the old cells is worked out again; only what came from elsewhere (the sheet's name) stays.
    values: dict[str, Any] = {name: value if name == "department" and name not in merged else None for name, value in row.values.items()}
    problems: list[Problem] = [p for p in row.problems if p.code == "duplicate-in-file" and "id_number" not in cells]
    for name, cell in merged.items():
        reading: Reading = fields[name].read(cell)
        values[name] = reading.value
        problems += reading.problems
    settle(values, merged, problems)
    judge(values, problems, number_expected="id_number" in row.values)
    return replace(row, values=values, problems=tuple(problems), mended={**(row.mended or {}), **cells})


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
                "changes": [
                    {"field": name, "rule": c.rule, "before": c.before, "after": c.after, "message": c.sentence} for name, said in row.changes().items() for c in said
                ],
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
