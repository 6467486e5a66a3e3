"""Cut a portrait to what is asked: the picture is moved and sized behind a frame with lines for crown and chin."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QVBoxLayout, QWidget

from app.services import portrait
from app.services.portrait import Crop, PhotoRule
from app.ui import theme
from app.ui.dialog import FramedDialog
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import button, label, row

ZOOM = 1.05
"""One step of the wheel, of + and of -."""


class CropView(QWidget):
    """The frame stands still in the middle; arrows, mouse and + - move the picture behind it."""

    moved = Signal()

    def __init__(self, picture: QPixmap, rule: PhotoRule, crop: Crop) -> None:
        super().__init__()
        self.picture, self.rule, self.crop = picture, rule, crop
        self._held: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(px(220), px(260))
        self.setAccessibleName(tr("裁剪照片：方向键移动，加号减号放大缩小"))

    def sizeHint(self) -> QSize:
        return QSize(px(380), px(440))

    def frame(self) -> QRectF:
        """Where the frame stands in this widget."""
        room = QRectF(self.rect()).adjusted(px(24), px(16), -px(24), -px(16))
        height = min(room.height(), room.width() / self.rule.ratio)
        width = height * self.rule.ratio
        return QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)

    def move_by(self, dx: float, dy: float) -> None:
        """Move the frame over the picture, in its pixels."""
        self.crop = Crop(self.crop.left + dx, self.crop.top + dy, self.crop.width)
        self._changed()

    def zoom(self, by: float) -> None:
        """Larger than 1: the face grows."""
        width = min(max(self.crop.width / by, 40), self.picture.width() * 3)
        shrink = self.crop.width - width
        self.crop = Crop(self.crop.left + shrink / 2, self.crop.top + shrink / self.rule.ratio / 2, width)
        self._changed()

    def _changed(self) -> None:
        self.update()
        self.moved.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = self.frame()
        share = frame.width() / self.crop.width
        target = QRectF(frame.left() - self.crop.left * share, frame.top() - self.crop.top * share, self.picture.width() * share, self.picture.height() * share)
        painter.drawPixmap(target, self.picture, QRectF(self.picture.rect()))
        shade = QColor(0, 0, 0, 150)  # dark in both looks: what is cut away steps back
        for part in (
            QRectF(0, 0, self.width(), frame.top()), QRectF(0, frame.bottom(), self.width(), self.height() - frame.bottom()),
            QRectF(0, frame.top(), frame.left(), frame.height()), QRectF(frame.right(), frame.top(), self.width() - frame.right(), frame.height()),
        ):
            painter.fillRect(part, shade)
        self._guides(painter, frame)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), px(2)))
            painter.drawRect(frame)
        painter.end()

    def _guides(self, painter: QPainter, frame: QRectF) -> None:
        """Crown and chin, and the width of a head, as the rule has them."""
        step = frame.height() / self.rule.frame[1]
        tall, wide = sum(self.rule.head_height) / 2 * step, sum(self.rule.head_width) / 2 * step
        top = frame.top() + (frame.height() - tall) * 0.35
        head = QRectF(frame.center().x() - wide / 2, top, wide, tall)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((QColor(255, 255, 255, 200), 3), (theme.colour("accent"), 1)):
            painter.setPen(QPen(colour, px(width), Qt.PenStyle.DashLine))
            painter.drawEllipse(head)
            painter.drawLine(QPointF(frame.left(), head.top()), QPointF(frame.right(), head.top()))
            painter.drawLine(QPointF(frame.left(), head.bottom()), QPointF(frame.right(), head.bottom()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = self.crop.width / (20 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 100)
        moves = {Qt.Key.Key_Left: (step, 0.0), Qt.Key.Key_Right: (-step, 0.0), Qt.Key.Key_Up: (0.0, step), Qt.Key.Key_Down: (0.0, -step)}
        if (move := moves.get(Qt.Key(event.key()))) is not None:
            self.move_by(*move)
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = event.position()
        self.setFocus()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            share = self.crop.width / self.frame().width()
            gone = event.position() - self._held
            self._held = event.position()
            self.move_by(-gone.x() * share, -gone.y() * share)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._held = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(ZOOM if event.angleDelta().y() > 0 else 1 / ZOOM)


class PortraitDialog(FramedDialog):
    """`body` is the finished JPEG once accepted; what it lacks stands beside the picture while it is moved. Errors do not let it pass as fit: `fits` says so."""

    enter_accepts = True

    def __init__(self, parent: QWidget | None, body: bytes, rule: PhotoRule) -> None:
        super().__init__(parent, tr("裁剪照片"), 820, 600)
        self.rule = rule
        self._upright = portrait.upright(body)
        self.body = b""
        self.fits = False
        image = QImage(self._upright.tobytes(), self._upright.width, self._upright.height, self._upright.width * 3, QImage.Format.Format_RGB888)
        self.view = CropView(QPixmap.fromImage(image), rule, portrait.propose(self._upright, rule))
        self.box.addWidget(label(f"{tr(rule.title)}：{rule.sentence}{tr('（拟）') if '拟' in rule.source else ''}", "secondary", wrap=True))
        side = QVBoxLayout()
        side.setSpacing(px(10))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(-60, 60)
        self.slider.setAccessibleName(tr("大小"))
        self.slider.valueChanged.connect(self._slide)
        self._slid = 0
        side.addWidget(label(tr("大小"), "fieldLabel"))
        side.addWidget(self.slider)
        side.addWidget(button(tr("自动对准"), self.again, icon_name="refresh-cw"))
        self.said = label("", wrap=True)
        side.addWidget(self.said)
        side.addStretch(1)
        side.addWidget(label(tr("拖动照片，或者按方向键移动、按加号减号放大缩小：头顶对上面的线，下巴对下面的线。"), "secondary", wrap=True))
        middle = QHBoxLayout()
        middle.setSpacing(px(16))
        middle.addWidget(self.view, 3)
        held = QWidget()
        held.setLayout(side)
        side.setContentsMargins(0, 0, 0, 0)
        held.setFixedWidth(px(260))
        middle.addWidget(held)
        self.box.addLayout(middle, 1)
        self.box.addWidget(self.banner)
        self.ok = button(tr("用这张"), self.accept, icon_name="check", primary=True)
        self.box.addLayout(row(None, button(tr("取消"), self.reject), self.ok))
        self._settling = QTimer(self)  # cutting takes a moment: it waits until the picture stands still
        self._settling.setSingleShot(True)
        self._settling.setInterval(150)
        self._settling.timeout.connect(self.judge)
        self.view.moved.connect(self._settling.start)
        self.judge()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.view.setFocus()

    def _slide(self, value: int) -> None:
        self.view.zoom(1.02 ** (value - self._slid))
        self._slid = value

    def again(self) -> None:
        self.view.crop = portrait.propose(self._upright, self.rule)
        self.view.update()
        self.judge()

    def accept(self) -> None:
        self.judge()
        super().accept()

    def judge(self) -> None:
        """Cut as it stands and say what is still missing."""
        self.body = portrait.cut(self._upright, self.rule, self.view.crop)
        found = portrait.faults(self.body, self.rule)
        self.fits = not any(p.is_error for p in found)
        size = tr("裁好是 {w}×{h} 像素、{kb:.0f} KB。").format(w=self.rule.pixels[0], h=self.rule.pixels[1], kb=len(self.body) / 1024)
        self.said.setText("\n".join([size, *(p.message for p in found)] if found else [size, tr("符合要求。")]))
        self.said.setObjectName("doubt" if found else "good")
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
