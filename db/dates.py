"""Dates that know how precise they are.

Rosters say "1987.3". That is a month, not the first of March; a value keeps year, month and day as far as they are
known, and the text it came from where that text said it differently. ISO 8601 with reduced precision is the written form.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache

EXCEL_EPOCH = date(1899, 12, 30)
_HAN_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．－／", "0123456789.-/")
_POINTS = str.maketrans("、，,。\\", ".....")
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<y>\d{4})[-./年](?P<m>\d{1,2})[-./月](?P<d>\d{1,2})(?:日|号)?(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?",
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
        r"(?P<y>\d{4})[-./年](?P<m>\d{1,2})月?(?:份)?",
        r"(?P<y>\d{4})(?P<m>\d{2})",
        r"(?P<y>\d{4})年?",
        r"(?P<yy>\d{2})[-./年](?P<m>\d{1,2})(?:[-./月](?P<d>\d{1,2})(?:日|号)?)?月?",
    )
)


@dataclass(frozen=True, order=True)
class PartialDate:
    """A year, a month of a year, or a day. `source` is the original text where it was not the written form."""

    year: int
    month: int | None = None
    day: int | None = None
    source: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise ValueError("a day needs a month")
        date(self.year, 1 if self.month is None else self.month, 1 if self.day is None else self.day)

    def __str__(self) -> str:
        if self.day is not None:
            return f"{self.year:04}-{self.month:02}-{self.day:02}"
        return f"{self.year:04}" if self.month is None else f"{self.year:04}-{self.month:02}"

    @staticmethod
    @lru_cache(maxsize=65536)
    def of(day: date) -> "PartialDate":
        return PartialDate(day.year, day.month, day.day)

    @classmethod
    def from_iso(cls, text: str) -> "PartialDate":
        """The inverse of `written`. ValueError if it is none."""
        iso, _, source = text.partition("|")
        parts = [int(part) for part in iso.split("-")]
        if len(parts) > 3:
            raise ValueError(text)
        return cls(parts[0], parts[1] if len(parts) > 1 else None, parts[2] if len(parts) > 2 else None, source or None)

    def written(self) -> str:
        """The stored and sent form: ISO, then `|` and the original text where there is one."""
        return f"{self}|{self.source}" if self.source else str(self)

    def first_day(self) -> date:
        return date(self.year, self.month or 1, self.day or 1)

    def last_day(self) -> date:
        if self.day is not None:
            return self.first_day()
        following = date(self.year + 1, 1, 1) if self.month in (None, 12) else date(self.year, (self.month or 1) + 1, 1)
        return following - timedelta(days=1)

    @property
    def precision(self) -> int:
        """How many parts are known: 1 year, 2 month, 3 day."""
        return 1 + (self.month is not None) + (self.day is not None)

    def agrees_with(self, other: "PartialDate") -> bool:
        """Whether both can be the same day: 1987-03 agrees with 1987-03-15."""
        mine, theirs = (self.year, self.month, self.day), (other.year, other.month, other.day)
        return all(a == b for a, b in zip(mine, theirs, strict=True) if a is not None and b is not None)

    def chinese(self) -> str:
        text = f"{self.year}年"
        if self.month is not None:
            text += f"{self.month}月"
        if self.day is not None:
            text += f"{self.day}日"
        return text


def _century(two_digits: int) -> int:
    return 2000 + two_digits if two_digits <= date.today().year % 100 else 1900 + two_digits


@lru_cache(maxsize=50_000)
def _from_text(text: str) -> PartialDate:
    plain = "".join(text.translate(_FULL_WIDTH).split(" ")) if ":" not in text else text.translate(_FULL_WIDTH)
    if ":" not in plain:  # 2015、5、13 and 2015--05-13. are how clerks write 2015.5.13
        plain = re.sub(r"([-./])[-./]+", r"\1", plain.translate(_POINTS)).rstrip("-./")
    if re.search("[〇○零一二三四五六七八九十]", plain):
        plain = _han_to_digits(plain)
    for pattern in _PATTERNS:
        if found := pattern.fullmatch(plain):
            parts = found.groupdict()
            year = int(parts["y"]) if parts.get("y") else _century(int(parts["yy"]))
            month, day = parts.get("m"), parts.get("d")
            value = PartialDate(year, int(month) if month else None, int(day) if day else None)
            if not 1850 <= year <= 2200:
                raise ValueError(text)
            return value if str(value) == text else PartialDate(value.year, value.month, value.day, source=text)
    raise ValueError(text)


def _han_to_digits(text: str) -> str:
    text = re.sub("([一二三])?十([一二三四五六七八九])?", _ten, text)
    return text.translate(_HAN_DIGITS)


def _ten(found: re.Match[str]) -> str:
    tens, ones = found.group(1), found.group(2)
    return f"{tens or '一'}{ones or '〇'}"


def read_date(cell: object, *, epoch: date = EXCEL_EPOCH) -> PartialDate:
    """A cell or a typed text as a date. ValueError where it is none; `epoch` is 1904-01-01 for some workbooks."""
    if isinstance(cell, datetime):
        return PartialDate.of(cell.date())
    if isinstance(cell, date):
        return PartialDate.of(cell)
    if isinstance(cell, bool):
        raise ValueError(str(cell))
    if isinstance(cell, int | float):
        return _from_number(float(cell), epoch)
    text = str(cell).strip()
    if text.endswith(".0"):
        text = text[:-2]
    if re.fullmatch(r"\d{5}", text):
        return _from_number(float(text), epoch)
    return _from_text(text)


def _from_number(number: float, epoch: date) -> PartialDate:
    whole = int(number)
    if 19000101 <= whole <= 21001231 or 190001 <= whole <= 210012:
        return _from_text(str(whole))
    if 1850 <= number < 2200:
        # 1987.3 and 1987.10 typed into a number cell: 1987.1 may be January or October, so only the year is sure.
        fraction = f"{number:.2f}".partition(".")[2]
        month = int(fraction.rstrip("0") or 0)
        if fraction == "00" or fraction == "10":
            return PartialDate(whole, source=f"{number:g}")
        return PartialDate(whole, month, source=f"{number:g}")
    if 5_000 <= number < 80_000:  # a smaller one is a count or a running number, not a day before 1914
        day = epoch + timedelta(days=whole)
        return PartialDate(day.year, day.month, day.day, source=f"{number:g}")
    raise ValueError(f"{number:g}")
