"""From office to district and back, on SQLite and on a real PostgreSQL."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text

from app.receiver import district, store
from app.receiver.district import Receiver
from app.services import exchange, setup
from app.services.office import Office
from app.services.records import ActKind
from app.sync import package
from app.sync.package import PackageRefused, Part, Refusal
from app.sync.stick import write
from db import keyslots, vault
from db.problems import UserError
from db.record import written_values
from db.registers import REGISTERS, Member, SubsidyApplication
from tests.conftest import PASSWORD, UNION, person

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(params=["sqlite", "postgresql"])
def any_receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
        engine.dispose()
    made, _ = district.init(tmp_path / "district", name="朝阳区总工会", password="district-pw", url=url)
    yield made
    made.close()


def connect(office: Office, receiver: Receiver, tmp_path: Path) -> None:
    receiver.write_key(tmp_path / "d.udkey")
    exchange.load_district_key(office, tmp_path / "d.udkey")


def send(office: Office, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return exchange.export(office, folder).path


def enrol(receiver: Receiver, path: Path) -> district.Report:
    return receiver.merge(path, enrol=receiver.look(path).fingerprint)


def test_the_whole_way_there_and_back(any_receiver: Receiver, office: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    with office.act(ActKind.EDIT, "状态") as act:
        act.change(SubsidyApplication, one_of_each["subsidy_application"], {"state": "校验通过"})
    path = send(office, tmp_path / "stick")
    report = enrol(any_receiver, path)
    assert (report.accepted, report.refused) == (len(REGISTERS), [])
    read = exchange.read_receipt(office, any_receiver.receipt(office.vault.keys.vault_id, tmp_path / "stick"))
    assert sum(read.accepted.values()) == len(REGISTERS) and read.refused == () and read.decided == 1
    with office.reading() as session:
        assert session.scalars(select(SubsidyApplication.state)).one() == "区级受理"
        assert exchange.unsent(session.connection()).total == 0
    with pytest.raises(UserError, match="没有新的变化"):
        exchange.export(office, tmp_path / "stick")


@pytest.mark.parametrize("register", REGISTERS, ids=lambda r: r.__tablename__)
def test_every_register_arrives_as_it_was(register: type[Any], receiver: Receiver, connected: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    enrol(receiver, send(connected, tmp_path / "stick"))
    with connected.reading() as session:
        record = session.scalars(select(register).where(register.id == one_of_each[register.__tablename__])).one()
        sent = written_values(record)
    with receiver.data.connect() as connection:
        body = connection.execute(select(store.records.c.body).where(store.records.c.id == record.id)).scalar_one()
    assert json.loads(body) == sent


def test_a_new_office_needs_the_fingerprint_of_its_sealed_slip(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    add(Member, **person())
    path = send(office, tmp_path / "stick")
    with pytest.raises(UserError, match="核对指纹"):
        any_receiver.merge(path)
    with pytest.raises(UserError, match="核对指纹"):
        any_receiver.merge(path, enrol="0000")
    assert any_receiver.count("member") == 0
    enrol(any_receiver, path)
    assert any_receiver.count("member") == 1


def test_merging_twice_changes_nothing(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    add(Member, **person())
    path = send(office, tmp_path / "stick")
    enrol(any_receiver, path)
    assert any_receiver.merge(path).already_merged
    assert any_receiver.count("member") == 1


def test_a_lost_stick_loses_nothing(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    add(Member, **person(1))
    send(office, tmp_path / "lost").unlink()
    add(Member, **person(2))
    report = enrol(any_receiver, send(office, tmp_path / "stick"))
    assert (any_receiver.count("member"), report.skipped_series) == (2, (1,))


def test_an_old_package_is_refused_as_replayed(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    add(Member, **person(1))
    old = send(office, tmp_path / "old")
    add(Member, **person(2))
    enrol(any_receiver, send(office, tmp_path / "new"))
    with pytest.raises(PackageRefused) as refused:
        any_receiver.merge(old)
    assert refused.value.refusal is Refusal.REPLAYED
    assert any_receiver.count("member") == 2


def test_a_gap_is_named_and_nothing_merged(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    add(Member, **person(1))
    first = send(office, tmp_path / "stick")
    other, _ = district.init(tmp_path / "twin", name="x", password="district-pw")
    other.keys = any_receiver.keys
    enrol(other, first)
    exchange.read_receipt(office, other.receipt(office.vault.keys.vault_id, tmp_path))
    other.close()
    add(Member, **person(2))
    later = send(office, tmp_path / "later")
    with pytest.raises(PackageRefused) as refused:
        enrol(any_receiver, later)
    assert refused.value.refusal is Refusal.GAP
    assert any_receiver.count("member") == 0


def test_withdrawn_records_travel_as_such(any_receiver: Receiver, office: Office, add: Callable[..., str], tmp_path: Path) -> None:
    connect(office, any_receiver, tmp_path)
    who = add(Member, **person(1))
    enrol(any_receiver, send(office, tmp_path / "a"))
    with office.act(ActKind.EDIT, "删") as act:
        act.remove(Member, who)
    any_receiver.merge(send(office, tmp_path / "b"))
    assert any_receiver.count("member") == 0


def crafted(office: Office, receiver: Receiver, folder: Path, lines: list[bytes], **manifest: Any) -> Path:
    """A package with content of our choosing, rightly signed by the office."""
    body = {
        "direction": "up", "practice": False, "union": {"id": office.vault.keys.vault_id, "uscc": UNION["uscc"], "name": UNION["name"]}, "series": 1, "previous": None,
        "covers": {"after": 0, "to": 99}, "schema": "0001", "program": "test", "made_at": "2026-11-20T06:00:00.000000Z", **manifest,
    }
    sealed = package.seal(body, [Part("member", lines)], sender=exchange.own_keys(office), to=receiver.keys.public)
    return write(folder, "crafted.udpkg", sealed.body)


def line(n: int, **values: Any) -> bytes:
    return json.dumps({"id": f"00000000-0000-4000-8000-{n:012}", "revision": 1, "values": {"full_name": "张三", **values}}).encode()


def test_one_bad_record_does_not_hold_up_the_others(any_receiver: Receiver, office: Office, tmp_path: Path) -> None:
    bad = [b"{", b"[]", b"5", line(2, id_number="110105199003072430"), line(3, birth_date=5), line(4, is_migrant_worker="x"), json.dumps({"id": f"{5:036}", "revision": 1, "values": {}}).encode()]
    path = crafted(office, any_receiver, tmp_path, [line(1), *bad, line(9, unknown_field="kept out")])
    report = enrol(any_receiver, path)
    assert (report.accepted, len(report.refused)) == (2, len(bad))
    assert {o.code for o in report.refused} == {"unreadable", "id-checksum", "bad-value", "required"}
    assert not any("110105199003072430" in o.message or "张三" in o.message for o in report.refused)


def test_a_refused_record_comes_back_with_its_reason(receiver: Receiver, connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    who = add(Member, **person(1))
    with connected.writing() as connection:
        connection.execute(text("UPDATE member SET id_number = '110105199003072430' WHERE id = :id"), {"id": who})
    enrol(receiver, send(connected, tmp_path / "stick"))
    read = exchange.read_receipt(connected, receiver.receipt(connected.vault.keys.vault_id, tmp_path / "stick"))
    assert [(r.record_id, "校验位" in r.message) for r in read.refused] == [(who, True)]


def test_an_office_whose_keys_changed_is_not_believed(receiver: Receiver, connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    enrol(receiver, send(connected, tmp_path / "a"))
    connected.remember(exchange.OUR_KEYS, exchange.PrivateKeys.make().to_text())
    add(Member, **person(2))
    with pytest.raises(PackageRefused) as refused:
        receiver.merge(send(connected, tmp_path / "b"))
    assert refused.value.refusal is Refusal.UNKNOWN_SENDER


def test_a_package_for_another_district_is_refused(receiver: Receiver, connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    path = send(connected, tmp_path / "a")
    other, _ = district.init(tmp_path / "haidian", name="海淀区总工会", password="district-pw")
    with pytest.raises(PackageRefused) as refused:
        other.look(path)
    other.close()
    assert refused.value.refusal is Refusal.NOT_FOR_US


def test_looking_keeps_nothing(receiver: Receiver, connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    report = receiver.look(send(connected, tmp_path / "a"))
    assert "会员：收下 1 条" in report.summary() and "首次报送" in report.summary()
    assert receiver.known_offices() == [] and receiver.count("member") == 0


def test_a_receipt_of_another_union_altered_or_of_a_stranger_changes_nothing(receiver: Receiver, connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    enrol(receiver, send(connected, tmp_path / "a"))
    receipt = receiver.receipt(connected.vault.keys.vault_id, tmp_path / "a")
    second = setup.create_office(tmp_path / "second", union=UNION, administrator="王", password=PASSWORD, recovery_code=keyslots.new_recovery_code())
    exchange.load_district_key(second, tmp_path / "district.udkey")
    with pytest.raises(PackageRefused) as refused:
        exchange.read_receipt(second, receipt)
    second.vault.close()
    assert refused.value.refusal is Refusal.NOT_FOR_US
    altered = tmp_path / "altered.udrcpt"
    altered.write_bytes(receipt.read_bytes()[:-20])
    with pytest.raises(PackageRefused):
        exchange.read_receipt(connected, altered)
    stranger, _ = district.init(tmp_path / "stranger", name="x", password="district-pw")
    stranger_body = package.seal(
        {"direction": "down", "practice": False, "union": {"id": connected.vault.keys.vault_id, "uscc": "", "name": ""}, "series": 1, "previous": None, "covers": {"after": 0, "to": 9}, "schema": "1", "program": "x", "made_at": "x"},
        [Part("receipt", [b"{}"])], sender=stranger.keys, to=exchange.own_keys(connected).public,
    )
    stranger.close()
    forged = write(tmp_path, "forged.udrcpt", stranger_body.body)
    with pytest.raises(PackageRefused) as refused:
        exchange.read_receipt(connected, forged)
    assert refused.value.refusal is Refusal.UNKNOWN_SENDER
    assert exchange.sent_packages(connected)[0].acknowledged_at is None
    assert exchange.read_receipt(connected, receipt).already_known is False
    assert exchange.read_receipt(connected, receipt).already_known is True


def test_an_office_that_restored_a_backup_is_named_and_its_last_word_kept(receiver: Receiver, connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    who = add(Member, **person(1))
    enrol(receiver, send(connected, tmp_path / "a"))
    connected.vault.engine.dispose()
    copy = connected.vault.back_up()
    with connected.act(ActKind.EDIT, "改") as act:
        act.change(Member, who, {"post": "焊工"})
    receiver.merge(send(connected, tmp_path / "b"))
    restored = Office(vault.unlock(copy, "李晓梅", PASSWORD))
    with restored.act(ActKind.EDIT, "改成别的") as act:
        act.change(Member, who, {"post": "钳工"})
    with pytest.raises(PackageRefused):
        receiver.merge(send(restored, tmp_path / "c"))
    report = receiver.merge(send(restored, tmp_path / "d"))
    restored.vault.close()
    assert report.forked and "恢复过备份" in report.summary()
    with receiver.data.connect() as connection:
        assert "钳工" in connection.execute(select(store.records.c.body).where(store.records.c.id == who)).scalar_one()


def test_a_new_district_gets_everything_again(connected: Office, receiver: Receiver, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    enrol(receiver, send(connected, tmp_path / "a"))
    exchange.read_receipt(connected, receiver.receipt(connected.vault.keys.vault_id, tmp_path / "a"))
    other, _ = district.init(tmp_path / "new", name="新区", password="district-pw")
    connect(connected, other, tmp_path)
    report = enrol(other, send(connected, tmp_path / "b"))
    other.close()
    assert report.counts["member"]["accepted"] == 1


def test_everything_can_be_sent_again_when_the_district_lost_it(connected: Office, receiver: Receiver, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    enrol(receiver, send(connected, tmp_path / "a"))
    exchange.read_receipt(connected, receiver.receipt(connected.vault.keys.vault_id, tmp_path / "a"))
    with receiver.data.begin() as connection:
        for table in (store.records, store.packages, store.offices):
            connection.execute(table.delete())
    add(Member, **person(2))
    with pytest.raises(PackageRefused, match="全部重新报一遍"):
        receiver.look(send(connected, tmp_path / "b"))
    (tmp_path / "c").mkdir()
    report = enrol(receiver, exchange.export(connected, tmp_path / "c", everything=True).path)
    assert report.counts["member"]["accepted"] == 2


def test_a_receipt_made_again_is_the_same_one_and_an_older_one_is_refused(connected: Office, receiver: Receiver, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    enrol(receiver, send(connected, tmp_path / "a"))
    first = receiver.receipt(connected.vault.keys.vault_id, tmp_path / "a")
    again = receiver.receipt(connected.vault.keys.vault_id, tmp_path)
    add(Member, **person(2))
    receiver.merge(send(connected, tmp_path / "b"))
    assert not exchange.read_receipt(connected, receiver.receipt(connected.vault.keys.vault_id, tmp_path / "b")).already_known
    with pytest.raises(PackageRefused, match="更新的第 2 批"):
        exchange.read_receipt(connected, first)
    assert again.read_bytes() != first.read_bytes()


def test_a_decision_does_not_overwrite_what_the_clerk_did_since(connected: Office, receiver: Receiver, one_of_each: dict[str, str], tmp_path: Path) -> None:
    claim = one_of_each["subsidy_application"]
    with connected.act(ActKind.EDIT, "状态") as act:
        act.change(SubsidyApplication, claim, {"state": "校验通过"})
    enrol(receiver, send(connected, tmp_path / "a"))
    with connected.act(ActKind.EDIT, "撤回") as act:
        act.change(SubsidyApplication, claim, {"state": "撤回"})
    read = exchange.read_receipt(connected, receiver.receipt(connected.vault.keys.vault_id, tmp_path / "a"))
    assert (read.decided, read.kept) == (0, (claim,))
    with connected.reading() as session:
        assert session.scalars(select(SubsidyApplication.state)).one() == "撤回"


def test_a_failed_start_with_a_wrong_address_can_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="连不上"):
        district.init(tmp_path / "d", name="x", password="district-pw", url="postgresql://nobody@127.0.0.1:1/none")
    district.init(tmp_path / "d", name="x", password="district-pw")[0].close()


def test_practice_can_never_be_reported_as_real(practice_office: Office, receiver: Receiver, tmp_path: Path) -> None:
    receiver.write_key(tmp_path / "real.udkey")
    with pytest.raises(UserError, match="练习工会不能装真实的钥匙文件"):
        exchange.load_district_key(practice_office, tmp_path / "real.udkey")
    practice_office.remember(exchange.DISTRICT_KEY, exchange.read_district_key(tmp_path / "real.udkey").to_text())
    with pytest.raises(UserError, match="不能混用"):
        send(practice_office, tmp_path / "stick")
    practice = package.seal(
        {"direction": "up", "practice": True, "union": {"id": "x" * 36, "uscc": "", "name": ""}, "series": 1, "previous": None, "covers": {"after": 0, "to": 1}, "schema": "0001", "program": "x", "made_at": "x"},
        [], sender=exchange.own_keys(practice_office), to=receiver.keys.public,
    )
    with pytest.raises(PackageRefused) as refused:
        receiver.look(write(tmp_path, "p.udpkg", practice.body))
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
        exchange.export(connected, tmp_path / "nowhere")
    assert exchange.sent_packages(connected) == []


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
    exchange.load_district_key(connected, tmp_path / "cli.udkey")
    path = send(connected, tmp_path / "stick")
    looked = run("open", str(path))
    fingerprint = looked.stdout.split("指纹：")[1].splitlines()[0]
    refused = run("merge", str(path))
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert run("merge", str(path), "--enrol", fingerprint).returncode == 0
    assert "已写出" in run("receipt", "--out", str(tmp_path / "stick")).stdout
    assert exchange.read_receipt(connected, next((tmp_path / "stick").glob("*.udrcpt"))).accepted["member"] == 1
    shutil.rmtree(tmp_path / "r")
