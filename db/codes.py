"""Code tables: the terms an office may use, with the standard's codes and the words clerks write for them.

The tables are data (`resources/codes/tables.toml`). A stored value is the term itself, so that a workbook, a form
and a package read the same; the standard's code is looked up from it.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources


@dataclass(frozen=True)
class Term:
    term: str
    code: str | None = None
    aliases: tuple[str, ...] = ()
    above: bool = False
    """Set by the district's answer, never here."""
    final: bool = False
    """Nothing here changes it any more."""
    travels_as: str | None = None
    """The word a package carries instead."""


_TWO_HALVES = re.compile(r"(.+?)\s*[(（/](.+?)[)）]?")
_UNFINISHED = re.compile("在读|肄业|结业|未毕业|在学|入党积极分子|申请")
"""A word with one of these is another fact: 本科在读 is no 本科."""


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
    strip: tuple[str, ...] = ()
    """Words before and behind a term that say nothing of their own."""
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

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(self.labels)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(term.term for term in self.terms)

    def find(self, text: str) -> str | None:
        """The term that `text` means, or None. Width, case and spaces do not matter."""
        found = self._index.get(text) or self._index.get(_key(text))
        return found if found is not None else self._in_other_words(unicodedata.normalize("NFKC", text).strip())

    def _in_other_words(self, text: str) -> str | None:
        """高级工(三级), 国家职业资格三级, 在职本科: without what only decorates the word; both halves of X(Y) must agree where both are words."""
        if not text or _UNFINISHED.search(text):
            return None
        if halves := _TWO_HALVES.fullmatch(text):
            one, other = (self._bare(half) for half in halves.groups())
            return one or other if one is None or other is None or one == other else None
        return self._bare(text)

    def _bare(self, text: str) -> str | None:
        for word in self.strip:
            text = text.removeprefix(word).removesuffix(word) or text
        return self._index.get(_key(text))

    @property
    def from_above(self) -> frozenset[str]:
        return frozenset(t.term for t in self.terms if t.above)

    @property
    def final(self) -> frozenset[str]:
        return frozenset(t.term for t in self.terms if t.final)

    @property
    def choosable(self) -> tuple[str, ...]:
        """The terms that a person may set here."""
        return tuple(t.term for t in self.terms if not t.above)

    def travel(self, term: str) -> str:
        """The word that a package carries for a term."""
        return next((t.travels_as for t in self.terms if t.term == term and t.travels_as), term)

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
        terms = tuple(
            Term(t["term"], t.get("code"), tuple(t.get("aliases", ())), t.get("above", False), t.get("final", False), t.get("travels_as")) for t in raw["terms"]
        )
        tables[name] = CodeTable(name, raw["source"], terms, raw.get("open", False), raw.get("suffix", ""), tuple(raw.get("strip", ())))
    return tables


_with_more: dict[str, CodeTable] = {}
"""Tables to which the district added words, as the office that is open has them."""


def use(more: Mapping[str, Sequence[Term]]) -> None:
    """From now on these words stand behind those of the tables, and no others: an office calls it when it opens, and when an answer brought some."""
    _with_more.clear()
    for name, terms in more.items():
        if (shipped := _tables().get(name)) is not None:
            known = set(shipped.labels)
            _with_more[name] = replace(shipped, terms=(*shipped.terms, *(term for term in terms if term.term not in known)), _index={})


def table(name: str) -> CodeTable:
    return _with_more.get(name) or _tables()[name]


def tables() -> tuple[CodeTable, ...]:
    return tuple(table(name) for name in _tables())
