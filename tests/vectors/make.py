"""Makes the test vectors of the UnionDesk package, version 1: small files, nearly all of them broken in exactly one way.

This is a writer of its own. It follows `app/sync/FORMAT.md` (paragraphs are numbered as there) and imports nothing of the program, nor of the second
reader. It needs `cryptography`, `zstandard` and `gmalg`. To make everything anew (README.md tells what the files are):

    python tests/vectors/make.py [FOLDER]
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import zstandard
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from gmalg import SM2  # type: ignore[import-untyped, unused-ignore]

Json = Any
Manifest = dict[str, Json]
Edit = Callable[[bytes], bytes]
Row = TypeVar("Row")

FIRST = "age-x25519+ed25519"
SECOND = "sm2-sm4gcm+sm2-sm3"
SM2_IDENTITY = b"1234567812345678"
SM2_STANZA = 16 + 65 + 32 + 16
FILE_MAX = 8_192
ENDINGS = {"up": "udpkg", "down": "udrcpt", "opinion": "udopn", "door": "udscan"}

UNION = "6f1d2c3b-4a59-4687-9abc-def012345678"
OTHER_UNION = "0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9"
DISTRICT_ID = "11111111-2222-4333-8444-555555555555"
STREET_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
OTHER_DIGEST = "0" * 64
EARLIER = "1" * 64
OWN = "the digest of the file itself"
MISSING = object()

MEMBERS = b'{"id":"3d7a1c52-9b0e-4f61-8a24-5c6d7e8f9012","revision":1,"values":{"full_name":"\xe7\x94\xb2"}}\n{"id":"7c5e0f84-1d2b-4c3a-9e6f-0a1b2c3d4e5f","revision":2,"removed":true}\n'
OPINION = b'{"register":"member","id":"3d7a1c52-9b0e-4f61-8a24-5c6d7e8f9012","opinion":"agreed","text":"","by":"B","at":"2026-11-20T06:00:00Z"}\n'


# --- the first suite: age v1, Ed25519, SHA-256


def sha256(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


def bare_base64(data: bytes) -> bytes:
    """Base64 without padding, as age writes it."""
    return base64.b64encode(data).rstrip(b"=")


def bech32_checksum(values: list[int]) -> int:
    """The checksum of BIP 173 over values of 5 bits."""
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            if top >> bit & 1:
                check ^= generator
    return check


def bech32(prefix: str, data: bytes) -> str:
    """32 bytes in bech32."""
    number = int.from_bytes(data, "big") << 4
    values = [number >> 5 * place & 31 for place in range(51, -1, -1)]
    expanded = [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]
    check = bech32_checksum(expanded + values + [0] * 6) ^ 1
    values += [check >> 5 * place & 31 for place in range(5, -1, -1)]
    return prefix + "1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[value] for value in values)


def bech32_bytes(text: str) -> bytes:
    """The 32 bytes of a bech32 text that this program wrote."""
    number = 0
    for char in text.lower().rpartition("1")[2][:52]:
        number = number << 5 | "qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(char)
    return (number >> 4).to_bytes(32, "big")


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256 to 32 bytes."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(secret)


def age_stanza(file_key: bytes, recipient: str) -> bytes:
    """The stanza that wraps the file key for one recipient."""
    public = bech32_bytes(recipient)
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    key = hkdf(ephemeral.exchange(X25519PublicKey.from_public_bytes(public)), share + public, b"age-encryption.org/v1/X25519")
    return b"-> X25519 " + bare_base64(share) + b"\n" + bare_base64(ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)) + b"\n"


def age_sealed(content: bytes, recipients: list[str], beginning: Edit, last_chunk: bool) -> bytes:
    """An age v1 file of one chunk (of at most 65,536 bytes)."""
    file_key = os.urandom(16)
    start = beginning(b"age-encryption.org/v1\n" + b"".join(age_stanza(file_key, recipient) for recipient in recipients)) + b"---"
    mac = hmac.digest(hkdf(file_key, b"", b"header"), start, "sha256")
    nonce = os.urandom(16)
    chunk = ChaCha20Poly1305(hkdf(file_key, nonce, b"payload")).encrypt(bytes(11) + bytes([last_chunk]), content, None)
    return start + b" " + bare_base64(mac) + b"\n" + nonce + chunk


# --- the second suite: SM2, SM4-GCM, SM3


def sm3(data: bytes) -> bytes:
    """SM3."""
    state = hashes.Hash(hashes.SM3())
    state.update(data)
    return state.finalize()


def sm2_stanza(file_key: bytes, recipient: str) -> bytes:
    """The stanza that wraps the SM4 key for one recipient."""
    point = bytes.fromhex(recipient.removeprefix("sm2"))
    return sm3(point)[:16] + bytes(SM2(pk=b"\x04" + point).encrypt(file_key))


def sm2_sealed(header: bytes, content: bytes, recipients: list[str], beginning: Edit) -> bytes:
    """The ciphertext of the second suite."""
    file_key, nonce = os.urandom(16), os.urandom(12)
    start = beginning(bytes([len(recipients)]) + b"".join(sm2_stanza(file_key, recipient) for recipient in recipients))
    encryptor = Cipher(algorithms.SM4(file_key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(header + start)
    return start + nonce + encryptor.update(content) + encryptor.finalize() + encryptor.tag


def sm2_pair() -> tuple[str, str]:
    """A private key and its point, in hexadecimal."""
    secret, point = SM2().generate_keypair()
    return secret.rjust(32, b"\x00").hex(), point[1:].hex()


# --- keys


@dataclass(frozen=True)
class Key:
    """The keys of one side, private ones included; everything is text as in the format."""

    name: str
    suite: str
    signing_secret: str
    signing_key: str
    identity: str
    recipient: str

    def sign(self, message: bytes) -> bytes:
        """Sign: 64 bytes."""
        secret = bytes.fromhex(self.signing_secret)
        if self.suite == FIRST:
            return Ed25519PrivateKey.from_private_bytes(secret).sign(message)
        r, s = SM2(secret, SM2_IDENTITY, b"\x04" + bytes.fromhex(self.signing_key)).sign(message)
        return bytes(r).rjust(32, b"\x00") + bytes(s).rjust(32, b"\x00")

    def fingerprint(self) -> str:
        """Par. 7."""
        digits = digest(self.suite, bytes.fromhex(self.signing_key) + self.recipient.encode("ascii"))[:32].upper()
        return " ".join(digits[at : at + 4] for at in range(0, 32, 4))

    def public(self) -> dict[str, Json]:
        """As `sender` in a manifest."""
        return {"signing_key": self.signing_key, "recipient": self.recipient}


def digest(suite: str, data: bytes) -> str:
    """`H` of the suite, in hexadecimal."""
    return (sha256(data) if suite == FIRST else sm3(data)).hex()


def new_key(name: str, suite: str) -> Key:
    """New keys."""
    if suite == FIRST:
        signing, opening = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        identity = bech32("age-secret-key-", opening.private_bytes_raw()).upper()
        recipient = bech32("age", opening.public_key().public_bytes_raw())
        return Key(name, suite, signing.private_bytes_raw().hex(), signing.public_key().public_bytes_raw().hex(), identity, recipient)
    secret, public = sm2_pair()
    identity, point = sm2_pair()
    return Key(name, suite, secret, public, identity, "sm2" + point)


@dataclass(frozen=True)
class Cast:
    """Who takes part, with keys of one suite."""

    suite: str
    office: Key
    district: Key
    street: Key
    door: Key
    stranger: Key
    office_old: Key
    district_old: Key
    abroad: Key  # keys of the other suite

    def sides(self, direction: str) -> tuple[Key, Key]:
        """Who sends and who reads."""
        return {"up": (self.office, self.district), "down": (self.district, self.office), "opinion": (self.street, self.district), "door": (self.door, self.office)}[direction]

    def digest(self, data: bytes) -> str:
        """`H`, in hexadecimal."""
        return digest(self.suite, data)


ROLES = ("office", "district", "street", "door", "stranger", "office_old", "district_old")


def load_keys(path: Path) -> dict[str, Key]:
    """The keys of all vectors; they are made once."""
    if not path.exists():
        keys = [new_key(role.replace("_", "-") + ending, suite) for suite, ending in ((FIRST, ""), (SECOND, "-sm2")) for role in ROLES]
        rows = {key.name: {name: value for name, value in asdict(key).items() if name != "name"} | {"fingerprint": key.fingerprint()} for key in keys}
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {name: Key(name, row["suite"], row["signing_secret"], row["signing_key"], row["identity"], row["recipient"]) for name, row in stored.items()}


def casts(keys: dict[str, Key]) -> tuple[Cast, Cast]:
    """The cast of each suite."""
    first = {role: keys[role.replace("_", "-")] for role in ROLES}
    second = {role: keys[role.replace("_", "-") + "-sm2"] for role in ROLES}
    return Cast(suite=FIRST, **first | {"abroad": second["office"]}), Cast(suite=SECOND, **second | {"abroad": first["office"]})


def proof(old: Key, owner: str, new: Key, ending: str = "") -> dict[str, Json]:
    """The proof of par. 7 that `new` follows `old`."""
    message = f"uniondesk-rotation-v1\n{owner}\n{new.signing_key}\n{new.recipient}{ending}"
    return {"signing_key": old.signing_key, "signature": old.sign(message.encode()).hex()}


# --- packages


def unchanged(data: bytes) -> bytes:
    """An edit that changes nothing."""
    return data


@dataclass(frozen=True)
class Edits:
    """Where a package may be broken on its way from the manifest to the file."""

    text: Edit = unchanged  # the manifest as JSON, before it is signed
    signed: Edit = unchanged  # what is signed
    signature: Edit = unchanged
    padding: Edit = unchanged
    content: Edit = unchanged  # all of it, before it is encrypted
    beginning: Edit = unchanged  # of the ciphertext: what comes before the MAC (age) or the nonce (second suite)
    last_chunk: bool = True


@dataclass
class Draft:
    """A package before it is signed."""

    cast: Cast
    direction: str
    signer: Key
    readers: list[Key]
    manifest: Manifest
    packed: list[bytes]
    edits: Edits = field(default_factory=Edits)

    def header(self) -> bytes:
        """Par. 2."""
        return b"UNIONDESK-PACKAGE/1 " + self.cast.suite.encode() + b"\n"

    def content(self) -> bytes:
        """Par. 4."""
        text = self.edits.text(json.dumps(self.manifest, ensure_ascii=False, separators=(",", ":")).encode())
        signed = self.edits.signed(b"uniondesk-package-v1\n" + self.header() + text)
        signature = self.edits.signature(self.signer.sign(signed))
        bare = b"UDP1" + len(text).to_bytes(4, "big") + text + signature + b"".join(self.packed)
        return self.edits.content(bare + self.edits.padding(bytes(padme(len(bare)) - len(bare))))

    def file(self) -> bytes:
        """The whole file."""
        recipients = [key.recipient for key in self.readers]
        if self.cast.suite == FIRST:
            return self.header() + age_sealed(self.content(), recipients, self.edits.beginning, self.edits.last_chunk)
        return self.header() + sm2_sealed(self.header(), self.content(), recipients, self.edits.beginning)

    def edited(self, **edits: Any) -> Draft:
        """The same with edits."""
        self.edits = Edits(**edits)
        return self


def padme(length: int) -> int:
    """The padded length, par. 4."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return -(-length // step) * step


def packed(plain: bytes) -> bytes:
    """One Zstandard frame."""
    return zstandard.ZstdCompressor().compress(plain)


def part(cast: Cast, name: str, plain: bytes, frame: bytes, is_file: bool) -> dict[str, Json]:
    """A row of `parts`."""
    row: dict[str, Json] = {"name": name, "size": len(frame), "digest": cast.digest(frame), "plain_size": len(plain)}
    return row | {"file": True} if is_file else row


def common(cast: Cast, direction: str, readers: list[Key]) -> Manifest:
    """The keys that every direction has, without tables and parts."""
    sender, _ = cast.sides(direction)
    return {
        "format": "uniondesk-package",
        "version": 1,
        "direction": direction,
        "practice": False,
        "union": {"id": UNION, "uscc": "x", "name": "工会"},
        "addressee": readers[0].fingerprint(),
        "readers": [key.fingerprint() for key in readers],
        "sender": sender.public(),
        "series": 1,
        "previous": None,
        "schema": "0012",
        "program": "1.0",
        "made_at": "2026-11-20T06:00:00.000000Z",
    }


def special(cast: Cast, direction: str, enclosed: bytes) -> Manifest:
    """The keys that only this direction has."""
    if direction == "up":
        pending: list[Json] = []
        return {"pending": pending, "covers": {"after": 0, "to": 9, "against": None}, "device": "0123456789abcdef", "answered": 0, "purposes": ["roll"], "state": {}}
    if direction == "opinion":
        return {"reviewer": {"id": STREET_ID, "name": "街道"}, "encloses": cast.digest(enclosed)}
    return {}


PLAIN_LINES = {"up": {"member": MEMBERS}, "down": {"receipt": b"{}\n"}, "opinion": {"opinion": OPINION}, "door": {"door_scan": b"{}\n"}}


def draft(
    cast: Cast,
    direction: str = "up",
    *,
    readers: list[Key] | None = None,
    lines: dict[str, bytes] | None = None,
    files: dict[str, bytes] | None = None,
    frames: dict[str, bytes] | None = None,
    **values: Json,
) -> Draft:
    """A good package; `values` stand in for keys of the manifest, `frames` for packed bytes of parts."""
    sender, reader = cast.sides(direction)
    readers = readers or [reader]
    lines = PLAIN_LINES[direction] if lines is None else lines
    files = ({"enclosed": b"not a package"} if direction == "opinion" else {}) if files is None else files
    plain = {**lines, **files}
    frames = {name: packed(data) for name, data in plain.items()} | (frames or {})
    manifest = common(cast, direction, readers) | {
        "tables": {name: {"count": data.count(b"\n"), "digest": cast.digest(data)} for name, data in lines.items()},
        "parts": [part(cast, name, data, frames[name], name in files) for name, data in plain.items()],
    }
    manifest |= special(cast, direction, files.get("enclosed", b"")) | values
    return Draft(cast, direction, sender, readers, manifest, list(frames.values()))


def changed(package: Draft, path: str, value: Json) -> Draft:
    """The package with one value of the manifest changed or (MISSING) taken out; `path` is as in `parts.0.size`."""
    *outer, last = path.split(".")
    place: Json = package.manifest
    for step in outer:
        place = place[int(step) if isinstance(place, list) else step]
    name: Json = int(last) if isinstance(place, list) else last
    if value is MISSING:
        del place[name]
    else:
        place[name] = copy.deepcopy(value)
    return package


# --- vectors


@dataclass(frozen=True)
class Vector:
    """A file, what is broken in it, who reads it and what has to come of it."""

    about: str
    direction: str
    data: bytes
    context: dict[str, Json]
    result: str


def context(cast: Cast, direction: str, over: dict[str, Json]) -> dict[str, Json]:
    """How the reader of a direction stands, as far as `over` does not tell otherwise."""
    sender, reader = cast.sides(direction)
    return {"keys": [reader.name], "direction": direction, "practice": False, "union": None, "sender": sender.name, "known": None} | over


def vector(cast: Cast, about: str, made: Draft | bytes, result: str, kind: str = "up", **over: Json) -> Vector:
    """One vector; `over` stands in for values of the context."""
    kind = made.direction if isinstance(made, Draft) else kind
    data = made.file() if isinstance(made, Draft) else made
    mark = "" if cast.suite == FIRST else "SM2: "
    other = "" if kind == "up" else f"{kind}: "
    return Vector(mark + other + about, kind, data, context(cast, kind, over), result)


def thinned(cast: Cast, rows: Sequence[Row]) -> Sequence[Row]:
    """All rows for the first suite, every third for the second, which has the same rules where its algorithms are not concerned."""
    return rows if cast.suite == FIRST else rows[::3]


def flipped(at: int) -> Edit:
    """An edit that changes one bit of the byte at `at`."""

    def edit(data: bytes) -> bytes:
        changing = bytearray(data)
        changing[at] ^= 1
        return bytes(changing)

    return edit


def replaced(old: bytes, new: bytes) -> Edit:
    """An edit that puts `new` in the place of the first `old`."""

    def edit(data: bytes) -> bytes:
        if old not in data:
            raise ValueError(f"{old!r} is not there")
        return data.replace(old, new, 1)

    return edit


def instead(new: bytes) -> Edit:
    """An edit that gives `new`, whatever was there."""
    return lambda _data: new


def cut(length: int) -> Edit:
    """An edit that keeps so many bytes (from the start, or all but some at the end if negative)."""
    return lambda data: data[:length]


def longer(more: bytes) -> Edit:
    """An edit that adds bytes at the end."""
    return lambda data: data + more


def before(more: bytes) -> Edit:
    """An edit that puts bytes before the others."""
    return lambda data: more + data


# --- good packages


def every_depth(package: Draft) -> Draft:
    """The package with a key that nobody knows in every object."""
    package.manifest["state"] = {"member": {"count": 1, "digest": OTHER_DIGEST}}
    places = ["union", "sender", "tables.member", "parts.0", "covers", "state.member"]
    for place in places:
        changed(package, f"{place}.later", {"x": [None, 1.5]})
    package.manifest["pending"] = [{"series": 1, "digest": EARLIER, "later": 1}]
    package.manifest["series"] = 2
    return changed(package, "later", [[], {}, "x", -1, 1e300])


def good(cast: Cast) -> Iterator[Vector]:
    """What has to be read."""
    pair = [cast.district, cast.street]
    yield vector(cast, "a good package: one part of two lines, one reader.", draft(cast), "ok")
    for direction in ("down", "opinion", "door"):
        yield vector(cast, "a good package.", draft(cast, direction), "ok")
    yield vector(cast, "two readers, read by the addressee.", draft(cast, readers=pair), "ok")
    yield vector(cast, "two readers, read by the street union, which is the second.", draft(cast, readers=pair), "ok", keys=[cast.street.name], street=True)
    crowd = [cast.district] + [new_key("somebody", cast.suite) for _ in range(15)]
    yield vector(cast, "sixteen readers.", draft(cast, readers=crowd), "ok")
    yield vector(cast, "its union is the one expected.", draft(cast), "ok", union=UNION)
    yield vector(cast, "nothing is known of the sender.", draft(cast), "ok", sender=None)
    two = [cast.district.name, cast.district_old.name]
    yield vector(cast, "the reader has an older key, too; the package is to the newer.", draft(cast), "ok", keys=two)
    yield vector(cast, "the reader has an older key, too; the package is to the older (overlap).", draft(cast, readers=[cast.district_old]), "ok", keys=two)
    yield vector(cast, "a practice package for a practice reader.", draft(cast, practice=True), "ok", practice=True)
    yield vector(cast, "a key that nobody knows at every depth.", every_depth(draft(cast)), "ok")
    yield vector(cast, "keys of another direction have another shape.", draft(cast, "down", covers=3, pending="x", reviewer=None), "ok")
    yield vector(cast, "sender.proof is a number, but the sender is known.", changed(draft(cast), "sender.proof", 3), "ok")
    yield from good_parts(cast)
    yield from good_proofs(cast)


def good_parts(cast: Cast) -> Iterator[Vector]:
    """Parts that have to be read."""
    yield vector(cast, "no part at all.", draft(cast, lines={}), "ok")
    yield vector(cast, "a part of no lines.", draft(cast, lines={"member": b""}), "ok")
    yield vector(cast, "a part of lines, an empty one and a file.", draft(cast, lines={"member": MEMBERS, "committee": b""}, files={"picture": bytes(range(256))}), "ok")
    yield vector(cast, "an empty file.", draft(cast, files={"picture": b""}), "ok")
    yield vector(cast, '"file": false says what leaving it out says.', changed(draft(cast), "parts.0.file", False), "ok")
    yield vector(cast, "a name of 40 characters.", draft(cast, lines={"a" * 39 + "_": b"{}\n"}), "ok")
    yield vector(cast, "a line that is not JSON is refused by itself, not the package.", draft(cast, lines={"member": b"\xff\n"}), "ok")


def good_proofs(cast: Cast) -> Iterator[Vector]:
    """New keys that follow the known ones."""
    owners = {"up": UNION, "door": UNION, "down": DISTRICT_ID, "opinion": STREET_ID}
    for direction, owner in owners.items():
        sender, _ = cast.sides(direction)
        package = changed(draft(cast, direction), "sender.proof", proof(cast.office_old, owner, sender))
        yield vector(cast, "new keys with a proof by the known ones.", package, "ok", sender=cast.office_old.name, sender_id=owner)
    package = changed(draft(cast), "sender.proof", proof(cast.abroad, UNION, cast.office))
    yield vector(cast, "new keys with a proof by known ones of the other suite.", package, "ok", sender=cast.abroad.name)


# --- par. 2: the header

HEADERS = (  # what is broken, what stands in the place of the header, the refusal
    ("the file is a text.", b"PK\x03\x04 something else\n", "not-a-package"),
    ("the magic is in lower case.", b"uniondesk-package/1 {suite}\n", "not-a-package"),
    ("a byte-order mark comes first.", b"\xef\xbb\xbfUNIONDESK-PACKAGE/1 {suite}\n", "not-a-package"),
    ("the slash is missing.", b"UNIONDESK-PACKAGE 1 {suite}\n", "not-a-package"),
    ("the LF is the 81st byte.", b"UNIONDESK-PACKAGE/1 " + b"a" * 60 + b"\n", "not-a-package"),
    ("the LF is the 80th byte, of a suite that nobody knows.", b"UNIONDESK-PACKAGE/1 " + b"a" * 59 + b"\n", "unknown-suite"),
    ("version 2.", b"UNIONDESK-PACKAGE/2 {suite}\n", "unknown-version"),
    ("version 10.", b"UNIONDESK-PACKAGE/10 {suite}\n", "unknown-version"),
    ("version 01.", b"UNIONDESK-PACKAGE/01 {suite}\n", "unknown-version"),
    ("version 1.0.", b"UNIONDESK-PACKAGE/1.0 {suite}\n", "unknown-version"),
    ("no version.", b"UNIONDESK-PACKAGE/ {suite}\n", "unknown-version"),
    ("a tab in the place of the space.", b"UNIONDESK-PACKAGE/1\t{suite}\n", "unknown-version"),
    ("no suite.", b"UNIONDESK-PACKAGE/1\n", "unknown-suite"),
    ("an empty suite.", b"UNIONDESK-PACKAGE/1 \n", "unknown-suite"),
    ("the suite in upper case.", b"UNIONDESK-PACKAGE/1 {SUITE}\n", "unknown-suite"),
    ("a suite that nobody knows.", b"UNIONDESK-PACKAGE/1 {suite}+x\n", "unknown-suite"),
    ("a space after the suite.", b"UNIONDESK-PACKAGE/1 {suite} \n", "unknown-suite"),
    ("two spaces before the suite.", b"UNIONDESK-PACKAGE/1  {suite}\n", "unknown-suite"),
    ("CR LF after the suite.", b"UNIONDESK-PACKAGE/1 {suite}\r\n", "unknown-suite"),
    ("a byte above ASCII in the suite.", b"UNIONDESK-PACKAGE/1 {suite}\xff\n", "unknown-suite"),
    ("the name of the other suite.", b"UNIONDESK-PACKAGE/1 {other}\n", "damaged"),
)


def headers(cast: Cast) -> Iterator[Vector]:
    """Step 2."""
    package = draft(cast)
    data = package.file()
    names = {b"{suite}": cast.suite.encode(), b"{SUITE}": cast.suite.upper().encode(), b"{other}": cast.abroad.suite.encode()}
    keys = [cast.district.name, cast.abroad.name]
    for about, header, result in thinned(cast, HEADERS):
        for mark, name in names.items():
            header = header.replace(mark, name)
        yield vector(cast, about, header + data.removeprefix(package.header()), result, keys=keys)
    yield vector(cast, "an empty file.", b"", "not-a-package")
    yield vector(cast, "the file ends before the LF.", package.header()[:-1], "not-a-package")
    yield vector(cast, "there is nothing after the header.", package.header(), "damaged")


# --- par. 3: the ciphertext


def strangers(cast: Cast) -> Iterator[Vector]:
    """Those whom a package is not for."""
    data = draft(cast).file()
    yield vector(cast, "the reader is a stranger.", data, "not-for-us", keys=[cast.stranger.name])
    yield vector(cast, "the reader has no key.", data, "not-for-us", keys=[])
    yield vector(cast, "the reader has only a key of the other suite.", data, "not-for-us", keys=[cast.abroad.name])
    yield vector(cast, "the reader is a stranger, and the end is cut off: the beginning is sound.", data[:-100], "not-for-us", keys=[cast.stranger.name])
    yield vector(cast, "the last byte is missing.", data[:-1], "damaged")
    yield vector(cast, "a byte too many.", data + b"\x00", "damaged")
    yield vector(cast, "a bit of the last byte is changed.", flipped(-1)(data), "damaged")
    yield vector(cast, "a bit of the encrypted content is changed.", flipped(-300)(data), "damaged")
    yield vector(cast, "the file is there twice.", data + data, "damaged")


def armoured(package: Draft) -> bytes:
    """The package with its age file in armour, which is not binary."""
    lines = base64.encodebytes(package.file().removeprefix(package.header())).replace(b"\n", b"")
    rows = [lines[at : at + 64] for at in range(0, len(lines), 64)]
    return package.header() + b"\n".join([b"-----BEGIN AGE ENCRYPTED FILE-----", *rows, b"-----END AGE ENCRYPTED FILE-----", b""])


def age_ciphertexts(cast: Cast) -> Iterator[Vector]:
    """Step 3 for the first suite; cases in which age libraries differ are left out."""
    package = draft(cast)
    data = package.file()
    start, mac = len(package.header()), data.index(b"\n--- ") + 5
    share = data.index(b"-> X25519 ") + 10
    nonce = mac + 44
    for about, edit, result in (
        ("the line of the age version ends the file.", cut(start + 22), "damaged"),
        ("the file ends within the stanza.", cut(share + 20), "damaged"),
        ("the file ends within the MAC.", cut(mac + 10), "damaged"),
        ("the file ends after the MAC.", cut(nonce), "damaged"),
        ("the file ends after the nonce.", cut(nonce + 16), "damaged"),
        ("the MAC is another.", lambda body: body[:mac] + bare_base64(bytes(32)) + body[mac + 43 :], "damaged"),
        ("a bit of the nonce is changed.", flipped(nonce), "damaged"),
        ("the share in the stanza is another.", lambda body: body[:share] + bare_base64(bytes([9] * 32)) + body[share + 43 :], "not-for-us"),
        ("the wrapped key in the stanza is another.", lambda body: body[: share + 44] + bare_base64(bytes(32)) + body[share + 87 :], "not-for-us"),
        ("age v2.", replaced(b"age-encryption.org/v1", b"age-encryption.org/v2"), "damaged"),
    ):
        yield vector(cast, about, edit(data), result)
    yield vector(cast, "the age file is in armour.", armoured(draft(cast)), "damaged")
    yield vector(cast, "the last chunk is not marked as the last.", draft(cast).edited(last_chunk=False), "damaged")
    yield vector(cast, "a stanza of another type is passed over.", draft(cast).edited(beginning=longer(b"-> x-test a b\nAAAA\n")), "ok")
    yield vector(cast, "only a stanza of another type.", draft(cast).edited(beginning=instead(b"age-encryption.org/v1\n-> x-test a b\nAAAA\n")), "not-for-us")


C1 = 1 + 16
C3 = C1 + 65
C2 = C3 + 32
SM2_BEGINNINGS = (  # what is broken, the edit of count and stanzas before they are authenticated, the refusal
    ("the number of stanzas is 0.", lambda start: b"\x00" + start[1:], "damaged"),
    ("the number of stanzas is 17, and there is one.", lambda start: bytes([start[0] + 16]) + start[1:], "damaged"),
    ("seventeen stanzas.", lambda start: b"\x11" + start[1:] * 17, "damaged"),
    ("the key-tag is another.", flipped(1), "not-for-us"),
    ("c1 begins with 6.", lambda start: start[:C1] + b"\x06" + start[C1 + 1 :], "damaged"),
    ("c1 begins with 0.", lambda start: start[:C1] + b"\x00" + start[C1 + 1 :], "damaged"),
    ("c1 is not on the curve.", flipped(C1 + 64), "damaged"),
    ("c1 has an x above p.", lambda start: start[: C1 + 1] + b"\xff" * 32 + start[C1 + 33 :], "damaged"),
    ("c1 is all zero.", lambda start: start[: C1 + 1] + bytes(64) + start[C3:], "damaged"),
    ("a bit of c3 is changed.", flipped(C3), "damaged"),
    ("a bit of c2 is changed.", flipped(C2), "damaged"),
)


def sm2_ciphertexts(cast: Cast) -> Iterator[Vector]:
    """Step 3 for the second suite."""
    for about, edit, result in SM2_BEGINNINGS:
        yield vector(cast, about, draft(cast).edited(beginning=edit), result)
    pair = draft(cast, readers=[cast.district, cast.street])
    data = pair.file()
    start = len(pair.header())
    nonce = start + 1 + 2 * SM2_STANZA
    yield vector(cast, "a bit of the other reader's stanza is changed.", flipped(nonce - 1)(data), "damaged")
    yield vector(cast, "a bit of the nonce is changed.", flipped(nonce)(data), "damaged")
    yield vector(cast, "the file ends after the number of stanzas.", data[: start + 1], "damaged")
    yield vector(cast, "the file ends within the second stanza, and the reader is a stranger.", data[: nonce - 1], "damaged", keys=[cast.stranger.name])
    yield vector(cast, "the file ends after the stanzas.", data[:nonce], "damaged")
    yield vector(cast, "the file ends after the stanzas, and the reader is a stranger.", data[:nonce], "not-for-us", keys=[cast.stranger.name])
    yield vector(cast, "the file ends within the tag.", data[: nonce + 20], "damaged")
    yield vector(cast, "c3 of the other reader's stanza is wrong; ours is good.", draft(cast, readers=[cast.district, cast.street]).edited(beginning=flipped(SM2_STANZA + C3)), "ok")
    both = [cast.district, cast.district_old]
    late = [cast.district_old.name, cast.district.name]
    broken = draft(cast, readers=both).edited(beginning=flipped(C3))
    yield vector(cast, "two stanzas are for the reader; the first does not decrypt, and it decides.", broken, "damaged", keys=late)
    broken = draft(cast, readers=[cast.district, cast.district]).edited(beginning=flipped(C3))
    yield vector(cast, "two stanzas have the same key-tag; the first does not decrypt, and it decides.", broken, "damaged")


# --- par. 4: the content


def with_length(length: int) -> Edit:
    """An edit of the content that gives another manifest-length."""
    return lambda content: content[:4] + length.to_bytes(4, "big") + content[8:]


CONTENTS = (  # what is broken, the edit of the content
    ("the content is empty.", cut(0)),
    ("the content is the magic alone.", cut(4)),
    ("the content has 7 bytes.", cut(7)),
    ("the content has 8 bytes.", cut(8)),
    ("the content begins with UDP2.", replaced(b"UDP1", b"UDP2")),
    ("the content begins with udp1.", replaced(b"UDP1", b"udp1")),
    ("manifest-length is 0.", with_length(0)),
    ("manifest-length is 1.", with_length(1)),
    ("manifest-length is 1,048,577.", with_length(1_048_577)),
    ("manifest-length is 2^32 - 1.", with_length(2**32 - 1)),
    ("manifest-length is more than there is.", with_length(100_000)),
    ("manifest-length is one too low.", lambda content: with_length(int.from_bytes(content[4:8], "big") - 1)(content)),
    ("there is no room for the manifest.", cut(600)),
    ("there is no room for the signature.", lambda content: content[: 8 + int.from_bytes(content[4:8], "big") + 63]),
    ("the manifest is altered after it was signed, and is no JSON.", replaced(b'{"format"', b'["format"')),
)


def contents(cast: Cast) -> Iterator[Vector]:
    """Step 4."""
    for about, edit in thinned(cast, CONTENTS):
        yield vector(cast, about, draft(cast).edited(content=edit), "damaged")


# --- par. 5: the manifest as JSON


def inserted(member: bytes) -> Edit:
    """An edit of the manifest that puts a member before the others."""
    return lambda text: b"{" + member + b"," + text[1:]


TEXTS = (  # what is broken, the edit of the manifest, what comes of it
    ("a byte-order mark before the manifest.", before(b"\xef\xbb\xbf"), "damaged"),
    ("the manifest is a list.", lambda text: b"[" + text + b"]", "damaged"),
    ("the manifest is a text.", instead(b'"uniondesk-package"'), "damaged"),
    ("the manifest is an empty object.", instead(b"{}"), "damaged"),
    ("something follows the manifest.", longer(b" x"), "damaged"),
    ("a second object follows the manifest.", longer(b"{}"), "damaged"),
    ("a zero byte follows the manifest.", longer(b"\x00"), "damaged"),
    ("a comma after the last member.", lambda text: text[:-1] + b",}", "damaged"),
    ("a comment in the manifest.", before(b"/* */"), "damaged"),
    ("single quotes.", inserted(b"'q':1"), "damaged"),
    ("NaN.", inserted(b'"q":NaN'), "damaged"),
    ("Infinity.", inserted(b'"q":Infinity'), "damaged"),
    ("-Infinity.", inserted(b'"q":[-Infinity]'), "damaged"),
    ("a number that no double holds.", inserted(b'"q":1e999'), "damaged"),
    ("a negative number that no double holds.", inserted(b'"q":-1.5E+400'), "damaged"),
    ("a whole number of 19 digits.", inserted(b'"q":1000000000000000000'), "damaged"),
    ("a negative whole number of 19 digits, deep inside.", inserted(b'"q":[{"r":-1000000000000000000}]'), "damaged"),
    ("a whole number of 500 digits.", inserted(b'"q":' + b"9" * 500), "damaged"),
    ("a number with a leading zero.", inserted(b'"q":01'), "damaged"),
    ("a number with a plus.", inserted(b'"q":+1'), "damaged"),
    ("a number without digits after the point.", inserted(b'"q":1.'), "damaged"),
    ("a key twice.", inserted(b'"format":"uniondesk-package"'), "damaged"),
    ("a key twice, once written with an escape.", inserted(b'"q":1,"\\u0071":2'), "damaged"),
    ("a key twice deep inside.", inserted(b'"q":[{"a":1,"a":1}]'), "damaged"),
    ("the first half of a surrogate pair.", inserted(b'"q":"\\ud83d"'), "damaged"),
    ("the second half of a surrogate pair.", inserted(b'"q":"\\ude00x"'), "damaged"),
    ("the halves of a surrogate pair in the wrong order.", inserted(b'"q":"\\ude00\\ud83d"'), "damaged"),
    ("half of a surrogate pair in a key, deep inside.", inserted(b'"q":[{"\\ud83d":1}]'), "damaged"),
    ("a byte that is not UTF-8.", inserted(b'"q":"\xff"'), "damaged"),
    ("an overlong form of UTF-8.", inserted(b'"q":"\xc1\x81"'), "damaged"),
    ("a surrogate in UTF-8.", inserted(b'"q":"\xed\xa0\x80"'), "damaged"),
    ("a tab within a text.", inserted(b'"q":"\t"'), "damaged"),
    ("an escape that is none.", inserted(b'"q":"\\x41"'), "damaged"),
    ("nested 33 deep.", inserted(b'"q":' + b"[" * 32 + b"]" * 32), "damaged"),
    ("nested 1,001 deep.", inserted(b'"q":' + b"[" * 1000 + b"]" * 1000), "damaged"),
    ("objects nested 33 deep.", inserted(b'"q":' + b'{"a":' * 32 + b"1" + b"}" * 32), "damaged"),
    ("nested 32 deep.", inserted(b'"q":' + b"[" * 31 + b"]" * 31), "ok"),
    ("white space around and within the manifest.", lambda text: b" \r\n\t{ " + text[1:] + b"\n", "ok"),
    ("a whole number of 18 digits, a surrogate pair by escapes, -0 and 1e300.", inserted(b'"q":[-999999999999999999,"\\ud83d\\ude00",-0,1e300]'), "ok"),
    ("answered is -0, which is 0.", replaced(b'"answered":0', b'"answered":-0'), "ok"),
    ("series is 1.0.", replaced(b'"series":1,', b'"series":1.0,'), "damaged"),
    ("series is 1e0.", replaced(b'"series":1,', b'"series":1e0,'), "damaged"),
    ("version is 1.0.", replaced(b'"version":1,', b'"version":1.0,'), "unknown-version"),
)


def texts(cast: Cast) -> Iterator[Vector]:
    """Step 5, the manifest as JSON."""
    for about, edit, result in thinned(cast, TEXTS):
        yield vector(cast, about, draft(cast).edited(text=edit), result)


# --- par. 5: the shapes

WRONG: dict[str, Json] = {  # a value of a wrong type for each required key of all directions
    "format": 1,
    "version": "1",
    "direction": ["up"],
    "practice": 0,
    "union": UNION,
    "addressee": None,
    "readers": "x",
    "sender": [],
    "series": "1",
    "previous": 0,
    "schema": 12,
    "program": 1,
    "made_at": 1763618400,
    "tables": [],
    "parts": {},
}
WRONG_OF: dict[str, dict[str, Json]] = {  # and of those of one direction
    "up": {"pending": {}, "covers": [0, 9, None], "device": 81985529216486895, "answered": None, "purposes": "roll", "state": []},
    "down": {},
    "opinion": {"reviewer": "x", "encloses": None},
    "door": {},
}
NESTED: dict[str, tuple[str, ...]] = {  # what a value is said to have
    "up": (
        *("union.id", "union.uscc", "union.name", "sender.signing_key", "sender.recipient", "tables.member.count", "tables.member.digest"),
        *("parts.0.name", "parts.0.size", "parts.0.digest", "parts.0.plain_size", "covers.after", "covers.to", "covers.against"),
        *("pending.0.series", "pending.0.digest", "state.member.count", "state.member.digest"),
    ),
    "opinion": ("reviewer.id", "reviewer.name"),
}
SHAPES: tuple[tuple[str, tuple[Json, ...]], ...] = (  # other values that are no good
    ("format", ("uniondesk-Package",)),
    ("direction", ("UP", "side", None)),
    ("practice", (None, "false")),
    ("union.id", (UNION.upper(), UNION.replace("-", ""), UNION[:-1], "g" + UNION[1:], "{" + UNION + "}", UNION + "\n")),
    ("union.uscc", (None,)),
    ("union.name", (7,)),
    ("readers", ([], [7])),
    ("sender.recipient", (None,)),
    ("series", (0, -1, True, 2**53, None)),
    ("previous", ("A" * 64, "0" * 63, "0" * 65, "")),
    ("schema", ("12", "00123", "001a", "\uff10\uff10\uff11\uff12")),
    ("made_at", ("2026-11-20T06:00:00Z", "2026-11-20T06:00:00.000000+00:00", "2026-11-20 06:00:00.000000Z", "2026-02-30T06:00:00.000000Z", "2026-13-01T06:00:00.000000Z")),
    ("made_at", ("2026-11-20T25:00:00.000000Z", "2026-11-20T06:00:00.000Z", "2026-11-20t06:00:00.000000z", "")),
    ("tables.member.count", (-1, True, "2", 2**53)),
    ("tables.member.digest", ("A" * 64, None)),
    ("tables.Ghost", ({"count": 0, "digest": OTHER_DIGEST},)),
    ("tables.ghost", (None,)),
    ("parts", ([None], ["member"])),
    ("parts.0.name", ("Member", "member1", "", "a" * 41, "mem-ber", None)),
    ("parts.0.size", (-1, None, 2**53)),
    ("parts.0.plain_size", (-1, True)),
    ("parts.0.digest", ("A" * 64, "0" * 63)),
    ("parts.0.file", (1, None, "true")),
    ("pending", ([None], [{"series": 0, "digest": EARLIER}], [{"series": 1, "digest": "x"}])),
    ("covers", ({"after": 10, "to": 9, "against": None}, {"after": -1, "to": 9, "against": None}, {"after": 0, "to": 9, "against": True})),
    ("device", ("0123456789ABCDEF", "0123456789abcde", "0123456789abcdef0")),
    ("answered", (-1, True)),
    ("purposes", ([1], [None])),
    ("state.member", (None, {"count": -1, "digest": OTHER_DIGEST}, {"count": 1, "digest": "x"})),
    ("state.Member", ({"count": 0, "digest": OTHER_DIGEST},)),
)
LIMITS: tuple[tuple[str, Json, str], ...] = (
    ("parts.0.size", 2**28 + 1, "too-large"),
    ("parts.0.size", 2**28, "bad-part"),
    ("parts.0.plain_size", 2**29 + 1, "too-large"),
    ("parts.0.plain_size", 2**29 - 3, "bad-part"),
    ("parts.0.plain_size", 2**29 - 2, "too-large"),
)


def shown(value: Json) -> str:
    """A value as JSON, not too long."""
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:36] + "..."


def room_for(package: Draft) -> Draft:
    """The package with one row in `pending` and one in `state`, so that there is something to take out."""
    if package.direction == "up":
        package.manifest["series"] = 2
        package.manifest["pending"] = [{"series": 1, "digest": EARLIER}]
        package.manifest["state"] = {"member": {"count": 1, "digest": OTHER_DIGEST}}
    return package


def required(cast: Cast) -> Iterator[Vector]:
    """Step 5: each required key missing, and of a wrong type, in each direction."""
    for direction, special_keys in WRONG_OF.items():
        for name, value in (WRONG | special_keys).items():
            result = "unknown-version" if name == "version" else "damaged"
            yield vector(cast, f"{name} is missing.", changed(draft(cast, direction), name, MISSING), result)
            yield vector(cast, f"{name} is {shown(value)}.", changed(draft(cast, direction), name, value), result)
    for direction, paths in NESTED.items():
        for path in paths:
            yield vector(cast, f"{path} is missing.", changed(room_for(draft(cast, direction)), path, MISSING), "damaged")


def shapes(cast: Cast) -> Iterator[Vector]:
    """Step 5: values of another shape, and the limits."""
    for path, values in SHAPES:
        for value in values:
            yield vector(cast, f"{path} is {shown(value)}.", changed(draft(cast), path, value), "damaged")
    for value in (2, 0, True, None):
        yield vector(cast, f"version is {shown(value)}.", changed(draft(cast), "version", value), "unknown-version")
    for path, value in (("reviewer.id", STREET_ID.upper()), ("reviewer.name", None), ("encloses", "A" * 64), ("encloses", "0" * 63)):
        yield vector(cast, f"{path} is {shown(value)}.", changed(draft(cast, "opinion"), path, value), "damaged")


def limits(cast: Cast) -> Iterator[Vector]:
    """Step 5, in both suites: limits, versions, numbers of readers."""
    for path, value, result in LIMITS:
        yield vector(cast, f"{path} is {value:,}; another part has 3 bytes.", changed(draft(cast, lines={"member": MEMBERS, "unit": b"{}\n"}), path, value), result)
    many = [cast.district.fingerprint()] * 17
    yield vector(cast, "17 readers.", draft(cast).edited(text=replaced(b'"readers":[', b'"readers":[' + json.dumps(many[1:])[1:-1].encode() + b",")), "damaged")


SHAPES_OF_BOTH: tuple[tuple[str, Json, str], ...] = (  # for the second suite, too
    ("format", "x", "damaged"),
    ("version", 2, "unknown-version"),
    ("version", True, "unknown-version"),
    ("direction", {}, "damaged"),
    ("practice", 0, "damaged"),
    ("series", 0, "damaged"),
    ("series", 2**53, "damaged"),
    ("previous", "A" * 64, "damaged"),
    ("previous", MISSING, "damaged"),
    ("readers", [], "damaged"),
    ("covers.against", MISSING, "damaged"),
    ("made_at", "2026-02-30T06:00:00.000000Z", "damaged"),
    ("device", "0123456789ABCDEF", "damaged"),
    ("parts.0.file", "yes", "damaged"),
    ("union.id", UNION.upper(), "damaged"),
)


def shapes_of_both(cast: Cast) -> Iterator[Vector]:
    """Step 5 once more, for the second suite."""
    for path, value, result in SHAPES_OF_BOTH:
        words = "missing" if value is MISSING else shown(value)
        yield vector(cast, f"{path} is {words}.", changed(draft(cast), path, value), result)


# --- step 6: the sender's keys and the signature


def other_form(cast: Cast) -> dict[str, tuple[str, ...]]:
    """Keys of the sender that cannot be read."""
    signing, recipient = cast.office.signing_key, cast.office.recipient
    wrong_end = recipient[:-1] + ("q" if recipient[-1] != "q" else "p")
    keys = (signing.upper(), signing[:-2], signing + "00", "", "0x" + signing[2:], " " + signing[1:], cast.abroad.signing_key)
    recipients = (recipient.upper(), recipient[:-1], "", " " + recipient, recipient[3:], cast.abroad.recipient)
    if cast.suite == FIRST:
        return {"signing_key": keys, "recipient": (*recipients, wrong_end, bech32("aga", bytes(range(32))))}
    off_curve, above = bytes([7] * 64).hex(), "ff" * 64
    return {"signing_key": (*keys, off_curve, above, "0" * 128), "recipient": (*recipients, "sm2" + off_curve, "sm2" + above, "SM2" + recipient[3:])}


def senders(cast: Cast) -> Iterator[Vector]:
    """Step 6: keys that cannot be read."""
    for name, values in other_form(cast).items():
        for value in values:
            yield vector(cast, f"sender.{name} is {shown(value)}.", changed(draft(cast), f"sender.{name}", value), "damaged")


def with_order(signature: bytes) -> bytes:
    """The same Ed25519 signature with S + L in the place of S."""
    order = 2**252 + 27742317777372353535851937790883648493
    return signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")


def signatures(cast: Cast) -> Iterator[Vector]:
    """Step 6: the signature."""
    for about, edits in (
        ("a bit in the first half of the signature is changed.", {"signature": flipped(5)}),
        ("a bit in the second half of the signature is changed.", {"signature": flipped(40)}),
        ("the signature is all zero.", {"signature": instead(bytes(64))}),
        ("the signature is all ones.", {"signature": instead(b"\xff" * 64)}),
        ("the halves of the signature are swapped.", {"signature": lambda signature: signature[32:] + signature[:32]}),
        ("what is signed does not begin with its own line.", {"signed": replaced(b"uniondesk-package-v1\n", b"")}),
        ("what is signed begins with the line of another use.", {"signed": replaced(b"package-v1", b"key-v1")}),
        ("the header is not signed.", {"signed": replaced(draft(cast).header(), b"")}),
        ("the LF of the header is not signed.", {"signed": replaced(draft(cast).header(), draft(cast).header()[:-1])}),
        ("the header is signed with the other suite.", {"signed": replaced(cast.suite.encode(), cast.abroad.suite.encode())}),
        ("the manifest is altered after it was signed.", {"content": replaced(b'"schema":"0012"', b'"schema":"0013"')}),
        ("the manifest is signed without its last byte.", {"signed": cut(-1)}),
    ):
        yield vector(cast, about, draft(cast).edited(**edits), "bad-signature")
    package = draft(cast)
    package.signer = cast.stranger
    yield vector(cast, "somebody else signed.", package, "bad-signature")
    yield vector(cast, "sender.signing_key is another one than that which signed.", changed(draft(cast), "sender.signing_key", cast.stranger.signing_key), "bad-signature")
    if cast.suite == FIRST:
        yield vector(cast, "S of the signature is not below L.", draft(cast).edited(signature=with_order), "bad-signature")


# --- step 7: whom it is for and from whom it is


def envelopes(cast: Cast) -> Iterator[Vector]:
    """Step 7, without proofs."""
    for direction, wanted in thinned(cast, (("up", "down"), ("up", "door"), ("down", "up"), ("opinion", "up"), ("opinion", "down"), ("door", "up"))):
        yield vector(cast, f"the reader takes {wanted}.", draft(cast, direction), "wrong-direction", direction=wanted)
    yield vector(cast, "a real package for a practice reader.", draft(cast), "practice", practice=True)
    yield vector(cast, "a practice package for a real reader.", draft(cast, practice=True), "practice")
    district, street, stranger = (key.fingerprint() for key in (cast.district, cast.street, cast.stranger))
    yield vector(cast, "the addressee is somebody else.", changed(draft(cast), "addressee", stranger), "wrong-addressee")
    yield vector(cast, "the addressee is written in lower case.", changed(draft(cast), "addressee", district.lower()), "wrong-addressee")
    yield vector(cast, "the addressee is written without spaces.", changed(draft(cast), "addressee", district.replace(" ", "")), "wrong-addressee")
    yield vector(cast, "the addressee is empty.", changed(draft(cast), "addressee", ""), "wrong-addressee")
    yield vector(cast, "the addressee is not among the readers.", changed(draft(cast), "readers", [street]), "wrong-addressee")
    pair = draft(cast, readers=[cast.district, cast.street])
    yield vector(cast, "the second reader is no street union.", pair, "wrong-addressee", keys=[cast.street.name])
    yield vector(cast, "the street union can open it, but is not among the readers.", changed(pair, "readers", [district]), "wrong-addressee", keys=[cast.street.name], street=True)
    down = draft(cast, "down", readers=[cast.office, cast.street])
    yield vector(cast, "a street union takes only an up that is addressed to another.", down, "wrong-addressee", keys=[cast.street.name], street=True)
    for direction in thinned(cast, tuple(ENDINGS)):
        yield vector(cast, "another union is expected.", draft(cast, direction), "wrong-union", union=OTHER_UNION)
        yield vector(cast, "the sender is not the known one.", draft(cast, direction), "unknown-sender", sender=cast.stranger.name, sender_id=UNION)
    for name in ("signing_key", "recipient"):
        known = cast.office.public() | {name: cast.stranger.public()[name]}
        yield vector(cast, f"of the known sender only {name} is another.", draft(cast), "unknown-sender", sender=known)
    for standing in ("suspended", "revoked"):
        yield vector(cast, f"the sender is known and was {standing}.", draft(cast), standing, standing=standing)


def bad_proofs(cast: Cast) -> Iterator[tuple[str, Json]]:
    """Proofs that do not make the office's keys follow its old ones."""
    old, new = cast.office_old, cast.office
    right = proof(old, UNION, new)
    yield "is null", None
    yield "is a number", 3
    yield "is a list", [right]
    yield "is empty", {}
    yield "has no signature", {"signing_key": old.signing_key}
    yield "has no signing_key", {"signature": right["signature"]}
    yield "has a signature in upper case", right | {"signature": right["signature"].upper()}
    yield "has a signature that is too short", right | {"signature": right["signature"][:-2]}
    yield "has a signature with a bit changed", right | {"signature": flipped(3)(bytes.fromhex(right["signature"])).hex()}
    yield "is by the stranger's key", proof(cast.stranger, UNION, new)
    yield "names the old key, but the stranger signed", proof(cast.stranger, UNION, new) | {"signing_key": old.signing_key}
    yield "names the new key, and it signed", proof(new, UNION, new)
    yield "is for another union", proof(old, OTHER_UNION, new)
    yield "is for another new key", proof(old, UNION, cast.stranger)
    yield "is signed with an LF at the end", proof(old, UNION, new, ending="\n")


def proofs(cast: Cast) -> Iterator[Vector]:
    """Step 7 and par. 7: proofs that prove nothing."""
    known = cast.office_old.name
    for about, value in thinned(cast, list(bad_proofs(cast))):
        yield vector(cast, f"sender.proof {about}.", changed(draft(cast), "sender.proof", value), "unknown-sender", sender=known)
    yield vector(cast, "the sender is new and has no proof.", draft(cast), "unknown-sender", sender=known)
    chained = changed(draft(cast), "sender.proof", proof(cast.office_old, UNION, cast.office))
    yield vector(cast, "the proof is by a key between the known one and this: no chains.", chained, "unknown-sender", sender=cast.stranger.name)
    yield vector(cast, "the proof is by a key that was revoked.", chained, "unknown-sender", sender=known, standing="revoked")
    for direction, owner in (("down", DISTRICT_ID), ("opinion", STREET_ID)):
        sender, _ = cast.sides(direction)
        package = changed(draft(cast, direction), "sender.proof", proof(cast.office_old, UNION, sender))
        yield vector(cast, "the proof is for the grassroots union, not for the sender.", package, "unknown-sender", sender=known, sender_id=owner)
    package = changed(draft(cast, "door"), "sender.proof", proof(cast.office_old, DISTRICT_ID, cast.door))
    yield vector(cast, "the proof is for the district, not for the union.", package, "unknown-sender", sender=known, sender_id=DISTRICT_ID)


# --- step 8: parts and padding


def padded_room(package: Draft) -> Draft:
    """The package with a `program` so long that there are at least 8 bytes of padding, but not a whole step of it."""
    while not package.content().endswith(bytes(8)):
        package.manifest["program"] += "."
    return package


def paddings(cast: Cast) -> Iterator[Vector]:
    """Step 8: padding."""
    for about, edit in (
        ("the last byte of padding is 1.", flipped(-1)),
        ("the first byte of padding is 1.", flipped(0)),
        ("there is no padding.", cut(0)),
        ("a byte of padding is missing.", cut(-1)),
        ("a byte of padding too many.", longer(b"\x00")),
        ("a whole step of padding too much.", longer(bytes(64))),
        ("1,000 bytes of padding too many.", longer(bytes(1000))),
    ):
        yield vector(cast, about, padded_room(draft(cast)).edited(padding=edit), "bad-part")


def parts(cast: Cast) -> Iterator[Vector]:
    """Step 8: parts against tables and bytes."""
    two = {"member": MEMBERS, "unit": b"{}\n"}
    size = len(packed(MEMBERS))
    for about, path, value in (
        ("a table without a part.", "tables.ghost", {"count": 0, "digest": cast.digest(b"")}),
        ("a part of lines without a table.", "tables.unit", MISSING),
        ("a part of lines is said to be a file, and its table stays.", "parts.0.file", True),
        ("the digest of a part is another.", "parts.0.digest", OTHER_DIGEST),
        ("the digest of a part is that of its unpacked bytes.", "parts.0.digest", cast.digest(MEMBERS)),
        ("the size of a part is one too low.", "parts.0.size", size - 1),
        ("the size of a part is one too high.", "parts.0.size", size + 1),
        ("the size of a part is 0.", "parts.0.size", 0),
        ("the size of the last part is more than there is.", "parts.1.size", 1_000_000),
    ):
        yield vector(cast, about, changed(draft(cast, lines=two), path, value), "bad-part")
    package = draft(cast)
    package.manifest["parts"] *= 2
    package.packed *= 2
    yield vector(cast, "the same part is there twice, by name and bytes.", package, "bad-part")
    package = draft(cast, files={"picture": b"abc", "photo": b"abc"})
    yield vector(cast, "two files have the same name.", changed(package, "parts.2.name", "picture"), "bad-part")
    package = draft(cast, lines=two)
    package.packed.reverse()
    yield vector(cast, "the bytes of the parts stand in another order than `parts`.", package, "bad-part")
    package = draft(cast, lines=two)
    package.packed.pop()
    yield vector(cast, "the bytes of the last part are missing.", package, "bad-part")
    package = draft(cast, lines=two)
    package.packed.append(packed(b"{}\n"))
    yield vector(cast, "bytes of a part that `parts` does not name.", package, "bad-part")
    package = draft(cast, lines=two)
    package.packed[0] = flipped(-1)(package.packed[0])
    yield vector(cast, "a bit of a part's bytes is changed.", package, "bad-part")
    package = changed(draft(cast, files={"picture": b"abc"}), "parts.1.file", MISSING)
    yield vector(cast, "a file is not said to be one.", package, "bad-part")


# --- step 10: frames and lines

ZSTD = b"\x28\xb5\x2f\xfd"
SKIPPABLE = b"\x50\x2a\x4d\x18" + bytes(4)


def block(plain: bytes) -> bytes:
    """The last block of a frame, not packed."""
    return (len(plain) << 3 | 1).to_bytes(3, "little") + plain


def squeezed(plain: bytes, **options: Any) -> bytes:
    """One frame with options."""
    return zstandard.ZstdCompressor(**options).compress(plain)


FRAMES: tuple[tuple[str, bytes, str], ...] = (  # what is broken, the packed bytes of the part `member`, what comes of it
    ("a second frame of nothing.", packed(MEMBERS) + packed(b""), "bad-part"),
    ("the lines in two frames.", packed(MEMBERS[:95]) + packed(MEMBERS[95:]), "bad-part"),
    ("a byte after the frame.", packed(MEMBERS) + b"\x00", "bad-part"),
    ("a skippable frame after the frame.", packed(MEMBERS) + SKIPPABLE, "bad-part"),
    ("a skippable frame before the frame.", SKIPPABLE + packed(MEMBERS), "bad-part"),
    ("a skippable frame in the place of the frame.", SKIPPABLE, "bad-part"),
    ("the frame is cut.", packed(MEMBERS)[:-1], "bad-part"),
    ("the part has no bytes.", b"", "bad-part"),
    ("the part is the magic of a frame alone.", ZSTD, "bad-part"),
    ("the part is not packed.", MEMBERS, "bad-part"),
    ("the part is a gzip file.", b"\x1f\x8b\x08\x00" + bytes(20), "bad-part"),
    ("the check sum of the frame is wrong.", flipped(-1)(squeezed(MEMBERS, write_checksum=True)), "bad-part"),
    ("a window above 2^27.", ZSTD + bytes([0, 17 << 3 | 1]) + block(MEMBERS), "bad-part"),
    ("a window of 2^41.", ZSTD + bytes([0, 31 << 3]) + block(MEMBERS), "bad-part"),
    ("the frame asks for a dictionary.", ZSTD + bytes([1, 17 << 3, 7]) + block(MEMBERS), "bad-part"),
    ("the frame claims one byte more.", ZSTD + bytes([0x20, len(MEMBERS) + 1]) + block(MEMBERS), "bad-part"),
    ("the frame claims one byte less.", ZSTD + bytes([0x20, len(MEMBERS) - 1]) + block(MEMBERS), "bad-part"),
    ("a reserved bit of the frame is set.", ZSTD + bytes([8, 17 << 3]) + block(MEMBERS), "bad-part"),
    ("50 million zeros in the place of the lines.", packed(bytes(50_000_000)), "bad-part"),
    ("a frame with a check sum.", squeezed(MEMBERS, write_checksum=True), "ok"),
    ("a frame without its size.", squeezed(MEMBERS, write_content_size=False), "ok"),
    ("a window of 2^27.", ZSTD + bytes([0, 17 << 3]) + block(MEMBERS), "ok"),
)
LINES: tuple[tuple[str, bytes, str], ...] = (  # what is broken, the lines of the part `member`, what comes of it
    ("no LF after the last line.", b"{}\n{}", "bad-part"),
    ("only a line without LF.", b"{}", "bad-part"),
    ("an empty line in between.", b"{}\n\n{}\n", "bad-part"),
    ("an empty line at the end.", b"{}\n\n", "bad-part"),
    ("only an LF.", b"\n", "bad-part"),
    ("a line of 1,048,577 bytes with its LF.", b'{"a":"' + b"x" * 1_048_568 + b'"}\n', "bad-part"),
    ("a line of 1,048,576 bytes with its LF.", b'{"a":"' + b"x" * 1_048_567 + b'"}\n', "ok"),
)


def frames(cast: Cast) -> Iterator[Vector]:
    """Step 10: frames, sizes, counts, digests, lines."""
    for about, frame, result in thinned(cast, FRAMES):
        yield vector(cast, about, draft(cast, frames={"member": frame}), result)
    for about, lines, result in thinned(cast, LINES):
        yield vector(cast, about, draft(cast, lines={"member": lines}), result)
    for path, value in (
        ("parts.0.plain_size", len(MEMBERS) - 1),
        ("parts.0.plain_size", len(MEMBERS) + 1),
        ("parts.0.plain_size", 0),
        ("tables.member.count", 1),
        ("tables.member.count", 3),
        ("tables.member.digest", OTHER_DIGEST),
        ("tables.member.digest", cast.digest(packed(MEMBERS))),
    ):
        yield vector(cast, f"{path} is {shown(value)}, which it is not.", changed(draft(cast), path, value), "bad-part")
    picture = draft(cast, files={"picture": b"abc"})
    yield vector(cast, "plain_size of a file is one too high.", changed(picture, "parts.1.plain_size", 4), "bad-part")
    picture = draft(cast, files={"picture": b"abc"}, frames={"picture": packed(b"abc") + packed(b"")})
    yield vector(cast, "a file in two frames.", picture, "bad-part")


# --- par. 9: series

AFTER_FIVE: dict[str, Json] = {"last": 5, "known": {"4": OTHER_DIGEST, "5": EARLIER}, "merged": [3, 5], "reached": 9, "holdings": None}
SIX: dict[str, Json] = {"series": 6, "previous": EARLIER, "covers": {"after": 9, "to": 12, "against": None}}


def covers(after: int, to: int, against: int | None = None) -> dict[str, Json]:
    """The value of `covers`."""
    return {"after": after, "to": to, "against": against}


def earlier(*series: int, value: str = EARLIER) -> list[Json]:
    """The value of `pending`."""
    return [{"series": number, "digest": value} for number in series]


SERIES: tuple[tuple[str, dict[str, Json], dict[str, Json], str], ...] = (  # about, over SIX in the manifest, over AFTER_FIVE of the reader, what comes of it
    ("the next series.", {}, {}, "ok"),
    ("the first of an office.", {"series": 1, "previous": None, "covers": covers(0, 9)}, {"last": 0, "known": {}, "merged": [], "reached": 0}, "ok"),
    ("two sticks were lost.", {"series": 8, "previous": OTHER_DIGEST, "pending": earlier(6, 7)}, {}, "ok"),
    ("pending names what is known.", {"pending": earlier(5)}, {}, "ok"),
    ("covers rows once more that were merged.", {"covers": covers(2, 12)}, {}, "ok"),
    ("1,000 above last.", {"series": 1005}, {}, "ok"),
    ("against the holdings.", {"covers": covers(0, 12, 3)}, {"holdings": 3}, "ok"),
    ("against: previous, pending and covers.after are not compared.", {"previous": None, "pending": earlier(4), "covers": covers(99, 100, 3)}, {"holdings": 3}, "ok"),
    ("against, 1,000 above last.", {"series": 1005, "covers": covers(0, 12, 3)}, {"holdings": 3}, "ok"),
    ("again.", {}, {"last": 6, "known": {"6": OWN}, "merged": [6]}, "again"),
    ("again, with later ones merged.", {}, {"last": 8, "known": {"6": OWN, "8": EARLIER}, "merged": [6, 8]}, "again"),
    ("again, against what is no longer the holdings.", {"covers": covers(0, 12, 3)}, {"last": 6, "known": {"6": OWN}, "merged": [6]}, "again"),
    ("again, though covers.after is above reached.", {}, {"last": 6, "known": {"6": OWN}, "merged": [6], "reached": 2}, "again"),
    ("against, but there are no holdings.", {"covers": covers(0, 12, 3)}, {}, "stale"),
    ("against 0, but there are no holdings.", {"covers": covers(0, 12, 0)}, {}, "stale"),
    ("against other holdings.", {"covers": covers(0, 12, 2)}, {"holdings": 3}, "stale"),
    ("against, but the series is last.", {"series": 5, "covers": covers(0, 12, 3)}, {"holdings": 3}, "stale"),
    ("against, but the series is 1,001 above last.", {"series": 1006, "covers": covers(0, 12, 3)}, {"holdings": 3}, "stale"),
    ("another digest is known for this series, and it was merged.", {"series": 5, "previous": OTHER_DIGEST}, {}, "forked"),
    ("another digest is known for this series, from pending.", {}, {"known": {"6": OTHER_DIGEST}}, "forked"),
    ("another digest is known for one in pending.", {"pending": earlier(4, 5)}, {}, "forked"),
    ("another digest is known for the series before it.", {"previous": OTHER_DIGEST}, {}, "forked"),
    ("previous is null, but the series before it is known.", {"previous": None}, {}, "forked"),
    ("the series is not above last, and nothing is known of it.", {"series": 2, "previous": None}, {}, "forked"),
    ("the series was merged, but nothing is known of it.", {"series": 3, "previous": None}, {}, "forked"),
    ("an old one that was named in pending.", {}, {"last": 8, "known": {"6": OWN, "8": OTHER_DIGEST}, "merged": [8]}, "replayed"),
    ("an old one that was named in pending, the series right below last.", {}, {"last": 7, "known": {"6": OWN}, "merged": [7]}, "replayed"),
    ("1,001 above last.", {"series": 1006}, {}, "series-jump"),
    ("2^53 - 1, the highest series there is.", {"series": 2**53 - 1}, {}, "series-jump"),
    ("covers.after is one above reached.", {"covers": covers(10, 12)}, {}, "gap"),
    ("covers.after is above reached, and covers nothing.", {"covers": covers(12, 12)}, {}, "gap"),
)
SERIES_OTHERS: tuple[tuple[str, int, str, str], ...] = (  # about, the highest series read, its digest, what comes of series 4
    ("the next series.", 3, EARLIER, "ok"),
    ("nothing was read yet; there is no limit of a jump.", 0, OTHER_DIGEST, "ok"),
    ("again.", 4, OWN, "again"),
    ("the same series with another digest.", 4, OTHER_DIGEST, "replayed"),
    ("a series below the highest.", 5, OTHER_DIGEST, "replayed"),
    ("a series below the highest, whose digest is this one.", 5, OWN, "replayed"),
)


def own(value: Json, own_digest: str) -> Json:
    """What a reader knows, with the digest of the file itself put in."""
    if isinstance(value, dict):
        return {name: own(item, own_digest) for name, item in value.items()}
    return own_digest if value == OWN else value


def series(cast: Cast) -> Iterator[Vector]:
    """Step 9."""
    for about, values, known, result in thinned(cast, SERIES):
        data = draft(cast, **(SIX | values)).file()
        yield vector(cast, f"series: {about}", data, result, known=own(AFTER_FIVE | known, cast.digest(data)))
    for direction in thinned(cast, ("down", "opinion", "door")):
        for about, last, last_digest, result in SERIES_OTHERS:
            data = draft(cast, direction, series=4, previous=EARLIER).file()
            yield vector(cast, f"series: {about}", data, result, direction, known=own({"last": last, "digest": last_digest}, cast.digest(data)))
    data = changed(draft(cast, **SIX), "tables.member.count", 3).file()
    known = own(AFTER_FIVE | {"last": 6, "known": {"6": OWN}, "merged": [6]}, cast.digest(data))
    yield vector(cast, "series: again, but the lines are not as many as counted.", data, "bad-part", known=known)


# --- step 11: opinions


def enclosing(cast: Cast, inner: bytes, **values: Json) -> Draft:
    """An opinion about a file."""
    return draft(cast, "opinion", files={"enclosed": inner}, **values)


def opinions(cast: Cast, other: Cast) -> Iterator[Vector]:
    """Step 11 and par. 12."""
    inner = draft(cast, readers=[cast.district, cast.street]).file()
    abroad = draft(other).file()
    both = [cast.district.name, other.district.name]
    elsewhere = common(cast, "up", [cast.district])["union"] | {"id": OTHER_UNION}
    yield vector(cast, "encloses a package of the same union.", enclosing(cast, inner), "ok")
    yield vector(cast, "encloses a package of the other suite.", enclosing(cast, abroad), "ok", keys=both)
    yield vector(cast, "encloses a package that the reader cannot open, of another union.", enclosing(cast, draft(cast, readers=[cast.stranger], union=elsewhere).file()), "ok")
    yield vector(cast, "encloses a damaged package; that is found when it is read.", enclosing(cast, inner[:-1]), "ok")
    yield vector(cast, "encloses an empty file; that is found when it is read.", enclosing(cast, b""), "ok")
    yield vector(cast, "encloses is another digest.", enclosing(cast, inner, encloses=OTHER_DIGEST), "bad-part")
    yield vector(cast, "encloses is by H of the other suite.", enclosing(cast, abroad, encloses=other.digest(abroad)), "bad-part", keys=both)
    yield vector(cast, "encloses is the digest of the packed part.", enclosing(cast, inner, encloses=cast.digest(packed(inner))), "bad-part")
    yield vector(cast, "the union is another than that of the enclosed package.", enclosing(cast, inner, union=elsewhere), "bad-part")
    yield vector(cast, "the enclosed package is of another union.", enclosing(cast, draft(cast, union=elsewhere).file()), "bad-part")
    strange = draft(cast, readers=[cast.district, cast.stranger], union=elsewhere, addressee=cast.stranger.fingerprint()).file()
    yield vector(cast, "the enclosed package is of another union, and addressed to somebody else.", enclosing(cast, strange), "bad-part")
    yield vector(cast, "the enclosed package is of the other suite and of another union.", enclosing(cast, draft(other, union=elsewhere).file()), "bad-part", keys=both)
    yield vector(cast, "there is no part enclosed.", draft(cast, "opinion", files={}), "bad-part")
    yield vector(cast, "the file has another name.", draft(cast, "opinion", files={"enclosure": inner}, encloses=cast.digest(inner)), "bad-part")
    lines = {"opinion": OPINION, "enclosed": b"{}\n"}
    yield vector(cast, "the part enclosed is one of lines.", draft(cast, "opinion", lines=lines, files={}, encloses=cast.digest(b"{}\n")), "bad-part")


# --- the folder


def vectors(first: Cast, second: Cast) -> Iterator[Vector]:
    """All vectors."""
    yield from good(first)
    yield from age_ciphertexts(first)
    yield from required(first)
    yield from shapes(first)
    yield from good(second)
    yield from sm2_ciphertexts(second)
    yield from shapes_of_both(second)
    for cast, other in ((first, second), (second, first)):
        for group in (headers, strangers, contents, texts, limits, senders, signatures, envelopes, proofs, frames, series):
            yield from group(cast)
        for group in (paddings, parts):
            yield from thinned(cast, list(group(cast)))
        yield from thinned(cast, list(opinions(cast, other)))


def file_name(number: int, item: Vector) -> str:
    """`NNN-words.udpkg`."""
    words = re.sub("[^a-z0-9]+", "-", item.about.lower()).strip("-")
    if len(words) > 48:
        words = words[:48].rpartition("-")[0]
    return f"{number:03d}-{words}.{ENDINGS[item.direction]}"


def write_vectors(folder: Path, items: list[Vector]) -> None:
    """Write the files and index.json, an entry a line."""
    for old in folder.glob("[0-9][0-9][0-9]-*.ud*"):
        old.unlink()
    rows = []
    for number, item in enumerate(items, start=1):
        if len(item.data) > FILE_MAX:
            raise ValueError(f"{item.about}: {len(item.data)} bytes")
        name = file_name(number, item)
        (folder / name).write_bytes(item.data)
        rows.append(json.dumps({"file": name, "about": item.about, "result": item.result, "context": item.context}, separators=(",", ":")))
    (folder / "index.json").write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


def wrapped(text: str, width: int = 146) -> list[str]:
    """A long text in lines, two spaces before each."""
    return ["  " + text[at : at + width] for at in range(0, len(text), width)]


def example(cast: Cast) -> tuple[bytes, str]:
    """The first vector and what is in it, for par. 17."""
    package = draft(cast)
    content, header = package.content(), package.header()
    data = header + age_sealed(content, [cast.district.recipient], unchanged, True)
    length = int.from_bytes(content[4:8], "big")
    end = 8 + length + 64
    size = package.manifest["parts"][0]["size"]
    sealed = data[len(header) :]
    key = cast.district
    rows = [
        f"The file {file_name(1, vector(cast, FIRST_ABOUT, data, 'ok'))}: {len(data)} bytes, digest (SHA-256)",
        f"  {cast.digest(data)}",
        f"  short digest (核对码): {' '.join(cast.digest(data)[:16].upper()[at : at + 4] for at in range(0, 16, 4))}",
        "",
        f"The sender (an office), fingerprint {cast.office.fingerprint()}",
        f"  signing key (Ed25519, private):  {cast.office.signing_secret}",
        f"  signing key:                     {cast.office.signing_key}",
        f"  recipient:                       {cast.office.recipient}",
        f"The addressee (a district), fingerprint {key.fingerprint()}: the first 16 bytes of SHA-256 over the 32 bytes and the 62 letters of",
        f"  signing key:                     {key.signing_key}",
        f"  recipient:                       {key.recipient}",
        f"  identity (private):              {key.identity}",
        "",
        f"header, {len(header)} bytes: {header[:-1].decode()} LF",
        *wrapped(header.hex(" ")),
        f"ciphertext, {len(sealed)} bytes, an age v1 file with one X25519 stanza; its first and last 16 bytes:",
        f"  {sealed[:16].hex(' ')} ... {sealed[-16:].hex(' ')}",
        "",
        f"The content, decrypted: {len(content)} bytes",
        f'  {content[:4].hex(" ")}    %s"UDP1"',
        f"  {content[4:8].hex(' ')}    manifest-length, {length}",
        f"manifest, {length} bytes of UTF-8 (here in lines; in the file without a break):",
        *wrapped(content[8 : 8 + length].decode(), 140),
        'signature, 64 bytes, over %s"uniondesk-package-v1" LF, the header and the manifest:',
        *wrapped(content[8 + length : end].hex()),
        f"the part `member`, {size} bytes packed:",
        *wrapped(content[end : end + size].hex()),
        f"  unpacked, {len(MEMBERS)} bytes, two lines, each with its LF:",
        *("  " + line for line in MEMBERS.decode().splitlines()),
        f"padding: {len(content) - end - size} bytes 00, as padme({end + size}) = {len(content)}",
    ]
    return data, "\n".join(rows) + "\n"


FIRST_ABOUT = "a good package: one part of two lines, one reader."


def main(arguments: list[str]) -> int:
    """Make everything in the folder given, or in the one of this program."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    first, second = casts(load_keys(folder / "keys.json"))
    data, text = example(first)
    items = [vector(first, FIRST_ABOUT, data, "ok"), *list(vectors(first, second))[1:]]
    write_vectors(folder, items)
    (folder / "example.txt").write_text(text, encoding="utf-8")
    bad = sum(item.result not in ("ok", "again") for item in items)
    print(f"{len(items)} vectors, {bad} of them bad, {sum(len(item.data) for item in items):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
