"""A record's page with something beside its fields: what hangs on a person, where a lecture stands."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.services.office import Office
from app.ui.register.record_page import RecordPage
from app.ui.theme import px
from db.record import Record

WIDE_ENOUGH = 900
HEIGHT_BELOW = 220


class SidePage(RecordPage):
    """`aside` stands beside the fields where there is room, else below them. `wanted` asks for another record's page, `pdf_ready` for a preview, `said` for a line of news."""

    first = False
    """Whether what stands beside the fields comes before them where there is no room beside."""
    wanted = Signal(object)
    pdf_ready = Signal(object, str, object)
    said = Signal(str)

    def __init__(self, office: Office, register: type[Record], *, width: int = 360) -> None:
        super().__init__(office, register)
        self._width = width
        self.aside = QWidget()
        self.beside = QVBoxLayout(self.aside)
        self.beside.setContentsMargins(0, 0, 0, 0)
        self.beside.setSpacing(px(12))
        self._is_beside: bool | None = None

    def again(self) -> None:
        """What hangs on the record may have changed: show it anew. What is being typed stays."""
        raise NotImplementedError

    def tall(self) -> QWidget | None:
        """The part of `aside` that scrolls, and so has no height of its own below the fields."""
        return None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.lay(beside=self.width() >= px(WIDE_ENOUGH))

    def lay(self, *, beside: bool) -> None:
        if beside == self._is_beside:
            return
        self._is_beside = beside
        self.aside.setParent(None)
        tall = self.tall()
        if beside:
            self.aside.setFixedWidth(px(self._width))
            self.middle.addWidget(self.aside)
        else:
            self.aside.setMinimumWidth(0)
            self.aside.setMaximumWidth(16_777_215)
            self.content.insertWidget(0 if self.first else self.content.count() - 2, self.aside)
        if tall is not None:
            tall.setMinimumHeight(0 if beside else px(HEIGHT_BELOW))
        self.aside.setVisible(self.record_id is not None)

    def _show_around(self, session: Any, record: Record | None) -> None:
        self.aside.setVisible(record is not None)
