"""What spreadsheet people do in a table: paste, fill down, replace, change many. Each shows first what would change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QFormLayout, QInputDialog, QLineEdit, QVBoxLayout
from sqlalchemy.orm import Session

from app.services import block, sheet_import
from app.services.block import BlockPlan
from app.services.listing import Hit
from app.services.roster.reader import PasswordNeeded
from app.ui import errors, jobs
from app.ui.register.change_dialog import ChangeDialog
from app.ui.register.editors import Editor, editor_for
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, QuietCombo, button, label, row
from db.problems import UserError
from db.record import fields_of

if TYPE_CHECKING:
    from app.ui.register.page import RegisterPage


class TableEdits:
    """Acts on the selection of a register's table."""

    def __init__(self, page: RegisterPage) -> None:
        self.page = page

    # -- the four

    def paste(self) -> None:
        """The clipboard from the selected row and column on; rows beyond the last are new ones."""
        text = QGuiApplication.clipboard().text()
        if not text.strip():
            self.page.said.emit(tr("剪贴板是空的，请先在表格里复制。"))
            return
        page = self.page
        chosen = page.selected_rows()
        try:
            cells = block.cells_of(text)
        except UserError as e:
            errors.show(page, e)
            return
        # One row selected: from there down, as many as the block has lines; several: those.
        rows = chosen if len(chosen) > 1 else [r for r in range(chosen[0], chosen[0] + len(cells)) if r < len(page.model.order)] if chosen else []
        ids = page.model.ids_of(rows)
        self._check(tr("粘贴"), lambda session: block.plan_paste(session, page.register, ids, self._columns_from_current(), cells))

    def paste_as_new(self) -> None:
        """The clipboard as new records, whatever is selected."""
        text = QGuiApplication.clipboard().text()
        self._check(tr("粘贴成新行"), lambda session: block.plan_paste(session, self.page.register, [], self._visible(), block.cells_of(text)))

    def ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.page, tr("从表格导入{label}").format(label=self.page.register.label), "", tr("表格 (*.xlsx *.xls *.csv *.txt *.et)"))
        if path:
            self.take_file(Path(path))

    def take_file(self, path: Path, password: str | None = None) -> None:
        """A workbook's rows, those that are there already changed, the others new; shown before they land."""
        page = self.page

        def read() -> BlockPlan:
            with page.office.reading() as session:
                return sheet_import.plan(session, page.register, path, password=password, fixed=page.fixed)

        try:
            made = jobs.wait(page, tr("正在读表格…"), read)
        except PasswordNeeded:
            typed, ok = QInputDialog.getText(page, tr("表格有密码"), tr("打开“{name}”的密码").format(name=path.name), QLineEdit.EchoMode.Password)
            if ok:
                self.take_file(path, typed)
            return
        except UserError as e:
            errors.show(page, e)
            return
        self._check(tr("导入“{name}”").format(name=path.name), lambda _session: made)

    def fill_down(self) -> None:
        """The current column of the first selected row into the other selected rows."""
        page = self.page
        rows = page.selected_rows()
        column = page.table.currentIndex().column()
        if len(rows) < 2 or column < 0:
            page.said.emit(tr("请先选几行：第一行的内容会填到下面各行。"))
            return
        f = page.model.fields[column]
        ids = page.selected_ids()
        text = page.model.value_text(ids[0], f)
        self._check(tr("向下填充：{column}").format(column=f.label), lambda session: block.plan_set(session, page.register, ids[1:], f.name, text))

    def replace(self) -> None:
        dialog = ReplaceDialog(self.page, len(self.page.selected_rows()))
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        names = [dialog.column.currentData()] if dialog.column.currentData() else self._visible()
        find, put, whole = dialog.wanted.text(), dialog.put.text(), dialog.whole.isChecked()
        ids = self._ids(only_selected=dialog.selected.isChecked())
        self._check(tr("替换“{find}”").format(find=find), lambda session: block.plan_replace(session, self.page.register, ids, names, find, put, whole=whole))

    def change_many(self) -> None:
        ids = self.page.selected_ids()
        if not ids:
            self.page.said.emit(tr("请先在列表里选要改的行（Ctrl+A 全选）。"))
            return
        dialog = ChangeManyDialog(self.page, len(ids), self.page.record_page.lookup)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            name, text = dialog.column.currentData(), dialog.text()
            self._check(tr("批量改“{column}”").format(column=dialog.column.currentText()), lambda session: block.plan_set(session, self.page.register, ids, name, text))

    # -- how

    def _ids(self, *, only_selected: bool) -> list[str]:
        return self.page.selected_ids() if only_selected else self.page.model.ids_of(range(len(self.page.model.order)))

    def _visible(self) -> list[str]:
        return [self.page.model.fields[n].name for n in self.page.columns.visible()]

    def _columns_from_current(self) -> list[str]:
        shown = self.page.columns.visible()
        current = self.page.table.currentIndex().column()
        start = shown.index(current) if current in shown else 0
        return [self.page.model.fields[n].name for n in shown[start:]]

    def _check(self, title: str, make: Callable[[Session], BlockPlan]) -> None:
        """Plan, show, and when the clerk says so, land it as one act."""
        page = self.page
        try:
            with page.office.reading() as session:
                plan = make(session)
            if ChangeDialog(page, plan, title).exec() == QDialog.DialogCode.Accepted:
                words = f"{title}：{plan.register.label} {plan.changed + plan.new} {plan.register.counter}"
                jobs.wait(page, tr("正在改…"), lambda: block.land(page.office, plan, words))
                page.refresh()
        except UserError as e:
            errors.show(page, e)


class _ColumnDialog(QDialog):
    def __init__(self, page: RegisterPage, title: str, *, every: bool) -> None:
        super().__init__(page)
        self.setWindowTitle(title)
        self.setMinimumWidth(px(480))
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(px(20), px(16), px(20), px(16))
        self.box.setSpacing(px(12))
        self.form = QFormLayout()
        self.column = QuietCombo()
        self.column.setAccessibleName(tr("列"))
        if every:
            self.column.addItem(tr("显示着的各列"), "")
        for f in fields_of(page.register):
            if not f.derived and not f.decided_above:
                self.column.addItem(f.label, f.name)
        current = page.table.currentIndex().column()
        if current >= 0 and not every:
            self.column.setCurrentIndex(max(self.column.findData(page.model.fields[current].name), 0))

    def foot(self, words: str) -> None:
        self.banner = Banner()
        self.box.addLayout(self.form)
        self.box.addWidget(self.banner)
        self.ok = button(words, self.accept, primary=True)
        self.box.addLayout(row(None, button(tr("取消"), self.reject), self.ok))


class ReplaceDialog(_ColumnDialog):
    def __init__(self, page: RegisterPage, selected: int) -> None:
        super().__init__(page, tr("查找替换"), every=True)
        self.wanted, self.put = QLineEdit(), QLineEdit()
        self.whole, self.selected = QCheckBox(tr("整格都是它才换")), QCheckBox(tr("只在选中的 {n} 行里").format(n=selected))
        self.selected.setChecked(selected > 1)
        self.selected.setEnabled(selected > 0)
        for words, widget in ((tr("找"), self.wanted), (tr("换成"), self.put), (tr("在哪列"), self.column)):
            widget.setAccessibleName(words)
            self.form.addRow(words, widget)
        self.form.addRow("", self.whole)
        self.form.addRow("", self.selected)
        self.box.addWidget(label(tr("证件号、电话不参加替换。先列出会改哪些，再决定。"), "secondary", wrap=True))
        self.foot(tr("看看会改哪些"))
        self.wanted.setFocus()


class ChangeManyDialog(_ColumnDialog):
    """A column and what it shall be; the editor is the column's own."""

    def __init__(self, page: RegisterPage, count: int, lookup: Callable[[str, str], list[Hit]]) -> None:
        super().__init__(page, tr("批量改 {n} {counter}").format(n=count, counter=page.register.counter), every=False)
        self._page, self._lookup = page, lookup
        self.holder = QVBoxLayout()
        self.editor: Editor | None = None
        self.form.addRow(tr("列"), self.column)
        self.form.addRow(tr("都改成"), self.holder)
        self.box.addWidget(label(tr("空着就是把这一列清空。先列出会改哪些，再决定。"), "secondary", wrap=True))
        self.foot(tr("看看会改哪些"))
        self.column.currentIndexChanged.connect(lambda _n: self._change_editor())
        self._change_editor()

    def _change_editor(self) -> None:
        if self.editor is not None:
            self.holder.removeWidget(self.editor)
            self.editor.deleteLater()
        f = next(f for f in fields_of(self._page.register) if f.name == self.column.currentData())
        self.editor = editor_for(f, self._lookup)
        self.holder.addWidget(self.editor)

    def text(self) -> str:
        assert self.editor is not None
        return self.editor.title_text()


