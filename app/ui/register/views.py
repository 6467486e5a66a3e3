"""How a table is looked at: saved views, groups with counts, a filter under every column's head, the printed list."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHeaderView, QInputDialog, QLineEdit, QMenu, QMessageBox, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from app.services import listing, paperwork
from app.ui.text import tr
from app.ui.theme import px, theme
from app.ui.widgets import QuietCombo, button, fit_to_screen, label, row
from db.fields import DateKind, Moment, Reference

if TYPE_CHECKING:
    from app.ui.register.page import RegisterPage

MOST_PRINTED = 5_000


class FilterRow(QWidget):
    """A line of fields over the table, each as wide as its column; what is typed narrows the column."""

    def __init__(self, page: RegisterPage) -> None:
        super().__init__()
        self.page = page
        self.fields: dict[int, QLineEdit] = {}
        self._waiting: dict[str, str] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(180)
        self._timer.timeout.connect(self._apply)
        header = page.table.horizontalHeader()
        for n, f in enumerate(page.model.fields):
            made = QLineEdit(self)
            made.setPlaceholderText(tr("姓名或拼音…") if isinstance(f.kind, Reference) else tr("含有…"))
            made.setAccessibleName(tr("筛选{label}").format(label=f.label))
            made.installEventFilter(self)
            made.textChanged.connect(lambda text, name=f.name: self._typed(name, text))
            self.fields[n] = made
        for changed in (header.sectionResized, header.sectionMoved, header.geometriesChanged, page.table.horizontalScrollBar().valueChanged):
            changed.connect(lambda *_: self.lay())
        self.setFixedHeight(px(44))

    def lay(self) -> None:
        header = self.page.table.horizontalHeader()
        in_order = [self.fields[n] for n in sorted(self.fields, key=header.visualIndex)]
        for one, following in pairwise(in_order):
            QWidget.setTabOrder(one, following)
        for n, made in self.fields.items():
            hidden = header.isSectionHidden(n)
            made.setVisible(not hidden)
            if not hidden:
                made.setGeometry(header.sectionViewportPosition(n) + px(2), px(3), max(header.sectionSize(n) - px(4), px(30)), px(38))

    def follow(self) -> None:
        """Show what is filtered by other means."""
        for n, made in self.fields.items():
            text = self.page.filters.get(self.page.model.fields[n].name, "")
            if made.text().strip() != text and self.page.model.fields[n].name not in self._waiting:
                made.blockSignals(True)
                made.setText(text)
                made.blockSignals(False)

    def _typed(self, name: str, text: str) -> None:
        self._waiting[name] = text
        self._timer.start()

    def _apply(self) -> None:
        for name, text in self._waiting.items():
            if text.strip():
                self.page.filters[name] = text.strip()
            else:
                self.page.filters.pop(name, None)
        self._waiting.clear()
        if self.page.isVisible():
            self.page.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape clears the field, then puts the row away; Down and Enter go to the table."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and isinstance(watched, QLineEdit):
            if event.key() == Qt.Key.Key_Escape:
                if watched.text():
                    watched.clear()
                else:
                    self.page.toggle_filter_row()
                    self.page.table.setFocus()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._apply()
                self.page.table.setFocus()
                return True
        return super().eventFilter(watched, event)

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self.lay()


class GroupDialog(QDialog):
    """How many of what is shown have each value of a column; a double click looks at only those."""

    def __init__(self, page: RegisterPage) -> None:
        super().__init__(page)
        self.page = page
        self.setWindowTitle(tr("分组计数"))
        fit_to_screen(self, 460, 520)
        box = QVBoxLayout(self)
        box.setContentsMargins(px(20), px(16), px(20), px(16))
        box.setSpacing(px(12))
        self.column = QuietCombo()
        self.column.setAccessibleName(tr("按哪一列"))
        for f in page.model.fields:
            if not f.is_masked:
                self.column.addItem(f.label, f.name)
        current = page.table.currentIndex().column()
        start = "department" if page.register.__tablename__ == "member" and current <= 0 else page.model.fields[max(current, 0)].name
        self.column.setCurrentIndex(max(self.column.findData(start), 0))
        box.addLayout(row(label(tr("按"), "fieldLabel"), self.column, wide=self.column))
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels([tr("是什么"), page.register.counter, "%"])
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setAccessibleName(tr("分组计数"))
        self.table.itemActivated.connect(lambda item: self._only(item.row()))
        box.addWidget(self.table, 1)
        box.addLayout(row(label(tr("双击或回车：只看这一组"), "secondary"), None, button(tr("关闭"), self.accept, primary=True)))
        self.column.currentIndexChanged.connect(lambda _n: self.fill())
        self.fill()

    def fill(self) -> None:
        with self.page.office.reading() as session:
            self.groups = listing.group_counts(session, self.page.query(), self.column.currentData())
        total = sum(count for _, count in self.groups) or 1
        self.table.setRowCount(len(self.groups))
        for n, (text, count) in enumerate(self.groups):
            for column, shown in enumerate((text, f"{count:,}", f"{count * 100 / total:.1f}")):
                item = QTableWidgetItem(shown)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(n, column, item)

    def _only(self, place: int) -> None:
        name, text = self.column.currentData(), self.groups[place][0]
        kind = next(f.kind for f in self.page.model.fields if f.name == name)
        exact = text != "（空）" and not isinstance(kind, Reference | DateKind | Moment)
        self.page.set_filter(name, f"={text}" if exact else text)
        self.accept()


class Views:
    """The page's saved views, kept in the vault, so that they are there on every PC that opens it."""

    def __init__(self, page: RegisterPage) -> None:
        self.page = page
        self._name = f"views:{page.register.__tablename__}"

    def all(self) -> dict[str, dict[str, Any]]:
        written = self.page.office.setting(self._name)
        found: dict[str, dict[str, Any]] = json.loads(written) if written else {}
        return found

    def save(self, name: str) -> None:
        self.page.office.remember(self._name, json.dumps({**self.all(), name: self.page.view()}, ensure_ascii=False))

    def forget(self, name: str) -> None:
        self.page.office.remember(self._name, json.dumps({n: v for n, v in self.all().items() if n != name}, ensure_ascii=False))

    def ask_save(self) -> None:
        name, ok = QInputDialog.getText(self.page, tr("保存视图"), tr("现在的筛选、排序和列，存成什么名字？"))
        if ok and name.strip():
            if name.strip() in self.all() and QMessageBox.question(self.page, tr("保存视图"), tr("已经有一个叫“{name}”的视图，要换成现在的样子吗？").format(name=name.strip())) != QMessageBox.StandardButton.Yes:
                return
            self.save(name.strip())
            self.page.said.emit(tr("视图“{name}”已保存。").format(name=name.strip()))

    def menu(self, parent: QWidget) -> QMenu:
        made = QMenu(parent)
        saved = self.all()
        for name in saved:
            made.addAction(name, lambda name=name: self.page.show_view(saved[name], name))
        if saved:
            made.addSeparator()
        made.addAction(tr("保存现在的样子…"), self.ask_save)
        made.addAction(tr("恢复平常的样子"), self.page.show_all)
        if saved:
            drop = made.addMenu(tr("删除视图"))
            for name in saved:
                drop.addAction(name, lambda name=name: self.forget(name))
        return made


def print_list(page: RegisterPage) -> bytes | None:
    """What is shown as a PDF; None where it is too much for paper."""
    columns = page.columns.visible()
    total = len(page.model.order)
    if total > MOST_PRINTED or not total:
        page.said.emit(tr("没有可打印的行。") if not total else tr("有 {n} 行，太多了；请先筛选，或导出表格。").format(n=total))
        return None
    rows = [[page.model.texts(r)[n] for n in columns] for r in range(total)]
    heads = [page.model.fields[n].label for n in columns]
    widths = [page.table.columnWidth(n) / theme().scale for n in columns]
    return paperwork.list_sheet(page.office, page.heading.text(), heads, widths, rows)


def action(menu: QMenu, text: str, do: Callable[[], object], key: str = "") -> QAction:
    """A line of a menu with its key shown at the right."""
    made = menu.addAction(f"{text}\t{key}" if key else text)
    made.triggered.connect(lambda _checked=False: do())
    return made
