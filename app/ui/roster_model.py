"""The import preview as a table: the value, and before and after where a rule changed it; a word where none can be trusted."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from app.services.roster import intake, layout
from app.services.roster.intake import Planned, Verdict
from app.ui import theme
from app.ui.text import tr
from db.fields import cell_text

LOOK = "look"
"""The filter for rows with something to look at."""
Index = QModelIndex | QPersistentModelIndex
SHORT = {
    "id-truncated": "末三位已丢失", "id-checksum": "校验位不对", "id-length": "位数不对", "id-charset": "有怪字符", "id-date": "日期不存在", "phone-invalid": "位数不对",
    "date-unreadable": "看不懂的日期", "required": "没有填", "name-missing": "没有姓名",
}
"""What a cell shows in place of a value that cannot be trusted; the sentence stands below the table."""


class PreviewModel(QAbstractTableModel):
    """Planned rows under a filter: the cell shows the value, and before and after where a rule changed it."""

    edited = Signal(int, str, str)

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names
        self.all: Sequence[Planned] = ()
        self.shown: list[int] = []

    def fill(self, planned: Sequence[Planned], which: str) -> None:
        self.beginResetModel()
        self.all = planned
        self.shown = [n for n, p in enumerate(planned) if which == "" or (which == LOOK and p.row.problems) or p.verdict.value == which]
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self.names) + 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (tr("行"), tr("结果"), *(intake.label_of(name) for name in self.names))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def planned(self, place: int) -> Planned:
        return self.all[self.shown[place]]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        p = self.planned(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            if index.column() == 0:
                return p.row.row
            return p.verdict.label if index.column() == 1 else self._text(p, self.names[index.column() - 2])
        if role == Qt.ItemDataRole.EditRole and index.column() >= 2:
            return cell_text(p.row.cells.get(self.names[index.column() - 2], ""))
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(p, index.column())
        if role == Qt.ItemDataRole.ToolTipRole and index.column() >= 2:
            name = self.names[index.column() - 2]
            said = [problem.message for problem in p.row.problems if problem.field == name]
            return "\n".join(said) or None
        return None

    def _text(self, p: Planned, name: str) -> str:
        f = layout.importable()[name]
        value = p.row.values.get(name)
        problem = next((x for x in p.row.problems if x.field == name), None)
        if problem is not None and problem.is_error and value is None:
            return SHORT.get(problem.code, problem.message.split("，")[0].split("。")[0])
        text = f.mask(value)
        if name in p.changes:
            return f"{f.mask(p.changes[name][0]) or tr('（空）')} → {text}"
        if problem is not None and name in p.row.cells and cell_text(p.row.cells[name]).strip() != f.show(value):
            before = f.read(p.row.cells[name]).value
            return f"{f.mask(before) if before is not None else cell_text(p.row.cells[name]).strip()} → {text}"
        return text

    def _colour(self, p: Planned, column: int) -> Any:
        if column == 0:
            return theme.colour("secondary")
        if column == 1:
            return theme.colour({Verdict.NEW: "good", Verdict.CHANGED: "accent", Verdict.UNCHANGED: "secondary", Verdict.LEFT_OUT: "bad"}[p.verdict])
        name = self.names[column - 2]
        worst = [x.is_error for x in p.row.problems if x.field == name]
        if worst:
            return theme.colour("bad" if any(worst) else "warn")
        return theme.colour("accent") if name in p.changes else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return plain | Qt.ItemFlag.ItemIsEditable if index.column() >= 2 else plain

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or index.column() < 2:
            return False
        self.edited.emit(self.shown[index.row()], self.names[index.column() - 2], str(value))
        return True
