"""Writing onto a stick that may be full, locked or pulled: beside, flushed, read back, compared, renamed."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from db.problems import UserError


@dataclass(frozen=True)
class Drive:
    """A removable drive: where it is, what to call it, bytes free; `writable` is tried, not guessed."""

    path: Path
    name: str
    free: int
    writable: bool


def removable_drives() -> list[Drive]:
    """The sticks that are plugged in."""
    import psutil

    found = []
    for partition in psutil.disk_partitions(all=False):
        path = Path(partition.mountpoint)
        if not _is_removable(partition.device, partition.opts, path):
            continue
        try:
            free = psutil.disk_usage(str(path)).free
        except OSError:
            continue  # pulled while we were looking
        found.append(Drive(path, path.name or partition.device, free, os.access(path, os.W_OK) and "ro" not in partition.opts.split(",")))
    return found


def _is_removable(device: str, options: str, path: Path) -> bool:
    if os.name == "nt":
        return "removable" in options
    disk = Path(device).name.rstrip("0123456789").removesuffix("p")
    flag = Path("/sys/block") / disk / "removable"
    try:
        if flag.read_text().strip() == "1":
            return True
    except OSError:
        pass  # no such block device: a network or virtual drive, judged by its place below
    return str(path).startswith(("/media/", "/run/media/"))


_WORDS = {
    errno.ENOSPC: "U 盘满了，文件没有写完。请清出空间或换一个 U 盘再导出；资料都在电脑里。",
    errno.EROFS: "U 盘是只读的，写不进去。请拨开写保护开关，或换一个 U 盘。",
    errno.EACCES: "没有权限写到这个位置。请换一个 U 盘或文件夹。",
    errno.ENOENT: "U 盘不见了，可能被拔出。请重新插好再导出；资料都在电脑里。",
    errno.ENODEV: "U 盘不见了，可能被拔出。请重新插好再导出；资料都在电脑里。",
    errno.EIO: "U 盘读写出错，文件没有写完。请换一个 U 盘再导出；资料都在电脑里。",
}


def write(folder: Path, name: str, body: bytes, *, progress: Callable[[int, int], None] | None = None, before_naming: Callable[[], None] | None = None) -> Path:
    """Put `body` into the folder under `name`. UserError in words; then nothing half-written keeps the name.

    `before_naming` runs when the bytes were read back right and before the file gets its name.
    """
    final, beside = folder / name, folder / (name + ".part")
    try:
        with beside.open("wb") as out:
            for start in range(0, len(body), 1 << 20):
                out.write(body[start : start + (1 << 20)])
                if progress:
                    progress(start, len(body))
            out.flush()
            os.fsync(out.fileno())
            _forget_cached(out.fileno())
        if beside.read_bytes() != body:
            raise UserError("写到 U 盘后读回来不一样，这个 U 盘不可靠，文件没有留下。请换一个 U 盘再导出。")
        if before_naming:
            before_naming()
        beside.replace(final)
        _sync_folder(folder)
    except BaseException as e:
        _drop(beside)
        if isinstance(e, OSError):
            raise UserError(_WORDS.get(e.errno or 0, f"无法写到“{folder.name}”，文件没有写完。请检查 U 盘后再导出；资料都在电脑里。")) from e
        raise
    return final


def _drop(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the stick is gone, and the half-written file with it


def _forget_cached(handle: int) -> None:
    """Ask the system to drop what it keeps of the file, so that reading back asks the stick."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows has no folder handles to flush; NTFS and FAT write the entry with the file
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as e:
        if e.errno not in (errno.EINVAL, errno.ENOTSUP):  # some drivers have no folders to flush
            raise
    finally:
        os.close(handle)
