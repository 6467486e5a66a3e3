"""Who may import whom; read from the sources, so that a shortcut is seen the day it is taken."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {
    "db": {"db", "resources"},
    "app.printing": {"app.printing", "db", "forms", "resources"},
    "app.sync": {"app.sync", "db"},
    "app.services": {"app.services", "app.printing", "app.sync", "db", "resources"},
    "app.receiver": {"app.receiver", "app.sync", "app.services", "db"},
    "app.receiver.ui": {"app.receiver", "app.receiver.ui", "app.ui", "app.services", "app.sync", "db"},
    "app.ui": {"app.ui", "app.receiver", "app.services", "app.printing", "app.sync", "db", "resources"},
    "app.cli": {"app.cli", "app.ui", "app.services", "db"},
}
OURS = ("app", "db", "forms", "resources")


def layer_of(module: str) -> str:
    parts = module.split(".")
    if parts[:3] == ["app", "receiver", "ui"]:
        return "app.receiver.ui"
    return ".".join(parts[:2]) if parts[0] == "app" else parts[0]


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            if node.module == "app":
                yield from ((node.lineno, f"app.{name.name}") for name in node.names)


SOURCES = sorted(p for folder in ("app", "db") for p in (ROOT / folder).rglob("*.py") if p.name != "__init__.py" and "versions" not in p.parts)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    layer = layer_of(module)
    if layer == "app.__main__":
        return
    wrong = [f"{path.name}:{line} imports {name}" for line, name in imports_of(path) if name.split(".")[0] in OURS and layer_of(name) not in ALLOWED[layer]]
    assert wrong == []


@pytest.mark.parametrize("path", [p for p in SOURCES if "ui" not in p.parts], ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_but_the_screens_imports_qt(path: Path) -> None:
    assert [name for _, name in imports_of(path) if name.startswith("PySide6")] == []


def test_nothing_imports_the_receiver_but_itself_and_the_demonstration() -> None:
    importers = {p.name for p in SOURCES if "receiver" not in p.parts and any(name.startswith("app.receiver") for _, name in imports_of(p))}
    assert importers <= {"demo.py"}


def test_the_top_level_holds_only_what_was_agreed() -> None:
    allowed = {"app", "resources", "forms", "db", "installer", "tests", "pyproject.toml", "README.md", "LICENSE", "requirements.lock"}
    there = {p.name for p in ROOT.iterdir() if not p.name.startswith(".") and p.name not in ("build", "dist", "demo-out")}
    assert there - allowed == set()
