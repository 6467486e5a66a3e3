"""A webcam that reads QR codes at the door. Without zxing-cpp, without QtMultimedia, or without a camera it is simply not there."""

from typing import Any

from PySide6.QtCore import QElapsedTimer, QObject, Signal
from PySide6.QtGui import QImage

EVERY = 150
"""Milliseconds between two pictures that are looked at."""
AGAIN = 3_000
"""Milliseconds in which the same code, still held before the camera, is not read anew."""


def decode(image: QImage) -> str | None:
    """The QR code in a picture, None when there is none or no reader."""
    try:
        import zxingcpp
    except ImportError:
        return None
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    if grey.isNull():
        return None
    width = grey.width() & ~3  # lines are padded to four bytes
    grey = grey.copy(0, 0, width, grey.height())
    found = zxingcpp.read_barcodes(memoryview(bytes(grey.constBits())).cast("B", (grey.height(), width)), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return next((code.text for code in found if code.valid and code.text), None)


def is_there() -> bool:
    """Whether there is a camera, and everything that it needs."""
    try:
        import zxingcpp  # noqa: F401  # only whether it is there
        from PySide6.QtMultimedia import QMediaDevices
    except ImportError:
        return False
    return bool(QMediaDevices.videoInputs())


class CodeReader(QObject):
    """Looks at pictures as they come and says each code once."""

    read = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looked, self._said = QElapsedTimer(), QElapsedTimer()
        self._last = ""

    def look(self, image: QImage) -> None:
        if self._looked.isValid() and self._looked.elapsed() < EVERY:
            return
        self._looked.start()
        text = decode(image)
        if text is None or (text == self._last and self._said.isValid() and self._said.elapsed() < AGAIN):
            return
        self._last = text
        self._said.start()
        self.read.emit(text)


class Camera(CodeReader):
    """The first camera of this PC, running until it is stopped."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        from PySide6.QtMultimedia import QCamera, QMediaCaptureSession, QMediaDevices, QVideoSink

        self._camera = QCamera(QMediaDevices.defaultVideoInput())
        self._sink = QVideoSink()
        self._session = QMediaCaptureSession()
        self._session.setCamera(self._camera)
        self._session.setVideoSink(self._sink)
        self._sink.videoFrameChanged.connect(self._frame)
        self._camera.start()

    def _frame(self, frame: Any) -> None:
        self.look(frame.toImage())

    def stop(self) -> None:
        self._camera.stop()
