"""Keys of offices, street unions and the district: made, written down, read, called by a fingerprint, followed by new ones (FORMAT.md, 7)."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.sync import words
from app.sync.suites import AGE, SUITES, Suite, suite_of
from db.problems import UserError

KEY_FILE_SUFFIX = ".udkey"
_FORMAT, _VERSION, _MOST = "uniondesk-key", 1, 65536
ROLES = {"district": "区总工会", "street": "街道或产业工会", "office": "基层工会"}


@dataclass(frozen=True)
class PublicKeys:
    """What others may know: the signing key (hexadecimal) and the recipient, in the suite that the recipient is written in."""

    signing_key: str
    recipient: str

    @property
    def suite(self) -> Suite:
        return suite_of(self.recipient)

    @property
    def are_sound(self) -> bool:
        return self.suite.are_keys(self.signing_key, self.recipient)

    @property
    def fingerprint(self) -> str:
        digits = self.suite.digest(bytes.fromhex(self.signing_key), self.recipient.encode("ascii"))[:16].hex().upper()
        return " ".join(digits[i : i + 4] for i in range(0, 32, 4))

    @property
    def words(self) -> str:
        """The fingerprint as it is read over the telephone."""
        return words.in_words(self.fingerprint)

    def verify(self, signature: bytes, message: bytes) -> bool:
        return self.suite.verify(self.signing_key, signature, message)


@dataclass(frozen=True, repr=False)
class PrivateKeys:
    """Both private keys as text. Held in the vault only; never logged, so it has no repr."""

    signing: str
    identity: str

    @classmethod
    def make(cls, suite: Suite = AGE) -> "PrivateKeys":
        return cls(*suite.make())

    @classmethod
    def from_text(cls, text: str) -> "PrivateKeys":
        raw = json.loads(text)
        return cls(raw["signing"], raw["identity"])

    def to_text(self) -> str:
        return json.dumps({"signing": self.signing, "identity": self.identity})

    @property
    def suite(self) -> Suite:
        return suite_of(self.identity)

    @property
    def public(self) -> PublicKeys:
        return PublicKeys(*self.suite.public(self.signing, self.identity))

    def sign(self, message: bytes) -> bytes:
        return self.suite.sign(self.signing, message)


@dataclass(frozen=True, repr=False)
class KeyRing:
    """Our own keys: the present ones, and older ones that others may still be writing to (overlap)."""

    keys: tuple[PrivateKeys, ...]

    @classmethod
    def of(cls, keys: "PrivateKeys | KeyRing") -> "KeyRing":
        return keys if isinstance(keys, KeyRing) else cls((keys,))

    @classmethod
    def from_text(cls, text: str) -> "KeyRing":
        raw = json.loads(text)
        return cls(tuple(PrivateKeys(k["signing"], k["identity"]) for k in (raw if isinstance(raw, list) else [raw])))

    def to_text(self) -> str:
        return json.dumps([{"signing": k.signing, "identity": k.identity} for k in self.keys])

    @property
    def present(self) -> PrivateKeys:
        return self.keys[0]

    def rotated(self) -> "KeyRing":
        """New keys in front; two older generations are kept."""
        return KeyRing((PrivateKeys.make(self.present.suite), *self.keys[:2]))

    def proof(self, owner: str) -> "Proof | None":
        """That the present keys follow the ones before; None when there were none."""
        return prove(owner, self.present.public, self.keys[1]) if len(self.keys) > 1 else None


@dataclass(frozen=True)
class Proof:
    """An old key's word that a new one follows it."""

    signing_key: str
    signature: str

    def to_json(self) -> dict[str, str]:
        return {"signing_key": self.signing_key, "signature": self.signature}


def _rotation(owner: str, new: PublicKeys) -> bytes:
    return "\n".join(("uniondesk-rotation-v1", owner, new.signing_key, new.recipient)).encode()


def prove(owner: str, new: PublicKeys, old: PrivateKeys) -> Proof:
    return Proof(old.public.signing_key, old.sign(_rotation(owner, new)).hex())


def follows(owner: str, new: PublicKeys, old: PublicKeys, proof: Mapping[str, Any] | None) -> bool:
    """Whether the proof says that `new`, of this suite or another, follows `old`."""
    if not isinstance(proof, Mapping) or proof.get("signing_key") != old.signing_key:
        return False
    signature = proof.get("signature")
    return isinstance(signature, str) and re.fullmatch("[0-9a-f]{128}", signature) is not None and old.verify(bytes.fromhex(signature), _rotation(owner, new))


@dataclass(frozen=True)
class KeyCard:
    """Somebody's public keys with a name to them, as a key file carries them."""

    role: str
    id: str
    name: str
    practice: bool
    keys: PublicKeys
    proof: Proof | None = None

    def _signed(self) -> bytes:
        return "\n".join(
            ("uniondesk-key-v1", self.role, self.id, self.name, self.keys.suite.name, self.keys.recipient, "practice" if self.practice else "real")
        ).encode()

    def body(self, keys: PrivateKeys) -> dict[str, Any]:
        """The key file's JSON, signed."""
        made: dict[str, Any] = {
            "format": _FORMAT, "version": _VERSION, "role": self.role, "id": self.id, "name": self.name, "practice": self.practice, "suite": self.keys.suite.name,
            "signing_key": self.keys.signing_key, "recipient": self.keys.recipient, "fingerprint": self.keys.fingerprint, "signature": keys.sign(self._signed()).hex(),
        }
        return {**made, "proof": self.proof.to_json()} if self.proof else made

    def write(self, path: Path, keys: PrivateKeys) -> None:
        try:
            path.write_text(json.dumps(self.body(keys), ensure_ascii=False, indent=1), encoding="utf-8")
        except OSError as e:
            raise UserError(f"无法写入 {path.name}，请检查位置是否只读或已满。") from e

    def to_text(self) -> str:
        """As it is remembered, once it was verified."""
        return json.dumps({"role": self.role, "id": self.id, "name": self.name, "practice": self.practice, "signing_key": self.keys.signing_key, "recipient": self.keys.recipient}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> "KeyCard":
        raw = json.loads(text)
        return cls(raw["role"], raw["id"], raw["name"], raw["practice"], PublicKeys(raw["signing_key"], raw["recipient"]))


DAMAGED = "这个钥匙文件损坏或被改动过，没有使用。请重新要一份。"


def read_card(raw: object) -> KeyCard:
    """The card in a key file's JSON. UserError when it is none, is of a newer program, or was altered."""
    if not isinstance(raw, dict) or raw.get("format") != _FORMAT:
        raise UserError("这不是钥匙文件。钥匙文件以 .udkey 结尾，请向对方要一份。")
    if raw.get("version") != _VERSION or raw.get("suite") not in SUITES:
        raise UserError("这个钥匙文件是更新的程序做的，请先升级本程序。")
    try:
        texts: Sequence[str] = [raw[k] for k in ("role", "id", "name", "signing_key", "recipient", "fingerprint", "signature")]
        if not all(isinstance(text, str) for text in texts) or not isinstance(raw["practice"], bool) or raw["role"] not in ROLES:
            raise UserError(DAMAGED)
        keys = PublicKeys(raw["signing_key"], raw["recipient"])
        given = raw.get("proof")
        proof = Proof(given["signing_key"], given["signature"]) if isinstance(given, dict) else None
        card = KeyCard(raw["role"], raw["id"], raw["name"], raw["practice"], keys, proof)
        sound = keys.are_sound and keys.suite.name == raw["suite"] and raw["fingerprint"] == keys.fingerprint and keys.verify(bytes.fromhex(raw["signature"]), card._signed())
    except (KeyError, ValueError):
        raise UserError(DAMAGED) from None
    if not sound:
        raise UserError(DAMAGED)
    return card


def read_key_file(path: Path, *, role: str) -> KeyCard:
    """UserError for a file that is missing, no key file, altered, of a newer program, or of somebody else's role."""
    try:
        if path.stat().st_size > _MOST:
            raise UserError(DAMAGED)
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"找不到钥匙文件“{path.name}”。请检查 U 盘是否还插着。") from None
    except (OSError, ValueError, RecursionError):
        raise UserError(DAMAGED) from None
    card = read_card(raw)
    if card.role != role:
        raise UserError(f"这是{ROLES[card.role]}的钥匙文件，这里要的是{ROLES[role]}的。")
    return card
