"""Trainings (技能培训、岗位能力提升、干部和指导员培训): the class, who is enrolled, what came of it (domain 4c, 5.1)."""

from collections.abc import Mapping as Values
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from db.dates import PartialDate
from db.fields import AMOUNT, DATE, LANDLINE, LONG_TEXT, NAME, PEOPLE, TEXT, WHOLE, YES_NO, Pii, code, field, reference
from db.kinds import MARK, OCCUPATION
from db.problems import Problem
from db.record import Record
from db.rules import dates_in_order


class Training(Record):
    """One class of a course. Its sittings are lectures that name it, so that the door serves here too."""

    __tablename__ = "training"
    label: ClassVar[str] = "培训班"
    counter: ClassVar[str] = "期"
    icon: ClassVar[str] = "graduation-cap"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("name", "class_name", "starts_on"), ("name", "starts_on"))
    called: ClassVar[tuple[str, ...]] = ("name", "class_name")

    name: Mapped[str | None] = field("培训名称", TEXT, pii=Pii.NONE, required=True, aliases=("课程", "班次名称"))
    class_name: Mapped[str | None] = field("班次", TEXT, pii=Pii.NONE, hint="第一期、晚班")
    kind: Mapped[str | None] = field("培训类别", code("training_kind"), pii=Pii.NONE, required=True)
    way: Mapped[str | None] = field("举办方式", code("training_way"), pii=Pii.NONE)
    occupation: Mapped[str | None] = field("职业（工种）", TEXT, pii=Pii.NONE)
    occupation_code: Mapped[str | None] = field("职业编码", OCCUPATION, pii=Pii.NONE)
    skill_level: Mapped[str | None] = field("培训等级", code("skill_level"), pii=Pii.NONE)
    training_body: Mapped[str | None] = field("培训机构", TEXT, pii=Pii.NONE)
    teacher: Mapped[str | None] = field("授课教师", TEXT, pii=Pii.PERSONAL)
    starts_on: Mapped[PartialDate | None] = field("开始日期", DATE, pii=Pii.NONE, required=True)
    ends_on: Mapped[PartialDate | None] = field("结束日期", DATE, pii=Pii.NONE)
    place: Mapped[str | None] = field("地点", TEXT, pii=Pii.NONE)
    class_hours: Mapped[int | None] = field("总学时", WHOLE, pii=Pii.NONE)
    passing_hours: Mapped[int | None] = field("结业学时", WHOLE, pii=Pii.NONE, hint="到课不足的不能结业；空着就不查")
    passing_score: Mapped[Decimal | None] = field("考核合格线", MARK, pii=Pii.NONE, hint="空着算 60 分")
    planned_count: Mapped[int | None] = field("计划人数", PEOPLE, pii=Pii.NONE)
    budget: Mapped[Decimal | None] = field("预算经费", AMOUNT, pii=Pii.NONE)
    cost: Mapped[Decimal | None] = field("实际支出", AMOUNT, pii=Pii.NONE)
    is_free: Mapped[bool | None] = field("免费培训", YES_NO, pii=Pii.NONE)
    contact: Mapped[str | None] = field("联系人", TEXT, pii=Pii.PERSONAL)
    contact_phone: Mapped[str | None] = field("联系电话", LANDLINE, pii=Pii.PERSONAL)
    state: Mapped[str | None] = field("进度", code("activity_state"), pii=Pii.NONE)
    summary: Mapped[str | None] = field("小结", LONG_TEXT, pii=Pii.NONE)

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        found = dates_in_order(values, "starts_on", "ends_on")
        if (values.get("passing_hours") or 0) > (values.get("class_hours") or 10**9):
            found.append(Problem("hours-too-many", "结业学时比总学时还多。", "passing_hours"))
        return found


class Enrolment(Record):
    __tablename__ = "enrolment"
    __table_args__ = (Index("one_enrolment", "training", "member", unique=True, sqlite_where=text("removed_at IS NULL AND member IS NOT NULL")),)
    label: ClassVar[str] = "学员"
    counter: ClassVar[str] = "人次"
    icon: ClassVar[str] = "user-check"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("training", "member"), ("training", "full_name", "unit"))
    called: ClassVar[tuple[str, ...]] = ("full_name",)

    training: Mapped[str | None] = field("培训班", reference("training"), pii=Pii.NONE, required=True)
    member: Mapped[str | None] = field("会员", reference("member"), pii=Pii.PERSONAL)
    full_name: Mapped[str | None] = field("姓名", NAME, pii=Pii.PERSONAL, required=True)
    unit: Mapped[str | None] = field("单位或部门", TEXT, pii=Pii.NONE)
    enrolled_on: Mapped[PartialDate | None] = field("报名日期", DATE, pii=Pii.NONE)
    hours_attended: Mapped[int | None] = field("到课学时", WHOLE, pii=Pii.PERSONAL)
    score: Mapped[Decimal | None] = field("考核成绩", MARK, pii=Pii.PERSONAL)
    result: Mapped[str | None] = field("考核结果", code("training_result"), pii=Pii.PERSONAL)
    completion_no: Mapped[str | None] = field("结业证书号", TEXT, pii=Pii.PERSONAL)
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)
