"""What the SQL store reads: statements of SQLAlchemy Core, and rows as values.

Long reads go page by page, each page a statement of its own: a reader holds a bounded number
of rows and never an old state of the database, which would keep the write-ahead log growing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Row, Select, Table, bindparam, func, select

from ledger import limits
from ledger.store import EntryRow, Head, SearchQuery
from ledger.store_names import NameBook
from ledger.store_tables import (
    CHECKPOINT,
    COSIGNED,
    ENTRY,
    HEAD,
    NAME,
    OUTBOX,
    PIN,
    TILE,
)

_HASH_BYTES: Final = 32

# Statements are built once; building one costs more than running it.
_AT: Final[Any] = bindparam("at")
_START: Final[Any] = bindparam("start")
_STOP: Final[Any] = bindparam("stop")
_ROWS: Final[Any] = bindparam("rows")

_HEAD: Final = select(HEAD.c.size, HEAD.c.leaf, HEAD.c.root, HEAD.c.admitted_ms, HEAD.c.frontier)
_ENTRY: Final = select(ENTRY).where(ENTRY.c.idx == _AT)
_ENTRIES_AT: Final = select(ENTRY).where(ENTRY.c.idx.in_(bindparam("indices", expanding=True)))
_RANGE: Final = (ENTRY.c.idx >= _START) & (ENTRY.c.idx < _STOP)
_ENTRIES: Final = select(ENTRY).where(_RANGE).order_by(ENTRY.c.idx)
_LEAVES: Final = select(ENTRY.c.leaf).where(_RANGE).order_by(ENTRY.c.idx)
_ENTRIES_OF: Final = (
    select(ENTRY)
    .where(ENTRY.c.vct == _AT, ENTRY.c.idx >= _START)
    .order_by(ENTRY.c.idx)
    .limit(_ROWS)
)
_ENTRIES_SINCE: Final = (
    select(ENTRY)
    .join(NAME, NAME.c.id == ENTRY.c.vct)
    .where(NAME.c.text.in_(bindparam("vcts", expanding=True)), ENTRY.c.idx >= _START)
    .order_by(ENTRY.c.idx)
    .limit(_ROWS)
)
_ADMITTED: Final = select(ENTRY.c.admitted_ms).where(ENTRY.c.idx == _AT)
_TILE: Final = select(TILE.c.hashes).where(TILE.c.level == bindparam("level"), TILE.c.number == _AT)
_TILE_ROOTS: Final = (
    select(TILE.c.root)
    .where(TILE.c.level == bindparam("level"), TILE.c.number >= _START, TILE.c.number < _STOP)
    .order_by(TILE.c.number)
)
# The signed notes of both kinds.
_NOTES: Final = {
    table: select(table.c.size, table.c.note)
    .where(table.c.size > _AT)
    .order_by(table.c.size)
    .limit(_ROWS)
    for table in (CHECKPOINT, COSIGNED)
}
_LATEST_NOTE: Final = {
    table: select(table.c.size, table.c.note).order_by(table.c.size.desc()).limit(1)
    for table in (CHECKPOINT, COSIGNED)
}
_PIN: Final = select(PIN.c.idx).where(PIN.c.blob == bindparam("blob"))
_PINS: Final = (
    select(PIN.c.blob, PIN.c.idx)
    .where(PIN.c.blob > bindparam("blob"), PIN.c.idx < bindparam("size"))
    .order_by(PIN.c.blob)
    .limit(bindparam("rows"))
)
# The run that holds the position after the given one may begin before it.
_RUN_START: Final = (
    select(func.max(OUTBOX.c.position)).where(OUTBOX.c.position <= _AT + 1).scalar_subquery()
)
_OUTBOX: Final = (
    select(OUTBOX)
    .where(OUTBOX.c.position >= func.coalesce(_RUN_START, 0))
    .order_by(OUTBOX.c.position)
    .limit(_ROWS)
)


class ReadingDatabase(Protocol):
    """Lends connections to who reads."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that only reads; each statement sees the newest committed state."""


def read_head(connection: Connection) -> Head | None:
    """The head row."""
    row = connection.execute(_HEAD).one_or_none()
    return None if row is None else head_of(tuple(row))


def head_of(row: tuple[Any, ...]) -> Head | None:
    """The head in a row of size, leaf, root, time and frontier; that of an empty log is none."""
    size, leaf, root, admitted_ms, packed = row
    if not size:
        return None
    frontier = [packed[at : at + _HASH_BYTES] for at in range(0, len(packed), _HASH_BYTES)]
    return Head(size, leaf, root, admitted_ms, tuple(frontier))


def read_size(connection: Connection) -> int:
    """How many entries are committed."""
    head = read_head(connection)
    return head.size if head else 0


def read_entry(connection: Connection, names: NameBook, index: int) -> EntryRow | None:
    """One entry."""
    row = connection.execute(_ENTRY, {"at": index}).one_or_none()
    return None if row is None else _entry(connection, names, row)


def read_entries_at(
    connection: Connection, names: NameBook, indices: Sequence[int]
) -> dict[int, EntryRow]:
    """Those of the entries that there are."""
    found: dict[int, EntryRow] = {}
    for first in range(0, len(indices), limits.STORE_LOOKUP_IDS_MAX):
        part = list(indices[first : first + limits.STORE_LOOKUP_IDS_MAX])
        for row in connection.execute(_ENTRIES_AT, {"indices": part}):
            entry = _entry(connection, names, row)
            found[entry.index] = entry
    return found


def read_entries(
    database: ReadingDatabase, names: NameBook, start: int, stop: int
) -> Iterator[EntryRow]:
    """Entries ``start <= index < stop``, page by page."""
    for first in range(max(start, 0), stop, limits.STORE_READ_ROWS_MAX):
        last = min(first + limits.STORE_READ_ROWS_MAX, stop)
        with database.reading() as connection:
            rows = connection.execute(_ENTRIES, {"start": first, "stop": last}).all()
            page = [_entry(connection, names, row) for row in rows]
        yield from page
        if len(page) < last - first:
            return


def read_entries_of(
    database: ReadingDatabase, names: NameBook, vct: str, *, start: int = 0
) -> Iterator[EntryRow]:
    """Entries of one type from ``start`` on, page by page."""
    while True:
        with database.reading() as connection:
            number = names.find(vct, connection)
            asked = {"at": number, "start": start, "rows": limits.STORE_READ_ROWS_MAX}
            page = [
                _entry(connection, names, row) for row in connection.execute(_ENTRIES_OF, asked)
            ]
        yield from page
        if len(page) < limits.STORE_READ_ROWS_MAX:
            return
        start = page[-1].index + 1


def read_entries_since(
    database: ReadingDatabase, names: NameBook, vcts: Sequence[str], *, start: int
) -> Iterator[EntryRow]:
    """Entries of many types from ``start`` on in order, page by page.

    One statement for all types: a replica asks in its turn, while others wait, and most often
    there are none.
    """
    while True:
        asked = {"vcts": list(vcts), "start": start, "rows": limits.STORE_READ_ROWS_MAX}
        with database.reading() as connection:
            rows = connection.execute(_ENTRIES_SINCE, asked).all()
            page = [_entry(connection, names, row) for row in rows]
        yield from page
        if len(page) < limits.STORE_READ_ROWS_MAX:
            return
        start = page[-1].index + 1


def read_leaves(connection: Connection, start: int, stop: int) -> bytes:
    """Leaf hashes, concatenated."""
    return _joined(connection, _LEAVES, {"start": start, "stop": stop})


def read_tile(connection: Connection, level: int, number: int) -> bytes | None:
    """The hashes of a full tile."""
    found: bytes | None = connection.execute(_TILE, {"level": level, "at": number}).scalar()
    return found


def read_tile_roots(connection: Connection, level: int, span: range) -> bytes:
    """Roots of the full tiles of a level, concatenated."""
    asked = {"level": level, "start": span.start, "stop": span.stop}
    return _joined(connection, _TILE_ROOTS, asked)


def read_notes(
    connection: Connection, notes: Table, *, above: int, rows: int
) -> list[tuple[int, str]]:
    """The first notes of a size above the given one, from one of the two tables of notes."""
    found = connection.execute(_NOTES[notes], {"at": above, "rows": rows})
    return [(size, note) for size, note in found]


def read_all_notes(
    database: ReadingDatabase, notes: Table, *, above: int
) -> Iterator[tuple[int, str]]:
    """All notes of a size above the given one, page by page."""
    while True:
        with database.reading() as connection:
            page = read_notes(connection, notes, above=above, rows=limits.STORE_READ_ROWS_MAX)
        if not page:
            return
        yield from page
        above = page[-1][0]


def read_latest_note(connection: Connection, notes: Table) -> tuple[int, str] | None:
    """The newest note, with its size."""
    found = connection.execute(_LATEST_NOTE[notes]).one_or_none()
    return None if found is None else (found.size, found.note)


def read_pin(connection: Connection, blob: str) -> bool:
    """Whether a blob is pinned."""
    return connection.execute(_PIN, {"blob": blob}).first() is not None


def read_pins(connection: Connection, blob: str, *, size: int, limit: int) -> list[tuple[str, int]]:
    """Pins of entries below ``size``, in the order of their blobs, those after ``blob``."""
    asked = {"blob": blob, "size": size, "rows": limit}
    return [(row.blob, row.idx) for row in connection.execute(_PINS, asked)]


def read_outbox(connection: Connection, position: int, limit: int) -> list[tuple[int, str, int]]:
    """Outbox rows after ``position``, taken out of their runs."""
    found: list[tuple[int, str, int]] = []
    for run in connection.execute(_OUTBOX, {"at": position, "rows": limit}):
        for step in range(max(0, position + 1 - run.position), run.entries):
            if len(found) == limit:
                return found
            found.append((run.position + step, run.topic, run.idx + step))
    return found


def span_of(connection: Connection, query: SearchQuery) -> range:
    """The entries that the times of a query and its ``before`` leave."""
    stop = read_size(connection)
    start = 0
    if query.since_ms is not None:
        start = first_since(connection, query.since_ms, stop)
    if query.until_ms is not None:
        stop = first_since(connection, query.until_ms, stop)
    if query.before is not None:
        stop = min(stop, max(query.before, 0))
    return range(start, stop)


def first_since(connection: Connection, instant_ms: int, size: int) -> int:
    """The first entry admitted at the instant or later; admission times never decrease."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if connection.execute(_ADMITTED, {"at": middle}).scalar_one() < instant_ms:
            low = middle + 1
        else:
            high = middle
    return low


def _entry(connection: Connection, names: NameBook, row: Row[Any]) -> EntryRow:
    index, record_id, jti_key, leaf, party, vct, admitted_ms, text = tuple(row)
    return EntryRow(
        index=index,
        record_id=record_id,
        jti_key=jti_key,
        leaf=leaf,
        text=text,
        party=names.text(party, connection),
        vct=names.text(vct, connection),
        admitted_ms=admitted_ms,
    )


def _joined(connection: Connection, statement: Select[Any], asked: dict[str, int]) -> bytes:
    return b"".join(connection.execute(statement, asked).scalars())
