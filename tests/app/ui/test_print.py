"""Onto paper: every page on a sheet of its own size, and a sentence when the printer does not answer."""

from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from PySide6.QtGui import QPainter
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QApplication

from app.printing import engine, template
from app.ui.preview import Preview, print_pages
from db.problems import UserError
from tests.app.printing.test_forms import with_dates


def forms(count: int) -> bytes:
    return engine.render(template.load("subsidy_application"), [with_dates(template.sample("subsidy_application"))] * count)


def printer_to(path: Path) -> QPrinter:
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(path))
    return printer


def test_every_page_goes_to_the_printer_on_a_sheet_of_its_size(qapp: QApplication, qtbot: Any, tmp_path: Path) -> None:
    preview = Preview(forms(3), "补贴申请表")
    qtbot.addWidget(preview)
    preview.print_to(printer_to(tmp_path / "paper.pdf"))
    assert "已送到打印机" in preview.banner.text.text()
    paper = pdfium.PdfDocument(tmp_path / "paper.pdf")
    assert [tuple(round(side / 72 * 25.4) for side in paper.get_page_size(n)) for n in range(len(paper))] == [(210, 297)] * 3
    picture = paper[0].render(scale=1).to_pil().convert("L")
    assert 0.02 < sum(picture.histogram()[:128]) / (picture.width * picture.height) < 0.3  # there is a form on it, the right way up and not all black
    paper.close()
    preview.done(0)


def test_a_printer_that_does_not_answer_is_said(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QPainter, "begin", lambda *_: False)
    document = pdfium.PdfDocument(forms(1))
    with pytest.raises(UserError, match="打印机没有回应"):
        print_pages(document, printer_to(tmp_path / "x.pdf"))
    document.close()


def test_copies_and_sides_begin_as_the_form_asks(qapp: QApplication, qtbot: Any, tmp_path: Path) -> None:
    preview = Preview(forms(2), "推荐表", starts=(0, 1), duplex=True, copies=3)
    qtbot.addWidget(preview)
    said: list[int] = []
    preview.done_with.connect(said.append)
    assert "双面打印" in preview.count.text() and "一式 3 份" in preview.count.text()
    printer = printer_to(tmp_path / "paper.pdf")
    preview.prepare(printer)
    assert printer.copyCount() == 3
    preview.print_to(printer)
    paper = pdfium.PdfDocument(tmp_path / "paper.pdf")
    sides = 1 if printer.duplex() == QPrinter.DuplexMode.DuplexNone else 2  # the PDF printer has no duplex of its own on every system
    assert len(paper) == (6 if sides == 1 else 11) and said == [3]
    paper.close()
    preview.done(0)
