"""Form template and values to PDF, on a bare ReportLab canvas.

What is the same on every copy (rules, labels) is drawn once as a form object and placed on each page; the values are
drawn over it. A value that does not fit shrinks to a limit, wraps, and at last goes whole to an annex page: never cut.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from reportlab.lib.pagesizes import A3, A4, landscape
from reportlab.pdfgen.canvas import Canvas

from app.printing import cards, fonts, letters
from app.printing.annex import annex_page, annex_pages
from app.printing.blocks import DRAW, OUTER, VALUE_SIZE, fit_line, picture_page, table
from app.printing.drawing import Run, mm, qr
from app.printing.fonts import BOLD, SERIF
from app.printing.template import Context, Form, fill

Blocks = Sequence[Mapping[str, Any]]


def render(form: Form, contexts: Sequence[Context], *, draft: bool = False, starts: list[int] | None = None) -> bytes:
    """All the copies as one PDF, in order. The bytes are what is previewed and printed. `starts` is given the first page of each, from 0."""
    firsts = starts if starts is not None else []
    out = io.BytesIO()
    size = landscape(A4) if form.orientation == "landscape" else A4
    canvas = _canvas(out, form, size)
    run = Run(canvas, form, size)
    kinds = {block["kind"] for block in form.blocks}
    if "cards" in kinds:
        for context in contexts:
            firsts.append(canvas.getPageNumber() - 1)
            cards.draw(run, context, _watermark if draft else None)
    elif form.flow:
        for context in contexts:
            firsts.append(canvas.getPageNumber() - 1)
            words = _words_across(context, draft)
            letters.draw(run, context, partial(_watermark, words=words) if words else None)
    elif "table" in kinds:
        for context in contexts:
            firsts.append(canvas.getPageNumber() - 1)
            _paged(run, context, draft)
    else:
        sheets = _sheets(form)
        for n, blocks in enumerate(sheets):
            _draw_static(run, n, blocks)
        for number, context in enumerate(contexts):
            firsts.append(canvas.getPageNumber() - 1)
            _single(run, context, draft, sheets, f"copy{number}-" if form.sheet == "A3" else "")
    canvas.save()
    return out.getvalue()


def _canvas(out: io.BytesIO, form: Form, size: tuple[float, float]) -> Canvas:
    canvas = Canvas(out, pagesize=size, initialFontName="Helvetica", pageCompression=1)
    canvas.setTitle(form.title)
    canvas.setCreator("UnionDesk")
    return canvas


def _sheets(form: Form) -> list[Blocks]:
    """The blocks of each page, divided where the form says so."""
    pages: list[list[Mapping[str, Any]]] = [[]]
    for block in form.blocks:
        if block["kind"] == "page_break":
            pages.append([])
        else:
            pages[-1].append(block)
    return list(pages)


def _draw_static(run: Run, number: int, blocks: Blocks) -> None:
    run.canvas.beginForm(f"static{number}")
    run.static = True
    _body(run, None, blocks, first=number == 0)
    run.static = False
    run.canvas.endForm()


def _single(run: Run, context: Context, draft: bool, sheets: Sequence[Blocks], held: str) -> None:
    """A form of a fixed number of pages, and an annex where something did not fit. `held`: the pages are kept under this name, to be laid on a larger sheet."""
    run.annex.clear()
    across, shots = _words_across(context, draft), _annex_pictures(run.form, context)
    if len(sheets) > 1:  # what goes to the annex is known only when all has been drawn, and every page says how many there are
        trial = Run(_canvas(io.BytesIO(), run.form, run.size), run.form, run.size, measuring=True)
        for number, blocks in enumerate(sheets):
            _body(trial, context, blocks, first=number == 0)
        run.pages = len(sheets) + len(annex_pages(trial)) + len(shots)
    for number, blocks in enumerate(sheets):
        run.page = number + 1
        if held:
            run.canvas.beginForm(f"{held}{run.page}")
        if across:
            _watermark(run, across)
        run.canvas.doForm(f"static{number}")
        _body(run, context, blocks, first=number == 0)
        if len(sheets) == 1:
            run.pages = 1 + len(annex_pages(run)) + len(shots)
        _end_page(run, context, held)
    more: list[list[tuple[str, str, float]] | tuple[Mapping[str, Any], ...]] = [*annex_pages(run), *shots]
    for lines in more:
        run.page += 1
        if held:
            run.canvas.beginForm(f"{held}{run.page}")
        if across:
            _watermark(run, across)
        if isinstance(lines, tuple):
            picture_page(run, lines, f"{run.form.title}　附图")
        else:
            annex_page(run, lines)
        _end_page(run, context, held)
    if held:
        _lay(run, held)


PICTURES_A_PAGE = 6


def _annex_pictures(form: Form, context: Context) -> list[tuple[Mapping[str, Any], ...]]:
    """The pictures that follow a form, page by page."""
    shots = context["form"].get("pictures") or () if form.annex_pictures else ()
    return [tuple(shots[start : start + PICTURES_A_PAGE]) for start in range(0, len(shots), PICTURES_A_PAGE)]


def _words_across(context: Context, draft: bool) -> str:
    """What is written across the page: that it is practice, or that the record is not settled yet."""
    return PRACTICE if draft else str(context.get("form", {}).get("across") or "")


def _end_page(run: Run, context: Context, held: str) -> None:
    _foot(run, context)
    if held:
        run.canvas.endForm()
    else:
        run.canvas.showPage()


def _lay(run: Run, held: str) -> None:
    """Lay the pages side by side on A3, so that the first four, printed on both sides and folded, read in order; those of the annex follow."""
    order = [4, 1, 2, 3, *range(5, run.pages + 1)] if run.pages >= 4 else list(range(1, run.pages + 1))
    order += [0] * (-len(order) % 4)  # both sides of the last sheet are there, so that the next copy begins on a sheet of its own
    run.canvas.setPageSize(landscape(A3))
    for left in range(0, len(order), 2):
        for place, page in enumerate(order[left : left + 2]):
            if not page:
                continue
            run.canvas.saveState()
            run.canvas.translate(place * run.size[0], 0)
            run.canvas.doForm(f"{held}{page}")
            run.canvas.restoreState()
        run.canvas.showPage()


def _paged(run: Run, context: Context, draft: bool) -> None:
    """A form with a table runs over as many pages as it has rows for, each with head, table head and subtotal."""
    listed = next(block for block in run.form.blocks if block["kind"] == "table")
    rows = list(context[listed["rows"]])
    per_page = int(listed["rows_per_page"])
    blank = int(listed.get("blank_rows", 0))
    run.annex.clear()
    pages = max(1, -(-(len(rows) + blank) // per_page))
    across = _words_across(context, draft)

    def body(of: Run, page: int) -> None:
        y = _head(of, context, of.top)
        for block in of.form.blocks:
            if block["kind"] == "table":
                y = table(of, block, context, rows[page * per_page : (page + 1) * per_page], page * per_page, per_page, y)
            elif not block.get("last_page_only") or page + 1 == pages:
                y = DRAW[block["kind"]](of, block, context, y, outer=True)

    if any(len(str(value)) > LONG for row in rows for value in row.values() if isinstance(value, str)):  # only a long value can end in the annex, and every page says how many there are
        trial = Run(_canvas(io.BytesIO(), run.form, run.size), run.form, run.size, measuring=True)
        for page in range(pages):
            body(trial, page)
        run.pages = pages + len(annex_pages(trial))
    else:
        run.pages = pages
    for page in range(pages):
        run.page = page + 1
        if across:
            _watermark(run, across)
        body(run, page)
        run.pages = max(run.pages, pages + len(annex_pages(run)))
        _foot(run, context)
        run.canvas.showPage()
    for lines in annex_pages(run):
        run.page += 1
        if across:
            _watermark(run, across)
        annex_page(run, lines)
        _foot(run, context)
        run.canvas.showPage()


def _body(run: Run, context: Context | None, blocks: Blocks, *, first: bool) -> None:
    y = _head(run, context, run.top) if first else run.top
    start = y
    boxed = True
    for number, block in enumerate(blocks):
        run.followed = any(later["kind"] != "text" for later in blocks[number + 1 :])
        if boxed and block.get("outside"):
            _outer_rule(run, start, y)
            boxed = False
        elif not boxed and not block.get("outside"):
            start, boxed = y, True
        y = DRAW[block["kind"]](run, block, context, y)
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
            run.text(run.left, y, *fit_line(run, fill(left, context), run.width - (fonts.width(fill(right, context), SERIF, VALUE_SIZE) + 6 * mm if right else 0)))
            if right:
                run.text(run.right, y, fill(right, context), SERIF, VALUE_SIZE, "right")
        y -= 6 * mm
    return y + 3 * mm


def _foot(run: Run, context: Context) -> None:
    y = run.bottom - 2 * mm
    run.canvas.setFillGray(0.25)
    pages = f"第 {run.page} 页 共 {run.pages} 页"
    run.text(run.right, y, pages, SERIF, 8.5, "right")
    if run.form.foot:
        words, room, size = fill(run.form.foot, context), run.width - fonts.width(pages, SERIF, 8.5) - 4 * mm, 8.5
        while size > 6 and fonts.width(words, SERIF, size) > room:
            size -= 0.5
        for n, line in enumerate(fonts.wrap(words, SERIF, size, room)):
            run.text(run.left, y - n * size * 1.15, line, SERIF, size)
    run.canvas.setFillGray(0)


PRACTICE = "练习　不作数"
LONG = 8
"""Characters from which a value in a list may be too long for its column."""


def _watermark(run: Run, words: str = PRACTICE) -> None:
    run.canvas.saveState()
    run.canvas.setFillGray(0.88)
    run.canvas.translate(run.size[0] / 2, run.size[1] / 2)
    run.canvas.rotate(35)
    run.text(0, 0, words, BOLD, 66, "center")
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
