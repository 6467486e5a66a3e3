"""What a table gives away: rows to the clipboard, a workbook; and the menus of the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu

from app.services import spreadsheet
from app.ui import errors, jobs
from app.ui.register.model import RegisterModel
from app.ui.register.views import action
from app.ui.text import tr
from db.registers import Member

if TYPE_CHECKING:
    from app.ui.register.page import RegisterPage


class TableOutput:
    """Copies and exports what is shown."""

    def __init__(self, page: RegisterPage) -> None:
        self.page = page

    def copy(self) -> None:
        """The selected rows as a block that a spreadsheet takes; as shown, masks included."""
        columns = self.page.columns.visible()
        rows = sorted(index.row() for index in self.page.table.selectionModel().selectedRows(self.page._first_column()))
        lines = ["\t".join(self.page.model.fields[n].label for n in columns)]
        lines += ["\t".join(self.page.model.texts(r)[n].replace("\t", " ").replace("\n", " ") for n in columns) for r in rows]
        QGuiApplication.clipboard().setText("\n".join(lines))
        self.page.said.emit(tr("已复制 {n} 行，可以粘贴到表格里。").format(n=len(rows)))

    def copy_cell(self) -> None:
        """The one cell, as shown."""
        index = self.page.table.currentIndex()
        if index.isValid():
            QGuiApplication.clipboard().setText(self.page.model.texts(index.row())[index.column()])
            self.page.said.emit(tr("已复制这一格。"))

    def ask_export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self.page, tr("导出表格"), f"{self.page.register.label}.xlsx", tr("表格 (*.xlsx)"))
        if path:
            self.export(Path(path))

    def export(self, path: Path, *, done: Callable[[int], None] | None = None) -> None:
        """Write what is shown, in its order and columns; numbers masked unless they are shown."""
        columns = self.page.columns.visible()
        headers = [self.page.model.fields[n].label for n in columns]
        model = RegisterModel(self.page.office, self.page.register)  # the worker's own, so that scrolling does not disturb it
        model.order, model.unmasked = list(self.page.model.order), self.page.model.unmasked
        total = len(model.order)

        def write(progress: Callable[[int, int], None]) -> int:
            return spreadsheet.write(path, self.page.register.label, headers, ([model.texts(r)[n] for n in columns] for r in range(total)), total=total, progress=progress)

        def finished(count: int) -> None:
            self.page.said.emit(tr("已导出 {n} 行到 {name}").format(n=count, name=path.name))
            if done:
                done(count)

        jobs.start(write, done=finished, failed=lambda e: errors.show(self.page, e), reports=True)


class PageMenus:
    """The edit menu, the view menu, and what a right click offers."""

    def __init__(self, page: RegisterPage) -> None:
        self.page = page

    def show_edits(self) -> None:
        menu = QMenu(self.page)
        action(menu, tr("粘贴"), self.page.edits.paste, "Ctrl+V")
        action(menu, tr("粘贴成新行"), self.page.edits.paste_as_new)
        if self.page.register is not Member and not self.page.register.only_one:
            action(menu, tr("从表格导入…"), self.page.edits.ask_file)
        action(menu, tr("向下填充"), self.page.edits.fill_down, "Ctrl+D")
        action(menu, tr("查找替换…"), self.page.edits.replace, "Ctrl+H")
        action(menu, tr("批量改…"), self.page.edits.change_many, "Ctrl+R")
        for text, do in self.page.more_edits.items():
            action(menu, text, do)
        menu.exec(self.page.edit_button.mapToGlobal(QPoint(0, self.page.edit_button.height())))

    def show_views(self) -> None:
        menu = self.page.views.menu(self.page)
        menu.addSeparator()
        action(menu, tr("显示哪些列…"), self.page.columns.choose)
        action(menu, tr("筛选行"), self.page.toggle_filter_row, "Ctrl+Shift+L")
        action(menu, tr("分组计数…"), self.page.show_groups, "Ctrl+G")
        action(menu, tr("透视表…"), self.page.show_pivot)
        action(menu, tr("打印显示的这些…"), self.page.print_list)
        action(menu, tr("导出表格…"), self.page.member_sheets.show_menu if self.page.member_sheets else self.page.output.ask_export)
        if any(f.is_masked for f in self.page.model.fields):
            action(menu, tr("遮住号码") if self.page.model.unmasked else tr("显示号码"), self.page._toggle_mask)
        menu.exec(self.page.view_button.mapToGlobal(QPoint(0, self.page.view_button.height())))

    def show_row(self, place: QPoint) -> None:
        if not self.page.selected_ids():
            return
        menu = QMenu(self.page)
        menu.addAction(tr("打开"), self.page._open_current)
        menu.addAction(tr("复制"), self.page.output.copy)
        menu.addAction(tr("复制这一格"), self.page.output.copy_cell)
        menu.addAction(tr("删除"), self.page.remove_selected)
        menu.exec(self.page.table.viewport().mapToGlobal(place))
