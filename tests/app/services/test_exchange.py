"""The office's side of the exchange: purposes, what will go, canonical values, sticks in words."""

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from app.services.exchange import keyring, outbox, purposes, send
from app.services.lectures import photos
from app.services.office import Office
from app.services.records import ActKind
from app.sync import stick
from app.sync.stick import Drive, DriveState
from app.sync.suites import AGE
from db.problems import UserError
from db.record import fields_of
from db.registers import REGISTERS, Lecture, Member, Union, register_named
from tests.conftest import NOW, person


def lines_of(office: Office, register: str, chosen: list[str] | None = None) -> list[dict[str, Any]]:
    with office.vault.engine.connect() as connection:
        made = outbox.gather(connection, outbox.unsent(connection), purposes.scope(connection, NOW.date(), chosen), AGE)
    return [json.loads(line) for part in made.parts if part.name == register for line in part.lines]


# -- purposes


@pytest.mark.parametrize("purpose", purposes.purposes_on(None, NOW.date()), ids=lambda p: p.id)
def test_every_purpose_names_fields_there_are_and_all_that_a_register_requires(purpose: purposes.Purpose) -> None:
    for name, wanted in purpose.fields.items():
        fields = {f.name: f for f in fields_of(register_named(name))}
        assert wanted <= fields.keys() and not any(fields[w].decided_above for w in wanted)
        missing = {f.name for f in fields.values() if f.required} - wanted
        assert not missing, f"a district would refuse {name} for {missing}"


def test_every_register_travels_for_some_purpose() -> None:
    everything = purposes.Scope(purposes.purposes_on(None, NOW.date()))
    assert set(everything.registers) == set(REGISTERS)


def test_a_package_has_the_fields_of_its_purposes_and_no_others(connected: Office, add: Callable[..., str]) -> None:
    add(Member, **person(1, note="私事", residence_place="某街", ethnicity="汉族"))
    [line] = lines_of(connected, "member", ["competitions"])
    assert not {"note", "residence_place", "ethnicity", "member_card_no"} & line["values"].keys() and line["values"]["id_number"]
    assert lines_of(connected, "certificate", ["lectures"]) == []
    assert "note" not in lines_of(connected, "member")[0]["values"]


def test_when_the_purposes_change_everything_goes_again(connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    from app.receiver import answer, district, merge

    receiver, _ = district.init(tmp_path / "r", name="x", password="district-pw")
    receiver.write_key(tmp_path / "k.udkey")
    keyring.load_district_key(connected, tmp_path / "k.udkey")
    add(Member, **person(1))
    from app.services.exchange import answers

    path = send.export(connected, tmp_path, purposes=["competitions"]).path
    merge.merge(receiver, path, enrol=keyring.own_keys(connected).public.fingerprint)
    answers.take_in(connected, answers.look(connected, answer.answer(receiver, connected.vault.keys.vault_id, tmp_path)))
    assert send.preview(connected, purposes=["competitions"]).gathered.total == 0
    again = send.preview(connected)
    assert "用途变了" in again.anew[0] and again.gathered.counts["member"].total == 1
    report = merge.merge(receiver, send.export(connected, tmp_path).path)
    assert report.differs == ()
    receiver.close()


# -- what will go


def test_the_preview_counts_new_changed_withdrawn_and_erased_and_names_what_is_sensitive(connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    from app.services import person as people

    gone, erased = add(Member, **person(1)), add(Member, **person(2))
    add(Member, **person(3))
    with connected.act(ActKind.EDIT, "删") as act:
        act.remove(Member, gone)
    people.erase(connected, erased)
    made = send.preview(connected)
    count = made.gathered.counts["member"]
    assert (count.new, count.changed, count.withdrawn, count.erased) == (1, 0, 1, 1) and count.sentence == "新增 1、撤回 1、清除 1"
    assert made.scope.sensitive(Member) == ("身份证号", "会员卡号") and made.scope.sensitive(Union) == ()


def test_nothing_chosen_is_not_sent(connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    add(Member, **person(1))
    with pytest.raises(UserError, match="没有选报送用途"):
        send.export(connected, tmp_path, purposes=[])


def test_large_photos_are_made_to_fit(connected: Office, add: Callable[..., str], tmp_path: Path) -> None:
    import random

    lecture = add(Lecture, topic="讲座", starts_at=NOW)
    noise = Image.frombytes("RGB", (1500, 1500), random.Random(1).randbytes(1500 * 1500 * 3))
    noise.save(tmp_path / "n.png")
    photos.add(connected, lecture, tmp_path / "n.png")
    made = send.preview(connected).gathered
    assert made.photos == 1 and 0 < made.photo_bytes <= photos.MOST_SENT


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=60))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_values_are_written_in_the_canonical_form(connected: Office, text: str) -> None:
    """RFC 8785 as json.dumps writes it for these: sorted, no spaces, only what must be escaped."""
    with connected.writing() as connection:
        connection.exec_driver_sql("DELETE FROM member")
        connection.exec_driver_sql("INSERT INTO member (rowno, id, revision, origin, changed_at, full_name, department, is_migrant_worker) VALUES (1, ?, 1, '', '', ?, ?, 0)", ("0" * 36, text, text))
    with connected.vault.engine.connect() as connection:
        sql = outbox.values_sql(Member, purposes.scope(connection, NOW.date()))
        written = connection.exec_driver_sql(f"SELECT {sql} FROM member t").scalar_one()
    assert written == json.dumps({"department": text, "full_name": text, "is_migrant_worker": False}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_what_was_decided_above_does_not_travel_up(connected: Office, one_of_each: dict[str, str]) -> None:
    from db.registers import SubsidyApplication

    with connected.act(ActKind.RECEIPT, "区里") as act:
        act.change(SubsidyApplication, one_of_each["subsidy_application"], {"state": "批准", "decision": "同意"})
    [line] = lines_of(connected, "subsidy_application")
    assert line["values"]["state"] == "已打包" and "decision" not in line["values"]


# -- keys


def test_a_copy_of_the_pc_has_the_same_keys_from_the_moment_the_districts_is_loaded(connected: Office) -> None:
    assert connected.setting(keyring.OUR_KEYS) is not None


def test_replacing_the_districts_key_by_one_it_does_not_vouch_for_is_said(connected: Office, tmp_path: Path) -> None:
    from app.receiver import district

    other, _ = district.init(tmp_path / "other", name="另一个区", password="district-pw")
    other.write_key(tmp_path / "o.udkey")
    loaded = keyring.load_district_key(connected, tmp_path / "o.udkey")
    assert loaded.replaced and not loaded.proven
    other.rotate()
    other.write_key(tmp_path / "o.udkey")
    assert keyring.load_district_key(connected, tmp_path / "o.udkey").proven
    other.close()


# -- sticks


@pytest.mark.parametrize(("drives", "said"), [
    ([], "没有找到 U 盘"), ([Drive(Path("/a"), "甲", 1 << 30)], ""), ([Drive(Path("/a"), "甲", 1 << 30), Drive(Path("/b"), "乙", 1 << 30)], "插着 2 个"),
    ([Drive(Path("/a"), "甲", 0, DriveState.LOCKED)], "锁着"), ([Drive(Path("/a"), "甲", 1 << 30, DriveState.READ_ONLY)], "只读"), ([Drive(Path("/a"), "甲", 9, DriveState.FULL)], "满了"),
    ([Drive(Path("/a"), "甲", 1 << 30), Drive(Path("/b"), "乙", 0, DriveState.LOCKED)], ""), ([Drive(Path("/a"), "甲", 9, DriveState.FULL), Drive(Path("/b"), "乙", 0, DriveState.LOCKED)], "都不能用"),
])
def test_the_state_of_the_sticks_is_said_in_words(drives: list[Drive], said: str) -> None:
    found = stick.in_words(drives)
    assert said in found and (found == "") == (said == "")


@pytest.mark.parametrize(("number", "said"), [(errno.ENOSPC, "满了"), (errno.EROFS, "只读"), (errno.EBUSY, "占用"), (errno.ENODEV, "拔出"), (errno.EIO, "读写出错"), (errno.EACCES, "没有权限")])
def test_every_way_a_stick_fails_is_said_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int, said: str) -> None:
    def fail(_handle: int) -> None:
        raise OSError(number, "x")

    monkeypatch.setattr(stick.os, "fsync", fail)
    with pytest.raises(UserError, match=said):
        stick.write(tmp_path, "p", b"x")
    assert list(tmp_path.iterdir()) == []
