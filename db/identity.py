"""Numbers that name people and bodies: identity documents, credit codes, phones, cards.

Sources: GB 11643-1999 (resident numbers), GB 32100-2015 with amendment 1 (credit codes), ISO/IEC 7064 MOD 11-2,
ISO/IEC 7812 (Luhn). An unknown area is never an error: python-stdnum's table refuses more than half of the
well-formed numbers, all of Hong Kong, Macau and Taiwan among them, which is why these few lines are our own.
"""

import re
from datetime import date
from functools import lru_cache

from db import cleaning

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
PROVINCES = frozenset(["11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83", "91"])
_RESIDENT = re.compile(r"[1-9][0-9]{16}[0-9X]")
_PLAIN = re.compile(r"[A-Z0-9]{5,20}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"(?:0[0-9]{2,3}-?)?[2-9][0-9]{6,7}(?:[-转][0-9]{1,6})?")
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def squeeze(text: str) -> str:
    """Without spaces, invisible characters, the leading apostrophe of spreadsheets; all at half width."""
    return cleaning.half_width(cleaning.without_spaces(text)).lstrip("'’`‘")


def normal_id(text: str) -> str:
    return cleaning.run(cleaning.ID_RULES, text)


@lru_cache(maxsize=65536)
def _weighted(digits: str, place: int) -> int:
    return sum(int(c) * w for c, w in zip(digits, _WEIGHTS[place:], strict=False))


def resident_check_digit(first_17: str) -> str:
    """MOD 11-2 over the first 17 digits (GB 11643-1999, 4.2).

    Area, birth date and order are weighted apart: areas and days repeat all through a roster and are remembered.
    """
    return _CHECKS[(_weighted(first_17[:6], 0) + _weighted(first_17[6:14], 6) + _weighted(first_17[14:17], 14)) % 11]


@lru_cache(maxsize=65536)
def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def id_fault(number: str) -> str | None:
    """Why a normal resident-style number (18 characters, or 15 of the first generation) is unsound, as a problem code.

    `id-length`, `id-charset`, `id-date` or `id-checksum`; None when sound. Foreign permanent residents (first digit 9)
    and the residence permits of Hong Kong, Macau and Taiwan follow the same rule.
    """
    if len(number) == 15 and number.isdecimal():
        number = upgrade_15(number)
    if len(number) != 18:
        return "id-length"
    if not _RESIDENT.fullmatch(number):
        return "id-charset"
    born = _day(number[6:14])
    if born is None or born.year < 1880 or born > date.today():
        return "id-date"
    if resident_check_digit(number) != number[17]:
        return "id-checksum"
    return None


def upgrade_15(number: str) -> str:
    """A first-generation number as the 18 digits it stands for."""
    longer = f"{number[:6]}19{number[6:]}"
    return longer + resident_check_digit(longer)


def birth_of(number: str) -> date | None:
    return _day(number[6:14]) if len(number) == 18 else None


def gender_of(number: str) -> str | None:
    return ("男" if number[16] in "13579" else "女") if len(number) == 18 and number[16].isdecimal() else None


def is_resident_style(number: str) -> bool:
    return len(number) == 18 and number.isascii() and number[:17].isdecimal()


def is_other_document(number: str) -> bool:
    """Travel permits, passports: letters and digits without a public check digit."""
    return bool(_PLAIN.fullmatch(number)) and not number.isdecimal() and sum(c.isdigit() for c in number) >= 4


_DOCUMENTS = {
    "港澳居民来往内地通行证": re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?"),
    "台湾居民来往大陆通行证": re.compile(r"[0-9]{8}|[0-9]{10}[A-Z]?|[A-Z][0-9]{8,10}"),
    "外国人永久居留身份证": re.compile(r"[A-Z]{3}[0-9]{12}"),
    "护照": re.compile(r"[A-Z0-9]{5,20}"),
    "其他": re.compile(r"[A-Z0-9]{5,20}"),
}
"""Documents without a public check digit, by the terms of the id_type table."""


def fits_document(document: str, number: str) -> bool:
    """Whether a number has the form of that other document. Residents' documents of 18 characters are judged by `id_fault`."""
    form = _DOCUMENTS.get(document)
    return form is not None and form.fullmatch(number) is not None


def normal_phone(text: str) -> str:
    return cleaning.run(cleaning.PHONE_RULES, text)


def is_mobile(text: str) -> bool:
    return bool(_MOBILE.fullmatch(text))


def is_landline(text: str) -> bool:
    return bool(_LANDLINE.fullmatch(text))


def is_uscc(code: str) -> bool:
    """A unified social credit code with a right check character (GB 32100-2015, weights 3^(i-1) mod 31)."""
    if len(code) != 18 or any(c not in _CREDIT_ALPHABET for c in code):
        return False
    total = sum(_CREDIT_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17]))
    return _CREDIT_ALPHABET[(31 - total % 31) % 31] == code[17]


def is_union_uscc(code: str) -> bool:
    """A union's own code begins with authority 8 (trade unions), kind 1 or 9."""
    return is_uscc(code) and code[0] == "8" and code[1] in "19"


def passes_luhn(digits: str) -> bool:
    doubled = ((int(c) * (2 if i % 2 else 1)) for i, c in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0
