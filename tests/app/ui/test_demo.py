"""The main job through the real windows, as `python -m app demo` does it."""

import json
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PySide6.QtWidgets import QApplication

from app.ui.demo import Demonstration


@pytest.mark.timeout(240)
def test_the_main_job_is_done_from_first_start_to_the_districts_receipt(qapp: QApplication, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    out.mkdir()
    summary = Demonstration(out).run(looks=False)
    assert json.loads((out / "summary.json").read_text("utf-8")) == summary
    wanted = {"people_imported": 233, "problems_found": 3, "left_out": 3, "sign_ins": 200, "entries": 5, "forms": 2, "records_accepted": 577, "listed": 127, "brought_back": 12, "brought_again": 0, "records_refused": 0}
    assert {name: summary[name] for name in wanted} == wanted
    assert summary["package_bytes"] > 10_000 and "read_answer" in summary["seconds"]
    assert len(list(out.glob("*.png"))) >= 20
    for name, pages in (("补贴申请表.pdf", 1), ("签到表.pdf", 9), ("报送单.pdf", 1)):
        document = pdfium.PdfDocument(out / name)
        assert len(document) == pages, name
        document.close()
    assert list((out / "U盘").glob("*.udpkg")) and list((out / "U盘").glob("*.udrcpt"))
