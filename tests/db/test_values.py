"""Dates, codes, names, amounts: read from what clerks write, and back from what is stored."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import codes
from db.dates import PartialDate, read_date
from db.fields import AMOUNT, DATE, MOMENT, NAME, WHOLE, YES_NO, Kind, code
from db.record import fields_of
from db.registers import REGISTERS

some_dates = st.one_of(
    st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(PartialDate.of), st.builds(PartialDate, st.integers(1900, 2100), st.integers(1, 12)), st.builds(PartialDate, st.integers(1900, 2100))
)


@pytest.mark.parametrize(
    ("cell", "iso"),
    [
        ("1987.3", "1987-03"), ("1987.03.05", "1987-03-05"), ("1987-3", "1987-03"), ("1987/3/5", "1987-03-05"), ("1987年3月", "1987-03"), ("87.3", "1987-03"), ("19870301", "1987-03-01"),
        ("198703", "1987-03"), (44000, "2020-06-18"), (44000.0, "2020-06-18"), ("2015年5月13日", "2015-05-13"), ("2015年5月13号", "2015-05-13"), ("二〇一五年五月", "2015-05"), ("1982", "1982"),
        (1987.3, "1987-03"), (19870301.0, "1987-03-01"), (datetime(2020, 6, 18), "2020-06-18"), ("2020-06-18 00:00:00", "2020-06-18"),
    ],
)
def test_dates_as_clerks_write_them_keep_their_precision(cell: object, iso: str) -> None:
    assert str(read_date(cell)) == iso


def test_a_number_cell_of_1987_1_is_only_sure_of_its_year() -> None:
    assert str(read_date(1987.1)) == "1987"


def test_1904_workbooks_count_from_another_day() -> None:
    assert str(read_date(44000, epoch=date(1904, 1, 1))) == "2024-06-19"


@pytest.mark.parametrize("cell", ["长期", "至今", "abc", "2015.13", "2015-02-30", True])
def test_what_is_no_date_is_named(cell: object) -> None:
    assert [p.code for p in DATE.read(cell).problems] == ["date-unreadable"]


@given(some_dates)
def test_a_date_comes_back_from_its_written_form(value: PartialDate) -> None:
    back = PartialDate.from_iso(value.written())
    assert (back, back.source) == (value, value.source)


@given(some_dates)
def test_a_date_as_shown_is_read_as_itself(value: PartialDate) -> None:
    assert read_date(str(value)) == value


def test_a_date_remembers_the_words_it_came_from() -> None:
    assert PartialDate.from_iso(read_date("2012.9").written()).source == "2012.9"


@pytest.mark.parametrize("table", codes.tables(), ids=lambda t: t.name)
def test_every_term_of_a_code_table_means_itself(table: codes.CodeTable) -> None:
    assert [table.find(term) for term in table.labels] == list(table.labels)


@pytest.mark.parametrize(
    ("name", "word", "term"),
    [
        ("gender", "1", "男"), ("gender", "♀", "女"), ("ethnicity", "汉", "汉族"), ("ethnicity", "僳僳族", "傈僳族"), ("education", "硕士研究生", "硕士"), ("education", "专科", "大专"),
        ("skill_level", "高级工", "三级/高级工"), ("skill_level", "高级(三级)", "三级/高级工"), ("skill_level", "技师", "二级/技师"), ("political_status", "党员", "中共党员"), ("household_type", "城镇", "非农业户口"),
    ],
)
def test_words_of_clerks_are_understood(name: str, word: str, term: str) -> None:
    assert code(name).read(word).value == term


def test_an_unknown_word_is_left_blank_and_named() -> None:
    reading = code("political_status").read("民主党派")
    assert (reading.value, [p.code for p in reading.problems]) == (None, ["code-unknown"])


def test_higher_skill_ranks_higher_though_its_number_is_lower() -> None:
    levels = codes.table("skill_level")
    assert levels.rank("一级/高级技师") > levels.rank("二级/技师") > levels.rank("五级/初级工") > levels.rank("学徒工")


@pytest.mark.parametrize(
    ("cell", "name"),
    [("张 三", "张三"), ("张\u3000三 ", "张三"), ("阿依古丽•买买提", "阿依古丽·买买提"), ("阿依古丽．买买提", "阿依古丽·买买提"), ("李四（女）", "李四"), ("王五*", "王五"), ("John Smith", "John Smith"), ("熊霞𣲗", "熊霞𣲗"), ("\ufeff张三", "张三")],
)
def test_names_are_cleaned_without_changing_a_character_of_them(cell: str, name: str) -> None:
    assert NAME.read(cell).value == name


def test_a_name_with_a_lost_character_is_pointed_out() -> None:
    assert [p.code for p in NAME.read("王?").problems] == ["name-damaged"]


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_amounts_survive_as_whole_fen(value: Decimal) -> None:
    assert AMOUNT.from_wire(AMOUNT.to_wire(value)) == value
    assert AMOUNT.read(AMOUNT.show(value)).value == value


@given(st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_instants_survive(value: datetime) -> None:
    assert MOMENT.from_wire(MOMENT.to_wire(value)) == value


@pytest.mark.parametrize(("cell", "value"), [("是", True), ("√", True), ("Y", True), (1.0, True), ("否", False), ("无", False), (0, False)])
def test_yes_and_no_in_all_their_spellings(cell: object, value: bool) -> None:
    assert YES_NO.read(cell).value is value


def test_counts_come_with_their_measure_word() -> None:
    assert WHOLE.read("1,200").value == 1200
    assert [p.code for p in WHOLE.read("很多").problems] == ["number-unreadable"]


@given(st.text(max_size=60))
def test_no_text_makes_a_kind_fail(text: str) -> None:
    kinds: set[Kind] = {f.kind for register in REGISTERS for f in fields_of(register)}
    for kind in kinds:
        reading = kind.read(text)
        if reading.value is not None:
            assert kind.from_wire(kind.to_wire(reading.value)) == reading.value


@pytest.mark.parametrize("typed", ["2026-11-21 14:00", "2026/11/21 14:00", "2026年11月21日 14:00", "20261121 1400", "2026-11-21 14点", "2026-11-21　14：00"])
def test_times_as_clerks_write_them(typed: str) -> None:
    assert MOMENT.show(MOMENT.read(typed).value) == "2026-11-21 14:00"


def test_a_certificate_cannot_end_before_it_was_issued() -> None:
    from db.registers import Certificate

    said = Certificate.rules({"issued_on": PartialDate(2026, 9, 1), "valid_to": PartialDate(2020, 1)})
    assert [p.code for p in said] == ["dates-reversed"]
