"""Finding people: characters, pinyin, initials, both readings of a surname, last digits; and who is nearly meant."""

from collections.abc import Callable

import pytest

from app.services import listing, nearly
from app.services.office import Office
from db.registers import Member
from tests.conftest import person

SURNAMES = {"曾": ("zeng", "ceng"), "单": ("shan", "dan"), "仇": ("qiu", "chou"), "解": ("xie", "jie"), "区": ("ou", "qu"), "任": ("ren",), "覃": ("qin", "tan")}


@pytest.mark.parametrize(("surname", "reading"), [(s, r) for s, readings in SURNAMES.items() for r in readings])
def test_a_surname_is_found_by_each_of_its_readings(office: Office, add: Callable[..., str], surname: str, reading: str) -> None:
    add(Member, full_name=f"{surname}小梅")
    with office.reading() as session:
        for typed in (reading, f"{reading}xiaomei", f"{reading[0]}xm", f"{surname}小", "小梅", "xm"):
            assert [h.title for h in listing.lookup(session, "member", typed)] == [f"{surname}小梅"], typed


@pytest.mark.parametrize(("typed", "found"), [
    ("章姗姗", "张珊珊"), ("张珊姗", "张珊珊"), ("zhangshanhsan", "张珊珊"), ("zhangshansan", "张珊珊"), ("13800000002", "张珊珊"), ("欧阳建过", "欧阳建国"), ("A00010", "张珊珊"),
])
def test_what_is_typed_nearly_right_finds_who_is_meant(office: Office, add: Callable[..., str], typed: str, found: str) -> None:
    add(Member, **person(1, full_name="张珊珊"))
    add(Member, full_name="欧阳建国")
    add(Member, full_name="李四")
    with office.reading() as session:
        assert listing.lookup(session, "member", typed) == []
        assert [h.title for h in nearly.members(session, typed)] == [found]


@pytest.mark.parametrize("typed", ["赵", "z", "9999", "完全不同的名字"])
def test_too_little_or_too_far_finds_nobody(office: Office, add: Callable[..., str], typed: str) -> None:
    add(Member, **person(1))
    with office.reading() as session:
        assert nearly.members(session, typed) == []
