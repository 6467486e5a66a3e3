"""What will go, for which purposes, onto which stick."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QListWidget, QListWidgetItem, QProgressBar, QWidget

from app.services import guarded
from app.services.exchange import keyring, send
from app.services.exchange.purposes import purposes_on
from app.services.exchange.send import Exported, Preview
from app.services.office import Office
from app.sync.stick import STATE_WORDS, Drive, DriveState, in_words, removable_drives
from app.ui import jobs
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Card, button, clear_grid, label, row
from db.problems import UserError
from db.registers import REGISTERS, HardshipCase

CHOSEN = "report_purposes"


class SendCard(Card):
    """Counts first, then the stick. `exported` gives what was written."""

    exported = Signal(object)
    failed = Signal(object)
    keys_wanted = Signal()
    slip_wanted = Signal()

    def __init__(self, office: Office) -> None:
        super().__init__(tr("送出去"))
        self.office = office
        self._folder: Path | None = None
        self._preview: Preview | None = None
        self._ticks: dict[str, QCheckBox] = {}
        self.key_line = label("", "secondary", wrap=True)
        self.key_button = button(tr("钥匙和指纹…"), self.keys_wanted.emit, icon_name="key-round")
        self.body.addLayout(row(self.key_line, self.key_button, wide=self.key_line))
        self.purposes = QGridLayout()
        self.body.addWidget(label(tr("报送用途（只带这些用途要用的内容）"), "fieldLabel"))
        self.body.addLayout(self.purposes)
        self.waiting = label("", wrap=True)
        self.counts = QGridLayout()
        self.counts.setHorizontalSpacing(px(24))
        self.notes = label("", "secondary", wrap=True)
        for part in (self.waiting, self.notes):
            self.body.addWidget(part)
        self.body.insertLayout(self.body.count() - 1, self.counts)
        self._add_stick()

    def _add_stick(self) -> None:
        self.drives = QListWidget()
        self.drives.setFixedHeight(px(64))
        self.drives.setAccessibleName(tr("U 盘"))
        self.drive_line = label("", "secondary", wrap=True)
        self.everything = QCheckBox(tr("全部重新报一遍（平时不用勾）"))
        self.everything.toggled.connect(lambda _on: self.count())
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.hide()
        for part in (self.drives, self.drive_line, self.everything, self.progress):
            self.body.addWidget(part)
        self.export_button = button(tr("导出到 U 盘"), self.export, icon_name="usb", primary=True, key="Ctrl+E")
        self.cancel_button = button(tr("取消"), self._cancel)
        self.cancel_button.hide()
        self.slip_button = button(tr("打印报送单…"), self.slip_wanted.emit, icon_name="printer")
        self.slip_button.setEnabled(False)
        self.body.addLayout(row(button(tr("重新找 U 盘"), self.find_drives, icon_name="refresh-cw"), button(tr("另选文件夹…"), self._ask_folder, icon_name="folder-open"), None))
        self.body.addLayout(row(None, self.slip_button, self.cancel_button, self.export_button))

    @property
    def is_folder(self) -> bool:
        return self._folder is not None

    def arrived(self) -> None:
        district, street = keyring.district_key(self.office), keyring.street_key(self.office)
        self._has_key = district is not None
        if district is None:
            self.key_line.setText(tr("还没有装区总工会的钥匙文件，装上才能加密报送。"))
        else:
            through = tr("，经 {name} 初审").format(name=street.name) if street else ""
            self.key_line.setText(tr("送给：{name}{through}（指纹 {fingerprint}）").format(name=district.name, through=through, fingerprint=district.keys.fingerprint))
        self._show_purposes()
        self.count()
        self.find_drives()

    def _show_purposes(self) -> None:
        """One tick a purpose; what was chosen last time is chosen again."""
        with self.office.vault.engine.connect() as connection:
            holding = purposes_on(connection, self.office.clock().astimezone().date())
        if list(self._ticks) == [p.id for p in holding]:
            return
        clear_grid(self.purposes)
        self._ticks.clear()
        left_out = (self.office.setting(CHOSEN) or "").split()
        for n, purpose in enumerate(holding):
            tick = QCheckBox(purpose.title)
            tick.setChecked(purpose.id not in left_out and not purpose.off)  # what is off is ticked for one package, never remembered
            tick.setEnabled(not purpose.off or guarded.may_see(self.office, HardshipCase))
            tick.setToolTip(tr("依据：{basis}").format(basis=purpose.basis))
            tick.toggled.connect(self._purposes_changed)
            self._ticks[purpose.id] = tick
            self.purposes.addWidget(tick, n // 2, n % 2)
        order = [self.key_button, *self._ticks.values(), self.drives]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _purposes_changed(self) -> None:
        self.office.remember(CHOSEN, " ".join(name for name, tick in self._ticks.items() if not tick.isChecked()))
        self.count()

    def chosen(self) -> list[str]:
        return [name for name, tick in self._ticks.items() if tick.isChecked()]

    def count(self) -> None:
        """What the next package will carry, register by register."""
        self._preview = made = send.preview(self.office, purposes=self.chosen(), everything=self.everything.isChecked())
        clear_grid(self.counts)
        counts = made.gathered.counts
        if not self.chosen():
            self.waiting.setText(tr("没有选报送用途，不知道该报哪些内容。请至少勾一项。"))
        elif made.gathered.total:
            self.waiting.setText("".join(made.anew) + tr("这一批要送 {n} 条：").format(n=sum(c.total for c in counts.values())))
        else:
            self.waiting.setText("".join(made.anew) or tr("上次回执以来没有新的变化，不用报送。"))
        shown = [(r, counts[r.__tablename__]) for r in REGISTERS if r.__tablename__ in counts]
        half = (len(shown) + 1) // 2 if self.width() > px(700) else len(shown)  # side by side, so that the button to export stays in sight
        for n, (register, count) in enumerate(shown):
            sensitive = made.scope.sensitive(register)
            words = count.sentence + (tr("　含敏感信息：{names}").format(names="、".join(sensitive)) if sensitive else "")
            self.counts.addWidget(label(register.label), n % max(half, 1), n // max(half, 1) * 2)
            self.counts.addWidget(label(words, "doubt" if sensitive else "secondary", wrap=True), n % max(half, 1), n // max(half, 1) * 2 + 1)
        for column in (1, 3):
            self.counts.setColumnStretch(column, 1)
        photos = made.gathered.photos
        self.notes.setText(tr("讲座照片 {n} 张，{size}").format(n=photos, size=send.size_words(made.gathered.photo_bytes)) if photos else "")
        self.notes.setVisible(bool(photos))
        self._may_export()

    def _may_export(self) -> None:
        some = self._preview is not None and (self._preview.gathered.total > 0 or bool(self._preview.waiting.heard.differs))
        self.export_button.setEnabled(self._has_key and some and bool(self.chosen()))

    def find_drives(self) -> None:
        self.drives.clear()
        found = removable_drives()
        for drive in found:
            room = f"　　{tr('剩余')} {send.size_words(drive.free)}" if drive.free else ""
            item = QListWidgetItem(f"{drive.name}{room}" + ("" if drive.writable else f"（{STATE_WORDS[drive.state]}）"))
            item.setData(Qt.ItemDataRole.UserRole, drive)
            self.drives.addItem(item)
        if self._folder is not None:
            item = QListWidgetItem(tr("文件夹：{name}").format(name=self._folder.name or str(self._folder)))
            item.setData(Qt.ItemDataRole.UserRole, Drive(self._folder, self._folder.name, 0))
            self.drives.addItem(item)
            self.drives.setCurrentRow(self.drives.count() - 1)
        elif len(usable := [n for n, d in enumerate(found) if d.writable]) == 1:
            self.drives.setCurrentRow(usable[0])
        said = "" if self._folder is not None else in_words(found)
        self.drive_line.setText(said)
        self.drive_line.setVisible(bool(said))
        self.drives.setVisible(self.drives.count() > 0)

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, tr("导出到哪个文件夹"))
        if chosen:
            self.choose_folder(Path(chosen))

    def choose_folder(self, folder: Path) -> None:
        self._folder = folder
        self.find_drives()

    def export(self) -> None:
        item = self.drives.currentItem()
        drive: Drive | None = item.data(Qt.ItemDataRole.UserRole) if item else None
        if drive is None:
            self.failed.emit(UserError(tr("还没有选 U 盘。插上以后点“重新找 U 盘”，或者另选一个文件夹。")))
            return
        if drive.state is not DriveState.READY:
            self.failed.emit(UserError(tr("U 盘“{name}”{state}。").format(name=drive.name, state=STATE_WORDS[drive.state])))
            return
        office, folder, everything, purposes = self.office, drive.path, self.everything.isChecked(), self.chosen()
        self._busy(True)

        def work(progress: Callable[[int, int], None]) -> Exported:
            return send.export(office, folder, purposes=purposes, everything=everything, progress=progress)

        self._job = jobs.start(work, done=self._done, failed=self._failed, progressed=self._progressed, reports=True)

    def _cancel(self) -> None:
        self._job.cancel()

    def _busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.progress.setRange(0, 0)
        self.cancel_button.setVisible(busy)
        self.export_button.setEnabled(not busy)

    def _progressed(self, done: int, total: int) -> None:
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(done)

    def _done(self, done: Exported) -> None:
        self._busy(False)
        self.everything.setChecked(False)
        self.slip_button.setEnabled(True)
        self.exported.emit(done)

    def _failed(self, error: BaseException) -> None:
        self._busy(False)
        self._may_export()
        self.failed.emit(error)
