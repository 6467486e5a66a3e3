"""Making a PC a door: the file on the stick and the code on the slip."""

from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QWidget

from app.services.checkin import doorfile
from app.services.office import Office
from app.ui import errors, jobs
from app.ui.dialog import FramedDialog
from app.ui.lecture.doors import ask_set_up
from app.ui.preferences import home
from app.ui.text import tr
from app.ui.widgets import button, label, row
from db.problems import UserError


class SetUpDoor(FramedDialog):
    """`office` is the door's own file, opened."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent, tr("这台电脑只做签到"), 560, 420)
        self.office: Office | None = None
        self.path: Path | None = None
        self.file = label(tr("还没有选签到文件"), "secondary", wrap=True)
        self.code = QLineEdit()
        self.code.setAccessibleName(tr("签到码"))
        self.code.setPlaceholderText("XXXX-XXXX-XXXX-XXXX")
        self.code.returnPressed.connect(self.accept)
        self.box.addWidget(label(tr("插上 U 盘，选办公室做好的签到文件（.uddoor），再输入纸条上的签到码。"), "secondary", wrap=True))
        self.box.addLayout(row(self.file, button(tr("选文件…"), self.ask_file, icon_name="folder-open"), wide=self.file))
        self.box.addWidget(label(tr("签到码（16 个字符，大小写和横线都不管）"), "fieldLabel"))
        self.box.addWidget(self.code)
        self.box.addWidget(self.banner)
        self.box.addStretch(1)
        self.foot(tr("开始"))

    def ask_file(self) -> None:
        if path := ask_set_up(self):
            self.choose(path)

    def choose(self, path: Path) -> None:
        self.path = path
        self.file.setText(path.name)
        self.code.setFocus()

    def accept(self) -> None:
        path, code = self.path, self.code.text()
        if path is None:
            self.banner.say(tr("请先选签到文件。"), "warn")
            return
        try:
            self.office = jobs.wait(self, tr("正在装签到…"), lambda: doorfile.set_up(path, code, home() / "doors"))
        except UserError as e:
            self.banner.say(str(e), "warn")
            self.code.setFocus()
            self.code.selectAll()
            return
        except OSError as e:
            errors.show(self, e)
            return
        super().accept()
