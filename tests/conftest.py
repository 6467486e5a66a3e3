"""Fixtures: a real vault, a real district, the samples where they are at hand."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from app.receiver import district
from app.services import setup
from app.services.exchange import keyring
from app.services.office import Office
from app.services.records import ActKind
from db import identity, keyslots
from db.dates import PartialDate
from db.fields import Account, Amount, DateKind, Identifier, IdNumber, Kind, Moment, Name, Phone, Uscc, Whole, YesNo
from db.keyslots import Cost
from db.kinds import Mark, Occupation, PatentNumber, Year
from db.record import Record, fields_of
from db.registers import REGISTERS, Lecture

settings.register_profile("calm", deadline=None)  # a busy machine is no defect of ours
settings.load_profile("calm")

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
UNION = {"name": "北京某某机电设备有限公司工会委员会", "uscc": "81110105MC00000017", "upper_union": "三里屯街道总工会", "employer_name": "北京某某机电设备有限公司", "contact": "李晓梅"}
PASSWORD = "correct horse"
SAMPLES = Path(__file__).resolve().parent.parent.parent / "shared" / "samples"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long form of the sweeps")


@pytest.fixture(scope="session")
def long_form(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--long"))


@pytest.fixture(autouse=True)
def _cheap_keys_and_own_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The key derivation is real but cheap, and nobody's preferences are touched."""
    monkeypatch.setattr(keyslots, "DEFAULT_COST", Cost(memory_kib=64, iterations=1, lanes=1))
    monkeypatch.setenv("UNIONDESK_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = setup.create_office(tmp_path / "union", union=UNION, administrator="李晓梅", password=PASSWORD, recovery_code=keyslots.new_recovery_code())
    made.clock = lambda: NOW
    yield made
    made.vault.close()


@pytest.fixture
def practice_office(tmp_path: Path) -> Iterator[Office]:
    made = setup.create_practice(tmp_path / "practice")
    yield made
    made.vault.close()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[district.Receiver]:
    made, _ = district.init(tmp_path / "receiver", name="朝阳区总工会", password="district-pw")
    yield made
    made.close()


@pytest.fixture
def connected(office: Office, receiver: district.Receiver, tmp_path: Path) -> Office:
    """The office with the district's key loaded."""
    receiver.write_key(tmp_path / "district.udkey")
    keyring.load_district_key(office, tmp_path / "district.udkey")
    return office


def id_number(n: int, *, born: str = "19900307", area: str = "110105", male: bool = True) -> str:
    """A well-formed number without an owner; different for every n below 500."""
    order = 2 * n + (1 if male else 0)
    first = f"{area}{born}{order:03}"
    return first + identity.resident_check_digit(first)


def person(n: int = 1, **more: Any) -> dict[str, Any]:
    """An invented member; different for every n below 500."""
    return {"full_name": f"张三{chr(0x7532 + n)}", "id_number": id_number(n), "gender": "男", "employee_no": f"A{n:05}",
            "mobile": f"138{n:08}", "department": "一车间", **more}


@pytest.fixture
def add(office: Office) -> Callable[..., str]:
    """Save one record and give back its id."""

    def save(register: type[Record], **values: Any) -> str:
        with office.act(ActKind.EDIT, "测试") as act:
            return act.create(register, values)

    return save


@pytest.fixture
def lecture(add: Callable[..., str]) -> str:
    return add(Lecture, topic="健康讲座", starts_at=NOW, state="签到中", planned_count=3)


SAMPLE_VALUES: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "member": lambda ids: person(7, birth_date=PartialDate(1990, 3, 7), is_migrant_worker=True, joined_on=PartialDate(2012, 9, source="2012.9")),
    "membership_event": lambda ids: {"member": ids["member"], "event": "入会", "event_date": PartialDate(2012, 9)},
    "lecture": lambda ids: {"topic": "法律讲座", "starts_at": NOW, "planned_count": 200, "walk_ins_allowed": False},
    "lecture_session": lambda ids: {"lecture": ids["lecture"], "name": "上午场", "starts_at": NOW, "hall": "一层报告厅", "capacity": 260},
    "registration": lambda ids: {"lecture": ids["lecture"], "session": ids["lecture_session"], "member": ids["member"], "full_name": "张三", "unit": "一车间"},
    "sign_in": lambda ids: {"lecture": ids["lecture"], "member": ids["member"], "full_name": "张三", "signed_at": NOW, "way": "名册"},
    "competition": lambda ids: {"name": "技能竞赛", "trades": "电工、焊工", "entry_deadline": PartialDate(2026, 12, 1)},
    "entry": lambda ids: {"competition": ids["competition"], "member": ids["member"], "trade": "电工", "rank": 3},
    "certificate": lambda ids: {"member": ids["member"], "occupation": "电工", "skill_level": "三级/高级工", "issued_on": PartialDate(2026, 3, 8), "is_verified": True},
    "subsidy_application": lambda ids: {"member": ids["member"], "certificate": ids["certificate"], "applied_on": PartialDate(2026, 11, 20), "account_no": "6214850112345670"},
    "grassroots_union": lambda ids: dict(UNION),
}
"""What a record of a register needs beyond what its kinds say; `ids` names the records it refers to."""
_OF_KIND: tuple[tuple[type[Kind], Callable[[Kind, str], Any]], ...] = (
    (Year, lambda kind, label: 2026), (Mark, lambda kind, label: Decimal("18.50")), (Occupation, lambda kind, label: "6-18-02-04"), (PatentNumber, lambda kind, label: "ZL202310123456.6"),
    (IdNumber, lambda kind, label: id_number(33)), (Name, lambda kind, label: "李四"), (Phone, lambda kind, label: "13800000007"), (DateKind, lambda kind, label: PartialDate(2026, 3, 8)),
    (Moment, lambda kind, label: NOW), (Whole, lambda kind, label: 7), (Amount, lambda kind, label: Decimal("1500.00")), (YesNo, lambda kind, label: True),
    (Uscc, lambda kind, label: "81110105MC00000017" if kind.name == "union_uscc" else "91110105MA00000012"), (Account, lambda kind, label: "6214850112345670"), (Identifier, lambda kind, label: "N2026001"),
    (Kind, lambda kind, label: f"某{label}"),
)


def sample_values(register: type[Record], ids: dict[str, str]) -> dict[str, Any]:
    """A sound record of any register, every field of it filled from its kind; what the register's rules want besides is in `SAMPLE_VALUES`."""
    if (own := SAMPLE_VALUES.get(register.__tablename__)) is not None:
        return own(ids)
    values: dict[str, Any] = {}
    for f in fields_of(register):
        if f.decided_above:
            continue
        if f.kind.refers_to:
            if f.kind.refers_to in ids and f.kind.refers_to != register.__tablename__:
                values[f.name] = ids[f.kind.refers_to]
        elif f.kind.choices is not None:
            values[f.name] = f.kind.choices.choosable[0]
        else:
            values[f.name] = next(make for kind, make in _OF_KIND if isinstance(f.kind, kind))(f.kind, f.label)
    values |= MORE_VALUES.get(register.__tablename__, {})
    return values | dict(register.derive(values))


MORE_VALUES: dict[str, dict[str, Any]] = {
    "competition_trade": {"trade": "电工"}, "safety_cup_score": {"self_score": Decimal(9), "review_score": Decimal("8.5")}, "competition_round": {"trade": "电工"}, "ledger_entry": {"paid": None}, "nomination": {"voters": 90, "votes": 88}, "patent": {"kind": "发明"}, "training": {"passing_hours": 5}, "enrolment": {"full_name": "张三"},
}
"""Fields of a made-up record that its rules want otherwise than their kinds would have them."""


def _in_order() -> tuple[type[Record], ...]:
    """The registers, each behind those it refers to."""
    left, done = [r for r in REGISTERS if not r.only_one], list[type[Record]]()
    while left:
        names = {r.__tablename__ for r in left}
        ready = [r for r in left if not {f.kind.refers_to for f in fields_of(r) } & (names - {r.__tablename__})]
        assert ready, f"the registers refer to each other in a circle: {names}"
        done += ready
        left = [r for r in left if r not in ready]
    return tuple(done)


ORDER: tuple[type[Record], ...] = _in_order()


@pytest.fixture
def one_of_each(office: Office) -> dict[str, str]:
    """A record in every register; register name -> id."""
    ids: dict[str, str] = {}
    for register in ORDER:
        with office.act(ActKind.EDIT, f"新建{register.label}") as act:
            ids[register.__tablename__] = act.create(register, sample_values(register, ids))
    with office.reading() as session:
        from sqlalchemy import select

        from db.registers import Union

        ids["grassroots_union"] = session.scalars(select(Union.id)).one()
    return ids


@pytest.fixture
def samples() -> Path:
    if not SAMPLES.is_dir():
        pytest.skip("the sample rosters are not beside this checkout")
    return SAMPLES

