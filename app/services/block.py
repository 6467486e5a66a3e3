"""Editing like in a spreadsheet: paste a block, fill down, replace, change many. First a plan that says what would change, then one act.

The plan is the check that is shown before anything lands: each cell old and new, what cannot be taken and why, which rows are new.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.services import crosschecks, listing
from app.services.office import Office
from app.services.records import ActKind, check, table_of
from app.services.roster.check import settle
from app.services.roster.intake import journal_end
from db.fields import Field, Reading, Reference
from db.problems import Problem, UserError
from db.record import Record, field_of, fields_of
from db.registers import Member

MOST_CELLS = 2_000_000


@dataclass(frozen=True)
class Cell:
    """One cell of the plan. `old` and `new` as shown; `value` is what would be stored."""

    field: Field
    old: str
    new: str
    value: Any
    problems: tuple[Problem, ...] = ()

    @property
    def is_refused(self) -> bool:
        """An error; or a text that came to nothing, which is not to empty the cell."""
        return any(problem.is_error for problem in self.problems) or (self.value is None and bool(self.problems))

    @property
    def changes(self) -> bool:
        return not self.is_refused and self.old != self.new


@dataclass(frozen=True)
class Line:
    """One record of the plan; without an id it would be new. `problems` are those of the whole record."""

    record_id: str | None
    title: str
    cells: tuple[Cell, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def values(self) -> dict[str, Any]:
        return {cell.field.name: cell.value for cell in self.cells if not cell.is_refused and (cell.changes or self.record_id is None)}

    @property
    def lands(self) -> bool:
        """Whether it would change or make anything."""
        return not any(problem.is_error for problem in self.problems) and bool(self.values)


@dataclass(frozen=True)
class BlockPlan:
    register: type[Record]
    lines: tuple[Line, ...]
    as_of: int
    unused: tuple[str, ...] = ()
    """Headings of a sheet that no field goes by."""

    @cached_property
    def landing(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.lands)

    @property
    def changed(self) -> int:
        return sum(line.record_id is not None for line in self.landing)

    @property
    def new(self) -> int:
        return sum(line.record_id is None for line in self.landing)

    @property
    def refused(self) -> int:
        """Cells and whole lines that cannot be taken."""
        return sum(sum(cell.is_refused for cell in line.cells) + any(p.is_error for p in line.problems) for line in self.lines)

    @property
    def sentence(self) -> str:
        """12 人会改，3 人新建；2 处不能用，会跳过."""
        counter = self.register.counter
        parts = [f"{n} {counter}{what}" for n, what in ((self.changed, "会改"), (self.new, "会新建")) if n]
        said = "，".join(parts) or "没有要改的"
        return f"{said}；{self.refused} 处不能用，会跳过。" if self.refused else f"{said}。"


# -- reading the clipboard


def cells_of(text: str) -> list[list[str]]:
    """A block as spreadsheets put it on the clipboard: tabs between cells, quotes around cells with line breaks."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    quoted = plain.count('"') % 2 == 0  # an odd one out is an inch mark or a slip, not the beginning of a cell of many lines
    rows = list(csv.reader(io.StringIO(plain), delimiter="\t")) if quoted else [line.split("\t") for line in plain.split("\n")]
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    if sum(map(len, rows)) > MOST_CELLS:
        raise UserError("剪贴板里的内容太多了，请用“导入名册”从文件导入。")
    return rows


def header_of(register: type[Record], row: Sequence[str]) -> list[str] | None:
    """The fields that a first row names, blank where it names none; None when it is no header."""
    known = {word: f.name for f in reversed(fields_of(register)) for word in (*f.aliases, f.label)}
    named = [known.get("".join(cell.split()), "") for cell in row]
    return named if sum(map(bool, named)) >= 2 or (len(row) == 1 and named[0]) else None


# -- planning


def _editable(f: Field) -> Problem | None:
    if f.derived:
        return Problem("derived", f"“{f.label}”由别的内容算出，不能直接改。", f.name)
    if f.decided_above:
        return Problem("decided-above", f"“{f.label}”由区总工会决定，这里不能改。", f.name)
    return None


class Planner:
    """Reads cells as a register's values and says what they would do."""

    def __init__(self, session: Session, register: type[Record]) -> None:
        self.session, self.register = session, register
        self._titles: dict[str, str] = {}
        self._numbers = self._known_numbers() if register is Member else {}
        self._new_numbers = set[str]()
        self._marks = set[tuple[Any, ...]]()

    def _known_numbers(self) -> dict[str, str]:
        table = table_of(Member)
        rows = self.session.execute(select(table.c.id_number, table.c.id).where(table.c.removed_at.is_(None), table.c.id_number.is_not(None)))
        return {row[0]: row[1] for row in rows}

    def read(self, f: Field, text: str) -> Reading:
        if not isinstance(f.kind, Reference) or not text.strip():
            return f.read(text)
        hits = listing.lookup(self.session, f.kind.register, text, limit=3)
        exact = [hit for hit in hits if hit.title == text.strip()] or hits
        if len(exact) == 1:
            self._titles[exact[0].id] = exact[0].title
            return Reading(exact[0].id)
        return Reading(None, (Problem("reference-unclear", f"“{text.strip()[:20]}”{'有几个，' if exact else ''}对不上{f.label}。", f.name),))

    def show(self, f: Field, value: Any) -> str:
        if isinstance(f.kind, Reference) and value:
            if value not in self._titles:
                self._titles |= listing.titles(self.session, f.kind.register, [value])
            return self._titles.get(value, "")
        return f.show(value)

    def line(self, record: Record | None, texts: Mapping[str, str], fixed: Mapping[str, Any] | None = None) -> Line:
        """What these texts would do to a record, or as a new one; `fixed` are values that a new one has besides."""
        cells = []
        for name, value in (fixed or {}).items() if record is None else ():
            if name not in texts or not texts[name].strip():
                f = field_of(self.register, name)
                cells.append(Cell(f, "", self.show(f, value), value))
        texts = {name: text for name, text in texts.items() if name not in {cell.field.name for cell in cells}}
        for name, text in texts.items():
            f = field_of(self.register, name)
            old = getattr(record, name) if record is not None else None
            refused = _editable(f)
            reading = Reading(old, (refused,)) if refused else self.read(f, text)
            if refused and (not text.strip() or text.strip() == self.show(f, old)):
                continue  # pasted back as it was
            cells.append(Cell(f, self.show(f, old), self.show(f, reading.value), reading.value, reading.problems))
        if self.register is Member:
            cells = self._settled(record, cells, texts)
        return Line(record.id if record is not None else None, record.title if record is not None else self._name(cells), tuple(cells), self._whole(record, cells))

    def _settled(self, record: Record | None, cells: list[Cell], texts: Mapping[str, str]) -> list[Cell]:
        """What a name or phone cell says besides goes to the note and the landline, as when a roster is imported."""
        problems = [p for cell in cells for p in cell.problems]
        if not {p.code for p in problems} & {"name-remark", "phone-several", "phone-landline"}:
            return cells
        before = {name: getattr(record, name) if record is not None else None for name in ("note", "landline")}
        values = {**before, **{cell.field.name: cell.value for cell in cells}}
        settle(values, texts, problems)
        said = {cell.field.name for cell in cells}
        more = [name for name in before if name not in said and values[name] != before[name]]
        kept = [cell if cell.field.name not in before else Cell(cell.field, cell.old, cell.field.show(values[cell.field.name]), values[cell.field.name], cell.problems) for cell in cells]
        return [*kept, *(Cell(f := field_of(Member, name), f.show(before[name]), f.show(values[name]), values[name]) for name in more)]

    def _name(self, cells: Iterable[Cell]) -> str:
        return next((cell.new for cell in cells if cell.new and cell.field.name in ("full_name", "topic", "name")), "") or next((cell.new for cell in cells if cell.new), "")

    def _whole(self, record: Record | None, cells: Sequence[Cell]) -> tuple[Problem, ...]:
        taken = {cell.field.name: cell.value for cell in cells if not cell.is_refused}
        found = []
        number = taken.get("id_number") if self.register is Member else None
        mine = record.id if record is not None else ""
        if number:
            if self._numbers.get(number, mine) != mine or (record is None and number in self._new_numbers):
                found.append(Problem("duplicate", "这个身份证号名册里或这一批里已经有了。", "id_number"))
            if mine:
                self._numbers.setdefault(number, mine)
            else:
                self._new_numbers.add(number)
        merged = {**({f.name: getattr(record, f.name) for f in fields_of(self.register)} if record is not None else {}), **taken}
        said = {cell.field.name for cell in cells if cell.is_refused}
        rules: list[Problem] = []
        twice = self._twice(record, merged)
        if record is None or (changed := frozenset(cell.field.name for cell in cells if cell.changes)):
            rules = [p for p in check(self.register, merged) if p.is_error]
            rules += [p for p in crosschecks.problems(self.session.connection(), self.register, merged, today=self.session.info["today"], record_id=mine or None, changed=None if record is None else changed) if p.is_error]
        unread = {cell.field.name: cell.field.label for cell in cells if cell.is_refused}
        return (*found, *twice, *(replace(p, message=f"“{unread[p.field]}”这一格看不懂，请改好。") if p.code == "required" and p.field in unread else p for p in rules if p.field not in said or p.code == "required"))


    def _twice(self, record: Record | None, merged: Mapping[str, Any]) -> list[Problem]:
        """A new line that the store would not have beside another of the same block."""
        for index in table_of(self.register).indexes if record is None else ():
            mark = (index.name, *(merged.get(c.name) for c in index.columns))
            if index.unique and None not in mark:
                if mark in self._marks:
                    return [Problem("twice", "前面已经有同样的一行了。")]
                self._marks.add(mark)
        return []


def _records(session: Session, register: type[Record], ids: Sequence[str]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for start in range(0, len(ids), 500):
        found |= {record.id: record for record in session.scalars(select(register).where(register.id.in_(ids[start : start + 500]), register.removed_at.is_(None)))}
    return found


def plan_paste(session: Session, register: type[Record], ids: Sequence[str], names: Sequence[str], block: Sequence[Sequence[str]]) -> BlockPlan:
    """A block laid over the records `ids` (from the selected one down) and the columns `names` (from the selected one to the right).

    Rows beyond the last record would be new. A block of one cell goes into all the records. A first row of headers says the columns itself.
    """
    planner = Planner(session, register)
    if block and (header := header_of(register, block[0])):
        # A headed block over people who are there says what is to change of them, never who they are.
        names, block = ["" if ids and register is Member and name in ("full_name", "id_number") else name for name in header], block[1:]
    if len(block) == 1 and len(block[0]) == 1 and len(ids) > 1:
        block = [list(block[0])] * len(ids)
    records = _records(session, register, ids[: len(block)])
    lines = []
    for n, row in enumerate(block):
        if not any(cell.strip() for cell in row):
            continue
        texts = {name: text for name, text in zip(names, row, strict=False) if name}
        record = records.get(ids[n]) if n < len(ids) else None
        if record is None and n < len(ids):
            gone = Problem("record-gone", f"这条{register.label}刚才被删掉了，请刷新后再试。")
            lines.append(Line(ids[n], next(iter(texts.values()), ""), (), (gone,)))
            continue
        if record is None:
            texts = {name: text for name, text in texts.items() if text.strip()}
        if texts:
            lines.append(planner.line(record, texts))
    return BlockPlan(register, tuple(lines), journal_end(session.connection()))


def plan_set(session: Session, register: type[Record], ids: Sequence[str], name: str, text: str) -> BlockPlan:
    """The same text into one column of many records: fill down, change many. Blank empties the column."""
    return _plan_each(session, register, ids, lambda record: {name: text})


def plan_replace(session: Session, register: type[Record], ids: Sequence[str], names: Sequence[str], find: str, put: str, *, whole: bool = False) -> BlockPlan:
    """Replace a text in these columns of these records; `whole`: only where the cell is nothing else. Numbers that are masked are left alone."""
    if not find:
        raise UserError("请写要找什么。")
    planner = Planner(session, register)

    def texts(record: Record) -> dict[str, str]:
        found = {}
        for name in names:
            f = field_of(register, name)
            if f.is_masked or _editable(f):
                continue
            shown = planner.show(f, getattr(record, name))
            if shown == find if whole else find in shown:
                found[name] = put if whole else shown.replace(find, put)
        return found

    return _plan_each(session, register, ids, texts, planner)


def _plan_each(session: Session, register: type[Record], ids: Sequence[str], texts: Callable[[Record], Mapping[str, str]], planner: Planner | None = None) -> BlockPlan:
    planner = planner or Planner(session, register)
    records = _records(session, register, ids)
    lines = [planner.line(record, wanted) for record_id in ids if (record := records.get(record_id)) is not None and (wanted := texts(record))]
    return BlockPlan(register, tuple(lines), journal_end(session.connection()))


# -- landing


def land(office: Office, plan: BlockPlan, title: str) -> str | None:
    """Write what lands, as one act; its id, None when nothing would change. UserError when the records changed since the plan was shown."""
    if not plan.landing:
        return None
    with office.act(ActKind.EDIT, title) as act:
        if journal_end(act.connection) != plan.as_of:
            raise UserError("刚才有人改过资料，请再看一遍再改。")
        try:
            act.create_many(plan.register, [line.values for line in plan.landing if line.record_id is None])
            for line in plan.landing:
                if line.record_id is not None:
                    act.change(plan.register, line.record_id, line.values)
        except IntegrityError as e:
            raise UserError("里面有两行是同一条（同一个人、同一场或同一工种只记一次），什么也没有改。请去掉一行再来。") from e
    return act.id
