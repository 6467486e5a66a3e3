"""A new register is one declaration, a new form one folder: tried with a toy of each, from the sheet to the paper and back."""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import openpyxl
import pytest
from sqlalchemy import Table, select
from sqlalchemy.orm import Mapped

from app.printing import engine, template
from app.receiver import answer, lines, overview
from app.receiver.district import Receiver
from app.services import block, form_jobs, listing, sheet_import, undo
from app.services.exchange import answers, items, keyring, outbox
from app.services.listing import Query
from app.services.office import Office
from app.services.records import ActKind
from app.ui.register.layouts import groups_of, layout_of
from db import registers
from db.dates import PartialDate
from db.fields import DATE, TEXT, Pii, code, field, reference
from db.record import Base, Record
from db.registers import Member
from tests.app.printing.test_forms import pages_of
from tests.app.receiver.exchanges import round_trip
from tests.conftest import person, sample_values

FORM = """
title = "乐器领用单"
code = "YQ"
source = "拟"
register = "toy_instrument"
root = "toy"
[from]
member = "toy.member"
[sources]
toy = "toy_instrument"
member = "member"
form = "values"
[values]
form = ["no", "copy", "digest", "record", "printed_on"]
[[block]]
kind = "grid"
rows = [[{ label = "乐器", w = 20 }, { value = "{toy.name}", w = 30 }, { label = "领用人", w = 20 }, { value = "{member.full_name}", w = 30 }]]
"""


@cache
def declare() -> type[Record]:
    """Made when it is wanted, once; other tests compare all the tables there are, so that its own is taken out again."""

    class Instrument(Record):
        __tablename__ = "toy_instrument"
        label: ClassVar[str] = "乐器"
        called: ClassVar[tuple[str, ...]] = ("name",)
        keys: ClassVar[tuple[tuple[str, ...], ...]] = (("name",),)

        name: Mapped[str | None] = field("乐器名称", TEXT, pii=Pii.NONE, required=True)
        member: Mapped[str | None] = field("领用人", reference("member"), pii=Pii.PERSONAL)
        lent_on: Mapped[PartialDate | None] = field("领用日期", DATE, pii=Pii.NONE)
        award: Mapped[str | None] = field("奖项", code("award"), pii=Pii.NONE)

    return Instrument


@pytest.fixture
def toy(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Office, Any]]:
    Instrument = declare()
    table = Instrument.__table__
    assert isinstance(table, Table)
    if table.key not in Base.metadata.tables:
        Base.metadata._add_table(table.name, table.schema, table)
    before, everything = registers.REGISTERS, (*registers.REGISTERS, Instrument)
    for module in [m for name, m in sys.modules.items() if name.startswith(("app.", "db.")) and getattr(m, "REGISTERS", None) is before]:
        monkeypatch.setattr(module, "REGISTERS", everything)
    names = [register.__tablename__ for register in everything]
    for module, name in ((answers, "_NAMES"), (outbox, "_NAMES")):
        monkeypatch.setattr(module, name, frozenset(names))
    monkeypatch.setattr(answer, "ALL", names)
    lines.known_registers.cache_clear()
    with office.writing() as connection:
        Base.metadata.create_all(connection, tables=[table])
        connection.exec_driver_sql("CREATE VIRTUAL TABLE search_toy_instrument USING fts5(tokens, content='', contentless_delete=1, detail=none, tokenize=\"unicode61 remove_diacritics 0 tokenchars '·-'\")")
    yield office, Instrument
    Base.metadata.remove(table)
    lines.known_registers.cache_clear()


def test_a_toy_register_and_a_toy_form_need_nothing_else(toy: tuple[Office, Any], tmp_path: Path) -> None:
    office, Instrument = toy
    assert groups_of(Instrument) == {"乐器": ("name", "member", "lent_on", "award")} and list(layout_of(Instrument).columns) == ["name", "member", "lent_on", "award"]
    with office.act(ActKind.EDIT, "新建") as act:
        who = act.create(Member, person(1))
        made = act.create(Instrument, sample_values(Instrument, {"member": who}))
    with office.reading() as session:
        assert [hit.title for hit in listing.lookup(session, "toy_instrument", "某乐器")] == ["某乐器名称"]
        assert len(listing.order_of(session, Query(Instrument, quick=person(1)["full_name"]))) == 1
    form = template.parse("toy", FORM)
    page = pages_of(engine.render(form, form_jobs.contexts(office, form, [made])))[0]
    assert "某乐器名称" in page and person(1)["full_name"] in page
    book = openpyxl.Workbook()
    for row in (["乐器名称", "工号", "领用日期"], ["二胡", person(1)["employee_no"], "2026-03-08"], ["某乐器名称", "", "2026-05"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    with office.reading() as session:
        plan = sheet_import.plan(session, Instrument, tmp_path / "a.xlsx")
    assert (plan.new, plan.changed) == (1, 1)
    act_id = block.land(office, plan, "导入")
    assert act_id is not None
    undo.undo(office, act_id)
    with office.reading() as session:
        assert session.scalars(select(Instrument.name).where(Instrument.removed_at.is_(None))).all() == ["某乐器名称"]


def test_a_toy_register_travels_once_a_purpose_names_its_fields(toy: tuple[Office, Any], receiver: Receiver, tmp_path: Path) -> None:
    """And only the fields that the purpose names; what is deleted is gone there too."""
    office, Instrument = toy
    receiver.write_key(tmp_path / "district.udkey")
    keyring.load_district_key(office, tmp_path / "district.udkey")
    items.keep_own(office, "purpose", {"id": "music", "title": "乐器", "basis": "拟", "valid_from": "2015-01-01", "fields": {"member": ["full_name"], "toy_instrument": ["name", "member"]}})
    with office.act(ActKind.EDIT, "新建") as act:
        made = act.create(Instrument, sample_values(Instrument, {"member": act.create(Member, person(1))}))
    assert round_trip(office, receiver, tmp_path / "a").said.accepted["toy_instrument"] == 1
    [there] = overview.records(receiver, "toy_instrument")
    assert (there.title, set(there.values)) == ("某乐器名称", {"name", "member"})
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(Instrument, made)
    round_trip(office, receiver, tmp_path / "b")
    assert overview.count(receiver, "toy_instrument") == 0
