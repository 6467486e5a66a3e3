"""A form's own edition of this office: its texts and boxes changed by the administrator, checked and drawn before they are kept.

The definition stays TOML with its order and comments (tomlkit). An edition of the district's stands before ours, and the shipped
form is never lost: taking the own edition away brings it back.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import tomlkit

from app.printing import engine, template
from app.services import paperwork
from app.services.exchange import items
from app.services.office import Office
from db.fields import AMOUNT, DATE, DateKind, Moment
from db.problems import UserError
from db.record import field_of, fields_of
from db.registers import register_named

TEXT, BOUND, NUMBER = "文字", "内容", "尺寸"
_KINDS = {"grid": "表格", "list": "名单", "opinion": "意见栏", "checklist": "勾选", "text": "正文", "table": "列表", "pictures": "图片", "cards": "卡片"}
_NUMBERS = {"w": "宽", "height": "高", "row_height": "行高", "size": "字号", "space_before": "上空", "lines": "行数", "rows_per_page": "每页行数", "blank_rows": "空行", "side_width": "边宽", "photo_rows": "照片占几行"}
_TEXTS = {"label": "名称", "value": "内容", "title": "标题", "side": "栏名", "text": "文字", "photo": "照片格"}
MOST = 280
"""Millimetres, points or lines that any size may have; the widths of columns are only shares."""
LEAST = 80
"""Millimetres that the margins must leave on either side of a sheet."""
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Spot:
    """One thing of a form that can be changed: where it is in the definition, what it is called, and its value as text."""

    path: Path
    where: str
    kind: str
    value: str


def source(office: Office, name: str) -> str:
    """The definition that is printed here: the district's edition, ours, or the shipped one."""
    with office.vault.engine.connect() as connection:
        for rows in (items.from_above(connection, "form"), items.own_rows(connection, "form")):
            if name in rows:
                return str(rows[name]["toml"])
    return template.shipped(name)


def origin(office: Office, name: str) -> str:
    """区里下发, 本工会改过, or 程序自带."""
    with office.vault.engine.connect() as connection:
        if name in items.from_above(connection, "form"):
            return "区里下发"
        return "本工会改过" if name in items.own_rows(connection, "form") else "程序自带"


def spots(toml: str) -> list[Spot]:
    """Every text, content and size of a definition, from top to bottom. UserError where it cannot be read."""
    raw = _read(toml)
    found = [Spot(("title",), "表名", TEXT, raw.get("title", ""))]
    found += [Spot(("margins", n), f"页边距 {side}", NUMBER, f"{value:g}") for n, (side, value) in enumerate(zip("上右下左", raw.get("margins", ()), strict=False))]
    found += [Spot(("head", n), f"表头第 {n + 1} 行", TEXT, line) for n, line in enumerate(raw.get("head", ()))]
    for n, block in enumerate(raw.get("block", ())):
        found += _of_block(("block", n), block, f"{n + 1} {_KINDS.get(block.get('kind', ''), block.get('kind', ''))}")
    return [*found, Spot(("foot",), "页脚", TEXT, raw.get("foot", ""))]


def _of_block(path: Path, block: Mapping[str, Any], where: str) -> Iterator[Spot]:
    for key, value in block.items():
        here = (*path, key)
        if key == "kind" or isinstance(value, bool):
            continue
        if key == "rows" and isinstance(value, list):
            for r, row in enumerate(value):
                for c, cell in enumerate(row):
                    yield from _of_box((*here, r, c), cell, f"{where} · 第 {r + 1} 行第 {c + 1} 格")
        elif key in ("columns", "items") and isinstance(value, list):
            for c, column in enumerate(value):
                yield from _of_box((*here, c), column, f"{where} · 第 {c + 1} {'列' if key == 'columns' else '项'}")
        elif key in ("lines", "sign") and isinstance(value, list):
            for n, text in enumerate(value):
                yield Spot((*here, n), f"{where} · {'第' if key == 'lines' else '签字'} {n + 1}{' 行' if key == 'lines' else ''}", BOUND if "{" in text else TEXT, text)
        elif key in _NUMBERS and isinstance(value, int | float):
            yield Spot(here, f"{where} · {_NUMBERS[key]}", NUMBER, f"{value:g}")
        elif key in _TEXTS and isinstance(value, str):
            yield Spot(here, f"{where} · {_TEXTS[key]}", BOUND if "{" in value else TEXT, value)


def _of_box(path: Path, box: Mapping[str, Any], where: str) -> Iterator[Spot]:
    for key, value in box.items():
        if key in _NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
            yield Spot((*path, key), f"{where} {_NUMBERS[key]}", NUMBER, f"{value:g}")
        elif key in _TEXTS and isinstance(value, str):
            yield Spot((*path, key), f"{where} {_TEXTS[key]}", BOUND if "{" in value else TEXT, value)


def _read(toml: str) -> dict[str, Any]:
    try:
        return tomllib.loads(toml)
    except tomllib.TOMLDecodeError as e:
        raise UserError(f"这份定义读不懂：{e}。") from e


def _inside(document: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        document = document[step]
    return document


def change(toml: str, path: Path, text: str) -> str:
    """The definition with one spot changed; sizes are numbers above 0. UserError where the text cannot be that."""
    document = tomlkit.parse(toml)
    holder, last = _inside(document, path[:-1]), path[-1]
    old = holder[last]
    if isinstance(old, int | float):
        try:
            number = float(text.strip())
        except ValueError as e:
            raise UserError(f"尺寸要填数，“{text.strip()[:20]}”不是。") from e
        if not 0 <= number <= (MOST if last != "w" else 2000):
            raise UserError(f"尺寸 {text.strip()} 太大或者是负数。")
        holder[last] = int(number) if number.is_integer() else number
    else:
        holder[last] = text
    return str(tomlkit.dumps(document))


def _line(path: Path) -> tuple[Path, int] | None:
    """The list that a spot's line, row, column or item stands in, and its place there; None for what stands alone."""
    steps = [n for n, step in enumerate(path) if isinstance(step, int) and n > 1]
    if path[:1] == ("head",) and len(path) == 2:
        return path[:1], int(path[1])
    return (path[: steps[0]], int(path[steps[0]])) if steps else None


def double(toml: str, path: Path) -> str:
    """The line, row, column or item of a spot once more, below it. UserError where there is none."""
    found = _line(path)
    if found is None:
        raise UserError("这里不能加一行；请选表格里的一格、名单的一列或正文的一行。")
    document = tomlkit.parse(toml)
    holder, place = _inside(document, found[0]), found[1]
    holder.insert(place + 1, _inline(_plain(holder[place])))
    return str(tomlkit.dumps(document))


def _plain(node: Any) -> Any:
    return node.unwrap() if hasattr(node, "unwrap") else node


def _inline(value: Any) -> Any:
    """A value as it stands within an array: tables on one line."""
    if isinstance(value, dict):
        made = tomlkit.inline_table()
        for key, one in value.items():
            made.append(key, _inline(one))
        return made
    if isinstance(value, list):
        line = tomlkit.array()
        for one in value:
            line.append(_inline(one))
        return line
    return tomlkit.item(value)


def drop(toml: str, path: Path) -> str:
    """The definition without the line, row, column or item of a spot, or without its block where it was the last. UserError where there is none."""
    found = _line(path)
    if found is None:
        raise UserError("这里不能去掉；请选表格里的一格、名单的一列或正文的一行。")
    document = tomlkit.parse(toml)
    holder = _inside(document, found[0])
    if len(holder) > 1:
        holder.pop(found[1])
    elif path[0] == "block" and len(document["block"]) > 1:
        document["block"].pop(path[1])
    else:
        raise UserError("这是最后一块，不能去掉。")
    return str(tomlkit.dumps(document))


def check(name: str, toml: str) -> template.Form:
    """The form of a definition; UserError, naming what is wrong, where it could not be printed for every record."""
    _read(toml)
    try:
        form = template.parse(name, toml)
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        raise UserError(f"这份定义少了或者写错了 {e}，印不出来。") from e
    ours = template.load(name) if name in template.form_names() else form
    wide, high = (297, 210) if form.orientation == "landscape" else (210, 297)
    if wide - form.margins[1] - form.margins[3] < LEAST or high - form.margins[0] - form.margins[2] < LEAST:
        raise UserError(f"页边距太大，纸上不到 {LEAST} 毫米可以印。")
    if (form.register, form.root, form.list_of) != (ours.register, ours.root, ours.list_of):
        raise UserError("这张表是给谁用的（register、root、list_of）不能改。")
    for where, field, _filters in template.bindings(form):
        known = set(form.values.get(where, ())) | (_fields(form.sources[where]) if form.sources.get(where) not in (None, "values") else set())
        if where in ("row", "page", "total"):
            continue  # what a list's lines hold is known when it is filled; the sample says whether they are there
        if field not in known or (where in form.values and name in template.form_names() and field not in ours.values.get(where, ())):
            raise UserError(f"“{{{where}.{field}}}”没有这一项，请照着别的格子写。")
    return form


def _fields(register: str) -> set[str]:
    return {f.name for f in fields_of(register_named(register))}


def preview(name: str, toml: str) -> bytes:
    """The form with its invented example, as a PDF. UserError where it cannot be drawn."""
    form = check(name, toml)
    context: dict[str, Any] = template.sample(name)
    for where, register in form.sources.items():
        if register != "values":
            context[where] = {**paperwork.blank_values(register_named(register)), **_examples(register, {f for w, f, _ in template.bindings(form) if w == where}), **_read_as(register, context.get(where, {}))}
    try:
        return engine.render(form, [context], draft=True)
    except (KeyError, TypeError, ValueError, IndexError, ArithmeticError, AttributeError) as e:
        raise UserError(f"画不出来：{e}。请看刚才改的地方。") from e


def _read_as(register: str, example: Mapping[str, Any]) -> dict[str, Any]:
    """The example's texts as the values that the fields hold: dates as dates."""
    kinds = {f.name: f for f in fields_of(register_named(register))}
    return {name: kinds[name].read(value).value if isinstance(value, str) and name in kinds and isinstance(kinds[name].kind, DateKind | Moment) else value for name, value in example.items()}


def _examples(register: str, wanted: set[str]) -> dict[str, Any]:
    """Something to see in a box whose field the example does not have."""
    found: dict[str, Any] = {}
    for name in wanted & _fields(register):
        f = field_of(register_named(register), name)
        found[name] = Decimal("1500.00") if f.kind is AMOUNT else date(2026, 11, 20) if f.kind is DATE else f"（{f.label}）"
    return found


def keep(office: Office, name: str, toml: str) -> None:
    """Print by this definition from now on. UserError for who is not the administrator, or where it cannot be printed."""
    office.administrators_only()
    form = check(name, toml)
    preview(name, toml)
    items.keep_own(office, "form", {"name": name, "title": form.title, "toml": toml, "valid_from": str(office.clock().astimezone().date())})


def restore(office: Office, name: str) -> None:
    """Back to the shipped edition, or the district's."""
    items.drop_own(office, "form", name)
