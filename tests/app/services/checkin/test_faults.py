"""What was shown at the door is there: after kill -9, after a full disk. Short here, long by `dev.py bench door-faults`."""

from collections.abc import Callable
from pathlib import Path

from app.services.checkin.door import Door
from app.services.office import Office
from app.services.records import ActKind
from db.registers import Member
from tests.conftest import person
from tests.faults.door import kill_again_and_again, refuse_now_and_then


def enrolled(office: Office, count: int) -> list[str]:
    with office.act(ActKind.IMPORT, "名册") as act:
        act.create_many(Member, [person(n % 400, full_name=f"王{n}", employee_no=f"E{n:06}", id_number=None, mobile=None) for n in range(count)])
    return [f"E{n:06}" for n in range(count)]


def test_a_door_killed_at_any_moment_loses_nobody_it_showed(office: Office, lecture: str, long_form: bool) -> None:
    numbers = enrolled(office, 10_000 if long_form else 400)
    folder: Path = office.vault.folder
    office.vault.close()
    tally = kill_again_and_again(folder, "李晓梅", lecture, numbers, kills=60 if long_form else 4)
    assert (tally.lost, tally.ghosts, tally.unsound) == (0, 0, 0)
    assert tally.runs >= 3 and tally.in_flight <= tally.runs


def test_a_full_disk_at_the_door_is_said_and_nobody_is_half_in(office: Office, lecture: str, long_form: bool) -> None:
    numbers = enrolled(office, 3_000 if long_form else 300)
    tally = refuse_now_and_then(office, lecture, numbers)
    assert (tally.lost, tally.ghosts, tally.unsound) == (0, 0, 0)
    assert tally.runs > 10 and tally.shown > 200


def test_whom_the_disk_refused_can_try_again(office: Office, lecture: str, add: Callable[..., str]) -> None:
    numbers = enrolled(office, 100)
    refuse_now_and_then(office, lecture, numbers, share=0.5)
    door = Door(office, lecture)
    for number in numbers:
        door.arrive(number)
    assert door.tally().present == 100
