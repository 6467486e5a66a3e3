"""The district's answer: checked, shown, taken in as one act that can be taken back (FORMAT.md, 11)."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import msgspec
from sqlalchemy import Connection, Table, select, text

from app.services.exchange.items import put
from app.services.exchange.keyring import DISTRICT_KEY, district_key, own_ring
from app.services.exchange.outbox import heard
from app.services.office import Office
from app.services.records import Act, ActKind, resolve, table_of
from app.sync import package
from app.sync.keys import KeyCard, PublicKeys, follows, read_card
from app.sync.manifest import Digest, Id, Series, Whole
from app.sync.package import Expected, Opened
from app.sync.refusals import PackageRefused, Refusal
from app.sync.series import Verdict, judge_answer
from db.office_tables import Answer, AppliedDecision, Holding, SentPackage
from db.problems import UserError
from db.record import Record, fields_of
from db.registers import REGISTERS, DistrictItem, Member, SubsidyApplication, register_named
from db.registers.district import ITEM_KINDS
from db.vault import set_setting

_SENT, _ANSWER, _HOLDING, _APPLIED = (cast(Table, t.__table__) for t in (SentPackage, Answer, Holding, AppliedDecision))
_NAMES = frozenset(register.__tablename__ for register in REGISTERS)


class TableSaid(msgspec.Struct):
    accepted: Whole = 0
    refused: Whole = 0
    waiting: Whole = 0
    count: Whole = 0
    digest: str = ""


class Receipt(msgspec.Struct):
    last: Whole
    digest: str | None
    reached: Whole
    tables: dict[str, TableSaid]
    differs: list[str]
    forked: bool


class Outcome(msgspec.Struct):
    """A record that the district did not simply accept, and why."""

    register: str
    id: str
    outcome: str
    code: str
    message: str


class Decision(msgspec.Struct):
    id: Id
    register: str
    record: Id
    values: dict[str, Any]
    reasons: list[str]
    by: str
    at: str


class _Held(msgspec.Struct):
    register: str
    id: Id
    hash: Digest


class Returned(msgspec.Struct):
    register: str
    id: Id
    revision: Series
    values: dict[str, Any]


class Item(msgspec.Struct):
    kind: str
    key: str
    body: dict[str, Any] | None


@dataclass(frozen=True)
class Said:
    """Everything one answer says, read and checked; `named` gives each outcome's record a name."""

    series: int
    digest: str
    manifest: Mapping[str, Any]
    sender: PublicKeys
    receipt: Receipt
    outcomes: tuple[Outcome, ...]
    decisions: tuple[Decision, ...]
    holdings: tuple[_Held, ...]
    returned: tuple[Returned, ...]
    items: tuple[Item, ...]
    key: KeyCard | None
    again: bool
    is_ours: bool
    named: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def accepted(self) -> dict[str, int]:
        return {name: table.accepted for name, table in self.receipt.tables.items() if name in _NAMES}

    @property
    def refused(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if o.outcome == "refused")

    @property
    def waiting(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if o.outcome == "waiting")

    @property
    def item_counts(self) -> dict[str, int]:
        """How many of each kind the district sends down, by the kind's name."""
        counted = Counter(ITEM_KINDS[item.kind] for item in self.items if item.kind in ITEM_KINDS and item.body is not None)
        return dict(counted)


@dataclass(frozen=True)
class TakenIn:
    """What taking an answer in did."""

    said: Said
    act: str | None
    decided: int
    kept: tuple[tuple[str, str], ...]
    """(register, record) with a decision that was not applied: the clerk has changed that very thing since."""
    brought_back: int
    items: int


def look(office: Office, path: Path) -> Said:
    """Check an answer and say what it says; nothing changes. UserError when it is not ours or not genuine; that is written into the audit."""
    office.clerks_only()
    try:
        return _look(office, path)
    except PackageRefused as e:
        with office.act(ActKind.SETTING, f"没有使用的回执：{path.name[:60]}") as act:
            act.note(refused=e.refusal.value)
        raise


def _look(office: Office, path: Path) -> Said:
    district = district_key(office)
    if district is None:
        raise UserError("还没有装区总工会的钥匙文件，无法核对回执。")
    expected = Expected("down", office.practice, sender=district.keys, union_id=office.vault.keys.vault_id, sender_id=district.id)
    opened = package.open_file(path, keys=own_ring(office), expected=expected)
    with office.vault.engine.connect() as connection:
        known = heard(connection)
        verdict = judge_answer(known.series, known.digest, opened.series, opened.digest)
        if isinstance(verdict, Refusal):
            raise PackageRefused(verdict, f"（更新的第 {known.series} 份回执已经读过。）")
        said = _read(opened, district, again=verdict is Verdict.AGAIN, connection=connection)
        return _with_names(connection, said)


def _read(opened: Opened, district: KeyCard, *, again: bool, connection: Connection) -> Said:
    """The parts, each line checked. PackageRefused when one is not as FORMAT.md says: the district signed it, so nothing of it is taken."""
    opened.check_parts()

    def lines(name: str, shape: type[Any]) -> tuple[Any, ...]:
        if name not in opened.manifest["tables"]:
            return ()
        try:
            return tuple(msgspec.json.decode(line, type=shape) for line in opened.lines(name))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise PackageRefused(Refusal.BAD_PART) from None

    receipts = lines("receipt", Receipt)
    if len(receipts) != 1:
        raise PackageRefused(Refusal.BAD_PART)
    receipt: Receipt = receipts[0]
    sent = connection.execute(select(_SENT.c.digest).where(_SENT.c.series == receipt.last)).scalar()
    newest = connection.execute(select(_SENT.c.series).order_by(_SENT.c.series.desc()).limit(1)).scalar() or 0
    is_ours = not receipt.forked and receipt.last <= newest and (receipt.last == 0 or sent == receipt.digest)
    return Said(
        opened.series, opened.digest, opened.manifest, opened.sender, receipt, lines("outcome", Outcome), lines("decision", Decision), lines("holding", _Held), lines("returned", Returned),
        lines("item", Item), _new_key(opened, district), again, is_ours,
    )


def _new_key(opened: Opened, district: KeyCard) -> KeyCard | None:
    """The district's new key, where the answer brings one that the present one vouches for."""
    if "key" not in opened.manifest["tables"]:
        return None
    lines = opened.lines("key")
    try:
        card = read_card(json.loads(lines[0]))
    except (UserError, ValueError, IndexError, RecursionError):
        raise PackageRefused(Refusal.BAD_PART) from None
    if card.keys == district.keys:
        return None
    if card.id != district.id or not follows(district.id, card.keys, district.keys, card.proof.to_json() if card.proof else None):
        raise PackageRefused(Refusal.UNKNOWN_SENDER)
    return card


def _with_names(connection: Connection, said: Said) -> Said:
    named = {(o.register, o.id): name_of(connection, o.register, o.id) for o in said.outcomes if o.register in _NAMES}
    named |= {(d.register, d.record): name_of(connection, d.register, d.record) for d in said.decisions if d.register in _NAMES}
    return replace(said, named=named)


def name_of(connection: Connection, register_name: str, record_id: str) -> str:
    """What a person calls a record; the register's name where it is not here."""
    register = register_named(register_name)
    table = table_of(register)
    if register is SubsidyApplication:
        people = table_of(Member)
        claim = connection.execute(select(people.c.full_name, table.c.form_no, table.c.amount).join(people, people.c.id == table.c.member).where(table.c.id == record_id)).first()
        if claim is not None:
            return " ".join(part for part in (claim.full_name, claim.form_no, f"申请 {claim.amount:,.2f} 元" if claim.amount else "") if part)
    row = connection.execute(select(table).where(table.c.id == record_id)).mappings().first()
    return str(next((row[n] for n in ("full_name", "name", "topic", "form_no", "certificate_no", "trade") if row is not None and n in row and row[n]), register.label))


def take_in(office: Office, said: Said) -> TakenIn:
    """Apply an answer as one act; nothing where it was read before."""
    office.clerks_only()
    if said.again:
        return TakenIn(said, None, 0, (), 0, 0)
    district = district_key(office)
    assert district is not None
    with office.act(ActKind.RECEIPT, f"读入第 {said.series} 份回执") as act:
        known = heard(act.connection)
        if said.series <= known.series:
            raise PackageRefused(Refusal.REPLAYED, f"（更新的第 {known.series} 份回执已经读过。）")
        act.note(series=said.series, digest=said.digest)
        act.connection.execute(_ANSWER.delete().where(_ANSWER.c.digest == said.digest))  # taken back once, and now in again
        act.connection.execute(_ANSWER.insert().values(
            digest=said.digest, district=district.id, series=said.series, last=said.receipt.last, reached=said.receipt.reached, is_ours=said.is_ours,
            differs=json.dumps([name for name in said.receipt.differs if name in _NAMES]), receipt=msgspec.json.encode(said.receipt).decode(),
            outcomes=msgspec.json.encode(said.outcomes).decode(), read_at=act.at, act=act.id,
        ))
        act.connection.execute(_HOLDING.delete())
        if said.holdings:
            rows = {(h.register, h.id): {"register": h.register, "record_id": h.id, "answer": said.digest, "hash": h.hash} for h in said.holdings}
            act.connection.execute(_HOLDING.insert(), list(rows.values()))
        decided, kept = _decide(act, said)
        brought = _bring_back(act, said.returned)
        items = _put_items(act, said.items)
        if said.key is not None:
            set_setting(act.connection, DISTRICT_KEY, said.key.to_text())
            act.note(district_key=said.key.keys.fingerprint)
    return TakenIn(said, act.id, decided, kept, brought, items)


_CHANGED_SINCE = text(
    "SELECT 1 FROM journal j WHERE j.register = :register AND j.record_id = :id AND j.seq > :seq AND j.deed = 'change' AND json_extract(j.changes, '$.' || :field) IS NOT NULL "
    "AND (SELECT json_extract(h.changes, '$.kind') FROM journal h WHERE h.act = j.act AND h.deed = 'act') NOT IN ('package', 'receipt', 'undo') LIMIT 1"
)


def _decide(act: Act, said: Said) -> tuple[int, tuple[tuple[str, str], ...]]:
    """How many records took a decision, and those where the clerk has changed the very fields since she reported them: these are left alone."""
    covered = act.connection.execute(select(_SENT.c.up_to_seq).where(_SENT.c.series == said.receipt.last, _SENT.c.digest == said.receipt.digest)).scalar()
    applied = 0
    kept: list[tuple[str, str]] = []
    for decision in said.decisions:
        if decision.register not in _NAMES or act.connection.execute(select(_APPLIED.c.id).where(_APPLIED.c.id == decision.id, _APPLIED.c.act.not_like("-%"))).scalar():
            continue  # a register of a newer program, or one that we have
        register = register_named(decision.register)
        record_id, table = decision.record, table_of(register)
        if resolve(act.connection, record_id) != record_id:
            kept.append((decision.register, record_id))  # merged into another since: what was said of the one is not said of the other
            continue
        if act.connection.execute(select(table.c.id).where(table.c.id == record_id, table.c.removed_at.is_(None))).scalar() is None:
            continue
        values = _values(register, decision.values)
        touched = [
            name for name in values if covered is not None and act.connection.execute(_CHANGED_SINCE, {"register": decision.register, "id": record_id, "seq": covered, "field": name}).scalar()
        ]
        if touched:
            kept.append((decision.register, record_id))
            values = {} if "state" in touched else {name: value for name, value in values.items() if name not in touched}
        applied += bool(act.change(register, record_id, values, checked=True))
        act.connection.execute(_APPLIED.delete().where(_APPLIED.c.id == decision.id))
        act.connection.execute(_APPLIED.insert().values(id=decision.id, act=act.id))
    return applied, tuple(kept)


def _bring_back(act: Act, returned: Sequence[Returned]) -> int:
    """Records that the district gives back to an office that lost them; what is here already stays as it is."""
    by_register: dict[str, list[Returned]] = {}
    for one in returned:
        if one.register in _NAMES:
            by_register.setdefault(one.register, []).append(one)
    made = 0
    for one in returned:
        if one.register in _NAMES and any(one.values.get(f.name) is None for f in fields_of(register_named(one.register)) if f.required):
            raise PackageRefused(Refusal.BAD_PART)
    for register in REGISTERS:
        if wanted := by_register.get(register.__tablename__):
            made += _bring_register_back(act, register, wanted)
    return made


def _bring_register_back(act: Act, register: type[Record], wanted: Sequence[Returned]) -> int:
    table = table_of(register)
    wanted = list({w.id: w for w in wanted}.values())
    gone = {row.id for start in range(0, len(wanted), 500) for row in act.connection.execute(select(table.c.id).where(table.c.id.in_([w.id for w in wanted[start : start + 500]]), table.c.removed_at.is_not(None)))}
    for one in (w for w in wanted if w.id in gone):  # withdrawn here, and the district keeps it
        act.restore(register, one.id)
        act.change(register, one.id, _values(register, one.values), checked=True)
    here = {row_id for start in range(0, len(wanted), 500) for row_id in act.connection.execute(select(table.c.id).where(table.c.id.in_([w.id for w in wanted[start : start + 500]]))).scalars()}
    missing = [w for w in wanted if w.id not in here]
    if register.only_one:  # our own union's record was made with the new vault: its values come back into it
        own = act.connection.execute(select(table.c.id).where(table.c.removed_at.is_(None))).scalar()
        for one in missing[-1:]:
            act.change(register, str(own), _values(register, one.values), checked=True)
        return len(missing[-1:]) + len(gone)
    act.create_many(register, [_values(register, w.values) for w in missing], ids=[w.id for w in missing])
    if missing:  # the district goes by the revision: ours must not begin anew below it
        act.connection.exec_driver_sql(f"UPDATE {register.__tablename__} SET revision = ? WHERE id = ?", [(w.revision, w.id) for w in missing])
    return len(missing) + len(gone)


def _values(register: type[Record], written: Mapping[str, Any]) -> dict[str, Any]:
    """In Python form, without fields that we do not know. PackageRefused where one is not in its written form."""
    known = {f.name: f for f in fields_of(register)}
    try:
        values = {name: known[name].from_wire(value) for name, value in written.items() if name in known}
        if any(isinstance(value, int) and abs(value) >= 2**63 for value in values.values()):
            raise ValueError
        return values
    except (ValueError, TypeError, AttributeError):
        raise PackageRefused(Refusal.BAD_PART) from None


def _put_items(act: Act, items: Sequence[Item]) -> int:
    """Replace the set of every kind that is named."""
    table = table_of(DistrictItem)
    changed = 0
    for kind in {item.kind for item in items}:
        if kind not in ITEM_KINDS:
            continue
        here = {row.key: row for row in act.connection.execute(select(table).where(table.c.kind == kind, table.c.removed_at.is_(None)))}
        wanted = {item.key: json.dumps(item.body, ensure_ascii=False, sort_keys=True) for item in items if item.kind == kind and item.body is not None}
        for key, row in here.items():
            if key not in wanted:
                act.remove(DistrictItem, row.id)
                changed += 1
        for key, body in wanted.items():
            if key not in here or here[key].body != body:
                put(act, here[key].id if key in here else None, {"kind": kind, "key": key, "body": body})
                changed += 1
    return changed


@dataclass(frozen=True)
class ReadAnswer:
    series: int
    last: int
    is_ours: bool
    read_at: str
    outcomes: tuple[Outcome, ...]


def read_answers(connection: Connection) -> list[ReadAnswer]:
    """The answers that stand, oldest first."""
    rows = connection.execute(select(_ANSWER).where(_ANSWER.c.act.not_like("-%")).order_by(_ANSWER.c.series)).mappings().all()
    return [ReadAnswer(r["series"], r["last"], r["is_ours"], r["read_at"], tuple(msgspec.json.decode(r["outcomes"], type=list[Outcome]))) for r in rows]


def follow_undo(act: Act, undone: str, undoes: str | None) -> None:
    """An answer that was taken back counts for nothing; taking that back lets it count again."""
    for table in ("answer", "applied_decision"):
        act.connection.exec_driver_sql(f"UPDATE {table} SET act = '-' || act WHERE act = ?", (undone,))
        act.connection.exec_driver_sql(f"UPDATE {table} SET act = substr(act, 2) WHERE act = '-' || ?", (undoes,))
