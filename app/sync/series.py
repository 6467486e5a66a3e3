"""What the next package of a union means for who has read some: merge, again, or refuse (FORMAT.md, 9). Pure; nothing is stored here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from app.sync.refusals import Refusal

FURTHEST = 1000


class Verdict(StrEnum):
    MERGE = "merge"
    AGAIN = "again"


@dataclass(frozen=True)
class Known:
    """What a district knows of an office: see FORMAT.md, 9. `known` is a digest for each series, `reached` a journal row."""

    last: int = 0
    known: Mapping[int, str] = field(default_factory=dict)
    merged: frozenset[int] = frozenset()
    reached: int = 0
    holdings: int | None = None

    def judge(self, manifest: Mapping[str, Any], digest: str) -> Verdict | Refusal:
        """What to do with an `up` package."""
        series: int = manifest["series"]
        against: int | None = manifest["covers"]["against"]
        here = self.known.get(series)
        if series in self.merged and here == digest:
            return Verdict.AGAIN
        too_far = series > self.last + FURTHEST
        if against is not None:
            return Verdict.MERGE if against == self.holdings and series > self.last and not too_far else Refusal.STALE
        if self._parts_ways(manifest, digest):
            return Refusal.FORKED
        if series <= self.last:
            return Refusal.REPLAYED if here == digest else Refusal.FORKED
        if too_far:
            return Refusal.SERIES_JUMP
        return Refusal.GAP if manifest["covers"]["after"] > self.reached else Verdict.MERGE

    def _parts_ways(self, manifest: Mapping[str, Any], digest: str) -> bool:
        """Whether the package's history is another than the one we know."""
        told = {**{sent["series"]: sent["digest"] for sent in manifest["pending"]}, manifest["series"] - 1: manifest["previous"], manifest["series"]: digest}
        return any(series in self.known and self.known[series] != said for series, said in told.items())

    def after(self, manifest: Mapping[str, Any], digest: str) -> "Known":
        """What is known when the package was merged."""
        anew = manifest["covers"]["against"] is not None
        series: int = manifest["series"]
        told = {sent["series"]: sent["digest"] for sent in manifest["pending"]}
        return replace(
            self, last=series, reached=manifest["covers"]["to"], known={**({} if anew else self.known), **told, series: digest},
            merged=(frozenset() if anew else self.merged) | {series}, holdings=None if anew else self.holdings,
        )


def judge_answer(last: int, last_digest: str | None, series: int, digest: str) -> Verdict | Refusal:
    """What to do with a `down`, `opinion` or `door`, of which only the highest series read is known."""
    if last_digest is not None and (series, digest) == (last, last_digest):
        return Verdict.AGAIN
    return Verdict.MERGE if series > last else Refusal.REPLAYED
