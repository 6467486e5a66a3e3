"""The door's PIN: it opens the door again after a pause and lets the greeter leave it. It never opens the registers."""

import hashlib
import hmac
import secrets

from app.services.office import Office
from db.problems import UserError
from db.vault import set_setting

PIN = "door_pin"
SHORTEST, LONGEST = 4, 12


def hashed(pin: str) -> str:
    """What is kept of a PIN: salt and scrypt (RFC 7914). It lies in the encrypted file; this only keeps it from being read there by chance."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{_hash(pin, salt).hex()}"


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=1 << 14, r=8, p=1)


def set_pin(office: Office, pin: str) -> None:
    """Set the PIN, or with an empty one none. UserError when it is no PIN."""
    office.clerks_only()
    if pin and not (pin.isdecimal() and pin.isascii() and SHORTEST <= len(pin) <= LONGEST):
        raise UserError(f"口令用 {SHORTEST} 到 {LONGEST} 位数字。")
    with office.writing() as connection:
        set_setting(connection, PIN, hashed(pin) if pin else "")


def has_pin(office: Office) -> bool:
    return bool(office.setting(PIN))


def is_pin(office: Office, typed: str) -> bool:
    salt, _, wanted = (office.setting(PIN) or "").partition(":")
    return bool(wanted) and hmac.compare_digest(_hash(typed, bytes.fromhex(salt)).hex(), wanted)
