"""What would change, before it does: cell by cell, old and new, what cannot be taken and why."""

from typing import Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QDialog, QTableView, QVBoxLayout, QWidget

from app.services.block import BlockPlan
from app.ui import theme
from app.ui.table_model import Index, ListModel
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, ColouredDelegate, button, fit_to_screen, label, row

MOST_SHOWN = 5_000
FEW = 200


class ChangeModel(ListModel):
    """One line for each cell that changes or cannot; new records come as their cells."""

    heads: ClassVar[tuple[str, ...]] = ("谁", "列", "现在", "改成", "说明")

    def __init__(self, plan: BlockPlan) -> None:
        self.rows: list[tuple[str, str, str, str, str, str]] = []
        for line in plan.lines:
            whole = [p.message for p in line.problems if p.is_error]
            who = line.title or tr("（新）")
            if whole:
                self.rows.append((who, "", "", tr("整行跳过"), " ".join(whole), "bad"))
                continue
            for cell in line.cells:
                said = " ".join(p.message for p in cell.problems)
                if cell.changes or cell.is_refused or (line.record_id is None and cell.new):
                    new = tr("不改") if cell.is_refused else _masked(cell, cell.new) or tr("（清空）")
                    tone = "bad" if cell.is_refused else "warn" if said else "good" if line.record_id is None else ""
                    self.rows.append((who, cell.field.label, _masked(cell, cell.old), new, said or (tr("新建") if line.record_id is None else ""), tone))
            if len(self.rows) > MOST_SHOWN:
                break
        super().__init__(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return line[index.column()]
        if role == Qt.ItemDataRole.ForegroundRole:
            if index.column() >= 3 and line[5]:
                return theme.colour(line[5])
            return theme.colour("secondary") if index.column() in (1, 2) else theme.colour("accent") if index.column() == 3 else None
        return None


def _masked(cell: Any, text: str) -> str:
    return cell.field.kind.mask(text) if text and cell.field.is_masked else text


class ChangeDialog(QDialog):
    """The check; accepted when the clerk wants it so."""

    def __init__(self, parent: QWidget | None, plan: BlockPlan, title: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        fit_to_screen(self, 860, 520)
        box = QVBoxLayout(self)
        box.setContentsMargins(px(20), px(16), px(20), px(16))
        box.setSpacing(px(12))
        self.summary = label(plan.sentence, "section", wrap=True)
        box.addWidget(self.summary)
        self.table = QTableView()
        self.model = ChangeModel(plan)
        self.table.setModel(self.model)
        self.table.setItemDelegate(ColouredDelegate(self.table))
        self.table.setShowGrid(False)
        self.table.setWordWrap(True)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(px(34))
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.setAccessibleName(title)
        for n, width in enumerate((120, 110, 170, 170)):
            self.table.setColumnWidth(n, px(width))
        box.addWidget(self.table, 1)
        self.banner = Banner()
        box.addWidget(self.banner)
        if plan.unused:
            self.banner.say(tr("没有用到的列：{names}。").format(names="、".join(plan.unused)), "warn")
        if len(self.model.rows) > MOST_SHOWN:
            self.banner.say(tr("只列出前 {n} 格，其余同样会改。").format(n=MOST_SHOWN), "warn")
        going = plan.changed + plan.new
        does = tr("新建 {n} {counter}") if plan.new and not plan.changed else tr("改 {n} {counter}") if not plan.new else tr("改和新建 {n} {counter}")
        self.ok = button(does.format(n=going, counter=plan.register.counter) if going else tr("没有要改的"), self.accept, icon_name="check", primary=True, key="Ctrl+Return")
        self.ok.setEnabled(going > 0)
        hint = label(tr("算作一步，可以撤销。"), "secondary")
        box.addLayout(row(hint, button(tr("取消"), self.reject), self.ok, wide=hint))
        (self.ok if going else self.table).setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """A reason is read whole, where there are not too many."""
        super().showEvent(event)
        if len(self.model.rows) <= FEW:
            self.table.resizeRowsToContents()
