"""The employees' tech association (职工技协): persons, units, services done (domain 4j). No official form was found: the fields are 拟."""

from decimal import Decimal
from typing import ClassVar

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from db.dates import PartialDate
from db.fields import AMOUNT, DATE, LANDLINE, LONG_TEXT, PEOPLE, TEXT, Pii, code, field, reference
from db.record import Record


class TechMember(Record):
    __tablename__ = "tech_member"
    __table_args__ = (Index("one_tech_member", "member", unique=True, sqlite_where=text("removed_at IS NULL")),)
    label: ClassVar[str] = "技协会员"
    with_member: ClassVar[bool] = True
    counter: ClassVar[str] = "人"
    icon: ClassVar[str] = "user-check"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("member",),)

    member: Mapped[str | None] = field("会员", reference("member"), pii=Pii.PERSONAL, required=True)
    joined_on: Mapped[PartialDate | None] = field("入会时间", DATE, pii=Pii.PERSONAL)
    occupation: Mapped[str | None] = field("工种", TEXT, pii=Pii.PERSONAL)
    skill_level: Mapped[str | None] = field("技能等级", code("skill_level"), pii=Pii.PERSONAL)
    professional_title: Mapped[str | None] = field("职称", TEXT, pii=Pii.PERSONAL)
    strengths: Mapped[str | None] = field("技术特长", LONG_TEXT, pii=Pii.PERSONAL)
    results: Mapped[str | None] = field("主要成果", LONG_TEXT, pii=Pii.PERSONAL)
    services: Mapped[str | None] = field("可承担服务", LONG_TEXT, pii=Pii.NONE)
    wish: Mapped[str | None] = field("意愿", code("tech_wish"), pii=Pii.NONE)
    left_on: Mapped[PartialDate | None] = field("退出时间", DATE, pii=Pii.PERSONAL)


class TechUnit(Record):
    __tablename__ = "tech_unit"
    label: ClassVar[str] = "技协团体会员"
    counter: ClassVar[str] = "家"
    icon: ClassVar[str] = "building-2"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("name",),)
    called: ClassVar[tuple[str, ...]] = ("name",)

    name: Mapped[str | None] = field("单位名称", TEXT, pii=Pii.NONE, required=True)
    employee_count: Mapped[int | None] = field("职工数", PEOPLE, pii=Pii.NONE)
    talent_count: Mapped[int | None] = field("技能人才数", PEOPLE, pii=Pii.NONE)
    chief: Mapped[str | None] = field("技协负责人", TEXT, pii=Pii.PERSONAL)
    contact_phone: Mapped[str | None] = field("联系电话", LANDLINE, pii=Pii.PERSONAL)
    joined_on: Mapped[PartialDate | None] = field("入会时间", DATE, pii=Pii.NONE)
    services: Mapped[str | None] = field("可提供服务", LONG_TEXT, pii=Pii.NONE)
    needs: Mapped[str | None] = field("技术需求", LONG_TEXT, pii=Pii.NONE)


class TechService(Record):
    __tablename__ = "tech_service"
    label: ClassVar[str] = "技协服务"
    counter: ClassVar[str] = "次"
    icon: ClassVar[str] = "list-checks"
    called: ClassVar[tuple[str, ...]] = ("topic",)

    topic: Mapped[str | None] = field("服务内容", TEXT, pii=Pii.NONE, required=True)
    kind: Mapped[str | None] = field("服务类型", code("tech_wish"), pii=Pii.NONE)
    tech_member: Mapped[str | None] = field("承担人", reference("tech_member"), pii=Pii.PERSONAL)
    unit: Mapped[str | None] = field("服务单位", TEXT, pii=Pii.NONE)
    served_on: Mapped[PartialDate | None] = field("日期", DATE, pii=Pii.NONE)
    people: Mapped[int | None] = field("受益人数", PEOPLE, pii=Pii.NONE)
    benefit: Mapped[Decimal | None] = field("经济效益", AMOUNT, pii=Pii.NONE)
    outcome: Mapped[str | None] = field("效果", LONG_TEXT, pii=Pii.NONE)
