"""A lecture's page and its dialogs, with keys where the clerk would use keys."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QPushButton
from sqlalchemy import func, select

from app.services.checkin import doorfile, foreign
from app.services.checkin.door import Door
from app.services.lectures import invite, photos
from app.services.lectures.invite import Choice
from app.services.office import Office
from app.ui.lecture.doors import DoorsDialog, MakeDoorDialog
from app.ui.lecture.invite import InviteDialog
from app.ui.lecture.page import LecturePage
from app.ui.lecture.paper_entry import PaperEntryDialog
from app.ui.lecture.photos import PhotosDialog
from app.ui.lecture.tray import PickMember, TrayDialog, take_in
from app.ui.lecture.year import YearDialog
from app.ui.main_window import MainWindow
from app.ui.preview import Preview
from db.registers import Lecture, Member, Registration, SignIn


@pytest.fixture
def lecture(practice_office: Office) -> str:
    with practice_office.reading() as session:
        return session.scalars(select(Lecture.id)).one()


@pytest.fixture
def page(window: MainWindow, lecture: str) -> LecturePage:
    window.go("lecture")
    register = window.register_page("lecture")
    register.open_record(lecture)
    assert isinstance(register.record_page, LecturePage)
    return register.record_page


def count(office: Office, register: Any) -> int:
    with office.reading() as session:
        return int(session.scalar(select(func.count()).select_from(register).where(register.removed_at.is_(None))) or 0)


def everybody(office: Office, lecture: str) -> int:
    with office.vault.engine.connect() as connection:
        return invite.invite(office, lecture, invite.candidates(connection, lecture, Choice(), office.clock()))


def came(office: Office, lecture: str, *numbers: int) -> None:
    door = Door(office, lecture)
    for n in numbers:
        door.arrive(f"B{10000 + n}")
    door.close()


# -- the page


def test_the_page_shows_every_step_and_follows_what_is_done(page: LecturePage, window: MainWindow, lecture: str) -> None:
    assert {"申办表", "通知", "从名册选人…", "打开签到", "另设签到处…", "转到：已结束", "照片…", "反馈表"} <= page.acts.keys() and "参加证明" not in page.acts
    came(window.office, lecture, 1, 2)
    page.again()
    assert "参加证明" in page.acts
    page.acts["转到：已结束"].click()
    assert page.editors["state"].text() == "结束" and not page.is_dirty
    page.acts["转到：已反馈"].click()
    assert "小结" in page.banner.text.text() and page.editors["state"].text() == "结束"


@pytest.mark.parametrize("words", ["申办表", "通知", "签到表", "反馈表", "参加证明", "打印名单", "签到证"])
def test_every_paper_of_a_lecture_opens(page: LecturePage, window: MainWindow, lecture: str, words: str) -> None:
    everybody(window.office, lecture)
    came(window.office, lecture, 1, 2)
    page.again()
    page.acts[words].click()
    preview = next(w for w in window.findChildren(Preview) if w.isVisible())
    assert preview.pages >= 1
    preview.close()


@pytest.mark.parametrize(("words", "register"), [("看名单", "registration"), ("看签到", "sign_in"), ("场次和会场", "lecture_session")])
def test_a_lectures_rows_are_a_page_away_and_new_ones_belong_to_it(page: LecturePage, window: MainWindow, lecture: str, words: str, register: str) -> None:
    page.acts[words].click()
    shown = window.stack.currentWidget()
    assert shown is window.pages[register] and shown.fixed == {"lecture": lecture}  # type: ignore[attr-defined]  # a register's page


def test_printing_what_is_not_saved_asks_first(page: LecturePage, monkeypatch: pytest.MonkeyPatch) -> None:
    page.editors["speaker"].set_text("李医生")
    monkeypatch.setattr(page, "may_leave", lambda: False)
    printed: list[object] = []
    page.pdf_ready.connect(lambda *args: printed.append(args))
    page.acts["通知"].click()
    assert not printed and page.editors["speaker"].text() == "李医生"


def test_a_new_lecture_stays_open_with_its_steps(window: MainWindow) -> None:
    window.go("lecture")
    register = window.register_page("lecture")
    register.new_record()
    page = register.record_page
    assert isinstance(page, LecturePage) and not page.acts
    page.editors["topic"].set_text("法律讲座")
    page.editors["starts_at"].set_text("2026-12-01 14:00")
    assert page.save()
    assert register.stack.currentWidget() is page and "申办表" in page.acts


def test_saving_on_the_way_to_a_paper_stays_on_the_page(page: LecturePage, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Save)
    page.editors["speaker"].set_text("李医生")
    page.acts["通知"].click()
    preview = next(w for w in window.findChildren(Preview) if w.isVisible())
    assert window.register_page("lecture").stack.currentWidget() is page and not page.is_dirty
    preview.close()


def test_the_page_follows_what_is_done_elsewhere_and_escape_leads_back_to_it(page: LecturePage, window: MainWindow, lecture: str) -> None:
    came(window.office, lecture, 1, 2)
    QTest.qWait(10)
    assert "参加证明" in page.acts
    page.acts["场次和会场"].click()
    sessions = window.register_page("lecture_session")
    assert "场次" in sessions.empty.title.text() and "Ctrl+N" in sessions.empty.detail.text()
    sessions._escape()
    assert window.stack.currentWidget() is window.pages["lecture"] and window.register_page("lecture").stack.currentWidget() is page


def test_a_list_drawn_by_mistake_is_struck_and_put_back_by_keys(page: LecturePage, window: MainWindow, lecture: str, qtbot: Any) -> None:
    whole = everybody(window.office, lecture)
    came(window.office, lecture, 1)
    page.again()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    page.acts["清空名单"].setFocus()
    QTest.keyClick(page.acts["清空名单"], Qt.Key.Key_Space)
    assert count(window.office, Registration) == 1
    assert QApplication.focusWidget() in page.acts.values()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert count(window.office, Registration) == whole


# -- the dialogs


def test_the_list_is_drawn_with_filters_and_shown_first(window: MainWindow, lecture: str, qtbot: Any) -> None:
    dialog = InviteDialog(window, window.office, lecture)
    qtbot.addWidget(dialog)
    whole = len(dialog.found)
    dialog.women.setChecked(True)
    women = len(dialog.found)
    assert 0 < women < whole
    dialog.departments.item(0).setCheckState(Qt.CheckState.Checked)
    assert 0 < len(dialog.found) < women
    dialog.most.setText("3")
    dialog.finish()
    assert count(window.office, Registration) == 3
    again = InviteDialog(window, window.office, lecture)
    qtbot.addWidget(again)
    assert len(again.found) == whole - 3


def test_a_paper_sheet_is_typed_number_enter_number_enter(window: MainWindow, lecture: str, qtbot: Any) -> None:
    dialog = PaperEntryDialog(window, window.office, lecture)
    qtbot.addWidget(dialog)
    dialog.show()
    for n in (1, 2, 2, 3):
        QTest.keyClicks(dialog.field, f"B{10000 + n}")
        QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.isVisible() and dialog.entered.count() == 3 and count(window.office, SignIn) == 3 and dialog.count.text() == "录入 3 人"
    QTest.keyClicks(dialog.field, "w")
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.choices.isVisible()
    QTest.keyClick(dialog.field, Qt.Key.Key_Down)
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.entered.count() == 4 and not dialog.choices.isVisible()
    dialog.field.setText("周一鸣")
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert "F2" in dialog.banner.text.text()
    dialog.add_stranger()
    assert dialog.entered.count() == 5
    dialog.undo()
    assert dialog.entered.count() == 4 and count(window.office, SignIn) == 4
    dialog.at.setText("下午")
    QTest.keyClicks(dialog.field, "B10009")
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert "看不懂的时间" in dialog.banner.text.text() and count(window.office, SignIn) == 4


def test_enter_in_a_number_only_counts_and_rubbish_is_named(window: MainWindow, lecture: str, qtbot: Any) -> None:
    dialog = InviteDialog(window, window.office, lecture)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.most.setFocus()
    QTest.keyClicks(dialog.most, "30")
    QTest.keyClick(dialog.most, Qt.Key.Key_Return)
    assert dialog.isVisible() and len(dialog.found) == 30 and count(window.office, Registration) == 0
    for rubbish in ("三十", "0", "-1"):
        dialog.most.setText(rubbish)
        assert not dialog.ok.isEnabled() and "数字" in dialog.banner.text.text()


def test_escape_closes_first_the_choice_then_the_paper_sheet(window: MainWindow, lecture: str, qtbot: Any) -> None:
    dialog = PaperEntryDialog(window, window.office, lecture)
    qtbot.addWidget(dialog)
    dialog.show()
    QTest.keyClicks(dialog.field, "w")
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    dialog.reject()
    assert dialog.isVisible() and not dialog.choices.isVisible()
    dialog.reject()
    assert not dialog.isVisible()


def test_a_row_of_the_tray_is_given_to_anybody_and_taken_back(window: MainWindow, lecture: str, tmp_path: Path, qtbot: Any, answer: Callable[..., list[Any]]) -> None:
    foreign.take_in(window.office, lecture, workbook(tmp_path / "x.xlsx", ["吴外人", "", "", "", ""]))
    tray = TrayDialog(window, window.office, lecture)
    qtbot.addWidget(tray)
    with window.office.reading() as session:
        member = session.scalars(select(Member.id).where(Member.employee_no == "B10004")).one()

    def fill(dialog: PickMember) -> None:
        dialog.editor.set_text(member)
        dialog.editor.show_title("某人")

    answer(PickMember, fill)
    combo = next(iter(tray.choices.values()))
    place = combo.findData("other")
    combo.setCurrentIndex(place)
    combo.activated.emit(place)
    tray.decide(tray.waiting[0])
    with window.office.reading() as session:
        assert session.scalars(select(SignIn.member)).one() == member
    assert tray.waiting == []
    tray.undo()
    assert len(tray.waiting) == 1 and count(window.office, SignIn) == 0


def test_numbers_of_the_list_are_typed_when_told_so(window: MainWindow, lecture: str, qtbot: Any) -> None:
    everybody(window.office, lecture)
    dialog = PaperEntryDialog(window, window.office, lecture)
    qtbot.addWidget(dialog)
    dialog.by_number.setChecked(True)
    dialog.reason.setText("停电")
    QTest.keyClicks(dialog.field, "7")
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    with window.office.reading() as session:
        made = session.scalars(select(SignIn)).one()
    assert (made.way, made.note) == ("补签", "停电")


def workbook(path: Path, *rows: list[str]) -> Path:
    book = openpyxl.Workbook()
    for row in (["姓名", "工号", "手机号", "部门", "签到时间"], *rows):
        book.active.append(row)
    book.save(path)
    return path


def test_an_imported_list_leaves_its_doubts_in_a_tray(window: MainWindow, page: LecturePage, lecture: str, tmp_path: Path, qtbot: Any) -> None:
    path = workbook(tmp_path / "x.xlsx", ["", "B10004", "", "", ""], ["欧阳建国", "", "", "", ""], ["周一鸣", "", "", "外单位", ""], ["吴外人", "", "", "", ""])
    said = take_in(page, window.office, lecture, path)
    assert said is not None and "签到 1 人" in said and "3 行待定" in said
    page.again()
    assert "待定 3 行…" in page.acts
    tray = TrayDialog(window, window.office, lecture)
    qtbot.addWidget(tray)
    tray.take_namesakes()
    assert len(tray.waiting) == 2
    tray.drop(tray.waiting[1])
    tray.take_guests()
    assert tray.waiting == [] and count(window.office, SignIn) == 3
    with window.office.vault.engine.connect() as connection:
        assert foreign.tray(connection, lecture) == []


def test_photos_are_added_named_and_taken_out(window: MainWindow, lecture: str, tmp_path: Path, qtbot: Any) -> None:
    good, bad = tmp_path / "a.png", tmp_path / "b.png"
    Image.new("RGB", (300, 200), "red").save(good)
    bad.write_text("x")
    dialog = PhotosDialog(window, window.office, lecture)
    qtbot.addWidget(dialog)
    dialog.add([good, bad])
    assert len(dialog.captions) == 1 and "b.png" in dialog.banner.text.text()
    name, caption = next(iter(dialog.captions.items()))
    caption.setText("会场")
    caption.editingFinished.emit()
    with window.office.vault.engine.connect() as connection:
        assert [p.caption for p in photos.of_lecture(connection, lecture)] == ["会场"]
    dialog.remove(name)
    assert dialog.captions == {}


def test_a_door_is_made_brought_back_and_its_questions_answered(window: MainWindow, lecture: str, tmp_path: Path, qtbot: Any) -> None:
    make = MakeDoorDialog(window, window.office, lecture)
    qtbot.addWidget(make)
    make.write(tmp_path)
    assert make.made is None and "名字" in make.banner.text.text()
    make.name.setText("东门")
    make.write(tmp_path)
    assert make.made is not None and (tmp_path / make.made.file_name).exists()
    shown: list[str] = []
    doors = DoorsDialog(window, window.office, lecture, show_pdf=lambda pdf, title: shown.append(title))
    qtbot.addWidget(doors)
    doors.say_made(make.made, "东门", None)
    assert make.made.code in doors.banner.text.text() and shown == ["签到处纸条"]
    away = doorfile.set_up(tmp_path / make.made.file_name, make.made.code, tmp_path / "laptop")
    door = Door(away, lecture, name="东门")
    door.arrive("B10001")
    door.walk_in("周一鸣")
    door.walk_in("周一鸣", unit="外单位")
    result = doorfile.take_away(away, tmp_path)
    away.vault.close()
    came(window.office, lecture, 1)
    doors.bring(result)
    assert "新并入 3 条" in doors.banner.text.text() and count(window.office, SignIn) == 3
    same = next(b for b in doors.findChildren(QPushButton) if "是同一人" in b.text())
    same.click()
    assert count(window.office, SignIn) == 2
    doors.bring(tmp_path / "missing.udscan")
    assert "U 盘" in doors.banner.text.text()


def test_the_year_is_shown_drawn_and_saved(window: MainWindow, lecture: str, tmp_path: Path, qtbot: Any, answer: Callable[..., list[Any]]) -> None:
    came(window.office, lecture, 1, 2, 3)
    dialog = YearDialog(window, window.office)
    qtbot.addWidget(dialog)
    dialog.show()
    assert "3 人次" in dialog.sentence.text() and len(dialog.model.items) == 1 and dialog.bars.grab().width() > 0
    dialog.save(tmp_path / "y.xlsx")
    assert "已存成" in dialog.banner.text.text() and openpyxl.load_workbook(tmp_path / "y.xlsx").sheetnames == ["全年台账", "按月"]
    dialog.years.setCurrentIndex(0)
    assert dialog.model.items == ()


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_every_dialog_of_a_lecture_stays_on_the_screen(window: MainWindow, lecture: str, qtbot: Any, scale: float) -> None:
    from app.ui import theme

    theme.theme().apply(scale=scale)
    made: list[QDialog] = [
        InviteDialog(window, window.office, lecture), PaperEntryDialog(window, window.office, lecture), TrayDialog(window, window.office, lecture), PhotosDialog(window, window.office, lecture),
        MakeDoorDialog(window, window.office, lecture), DoorsDialog(window, window.office, lecture, show_pdf=lambda *_: None), YearDialog(window, window.office),
    ]
    for dialog in made:
        qtbot.addWidget(dialog)
        dialog.show()
        least = dialog.minimumSizeHint()
        assert least.width() <= 1366 - 16 and least.height() <= 768 - 40, (type(dialog), least)


