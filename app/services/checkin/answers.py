"""The closed set of answers that a door gives, each with its words, colour, icon and sound."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Answer(Enum):
    """Everything the door can say."""

    ADMITTED = "admitted"
    WALK_IN = "walk-in"
    ALREADY = "already"
    SEVERAL = "several"
    NOT_LISTED = "not-listed"
    UNKNOWN = "unknown"
    NOT_MEMBER = "not-member"
    OTHER_UNIT = "other-unit"
    WRONG_SESSION = "wrong-session"
    FULL = "full"
    NOT_OPEN = "not-open"
    CLOSED = "closed"
    UNREADABLE = "unreadable"

    @property
    def lets_in(self) -> bool:
        return self in (Answer.ADMITTED, Answer.WALK_IN)

    @property
    def can_be_let_in(self) -> bool:
        """Whether the greeter may let this person in all the same: F2, Enter."""
        return self in (Answer.NOT_LISTED, Answer.NOT_MEMBER, Answer.WRONG_SESSION, Answer.FULL)


TAKEN_BACK = "taken-back"
"""What stands as the answer of a scan that takes another back."""


@dataclass(frozen=True)
class Words:
    """What an answer looks and sounds like. `tone` names the colour: good, warn, bad or accent."""

    title: str
    sentence: str
    tone: str
    icon: str
    sound: str


WORDS: Mapping[Answer, Words] = {
    Answer.ADMITTED: Words("签到成功", "请进。", "good", "circle-check", "good"),
    Answer.WALK_IN: Words("现场加入", "已登记，请进。", "good", "user-plus", "good"),
    Answer.ALREADY: Words("已经签过", "不用再签，请进。", "warn", "history", "again"),
    Answer.SEVERAL: Words("有几位，请选一位", "用上下键选，回车签到。", "accent", "users", "ask"),
    Answer.NOT_LISTED: Words("不在这场的名单上", "是本工会会员。按 F2 再按回车，现场加入。", "warn", "list-checks", "ask"),
    Answer.UNKNOWN: Words("名册里没有", "按 F2 现场加入，或换手机号、工号再试。", "warn", "circle-alert", "ask"),
    Answer.NOT_MEMBER: Words("现在不是会员", "按 F2 再按回车，作为外单位人员加入。", "bad", "user-x", "bad"),
    Answer.OTHER_UNIT: Words("别的单位的证", "这张证不是本工会发的，按 F2 登记姓名和单位。", "warn", "building-2", "ask"),
    Answer.WRONG_SESSION: Words("不是这一场", "按 F2 再按回车，改在这一场签到。", "warn", "calendar-days", "ask"),
    Answer.FULL: Words("这场坐满了", "确实有座位，按 F2 再按回车，加座签到。", "bad", "users", "bad"),
    Answer.NOT_OPEN: Words("还没有开始签到", "请干事在讲座里点“打开签到”。", "warn", "clock", "bad"),
    Answer.CLOSED: Words("讲座已结束", "现在只能补签，请干事在讲座里补，并写明原因。", "bad", "lock", "bad"),
    Answer.UNREADABLE: Words("没有看懂", "请再扫一次，或输入姓名、手机号后四位。", "warn", "scan-line", "bad"),
}


@dataclass(frozen=True)
class Person:
    """Somebody as the greeter needs to see her: no full number. A guest stands on the lecture's list and in no roster."""

    id: str
    full_name: str
    department: str
    employee_no: str
    mobile_tail: str
    not_member: str | None = None
    """Since when and why she is none."""
    rowno: int = 0
    is_guest: bool = False


@dataclass(frozen=True)
class Outcome:
    """An answer and what belongs to it. `scan` names the line that was written down before this was returned."""

    answer: Answer
    person: Person | None = None
    candidates: tuple[Person, ...] = ()
    more: bool = False
    """Whether there are more than the candidates shown."""
    at: datetime | None = None
    door: str | None = None
    number: int | None = None
    """Which place among those present this sign-in took."""
    detail: str = ""
    """What is particular to this case: the session she is on the list of, how many seats there are."""
    scan: str = ""

    @property
    def words(self) -> Words:
        return WORDS[self.answer]


@dataclass(frozen=True)
class Tally:
    """Numbers for the head of the door screen. `expected` is the list's length, or what was planned."""

    present: int
    expected: int | None
    proof: int
    """So many people must sign in for the lecture to count in full."""

    @property
    def missing_to_proof(self) -> int:
        return max(self.proof - self.present, 0)


@dataclass(frozen=True)
class Arrival:
    """Somebody who is in. `name` is the scan or, where there was none, the sign-in; it is what can be taken back."""

    name: str
    person: str
    full_name: str
    unit: str
    way: str
    at: datetime
    door: str
    scans: tuple[str, ...] = ()
    """The scans that let her in, where they are not settled yet."""
