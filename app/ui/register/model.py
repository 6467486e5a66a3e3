"""The table's model: an order of row numbers, and the rows near the screen."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from sqlalchemy import select

from app.services import listing
from app.services.listing import Query
from app.services.office import Office
from app.services.records import table_of
from app.ui import theme
from db.fields import Amount, Field, Reference, Whole
from db.record import Record, fields_of

PAGE = 64
KEPT = 120
Index = QModelIndex | QPersistentModelIndex


class RegisterModel(QAbstractTableModel):
    """All fields of a register as columns; the view hides what is not wanted."""

    def __init__(self, office: Office, register: type[Record]) -> None:
        super().__init__()
        self.office = office
        self.register = register
        self.fields: Sequence[Field] = fields_of(register)
        self.order: list[int] = []
        self.unmasked = False
        self._pages: OrderedDict[int, list[list[str]]] = OrderedDict()
        self._ids: dict[int, list[str]] = {}

    def ask(self, query: Query) -> None:
        self.beginResetModel()
        with self.office.reading() as session:
            self.order = listing.order_of(session, query)
        self._pages.clear()
        self._ids.clear()
        self.endResetModel()

    def set_unmasked(self, unmasked: bool) -> None:
        self.unmasked = unmasked
        self.beginResetModel()
        self._pages.clear()
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self.fields)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.fields[section].label
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if isinstance(self.fields[section].kind, Amount | Whole) else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if orientation == Qt.Orientation.Vertical and role == Qt.ItemDataRole.DisplayRole:
            return str(section + 1)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            texts = self.texts(index.row())
            text = texts[index.column()]
            return text if role == Qt.ItemDataRole.DisplayRole or len(text) > 14 else None
        if role == Qt.ItemDataRole.TextAlignmentRole and isinstance(self.fields[index.column()].kind, Amount | Whole):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and self.fields[index.column()].is_masked and not self.unmasked:
            return theme.colour("secondary")
        return None

    def texts(self, row: int) -> list[str]:
        """The shown texts of one row, all columns."""
        return self._page(row // PAGE)[row % PAGE]

    def id_at(self, row: int) -> str:
        self._page(row // PAGE)
        return self._ids[row // PAGE][row % PAGE]

    def ids_of(self, rows: Sequence[int]) -> list[str]:
        """The ids of many rows, without loading them."""
        wanted = [self.order[r] for r in rows]
        table = table_of(self.register)
        found: dict[int, str] = {}
        with self.office.reading() as session:
            for start in range(0, len(wanted), 5_000):
                some = select(table.c.rowno, table.c.id).where(table.c.rowno.in_(wanted[start : start + 5_000]))
                found |= {row.rowno: row.id for row in session.execute(some)}
        return [found[rowno] for rowno in wanted if rowno in found]

    def rows_of(self, ids: Sequence[str]) -> list[int]:
        """Where these records stand now; those that are not shown are left out."""
        table = table_of(self.register)
        rownos: list[int] = []
        with self.office.reading() as session:
            for start in range(0, len(ids), 5_000):
                rownos += session.scalars(select(table.c.rowno).where(table.c.id.in_(ids[start : start + 5_000]))).all()
        places = {rowno: place for place, rowno in enumerate(self.order)} if len(rownos) > 1 else {}
        if not places:
            return [self.order.index(rowno) for rowno in rownos if rowno in self.order]
        return sorted(places[rowno] for rowno in rownos if rowno in places)

    def value_text(self, record_id: str, f: Field) -> str:
        """A record's value as it is typed, never masked; a reference by what it is called."""
        with self.office.reading() as session:
            value = session.scalars(select(getattr(self.register, f.name)).where(self.register.id == record_id)).one()
            return listing.titles(session, f.kind.register, [value]).get(value, "") if isinstance(f.kind, Reference) and value else f.show(value)

    def row_of(self, record_id: str) -> int | None:
        """Where a record stands, among the loaded rows first."""
        with self.office.reading() as session:
            found = table_of(self.register)
            rowno = session.execute(found.select().with_only_columns(found.c.rowno).where(found.c.id == record_id)).scalar()
        return self.order.index(rowno) if rowno in self.order else None

    def _page(self, number: int) -> list[list[str]]:
        if number in self._pages:
            self._pages.move_to_end(number)
            return self._pages[number]
        rownos = self.order[number * PAGE : (number + 1) * PAGE]
        with self.office.reading() as session:
            records = {r.rowno: r for r in listing.page(session, self.register, rownos)}
            names = self._reference_titles(session, list(records.values()))
        blank = [""] * len(self.fields)
        self._pages[number] = [self._texts(records[rowno], names) if rowno in records else blank for rowno in rownos]
        self._ids[number] = [records[rowno].id if rowno in records else "" for rowno in rownos]
        while len(self._pages) > KEPT:
            oldest, _ = self._pages.popitem(last=False)
            del self._ids[oldest]
        return self._pages[number]

    def _reference_titles(self, session: Any, records: list[Record]) -> dict[str, str]:
        names: dict[str, str] = {}
        for f in self.fields:
            if isinstance(f.kind, Reference):
                names |= listing.titles(session, f.kind.register, [getattr(r, f.name) for r in records if getattr(r, f.name)])
        return names

    def _texts(self, record: Record, names: dict[str, str]) -> list[str]:
        show: Callable[[Field, Any], str] = (lambda f, v: f.show(v)) if self.unmasked else (lambda f, v: f.mask(v))
        return [names.get(getattr(record, f.name) or "", "") if isinstance(f.kind, Reference) else show(f, getattr(record, f.name)) for f in self.fields]
