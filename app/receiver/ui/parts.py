"""What the district's pages share: a table over plain rows, its pages' base, how amounts and times are written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView

from app.receiver.district import Receiver
from app.ui import errors, theme
from app.ui.table_model import Index, ListModel
from app.ui.theme import px
from app.ui.widgets import Banner, ColouredDelegate, Page
from db.problems import UserError


@dataclass(frozen=True)
class Column:
    """One column: its head, how wide at 100 %, what it says of a row, and in which tone."""

    head: str
    width: int
    text: Callable[[Any], str]
    tone: Callable[[Any], str] | None = None
    right: bool = False


class _Model(ListModel):
    heads: ClassVar[tuple[str, ...]] = ()

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self.heads = tuple(c.head for c in columns)  # type: ignore[misc]  # each table has its own heads

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column, item = self.columns[index.column()], self.items[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return column.text(item)
        if role == Qt.ItemDataRole.ForegroundRole and column.tone and (tone := column.tone(item)):
            return theme.colour(tone)
        if role == Qt.ItemDataRole.TextAlignmentRole and column.right:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None


class Grid(QTableView):
    """Rows of whatever kind; `chosen` are those selected, `moved` tells that the selection changed."""

    moved = Signal()

    def __init__(self, name: str, columns: Sequence[Column], *, many: bool = False, empty: str = "") -> None:
        super().__init__()
        self._empty = empty
        self._model = _Model(columns)
        self.setModel(self._model)
        self.setItemDelegate(ColouredDelegate(self))
        self.setMinimumHeight(px(90))
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection if many else QAbstractItemView.SelectionMode.SingleSelection)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(px(38))
        self.horizontalHeader().setStretchLastSection(True)
        for n, column in enumerate(columns):
            self.setColumnWidth(n, px(column.width))
        self.selectionModel().selectionChanged.connect(lambda *_: self.moved.emit())

    def paintEvent(self, event: QPaintEvent) -> None:
        """An empty table says why, and what comes next."""
        super().paintEvent(event)
        if not self._model.items and self._empty:
            painter = QPainter(self.viewport())
            painter.setPen(theme.colour("secondary"))
            painter.drawText(self.viewport().rect().adjusted(px(20), px(10), -px(20), -px(10)), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty)
            painter.end()

    @property
    def items(self) -> Sequence[Any]:
        return self._model.items

    def fill(self, items: Sequence[Any]) -> None:
        """New rows; the one at the same place is selected, so that the keys go on where they were."""
        place = max(self.currentIndex().row(), 0)
        self._model.fill(items)
        if items:
            self.selectionModel().setCurrentIndex(self._model.index(min(place, len(items) - 1), 0), QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows)
        self.moved.emit()

    @property
    def chosen(self) -> list[Any]:
        return [self._model.items[index.row()] for index in self.selectionModel().selectedRows()]

    @property
    def one(self) -> Any:
        """The only one selected, or None."""
        found = self.chosen
        return found[0] if len(found) == 1 else None


class DistrictPage(Page):
    """A page of the district's window. `said` is for the line at the foot."""

    said = Signal(str)

    def __init__(self, receiver: Receiver, title: str) -> None:
        super().__init__(title)
        self.receiver = receiver
        self.banner = Banner()
        self.body = self.outer
        self.body.addWidget(self.banner)

    def trying(self, act: Callable[[], object], done: str = "") -> bool:
        """Do it; what the world did is said on the page, what we did wrong in the crash dialog. True when it was done."""
        try:
            act()
        except UserError as e:
            self.banner.say(str(e))
            return False
        if done:
            self.banner.say(done, "good")
        self.arrived()
        return True

    def failed(self, error: BaseException) -> None:
        if isinstance(error, UserError):
            self.banner.say(str(error))
        else:
            errors.show(self, error)


def yuan(fen: int | None) -> str:
    return f"{fen / 100:,.2f}" if fen is not None else ""


def day(at: str | None) -> str:
    """An instant as a day and a time of ours."""
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M") if at else ""

