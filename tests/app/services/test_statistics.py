"""Numbers for Today."""

from collections.abc import Callable

from app.services import statistics
from app.services.checkin.door import Door
from app.services.office import Office
from db.dates import PartialDate
from db.registers import Certificate, Lecture, Member
from tests.conftest import NOW, id_number, person


def today(office: Office) -> statistics.Today:
    with office.vault.engine.connect() as connection:
        return statistics.today(connection, NOW.astimezone())


def test_today_counts_what_is_there_and_every_target_names_its_source(office: Office, lecture: str, add: Callable[..., str]) -> None:
    for n in range(3):
        add(Member, **person(n, gender="女" if n else "男", is_migrant_worker=n == 2))
    add(Member, full_name="没有号码的人")
    add(Member, **person(9, membership_event="退会"))
    door = Door(office, lecture)
    door.arrive("A00001")
    door.close()
    found = today(office)
    assert found.roster == statistics.RosterState(members=4, women=2, migrants=1, without_number=1, without_mobile=1)
    assert [(x.id, x.present, x.planned) for x in found.lectures] == [(lecture, 1, 3)]
    reached = {target.title: (target.reached, target.wanted) for target in found.targets}
    assert reached["公益大讲堂（≥200 人）"] == (0, 1) and reached["大讲堂参加人次"] == (1, 3)
    assert all(target.source for target in found.targets)


def test_who_may_claim_is_listed_by_the_nearest_last_day(office: Office, add: Callable[..., str]) -> None:
    for n, month in ((1, 9), (2, 1)):
        who = add(Member, full_name=f"张{n}", id_number=id_number(n))
        add(Certificate, member=who, occupation="电工", skill_level="三级/高级工", issued_on=PartialDate(2026, month, 5))
    assert [(c.full_name, str(c.last_day)) for c in today(office).claimable] == [("张2", "2027-01-05"), ("张1", "2027-09-05")]


def test_a_closed_lecture_is_not_due(office: Office, add: Callable[..., str]) -> None:
    add(Lecture, topic="过去的", starts_at=NOW, state="结束")
    assert today(office).lectures == ()
