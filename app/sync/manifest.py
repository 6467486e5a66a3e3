"""The manifest: strict JSON, its shape, its limits (FORMAT.md, 5 and 14). What is not known is kept."""

import json
from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from app.sync.refusals import PackageRefused, Refusal

MOST_FILE, MOST_MANIFEST, MOST_PARTS, MOST_PACKED, MOST_PLAIN, MOST_LINE = 1 << 28, 1 << 20, 64, 1 << 28, 1 << 29, 1 << 20
DEEPEST = 32
FORMAT, VERSION = "uniondesk-package", 1

Whole = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Series = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}\\Z")]
Id = Annotated[str, Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\Z")]
Name = Annotated[str, Meta(pattern="^[a-z_]{1,40}\\Z")]
Instant = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z\Z")]


class _Table(msgspec.Struct):
    count: Whole
    digest: Digest


class _Part(msgspec.Struct):
    name: Name
    size: Whole
    digest: Digest
    plain_size: Whole
    file: bool = False


class _Union(msgspec.Struct):
    id: Id
    uscc: str
    name: str


class _Sender(msgspec.Struct):
    signing_key: str
    recipient: str


class _Sent(msgspec.Struct):
    series: Series
    digest: Digest


class _Covers(msgspec.Struct):
    after: Whole
    to: Whole
    against: Whole | None


class _Reviewer(msgspec.Struct):
    id: Id
    name: str


class _Common(msgspec.Struct):
    practice: bool
    union: _Union
    addressee: str
    readers: Annotated[list[str], Meta(min_length=1, max_length=16)]
    sender: _Sender
    series: Series
    previous: Digest | None
    schema: Annotated[str, Meta(pattern="^[0-9]{4}\\Z")]
    program: str
    made_at: Instant
    tables: dict[Name, _Table]
    parts: list[_Part]


class _Up(_Common):
    pending: Annotated[list[_Sent], Meta(max_length=1000)]
    covers: _Covers
    device: Annotated[str, Meta(pattern="^[0-9a-f]{16}\\Z")]
    answered: Whole
    purposes: list[str]
    state: dict[Name, _Table]


class _Opinion(_Common):
    reviewer: _Reviewer
    encloses: Digest


_SHAPES: Mapping[str, type[_Common]] = {"up": _Up, "down": _Common, "door": _Common, "opinion": _Opinion}


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(word)


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > 18:
        raise ValueError("a number too long")
    return int(digits)


def _fraction(digits: str) -> float:
    if not isfinite(value := float(digits)):
        raise ValueError("a number too large")
    return value


def _depth(value: Any) -> int:
    """How deep lists and objects are nested."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, dict | list):
            deepest = max(deepest, depth)
            waiting += [(inner, depth + 1) for inner in (one.values() if isinstance(one, dict) else one)]
    return deepest


def parse(raw: bytes) -> dict[str, Any]:
    """PackageRefused when it is not a manifest that we know."""
    try:
        manifest = json.loads(raw.decode("utf-8"), object_pairs_hook=_no_key_twice, parse_constant=_no_constant, parse_int=_whole, parse_float=_fraction)
        json.dumps(manifest, ensure_ascii=False).encode()  # half a surrogate pair, by an escape, is no text
    except (ValueError, RecursionError):
        raise PackageRefused(Refusal.DAMAGED) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or _depth(manifest) > DEEPEST:
        raise PackageRefused(Refusal.DAMAGED)
    version = manifest.get("version")
    if version != VERSION or isinstance(version, bool | float):
        raise PackageRefused(Refusal.UNKNOWN_VERSION)
    _check_shape(manifest)
    return manifest


def _is_instant(written: str) -> bool:
    try:
        datetime.strptime(written, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        return False
    return True


def _check_shape(manifest: dict[str, Any]) -> None:
    direction = manifest.get("direction")
    shape = _SHAPES.get(direction) if isinstance(direction, str) else None
    if shape is None:
        raise PackageRefused(Refusal.DAMAGED)
    try:
        found = msgspec.convert(manifest, shape)
    except msgspec.ValidationError:
        raise PackageRefused(Refusal.DAMAGED) from None
    if not _is_instant(found.made_at) or (isinstance(found, _Up) and found.covers.after > found.covers.to):
        raise PackageRefused(Refusal.DAMAGED)
    if len(found.parts) > MOST_PARTS or sum(p.plain_size for p in found.parts) > MOST_PLAIN or any(p.size > MOST_PACKED for p in found.parts):
        raise PackageRefused(Refusal.TOO_LARGE)
