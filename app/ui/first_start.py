"""The first start: the union, the first administrator, the recovery sheet, the district's key; or the practice union."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QFormLayout, QLineEdit, QProgressBar, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app.services import paperwork, setup
from app.services.exchange import keyring
from app.services.office import Office
from app.services.records import Invalid, read_values
from app.ui import errors, jobs, preferences
from app.ui.kiosk.set_up import SetUpDoor
from app.ui.preferences import home
from app.ui.register.editors import Editor, editor_for
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, Card, Icon, button, label, row
from db import keyslots, vault
from db.problems import UserError
from db.record import field_of
from db.registers import Union

ASKED = ("name", "uscc", "upper_union", "stat_code", "employer_name", "chair", "contact", "contact_phone")


class FirstStart(QWidget):
    """A short wizard; `opened` carries the open office. Nothing is created before the last step."""

    opened = Signal(object)
    back_wanted = Signal()

    def __init__(self, folder: Path | None = None, *, can_go_back: bool = False) -> None:
        super().__init__()
        self.setObjectName("page")
        self._folder = folder or _free_folder()
        self._can_go_back = can_go_back
        self._code = keyslots.new_recovery_code()
        self._key_file: Path | None = None
        self._office: Office | None = None
        self.steps = QStackedWidget()
        area = QScrollArea()
        area.setWidgetResizable(True)
        inner = QWidget()
        QVBoxLayout(inner).addLayout(row(None, self.steps, None))
        area.setWidget(inner)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(area)
        for step in (self._welcome(), self._union(), self._administrator(), self._finish()):
            holder = QWidget()
            column = QVBoxLayout(holder)
            column.addStretch(1)
            column.addWidget(step)
            column.addStretch(2)
            self.steps.addWidget(holder)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.begin.setFocus()

    def _card(self, title: str, lead: str) -> Card:
        card = Card(padding=28, spacing=12)
        card.setFixedWidth(min(px(680), 1300))
        card.body.addWidget(label(title, "pageTitle"))
        if lead:
            card.body.addWidget(label(lead, "secondary", wrap=True))
        return card

    def _welcome(self) -> QWidget:
        card = self._card(tr("欢迎使用工会案头"), tr("会员名册、讲座签到、竞赛报名、补贴申请和报送，都在这台电脑上办，不用联网。资料加密保存。"))
        self.begin = button(tr("建立我们工会的资料库"), lambda: self._go(1), icon_name="building-2", primary=True)
        self.practice = button(tr("先用练习工会试试"), self.open_practice, icon_name="graduation-cap")
        self.existing = button(tr("打开已有的资料库…"), self._open_existing, icon_name="folder-open")
        self.only_door = button(tr("这台电脑只做签到（U 盘上有签到文件）…"), self.ask_door, icon_name="usb")
        for part in (self.begin, self.practice, self.existing, self.only_door):
            card.body.addWidget(part)
        if self._can_go_back:
            card.body.addWidget(button(tr("返回"), self.back_wanted.emit, icon_name="chevron-left"))
        self.welcome_banner = Banner()
        card.body.addWidget(self.welcome_banner)
        return card

    def ask_door(self) -> None:
        """Make this PC a door from the file on the stick."""
        dialog = SetUpDoor(self)
        if dialog.exec() and dialog.office is not None:
            self.opened.emit(dialog.office)

    def _union(self) -> QWidget:
        card = self._card(tr("我们的工会"), tr("会印在每一张表上，请与公章和法人证书一致。以后可以改。"))
        form = QFormLayout()
        form.setSpacing(px(8))
        self.editors: dict[str, Editor] = {}
        for name in ASKED:
            f = field_of(Union, name)
            editor = editor_for(f, None)
            self.editors[name] = editor
            form.addRow(label(f.label + ("*" if f.required else ""), "fieldLabel"), editor)
        card.body.addLayout(form)
        card.body.addLayout(row(button(tr("上一步"), lambda: self._go(0)), None, button(tr("下一步"), self._union_done, primary=True)))
        return card

    def _union_done(self) -> None:
        cells = {name: editor.text() for name, editor in self.editors.items()}
        _, problems = read_values(Union, cells)
        for editor in self.editors.values():
            editor.show_problem(None)
        for problem in reversed(problems):
            if problem.field in self.editors:
                self.editors[problem.field].show_problem(problem)
                if problem.is_error:
                    self.editors[problem.field].focus()
        if not any(p.is_error for p in problems):
            self._go(2)

    def _administrator(self) -> QWidget:
        card = self._card(tr("第一位管理员"), tr("管理员可以添加干事和签到员。密码越长越好，几个词连起来就很好；没有别的规定。"))
        self.user, self.password, self.again = QLineEdit(), QLineEdit(), QLineEdit()
        self.user.setAccessibleName(tr("姓名"))
        for field, name in ((self.password, tr("密码")), (self.again, tr("再输一遍"))):
            field.setEchoMode(QLineEdit.EchoMode.Password)
            field.setAccessibleName(name)
        self.strength = QProgressBar()
        self.strength.setRange(0, 4)
        self.strength.setTextVisible(False)
        self.strength_word = label("", "secondary")
        self.password.textChanged.connect(self._rate)
        for text, part in ((tr("姓名"), self.user), (tr("密码（至少 8 个字符）"), self.password), ("", self.strength), ("", self.strength_word), (tr("再输一遍"), self.again)):
            if text:
                card.body.addWidget(label(text, "fieldLabel"))
            card.body.addWidget(part)
        self.admin_banner = Banner()
        card.body.addWidget(self.admin_banner)
        self.create_button = button(tr("建立资料库"), self._create, primary=True)
        card.body.addLayout(row(button(tr("上一步"), lambda: self._go(1)), None, self.create_button))
        return card

    def _rate(self, typed: str) -> None:
        place, word = keyslots.strength(typed)
        self.strength.setValue(place)
        self.strength.setProperty("tone", ("bad", "bad", "warn", "good", "good")[place])
        self.strength.style().unpolish(self.strength)
        self.strength.style().polish(self.strength)
        self.strength_word.setText(tr("强度：") + tr(word) if typed else "")

    def _create(self) -> None:
        if self.password.text() != self.again.text():
            self.admin_banner.say(tr("两遍密码不一样，请再输一遍。"))
            self.again.setFocus()
            return
        cells = {name: editor.text() for name, editor in self.editors.items()}
        folder, user, password, code = self._folder, self.user.text(), self.password.text(), self._code
        self.create_button.setEnabled(False)
        jobs.start(
            lambda: setup.create_office(folder, union=cells, administrator=user, password=password, recovery_code=code), done=self._created, failed=self._not_created
        )

    def _created(self, office: Office) -> None:
        self._office = office
        remembered = preferences.load()  # so that a wizard broken off here is found again, and its recovery sheet in the settings
        remembered.vault = str(office.vault.folder)
        remembered.save()
        self.create_button.setEnabled(True)
        self._go(3)

    def _not_created(self, error: BaseException) -> None:
        self.create_button.setEnabled(True)
        if isinstance(error, UserError | Invalid):
            self.admin_banner.say(str(error))
        else:
            errors.show(self, error)

    def _finish(self) -> QWidget:
        card = self._card(tr("恢复密钥和区里的钥匙"), tr("忘了密码、换了干事时，只有恢复密钥能打开资料库。请现在就打印，装信封锁进保险柜。"))
        self.sheet = button(tr("保存恢复密钥 PDF…"), self._save_sheet, icon_name="printer", primary=True)
        self.sheet_said = label("", "secondary", wrap=True)
        self.key = button(tr("装上区总工会的钥匙文件（.udkey）…"), self._load_key, icon_name="key-round")
        self.key_said = label(tr("手边没有也没关系，报送之前装上就行。"), "secondary", wrap=True)
        self.done = button(tr("开始使用"), self._finished, icon_name="check")
        self.done.setEnabled(False)
        for part in (self.sheet, self.sheet_said, self.key, self.key_said):
            card.body.addWidget(part)
        card.body.addLayout(row(Icon("shield-check", "good", 20), label(tr("资料库已建好并加密。"), "good"), None, self.done))
        return card

    def _save_sheet(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("保存恢复密钥"), tr("恢复密钥.pdf"), "PDF (*.pdf)")
        if path:
            self.write_sheet(Path(path))

    def write_sheet(self, path: Path) -> None:
        assert self._office is not None
        try:
            path.write_bytes(paperwork.recovery_sheet(self._office, self._code))
        except OSError:
            self.sheet_said.setText(tr("没有写成，请换一个位置。"))
            return
        self.sheet_said.setText(tr("已保存。打印以后请删掉这个文件。"))
        self.done.setEnabled(True)
        self.done.setFocus()

    def _load_key(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("区总工会的钥匙文件"), "", tr("钥匙文件 (*.udkey)"))
        if path:
            self.load_key(Path(path))

    def load_key(self, path: Path) -> None:
        assert self._office is not None
        try:
            key = keyring.load_district_key(self._office, path).card
        except UserError as e:
            self.key_said.setText(str(e))
            return
        self.key_said.setText(tr("已装上：{name}，指纹 {fingerprint}。请打电话与区里核对指纹。").format(name=key.name, fingerprint=key.keys.fingerprint))

    def _finished(self) -> None:
        if self._office is not None:
            self.opened.emit(self._office)

    def open_practice(self) -> None:
        """Open the practice union, made on first use."""
        self.practice.setEnabled(False)
        jobs.start(open_practice_office, done=self.opened.emit, failed=self._practice_failed)

    def _practice_failed(self, error: BaseException) -> None:
        self.practice.setEnabled(True)
        if isinstance(error, UserError):
            self.welcome_banner.say(str(error))
        else:
            errors.show(self, error)

    def _open_existing(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, tr("选资料库所在的文件夹"))
        if not chosen:
            return
        if not vault.exists(Path(chosen)):
            self.welcome_banner.say(tr("这个文件夹里没有资料库（应有 vault.json 和 vault.db）。"))
            return
        self.opened.emit(Path(chosen))

    def _go(self, step: int) -> None:
        self.steps.setCurrentIndex(step)
        first = {1: lambda: self.editors["name"].focus(), 2: self.user.setFocus, 3: self.sheet.setFocus}.get(step, self.begin.setFocus)
        first()


def _free_folder() -> Path:
    """Where a new union goes: `union`, or the next free name beside it."""
    names = ("union", *(f"union-{n}" for n in range(2, 100)))
    return next(home() / name for name in names if not vault.exists(home() / name))


def open_practice_office(folder: Path | None = None) -> Office:
    """The practice union, with invented people, made where it does not exist yet."""
    place = folder or home() / "practice"
    if vault.exists(place):
        return Office(vault.unlock(place, setup.PRACTICE_USER, setup.PRACTICE_PASSWORD))
    return setup.create_practice(place, story=True)
