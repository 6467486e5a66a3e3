"""Names as they are typed: pinyin and initials, with the surnames that dictionaries read wrongly."""

from functools import lru_cache

# Read otherwise as surnames; what the dictionary says is found as well.
SURNAMES = {
    "曾": ("zeng",), "单": ("shan",), "解": ("xie",), "仇": ("qiu",), "任": ("ren",), "区": ("ou",), "覃": ("qin", "tan"),
    "查": ("zha",), "朴": ("piao",), "盖": ("ge", "gai"), "尉迟": ("yuchi",), "万俟": ("moqi",), "长孙": ("zhangsun",), "澹台": ("tantai",), "乐": ("yue", "le"),
    "员": ("yun",), "折": ("she",), "种": ("chong",), "繁": ("po",), "缪": ("miao",), "洗": ("xian",), "冼": ("xian",), "吕": ("lv", "lu"), "秘": ("bi",), "尹": ("yin",), "晁": ("chao",), "郗": ("xi", "chi"), "应": ("ying",), "宁": ("ning",), "车": ("che",), "葛": ("ge",), "燕": ("yan",), "隗": ("wei", "kui"), "黑": ("he", "hei"), "召": ("shao",), "翟": ("zhai", "di"), "佘": ("she",), "柏": ("bai", "bo"), "牟": ("mu", "mou"), "乜": ("nie",), "逄": ("pang",), "仉": ("zhang",), "阚": ("kan",), "那": ("na",), "訾": ("zi",), "俞": ("yu",), "费": ("fei", "bi"), "相": ("xiang",), "谌": ("chen", "shen"),
}


@lru_cache(maxsize=30_000)
def _syllable(character: str) -> str:
    from pypinyin import Style, lazy_pinyin  # 136 ms to import, and most starts search nothing

    return "".join(lazy_pinyin(character, style=Style.NORMAL, v_to_u=False)).lower()


@lru_cache(maxsize=20_000)
def readings(name: str) -> tuple[tuple[str, ...], ...]:
    """All readings of a name, each a tuple of syllables, as a surname first: 曾敏 -> (zeng, min), (ceng, min)."""
    rest = [_syllable(c) for c in name if c != "·"]
    if not rest:
        return ()
    double = SURNAMES.get(name[:2]) if len(name) > 2 else None
    if double:
        return (*((first, *rest[2:]) for first in double), tuple(rest))
    firsts = dict.fromkeys((*SURNAMES.get(name[0], ()), rest[0]))
    return tuple((first, *rest[1:]) for first in firsts)


def sort_key(name: str) -> str:
    """For the order of a roster: pinyin syllable by syllable, then the characters."""
    found = readings(name)
    return " ".join(found[0]) + "\0" + name if found else name
