"""Where one can go: the programmes of `db.registers` as lines of the menu, a strip of tabs within each, and the program's own pages."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QWidget

from app.services import guarded
from app.services.office import Office
from app.ui.search import Place
from app.ui.text import tr
from app.ui.theme import px
from db.record import Record
from db.registers import PROGRAMMES, Programme

TODAY = Place("today", "今天", "house")
FIGURES = Place("figures", "数据和报表", "table-2")
EXCHANGE = Place("exchange", "报送与回执", "send")
HISTORY = Place("history", "变更记录", "history")
SETTINGS = Place("settings", "设置", "settings")
IMPORT = Place("import", "导入名册", "import")


def shown(office: Office, programme: Programme) -> tuple[type[Record], ...]:
    """The registers of a programme that this user may see."""
    return tuple(r for r in programme.registers if guarded.may_see(office, r))


def navigation(office: Office) -> tuple[Place | None, ...]:
    """The menu, top to bottom; None is a gap."""
    programmes = [Place(registers[0].__tablename__, programme.title, registers[0].icon) for programme in PROGRAMMES if (registers := shown(office, programme))]
    return (TODAY, *programmes, None, FIGURES, EXCHANGE, HISTORY)


def places(office: Office) -> list[Place]:
    """Every page that can be gone to by its name."""
    menu = [place for place in navigation(office) if place]
    behind = [Place(r.__tablename__, r.label, r.icon) for programme in PROGRAMMES for r in shown(office, programme)[1:]]
    return [*menu, *behind, IMPORT, SETTINGS]


def title_of(register: type[Record]) -> str:
    """A programme's chief register goes by the programme's name."""
    return next((p.title for p in PROGRAMMES if p.registers[0] is register), register.label)


def programme_of(key: str) -> Programme | None:
    return next((p for p in PROGRAMMES if any(r.__tablename__ == key for r in p.registers)), None)


def line_of(office: Office, key: str) -> str:
    """The line of the menu that a page belongs to."""
    programme = programme_of("member" if key == "import" else key)
    return shown(office, programme)[0].__tablename__ if programme and shown(office, programme) else key


class Tabs(QScrollArea):
    """The registers of one programme side by side; Ctrl+Page Down and Page Up go along."""

    def __init__(self, registers: Sequence[type[Record]], current: str, go: Callable[[str], object]) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(px(40))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        inner = QWidget()
        line = QHBoxLayout(inner)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(px(6))
        self.group = QButtonGroup(self)
        self.keys = [r.__tablename__ for r in registers]
        self.current = current
        self._go = go
        self.buttons: dict[str, QPushButton] = {}
        for register in registers:
            made = QPushButton(tr(register.label))
            made.setProperty("tab", True)
            made.setCheckable(True)
            made.setChecked(register.__tablename__ == current)
            made.setAccessibleName(tr(register.label))
            made.clicked.connect(lambda _checked=False, key=register.__tablename__: self._to(key))
            self.group.addButton(made)
            self.buttons[register.__tablename__] = made
            line.addWidget(made)
        line.addStretch(1)
        self.setWidget(inner)

    def listen(self, page: QWidget) -> None:
        for keys, step in (("Ctrl+PgDown", 1), ("Ctrl+PgUp", -1)):
            made = QShortcut(QKeySequence(keys), page)
            made.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            made.activated.connect(lambda step=step: self._to(self.keys[(self.keys.index(self.current) + step) % len(self.keys)]))

    def _to(self, key: str) -> None:
        self._go(key)
        self.buttons[self.current].setChecked(True)  # this page's own tab, for when one comes back
