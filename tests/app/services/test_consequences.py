"""What follows from a record in the same act: nothing is typed twice, and one Ctrl+Z takes all of it back."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from app.services import undo
from app.services.office import Office
from app.services.records import ActKind
from db import codes
from db.dates import PartialDate
from db.registers import Certificate, Member, SafetyCupScore, SafetyCupUnit, Studio, StudioReview
from tests.conftest import person

Add = Callable[..., str]


def value(office: Office, register: Any, record_id: str, name: str) -> Any:
    with office.reading() as session:
        return getattr(session.get_one(register, session.query(register.rowno).filter(register.id == record_id).scalar()), name)


@pytest.mark.parametrize(("before", "won", "after"), [(None, "四级/中级工", "四级/中级工"), ("五级/初级工", "三级/高级工", "三级/高级工"), ("二级/技师", "三级/高级工", "二级/技师")])
def test_the_rosters_level_follows_a_certificate_and_is_never_lowered(office: Office, add: Add, before: str | None, won: str, after: str) -> None:
    who = add(Member, **person(1, skill_level=before))
    add(Certificate, member=who, occupation="电工", skill_level=won, issued_on=PartialDate(2026, 3))
    assert value(office, Member, who, "skill_level") == after
    with office.reading() as session:
        last = undo.last_undoable(session)
    assert last is not None
    undo.undo(office, last.act)
    assert value(office, Member, who, "skill_level") == before


def test_a_safety_cups_mark_is_the_sum_of_its_sheet_once_every_line_has_one(office: Office, add: Add) -> None:
    unit = add(SafetyCupUnit, year=2026, unit="一班")
    lines = [add(SafetyCupScore, safety_cup_unit=unit, item=item, self_score=Decimal(10)) for item in codes.table("safety_cup_item").labels[:-1]]
    assert value(office, SafetyCupUnit, unit, "score") is None
    lines.append(add(SafetyCupScore, safety_cup_unit=unit, item=codes.table("safety_cup_item").labels[-1], self_score=Decimal(8)))
    assert value(office, SafetyCupUnit, unit, "score") == Decimal(98)
    with office.act(ActKind.EDIT, "复评") as act:
        for line in lines:
            act.change(SafetyCupScore, line, {"review_score": Decimal("9.5")})
    assert value(office, SafetyCupUnit, unit, "score") == Decimal(95)


@pytest.mark.parametrize(("event", "field", "after"), [("升级", "level", "市级"), ("撤销", "state", "撤销"), ("年度考核", "level", "区级"), ("领军人变更", "leader", "new")])
def test_what_happened_to_a_studio_changes_it(office: Office, add: Add, event: str, field: str, after: str) -> None:
    old, new = (add(Member, **person(n)) for n in (1, 2))
    studio = add(Studio, name="张三创新工作室", level="区级", state="已命名", leader=old)
    add(StudioReview, studio=studio, year=2026, event=event, leader=new if event == "领军人变更" else None, level="市级" if event == "升级" else None)
    assert value(office, Studio, studio, field) == (new if after == "new" else after)


def test_a_level_that_came_from_a_wrong_certificate_goes_back_to_the_best_of_the_others(office: Office, add: Add) -> None:
    who = add(Member, **person(1))
    add(Certificate, member=who, occupation="焊工", skill_level="五级/初级工", issued_on=PartialDate(2020))
    wrong = add(Certificate, member=who, occupation="电工", skill_level="一级/高级技师", issued_on=PartialDate(2026, 3))
    assert value(office, Member, who, "skill_level") == "一级/高级技师"
    with office.act(ActKind.EDIT, "改错") as act:
        act.change(Certificate, wrong, {"skill_level": "四级/中级工"})
    assert value(office, Member, who, "skill_level") == "四级/中级工"
    other = add(Member, **person(2))
    with office.act(ActKind.EDIT, "换人") as act:
        act.change(Certificate, wrong, {"member": other})
    assert [value(office, Member, m, "skill_level") for m in (who, other)] == ["五级/初级工", "四级/中级工"]


def test_history_that_is_typed_in_leaves_the_studio_of_today(office: Office, add: Add) -> None:
    leader, before = (add(Member, **person(n)) for n in (1, 2))
    studio = add(Studio, name="张三创新工作室", level="市级", state="已命名", named_on=PartialDate(2020), leader=leader)
    add(StudioReview, studio=studio, year=2024, event="领军人变更", leader=leader)
    add(StudioReview, studio=studio, year=2022, event="领军人变更", leader=before)
    add(StudioReview, studio=studio, year=2016, event="升级", level="区级")
    assert (value(office, Studio, studio, "leader"), value(office, Studio, studio, "level")) == (leader, "市级")


def test_a_mark_from_above_is_not_overwritten_by_the_units_own(office: Office, add: Add) -> None:
    unit = add(SafetyCupUnit, year=2026, unit="一班", score=Decimal("96.5"))
    lines = [add(SafetyCupScore, safety_cup_unit=unit, item=item, self_score=Decimal(10)) for item in codes.table("safety_cup_item").labels]
    assert value(office, SafetyCupUnit, unit, "score") == Decimal("96.5")
    with office.act(ActKind.EDIT, "复评") as act:
        for line in lines:
            act.change(SafetyCupScore, line, {"review_score": Decimal(9)})
    with office.act(ActKind.EDIT, "清一项") as act:
        act.change(SafetyCupScore, lines[0], {"review_score": None})
    assert value(office, SafetyCupUnit, unit, "score") == Decimal(90)
