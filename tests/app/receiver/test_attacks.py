"""The attacks on TUF's list, retold for packages (app/sync/FORMAT.md, 16): one test each, through office and district."""

import json
import struct
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest
import zstandard
from sqlalchemy import select

from app.receiver import answer, district, inbox, merge, offices, overview, review, store, taking_back
from app.receiver.district import Receiver
from app.services import statistics
from app.services.exchange import answers, keyring
from app.services.office import Office
from app.sync import package
from app.sync.keys import PrivateKeys
from app.sync.package import Part
from app.sync.refusals import PackageRefused, Refusal
from app.sync.stick import write
from app.sync.suites import AGE
from tests.app.receiver.exchanges import add_more, crafted, enrol, export, line, read, round_trip
from tests.conftest import NOW


def refusal_of(receiver: Receiver, path: Path) -> Refusal:
    """Why merging was refused; nothing was merged, and the audit knows."""
    before = overview.count(receiver, "member")
    with pytest.raises(PackageRefused) as refused:
        merge.merge(receiver, path)
    with receiver.reading() as connection:
        assert refused.value.refusal.value in connection.execute(select(store.audit.c.code)).scalars().all()
    assert overview.count(receiver, "member") == before
    return refused.value.refusal


def reopened(path: Path, receiver: Receiver) -> bytes:
    """The content behind the encryption: what whoever knows the district's key, or a thief of it, sees."""
    body: bytes = pyrage.decrypt(path.read_bytes()[len(AGE.header) :], [pyrage.x25519.Identity.from_str(receiver.keys.identity)])
    return body


def sealed_again(content: bytes, receiver: Receiver, path: Path) -> Path:
    return write(path.parent, "again.udpkg", AGE.header + AGE.encrypt(content, [receiver.keys.public.recipient]))


def test_arbitrary_installation(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    """A stranger speaks in an office's name, and in the district's."""
    add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "a"))
    true = keyring.own_ring(connected)
    connected.remember(keyring.OUR_KEYS, PrivateKeys.make().to_text())
    assert refusal_of(receiver, crafted(connected, receiver, tmp_path, [line(1)], series=2)) is Refusal.UNKNOWN_SENDER
    connected.remember(keyring.OUR_KEYS, true.to_text())
    stranger, _ = district.init(tmp_path / "stranger", name="假区", password="district-pw", receiver_id=receiver.facts.id)
    enrol_by = keyring.write_own_card(connected, tmp_path / "o.udkey")
    offices.enrol_by_file(stranger, tmp_path / "o.udkey", fingerprint=enrol_by.keys.fingerprint)
    forged = answer.answer(stranger, connected.vault.keys.vault_id, tmp_path)
    stranger.close()
    with pytest.raises(PackageRefused) as refused:
        answers.look(connected, forged)
    assert refused.value.refusal is Refusal.UNKNOWN_SENDER


def test_rollback(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    add_more(connected, 1)
    old = export(connected, tmp_path / "a")
    add_more(connected, 2)
    enrol(receiver, export(connected, tmp_path / "b"))
    assert refusal_of(receiver, old) is Refusal.REPLAYED
    first = answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "a")
    read(connected, answer.answer(receiver, connected.vault.keys.vault_id, tmp_path / "b"))
    with pytest.raises(PackageRefused) as refused:
        answers.look(connected, first)
    assert refused.value.refusal is Refusal.REPLAYED


def test_fast_forward(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    """A jump makes nothing look old: it is refused, and what was within bounds can be taken back."""
    add_more(connected, 1)
    genuine = export(connected, tmp_path / "a")
    enrol(receiver, genuine)
    assert refusal_of(receiver, crafted(connected, receiver, tmp_path, [line(1)], series=5000)) is Refusal.SERIES_JUMP
    merge.merge(receiver, crafted(connected, receiver, tmp_path, [line(1)], series=900, covers={"after": 0, "to": 1, "against": None}))
    add_more(connected, 2)
    later = export(connected, tmp_path / "b")
    assert refusal_of(receiver, later) is Refusal.FORKED
    taking_back.take_back(receiver, connected.vault.keys.vault_id)
    assert merge.merge(receiver, later).accepted


def test_indefinite_freeze(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    """Somebody keeps the answers back, or the packages: both sides see the silence."""
    add_more(connected, 1)
    round_trip(connected, receiver, tmp_path / "a")
    add_more(connected, 2)
    export(connected, tmp_path / "kept-back")
    with connected.vault.engine.connect() as connection:
        assert statistics.silence(connection, NOW + timedelta(days=20)) is None
        assert statistics.silence(connection, NOW + timedelta(days=200)) == 200
    assert [o.id for o in offices.late_offices(receiver, now=NOW + timedelta(days=200))] == [connected.vault.keys.vault_id]


def test_endless_data(receiver: Receiver, connected: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that unpacks without end, rightly signed; and a file larger than any package."""
    bomb = zstandard.ZstdCompressor(level=3).compress(bytes(64 << 20))
    real = zstandard.ZstdCompressor
    monkeypatch.setattr(package.zstandard, "ZstdCompressor", lambda level: type("Bomb", (), {"compress": staticmethod(lambda plain: bomb)}))
    path = crafted(connected, receiver, tmp_path, [line(1)])
    monkeypatch.setattr(package.zstandard, "ZstdCompressor", real)
    assert refusal_of(receiver, path) is Refusal.BAD_PART
    large = tmp_path / "large.udpkg"
    with large.open("wb") as out:
        out.truncate((1 << 28) + 1)
    assert refusal_of(receiver, large) is Refusal.TOO_LARGE


def test_extraneous_dependencies(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    """Parts that nobody asked for are refused by name; fields that no purpose needs do not travel."""
    body = json.loads(json.dumps({**package.seal(_manifest(connected), [Part("member", [])], sender=keyring.own_keys(connected), to=receiver.keys.public).manifest}))
    sealed = package.seal({**body, "series": 1}, [Part("salary", [b'{"id":"x"}'])], sender=keyring.own_keys(connected), to=receiver.keys.public)
    with pytest.raises(PackageRefused, match="salary") as refused:
        merge.look(receiver, write(tmp_path, "s.udpkg", sealed.body))
    assert refused.value.refusal is Refusal.UNKNOWN_VERSION
    who = add_more(connected, 1)
    with connected.writing() as connection:
        connection.exec_driver_sql("UPDATE member SET residence_place = '某街 1 号', note = '私事' WHERE id = ?", (who,))
    assert not {"residence_place", "note"} & json.loads(_lines(export(connected, tmp_path / "a"), receiver)[0])["values"].keys()


def _manifest(office: Office) -> dict[str, object]:
    return {
        "direction": "up", "practice": False, "union": {"id": office.vault.keys.vault_id, "uscc": "", "name": "x"}, "series": 1, "previous": None, "pending": [],
        "covers": {"after": 0, "to": 1, "against": None}, "device": "0" * 16, "answered": 0, "purposes": [], "state": {}, "schema": "0001", "program": "x", "made_at": "2026-11-20T06:00:00.000000Z",
    }


def _lines(path: Path, receiver: Receiver) -> list[bytes]:
    return package.open_file(path, keys=receiver.ring, expected=package.Expected("up", False)).lines("member")


def test_mix_and_match(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    """The manifest of one package with the parts of another."""
    add_more(connected, 1)
    one, two = (reopened(crafted(connected, receiver, tmp_path, [line(n)]), receiver) for n in (1, 2))
    start_one, start_two = (8 + struct.unpack(">I", content[4:8])[0] + 64 for content in (one, two))
    mixed = sealed_again(one[:start_one] + two[start_two:], receiver, tmp_path / "x")
    assert refusal_of(receiver, mixed) is Refusal.BAD_PART


def test_wrong_installation(receiver: Receiver, connected: Office, practice_office: Office, tmp_path: Path) -> None:
    """Another district's package, readdressed by its thief; a practice one as a real one; another union's answer."""
    add_more(connected, 1)
    other, _ = district.init(tmp_path / "other", name="海淀", password="district-pw")
    path = export(connected, tmp_path / "a")
    stolen = write(tmp_path, "stolen.udpkg", AGE.header + AGE.encrypt(reopened(path, receiver), [other.keys.public.recipient]))
    assert refusal_of(other, stolen) is Refusal.WRONG_ADDRESSEE
    assert refusal_of(receiver, crafted(practice_office, receiver, tmp_path, [line(1)], practice=True)) is Refusal.PRACTICE
    enrol(receiver, path)
    mine = keyring.own_card(connected)
    with receiver.writing() as connection:
        offices.enrol(receiver, connection, office="00000000-0000-4000-8000-00000000aaaa", name="别的", uscc="", keys=mine.keys)
    with pytest.raises(PackageRefused) as refused:
        answers.look(connected, answer.answer(receiver, "00000000-0000-4000-8000-00000000aaaa", tmp_path))
    assert refused.value.refusal is Refusal.WRONG_UNION
    other.close()


def test_malicious_mirrors(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    """The street union in between alters what it passes on, swaps it, or keeps it."""
    street, _ = district.init(tmp_path / "street", name="街道", password="street-pw-1", role=district.STREET)
    card = street.write_key(tmp_path / "s.udkey")
    review.enrol_street(receiver, tmp_path / "s.udkey", fingerprint=card.keys.fingerprint)
    review.load_district_key(street, _key(receiver, tmp_path))
    keyring.load_street_key(connected, tmp_path / "s.udkey")
    add_more(connected, 1)
    path = export(connected, tmp_path / "a")
    altered = bytearray(path.read_bytes())
    altered[-20] ^= 1
    manifest = {k: v for k, v in _manifest(connected).items() if k in ("practice", "union", "previous", "schema", "program", "made_at")}
    for body, wanted in ((bytes(altered), Refusal.DAMAGED), (path.read_bytes(), None)):
        outer = package.seal(
            {**manifest, "direction": "opinion", "series": 1, "reviewer": {"id": street.facts.id, "name": "街道"}, "encloses": AGE.digest(body).hex()},
            [Part("opinion", []), Part("enclosed", body=body)], sender=street.keys, to=receiver.keys.public,
        )
        sent = write(tmp_path, "o.udopn", outer.body)
        if wanted is not None:
            assert refusal_of(receiver, sent) is wanted
        else:
            assert enrol(receiver, sent).street == "街道"
    street.close()


def _key(receiver: Receiver, folder: Path) -> Path:
    receiver.write_key(folder / "for-street.udkey")
    return folder / "for-street.udkey"


def test_key_compromise(receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    """A stolen key is revoked: neither it nor a new key that it vouches for is heard; a person's word gives the office new ones."""
    add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "a"))
    union, thief = connected.vault.keys.vault_id, keyring.own_ring(connected)
    offices.set_status(receiver, union, offices.REVOKED)
    add_more(connected, 2)
    assert refusal_of(receiver, export(connected, tmp_path / "b")) is Refusal.REVOKED
    connected.remember(keyring.OUR_KEYS, thief.rotated().to_text())
    assert refusal_of(receiver, export(connected, tmp_path / "c")) is Refusal.UNKNOWN_SENDER
    card = keyring.write_own_card(connected, tmp_path / "new.udkey")
    offices.enrol_by_file(receiver, tmp_path / "new.udkey", fingerprint=card.keys.fingerprint)
    assert [one.state for one in inbox.merge_all(receiver, inbox.scan(receiver, [tmp_path / "c"]))] == [inbox.State.MERGED]
