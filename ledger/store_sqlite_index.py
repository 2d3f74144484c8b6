"""The index of the SQLite store: what is known, who signed, who reads, what is searched.

Entries below a bookmark are in index tables; newer ones are in segments in memory, which
are read again from the log when a store is opened, so nothing is lost with the process.
A segment that is full is merged behind later commits (:mod:`ledger.store_merge`). Readers
take the segments first and the tables second: what leaves the one is in the other by then.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import starmap

from sqlalchemy import Connection

from ledger import limits
from ledger.store import CommitGroup, EntryRow, KnownIds, Projected, SearchQuery
from ledger.store_errors import AppendRefused
from ledger.store_merge import (
    JTI_KEYS,
    RECORD_KEYS,
    SEARCH,
    STANDING,
    MergeSlice,
    SegmentMerge,
    insert_rows,
    key_prefix,
    near_rows,
    standing_rows,
)
from ledger.store_names import NameBook
from ledger.store_projected import read_projected
from ledger.store_segment import SEARCH_KEY_BYTES, IndexSegment
from ledger.store_sqlite_search import search_tables
from ledger.store_writes import drop_projections, read_bookmark, write_bookmark

_SEARCH_ROW = struct.Struct(f">{SEARCH_KEY_BYTES}sQ")
_STANDING_ROW = struct.Struct(">QQ")
_MERGED = "merged"
_NUMBERED = (("record", "record_key"), ("jti", "jti_key"), ("search", "search"))
# CROSS JOIN makes SQLite begin with the narrow table; the wide row settles equal prefixes.
_RECORDS = (
    "SELECT entry.record_id, entry.idx FROM record_key CROSS JOIN entry "
    "ON entry.idx = record_key.idx WHERE prefix IN ({})"
)
_JTIS = (
    "SELECT entry.jti_key, entry.idx FROM jti_key AS used CROSS JOIN entry "
    "ON entry.idx = used.idx WHERE prefix IN ({})"
)
# Keys just found absent are remembered until the next commit, so that it does not look again.
_ABSENT_KEYS_MAX = 4 * limits.SUBMISSION_LINES_MAX


@dataclass(frozen=True, slots=True)
class Staged:
    """What the index becomes if the transaction commits."""

    group: CommitGroup
    step: MergeSlice | None


class SqliteIndex:
    """Answers ``known`` and ``search``; written to inside the store's transactions."""

    def __init__(self, names: NameBook, *, segment_entries: int) -> None:
        """Begin empty; :meth:`load` reads what is there."""
        self._names = names
        self._segment_entries = segment_entries
        self._lock = threading.Lock()
        self._segments: tuple[IndexSegment, ...] = (IndexSegment(0),)
        self._merge: SegmentMerge | None = None
        self._absent: set[bytes] = set()
        self._moves = 0

    # ---- from the database ----

    def load(self, connection: Connection) -> None:
        """Read the entries that are not in the tables yet; ``connection`` holds one snapshot."""
        segment = IndexSegment(read_bookmark(connection, _MERGED))
        self._read_on(connection, segment)
        with self._lock:
            self._segments, self._merge = (segment,), None
            self._moves += 1
            self._absent.clear()
        self._freeze_if_full()

    def follow(self, connection: Connection) -> None:
        """Catch up with another process that writes; ``connection`` holds one snapshot."""
        if read_bookmark(connection, _MERGED) != self._segments[0].start:
            self.load(connection)
        else:
            self._read_on(connection, self._segments[-1])

    def _read_on(self, connection: Connection, segment: IndexSegment) -> None:
        start = segment.stop
        rows = connection.exec_driver_sql(
            "SELECT record_id, jti_key, party, vct FROM entry WHERE idx >= ? ORDER BY idx",
            (start,),
        )
        name = partial(self._names.text, connection=connection)
        for part in rows.partitions(limits.STORE_LOOKUP_IDS_MAX):
            record_ids, jti_keys, parties, vcts = zip(*part, strict=True)
            segment.add_entries(
                record_ids, jti_keys, parties=list(map(name, parties)), vcts=list(map(name, vcts))
            )
        packed = connection.exec_driver_sql(
            "SELECT search, standing FROM unmerged WHERE idx >= ? ORDER BY idx", (start,)
        )
        for search, standing in packed:
            stands = ((name(party), index) for party, index in _STANDING_ROW.iter_unpack(standing))
            segment.add_projections(_SEARCH_ROW.iter_unpack(search), stands)

    # ---- inside a transaction ----

    def stage(self, connection: Connection, group: CommitGroup, names: Mapping[str, int]) -> Staged:
        """Write what makes the group's index durable, and merge a slice of an older segment.

        Raises:
            AppendRefused: a record id or jti of the group is in the log.
        """
        self._refuse_repeats(connection, group.entries)
        if group.search or group.standing:
            connection.exec_driver_sql(
                "INSERT INTO unmerged (idx, search, standing) VALUES (?, ?, ?)",
                (group.entries[0].index, *_packed(group, names)),
            )
        step = self._merge.next_slice(len(group.entries)) if self._merge else None
        if self._merge and step:
            for table, numbers in step.batches:
                insert_rows(connection, table, numbers)
            if step.is_last:
                _set_merged(connection, self._merge.segment.stop)
        return Staged(group, step)

    def settle(self, staged: Staged) -> None:
        """The transaction is committed: from here on its entries are found."""
        newest = self._segments[-1]
        newest.extend(staged.group.entries)
        newest.add_projections(staged.group.search, staged.group.standing)
        if self._merge and staged.step:
            self._merge.advance(staged.step)
            if staged.step.is_last:
                with self._lock:
                    self._segments, self._merge = (newest,), None
                    self._moves += 1
        with self._lock:
            self._absent.clear()
        self._freeze_if_full()

    def _freeze_if_full(self) -> None:
        newest = self._segments[-1]
        if self._merge is None and len(newest) >= self._segment_entries:
            self._merge = SegmentMerge(
                newest, self._names.ids({}), entries_max=self._segment_entries
            )
            self._segments = (newest, IndexSegment(newest.stop))

    def _refuse_repeats(self, connection: Connection, entries: Sequence[EntryRow]) -> None:
        for segment in self._segments:
            segment.refuse_repeats(entries)
        records = self._not_vetted([row.record_id for row in entries])
        jtis = self._not_vetted([row.jti_key for row in entries])
        if records or jtis:
            found = self._in_tables(connection, records, jtis)
            for index in (*found.records.values(), *found.jti_keys.values()):
                raise AppendRefused(f"expected new ids, found those of entry {index}")

    def _not_vetted(self, keys: list[bytes]) -> list[bytes]:
        with self._lock:
            if self._absent.issuperset(keys):
                return []
            return [key for key in keys if key not in self._absent]

    def replace(
        self,
        connection: Connection,
        projections: Iterable[tuple[Sequence[tuple[bytes, int]], Sequence[tuple[str, int]]]],
        *,
        size: int,
    ) -> None:
        """Write search and standing below ``size`` anew, and all ids to the tables.

        The index is to be loaded again then.
        """
        for table in ("search", "standing", "unmerged"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE idx < ?", (size,))
        added: dict[str, int] = {}
        for search, standing in projections:
            added |= self._names.add((party for party, _ in standing), connection, added)
            names = self._names.ids(added)
            insert_rows(connection, SEARCH, near_rows(search))
            insert_rows(connection, STANDING, standing_rows(standing, names))
        # Rows of ids are never taken away: with them a record could be admitted a second time.
        ids = connection.exec_driver_sql("SELECT record_id, jti_key, idx FROM entry ORDER BY idx")
        for part in ids.partitions(self._segment_entries):
            insert_rows(connection, RECORD_KEYS, near_rows((row[0], row[2]) for row in part))
            insert_rows(connection, JTI_KEYS, near_rows((row[1], row[2]) for row in part))
        _set_merged(connection, max(size, read_bookmark(connection, _MERGED)))

    def drop_projections(
        self,
        connection: Connection,
        search: Sequence[tuple[bytes, int]],
        standing: Sequence[tuple[str, int]],
    ) -> None:
        """Drop search keys and standing of entries; the index is to be loaded again then."""
        keys = [(key_prefix(key), index) for key, index in search]
        stands = [(self._names.find(party, connection) or 0, index) for party, index in standing]
        drop_projections(connection, keys, stands)
        packed = connection.exec_driver_sql("SELECT idx, search, standing FROM unmerged").all()
        for first, keyed, named in packed:
            left = (_without(_SEARCH_ROW, keyed, search), _without(_STANDING_ROW, named, stands))
            if left != (keyed, named):
                connection.exec_driver_sql(
                    "UPDATE unmerged SET search = ?, standing = ? WHERE idx = ?", (*left, first)
                )

    def projected(self, connection: Connection, size: int) -> Iterator[Projected]:
        """What both the tables and the segments answer from; some rows are in both."""
        with self._lock:
            segments = self._segments
        yield from read_projected(connection, self._names, size, numbered=_NUMBERED)
        for segment in segments:
            yield from (row for row in segment.projected() if row.entry < size)

    # ---- for readers ----

    def known(
        self, connection: Connection, record_ids: Sequence[bytes], jti_keys: Sequence[bytes]
    ) -> KnownIds:
        """Which of the ids the log holds."""
        with self._lock:
            segments, moves = self._segments, self._moves
        found = [segment.known(record_ids, jti_keys) for segment in segments]
        # The tables are asked for those just found too: what is asked of the database must not
        # tell whether a record is there.
        older = self._in_tables(connection, record_ids, jti_keys)
        known = _joined([*found, older])
        self._remember_absent(moves, record_ids, known.records)
        self._remember_absent(moves, jti_keys, known.jti_keys)
        return known

    def search(self, connection: Connection, query: SearchQuery, span: range) -> list[int]:
        """Indices in ``span`` that match, newest first, at most ``query.limit``."""
        with self._lock:
            segments = self._segments
        found: list[int] = []
        for segment in reversed(segments):
            found += segment.page(replace(query, limit=query.limit - len(found)), span)
        merged = range(span.start, min(span.stop, segments[0].start))
        # By content the tables are asked in any case: that they are not must not tell that
        # newer entries, which the reader may not know of, hold this value.
        if merged and (len(found) < query.limit or query.key is not None):
            rest = replace(query, limit=query.limit - len(found))
            found += search_tables(connection, rest, merged, names=self._names)
        return found

    def _in_tables(
        self, connection: Connection, record_ids: Sequence[bytes], jti_keys: Sequence[bytes]
    ) -> KnownIds:
        return KnownIds(
            _look_up(connection, _RECORDS, record_ids),
            _look_up(connection, _JTIS, jti_keys),
        )

    def _remember_absent(
        self, moves: int, keys: Sequence[bytes], found: Mapping[bytes, int]
    ) -> None:
        with self._lock:
            # A key admitted and merged meanwhile would be in none of today's segments.
            if moves == self._moves and len(self._absent) < _ABSENT_KEYS_MAX:
                self._absent.update([key for key in keys if key not in found] if found else keys)


def _look_up(connection: Connection, statement: str, keys: Sequence[bytes]) -> dict[bytes, int]:
    asked = set(keys)
    found: dict[bytes, int] = {}
    for start in range(0, len(keys), limits.STORE_LOOKUP_IDS_MAX):
        prefixes = tuple(map(key_prefix, keys[start : start + limits.STORE_LOOKUP_IDS_MAX]))
        # Few lengths, so that the driver keeps the statements it has compiled.
        width = 1 << (len(prefixes) - 1).bit_length()
        rows = connection.exec_driver_sql(
            statement.format(",".join("?" * width)),
            prefixes + prefixes[-1:] * (width - len(prefixes)),
        )
        found.update((key, index) for key, index in rows if key in asked)
    return found


def _joined(parts: Sequence[KnownIds]) -> KnownIds:
    records: dict[bytes, int] = {}
    jti_keys: dict[bytes, int] = {}
    for part in parts:
        records.update(part.records)
        jti_keys.update(part.jti_keys)
    return KnownIds(records, jti_keys)


def _set_merged(connection: Connection, merged: int) -> None:
    write_bookmark(connection, _MERGED, merged)
    connection.exec_driver_sql("DELETE FROM unmerged WHERE idx < ?", (merged,))


def _without(form: struct.Struct, rows: bytes, dropped: Iterable[tuple[bytes | int, int]]) -> bytes:
    gone = set(dropped)
    return b"".join(form.pack(*row) for row in form.iter_unpack(rows) if row not in gone)


def _packed(group: CommitGroup, names: Mapping[str, int]) -> tuple[bytes, bytes]:
    standing = [(names[party], index) for party, index in group.standing]
    return (
        b"".join(starmap(_SEARCH_ROW.pack, group.search)),
        b"".join(starmap(_STANDING_ROW.pack, standing)),
    )
