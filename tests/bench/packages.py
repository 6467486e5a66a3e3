"""Benches of packages and of the district: run.py calls them, and lends them its clock and its report."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from tests.postgres import throw_away

Median = Callable[[Callable[[], object], int], float]
Report = Callable[[str, float, float, str, str], None]


def export_and_open(median: Median, report: Report, office: Callable[[Path], Any], people: Callable[[int], list[dict[str, Any]]]) -> None:
    """100,000 members: read, write as JSON, sign, encrypt, flush, read back; then open and verify. Beside zstd and age of the same bytes."""
    import pyrage
    import zstandard

    from app.receiver import district
    from app.services.exchange import keyring, outbox, purposes, send
    from app.services.records import ActKind
    from app.sync import package
    from app.sync.package import Expected, Part
    from app.sync.suites import AGE
    from db.registers import Member

    for count, times in ((20_000, 3), (100_000, 3)):
        folder = Path(tempfile.mkdtemp())
        one = office(folder / "u")
        with one.act(ActKind.IMPORT, "x") as act:
            act.create_many(Member, people(count))
        receiver, _ = district.init(folder / "r", name="x", password="district-pw", practice=True)
        receiver.write_key(folder / "k.udkey")
        keyring.load_district_key(one, folder / "k.udkey")
        ours = median(lambda: send.export(one, folder, everything=True), times)  # noqa: B023  # called at once
        with one.vault.engine.connect() as connection:
            chosen = purposes.scope(connection, date.today())
            lines = list(outbox.gather(connection, outbox.unsent(connection, everything=True), chosen, AGE).parts[0].lines)
        plain = b"\n".join(lines)
        recipient = pyrage.x25519.Recipient.from_str(receiver.keys.public.recipient)

        def bare() -> None:
            with (folder / "bare.age").open("wb") as out:  # noqa: B023
                out.write(pyrage.encrypt(zstandard.ZstdCompressor(level=3).compress(plain), [recipient]))  # noqa: B023
                out.flush()
                os.fsync(out.fileno())

        floor = median(bare, times)
        report(f"export {count:,} members", ours, floor, f"zstd + age + fsync of the same {len(plain) / 1e6:.0f} MB, no database", "<= 2.5")
        one_file = folder / "sealed.udpkg"
        keys = keyring.own_keys(one)
        manifest = {
            "direction": "up", "practice": True, "union": {"id": one.vault.keys.vault_id, "uscc": "", "name": ""}, "series": 1, "previous": None, "pending": [], "covers": {"after": 0, "to": 1, "against": None},
            "device": "0" * 16, "answered": 0, "purposes": [], "state": {}, "schema": "0001", "program": "x", "made_at": "2026-11-20T06:00:00.000000Z",
        }

        def seal() -> None:
            from app.sync import stick

            stick.write(folder, "sealed.udpkg", package.seal(manifest, [Part("member", lines)], sender=keys, to=receiver.keys.public).body)  # noqa: B023

        report(f"seal {count:,} ready lines", median(seal, times), floor, "the same, from lines in memory, with signature, flush, read-back", "<= 2.5")

        def opened() -> None:
            package.open_file(one_file, keys=receiver.ring, expected=Expected("up", True)).check_parts()  # noqa: B023

        def bare_open() -> None:
            body = pyrage.decrypt((folder / "bare.age").read_bytes(), [pyrage.x25519.Identity.from_str(receiver.keys.identity)])  # noqa: B023
            zstandard.ZstdDecompressor().decompress(body, max_output_size=1 << 30)

        report(f"open and verify {count:,}", median(opened, times), median(bare_open, times), "age and zstd of the same bytes, nothing verified", "<= 2.5")
        one.vault.close()
        receiver.close()
        shutil.rmtree(folder)


def member_line(n: int) -> bytes:
    """A member as a package carries it, a dozen fields; distinct and sound."""
    from db import identity

    first = f"1101{n // 1000 % 100:02}{1960 + n % 45}{n // 45 % 12 + 1:02}{n // 540 % 28 + 1:02}{n % 1000:03}"
    number = first + identity.resident_check_digit(first)
    name = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"[n % 20] + "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"[n // 20 % 20] + "刚桂英华玉兰萍红建文宇浩晨雪"[n // 400 % 14]
    born = f"{1960 + n % 45}-{n // 45 % 12 + 1:02}-{n // 540 % 28 + 1:02}"
    return (
        f'{{"id":"{n:08x}-0000-7000-8000-{n:012x}","revision":1,"values":{{"birth_date":"{born}","department":"第{n % 40}车间","education":"本科","employer_name":"北京某某公司","ethnicity":"汉族",'
        f'"full_name":"{name}","gender":"{"女" if n % 3 else "男"}","id_number":"{number}","is_migrant_worker":{"true" if n % 4 == 0 else "false"},"joined_on":"2010-{n % 12 + 1:02}","mobile":"1{3 + n % 6}{n:09}","post":"电工"}}}}'
    ).encode()


def district(report: Report, packages: int = 1000, each: int = 1000) -> None:
    """1,000 packages of 1,000 members into PostgreSQL, one after the other as an inbox merges them; beside COPY of all rows and one upsert. Then the queries of a district of that size."""
    from sqlalchemy import create_engine, text

    from app.receiver import district as districts
    from app.receiver import inbox, overview
    from app.sync import package
    from app.sync.keys import PrivateKeys
    from app.sync.package import Part

    with throw_away("-c shared_buffers=512MB -c max_wal_size=4GB -c work_mem=64MB") as url:
        folder = Path(tempfile.mkdtemp())
        receiver, _ = districts.init(folder / "r", name="x", password="district-pw", url=url)
        for n in range(packages):
            keys = PrivateKeys.make()
            lines = [member_line(n * each + k) for k in range(each)]
            manifest = {
                "direction": "up", "practice": False, "union": {"id": f"{n:08x}-0000-7000-8000-000000000001", "uscc": "", "name": f"第{n:04}工会"}, "series": 1, "previous": None, "pending": [],
                "covers": {"after": 0, "to": 1, "against": None}, "device": "0" * 16, "answered": 0, "purposes": ["membership"], "state": {}, "schema": "0001", "program": "x", "made_at": "2026-11-20T06:00:00.000000Z",
            }
            path = folder / f"{n}.udpkg"
            path.write_bytes(package.seal(manifest, [Part("member", lines)], sender=keys, to=receiver.keys.public).body)
        letters = inbox.scan(receiver, [folder])
        started = time.perf_counter()
        done = inbox.merge_all(receiver, letters, enrol=lambda letter: letter.fingerprint)
        ours = time.perf_counter() - started
        assert {letter.state for letter in done} == {inbox.State.MERGED}
        floor = _bare_copy(url, packages * each)
        report(f"merge {packages:,} x {each:,}", ours, floor, "COPY of all rows into a bare table and one upsert, no opening, no check", "<= 2")
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
            connection.execute(text("UPDATE office SET street = 'S' || (ascii(substr(id, 8, 1)) % 10)"))
        seconds = _timed(lambda: overview.figures(receiver))
        print(f"   figures counted anew for {packages:,} offices: {seconds * 1000:,.0f} ms (once after an inbox)")
        for name, query in (
            ("the first page, all figures", lambda: overview.figures(receiver)), ("figures of one street", lambda: overview.figures(receiver, street="S3")), ("all offices with their figures", lambda: overview.by_office(receiver)),
            ("first 200 members", lambda: overview.records(receiver, "member")), ("members by the start of a name", lambda: overview.records(receiver, "member", starts="张伟")),
            ("members of one office", lambda: overview.records(receiver, "member", office=f"{packages // 2:08x}-0000-7000-8000-000000000001")), ("members of one street", lambda: overview.records(receiver, "member", street="S3")),
            ("how many members", lambda: overview.count(receiver, "member")),
        ):
            print(f"   {name:<34} {min(_timed(query) for _ in range(5)) * 1000:>8.1f} ms   (aim <= 300)", flush=True)
        engine.dispose()
        receiver.close()
        shutil.rmtree(folder)


def _timed(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def _bare_copy(url: str, count: int) -> float:
    """Seconds for COPY of so many rows of the same columns into a table, and one upsert of them into another with the same key."""
    import psycopg

    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        columns = "office char(36), register text, id char(36), revision bigint, removed boolean, body text, hash text, series bigint, title text, state text, into_id text"
        cursor.execute(f"CREATE UNLOGGED TABLE bare_staging ({columns}); CREATE TABLE bare_record ({columns}, PRIMARY KEY (office, register, id)); CREATE INDEX ON bare_record (register, title, id)")
        connection.commit()
        rows = []
        for n in range(count):
            body = member_line(n).decode()
            rows.append(f"{n // 1000:08x}-0000-7000-8000-000000000001\tmember\t{n:08x}-0000-7000-8000-{n:012x}\t1\tf\t{body[body.index('values') + 8 : -1]}\t{'0' * 64}\t1\t张三\t\t\\N\n")
        started = time.perf_counter()
        with cursor.copy("COPY bare_staging FROM STDIN") as copy:
            for start in range(0, count, 1000):
                copy.write("".join(rows[start : start + 1000]))
        cursor.execute("INSERT INTO bare_record SELECT * FROM bare_staging ON CONFLICT (office, register, id) DO UPDATE SET revision = excluded.revision, body = excluded.body, hash = excluded.hash")
        connection.commit()
        taken = time.perf_counter() - started
        cursor.execute("DROP TABLE bare_staging, bare_record")
    return taken
