"""Names as they are typed: pinyin and initials, with the surnames that dictionaries read wrongly."""

from functools import lru_cache

# Read otherwise as surnames; where two readings are in use both are found.
SURNAMES = {
    "曾": ("zeng",), "单": ("shan",), "解": ("xie",), "仇": ("qiu",), "任": ("ren",), "区": ("ou",), "覃": ("qin", "tan"),
    "查": ("zha",), "朴": ("piao",), "盖": ("ge", "gai"), "尉迟": ("yuchi",), "万俟": ("moqi",), "乐": ("yue", "le"),
    "员": ("yun",), "折": ("she",), "种": ("chong",), "繁": ("po",), "缪": ("miao",), "洗": ("xian",), "冼": ("xian",), "吕": ("lv", "lu"),
}


@lru_cache(maxsize=30_000)
def _syllable(character: str) -> str:
    from pypinyin import Style, lazy_pinyin  # 136 ms to import, and most starts search nothing

    return "".join(lazy_pinyin(character, style=Style.NORMAL, v_to_u=False)).lower()


@lru_cache(maxsize=20_000)
def readings(name: str) -> tuple[tuple[str, ...], ...]:
    """All readings of a name, each a tuple of syllables: 覃梅 -> (qin, mei), (tan, mei)."""
    rest = [_syllable(c) for c in name if c != "·"]
    if not rest:
        return ()
    firsts = SURNAMES.get(name[0], (rest[0],))
    return tuple((first, *rest[1:]) for first in firsts)


def sort_key(name: str) -> str:
    """For the order of a roster: pinyin syllable by syllable, then the characters."""
    found = readings(name)
    return " ".join(found[0]) + "\0" + name if found else name
