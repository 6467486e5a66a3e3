"""The parts that every page is made of."""

from collections.abc import Callable, Iterable
from typing import cast

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QColor, QIcon, QKeySequence, QPalette, QResizeEvent, QShortcut, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.ui.theme import colour, icon, icon_size, pixmap, px, theme


def label(text: str, name: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    made = QLabel(text)
    made.setObjectName(name)
    made.setWordWrap(wrap)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
    return made


def button(text: str, clicked: Callable[[], object], *, icon_name: str = "", primary: bool = False, flat: bool = False, danger: bool = False, key: str = "", tip: str = "") -> QPushButton:
    """A push button; `key` is shown in its tip and works in its window."""
    made = QPushButton(f" {text}" if icon_name and text else text)  # Qt leaves hardly a gap between icon and text
    made.setProperty("primary", primary)
    made.setProperty("flat2", flat)
    made.setProperty("danger", danger)
    made.setAutoDefault(primary)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    if icon_name:
        tint(made, icon_name, "on_accent" if primary else "bad" if danger else "secondary")
    if key:
        # Not the button's own shortcut: that is forgotten with every new text, and fires a tenth of a second late.
        shortcut = QShortcut(QKeySequence(key), made)
        shortcut.activated.connect(lambda: clicked() if made.isEnabled() and made.isVisible() else None)
    made.setAccessibleName(tip or text)
    made.setToolTip(" ".join(part for part in (tip or text, f"（{key}）" if key else "") if part))
    made.clicked.connect(lambda _checked=False: clicked())
    return made


def tint(target: QAbstractButton, name: str, token: str = "secondary", size: float = 18) -> None:
    """Give a button an icon that follows the theme."""

    def draw() -> None:
        made = icon(name, token, size)
        made.addPixmap(pixmap(name, "secondary", size), QIcon.Mode.Disabled)
        target.setIcon(made)
        target.setIconSize(icon_size(size))

    draw()
    _Following(target, draw)


class _Following(QObject):
    """Redraws something of its parent when the theme changes; goes with the parent."""

    def __init__(self, parent: QWidget, draw: Callable[[], None]) -> None:
        super().__init__(parent)
        self._draw = draw
        theme().changed.connect(self._on_changed)

    def _on_changed(self) -> None:
        self._draw()


class QuietCombo(QComboBox):
    """A list box that a passing mouse wheel does not change."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ColouredDelegate(QStyledItemDelegate):
    """Keeps a cell's own colour in the selected row: red and amber mean something there too."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        own = index.data(Qt.ItemDataRole.ForegroundRole)
        ink = own if isinstance(own, QColor) else colour("ink")
        option.palette.setColor(QPalette.ColorRole.HighlightedText, ink)  # type: ignore[attr-defined]  # PySide's stubs hide the members of style options


class Icon(QLabel):
    """A picture of the icon set, coloured from the tokens; `tile` puts it on a soft square."""

    def __init__(self, name: str, token: str = "secondary", size: float = 20, *, tile: bool = False) -> None:
        super().__init__()
        self._name, self._token, self._size = name, token, size
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        if tile:
            self.setObjectName(f"tile_{token}")
        self._tile = tile
        self._draw()
        _Following(self, self._draw)

    def show_icon(self, name: str, token: str) -> None:
        self._name, self._token = name, token
        self._draw()

    def _draw(self) -> None:
        side = px(self._size * 1.9) if self._tile else px(self._size)
        self.setFixedSize(side, side)
        self.setPixmap(pixmap(self._name, self._token, self._size))


def fit_to_screen(window: QWidget, width: int, height: int) -> None:
    """Size a dialog, given at 100 %, and never larger than the screen: with large type its content scrolls instead."""
    room = window.screen().availableGeometry()
    window.resize(min(px(width), room.width() - px(16)), min(px(height), room.height() - px(40)))


class Card(QFrame):
    """A white card with a heading; fill it through `body`."""

    def __init__(self, title: str = "", *, padding: int = 20, spacing: int = 12) -> None:
        super().__init__()
        self.setObjectName("card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(px(padding), px(padding), px(padding), px(padding))
        self.body.setSpacing(px(spacing))
        if title:
            self.body.addWidget(label(title, "section"))


def row(*widgets: QWidget | None, spacing: int = 12, wide: QWidget | None = None) -> QHBoxLayout:
    """Widgets side by side; None is the space that stretches, `wide` the widget that takes what is left."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(px(spacing))
    for widget in widgets:
        if widget is None:
            made.addStretch(1)
        else:
            made.addWidget(widget, int(widget is wide))
    return made


def yield_words(buttons: Iterable[QPushButton], *, narrow: bool) -> None:
    """Buttons with an icon keep it and give up their words where there is little room; the tip still says them."""
    for made in buttons:
        words = made.property("words") or made.text()
        made.setProperty("words", words)
        made.setText("" if narrow else words)


class Page(QWidget):
    """A page of the main window: title at the left, actions at the right, content below."""

    title = ""

    def __init__(self, title: str = "") -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.outer = QVBoxLayout(self)
        self.outer.setContentsMargins(px(28), px(16), px(28), px(20))
        self.outer.setSpacing(px(14))
        self.heading = label(title or self.title, "pageTitle")
        self.heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(px(8))
        head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        head.addLayout(self.buttons)
        self.outer.addLayout(head)

    def fit(self, width: int) -> None:
        """On little room, or with large type, buttons with an icon keep it and give up their words (the tip still says them)."""
        yield_words(self.yielding(), narrow=width < px(820))

    def yielding(self) -> list[QPushButton]:
        """The buttons that may give up their words."""
        found = [self.buttons.itemAt(n).widget() for n in range(self.buttons.count())]
        return [made for made in found if isinstance(made, QPushButton) and not made.icon().isNull()]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit(self.width())

    def first_focus(self) -> QWidget | None:
        """Where the keyboard goes when the page comes to the front."""
        found = cast(list[QPushButton], self.findChildren(QPushButton))
        return next((made for made in found if made.isEnabled()), None)

    def has_unsaved(self) -> bool:
        """Whether leaving would lose something."""
        return False

    def arrived(self) -> None:
        """Called whenever the page comes to the front."""

    def may_leave(self) -> bool:
        """Whether the page lets go; it asks the person itself where something would be lost."""
        return True


class ScrollPage(Page):
    """A page whose content scrolls; fill it through `content`. `banner` stands on top for what happened."""

    def __init__(self, title: str = "") -> None:
        super().__init__(title)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        self.content = QVBoxLayout(inner)
        self.content.setContentsMargins(0, 0, px(8), 0)
        self.content.setSpacing(px(16))
        self.banner = Banner()
        area.setWidget(inner)
        self.outer.addWidget(self.banner)  # above what scrolls, so that it is seen wherever the person is
        self.outer.addWidget(area, 1)


class EmptyState(QWidget):
    """What a list shows when it has nothing: why, and the next step."""

    def __init__(self, icon_name: str, title: str, detail: str, *actions: QWidget) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.addStretch(1)
        box.addWidget(Icon(icon_name, "secondary", 44), 0, Qt.AlignmentFlag.AlignHCenter)
        self.title = label(title, "section")
        self.detail = label(detail, "secondary", wrap=True)
        for part in (self.title, self.detail):
            part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            box.addWidget(part)
        if actions:
            box.addSpacing(px(8))
            box.addLayout(row(None, *actions, None))
        box.addStretch(2)


class Banner(QFrame):
    """A line of news in the page: tone good, warn or bad, one sentence."""

    def __init__(self) -> None:
        super().__init__()
        box = QHBoxLayout(self)
        box.setContentsMargins(px(14), px(10), px(14), px(10))
        self._icon = Icon("info", "warn", 20)
        self.text = label("", wrap=True, selectable=True)
        box.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        box.addWidget(self.text, 1)
        self.hide()

    def say(self, text: str, tone: str = "bad") -> None:
        icons = {"bad": "circle-alert", "warn": "triangle-alert", "good": "circle-check"}
        self.setObjectName(f"banner_{tone}")
        self._icon.show_icon(icons[tone], tone)
        self.text.setText(text)
        self.style().unpolish(self)
        self.style().polish(self)
        self.setVisible(bool(text))


class Toast(QFrame):
    """What just happened, at the foot of the window, with a way back; leaves by itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        box = QHBoxLayout(self)
        box.setContentsMargins(px(16), px(4), px(8), px(4))
        self._text = label("", wrap=True)
        self._undo = QPushButton()
        box.addWidget(self._text)
        box.addWidget(self._undo)
        self._back: Callable[[], None] | None = None
        self._undo.clicked.connect(self._go_back)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    def say(self, text: str, *, undo: Callable[[], None] | None = None, undo_text: str = "") -> None:
        self._text.setText(text)
        self._back = undo
        self._undo.setText(undo_text)
        self._undo.setVisible(undo is not None)
        parent = self.parentWidget()
        room = round(parent.width() * 0.9) if parent else px(900)
        self._text.setFixedWidth(min(self._text.fontMetrics().horizontalAdvance(text) + px(8), room - px(180)))
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self._timer.start(8000)

    def _go_back(self) -> None:
        self.hide()
        if self._back:
            self._back()

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent:
            self.move((parent.width() - self.width()) // 2, parent.height() - self.height() - px(24))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)


def clear_grid(grid: QGridLayout) -> None:
    """Take everything out of a grid."""
    while (item := grid.takeAt(0)) is not None:
        if widget := item.widget():
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()


def drop(layout: QVBoxLayout | QHBoxLayout, place: int) -> None:
    """Take one widget out of a layout."""
    item = layout.takeAt(place)
    if item is not None and (widget := item.widget()):
        widget.hide()
        widget.setParent(None)
        widget.deleteLater()


def clear(layout: QVBoxLayout | QHBoxLayout) -> None:
    """Take everything out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        if widget := item.widget():
            widget.hide()
            widget.setParent(None)  # at once, so that nobody finds it as a child any more
            widget.deleteLater()
        elif inner := item.layout():
            clear(inner)  # type: ignore[arg-type]  # our layouts are boxes


def frame(sidebar: QWidget, stack: QWidget, band: str = "") -> QWidget:
    """The middle of a main window: navigation at the left, pages at the right, a band over both where there is something to warn of."""
    centre = QWidget()
    centre.setObjectName("page")
    outer = QVBoxLayout(centre)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.setSpacing(0)
    if band:
        said = label(band, "practice")
        said.setAlignment(Qt.AlignmentFlag.AlignCenter)
        outer.addWidget(said)
    line = QHBoxLayout()
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(0)
    line.addWidget(sidebar)
    line.addWidget(stack, 1)
    outer.addLayout(line, 1)
    return centre
