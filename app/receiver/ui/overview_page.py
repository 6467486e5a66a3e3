"""概览 and 资料: the year's figures against the targets, office by office; and the registers of all offices."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QGridLayout, QLineEdit, QProgressBar, QWidget

from app.receiver import offices, overview
from app.receiver.district import Receiver
from app.receiver.overview import RecordRow
from app.receiver.ui.offices_page import street_combo
from app.receiver.ui.parts import Column, DistrictPage, Grid
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Card, QuietCombo, button, clear_grid, label, row
from db.fields import Field
from db.record import fields_of
from db.registers import REGISTERS, Union, register_named

PAGE = 500


def _tally(what: str, line: tuple[str, str, str, Mapping[str, int]]) -> str:
    return f"{line[3].get(what, 0) / (100 if what == 'approved_fen' else 1):,.0f}"


def _masked(f: Field, line: RecordRow) -> str:
    """A value as lists show it; what cannot be read is shown as it came."""
    if f.name not in line.values:
        return ""
    try:
        return f.mask(f.from_wire(line.values[f.name]))
    except (ValueError, TypeError):
        return str(line.values[f.name])


class OverviewPage(DistrictPage):
    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver, tr("概览"))
        self.street = street_combo([])
        self.street.currentIndexChanged.connect(lambda _n: self._show())
        self.late = label("", "doubt", wrap=True)
        card = Card(tr("今年"))
        self.figures = QGridLayout()
        self.figures.setHorizontalSpacing(px(20))
        card.body.addLayout(self.figures)
        self.grid = Grid(tr("各单位"), [
            Column(tr("街道"), 140, lambda o: o[2]), Column(tr("单位"), 260, lambda o: o[1]),
            *(Column(title, 90, partial(_tally, what), right=True) for what, (title, _) in overview.WORDS.items()),
        ])
        self.body.addLayout(row(self.street, self.late, button(tr("导出各单位…"), self._ask_export, icon_name="file-spreadsheet"), wide=self.late))
        self.body.addWidget(card)
        self.body.addWidget(self.grid, 1)

    def arrived(self) -> None:
        chosen = self.street.currentData()
        self.street.blockSignals(True)
        while self.street.count() > 1:
            self.street.removeItem(1)
        for name in overview.streets(self.receiver):
            self.street.addItem(name, name)
        self.street.setCurrentIndex(max(self.street.findData(chosen), 0))
        self.street.blockSignals(False)
        self._show()

    def _show(self) -> None:
        clear_grid(self.figures)
        for n, figure in enumerate(overview.figures(self.receiver, street=self.street.currentData())):
            place, line = n % 3, n // 3
            said = f"{figure.reached:,} / {figure.wanted:,} {figure.unit}" if figure.wanted else f"{figure.reached:,} {figure.unit}"
            self.figures.addWidget(label(figure.title, "secondary"), line, place * 3)
            self.figures.addWidget(label(said), line, place * 3 + 1)
            bar = QProgressBar()
            bar.setTextVisible(False)
            bar.setFixedHeight(px(6))
            bar.setRange(0, max(figure.wanted, 1))
            bar.setValue(min(figure.reached, figure.wanted))
            bar.setToolTip(figure.source)
            bar.setVisible(bool(figure.wanted))
            self.figures.addWidget(bar, line, place * 3 + 2)
        self.grid.fill(overview.by_office(self.receiver, street=self.street.currentData()))
        late = offices.late_offices(self.receiver)
        self.late.setText(tr("{n} 个单位四个月没有报送：{names}").format(n=len(late), names="、".join(o.name for o in late[:3]) + ("…" if len(late) > 3 else "")) if late else "")

    def _ask_export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("导出各单位"), tr("各单位.xlsx"), tr("表格 (*.xlsx)"))
        if path:
            self.trying(lambda: overview.export(self.receiver, Path(path)), tr("已存成 {name}。").format(name=Path(path).name))


class RecordsPage(DistrictPage):
    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver, tr("各单位资料"))
        self.register = QuietCombo()
        self.register.setAccessibleName(tr("种类"))
        for register in REGISTERS:
            self.register.addItem(register.label if register is not Union else tr("工会"), register.__tablename__)
        self.register.currentIndexChanged.connect(lambda _n: self.arrived())
        self.street = street_combo(overview.streets(receiver))
        self.office = QuietCombo()
        self.office.setAccessibleName(tr("单位"))
        self.starts = QLineEdit()
        self.starts.setPlaceholderText(tr("姓名或名称的开头"))
        self.starts.setClearButtonEnabled(True)
        for part in (self.street, self.office):
            part.currentIndexChanged.connect(lambda _n: self._refill())
        self.starts.textChanged.connect(lambda _text: self._refill())
        self.count_line = label("", "secondary")
        self.more = button(tr("再看 {n} 条").format(n=PAGE), self._more, icon_name="chevron-down")
        self.grid: Grid | None = None
        self.body.addLayout(row(self.register, self.street, self.office, self.starts, wide=self.starts))
        self.body.addLayout(row(self.count_line, None, self.more, button(tr("导出…"), self._ask_export, icon_name="file-spreadsheet")))

    def first_focus(self) -> QWidget:
        return self.starts

    def arrived(self) -> None:
        chosen = self.office.currentData()
        self.office.blockSignals(True)
        self.office.clear()
        self.office.addItem(tr("全部单位"), None)
        for one in offices.all_offices(self.receiver):
            self.office.addItem(one.name, one.id)
        self.office.setCurrentIndex(max(self.office.findData(chosen), 0))
        self.office.blockSignals(False)
        if self.grid is not None:
            self.body.removeWidget(self.grid)
            self.grid.deleteLater()
        shown = [f for f in fields_of(register_named(self.register.currentData())) if not f.decided_above][:9]
        self.grid = Grid(tr("资料"), [Column(tr("单位"), 220, lambda r: r.office_name), *(Column(f.label, 130, partial(_masked, f)) for f in shown)])
        self.body.insertWidget(self.body.count() - 1, self.grid, 1)
        self._refill()

    def _where(self) -> dict[str, str | None]:
        return {"office": self.office.currentData(), "street": self.street.currentData(), "starts": self.starts.text().strip()}

    def _refill(self) -> None:
        if self.grid is None:
            return
        where = self._where()
        self.grid.fill(overview.records(self.receiver, self.register.currentData(), **where, limit=PAGE))  # type: ignore[arg-type]  # starts is never None
        total = overview.count(self.receiver, self.register.currentData(), **where)  # type: ignore[arg-type]
        self.count_line.setText(tr("共 {n} 条").format(n=f"{total:,}"))
        self.more.setEnabled(len(self.grid.items) < total)

    def _more(self) -> None:
        assert self.grid is not None
        last = self.grid.items[-1]
        page = overview.records(self.receiver, self.register.currentData(), **self._where(), after=(last.title, last.id), limit=PAGE)  # type: ignore[arg-type]
        self.grid.fill([*self.grid.items, *page])
        self.more.setEnabled(len(page) == PAGE)

    def _ask_export(self) -> None:
        name = register_named(self.register.currentData()).label
        path, _ = QFileDialog.getSaveFileName(self, tr("导出"), f"{name}.xlsx", tr("表格 (*.xlsx)"))
        if path:
            self.trying(lambda: overview.export_register(self.receiver, self.register.currentData(), Path(path), **self._where()), tr("已存成 {name}，敏感号码遮住了。").format(name=Path(path).name))  # type: ignore[arg-type]
