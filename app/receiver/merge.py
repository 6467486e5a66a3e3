"""Merging one package: judged by its series, staged, sorted record by record, written in one transaction that can be taken back.

The sorting is done by statements over the whole package, the same on SQLite and PostgreSQL. Looking (a dry run) is merging that
is rolled back, so that it cannot say anything else than what merging would do.
"""

import base64
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DataError, IntegrityError

from app.receiver import offices, store
from app.receiver.district import Receiver, stamp
from app.receiver.lines import READY, REFUSED, WAITING, Reader, Row, known_registers
from app.receiver.report import Outcome, Report
from app.services.exchange.purposes import Scope, purposes_on
from app.sync import package
from app.sync.keys import PublicKeys, follows
from app.sync.manifest import Id, Name
from app.sync.package import Expected, Opened, open_enclosed, state_of
from app.sync.refusals import PackageRefused, Refusal
from app.sync.series import FURTHEST, Known, Verdict, judge_answer
from app.sync.suites import Suite
from db import vault
from db.problems import UserError
from db.record import Record
from db.registers import REGISTERS

KEPT = "packages"
"""Folder of the files that were merged, still sealed: for merging again after taking back."""
ATTACHMENT = "attachment"


class _DryRun(Exception):
    """Ends the transaction of a dry run without keeping anything."""


@dataclass(frozen=True)
class Incoming:
    """A file, opened and verified: the office's package, and the street union's around it where there was one."""

    opened: Opened
    outer: Opened | None
    file: Path


def open_incoming(receiver: Receiver, path: Path) -> Incoming:
    """Steps 1 to 8 of FORMAT.md for an `up`, alone or inside an opinion. PackageRefused otherwise; nothing is written."""
    body = package.read_file(path)
    receiver.refresh_keys()
    try:
        return Incoming(package.open_bytes(body, keys=receiver.ring, expected=_expected(receiver)), None, path)
    except PackageRefused as e:
        if e.refusal is not Refusal.WRONG_DIRECTION or receiver.is_street:
            raise
    outer = package.open_bytes(body, keys=receiver.ring, expected=Expected("opinion", receiver.practice))
    street = _street_of(receiver, str(outer.manifest["reviewer"]["id"]))
    package.open_bytes(body, keys=receiver.ring, expected=Expected("opinion", receiver.practice, sender=street, sender_id=str(outer.manifest["reviewer"]["id"])))
    outer.check_parts()
    return Incoming(open_enclosed(outer, keys=receiver.ring, expected=_expected(receiver)), outer, path)


def _expected(receiver: Receiver) -> Expected:
    return Expected("up", receiver.practice, sender=lambda union: _keys_of(receiver, union), as_street=receiver.is_street)


def _keys_of(receiver: Receiver, union_id: str) -> PublicKeys | None:
    """The pinned keys of an enrolled office."""
    with receiver.reading() as connection:
        found = offices.row_of(connection, union_id)
    return PublicKeys(found["signing_key"], found["recipient"]) if found else None


def _street_of(receiver: Receiver, street: str) -> PublicKeys:
    with receiver.reading() as connection:
        found = connection.execute(select(store.streets).where(store.streets.c.id == street)).mappings().first()
    if found is None or found["status"] != offices.ACTIVE:
        raise PackageRefused(Refusal.UNKNOWN_SENDER, "（街道或产业工会还没有登记。）")
    return PublicKeys(found["signing_key"], found["recipient"])


def look(receiver: Receiver, path: Path) -> Report:
    """A dry run: everything that merging would say, and nothing kept."""
    return _merged(receiver, path, enrol=None, dry=True)


@dataclass(frozen=True)
class Prepared:
    """A package opened, verified and read, ready for the transaction: what takes our time and not the database's."""

    incoming: Incoming
    rows: Mapping[str, list[Row]]


def prepare(receiver: Receiver, path: Path) -> Prepared:
    """Everything before the transaction. It can be done for one package while another is being written."""
    incoming = open_incoming(receiver, path)
    return Prepared(incoming, _rows_of(incoming.opened))


def _rows_of(opened: Opened) -> dict[str, list[Row]]:
    names = [name for name in opened.part_names if name != ATTACHMENT]
    if unknown := set(names) - known_registers():
        raise PackageRefused(Refusal.UNKNOWN_VERSION, f"（有本程序不认识的内容：{'、'.join(sorted(unknown))}。）")
    if ATTACHMENT in opened.part_names:
        opened.lines(ATTACHMENT)
    office, expected = str(opened.union["id"]), _fields_expected(opened)
    found: dict[str, list[Row]] = {}
    for name in names:
        reader = Reader(office, name, opened.suite, expected)
        found[name] = list({row.id: row for row in map(reader.row, opened.lines(name))}.values())  # of one id twice, the last
    return found


def merge(receiver: Receiver, path: Path, *, enrol: str | None = None, ready: Callable[[], Prepared] | None = None) -> Report:
    """Merge a package. `enrol`: the fingerprint of a new office, as read from its sealed slip or over the telephone.

    `ready` gives the package when it was prepared elsewhere. PackageRefused for what FORMAT.md refuses; each refusal is written into the audit.
    """
    return _merged(receiver, path, enrol=enrol, dry=False, ready=ready)


def _merged(receiver: Receiver, path: Path, *, enrol: str | None, dry: bool, ready: Callable[[], Prepared] | None = None) -> Report:
    office, incoming = "", None
    try:
        prepared = ready() if ready is not None else prepare(receiver, path)
        incoming = prepared.incoming
        office = str(incoming.opened.union["id"])
        return _in_one_transaction(receiver, prepared, enrol=enrol, dry=dry)
    except PackageRefused as e:
        if not dry:
            note_refusal(receiver, e.refusal, path, office, incoming)
        raise
    except IntegrityError:
        raise UserError("另一位操作员刚刚合并或登记了这个单位，这一次没有保存。请刷新后再看。") from None
    except DataError:  # a value that the database cannot hold: its text is in the error, which therefore goes no further
        if not dry:
            note_refusal(receiver, Refusal.BAD_PART, path, office, None)
        raise PackageRefused(Refusal.BAD_PART) from None


def note_refusal(receiver: Receiver, refusal: Refusal, path: Path, office: str, incoming: Incoming | None) -> None:
    """Into the audit; and what a refused package of a genuine sender tells all the same: that its data went two ways, and which answers it has read."""
    with receiver.writing() as connection:
        receiver.note(connection, "refused", office=office, code=refusal.value, file=path.suffix)
        if incoming is None or refusal not in (Refusal.FORKED, Refusal.GAP, Refusal.STALE):
            return
        row = offices.row_of(connection, office)
        if row is None:
            return
        answered = int(incoming.opened.manifest["answered"])
        if refusal is Refusal.FORKED:
            connection.execute(store.offices.update().where(store.offices.c.id == office).values(forked=True))
        if row["answer"] < answered <= row["answer"] + FURTHEST:
            _forget_what_was_read(connection, office)
            connection.execute(store.offices.update().where(store.offices.c.id == office).values(answer=answered))


def _forget_what_was_read(connection: Connection, office: str) -> None:
    """The office has read answers that we know nothing of (a backup of ours was restored): everything is told again, which it knows by its id."""
    for table in (store.decisions, store.gifts):
        connection.execute(table.update().where(table.c.office == office).values(answer=None))


def _in_one_transaction(receiver: Receiver, prepared: Prepared, *, enrol: str | None, dry: bool) -> Report:
    report: Report | None = None
    try:
        with receiver.writing() as connection:
            merging = Merging(receiver, connection, prepared)
            report = merging.report
            if not report.already_merged:
                if not report.enrolled and not dry:
                    merging.check_fingerprint(enrol)
                merging.run()
                if not dry:
                    merging.keep_file()
            if dry:
                raise _DryRun
    except _DryRun:
        assert report is not None
        return report
    return report


class Merging:
    """One package on its way into the store, within one transaction."""

    def __init__(self, receiver: Receiver, connection: Connection, prepared: Prepared) -> None:
        self.receiver = receiver
        self.connection = connection
        self.rows = prepared.rows
        self.incoming = prepared.incoming
        self.opened = prepared.incoming.opened
        self.office = str(self.opened.union["id"])
        manifest = self.opened.manifest
        if str(manifest["schema"]) > vault.known_versions()[-1]:
            raise PackageRefused(Refusal.UNKNOWN_VERSION, "（单位的程序比区里的新。）")
        self.row = store.lock_office(connection, self.office)
        offices.check_status(self.row, self.opened.sender)
        self.known = offices.known_of(connection, self.row)
        verdict = self.known.judge(manifest, self.opened.digest)
        if isinstance(verdict, Refusal):
            raise PackageRefused(verdict, detail(verdict, self.known, self.opened))
        if self.row is not None and manifest["answered"] > self.row["answer"] + FURTHEST:
            raise PackageRefused(Refusal.SERIES_JUMP)
        self._check_opinion()
        self._check_keys()
        again = verdict is Verdict.AGAIN
        pinned = PublicKeys(self.row["signing_key"], self.row["recipient"]) if self.row else None
        self.report = Report(
            self.office, self.opened.union["name"], self.opened.union["uscc"], self.opened.series, manifest["made_at"], self.opened.digest, self.opened.sender.fingerprint, self.opened.sender.words,
            self.row is not None, again, () if again or manifest["covers"]["against"] is not None else tuple(range(self.known.last + 1, self.opened.series)),
            pinned is not None and pinned != self.opened.sender, bool(self.row and self.row["device"] not in ("", manifest["device"])), manifest["covers"]["against"] is not None,
        )

    def _check_keys(self) -> None:
        """Once more, now that nobody else can change the office: keys may have been renewed since the file was opened."""
        if self.row is None:
            return
        pinned = PublicKeys(self.row["signing_key"], self.row["recipient"])
        if self.opened.sender != pinned and not follows(self.office, self.opened.sender, pinned, self.opened.manifest["sender"].get("proof")):
            raise PackageRefused(Refusal.UNKNOWN_SENDER)

    def check_fingerprint(self, given: str | None) -> None:
        if given is None or not offices.is_same_fingerprint(given, self.opened.sender.fingerprint):
            raise UserError(f"这是新单位。请对照盖章的报送单核对指纹，一致后再登记：{self.opened.sender.fingerprint}（{self.opened.sender.words}）")

    def _check_opinion(self) -> None:
        """An older opinion must not stand in place of a newer one (FORMAT.md, 9)."""
        if (outer := self.incoming.outer) is None:
            return
        street, table = outer.manifest["reviewer"], store.letters
        row = self.connection.execute(select(table).where(table.c.office == self.office, table.c.street == street["id"])).mappings().first()
        if row is not None and isinstance(judge_answer(row["last"], row["digest"], outer.series, outer.digest), Refusal):
            raise PackageRefused(Refusal.REPLAYED, f"（{street['name']}更新的初审意见已经收过。）")

    def run(self) -> None:
        if self.row is None:
            offices.enrol(self.receiver, self.connection, office=self.office, name=plain(self.opened.union["name"], 200), uscc=plain(self.opened.union["uscc"], 18), keys=self.opened.sender)
            self.row = store.lock_office(self.connection, self.office)
        elif self.report.new_keys:
            offices.set_keys(self.receiver, self.connection, self.office, self.opened.sender, why="proof")
        rows = [row for one in self.rows.values() for row in one]
        self.report.counts = {name: Counter() for name in self.rows}
        store.stage(self.connection, rows)
        self.is_first = not self._has_anything()
        self._sort()
        self._count(rows)
        self._write()
        self._put_attachments()
        self._put_opinions()
        self._remember()
        store.run(self.connection, "DELETE FROM staging WHERE office = :office", office=self.office)

    def _has_anything(self) -> bool:
        """Whether the district has any record of this office yet."""
        sql = "SELECT EXISTS (SELECT 1 FROM record WHERE office = :office) OR EXISTS (SELECT 1 FROM held WHERE office = :office)"
        return bool(self.connection.execute(text(sql), {"office": self.office}).scalar())

    def _sort(self) -> None:
        """Mark what waits for a person; drop what changes nothing."""
        run = self._run
        # What a person has given back stays until the office has read so: it may still send that it withdrew it, or has nothing of it.
        run("""DELETE FROM staging WHERE office = :office AND removed AND NOT erased AND EXISTS (SELECT 1 FROM gift g WHERE g.office = staging.office AND g.register = staging.register
                AND g.id = staging.id AND (g.answer IS NULL OR g.answer > :answered))""", answered=self.opened.manifest["answered"])
        if not self.report.reconciles:
            run(f"UPDATE staging SET standing = '{REFUSED}', code = 'unreadable', message = '只有核对时才能这样写。' WHERE office = :office AND code = 'office-lacks'")
        else:
            run(f"""UPDATE staging SET standing = '{WAITING}', code = 'conflict', message = '区里的和单位的不一样，要人来定。' FROM record r
                    WHERE staging.office = :office AND standing = '{READY}' AND NOT staging.erased AND {_SAME} AND (r.revision >= staging.revision OR staging.removed)
                    AND (r.hash <> staging.hash OR r.removed <> staging.removed)""")
            run("""DELETE FROM held WHERE office = :office AND EXISTS (SELECT 1 FROM staging s WHERE s.office = held.office AND s.register = held.register AND s.id = held.id
                    AND s.code = 'office-lacks') AND NOT EXISTS (SELECT 1 FROM record r WHERE r.office = held.office AND r.register = held.register AND r.id = held.id AND NOT r.removed)""")
            run(f"""DELETE FROM staging WHERE office = :office AND code = 'office-lacks' AND NOT EXISTS
                    (SELECT 1 FROM record r WHERE {_SAME} AND NOT r.removed)""")
        if self.is_first:
            return
        run(f"""UPDATE staging SET standing = '{WAITING}', code = 'decided', message = '区里已经有了决定，单位又改了内容。' FROM record r
                WHERE staging.office = :office AND standing = '{READY}' AND NOT staging.erased AND {_SAME} AND (r.hash <> staging.hash OR r.removed <> staging.removed) AND EXISTS
                (SELECT 1 FROM decision d WHERE d.office = staging.office AND d.record = staging.id AND d.final AND NOT d.superseded)""")
        # What waits for a person goes on waiting until the office says something new.
        run(f"""UPDATE staging SET standing = '{WAITING}', code = h.code, message = h.message FROM held h
                WHERE staging.office = :office AND staging.standing = '{READY}' AND NOT staging.erased AND h.office = staging.office AND h.register = staging.register AND h.id = staging.id
                AND h.standing = '{WAITING}' AND ((h.hash = staging.hash AND h.removed = staging.removed) OR EXISTS (SELECT 1 FROM record r WHERE {_SAME} AND r.revision >= staging.revision
                AND (r.hash <> staging.hash OR r.removed <> staging.removed)))""")
        run(f"""DELETE FROM staging WHERE office = :office AND standing = '{READY}' AND NOT erased AND EXISTS
                (SELECT 1 FROM record r WHERE {_SAME} AND ((r.hash = staging.hash AND r.removed = staging.removed AND r.revision >= staging.revision) OR r.revision > staging.revision)
                 AND NOT EXISTS (SELECT 1 FROM held h WHERE h.office = r.office AND h.register = r.register AND h.id = r.id))""")

    def _count(self, rows: list[Row]) -> None:
        sent = Counter(row.register for row in rows)
        found = self.connection.execute(text(
            "SELECT register, standing, code, message, removed, id, title FROM staging WHERE office = :office AND (standing <> '' OR removed)"
        ), {"office": self.office}).all()
        left = Counter({row.register: row.n for row in self.connection.execute(text("SELECT register, count(*) AS n FROM staging WHERE office = :office GROUP BY register"), {"office": self.office})})
        for register, count in self.report.counts.items():
            count["unchanged"] = sent[register] - left[register]
        for row in found:
            kind = row.standing or "withdrawn"
            self.report.counts[row.register][kind] += 1
            if row.standing:
                self.report.outcomes.append(Outcome(row.register, row.id, row.standing, row.code, row.message, row.title))
        for register, count in self.report.counts.items():
            count["accepted"] = left[register] - count["refused"] - count["waiting"] - count["withdrawn"]
        order = {r.__tablename__: n for n, r in enumerate(REGISTERS)}
        self.report.outcomes.sort(key=lambda o: (order.get(o.register, 99), o.record_id))

    def _write(self) -> None:
        """Before-images, then the rows themselves, then what is held back."""
        run, series = self._run, self.opened.series
        if not self.is_first:
            run(f"""INSERT INTO before (office, series, register, id, was, held)
                SELECT s.office, :series, s.register, s.id, coalesce({_json(self.connection, 'r', RECORD)}, ''), coalesce({_json(self.connection, 'h', HELD)}, '')
                FROM staging s LEFT JOIN record r ON r.office = s.office AND r.register = s.register AND r.id = s.id
                LEFT JOIN held h ON h.office = s.office AND h.register = s.register AND h.id = s.id
                WHERE s.office = :office AND NOT s.erased AND (r.id IS NOT NULL OR h.id IS NOT NULL)""", series=series)
        run(f"""INSERT INTO record ({', '.join(RECORD_KEY + RECORD)})
                SELECT office, register, id, revision, removed, body, hash, :series, title, state, nullif(into_id, '') FROM staging WHERE office = :office AND standing = ''
                ON CONFLICT (office, register, id) DO UPDATE SET {_excluded(RECORD)}""", series=series)
        for register in () if self.is_first else self.report.counts:
            run("DELETE FROM held WHERE office = :office AND register = :register AND id LIKE 'line-%'", register=register)  # lines without an id speak of their own package only
        if not self.is_first:
            run("DELETE FROM held WHERE office = :office AND EXISTS (SELECT 1 FROM staging s WHERE s.office = held.office AND s.register = held.register AND s.id = held.id)")
        run(f"""INSERT INTO held ({', '.join(RECORD_KEY + HELD)})
                SELECT office, register, id, revision, removed, body, hash, :series, title, state, nullif(into_id, ''), standing, code, message FROM staging WHERE office = :office AND standing <> ''""", series=series)
        erased = self.connection.execute(text("SELECT id FROM staging WHERE office = :office AND erased"), {"office": self.office}).scalars().all()
        self.has_erased = bool(erased)
        if erased:
            run("""DELETE FROM before WHERE office = :office AND EXISTS
                (SELECT 1 FROM staging s WHERE s.office = before.office AND s.register = before.register AND s.id = before.id AND s.erased)""")
        self._forget_words_about(erased)

    def _forget_words_about(self, erased: Sequence[str]) -> None:
        """What was said of erased people: the words of decisions and opinions; what was decided stays, for it only counts."""
        for start in range(0, len(erased), 500):
            ids = erased[start : start + 500]
            for row in self.connection.execute(select(store.decisions).where(store.decisions.c.office == self.office, store.decisions.c.record.in_(ids))).mappings().all():
                kept = {name: value for name, value in json.loads(row["values"]).items() if name in ("state", "approved_amount")}
                self.connection.execute(store.decisions.update().where(store.decisions.c.office == self.office, store.decisions.c.id == row["id"]).values(values=json.dumps(kept), reasons="[]"))
            self.connection.execute(store.opinions.update().where(store.opinions.c.office == self.office, store.opinions.c.record.in_(ids)).values(text=""))
            self.connection.execute(store.gifts.delete().where(store.gifts.c.office == self.office, store.gifts.c.id.in_(ids)))

    def _run(self, sql: str, **parameters: Any) -> int:
        return store.run(self.connection, sql, office=self.office, **parameters)

    def _put_attachments(self) -> None:
        table = store.attachments
        found = [_attachment(self.opened.suite, line) for line in self.opened.lines(ATTACHMENT)] if ATTACHMENT in self.opened.part_names else []
        withdrawn = self.connection.execute(text(f"SELECT register, id FROM staging WHERE office = :office AND removed AND standing = '{READY}'"), {"office": self.office}).all()
        with_some = {(row.of_register, row.of_id) for row in self.connection.execute(select(table.c.of_register, table.c.of_id).where(table.c.office == self.office).distinct())}
        for register, record_id in {(a.of.register, a.of.id) for a in found} | {(r.register, r.id) for r in withdrawn}:
            if (register, record_id) in with_some or any((a.of.register, a.of.id) == (register, record_id) for a in found):
                self._replace_attachments(register, record_id)
        rows = [
            {"office": self.office, "id": a.id, "of_register": a.of.register, "of_id": a.of.id, "name": a.name, "media_type": a.media_type, "body": a.body} for a in found if not a.none
        ]
        store.upsert(self.connection, table, rows)

    def _replace_attachments(self, register: str, record_id: str) -> None:
        """Drop what a record has, and keep it for taking back."""
        table = store.attachments
        where = (table.c.office == self.office, table.c.of_register == register, table.c.of_id == record_id)
        had = [{**dict(row), "body": base64.b64encode(row["body"]).decode()} for row in self.connection.execute(select(table).where(*where)).mappings()]
        self.connection.execute(table.delete().where(*where))
        if not self.has_erased:
            store.upsert(self.connection, store.before, [{"office": self.office, "series": self.opened.series, "register": PHOTOS, "id": record_id, "was": json.dumps([register, had]), "held": ""}])

    def _put_opinions(self) -> None:
        outer = self.incoming.outer
        if outer is None:
            return
        street = outer.manifest["reviewer"]
        try:
            said = [msgspec.json.decode(line, type=OpinionLine) for line in outer.lines("opinion")]
        except (msgspec.DecodeError, RecursionError):
            raise PackageRefused(Refusal.BAD_PART) from None
        rows = [{"office": self.office, "register": o.register, "record": o.id, "street": street["id"], "opinion": o.opinion, "text": plain(o.text, 500), "by": plain(o.by, 100), "at": plain(o.at, 32)} for o in said]
        store.upsert(self.connection, store.opinions, rows)
        store.upsert(self.connection, store.letters, [{"office": self.office, "street": street["id"], "last": outer.series, "digest": outer.digest}])
        self.report.street, self.report.opinions = street["name"], len(rows)

    def _remember(self) -> None:
        manifest, digest = self.opened.manifest, self.opened.digest
        after = self.known.after(manifest, digest)
        assert self.row is not None
        was = {"last": self.known.last, "reached": self.known.reached, "holdings": self.known.holdings, "known": dict(self.known.known), "merged": sorted(self.known.merged),
               "forked": bool(self.row["forked"]), "differs": self.row["differs"], "reported_at": self.row["reported_at"], "device": self.row["device"]}
        remember_known(self.connection, self.office, self.known, after)
        differs = self._differing()
        self.report.differs = differs
        if manifest["answered"] > self.row["answer"]:
            _forget_what_was_read(self.connection, self.office)
        self.connection.execute(store.offices.update().where(store.offices.c.id == self.office).values(
            last=after.last, reached=after.reached, holdings=after.holdings, name=plain(self.opened.union["name"], 200), uscc=plain(self.opened.union["uscc"], 18), answered=manifest["answered"], forked=False,
            answer=max(self.row["answer"], manifest["answered"]), differs=json.dumps(differs), device=manifest["device"], reported_at=manifest["made_at"], stale=True,
        ))
        store.upsert(self.connection, store.packages, [{
            "office": self.office, "series": self.opened.series, "digest": digest, "made_at": manifest["made_at"], "merged_at": stamp(), "operator": self.receiver.operator,
            "counts": json.dumps(self.report.counts), "before": json.dumps(was), "answered": manifest["answered"],
        }])
        self.receiver.note(self.connection, "merge", office=self.office, series=self.opened.series, digest=digest, waiting=len(self.report.waiting), refused=len(self.report.refused))

    def _differing(self) -> tuple[str, ...]:
        """Registers whose state here is not the one that the office says it holds."""
        said: Mapping[str, Any] = self.opened.manifest["state"]
        return tuple(name for name in said if name in known_registers() and state_here(self.connection, self.opened.suite, self.office, name) != said[name])

    def keep_file(self) -> None:
        """The sealed file, for merging again after taking back. After an erasure the older ones go: the person is in them."""
        folder = self.receiver.folder / KEPT / self.office
        folder.mkdir(parents=True, exist_ok=True)
        if self.has_erased:
            for older in folder.glob("*"):
                older.unlink(missing_ok=True)
        (folder / f"{self.opened.series:06}{self.incoming.file.suffix}").write_bytes(self.incoming.file.read_bytes())


def plain(text_: str, most: int) -> str:
    """A text as every database holds it."""
    return text_.replace("\0", "")[:most]


PHOTOS = "(photos)"
_SAME = "r.office = staging.office AND r.register = staging.register AND r.id = staging.id"
RECORD_KEY = ("office", "register", "id")
RECORD = ("revision", "removed", "body", "hash", "series", "title", "state", "into_id")
HELD = (*RECORD, "standing", "code", "message")


def _excluded(columns: tuple[str, ...]) -> str:
    return ", ".join(f"{c} = excluded.{c}" for c in columns)


def _json(connection: Connection, alias: str, columns: tuple[str, ...]) -> str:
    """SQL: the columns of a row as a JSON object, null where the row is not there."""
    made = "json_build_object" if connection.dialect.name == "postgresql" else "json_object"
    cast_ = "::text" if connection.dialect.name == "postgresql" else ""
    pairs = ", ".join(f"'{c}', {alias}.{c}" for c in columns)
    return f"CASE WHEN {alias}.id IS NOT NULL THEN {made}({pairs}){cast_} END"


def state_here(connection: Connection, suite: Suite, office: str, register: str) -> dict[str, Any]:
    """Count and digest of what the district has of a register: of what it holds back, what was sent."""
    found = connection.execute(text(
        "SELECT r.id, r.hash FROM record r WHERE r.office = :office AND r.register = :register AND NOT r.removed AND NOT EXISTS "
        "(SELECT 1 FROM held h WHERE h.office = r.office AND h.register = r.register AND h.id = r.id) "
        "UNION ALL SELECT h.id, h.hash FROM held h WHERE h.office = :office AND h.register = :register AND NOT h.removed"
    ), {"office": office, "register": register}).all()
    return state_of(suite, sorted((row.id, bytes.fromhex(row.hash)) for row in found))


def remember_known(connection: Connection, office: str, was: Known, now: Known) -> None:
    """The digests known of an office's series, as they are now."""
    table = store.series
    if set(was.known) - set(now.known):
        connection.execute(table.delete().where(table.c.office == office))
        was = Known()
    changed = [n for n, digest in now.known.items() if was.known.get(n) != digest or (n in was.merged) != (n in now.merged)]
    store.upsert(connection, table, [{"office": office, "series": n, "digest": now.known[n], "merged": n in now.merged} for n in changed])


def detail(refusal: Refusal, known: Known, opened: Opened) -> str:
    """What to do about a refusal that the series gave."""
    if refusal is Refusal.GAP:
        missing = f"第 {known.last + 1} 批到第 {opened.series - 1} 批之间有缺" if opened.series > known.last + 1 else "区里的记录比单位的旧"
        return f"（{missing}。请给单位做一份回执，单位读入以后再报，就会补齐。）"
    if refusal is Refusal.REPLAYED:
        return f"（这是第 {opened.series} 批，已收到第 {known.last} 批。）"
    if refusal is Refusal.FORKED:
        return "（给单位做一份回执，单位读入以后下一批就会来核对。）"
    return ""


def _fields_expected(opened: Opened) -> Any:
    """Which fields the package's purposes bring, by register; None where they are not known here."""
    holding = purposes_on(None, date.fromisoformat(str(opened.manifest["made_at"])[:10]))
    chosen = Scope(tuple(p for p in holding if p.id in set(opened.manifest["purposes"])))

    def of(register: type[Record]) -> frozenset[str] | None:
        return frozenset(f.name for f in chosen.fields(register)) or None

    return of


class _Of(msgspec.Struct):
    register: Name
    id: Id


class _AttachmentLine(msgspec.Struct):
    id: Id
    of: _Of
    none: bool = False
    name: str = ""
    media_type: str = ""
    digest: str = ""
    body: bytes = b""


def _attachment(suite: Suite, line: bytes) -> _AttachmentLine:
    try:
        found = msgspec.json.decode(line, type=_AttachmentLine)  # bytes are base64 in msgspec's JSON
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise PackageRefused(Refusal.BAD_PART) from None
    found.name = plain(found.name, 200)
    if not found.none and (suite.digest(found.body).hex() != found.digest or len(found.body) > 700_000 or found.media_type != "image/jpeg"):
        raise PackageRefused(Refusal.BAD_PART)
    return found


class OpinionLine(msgspec.Struct):
    register: Name
    id: Id
    opinion: Literal["agreed", "returned", "refused"]
    text: str
    by: str
    at: str


def kept_file(receiver: Receiver, office: str, series: int) -> Path | None:
    """The sealed file of a package that was merged once."""
    found = sorted((receiver.folder / KEPT / office).glob(f"{series:06}.*"))
    return found[0] if found else None

