"""The office's side of the exchange: what is unsent, the package on the stick, the district's receipt back.

The outbox is a reading of the journal: every record touched since the last acknowledged row, as it is now. A package is
cumulative until acknowledged, so a lost stick loses nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import msgspec
from sqlalchemy import Connection, Table, func, select, text

from app.services.office import Office, stamp
from app.services.records import Act, ActKind, resolve, table_of
from app.services.setup import own_union
from app.sync import package, stick
from app.sync.keys import DistrictKey, PrivateKeys, read_district_key
from app.sync.package import Opened, Part, Sealed
from db.fields import Field, YesNo
from db.journal import JournalRow
from db.office_tables import AppliedReceipt, SentPackage
from db.problems import UserError
from db.record import Record, fields_of
from db.registers import REGISTERS, Union, register_named
from db.vault import known_versions, set_setting, setting

OUR_KEYS, DISTRICT_KEY = "own_keys", "district_key"
PROGRAM = "0.1.0"
Progress = Callable[[int, int], None]
_NAMES = frozenset(register.__tablename__ for register in REGISTERS)
_SENT, _APPLIED = cast(Table, SentPackage.__table__), cast(Table, AppliedReceipt.__table__)


@dataclass(frozen=True)
class Unsent:
    """What the next package will carry, by register, and the journal rows it covers."""

    after: int
    to: int
    records: Mapping[str, tuple[str, ...]]
    above: tuple[str, ...] = ()
    """Acts that only wrote down what the district decided: it need not be told."""

    @property
    def total(self) -> int:
        return sum(len(ids) for ids in self.records.values())

    @property
    def sentence(self) -> str:
        parts = [f"{register.label} {len(self.records[register.__tablename__])} 条" for register in REGISTERS if self.records.get(register.__tablename__)]
        return "，".join(parts) or "没有变化"


@dataclass(frozen=True)
class Exported:
    series: int
    path: Path
    digest: str
    size: int
    counts: Mapping[str, int]
    slip: Mapping[str, Any]


@dataclass(frozen=True)
class Refusal:
    """A record that the district did not take, and why."""

    register: str
    record_id: str
    title: str
    message: str


@dataclass(frozen=True)
class ReceiptRead:
    """What a receipt says: accepted and refused by register, decisions that were applied."""

    series: int
    accepted: Mapping[str, int]
    refused: tuple[Refusal, ...]
    decided: int
    kept: tuple[str, ...] = ()
    """Records with a decision that were changed here since: left as they are."""
    already_known: bool = False


def load_district_key(office: Office, path: Path) -> DistrictKey:
    """Read the district's key file and remember it. UserError for a wrong file or one of the other world (practice)."""
    office.clerks_only()
    found = read_district_key(path)
    if found.practice != office.practice:
        raise UserError("这是练习用的钥匙文件，真实的工会不能用。" if found.practice else "练习工会不能装真实的钥匙文件。")
    office.remember(DISTRICT_KEY, found.to_text())
    return found


def district_key(office: Office) -> DistrictKey | None:
    written = office.setting(DISTRICT_KEY)
    return DistrictKey.from_text(written) if written else None


def own_keys(office: Office) -> PrivateKeys:
    """The office's keys, made on first use and kept in the vault."""
    written = office.setting(OUR_KEYS)
    if written is None:
        made = PrivateKeys.make()
        with office.writing() as connection:
            if setting(connection, OUR_KEYS) is None:
                set_setting(connection, OUR_KEYS, made.to_text())
        written = office.setting(OUR_KEYS)
        assert written is not None
    return PrivateKeys.from_text(written)


def acknowledged_to(connection: Connection) -> int:
    """The last journal row that the present district has confirmed; 0 before its first receipt."""
    written = setting(connection, DISTRICT_KEY)
    addressee = DistrictKey.from_text(written).keys.fingerprint if written else ""
    confirmed = select(func.max(SentPackage.up_to_seq)).where(SentPackage.acknowledged_at.is_not(None), SentPackage.addressee == addressee)
    return connection.execute(confirmed).scalar() or 0


_UNSENT = """
    SELECT DISTINCT register, record_id FROM journal
    WHERE seq > ? AND seq <= ? AND register != '' AND deed != 'show'
"""
_FROM_ABOVE = "SELECT act FROM journal WHERE deed = 'act' AND seq > ? AND json_extract(changes, '$.kind') = 'receipt'"


def _not(above: tuple[str, ...]) -> str:
    return f" AND act NOT IN ({', '.join('?' * len(above))})" if above else ""


def unsent(connection: Connection, *, everything: bool = False) -> Unsent:
    """What changed since the last acknowledged row; `everything`: all that was ever written."""
    after = 0 if everything else acknowledged_to(connection)
    to = connection.execute(select(func.max(JournalRow.seq))).scalar() or 0
    records: dict[str, list[str]] = {}
    above = tuple(act for (act,) in connection.exec_driver_sql(_FROM_ABOVE, (after,)))
    for register, record_id in connection.exec_driver_sql(_UNSENT + _not(above), (after, to, *above)):
        records.setdefault(register, []).append(record_id)
    return Unsent(after, to, {name: tuple(ids) for name, ids in records.items()}, above)


def _lines(connection: Connection, register: type[Record], waiting: Unsent) -> list[bytes]:
    """The records as they are now, as JSON lines in order of id. SQLite writes the JSON: what it holds is the written form already.

    json_patch onto an empty object leaves the blanks out (RFC 7396: a null removes).
    """
    table = register.__tablename__

    def written(f: Field) -> str:
        return f"CASE t.\"{f.name}\" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END" if isinstance(f.kind, YesNo) else f't."{f.name}"'

    values = ", ".join(f"'{f.name}', {written(f)}" for f in fields_of(register))
    rows = connection.exec_driver_sql(
        f"SELECT CASE WHEN t.removed_at IS NULL THEN json_object('id', t.id, 'revision', t.revision, 'values', json_patch('{{}}', json_object({values}))) "
        f"ELSE json_patch('{{}}', json_object('id', t.id, 'revision', t.revision, 'removed', json('true'), 'into', (SELECT into_id FROM merged_away WHERE old_id = t.id))) END "
        f"FROM {table} t WHERE t.id IN (SELECT record_id FROM journal WHERE register = ? AND seq > ? AND seq <= ? AND deed != 'show'{_not(waiting.above)}) ORDER BY t.id",
        (table, waiting.after, waiting.to, *waiting.above),
    )
    return [line.encode() for (line,) in rows]


def build(office: Office, *, everything: bool = False, progress: Progress | None = None) -> tuple[Sealed, Unsent, Union]:
    """The next package, in memory. UserError when the district's key is not loaded or nothing is unsent."""
    district = district_key(office)
    if district is None:
        raise UserError("还没有装区总工会的钥匙文件。请把区里给的 .udkey 文件装上，再导出。")
    if district.practice != office.practice:
        raise UserError("练习和真实的钥匙不能混用，没有导出。请重新装上对的钥匙文件。")
    keys, union = own_keys(office), own_union(office)
    with office.vault.engine.connect() as connection, connection.begin():
        waiting = unsent(connection, everything=everything)
        if waiting.total == 0:
            raise UserError("上次回执以后没有新的变化，不用报送。")
        series = (connection.execute(select(func.max(SentPackage.series))).scalar() or 0) + 1
        previous = connection.execute(select(SentPackage.digest).where(SentPackage.series == series - 1)).scalar()
        parts = []
        for n, register in enumerate(REGISTERS):
            if waiting.records.get(register.__tablename__):
                if progress:
                    progress(n, len(REGISTERS) * 2)
                parts.append(Part(register.__tablename__, _lines(connection, register, waiting)))
    manifest = {
        "direction": "up", "practice": office.practice, "union": {"id": office.vault.keys.vault_id, "uscc": union.uscc or "", "name": union.name or ""},
        "series": series, "previous": previous, "covers": {"after": waiting.after, "to": waiting.to},
        "schema": known_versions()[-1], "program": PROGRAM, "made_at": stamp(office.clock()),
    }
    return package.seal(manifest, parts, sender=keys, to=district.keys), waiting, union


def export(office: Office, folder: Path, *, everything: bool = False, progress: Progress | None = None) -> Exported:
    """Build the package, write it onto the stick, read it back, remember it, and only then give it its name.

    Remembered before it is named: a file that the district may see has always its row here, so that no series is given twice.
    """
    office.clerks_only()
    sealed, waiting, union = build(office, everything=everything, progress=progress)
    district = district_key(office)
    assert district is not None
    series = int(sealed.manifest["series"])
    name = file_name(union.name or "", series, office.clock().astimezone(), practice=office.practice) + package.UP_SUFFIX
    counts = {register: len(ids) for register, ids in waiting.records.items()}

    def remember() -> None:
        with office.act(ActKind.PACKAGE, f"导出第 {series} 批数据包") as act:
            act.note(series=series, digest=sealed.digest, counts=counts, file=name)
            row = {"series": series, "digest": sealed.digest, "up_to_seq": waiting.to, "made_at": act.at, "counts": json.dumps(counts), "file_name": name, "addressee": district.keys.fingerprint}
            act.connection.execute(_SENT.insert().values(**row))

    path = stick.write(folder, name, sealed.body, progress=progress, before_naming=remember)
    slip = {
        "series": series, "digest": sealed.digest[:32], "short_digest": "-".join(sealed.digest[i : i + 4].upper() for i in range(0, 16, 4)), "file_name": name,
        "made_at": office.clock().astimezone(), "size": size_words(len(sealed.body)), "addressee": district.name, "fingerprint": own_keys(office).public.fingerprint,
        "counts": waiting.sentence, "covers": f"包含上次回执以来的全部变化，共 {waiting.total} 条。" if not everything else f"全部资料重新报一遍，共 {waiting.total} 条。",
    }
    return Exported(series, path, sealed.digest, len(sealed.body), counts, slip)


def file_name(union: str, series: int, day: datetime, *, practice: bool) -> str:
    """单位_年度_批次_日期, without characters that FAT32 refuses."""
    return f"{'练习_' if practice else ''}{plain_file_name(union)}_{day:%Y}_{series:03}_{day:%Y%m%d}"


def plain_file_name(text: str) -> str:
    """What may stand in a file's name on any stick: letters, digits and characters, thirty of them."""
    return "".join(c for c in text if c.isalnum())[:30]


def size_words(size: int) -> str:
    return f"{size / 1024:.0f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"


def read_receipt(office: Office, path: Path) -> ReceiptRead:
    """Check a receipt, say what it says, and apply it as one act. UserError when it is not ours or not genuine; then nothing changes.

    A receipt is known by its content, so that one made again is the same one; an older one than the last applied is refused.
    """
    office.clerks_only()
    district = district_key(office)
    if district is None:
        raise UserError("还没有装区总工会的钥匙文件，无法核对回执。")
    opened = package.open_file(path, keys=own_keys(office), direction="down", practice=office.practice, sender=district.keys, union_id=office.vault.keys.vault_id)
    body, identity = _receipt_of(opened), str(opened.manifest["tables"]["receipt"]["digest"])
    with office.act(ActKind.RECEIPT, f"读入第 {opened.series} 批回执") as act:
        sent = act.connection.execute(select(SentPackage).where(SentPackage.digest == body["digest"])).mappings().first()
        if sent is None:
            raise UserError("这份回执对应的数据包不是这台电脑导出的（可能恢复过备份），没有使用。请联系区总工会核对。")
        applied = act.connection.execute(select(AppliedReceipt.digest, AppliedReceipt.series)).all()
        known = any(row.digest == identity for row in applied)
        if not known and any(row.series > opened.series for row in applied):
            raise package.PackageRefused(package.Refusal.REPLAYED, f"（更新的第 {max(row.series for row in applied)} 批回执已经读过。）")
        decided, kept = 0, tuple[str, ...]()
        if not known:
            receipt = json.dumps(body, ensure_ascii=False)
            act.connection.execute(_SENT.update().where(_SENT.c.series <= sent["series"], _SENT.c.acknowledged_at.is_(None)).values(acknowledged_at=act.at, receipt=receipt))
            act.connection.execute(_APPLIED.insert().values(digest=identity, series=opened.series, applied_at=act.at))
            act.note(series=opened.series, digest=opened.digest)
            decided, kept = _apply_decisions(act, body["decisions"], sent["up_to_seq"])
        refused = tuple(_refusal(act.connection, outcome) for outcome in body["outcomes"] if outcome.get("outcome") == "refused" and outcome.get("register") in _NAMES)
    accepted = {name: table["accepted"] + table["unchanged"] for name, table in body["tables"].items()}
    return ReceiptRead(opened.series, accepted, refused, decided, kept, known)


class _TableOfReceipt(msgspec.Struct):
    accepted: int
    refused: int
    unchanged: int


class _Receipt(msgspec.Struct):
    digest: str
    tables: dict[str, _TableOfReceipt]
    outcomes: list[dict[str, str]]
    decisions: list[dict[str, Any]]


def _receipt_of(opened: Opened) -> dict[str, Any]:
    try:
        body: dict[str, Any] = json.loads(next(opened.lines("receipt")))
        msgspec.convert(body, _Receipt)
    except (StopIteration, ValueError):  # msgspec's and json's errors are ValueErrors
        raise package.PackageRefused(package.Refusal.BAD_PART) from None
    return body


_LATER = text("SELECT 1 FROM journal WHERE register = :register AND record_id = :id AND seq > :seq AND deed != 'show' LIMIT 1")


def _apply_decisions(act: Act, decisions: list[dict[str, Any]], covered: int) -> tuple[int, tuple[str, ...]]:
    """How many records took a decision, and the ids of those that the clerk has worked on since, which are left alone."""
    applied, kept = 0, []
    for decision in decisions:
        if decision.get("register") not in _NAMES:
            continue  # a register of a newer program; its decision waits for our next version
        register = register_named(decision["register"])
        table, record_id = table_of(register), resolve(act.connection, str(decision.get("id")))
        if act.connection.execute(select(table.c.id).where(table.c.id == record_id, table.c.removed_at.is_(None))).scalar() is None:
            continue
        if act.connection.execute(_LATER, {"register": register.__tablename__, "id": record_id, "seq": covered}).scalar():
            kept.append(record_id)
            continue
        known = {f.name: f for f in fields_of(register)}
        values = {name: known[name].from_wire(written) for name, written in decision.get("values", {}).items() if name in known}
        applied += bool(act.change(register, record_id, values, checked=True))
    return applied, tuple(kept)


def _refusal(connection: Connection, outcome: Mapping[str, Any]) -> Refusal:
    register = register_named(outcome["register"])
    table = table_of(register)
    row = connection.execute(select(table).where(table.c.id == outcome["id"])).mappings().first()
    name = next((row[n] for n in ("full_name", "name", "topic", "form_no", "certificate_no", "trade") if row is not None and n in row and row[n]), register.label)
    return Refusal(outcome["register"], outcome["id"], str(name), outcome["message"])


def sent_packages(office: Office) -> list[SentPackage]:
    """Everything that left this office, newest first."""
    with office.reading() as session:
        return list(session.scalars(select(SentPackage).order_by(SentPackage.series.desc())))

