"""What a table shows, as a workbook: numbers as text, a frozen header, a filter."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from db.problems import UserError

_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Characters that a workbook cannot hold."""


def write(path: Path, title: str, headers: Sequence[str], rows: Iterable[Sequence[str]], *, total: int = 0, progress: Callable[[int, int], None] | None = None) -> int:
    """Rows written. UserError when the file cannot be written (open elsewhere, disk full)."""
    from openpyxl import Workbook  # 0.4 s to import
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for n, header in enumerate(headers, 1):
        sheet.column_dimensions[get_column_letter(n)].width = max(10, min(40, len(header) * 2 + 8))
    count = 0
    sheet.append([text_cell(sheet, header, Font(bold=True)) for header in headers])
    for count, row in enumerate(rows, 1):
        # Excel turns 18-digit numbers into floats, so every cell is text.
        sheet.append([text_cell(sheet, cell) for cell in row])
        if progress and count % 500 == 0:
            progress(count, total)
    sheet.auto_filter.ref = f"A1:{get_column_letter(max(len(headers), 1))}{count + 1}"
    save(book, path)
    return count


def save(book: Any, path: Path) -> None:
    """UserError when the file cannot be written (open elsewhere, disk full)."""
    try:
        book.save(path)
    except OSError as e:
        raise UserError(f"无法写入 {path.name}。如果它正在表格软件里开着，请先关掉；或换一个位置。") from e


def stay_text(sheet: Any) -> None:
    """Make every text of a sheet stay one: what begins with = is no formula."""
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                cell.value = _UNWRITABLE.sub("", cell.value)
                cell.data_type = "s"


def text_cell(sheet: Any, value: str, font: Any = None) -> Any:
    """A cell of a write-only sheet that stays text: a text that begins with = is no formula, 18 digits no number."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=_UNWRITABLE.sub("", value))
    cell.data_type = "s"
    cell.number_format = "@"
    if font is not None:
        cell.font = font
    return cell
