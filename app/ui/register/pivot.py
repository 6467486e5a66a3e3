"""A register counted by two dimensions: table, chart, workbook."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from app.services import pivot, spreadsheet
from app.services.listing import Query
from app.services.office import Office
from app.services.pivot import Pivot
from app.ui.charts import PICTURE_FILES, BarChart, save_charts
from app.ui.dialog import FramedDialog
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import QuietCombo, button, label, row
from db.problems import UserError

_FIRST = {"certificate": ("occupation", "skill_level"), "member": ("department", "age"), "innovation_result": ("kind", "year"), "enrolment": ("training", "result"), "entry": ("trade", "award"), "patent": ("kind", "grant_published_on")}
"""Where a register's pivot begins."""
MOST_BARS = 12


class PivotDialog(FramedDialog):
    """What the table shows, counted anew with every choice. `rows_wanted`: ids and a title, for the records behind a number."""

    enter_accepts = False
    rows_wanted = Signal(object, str)

    def __init__(self, parent: QWidget, office: Office, query: Query, *, start: tuple[str, str] | None = None) -> None:
        super().__init__(parent, tr("透视表：{label}").format(label=query.register.label), 960, 640)
        self.office, self.query = office, query
        self.down, self.across = QuietCombo(), QuietCombo()
        names = pivot.dimensions(query.register)
        for combo, words in ((self.down, tr("行")), (self.across, tr("列"))):
            combo.setAccessibleName(words)
            for name, text in names:
                combo.addItem(text, name)
        first, second = start or _FIRST.get(query.register.__tablename__, (names[0][0], names[min(1, len(names) - 1)][0]))
        self.down.setCurrentIndex(max(self.down.findData(first), 0))
        self.across.setCurrentIndex(max(self.across.findData(second), 0))
        self.count = label("", "secondary")
        self.box.addLayout(row(label(tr("行")), self.down, label(tr("列")), self.across, self.count, None))
        self.box.addWidget(self.banner)
        self.table = QTableWidget()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName(tr("透视表"))
        self.table.setToolTip(tr("双击或按回车看是哪些。"))
        self.table.itemActivated.connect(lambda item: self.open_cell(item.row(), item.column()))
        self.table.setMinimumHeight(px(200))
        self.table.verticalHeader().setDefaultSectionSize(px(32))
        column = QVBoxLayout(self.scrolled())
        column.addWidget(self.table, 1)
        self.chart = BarChart()
        self.chart.opened.connect(lambda place: self.open_cell(self.found.rows.index(self.chart.bars[place][0]), len(self.found.columns)))
        column.addWidget(self.chart)
        self.box.addLayout(row(button(tr("导出表格…"), self.ask_save, icon_name="file-spreadsheet"), button(tr("导出图片…"), self.ask_picture, icon_name="image"), None, button(tr("关闭"), self.accept, primary=True)))
        for combo in (self.down, self.across):
            combo.currentIndexChanged.connect(lambda _n: self.fill())
        self.found: Pivot
        self.fill()

    def fill(self) -> None:
        with self.office.reading() as session:
            self.found = pivot.pivot(session, self.query, self.down.currentData(), self.across.currentData(), year=self.office.clock().astimezone().year)
        found = self.found
        self.count.setText(f"{found.total:,} {self.query.register.counter}")
        self.table.setRowCount(len(found.rows) + 1)
        self.table.setColumnCount(len(found.columns) + 1)
        self.table.setHorizontalHeaderLabels([*found.columns, tr("合计")])
        self.table.setVerticalHeaderLabels([*found.rows, tr("合计")])
        self.table.resizeColumnsToContents()
        sums = [sum(line) for line in found.cells]
        lines = [*([*line, total] for line, total in zip(found.cells, sums, strict=True)), [*(sum(column) for column in zip(*found.cells, strict=True)), found.total]]
        for r, line in enumerate(lines):
            for c, number in enumerate(line):
                item = QTableWidgetItem(f"{number:,}" if number else "")
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(r, c, item)
        largest = sorted(zip(found.rows, sums, strict=True), key=lambda pair: -pair[1])[:MOST_BARS]
        self.chart.show_bars(tr("按{what}").format(what=self.down.currentText()), [(name, float(n), f"{n:,}") for name, n in largest])

    def open_cell(self, r: int, c: int) -> None:
        """The records behind a number; at the end of a row or column, behind its total."""
        one, other = self.found.rows[r] if r < len(self.found.rows) else None, self.found.columns[c] if c < len(self.found.columns) else None
        with self.office.reading() as session:
            ids = pivot.records(session, self.query, self.down.currentData(), self.across.currentData(), year=self.office.clock().astimezone().year, row=one, column=other)
        if ids:
            self.accept()
            self.rows_wanted.emit(ids, "　".join(part for part in (one, other) if part) or tr("合计"))

    def ask_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("导出表格"), f"{self.windowTitle().replace('：', '-')}.xlsx", tr("表格 (*.xlsx)"))
        if path:
            self.save(Path(path))

    def save(self, path: Path) -> None:
        heads = [self.down.currentText(), *self.found.columns, tr("合计")]
        rows = [[name, *map(str, line), str(sum(line))] for name, line in zip(self.found.rows, self.found.cells, strict=True)]
        try:
            spreadsheet.write(path, tr("透视表"), heads, rows)
        except UserError as e:
            self.banner.say(str(e))
            return
        self.banner.say(tr("已存到 {name}").format(name=path.name), "good")

    def ask_picture(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("导出图片"), f"{self.windowTitle().replace('：', '-')}.png", tr(PICTURE_FILES))
        if path:
            try:
                save_charts(Path(path), [self.chart])
            except UserError as e:
                self.banner.say(str(e))
                return
            self.banner.say(tr("已存到 {name}").format(name=Path(path).name), "good")
