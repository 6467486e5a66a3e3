"""Honours (劳模、奖章、先锋号、工匠等) and nominations for them (domain 2.13, 4h)."""

from collections.abc import Mapping as Values
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from db.dates import PartialDate
from db.fields import AMOUNT, DATE, LANDLINE, LONG_TEXT, PEOPLE, TEXT, YES_NO, Pii, code, field, reference
from db.problems import Problem, warning
from db.record import Record
from db.rules import dates_in_order, wanted

_WHO = (("member", "请选一位会员，或者写集体名称。"),)


def _somebody(values: Values[str, Any]) -> list[Problem]:
    return [] if values.get("collective") else wanted(values, *_WHO)


class Honour(Record):
    """An honour that a person or a collective holds. A day that nobody knows is a month or a year, never the 1st."""

    __tablename__ = "honour"
    label: ClassVar[str] = "荣誉"
    with_member: ClassVar[bool] = True
    counter: ClassVar[str] = "项"
    icon: ClassVar[str] = "award"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("kind", "member", "awarded_on"), ("kind", "collective", "awarded_on"))
    called: ClassVar[tuple[str, ...]] = ("kind", "collective")

    kind: Mapped[str | None] = field("荣誉称号", code("honour_kind"), pii=Pii.NONE, required=True)
    level: Mapped[str | None] = field("级别", code("honour_level"), pii=Pii.NONE)
    member: Mapped[str | None] = field("获奖人", reference("member"), pii=Pii.PERSONAL)
    collective: Mapped[str | None] = field("获奖集体", TEXT, pii=Pii.NONE)
    awarded_on: Mapped[PartialDate | None] = field("获奖时间", DATE, pii=Pii.PERSONAL, required=True, hint="不知道哪天就只写到月或年")
    issuer: Mapped[str | None] = field("授予单位", TEXT, pii=Pii.NONE)
    document_title: Mapped[str | None] = field("表彰文件", TEXT, pii=Pii.NONE)
    document_no: Mapped[str | None] = field("文号", TEXT, pii=Pii.NONE)
    certificate_no: Mapped[str | None] = field("证书或奖章编号", TEXT, pii=Pii.PERSONAL)
    deeds: Mapped[str | None] = field("事迹", LONG_TEXT, pii=Pii.PERSONAL)
    prize: Mapped[Decimal | None] = field("奖金", AMOUNT, pii=Pii.PERSONAL)
    reward: Mapped[str | None] = field("奖励发放", TEXT, pii=Pii.PERSONAL, hint="时间、部门、物品")
    studio: Mapped[str | None] = field("劳模创新工作室", reference("innovation_studio"), pii=Pii.NONE)
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        return _somebody(values)


class HonourUpdate(Record):
    """A line of a model worker's archive (劳模档案): what changed since."""

    __tablename__ = "honour_update"
    label: ClassVar[str] = "劳模动态"
    counter: ClassVar[str] = "条"
    icon: ClassVar[str] = "history"
    called: ClassVar[tuple[str, ...]] = ("kind",)

    member: Mapped[str | None] = field("劳模", reference("member"), pii=Pii.PERSONAL, required=True)
    happened_on: Mapped[PartialDate | None] = field("日期", DATE, pii=Pii.PERSONAL, required=True)
    kind: Mapped[str | None] = field("类型", code("honour_update"), pii=Pii.PERSONAL, required=True)
    text: Mapped[str | None] = field("情况", LONG_TEXT, pii=Pii.SENSITIVE)


class Nomination(Record):
    """A nomination: vote, public notice of at least five working days, opinions. It goes up on paper, sealed, and so comes back: the later states are written here."""

    __tablename__ = "nomination"
    label: ClassVar[str] = "推荐"
    with_member: ClassVar[bool] = True
    counter: ClassVar[str] = "份"
    icon: ClassVar[str] = "file-user"
    called: ClassVar[tuple[str, ...]] = ("kind", "year")

    kind: Mapped[str | None] = field("推荐荣誉", code("honour_kind"), pii=Pii.NONE, required=True)
    year: Mapped[str | None] = field("届次", TEXT, pii=Pii.NONE, hint="2026 年度")
    member: Mapped[str | None] = field("被推荐人", reference("member"), pii=Pii.PERSONAL)
    collective: Mapped[str | None] = field("被推荐集体", TEXT, pii=Pii.NONE)
    worker_kind: Mapped[str | None] = field("人员类别", code("nominee_kind"), pii=Pii.PERSONAL)
    resume: Mapped[str | None] = field("简历", LONG_TEXT, pii=Pii.PERSONAL)
    honours: Mapped[str | None] = field("何时何地受何奖励", LONG_TEXT, pii=Pii.PERSONAL)
    deeds: Mapped[str | None] = field("主要事迹", LONG_TEXT, pii=Pii.PERSONAL, hint="两千字左右")
    short_deeds: Mapped[str | None] = field("事迹摘要", LONG_TEXT, pii=Pii.PERSONAL, hint="五百字以内")
    congress_on: Mapped[PartialDate | None] = field("职代会日期", DATE, pii=Pii.NONE)
    voters: Mapped[int | None] = field("到会人数", PEOPLE, pii=Pii.NONE)
    votes: Mapped[int | None] = field("赞成人数", PEOPLE, pii=Pii.NONE)
    notice_from: Mapped[PartialDate | None] = field("公示开始", DATE, pii=Pii.NONE)
    notice_to: Mapped[PartialDate | None] = field("公示结束", DATE, pii=Pii.NONE)
    notice_place: Mapped[str | None] = field("公示地点", TEXT, pii=Pii.NONE)
    objections: Mapped[str | None] = field("公示意见", TEXT, pii=Pii.NONE, hint="无异议")
    opinions: Mapped[str | None] = field("征求意见情况", LONG_TEXT, pii=Pii.PERSONAL, hint="征求了哪些部门、哪天、什么意见")
    contact_phone: Mapped[str | None] = field("联系电话", LANDLINE, pii=Pii.PERSONAL)
    employer_clean: Mapped[bool | None] = field("单位无重大违法", YES_NO, pii=Pii.NONE, hint="安全、环保、欠薪等")
    state: Mapped[str | None] = field("状态", code("paper_state"), pii=Pii.NONE)
    decision: Mapped[str | None] = field("上级意见", LONG_TEXT, pii=Pii.PERSONAL)

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        found = _somebody(values) + dates_in_order(values, "notice_from", "notice_to", "公示结束早于公示开始，请核对。")
        if (values.get("votes") or 0) > (values.get("voters") or 10**9):
            found.append(Problem("votes-too-many", "赞成人数比到会人数多，请核对。", "votes"))
        if len(values.get("short_deeds") or "") > 500:
            found.append(warning("deeds-long", "事迹摘要超过五百字。", "short_deeds"))
        return found
