"""The registers of all offices and the year's figures, by street and office; as lists, totals against targets, and workbooks.

Totals are counted once an office changed and kept in `tally`, so that the first page of a district of a million people is a sum
over some thousand rows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from app.receiver import store
from app.receiver.decisions import APPROVED, PAID, REFUSED, RETURNED
from app.receiver.district import Receiver
from app.services.exchange.items import newest, shipped_rows
from db.problems import UserError
from db.record import fields_of
from db.registers import register_named
from db.registers.membership import LEFT

WORDS: Mapping[str, tuple[str, str]] = {
    "members": ("会员", "人"), "women": ("女会员", "人"), "migrants": ("农民工会员", "人"), "lectures": ("讲座", "场"), "large_lectures": ("人数够的讲座", "场"), "attendances": ("讲座签到", "人次"),
    "entries": ("竞赛报名", "人次"), "certificates": ("今年取证", "本"), "talents": ("培养技能人才", "人"), "post_trained": ("岗位能力提升", "人次"), "applications": ("补贴申请", "份"), "approved": ("已批准", "份"), "approved_fen": ("核定金额", "元"), "returned": ("退回补正", "份"),
    "undecided": ("未审", "份"),
}


@dataclass(frozen=True)
class Figure:
    """One figure of the year: reached, of what is wanted where a target says so."""

    what: str
    title: str
    reached: int
    wanted: int
    unit: str
    source: str = ""


@dataclass(frozen=True)
class RecordRow:
    """One record of an office, for a list."""

    office: str
    office_name: str
    street: str
    id: str
    title: str
    values: Mapping[str, Any]


def _value(connection: Connection, name: str) -> str:
    """SQL for a value of a record, as text."""
    return f"(r.body::jsonb ->> '{name}')" if connection.dialect.name == "postgresql" else f"json_extract(r.body, '$.{name}')"


def _truth(connection: Connection, name: str) -> str:
    return f"{_value(connection, name)} = 'true'" if connection.dialect.name == "postgresql" else f"{_value(connection, name)} = 1"


def refresh(receiver: Receiver, *, today: date | None = None) -> int:
    """Count anew the offices that changed; how many there were."""
    day = today or date.today()
    with receiver.writing() as connection:
        stale = connection.execute(text("SELECT count(*) FROM office WHERE stale")).scalar_one()
        if not stale:
            return 0
        connection.execute(text("DELETE FROM tally WHERE office IN (SELECT id FROM office WHERE stale)"))
        for sql in _counts(connection, day.year, _rule(connection, "lecture_proof", day)):
            connection.execute(text(f"INSERT INTO tally (office, what, n) {sql}"))
        connection.execute(text("UPDATE office SET stale = :no WHERE stale"), {"no": False})
    return int(stale)


def _counts(connection: Connection, year: int, proof: int) -> list[str]:
    """A SELECT of (office, what, n) for each figure. `proof`: so many people make a lecture count in full."""
    v = _value(connection, "{}")
    left = ", ".join(f"'{word}'" for word in LEFT)
    live = "FROM record r WHERE r.office IN (SELECT id FROM office WHERE stale) AND NOT r.removed AND r.register = '{}'"
    member = live.format("member") + f" AND coalesce({v.format('membership_event')}, '') NOT IN ({left})"
    in_year = f"AND {v.format('starts_at')} LIKE '{year}%'"
    decided = 'FROM decision d WHERE d.office IN (SELECT id FROM office WHERE stale) AND NOT d.superseded'
    state = store.decided(connection, "state")
    fen = f"CAST({store.decided(connection, 'approved_amount')} AS bigint)"
    return [
        f"""WITH seen AS (SELECT r.office, {v.format('gender')} AS gender, {_truth(connection, 'is_migrant_worker')} AS migrant {member}),
            counted AS (SELECT office, count(*) AS members, sum(CASE WHEN gender = '女' THEN 1 ELSE 0 END) AS women, sum(CASE WHEN migrant THEN 1 ELSE 0 END) AS migrants FROM seen GROUP BY office)
            SELECT office, 'members', members FROM counted UNION ALL SELECT office, 'women', women FROM counted UNION ALL SELECT office, 'migrants', migrants FROM counted""",
        f"SELECT r.office, 'lectures', count(*) {live.format('lecture')} {in_year} GROUP BY r.office",
        f"SELECT r.office, 'attendances', count(*) {live.format('sign_in')} AND {v.format('signed_at')} LIKE '{year}%' GROUP BY r.office",
        f"""SELECT big.office, 'large_lectures', count(*) FROM (SELECT r.office, {v.format('lecture')} AS lecture {live.format('sign_in')} AND {v.format('signed_at')} LIKE '{year}%'
            GROUP BY r.office, {v.format('lecture')} HAVING count(*) >= {proof}) big GROUP BY big.office""",
        f"SELECT r.office, 'entries', count(*) {live.format('entry')} AND coalesce({v.format('entered_on')}, '{year}') LIKE '{year}%' GROUP BY r.office",
        f"SELECT r.office, 'certificates', count(*) {live.format('certificate')} AND {v.format('issued_on')} LIKE '{year}%' GROUP BY r.office",
        f"SELECT r.office, 'talents', count(DISTINCT {v.format('member')}) {live.format('certificate')} AND {v.format('skill_level')} IS NOT NULL AND {v.format('issued_on')} LIKE '{year}%' GROUP BY r.office",
        f"""WITH post AS (SELECT r.office, r.id {live.format('training')} AND {v.format('kind')} = '岗位能力提升')
            SELECT r.office, 'post_trained', count(*) {live.format('enrolment')} AND {v.format('enrolled_on')} LIKE '{year}%'
            AND EXISTS (SELECT 1 FROM post p WHERE p.office = r.office AND p.id = {v.format('training')}) GROUP BY r.office""",
        f"SELECT r.office, 'applications', count(*) {live.format('subsidy_application')} AND r.state = '已打包' GROUP BY r.office",
        f"""SELECT r.office, 'undecided', count(*) {live.format('subsidy_application')} AND r.state = '已打包' AND NOT EXISTS
            (SELECT 1 FROM decision d WHERE d.office = r.office AND d.record = r.id AND NOT d.superseded AND {state} IN ('{APPROVED}', '{REFUSED}', '{RETURNED}', '{PAID}')) GROUP BY r.office""",
        f"SELECT d.office, 'approved', count(*) {decided} AND {state} IN ('{APPROVED}', '{PAID}') GROUP BY d.office",
        f"SELECT d.office, 'approved_fen', sum({fen}) {decided} AND {state} IN ('{APPROVED}', '{PAID}') GROUP BY d.office",
        f"SELECT d.office, 'returned', count(*) {decided} AND {state} = '{RETURNED}' GROUP BY d.office",
    ]


def figures(receiver: Receiver, *, street: str | None = None, today: date | None = None) -> list[Figure]:
    """The totals, against the targets: what one office should reach, times the offices."""
    day = today or date.today()
    refresh(receiver, today=day)
    where = "WHERE o.status <> 'revoked'" + (" AND o.street = :street" if street is not None else "")
    parameters = {"street": street} if street is not None else {}
    with receiver.reading() as connection:
        sums = {row.what: int(row.n) for row in connection.execute(text(f"SELECT t.what, sum(t.n) AS n FROM tally t JOIN office o ON o.id = t.office {where} GROUP BY t.what"), parameters)}
        count = connection.execute(text(f"SELECT count(*) FROM office o {where}"), parameters).scalar_one()
        targets = _targets(connection, day)
    found = [Figure("offices", "登记的单位", count, 0, "个")]
    for what, (title, unit) in WORDS.items():
        target = targets.get(what)
        wanted = int(target["district"]) if target and target.get("district") and street is None else int(target["wanted"]) * count if target and str(target["wanted"]).isdecimal() else 0
        reached = sums.get(what, 0)
        found.append(Figure(what, title, reached // 100 if what == "approved_fen" else reached, wanted, unit, str(target["source"]) if target else ""))
    return found


def _rows(connection: Connection, kind: str) -> list[dict[str, Any]]:
    """The program's rows of a kind, then the district's."""
    return [*shipped_rows(kind), *(json.loads(r.body) for r in connection.execute(text("SELECT body FROM item WHERE kind = :kind AND body IS NOT NULL"), {"kind": kind}))]


def _rule(connection: Connection, name: str, day: date) -> int:
    """A single number of policy on a day; the district's row where it has one."""
    row = newest([r for r in _rows(connection, "rule") if r["id"] == name], day)
    assert row is not None, "every rule is shipped with a row from the beginning"
    return int(row["value"])


def _targets(connection: Connection, day: date) -> dict[str, Mapping[str, Any]]:
    rows = _rows(connection, "target")
    found = {count: newest([row for row in rows if row["count"] == count], date(day.year, 12, 31)) for count in dict.fromkeys(row["count"] for row in rows)}
    return {count: row for count, row in found.items() if row is not None}


def by_office(receiver: Receiver, *, street: str | None = None) -> list[tuple[str, str, str, Mapping[str, int]]]:
    """(office id, name, street, tallies) of every office that may report, by street and name."""
    refresh(receiver)
    with receiver.reading() as connection:
        where = "WHERE o.status <> 'revoked'" + (" AND o.street = :street" if street is not None else "")
        rows = connection.execute(text(f"SELECT o.id, o.name, o.street, t.what, t.n FROM office o LEFT JOIN tally t ON t.office = o.id {where}"), {"street": street} if street is not None else {}).all()
    found: dict[str, tuple[str, str, str, dict[str, int]]] = {}
    for row in rows:
        one = found.setdefault(row.id, (row.id, row.name, row.street, {}))
        if row.what:
            one[3][row.what] = int(row.n)
    return sorted(found.values(), key=lambda one: (one[2], one[1]))


def streets(receiver: Receiver) -> list[str]:
    """The streets that offices are assigned to."""
    with receiver.reading() as connection:
        return list(connection.execute(text("SELECT DISTINCT street FROM office WHERE street <> '' ORDER BY street")).scalars())


def records(
    receiver: Receiver, register: str, *, office: str | None = None, street: str | None = None, starts: str = "", after: tuple[str, str] | None = None, limit: int = 200
) -> list[RecordRow]:
    """A page of a register over all offices, by title; `starts`: how the title begins; `after`: (title, id) of the last row of the page before."""
    where, parameters = _where(register, office, street, starts)
    if after is not None:
        where.append("(r.title, r.id) > (:title, :id)")
        parameters |= {"title": after[0], "id": after[1]}
    sql = f"SELECT r.office, o.name, o.street, r.id, r.title, r.body FROM record r JOIN office o ON o.id = r.office WHERE {' AND '.join(where)} ORDER BY r.title, r.id LIMIT :limit"
    with receiver.reading() as connection:
        rows = connection.execute(text(sql), {**parameters, "limit": limit}).all()
    return [RecordRow(r.office, r.name, r.street, r.id, r.title, json.loads(r.body)) for r in rows]


def count(receiver: Receiver, register: str, *, office: str | None = None, street: str | None = None, starts: str = "") -> int:
    """Live records of a register."""
    where, parameters = _where(register, office, street, starts)
    joined = " JOIN office o ON o.id = r.office" if street is not None else ""
    with receiver.reading() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM record r{joined} WHERE {' AND '.join(where)}"), parameters).scalar_one())


def _where(register: str, office: str | None, street: str | None, starts: str) -> tuple[list[str], dict[str, Any]]:
    where, parameters = store.live(register, office=office, street=street)
    if starts:
        where.append("r.title >= :from AND r.title < :to")
        parameters |= {"from": starts, "to": starts + "\U0010ffff"}
    return where, parameters


def export(receiver: Receiver, path: Path) -> None:
    """The year's figures, office by office, as a workbook."""
    header = ["街道", "单位", *(title for title, _ in WORDS.values())]
    rows = [[street, name, *(tallies.get(what, 0) / (100 if what == "approved_fen" else 1) for what in WORDS)] for _, name, street, tallies in by_office(receiver)]
    _write(path, "各单位", header, rows)


def export_register(receiver: Receiver, register: str, path: Path, *, office: str | None = None, street: str | None = None, starts: str = "") -> int:
    """A register of all offices as a workbook, masked as on the screen; how many rows."""
    fields = fields_of(register_named(register))
    rows: list[list[Any]] = []
    after: tuple[str, str] | None = None
    while page := records(receiver, register, office=office, street=street, starts=starts, after=after, limit=2000):
        rows += [[r.street, r.office_name, *(f.mask(f.from_wire(r.values[f.name])) if f.name in r.values else "" for f in fields)] for r in page]
        after = (page[-1].title, page[-1].id)
    _write(path, register_named(register).label, ["街道", "单位", *(f.label for f in fields)], rows)
    with receiver.writing() as connection:
        receiver.note(connection, "export", code=register, rows=len(rows))
    return len(rows)


def _write(path: Path, title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    sheet.append(list(header))
    for row in rows:
        sheet.append([_plain(value) for value in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for n, name in enumerate(header, 1):
        sheet.column_dimensions[get_column_letter(n)].width = min(max(len(str(name)) * 2 + 2, 10), 40)
    sheet.freeze_panes = "A2"
    try:
        book.save(path)
    except OSError as e:
        raise UserError(f"无法写入“{path.name}”，请检查是否在别的程序里开着、位置是否只读。") from e


def _plain(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is written as text."""
    return "'" + value if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value

