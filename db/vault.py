"""The office's encrypted file: created, unlocked, migrated, copied; and refused in words when it cannot be.

A folder holds `vault.json` (the key slots), `vault.db` (SQLite under SQLCipher), `backups/` and a lock. A wrong or missing
key can only lead to a refusal: this module never creates a database except in `create`, and never a plain one.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, text
from sqlalchemy.exc import OperationalError

from db import keyslots
from db.keyslots import KeyFile, Role
from db.problems import UserError
from db.record import new_id

DATABASE = "vault.db"
BACKUPS = "backups"


@dataclass(frozen=True)
class User:
    name: str
    role: Role


class Vault:
    """An unlocked vault. `engine` opens sessions; `close` gives the file free for others."""

    def __init__(self, folder: Path, keys: KeyFile, user: User, data_key: bytes, lock: FileLock) -> None:
        self.folder = folder
        self.keys = keys
        self.user = user
        self._data_key = data_key
        self._lock = lock
        self._is_open = True
        self.engine = encrypted_engine(folder / DATABASE, data_key, allowed=lambda: self._is_open)

    @property
    def practice(self) -> bool:
        return self.keys.practice

    def close(self) -> None:
        """Nothing opens the file through this vault any more."""
        self._is_open = False
        self.engine.dispose()
        self._lock.release()

    def set_user(self, name: str, role: Role, password: str) -> None:
        """Add a user, or give one a new password or role. UserError when nobody would be left to administer."""
        others = any(s.role is Role.ADMINISTRATOR for s in self.keys.users if s.name != name)
        if name == keyslots.RECOVERY or (role is not Role.ADMINISTRATOR and not others):
            raise UserError("至少要留一位管理员，没有改。")
        self._keep(self.keys.with_slot(keyslots.wrap(self._data_key, vault_id=self.keys.vault_id, practice=self.keys.practice, name=name, role=role, secret=password)))

    def set_recovery_code(self, code: str) -> None:
        """The old printed sheet opens nothing any more."""
        slot = keyslots.wrap(self._data_key, vault_id=self.keys.vault_id, practice=self.keys.practice, name=keyslots.RECOVERY, role=Role.ADMINISTRATOR, secret=code)
        self._keep(self.keys.with_slot(slot))

    def remove_user(self, name: str) -> None:
        try:
            self._keep(self.keys.without(name))
        except ValueError:
            raise UserError("至少要留一位管理员，没有删除。") from None

    def _keep(self, keys: KeyFile) -> None:
        """First on the disk, then in use."""
        try:
            keys.save(self.folder)
        except OSError as e:
            raise UserError("钥匙文件没有写成，磁盘可能满了或只读，什么也没有改。") from e
        self.keys = keys

    def back_up(self, *, now: datetime | None = None) -> Path:
        """A proven copy under `backups/`: copied, opened with the key, checked whole, then kept. Thinned to 7 days, 5 weeks, 12 months."""
        now = now or datetime.now()
        final = self.folder / BACKUPS / now.strftime("%Y-%m-%d_%H%M%S")
        if final.exists():
            return final  # made within this second
        beside = final.with_suffix(".part")
        shutil.rmtree(beside, ignore_errors=True)
        try:
            beside.mkdir(parents=True)
            connection = _connect(self.folder / DATABASE, self._data_key)
            try:
                connection.execute("VACUUM INTO ?", (str(beside / DATABASE),))
            finally:
                connection.close()
            shutil.copy2(self.folder / keyslots.FILE_NAME, beside)
            _prove(beside / DATABASE, self._data_key)
            beside.rename(final)
        except BaseException as e:
            shutil.rmtree(beside, ignore_errors=True)
            if isinstance(e, OSError | sqlcipher.DatabaseError):
                raise UserError("备份没有写成，磁盘可能满了。请清出空间后再备份；资料本身没有受影响。") from e
            raise
        thin(self.folder / BACKUPS, today=now.date())
        return final

    def last_backup(self) -> datetime | None:
        kept = backups_in(self.folder / BACKUPS)
        return kept[-1][0] if kept else None


def backups_in(folder: Path) -> list[tuple[datetime, Path]]:
    found = []
    for path in folder.glob("????-??-??_??????") if folder.is_dir() else ():
        try:
            found.append((datetime.strptime(path.name, "%Y-%m-%d_%H%M%S"), path))
        except ValueError:
            continue  # somebody's own folder with a similar name
    return sorted(found)


def thin(folder: Path, *, today: date) -> None:
    """Keep the last of each of 7 days, 5 weeks and 12 months."""
    keep: dict[tuple[object, ...], Path] = {}
    for when, path in backups_in(folder):
        age = (today - when.date()).days
        if age < 7:
            keep["day", when.date()] = path
        if age < 35:
            keep["week", when.isocalendar()[:2]] = path
        if age < 366:
            keep["month", when.year, when.month] = path
    kept = set(keep.values())
    for _, path in backups_in(folder):
        if path not in kept:
            shutil.rmtree(path)


def _connect(path: Path, data_key: bytes) -> Any:
    # mode=rw: a missing file is an error here, never a new database.
    connection = sqlcipher.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, check_same_thread=False)
    connection.isolation_level = None  # transactions are begun by hand, as SQLAlchemy advises for SQLite
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA key = \"x'{data_key.hex()}'\"")
    cursor.execute("PRAGMA cipher_log_level = NONE")
    return connection


def encrypted_engine(path: Path, data_key: bytes, *, foreign_keys: bool = True, allowed: Callable[[], bool] = lambda: True) -> Engine:
    """An engine on an existing file (it may be empty) under SQLCipher with a raw key; durable on every commit."""
    def connect() -> Any:
        if not allowed():
            raise RuntimeError("the vault is closed")
        return _connect(path, data_key)

    engine = create_engine("sqlite+pysqlite://", module=sqlcipher, creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=4, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 10000", "cache_size = -65536", "temp_store = MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _prove(path: Path, data_key: bytes) -> None:
    """Open a copy and check every page. UserError if it is not whole."""
    connection = _connect(path, data_key)
    try:
        torn = connection.execute("PRAGMA cipher_integrity_check").fetchall()
        sound = connection.execute("PRAGMA quick_check").fetchall()
    except sqlcipher.DatabaseError as e:
        raise UserError("备份写出来以后读不回来，没有保留。请换一个磁盘再备份。") from e
    finally:
        connection.close()
    if torn or sound != [("ok",)]:
        raise UserError("备份写出来以后核对不上，没有保留。请换一个磁盘再备份。")


def make_empty(path: Path) -> None:
    """The file that an encrypted database will grow in, readable by its owner only."""
    path.touch()
    path.chmod(0o600)


def known_versions() -> tuple[str, ...]:
    """The numbers of the migrations this program has, oldest first."""
    folder = resources.files("db.migrations").joinpath("versions")
    return tuple(sorted(f.name.split("_")[0] for f in folder.iterdir() if f.name[:4].isdigit()))


def _migrate(path: Path, data_key: bytes, to: str = "head") -> None:
    # Without foreign keys: SQLite rebuilds a table by dropping it, which would cascade into its children.
    from alembic import command
    from alembic.config import Config

    engine = encrypted_engine(path, data_key, foreign_keys=False)
    try:
        with engine.begin() as connection:
            config = Config()
            with resources.as_file(resources.files("db.migrations")) as scripts:
                config.set_main_option("script_location", str(scripts))
                config.attributes["connection"] = connection
                command.upgrade(config, to)
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                raise RuntimeError(f"migration broke {len(broken)} references")
    finally:
        engine.dispose()


def hold(folder: Path) -> FileLock:
    """The folder's lock, so that one program works in it. UserError when another has it."""
    lock = FileLock(folder / "lock", timeout=0, thread_local=False)  # taken in a job's thread, let go in the window's
    try:
        lock.acquire()
    except Timeout:
        raise UserError("这个资料库已经在另一个窗口里打开了，请用那个窗口，或者先关掉它。") from None
    except OSError as e:
        raise UserError(f"无法使用文件夹“{folder.name}”，请检查是否只读。") from e
    return lock


def exists(folder: Path) -> bool:
    return (folder / keyslots.FILE_NAME).exists() or (folder / DATABASE).exists()


def create(folder: Path, *, title: str, administrator: str, password: str, recovery_code: str, practice: bool = False) -> Vault:
    """A new vault with its first administrator. UserError where the folder already holds one or cannot be written."""
    secrets_of = ((administrator, Role.ADMINISTRATOR, password), (keyslots.RECOVERY, Role.ADMINISTRATOR, recovery_code))
    return _make(folder, new_id(), title, practice, secrets_of)


def create_for_door(folder: Path, *, vault_id: str, title: str, door: str, code: str, practice: bool) -> Vault:
    """The file of a door that was sent out. Nobody administers it: it is thrown away after the lecture."""
    return _make(folder, vault_id, title, practice, ((door, Role.DOOR, code),))


def _make(folder: Path, vault_id: str, title: str, practice: bool, users: tuple[tuple[str, Role, str], ...]) -> Vault:
    if exists(folder):
        raise UserError(f"文件夹“{folder.name}”里已经有一个资料库，没有改动它。请打开它，或另选一个空文件夹。")
    cannot = UserError(f"无法在“{folder.name}”里建立资料库，请检查磁盘是否已满或只读。")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise cannot from e
    lock = hold(folder)
    try:
        data_key = secrets.token_bytes(32)
        make_empty(folder / DATABASE)
        _migrate(folder / DATABASE, data_key)
        slots = tuple(keyslots.wrap(data_key, vault_id=vault_id, practice=practice, name=name, role=role, secret=secret) for name, role, secret in users)
        keys = KeyFile(vault_id, title, practice, slots)
        keys.save(folder)
    except BaseException as e:
        lock.release()
        for made in (*folder.glob(f"{DATABASE}*"), folder / keyslots.FILE_NAME):
            made.unlink(missing_ok=True)
        if isinstance(e, OSError | sqlcipher.OperationalError | OperationalError):
            raise cannot from e
        raise
    name, role, _ = users[0]
    return Vault(folder, keys, User(name, role), data_key, lock)


def unlock(folder: Path, name: str, password: str) -> Vault:
    """Open an existing vault. UserError for a wrong name or password, a missing or damaged file, a newer or a busy one."""
    keys = keyslots.load(folder)
    if not (folder / DATABASE).exists():
        raise UserError("找不到资料文件 vault.db，什么也没有建立。请从备份文件夹里取回它。")
    slot = next((s for s in keys.slots if s.name == name), None)
    if slot and slot.role is Role.DOOR:
        password = keyslots.normal_door_code(password) or password  # a door's code, however it was typed
    data_key = keyslots.unwrap(slot, keys, password) if slot else None
    if slot is not None and slot.role is Role.DOOR and data_key is None and len(keys.slots) == 1:
        raise UserError("签到码不对，请对照纸条再输一遍。")
    if slot is None or data_key is None:
        raise UserError("姓名或密码不对，请再试一次。忘了密码可以用锁在柜子里的恢复密钥。")
    return _open(folder, keys, User(slot.name, slot.role), data_key)


def unlock_with_recovery(folder: Path, code: str) -> Vault:
    """Open with the printed recovery code, as an administrator who should set a new password next."""
    normal = keyslots.normal_recovery_code(code)
    if normal is None:
        raise UserError("恢复密钥输错了，请对照打印的那张纸，一共 32 个字符。")
    return unlock(folder, keyslots.RECOVERY, normal)


def _open(folder: Path, keys: KeyFile, user: User, data_key: bytes) -> Vault:
    lock = hold(folder)
    try:
        version = _version(folder / DATABASE, data_key)
        known = known_versions()
        if version not in known:
            raise UserError("这个资料库是用更新的程序建的，请先升级本程序再打开；资料没有改动。")
        vault = Vault(folder, keys, user, data_key, lock)
        if version != known[-1]:
            vault.back_up()
            vault.engine.dispose()
            _migrate(folder / DATABASE, data_key)
        return vault
    except BaseException:
        lock.release()
        raise


def _version(path: Path, data_key: bytes) -> str:
    try:
        connection = _connect(path, data_key)
        try:
            return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
        finally:
            connection.close()
    except sqlcipher.DatabaseError as e:
        raise UserError("资料文件 vault.db 损坏，或与钥匙文件不是一对，没有打开也没有改动。请从备份文件夹里取回同一天的两个文件。") from e


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: the lock is taken at once, and everything or nothing is kept."""
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        yield connection


def setting(connection: Connection, name: str) -> str | None:
    found = connection.execute(text("SELECT value FROM setting WHERE name = :name"), {"name": name}).scalar()
    return None if found is None else str(found)


def set_setting(connection: Connection, name: str, value: str) -> None:
    connection.execute(text("INSERT INTO setting(name, value) VALUES (:name, :value) ON CONFLICT(name) DO UPDATE SET value = excluded.value"), {"name": name, "value": value})
