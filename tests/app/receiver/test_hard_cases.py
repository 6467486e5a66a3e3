"""What goes wrong in years: each of these once lost, invented or overwrote something, or stopped everybody."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from app.receiver import answer, decisions, inbox, items, merge, offices, overview, store, taking_back
from app.receiver.district import Receiver
from app.services import merging, person, undo
from app.services.exchange import answers, keyring, outbox, send
from app.services.lectures import photos
from app.services.office import Office
from app.services.records import ActKind
from app.sync import package
from app.sync.package import Part
from app.sync.refusals import PackageRefused, Refusal
from app.sync.stick import write
from db import vault
from db.problems import UserError
from db.registers import Lecture, Member, SubsidyApplication
from tests.app.receiver.exchanges import add_more, backup_of, body_of, connect, crafted, enrol, export, line, read, round_trip
from tests.conftest import NOW, PASSWORD


@pytest.fixture
def union(connected: Office) -> str:
    return connected.vault.keys.vault_id


@pytest.fixture
def claim(receiver: Receiver, connected: Office, one_of_each: dict[str, str], tmp_path: Path) -> str:
    """An application of 1,500 yuan that the district has."""
    with connected.act(ActKind.EDIT, "报") as act:
        act.change(SubsidyApplication, one_of_each["subsidy_application"], {"amount": Decimal(1500), "state": "校验通过"})
    enrol(receiver, export(connected, tmp_path / "claim"))
    return one_of_each["subsidy_application"]


def change(office: Office, register: Any, record: str, **values: Any) -> None:
    with office.act(ActKind.EDIT, "改") as act:
        act.change(register, record, values)


def answered(office: Office, receiver: Receiver, folder: Path) -> answers.TakenIn:
    folder.mkdir(exist_ok=True)
    return read(office, answer.answer(receiver, office.vault.keys.vault_id, folder))


@pytest.fixture
def restored(connected: Office, receiver: Receiver, tmp_path: Path) -> Iterator[tuple[Office, str, str]]:
    """An office on a restored backup, already told so: with one it changed another way, and one it never had."""
    who = add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "r1"))
    copy = backup_of(connected)
    lost = add_more(connected, 2)
    change(connected, Member, who, post="焊工")
    change(connected, Member, who, post="钳工")
    merge.merge(receiver, export(connected, tmp_path / "r2"))
    office = Office(vault.unlock(copy, "李晓梅", PASSWORD), clock=connected.clock)
    change(office, Member, who, post="电工")
    with pytest.raises(PackageRefused):
        merge.merge(receiver, export(office, tmp_path / "r3"))
    answered(office, receiver, tmp_path / "r3")
    yield office, who, lost
    office.vault.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_package_of_photos_alone_and_one_that_reconciles_nothing_go_in(kind: str, request: pytest.FixtureRequest, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    receiver: Receiver = request.getfixturevalue("receiver" if kind == "sqlite" else "postgres_receiver")
    connect(office, receiver, tmp_path)
    lecture = add(Lecture, topic="讲座", starts_at=NOW)
    round_trip(office, receiver, tmp_path / "a")
    Image.new("RGB", (40, 30), "red").save(tmp_path / "p.png")
    photo = photos.add(office, lecture, tmp_path / "p.png", "会场")
    assert send.preview(office).gathered.photos == 1
    merge.merge(receiver, export(office, tmp_path / "b"))
    count = select(func.count()).select_from(store.attachments)
    with receiver.reading() as connection:
        assert connection.execute(count).scalar() == 1
    taking_back.take_back(receiver, office.vault.keys.vault_id)
    merge.merge(receiver, next((tmp_path / "b").glob("*.udpkg")))
    photos.remove(office, photo)
    merge.merge(receiver, export(office, tmp_path / "c"))
    with receiver.reading() as connection:
        assert connection.execute(count).scalar() == 0
    taking_back.take_back(receiver, office.vault.keys.vault_id)
    with receiver.reading() as connection:
        assert connection.execute(count).scalar() == 1
    with receiver.writing() as connection:
        connection.execute(store.offices.update().values(forked=True))
    answered(office, receiver, tmp_path / "c")
    assert merge.merge(receiver, export(office, tmp_path / "d")).reconciles


def test_what_is_paid_out_is_what_was_approved(receiver: Receiver, union: str, claim: str) -> None:
    decisions.decide(receiver, [(union, claim)], decisions.APPROVED, amount=100_000)
    with pytest.raises(UserError, match="与核定的一样"):
        decisions.decide(receiver, [(union, claim)], decisions.PAID, amount=150_000)
    decisions.decide(receiver, [(union, claim)], decisions.PAID)
    assert decisions.applications(receiver)[0].approved == 100_000


def test_a_word_on_somebody_who_was_merged_into_another_is_not_said_of_the_other(restored: tuple[Office, str, str], receiver: Receiver, tmp_path: Path) -> None:
    office, who, _ = restored
    other = add_more(office, 9)
    merge.merge(receiver, export(office, tmp_path / "a"))
    decisions.settle(receiver, office.vault.keys.vault_id, "member", who, take_theirs=False)
    merging.merge(office, other, who)
    taken = answered(office, receiver, tmp_path / "a")
    assert ("member", who) in taken.kept
    with office.reading() as session:
        assert session.get_one(Member, session.scalars(select(Member.rowno).where(Member.id == other)).one()).post is None


def test_a_conflict_goes_on_waiting_however_often_the_office_sends_the_same(restored: tuple[Office, str, str], receiver: Receiver, tmp_path: Path) -> None:
    office, who, lost = restored
    merge.merge(receiver, export(office, tmp_path / "a"))
    assert {w.id for w in decisions.waiting(receiver)} == {who, lost}
    answered(office, receiver, tmp_path / "a")
    (tmp_path / "b").mkdir()
    merge.merge(receiver, send.export(office, tmp_path / "b", everything=True).path)
    assert {w.id for w in decisions.waiting(receiver)} == {who, lost} and body_of(receiver, who)["post"] == "钳工"


def test_settling_an_undecided_application_our_way_holds_nobody_up(receiver: Receiver, connected: Office, claim: str, tmp_path: Path) -> None:
    union = connected.vault.keys.vault_id
    with receiver.writing() as connection:
        row = dict(connection.execute(select(store.records).where(store.records.c.id == claim)).mappings().one())
        theirs = json.dumps({**json.loads(row["body"]), "training_body": "别处"})
        connection.execute(store.held.insert().values(**{**row, "body": theirs}, standing="waiting", code="conflict", message="x"))
    decisions.settle(receiver, union, "subsidy_application", claim, take_theirs=False)
    assert answered(connected, receiver, tmp_path / "a").decided == 1
    decisions.decide(receiver, [(union, claim)], decisions.APPROVED)
    assert answered(connected, receiver, tmp_path / "b").decided == 1


def test_decisions_survive_a_district_that_was_restored_from_an_older_backup(receiver: Receiver, connected: Office, claim: str, tmp_path: Path) -> None:
    union = connected.vault.keys.vault_id
    for n in range(3):
        answered(connected, receiver, tmp_path / f"a{n}")
    with receiver.writing() as connection:  # what was known two answers ago
        connection.execute(store.offices.update().values(answer=1, answered=0, reached=0))
    decisions.decide(receiver, [(union, claim)], decisions.APPROVED)
    add_more(connected, 3)
    late = export(connected, tmp_path / "b")
    with pytest.raises(PackageRefused) as refused:
        merge.merge(receiver, late)
    assert refused.value.refusal is Refusal.GAP
    assert answered(connected, receiver, tmp_path / "b").decided == 1
    assert merge.merge(receiver, export(connected, tmp_path / "c")).differs == ()


def test_what_the_office_withdrew_and_the_district_keeps_comes_back(restored: tuple[Office, str, str], receiver: Receiver, tmp_path: Path) -> None:
    office, who, _ = restored
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(Member, who)
    merge.merge(receiver, export(office, tmp_path / "a"))
    for one in decisions.waiting(receiver):
        decisions.settle(receiver, one.office, one.register, one.id, take_theirs=False)
    assert answered(office, receiver, tmp_path / "a").brought_back == 2
    add_more(office, 7)
    assert merge.merge(receiver, export(office, tmp_path / "b")).differs == ()
    with office.reading() as session:
        assert session.scalars(select(Member.post).where(Member.id == who, Member.removed_at.is_(None))).one() == "钳工"


def test_taking_back_an_answer_that_brought_records_back_withdraws_nothing_above(restored: tuple[Office, str, str], receiver: Receiver, tmp_path: Path) -> None:
    office, who, lost = restored
    merge.merge(receiver, export(office, tmp_path / "a"))
    for one in decisions.waiting(receiver):
        decisions.settle(receiver, one.office, one.register, one.id, take_theirs=one.id == who)
    path = answer.answer(receiver, office.vault.keys.vault_id, tmp_path / "a")
    taken = read(office, path)
    assert taken.act is not None
    undo.undo(office, taken.act)
    with office.vault.engine.connect() as connection:
        assert lost not in outbox.unsent(connection).records.get("member", ())
    assert read(office, path).brought_back == 1


def test_a_refused_record_that_the_office_never_had_does_not_differ_for_ever(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    who = add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "a"))
    copy = backup_of(connected)
    bad = add_more(connected, 2)
    with connected.writing() as connection:
        connection.exec_driver_sql("UPDATE member SET id_number = '110105199003072430' WHERE id = ?", (bad,))
    assert merge.merge(receiver, export(connected, tmp_path / "b")).refused
    office = Office(vault.unlock(copy, "李晓梅", PASSWORD), clock=connected.clock)
    change(office, Member, who, post="电工")
    with pytest.raises(PackageRefused):
        merge.merge(receiver, export(office, tmp_path / "c"))
    answered(office, receiver, tmp_path / "c")
    report = merge.merge(receiver, export(office, tmp_path / "d"))
    office.vault.close()
    assert report.differs == ()


def test_a_returned_application_is_not_taken_for_sent_again(receiver: Receiver, connected: Office, claim: str, tmp_path: Path) -> None:
    union = connected.vault.keys.vault_id
    decisions.decide(receiver, [(union, claim)], decisions.RETURNED, reasons=["银行账号有误"])
    change(connected, SubsidyApplication, claim, note="x", training_body="某处")
    merge.merge(receiver, export(connected, tmp_path / "a"))  # made before the answer was read
    answered(connected, receiver, tmp_path / "a")
    change(connected, SubsidyApplication, claim, training_body="另一处")
    merge.merge(receiver, export(connected, tmp_path / "b"))  # read, and not yet mended
    answered(connected, receiver, tmp_path / "b")
    with connected.reading() as session:
        assert session.scalars(select(SubsidyApplication.state)).one() == "退回补正"
    change(connected, SubsidyApplication, claim, state="校验通过")
    merge.merge(receiver, export(connected, tmp_path / "c"))
    assert decisions.accept_arrived(receiver, union) == 1


def test_an_application_that_was_paid_is_not_withdrawn_without_a_word(receiver: Receiver, connected: Office, claim: str, tmp_path: Path) -> None:
    decisions.decide(receiver, [(connected.vault.keys.vault_id, claim)], decisions.APPROVED)
    with connected.act(ActKind.EDIT, "删") as act:
        act.remove(SubsidyApplication, claim)
    report = merge.merge(receiver, export(connected, tmp_path / "a"))
    assert [o.code for o in report.waiting] == ["decided"] and overview.count(receiver, "subsidy_application") == 1


def test_erasing_somebody_with_a_final_decision_leaves_no_word_of_her(receiver: Receiver, connected: Office, one_of_each: dict[str, str], claim: str, tmp_path: Path) -> None:
    decisions.decide(receiver, [(connected.vault.keys.vault_id, claim)], decisions.APPROVED, note="张三丰的账号已核")
    person.erase(connected, one_of_each["member"])
    report = merge.merge(receiver, export(connected, tmp_path / "a"))
    assert report.waiting == []
    with receiver.reading() as connection:
        everything = "".join(str(dict(row)) for table in store.metadata.sorted_tables for row in connection.execute(select(table)).mappings())
    assert "张三" not in everything and "6214850112345670" not in everything


def test_one_office_can_stop_nobody_else(any_receiver: Receiver, office: Office, tmp_path: Path) -> None:
    """Deep nesting, NUL, numbers beyond every column, rightly signed."""
    receiver = any_receiver
    connect(office, receiver, tmp_path)
    deep = b'{"id":"00000000-0000-4000-8000-000000000007","revision":1,"values":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    nul = json.dumps({"id": "00000000-0000-4000-8000-000000000008", "revision": 1, "values": {"full_name": "张\x00三", "post": "a\x00b", "unknown": "\x00"}}).encode()
    huge = json.dumps({"id": "00000000-0000-4000-8000-000000000009", "revision": 2**52, "values": {"full_name": "李四"}}).encode()
    own = {"union": {"id": office.vault.keys.vault_id, "uscc": "8" * 40, "name": "工" * 400 + "\x00"}}
    path = crafted(office, receiver, tmp_path, [line(1), deep, nul, huge], **own, pending=[{"series": 2**50, "digest": "0" * 64}])
    letters = inbox.merge_all(receiver, inbox.scan(receiver, [path]), enrol=lambda letter: letter.fingerprint)
    assert [one.state for one in letters] == [inbox.State.MERGED] and letters[0].report is not None
    assert {o.code for o in letters[0].report.refused} == {"unreadable", "bad-value"} and overview.count(receiver, "member") == 2
    assert overview.figures(receiver)
    answer.answer(receiver, office.vault.keys.vault_id, tmp_path)
    with pytest.raises(PackageRefused):
        merge.merge(receiver, crafted(office, receiver, tmp_path, [line(1)], series=2, answered=2**52, **own))


def test_an_item_that_could_not_be_used_is_refused_and_one_that_slipped_through_is_ignored(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    for kind, body in (("purpose", {"id": "x", "title": "x", "basis": "x", "valid_from": "2020-01-01", "fields": ["member"]}), ("policy", {"id": "x"}), ("code", {"table": "nowhere", "term": "x"})):
        with pytest.raises(UserError):
            items.put(receiver, kind, "x", body)
    with receiver.writing() as connection:
        connection.execute(store.items.insert().values(kind="purpose", key="membership", body='{"fields": ["member"]}', at="x", operator="x"))
    add_more(connected, 1)
    round_trip(connected, receiver, tmp_path / "a")
    add_more(connected, 2)
    assert send.preview(connected).gathered.counts["member"].new == 1


ODD = {
    "bad utf-8": b'{"kind":"code","key":"\xff","body":null}', "deep": b'{"kind":"code","key":"x","body":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
    "no object": b"5", "numbers": b'{"kind":1}',
}


@pytest.mark.parametrize("part", ["item", "decision", "holding", "returned", "outcome", "key", "receipt"])
@pytest.mark.parametrize("odd", ODD)
def test_nothing_that_a_district_can_sign_crashes_the_office(receiver: Receiver, connected: Office, tmp_path: Path, part: str, odd: str) -> None:
    receipt = b'{"last":0,"digest":null,"reached":0,"tables":{},"differs":[],"forked":false}'
    manifest = {
        "direction": "down", "practice": False, "union": {"id": connected.vault.keys.vault_id, "uscc": "", "name": ""}, "series": 1, "previous": None, "schema": "0001", "program": "x",
        "made_at": "2026-11-20T06:00:00.000000Z",
    }
    parts = [Part("receipt", [receipt])] if part != "receipt" else []
    sealed = package.seal(manifest, [*parts, Part(part, [ODD[odd]])], sender=receiver.keys, to=keyring.own_keys(connected).public)
    with pytest.raises(PackageRefused):
        read(connected, write(tmp_path, "o.udrcpt", sealed.body))
    assert answers.read_answers(connected.vault.engine.connect()) == []


def test_old_keys_do_not_come_back_by_a_package_that_was_opened_before_they_were_replaced(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "a"))
    add_more(connected, 2)
    prepared = merge.prepare(receiver, export(connected, tmp_path / "b"))
    keyring.renew(connected)
    card = keyring.write_own_card(connected, tmp_path / "new.udkey")
    offices.enrol_by_file(receiver, tmp_path / "new.udkey", fingerprint=card.keys.fingerprint)
    with pytest.raises(PackageRefused) as refused:
        merge._in_one_transaction(receiver, prepared, enrol=None, dry=False)
    assert refused.value.refusal is Refusal.UNKNOWN_SENDER


def test_both_operators_work_with_the_districts_new_keys(postgres_receiver: Receiver, office: Office, tmp_path: Path) -> None:
    from app.receiver import district

    one = postgres_receiver
    one.copy_to(tmp_path / "other-pc")
    other = district.open_receiver(tmp_path / "other-pc", "district-pw")
    connect(office, one, tmp_path)
    add_more(office, 1)
    enrol(one, export(office, tmp_path / "a"))
    one.rotate()
    assert read(office, answer.answer(other, office.vault.keys.vault_id, tmp_path / "a")).said.key is not None
    add_more(office, 2)
    assert merge.merge(other, export(office, tmp_path / "b")).accepted
    other.close()


def test_keys_are_not_renewed_twice_before_the_district_has_seen_the_first(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    add_more(connected, 1)
    round_trip(connected, receiver, tmp_path / "a")
    keyring.renew(connected)
    with pytest.raises(UserError, match="还没有收到"):
        keyring.renew(connected)
    add_more(connected, 2)
    round_trip(connected, receiver, tmp_path / "b")
    keyring.renew(connected)


def test_a_stick_that_takes_no_answer_burns_no_decision(receiver: Receiver, connected: Office, claim: str, tmp_path: Path) -> None:
    union = connected.vault.keys.vault_id
    decisions.decide(receiver, [(union, claim)], decisions.APPROVED)
    with pytest.raises(UserError):
        answer.answer(receiver, union, tmp_path / "nowhere")
    assert offices.find(receiver, union).answer == 0
    assert answered(connected, receiver, tmp_path / "a").decided == 1


def test_unknown_is_said_only_when_reconciling(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    path = crafted(connected, receiver, tmp_path, [b'{"id":"00000000-0000-4000-8000-000000000001","unknown":true}'])
    assert [o.code for o in merge.look(receiver, path).refused] == ["unreadable"]


# -- what goes down


def test_plan_targets_policies_words_and_forms_come_down_are_used_and_can_be_taken_back(receiver: Receiver, connected: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    from app.printing import template
    from app.services import paperwork, policies, statistics
    from db import codes

    enrol(receiver, export(connected, tmp_path / "a"))
    before = codes.table("upper_union").labels
    items.put(receiver, "lecture-plan", "x", {"topic": "工伤保险", "starts_at": "2027-03-12T14:00:00+08:00", "place": "报告厅", "seats": "200"})
    items.put(receiver, "target", "entries", {"count": "entries", "title": "竞赛报名", "unit": "人次", "wanted": 77, "source": "朝工发", "valid_from": "2026-01-01"})
    row = {**policies.rows_of(None, "policy")[0], "id": "BT-2026", "valid_from": "2026-01-01", "levels": [{"level": "三级/高级工", "amount": 2500}]}
    items.put(receiver, "policy", "BT-2026", row)
    items.put(receiver, "code", "upper_union 新街道", {"table": "upper_union", "term": "新街道总工会", "aliases": ["新街道"]})
    folder = tmp_path / "subsidy_application"
    folder.mkdir()
    from importlib import resources

    text = resources.files("forms").joinpath("subsidy_application", "form.toml").read_text("utf-8")
    (folder / "form.toml").write_text(text.replace('title = "技能人才助推培训补贴申请表"', 'title = "二〇二六版申请表"'), "utf-8")
    items.put_form(receiver, folder)
    taken = answered(connected, receiver, tmp_path / "a")
    assert taken.items == 5 and taken.said.item_counts == {"讲座计划": 1, "年度指标": 1, "补贴政策": 1, "代码表": 1, "表格": 1}
    with connected.vault.engine.connect() as connection:
        today = statistics.today(connection, NOW.astimezone())
        policy = policies.policy_on(connection, NOW.date())
        assert policy is not None and policy.id.startswith("BT-2026@2026-01-01~") and int(policy.amounts["三级/高级工"]) == 2500
    assert today.plan[0].topic == "工伤保险" and 77 in [t.wanted for t in today.targets]
    assert codes.table("upper_union").find("新街道") == "新街道总工会"
    assert paperwork.form_named(connected, "subsidy_application").title == "二〇二六版申请表"
    assert send.preview(connected).waiting.total == 0  # what came down does not go back up
    assert taken.act is not None
    undo.undo(connected, taken.act)
    assert codes.table("upper_union").labels == before and paperwork.form_named(connected, "subsidy_application").title == template.load("subsidy_application").title
    again = answered(connected, receiver, tmp_path / "a")
    items.put(receiver, "lecture-plan", "x", None)
    assert again.items == 5 and answered(connected, receiver, tmp_path / "a").items == 1


def test_an_unusable_form_from_above_leaves_ours_in_force(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    from app.services import paperwork

    add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "a"))
    items.put(receiver, "form", "subsidy_application", {"name": "subsidy_application", "toml": "title = 5"})
    answered(connected, receiver, tmp_path / "a")
    assert paperwork.form_named(connected, "subsidy_application").code == "BT"


def test_undoing_an_answer_that_corrected_a_policy_lets_the_one_before_hold_again(receiver: Receiver, connected: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    from datetime import date

    from app.services import policies

    enrol(receiver, export(connected, tmp_path / "a"))
    row = next(r for r in policies.rows_of(None, "policy") if r["id"] == "BT-2017")

    def holding() -> tuple[str, int]:
        with connected.vault.engine.connect() as connection:
            found = policies.policy_on(connection, date(2027, 6, 1))
        assert found is not None
        return found.id, int(found.amounts["三级/高级工"])

    names = []
    for n, amount in enumerate((2222, 3333)):
        items.put(receiver, "policy", "BT-2017", {**row, "valid_from": "2027-01-01", "levels": [{"level": "三级/高级工", "amount": amount}]})
        taken = answered(connected, receiver, tmp_path / f"a{n}")
        names.append(holding())
    assert [amount for _, amount in names] == [2222, 3333] and names[0][0] != names[1][0]
    assert taken.act is not None
    undone = undo.undo(connected, taken.act)
    assert undone.kept == () and holding() == names[0]
    with connected.vault.engine.connect() as connection:
        assert all(policies.policy_named(connection, name) is not None for name, _ in names)
    policies.change(connected, names[0][0], valid_from="2027-01-01", source="本工会定", levels=[{"level": "三级/高级工", "amount": 1}])
    assert holding()[1] == 2222  # of the same day the district's stands before the office's own
