"""Form template and values to PDF, on a bare ReportLab canvas.

What is the same on every copy (rules, labels) is drawn once as a form object and placed on each page; the values are
drawn over it. A value that does not fit shrinks to a limit, wraps, and at last goes whole to an annex page: never cut.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from app.printing import cards, fonts
from app.printing.drawing import Run, mm, qr
from app.printing.fonts import BOLD, SANS, SERIF
from app.printing.template import Context, Form, fill

OUTER = 1.2
LABEL_SIZE, VALUE_SIZE, SMALLEST = 9.5, 10.5, 7.0
ROW = 8.5
PAD = 1.6


def render(form: Form, contexts: Sequence[Context], *, draft: bool = False) -> bytes:
    """All the copies as one PDF, in order. The bytes are what is previewed and printed."""
    out = io.BytesIO()
    size = landscape(A4) if form.orientation == "landscape" else A4
    canvas = Canvas(out, pagesize=size, initialFontName="Helvetica", pageCompression=1)
    canvas.setTitle(form.title)
    canvas.setCreator("UnionDesk")
    run = Run(canvas, form, size)
    kinds = {block["kind"] for block in form.blocks}
    if "cards" in kinds:
        for context in contexts:
            cards.draw(run, context, _watermark if draft else None)
        canvas.save()
        return out.getvalue()
    paged = "table" in kinds
    if not paged:
        _draw_static(run)
    for context in contexts:
        (_paged if paged else _single)(run, context, draft)
    canvas.save()
    return out.getvalue()


def _draw_static(run: Run) -> None:
    run.canvas.beginForm("static")
    run.static = True
    _body(run, None, run.top)
    run.static = False
    run.canvas.endForm()


def _single(run: Run, context: Context, draft: bool) -> None:
    run.annex.clear()
    run.page, run.pages = 1, 1
    if draft:
        _watermark(run)
    run.canvas.doForm("static")
    _body(run, context, run.top)
    run.pages = 2 if run.annex else 1
    _foot(run, context)
    run.canvas.showPage()
    if run.annex:
        run.page = 2
        _annex_page(run, context)
        run.canvas.showPage()


def _paged(run: Run, context: Context, draft: bool) -> None:
    """A form with a table runs over as many pages as it has rows for, each with head, table head and subtotal."""
    table = next(block for block in run.form.blocks if block["kind"] == "table")
    rows = list(context[table["rows"]])
    per_page = int(table["rows_per_page"])
    blank = int(table.get("blank_rows", 0))
    run.pages = max(1, -(-(len(rows) + blank) // per_page))
    for page in range(run.pages):
        run.page = page + 1
        if draft:
            _watermark(run)
        chunk = rows[page * per_page : (page + 1) * per_page]
        y = _head(run, context, run.top)
        for block in run.form.blocks:
            if block["kind"] == "table":
                y = _table(run, block, context, chunk, page * per_page, per_page, y)
            elif not block.get("last_page_only") or page + 1 == run.pages:
                y = _DRAW[block["kind"]](run, block, context, y, outer=True)
        _foot(run, context)
        run.canvas.showPage()


def _body(run: Run, context: Context | None, y: float) -> None:
    y = _head(run, context, y)
    start = y
    boxed = True
    for block in run.form.blocks:
        if boxed and block.get("outside"):
            _outer_rule(run, start, y)
            boxed = False
        y = _DRAW[block["kind"]](run, block, context, y)
    if boxed:
        _outer_rule(run, start, y)


def _outer_rule(run: Run, top: float, bottom: float) -> None:
    if run.static and top > bottom:
        run.canvas.setLineWidth(OUTER)
        run.canvas.rect(run.left, bottom, run.width, top - bottom)


def _head(run: Run, context: Context | None, y: float) -> float:
    """Title, QR at the upper right, then the lines of the head (left|right)."""
    y -= 9 * mm
    if run.static or context is None or any(b["kind"] == "table" for b in run.form.blocks):
        size = 20.0
        while fonts.width(run.form.title, BOLD, size) > run.width - 44 * mm and size > 12:
            size -= 1
        run.text(run.size[0] / 2, y, run.form.title, BOLD, size, "center")
    if run.form.qr and context is not None:
        qr(run, fill(run.form.qr, context), run.right - 16 * mm, y - 4 * mm, 16 * mm)
    y -= 9 * mm
    for line in run.form.head:
        left, _, right = line.partition("|>")
        if context is not None:
            text = _fit_line(fill(left, context), run.width - (fonts.width(fill(right, context), SERIF, VALUE_SIZE) + 6 * mm if right else 0))
            run.text(run.left, y, *text)
            if right:
                run.text(run.right, y, fill(right, context), SERIF, VALUE_SIZE, "right")
        y -= 6 * mm
    return y + 3 * mm


def _fit_line(text: str, room: float) -> tuple[str, str, float]:
    size = VALUE_SIZE
    while fonts.width(text, SERIF, size) > room and size > 6:
        size -= 0.5
    return text, SERIF, size


def _label(run: Run, text: str, x: float, y: float, w: float, h: float) -> None:
    size = LABEL_SIZE
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
    size = VALUE_SIZE
    lines = fonts.wrap(text, SERIF, size, room)
    if len(lines) * size * 1.2 > h - 2:
        while size > 9 and fonts.width(text, SERIF, size) > room:
            size -= 0.5
        lines = fonts.wrap(text, SERIF, size, room)
    while len(lines) * size * 1.2 > h - 2 and size > SMALLEST:
        size -= 0.5
        lines = fonts.wrap(text, SERIF, size, room)
    if len(lines) * size * 1.2 > h - 1:
        run.annex.append((name, text))
        lines, size = ("（见附页）",), 9.0
    first = y + h / 2 + (len(lines) - 1) * size * 0.6 - size * 0.36
    anchor = {"left": x + PAD * mm, "center": x + w / 2, "right": x + w - PAD * mm}[align]
    for n, line in enumerate(lines):
        run.text(anchor, first - n * size * 1.2, line, SERIF, size, align)


def _grid(run: Run, block: Mapping[str, Any], context: Context | None, y: float, *, outer: bool = False) -> float:
    """Rows of labelled cells; the widths of a row are shares of the full width."""
    top = y
    for row in block["rows"]:
        height = (row[0].get("height") or block.get("row_height", ROW)) * mm
        shares = sum(cell["w"] for cell in row)
        x = run.left
        y -= height
        name = ""
        for cell in row:
            w = run.width * cell["w"] / shares
            if "label" in cell:
                name = cell["label"]
                if run.static or outer:
                    _label(run, name, x, y, w, height)
            elif context is not None:
                _value(run, fill(cell["value"], context), x, y, w, height, name=name, align=cell.get("align", "left"))
            x += w
            if (run.static or outer) and x < run.right - 1:
                run.line(x, y, x, y + height)
        if run.static or outer:
            run.line(run.left, y, run.right, y)
    if outer:
        run.canvas.setLineWidth(OUTER)
        run.canvas.rect(run.left, y, run.width, top - y)
    return y


def _opinion(run: Run, block: Mapping[str, Any], context: Context | None, y: float, *, outer: bool = False) -> float:
    """A box with its name down the side, lines of text, and at its foot who signs; room for a seal of 40 mm."""
    height = block["height"] * mm
    side = block.get("side_width", 19) * mm
    y -= height
    if run.static or outer:
        run.line(run.left, y, run.right, y)
        run.line(run.left + side, y, run.left + side, y + height)
        name = block["side"]
        step = LABEL_SIZE * 1.45
        start = y + height / 2 + len(name) * step / 2 - LABEL_SIZE
        for n, character in enumerate(name):
            run.text(run.left + side / 2, start - n * step, character, SANS, LABEL_SIZE + 0.5, "center")
        x = run.left + side + 4 * mm
        foot = y + 4.5 * mm
        for n, who in enumerate(block.get("sign", ())):
            run.text(x + n * 37 * mm, foot, who, SERIF, VALUE_SIZE)
        if block.get("dated", True):
            seal = "（盖章）" if block.get("seal", True) else ""
            run.text(run.right - 6 * mm, foot, f"{seal}　　年　　月　　日", SERIF, VALUE_SIZE, "right")
    if context is not None or run.static:
        top = y + height - 6 * mm
        for text in block.get("lines", ()):
            has_binding = "{" in text
            if has_binding == run.static:
                top -= 6 * mm * (1 if has_binding else len(fonts.wrap(text, SERIF, VALUE_SIZE, run.width - side - 8 * mm)))
                continue
            for line in fonts.wrap(fill(text, context or {}), SERIF, VALUE_SIZE, run.width - side - 8 * mm):
                run.text(run.left + side + 4 * mm, top, line, SERIF, VALUE_SIZE)
                top -= 6 * mm
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
        for line in fonts.wrap(filled, font, size, run.width):
            y -= size * 1.6
            if context is not None:
                run.text({"left": run.left, "center": run.size[0] / 2, "right": run.right}[align], y, line, font, size, align)
    return y - 1 * mm


def _table(run: Run, block: Mapping[str, Any], context: Context, rows: Sequence[Any], offset: int, per_page: int, y: float) -> float:
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
                _value(run, str(offset + n + 1), x, y, w, height, align="center")
            elif n < len(rows):
                _value(run, fill(column["value"], {**context, "row": rows[n]}), x, y, w, height, name=column["title"], align=column.get("align", "left"))
    for x in edges[1:-1]:
        run.line(x, y, x, top)
    run.line(run.left, y, run.right, y)
    if block.get("subtotal"):
        y -= height
        page = {"count": len(rows), "up_to_here": min(offset + len(rows), offset + per_page)}
        _value(run, fill(block["subtotal"], {**context, "page": page}), run.left, y, run.width, height)
    run.canvas.setLineWidth(OUTER)
    run.canvas.rect(run.left, y, run.width, top - y)
    return y


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
            image = ImageReader(io.BytesIO(body))
            wide, high = image.getSize()
            share = min(width / wide, (height - gap) / high)
            run.canvas.drawImage(image, x + (width - wide * share) / 2, foot + (height - gap - high * share) / 2, wide * share, high * share)
        words, small = picture.get("caption", ""), 9.0
        while fonts.width(words, SERIF, small) > width and small > 5:
            small -= 0.5
        run.text(x + width / 2, foot - 3.6 * mm, words, SERIF, small, "center")
    return y


_DRAW = {"grid": _grid, "opinion": _opinion, "checklist": _checklist, "text": _paragraphs, "pictures": _pictures}


def _foot(run: Run, context: Context) -> None:
    y = run.bottom - 2 * mm
    run.canvas.setFillGray(0.25)
    if run.form.foot:
        run.text(run.left, y, fill(run.form.foot, context), SERIF, 8.5)
    run.text(run.right, y, f"第 {run.page} 页 共 {run.pages} 页", SERIF, 8.5, "right")
    run.canvas.setFillGray(0)


def _annex_page(run: Run, context: Context) -> None:
    y = run.top - 9 * mm
    run.text(run.size[0] / 2, y, f"{run.form.title}　附页", BOLD, 16, "center")
    y -= 12 * mm
    for name, text in run.annex:
        run.text(run.left, y, name, SANS, LABEL_SIZE)
        for line in fonts.wrap(text, SERIF, VALUE_SIZE, run.width):
            y -= VALUE_SIZE * 1.5
            run.text(run.left, y, line, SERIF, VALUE_SIZE)
        y -= 8 * mm
    _foot(run, context)


def _watermark(run: Run) -> None:
    run.canvas.saveState()
    run.canvas.setFillGray(0.88)
    run.canvas.translate(run.size[0] / 2, run.size[1] / 2)
    run.canvas.rotate(35)
    run.text(0, 0, "练习　不作数", BOLD, 66, "center")
    run.canvas.restoreState()


def missing_characters(form: Form, contexts: Iterable[Context]) -> tuple[str, ...]:
    """Characters in the values that no font has, to be said before printing."""
    found: dict[str, None] = {}
    for context in contexts:
        for values in context.values():
            for row in values if isinstance(values, list | tuple) else [values]:
                for value in row.values():
                    if isinstance(value, str) and not value.isascii():
                        found |= dict.fromkeys(fonts.missing_from(value))
    return tuple(found)
