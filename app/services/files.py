"""Scans, photographs and papers of a record, kept in the vault."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Table, select

from app.services.office import Office
from app.services.records import ActKind
from db.office_tables import RecordFile
from db.problems import UserError
from db.record import Record, new_id

PHOTO, SCAN, PAPER = "照片", "扫描件", "附件"
ROLES = (PHOTO, SCAN, PAPER)
LARGEST = 20 << 20
ALLOWED = (".jpg", ".jpeg", ".png", ".pdf", ".docx", ".xlsx", ".doc", ".xls", ".txt")
_TABLE = cast(Table, RecordFile.__table__)


@dataclass(frozen=True)
class Kept:
    id: str
    role: str
    name: str
    media_type: str
    added_at: str
    size: int


def of_record(connection: Connection, record_id: str) -> list[Kept]:
    rows = connection.execute(select(_TABLE).where(_TABLE.c.record_id == record_id).order_by(_TABLE.c.id))
    return [Kept(r.id, r.role, r.name, r.media_type, r.added_at, len(r.body)) for r in rows]


def body_of(connection: Connection, file_id: str) -> bytes:
    """UserError where it is gone."""
    body = connection.execute(select(_TABLE.c.body).where(_TABLE.c.id == file_id)).scalar()
    if body is None:
        raise UserError("这个附件已经不在了，请刷新后再看。")
    return bytes(body)


def photo_of(connection: Connection, record_id: str) -> bytes | None:
    """The newest photograph of a record."""
    return connection.execute(select(_TABLE.c.body).where(_TABLE.c.record_id == record_id, _TABLE.c.role == PHOTO).order_by(_TABLE.c.id.desc()).limit(1)).scalar()


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
    with office.act(ActKind.SETTING, f"加{role}：{register.label}") as act:
        act.current(register, record_id)
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


def remove(office: Office, file_id: str) -> None:
    with office.act(ActKind.SETTING, "去掉附件") as act:
        act.connection.execute(_TABLE.delete().where(_TABLE.c.id == file_id))
        act.note(file=file_id)
