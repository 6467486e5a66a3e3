"""Training classes: the door signs in there too; hours, results, numbers, cost per head."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.services import statistics, trainings
from app.services.checkin.door import Door, open_lecture
from app.services.office import Office
from app.services.records import ActKind
from db.dates import PartialDate
from db.registers import Enrolment, Member, Training
from tests.conftest import NOW, person


@pytest.fixture
def course(add: Callable[..., str]) -> str:
    return add(Training, name="电工班", kind="技能培训", starts_on=PartialDate(2026, 11, 1), class_hours=40, passing_hours=30, cost=Decimal(6000))


def results(office: Office) -> list[tuple[str, int | None, str | None, str | None]]:
    with office.reading() as session:
        return [tuple(row) for row in session.execute(select(Enrolment.full_name, Enrolment.hours_attended, Enrolment.result, Enrolment.completion_no).order_by(Enrolment.rowno))]


def test_the_door_signs_in_the_class_and_the_class_is_settled(office: Office, add: Callable[..., str], course: str) -> None:
    people = [add(Member, **person(n)) for n in range(1, 4)]
    assert len(trainings.enrol(office, course, people).made) == 3
    for day in range(4):
        sitting = trainings.open_sitting(office, course, NOW + timedelta(days=day))
        open_lecture(office, sitting)
        door = Door(office, sitting)
        for n in (1, 2, 3)[: 3 if day == 0 else 2]:
            assert door.arrive(person(n)["employee_no"]).answer.lets_in
        assert not door.arrive(person(9)["employee_no"]).answer.lets_in
    with office.act(ActKind.EDIT, "成绩") as act:
        for n, entry in enumerate(act.connection.exec_driver_sql("SELECT id FROM enrolment ORDER BY rowno").scalars().all()):
            act.change(Enrolment, entry, {"score": Decimal((80, 59, 90)[n])})
    done = trainings.settle(office, course)
    assert (done.passed, done.failed, done.waiting) == (1, 2, 0)
    assert results(office) == [(person(1)["full_name"], 40, "合格", "PX-2026-00001"), (person(2)["full_name"], 40, "不合格", None), (person(3)["full_name"], 10, "不合格", None)]
    with office.vault.engine.connect() as connection:
        assert trainings.cost_per_head(connection, course) == Decimal(6000)
    trainings.settle(office, course)
    assert results(office)[0][3] == "PX-2026-00001"  # the number stays


def test_a_sitting_of_a_class_is_no_lecture_in_the_years_targets(office: Office, add: Callable[..., str], course: str) -> None:
    who = add(Member, **person(1))
    trainings.enrol(office, course, [who])
    sitting = trainings.open_sitting(office, course, NOW)
    open_lecture(office, sitting)
    Door(office, sitting).arrive(person(1)["employee_no"])
    with office.vault.engine.connect() as connection:
        targets = {t.title: t.reached for t in statistics.today(connection, NOW).targets}
    assert targets["大讲堂参加人次"] == 0


def test_who_left_or_is_enrolled_already_is_named(office: Office, add: Callable[..., str], course: str) -> None:
    gone, here = add(Member, **person(1, membership_event="退会")), add(Member, **person(2))
    trainings.enrol(office, course, [here])
    assert [why for _, why in trainings.enrol(office, course, [gone, here]).refused] == [f"{person(1)['full_name']}已退会，不能报名。", f"{person(2)['full_name']}已经报过这个班。"]


def test_without_a_mark_nobody_has_passed(office: Office, add: Callable[..., str], course: str) -> None:
    trainings.enrol(office, course, [add(Member, **person(1))])
    with office.act(ActKind.EDIT, "x") as act:
        act.change(Training, course, {"passing_hours": None})
    assert trainings.settle(office, course).waiting == 1
