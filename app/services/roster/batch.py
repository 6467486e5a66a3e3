"""A workbook on its way into the roster: staged in the vault, decided on, taken in, remembered.

A batch holds what the file said and what the clerk decided; everything else is worked out anew, so it survives a restart,
another person's edits and its own undo. A batch with rows that wait is the repair tray; all of them together are the ledger.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Table, select
from sqlalchemy.orm import Session

from app.services.office import Office, stamp
from app.services.records import ActKind
from app.services.roster import intake, layout, reader
from app.services.roster.check import Checked, Row, check_sheets, reread, uncollected
from app.services.roster.intake import DEFAULT, NEW_PERSON, UNDECIDED, Decision, Imported, Mode, Options, Plan, Verdict
from db import identity
from db.fields import cell_text
from db.journal import Deed, JournalRow
from db.office_tables import RosterBatch, RosterDecision, RosterForm
from db.problems import UserError
from db.record import new_id

MOST_BYTES = 300_000_000
OPEN, WAITING, DONE = "open", "waiting", "done"
Progress = Callable[[int, int], None]
_BATCH, _DECISION, _FORM = cast(Table, RosterBatch.__table__), cast(Table, RosterDecision.__table__), cast(Table, RosterForm.__table__)


@dataclass
class Batch:
    """An opened batch. `columns`: by table shape, what was set by hand; `forms`: names of the saved forms that were recognised."""

    id: str
    file_name: str
    digest: str
    state: str
    checked: Checked
    options: Options = DEFAULT
    columns: dict[str, dict[int, str]] = field(default_factory=dict)
    forms: tuple[str, ...] = ()
    decisions: dict[str, Decision] = field(default_factory=dict)
    waiting: frozenset[str] | None = None
    """The keys of the rows that are still to be decided; None for all."""
    was_in_before: bool = False
    """Whether the same file was opened before."""

    @property
    def rows(self) -> list[Row]:
        rows = self.checked.rows
        return [row for row in rows if self.waiting is None or row.key in self.waiting]


@dataclass(frozen=True)
class Entry:
    """A line of the ledger."""

    id: str
    file_name: str
    digest: str
    opened_at: str
    opened_by: str
    state: str
    counts: Mapping[str, int]
    acts: tuple[str, ...]
    standing: tuple[str, ...]
    """Those of the acts that were not taken back."""
    has_cells: bool
    mode: Mode
    forms: tuple[str, ...]

    @property
    def undone(self) -> bool:
        return bool(self.acts) and not self.standing

    @property
    def waits(self) -> bool:
        """Whether there is still something to do with it."""
        return self.state in (OPEN, WAITING) and self.has_cells and not self.undone

    @property
    def label(self) -> str:
        if self.undone:
            return "已撤销"
        if len(self.standing) < len(self.acts):
            return "部分已撤销"
        return {OPEN: "还没导入", WAITING: f"{self.counts.get('left_out', 0)} 行待修", DONE: "已导入"}.get(self.state, self.state)


# -- staging


def stage(office: Office, path: Path, *, password: str | None = None) -> Batch:
    """Read a workbook and stand it in the vault; a file that stands there already is opened again. UserError when it cannot be read."""
    office.clerks_only()
    if not path.is_file():
        raise UserError(f"找不到文件“{path.name}”。请检查它是否被移走或 U 盘已拔出。")
    if path.stat().st_size > MOST_BYTES:
        raise UserError(f"这个文件超过 {MOST_BYTES // 1_000_000} MB，大得不正常，没有打开。请把名单复制到新表格里再导入。")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()  # in pieces: the file has not been looked into yet
    with office.reading() as session:
        known = session.scalars(select(RosterBatch.id).where(RosterBatch.digest == digest, RosterBatch.cells.is_not(None)).order_by(RosterBatch.opened_at.desc())).first()
    if known is not None:
        return replace(load(office, known), was_in_before=True)
    return _stand(office, path.name, digest, reader.read_body(path, password=password))


def stage_sheets(office: Office, name: str, sheets: Iterable[reader.Sheet]) -> Batch:
    """Stage what did not come from a file: a pasted list."""
    office.clerks_only()
    body = reader.body_of(sheets)
    return _stand(office, name, hashlib.sha256(body).hexdigest(), body)


def _stand(office: Office, name: str, digest: str, body: bytes) -> Batch:
    made = new_id()
    with office.writing() as connection:
        connection.execute(_BATCH.insert().values(
            id=made, file_name=name[:200], digest=digest, opened_at=stamp(office.clock()), opened_by=office.user.name, state=OPEN,
            cells=reader.pack(body), options="{}", counts="{}", acts="[]",
        ))
    return _opened(office, made, reader.sheets_of(body))


def load(office: Office, batch_id: str) -> Batch:
    """A batch from the vault, as it was left. UserError when its cells were cleared."""
    with office.reading() as session:
        cells = session.execute(select(RosterBatch.cells).where(RosterBatch.id == batch_id)).scalar()
    if cells is None:
        raise UserError("这次导入的原表已经清掉了，不能再打开；导入的结果都在名册里。")
    return _opened(office, batch_id, reader.sheets_of(reader.unpack(cells)))


def _opened(office: Office, batch_id: str, sheets: list[reader.Sheet]) -> Batch:
    with office.reading() as session:
        row = session.execute(select(*(_BATCH.c[n] for n in ("file_name", "digest", "state", "options", "acts"))).where(_BATCH.c.id == batch_id)).one()
        decided = session.execute(select(_DECISION.c.row_key, _DECISION.c.decision).where(_DECISION.c.batch == batch_id)).all()
        known = {shape: (name, _by_place(columns)) for shape, name, columns in session.execute(select(_FORM.c.shape, _FORM.c.name, _FORM.c.columns))}
        gone = _undone(session.connection())
    said = json.loads(row.options)
    by_hand = {shape: _by_place(columns) for shape, columns in said.get("columns", {}).items()}
    with uncollected():
        checked = check_sheets(row.file_name, sheets, columns={**{shape: columns for shape, (_, columns) in known.items()}, **by_hand})
    shapes = {sheet.table.shape for sheet in checked.sheets if sheet.table and sheet.rows}
    acts = json.loads(row.acts)
    all_again = row.state == DONE or any(act in gone for act in acts)  # what still stands is then found unchanged
    return Batch(
        batch_id, row.file_name, row.digest, row.state, checked, Options(Mode(said.get("mode", Mode.UPDATE)), frozenset(said.get("wipe", ()))), by_hand,
        tuple(name for shape, (name, _) in known.items() if shape in shapes), {key: _decision(body) for key, body in decided},
        None if all_again or "waiting" not in said else frozenset(said["waiting"]),
    )


def _by_place(columns: Any) -> dict[int, str]:
    found: dict[str, str] = json.loads(columns) if isinstance(columns, str) else columns
    return {int(place): name for place, name in found.items()}


def _decision(body: str) -> Decision:
    said = json.loads(body)
    return Decision(said.get("mended", {}), frozenset(said.get("leave", ())), said.get("person", ""), said.get("with_doubts", False))


def _undone(connection: Connection) -> set[str]:
    """The acts that were taken back and not brought back."""
    rows = connection.execute(select(JournalRow.act, JournalRow.changes).where(JournalRow.deed == Deed.HEADING.value).order_by(JournalRow.seq.desc()))
    undone = set[str]()
    for act, body in rows:
        if '"undoes"' in body and act not in undone:
            undone.add(json.loads(body)["undoes"])
    return undone


def make_plan(office: Office, batch: Batch) -> Plan:
    """What taking the batch in would do now."""
    with office.reading() as session, uncollected():
        gone_in = () if batch.waiting is None else [row for row in batch.checked.rows if row.key not in batch.waiting]
        return intake.plan(session.connection(), batch.rows, batch.options, batch.decisions, gone_in=gone_in)


# -- deciding


def decide(office: Office, batch: Batch, key: str, **what: Any) -> None:
    """Change the decision about one row and keep it: mended, leave, person, with_doubts."""
    made = replace(batch.decisions.get(key, UNDECIDED), **what)
    batch.decisions[key] = made
    with office.writing() as connection:
        _write_decision(connection, batch, key)


def _write_decision(connection: Connection, batch: Batch, key: str) -> None:
    made = batch.decisions[key]
    body = json.dumps({"mended": dict(made.mended), "leave": sorted(made.leave), "person": made.person, "with_doubts": made.with_doubts}, ensure_ascii=False)
    connection.execute(_DECISION.delete().where(_DECISION.c.batch == batch.id, _DECISION.c.row_key == key))
    connection.execute(_DECISION.insert().values(batch=batch.id, row_key=key, decision=body))


def decide_and_plan(office: Office, batch: Batch, plan: Plan, key: str, **what: Any) -> Plan:
    """Keep a decision about one row, and the plan that follows from it."""
    decide(office, batch, key, **what)
    row = next(row for row in batch.checked.rows if row.key == key)
    with office.reading() as session:
        return intake.decided_again(session.connection(), plan, row, batch.decisions[key])


def choose(office: Office, batch: Batch, options: Options) -> None:
    """How this batch is to be taken in."""
    batch.options = options
    _keep_options(office, batch)


def set_columns(office: Office, batch: Batch, shape: str, columns: Mapping[int, str]) -> Batch:
    """What the columns of one shape of table are, set by hand; the batch read again with them."""
    batch.columns[shape] = dict(columns)
    _keep_options(office, batch)
    return load(office, batch.id)


def _keep_options(office: Office, batch: Batch) -> None:
    with office.writing() as connection:
        _write_options(connection, batch, batch.waiting)


def _write_options(connection: Connection, batch: Batch, waiting: Iterable[str] | None, **more: Any) -> None:
    said: dict[str, Any] = {"mode": batch.options.mode.value, "wipe": sorted(batch.options.wipe), "columns": batch.columns, "forms": list(batch.forms)}
    if waiting is not None:
        said["waiting"] = sorted(waiting)
    connection.execute(_BATCH.update().where(_BATCH.c.id == batch.id).values(options=json.dumps(said, ensure_ascii=False), **more))


# -- taking in


def commit(office: Office, batch: Batch, plan: Plan, *, progress: Progress | None = None) -> Imported:
    """One transaction, one act, one undo. Rows that wait stay in the batch; when nothing would change, nothing is written but that."""
    with uncollected(), office.act(ActKind.IMPORT, f"导入名册“{batch.file_name}”") as act:
        if batch.waiting is not None:
            plan = replace(plan, rows=tuple(p for p in plan.rows if p.row.key in batch.waiting))
        plan = intake.up_to_date(act.connection, plan)
        counts = intake.counts_of(plan)
        waits = [p.row.key for p in plan.rows if p.verdict.waits]
        if plan.going:
            mapping = {sheet.name: {sheet.table.headers[c]: name for c, name in sheet.table.columns.items()} for sheet in batch.checked.sheets if sheet.table and sheet.rows}
            act.note(file=batch.file_name, sha256=batch.digest, batch=batch.id, mapping=mapping, mode=batch.options.mode.value, **counts)
            act.announce()
        done = intake.carry_out(act, plan, today=office.clock().astimezone().date(), progress=progress)
        known = act.connection.execute(select(_BATCH.c.acts, _BATCH.c.counts).where(_BATCH.c.id == batch.id)).first()
        if known is None:
            raise UserError("这个表已经从台账里清掉了，没有导入。请重新选文件。")
        acts = [*json.loads(known.acts), *([done.act] if done.act else [])]
        total = {name: count + (json.loads(known.counts).get(name, 0) if name in ("new", "changed") and batch.waiting is not None else 0) for name, count in counts.items()}
        _write_options(act.connection, batch, waits, state=WAITING if waits else DONE, acts=json.dumps(acts), counts=json.dumps(total))
        _touch_forms(act.connection, batch, act.at)
        _know_new_people(act.connection, batch, done)
    batch.waiting = frozenset(waits)
    return done


def _know_new_people(connection: Connection, batch: Batch, done: Imported) -> None:
    """Who was said to be new is somebody now: opening the workbook again must not make her once more."""
    said = {key for key, decision in batch.decisions.items() if decision.person == NEW_PERSON}
    for p, member in done.people if said else ():
        if p.row.key in said:
            batch.decisions[p.row.key] = replace(batch.decisions[p.row.key], person=member)
            _write_decision(connection, batch, p.row.key)


def _touch_forms(connection: Connection, batch: Batch, at: str) -> None:
    connection.execute(_FORM.update().where(_FORM.c.name.in_(batch.forms)).values(used_at=at))


def clear(office: Office, batch_id: str) -> None:
    """Forget what the file said; the line of the ledger stays."""
    office.clerks_only()
    with office.writing() as connection:
        connection.execute(_BATCH.update().where(_BATCH.c.id == batch_id).values(cells=None))
        connection.execute(_DECISION.delete().where(_DECISION.c.batch == batch_id))
        open_ones = connection.execute(select(_BATCH.c.acts).where(_BATCH.c.id == batch_id)).scalar_one()
        if open_ones == "[]":
            connection.execute(_BATCH.delete().where(_BATCH.c.id == batch_id))
        else:
            connection.execute(_BATCH.update().where(_BATCH.c.id == batch_id).values(state=DONE))


def ledger(session: Session) -> list[Entry]:
    """Every workbook that was opened here, newest first."""
    gone = _undone(session.connection())
    names = ("id", "file_name", "digest", "opened_at", "opened_by", "state", "counts", "acts", "options")
    rows = session.execute(select(*(_BATCH.c[n] for n in names), _BATCH.c.cells.is_not(None).label("has_cells")).order_by(_BATCH.c.opened_at.desc(), _BATCH.c.id.desc()))
    found = []
    for row in rows:
        acts, said = tuple(json.loads(row.acts)), json.loads(row.options)
        standing = tuple(act for act in acts if act not in gone)
        found.append(Entry(
            row.id, row.file_name, row.digest, row.opened_at, row.opened_by, row.state, json.loads(row.counts), acts, standing, row.has_cells,
            Mode(said.get("mode", Mode.UPDATE)), tuple(said.get("forms", ())),
        ))
    return found


@dataclass(frozen=True)
class Traces:
    """All that ever named or found somebody: the names she had, and her numbers by field."""

    names: frozenset[str]
    numbers: Mapping[str, frozenset[str]]

    def are_in(self, values: Mapping[str, Any]) -> bool:
        """Whether a row of people is about her: one of her numbers in its own column, or her name with nothing that contradicts."""
        if any(values.get(name) in known for name, known in self.numbers.items() if name != "employee_no" and values.get(name)):
            return True
        if values.get("full_name") not in self.names:
            return False
        return not any(values.get(name) and known and values[name] not in known for name, known in self.numbers.items())


def forget_person(connection: Connection, traces: Traces) -> None:
    """Empty what every staged workbook holds about somebody: her cells (not her neighbour's in the same row), decisions, the file's name."""
    every_number = frozenset().union(*(known for name, known in traces.numbers.items() if name != "employee_no"))
    rows = connection.execute(select(_BATCH.c.id, _BATCH.c.file_name, _BATCH.c.cells, _BATCH.c.options).where(_BATCH.c.cells.is_not(None))).all()
    forms_known = {shape: _by_place(columns) for shape, columns in connection.execute(select(_FORM.c.shape, _FORM.c.columns))}
    for row in rows:
        sheets = reader.sheets_of(reader.unpack(row.cells))
        by_hand = {shape: _by_place(columns) for shape, columns in json.loads(row.options).get("columns", {}).items()}
        checked = check_sheets(row.file_name, reader.sheets_of(reader.unpack(row.cells)), columns={**forms_known, **by_hand})
        decided = {key: _decision(body) for key, body in connection.execute(select(_DECISION.c.row_key, _DECISION.c.decision).where(_DECISION.c.batch == row.id))}
        hit = False
        cells = {sheet.name: sheet.rows for sheet in sheets}
        for person in checked.rows:
            mended = decided.get(person.key, UNDECIDED).mended
            if traces.are_in(person.values) or (mended and traces.are_in(reread(person, mended).values)):
                for _, c in person.places:
                    if c < len(cells[person.sheet][person.row - 1]):
                        cells[person.sheet][person.row - 1][c] = None
                connection.execute(_DECISION.delete().where(_DECISION.c.batch == row.id, _DECISION.c.row_key == person.key))
                hit = True
        for checked_sheet in checked.sheets:  # rows that were taken for no persons, sheets that were passed over
            for number, _ in checked_sheet.skipped:
                line = cells[checked_sheet.name][number - 1]
                if any(identity.normal_id(text) in every_number or text in traces.names for cell in line if (text := cell_text(cell).strip())):
                    line[:] = [None] * len(line)
                    hit = True
        values: dict[str, Any] = {"cells": reader.pack(reader.body_of(sheets))} if hit else {}
        if any(name in row.file_name for name in traces.names):
            values["file_name"] = "（文件名已清除）"
        if values:
            connection.execute(_BATCH.update().where(_BATCH.c.id == row.id).values(**values))


def mapping_of(session: Session, entry: Entry) -> dict[str, dict[str, str]]:
    """Which column was taken for which field, by sheet, as the act of the last import wrote it down."""
    for act in reversed(entry.acts):
        body = session.execute(select(JournalRow.changes).where(JournalRow.act == act, JournalRow.deed == Deed.HEADING.value)).scalar()
        if body:
            found: dict[str, dict[str, str]] = json.loads(body).get("mapping", {})
            return found
    return {}


# -- saved forms


@dataclass(frozen=True)
class Form:
    """A kind of workbook that was explained once."""

    shape: str
    name: str
    headers: Mapping[int, str]
    columns: Mapping[int, str]
    used_at: str


def save_form(office: Office, name: str, table: layout.Table, columns: Mapping[int, str]) -> None:
    """Remember a kind of workbook under a name; the same headers are recognised from now on. UserError without a name."""
    if not name.strip():
        raise UserError("请给这种表格起个名字，比如“人事科花名册”。")
    with office.writing() as connection:
        connection.execute(_FORM.delete().where(_FORM.c.shape == table.shape))
        connection.execute(_FORM.insert().values(
            shape=table.shape, name=name.strip()[:100], headers=json.dumps(table.headers, ensure_ascii=False), columns=json.dumps({c: n for c, n in columns.items() if n}), used_at=stamp(office.clock()),
        ))


def forms(session: Session) -> list[Form]:
    rows = session.scalars(select(RosterForm).order_by(RosterForm.used_at.desc()))
    return [Form(row.shape, row.name, _by_place(row.headers), _by_place(row.columns), row.used_at) for row in rows]


def change_form(office: Office, shape: str, *, name: str | None = None, columns: Mapping[int, str] | None = None) -> None:
    values: dict[str, str] = {}
    if name is not None and name.strip():
        values["name"] = name.strip()[:100]
    if columns is not None:
        values["columns"] = json.dumps({c: n for c, n in columns.items() if n})
    if values:
        with office.writing() as connection:
            connection.execute(_FORM.update().where(_FORM.c.shape == shape).values(**values))


def forget_form(office: Office, shape: str) -> None:
    with office.writing() as connection:
        connection.execute(_FORM.delete().where(_FORM.c.shape == shape))


# -- giving back


def give_back(batch: Batch, plan: Plan, path: Path, *, only_waiting: bool = False) -> int:
    """The sheets as they came, with 是否导入成功 and 错误原因 as clerks know them; mended there, it comes in again. How many rows wait."""
    from openpyxl import Workbook  # 0.4 s to import

    from app.services.spreadsheet import save, text_cell

    verdicts: dict[tuple[str, int], list[intake.Planned]] = {}
    for p in plan.rows:
        verdicts.setdefault((p.row.sheet, p.row.row), []).append(p)
    here = {(row.sheet, row.row) for row in batch.checked.rows}
    book = Workbook(write_only=True)
    for sheet in batch.checked.sheets:
        if sheet.table is None or not sheet.rows:
            continue
        out = book.create_sheet(sheet.name[:31])
        width = max(max(sheet.table.headers, default=0) + 1, *(max(t.headers) + 1 for t in sheet.table.beside), 1)
        for number, cells in enumerate(sheet.cells, 1):
            row = [cell_text(cell) for cell in cells[:width]]
            row += [""] * (width - len(row))
            found = verdicts.get((sheet.name, number), [])
            waiting = [p for p in found if p.verdict.waits]
            if number == sheet.table.header_rows[-1]:
                row += ["是否导入成功", "错误原因"]
            elif found or (batch.waiting is not None and (sheet.name, number) in here):
                why = " ".join(x.message for p in waiting for x in p.row.problems if x.is_error or x.code in ("person-near", "name-other"))
                row += ["否" if waiting else "是", why]
            if only_waiting and number not in sheet.table.header_rows and not waiting:
                continue
            out.append([text_cell(out, value) for value in row])
    save(book, path)
    return plan.count(Verdict.NEAR) + plan.count(Verdict.LEFT_OUT)
