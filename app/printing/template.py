"""A form as data: layout, bindings and sample under `forms/<form>/`, read and checked here.

`form.toml` lists blocks from top to bottom. Texts hold bindings like `{member.full_name}` or, with filters,
`{application.amount|capitals}`. What a binding may name is in `[sources]`: a name and the register it is of, or "values".
Among the values are `pledge` and `rule`: dated rows of policy, by their ids.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from typing import Any

from db.dates import PartialDate

BINDING = re.compile(r"\{([a-z_]+)\.([a-z_0-9]+)((?:\|[a-z_0-9]+)*)\}")
Context = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """One form's definition. `blocks` are plain mappings; each kind is drawn by a function of `engine`."""

    name: str
    title: str
    code: str
    orientation: str
    margins: tuple[float, float, float, float]
    """Top, right, bottom, left in millimetres."""
    head: tuple[str, ...]
    qr: str | None
    foot: str
    sources: Mapping[str, str]
    values: Mapping[str, tuple[str, ...]]
    """The names of sources that are no register: what the program gives."""
    blocks: tuple[Mapping[str, Any], ...]
    source_note: str
    register: str = ""
    """The register whose records it is printed for; empty where the program gives its values itself."""
    root: str = ""
    """The source that is this record."""
    references: Mapping[str, str] = field(default_factory=dict)
    """Source -> `source.field` that refers to it."""
    dated_by: str = ""
    """The root's date by which rules and pledges are taken; that of printing where it is empty."""
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Lists of records that refer to the root: register, by, order, with, sums."""
    list_of: bool = False
    """Whether it is one paper for many records."""
    sheet: str = "A4"
    flow: bool = False
    """Whether it is a letter: its text runs over as many pages as it needs."""
    style: str = ""
    """`gb9704`: the layout of official documents."""
    duplex: bool = False
    """Whether it is asked for on both sides of the paper."""
    copies: int = 1
    """How many are asked for."""
    annex_pictures: bool = False
    """Whether the pictures that are kept with the record follow on pages of their own."""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Field -> values: for which of the register's records it is meant; all where it is empty."""

    def texts(self) -> Iterator[str]:
        """Every text that may hold bindings."""
        yield from self.head
        yield self.foot
        if self.qr:
            yield self.qr
        for block in self.blocks:
            yield from _texts(block)


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for child in node.values():
            yield from _texts(child)
    elif isinstance(node, list | tuple):
        for child in node:
            yield from _texts(child)


def bindings(form: Form) -> set[tuple[str, str, str]]:
    """(source, field, filters) of everything the form asks for."""
    return {(m[1], m[2], m[3]) for text in form.texts() for m in BINDING.finditer(text)}


def form_names() -> tuple[str, ...]:
    return tuple(sorted(f.name for f in resources.files("forms").iterdir() if f.is_dir() and f.joinpath("form.toml").is_file()))


@cache
def load(name: str) -> Form:
    """A form of ours by its folder's name."""
    return parse(name, shipped(name))


def shipped(name: str) -> str:
    """The definition of a form of ours as text."""
    return resources.files("forms").joinpath(name, "form.toml").read_text("utf-8")


def parse(name: str, text: str) -> Form:
    """A form from its definition. KeyError, TypeError or ValueError for one that is not whole."""
    raw = tomllib.loads(text)
    _sound(raw)
    return Form(
        name=name, title=raw["title"], code=raw["code"], orientation=raw.get("orientation", "portrait"), margins=tuple(raw.get("margins", (18, 20, 15, 20))),
        head=tuple(raw.get("head", ())), qr=raw.get("qr"), foot=raw.get("foot", ""), sources=raw["sources"],
        values={key: tuple(names) for key, names in raw.get("values", {}).items()}, blocks=tuple(raw["block"]), source_note=raw.get("source", ""),
        register=raw.get("register", ""), root=raw.get("root", ""), dated_by=raw.get("dated_by", ""), references=raw.get("from", {}), rows=raw.get("rows", {}), list_of=bool(raw.get("list_of")), sheet=raw.get("sheet", "A4"), flow=bool(raw.get("flow")), style=raw.get("style", ""), annex_pictures=bool(raw.get("annex_pictures")),
        duplex=bool(raw.get("duplex")), copies=int(raw.get("copies", 1)),
        when={name: tuple(values) for name, values in raw.get("when", {}).items()},
    )


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "title": str, "code": str, "orientation": str, "margins": list, "head": list, "qr": str, "foot": str, "sources": dict, "values": dict, "block": list, "source": str, "register": str, "root": str,
    "from": dict, "rows": dict, "list_of": bool, "sheet": str, "when": dict, "flow": bool, "style": str, "duplex": bool, "copies": int, "dated_by": str, "annex_pictures": bool,
}


def _sound(raw: Mapping[str, Any]) -> None:
    """ValueError where a part is of another type than it must be, or a block or a filter of no kind that is drawn: such a form is never half printed."""
    wrong = [key for key, type_ in _TYPES.items() if key in raw and not isinstance(raw[key], type_)]
    if wrong:
        raise ValueError(wrong[0])
    if len(raw.get("margins", (0, 0, 0, 0))) != 4 or not all(isinstance(m, int | float) for m in raw.get("margins", ())):
        raise ValueError("margins")
    if not raw["block"] or not all(isinstance(block, dict) and block.get("kind") in KINDS for block in raw["block"]):
        raise ValueError("block")
    for part in ("values", "when"):
        if not all(isinstance(names, list) for names in raw.get(part, {}).values()):
            raise ValueError(part)
    if not all((isinstance(spec, dict) and "register" in spec) or raw.get("list_of") for spec in raw.get("rows", {}).values()):
        raise ValueError("rows")
    for text in _texts(raw.get("block")):
        for found in BINDING.finditer(text):
            if any(name not in FILTERS for name in found[3].split("|")[1:]):
                raise ValueError(found[0])


KINDS = frozenset({"grid", "list", "opinion", "checklist", "text", "pictures", "table", "cards", "page_break"})
"""The blocks that can be drawn."""


def sample(name: str) -> dict[str, Any]:
    """The form's invented example, for pictures and tests; nothing for a form that only the district has."""
    if name not in form_names():
        return {}
    return tomllib.loads(resources.files("forms").joinpath(name, "sample.toml").read_text("utf-8"))


def shown(value: Any) -> str:
    """A value as it is printed when the binding names no filter."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, PartialDate):
        return value.chinese()
    if isinstance(value, datetime):
        return f"{value:%Y}年{value.month}月{value.day}日 {value:%H:%M}"
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return str(value)


def _is_amount(value: Any) -> bool:
    """Whether it can be printed as money; a filter over anything else prints it as it is."""
    try:
        return Decimal(str(value)).is_finite() and abs(Decimal(str(value))) < Decimal(10) ** 15
    except InvalidOperation:
        return False


def _capitals(value: Any) -> str:
    """An amount in capitals, as vouchers need it: 壹仟伍佰元整."""
    import cn2an

    if value in (None, ""):
        return ""
    if not _is_amount(value):
        return shown(value)
    return str(cn2an.an2cn(str(Decimal(str(value)).quantize(Decimal("0.01")).normalize().__format__("f")), "rmb"))


def _spaced(value: Any) -> str:
    """Digit by digit, as ID numbers stand on paper."""
    return " ".join(shown(value))


def _groups(value: Any) -> str:
    text = shown(value)
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def _month(value: Any) -> str:
    return f"{value.year}年{value.month}月" if isinstance(value, PartialDate) and value.month else shown(value)


def _short(value: Any) -> str:
    """2026.3.8, for narrow columns."""
    return ".".join(str(part) for part in (value.year, value.month, value.day) if part) if isinstance(value, PartialDate) else shown(value)


def _clock(value: Any) -> str:
    return f"{value.astimezone():%H:%M}" if isinstance(value, datetime) else shown(value)


FILTERS: Mapping[str, Callable[[Any], str]] = {
    "capitals": _capitals, "spaced": _spaced, "groups": _groups, "month": _month, "short": _short, "clock": _clock,
    "yuan": lambda value: "" if value in (None, "") else f"￥{Decimal(str(value)):.2f}" if _is_amount(value) else shown(value),
    "tail4": lambda value: shown(value)[-4:], "hours": lambda value: f"{value} 学时" if value not in (None, "") else "",
}


def fill(text: str, context: Context) -> str:
    """The text with its bindings replaced. KeyError where the context lacks a source or a name."""

    def one(found: re.Match[str]) -> str:
        value = context[found[1]][found[2]]
        for name in found[3].split("|")[1:]:
            value = FILTERS[name](value)
        return shown(value)

    return BINDING.sub(one, text) if "{" in text else text
