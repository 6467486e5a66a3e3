"""Taking a roster in: drop a file, look at every doubt beside its cell, import in one act."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QDialog, QFileDialog, QFormLayout, QGridLayout, QMessageBox, QProgressBar, QScrollArea, QStackedWidget, QTableView, QVBoxLayout, QWidget

from app.services.office import Office
from app.services.roster import intake, layout
from app.services.roster.check import Checked, Row, check_file, check_sheets, reread
from app.services.roster.intake import Imported, Plan, Planned, Verdict
from app.services.roster.reader import read
from app.ui import errors, jobs
from app.ui.roster_model import LOOK, PreviewModel
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, Card, ColouredDelegate, EmptyState, Icon, Page, button, label, row
from db.fields import cell_text
from db.problems import UserError

SKIPPED = {
    "blank": "空行", "total": "合计行", "note": "说明行", "header": "重复的表头", "sample": "示例行", "no-name": "没有姓名", "hidden-sheet": "隐藏的表", "left-sheet": "离退人员表", "no-table": "不是名册",
}


@dataclass(frozen=True)
class Looked:
    """What the worker gives back: a file read, checked and planned."""

    path: Path
    digest: str
    checked: Checked
    plan: Plan


class RosterPage(Page):
    """Choose or drop; preview with doubts; import. `imported` tells the window; `closed` wants the register back."""

    imported = Signal(object)
    closed = Signal()

    def __init__(self, office: Office) -> None:
        super().__init__(tr("导入名册"))
        self.office = office
        self.setAcceptDrops(True)
        self.path: Path | None = None
        self.digest = ""
        self.checked: Checked | None = None
        self.plan = Plan((), 0)
        self.which = ""
        self._mappings: dict[str, dict[int, str]] = {}
        self._with_doubts: set[tuple[str, int]] = set()
        self._mended = 0
        self.stack = QStackedWidget()
        self.outer.addWidget(self.stack, 1)
        self.stack.addWidget(self._welcome())
        self.stack.addWidget(self._busy())
        self.preview = QWidget()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.preview)
        self.stack.addWidget(area)
        self._preview_box = QVBoxLayout(self.preview)
        self._preview_box.setContentsMargins(0, 0, 0, 0)
        self._preview_box.setSpacing(px(12))
        self._build_preview()
        escape = QShortcut(QKeySequence("Escape"), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.close_import)

    def _welcome(self) -> QWidget:
        card = Card()
        self.choose_button = button(tr("选文件…"), self.choose, icon_name="folder-open", primary=True, key="Ctrl+O")
        self.banner = Banner()
        card.body.addWidget(
            EmptyState(
                "file-spreadsheet", tr("把人事科给的表格拖到这里"),
                tr("任何版式都行：.xlsx、.xls、.csv，有标题、有两行表头、分几张表都可以。先看一遍，确认后才写入，整批可以撤销。"), self.choose_button,
            ),
            1,
        )
        card.body.addWidget(self.banner)
        return card

    def _busy(self) -> QWidget:
        card = Card()
        card.body.addStretch(1)
        self.busy_text = label("", "section")
        self.busy_text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.cancel_job = button(tr("取消"), self._cancel_job)
        card.body.addWidget(self.busy_text)
        card.body.addWidget(self.progress)
        card.body.addLayout(row(None, self.cancel_job, None))
        card.body.addStretch(1)
        self._job: jobs.Job | None = None
        return card

    def _build_preview(self) -> None:
        self.chips: dict[str, Any] = {}
        for which, text in (("", tr("全部")), ("new", tr("新会员")), ("changed", tr("有变化")), ("unchanged", tr("没变化")), (LOOK, tr("要看一眼")), ("left-out", tr("先不导入"))):
            chip = button(text, partial(self.show_only, which))
            chip.setProperty("chip", True)
            chip.setCheckable(True)
            self.chips[which] = chip
        self.about = label("", "secondary")
        self.map_button = button(tr("调整列"), self.ask_columns, icon_name="columns-3")
        self._chip_grid = QGridLayout()
        self._chip_grid.setSpacing(px(8))
        self._preview_box.addLayout(self._chip_grid)
        self.table = QTableView()
        self.table.setMinimumHeight(px(160))
        self.table.setTabKeyNavigation(False)
        self.table.setItemDelegate(ColouredDelegate(self.table))
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.verticalHeader().hide()
        self.table.setAccessibleName(tr("导入预览"))
        self._preview_box.addWidget(self.table, 1)
        doubt = Card(padding=14)
        self.doubt_icon = Icon("info", "secondary", 20)
        self.doubt = label("", wrap=True)
        self.mend_button = button(tr("就地改"), self._mend)
        self.take_button = button(tr("空着也导入"), self._take_anyway)
        doubt.body.addLayout(row(self.doubt_icon, self.doubt, self.mend_button, self.take_button, wide=self.doubt))
        self._preview_box.addWidget(doubt)
        self.import_button = button(tr("导入"), self.commit, icon_name="check", primary=True, key="Ctrl+Return")
        self.save_left_out = button(tr("另存没导入的行…"), self._ask_left_out, icon_name="file-spreadsheet")
        hint = label(tr("空白格不会清掉已有内容 · 整批可以撤销"), "secondary", wrap=True)
        self._preview_box.addLayout(row(hint, self.save_left_out, button(tr("取消"), self.close_import), self.import_button, wide=hint))
        self._lay_chips(wide=True)

    def fit(self, width: int) -> None:
        super().fit(width)
        self._lay_chips(wide=width >= px(1000))

    def _lay_chips(self, *, wide: bool) -> None:
        """The filters in one line with what was recognised beside them; with large type in two lines, and it in the tip."""
        per_line = 6 if wide else 3
        for n, chip in enumerate(self.chips.values()):
            self._chip_grid.addWidget(chip, n // per_line, n % per_line)
        self._chip_grid.addWidget(self.about, 0, 7)
        self._chip_grid.addWidget(self.map_button, 0, 8 if wide else 4)
        self.about.setVisible(wide)
        self._chip_grid.setColumnStretch(6 if wide else 3, 1)
        self._chip_grid.setColumnStretch(3 if wide else 6, 0)

    # -- opening a file

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        if urls and urls[0].isLocalFile():
            self.open_file(Path(urls[0].toLocalFile()))

    def choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("选名册文件"), "", tr("表格 (*.xlsx *.xls *.xlsm *.csv *.txt *.et);;所有文件 (*)"))
        if path:
            self.open_file(Path(path))

    def open_file(self, path: Path) -> None:
        """Read and check off the UI thread; then the preview."""
        self.path = path
        self._mappings, self._with_doubts, self._mended = {}, set(), 0
        self.banner.say("")
        self.busy_text.setText(tr("正在读“{name}”…").format(name=path.name))
        self.heading.setText(f"{tr('导入名册')}　{path.name}")
        self.stack.setCurrentIndex(1)
        office = self.office

        def work() -> Looked:
            digest = intake.digest_of(path)
            checked = check_file(path)
            with office.reading() as session:
                return Looked(path, digest, checked, intake.plan(session.connection(), checked))

        self._job = jobs.start(work, done=self._opened, failed=self._not_opened)

    def _opened(self, result: Looked) -> None:
        if self._job is None or result.path != self.path:
            return  # cancelled, or another file was dropped meanwhile
        self.digest, self.checked, self.plan = result.digest, result.checked, result.plan
        if not self.plan.rows:
            self.stack.setCurrentIndex(0)
            self.banner.say(tr("“{name}”里没有找到会员名单：表头里至少要有“姓名”，和身份证号、手机、部门里的一样。").format(name=self.path.name if self.path else ""))
            return
        self._show_preview()

    def _not_opened(self, error: BaseException) -> None:
        self.stack.setCurrentIndex(0)
        self.heading.setText(tr("导入名册"))
        if isinstance(error, UserError):
            self.banner.say(str(error))
        else:
            errors.show(self, error)

    def _cancel_job(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self.close_import()

    # -- the preview

    def _names(self) -> list[str]:
        assert self.checked is not None
        found: dict[str, None] = {}
        for sheet in self.checked.sheets:
            if sheet.rows:
                for name in sheet.rows[0].values:
                    found[name] = None
        return list(found)

    def _show_preview(self) -> None:
        assert self.checked is not None
        self.model = PreviewModel(self._names())
        self.model.edited.connect(self._edited)
        self.table.setModel(self.model)
        self.table.verticalHeader().setDefaultSectionSize(px(38))
        header = self.table.horizontalHeader()
        header.setFixedHeight(px(40))
        header.setHighlightSections(False)
        widths = {"full_name": 130, "gender": 90, "id_number": 190, "mobile": 130, "birth_date": 120, "department": 120}
        for n, name in enumerate(("", "", *self.model.names)):
            self.table.setColumnWidth(n, px((50, 92)[n] if n < 2 else widths.get(name, 104)))
        header.setStretchLastSection(True)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._say_doubt())
        self.show_only(self.which if self.which in self.chips else "")
        self.stack.setCurrentIndex(2)
        tables = [s for s in self.checked.sheets if s.rows]
        rows = "–".join(str(n) for n in tables[0].table.header_rows) if tables and tables[0].table else ""
        skipped = sum(len(s.skipped) for s in self.checked.sheets)
        self.about.setText(tr("表头第 {rows} 行 · {n} 列已认出 · 不是人的 {skipped} 行").format(rows=rows, n=len(self.model.names), skipped=skipped))
        for part in (self.about, self.map_button):
            part.setToolTip("\n".join([self.about.text(), *self._skipped_lines()]))
        self.table.setFocus()

    def _skipped_lines(self) -> list[str]:
        assert self.checked is not None
        lines = []
        for sheet in self.checked.sheets:
            lines += [f"{sheet.name} 第 {n} 行：{SKIPPED.get(why, why)}" for n, why in sheet.skipped[:12]]
        return lines

    def show_only(self, which: str) -> None:
        self.which = which
        self.model.fill(self.plan.rows, which)
        counts = {v.value: self.plan.count(v) for v in Verdict}
        counts |= {"": len(self.plan.rows), LOOK: sum(bool(p.row.problems) for p in self.plan.rows)}
        words = {"": tr("全部"), "new": tr("新会员"), "changed": tr("有变化"), "unchanged": tr("没变化"), LOOK: tr("要看一眼"), "left-out": tr("先不导入")}
        for key, chip in self.chips.items():
            chip.setText(f"{words[key]} {counts[key]}")
            chip.setChecked(key == which)
        going = counts["new"] + counts["changed"]
        self.import_button.setText(tr("导入 {n} 人").format(n=going) + (tr("，{m} 行先放着").format(m=counts["left-out"]) if counts["left-out"] else ""))
        self.import_button.setEnabled(going > 0)
        if not going:
            self.import_button.setText(tr("没有要导入的变化"))
        self.save_left_out.setVisible(counts["left-out"] > 0)
        if self.model.rowCount():
            self.table.selectRow(0)
        self._say_doubt()

    def _current(self) -> Planned | None:
        index = self.table.currentIndex()
        return self.model.planned(index.row()) if index.isValid() and index.row() < self.model.rowCount() else None

    def _say_doubt(self) -> None:
        p = self._current()
        problems = p.row.problems if p else ()
        wrong = any(x.is_error for x in problems)
        self.mend_button.setVisible(bool(problems))
        self.take_button.setVisible(bool(p and p.verdict is Verdict.LEFT_OUT and p.row.values.get("full_name") and not any(x.code == "duplicate-in-file" for x in problems)))
        if p is None or not problems:
            self.doubt_icon.show_icon("circle-check", "good")
            self.doubt.setText(tr("这一行没有疑问。") if p else tr("这里没有行。"))
            return
        self.doubt_icon.show_icon("circle-alert", "bad" if wrong else "warn")
        where = tr("第 {n} 行").format(n=p.row.row) + (f"（{p.row.sheet}）" if self.checked and len([s for s in self.checked.sheets if s.rows]) > 1 else "")
        self.doubt.setText(f"{where} {p.row.values.get('full_name') or ''}：{' '.join(x.message for x in problems)}")

    def _mend(self) -> None:
        p = self._current()
        if p is None:
            return
        field = next((x.field for x in p.row.problems if x.field in self.model.names), None)
        if field:
            index = self.model.index(self.table.currentIndex().row(), self.model.names.index(field) + 2)
            self.table.setCurrentIndex(index)
            self.table.edit(index)

    def _take_anyway(self) -> None:
        p = self._current()
        if p is not None:
            self._with_doubts.add((p.row.sheet, p.row.row))
            self._plan_again([p.row for p in self.plan.rows])

    def _edited(self, place: int, name: str, text: str) -> None:
        rows = [p.row for p in self.plan.rows]
        rows[place] = reread(rows[place], {name: text})
        self._mended += 1
        QTimer.singleShot(0, lambda: self._plan_again(rows))  # the editor still belongs to the present rows

    def _plan_again(self, rows: list[Row]) -> None:
        current, column = self._current(), self.table.currentIndex().column()
        with self.office.reading() as session:
            self.plan = intake.plan(session.connection(), rows, with_doubts=self._with_doubts)
        self.show_only(self.which)
        if current is not None:
            place = next((n for n in range(self.model.rowCount()) if self.model.planned(n).row.row == current.row.row and self.model.planned(n).row.sheet == current.row.sheet), None)
            if place is not None:
                self.table.setCurrentIndex(self.model.index(place, max(column, 0)))
        self.table.setFocus()

    def first_focus(self) -> QWidget | None:
        return self.table if self.stack.currentIndex() == 2 else self.choose_button

    def has_unsaved(self) -> bool:
        return self.stack.currentIndex() == 2 and self._mended > 0

    def ask_columns(self) -> None:
        """Say for each column of the file what it is."""
        assert self.checked is not None
        sheet = next(s for s in self.checked.sheets if s.table is not None and s.rows)
        assert sheet.table is not None
        dialog = QDialog(self)
        dialog.setWindowTitle(tr("调整列"))
        dialog.resize(px(520), px(560))
        box = QVBoxLayout(dialog)
        box.addWidget(label(tr("左边是表格里的列，右边选它是什么。"), "secondary"))
        area = QScrollArea()
        area.setWidgetResizable(True)
        inner = QWidget()
        form = QFormLayout(inner)
        choices: dict[int, QComboBox] = {}
        names = list(layout.importable())
        for column, header in sheet.table.headers.items():
            combo = QComboBox()
            combo.addItem(tr("（不要这一列）"), "")
            for name in names:
                combo.addItem(intake.label_of(name), name)
            combo.setCurrentIndex(combo.findData(sheet.table.columns.get(column, "")))
            choices[column] = combo
            form.addRow(header, combo)
        area.setWidget(inner)
        box.addWidget(area, 1)
        box.addLayout(row(None, button(tr("取消"), dialog.reject), button(tr("确定"), dialog.accept, primary=True)))
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.map_columns({c: combo.currentData() for c, combo in choices.items()})

    def map_columns(self, columns: dict[int, str]) -> None:
        """Check again with these columns for all sheets of the same header."""
        assert self.path is not None and self.checked is not None
        self._mappings = {s.name: columns for s in self.checked.sheets if s.rows}
        mappings = self._mappings
        path, office = self.path, self.office
        self.stack.setCurrentIndex(1)

        def work() -> Looked:
            checked = check_sheets(path.name, read(path), mappings=mappings)
            with office.reading() as session:
                return Looked(path, self.digest, checked, intake.plan(session.connection(), checked))

        self._job = jobs.start(work, done=self._opened, failed=self._not_opened)

    # -- the end

    def commit(self) -> None:
        if self.path is None or not self.import_button.isEnabled():
            return
        path, plan, digest, office = self.path, self.plan, self.digest, self.office
        self.busy_text.setText(tr("正在导入…"))
        self.stack.setCurrentIndex(1)

        def work(progress: Callable[[int, int], None]) -> Imported:
            return intake.commit(office, path.name, plan, digest=digest, progress=progress)

        self._job = jobs.start(work, done=self._committed, failed=self._not_opened, progressed=self._progressed, reports=True)

    def _progressed(self, done: int, total: int) -> None:
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(done)

    def _committed(self, done: Imported) -> None:
        self.progress.setRange(0, 0)
        self._mended = 0
        self.stack.setCurrentIndex(0)
        self.heading.setText(tr("导入名册"))
        self.imported.emit(done)

    def _ask_left_out(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("另存没导入的行"), tr("待修名单.xlsx"), tr("表格 (*.xlsx)"))
        if path:
            self.write_left_out(Path(path))

    def write_left_out(self, path: Path) -> None:
        """Give the rows back with 是否导入成功 and 错误原因; they can be mended there and imported."""
        rows = [{"cells": {n: cell_text(c) for n, c in p.row.cells.items()}, "why": [x.message for x in p.row.problems if x.is_error]} for p in self.plan.rows if p.verdict is Verdict.LEFT_OUT]
        try:
            intake.write_left_out(rows, path)
        except OSError:
            errors.show(self, UserError(tr("没有写成，请换一个位置，或先关掉打开着的同名文件。")))

    def close_import(self) -> None:
        """Back to the register; asks before mended rows are given up."""
        if self.has_unsaved() and QMessageBox.question(self, tr("还没有导入"), tr("改过的 {n} 处还没有导入，不要了吗？").format(n=self._mended)) != QMessageBox.StandardButton.Yes:
            return
        self._mended = 0
        self.stack.setCurrentIndex(0)
        self.heading.setText(tr("导入名册"))
        self.closed.emit()
