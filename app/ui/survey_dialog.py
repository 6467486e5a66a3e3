"""基层工会调查表: the yearly statistics, table by table; what the registers know stands there, the rest is typed and checked."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHeaderView, QTableWidgetItem, QTabWidget, QWidget

from app.services import figures, survey
from app.services.office import Office
from app.services.survey import Survey
from app.ui.dialog import FramedDialog
from app.ui.score_sheet import MarkTable
from app.ui.text import tr
from app.ui.theme import colour, px
from app.ui.widgets import button, label, row
from db.problems import UserError

NO, LABEL, UNIT, VALUE, ORIGIN = range(5)


class SurveyDialog(FramedDialog):
    """`pdf_ready` carries the printed tables and their title."""

    enter_accepts = False
    pdf_ready = Signal(object, str)
    rows_wanted = Signal(object, object, str)

    def __init__(self, parent: QWidget | None, office: Office, year: int, *, october: bool = True) -> None:
        super().__init__(parent, tr("基层工会调查表"), 940, 640)
        self.office, self.year, self.october = office, year, october
        self.cover = label("", "secondary", wrap=True)
        self.box.addWidget(self.cover)
        self.box.addWidget(self.banner)
        self.tabs = QTabWidget()
        self.tables: list[MarkTable] = []
        self.box.addWidget(self.tabs, 1)
        self.box.addWidget(label(tr("项目按调查表的题目拟定；“统计”由资料库数出，按回车或双击看是哪些；“填报”的在“数”一栏里直接写。"), "secondary", wrap=True))
        self.box.addLayout(
            row(
                button(tr("逻辑检查"), self.check, icon_name="list-checks", key="F9"), button(tr("导出表格…"), self.ask_save, icon_name="file-spreadsheet"), button(tr("打印…"), self.show_pdf, icon_name="printer", key="Ctrl+P"),
                None, button(tr("关闭"), self.reject), button(tr("保存"), self.save, icon_name="save", primary=True, key="Ctrl+S"),
            )
        )
        self.found: Survey
        self.fill()

    def fill(self) -> None:
        place = max(self.tabs.currentIndex(), 0)
        with self.office.vault.engine.connect() as connection:
            self.found = survey.survey(connection, self.year, hidden=self.office.hidden, october=self.october)
        self.cover.setText(f"{self.found.year.title}　" + "　".join(f"{no} {words}：{value or tr('（没有填）')}" for no, words, value in self.found.cover))
        self.tabs.clear()
        self.tables.clear()
        for sheet in self.found.sheets:
            table = MarkTable(len(sheet.lines), 5)
            table.setHorizontalHeaderLabels([tr("编号"), tr("项目"), tr("单位"), tr("数"), tr("来源")])
            table.setAccessibleName(tr(sheet.title))
            for r, line in enumerate(sheet.lines):
                typed = line.is_typed
                for c, text in enumerate((line.no, tr(line.label), line.unit, line.shown, tr("填报") if typed else tr("统计"))):
                    item = QTableWidgetItem(text)
                    if c != VALUE or not typed:
                        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                    if c == VALUE:
                        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                    if c == ORIGIN:
                        item.setForeground(colour("secondary"))
                    table.setItem(r, c, item)
            for c, width in ((NO, 70), (UNIT, 70), (VALUE, 150), (ORIGIN, 80)):
                table.setColumnWidth(c, px(width))
            table.horizontalHeader().setSectionResizeMode(LABEL, QHeaderView.ResizeMode.Stretch)
            table.setCurrentCell(0, VALUE)
            table.opens = True
            table.opened.connect(lambda place, lines=sheet.lines: self.open_line(lines[place]))
            table.itemDoubleClicked.connect(lambda item, lines=sheet.lines: self.open_line(lines[item.row()]))
            self.tabs.addTab(table, tr(sheet.title))
            self.tables.append(table)
        self.tabs.setCurrentIndex(place)
        if self.tables:
            self.tables[place].setFocus()

    def open_line(self, line: survey.Line) -> None:
        """The records behind what was counted."""
        if line.figure is None or line.is_typed or line.value is None:
            return
        with self.office.vault.engine.connect() as connection:
            ids = figures.records(connection, line.figure, self.found.year)
        self.reject()
        if not self.isVisible():
            self.rows_wanted.emit(line.figure.register, ids, f"{line.no} {line.label}")

    def typed(self) -> dict[str, str]:
        """What stands in the cells that are typed, by item."""
        found = {}
        for table in self.tables:
            table.settle()
        for sheet, table in zip(self.found.sheets, self.tables, strict=True):
            for r, line in enumerate(sheet.lines):
                item = table.item(r, VALUE)
                if item is not None and item.flags() & Qt.ItemFlag.ItemIsEditable:
                    found[line.no] = item.text()
        return found

    @property
    def is_dirty(self) -> bool:
        stored = {line.no: line.shown for sheet in self.found.sheets for line in sheet.lines}
        return any(text.strip() != stored[no] for no, text in self.typed().items())

    def save(self) -> bool:
        try:
            survey.type_in(self.office, self.year, self.typed())
        except UserError as e:
            self.banner.say(str(e))
            return False
        self.fill()
        self.banner.say(tr("已保存。"), "good")
        return True

    def check(self) -> None:
        """逻辑检查 over what stands here now."""
        if self.is_dirty and not self.save():
            return
        said = self.found.problems
        self.banner.say("".join(said[:6]) + (tr("……一共 {n} 处。").format(n=len(said)) if len(said) > 6 else "") if said else tr("逻辑检查通过。"), "warn" if said else "good")

    def ask_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("导出表格"), tr("基层工会调查表 {year}.xlsx").format(year=self.found.year.title), tr("表格 (*.xlsx)"))
        if path:
            self.write(Path(path))

    def write(self, path: Path) -> None:
        if self.is_dirty and not self.save():
            return
        try:
            survey.write_workbook(path, self.found, self.found.problems)
        except UserError as e:
            self.banner.say(str(e))
            return
        self.banner.say(tr("已存到 {name}").format(name=path.name), "good")

    def show_pdf(self) -> None:
        if self.is_dirty and not self.save():
            return
        self.pdf_ready.emit(survey.printed(self.office, self.found), tr("基层工会调查表"))

    def reject(self) -> None:
        """What was typed is kept: it is only numbers, and the next year begins anew."""
        if self.is_dirty and not self.save():
            return
        super().reject()
