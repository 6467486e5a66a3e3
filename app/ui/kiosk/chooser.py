"""What somebody at the door sees: today's lectures to open, and nothing else of the office."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFileDialog, QMainWindow, QVBoxLayout, QWidget
from sqlalchemy import select

from app.services.checkin import doorfile
from app.services.checkin.door import may_open, open_lecture
from app.services.office import Office
from app.ui.kiosk.door import DoorWindow
from app.ui.lecture.doors import stick_folder
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, Card, EmptyState, button, clear, label, row
from db.problems import UserError
from db.registers import Lecture, LectureSession


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
        self.own = doorfile.sent_out(office)
        self.banner = Banner()
        self.card.body.addWidget(self.banner)
        self.list = QVBoxLayout()
        self.card.body.addLayout(self.list)
        self.card.body.addStretch(1)
        box.addWidget(self.card, 1)
        self.take_button = button(tr("把结果存到 U 盘…"), self.ask_take_away, icon_name="usb")
        self.take_button.setVisible(self.own is not None)
        name = f"{office.vault.keys.title}　{self.own.name if self.own else ''}"
        box.addLayout(row(label(name, "secondary"), None, self.take_button, button(tr("锁上"), self._lock, icon_name="lock", key="Ctrl+L")))
        self.setCentralWidget(whole)
        self.refresh()

    def refresh(self) -> None:
        clear(self.list)
        if self.own is not None:
            if doubt := doorfile.clock_doubt(self.office):
                self.banner.say(doubt, "warn")
            self._offer(self._lecture(self.own.lecture), self._session(self.own.session))
            return
        with self.office.reading() as session:
            lectures = session.scalars(select(Lecture).where(Lecture.removed_at.is_(None)).order_by(Lecture.starts_at.desc()).limit(20)).all()
            sessions = session.scalars(select(LectureSession).where(LectureSession.removed_at.is_(None)).order_by(LectureSession.starts_at)).all()
        open_ones = [x for x in lectures if not x.is_closed]
        for lecture in open_ones:
            mine: list[LectureSession | None] = [s for s in sessions if s.lecture == lecture.id]
            for session_of in mine or [None]:
                self._offer(lecture, session_of)
        if not open_ones:
            self.list.addWidget(EmptyState("presentation", tr("没有可以签到的讲座"), tr("请干事先安排讲座。")))

    def _lecture(self, lecture: str) -> Lecture:
        with self.office.reading() as session:
            return session.scalars(select(Lecture).where(Lecture.id == lecture)).one()

    def _session(self, session_id: str | None) -> LectureSession | None:
        with self.office.reading() as session:
            return session.scalars(select(LectureSession).where(LectureSession.id == session_id)).first() if session_id else None

    def _offer(self, lecture: Lecture, session: LectureSession | None) -> None:
        at = (session or lecture).starts_at
        starts = at.astimezone() if at else None
        when = f"{starts.month}月{starts.day}日 {starts:%H:%M}" if starts else ""
        where = session.title if session else lecture.place or ""
        words = label(lecture.title, "section", wrap=True)
        opens = button(tr("打开签到"), partial(self.open, lecture, session), primary=True)
        self.list.addLayout(row(words, label(f"{when}　{where}", "secondary"), opens, wide=words))
        if self.list.count() == 1:
            opens.setFocus()

    def open(self, lecture: Lecture, session: LectureSession | None = None) -> DoorWindow:
        """The door, and nothing behind it to click on meanwhile."""
        if self.door is not None:
            self.door.raise_()
            return self.door
        if not open_lecture(self.office, lecture.id):
            self.banner.say(may_open(self.office, lecture.id) or tr("这场讲座已经结束。"), "warn")
        self.door = DoorWindow(self.office, lecture, session=session, door=self.own.name if self.own else "")
        self.door.leaving.connect(self._back)
        self.door.showFullScreen()
        self.hide()
        return self.door

    def closeEvent(self, event: QCloseEvent) -> None:
        """Not behind an open door: its PIN would be worth nothing."""
        if self.door is not None:
            event.ignore()
            self.door.raise_()
            return
        super().closeEvent(event)

    def _lock(self) -> None:
        if self.door is None:
            self.locked.emit()

    def _back(self) -> None:
        if self.door is not None:
            door, self.door = self.door, None
            self.show()  # before the door goes, so that a window is always there
            door.shut()
            door.deleteLater()
        self.refresh()

    # -- a door that was sent out

    def ask_take_away(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("结果存到哪里"), stick_folder())
        if folder:
            self.take_away(Path(folder))

    def take_away(self, folder: Path) -> None:
        """The door's whole book onto the stick."""
        try:
            path = doorfile.take_away(self.office, folder)
        except UserError as e:
            self.banner.say(str(e))
            return
        self.banner.say(tr("已存好并核对：{name}。请把 U 盘交回办公室。").format(name=path.name), "good")

    def let_go(self) -> None:
        """Close the door with the window."""
        self._back()
