"""Scans, photographs and papers of a record, kept in the vault."""

import mimetypes
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Table, select

from app.services import portrait
from app.services.lectures.photos import scaled, small_enough
from app.services.office import Office
from app.services.records import ActKind
from db.office_tables import MergedAway, RecordFile
from db.problems import UserError
from db.record import Record, fields_of, new_id
from db.registers import Competition, Entry, Member

PHOTO, SCAN, PICTURE, PAPER = "照片", "扫描件", "图片", "附件"
ROLES = (PHOTO, SCAN, PICTURE, PAPER)
"""A portrait for the forms; a scanned certificate or paper; a picture for a form's annex; any other file."""
LARGEST = 20 << 20
MOST = 40
ALLOWED = (".jpg", ".jpeg", ".png", ".pdf", ".docx", ".xlsx", ".doc", ".xls", ".txt")
_TABLE = cast(Table, RecordFile.__table__)
_MERGED = cast(Table, MergedAway.__table__)


@dataclass(frozen=True)
class Kept:
    id: str
    role: str
    name: str
    media_type: str
    added_at: str
    size: int


def _known_as(connection: Connection, record_id: str) -> list[str]:
    """A record's id, and those of the records that were merged into it."""
    ids = [record_id]
    for one in ids:
        ids += connection.execute(select(_MERGED.c.old_id).where(_MERGED.c.into_id == one)).scalars()
    return ids


def _may(office: Office, register: str | None) -> None:
    """UserError for files of a register that this user may not see."""
    if register in office.hidden:
        raise UserError("这一条要管理员允许的人才能看。")


def _register_of(connection: Connection, file_id: str) -> str | None:
    return connection.execute(select(_TABLE.c.register).where(_TABLE.c.id == file_id)).scalar()


def of_record(connection: Connection, record_id: str) -> list[Kept]:
    rows = connection.execute(select(_TABLE).where(_TABLE.c.record_id.in_(_known_as(connection, record_id))).order_by(_TABLE.c.id))
    return [Kept(r.id, r.role, r.name, r.media_type, r.added_at, len(r.body)) for r in rows]


def body_of(connection: Connection, file_id: str) -> bytes:
    """UserError where it is gone."""
    body = connection.execute(select(_TABLE.c.body).where(_TABLE.c.id == file_id)).scalar()
    if body is None:
        raise UserError("这个附件已经不在了，请刷新后再看。")
    return bytes(body)


def photo_of(connection: Connection, record_id: str) -> bytes | None:
    """The newest photograph of a record."""
    return connection.execute(select(_TABLE.c.body).where(_TABLE.c.record_id.in_(_known_as(connection, record_id)), _TABLE.c.role == PHOTO).order_by(_TABLE.c.id.desc()).limit(1)).scalar()


def pictures_of(connection: Connection, record_id: str) -> list[Kept]:
    """The pictures that go on a form's annex, in the order in which they were added."""
    return [kept for kept in of_record(connection, record_id) if kept.role == PICTURE]


def whose_photo(connection: Connection, register: type[Record], record_id: str) -> tuple[type[Record], str]:
    """Whom a portrait belongs to: the member that the record is about, so that every form of hers has it; else the record itself."""
    who = next((f.name for f in fields_of(register) if f.kind.refers_to == Member.__tablename__), None)
    member = connection.execute(select(register.__table__.c[who]).where(register.__table__.c.id == record_id)).scalar() if who else None
    return (Member, member) if member else (register, record_id)


def photo_rule(connection: Connection, register: type[Record], record_id: str, day: date) -> portrait.PhotoRule:
    """What the record's photograph must be: the competition's rule for an entry, the usual one for all else."""
    asked = None
    if register is Entry:
        table = Competition.__table__
        asked = connection.execute(select(table.c.photo_rule).where(table.c.id.in_(select(Entry.competition).where(Entry.id == record_id)))).scalar()
    found = portrait.rule_on(connection, asked or portrait.USUAL, day) or portrait.rule_on(connection, portrait.USUAL, day)
    assert found is not None, "the usual rule is shipped"
    return found


def add(office: Office, register: type[Record], record_id: str, path: Path, role: str) -> str:
    """Keep a file with a record; its id. UserError for one that is too large, of a kind that could run, or cannot be read."""
    if path.suffix.lower() not in ALLOWED:
        raise UserError("只收图片、PDF、Word、Excel 和文本文件。")
    try:
        body = path.read_bytes()
    except OSError as e:
        raise UserError(f"读不到“{path.name}”，请看文件还在不在。") from e
    if len(body) > LARGEST:
        raise UserError(f"“{path.name}”太大了（最多 {LARGEST >> 20} MB），请先缩小。")
    return put(office, register, record_id, path.name, body, role)


def put(office: Office, register: type[Record], record_id: str, name: str, body: bytes, role: str) -> str:
    """Keep these bytes with a record; a portrait takes the place of the one before. UserError where there are too many."""
    office.clerks_only()
    _may(office, register.__tablename__)
    with office.act(ActKind.SETTING, f"加{role}：{register.label}") as act:
        act.current(register, record_id)
        if len(act.connection.execute(select(_TABLE.c.id).where(_TABLE.c.record_id == record_id)).all()) >= MOST:
            raise UserError(f"一条记录最多放 {MOST} 个附件，请先去掉几个。")
        if role == PHOTO:
            portrait.upright(body)  # what is no picture would stop every form of hers
            act.connection.execute(_TABLE.delete().where(_TABLE.c.record_id == record_id, _TABLE.c.role == PHOTO))
        if role == PICTURE:
            body, name = small_enough(scaled(body, name)[0]), f"{Path(name).stem}.jpg"
        made = new_id()
        act.connection.execute(
            _TABLE.insert().values(id=made, register=register.__tablename__, record_id=record_id, role=role, name=name[:200], media_type=mimetypes.guess_type(name)[0] or "application/octet-stream", added_at=act.at, body=body)
        )
        act.note(register=register.__tablename__, record=record_id, file=made)
    return made


def forget(connection: Connection, records: list[str]) -> None:
    """Everything kept with these records, gone for good."""
    for start in range(0, len(records), 500):
        connection.execute(_TABLE.delete().where(_TABLE.c.record_id.in_(records[start : start + 500])))


def rename(office: Office, file_id: str, name: str) -> None:
    """What it is called: the caption under a picture, the name of a scan."""
    office.clerks_only()
    with office.writing() as connection:
        _may(office, _register_of(connection, file_id))
        old = connection.execute(select(_TABLE.c.name).where(_TABLE.c.id == file_id)).scalar()
        if old and name.strip():
            connection.execute(_TABLE.update().where(_TABLE.c.id == file_id).values(name=name.strip()[:180] + Path(old).suffix))


def remove(office: Office, file_id: str) -> None:
    """Gone for good: what people handed in is not kept behind their backs."""
    office.clerks_only()
    with office.act(ActKind.SETTING, "去掉附件") as act:
        _may(office, _register_of(act.connection, file_id))
        act.connection.execute(_TABLE.delete().where(_TABLE.c.id == file_id))
        act.note(file=file_id)
