"""Ledgers for tests: built from the real parts, restarted at will, replayed after every step.

:func:`check_ledger` reads nothing but public bytes: it audits what the log serves, proves
each kept checkpoint consistent with the next, and verifies the receipt of every entry.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Final

from keys.encoding import decode_base64
from ledger.anchor import Anchor, parse_anchor
from ledger.audit import audit
from ledger.audit_findings import AuditReport
from ledger.audit_memory import Extent
from ledger.blobs import MemoryBlobs
from ledger.checkpoint import parse_checkpoint
from ledger.clock import ManualClock
from ledger.content import CheckedRecord, check_submission
from ledger.domain import NoDomainRules
from ledger.entry import split_entry
from ledger.faults import Refusal
from ledger.high_water import HighWater, HighWaterMemory, Mark
from ledger.note import parse_note
from ledger.reader import LogReader
from ledger.receipt import verify_receipt
from ledger.service import Ledger, LedgerParts
from ledger.sharing.store_filings import StoreFilings
from ledger.store import Store
from ledger.store_memory import MemoryStore
from ledger.submission import Admitted, Outcome
from ledger.tiles import TILE_WIDTH, EntryBundle, HashTile, parse_bundle
from ledger.tree import EMPTY_ROOT, TreeSize, verify_consistency
from tests.ledger.parties import (
    NOW_MS,
    ORIGIN,
    SEARCH_SECRET,
    Consortium,
    RandomStream,
    a_consortium,
    a_log_signer,
)
from tests.ledger.view_log import anchor_text

FOUNDED: Final = a_consortium()
FOUNDING_SIZE: Final = len(FOUNDED.texts)


@dataclass(frozen=True, slots=True)
class Story:
    """A ledger at work, and the parts it was built from."""

    parts: LedgerParts
    clock: ManualClock
    blobs: MemoryBlobs
    ledger: Ledger

    @property
    def store(self) -> Store:
        """What the ledger writes to."""
        return self.parts.store

    def submit(self, *texts: str) -> tuple[Outcome, ...]:
        """Hand texts over together and wait; each must be right in itself."""
        return self.hand_over(*texts).result(timeout=30)

    def admit(self, *texts: str) -> list[Admitted]:
        """Submit texts that must all be admitted."""
        outcomes = self.submit(*texts)
        admitted = [outcome for outcome in outcomes if isinstance(outcome, Admitted)]
        assert len(admitted) == len(texts), outcomes
        return admitted

    def checked(self, text: str) -> CheckedRecord:
        """The text after the checks outside the lock."""
        checked = check_submission(text, self.ledger.checker)
        assert not isinstance(checked, Refusal), checked
        return checked

    def hand_over(self, *texts: str) -> Future[tuple[Outcome, ...]]:
        """Hand texts over together without waiting."""
        return self.ledger.submit([self.checked(text) for text in texts])

    def restarted(self, **parts: Any) -> Story:
        """The log after its process ended and another one began, perhaps on other parts."""
        story = self.reopened(**parts)
        story.ledger.start()
        return story

    def reopened(self, **parts: Any) -> Story:
        """The same, with a writer that is not started yet."""
        self.ledger.close()
        whole = replace(self.parts, **parts)
        return replace(self, parts=whole, ledger=Ledger(whole))


def a_story(store: Store | None = None, *, mark: HighWater | None = None, **more: Any) -> Story:
    """A new log without an entry, perhaps built from other parts."""
    clock = ManualClock(NOW_MS)
    blobs = MemoryBlobs(random_bytes=RandomStream("blobs"))
    parts = LedgerParts(
        origin=ORIGIN,
        store=store or MemoryStore(),
        high_water=mark or HighWaterMemory(),
        clock=clock,
        signer=a_log_signer(),
        blobs=blobs,
        rules=NoDomainRules(),
        search_secret=SEARCH_SECRET,
        is_clock_given=True,
    )
    parts = replace(parts, **more)
    ledger = Ledger(parts, is_new=True)
    ledger.start()
    return Story(parts, clock, blobs, ledger)


def a_founded_story(store: Store | None = None, *, mark: HighWater | None = None) -> Story:
    """A log whose consortium is founded: charter, endorsements, keys and the sample type."""
    story = a_story(store, mark=mark)
    story.admit(*FOUNDED.texts)
    return story


def a_report(number: int = 0, *, consortium: Consortium = FOUNDED) -> str:
    """A record that any founded story admits; another number is another record."""
    return consortium.record(consortium.parties["hanfeng-drive"], label=f"report {number}")


def reports(count: int, *, first: int = 0) -> list[str]:
    """So many of them."""
    return [a_report(first + number) for number in range(count)]


@dataclass(frozen=True, slots=True)
class PublicBytes:
    """A log as its reader serves it: bundles and checkpoints, and the disclosures it holds."""

    reader: LogReader
    store: Store
    size: int

    def extent(self) -> Extent:
        """All of it."""
        head = self.store.head()
        return Extent(self.size, head.root if head else EMPTY_ROOT)

    def cosigned(self) -> Iterator[tuple[int, str]]:
        """Every cosigned checkpoint."""
        return self.store.cosigned(0)

    def read_tile(self, tile: HashTile, /) -> bytes:
        """A tile as it is served."""
        return self.reader.read_tile(tile)

    def entry_texts(self, start: int = 0) -> Iterator[tuple[bytes, str | None]]:
        """Each entry's bytes and disclosures."""
        rows = self._rows()
        return itertools.islice(rows, start, None)

    def _rows(self) -> Iterator[tuple[bytes, str | None]]:
        for start in range(0, self.size, TILE_WIDTH):
            width = min(TILE_WIDTH, self.size - start)
            bundle = self.reader.read_bundle(EntryBundle(start // TILE_WIDTH, width))
            held = self.store.disclosures(range(start, start + width))
            for position, text in enumerate(parse_bundle(bundle, width=width)):
                yield text, held.get(start + position)

    def filings(self, origin: str) -> StoreFilings:
        """What the records say of their sharing."""
        return StoreFilings(self.store, origin)

    def checkpoints(self, above: int = 0) -> Iterator[tuple[int, str]]:
        """Every kept checkpoint."""
        return self.store.checkpoints(above)


def anchor() -> Anchor:
    """The trust anchor of the founded log."""
    return parse_anchor(anchor_text(FOUNDED.charter).encode())


def check_ledger(story: Story, size: int) -> AuditReport:
    """Replay the log from its public bytes and check that it has ``size`` entries."""
    assert story.ledger.size == size
    reader = LogReader(story.store)
    source = PublicBytes(reader, story.store, size)
    report = audit(ORIGIN, source)
    assert report.findings == []
    assert (report.entries, report.signatures) == (size, size)
    if size:
        mark = story.parts.high_water.read()
        assert mark == Mark(size, report.root)
        _check_checkpoints(reader, story.store, size, report.root)
        _check_receipts(story.ledger.reader, source)
    return report


def _check_checkpoints(reader: LogReader, store: Store, size: int, root: bytes) -> None:
    kept = [parse_checkpoint(parse_note(note.encode()).text) for _, note in store.checkpoints()]
    assert (kept[-1].size, kept[-1].root) == (size, root)
    for older, newer in itertools.pairwise(kept):
        proof = reader.consistency_proof(older.size, newer.size)
        verify_consistency(
            TreeSize(older.size),
            TreeSize(newer.size),
            old_root=older.root,
            new_root=newer.root,
            proof=[decode_base64(line) for line in proof],
        )


def _check_receipts(reader: LogReader, source: PublicBytes) -> None:
    trusted = anchor()
    for index, (text, _) in enumerate(source.entry_texts()):
        _, jws = split_entry(text)
        verified = verify_receipt(reader.receipt(index).encode(), jws, anchor=trusted)
        assert verified.index == index
