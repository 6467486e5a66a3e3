"""The journal as people read it: every act, newest first; take one back; check the chain."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QListWidget, QListWidgetItem, QWidget

from app.services.office import Office
from app.services.records import ActKind
from app.services.roster import intake
from app.services.undo import Heading, headings, left_out_rows
from app.ui.register.record_page import when
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, Page, button, label, row
from db import journal

SHOWN = 500


class HistoryPage(Page):
    """`undo_wanted` carries the act."""

    undo_wanted = Signal(str)

    def __init__(self, office: Office) -> None:
        super().__init__(tr("变更记录"))
        self.office = office
        self.banner = Banner()
        self.outer.addWidget(self.banner)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("变更记录"))
        self.list.setSpacing(px(1))
        self.list.currentItemChanged.connect(lambda *_: self._offer())
        self.outer.addWidget(self.list, 1)
        self.left_out = button("", self._ask_left_out, icon_name="file-spreadsheet")
        self.left_out.hide()
        self.undo_button = button(tr("撤销这一步"), self._undo, icon_name="undo-2")
        hint = label(tr("每一步都串在一条链上，谁也不能悄悄改。"), "secondary", wrap=True)
        self.outer.addLayout(row(hint, button(tr("检查记录是否完整"), self.check, icon_name="shield-check"), self.left_out, self.undo_button, wide=hint))

    def arrived(self) -> None:
        self.list.clear()
        with self.office.reading() as session:
            for heading in headings(session, limit=SHOWN):
                item = QListWidgetItem(f"{when(heading.at)}　　{heading.title}　　{heading.who}" + (tr("　　（已撤销）") if heading.undone else ""))
                item.setData(Qt.ItemDataRole.UserRole, heading)
                self.list.addItem(item)
        if self.list.count():
            self.list.setCurrentRow(0)

    def _offer(self) -> None:
        item = self.list.currentItem()
        heading: Heading | None = item.data(Qt.ItemDataRole.UserRole) if item else None
        self.undo_button.setEnabled(bool(heading and (heading.kind.is_undoable or heading.kind is ActKind.UNDO) and not heading.undone))
        self.left_out.setVisible(bool(heading and heading.left_out))
        if heading and heading.left_out:
            self.left_out.setText(tr("没导入的 {n} 行…").format(n=heading.left_out))

    def _ask_left_out(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("另存没导入的行"), tr("待修名单.xlsx"), tr("表格 (*.xlsx)"))
        if path:
            self.write_left_out(Path(path))

    def write_left_out(self, path: Path) -> None:
        """Give the rows of the chosen import back as the sheet clerks know."""
        heading: Heading = self.list.currentItem().data(Qt.ItemDataRole.UserRole)
        with self.office.reading() as session:
            rows = left_out_rows(session, heading.act)
        try:
            intake.write_left_out(rows, path)
        except OSError:
            self.banner.say(tr("没有写成，请换一个位置，或先关掉打开着的同名文件。"))
            return
        self.banner.say(tr("已存到 {name}，改好可以再导入。").format(name=path.name), "good")

    def first_focus(self) -> QWidget | None:
        return self.list

    def _undo(self) -> None:
        heading: Heading = self.list.currentItem().data(Qt.ItemDataRole.UserRole)
        self.undo_wanted.emit(heading.act)
        self.arrived()

    def check(self) -> None:
        with self.office.vault.engine.connect() as connection:
            broken = journal.verify(connection)
        if broken is None:
            self.banner.say(tr("记录完整，没有被改动过。"), "good")
        else:
            self.banner.say(tr("第 {n} 行的记录对不上，可能被别的程序改动过。请保留这台电脑并联系区总工会。").format(n=broken))
