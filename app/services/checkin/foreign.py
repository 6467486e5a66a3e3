"""Sign-ins from other systems' workbooks: whoever is meant for certain goes in, the rest waits in a tray for a person."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Table, or_, select
from sqlalchemy.exc import IntegrityError

from app.services.checkin import after, finding
from app.services.checkin.answers import Person
from app.services.office import Office
from app.services.records import Act, ActKind
from app.services.roster.layout import field_for, importable
from app.services.roster.matching import Matcher
from app.services.roster.reader import Cell, Sheet, read
from db.door_tables import SignInTray
from db.fields import MOMENT, cell_text
from db.problems import UserError
from db.record import new_id

GUEST, DROP = "guest", "drop"
_MARKS = ("full_name", "id_number", "mobile", "employee_no", "member_card_no")
_TAKEN = (*_MARKS, "department")
_TIMES = ("签到时间", "到场时间", "入场时间", "打卡时间", "扫码时间", "核销时间", "签到日期", "提交时间", "时间")
_NOT_PEOPLE = ("合计", "总计", "填表", "制表", "说明", "备注", "注：", "注:")
LOOK_AT_ROWS = 40
_TRAY = cast(Table, SignInTray.__table__)
_WAITS = or_(_TRAY.c.said.is_(None), _TRAY.c.act.like("-%"))
"""Nobody has said who it is, or that was undone."""


@dataclass(frozen=True)
class Row:
    """One line of the workbook: what it says of a person, and when she came."""

    number: int
    values: Mapping[str, Any]
    at: datetime | None


@dataclass(frozen=True)
class TakenIn:
    """What became of a workbook's rows."""

    new: int
    already: int
    waiting: int
    act: str | None


@dataclass(frozen=True)
class Waiting:
    """A row of the tray, with whom it may mean: (id, name, department, employee no.)."""

    id: str
    file_name: str
    row: int
    full_name: str
    unit: str
    mobile: str
    said: str
    at: datetime | None
    likely: tuple[Person, ...]


def rows_of(path: Path) -> list[Row]:
    """The people in a workbook's sign-in lists. UserError when it has none."""
    found = [row for sheet in read(path) if sheet.visible for row in _rows(sheet)]
    if not found:
        raise UserError(f"“{path.name}”里没有找到签到名单。要有一行表头，写着姓名、工号或手机。")
    return found


def _rows(sheet: Sheet) -> list[Row]:
    head, columns, time = _header(sheet.rows)
    fields, found = importable(), []
    for number, cells in enumerate(sheet.rows[head + 1 :] if columns else (), head + 2):
        values = {name: fields[name].read(cells[c]).value for c, name in columns.items() if c < len(cells)}
        first = next((text for cell in cells if (text := cell_text(cell).strip())), "")
        if not any(values.get(mark) for mark in _MARKS) or first.startswith(_NOT_PEOPLE):
            continue
        at = MOMENT.read(cells[time]).value if time is not None and time < len(cells) else None
        found.append(Row(number, values, at))
    return found


def _header(rows: Sequence[Sequence[Cell]]) -> tuple[int, dict[int, str], int | None]:
    """Row index of the header, column -> field, and the column of the time."""
    for place, cells in enumerate(rows[:LOOK_AT_ROWS]):
        texts = ["".join(cell_text(cell).split()) for cell in cells]
        columns: dict[int, str] = {}
        for c, text in enumerate(texts):
            name = field_for(text) if text and len(text) < 30 else None
            if name in _TAKEN and name not in columns.values():
                columns[c] = name
        if any(name in _MARKS for name in columns.values()) and sum(bool(text) for text in texts) > len([t for t in texts if t and any(ch.isdigit() for ch in t)]):
            time = next((texts.index(word) for word in _TIMES if word in texts), None)
            return place, columns, time
    return 0, {}, None


def take_in(office: Office, lecture: str, path: Path, *, session: str | None = None) -> TakenIn:
    """Sign in whom the workbook means for certain, as one act; the others wait in the tray. Taken in twice, it changes nothing more."""
    office.clerks_only()
    rows = rows_of(path)
    with office.act(ActKind.SIGN_IN, f"导入签到：{path.name}") as act:
        begins = after.begins(act.connection, lecture, session) or office.clock()
        matcher = Matcher(act.connection)
        waiting = {(row.row, row.cells) for row in act.connection.execute(select(_TRAY.c.row, _TRAY.c.cells).where(_TRAY.c.lecture == lecture))}
        new = already = kept = 0
        for row in rows:
            member = _certain(matcher, row.values)
            if member is None:
                kept += _wait(act, lecture, session, path.name, row, waiting)
            elif _sign(act, lecture, session, _person(matcher, member), row.at or begins):
                new += 1
            else:
                already += 1
        act.note(new=new, already=already, waiting=kept, file=path.name)
    return TakenIn(new, already, kept, act.id if new else None)


def _certain(matcher: Matcher, values: Mapping[str, Any]) -> str | None:
    """The member who is meant: as a roster's row would be, or by a number that is one person's alone where no name contradicts."""
    if found := matcher.find(values):
        return str(found["id"])
    name, near = values.get("full_name"), matcher.near(values)
    if name is None:
        exact = [n for n in near if any(mark in n.agrees for mark in ("employee_no", "mobile", "member_card_no", "id_number"))]
        return exact[0].id if len(exact) == 1 else _by_mark(matcher, values)
    return None


def _by_mark(matcher: Matcher, values: Mapping[str, Any]) -> str | None:
    hits = {row["id"] for row in matcher.stored.values() for mark in _MARKS[1:] if values.get(mark) and row[mark] == values[mark]}
    return hits.pop() if len(hits) == 1 else None


def _person(matcher: Matcher, member: str) -> Person:
    row = matcher.stored[member]
    return Person(member, row["full_name"] or "", row["department"] or "", row["employee_no"] or "", (row["mobile"] or "")[-4:])


def _sign(act: Act, lecture: str, session: str | None, person: Person, at: datetime, *, mobile: str | None = None) -> bool:
    if after.already(act.connection, lecture, session, person, mobile=mobile):
        return False
    try:
        with act.connection.begin_nested():
            after.sign_in(act, lecture, session, person, at=at, way=after.IMPORTED, mobile=mobile)
    except IntegrityError:
        return False
    return True


def _wait(act: Act, lecture: str, session: str | None, file_name: str, row: Row, waiting: set[tuple[int, str]]) -> int:
    fields = importable()
    said = {name: fields[name].to_wire(value) for name, value in row.values.items() if value is not None}
    cells = json.dumps({**said, "signed_at": MOMENT.to_wire(row.at) if row.at else None}, ensure_ascii=False, sort_keys=True)
    if (row.number, cells) in waiting:
        return 0
    waiting.add((row.number, cells))
    act.connection.execute(_TRAY.insert().values(id=new_id(), lecture=lecture, session=session, file_name=file_name[:200], row=row.number, cells=cells))
    return 1


def tray(connection: Connection, lecture: str) -> list[Waiting]:
    """What waits for a lecture, with the likeliest members first."""
    rows = connection.execute(select(_TRAY).where(_TRAY.c.lecture == lecture, _WAITS).order_by(_TRAY.c.file_name, _TRAY.c.row)).all()
    matcher = Matcher(connection) if rows else None
    found = []
    for row in rows:
        assert matcher is not None
        cells = json.loads(row.cells)
        values = {name: importable()[name].from_wire(value) for name, value in cells.items() if name != "signed_at"}
        near = {n.id: None for n in matcher.near(values)} | {r["id"]: None for r in matcher.stored.values() if values.get("full_name") and r["full_name"] == values["full_name"]}
        said = "　".join(part for part in (f"工号 {values['employee_no']}" if values.get("employee_no") else "", f"手机尾号 {values['mobile'][-4:]}" if values.get("mobile") else "") if part)
        found.append(
            Waiting(
                row.id, row.file_name, row.row, values.get("full_name") or "", values.get("department") or "", values.get("mobile") or "", said,
                MOMENT.from_wire(cells["signed_at"]) if cells.get("signed_at") else None, tuple(_person(matcher, member) for member in near),
            )
        )
    return found


@dataclass(frozen=True)
class Decided:
    """How many came in, and the act that can be undone."""

    came: int
    act: str


def decide(office: Office, waiting: Sequence[tuple[Waiting, str]]) -> Decided:
    """Rows of the tray and what a person said of each: a member's id, GUEST, or DROP. One act. UserError for a member who is gone."""
    office.clerks_only()
    came = 0
    with office.act(ActKind.SIGN_IN, f"签到待定：{len(waiting)} 行") as act:
        for w, said in waiting:
            row = act.connection.execute(select(_TRAY).where(_TRAY.c.id == w.id, _WAITS)).first()
            if row is None:
                continue
            act.connection.execute(_TRAY.update().where(_TRAY.c.id == w.id).values(said=said, act=act.id))
            if said == DROP:
                continue
            at = w.at or after.begins(act.connection, row.lecture, row.session) or office.clock()
            person = finding.by_id(act.connection, said) if said != GUEST else Person("", w.full_name or "（没有姓名）", w.unit, "", w.mobile[-4:])
            if person is None:
                raise UserError(f"选给“{w.full_name}”的会员已经不在名册里了，请重新选。")
            came += _sign(act, row.lecture, row.session, person, at, mobile=w.mobile or None if said == GUEST else None)
        act.note(rows=len(waiting), came=came)
    return Decided(came, act.id)
