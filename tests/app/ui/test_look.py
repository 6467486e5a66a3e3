"""Tokens, icons, words: what holds for every screen."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication, QDialogButtonBox

from app.ui import theme
from app.ui.navigation import EXCHANGE, FIGURES, HISTORY, TODAY
from app.ui.register.layouts import groups_of, layout_of
from app.ui.theme import THEMES, Tokens
from db.keyslots import strength
from db.record import fields_of
from db.registers import REGISTERS

ROOT = Path(__file__).resolve().parents[3]


def luminance(colour: str) -> float:
    """WCAG 2.1 relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(
    ("ink", "ground"),
    [("ink", "ground"), ("ink", "card"), ("secondary", "card"), ("secondary", "ground"), ("accent", "card"), ("accent", "accent_soft"), ("on_accent", "accent"), ("good", "good_soft"), ("warn", "warn_soft"),
     ("bad", "bad_soft"), ("good", "card"), ("warn", "card"), ("bad", "card"), ("ink", "accent_soft")],
)
def test_text_stands_out_from_its_ground(name: str, ink: str, ground: str) -> None:
    tokens = THEMES[name]
    assert contrast(getattr(tokens, ink), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_the_style_sheet_leaves_no_token_unfilled(qapp: QApplication, name: str) -> None:
    sheet = theme.style_sheet(THEMES[name])
    assert not re.search(r"\$[a-z]|@\d|%[a-z]", sheet)


def test_every_icon_the_program_names_is_there() -> None:
    names = {m for p in (ROOT / "app").rglob("*.py") for m in re.findall(r'(?:icon_name=|Icon\(|icon: ClassVar\[str\] = |tint\(\w+, )"([a-z0-9-]+)"', p.read_text("utf-8"))}
    names |= {r.icon for r in REGISTERS} | {p.icon for p in (TODAY, FIGURES, EXCHANGE, HISTORY)}
    assert names and not [n for n in names if not (ROOT / "resources" / "icons" / f"{n}.svg").exists()]


@pytest.mark.parametrize("register", REGISTERS, ids=lambda r: r.__tablename__)
def test_every_field_of_a_register_has_its_place_on_the_page_once(register: type) -> None:
    placed = [name for names in groups_of(register).values() for name in names]
    assert sorted(placed) == sorted(f.name for f in fields_of(register))
    assert set(layout_of(register).columns) <= set(placed)


def test_standard_buttons_speak_chinese(qapp: QApplication, qtbot) -> None:  # type: ignore[no-untyped-def]  # pytest-qt's fixture
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
    qtbot.addWidget(box)
    assert [b.text().replace("&", "").split("(")[0] for b in box.buttons()] == ["确定", "取消"]
    assert QLocale().language() == QLocale.Language.Chinese


def test_our_fonts_are_the_ones_in_use(qapp: QApplication) -> None:
    from PySide6.QtGui import QFontInfo

    assert QFontInfo(theme.font(15)).family() == theme.FAMILY


def test_a_longer_password_is_never_rated_weaker() -> None:
    places = [strength("correct horse battery"[:n])[0] for n in range(20)]
    assert places == sorted(places) and places[0] == 0 and places[-1] == 4


def test_both_themes_have_every_token() -> None:
    assert all(isinstance(t, Tokens) for t in THEMES.values())
