"""基层工会调查表: the yearly statistics for the ACFTU, October to September, counted from the registers where they know, typed where not.

The tables are rows of `resources/policies/survey.toml`, so that the official tool's items can replace them. 逻辑检查 says what cannot be.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, Table, func, select, type_coerce

from app.services import figures
from app.services.exchange.items import rows_of
from app.services.figures import Figure
from app.services.office import Office
from app.services.records import ActKind, table_of
from app.services.setup import own_union
from db.period import Year
from db.problems import UserError
from db.registers import Assistance, HardshipCase, Member, Officer, Proposal, SafetyCupUnit, Union, UnionGroup, WomenActivity
from db.vault import set_setting, setting

SETTING = "survey:{year}"
MEDIATORS = ("劳动争议调解员", "工资协商指导员")
COLLEGE = ("博士", "硕士", "本科", "大专")


def _still(*more: Callable[[Table], ColumnElement[bool]]) -> figures.Where:
    """Members, and what else is asked of them."""
    return lambda t: (*figures.members_at_work(t), *(ask(t) for ask in more))


def _born(first: date, last: date) -> Callable[[Table], ColumnElement[bool]]:
    """Born in the years from one to the other: ages are by year, as the survey counts them."""
    return lambda t: func.substr(type_coerce(t.c.birth_date, String), 1, 4).between(str(first.year), str(last.year))


def _ages(year: int) -> dict[str, Figure]:
    def of(name: str, title: str, youngest: int, oldest: int) -> Figure:
        return Figure(name, title, "会员", "人", Member, where=_still(_born(date(year - oldest, 1, 1), date(year - youngest, 1, 1))), also=figures.were_members)

    return {f.id: f for f in (of("young", "35 岁以下", 0, 35), of("middle", "36 至 50 岁", 36, 50), of("old", "51 岁以上", 51, 120))}


_MORE: Mapping[str, Figure] = {
    f.id: f
    for f in (
        Figure("dispatched", "劳务派遣工", "会员", "人", Member, where=_still(lambda t: t.c.employment_form == "劳务派遣"), also=figures.were_members),
        Figure("minority", "少数民族", "会员", "人", Member, where=_still(lambda t: t.c.ethnicity.is_not(None) & (t.c.ethnicity != "汉族")), also=figures.were_members),
        Figure("college", "大专及以上", "会员", "人", Member, where=_still(lambda t: t.c.education.in_(COLLEGE)), also=figures.were_members),
        Figure("lower_skilled", "初级工、中级工", "会员", "人", Member, where=_still(lambda t: t.c.skill_level.in_(("五级/初级工", "四级/中级工"))), also=figures.were_members),
        Figure("higher_skilled", "高级工及以上", "会员", "人", Member, where=_still(lambda t: t.c.skill_level.in_(figures.HIGH)), also=figures.were_members),
        Figure("groups", "分会和小组", "组织", "个", UnionGroup),
        Figure("officers", "工会干部", "干部", "人", Officer, where=lambda t: (t.c.left_on.is_(None),), distinct="full_name"),
        Figure("full_time_officers", "专职", "干部", "人", Officer, where=lambda t: (t.c.left_on.is_(None), t.c.is_full_time.is_(True)), distinct="full_name"),
        Figure("mediators", "调解员、指导员", "干部", "人", Officer, where=lambda t: (t.c.left_on.is_(None), t.c.position.in_(MEDIATORS)), distinct="full_name"),
        Figure("elections", "换届", "干部", "次", Officer, "elected_on", where=lambda t: (t.c.position == "主席",)),
        Figure("hardship_cases", "在档困难职工", "帮扶", "户", HardshipCase, where=lambda t: (t.c.closed_on.is_(None),)),
        Figure("assisted_amount", "帮扶金额", "帮扶", "元", Assistance, "given_on", add_up="amount"),
        Figure("women_activity_people", "女职工活动人次", "女职工", "人次", WomenActivity, "held_on", add_up="people"),
        Figure("safety_teams", "安康杯班组", "安康杯", "个", SafetyCupUnit, "year", add_up="entrant_teams"),
        Figure("safety_entrants", "安康杯职工", "安康杯", "人", SafetyCupUnit, "year", add_up="entrant_count"),
        Figure("carried_out", "已实施", "建议", "条", Proposal, "proposed_on", where=lambda t: (t.c.is_carried_out.is_(True),)),
    )
}


@dataclass(frozen=True)
class Line:
    """One item. `figure` is None for what is typed; `value` is None until it is known."""

    no: str
    label: str
    unit: str
    figure: Figure | None
    value: Decimal | None
    part_of: str
    is_typed: bool = False
    """Whether a person says it; else the registers do."""

    @property
    def shown(self) -> str:
        return "" if self.value is None else f"{self.value:.2f}" if self.unit == "元" else f"{self.value:f}"


@dataclass(frozen=True)
class Sheet:
    id: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Survey:
    """Cover and tables of one year."""

    year: Year
    cover: tuple[tuple[str, str, str], ...]
    """(901, 统计编码, value) and so on."""
    sheets: tuple[Sheet, ...]

    @property
    def problems(self) -> list[str]:
        """逻辑检查: what is missing on the cover, and parts that are more than their whole."""
        lines = {line.no: line for sheet in self.sheets for line in sheet.lines}
        said = [f"封面 {no} {label}还没有填，请到“本工会”里补上。" for no, label, value in self.cover if not value]
        for line in lines.values():
            for whole in (lines[no] for no in line.part_of.split() if no in lines):
                if line.value is not None and whole.value is not None and line.value > whole.value:
                    said.append(f"{line.no} {line.label}（{line.shown}）比 {whole.no} {whole.label}（{whole.shown}）还多。")
        if blank := [line.no for line in lines.values() if line.is_typed and line.value is None]:
            said.append(f"还有 {len(blank)} 项没有填：{'、'.join(blank[:8])}{'……' if len(blank) > 8 else ''}；没有的填 0。")
        ages = [lines[no].value for no in ("108", "109", "110") if no in lines]
        if "103" in lines and (total := lines["103"].value) is not None and all(v is not None for v in ages) and (known := sum((v for v in ages if v is not None), Decimal(0))) < total:
            said.append(f"有 {total - known:f} 名会员没有出生日期，年龄三项加起来不等于会员人数。")
        return said


def survey(connection: Connection, year: int, *, hidden: frozenset[str] = frozenset(), october: bool = True) -> Survey:
    """The tables of a year. Items over a register that is hidden from this user stay blank."""
    span = Year.of(year, october=october)
    typed = answers(connection, year)
    named = {**figures.NAMED, **_MORE, **_ages(year)}
    union = table_of(Union)
    own: Mapping[str, Any] = dict(connection.execute(select(union)).mappings().one())
    sheets = []
    for row in rows_of(connection, "survey"):
        lines = []
        for item in row["items"]:
            figure, value = named.get(item.get("figure", "")), typed.get(item["no"])
            known = item.get("figure") == "employees" and own["employee_count"] is not None
            if known:
                value = Decimal(own["employee_count"])
            elif figure is not None and figure.register.__tablename__ not in hidden:
                value = _value(connection, figure, span)
            lines.append(Line(item["no"], item["label"], item["unit"], figure, value, item.get("part_of", ""), figure is None and not known))
        sheets.append(Sheet(row["id"], row["title"], tuple(lines)))
    cover = (("901", "统计编码", own["stat_code"] or ""), ("902", "工会名称", own["name"] or ""), ("903", "行政区划代码", own["area_code"] or ""), ("904", "组织类型", own["organisation_form"] or ""))
    return Survey(span, cover, tuple(sheets))


def _value(connection: Connection, figure: Figure, span: Year) -> Decimal:
    """A figure; whole numbers that are added up are not money."""
    found = figures.value(connection, figure, span)
    return (found * 100).to_integral_value() if figure.add_up and figure.unit != "元" else found


def answers(connection: Connection, year: int) -> dict[str, Decimal]:
    """What was typed for a year, by item."""
    written = setting(connection, SETTING.format(year=year))
    return {no: Decimal(text) for no, text in json.loads(written or "{}").items()}


def type_in(office: Office, year: int, typed: Mapping[str, str]) -> None:
    """Keep what was typed for a year; blank takes an item out. UserError for what is no number."""
    office.clerks_only()
    read: dict[str, str] = {}
    for no, text in typed.items():
        plain = text.strip().replace(",", "").replace("，", "")
        if not plain:
            continue
        try:
            number = Decimal(plain)
        except InvalidOperation as e:
            raise UserError(f"{no} 要填数，“{text.strip()[:20]}”不是。") from e
        if not number.is_finite() or number < 0 or number >= Decimal(10) ** 12:
            raise UserError(f"{no} 要填 0 或更大的数，“{text.strip()[:20]}”不行。")
        read[no] = format(abs(number), "f")
    with office.act(ActKind.SETTING, f"填 {year} 年调查表") as act:
        act.note(year=year, items=sorted(read))
        set_setting(act.connection, SETTING.format(year=year), json.dumps(read))


def write_workbook(path: Path, found: Survey, checked: Sequence[str]) -> None:
    """Cover, one sheet for each table, and what 逻辑检查 said. UserError when it cannot be written."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    page = book.active
    page.title = "封面"
    page.append([f"基层工会调查表（{found.year.title}）"])
    page["A1"].font = Font(bold=True, size=16)
    for part in found.cover:
        page.append(list(part))
    page.append(["逻辑检查", "通过" if not checked else "；".join(checked)])
    page.column_dimensions["B"].width, page.column_dimensions["C"].width = 24, 40
    for sheet in found.sheets:
        page = book.create_sheet(sheet.title.replace("/", "")[:31])
        page.append(["编号", "项目", "单位", "数"])
        for cell in page[1]:
            cell.font = Font(bold=True)
        for line in sheet.lines:
            page.append([line.no, line.label, line.unit, float(line.value) if line.value is not None else None])
            page.cell(page.max_row, 4).alignment = Alignment(horizontal="right")
        page.column_dimensions["B"].width, page.column_dimensions["D"].width = 36, 16
    try:
        book.save(path)
    except OSError as e:
        raise UserError("没有写成，请检查位置是否只读、磁盘是否已满，或者这个文件是不是正开着。") from e


def printed(office: Office, found: Survey) -> bytes:
    """The tables as a PDF, one line an item."""
    from app.services import paperwork

    rows = [[sheet.title, line.no, line.label, line.unit, line.shown, "填报" if line.is_typed else "统计"] for sheet in found.sheets for line in sheet.lines]
    name = own_union(office).name or ""
    return paperwork.list_sheet(office, f"基层工会调查表　{found.year.title}　{name}"[:60], ("表", "编号", "项目", "单位", "数", "来源"), (150, 60, 240, 60, 110, 70), rows, numbered=False)
