"""What a page of entries changes, written in one transaction onto the tables it was made for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from api.anomaly.changes import LineChanges, Values
from api.anomaly.tables import ALARM, BOOKMARK, EVENT, FORM, LINE, SHADOW, UPLOAD, VERDICT
from api.derived.bookmark import Bookmark

#: Rows of one statement: each value is a parameter, of which both products take many more.
_ROWS: Final = 500


def write_page(
    connection: Connection, changes: Iterable[LineChanges], *, before: Bookmark, after: Bookmark
) -> bool:
    """Write a page; False, and nothing, where another process has moved the tables."""
    is_there = (BOOKMARK.c.form == FORM) & (BOOKMARK.c.size == before.size)
    is_there &= BOOKMARK.c.leaf == before.leaf
    moved = connection.execute(update(BOOKMARK).where(is_there).values(**asdict(after)))
    if moved.rowcount != 1:
        return False
    for each in changes:
        _write_line(connection, each)
    return True


def _write_line(connection: Connection, changes: LineChanges) -> None:
    key = changes.line["key"]
    if changes.is_anew:
        for table in (EVENT, UPLOAD, VERDICT, ALARM, SHADOW):
            connection.execute(delete(table).where(table.c.line == key))
    put(connection, LINE, [changes.line])
    put(connection, EVENT, changes.events)
    put(connection, UPLOAD, list(changes.uploads.values()))
    put(connection, SHADOW, list(changes.shadows.values()))
    _replace(connection, VERDICT, changes.verdicts)
    _replace(connection, ALARM, {(name,): row for name, row in changes.alarms.items()})


def _replace(
    connection: Connection, table: Table, rows: Mapping[tuple[Any, ...], Values | None]
) -> None:
    keys = list(table.primary_key)
    for key, row in rows.items():
        if row is None:
            gone = [column == value for column, value in zip(keys, key, strict=True)]
            connection.execute(delete(table).where(*gone))
    put(connection, table, [row for row in rows.values() if row is not None])


def put(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows, or update those that are there."""
    insert: Any = insert_sqlite if connection.dialect.name == "sqlite" else insert_postgres
    keys = [column.name for column in table.primary_key]
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        statement = insert(table)
        rest = {name: statement.excluded[name] for name in part[0] if name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=rest)
        connection.execute(statement, part)
