"""The paper sheet typed in: number, Enter, number, Enter. With a reason the lines are late sign-ins."""

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QLineEdit, QListWidget, QListWidgetItem, QWidget

from app.services.checkin.after import PaperSheet
from app.services.checkin.answers import Answer, Outcome, Person
from app.services.office import Office
from app.ui.dialog import FramedDialog
from app.ui.lecture.sessions import SessionChoice
from app.ui.text import tr
from app.ui.widgets import button, label, row
from db.fields import MOMENT
from db.problems import UserError


class PaperEntryDialog(FramedDialog):
    enter_accepts = False

    def __init__(self, parent: QWidget | None, office: Office, lecture: str) -> None:
        super().__init__(parent, tr("纸质录入／补签"), 640, 580)
        self.office, self.lecture = office, lecture
        self._candidates: tuple[Person, ...] = ()
        self.session = SessionChoice(office, lecture)
        self.session.setVisible(bool(self.session.sessions))
        self.at, self.reason = QLineEdit(), QLineEdit()
        self.at.setAccessibleName(tr("签到时间"))
        self.reason.setAccessibleName(tr("补签原因"))
        self.reason.setPlaceholderText(tr("照纸质签到表录入就空着；没有签字的补签要写原因"))
        self.by_number = QCheckBox(tr("输的是名单序号"))
        self.box.addLayout(row(label(tr("场次"), "fieldLabel") if self.session.sessions else None, self.session, label(tr("时间"), "fieldLabel"), self.at, self.by_number))
        self.box.addLayout(row(label(tr("补签原因"), "fieldLabel"), self.reason, wide=self.reason))
        self.field = QLineEdit()
        self.field.setObjectName("doorField")
        self.field.setAccessibleName(tr("录入"))
        self.field.setPlaceholderText(tr("工号、手机后四位、姓名首字母…，回车"))
        self.field.returnPressed.connect(self.enter)
        self.field.textEdited.connect(lambda _text: self._offer(()))
        self.box.addWidget(self.field)
        self.box.addWidget(self.banner)
        self.choices, self.entered = QListWidget(), QListWidget()
        self.choices.setAccessibleName(tr("有几位，选一位"))
        self.choices.itemActivated.connect(self._take)
        self.choices.hide()
        self.entered.setAccessibleName(tr("已录入"))
        self.box.addWidget(self.choices, 1)
        self.box.addWidget(self.entered, 2)
        self.count = label("", "section")
        self.stranger = button(tr("名册里没有：按外单位记（F2）"), self.add_stranger, icon_name="user-plus")
        self.box.addLayout(row(self.count, None, self.stranger, button(tr("撤销上一个"), self.undo, icon_name="undo-2"), button(tr("好了"), self.accept)))
        QShortcut(QKeySequence("F2"), self).activated.connect(self.add_stranger)
        QShortcut(QKeySequence("Ctrl+Z"), self).activated.connect(self.undo)
        for key, step in (("Down", 1), ("Up", -1)):
            QShortcut(QKeySequence(key), self.field, context=Qt.ShortcutContext.WidgetShortcut).activated.connect(lambda step=step: self._move(step))
        self.session.currentIndexChanged.connect(lambda _n: self._begin())
        self._begin()
        self.field.setFocus()

    def _begin(self) -> None:
        """A sheet for the session in hand, at the time it began."""
        self.sheet = PaperSheet(self.office, self.lecture, session=self.session.chosen)
        self.at.setText(MOMENT.show(self.sheet.at))
        self.entered.clear()
        self._say_count()

    def _ready(self) -> bool:
        """Time and reason as they stand now go with the next line."""
        reading = MOMENT.read(self.at.text())
        if not isinstance(reading.value, datetime):
            self.banner.say(reading.problems[0].message if reading.problems else tr("请写签到时间。"), "warn")
            self.at.setFocus()
            return False
        self.sheet.at, self.sheet.reason = reading.value, self.reason.text().strip()
        return True

    def enter(self) -> None:
        if self.choices.isVisible() and self.choices.currentItem() is not None:
            self._take(self.choices.currentItem())
            return
        if self.field.text().strip() and self._ready():
            self._show(self.sheet.enter(self.field.text(), by_number=self.by_number.isChecked()))

    def _show(self, outcome: Outcome) -> None:
        person, typed = outcome.person, self.field.text().strip()
        self._offer(outcome.candidates)
        if outcome.answer is Answer.SEVERAL:
            self.banner.say(tr("有几位，上下键选，回车录入。"), "warn")
            return
        if outcome.answer.lets_in and person:
            self.entered.insertItem(0, f"{outcome.number}　{person.full_name}　{person.department}")
            self.banner.say("")
        elif outcome.answer is Answer.ALREADY and person:
            self.banner.say(tr("{name} 已经签过了，没有重复记。").format(name=person.full_name), "warn")
        elif outcome.answer is Answer.UNREADABLE:
            self.banner.say(tr("没有看懂“{typed}”。").format(typed=typed[:20]), "warn")
        else:
            self.banner.say(outcome.detail or tr("名册里没有“{typed}”。确实来了就按 F2。").format(typed=typed[:20]), "warn")
            self.field.selectAll()
            return
        self.field.clear()
        self.field.setFocus()
        self._say_count()

    def _offer(self, people: tuple[Person, ...]) -> None:
        self._candidates = people
        self.choices.clear()
        for p in people:
            item = QListWidgetItem("　".join(part for part in (p.full_name, p.department, p.employee_no, p.mobile_tail) if part))
            item.setData(Qt.ItemDataRole.UserRole, p)
            self.choices.addItem(item)
        self.choices.setVisible(bool(people))
        self.choices.setCurrentRow(0)

    def _move(self, step: int) -> None:
        if self.choices.isVisible():
            self.choices.setCurrentRow(max(0, min(self.choices.count() - 1, self.choices.currentRow() + step)))

    def _take(self, item: QListWidgetItem) -> None:
        if self._ready():
            self._show(self.sheet.enter_as(item.data(Qt.ItemDataRole.UserRole)))

    def add_stranger(self) -> None:
        """What stands in the field is a name of somebody from elsewhere."""
        name = self.field.text().strip()
        if not name or any(c.isdigit() for c in name):
            self.banner.say(tr("先在上面写这个人的姓名，再按 F2。"), "warn")
            self.field.setFocus()
            return
        if self._ready():
            try:
                self._show(self.sheet.enter_stranger(name))
            except UserError as e:
                self.banner.say(str(e), "warn")

    def reject(self) -> None:
        """Escape closes first the choice, then what is half typed, then the dialog."""
        if self.choices.isVisible() or self.field.text():
            self._offer(())
            self.banner.say("")
            self.field.clear()
            self.field.setFocus()
            return
        super().reject()

    def undo(self) -> None:
        if (person := self.sheet.undo()) is not None:
            self.entered.takeItem(0)
            self.banner.say(tr("撤销了 {name}。").format(name=person.full_name), "good")
            self._say_count()
        else:
            self.banner.say(tr("这里没有可以撤销的。以前录入的，请在“看签到”里删。"), "warn")
        self.field.setFocus()

    def _say_count(self) -> None:
        self.count.setText(tr("录入 {n} 人").format(n=len(self.sheet.done)))
