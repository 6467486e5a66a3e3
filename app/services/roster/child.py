"""The process that opens a workbook. Run as `python -m app.services.roster.child FILE`; it may die, the program may not.

It writes one MessagePack document to standard output: {"sheets": [{name, visible, rows, merges}]} or {"refused": sentence}.
Cells are None, text, number or truth value; dates come as ISO text. Before parsing it looks into the container for bombs
and foreign entities. Imports stay few: its start is part of what the clerk waits for.
"""

import sys
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec

MOST_BYTES = 300_000_000
MOST_PARTS = 2_000
MOST_ROWS = 300_000
MOST_COLUMNS = 400
MEMORY = 480_000_000

_NOT_A_TABLE = "这个文件不是表格：{}。请用表格软件打开正确的文件，另存为 .xlsx 再导入。"


class Refused(Exception):
    """The file is not taken; the text is the sentence for the clerk."""


def look(path: Path) -> str:
    """What the file really is: xlsx, xls or text. Refused, in words, for everything else."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise Refused("这个文件是空的，里面什么也没有。请向发来的人再要一份。")
    if head.startswith(b"PK"):
        return _look_into_zip(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _look_into_ole(path)
    pictures = {b"\x89PNG": "是一张图片", b"\xff\xd8\xff": "是一张照片", b"GIF8": "是一张图片", b"BM": "是一张图片", b"%PDF": "是一份 PDF", b"Rar!": "是一个压缩包", b"7z\xbc\xaf": "是一个压缩包", b"MZ": "是一个程序"}
    for mark, what in pictures.items():
        if head.startswith(mark):
            raise Refused(_NOT_A_TABLE.format(what))
    lowered = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if lowered.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
        raise Refused("这个文件其实是网页，只是改了名字。请用表格软件打开它，另存为 .xlsx 再导入。")
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused(_NOT_A_TABLE.format("看不出是什么"))
    return "text"


def _look_into_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as container:
            parts = container.infolist()
            names = {part.filename for part in parts}
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
                raise Refused("这个表格展开后大得不正常（可能有上百万个空行或是恶意文件），没有打开。请把真正的内容复制到新表格里再导入。")
            if "mimetype" in names:
                raise Refused("这是 .ods 表格。请用表格软件打开，另存为 .xlsx 再导入。")
            if not any(name.startswith("xl/") for name in names):
                raise Refused(_NOT_A_TABLE.format("是文档或压缩包"))
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with container.open(part) as xml:
                        if b"<!DOCTYPE" in xml.read(2048):
                            raise Refused("这个表格里夹带了外部引用，可能是恶意文件，没有打开。请让发来的人另存为新的 .xlsx。")
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError):
        raise Refused("这个表格文件不完整，可能没有下载完或拷贝时断了。请重新拷贝一份。") from None
    return "xlsx"


def _look_into_ole(path: Path) -> str:
    # Directory names of the container are UTF-16; an encrypted workbook has a stream of this name.
    with path.open("rb") as file:
        body = file.read(4_000_000)
    if "EncryptedPackage".encode("utf-16-le") in body:
        raise Refused("这个表格有打开密码。请用表格软件打开，去掉密码另存一份再导入。")
    if "WordDocument".encode("utf-16-le") in body:
        raise Refused(_NOT_A_TABLE.format("是 Word 文档"))
    return "xls"


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return cell


def _read_workbook(path: Path) -> list[dict[str, Any]]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_path(path)
        since_1904 = _counts_from_1904(path)
        sheets = []
        for about in book.sheets_metadata:
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(about.name)
            if (sheet.total_height > MOST_ROWS and sheet.total_height * max(sheet.total_width, 1) > 20_000_000) or sheet.total_width > MOST_COLUMNS * 10:
                raise Refused("这个表格大得不正常（可能有上百万个空行），没有打开。请把真正的内容复制到新表格里再导入。")
            first = sheet.start or (0, 0)
            rows: list[list[Any]] = []  # empty rows above the first come of themselves, empty columns before it do not
            pad: list[Any] = [None] * first[1]
            for row in sheet.iter_rows():
                rows.append([*pad, *row] if pad else row)
            while rows and not any(cell != "" and cell is not None for cell in rows[-1]):
                rows.pop()
            if len(rows) > MOST_ROWS:
                raise Refused(f"这张表超过 {MOST_ROWS // 10000} 万行，请分成几个文件导入。")
            merges = [[*a, *b] for a, b in sheet.merged_cell_ranges or ()]
            sheets.append({"name": about.name, "visible": about.visible == SheetVisibleEnum.Visible, "rows": rows, "merges": merges, "since_1904": since_1904})
        return sheets
    except PasswordError:
        raise Refused("这个表格有打开密码。请用表格软件打开，去掉密码另存一份再导入。") from None
    except (CalamineError, OSError, ValueError):
        raise Refused("这个表格文件损坏或不完整，读不出来。请重新拷贝一份，或用表格软件打开后另存为 .xlsx。") from None


def _counts_from_1904(path: Path) -> bool:
    """Whether plain numbers count days from 1904 (workbooks of old Macs; ECMA-376 workbookPr/@date1904)."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as container:
        try:
            head = container.read("xl/workbook.xml")
        except KeyError:
            return False
    return b'date1904="1"' in head or b'date1904="true"' in head


def _decode(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("这个文本文件的文字编码认不出来。请用表格软件打开，另存为 .xlsx 再导入。")


def _read_text(path: Path) -> list[dict[str, Any]]:
    import csv
    import io

    if path.stat().st_size > 100_000_000:
        raise Refused("这个文本文件超过 100 MB，请分成几个文件导入。")
    text = _decode(path.read_bytes())
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    separator = max((",", "\t", ";"), key=lambda s: sum(line.count(s) for line in lines))
    if separator == "\t" and "," in (lines[0] if lines else ""):
        separator = ","  # a tab before an ID number is a trick against spreadsheets, not a column
    if not any(separator in line for line in lines):
        raise Refused(_NOT_A_TABLE.format("是普通文字，没有分列"))
    csv.field_size_limit(1_000_000)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error:
        raise Refused("这个文本表格的格式乱了，读不出来。请用表格软件打开，另存为 .xlsx 再导入。") from None
    return [{"name": path.stem, "visible": True, "rows": rows, "merges": []}]


def limit_memory() -> None:
    """An address-space limit where the system has one; elsewhere the parent watches."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(argument: str) -> bytes:
    path = Path(argument)
    try:
        limit_memory()
        kind = look(path)
        sheets = _read_text(path) if kind == "text" else _read_workbook(path)
        return msgspec.msgpack.encode({"sheets": sheets}, enc_hook=_plain)
    except Refused as refused:
        return msgspec.msgpack.encode({"refused": str(refused)})
    except MemoryError:
        return msgspec.msgpack.encode({"refused": "这个表格太大，内存装不下，没有打开。请把真正的内容复制到新表格里再导入。"})


if __name__ == "__main__":
    sys.stdout.buffer.write(main(sys.argv[1]))
