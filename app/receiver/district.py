"""The district union's side: keys, a dry run, merging, receipts.

Merging applies each record for itself: accepted, left as it is, or refused with a reason. All of a package is one
transaction. Applying it twice changes nothing; an old one is refused; a gap is named.
"""

import json
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, func, select
from sqlalchemy.exc import OperationalError

from app.receiver import store
from app.sync import package, stick
from app.sync.keys import DistrictKey, PrivateKeys, PublicKeys, write_district_key
from app.sync.package import Opened, PackageRefused, Part, Refusal
from db import keyslots, vault
from db.keyslots import KeyFile, Role
from db.problems import UserError
from db.record import field_of, fields_of, new_id
from db.registers import REGISTERS, register_named

DATABASE = "receiver.db"
OPERATOR = "区总工会"


@dataclass(frozen=True)
class Outcome:
    """What became of one record."""

    register: str
    record_id: str
    outcome: str
    code: str = ""
    message: str = ""


@dataclass
class Report:
    """What opening or merging a package came to. `fingerprint` is what a person compares before an office is enrolled."""

    union: str
    uscc: str
    series: int
    made_at: str
    digest: str
    fingerprint: str
    enrolled: bool
    already_merged: bool
    skipped_series: tuple[int, ...]
    forked: bool = False
    """The package does not follow the one merged last: the office may have restored a backup."""
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    refused: list[Outcome] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return sum(c["accepted"] + c["unchanged"] for c in self.counts.values())

    def summary(self) -> str:
        lines = [f"{self.union}（{self.uscc}）第 {self.series} 批，{self.made_at[:16].replace('T', ' ')} UTC 制作", f"核对码 {'-'.join(self.digest[i : i + 4].upper() for i in range(0, 16, 4))}"]
        lines.append("已登记的单位" if self.enrolled else f"首次报送，请对照报送单核对指纹：{self.fingerprint}")
        if self.already_merged:
            lines.append("这一批以前已经合并过，再合并不会有变化。")
        if self.skipped_series:
            lines.append(f"第 {'、'.join(map(str, self.skipped_series))} 批没有收到，但内容都包含在这一批里。")
        if self.forked:
            lines.append("注意：这一批不是接着上次收到的做的，单位可能恢复过备份，请打电话问一下。")
        for register in REGISTERS:
            if c := self.counts.get(register.__tablename__):
                said = [f"收下 {c['accepted']}"] + [f"{word} {c[key]}" for key, word in (("unchanged", "没变化"), ("withdrawn", "撤回"), ("refused", "不收")) if c[key]]
                lines.append(f"  {register.label}：{'，'.join(said)} 条")
        lines += [f"  不收：{register_named(o.register).label} {o.message}" for o in self.refused[:20]]
        return "\n".join(lines)


class Receiver:
    """An open receiver: its keys from the encrypted file beside it, its records there too or in PostgreSQL."""

    def __init__(self, folder: Path, name: str, practice: bool, keys: PrivateKeys, local: Engine, data: Engine, lock: FileLock) -> None:
        self.folder = folder
        self.name = name
        self.practice = practice
        self.keys = keys
        self._local = local
        self.data = data
        self._lock = lock

    def close(self) -> None:
        self._local.dispose()
        self.data.dispose()
        self._lock.release()

    def write_key(self, path: Path) -> DistrictKey:
        """The file that offices load."""
        return write_district_key(path, self.name, self.keys, practice=self.practice)

    def look(self, path: Path) -> Report:
        """A dry run: everything that merging would say, and nothing kept."""
        opened = self._open(path)
        with self.data.connect() as connection, connection.begin():
            report, _ = self._examine(connection, opened)
        return report

    def merge(self, path: Path, *, enrol: str | None = None) -> Report:
        """Merge a package. `enrol`: the fingerprint of a new office, as read from its sealed slip."""
        opened = self._open(path)
        with vault.writing(self.data) if self.data.dialect.name == "sqlite" else self.data.begin() as connection:
            report, rows = self._examine(connection, opened)
            if report.already_merged:
                return report
            if not report.enrolled:
                if enrol is None or "".join(enrol.split()).upper() != "".join(opened.sender.fingerprint.split()):
                    raise UserError(f"这是新单位。请对照盖章的报送单核对指纹，一致后用 --enrol 登记：{opened.sender.fingerprint}")
                self._enrol(connection, opened)
            store.upsert(connection, store.records, rows)
            self._remember(connection, opened, report)
        return report

    def _open(self, path: Path) -> Opened:
        return package.open_file(path, keys=self.keys, direction="up", practice=self.practice, sender=self._keys_of)

    def _keys_of(self, union_id: str) -> PublicKeys | None:
        """The pinned keys of an enrolled office."""
        with self.data.connect() as connection:
            office = self._office(connection, union_id)
        return PublicKeys(office["signing_key"], office["recipient"]) if office else None

    def _office(self, connection: Connection, office: str) -> Mapping[str, Any] | None:
        row = connection.execute(select(store.offices).where(store.offices.c.id == office)).mappings().first()
        return dict(row) if row is not None else None

    def _examine(self, connection: Connection, opened: Opened) -> tuple[Report, list[dict[str, Any]]]:
        if str(opened.manifest["schema"]) > vault.known_versions()[-1]:
            raise PackageRefused(Refusal.UNKNOWN_VERSION, "（单位的程序比区里的新。）")
        office = self._office(connection, opened.union["id"])
        series, covers = opened.series, opened.manifest["covers"]
        if office is not None and PublicKeys(office["signing_key"], office["recipient"]) != opened.sender:
            raise PackageRefused(Refusal.UNKNOWN_SENDER)
        known = connection.execute(select(store.packages.c.digest).where(store.packages.c.office == opened.union["id"], store.packages.c.series == series)).scalar()
        reached, last = (office["reached"], office["series"]) if office else (0, 0)
        already = known == opened.digest
        if not already:
            if series <= last:
                raise PackageRefused(Refusal.REPLAYED, f"（这是第 {series} 批，已收到第 {last} 批。）")
            if covers["after"] > reached:
                if series == last + 1:
                    raise PackageRefused(Refusal.GAP, "（区里的记录比单位的旧，请让单位在“报送与回执”里勾上“全部重新报一遍”再导出。）")
                raise PackageRefused(Refusal.GAP, f"（第 {last + 1} 批到第 {series - 1} 批之间有缺，请让单位在“报送与回执”里勾上“全部重新报一遍”再导出。）")
        skipped = tuple(range(last + 1, series)) if not already else ()
        report = Report(opened.union["name"], opened.union["uscc"], series, opened.manifest["made_at"], opened.digest, opened.sender.fingerprint, office is not None, already, skipped)
        report.forked = office is not None and not already and series == last + 1 and opened.manifest["previous"] != office["digest"]
        rows = self._sort(connection, opened, report)
        return report, rows

    def _sort(self, connection: Connection, opened: Opened, report: Report) -> list[dict[str, Any]]:
        """Each record's outcome, and the rows to keep."""
        keep: list[dict[str, Any]] = []
        names = {r.__tablename__ for r in REGISTERS}
        for part in opened.manifest["parts"]:
            name = part["name"]
            counts = report.counts.setdefault(name, Counter())
            if name not in names:
                raise PackageRefused(Refusal.BAD_PART)
            parsed = [_parse(name, line) for line in opened.lines(name)]
            stored = store.stored(connection, opened.union["id"], name, (r["id"] for r in parsed if isinstance(r, dict)))
            for record in parsed:
                if isinstance(record, Outcome):
                    counts["refused"] += 1
                    report.refused.append(record)
                elif _is_known(stored.get(record["id"]), record):
                    counts["unchanged"] += 1
                else:
                    counts["withdrawn" if record["removed"] else "accepted"] += 1
                    keep.append({**record, "office": opened.union["id"], "register": name, "series": opened.series})
        return keep

    def _enrol(self, connection: Connection, opened: Opened) -> None:
        union = opened.union
        connection.execute(
            store.offices.insert().values(
                id=union["id"], name=union["name"], uscc=union["uscc"], signing_key=opened.sender.signing_key, recipient=opened.sender.recipient,
                series=0, digest=None, reached=0, enrolled_at=_now(),
            )
        )

    def _remember(self, connection: Connection, opened: Opened, report: Report) -> None:
        office = store.offices
        connection.execute(
            office.update().where(office.c.id == opened.union["id"])
            .values(series=opened.series, digest=opened.digest, reached=opened.manifest["covers"]["to"], name=opened.union["name"], uscc=opened.union["uscc"])
        )
        body = {
            "digest": opened.digest, "to": opened.manifest["covers"]["to"],
            "tables": {
                name: {"accepted": c["accepted"] + c["withdrawn"], "refused": c["refused"], "unchanged": c["unchanged"], "digest": opened.manifest["tables"][name]["digest"]}
                for name, c in report.counts.items()
            },
            "outcomes": [{"register": o.register, "id": o.record_id, "outcome": o.outcome, "code": o.code, "message": o.message} for o in report.refused],
            "decisions": _received(opened),
        }
        connection.execute(
            store.packages.insert().values(
                office=opened.union["id"], series=opened.series, digest=opened.digest, merged_at=_now(), made_at=opened.manifest["made_at"], receipt=json.dumps(body, ensure_ascii=False)
            )
        )

    def receipt(self, office_id: str, folder: Path) -> Path:
        """The answer to an office's last merged package, written into a folder."""
        with self.data.connect() as connection:
            office = self._office(connection, office_id)
            if office is None or office["series"] == 0:
                raise UserError("这个单位还没有合并过数据包，没有回执可做。")
            last = connection.execute(select(store.packages).where(store.packages.c.office == office_id, store.packages.c.series == office["series"])).mappings().one()
        manifest = {
            "direction": "down", "practice": self.practice, "union": {"id": office["id"], "uscc": office["uscc"], "name": office["name"]}, "series": last["series"],
            "previous": last["digest"], "covers": {"after": 0, "to": json.loads(last["receipt"])["to"]}, "schema": store.SCHEMA, "program": "receiver", "made_at": _now(),
        }
        sealed = package.seal(manifest, [Part("receipt", [last["receipt"].encode()])], sender=self.keys, to=PublicKeys(office["signing_key"], office["recipient"]))
        plain = "".join(c for c in office["name"] if c.isalnum())[:30]
        return stick.write(folder, f"回执_{plain}_{last['series']:03}{package.DOWN_SUFFIX}", sealed.body)

    def known_offices(self) -> list[Mapping[str, Any]]:
        with self.data.connect() as connection:
            return [dict(row) for row in connection.execute(select(store.offices).order_by(store.offices.c.name)).mappings()]

    def count(self, register: str) -> int:
        """Live records of a register over all offices."""
        with self.data.connect() as connection:
            where = (store.records.c.register == register, store.records.c.removed.is_(False))
            return connection.execute(select(func.count()).select_from(store.records).where(*where)).scalar_one()


def _is_known(stored: tuple[int, str, bool] | None, record: Mapping[str, Any]) -> bool:
    """Whether what is stored stays: a later revision, or the very same. After a restored backup an office may give one
    revision two contents; the one in the later package is its word."""
    if stored is None:
        return False
    revision, body, removed = stored
    return bool(revision > record["revision"] or (revision, body, removed) == (record["revision"], record["body"], record["removed"]))


def _received(opened: Opened) -> list[dict[str, Any]]:
    """Applications that arrived are told so: 区级受理."""
    if not any(part["name"] == "subsidy_application" for part in opened.manifest["parts"]):
        return []
    parsed = (_parse("subsidy_application", line) for line in opened.lines("subsidy_application"))
    waiting = ("校验通过", "基层工会已审", "已打包")
    return [
        {"register": "subsidy_application", "id": r["id"], "values": {"state": "区级受理"}}
        for r in parsed if isinstance(r, dict) and not r["removed"] and json.loads(r["body"]).get("state") in waiting
    ]


def _parse(register_name: str, line: bytes) -> dict[str, Any] | Outcome:
    """One line as a row to keep, or why it is refused. No value stands in the message."""
    register = register_named(register_name)
    try:
        raw = json.loads(line)
        record_id, revision = raw["id"], raw["revision"]
        if not isinstance(record_id, str) or len(record_id) != 36 or isinstance(revision, bool) or not isinstance(revision, int) or revision < 1:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        return Outcome(register_name, "", "refused", "unreadable", f"一条{register.label}读不懂。")
    if raw.get("removed"):
        return {"id": record_id, "revision": revision, "removed": True, "body": "{}"}
    values = raw.get("values")
    if not isinstance(values, dict):
        return Outcome(register_name, record_id, "refused", "unreadable", f"一条{register.label}读不懂。")
    known = {f.name: f for f in fields_of(register)}
    for name, written in values.items():
        if name not in known:
            continue
        try:
            value = field_of(register, name).from_wire(written)
        except (ValueError, TypeError, AttributeError):
            return Outcome(register_name, record_id, "refused", "bad-value", f"“{known[name].label}”的内容不合规定。")
        if problem := next((p for p in known[name].read(known[name].show(value)).problems if p.is_error), None):
            return Outcome(register_name, record_id, "refused", problem.code, f"“{known[name].label}”：{problem.message}")
    missing = [f.label for f in known.values() if f.required and values.get(f.name) is None]
    if missing:
        return Outcome(register_name, record_id, "refused", "required", f"缺少“{missing[0]}”。")
    return {"id": record_id, "revision": revision, "removed": False, "body": json.dumps(values, ensure_ascii=False, sort_keys=True)}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _postgres(url: str) -> Engine:
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), hide_parameters=True)


def _prepared(engine: Engine) -> Engine:
    """The engine with its tables made. UserError when the server does not answer."""
    try:
        store.prepare(engine)
    except OperationalError as e:
        raise UserError("连不上区里的 PostgreSQL 数据库，请检查它是否开着、地址是否正确。") from e
    return engine


def init(folder: Path, *, name: str, password: str, url: str | None = None, practice: bool = False) -> tuple[Receiver, str]:
    """A new receiver and its recovery code. `url`: a PostgreSQL for the records; without it they stay in the encrypted file."""
    if (folder / DATABASE).exists() or vault.exists(folder):
        raise UserError(f"文件夹“{folder.name}”里已经有一个接收端，没有改动它。")
    if url:
        _prepared(_postgres(url)).dispose()
    folder.mkdir(parents=True, exist_ok=True)
    data_key, receiver_id, code = secrets.token_bytes(32), new_id(), keyslots.new_recovery_code()
    slots = tuple(
        keyslots.wrap(data_key, vault_id=receiver_id, practice=practice, name=slot, role=Role.ADMINISTRATOR, secret=secret) for slot, secret in ((OPERATOR, password), (keyslots.RECOVERY, code))
    )
    try:
        vault.make_empty(folder / DATABASE)
        local = vault.encrypted_engine(folder / DATABASE, data_key)
        store.prepare(local)
        facts = {"title": name, "practice": "1" if practice else "", "keys": PrivateKeys.make().to_text(), "url": url or ""}
        with vault.writing(local) as connection:
            connection.execute(store.about.insert(), [{"name": k, "value": v} for k, v in facts.items()])
        local.dispose()
        KeyFile(receiver_id, name, practice, slots).save(folder)
    except BaseException as e:
        for made in folder.glob(f"{DATABASE}*"):
            made.unlink(missing_ok=True)
        if isinstance(e, OSError | OperationalError):
            raise UserError(f"无法在“{folder.name}”里建立接收端，请检查磁盘是否已满或只读。") from e
        raise
    return open_receiver(folder, password), code


def open_receiver(folder: Path, password: str) -> Receiver:
    """UserError for a wrong password, a missing file, an unreachable PostgreSQL, a receiver that is open elsewhere."""
    keys = keyslots.load(folder)
    data_key = keyslots.unwrap(keys.slots[0], keys, password)
    if data_key is None:
        raise UserError("接收端的密码不对，请再试一次。")
    if not (folder / DATABASE).exists():
        raise UserError("找不到接收端的资料文件 receiver.db，什么也没有建立。")
    lock = vault.hold(folder)
    local = vault.encrypted_engine(folder / DATABASE, data_key)
    try:
        with local.connect() as connection:
            facts: dict[str, str] = {row.name: row.value for row in connection.execute(select(store.about))}
        data = local
        if facts["url"]:
            data = _prepared(_postgres(facts["url"]))
        return Receiver(folder, facts["title"], bool(facts["practice"]), PrivateKeys.from_text(facts["keys"]), local, data, lock)
    except BaseException:
        local.dispose()
        lock.release()
        raise
