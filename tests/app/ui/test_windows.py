"""The clerk's job through the real windows, with keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from sqlalchemy import func, select

from app.services import setup
from app.services.office import Office
from app.ui import jobs, theme
from app.ui.entry_dialog import EntryDialog
from app.ui.exchange.page import ExchangePage
from app.ui.first_start import FirstStart
from app.ui.kiosk.chooser import DoorChooser
from app.ui.kiosk.door import DoorWindow
from app.ui.kiosk.walk_in import WalkIn
from app.ui.main_window import MainWindow
from app.ui.preferences import Preferences
from app.ui.preview import Preview
from app.ui.register.editors import MaskedEditor, ReferenceEditor
from app.ui.run import Shell
from app.ui.search import SearchDialog
from app.ui.unlock import UnlockPage
from db import vault
from db.journal import JournalRow
from db.keyslots import Role
from db.office_tables import Printed
from db.registers import REGISTERS, Certificate, Competition, Lecture, Member, SignIn
from tests.conftest import PASSWORD, UNION

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
REGISTER_KEYS = [r.__tablename__ for r in REGISTERS]


def count(office: Office, register: type[Any]) -> int:
    with office.reading() as session:
        return session.scalar(select(func.count()).select_from(register).where(register.removed_at.is_(None))) or 0


def one(office: Office, register: type[Any]) -> Any:
    with office.reading() as session:
        return session.scalars(select(register).order_by(register.rowno)).first()


# -- first start and the lock


def test_the_first_start_makes_an_office_and_nothing_before_its_last_step(qtbot: Any, tmp_path: Path) -> None:
    page = FirstStart(tmp_path / "new")
    qtbot.addWidget(page)
    page.show()
    QTest.mouseClick(page.begin, Qt.MouseButton.LeftButton)
    page.editors["name"].set_text("测试工会")
    page.editors["uscc"].set_text("81110105MC00000018")
    page._union_done()
    assert page.steps.currentIndex() == 1 and "校验位" in page.editors["uscc"]._problem.text()
    page.editors["uscc"].set_text("81110105MC00000017")
    page.editors["upper_union"].set_text("某产业工会")
    page._union_done()
    assert page.steps.currentIndex() == 2
    page.user.setText("李晓梅")
    QTest.keyClicks(page.password, "correct horse")
    page.again.setText("other")
    QTest.mouseClick(page.create_button, Qt.MouseButton.LeftButton)
    assert "不一样" in page.admin_banner.text.text() and not (tmp_path / "new").exists()
    page.again.setText("correct horse")
    QTest.mouseClick(page.create_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.steps.currentIndex() == 3, timeout=20_000)
    assert not page.done.isEnabled()
    page.write_sheet(tmp_path / "恢复密钥.pdf")
    assert (tmp_path / "恢复密钥.pdf").read_bytes().startswith(b"%PDF") and page.done.isEnabled()
    with qtbot.waitSignal(page.opened) as opened:
        QTest.mouseClick(page.done, Qt.MouseButton.LeftButton)
    opened.args[0].vault.close()


def test_a_wrong_password_says_so_and_the_right_one_opens(qtbot: Any, tmp_path: Path) -> None:
    setup.create_office(tmp_path / "u", union=UNION, administrator="李晓梅", password=PASSWORD, recovery_code="x").vault.close()
    shell = Shell(Preferences(vault=str(tmp_path / "u")))
    shell.begin()
    page = shell.window.centralWidget() if shell.window else None
    assert isinstance(page, UnlockPage)
    QTest.keyClicks(page.password, "wrong")
    QTest.keyClick(page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "不对" in page.banner.text.text(), timeout=20_000)
    page.password.setText(PASSWORD)
    QTest.keyClick(page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: isinstance(shell.window, MainWindow), timeout=20_000)
    qtbot.waitUntil(jobs.is_idle, timeout=20_000)
    shell.lock()
    assert shell.office is None and isinstance(shell.window.centralWidget(), UnlockPage)
    shell.window.close()


def test_somebody_at_the_door_sees_lectures_and_nothing_else(qtbot: Any, practice_office: Office) -> None:
    practice_office.vault.set_user("门口", Role.DOOR, "door-password")
    folder = practice_office.vault.folder
    practice_office.vault.close()
    shell = Shell(Preferences())
    shell.enter(Office(vault.unlock(folder, "门口", "door-password")))
    chooser = shell.window
    assert isinstance(chooser, DoorChooser)
    door = chooser.open(one(shell.office, Lecture))  # type: ignore[arg-type]  # an Office
    assert scan(door, "B10001") == "签到成功"
    door.leave()
    assert chooser.door is None
    shell.lock()
    assert isinstance(shell.window.centralWidget(), UnlockPage)
    shell.window.close()


def test_a_missing_key_file_is_said_and_no_new_union_offered(qtbot: Any, tmp_path: Path) -> None:
    setup.create_office(tmp_path / "u", union=UNION, administrator="李晓梅", password=PASSWORD, recovery_code="x").vault.close()
    (tmp_path / "u" / "vault.json").unlink()
    shell = Shell(Preferences(vault=str(tmp_path / "u")))
    shell.begin()
    page = shell.window.centralWidget() if shell.window else None
    assert isinstance(page, UnlockPage) and "找不到钥匙文件" in page.banner.text.text() and not page.open.isEnabled()
    shell.window.close()


def test_users_are_added_by_name_once_and_never_over_another(window: MainWindow) -> None:
    window.go("settings")
    page: Any = window.page("settings")
    page.add("王干事", Role.CLERK, "short")
    assert "8 个字符" in page.banner.text.text()
    page.add("王干事", Role.CLERK, "long enough")
    page.add("王干事", Role.DOOR, "another one")
    assert "已经有" in page.banner.text.text()
    page.add("恢复密钥", Role.ADMINISTRATOR, "long enough")
    assert [(s.name, s.role) for s in window.office.vault.keys.users] == [("练习", Role.ADMINISTRATOR), ("王干事", Role.CLERK)]


def test_locking_keeps_unsaved_work_under_the_cover(qtbot: Any, practice_office: Office) -> None:
    shell = Shell(Preferences())
    shell.enter(practice_office)
    window = shell.window
    assert isinstance(window, MainWindow)
    window.go("member")
    window.register_page("member").open_row(0)
    editor = window.register_page("member").record_page.editors["post"]
    editor.set_text("钳工")
    shell.lock()
    assert not window.isVisible() and shell.cover is not None
    page = shell.cover.centralWidget()
    assert isinstance(page, UnlockPage)
    page.password.setText(setup.PRACTICE_PASSWORD)
    page.go()
    qtbot.waitUntil(window.isVisible, timeout=20_000)
    assert editor.text() == "钳工"
    qtbot.waitUntil(jobs.is_idle, timeout=20_000)
    window.register_page("member").record_page._settle()
    window.close()


def test_locking_leaves_an_open_door_open(qtbot: Any, practice_office: Office) -> None:
    shell = Shell(Preferences())
    shell.enter(practice_office)
    window = shell.window
    assert isinstance(window, MainWindow)
    qtbot.waitUntil(jobs.is_idle, timeout=20_000)
    door = window.registers.open_door(one(practice_office, Lecture).id)
    shell.lock()
    shell.lock()
    assert not window.isVisible() and door.isVisible() and shell.cover is not None
    door.take("B10001")
    assert door.title.text() == "签到成功"
    page = shell.cover.centralWidget()
    assert isinstance(page, UnlockPage)
    page.password.setText("wrong password")
    page.go()
    qtbot.waitUntil(lambda: "不对" in page.banner.text.text(), timeout=20_000)
    page.password.setText(setup.PRACTICE_PASSWORD)
    page.go()
    qtbot.waitUntil(window.isVisible, timeout=20_000)
    door.leave()
    window.close()


def test_a_lost_recovery_sheet_is_replaced_and_the_old_one_opens_nothing(window: MainWindow, tmp_path: Path) -> None:
    window.go("settings")
    page: Any = window.page("settings")
    before = window.office.vault.keys.slots[1]
    page.write_sheet(tmp_path / "恢复密钥.pdf")
    assert (tmp_path / "恢复密钥.pdf").exists()
    assert before not in window.office.vault.keys.slots and len(window.office.vault.keys.slots) == 2


def test_a_passing_mouse_wheel_changes_nothing(window: MainWindow) -> None:
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent

    window.go("member")
    page = window.register_page("member")
    page.open_row(0)
    combo = page.record_page.editors["ethnicity"].combo  # type: ignore[attr-defined]  # a choice editor
    before = combo.currentText()
    event = QWheelEvent(QPointF(5, 5), QPointF(5, 5), QPoint(0, -120), QPoint(0, -120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    combo.wheelEvent(event)
    assert combo.currentText() == before


# -- every register


@pytest.mark.parametrize("key", REGISTER_KEYS)
def test_every_register_has_a_page_that_opens_a_record_and_closes_it(window: MainWindow, qtbot: Any, key: str) -> None:
    window.go(key)
    page = window.register_page(key)
    if page.model.order:
        page.open_row(0)
    else:
        page.new_record()
    assert page.stack.currentWidget() is page.record_page
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert page.stack.currentIndex() == 0


@pytest.mark.parametrize("key", REGISTER_KEYS)
def test_every_register_exports_what_is_shown(window: MainWindow, qtbot: Any, tmp_path: Path, key: str) -> None:
    import openpyxl

    window.go(key)
    page = window.register_page(key)
    done: list[int] = []
    page.output.export(tmp_path / "a.xlsx", done=done.append)
    qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet.max_row == 1 + len(page.model.order)
    assert [c.value for c in sheet[1]] == [page.model.fields[n].label for n in page.columns.visible()]


def test_a_record_is_edited_saved_and_taken_back_by_one_key(window: MainWindow) -> None:
    window.go("member")
    page = window.register_page("member")
    page.open_row(0)
    page.record_page.editors["post"].set_text("钳工")
    assert page.record_page.save()
    assert one(window.office, Member).post == "钳工"
    window.undo_last()
    assert one(window.office, Member).post != "钳工"
    page.open_row(0)
    window.undo_last()  # while a record is open, Ctrl+Z belongs to its fields
    assert count(window.office, Member) == 236


def test_a_wrong_value_is_said_at_its_field_and_nothing_is_saved(window: MainWindow) -> None:
    window.go("member")
    page = window.register_page("member")
    page.new_record()
    editors = page.record_page.editors
    editors["full_name"].set_text("新来的")
    editors["mobile"].line.setText("12345")  # type: ignore[attr-defined]  # a line editor
    before = count(window.office, Member)
    assert not page.record_page.save()
    assert "11 位" in editors["mobile"]._problem.text()
    assert count(window.office, Member) == before


def test_a_second_entry_of_the_same_person_and_trade_is_said_and_not_saved(window: MainWindow) -> None:
    competition, member = one(window.office, Competition), one(window.office, Member)
    window.go("entry")
    page = window.register_page("entry")
    for n in range(2):
        page.new_record()
        for name, text in (("competition", competition.id), ("member", member.id), ("trade", "电工")):
            page.record_page.editors[name].set_text(text)
        assert page.record_page.save() is (n == 0)
    assert "选手" in page.record_page.banner.text.text()
    assert "已经报过“电工”" in page.record_page.editors["member"]._problem.text()


def test_edits_are_not_lost_without_a_question(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    window.go("member")
    page = window.register_page("member")
    page.open_row(0)
    page.record_page.editors["post"].set_text("钳工")
    asked: list[str] = []
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: asked.append("x") or QMessageBox.StandardButton.Cancel)
    assert not window.go("today")
    assert asked and window.stack.currentWidget() is page
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.Discard)
    assert window.go("today")


def test_numbers_are_masked_until_shown_on_purpose_and_that_is_journalled(window: MainWindow) -> None:
    window.go("member")
    page = window.register_page("member")
    column = next(n for n, f in enumerate(page.model.fields) if f.name == "id_number")
    assert "********" in page.model.texts(0)[column]
    page._toggle_mask()
    assert "*" not in page.model.texts(0)[column]
    page.open_row(0)
    editor = page.record_page.editors["id_number"]
    assert isinstance(editor, MaskedEditor) and "*" in editor.line.text()
    editor.reveal()
    with window.office.reading() as session:
        shown = session.scalars(select(JournalRow.changes).where(JournalRow.deed.in_(["show", "act"])).order_by(JournalRow.seq.desc()).limit(3)).all()
    assert any("id_number" in s for s in shown) and any("显示会员的号码" in s for s in shown)


def test_the_table_sorts_filters_hides_columns_and_copies_a_block(window: MainWindow) -> None:
    window.go("member")
    page = window.register_page("member")
    page.columns.sort_by(0)
    names = [page.model.texts(n)[0] for n in range(3)]
    page.columns.sort_by(0)
    assert [page.model.texts(n)[0] for n in range(3)] != names
    page.set_filter("department", "安保")
    assert 0 < len(page.model.order) < 236 and page.chips.count() == 2
    page.columns.show(0, False)
    assert page.table.isColumnHidden(0)
    page.table.selectAll()
    page.output.copy()
    block = QGuiApplication.clipboard().text().split("\n")
    assert len(block) == 1 + len(page.model.order) and all(len(line.split("\t")) == len(page.columns.visible()) for line in block)
    page.quick.setText("zzzzzz")
    page.refresh()
    assert page.body.currentIndex() == 1 and page.empty.title.text() == "没有找到"


def test_deleting_has_a_way_back(window: MainWindow) -> None:
    window.go("member")
    page = window.register_page("member")
    page.table.clearSelection()  # a Ctrl that an earlier test held would make selectRow turn a selected row off
    page.table.selectRow(0)
    before = count(window.office, Member)
    page.remove_selected()
    assert count(window.office, Member) == before - 1
    window.undo_last()
    assert count(window.office, Member) == before


def test_a_reference_is_chosen_by_initials_with_the_keyboard(window: MainWindow, qtbot: Any) -> None:
    window.go("certificate")
    page = window.register_page("certificate")
    page.new_record()
    editor = page.record_page.editors["member"]
    assert isinstance(editor, ReferenceEditor)
    editor.line.setFocus()
    QTest.keyClicks(editor.line, "oyjg")
    qtbot.waitUntil(lambda: editor.list.count() > 0)
    QTest.keyClick(editor.line, Qt.Key.Key_Return)
    assert editor.line.text() == "欧阳建国" and editor.text() == one(window.office, Member).id


def test_the_global_search_finds_people_and_pages(window: MainWindow, qtbot: Any) -> None:
    dialog = SearchDialog(window.office, [], window)
    qtbot.addWidget(dialog)
    QTest.keyClicks(dialog.line, "oyjg")
    with qtbot.waitSignal(dialog.chosen) as chosen:
        QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert chosen.args[0].title == "欧阳建国"
    window.open_found(chosen.args[0])
    assert window.register_page("member").record_page.heading.text() == "欧阳建国"


# -- the door


@pytest.fixture
def door(window: MainWindow) -> Iterator[DoorWindow]:
    made = DoorWindow(window.office, one(window.office, Lecture))
    made.show()
    yield made
    made.shut()


def scan(door: DoorWindow, text: str, end: Qt.Key = Qt.Key.Key_Return) -> str:
    QTest.keyClicks(door.field, text)
    QTest.keyClick(door.field, end)
    return door.title.text()


@pytest.mark.parametrize("end", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab])
def test_a_scanner_ends_with_return_enter_or_tab(door: DoorWindow, end: Qt.Key) -> None:
    assert scan(door, "B10001", end) == "签到成功"
    assert door.field.text() == "" and door.name.text() == "欧阳建国"
    assert scan(door, "B10001", end) == "已经签过"
    assert door.present.text() == "1"


def test_typing_reaches_the_field_wherever_the_focus_is(door: DoorWindow, qtbot: Any) -> None:
    door.activateWindow()
    qtbot.waitUntil(door.isActiveWindow)
    for key in "B10002":
        QTest.keyClicks(door.panel, key)
    QTest.keyClick(door.panel, Qt.Key.Key_Return)
    assert door.title.text() == "签到成功"


def test_several_are_chosen_by_arrow_and_return(door: DoorWindow) -> None:
    assert scan(door, "w") == "有几位，请选一位"
    second = door.choices.item(1).data(Qt.ItemDataRole.UserRole)
    QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert door.middle.currentIndex() == 1  # a second Enter in the same moment chooses nobody
    QTest.keyClick(door.field, Qt.Key.Key_Down)
    QTest.qWait(450)
    QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert (door.title.text(), door.name.text()) == ("签到成功", second.full_name)


def test_typing_anew_leaves_the_choice(door: DoorWindow) -> None:
    scan(door, "w")
    assert scan(door, "B10003") == "签到成功"  # what was typed is selected, so a scan replaces it


def test_a_second_line_end_changes_no_answer(door: DoorWindow) -> None:
    assert scan(door, "B10005") == "签到成功"
    QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert door.title.text() == "签到成功"


def test_escape_leaves_first_the_choice_then_the_window(door: DoorWindow, qtbot: Any) -> None:
    scan(door, "w")
    door.escape()
    assert (door.middle.currentIndex(), door.field.text()) == (0, "")
    with qtbot.waitSignal(door.leaving):
        door.escape()


def test_the_door_fits_the_common_office_screen_after_many_sign_ins(door: DoorWindow) -> None:
    for n in range(1, 13):
        scan(door, f"B{10000 + n}")
    assert door.minimumSizeHint().height() <= 768 and door.minimumSizeHint().width() <= 1366


def test_the_door_fits_the_screen_in_the_largest_type(window: MainWindow, qtbot: Any) -> None:
    theme.theme().apply(scale=2.0)
    door = DoorWindow(window.office, one(window.office, Lecture))
    door.show()
    for n in range(1, 13):
        scan(door, f"B{10000 + n}")
    assert door.minimumSizeHint().height() <= door.screen().availableSize().height()
    assert door.minimumSizeHint().width() <= 1366
    door.shut()


def test_a_walk_in_box_takes_names_and_no_numbers(door: DoorWindow, qtbot: Any) -> None:
    box = WalkIn(door, door.walk_in)
    qtbot.addWidget(box)
    box.name.setText("B10031")
    box.finish()
    assert "请写姓名" in box.banner.text.text()
    box.name.setText("周一鸣")
    box.mobile.setText("123")
    box.finish()
    assert "11 位" in box.banner.text.text() and box.name.text() == "周一鸣"


def test_a_sign_in_is_taken_back_by_one_key(door: DoorWindow, window: MainWindow) -> None:
    scan(door, "B10001")
    door.activateWindow()
    QTest.keyClick(door.field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (door.title.text(), door.present.text(), count(window.office, SignIn)) == ("已撤销", "0", 0)
    assert scan(door, "B10001") == "签到成功"


def test_a_walk_in_takes_two_keystrokes_and_a_name(door: DoorWindow) -> None:
    door.take("不在名册的人")  # QTest cannot type Chinese
    assert door.title.text() == "名册里没有"
    door.walk_in("不在名册的人", "", "")
    assert door.title.text() == "现场加入"


def test_four_thousand_characters_from_a_mad_scanner_do_no_harm(door: DoorWindow) -> None:
    door.take("9" * 4000)
    assert door.title.text() == "没有看懂"


# -- entries, forms, exchange


def test_five_are_entered_for_a_competition_by_typing(window: MainWindow, qtbot: Any) -> None:
    dialog = EntryDialog(window.office, one(window.office, Competition))
    qtbot.addWidget(dialog)
    dialog.show()
    for n in range(1, 6):
        QTest.keyClicks(dialog.line, f"B1000{n}")
        QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    dialog.enter()
    assert dialog.entered is not None and len(dialog.entered.entries) == 5


def test_an_application_is_proposed_previewed_and_saved(window: MainWindow, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window.registers.apply(one(window.office, Certificate).id)
    page = window.register_page("subsidy_application")
    assert "BT-" in page.record_page.heading.text()
    page.record_page.leave()
    shown: list[Preview] = []

    def show(pdf: bytes, title: str, warning: str | None = None, **asked: Any) -> Preview:
        shown.append(Preview(pdf, title, warning=warning, **asked))
        return shown[-1]

    monkeypatch.setattr(window, "show_pdf", show)
    window.registers.print_forms("subsidy_application", page.selected_ids())
    preview = shown[0]
    qtbot.addWidget(preview)
    assert preview.pages == 1 and not preview._drawn[0].pixmap().isNull()
    preview.save(tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == preview._pdf
    with window.office.reading() as session:
        assert session.scalars(select(Printed.form)).all() == ["subsidy_application"]  # saved, so that it counts as a copy
    preview.ask_print()
    assert "没有装打印机" in preview.banner.text.text()


def test_without_a_key_or_a_stick_the_page_says_what_to_do(window: MainWindow) -> None:
    window.go("exchange")
    page = window.page("exchange")
    assert isinstance(page, ExchangePage)
    assert not page.export_button.isEnabled() and "还没有装" in page.key_line.text()
    page.load_key(Path("/nowhere.udkey"))
    assert "找不到钥匙文件" in page.banner.text.text()
    page.export()
    assert "还没有选 U 盘" in page.banner.text.text()


# -- the frame


@pytest.mark.parametrize(("name", "scale"), [("dark", 1.0), ("light", 2.0)])
def test_every_page_is_built_in_every_look(window: MainWindow, qtbot: Any, name: str, scale: float) -> None:
    theme.theme().apply(name=name, scale=scale)
    again = MainWindow(window.office, Preferences(theme=name, scale=scale))
    qtbot.addWidget(again)
    again.resize(1366, 768)
    again.show()
    for key in (*REGISTER_KEYS, "today", "import", "exchange", "history", "settings"):
        again.go(key)
        assert not again.grab().isNull()
    assert (again.width(), again.height()) == (1366, 768)
    again.let_go()


def test_the_keyboard_goes_where_the_page_goes(window: MainWindow, qtbot: Any) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for key in ("member", "today", "history", "today"):
        window.go(key)
    focused = window.focusWidget()
    assert focused is not None and focused.accessibleName() == "打开签到"
    window.go("member")
    assert window.focusWidget() is window.register_page("member").table


def test_the_history_lists_acts_and_proves_the_chain(window: MainWindow) -> None:
    window.go("history")
    page = window.page("history")
    page.check()  # type: ignore[attr-defined]  # the history page
    assert "完整" in page.banner.text.text()  # type: ignore[attr-defined]  # likewise


def test_idle_time_locks(window: MainWindow, qtbot: Any) -> None:
    with qtbot.waitSignal(window.locked):
        window._idled()


def test_the_practice_union_is_marked_on_the_window(window: MainWindow) -> None:
    from PySide6.QtWidgets import QLabel

    assert any("练习工会" in w.text() for w in window.findChildren(QLabel))
