"""Where an audit reads a log: its data folder, also beside the service, a mirror, or over HTTP."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from api.derived.erased import ErasedGroups
from keys.errors import KeysError
from ledger.anchor import Anchor
from ledger.audit import AuditSource
from ledger.audit_contents import ContentJudge, content_judge
from ledger.audit_entries import CheckedEntry, MapChunks, Row, check_chunk
from ledger.audit_findings import Finding
from ledger.audit_memory import Extent
from ledger.entry import split_entry
from ledger.errors import LedgerError, NotInLog
from ledger.note import encode_vkey
from ledger.reader import LogReader
from ledger.record import encode_record_id, parse_jws, record_id
from ledger.recovery import read_fold
from ledger.sharing.filings import NO_FILINGS, Filings
from ledger.sharing.store_filings import StoreFilings
from ledger.store import Store
from ledger.tiles import (
    TILE_WIDTH,
    EntryBundle,
    HashTile,
    encode_bundle,
    encode_tile_path,
    parse_bundle,
    parse_tile_path,
)
from ledger.tree import EMPTY_ROOT, HASH_BYTES
from ledger.trust_policy import check_checkpoint
from quality.rules import QualityRules

_PAGE: Final = 500
_CHUNKS_AHEAD: Final = 4

Chunk = Sequence[Row]


@dataclass(frozen=True, slots=True)
class StoreSource:
    """A log's own store, up to the head that it had when the audit began."""

    store: Store
    reach: Extent

    @classmethod
    def of(cls, store: Store) -> StoreSource:
        """The log as far as it reaches now."""
        head = store.head()
        return cls(store, Extent(head.size, head.root) if head else Extent(0, EMPTY_ROOT))

    def extent(self) -> Extent:
        """The head when the audit began."""
        return self.reach

    def entry_texts(self, start: int = 0) -> Iterator[Row]:
        """Each entry's bytes and disclosures."""
        for first in range(start, self.reach.size, _PAGE):
            stop = min(first + _PAGE, self.reach.size)
            kept = self.store.disclosures(range(first, stop))
            for row in self.store.entries(first, stop):
                yield row.text, kept.get(row.index)

    def erased(self, origin: str) -> Callable[[str], frozenset[str]]:
        """What acts of the log order erased, by the record's id."""
        groups = ErasedGroups(self.store, origin)
        groups.read_to(self.reach.size)
        return groups.of

    def filings(self, origin: str) -> Filings:
        """What the records of the store say of their sharing."""
        return StoreFilings(self.store, origin)

    def checkpoints(self, above: int = 0) -> Iterator[tuple[int, str]]:
        """Every kept checkpoint up to the size."""
        kept = self.store.checkpoints(above)
        return (item for item in kept if item[0] <= self.reach.size)

    def cosigned(self) -> Iterator[tuple[int, str]]:
        """Every cosigned checkpoint up to the size."""
        return (item for item in self.store.cosigned(0) if item[0] <= self.reach.size)

    def read_tile(self, tile: HashTile, /) -> bytes:
        """A tile as the store would serve it."""
        return LogReader(self.store).read_tile(tile)


class TileFiles(Protocol):
    """A log's public files: behind its service, or in a mirror's folder."""

    def checkpoint(self) -> bytes:
        """The newest checkpoint."""

    def tile(self, path: str) -> bytes:
        """The tile or bundle at a path below the log's prefix."""


@dataclass(frozen=True, slots=True)
class PublicSource:
    """A log's public files: the newest checkpoint, the bundles, and the tiles below it."""

    files: TileFiles
    note: str
    reach: Extent

    def extent(self) -> Extent:
        """What the newest checkpoint signs."""
        return self.reach

    def entry_texts(self, start: int = 0) -> Iterator[Row]:
        """Each entry's bytes; disclosures are not part of the public log."""
        for first in range(start - start % TILE_WIDTH, self.reach.size, TILE_WIDTH):
            width = min(TILE_WIDTH, self.reach.size - first)
            path = encode_tile_path(EntryBundle(first // TILE_WIDTH, width))
            entries = parse_bundle(self.files.tile(path), width=width)
            for text in entries[max(start - first, 0) :]:
                yield text, None

    def filings(self, origin: str) -> Filings:
        """None: disclosures are not part of the public log, so no act is judged by it."""
        del origin
        return NO_FILINGS

    def checkpoints(self, above: int = 0) -> Iterator[tuple[int, str]]:
        """The one checkpoint that is shown."""
        if self.reach.size > above:
            yield self.reach.size, self.note

    def cosigned(self) -> Iterator[tuple[int, str]]:
        """None: cosignatures are judged with the checkpoint that is shown."""
        return iter(())

    def read_tile(self, tile: HashTile, /) -> bytes:
        """A tile as it is served."""
        return self.files.tile(encode_tile_path(tile))


@dataclass(frozen=True, slots=True)
class MirrorFolder:
    """A copy of a log's public files, as any static server could serve them."""

    root: Path

    def checkpoint(self) -> bytes:
        """The file ``checkpoint``."""
        return self._read("checkpoint")

    def tile(self, path: str) -> bytes:
        """A tile or bundle; where only the full one was kept, the part of it that was asked for."""
        tile = parse_tile_path(path)
        full = replace(tile, width=TILE_WIDTH)
        try:
            return self._read(path)
        except NotInLog:
            if tile == full:
                raise
        whole = self._read(encode_tile_path(full))
        if isinstance(tile, HashTile):
            return whole[: tile.width * HASH_BYTES]
        return encode_bundle(parse_bundle(whole, width=TILE_WIDTH)[: tile.width])

    def _read(self, path: str) -> bytes:
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError as fault:
            raise NotInLog(f"expected {path} in the mirror {self.root}, found none") from fault


def open_public_source(files: TileFiles, anchor: Anchor) -> PublicSource:
    """The log behind its public files, as far as its newest checkpoint reaches.

    Raises:
        ClientError, NotInLog: no answer, or no such file.
        LedgerError: the trust anchor does not accept the checkpoint.
    """
    note = files.checkpoint()
    trusted = check_checkpoint(note, anchor.policy, origin=anchor.origin).checkpoint
    return PublicSource(files, note.decode(), Extent(trusted.size, trusted.root))


def log_types(origin: str, store: Store) -> dict[str, str]:
    """The definitions of a log's business types, as far as its governance can be read.

    They are candidates: the audit compares each with the type that it finds in force.
    """
    try:
        types = read_fold(origin, store).types
    except (LedgerError, KeysError, AssertionError, LookupError, TypeError, ValueError):
        # What no admission let through has any form; the audit finds it and names the entry.
        return {}
    return {vct: kind.text for vct, kind in types.items() if not kind.governs}


def map_in_processes(processes: int, types: Mapping[str, str] | None = None) -> MapChunks:
    """How chunks are checked: in so many processes, or here with fewer than two.

    Args:
        processes: how many.
        types: definitions by which the content of records is judged, none if left out.
    """
    texts = tuple((types or {}).values())

    def run(origin: str, chunks: Iterable[Chunk]) -> Iterator[list[CheckedEntry]]:
        if processes < 2:
            judge = _judge_of(texts)
            yield from (check_chunk(origin, chunk, judge) for chunk in chunks)
            return
        with ProcessPoolExecutor(
            processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
            initargs=(texts,),
        ) as pool:
            yield from _Checking(pool, origin, texts).run(iter(chunks), processes)

    return run


class _Checking:
    """Chunks on their way through the workers, and back in their order."""

    def __init__(self, pool: ProcessPoolExecutor, origin: str, texts: Sequence[str]) -> None:
        self._pool = pool
        self._origin = origin
        self._texts = texts

    def run(self, chunks: Iterator[Chunk], processes: int) -> Iterator[list[CheckedEntry]]:
        """Check here until every worker has started, which takes a second or two, then there."""
        starting = [self._pool.submit(_ready) for _ in range(processes)]
        judge = _judge_of(self._texts)
        while not all(future.done() for future in starting):
            chunk = next(chunks, None)
            if chunk is None:
                return
            yield check_chunk(self._origin, chunk, judge)
        yield from self._in_order(chunks, ahead=processes * _CHUNKS_AHEAD)

    def _in_order(self, chunks: Iterator[Chunk], *, ahead: int) -> Iterator[list[CheckedEntry]]:
        """Answers in the order of the chunks, never more than ``ahead`` of them in flight."""
        waiting: deque[Future[list[CheckedEntry]]] = deque()
        for chunk in chunks:
            waiting.append(self._pool.submit(_check_in_worker, self._origin, chunk))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class _Worker:
    """A worker's own state: by what it judges content."""

    judge: ContentJudge | None = None


def _start_worker(texts: Sequence[str]) -> None:
    _Worker.judge = _judge_of(texts)


def _ready() -> None:
    """Nothing to do: the worker has started when this returns."""


def _check_in_worker(origin: str, chunk: Chunk) -> list[CheckedEntry]:
    return check_chunk(origin, chunk, _Worker.judge)


def _judge_of(texts: Sequence[str]) -> ContentJudge | None:
    return content_judge(texts, QualityRules()) if texts else None


def charter_findings(source: AuditSource, anchor: Anchor) -> list[Finding]:
    """What of entry 0 is not as the trust anchor says."""
    first = next(source.entry_texts(0), None)
    return [] if first is None else list(_charter_findings(first[0], anchor))


def _charter_findings(text: bytes, anchor: Anchor) -> Iterator[Finding]:
    try:
        jws = split_entry(text)[1]
        body = parse_jws(jws, origin=anchor.origin).claims.body or {}
    except LedgerError as fault:
        yield Finding("entry 0", fault.code, str(fault))
        return
    found = encode_record_id(record_id(jws))
    if found != anchor.charter:
        yield Finding("entry 0", "charter-mismatch", f"expected {anchor.charter}, found {found}")
    trusted = {encode_vkey(log.key) for log in anchor.policy.logs}
    if not trusted & set(body.get("log_keys", ())):
        yield Finding("entry 0", "log-key-mismatch", "it names no log key of the trust anchor")
