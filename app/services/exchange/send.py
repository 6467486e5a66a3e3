"""The package onto the stick: what it will carry, sealed, written, read back, remembered, named; and its cover sheet."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Table, select

from app.services.claims import judging
from app.services.exchange import outbox
from app.services.exchange.keyring import district_key, own_ring, street_key
from app.services.exchange.outbox import Gathered, Heard, Progress, Unsent, unsent
from app.services.exchange.purposes import Scope, scope
from app.services.office import Office, stamp
from app.services.records import Act, ActKind, table_of
from app.services.setup import own_union
from app.sync import package, stick
from app.sync.keys import KeyCard
from app.sync.manifest import MOST_FILE
from app.sync.package import Sealed
from db.office_tables import SentPackage
from db.problems import UserError
from db.registers import SubsidyApplication, Union
from db.vault import known_versions

PROGRAM = "0.1.0"
PACKED, TO_BE_PACKED = "已打包", ("校验通过", "基层工会已审")
_SENT = cast(Table, SentPackage.__table__)


@dataclass(frozen=True)
class Preview:
    """What the next package will carry, before it is made."""

    waiting: Unsent
    gathered: Gathered
    scope: Scope
    anew: tuple[str, ...]
    """Why everything goes again, or what is reconciled, in a sentence each; empty for an ordinary package."""


@dataclass(frozen=True)
class Exported:
    series: int
    path: Path
    digest: str
    size: int
    counts: Mapping[str, int]
    slip: Mapping[str, Any]


def preview(office: Office, *, purposes: Sequence[str] | None = None, everything: bool = False) -> Preview:
    """Count what would go, register by register. Nothing is sealed and nothing remembered."""
    with office.vault.engine.connect() as connection, connection.begin():
        chosen = scope(connection, office.clock().astimezone().date(), purposes)
        waiting, reasons = _waiting(connection, chosen, everything=everything)
        return Preview(waiting, outbox.gather(connection, waiting, chosen, own_ring(office).present.suite), chosen, reasons)


def _waiting(connection: Connection, chosen: Scope, *, everything: bool) -> tuple[Unsent, tuple[str, ...]]:
    """What is unsent; all of it when the purposes are others than those of the last package."""
    known = outbox.heard(connection)
    reasons = ["全部资料重新报一遍。"] if everything else []
    before = connection.execute(select(_SENT.c.purposes).order_by(_SENT.c.series.desc()).limit(1)).scalar()
    if not everything and before is not None and known.last and json.loads(before) != chosen.signature:
        everything = True
        reasons.append("报送用途变了，全部资料重新报一遍。")
    waiting = unsent(connection, everything=everything)
    if waiting.heard.differs:
        reasons.append("区里的资料与本机不一致，这一批只带不一致的记录去核对。")
    return waiting, tuple(reasons)


def build(office: Office, *, purposes: Sequence[str] | None = None, everything: bool = False, progress: Progress | None = None) -> tuple[Sealed, Preview, Union]:
    """The next package, in memory. UserError when the district's key is not loaded or nothing is unsent."""
    district, readers = _readers(office)
    ring, union = own_ring(office), own_union(office)
    with office.vault.engine.connect() as connection, connection.begin():
        chosen = scope(connection, office.clock().astimezone().date(), purposes)
        if any(r.__tablename__ in office.hidden for r in chosen.registers):
            raise UserError("困难职工档案要管理员允许的人才能报送。")
        if not chosen.purposes:
            raise UserError("没有选报送用途，不知道该报哪些内容。请至少勾一项。")
        waiting, reasons = _waiting(connection, chosen, everything=everything)
        gathered = outbox.gather(connection, waiting, chosen, ring.present.suite, progress=progress)
        if gathered.total == 0 and not waiting.heard.differs:
            raise UserError("上次回执以后没有新的变化，不用报送。")
        manifest = _manifest(office, connection, union, waiting, chosen, gathered, district)
    sealed = package.seal(manifest, gathered.parts, sender=ring.present, to=[card.keys for card in readers], proof=ring.proof(office.vault.keys.vault_id))
    if len(sealed.body) > MOST_FILE:
        raise UserError("这一批太大，超过了一个数据包的上限。请少勾几项用途，分两批报送。")
    return sealed, Preview(waiting, gathered, chosen, reasons), union


def _readers(office: Office) -> tuple[KeyCard, list[KeyCard]]:
    district, street = district_key(office), street_key(office)
    if district is None:
        raise UserError("还没有装区总工会的钥匙文件。请把区里给的 .udkey 文件装上，再导出。")
    if district.practice != office.practice or (street and street.practice != office.practice):
        raise UserError("练习和真实的钥匙不能混用，没有导出。请重新装上对的钥匙文件。")
    return district, [district] + ([street] if street else [])


def _manifest(office: Office, connection: Connection, union: Union, waiting: Unsent, chosen: Scope, gathered: Gathered, district: KeyCard) -> dict[str, Any]:
    known: Heard = waiting.heard
    against = known.series if known.differs else None
    earlier, previous = outbox.pending(connection, district.id, known)
    return {
        "direction": "up", "practice": office.practice, "union": {"id": office.vault.keys.vault_id, "uscc": union.uscc or "", "name": union.name or ""},
        "series": outbox.next_series(connection), "previous": None if against else previous, "pending": [] if against else earlier,
        "covers": {"after": min(waiting.after, waiting.to), "to": waiting.to, "against": against}, "device": device(office.vault.keys.vault_id),
        "answered": known.series, "purposes": chosen.ids, "state": gathered.state, "schema": known_versions()[-1], "program": PROGRAM, "made_at": stamp(office.clock()),
    }


def device(union_id: str) -> str:
    """Differs from PC to PC, says nothing else: a vault that was copied to another PC is told apart from one that was restored."""
    try:
        machine = Path("/etc/machine-id").read_text().strip()
    except OSError:
        machine = f"{uuid.getnode():x}"
    return hashlib.sha256(f"{union_id} {machine}".encode()).hexdigest()[:16]


def export(office: Office, folder: Path, *, purposes: Sequence[str] | None = None, everything: bool = False, progress: Progress | None = None) -> Exported:
    """Build the package, write it onto the stick, read it back, remember it, and only then give it its name.

    Remembered before it is named: a file that the district may see has always its row here, so that no series is given twice.
    """
    office.clerks_only()
    hold_back(office)
    sealed, made, union = build(office, purposes=purposes, everything=everything, progress=progress)
    district = district_key(office)
    assert district is not None
    series = int(sealed.manifest["series"])
    name = file_name(union.name or "", series, office.clock().astimezone(), practice=office.practice) + package.UP_SUFFIX
    counts = {register: count.total for register, count in made.gathered.counts.items()}

    def remember() -> None:
        with office.act(ActKind.PACKAGE, f"导出第 {series} 批数据包") as act:
            if act.connection.execute(select(_SENT.c.series).where(_SENT.c.series == series)).scalar() is not None:
                raise UserError("另一个窗口刚导出过一批，这一批没有写出。请再导出一次。")
            act.note(series=series, digest=sealed.digest, counts=counts, file=name)
            act.connection.execute(_SENT.insert().values(
                series=series, digest=sealed.digest, up_to_seq=made.waiting.to, made_at=act.at, counts=json.dumps(counts), file_name=name, addressee=district.id,
                against=sealed.manifest["covers"]["against"], purposes=json.dumps(made.scope.signature, ensure_ascii=False),
            ))
            _mark_packed(act)

    path = stick.write(folder, name, sealed.body, progress=progress, before_naming=remember)
    return Exported(series, path, sealed.digest, len(sealed.body), counts, _slip(office, sealed, made, name, district, everything=everything))


def hold_back(office: Office) -> int:
    """Claims that may not be made any more (a merge, an undo, a changed certificate) go back to 草稿 before the package is made, with the reason; how many."""
    with office.vault.engine.connect() as connection:
        wrong = judging.no_longer_in_order(connection, TO_BE_PACKED, office.clock().astimezone().date())
    if wrong:
        table = table_of(SubsidyApplication)
        with office.act(ActKind.APPLICATION, f"{len(wrong)} 份申请不能报，退回草稿") as act:
            for claim, why in wrong.items():
                note = act.connection.execute(select(table.c.note).where(table.c.id == claim)).scalar()
                act.change(SubsidyApplication, claim, {"state": "草稿", "note": f"{note + '；' if note else ''}没有报：{why}"[:200]}, checked=True)
    return len(wrong)


def _mark_packed(act: Act) -> None:
    """Applications that go with this package are 已打包 from now on."""
    table = table_of(SubsidyApplication)
    for record_id in act.connection.execute(select(table.c.id).where(table.c.removed_at.is_(None), table.c.state.in_(TO_BE_PACKED))).scalars().all():
        act.change(SubsidyApplication, record_id, {"state": PACKED}, checked=True)


def _slip(office: Office, sealed: Sealed, made: Preview, name: str, district: KeyCard, *, everything: bool) -> dict[str, Any]:
    own, street = own_ring(office).present.public, street_key(office)
    from db.registers import register_named

    counts = "，".join(f"{register_named(register).label} {count.total} 条（{count.sentence}）" for register, count in made.gathered.counts.items())
    total = sum(count.total for count in made.gathered.counts.values())
    return {
        "series": int(sealed.manifest["series"]), "digest": sealed.digest[:32], "short_digest": short(sealed.digest), "file_name": name,
        "made_at": office.clock().astimezone(), "size": size_words(len(sealed.body)), "addressee": district.name + (f"（经 {street.name} 初审）" if street else ""), "fingerprint": own.fingerprint,
        "words": own.words, "counts": (counts + (f"，照片 {made.gathered.photos} 张" if made.gathered.photos else "")) or "没有变化",
        "purposes": "、".join(p.title for p in made.scope.purposes),
        "covers": f"全部资料重新报一遍，共 {total} 条。" if everything else f"{''.join(made.anew) or '包含这些用途上次回执以来的全部变化，'}共 {total} 条。",
    }


def short(digest: str) -> str:
    """The 核对码 on the cover sheet."""
    return "-".join(digest[i : i + 4].upper() for i in range(0, 16, 4))


def file_name(union: str, series: int, day: datetime, *, practice: bool) -> str:
    """单位_年度_批次_日期, without characters that FAT32 refuses."""
    return f"{'练习_' if practice else ''}{plain_file_name(union)}_{day:%Y}_{series:03}_{day:%Y%m%d}"


def plain_file_name(text: str) -> str:
    """What may stand in a file's name on any stick: letters, digits and characters, thirty of them."""
    return "".join(c for c in text if c.isalnum())[:30]


def size_words(size: int) -> str:
    return f"{size / 1024:.0f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"


@dataclass(frozen=True)
class Sent:
    """One package of the past, and whether the district has answered it."""

    series: int
    digest: str
    made_at: str
    total: int
    answered_at: str | None


def sent_packages(office: Office) -> list[Sent]:
    """Everything that left this office, newest first."""
    with office.vault.engine.connect() as connection:
        from app.services.exchange.answers import read_answers

        answers = read_answers(connection)
        rows = connection.execute(select(_SENT).order_by(_SENT.c.series.desc())).mappings().all()
    return [
        Sent(row["series"], row["digest"], row["made_at"], sum(json.loads(row["counts"]).values()), next((a.read_at for a in answers if a.last >= row["series"] and a.is_ours), None)) for row in rows
    ]
