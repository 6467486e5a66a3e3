"""The frame: navigation, pages, search, undo, lock. It routes; the pages and services do the work."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QCursor, QGuiApplication, QKeySequence, QResizeEvent, QShortcut, QShowEvent, QWindow
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.services import figures, guarded, statistics, undo
from app.services.listing import Hit
from app.services.office import Office, moment_of
from app.services.records import ActKind, Changed
from app.services.roster.intake import Imported
from app.ui import errors, jobs, navigation
from app.ui.actions import RegisterActions
from app.ui.exchange.page import ExchangePage
from app.ui.kept import KeptDialog
from app.ui.lecture.page import LecturePage
from app.ui.pages.figures import FiguresPage
from app.ui.pages.history import HistoryPage
from app.ui.pages.settings import SettingsPage
from app.ui.pages.today import TodayPage
from app.ui.preferences import Preferences
from app.ui.preview import Preview
from app.ui.programmes import Programmes
from app.ui.register.page import RegisterPage
from app.ui.register.record_page import when
from app.ui.register.related_page import RelatedPage
from app.ui.register.sheets import OrganisationSheet
from app.ui.register.side_page import SidePage
from app.ui.roster.page import PREVIEW, RosterPage
from app.ui.search import Place, SearchDialog
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Page, Toast, button, frame, label, tint
from db.period import Year
from db.problems import UserError
from db.record import Record
from db.registers import REGISTERS, Certificate, Competition, Lecture, Member, SubsidyApplication, Union


class MainWindow(QMainWindow):
    """The open office's window. `locked` asks for the password again; `rebuilt` for the same window in another look."""

    locked = Signal()
    rebuilt = Signal()
    _told = Signal(object)

    def __init__(self, office: Office, preferences: Preferences) -> None:
        super().__init__()
        self.office, self.preferences = office, preferences
        self.setWindowTitle(f"{tr('工会案头')} · {office.vault.keys.title}")
        self.resize(1366, 768)
        self.pages: dict[str, Page] = {}
        self.registers = RegisterActions(self)
        self.programmes = Programmes(self)
        self.navigation = navigation.navigation(office)
        self._makers = self._page_makers()
        self.stack = QStackedWidget()
        centre = frame(self._sidebar(), self.stack, tr("练习工会：可以随便试，数据不会也不能当真报送") if office.practice else "")
        self.setCentralWidget(centre)
        self.toast = Toast(centre)
        self._told.connect(self._heard)
        office.heard.append(self._told.emit)
        self._keys()
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(self._idled)
        self._restart_idle()
        self._cursor = QCursor.pos()
        QGuiApplication.instance().focusWindowChanged.connect(self._listen_to)  # type: ignore[union-attr]  # there is an application
        self.go("today")

    # -- building

    def _sidebar(self) -> QFrame:
        self.sidebar = bar = QFrame()
        bar.setObjectName("sidebar")
        whole = QVBoxLayout(bar)
        whole.setContentsMargins(0, px(14), 0, px(12))
        self._nav_area = area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        area.setWidget(inner)
        box = QVBoxLayout(inner)
        box.setContentsMargins(px(12), 0, px(12), 0)
        box.setSpacing(px(2))
        whole.addWidget(area, 1)
        brand = label("案", "brand")
        brand.setFixedSize(px(30), px(30))
        brand.setAlignment(Qt.AlignmentFlag.AlignCenter)
        top = QHBoxLayout()
        top.addWidget(brand)
        self._brand_name = label(tr("工会案头"), "section")
        top.addWidget(self._brand_name, 1)
        box.addLayout(top)
        box.addSpacing(px(8))
        self.search_button = button(tr("找人、找讲座…"), self.search, icon_name="search", key="Ctrl+K", tip=tr("查找"))
        self.search_button.setObjectName("searchBox")
        box.addWidget(self.search_button)
        box.addSpacing(px(6))
        self.nav = QButtonGroup(self)
        self._nav_buttons: dict[str, QPushButton] = {}
        for place in self.navigation:
            if place is None:
                box.addSpacing(px(8))
                continue
            made = self._nav_button(place)
            box.addWidget(made)
        box.addStretch(1)
        self._nav_button(navigation.SETTINGS)
        self._foot = foot = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        foot.setContentsMargins(px(12), 0, px(12), 0)
        foot.addWidget(self._nav_buttons["settings"], 1)
        lock = button("", self.lock, icon_name="lock", key="Ctrl+L", tip=tr("锁上"))
        lock.setFixedWidth(px(44))
        foot.addWidget(lock)
        whole.addLayout(foot)
        return bar

    def resizeEvent(self, event: QResizeEvent) -> None:
        """On a narrow window, or with large type, the navigation keeps its icons and gives up its words."""
        super().resizeEvent(event)
        narrow = self.width() < px(1000)
        self.sidebar.setFixedWidth(px(72) if narrow else px(196))
        self._brand_name.setVisible(not narrow)
        self.search_button.setText("" if narrow else f" {tr('找人、找讲座…')}")
        self._foot.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        for made in self._nav_buttons.values():
            made.setText("" if narrow else f"  {made.accessibleName()}")

    def _nav_button(self, place: Place) -> QPushButton:
        made = QPushButton(f"  {tr(place.title)}")
        made.setProperty("nav", True)
        made.setCheckable(True)
        made.setToolTip(tr(place.title))
        made.setAccessibleName(tr(place.title))
        tint(made, place.icon, size=20)
        made.clicked.connect(lambda _checked=False, key=place.key: self.go_whole(key))
        self.nav.addButton(made)
        self._nav_buttons[place.key] = made
        return made

    def _page_makers(self) -> dict[str, Callable[[], Page]]:
        registers: dict[str, Callable[[], Page]] = {r.__tablename__: partial(self._register, r) for r in REGISTERS if guarded.may_see(self.office, r)}
        return registers | {
            "today": self._make_today, "member": self._make_members, "lecture": self._make_lectures, "competition": self._make_competitions,
            "certificate": self._make_certificates, "subsidy_application": self._make_subsidies, "grassroots_union": self._make_union, "import": self._make_import,
            "figures": self._make_figures, "exchange": lambda: ExchangePage(self.office), "history": self._make_history, "settings": self._make_settings,
        }

    def _register(self, register: type[Record], *extra: QPushButton) -> RegisterPage:
        title = navigation.title_of(register)
        extra = (*self.programmes.buttons_of(register), *extra)
        page = RegisterPage(self.office, register, self.preferences, title=title, extra=extra)
        page.title = title
        if not register.only_one:
            own = {made.shortcut().toString() for made in extra}
            page.print_button = button(tr("打印表格"), lambda: self.registers.print_menu(page), icon_name="printer", key="Ctrl+Shift+P" if "Ctrl+P" in own else "Ctrl+P")
            page.buttons.insertWidget(0, page.print_button)
        programme = navigation.programme_of(register.__tablename__)
        if programme and len(together := navigation.shown(self.office, programme)) > 1:
            page.add_tabs(navigation.Tabs(together, register.__tablename__, self._go_to_all))
        page.said.connect(self.toast.say)
        page.pdf_ready.connect(lambda pdf, title, warning: self.show_pdf(pdf, title, warning=warning))
        if isinstance(page.record_page, RelatedPage):
            page.record_page.has_forms = hasattr(page, "print_button")
            page.record_page.rows_wanted.connect(partial(self.registers.related, page))
            page.record_page.print_wanted.connect(partial(self.registers.print_record_menu, page))
        if isinstance(page.record_page, SidePage):
            page.record_page.wanted.connect(self.open_found)
            page.record_page.said.connect(self.toast.say)
            page.record_page.pdf_ready.connect(lambda pdf, title, warning: self.show_pdf(pdf, title, warning=warning))
        return page

    def _go_to_all(self, key: str) -> None:
        """A tab shows the whole register, not what it was narrowed to."""
        if self.go(key) and ((page := self.register_page(key)).fixed or page.only is not None):
            page.show_all()

    def _make_today(self) -> Page:
        page = TodayPage(self.office)
        page.door_wanted.connect(self.registers.ask_door)
        page.apply_wanted.connect(self.programmes.survey_claims)
        page.record_wanted.connect(self.open_found)
        page.figure_wanted.connect(self._show_figure)
        page.lacking_wanted.connect(self._show_lacking)
        page.export_wanted.connect(lambda: self.go("exchange"))
        page.import_wanted.connect(lambda: self.go("import"))
        page.lecture_wanted.connect(self._new_lecture)
        page.backup_wanted.connect(self.back_up)
        page.ledger_wanted.connect(self.show_ledger)
        page.person_wanted.connect(lambda member: self.open_found(Hit(Member.__tablename__, member, "", "")))
        return page

    def _new_lecture(self) -> None:
        if self.go("lecture"):
            self.register_page("lecture").new_record()

    def _make_members(self) -> Page:
        page = self._register(Member, button(tr("导入名册"), lambda: self.go("import"), icon_name="import", key="Ctrl+I"))
        page.more_edits = {tr("会籍变化…"): self.registers.change_membership, tr("找重复的人…"): self.registers.find_twins, tr("打印签到证…"): self.registers.print_badges}
        page.empty_hint = tr("点右上角“导入名册”（Ctrl+I），把人事科的表格拖进来就行。")
        return page

    def _make_union(self) -> Page:
        page = self._register(Union)
        sheet = OrganisationSheet(page)
        page.buttons.addWidget(button(tr("读入采集表…"), sheet.ask_read, icon_name="import"))
        page.buttons.addWidget(button(tr("组织信息采集表…"), sheet.ask_write, icon_name="file-spreadsheet"))
        return page

    def _make_lectures(self) -> Page:
        page = self._register(
            Lecture, button(tr("全年台账"), self.registers.show_year, icon_name="calendar"), button(tr("看签到"), self.registers.show_sign_ins, icon_name="clipboard-check"),
            button(tr("签到表"), self.registers.print_sign_ins, icon_name="printer", key="Ctrl+P"), button(tr("打开签到"), self.registers.open_selected_door, icon_name="door-open"),
        )
        if isinstance(page.record_page, LecturePage):
            page.record_page.door_wanted.connect(self.registers.ask_door)
            page.record_page.rows_wanted.connect(self.registers.show_rows)
        return page

    def _make_competitions(self) -> Page:
        return self._register(Competition, button(tr("看报名"), self.registers.show_entries, icon_name="medal"), button(tr("报名…"), self.registers.enter, icon_name="user-plus"))

    def _make_certificates(self) -> Page:
        return self._register(Certificate, button(tr("建补贴申请"), self.registers.apply_selected, icon_name="banknote"))

    def _make_subsidies(self) -> Page:
        return self._register(SubsidyApplication)

    def _make_import(self) -> Page:
        page = RosterPage(self.office)
        page.imported.connect(self._imported)
        page.closed.connect(lambda: self.go("member"))
        page.undo_wanted.connect(self.undo_act)
        page.said.connect(self.toast.say)
        return page

    def show_ledger(self) -> None:
        """The import ledger, with what still waits."""
        if self.go("import"):
            page = self.page("import")
            assert isinstance(page, RosterPage)
            page.show_ledger()

    def open_batch(self, batch_id: str) -> None:
        """Open a workbook of the import ledger."""
        if self.go("import"):
            page = self.page("import")
            assert isinstance(page, RosterPage)
            page.open_batch(batch_id)

    def _make_figures(self) -> Page:
        page = FiguresPage(self.office)
        page.rows_wanted.connect(self._show_records)
        page.pdf_ready.connect(lambda pdf, title: self.show_pdf(pdf, title))
        page.database_wanted.connect(self.registers.show_database)
        return page

    def _show_figure(self, name: str) -> None:
        """The records behind one of the year's targets."""
        year = Year.calendar(self.office.clock().astimezone().year)
        with self.office.vault.engine.connect() as connection:
            ids = figures.records(connection, figures.NAMED[name], year)
        self._show_records(figures.NAMED[name].register, ids, f"{year.title} {figures.NAMED[name].title}", back="today")

    def _show_lacking(self, name: str, title: str) -> None:
        """The members who lack something."""
        with self.office.vault.engine.connect() as connection:
            ids = statistics.lacking(connection, name)
        self._show_records(Member, ids, title, back="today")

    def _show_records(self, register: type[Record], ids: list[str], title: str, *, back: str = "figures") -> None:
        """The records behind a figure; Escape leads back."""
        if self.go(register.__tablename__):
            self.register_page(register.__tablename__).show_only({}, title, back=lambda: self.go(back), only=ids)

    def _make_history(self) -> Page:
        page = HistoryPage(self.office)
        page.undo_wanted.connect(self.undo_act)
        page.batch_wanted.connect(self.open_batch)
        return page

    def _make_settings(self) -> Page:
        page = SettingsPage(self.office, self.preferences)
        page.look_changed.connect(self.rebuilt)
        page.union_wanted.connect(lambda: self.go("grassroots_union"))
        return page

    def _keys(self) -> None:
        keys: dict[str, Callable[[], object]] = {"Ctrl+Z": self.undo_last, "F1": self.show_keys}
        keys |= {f"Alt+{n}": partial(self.go_whole, place.key) for n, place in enumerate((p for p in self.navigation if p), 1) if n <= 9}
        keys |= {"Alt+0": partial(self.go, "exchange"), "Alt+H": partial(self.go, "history")}
        for sequence, do in keys.items():
            QShortcut(QKeySequence(sequence), self).activated.connect(do)

    # -- going about

    def page(self, key: str) -> Page:
        """A page by its key, made when it is first wanted."""
        if key not in self.pages:
            made = self._makers[key]()
            self.pages[key] = made
            made.fit(self.width() - self.sidebar.width())
            self.stack.addWidget(made)
        return self.pages[key]

    def register_page(self, key: str) -> RegisterPage:
        page = self.page(key)
        assert isinstance(page, RegisterPage)
        return page

    def go(self, key: str) -> bool:
        """Show a page, unless the present one keeps unsaved edits."""
        current = self.stack.currentWidget()
        if isinstance(current, Page) and current is not self.pages.get(key) and not current.may_leave():
            self._mark(next(k for k, p in self.pages.items() if p is current))
            return False
        page = self.page(key)
        if page is not current:
            self.toast.hide()
        self.stack.setCurrentWidget(page)
        self._mark(key)
        page.arrived()
        if focus := page.first_focus():
            focus.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return True

    def go_whole(self, key: str) -> bool:
        """Show a page from the menu: a register that was narrowed to what somebody came for shows all of its records again."""
        if not self.go(key):
            return False
        page = self.pages[key]
        if isinstance(page, RegisterPage) and page.was_led_to:
            page.show_all()
        return True

    @property
    def at_the_door(self) -> bool:
        """Whether a check-in window is open."""
        return self.registers.door is not None and self.registers.door.isVisible()

    def has_unsaved(self) -> bool:
        return any(page.has_unsaved() for page in self.pages.values())

    def is_busy(self) -> bool:
        """Whether closing now would lose or cut off something: unsaved work, a job, an open dialog, an open door."""
        return self.has_unsaved() or self.at_the_door or not jobs.is_idle() or QApplication.activeModalWidget() is not None

    def _mark(self, key: str) -> None:
        if (line := navigation.line_of(self.office, key)) in self._nav_buttons:
            self._nav_buttons[line].setChecked(True)
            self._nav_area.ensureWidgetVisible(self._nav_buttons[line], 0, px(40))

    def search(self) -> None:
        dialog = SearchDialog(self.office, navigation.places(self.office), self)
        dialog.chosen.connect(self.open_found)
        dialog.exec()

    def open_found(self, what: Hit | Place) -> None:
        if isinstance(what, Place):
            self.go(what.key)
        elif what.register not in self._makers:
            self.toast.say(tr("这一条要管理员允许的人才能看。"))
        elif self.go(what.register):
            self.register_page(what.register).open_record(what.id)

    def _heard(self, changed: Changed) -> None:
        """Every finished act, in the UI thread: the page in front follows, and the foot says it with a way back."""
        current = self.stack.currentWidget()
        if isinstance(current, RegisterPage):
            current.heard(changed)
        elif isinstance(current, TodayPage | HistoryPage) or (isinstance(current, ExchangePage) and changed.kind is ActKind.UNDO):
            current.arrived()
        self._last = changed
        if changed.kind.is_undoable and not self.at_the_door:
            self.toast.say(changed.title, undo=lambda: self.undo_act(changed.act), undo_text=tr("撤销（Ctrl+Z）"))

    _last: Changed | None = None

    def say_done(self, words: str) -> None:
        """What an act came to, in place of its title; the way back stays beside it."""
        last = self._last
        if last is not None and last.kind.is_undoable:
            self.toast.say(words, undo=lambda: self.undo_act(last.act), undo_text=tr("撤销（Ctrl+Z）"))
        else:
            self.toast.say(words)

    # -- undo

    def undo_last(self) -> None:
        """Take back the last act; asks first when it is large or long ago. While a record is open, Ctrl+Z is for its fields."""
        current = self.stack.currentWidget()
        if isinstance(current, RegisterPage) and current.stack.currentIndex() == 1:
            steps = isinstance(current.record_page, LecturePage) and not current.record_page.is_dirty
            if not steps or isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit):
                return
        if isinstance(current, RosterPage) and current.stack.currentIndex() == PREVIEW:
            self.toast.say(tr("这里还没有导入，改错的格再改回来就行。要撤销导入，请到导入台账。"))
            return
        with self.office.reading() as session:
            last = undo.last_undoable(session)
        if last is None:
            self.toast.say(tr("没有可以撤销的。"))
            return
        age = self.office.clock() - moment_of(last.at)
        if last.kind is ActKind.IMPORT or age > timedelta(minutes=10):
            question = tr("要撤销“{title}”（{when}）吗？").format(title=last.title, when=when(last.at))
            if QMessageBox.question(self, tr("撤销"), question) != QMessageBox.StandardButton.Yes:
                return
        self.undo_act(last.act)

    def undo_act(self, act: str) -> None:
        try:
            done = jobs.wait(self, tr("正在撤销…"), lambda: undo.undo(self.office, act))
        except UserError as e:
            self.toast.say(str(e))
            return
        kept = tr("；有 {n} 条后来又改过，保留不动").format(n=len(done.kept)) if done.kept else ""
        self.toast.say(tr("已撤销“{title}”{kept}").format(title=done.title, kept=kept))
        if done.kept:
            self._show_kept(done)
        current = self.stack.currentWidget()
        if isinstance(current, Page):
            current.arrived()

    def _show_kept(self, done: undo.TakenBack) -> None:
        """Whom an undo left alone, because somebody worked on her since; each opens her page."""
        dialog = KeptDialog(self, self.office, done)
        dialog.wanted.connect(self.open_found)
        dialog.open()

    def show_pdf(self, pdf: bytes, title: str, *, warning: str | None = None, **asked: Any) -> Preview:
        """`asked`: starts, duplex and copies, as the form wants them."""
        preview = Preview(pdf, title, self, warning=warning, **asked)
        preview.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        preview.open()
        return preview

    def _imported(self, done: Imported) -> None:
        self.go("member")
        words = tr("新增 {new} 人，更新 {changed} 人，没变化 {same} 人").format(new=done.new, changed=done.changed, same=done.unchanged)
        left = tr("；{n} 行先放着，在导入台账里接着办").format(n=done.left_out) if done.left_out else ""
        self.toast.say(words + left, undo=partial(self.undo_act, done.act) if done.act else None, undo_text=tr("撤销整批"))

    def back_up(self) -> None:
        jobs.start(self.office.vault.back_up, done=self._backed_up, failed=lambda e: errors.show(self, e))

    def _backed_up(self, _path: object) -> None:
        self.toast.say(tr("已备份，并打开核对过。"))
        self.page("today").arrived()

    def show_keys(self) -> None:
        current = self.stack.currentWidget()
        if isinstance(current, RegisterPage) and current.stack.currentIndex() == 0:
            self.toast.say(tr("Ctrl+N 新建 · Enter 打开 · Delete 删除 · Ctrl+V 粘贴 · Ctrl+D 向下填充 · Ctrl+H 替换 · Ctrl+R 批量改 · Ctrl+G 分组 · Ctrl+Shift+L 筛选行 · F3 列菜单 · Ctrl+F 筛选 · Ctrl+Z 撤销 · Ctrl+K 查找"))
            return
        self.toast.say(tr("Ctrl+K 查找 · Alt+1…0 换页 · Ctrl+N 新建 · Ctrl+F 筛选 · Enter 打开 · Ctrl+S 保存 · Ctrl+Z 撤销 · Ctrl+I 导入 · Ctrl+P 打印 · Ctrl+L 锁上"))

    # -- locking

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._listen_to(self.windowHandle())

    def _listen_to(self, window: QWindow | None) -> None:
        """Keys and clicks in any of our windows count as work. Windows get each once; a filter on the application would see every event."""
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel):
            self._restart_idle()
        return False

    def _restart_idle(self) -> None:
        self._idle.start(self.preferences.idle_minutes * 60_000)

    def _idled(self) -> None:
        moved, self._cursor = QCursor.pos() != self._cursor, QCursor.pos()
        if moved or not self.isVisible():
            self._restart_idle()
        else:
            self.lock()

    def lock(self) -> None:
        self.locked.emit()

    def let_go(self) -> None:
        """Stop listening and asking: the window is about to be replaced or closed, and the vault with it."""
        self._idle.stop()
        self.registers.close_door()
        self.hide()
        if self._told.emit in self.office.heard:
            self.office.heard.remove(self._told.emit)
        if (handle := self.windowHandle()) is not None:
            handle.removeEventFilter(self)
        self.preferences.save()

    def closeEvent(self, event: QCloseEvent) -> None:
        current = self.stack.currentWidget()
        if self.at_the_door and self.registers.door is not None:
            self.toast.say(tr("签到还开着，请先在签到窗口按 Esc 离开。"))
            self.registers.door.raise_()
            event.ignore()
            return
        if not jobs.is_idle():
            self.toast.say(tr("有事正在办，请等它做完再关。"))
            event.ignore()
            return
        if isinstance(current, Page) and not current.may_leave():
            event.ignore()
            return
        if self.has_unsaved() and QMessageBox.question(self, tr("还没有导入"), tr("导入预览里改过的还没有导入，不要了吗？")) != QMessageBox.StandardButton.Yes:
            event.ignore()
            return
        self.let_go()
        super().closeEvent(event)
