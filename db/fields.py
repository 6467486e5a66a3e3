"""What a column means: Kind (how a value is read, shown, stored and sent), Field, and how personal it is.

`field("身份证号", ID_NUMBER, pii=Pii.SENSITIVE)` makes the SQLAlchemy column. From that one line come the table column,
the editor, the workbook header and its drop-down, the parser, the validation sentence, the wire form, the mask, the
journal entry, the form placeholder and the migration. Rules over several fields are methods of the record.

A value has four forms: the Python value; the text a person sees (`show`); the cell or text it is read from (`read`);
and the written form (`to_wire`, `from_wire`), a JSON scalar which is also what SQLite holds.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Integer, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from db import cleaning, codes, identity
from db.dates import PartialDate, read_date
from db.problems import Problem, warning

Wire = str | int | bool | None


class Pii(Enum):
    """How personal a field is (PIPL art. 4, 28). There is no default: who adds a field decides."""

    NONE = "none"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


class Reading(NamedTuple):
    """What a cell came to: the value (None: blank or not to be trusted) and what there is to say about it."""

    value: Any
    problems: tuple[Problem, ...] = ()


BLANK = Reading(None)


def cell_text(cell: object) -> str:
    """The text of a cell as a person sees it: 15082816969.0 is 15082816969."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, bool):
        return "是" if cell else "否"
    return str(cell)


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


_FILLERS = frozenset({"/", "\\", "-", "--", "—", "——", "－"})
_NOTHING = _FILLERS | {"无", "暂无", "没有", "不详", "未知", "空", "N/A", "n/a"}
"""What clerks write into a cell that has nothing to say. In numbers and dates the words too."""


def says_nothing(text: str) -> bool:
    """Whether a number or date cell holds only a filler."""
    return text.strip() in _NOTHING


class Kind:
    """Free text on one line; the base of the other kinds.

    `steps` are the rules that reading a text applies; `reads_as` is the rule to name where they do not explain the value.
    """

    steps: tuple[cleaning.Rule, ...] = ()
    reads_as = "text-space"

    def __init__(self, name: str, *, max_length: int = 200, multiline: bool = False) -> None:
        self.name = name
        self.max_length = max_length
        self.multiline = multiline

    def column_type(self) -> TypeEngine[Any]:
        return Text() if self.multiline else String(self.max_length)

    def read(self, cell: object) -> Reading:
        if type(cell) is str:
            return self.read_text(cell) if cell else BLANK
        return BLANK if cell is None else self.read_text(cell_text(cell))

    def read_text(self, text: str) -> Reading:
        value = _CONTROL.sub("", text).strip() if self.multiline else " ".join(_CONTROL.sub("", text).split())
        if not value or value in _FILLERS:
            return BLANK
        if len(value) > self.max_length:
            return Reading(None, (Problem("too-long", f"最多 {self.max_length} 个字，这里有 {len(value)} 个。"),))
        return Reading(value)

    def show(self, value: Any) -> str:
        return str(value)

    def changes(self, cell: object) -> tuple[cleaning.Change, ...]:
        """What reading this cell changed, rule by rule; nothing where the value is shown as the cell was or cannot be trusted."""
        value, before = self.read(cell).value, cell_text(cell)
        if value is None or self.show(value) == before:
            return ()
        after = self.show(value)
        found = cleaning.changes(self.steps, before)
        reached = found[-1].after if found else before
        if reached == after:
            return found
        return (*found, cleaning.read_as(self._last_step(cell), reached, after))

    def _last_step(self, cell: object) -> str:
        return self.reads_as

    def to_wire(self, value: Any) -> Wire:
        return value  # type: ignore[no-any-return]  # text is its own written form

    def from_wire(self, written: Wire) -> Any:
        if not isinstance(written, str):
            raise ValueError(f"{self.name}: text expected")
        return written

    def is_sound(self, written: Wire) -> bool:
        """A quick word on a written form: True says that reading it finds no error, False that one must look. A district reads millions."""
        return type(written) is str and 0 < len(written) <= self.max_length and type(self).read_text is Kind.read_text

    def mask(self, text: str) -> str:
        return text

    @property
    def is_exact_text(self) -> bool:
        """Whether a workbook must hold it as text lest a spreadsheet changes it."""
        return True

    @property
    def is_own_wire(self) -> bool:
        """Whether a value is its own written form, so that bulk paths need not ask."""
        return type(self).to_wire is Kind.to_wire

    @property
    def choices(self) -> codes.CodeTable | None:
        return None

    @property
    def refers_to(self) -> str:
        """The register whose records the values name; empty where they are values of their own."""
        return ""


class _Written(TypeDecorator[Any]):
    """Stores the written form of a kind."""

    impl = String
    cache_ok = True

    def __init__(self, kind: Kind, impl: TypeEngine[Any]) -> None:
        super().__init__()
        self.kind = kind
        self.impl = impl  # type: ignore[assignment]  # SQLAlchemy allows an instance here

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.kind.to_wire(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.kind.from_wire(value)

    def __repr__(self) -> str:
        return repr(self.impl)


_PLAIN_NAME = re.compile(r"[\u4e00-\u9fa5]{2,4}")


class Name(Kind):
    """A person's name. 民委发〔2016〕33号: the separator is U+00B7, at least 50 characters, all of GB 18030.

    NFC only: NFKC would change rare characters of names into others.
    """

    steps = cleaning.NAME_RULES

    def is_sound(self, written: Wire) -> bool:
        return type(written) is str and _PLAIN_NAME.fullmatch(written) is not None and "某" not in written

    def read_text(self, text: str) -> Reading:
        if _PLAIN_NAME.fullmatch(text) and "某" not in text:
            return Reading(text)
        name = cleaning.run(self.steps, text)
        if not name or name in _NOTHING:
            return BLANK
        if cleaning.holds_several(text):
            return Reading(None, (Problem("name-several", "这一格里像是有几个人，请一人一行分开写。"),))
        if len(name) > self.max_length:
            return Reading(None, (Problem("too-long", f"姓名最多 {self.max_length} 个字。"),))
        said: tuple[Problem, ...] = ()
        if remark := cleaning.remark_of(text):
            said = (warning("name-remark", f"姓名后面的“{remark[:20]}”不是姓名，已移到备注。"),)
        if cleaning.is_damaged(name):
            return Reading(name, (*said, warning("name-damaged", f"姓名“{name}”里有显示不出的字，请对照证件补上。")))
        if cleaning.is_half_hidden(text):
            return Reading(None, (Problem("name-hidden", f"姓名“{text.strip()}”被遮住了一部分，请向发来的人要没有遮的。"),))
        if cleaning.may_be_two(text) and not remark:
            return Reading(name, (*said, warning("name-odd", f"“{text.strip()}”中间有空格，请看是一个人还是两个人。")))
        if any(c.isdigit() or c in "+＋/_=@" for c in name) or re.search("某|○|◯", name):
            return Reading(name, (*said, warning("name-odd", f"姓名“{name}”里有不像姓名的字，请看一眼。")))
        return Reading(name, said)


_ID_SENTENCES = {
    "id-length": "证件号码应为 18 位，这里是 {n} 位，请核对。",
    "id-charset": "证件号码里有不该出现的字符，请核对。",
    "id-date": "证件号码里的出生日期不存在，请核对。",
    "id-checksum": "证件号码的校验位不对，很可能录错了一位，请对照证件核对。",
}
_EIGHTEEN = re.compile(r"(?<![0-9])[1-9][0-9]{16}[0-9X](?![0-9X])")
_SLIPS = {"O": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "B": "8"}
_SLIP = re.compile("[OILZSB]")
"""Letters that a reader takes for digits: reported, never replaced."""
_TRUNCATED = Problem("id-truncated", "证件号码在表格里存成了数字，末三位已丢失。请向本人重新登记。")


class IdNumber(Kind):
    """An identity document's number. Digits lost by a spreadsheet are named, never repaired."""

    steps = cleaning.ID_RULES
    reads_as = "id-upgrade"

    def is_sound(self, written: Wire) -> bool:
        return type(written) is str and len(written) == 18 and identity.id_fault(written) is None

    def read(self, cell: object) -> Reading:
        if type(cell) is str:
            return self.read_text(cell)
        if isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= 1e15:
            return Reading(None, (_TRUNCATED,))
        return super().read(cell)

    def read_text(self, text: str) -> Reading:
        number = text if len(text) == 18 and text.isdecimal() and text.isascii() else identity.normal_id(text)
        if not number or says_nothing(text):
            return BLANK
        if re.fullmatch(r"[0-9](?:\.[0-9]+)?E\+?1[4-9]", number):
            return Reading(None, (_TRUNCATED,))
        fault = identity.id_fault(number)
        if fault in ("id-length", "id-charset"):
            if not any(c.isdigit() for c in number):
                return Reading(None, (warning("id-missing", f"这里写的是“{text.strip()[:20]}”，不是证件号码。可以先导入，以后补上。"),))
            within = [found for found in _EIGHTEEN.findall(number) if identity.id_fault(found) is None]
            if len(within) == 1:
                return Reading(within[0], (warning("id-words", "号码前后还有别的字，已只取号码，请看一眼。"),))
        if fault is None:
            if len(number) == 15:
                return Reading(identity.upgrade_15(number), (warning("id-old", "这是 15 位的老身份证号，已换算成 18 位，请核对新证。"),))
            if number[:2] not in identity.PROVINCES and not (number[0] == "9" and number[1:3] in identity.PROVINCES):
                return Reading(number, (warning("id-area-unknown", "证件号码的前两位不是已知的省份，请看一眼。"),))
            return Reading(number)
        if fault in ("id-checksum", "id-date") and number.endswith("000"):
            return Reading(None, (_TRUNCATED,))
        if fault in ("id-length", "id-charset") and identity.is_other_document(number) and len(number) < 18:
            return Reading(number)
        said = _ID_SENTENCES[fault].format(n=len(number))
        if fault == "id-charset" and (slip := _SLIP.search(number[:17])):
            said = f"证件号码第 {slip.start() + 1} 位是字母 {slip.group()}，是不是数字 {_SLIPS[slip.group()]}？请对照证件核对。"
        return Reading(None, (Problem(fault, said),))

    def mask(self, text: str) -> str:
        if len(text) >= 15:
            return f"{text[:6]}{'*' * (len(text) - 10)}{text[-4:]}"
        return f"{text[:2]}{'*' * max(len(text) - 4, 3)}{text[-2:]}"


class Phone(Kind):
    """A mobile number of 11 digits; a landline belongs into its own field."""

    steps = cleaning.PHONE_RULES
    reads_as = "phone-first"

    def __init__(self, name: str, *, landline: bool = False) -> None:
        super().__init__(name, max_length=40)
        self.landline = landline

    def is_sound(self, written: Wire) -> bool:
        return type(written) is str and identity.is_mobile(written)

    def read_text(self, text: str) -> Reading:
        if not self.landline and identity.is_mobile(text):
            return Reading(text)
        plain = identity.normal_phone(text)
        if not plain or says_nothing(text):
            return BLANK
        if identity.is_mobile(plain) or (self.landline and identity.is_landline(plain)):
            return Reading(plain)
        if not self.landline and (found := _first_mobile(text)):
            alone = not re.search(r"[0-9]{3}", _closed_up(text).replace(found, "", 1))
            return Reading(found, () if alone else (warning("phone-several", "一格里有几个号码，第一个手机号放在这里，其余移到固定电话或备注。"),))
        if not self.landline and (identity.is_landline(plain) or _A_LANDLINE.search(cleaning.half_width(text))):
            return Reading(None, (warning("phone-landline", "这是固定电话，请填到“固定电话”里。"),))
        digits = sum(c.isdigit() for c in plain)
        hint = "少" if digits < 11 else "多" if digits > 11 else ""
        said = f"手机号应为 11 位，这里是 {digits} 位，{hint}了 {abs(11 - digits)} 位，请核对。" if hint else "手机号的号段不对，请核对。"
        return Reading(None, (Problem("phone-invalid", said),))

    def mask(self, text: str) -> str:
        return f"{text[:3]}{'*' * (len(text) - 7)}{text[-4:]}" if len(text) >= 8 else "*" * len(text)


_A_MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_A_LANDLINE = re.compile(r"(?<![0-9])(?:86-)?(0[0-9]{2,3}-?[2-9][0-9]{6,7}|[2-9][0-9]{6,7})(?:[-转][0-9]{1,6})?(?![0-9])")


def _closed_up(text: str) -> str:
    """Half width; hyphens, dots and spaces within a mobile number taken out."""
    plain = cleaning.half_width(text)
    return re.sub(r"(?<![0-9])(1[3-9][0-9])[-. ]?([0-9]{4})[-. ]?([0-9]{4})(?![0-9])", r"\1\2\3", plain)


def _first_mobile(text: str) -> str | None:
    found = _A_MOBILE.search(_closed_up(text))
    return found.group() if found else None


def other_numbers(text: str) -> tuple[list[str], list[str], list[str]]:
    """What else a phone cell holds besides its first mobile number: landlines, further mobile numbers, and other numbers of three digits and more."""
    plain = _closed_up(text)
    mobiles = _A_MOBILE.findall(plain)
    rest = _A_MOBILE.sub(" ", plain)
    landlines = [found.group(0).removeprefix("86-") for found in _A_LANDLINE.finditer(rest)]
    return landlines, mobiles[1:], re.findall(r"[0-9]{3,}", _A_LANDLINE.sub(" ", rest))


class DateKind(Kind):
    """A date with its precision; see `db.dates`."""

    reads_as = "date-form"

    def is_sound(self, written: Wire) -> bool:
        return type(written) is str and _is_day(written)

    def _last_step(self, cell: object) -> str:
        return "date-serial" if re.fullmatch(r"\d{5}(?:\.\d+)?", cell_text(cell).strip()) else self.reads_as

    def column_type(self) -> TypeEngine[Any]:
        return _Written(self, String(60))

    def read(self, cell: object) -> Reading:
        if cell is None or cell == "":
            return BLANK
        if isinstance(cell, str) and (not cell.strip() or says_nothing(cell)):
            return BLANK
        try:
            return Reading(cell if isinstance(cell, PartialDate) else read_date(cell))
        except ValueError:
            return Reading(None, (Problem("date-unreadable", f"看不懂的日期“{cell_text(cell).strip()[:20]}”，请写成 2015-03-07 或 2015-03。"),))

    def read_text(self, text: str) -> Reading:
        return self.read(text)

    def to_wire(self, value: PartialDate) -> Wire:
        return value.written()

    def from_wire(self, written: Wire) -> PartialDate:
        return PartialDate.from_iso(super().from_wire(written))


_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z")


_DAY = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")


@lru_cache(maxsize=65536)
def _is_day(written: str) -> bool:
    """Whether it is a date in written form, without the text it came from."""
    try:
        return _DAY.fullmatch(written) is not None and PartialDate.from_iso(written) is not None
    except ValueError:
        return False


class Moment(Kind):
    """An instant, stored in UTC to the microsecond, shown in the office's time."""

    reads_as = "time-form"

    def is_sound(self, written: Wire) -> bool:
        return type(written) is str and _INSTANT.fullmatch(written) is not None and _is_day(written[:10])

    def column_type(self) -> TypeEngine[Any]:
        return _Written(self, String(32))

    def read(self, cell: object) -> Reading:
        if cell is None or cell == "":
            return BLANK
        if isinstance(cell, datetime):
            return Reading(cell.astimezone(UTC))
        if isinstance(cell, date):
            return Reading(datetime(cell.year, cell.month, cell.day).astimezone(UTC))
        text = unicodedata.normalize("NFKC", str(cell)).strip().replace("/", "-").replace("年", "-").replace("月", "-").replace("日", " ").replace("点半", ":30").replace("点", ":00")
        for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y%m%d %H%M", "%Y%m%d %H:%M", "%Y%m%d"):
            try:
                return Reading(datetime.strptime(" ".join(text.split()), form).astimezone(UTC))
            except ValueError:
                continue
        return Reading(None, (Problem("time-unreadable", f"看不懂的时间“{text[:20]}”，请写成 2026-11-20 14:00。"),))

    def show(self, value: datetime) -> str:
        return value.astimezone().strftime("%Y-%m-%d %H:%M")

    def to_wire(self, value: datetime) -> Wire:
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def from_wire(self, written: Wire) -> datetime:
        return datetime.strptime(super().from_wire(written), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


class Whole(Kind):
    """A count: a whole number, zero or more."""

    reads_as = "number-form"

    def __init__(self, name: str, *, unit: str = "") -> None:
        super().__init__(name)
        self.unit = unit

    def column_type(self) -> TypeEngine[Any]:
        return Integer()

    def read_text(self, text: str) -> Reading:
        plain = identity.squeeze(text).replace(",", "").removesuffix(self.unit or "人")
        if not plain:
            return BLANK
        if plain.isdecimal() and len(plain) < 16:
            return Reading(int(plain))
        return Reading(None, (Problem("number-unreadable", f"这里要填整数，“{plain[:20]}”不是。"),))

    def is_sound(self, written: Wire) -> bool:
        return type(written) is int and 0 <= written < 10**15

    def from_wire(self, written: Wire) -> int:
        if isinstance(written, bool) or not isinstance(written, int):
            raise ValueError("a whole number expected")
        return written

    @property
    def is_exact_text(self) -> bool:
        return False


class Amount(Kind):
    """Yuan as a Decimal with two places; written as whole fen."""

    reads_as = "number-form"

    def column_type(self) -> TypeEngine[Any]:
        return _Written(self, Integer())

    def read_text(self, text: str) -> Reading:
        plain = identity.squeeze(text).replace(",", "").replace("，", "").strip("¥￥").removesuffix("元")
        if not plain:
            return BLANK
        try:
            value = Decimal(plain)
            if not value.is_finite() or abs(value) >= 10**12:
                raise InvalidOperation
        except InvalidOperation:
            return Reading(None, (Problem("amount-unreadable", f"看不懂的金额“{plain[:20]}”，请写成 1500 或 1500.00。"),))
        if value != round(value, 2):
            return Reading(None, (Problem("amount-unreadable", "金额最多写到分。"),))
        return Reading(round(value, 2))

    def is_sound(self, written: Wire) -> bool:
        return type(written) is int and 0 <= written < 10**14

    def show(self, value: Decimal) -> str:
        return f"{value:,.2f}"

    def to_wire(self, value: Decimal) -> Wire:
        return int((value * 100).to_integral_value())

    def from_wire(self, written: Wire) -> Decimal:
        if isinstance(written, bool) or not isinstance(written, int):
            raise ValueError("whole fen expected")
        return Decimal(written).scaleb(-2)

    @property
    def is_exact_text(self) -> bool:
        return False


_YES = frozenset({"是", "1", "y", "yes", "true", "√", "✓", "✔", "○", "o", "对", "有", "v", "☑"})
_NO = frozenset({"否", "0", "n", "no", "false", "×", "x", "✗", "无", "不是", "没有", "-", "/", "☐"})


class YesNo(Kind):
    reads_as = "yes-no-term"

    def column_type(self) -> TypeEngine[Any]:
        return _Written(self, Boolean(create_constraint=False))

    def read(self, cell: object) -> Reading:
        if isinstance(cell, bool):
            return Reading(cell)
        return super().read(cell)

    def read_text(self, text: str) -> Reading:
        plain = identity.squeeze(text).casefold()
        if not plain:
            return BLANK
        if plain in _YES:
            return Reading(True)
        if plain in _NO:
            return Reading(False)
        return Reading(None, (warning("yes-no-unclear", f"“{plain[:20]}”看不出是“是”还是“否”，先空着。"),))

    def is_sound(self, written: Wire) -> bool:
        return type(written) is bool

    def show(self, value: bool) -> str:
        return "是" if value else "否"

    def from_wire(self, written: Wire) -> bool:
        if written not in (0, 1):
            raise ValueError("true or false expected")
        return bool(written)


class Code(Kind):
    """A term of a code table."""

    reads_as = "code-term"

    def __init__(self, name: str, table_name: str) -> None:
        super().__init__(name, max_length=60)
        self.table_name = table_name

    @property
    def choices(self) -> codes.CodeTable:
        return codes.table(self.table_name)

    def is_sound(self, written: Wire) -> bool:
        return type(written) is str and written in self.choices.words

    def read_text(self, text: str) -> Reading:
        if term := self.choices.find(text):
            return Reading(term)
        plain = text.strip()
        if not plain or says_nothing(plain):
            return BLANK
        if self.choices.open:
            return super().read_text(text)
        return Reading(None, (warning("code-unknown", f"“{plain[:20]}”不在可选的词里，先空着，请挑一个。"),))


class Reference(Kind):
    """The id of a record of another register."""

    def __init__(self, name: str, register: str) -> None:
        super().__init__(name, max_length=36)
        self.register = register

    @property
    def refers_to(self) -> str:
        return self.register

    def is_sound(self, written: Wire) -> bool:
        return type(written) is str and len(written) == 36


class Uscc(Kind):
    """A unified social credit code, GB 32100-2015."""

    steps = cleaning.IDENTIFIER_RULES

    def __init__(self, name: str, *, union: bool = False) -> None:
        super().__init__(name, max_length=18)
        self.union = union

    def read_text(self, text: str) -> Reading:
        code = identity.squeeze(text).upper()
        if not code:
            return BLANK
        if not identity.is_uscc(code):
            return Reading(None, (Problem("uscc-invalid", "统一社会信用代码应为 18 位且校验位正确，请对照证书核对（没有字母 I、O、S、V、Z）。"),))
        if self.union and not identity.is_union_uscc(code):
            return Reading(code, (warning("uscc-not-union", "工会自己的代码以 81 或 89 开头；这像是用人单位的代码，请看一眼。"),))
        return Reading(code)


class Account(Kind):
    """A bank card or account number, kept as text; Luhn is only a warning (old passbooks fail it)."""

    def read_text(self, text: str) -> Reading:
        digits = identity.squeeze(text).replace("-", "")
        if not digits:
            return BLANK
        if not digits.isdecimal() or not 8 <= len(digits) <= 30:
            return Reading(None, (Problem("account-invalid", "账号应为 8 到 30 位数字，请核对。"),))
        if 16 <= len(digits) <= 19 and not identity.passes_luhn(digits):
            return Reading(digits, (warning("account-luhn", "卡号的校验位不对，请对照银行卡看一眼。"),))
        return Reading(digits)

    def mask(self, text: str) -> str:
        return f"{'*' * max(len(text) - 4, 4)}{text[-4:]}"


class Identifier(Kind):
    """A number or code that somebody else gave out (employee no., certificate no.): half width, no spaces."""

    steps = cleaning.IDENTIFIER_RULES

    def is_sound(self, written: Wire) -> bool:
        return type(written) is str and written.isascii() and written.isalnum() and len(written) <= self.max_length

    def read_text(self, text: str) -> Reading:
        if text.isascii() and text.isalnum() and len(text) <= self.max_length:
            return Reading(text.upper())
        plain = identity.squeeze(text).upper()
        return super().read_text(plain) if plain else BLANK


TEXT = Kind("text")
LONG_TEXT = Kind("long_text", max_length=4000, multiline=True)
JSON_TEXT = Kind("json", max_length=4_000_000, multiline=True)
NAME = Name("name", max_length=100)
ID_NUMBER = IdNumber("id_number", max_length=30)
MOBILE = Phone("mobile")
LANDLINE = Phone("landline", landline=True)
DATE = DateKind("date")
MOMENT = Moment("moment")
PEOPLE = Whole("people", unit="人")
WHOLE = Whole("whole")
AMOUNT = Amount("amount")
YES_NO = YesNo("yes_no")
USCC = Uscc("uscc")
UNION_USCC = Uscc("union_uscc", union=True)
ACCOUNT = Account("account", max_length=30)
IDENTIFIER = Identifier("identifier", max_length=60)


@cache
def code(table_name: str) -> Code:
    return Code(f"code:{table_name}", table_name)


@cache
def reference(register: str) -> Reference:
    return Reference(f"reference:{register}", register)


@dataclass(frozen=True, kw_only=True)
class Field:
    """What is true of a column's data. Order, grouping and widths are the screen's affair."""

    label: str
    kind: Kind
    pii: Pii
    name: str = ""
    required: bool = False
    decided_above: bool = False
    derived: bool = False
    aliases: tuple[str, ...] = ()
    hint: str = ""

    def read(self, cell: object) -> Reading:
        reading = self.kind.read(cell)
        if not reading.problems:
            return reading
        return Reading(reading.value, tuple(replace(problem, field=self.name) for problem in reading.problems))

    def show(self, value: Any) -> str:
        return "" if value is None else self.kind.show(value)

    def mask(self, value: Any) -> str:
        """As shown in lists: sensitive values and phone numbers only in part."""
        text = self.show(value)
        return self.kind.mask(text) if text and self.is_masked else text

    @property
    def is_masked(self) -> bool:
        return self.pii is Pii.SENSITIVE or isinstance(self.kind, Phone)

    @property
    def words_from_above(self) -> frozenset[str]:
        """Those of its words that only the district says."""
        return self.kind.choices.from_above if self.kind.choices is not None else frozenset()

    def is_above(self, old: Wire, new: Wire) -> bool:
        """Whether only the district may turn the one value into the other: a field it decides, a word it says, a last word it said."""
        terms = self.kind.choices
        return self.decided_above or (terms is not None and (new in terms.from_above or old in terms.final))

    def to_wire(self, value: Any) -> Wire:
        return None if value is None else self.kind.to_wire(value)

    def from_wire(self, written: Wire) -> Any:
        """ValueError where the written form is not one of this kind's."""
        return None if written is None else self.kind.from_wire(written)


def field(
    label: str,
    kind: Kind,
    *,
    pii: Pii,
    required: bool = False,
    index: bool = False,
    decided_above: bool = False,
    derived: bool = False,
    aliases: tuple[str, ...] = (),
    hint: str = "",
) -> MappedColumn[Any]:
    """A column of a register. `decided_above`: set by the district's receipt; `derived`: follows from other records; neither is typed in."""
    declared = Field(label=label, kind=kind, pii=pii, required=required, decided_above=decided_above, derived=derived, aliases=aliases, hint=hint)
    info: Mapping[str, Field] = {"field": declared}
    return mapped_column(kind.column_type(), nullable=True, index=index or isinstance(kind, Reference), info=dict(info))
