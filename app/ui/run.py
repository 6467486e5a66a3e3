"""The client's main: application, first window, and who follows whom."""

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTimer, QTranslator
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QMessageBox, QWidget

from app.ui import errors, jobs, preferences, theme
from app.ui.preferences import Preferences
from app.ui.unlock import UnlockPage


def make_application(chosen: Preferences) -> QApplication:
    """The QApplication with fonts, translation and look."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(sys.argv[:1])
    application.setApplicationName("UnionDesk")
    application.setStyle("Fusion")
    QLocale.setDefault(QLocale(QLocale.Language.Chinese, QLocale.Country.China))
    translator = QTranslator(application)
    if translator.load("qtbase_zh_CN", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        application.installTranslator(translator)  # so that standard buttons read 确定 and 取消
    theme.load_fonts()
    theme.theme().apply(name=chosen.theme, scale=chosen.scale)
    return application


class Cover(QMainWindow):
    """Stands over a window with unfinished work; closing it would lose that, so it asks. Before an open door it stays."""

    def __init__(self, door_is_open: Callable[[], bool]) -> None:
        super().__init__()
        self._door_is_open = door_is_open

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._door_is_open():
            event.ignore()
            return
        if QMessageBox.question(self, "还没有保存", "里面还有没做完的事，退出就没有了。要退出吗？") == QMessageBox.StandardButton.Yes:
            super().closeEvent(event)
        else:
            event.ignore()


class Shell:
    """Holds the one top window: first start, unlock, or the office."""

    def __init__(self, chosen: Preferences, folder: Path | None = None) -> None:
        self.preferences = chosen
        self.folder = folder or (Path(chosen.vault) if chosen.vault else None)
        self.window: QMainWindow | None = None
        self.office: object | None = None
        self.cover: Cover | None = None
        self._hidden: list[QDialog] = []

    def begin(self, *, practice: bool = False) -> None:
        if practice:
            from app.ui.first_start import open_practice_office

            self.enter(open_practice_office())
        elif self.folder is not None and any((self.folder / name).exists() for name in ("vault.json", "vault.db")):
            self.ask_password()  # with a key file missing it says so there, and nothing new is made
        else:
            self.first_start()

    def _show(self, widget: QWidget | QMainWindow) -> None:
        before = self.window
        if isinstance(widget, QMainWindow):
            self.window = widget
        else:
            holder = QMainWindow()
            holder.setWindowTitle("工会案头")
            holder.resize(1366, 768)
            holder.setCentralWidget(widget)
            self.window = holder
        if before is not None:
            self.window.setGeometry(before.geometry())
        self.window.show()
        if before is not None:
            before.hide()
            before.deleteLater()
        QTimer.singleShot(400, lambda: theme.load_fonts(rare=True))

    def first_start(self) -> None:
        from app.ui.first_start import FirstStart

        page = FirstStart(can_go_back=self.folder is not None)
        page.opened.connect(self._opened)
        page.back_wanted.connect(self.ask_password)
        self._show(page)

    def _opened(self, what: object) -> None:
        if isinstance(what, Path):
            self.folder = what
            self.ask_password()
        else:
            self.enter(what)

    def ask_password(self) -> None:
        assert self.folder is not None
        page = UnlockPage(self.folder, _unlock, recover=_recover, last_user=self.preferences.last_user)
        page.unlocked.connect(self.enter)
        page.other_wanted.connect(self.first_start)
        self._show(page)

    def enter(self, office: object) -> None:
        """Show the office; back it up once a day."""
        from app.services import membership
        from app.services.checkin import doorfile, settle
        from app.services.office import Office
        from app.ui.kiosk.chooser import DoorChooser
        from app.ui.main_window import MainWindow
        from db.keyslots import Role

        assert isinstance(office, Office)
        self.office = office
        self.folder = office.vault.folder
        self.preferences.last_user = office.user.name
        if not office.practice:
            self.preferences.vault = str(office.vault.folder)
        self.preferences.save()
        if doorfile.sent_out(office) is None:
            settle.settle(office)  # what a power cut left in the doors' book
        if office.user.role is Role.DOOR:
            chooser = DoorChooser(office)
            chooser.locked.connect(self.lock)
            self._show(chooser)
            return
        membership.catch_up(office)
        self._main(MainWindow(office, self.preferences))
        self._daily_backup(office)

    def _main(self, window: object) -> None:
        from app.ui.main_window import MainWindow

        assert isinstance(window, MainWindow)
        window.locked.connect(self.lock)
        window.rebuilt.connect(self.rebuild)
        self._show(window)

    def _daily_backup(self, office: object) -> None:
        from datetime import datetime

        from app.services.office import Office

        assert isinstance(office, Office)
        last = office.vault.last_backup()
        if last is None or last.date() < datetime.now().date():
            jobs.start(office.vault.back_up, done=self._backed_up, failed=lambda e: errors.show(self.window, e))

    def _backed_up(self, _path: object) -> None:
        """Today says when the last backup was."""
        from app.ui.main_window import MainWindow

        if isinstance(self.window, MainWindow) and self.window.stack.currentWidget() is self.window.pages.get("today"):
            self.window.page("today").arrived()

    def rebuild(self) -> None:
        """The same window in the new theme and scale."""
        from app.ui.main_window import MainWindow
        from app.ui.pages.settings import SettingsPage

        window = self.window
        if isinstance(window, MainWindow) and (window.at_the_door or not jobs.is_idle()):
            window.toast.say("签到窗口开着或有事正在办，等完了再换样子；下次打开时也会换。")
            return
        if isinstance(window, MainWindow):
            key = next((k for k, p in window.pages.items() if p is window.stack.currentWidget()), "today")
            window.let_go()
            theme.theme().apply(name=self.preferences.theme, scale=self.preferences.scale)
            before = window.page(key)
            scaling = isinstance(before, SettingsPage) and before.scale_choice.hasFocus()
            made = MainWindow(window.office, self.preferences)
            self._main(made)
            made.go(key)
            after = made.page(key)
            if scaling and isinstance(after, SettingsPage):
                after.scale_choice.setFocus()

    def lock(self) -> None:
        """Close the vault and ask for the password. Where work would be cut off or lost, the window is covered and kept instead."""
        from app.services.office import Office
        from app.ui.kiosk.chooser import DoorChooser
        from app.ui.main_window import MainWindow

        if self.cover is not None:
            return
        if isinstance(self.window, MainWindow) and self.window.is_busy():
            self._cover(self.window)
            return
        if isinstance(self.window, MainWindow | DoorChooser):
            self.window.let_go()
        if isinstance(self.office, Office):
            self.office.vault.close()
            self.office = None
        self.ask_password()

    def _cover(self, window: QMainWindow) -> None:
        from app.services.office import Office
        from app.ui.main_window import MainWindow

        office = self.office
        assert isinstance(office, Office) and self.folder is not None
        cover = Cover(lambda: isinstance(window, MainWindow) and window.at_the_door)
        cover.setWindowTitle(window.windowTitle())
        page = UnlockPage(
            self.folder, lambda _folder, name, password: _same_user(office, name, password), recover=lambda _folder, code: _same_recovery(office, code), last_user=office.user.name
        )
        page.unlocked.connect(lambda _office: self._uncover(window, cover))
        page.other_wanted.connect(lambda: page.banner.say("有没保存的改动。请先用原来的姓名打开，保存以后再换。", "warn"))
        cover.setCentralWidget(page)
        cover.setGeometry(window.geometry())
        dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
        cover.show()
        for hidden in (*dialogs, window):
            hidden.hide()
        self.cover, self._hidden = cover, dialogs

    def _uncover(self, window: QMainWindow, cover: QMainWindow) -> None:
        window.show()
        for dialog in self._hidden:
            dialog.show()
        cover.hide()
        cover.deleteLater()
        self.cover, self._hidden = None, []


def _unlock(folder: Path, name: str, password: str) -> object:
    from app.services.office import Office
    from db import vault

    return Office(vault.unlock(folder, name, password))


def _same_user(office: object, name: str, password: str) -> object:
    from app.services.office import Office
    from db import keyslots
    from db.problems import UserError

    assert isinstance(office, Office)
    slot = next((s for s in office.vault.keys.slots if s.name == name), None)
    if name != office.user.name:
        raise UserError(f"“{office.user.name}”有没保存的改动，请先由本人打开。")
    if slot is None or keyslots.unwrap(slot, office.vault.keys, password) is None:
        raise UserError("姓名或密码不对，请再试一次。")
    return office


def _same_recovery(office: object, code: str) -> object:
    from app.services.office import Office
    from db import keyslots
    from db.problems import UserError

    assert isinstance(office, Office)
    normal = keyslots.normal_recovery_code(code)
    slot = next(s for s in office.vault.keys.slots if s.name == keyslots.RECOVERY)
    if normal is None or keyslots.unwrap(slot, office.vault.keys, normal) is None:
        raise UserError("恢复密钥不对，请对照打印的那张纸，一共 32 个字符。")
    return office


def _recover(folder: Path, code: str) -> object:
    from app.services.office import Office
    from db import vault

    return Office(vault.unlock_with_recovery(folder, code))


def run(folder: Path | None = None, *, practice: bool = False) -> int:
    """Open the client; the exit code of its event loop."""
    chosen = preferences.load()
    application = make_application(chosen)
    errors.install()
    shell = Shell(chosen, folder)
    shell.begin(practice=practice)
    errors.keep_log(preferences.home())
    code = application.exec()
    chosen.save()
    return code
