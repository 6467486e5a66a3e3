"""Entering members for a competition: the trade, then one person after the other, as fast as names can be typed."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.services import entries, listing
from app.services.entries import Entered
from app.services.listing import Hit
from app.services.office import Office
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, button, label, row
from db.problems import UserError
from db.registers import Competition, Member
from db.registers.competitions import trades_of


class EntryDialog(QDialog):
    """`entered` holds what came of it, after Ok."""

    def __init__(self, office: Office, competition: Competition, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.office, self.competition = office, competition
        self.entered: Entered | None = None
        self.setWindowTitle(tr("竞赛报名"))
        room = self.screen().availableSize()
        self.resize(min(px(620), room.width() - 40), min(px(600), room.height() - 80))
        box = QVBoxLayout(self)
        box.setContentsMargins(px(24), px(20), px(24), px(16))
        box.setSpacing(px(8))
        box.addWidget(label(competition.title, "section", wrap=True))
        self.trade = QComboBox()
        self.trade.addItems(list(trades_of(competition.trades)))
        self.trade.setAccessibleName(tr("工种"))
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("输入姓名、拼音首字母、工号或号码后四位，回车加入"))
        self.line.setAccessibleName(tr("选手"))
        self.found, self.chosen = QListWidget(), QListWidget()
        self.found.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.found.setAccessibleName(tr("找到的会员"))
        self.chosen.setAccessibleName(tr("要报名的"))
        self.count = label("", "secondary")
        for wanted in (self.found, self.chosen):
            wanted.setMinimumHeight(px(60))
        for text, part in ((tr("工种"), self.trade), (tr("加入选手"), self.line), ("", self.found), (tr("要报名的（选中按 Delete 去掉）"), self.chosen), ("", self.count)):
            if text:
                box.addWidget(label(text, "fieldLabel"))
            box.addWidget(part)
        self.banner = Banner()
        box.addWidget(self.banner)
        self.enter_button = button(tr("报名"), self.enter, icon_name="check", primary=True, key="Ctrl+Return")
        self.enter_button.setAutoDefault(False)
        box.addLayout(row(None, button(tr("取消"), self.reject), self.enter_button))
        self.line.textChanged.connect(lambda _text: self.search())
        self.line.installEventFilter(self)
        self.chosen.installEventFilter(self)
        self.found.itemClicked.connect(lambda _item: self.add())
        self._count()
        self.line.setFocus()

    def search(self) -> None:
        self.found.clear()
        typed = self.line.text().strip()
        if not typed:
            return
        with self.office.reading() as session:
            hits = listing.lookup(session, Member.__tablename__, typed, limit=8)
        for hit in hits:
            item = QListWidgetItem(f"{hit.title}　　{hit.detail}")
            item.setData(Qt.ItemDataRole.UserRole, hit)
            self.found.addItem(item)
        self.found.setCurrentRow(0)

    def add(self) -> None:
        item = self.found.currentItem()
        if item is None:
            return
        hit: Hit = item.data(Qt.ItemDataRole.UserRole)
        if hit.id not in self.members():
            taken = QListWidgetItem(item.text())
            taken.setData(Qt.ItemDataRole.UserRole, hit)
            self.chosen.addItem(taken)
        self.line.clear()
        self._count()

    def members(self) -> list[str]:
        return [self.chosen.item(n).data(Qt.ItemDataRole.UserRole).id for n in range(self.chosen.count())]

    def _count(self) -> None:
        self.count.setText(tr("共 {n} 人").format(n=self.chosen.count()))
        self.enter_button.setEnabled(self.chosen.count() > 0)

    def enter(self) -> None:
        """Enter those who may; name those who may not and stay, so that the reason is read."""
        try:
            self.entered = entries.enter(self.office, self.competition.id, self.trade.currentText(), self.members())
        except UserError as e:
            self.banner.say(str(e))
            return
        if not self.entered.refused:
            self.accept()
            return
        self.banner.say(tr("已报名 {n} 人。没有报上的：").format(n=len(self.entered.entries)) + "".join(r.why for r in self.entered.refused), "warn")
        self.chosen.clear()
        self._count()

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
