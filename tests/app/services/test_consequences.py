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
    add(StudioReview, studio=studio, year=2026, event=event, leader=new if event == "领军人变更" else None)
    assert value(office, Studio, studio, field) == (new if after == "new" else after)
