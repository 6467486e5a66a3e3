"""Many packages at once, from a folder or several sticks: sorted by office and series, looked at, merged in order; what must wait waits."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from app.receiver import merge, offices
from app.receiver.district import Receiver
from app.receiver.report import Report
from app.sync.package import OPINION_SUFFIX, UP_SUFFIX
from app.sync.refusals import PackageRefused, Refusal
from app.sync.series import Verdict
from db.problems import UserError

Progress = Callable[[int, int], None]


class State(StrEnum):
    """What can be done with a file."""

    READY = "ready"
    NEW_OFFICE = "new-office"
    AGAIN = "again"
    WAITS = "waits"
    """Something before it is missing."""
    FORKED = "forked"
    REFUSED = "refused"
    MERGED = "merged"


WORDS = {
    State.READY: "可以合并", State.NEW_OFFICE: "新单位，要先核对指纹", State.AGAIN: "以前合并过", State.WAITS: "等前面的批次", State.FORKED: "资料分成两路，先做回执", State.REFUSED: "不收", State.MERGED: "已合并",
}


@dataclass(frozen=True)
class Letter:
    """One file of the inbox, with what a person wants to know before merging it."""

    path: Path
    state: State
    said: str
    union: str = ""
    union_id: str = ""
    series: int = 0
    made_at: str = ""
    fingerprint: str = ""
    words: str = ""
    digest: str = ""
    refusal: Refusal | None = None
    report: Report | None = None


def files_in(places: Iterable[Path]) -> list[Path]:
    """The packages in these folders and among these files, one level deep. UserError when a folder cannot be read."""
    found: list[Path] = []
    for place in places:
        try:
            if not place.exists():
                raise FileNotFoundError(place)
            found += sorted(p for p in place.iterdir() if p.suffix in (UP_SUFFIX, OPINION_SUFFIX) and p.is_file()) if place.is_dir() else [place]
        except OSError as e:
            raise UserError(f"读不出“{place.name}”，请检查 U 盘是否还插着。") from e
    return found


def letter_of(receiver: Receiver, path: Path) -> Letter:
    """Open one file and judge it, without merging. Refusals become a letter that says so."""
    try:
        incoming = merge.open_incoming(receiver, path)
        opened = incoming.opened
        with receiver.reading() as connection:
            row = offices.row_of(connection, str(opened.union["id"]))
            offices.check_status(row, opened.sender)
            known = offices.known_of(connection, row)
            verdict = known.judge(opened.manifest, opened.digest)
        if row is not None and isinstance(verdict, Refusal) and not (verdict is Refusal.FORKED and row["forked"]):
            merge.note_refusal(receiver, verdict, path, str(opened.union["id"]), incoming)  # so that the next answer can say what to do
    except PackageRefused as e:
        if receiver.is_news(path):
            merge.note_refusal(receiver, e.refusal, path, "", None)
        return Letter(path, State.REFUSED, str(e), refusal=e.refusal)
    except UserError as e:
        return Letter(path, State.REFUSED, str(e))
    state, said = _judged(verdict, known=row is not None, why=merge.detail(verdict, known, opened) if isinstance(verdict, Refusal) else "")
    return Letter(
        path, state, said, opened.union["name"], opened.union["id"], opened.series, opened.manifest["made_at"], opened.sender.fingerprint, opened.sender.words, opened.digest,
        verdict if isinstance(verdict, Refusal) else None,
    )


def _judged(verdict: Verdict | Refusal, *, known: bool, why: str = "") -> tuple[State, str]:
    if verdict is Verdict.AGAIN:
        return State.AGAIN, "这一批以前合并过，再合并不会有变化。"
    if isinstance(verdict, Refusal):
        state = {Refusal.GAP: State.WAITS, Refusal.FORKED: State.FORKED, Refusal.STALE: State.FORKED}.get(verdict, State.REFUSED)
        return state, str(PackageRefused(verdict, why))
    return (State.READY, "") if known else (State.NEW_OFFICE, "第一次报送，请打电话核对指纹。")


def scan(receiver: Receiver, places: Iterable[Path], *, progress: Progress | None = None) -> list[Letter]:
    """The letters, by office and series; a file that is there twice once."""
    found: list[Letter] = []
    paths = files_in(places)
    seen = set[str]()
    for n, path in enumerate(paths):
        if progress:
            progress(n, len(paths))
        letter = letter_of(receiver, path)
        if letter.digest and letter.digest in seen:
            continue
        seen.add(letter.digest)
        found.append(letter)
    return sorted(found, key=lambda one: (one.union, one.union_id, one.series, one.path.name))


def merge_all(receiver: Receiver, letters: Sequence[Letter], *, enrol: Callable[[Letter], str | None] | None = None, progress: Progress | None = None) -> list[Letter]:
    """Merge what can be merged, in order of office and series; a bad one holds up no other office. `enrol` gives the fingerprint that a person has compared, or None.

    A later package covers what an earlier one of the same office lacked, so a gap is judged anew when the one before it was merged. While one is
    being written, the next is opened and read.
    """
    done: list[Letter] = []
    known = {office.id for office in offices.all_offices(receiver)}
    wanted = [letter for letter in letters if letter.state is not State.REFUSED]
    with ThreadPoolExecutor(max_workers=1) as ahead:
        waiting: dict[Path, Future[merge.Prepared]] = {}
        place = 0
        for n, letter in enumerate(letters):
            if progress:
                progress(n, len(letters))
            if letter.state is State.REFUSED:
                done.append(letter)
                continue
            for soon in wanted[place : place + 2]:
                if soon.path not in waiting:
                    waiting[soon.path] = ahead.submit(merge.prepare, receiver, soon.path)
            place += 1
            ready = waiting.pop(letter.path)
            fingerprint = None
            if letter.union_id not in known:
                fingerprint = enrol(letter) if enrol else None
                if fingerprint is None:
                    done.append(replace(letter, state=State.NEW_OFFICE))
                    continue
            done.append(_merged(receiver, letter, fingerprint, ready.result))
            if done[-1].state is State.MERGED:
                known.add(letter.union_id)
    return done


def _merged(receiver: Receiver, letter: Letter, fingerprint: str | None, ready: Callable[[], merge.Prepared]) -> Letter:
    try:
        report = merge.merge(receiver, letter.path, enrol=fingerprint, ready=ready)
    except PackageRefused as e:
        state, _ = _judged(e.refusal, known=True)
        return replace(letter, state=state, said=str(e), refusal=e.refusal)
    except UserError as e:
        return replace(letter, said=str(e))
    return replace(letter, state=State.AGAIN if report.already_merged else State.MERGED, said=report.summary(), report=report, refusal=None)
