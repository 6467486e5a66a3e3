"""What is asked before a door opens: session, the door's name, and whether the PC is handed to a greeter."""

from PySide6.QtWidgets import QLineEdit, QWidget
from sqlalchemy import select

from app.services.checkin import pin
from app.services.checkin.door import may_open
from app.services.office import Office
from app.ui.dialog import FramedDialog
from app.ui.lecture.sessions import SessionChoice
from app.ui.text import tr
from app.ui.widgets import label
from db.problems import UserError
from db.registers import LectureSession


class OpenDoorDialog(FramedDialog):
    """`name`, `session` and, where a PIN was set, `kiosk`: the registers are locked while the door is open."""

    def __init__(self, parent: QWidget | None, office: Office, lecture: str, *, name: str = "") -> None:
        super().__init__(parent, tr("打开签到"), 480, 400)
        self.office = office
        self.name, self.pin = QLineEdit(name), QLineEdit()
        self.name.setAccessibleName(tr("签到处名称"))
        self.name.setPlaceholderText(tr("东门、签到台…（可不写）"))
        self.pin.setAccessibleName(tr("签到口令"))
        self.pin.setPlaceholderText(tr("不设就不锁名册"))
        self.session = SessionChoice(office, lecture)
        if self.session.sessions:
            self.box.addWidget(label(tr("场次"), "fieldLabel"))
            self.box.addWidget(self.session)
        self.box.addWidget(label(tr("签到处"), "fieldLabel"))
        self.box.addWidget(self.name)
        self.box.addWidget(label(tr("把电脑交给签到员：签到口令（4 到 12 位数字）"), "fieldLabel"))
        self.box.addWidget(self.pin)
        self.box.addWidget(label(tr("设了口令，签到开着时名册锁着：离开签到要口令，回到名册还要您的密码。"), "secondary", wrap=True))
        if doubt := may_open(office, lecture):
            self.banner.say(doubt, "warn")
        self.box.addWidget(self.banner)
        self.box.addStretch(1)
        self.foot(tr("开始签到"))
        self.session.choose_nearest(office.clock())
        self.name.setFocus()

    def chosen_session(self) -> LectureSession | None:
        with self.office.reading() as session:
            return session.scalars(select(LectureSession).where(LectureSession.id == self.session.chosen)).first() if self.session.chosen else None

    @property
    def kiosk(self) -> bool:
        return bool(self.pin.text())

    def accept(self) -> None:
        try:
            pin.set_pin(self.office, self.pin.text())
        except UserError as e:
            self.banner.say(str(e), "warn")
            self.pin.setFocus()
            return
        super().accept()
