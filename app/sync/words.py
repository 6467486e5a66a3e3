"""Fingerprints as words that can be read out over the telephone (FORMAT.md, 7)."""

from functools import cache
from importlib import resources


@cache
def words() -> tuple[str, ...]:
    """The 256 words, one for each byte."""
    return tuple((resources.files("app.sync") / "words.txt").read_text("utf-8").split())


def in_words(fingerprint: str) -> str:
    """Sixteen words, four to a group."""
    said = [words()[byte] for byte in bytes.fromhex(fingerprint.replace(" ", ""))]
    return "，".join(" ".join(said[n : n + 4]) for n in range(0, len(said), 4))
