"""A register: its table and its record page. One for all registers."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QMessageBox, QPushButton, QStackedWidget, QTableView, QVBoxLayout, QWidget

from app.services import listing, nearly
from app.services.listing import Query
from app.services.office import Office
from app.services.records import ActKind, Changed
from app.ui import errors
from app.ui.lecture.page import LecturePage
from app.ui.navigation import Tabs
from app.ui.preferences import Preferences
from app.ui.register.columns import TableColumns
from app.ui.register.edits import TableEdits
from app.ui.register.model import RegisterModel
from app.ui.register.output import PageMenus, TableOutput
from app.ui.register.person_page import PersonPage
from app.ui.register.pivot import PivotDialog
from app.ui.register.record_page import RecordPage
from app.ui.register.related_page import RelatedPage
from app.ui.register.sheets import MemberSheets
from app.ui.register.side_page import SidePage
from app.ui.register.views import FilterRow, GroupDialog, Views, print_list
from app.ui.text import tr
from app.ui.theme import px, theme
from app.ui.widgets import ColouredDelegate, EmptyState, Page, QuietCombo, button, label, row
from db.problems import UserError
from db.record import Record
from db.registers import Lecture, Member

_RECORD_PAGES: Mapping[type[Record], Callable[[Office], SidePage]] = {Member: PersonPage, Lecture: LecturePage}
"""Registers whose records have a page with more than their fields."""
MOST_KEPT = 2_000
"""So many selected rows are found again after a refresh."""


class RegisterPage(Page):
    """Table, quick filter, column filters, column choice; opens the record page in its place. `extra` are a register's own buttons."""

    said = Signal(str)
    pdf_ready = Signal(object, str, object)
    """A PDF, its title, and what cannot be printed of it."""
    print_button: QPushButton
    """There where the register has forms."""
    empty_hint = ""
    """What to do about an empty register, where it is more than making a new record."""

    def __init__(self, office: Office, register: type[Record], preferences: Preferences, *, title: str = "", extra: Sequence[QPushButton] = ()) -> None:
        super().__init__(title or register.label)
        self.office, self.register, self.preferences = office, register, preferences
        self.more_edits: dict[str, Callable[[], object]] = {}
        """Further lines of the edit menu, a register's own."""
        self.fixed: dict[str, Any] = {}
        self.only: tuple[str, ...] | None = None
        self._back: Callable[[], object] | None = None
        self._empty_of_fixed = ""
        self.pivot: tuple[str, str] | None = None
        self.filters: dict[str, str] = {}
        self.sort: tuple[str, bool] | None = None
        self.scope = listing.CURRENT if register is Member else ""
        self.columns = TableColumns(self)
        self.edits = TableEdits(self)
        self.output, self.menus = TableOutput(self), PageMenus(self)
        self.views = Views(self)
        self.model = RegisterModel(office, register)
        self._build_bar(extra)
        self.stack = QStackedWidget()
        self.outer.addWidget(self.stack, 1)
        self.record_page = _RECORD_PAGES[register](office) if register in _RECORD_PAGES else RecordPage(office, register) if register.only_one else RelatedPage(office, register)
        self.record_page.closed.connect(self._record_closed)
        self.stack.addWidget(self._list())
        self.stack.addWidget(self.record_page)
        self.stack.currentChanged.connect(lambda place: self._show_actions(place == 0))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(120)
        self._timer.timeout.connect(self._refresh_if_shown)
        self._keys()
        theme().changed.connect(self._restyle)

    def add_tabs(self, tabs: Tabs) -> None:
        """The strip that leads to the other registers of the programme; it belongs to the list."""
        self.outer.insertWidget(1, tabs)
        self.stack.currentChanged.connect(lambda place: tabs.setVisible(place == 0 or self.register.only_one))
        tabs.listen(self)

    def _build_bar(self, extra: Sequence[QPushButton]) -> None:
        self._own = tuple(extra)
        for part in extra:
            self.buttons.addWidget(part)
        if not self.register.only_one:
            self.new_button = button(tr("新建"), self.new_record, icon_name="plus", primary=True, key="Ctrl+N", tip=tr("新建{label}").format(label=self.register.label))
            self.buttons.addWidget(self.new_button)

    def fit(self, width: int) -> None:
        super().fit(width)
        narrow = width < px(820)  # then these two are in the view's menu only
        self.export_button.setVisible(not narrow)
        self.unmask.setVisible(not narrow and any(f.is_masked for f in self.model.fields))
        for layout in (self.bar, self.stack.widget(0).layout()):  # before its first showing a page would keep the width it had with words
            if layout is not None:
                layout.invalidate()

    def yielding(self) -> list[QPushButton]:
        return [*super().yielding(), self.unmask, self.export_button, self.edit_button, self.view_button]

    def _show_actions(self, shown: bool) -> None:
        """The list's actions belong to the list; a programme's own are for the open record too."""
        for n in range(self.buttons.count()):
            if widget := self.buttons.itemAt(n).widget():
                widget.setVisible(shown or self.register.only_one or (widget in self._own and isinstance(self.record_page, RelatedPage)))

    def _list(self) -> QWidget:
        whole = QWidget()
        box = QVBoxLayout(whole)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px(10))
        self.quick = QLineEdit()
        self.quick.setPlaceholderText((tr("在{label}里找：姓名、拼音首字母、号码后四位…（Ctrl+F）") if self.register is Member or "member" in self.register.__table__.c else tr("在{label}里找（Ctrl+F）")).format(label=self.register.label))
        self.quick.setAccessibleName(tr("快速筛选"))
        self.quick.setClearButtonEnabled(True)
        self.quick.setMinimumWidth(px(90))
        self.quick.textChanged.connect(lambda _text: self._timer.start())
        self.count = label("", "secondary")
        self.unmask = button(tr("显示号码"), self._toggle_mask, icon_name="eye", tip=tr("显示完整的证件号和电话；会记入变更记录"))
        self.scopes = QuietCombo()
        self.scopes.setAccessibleName(tr("看哪些人"))
        for text, scope in ((tr("在册"), listing.CURRENT), (tr("离开或退休"), listing.GONE), (tr("全部"), "")):
            self.scopes.addItem(text, scope)
        self.scopes.currentIndexChanged.connect(lambda _n: self._choose_scope())
        self.edit_button = button(tr("编辑"), self.menus.show_edits, icon_name="square-pen", tip=tr("粘贴、填充、替换、批量改"))
        self.view_button = button(tr("视图"), self.menus.show_views, icon_name="bookmark", tip=tr("保存的视图、分组、筛选行、打印"))
        self.member_sheets = MemberSheets(self) if self.register is Member else None
        self.export_button = button(tr("导出表格"), self.member_sheets.show_menu if self.member_sheets else self.output.ask_export, icon_name="file-spreadsheet", tip=tr("把现在显示的存成 .xlsx"))
        self.bar = row(self.quick, self.scopes, self.count, self.edit_button, self.view_button, self.unmask, self.export_button, spacing=8, wide=self.quick)
        box.addLayout(self.bar)
        self.scopes.setVisible(self.register is Member)  # only once it has a parent: before, it would be a window of its own
        self.chips = row(None, spacing=8)
        box.addLayout(self.chips)
        self.body = QStackedWidget()
        self.table = QTableView()
        self._prepare_table()
        self.filter_row = FilterRow(self)
        self.filter_row.hide()
        box.addWidget(self.filter_row)
        self.empty = EmptyState(self.register.icon, "", "")
        self.body.addWidget(self.table)
        self.body.addWidget(self.empty)
        box.addWidget(self.body, 1)
        return whole

    def _prepare_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setShowGrid(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setItemDelegate(ColouredDelegate(table))
        table.setAccessibleName(self.register.label)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setSectionsMovable(True)
        header.setHighlightSections(False)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self.columns.menu)
        header.sectionClicked.connect(self.columns.sort_by)
        table.doubleClicked.connect(lambda index: self.open_row(index.row()))
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self.menus.show_row)
        self.columns.apply()
        header.sectionResized.connect(lambda *_: self.columns.remember())
        header.sectionMoved.connect(lambda *_: self.columns.remember())
        self._restyle()

    def _restyle(self) -> None:
        self.table.verticalHeader().setDefaultSectionSize(px(38))
        self.table.horizontalHeader().setFixedHeight(px(40))

    def _keys(self) -> None:
        self._shortcut("Ctrl+F", self.quick.setFocus)
        self._shortcut("Return", self._open_current, on=self.table)
        self._shortcut("Enter", self._open_current, on=self.table)
        self._shortcut("Delete", self.remove_selected, on=self.table)
        self._shortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.output.copy, on=self.table)
        self._shortcut("Escape", self._escape, on=self)
        self._shortcut("F3", self.columns.menu_here, on=self.table)
        self._shortcut(QKeySequence(QKeySequence.StandardKey.Paste), self.edits.paste, on=self.table)
        self._shortcut("Ctrl+D", self.edits.fill_down, on=self.table)
        self._shortcut("Ctrl+H", self.edits.replace, on=self.table)
        self._shortcut("Ctrl+R", self.edits.change_many, on=self.table)
        self._shortcut("Ctrl+Shift+C", self.output.copy_cell, on=self.table)
        self._shortcut("Ctrl+Shift+L", self.toggle_filter_row, on=self.stack.widget(0))
        self._shortcut("Ctrl+G", self.show_groups, on=self.stack.widget(0))
        self._shortcut("Down", self.table.setFocus, on=self.quick)

    def _shortcut(self, keys: str | QKeySequence, do: Callable[[], object], *, on: QWidget | None = None) -> None:
        made = QShortcut(QKeySequence(keys), on or self)
        made.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        made.activated.connect(do)

    def _escape(self) -> None:
        if self.stack.currentWidget() is self.record_page:
            self.record_page.leave()
        elif self.quick.text():
            self.quick.clear()
        elif self._back is not None:
            self._back()

    # -- what is shown

    def arrived(self) -> None:
        if self.register.only_one:
            self.refresh()
            if self.model.order:
                self.open_row(0)
            return
        self.refresh()
        self._record_again()

    def _record_again(self) -> None:
        """What stands beside an open record follows what was done elsewhere."""
        if self.stack.currentIndex() == 1 and isinstance(self.record_page, SidePage):
            self.record_page.again()

    def _refresh_if_shown(self) -> None:
        """A key typed just before the lock finds the vault closed."""
        if self.isVisible():
            self.refresh()

    def query(self) -> Query:
        return Query(self.register, self.quick.text(), dict(self.filters), dict(self.fixed), self.sort, self.scope, self.only)

    def refresh(self) -> None:
        rows, before, column = self.selected_rows(), max(self.table.currentIndex().row(), 0), self.table.currentIndex().column()
        keep = self.model.ids_of(rows) if len(rows) <= MOST_KEPT else []
        self.model.ask(self.query())
        total = len(self.model.order)
        self.count.setText(f"{total:,} {self.register.counter}")
        filtered = bool(self.quick.text().strip() or self.filters or self.fixed or self.only is not None or self.scope == listing.GONE)
        self.empty.title.setText(tr("没有找到") if filtered else tr("还没有{label}").format(label=self.register.label))
        self.empty.detail.setText(tr("换个词试试，或者去掉筛选。") if filtered else self.empty_hint or tr("按 Ctrl+N 新建一条，或在“编辑”里从表格导入。"))
        if not total and self.register is Member and self.quick.text().strip():
            self.empty.detail.setText(self._nearly())
        if self.only is not None and not total:
            self.empty.title.setText(tr("现在是 0"))
            self.empty.detail.setText(tr("还没有这样的记录。按 Esc 返回。"))
        if self.fixed and not (self.quick.text().strip() or self.filters):
            self.empty.title.setText(tr("还没有{label}").format(label=self.register.label))
            self.empty.detail.setText(self._empty_of_fixed or tr("按 Ctrl+N 新建一条。"))
        self.body.setCurrentIndex(0 if total else 1)
        self._show_chips()
        self.filter_row.follow()
        column = column if column >= 0 and not self.table.isColumnHidden(column) else self._first_column()
        places = self.model.rows_of(keep)
        if places:
            self.table.setCurrentIndex(self.model.index(places[0], column))
            for place in places[1:]:
                self.table.selectionModel().select(self.model.index(place, column), QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows)
        elif total:
            self.table.setCurrentIndex(self.model.index(min(before, total - 1), column))

    def _nearly(self) -> str:
        """Who is nearly meant by what was typed."""
        with self.office.reading() as session:
            hits = nearly.members(session, self.quick.text().strip(), limit=3)
        return tr("是不是：{names}？").format(names="、".join(hit.title for hit in hits)) if hits else tr("换个词试试，或者去掉筛选。")

    def _first_column(self) -> int:
        return next((n for n in range(len(self.model.fields)) if not self.table.isColumnHidden(n)), 0)

    def heard(self, changed: Changed) -> None:
        """Another part of the program changed something."""
        if not self.isVisible():
            return
        if self.stack.currentIndex() == 1:
            self._record_again()
        elif self.register.__tablename__ in changed.registers:
            self.refresh()

    def show_only(self, fixed: Mapping[str, Any], title: str, *, back: Callable[[], object] | None = None, empty: str = "", only: Sequence[str] | None = None) -> None:
        """Narrow the table to, for instance, one lecture's sign-ins, or the records in `only`. `back` leads where one came from, by Escape too; `empty` says what to do when there are none."""
        self.fixed, self._back, self._empty_of_fixed = dict(fixed), back, empty
        self.only = None if only is None else tuple(only)
        if only is not None:
            self.filters, self.scope = {}, ""
            self.quick.clear()
        self.heading.setText(title)
        self.stack.setCurrentIndex(0)
        self.refresh()

    @property
    def was_led_to(self) -> bool:
        """Whether it is narrowed to what somebody came for from another page."""
        return self._back is not None

    def come_from(self, back: Callable[[], object]) -> None:
        """Escape leads there."""
        self._back = back
        self._show_chips()

    def show_all(self) -> None:
        self.fixed, self.filters, self.sort, self._back, self.only = {}, {}, None, None, None
        self.scope = self.scopes.currentData() if self.register is Member else ""
        self.table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.heading.setText(self.title or self.register.label)
        self.quick.clear()
        self.scopes.setCurrentIndex(0)
        self.columns.give_back()
        self.refresh()

    # -- views

    def view(self) -> dict[str, Any]:
        """How the table is looked at now, to be shown again later."""
        return {"quick": self.quick.text(), "filters": dict(self.filters), "sort": self.sort, "scope": self.scope, "columns": self.columns.now(), "pivot": self.pivot}

    def show_view(self, view: Mapping[str, Any], name: str) -> None:
        known = {f.name for f in self.model.fields}
        self.fixed, self.only = {}, None
        self.filters = {name: text for name, text in view["filters"].items() if name in known}
        self.sort = tuple(view["sort"]) if view["sort"] and view["sort"][0] in known else None
        self.columns.borrow(view["columns"])
        self.pivot = tuple(view["pivot"]) if view.get("pivot") else None
        self.table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        if self.sort is not None:
            place = [f.name for f in self.model.fields].index(self.sort[0])
            self.table.horizontalHeader().setSortIndicator(place, Qt.SortOrder.DescendingOrder if self.sort[1] else Qt.SortOrder.AscendingOrder)
        self.scopes.setCurrentIndex(max(self.scopes.findData(view["scope"]), 0))
        self.quick.setText(view["quick"])
        self.heading.setText(f"{self.title or self.register.label} · {name}")
        self.refresh()

    def _choose_scope(self) -> None:
        self.scope = self.scopes.currentData() if self.register is Member else ""
        self._refresh_if_shown()

    def toggle_filter_row(self) -> None:
        self.filter_row.setVisible(not self.filter_row.isVisible())
        if self.filter_row.isVisible():
            self.filter_row.lay()
            self.filter_row.fields[max(self.table.currentIndex().column(), self._first_column())].setFocus()

    def show_groups(self) -> None:
        GroupDialog(self).exec()

    def show_pivot(self) -> None:
        """Counted by two columns; what was chosen belongs to the view."""
        dialog = PivotDialog(self, self.office, self.query(), start=self.pivot)
        dialog.finished.connect(lambda _result: self._keep_pivot(dialog))
        dialog.rows_wanted.connect(lambda ids, title: self.show_only({}, title, back=self.show_all, only=ids))
        dialog.open()

    def _keep_pivot(self, dialog: PivotDialog) -> None:
        self.pivot = (dialog.down.currentData(), dialog.across.currentData())

    def print_list(self) -> None:
        if (pdf := print_list(self)) is not None:
            self.pdf_ready.emit(pdf, self.heading.text(), None)

    def _show_chips(self) -> None:
        while (item := self.chips.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        for name, text in self.filters.items():
            f = next(f for f in self.model.fields if f.name == name)
            chip = button(f"{f.label}：{text}", partial(self.set_filter, name, ""), icon_name="x", tip=tr("去掉这个筛选"))
            chip.setProperty("chip", True)
            self.chips.addWidget(chip)
        if self._back is not None:
            self.chips.addWidget(button(tr("返回"), self._back, icon_name="chevron-left", tip=tr("返回（Esc）")))
        if self.fixed or self.only is not None:
            chip = button(tr("只看：{title}").format(title=self.heading.text()), self.show_all, icon_name="x")
            chip.setProperty("chip", True)
            self.chips.addWidget(chip)
        self.chips.addStretch(1)

    def first_focus(self) -> QWidget | None:
        if self.stack.currentIndex() != 0:
            return None
        return self.table if self.model.order or self.register.only_one else self.quick if self.only is not None else self.new_button

    def has_unsaved(self) -> bool:
        return self.stack.currentWidget() is self.record_page and self.record_page.is_dirty

    def set_filter(self, name: str, text: str) -> None:
        if text.strip():
            self.filters[name] = text.strip()
        else:
            self.filters.pop(name, None)
        self.refresh()

    # -- what is done

    def selected_rows(self) -> list[int]:
        model = self.table.selectionModel()
        rows = sorted(index.row() for index in model.selectedRows(self._first_column())) if model else []
        return [r for r in rows if r < len(self.model.order)]

    def chosen_ids(self) -> list[str]:
        """What an action is for: the open record, once it is saved, else what is selected in the list."""
        if self.stack.currentIndex() == 1:
            return [self.record_page.record_id] if self.record_page.record_id and self.record_page.may_leave() else []
        return self.selected_ids()

    def select(self, ids: Sequence[str]) -> None:
        """Stand on these records."""
        places = self.model.rows_of(ids)
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        if places:
            self.table.clearSelection()
            self.table.selectionModel().setCurrentIndex(self.model.index(places[0], self._first_column()), QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows)
            for place in places[1:]:
                self.table.selectionModel().select(self.model.index(place, self._first_column()), flags)

    def selected_ids(self) -> list[str]:
        return self.model.ids_of(self.selected_rows())

    def new_record(self) -> None:
        self.record_page.open(None, preset=self.fixed)
        self.stack.setCurrentWidget(self.record_page)

    def open_row(self, place: int) -> None:
        self.open_record(self.model.id_at(place))

    def open_record(self, record_id: str) -> None:
        self.record_page.open(record_id)
        self.stack.setCurrentWidget(self.record_page)

    def _open_current(self) -> None:
        index: QModelIndex = self.table.currentIndex()
        if index.isValid():
            self.open_row(index.row())

    def _record_closed(self, saved: str) -> None:
        self.stack.setCurrentIndex(0)
        self.refresh()
        if saved and (place := self.model.row_of(saved)) is not None:
            # not selectRow: with the Ctrl of Ctrl+S still down it would turn the row off
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.table.selectionModel().setCurrentIndex(self.model.index(place, self._first_column()), flags)
        if focus := self.first_focus():
            focus.setFocus()

    def may_leave(self) -> bool:
        return self.stack.currentWidget() is not self.record_page or self.record_page.may_leave()

    def remove_selected(self) -> None:
        """Delete what is selected, as one act that can be undone; no question, because there is a way back."""
        ids = self.selected_ids()
        if not ids or self.register.only_one:
            return
        if len(ids) > 20 and QMessageBox.question(self, tr("删除"), tr("要删除 {n} {counter}吗？可以撤销。").format(n=len(ids), counter=self.register.counter)) != QMessageBox.StandardButton.Yes:
            return
        try:
            with self.office.act(ActKind.EDIT, f"删除{self.register.label}" if self.register.guarded else f"删除{self.register.label}：{self._names_of(ids)}") as act:
                for record_id in ids:
                    act.remove(self.register, record_id)
        except UserError as e:
            errors.show(self, e)
        self.refresh()

    def _names_of(self, ids: Sequence[str]) -> str:
        """张三等 5 人."""
        with self.office.reading() as session:
            first = listing.titles(session, self.register.__tablename__, ids[:1]).get(ids[0], "")
        return first if len(ids) == 1 else f"{first}等 {len(ids)} {self.register.counter}"

    def _toggle_mask(self) -> None:
        showing = not self.model.unmasked
        if showing:
            with self.office.act(ActKind.SHOW, f"在列表里显示{self.register.label}的号码") as act:
                act.note(rows=len(self.model.order), register=self.register.__tablename__)
        self.model.set_unmasked(showing)
        self.unmask.setProperty("words", f" {tr('遮住号码') if showing else tr('显示号码')}")
        self.fit(self.width())
        self.refresh()

