"""A second reader of UnionDesk packages, version 1.

Written from `app/sync/FORMAT.md` alone (paragraphs and steps are numbered as on that page) by somebody who had not seen the program; it imports
nothing of it. What both readers say of a file can therefore be compared. It needs `cryptography`, `zstandard` and `gmalg`. To read the test vectors:

    python tests/second_reader.py tests/vectors

reads every file that `tests/vectors/index.json` names and prints each whose result is another than the one written there; the exit code is 0 when there is none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from gmalg.ellipticcurve import ECDLP  # type: ignore[import-untyped, unused-ignore]
from gmalg.errors import GMError  # type: ignore[import-untyped, unused-ignore]
from gmalg.sm2 import SM2Core  # type: ignore[import-untyped, unused-ignore]
from gmalg.sm3 import SM3  # type: ignore[import-untyped, unused-ignore]

Context = dict[str, Any]
Manifest = dict[str, Any]
Shape = Callable[[Any], bool]

MAGIC = b"UNIONDESK-PACKAGE/"
HEADER_MAX = 80
FILE_MAX = PART_MAX = 268_435_456
UNPACKED_MAX = 536_870_912
MANIFEST_MAX = LINE_MAX = 1_048_576
DEPTH_MAX = 32
DIGITS_MAX = 18
PARTS_MAX = 64
READERS_MAX = 16
PENDING_MAX = 1_000
SERIES_AHEAD = 1_000
WINDOW_MAX = 2**27
SIGNATURE_SIZE = 64


class Refusal(Exception):
    """A package is refused; `code` is one of paragraph 15."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Reading:
    """What came of reading one file."""

    result: str
    manifest: Manifest | None = None
    parts: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Suite:
    """The algorithms of paragraph 3 under one name."""

    name: str
    digest: Callable[[bytes], bytes]
    decrypt: Callable[[bytes, bytes, list[Context]], bytes]
    verify: Callable[[str, bytes, bytes], bool]
    signing_key: Shape
    recipient: Shape


@dataclass(frozen=True)
class Opened:
    """A package after the steps 1 to 6: decrypted, understood, its signature good."""

    suite: Suite
    manifest: Manifest
    content: bytes
    parts_at: int


# --- small tools


def _require(condition: bool, code: str) -> None:
    if not condition:
        raise Refusal(code)


def _sm3(data: bytes) -> bytes:
    state = hashes.Hash(hashes.SM3())
    state.update(data)
    return state.finalize()


# --- the first suite: age v1 and Ed25519

_ARGUMENTS = rb"[!-~]++(?: [!-~]++)*+"
_BODY = rb"(?:[A-Za-z0-9+/]{64}\n)*+[A-Za-z0-9+/]{0,63}\n"
_STANZA = re.compile(rb"-> (" + _ARGUMENTS + rb")\n(" + _BODY + rb")")
_AGE_HEADER = re.compile(rb"age-encryption\.org/v1\n((?:-> " + _ARGUMENTS + rb"\n" + _BODY + rb")++)---( [A-Za-z0-9+/]{43}\n)")
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_AGE_CHUNK = 65_536 + 16
_AGE_RECIPIENT, _AGE_IDENTITY = "age", "age-secret-key-"


def _bech32_checksum(prefix: str, data: list[int]) -> int:
    check = 1
    for value in [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix] + data:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check


def _bech32_key(text: str, prefix: str) -> bytes | None:
    """The 32 bytes of a lower case bech32 text, or None when it is none with that prefix."""
    if len(text) != len(prefix) + 59 or not text.startswith(prefix + "1"):
        return None
    data = [_BECH32.find(char) for char in text[len(prefix) + 1 :]]
    if -1 in data or _bech32_checksum(prefix, data) != 1:
        return None
    number = 0
    for value in data[:-6]:
        number = number << 5 | value
    return (number >> 4).to_bytes(32, "big") if number & 15 == 0 else None


def _base64(text: bytes) -> bytes:
    """Decode canonical base64 without padding, as age writes it."""
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise Refusal("damaged") from error
    _require(base64.b64encode(data).rstrip(b"=") == text, "damaged")
    return data


def _hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(secret)


def _age_stanzas(header: re.Match[bytes]) -> list[tuple[bytes, bytes]]:
    """The ephemeral share and the body of each X25519 stanza; stanzas of other types are passed over."""
    stanzas = []
    for found in _STANZA.finditer(header[1]):
        kind, *arguments = found[1].split(b" ")
        sealed = _base64(found[2].replace(b"\n", b""))
        if kind == b"X25519":
            _require(len(arguments) == 1 and len(sealed) == 32, "damaged")
            share = _base64(arguments[0])
            _require(len(share) == 32, "damaged")
            stanzas.append((share, sealed))
    return stanzas


def _age_unwrap(share: bytes, sealed: bytes, identity: X25519PrivateKey) -> bytes | None:
    """The file key of a stanza, or None when it is for somebody else."""
    try:
        secret = identity.exchange(X25519PublicKey.from_public_bytes(share))
    except ValueError as error:
        raise Refusal("damaged") from error
    key = _hkdf(secret, share + identity.public_key().public_bytes_raw(), b"age-encryption.org/v1/X25519")
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), sealed, None)
    except InvalidTag:
        return None


def _age_file_key(stanzas: list[tuple[bytes, bytes]], keys: list[Context]) -> bytes:
    for key in keys:
        scalar = _bech32_key(key["identity"].lower(), _AGE_IDENTITY)
        if scalar is None:
            continue
        identity = X25519PrivateKey.from_private_bytes(scalar)
        for share, sealed in stanzas:
            file_key = _age_unwrap(share, sealed, identity)
            if file_key is not None:
                return file_key
    raise Refusal("not-for-us")


def _age_payload(key: bytes, payload: bytes) -> bytes:
    """Decrypt the STREAM of chunks: an 11 byte counter and a flag on the last one; only a whole payload may be an empty chunk."""
    cipher = ChaCha20Poly1305(key)
    last = max(0, (len(payload) - 1) // _AGE_CHUNK)
    chunks = []
    for number in range(last + 1):
        nonce = number.to_bytes(11, "big") + bytes([number == last])
        try:
            chunks.append(cipher.decrypt(nonce, payload[number * _AGE_CHUNK : (number + 1) * _AGE_CHUNK], None))
        except InvalidTag as error:
            raise Refusal("damaged") from error
    _require(last == 0 or chunks[-1] != b"", "damaged")
    return b"".join(chunks)


def _age_decrypt(_header: bytes, ciphertext: bytes, keys: list[Context]) -> bytes:
    header = _AGE_HEADER.match(ciphertext)
    if header is None:
        raise Refusal("damaged")
    mac = _base64(header[2][1:-1])
    file_key = _age_file_key(_age_stanzas(header), keys)
    expected = hmac.digest(_hkdf(file_key, b"", b"header"), ciphertext[: header.start(2)], "sha256")
    _require(hmac.compare_digest(mac, expected), "damaged")
    nonce, payload = ciphertext[header.end() : header.end() + 16], ciphertext[header.end() + 16 :]
    _require(len(nonce) == 16, "damaged")
    return _age_payload(_hkdf(file_key, nonce, b"payload"), payload)


def _ed25519_verify(signing_key: str, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(signing_key)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_age_recipient(value: Any) -> bool:
    return isinstance(value, str) and _bech32_key(value, _AGE_RECIPIENT) is not None


# --- the second suite: SM2, SM3 and SM4-GCM

_SM2 = ECDLP(
    0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF,
    0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC,
    0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93,
    (0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7, 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0),
    0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123,
)
_SM2_PRIME = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_SM2_IDENTITY = b"1234567812345678"
_SM2_STANZA = 16 + 65 + 32 + 16


def _sm2_core() -> Any:
    return SM2Core(_SM2, SM3())


def _sm2_point(data: bytes) -> tuple[int, int] | None:
    """The point of 64 bytes x and y, or None when it is not on the curve."""
    point = int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big")
    return point if max(point) < _SM2_PRIME and _SM2.ec.isvalid(point) else None


def _sm2_unwrap(stanza: bytes, scalar: int) -> bytes:
    """The SM4 key of a stanza (without its tag)."""
    point = _sm2_point(stanza[1:65])
    if stanza[0] != 4 or point is None:
        raise Refusal("damaged")
    try:
        return bytes(_sm2_core().decrypt(point, stanza[97:], stanza[65:97], scalar))
    except GMError as error:
        raise Refusal("damaged") from error


def _sm2_file_key(stanzas: list[bytes], keys: list[Context]) -> bytes:
    """The SM4 key from the first stanza with a tag of ours; that stanza decides."""
    ours = {_sm3(bytes.fromhex(key["recipient"][3:]))[:16]: int(key["identity"], 16) for key in keys}
    for stanza in stanzas:
        if stanza[:16] in ours:
            return _sm2_unwrap(stanza[16:], ours[stanza[:16]])
    raise Refusal("not-for-us")


def _sm2_decrypt(header: bytes, ciphertext: bytes, keys: list[Context]) -> bytes:
    count = ciphertext[0] if ciphertext else 0
    end = 1 + count * _SM2_STANZA
    _require(1 <= count <= READERS_MAX and len(ciphertext) >= end, "damaged")
    file_key = _sm2_file_key([ciphertext[at : at + _SM2_STANZA] for at in range(1, end, _SM2_STANZA)], keys)
    nonce, body, tag = ciphertext[end : end + 12], ciphertext[end + 12 : -16], ciphertext[-16:]
    _require(len(ciphertext) >= end + 12 + 16, "damaged")
    decryptor = Cipher(algorithms.SM4(file_key), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(header + ciphertext[:end])
    try:
        return decryptor.update(body) + decryptor.finalize()
    except InvalidTag as error:
        raise Refusal("damaged") from error


def _sm2_verify(signing_key: str, signature: bytes, message: bytes) -> bool:
    point = _sm2_point(bytes.fromhex(signing_key))
    if point is None:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    return bool(_sm2_core().verify(message, r, s, _SM2_IDENTITY, point))


def _is_sm2_key(value: Any) -> bool:
    return _is_hex(128)(value) and _sm2_point(bytes.fromhex(value)) is not None


def _is_sm2_recipient(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("sm2") and _is_sm2_key(value[3:])


# --- the manifest, paragraph 5


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _is_counted(value: Any) -> bool:
    return _is_whole(value) and value > 0


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool)


def _is_like(pattern: str) -> Shape:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_hex(length: int) -> Shape:
    return _is_like(f"[0-9a-f]{{{length}}}")


def _is_null_or(shape: Shape) -> Shape:
    return lambda value: value is None or shape(value)


def _is_list(shape: Shape, least: int = 0, most: int | None = None) -> Shape:
    return lambda value: isinstance(value, list) and least <= len(value) and (most is None or len(value) <= most) and all(map(shape, value))


def _is_map(name: Shape, shape: Shape) -> Shape:
    return lambda value: isinstance(value, dict) and all(name(key) and shape(item) for key, item in value.items())


def _is_object(**shapes: Shape) -> Shape:
    return lambda value: isinstance(value, dict) and all(key in value and shape(value[key]) for key, shape in shapes.items())


def _is_instant(value: Any) -> bool:
    if not _is_like(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")(value):
        return False
    try:
        datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def _is_part(value: Any) -> bool:
    return _is_object(name=_is_name, size=_is_whole, digest=_is_digest, plain_size=_is_whole)(value) and _is_truth(value.get("file", False))


def _is_covers(value: Any) -> bool:
    return _is_object(after=_is_whole, to=_is_whole, against=_is_null_or(_is_whole))(value) and value["after"] <= value["to"]


_is_id = _is_like("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_is_name = _is_like("[a-z_]{1,40}")
_is_digest = _is_hex(64)
_is_counts = _is_map(_is_name, _is_object(count=_is_whole, digest=_is_digest))

_COMMON = _is_object(
    practice=_is_truth,
    union=_is_object(id=_is_id, uscc=_is_text, name=_is_text),
    addressee=_is_text,
    readers=_is_list(_is_text, 1, READERS_MAX),
    sender=_is_object(signing_key=_is_text, recipient=_is_text),
    series=_is_counted,
    previous=_is_null_or(_is_digest),
    schema=_is_like("[0-9]{4}"),
    program=_is_text,
    made_at=_is_instant,
    tables=_is_counts,
    parts=_is_list(_is_part),
)
_BY_DIRECTION: dict[str, Shape] = {
    "up": _is_object(
        pending=_is_list(_is_object(series=_is_counted, digest=_is_digest), most=PENDING_MAX),
        covers=_is_covers,
        device=_is_hex(16),
        answered=_is_whole,
        purposes=_is_list(_is_text),
        state=_is_counts,
    ),
    "down": _is_object(),
    "door": _is_object(),
    "opinion": _is_object(reviewer=_is_object(id=_is_id, name=_is_text), encloses=_is_digest),
}


_SURROGATE = re.compile("[\ud800-\udfff]")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key twice")
    return members


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def _number(text: str) -> int | float:
    digits = text.lstrip("-")
    if (digits.isdigit() and len(digits) > DIGITS_MAX) or math.isinf(float(text)):
        raise ValueError(text[:40])
    return int(text) if digits.isdigit() else float(text)


def _children(value: Any) -> list[Any]:
    """What is directly inside an object (its keys, too) or a list."""
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _is_sound(value: Any) -> bool:
    """Whether nothing is nested too deep (the outermost is depth 1) and no text has half of a surrogate pair."""
    depth = 0
    level = [value]
    while level:
        if any(isinstance(item, str) and _SURROGATE.search(item) for item in level):
            return False
        depth += any(isinstance(item, dict | list) for item in level)
        level = [child for item in level for child in _children(item)]
    return depth <= DEPTH_MAX


def _parse_manifest(data: bytes) -> Manifest:
    try:
        manifest = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_number, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise Refusal("damaged") from error
    if not isinstance(manifest, dict) or not _is_sound(manifest):
        raise Refusal("damaged")
    return manifest


def _check_manifest(manifest: Manifest) -> None:
    """Step 5: format, version, shapes, limits, in this order."""
    _require(manifest.get("format") == "uniondesk-package", "damaged")
    version = manifest.get("version")
    _require(type(version) is int and version == 1, "unknown-version")
    direction = manifest.get("direction")
    _require(isinstance(direction, str) and direction in _BY_DIRECTION, "damaged")
    _require(_COMMON(manifest) and _BY_DIRECTION[manifest["direction"]](manifest), "damaged")
    parts = manifest["parts"]
    _require(len(parts) <= PARTS_MAX, "too-large")
    _require(all(part["size"] <= PART_MAX for part in parts), "too-large")
    _require(sum(part["plain_size"] for part in parts) <= UNPACKED_MAX, "too-large")


# --- steps 1 to 6

_FIRST = Suite("age-x25519+ed25519", lambda data: hashlib.sha256(data).digest(), _age_decrypt, _ed25519_verify, _is_hex(64), _is_age_recipient)
_SECOND = Suite("sm2-sm4gcm+sm2-sm3", _sm3, _sm2_decrypt, _sm2_verify, _is_sm2_key, _is_sm2_recipient)
_SUITES = {suite.name: suite for suite in (_FIRST, _SECOND)}


def _read_header(body: bytes) -> tuple[Suite, bytes]:
    """Step 2."""
    end = body.find(b"\n", 0, HEADER_MAX)
    _require(end >= 0 and body.startswith(MAGIC), "not-a-package")
    version, _, name = body[len(MAGIC) : end].partition(b" ")
    _require(version == b"1", "unknown-version")
    suite = _SUITES.get(name.decode("latin-1"))
    if suite is None:
        raise Refusal("unknown-suite")
    return suite, body[: end + 1]


def _open(body: bytes, keys: list[Context]) -> Opened:
    """Steps 1 to 6."""
    _require(len(body) <= FILE_MAX, "too-large")
    suite, header = _read_header(body)
    content = suite.decrypt(header, body[len(header) :], [key for key in keys if key["suite"] == suite.name])
    _require(len(content) >= 8 and content.startswith(b"UDP1"), "damaged")
    length = int.from_bytes(content[4:8], "big")
    parts_at = 8 + length + SIGNATURE_SIZE
    _require(2 <= length <= MANIFEST_MAX and len(content) >= parts_at, "damaged")
    data = content[8 : 8 + length]
    manifest = _parse_manifest(data)
    _check_manifest(manifest)
    sender = manifest["sender"]
    _require(suite.signing_key(sender["signing_key"]) and suite.recipient(sender["recipient"]), "damaged")
    signed = b"uniondesk-package-v1\n" + header + data
    _require(suite.verify(sender["signing_key"], content[8 + length : parts_at], signed), "bad-signature")
    return Opened(suite, manifest, content, parts_at)


# --- step 7


def _fingerprint(key: Context) -> str:
    data = bytes.fromhex(key["signing_key"]) + key["recipient"].encode("ascii")
    digits = _SUITES[key["suite"]].digest(data)[:16].hex().upper()
    return " ".join(digits[at : at + 4] for at in range(0, 32, 4))


def _proves(sender: dict[str, Any], known: Context, owner: str) -> bool:
    """Whether the sender's new keys carry a valid proof (par. 7) by the known ones."""
    proof: Any = sender.get("proof")
    if not _is_object(signing_key=_is_text, signature=_is_hex(2 * SIGNATURE_SIZE))(proof) or proof["signing_key"] != known["signing_key"]:
        return False
    suite = next((suite for suite in _SUITES.values() if suite.signing_key(proof["signing_key"])), None)
    message = "\n".join(("uniondesk-rotation-v1", owner, sender["signing_key"], sender["recipient"])).encode()
    return suite is not None and suite.verify(proof["signing_key"], bytes.fromhex(proof["signature"]), message)


def _is_addressed(manifest: Manifest, context: Context) -> bool:
    ours = {_fingerprint(key) for key in context["keys"]}
    if context.get("street", False) and manifest["direction"] == "up":
        return not ours.isdisjoint(manifest["readers"])
    return manifest["addressee"] in ours and manifest["addressee"] in manifest["readers"]


def _is_known_sender(manifest: Manifest, context: Context) -> bool:
    sender, known = manifest["sender"], context["sender"]
    if known is None or all(sender[key] == known[key] for key in ("signing_key", "recipient")):
        return True
    owner = manifest["union"]["id"] if manifest["direction"] in ("up", "door") else context.get("sender_id", "")
    return _proves(sender, known, owner) and context.get("standing") != "revoked"


def _check_envelope(manifest: Manifest, context: Context) -> None:
    """Step 7: is it meant for this reader, and from whom it should be."""
    _require(manifest["direction"] == context["direction"], "wrong-direction")
    _require(manifest["practice"] == context["practice"], "practice")
    _require(_is_addressed(manifest, context), "wrong-addressee")
    _require(context["union"] in (None, manifest["union"]["id"]), "wrong-union")
    _require(_is_known_sender(manifest, context), "unknown-sender")
    _require("standing" not in context, context.get("standing", ""))


# --- steps 8 and 10


def _padme(length: int) -> int:
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return (length + step - 1) // step * step


def _packed_parts(package: Opened) -> list[bytes]:
    """Step 8: the packed bytes of each part."""
    parts = package.manifest["parts"]
    names = [part["name"] for part in parts]
    lined = {part["name"] for part in parts if not part.get("file")}
    _require(len(set(names)) == len(names) and lined == set(package.manifest["tables"]), "bad-part")
    packed = []
    at = package.parts_at
    for part in parts:
        data = package.content[at : at + part["size"]]
        at += part["size"]
        _require(len(data) == part["size"] and package.suite.digest(data).hex() == part["digest"], "bad-part")
        packed.append(data)
    _require(len(package.content) == _padme(at) and not any(package.content[at:]), "bad-part")
    return packed


def _frame_pieces(packed: bytes) -> Iterator[bytes]:
    """Unpack one Zstandard frame piece by piece; small steps, so that nothing grows far before it is counted."""
    frame = zstandard.ZstdDecompressor(max_window_size=WINDOW_MAX).decompressobj()
    for at in range(0, len(packed), 1024):
        yield frame.decompress(packed[at : at + 1024])
        if frame.eof:
            _require(not frame.unused_data and at + 1024 >= len(packed), "bad-part")
            return
    raise Refusal("bad-part")


def _unpack(packed: bytes, plain_size: int) -> bytes:
    _require(packed.startswith(zstandard.FRAME_HEADER), "bad-part")
    plain = bytearray()
    try:
        _require(zstandard.get_frame_parameters(packed).window_size <= WINDOW_MAX, "bad-part")
        for piece in _frame_pieces(packed):
            plain += piece
            _require(len(plain) <= plain_size, "bad-part")
    except zstandard.ZstdError as error:
        raise Refusal("bad-part") from error
    _require(len(plain) == plain_size, "bad-part")
    return bytes(plain)


def _check_lines(plain: bytes, table: dict[str, Any], suite: Suite) -> None:
    lines = plain.split(b"\n")
    _require(lines.pop() == b"", "bad-part")
    _require(len(lines) == table["count"] and suite.digest(plain).hex() == table["digest"], "bad-part")
    _require(all(1 <= len(line) < LINE_MAX for line in lines), "bad-part")


def _unpacked_parts(package: Opened, packed: list[bytes]) -> dict[str, bytes]:
    """Step 10."""
    unpacked = {}
    for part, data in zip(package.manifest["parts"], packed, strict=True):
        plain = _unpack(data, part["plain_size"])
        if not part.get("file"):
            _check_lines(plain, package.manifest["tables"][part["name"]], package.suite)
        unpacked[part["name"]] = plain
    return unpacked


# --- step 9


def _series_up(manifest: Manifest, digest: str, office: Context) -> str:
    """The table of par. 9: "ok" (merge), "again" or a refusal."""
    series, covers, last = manifest["series"], manifest["covers"], office["last"]
    known: dict[int, str] = {int(number): value for number, value in office["known"].items()}
    if series in office["merged"] and known.get(series) == digest:
        return "again"
    if covers["against"] is not None:
        return "ok" if covers["against"] == office["holdings"] and last < series <= last + SERIES_AHEAD else "stale"
    claims = [(series, digest), (series - 1, manifest["previous"])] + [(item["series"], item["digest"]) for item in manifest["pending"]]
    if any(known.get(number, claim) != claim for number, claim in claims):
        return "forked"
    if series <= last:
        return "replayed" if series in known else "forked"
    if series > last + SERIES_AHEAD:
        return "series-jump"
    return "gap" if covers["after"] > office["reached"] else "ok"


def _series(manifest: Manifest, digest: str, context: Context) -> str:
    """Step 9."""
    known: Context | None = context["known"]
    if known is None:
        return "ok"
    if manifest["direction"] == "up":
        return _series_up(manifest, digest, known)
    if manifest["series"] > known["last"]:
        return "ok"
    return "again" if manifest["series"] == known["last"] and digest == known["digest"] else "replayed"


# --- step 11


def _check_enclosed(package: Opened, plain: bytes | None, keys: list[Context]) -> None:
    """Step 11. Whether the enclosed file is good is found when it is read by itself."""
    manifest = package.manifest
    if plain is None or package.suite.digest(plain).hex() != manifest["encloses"]:
        raise Refusal("bad-part")
    try:
        union = _open(plain, keys).manifest["union"]["id"]
    except Refusal:
        return
    _require(union == manifest["union"]["id"], "bad-part")


# --- the whole


def _read(body: bytes, context: Context) -> Reading:
    package = _open(body, context["keys"])
    manifest = package.manifest
    _check_envelope(manifest, context)
    packed = _packed_parts(package)
    result = _series(manifest, package.suite.digest(body).hex(), context)
    _require(result in ("ok", "again"), result)
    parts = _unpacked_parts(package, packed)
    if manifest["direction"] == "opinion":
        enclosed = [part["name"] for part in manifest["parts"] if part["name"] == "enclosed" and part.get("file")]
        _check_enclosed(package, parts["enclosed"] if enclosed else None, context["keys"])
    return Reading(result, manifest, parts)


def read(body: bytes, context: dict[str, Any]) -> Reading:
    """Read one file in the order of paragraph 8; any bytes at all give a Reading."""
    try:
        return _read(body, context)
    except Refusal as refusal:
        return Reading(refusal.code)


def resolved(context: Context, keys: dict[str, Context]) -> Context:
    """A context of index.json with the names of keys replaced by what keys.json has of them."""
    sender = context["sender"]
    if isinstance(sender, str):
        sender = {name: keys[sender][name] for name in ("signing_key", "recipient")}
    return context | {"keys": [keys[key] if isinstance(key, str) else key for key in context["keys"]], "sender": sender}


def main(arguments: list[str]) -> int:
    """Read every file that FOLDER/index.json names and tell where the result is another than the one written there."""
    if len(arguments) != 1:
        print("use: python second_reader.py FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    cases = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    keys = json.loads((folder / "keys.json").read_text(encoding="utf-8"))
    wrong = 0
    for case in cases:
        result = read((folder / case["file"]).read_bytes(), resolved(case["context"], keys)).result
        if result != case["result"]:
            wrong += 1
            print(f"{case['file']}: {result}, expected {case['result']}: {case['about']}")
    print(f"{len(cases)} files read, {wrong} disagreements")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
