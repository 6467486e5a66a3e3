"""Many small things on a sheet: badges, certificates. Each card is drawn in its own millimetres, from its upper left corner; ticks say where to cut."""

from collections.abc import Callable, Mapping
from typing import Any

from app.printing import fonts
from app.printing.drawing import Run, mm, qr
from app.printing.fonts import SERIF
from app.printing.template import Context, fill

TICK = 4
"""Millimetres of a cut mark."""


def draw(run: Run, context: Context, watermark: Callable[[Run], None] | None) -> None:
    """All the cards of a job, as many sheets as it takes."""
    block = next(b for b in run.form.blocks if b["kind"] == "cards")
    columns, lines = int(block["columns"]), int(block["lines"])
    cards, on_a_sheet = context[block["rows"]], columns * lines
    width, height = block["width"] * mm, block["height"] * mm
    left, top = (run.size[0] - columns * width) / 2, run.size[1] - (run.size[1] - lines * height) / 2
    for start in range(0, max(len(cards), 1), on_a_sheet):
        if watermark:
            watermark(run)
        _cut_marks(run, left, top, width, height, columns, lines)
        for n, card in enumerate(cards[start : start + on_a_sheet]):
            _card(run, block, {**context, "card": card}, left + n % columns * width, top - n // columns * height)
        run.canvas.showPage()


def _cut_marks(run: Run, left: float, top: float, width: float, height: float, columns: int, lines: int) -> None:
    """Ticks around the sheet and a small cross wherever four cards meet: a ruler or a cutter goes along them."""
    right, bottom, tick = left + columns * width, top - lines * height, TICK * mm
    run.canvas.setStrokeGray(0.45)
    for n in range(columns + 1):
        x = left + n * width
        run.line(x, top, x, top + tick, 0.3)
        run.line(x, bottom, x, bottom - tick, 0.3)
        for m in range(1, lines):
            run.line(x, top - m * height - tick / 4, x, top - m * height + tick / 4, 0.3)
    for n in range(lines + 1):
        y = top - n * height
        run.line(left, y, left - tick, y, 0.3)
        run.line(right, y, right + tick, y, 0.3)
        for m in range(1, columns):
            run.line(left + m * width - tick / 4, y, left + m * width + tick / 4, y, 0.3)
    run.canvas.setStrokeGray(0)


def _card(run: Run, block: Mapping[str, Any], context: Context, left: float, top: float) -> None:
    for part in block["part"]:
        x, y, width = left + part["x"] * mm, top - part["y"] * mm, part["w"] * mm
        if "qr" in part:
            qr(run, fill(part["qr"], context), x, y - width, width)
        elif "rule" in part:
            run.line(x, y, x + width, y, part["rule"])
        else:
            _text(run, part, fill(part["text"], context), x, y, width)


def _text(run: Run, part: Mapping[str, Any], text: str, x: float, y: float, width: float) -> None:
    """A text within its width: smaller, then on as many lines as `lines` allows; at least seven points."""
    size, font, most = float(part.get("size", 10.5)), str(part.get("font", SERIF)), int(part.get("lines", 1))
    rows = fonts.wrap(text, font, size, width)
    while len(rows) > most and size > 7:
        size -= 0.5
        rows = fonts.wrap(text, font, size, width)
    align = part.get("align", "left")
    at = {"left": x, "center": x + width / 2, "right": x + width}[align]
    for n, row in enumerate(rows):
        run.text(at, y - size - n * size * part.get("leading", 1.35), row, font, size, align)
