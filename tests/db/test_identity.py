"""Numbers that name people and bodies: what is accepted, what is refused, and why."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import identity
from db.fields import ID_NUMBER, MOBILE, UNION_USCC, USCC

days = st.dates(date(1930, 1, 1), date(2010, 12, 31))


@given(area=st.sampled_from(["110105", "440524", "810000", "830000", "622201"]), born=days, order=st.integers(0, 999))
def test_every_well_formed_number_is_accepted_whatever_its_area(area: str, born: date, order: int) -> None:
    first = f"{area}{born:%Y%m%d}{order:03}"
    number = first + identity.resident_check_digit(first)
    reading = ID_NUMBER.read(number)
    assert reading.value == number
    assert not any(p.is_error for p in reading.problems)
    assert identity.birth_of(number) == born


@given(born=days, order=st.integers(0, 999), place=st.integers(0, 16), step=st.integers(1, 9))
def test_one_wrong_digit_is_always_found(born: date, order: int, place: int, step: int) -> None:
    first = f"110105{born:%Y%m%d}{order:03}"
    number = first + identity.resident_check_digit(first)
    wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert ID_NUMBER.read(wrong).value is None


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (1.10105199003072e17, "id-truncated"), ("1.10105E+17", "id-truncated"), ("110105199003072000", "id-truncated"), ("110105199003072432", "id-checksum"),
        ("11010519900307243", "id-length"), ("1101051990A3072434", "id-charset"), ("110105199002302437", "id-date"),
    ],
)
def test_a_damaged_number_is_named_and_never_repaired(cell: object, code: str) -> None:
    reading = ID_NUMBER.read(cell)
    assert reading.value is None
    assert [p.code for p in reading.problems] == [code]


@pytest.mark.parametrize("cell", ["11010519491231002x", "11010519491231002Ⅹ", "11010519491231002Х", "'11010519491231002X", "\t11010519491231002X ", "110105 19491231 002X", "１１０１０５19491231002Ｘ"])
def test_spellings_of_one_number_are_one_number(cell: str) -> None:
    assert ID_NUMBER.read(cell).value == "11010519491231002X"


def test_a_first_generation_number_becomes_18_digits_with_a_word_of_warning() -> None:
    reading = ID_NUMBER.read("110105491231002")
    assert reading.value == "11010519491231002X"
    assert [p.code for p in reading.problems] == ["id-old"]


def test_travel_permits_and_passports_are_taken_as_they_are() -> None:
    assert [ID_NUMBER.read(n).value for n in ("H12345678", "E12345678", "M0123456701")] == ["H12345678", "E12345678", "M0123456701"]


@pytest.mark.parametrize(("cell", "value"), [("138-0000-1234", "13800001234"), (13800001234.0, "13800001234"), ("+86 13800001234", "13800001234"), ("１３８００００１２３４", "13800001234")])
def test_spellings_of_a_phone_are_one_phone(cell: object, value: str) -> None:
    assert MOBILE.read(cell).value == value


def test_several_phones_in_a_cell_give_the_first_mobile_and_say_so() -> None:
    reading = MOBILE.read("13800001234/010-65000000")
    assert (reading.value, [p.code for p in reading.problems]) == ("13800001234", ["phone-several"])


@pytest.mark.parametrize("code", ["81110105MC00000017", "91110105MA00000012", "51110105MJ0000001N", "12110105400000001H", "91350100M000100Y43"])
def test_credit_codes_of_the_standard_are_right(code: str) -> None:
    assert USCC.read(code).value == code


@pytest.mark.parametrize("code", ["81110105MC00000018", "8111O105MC00000017", "81110105MC0000001"])
def test_wrong_credit_codes_are_refused_with_a_sentence(code: str) -> None:
    reading = USCC.read(code)
    assert reading.value is None
    assert "18 位" in reading.problems[0].message


def test_an_employers_code_where_the_unions_belongs_is_doubted() -> None:
    assert [p.code for p in UNION_USCC.read("91110105MA00000012").problems] == ["uscc-not-union"]
