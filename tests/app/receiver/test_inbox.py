"""Many packages at once, the book of offices, taking back, keys: on SQLite and PostgreSQL."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.receiver import answer, decisions, district, escrow, inbox, merge, offices, overview, review, store, taking_back
from app.receiver.district import Receiver
from app.receiver.inbox import State
from app.services import setup
from app.services.exchange import keyring, send
from app.services.office import Office
from app.services.records import ActKind
from app.sync.package import PrivateKeys
from app.sync.refusals import PackageRefused, Refusal
from app.sync.suites import NATIONAL
from db import keyslots, vault
from db.dates import PartialDate
from db.problems import UserError
from db.registers import REGISTERS, Certificate, Member, SubsidyApplication
from tests.app.receiver.exchanges import add_more, backup_of, body_of, connect, crafted, enrol, export, line, read, round_trip
from tests.conftest import NOW, PASSWORD, UNION, person


@pytest.fixture
def second_office(tmp_path: Path) -> Iterator[Office]:
    made = setup.create_office(tmp_path / "second", union={**UNION, "name": "第二工会委员会"}, administrator="王", password=PASSWORD, recovery_code=keyslots.new_recovery_code())
    made.clock = lambda: NOW
    yield made
    made.vault.close()


def audit_codes(receiver: Receiver) -> list[str]:
    with receiver.reading() as connection:
        return [row.code or row.what for row in connection.execute(select(store.audit).order_by(store.audit.c.at, store.audit.c.id))]


def submit(office: Office, claim: str, **values: Any) -> None:
    with office.act(ActKind.EDIT, "报") as act:
        act.change(SubsidyApplication, claim, {"state": "校验通过", **values})


# -- the inbox


def test_many_packages_are_sorted_by_office_and_series_and_merged_in_order(any_receiver: Receiver, office: Office, second_office: Office, tmp_path: Path) -> None:
    receiver, box = any_receiver, tmp_path / "inbox"
    for one in (office, second_office):
        connect(one, receiver, tmp_path)
        add_more(one, 1)
        first = export(one, box)
        add_more(one, 2)
        export(one, box)
        first.rename(first.with_name("zz" + first.name))  # names carry no meaning
    (box / "坏.udpkg").write_bytes(b"UNIONDESK-PACKAGE/1 age-x25519+ed25519\nxx")
    (box / "别的.txt").write_text("x")
    letters = inbox.scan(receiver, [box])
    assert [(one.union, one.series, one.state) for one in letters if one.union] == sorted((one.union, one.series, State.NEW_OFFICE) for one in letters if one.union)
    assert [one.state for one in letters if not one.union] == [State.REFUSED]
    known = {keyring.own_keys(one).public.fingerprint for one in (office, second_office)}
    done = inbox.merge_all(receiver, letters, enrol=lambda letter: letter.fingerprint if letter.fingerprint in known else None)
    assert [one.state for one in done] == [State.REFUSED, *[State.MERGED] * 4]
    assert overview.count(receiver, "member") == 4
    assert {one.state for one in inbox.scan(receiver, [box]) if one.union} == {State.AGAIN}
    assert audit_codes(receiver).count("damaged") == 1  # told once, however often it is looked at


def test_a_new_office_is_not_merged_before_a_person_has_compared_the_fingerprint(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    add_more(connected, 1)
    export(connected, tmp_path / "box")
    done = inbox.merge_all(receiver, inbox.scan(receiver, [tmp_path / "box"]))
    assert [one.state for one in done] == [State.NEW_OFFICE] and offices.all_offices(receiver) == []


def test_a_later_package_waits_for_what_is_missing_and_goes_in_with_it(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    """The first is on another stick: the second cannot go in alone, and does when both are there."""
    add_more(connected, 1)
    first = export(connected, tmp_path / "one")
    twin, _ = district.init(tmp_path / "twin", name="x", password="district-pw", ring=receiver.ring, receiver_id=receiver.facts.id)
    enrol(twin, first)
    read(connected, answer.answer(twin, connected.vault.keys.vault_id, tmp_path))
    twin.close()
    add_more(connected, 2)
    export(connected, tmp_path / "two")
    waits = inbox.scan(receiver, [tmp_path / "two"])
    assert [one.state for one in waits] == [State.WAITS] and "缺" in waits[0].said
    done = inbox.merge_all(receiver, inbox.scan(receiver, [tmp_path / "two", tmp_path / "one"]), enrol=lambda letter: letter.fingerprint)
    assert [one.state for one in done] == [State.MERGED, State.MERGED] and overview.count(receiver, "member") == 2


def test_looking_says_exactly_what_merging_then_does(any_receiver: Receiver, office: Office, tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    path = crafted(office, any_receiver, tmp_path, [line(1), b"{", line(2, id_number="110105199003072430")])
    looked = merge.look(any_receiver, path)
    merged = merge.merge(any_receiver, path, enrol=looked.fingerprint)
    assert (looked.counts, looked.outcomes) == (merged.counts, merged.outcomes)
    assert merge.merge(any_receiver, path).already_merged


def test_a_merged_package_can_be_taken_back_and_merged_again(any_receiver: Receiver, office: Office, tmp_path: Path) -> None:
    receiver, union = any_receiver, office.vault.keys.vault_id
    connect(office, receiver, tmp_path)
    who = add_more(office, 1)
    enrol(receiver, export(office, tmp_path / "a"))
    with office.act(ActKind.EDIT, "改") as act:
        act.change(Member, who, {"post": "焊工"})
    add_more(office, 2)
    second = export(office, tmp_path / "b")
    merge.merge(receiver, second)
    assert taking_back.take_back(receiver, union) == 2
    assert overview.count(receiver, "member") == 1 and "post" not in body_of(receiver, who)
    kept = merge.kept_file(receiver, union, 2)
    assert kept is not None and merge.merge(receiver, kept).accepted >= 2
    assert overview.count(receiver, "member") == 2 and body_of(receiver, who)["post"] == "焊工"
    assert (taking_back.take_back(receiver, union), taking_back.take_back(receiver, union)) == (2, 1)
    assert overview.count(receiver, "member") == 0
    with pytest.raises(UserError, match="没有合并过"):
        taking_back.take_back(receiver, union)


def test_after_taking_back_an_answered_package_the_next_one_heals_the_gap(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    add_more(connected, 1)
    round_trip(connected, receiver, tmp_path / "a")
    taking_back.take_back(receiver, connected.vault.keys.vault_id)
    add_more(connected, 2)
    late = export(connected, tmp_path / "b")
    with pytest.raises(PackageRefused) as refused:
        merge.merge(receiver, late)
    assert refused.value.refusal is Refusal.GAP
    read(connected, answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "b"))
    report = merge.merge(receiver, export(connected, tmp_path / "c"))
    assert report.differs == () and overview.count(receiver, "member") == 2


def test_an_erased_person_is_erased_at_the_district_history_and_kept_files_included(any_receiver: Receiver, office: Office, tmp_path: Path) -> None:
    from app.services import person as people

    connect(office, any_receiver, tmp_path)
    who = add_more(office, 1)
    enrol(any_receiver, export(office, tmp_path / "a"))
    with office.act(ActKind.EDIT, "改") as act:
        act.change(Member, who, {"post": "焊工"})
    merge.merge(any_receiver, export(office, tmp_path / "b"))
    people.erase(office, who)
    merge.merge(any_receiver, export(office, tmp_path / "c"))
    with any_receiver.reading() as connection:
        everything = "".join(str(dict(row)) for table in (store.records, store.held, store.before, store.audit, store.packages) for row in connection.execute(select(table)).mappings())
    name, number = person(1)["full_name"], person(1)["id_number"]
    assert name not in everything and number not in everything
    assert [merge.kept_file(any_receiver, office.vault.keys.vault_id, n) is not None for n in (1, 2, 3)] == [False, False, True]


def test_two_operators_at_once_do_not_disturb_each_other(postgres_receiver: Receiver, office: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    one = postgres_receiver
    one.add_operator("赵", "operator-two")
    one.copy_to(tmp_path / "other-pc")
    other = district.open_receiver(tmp_path / "other-pc", "operator-two")
    connect(office, one, tmp_path)
    submit(office, one_of_each["subsidy_application"])
    path = export(office, tmp_path / "a")
    enrol(one, path)
    assert merge.merge(other, path).already_merged and other.operator == "赵"
    answer.answer(one, office.vault.keys.vault_id, tmp_path / "a")
    claim = (office.vault.keys.vault_id, one_of_each["subsidy_application"])
    seen = {claim: "区级受理"}
    decisions.decide(one, [claim], decisions.RETURNED, reasons=["缺身份证或证书复印件"], seen=seen)
    with pytest.raises(UserError, match="刚刚已经改成“退回补正”"):
        decisions.decide(other, [claim], decisions.REFUSED, reasons=["不是本工会会员"], seen=seen)
    other.close()


def test_a_fork_that_was_only_looked_at_is_told_with_the_next_answer(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    """Nobody has to try to merge what cannot be merged."""
    who = add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "a"))
    copy = backup_of(connected)
    add_more(connected, 2)
    merge.merge(receiver, export(connected, tmp_path / "b"))
    office = Office(vault.unlock(copy, "李晓梅", PASSWORD), clock=connected.clock)
    with office.act(ActKind.EDIT, "改") as act:
        act.change(Member, who, {"post": "电工"})
    export(office, tmp_path / "c")
    [letter] = inbox.scan(receiver, [tmp_path / "c"])
    assert letter.state is State.FORKED and "做一份回执" in letter.said
    assert read(office, answer.answer(receiver, office.vault.keys.vault_id, tmp_path / "c")).said.receipt.forked
    done = inbox.merge_all(receiver, inbox.scan(receiver, [export(office, tmp_path / "d")]))
    office.vault.close()
    assert [one.state for one in done] == [State.MERGED] and done[0].report is not None and done[0].report.reconciles


# -- the book of offices


def test_an_office_is_enrolled_by_key_file_and_fingerprint(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    card = keyring.write_own_card(connected, tmp_path / "o.udkey")
    with pytest.raises(UserError, match="指纹对不上"):
        offices.enrol_by_file(receiver, tmp_path / "o.udkey", fingerprint="0000")
    assert offices.enrol_by_file(receiver, tmp_path / "o.udkey", fingerprint=card.keys.fingerprint.lower()).last == 0
    add_more(connected, 1)
    assert merge.merge(receiver, export(connected, tmp_path / "a")).enrolled
    assert "fingerprint" in audit_codes(receiver)


@pytest.mark.parametrize(("status", "refusal"), [(offices.SUSPENDED, Refusal.SUSPENDED), (offices.REVOKED, Refusal.REVOKED)])
def test_a_suspended_or_revoked_office_is_refused_until_it_may_again(receiver: Receiver, connected: Office, tmp_path: Path, status: str, refusal: Refusal) -> None:
    add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "a"))
    offices.set_status(receiver, connected.vault.keys.vault_id, status)
    add_more(connected, 2)
    path = export(connected, tmp_path / "b")
    with pytest.raises(PackageRefused) as refused:
        merge.merge(receiver, path)
    assert refused.value.refusal is refusal and refusal.value in audit_codes(receiver)
    offices.set_status(receiver, connected.vault.keys.vault_id, offices.ACTIVE)
    assert merge.merge(receiver, path).accepted


def test_new_keys_of_an_office_are_taken_by_the_old_ones_proof_and_a_strangers_are_not(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    add_more(connected, 1)
    round_trip(connected, receiver, tmp_path / "a")
    old = keyring.own_keys(connected).public
    keyring.renew(connected)
    add_more(connected, 2)
    report = merge.merge(receiver, export(connected, tmp_path / "b"))
    assert report.new_keys and offices.find(receiver, None).keys == keyring.own_keys(connected).public != old
    assert not read(connected, answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "b")).said.again


def test_an_answer_sealed_to_the_offices_old_key_is_still_opened(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "a"))
    keyring.renew(connected)
    assert read(connected, answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "a")).said.is_ours


def test_the_districts_new_key_comes_down_with_the_answer_and_what_went_to_the_old_one_is_still_opened(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "a"))
    add_more(connected, 2)
    on_the_way = export(connected, tmp_path / "b")
    new = receiver.rotate()
    assert merge.merge(receiver, on_the_way).accepted
    taken = read(connected, answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "b"))
    installed = keyring.district_key(connected)
    assert taken.said.key is not None and installed is not None and installed.keys == new.keys
    add_more(connected, 3)
    assert merge.merge(receiver, export(connected, tmp_path / "c")).differs == ()


def test_a_lost_office_gets_its_records_back_in_its_new_installation(any_receiver: Receiver, office: Office, second_office: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    receiver, lost, found = any_receiver, office.vault.keys.vault_id, second_office.vault.keys.vault_id
    connect(office, receiver, tmp_path)
    enrol(receiver, export(office, tmp_path / "a"))
    connect(second_office, receiver, tmp_path)
    card = keyring.write_own_card(second_office, tmp_path / "new.udkey")
    offices.enrol_by_file(receiver, tmp_path / "new.udkey", fingerprint=card.keys.fingerprint)
    others = len([r for r in REGISTERS if not r.guarded]) - 1  # its own union's record the new installation has already
    assert offices.recover(receiver, lost, found) == others
    taken = read(second_office, answer.answer(receiver, found, tmp_path))
    assert taken.brought_back == others
    with second_office.reading() as session:
        assert session.scalars(select(Member.id)).one() == one_of_each["member"]
    with pytest.raises(PackageRefused) as refused:
        add_more(office, 9)
        merge.merge(receiver, export(office, tmp_path / "c"))
    assert refused.value.refusal is Refusal.REVOKED
    add_more(second_office, 4)
    report = merge.merge(receiver, export(second_office, tmp_path / "d"))
    assert overview.count(receiver, "member") == 2 and report.differs == () and report.waiting == []


def test_who_has_not_reported_is_named(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "a"))
    assert offices.late_offices(receiver, now=NOW) == []
    assert [o.id for o in offices.late_offices(receiver, now=datetime(2027, 6, 1, tzinfo=UTC))] == [connected.vault.keys.vault_id]


@pytest.mark.parametrize("needed", [2, 3])
def test_any_k_of_n_parts_restore_the_districts_keys_and_fewer_do_not(receiver: Receiver, connected: Office, tmp_path: Path, needed: int) -> None:
    add_more(connected, 1)
    path = export(connected, tmp_path / "a")
    made = escrow.split(receiver, tmp_path / "parts", parts=4, needed=needed)
    sheets = [sheet.read_text("utf-8").split("\n\n")[1] for sheet in made.sheets]
    for wrong in (sheets[: needed - 1], [*sheets[: needed - 1], sheets[0]], [*sheets[: needed - 1], sheets[-1].replace(sheets[-1].split()[1], "academic", 1)]):
        with pytest.raises(UserError, match="拼不出钥匙"):
            escrow.restore(tmp_path / "again", made.file, wrong, password="district-pw")
    restored, _ = escrow.restore(tmp_path / "again", made.file, sheets[-needed:], password="district-pw-2")
    assert enrol(restored, path).accepted and restored.card.id == receiver.card.id
    restored.close()
    secret = json.dumps([k.identity for k in receiver.ring.keys])
    assert secret not in made.file.read_text("utf-8") and receiver.keys.signing not in made.file.read_text("utf-8")


def test_parts_of_another_key_do_not_open_the_file(receiver: Receiver, tmp_path: Path) -> None:
    one, other = (escrow.split(receiver, tmp_path / name, parts=3, needed=2) for name in ("one", "other"))
    with pytest.raises(UserError, match="不是这个文件的"):
        escrow.restore(tmp_path / "again", one.file, list(other.parts[:2]), password="district-pw")


def test_the_whole_way_works_in_the_national_suite(office: Office, tmp_path: Path) -> None:
    receiver, _ = district.init(tmp_path / "sm", name="国密区", password="district-pw", suite=NATIONAL)
    office.remember(keyring.OUR_KEYS, PrivateKeys.make(NATIONAL).to_text())
    connect(office, receiver, tmp_path)
    add_more(office, 1)
    taken = round_trip(office, receiver, tmp_path / "a")
    assert taken.said.accepted["member"] == 1 and taken.said.is_ours and taken.said.receipt.differs == []
    receiver.close()


# -- a street union in between


@pytest.fixture
def street(receiver: Receiver, tmp_path: Path) -> Iterator[Receiver]:
    made, _ = district.init(tmp_path / "street", name="三里屯街道总工会", password="street-pw-1", role=district.STREET)
    card = made.write_key(tmp_path / "street.udkey")
    review.enrol_street(receiver, tmp_path / "street.udkey", fingerprint=card.keys.fingerprint)
    receiver.write_key(tmp_path / "for-street.udkey")
    review.load_district_key(made, tmp_path / "for-street.udkey")
    yield made
    made.close()


def test_a_street_union_reads_adds_its_opinion_and_cannot_alter_the_offices_part(receiver: Receiver, street: Receiver, connected: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    keyring.load_street_key(connected, tmp_path / "street.udkey")
    submit(connected, one_of_each["subsidy_application"])
    path = export(connected, tmp_path / "a")
    assert merge.look(street, path).accepted == len([r for r in REGISTERS if not r.guarded])
    passed = review.pass_on(street, path, tmp_path / "a", opinion="agreed", text="材料齐全")
    report = merge.merge(receiver, passed, enrol=keyring.own_keys(connected).public.fingerprint)
    assert (report.street, report.opinions, report.digest) == ("三里屯街道总工会", 1, merge.look(receiver, path).digest)
    [claim] = decisions.applications(receiver)
    assert claim.opinion == "同意：材料齐全"
    with pytest.raises(UserError, match="回执由区总工会做"):
        answer.answer(street, connected.vault.keys.vault_id, tmp_path)


def test_an_office_that_names_no_street_cannot_be_read_by_one(street: Receiver, connected: Office, tmp_path: Path) -> None:
    add_more(connected, 1)
    with pytest.raises(PackageRefused) as refused:
        merge.look(street, export(connected, tmp_path / "a"))
    assert refused.value.refusal is Refusal.NOT_FOR_US


def test_opinions_of_a_street_that_is_not_enrolled_are_refused(receiver: Receiver, street: Receiver, connected: Office, tmp_path: Path) -> None:
    keyring.load_street_key(connected, tmp_path / "street.udkey")
    add_more(connected, 1)
    passed = review.pass_on(street, export(connected, tmp_path / "a"), tmp_path / "a")
    with receiver.writing() as connection:
        connection.execute(store.streets.delete())
    with pytest.raises(PackageRefused) as refused:
        merge.look(receiver, passed)
    assert refused.value.refusal is Refusal.UNKNOWN_SENDER


# -- decisions


@pytest.fixture
def claimed(receiver: Receiver, connected: Office, one_of_each: dict[str, str], tmp_path: Path) -> tuple[str, str]:
    """An application of 2,000 yuan at the district: (office, id)."""
    submit(connected, one_of_each["subsidy_application"], amount=Decimal("2000.00"), form_no="BT-2026-000001")
    enrol(receiver, export(connected, tmp_path / "a"))
    return connected.vault.keys.vault_id, one_of_each["subsidy_application"]


def test_an_approved_amount_comes_down_and_cannot_be_changed_below(receiver: Receiver, connected: Office, claimed: tuple[str, str], tmp_path: Path) -> None:
    decisions.decide(receiver, [claimed], decisions.APPROVED, amount=150_000)
    taken = read(connected, answer.answer(receiver, claimed[0], tmp_path / "a"))
    with connected.reading() as session:
        claim = session.scalars(select(SubsidyApplication)).one()
    assert (taken.decided, claim.state, str(claim.approved_amount)) == (1, "批准", "1500.00")
    for values in ({"state": "草稿"}, {"approved_amount": claim.amount}, {"decision": "x"}):
        with pytest.raises(UserError, match="由区总工会决定"), connected.act(ActKind.EDIT, "改") as act:
            act.change(SubsidyApplication, claimed[1], values)


def test_words_of_the_district_cannot_be_set_by_the_office(connected: Office, one_of_each: dict[str, str]) -> None:
    with pytest.raises(UserError, match="由区总工会决定"), connected.act(ActKind.EDIT, "改") as act:
        act.change(SubsidyApplication, one_of_each["subsidy_application"], {"state": "批准"})


def test_a_returned_application_is_mended_sent_again_and_then_approved(receiver: Receiver, connected: Office, claimed: tuple[str, str], tmp_path: Path) -> None:
    decisions.decide(receiver, [claimed], decisions.RETURNED, reasons=["银行账号有误"])
    read(connected, answer.answer(receiver, claimed[0], tmp_path / "a"))
    with connected.reading() as session:
        claim = session.scalars(select(SubsidyApplication)).one()
    assert (claim.state, claim.decision) == ("退回补正", "银行账号有误")
    with connected.act(ActKind.EDIT, "补正") as act:
        act.change(SubsidyApplication, claimed[1], {"account_no": "6222020200112233445", "state": "校验通过"})
    read(connected, answer.answer(receiver, claimed[0], tmp_path / "a"))  # the old word, repeated, must not undo what was mended
    with connected.reading() as session:
        assert session.scalars(select(SubsidyApplication.state)).one() == "校验通过"
    report = merge.merge(receiver, export(connected, tmp_path / "b"))
    assert report.waiting == [] and decisions.accept_arrived(receiver, claimed[0]) == 1
    decisions.decide(receiver, [claimed], decisions.APPROVED)
    assert read(connected, answer.answer(receiver, claimed[0], tmp_path / "b")).decided == 1


@pytest.mark.parametrize(("state", "more", "said"), [
    (decisions.APPROVED, {"amount": 300_000}, "比申请的多"), (decisions.RETURNED, {}, "写明原因"), (decisions.REFUSED, {}, "写明原因"), (decisions.PAID, {}, "不能再改成"),
])
def test_what_makes_no_sense_is_not_decided(receiver: Receiver, claimed: tuple[str, str], state: str, more: dict[str, int], said: str) -> None:
    with pytest.raises(UserError, match=said):
        decisions.decide(receiver, [claimed], state, **more)  # type: ignore[arg-type]  # the one number there is
    assert decisions.applications(receiver)[0].decided == ""


def test_an_application_changed_after_the_last_word_waits_for_a_person(receiver: Receiver, connected: Office, claimed: tuple[str, str], tmp_path: Path) -> None:
    decisions.decide(receiver, [claimed], decisions.APPROVED)
    with connected.act(ActKind.EDIT, "改账号") as act:
        act.change(SubsidyApplication, claimed[1], {"account_no": "6222020200112233445"})
    report = merge.merge(receiver, export(connected, tmp_path / "b"))
    assert [(o.code, o.record_id) for o in report.waiting] == [("decided", claimed[1])] and report.differs == ()
    taken = read(connected, answer.answer(receiver, claimed[0], tmp_path / "b"))
    assert len(taken.said.waiting) == 1
    decisions.settle(receiver, claimed[0], "subsidy_application", claimed[1], take_theirs=True)
    assert body_of(receiver, claimed[1])["account_no"] == "6222020200112233445" and decisions.waiting(receiver) == []


def test_a_lost_answer_is_harmless(receiver: Receiver, connected: Office, claimed: tuple[str, str], tmp_path: Path) -> None:
    decisions.decide(receiver, [claimed], decisions.APPROVED)
    answer.answer(receiver, claimed[0], tmp_path / "a").unlink()
    add_more(connected, 5)
    merge.merge(receiver, export(connected, tmp_path / "b"))
    taken = read(connected, answer.answer(receiver, claimed[0], tmp_path / "b"))
    assert taken.decided == 1 and taken.said.series == 2


def test_taking_an_answer_back_brings_everything_as_it_was_and_it_can_be_read_again(receiver: Receiver, connected: Office, claimed: tuple[str, str], tmp_path: Path) -> None:
    from app.services import undo

    decisions.decide(receiver, [claimed], decisions.APPROVED)
    path = answer.answer(receiver, claimed[0], tmp_path / "a")
    taken = read(connected, path)
    assert taken.act is not None
    undo.undo(connected, taken.act)
    with connected.reading() as session:
        claim = session.scalars(select(SubsidyApplication)).one()
    assert (claim.state, claim.approved_amount) == ("已打包", None)
    assert send.preview(connected).gathered.counts["member"].total == 1  # nothing is answered any more
    again = read(connected, path)
    assert again.decided == 1 and not again.said.again


def test_an_undecided_application_is_found_behind_any_number_of_decided_ones(any_receiver: Receiver, office: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    first = one_of_each["subsidy_application"]
    submit(office, first, amount=Decimal(1500))
    with office.act(ActKind.APPLICATION, "又一份") as act:
        row = act.current(SubsidyApplication, first)
        other = act.create(Certificate, {"member": row["member"], "kind": "职业技能等级证书", "occupation": "焊工", "skill_level": "三级/高级工", "issued_on": PartialDate(2026, 3, 8), "is_verified": True})
        second = act.create(SubsidyApplication, {name: row[name] for name in ("member", "applied_on", "amount")} | {"certificate": other, "state": "校验通过"})
    enrol(any_receiver, export(office, tmp_path / "a"))
    decisions.decide(any_receiver, [(office.vault.keys.vault_id, second)], decisions.APPROVED)
    assert [a.id for a in decisions.applications(any_receiver, states=decisions.UNDECIDED, limit=1)] == [first]
    assert [a.id for a in decisions.applications(any_receiver, states=[decisions.APPROVED])] == [second]


def test_bulk_decisions_are_all_or_nothing(receiver: Receiver, claimed: tuple[str, str]) -> None:
    with pytest.raises(UserError):
        decisions.decide(receiver, [claimed, (claimed[0], "00000000-0000-4000-8000-000000000000")], decisions.APPROVED)
    assert decisions.applications(receiver)[0].decided == ""


def test_figures_count_members_lectures_and_money(any_receiver: Receiver, office: Office, one_of_each: dict[str, str], tmp_path: Path, add: Callable[..., str]) -> None:
    connect(office, any_receiver, tmp_path)
    enrol(any_receiver, export(office, tmp_path / "a"))
    figures = {f.what: f.reached for f in overview.figures(any_receiver, today=NOW.date())}
    assert {name: figures[name] for name in ("offices", "members", "migrants", "lectures", "attendances", "certificates", "entries")} == {
        "offices": 1, "members": 1, "migrants": 1, "lectures": 1, "attendances": 1, "certificates": 1, "entries": 1,
    }
    overview.export(any_receiver, tmp_path / "f.xlsx")
    assert overview.export_register(any_receiver, "member", tmp_path / "m.xlsx") == 1
    from openpyxl import load_workbook

    cells = [str(c.value) for row in load_workbook(tmp_path / "m.xlsx").active for c in row]
    assert person(7)["full_name"] in cells and person(7)["id_number"] not in cells
    shutil.rmtree(tmp_path / "a")
