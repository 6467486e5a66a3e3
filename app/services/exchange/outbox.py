"""The outbox, a reading of the journal: every record touched since the district last heard of us, as it is now.

A package is cumulative until it is answered, so a lost stick loses nothing. When an answer says that the district holds
something else than we do, the next package carries what differs, and no more (FORMAT.md, 9 and 11).
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Connection, Table, func, select

from app.services.exchange.keyring import district_id
from app.services.exchange.purposes import Scope
from app.services.lectures import photos
from app.sync.package import Part, state_of
from app.sync.suites import Suite
from db.fields import Amount, Code, Field, Whole, YesNo
from db.journal import JournalRow
from db.office_tables import Answer, Holding, SentPackage
from db.record import Record
from db.registers import REGISTERS, Lecture

Progress = Callable[[int, int], None]
_SENT, _ANSWER, _HOLDING = cast(Table, SentPackage.__table__), cast(Table, Answer.__table__), cast(Table, Holding.__table__)
_NAMES = frozenset(register.__tablename__ for register in REGISTERS)
EVERYTHING = 0


@dataclass(frozen=True)
class Heard:
    """How far the district has heard us: its latest answer that stands."""

    series: int = 0
    digest: str | None = None
    last: int = 0
    reached: int = 0
    differs: tuple[str, ...] = ()
    """Registers to reconcile: the next package goes `against` this answer."""
    read_at: str | None = None


def heard(connection: Connection) -> Heard:
    """From the present district; nothing before its first answer."""
    wanted = select(_ANSWER).where(_ANSWER.c.district == district_id(connection), _ANSWER.c.act.not_like("-%")).order_by(_ANSWER.c.series.desc())
    found = connection.execute(wanted).mappings().all()
    if not found:
        return Heard()
    latest = found[0]
    ours = next((a for a in found if a["is_ours"]), None)
    reached = latest["reached"] if latest["is_ours"] else min(ours["reached"], latest["reached"]) if ours else 0
    return Heard(latest["series"], latest["digest"], latest["last"], reached, tuple(json.loads(latest["differs"])), latest["read_at"])


@dataclass(frozen=True)
class Unsent:
    """What the next package will carry, by register, and the journal rows it covers."""

    after: int
    to: int
    records: Mapping[str, tuple[str, ...]]
    above: tuple[str, ...] = ()
    """Acts that only wrote down what the district decided, or that we reported: it need not be told."""
    heard: Heard = field(default_factory=Heard)
    everything: bool = False
    """Whether all that is here goes, also what came from above."""

    @property
    def total(self) -> int:
        return sum(len(ids) for ids in self.records.values())

    @property
    def sentence(self) -> str:
        parts = [f"{register.label} {len(self.records[register.__tablename__])} 条" for register in REGISTERS if self.records.get(register.__tablename__)]
        return "，".join(parts) or "没有变化"


_UNSENT = """
    SELECT DISTINCT register, record_id FROM journal
    WHERE seq > ? AND seq <= ? AND register NOT IN ('', 'district_item') AND deed != 'show'
"""
_FROM_ABOVE = """
    WITH RECURSIVE above(act) AS (
        SELECT act FROM journal WHERE deed = 'act' AND seq > ? AND json_extract(changes, '$.kind') IN ('receipt', 'package')
        UNION SELECT j.act FROM journal j JOIN above ON json_extract(j.changes, '$.undoes') = above.act WHERE j.deed = 'act')
    SELECT act FROM above
"""
"""Acts that wrote down an answer or a package, those that took such an act back, those that took that back, and so on."""
RETURNED = "退回补正"


def _not(above: tuple[str, ...]) -> str:
    """SQL that leaves these acts out; not where an application went back to us, for then it is ours again, and the district must know that we have not mended it yet."""
    return f" AND (act NOT IN ({', '.join('?' * len(above))}) OR json_extract(changes, '$.state[1]') = '{RETURNED}')" if above else ""


def unsent(connection: Connection, *, everything: bool = False) -> Unsent:
    """What changed since the last row the district has heard of; `everything`: all that was ever written."""
    known = heard(connection)
    after = EVERYTHING if everything else known.reached
    to = connection.execute(select(func.max(JournalRow.seq))).scalar() or 0
    records: dict[str, list[str]] = {}
    above = tuple(act for (act,) in connection.exec_driver_sql(_FROM_ABOVE, (after,)))
    for register, record_id in connection.exec_driver_sql(_UNSENT + _not(above), (after, to, *above)):
        if register in _NAMES:
            records.setdefault(register, []).append(record_id)
    return Unsent(after, to, {name: tuple(ids) for name, ids in records.items()}, above, known, everything)


def _written(f: Field) -> str:
    """SQL for one field as a member of a JSON object, with a comma before it; nothing where it is blank."""
    column = f't."{f.name}"'
    if isinstance(f.kind, YesNo):
        return f"CASE {column} WHEN 1 THEN ',\"{f.name}\":true' WHEN 0 THEN ',\"{f.name}\":false' ELSE '' END"
    if isinstance(f.kind, Code) and (terms := [t for t in f.kind.choices.terms if t.travels_as]):
        words = " ".join(f"WHEN '{t.term}' THEN '{t.travels_as}'" for t in terms)
        column = f"CASE {column} {words} ELSE {column} END"
    if isinstance(f.kind, Whole | Amount):
        return f"coalesce(',\"{f.name}\":' || {column}, '')"
    return f"CASE WHEN {column} IS NULL THEN '' ELSE ',\"{f.name}\":' || json_quote({column}) END"


def values_sql(register: type[Record], scope: Scope) -> str:
    """SQL for the canonical JSON (RFC 8785) of a record's values: sorted names, no spaces, blanks left out. SQLite writes it: what it holds is the written form already."""
    fields = scope.fields(register)
    return "concat('{', substr(concat(" + (", ".join(_written(f) for f in fields) or "''") + "), 2), '}')"


_ROWS = """
    WITH touched AS (SELECT record_id, max(deed = 'create') AS made, max(deed = 'erase') AS erased FROM journal
                     WHERE register = ? AND seq > ? AND seq <= ? AND deed != 'show'{not_above} GROUP BY record_id)
    SELECT t.id, t.revision, t.removed_at IS NOT NULL, {values}, touched.record_id IS NOT NULL, coalesce(touched.erased, 0), coalesce(touched.made, 0),
           CASE WHEN t.removed_at IS NULL THEN NULL ELSE (SELECT into_id FROM merged_away WHERE old_id = t.id) END
    FROM {table} t LEFT JOIN touched ON touched.record_id = t.id WHERE t.removed_at IS NULL OR touched.record_id IS NOT NULL {more} ORDER BY t.id
"""


@dataclass
class Count:
    """What a package carries of one register."""

    new: int = 0
    changed: int = 0
    withdrawn: int = 0
    erased: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        return self.new + self.changed + self.withdrawn + self.erased + self.unknown

    @property
    def sentence(self) -> str:
        named = (("新增", self.new), ("修改", self.changed), ("撤回", self.withdrawn), ("清除", self.erased), ("核对时本机没有", self.unknown))
        return "、".join(f"{word} {n}" for word, n in named if n)


@dataclass
class Gathered:
    """The lines of one package, with what they come to."""

    parts: list[Part] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, Count] = field(default_factory=dict)
    photos: int = 0
    photo_bytes: int = 0
    without_photos: int = 0
    """Lectures of which it is said that they have none any more."""

    @property
    def total(self) -> int:
        return sum(count.total for count in self.counts.values()) + self.photos + self.without_photos


def gather(connection: Connection, waiting: Unsent, scope: Scope, suite: Suite, *, progress: Progress | None = None) -> Gathered:
    """Every line that the next package carries, and the state of all that travels."""
    gathered = Gathered()
    for n, register in enumerate(scope.registers):
        if progress:
            progress(n, len(scope.registers) + 1)
        _gather_register(connection, register, waiting, scope, suite, gathered)
    if scope.attachments:
        _gather_photos(connection, waiting, suite, gathered)
    return gathered


def _gather_register(connection: Connection, register: type[Record], waiting: Unsent, scope: Scope, suite: Suite, gathered: Gathered) -> None:
    table = register.__tablename__
    holding = _held_by_district(connection, waiting, table)
    sql = _ROWS.format(not_above=_not(waiting.above), values=values_sql(register, scope), table=table, more="OR t.id IN (SELECT record_id FROM holding WHERE register = ?)" if holding is not None else "")
    parameters = (table, waiting.after, waiting.to, *waiting.above, *((table,) if holding is not None else ()))
    live: list[tuple[str, bytes]] = []
    lines: list[bytes] = []
    count = Count()
    seen = set[str]()
    for record_id, revision, removed, values, touched, erased, made, into in connection.exec_driver_sql(sql, parameters):
        digest = b""
        if not removed:
            digest = suite.digest(values.encode())
            live.append((record_id, digest))
        if holding is not None:
            seen.add(record_id)
            touched = erased or ((holding.get(record_id) != digest.hex()) if not removed else record_id in holding)
        if not touched and (removed or not waiting.everything):
            continue
        mark = ',"erased":true' if erased else ""
        if removed:
            target = f',"into":"{into}"' if into else ""
            lines.append(f'{{"id":"{record_id}","revision":{revision},"removed":true{target}{mark}}}'.encode())
        else:
            lines.append(f'{{"id":"{record_id}","revision":{revision},"values":{values}{mark}}}'.encode())
        if erased:
            count.erased += 1
        elif removed:
            count.withdrawn += 1
        elif made and not (holding and record_id in holding):
            count.new += 1
        else:
            count.changed += 1
    if holding is not None:
        unknown = sorted(holding.keys() - seen)
        lines += [f'{{"id":"{record_id}","unknown":true}}'.encode() for record_id in unknown]
        count.unknown = len(unknown)
    gathered.state[table] = state_of(suite, live)
    if lines:
        gathered.parts.append(Part(table, lines))
        gathered.counts[table] = count


def _held_by_district(connection: Connection, waiting: Unsent, table: str) -> dict[str, str] | None:
    """What the district says it holds of a register that differs; None where nothing has to be reconciled."""
    if table not in waiting.heard.differs:
        return None
    rows = connection.execute(select(_HOLDING.c.record_id, _HOLDING.c.hash).where(_HOLDING.c.register == table, _HOLDING.c.answer == waiting.heard.digest))
    return {row.record_id: row.hash for row in rows}


_PHOTO_ACTS = "SELECT DISTINCT json_extract(changes, '$.lecture') FROM journal WHERE deed = 'act' AND seq > ? AND seq <= ? AND json_extract(changes, '$.photo') IS NOT NULL"


def _gather_photos(connection: Connection, waiting: Unsent, suite: Suite, gathered: Gathered) -> None:
    """All photos of every lecture that is reported, or whose photos changed: the receiver replaces the set."""
    changed = {lecture for (lecture,) in connection.exec_driver_sql(_PHOTO_ACTS, (waiting.after, waiting.to)) if lecture}
    told = changed | set(waiting.records.get(Lecture.__tablename__, ()))
    if waiting.everything or Lecture.__tablename__ in waiting.heard.differs:  # photos have no hash of their own: where lectures are reconciled they all go
        told |= {lecture for (lecture,) in connection.exec_driver_sql("SELECT id FROM lecture WHERE removed_at IS NULL")}
        changed = told
    lines: list[bytes] = []
    for lecture in sorted(told):
        of = {"register": Lecture.__tablename__, "id": lecture}
        kept = photos.of_lecture(connection, lecture)
        for photo in kept:
            body = photos.small_enough(photo.body)
            gathered.photo_bytes += len(body)
            line = {"id": photo.id, "of": of, "name": photo.caption, "media_type": "image/jpeg", "digest": suite.digest(body).hex(), "body": base64.b64encode(body).decode()}
            lines.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode())
        gathered.photos += len(kept)
        if not kept and lecture in changed:
            lines.append(json.dumps({"id": lecture, "of": of, "none": True}, separators=(",", ":")).encode())
            gathered.without_photos += 1
    if lines:
        gathered.parts.append(Part("attachment", lines))


def next_series(connection: Connection) -> int:
    """Above everything that this copy sent and everything that the district has seen."""
    own = connection.execute(select(func.max(_SENT.c.series))).scalar() or 0
    return max(own, heard(connection).last) + 1


def pending(connection: Connection, addressee: str, known: Heard) -> tuple[list[dict[str, Any]], str | None]:
    """The packages that no answer has spoken of yet, and the digest of the last one."""
    begun = connection.execute(select(func.max(_SENT.c.series)).where(_SENT.c.against.is_not(None))).scalar() or 0
    rows = connection.execute(select(_SENT.c.series, _SENT.c.digest).where(_SENT.c.addressee == addressee, _SENT.c.series >= begun).order_by(_SENT.c.series)).all()
    waiting = [{"series": row.series, "digest": row.digest} for row in rows if row.series > known.last]
    return waiting[-1000:], rows[-1].digest if rows else None
