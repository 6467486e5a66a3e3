"""Who may open the vault: the key file beside the database.

A random 32-byte data key encrypts the database. It is wrapped once for each user under a key from the password
(Argon2id, RFC 9106) and once under the printed recovery code, each time with AES-256-GCM. Name, role, vault and whether it is for
practice are bound into each slot as associated data: somebody who edits the file can make a slot unusable, never more powerful.

This module imports no database library, so that the unlock window is up before one is loaded.
"""

import base64
import hashlib
import json
import os
import secrets
import unicodedata
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from db.problems import UserError

FILE_NAME = "vault.json"
FORMAT = "uniondesk-vault"
VERSION = 1
RECOVERY = "恢复密钥"
RECOVERY_LENGTH, DOOR_LENGTH = 32, 16
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to misread


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    CLERK = "clerk"
    DOOR = "door"

    @property
    def label(self) -> str:
        return {Role.ADMINISTRATOR: "管理员", Role.CLERK: "干事", Role.DOOR: "签到员"}[self]


@dataclass(frozen=True)
class Cost:
    """What one guess costs: RFC 9106's second recommendation; about 0.13 s on an office PC of 2020."""

    memory_kib: int = 65536
    iterations: int = 3
    lanes: int = 4


DEFAULT_COST = Cost()


@dataclass(frozen=True)
class Slot:
    name: str
    role: Role
    salt: str
    nonce: str
    wrapped: str
    cost: Cost


@dataclass(frozen=True)
class KeyFile:
    """The parsed key file. Values only; `save` writes it beside and renames."""

    vault_id: str
    title: str
    practice: bool
    slots: tuple[Slot, ...]

    @property
    def users(self) -> tuple[Slot, ...]:
        return tuple(slot for slot in self.slots if slot.name != RECOVERY)

    def with_slot(self, slot: Slot) -> "KeyFile":
        return replace(self, slots=(*(s for s in self.slots if s.name != slot.name), slot))

    def without(self, name: str) -> "KeyFile":
        """ValueError when it would leave nobody who may administer the vault."""
        left = tuple(s for s in self.slots if s.name != name)
        if not any(s.role is Role.ADMINISTRATOR and s.name != RECOVERY for s in left):
            raise ValueError("the last administrator")
        return replace(self, slots=left)

    def save(self, folder: Path) -> None:
        body = json.dumps(
            {"format": FORMAT, "version": VERSION, "vault_id": self.vault_id, "title": self.title, "practice": self.practice, "slots": [asdict(s) for s in self.slots]},
            ensure_ascii=False, indent=1,
        )
        beside = folder / (FILE_NAME + ".new")
        try:
            with beside.open("w", encoding="utf-8") as out:
                out.write(body)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(folder / FILE_NAME)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


_DAMAGED = "钥匙文件 vault.json 损坏或不是本程序的，资料库没有打开。请从备份文件夹里取回同一天的 vault.json 和 vault.db。"


def load(folder: Path) -> KeyFile:
    """UserError with what to do where the key file is missing, damaged or of a newer program."""
    path = folder / FILE_NAME
    try:
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError("找不到钥匙文件 vault.json，资料库没有打开，也没有改动。请从备份文件夹里取回它。") from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise UserError(_DAMAGED) from None
    except OSError as e:
        raise UserError("钥匙文件 vault.json 读不出来，请检查文件夹的权限和磁盘；资料没有改动。") from e
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise UserError(_DAMAGED)
    if raw.get("version") != VERSION:
        raise UserError("这个资料库是用更新的程序建的，请先升级本程序再打开；资料没有改动。")
    try:
        slots = tuple(Slot(**{**slot, "role": Role(slot["role"]), "cost": Cost(**slot["cost"])}) for slot in raw["slots"])
        return KeyFile(raw["vault_id"], raw["title"], bool(raw["practice"]), slots)
    except (KeyError, TypeError, ValueError):
        raise UserError(_DAMAGED) from None


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _key_for(secret: str, salt: bytes, cost: Cost) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # the unlock window is up before this is loaded

    plain = unicodedata.normalize("NFKC", secret).encode()
    return Argon2id(salt=salt, length=32, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory_kib).derive(plain)


def _bound(vault_id: str, name: str, role: Role, practice: bool) -> bytes:
    return "\x1f".join((FORMAT, str(VERSION), vault_id, "practice" if practice else "real", name, role.value)).encode()


def wrap(data_key: bytes, *, vault_id: str, practice: bool, name: str, role: Role, secret: str, cost: Cost | None = None) -> Slot:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # as above

    cost = cost or DEFAULT_COST
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    wrapped = AESGCM(_key_for(secret, salt, cost)).encrypt(nonce, data_key, _bound(vault_id, name, role, practice))
    return Slot(name, role, _b64(salt), _b64(nonce), _b64(wrapped), cost)


def unwrap(slot: Slot, keys: KeyFile, secret: str) -> bytes | None:
    """The data key; None when the secret is wrong or the slot, or what it is bound to, was altered."""
    from cryptography.exceptions import InvalidTag  # as above
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # as above

    try:
        salt, nonce, wrapped = (base64.b64decode(part, validate=True) for part in (slot.salt, slot.nonce, slot.wrapped))
        return AESGCM(_key_for(secret, salt, slot.cost)).decrypt(nonce, wrapped, _bound(keys.vault_id, slot.name, slot.role, keys.practice))
    except (InvalidTag, ValueError, TypeError):
        return None


def new_recovery_code() -> str:
    """155 random bits and a check character, in groups of four, for a sheet of paper."""
    return _new_code(RECOVERY_LENGTH)


def new_door_code() -> str:
    """75 random bits and a check character: what a door's file is opened with. It is typed once or twice, from a slip of paper."""
    return _new_code(DOOR_LENGTH)


def _new_code(length: int) -> str:
    body = "".join(secrets.choice(_ALPHABET) for _ in range(length - 1))
    return _grouped(body + _check(body))


def _grouped(body: str) -> str:
    return "-".join(body[i : i + 4] for i in range(0, len(body), 4))


def _check(body: str) -> str:
    return _ALPHABET[hashlib.sha256(body.encode()).digest()[0] % 32]


def normal_recovery_code(typed: str) -> str | None:
    """The code as printed, from however it was typed; None when a character is wrong."""
    return _normal_code(typed, RECOVERY_LENGTH)


def normal_door_code(typed: str) -> str | None:
    """The same for a door's code."""
    return _normal_code(typed, DOOR_LENGTH)


def _normal_code(typed: str, length: int) -> str | None:
    plain = unicodedata.normalize("NFKC", typed).upper().replace("O", "0").replace("I", "1").replace("L", "1")
    body = "".join(c for c in plain if c in _ALPHABET)
    if len(body) != length or _check(body[:-1]) != body[-1]:
        return None
    return _grouped(body)


def strength(password: str) -> tuple[int, str]:
    """0 to 4 and a word for it: length and variety, as a person may judge it; no rule of composition."""
    kinds = sum(any(test(c) for c in password) for test in (str.isdigit, str.islower, str.isupper, lambda c: not c.isalnum() or ord(c) > 127))
    variety = len(set(password))
    score = min(len(password), 2 * variety) + 2 * (kinds - 1)
    place = sum(score >= limit for limit in (8, 11, 15, 20)) if password else 0
    return place, ("太短", "弱", "一般", "好", "很好")[place]
