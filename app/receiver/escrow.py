"""The receiver's keys in n parts of which k restore them: SLIP-0039, by shamir-mnemonic.

What is split is a random key of 256 bits; the private keys lie beside it in a file encrypted with that key (AES-256-GCM). The file
alone says nothing, k-1 parts say nothing, and a part is 33 words with a checksum of their own, so that a slip of the pen is found.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.receiver import district
from app.receiver.district import Receiver
from app.sync.keys import KeyRing
from db.problems import UserError

_FORMAT = "uniondesk-escrow"
SUFFIX = ".udescrow"


@dataclass(frozen=True)
class Split:
    """What splitting left: the file for all holders, and one sheet's text for each."""

    file: Path
    sheets: tuple[Path, ...]
    parts: tuple[str, ...]


def split(receiver: Receiver, folder: Path, *, parts: int, needed: int) -> Split:
    """Write the escrow file and one text file a part into a folder. UserError for numbers that make no sense or a place that cannot be written."""
    from shamir_mnemonic import generate_mnemonics

    if not 2 <= needed <= parts <= 16:
        raise UserError("至少要 2 片才能恢复，总数最多 16 片，恢复所需的不能比总数多。")
    secret = secrets.token_bytes(32)
    words = generate_mnemonics(1, [(needed, parts)], secret)[0]
    about = {"format": _FORMAT, "version": 1, "id": receiver.facts.id, "name": receiver.name, "role": receiver.facts.role, "practice": receiver.practice, "parts": parts, "needed": needed}
    nonce = secrets.token_bytes(12)
    sealed = AESGCM(secret).encrypt(nonce, receiver.ring.to_text().encode(), json.dumps(about, sort_keys=True).encode())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"接收端钥匙{SUFFIX}"
        file.write_text(json.dumps({**about, "nonce": nonce.hex(), "sealed": sealed.hex()}, ensure_ascii=False, indent=1), "utf-8")
        sheets = []
        for n, part in enumerate(words, 1):
            sheet = folder / f"分片{n:02}.txt"
            sheet.write_text(_sheet(receiver, n, parts, needed, part), "utf-8")
            sheets.append(sheet)
    except OSError as e:
        raise UserError(f"无法写到“{folder.name}”，请检查位置是否只读或已满。") from e
    with receiver.writing() as connection:
        receiver.note(connection, "split-key", parts=parts, needed=needed)
    return Split(file, tuple(sheets), tuple(words))


def _sheet(receiver: Receiver, n: int, parts: int, needed: int, part: str) -> str:
    words = part.split()
    lines = ["  ".join(f"{place:>2} {word:<10}" for place, word in enumerate(words[start : start + 4], start + 1)).rstrip() for start in range(0, len(words), 4)]
    return f"{receiver.name} 接收端钥匙　第 {n} 片（共 {parts} 片，任意 {needed} 片可恢复）\n请打印后由保管人锁好，不要与别的片放在一起，打印后删除本文件。\n\n" + "\n".join(lines) + "\n"


def words_of(sheet: str) -> str:
    """The words of a part as it was typed or pasted, numbers and line breaks left out."""
    return " ".join(word.lower() for word in sheet.split() if word.isascii() and word.isalpha())


def restore(folder: Path, file: Path, parts: Sequence[str], *, password: str, url: str | None = None) -> tuple[Receiver, str]:
    """A new receiver with the keys of the lost one, and its recovery code. UserError when parts are missing, mistyped or of another key."""
    from shamir_mnemonic import MnemonicError, combine_mnemonics

    try:
        raw = json.loads(file.read_text("utf-8"))
        about = {name: raw[name] for name in ("format", "version", "id", "name", "role", "practice", "parts", "needed")}
        nonce, sealed = bytes.fromhex(raw["nonce"]), bytes.fromhex(raw["sealed"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"“{file.name}”读不出或不是接收端的钥匙文件。") from None
    if about["format"] != _FORMAT or about["version"] != 1:
        raise UserError("这个文件是更新的程序做的，请先升级本程序。")
    try:
        secret = combine_mnemonics([words_of(part) for part in parts])
    except MnemonicError:
        raise UserError(f"这些分片拼不出钥匙：要 {about['needed']} 片不同的、同一次做的分片，请逐字核对。") from None
    try:
        ring = KeyRing.from_text(AESGCM(secret).decrypt(nonce, sealed, json.dumps(about, sort_keys=True).encode()).decode())
    except InvalidTag:
        raise UserError("这些分片不是这个文件的，没有恢复。") from None
    return district.init(folder, name=about["name"], password=password, url=url, practice=about["practice"], role=about["role"], ring=ring, receiver_id=about["id"])
