"""The blocks of a form, each drawn from top to bottom: what stays the same on every copy, then the values over it."""

import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from reportlab.lib.utils import ImageReader

from app.printing import fonts
from app.printing.drawing import Run, mm
from app.printing.fonts import BOLD, SANS, SERIF
from app.printing.template import Context, fill

OUTER = 1.2
LABEL_SIZE, VALUE_SIZE, SMALLEST = 9.5, 10.5, 7.0
SMALLEST_READ = 8.0
"""What somebody signs for is never printed smaller."""
ROW = 8.5
ELSEWHERE, ELSEWHERE_SHORT = "（见附页）", "附页"
"""What stands in the place of a value that is in the annex."""
PAD = 1.6
PHOTO, SIDE, TALL = 28, 19, 24
"""Millimetres: the width that a photograph takes, that of a name down the side; and from which height a box is filled from its top."""


def _label(run: Run, text: str, x: float, y: float, w: float, h: float) -> None:
    size = LABEL_SIZE
    if len(fonts.wrap(text, SANS, size, w - 2)) * size * 1.2 > h - 2:  # one below the other where there is room, smaller where there is none
        while fonts.width(text, SANS, size) > w - 2 and size > 7:
            size -= 0.5
    lines = fonts.wrap(text, SANS, size, w - 2)
    top = y + h / 2 + len(lines) * size * 0.6 - size
    for n, line in enumerate(lines):
        run.text(x + w / 2, top - n * size * 1.2 + size * 0.15, line, SANS, size, "center")


def _value(run: Run, text: str, x: float, y: float, w: float, h: float, *, name: str = "", align: str = "left") -> None:
    """One value in its box: as it is, on one smaller line, on several lines, at last in the annex."""
    if not text:
        return
    room = w - 2 * PAD * mm
    high = h - PAD * mm if h > TALL * mm else h
    size = VALUE_SIZE
    lines = fonts.wrap(text, SERIF, size, room)
    if len(lines) > 1 and _is_number(text):  # a number on two lines is read wrong
        size, lines = _on_one_line(text, room, SMALLEST)
    if len(lines) * size * 1.2 > high - 2:
        while size > 9 and fonts.width(text, SERIF, size) > room:
            size -= 0.5
        lines = fonts.wrap(text, SERIF, size, room)
    while len(lines) * size * 1.2 > high - 2 and size > SMALLEST:
        size -= 0.5
        lines = fonts.wrap(text, SERIF, size, room)
    if len(lines) * size * 1.2 > high - 1:
        run.annex.append((name, text))
        mark = ELSEWHERE if fonts.width(ELSEWHERE, SERIF, SMALLEST) <= room else ELSEWHERE_SHORT
        size, lines = _on_one_line(mark, room, 5.0, start=9.0)
    first = y + h / 2 + (len(lines) - 1) * size * 0.6 - size * 0.36
    if h > TALL * mm and len(lines) > 1:
        first = y + h - PAD * mm - size  # a text of several lines begins at the top of a large box
    anchor = {"left": x + PAD * mm, "center": x + w / 2, "right": x + w - PAD * mm}[align]
    for n, line in enumerate(lines):
        run.text(anchor, first - n * size * 1.2, line, SERIF, size, align)


def _is_number(text: str) -> bool:
    """An amount, a count, a certificate's or an account's number."""
    return " " not in text and text.removeprefix("￥").isascii() and any(c.isdigit() for c in text)


def _on_one_line(text: str, room: float, smallest: float, start: float = VALUE_SIZE) -> tuple[float, tuple[str, ...]]:
    """A size at which a text is no wider than `room`, and its lines: one, unless that would be too small to read."""
    size = start
    while size > smallest and fonts.width(text, SERIF, size) > room:
        size -= 0.5
    return size, fonts.wrap(text, SERIF, size, room)


def fit_line(run: Run, text: str, room: float, font: str = SERIF, size: float = VALUE_SIZE) -> tuple[str, str, float]:
    """A single line as (text, font, size): smaller where it must be, at last shortened, and then it stands whole in the annex."""
    while fonts.width(text, font, size) > room and size > SMALLEST:
        size -= 0.5
    if fonts.width(text, font, size) > room:
        name, colon, _ = text.partition("：")
        run.annex.append((name if colon and len(name) < 12 else "本页上方", text))
        mark = f"…{ELSEWHERE}"
        text = fonts.wrap(text, font, size, room - fonts.width(mark, font, size))[0] + mark
    return text, font, size


def _grid(run: Run, block: Mapping[str, Any], context: Context | None, y: float, *, outer: bool = False) -> float:
    """Rows of labelled cells; the widths of a row are shares of the full width, beside a photograph of what that leaves."""
    top = y
    beside = int(block.get("photo_rows", 0))
    for number, row in enumerate(block["rows"]):
        height = (row[0].get("height") or block.get("row_height", ROW)) * mm
        shares = sum(cell["w"] for cell in row)
        right = run.right - PHOTO * mm if number < beside else run.right
        x = run.left
        y -= height
        name = ""
        for cell in row:
            w = (right - run.left) * cell["w"] / shares
            if "label" in cell:
                name = cell["label"]
                if run.static or outer:
                    _label(run, name, x, y, w, height)
            elif context is not None:
                _value(run, fill(cell["value"], context), x, y, w, height, name=name, align=cell.get("align", "left"))
            x += w
            if (run.static or outer) and x < run.right - 1:
                run.line(x, y, x, y + height)
            if x > right - 1 and right < run.right and (run.static or outer):
                run.line(right, y, right, y + height)
        if run.static or outer:
            run.line(run.left, y, right if number + 1 < beside else run.right, y)
            if number + 1 == beside:
                _label(run, block.get("photo", "照片"), right, y, PHOTO * mm, top - y)
        elif number + 1 == beside and context is not None and (photo := context["form"].get("photo")):
            _picture(run, photo, right + mm, y + mm, PHOTO * mm - 2 * mm, top - y - 2 * mm)
    if outer:
        run.canvas.setLineWidth(OUTER)
        run.canvas.rect(run.left, y, run.width, top - y)
    return y


def _list(run: Run, block: Mapping[str, Any], context: Context | None, y: float, *, outer: bool = False) -> float:
    """A short list within a form: so many lines, and what is more runs on in the annex."""
    height, lines = float(block.get("row_height", 7.5)) * mm, int(block["lines"])
    side = SIDE * mm if block.get("side") else 0.0
    edges, shares = [run.left + side], sum(column["w"] for column in block["columns"])
    for column in block["columns"]:
        edges.append(edges[-1] + (run.width - side) * column["w"] / shares)
    top, bottom = y, y - height * (lines + 1)
    if run.static or outer:
        for n in range(1, lines + 1):
            run.line(run.left + side, top - n * height, run.right, top - n * height)
        for x in edges[0 if side else 1 : -1]:
            run.line(x, bottom, x, top)
        run.line(run.left, bottom, run.right, bottom)
        for column, x, end in zip(block["columns"], edges, edges[1:], strict=False):
            _label(run, column["title"], x, top - height, end - x, height)
        if side:
            _upright(run, block["side"], run.left + side / 2, (top + bottom) / 2)
    if context is None:
        return bottom
    rows = list(context[block["rows"]])
    for n, row in enumerate(rows[:lines], 1):
        for column, x, end in zip(block["columns"], edges, edges[1:], strict=False):
            text = str(n) if column["value"] == "{row.number}" else fill(column["value"], {**context, "row": row})
            _value(run, text, x, top - (n + 1) * height, end - x, height, name=f"{column['title']}（第 {n} 行）", align=column.get("align", "left"))
    for n, row in enumerate(rows[lines:], lines + 1):
        told = (f"{column['title']} {text}" for column in block["columns"] if column["value"] != "{row.number}" and (text := fill(column["value"], {**context, "row": row})))
        run.annex.append((f"{block.get('side') or block.get('title') or '名单'}（续，第 {n} 行）", "　".join(told)))
    return bottom


def _upright(run: Run, text: str, x: float, middle: float) -> None:
    """Characters one below the other."""
    step = LABEL_SIZE * 1.45
    start = middle + len(text) * step / 2 - LABEL_SIZE
    for n, character in enumerate(text):
        run.text(x, start - n * step, character, SANS, LABEL_SIZE + 0.5, "center")


def _opinion(run: Run, block: Mapping[str, Any], context: Context | None, y: float, *, outer: bool = False) -> float:
    """A box with its name down the side, lines of text, and at its foot who signs; room for a seal of 40 mm."""
    height = block["height"] * mm
    side = block.get("side_width", SIDE) * mm
    y -= height
    if run.static or outer:
        run.line(run.left, y, run.right, y)
        run.line(run.left + side, y, run.left + side, y + height)
        _upright(run, block["side"], run.left + side / 2, y + height / 2)
        x = run.left + side + 4 * mm
        foot = y + 4.5 * mm
        for n, who in enumerate(block.get("sign", ())):
            run.text(x + n * 37 * mm, foot, who, SERIF, VALUE_SIZE)
        if block.get("dated", True):
            seal = "（盖章）" if block.get("seal", True) else ""
            run.text(run.right - 6 * mm, foot, f"{seal}　　年　　月　　日", SERIF, VALUE_SIZE, "right")
    if context is not None or run.static:
        top = y + height - 6 * mm
        floor, room = y + 8.5 * mm, run.width - side - 8 * mm
        for text in block.get("lines", ()):
            has_binding = "{" in text
            size, step = VALUE_SIZE, 6 * mm
            if has_binding and context is not None:
                filled = fill(text, context)
                while size > SMALLEST_READ and top - step * (len(fonts.wrap(filled, SERIF, size, room)) - 1) < floor:
                    size, step = size - 0.5, 6 * mm * (size - 0.5) / VALUE_SIZE
                if top - step * (len(fonts.wrap(filled, SERIF, size, room)) - 1) < floor:
                    run.annex.append((str(block["side"]), filled))
                    text, size = ELSEWHERE, VALUE_SIZE
            if has_binding == run.static:
                top -= 6 * mm * (1 if has_binding else len(fonts.wrap(text, SERIF, VALUE_SIZE, room)))
                continue
            for line in fonts.wrap(fill(text, context or {}), SERIF, size, room):
                run.text(run.left + side + 4 * mm, top, line, SERIF, size)
                top -= step
    return y


def _checklist(run: Run, block: Mapping[str, Any], context: Context | None, y: float, *, outer: bool = False) -> float:
    """Boxes to tick, drawn as shapes: the fonts lack them."""
    y -= 6 * mm
    x = run.left
    size = 9.5
    if run.static:
        run.text(x, y, block["title"], SERIF, size)
    x += fonts.width(block["title"], SERIF, size) + 1 * mm
    for item in block["items"]:
        wide = fonts.width(item["text"], SERIF, size) + 8.5 * mm
        if x + wide > run.right + 4 * mm:
            x, y = run.left + fonts.width(block["title"], SERIF, size) + 1 * mm, y - 6 * mm
        if run.static:
            run.canvas.setLineWidth(0.7)
            run.canvas.rect(x, y - 0.4 * mm, 3 * mm, 3 * mm)
            run.text(x + 4.2 * mm, y, item["text"], SERIF, size)
        elif context is not None and item.get("when") and fill(item["when"], context) not in ("", "否", "0"):
            run.canvas.setLineWidth(0.9)
            run.canvas.lines([(x + 0.6 * mm, y + 1.1 * mm, x + 1.3 * mm, y + 0.3 * mm), (x + 1.3 * mm, y + 0.3 * mm, x + 2.6 * mm, y + 2.2 * mm)])
        x += wide
    return y


def _paragraphs(run: Run, block: Mapping[str, Any], context: Context | None, y: float, *, outer: bool = False) -> float:
    """Running text; `size` in points, `font` serif, sans or bold."""
    size, font = float(block.get("size", VALUE_SIZE)), str(block.get("font", SERIF))
    align = block.get("align", "left")
    y -= block.get("space_before", 2) * mm
    for text in block["lines"]:
        filled = fill(text, context) if context is not None else text
        if run.followed and "{" in text:  # what stands below has its place: one line, smaller where it must be
            y -= size * 1.6
            if context is not None:
                words, face, small = fit_line(run, filled, run.width, font, size)
                run.text({"left": run.left, "center": run.size[0] / 2, "right": run.right}[align], y, words, face, small, align)
            continue
        lines = fonts.wrap(filled, font, size, run.width)
        for n, line in enumerate(lines):
            y -= size * 1.6
            if y < run.bottom and context is not None:  # what no longer stands on the page goes whole to the annex
                run.annex.append(("正文（续）", "".join(lines[n:])))
                break
            if context is not None:
                run.text({"left": run.left, "center": run.size[0] / 2, "right": run.right}[align], y, line, font, size, align)
    return y - 1 * mm


def table(run: Run, block: Mapping[str, Any], context: Context, rows: Sequence[Any], offset: int, per_page: int, y: float) -> float:
    """The page's part of a list, its head repeated, empty lines to write on, and a subtotal."""
    height = block.get("row_height", 8.2) * mm
    columns = block["columns"]
    shares = sum(column["w"] for column in columns)
    edges = [run.left]
    for column in columns:
        edges.append(edges[-1] + run.width * column["w"] / shares)
    top = y
    y -= height
    for column, x in zip(columns, edges, strict=False):
        _label(run, column["title"], x, y, run.width * column["w"] / shares, height)
    for n in range(per_page):
        run.line(run.left, y, run.right, y)
        y -= height
        for column, x in zip(columns, edges, strict=False):
            w = run.width * column["w"] / shares
            if column["value"] == "{row.number}":
                _value(run, str(offset + n + 1) if n < len(rows) or block.get("blank_rows") else "", x, y, w, height, align="center")
            elif n < len(rows):
                _value(run, fill(column["value"], {**context, "row": rows[n]}), x, y, w, height, name=f"{column['title']}（第 {offset + n + 1} 行）", align=column.get("align", "left"))
    for x in edges[1:-1]:
        run.line(x, y, x, top)
    run.line(run.left, y, run.right, y)
    if block.get("subtotal"):
        y -= height
        page: dict[str, Any] = {"count": len(rows), "up_to_here": min(offset + len(rows), offset + per_page)}
        page |= {f"sum_{name}": sum((Decimal(str(row[name] or 0)) for row in rows), Decimal(0)) for name in block.get("sums", ())}
        _value(run, fill(block["subtotal"], {**context, "page": page}), run.left, y, run.width, height)
    run.canvas.setLineWidth(OUTER)
    run.canvas.rect(run.left, y, run.width, top - y)
    return y


def _picture(run: Run, body: bytes, x: float, y: float, width: float, height: float) -> None:
    """A picture whole and as large as its place allows, in the middle of it."""
    image = ImageReader(io.BytesIO(body))
    wide, high = image.getSize()
    share = min(width / wide, height / high)
    run.canvas.drawImage(image, x + (width - wide * share) / 2, y + (height - high * share) / 2, wide * share, high * share)


def picture_page(run: Run, pictures: Sequence[Mapping[str, Any]], title: str) -> None:
    """Pictures on a page of their own, two beside each other and three below, each with its caption."""
    y = run.top - 9 * mm
    run.text(run.size[0] / 2, y, title, BOLD, 16, "center")
    gap, caption = 6 * mm, 7 * mm
    width, height = (run.width - gap) / 2, (y - 8 * mm - run.bottom - 4 * mm - 3 * caption) / 3
    for n, picture in enumerate(pictures):
        x, foot = run.left + n % 2 * (width + gap), y - 8 * mm - (n // 2 + 1) * (height + caption) + caption
        _picture(run, picture["jpeg"], x, foot, width, height - 3 * mm)
        run.text(x + width / 2, foot - 4.4 * mm, fonts.wrap(str(picture.get("caption") or ""), SERIF, 9.5, width)[0], SERIF, 9.5, "center")


def _pictures(run: Run, block: Mapping[str, Any], context: Context | None, y: float, *, outer: bool = False) -> float:
    """Photographs in a frame, each whole and as large as its place allows, with its caption below."""
    columns, lines, gap = int(block["columns"]), int(block["lines"]), 3 * mm
    height, caption = block["height"] * mm, 5 * mm
    top, width = y, (run.width - gap * (columns + 1)) / columns
    y -= lines * (height + caption) + gap
    if run.static:
        run.line(run.left, y, run.right, y)
    for n, picture in enumerate(context[block["rows"]][: columns * lines] if context is not None else ()):
        x, foot = run.left + gap + n % columns * (width + gap), top - gap - (n // columns + 1) * (height + caption) + caption
        if body := picture.get("jpeg"):
            _picture(run, body, x, foot, width, height - gap)
        words, small = picture.get("caption", ""), 9.0
        while fonts.width(words, SERIF, small) > width and small > 5:
            small -= 0.5
        run.text(x + width / 2, foot - 3.6 * mm, words, SERIF, small, "center")
    return y


DRAW = {"grid": _grid, "list": _list, "opinion": _opinion, "checklist": _checklist, "text": _paragraphs, "pictures": _pictures}
