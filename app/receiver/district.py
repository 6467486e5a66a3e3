"""The receiver: its folder with the keys, its store, who works at it. Made by `init`, opened by `open_receiver`.

The keys and the address of the store stand in an encrypted file, opened by an operator's password or the recovery code. The
records stand there too, or in a PostgreSQL that several operators share, each with a copy of the folder.
"""

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, select
from sqlalchemy.exc import OperationalError

from app.receiver import store
from app.sync.keys import KeyCard, KeyRing, PrivateKeys
from app.sync.suites import AGE, Suite
from db import keyslots, vault
from db.keyslots import KeyFile, Role
from db.problems import UserError
from db.record import new_id

DATABASE = "receiver.db"
_SHARED_RING = "ring"
DISTRICT, STREET = "district", "street"
FIRST_OPERATOR = "区总工会"


def stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True)
class Facts:
    """What the encrypted file says of the receiver."""

    id: str
    title: str
    role: str
    practice: bool
    ring: KeyRing
    url: str

    def rows(self) -> dict[str, str]:
        return {"id": self.id, "title": self.title, "role": self.role, "practice": "1" if self.practice else "", "keys": self.ring.to_text(), "url": self.url}

    @classmethod
    def read(cls, connection: Connection) -> "Facts":
        rows: dict[str, str] = {row.name: row.value for row in connection.execute(select(store.about))}
        return cls(rows["id"], rows["title"], rows["role"], bool(rows["practice"]), KeyRing.from_text(rows["keys"]), rows["url"])


class Receiver:
    """An open receiver. `data` holds the records: the encrypted file itself, or a PostgreSQL."""

    def __init__(self, folder: Path, facts: Facts, operator: str, key: bytes, local: Engine, data: Engine, lock: FileLock) -> None:
        self.folder = folder
        self.facts = facts
        self.operator = operator
        self._key = key
        self._local = local
        self.data = data
        self._lock = lock
        self._spoken_of = set[tuple[str, int, int]]()

    @property
    def name(self) -> str:
        return self.facts.title

    @property
    def practice(self) -> bool:
        return self.facts.practice

    @property
    def ring(self) -> KeyRing:
        return self.facts.ring

    @property
    def keys(self) -> PrivateKeys:
        return self.facts.ring.present

    @property
    def is_street(self) -> bool:
        return self.facts.role == STREET

    @property
    def card(self) -> KeyCard:
        return KeyCard(self.facts.role, self.facts.id, self.name, self.practice, self.keys.public, self.ring.proof(self.facts.id))

    def is_news(self, path: Path) -> bool:
        """Whether a refused file was not spoken of yet since this receiver was opened, so that looking again does not fill the audit."""
        try:
            about = (path.name, path.stat().st_size, path.stat().st_mtime_ns)
        except OSError:
            return False
        before = about in self._spoken_of
        self._spoken_of.add(about)
        return not before

    def close(self) -> None:
        self._local.dispose()
        self.data.dispose()
        self._lock.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.data.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction. UserError when the disk is full or the server went away; then nothing of it is kept."""
        try:
            with store.writing(self.data) as connection:
                yield connection
        except OperationalError as e:
            raise UserError("资料库写不进去（磁盘满了，或与服务器断开了），这一步没有保存，以前的都在。") from e

    def note(self, connection: Connection, what: str, *, office: str = "", code: str = "", **detail: Any) -> None:
        """A line of the audit. No personal data."""
        connection.execute(store.audit.insert().values(id=new_id(), at=stamp(), operator=self.operator, office=office, what=what, code=code, detail=json.dumps(detail, ensure_ascii=False)))

    def write_key(self, path: Path) -> KeyCard:
        """The key file that offices load."""
        self.card.write(path, self.keys)
        return self.card

    def rotate(self) -> KeyCard:
        """New keys; what is sent to the old ones is still opened, and every answer carries the new key file with the old one's proof."""
        self.refresh_keys()
        self._keep(Facts(self.facts.id, self.name, self.facts.role, self.practice, self.ring.rotated(), self.facts.url))
        with self.writing() as connection:
            self.note(connection, "rotate-own-keys", fingerprint=self.keys.public.fingerprint)
        return self.card

    def refresh_keys(self) -> None:
        """Take over keys that another operator has renewed meanwhile: with a shared store they lie there, wrapped in the key that both folders have."""
        if not self.facts.url:
            return
        with self.reading() as connection:
            wrapped = connection.execute(select(store.about.c.value).where(store.about.c.name == _SHARED_RING)).scalar()
        if wrapped is None:
            return
        nonce, body = bytes.fromhex(wrapped)[:12], bytes.fromhex(wrapped)[12:]
        ring = KeyRing.from_text(AESGCM(self._key).decrypt(nonce, body, self.facts.id.encode()).decode())
        if ring != self.ring:
            self._keep(Facts(self.facts.id, self.name, self.facts.role, self.practice, ring, self.facts.url), share=False)

    def _share(self, ring: KeyRing) -> None:
        nonce = secrets.token_bytes(12)
        wrapped = nonce + AESGCM(self._key).encrypt(nonce, ring.to_text().encode(), self.facts.id.encode())
        with self.writing() as connection:
            store.upsert(connection, store.about, [{"name": _SHARED_RING, "value": wrapped.hex()}])

    def _keep(self, facts: Facts, *, share: bool = True) -> None:
        if facts.url and share:
            self._share(facts.ring)
        with vault.writing(self._local) as connection:
            store.upsert(connection, store.about, [{"name": name, "value": value} for name, value in facts.rows().items()])
        self.facts = facts

    def operators(self) -> list[str]:
        return [slot.name for slot in keyslots.load(self.folder).slots if slot.name != keyslots.RECOVERY]

    def add_operator(self, name: str, password: str) -> None:
        """Another operator of this folder, or a new password for one."""
        if not name.strip() or len(password) < 8:
            raise UserError("请写操作员姓名，密码至少 8 个字符。")
        keys = keyslots.load(self.folder)
        keys.with_slot(keyslots.wrap(self._key, vault_id=keys.vault_id, practice=keys.practice, name=name.strip(), role=Role.ADMINISTRATOR, secret=password)).save(self.folder)

    def copy_to(self, folder: Path) -> None:
        """The receiver's keys for a second operator's PC. Only with PostgreSQL: an embedded store cannot be shared."""
        if not self.facts.url:
            raise UserError("资料在本机的文件里，不能两台电脑一起用。要一起用，请先换成 PostgreSQL。")
        if (folder / DATABASE).exists():
            raise UserError(f"文件夹“{folder.name}”里已经有一个接收端，没有改动它。")
        folder.mkdir(parents=True, exist_ok=True)
        with self._local.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        for name in (DATABASE, keyslots.FILE_NAME):
            shutil.copy2(self.folder / name, folder / name)


def _postgres(url: str) -> Engine:
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), hide_parameters=True)


def _prepared(engine: Engine) -> Engine:
    """The engine with its tables made. UserError when the server does not answer."""
    try:
        store.prepare(engine)
    except OperationalError as e:
        raise UserError("连不上区里的 PostgreSQL 数据库，请检查它是否开着、地址是否正确。") from e
    return engine


def init(
    folder: Path, *, name: str, password: str, url: str | None = None, practice: bool = False, role: str = DISTRICT, suite: Suite = AGE, ring: KeyRing | None = None, receiver_id: str | None = None
) -> tuple[Receiver, str]:
    """A new receiver and its recovery code. `url`: a PostgreSQL for the records; without it they stay in the encrypted file.

    `ring` and `receiver_id`: the keys of a receiver that was lost, put together again (app/receiver/escrow.py).
    """
    if (folder / DATABASE).exists() or vault.exists(folder):
        raise UserError(f"文件夹“{folder.name}”里已经有一个接收端，没有改动它。")
    if len(password) < 8:
        raise UserError("密码至少要 8 个字符。")
    if url:
        _prepared(_postgres(url)).dispose()
    folder.mkdir(parents=True, exist_ok=True)
    data_key, code = secrets.token_bytes(32), keyslots.new_recovery_code()
    facts = Facts(receiver_id or new_id(), name, role, practice, ring or KeyRing((PrivateKeys.make(suite),)), url or "")
    slots = tuple(
        keyslots.wrap(data_key, vault_id=facts.id, practice=practice, name=slot, role=Role.ADMINISTRATOR, secret=secret) for slot, secret in ((FIRST_OPERATOR, password), (keyslots.RECOVERY, code))
    )
    try:
        vault.make_empty(folder / DATABASE)
        local = vault.encrypted_engine(folder / DATABASE, data_key)
        store.prepare(local)
        with vault.writing(local) as connection:
            connection.execute(store.about.insert(), [{"name": k, "value": v} for k, v in facts.rows().items()])
        local.dispose()
        KeyFile(facts.id, name, practice, slots).save(folder)
    except BaseException as e:
        for made in folder.glob(f"{DATABASE}*"):
            made.unlink(missing_ok=True)
        if isinstance(e, OSError | OperationalError):
            raise UserError(f"无法在“{folder.name}”里建立接收端，请检查磁盘是否已满或只读。") from e
        raise
    return open_receiver(folder, password), code


def _unwrapped(keys: KeyFile, password: str, operator: str | None) -> tuple[str, bytes]:
    """Who the password belongs to, and the data key it opens."""
    for slot in keys.slots:
        if (operator is None or slot.name == operator) and (data_key := keyslots.unwrap(slot, keys, password)) is not None:
            return (FIRST_OPERATOR if slot.name == keyslots.RECOVERY else slot.name), data_key
    raise UserError("接收端的密码不对，请再试一次。")


def open_receiver(folder: Path, password: str, *, operator: str | None = None) -> Receiver:
    """UserError for a wrong password, a missing file, an unreachable PostgreSQL, a receiver that is open elsewhere."""
    name, data_key = _unwrapped(keyslots.load(folder), password, operator)
    if not (folder / DATABASE).exists():
        raise UserError("找不到接收端的资料文件 receiver.db，什么也没有建立。")
    lock = vault.hold(folder)
    local = vault.encrypted_engine(folder / DATABASE, data_key)
    try:
        with local.connect() as connection:
            facts = Facts.read(connection)
        data = _prepared(_postgres(facts.url)) if facts.url else local
        opened = Receiver(folder, facts, name, data_key, local, data, lock)
        opened.refresh_keys()
        return opened
    except BaseException:
        local.dispose()
        lock.release()
        raise
