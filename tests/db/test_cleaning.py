"""Cleaning rules: each has an id, a sentence and what it does; nothing a rule does is silent."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import cleaning
from db.cleaning import ID_RULES, IDENTIFIER_RULES, NAME_RULES, PHONE_RULES, READINGS
from db.fields import AMOUNT, DATE, ID_NUMBER, IDENTIFIER, MOBILE, MOMENT, NAME, TEXT, YES_NO, Kind, cell_text, code

NUMBER = "110105199003072434"
EXAMPLES: list[tuple[Kind, object, str, list[str]]] = [
    (NAME, "张\u200b三", "张三", ["name-invisible"]),
    (NAME, "曾\ue81e", "曾\u9fb4", ["name-private-use"]),
    (NAME, "\uf900生", "豈生", ["name-compatible"]),
    (NAME, "⼭田⼀", "山田一", ["name-compatible"]),
    (NAME, "王五*", "王五", ["name-marks"]),
    (NAME, "赵六(退休)", "赵六", ["name-remark"]),
    (NAME, "[借调]周七", "周七", ["name-remark"]),
    (NAME, "李四 退休", "李四", ["name-remark"]),
    (NAME, "阿依古丽•买买提", "阿依古丽·买买提", ["name-separator"]),
    (NAME, "张　三", "张三", ["name-invisible", "name-space"]),
    (NAME, "张 三（女）", "张三", ["name-remark", "name-space"]),
    (NAME, "J. Smith", "J. Smith", []),
    (ID_NUMBER, f" {NUMBER[:6]} {NUMBER[6:]}", NUMBER, ["space"]),
    (ID_NUMBER, f"'{NUMBER}", NUMBER, ["quote"]),
    (ID_NUMBER, f'="{NUMBER}"', NUMBER, ["quote"]),
    (ID_NUMBER, "11010519491231002Ⅹ", "11010519491231002X", ["id-look-alike-x"]),
    (ID_NUMBER, "１１０１０５１９９００３０７２４３４", NUMBER, ["width"]),
    (ID_NUMBER, "h12345678", "H12345678", ["id-capitals"]),
    (ID_NUMBER, "110105491231002", "11010519491231002X", ["id-upgrade"]),
    (IDENTIFIER, "a－01", "A-01", ["width", "capitals"]),
    (MOBILE, "+86 138-0000-0001", "13800000001", ["space", "phone-prefix", "phone-hyphens"]),
    (MOBILE, "(138)00000001", "13800000001", ["phone-brackets"]),
    (MOBILE, "13800000001/010-65001234", "13800000001", ["phone-first"]),
    (TEXT, " 一 车间\n", "一 车间", ["text-space"]),
    (DATE, "1987.3", "1987-03", ["date-form"]),
    (DATE, 44000.0, "2020-06-18", ["date-serial"]),
    (MOMENT, "2026/11/20 14:00", "2026-11-20 14:00", ["time-form"]),
    (code("gender"), "1", "男", ["code-term"]),
    (YES_NO, "√", "是", ["yes-no-term"]),
    (AMOUNT, "1500", "1,500.00", ["number-form"]),
]


@pytest.mark.parametrize(("kind", "cell", "shown", "rules"), EXAMPLES, ids=[f"{kind.name}-{n}" for n, (kind, *_) in enumerate(EXAMPLES)])
def test_a_cell_becomes_its_value_and_says_by_which_rules(kind: Kind, cell: object, shown: str, rules: list[str]) -> None:
    assert kind.show(kind.read(cell).value) == shown
    said = kind.changes(cell)
    assert [c.rule for c in said] == rules
    assert all(c.sentence.endswith("。") for c in said)
    if said:
        assert (said[0].before, said[-1].after) == (cell_text(cell), shown)


def test_every_rule_has_an_example_or_is_said_of_a_whole_row() -> None:
    shown = {rule for *_, rules in EXAMPLES for rule in rules}
    of_rows = {"id-settles", "name-remark", "phone-moved", "sheet-department", "fill-down", "number-cell"}
    rules = {rule.id for rule in (*NAME_RULES, *ID_RULES, *PHONE_RULES, *IDENTIFIER_RULES)}
    assert rules | set(READINGS) == shown | of_rows


@pytest.mark.parametrize(("cell", "why"), [
    ("张三、李四", "name-several"), ("张三\n李四", "name-several"), ("王?", "name-damaged"), ("王□", "name-damaged"), ("李\ue000", "name-damaged"), ("王+乐", "name-odd"), ("张3", "name-odd"),
])
def test_what_no_rule_may_repair_in_a_name_is_named(cell: str, why: str) -> None:
    assert [p.code for p in NAME.read(cell).problems] == [why]


@pytest.mark.parametrize(("cell", "why"), [
    (1.10105199003072e17, "id-truncated"), ("1.10105E+17", "id-truncated"), (NUMBER[:15] + "000", "id-truncated"), (NUMBER[:17] + "5", "id-checksum"),
    ("110105199013072434", "id-date"), (NUMBER[:17], "id-length"), ("11O105199003072434", "id-charset"),
])
def test_a_number_that_cannot_be_trusted_is_named_and_never_repaired(cell: object, why: str) -> None:
    assert (ID_NUMBER.read(cell).value, [p.code for p in ID_NUMBER.read(cell).problems]) == (None, [why])


def test_a_letter_taken_for_a_digit_is_pointed_at() -> None:
    assert "第 3 位是字母 O" in ID_NUMBER.read("11O105199003072434").problems[0].message


@pytest.mark.parametrize("number", ["810000199408230021", "830000199201300022", "911124198108030024", "H1234567890", "M12345678", "E12345678"])
def test_documents_of_hong_kong_macau_taiwan_and_abroad_are_read(number: str) -> None:
    assert (ID_NUMBER.read(number).value, ID_NUMBER.read(number).problems) == (number, ())


@given(st.text(max_size=30))
def test_cleaning_a_clean_name_changes_nothing(text: str) -> None:
    once = cleaning.run(NAME_RULES, text)
    assert cleaning.run(NAME_RULES, cleaning.run(NAME_RULES, once)) == cleaning.run(NAME_RULES, once)


@given(st.text(max_size=30))
def test_the_changes_of_a_cell_begin_with_it_and_end_with_its_value(text: str) -> None:
    for kind in (NAME, ID_NUMBER, MOBILE, DATE, TEXT, IDENTIFIER, code("gender")):
        value, said = kind.read(text).value, kind.changes(text)
        assert bool(said) == (value is not None and kind.show(value) != text)
        if said:
            assert (said[0].before, said[-1].after) == (text, kind.show(value))
            assert all(a.after == b.before for a, b in itertools.pairwise(said))
