"""Rebuilding what is derived from the log, and telling what of it was wrong before.

Search keys, standing, pins and the indexes of ids come from entries and disclosures alone,
so they can be thrown away. What was there is compared with what should be, row by row, in
both directions. The outbox is compared too: it must go on without a gap to the last entry;
what its readers have dropped cannot be told from what was lost, so it is not made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

from api.anomaly.rebuilding import AnomalyRebuilt, compare_anomaly, rebuild_anomaly
from api.data_folder import DataFolder, read_config, read_search_secret
from api.derived.rebuilding import DerivedRebuilt, compare_derived, rebuild_derived
from api.opening_log import open_log
from keys.errors import KeysError
from ledger.content import ANYONE, Checker, Projections, derive_projections
from ledger.entry import split_entry
from ledger.errors import LedgerError
from ledger.record import GOVERNANCE_VCTS
from ledger.recovery import read_fold
from ledger.reloading import read_entry_row
from ledger.store import EntryRow, Projected, Store
from ledger.store_scratch import Differences, Scratch
from quality.rules import QualityRules

_PAGE: Final = 64
_PREFIX_BYTES: Final = 8

Pairs = tuple[Sequence[tuple[bytes, int]], Sequence[tuple[str, int]]]


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild found and made; filled while it runs.

    ``changed_rows`` are entries whose stored columns are not those of their bytes, which no
    rebuild mends: that is for an audit. ``outbox_gaps`` are entries that the outbox misses.
    """

    entries: int = 0
    search_keys: int = 0
    standings: int = 0
    pins: int = 0
    unreadable: int = 0
    without_disclosures: int = 0
    changed_rows: list[int] = field(default_factory=list)
    outbox_gaps: int = 0
    differences: Differences = field(default_factory=lambda: Differences({}, {}))
    derived: DerivedRebuilt = field(default_factory=DerivedRebuilt)
    anomaly: AnomalyRebuilt = field(default_factory=AnomalyRebuilt)

    @property
    def is_as_before(self) -> bool:
        """Whether everything was as it should be."""
        are_none = self.differences.are_none and self.derived.differences.are_none
        are_none = are_none and self.anomaly.is_as_before
        return are_none and not (self.changed_rows or self.outbox_gaps)

    @property
    def missing_before(self) -> int:
        """How many rows were missing, of all kinds."""
        return sum(found.count for found in self.differences.missing.values())

    @property
    def surplus_before(self) -> int:
        """How many rows nothing in the log gave rise to."""
        return sum(found.count for found in self.differences.surplus.values())


def rebuild(folder: DataFolder, *, on_progress: Callable[[int], None] = lambda _: None) -> Rebuilt:
    """Recreate the projections of a log, and compare.

    On SQLite nothing may serve it. On PostgreSQL services may; who appends waits while the
    projections are written, and what was appended after the rebuild began is left as it is.

    Raises:
        SetupError: there is no log in the folder.
        StoreBusy: a service writes to it, on SQLite.
        LedgerError: the store failed; what was there before still is.
    """
    read_config(folder)
    with closing(open_log(folder)) as store, closing(Scratch()) as scratch:
        rebuilder = _Rebuilder(folder, store, scratch, on_progress)
        rebuilder.read_found()
        store.replace_projections(rebuilder.pairs(), size=rebuilder.size)
        store.restore_pins(rebuilder.pins)
        rebuilder.rebuilt.derived = rebuild_derived(
            folder, store, size=rebuilder.size, on_progress=on_progress
        )
        rebuilder.rebuilt.anomaly = rebuild_anomaly(
            folder, store, size=rebuilder.size, on_progress=on_progress
        )
        return rebuilder.compared()


def compare(folder: DataFolder, *, on_progress: Callable[[int], None] = lambda _: None) -> Rebuilt:
    """Compare only; the service may run, and nothing is changed.

    Raises:
        SetupError: there is no log in the folder.
        LedgerError: the store failed.
    """
    read_config(folder)
    with (
        closing(open_log(folder, read_only=True)) as store,
        closing(Scratch()) as scratch,
    ):
        rebuilder = _Rebuilder(folder, store, scratch, on_progress)
        rebuilder.read_found()
        for _ in rebuilder.pairs():
            pass
        rebuilder.rebuilt.derived = compare_derived(folder, store, on_progress=on_progress)
        rebuilder.rebuilt.anomaly = compare_anomaly(folder, store, on_progress=on_progress)
        return rebuilder.compared()


class _Rebuilder:
    def __init__(
        self,
        folder: DataFolder,
        store: Store,
        scratch: Scratch,
        on_progress: Callable[[int], None],
    ) -> None:
        origin = read_config(folder).origin
        secret = read_search_secret(folder)
        head = store.head()
        # What is appended from here on is left alone, and what it brings is not looked at.
        self.size = head.size if head else 0
        fold = read_fold(origin, store)
        self._checker = Checker(origin, fold.book(), QualityRules(), secret)
        self._store = store
        self._scratch = scratch
        self._on_progress = on_progress
        self.pins: list[tuple[str, int]] = []
        self.rebuilt = Rebuilt()

    def read_found(self) -> None:
        """Take down what is there."""
        self._scratch.add("found", self._store.projected(self.size))
        self.rebuilt.outbox_gaps = self._outbox_gaps()

    def compared(self) -> Rebuilt:
        """The outcome, after all pairs were taken."""
        self.rebuilt.differences = self._scratch.differences()
        return self.rebuilt

    def pairs(self) -> Iterator[Pairs]:
        """The projections of all entries, a page at a time."""
        pinned: dict[str, int] = {}
        for start in range(0, self.size, _PAGE):
            stop = min(start + _PAGE, self.size)
            kept = self._store.disclosures(range(start, stop))
            search: list[tuple[bytes, int]] = []
            standing: list[tuple[str, int]] = []
            expected: list[Projected] = []
            for row in self._store.entries(start, stop):
                expected += self._ids(row)
                found = self._derive(row, kept.get(row.index, ""))
                search += [(key, row.index) for key in found.search]
                standing += [(party, row.index) for party in found.standing]
                new = [blob for blob in found.blobs if blob not in pinned]
                pinned.update((blob, row.index) for blob in new)
                self.pins += [(blob, row.index) for blob in new]
                expected += [Projected("pin", blob.encode(), row.index) for blob in new]
            self._count(search, standing, expected, entries=stop - start)
            yield search, standing

    def _ids(self, row: EntryRow) -> tuple[Projected, ...]:
        """The id rows of an entry, by its bytes; whether its columns are those of its bytes."""
        try:
            right, _ = read_entry_row(row.index, row.text, origin=self._checker.origin)
        except (LedgerError, KeysError):
            right = row
        if right != row:
            self.rebuilt.changed_rows.append(row.index)
        return (
            Projected("record", right.record_id[:_PREFIX_BYTES], row.index),
            Projected("jti", right.jti_key[:_PREFIX_BYTES], row.index),
        )

    def _derive(self, row: EntryRow, kept: str) -> Projections:
        if not kept:
            self.rebuilt.without_disclosures += 1
            if row.vct in GOVERNANCE_VCTS:
                return Projections((), (ANYONE,), ())
            return Projections((), (), ())
        try:
            _, jws = split_entry(row.text)
            return derive_projections(f"{jws}~{kept}", self._checker)
        except (LedgerError, KeysError):
            self.rebuilt.unreadable += 1
            return Projections((), (), ())

    def _count(
        self,
        search: Sequence[tuple[bytes, int]],
        standing: Sequence[tuple[str, int]],
        expected: list[Projected],
        *,
        entries: int,
    ) -> None:
        rebuilt = self.rebuilt
        rebuilt.entries += entries
        rebuilt.search_keys += len(search)
        rebuilt.standings += len(standing)
        rebuilt.pins = len(self.pins)
        expected += [Projected("search", key[:_PREFIX_BYTES], index) for key, index in search]
        expected += [Projected("standing", party.encode(), index) for party, index in standing]
        self._scratch.add("expected", expected)
        self._on_progress(rebuilt.entries)

    def _outbox_gaps(self) -> int:
        """How many entries behind the first that waits in the outbox do not wait there."""
        position, waiting, first = 0, 0, None
        while rows := self._store.outbox_after(position, _PAGE * _PAGE):
            position = rows[-1][0]
            below = [index for _, _, index in rows if index < self.size]
            first = below[0] if first is None and below else first
            waiting += len(set(below))
        return 0 if first is None else self.size - first - waiting
