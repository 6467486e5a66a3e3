"""Charts as plain painting: bars with their figure on them, readable across a meeting room and in both looks."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui import theme
from app.ui.text import tr
from app.ui.theme import px


class BarChart(QWidget):
    """Bars upright, each with its name below and its figure above. `picture` is the same as an image, on white paper or as it is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.bars: tuple[tuple[str, float, str], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(px(150))

    def sizeHint(self) -> QSize:
        return QSize(px(420), px(240))

    def show_bars(self, title: str, bars: Sequence[tuple[str, float, str]]) -> None:
        """(name, height, figure as text)."""
        self.title, self.bars = title, tuple(bars)
        self.setAccessibleName(f"{title}：" + ("；".join(f"{name} {text}" for name, _, text in bars) or tr("没有数据")))
        self.update()

    def picture(self, width: int = 1200, height: int = 600) -> QPixmap:
        shot = QPixmap(width, height)
        shot.fill(theme.colour("card"))
        painter = QPainter(shot)
        scale = width / max(self.width(), 1)
        painter.scale(scale, scale)
        self._draw(painter, self.width(), round(height / scale))
        painter.end()
        return shot

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._draw(painter, self.width(), self.height())
        painter.end()

    def _draw(self, painter: QPainter, width: int, height: int) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        metrics, step = QFontMetrics(painter.font()), (width - px(16)) / max(len(self.bars), 1)
        lines = max((-(-metrics.horizontalAdvance(name) // max(round(step - px(8)), 1)) for name, _, _ in self.bars), default=1)
        head, foot = px(56), px(8) + min(lines, 3) * metrics.height()
        painter.setPen(theme.colour("ink"))
        painter.drawText(QRectF(px(4), 0, width - px(8), px(28)), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.title)
        room, most = height - head - foot, max([value for _, value, _ in self.bars], default=0)
        painter.setPen(theme.colour("line"))
        painter.drawLine(px(4), height - foot, width - px(4), height - foot)
        if not self.bars or most <= 0:
            painter.setPen(theme.colour("secondary"))
            painter.drawText(QRectF(0, head, width, room), Qt.AlignmentFlag.AlignCenter, tr("还没有数据"))
            return
        for n, (name, value, text) in enumerate(self.bars):
            wide, high = min(step * 0.6, px(64)), room * value / most
            left = px(8) + n * step + (step - wide) / 2
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent"))
            painter.drawRoundedRect(QRectF(left, height - foot - high, wide, high), 3, 3)
            painter.setPen(theme.colour("ink"))
            painter.drawText(QRectF(left - step, height - foot - high - px(24), wide + 2 * step, px(22)), Qt.AlignmentFlag.AlignCenter, text)
            painter.setPen(theme.colour("secondary"))
            painter.drawText(QRectF(px(8) + n * step + px(2), height - foot + px(4), step - px(4), foot - px(4)), Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWrapAnywhere, name)
