"""The door: a full-screen window with one field that always has the focus, and one big answer."""

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QFont, QFontMetrics, QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QFrame, QGridLayout, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from app.services.checkin import pin
from app.services.checkin.answers import Answer, Outcome, Person
from app.services.checkin.door import Door
from app.services.office import Office
from app.ui import errors
from app.ui.kiosk import camera
from app.ui.kiosk.field import HINT, DoorField
from app.ui.kiosk.latest import LatestCard
from app.ui.kiosk.pause import PinDialog, Shutter
from app.ui.kiosk.people_list import PeopleList
from app.ui.kiosk.walk_in import WalkIn
from app.ui.sound import Sounds
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Icon, label, row
from db import identity
from db.problems import UserError
from db.registers import Lecture, LectureSession

ROOM = 768
"""Pixels of height that the window wants at 100 %."""
PAUSE = 400
"""Milliseconds in which a second Enter is not yet a choice."""
QUIET = 400
"""Milliseconds without a scan after which the register is brought up to date."""
WORDS_OF_ONE, CHOICES, PEOPLE = range(3)
"""What the middle of the window shows."""
SHOWN, HELD = 12_000, 120_000
"""Milliseconds that an answer stands; longer where the person in front may still be let in."""
IDLE = 10 * 60_000
"""Milliseconds without a key after which a door with a PIN pauses."""


class DoorWindow(QWidget):
    """Check-in for one lecture, or one session of it. `leaving` when the greeter, with the PIN where there is one, goes out of it."""

    leaving = Signal()

    def __init__(self, office: Office, lecture: Lecture, *, session: LectureSession | None = None, door: str = "") -> None:
        super().__init__()
        self.office, self.lecture, self.session = office, lecture, session
        self.door = Door(office, lecture.id, session=session.id if session else None, name=door)
        self.shutter: Shutter | None = None
        self.camera: camera.Camera | None = None
        self._fit = min(1.0, self.screen().availableSize().height() / px(ROOM))
        self.setObjectName("door")
        self.setStyleSheet(self._large_type())
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(f"{tr('签到')} · {lecture.title}")
        self.sounds = Sounds()
        self.outcome: Outcome | None = None
        self._big = False
        self._shortcuts: list[QShortcut] = []
        self._offered = QElapsedTimer()
        box = QVBoxLayout(self)
        box.setContentsMargins(self._px(40), self._px(28), self._px(40), self._px(20))
        box.setSpacing(self._px(18))
        if office.practice:
            band = label(tr("练习工会：签到不作数"), "practice")
            band.setAlignment(Qt.AlignmentFlag.AlignCenter)
            box.addWidget(band)
        box.addLayout(self._head())
        self.field = DoorField()
        self.field.scanned.connect(self.take)
        self.field.moved.connect(self._move_choice)
        self.field.spaced.connect(lambda: self.people.toggle() if self.middle.currentIndex() == PEOPLE else None)
        self.field.textEdited.connect(self._peek)
        box.addWidget(self.field)
        body = QGridLayout()
        body.setHorizontalSpacing(self._px(20))
        body.setColumnStretch(0, 3)
        body.setColumnStretch(1, 2)
        body.addWidget(self._answer_panel(), 0, 0)
        self.latest = LatestCard(self._px, self.undo)
        body.addWidget(self.latest, 0, 1)
        box.addLayout(body, 1)
        box.addLayout(self._keys())
        self._idle = self._timer(SHOWN, self.rest)
        self._quiet = self._timer(QUIET, self.settle)
        self._unused = self._timer(IDLE, self.pause)
        self._unused.start()
        self.rest()
        self.refresh()
        self.field.setFocus()

    def _timer(self, milliseconds: int, do: Callable[[], None]) -> QTimer:
        made = QTimer(self)
        made.setSingleShot(True)
        made.setInterval(milliseconds)
        made.timeout.connect(do)
        return made

    def _px(self, size: float) -> int:
        """A length at the present scale, drawn in where large type would push the window over the screen's edge."""
        return max(1, round(px(size) * self._fit))

    def _large_type(self) -> str:
        """Letters at the size that fits, the small ones drawn in less; without need the program's own style sheet holds."""
        if self._fit == 1.0:
            return ""
        small = max(self._fit, 0.7)
        titles = ", ".join(f"QLabel#doorTitle_{tone}" for tone in ("good", "warn", "bad", "accent", "idle"))
        return (
            f"QLabel#doorName {{ font-size: {self._px(64)}px; }} {titles} {{ font-size: {self._px(34)}px; }} QLabel#doorDetail {{ font-size: {self._px(20)}px; }} "
            f"QLabel#big, QLabel#bigWarn, QLabel#bigGood {{ font-size: {self._px(44)}px; }} QLineEdit#doorField {{ font-size: {self._px(22)}px; min-height: {self._px(66)}px; }} "
            f"QLabel#pageTitle {{ font-size: {round(px(24) * small)}px; }} QLabel#section {{ font-size: {round(px(16) * small)}px; }} "
            f"QLabel#secondary, QLabel#key, QLabel#practice {{ font-size: {round(px(13) * small)}px; }} QLabel#practice {{ padding: 1px; }}"
        )

    def _head(self) -> QHBoxLayout:
        at = (self.session or self.lecture).starts_at
        starts = at.astimezone() if at else None
        when = f"{starts.month}月{starts.day}日 {starts:%H:%M}" if starts else ""
        left = QVBoxLayout()
        left.addWidget(label(self.lecture.title, "pageTitle", wrap=True))
        left.addWidget(label(" · ".join(part for part in (when, self.session.title if self.session else self.lecture.place or "", self.door.name) if part), "secondary"))
        line = QHBoxLayout()
        line.addLayout(left, 1)
        self.present, self.waiting, self.proof = label("0", "big"), label("", "big"), label("", "big")
        self.waiting_word, self.proof_word = label(tr("未到"), "secondary"), label("", "secondary")
        for number, word in ((self.present, label(tr("已到"), "secondary")), (self.waiting, self.waiting_word), (self.proof, self.proof_word)):
            column = QVBoxLayout()
            for part in (number, word):
                part.setAlignment(Qt.AlignmentFlag.AlignRight)
                column.addWidget(part)
            line.addSpacing(self._px(32))
            line.addLayout(column)
        return line

    def _answer_panel(self) -> QWidget:
        self.panel = QFrame()
        box = QVBoxLayout(self.panel)
        box.setContentsMargins(self._px(44), self._px(36), self._px(44), self._px(28))
        self.icon = Icon("scan-line", "secondary", 44 * self._fit)
        self.title = QLabel()
        line = row(self.icon, self.title, None, spacing=16)
        box.addLayout(line)
        self.middle = QStackedWidget()
        words = QWidget()
        inner = QVBoxLayout(words)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addStretch(1)
        self.name = label("", "doorName", wrap=True)
        self.detail = label("", "doorDetail", wrap=True)
        inner.addWidget(self.name)
        inner.addWidget(self.detail)
        inner.addStretch(1)
        self.choices = QListWidget()
        self.choices.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.choices.setAccessibleName(tr("几位同名，选一位"))
        self.choices.itemClicked.connect(lambda _item: self._take_choice())
        self.people = PeopleList()
        self.people.ticked.connect(self._tick)
        self.people.unticked.connect(lambda arrival: self.undo(arrival.name))
        for part in (words, self.choices, self.people):
            self.middle.addWidget(part)
        box.addWidget(self.middle, 1)
        self.foot = label("", "doorDetail")
        box.addWidget(self.foot)
        return self.panel

    def _keys(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(self._px(10))
        looks: tuple[tuple[str, str, Callable[[], None]], ...] = (("F6", tr("摄像头"), self.toggle_camera),) if camera.is_there() else ()
        for keys, text, do in (
            ("F2", tr("让进／现场加入"), self.add), ("F3", tr("名单"), self.toggle_list), ("F4", tr("打汉字"), self._toggle_input_method), *looks, ("Ctrl+Z", tr("撤销上一个"), self.undo_last),
            ("F11", tr("大字"), self.toggle_big), ("Ctrl+L", tr("暂停"), self.pause), ("Esc", tr("离开"), self.escape),
        ):
            line.addWidget(label(keys.replace("+", " "), "key"))
            line.addWidget(label(text, "secondary"))
            line.addSpacing(self._px(12))
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(do)
            self._shortcuts.append(shortcut)
        line.addStretch(1)
        return line

    # -- one scan

    def take(self, typed: str, scan: str = "") -> None:
        """A scan or Enter. An empty one is a scanner's second line end, or impatience; it changes nothing.

        `scan`: the end of it, where it came faster than the rest. With a list of several open, Enter takes the chosen one, but not in the moment the list came up. After F2 it lets in.
        """
        if self.shutter is not None:
            return
        if self._letting_in is not None and typed.strip() in ("", self._asked.strip()):
            held = self._letting_in
            self._do(lambda: self.door.let_in(held))
            return
        self._letting_in = None
        if self._listing and self._moved and self.middle.currentIndex() == PEOPLE:
            self._moved = False
            self.people.tick()
            return
        if self._is_choosing and typed.strip() in ("", self._asked.strip()):
            if self._offered.elapsed() > PAUSE:
                self._take_choice()
            return
        if not typed.strip():
            return
        self._asked = typed
        self._do(lambda: self.door.arrive(typed, scan))

    _asked = ""
    _letting_in: Outcome | None = None
    """Whom F2 asked to let in all the same; Enter does it."""

    def _do(self, ask: Callable[[], Outcome]) -> None:
        """Ask the door and show what it says; where the disk or the lecture is gone, that."""
        self._letting_in = None
        try:
            outcome = ask()
        except UserError as e:
            self._say_error(e)
            return
        self.show_outcome(outcome)

    @property
    def _is_choosing(self) -> bool:
        return self.middle.currentIndex() == CHOICES and self.choices.currentItem() is not None

    def _take_choice(self) -> None:
        person: Person = self.choices.currentItem().data(Qt.ItemDataRole.UserRole)
        self._do(lambda: self.door.arrive_as(person))

    def _tick(self, person: Person) -> None:
        self._asked = person.full_name
        self._do(lambda: self.door.arrive_as(person))

    def show_outcome(self, outcome: Outcome) -> None:
        """Colour, words and sound of an answer; the field is ready for the next person unless there is a choice to make."""
        self.outcome = outcome
        words = outcome.words
        self._paint(words.tone, words.icon, tr(words.title))
        self.sounds.play(words.sound)
        if outcome.answer is Answer.SEVERAL:
            self._offer(outcome.candidates)
        else:
            self.middle.setCurrentIndex(PEOPLE if self._listing else WORDS_OF_ONE)
            self.name.setText(outcome.person.full_name if outcome.person else "" if outcome.answer is Answer.OTHER_UNIT else self._asked[:20])
            self.detail.setText(self._detail(outcome))
            self._fit_name()
            self.field.clear()
            self.people.narrow("")
        self.foot.setText(self._foot(outcome))
        self.panel.setAccessibleName(f"{words.title} {outcome.person.full_name if outcome.person else ''} {words.sentence}")
        if outcome.answer.lets_in:
            self.refresh()
            self._quiet.start()
        self._idle.start(HELD if outcome.answer.can_be_let_in else SHOWN)
        self.field.setFocus()

    def _offer(self, people: tuple[Person, ...]) -> None:
        self.choices.clear()
        for person in people:
            marks = (person.full_name, person.department, tr("工号 {no}").format(no=person.employee_no) if person.employee_no else "", tr("手机尾号 {tail}").format(tail=person.mobile_tail) if person.mobile_tail else "")
            item = QListWidgetItem("　".join(mark for mark in marks if mark))
            item.setData(Qt.ItemDataRole.UserRole, person)
            self.choices.addItem(item)
        self.choices.setCurrentRow(0)
        self.middle.setCurrentIndex(CHOICES)
        self.field.selectAll()  # the next scan replaces what was typed
        self._offered.start()

    def _detail(self, outcome: Outcome) -> str:
        person = outcome.person
        if outcome.answer is Answer.ALREADY and outcome.at:
            return tr("{time} 已签到").format(time=outcome.at.astimezone().strftime("%H:%M")) + (f"（{outcome.door}）" if outcome.door else "") + "，" + tr(outcome.words.sentence)
        if outcome.answer is Answer.NOT_MEMBER and person:
            return f"{person.not_member}。{tr(outcome.words.sentence)}"
        if person is None or not outcome.answer.lets_in:
            return f"{outcome.detail}{tr(outcome.words.sentence)}"
        return " · ".join(part for part in (person.department, tr("工号 {no}").format(no=person.employee_no) if person.employee_no else "") if part)

    def _foot(self, outcome: Outcome) -> str:
        if outcome.answer in (Answer.ADMITTED, Answer.WALK_IN) and outcome.at:
            return tr("{time} · 已存盘 · 第 {n} 位").format(time=outcome.at.astimezone().strftime("%H:%M:%S"), n=outcome.number)
        if outcome.answer is not Answer.SEVERAL:
            return tr(outcome.words.title) if self._listing else ""
        return tr("还有更多，请再多输几个字。") if outcome.more else tr(outcome.words.sentence)

    def _paint(self, tone: str, icon_name: str, title: str) -> None:
        self.panel.setObjectName(f"answer_{tone}")
        self.title.setObjectName(f"doorTitle_{tone}")
        self.title.setText(title)
        self.icon.show_icon(icon_name, "secondary" if tone == "idle" else tone)
        for widget in (self.panel, self.title):
            widget.style().unpolish(widget)
            widget.style().polish(widget)

    def _say_error(self, error: UserError) -> None:
        self._paint("bad", "circle-x", tr("没有做成"))
        self.middle.setCurrentIndex(WORDS_OF_ONE)
        self.name.setText("")
        self.detail.setText(str(error))
        self.sounds.play("bad")

    def rest(self) -> None:
        """What shows between two people."""
        if self.middle.currentIndex() == CHOICES:
            self.field.clear()
        self.middle.setCurrentIndex(PEOPLE if self._listing else WORDS_OF_ONE)
        self.outcome = self._letting_in = None
        self._paint("idle", "scan-line", tr("请扫码或输入"))
        self.name.setText("")
        self.detail.setText("")
        self.foot.setText("")

    def _peek(self, text: str) -> None:
        """Typing anew closes an open choice, and narrows the list."""
        self._unused.start()
        self._moved = False
        if self.middle.currentIndex() == CHOICES and text != self._asked:
            self.middle.setCurrentIndex(WORDS_OF_ONE)  # so that resting leaves what is being typed
            self.rest()
        if self._listing:
            self.people.narrow(text)

    # -- numbers and the last ten

    def refresh(self) -> None:
        tally = self.door.tally()
        self.present.setText(str(tally.present))
        known = tally.expected is not None
        self.waiting.setVisible(known)
        self.waiting_word.setVisible(known)
        self.waiting.setText(str(max((tally.expected or 0) - tally.present, 0)))
        reached = tally.missing_to_proof == 0
        self.proof.setText(tr("够了") if reached else tr("差 {n}").format(n=tally.missing_to_proof))
        self.proof.setObjectName("bigGood" if reached else "bigWarn")
        self.proof.style().unpolish(self.proof)
        self.proof.style().polish(self.proof)
        self.proof_word.setText(tr("到 {n} 人").format(n=tally.proof))
        self.latest.show_latest(self.door)
        if self._listing:
            self.people.fill(self.door)

    def undo(self, name: str) -> None:
        who = next((a.full_name for a in self.door.latest(100_000) if a.name == name), "")
        try:
            self.door.take_back(name)
        except UserError as e:
            self._say_error(e)
            return
        self._paint("accent", "undo-2", tr("已撤销"))
        self._quiet.start()
        self.middle.setCurrentIndex(PEOPLE if self._listing else WORDS_OF_ONE)
        self.outcome = None
        self.name.setText(who)
        self._fit_name()
        self.detail.setText(tr("签到撤销了，可以重新签。"))
        self.foot.setText("")
        self.refresh()
        self.field.setFocus()

    def undo_last(self) -> None:
        if self.field.text():
            self.field.clear()  # something half typed is what she means
            self._peek("")
        elif last := self.door.latest(1):
            self.undo(last[0].name)

    # -- walk-ins

    def add(self) -> None:
        """F2: somebody the door held up is let in by Enter; anybody else is written down."""
        if self.outcome is not None and self.outcome.answer.can_be_let_in and self.outcome.person is not None:
            self._letting_in = self.outcome
            self.foot.setText(tr("按回车让 {name} 进；Esc 不让。").format(name=self.outcome.person.full_name))
            self._idle.start()
            self.field.setFocus()
            return
        self.ask_walk_in()

    def ask_walk_in(self) -> None:
        asked = self._asked.strip()
        unknown = self.outcome is not None and self.outcome.answer is Answer.UNKNOWN
        name = asked if unknown and not asked.isascii() and not any(c.isdigit() for c in asked) else ""
        dialog = WalkIn(self, self.walk_in, name, asked if unknown and identity.is_mobile(asked) else "")
        dialog.exec()
        self.field.setFocus()

    def walk_in(self, name: str, unit: str, mobile: str) -> str | None:
        """Register and sign in; the sentence why not, or None when done."""
        try:
            outcome = self.door.walk_in(name, unit=unit, mobile=mobile)
        except UserError as e:
            return str(e)
        self._asked = name
        self.show_outcome(outcome)
        return None

    # -- the window

    def _toggle_input_method(self) -> None:
        on = not self.field.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
        self.field.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on)
        self.field.setPlaceholderText(tr("现在可以打汉字；扫码前请再按 F4") if on else tr(HINT))

    def toggle_camera(self) -> None:
        """Let the webcam read codes, or stop it. What it reads is taken as a scanner's."""
        if self.camera is not None:
            self.camera.stop()
            self.camera = None
        else:
            self.camera = camera.Camera(self)
            self.camera.read.connect(self.take)
        self.foot.setText(tr("摄像头开着，把二维码对准它。") if self.camera else tr("摄像头关了。"))

    def toggle_big(self) -> None:
        self._big = not self._big
        self.detail.setStyleSheet(f"font-size: {self._px(34)}px" if self._big else "")
        self.choices.setStyleSheet(f"font-size: {self._px(24)}px" if self._big else "")
        self._fit_name()

    def _fit_name(self) -> None:
        """Big letters as large as the name leaves them: a name is never cut."""
        if not self._big:
            self.name.setStyleSheet("")
            return
        font = QFont(self.name.font())
        font.setPixelSize(self._px(110))
        wide = QFontMetrics(font).horizontalAdvance(self.name.text())
        room = self.panel.width() - self._px(100)
        self.name.setStyleSheet(f"font-size: {max(self._px(40), min(self._px(110), self._px(110) * room // max(wide, 1)))}px")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_name()
        QTimer.singleShot(0, lambda: self.latest.show_latest(self.door))

    def escape(self) -> None:
        """First out of a choice or a half-typed word, then, asked, out of the window."""
        if self._is_choosing or self.field.text() or self._letting_in is not None:
            self.rest()
            self.field.clear()
            if self._listing:
                self.people.narrow("")
        else:
            self.ask_to_leave()

    def ask_to_leave(self) -> None:
        """Out of the window with the PIN, or where there is none with a yes."""
        if self._is_shut or self.shutter is not None or QApplication.activeModalWidget() is not None:
            return
        if pin.has_pin(self.office):
            if PinDialog(self, self.is_pin).exec():
                self.leave()
        elif QMessageBox.question(self, tr("离开签到"), tr("要离开签到窗口吗？")) == QMessageBox.StandardButton.Yes:
            self.leave()

    def leave(self) -> None:
        self.leaving.emit()

    def is_pin(self, typed: str) -> bool:
        return pin.is_pin(self.office, typed)

    def settle(self) -> None:
        """Bring the register up to date; the door itself needs it not."""
        try:
            self.door.settle()
        except UserError as e:
            errors.show(self, e)

    def pause(self) -> None:
        """Cover the door until the PIN is typed; without a PIN there is nothing to cover it with."""
        if self.shutter is not None:
            return
        if not pin.has_pin(self.office):
            self.foot.setText(tr("还没有设签到口令，不能暂停。打开签到时可以设。"))
            return
        self.rest()
        self._use(False)
        self.shutter = Shutter(self, self.is_pin)
        self.shutter.opened.connect(self._resume)

    def _use(self, open_now: bool) -> None:
        """Behind the shutter no key does anything but type the PIN, and nothing is read."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(open_now)
        for part in (self.field, self.people, self.choices):
            part.setEnabled(open_now)

    def _resume(self) -> None:
        self.shutter = None
        self._use(True)
        self._unused.start()
        self.rest()
        self.field.setFocus()

    def toggle_list(self) -> None:
        """Between one big answer and the list of who has come and who is missing."""
        self._listing = not self._listing
        self.middle.setCurrentIndex(PEOPLE if self._listing else WORDS_OF_ONE)
        if self._listing:
            self.people.fill(self.door)
        else:
            self.rest()
        self.field.setFocus()

    _listing = _moved = False

    def closeEvent(self, event: QCloseEvent) -> None:
        """Alt+F4 is no way round the PIN: it asks as Escape does."""
        if self._is_shut:
            super().closeEvent(event)
            return
        event.ignore()
        QTimer.singleShot(0, self.ask_to_leave)

    _is_shut = False

    def shut(self) -> None:
        """Settle, let go of the office and close; nothing is asked."""
        self._is_shut = True
        for timer in (self._idle, self._quiet, self._unused):
            timer.stop()
        if self.camera is not None:
            self.camera.stop()
        self.door.close()
        self.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Whatever was clicked, typing goes into the field: a scanner does not know where the focus is."""
        typing = (event.text() != "" and event.text().isprintable()) or event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Up, Qt.Key.Key_Down)
        if not typing:
            super().keyPressEvent(event)
            return
        if self.shutter is not None:
            return
        self.field.setFocus()
        self.field.keyPressEvent(event)

    def _move_choice(self, step: int) -> None:
        if self.middle.currentIndex() == PEOPLE:
            self._moved = True  # no scanner sends arrows: Enter is now for the marked line
            self.people.step_by(step)
        if self.middle.currentIndex() != CHOICES:
            return
        self.choices.setCurrentRow(max(0, min(self.choices.count() - 1, self.choices.currentRow() + step)))
