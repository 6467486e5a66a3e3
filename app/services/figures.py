"""The figures of a year: what every programme came to, beside the year before; each leads down to its records.

A figure is one line of `FIGURES`: of which register, by which date, under which condition, and what is counted or summed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, Table, and_, distinct, func, not_, or_, select, true, type_coerce

from app.printing import engine
from app.services import paperwork, policies, spreadsheet
from app.services.office import Office
from app.services.records import table_of
from app.services.setup import own_union
from db.fields import DateKind, Moment
from db.period import Year
from db.record import Record, field_of, values_of
from db.registers import (
    Assistance,
    BudgetLine,
    Certificate,
    Competition,
    Enrolment,
    Entry,
    Honour,
    Lecture,
    LedgerEntry,
    Member,
    Patent,
    Project,
    Proposal,
    Result,
    SignIn,
    Studio,
    StudioReview,
    SubsidyApplication,
    TechService,
    Training,
    WomenActivity,
)
from db.registers.members import RETIRED
from db.registers.membership import LEFT

Where = Callable[[Table], Sequence[ColumnElement[bool]]]
HIGH = ("三级/高级工", "二级/技师", "一级/高级技师", "特级技师", "首席技师")
"""高技能人才: senior worker and above."""


def _all(_table: Table) -> Sequence[ColumnElement[bool]]:
    return ()


@dataclass(frozen=True)
class Figure:
    """`on`: the date that puts a record into the year; empty for what is counted as it stands now. `measure`: a field to add up, or `distinct` people."""

    id: str
    title: str
    group: str
    unit: str
    register: type[Record]
    on: str = ""
    where: Where = _all
    add_up: str = ""
    distinct: str = ""
    also: Callable[[Connection, Year], ColumnElement[bool]] | None = None
    """A condition that the year or a dated rule sets."""

    @property
    def has_years(self) -> bool:
        """Whether other years have another number; what has none is counted as it stands now."""
        return bool(self.on) or self.also is not None


def members_at_work(t: Table) -> Sequence[ColumnElement[bool]]:
    return (func.coalesce(t.c.employment_status, "").not_in(sorted(RETIRED)),)


def were_members(_connection: Connection, year: Year) -> ColumnElement[bool]:
    """Who was a member at the year's end: had joined, and had not left. When somebody retired is not known, only that she did."""
    t = table_of(Member)
    left = and_(t.c.membership_event.in_(sorted(LEFT)), or_(t.c.membership_event_date.is_(None), _begins_before(t.c.membership_event_date, year.ends)))
    return and_(or_(t.c.membership_event.is_(None), not_(left)), or_(t.c.joined_on.is_(None), _begins_before(t.c.joined_on, year.ends)))


def _begins_before(column: ColumnElement[Any], end: date) -> ColumnElement[bool]:
    """Whether a date, be it only a month or a year, begins before the first of a month; as text, for twenty thousand rows at once."""
    text = type_coerce(column, String)
    if end.month == 1:
        return text < str(end.year)
    return or_(text < f"{end:%Y-%m}", and_(func.substr(text, 5, 1) == "|", func.substr(text, 1, 4) <= str(end.year)))  # a year with a remark behind it


def _studios_then(_connection: Connection, year: Year) -> ColumnElement[bool]:
    """The studios that there were at the year's end: named or founded by then, and not withdrawn."""
    t, r = table_of(Studio), table_of(StudioReview)
    withdrawn = select(r.c.studio).where(r.c.event == "撤销", r.c.removed_at.is_(None))
    later = withdrawn.where(func.coalesce(_first_day(r.c.reviewed_on), type_coerce(r.c.year, String) + "-12-31") >= year.ends.isoformat())
    began = func.coalesce(t.c.named_on, t.c.founded_on)
    return and_(or_(began.is_(None), _first_day(began) < year.ends.isoformat()), or_(func.coalesce(t.c.state, "") != "撤销", t.c.id.in_(later)))


def _first_day(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The first day of a date that may be only a month or a year, as text."""
    text = type_coerce(column, String)
    return func.substr(func.substr(text + "|", 1, func.instr(text + "|", "|") - 1) + "-01-01", 1, 10)


def _of_lectures(t: Table) -> Sequence[ColumnElement[bool]]:
    lectures = table_of(Lecture)
    return (t.c.lecture.in_(select(lectures.c.id).where(lectures.c.training.is_(None), lectures.c.removed_at.is_(None))),)


def _public(t: Table) -> Sequence[ColumnElement[bool]]:
    return (t.c.training.is_(None),)


def _proven(connection: Connection, year: Year) -> ColumnElement[bool]:
    """Lectures to which enough people came: by the rule of the day on which each was held."""
    t, s = table_of(Lecture), table_of(SignIn)
    who = func.coalesce(s.c.member, s.c.full_name + "|" + func.coalesce(s.c.mobile, s.c.id))
    people = select(s.c.lecture).where(s.c.removed_at.is_(None)).group_by(s.c.lecture)
    spans = policies.spans(connection, "lecture_proof", year.begins, year.ends - timedelta(days=1))
    ends = [*(day for day, _ in spans[1:]), year.ends]
    at = type_coerce(t.c.starts_at, String)
    stretches = [Year("", begins, end).written for (begins, _), end in zip(spans, ends, strict=True)]
    return or_(*(and_(at >= first, at < last, t.c.id.in_(people.having(func.count(distinct(who)) >= least))) for (first, last), (_, least) in zip(stretches, spans, strict=True)))


def _of_training(*kinds: str) -> Where:
    def where(t: Table) -> Sequence[ColumnElement[bool]]:
        trainings = table_of(Training)
        return (t.c.training.in_(select(trainings.c.id).where(trainings.c.kind.in_(kinds), trainings.c.removed_at.is_(None))),)

    return where


def _is(**wanted: Any) -> Where:
    def where(t: Table) -> Sequence[ColumnElement[bool]]:
        return tuple(t.c[name].in_(value) if isinstance(value, tuple) else t.c[name].is_(value) if isinstance(value, bool) else t.c[name] == value for name, value in wanted.items())

    return where


def _has(*names: str) -> Where:
    return lambda t: tuple(t.c[name].is_not(None) for name in names)


FIGURES: tuple[Figure, ...] = (
    Figure("members", "会员", "会员", "人", Member, where=members_at_work, also=were_members),
    Figure("women", "其中女会员", "会员", "人", Member, where=lambda t: (*members_at_work(t), t.c.gender == "女"), also=were_members),
    Figure("migrants", "其中农民工", "会员", "人", Member, where=lambda t: (*members_at_work(t), t.c.is_migrant_worker.is_(True)), also=were_members),
    Figure("joined", "新入会", "会员", "人", Member, "joined_on"),
    Figure("lectures", "讲座场次", "公益大讲堂", "场", Lecture, "starts_at", where=lambda t: (t.c.training.is_(None), t.c.state.in_(("签到中", "结束", "已反馈")))),
    Figure("attendances", "参加人次", "公益大讲堂", "人次", SignIn, "signed_at", where=_of_lectures),
    Figure("attendants", "参加人数", "公益大讲堂", "人", SignIn, "signed_at", where=_of_lectures, distinct="member"),
    Figure("large_lectures", "人数够的讲座", "公益大讲堂", "场", Lecture, "starts_at", where=_public, also=_proven),
    Figure("competitions", "竞赛", "技能竞赛", "项", Competition, "starts_on", where=lambda t: (func.coalesce(t.c.kind, "") != "安康杯",)),
    Figure("entries", "参赛人次", "技能竞赛", "人次", Entry, "entered_on"),
    Figure("contestants", "参赛人数", "技能竞赛", "人", Entry, "entered_on", distinct="member"),
    Figure("awards", "获奖", "技能竞赛", "人次", Entry, "entered_on", where=_has("award")),
    Figure("certified", "竞赛取证", "技能竞赛", "本", Certificate, "issued_on", where=_has("entry")),
    Figure("trainings", "培训班", "技能培训", "期", Training, "starts_on"),
    Figure("skill_trained", "技能培训人次", "技能培训", "人次", Enrolment, "enrolled_on", where=_of_training("技能培训")),
    Figure("post_trained", "岗位能力提升人次", "技能培训", "人次", Enrolment, "enrolled_on", where=_of_training("岗位能力提升")),
    Figure("officers_trained", "干部、指导员、调解员培训人次", "技能培训", "人次", Enrolment, "enrolled_on", where=_of_training("工会干部培训", "工资协商指导员培训", "劳动争议调解员培训")),
    Figure("finished", "结业", "技能培训", "人次", Enrolment, "enrolled_on", where=_is(result="合格")),
    Figure("training_cost", "培训支出", "技能培训", "元", Training, "starts_on", add_up="cost"),
    Figure("certificates", "取得证书", "证书", "本", Certificate, "issued_on"),
    Figure("talents", "培养技能人才", "证书", "人", Certificate, "issued_on", where=_has("skill_level"), distinct="member"),
    Figure("high_talents", "其中高技能人才", "证书", "人", Certificate, "issued_on", where=_is(skill_level=HIGH), distinct="member"),
    Figure("claims", "补贴和助推申请", "补贴和助推", "份", SubsidyApplication, "applied_on"),
    Figure("approved", "其中已批准", "补贴和助推", "份", SubsidyApplication, "applied_on", where=_is(state=("批准", "已发放"))),
    Figure("approved_amount", "核定金额", "补贴和助推", "元", SubsidyApplication, "applied_on", where=_is(state=("批准", "已发放")), add_up="approved_amount"),
    Figure("studios", "创新工作室", "职工创新", "个", Studio, also=_studios_then),
    Figure("projects", "立项", "职工创新", "项", Project, "approved_on"),
    Figure("results", "完成成果", "职工创新", "项", Result, "ends_on"),
    Figure("patents", "授权专利", "职工创新", "件", Patent, "grant_published_on"),
    Figure("proposals", "合理化建议", "职工创新", "条", Proposal, "proposed_on"),
    Figure("adopted", "其中采纳", "职工创新", "条", Proposal, "proposed_on", where=_is(is_adopted=True)),
    Figure("benefit", "建议的经济效益", "职工创新", "元", Proposal, "proposed_on", add_up="benefit"),
    Figure("services", "技协服务", "职工技协", "次", TechService, "served_on"),
    Figure("honours", "获得荣誉", "荣誉", "项", Honour, "awarded_on"),
    Figure("women_activities", "女职工活动", "帮扶和女职工", "次", WomenActivity, "held_on"),
    Figure("assisted", "帮扶", "帮扶和女职工", "次", Assistance, "given_on"),
    Figure("received", "收入", "经费", "元", LedgerEntry, "booked_on", where=lambda t: (t.c.reverses.is_(None), t.c.id.not_in(select(t.c.reverses).where(t.c.reverses.is_not(None), t.c.removed_at.is_(None)))), add_up="received"),
    Figure("paid", "支出", "经费", "元", LedgerEntry, "booked_on", where=lambda t: (t.c.reverses.is_(None), t.c.id.not_in(select(t.c.reverses).where(t.c.reverses.is_not(None), t.c.removed_at.is_(None)))), add_up="paid"),
    Figure("budget", "预算", "经费", "元", BudgetLine, "year", add_up="amount"),
)
NAMED: Mapping[str, Figure] = {figure.id: figure for figure in FIGURES}


def _within(figure: Figure, table: Table, year: Year) -> list[ColumnElement[bool]]:
    """The dates of the year. A date that is only a month or a year belongs where it begins."""
    if not figure.on:
        return []
    column, kind = table.c[figure.on], field_of(figure.register, figure.on).kind
    if isinstance(kind, Moment):
        text, (first, last) = type_coerce(column, String), year.written
        return [text >= first, text < last]
    if isinstance(kind, DateKind):
        day = _first_day(column)
        return [day >= year.begins.isoformat(), day < year.ends.isoformat()]
    return [column == year.begins.year if year.begins.month == 1 else column == year.ends.year]


def _selected(connection: Connection, figure: Figure, year: Year, what: Any) -> Select[Any]:
    table = table_of(figure.register)
    also = [figure.also(connection, year)] if figure.also is not None else []
    return select(what).select_from(table).where(table.c.removed_at.is_(None), *figure.where(table), *also, *_within(figure, table, year))


def value(connection: Connection, figure: Figure, year: Year) -> Decimal:
    table = table_of(figure.register)
    if figure.add_up:
        fen = connection.execute(_selected(connection, figure, year, func.coalesce(func.sum(type_coerce(table.c[figure.add_up], String)), 0))).scalar_one()
        return Decimal(str(fen)) / 100
    if figure.distinct:
        named = table.c[figure.distinct]
        who = func.coalesce(named, table.c.full_name) if "full_name" in table.c else named
        return Decimal(connection.execute(_selected(connection, figure, year, func.count(distinct(who)))).scalar_one())
    return Decimal(connection.execute(_selected(connection, figure, year, func.count())).scalar_one())


def values(connection: Connection, wanted: Sequence[Figure], year: Year) -> dict[str, Decimal]:
    """Many figures of a year by id; what is only counted of one register by one date is counted in one pass."""
    found: dict[str, Decimal] = {}
    together: dict[tuple[Any, ...], list[Figure]] = {}
    for figure in wanted:
        if figure.add_up or figure.distinct:
            found[figure.id] = value(connection, figure, year)
        else:
            together.setdefault((figure.register, figure.on, figure.also), []).append(figure)
    for (register, _, _), of in together.items():
        table = table_of(register)
        counts = [func.count().filter(and_(true(), *figure.where(table))) for figure in of]
        row = connection.execute(select(*counts).select_from(table).where(table.c.removed_at.is_(None), *([of[0].also(connection, year)] if of[0].also is not None else []), *_within(of[0], table, year))).one()
        found |= {figure.id: Decimal(n) for figure, n in zip(of, row, strict=True)}
    return found


def records(connection: Connection, figure: Figure, year: Year) -> list[str]:
    """The ids behind a figure."""
    table = table_of(figure.register)
    ids = connection.execute(_selected(connection, figure, year, table.c.id)).scalars()
    return list(ids)


@dataclass(frozen=True)
class Line:
    figure: Figure
    now: Decimal
    before: Decimal | None
    """The year before; None for what is counted as it stands now."""

    @property
    def change(self) -> str:
        if self.before is None:
            return ""
        difference = self.now - self.before
        share = f"（{difference / self.before * 100:+.0f}%）" if self.before else ""
        return f"{difference:+,.0f}{share}" if difference else "持平"

    def shown(self, number: Decimal | None) -> str:
        return "" if number is None else f"{number:,.2f}" if self.figure.unit == "元" else f"{number:,.0f}"


@dataclass(frozen=True)
class Report:
    year: Year
    lines: tuple[Line, ...]
    took_part: int
    members: int

    @property
    def share(self) -> str:
        """参与率: members who came to a lecture, a competition or a training, of all."""
        return f"{self.took_part * 100 / self.members:.1f}%" if self.members else "—"

    @property
    def certified_share(self) -> str:
        """取证比重: of those who competed, so many got a certificate."""
        entered = self.of("entries")
        return f"{self.of('certified') * 100 / entered:.1f}%" if entered else "—"

    def of(self, name: str) -> Decimal:
        return next(line.now for line in self.lines if line.figure.id == name)

    @property
    def summary(self) -> str:
        """The year in a paragraph, as the status report begins."""
        return (
            f"{self.year.title}，本工会有会员 {self.members:,} 人，{self.took_part:,} 人参加了讲座、竞赛或培训，参与率 {self.share}。举办讲座 {self.of('lectures'):,.0f} 场、{self.of('attendances'):,.0f} 人次；"
            f"参加竞赛 {self.of('entries'):,.0f} 人次，竞赛取证 {self.of('certified'):,.0f} 本，取证比重 {self.certified_share}；技能培训 {self.of('skill_trained'):,.0f} 人次，岗位能力提升 {self.of('post_trained'):,.0f} 人次；"
            f"取得证书 {self.of('certificates'):,.0f} 本，其中高技能人才 {self.of('high_talents'):,.0f} 人；申请补贴和助推 {self.of('claims'):,.0f} 份，已批准 {self.of('approved'):,.0f} 份、{self.of('approved_amount'):,.2f} 元。"
        )


def report(connection: Connection, year: Year, *, hidden: frozenset[str] = frozenset()) -> Report:
    """All figures of a year beside the year before. `hidden`: registers that this user may not see."""
    back = year.before
    shown = [figure for figure in FIGURES if figure.register.__tablename__ not in hidden]
    now, before = values(connection, shown, year), values(connection, [figure for figure in shown if figure.has_years], back)
    lines = tuple(Line(figure, now[figure.id], before.get(figure.id)) for figure in shown)
    return Report(year, lines, len(took_part(connection, year)), int(next(line.now for line in lines if line.figure.id == "members")))


def took_part(connection: Connection, year: Year) -> list[str]:
    """Ids of the members who came to anything in the year, each once."""
    ways = [(NAMED["attendances"], "member"), (NAMED["entries"], "member")]
    queries = [_selected(connection, figure, year, table_of(figure.register).c[name]) for figure, name in ways]
    enrolled = Figure("enrolled", "", "", "", Enrolment, "enrolled_on")
    queries.append(_selected(connection, enrolled, year, table_of(Enrolment).c.member))
    table = table_of(Member)
    return list(connection.execute(select(table.c.id).where(table.c.removed_at.is_(None), *members_at_work(table), were_members(connection, year), or_(*(table.c.id.in_(q) for q in queries)))).scalars())


def by_year(connection: Connection, figure: Figure, year: int, *, october: bool, count: int = 5) -> list[tuple[int, Decimal]]:
    """One figure over the last years, the oldest first."""
    return [(y, value(connection, figure, Year.of(y, october=october))) for y in range(year - count + 1, year + 1)]


def inconsistencies(found: Report) -> list[str]:
    """What cannot be in a survey (逻辑检查): a part larger than its whole, money without people."""
    wholes = (("women", "members"), ("migrants", "members"), ("attendants", "attendances"), ("contestants", "entries"), ("awards", "entries"), ("certified", "certificates"), ("high_talents", "talents"), ("talents", "certificates"), ("approved", "claims"), ("adopted", "proposals"))
    said = [f"“{NAMED[part].title}”（{found.of(part):,.0f}）比“{NAMED[whole].title}”（{found.of(whole):,.0f}）还多，请核对。" for part, whole in wholes if found.of(part) > found.of(whole)]
    if found.of("training_cost") and not found.of("trainings"):
        said.append("有培训支出，没有培训班，请核对。")
    if found.of("paid") > found.of("budget") > 0:
        said.append(f"支出 {found.of('paid'):,.2f} 元超过预算 {found.of('budget'):,.2f} 元，请写明差异。")
    return said


def write_workbook(path: Path, found: Report) -> int:
    """The report as a workbook. UserError when it cannot be written."""
    heads = ("项目", "指标", "单位", found.year.title, "上一年", "增减")
    return spreadsheet.write(path, "培训情况汇报", heads, ([x.figure.group, x.figure.title, x.figure.unit, x.shown(x.now), x.shown(x.before), x.change] for x in found.lines))


def status_report(office: Office, found: Report) -> bytes:
    """培训情况汇报 as a PDF: the paragraph, then the table."""
    day = office.clock().astimezone().date()
    rows = [{"number": n, "group": x.figure.group, "title": x.figure.title, "unit": x.figure.unit, "now": x.shown(x.now), "before": x.shown(x.before), "change": x.change} for n, x in enumerate(found.lines, 1)]
    context = {"union": values_of(own_union(office)), "form": {"year": found.year.title, "printed_on": f"{day.year}年{day.month}月{day.day}日", "summary": found.summary}, "rows": rows}
    return engine.render(paperwork.form_named(office, "status_report"), [context], draft=office.practice)
