"""The district's tables, on SQLite or PostgreSQL alike. Every key begins with the office, so the whole can be split by office."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Engine, Index, Integer, MetaData, String, Table, Text, inspect, select
from sqlalchemy.dialects import postgresql, sqlite

from db.problems import UserError

metadata = MetaData()

about = Table("receiver_about", metadata, Column("name", String(60), primary_key=True), Column("value", Text, nullable=False))
offices = Table(
    "office", metadata,
    Column("id", String(36), primary_key=True), Column("name", String(200), nullable=False), Column("uscc", String(18), nullable=False),
    Column("signing_key", String(64), nullable=False), Column("recipient", String(100), nullable=False),
    Column("series", Integer, nullable=False), Column("digest", String(64)), Column("reached", BigInteger, nullable=False), Column("enrolled_at", String(32), nullable=False),
)
packages = Table(
    "package", metadata,
    Column("office", String(36), primary_key=True), Column("series", Integer, primary_key=True, autoincrement=False), Column("digest", String(64), nullable=False),
    Column("merged_at", String(32), nullable=False), Column("made_at", String(32), nullable=False), Column("receipt", Text, nullable=False),
)
records = Table(
    "record", metadata,
    Column("office", String(36), primary_key=True), Column("register", String(40), primary_key=True), Column("id", String(36), primary_key=True),
    Column("revision", Integer, nullable=False), Column("removed", Boolean, nullable=False), Column("body", Text, nullable=False), Column("series", Integer, nullable=False),
)
Index("record_register", records.c.register, records.c.office)
SCHEMA = "1"


def prepare(engine: Engine) -> None:
    """Make the tables in an empty database; UserError for one of a newer program."""
    with engine.begin() as connection:
        if not inspect(connection).has_table("receiver_about"):
            metadata.create_all(connection)
            connection.execute(about.insert().values(name="schema", value=SCHEMA))
        elif connection.execute(select(about.c.value).where(about.c.name == "schema")).scalar() != SCHEMA:
            raise UserError("区里的资料库是用更新的程序建的，请先升级本程序；资料没有改动。")


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or replace by primary key."""
    if not rows:
        return
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    changed = {c.name: insert.excluded[c.name] for c in table.columns if not c.primary_key}
    connection.execute(insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changed), list(rows))


def stored(connection: Connection, office: str, register: str, ids: Iterable[str]) -> dict[str, tuple[int, str, bool]]:
    """Revision, body and removal of each known record."""
    wanted = list(ids)
    found: dict[str, tuple[int, str, bool]] = {}
    for start in range(0, len(wanted), 500):
        query = select(records.c.id, records.c.revision, records.c.body, records.c.removed).where(records.c.office == office, records.c.register == register, records.c.id.in_(wanted[start : start + 500]))
        found |= {row.id: (row.revision, row.body, row.removed) for row in connection.execute(query)}
    return found
