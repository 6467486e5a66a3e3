"""A workbook as plain rows, read by a process of its own that may use so much memory and time and no more."""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import zstandard

from app.services.roster.child import MEMORY, NEEDS_PASSWORD, WRONG_PASSWORD
from db.problems import UserError

MOST_SECONDS = 60
LONGEST_REFUSAL = 4000
Cell = str | float | int | bool | None


@dataclass(frozen=True)
class Sheet:
    """One sheet: rows from the top of the sheet (row 1 is rows[0]); merges as (row, column, row, column) from 0."""

    name: str
    visible: bool
    rows: list[list[Cell]]
    merges: tuple[tuple[int, int, int, int], ...] = ()
    since_1904: bool = False
    """Whether a plain number in a date column counts days from 1904-01-01."""


class PasswordNeeded(UserError):
    """The workbook is encrypted and no password, or a wrong one, was given."""


def read(path: Path, *, password: str | None = None) -> list[Sheet]:
    """All sheets of a workbook or text table. UserError, in one sentence, for a file that cannot be taken; PasswordNeeded among them."""
    return sheets_of(read_body(path, password=password))


def pack(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(body)


def unpack(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(packed)


def sheets_of(body: bytes) -> list[Sheet]:
    """The sheets of what the child answered."""
    answer = msgspec.msgpack.decode(body)
    known: dict[str, str] = {}  # words that repeat down a column are kept once; numbers hardly ever repeat
    for sheet in answer["sheets"]:
        for row in sheet["rows"]:
            row[:] = [known.setdefault(cell, cell) if type(cell) is str and not cell[:1].isdigit() else cell for cell in row]
    return [Sheet(s["name"], s["visible"], s["rows"], tuple(tuple(m) for m in s["merges"]), s.get("since_1904", False)) for s in answer["sheets"]]


def body_of(sheets: Iterable[Sheet]) -> bytes:
    """The inverse of `sheets_of`."""
    return msgspec.msgpack.encode({"sheets": [{"name": s.name, "visible": s.visible, "rows": s.rows, "merges": s.merges, "since_1904": s.since_1904} for s in sheets]})


def read_body(path: Path, *, password: str | None = None) -> bytes:
    """What the child answers for a sound file: the sheets as MessagePack. UserError as `read`.

    The password goes to the child through a pipe and is kept nowhere.
    """
    if path.suffix.lower() in (".et", ".ett"):
        raise UserError("这是 WPS 自己的 .et 表格。请在 WPS 里打开它，点“文件 → 另存为”，类型选“.xlsx”，再导入。")
    if not path.is_file():
        raise UserError(f"找不到文件“{path.name}”。请检查它是否被移走或 U 盘已拔出。")
    body = _ask_child(path, password)
    if len(body) < LONGEST_REFUSAL and "refused" in (answer := msgspec.msgpack.decode(body)):
        raise PasswordNeeded(answer["refused"]) if answer["refused"] in (NEEDS_PASSWORD, WRONG_PASSWORD) else UserError(answer["refused"])
    return body


def _ask_child(path: Path, password: str | None) -> bytes:
    too_much = UserError("这个表格读不出来（可能已损坏，或大得不正常），程序没有受影响。请用表格软件打开后另存为 .xlsx 再试。")
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", "app.services.roster.child", str(path.absolute()), *(["--password"] if password is not None else [])],
            stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL if password is None else subprocess.PIPE,
            cwd=Path(__file__).parents[3], creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        watch = threading.Thread(target=_watch, args=(child,), daemon=True)
        watch.start()
        body = child.communicate(None if password is None else password.encode())[0]
        if child.returncode != 0 or not body:
            raise too_much
    return body


def _watch(child: "subprocess.Popen[bytes]") -> None:
    """End a child that takes too long or, where the system has no address-space limit, too much memory."""
    import psutil

    started = time.monotonic()
    try:
        process = psutil.Process(child.pid)
        while child.poll() is None:
            if time.monotonic() - started > MOST_SECONDS or process.memory_info().rss > MEMORY:
                child.kill()
                return
            time.sleep(0.05)
    except psutil.NoSuchProcess:
        return
