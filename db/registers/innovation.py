"""Innovation (职工创新): studios and their teams, projects with their grants, results, patents, proposals (domain 4d, 4e, 2.15, 5.3)."""

from collections.abc import Mapping as Values
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from db.dates import PartialDate
from db.fields import AMOUNT, DATE, LANDLINE, LONG_TEXT, NAME, PEOPLE, TEXT, WHOLE, YES_NO, Pii, code, field, reference
from db.kinds import MARK, PATENT, YEAR, patent_kind
from db.problems import Problem, warning
from db.record import Record
from db.rules import dates_in_order

PATENT_KINDS = {"发明": "18", "实用新型": "29", "外观设计": "3"}
"""Patent kinds and the digits that their numbers carry (domain 2.15)."""


class Studio(Record):
    __tablename__ = "innovation_studio"
    label: ClassVar[str] = "创新工作室"
    counter: ClassVar[str] = "个"
    icon: ClassVar[str] = "list-tree"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("name",),)
    called: ClassVar[tuple[str, ...]] = ("name",)

    name: Mapped[str | None] = field("工作室名称", TEXT, pii=Pii.NONE, required=True, hint="领军人姓名 + 创新工作室")
    studio_kind: Mapped[str | None] = field("类型", code("studio_kind"), pii=Pii.NONE)
    level: Mapped[str | None] = field("级别", code("studio_level"), pii=Pii.NONE)
    founded_on: Mapped[PartialDate | None] = field("成立时间", DATE, pii=Pii.NONE)
    named_on: Mapped[PartialDate | None] = field("命名时间", DATE, pii=Pii.NONE)
    named_until: Mapped[PartialDate | None] = field("命名有效期至", DATE, pii=Pii.NONE)
    leader: Mapped[str | None] = field("领军人", reference("member"), pii=Pii.PERSONAL)
    leader_honours: Mapped[str | None] = field("领军人荣誉", LONG_TEXT, pii=Pii.PERSONAL)
    industry: Mapped[str | None] = field("所属行业", code("organisation_industry"), pii=Pii.NONE)
    area: Mapped[int | None] = field("场地面积（㎡）", WHOLE, pii=Pii.NONE)
    equipment: Mapped[str | None] = field("设备", LONG_TEXT, pii=Pii.NONE)
    yearly_funds: Mapped[Decimal | None] = field("年投入经费", AMOUNT, pii=Pii.NONE)
    apprentices: Mapped[int | None] = field("带徒人次", PEOPLE, pii=Pii.NONE)
    promoted: Mapped[int | None] = field("徒弟晋级人次", PEOPLE, pii=Pii.NONE)
    rules_and_plan: Mapped[str | None] = field("制度与计划", LONG_TEXT, pii=Pii.NONE)
    results: Mapped[str | None] = field("近三年项目与成果", LONG_TEXT, pii=Pii.NONE)
    state: Mapped[str | None] = field("状态", code("studio_state"), pii=Pii.NONE)
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)


class StudioMember(Record):
    __tablename__ = "studio_member"
    label: ClassVar[str] = "工作室成员"
    counter: ClassVar[str] = "人"
    icon: ClassVar[str] = "users"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("studio", "full_name"),)
    called: ClassVar[tuple[str, ...]] = ("full_name",)

    studio: Mapped[str | None] = field("工作室", reference("innovation_studio"), pii=Pii.NONE, required=True)
    member: Mapped[str | None] = field("会员", reference("member"), pii=Pii.PERSONAL)
    full_name: Mapped[str | None] = field("姓名", NAME, pii=Pii.PERSONAL, required=True)
    skill: Mapped[str | None] = field("等级或职称", TEXT, pii=Pii.PERSONAL)
    duty: Mapped[str | None] = field("分工", TEXT, pii=Pii.PERSONAL)
    joined_on: Mapped[PartialDate | None] = field("加入时间", DATE, pii=Pii.PERSONAL)
    left_on: Mapped[PartialDate | None] = field("离开时间", DATE, pii=Pii.PERSONAL)


class StudioReview(Record):
    """A studio's year as it was reviewed."""

    __tablename__ = "studio_review"
    label: ClassVar[str] = "年度考核"
    counter: ClassVar[str] = "次"
    icon: ClassVar[str] = "clipboard-check"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("studio", "year"),)
    called: ClassVar[tuple[str, ...]] = ("year",)

    studio: Mapped[str | None] = field("工作室", reference("innovation_studio"), pii=Pii.NONE, required=True)
    year: Mapped[int | None] = field("年度", YEAR, pii=Pii.NONE, required=True)
    result_count: Mapped[int | None] = field("当年成果数", WHOLE, pii=Pii.NONE, hint="一年一至两项")
    activity_count: Mapped[int | None] = field("活动次数", WHOLE, pii=Pii.NONE)
    event: Mapped[str | None] = field("事项", code("studio_event"), pii=Pii.NONE, hint="年度考核；升级、复核、领军人变更也记在这里")
    leader: Mapped[str | None] = field("新领军人", reference("member"), pii=Pii.PERSONAL, hint="事项是领军人变更时选")
    level: Mapped[str | None] = field("新级别", code("studio_level"), pii=Pii.NONE, hint="事项是升级时选")
    conclusion: Mapped[str | None] = field("考核结论", code("review_conclusion"), pii=Pii.NONE)
    reviewed_on: Mapped[PartialDate | None] = field("考核日期", DATE, pii=Pii.NONE)
    note: Mapped[str | None] = field("说明", TEXT, pii=Pii.NONE)


class Project(Record):
    """A project with its grant: paid 60 and 40 parts of a hundred; an unsettled one blocks the next (domain 5.3)."""

    __tablename__ = "innovation_project"
    label: ClassVar[str] = "创新项目"
    counter: ClassVar[str] = "项"
    icon: ClassVar[str] = "file-badge"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("name",),)
    called: ClassVar[tuple[str, ...]] = ("name",)

    name: Mapped[str | None] = field("项目名称", TEXT, pii=Pii.NONE, required=True)
    studio: Mapped[str | None] = field("工作室", reference("innovation_studio"), pii=Pii.NONE)
    leader: Mapped[str | None] = field("负责人", reference("member"), pii=Pii.PERSONAL)
    level: Mapped[str | None] = field("级别", code("studio_level"), pii=Pii.NONE)
    approved_on: Mapped[PartialDate | None] = field("立项日期", DATE, pii=Pii.NONE)
    approval_no: Mapped[str | None] = field("企业批文", TEXT, pii=Pii.NONE)
    start_money: Mapped[Decimal | None] = field("启动资金", AMOUNT, pii=Pii.NONE)
    starts_on: Mapped[PartialDate | None] = field("开始日期", DATE, pii=Pii.NONE)
    ends_on: Mapped[PartialDate | None] = field("计划完成", DATE, pii=Pii.NONE, hint="立项后两年以内")
    goal: Mapped[str | None] = field("目标", LONG_TEXT, pii=Pii.NONE)
    budget: Mapped[str | None] = field("预算明细", LONG_TEXT, pii=Pii.NONE)
    phase: Mapped[str | None] = field("阶段", code("project_phase"), pii=Pii.NONE)
    grant_amount: Mapped[Decimal | None] = field("助推资金", AMOUNT, pii=Pii.NONE)
    first_paid_on: Mapped[PartialDate | None] = field("首款到账（60%）", DATE, pii=Pii.NONE)
    rest_paid_on: Mapped[PartialDate | None] = field("尾款到账（40%）", DATE, pii=Pii.NONE)
    settled_on: Mapped[PartialDate | None] = field("结算日期", DATE, pii=Pii.NONE)
    closing_note: Mapped[str | None] = field("结题情况", LONG_TEXT, pii=Pii.NONE)

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        found = dates_in_order(values, "starts_on", "ends_on") + dates_in_order(values, "first_paid_on", "rest_paid_on", "尾款日期早于首款日期，请核对。")
        if values.get("rest_paid_on") and not values.get("first_paid_on"):
            found.append(Problem("first-part-missing", "还没有记首款，不能先记尾款。", "rest_paid_on"))
        return found


class Result(Record):
    __tablename__ = "innovation_result"
    label: ClassVar[str] = "创新成果"
    counter: ClassVar[str] = "项"
    icon: ClassVar[str] = "badge-check"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("name", "year"),)
    called: ClassVar[tuple[str, ...]] = ("name",)

    name: Mapped[str | None] = field("成果名称", TEXT, pii=Pii.NONE, required=True)
    kind: Mapped[str | None] = field("成果类别", code("result_kind"), pii=Pii.NONE)
    year: Mapped[int | None] = field("年度", YEAR, pii=Pii.NONE)
    studio: Mapped[str | None] = field("工作室", reference("innovation_studio"), pii=Pii.NONE)
    project: Mapped[str | None] = field("来自项目", reference("innovation_project"), pii=Pii.NONE)
    member: Mapped[str | None] = field("第一完成人", reference("member"), pii=Pii.PERSONAL)
    others: Mapped[str | None] = field("其他完成人", TEXT, pii=Pii.PERSONAL, hint="按贡献排列")
    units: Mapped[str | None] = field("完成单位", TEXT, pii=Pii.NONE, hint="与公章一致；几家都写")
    starts_on: Mapped[PartialDate | None] = field("起始日期", DATE, pii=Pii.NONE)
    ends_on: Mapped[PartialDate | None] = field("完成日期", DATE, pii=Pii.NONE)
    points: Mapped[str | None] = field("创新点", LONG_TEXT, pii=Pii.NONE, hint="最多三条，一行一条，每条五十字以内")
    application: Mapped[str | None] = field("应用情况", LONG_TEXT, pii=Pii.NONE)
    benefit: Mapped[Decimal | None] = field("年经济效益", AMOUNT, pii=Pii.NONE, hint="元")
    social_benefit: Mapped[str | None] = field("社会效益", LONG_TEXT, pii=Pii.NONE)
    intention: Mapped[str | None] = field("转化意向", code("conversion_intention"), pii=Pii.NONE)
    awards: Mapped[str | None] = field("获奖情况", TEXT, pii=Pii.NONE)

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        """Three points of fifty characters (domain 4e)."""
        lines = [line for line in (values.get("points") or "").splitlines() if line.strip()]
        found = dates_in_order(values, "starts_on", "ends_on")
        if len(lines) > 3 or any(len(line.strip()) > 50 for line in lines):
            found.append(warning("points-long", "创新点最多三条，每条五十字以内。", "points"))
        return found


class Patent(Record):
    __tablename__ = "patent"
    label: ClassVar[str] = "专利"
    counter: ClassVar[str] = "件"
    icon: ClassVar[str] = "file-badge"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("patent_no",), ("name",))
    called: ClassVar[tuple[str, ...]] = ("name", "patent_no")

    name: Mapped[str | None] = field("专利名称", TEXT, pii=Pii.NONE, required=True)
    kind: Mapped[str | None] = field("专利类型", code("patent_kind"), pii=Pii.NONE)
    patent_no: Mapped[str | None] = field("专利号", PATENT, pii=Pii.NONE, index=True)
    owner: Mapped[str | None] = field("专利权人", TEXT, pii=Pii.NONE)
    is_service: Mapped[bool | None] = field("职务发明", YES_NO, pii=Pii.NONE)
    member: Mapped[str | None] = field("第一发明人", reference("member"), pii=Pii.PERSONAL)
    front_line: Mapped[bool | None] = field("第一发明人在一线", YES_NO, pii=Pii.PERSONAL)
    inventors: Mapped[str | None] = field("其他发明人", TEXT, pii=Pii.PERSONAL)
    applied_on: Mapped[PartialDate | None] = field("申请日", DATE, pii=Pii.NONE)
    grant_published_on: Mapped[PartialDate | None] = field("授权公告日", DATE, pii=Pii.NONE)
    state: Mapped[str | None] = field("法律状态", code("patent_state"), pii=Pii.NONE)
    in_use: Mapped[bool | None] = field("已用于生产", YES_NO, pii=Pii.NONE)
    result: Mapped[str | None] = field("所属成果", reference("innovation_result"), pii=Pii.NONE)
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        found = dates_in_order(values, "applied_on", "grant_published_on", "授权公告日早于申请日，请核对。")
        digit, kind = patent_kind(values.get("patent_no")), values.get("kind")
        if digit and kind in PATENT_KINDS and digit not in PATENT_KINDS[kind]:
            found.append(warning("patent-kind", "专利号里的类型与填写的不一致，请对照证书看一眼。", "kind"))
        if values.get("state") == "授权" and not values.get("grant_published_on"):
            found.append(warning("grant-date-missing", "授权的专利请填授权公告日，助推按它算年度。", "grant_published_on"))
        return found


class Proposal(Record):
    """An improvement proposal (合理化建议, 六小); how many points each part has at most is a dated rule (domain 4e: 30, 30, 20 and 20)."""

    __tablename__ = "improvement_proposal"
    label: ClassVar[str] = "合理化建议"
    counter: ClassVar[str] = "条"
    icon: ClassVar[str] = "pencil"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("name", "member"),)
    called: ClassVar[tuple[str, ...]] = ("name",)

    name: Mapped[str | None] = field("建议名称", TEXT, pii=Pii.NONE, required=True)
    kind: Mapped[str | None] = field("类别", code("proposal_kind"), pii=Pii.NONE)
    member: Mapped[str | None] = field("建议人", reference("member"), pii=Pii.PERSONAL)
    others: Mapped[str | None] = field("共同建议人", TEXT, pii=Pii.PERSONAL)
    phone: Mapped[str | None] = field("电话", LANDLINE, pii=Pii.PERSONAL)
    unit: Mapped[str | None] = field("提出单位", TEXT, pii=Pii.NONE)
    proposed_on: Mapped[PartialDate | None] = field("提出时间", DATE, pii=Pii.NONE)
    present_state: Mapped[str | None] = field("现状分析", LONG_TEXT, pii=Pii.NONE)
    measures: Mapped[str | None] = field("改进措施", LONG_TEXT, pii=Pii.NONE)
    effect: Mapped[str | None] = field("改进效果", LONG_TEXT, pii=Pii.NONE)
    benefit: Mapped[Decimal | None] = field("年经济效益", AMOUNT, pii=Pii.NONE, hint="元")
    technical_score: Mapped[Decimal | None] = field("技术水平得分", MARK, pii=Pii.NONE)
    economic_score: Mapped[Decimal | None] = field("经济效益得分", MARK, pii=Pii.NONE)
    range_score: Mapped[Decimal | None] = field("应用范围得分", MARK, pii=Pii.NONE)
    practical_score: Mapped[Decimal | None] = field("实用性得分", MARK, pii=Pii.NONE)
    total_score: Mapped[Decimal | None] = field("总分", MARK, pii=Pii.NONE, derived=True)
    is_adopted: Mapped[bool | None] = field("采纳", YES_NO, pii=Pii.NONE)
    is_carried_out: Mapped[bool | None] = field("已实施", YES_NO, pii=Pii.NONE)
    reward: Mapped[Decimal | None] = field("奖励金额", AMOUNT, pii=Pii.NONE)

    PARTS: ClassVar[dict[str, str]] = {"technical_score": "proposal_technical", "economic_score": "proposal_economic", "range_score": "proposal_range", "practical_score": "proposal_practical"}
    """Each part's mark, and the rule that says how much it can be."""

    @classmethod
    def derive(cls, values: Values[str, Any]) -> Values[str, Any]:
        """The total, once all four parts are marked."""
        marks = [mark for name in cls.PARTS if (mark := values.get(name)) is not None]
        return {"total_score": sum(marks, Decimal(0)) if len(marks) == len(cls.PARTS) else None}

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        found = list[Problem]()
        if values.get("reward") and not values.get("is_adopted"):
            found.append(warning("reward-without-adoption", "还没有采纳就记了奖励，请看一眼。", "reward"))
        return found
