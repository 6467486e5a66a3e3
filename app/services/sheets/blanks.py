"""A clerk's own blank: its header is mapped once, then members are filled into it in place."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from app.services.listing import page
from app.services.office import Office
from app.services.records import ActKind
from app.services.roster import layout, reader
from app.services.sheets.fill import Blank, Value
from app.services.sheets.official import ROW_NUMBER, in_their_words
from db.office_tables import BlankForm
from db.problems import UserError
from db.record import Record, fields_of, new_id
from db.registers import Member

_FORM = cast(Table, BlankForm.__table__)
MOST_BYTES = 5_000_000
_NAMES = frozenset(f.name for f in fields_of(Member))


@dataclass(frozen=True)
class Found:
    """Where a blank's table is: the sheet, its header and what the columns seem to be."""

    sheet: str
    first_row: int
    headers: Mapping[int, str]
    columns: Mapping[int, str]


@dataclass(frozen=True)
class Form:
    id: str
    name: str
    file_name: str
    sheet: str
    first_row: int
    columns: Mapping[int, str]


def look(path: Path) -> Found:
    """Find the table of a blank. UserError when it is no .xlsx or has no header that we know."""
    if path.suffix.lower() != ".xlsx":
        raise UserError("只能填 .xlsx 的空白表。请用表格软件打开它，另存为 .xlsx 再选；要求原样 .xls 的，请把导出的内容贴进去。")
    for sheet in reader.read(path):
        table = layout.find_table(sheet) if sheet.visible else None
        if table is not None and "full_name" in table.columns.values():
            columns = {c: name for c, name in table.columns.items() if name in _NAMES}
            columns |= {c: ROW_NUMBER for c, header in table.headers.items() if layout.field_for(header) == ROW_NUMBER}
            return Found(sheet.name, table.header_rows[-1] + 1, table.headers, columns)
    raise UserError("这个表里没有找到表头（至少要有“姓名”一列），不能填。")


def keep(office: Office, path: Path, name: str, found: Found, columns: Mapping[int, str]) -> str:
    """Remember a blank with its columns; its id."""
    office.clerks_only()
    if path.stat().st_size > MOST_BYTES:
        raise UserError("这个空白表太大了（超过 5 MB），请先删掉里面的图片等内容。")
    body = path.read_bytes()
    Blank(body)
    made = new_id()
    with office.writing() as connection:
        connection.execute(_FORM.insert().values(
            id=made, name=name.strip()[:100] or path.stem[:100], file_name=path.name[:200], body=body, sheet=found.sheet, first_row=found.first_row,
            columns=json.dumps({c: n for c, n in columns.items() if n}),
        ))
    return made


def forms(session: Session) -> list[Form]:
    rows = session.execute(select(*(_FORM.c[n] for n in ("id", "name", "file_name", "sheet", "first_row", "columns"))).where(_FORM.c.sheet.not_like("docx:%")).order_by(_FORM.c.name))
    return [Form(r.id, r.name, r.file_name, r.sheet, r.first_row, {int(c): n for c, n in json.loads(r.columns).items()}) for r in rows]


def forget(office: Office, form_id: str) -> None:
    with office.writing() as connection:
        connection.execute(_FORM.delete().where(_FORM.c.id == form_id))


def fill(office: Office, form_id: str, rownos: Sequence[int], path: Path, *, progress: Callable[[int, int], None] | None = None) -> list[str]:
    """Write these members into the blank; what its drop-downs have no word for, in sentences."""
    with office.reading() as session:
        form = next(f for f in forms(session) if f.id == form_id)
        blank = Blank(session.execute(select(_FORM.c.body).where(_FORM.c.id == form_id)).scalar_one())
        choices = {c: blank.choices(form.sheet, c, form.first_row) for c in form.columns}
        headers = look_at_headers(blank, form)
        rows: list[dict[int, Value]] = []
        unsaid: dict[str, int] = {}
        for start in range(0, len(rownos), 500):
            for record in page(session, Member, rownos[start : start + 500]):
                rows.append(_row(form, record, choices, headers, len(rows) + 1, unsaid))
            if progress:
                progress(len(rows), len(rownos))
    try:
        path.write_bytes(blank.fill(form.sheet, form.first_row, rows))
    except OSError as e:
        raise UserError(f"无法写入 {path.name}。如果它正在表格软件里开着，请先关掉；或换一个位置。") from e
    with office.act(ActKind.SHOW, f"填“{form.name}”") as act:
        act.note(register=Member.__tablename__, rows=len(rows))
    labels = {f.name: f.label for f in fields_of(Member)}
    return [f"有 {count} 人的“{labels[name]}”不在这张表的下拉选项里，那一格空着。" for name, count in unsaid.items()]


def look_at_headers(blank: Blank, form: Form) -> Mapping[int, str]:
    """The header texts over the columns, for the formats they ask for."""
    return blank.texts(form.sheet, form.first_row - 1)


def _row(form: Form, record: Record, choices: Mapping[int, Sequence[str]], headers: Mapping[int, str], number: int, unsaid: dict[str, int]) -> dict[int, Value]:
    row: dict[int, Value] = {}
    for column, name in form.columns.items():
        if name == ROW_NUMBER:
            row[column] = number
            continue
        slashes = "/" in headers.get(column, "")
        text = in_their_words(Member, name, getattr(record, name), choices[column], is_date=slashes)
        if text is None:
            unsaid[name] = unsaid.get(name, 0) + 1
        row[column] = text or ""
    return row
