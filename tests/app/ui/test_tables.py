"""Tables that spreadsheet people love, and a member's page: with keys, through the real windows."""

import time
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QInputDialog
from sqlalchemy import select

from app.services.listing import GONE
from app.services.office import Office
from app.services.records import ActKind
from app.services.sheets import blanks, official
from app.ui import jobs, pair, theme
from app.ui.main_window import MainWindow
from app.ui.preview import Preview
from app.ui.register.change_dialog import ChangeDialog
from app.ui.register.edits import ChangeManyDialog, ReplaceDialog
from app.ui.register.page import RegisterPage
from app.ui.register.person_page import EventDialog, PersonPage
from app.ui.register.sheets import OrganisationSheet
from app.ui.register.views import GroupDialog
from app.ui.roster.dialogs import ColumnsDialog
from db.problems import UserError
from db.registers import Member
from tests.conftest import id_number


@pytest.fixture
def members(window: MainWindow, qtbot: Any) -> RegisterPage:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.go("member")
    return window.register_page("member")


def values(office: Office, name: str, *ids: str) -> list[Any]:
    with office.reading() as session:
        return [session.scalars(select(getattr(Member, name)).where(Member.id == i)).one() for i in ids]


def put(page: RegisterPage, name: str, *rows: int) -> list[str]:
    """Select rows, with the cursor in a column."""
    column = [f.name for f in page.model.fields].index(name)
    page.table.clearSelection()
    page.table.setCurrentIndex(page.model.index(rows[0], column))
    for r in rows[1:]:
        index = page.model.index(r, column)
        page.table.selectionModel().select(index, page.table.selectionModel().SelectionFlag.Select | page.table.selectionModel().SelectionFlag.Rows)
    return page.selected_ids()


def press(page: RegisterPage, qtbot: Any, key: Qt.Key) -> None:
    """Ctrl and a key, with the keyboard in the table."""
    page.window().activateWindow()
    qtbot.waitUntil(page.window().isActiveWindow)
    page.table.setFocus()
    QTest.keyClick(page.table, key, Qt.KeyboardModifier.ControlModifier)


def test_a_block_from_a_spreadsheet_is_pasted_with_the_check_before_it_lands(window: MainWindow, members: RegisterPage, qtbot: Any, answer: Any) -> None:
    ids = [members.model.id_at(r) for r in (0, 1)]
    put(members, "department", 0)
    QGuiApplication.clipboard().setText("新车间\t焊工\n新车间\t电工\n")
    dialogs = answer(ChangeDialog)
    press(members, qtbot, Qt.Key.Key_V)
    assert dialogs[0].summary.text() == "2 人会改。"
    assert values(window.office, "department", *ids) == ["新车间"] * 2 and values(window.office, "post", *ids) == ["焊工", "电工"]
    window.undo_last()
    assert "新车间" not in values(window.office, "department", *ids)


def test_a_check_that_is_refused_changes_nothing(window: MainWindow, members: RegisterPage, answer: Any) -> None:
    ids = put(members, "department", 0)
    before = values(window.office, "department", *ids)
    QGuiApplication.clipboard().setText("新车间")
    answer(ChangeDialog, result=0)
    members.edits.paste()
    assert values(window.office, "department", *ids) == before


def test_a_pasted_list_with_headers_makes_new_members(window: MainWindow, members: RegisterPage, answer: Any) -> None:
    QGuiApplication.clipboard().setText(f"姓名\t身份证号码\t所在部门\n赵新一\t{id_number(401)}\t新车间\n钱新二\t{id_number(402)}\t新车间\n孙新三\t123\t新车间")
    dialogs = answer(ChangeDialog)
    members.edits.paste_as_new()
    assert dialogs[0].summary.text() == "3 人会新建；1 处不能用，会跳过。"
    members.quick.setText("新车间")
    members.refresh()
    assert len(members.model.order) == 3


def test_fill_down_takes_the_first_row_into_the_others(window: MainWindow, members: RegisterPage, qtbot: Any, answer: Any) -> None:
    ids = put(members, "post", 0, 1, 2)
    answer(ChangeDialog)
    press(members, qtbot, Qt.Key.Key_D)
    assert len(set(values(window.office, "post", *ids))) == 1


def test_change_many_says_how_many_before(window: MainWindow, members: RegisterPage, answer: Any) -> None:
    ids = put(members, "skill_level", 0, 1, 2)

    def fill(dialog: ChangeManyDialog) -> None:
        assert dialog.column.currentText() == "技能等级"
        assert dialog.editor is not None
        dialog.editor.set_text("特级技师")

    answer(ChangeManyDialog, fill)
    dialogs = answer(ChangeDialog)
    members.edits.change_many()
    assert dialogs[-1].summary.text() == "3 人会改。"
    assert values(window.office, "skill_level", *ids) == ["特级技师"] * 3


def test_find_and_replace_over_what_is_shown(window: MainWindow, members: RegisterPage, answer: Any) -> None:
    def fill(dialog: ReplaceDialog) -> None:
        dialog.selected.setChecked(False)
        dialog.wanted.setText("生产一车间")
        dialog.put.setText("装配车间")

    answer(ReplaceDialog, fill)
    answer(ChangeDialog)
    members.edits.replace()
    with window.office.reading() as session:
        departments = set(session.scalars(select(Member.department).where(Member.membership_event != "转出")))
    assert "装配车间" in departments and "生产一车间" not in departments


def test_the_filter_row_narrows_each_column(qtbot: Any, members: RegisterPage) -> None:
    total = len(members.model.order)
    members.toggle_filter_row()
    places = {f.name: n for n, f in enumerate(members.model.fields)}
    members.filter_row.fields[places["department"]].setText("车间")
    qtbot.waitUntil(lambda: members.filters.get("department") == "车间")
    assert 0 < len(members.model.order) < total
    members.set_filter("department", "")
    assert members.filter_row.fields[places["department"]].text() in ("", "车间")


def test_a_saved_view_comes_back_after_a_restart(window: MainWindow, members: RegisterPage) -> None:
    members.set_filter("department", "车间")
    members.scopes.setCurrentIndex(members.scopes.findData(""))
    members.views.save("车间的人")
    shown = len(members.model.order)
    members.show_all()
    assert len(members.model.order) != shown
    again = RegisterPage(window.office, Member, window.preferences)
    again.show_view(again.views.all()["车间的人"], "车间的人")
    assert (len(again.model.order), again.scope) == (shown, "")
    again.views.forget("车间的人")
    assert again.views.all() == {}


def test_groups_are_counted_and_one_is_looked_at(members: RegisterPage) -> None:
    dialog = GroupDialog(members)
    dialog.column.setCurrentIndex(dialog.column.findData("department"))
    first, count = dialog.groups[0]
    dialog._only(0)
    assert (members.filters["department"], len(members.model.order)) == (f"={first}", count)


def test_what_is_shown_is_printed(window: MainWindow, members: RegisterPage, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(Preview, "open", lambda self: shown.append(self.windowTitle()))
    members.print_list()
    assert shown and "会员名册" in shown[0]


def test_those_who_left_are_on_their_own_list(members: RegisterPage) -> None:
    here = len(members.model.order)
    members.scopes.setCurrentIndex(members.scopes.findData(GONE))
    assert len(members.model.order) == 1
    members.scopes.setCurrentIndex(members.scopes.findData(""))
    assert len(members.model.order) == here + 1


# -- a member's page


@pytest.fixture
def page(members: RegisterPage) -> PersonPage:
    members.open_row(0)
    assert isinstance(members.record_page, PersonPage)
    return members.record_page


def test_a_membership_event_is_written_down_from_her_page(window: MainWindow, page: PersonPage, answer: Any) -> None:
    dialog = EventDialog(page, window.office, [page.record_id or ""], "x")
    dialog.kind.setCurrentText("转出")
    dialog.date.setText("")
    dialog.save()
    assert "哪一天" in dialog.banner.text.text()
    dialog.date.setText("2026-9")
    dialog.save()
    page.again()
    assert page.status.text() == "转出（2026年9月起）"
    assert page.editors["membership_event"].text() == "转出"
    assert any("会籍变化" in page.life.item(n).text() for n in range(page.life.count()))


def test_what_hangs_on_her_opens_from_her_page(window: MainWindow, members: RegisterPage) -> None:
    with window.office.reading() as session:
        from db.registers import Certificate

        owner = session.scalars(select(Certificate.member)).first()
    members.open_record(owner or "")
    page = members.record_page
    assert isinstance(page, PersonPage)
    item = next(page.life.item(n) for n in range(page.life.count()) if "证书" in page.life.item(n).text())
    page.life.itemActivated.emit(item)
    assert window.stack.currentWidget() is window.pages["certificate"]


def test_the_growth_record_opens_as_a_preview(page: PersonPage, qtbot: Any) -> None:
    with qtbot.waitSignal(page.pdf_ready) as ready:
        page.print_record()
    assert ready.args[0].startswith(b"%PDF") and ready.args[2] is None


def test_two_who_are_one_are_merged_from_her_page_and_taken_apart_by_undo(window: MainWindow, members: RegisterPage, answer: Any) -> None:
    first = members.model.id_at(0)
    mobile = values(window.office, "mobile", first)[0]
    name = values(window.office, "full_name", first)[0]
    with window.office.act(ActKind.EDIT, "双") as act:
        twin = act.create(Member, {"full_name": name, "mobile": mobile, "native_place": "河北"})
    members.open_record(first)
    page = members.record_page
    assert isinstance(page, PersonPage)
    answer(pair.PairDialog, result=pair.SAME)
    page.find_twin()
    assert values(window.office, "removed_at", twin)[0] is not None
    assert values(window.office, "native_place", first) == ["河北"]
    page.leave()
    window.undo_last()
    assert values(window.office, "removed_at", twin) == [None]


def test_pairs_are_gone_through_from_the_menu(window: MainWindow, members: RegisterPage, answer: Any, qtbot: Any) -> None:
    with window.office.act(ActKind.EDIT, "双") as act:
        act.create_many(Member, [{"full_name": "吴双一", "mobile": "13811110000"}, {"full_name": "吴霜一", "mobile": "13811110000"}])
    dialogs = answer(pair.PairDialog, result=pair.DIFFERENT)
    members.more_edits["找重复的人…"]()
    qtbot.waitUntil(lambda: "合并了 0 对" in window.toast._text.text(), timeout=10_000)
    assert len(dialogs) == 1
    members.more_edits["找重复的人…"]()
    qtbot.waitUntil(lambda: "没有找到" in window.toast._text.text(), timeout=10_000)


def test_erasing_asks_for_the_name(window: MainWindow, page: PersonPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    member, name = page.record_id or "", page.heading.text()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "本人.xlsx"), ""))
    page.ask_export()
    assert (tmp_path / "本人.xlsx").exists()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("别人", True))
    page.ask_erase()
    assert "对不上" in page.banner.text.text() and values(window.office, "full_name", member) == [name]
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (name, True))
    page.ask_erase()
    assert values(window.office, "full_name", member) == ["（已清除）"]


# -- sheets


def test_what_is_shown_goes_into_the_official_sheet_and_into_an_own_blank(window: MainWindow, members: RegisterPage, answer: Any, qtbot: Any, tmp_path: Path) -> None:
    import openpyxl

    assert members.member_sheets is not None
    sheets = members.member_sheets
    members.set_filter("department", "财务科")
    path = tmp_path / "采集表.xlsx"
    said: list[str] = []
    members.said.connect(said.append)
    sheets.write(path, lambda rownos, progress: official.write_members(window.office, rownos, path, progress=progress))
    qtbot.waitUntil(lambda: bool(said), timeout=10_000)
    assert openpyxl.load_workbook(path)["会员信息"]["B5"].value == members.model.texts(0)[0]
    answer(ColumnsDialog, lambda d: d.name.setText("街道的表"))
    sheets.bind(path)
    with window.office.reading() as session:
        form = blanks.forms(session)[0]
    assert (form.name, len(form.columns)) == ("街道的表", 20)


def test_the_organisation_sheet_is_read_with_the_check_before_it_lands(window: MainWindow, answer: Any, tmp_path: Path) -> None:
    import openpyxl

    window.go("grassroots_union")
    page = window.register_page("grassroots_union")
    official.write_organisation(window.office, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    book["工会组织信息"]["D6"] = "朝阳区新路 1 号"
    book.save(tmp_path / "a.xlsx")
    dialogs = answer(ChangeDialog)
    OrganisationSheet(page).read(tmp_path / "a.xlsx")
    assert dialogs[0].summary.text() == "1 个会改。"
    assert page.record_page.editors["address"].text() == "朝阳区新路 1 号"


# -- what a trial as a clerk found


def test_one_cell_pasted_on_one_row_changes_that_row_only(window: MainWindow, members: RegisterPage, answer: Any) -> None:
    put(members, "department", 4)
    QGuiApplication.clipboard().setText("新车间")
    dialogs = answer(ChangeDialog)
    members.edits.paste()
    assert dialogs[0].summary.text() == "1 人会改。"


def test_the_cursor_stays_in_its_column_and_the_selection_stays(members: RegisterPage, answer: Any) -> None:
    ids = put(members, "post", 2, 3, 5)
    column = members.table.currentIndex().column()
    members.refresh()
    assert (members.table.currentIndex().column(), members.selected_ids()) == (column, ids)


def test_a_whole_row_pasted_over_another_person_does_not_change_who_she_is(window: MainWindow, members: RegisterPage, answer: Any) -> None:
    ids = put(members, "department", 0)
    members.output.copy()
    other = put(members, "department", 2)
    names = values(window.office, "full_name", *other)
    dialogs = answer(ChangeDialog, result=0)
    members.edits.paste()
    assert "姓名" not in {row[1] for row in dialogs[0].model.rows}
    assert (values(window.office, "full_name", *other), len(ids)) == (names, 1)
    members.output.copy_cell()
    assert "\n" not in QGuiApplication.clipboard().text()


def test_a_view_s_columns_do_not_become_the_clerk_s_own(members: RegisterPage) -> None:
    mine = members.columns.now()["shown"]
    members.columns.show(members.columns.visible()[-1], False)
    members.views.save("窄")
    members.columns.show([f.name for f in members.model.fields].index(mine[-1]), True)
    members.show_view(members.views.all()["窄"], "窄")
    assert len(members.columns.visible()) == len(mine) - 1
    members.show_all()
    assert len(members.columns.visible()) == len(mine)


def test_what_was_typed_and_given_up_does_not_stay_on_the_screen(page: PersonPage) -> None:
    page.editors["native_place"].set_text("火星")
    assert page.is_dirty and page.may_leave()  # the question is answered with discard
    assert (page.editors["native_place"].text(), page.is_dirty) == ("", False)


def test_dialogs_fit_the_screen_in_the_largest_type(members: RegisterPage) -> None:
    theme.theme().apply(name="light", scale=2.0)
    dialog = GroupDialog(members)
    room = dialog.screen().availableGeometry()
    assert dialog.width() <= room.width() and dialog.height() <= room.height()


def test_a_second_act_waits_for_the_first(window: MainWindow) -> None:
    def within() -> None:
        with pytest.raises(UserError, match="等它做完"):
            jobs.wait(window, "二", lambda: None)

    QTimer.singleShot(0, within)
    assert jobs.wait(window, "一", lambda: time.sleep(0.2) or "好") == "好"
    assert jobs.wait(window, "三", lambda: "又好") == "又好"
