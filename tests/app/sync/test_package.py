"""The package: what comes back out, and everything that is refused, each with its code and nothing applied."""

import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sync import package
from app.sync.keys import PrivateKeys, read_district_key, write_district_key
from app.sync.package import HEADER, PackageRefused, Part, Refusal
from db.problems import UserError

OFFICE, DISTRICT, STRANGER = PrivateKeys.make(), PrivateKeys.make(), PrivateKeys.make()
MANIFEST = {
    "direction": "up", "practice": False, "union": {"id": "u-1", "uscc": "81110105MC00000017", "name": "测试工会"}, "series": 1, "previous": None, "covers": {"after": 0, "to": 9},
    "schema": "0001", "program": "0.1.0", "made_at": "2026-11-20T06:00:00.000000Z",
}
PARTS = [Part("member", [b'{"id":"a","revision":1,"values":{}}', b'{"id":"b","revision":1,"removed":true}']), Part("lecture", [])]


def sealed(parts: list[Part] = PARTS, **manifest: Any) -> bytes:
    return package.seal({**MANIFEST, **manifest}, parts, sender=OFFICE, to=DISTRICT.public).body


def opened(body: bytes, **more: Any) -> package.Opened:
    return package.open_bytes(body, **{"keys": DISTRICT, "direction": "up", "practice": False, **more})


def resealed(change: Callable[[bytes], bytes], body: bytes | None = None) -> bytes:
    """The content changed and encrypted again: what an attacker with the district's public key could do."""
    content = pyrage.decrypt((body or sealed())[len(HEADER) :], [DISTRICT.identity])
    return HEADER + pyrage.encrypt(change(content), [DISTRICT.identity.to_public()])


def refusal(body: bytes, **more: Any) -> Refusal:
    with pytest.raises(PackageRefused) as refused:
        found = opened(body, **more)
        for part in found.manifest["parts"]:
            list(found.lines(part["name"]))
    assert str(refused.value).rstrip("）").endswith("。")
    return refused.value.refusal


def test_what_went_in_comes_out() -> None:
    found = opened(sealed(), sender=OFFICE.public, union_id="u-1")
    assert list(found.lines("member")) == PARTS[0].lines
    assert list(found.lines("lecture")) == []
    assert found.manifest["tables"]["member"]["count"] == 2


def test_nothing_of_the_content_can_be_read_from_the_file() -> None:
    body = sealed([Part("member", ["欧阳建国 110105199003072434".encode()])])
    assert "欧阳建国".encode() not in body and b"110105199003072434" not in body and b"manifest" not in body and b"u-1" not in body


def signed_anew(**changes: Any) -> bytes:
    """The manifest changed and signed by a stranger in the office's name."""
    return package.seal({**MANIFEST, **changes}, PARTS, sender=STRANGER, to=DISTRICT.public).body


def edit_manifest(**changes: Any) -> bytes:
    def change(content: bytes) -> bytes:
        (length,) = struct.unpack(">I", content[4:8])
        manifest = {**json.loads(content[8 : 8 + length]), **changes}
        raw = json.dumps(manifest).encode()
        return content[:4] + struct.pack(">I", len(raw)) + raw + content[8 + length :]

    return resealed(change)


def swap_part(content: bytes) -> bytes:
    (length,) = struct.unpack(">I", content[4:8])
    start = 8 + length + 64
    return content[: start + 8] + bytes([content[start + 8] ^ 1]) + content[start + 9 :]


BAD: dict[str, tuple[Callable[[], bytes], dict[str, Any], Refusal]] = {
    "empty": (lambda: b"", {}, Refusal.NOT_A_PACKAGE),
    "a picture": (lambda: b"\x89PNG" + bytes(500), {}, Refusal.NOT_A_PACKAGE),
    "header only": (lambda: HEADER, {}, Refusal.DAMAGED),
    "newer version": (lambda: sealed().replace(b"PACKAGE/1 ", b"PACKAGE/2 ", 1), {}, Refusal.UNKNOWN_VERSION),
    "unknown suite": (lambda: sealed().replace(b"ed25519\n", b"sm2-sm4\n", 1), {}, Refusal.UNKNOWN_SUITE),
    "for another district": (sealed, {"keys": STRANGER}, Refusal.NOT_FOR_US),
    "cut": (lambda: sealed()[:-40], {}, Refusal.DAMAGED),
    "one byte changed": (lambda: sealed()[:400] + bytes([sealed()[400] ^ 1]) + sealed()[401:], {}, Refusal.DAMAGED),
    "addressee rewritten": (lambda: edit_manifest(addressee="0000"), {}, Refusal.BAD_SIGNATURE),
    "series rewritten": (lambda: edit_manifest(series=7), {}, Refusal.BAD_SIGNATURE),
    "manifest without a series": (lambda: edit_manifest(series=None), {}, Refusal.DAMAGED),
    "too many parts": (lambda: edit_manifest(parts=[{"name": str(n), "size": 0, "digest": "", "plain_size": 0} for n in range(65)]), {}, Refusal.TOO_LARGE),
    "part of 300 MB claimed": (lambda: edit_manifest(parts=[{"name": "member", "size": 1 << 29, "digest": "", "plain_size": 0}]), {}, Refusal.TOO_LARGE),
    "newer manifest": (lambda: edit_manifest(version=2), {}, Refusal.UNKNOWN_VERSION),
    "part changed": (lambda: resealed(swap_part), {}, Refusal.BAD_PART),
    "part cut": (lambda: resealed(lambda c: c[:-30]), {}, Refusal.BAD_PART),
    "padding not zero": (lambda: resealed(lambda c: c[:-1] + b"\x01"), {}, Refusal.BAD_PART),
    "padding too long": (lambda: resealed(lambda c: c + bytes(64)), {}, Refusal.BAD_PART),
    "magic": (lambda: resealed(lambda c: b"XXXX" + c[4:]), {}, Refusal.DAMAGED),
    "manifest length": (lambda: resealed(lambda c: c[:4] + b"\xff\xff\xff\xff" + c[8:]), {}, Refusal.DAMAGED),
    "manifest no json": (lambda: resealed(lambda c: c[:8] + b"#" + c[9:]), {}, Refusal.DAMAGED),
    "a stranger in the office's name": (signed_anew, {"sender": OFFICE.public}, Refusal.UNKNOWN_SENDER),
    "the wrong way": (sealed, {"direction": "down"}, Refusal.WRONG_DIRECTION),
    "practice as real": (lambda: sealed(practice=True), {}, Refusal.PRACTICE),
    "real as practice": (sealed, {"practice": True}, Refusal.PRACTICE),
    "another union's": (sealed, {"union_id": "u-2"}, Refusal.WRONG_UNION),
}


@pytest.mark.parametrize("case", BAD)
def test_every_broken_package_is_refused_for_its_one_reason(case: str) -> None:
    make, more, wanted = BAD[case]
    assert refusal(make(), **more) is wanted


def test_a_package_readdressed_by_its_sender_to_another_district_is_refused() -> None:
    """Encrypted to us but meant for others: age alone would not tell."""
    body = package.seal({**MANIFEST}, PARTS, sender=OFFICE, to=STRANGER.public).body
    content = pyrage.decrypt(body[len(HEADER) :], [STRANGER.identity])
    assert refusal(HEADER + pyrage.encrypt(content, [DISTRICT.identity.to_public()])) is Refusal.WRONG_ADDRESSEE


def test_a_bomb_is_stopped_while_unpacking_whatever_its_frame_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zstandard.ZstdCompressor(level=3).compress(bytes(50_000_000))
    with pytest.raises(PackageRefused):
        package._unpack(bomb, 1000)


@given(st.integers(0, 10**9))
def test_padding_is_at_most_a_tenth_and_a_bit_and_hides_the_low_bits(length: int) -> None:
    padded = package.padme(length)
    assert length <= padded <= length * 1.12 + 2
    assert package.padme(padded) == padded


SEALED = sealed()


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_no_mutation_is_accepted_and_none_crashes(data: st.DataObject) -> None:
    body = bytearray(SEALED)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] ^= data.draw(st.integers(1, 255))
    if bytes(body) != SEALED:
        with pytest.raises(PackageRefused):
            opened(bytes(body))


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_content_behind_the_encryption_crashes_the_reader(content: bytes) -> None:
    body = HEADER + pyrage.encrypt(b"UDP1" + content, [DISTRICT.identity.to_public()])
    with pytest.raises(PackageRefused):
        opened(body)


@pytest.mark.skipif(shutil.which("age") is None, reason="Debian's age is not installed here")
def test_debians_age_opens_the_payload_with_the_key(tmp_path: Path) -> None:
    (tmp_path / "p.age").write_bytes(sealed()[len(HEADER) :])
    (tmp_path / "key.txt").write_text(str(DISTRICT.identity))
    done = subprocess.run(["age", "-d", "-i", str(tmp_path / "key.txt"), str(tmp_path / "p.age")], capture_output=True, check=True)
    assert done.stdout.startswith(b"UDP1")


def test_the_district_key_file_comes_back_and_every_change_to_it_is_found(tmp_path: Path) -> None:
    path = tmp_path / "d.udkey"
    made = write_district_key(path, "朝阳区总工会", DISTRICT, practice=False)
    assert read_district_key(path) == made
    good = json.loads(path.read_text("utf-8"))
    for key, value in {"name": "海淀区总工会", "practice": True, "recipient": STRANGER.public.recipient, "signing_key": STRANGER.public.signing_key, "fingerprint": "0000", "signature": "00"}.items():
        path.write_text(json.dumps({**good, key: value}), "utf-8")
        with pytest.raises(UserError, match="损坏或被改动"):
            read_district_key(path)


@pytest.mark.parametrize(("body", "words"), [(b"", "损坏"), (b"{}", "不是区总工会的钥匙文件"), (b'{"format":"uniondesk-district-key","version":2}', "更新的程序"), (b'{"format":"uniondesk-district-key","version":1}', "损坏")])
def test_what_is_no_key_file_is_refused_in_words(tmp_path: Path, body: bytes, words: str) -> None:
    (tmp_path / "x.udkey").write_bytes(body)
    with pytest.raises(UserError, match=words):
        read_district_key(tmp_path / "x.udkey")


def test_private_keys_show_nothing_of_themselves() -> None:
    assert "AGE-SECRET" not in repr(OFFICE) + str(OFFICE)
