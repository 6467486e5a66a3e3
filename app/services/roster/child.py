"""The process that opens a workbook. Run as `python -m app.services.roster.child FILE [--password]`; it may die, the program may not.

It writes one MessagePack document to standard output: {"sheets": [{name, visible, rows, merges}]} or {"refused": sentence}.
Cells are None, text, number or truth value; dates come as ISO text. Before parsing it looks into the container for bombs
and foreign entities. Imports stay few: its start is part of what the clerk waits for.
"""

import io
import struct
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec

MOST_BYTES = 300_000_000
MOST_PARTS = 2_000
MOST_ROWS = 300_000
MOST_COLUMNS = 400
MEMORY = 480_000_000

NEEDS_PASSWORD = "这个表格有打开密码。"
WRONG_PASSWORD = "密码不对，表格没有打开。请再问一下发来的人。"
_NOT_A_TABLE = "这个文件不是表格：{}。请用表格软件打开正确的文件，另存为 .xlsx 再导入。"


class Refused(Exception):
    """The file is not taken; the text is the sentence for the clerk."""


def look(file: BinaryIO) -> str:
    """What the file really is: xlsx, xls, encrypted, html, xml or text. Refused, in words, for everything else."""
    head = file.read(4096)
    file.seek(0)
    if not head:
        raise Refused("这个文件是空的，里面什么也没有。请向发来的人再要一份。")
    if head.startswith(b"PK"):
        return _look_into_zip(file)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _look_into_ole(file)
    for mark, what in _PICTURES.items():
        if head.startswith(mark):
            raise Refused(_NOT_A_TABLE.format(what))
    lowered = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if lowered.startswith(b"<?xml") and b"urn:schemas-microsoft-com:office:spreadsheet" in lowered:
        return "xml"
    if lowered.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head", b"<style", b"<div")):
        return "html"
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused(_NOT_A_TABLE.format("看不出是什么"))
    return "text"


_PICTURES = {b"\x89PNG": "是一张图片", b"\xff\xd8\xff": "是一张照片", b"GIF8": "是一张图片", b"BM": "是一张图片", b"%PDF": "是一份 PDF", b"Rar!": "是一个压缩包", b"7z\xbc\xaf": "是一个压缩包", b"MZ": "是一个程序"}


def _look_into_zip(file: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(file) as container:
            parts = container.infolist()
            names = {part.filename for part in parts}
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
                raise Refused("这个表格展开后大得不正常（可能有上百万个空行或是恶意文件），没有打开。请把真正的内容复制到新表格里再导入。")
            if "mimetype" in names:
                raise Refused("这是 .ods 表格。请用 WPS 或 LibreOffice 打开它，点“文件 → 另存为”，类型选“.xlsx”，再导入。")
            if not any(name.startswith("xl/") for name in names):
                raise Refused(_NOT_A_TABLE.format("是文档或压缩包"))
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with container.open(part) as xml:
                        if b"<!DOCTYPE" in xml.read(2048):
                            raise Refused("这个表格里夹带了外部引用，可能是恶意文件，没有打开。请让发来的人另存为新的 .xlsx。")
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError):  # the last two: zipfile's words for parts packed or locked in ways it cannot open
        raise Refused("这个表格文件不完整，可能没有下载完或拷贝时断了。请重新拷贝一份。") from None
    file.seek(0)
    return "xlsx"


def _look_into_ole(file: BinaryIO) -> str:
    # Directory names of the container are UTF-16; an encrypted workbook has a stream of this name.
    body = file.read(4_000_000)
    file.seek(0)
    if "EncryptedPackage".encode("utf-16-le") in body:
        return "encrypted"
    if "WordDocument".encode("utf-16-le") in body:
        raise Refused(_NOT_A_TABLE.format("是 Word 文档"))
    if "Workbook".encode("utf-16-le") not in body and "Book".encode("utf-16-le") not in body and len(body) < 4_000_000:
        raise Refused("这个文件像是 WPS 的 .et 表格或别的程序的文件。请在 WPS 里打开，点“文件 → 另存为”，类型选“.xlsx”，再导入。")
    return "xls"


def unlocked(file: BinaryIO, password: str | None) -> BinaryIO:
    """The workbook inside an encrypted one (ECMA-376 agile and standard, RC4 of .xls), in memory only."""
    if password is None:
        raise Refused(NEEDS_PASSWORD)
    import msoffcrypto  # only where a password was given
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError

    plain = io.BytesIO()
    try:
        locked = msoffcrypto.OfficeFile(file)
        locked.load_key(password=password, verify_password=True)
        locked.decrypt(plain)
    except InvalidKeyError:
        raise Refused(WRONG_PASSWORD) from None
    except (DecryptionError, FileFormatError, ValueError, KeyError, OSError, struct.error, AttributeError):
        raise Refused("这个表格加了密，但加密的方式读不了。请用表格软件打开，去掉密码另存为 .xlsx 再导入。") from None
    plain.seek(0)
    return plain


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return cell


def _read_workbook(file: BinaryIO) -> list[dict[str, Any]]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        since_1904 = _counts_from_1904(file)
        book = CalamineWorkbook.from_filelike(file)
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
            merges = [[*a, *b] for a, b in sheet.merged_cell_ranges or ()]
            sheets.append({"name": about.name, "visible": about.visible == SheetVisibleEnum.Visible, "rows": _without_tail(rows), "merges": merges, "since_1904": since_1904})
        return sheets
    except PasswordError:
        raise Refused(NEEDS_PASSWORD) from None
    except (CalamineError, OSError, ValueError):
        raise Refused("这个表格文件损坏或不完整，读不出来。请重新拷贝一份，或用表格软件打开后另存为 .xlsx。") from None


def _without_tail(rows: list[list[Any]]) -> list[list[Any]]:
    """Without the empty rows at the end; Refused where too many remain."""
    while rows and not any(cell != "" and cell is not None for cell in rows[-1]):
        rows.pop()
    if len(rows) > MOST_ROWS:
        raise Refused(f"这张表超过 {MOST_ROWS // 10000} 万行，请分成几个文件导入。")
    return rows


def _counts_from_1904(file: BinaryIO) -> bool:
    """Whether plain numbers count days from 1904 (workbooks of old Macs; ECMA-376 workbookPr/@date1904)."""
    found = False
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as container:
            try:
                head = container.read("xl/workbook.xml")
            except KeyError:
                head = b""
        found = b'date1904="1"' in head or b'date1904="true"' in head
    file.seek(0)
    return found


def _read_html(file: BinaryIO) -> list[dict[str, Any]]:
    """Tables of a web page that was named .xls: each table with more than one row and column is a sheet; spans are merges."""
    from lxml import html

    page = html.document_fromstring(_decode(file.read(MOST_TEXT + 1), declared=True))
    sheets: list[dict[str, Any]] = []
    for table in page.iter("table"):
        if next(table.iterdescendants("table"), None) is not None:
            continue  # a frame for layout; the inner table comes by itself
        rows: list[list[Any]] = []
        merges: list[list[int]] = []
        held: set[tuple[int, int]] = set()
        for r, line in enumerate(table.iter("tr")):
            row: list[Any] = []
            for cell in line.iterchildren("td", "th"):
                while (r, len(row)) in held:
                    row.append(None)
                down, across = _span(cell.get("rowspan")), _span(cell.get("colspan"))
                at = len(row)
                row += [" ".join(cell.text_content().split()), *[None] * (across - 1)]
                held |= {(r + d, at + a) for d in range(1, down) for a in range(across)}
                if down > 1 or across > 1:
                    merges.append([r, at, r + down - 1, at + across - 1])
            rows.append(row)
        if len(rows) > 1 and max(map(len, rows)) > 1:
            sheets.append({"name": f"表{len(sheets) + 1}", "visible": True, "rows": _without_tail(rows), "merges": merges})
    if not sheets:
        raise Refused("这个文件其实是网页，里面没有表格。请用浏览器打开看看，把名单复制到新表格里再导入。")
    return sheets


def _span(written: str | None) -> int:
    return min(int(written), 1000) if written and written.isdecimal() and int(written) > 0 else 1


def _read_xml(file: BinaryIO) -> list[dict[str, Any]]:
    """A workbook in the XML Spreadsheet 2003 form, as some personnel systems write it and call it .xls."""
    from lxml import etree

    space = "{urn:schemas-microsoft-com:office:spreadsheet}"
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        book = etree.parse(file, parser).getroot()
    except etree.XMLSyntaxError:
        raise Refused("这个表格文件损坏或不完整，读不出来。请重新拷贝一份，或用表格软件打开后另存为 .xlsx。") from None
    sheets = []
    for sheet in book.iter(f"{space}Worksheet"):
        rows: list[list[Any]] = []
        merges: list[list[int]] = []
        for line in sheet.iter(f"{space}Row"):
            rows += [[] for _ in range(min(_span(line.get(f"{space}Index")) - 1 - len(rows), MOST_ROWS))] if line.get(f"{space}Index") else []
            row: list[Any] = []
            for cell in line.iter(f"{space}Cell"):
                if place := cell.get(f"{space}Index"):
                    row += [None] * min(int(place) - 1 - len(row), MOST_COLUMNS)
                across, down = int(cell.get(f"{space}MergeAcross") or 0), int(cell.get(f"{space}MergeDown") or 0)
                data = cell.find(f"{space}Data")
                if across or down:
                    merges.append([len(rows), len(row), len(rows) + down, len(row) + across])
                row += [_typed(data), *[None] * min(across, MOST_COLUMNS)]
            rows.append(row)
        hidden = sheet.find(".//{urn:schemas-microsoft-com:office:excel}Visible")
        sheets.append({"name": sheet.get(f"{space}Name") or "", "visible": hidden is None or hidden.text == "SheetVisible", "rows": _without_tail(rows), "merges": merges})
    return sheets


def _typed(data: Any) -> Any:
    if data is None:
        return None
    text = "".join(data.itertext())
    kind = data.get("{urn:schemas-microsoft-com:office:spreadsheet}Type")
    if kind == "Number":
        return float(text)
    return text.removesuffix("T00:00:00.000") if kind == "DateTime" else text


MOST_TEXT = 100_000_000


def _decode(body: bytes, *, declared: bool = False) -> str:
    if len(body) > MOST_TEXT:
        raise Refused("这个文本文件超过 100 MB，请分成几个文件导入。")
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    if declared:
        return body.decode("gb18030", "replace")
    raise Refused("这个文本文件的文字编码认不出来。请用表格软件打开，另存为 .xlsx 再导入。")


def _read_text(file: BinaryIO, name: str) -> list[dict[str, Any]]:
    import csv

    text = _decode(file.read(MOST_TEXT + 1))
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    separator = max((",", "\t", ";"), key=lambda s: sum(line.count(s) for line in lines))
    commas = [line.count(",") for line in lines]
    if separator == "\t" and commas and sum(count == max(set(commas), key=commas.count) >= 2 for count in commas) * 2 >= len(commas):
        separator = ","  # a tab before an ID number is a trick against spreadsheets, not a column
    if not any(separator in line for line in lines):
        raise Refused(_NOT_A_TABLE.format("是普通文字，没有分列"))
    csv.field_size_limit(1_000_000)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error:
        raise Refused("这个文本表格的格式乱了，读不出来。请用表格软件打开，另存为 .xlsx 再导入。") from None
    return [{"name": name, "visible": True, "rows": rows, "merges": []}]


def limit_memory() -> None:
    """An address-space limit where the system has one; elsewhere the parent watches."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def sheets_of(path: Path, password: str | None) -> list[dict[str, Any]]:
    """The sheets of a file. Refused with the sentence for the clerk."""
    with path.open("rb") as file:
        kind, body = look(file), cast(BinaryIO, file)
        if kind == "encrypted" or (password is not None and kind == "xls"):
            body = unlocked(body, password)
            kind = look(body)
        if kind == "text":
            return _read_text(body, path.stem)
        readers = {"html": _read_html, "xml": _read_xml, "xlsx": _read_workbook, "xls": _read_workbook}
        return readers[kind](body)


def main(argument: str, password: str | None = None) -> bytes:
    try:
        limit_memory()
        return msgspec.msgpack.encode({"sheets": sheets_of(Path(argument), password)}, enc_hook=_plain)
    except Refused as refused:
        return msgspec.msgpack.encode({"refused": str(refused)})
    except MemoryError:
        return msgspec.msgpack.encode({"refused": "这个表格太大，内存装不下，没有打开。请把真正的内容复制到新表格里再导入。"})


if __name__ == "__main__":
    # The password comes through the pipe: an argument would be seen by every program on the machine.
    given = sys.stdin.buffer.read().decode() if "--password" in sys.argv else None
    sys.stdout.buffer.write(main(sys.argv[1], given))
