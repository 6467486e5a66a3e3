"""What did not fit where it belongs: said there, and whole on the pages that follow."""

from collections.abc import Sequence

from app.printing import fonts
from app.printing.blocks import LABEL_SIZE, VALUE_SIZE
from app.printing.drawing import Run, mm
from app.printing.fonts import BOLD, SANS, SERIF

ANNEX_HEAD, ANNEX_GAP = 12 * mm, 8 * mm


def annex_pages(run: Run) -> list[list[tuple[str, str, float]]]:
    """What did not fit, as lines of (text, font, space above), page by page."""
    room = run.top - 9 * mm - ANNEX_HEAD - run.bottom - 6 * mm
    pages: list[list[tuple[str, str, float]]] = []
    left = 0.0
    for name, text in run.annex:
        block = [(name, SANS, ANNEX_GAP), *((line, SERIF, VALUE_SIZE * 1.5) for line in fonts.wrap(text, SERIF, VALUE_SIZE, run.width))]
        for n, line in enumerate(block):
            if line[2] > left or (n == 0 and len(block) > 1 and line[2] + block[1][2] > left):
                pages.append([])
                left = room
            pages[-1].append(line)
            left -= line[2]
    return pages


def annex_page(run: Run, lines: Sequence[tuple[str, str, float]]) -> None:
    y = run.top - 9 * mm
    run.text(run.size[0] / 2, y, f"{run.form.title}　附页", BOLD, 16, "center")
    y -= ANNEX_HEAD - ANNEX_GAP
    for text, font, above in lines:
        y -= above
        run.text(run.left, y, text, font, LABEL_SIZE if font == SANS else VALUE_SIZE)
