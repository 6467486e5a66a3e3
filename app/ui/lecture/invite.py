"""The list from the roster: whom to ask, shown before anybody is put on it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QListWidget, QListWidgetItem, QWidget

from app.services.lectures import invite
from app.services.lectures.invite import Candidate, Choice
from app.services.office import Office
from app.ui.dialog import FramedDialog
from app.ui.lecture.sessions import SessionChoice
from app.ui.text import tr
from app.ui.widgets import button, label, row
from db.problems import UserError

SHOWN = 500


class InviteDialog(FramedDialog):
    enter_accepts = False

    def __init__(self, parent: QWidget | None, office: Office, lecture: str) -> None:
        super().__init__(parent, tr("从名册选人"), 760, 600)
        self.office, self.lecture = office, lecture
        self.found: list[Candidate] = []
        self.women, self.migrants = QCheckBox(tr("只要女职工")), QCheckBox(tr("只要农民工"))
        self.not_yet, self.retired = QCheckBox(tr("只要今年一场都没听过的")), QCheckBox(tr("连退休的"))
        self.most = QLineEdit()
        self.most.setPlaceholderText(tr("不限"))
        self.most.setAccessibleName(tr("最多几人"))
        self.most.setFixedWidth(self.most.fontMetrics().horizontalAdvance("0" * 10))
        self.session = SessionChoice(office, lecture, any_of_them=True)
        grid = QGridLayout()
        for n, part in enumerate((self.women, self.migrants, self.not_yet, self.retired)):
            grid.addWidget(part, n // 2, n % 2)
        self.box.addLayout(grid)
        self.session.setVisible(bool(self.session.sessions))
        self.box.addLayout(row(label(tr("最多"), "fieldLabel"), self.most, label(tr("人（先选听得少的）"), "secondary"), None, self.session))
        self.departments, self.people = QListWidget(), QListWidget()
        self.departments.setAccessibleName(tr("部门，一个也不勾就是全部"))
        self.people.setAccessibleName(tr("会列入名单的人"))
        self.people.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        with office.vault.engine.connect() as connection:
            for name, count in invite.departments(connection):
                item = QListWidgetItem(f"{name or tr('（没有部门）')}　{count}")
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Unchecked)
                self.departments.addItem(item)
        middle = row(self.departments, self.people, spacing=12)
        middle.setStretch(0, 2)
        middle.setStretch(1, 3)
        self.box.addLayout(middle, 1)
        self.count = label("", "section")
        self.box.addWidget(self.banner)
        self.ok = button(tr("列入名单"), self.finish, icon_name="user-plus", primary=True)
        self.box.addLayout(row(self.count, None, button(tr("取消"), self.reject), self.ok))
        for box in (self.women, self.migrants, self.not_yet, self.retired):
            box.toggled.connect(lambda _on: self.look())
        self.departments.itemChanged.connect(lambda _item: self.look())
        self.most.textChanged.connect(lambda _text: self.look())
        self.look()
        self.departments.setFocus()

    def choice(self) -> Choice:
        items = [self.departments.item(n) for n in range(self.departments.count())]
        chosen = frozenset(item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked)
        most = self.most.text().strip()
        return Choice(chosen, self.women.isChecked(), self.migrants.isChecked(), self.not_yet.isChecked(), self.retired.isChecked(), int(most) if most else None)

    @property
    def is_number(self) -> bool:
        most = self.most.text().strip()
        return not most or (most.isascii() and most.isdecimal() and int(most[:8]) > 0 and len(most) < 7)

    def look(self) -> None:
        """Who would be put on the list."""
        self.banner.say("" if self.is_number else tr("“最多”请写数字，比如 30；不限就空着。"), "warn")
        if not self.is_number:
            self.ok.setEnabled(False)
            return
        with self.office.vault.engine.connect() as connection:
            self.found = invite.candidates(connection, self.lecture, self.choice(), self.office.clock())
        self.people.clear()
        self.people.addItems([f"{c.full_name}　{c.department}" + (tr("　今年听过 {n} 场").format(n=c.been) if c.been else "") for c in self.found[:SHOWN]])
        if len(self.found) > SHOWN:
            self.people.addItem(tr("…还有 {n} 人").format(n=len(self.found) - SHOWN))
        self.count.setText(tr("{n} 人").format(n=len(self.found)))
        self.ok.setEnabled(bool(self.found))

    def finish(self) -> None:
        try:
            invite.invite(self.office, self.lecture, self.found, session=self.session.chosen)
        except UserError as e:
            self.banner.say(str(e), "warn")
            return
        self.accept()
