"""A year of lectures: held and planned, person-times (人次) and people (人数), the 200-people proof; as figures and as a workbook with a chart.

The union's year is the calendar's or, where the upper union reports so, October to September.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from app.services import policies
from app.services.checkin.after import PERSON
from app.services.exchange.items import row_on
from app.services.office import Office
from app.services.records import table_of
from app.services.setup import own_union
from db.fields import MOMENT
from db.period import Year
from db.registers import Lecture
from db.registers.lectures import CLOSED


@dataclass(frozen=True)
class Line:
    """One lecture of the year."""

    id: str
    topic: str
    theme: str
    form: str
    starts_at: datetime | None
    place: str
    speaker: str
    organizer_unit: str
    state: str
    planned: int | None
    proof: int
    """So many people must sign in for it to count in full."""
    attendances: int
    people: int

    @property
    def is_held(self) -> bool:
        return self.state in CLOSED or self.attendances > 0

    @property
    def is_proven(self) -> bool:
        """Distinct people who signed in, nothing else (domain 5.4)."""
        return self.people >= self.proof


@dataclass(frozen=True)
class Figures:
    """The year's lectures and their sums. `people` counts nobody twice over all of them."""

    year: Year
    lines: tuple[Line, ...]
    people: int
    district: int | None
    """How many lectures the whole district should hold."""
    proof: int
    """So many people make a lecture count in full, at the year's end."""

    @property
    def held(self) -> int:
        return sum(line.is_held for line in self.lines)

    @property
    def planned(self) -> int:
        return len(self.lines)

    @property
    def attendances(self) -> int:
        return sum(line.attendances for line in self.lines)

    @property
    def proven(self) -> int:
        return sum(line.is_proven for line in self.lines)

    @property
    def sentence(self) -> str:
        aim = f"（全区目标 {self.district} 场）" if self.district else ""
        return f"{self.year.title}：已办 {self.held} 场，共安排 {self.planned} 场{aim}；{self.attendances:,} 人次，{self.people:,} 人；够 {self.proof} 人的 {self.proven} 场。"


def figures(connection: Connection, year: Year) -> Figures:
    first, last = year.written
    counted = {
        row.lecture: (int(row.attendances), int(row.people))
        for row in connection.exec_driver_sql(f"SELECT s.lecture, count(*) AS attendances, count(DISTINCT {PERSON}) AS people FROM sign_in s WHERE s.removed_at IS NULL GROUP BY s.lecture")
    }
    people = connection.exec_driver_sql(
        f"SELECT count(DISTINCT {PERSON}) FROM sign_in s JOIN lecture l ON l.id = s.lecture AND l.removed_at IS NULL AND l.training IS NULL AND l.starts_at >= ? AND l.starts_at < ? WHERE s.removed_at IS NULL", (first, last)
    ).scalar_one()
    table = table_of(Lecture)
    rows = connection.execute(select(table).where(table.c.removed_at.is_(None), table.c.training.is_(None), table.c.starts_at >= MOMENT.from_wire(first), table.c.starts_at < MOMENT.from_wire(last)).order_by(table.c.starts_at))
    spans = policies.spans(connection, "lecture_proof", year.begins, year.ends - timedelta(days=1))

    def proof(at: datetime) -> int:
        return next(n for day, n in reversed(spans) if day <= max(at.astimezone().date(), year.begins))

    lines = tuple(
        Line(
            row.id, row.topic or "", row.theme or "", row.form or "", row.starts_at, row.place or "", row.speaker or "", row.organizer_unit or "", row.state or "计划",
            row.planned_count, proof(row.starts_at), *counted.get(row.id, (0, 0)),
        )
        for row in rows
    )
    aim = row_on(connection, "target", "lectures", year.ends - timedelta(days=1))
    return Figures(year, lines, int(people), int(aim["district"]) if aim is not None and aim.get("district") else None, spans[-1][1])


_HEADS = ("序号", "时间", "题目", "主题类别", "形式", "地点", "主讲人", "承办单位", "进度", "计划人数", "实到人次", "实到人数", "人数够")
_WIDTHS = (6, 17, 34, 10, 11, 20, 12, 24, 9, 10, 10, 10, 9)


def write(office: Office, year: Year, path: Path) -> Figures:
    """The year's list and sums as .xlsx with a chart of person-times by lecture and month."""
    office.clerks_only()
    from openpyxl import Workbook  # 0.4 s to import
    from openpyxl.chart import BarChart, Reference
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    from app.services.spreadsheet import save, stay_text

    with office.vault.engine.connect() as connection:
        found = figures(connection, year)
    book = Workbook()
    sheet = book.active
    sheet.title = "全年台账"
    sheet.append([f"{own_union(office).name}公益大讲堂全年台账"])
    sheet.append([found.sentence])
    sheet.append(list(_HEADS))
    for n, line in enumerate(found.lines, 1):
        when = f"{line.starts_at.astimezone():%Y-%m-%d %H:%M}" if line.starts_at else ""
        sheet.append([n, when, line.topic, line.theme, line.form, line.place, line.speaker, line.organizer_unit, line.state, line.planned, line.attendances, line.people, "是" if line.is_proven else ""])
    sheet.append(["合计", "", f"{found.held} 场已办", "", "", "", "", "", "", sum(line.planned or 0 for line in found.lines), found.attendances, found.people, f"{found.proven} 场"])
    stay_text(sheet)
    for cell in (*sheet[1], *sheet[3], *sheet[sheet.max_row]):
        cell.font = Font(bold=True, size=14 if cell.row == 1 else 11)
    for cell in sheet[3]:
        cell.fill, cell.alignment = PatternFill("solid", fgColor="E8F0F7"), Alignment(horizontal="center", vertical="center", wrap_text=True)
    for n, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(n)].width = width
    sheet.freeze_panes = "A4"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage = 1, 0, True
    months = book.create_sheet("按月")
    months.append(["月份", "场次", "人次"])
    for first in _months(year):
        mine = [line for line in found.lines if line.starts_at and (line.starts_at.astimezone().year, line.starts_at.astimezone().month) == (first.year, first.month)]
        months.append([f"{first.year}-{first.month:02}", sum(line.is_held for line in mine), sum(line.attendances for line in mine)])
    for title, source, column, labels, place in (("各场实到人次", sheet, 11, 3, "A"), ("每月人次", months, 3, 1, "E")):
        last, top = (3 + len(found.lines), 3) if source is sheet else (13, 1)
        if last <= top:
            continue
        chart = BarChart()
        chart.title, chart.height, chart.width, chart.legend = title, 8.5, 24, None
        chart.add_data(Reference(source, min_col=column, min_row=top, max_row=last), titles_from_data=True)
        chart.set_categories(Reference(source, min_col=labels, min_row=top + 1, max_row=last))
        chart.x_axis.delete = chart.y_axis.delete = False
        source.add_chart(chart, f"{place}{last + 3 if source is sheet else 2}")
    save(book, path)
    return found


def _months(year: Year) -> list[date]:
    found, day = [], year.begins
    while day < year.ends:
        found.append(day)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return found
