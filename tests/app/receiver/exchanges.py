"""What the receiver's tests share: sending, merging, answering, and packages of our own making."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.receiver import answer, merge, store
from app.receiver.district import Receiver
from app.receiver.report import Report
from app.services.exchange import answers, keyring, send
from app.services.exchange.answers import TakenIn
from app.services.office import Office
from app.services.records import ActKind
from app.sync import package
from app.sync.package import Part
from app.sync.stick import write
from db.registers import Member
from tests.conftest import UNION, person


def connect(office: Office, receiver: Receiver, tmp_path: Path) -> None:
    receiver.write_key(tmp_path / "d.udkey")
    keyring.load_district_key(office, tmp_path / "d.udkey")


def export(office: Office, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return send.export(office, folder).path


def enrol(receiver: Receiver, path: Path) -> Report:
    return merge.merge(receiver, path, enrol=merge.look(receiver, path).fingerprint)


def read(office: Office, path: Path) -> TakenIn:
    return answers.take_in(office, answers.look(office, path))


def round_trip(office: Office, receiver: Receiver, folder: Path) -> TakenIn:
    """Export, merge, answer, read."""
    path = export(office, folder)
    merge.merge(receiver, path, enrol=keyring.own_keys(office).public.fingerprint)
    return read(office, answer.answer(receiver, office.vault.keys.vault_id, folder))


def backup_of(office: Office) -> Path:
    office.vault.engine.dispose()
    return office.vault.back_up()


def body_of(receiver: Receiver, record: str) -> dict[str, Any]:
    with receiver.reading() as connection:
        found: dict[str, Any] = json.loads(connection.execute(select(store.records.c.body).where(store.records.c.id == record)).scalar_one())
    return found


def add_more(office: Office, n: int) -> str:
    with office.act(ActKind.EDIT, "加") as act:
        return act.create(Member, person(n))


def crafted(office: Office, receiver: Receiver, folder: Path, lines: list[bytes], **manifest: Any) -> Path:
    """A package with content of our choosing, rightly signed by the office."""
    body = {
        "direction": "up", "practice": False, "union": {"id": office.vault.keys.vault_id, "uscc": UNION["uscc"], "name": UNION["name"]}, "series": 1, "previous": None, "pending": [],
        "covers": {"after": 0, "to": 99, "against": None}, "device": "0" * 16, "answered": 0, "purposes": ["membership"], "state": {},
        "schema": "0001", "program": "test", "made_at": "2026-11-20T06:00:00.000000Z", **manifest,
    }
    sealed = package.seal(body, [Part("member", lines)], sender=keyring.own_keys(office), to=receiver.keys.public)
    return write(folder, "crafted.udpkg", sealed.body)


def line(n: int, **values: Any) -> bytes:
    return json.dumps({"id": f"00000000-0000-4000-8000-{n:012}", "revision": 1, "values": {"full_name": "张三", **values}}).encode()
