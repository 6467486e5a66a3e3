"""A table's columns: which are shown, how wide and in which order, by which the rows are sorted, and each column's own menu."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHeaderView, QLineEdit, QMenu, QWidgetAction

from app.ui.register.layouts import layout_of
from app.ui.text import tr
from app.ui.theme import px, theme
from db.fields import Code, Reference

if TYPE_CHECKING:
    from app.ui.register.page import RegisterPage


class TableColumns:
    """Kept in the preferences, by register."""

    def __init__(self, page: RegisterPage) -> None:
        self.page = page
        self._borrowed = self._applying = False
        self._scale = theme().scale  # the widths on the screen are of this scale until the window is built anew

    def borrow(self, columns: Mapping[str, Any]) -> None:
        """Show a saved view's columns; they do not become the clerk's own."""
        self._borrowed = True
        self.apply(columns)

    def give_back(self) -> None:
        if self._borrowed:
            self._borrowed = False
            self.apply()

    def apply(self, columns: Mapping[str, Any] | None = None) -> None:
        self._applying = True
        saved = columns if columns is not None else self.page.preferences.tables.get(self.page.register.__tablename__, {})
        widths = saved.get("widths", {})
        layout = layout_of(self.page.register)
        shown = saved.get("shown") or list(layout.columns)
        header = self.page.table.horizontalHeader()
        for n, f in enumerate(self.page.model.fields):
            self.page.table.setColumnHidden(n, f.name not in shown)
            self.page.table.setColumnWidth(n, px(widths.get(f.name) or layout.columns.get(f.name, 130)))
        order = list(saved.get("shown") or layout.columns)
        names = [f.name for f in self.page.model.fields]
        for place, name in enumerate(order):
            if name in names:
                header.moveSection(header.visualIndex(names.index(name)), place)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._applying = False

    def remember(self) -> None:
        if not self._borrowed and not self._applying:
            self.page.preferences.tables[self.page.register.__tablename__] = self.now()

    def now(self) -> dict[str, Any]:
        """The shown columns from left to right, and how wide."""
        header = self.page.table.horizontalHeader()
        places = sorted(range(len(self.page.model.fields)), key=header.visualIndex)
        shown = [self.page.model.fields[n].name for n in places if not self.page.table.isColumnHidden(n)]
        widths = {self.page.model.fields[n].name: round(self.page.table.columnWidth(n) / self._scale) for n in places if not self.page.table.isColumnHidden(n)}
        return {"shown": shown, "widths": widths}

    def choose(self) -> None:
        menu = QMenu(self.page)
        for n, f in enumerate(self.page.model.fields):
            action = QAction(f.label, menu, checkable=True, checked=not self.page.table.isColumnHidden(n))
            action.toggled.connect(lambda on, n=n: self.show(n, on))
            menu.addAction(action)
        menu.exec(self.page.view_button.mapToGlobal(QPoint(0, self.page.view_button.height())))

    def show(self, n: int, on: bool) -> None:
        self.page.table.setColumnHidden(n, not on)
        if on and self.page.table.columnWidth(n) < px(40):
            self.page.table.setColumnWidth(n, px(130))
        self.remember()

    def sort_by(self, n: int) -> None:
        name = self.page.model.fields[n].name
        descending = self.page.sort is not None and self.page.sort[0] == name and not self.page.sort[1]
        self.page.sort = (name, descending)
        self.page.table.horizontalHeader().setSortIndicator(n, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)
        self.page.refresh()

    def menu(self, place: QPoint) -> None:
        n = self.page.table.horizontalHeader().logicalIndexAt(place)
        if n < 0:
            return
        f = self.page.model.fields[n]
        menu = QMenu(self.page)
        menu.addAction(tr("升序"), lambda: self.sort_to(n, False))
        menu.addAction(tr("降序"), lambda: self.sort_to(n, True))
        menu.addSeparator()
        if isinstance(f.kind, Code) and f.kind.choices is not None and len(f.kind.choices.terms) <= 16:
            for term in (*f.kind.choices.labels, tr("（空）")):
                menu.addAction(tr("只看：{term}").format(term=term), lambda term=term: self.page.set_filter(f.name, term))
        else:
            typed = QLineEdit(self.page.filters.get(f.name, ""))
            typed.setPlaceholderText(tr("含有…") if not isinstance(f.kind, Reference) else tr("姓名或拼音…"))
            holder = QWidgetAction(menu)
            holder.setDefaultWidget(typed)
            typed.returnPressed.connect(menu.close)
            typed.returnPressed.connect(lambda: self.page.set_filter(f.name, typed.text()))
            menu.addAction(holder)
            menu.addAction(tr("（空）"), lambda: self.page.set_filter(f.name, "（空）"))
            QTimer.singleShot(0, typed.setFocus)
        if f.name in self.page.filters:
            menu.addAction(tr("去掉筛选"), lambda: self.page.set_filter(f.name, ""))
        menu.addSeparator()
        menu.addAction(tr("隐藏这一列"), lambda: self.show(n, False))
        menu.exec(self.page.table.horizontalHeader().mapToGlobal(place))

    def menu_here(self) -> None:
        """The column's menu from the keyboard."""
        column = max(self.page.table.currentIndex().column(), 0)
        self.menu(QPoint(self.page.table.columnViewportPosition(column) + px(8), self.page.table.horizontalHeader().height()))

    def sort_to(self, n: int, descending: bool) -> None:
        self.page.sort = (self.page.model.fields[n].name, not descending)
        self.sort_by(n) if descending else self._sort_plain(n)

    def _sort_plain(self, n: int) -> None:
        self.page.sort = (self.page.model.fields[n].name, False)
        self.page.table.horizontalHeader().setSortIndicator(n, Qt.SortOrder.AscendingOrder)
        self.page.refresh()

    def visible(self) -> list[int]:
        """The shown columns from left to right."""
        header = self.page.table.horizontalHeader()
        return [n for n in sorted(range(len(self.page.model.fields)), key=header.visualIndex) if not self.page.table.isColumnHidden(n)]
