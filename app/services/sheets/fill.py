"""Writing into somebody else's workbook without changing anything else of it.

Upper unions accept only their own file. openpyxl drops the drop-downs of real blanks (they are stored as an extension), so cells
are written into the sheet's own XML (ECMA-376, 18.3); every other part of the file goes through byte for byte. Where there are more
rows than the blank has room for, what stands below moves down, with merges, drop-downs, conditional formats and formulas, and
the only other parts that may change are the print area in `xl/workbook.xml` and `xl/calcChain.xml`.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from lxml import etree

from db.problems import UserError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_XM = "{http://schemas.microsoft.com/office/excel/2006/main}"
_REF = re.compile(r"(\$?)([A-Z]{1,3})(\$?)([0-9]{1,7})")
_RANGE = re.compile(r"(\$?[A-Z]{1,3})(\$?)([0-9]{1,7})(?::(\$?[A-Z]{1,3})(\$?)([0-9]{1,7}))?(?![0-9A-Za-z_(])")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
Value = str | int


def _tag(name: str) -> str:
    return f"{{{MAIN}}}{name}"


def letters(column: int) -> str:
    """A column from 0 as a spreadsheet calls it: 0 is A, 26 is AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _column_of(ref: str) -> int:
    number = 0
    for c in ref:
        if c.isalpha():
            number = number * 26 + ord(c) - 64
    return number - 1


def _parse(body: bytes) -> Any:
    return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def _written(root: Any) -> bytes:
    body: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return body


class Blank:
    """An .xlsx blank, opened for filling. UserError for a file that is none."""

    def __init__(self, body: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(body))
            self._book = _parse(self._zip.read("xl/workbook.xml"))
            rels = _parse(self._zip.read("xl/_rels/workbook.xml.rels"))
        except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError):
            raise UserError("这不是 .xlsx 空白表，不能填。请用表格软件打开它，另存为 .xlsx 再选。") from None
        targets = {rel.get("Id"): rel.get("Target") for rel in rels}
        self.parts: dict[str, str] = {}
        """Sheet name -> part."""
        for sheet in self._book.iter(_tag("sheet")):
            target = str(targets[sheet.get(_RELS)])
            self.parts[sheet.get("name")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if not self.parts:  # the strict form of the standard has other names for everything
            raise UserError("这个空白表的格式不常见，不能填。请用表格软件打开它，另存为普通的 .xlsx 再选。")

    def choices(self, sheet: str, column: int, row: int) -> tuple[str, ...]:
        """The words that the drop-down of a cell offers; empty where it has none."""
        root = _parse(self._zip.read(self.parts[sheet]))
        where = f"{letters(column)}{row}"
        for rule in (*root.iter(_tag("dataValidation")), *root.iter("{http://schemas.microsoft.com/office/spreadsheetml/2009/9/main}dataValidation")):
            if rule.get("type") != "list":
                continue
            area = rule.get("sqref") or next((node.text for node in rule.iter(f"{_XM}sqref")), "")
            formula = next((node.text for node in (*rule.iter(_tag("formula1")), *rule.iter(f"{_XM}f")) if node.text), "")
            if area and _covers(area, where):
                return self._listed(formula.strip(), sheet)
        return ()

    def _listed(self, formula: str, here: str) -> tuple[str, ...]:
        if formula.startswith('"'):
            return tuple(part.strip() for part in formula.strip('"').split(","))
        name = next((n.text for n in self._book.iter(_tag("definedName")) if n.get("name") == formula), formula) or ""
        sheet, _, area = name.rpartition("!")
        found = _RANGE.fullmatch(area.replace("$", ""))
        part = self.parts.get(sheet.strip("'") or here)
        if not found or part is None:
            return ()
        first, last, column = int(found[3]), int(found[6] or found[3]), _column_of(found[1])
        shared = self._shared_strings()
        rows = _parse(self._zip.read(part)).iter(_tag("c"))
        return tuple(text for c in rows if (at := _REF.fullmatch(c.get("r"))) and _column_of(at[2]) == column and first <= int(at[4]) <= last and (text := _text(c, shared).strip()))

    def texts(self, sheet: str, row: int) -> dict[int, str]:
        """What stands in a row, by column from 0."""
        shared = self._shared_strings()
        found = next((r for r in _parse(self._zip.read(self.parts[sheet])).iter(_tag("row")) if r.get("r") == str(row)), ())
        return {_column_of(c.get("r")): text for c in found if (text := _text(c, shared))}

    def _shared_strings(self) -> list[str]:
        try:
            return ["".join(t.text or "" for t in item.iter(_tag("t"))) for item in _parse(self._zip.read("xl/sharedStrings.xml")).iter(_tag("si"))]
        except KeyError:
            return []

    def fill(self, sheet: str, first_row: int, rows: Sequence[Mapping[int, Value]]) -> bytes:
        """The workbook with these rows (column from 0 -> value) from `first_row` (from 1) on. Cells with a formula keep it."""
        part = self.parts[sheet]
        root = _parse(self._zip.read(part))
        data = root.find(_tag("sheetData"))
        _number(data)
        present = {int(r.get("r")): r for r in data.iterchildren(_tag("row"))}
        counted = {c for values in rows for c, value in values.items() if isinstance(value, int)}
        shared = self._shared_strings()
        limit = next((n for n in sorted(present) if n > first_row and any(_stands_below(c, counted, shared) for c in present[n])), None)
        shift = max(0, len(rows) - (limit - first_row)) if limit is not None else 0
        changed: dict[str, bytes] = {}
        if limit is not None and shift:
            if root.find(_tag("tableParts")) is not None:
                raise UserError("这个空白表下面的内容在一个“表格”区域里，人多放不下。请在空白表里先多插一些空行，再填。")
            self._move_down(root, present, sheet, limit, shift)
            _merge_likewise(root, first_row, range(limit, limit + shift))
            changed |= self._others(sheet, part, limit, shift)
        pattern = present.get(first_row)
        for n, values in enumerate(rows):
            number = first_row + n
            row = present.get(number)
            if row is None or (limit is not None and number >= limit):
                row = _like(pattern, number)
                _insert(data, row, number)
            for column, value in values.items():
                _put(row, column, number, value)
        for cell in root.iter(_tag("c")):  # a total was reckoned before there was anything to add up
            if cell.find(_tag("f")) is not None and (old := cell.find(_tag("v"))) is not None:
                cell.remove(old)
        _widen(root, first_row + len(rows) - 1, max((c for values in rows for c in values), default=0))
        changed[part] = _written(root)
        return self._packed(changed)

    def _move_down(self, root: Any, present: dict[int, Any], sheet: str, limit: int, shift: int) -> None:
        """Everything from row `limit` on goes `shift` rows down."""
        for number in sorted(present, reverse=True):
            if number < limit:
                continue
            row = present.pop(number)
            row.set("r", str(number + shift))
            for c in row:
                c.set("r", f"{letters(_column_of(c.get('r')))}{number + shift}")
        move, move_merge, move_formula = _mover(limit, shift), _mover(limit, shift, grows=False), _formula_mover(sheet, limit, shift)
        for node in root.iter(_tag("mergeCell")):
            node.set("ref", move_merge(node.get("ref")))
        for name, attribute in (("dataValidation", "sqref"), ("conditionalFormatting", "sqref"), ("hyperlink", "ref"), ("autoFilter", "ref"), ("dimension", "ref"), ("ignoredError", "sqref"), ("protectedRange", "sqref")):
            for node in root.iter(_tag(name)):
                if node.get(attribute):
                    node.set(attribute, move(node.get(attribute)))
        for node in root.iter(f"{_XM}sqref"):
            node.text = move(node.text or "")
        for node in (*root.iter(_tag("f")), *root.iter(_tag("formula")), *root.iter(_tag("formula1")), *root.iter(_tag("formula2")), *root.iter(f"{_XM}f")):
            if node.text:
                node.text = move_formula(node.text)
            if node.get("ref"):
                node.set("ref", move(node.get("ref")))
        for node in root.iter(_tag("brk")):
            parent = node.getparent()
            if parent.tag == _tag("rowBreaks") and int(node.get("id")) >= limit:
                node.set("id", str(int(node.get("id")) + shift))

    def _others(self, sheet: str, part: str, limit: int, shift: int) -> dict[str, bytes]:
        """Print areas and the order of calculation follow; nothing else of the file is touched."""
        changed: dict[str, bytes] = {}
        move = _mover(limit, shift)
        body = self._zip.read("xl/workbook.xml").decode()
        place = list(self.parts).index(sheet)

        def area(found: re.Match[str]) -> str:
            return f"{found[1]}{move(found[2])}{found[3]}" if f'localSheetId="{place}"' in found[1] and "Print_Area" in found[1] else found[0]

        moved = re.sub(r"(<definedName\b[^>]*>)([^<]*)(</definedName>)", area, body)
        if moved != body:
            changed["xl/workbook.xml"] = moved.encode()
        if "xl/calcChain.xml" in self._zip.namelist():
            chain = _parse(self._zip.read("xl/calcChain.xml"))
            number = self._book.findall(f".//{_tag('sheet')}")[place].get("sheetId")
            current = None
            for c in chain:
                current = c.get("i") or current
                if current == number:
                    c.set("r", move(c.get("r")))
            changed["xl/calcChain.xml"] = _written(chain)
        return changed

    def _packed(self, changed: Mapping[str, bytes]) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for info in self._zip.infolist():
                made.writestr(info, changed.get(info.filename, self._zip.read(info.filename)))
        return out.getvalue()


def _text(cell: Any, shared: Sequence[str]) -> str:
    value = cell.find(_tag("v"))
    if cell.get("t") == "s" and value is not None:
        return shared[int(value.text)]
    if cell.get("t") == "inlineStr":
        return "".join(t.text or "" for t in cell.iter(_tag("t")))
    return value.text or "" if value is not None else ""


def _covers(area: str, where: str) -> bool:
    found = _REF.fullmatch(where)
    assert found is not None
    column, row = _column_of(found[2]), int(found[4])
    for one in area.split():
        ends = [_REF.fullmatch(end) for end in one.split(":")]
        if all(ends):
            a, b = ends[0], ends[-1]
            assert a is not None and b is not None
            if _column_of(a[2]) <= column <= _column_of(b[2]) and int(a[4]) <= row <= int(b[4]):
                return True
    return False


def _number(data: Any) -> None:
    """Give rows and cells that say no place theirs: the standard lets a writer leave them out."""
    last = 0
    for row in data.iterchildren(_tag("row")):
        last = int(row.get("r") or last + 1)
        row.set("r", str(last))
        column = -1
        for c in row:
            column = _column_of(c.get("r")) if c.get("r") else column + 1
            c.set("r", f"{letters(column)}{last}")


def _stands_below(cell: Any, counted: set[int], shared: Sequence[str]) -> bool:
    """Whether a cell holds something that the filled rows must not run over; running numbers printed beforehand are no such thing."""
    if cell.find(_tag("f")) is not None:
        return True
    text = _text(cell, shared).strip()
    return bool(text) and not (_column_of(cell.get("r")) in counted and text.isdecimal())


def _merge_likewise(root: Any, pattern: int, rows: Iterable[int]) -> None:
    """Merges within the blank's first row are repeated in every row that was put in."""
    merges = root.find(_tag("mergeCells"))
    if merges is None:
        return
    alike = [node.get("ref") for node in merges if re.fullmatch(rf"[A-Z]+{pattern}:[A-Z]+{pattern}", node.get("ref"))]
    for number in rows:
        for ref in alike:
            etree.SubElement(merges, _tag("mergeCell"), ref=re.sub(r"\d+", str(number), ref))
    merges.set("count", str(len(merges)))


def _formula_mover(sheet: str, limit: int, shift: int) -> Callable[[str], str]:
    """Moves what a formula says of this sheet; other sheets, names, texts and columns of tables are left as they are."""
    from openpyxl.formula import Tokenizer
    from openpyxl.formula.tokenizer import Token

    move = _mover(limit, shift)

    def one(token: Any) -> str:
        if token.type != Token.OPERAND or token.subtype != Token.RANGE or "[" in token.value:
            return str(token.value)
        where, mark, area = token.value.rpartition("!")
        if mark and where.strip("'") != sheet:
            return str(token.value)
        return f"{where}{mark}{move(area)}"

    def moved(text: str) -> str:
        if text.startswith('"'):
            return text
        return "".join(one(token) for token in Tokenizer(f"={text}").items)

    return moved


def _mover(limit: int, shift: int, *, grows: bool = True) -> Callable[[str], str]:
    """Rewrites references: rows from `limit` on move; an area that ends just above grows, so that lists and sums hold the new rows too."""

    def one(found: re.Match[str]) -> str:
        first = int(found[3])
        if found[4] is None:
            return f"{found[1]}{found[2]}{first + shift if first >= limit else first}"
        last = int(found[6])
        last = last + shift if last >= limit or (grows and last == limit - 1) else last
        return f"{found[1]}{found[2]}{first + shift if first >= limit else first}:{found[4]}{found[5]}{min(last, 1_048_576)}"

    def move(text: str) -> str:
        # Texts in quotes are no references.
        return "".join(part if part.startswith('"') else _RANGE.sub(one, part) for part in re.split(r'("[^"]*")', text))

    return move


def _like(pattern: Any, number: int) -> Any:
    """An empty row that looks like the blank's first one: height, styles, nothing in it."""
    if pattern is None:
        return etree.Element(_tag("row"), r=str(number))
    row = deepcopy(pattern)
    row.set("r", str(number))
    for c in row:
        c.set("r", f"{letters(_column_of(c.get('r')))}{number}")
        for child in list(c):
            c.remove(child)
        c.attrib.pop("t", None)
    return row


def _insert(data: Any, row: Any, number: int) -> None:
    place = sum(int(r.get("r")) < number for r in data)
    data.insert(place, row)


def _put(row: Any, column: int, number: int, value: Value) -> None:
    ref = f"{letters(column)}{number}"
    cell = next((c for c in row if c.get("r") == ref), None)
    if cell is None:
        cell = etree.Element(_tag("c"), r=ref)
        row.insert(sum(_column_of(c.get("r")) < column for c in row), cell)
    if cell.find(_tag("f")) is not None:
        return
    for child in list(cell):
        cell.remove(child)
    cell.attrib.pop("t", None)
    if value == "":
        return
    if isinstance(value, int):
        etree.SubElement(cell, _tag("v")).text = str(value)
        return
    cell.set("t", "inlineStr")
    text = etree.SubElement(etree.SubElement(cell, _tag("is")), _tag("t"))
    text.text = _UNWRITABLE.sub("", value)
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _widen(root: Any, last_row: int, last_column: int) -> None:
    """Let the sheet's stated dimension hold what was written."""
    node = root.find(_tag("dimension"))
    found = _RANGE.fullmatch(node.get("ref")) if node is not None else None
    if found is None or found[4] is None:
        return
    column = max(_column_of(found[4]), last_column)
    node.set("ref", f"{found[1]}{found[3]}:{letters(column)}{max(int(found[6]), last_row)}")
