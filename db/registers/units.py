"""Employers, sub-unions and groups (工会小组), officers with their terms (domain 1.3, 1.4)."""

from collections.abc import Mapping as Values
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from db.dates import PartialDate
from db.fields import DATE, LANDLINE, NAME, PEOPLE, TEXT, UNION_USCC, USCC, YES_NO, Pii, code, field, reference
from db.problems import Problem
from db.record import Record
from db.rules import dates_in_order


class Employer(Record):
    __tablename__ = "employer"
    label: ClassVar[str] = "用人单位"
    counter: ClassVar[str] = "家"
    icon: ClassVar[str] = "building-2"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("uscc",), ("name",))
    called: ClassVar[tuple[str, ...]] = ("name",)

    name: Mapped[str | None] = field("单位名称", TEXT, pii=Pii.NONE, required=True, hint="与公章一致的全称")
    uscc: Mapped[str | None] = field("统一社会信用代码", USCC, pii=Pii.NONE, index=True)
    address: Mapped[str | None] = field("地址", TEXT, pii=Pii.NONE)
    unit_nature: Mapped[str | None] = field("单位性质", code("unit_nature"), pii=Pii.NONE)
    economic_kind: Mapped[str | None] = field("经济类型", code("economic_kind"), pii=Pii.NONE)
    industry: Mapped[str | None] = field("所属行业", code("organisation_industry"), pii=Pii.NONE)
    employee_count: Mapped[int | None] = field("职工人数", PEOPLE, pii=Pii.NONE)
    contact: Mapped[str | None] = field("联系人", TEXT, pii=Pii.PERSONAL)
    contact_phone: Mapped[str | None] = field("联系电话", LANDLINE, pii=Pii.PERSONAL)


class UnionGroup(Record):
    """A sub-union (分会) or group (小组)."""

    __tablename__ = "union_group"
    label: ClassVar[str] = "分会和小组"
    counter: ClassVar[str] = "个"
    icon: ClassVar[str] = "list-tree"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("name",),)
    called: ClassVar[tuple[str, ...]] = ("name",)

    name: Mapped[str | None] = field("名称", TEXT, pii=Pii.NONE, required=True)
    kind: Mapped[str | None] = field("类型", code("group_kind"), pii=Pii.NONE)
    parent: Mapped[str | None] = field("上一级", reference("union_group"), pii=Pii.NONE)
    employer: Mapped[str | None] = field("所在单位", reference("employer"), pii=Pii.NONE)
    uscc: Mapped[str | None] = field("工会代码", UNION_USCC, pii=Pii.NONE)
    department: Mapped[str | None] = field("对应部门", TEXT, pii=Pii.NONE, hint="名册里的部门")
    leader: Mapped[str | None] = field("组长或主席", reference("member"), pii=Pii.PERSONAL)
    founded_on: Mapped[PartialDate | None] = field("成立日期", DATE, pii=Pii.NONE)
    member_count: Mapped[int | None] = field("会员人数", PEOPLE, pii=Pii.NONE)


class Officer(Record):
    """Who holds which office, and until when. Terms are three or five years; Today reminds before they end."""

    __tablename__ = "union_officer"
    label: ClassVar[str] = "工会干部"
    counter: ClassVar[str] = "人"
    icon: ClassVar[str] = "user-check"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("position", "full_name", "term_from"), ("position", "full_name"))
    called: ClassVar[tuple[str, ...]] = ("position", "full_name")

    position: Mapped[str | None] = field("职务", code("officer_position"), pii=Pii.NONE, required=True)
    member: Mapped[str | None] = field("会员", reference("member"), pii=Pii.PERSONAL)
    full_name: Mapped[str | None] = field("姓名", NAME, pii=Pii.PERSONAL, required=True)
    union_group: Mapped[str | None] = field("所在分会或小组", reference("union_group"), pii=Pii.NONE)
    is_full_time: Mapped[bool | None] = field("专职", YES_NO, pii=Pii.NONE)
    elected_on: Mapped[PartialDate | None] = field("当选日期", DATE, pii=Pii.NONE)
    term_from: Mapped[PartialDate | None] = field("任期起", DATE, pii=Pii.NONE)
    term_to: Mapped[PartialDate | None] = field("任期止", DATE, pii=Pii.NONE)
    document_no: Mapped[str | None] = field("批复文号", TEXT, pii=Pii.NONE)
    left_on: Mapped[PartialDate | None] = field("离任日期", DATE, pii=Pii.NONE)

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        return dates_in_order(values, "term_from", "term_to", "任期止早于任期起，请核对。")
