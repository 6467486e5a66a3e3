"""Fonts for paper: every character is drawn from a font that has it, and can be copied and searched afterwards.

ReportLab does not fall back between fonts and writes a wrong ToUnicode map beyond the Basic Multilingual Plane
(`<%04X>` for U+2CB4E gives five digits, which readers take for U+2CB4); both are mended here.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import resources

from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfbase.ttfonts import TTFont

SERIF, SANS, BOLD = "serif", "sans", "bold"
_FILES = {
    SERIF: "NotoSerifSC-Regular.ttf", SANS: "NotoSansSC-Regular.ttf", BOLD: "NotoSansSC-Bold.ttf",
    "rare": "HanaMin-Extra.ttf", "rare2": "HanaMin-Extra2.ttf",
}
_CHAINS = {SERIF: (SERIF, SANS, "rare", "rare2"), SANS: (SANS, SERIF, "rare", "rare2"), BOLD: (BOLD, SANS, SERIF, "rare", "rare2")}
MISSING = "〓"
"""What stands for a character that no font has: 下三 of old type, never a silent gap."""


def _to_unicode(font_name: str, subset: Sequence[int]) -> str:
    """A ToUnicode CMap with UTF-16 targets (ISO 32000-1, 9.10.3), at most 100 pairs in a block."""
    lines = [
        "/CIDInit /ProcSet findresource begin", "12 dict begin", "begincmap",
        f"/CIDSystemInfo << /Registry ({font_name}) /Ordering ({font_name}) /Supplement 0 >> def",
        f"/CMapName /{font_name} def", "/CMapType 2 def", "1 begincodespacerange", f"<00> <{len(subset) - 1:02X}>", "endcodespacerange",
    ]
    for start in range(0, len(subset), 100):
        block = subset[start : start + 100]
        lines.append(f"{len(block)} beginbfchar")
        lines += [f"<{start + i:02X}> <{chr(code).encode('utf-16-be').hex().upper()}>" for i, code in enumerate(block)]
        lines.append("endbfchar")
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines)


ttfonts.makeToUnicodeCMap = _to_unicode


@cache
def _load(name: str) -> dict[int, int]:
    """Register one font; its map from code point to glyph. Loaded when first needed: the rare ones are large."""
    with resources.as_file(resources.files("resources.fonts").joinpath(_FILES[name])) as path:
        font = TTFont(name, str(path))
    pdfmetrics.registerFont(font)
    glyphs: dict[int, int] = font.face.charToGlyph
    return glyphs


@lru_cache(maxsize=20_000)
def runs(text: str, font: str) -> tuple[tuple[str, str], ...]:
    """The text split into (font, part) so that each part's font has all its characters."""
    glyphs = _load(font)
    if all(ord(c) in glyphs for c in text):
        return ((font, text),)
    parts: list[list[str]] = []
    for character in text:
        name, drawn = _font_for(character, font)
        if parts and parts[-1][0] == name:
            parts[-1][1] += drawn
        else:
            parts.append([name, drawn])
    return tuple((name, part) for name, part in parts)


@lru_cache(maxsize=20_000)
def _font_for(character: str, font: str) -> tuple[str, str]:
    for name in _CHAINS[font]:
        if ord(character) in _load(name):
            return name, character
    return font, MISSING


def missing_from(text: str) -> tuple[str, ...]:
    """Characters that no font of ours has, to be named before printing."""
    return tuple(dict.fromkeys(c for c in text if c.isprintable() and _font_for(c, SERIF)[1] is MISSING and c != MISSING))


@lru_cache(maxsize=50_000)
def width(text: str, font: str, size: float) -> float:
    """In points."""
    return float(sum(pdfmetrics.stringWidth(part, name, size) for name, part in runs(text, font)))


@lru_cache(maxsize=20_000)
def wrap(text: str, font: str, size: float, room: float) -> tuple[str, ...]:
    """Lines no wider than `room` points; breaks anywhere between Han characters, at spaces in Latin words where it can."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for character in paragraph:
            advance = width(character, font, size)
            if used + advance > room and line:
                head, cut = _break(line, character)
                lines.append(head)
                line = cut
                if character == " " and not line:  # a line does not begin with the space at which it was broken
                    used = 0.0
                    continue
                used = width(line, font, size) if line else 0.0
            line += character
            used += advance
        lines.append(line)
    return tuple(lines)


_NOT_FIRST = set("，。、；：？！）》」』】”’·,.;:?!)]}%")


_RUN = re.compile(r"[0-9A-Za-z.:-]+$")
_NOT_LAST = set("（《「『【“‘([{￥")


def _break(line: str, following: str) -> tuple[str, str]:
    """Where to end a full line: not before closing punctuation nor after opening, not inside a Latin word."""
    if following in _NOT_FIRST and len(line) > 1:
        return line[:-1], line[-1]
    if line[-1] in _NOT_LAST and len(line) > 1:
        return line[:-1], line[-1]
    if following.isascii() and following.isalnum() and line[-1].isascii() and line[-1].isalnum():
        head, _, tail = line.rpartition(" ")
        if head and " " in line[1:] and tail.isascii():
            return head, tail
        run = _RUN.search(line)
        if run and run.start() > 0 and len(run.group()) < len(line) // 2:
            return line[: run.start()], run.group()
    return line, ""
