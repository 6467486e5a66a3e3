"""The district's tables, on SQLite or PostgreSQL alike.

Every table of an office's data has the office first in its key, and no statement joins two offices, so that the whole can be
distributed by office (README.md here). `about`, `item`, `street` are small and the same everywhere: reference tables.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Engine, Index, LargeBinary, MetaData, String, Table, Text, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite

from db import vault
from db.problems import UserError

metadata = MetaData()
SCHEMA = "2"


def _id(name: str, **more: Any) -> Column[str]:
    return Column(name, String(36), **more)


about = Table("receiver_about", metadata, Column("name", String(60), primary_key=True), Column("value", Text, nullable=False))
streets = Table(
    "street", metadata,
    _id("id", primary_key=True), Column("name", String(200), nullable=False), Column("signing_key", String(128), nullable=False), Column("recipient", String(140), nullable=False),
    Column("status", String(10), nullable=False),
)
items = Table(
    "item", metadata,
    Column("kind", String(20), primary_key=True), Column("key", String(200), primary_key=True), Column("body", Text), Column("at", String(32), nullable=False), Column("operator", String(100), nullable=False),
)
offices = Table(
    "office", metadata,
    _id("id", primary_key=True), Column("name", String(200), nullable=False), Column("uscc", String(18), nullable=False), Column("street", String(200), nullable=False),
    Column("status", String(10), nullable=False), Column("signing_key", String(128), nullable=False), Column("recipient", String(140), nullable=False),
    Column("enrolled_at", String(32), nullable=False), Column("last", BigInteger, nullable=False), Column("reached", BigInteger, nullable=False), Column("holdings", BigInteger),
    Column("answer", BigInteger, nullable=False), Column("answered", BigInteger, nullable=False), Column("forked", Boolean, nullable=False), Column("differs", Text, nullable=False),
    Column("device", String(16), nullable=False), Column("reported_at", String(32)), Column("stale", Boolean, nullable=False),
)
"""`status`: active, suspended, revoked. `answer`: the highest answer made; `answered`: the highest the office says it has read. `stale`: its tallies have to be counted anew."""
series = Table(
    "office_series", metadata,
    _id("office", primary_key=True), Column("series", BigInteger, primary_key=True, autoincrement=False), Column("digest", String(64), nullable=False), Column("merged", Boolean, nullable=False),
)
packages = Table(
    "package", metadata,
    _id("office", primary_key=True), Column("series", BigInteger, primary_key=True, autoincrement=False), Column("digest", String(64), nullable=False), Column("made_at", String(32), nullable=False),
    Column("merged_at", String(32), nullable=False), Column("operator", String(100), nullable=False), Column("counts", Text, nullable=False), Column("before", Text, nullable=False),
    Column("answered", BigInteger, nullable=False),
)
"""Merged packages. `before`: JSON of what was known of the office before, for taking it back. `answered`: the answer that the office had read when it made it."""
records = Table(
    "record", metadata,
    _id("office", primary_key=True), Column("register", String(40), primary_key=True), _id("id", primary_key=True), Column("revision", BigInteger, nullable=False),
    Column("removed", Boolean, nullable=False), Column("body", Text, nullable=False), Column("hash", String(64), nullable=False), Column("series", BigInteger, nullable=False),
    Column("title", Text, nullable=False), Column("state", String(60), nullable=False), Column("into_id", String(36)),
)
Index("record_title", records.c.register, records.c.title, records.c.id)
Index("record_state", records.c.register, records.c.state, postgresql_where=records.c.state != "", sqlite_where=records.c.state != "")
held = Table(
    "held", metadata,
    _id("office", primary_key=True), Column("register", String(40), primary_key=True), _id("id", primary_key=True), Column("revision", BigInteger, nullable=False),
    Column("removed", Boolean, nullable=False), Column("body", Text, nullable=False), Column("hash", String(64), nullable=False), Column("series", BigInteger, nullable=False),
    Column("title", Text, nullable=False), Column("state", String(60), nullable=False), Column("into_id", String(36)),
    Column("standing", String(10), nullable=False), Column("code", String(40), nullable=False), Column("message", Text, nullable=False),
)
"""The latest word of the office on a record that was not taken: refused, or waiting for a person."""
before = Table(
    "before", metadata,
    _id("office", primary_key=True), Column("series", BigInteger, primary_key=True, autoincrement=False), Column("register", String(40), primary_key=True), _id("id", primary_key=True),
    Column("was", Text, nullable=False), Column("held", Text, nullable=False),
)
"""What a package changed, as it was before: JSON of the row, or empty where there was none."""
attachments = Table(
    "attachment", metadata,
    _id("office", primary_key=True), _id("id", primary_key=True), Column("of_register", String(40), nullable=False), _id("of_id", nullable=False), Column("name", Text, nullable=False),
    Column("media_type", String(60), nullable=False), Column("body", LargeBinary, nullable=False),
)
decisions = Table(
    "decision", metadata,
    _id("office", primary_key=True), _id("id", primary_key=True), Column("register", String(40), nullable=False), _id("record", nullable=False), Column("values", Text, nullable=False),
    Column("reasons", Text, nullable=False), Column("operator", String(100), nullable=False), Column("at", String(32), nullable=False), Column("answer", BigInteger),
    Column("superseded", Boolean, nullable=False), Column("final", Boolean, nullable=False),
)
Index("decision_record", decisions.c.office, decisions.c.record)
opinions = Table(
    "opinion", metadata,
    _id("office", primary_key=True), Column("register", String(40), primary_key=True), _id("record", primary_key=True), _id("street", primary_key=True), Column("opinion", String(10), nullable=False),
    Column("text", Text, nullable=False), Column("by", String(100), nullable=False), Column("at", String(32), nullable=False),
)
letters = Table(
    "street_letter", metadata,
    _id("office", primary_key=True), _id("street", primary_key=True), Column("last", BigInteger, nullable=False), Column("digest", String(64), nullable=False),
)
"""The last opinion of a street union on an office's packages."""
gifts = Table(
    "gift", metadata,
    _id("office", primary_key=True), Column("register", String(40), primary_key=True), _id("id", primary_key=True), Column("answer", BigInteger),
)
"""Records to give back to an office that lost them."""
tallies = Table("tally", metadata, _id("office", primary_key=True), Column("what", String(60), primary_key=True), Column("n", BigInteger, nullable=False))
audit = Table(
    "audit", metadata,
    _id("id", primary_key=True), Column("at", String(32), nullable=False), Column("operator", String(100), nullable=False), _id("office", nullable=False), Column("what", String(40), nullable=False),
    Column("code", String(40), nullable=False), Column("detail", Text, nullable=False),
)
Index("audit_at", audit.c.at)
staging = Table(
    "staging", metadata,
    _id("office", nullable=False), Column("register", String(40), nullable=False), _id("id", nullable=False), Column("revision", BigInteger, nullable=False), Column("removed", Boolean, nullable=False),
    Column("erased", Boolean, nullable=False), Column("body", Text, nullable=False), Column("hash", String(64), nullable=False), Column("title", Text, nullable=False), Column("state", String(60), nullable=False),
    Column("into_id", String(36)), Column("standing", String(10), nullable=False), Column("code", String(40), nullable=False), Column("message", Text, nullable=False),
)
"""The records of the package being merged. On PostgreSQL every connection has a temporary one of its own, which commit and rollback empty."""


def prepare(engine: Engine) -> None:
    """Make the tables in an empty database; UserError for one of a newer or the first program."""
    with engine.begin() as connection:
        if not inspect(connection).has_table("receiver_about"):
            metadata.create_all(connection)
            connection.execute(about.insert().values(name="schema", value=SCHEMA))
            return
        found = connection.execute(select(about.c.value).where(about.c.name == "schema")).scalar()
        if found != SCHEMA:
            newer = str(found) > SCHEMA
            raise UserError("区里的资料库是用更新的程序建的，请先升级本程序；资料没有改动。" if newer else "区里的资料库是试用版建的，不能接着用。请另建一个接收端，让各单位全部重新报一遍；资料没有改动。")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction. On SQLite it takes the write lock at once; on PostgreSQL two operators work side by side."""
    if engine.dialect.name == "sqlite":
        with vault.writing(engine) as connection:
            yield connection
    else:
        with engine.begin() as connection:
            yield connection


def lock_office(connection: Connection, office: str) -> Mapping[str, Any] | None:
    """The office's row, held until the transaction ends, so that two operators do not merge for one office at a time."""
    wanted = select(offices).where(offices.c.id == office)
    found = connection.execute(wanted.with_for_update() if connection.dialect.name == "postgresql" else wanted).mappings().first()
    return dict(found) if found is not None else None


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or replace by primary key."""
    if not rows:
        return
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    changed = {c.name: insert.excluded[c.name] for c in table.columns if not c.primary_key}
    connection.execute(insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changed), list(rows))


_STAGED = tuple(c.name for c in staging.columns)


def stage(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """The records of a package, as tuples in the order of the columns, into staging: by COPY where there is one."""
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.exec_driver_sql(f"INSERT INTO staging ({', '.join(_STAGED)}) VALUES ({', '.join('?' * len(_STAGED))})", list(rows))
        return
    connection.exec_driver_sql("CREATE TEMPORARY TABLE IF NOT EXISTS staging (LIKE public.staging) ON COMMIT DELETE ROWS")
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY staging ({', '.join(_STAGED)}) FROM STDIN") as copy:
        copy.write("".join(map(_copy_line, rows)))


def _copy_line(row: tuple[Any, ...]) -> str:
    """A row in COPY's text form. One pass over all its texts together finds the few that need care."""
    office, register, record, revision, removed, erased, body, digest, title, state, into, standing, code, message = row
    line = f"{office}\t{register}\t{record}\t{revision}\t{removed}\t{erased}\t{body}\t{digest}\t{title}\t{state}\t{into or ''}\t{standing}\t{code}\t{message}"
    if "\\" in line or "\n" in line or "\r" in line or line.count("\t") != _TABS:
        texts = (office, register, record, str(revision), str(removed), str(erased), body, digest, title, state, into or "", standing, code, message)
        line = "\t".join(t.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r") for t in texts)
    return line + "\n"


_TABS = len(_STAGED) - 1


def live(register: str, *, office: str | None, street: str | None) -> tuple[list[str], dict[str, Any]]:
    """Conditions and parameters for the live records of a register: `r` is the record, `o` its office."""
    where, parameters = ["r.register = :register", "NOT r.removed"], {"register": register}
    if office is not None:
        where.append("r.office = :office")
        parameters["office"] = office
    if street is not None:
        where.append("o.street = :street")
        parameters["street"] = street
    return where, parameters


def decided(connection: Connection, name: str) -> str:
    """SQL for a value of a decision `d`, as text."""
    return f"(d.\"values\"::jsonb ->> '{name}')" if connection.dialect.name == "postgresql" else f"json_extract(d.\"values\", '$.{name}')"


def run(connection: Connection, sql: str, **parameters: Any) -> int:
    """A statement; how many rows it touched."""
    return connection.execute(text(sql), parameters).rowcount
