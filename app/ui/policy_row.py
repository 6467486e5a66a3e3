"""The values of one row of policy, as fields: what a policy, a rule, a target, a pledge or a rule for photographs can say.

The administrator's window and the district's show the same fields; `PARTS` says which kind has which, how it is shown and read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QFormLayout, QLineEdit, QPlainTextEdit, QWidget

from app.services import policies
from app.ui.text import tr
from app.ui.theme import px
from db.problems import UserError

Row = Mapping[str, Any]
ANY_LEVEL = "不分等级"


def _whole(text: str) -> int:
    """UserError where it is no number."""
    if not text.strip().isdecimal():
        raise UserError(tr("这里要填整数，“{text}”不是。").format(text=text.strip()[:20]))
    return int(text)


def _wanted(text: str) -> int | str:
    """A number, a share of the members, or what the lectures were planned for. UserError where it is none of them."""
    plain = text.strip().replace("\uff05", "%")
    if plain == PLANNED:
        return "planned"
    return plain if plain.endswith("%") and plain[:-1].isdecimal() else _whole(plain)


PLANNED = "按讲座的计划人数"


def _limits(text: str) -> dict[str, int]:
    """决赛前几名 10, a line each. UserError where a line is none."""
    names, found = {words: name for name, words in policies.LIMITS.items()}, {}
    for line in text.splitlines():
        if line.strip():
            words, _, number = line.strip().rpartition(" ")
            if words.strip() not in names:
                raise UserError(tr("不认得“{line}”这一条，请照原来的写法，只改数。").format(line=line.strip()[:20]))
            found[names[words.strip()]] = _whole(number)
    return found


def _numbers(text: str) -> list[str]:
    for mark in "、，,%×至到-\uff05":
        text = text.replace(mark, " ")
    return text.split()


def _parts(text: str) -> list[int]:
    """60 40: parts of a hundred; 1 1 1: equal parts. UserError where they are neither."""
    found = [_whole(part) for part in _numbers(text)]
    if not found or not all(found) or (sum(found) != 100 and len(set(found)) > 1):
        raise UserError(tr("分几次给，加起来要是 100，例如 60 40；平均分三次写 1 1 1。"))
    return found


def _pair(text: str) -> list[int]:
    """27 35: two numbers. UserError where they are not."""
    found = [_whole(part) for part in _numbers(text)]
    if len(found) != 2:
        raise UserError(tr("这里要写两个数，例如 27 35。"))
    return found


def _levels(text: str) -> list[dict[str, Any]]:
    """三级/高级工 2000, a line each. UserError where a line is none."""
    found = []
    for line in text.splitlines():
        if line.strip():
            level, _, amount = line.strip().rpartition(" ")
            found.append({"level": "" if level.strip() == tr(ANY_LEVEL) else level.strip(), "amount": _whole(amount)})
    return found


def _words(text: str) -> str:
    """UserError where nothing is written."""
    if not text.strip():
        raise UserError(tr("请写文字。"))
    return text.strip()


@dataclass(frozen=True)
class Part:
    """One field. `height`: in pixels, for what has several lines; `key`: the row's value that it is; `only_with`: shown where the row has it."""

    words: str
    kind: str
    key: str
    shown: Callable[[Any], str]
    read: Callable[[str], Any]
    height: int = 0
    hint: str = ""
    only_with: bool = False
    fixed: bool = False
    """Shown, not changed here."""


def _as_pair(value: Any) -> str:
    return " ".join(str(n) for n in value or ())


def _yes_or_no(value: Any) -> str:
    return tr("是") if value else tr("否")


def _yes(text: str) -> bool:
    """UserError where it is neither yes nor no."""
    if text.strip() not in (tr("是"), tr("否")):
        raise UserError(tr("这里填“是”或“否”。"))
    return text.strip() == tr("是")


def _holder(text: str) -> str:
    """UserError where it is neither a person's nor a collective's."""
    if text.strip() not in HOLDERS:
        raise UserError(tr("这里填{words}。").format(words="、".join(HOLDERS)))
    return text.strip()


HOLDERS = ("个人", "集体", "都可以")


def _as_words(value: Any) -> str:
    return "、".join(value or ())


def _words_of(text: str) -> list[str]:
    return [word.strip() for word in text.replace("，", "、").replace(",", "、").split("、") if word.strip()]


PARTS: tuple[Part, ...] = (
    Part("数值", "rule", "value", str, _whole),
    Part("每个单位", "target", "wanted", lambda v: tr(PLANNED) if v == "planned" else str(v), _wanted, hint="写数，或者按会员算的比例，如 2%"),
    Part("全区", "target", "district", lambda v: str(v or ""), lambda text: _whole(text or "0"), hint="全区要达到的数，没有就空着"),
    Part("几个月内申请", "policy", "window_months", lambda v: str(v or ""), lambda text: _whole(text or "0"), hint="从取得证书等的那天算，不限就空着"),
    Part("每人每年几次", "policy", "per_person_and_year", str, _whole),
    Part("等级和金额", "policy", "levels", lambda v: "\n".join(f"{x['level'] or tr(ANY_LEVEL)} {x['amount']}" for x in v or ()), _levels, 130, "一行一个：三级/高级工 2000"),
    Part("其他条件", "policy", "limits", lambda v: "\n".join(f"{tr(policies.LIMITS.get(name, name))} {number}" for name, number in (v or {}).items()), _limits, 96, "一行一个：决赛前几名 10", only_with=True),
    Part("同一等级只给一次", "policy", "once_per_level", _yes_or_no, _yes),
    Part("给过高等级不再给低的", "policy", "no_lower_after_higher", _yes_or_no, _yes),
    Part("算哪些证书", "policy", "kinds", _as_words, _words_of, hint="用顿号分开；空着就不看种类"),
    Part("不能和哪些同时用", "policy", "excludes", _as_words, _words_of, hint="别的补贴的名称，用顿号分开"),
    Part("认哪些学历", "policy", "lists", lambda v: _as_words((v or {}).get("educations")), lambda text: {"educations": _words_of(text)}, only_with=True),
    Part("分几次给", "policy", "parts", lambda v: _as_pair(v or (100,)), _parts, hint="100，或者 60 40；平均分三次写 1 1 1"),
    Part("另加的比例（%）", "policy", "share", lambda v: str(v or 0), _whole, only_with=True),
    Part("承诺的文字", "pledge", "text", lambda v: str(v).strip(), _words, 190),
    Part("发给谁", "honour", "holder", str, _holder, hint="个人、集体，都可以就写“都可以”"),
    Part("级别", "honour", "level", lambda v: str(v or ""), str.strip, hint="几级都有就空着"),
    Part("由谁授予", "honour", "issuer", _as_words, _words_of, hint="名称里要有的字，用顿号分开；不查就空着"),
    Part("现有的词", "code", "words", _as_words, lambda _text: None, 150, fixed=True),
    Part("加一个词", "code", "term", lambda _v: "", _words, hint="加了以后就能在这张表里选；去掉一个词要区里来做"),
    Part("照片宽高（毫米）", "photo", "frame_mm", _as_pair, _pair),
    Part("至少多少像素（宽 高）", "photo", "least_pixels", _as_pair, _pair),
    Part("多少 KB（从 到）", "photo", "kilobytes", _as_pair, _pair),
    Part("背景", "photo", "background", lambda v: str(v or ""), str.strip, hint="蓝色、白色、红色，不限就空着"),
    Part("头部高（毫米，从 到）", "photo", "head_height_mm", _as_pair, _pair),
    Part("头部宽（毫米，从 到）", "photo", "head_width_mm", _as_pair, _pair),
)


class RowForm:
    """The fields of `PARTS` in a form layout; those of a row's kind are shown."""

    def __init__(self, layout: QFormLayout) -> None:
        self.layout = layout
        self.fields: dict[Part, QLineEdit | QPlainTextEdit] = {}
        self._row: Row = {}
        for part in PARTS:
            field: QLineEdit | QPlainTextEdit
            if part.height:
                field = QPlainTextEdit()
                field.setTabChangesFocus(True)
                field.setStyleSheet(f"QPlainTextEdit {{ min-height: {px(part.height)}px; max-height: {px(part.height)}px; }}")  # the program's style sheet would make it lower
            else:
                field = QLineEdit()
            field.setPlaceholderText(tr(part.hint))
            field.setToolTip(tr(part.hint))
            field.setAccessibleName(tr(part.words))
            field.setReadOnly(part.fixed)
            layout.addRow(tr(part.words), field)
            self.fields[part] = field

    def __getitem__(self, words: str) -> QLineEdit | QPlainTextEdit:
        return next(field for part, field in self.fields.items() if part.words == words)

    def show(self, kind: str, row: Row) -> None:
        self._row = row
        for part, field in self.fields.items():
            mine = part.kind == kind and not (part.only_with and not row.get(part.key))
            self.layout.setRowVisible(field, mine)
            field.setProperty("mine", mine)
            write(field, part.shown(row.get(part.key)) if mine else "")

    def typed(self) -> tuple[str, ...]:
        return tuple(text_of(field) for field in self.fields.values())

    def changes(self) -> dict[str, Any]:
        """What the fields say. UserError where one cannot be read."""
        return {part.key: part.read(text_of(field)) for part, field in self.fields.items() if field.property("mine") and not part.fixed}


def text_of(field: QWidget) -> str:
    return field.toPlainText() if isinstance(field, QPlainTextEdit) else field.text() if isinstance(field, QLineEdit) else ""


def write(field: QLineEdit | QPlainTextEdit, text: str) -> None:
    if isinstance(field, QPlainTextEdit):
        field.setPlainText(text)
    else:
        field.setText(text)
