"""What the SQL store writes in one transaction, apart from its index.

Entries go in as plain tuples by one prepared statement for the whole group: this is the hot
path, and building an object or a dictionary for each row would double its cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Dialect, Table, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_update

from ledger.store import CommitGroup
from ledger.store_tables import (
    BOOKMARK,
    CHECKPOINT,
    COSIGNED,
    ENTRY,
    HEAD,
    OUTBOX,
    PIN,
    SEARCH,
    STANDING,
    TILE,
    VAULT,
)
from ledger.vault.sealing import VaultRow

_OUTBOX_END = "outbox"


def write_log(connection: Connection, group: CommitGroup, names: Mapping[str, int]) -> None:
    """Entries, tiles, checkpoint and head."""
    _insert(connection, ENTRY, list(entry_tuples(group, names)))
    tiles = [(tile.level, tile.number, tile.root, tile.hashes) for tile in group.tiles]
    _insert(connection, TILE, tiles)
    _insert(connection, CHECKPOINT, [(group.head.size, group.checkpoint)])
    _write_head(connection, group)


def write_content(connection: Connection, group: CommitGroup, contents: Sequence[VaultRow]) -> None:
    """Contents under their keys, pins and outbox."""
    _insert(connection, VAULT, contents)
    write_pins(connection, group.pins)
    if group.outbox:
        end = read_bookmark(connection, _OUTBOX_END)
        _insert(connection, OUTBOX, list(outbox_runs(group.outbox, end + 1)))
        write_bookmark(connection, _OUTBOX_END, end + len(group.outbox))


def write_cosigned(connection: Connection, size: int, note: str) -> None:
    """A cosigned note, unless one of its size or of a larger one is kept."""
    latest = connection.execute(select(func.max(COSIGNED.c.size))).scalar() or 0
    if size > latest:
        _insert(connection, COSIGNED, [(size, note)])


def write_pins(connection: Connection, pins: Sequence[tuple[str, int]]) -> None:
    """Pins of blobs that have none."""
    _insert(connection, PIN, pins, conflict="IGNORE")


def drop_pins(connection: Connection, pins: Iterable[tuple[str, int]]) -> None:
    """These pins, as far as they are there."""
    for blob, index in pins:
        connection.execute(delete(PIN).where(PIN.c.blob == blob, PIN.c.idx == index))


def drop_projections(
    connection: Connection, search: Iterable[tuple[int, int]], standing: Iterable[tuple[int, int]]
) -> None:
    """Rows of both tables: (first bytes of a key, or a party, each as a number; index)."""
    for prefix, index in search:
        at = SEARCH.c
        connection.execute(delete(SEARCH).where(at.prefix == prefix, at.idx == index))
    for party, index in standing:
        stands = STANDING.c
        connection.execute(delete(STANDING).where(stands.party == party, stands.idx == index))


def replace_contents(connection: Connection, rows: Sequence[VaultRow]) -> None:
    """Contents in the place of those that the entries have, if they have some."""
    _insert(connection, VAULT, rows, conflict="REPLACE")


def drop_outbox(connection: Connection, position: int) -> None:
    """Outbox rows up to and including ``position``."""
    run = OUTBOX.c
    connection.execute(delete(OUTBOX).where(run.position + run.entries <= position + 1))
    # The run that reaches beyond the position loses its first part.
    done = position + 1 - run.position
    connection.execute(
        update(OUTBOX)
        .where(run.position <= position)
        .values(position=position + 1, idx=run.idx + done, entries=run.entries - done)
    )


def read_bookmark(connection: Connection, name: str) -> int:
    """A position kept by name, 0 where none was kept."""
    found = connection.execute(select(BOOKMARK.c.value).where(BOOKMARK.c.name == name)).scalar()
    return found or 0


def write_bookmark(connection: Connection, name: str, value: int) -> None:
    """Keep a position."""
    statement = insert_or_update(BOOKMARK).values(name=name, value=value)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[BOOKMARK.c.name], set_={"value": value})
    )


def _write_head(connection: Connection, group: CommitGroup) -> None:
    head = group.head
    values = {
        "size": head.size,
        "leaf": head.leaf,
        "root": head.root,
        "admitted_ms": head.admitted_ms,
        "frontier": b"".join(head.frontier),
    }
    if group.head_before is None:
        connection.execute(insert(HEAD), {"only": 0, **values})
    else:
        connection.execute(update(HEAD), values)


def entry_tuples(group: CommitGroup, names: Mapping[str, int]) -> Iterator[tuple[Any, ...]]:
    """The entries of a group as rows, in the order of the table's columns."""
    return (
        (
            row.index,
            row.record_id,
            row.jti_key,
            row.leaf,
            names[row.party],
            names[row.vct],
            row.admitted_ms,
            row.text,
        )
        for row in group.entries
    )


def outbox_runs(
    rows: Iterable[tuple[str, int]], position: int
) -> Iterable[tuple[int, str, int, int]]:
    """Rows of consecutive entries under one topic, as one row each run."""

    def run(numbered: tuple[int, tuple[str, int]]) -> tuple[str, int]:
        offset, (topic, index) = numbered
        return topic, index - offset

    for (topic, _), members in groupby(enumerate(rows), key=run):
        run_rows = list(members)
        offset, (_, first) = run_rows[0]
        yield position + offset, topic, first, len(run_rows)


def _insert(
    connection: Connection, table: Table, rows: Sequence[Any], *, conflict: str = "ROLLBACK"
) -> None:
    if rows:
        # A tuple of rows would be taken for one row.
        connection.exec_driver_sql(_insertion(table, connection.dialect, conflict), list(rows))


@lru_cache(maxsize=64)
def _insertion(table: Table, dialect: Dialect, conflict: str) -> str:
    # OR ROLLBACK for the reason given with the triggers: OR ABORT would copy every page.
    statement = insert(table).prefix_with(f"OR {conflict}", dialect="sqlite")
    return str(statement.compile(dialect=dialect))
