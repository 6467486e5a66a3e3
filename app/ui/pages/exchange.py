"""Reporting upward: what will go, onto which stick, and what the district answered."""

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QListWidget, QListWidgetItem, QProgressBar, QVBoxLayout

from app.services import exchange, paperwork
from app.services.exchange import Exported, ReceiptRead
from app.services.office import Office
from app.sync.package import DOWN_SUFFIX
from app.sync.stick import Drive, removable_drives
from app.ui import errors, jobs
from app.ui.preview import Preview
from app.ui.register.record_page import when
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Card, EmptyState, ScrollPage, button, clear, label, row
from db.problems import UserError
from db.registers import REGISTERS


class ExchangePage(ScrollPage):
    """Export to a stick or folder, print the slip, read the receipt. `said` is for the toast."""

    said = Signal(str)

    def __init__(self, office: Office) -> None:
        super().__init__(tr("报送与回执"))
        self.office = office
        self.exported: Exported | None = None
        self.receipt: ReceiptRead | None = None
        self._folder: Path | None = None
        self.content.addWidget(self._send_card())
        self.content.addWidget(self._receipt_card())
        self.content.addWidget(self._past_card(), 1)

    def _send_card(self) -> Card:
        card = Card(tr("送出去"))
        self.waiting = label("", wrap=True)
        self.key_line = label("", "secondary", wrap=True)
        self.key_button = button(tr("装钥匙文件…"), self._ask_key, icon_name="key-round")
        card.body.addWidget(self.waiting)
        card.body.addLayout(row(self.key_line, self.key_button, wide=self.key_line))
        self.drives = QListWidget()
        self.drives.setFixedHeight(px(64))
        self.drives.setAccessibleName(tr("U 盘"))
        card.body.addWidget(self.drives)
        self.everything = QCheckBox(tr("全部重新报一遍（区里说缺批次时才用）"))
        self.everything.toggled.connect(lambda _on: self._may_export())
        card.body.addWidget(self.everything)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.hide()
        card.body.addWidget(self.progress)
        self.export_button = button(tr("导出到 U 盘"), self.export, icon_name="usb", primary=True)
        self.cancel_button = button(tr("取消"), self._cancel)
        self.cancel_button.hide()
        self.slip_button = button(tr("打印报送单…"), self.show_slip, icon_name="printer")
        self.slip_button.setEnabled(False)
        card.body.addLayout(row(button(tr("重新找 U 盘"), self._find_drives, icon_name="refresh-cw"), button(tr("另选文件夹…"), self._ask_folder, icon_name="folder-open"), None))
        card.body.addLayout(row(None, self.slip_button, self.cancel_button, self.export_button))
        return card

    def _receipt_card(self) -> Card:
        card = Card(tr("带回来"))
        self.receipt_text = label(tr("区里合并以后，会在 U 盘上放一个回执文件（.udrcpt）。读进来就知道哪些收下了、哪些要改。"), wrap=True)
        self.refused = QVBoxLayout()
        card.body.addWidget(self.receipt_text)
        card.body.addLayout(self.refused)
        self.receipt_button = button(tr("读入回执…"), self._ask_receipt, icon_name="inbox")
        card.body.addLayout(row(None, self.receipt_button))
        return card

    def _past_card(self) -> Card:
        card = Card(tr("报送记录"))
        self.past = QVBoxLayout()
        card.body.addLayout(self.past)
        card.body.addStretch(1)
        return card

    def arrived(self) -> None:
        with self.office.vault.engine.connect() as connection:
            waiting = exchange.unsent(connection)
        self.waiting.setText(tr("上次回执以来有 {n} 条变化：{what}。").format(n=waiting.total, what=waiting.sentence) if waiting.total else tr("上次回执以来没有新的变化，不用报送。"))
        key = exchange.district_key(self.office)
        self.key_line.setText(tr("送给：{name}（指纹 {fingerprint}）").format(name=key.name, fingerprint=key.keys.fingerprint) if key else tr("还没有装区总工会的钥匙文件，装上才能加密报送。"))
        self.key_button.setText(tr("换钥匙文件…") if key else tr("装钥匙文件…"))
        self._waiting, self._has_key = waiting.total, key is not None
        self._may_export()
        self._find_drives()
        self._show_past()

    def _may_export(self) -> None:
        self.export_button.setEnabled(self._has_key and (self._waiting > 0 or self.everything.isChecked()))

    def _find_drives(self) -> None:
        self.drives.clear()
        found = removable_drives()
        for drive in found:
            state = "" if drive.writable else tr("（只读，写不进去）")
            item = QListWidgetItem(f"{drive.name}　　{tr('剩余')} {exchange.size_words(drive.free)}{state}")
            item.setData(Qt.ItemDataRole.UserRole, drive)
            self.drives.addItem(item)
        if self._folder is not None:
            item = QListWidgetItem(tr("文件夹：{name}").format(name=self._folder.name or str(self._folder)))
            item.setData(Qt.ItemDataRole.UserRole, Drive(self._folder, self._folder.name, 0, True))
            self.drives.addItem(item)
        if self.drives.count():
            self.drives.setCurrentRow(self.drives.count() - 1 if self._folder else 0)
        else:
            self.drives.addItem(tr("没有找到 U 盘。插上以后点“重新找 U 盘”，或者另选一个文件夹。"))

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, tr("导出到哪个文件夹"))
        if chosen:
            self.choose_folder(Path(chosen))

    def choose_folder(self, folder: Path) -> None:
        self._folder = folder
        self._find_drives()

    def _ask_key(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("区总工会的钥匙文件"), "", tr("钥匙文件 (*.udkey)"))
        if path:
            self.load_key(Path(path))

    def load_key(self, path: Path) -> None:
        try:
            key = exchange.load_district_key(self.office, path)
        except UserError as e:
            self.banner.say(str(e))
            return
        self.banner.say(tr("已装上“{name}”的钥匙。请打电话与区里核对指纹：{fingerprint}").format(name=key.name, fingerprint=key.keys.fingerprint), "good")
        self.arrived()

    def export(self) -> None:
        item = self.drives.currentItem()
        drive: Drive | None = item.data(Qt.ItemDataRole.UserRole) if item else None
        if drive is None:
            self.banner.say(tr("还没有选 U 盘。插上以后点“重新找 U 盘”，或者另选一个文件夹。"), "warn")
            return
        office, folder, everything = self.office, drive.path, self.everything.isChecked()
        self._busy(True)

        def work(progress: Callable[[int, int], None]) -> Exported:
            return exchange.export(office, folder, everything=everything, progress=progress)

        self._job = jobs.start(work, done=self._exported, failed=self._failed, progressed=self._progressed, reports=True)

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

    def _exported(self, done: Exported) -> None:
        self._busy(False)
        self.everything.setChecked(False)
        self.exported = done
        self.slip_button.setEnabled(True)
        self.arrived()
        self.banner.say((tr("第 {n} 批已写好并核对无误：{name}（{size}）。现在可以打印报送单。") + ("" if self._folder else tr("拔 U 盘前请先安全弹出。"))).format(n=done.series, name=done.path.name, size=exchange.size_words(done.size)), "good")
        self.slip_button.setFocus()

    def _failed(self, error: BaseException) -> None:
        self._busy(False)
        if isinstance(error, UserError):
            self.banner.say(str(error))
        else:
            errors.show(self, error)

    def slip_pdf(self) -> bytes:
        assert self.exported is not None
        return paperwork.submission_slip(self.office, self.exported.slip)

    def show_slip(self) -> None:
        Preview(self.slip_pdf(), tr("数据报送单"), self).exec()

    def _ask_receipt(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("回执文件"), "", tr("回执 (*{suffix})").format(suffix=DOWN_SUFFIX))
        if path:
            self.read_receipt(Path(path))

    def read_receipt(self, path: Path) -> None:
        try:
            self.receipt = exchange.read_receipt(self.office, path)
        except UserError as e:
            self.banner.say(str(e))
            return
        found = self.receipt
        words = "，".join(f"{r.label} {found.accepted[r.__tablename__]}" for r in REGISTERS if found.accepted.get(r.__tablename__))
        again = tr("（这份回执以前读过，没有再改动。）") if found.already_known else ""
        decided = tr("，{n} 份申请有了新状态").format(n=found.decided) if found.decided else ""
        self.receipt_text.setText(tr("第 {n} 批回执：区里收下了 {words}{decided}。{again}").format(n=found.series, words=words or tr("0 条"), decided=decided, again=again))
        clear(self.refused)
        for refusal in found.refused:
            register = next(r for r in REGISTERS if r.__tablename__ == refusal.register)
            self.refused.addWidget(label(tr("没有收下：{register} {title}　{why}").format(register=register.label, title=refusal.title, why=refusal.message), "problem", wrap=True))
        self.arrived()
        if found.kept:
            self.refused.addWidget(label(tr("有 {n} 份申请报送以后又改过，区里的新状态没有覆盖它们。").format(n=len(found.kept)), "doubt", wrap=True))
        tone = "warn" if found.refused else "good"
        self.banner.say(tr("回执核对无误。") + (tr("有 {n} 条没有收下，请按下面写的原因改好，下次一起报送。").format(n=len(found.refused)) if found.refused else tr("全部收下。")), tone)

    def _show_past(self) -> None:
        clear(self.past)
        sent = exchange.sent_packages(self.office)
        if not sent:
            self.past.addWidget(EmptyState("send", tr("还没有报送过"), tr("第一次报送时，区里会按报送单上的指纹登记我们。")))
        for p in sent[:12]:
            counts = json.loads(p.counts)
            state = tr("{when} 已收到回执").format(when=when(p.acknowledged_at)) if p.acknowledged_at else tr("还没有回执")
            detail = label(f"{when(p.made_at)}　{tr('共')} {sum(counts.values())} {tr('条')}　{tr('核对码')} {'-'.join(p.digest[i : i + 4].upper() for i in range(0, 16, 4))}", "secondary", wrap=True)
            self.past.addLayout(row(label(tr("第 {n} 批").format(n=p.series)), detail, label(state, "good" if p.acknowledged_at else "warn"), wide=detail))
