"""Public lectures (公益大讲堂) and who came (domain 4c, 5.6)."""

from collections.abc import Mapping as Values
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from db.fields import LONG_TEXT, MOBILE, MOMENT, NAME, PEOPLE, TEXT, YES_NO, Pii, code, field, reference
from db.problems import Problem
from db.record import Record
from db.search import person_tokens


class Lecture(Record):
    __tablename__ = "lecture"
    label: ClassVar[str] = "讲座"
    counter: ClassVar[str] = "场"
    icon: ClassVar[str] = "presentation"

    topic: Mapped[str | None] = field("题目", TEXT, pii=Pii.NONE, required=True, aliases=("讲座题目", "主题", "名称"))
    theme: Mapped[str | None] = field("主题类别", code("lecture_theme"), pii=Pii.NONE)
    form: Mapped[str | None] = field("形式", code("lecture_form"), pii=Pii.NONE)
    starts_at: Mapped[datetime | None] = field("开始时间", MOMENT, pii=Pii.NONE, required=True, index=True, aliases=("时间",))
    place: Mapped[str | None] = field("地点", TEXT, pii=Pii.NONE)
    capacity: Mapped[int | None] = field("容量", PEOPLE, pii=Pii.NONE, hint="会场坐得下多少人")
    planned_count: Mapped[int | None] = field("计划人数", PEOPLE, pii=Pii.NONE)
    speaker: Mapped[str | None] = field("主讲人", TEXT, pii=Pii.PERSONAL)
    speaker_unit: Mapped[str | None] = field("主讲人单位职称", TEXT, pii=Pii.PERSONAL)
    organizer_unit: Mapped[str | None] = field("承办单位", TEXT, pii=Pii.NONE)
    walk_ins_allowed: Mapped[bool | None] = field("允许现场加入", YES_NO, pii=Pii.NONE)
    state: Mapped[str | None] = field("进度", code("lecture_state"), pii=Pii.NONE)
    summary: Mapped[str | None] = field("小结", LONG_TEXT, pii=Pii.NONE)

    @property
    def title(self) -> str:
        return self.topic or "（没有题目）"

    @property
    def is_closed(self) -> bool:
        return self.state in ("结束", "已反馈")

    @classmethod
    def search_tokens(cls, values: Values[str, Any]) -> list[str]:
        return person_tokens(values.get("topic") or "")


class SignIn(Record):
    __tablename__ = "sign_in"
    # The store itself keeps one live sign-in for a person and lecture, whatever the programs above it do.
    __table_args__ = (Index("one_sign_in", "lecture", "member", unique=True, sqlite_where=text("removed_at IS NULL AND member IS NOT NULL")),)
    label: ClassVar[str] = "签到"
    counter: ClassVar[str] = "人次"
    icon: ClassVar[str] = "clipboard-check"

    lecture: Mapped[str | None] = field("讲座", reference("lecture"), pii=Pii.NONE, required=True)
    member: Mapped[str | None] = field("会员", reference("member"), pii=Pii.PERSONAL)
    full_name: Mapped[str | None] = field("姓名", NAME, pii=Pii.PERSONAL, required=True)
    unit: Mapped[str | None] = field("单位或部门", TEXT, pii=Pii.NONE)
    mobile: Mapped[str | None] = field("手机", MOBILE, pii=Pii.PERSONAL)
    signed_at: Mapped[datetime | None] = field("签到时间", MOMENT, pii=Pii.PERSONAL, required=True)
    way: Mapped[str | None] = field("方式", code("sign_in_way"), pii=Pii.NONE)
    door: Mapped[str | None] = field("签到处", TEXT, pii=Pii.NONE)
    note: Mapped[str | None] = field("说明", TEXT, pii=Pii.NONE, hint="补签要写原因")

    @property
    def title(self) -> str:
        return self.full_name or ""

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        if values.get("way") == "补签" and not values.get("note"):
            return [Problem("late-reason-missing", "补签要写原因。", "note")]
        return []
