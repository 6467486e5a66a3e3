"""The lines of an office's package as rows to merge, each checked for itself. No value ever stands in a message."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec

from app.sync.manifest import Id, Series
from app.sync.suites import Suite
from db.fields import Field
from db.record import Record, fields_of
from db.registers import register_named


class Row(NamedTuple):
    """A row of the staging table."""

    office: str
    register: str
    id: str
    revision: int
    removed: bool
    erased: bool
    body: str
    hash: str
    title: str
    state: str
    into_id: str | None
    standing: str
    code: str
    message: str


_NOTHING = msgspec.Raw(b"")


class _Line(msgspec.Struct):
    id: Id
    revision: Series = 1
    values: msgspec.Raw = _NOTHING
    removed: bool = False
    into: Id | None = None
    erased: bool = False
    unknown: bool = False


_line = msgspec.json.Decoder(_Line).decode
_values = msgspec.json.Decoder(dict[str, str | int | bool]).decode
_TITLES = ("full_name", "name", "topic", "form_no", "certificate_no", "trade", "event")
READY, REFUSED, WAITING = "", "refused", "waiting"


class Reader:
    """Reads the lines of one register of one office's package."""

    def __init__(self, office: str, register_name: str, suite: Suite, purposes: Callable[[type[Record]], frozenset[str] | None]) -> None:
        self.office = office
        self.register = register_named(register_name)
        self.table = register_name
        self.suite = suite
        self.fields: Mapping[str, Field] = {f.name: f for f in fields_of(self.register)}
        self.kinds = {name: f.kind.is_sound for name, f in self.fields.items()}
        expected = purposes(self.register)
        self.required = [f for f in fields_of(self.register) if f.required and (expected is None or f.name in expected)]
        self.title = next((name for name in _TITLES if name in self.fields), None)
        self.unreadable = 0

    def row(self, line: bytes) -> Row:
        """The line as a row: ready, or refused with a code and a sentence."""
        try:
            one = _line(line)
            raw = bytes(one.values)
            values = _values(raw) if raw else {}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._unreadable(line)
        if one.unknown:
            return Row(self.office, self.table, one.id, 0, True, False, "{}", "", "", "", None, WAITING, "office-lacks", "单位那边没有这条了。")
        if one.removed:
            return Row(self.office, self.table, one.id, one.revision, True, one.erased, "{}", "", "", "", one.into, READY, "", "")
        if not raw:
            return self._unreadable(line)
        code, message = self._problem(values) if b"\\u0000" not in raw else ("bad-value", "内容里有不能存的字符。")
        if code and b"\\u0000" in raw:
            raw, values = b"{}", {}  # PostgreSQL holds no such text: of this record only its name and why it was refused are kept
        title = str(values.get(self.title, "")) if self.title else ""
        state = values.get("state", "")
        return Row(
            self.office, self.table, one.id, one.revision, False, one.erased, raw.decode(), self.suite.digest(raw).hex(), title[:200], str(state)[:60], None, REFUSED if code else READY, code, message,
        )

    def _problem(self, values: Mapping[str, Any]) -> tuple[str, str]:
        kinds = self.kinds
        for name, written in values.items():
            sound = kinds.get(name)
            if sound is not None and not sound(written) and (found := self._look_closer(self.fields[name], written)):
                return found
        for f in self.required:
            if values.get(f.name) is None:
                return "required", f"缺少“{f.label}”。"
        return "", ""

    def _look_closer(self, f: Field, written: Any) -> tuple[str, str] | None:
        try:
            value = f.from_wire(written)
            shown = f.show(value)
        except (ValueError, TypeError, AttributeError):
            return "bad-value", f"“{f.label}”的内容不合规定。"
        if problem := next((p for p in f.read(shown).problems if p.is_error), None):
            return problem.code, f"“{f.label}”：{problem.message}"
        return None

    def _unreadable(self, line: bytes) -> Row:
        """A line without an id of its own gets a number, so that it can be spoken of."""
        self.unreadable += 1
        try:
            found = msgspec.json.decode(line, type=_Named).id
        except (msgspec.DecodeError, RecursionError):
            found = f"line-{self.table[:20]}-{self.unreadable}"
        return Row(self.office, self.table, found[:36], 0, False, False, "{}", "", "", "", None, REFUSED, "unreadable", f"一条{self.register.label}读不懂。")


class _Named(msgspec.Struct):
    id: Id


@cache
def known_registers() -> frozenset[str]:
    from db.registers import REGISTERS

    return frozenset(register.__tablename__ for register in REGISTERS)
