"""Who has come and who is missing, by department: to tick by hand at small meetings, and to see whom to phone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QTableView, QVBoxLayout, QWidget

from app.services.checkin.answers import Arrival, Person
from app.services.checkin.door import Door
from app.ui import theme
from app.ui.table_model import Index, ListModel
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import ColouredDelegate, QuietCombo, label, row

EVERYBODY = ""


@dataclass(frozen=True)
class Line:
    """One who is expected or has come; `arrival` where she is in."""

    person: Person
    arrival: Arrival | None


class PeopleModel(ListModel):
    heads: ClassVar[tuple[str, ...]] = ("", "姓名", "部门", "工号", "手机尾号", "签到时间", "签到处")

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line: Line = self.items[index.row()]
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == 0:
            return Qt.CheckState.Checked if line.arrival else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.DisplayRole:
            p, a = line.person, line.arrival
            return ("", p.full_name, p.department, p.employee_no, p.mobile_tail, f"{a.at.astimezone():%H:%M}" if a else "", a.door if a else "")[index.column()]
        if role == Qt.ItemDataRole.ForegroundRole and line.arrival:
            return theme.colour("good")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{line.person.full_name} {tr('已到') if line.arrival else tr('未到')}"
        return None


class PeopleList(QWidget):
    """`ticked` carries a person to sign in, `unticked` the arrival to take back."""

    ticked = Signal(object)
    unticked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px(8))
        self.department, self.state = QuietCombo(), QuietCombo()
        self.department.setAccessibleName(tr("部门"))
        self.state.setAccessibleName(tr("到没到"))
        for text, wanted in ((tr("都看"), None), (tr("未到"), False), (tr("已到"), True)):
            self.state.addItem(text, wanted)
        for combo in (self.department, self.state):
            combo.currentIndexChanged.connect(lambda _n: self.narrow())
        self.count = label("", "secondary")
        box.addLayout(row(self.department, self.state, self.count, None, label(tr("上下键选，回车签到，空格打勾"), "secondary"), spacing=8))
        self.model = PeopleModel()
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setItemDelegate(ColouredDelegate(self.table))
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setAccessibleName(tr("到场名单"))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(px(36))
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.horizontalHeader().setStretchLastSection(True)
        for n, width in enumerate((34, 96, 130, 84, 76, 76)):
            self.table.setColumnWidth(n, px(width))
        self.table.clicked.connect(self._clicked)
        space = QShortcut(QKeySequence("Space"), self.table)
        space.setContext(Qt.ShortcutContext.WidgetShortcut)
        space.activated.connect(self.toggle)
        box.addWidget(self.table, 1)
        self._lines: Sequence[Line] = ()
        self._door: Door | None = None
        self._typed = ""

    def fill(self, door: Door) -> None:
        """Everybody who is expected, and who has come besides."""
        self._door = door
        expected = door.expected()
        known = {p.id for p in expected}
        others = [Line(Person(a.person, a.full_name, a.unit, "", ""), a) for a in door.latest(100_000) if a.person not in known]
        self._lines = [*(Line(p, door.is_in(p.id)) for p in expected), *others]
        chosen = self.department.currentData()
        self.department.blockSignals(True)
        self.department.clear()
        self.department.addItem(tr("所有部门"), EVERYBODY)
        whole, came = Counter(line.person.department for line in self._lines), Counter(line.person.department for line in self._lines if line.arrival)
        for name in sorted(name for name in whole if name):
            self.department.addItem(f"{name}（{came[name]}/{whole[name]}）", name)
        self.department.setCurrentIndex(max(self.department.findData(chosen), 0))
        self.department.blockSignals(False)
        self.narrow()

    def narrow(self, typed: str | None = None) -> None:
        """Show only those of the department and state chosen whom the typed text can mean."""
        self._typed = self._typed if typed is None else typed
        department, came, typed = self.department.currentData() or EVERYBODY, self.state.currentData(), self._typed.strip()
        keep = self.current()
        hits = self._door.matching(typed) if typed and self._door else None
        shown = [
            line for line in self._lines
            if (not department or line.person.department == department) and (came is None or came == (line.arrival is not None))
            and (hits is None or line.person.rowno in hits or typed in line.person.full_name)
        ]
        self.model.fill(shown)
        self.count.setText(tr("{n} 人，已到 {m} 人").format(n=len(shown), m=sum(line.arrival is not None for line in shown)))
        place = next((n for n, line in enumerate(shown) if keep and line.person.id == keep.person.id and line.person.full_name == keep.person.full_name), 0)
        if shown:
            self.table.selectRow(place)

    def current(self) -> Line | None:
        place = self.table.currentIndex().row()
        return self.model.items[place] if 0 <= place < len(self.model.items) else None

    def step_by(self, step: int) -> None:
        place = max(0, min(len(self.model.items) - 1, self.table.currentIndex().row() + step))
        if self.model.items:
            self.table.selectRow(place)

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == 0:
            self.toggle()

    def tick(self) -> None:
        """Sign in the line in hand; one who is in stays in."""
        line = self.current()
        if line is not None and line.arrival is None:
            self.ticked.emit(line.person)

    def toggle(self) -> None:
        """Tick or untick the line in hand."""
        line = self.current()
        if line is not None:
            (self.unticked if line.arrival else self.ticked).emit(line.arrival or line.person)
