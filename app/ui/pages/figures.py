"""The year in figures: targets, what every programme came to beside the year before, a chart, the status report."""

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QHeaderView, QMenu, QScrollArea, QSplitter, QTableWidget, QTableWidgetItem, QWidget

from app.services import figures, guarded, statistics
from app.services.exchange import items
from app.services.figures import Figure, Report
from app.services.office import Office
from app.ui import errors
from app.ui.charts import PICTURE_FILES, BarChart, save_charts
from app.ui.survey_dialog import SurveyDialog
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Banner, ColouredDelegate, Page, QuietCombo, button, row
from db.period import Year
from db.problems import UserError
from db.registers import REGISTERS, Member

YEARS_BACK, BEFORE = 6, 3


class FiguresPage(Page):
    """`rows_wanted` asks for the records behind a figure: register, ids, title. `pdf_ready` for the report's preview."""

    title = "数据和报表"
    rows_wanted = Signal(object, object, str)
    pdf_ready = Signal(object, str)
    database_wanted = Signal(object)

    def __init__(self, office: Office) -> None:
        super().__init__(tr(self.title))
        self.office = office
        this = office.clock().astimezone().year
        self.year, self.kind = QuietCombo(), QuietCombo()
        self.year.setAccessibleName(tr("年度"))
        self.kind.setAccessibleName(tr("怎么算一年"))
        for back in range(YEARS_BACK):
            self.year.addItem(f"{this - back}", this - back)
        self.kind.addItem(tr("公历年"), False)
        self.kind.addItem(tr("10 月至 9 月（统计年报）"), True)
        self.database_button = button(tr("数据库"), self._show_databases, icon_name="database-backup", tip=tr("人才库、成果库、培训信息库"))
        for part in (
            button(tr("汇报 PDF"), self.show_report, icon_name="file-text", key="Ctrl+P"), button(tr("导出表格"), self.ask_workbook, icon_name="file-spreadsheet"),
            button(tr("导出图表"), self.ask_picture, icon_name="image", tip=tr("两张图存成图片或 PDF")), self.database_button,
            button(tr("调查表…"), self.show_survey, icon_name="clipboard-check", tip=tr("基层工会调查表（统计年报）")),
        ):
            self.buttons.addWidget(part)
        self.share = button("", self.open_people, flat=True, tip=tr("参加过讲座、竞赛或培训的人，单击看是哪些"))
        self.share.setProperty("link", True)
        self.outer.addLayout(row(self.year, self.kind, self.share, None))
        self.banner = Banner()
        self.outer.addWidget(self.banner)
        self.table = QTableWidget(0, 5)
        self._prepare()
        self.targets, self.chart = BarChart(), BarChart()
        self.targets.opened.connect(self.open_target)
        self.chart.opened.connect(self.open_bar)
        charts = QSplitter(Qt.Orientation.Vertical)
        charts.addWidget(self.targets)
        charts.addWidget(self.chart)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.table)
        self.split.addWidget(charts)
        self.split.setChildrenCollapsible(False)
        self.table.setMinimumSize(px(420), px(260))
        charts.setMinimumWidth(px(240))
        self.split.setSizes([px(680), px(400)])
        self.area = QScrollArea()  # what does not fit is scrolled to; the window never grows past the screen
        self.area.setWidgetResizable(True)
        self.area.setWidget(self.split)
        self.outer.addWidget(self.area, 1)
        for combo in (self.year, self.kind):
            combo.currentIndexChanged.connect(lambda _n: self.arrived())
        self.report: Report

    def _prepare(self) -> None:
        table = self.table
        table.setHorizontalHeaderLabels([tr("项目"), tr("指标"), tr("本年"), tr("上一年"), tr("增减")])
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setToolTip(tr("按回车或双击看是哪些；在“上一年”一栏就看上一年的。"))
        table.setItemDelegate(ColouredDelegate(table))
        table.setAccessibleName(tr("指标"))
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(px(34))
        for column, width in ((0, 110), (2, 96), (3, 96), (4, 120)):
            table.setColumnWidth(column, px(width))
        table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        for column in range(5):
            if (head := table.horizontalHeaderItem(column)) is not None:
                head.setTextAlignment((Qt.AlignmentFlag.AlignLeft if column < 2 else Qt.AlignmentFlag.AlignRight) | Qt.AlignmentFlag.AlignVCenter)
        table.itemActivated.connect(lambda item: self.open_line(item.row(), before=item.column() == BEFORE))
        table.currentCellChanged.connect(lambda now, *_: self._show_chart(now))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Charts beside the table where there is room, else below it."""
        super().resizeEvent(event)
        self.split.setOrientation(Qt.Orientation.Horizontal if self.width() >= px(860) else Qt.Orientation.Vertical)
        self.table.setColumnHidden(0, self.width() < px(640))

    def first_focus(self) -> QWidget | None:
        return self.table

    def chosen(self) -> Year:
        return Year.of(self.year.currentData(), october=self.kind.currentData())

    def arrived(self) -> None:
        hidden = frozenset(r.__tablename__ for r in REGISTERS if not guarded.may_see(self.office, r))
        with self.office.vault.engine.connect() as connection:
            self.report = figures.report(connection, self.chosen(), hidden=hidden)
            self.goals = statistics.targets(connection, self.year.currentData(), hidden=self.office.hidden)
        self.share.setText(tr("{n} 人参加过，参与率 {share}").format(n=f"{self.report.took_part:,}", share=self.report.share))
        said = figures.inconsistencies(self.report)
        self.banner.say(" ".join(said[:3]), "warn")
        place = max(self.table.currentRow(), 0)
        self.table.setRowCount(len(self.report.lines))
        group = ""
        for r, line in enumerate(self.report.lines):
            texts = (line.figure.group if line.figure.group != group else "", f"{line.figure.title}（{line.figure.unit}）", line.shown(line.now), line.shown(line.before), line.change)
            group = line.figure.group
            for c, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if c >= 2:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(r, c, item)
        self.targets.show_bars(
            tr("{year} 年目标完成（%）").format(year=self.year.currentData()), [(t.title, min(t.reached * 100 / t.wanted, 100) if t.wanted else 0, f"{t.reached * 100 // t.wanted if t.wanted else 0}%") for t in self.goals]
        )
        self.table.setCurrentCell(place, 1)
        self._show_chart(place)


    def _show_chart(self, place: int) -> None:
        """The chosen figure over the last five years."""
        if not 0 <= place < len(self.report.lines):
            return
        line = self.report.lines[place]
        self._years: list[int] = []
        if not line.figure.has_years:
            self.chart.show_bars(tr("{title}：现在").format(title=line.figure.title), [(tr("现在"), float(line.now), line.shown(line.now))])
            return
        with self.office.vault.engine.connect() as connection:
            found = figures.by_year(connection, line.figure, self.year.currentData(), october=self.kind.currentData())
        self._years = [year for year, _ in found]
        self.chart.show_bars(tr("{title}（{unit}）").format(title=line.figure.title, unit=line.figure.unit), [(str(year), float(n), line.shown(n)) for year, n in found])

    def open_line(self, place: int, *, before: bool = False) -> None:
        """The records behind a figure of this year, or of the year before."""
        figure = self.report.lines[place].figure
        self._open(figure, self.report.year.before if before and figure.has_years else self.report.year)

    def _open(self, figure: Figure, year: Year) -> None:
        with self.office.vault.engine.connect() as connection:
            ids = figures.records(connection, figure, year)
        self.rows_wanted.emit(figure.register, ids, f"{year.title} {figure.title}")

    def open_target(self, place: int) -> None:
        """The records that count for a target."""
        self._open(figures.NAMED[self.goals[place].count], Year.calendar(self.year.currentData()))

    def open_bar(self, place: int) -> None:
        """The records of one year of the chosen figure."""
        figure = self.report.lines[self.table.currentRow()].figure
        self._open(figure, Year.of(self._years[place], october=self.kind.currentData()) if self._years else self.report.year)

    def open_people(self) -> None:
        """Who came to a lecture, a competition or a training."""
        with self.office.vault.engine.connect() as connection:
            ids = figures.took_part(connection, self.report.year)
        self.rows_wanted.emit(Member, ids, tr("{year} 参加过的会员").format(year=self.report.year.title))

    def databases(self) -> list[dict[str, Any]]:
        """The three databases as the district asks for them, or its own rows in their place."""
        with self.office.vault.engine.connect() as connection:
            return items.rows_of(connection, "database")

    def _show_databases(self) -> None:
        menu = QMenu(self)
        for found in self.databases():
            menu.addAction(tr(found["title"]), partial(self.database_wanted.emit, found))
        menu.exec(self.database_button.mapToGlobal(QPoint(0, self.database_button.height())))

    def show_survey(self) -> None:
        """The survey's year runs from October to September, whatever stands above."""
        dialog = SurveyDialog(self, self.office, self.year.currentData())
        dialog.pdf_ready.connect(self.pdf_ready.emit)
        dialog.rows_wanted.connect(self.rows_wanted.emit)
        dialog.open()

    def show_report(self) -> None:
        self.pdf_ready.emit(figures.status_report(self.office, self.report), tr("职工技能培训情况汇报"))

    def ask_workbook(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("导出表格"), tr("培训情况汇报 {year}.xlsx").format(year=self.report.year.title), tr("表格 (*.xlsx)"))
        if path:
            self.save_workbook(Path(path))

    def save_workbook(self, path: Path) -> None:
        try:
            figures.write_workbook(path, self.report)
        except UserError as e:
            errors.show(self, e)
            return
        self.banner.say(tr("已存到 {name}").format(name=path.name), "good")

    def ask_picture(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("导出图表"), f"{self.chart.title}.png", tr(PICTURE_FILES))
        if path:
            self.save_picture(Path(path))

    def save_picture(self, path: Path) -> None:
        """Both charts, as a picture or a PDF."""
        try:
            save_charts(path, [self.targets, self.chart])
        except UserError as e:
            errors.show(self, e)
            return
        self.banner.say(tr("已存到 {name}").format(name=path.name), "good")
