"""The window's main: `uniondesk-receiver-window [FOLDER]`; `--demo OUT` does a district's day off screen and leaves pictures."""

import argparse
import os
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication, QFileDialog, QFormLayout, QLineEdit

from app.receiver import district
from app.receiver.district import Receiver
from app.receiver.ui.window import DistrictWindow
from app.ui import errors, preferences
from app.ui.dialog import FramedDialog
from app.ui.run import make_application
from app.ui.text import tr
from app.ui.unlock import UnlockPage
from app.ui.widgets import QuietCombo, label
from db import keyslots
from db.problems import UserError


class NewReceiver(FramedDialog):
    """A receiver's first start: whose it is, the password, where the records lie."""

    enter_accepts = False

    def __init__(self) -> None:
        super().__init__(None, tr("建立接收端"), 560, 440)
        self.name, self.password, self.again, self.url = QLineEdit(), QLineEdit(), QLineEdit(), QLineEdit()
        self.role = QuietCombo()
        for title, role in ((tr("区总工会（合并、审批、做回执）"), district.DISTRICT), (tr("街道或产业工会（初审转报）"), district.STREET)):
            self.role.addItem(title, role)
        for field in (self.password, self.again):
            field.setEchoMode(QLineEdit.EchoMode.Password)
        self.url.setPlaceholderText(tr("留空：放在本机的加密文件里"))
        form = QFormLayout(self.scrolled())
        for title, widget in ((tr("名称"), self.name), (tr("是哪一级"), self.role), (tr("密码（至少 8 个字符）"), self.password), (tr("再写一遍"), self.again), (tr("PostgreSQL 地址"), self.url)):
            widget.setAccessibleName(title)
            form.addRow(title, widget)
        self.box.addWidget(self.banner)
        self.foot(tr("建立"))

    def accept(self) -> None:
        if not self.name.text().strip():
            self.banner.say(tr("请写名称，与公章一致。"))
        elif self.password.text() != self.again.text():
            self.banner.say(tr("两遍密码不一样，请再写一遍。"))
        else:
            super().accept()


class RecoveryDialog(FramedDialog):
    """The recovery code, shown once."""

    def __init__(self, code: str) -> None:
        super().__init__(None, tr("恢复密钥"), 520, 260)
        self.box.addWidget(label(tr("请抄下来锁好。忘了密码时，只有它能打开接收端；以后不再显示。"), wrap=True))
        self.box.addWidget(label(code, "mono", selectable=True))
        self.box.addStretch(1)
        self.foot(tr("抄好了"))


def _first_start(folder: Path) -> Receiver | None:
    dialog = NewReceiver()
    while dialog.exec():
        try:
            made, code = district.init(folder, name=dialog.name.text().strip(), password=dialog.password.text(), url=dialog.url.text().strip() or None, role=dialog.role.currentData())
        except UserError as e:
            dialog.banner.say(str(e))
            continue
        RecoveryDialog(code).exec()
        return made
    return None


class Desk:
    """Holds the one window: password first, then the district's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.window: DistrictWindow | None = None
        self.unlock: UnlockPage | None = None

    def begin(self) -> bool:
        """False when the person gave up."""
        if not (self.folder / keyslots.FILE_NAME).exists():
            made = _first_start(self.folder)
            if made is None:
                return False
            self.enter(made)
            return True
        self.unlock = page = UnlockPage(self.folder, lambda folder, name, password: district.open_receiver(folder, password, operator=name), recover=lambda folder, code: district.open_receiver(folder, code))
        page.unlocked.connect(self.enter)
        page.other_wanted.connect(self._other)
        page.resize(1000, 640)
        page.setWindowTitle(tr("工会案头　接收端"))
        page.show()
        return True

    def _other(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(None, tr("接收端的文件夹")):
            if self.unlock is not None:
                self.unlock.close()
            self.folder = Path(chosen)
            self.begin()

    def enter(self, receiver: object) -> None:
        assert isinstance(receiver, Receiver)
        self.window = DistrictWindow(receiver)
        self.window.show()
        if self.unlock is not None:
            self.unlock.close()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="uniondesk-receiver-window", description="工会案头：区总工会接收端的窗口")
    parser.add_argument("folder", type=Path, nargs="?", default=Path.home() / "UnionDesk-receiver")
    parser.add_argument("--demo", type=Path, metavar="OUT", help="do a district's day off screen, with pictures")
    options = parser.parse_args(arguments)
    if options.demo:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        from app.receiver.ui.demo import run

        return run(options.demo)
    application = make_application(preferences.load())
    errors.install()
    desk = Desk(options.folder)
    try:
        if not desk.begin():
            return 0
    except UserError as e:
        print(e, file=sys.stderr)
        return 2
    return QApplication.exec() if application else 0


def entry() -> None:
    """The installed command `uniondesk-receiver-window`."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
