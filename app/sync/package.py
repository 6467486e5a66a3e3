"""The package, as FORMAT.md says: sealing and opening. Nothing is believed before it is verified."""

import json
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

from app.sync import manifest as manifests
from app.sync.keys import KeyRing, PrivateKeys, Proof, PublicKeys, follows
from app.sync.manifest import MOST_FILE, MOST_LINE, MOST_MANIFEST
from app.sync.refusals import PackageRefused, Refusal
from app.sync.suites import SUITES, Broken, NotForUs, Suite
from db.problems import UserError

CONTEXT = b"uniondesk-package-v1\n"
MAGIC = b"UDP1"
_BEGINNING = b"UNIONDESK-PACKAGE/"
UP_SUFFIX, DOWN_SUFFIX, OPINION_SUFFIX = ".udpkg", ".udrcpt", ".udopn"
LEVEL = 3
Progress = Callable[[int, int], None]
Pinned = Callable[[str], PublicKeys | None]
"""A union's id to the keys that alone may speak for it, None while it is not enrolled."""


@dataclass(frozen=True)
class Part:
    """One part before packing: JSON lines, or the bytes of a file."""

    name: str
    lines: Sequence[bytes] = ()
    body: bytes | None = None

    @property
    def plain(self) -> bytes:
        if self.body is not None:
            return self.body
        return b"\n".join(self.lines) + (b"\n" if self.lines else b"")


@dataclass(frozen=True)
class Sealed:
    """A finished package in memory and what the slip says of it."""

    body: bytes
    digest: str
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Expected:
    """Whom a reader takes packages from, and as whom: FORMAT.md, 8, step 7. What is None is not asked."""

    direction: str
    practice: bool
    sender: PublicKeys | Pinned | None = None
    union_id: str | None = None
    sender_id: str | None = None
    """The id in the key file of the district (down) or street union (opinion), which a proof of rotation must speak of."""
    as_street: bool = False


@dataclass(frozen=True)
class Opened:
    """A verified package. `lines` and `file` unpack a part, counting as they go."""

    manifest: Mapping[str, Any]
    digest: str
    sender: PublicKeys
    suite: Suite
    size: int
    _packed: Mapping[str, bytes] = field(repr=False)

    @property
    def series(self) -> int:
        return int(self.manifest["series"])

    @property
    def union(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.manifest["union"]
        return found

    @property
    def part_names(self) -> list[str]:
        return [part["name"] for part in self.manifest["parts"]]

    def file(self, name: str) -> bytes:
        """The bytes of a part. PackageRefused when it is not there or not as the manifest says."""
        about = next((p for p in self.manifest["parts"] if p["name"] == name), None)
        if about is None:
            raise PackageRefused(Refusal.BAD_PART)
        return _unpack(self._packed[name], int(about["plain_size"]))

    def lines(self, name: str) -> list[bytes]:
        """The lines of a part, all verified before the first is given."""
        return self._verified_lines(name).split(b"\n")[:-1]

    def _verified_lines(self, name: str) -> bytes:
        plain, table = self.file(name), self.manifest["tables"].get(name)
        if table is None or plain[-1:] not in (b"", b"\n") or plain.count(b"\n") != table["count"] or self.suite.digest(plain).hex() != table["digest"]:
            raise PackageRefused(Refusal.BAD_PART)
        if plain[:1] == b"\n" or b"\n\n" in plain or _has_too_long_a_line(plain):
            raise PackageRefused(Refusal.BAD_PART)
        return plain

    def enclosed(self) -> bytes:
        """The package inside one of direction `opinion`, still sealed; verified to be the one that is named (FORMAT.md, 12)."""
        about: Mapping[str, Any] = next((p for p in self.manifest["parts"] if p["name"] == "enclosed"), {})
        body = self.file("enclosed")
        if not about.get("file") or self.suite.digest(body).hex() != self.manifest["encloses"]:
            raise PackageRefused(Refusal.BAD_PART)
        return body

    def check_parts(self) -> None:
        """Unpack everything once, keeping nothing: step 10 of FORMAT.md, 8."""
        for part in self.manifest["parts"]:
            if part.get("file"):
                self.file(part["name"])
            else:
                self._verified_lines(part["name"])


def _has_too_long_a_line(plain: bytes) -> bool:
    """Whether a line with its LF is longer than `MOST_LINE`. Only where half as many bytes hold no LF does it have to look closely."""
    half = MOST_LINE // 2
    if all(plain.rfind(b"\n", start, start + half) >= 0 for start in range(0, len(plain) - half, half)):
        return False
    return max(map(len, plain.split(b"\n"))) >= MOST_LINE


def open_enclosed(outer: Opened, *, keys: PrivateKeys | KeyRing, expected: Expected) -> Opened:
    """The office's package inside an opinion, as if it had come alone. PackageRefused as for any, and when it is another union's."""
    check_enclosed(outer, keys=keys)
    return open_bytes(outer.enclosed(), keys=keys, expected=expected)


def check_enclosed(outer: Opened, *, keys: PrivateKeys | KeyRing) -> None:
    """Step 11 of FORMAT.md, 8. Whether the enclosed file is good is found when it is read by itself."""
    body = outer.enclosed()
    try:
        manifest = _verified(body, KeyRing.of(keys))[1]
    except PackageRefused:
        return
    if manifest["union"]["id"] != outer.union["id"]:
        raise PackageRefused(Refusal.BAD_PART)


def padme(length: int) -> int:
    """The padded length: at most 12 % more, and hardly anything to be learnt from it (Nikitin et al. 2019)."""
    if length < 2:
        return length
    e = length.bit_length() - 1
    last = e - e.bit_length()
    mask = (1 << last) - 1
    return (length + mask) & ~mask


def seal(
    manifest: Mapping[str, Any], parts: Sequence[Part], *, sender: PrivateKeys, to: PublicKeys | Sequence[PublicKeys], proof: Proof | None = None, progress: Progress | None = None
) -> Sealed:
    """Pack, sign, encrypt; the addressee is the first of `to`. `manifest` lacks the keys that follow from parts, sender and readers; they are added."""
    readers = (to,) if isinstance(to, PublicKeys) else tuple(to)
    suite, own = sender.suite, sender.public
    if any(reader.suite is not suite for reader in readers):
        raise UserError("双方钥匙用的加密方式不同，不能这样发送。请换用同一种加密方式的钥匙文件。")
    packer = zstandard.ZstdCompressor(level=LEVEL)
    packed: list[bytes] = []
    tables, about = {}, []
    for n, part in enumerate(parts):
        if progress:
            progress(n, len(parts) + 1)
        plain = part.plain
        packed.append(packer.compress(plain))
        about.append({"name": part.name, "size": len(packed[-1]), "digest": suite.digest(packed[-1]).hex(), "plain_size": len(plain), **({"file": True} if part.body is not None else {})})
        if part.body is None:
            tables[part.name] = {"count": len(part.lines), "digest": suite.digest(plain).hex()}
    full = {
        **manifest, "format": manifests.FORMAT, "version": manifests.VERSION, "addressee": readers[0].fingerprint, "readers": [reader.fingerprint for reader in readers],
        "sender": {"signing_key": own.signing_key, "recipient": own.recipient, **({"proof": proof.to_json()} if proof else {})}, "tables": tables, "parts": about,
    }
    raw = json.dumps(full, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    manifests.parse(raw)  # what we send must be what we would take
    content = b"".join((MAGIC, struct.pack(">I", len(raw)), raw, sender.sign(CONTEXT + suite.header + raw), *packed))
    content += bytes(padme(len(content)) - len(content))
    sealed = suite.header + suite.encrypt(content, [reader.recipient for reader in readers])
    return Sealed(sealed, suite.digest(sealed).hex(), full)


def read_file(path: Path) -> bytes:
    """The bytes of a file on a stick. UserError when it is too large or cannot be read."""
    try:
        if path.stat().st_size > MOST_FILE:
            raise PackageRefused(Refusal.TOO_LARGE)
        return path.read_bytes()
    except OSError as e:
        raise UserError(f"读不出“{path.name}”，请检查 U 盘是否还插着。") from e


def open_file(path: Path, *, keys: PrivateKeys | KeyRing, expected: Expected) -> Opened:
    """`open_bytes` for a file on a stick."""
    return open_bytes(read_file(path), keys=keys, expected=expected)


def open_bytes(body: bytes, *, keys: PrivateKeys | KeyRing, expected: Expected) -> Opened:
    """Decrypt and verify: steps 1 to 8 of FORMAT.md, 8. PackageRefused at the first that fails."""
    ring = KeyRing.of(keys)
    suite, manifest, who, content, used = _verified(body, ring)
    _check_who(manifest, who, ring, expected)
    return Opened(manifest, suite.digest(body).hex(), who, suite, len(body), _parts(suite, manifest, content[used:], used))


def _verified(body: bytes, ring: KeyRing) -> tuple[Suite, dict[str, Any], PublicKeys, bytes, int]:
    """Steps 1 to 6: suite, manifest, who signed it, the content, and how much of that comes before the parts."""
    if len(body) > MOST_FILE:
        raise PackageRefused(Refusal.TOO_LARGE)
    suite, ciphertext = _suite_of(body)
    content = _decrypt(suite, ciphertext, ring)
    raw, signature, rest = _split(content)
    manifest = manifests.parse(raw)
    who = PublicKeys(manifest["sender"]["signing_key"], manifest["sender"]["recipient"])
    if not suite.are_keys(who.signing_key, who.recipient):
        raise PackageRefused(Refusal.DAMAGED)
    if not who.verify(signature, CONTEXT + suite.header + raw):
        raise PackageRefused(Refusal.BAD_SIGNATURE)
    return suite, manifest, who, content, len(content) - len(rest)


def _suite_of(body: bytes) -> tuple[Suite, bytes]:
    header, newline, _ = body[:80].partition(b"\n")
    if not newline or not header.startswith(_BEGINNING):
        raise PackageRefused(Refusal.NOT_A_PACKAGE)
    version, _, name = header.removeprefix(_BEGINNING).partition(b" ")
    if version != b"1":
        raise PackageRefused(Refusal.UNKNOWN_VERSION)
    suite = SUITES.get(name.decode("latin-1"))
    if suite is None:
        raise PackageRefused(Refusal.UNKNOWN_SUITE)
    return suite, body[len(header) + 1 :]


def _decrypt(suite: Suite, ciphertext: bytes, ring: KeyRing) -> bytes:
    try:
        return suite.decrypt(ciphertext, [k.identity for k in ring.keys if k.suite is suite])
    except NotForUs:
        raise PackageRefused(Refusal.NOT_FOR_US) from None
    except Broken:
        raise PackageRefused(Refusal.DAMAGED) from None


def _split(content: bytes) -> tuple[bytes, bytes, bytes]:
    """Manifest, signature, and what follows them."""
    if len(content) < 8 or content[:4] != MAGIC:
        raise PackageRefused(Refusal.DAMAGED)
    (length,) = struct.unpack(">I", content[4:8])
    if not 2 <= length <= MOST_MANIFEST or len(content) < 8 + length + 64:
        raise PackageRefused(Refusal.DAMAGED)
    return content[8 : 8 + length], content[8 + length : 8 + length + 64], content[8 + length + 64 :]


def _check_who(manifest: Mapping[str, Any], who: PublicKeys, ring: KeyRing, expected: Expected) -> None:
    if manifest["direction"] != expected.direction:
        raise PackageRefused(Refusal.WRONG_DIRECTION)
    if manifest["practice"] != expected.practice:
        raise PackageRefused(Refusal.PRACTICE)
    ours = {k.public.fingerprint for k in ring.keys}
    if not ours & set(manifest["readers"]) or (manifest["addressee"] not in ours and not (expected.as_street and expected.direction == "up")):
        raise PackageRefused(Refusal.WRONG_ADDRESSEE)
    union = manifest["union"]["id"]
    if expected.union_id is not None and union != expected.union_id:
        raise PackageRefused(Refusal.WRONG_UNION)
    known = expected.sender(union) if callable(expected.sender) else expected.sender
    owner = expected.sender_id if expected.direction in ("down", "opinion") else union
    if known is not None and who != known and (owner is None or not follows(owner, who, known, manifest["sender"].get("proof"))):
        raise PackageRefused(Refusal.UNKNOWN_SENDER)


def _parts(suite: Suite, manifest: Mapping[str, Any], rest: bytes, used: int) -> dict[str, bytes]:
    packed: dict[str, bytes] = {}
    place = 0
    for part in manifest["parts"]:
        body = rest[place : place + part["size"]]
        if part["name"] in packed or bool(part.get("file")) == (part["name"] in manifest["tables"]):
            raise PackageRefused(Refusal.BAD_PART)
        if len(body) != part["size"] or suite.digest(body).hex() != part["digest"]:
            raise PackageRefused(Refusal.BAD_PART)
        packed[part["name"]] = body
        place += part["size"]
    padding = rest[place:]
    if manifest["tables"].keys() - packed.keys() or padding.count(0) != len(padding) or used + len(rest) != padme(used + place):
        raise PackageRefused(Refusal.BAD_PART)
    return packed


def _unpack(packed: bytes, plain_size: int) -> bytes:
    """One frame and nothing after it, unpacked while counting: the size that a frame claims is not believed (zstandard does not enforce it)."""
    try:
        claimed = zstandard.get_frame_parameters(packed)
        if packed[:4] == zstandard.FRAME_HEADER and claimed.content_size == plain_size > 0 and claimed.window_size <= 1 << 27:
            # Into a buffer of that size and no other: a frame that holds more does not fit, one that holds less is found out by libzstd.
            return zstandard.ZstdDecompressor(max_window_size=1 << 27).decompress(packed, max_output_size=plain_size, allow_extra_data=False)
    except zstandard.ZstdError:
        raise PackageRefused(Refusal.BAD_PART) from None
    unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    out = bytearray()
    try:
        for start in range(0, len(packed), _STEP):
            if unpacker.eof:
                raise PackageRefused(Refusal.BAD_PART)
            out += unpacker.decompress(packed[start : start + _STEP])
            if len(out) > plain_size:
                raise PackageRefused(Refusal.BAD_PART)
    except zstandard.ZstdError:
        raise PackageRefused(Refusal.BAD_PART) from None
    if not unpacker.eof or unpacker.unused_data or len(out) != plain_size:
        raise PackageRefused(Refusal.BAD_PART)
    return bytes(out)


_STEP = 1 << 10
"""Bytes unpacked at a time: even a bomb of 30,000 to 1 grows only so far beyond its limit before it is stopped."""


def state_of(suite: Suite, held: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    """Count and digest of live records, given as (id, hash of the line) in order of id (FORMAT.md, 10)."""
    rows = [f"{record_id} {digest.hex()}\n" for record_id, digest in held]
    return {"count": len(rows), "digest": suite.digest("".join(rows).encode()).hex()}
