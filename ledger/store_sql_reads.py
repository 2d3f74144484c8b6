"""What both SQL stores read alike: all of the log, its notes, disclosures, outbox and pins."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from sqlalchemy import Table

from ledger import limits, store_rows
from ledger.store import EntryRow, Head
from ledger.store_names import NameBook
from ledger.store_rows import ReadingDatabase
from ledger.store_tables import CHECKPOINT, COSIGNED
from ledger.store_vault import contents_between, find_contents
from ledger.vault.sealing import VaultRow
from ledger.vault.vault import Vault


class SqlReads:
    """The reading half of a store, over a database that lends connections."""

    def __init__(self, database: ReadingDatabase, names: NameBook, vault: Vault) -> None:
        """Read from ``database``; ``names`` are those of its rows, ``vault`` opens contents."""
        self._reads_from = database
        self._vault = vault
        self._names = names

    def head(self) -> Head | None:
        """See :meth:`ledger.store.Store.head`."""
        with self._reads_from.reading() as connection:
            return store_rows.read_head(connection)

    def entry(self, index: int) -> EntryRow | None:
        """See :meth:`ledger.store.Store.entry`."""
        with self._reads_from.reading() as connection:
            return store_rows.read_entry(connection, self._names, index)

    def entries_at(self, indices: Sequence[int]) -> Mapping[int, EntryRow]:
        """See :meth:`ledger.store.Store.entries_at`."""
        with self._reads_from.reading() as connection:
            return store_rows.read_entries_at(connection, self._names, indices)

    def entries(self, start: int, stop: int) -> Iterator[EntryRow]:
        """See :meth:`ledger.store.Store.entries`."""
        return store_rows.read_entries(self._reads_from, self._names, start, stop)

    def entries_of(self, vcts: Sequence[str], *, start: int = 0) -> Iterator[EntryRow]:
        """See :meth:`ledger.store.Store.entries_of`."""
        if start:
            return store_rows.read_entries_since(self._reads_from, self._names, vcts, start=start)
        streams = [
            store_rows.read_entries_of(self._reads_from, self._names, vct, start=start)
            for vct in set(vcts)
        ]
        return heapq.merge(*streams, key=attrgetter("index"))

    def leaves(self, start: int, stop: int) -> bytes:
        """See :meth:`ledger.store.Store.leaves`."""
        with self._reads_from.reading() as connection:
            return store_rows.read_leaves(connection, start, stop)

    def tile(self, level: int, number: int) -> bytes | None:
        """See :meth:`ledger.store.Store.tile`."""
        with self._reads_from.reading() as connection:
            return store_rows.read_tile(connection, level, number)

    def tile_roots(self, level: int, start: int, stop: int) -> bytes:
        """See :meth:`ledger.store.Store.tile_roots`."""
        with self._reads_from.reading() as connection:
            return store_rows.read_tile_roots(connection, level, range(start, stop))

    def checkpoint_covering(self, index: int) -> str | None:
        """See :meth:`ledger.store.Store.checkpoint_covering`."""
        return self._covering(CHECKPOINT, index)

    def latest_checkpoint(self) -> str | None:
        """See :meth:`ledger.store.Store.latest_checkpoint`."""
        with self._reads_from.reading() as connection:
            found = store_rows.read_latest_note(connection, CHECKPOINT)
        return found[1] if found else None

    def checkpoints(self, above: int = 0) -> Iterator[tuple[int, str]]:
        """See :meth:`ledger.store.Store.checkpoints`."""
        return store_rows.read_all_notes(self._reads_from, CHECKPOINT, above=above)

    def latest_cosigned(self) -> tuple[int, str] | None:
        """See :meth:`ledger.store.Store.latest_cosigned`."""
        with self._reads_from.reading() as connection:
            return store_rows.read_latest_note(connection, COSIGNED)

    def cosigned_covering(self, index: int) -> str | None:
        """See :meth:`ledger.store.Store.cosigned_covering`."""
        return self._covering(COSIGNED, index)

    def cosigned(self, above: int) -> Iterator[tuple[int, str]]:
        """See :meth:`ledger.store.Store.cosigned`."""
        return store_rows.read_all_notes(self._reads_from, COSIGNED, above=above)

    def _covering(self, notes: Table, index: int) -> str | None:
        with self._reads_from.reading() as connection:
            found = store_rows.read_notes(connection, notes, above=index, rows=1)
        return found[0][1] if found else None

    def disclosures(self, indices: Sequence[int]) -> Mapping[int, str]:
        """See :meth:`ledger.store.Store.disclosures`."""
        with self._reads_from.reading() as connection:
            founds = find_contents(connection, indices)
        # The rows before the keys: what was wrapped anew since opens by the newer file.
        return self._vault.open(founds)

    def vault_rows(self, start: int, stop: int) -> Iterator[VaultRow]:
        """See :meth:`ledger.store.Store.vault_rows`."""
        for first in range(start, stop, limits.STORE_READ_ROWS_MAX):
            last = min(first + limits.STORE_READ_ROWS_MAX, stop)
            with self._reads_from.reading() as connection:
                founds = contents_between(connection, range(first, last))
            yield from (found.row for found in founds if found.row)

    def outbox_after(self, position: int, limit: int) -> Sequence[tuple[int, str, int]]:
        """See :meth:`ledger.store.Store.outbox_after`."""
        with self._reads_from.reading() as connection:
            return store_rows.read_outbox(connection, position, limit)

    def is_pinned(self, blob: str) -> bool:
        """See :meth:`ledger.store.Store.is_pinned`."""
        with self._reads_from.reading() as connection:
            return store_rows.read_pin(connection, blob)

    def pins_after(self, blob: str, *, size: int, limit: int) -> Sequence[tuple[str, int]]:
        """See :meth:`ledger.store.Store.pins_after`."""
        with self._reads_from.reading() as connection:
            return store_rows.read_pins(connection, blob, size=size, limit=limit)
