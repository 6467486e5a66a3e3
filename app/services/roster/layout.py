"""Where the table is: which rows are its header, which column is which field, and what each other row is."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from app.services.roster.reader import Cell, Sheet
from db.fields import Field, cell_text
from db.identity import id_fault, is_mobile, normal_id, normal_phone
from db.record import field_of, fields_of
from db.registers import Certificate, Member

ROW_NUMBER = "row_no"
LOOK_AT_ROWS = 60
_BRACKETS = re.compile(r"[（(【\[].*?[)）】\]]")
_MINORITY_NAME = re.compile(r"[\u4e00-\u9fff]+(?:[·•・‧．][\u4e00-\u9fff]+)+")
_SHORT_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
_SECTION = re.compile(r"(?:部|科|室|处|车间|班|班组|小组|中心|大队|中队|队|厂|院|所|站|分会|支部|公司|工段|股)(?:[（(].*[)）])?$")
_WHOSE = re.compile("^(?:工会会员|员工|职工|会员|本人|个人)")
"""What stands before a header's own word: 员工姓名, 本人手机."""
_NOBODY = re.compile(r"^(?:本页|以上|以下|人数|全部|总)?(?:合计|小计|共计|总计)|[：:]|盖章|签字|公章|以下空白|^续表|^男\D*\d|^女\D*\d|^共\s*\d+\s*人|^以上.*\d+\s*人")
_CHAPTER = re.compile(r"^[（(]?[一二三四五六七八九十]+[)）、.．]")
_NUMBERING = re.compile(r"[（(\[【].*[)）\]】]|[甲乙丙丁戊己庚辛壬癸]|[①-⑳]|\d{1,2}")
_UNIT_COLUMNS = ("department", "employer_name", "post", "professional_title")
_NOT_HERSELF = re.compile("紧急|家属|配偶|父亲|母亲|子女|亲属|介绍人|担保")
"""Columns about somebody else than the member."""
_PAGE_NUMBER = re.compile(r"第\s*\d+\s*页")
_TOTAL = re.compile(r"(?:合计|小计|共计|总计|总人数|本页计)(?:$|[:：\d人（(])|共\d+人")
_NOTES = ("注：", "注:", "备注：", "备注:", "说明", "填表", "填报", "审核", "制表", "单位负责人", "负责人", "经办人", "打印", "附件", "联系人", "日期：", "盖章")
_SAMPLES = ("示例", "样例", "例：", "例:", "例如", "（例", "(例", "范例", "（样例", "（示例", "(样例", "(示例", "填写示例")
_LISTS = ("下拉", "菜单", "字典", "选项", "代码表", "填表说明", "填写说明")
_LEFT = ("离职", "离退", "退会", "转出", "减员", "调出", "除名", "离岗")


def speaks_of_leaving(text: str) -> bool:
    """以下人员已离职, 退休人员."""
    return any(word in text for word in (*_LEFT, "退休"))


def is_department(text: str) -> bool:
    """Whether a text reads like the name of a department: it ends in 部, 科, 车间, 组…"""
    return _SECTION.search(text) is not None


@cache
def importable() -> Mapping[str, Field]:
    """The fields a roster may bring: the member's own, and the number of a certificate named in her row."""
    found = {f.name: f for f in fields_of(Member)}
    found["certificate_no"] = field_of(Certificate, "certificate_no")
    return found


def header_key(text: str) -> str:
    """A header cell without spaces, width and case."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold().strip(":*")


@cache
def aliases() -> Mapping[str, str]:
    """Every known header, as a key, to the field it names."""
    known = {header_key(word): ROW_NUMBER for word in ("序号", "序", "行号", "No.", "编 码")}
    for name, f in importable().items():
        for word in (f.label, *f.aliases):
            known.setdefault(header_key(word), name)
    return known


def without_hints(header: str) -> str:
    """建会日期（格式：yyyy/MM/dd） is 建会日期."""
    return _BRACKETS.sub("", header.split("\n")[0])


@lru_cache(maxsize=4096)
def field_for(header: str) -> str | None:
    """The field that a header names, hints in brackets or on a second line left aside."""
    if _NOT_HERSELF.search(header):
        return None
    plain = _BRACKETS.sub("", header)
    halves = [half for half in re.split(r"[/／或]", plain) if half.strip()]
    han = "".join(re.findall(r"[\u4e00-\u9fff]+", plain))
    for candidate in (header, plain, plain.split("\n")[0], _WHOSE.sub("", plain.strip()), halves[0] if halves else "", _WHOSE.sub("", halves[0].strip()) if halves else "", han, _WHOSE.sub("", han)):
        if (key := header_key(candidate)) in aliases():
            return aliases()[key]
    return None


@dataclass(frozen=True)
class Table:
    """A header and its columns. `header_rows` are 1-based; `columns` maps a column (from 0) to a field."""

    header_rows: tuple[int, ...]
    headers: Mapping[int, str]
    columns: Mapping[int, str]
    beside: tuple["Table", ...] = field(default=())
    """Further tables under the same header rows: lists printed two or three abreast."""

    @property
    def is_roster(self) -> bool:
        names = set(self.columns.values())
        return "full_name" in names and bool(names & {"id_number", "mobile", "employee_no", "gender", "birth_date", "member_card_no", "department", "joined_on"})

    def remapped(self, columns: Mapping[int, str]) -> "Table":
        return Table(self.header_rows, self.headers, {c: name for c, name in columns.items() if name}, self.beside)

    @property
    def shape(self) -> str:
        """What workbooks of the same make have in common: their headers, in order, by digest."""
        return hashlib.sha256("\x1f".join(header_key(header) for _, header in sorted(self.headers.items())).encode()).hexdigest()


def _texts(row: Sequence[Cell]) -> list[str]:
    return [cell_text(cell).strip() for cell in row]


def _score(texts: Sequence[str]) -> int:
    return len({name for text in texts if text and len(text) < 60 and (name := field_for(text))})


def find_table(sheet: Sheet, start: int = 0) -> Table | None:
    """The first table from row index `start` on: the row that names most fields, with the row below it if the header has two."""
    best, place = 0, -1
    for i in range(start, min(len(sheet.rows), start + LOOK_AT_ROWS)):
        score = _score(_texts(sheet.rows[i]))
        if score > best:
            best, place = score, i
        if best >= 3 and i > place + 1:
            break
    if best < 2:
        return None
    above = _texts(sheet.rows[place - 1]) if place > start else []
    below = _texts(sheet.rows[place + 1]) if place + 1 < len(sheet.rows) else []
    if _is_second_header(sheet, place, below):
        return _build((place, place + 1), _texts(sheet.rows[place]), below)
    if above and _is_second_header(sheet, place - 1, _texts(sheet.rows[place])) and _score(above) >= 1:
        return _build((place - 1, place), above, _texts(sheet.rows[place]))
    over = above if any(r1 == place - 1 == r2 and c2 > c1 for r1, c1, r2, c2 in sheet.merges) else []
    return _build((place,), _texts(sheet.rows[place]), None, over)


def guess_table(sheet: Sheet) -> Table | None:
    """A header nobody recognises: the first row of words above a row that is as wide. Its columns are for the clerk to name."""
    for i, row in enumerate(sheet.rows[:LOOK_AT_ROWS]):
        words = [text for text in _texts(row) if text and not any(c.isdigit() for c in text)]
        below = [text for text in _texts(sheet.rows[i + 1]) if text] if i + 1 < len(sheet.rows) else []
        if len(words) >= 2 and len(words) == len([text for text in _texts(row) if text]) and len(below) * 2 >= len(words):
            return _build((i,), _texts(row), None)
    return None


def _is_second_header(sheet: Sheet, top: int, below: Sequence[str]) -> bool:
    """Whether the row under `top` belongs to the header: it names fields where a merge spreads above it."""
    if _score(below) < 1 or any(text.isdigit() and len(text) > 3 for text in below):
        return False
    spread = any(r1 == top and r2 == top and c2 > c1 for r1, c1, r2, c2 in sheet.merges)
    tall = any(r1 == top and r2 == top + 1 for r1, c1, r2, c2 in sheet.merges)
    return spread or tall


def _build(places: tuple[int, ...], top: Sequence[str], bottom: Sequence[str] | None, over: Sequence[str] = ()) -> Table:
    """The table under one header row or two. `over`: a row above that only groups columns; what stands under 配偶 is about nobody of ours."""
    found: list[tuple[int, str, str | None]] = []
    groups: dict[int, str] = {}
    group = ""
    for c in range(max(len(top), len(bottom or ()))):
        lower = bottom[c] if bottom and c < len(bottom) else ""
        upper = top[c] if c < len(top) else ""
        grouping = upper if bottom else over[c] if c < len(over) else ""
        if bottom or over:
            group = groups[c] = grouping or (group if lower or upper else "")
        if header := lower or upper:
            named = None if _NOT_HERSELF.search(group) else field_for(header) or (field_for(upper + lower) if lower and upper else None)
            found.append((c, "".join(header.split()), named))
    rows = tuple(p + 1 for p in places)
    first, *others = _abreast(found)
    return replace(_columns(rows, first), beside=tuple(_columns(rows, part) for part in others))


def _abreast(found: list[tuple[int, str, str | None]]) -> list[list[tuple[int, str, str | None]]]:
    """The header cut into the tables that stand side by side: where a name begins again and another 姓名 is still to come."""
    parts: list[list[tuple[int, str, str | None]]] = [[]]
    for n, (c, header, name) in enumerate(found):
        here = {known for _, _, known in parts[-1]}
        if name and name in here and "full_name" in here and any(later == "full_name" for _, _, later in found[n:]):
            parts.append([])
        parts[-1].append((c, header, name))
    return parts


def _columns(rows: tuple[int, ...], found: list[tuple[int, str, str | None]]) -> Table:
    headers = {c: header for c, header, _ in found}
    columns: dict[int, str] = {}
    taken: dict[str, int] = {}
    for c, _, name in found:
        if name and name != ROW_NUMBER and name not in taken:
            taken[name] = c
            columns[c] = name
    _prefer_specific(headers, columns, taken)
    return Table(rows, headers, columns)


def _prefer_specific(headers: Mapping[int, str], columns: dict[int, str], taken: dict[str, int]) -> None:
    """Where 联系电话 came before 手机, the mobile column is the one that says so; the other is the landline."""
    for c, header in headers.items():
        if c in columns or field_for(header) != "mobile":
            continue
        first = taken["mobile"]
        if any(word in header for word in ("手机", "移动")) and not any(word in headers[first] for word in ("手机", "移动")):
            columns[c], taken["mobile"] = "mobile", c
            if "landline" in taken:
                del columns[first]
            else:
                columns[first], taken["landline"] = "landline", first


def why_not_a_roster(sheet: Sheet, table: Table | None, *, alone: bool = False) -> str | None:
    """Why a whole sheet is passed over; None when it is a roster. The only visible sheet is never passed over for its name."""
    if not sheet.visible:
        return "hidden-sheet"
    if not alone and any(word in sheet.name for word in _LEFT):
        return "left-sheet"
    if not alone and any(word in sheet.name for word in _LISTS) and not (table is not None and {"full_name", "id_number"} <= set(table.columns.values())):
        return "list-sheet"
    if table is None or not table.is_roster:
        return "no-table"
    return None


def why_not_a_person(table: Table, row: Sequence[Cell], name_column: int, id_column: int | None) -> str | None:
    """Why a row under the header is no person: blank, header, total, note or sample."""
    if _plainly_a_person(row, name_column, id_column):
        return None
    filled = [text for text in _texts(row) if text]
    if not filled:
        return "blank"
    if _repeats_header(table, row) or _score(_texts(row)) >= 3:
        return "header"
    first = filled[0]
    if _TOTAL.match(first.replace(" ", "").replace("\u3000", "")):
        return "total"
    has_name = name_column < len(row) and cell_text(row[name_column]).strip() != ""
    has_id = id_column is not None and id_column < len(row) and sum(c.isalnum() for c in cell_text(row[id_column])) >= 5 and "：" not in cell_text(row[id_column])
    if any(text.startswith(_SAMPLES) or text == "例" for text in filled[:3]):
        return "sample"
    name_text = cell_text(row[name_column]).strip() if name_column < len(row) else ""
    sure_id = id_column is not None and id_column < len(row) and id_fault(normal_id(cell_text(row[id_column]))) is None
    if name_text and not sure_id and not _MINORITY_NAME.fullmatch(name_text):
        if _NOBODY.search(name_text):
            return "total" if re.search("计|共|以上", name_text) else "note"
        if _CHAPTER.search(name_text) and len(name_text) > 3:
            return "section"
    if len(filled) >= 2 and all(_NUMBERING.fullmatch(text) for text in filled) and not all(text.isdigit() for text in filled):
        return "header"
    beside_id = cell_text(row[id_column]).strip() if id_column is not None and id_column < len(row) else ""
    if has_name and beside_id and cell_text(row[name_column]).strip().isdigit():
        return "sample"  # the official blank's own example row has 11 for every cell
    if has_name and _MINORITY_NAME.fullmatch(cell_text(row[name_column]).strip()):
        return None
    at = next((c for c, text in enumerate(_texts(row)) if text), -1)
    in_a_unit = table.columns.get(at) in _UNIT_COLUMNS and "：" not in first and ":" not in first and _SHORT_NAME.fullmatch(name_text) is not None
    if len(filled) <= 2 and not has_id and not in_a_unit and (first.startswith(_NOTES) or len(first) > 12 or _PAGE_NUMBER.match(first)):
        return "note"
    if first.startswith(_NOTES) and not has_id and len(filled) <= 4 and not (has_name and (in_a_unit or _speaks_of_a_person(row, name_column))):
        return "note"
    if has_name and len(table.columns) >= 3 and (_SECTION.search(name_text) or name_text.startswith("以下")) and not has_id and not _speaks(row, name_column) and len(filled) <= 3:
        return "section"
    if not has_name and not has_id:
        return "no-name"
    return None


def _speaks_of_a_person(row: Sequence[Cell], name_column: int) -> bool:
    """A short Han name with a gender or a phone beside it."""
    return _SHORT_NAME.fullmatch(cell_text(row[name_column]).strip()) is not None and _speaks(row, name_column)


def _speaks(row: Sequence[Cell], name_column: int) -> bool:
    """Whether a gender or a phone stands beside the name."""
    return any(text in ("男", "女") or is_mobile(normal_phone(text)) for c, text in enumerate(_texts(row)) if c != name_column)


def _plainly_a_person(row: Sequence[Cell], name_column: int, id_column: int | None) -> bool:
    """The common case, decided without building texts: a Han name, and 18 characters where the ID number stands."""
    if id_column is None or id_column >= len(row) or name_column >= len(row):
        return False
    name, number = row[name_column], row[id_column]
    if any(type(cell) is str and cell.strip().startswith(("示例", "样例", "例", "（例", "(例", "范例", "（样", "（示", "填写示例")) for cell in row[:name_column]):
        return False
    return type(number) is str and len(number) == 18 and type(name) is str and 2 <= len(name) <= 4 and number.isascii() and number[:17].isdecimal()


def _repeats_header(table: Table, row: Sequence[Cell]) -> bool:
    same = sum(1 for c, header in table.headers.items() if c < len(row) and type(row[c]) is str and "".join(str(row[c]).split()) == header)
    return same >= min(3, len(table.headers)) and same * 2 > len([cell for cell in row if cell not in ("", None)])


def fill_down(sheet: Sheet, columns: Mapping[int, str]) -> dict[int, set[str]]:
    """Give every row of a vertical merge its value, for unit and department only; row number -> fields that were filled."""
    filled: dict[int, set[str]] = {}
    wanted = {c for c, name in columns.items() if name in ("department", "employer_name")}
    for r1, c1, r2, c2 in sheet.merges:
        if c1 in wanted and r2 > r1 and c1 == c2:
            value = sheet.rows[r1][c1] if r1 < len(sheet.rows) and c1 < len(sheet.rows[r1]) else None
            for r in range(r1 + 1, min(r2 + 1, len(sheet.rows))):
                row = sheet.rows[r]
                row += [None] * (c1 + 1 - len(row))
                if row[c1] in ("", None):
                    row[c1] = value
                    filled.setdefault(r + 1, set()).add(columns[c1])
    return filled
