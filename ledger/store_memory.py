"""The store in memory: for tests, drafts and tools that need no file. Nothing survives it."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from ledger import limits
from ledger.store import (
    CommitGroup,
    EntryRow,
    Head,
    KnownIds,
    Projected,
    SearchQuery,
    TileRow,
    Turn,
)
from ledger.store_errors import (
    AppendRefused,
    HeadMoved,
    StoreUnavailable,
)
from ledger.store_segment import IndexSegment, check_group
from ledger.store_turns import HeadTurns
from ledger.vault.erasing import without_groups
from ledger.vault.sealing import VaultRow

_Key = TypeVar("_Key", str, bytes)


class MemoryStore:
    """Keeps the rows in lists and dictionaries; a group is applied whole or not at all."""

    def __init__(self) -> None:
        """Begin with an empty log."""
        self._lock = threading.RLock()
        self._turns = HeadTurns(seconds_max=limits.STORE_WAIT_SECONDS_MAX)
        self._is_open = True
        self._head: Head | None = None
        self._entries: list[EntryRow] = []
        self._index = IndexSegment(0)
        self._tiles: dict[tuple[int, int], TileRow] = {}
        self._checkpoints: list[tuple[int, str]] = []
        self._cosigned: list[tuple[int, str]] = []
        self._disclosures: dict[int, str] = {}
        self._outbox: list[tuple[int, str, int]] = []
        self._outbox_position = 0
        self._pins: dict[str, int] = {}

    def head(self) -> Head | None:
        """See :meth:`ledger.store.Store.head`."""
        with self._opened():
            return self._head

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """See :meth:`ledger.store.Store.turn`."""
        with self._turns.take():
            yield Turn(self.head(), None)

    def commit(self, group: CommitGroup) -> None:
        """See :meth:`ledger.store.Store.commit`; nothing is durable here."""
        with self._turns.committing(), self._opened():
            if group.head_before != self._head:
                raise HeadMoved(head_moved(group.head_before, self._head))
            check_group(group)
            self._index.refuse_repeats(group.entries)
            self._apply(group)

    def _apply(self, group: CommitGroup) -> None:
        self._entries.extend(group.entries)
        self._index.extend(group.entries)
        self._index.add_projections(group.search, group.standing)
        self._tiles.update({(tile.level, tile.number): tile for tile in group.tiles})
        self._checkpoints.append((group.head.size, group.checkpoint))
        self._disclosures.update({index: text for text, index in group.disclosures})
        first = self._outbox_position + 1
        self._outbox.extend((first + n, *row) for n, row in enumerate(group.outbox))
        self._outbox_position += len(group.outbox)
        for blob, index in group.pins:
            self._pins.setdefault(blob, index)
        self._head = group.head

    def known(self, record_ids: Sequence[bytes], jti_keys: Sequence[bytes]) -> KnownIds:
        """See :meth:`ledger.store.Store.known`."""
        with self._opened():
            return self._index.known(record_ids, jti_keys)

    def entry(self, index: int) -> EntryRow | None:
        """See :meth:`ledger.store.Store.entry`."""
        with self._opened():
            return self._entries[index] if 0 <= index < len(self._entries) else None

    def entries_at(self, indices: Sequence[int]) -> Mapping[int, EntryRow]:
        """See :meth:`ledger.store.Store.entries_at`."""
        with self._opened():
            return {i: self._entries[i] for i in indices if 0 <= i < len(self._entries)}

    def entries(self, start: int, stop: int) -> Iterator[EntryRow]:
        """See :meth:`ledger.store.Store.entries`."""
        with self._opened():
            return iter(self._entries[max(start, 0) : max(stop, 0)])

    def entries_of(self, vcts: Sequence[str], *, start: int = 0) -> Iterator[EntryRow]:
        """See :meth:`ledger.store.Store.entries_of`."""
        with self._opened():
            indices = sorted(i for vct in set(vcts) for i in self._index.typed.get(vct, ()))
            return iter([self._entries[index] for index in indices if index >= start])

    def leaves(self, start: int, stop: int) -> bytes:
        """See :meth:`ledger.store.Store.leaves`."""
        return b"".join(row.leaf for row in self.entries(start, stop))

    def tile(self, level: int, number: int) -> bytes | None:
        """See :meth:`ledger.store.Store.tile`."""
        with self._opened():
            found = self._tiles.get((level, number))
            return found.hashes if found else None

    def tile_roots(self, level: int, start: int, stop: int) -> bytes:
        """See :meth:`ledger.store.Store.tile_roots`."""
        with self._opened():
            found = [self._tiles.get((level, number)) for number in range(start, stop)]
            return b"".join(tile.root for tile in found if tile)

    def checkpoint_covering(self, index: int) -> str | None:
        """See :meth:`ledger.store.Store.checkpoint_covering`."""
        with self._opened():
            return _first_above(self._checkpoints, index)

    def latest_checkpoint(self) -> str | None:
        """See :meth:`ledger.store.Store.latest_checkpoint`."""
        with self._opened():
            return self._checkpoints[-1][1] if self._checkpoints else None

    def checkpoints(self, above: int = 0) -> Iterator[tuple[int, str]]:
        """See :meth:`ledger.store.Store.checkpoints`."""
        with self._opened():
            first = bisect_right(self._checkpoints, above, key=lambda kept: kept[0])
            return iter(self._checkpoints[first:])

    def keep_cosigned(self, size: int, note: str) -> None:
        """See :meth:`ledger.store.Store.keep_cosigned`."""
        with self._opened():
            if not self._cosigned or self._cosigned[-1][0] < size:
                self._cosigned.append((size, note))

    def latest_cosigned(self) -> tuple[int, str] | None:
        """See :meth:`ledger.store.Store.latest_cosigned`."""
        with self._opened():
            return self._cosigned[-1] if self._cosigned else None

    def cosigned_covering(self, index: int) -> str | None:
        """See :meth:`ledger.store.Store.cosigned_covering`."""
        with self._opened():
            return _first_above(self._cosigned, index)

    def cosigned(self, above: int) -> Iterator[tuple[int, str]]:
        """See :meth:`ledger.store.Store.cosigned`."""
        with self._opened():
            return iter([kept for kept in self._cosigned if kept[0] > above])

    def disclosures(self, indices: Sequence[int]) -> Mapping[int, str]:
        """See :meth:`ledger.store.Store.disclosures`."""
        with self._opened():
            return {i: self._disclosures[i] for i in indices if self._disclosures.get(i)}

    def vault_rows(self, start: int, stop: int) -> Iterator[VaultRow]:
        """See :meth:`ledger.store.Store.vault_rows`: nothing is sealed here."""
        del start, stop
        return iter(())

    def erase(self, index: int, groups: Collection[str]) -> None:
        """See :meth:`ledger.store.Store.erase`."""
        with self._opened():
            self._expect_entry(index)
            if index in self._disclosures:
                self._disclosures[index] = without_groups(self._disclosures[index], groups)

    def restore_disclosures(self, index: int, disclosures: str) -> None:
        """See :meth:`ledger.store.Store.restore_disclosures`."""
        with self._opened():
            self._expect_entry(index)
            self._disclosures.setdefault(index, disclosures)

    def replace_disclosures(self, index: int, *, before: str, after: str) -> bool:
        """See :meth:`ledger.store.Store.replace_disclosures`."""
        with self._opened():
            if self._disclosures.get(index) != before:
                return False
            self._disclosures[index] = after
            return True

    def _expect_entry(self, index: int) -> None:
        if not 0 <= index < len(self._entries):
            raise AppendRefused(f"expected an entry {index}, found {len(self._entries)}")

    def search(self, query: SearchQuery) -> Sequence[int]:
        """See :meth:`ledger.store.Store.search`."""
        with self._opened():
            start = self._first_since(query.since_ms) if query.since_ms is not None else 0
            stop = len(self._entries)
            if query.until_ms is not None:
                stop = self._first_since(query.until_ms)
            if query.before is not None:
                stop = min(stop, max(query.before, 0))
            return self._index.page(query, range(start, stop))

    def _first_since(self, instant_ms: int) -> int:
        return bisect_left(self._entries, instant_ms, key=lambda row: row.admitted_ms)

    def outbox_after(self, position: int, limit: int) -> Sequence[tuple[int, str, int]]:
        """See :meth:`ledger.store.Store.outbox_after`."""
        with self._opened():
            first = self._outbox_start(position)
            return self._outbox[first : first + limit]

    def outbox_done(self, position: int) -> None:
        """See :meth:`ledger.store.Store.outbox_done`."""
        with self._opened():
            del self._outbox[: self._outbox_start(position)]

    def _outbox_start(self, position: int) -> int:
        return bisect_right(self._outbox, position, key=lambda row: row[0])

    def is_pinned(self, blob: str) -> bool:
        """See :meth:`ledger.store.Store.is_pinned`."""
        with self._opened():
            return blob in self._pins

    def pins_after(self, blob: str, *, size: int, limit: int) -> Sequence[tuple[str, int]]:
        """See :meth:`ledger.store.Store.pins_after`."""
        with self._opened():
            found = sorted(pin for pin in self._pins.items() if pin[0] > blob and pin[1] < size)
        return found[:limit]

    def replace_projections(
        self,
        projections: Iterator[tuple[Sequence[tuple[bytes, int]], Sequence[tuple[str, int]]]],
        *,
        size: int,
    ) -> None:
        """See :meth:`ledger.store.Store.replace_projections`."""
        rebuilt = IndexSegment(0)
        for search, standing in projections:
            rebuilt.add_projections(search, standing)
        with self._opened():
            rebuilt.add_projections(
                _from(size, self._index.search), _from(size, self._index.standing)
            )
            self._index.search = rebuilt.search
            self._index.standing = rebuilt.standing

    def projected(self, size: int) -> Iterator[Projected]:
        """See :meth:`ledger.store.Store.projected`."""
        with self._opened():
            rows = [*self._index.projected(), *(_pin(*pin) for pin in self._pins.items())]
        return (row for row in rows if row.entry < size)

    def restore_pins(self, pins: Sequence[tuple[str, int]]) -> None:
        """See :meth:`ledger.store.Store.restore_pins`."""
        with self._opened():
            for blob, index in pins:
                self._pins.setdefault(blob, index)

    def drop_projected(
        self,
        search: Sequence[tuple[bytes, int]],
        standing: Sequence[tuple[str, int]],
        *,
        pins: Sequence[tuple[str, int]],
    ) -> None:
        """See :meth:`ledger.store.Store.drop_projected`."""
        with self._opened():
            self._index.drop_projections(search, standing)
            for blob, index in pins:
                if self._pins.get(blob) == index:
                    del self._pins[blob]

    def close(self) -> None:
        """See :meth:`ledger.store.Store.close`."""
        with self._lock:
            self._is_open = False

    def _opened(self) -> AbstractContextManager[object]:
        if not self._is_open:
            raise StoreUnavailable("expected an open store, found one that was closed")
        return self._lock


def _pin(blob: str, index: int) -> Projected:
    return Projected("pin", blob.encode(), index)


def _first_above(notes: Sequence[tuple[int, str]], size: int) -> str | None:
    first = bisect_right(notes, size, key=lambda kept: kept[0])
    return notes[first][1] if first < len(notes) else None


def head_moved(expected: Head | None, found: Head | None) -> str:
    """The words of :class:`ledger.store_errors.HeadMoved`, with both ends."""
    sizes = [f"{head.size} entries" if head else "an empty log" for head in (expected, found)]
    return f"expected the log to end after {sizes[0]}, found {sizes[1]}"


def _from(size: int, found: Mapping[_Key, Sequence[int]]) -> Iterator[tuple[_Key, int]]:
    return ((key, index) for key, indices in found.items() for index in indices if index >= size)
