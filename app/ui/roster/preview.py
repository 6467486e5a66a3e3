"""The preview of a staged workbook: filters with counts, the rows, what is to be decided, and the buttons that end it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractItemView, QTableView, QVBoxLayout, QWidget

from app.services.roster.batch import Batch
from app.services.roster.intake import Plan, Planned, Verdict
from app.ui.roster.detail import Detail
from app.ui.roster.model import LOOK, NOBODY, SKIPPED, PreviewModel
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import ColouredDelegate, QuietCombo, button, label, row

FILTERS = {
    "": "全部", Verdict.NEW.value: "新会员", Verdict.CHANGED.value: "有变化", Verdict.UNCHANGED.value: "没变化", Verdict.NEAR.value: "像是同一人", Verdict.LEFT_OUT.value: "先不导入",
    LOOK: "要看一眼", NOBODY: "不是人",
}
_WIDTHS = {"full_name": 140, "gender": 90, "id_number": 190, "mobile": 130, "birth_date": 170, "department": 120}


class Preview(QWidget):
    """Shows a batch and its plan; what the clerk decides goes out as `decided(row key, what)`."""

    decided = Signal(str, object)
    compared = Signal(object)
    """A row that is like somebody: put the two side by side."""

    def __init__(self, *, columns: Callable[[], None], options: Callable[[], None], missing: Callable[[], None], give_back: Callable[[], None], close: Callable[[], None], commit: Callable[[], None]) -> None:
        super().__init__()
        self.batch: Batch | None = None
        self.plan = Plan((), 0)
        self.which = ""
        self._narrow = False
        self.model = PreviewModel([])
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px(12))
        self.chips: dict[str, Any] = {}
        for which, text in FILTERS.items():
            chip = button(tr(text), partial(self.show_only, which))
            chip.setProperty("chip", True)
            chip.setCheckable(True)
            self.chips[which] = chip
        self.filters = QuietCombo()
        self.filters.setAccessibleName(tr("看哪些行"))
        for which, text in FILTERS.items():
            self.filters.addItem(tr(text), which)
        self.filters.activated.connect(lambda _n: self.show_only(self.filters.currentData()))
        box.addLayout(row(*self.chips.values(), None, spacing=8))
        self.about = label("", "secondary", wrap=True)
        self.columns_button = button(tr("调整列…"), columns, icon_name="columns-3")
        self.options_button = button("", options, icon_name="settings", tip=tr("怎样导入"))
        self.missing_button = button("", missing, icon_name="user-x")
        box.addLayout(row(self.filters, self.about, self.missing_button, self.options_button, self.columns_button, wide=self.about))
        box.addWidget(self._build_table(), 1)
        self.detail = Detail(mend=self.mend, take=self.take_anyway, compare=self.compare, leave=self._leave)
        box.addWidget(self.detail)
        self.import_button = button(tr("导入"), commit, icon_name="check", primary=True, key="Ctrl+Return")
        self.give_back_button = button(tr("退回表格…"), give_back, icon_name="file-spreadsheet", tip=tr("原表加上“是否导入成功”“错误原因”两列，改好可以再导入"))
        self.hint = hint = label("", "secondary", wrap=True)
        box.addLayout(row(hint, None, self.give_back_button, button(tr("先放着"), close, tip=tr("留在导入台账里，以后接着办")), self.import_button, wide=hint))
        self.fit(px(1100))

    def _build_table(self) -> QTableView:
        self.table = table = QTableView()
        table.setMinimumHeight(px(64))
        table.setTabKeyNavigation(False)
        table.setItemDelegate(ColouredDelegate(table))
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.verticalHeader().hide()
        table.setAccessibleName(tr("导入预览"))
        return table

    def fit(self, width: int) -> None:
        """The filters side by side; with large type they are one list, and buttons and hints give up their words, so that rows stay in sight."""
        self._narrow = width < px(1000)
        for part in (*self.chips.values(), self.hint):
            part.setVisible(not self._narrow)
        self.filters.setVisible(self._narrow)
        self._name_buttons()

    # -- showing

    def show_batch(self, batch: Batch, plan: Plan) -> None:
        self.batch, self.plan = batch, plan
        self.model = PreviewModel(_names(batch))
        self.model.know(batch.checked.sheets)
        self.model.edited.connect(lambda key, name, text: self.decided.emit(key, {"mend": (name, text)}))
        self.table.setModel(self.model)
        self.table.verticalHeader().setDefaultSectionSize(px(38))
        header = self.table.horizontalHeader()
        header.setFixedHeight(px(40))
        header.setHighlightSections(False)
        two = {name for p in plan.rows for name in p.changes}  # their cells show the old and the new
        for n, name in enumerate(("", "", *self.model.names)):
            self.table.setColumnWidth(n, px((50, 100)[n] if n < 2 else max(_WIDTHS.get(name, 110), 230 if name in two else 0)))
        header.setStretchLastSection(True)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self.say())
        self._say_about()
        self.show_only(self.which if self.which in self.chips else "")
        self.table.setFocus()

    def show_plan(self, plan: Plan) -> None:
        """The same batch after a decision: the row stays in sight and the column too."""
        current, column, scrolled = self.current(), self.table.currentIndex().column(), self.table.horizontalScrollBar().value()
        place = self.table.currentIndex().row()
        ticking = next((name for name, made in self.detail.boxes.items() if made.hasFocus()), None)
        self.plan = plan
        self.show_only(self.which)
        found = next((n for n in range(self.model.rowCount()) if (p := self.model.planned(n)) and current and p.row.key == current.row.key), None)
        if self.model.rowCount():
            self.table.setCurrentIndex(self.model.index(found if found is not None else min(max(place, 0), self.model.rowCount() - 1), max(column, 0)))
        self.table.horizontalScrollBar().setValue(scrolled)
        self.say()
        (self.detail.boxes.get(ticking or "") or self.table).setFocus()

    def _say_about(self) -> None:
        assert self.batch is not None
        sheets = [s for s in self.batch.checked.sheets if s.rows]
        parts = []
        if self.batch.forms:
            parts.append(tr("认得这种表：{name}").format(name="、".join(self.batch.forms)))
        if sheets and sheets[0].table:
            rows = "–".join(str(n) for n in sheets[0].table.header_rows)
            parts.append(tr("表头第 {rows} 行，{n} 列已认出").format(rows=rows, n=len(self.model.names)))
        parts += [tr("“{name}”没有读：{why}").format(name=s.name, why=SKIPPED.get(s.why_skipped, s.why_skipped)) for s in self.batch.checked.sheets if s.why_skipped]
        if self.batch.was_in_before:
            parts.append(tr("这个文件以前打开过，接着上次的决定"))
        self.about.setText(" · ".join(parts))

    def show_only(self, which: str) -> None:
        self.which = which
        self.model.fill(self.plan.rows, which)
        counts: dict[str, int] = {v.value: self.plan.count(v) for v in Verdict}
        counts |= {"": len(self.plan.rows), LOOK: sum(bool(p.row.problems) for p in self.plan.rows), NOBODY: len(self.model.nobody)}
        for key, chip in self.chips.items():
            chip.setText(f"{tr(FILTERS[key])} {counts[key]}")
            chip.setChecked(key == which)
            chip.setEnabled(counts[key] > 0 or key == which or key == "")
            self.filters.setItemText(self.filters.findData(key), chip.text())
        self.filters.setCurrentIndex(self.filters.findData(which))
        waits = counts[Verdict.NEAR.value] + counts[Verdict.LEFT_OUT.value]
        self.import_button.setText((tr("导入 {n} 人").format(n=self.plan.going) if self.plan.going else tr("没有要导入的变化")) + (tr("，{m} 行先放着").format(m=waits) if waits and self.plan.going else ""))
        self.import_button.setEnabled(self.plan.going > 0)
        self.give_back_button.setVisible(waits > 0)
        self.missing_button.setVisible(bool(self.plan.missing))
        self._name_buttons()
        if self.model.rowCount():
            self.table.selectRow(0)
        self.say()

    def _name_buttons(self) -> None:
        options = self.plan.options
        self.hint.setText(tr("整批可以撤销 · 关掉也不丢，随时接着办 · ") + (tr("注意：{n} 列的空白会清掉已有内容").format(n=len(options.wipe)) if options.wipe else tr("空白格不会清掉已有内容")))
        self.hint.setObjectName("warn" if options.wipe else "secondary")
        self.hint.style().unpolish(self.hint)
        self.hint.style().polish(self.hint)
        wiped = tr("，{n} 列空白清掉").format(n=len(options.wipe)) if options.wipe else ""
        words = {self.missing_button: tr("表里没有的 {n} 人…").format(n=len(self.plan.missing)), self.options_button: options.mode.label + wiped, self.columns_button: tr("调整列…"), self.give_back_button: tr("退回表格…")}
        for made, text in words.items():
            made.setText("" if self._narrow else f" {text}")
            made.setToolTip(text)

    def current(self) -> Planned | None:
        index = self.table.currentIndex()
        return self.model.planned(index.row()) if index.isValid() and index.row() < self.model.rowCount() else None

    def say(self) -> None:
        p, place = self.current(), self.table.currentIndex().row()
        if p is not None:
            several = self.batch is not None and len([s for s in self.batch.checked.sheets if s.rows]) > 1
            self.detail.show_row(p, tr("第 {n} 行").format(n=p.row.row) + (f"（{p.row.sheet}）" if several else ""))
        elif self.model.shows_nobody and 0 <= place < len(self.model.nobody):
            sheet, number, why, text = self.model.nobody[place]
            self.detail.show_nobody(f"“{sheet}”第 {number} 行是{why}", text)
        else:
            self.detail.show_nobody("", "")

    # -- deciding

    def mend(self) -> None:
        """Edit the cell that the sentence is about."""
        p = self.current()
        if p is None:
            return
        name = next((x.field for x in p.row.problems if x.field in self.model.names), None)
        column = self.model.names.index(name) + 2 if name else max(self.table.currentIndex().column(), 2)
        index = self.model.index(self.table.currentIndex().row(), column)
        self.table.setCurrentIndex(index)
        self.table.edit(index)

    def take_anyway(self) -> None:
        if p := self.current():
            self.decided.emit(p.row.key, {"with_doubts": True})

    def compare(self) -> None:
        p = self.current()
        if p is not None and p.near:
            self.compared.emit(p)

    def _leave(self, name: str, taken: bool) -> None:
        if p := self.current():
            self.decided.emit(p.row.key, {"leave": p.leave - {name} if taken else p.leave | {name}})


def _names(batch: Batch) -> list[str]:
    found: dict[str, None] = {}
    for sheet in batch.checked.sheets:
        for one in sheet.rows[:200]:
            found |= dict.fromkeys(one.values)
    return list(found)
