"""Choose people from the roster by typing: name, initials, number; Enter takes one, Ctrl+Enter does what the dialog is for."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.services import listing
from app.services.listing import Hit
from app.services.office import Office
from app.ui.asking import sure
from app.ui.dialog import FramedDialog
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import button, label, row
from db.problems import UserError
from db.registers import Member


class PeopleDialog(FramedDialog):
    """`act` takes the ids of the chosen and gives back (how many, the sentences of those it refused); it stays open while somebody was refused, so that the reason is read."""

    enter_accepts = False

    def __init__(self, parent: QWidget | None, office: Office, title: str, heading: str, does: str, act: Callable[[list[str]], tuple[int, list[str]]], *, top: QWidget | None = None, top_label: str = "") -> None:
        super().__init__(parent, title, 620, 520)
        self.office, self._act = office, act
        self.done_count = 0
        column = QVBoxLayout(self.scrolled())
        column.setSpacing(px(8))
        column.addWidget(label(heading, "section", wrap=True))
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("姓名、拼音首字母、工号或号码后四位，回车加入"))
        self.line.setAccessibleName(tr("找人"))
        self.found, self.chosen = QListWidget(), QListWidget()
        self.found.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.found.setAccessibleName(tr("找到的会员"))
        self.found.hide()
        self.chosen.setAccessibleName(tr("选好的"))
        self.nobody = label("", "secondary")
        self.nobody.hide()
        self.count = label("", "secondary")
        for wanted in (self.found, self.chosen):
            wanted.setMinimumHeight(px(90))
        if top is not None:
            column.addWidget(label(top_label, "fieldLabel"))
            column.addWidget(top)
        column.addWidget(label(tr("加入"), "fieldLabel"))
        column.addWidget(self.line)
        column.addWidget(self.nobody)
        column.addWidget(self.found)
        column.addWidget(label(tr("选好的（选中按 Delete 去掉）"), "fieldLabel"))
        column.addWidget(self.chosen, 1)
        self.box.addWidget(self.banner)
        self.enter_button = button(does, self.enter, icon_name="check", primary=True, key="Ctrl+Return")
        self.enter_button.setAutoDefault(False)
        self.box.addLayout(row(self.count, None, button(tr("取消"), self.reject), self.enter_button))
        self.line.textChanged.connect(lambda _text: self.search())
        self.line.installEventFilter(self)
        self.chosen.installEventFilter(self)
        self.found.itemClicked.connect(lambda _item: self.add())
        self._count()
        self.line.setFocus()

    def search(self) -> None:
        self.found.clear()
        typed = self.line.text().strip()
        hits: list[Hit] = []
        if typed:
            with self.office.reading() as session:
                hits = listing.lookup(session, Member.__tablename__, typed, limit=8)
        for hit in hits:
            item = QListWidgetItem(f"{hit.title}　　{hit.detail}")
            item.setData(Qt.ItemDataRole.UserRole, hit)
            self.found.addItem(item)
        self.found.setCurrentRow(0)
        self.found.setVisible(bool(hits))
        self.nobody.setText(tr("名册里没有找到“{typed}”。").format(typed=typed))
        self.nobody.setVisible(bool(typed) and not hits)

    def take(self, hits: list[Hit]) -> None:
        """Put people on the list that were chosen elsewhere."""
        for hit in hits:
            if hit.id not in self.members():
                taken = QListWidgetItem(f"{hit.title}　　{hit.detail}")
                taken.setData(Qt.ItemDataRole.UserRole, hit)
                self.chosen.addItem(taken)
        self._count()

    def add(self) -> None:
        item = self.found.currentItem()
        if item is None:
            return
        self.take([item.data(Qt.ItemDataRole.UserRole)])
        self.line.clear()

    def members(self) -> list[str]:
        return [self.chosen.item(n).data(Qt.ItemDataRole.UserRole).id for n in range(self.chosen.count())]

    def _count(self) -> None:
        self.count.setText(tr("选好 {n} 人").format(n=self.chosen.count()))
        self.enter_button.setEnabled(self.chosen.count() > 0)

    def enter(self) -> None:
        """Do it for those who may; name those who may not and stay."""
        try:
            done, refused = self._act(self.members())
        except UserError as e:
            self.banner.say(str(e))
            return
        self.done_count += done
        if not refused:
            self.accept()
            return
        self.banner.say(tr("办好 {n} 人。没有办的：").format(n=done) + "".join(refused), "warn")
        self.chosen.clear()
        self._count()

    def reject(self) -> None:
        """Those who were chosen and not entered are asked about."""
        if self.chosen.count() and not sure(self, self.windowTitle(), tr("选好的 {n} 人还没有办，不要了吗？").format(n=self.chosen.count())):
            return
        super().reject()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if watched is self.line:
                step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
                if step:
                    self.found.setCurrentRow(max(0, min(self.found.count() - 1, self.found.currentRow() + step)))
                    return True
                if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                    self.add()
                    return True
            elif watched is self.chosen and event.key() == Qt.Key.Key_Delete and self.chosen.currentRow() >= 0:
                self.chosen.takeItem(self.chosen.currentRow())
                self._count()
                return True
        return super().eventFilter(watched, event)
