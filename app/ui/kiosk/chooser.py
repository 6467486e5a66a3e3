"""What somebody at the door sees: today's lectures to open, and nothing else of the office."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget
from sqlalchemy import select

from app.services.office import Office
from app.ui.kiosk.door import DoorWindow
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Card, EmptyState, button, clear, label, row
from db.registers import Lecture


class DoorChooser(QMainWindow):
    """The door role's only window: no way to the registers but by another user's password."""

    locked = Signal()

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.office = office
        self.door: DoorWindow | None = None
        self.setWindowTitle(f"{tr('签到')} · {office.vault.keys.title}")
        self.resize(1366, 768)
        whole = QWidget()
        whole.setObjectName("page")
        box = QVBoxLayout(whole)
        box.setContentsMargins(px(60), px(40), px(60), px(40))
        self.card = Card(tr("今天在哪一场签到？"), padding=28)
        self.list = QVBoxLayout()
        self.card.body.addLayout(self.list)
        self.card.body.addStretch(1)
        box.addWidget(self.card, 1)
        box.addLayout(row(label(office.vault.keys.title, "secondary"), None, button(tr("锁上"), self.locked.emit, icon_name="lock", key="Ctrl+L")))
        self.setCentralWidget(whole)
        self.refresh()

    def refresh(self) -> None:
        clear(self.list)
        with self.office.reading() as session:
            open_ones = [x for x in session.scalars(select(Lecture).where(Lecture.removed_at.is_(None)).order_by(Lecture.starts_at.desc()).limit(20)) if not x.is_closed]
        for lecture in open_ones:
            starts = lecture.starts_at.astimezone() if lecture.starts_at else None
            when = f"{starts.month}月{starts.day}日 {starts:%H:%M}" if starts else ""
            self.list.addLayout(row(label(lecture.title, "section"), label(f"{when}　{lecture.place or ''}", "secondary"), None, button(tr("打开签到"), partial(self.open, lecture), primary=True)))
        if not open_ones:
            self.list.addWidget(EmptyState("presentation", tr("没有可以签到的讲座"), tr("请干事先安排讲座。")))

    def open(self, lecture: Lecture) -> DoorWindow:
        self.door = DoorWindow(self.office, lecture)
        self.door.leaving.connect(self._back)
        self.door.showFullScreen()
        return self.door

    def _back(self) -> None:
        if self.door is not None:
            self.door.shut()
            self.door.deleteLater()
            self.door = None
        self.refresh()

    def let_go(self) -> None:
        """Close the door with the window."""
        self._back()
