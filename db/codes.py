"""Code tables: the terms an office may use, with the standard's codes and the words clerks write for them.

The tables are data (`resources/codes/tables.toml`). A stored value is the term itself, so that a workbook, a form
and a package read the same; the standard's code is looked up from it.
"""

import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Term:
    term: str
    code: str | None = None
    aliases: tuple[str, ...] = ()


def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(folded.split())


@dataclass(frozen=True)
class CodeTable:
    """One list of terms in their official order. `open` tables take other words as well."""

    name: str
    source: str
    terms: tuple[Term, ...]
    open: bool = False
    suffix: str = ""
    _index: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        # Codes give way to words: "1" may be a code in one table and an alias in another term of it.
        for term in self.terms:
            if term.code and (number := term.code.lstrip("0")):
                self._index.setdefault(_key(term.code), term.term)
                self._index.setdefault(_key(number), term.term)
        for term in self.terms:
            for alias in term.aliases:
                self._index[_key(alias)] = term.term
            if self.suffix and term.term.endswith(self.suffix):
                self._index[_key(term.term.removesuffix(self.suffix))] = term.term
        for term in self.terms:
            self._index[_key(term.term)] = term.term

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(term.term for term in self.terms)

    def find(self, text: str) -> str | None:
        """The term that `text` means, or None. Width, case and spaces do not matter."""
        found = self._index.get(text)
        return found if found is not None else self._index.get(_key(text))

    def code_of(self, term: str) -> str | None:
        return next((t.code for t in self.terms if t.term == term), None)

    def rank(self, term: str) -> int:
        """The term's place in the official order; higher skill has the higher rank. ValueError if unknown."""
        return self.labels.index(term)


@cache
def _tables() -> dict[str, CodeTable]:
    text = resources.files("resources.codes").joinpath("tables.toml").read_text("utf-8")
    tables = {}
    for name, raw in tomllib.loads(text).items():
        terms = tuple(Term(t["term"], t.get("code"), tuple(t.get("aliases", ()))) for t in raw["terms"])
        tables[name] = CodeTable(name, raw["source"], terms, raw.get("open", False), raw.get("suffix", ""))
    return tables


def table(name: str) -> CodeTable:
    return _tables()[name]


def tables() -> tuple[CodeTable, ...]:
    return tuple(_tables().values())
