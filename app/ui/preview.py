"""A finished PDF on the screen, and onto paper. What is shown are the pages of the very bytes that are saved and printed."""

from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
from PySide6.QtCore import QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPixmap
from PySide6.QtPrintSupport import QPrintDialog, QPrinter, QPrinterInfo
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.printing import collate
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, button, label, row
from db.problems import UserError

PRINT_DPI = 300


def page_image(document: pdfium.PdfDocument, number: int, scale: float) -> QImage:
    """One page as a picture; `scale` in pixels per point."""
    bitmap = document[number].render(scale=scale, rev_byteorder=True, prefer_bgrx=True)
    return QImage(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride, QImage.Format.Format_RGBX8888).copy()


class Preview(QDialog):
    """Pages one under the other; save, print, close. `done_with` says, the first time, that the paper was printed or saved."""

    done_with = Signal(int)
    """How many copies."""

    def __init__(self, pdf: bytes, title: str, parent: QWidget | None = None, *, warning: str | None = None, starts: Sequence[int] = (0,), duplex: bool = False, copies: int = 1) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(px(900), px(720))
        self._pdf, self._title, self._starts, self._duplex, self._copies = pdf, title, tuple(starts), duplex, copies
        self._document = pdfium.PdfDocument(pdf)
        self.pages = len(self._document)
        self._zoom = 1.0
        self._is_done = False
        box = QVBoxLayout(self)
        self.banner = Banner()
        self.banner.say(warning or "", "warn")
        asked = [tr("双面打印")] * duplex + [tr("一式 {n} 份").format(n=copies)] * (copies > 1)
        self.count = label("，".join([tr("共 {n} 页").format(n=self.pages), *asked]), "secondary")
        box.addLayout(
            row(
                label(title, "section"), self.count, None, button(tr("缩小"), lambda: self.zoom(0.8), key="Ctrl+-"), button(tr("放大"), lambda: self.zoom(1.25), key="Ctrl+="),
                button(tr("存成 PDF…"), self.ask_save, icon_name="save", key="Ctrl+S"), button(tr("打印…"), self.ask_print, icon_name="printer", primary=True, key="Ctrl+P"), spacing=8,
            )
        )
        box.addWidget(self.banner)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setSpacing(px(16))
        self._area.setWidget(inner)
        box.addWidget(self._area, 1)
        self._drawn: list[QLabel] = []
        for _ in range(self.pages):
            sheet = QLabel()
            sheet.setObjectName("card")
            line = QHBoxLayout()
            line.addStretch(1)
            line.addWidget(sheet)
            line.addStretch(1)
            self._column.addLayout(line)
            self._drawn.append(sheet)
        self._column.addStretch(1)
        self._area.verticalScrollBar().valueChanged.connect(lambda _value: self._draw_near())
        self._lay_out()
        self._area.setFocus()

    def done(self, result: int) -> None:
        self._document.close()
        super().done(result)

    def zoom(self, by: float) -> None:
        self._zoom = min(max(self._zoom * by, 0.4), 4.0)
        self._lay_out()

    def _scale(self) -> float:
        return px(760) / 595 * self._zoom

    def _lay_out(self) -> None:
        for n, sheet in enumerate(self._drawn):
            width, height = self._document.get_page_size(n)
            sheet.clear()
            sheet.setFixedSize(round(width * self._scale()), round(height * self._scale()))
        self._draw_near()

    def _draw_near(self) -> None:
        """Only the pages near the screen are drawn: a job may have hundreds."""
        step = self._drawn[0].height() + px(16) if self._drawn else 1
        first = max(0, self._area.verticalScrollBar().value() // step - 1)
        ratio = self.devicePixelRatioF()
        for n in range(first, min(self.pages, first + 4)):
            if self._drawn[n].pixmap().isNull():
                picture = QPixmap.fromImage(page_image(self._document, n, self._scale() * ratio))
                picture.setDevicePixelRatio(ratio)
                self._drawn[n].setPixmap(picture)

    def ask_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("存成 PDF"), f"{self._title}.pdf", "PDF (*.pdf)")
        if path:
            self.save(Path(path))

    def save(self, path: Path) -> None:
        try:
            path.write_bytes(self._pdf)
        except OSError:
            self.banner.say(tr("没有写成，请检查位置是否只读、磁盘是否已满。"))
            return
        self.banner.say(tr("已存到 {name}").format(name=path.name), "good")
        self._say_done()

    def ask_print(self) -> None:
        if not QPrinterInfo.availablePrinterNames():
            self.banner.say(tr("这台电脑没有装打印机。可以先存成 PDF，拷到有打印机的电脑上打印。"))
            return
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        self.prepare(printer)
        dialog = QPrintDialog(printer, self)
        if dialog.exec() == QPrintDialog.DialogCode.Accepted:
            self.print_to(printer)

    def prepare(self, printer: QPrinter) -> None:
        """What the form asks for, for the dialog to begin with."""
        width, height = self._document.get_page_size(0)
        if self._duplex:
            printer.setDuplex(QPrinter.DuplexMode.DuplexShortSide if width > height else QPrinter.DuplexMode.DuplexLongSide)
        printer.setCopyCount(self._copies)
        printer.setCollateCopies(True)

    def print_to(self, printer: QPrinter) -> None:
        """Send all pages. The banner says when the printer does not take them."""
        try:
            print_pages(self._document, printer, self._starts)
        except UserError as e:
            self.banner.say(str(e))
            return
        self.banner.say(tr("已送到打印机。"), "good")
        self._say_done(printer.copyCount())

    def _say_done(self, copies: int = 1) -> None:
        if not self._is_done:
            self._is_done = True
            self.done_with.emit(copies)


def print_pages(document: pdfium.PdfDocument, printer: QPrinter, starts: Sequence[int] = (0,)) -> None:
    """The pages at 300 dpi, each on a sheet of its own size, so many copies, on one side or both. UserError when the printer is not there."""
    own = not printer.supportsMultipleCopies()  # else the printer makes the copies itself
    pages = collate.order(len(document), starts, copies=printer.copyCount() if own else 1, together=not printer.collateCopies(), duplex=printer.duplex() != QPrinter.DuplexMode.DuplexNone)
    printer.setResolution(PRINT_DPI)
    printer.setFullPage(True)
    painter = QPainter()
    for place, n in enumerate(pages):
        width, height = document.get_page_size(max(n, 0))
        size = QPageSize(QSizeF(min(width, height), max(width, height)), QPageSize.Unit.Point)
        printer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Landscape if width > height else QPageLayout.Orientation.Portrait, printer.pageLayout().margins()))
        ready = painter.begin(printer) if place == 0 else printer.newPage()
        if not ready:
            raise UserError("打印机没有回应，没有打印。请检查它是否开着、有没有纸，再试一次。")
        if n == collate.BLANK:
            continue
        painter.drawImage(QRectF(0, 0, width / 72 * PRINT_DPI, height / 72 * PRINT_DPI), page_image(document, n, PRINT_DPI / 72))
    painter.end()
