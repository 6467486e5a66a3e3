"""Charts as plain painting: bars with their figure on them, readable across a meeting room and in both looks; each bar leads to its records."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPageLayout, QPageSize, QPainter, QPaintEvent, QPdfWriter, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui import theme
from app.ui.text import tr
from app.ui.theme import px
from db.problems import UserError


class BarChart(QWidget):
    """Bars upright, each with its name below and its figure above. `opened` says which bar was clicked, or chosen with the arrows and Enter."""

    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.current = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(tr("单击一根柱子看是哪些；键盘用左右键选，回车打开。"))
        self.title = ""
        self.bars: tuple[tuple[str, float, str], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(px(150))

    def sizeHint(self) -> QSize:
        return QSize(px(420), px(240))

    def show_bars(self, title: str, bars: Sequence[tuple[str, float, str]]) -> None:
        """(name, height, figure as text)."""
        self.title, self.bars = title, tuple(bars)
        self.current = min(self.current, max(len(self.bars) - 1, 0))
        self.setAccessibleName(f"{title}：" + ("；".join(f"{name} {text}" for name, _, text in bars) or tr("没有数据")))
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = int((event.position().x() - px(8)) / self._step(self.width()))
        if event.button() == Qt.MouseButton.LeftButton and 0 <= place < len(self.bars) and event.position().y() > px(28):
            self.current = place
            self.opened.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if move is not None and self.bars:
            self.current = min(max(self.current + move, 0), len(self.bars) - 1)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.bars:
            self.opened.emit(self.current)
        else:
            super().keyPressEvent(event)

    def _step(self, width: int) -> float:
        return (width - px(16)) / max(len(self.bars), 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.draw(painter, self.width(), self.height(), theme.theme().tokens)
        if self.hasFocus() and self.bars:
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(px(8) + self.current * self._step(self.width()) + 1, px(30), self._step(self.width()) - 2, self.height() - px(32)), 4, 4)
        painter.end()

    def draw(self, painter: QPainter, width: int, height: int, tokens: theme.Tokens) -> None:
        """The chart in a space of that size, in the colours of a look."""

        def colour(token: str) -> QColor:
            return QColor(getattr(tokens, token))

        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        metrics, step = QFontMetrics(painter.font(), painter.device()), self._step(width)
        lines = max((-(-metrics.horizontalAdvance(name) // max(round(step - px(8)), 1)) for name, _, _ in self.bars), default=1)
        head, foot = px(56), px(8) + min(lines, 3) * metrics.height()
        painter.setPen(colour("ink"))
        painter.drawText(QRectF(px(4), 0, width - px(8), px(28)), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.title)
        room, most = height - head - foot, max([value for _, value, _ in self.bars], default=0)
        painter.setPen(colour("line"))
        painter.drawLine(px(4), height - foot, width - px(4), height - foot)
        if not self.bars or most <= 0:
            painter.setPen(colour("secondary"))
            painter.drawText(QRectF(0, head, width, room), Qt.AlignmentFlag.AlignCenter, tr("还没有数据"))
            return
        for n, (name, value, text) in enumerate(self.bars):
            wide, high = min(step * 0.6, px(64)), room * value / most
            left = px(8) + n * step + (step - wide) / 2
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("accent"))
            painter.drawRoundedRect(QRectF(left, height - foot - high, wide, high), 3, 3)
            painter.setPen(colour("ink"))
            painter.drawText(QRectF(left - step, height - foot - high - px(24), wide + 2 * step, px(22)), Qt.AlignmentFlag.AlignCenter, text)
            painter.setPen(colour("secondary"))
            painter.drawText(QRectF(px(8) + n * step + px(2), height - foot + px(4), step - px(4), foot - px(4)), Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWrapAnywhere, metrics.elidedText(name, Qt.TextElideMode.ElideRight, round((step - px(6)) * min(lines, 3) - metrics.averageCharWidth())))


PICTURE_FILES = "图片 (*.png);;PDF (*.pdf)"


def save_charts(path: Path, charts: Sequence[BarChart]) -> None:
    """The charts one below the other on white paper, as a picture or, where the name ends so, a PDF page. UserError when it cannot be written."""
    tokens = theme.LIGHT
    width, height = max(chart.width() for chart in charts), sum(max(chart.height(), px(240)) for chart in charts)
    if path.suffix.lower() == ".pdf":
        writer = QPdfWriter(str(path))
        writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        writer.setPageOrientation(QPageLayout.Orientation.Landscape if width > height else QPageLayout.Orientation.Portrait)
        writer.setPageMargins(QMarginsF(15, 15, 15, 15), QPageLayout.Unit.Millimeter)
        writer.setTitle(charts[0].title)
        painter = QPainter()
        if not painter.begin(writer):
            raise UserError(CANNOT_WRITE)
        area = writer.pageLayout().paintRectPixels(writer.resolution())
        share = min(area.width() / width, area.height() / height)
        painter.scale(share, share)
        _paint(painter, charts, width, tokens)
        painter.end()
        return
    shot = QPixmap(width * 2, height * 2)
    shot.fill(QColor(tokens.card))
    painter = QPainter(shot)
    painter.scale(2, 2)
    _paint(painter, charts, width, tokens)
    painter.end()
    if not shot.save(str(path), "PNG"):
        raise UserError(CANNOT_WRITE)


CANNOT_WRITE = "没有写成，请检查位置是否只读、磁盘是否已满，或者这个文件是不是正开着。"


def _paint(painter: QPainter, charts: Sequence[BarChart], width: int, tokens: theme.Tokens) -> None:
    for chart in charts:
        high = max(chart.height(), px(240))
        chart.draw(painter, width, high, tokens)
        painter.translate(0, high)
