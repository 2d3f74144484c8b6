"""What the SQL stores hold beside the log, row by row: to be compared with what it should be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, TextClause, text

from ledger import limits
from ledger.store import Projected
from ledger.store_names import NameBook

_PREFIX_BYTES: Final = 8
_LEAST: Final = -(2**63)
_FIRST: Final = "SELECT {key}, idx FROM {table} WHERE idx < :size AND {key} >= :key "
_NEXT: Final = "SELECT {key}, idx FROM {table} WHERE idx < :size AND ({key}, idx) > (:key, :idx) "
_PAGE: Final = "ORDER BY {key}, idx LIMIT :rows"


def read_projected(
    connection: Connection, names: NameBook, size: int, *, numbered: tuple[tuple[str, str], ...]
) -> Iterator[Projected]:
    """The rows about entries below ``size``; ``numbered`` are (kind, table) of 8-byte keys."""
    for kind, table in numbered:
        for prefix, index in _rows(connection, table, "prefix", size=size, least=_LEAST):
            yield Projected(kind, prefix.to_bytes(_PREFIX_BYTES, "big", signed=True), index)
    for party, index in _rows(connection, "standing", "party", size=size, least=_LEAST):
        yield Projected("standing", names.text(party, connection).encode(), index)
    for blob, index in _rows(connection, "pin", "blob", size=size, least=""):
        yield Projected("pin", blob.encode(), index)


def _rows(
    connection: Connection, table: str, key: str, *, size: int, least: int | str
) -> Iterator[tuple[Any, int]]:
    """All rows in the order of their key, page by page: nothing is held open between two."""
    asked: dict[str, Any] = {"size": size, "rows": limits.STORE_READ_ROWS_MAX, "key": least}
    statement = _statement(_FIRST + _PAGE, table, key)
    while page := connection.execute(statement, asked).all():
        yield from ((row[0], row[1]) for row in page)
        asked |= {"key": page[-1][0], "idx": page[-1][1]}
        statement = _statement(_NEXT + _PAGE, table, key)


def _statement(form: str, table: str, key: str) -> TextClause:
    # The names are ours; the values are bound.
    return text(form.format(table=table, key=key))
