"""Copies of a log for audits: honest, changed in one place, or forged from the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from ledger.audit import Audit, audit
from ledger.audit_findings import AuditReport
from ledger.audit_memory import AuditMemory, Extent
from ledger.tile_nodes import MemoryTiles
from ledger.tiles import HashTile
from ledger.tree import leaf_hash
from tests.ledger.held_filings import HeldFilings
from tests.ledger.ledger_stories import FOUNDED, reports
from tests.ledger.parties import ORIGIN
from tests.ledger.view_log import ChangeHead, ForgedLog, entry_bytes

REPORTS = 5
TEXTS = (*FOUNDED.texts, *reports(REPORTS))
FIRST_REPORT = len(FOUNDED.texts)
LAST = len(TEXTS) - 1

Row = tuple[bytes, str | None]


@dataclass(frozen=True, slots=True)
class CopiedLog:
    """A log's bytes, as an audit reads them."""

    entries: tuple[Row, ...]
    kept: tuple[tuple[int, str], ...]
    cosigned_notes: tuple[tuple[int, str], ...] = ()

    def extent(self) -> Extent:
        """All entries, and their root."""
        return Extent(len(self.entries), _tiles_of(self.entries).frontier.root())

    def entry_texts(self, start: int = 0) -> Iterator[Row]:
        """Each entry's bytes and disclosures."""
        return iter(self.entries[start:])

    def filings(self, origin: str) -> HeldFilings:
        """What the records say of their sharing."""
        return HeldFilings(self.entries, origin)

    def checkpoints(self, above: int = 0) -> Iterator[tuple[int, str]]:
        """Every kept checkpoint."""
        return (item for item in self.kept if item[0] > above)

    def cosigned(self) -> Iterator[tuple[int, str]]:
        """Every cosigned checkpoint."""
        return iter(self.cosigned_notes)

    def read_tile(self, tile: HashTile, /) -> bytes:
        """A tile of the entries as they are here."""
        return _tiles_of(self.entries).read_tile(tile)

    def until(self, size: int) -> CopiedLog:
        """The log when it had so many entries."""
        kept = tuple(item for item in self.kept if item[0] <= size)
        return CopiedLog(self.entries[:size], kept)

    def with_entry(self, index: int, row: Row) -> CopiedLog:
        """The copy with one row changed, and nothing else."""
        return replace(self, entries=(*self.entries[:index], row, *self.entries[index + 1 :]))

    def with_note(self, position: int, note: str) -> CopiedLog:
        """The copy with one kept checkpoint changed."""
        rows = list(self.kept)
        rows[position] = (rows[position][0], note)
        return replace(self, kept=tuple(rows))


@dataclass(frozen=True, slots=True)
class Forgery:
    """What a forged log holds: submissions in order, and what is done to its heads."""

    texts: tuple[str, ...] = TEXTS
    heads: Mapping[int, ChangeHead] = field(default_factory=dict)
    sizes: Sequence[int] | None = None

    def with_text(self, index: int, text: str) -> Forgery:
        """Another submission at an index, or one more at the end."""
        return replace(self, texts=(*self.texts[:index], text, *self.texts[index + 1 :]))

    def log(self) -> ForgedLog:
        """The log, its tree right throughout."""
        return ForgedLog(tuple(text.split("~")[0] for text in self.texts), self.heads)

    def copy(self) -> CopiedLog:
        """Its bytes, with a checkpoint at each of the sizes, by default two and the last."""
        log, count = self.log(), len(self.texts)
        sizes = sorted({1, count // 2, count} - {0}) if self.sizes is None else self.sizes
        held = [text.partition("~")[2] or None for text in self.texts]
        rows = [
            (entry_bytes(*entry), given) for entry, given in zip(log.entries, held, strict=True)
        ]
        return CopiedLog(tuple(rows), tuple((size, log.note(size=size)) for size in sizes))


@cache
def _tiles_of(entries: tuple[Row, ...]) -> MemoryTiles:
    tiles = MemoryTiles()
    tiles.append([leaf_hash(text) for text, _ in entries])
    return tiles


def remembered(log: CopiedLog, memory: AuditMemory | None = None) -> AuditMemory:
    """What an audit of the copy remembers."""
    running = Audit(ORIGIN, log, memory=memory)
    list(running.run())
    assert running.size == len(log.entries)
    return running.memory()


def audited(log: CopiedLog) -> AuditReport:
    """What an audit says of the copy."""
    return audit(ORIGIN, log)


def found(log: CopiedLog) -> list[tuple[str, str]]:
    """Place and code of every finding."""
    return [(finding.place, finding.code) for finding in audited(log).findings]
