"""The door's window: scanners of every kind with real key events, the PIN, the list, letting in, the PC at another door."""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import segno
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QInputMethodEvent, QTransform
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from sqlalchemy import func, select

from app.services.checkin import doorfile, finding, pin
from app.services.checkin.answers import WORDS, Answer
from app.services.office import Office
from app.services.records import ActKind
from app.ui import theme
from app.ui.first_start import FirstStart
from app.ui.kiosk import camera
from app.ui.kiosk.camera import EVERY, CodeReader
from app.ui.kiosk.chooser import DoorChooser
from app.ui.kiosk.door import PEOPLE, DoorWindow
from app.ui.kiosk.field import FAST, SILENCE
from app.ui.kiosk.pause import PinBox, PinDialog
from app.ui.kiosk.set_up import SetUpDoor
from app.ui.kiosk.walk_in import WalkIn
from app.ui.lecture.open_door import OpenDoorDialog
from app.ui.main_window import MainWindow
from app.ui.preferences import Preferences
from app.ui.run import Shell
from db import vault
from db.registers import Lecture, LectureSession, Member, Registration, SignIn


def the_lecture(office: Office) -> Lecture:
    with office.reading() as session:
        return session.scalars(select(Lecture)).one()


def badge(office: Office, n: int) -> str:
    with office.reading() as session:
        member = session.scalars(select(Member.id).where(Member.employee_no == f"B{10000 + n}")).one()
    return finding.badge_of(office.vault.keys.vault_id, member)


def count(office: Office) -> int:
    with office.reading() as session:
        return int(session.scalar(select(func.count()).select_from(SignIn).where(SignIn.removed_at.is_(None))) or 0)


def change(office: Office, **values: Any) -> None:
    with office.act(ActKind.EDIT, "x") as act:
        act.change(Lecture, the_lecture(office).id, values)


@pytest.fixture
def window(qtbot: Any, practice_office: Office) -> Iterator[MainWindow]:
    made = MainWindow(practice_office, Preferences())
    made.show()
    yield made
    made.let_go()


@pytest.fixture
def door(practice_office: Office, qapp: QApplication) -> Iterator[DoorWindow]:
    made = DoorWindow(practice_office, the_lecture(practice_office), door="东门")
    made.show()
    yield made
    made.shut()


def active(door: DoorWindow, qtbot: Any) -> None:
    door.activateWindow()
    qtbot.waitUntil(door.isActiveWindow)


# -- scanners: a keyboard that types fast, and ends as it likes


@pytest.mark.parametrize("end", [(Qt.Key.Key_Return,), (Qt.Key.Key_Enter,), (Qt.Key.Key_Tab,), (Qt.Key.Key_Return, Qt.Key.Key_Return), ()], ids=["CR", "LF", "Tab", "CR LF", "none"])
@pytest.mark.parametrize("delay", [0, 12], ids=["fast", "slow"])
def test_a_badge_is_read_from_any_scanner(door: DoorWindow, qtbot: Any, end: tuple[Qt.Key, ...], delay: int) -> None:
    active(door, qtbot)
    QTest.keyClicks(door.field, badge(door.office, 7), Qt.KeyboardModifier.NoModifier, delay)
    for key in end:
        QTest.keyClick(door.field, key)
    qtbot.waitUntil(lambda: door.title.text() == "签到成功")
    assert door.present.text() == "1" and door.field.text() == ""


@pytest.mark.parametrize("ends", [True, False], ids=["Enter", "none"])
@pytest.mark.parametrize("at", [3, 30, -3])
def test_a_scan_that_a_busy_pc_hands_over_in_two_pieces_is_read_whole(door: DoorWindow, qtbot: Any, at: int, ends: bool) -> None:
    code = badge(door.office, 7)
    QTest.keyClicks(door.field, code[:at])
    QTest.qWait(FAST * 2)
    QTest.keyClicks(door.field, code[at:])
    if ends:
        QTest.keyClick(door.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: door.title.text() == "签到成功")
    assert door.present.text() == "1" and door.field.text() == ""


def test_a_scanned_number_behind_something_half_typed_is_read_alone(door: DoorWindow) -> None:
    with door.office.reading() as session:
        member = session.scalars(select(Member).where(Member.mobile.is_not(None)).limit(1)).one()
    QTest.keyClicks(door.field, "zh", Qt.KeyboardModifier.NoModifier, 60)
    QTest.qWait(60)
    QTest.keyClicks(door.field, str(member.mobile))
    QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert door.title.text() == "签到成功" and member.full_name in door.name.text()


def test_a_scanner_that_fires_twice_shows_the_first_time(door: DoorWindow, qtbot: Any) -> None:
    for _ in range(2):
        QTest.keyClicks(door.field, badge(door.office, 7))
        QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert door.title.text() == "已经签过" and "东门" in door.detail.text() and door.present.text() == "1"


def test_two_scans_without_a_line_end_are_two(door: DoorWindow, qtbot: Any) -> None:
    for n in (7, 8):
        QTest.keyClicks(door.field, badge(door.office, n))
        qtbot.waitUntil(lambda n=n: door.present.text() == str(n - 6))


def test_what_a_person_types_waits_for_her_enter(door: DoorWindow) -> None:
    QTest.keyClicks(door.field, "B10001", Qt.KeyboardModifier.NoModifier, 50)
    QTest.qWait(SILENCE * 2)
    assert door.present.text() == "0" and door.field.text() == "B10001"
    QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert door.present.text() == "1"


def test_a_scan_behind_something_half_typed_is_read_alone(door: DoorWindow) -> None:
    QTest.keyClicks(door.field, "zh", Qt.KeyboardModifier.NoModifier, 60)
    QTest.qWait(60)
    QTest.keyClicks(door.field, badge(door.office, 9))
    QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert door.title.text() == "签到成功" and door.field.text() == ""


def test_a_scan_reaches_the_field_with_the_focus_elsewhere(door: DoorWindow, qtbot: Any) -> None:
    active(door, qtbot)
    for widget in (door.panel, door, door.people.table):
        widget.setFocus()
    for key in badge(door.office, 3):
        QTest.keyClick(door, key)
    QTest.keyClick(door, Qt.Key.Key_Return)
    assert door.title.text() == "签到成功"


def test_an_input_method_that_is_on_swallows_nothing(door: DoorWindow, qtbot: Any) -> None:
    active(door, qtbot)
    assert not door.field.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
    for full_width in (False, True):  # an input method that commits all the same, in half or full width
        event = QInputMethodEvent()
        text = badge(door.office, 5 + full_width)
        event.setCommitString("".join(chr(ord(c) + 0xFEE0) for c in text) if full_width else text)
        QApplication.sendEvent(door.field, event)
        QTest.keyClick(door.field, Qt.Key.Key_Return)
        assert door.title.text() == "签到成功", full_width
    QTest.keyClick(door.field, Qt.Key.Key_F4)
    assert door.field.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)


@pytest.mark.parametrize("rubbish", ["9" * 4000, "?" * 300, "￿" * 20])
def test_rubbish_leaves_the_door_ready(door: DoorWindow, rubbish: str) -> None:
    door.field.setText(rubbish)
    QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert door.title.text() == "没有看懂" and door.field.text() == ""
    QTest.keyClicks(door.field, "B10001")
    QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert door.title.text() == "签到成功"


# -- every answer, as the greeter sees it


def held_up(office: Office) -> dict[Answer, Callable[[DoorWindow], None]]:
    """What brings each answer about."""
    def closed(door: DoorWindow) -> None:
        change(office, state="结束")
        door.take("B10001")

    def not_open(door: DoorWindow) -> None:
        change(office, state="计划")
        door.take("B10001")

    def full(door: DoorWindow) -> None:
        change(office, capacity=1)
        door.take("B10001")
        door.take("B10002")

    def not_listed(door: DoorWindow) -> None:
        with office.act(ActKind.EDIT, "x") as act:
            act.create(Registration, {"lecture": door.lecture.id, "full_name": "别人"})
        door.take("B10001")

    def twice(door: DoorWindow) -> None:
        door.take("B10001")
        door.take("B10001")

    def wrong_session(door: DoorWindow) -> None:
        with office.act(ActKind.EDIT, "x") as act:
            mine, other = (act.create(LectureSession, {"lecture": door.lecture.id, "name": name, "starts_at": door.lecture.starts_at}) for name in ("上午场", "下午场"))
            member = act.connection.exec_driver_sql("SELECT id FROM member WHERE employee_no = 'B10001'").scalar()
            act.create(Registration, {"lecture": door.lecture.id, "session": other, "member": member, "full_name": "x"})
        door.door.session = mine
        door.take("B10001")

    def take(text: str) -> Callable[[DoorWindow], None]:
        return lambda door: door.take(text)

    return {
        Answer.ADMITTED: take("B10001"), Answer.WALK_IN: lambda door: door.walk_in("周一鸣", "外单位", "") and None, Answer.ALREADY: twice, Answer.SEVERAL: take("w"), Answer.NOT_LISTED: not_listed,
        Answer.UNKNOWN: take("不在名册的人"), Answer.NOT_MEMBER: take("B10021"), Answer.OTHER_UNIT: take(finding.badge_of("ffffffff-0000-7000-8000-000000000000", "ffffffff-0000-7000-8000-000000000000")),
        Answer.WRONG_SESSION: wrong_session, Answer.FULL: full, Answer.NOT_OPEN: not_open, Answer.CLOSED: closed, Answer.UNREADABLE: take("***"),
    }


@pytest.mark.parametrize("answer", Answer, ids=lambda answer: answer.value)
def test_every_answer_has_its_words_colour_and_accessible_name(door: DoorWindow, answer: Answer) -> None:
    held_up(door.office)[answer](door)
    words = WORDS[answer]
    assert door.title.text() == words.title and door.panel.objectName() == f"answer_{words.tone}"
    assert words.title in door.panel.accessibleName() and words.sentence in door.panel.accessibleName()
    assert answer is Answer.SEVERAL or door.name.text() or door.detail.text()
    assert door.minimumSizeHint().height() <= 768 and door.minimumSizeHint().width() <= 1366


@pytest.mark.parametrize("answer", [answer for answer in Answer if answer.can_be_let_in], ids=lambda answer: answer.value)
def test_whom_the_door_holds_up_two_keys_let_in(door: DoorWindow, qtbot: Any, answer: Answer) -> None:
    held_up(door.office)[answer](door)
    before = int(door.present.text())
    active(door, qtbot)
    door.field.setFocus()
    QTest.keyClick(door.field, Qt.Key.Key_F2)
    assert "按回车" in door.foot.text()
    QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert int(door.present.text()) == before + 1


def test_escape_after_f2_lets_nobody_in(door: DoorWindow, qtbot: Any) -> None:
    active(door, qtbot)
    held_up(door.office)[Answer.NOT_MEMBER](door)
    QTest.keyClick(door.field, Qt.Key.Key_F2)
    QTest.keyClick(door.field, Qt.Key.Key_Escape)
    QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert door.present.text() == "0"


def test_the_register_follows_a_moment_later_and_at_the_latest_on_leaving(door: DoorWindow, qtbot: Any) -> None:
    door.take("B10001")
    qtbot.waitUntil(lambda: count(door.office) == 1, timeout=3000)
    door.take("B10002")
    door.shut()
    assert count(door.office) == 2


# -- the list


def test_the_list_shows_who_is_missing_by_department_and_ticks_by_hand(door: DoorWindow, qtbot: Any) -> None:
    active(door, qtbot)
    door.take("B10001")
    QTest.keyClick(door.field, Qt.Key.Key_F3)
    people = door.people
    assert door.middle.currentIndex() == PEOPLE and "已到 1 人" in people.count.text()
    people.state.setCurrentIndex(1)
    missing = len(people.model.items)
    QTest.keyClick(door.field, Qt.Key.Key_Down)
    who = people.current()
    assert who is not None and who.arrival is None
    QTest.keyClick(door.field, Qt.Key.Key_Space)
    assert door.present.text() == "2" and len(people.model.items) == missing - 1
    people.state.setCurrentIndex(2)
    place = next(n for n, line in enumerate(people.model.items) if line.person.id == who.person.id)
    people.table.selectRow(place)
    people.toggle()
    assert door.present.text() == "1"
    people.state.setCurrentIndex(0)
    people.department.setCurrentIndex(1)
    assert {line.person.department for line in people.model.items} == {people.department.currentData()}


def test_typing_narrows_the_list_and_enter_signs_in(door: DoorWindow, qtbot: Any) -> None:
    active(door, qtbot)
    QTest.keyClick(door.field, Qt.Key.Key_F3)
    everybody = len(door.people.model.items)
    QTest.keyClicks(door.field, "b10004", Qt.KeyboardModifier.NoModifier, 40)
    assert 0 < len(door.people.model.items) < everybody
    QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert door.present.text() == "1" and door.foot.text()
    assert len(door.people.model.items) == everybody


def test_ctrl_z_clears_first_what_is_half_typed_and_names_whom_it_took_back(door: DoorWindow, qtbot: Any) -> None:
    active(door, qtbot)
    door.take("B10001")
    QTest.keyClicks(door.field, "abc", Qt.KeyboardModifier.NoModifier, 50)
    QTest.keyClick(door.field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (door.field.text(), door.present.text()) == ("", "1")
    QTest.keyClick(door.field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (door.present.text(), door.name.text()) == ("0", "欧阳建国")


def test_pinyin_that_nobody_has_is_no_name(door: DoorWindow, answer: Callable[..., list[Any]]) -> None:
    seen = answer(WalkIn, result=0)
    for typed in ("zhouym", "周一鸣"):
        door.take(typed)
        door.add()
    assert [dialog.name.text() for dialog in seen] == ["", "周一鸣"]


# -- the PIN


def test_a_pin_pauses_the_door_and_opens_it_again(door: DoorWindow, qtbot: Any) -> None:
    pin.set_pin(door.office, "2468")
    active(door, qtbot)
    QTest.keyClick(door.field, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert door.shutter is not None and door.shutter.size() == door.size()
    QTest.keyClicks(door.shutter.box.pin, "1111")
    QTest.keyClick(door.shutter.box.pin, Qt.Key.Key_Return)
    assert door.shutter is not None and "不对" in door.shutter.box.banner.text.text()
    QTest.keyClicks(door.shutter.box.pin, "2468")
    QTest.keyClick(door.shutter.box.pin, Qt.Key.Key_Return)
    assert door.shutter is None
    door.take("B10001")
    assert door.title.text() == "签到成功"


def test_behind_the_shutter_no_key_does_anything(door: DoorWindow, qtbot: Any) -> None:
    door.take("B10001")
    pin.set_pin(door.office, "2468")
    active(door, qtbot)
    QTest.keyClick(door.field, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert door.shutter is not None
    for key, modifier in ((Qt.Key.Key_F2, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_F3, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier), (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)):
        QTest.keyClick(door, key, modifier)
    for key in "B10009":
        QTest.keyClick(door, key)
    QTest.keyClick(door, Qt.Key.Key_Return)
    door.take("B10009")
    assert door.shutter is not None and door.present.text() == "1" and door.middle.currentIndex() != PEOPLE and QApplication.activeModalWidget() is None


def test_five_wrong_pins_have_to_wait(qtbot: Any) -> None:
    box = PinBox(lambda typed: typed == "1", wait=1)
    qtbot.addWidget(box)
    for _ in range(5):
        box.pin.setText("2")
        box.go()
    assert not box.pin.isEnabled()
    qtbot.waitUntil(box.pin.isEnabled, timeout=3000)
    box.pin.setText("1")
    with qtbot.waitSignal(box.right):
        box.go()


def test_without_the_pin_nobody_leaves_the_door(door: DoorWindow, qtbot: Any, answer: Callable[..., list[Any]]) -> None:
    pin.set_pin(door.office, "2468")
    seen = answer(PinDialog, result=0)
    left = []
    door.leaving.connect(lambda: left.append(1))
    door.escape()
    door.close()
    QTest.qWait(50)
    assert len(seen) == 2 and not left and door.isVisible()
    answer(PinDialog, result=1)
    door.escape()
    assert left == [1]


def test_the_door_goes_on_by_its_pin_while_the_registers_are_locked(qtbot: Any, practice_office: Office, answer: Callable[..., list[Any]]) -> None:
    shell = Shell(Preferences())
    shell.enter(practice_office)
    window = shell.window
    assert isinstance(window, MainWindow)

    def fill(dialog: OpenDoorDialog) -> None:
        dialog.pin.setText("2468")
        OpenDoorDialog.accept(dialog)

    answer(OpenDoorDialog, fill)
    window.registers.ask_door(the_lecture(practice_office).id)
    door = window.registers.door
    assert door is not None and door.isVisible() and shell.cover is not None and not window.isVisible()
    door.take("B10001")
    assert door.title.text() == "签到成功"
    door.leave()
    assert shell.cover is not None and not window.isVisible() and count(practice_office) == 1
    window.let_go()
    shell.cover.deleteLater()


# -- a PC at another door


def test_a_pc_is_made_a_door_from_the_stick_and_its_result_comes_back(qtbot: Any, practice_office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Callable[..., list[Any]]) -> None:
    lecture = the_lecture(practice_office).id
    made = doorfile.make(practice_office, lecture, "东门", pin="2468")
    (tmp_path / made.file_name).write_bytes(made.body)
    start = FirstStart(tmp_path / "none")
    qtbot.addWidget(start)
    opened: list[Office] = []
    start.opened.connect(opened.append)

    def fill(dialog: SetUpDoor) -> None:
        dialog.choose(tmp_path / made.file_name)
        dialog.code.setText("0000-0000-0000-0000")
        dialog.accept()
        assert dialog.office is None and dialog.banner.text.text()
        dialog.code.setText(made.code.lower())
        dialog.accept()

    answer(SetUpDoor, fill)
    start.ask_door()
    shell = Shell(Preferences())
    shell.enter(opened[0])
    chooser = shell.window
    assert isinstance(chooser, DoorChooser) and chooser.own is not None and chooser.take_button.isVisible()
    door = chooser.open(chooser._lecture(lecture))
    QTest.keyClicks(door.field, badge(practice_office, 4))
    QTest.keyClick(door.field, Qt.Key.Key_Return)
    assert door.title.text() == "签到成功" and pin.has_pin(opened[0])
    door.leave()
    chooser.take_away(tmp_path)
    assert "交回办公室" in chooser.banner.text.text()
    result = next(tmp_path.glob("*.udscan"))
    assert doorfile.bring_back(practice_office, result).new == 1
    assert count(practice_office) == 1
    chooser.let_go()
    opened[0].vault.close()
    assert vault.exists(Path(shell.preferences.vault)) if shell.preferences.vault else True


def test_the_door_shows_a_greeter_no_whole_number(door: DoorWindow) -> None:
    held_up(door.office)[Answer.SEVERAL](door)
    with door.office.reading() as session:
        numbers = [n for row in session.execute(select(Member.id_number, Member.mobile)) for n in row]
    shown = " ".join([*(door.choices.item(n).text() for n in range(door.choices.count())), *(w.text() for w in door.findChildren(QLineEdit)), door.detail.text(), door.name.text()])
    assert not any(number and number in shown for number in numbers)


@pytest.mark.parametrize("look", ["light", "dark"])
def test_big_letters_fit_the_smallest_screen(door: DoorWindow, look: str) -> None:
    theme.theme().apply(name=look)
    door.toggle_big()
    door.take("B10006")
    assert door.minimumSizeHint().height() <= 768 and door.minimumSizeHint().width() <= 1366


# -- the webcam


def a_code(text: str) -> QImage:
    """A picture of a QR code, as a webcam might see it: grey, a little turned, an odd width."""
    buffer = io.BytesIO()
    segno.make(text, error="m").save(buffer, kind="png", scale=6, border=6, dark="#333333", light="#dddddd")
    return QImage.fromData(buffer.getvalue()).transformed(QTransform().rotate(7)).copy(0, 0, 301, 301)


def test_a_webcam_reads_a_badge_once_while_it_is_held_up(door: DoorWindow) -> None:
    reader = CodeReader()
    reader.read.connect(door.take)
    for _ in range(3):
        reader.look(a_code(badge(door.office, 11)))
        QTest.qWait(EVERY + 20)
    assert door.title.text() == "签到成功" and door.present.text() == "1"
    reader.look(QImage(320, 240, QImage.Format.Format_RGB32))
    assert door.present.text() == "1"


def test_without_camera_or_reader_the_door_is_as_it_was(monkeypatch: pytest.MonkeyPatch, practice_office: Office, qapp: QApplication) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    assert not camera.is_there() and camera.decode(a_code("x")) is None
    door = DoorWindow(practice_office, the_lecture(practice_office))
    door.take("B10001")
    assert door.title.text() == "签到成功" and not any(w.text() == "摄像头" for w in door.findChildren(QLabel))
    door.shut()


# -- no way round an open door


def test_the_marked_line_of_a_narrowed_list_is_signed_in_by_enter(door: DoorWindow, qtbot: Any) -> None:
    active(door, qtbot)
    QTest.keyClick(door.field, Qt.Key.Key_F3)
    QTest.keyClicks(door.field, "w", Qt.KeyboardModifier.NoModifier, 50)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return):
        who = door.people.current()
        QTest.keyClick(door.field, key)
    assert who is not None and door.present.text() == "1" and door.door.is_in(who.person.id) is not None
    QTest.keyClick(door.field, Qt.Key.Key_Return)  # a scanner's second line end ticks nobody
    assert door.present.text() == "1"


def test_the_main_window_does_not_close_under_an_open_door(window: MainWindow) -> None:
    door = window.registers.open_door(the_lecture(window.office).id)
    assert not window.close() and window.isVisible() and door.isVisible()
    door.leave()
    assert window.registers.door is None


def test_the_choosers_window_is_away_while_its_door_is_open(practice_office: Office, qapp: QApplication) -> None:
    chooser = DoorChooser(practice_office)
    chooser.show()
    locked: list[int] = []
    chooser.locked.connect(lambda: locked.append(1))
    lecture = the_lecture(practice_office)
    door = chooser.open(lecture)
    assert not chooser.isVisible() and chooser.open(lecture) is door
    chooser._lock()
    assert not chooser.close() and not locked and chooser.door is door
    door.leave()
    assert chooser.isVisible() and chooser.door is None
    chooser.let_go()
    chooser.close()


def test_a_long_topic_does_not_widen_the_door(practice_office: Office, qapp: QApplication) -> None:
    change(practice_office, topic="职" * 60)
    door = DoorWindow(practice_office, the_lecture(practice_office))
    door.show()
    assert door.minimumSizeHint().width() <= 1366
    door.shut()
