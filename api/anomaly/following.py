"""Brings the tables of scored parameters to a size of the log, page by page.

The log is the queue and the bookmark says where to go on, as in :mod:`api.derived.following`.
A line of which a record was erased or corrected is folded again from its first entry, without
it, so that tables come to the same as those that are made from nothing afterwards.

What reads numbers is imported with the first record that has some.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Final

from api.anomaly.line_book import LineBook
from api.anomaly.places import READ_VCTS, UPLOAD_VCT, Place, corrects_of, route
from api.derived.entries import FiledRecords
from api.derived.erased import ErasedGroups, ordered_by
from api.observability import describe_fault, log
from keys.encoding import decode_base64url
from keys.errors import MalformedEncoding
from ledger.relations import ACT_VCT
from ledger.store import EntryRow, Store
from quality.deliveries.agreed import Filed

if TYPE_CHECKING:
    from api.anomaly.fold_parts import FoldParts
    from api.anomaly.line_fold import LineFold
    from api.anomaly.models import Models

#: Records of one transaction, and of one reading: an upload is up to a megabyte.
PAGE_RECORDS: Final = 32
_READ_RECORDS: Final = 4
#: Rows that wait to be written before a page is cut short.
VERDICTS_MAX: Final = 5_000
#: Lines that are remembered between pages.
LINES_MAX: Final = 64
#: What odd content can come to. A store that does not answer is not the record's doing.
_NOT_TAKEN: Final = (
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)


class _Stopped(Exception):
    """The worker was told to stop, in the middle of a page."""


class AnomalyFollower:
    """Follows one log into one set of tables. Belongs to one thread."""

    def __init__(
        self,
        store: Store,
        book: LineBook,
        *,
        origin: str,
        onnx: Callable[[str], bytes | None],
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Read from ``store``, the log called ``origin``, and keep lines in ``book``.

        Args:
            store: the log.
            book: is brought along.
            origin: the log's name.
            onnx: gives the bytes of a model by its digest in hex, None where it is not held.
            is_stopped: asked before every record; a page that is under way is left then.
        """
        self._store, self._book, self._onnx = store, book, onnx
        self._erased = ErasedGroups(store, origin)
        self._records = FiledRecords(store, origin, erased=self._erased.of)
        self._is_stopped = is_stopped
        self._models: Models | None = None
        self._folds: OrderedDict[str, LineFold] = OrderedDict()
        self._touched: dict[str, LineFold] = {}
        self._line_of: dict[str, str] = {}
        self._anew: set[str] = set()
        self._odd: set[str] = set()
        #: Records that could not be scored, and those that something was erased of, since this
        #: began.
        self.passed_over = 0
        self.erased_records = 0

    def bring_to(self, size: int, *, note_page: Callable[[int], bool] = lambda _: True) -> int:
        """Fold the log up to ``size``; the answer is the size of the tables then.

        Less than asked for where another process has moved them, or was told to stop.

        Raises:
            StoreUnavailable: the log or the tables did not answer; pages that were saved stay.
        """
        before = self._book.size()
        if before >= size:
            return before
        try:
            self._erased.read_to(size)
            return self._follow(before, size, note_page)
        except _Stopped:
            self._forget()
            return self._book.size()
        except BaseException:
            # Folds run ahead of the tables by a page that was not saved.
            self._forget()
            raise

    def _follow(self, before: int, size: int, note_page: Callable[[int], bool]) -> int:
        rows = self._rows(before, size)
        while before < size:
            page = list(islice(rows, PAGE_RECORDS))
            after = page[-1].index + 1 if len(page) == PAGE_RECORDS else size
            for record in self._read(page):
                self._take(record)
                if self._waiting() > VERDICTS_MAX and record.index + 1 < after:
                    if not self._save(before, record.index + 1):
                        return self._book.size()
                    before = record.index + 1
            if not self._save(before, after):
                return self._book.size()
            before = after
            if not note_page(after):
                break
        return before

    def _waiting(self) -> int:
        return sum(len(fold.changes.verdicts) for fold in self._touched.values())

    def _save(self, before: int, after: int) -> bool:
        while self._anew:
            # A record that turns out odd has its line folded once more, without it.
            key = min(self._anew)
            self._anew.discard(key)
            self._fold_anew(key, after)
        touched = list(self._touched.values())
        if not self._book.save([fold.finish() for fold in touched], before=before, after=after):
            self._forget()
            return False
        for fold in touched:
            fold.written()
        self._touched.clear()
        self._line_of.clear()
        while len(self._folds) > LINES_MAX:
            self._folds.popitem(last=False)
        return True

    def _forget(self) -> None:
        self._folds.clear()
        self._touched.clear()
        self._line_of.clear()
        self._anew.clear()

    # ---- records ----

    def _take(self, record: Filed) -> None:
        if record.vct == ACT_VCT:
            self._take_erasure(record)
            return
        fold = self._fold_for(record)
        if fold is None:
            return
        key = fold.place.key
        self._line_of[record.record_id] = key
        corrected = corrects_of(record) if record.vct == UPLOAD_VCT else None
        if corrected is not None and self._find_line(corrected) == key:
            fold.note_corrected(corrected)
            self._anew.add(key)
        self._fold(fold, record)

    def _fold(self, fold: LineFold, record: Filed) -> None:
        """Fold a record; one that is odd is left out, and its line folded again without it."""
        if record.record_id in self._odd:
            return
        try:
            fold.take(record)
        except _NOT_TAKEN as fault:
            self.passed_over += 1
            log.error("anomaly.passed_over", entry_index=record.index, **describe_fault(fault))
            self._odd.add(record.record_id)
            self._anew.add(fold.place.key)

    def _take_erasure(self, act: Filed) -> None:
        for of, _ in ordered_by(act):
            key = self._find_line(of)
            if key is not None:
                self.erased_records += 1
                self._anew.add(key)
                self._touch(key, None)

    def _fold_for(self, record: Filed) -> LineFold | None:
        routed = route(record)
        if routed.place is not None:
            return self._touch(routed.place.key, routed.place)
        key = None if routed.about is None else self._find_line(routed.about)
        return None if key is None else self._touch(key, None)

    def _find_line(self, record_id: str) -> str | None:
        return self._line_of.get(record_id) or self._book.line_of(record_id)

    def _touch(self, key: str, place: Place | None) -> LineFold | None:
        """The fold of a line, which is written with this page."""
        fold = self._touched.get(key) or self._folds.get(key) or self._load(key, place)
        if fold is not None:
            self._folds[key] = self._touched[key] = fold
            self._folds.move_to_end(key)
        return fold

    def _load(self, key: str, place: Place | None) -> LineFold | None:
        from api.anomaly.line_fold import LineFold

        kept = self._book.line(key)
        if kept is None:
            return None if place is None else LineFold(place, self._parts())
        fold = LineFold(kept.place, self._parts())
        try:
            fold.restore(kept.facts, kept.state, list(self._history(key)))
        except _NOT_TAKEN as fault:
            # What was written holds something odd: the line is folded again, which finds it.
            log.error("anomaly.folded_anew", line=key, **describe_fault(fault))
            fold = LineFold(kept.place, self._parts())
            for corrected in kept.facts["corrected"]:
                fold.note_corrected(corrected)
            self._anew.add(key)
        return fold

    def _history(self, key: str) -> Iterator[Filed]:
        """The records of a line but its uploads."""
        for record in self._read_at(self._book.entries(key, but=UPLOAD_VCT)):
            if record.record_id not in self._odd:
                yield record

    def _fold_anew(self, key: str, size: int) -> None:
        """Fold all records of a line again, as far as they are read by now."""
        fold = self._touched[key].anew()
        pending = [event["entry"] for event in fold.changes.events]
        entries = sorted({*self._book.entries(key), *pending})
        # Each record that is taken notes itself again; an odd one is no record of the line.
        fold.changes.events.clear()
        self._folds[key] = self._touched[key] = fold
        for record in self._read_at([index for index in entries if index < size]):
            self._fold(fold, record)

    def _parts(self) -> FoldParts:
        from api.anomaly.fold_parts import FoldParts
        from api.anomaly.judged_rows import ScoredUpload
        from api.anomaly.models import Models

        if self._models is None:
            self._models = Models(self._onnx)

        def uploads(key: str) -> Sequence[ScoredUpload]:
            return [ScoredUpload.of_row(*each) for each in self._book.uploads(key)]

        return FoldParts(self._models, self.records_of, uploads)

    # ---- the log ----

    def records_of(self, record_ids: Sequence[str]) -> list[Filed]:
        """Records by their ids with what is held of them, in the order of their entries.

        Raises:
            StoreUnavailable: the log did not answer.
        """
        try:
            wanted = [decode_base64url(each) for each in record_ids]
        except MalformedEncoding:
            # A card may name what is the id of no record.
            return []
        known = self._store.known(wanted, []).records
        rows = self._store.entries_at(sorted(known.values()))
        found = self._read([rows[index] for index in sorted(rows)])
        return [record for record in found if {"process", "values"} <= record.groups.keys()]

    def _read(self, page: Sequence[EntryRow]) -> Iterator[Filed]:
        for start in range(0, len(page), _READ_RECORDS):
            for record in self._records.read(page[start : start + _READ_RECORDS]):
                if self._is_stopped():
                    raise _Stopped
                yield record

    def _read_at(self, entries: Sequence[int]) -> Iterator[Filed]:
        """Records by their entries; no more of their texts at once than one reading takes."""
        for start in range(0, len(entries), _READ_RECORDS):
            rows = self._store.entries_at(entries[start : start + _READ_RECORDS])
            yield from self._read([rows[index] for index in sorted(rows)])

    def _rows(self, start: int, stop: int) -> Iterator[EntryRow]:
        rows = self._store.entries_of((ACT_VCT, *READ_VCTS), start=start)
        return takewhile(lambda row: row.index < stop, rows)
