"""The global search: one key, one line, everything."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.services import listing, nearly
from app.services.listing import Hit
from app.services.office import Office
from app.ui import theme
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import fit_to_screen, label
from db import pinyin
from db.registers import register_named


@dataclass(frozen=True)
class Place:
    """A page that can be gone to by its name."""

    key: str
    title: str
    icon: str


class SearchDialog(QDialog):
    """`chosen` carries a Hit or a Place."""

    chosen = Signal(object)

    def __init__(self, office: Office, places: Sequence[Place], parent: QWidget) -> None:
        super().__init__(parent)
        self.office, self.places = office, places
        self.setWindowTitle(tr("查找"))
        fit_to_screen(self, 640, 440)
        box = QVBoxLayout(self)
        box.setContentsMargins(px(16), px(16), px(16), px(12))
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("姓名、拼音首字母、工号、手机或身份证后四位，讲座题目，页面名字…"))
        self.line.setAccessibleName(tr("查找"))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("找到的"))
        self.hint = label(tr("上下键选，回车打开。"), "secondary")
        for part in (self.line, self.list, self.hint):
            box.addWidget(part)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(60)
        self._timer.timeout.connect(self.search)
        self.line.textChanged.connect(lambda _text: self._timer.start())
        self._second = QTimer(self)
        self._second.setSingleShot(True)
        self._second.setInterval(250)
        self._second.timeout.connect(self.search_nearly)
        self.line.installEventFilter(self)
        self.list.itemActivated.connect(lambda _item: self._take())
        self.list.itemClicked.connect(lambda _item: self._take())
        self.search()

    def search(self) -> None:
        typed = self.line.text().strip()
        hits: list[Hit] = []
        if typed:
            with self.office.reading() as session:
                hits = listing.search_everywhere(session, typed)
        self.list.clear()
        for hit in hits:
            self._add(hit, register_named(hit.register).icon, f"{hit.title}　　{hit.detail}")
        for place in self.places:
            if not typed or typed in place.title or _sounds_like(typed, place.title):
                self._add(place, place.icon, place.title)
        self.list.setCurrentRow(0)
        self.hint.setText(tr("上下键选，回车打开。") if self.list.count() else tr("没有找到“{typed}”。换拼音首字母或号码后四位试试。").format(typed=typed))
        self._second.stop()
        if typed and not hits:
            self._second.start()

    def search_nearly(self) -> None:
        """When nothing hits: who is nearly meant."""
        typed = self.line.text().strip()
        with self.office.reading() as session:
            hits = nearly.members(session, typed)
        for hit in hits:
            self._add(hit, register_named(hit.register).icon, f"{hit.title}　　{hit.detail}")
        if hits:
            self.list.setCurrentRow(0)
            self.hint.setText(tr("没有“{typed}”，是不是这几位？").format(typed=typed))

    def _add(self, what: object, icon: str, text: str) -> None:
        item = QListWidgetItem(theme.icon(icon), text)
        item.setData(Qt.ItemDataRole.UserRole, what)
        self.list.addItem(item)

    def _take(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.accept()
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step:
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if self._timer.isActive():
                    self._timer.stop()
                    self.search()
                self._take()
                return True
        return super().eventFilter(watched, event)


def _sounds_like(typed: str, title: str) -> bool:
    """kunnan, knzg for 困难职工."""
    plain = typed.lower().replace(" ", "")
    return plain.isascii() and any(plain in "".join(reading) or plain in "".join(syllable[:1] for syllable in reading) for reading in pinyin.readings(title))
