"""Kinds that one programme or two use: occupation codes, years, scores, patent numbers. The common ones are in `db.fields`."""

import re
from decimal import Decimal

from db import cleaning, identity
from db.fields import BLANK, Amount, Kind, Reading, Whole, Wire
from db.problems import Problem, warning

_OCCUPATION = re.compile(r"[1-8]-\d{2}-\d{2}-\d{2}")
_PATENT = re.compile(r"(?:ZL)?(\d{4})([1-3589])(\d{7})\.?([\dX])")
_PATENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


class Occupation(Kind):
    """A code of the 职业分类大典: X-XX-XX-XX. The same trade has another code in each edition, so the edition stands beside it."""

    steps = cleaning.IDENTIFIER_RULES

    def read_text(self, text: str) -> Reading:
        plain = identity.squeeze(text).replace("－", "-").replace("—", "-")
        if not plain:
            return BLANK
        if plain.isdecimal() and len(plain) == 7:
            plain = f"{plain[0]}-{plain[1:3]}-{plain[3:5]}-{plain[5:]}"
        if not _OCCUPATION.fullmatch(plain):
            return Reading(None, (Problem("occupation-invalid", f"职业编码应像 6-18-02-04，“{plain[:20]}”不是。"),))
        return Reading(plain)

    def is_sound(self, written: Wire) -> bool:
        return type(written) is str and _OCCUPATION.fullmatch(written) is not None


class Year(Whole):
    """A calendar year."""

    def read_text(self, text: str) -> Reading:
        reading = super().read_text(text.strip().removesuffix("年度").removesuffix("年"))
        if reading.value is not None and not 1949 <= reading.value <= 2100:
            return Reading(None, (Problem("year-invalid", f"年份应为四位数，“{text.strip()[:20]}”不是。"),))
        return reading

    def is_sound(self, written: Wire) -> bool:
        return type(written) is int and 1949 <= written <= 2100


class Mark(Amount):
    """Points, with two places at most; shown without needless noughts."""

    def read_text(self, text: str) -> Reading:
        reading = super().read_text(text)
        return Reading(None, (Problem("mark-invalid", f"看不懂的分数“{text.strip()[:20]}”，请写成 86 或 86.5。"),)) if reading.problems else reading

    def show(self, value: Decimal) -> str:
        return f"{value.normalize():f}" if value else "0"


def patent_check_digit(first: str) -> str:
    """The twelve digits' check character (国家知识产权局 专利申请号标准 ZC 0006): weights 2 to 9 in turn, modulo 11, 10 is X."""
    left = sum(int(digit) * weight for digit, weight in zip(first, _PATENT_WEIGHTS, strict=True)) % 11
    return "X" if left == 10 else str(left)


class PatentNumber(Kind):
    """ZL + year + kind + seven digits + . + check character. The kind is 1 invention, 2 utility model, 3 design, 8 and 9 PCT."""

    steps = cleaning.IDENTIFIER_RULES

    def read_text(self, text: str) -> Reading:
        plain = identity.squeeze(text).upper().removeprefix("专利号")
        if not plain:
            return BLANK
        found = _PATENT.fullmatch(plain)
        if not found:
            return Reading(plain[: self.max_length], (warning("patent-form", "不像中国专利号（ZL + 13 位 + 校验位）；外国专利或申请号可以这样留着，请看一眼。"),))
        first = found[1] + found[2] + found[3]
        if patent_check_digit(first) != found[4]:
            return Reading(None, (Problem("patent-checksum", "专利号的校验位不对，很可能录错了一位，请对照证书核对。"),))
        return Reading(f"ZL{first}.{found[4]}")


def patent_kind(number: str | None) -> str | None:
    """The kind digit of a patent number in normal form."""
    found = _PATENT.fullmatch(number or "")
    return found[2] if found else None


OCCUPATION = Occupation("occupation", max_length=10)
YEAR = Year("year")
MARK = Mark("mark")
PATENT = PatentNumber("patent", max_length=40)
