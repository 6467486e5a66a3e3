"""Every workbook that was ever opened here: what came of it, the rows that still wait, the way back."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QTableView, QVBoxLayout, QWidget

from app.services.roster.batch import DONE, Entry
from app.services.roster.intake import label_of
from app.ui import theme
from app.ui.register.record_page import when
from app.ui.table_model import Index, ListModel
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import ColouredDelegate, button, label, row, yield_words

_WIDTHS = (280, 120, 150, 110, 70, 70, 80, 70)


class LedgerModel(ListModel):
    heads: ClassVar[tuple[str, ...]] = ("文件", "状态", "什么时候", "谁", "新增", "更新", "没变化", "待修")

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        e: Entry = self.items[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            counts = [str(e.counts.get(name, "")) for name in ("new", "changed", "unchanged", "left_out")]
            return (e.file_name, e.label, when(e.opened_at), e.opened_by, *counts)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            parts = [e.file_name, tr("SHA-256 {digest}").format(digest=e.digest), e.mode.label, *(tr("认得的表：{name}").format(name=name) for name in e.forms)]
            return "\n".join(parts if e.has_cells else [*parts, tr("原表内容已清掉")])
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 1:
            return theme.colour("secondary" if e.undone else "good" if e.state == DONE else "warn")
        return None


class LedgerView(QWidget):
    """The list and what can be done with one of its lines."""

    wanted = Signal(str, str)
    """What (open, undo, give-back, clear) and the batch's id."""

    def __init__(self, *, forms: Callable[[], None], back: Callable[[], None], mapping: Callable[[Entry], dict[str, dict[str, str]]]) -> None:
        super().__init__()
        self._mapping = mapping
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px(12))
        self.model = LedgerModel()
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setItemDelegate(ColouredDelegate(self.table))
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(px(38))
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.setAccessibleName(tr("导入台账"))
        for n, width in enumerate(_WIDTHS):
            self.table.setColumnWidth(n, px(width))
        self.table.doubleClicked.connect(lambda _index: self._want("open"))
        for key in ("Return", "Enter"):
            shortcut = QShortcut(QKeySequence(key), self.table)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(lambda: self._want("open"))
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._offer())
        box.addWidget(self.table, 1)
        self.about = label("", "secondary", wrap=True, selectable=True)
        box.addWidget(self.about)
        self.open = button(tr("打开"), lambda: self._want("open"), icon_name="folder-open", primary=True, tip=tr("打开（回车）"))
        self.undo = button(tr("撤销整批"), lambda: self._want("undo"), icon_name="undo-2")
        self.give_back = button(tr("退回表格…"), lambda: self._want("give-back"), icon_name="file-spreadsheet", tip=tr("原表加上“是否导入成功”“错误原因”两列，改好可以再导入"))
        self.clear = button(tr("清掉原表"), lambda: self._want("clear"), icon_name="eraser", tip=tr("不再保留这个文件的内容；名册和这一行台账不动"))
        self.back = button(tr("返回"), back, icon_name="chevron-left")
        self.forms = button(tr("认得的表…"), forms, icon_name="table-2")
        box.addLayout(row(self.back, self.forms, None, self.clear, self.give_back, self.undo, self.open))

    def fit(self, width: int) -> None:
        yield_words((self.give_back, self.forms, self.back), narrow=width < px(900))

    def fill(self, entries: Sequence[Entry]) -> None:
        self.model.fill(entries)
        if entries:
            self.table.selectRow(0)
        self._offer()

    def current(self) -> Entry | None:
        place = self.table.currentIndex().row()
        return self.model.items[place] if 0 <= place < len(self.model.items) else None

    def _offer(self) -> None:
        e = self.current()
        for made in (self.open, self.give_back, self.clear):
            made.setEnabled(bool(e and e.has_cells))
        self.undo.setEnabled(bool(e and e.acts and not e.undone))
        self.about.setText(self._say(e) if e else tr("还没有导入过表格。"))

    def _say(self, e: Entry) -> str:
        """Fingerprint, way, and which column was taken for what."""
        lines = [tr("{mode} · SHA-256 {digest}…").format(mode=e.mode.label, digest=e.digest[:16]) + ("" if e.has_cells else tr(" · 原表内容已清掉"))]
        lines += [f"{sheet}：" + "，".join(f"{head} → {label_of(name)}" for head, name in columns.items()) for sheet, columns in self._mapping(e).items()]
        return "\n".join(lines)

    def _want(self, what: str) -> None:
        e = self.current()
        if e is not None:
            self.wanted.emit(what, e.id)
