"""From office to district and back, on SQLite and on a real PostgreSQL."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from app.receiver import answer, decisions, district, merge, offices, overview, store
from app.receiver.district import Receiver
from app.services import guarded, setup
from app.services.exchange import keyring, outbox, purposes, send
from app.services.office import Office
from app.services.records import ActKind
from app.sync import package
from app.sync.keys import read_key_file
from app.sync.package import Part
from app.sync.refusals import PackageRefused, Refusal
from app.sync.stick import write
from db import keyslots, vault
from db.problems import UserError
from db.record import written_values
from db.registers import REGISTERS, Member, SubsidyApplication
from tests.app.receiver.exchanges import add_more, backup_of, body_of, connect, crafted, enrol, export, line, read
from tests.conftest import NOW, PASSWORD, UNION, person

ROOT = Path(__file__).resolve().parents[3]
TRAVELLING = [r for r in REGISTERS if not r.guarded]


def test_the_whole_way_there_and_back(any_receiver: Receiver, office: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    with office.act(ActKind.EDIT, "状态") as act:
        act.change(SubsidyApplication, one_of_each["subsidy_application"], {"state": "校验通过"})
    path = export(office, tmp_path / "stick")
    report = enrol(any_receiver, path)
    assert (report.accepted, report.refused) == (len(TRAVELLING), [])
    with office.reading() as session:
        assert session.scalars(select(SubsidyApplication.state)).one() == "已打包"
    taken = read(office, answer.answer(any_receiver, office.vault.keys.vault_id, tmp_path / "stick"))
    assert sum(taken.said.accepted.values()) == len(TRAVELLING) and taken.said.outcomes == () and taken.decided == 1
    assert taken.said.is_ours and taken.said.receipt.differs == []
    with office.reading() as session:
        assert session.scalars(select(SubsidyApplication.state)).one() == "区级受理"
        assert outbox.unsent(session.connection()).total == 0
    with pytest.raises(UserError, match="没有新的变化"):
        send.export(office, tmp_path / "stick")


@pytest.mark.parametrize("register", TRAVELLING, ids=lambda r: r.__tablename__)
def test_every_register_arrives_as_it_was(register: type[Any], receiver: Receiver, connected: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    enrol(receiver, export(connected, tmp_path / "stick"))
    with connected.reading() as session:
        record = session.scalars(select(register).where(register.id == one_of_each[register.__tablename__])).one()
        chosen = purposes.scope(session.connection(), NOW.date())
        sent = {f.name: written_values(record)[f.name] for f in chosen.fields(register) if f.name in written_values(record)}
    with receiver.data.connect() as connection:
        body = connection.execute(select(store.records.c.body).where(store.records.c.id == record.id)).scalar_one()
    assert json.loads(body) == sent


def test_hardship_travels_only_when_it_is_ticked_for_this_package(receiver: Receiver, connected: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    guarded.let(connected, connected.user.name, may=True)
    enrol(receiver, send.export(connected, tmp_path / "stick", purposes=["membership", "hardship"]).path)
    with receiver.data.connect() as connection:
        kept = set(connection.execute(select(store.records.c.register)).scalars())
    assert {r.__tablename__ for r in REGISTERS if r.guarded} < kept


def test_a_new_office_needs_the_fingerprint_of_its_sealed_slip(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    add(Member, **person())
    path = export(office, tmp_path / "stick")
    with pytest.raises(UserError, match="核对指纹"):
        merge.merge(any_receiver, path)
    with pytest.raises(UserError, match="核对指纹"):
        merge.merge(any_receiver, path, enrol="0000")
    assert overview.count(any_receiver, "member") == 0
    enrol(any_receiver, path)
    assert overview.count(any_receiver, "member") == 1


def test_merging_twice_changes_nothing(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    add(Member, **person())
    path = export(office, tmp_path / "stick")
    enrol(any_receiver, path)
    assert merge.merge(any_receiver, path).already_merged
    assert overview.count(any_receiver, "member") == 1


def test_a_lost_stick_loses_nothing(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    add(Member, **person(1))
    export(office, tmp_path / "lost").unlink()
    add(Member, **person(2))
    report = enrol(any_receiver, export(office, tmp_path / "stick"))
    assert (overview.count(any_receiver, "member"), report.skipped_series) == (2, (1,))


def test_an_old_package_is_refused_as_replayed(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    add(Member, **person(1))
    old = export(office, tmp_path / "old")
    add(Member, **person(2))
    enrol(any_receiver, export(office, tmp_path / "new"))
    with pytest.raises(PackageRefused) as refused:
        merge.merge(any_receiver, old)
    assert refused.value.refusal is Refusal.REPLAYED
    assert overview.count(any_receiver, "member") == 2


def test_a_gap_is_named_and_nothing_merged(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    add(Member, **person(1))
    first = export(office, tmp_path / "stick")
    other, _ = district.init(tmp_path / "twin", name="x", password="district-pw", ring=any_receiver.ring, receiver_id=any_receiver.facts.id)
    enrol(other, first)
    read(office, answer.answer(other, office.vault.keys.vault_id, tmp_path))
    other.close()
    add(Member, **person(2))
    later = export(office, tmp_path / "later")
    with pytest.raises(PackageRefused) as refused:
        enrol(any_receiver, later)
    assert refused.value.refusal is Refusal.GAP
    assert overview.count(any_receiver, "member") == 0


def test_withdrawn_records_travel_as_such(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    who = add(Member, **person(1))
    enrol(any_receiver, export(office, tmp_path / "a"))
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(Member, who)
    merge.merge(any_receiver, export(office, tmp_path / "b"))
    assert overview.count(any_receiver, "member") == 0


def test_one_bad_record_does_not_hold_up_the_others(any_receiver: Receiver, office: Office, tmp_path: Path) -> None:
    bad = [b"{", b"[]", b"5", line(2, id_number="110105199003072430"), line(3, birth_date=5), line(4, is_migrant_worker="x"), json.dumps({"id": "00000000-0000-4000-8000-000000000005", "revision": 1, "values": {}}).encode()]
    path = crafted(office, any_receiver, tmp_path, [line(1), *bad, line(9, unknown_field="kept out")])
    report = enrol(any_receiver, path)
    assert (report.accepted, len(report.refused)) == (2, len(bad))
    assert {o.code for o in report.refused} == {"unreadable", "id-checksum", "bad-value", "required"}
    assert not any("110105199003072430" in o.message or "张三" in o.message for o in report.refused)


def test_a_refused_record_comes_back_with_its_reason(receiver: Receiver, connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    who = add(Member, **person(1))
    with connected.writing() as connection:
        connection.execute(text("UPDATE member SET id_number = '110105199003072430' WHERE id = :id"), {"id": who})
    enrol(receiver, export(connected, tmp_path / "stick"))
    taken = read(connected, answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "stick"))
    assert [(o.id, o.code, "校验位" in o.message) for o in taken.said.refused] == [(who, "id-checksum", True)]
    assert taken.said.receipt.differs == []  # the district knows what was sent, so that there is nothing to reconcile


def test_an_office_whose_keys_changed_is_not_believed(receiver: Receiver, connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    enrol(receiver, export(connected, tmp_path / "a"))
    connected.remember(keyring.OUR_KEYS, package.PrivateKeys.make().to_text())
    add(Member, **person(2))
    with pytest.raises(PackageRefused) as refused:
        merge.merge(receiver, export(connected, tmp_path / "b"))
    assert refused.value.refusal is Refusal.UNKNOWN_SENDER


def test_a_package_for_another_district_is_refused(receiver: Receiver, connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    path = export(connected, tmp_path / "a")
    other, _ = district.init(tmp_path / "haidian", name="海淀区总工会", password="district-pw")
    with pytest.raises(PackageRefused) as refused:
        merge.look(other, path)
    other.close()
    assert refused.value.refusal is Refusal.NOT_FOR_US


def test_looking_keeps_nothing(receiver: Receiver, connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    report = merge.look(receiver, export(connected, tmp_path / "a"))
    assert "会员：收下 1 条" in report.summary() and "首次报送" in report.summary()
    assert offices.all_offices(receiver) == [] and overview.count(receiver, "member") == 0


def test_a_receipt_of_another_union_altered_or_of_a_stranger_changes_nothing(receiver: Receiver, connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    enrol(receiver, export(connected, tmp_path / "a"))
    receipt = answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "a")
    second = setup.create_office(tmp_path / "second", union=UNION, administrator="王", password=PASSWORD, recovery_code=keyslots.new_recovery_code())
    keyring.load_district_key(second, tmp_path / "district.udkey")
    with pytest.raises(PackageRefused) as refused:
        read(second, receipt)
    second.vault.close()
    assert refused.value.refusal is Refusal.NOT_FOR_US
    altered = tmp_path / "altered.udrcpt"
    altered.write_bytes(receipt.read_bytes()[:-20])
    with pytest.raises(PackageRefused):
        read(connected, altered)
    stranger, _ = district.init(tmp_path / "stranger", name="x", password="district-pw")
    stranger_body = package.seal(
        {"direction": "down", "practice": False, "union": {"id": connected.vault.keys.vault_id, "uscc": "", "name": ""}, "series": 1, "previous": None, "schema": "0001", "program": "x", "made_at": "2026-11-20T06:00:00.000000Z"},
        [Part("receipt", [b"{}"])], sender=stranger.keys, to=keyring.own_keys(connected).public,
    )
    stranger.close()
    forged = write(tmp_path, "forged.udrcpt", stranger_body.body)
    with pytest.raises(PackageRefused) as refused:
        read(connected, forged)
    assert refused.value.refusal is Refusal.UNKNOWN_SENDER
    assert send.sent_packages(connected)[0].answered_at is None
    assert read(connected, receipt).said.again is False
    assert read(connected, receipt).said.again is True
    assert send.sent_packages(connected)[0].answered_at is not None


def test_a_restored_backup_is_named_and_only_what_differs_is_decided_by_a_person(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    receiver = any_receiver
    connect(office, receiver, tmp_path)
    who, same = add(Member, **person(1)), add(Member, **person(2))
    enrol(receiver, export(office, tmp_path / "a"))
    copy = backup_of(office)
    lost = add(Member, **person(3))
    with office.act(ActKind.EDIT, "改") as act:
        act.change(Member, who, {"post": "焊工"})
    merge.merge(receiver, export(office, tmp_path / "b"))
    restored = Office(vault.unlock(copy, "李晓梅", PASSWORD), clock=office.clock)
    with restored.act(ActKind.EDIT, "改成别的") as act:
        act.change(Member, who, {"post": "钳工"})
    with pytest.raises(PackageRefused) as refused:
        merge.merge(receiver, export(restored, tmp_path / "c"))
    assert refused.value.refusal is Refusal.FORKED
    taken = read(restored, answer.answer(receiver, office.vault.keys.vault_id, tmp_path / "c"))
    assert taken.said.receipt.forked and not taken.said.is_ours
    made = send.preview(restored)
    assert made.gathered.counts["member"].total == 2 and made.gathered.counts["member"].unknown == 1  # who and lost, not same
    report = merge.merge(receiver, export(restored, tmp_path / "d"))
    assert report.reconciles and {(o.record_id, o.code) for o in report.waiting} == {(who, "conflict"), (lost, "office-lacks")}
    assert body_of(receiver, who)["post"] == "焊工"  # nothing is overwritten before a person has spoken
    waiting = {w.id: w for w in decisions.waiting(receiver)}
    assert ("岗位", "钳工", "焊工") in waiting[who].differing()
    decisions.settle(receiver, office.vault.keys.vault_id, "member", who, take_theirs=True)
    decisions.settle(receiver, office.vault.keys.vault_id, "member", lost, take_theirs=False)
    back = read(restored, answer.answer(receiver, office.vault.keys.vault_id, tmp_path / "d"))
    assert back.brought_back == 1 and body_of(receiver, who)["post"] == "钳工"
    with restored.reading() as session:
        assert set(session.scalars(select(Member.id).where(Member.removed_at.is_(None)))) == {who, same, lost}
    add_more(restored, 4)
    final = merge.merge(receiver, export(restored, tmp_path / "e"))
    restored.vault.close()
    assert final.differs == () and overview.count(receiver, "member") == 4


def test_a_new_district_gets_everything_again(connected: Office, receiver: Receiver, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    enrol(receiver, export(connected, tmp_path / "a"))
    read(connected, answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "a"))
    other, _ = district.init(tmp_path / "new", name="新区", password="district-pw")
    connect(connected, other, tmp_path)
    report = enrol(other, export(connected, tmp_path / "b"))
    other.close()
    assert report.counts["member"]["accepted"] == 1


def test_everything_can_be_sent_again_when_the_district_lost_it(connected: Office, receiver: Receiver, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    enrol(receiver, export(connected, tmp_path / "a"))
    read(connected, answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "a"))
    with receiver.data.begin() as connection:
        for table in (store.records, store.packages, store.offices, store.series):
            connection.execute(table.delete())
    add(Member, **person(2))
    with pytest.raises(PackageRefused, match="请给单位做一份回执"):
        merge.look(receiver, export(connected, tmp_path / "b"))
    (tmp_path / "c").mkdir()
    report = enrol(receiver, send.export(connected, tmp_path / "c", everything=True).path)
    assert report.counts["member"]["accepted"] == 2


def test_a_receipt_made_again_is_the_same_one_and_an_older_one_is_refused(connected: Office, receiver: Receiver, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    enrol(receiver, export(connected, tmp_path / "a"))
    first = answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "a")
    again = answer.answer(receiver, connected.vault.keys.vault_id, tmp_path)
    add(Member, **person(2))
    merge.merge(receiver, export(connected, tmp_path / "b"))
    assert not read(connected, answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "b")).said.again
    for older in (first, again):
        with pytest.raises(PackageRefused, match="更新的第 3 份"):
            read(connected, older)


def test_a_decision_does_not_overwrite_what_the_clerk_did_since(connected: Office, receiver: Receiver, one_of_each: dict[str, str], tmp_path: Path) -> None:
    claim = one_of_each["subsidy_application"]
    with connected.act(ActKind.EDIT, "状态") as act:
        act.change(SubsidyApplication, claim, {"state": "校验通过"})
    enrol(receiver, export(connected, tmp_path / "a"))
    with connected.act(ActKind.EDIT, "撤回") as act:
        act.change(SubsidyApplication, claim, {"state": "撤回"})
    taken = read(connected, answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "a"))
    assert (taken.decided, taken.kept) == (0, (("subsidy_application", claim),))
    with connected.reading() as session:
        assert session.scalars(select(SubsidyApplication.state)).one() == "撤回"


def test_a_failed_start_with_a_wrong_address_can_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="连不上"):
        district.init(tmp_path / "d", name="x", password="district-pw", url="postgresql://nobody@127.0.0.1:1/none")
    district.init(tmp_path / "d", name="x", password="district-pw")[0].close()


def test_practice_can_never_be_reported_as_real(practice_office: Office, receiver: Receiver, tmp_path: Path) -> None:
    receiver.write_key(tmp_path / "real.udkey")
    with pytest.raises(UserError, match="练习工会不能装真实的钥匙文件"):
        keyring.load_district_key(practice_office, tmp_path / "real.udkey")
    practice_office.remember(keyring.DISTRICT_KEY, read_key_file(tmp_path / "real.udkey", role="district").to_text())
    with pytest.raises(UserError, match="不能混用"):
        export(practice_office, tmp_path / "stick")
    with pytest.raises(PackageRefused) as refused:
        merge.look(receiver, crafted(practice_office, receiver, tmp_path, [], practice=True))
    assert refused.value.refusal is Refusal.PRACTICE


def test_the_mark_of_practice_cannot_be_edited_away(practice_office: Office) -> None:
    folder = practice_office.vault.folder
    practice_office.vault.close()
    raw = json.loads((folder / "vault.json").read_text("utf-8"))
    (folder / "vault.json").write_text(json.dumps({**raw, "practice": False}), "utf-8")
    with pytest.raises(UserError, match="姓名或密码不对"):
        vault.unlock(folder, setup.PRACTICE_USER, setup.PRACTICE_PASSWORD)


def test_an_export_that_fails_is_not_remembered_as_sent(connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    with pytest.raises(UserError):
        send.export(connected, tmp_path / "nowhere")
    assert send.sent_packages(connected) == []


def test_the_receiver_refuses_a_wrong_password_and_a_second_start(tmp_path: Path) -> None:
    made, _ = district.init(tmp_path / "d", name="x", password="district-pw")
    with pytest.raises(UserError, match="另一个窗口"):
        district.open_receiver(tmp_path / "d", "district-pw")
    made.close()
    with pytest.raises(UserError, match="密码不对"):
        district.open_receiver(tmp_path / "d", "wrong")
    with pytest.raises(UserError, match="已经有一个接收端"):
        district.init(tmp_path / "d", name="x", password="y")


def test_the_terminal_does_the_districts_whole_job(connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    import os

    add(Member, **person(1))
    environment = {**os.environ, "UNIONDESK_RECEIVER_PASSWORD": "district-pw", "PYTHONUTF8": "1"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "app.receiver", "--dir", str(tmp_path / "r"), *arguments], cwd=ROOT, capture_output=True, text=True, env=environment, encoding="utf-8", check=False)

    assert "恢复密钥" in run("init", "--name", "朝阳区总工会").stdout
    assert "指纹" in run("key", "--out", str(tmp_path / "cli.udkey")).stdout
    keyring.load_district_key(connected, tmp_path / "cli.udkey")
    path = export(connected, tmp_path / "stick")
    looked = run("open", str(path))
    fingerprint = looked.stdout.split("指纹：")[1].split("（")[0]
    refused = run("merge", str(path))
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert run("merge", str(path), "--enrol", fingerprint).returncode == 0
    assert "已写出" in run("receipt", "--out", str(tmp_path / "stick")).stdout
    assert read(connected, next((tmp_path / "stick").glob("*.udrcpt"))).said.accepted["member"] == 1
    shutil.rmtree(tmp_path / "r")
