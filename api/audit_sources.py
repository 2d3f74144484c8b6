"""Where an audit reads a log from: the data folder beside a running service, or over HTTP."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from api.client import LogClient
from ledger.anchor import Anchor
from ledger.audit import (
    AuditSource,
    CheckedEntry,
    Finding,
    MapChunks,
    check_chunk,
    map_here,
)
from ledger.entry import split_entry
from ledger.errors import LedgerError
from ledger.note import encode_vkey
from ledger.record import encode_record_id, parse_jws, record_id
from ledger.store import Store
from ledger.tiles import TILE_WIDTH, EntryBundle, HashTile, encode_tile_path, parse_bundle
from ledger.tree import leaf_hash
from ledger.trust_policy import check_checkpoint

_PAGE: Final = 500
_CHUNKS_AHEAD: Final = 4

Chunk = Sequence[tuple[bytes, str | None]]


@dataclass(frozen=True, slots=True)
class StoreSource:
    """A log's own store, up to the head that it had when the audit began."""

    store: Store
    size: int

    def entry_texts(self) -> Iterator[tuple[bytes, str | None]]:
        """Each entry's bytes and disclosures."""
        for start in range(0, self.size, _PAGE):
            stop = min(start + _PAGE, self.size)
            kept = self.store.disclosures(range(start, stop))
            for row in self.store.entries(start, stop):
                yield row.text, kept.get(row.index)

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """Every kept checkpoint up to the size."""
        return (item for item in self.store.checkpoints() if item[0] <= self.size)


@dataclass(frozen=True, slots=True)
class ServiceSource:
    """A log behind its service: the newest checkpoint, the bundles, and the tiles below it.

    ``findings`` grows while :meth:`entry_texts` is read: tiles that are not those of the
    entries.
    """

    client: LogClient
    note: str
    size: int
    findings: list[Finding] = field(default_factory=list)

    def entry_texts(self) -> Iterator[tuple[bytes, str | None]]:
        """Each entry's bytes; disclosures are not part of the public log."""
        for start in range(0, self.size, TILE_WIDTH):
            number, width = start // TILE_WIDTH, min(TILE_WIDTH, self.size - start)
            path = encode_tile_path(EntryBundle(number, width))
            entries = parse_bundle(self.client.tile(path), width=width)
            self._compare_tile(number, entries)
            for text in entries:
                yield text, None

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """The one checkpoint that the service shows."""
        yield self.size, self.note

    def _compare_tile(self, number: int, entries: Sequence[bytes]) -> None:
        path = encode_tile_path(HashTile(0, number, len(entries)))
        if self.client.tile(path) != b"".join(leaf_hash(text) for text in entries):
            detail = "the tile does not hold the hashes of the entries that are served"
            self.findings.append(Finding(path, "tile-mismatch", detail))


def open_service_source(client: LogClient, anchor: Anchor) -> ServiceSource:
    """The log behind a service, as far as its newest checkpoint reaches.

    Raises:
        ClientError: no answer.
        LedgerError: the trust anchor does not accept the checkpoint.
    """
    note = client.checkpoint()
    trusted = check_checkpoint(note, anchor.policy, origin=anchor.origin)
    return ServiceSource(client, note.decode(), trusted.checkpoint.size)


def map_in_processes(processes: int) -> MapChunks:
    """How chunks are checked: in so many processes, or here with fewer than two."""
    if processes < 2:
        return map_here

    def run(origin: str, chunks: Iterable[Chunk]) -> Iterator[list[CheckedEntry]]:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, mp_context=context) as pool:
            yield from _in_order(pool, origin, chunks, ahead=processes * _CHUNKS_AHEAD)

    return run


def _in_order(
    pool: ProcessPoolExecutor, origin: str, chunks: Iterable[Chunk], *, ahead: int
) -> Iterator[list[CheckedEntry]]:
    """Answers in the order of the chunks, never more than ``ahead`` of them in flight."""
    waiting: deque[Future[list[CheckedEntry]]] = deque()
    for chunk in chunks:
        waiting.append(pool.submit(check_chunk, origin, chunk))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@dataclass(slots=True)
class AnchoredSource:
    """A source whose entry 0 is compared with a trust anchor while it passes."""

    source: AuditSource
    anchor: Anchor
    findings: list[Finding] = field(default_factory=list)

    def entry_texts(self) -> Iterator[tuple[bytes, str | None]]:
        """The source's entries."""
        for position, (text, disclosures) in enumerate(self.source.entry_texts()):
            if position == 0:
                self.findings.extend(_charter_findings(text, self.anchor))
            yield text, disclosures

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """The source's checkpoints."""
        return self.source.checkpoints()


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
