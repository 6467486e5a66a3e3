"""The life of a membership (会籍) as a list of events that only grows (domain 5.6). The status on any day follows from it."""

from collections.abc import Mapping as Values
from datetime import date
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from db.dates import PartialDate
from db.fields import DATE, TEXT, Pii, code, field, reference
from db.problems import Problem
from db.record import Record

LEFT = frozenset({"转出", "退会", "除名", "去世"})
"""Events that end a membership."""


class MembershipEvent(Record):
    __tablename__ = "membership_event"
    label: ClassVar[str] = "会籍变化"
    counter: ClassVar[str] = "条"
    icon: ClassVar[str] = "arrow-right-left"

    member: Mapped[str | None] = field("会员", reference("member"), pii=Pii.PERSONAL, required=True)
    event: Mapped[str | None] = field("变化类型", code("membership_event"), pii=Pii.PERSONAL, required=True, aliases=("会籍变化类型",))
    event_date: Mapped[PartialDate | None] = field("变化日期", DATE, pii=Pii.PERSONAL, aliases=("会籍变化日期",), hint="知道到哪一级就写到哪一级：2026、2026-11、2026-11-20")
    reason: Mapped[str | None] = field("变化原因", code("membership_event_reason"), pii=Pii.PERSONAL, aliases=("会籍变化原因",))
    note: Mapped[str | None] = field("说明", TEXT, pii=Pii.PERSONAL)

    @property
    def title(self) -> str:
        return " ".join(part for part in (self.event, self.event_date and self.event_date.chinese()) if part) or self.label

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        """Nothing has happened yet in the year after next."""
        when = values.get("event_date")
        if when and when.year > date.today().year + 1:
            return [Problem("date-in-future", "会籍变化日期在很远的将来，请核对年份。", "event_date")]
        if values.get("reason") and values.get("event") in ("入会", "恢复", "去世"):
            return [Problem("reason-odd", f"“{values['event']}”不用填变化原因，请把原因去掉。", "reason")]
        return []
