"""Writing onto a stick that may be full, locked or pulled: beside, flushed, read back, compared, renamed."""

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from db.problems import UserError


class DriveState(StrEnum):
    READY = "ready"
    LOCKED = "locked"
    """Plugged in, but encrypted and not unlocked, or not mounted."""
    READ_ONLY = "read-only"
    FULL = "full"


STATE_WORDS = {
    DriveState.READY: "可以写", DriveState.LOCKED: "锁着或没有打开，请先在文件管理器里打开它", DriveState.READ_ONLY: "只读，写不进去，请拨开写保护开关或换一个", DriveState.FULL: "满了，请清出空间或换一个",
}
LEAST_FREE = 32 << 20
"""Bytes that must be free before a stick is offered."""


@dataclass(frozen=True)
class Drive:
    """A removable drive: where it is, what to call it, bytes free."""

    path: Path
    name: str
    free: int
    state: DriveState = DriveState.READY

    @property
    def writable(self) -> bool:
        return self.state is DriveState.READY


def removable_drives() -> list[Drive]:
    """The sticks that are plugged in, those that cannot be used with the reason."""
    import psutil

    found, mounted = [], set[str]()
    for partition in psutil.disk_partitions(all=False):
        path = Path(partition.mountpoint)
        if not _is_removable(partition.device, partition.opts, path):
            continue
        mounted.add(_disk_of(partition.device))
        try:
            free = psutil.disk_usage(str(path)).free
        except OSError:
            found.append(Drive(path, path.name or partition.device, 0, DriveState.LOCKED))  # on Windows a locked stick has a letter and no size
            continue
        read_only = "ro" in partition.opts.split(",") or not os.access(path, os.W_OK)
        state = DriveState.READ_ONLY if read_only else DriveState.FULL if free < LEAST_FREE else DriveState.READY
        found.append(Drive(path, path.name or partition.device, free, state))
    return found + [Drive(Path("/dev") / disk, disk, 0, DriveState.LOCKED) for disk in _unmounted_sticks() if disk not in mounted]


def in_words(drives: Sequence[Drive]) -> str:
    """What the sticks come to, in a sentence: none, one, several, or none that can be used."""
    if not drives:
        return "没有找到 U 盘。插上以后点“重新找 U 盘”，或者另选一个文件夹。"
    usable = [drive for drive in drives if drive.writable]
    if not usable:
        return f"U 盘“{drives[0].name}”{STATE_WORDS[drives[0].state]}。" if len(drives) == 1 else f"找到 {len(drives)} 个 U 盘，都不能用：" + "；".join(f"“{d.name}”{STATE_WORDS[d.state]}" for d in drives) + "。"
    return "" if len(usable) == 1 else f"插着 {len(usable)} 个 U 盘，请点一下要写到哪一个。"


def _disk_of(device: str) -> str:
    return Path(device).name.rstrip("0123456789").removesuffix("p")


def _unmounted_sticks() -> list[str]:
    """Removable disks with a medium in them, as the kernel names them; nothing where there is no /sys."""
    found = []
    for disk in Path("/sys/block").glob("sd*") if os.name != "nt" else ():
        try:
            if (disk / "removable").read_text().strip() == "1" and int((disk / "size").read_text()) > 0:
                found.append(disk.name)
        except (OSError, ValueError):
            continue  # pulled while we were looking
    return found


def _is_removable(device: str, options: str, path: Path) -> bool:
    if os.name == "nt":
        return "removable" in options
    disk = _disk_of(device)
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
    errno.EBUSY: "U 盘正被别的程序占用。请关掉正在使用它的窗口再导出；资料都在电脑里。",
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
