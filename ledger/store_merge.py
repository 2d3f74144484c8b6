"""Moves an index segment into its tables a little at a time, neighbours together.

Ids and search keys are random, so an index row written with each entry would touch a page
of its own and carry that page through the write-ahead log. Thousands of rows in the order
of their keys share pages; a slice of them goes along with each later commit.

A table holds the first 8 bytes of a key, as a number. For ids the entry itself says whether
it is the one meant; search keys are HMACs, which nobody can make collide on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import Connection

from ledger import limits
from ledger.store_segment import IndexSegment

RECORD_KEYS: Final = "record_key (prefix, idx)"
JTI_KEYS: Final = "jti_key (prefix, idx)"
SEARCH: Final = "search (prefix, idx)"
STANDING: Final = "standing (party, idx)"

_PREFIX_BYTES: Final = 8
_TABLES: Final = 4
# Rows of one statement: running a statement costs more than inserting a row.
_WIDTH: Final = 64

# Rows of two numbers, one after the other: the driver takes them so, and a tuple for each
# would have to be made first.
Numbers = list[int]
_Key = TypeVar("_Key", str, bytes)


@dataclass(frozen=True, slots=True)
class MergeSlice:
    """The rows of one transaction by table, and where the merge stands after it."""

    batches: tuple[tuple[str, Numbers], ...]
    table: int
    offset: int
    owed: int

    @property
    def is_last(self) -> bool:
        """Whether nothing is left behind it."""
        return self.table == _TABLES


class SegmentMerge:
    """What is left to merge of one segment that takes no more entries."""

    def __init__(
        self, segment: IndexSegment, names: Mapping[str, int], *, entries_max: int
    ) -> None:
        """Begin at the first row; ``names`` numbers the parties that stand in entries."""
        self.segment = segment
        self._sources: tuple[tuple[str, Callable[[], Numbers]], ...] = (
            (RECORD_KEYS, lambda: near_rows(segment.records.items())),
            (JTI_KEYS, lambda: near_rows(segment.jti_keys.items())),
            (SEARCH, lambda: near_rows(_pairs(segment.search))),
            (STANDING, lambda: standing_rows(_pairs(segment.standing), names)),
        )
        count = _count(segment)
        # Done when the next segment is at most three quarters full, whatever it holds.
        self._rows_per_entry = -(-4 * count // (3 * entries_max))
        self._rows_min = min(count, limits.INDEX_MERGE_ROWS_MIN)
        self._table = self._offset = self._owed = 0
        self._near: tuple[int, Numbers] | None = None

    def next_slice(self, entries: int) -> MergeSlice:
        """The rows to merge with a commit of ``entries``; the merge moves in :meth:`advance`."""
        owed = self._owed + entries * self._rows_per_entry
        if owed < self._rows_min:
            return MergeSlice((), self._table, self._offset, owed)
        return self._cut(owed)

    def advance(self, step: MergeSlice) -> None:
        """The slice is committed."""
        self._table, self._offset, self._owed = step.table, step.offset, step.owed

    def _cut(self, count: int) -> MergeSlice:
        batches = []
        table, offset = self._table, self._offset
        while count and table < _TABLES:
            rows = self._rows_of(table)
            taken = rows[offset : offset + 2 * count]
            if taken:
                batches.append((self._sources[table][0], taken))
            count -= len(taken) // 2
            offset += len(taken)
            if offset == len(rows):
                table, offset = table + 1, 0
        return MergeSlice(tuple(batches), table, offset, 0)

    def _rows_of(self, table: int) -> Numbers:
        if self._near is None or self._near[0] != table:
            self._near = (table, self._sources[table][1]())
        return self._near[1]


def key_prefix(key: bytes) -> int:
    """What the index tables hold of a key."""
    return int.from_bytes(key[:_PREFIX_BYTES], "big", signed=True)


def near_rows(pairs: Iterable[tuple[bytes, int]]) -> Numbers:
    """Rows whose neighbours share pages: in order of their first byte, which is enough for that.

    A full sort would cost as much as the inserts it prepares.
    """
    buckets: list[Numbers] = [[] for _ in range(256)]
    from_bytes = int.from_bytes
    for key, index in pairs:
        buckets[key[0]] += (from_bytes(key[:_PREFIX_BYTES], "big", signed=True), index)
    return [number for bucket in buckets for number in bucket]


def standing_rows(pairs: Iterable[tuple[str, int]], names: Mapping[str, int]) -> Numbers:
    """Rows in the order of their table."""
    rows = sorted((names[party], index) for party, index in pairs)
    return [number for row in rows for number in row]


def insert_rows(connection: Connection, table: str, numbers: Numbers) -> None:
    """Insert rows into an index table; those that are there already stay."""
    step = 2 * _WIDTH
    whole = len(numbers) // step * step
    statement = f"INSERT OR IGNORE INTO {table} VALUES "
    wide = [tuple(numbers[at : at + step]) for at in range(0, whole, step)]
    if wide:
        connection.exec_driver_sql(statement + ",".join(["(?,?)"] * _WIDTH), wide)
    if whole < len(numbers):
        rest = [tuple(numbers[at : at + 2]) for at in range(whole, len(numbers), 2)]
        connection.exec_driver_sql(statement + "(?,?)", rest)


def _pairs(lists: Mapping[_Key, Sequence[int]]) -> Iterable[tuple[_Key, int]]:
    return ((key, index) for key, indices in lists.items() for index in indices)


def _count(segment: IndexSegment) -> int:
    listed = [*segment.search.values(), *segment.standing.values()]
    return len(segment.records) + len(segment.jti_keys) + sum(map(len, listed))
