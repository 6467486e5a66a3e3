"""The journal as people read it: every act, newest first; take one back; check the chain."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from app.services.office import Office
from app.services.records import ActKind
from app.services.undo import Heading, headings
from app.ui.register.record_page import when
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, Page, button, label, row
from db import journal

SHOWN = 500


class HistoryPage(Page):
    """`undo_wanted` carries the act, `batch_wanted` the workbook that an import took in."""

    undo_wanted = Signal(str)
    batch_wanted = Signal(str)

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
        self.open_button = button(tr("打开这次导入"), self._open, icon_name="archive")
        self.open_button.hide()
        self.undo_button = button(tr("撤销这一步"), self._undo, icon_name="undo-2")
        hint = label(tr("每一步都串在一条链上，谁也不能悄悄改。"), "secondary", wrap=True)
        self.outer.addLayout(row(hint, button(tr("检查记录是否完整"), self.check, icon_name="shield-check"), self.open_button, self.undo_button, wide=hint))

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
        self.open_button.setVisible(bool(heading and heading.batch))

    def _open(self) -> None:
        heading: Heading = self.list.currentItem().data(Qt.ItemDataRole.UserRole)
        if heading.batch:
            self.batch_wanted.emit(heading.batch)

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
