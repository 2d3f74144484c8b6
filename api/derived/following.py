"""Brings the book of deliveries and of sampled lots to a size of the log, page by page.

The book's size says where to go on: the log is the queue, and a page that is done twice
changes nothing. What parties have agreed on is folded along, to the same entry.

One odd record must not end the counting of everybody's: what the fold or the tables cannot
take is passed over by itself, and said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby, islice, takewhile
from typing import Any, Final, TypeAlias

from api.derived.entries import FiledRecords
from api.derived.erased import ErasedGroups, ordered_by
from api.observability import describe_fault, log
from keys.encoding import decode_base64url
from ledger.store import EntryRow, Store
from quality.deliveries.agreed import AGREED_VCTS, AgreedRecords, Filed
from quality.deliveries.book import Changes, DeliveryBook
from quality.deliveries.erasing import Erased, erase_records
from quality.deliveries.fold import PaperOrCase, fold_page
from quality.deliveries.papers import PAPER_VCTS, PROBLEM, Gap, read_paper
from quality.sampling.history import SAMPLED_VCTS, SampledRecord, SamplingRecords

#: Records in one transaction: enough to share its cost, few enough to be stopped between two.
PAGE_RECORDS: Final = 500

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


@dataclass(frozen=True, slots=True)
class _Erasure:
    """An act that orders something erased of what may be counted already."""

    index: int
    erased: Erased


@dataclass(frozen=True, slots=True)
class _Sampled:
    """What a record of a page says of sampling, or which groups of another one go."""

    index: int
    record: SampledRecord | None = None
    erased: tuple[str, frozenset[str]] | None = None


Said: TypeAlias = PaperOrCase | Gap | _Erasure


def _is_erasure(said: Said) -> bool:
    return isinstance(said, _Erasure)


#: Each once: a shipment is looked at for deliveries and for sampling.
_READ_VCTS: Final = tuple(dict.fromkeys((*AGREED_VCTS, *PAPER_VCTS, *SAMPLED_VCTS)))


class _Stopped(Exception):
    """The worker was told to stop, in the middle of a page."""


class DeliveryFollower:
    """Follows one log into one book. Belongs to one thread."""

    def __init__(
        self,
        store: Store,
        book: DeliveryBook,
        *,
        origin: str,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Read from ``store``, the log called ``origin``, and keep the book in ``book``.

        Args:
            store: the log.
            book: is brought along.
            origin: the log's name.
            is_stopped: asked before every record; a page that is under way is left then.
        """
        self._store = store
        self._book = book
        self._erased = ErasedGroups(store, origin)
        self._records = FiledRecords(store, origin, erased=self._erased.of)
        self._forget_agreed()
        self._sampled: list[_Sampled] = []
        self._is_stopped = is_stopped
        #: Records that could not be counted, and those that something was erased of, since this
        #: began.
        self.passed_over = 0
        self.erased_records = 0

    def bring_to(self, size: int, *, note_page: Callable[[int], bool] = lambda _: True) -> int:
        """Fold the log up to ``size`` into the book; the answer is the book's size then.

        Less than asked for where another process has moved the book, or was told to stop.

        Args:
            size: of the log; no entry beyond it is read.
            note_page: told the size after each page; False stops.

        Raises:
            StoreUnavailable: the log or the book did not answer; pages that were saved stay.
        """
        before = self._book.size()
        if before >= size:
            return before
        try:
            return self._follow(before, size, note_page)
        except _Stopped:
            # Some of a page is taken in, and none of it is saved.
            self._forget_agreed()
            return self._book.size()
        except BaseException:
            # What was agreed runs ahead of the book by a page that was not saved. Papers that
            # are read again would be converted by parts endorsed after them.
            self._forget_agreed()
            raise

    def _follow(self, before: int, size: int, note_page: Callable[[int], bool]) -> int:
        self._erased.read_to(size)
        self._agree_up_to(before)
        rows = self._rows(_READ_VCTS, before, size)
        while before < size:
            page = _take(rows)
            after = page[-1].index + 1 if len(page) == PAGE_RECORDS else size
            papers = list(self._papers(page))
            self._agreed_size = after
            if not self._save(papers, before=before, after=after):
                return self._book.size()
            before = after
            if not note_page(after):
                break
        return before

    def _forget_agreed(self) -> None:
        self._agreed, self._sampling = AgreedRecords(), SamplingRecords()
        self._agreed_size = 0

    def _papers(self, page: list[EntryRow]) -> Iterator[Said]:
        self._sampled.clear()
        for record in self._read(page):
            paper = None
            with self._passing_over(record.index):
                paper = self._paper(record)
            if paper is not None:
                yield paper

    def _paper(self, record: Filed) -> Said | None:
        if sampled := self._sampling.read(record):
            self._sampled.append(_Sampled(record.index, sampled))
        if record.vct in AGREED_VCTS:
            self._agree(record)
            return self._erasure(record)
        return read_paper(record, self._agreed)

    def _erasure(self, act: Filed) -> _Erasure | None:
        """What an act changes of what was counted already."""
        for of, groups in ordered_by(act):
            index = self._store.known([decode_base64url(of)], []).records.get(decode_base64url(of))
            row = None if index is None else self._store.entry(index)
            if row is not None and row.vct in SAMPLED_VCTS:
                self._sampled.append(_Sampled(act.index, erased=(of, self._erased.of(of))))
            if row is None or row.vct not in PAPER_VCTS:
                continue
            record = next(self._records.read([row]), None)
            gap = read_paper(record, self._agreed) if record and PROBLEM in groups else None
            gap = gap if isinstance(gap, Gap) else None
            return _Erasure(act.index, Erased(of, self._erased.of(of), gap))
        return None

    def _save(self, said: Sequence[Said], *, before: int, after: int) -> bool:
        """Fold a page and save it: papers and erasures in turns, as they stand in the log."""
        runs = [(is_erasure, list(run)) for is_erasure, run in groupby(said, _is_erasure)]
        for is_erasure, run in runs:
            size = after if run is runs[-1][1] else run[-1].index + 1
            save = self._save_erasures if is_erasure else self._save_papers
            if not save(run, before=before, after=size):
                return False
            before = size
        return bool(runs) or self._keep(Changes(size=after), before=before)

    def _keep(self, changes: Changes, *, before: int) -> bool:
        """Save changes with what the same entries say of sampling."""
        return self._book.save(_with_sampled(changes, self._sampled, before=before), before=before)

    def _save_erasures(self, erasures: Sequence[Any], *, before: int, after: int) -> bool:
        erased = [erasure.erased for erasure in erasures]
        self.erased_records += len(erased)
        return self._keep(erase_records(self._book, erased, size=after), before=before)

    def _save_papers(self, papers: Sequence[Any], *, before: int, after: int) -> bool:
        """Papers of a page; record by record where they cannot be taken whole."""
        try:
            return self._keep(fold_page(self._book, papers, size=after), before=before)
        except _NOT_TAKEN as fault:
            log.warning("derived.page_apart", size=after, **describe_fault(fault))
        for index in self._positions(papers, before=before, after=after):
            self._check_stopped()
            here = [paper for paper in papers if paper.index == index]
            with self._passing_over(index):
                changes = fold_page(self._book, here, size=index + 1)
                if not self._keep(changes, before=before):
                    return False
                before = index + 1
            if before <= index:
                self._sampled = [item for item in self._sampled if item.index != index]
        return self._keep(Changes(size=after), before=before)

    def _positions(self, papers: Iterable[Any], *, before: int, after: int) -> list[int]:
        """The entries of a page that say something, each once."""
        sampled = (item.index for item in self._sampled if before <= item.index < after)
        return sorted({*(paper.index for paper in papers), *sampled})

    @contextmanager
    def _passing_over(self, index: int) -> Iterator[None]:
        try:
            yield
        except _NOT_TAKEN as fault:
            self.passed_over += 1
            log.error("derived.passed_over", entry_index=index, **describe_fault(fault))

    def _read(self, page: Sequence[EntryRow]) -> Iterator[Filed]:
        for record in self._records.read(page):
            self._check_stopped()
            yield record

    def _check_stopped(self) -> None:
        if self._is_stopped():
            raise _Stopped

    def _agree_up_to(self, size: int) -> None:
        """Read what was agreed in the entries below ``size``: a start, or a page of another's."""
        if self._agreed_size > size:
            self._forget_agreed()
        rows = self._rows(AGREED_VCTS, self._agreed_size, size)
        while page := _take(rows):
            for record in self._read(page):
                with self._passing_over(record.index):
                    self._agree(record)
        self._agreed_size = size

    def _agree(self, record: Filed) -> None:
        self._agreed.apply(record)
        self._sampling.apply(record)

    def _rows(self, vcts: tuple[str, ...], start: int, stop: int) -> Iterator[EntryRow]:
        if start >= stop:
            return iter(())
        rows = self._store.entries_of(vcts, start=start)
        return takewhile(lambda row: row.index < stop, rows)


def _with_sampled(changes: Changes, said: Iterable[_Sampled], *, before: int) -> Changes:
    """The changes, and what entries from ``before`` on say of sampling up to their size."""
    of_these = [item for item in said if before <= item.index < changes.size]
    records = (item.record for item in of_these if item.record)
    erased = (item.erased for item in of_these if item.erased)
    return replace(
        changes,
        sampled={record.filed.record_id: record for record in records},
        # All that was erased of a record is in each of them.
        sampled_erased=dict(erased),
    )


def _take(rows: Iterator[EntryRow]) -> list[EntryRow]:
    return list(islice(rows, PAGE_RECORDS))
