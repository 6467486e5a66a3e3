"""The package: what comes back out, what nobody can read, and that no altered byte is accepted. The refusals one by one: tests/app/sync/test_vectors.py."""

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pyrage
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sync import package
from app.sync.keys import KeyCard, KeyRing, PrivateKeys, PublicKeys, follows, prove, read_key_file
from app.sync.package import Expected, Opened, Part
from app.sync.refusals import PackageRefused, Refusal
from app.sync.suites import AGE, NATIONAL, SUITES, Suite
from app.sync.words import words
from db.problems import UserError

UNION = "00000000-0000-4000-8000-000000000001"
OFFICE, DISTRICT, STRANGER = PrivateKeys.make(), PrivateKeys.make(), PrivateKeys.make()
MANIFEST = {
    "direction": "up", "practice": False, "union": {"id": UNION, "uscc": "81110105MC00000017", "name": "测试工会"}, "series": 1, "previous": None, "pending": [],
    "covers": {"after": 0, "to": 9, "against": None}, "device": "0" * 16, "answered": 0, "purposes": [], "state": {}, "schema": "0001", "program": "0.1.0", "made_at": "2026-11-20T06:00:00.000000Z",
}
PARTS = [Part("member", [b'{"id":"a","revision":1,"values":{}}', b'{"id":"b","revision":1,"removed":true}']), Part("lecture", []), Part("picture", body=b"\x89PNG")]


def sealed(parts: list[Part] = PARTS, *, sender: PrivateKeys = OFFICE, to: PublicKeys | None = None, **manifest: Any) -> bytes:
    return package.seal({**MANIFEST, **manifest}, parts, sender=sender, to=to or DISTRICT.public).body


def opened(body: bytes, *, keys: PrivateKeys | KeyRing = DISTRICT, **more: Any) -> Opened:
    found = package.open_bytes(body, keys=keys, expected=Expected(**{"direction": "up", "practice": False, **more}))
    found.check_parts()
    return found


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda s: s.name)
def test_what_went_in_comes_out_for_every_reader_and_for_nobody_else(suite: Suite) -> None:
    office, district, street, stranger = (PrivateKeys.make(suite) for _ in range(4))
    body = package.seal(MANIFEST, PARTS, sender=office, to=[district.public, street.public]).body
    for reader, as_street in ((district, False), (street, True)):
        found = opened(body, keys=reader, sender=office.public, union_id=UNION, as_street=as_street)
        assert found.lines("member") == PARTS[0].lines and found.lines("lecture") == [] and found.file("picture") == b"\x89PNG"
    for wrong, refusal in ((stranger, Refusal.NOT_FOR_US), (street, Refusal.WRONG_ADDRESSEE)):
        with pytest.raises(PackageRefused) as refused:
            opened(body, keys=wrong)
        assert refused.value.refusal is refusal


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda s: s.name)
def test_nothing_of_the_content_can_be_read_from_the_file(suite: Suite) -> None:
    body = sealed([Part("member", ["欧阳建国 110105199003072434".encode()])], sender=PrivateKeys.make(suite), to=PrivateKeys.make(suite).public)
    assert not any(secret in body for secret in ("欧阳建国".encode(), b"110105199003072434", b"manifest", UNION.encode(), b"member"))


def test_two_suites_do_not_mix() -> None:
    with pytest.raises(UserError, match="加密方式不同"):
        sealed(sender=OFFICE, to=PrivateKeys.make(NATIONAL).public)


def test_what_would_be_refused_is_never_sealed() -> None:
    with pytest.raises(PackageRefused):
        sealed(series=0)


def test_a_bomb_is_stopped_while_unpacking_whatever_its_frame_claims() -> None:
    bomb = zstandard.ZstdCompressor(level=3).compress(bytes(50_000_000))
    with pytest.raises(PackageRefused):
        package._unpack(bomb, 1000)


@given(st.integers(0, 10**9))
def test_padding_is_at_most_a_tenth_and_a_bit_and_hides_the_low_bits(length: int) -> None:
    padded = package.padme(length)
    assert length <= padded <= length * 1.12 + 2
    assert package.padme(padded) == padded


def mutated(body: bytes, dice: random.Random) -> bytes:
    """One to three changes: bytes flipped, put in, taken out, a stretch moved, the end cut."""
    out = bytearray(body)
    for _ in range(dice.randint(1, 3)):
        if not out:
            break
        place, kind = dice.randrange(len(out)), dice.randrange(6)
        if kind < 2:
            out[place] ^= dice.randint(1, 255)
        elif kind == 2:
            out[place:place] = dice.randbytes(dice.randint(1, 9))
        elif kind == 3:
            del out[place : place + dice.randint(1, 9)]
        elif kind == 4:
            out[place:place] = out[dice.randrange(len(out)) :][: dice.randint(1, 40)]
        else:
            del out[max(place, 1) :]
    return bytes(out)


def test_no_mutation_is_accepted_and_none_crashes(long_form: bool) -> None:
    """10,000 in CI, 1,000,000 in the long form; nine in ten of the first suite, whose reading is a hundred times as fast."""
    dice = random.Random(20261120)
    bodies = [(sealed(), DISTRICT)] * 9 + [(sealed(sender=(national := PrivateKeys.make(NATIONAL)), to=national.public), national)]
    for n in range(1_000_000 if long_form else 10_000):
        body, keys = bodies[n % 10] if n % 10 or n % 50 == 0 else bodies[0]
        changed = mutated(body, dice)
        if changed != body:
            with pytest.raises(PackageRefused):
                opened(changed, keys=keys)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_no_content_behind_the_encryption_and_the_signature_crashes_the_reader(data: st.DataObject) -> None:
    """What a sender with keys of its own can do: any manifest, any part, rightly signed."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8)
    good = json.loads(json.dumps({**package.seal(MANIFEST, PARTS, sender=OFFICE, to=DISTRICT.public).manifest}))
    key = data.draw(st.sampled_from(sorted(good)))
    raw = json.dumps({**good, key: data.draw(anything)}).encode()
    tail = data.draw(st.binary(max_size=50))
    content = b"".join((b"UDP1", len(raw).to_bytes(4, "big"), raw, OFFICE.sign(package.CONTEXT + AGE.header + raw), tail))
    body = AGE.header + AGE.encrypt(content, [DISTRICT.public.recipient])
    with pytest.raises(PackageRefused):
        opened(body)


@pytest.mark.skipif(shutil.which("age") is None, reason="Debian's age is not installed here")
def test_debians_age_opens_the_payload_with_the_key(tmp_path: Path) -> None:
    (tmp_path / "p.age").write_bytes(sealed()[len(AGE.header) :])
    (tmp_path / "key.txt").write_text(DISTRICT.identity)
    done = subprocess.run(["age", "-d", "-i", str(tmp_path / "key.txt"), str(tmp_path / "p.age")], capture_output=True, check=True)
    assert done.stdout.startswith(b"UDP1")


@pytest.mark.skipif(shutil.which("age") is None, reason="Debian's age is not installed here")
def test_what_debians_age_sealed_opens_here(tmp_path: Path) -> None:
    content = pyrage.decrypt(sealed()[len(AGE.header) :], [pyrage.x25519.Identity.from_str(DISTRICT.identity)])
    done = subprocess.run(["age", "-r", DISTRICT.public.recipient], input=content, capture_output=True, check=True)
    assert opened(AGE.header + done.stdout).series == 1


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed here")
def test_openssl_verifies_a_signature_of_the_second_suite(tmp_path: Path) -> None:
    """SM2 over SM3 with the usual identity, against another implementation than gmalg."""
    keys = PrivateKeys.make(NATIONAL)
    point = b"\x04" + bytes.fromhex(keys.public.signing_key)
    # SubjectPublicKeyInfo of an EC key on sm2p256v1 (OID 1.2.156.10197.1.301), a constant head and the point.
    (tmp_path / "k.der").write_bytes(bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200") + point)
    signature = keys.sign(b"message")
    half = [signature[:32], signature[32:]]
    numbers = [b"\x02" + bytes([len(n)]) + n for n in (bytes(1) * (h[0] > 127) + h for h in (part.lstrip(b"\0") or b"\0" for part in half))]
    (tmp_path / "s.der").write_bytes(b"\x30" + bytes([sum(map(len, numbers))]) + b"".join(numbers))
    (tmp_path / "m").write_bytes(b"message")
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "k.der", "-rawin", "-in", "m", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678", "-sigfile", "s.der"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Signature Verified Successfully" in done.stdout, done.stderr


# -- keys


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda s: s.name)
def test_a_key_file_comes_back_and_every_change_to_it_is_found(tmp_path: Path, suite: Suite) -> None:
    path, keys, other = tmp_path / "d.udkey", PrivateKeys.make(suite), PrivateKeys.make(suite).public
    card = KeyCard("district", UNION, "朝阳区总工会", False, keys.public)
    card.write(path, keys)
    assert read_key_file(path, role="district") == card
    good = json.loads(path.read_text("utf-8"))
    for key, value in {"name": "海淀区总工会", "practice": True, "recipient": other.recipient, "signing_key": other.signing_key, "fingerprint": "0000", "signature": "00", "id": "x", "role": "street"}.items():
        path.write_text(json.dumps({**good, key: value}), "utf-8")
        with pytest.raises(UserError, match="损坏或被改动"):
            read_key_file(path, role="district")


@pytest.mark.parametrize(("body", "said"), [
    (b"", "损坏"), (b"{}", "不是钥匙文件"), (b'{"format":"uniondesk-key","version":2}', "更新的程序"), (b'{"format":"uniondesk-key","version":1,"suite":"age-x25519+ed25519"}', "损坏"), (b"[" * 90000, "损坏"),
])
def test_what_is_no_key_file_is_refused_in_words(tmp_path: Path, body: bytes, said: str) -> None:
    (tmp_path / "x.udkey").write_bytes(body)
    with pytest.raises(UserError, match=said):
        read_key_file(tmp_path / "x.udkey", role="district")


def test_an_offices_key_file_is_not_taken_for_the_districts(tmp_path: Path) -> None:
    KeyCard("office", UNION, "某工会", False, OFFICE.public).write(tmp_path / "o.udkey", OFFICE)
    with pytest.raises(UserError, match="基层工会的钥匙文件"):
        read_key_file(tmp_path / "o.udkey", role="district")


@pytest.mark.parametrize("old_suite", SUITES.values(), ids=lambda s: s.name)
@pytest.mark.parametrize("new_suite", SUITES.values(), ids=lambda s: s.name)
def test_a_new_key_follows_an_old_one_by_its_proof_only(old_suite: Suite, new_suite: Suite) -> None:
    old, new, other = PrivateKeys.make(old_suite), PrivateKeys.make(new_suite).public, PrivateKeys.make(new_suite).public
    proof = prove(UNION, new, old).to_json()
    assert follows(UNION, new, old.public, proof)
    assert not follows(UNION, other, old.public, proof) and not follows("another union", new, old.public, proof) and not follows(UNION, new, OFFICE.public, proof)
    for nothing in (None, 5, {}, {"signing_key": old.public.signing_key}, {"signing_key": old.public.signing_key, "signature": "x"}):
        assert not follows(UNION, new, old.public, nothing)  # type: ignore[arg-type]  # what a package may hold


def test_a_ring_keeps_older_keys_for_reading_and_signs_with_the_newest() -> None:
    ring = KeyRing((OFFICE,)).rotated().rotated().rotated()
    assert len(ring.keys) == 3 and KeyRing.from_text(ring.to_text()) == ring
    body = sealed(to=ring.keys[2].public)
    assert opened(body, keys=ring).series == 1


def test_private_keys_show_nothing_of_themselves() -> None:
    assert "AGE-SECRET" not in repr(OFFICE) + str(OFFICE) + repr(KeyRing((OFFICE,)))


def test_the_words_of_a_fingerprint_differ_from_each_other_in_sound() -> None:
    from pypinyin import lazy_pinyin

    assert len(words()) == 256 == len({" ".join(lazy_pinyin(word)) for word in words()})
    assert len(OFFICE.public.words.replace("，", " ").split()) == 16 and OFFICE.public.words != DISTRICT.public.words
