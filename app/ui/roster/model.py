"""The import preview as a table: the value, and before and after where a rule or the import changes it; a word where none can be trusted."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from app.services.roster import intake, layout
from app.services.roster.check import CheckedSheet
from app.services.roster.intake import Planned, Verdict
from app.ui import theme
from app.ui.text import tr
from db.cleaning import Change
from db.fields import cell_text

LOOK, NOBODY = "look", "nobody"
"""The filters for rows with something to look at, and for rows that are no persons."""
Index = QModelIndex | QPersistentModelIndex
SHORT = {
    "id-truncated": "末三位已丢失", "id-checksum": "校验位不对", "id-length": "位数不对", "id-charset": "有怪字符", "id-date": "日期不存在", "phone-invalid": "位数不对",
    "date-unreadable": "看不懂的日期", "required": "没有填", "name-missing": "没有姓名", "name-several": "像是几个人", "name-hidden": "被遮住了",
}
"""What a cell shows in place of a value that cannot be trusted; the sentence stands below the table."""
SKIPPED = {
    "blank": "空行", "total": "合计行", "note": "说明行", "header": "重复的表头", "sample": "示例行", "no-name": "没有姓名", "hidden-sheet": "隐藏的表", "left-sheet": "离退人员表",
    "list-sheet": "下拉菜单表", "no-table": "不是名册", "section": "小标题",
}
_TONES = {Verdict.NEW: "good", Verdict.CHANGED: "accent", Verdict.UNCHANGED: "secondary", Verdict.NEAR: "warn", Verdict.LEFT_OUT: "bad"}


class PreviewModel(QAbstractTableModel):
    """Planned rows under a filter, or the rows that are no persons."""

    edited = Signal(str, str, str)
    """Row key, field, what was typed."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names
        self.all: Sequence[Planned] = ()
        self.shown: list[int] = []
        self.nobody: list[tuple[str, int, str, str]] = []
        """Sheet, row, why, what stands there."""
        self.shows_nobody = False
        self._changes: dict[int, Mapping[str, tuple[Change, ...]]] = {}

    def know(self, sheets: Sequence[CheckedSheet]) -> None:
        """Take note of the rows that are no persons; blank ones are only counted by their numbers."""
        self.nobody = [
            (sheet.name, n, SKIPPED.get(why, why), "　".join(cell_text(cell).strip() for cell in sheet.cells[n - 1] if cell not in (None, ""))[:80])
            for sheet in sheets for n, why in sheet.skipped if why != "blank" and (sheet.why_skipped is None or n <= 3)
        ]

    def fill(self, planned: Sequence[Planned], which: str) -> None:
        self.beginResetModel()
        self.all = planned
        self.shows_nobody = which == NOBODY
        self.shown = [] if self.shows_nobody else [n for n, p in enumerate(planned) if which == "" or (which == LOOK and p.row.problems) or p.verdict.value == which]
        self._changes.clear()
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self.nobody) if self.shows_nobody else len(self.shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self.names) + 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (tr("行"), tr("结果"), *(intake.label_of(name) for name in self.names))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def planned(self, place: int) -> Planned | None:
        return None if self.shows_nobody else self.all[self.shown[place]]

    def changes(self, place: int) -> Mapping[str, tuple[Change, ...]]:
        """What the rules changed in a row; worked out when the row comes onto the screen."""
        number = self.shown[place]
        if number not in self._changes:
            self._changes[number] = self.all[number].row.changes()
        return self._changes[number]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.shows_nobody:
            sheet, number, why, text = self.nobody[index.row()]
            if role == Qt.ItemDataRole.DisplayRole:
                return (number, why, text)[index.column()] if index.column() < 3 else ""
            return (f"{sheet}：{text}" if index.column() == 2 else None) if role == Qt.ItemDataRole.ToolTipRole else theme.colour("secondary") if role == Qt.ItemDataRole.ForegroundRole else None
        p = self.all[self.shown[index.row()]]
        name = self.names[index.column() - 2] if index.column() >= 2 else ""
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(p, name, index.row()) if name else p.row.row if index.column() == 0 else p.verdict.label
        if role == Qt.ItemDataRole.EditRole and name:
            return cell_text(p.row.cells.get(name, ""))
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(p, index.column())
        if role == Qt.ItemDataRole.ToolTipRole and name:
            said = [problem.message for problem in p.row.problems if problem.field == name]
            said += [change.sentence for change in self.changes(index.row()).get(name, ())]
            return "\n".join(dict.fromkeys(said)) or None
        return None

    def _text(self, p: Planned, name: str, place: int) -> str:
        f = layout.importable()[name]
        value = p.row.values.get(name)
        problem = next((x for x in p.row.problems if x.field == name), None)
        if problem is not None and problem.is_error and value is None:
            return SHORT.get(problem.code, problem.message.split("，")[0].split("。")[0])
        text = f.mask(value)
        if name in p.changes:
            return f"{f.mask(p.changes[name][0]) or tr('（空）')} → {text or tr('（空）')}"
        said = self.changes(place).get(name, ())
        if said and (before := said[0].before.strip()) and before != text:
            return f"{f.kind.mask(before) if f.is_masked else before} → {text}"
        return text

    def _colour(self, p: Planned, column: int) -> Any:
        if column < 2:
            return theme.colour("secondary" if column == 0 else _TONES[p.verdict])
        name = self.names[column - 2]
        worst = [x.is_error for x in p.row.problems if x.field == name]
        if worst:
            return theme.colour("bad" if any(worst) else "warn")
        if name in p.changes:
            return theme.colour("secondary" if name in p.leave else "accent")
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return plain | Qt.ItemFlag.ItemIsEditable if index.column() >= 2 and not self.shows_nobody else plain

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        p = self.planned(index.row())
        if role != Qt.ItemDataRole.EditRole or index.column() < 2 or p is None:
            return False
        name = self.names[index.column() - 2]
        if str(value) != cell_text(p.row.cells.get(name, "")):
            self.edited.emit(p.row.key, name, str(value))
        return True
