"""The one door for writing: over all registers."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from app.services import listing, undo
from app.services.listing import Query
from app.services.office import Office
from app.services.records import ActKind, Invalid, check, read_values
from db import vault
from db.journal import JournalRow
from db.keyslots import Role
from db.problems import UserError
from db.record import Record, field_of, fields_of, values_of, written_values
from db.registers import REGISTERS, Lecture, Member, SignIn, SubsidyApplication, register_named
from tests.conftest import NOW, SAMPLE_VALUES, person, sample_values

each = pytest.mark.parametrize("register", REGISTERS, ids=lambda r: r.__tablename__)


def load(office: Office, register: type[Record], record_id: str) -> Record:
    with office.reading() as session:
        return session.scalars(select(register).where(register.id == record_id)).one()


@each
def test_every_register_keeps_what_it_is_given(register: type[Record], office: Office, one_of_each: dict[str, str]) -> None:
    name = register.__tablename__
    stored = values_of(load(office, register, one_of_each[name]))
    given = {k: v for k, v in sample_values(register, one_of_each).items() if v is not None and not field_of(register, k).kind.refers_to}
    assert {k: stored[k] for k in given} == given


@each
def test_every_register_survives_its_written_form(register: type[Record], office: Office, one_of_each: dict[str, str]) -> None:
    record = load(office, register, one_of_each[register.__tablename__])
    fields = {f.name: f for f in fields_of(register)}
    back = {name: fields[name].from_wire(written) for name, written in written_values(record).items()}
    assert back == {name: value for name, value in values_of(record).items() if value is not None}


@each
def test_every_register_is_read_again_from_what_it_shows(register: type[Record], office: Office, one_of_each: dict[str, str]) -> None:
    record = load(office, register, one_of_each[register.__tablename__])
    shown = {f.name: f.show(getattr(record, f.name)) for f in fields_of(register)}
    values, problems = read_values(register, shown)
    assert [p for p in problems if p.is_error] == []
    assert {k: v for k, v in values.items() if v is not None} == {k: v for k, v in values_of(record).items() if v is not None}


@each
def test_every_register_can_be_deleted_and_brought_back(register: type[Record], office: Office, one_of_each: dict[str, str]) -> None:
    record_id = one_of_each[register.__tablename__]
    if register.booked:
        with pytest.raises(UserError, match="冲销"), office.act(ActKind.EDIT, "删除") as act:
            act.remove(register, record_id)
        return
    with office.act(ActKind.EDIT, "删除") as act:
        act.remove(register, record_id)
    assert load(office, register, record_id).removed_at is not None
    undo.undo(office, act.id)
    assert load(office, register, record_id).removed_at is None


@each
def test_every_register_has_a_history(register: type[Record], office: Office, one_of_each: dict[str, str]) -> None:
    with office.reading() as session:
        assert [row.deed for row in undo.history_of(session, register.__tablename__, one_of_each[register.__tablename__])][-1] == "create"


@each
def test_every_register_is_found_in_its_table_and_sorts_by_every_column(register: type[Record], office: Office, one_of_each: dict[str, str]) -> None:
    with office.reading() as session:
        for f in fields_of(register):
            assert len(listing.order_of(session, Query(register, sort=(f.name, True)))) == 1


@each
def test_what_is_required_is_missed_by_name(register: type[Record]) -> None:
    wanted = {f.name for f in fields_of(register) if f.required}
    assert {p.field for p in check(register, {}) if p.code == "required"} == wanted


@each
def test_personal_data_class_and_label_are_declared_for_every_field(register: type[Record]) -> None:
    labels = [f.label for f in fields_of(register)]
    assert len(set(labels)) == len(labels)
    assert all(f.pii is not None and f.label for f in fields_of(register))


def test_a_refused_record_leaves_nothing_behind(office: Office) -> None:
    with office.reading() as session:
        before = session.scalar(select(func.count()).select_from(JournalRow))
    with pytest.raises(Invalid) as refused, office.act(ActKind.EDIT, "x") as act:
        act.create(Member, person())
        act.create(Member, {"gender": "男"})
    assert [p.field for p in refused.value.problems] == ["full_name"]
    with office.reading() as session:
        assert session.scalar(select(func.count()).select_from(Member)) == 0
        assert session.scalar(select(func.count()).select_from(JournalRow)) == before


def test_a_change_is_journalled_field_by_field(office: Office, add: Callable[..., str]) -> None:
    member = add(Member, **person())
    with office.act(ActKind.EDIT, "改部门") as act:
        assert act.change(Member, member, {"department": "二车间", "gender": "男"}) == {"department": ("一车间", "二车间")}
    assert load(office, Member, member).revision == 2


def test_undo_takes_back_one_act_and_keeps_what_was_edited_since(office: Office, add: Callable[..., str]) -> None:
    member = add(Member, **person())
    with office.act(ActKind.EDIT, "改两处") as first:
        first.change(Member, member, {"department": "二车间", "post": "焊工"})
    with office.act(ActKind.EDIT, "又改") as second:
        second.change(Member, member, {"department": "三车间"})
    done = undo.undo(office, first.id)
    stored = values_of(load(office, Member, member))
    assert (stored["department"], stored["post"]) == ("三车间", None)
    assert done.kept == (("member", member),)


def test_an_undo_can_be_undone_and_nothing_twice(office: Office, add: Callable[..., str]) -> None:
    member = add(Member, **person())
    with office.act(ActKind.EDIT, "改") as act:
        act.change(Member, member, {"department": "二车间"})
    undo.undo(office, act.id)
    with pytest.raises(UserError, match="已经撤销过"):
        undo.undo(office, act.id)
    with office.reading() as session:
        heading = undo.headings(session, limit=1)[0]
    undo.undo(office, heading.act)
    assert values_of(load(office, Member, member))["department"] == "二车间"


def test_undo_works_after_a_restart(office: Office, add: Callable[..., str]) -> None:
    member = add(Member, **person())
    folder = office.vault.folder
    office.vault.close()
    again = Office(vault.unlock(folder, "李晓梅", "correct horse"))
    with again.reading() as session:
        last = undo.last_undoable(session)
    assert last is not None
    undo.undo(again, last.act)
    assert load(again, Member, member).removed_at is not None
    again.vault.close()


def test_what_the_district_decides_cannot_be_set_here(office: Office, one_of_each: dict[str, str]) -> None:
    with pytest.raises(UserError, match="区总工会决定"), office.act(ActKind.EDIT, "x") as act:
        act.change(SubsidyApplication, one_of_each["subsidy_application"], {"decision": "同意"})


def test_somebody_at_the_door_may_only_sign_in(office: Office) -> None:
    office.vault.user = vault.User("门口", Role.DOOR)
    with pytest.raises(UserError, match="签到员只能签到"), office.act(ActKind.EDIT, "x"):
        pass


@pytest.mark.parametrize("typed", ["ouyang", "oyjg", "欧阳", "建国", "jg", "2434", "B77", "13900000062", "072434"])
def test_a_member_is_found_by_what_people_type(office: Office, add: Callable[..., str], typed: str) -> None:
    add(Member, full_name="欧阳建国", id_number="110105199003072434", employee_no="B77", mobile="13900000062")
    add(Member, **person(3))
    with office.reading() as session:
        assert [hit.title for hit in listing.lookup(session, "member", typed)] == ["欧阳建国"]


@pytest.mark.parametrize(("name", "typed"), [("曾小明", "zeng"), ("曾小明", "zxm"), ("单文静", "shan"), ("仇英", "qiu"), ("覃梅", "qinm"), ("覃梅", "tanm"), ("吕布", "lv"), ("阿依古丽·买买提", "aygl")])
def test_surnames_are_found_by_how_they_are_said(office: Office, add: Callable[..., str], name: str, typed: str) -> None:
    add(Member, full_name=name)
    with office.reading() as session:
        assert [hit.title for hit in listing.lookup(session, "member", typed)] == [name]


@pytest.mark.parametrize("typed", ['"', "*", "AND", "NEAR(", "a OR b", "-", "()", "'; DROP TABLE member"])
def test_no_typed_text_breaks_the_search(office: Office, add: Callable[..., str], typed: str) -> None:
    add(Member, **person())
    with office.reading() as session:
        listing.lookup(session, "member", typed)
        listing.order_of(session, Query(Member, quick=typed, filters={"full_name": typed, "id_number": typed}))
        assert len(listing.order_of(session, Query(Member, quick="zs"))) == 1


def test_removed_and_changed_people_are_found_no_more_and_anew(office: Office, add: Callable[..., str]) -> None:
    member = add(Member, full_name="王五")
    with office.act(ActKind.EDIT, "改名") as act:
        act.change(Member, member, {"full_name": "赵六"})
    with office.reading() as session:
        assert [h.title for h in listing.lookup(session, "member", "王五")] == []
        assert [h.title for h in listing.lookup(session, "member", "zl")] == ["赵六"]
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(Member, member)
    with office.reading() as session:
        assert listing.lookup(session, "member", "zl") == []


def test_column_filters_narrow_and_sorting_is_by_pinyin(office: Office, add: Callable[..., str]) -> None:
    for n, (name, department) in enumerate([("张三", "一车间"), ("艾青", "二车间"), ("毛毛", "一车间")]):
        add(Member, **person(n, full_name=name, department=department))
    with office.reading() as session:
        order = listing.order_of(session, Query(Member, sort=("full_name", False)))
        assert [r.title for r in listing.page(session, Member, order)] == ["艾青", "毛毛", "张三"]
        narrowed = listing.order_of(session, Query(Member, filters={"department": "一"}, sort=("full_name", False)))
        assert [r.title for r in listing.page(session, Member, narrowed)] == ["毛毛", "张三"]


def test_a_reference_column_is_filtered_by_name(office: Office, one_of_each: dict[str, str]) -> None:
    with office.reading() as session:
        assert len(listing.order_of(session, Query(SignIn, filters={"lecture": "法律"}))) == 1
        assert listing.order_of(session, Query(SignIn, filters={"lecture": "健康"})) == []


def test_masked_values_show_only_their_ends(office: Office) -> None:
    values: dict[str, Any] = person(1)
    masks = {f.name: f.mask(values.get(f.name)) for f in fields_of(Member)}
    assert masks["id_number"] == f"{values['id_number'][:6]}********{values['id_number'][-4:]}"
    assert masks["mobile"] == f"{values['mobile'][:3]}****{values['mobile'][-4:]}"


def test_a_register_is_known_by_its_name() -> None:
    assert [register_named(r.__tablename__) for r in REGISTERS] == list(REGISTERS)
    assert Lecture(topic="x", starts_at=NOW).title == "x"


def test_undo_redo_undo_ends_where_it_began(office: Office, add: Callable[..., str]) -> None:
    with office.act(ActKind.IMPORT, "导入") as act:
        act.create_many(Member, [person(n) for n in range(3)])
    undo.undo(office, act.id)
    for _ in range(2):
        with office.reading() as session:
            latest = undo.headings(session, limit=1)[0]
        undo.undo(office, latest.act)
    with office.reading() as session:
        assert session.scalar(select(func.count()).select_from(Member).where(Member.removed_at.is_(None))) == 0


def test_a_person_edited_and_edited_back_goes_with_the_import(office: Office) -> None:
    with office.act(ActKind.IMPORT, "导入") as act:
        who = act.create_many(Member, [person(1)])[0]
    with office.act(ActKind.EDIT, "改") as edit:
        edit.change(Member, who, {"post": "焊工"})
    undo.undo(office, edit.id)
    assert undo.undo(office, act.id).kept == ()


def test_undoing_a_withdrawal_that_was_overtaken_is_kept_and_no_crash(office: Office, one_of_each: dict[str, str]) -> None:
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(SignIn, one_of_each["sign_in"])
    with office.act(ActKind.EDIT, "再签") as again:
        again.create(SignIn, SAMPLE_VALUES["sign_in"](one_of_each))
    assert undo.undo(office, act.id).kept == (("sign_in", one_of_each["sign_in"]),)


def test_somebody_at_the_door_undoes_sign_ins_and_nothing_else(office: Office, add: Callable[..., str]) -> None:
    add(Member, **person(1))
    with office.reading() as session:
        last = undo.last_undoable(session)
    office.vault.user = vault.User("门口", Role.DOOR)
    with pytest.raises(UserError, match="只能撤销签到"):
        undo.undo(office, last.act if last else "")


@pytest.mark.parametrize(("typed", "found"), [("2026-11-20", 1), ("2026-11-20 14:00", 1), ("2026-11-21", 0), ("空", 0)])
def test_a_time_column_is_filtered_by_the_offices_day(office: Office, one_of_each: dict[str, str], typed: str, found: int) -> None:
    local = NOW.astimezone()
    typed = typed.replace("2026-11-20 14:00", local.strftime("%Y-%m-%d %H:%M")).replace("2026-11-20", local.strftime("%Y-%m-%d")) if found else typed
    with office.reading() as session:
        assert len(listing.order_of(session, Query(Lecture, filters={"starts_at": typed}))) == found


def test_two_filters_on_one_index_both_hold(office: Office, add: Callable[..., str]) -> None:
    from db.registers import Certificate

    first, second = add(Member, full_name="张三"), add(Member, full_name="李四")
    add(Certificate, member=first, certificate_no="ZS1")
    add(Certificate, member=second, certificate_no="LS1")
    with office.reading() as session:
        assert listing.order_of(session, Query(Certificate, quick="李四", filters={"member": "张三"})) == []
        assert len(listing.order_of(session, Query(Certificate, quick="张三", filters={"member": "张三"}))) == 1


def test_a_closed_vault_is_opened_by_nobody(office: Office) -> None:
    office.vault.close()
    with pytest.raises(RuntimeError, match="closed"), office.reading() as session:
        session.scalar(select(func.count()).select_from(Member))
