"""The look: tokens for light and dark, one scale for everything, icons coloured from the tokens.

Widgets ask for sizes with `px` and for colours by token; `apply` sets the style sheet and tells everybody that draws itself.
"""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

FAMILY = "Noto Sans SC"
SCALES = (1.0, 1.15, 1.3, 1.5, 1.75, 2.0)


@dataclass(frozen=True)
class Tokens:
    """Colours of one theme. Text on its ground has a contrast of at least 4.5 : 1 (tested)."""

    ground: str
    card: str
    ink: str
    secondary: str
    line: str
    accent: str
    accent_soft: str
    on_accent: str
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    brand: str
    dark: bool


LIGHT = Tokens(
    ground="#F6F7F9", card="#FFFFFF", ink="#1B2430", secondary="#5C6B7A", line="#E3E7EC", accent="#1E5B8C", accent_soft="#E8F0F7", on_accent="#FFFFFF",
    good="#1F7A4D", good_soft="#E6F4EC", warn="#9A5B00", warn_soft="#FDF3E1", bad="#B3261E", bad_soft="#FBEAE9", brand="#B5382A", dark=False,
)
DARK = Tokens(
    ground="#14181D", card="#1B2128", ink="#E7ECF1", secondary="#97A4B2", line="#2A323B", accent="#6FB1E4", accent_soft="#1F3242", on_accent="#10151A",
    good="#6CCB98", good_soft="#17322A", warn="#E3B05B", warn_soft="#36290F", bad="#F2938B", bad_soft="#3A1E1C", brand="#E0705F", dark=True,
)
THEMES: Mapping[str, Tokens] = {"light": LIGHT, "dark": DARK}


class Theme(QObject):
    """The theme in force; one for the program."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name = "light"
        self.scale = 1.0

    @property
    def tokens(self) -> Tokens:
        return THEMES[self.name]

    def apply(self, *, name: str | None = None, scale: float | None = None) -> None:
        self.name = name or self.name
        self.scale = min(max(scale or self.scale, SCALES[0]), SCALES[-1])
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.setFont(font(15))
        application.setPalette(_palette(self.tokens))
        application.setStyleSheet(style_sheet(self.tokens))
        self.changed.emit()


@lru_cache(maxsize=1)
def theme() -> Theme:
    return Theme()


def px(size: float) -> int:
    """A length of the sketches (1366 x 768, 100 %) at the present scale."""
    return max(1, round(size * theme().scale))


def font(size: float, *, bold: bool = False) -> QFont:
    made = QFont()
    made.setFamilies([FAMILY, "Noto Serif SC", "HanaMin Extra", "HanaMin Extra2", "Microsoft YaHei UI", "sans-serif"])
    made.setPixelSize(px(size))
    made.setBold(bold)
    return made


def load_fonts(*, rare: bool = False) -> None:
    """Make our fonts known to Qt. The rare characters' fonts are large and are loaded after the first window shows."""
    names = ("HanaMin-Extra.ttf", "HanaMin-Extra2.ttf", "NotoSerifSC-Regular.ttf") if rare else ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf")
    for name in names:
        with resources.as_file(resources.files("resources.fonts").joinpath(name)) as path:
            QFontDatabase.addApplicationFont(str(path))


@lru_cache(maxsize=200)
def _svg(name: str) -> str:
    return resources.files("resources.icons").joinpath(f"{name}.svg").read_text("utf-8")


@lru_cache(maxsize=800)
def _pixmap(name: str, colour: str, side: int, ratio: float) -> QPixmap:
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(_svg(name).replace("currentColor", colour).encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    return pixmap


def pixmap(name: str, token: str = "secondary", size: float = 20) -> QPixmap:
    application = QApplication.instance()
    ratio = application.devicePixelRatio() if isinstance(application, QApplication) else 1.0
    return _pixmap(name, getattr(theme().tokens, token), px(size), ratio)


def icon(name: str, token: str = "secondary", size: float = 20) -> QIcon:
    return QIcon(pixmap(name, token, size))


def icon_size(size: float = 20) -> QSize:
    return QSize(px(size), px(size))


def colour(token: str) -> QColor:
    return QColor(getattr(theme().tokens, token))


def _palette(t: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, value in (
        (role.Window, t.ground), (role.WindowText, t.ink), (role.Base, t.card), (role.AlternateBase, t.ground), (role.Text, t.ink), (role.Button, t.card),
        (role.ButtonText, t.ink), (role.Highlight, t.accent), (role.HighlightedText, t.on_accent), (role.ToolTipBase, t.card), (role.ToolTipText, t.ink),
        (role.PlaceholderText, t.secondary), (role.Link, t.accent), (role.Mid, t.line), (role.Light, t.card), (role.Dark, t.line),
    ):
        palette.setColor(which, QColor(value))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(t.secondary))
    return palette


@lru_cache(maxsize=1)
def _icon_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="uniondesk-")


def _icon_file(name: str, token: str, t: Tokens) -> str:
    """A coloured icon as a file, because style sheets take pictures by path only."""
    path = Path(_icon_folder().name) / f"{name}-{token}-{'dark' if t.dark else 'light'}.svg"
    if not path.exists():
        path.write_text(_svg(name).replace("currentColor", getattr(t, token)), encoding="utf-8")
    return path.as_posix()


def style_sheet(t: Tokens) -> str:
    """One sheet for the whole program, from tokens and scale."""
    template = resources.files("resources.styles").joinpath("app.qss").read_text("utf-8")
    drawn = re.sub(r"%([a-z-]+)-([a-z_]+)%", lambda found: _icon_file(found[1], found[2], t), template)
    sized = re.sub(r"@(\d+)px", lambda found: f"{px(int(found[1]))}px", drawn)
    return re.sub(r"\$([a-z_]+)", lambda found: str(getattr(t, found[1])), sized)
