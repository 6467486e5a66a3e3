"""Every test vector, read by our reader and by the second one, which shares nothing with it (tests/vectors/README.md)."""

import importlib.util
import json
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from app.sync.refusals import SENTENCES, Refusal
from tests.app.sync import by_context

TESTS = Path(__file__).resolve().parents[2]
FOLDER = TESTS / "vectors"
CASES: list[dict[str, Any]] = json.loads((FOLDER / "index.json").read_text("utf-8"))
KEYS: dict[str, Any] = json.loads((FOLDER / "keys.json").read_text("utf-8"))


def _second_reader() -> ModuleType:
    found = importlib.util.spec_from_file_location("second_reader", TESTS / "second_reader.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules["second_reader"] = module
    found.loader.exec_module(module)
    return module


SECOND = _second_reader()
BY_RESULT = sorted({case["result"] for case in CASES})


@pytest.mark.parametrize("result", BY_RESULT)
@pytest.mark.parametrize("reader", ["ours", "second"])
def test_every_vector_is_read_as_it_says(reader: str, result: str) -> None:
    read = by_context.read if reader == "ours" else lambda body, context: SECOND.read(body, context).result
    wrong = {}
    for case in CASES:
        if case["result"] == result and (got := read((FOLDER / case["file"]).read_bytes(), SECOND.resolved(case["context"], KEYS))) != result:
            wrong[case["file"]] = got
    assert wrong == {}


def test_there_are_many_vectors_most_of_them_broken_and_every_refusal_has_some() -> None:
    counted = Counter(case["result"] for case in CASES)
    broken = sum(n for result, n in counted.items() if result not in ("ok", "again"))
    assert len(CASES) >= 200 and broken >= 0.85 * len(CASES)
    assert {refusal.value for refusal in Refusal} <= counted.keys()
    assert {case["file"] for case in CASES} == {path.name for path in FOLDER.iterdir() if path.suffix.startswith(".ud")}


def test_every_refusal_has_one_sentence_for_a_person() -> None:
    assert set(SENTENCES) == set(Refusal) and all(sentence.endswith("。") for sentence in SENTENCES.values())


def test_the_second_reader_imports_nothing_of_ours() -> None:
    text = (TESTS / "second_reader.py").read_text("utf-8")
    assert not any(line.startswith(("import app", "from app", "import db", "from db", "import pyrage", "from pyrage")) for line in text.splitlines())


def test_the_worked_example_of_the_format_is_the_first_vector() -> None:
    assert (FOLDER / "example.txt").read_text("utf-8").strip() in (TESTS.parent / "app" / "sync" / "FORMAT.md").read_text("utf-8")
    assert SECOND.read((FOLDER / CASES[0]["file"]).read_bytes(), SECOND.resolved(CASES[0]["context"], KEYS)).parts["member"].count(b"\n") == 2
