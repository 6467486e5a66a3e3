"""Public lectures (公益大讲堂): planned, held in one or more sessions, who was asked and who came (domain 4c, 5.6)."""

from collections.abc import Mapping as Values
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from db.fields import AMOUNT, LANDLINE, LONG_TEXT, MOBILE, MOMENT, NAME, PEOPLE, TEXT, YES_NO, Pii, code, field, reference
from db.problems import Problem
from db.record import Record
from db.search import number_tokens, person_tokens

CLOSED = ("结束", "已反馈")
NOT_OPEN = ("计划", "通知")


class Lecture(Record):
    __tablename__ = "lecture"
    label: ClassVar[str] = "讲座"
    counter: ClassVar[str] = "场"
    icon: ClassVar[str] = "presentation"

    training: Mapped[str | None] = field("属于培训班", reference("training"), pii=Pii.NONE, hint="培训的一次课；不算讲座场次")
    topic: Mapped[str | None] = field("题目", TEXT, pii=Pii.NONE, required=True, aliases=("讲座题目", "主题", "名称"))
    theme: Mapped[str | None] = field("主题类别", code("lecture_theme"), pii=Pii.NONE)
    form: Mapped[str | None] = field("形式", code("lecture_form"), pii=Pii.NONE)
    starts_at: Mapped[datetime | None] = field("开始时间", MOMENT, pii=Pii.NONE, required=True, index=True, aliases=("时间",))
    place: Mapped[str | None] = field("地点", TEXT, pii=Pii.NONE, hint="几个会场就在“场次”里分开写")
    capacity: Mapped[int | None] = field("容量", PEOPLE, pii=Pii.NONE, hint="会场坐得下多少人")
    planned_count: Mapped[int | None] = field("计划人数", PEOPLE, pii=Pii.NONE)
    speaker: Mapped[str | None] = field("主讲人", TEXT, pii=Pii.PERSONAL)
    speaker_unit: Mapped[str | None] = field("主讲人单位职称", TEXT, pii=Pii.PERSONAL)
    speaker_bio: Mapped[str | None] = field("主讲人简介", LONG_TEXT, pii=Pii.PERSONAL)
    organizer_unit: Mapped[str | None] = field("承办单位", TEXT, pii=Pii.NONE)
    co_organizer: Mapped[str | None] = field("联合单位", TEXT, pii=Pii.NONE)
    contact: Mapped[str | None] = field("联系人", TEXT, pii=Pii.PERSONAL)
    contact_phone: Mapped[str | None] = field("联系电话", LANDLINE, pii=Pii.PERSONAL)
    expected_women: Mapped[int | None] = field("预计女职工", PEOPLE, pii=Pii.NONE)
    expected_migrants: Mapped[int | None] = field("预计农民工", PEOPLE, pii=Pii.NONE)
    speaker_fee: Mapped[Decimal | None] = field("预算讲课费", AMOUNT, pii=Pii.NONE)
    venue_fee: Mapped[Decimal | None] = field("预算场租", AMOUNT, pii=Pii.NONE)
    material_fee: Mapped[Decimal | None] = field("预算资料费", AMOUNT, pii=Pii.NONE)
    speaker_paid: Mapped[Decimal | None] = field("决算讲课费", AMOUNT, pii=Pii.NONE)
    venue_paid: Mapped[Decimal | None] = field("决算场租", AMOUNT, pii=Pii.NONE)
    material_paid: Mapped[Decimal | None] = field("决算资料费", AMOUNT, pii=Pii.NONE)
    safety_plan: Mapped[str | None] = field("安全预案", LONG_TEXT, pii=Pii.NONE)
    walk_ins_allowed: Mapped[bool | None] = field("允许现场加入", YES_NO, pii=Pii.NONE, hint="空着算允许")
    state: Mapped[str | None] = field("进度", code("lecture_state"), pii=Pii.NONE)
    very_satisfied: Mapped[int | None] = field("很满意", PEOPLE, pii=Pii.NONE, hint="满意度调查的份数")
    satisfied: Mapped[int | None] = field("满意", PEOPLE, pii=Pii.NONE)
    fairly_satisfied: Mapped[int | None] = field("一般", PEOPLE, pii=Pii.NONE)
    not_satisfied: Mapped[int | None] = field("不满意", PEOPLE, pii=Pii.NONE)
    summary: Mapped[str | None] = field("小结", LONG_TEXT, pii=Pii.NONE, hint="五百字以内")

    @property
    def title(self) -> str:
        return self.topic or "（没有题目）"

    @property
    def is_closed(self) -> bool:
        return self.state in CLOSED

    @classmethod
    def search_tokens(cls, values: Values[str, Any]) -> list[str]:
        return person_tokens(values.get("topic") or "")


class LectureSession(Record):
    """One sitting of a lecture that is held several times or in several halls. A lecture held once has none."""

    __tablename__ = "lecture_session"
    label: ClassVar[str] = "场次"
    counter: ClassVar[str] = "场"
    icon: ClassVar[str] = "calendar-days"

    lecture: Mapped[str | None] = field("讲座", reference("lecture"), pii=Pii.NONE, required=True)
    name: Mapped[str | None] = field("场次名称", TEXT, pii=Pii.NONE, required=True, hint="上午场、二号厅")
    starts_at: Mapped[datetime | None] = field("开始时间", MOMENT, pii=Pii.NONE, required=True, aliases=("时间",))
    hall: Mapped[str | None] = field("会场", TEXT, pii=Pii.NONE)
    capacity: Mapped[int | None] = field("容量", PEOPLE, pii=Pii.NONE)
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)

    @property
    def title(self) -> str:
        return " ".join(part for part in (self.name, self.hall) if part)


class Registration(Record):
    """One line of a lecture's list: who is expected, in which session. A lecture without a list is open to every member."""

    __tablename__ = "registration"
    __table_args__ = (Index("one_registration", "lecture", "member", unique=True, sqlite_where=text("removed_at IS NULL AND member IS NOT NULL")),)
    label: ClassVar[str] = "参加名单"
    counter: ClassVar[str] = "人"
    icon: ClassVar[str] = "list-checks"

    lecture: Mapped[str | None] = field("讲座", reference("lecture"), pii=Pii.NONE, required=True)
    session: Mapped[str | None] = field("场次", reference("lecture_session"), pii=Pii.NONE)
    member: Mapped[str | None] = field("会员", reference("member"), pii=Pii.PERSONAL)
    full_name: Mapped[str | None] = field("姓名", NAME, pii=Pii.PERSONAL, required=True)
    unit: Mapped[str | None] = field("单位或部门", TEXT, pii=Pii.NONE)
    mobile: Mapped[str | None] = field("手机", MOBILE, pii=Pii.PERSONAL, hint="外单位的人写上，门口好找")
    note: Mapped[str | None] = field("说明", TEXT, pii=Pii.PERSONAL)

    @property
    def title(self) -> str:
        return self.full_name or ""

    @classmethod
    def search_tokens(cls, values: Values[str, Any]) -> list[str]:
        return [*person_tokens(values.get("full_name") or ""), *number_tokens(values.get("mobile") or "")]


class SignIn(Record):
    __tablename__ = "sign_in"
    # The store itself keeps one live sign-in for a person and session, whatever the programs above it do.
    __table_args__ = (
        Index("one_sign_in", "lecture", "member", unique=True, sqlite_where=text("removed_at IS NULL AND member IS NOT NULL AND session IS NULL")),
        Index("one_sign_in_a_session", "session", "member", unique=True, sqlite_where=text("removed_at IS NULL AND member IS NOT NULL AND session IS NOT NULL")),
    )
    label: ClassVar[str] = "签到"
    counter: ClassVar[str] = "人次"
    icon: ClassVar[str] = "clipboard-check"

    lecture: Mapped[str | None] = field("讲座", reference("lecture"), pii=Pii.NONE, required=True)
    session: Mapped[str | None] = field("场次", reference("lecture_session"), pii=Pii.NONE)
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
