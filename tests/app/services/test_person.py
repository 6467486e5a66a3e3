"""One person whole: her dossier, her membership on any day, everything about her as a file, her erasure."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2 as pdfium
import pytest
from sqlalchemy import select

from app.services import membership, merging, person, statistics, undo
from app.services.checkin import foreign
from app.services.checkin.door import Door
from app.services.membership import KEPT, MEMBER, NOT_YET
from app.services.office import Office
from app.services.records import ActKind, Invalid, resolve
from app.services.roster import batch
from app.services.roster.reader import Sheet
from db import journal, search
from db.dates import PartialDate
from db.problems import UserError
from db.registers import Certificate, Member, MembershipEvent, SignIn
from tests.conftest import NOW, id_number
from tests.conftest import person as someone


@pytest.fixture
def member(add: Callable[..., str]) -> str:
    return add(Member, **someone(1), birth_date=PartialDate(1990, 3, 7), joined_on=PartialDate(2012, 9), ethnicity="回族", education="大专")


def status(office: Office, member: str, day: date) -> membership.Status:
    with office.reading() as session:
        return membership.status_on(session, member, day)


def field(office: Office, member: str, name: str) -> Any:
    with office.reading() as session:
        return session.scalars(select(getattr(Member, name)).where(Member.id == member)).one()


@pytest.mark.parametrize(("day", "state", "sure"), [
    (date(2011, 1, 1), NOT_YET, True), (date(2012, 9, 15), MEMBER, False), (date(2015, 1, 1), MEMBER, True), (date(2020, 3, 5), KEPT, True), (date(2021, 6, 1), MEMBER, True),
    (date(2025, 9, 2), "转出", True), (date(2030, 1, 1), "转出", True),
])
def test_the_status_on_any_day_follows_from_the_events(office: Office, member: str, day: date, state: str, sure: bool) -> None:
    for event, when in (("保留", "2020-03-01"), ("恢复", "2021-05-01"), ("转出", "2025-09-01")):
        membership.record(office, [member], {"event": event, "event_date": when})
    assert (status(office, member, day).state, status(office, member, day).sure) == (state, sure)


def test_the_members_own_fields_say_what_is_in_force_today(office: Office, member: str) -> None:
    membership.record(office, [member], {"event": "转出", "event_date": "2025-09-01", "reason": "失业"})
    membership.record(office, [member], {"event": "保留", "event_date": "2020-03-01"})  # written down late
    assert [field(office, member, name) for name in membership.FIELDS] == ["转出", PartialDate(2025, 9, 1), "失业"]


def test_an_event_taken_back_leaves_the_one_before_in_force(office: Office, member: str) -> None:
    membership.record(office, [member], {"event": "保留", "event_date": "2020-03-01"})
    act = membership.record(office, [member], {"event": "转出", "event_date": "2025-09-01"})
    undo.undo(office, act)
    assert field(office, member, "membership_event") == "保留"
    with office.reading() as session:
        assert [e.event for e in membership.events_of(session, member)] == ["保留"]


def test_an_event_of_tomorrow_takes_effect_tomorrow(office: Office, member: str) -> None:
    membership.catch_up(office)
    membership.record(office, [member], {"event": "转出", "event_date": "2026-11-25"})
    assert field(office, member, "membership_event") is None
    office.clock = lambda: NOW.replace(day=26)
    assert membership.catch_up(office) == 1
    assert field(office, member, "membership_event") == "转出"
    assert membership.catch_up(office) == 0


def test_leaving_needs_a_date_and_the_same_event_is_written_down_once(office: Office, member: str) -> None:
    with pytest.raises(Invalid, match="哪一天"):
        membership.record(office, [member], {"event": "转出"})
    for _ in range(2):
        membership.record(office, [member], {"event": "转出", "event_date": "2025-9"})
    with office.reading() as session:
        assert len(membership.events_of(session, member)) == 1


def test_a_roster_with_membership_columns_writes_events(office: Office, member: str) -> None:
    header = ["姓名", "身份证号", "会籍变化类型", "会籍变化日期", "会籍变化原因"]
    made = batch.stage_sheets(office, "x", [Sheet("名单", True, [header, ["张三甲", id_number(1), "转出", "2025.9", "失业"], ["李四", id_number(2), "入会", "2024-05-01", ""]])])
    batch.commit(office, made, batch.make_plan(office, made))
    with office.reading() as session:
        assert sorted((e.event, str(e.event_date)) for e in session.scalars(select(MembershipEvent))) == [("入会", "2024-05-01"), ("转出", "2025-09")]
    assert field(office, member, "membership_event") == "转出"
    again = batch.load(office, made.id)
    assert [p.verdict.value for p in batch.make_plan(office, again).rows] == ["unchanged", "unchanged"]


@pytest.fixture
def life(office: Office, add: Callable[..., str], member: str, lecture: str) -> str:
    """A member with something in every register."""
    add(SignIn, lecture=lecture, member=member, full_name="张三甲", signed_at=NOW, mobile="13800000001")
    add(Certificate, member=member, occupation="电工", skill_level="三级/高级工", certificate_no="S000011000123244000017", issued_on=PartialDate(2024, 3, 8))
    membership.record(office, [member], {"event": "入会", "event_date": "2012-09"})
    return member


def test_all_that_hangs_on_her_is_on_one_list_newest_first(office: Office, life: str) -> None:
    with office.reading() as session:
        found = person.dossier(session, life, NOW.date())
    assert [(i.kind, i.what) for i in found.items] == [("签到", "健康讲座"), ("证书", "电工 三级/高级工"), ("会籍变化", "入会")]
    assert found.status.state == MEMBER


def test_the_growth_record_prints_the_list_and_no_full_number(office: Office, life: str) -> None:
    document = pdfium.PdfDocument(person.growth_record(office, life))
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert "健康讲座" in text and "电工" in text and id_number(1) not in text


def test_everything_about_one_person_goes_into_one_workbook_and_is_journalled(office: Office, life: str, tmp_path: Path) -> None:
    assert person.export(office, life, tmp_path / "本人.xlsx") == 4
    book = openpyxl.load_workbook(tmp_path / "本人.xlsx")
    assert book.sheetnames == ["会员", "会籍变化", "签到", "证书", "变更记录"]
    assert id_number(1) in [c.value for c in book["会员"][2]]
    with office.reading() as session:
        assert undo.headings(session)[0].kind.value == "show"


def everything_written(office: Office) -> str:
    """All that the vault holds, as text: every table, every column, staged workbooks unpacked."""
    from app.services.roster import reader

    said = []
    with office.vault.engine.connect() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%'").scalars().all()
        for table in tables:
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"').all():
                said += [reader.unpack(v).decode("utf-8", "replace") if table == "roster_batch" and isinstance(v, bytes) else str(v) for v in row]
    return "\n".join(said)


def test_erasing_leaves_nothing_that_names_or_finds_her(office: Office, life: str) -> None:
    made = batch.stage_sheets(office, "x", [Sheet("名单", True, [["姓名", "身份证号", "手机"], ["张三甲", id_number(1), "13800000001"], ["李四", id_number(2, born="19850101"), ""]])])
    batch.commit(office, made, batch.make_plan(office, made))
    assert "张三甲" in everything_written(office)
    assert person.erase(office, life) == 4
    left = everything_written(office)
    for secret in ("张三甲", id_number(1), "13800000001", "A00001", "S000011000123244000017", "回族", "1990-03-07"):
        assert secret not in left, secret
    with office.vault.engine.connect() as connection:
        assert search.find(connection, "member", "张三甲") == [] and search.find(connection, "member", "zsj") == []
        assert journal.verify(connection) is None
    assert "李四" in left


def test_erasing_keeps_what_only_counts(office: Office, life: str) -> None:
    with office.vault.engine.connect() as connection:
        before = [t.reached for t in statistics.today(connection, NOW).targets]
    person.erase(office, life)
    with office.vault.engine.connect() as connection:
        assert [t.reached for t in statistics.today(connection, NOW).targets] == before
    with office.reading() as session:
        row = session.scalars(select(Member).where(Member.id == life)).one()
        assert (row.full_name, row.gender, str(row.birth_date), row.education, row.removed_at is not None) == (person.ERASED_NAME, "男", "1990", "大专", True)
        assert session.scalars(select(SignIn.removed_at)).one() is None


def test_erased_is_for_good(office: Office, life: str) -> None:
    with office.reading() as session:
        acts = [h for h in undo.headings(session) if h.kind.is_undoable]
    person.erase(office, life)
    for heading in acts:
        undo.undo(office, heading.act)
    assert "张三甲" not in everything_written(office)
    with pytest.raises(UserError, match="已经清除过"):
        person.erase(office, life)


def test_a_journal_row_that_was_blanked_by_hand_is_found_out(office: Office, life: str) -> None:
    with office.vault.engine.connect() as connection, connection.begin():
        journal.blank(connection, [(3, journal.ERASED)])
        assert journal.verify(connection) == 3


def test_who_was_merged_into_her_is_erased_with_her(office: Office, life: str, add: Callable[..., str]) -> None:
    twin = add(Member, full_name="章三甲", mobile="13811112222")
    merging.merge(office, life, twin)
    person.erase(office, life)
    assert "13811112222" not in everything_written(office)


def test_whose_time_is_over_is_named(office: Office, add: Callable[..., str]) -> None:
    over = add(Member, **someone(1), retain_until=PartialDate(2026, 10))
    add(Member, **someone(2), retain_until=PartialDate(2026, 11))
    with office.vault.engine.connect() as connection:
        assert person.due_for_erasure(connection, NOW.date()) == [over]


def test_erasing_finds_her_under_old_names_and_leaves_her_neighbours(office: Office, life: str) -> None:
    with office.act(ActKind.EDIT, "改名") as act:
        act.change(Member, life, {"full_name": "张新名", "mobile": "13911112222"})
    rows = [["张三申(退休)", "", "138-0000-0001", "李四", id_number(2, born="19850101"), "13800000002"], ["王?", "", "13911112222", "赵六", "", "13800000006"]]
    made = batch.stage_sheets(office, "张三申入会申请.xlsx", [Sheet("名单", True, [["姓名", "身份证号", "手机", "姓名", "身份证号", "手机"], *rows])])
    batch.decide(office, made, made.rows[1].key, mended={"full_name": "张三申"})
    person.erase(office, life)
    left = everything_written(office)
    for secret in ("张三申", "张新名", "13911112222", "138-0000-0001", id_number(1)):
        assert secret not in left, secret
    for other in ("李四", "赵六", "13800000006"):
        assert other in left


def test_erasing_by_an_old_id_erases_the_person_it_leads_to(office: Office, life: str, add: Callable[..., str]) -> None:
    twin = add(Member, full_name="章三甲", mobile="13811112222")
    merging.merge(office, life, twin)
    person.erase(office, twin)
    assert field(office, life, "full_name") == person.ERASED_NAME


def test_the_index_holds_none_of_her_words_any_more(office: Office, life: str) -> None:
    person.erase(office, life)
    with office.vault.engine.connect() as connection:
        blocks = b"".join(row[0] for row in connection.exec_driver_sql("SELECT block FROM search_member_data") if isinstance(row[0], bytes))
    assert b"zhangsan" not in blocks and id_number(1).encode() not in blocks


def test_what_an_old_vault_knew_becomes_the_first_event(office: Office, add: Callable[..., str]) -> None:
    member = add(Member, **someone(3), membership_event="退会", membership_event_date=PartialDate(2020))
    membership.record(office, [member], {"event": "入会", "event_date": "2010"})
    assert field(office, member, "membership_event") == "退会"


def test_events_changed_in_their_own_table_are_followed(office: Office, member: str) -> None:
    with office.act(ActKind.EDIT, "新建") as act:
        event = act.create(MembershipEvent, {"member": member, "event": "退会", "event_date": PartialDate(2024)})
    assert field(office, member, "membership_event") == "退会"
    with office.act(ActKind.EDIT, "删除") as act:
        act.remove(MembershipEvent, event)
    assert field(office, member, "membership_event") is None


def test_a_merge_taken_back_and_brought_back_leads_the_old_id_again(office: Office, life: str, add: Callable[..., str]) -> None:
    twin = add(Member, full_name="章三甲", mobile="13811112222")
    undo.undo(office, merging.merge(office, life, twin))
    with office.reading() as session:
        undone = next(h for h in undo.headings(session) if h.kind is ActKind.UNDO)
    undo.undo(office, undone.act)
    with office.reading() as session:
        assert resolve(session.connection(), twin) == life


def test_erasing_reaches_the_doors_book_and_the_tray(office: Office, lecture: str, add: Callable[..., str], tmp_path: Path) -> None:
    who = add(Member, **someone(3))
    door = Door(office, lecture)
    door.arrive("A00003")
    door.arrive("A00003")
    door.close()
    workbook = tmp_path / "x.csv"
    workbook.write_text(f"姓名,部门\n{someone(3)['full_name']},二车间\n", encoding="utf-8")
    foreign.take_in(office, lecture, workbook)
    person.erase(office, who)
    with office.vault.engine.connect() as connection:
        told = str(connection.exec_driver_sql("SELECT * FROM door_scan").all()) + str(connection.exec_driver_sql("SELECT * FROM sign_in_tray").all())
        assert connection.exec_driver_sql("SELECT count(*) FROM door_scan").scalar() == 2
    assert someone(3)["full_name"] not in told and "A00003" not in told
    assert Door(office, lecture).tally().present == 1
