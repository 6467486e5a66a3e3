"""A record's page in the programmes: its fields, and beside them what hangs on it, its files, and what was printed of it. From the declarations."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QPushButton, QScrollArea, QVBoxLayout, QWidget
from sqlalchemy import select

from app.services import related
from app.services.listing import Hit
from app.services.office import Office
from app.services.related import Related
from app.ui.register.files import FilesCard
from app.ui.register.record_page import when
from app.ui.register.side_page import SidePage
from app.ui.text import tr
from app.ui.theme import px
from app.ui.widgets import Card, button, clear, label, row
from db.record import Record

PRINTS = 6


class RelatedPage(SidePage):
    """`rows_wanted` asks for the rows of another register that belong to this record: register, field, id, and whether a new one is to be begun."""

    rows_wanted = Signal(object, str, str, bool)
    print_wanted = Signal(str)

    def __init__(self, office: Office, register: type[Record]) -> None:
        super().__init__(office, register)
        self.print_button = button(tr("打印表格"), self._print, icon_name="printer", key="Ctrl+P")
        self.print_button.hide()
        self.head.addWidget(self.print_button)
        self.has_forms = False
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, px(6), 0)
        self._column.setSpacing(px(12))
        self._area.setWidget(inner)
        self.beside.addWidget(self._area)
        self.around = Card(tr("有关的记录"), padding=14, spacing=8)
        self._around_box = QVBoxLayout()
        self._around_box.setSpacing(px(8))
        self.around.body.addLayout(self._around_box)
        self.files = FilesCard(office)
        self.prints = Card(tr("打印记录"), padding=14, spacing=6)
        self._prints_box = QVBoxLayout()
        self._prints_box.setSpacing(px(4))
        self.prints.body.addLayout(self._prints_box)
        for part in (self.around, self.files, self.prints):
            self._column.addWidget(part)
        self._column.addStretch(1)
        jump = QShortcut(QKeySequence("F6"), self)
        jump.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        jump.activated.connect(self._jump)
        self.lay(beside=False)

    def _jump(self) -> None:
        """F6: to what stands beside the fields, and back."""
        beside = [b for b in self._beside() if b.isEnabled() and b.isVisibleTo(self)]
        inside = QApplication.focusWidget()
        if inside is not None and self.aside.isAncestorOf(inside):
            next(iter(self.editors.values())).focus()
        elif beside:
            beside[0].setFocus()
            self._area.ensureWidgetVisible(beside[0])

    def open(self, record_id: str | None, *, preset: Mapping[str, Any] | None = None) -> None:
        """Back from another register's rows, the keyboard stands where it left."""
        super().open(record_id, preset=preset)
        left, self._left = self._left, None
        if left is not None and left[0] == record_id:
            again = [b for b in self._beside() if b.accessibleName() == left[1] and b.isEnabled()]
            if again:
                again[0].setFocus()
                self._area.ensureWidgetVisible(again[0])

    _left: tuple[str | None, str] | None = None

    def _beside(self) -> list[QPushButton]:
        return cast(list[QPushButton], self.aside.findChildren(QPushButton))

    def tall(self) -> QWidget | None:
        return self._area

    def _show_around(self, session: Any, record: Record | None) -> None:
        super()._show_around(session, record)
        self.print_button.setVisible(record is not None and self.has_forms)
        if record is None:
            return
        found = related.around(session, self.register, record.id)
        self.around.setVisible(bool(found))
        clear(self._around_box)
        for one in found:
            self._around_box.addLayout(self._line(one))
            for hit in one.newest:
                link = button(hit.title, partial(self.wanted.emit, Hit(hit.register, hit.id, hit.title, hit.detail)), flat=True)
                link.setProperty("link", True)
                self._around_box.addWidget(link)
            if one.count > len(one.newest) > 0:
                self._around_box.addWidget(label(tr("…共 {n} {counter}").format(n=one.count, counter=one.register.counter), "secondary"))
        self.files.show_record(self.register, record.id)
        printed = related.prints(session, record.id)
        self.prints.setVisible(bool(printed))
        clear(self._prints_box)
        for paper in printed[:PRINTS]:
            self._prints_box.addWidget(label(tr("{when}　{who}　{title} 第 {copy} 份").format(when=when(paper.at), who=paper.who, title=tr(paper.title), copy=paper.copy), "secondary", wrap=True))
        if len(printed) > PRINTS:
            self._prints_box.addWidget(label(tr("…共 {n} 次").format(n=len(printed)), "secondary"))

    def _line(self, one: Related) -> Any:
        words = label(f"{tr(one.label)}　{one.count}", "fieldLabel")
        add = button(tr("新建"), partial(self._rows, one, True), icon_name="plus", tip=tr("新建{label}").format(label=tr(one.register.label)))
        see = button(tr("全部"), partial(self._rows, one, False), tip=tr("看这里的全部{label}").format(label=tr(one.register.label)))
        see.setEnabled(one.count > 0)
        return row(words, None, see, add, spacing=6)

    def _print(self) -> None:
        if self.record_id:
            self.print_wanted.emit(self.record_id)

    def _rows(self, one: Related, new: bool) -> None:
        if self.record_id and self.may_leave():
            held = QApplication.focusWidget()
            self._left = (self.record_id, held.accessibleName()) if isinstance(held, QPushButton) else None
            self.rows_wanted.emit(one.register, one.field, self.record_id, new)

    def again(self) -> None:
        """What hangs on the record, and what others changed in it while nothing was being typed."""
        if self.record_id is None:
            return
        with self.office.reading() as session:
            record = session.scalars(select(self.register).where(self.register.id == self.record_id)).first()
            if record is None or record.removed_at is not None:
                return
            if self.is_dirty:
                self._show_around(session, record)
                return
            same = all(self._loaded[f.name] == (getattr(record, f.name) or "" if f.kind.refers_to else f.show(getattr(record, f.name))) for f in self.fields)
            if same:
                self._show_around(session, record)
        if not same:
            self.open(self.record_id)

    def save(self) -> bool:
        """A new record on which others will hang stays open: they are begun beside it."""
        if self.record_id is not None or not related.referring(self.register):
            return super().save()
        if not self.store():
            return False
        self.open(self.record_id)
        self.said.emit(tr("已保存。旁边可以接着建有关的记录、加附件。"))
        return True
