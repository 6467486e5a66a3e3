"""The package, as FORMAT.md says: sealing and opening. Nothing is believed before it is verified."""

import hashlib
import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import zstandard

from app.sync.keys import PrivateKeys, PublicKeys
from db.problems import UserError

SUITE = "age-x25519+ed25519"
HEADER = f"UNIONDESK-PACKAGE/1 {SUITE}\n".encode()
CONTEXT = b"uniondesk-package-v1\n"
MAGIC = b"UDP1"
UP_SUFFIX, DOWN_SUFFIX = ".udpkg", ".udrcpt"
MOST_FILE, MOST_MANIFEST, MOST_PARTS, MOST_PACKED, MOST_PLAIN, MOST_LINE = 1 << 29, 1 << 20, 64, 1 << 28, 1 << 30, 1 << 20
LEVEL = 3
Progress = Callable[[int, int], None]
Pinned = Callable[[str], PublicKeys | None]
"""A union's id to the keys that alone may speak for it, None while it is not enrolled."""


class Refusal(StrEnum):
    TOO_LARGE = "too-large"
    NOT_A_PACKAGE = "not-a-package"
    UNKNOWN_VERSION = "unknown-version"
    UNKNOWN_SUITE = "unknown-suite"
    NOT_FOR_US = "not-for-us"
    DAMAGED = "damaged"
    BAD_SIGNATURE = "bad-signature"
    WRONG_DIRECTION = "wrong-direction"
    PRACTICE = "practice"
    WRONG_ADDRESSEE = "wrong-addressee"
    WRONG_UNION = "wrong-union"
    UNKNOWN_SENDER = "unknown-sender"
    BAD_PART = "bad-part"
    REPLAYED = "replayed"
    GAP = "gap"


SENTENCES: Mapping[Refusal, str] = {
    Refusal.TOO_LARGE: "这个文件大得不正常，没有打开。",
    Refusal.NOT_A_PACKAGE: "这不是数据包或回执文件，请选以 .udpkg 或 .udrcpt 结尾的文件。",
    Refusal.UNKNOWN_VERSION: "这个文件是更新的程序做的，请先升级本程序再打开。",
    Refusal.UNKNOWN_SUITE: "这个文件用了本程序不认识的加密方式，请先升级本程序再打开。",
    Refusal.NOT_FOR_US: "这个文件不是给我们的，钥匙打不开。请核对是不是拿错了文件。",
    Refusal.DAMAGED: "这个文件不完整或被改动过，没有使用其中任何内容。请重新拷贝一份。",
    Refusal.BAD_SIGNATURE: "这个文件的签名不对，可能被改动过，没有使用其中任何内容。",
    Refusal.WRONG_DIRECTION: "拿反了：区里收的是数据包，单位收的是回执。",
    Refusal.PRACTICE: "练习工会的文件不能当真使用，真实的文件也不能在练习里使用。",
    Refusal.WRONG_ADDRESSEE: "这个文件是报给另一个区的，没有打开。",
    Refusal.WRONG_UNION: "这是别的工会的文件，没有使用。请核对 U 盘。",
    Refusal.UNKNOWN_SENDER: "发件人的钥匙与登记的不一致，没有使用。请打电话核对指纹。",
    Refusal.BAD_PART: "文件里有一部分与清单对不上，没有使用其中任何内容。请重新拷贝一份。",
    Refusal.REPLAYED: "这是以前的旧文件，更新的已经收过，没有使用。",
    Refusal.GAP: "前面还缺一批没有收到，没有使用。",
}


class PackageRefused(UserError):
    """A package that is not taken: its code and the sentence."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(SENTENCES[refusal] + detail)
        self.refusal = refusal


@dataclass(frozen=True)
class Part:
    """One part before packing: JSON lines."""

    name: str
    lines: Sequence[bytes]


@dataclass(frozen=True)
class Sealed:
    """A finished package in memory and what the slip says of it."""

    body: bytes
    digest: str
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Opened:
    """A verified package. `lines` unpacks a part, counting as it goes."""

    manifest: Mapping[str, Any]
    digest: str
    sender: PublicKeys
    _packed: Mapping[str, bytes]

    @property
    def series(self) -> int:
        return int(self.manifest["series"])

    @property
    def union(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.manifest["union"]
        return found

    def lines(self, name: str) -> Iterator[bytes]:
        about = next(p for p in self.manifest["parts"] if p["name"] == name)
        plain = _unpack(self._packed[name], int(about["plain_size"]))
        table = self.manifest["tables"].get(name, {})
        if hashlib.sha256(plain).hexdigest() != table.get("digest"):
            raise PackageRefused(Refusal.BAD_PART)
        if plain.count(b"\n") != table.get("count"):
            raise PackageRefused(Refusal.BAD_PART)
        for line in plain.split(b"\n"):
            if len(line) > MOST_LINE:
                raise PackageRefused(Refusal.BAD_PART)
            if line:
                yield line


def padme(length: int) -> int:
    """The padded length: at most 12 % more, and hardly anything to be learnt from it (Nikitin et al. 2019)."""
    if length < 2:
        return length
    e = length.bit_length() - 1
    last = e - e.bit_length()
    mask = (1 << last) - 1
    return (length + mask) & ~mask


def seal(manifest: Mapping[str, Any], parts: Sequence[Part], *, sender: PrivateKeys, to: PublicKeys, progress: Progress | None = None) -> Sealed:
    """Pack, sign, encrypt. `manifest` lacks the keys that follow from the parts and the sender; they are added."""
    packer = zstandard.ZstdCompressor(level=LEVEL)
    packed: list[bytes] = []
    tables, about = {}, []
    for n, part in enumerate(parts):
        if progress:
            progress(n, len(parts) + 1)
        plain = b"\n".join(part.lines) + (b"\n" if part.lines else b"")
        body = packer.compress(plain)
        packed.append(body)
        tables[part.name] = {"count": len(part.lines), "digest": hashlib.sha256(plain).hexdigest()}
        about.append({"name": part.name, "size": len(body), "digest": hashlib.sha256(body).hexdigest(), "plain_size": len(plain)})
    full = {
        **manifest, "format": "uniondesk-package", "version": 1, "addressee": to.fingerprint,
        "sender": {"signing_key": sender.public.signing_key, "recipient": sender.public.recipient}, "tables": tables, "parts": about,
    }
    body = json.dumps(full, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    content = b"".join((MAGIC, struct.pack(">I", len(body)), body, sender.signing.sign(CONTEXT + HEADER + body), *packed))
    content += bytes(padme(len(content)) - len(content))
    sealed = HEADER + pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(to.recipient)])
    return Sealed(sealed, hashlib.sha256(sealed).hexdigest(), full)


def open_file(path: Path, **expected: Any) -> Opened:
    """`open_bytes` for a file on a stick."""
    try:
        if path.stat().st_size > MOST_FILE:
            raise PackageRefused(Refusal.TOO_LARGE)
        body = path.read_bytes()
    except OSError as e:
        raise UserError(f"读不出“{path.name}”，请检查 U 盘是否还插着。") from e
    return open_bytes(body, **expected)


def open_bytes(body: bytes, *, keys: PrivateKeys, direction: str, practice: bool, sender: PublicKeys | Pinned | None = None, union_id: str | None = None) -> Opened:
    """Decrypt and verify, in the order of FORMAT.md, 6. `sender` (or what it gives for the union) and `union_id`, where given, must be who it is from and about."""
    if len(body) > MOST_FILE:
        raise PackageRefused(Refusal.TOO_LARGE)
    content = _decrypt(body, keys)
    manifest, raw, signature, rest = _split(content)
    who = _sender_of(manifest)
    if not who.verify(signature, CONTEXT + HEADER + raw):
        raise PackageRefused(Refusal.BAD_SIGNATURE)
    if manifest["direction"] != direction:
        raise PackageRefused(Refusal.WRONG_DIRECTION)
    if bool(manifest["practice"]) != practice:
        raise PackageRefused(Refusal.PRACTICE)
    if manifest["addressee"] != keys.public.fingerprint:
        raise PackageRefused(Refusal.WRONG_ADDRESSEE)
    pinned = sender(str(manifest["union"]["id"])) if callable(sender) else sender
    if pinned is not None and who != pinned:
        raise PackageRefused(Refusal.UNKNOWN_SENDER)
    if union_id is not None and manifest["union"]["id"] != union_id:
        raise PackageRefused(Refusal.WRONG_UNION)
    used = len(content) - len(rest)
    return Opened(manifest, hashlib.sha256(body).hexdigest(), who, _parts(manifest, rest, used))


def _decrypt(body: bytes, keys: PrivateKeys) -> bytes:
    header, newline, _ = body[:80].partition(b"\n")
    if not newline or not header.startswith(b"UNIONDESK-PACKAGE/"):
        raise PackageRefused(Refusal.NOT_A_PACKAGE)
    version, _, suite = header.removeprefix(b"UNIONDESK-PACKAGE/").partition(b" ")
    if version != b"1":
        raise PackageRefused(Refusal.UNKNOWN_VERSION)
    if suite != SUITE.encode():
        raise PackageRefused(Refusal.UNKNOWN_SUITE)
    try:
        content: bytes = pyrage.decrypt(body[len(header) + 1 :], [keys.identity])
    except pyrage.DecryptError as e:
        wrong_key = "no matching keys" in str(e).lower()
        raise PackageRefused(Refusal.NOT_FOR_US if wrong_key else Refusal.DAMAGED) from None
    return content


def _split(content: bytes) -> tuple[dict[str, Any], bytes, bytes, bytes]:
    if len(content) < 8 or content[:4] != MAGIC:
        raise PackageRefused(Refusal.DAMAGED)
    (length,) = struct.unpack(">I", content[4:8])
    if not 2 <= length <= MOST_MANIFEST or len(content) < 8 + length + 64:
        raise PackageRefused(Refusal.DAMAGED)
    raw = content[8 : 8 + length]
    try:
        manifest = json.loads(raw)
    except (ValueError, RecursionError):
        raise PackageRefused(Refusal.DAMAGED) from None
    if not isinstance(manifest, dict) or manifest.get("format") != "uniondesk-package":
        raise PackageRefused(Refusal.DAMAGED)
    if manifest.get("version") != 1:
        raise PackageRefused(Refusal.UNKNOWN_VERSION)
    _check_shape(manifest)
    return manifest, raw, content[8 + length : 8 + length + 64], content[8 + length + 64 :]


class _PartShape(msgspec.Struct):
    name: str
    size: int
    digest: str
    plain_size: int


class _TableShape(msgspec.Struct):
    count: int
    digest: str


class _UnionShape(msgspec.Struct):
    id: str
    uscc: str
    name: str


class _SenderShape(msgspec.Struct):
    signing_key: str
    recipient: str


class _CoversShape(msgspec.Struct):
    after: int
    to: int


class _ManifestShape(msgspec.Struct):
    direction: str
    practice: bool
    union: _UnionShape
    addressee: str
    sender: _SenderShape
    series: int
    previous: str | None
    covers: _CoversShape
    schema: str
    program: str
    made_at: str
    tables: dict[str, _TableShape]
    parts: list[_PartShape]


def _check_shape(manifest: dict[str, Any]) -> None:
    try:
        shape = msgspec.convert(manifest, _ManifestShape)
    except msgspec.ValidationError:
        raise PackageRefused(Refusal.DAMAGED) from None
    sizes = [(p.size, p.plain_size) for p in shape.parts]
    if len(sizes) > MOST_PARTS or sum(plain for _, plain in sizes) > MOST_PLAIN or any(not 0 <= size <= MOST_PACKED or not 0 <= plain <= MOST_PLAIN for size, plain in sizes):
        raise PackageRefused(Refusal.TOO_LARGE)


def _sender_of(manifest: Mapping[str, Any]) -> PublicKeys:
    who = PublicKeys(manifest["sender"]["signing_key"], manifest["sender"]["recipient"])
    try:
        bytes.fromhex(who.signing_key)
        pyrage.x25519.Recipient.from_str(who.recipient)
    except (ValueError, pyrage.RecipientError):
        raise PackageRefused(Refusal.DAMAGED) from None
    return who


def _parts(manifest: Mapping[str, Any], rest: bytes, used: int) -> dict[str, bytes]:
    packed, place = {}, 0
    for part in manifest["parts"]:
        body = rest[place : place + part["size"]]
        if len(body) != part["size"] or hashlib.sha256(body).hexdigest() != part["digest"] or part["name"] in packed:
            raise PackageRefused(Refusal.BAD_PART)
        packed[part["name"]] = body
        place += part["size"]
    padding = rest[place:]
    if padding.count(0) != len(padding) or used + len(rest) != padme(used + place):
        raise PackageRefused(Refusal.BAD_PART)
    return packed


def _unpack(packed: bytes, plain_size: int) -> bytes:
    """Unpack counting: the size that a frame claims is not believed (zstandard does not enforce it)."""
    out = bytearray()
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(packed) as reader:
            while chunk := reader.read(1 << 20):
                out += chunk
                if len(out) > plain_size:
                    raise PackageRefused(Refusal.BAD_PART)
    except zstandard.ZstdError:
        raise PackageRefused(Refusal.BAD_PART) from None
    if len(out) != plain_size:
        raise PackageRefused(Refusal.BAD_PART)
    return bytes(out)
