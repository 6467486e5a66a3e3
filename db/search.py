"""Search as you type: for each register one FTS5 table of suffix tokens.

A person is found by any suffix of the name, its pinyin, its initials (both readings of a surname that has two), whole
numbers and their last four and six digits. Each token is matched from its beginning, so the suffixes are what make
the middle of a name findable. The index is contentless: it holds no text that can be read back, only row numbers.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from db.pinyin import readings


def person_tokens(name: str) -> list[str]:
    """Suffixes of the name in characters, pinyin and initials."""
    plain = "".join(c for c in name.casefold() if c.isalnum())
    tokens = [plain[i:] for i in range(len(plain))]
    for syllables in readings(plain):
        for i in range(len(syllables)):
            tokens.append("".join(syllables[i:]))
            tokens.append("".join(s[0] for s in syllables[i:] if s))
    return tokens


def number_tokens(number: str, *, tails: bool = True) -> list[str]:
    if not number:
        return []
    plain = number.casefold()
    if tails and len(plain) > 6:
        return [plain, plain[-4:], plain[-6:]]
    return [plain]


def insert_statement(table: str) -> str:
    return f"INSERT INTO search_{table}(rowid, tokens) VALUES (?, ?)"


def put(connection: Connection, table: str, rows: Sequence[tuple[int, str]]) -> None:
    """Index new records: (rowno, tokens joined by spaces)."""
    if rows:
        connection.exec_driver_sql(insert_statement(table), list(rows))


def replace(connection: Connection, table: str, rowno: int, tokens: Iterable[str]) -> None:
    connection.exec_driver_sql(f"DELETE FROM search_{table} WHERE rowid = ?", (rowno,))
    if written := " ".join(tokens):
        put(connection, table, [(rowno, written)])


def query_of(typed: str) -> str | None:
    """An FTS5 query for what was typed; every word must match from its beginning. None if there is nothing to look for."""
    words = ["".join(c for c in word if c.isalnum() or c in "-") for word in typed.casefold().split()]
    wanted = [f'"{word}"*' for word in words if word]
    return " AND ".join(wanted) if wanted else None


def find(connection: Connection, table: str, typed: str, *, limit: int = 50) -> list[int]:
    """Row numbers of the records that match, at most `limit`."""
    query = query_of(typed)
    if query is None:
        return []
    found = connection.exec_driver_sql(f"SELECT rowid FROM search_{table} WHERE search_{table} MATCH ? LIMIT ?", (query, limit))
    return [rowno for (rowno,) in found]
