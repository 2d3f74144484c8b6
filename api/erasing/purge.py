"""Destroys what one erasure names: index rows, uploads, then the keys in the vault.

In this order, because only the content says which rows and uploads are its own: once the vault
is done with it, everything else is. Doing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from keys.encoding import decode_base64url
from ledger.blobs import BlobId, BlobStore
from ledger.content import Checker, Projections, derive_projections, forget_search_keys
from ledger.entry import split_entry
from ledger.errors import LedgerError
from ledger.sharing.agreements import Erasure
from ledger.store import EntryRow, Store
from ledger.vault.erasing import without_groups

_NOTHING = Projections((), (), ())


@dataclass(frozen=True, slots=True)
class Purged:
    """What was destroyed for one erasure.

    ``entry`` is that of the record. ``index_rows`` counts rows of the search index,
    ``blobs`` uploads that are gone with it, and ``kept_blobs`` those that another record cites
    as well. All are zero where it had been done before.
    """

    entry: int
    index_rows: int = 0
    blobs: int = 0
    kept_blobs: int = 0


@dataclass(frozen=True, slots=True)
class Purge:
    """What erasures are carried out on. Used by one thread."""

    store: Store
    blobs: BlobStore
    checker: Callable[[], Checker]

    def destroy(self, erasure: Erasure) -> Purged:
        """Carry out one erasure; on return nothing that it names can be opened.

        Raises:
            StoreUnavailable, BlobsUnavailable: it is to be done again.
        """
        row = self._row(erasure.of)
        purged = self._destroy_rest(row, erasure)
        self.store.erase(row.index, erasure.groups)
        # From here on the groups cannot be opened, whatever copy of the database there is.
        forget_search_keys()
        return purged

    def _row(self, record_id: str) -> EntryRow:
        key = decode_base64url(record_id)
        index = self.store.known([key], []).records[key]
        row = self.store.entry(index)
        assert row is not None, "an erasure is of an entry before it"
        return row

    def _destroy_rest(self, row: EntryRow, erasure: Erasure) -> Purged:
        held = self.store.disclosures([row.index]).get(row.index, "")
        left = without_groups(held, erasure.groups)
        if left == held:
            return Purged(row.index)
        before, after = self._projections(row, held), self._projections(row, left)
        search = [(key, row.index) for key in before.search if key not in after.search]
        stands = [(name, row.index) for name in before.standing if name not in after.standing]
        blobs = [BlobId(blob) for blob in before.blobs if blob not in after.blobs]
        kept = self._cited_too(blobs, row)
        self._destroy_blobs(blobs, kept)
        self.store.drop_projected(search, stands, pins=[(blob, row.index) for blob in blobs])
        self.store.restore_pins([(blob, index) for blob, index in kept.items()])
        return Purged(row.index, len(search) + len(stands), len(blobs) - len(kept), len(kept))

    def _destroy_blobs(self, blobs: Sequence[BlobId], kept: dict[BlobId, int]) -> None:
        for blob in blobs:
            if blob not in kept:
                self.blobs.erase(blob)

    def _projections(self, row: EntryRow, disclosures: str) -> Projections:
        # What is no content of this record brought no rows, and is for an audit to find.
        try:
            return derive_projections(f"{split_entry(row.text)[1]}~{disclosures}", self.checker())
        except LedgerError:
            return _NOTHING

    def _cited_too(self, blobs: Sequence[BlobId], row: EntryRow) -> dict[BlobId, int]:
        """Those that another record of the same party cites too, with the first such entry.

        A correction often cites what the first version cited. It takes reading that party's
        records of the types that have uploads.
        """
        if not blobs:
            return {}
        types = self.checker().book.types
        vcts = sorted(vct for vct, kind in types.items() if kind.blobs)
        found: dict[BlobId, int] = {}
        for other in self.store.entries_of(vcts):
            if other.party != row.party or other.index == row.index:
                continue
            cited = self._cited(other)
            for blob in blobs:
                if blob in cited:
                    found.setdefault(blob, other.index)
            if len(found) == len(blobs):
                break
        return found

    def _cited(self, row: EntryRow) -> Set[str]:
        held = self.store.disclosures([row.index]).get(row.index, "")
        return frozenset(self._projections(row, held).blobs)
