"""Taking a roster in, as the clerk does it: look, mend, decide, import, take back; the tray and the ledger."""

import io
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QInputDialog, QLineEdit
from sqlalchemy import func, select

from app.services.office import Office
from app.services.records import ActKind
from app.services.roster import batch, layout
from app.services.roster.intake import Mode
from app.ui import pair
from app.ui.kept import KeptDialog
from app.ui.main_window import MainWindow
from app.ui.pages.history import HistoryPage
from app.ui.roster.dialogs import ColumnsDialog, FormsDialog, MissingDialog, OptionsDialog
from app.ui.roster.model import LOOK, NOBODY, SKIPPED
from app.ui.roster.page import BUSY, LEDGER, PREVIEW, WELCOME, RosterPage
from db.registers import Member
from tests.conftest import id_number

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
HEADER = ["姓名", "身份证号", "手机", "部门"]
LOST = 1.10105199003072e17


def count(office: Office) -> int:
    with office.reading() as session:
        return session.scalar(select(func.count()).select_from(Member).where(Member.removed_at.is_(None))) or 0


def opened(window: MainWindow, qtbot: Any, path: Path) -> RosterPage:
    window.go("import")
    page = window.page("import")
    assert isinstance(page, RosterPage)
    page.open_file(path)
    settled(page, qtbot)
    return page


def settled(page: RosterPage, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: page.stack.currentIndex() != BUSY, timeout=20_000)


def book(path: Path, *rows: list[Any], header: list[str] = HEADER) -> Path:
    made = openpyxl.Workbook()
    for row in (header, *rows):
        made.active.append(row)
    made.save(path)
    return path


def take(page: RosterPage, window: MainWindow, qtbot: Any) -> None:
    page.commit()
    qtbot.waitUntil(lambda: window.stack.currentWidget() is window.pages.get("member"), timeout=20_000)


def test_a_roster_is_looked_at_mended_imported_and_taken_back(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    before = count(window.office)
    page = opened(window, qtbot, SAMPLES / "花名册-人事科.xlsx")
    preview = page.preview
    assert preview.chips["left-out"].text() == "先不导入 12"
    preview.show_only(LOOK)
    index = preview.model.index(0, preview.model.names.index("id_number") + 2)
    assert preview.model.data(index) == "校验位不对"
    preview.model.setData(index, "11010519491231002X")
    qtbot.waitUntil(lambda: preview.chips["left-out"].text() == "先不导入 11")
    page.give_back(tmp_path / "退回.xlsx")
    assert (tmp_path / "退回.xlsx").exists()
    take(page, window, qtbot)
    assert count(window.office) == before + 251
    window.undo_last()
    assert count(window.office) == before


def test_a_file_that_cannot_be_read_leaves_a_sentence_and_a_living_window(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    (tmp_path / "坏.xlsx").write_bytes(b"PK\x03\x04 rubbish")
    page = opened(window, qtbot, tmp_path / "坏.xlsx")
    assert page.stack.currentIndex() == WELCOME and page.banner.text.text().endswith("。")


def test_a_locked_file_asks_for_its_password_until_it_is_right(window: MainWindow, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(book(tmp_path / "开.xlsx", ["张三", id_number(1), "", ""]).read_bytes())).encrypt("工会2026", out)
    (tmp_path / "锁.xlsx").write_bytes(out.getvalue())
    given = iter(["wrong", "工会2026"])
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (next(given), True))
    page = opened(window, qtbot, tmp_path / "锁.xlsx")
    qtbot.waitUntil(lambda: page.stack.currentIndex() == PREVIEW, timeout=20_000)
    assert [p.row.values["full_name"] for p in page.plan.rows] == ["张三"]


def test_a_cell_that_a_rule_changed_shows_before_and_after_and_says_why(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    page = opened(window, qtbot, book(tmp_path / "a.xlsx", ["张 三（退休）", id_number(1), "+86 13800000001", " 一车间"]))
    model = page.preview.model
    shown = {name: model.data(model.index(0, n + 2)) for n, name in enumerate(model.names)}
    assert shown["full_name"] == "张 三（退休） → 张三"
    assert shown["department"] == "一车间"
    assert "→" in shown["mobile"] and "13800000001" not in shown["mobile"]
    assert "移到了备注" in model.data(model.index(0, 2), Qt.ItemDataRole.ToolTipRole)


def test_rows_that_are_no_persons_are_listed_with_the_reason(window: MainWindow, qtbot: Any) -> None:
    page = opened(window, qtbot, SAMPLES / "花名册-人事科.xlsx")
    page.preview.show_only(NOBODY)
    model = page.preview.model
    assert {model.data(model.index(n, 1)) for n in range(model.rowCount())} >= {"合计行", "说明行"}
    assert "不会导入" in page.preview.detail.words.text()


def test_each_change_of_a_known_person_can_be_left(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    take(opened(window, qtbot, book(tmp_path / "a.xlsx", ["张三", id_number(1), "13800000001", "一车间"])), window, qtbot)
    page = opened(window, qtbot, book(tmp_path / "b.xlsx", ["张三", id_number(1), "13900000002", "二车间"]))
    boxes: dict[str, QCheckBox] = page.preview.detail.boxes
    assert set(boxes) == {"mobile", "department"}
    boxes["mobile"].click()
    qtbot.waitUntil(lambda: page.plan.rows[0].leave == {"mobile"})
    take(page, window, qtbot)
    with window.office.reading() as session:
        assert session.execute(select(Member.mobile, Member.department).where(Member.full_name == "张三")).all() == [("13800000001", "二车间")]


@pytest.mark.parametrize(("result", "people"), [(pair.SAME, 1), (pair.DIFFERENT, 2)])
def test_somebody_who_looks_like_a_member_is_put_side_by_side(window: MainWindow, qtbot: Any, tmp_path: Path, answer: Any, result: int, people: int) -> None:
    take(opened(window, qtbot, book(tmp_path / "a.xlsx", ["张珊甲", id_number(1), "13800000001", "一车间"])), window, qtbot)
    page = opened(window, qtbot, book(tmp_path / "b.xlsx", ["章姗甲", "", "13800000001", "二车间"]))
    assert page.preview.chips["near"].text() == "像是同一人 1" and not page.preview.import_button.isEnabled()
    dialogs = answer(pair.PairDialog, result=result)
    page.preview.detail.compare_button.click()
    qtbot.waitUntil(lambda: page.preview.import_button.isEnabled())
    assert "手机" in " ".join(w.text() for w in dialogs[0].findChildren(pair.label("").__class__))
    before = count(window.office)
    take(page, window, qtbot)
    assert count(window.office) == before + people - 1


def test_the_way_of_importing_is_chosen_and_kept(window: MainWindow, qtbot: Any, tmp_path: Path, answer: Any) -> None:
    page = opened(window, qtbot, book(tmp_path / "a.xlsx", ["张三", id_number(1), "13800000001", ""]))

    def fill(dialog: OptionsDialog) -> None:
        dialog.modes.button(1).setChecked(True)
        dialog.wipes["department"].setChecked(True)

    answer(OptionsDialog, fill)
    page.ask_options()
    settled(page, qtbot)
    assert page.batch is not None
    assert (page.batch.options.mode, page.batch.options.wipe) == (Mode.FILL, {"department"})
    assert batch.load(window.office, page.batch.id).options == page.batch.options


def test_who_is_missing_is_proposed_and_only_those_ticked_leave(window: MainWindow, qtbot: Any, tmp_path: Path, answer: Any) -> None:
    page = opened(window, qtbot, book(tmp_path / "a.xlsx", ["张三", id_number(1), "", ""]))
    assert page.preview.missing_button.isVisible()
    answer(MissingDialog, lambda d: d.list.item(0).setCheckState(Qt.CheckState.Checked))
    missing = page.plan.missing
    page.ask_missing()
    settled(page, qtbot)
    assert len(page.plan.missing) == len(missing) - 1
    with window.office.reading() as session:
        assert session.execute(select(Member.membership_event, Member.membership_event_reason).where(Member.id == missing[0])).one() == ("转出", "劳动（工作）关系发生变化")


def test_a_strange_workbook_asks_for_its_columns_once(window: MainWindow, qtbot: Any, tmp_path: Path, answer: Any) -> None:
    def fill(dialog: ColumnsDialog) -> None:
        for column, name in {0: "full_name", 1: "id_number", 2: "department"}.items():
            dialog.choices[column].setCurrentIndex(dialog.choices[column].findData(name))
        dialog.name.setText("行政部怪表")

    answer(ColumnsDialog, fill)
    page = opened(window, qtbot, book(tmp_path / "a.xlsx", ["张三", id_number(1), "一车间"], header=["职工", "证", "备用"]))
    qtbot.waitUntil(lambda: len(page.plan.rows) == 1, timeout=20_000)
    page = opened(window, qtbot, book(tmp_path / "b.xlsx", ["李四", id_number(2), "二车间"], header=["职工", "证", "备用"]))
    qtbot.waitUntil(lambda: page.stack.currentIndex() == PREVIEW, timeout=20_000)
    assert "认得这种表：行政部怪表" in page.preview.about.text()
    forms = FormsDialog(page, window.office)
    assert [f.name for f in forms.forms] == ["行政部怪表"]
    forms._forget()
    assert forms.forms == []


def test_what_waits_is_found_again_in_the_ledger(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    take(opened(window, qtbot, book(tmp_path / "a.xlsx", ["张三", id_number(1), "", ""], ["李四", LOST, "", ""])), window, qtbot)
    window.go("import")
    page = window.page("import")
    assert isinstance(page, RosterPage)
    assert "1 个表没办完" in page.continue_button.text()
    page.show_ledger()
    model = page.ledger.model
    assert [model.data(model.index(0, n)) for n in (0, 4, 7, 1)] == ["a.xlsx", "1", "1", "1 行待修"]
    page.ledger.open.click()
    qtbot.waitUntil(lambda: page.stack.currentIndex() == PREVIEW, timeout=20_000)
    assert [p.row.values["full_name"] for p in page.plan.rows] == ["李四"]
    page.decide(page.plan.rows[0].row.key, {"mend": ("id_number", id_number(2))})
    qtbot.waitUntil(lambda: page.preview.import_button.isEnabled())
    take(page, window, qtbot)
    window.go("import")
    assert not page.continue_button.isVisible()


def test_an_import_is_taken_back_from_the_ledger_and_opened_from_the_history(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    before = count(window.office)
    take(opened(window, qtbot, book(tmp_path / "a.xlsx", ["张三", id_number(1), "", ""])), window, qtbot)
    window.go("history")
    history = window.page("history")
    assert isinstance(history, HistoryPage)
    assert history.open_button.isVisible()
    history.open_button.click()
    page = window.page("import")
    assert isinstance(page, RosterPage)
    qtbot.waitUntil(lambda: page.stack.currentIndex() == PREVIEW, timeout=20_000)
    assert page.preview.chips["unchanged"].text() == "没变化 1"
    page.show_ledger()
    assert page.stack.currentIndex() == LEDGER
    page.ledger.undo.click()
    assert count(window.office) == before
    assert page.ledger.current() is not None and page.ledger.current().label == "已撤销"  # type: ignore[union-attr]  # asked just before


def test_nothing_is_asked_when_the_preview_is_left_for_it_stands_in_the_ledger(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    page = opened(window, qtbot, book(tmp_path / "a.xlsx", ["张三", LOST, "", ""]))
    page.decide(page.plan.rows[0].row.key, {"mend": ("id_number", id_number(5))})
    page.close_import()
    assert window.stack.currentWidget() is window.pages["member"]
    with window.office.reading() as session:
        waiting = batch.ledger(session)
    assert [e.label for e in waiting] == ["还没导入"]
    assert batch.make_plan(window.office, batch.load(window.office, waiting[0].id)).going == 1


def test_a_cell_still_being_edited_goes_in_as_it_stands(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    page = opened(window, qtbot, book(tmp_path / "a.xlsx", ["张三", id_number(1), "", "一车间"]))
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    table = page.preview.table
    index = page.preview.model.index(0, page.preview.model.names.index("department") + 2)
    table.setCurrentIndex(index)
    table.edit(index)
    editor = table.viewport().findChild(QLineEdit)
    assert editor is not None
    editor.setFocus()
    editor.setText("改好的车间")
    take(page, window, qtbot)
    with window.office.reading() as session:
        assert session.scalars(select(Member.department).where(Member.full_name == "张三")).one() == "改好的车间"


def test_undo_in_the_preview_takes_nothing_else_back(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    with window.office.act(ActKind.EDIT, "别的") as act:
        act.create(Member, {"full_name": "新来的"})
    before = count(window.office)
    opened(window, qtbot, book(tmp_path / "a.xlsx", ["张三", LOST, "", ""]))
    window.undo_last()
    assert count(window.office) == before


def test_all_who_are_missing_are_ticked_at_once(window: MainWindow, qtbot: Any) -> None:
    dialog = MissingDialog(window, [(str(n), f"张{n}") for n in range(20_000)], "x", window.office.clock().date())
    qtbot.addWidget(dialog)
    dialog._all()
    assert len(dialog.chosen()) == 20_000 and dialog.ok.isEnabled()
    dialog.kind.setCurrentText("去世")
    assert dialog.cells()["reason"] == ""


def test_whoever_was_edited_since_is_listed_when_an_import_is_taken_back(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    take(opened(window, qtbot, book(tmp_path / "a.xlsx", ["张留甲", id_number(1), "", ""], ["张走乙", id_number(2), "", ""])), window, qtbot)
    with window.office.reading() as session:
        kept, act = session.scalars(select(Member.id).where(Member.full_name == "张留甲")).one(), batch.ledger(session)[0].acts[0]
    with window.office.act(ActKind.EDIT, "改") as edit:
        edit.change(Member, kept, {"post": "焊工"})
    window.undo_act(act)
    dialog = window.findChild(KeptDialog)
    assert dialog is not None and [dialog.list.item(n).text() for n in range(dialog.list.count())] == ["会员　张留甲"]
    dialog.list.itemActivated.emit(dialog.list.item(0))
    assert window.register_page("member").record_page.heading.text() == "张留甲"


def test_every_reason_for_passing_a_row_over_has_words() -> None:
    source = Path(layout.__file__).read_text("utf-8")
    reasons = set(re.findall(r'return "([a-z-]+)"', source)) | set(re.findall(r'return "([a-z]+)" if', source))
    assert reasons and reasons <= set(SKIPPED)
