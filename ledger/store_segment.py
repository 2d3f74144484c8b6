"""An index in memory over a run of consecutive entries: what is known, who signed, who reads.

The in-memory store is one segment; the SQLite store keeps its newest entries in segments
until they are merged into index tables (docs/adr/0001-sqlite-layout.md). One thread extends
a segment while others read it: what a reader may see, the indices below its ``span.stop``,
never moves, because lists only grow at their end.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from ledger.store import CommitGroup, EntryRow, KnownIds, Projected, SearchQuery
from ledger.store_errors import AppendRefused

SEARCH_KEY_BYTES: Final = 32

_Key = TypeVar("_Key", str, bytes)
_Lists = defaultdict[_Key, list[int]]
# Ascending indices, alternatives joined by OR.
_Condition = tuple[Sequence[int], ...]


class IndexSegment:
    """Entries ``start <= index < stop`` by record id, jti, type, signer, reader and search key."""

    __slots__ = ("jti_keys", "records", "search", "signed", "standing", "start", "stop", "typed")

    def __init__(self, start: int) -> None:
        """Begin empty at the index ``start``."""
        self.start = start
        self.stop = start
        self.records: dict[bytes, int] = {}
        self.jti_keys: dict[bytes, int] = {}
        self.signed: _Lists[str] = defaultdict(list)
        self.typed: _Lists[str] = defaultdict(list)
        self.search: _Lists[bytes] = defaultdict(list)
        self.standing: _Lists[str] = defaultdict(list)

    def __len__(self) -> int:
        """How many entries it covers."""
        return self.stop - self.start

    def extend(self, entries: Sequence[EntryRow]) -> None:
        """Add the next entries; the caller has checked that they are the next."""
        self.add_entries(
            [row.record_id for row in entries],
            [row.jti_key for row in entries],
            parties=[row.party for row in entries],
            vcts=[row.vct for row in entries],
        )

    def add_entries(
        self,
        record_ids: Sequence[bytes],
        jti_keys: Sequence[bytes],
        *,
        parties: Sequence[str],
        vcts: Sequence[str],
    ) -> None:
        """Add the next entries column by column, which takes half the time of row by row."""
        indices = range(self.stop, self.stop + len(record_ids))
        self.records.update(zip(record_ids, indices, strict=True))
        self.jti_keys.update(zip(jti_keys, indices, strict=True))
        for index, party, vct in zip(indices, parties, vcts, strict=True):
            self.signed[party].append(index)
            self.typed[vct].append(index)
        self.stop = indices.stop

    def add_projections(
        self, search: Iterable[tuple[bytes, int]], standing: Iterable[tuple[str, int]]
    ) -> None:
        """Add search keys and standing of entries, in any order; repeats count once."""
        _add_pairs(self.search, search)
        _add_pairs(self.standing, standing)

    def drop_projections(
        self, search: Iterable[tuple[bytes, int]], standing: Iterable[tuple[str, int]]
    ) -> None:
        """Drop search keys and standing. Who reads a list meanwhile goes on with the old one."""
        _drop_pairs(self.search, search)
        _drop_pairs(self.standing, standing)

    def known(self, record_ids: Sequence[bytes], jti_keys: Sequence[bytes]) -> KnownIds:
        """Which of the ids this segment holds."""
        return KnownIds(_found(self.records, record_ids), _found(self.jti_keys, jti_keys))

    def refuse_repeats(self, entries: Sequence[EntryRow]) -> None:
        """Refuse entries whose record id or jti is here already, or twice among them.

        Raises:
            AppendRefused: one is.
        """
        _refuse_repeats(self.records, [row.record_id for row in entries], what="record id")
        _refuse_repeats(self.jti_keys, [row.jti_key for row in entries], what="jti")

    def page(self, query: SearchQuery, span: range) -> list[int]:
        """Indices in ``span`` that match, newest first, at most ``query.limit``."""
        span = range(max(span.start, self.start), min(span.stop, self.stop))
        conditions = self._conditions(query)
        if not conditions:
            return list(reversed(span[-query.limit :])) if query.limit else []
        conditions.sort(key=lambda condition: sum(map(len, condition)))
        driver, *others = conditions
        found: list[int] = []
        for index in _newest_first(driver, span):
            if len(found) == query.limit:
                break
            if all(_has(condition, index) for condition in others):
                found.append(index)
        return found

    def projected(self) -> Iterator[Projected]:
        """What this segment answers from, row by row."""
        for kind, ids in (("record", self.records), ("jti", self.jti_keys)):
            yield from (Projected(kind, key[:8], index) for key, index in ids.items())
        for key, indices in self.search.items():
            yield from (Projected("search", key[:8], index) for index in indices)
        for party, indices in self.standing.items():
            yield from (Projected("standing", party.encode(), index) for index in indices)

    def _conditions(self, query: SearchQuery) -> list[_Condition]:
        asked: list[_Condition] = []
        if query.key is not None:
            asked.append((self.search.get(query.key, ()),))
        if query.party is not None:
            asked.append((self.signed.get(query.party, ()),))
        if query.vct is not None:
            asked.append((self.typed.get(query.vct, ()),))
        if query.reader is not None:
            signed = self.signed.get(query.reader, ())
            asked.append((signed, self.standing.get(query.reader, ())))
        return asked


def check_group(group: CommitGroup) -> None:
    """Refuse a group that no log could take, whatever it holds.

    Raises:
        AppendRefused: the indices are not exactly those between the two heads, there are
            none, a search key has another length than 32 bytes, or contents are of an entry
            that is not in the group.
    """
    if not {len(key) for key, _ in group.search} <= {SEARCH_KEY_BYTES}:
        raise AppendRefused(f"expected search keys of {SEARCH_KEY_BYTES} bytes, found others")
    before = group.head_before.size if group.head_before else 0
    indices = [row.index for row in group.entries]
    if not indices or indices != list(range(before, group.head.size)):
        found = f"{indices[0]}..{indices[-1]}" if indices else "none"
        raise AppendRefused(
            f"expected entries {before}..{group.head.size - 1} without a gap, found {found}"
        )
    kept = [index for _, index in group.disclosures] + [row.entry for row in group.sealed]
    for index in kept:
        if not before <= index < group.head.size:
            raise AppendRefused(f"expected contents of the group's entries, found of entry {index}")


def refuse_twins(entries: Sequence[EntryRow]) -> None:
    """Refuse entries of which two have one record id or jti.

    Raises:
        AppendRefused: two have.
    """
    IndexSegment(0).refuse_repeats(entries)


def _add_pairs(lists: _Lists[_Key], pairs: Iterable[tuple[_Key, int]]) -> None:
    for key, index in pairs:
        indices = lists[key]
        if not indices or indices[-1] < index:
            indices.append(index)
        elif not _has((indices,), index):
            insort(indices, index)


def _drop_pairs(lists: _Lists[_Key], pairs: Iterable[tuple[_Key, int]]) -> None:
    for key, index in pairs:
        left = [found for found in lists.get(key, ()) if found != index]
        if left:
            lists[key] = left
        else:
            lists.pop(key, None)


def _found(held: Mapping[bytes, int], asked: Sequence[bytes]) -> dict[bytes, int]:
    return {key: held[key] for key in asked if key in held}


def _refuse_repeats(held: Mapping[bytes, int], keys: Sequence[bytes], *, what: str) -> None:
    distinct = set(keys)
    if len(distinct) != len(keys):
        raise AppendRefused(f"expected every {what} of the group once, found one twice")
    if not held.keys().isdisjoint(distinct):
        index = min(held[key] for key in distinct if key in held)
        raise AppendRefused(f"expected a new {what}, found that of entry {index}")


def _newest_first(condition: _Condition, span: range) -> Iterator[int]:
    last = None
    for index in heapq.merge(*(_descend(indices, span) for indices in condition), reverse=True):
        if index != last:
            yield index
        last = index


def _descend(indices: Sequence[int], span: range) -> Iterator[int]:
    position = bisect_left(indices, span.stop)
    while position and indices[position - 1] >= span.start:
        position -= 1
        yield indices[position]


def _has(condition: _Condition, index: int) -> bool:
    for indices in condition:
        position = bisect_left(indices, index)
        if position < len(indices) and indices[position] == index:
            return True
    return False
