"""Settings: look, lock, people who may open the desk, backups, about."""

import platform
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QFormLayout, QInputDialog, QLineEdit, QMessageBox, QSpinBox, QVBoxLayout, QWidget

from app.services import guarded, paperwork, users
from app.services.office import Office
from app.ui import errors, jobs
from app.ui.form_editor import FormEditor
from app.ui.policies import PoliciesDialog
from app.ui.preferences import Preferences
from app.ui.text import tr
from app.ui.theme import SCALES, theme
from app.ui.widgets import Card, QuietCombo, ScrollPage, button, clear, label, row
from db import keyslots
from db.keyslots import Role
from db.problems import UserError


class SettingsPage(ScrollPage):
    """`look_changed` after theme or scale; widgets made before keep their sizes until the window is built anew."""

    look_changed = Signal()
    union_wanted = Signal()

    def __init__(self, office: Office, preferences: Preferences) -> None:
        super().__init__(tr("设置"))
        self.office, self.preferences = office, preferences
        for card in (self._look(), self._lock(), self._people(), self._rules(), self._safety(), self._about()):
            self.content.addWidget(card)
        self.content.addStretch(1)

    def _look(self) -> Card:
        card = Card(tr("看起来"))
        self.theme_choice, self.scale_choice = QuietCombo(), QuietCombo()
        for name, text in (("light", tr("浅色")), ("dark", tr("深色"))):
            self.theme_choice.addItem(text, name)
        for scale in SCALES:
            self.scale_choice.addItem(f"{round(scale * 100)}%", scale)
        self.theme_choice.setCurrentIndex(self.theme_choice.findData(theme().name))
        self.scale_choice.setCurrentIndex(max(0, min(range(len(SCALES)), key=lambda n: abs(SCALES[n] - theme().scale))))
        self.theme_choice.activated.connect(lambda _i: self._set_look())
        self.scale_choice.activated.connect(lambda _i: self._set_look())
        form = QFormLayout()
        form.addRow(tr("颜色"), self.theme_choice)
        form.addRow(tr("字的大小"), self.scale_choice)
        card.body.addLayout(form)
        return card

    def _set_look(self) -> None:
        self.preferences.theme, self.preferences.scale = self.theme_choice.currentData(), self.scale_choice.currentData()
        self.preferences.save()
        self.look_changed.emit()

    def _lock(self) -> Card:
        card = Card(tr("锁定"))
        self.idle = QSpinBox()
        self.idle.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.idle.setRange(1, 120)
        self.idle.setValue(self.preferences.idle_minutes)
        self.idle.setSuffix(tr(" 分钟"))
        self.idle.valueChanged.connect(self._set_idle)
        form = QFormLayout()
        form.addRow(tr("多久不用就锁上"), self.idle)
        card.body.addLayout(form)
        card.body.addWidget(label(tr("随时按 Ctrl+L 锁上。"), "secondary"))
        return card

    def _set_idle(self, minutes: int) -> None:
        self.preferences.idle_minutes = minutes
        self.preferences.save()

    def _people(self) -> Card:
        card = Card(tr("谁可以打开"))
        self.people = QVBoxLayout()
        card.body.addLayout(self.people)
        self.add_user = button(tr("添加一位…"), self._ask_user, icon_name="user-plus")
        self.change_password = button(tr("改我的密码…"), self._ask_password, icon_name="key-round")
        self.add_user.setEnabled(self.office.user.role is Role.ADMINISTRATOR)
        card.body.addLayout(row(self.add_user, self.change_password, None))
        self._show_users()
        return card

    def _show_users(self) -> None:
        clear(self.people)
        for slot in self.office.vault.keys.users:
            remove = button(tr("移除"), partial(self._remove, slot.name), flat=True)
            remove.setEnabled(self.office.user.role is Role.ADMINISTRATOR and slot.name != self.office.user.name)
            hardship = QCheckBox(tr("可看困难职工档案"))
            hardship.setChecked(slot.name in guarded.users(self.office))
            hardship.setEnabled(self.office.user.role is Role.ADMINISTRATOR and slot.role is not Role.DOOR)
            hardship.clicked.connect(lambda on, name=slot.name: self._let(name, on))
            self.people.addLayout(row(label(slot.name), label(slot.role.label, "secondary"), None, hardship, remove))

    def _let(self, name: str, on: bool) -> None:
        self._try(partial(guarded.let, self.office, name, may=on), tr("“{name}”{words}困难职工档案。").format(name=name, words=tr("现在可以看到") if on else tr("看不到")))
        if name == self.office.user.name:
            self.look_changed.emit()  # the menu is built anew

    def _rules(self) -> Card:
        card = Card(tr("政策和规则"))
        card.body.addWidget(label(tr("金额、等级、期限、名额都带日期和依据；没有找到依据的标“拟”。区里下发的优先。"), "secondary", wrap=True))
        card.body.addLayout(row(button(tr("看政策和规则…"), lambda: PoliciesDialog(self, self.office).exec(), icon_name="list-checks"), button(tr("改打印的表格…"), lambda: FormEditor(self, self.office).exec(), icon_name="square-pen"), None))
        return card

    def _ask_user(self) -> None:
        name, good = QInputDialog.getText(self, tr("添加一位"), tr("姓名"))
        if not good or not name.strip():
            return
        roles = [Role.CLERK, Role.DOOR, Role.ADMINISTRATOR]
        word, good = QInputDialog.getItem(self, tr("添加一位"), tr("可以做什么"), [r.label for r in roles], 0, False)
        if not good:
            return
        password, good = QInputDialog.getText(self, tr("添加一位"), tr("密码（至少 8 个字符）"), QLineEdit.EchoMode.Password)
        if good:
            self.add(name.strip(), next(r for r in roles if r.label == word), password)

    def add(self, name: str, role: Role, password: str) -> None:
        self._try(partial(users.add, self.office, name, role, password), tr("“{name}”可以用这个密码打开了。").format(name=name))

    def _try(self, do: Callable[[], None], done: str) -> None:
        try:
            do()
        except UserError as e:
            self.banner.say(str(e))
            return
        self.banner.say(done, "good")
        self._show_users()

    def _ask_password(self) -> None:
        password, good = QInputDialog.getText(self, tr("改密码"), tr("新密码（至少 8 个字符）"), QLineEdit.EchoMode.Password)
        if good:
            again, good = QInputDialog.getText(self, tr("改密码"), tr("再输一遍"), QLineEdit.EchoMode.Password)
            if good and again != password:
                self.banner.say(tr("两遍密码不一样，没有改。"))
            elif good:
                self._try(partial(users.change_own_password, self.office, password), tr("密码改好了，下次用新密码。"))

    def _remove(self, name: str) -> None:
        if QMessageBox.question(self, tr("移除"), tr("移除“{name}”以后，他的密码就打不开了。").format(name=name)) == QMessageBox.StandardButton.Yes:
            self._try(partial(users.remove, self.office, name), tr("已移除“{name}”。").format(name=name))

    def _safety(self) -> Card:
        card = Card(tr("备份"))
        self.backup_text = label("", "secondary", wrap=True)
        card.body.addWidget(self.backup_text)
        card.body.addLayout(row(button(tr("现在备份"), self.back_up, icon_name="database-backup"), button(tr("重新打印恢复密钥…"), self._ask_sheet, icon_name="key-round"), button(tr("本工会资料…"), self.union_wanted.emit, icon_name="building-2"), None))
        self._say_backup()
        return card

    def _ask_sheet(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("保存恢复密钥"), tr("恢复密钥.pdf"), "PDF (*.pdf)")
        if path:
            self.write_sheet(Path(path))

    def write_sheet(self, path: Path) -> None:
        """A new recovery code on a new sheet; the old sheet opens nothing from then on."""
        code = keyslots.new_recovery_code()
        try:
            path.write_bytes(paperwork.recovery_sheet(self.office, code))
        except OSError:
            self.banner.say(tr("没有写成，请换一个位置。"))
            return
        self._try(partial(users.change_recovery_code, self.office, code), tr("新的恢复密钥已保存，旧的那张作废。打印以后请删掉这个文件。"))

    def first_focus(self) -> QWidget | None:
        return self.theme_choice

    def _say_backup(self) -> None:
        last = self.office.vault.last_backup()
        said = tr("最近一次：{when}，已打开核对过。").format(when=f"{last:%Y-%m-%d %H:%M}") if last else tr("还没有备份。")
        self.backup_text.setText(said + tr("每天打开时自动备份，按天、周、月留存，放在资料库的 backups 文件夹里。"))

    def back_up(self) -> None:
        jobs.start(self.office.vault.back_up, done=self._backed_up, failed=self._failed)

    def _backed_up(self, _path: object) -> None:
        self._say_backup()
        self.banner.say(tr("已备份，并打开核对过。"), "good")

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, UserError):
            self.banner.say(str(error))
        else:
            errors.show(self, error)

    def _about(self) -> Card:
        card = Card(tr("关于"))
        card.body.addWidget(label(tr("工会案头 UnionDesk {version}").format(version=version()), "section"))
        card.body.addWidget(label(tr("给基层工会的离线办公桌。木兰宽松许可证第 2 版。字体：思源黑体、思源宋体（OFL）、花园明朝；图标：Lucide（ISC）。"), "secondary", wrap=True))
        card.body.addWidget(label(f"Python {platform.python_version()} · {platform.system()} {platform.machine()}", "secondary"))
        return card


def version() -> str:
    try:
        return metadata.version("uniondesk")
    except metadata.PackageNotFoundError:
        from app.services.exchange.send import PROGRAM

        return PROGRAM
