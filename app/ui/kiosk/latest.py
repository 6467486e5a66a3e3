"""The last who came, each with a way back."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.services.checkin.answers import Arrival
from app.services.checkin.door import Door
from app.ui.text import tr
from app.ui.widgets import Card, Icon, button, clear, drop, label

MOST = 10


class LatestCard(Card):
    """`scale` turns lengths at 100 % into pixels of the door window; `undo` takes back an arrival by its name."""

    def __init__(self, scale: Callable[[float], int], undo: Callable[[str], None]) -> None:
        super().__init__(tr("刚才"), padding=20, spacing=8)
        self._undo = undo
        self._shown: list[str] = []
        self.rows = QVBoxLayout()
        self.rows.setSpacing(scale(6))
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self.rows)
        column.addStretch(1)
        self._area = QScrollArea()  # so that ten rows never push the window over the screen's edge
        self._area.setWidgetResizable(True)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(inner)
        self.body.addWidget(self._area, 1)

    def show_latest(self, door: Door) -> None:
        """As many as there is room for: no line is cut in half. One more scan adds one line at the top and lets the lowest go."""
        first = self.rows.itemAt(0)
        whole = self._area.height() // (first.sizeHint().height() + self.rows.spacing()) if first is not None and self.isVisible() else MOST
        room = max(1, min(MOST, whole))
        wanted = door.latest(room)
        names = [arrival.name for arrival in wanted]
        if names and self._shown and names[1:] == self._shown[: len(names) - 1] and names[:1] != self._shown[:1]:
            self.rows.insertWidget(0, self._row(wanted[0]))
            while self.rows.count() > room:
                drop(self.rows, room)
        elif names != self._shown:
            clear(self.rows)
            for arrival in wanted:
                self.rows.addWidget(self._row(arrival))
        self._shown = names

    def _row(self, arrival: Arrival) -> QWidget:
        line = QWidget()
        box = QHBoxLayout(line)
        box.setContentsMargins(0, 0, 0, 0)
        walked_in = arrival.way == "现场加入"
        box.addWidget(Icon("user-plus" if walked_in else "circle-check", "accent" if walked_in else "good", 18))
        box.addWidget(label(arrival.full_name))
        where = label(arrival.unit, "secondary")
        where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # the time is worth more room than the unit
        box.addWidget(where, 1)
        box.addWidget(label(arrival.at.astimezone().strftime("%H:%M:%S"), "secondary"))
        back = button("", lambda: self._undo(arrival.name), icon_name="undo-2", flat=True, tip=tr("撤销 {name} 的签到").format(name=arrival.full_name))
        back.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        box.addWidget(back)
        return line
