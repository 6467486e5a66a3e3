"""The stick: written beside, read back, renamed; full, read-only or pulled, in words, with nothing half-written under the name."""

import errno
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.sync import stick
from db.problems import UserError


def test_what_was_written_is_there_whole(tmp_path: Path) -> None:
    body = os.urandom(3_000_000)
    assert stick.write(tmp_path, "a.udpkg", body).read_bytes() == body
    assert [p.name for p in tmp_path.iterdir()] == ["a.udpkg"]


def test_a_full_stick_is_said_and_leaves_no_half_file(tmp_path: Path) -> None:
    mount = tmp_path / "stick"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mount)], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting needs root")
    try:
        with pytest.raises(UserError, match="满了"):
            stick.write(mount, "a.udpkg", bytes(1_000_000))
        assert list(mount.iterdir()) == []
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_a_pulled_stick_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="不见了"):
        stick.write(tmp_path / "gone", "a.udpkg", b"x")


@pytest.mark.parametrize(("number", "words"), [(errno.EROFS, "只读"), (errno.EIO, "读写出错"), (errno.ENOSPC, "满了")])
@pytest.mark.parametrize("point", ["open", "fsync", "replace"])
def test_a_failure_at_any_point_is_one_sentence_and_the_old_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str, point: str) -> None:
    (tmp_path / "a.udpkg").write_bytes(b"old")

    def fail(*_args: Any, **_named: Any) -> Any:
        raise OSError(number, "x")

    if point == "fsync":
        monkeypatch.setattr(stick.os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, point, fail)
    with pytest.raises(UserError, match=words):
        stick.write(tmp_path, "a.udpkg", b"new")
    monkeypatch.undo()
    assert (tmp_path / "a.udpkg").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.udpkg"]


def test_a_stick_that_reads_back_otherwise_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda _self: b"other")
    with pytest.raises(UserError, match="不可靠"):
        stick.write(tmp_path, "a.udpkg", b"new")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []
