"""Rebuilding what is derived from the log: the search index and the standing of parties.

Both come from entries and disclosures alone, so they can be thrown away. Before they are
replaced, every derived key is looked up, so that the outcome says whether anything was lost.
What the projections hold beyond that cannot be listed, and is gone afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from api.data_folder import DataFolder, read_config, read_search_secret
from keys.errors import KeysError
from ledger.content import Checker, Projections, derive_projections
from ledger.entry import split_entry
from ledger.errors import LedgerError
from ledger.recovery import read_fold
from ledger.store import EntryRow, SearchQuery, Store
from ledger.store_open import open_store
from quality.rules import QualityRules

_PAGE: Final = 64

Pairs = tuple[Sequence[tuple[bytes, int]], Sequence[tuple[str, int]]]


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild found and made; filled while it runs."""

    entries: int = 0
    search_keys: int = 0
    standings: int = 0
    missing_before: int = 0
    unreadable: int = 0
    without_disclosures: int = 0


def rebuild(folder: DataFolder, *, on_progress: Callable[[int], None] = lambda _: None) -> Rebuilt:
    """Recreate the projections of a log that is not being served.

    Raises:
        SetupError: there is no log in the folder.
        StoreBusy: a service writes to it.
        LedgerError: the store failed; what was there before still is.
    """
    config = read_config(folder)
    secret = read_search_secret(folder)
    store = open_store(folder.database_url)
    try:
        fold = read_fold(config.origin, store)
        checker = Checker(config.origin, fold.book(), QualityRules(), secret)
        rebuilder = _Rebuilder(store, checker, on_progress)
        store.replace_projections(rebuilder.pairs())
        return rebuilder.rebuilt
    finally:
        store.close()


class _Rebuilder:
    def __init__(self, store: Store, checker: Checker, on_progress: Callable[[int], None]) -> None:
        self._store = store
        self._checker = checker
        self._on_progress = on_progress
        self.rebuilt = Rebuilt()

    def pairs(self) -> Iterator[Pairs]:
        """The projections of all entries, a page at a time."""
        head = self._store.head()
        size = head.size if head else 0
        for start in range(0, size, _PAGE):
            stop = min(start + _PAGE, size)
            kept = self._store.disclosures(range(start, stop))
            search: list[tuple[bytes, int]] = []
            standing: list[tuple[str, int]] = []
            for row in self._store.entries(start, stop):
                found = self._derive(row, kept.get(row.index, ""))
                search += [(key, row.index) for key in found.search]
                standing += [(party, row.index) for party in found.standing]
            self._count(search, standing, stop - start)
            yield search, standing

    def _derive(self, row: EntryRow, kept: str) -> Projections:
        if not kept:
            self.rebuilt.without_disclosures += 1
            return Projections((), (), ())
        _, jws = split_entry(row.text)
        try:
            return derive_projections(f"{jws}~{kept}", self._checker)
        except (LedgerError, KeysError):
            self.rebuilt.unreadable += 1
            return Projections((), (), ())

    def _count(
        self,
        search: Sequence[tuple[bytes, int]],
        standing: Sequence[tuple[str, int]],
        entries: int,
    ) -> None:
        rebuilt = self.rebuilt
        rebuilt.entries += entries
        rebuilt.search_keys += len(search)
        rebuilt.standings += len(standing)
        rebuilt.missing_before += sum(not self._is_found(index, key=key) for key, index in search)
        rebuilt.missing_before += sum(
            not self._is_found(index, reader=party) for party, index in standing
        )
        self._on_progress(rebuilt.entries)

    def _is_found(self, index: int, *, key: bytes | None = None, reader: str | None = None) -> bool:
        query = SearchQuery(before=index + 1, limit=1, key=key, reader=reader)
        return list(self._store.search(query)) == [index]
