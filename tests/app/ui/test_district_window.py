"""The district's window, with keys and clicks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.receiver import decisions, items, offices, overview
from app.receiver.district import Receiver
from app.receiver.inbox import State
from app.receiver.ui.claims_page import AmountDialog, ClaimsPage, WaitingPage
from app.receiver.ui.down_page import DIALOGS, DownPage, RowDialog
from app.receiver.ui.inbox_page import EnrolDialog, InboxPage
from app.receiver.ui.offices_page import OfficesPage
from app.receiver.ui.overview_page import OverviewPage, RecordsPage
from app.receiver.ui.window import PLACES, DistrictWindow
from app.services.exchange import answers
from app.services.office import Office
from app.services.records import ActKind
from app.ui import theme
from db.registers import SubsidyApplication
from tests.app.receiver.exchanges import add_more, enrol, export


@pytest.fixture
def window(qapp: QApplication, qtbot: Any, receiver: Receiver) -> Iterator[DistrictWindow]:
    made = DistrictWindow(receiver)
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    made.activateWindow()
    yield made


def test_packages_are_looked_at_enrolled_and_merged_with_the_keyboard(window: DistrictWindow, qtbot: Any, connected: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_more(connected, 1)
    export(connected, tmp_path / "stick")
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    page = window.page("inbox")
    assert isinstance(page, InboxPage)
    page.open_folder(tmp_path / "stick")
    qtbot.waitUntil(lambda: len(page.grid.items) == 1)
    qtbot.waitUntil(window.isActiveWindow)
    page.grid.setFocus()
    QTest.keyClick(page.grid, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "会员：收下 1" in page.detail.text())
    assert overview.count(window.receiver, "member") == 0
    asked: list[str] = []

    def compare(dialog: EnrolDialog) -> int:
        assert not dialog.ok.isEnabled()
        dialog.compared.setChecked(True)
        assert dialog.ok.isEnabled()
        asked.append(dialog.windowTitle())
        return 1

    monkeypatch.setattr(EnrolDialog, "exec", compare)
    QTest.keyClick(page.grid, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.grid.items[0].state is State.MERGED)
    assert asked == ["登记新单位"] and overview.count(window.receiver, "member") == 1


def test_applications_are_approved_in_bulk_and_the_answer_is_written(window: DistrictWindow, receiver: Receiver, connected: Office, one_of_each: dict[str, str], tmp_path: Path) -> None:
    from decimal import Decimal

    with connected.act(ActKind.EDIT, "报") as act:
        act.change(SubsidyApplication, one_of_each["subsidy_application"], {"state": "校验通过", "amount": Decimal(1500)})
    enrol(receiver, export(connected, tmp_path / "a"))
    window.go("claims")
    page = window.page("claims")
    assert isinstance(page, ClaimsPage) and len(page.grid.items) == 1
    assert page.approve_button.isEnabled() and not page.paid_button.isEnabled()
    page.decide(decisions.APPROVED)
    assert page.grid.items == [] and "1 份申请：批准" in page.banner.text.text()
    window.go("offices")
    book = window.page("offices")
    assert isinstance(book, OfficesPage)
    book.make_answer(tmp_path / "a")
    assert "已写好" in book.banner.text.text()
    said = answers.look(connected, next((tmp_path / "a").glob("*.udrcpt")))
    assert [d.values["state"] for d in said.decisions] == ["批准"]
    book.grid.selectRow(0)
    book._toggle_status()
    assert offices.find(receiver, None).status == offices.SUSPENDED


def test_what_is_typed_into_the_amount_dialog_is_what_is_approved(window: DistrictWindow, qtbot: Any) -> None:
    claim = decisions.Application("o", "某工会", "i", "BT-1", "张三", "电工", "三级/高级工", 200_000, "已打包", "", None, (), "", "", "")
    dialog = AmountDialog(claim, window)
    dialog.show()
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    QTest.keyClicks(dialog.focusWidget(), "500")
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    assert dialog.result() == 1 and dialog.amount.value() == 500


def test_what_cannot_be_done_is_said_on_the_page(window: DistrictWindow, receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    add_more(connected, 1)
    enrol(receiver, export(connected, tmp_path / "a"))
    window.go("offices")
    book = window.page("offices")
    assert isinstance(book, OfficesPage)
    book.grid.selectRow(0)
    book.make_answer(tmp_path / "nowhere")
    assert book.banner.text.text().endswith("。") and "U 盘" in book.banner.text.text()


def test_registers_of_all_offices_are_filtered_and_masked(window: DistrictWindow, receiver: Receiver, connected: Office, tmp_path: Path) -> None:
    for n in range(3):
        add_more(connected, n)
    enrol(receiver, export(connected, tmp_path / "a"))
    window.go("records")
    page = window.page("records")
    assert isinstance(page, RecordsPage) and page.grid is not None and len(page.grid.items) == 3
    shown = " ".join(str(page.grid.model().index(0, column).data()) for column in range(page.grid.model().columnCount()))
    assert "*" in shown
    page.starts.setText(page.grid.items[1].title)
    assert len(page.grid.items) == 1
    window.go("overview")
    first = window.page("overview")
    assert isinstance(first, OverviewPage) and len(first.grid.items) == 1


def test_an_empty_district_says_what_to_do(window: DistrictWindow) -> None:
    for place in PLACES:
        window.go(place.key)
    waiting, inbox = window.page("waiting"), window.page("inbox")
    assert isinstance(waiting, WaitingPage) and isinstance(inbox, InboxPage)
    assert "没有等人决定" in waiting.banner.text.text() or not waiting.grid.items
    assert "看 U 盘" in inbox.detail.text()


def test_items_are_put_and_taken_back(window: DistrictWindow) -> None:
    window.go("down")
    page = window.page("down")
    assert isinstance(page, DownPage)
    assert page.put("lecture-plan", "x", {"topic": "题", "starts_at": "2027-01-01T14:00:00+08:00", "place": "某处"})
    assert not page.put("policy", "x", {"id": "x"}) and "没有填或写错了" in page.banner.text.text()
    assert page.put("lecture-plan", "x", None) and page.grid.items[0].body is None


@pytest.mark.parametrize("kind", [kind for kind, dialog in DIALOGS.items() if issubclass(dialog, RowDialog)])
def test_every_row_of_policy_can_be_sent_down_with_other_values(window: DistrictWindow, qtbot: Any, kind: str) -> None:
    dialog = DIALOGS[kind]()
    assert isinstance(dialog, RowDialog)
    qtbot.addWidget(dialog)
    for place in range(dialog.which.count()):
        dialog.which.setCurrentIndex(place)
        dialog.source.setText("朝工发〔2026〕1号")
        items.put(window.receiver, kind, dialog.key, dialog.body)
    assert len(items.all_items(window.receiver, kind)) == dialog.which.count()
    again = DIALOGS[kind](before=items.all_items(window.receiver, kind)[0].body)
    qtbot.addWidget(again)
    assert again.key == items.all_items(window.receiver, kind)[0].key


@pytest.mark.parametrize(("name", "scale"), [("dark", 1.0), ("light", 2.0)])
def test_every_page_is_built_in_every_look_and_no_wider_than_the_screen(window: DistrictWindow, qtbot: Any, name: str, scale: float) -> None:
    theme.theme().apply(name=name, scale=scale)
    again = DistrictWindow(window.receiver)
    qtbot.addWidget(again)
    again.resize(1366, 768)
    again.show()
    for place in PLACES:
        again.go(place.key)
    assert again.minimumSizeHint().width() <= 1366
    theme.theme().apply(name="light", scale=1.0)


def test_a_districts_day_goes_through_the_real_window(qapp: QApplication, tmp_path: Path) -> None:
    from app.receiver.ui.demo import run

    assert run(tmp_path / "day") == 0
    summary = json.loads((tmp_path / "day" / "summary.json").read_text("utf-8"))
    assert summary["merged"] > 700 and summary["waiting"] == 1 and "分成了两路" in summary["fork"] and summary["applications"] > 0
    assert len(list((tmp_path / "day").glob("*.png"))) > 30
