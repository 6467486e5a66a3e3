"""How a written cell becomes a clean text, step by step. Every step is a rule with an id and a sentence.

A kind runs its rules when it reads a cell (`run`); the preview asks again, for the cells on the screen only, which of
them changed something (`changes`), so that nothing a rule does is silent. Rules never repair what cannot be known: digits
that a spreadsheet lost, damaged characters and two people in one cell are named by the kinds as problems.

Sources: 民委发〔2016〕33号 (separator U+00B7 in names), GB 11643-1999, the dirt list of real workbooks.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """`sentence` says to the clerk what was done."""

    id: str
    sentence: str
    apply: Callable[[str], str]


@dataclass(frozen=True)
class Change:
    """One rule's work on one cell."""

    rule: str
    sentence: str
    before: str
    after: str


def run(rules: tuple[Rule, ...], text: str) -> str:
    for rule in rules:
        text = rule.apply(text)
    return text


def changes(rules: tuple[Rule, ...], text: str) -> tuple[Change, ...]:
    """What each rule that changed something made of what the one before left."""
    found = []
    for rule in rules:
        after = rule.apply(text)
        if after != text:
            found.append(Change(rule.id, rule.sentence, text, after))
        text = after
    return tuple(found)


# -- all cells

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_SPACES = dict.fromkeys(map(ord, "\u00a0\u3000\t\u2002\u2003\u2009"), " ")
# Digits, letters and marks at full width; not all of NFKC, which would change more than width.
_FULL_WIDTH = str.maketrans({chr(0xFF01 + n): chr(0x21 + n) for n in range(94)})


def without_spaces(text: str) -> str:
    return "".join(text.translate(_INVISIBLE).translate(_SPACES).split())


def half_width(text: str) -> str:
    return text.translate(_FULL_WIDTH)


def _without_quotes(text: str) -> str:
    """Without what forces a spreadsheet to keep text: a leading apostrophe, ="…"."""
    inner = re.fullmatch(r'="?(.*?)"?', text)
    return (inner.group(1) if inner else text).lstrip("'’`‘")


SPACE = Rule("space", "去掉了空格和看不见的字符。", without_spaces)
WIDTH = Rule("width", "全角数字、字母换成了半角。", half_width)
QUOTE = Rule("quote", "去掉了表格软件留下的引号。", _without_quotes)

# -- names

_SEPARATORS = re.compile(r"(?<=[^\W\d_])\s*[•‧∙⋅・･．.●。·]\s*(?=[^\W\d_])")
_BRACKETED = re.compile(r"^(.+?)\s*[（(\[【〔]([^（()）\[\]【】〔〕]*)[)）\]】〕]\s*$")
_BRACKETED_FIRST = re.compile(r"^[（(\[【〔]([^（()）\[\]【】〔〕]*)[)）\]】〕]\s*(.+)$")
_SAID_AFTER = re.compile(r"^(\S{2,4}|\S ?\S)\s+(男|女|退休|已退休|离职|已离职|借调|返聘|病假|产假|新入职|新员工|已退会|调出|党员|组长|班长|临时|实习)$")
_HAN_SPACE = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")
# Characters that GB18030-2000 fonts kept in the private use area; Unicode 4.1 gave them U+9FB4 to U+9FBB.
_PRIVATE = str.maketrans(dict(zip("\ue81e\ue826\ue82b\ue82c\ue832\ue843\ue854\ue864", map(chr, range(0x9FB4, 0x9FBC)), strict=True)))
_DAMAGED = re.compile("[?？□■\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_SEVERAL = re.compile(r"[\u4e00-\u9fff·]{2,}\s*[、，,;；/|]\s*[\u4e00-\u9fff·]{2,}|(?<![\u4e00-\u9fff])[\u4e00-\u9fff]{2,4}\s*[\r\n]+\s*[\u4e00-\u9fff]{2,4}(?![\u4e00-\u9fff])")


def _composed(text: str) -> str:
    """NFC, which also gives compatibility ideographs (U+F900) their own characters; radicals, as copied from PDF, and full-width letters besides.

    Not NFKC on the whole: that would change rare characters of names into others.
    """
    text = unicodedata.normalize("NFC", text)
    if any("\u2e80" <= c <= "\u2fdf" for c in text):
        text = "".join(unicodedata.normalize("NFKC", c) if "\u2e80" <= c <= "\u2fdf" else c for c in text)
    if any("\uff21" <= c <= "\uff5a" for c in text):
        text = "".join(half_width(c) if "\uff21" <= c <= "\uff5a" else c for c in text)
    return text


def remark_of(name: str) -> str:
    """What a name cell says besides the name: 退休 of 赵六(退休); empty when nothing."""
    text = run(NAME_RULES[:4], name)
    said: list[str] = []
    while True:
        if found := _BRACKETED.match(text):
            text, remark = found.group(1), found.group(2)
        elif found := _BRACKETED_FIRST.match(text):
            remark, text = found.group(1), found.group(2)
        elif found := _SAID_AFTER.match(text):
            text, remark = found.group(1), found.group(2)
        else:
            return "；".join(part for part in reversed(said) if part)
        said.append(remark.strip())


def _without_remark(text: str) -> str:
    while True:
        if found := _BRACKETED.match(text) or _SAID_AFTER.match(text):
            text = found.group(1)
        elif found := _BRACKETED_FIRST.match(text):
            text = found.group(2)
        else:
            return text


def _closed_up(text: str) -> str:
    """No spaces beside Han characters, single ones between Latin words."""
    return _HAN_SPACE.sub("", " ".join(text.split()))


def _dot(found: re.Match[str]) -> str:
    """Between Latin letters a full stop stays one: J. Smith."""
    around = found.string[found.start() - 1] + found.string[found.end()]
    return found.group() if around.isascii() else "·"


NAME_RULES = (
    Rule("name-invisible", "去掉了姓名里看不见的字符。", lambda t: re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", t.translate(_INVISIBLE)).translate(_SPACES)),
    Rule("name-private-use", "老字库里的字换成了统一编码的同一个字。", lambda t: t.translate(_PRIVATE)),
    Rule("name-compatible", "兼容字、部首字和全角字母换成了通用的同一个字。", _composed),
    Rule("name-marks", "去掉了姓名前后的星号等记号。", lambda t: t.strip(" *＊※★☆△▲#'’‘`\t\r\n")),
    Rule("name-remark", "姓名后面的说明移到了备注。", _without_remark),
    Rule("name-separator", "姓名里的间隔号换成了标准的“·”。", lambda t: _SEPARATORS.sub(_dot, t)),
    Rule("name-space", "去掉了姓名里的空格。", _closed_up),
)


def is_damaged(name: str) -> bool:
    """Whether a character was lost on the way: ?, □, U+FFFD, a private-use code that nobody else can show."""
    return bool(_DAMAGED.search(name))


def is_half_hidden(text: str) -> bool:
    """Whether somebody was masked: 张**, *三."""
    return bool(re.fullmatch(r"[\u4e00-\u9fff]?[*＊×xX]{1,3}[\u4e00-\u9fff]?|[\u4e00-\u9fff][*＊]{2,3}", text.strip()))


_DOUBLE_SURNAMES = frozenset(["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "司徒", "令狐", "宇文", "长孙", "夏侯", "万俟", "端木", "独孤", "南宫", "西门", "呼延", "轩辕", "澹台", "淳于", "太史", "申屠", "公羊", "赫连"])


def may_be_two(text: str) -> bool:
    """Whether a space stands where two names may meet: 张三 李四; not 欧阳 娜娜."""
    found = re.fullmatch(r"([\u4e00-\u9fff]{2,3})[ \u3000\u00a0]+([\u4e00-\u9fff]{2,3})", text.strip())
    return found is not None and found[1] not in _DOUBLE_SURNAMES


def holds_several(text: str) -> bool:
    """Whether a name cell holds more than one person."""
    return bool(_SEVERAL.search(run(NAME_RULES[:5], text)))


# -- numbers

_LOOKS_LIKE_X = str.maketrans(dict.fromkeys("xⅩⅹＸｘХх×✕", "X"))

ID_RULES = (
    SPACE, QUOTE,
    Rule("id-look-alike-x", "末位像 X 的字换成了 X。", lambda t: t.translate(_LOOKS_LIKE_X)),
    WIDTH,
    Rule("id-capitals", "字母换成了大写。", str.upper),
)
IDENTIFIER_RULES = (SPACE, QUOTE, WIDTH, Rule("capitals", "字母换成了大写。", str.upper))

_MOBILE = re.compile(r"1[3-9][0-9]{9}")


def _joined_mobile(text: str) -> str:
    digits = text.replace("-", "")
    return digits if _MOBILE.fullmatch(digits) else text


PHONE_RULES = (
    SPACE, QUOTE, WIDTH,
    Rule("phone-brackets", "去掉了号码里的括号。", lambda t: t.replace("(", "").replace(")", "-" if re.match(r"\(0\d{2,3}\)\d", t) else "")),
    Rule("phone-prefix", "去掉了国家区号 86。", lambda t: re.sub(r"^(?:\+|00)?86[- ]?(?=1\d{2})", "", t)),
    Rule("phone-hyphens", "去掉了手机号里的短横。", _joined_mobile),
)

READINGS = {
    "text-space": "去掉了多余的空格和换行。",
    "id-upgrade": "15 位老号码换算成了 18 位。",
    "phone-first": "一格里有几个号码，手机号放这里，其余移到固定电话或备注。",
    "date-form": "日期写成了统一的样子，原文也留着。",
    "date-serial": "表格软件的日期序号换成了日期。",
    "time-form": "时间写成了统一的样子。",
    "code-term": "换成了统一的叫法。",
    "yes-no-term": "换成了“是”或“否”。",
    "number-form": "数字写成了统一的样子。",
    "number-cell": "按数字存的号码取成了文字。",
    "id-settles": "按身份证号填。",
    "name-remark": "从姓名后面移来的说明。",
    "phone-moved": "从手机一格移来的号码。",
    "sheet-department": "表的名字就是部门。",
    "fill-down": "合并的单元格，每行都填上。",
}
"""The last step, by what was read, where rules alone do not explain the value: id and sentence."""


def read_as(rule: str, before: str, after: str) -> Change:
    return Change(rule, READINGS[rule], before, after)
