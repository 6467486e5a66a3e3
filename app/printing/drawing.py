"""The canvas with what is known while a job's pages are drawn, and the few strokes that every part of the engine needs."""

from dataclasses import dataclass, field
from itertools import groupby

from reportlab.pdfgen.canvas import Canvas

from app.printing import fonts
from app.printing.fonts import BOLD, SANS, SERIF
from app.printing.template import Form

mm = 72 / 25.4
"""Points in a millimetre."""
INNER = 0.5


@dataclass
class Run:
    """One job: the canvas, the form, and what is known while its pages are drawn."""

    canvas: Canvas
    form: Form
    size: tuple[float, float]
    static: bool = False
    """Whether rules and labels are being drawn, or values."""
    page: int = 1
    pages: int = 1
    annex: list[tuple[str, str]] = field(default_factory=list)
    followed: bool = False
    """Whether boxes stand below what is being drawn, so that it cannot take more room on one copy than on another."""
    measuring: bool = False
    """Whether nothing is to be drawn: only how much room it takes is asked."""

    @property
    def left(self) -> float:
        return self.form.margins[3] * mm

    @property
    def right(self) -> float:
        return self.size[0] - self.form.margins[1] * mm

    @property
    def top(self) -> float:
        return self.size[1] - self.form.margins[0] * mm

    @property
    def bottom(self) -> float:
        return self.form.margins[2] * mm

    @property
    def width(self) -> float:
        return self.right - self.left

    def text(self, x: float, y: float, text: str, font: str, size: float, align: str = "left") -> None:
        if not text or self.measuring:
            return
        wide = fonts.width(text, font, size) if align != "left" else 0.0
        at = x - wide if align == "right" else x - wide / 2 if align == "center" else x
        for name, part in fonts.runs(text, font):
            self.canvas.setFont(name, size)
            self.canvas.drawString(at, y, part)
            if len(text) != len(part):
                at += fonts.width(part, name, size) if name in (SERIF, SANS, BOLD) else _plain_width(part, name, size)

    def line(self, x1: float, y1: float, x2: float, y2: float, width: float = INNER) -> None:
        if self.measuring:
            return
        self.canvas.setLineWidth(width)
        self.canvas.line(x1, y1, x2, y2)


def _plain_width(part: str, name: str, size: float) -> float:
    from reportlab.pdfbase import pdfmetrics

    return float(pdfmetrics.stringWidth(part, name, size))


def qr(run: Run, content: str, x: float, y: float, side: float) -> None:
    import segno

    # Readers take all eight masks alike; finding the prettiest took more than half of a form's time.
    matrix = segno.make(content, error="m", micro=False, mask=2).matrix
    step = side / len(matrix)
    path = run.canvas.beginPath()
    for r, row in enumerate(matrix):
        start = 0
        for dark, cells in groupby(row):
            count = len(list(cells))
            if dark:
                path.rect(x + start * step, y + side - (r + 1) * step, count * step, step * 1.01)
            start += count
    run.canvas.drawPath(path, stroke=0, fill=1)
