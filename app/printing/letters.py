"""Letters and reports: text that runs over as many pages as it needs.

With `style = "gb9704"` in the layout of official documents (GB/T 9704-2012, 5.2): title in 22 pt, text in 16 pt, 22 lines of 28
characters, the page number between dashes at the foot. 仿宋_GB2312 and 小标宋 may not be shipped: Song type stands in for both.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from app.printing import fonts
from app.printing.annex import annex_page, annex_pages
from app.printing.blocks import DRAW, VALUE_SIZE, fit_line
from app.printing.drawing import Run, mm, qr
from app.printing.fonts import BOLD, SERIF
from app.printing.template import Context, fill

OFFICIAL = "gb9704"
TITLE, BODY, LEADING, FOOT = 22.0, 16.0, 225 * mm / 22, 14.0
"""GB/T 9704-2012: 2号, 3号, 22 lines on 225 mm, 4号."""


@dataclass(frozen=True)
class _Line:
    text: str
    font: str
    size: float
    align: str
    y: float


@dataclass(frozen=True)
class _Block:
    block: Mapping[str, Any]
    y: float


_Page = list[_Line | _Block]


def draw(run: Run, context: Context, watermark: Callable[[Run], object] | None) -> None:
    """All pages of one letter."""
    official = run.form.style == OFFICIAL
    run.annex.clear()
    pages = _lay_out(run, context, official=official)
    more = annex_pages(run)
    run.annex.clear()
    run.pages = len(pages) + len(more)
    for number, page in enumerate(pages, 1):
        run.page = number
        if watermark is not None:
            watermark(run)
        if number == 1 and run.form.qr:
            qr(run, fill(run.form.qr, context), run.right - 16 * mm, run.top - 12 * mm if official else run.top - 13 * mm, 16 * mm)
        for part in page:
            if isinstance(part, _Block):
                DRAW[part.block["kind"]](run, part.block, context, part.y, outer=True)
            else:
                run.text({"left": run.left, "center": run.size[0] / 2, "right": run.right}[part.align], part.y, part.text, part.font, part.size, part.align)
        _foot(run, context, official=official)
        run.canvas.showPage()
    for lines in more:
        run.page += 1
        if watermark is not None:
            watermark(run)
        annex_page(run, lines)
        _foot(run, context, official=official)
        run.canvas.showPage()


def _lay_out(run: Run, context: Context, *, official: bool) -> list[_Page]:
    pages: list[_Page] = [[]]
    y = run.top

    def turn() -> float:
        pages.append([])
        return run.top

    title_size = TITLE if official else 20.0
    y -= 4 * mm
    for line in fonts.wrap(fill(run.form.title, context), BOLD, title_size, run.width - 40 * mm):
        y -= title_size * 1.4
        pages[-1].append(_Line(line, BOLD, title_size, "center", y))
    y -= 6 * mm
    for line in run.form.head:
        left, _, right = line.partition("|>")
        y -= VALUE_SIZE * 1.6
        pages[-1] += [_Line(*fit_line(run, fill(left, context), run.width - (fonts.width(fill(right, context), SERIF, VALUE_SIZE) + 6 * mm if right else 0)), "left", y), *([_Line(fill(right, context), SERIF, VALUE_SIZE, "right", y)] if right else [])]
    for block in run.form.blocks:
        if block["kind"] != "text":
            trial = Run(Canvas(io.BytesIO()), run.form, run.size, annex=run.annex, measuring=True)
            high = y - DRAW[block["kind"]](trial, block, context, y, outer=True)
            if y - high < run.bottom + 4 * mm:
                y = turn()
            pages[-1].append(_Block(block, y))
            y -= high
            continue
        size = float(block.get("size", BODY if official else VALUE_SIZE))
        leading = float(block.get("leading", LEADING if official else size * 1.6))
        y -= block.get("space_before", 0 if official else 2) * mm
        lines = [line for text in block["lines"] for line in fonts.wrap(fill(text, context), str(block.get("font", SERIF)), size, run.width)]
        if block.get("keep") and y - leading * len(lines) < run.bottom + 6 * mm:
            y = turn()
        for line in lines:
            if y - leading < run.bottom + 4 * mm:
                y = turn()
            y -= leading
            pages[-1].append(_Line(line, str(block.get("font", SERIF)), size, str(block.get("align", "left")), y))
    return pages


def _foot(run: Run, context: Context, *, official: bool) -> None:
    y = run.bottom - 2 * mm
    if official:
        run.text(run.right if run.page % 2 else run.left, run.bottom - 7 * mm, f"— {run.page} —", SERIF, FOOT, "right" if run.page % 2 else "left")
        if run.form.foot:
            run.canvas.setFillGray(0.25)
            run.text(run.size[0] / 2, run.bottom - 14 * mm, f"{fill(run.form.foot, context)}　第 {run.page} 页 共 {run.pages} 页", SERIF, 8.5, "center")
            run.canvas.setFillGray(0)
        return
    run.canvas.setFillGray(0.25)
    if run.form.foot:
        run.text(run.left, y, fill(run.form.foot, context), SERIF, 8.5)
    run.text(run.right, y, f"第 {run.page} 页 共 {run.pages} 页", SERIF, 8.5, "right")
    run.canvas.setFillGray(0)
