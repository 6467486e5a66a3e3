"""The year's lectures: figures, a chart of person-times, the list; saved as a workbook."""

from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QSizePolicy, QTableView, QWidget

from app.services.lectures import year
from app.services.lectures.year import Figures, Line
from app.services.office import Office
from app.ui import theme
from app.ui.dialog import FramedDialog
from app.ui.table_model import Index, ListModel
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import QuietCombo, button, label, row
from db.period import Year
from db.problems import UserError


class YearModel(ListModel):
    heads: ClassVar[tuple[str, ...]] = ("时间", "题目", "主题", "进度", "计划", "人次", "人数", "人数够")

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line: Line = self.items[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            at = f"{line.starts_at.astimezone():%Y-%m-%d %H:%M}" if line.starts_at else ""
            return (at, line.topic, line.theme, line.state, line.planned if line.planned is not None else "", line.attendances, line.people, tr("够") if line.is_proven else "")[index.column()]
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 7:
            return theme.colour("good")
        return None


class Bars(QWidget):
    """Person-times by lecture as bars with their figure, and the line of two hundred."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: tuple[Line, ...] = ()
        self.proof = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(px(70))

    def sizeHint(self) -> QSize:
        return QSize(px(400), px(170))

    def show_lines(self, lines: tuple[Line, ...], proof: int) -> None:
        self.lines, self.proof = lines, proof
        self.setAccessibleName("；".join(f"{line.topic} {line.attendances}" for line in lines) or tr("没有讲座"))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        foot, head = px(24), px(22)
        room = self.height() - foot - head
        most = max([self.proof, *(line.attendances for line in self.lines)]) * 1.05
        target = head + room * (1 - self.proof / most)
        painter.setPen(theme.colour("warn"))
        painter.drawLine(px(4), round(target), self.width() - px(4), round(target))
        painter.drawText(px(6), round(target) - px(4), tr("{n} 人").format(n=self.proof))
        step = (self.width() - px(70)) / max(len(self.lines), 1)
        for n, line in enumerate(self.lines):
            wide, high = min(step * 0.7, px(46)), room * line.attendances / most
            left = px(60) + n * step + (step - wide) / 2
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("good" if line.is_proven else "accent"))
            painter.drawRoundedRect(QRectF(left, head + room - high, wide, high), 3, 3)
            painter.setPen(theme.colour("ink"))
            if step > px(30):
                painter.drawText(QRectF(left - step / 2, head + room - high - px(20), wide + step, px(18)), Qt.AlignmentFlag.AlignCenter, str(line.attendances))
                at = f"{line.starts_at.astimezone().month}-{line.starts_at.astimezone().day}" if line.starts_at else ""
                painter.setPen(theme.colour("secondary"))
                painter.drawText(QRectF(left - step / 2, head + room + px(3), wide + step, px(20)), Qt.AlignmentFlag.AlignCenter, at)
        painter.end()


class YearDialog(FramedDialog):
    def __init__(self, parent: QWidget | None, office: Office) -> None:
        super().__init__(parent, tr("全年台账"), 940, 640)
        self.office = office
        this = office.clock().astimezone().year
        self.years = QuietCombo()
        self.years.setAccessibleName(tr("哪一年"))
        self._choices = [*(Year.calendar(n) for n in range(this + 1, this - 5, -1)), *(Year.from_october(n) for n in range(this + 1, this - 4, -1))]
        for choice in self._choices:
            self.years.addItem(choice.title)
        self.years.setCurrentIndex(1)
        self.years.currentIndexChanged.connect(lambda _n: self.fill())
        self.sentence = label("", "section", wrap=True)
        self.sentence.setMinimumHeight(px(44))
        self.bars = Bars()
        self.model = YearModel()
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.setAccessibleName(tr("全年讲座"))
        self.table.setMinimumHeight(px(90))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(px(36))
        self.table.horizontalHeader().setStretchLastSection(True)
        for n, width in enumerate((150, 200, 68, 76, 60, 60, 60)):
            self.table.setColumnWidth(n, px(width))
        self.aim = label("", "secondary")
        self.box.addLayout(row(self.years, None, self.aim))
        self.box.addWidget(self.sentence)
        self.box.addWidget(self.bars)
        self.box.addWidget(self.table, 1)
        self.box.addWidget(self.banner)
        self.box.addLayout(row(None, button(tr("导出表格…"), self.ask_save, icon_name="file-spreadsheet"), button(tr("好了"), self.accept, primary=True)))
        self.fill()

    def year(self) -> Year:
        return self._choices[self.years.currentIndex()]

    def fill(self) -> None:
        with self.office.vault.engine.connect() as connection:
            found: Figures = year.figures(connection, self.year())
        self.sentence.setText(found.sentence)
        self.aim.setText(tr("全区一年 {n} 场").format(n=found.district) if found.district else "")
        self.bars.show_lines(tuple(line for line in found.lines if line.is_held), found.proof)
        self.model.fill(found.lines)

    def ask_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("导出全年台账"), tr("公益大讲堂全年台账 {year}.xlsx").format(year=self.year().title), tr("表格 (*.xlsx)"))
        if path:
            self.save(Path(path))

    def save(self, path: Path) -> None:
        try:
            year.write(self.office, self.year(), path)
        except UserError as e:
            self.banner.say(str(e), "warn")
            return
        self.banner.say(tr("已存成 {name}，里面有图。").format(name=path.name), "good")
