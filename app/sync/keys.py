"""Keys of an office and of the district: made, written down, read, and called by a fingerprint (FORMAT.md, 5)."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from db.problems import UserError

KEY_FILE_SUFFIX = ".udkey"
_FORMAT = "uniondesk-district-key"


@dataclass(frozen=True)
class PublicKeys:
    """What others may know: Ed25519 public key (hexadecimal) and age recipient."""

    signing_key: str
    recipient: str

    @property
    def fingerprint(self) -> str:
        digest = hashlib.sha256(bytes.fromhex(self.signing_key) + self.recipient.encode("ascii")).hexdigest()[:32].upper()
        return " ".join(digest[i : i + 4] for i in range(0, 32, 4))

    def verify(self, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.signing_key)).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, repr=False)
class PrivateKeys:
    """Both private keys. Held in the vault only; never logged, so it has no repr."""

    signing: Ed25519PrivateKey
    identity: pyrage.x25519.Identity

    @classmethod
    def make(cls) -> "PrivateKeys":
        return cls(Ed25519PrivateKey.generate(), pyrage.x25519.Identity.generate())

    @classmethod
    def from_text(cls, text: str) -> "PrivateKeys":
        raw = json.loads(text)
        return cls(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(raw["signing"])), pyrage.x25519.Identity.from_str(raw["identity"]))

    def to_text(self) -> str:
        return json.dumps({"signing": self.signing.private_bytes_raw().hex(), "identity": str(self.identity)})

    @property
    def public(self) -> PublicKeys:
        return PublicKeys(self.signing.public_key().public_bytes_raw().hex(), str(self.identity.to_public()))


@dataclass(frozen=True)
class DistrictKey:
    """The district's key file as an office loads it."""

    name: str
    practice: bool
    keys: PublicKeys

    def to_text(self) -> str:
        return json.dumps({"name": self.name, "practice": self.practice, "signing_key": self.keys.signing_key, "recipient": self.keys.recipient}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> "DistrictKey":
        raw = json.loads(text)
        return cls(raw["name"], raw["practice"], PublicKeys(raw["signing_key"], raw["recipient"]))


def _signed(name: str, recipient: str, practice: bool) -> bytes:
    return "\n".join(("uniondesk-district-key-v1", name, recipient, "practice" if practice else "real")).encode()


def write_district_key(path: Path, name: str, keys: PrivateKeys, *, practice: bool) -> DistrictKey:
    public = keys.public
    body = {
        "format": _FORMAT, "version": 1, "name": name, "practice": practice, "signing_key": public.signing_key, "recipient": public.recipient,
        "fingerprint": public.fingerprint, "signature": keys.signing.sign(_signed(name, public.recipient, practice)).hex(),
    }
    try:
        path.write_text(json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as e:
        raise UserError(f"无法写入 {path.name}，请检查位置是否只读或已满。") from e
    return DistrictKey(name, practice, public)


def read_district_key(path: Path) -> DistrictKey:
    """UserError for a file that is missing, no key file, altered, or of a newer program."""
    damaged = UserError("这个钥匙文件损坏或被改动过，没有使用。请向区总工会重新要一份。")
    try:
        if path.stat().st_size > 65536:
            raise damaged
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"找不到钥匙文件“{path.name}”。请检查 U 盘是否还插着。") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        raise damaged from None
    if not isinstance(raw, dict) or raw.get("format") != _FORMAT:
        raise UserError("这不是区总工会的钥匙文件。钥匙文件以 .udkey 结尾，请向区总工会要。")
    if raw.get("version") != 1:
        raise UserError("这个钥匙文件是更新的程序做的，请先升级本程序。")
    try:
        keys = PublicKeys(raw["signing_key"], raw["recipient"])
        pyrage.x25519.Recipient.from_str(keys.recipient)
        sound = keys.verify(bytes.fromhex(raw["signature"]), _signed(raw["name"], keys.recipient, raw["practice"])) and raw["fingerprint"] == keys.fingerprint
    except (KeyError, TypeError, ValueError, pyrage.RecipientError):
        raise damaged from None
    if not sound:
        raise damaged
    return DistrictKey(raw["name"], bool(raw["practice"]), keys)
