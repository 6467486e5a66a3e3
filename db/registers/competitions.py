"""Skills competitions (职业技能竞赛) and entries (domain 4b, 5.6)."""

import re
from collections.abc import Mapping as Values
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from db.dates import PartialDate
from db.fields import AMOUNT, DATE, LONG_TEXT, TEXT, WHOLE, Pii, code, field, reference
from db.problems import Problem
from db.record import Record
from db.search import person_tokens


def trades_of(written: str | None) -> tuple[str, ...]:
    """The trades of a competition as written on one line: 电工、焊工."""
    return tuple(part for part in re.split(r"[、，,;；/\s]+", written or "") if part)


class Competition(Record):
    __tablename__ = "competition"
    label: ClassVar[str] = "竞赛"
    counter: ClassVar[str] = "项"
    icon: ClassVar[str] = "trophy"

    name: Mapped[str | None] = field("竞赛名称", TEXT, pii=Pii.NONE, required=True, aliases=("名称",))
    competition_class: Mapped[str | None] = field("类别", code("competition_class"), pii=Pii.NONE)
    organizer_unit: Mapped[str | None] = field("主办单位", TEXT, pii=Pii.NONE)
    trades: Mapped[str | None] = field("竞赛工种", TEXT, pii=Pii.NONE, required=True, hint="几个工种用顿号分开：电工、焊工")
    entry_deadline: Mapped[PartialDate | None] = field("报名截止", DATE, pii=Pii.NONE)
    starts_on: Mapped[PartialDate | None] = field("开始日期", DATE, pii=Pii.NONE)
    ends_on: Mapped[PartialDate | None] = field("结束日期", DATE, pii=Pii.NONE)
    place: Mapped[str | None] = field("地点", TEXT, pii=Pii.NONE)
    note: Mapped[str | None] = field("备注", LONG_TEXT, pii=Pii.NONE)

    @property
    def title(self) -> str:
        return self.name or "（没有名称）"

    @classmethod
    def search_tokens(cls, values: Values[str, Any]) -> list[str]:
        return person_tokens(values.get("name") or "")

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        start, end = values.get("starts_on"), values.get("ends_on")
        if start and end and end.last_day() < start.first_day():
            return [Problem("dates-reversed", "结束日期早于开始日期。", "ends_on")]
        return []


class Entry(Record):
    __tablename__ = "entry"
    __table_args__ = (Index("one_entry", "competition", "member", "trade", unique=True, sqlite_where=text("removed_at IS NULL")),)
    label: ClassVar[str] = "参赛报名"
    counter: ClassVar[str] = "人次"
    icon: ClassVar[str] = "medal"

    competition: Mapped[str | None] = field("竞赛", reference("competition"), pii=Pii.NONE, required=True)
    member: Mapped[str | None] = field("选手", reference("member"), pii=Pii.PERSONAL, required=True)
    trade: Mapped[str | None] = field("工种", TEXT, pii=Pii.NONE, required=True, aliases=("竞赛工种",))
    state: Mapped[str | None] = field("状态", code("entry_state"), pii=Pii.NONE)
    theory_score: Mapped[Decimal | None] = field("理论成绩", AMOUNT, pii=Pii.PERSONAL)
    practical_score: Mapped[Decimal | None] = field("实操成绩", AMOUNT, pii=Pii.PERSONAL)
    rank: Mapped[int | None] = field("名次", WHOLE, pii=Pii.PERSONAL)
    entered_on: Mapped[PartialDate | None] = field("报名日期", DATE, pii=Pii.NONE)
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)

    @property
    def title(self) -> str:
        return self.trade or ""
