#!/usr/bin/env python3
"""Everything a developer's machine needs, on nothing but Python 3.11: `run`, `test`, `bench`, `check`, `lock`.

Creates `.venv` from `requirements.lock`, installs missing system libraries with apt (or prints the line to run), and does it
only when something changed. This file may import nothing beyond the standard library.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".uniondesk-stamp"
POSTGRES = "/usr/lib/postgresql"
# What Qt needs to show a window, and, for the tests, a display of its own and the district's database.
LIBRARIES = {
    "libgl1": "libGL.so.1", "libegl1": "libEGL.so.1", "libfontconfig1": "libfontconfig.so.1", "libdbus-1-3": "libdbus-1.so.3", "libglib2.0-0": "libglib-2.0.so.0",
    "libxkbcommon0": "libxkbcommon.so.0", "libxkbcommon-x11-0": "libxkbcommon-x11.so.0", "libxcb-cursor0": "libxcb-cursor.so.0", "libxcb-icccm4": "libxcb-icccm.so.4",
    "libxcb-keysyms1": "libxcb-keysyms.so.1", "libxcb-shape0": "libxcb-shape.so.0", "libxcb-image0": "libxcb-image.so.0", "libxcb-randr0": "libxcb-randr.so.0",
    "libxcb-render-util0": "libxcb-render-util.so.0", "libxcb-xkb1": "libxcb-xkb.so.1",
}
TEST_PACKAGES = {"postgresql": POSTGRES, "age": "/usr/bin/age"}


def say(text: str) -> None:
    print(f"[dev] {text}", flush=True)


def run(*command: str, **options: object) -> None:
    subprocess.run(command, check=True, cwd=ROOT, **options)  # type: ignore[call-overload]  # passed through


def missing_packages(*, tests: bool) -> list[str]:
    known = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False).stdout if Path("/sbin/ldconfig").exists() else ""
    missing = [package for package, library in LIBRARIES.items() if known and library not in known]
    if tests:
        missing += [package for package, path in TEST_PACKAGES.items() if not Path(path).exists()]
    if not _venv_module():
        missing.append("python3-venv")
    return missing


def _venv_module() -> bool:
    return subprocess.run([sys.executable, "-c", "import venv, ensurepip"], capture_output=True, check=False).returncode == 0


def system_libraries(*, tests: bool) -> None:
    missing = missing_packages(tests=tests)
    if not missing:
        return
    line = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    if not shutil.which("apt-get") or os.geteuid() != 0:
        say(f"system libraries are missing; run this once as root:\n    sudo {line}")
        if any(p not in TEST_PACKAGES for p in missing):
            raise SystemExit(1)
        return
    say(f"installing {' '.join(missing)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-q", env=quiet, stdout=subprocess.DEVNULL)
    run(*line.split(), "-q", env=quiet, stdout=subprocess.DEVNULL)


def python() -> str:
    return str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def environment() -> None:
    """The virtual environment as the lock file says; nothing is done when it is so already."""
    if sys.version_info < (3, 11):  # noqa: UP036  # the one file that an older Python may be asked to run
        raise SystemExit("Python 3.11 or later is needed.")
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    say("creating .venv and installing the locked packages (a minute or two)")
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, "-m", "venv", str(VENV))
    run(python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK))
    STAMP.write_text(wanted)


def with_display() -> bool:
    return os.name == "nt" or sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def settings() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "QT_LOGGING_RULES": "qt.qpa.plugin=false;qt.multimedia.*=false"}


def command_run(arguments: list[str]) -> int:
    system_libraries(tests=False)
    environment()
    if with_display() and not arguments:
        return subprocess.run([python(), "-m", "app", "open", "--practice"], cwd=ROOT, env=settings(), check=False).returncode
    if arguments:
        return subprocess.run([python(), "-m", "app", *arguments], cwd=ROOT, env=settings(), check=False).returncode
    out = Path(tempfile.gettempdir()) / "uniondesk-demo"
    say(f"no display: doing the main job off screen; results go to {out}")
    off_screen = {**settings(), "QT_QPA_PLATFORM": "offscreen"}
    code = subprocess.run([python(), "-m", "app", "demo", "--out", str(out)], cwd=ROOT, env=off_screen, check=False).returncode
    return code or subprocess.run([python(), "-m", "app.receiver.ui.run", "--demo", str(out / "区里的一天")], cwd=ROOT, env=off_screen, check=False).returncode


def command_test(arguments: list[str]) -> int:
    system_libraries(tests=True)
    environment()
    options = arguments or ["-n", "2", "--dist", "worksteal"]
    return subprocess.run([python(), "-m", "pytest", *options], cwd=ROOT, env={**settings(), "QT_QPA_PLATFORM": "offscreen"}, check=False).returncode


def command_bench(arguments: list[str]) -> int:
    system_libraries(tests=False)
    environment()
    return subprocess.run([python(), "tests/bench/run.py", *arguments], cwd=ROOT, env={**settings(), "QT_QPA_PLATFORM": "offscreen"}, check=False).returncode


def command_check(_arguments: list[str]) -> int:
    """Lint and types. The layers are checked by tests/test_layers.py."""
    environment()
    for command in (["-m", "ruff", "check", "."], ["-m", "mypy"]):
        if code := subprocess.run([python(), *command], cwd=ROOT, env=settings(), check=False).returncode:
            return code
    return 0


def command_lock(_arguments: list[str]) -> int:
    """Make requirements.lock anew from pyproject.toml, for all platforms, with hashes."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        uv = [str(Path(folder) / "bin" / "python"), "-m"]
        subprocess.run([*uv, "pip", "install", "-q", "uv"], check=True)
        subprocess.run(
            [*uv, "uv", "pip", "compile", "-q", "--universal", "--generate-hashes", "--no-header", "--python-version", "3.11", "--all-extras", "pyproject.toml", "-o", str(LOCK)], cwd=ROOT, check=True
        )
    body = LOCK.read_text()
    LOCK.write_text(f"# Locked for every platform from pyproject.toml; made anew by: python3 installer/dev.py lock\n{body}")
    return 0


COMMANDS = {"run": command_run, "test": command_test, "bench": command_bench, "check": command_check, "lock": command_lock}


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(f"usage: python3 installer/dev.py {{{'|'.join(COMMANDS)}}} [arguments]")
        return 2
    return COMMANDS[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
