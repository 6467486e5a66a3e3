"""What a table shows, as a workbook: numbers as text, a frozen header, a filter."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from db.problems import UserError

_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Characters that a workbook cannot hold."""


def write(path: Path, title: str, headers: Sequence[str], rows: Iterable[Sequence[str]], *, total: int = 0, progress: Callable[[int, int], None] | None = None) -> int:
    """Rows written. UserError when the file cannot be written (open elsewhere, disk full)."""
    from openpyxl import Workbook  # 0.4 s to import
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for n, header in enumerate(headers, 1):
        sheet.column_dimensions[get_column_letter(n)].width = max(10, min(40, len(header) * 2 + 8))
    count = 0
    sheet.append([_text(sheet, header, WriteOnlyCell, Font(bold=True)) for header in headers])
    for count, row in enumerate(rows, 1):
        # Excel turns 18-digit numbers into floats, so every cell is text.
        sheet.append([_text(sheet, cell, WriteOnlyCell, None) for cell in row])
        if progress and count % 500 == 0:
            progress(count, total)
    sheet.auto_filter.ref = f"A1:{get_column_letter(max(len(headers), 1))}{count + 1}"
    try:
        book.save(path)
    except OSError as e:
        raise UserError(f"无法写入 {path.name}。如果它正在表格软件里开着，请先关掉。") from e
    return count


def _text(sheet: object, value: str, cell_type: Callable[..., object], font: object) -> object:
    cell = cell_type(sheet, value=_UNWRITABLE.sub("", value))
    cell.data_type = "s"  # type: ignore[attr-defined]  # a text that begins with = is a text, not a formula
    cell.number_format = "@"  # type: ignore[attr-defined]  # openpyxl has no types
    if font is not None:
        cell.font = font  # type: ignore[attr-defined]  # likewise
    return cell
