"""Skills competitions (职业技能竞赛) and entries (domain 4b, 5.6)."""

import re
from collections.abc import Mapping as Values
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from db.dates import PartialDate
from db.fields import DATE, LANDLINE, LONG_TEXT, PEOPLE, TEXT, WHOLE, YES_NO, Pii, code, field, reference
from db.kinds import MARK, OCCUPATION, YEAR
from db.problems import Problem, warning
from db.record import Record
from db.rules import dates_in_order
from db.search import person_tokens


def trades_of(written: str | None) -> tuple[str, ...]:
    """The trades of a competition as written on one line: 电工、焊工."""
    return tuple(part for part in re.split(r"[、，,;；/\s]+", written or "") if part)


class Competition(Record):
    __tablename__ = "competition"
    label: ClassVar[str] = "竞赛"
    counter: ClassVar[str] = "项"
    icon: ClassVar[str] = "trophy"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("name",),)

    name: Mapped[str | None] = field("竞赛名称", TEXT, pii=Pii.NONE, required=True, aliases=("名称",))
    kind: Mapped[str | None] = field("竞赛类型", code("competition_kind"), pii=Pii.NONE)
    competition_class: Mapped[str | None] = field("类别", code("competition_class"), pii=Pii.NONE)
    organizer_unit: Mapped[str | None] = field("主办单位", TEXT, pii=Pii.NONE)
    trades: Mapped[str | None] = field("竞赛工种", TEXT, pii=Pii.NONE, required=True, hint="几个工种用顿号分开：电工、焊工")
    entry_deadline: Mapped[PartialDate | None] = field("报名截止", DATE, pii=Pii.NONE)
    starts_on: Mapped[PartialDate | None] = field("开始日期", DATE, pii=Pii.NONE)
    ends_on: Mapped[PartialDate | None] = field("结束日期", DATE, pii=Pii.NONE)
    place: Mapped[str | None] = field("地点", TEXT, pii=Pii.NONE)
    entrant_total: Mapped[int | None] = field("初赛总人数", PEOPLE, pii=Pii.NONE, hint="主办方公布的、每个工种的初赛人数；助推要看它够不够")
    theory_weight: Mapped[int | None] = field("理论占比（%）", WHOLE, pii=Pii.NONE, hint="空着算 30，其余是实操")
    first_prizes: Mapped[int | None] = field("一等奖名额", PEOPLE, pii=Pii.NONE, hint="每个工种几名")
    second_prizes: Mapped[int | None] = field("二等奖名额", PEOPLE, pii=Pii.NONE)
    third_prizes: Mapped[int | None] = field("三等奖名额", PEOPLE, pii=Pii.NONE)
    photo_rule: Mapped[str | None] = field("照片要求", code("photo_rule"), pii=Pii.NONE)
    note: Mapped[str | None] = field("备注", LONG_TEXT, pii=Pii.NONE)

    @property
    def title(self) -> str:
        return self.name or "（没有名称）"

    @classmethod
    def search_tokens(cls, values: Values[str, Any]) -> list[str]:
        return person_tokens(values.get("name") or "")

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        found = dates_in_order(values, "starts_on", "ends_on")
        if (share := values.get("theory_weight")) is not None and share > 100:
            found.append(Problem("share-too-large", "理论占比最多 100。", "theory_weight"))
        return found


class CompetitionTrade(Record):
    """One trade of a competition: its occupation, who may enter, and what its winners are promoted to."""

    __tablename__ = "competition_trade"
    __table_args__ = (Index("one_trade", "competition", "trade", unique=True, sqlite_where=text("removed_at IS NULL")),)
    label: ClassVar[str] = "竞赛工种"
    counter: ClassVar[str] = "个"
    icon: ClassVar[str] = "list-tree"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("competition", "trade"),)
    called: ClassVar[tuple[str, ...]] = ("trade",)

    competition: Mapped[str | None] = field("竞赛", reference("competition"), pii=Pii.NONE, required=True)
    trade: Mapped[str | None] = field("工种", TEXT, pii=Pii.NONE, required=True)
    occupation_code: Mapped[str | None] = field("职业编码", OCCUPATION, pii=Pii.NONE, hint="如 6-18-02-04")
    occupation_edition: Mapped[str | None] = field("大典版次", code("occupation_edition"), pii=Pii.NONE)
    lowest_level: Mapped[str | None] = field("报名最低等级", code("skill_level"), pii=Pii.NONE, hint="空着就不限")
    pass_score: Mapped[Decimal | None] = field("合格分数", MARK, pii=Pii.NONE, hint="理论、实操都要达到")
    pass_level: Mapped[str | None] = field("合格者取证等级", code("skill_level"), pii=Pii.NONE)
    promotion_ranks: Mapped[int | None] = field("晋级名次", WHOLE, pii=Pii.NONE, hint="前几名可晋级")
    promotion_level: Mapped[str | None] = field("晋级等级", code("skill_level"), pii=Pii.NONE)
    source: Mapped[str | None] = field("依据文件", TEXT, pii=Pii.NONE)


class CompetitionRound(Record):
    """A round: 初赛, 复赛, 决赛. A competition without rounds has one, and its scores stand in the entries."""

    __tablename__ = "competition_round"
    label: ClassVar[str] = "赛程"
    counter: ClassVar[str] = "场"
    icon: ClassVar[str] = "calendar-days"
    called: ClassVar[tuple[str, ...]] = ("name", "trade")

    competition: Mapped[str | None] = field("竞赛", reference("competition"), pii=Pii.NONE, required=True)
    name: Mapped[str | None] = field("轮次", code("round_name"), pii=Pii.NONE, required=True)
    trade: Mapped[str | None] = field("工种", TEXT, pii=Pii.NONE, hint="空着就是全部工种")
    starts_on: Mapped[PartialDate | None] = field("日期", DATE, pii=Pii.NONE)
    place: Mapped[str | None] = field("地点", TEXT, pii=Pii.NONE)
    theory_weight: Mapped[int | None] = field("理论占比（%）", WHOLE, pii=Pii.NONE)
    weight: Mapped[int | None] = field("占总成绩（%）", WHOLE, pii=Pii.NONE, hint="空着：总成绩只看最后一轮")
    advance: Mapped[int | None] = field("晋级人数", PEOPLE, pii=Pii.NONE, hint="每个工种几人进下一轮")
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)


class Team(Record):
    __tablename__ = "competition_team"
    label: ClassVar[str] = "参赛队"
    counter: ClassVar[str] = "队"
    icon: ClassVar[str] = "users"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("competition", "name"),)
    called: ClassVar[tuple[str, ...]] = ("name",)

    competition: Mapped[str | None] = field("竞赛", reference("competition"), pii=Pii.NONE, required=True)
    name: Mapped[str | None] = field("队名", TEXT, pii=Pii.NONE, required=True)
    unit: Mapped[str | None] = field("单位或部门", TEXT, pii=Pii.NONE)
    leader: Mapped[str | None] = field("领队", TEXT, pii=Pii.PERSONAL)
    leader_phone: Mapped[str | None] = field("领队电话", LANDLINE, pii=Pii.PERSONAL)
    coach: Mapped[str | None] = field("教练", TEXT, pii=Pii.PERSONAL)
    score: Mapped[Decimal | None] = field("团体成绩", MARK, pii=Pii.NONE)
    rank: Mapped[int | None] = field("团体名次", WHOLE, pii=Pii.NONE)
    award: Mapped[str | None] = field("奖项", code("award"), pii=Pii.NONE)
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)


class Entry(Record):
    __tablename__ = "entry"
    __table_args__ = (Index("one_entry", "competition", "member", "trade", unique=True, sqlite_where=text("removed_at IS NULL")),)
    label: ClassVar[str] = "参赛报名"
    with_member: ClassVar[bool] = True
    counter: ClassVar[str] = "人次"
    icon: ClassVar[str] = "medal"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("competition", "member", "trade"),)

    competition: Mapped[str | None] = field("竞赛", reference("competition"), pii=Pii.NONE, required=True)
    member: Mapped[str | None] = field("选手", reference("member"), pii=Pii.PERSONAL, required=True)
    trade: Mapped[str | None] = field("工种", TEXT, pii=Pii.NONE, required=True, aliases=("竞赛工种",))
    team: Mapped[str | None] = field("参赛队", reference("competition_team"), pii=Pii.NONE)
    is_substitute: Mapped[bool | None] = field("替补", YES_NO, pii=Pii.NONE)
    years_in_trade: Mapped[int | None] = field("从业年限", WHOLE, pii=Pii.PERSONAL)
    state: Mapped[str | None] = field("状态", code("entry_state"), pii=Pii.NONE)
    theory_score: Mapped[Decimal | None] = field("理论成绩", MARK, pii=Pii.PERSONAL)
    practical_score: Mapped[Decimal | None] = field("实操成绩", MARK, pii=Pii.PERSONAL)
    total_score: Mapped[Decimal | None] = field("总成绩", MARK, pii=Pii.PERSONAL)
    rank: Mapped[int | None] = field("名次", WHOLE, pii=Pii.PERSONAL)
    award: Mapped[str | None] = field("奖项", code("award"), pii=Pii.PERSONAL)
    outcome: Mapped[str | None] = field("取证结果", code("entry_outcome"), pii=Pii.PERSONAL)
    entered_on: Mapped[PartialDate | None] = field("报名日期", DATE, pii=Pii.NONE)
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)

    @property
    def title(self) -> str:
        return self.trade or ""


class Score(Record):
    """What one contestant reached in one round."""

    __tablename__ = "score"
    __table_args__ = (Index("one_score", "round", "entry", unique=True, sqlite_where=text("removed_at IS NULL")),)
    label: ClassVar[str] = "成绩"
    counter: ClassVar[str] = "条"
    icon: ClassVar[str] = "list-checks"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("round", "entry"),)
    called: ClassVar[tuple[str, ...]] = ()
    named_by: ClassVar[tuple[str, ...]] = ("entry", "round")

    round: Mapped[str | None] = field("轮次", reference("competition_round"), pii=Pii.NONE, required=True)
    entry: Mapped[str | None] = field("选手报名", reference("entry"), pii=Pii.PERSONAL, required=True)
    theory_score: Mapped[Decimal | None] = field("理论成绩", MARK, pii=Pii.PERSONAL)
    practical_score: Mapped[Decimal | None] = field("实操成绩", MARK, pii=Pii.PERSONAL)
    is_absent: Mapped[bool | None] = field("缺考", YES_NO, pii=Pii.PERSONAL)
    note: Mapped[str | None] = field("备注", TEXT, pii=Pii.NONE)

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        return [Problem("score-too-large", "成绩按百分制填，最多 100 分。", name) for name in ("theory_score", "practical_score") if (values.get(name) or 0) > 100]


class SafetyCupUnit(Record):
    """A unit or team in the 安康杯 (safety and health competition): what it set up, and its assessment."""

    __tablename__ = "safety_cup_unit"
    label: ClassVar[str] = "安康杯参赛"
    counter: ClassVar[str] = "家"
    icon: ClassVar[str] = "shield-check"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("year", "unit"),)
    called: ClassVar[tuple[str, ...]] = ("unit", "year")

    competition: Mapped[str | None] = field("竞赛", reference("competition"), pii=Pii.NONE)
    year: Mapped[int | None] = field("年度", YEAR, pii=Pii.NONE, required=True)
    unit: Mapped[str | None] = field("参赛单位或班组", TEXT, pii=Pii.NONE, required=True)
    unit_kind: Mapped[str | None] = field("参赛类别", code("safety_cup_kind"), pii=Pii.NONE)
    industry: Mapped[str | None] = field("行业", code("organisation_industry"), pii=Pii.NONE)
    employee_count: Mapped[int | None] = field("职工数", PEOPLE, pii=Pii.NONE)
    entrant_count: Mapped[int | None] = field("参赛职工数", PEOPLE, pii=Pii.NONE)
    team_count: Mapped[int | None] = field("班组数", WHOLE, pii=Pii.NONE)
    entrant_teams: Mapped[int | None] = field("参赛班组数", WHOLE, pii=Pii.NONE)
    safety_officer: Mapped[str | None] = field("安全员", TEXT, pii=Pii.PERSONAL)
    chair: Mapped[str | None] = field("工会主席", TEXT, pii=Pii.PERSONAL)
    contact: Mapped[str | None] = field("联系人", TEXT, pii=Pii.PERSONAL)
    contact_phone: Mapped[str | None] = field("联系电话", LANDLINE, pii=Pii.PERSONAL)
    member: Mapped[str | None] = field("先进个人", reference("member"), pii=Pii.PERSONAL, hint="参赛类别是先进个人时选")
    accidents_last_year: Mapped[int | None] = field("上年事故起数", WHOLE, pii=Pii.NONE)
    plan: Mapped[str | None] = field("活动计划", LONG_TEXT, pii=Pii.NONE)
    score: Mapped[Decimal | None] = field("考核得分", MARK, pii=Pii.NONE, hint="市级优胜 95 分以上，全国 98 分以上")
    award: Mapped[str | None] = field("申报奖项", code("safety_cup_award"), pii=Pii.NONE)
    deeds: Mapped[str | None] = field("事迹", LONG_TEXT, pii=Pii.NONE, hint="一千五百字以内")
    state: Mapped[str | None] = field("状态", code("paper_state"), pii=Pii.NONE)

    @classmethod
    def rules(cls, values: Values[str, Any]) -> list[Problem]:
        """Entrants against employees; the deeds' length (domain 4g)."""
        found = []
        if (values.get("entrant_count") or 0) > (values.get("employee_count") or 10**9):
            found.append(Problem("too-many-entrants", "参赛职工数比职工数多，请核对。", "entrant_count"))
        if (values.get("entrant_teams") or 0) > (values.get("team_count") or 10**9):
            found.append(Problem("too-many-teams", "参赛班组数比班组数多，请核对。", "entrant_teams"))
        if len(values.get("deeds") or "") > 1500:
            found.append(warning("deeds-long", "事迹超过 1,500 字，上级一般不收。", "deeds"))
        return found


class SafetyCupScore(Record):
    """One line of a safety cup's score sheet: what the unit gives itself, and what the assessors give (domain 4g)."""

    __tablename__ = "safety_cup_score"
    __table_args__ = (Index("one_safety_cup_score", "safety_cup_unit", "item", unique=True, sqlite_where=text("removed_at IS NULL")),)
    label: ClassVar[str] = "安康杯评分"
    counter: ClassVar[str] = "项"
    icon: ClassVar[str] = "clipboard-check"
    keys: ClassVar[tuple[tuple[str, ...], ...]] = (("safety_cup_unit", "item"),)
    called: ClassVar[tuple[str, ...]] = ("item",)

    safety_cup_unit: Mapped[str | None] = field("参赛单位", reference("safety_cup_unit"), pii=Pii.NONE, required=True)
    item: Mapped[str | None] = field("考核项目", code("safety_cup_item"), pii=Pii.NONE, required=True)
    self_score: Mapped[Decimal | None] = field("自评", MARK, pii=Pii.NONE)
    review_score: Mapped[Decimal | None] = field("复评", MARK, pii=Pii.NONE)
    note: Mapped[str | None] = field("扣分原因", TEXT, pii=Pii.NONE)
