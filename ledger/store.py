"""The store port: what the log needs from a database, and the rows it exchanges.

Rows are bytes and plain values; nothing here verifies. ``entry``, ``tile``, ``checkpoint`` and
``cosigned`` are append-only, and all but the last are written by
:class:`ledger.service.Ledger` alone; disclosures, search keys, standing and outbox are
projections or erasable content.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ledger.vault.sealing import VaultRow


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log: what the next entry builds on.

    ``frontier`` holds the perfect-subtree hashes of the set bits of ``size``, largest first.
    """

    size: int
    leaf: bytes
    root: bytes
    admitted_ms: int
    frontier: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry as stored: verbatim bytes, and what is derived from its clear claims.

    ``record_id`` and ``leaf`` are 32 bytes. ``jti_key`` is the first 16 bytes of
    SHA-256(iss, LF, jti) and unique: a party uses a jti once.
    """

    index: int
    record_id: bytes
    jti_key: bytes
    leaf: bytes
    text: bytes
    party: str
    vct: str
    admitted_ms: int


@dataclass(frozen=True, slots=True)
class TileRow:
    """A full tile: 256 hashes of 32 bytes, and the root they fold to."""

    level: int
    number: int
    hashes: bytes
    root: bytes


@dataclass(frozen=True, slots=True)
class CommitGroup:
    """Everything one transaction makes durable, or nothing of it.

    ``head_before`` is compared before writing (None: the log is empty). ``disclosures``,
    ``search`` (32-byte keys), ``standing`` (party DID), ``outbox`` (topic) and ``pins``
    (blob id) are (value, index) pairs. ``sealed`` are contents as another database held them,
    of other entries than ``disclosures``.
    """

    head_before: Head | None
    head: Head
    entries: Sequence[EntryRow]
    tiles: Sequence[TileRow]
    checkpoint: str
    disclosures: Sequence[tuple[str, int]]
    search: Sequence[tuple[bytes, int]]
    standing: Sequence[tuple[str, int]]
    outbox: Sequence[tuple[str, int]]
    pins: Sequence[tuple[str, int]]
    sealed: Sequence[VaultRow] = ()


@dataclass(frozen=True, slots=True)
class KnownIds:
    """Which of the asked record ids and jti keys the log already holds, with their index."""

    records: Mapping[bytes, int]
    jti_keys: Mapping[bytes, int]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A page of entry indices, newest first, all conditions joined by AND.

    ``before`` is exclusive. ``party`` matches the signer; ``reader`` (a DID) restricts to
    entries it signed or stands in; ``key`` is one 32-byte search key. Admission times are
    those of ``since_ms <= admitted_ms < until_ms``.
    """

    before: int | None = None
    limit: int = 50
    party: str | None = None
    vct: str | None = None
    reader: str | None = None
    key: bytes | None = None
    since_ms: int | None = None
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One writer's turn at the head: what the log ends with while nobody else may append.

    ``database_ms`` is Unix milliseconds by the database's clock; None where the clock of the
    process is the one that counts (SQLite, memory).
    """

    head: Head | None
    database_ms: int | None


class Projected(NamedTuple):
    """A row beside the log that follows from an entry.

    ``kind`` is ``search``, ``standing``, ``pin``, ``record`` or ``jti``; ``key`` the first 8
    bytes of a search key, record id or jti key, else the text of a DID or of a blob id.
    """

    kind: str
    key: bytes
    entry: int


class Store(Protocol):
    """What :class:`ledger.service.Ledger` and the readers of the log ask of a database.

    Every method may be called from any thread and may raise
    :class:`ledger.store_errors.StoreUnavailable`. Reads see only committed groups and do not hold
    up a commit; what a group wrote is seen as soon as :meth:`commit` has returned.
    """

    def head(self) -> Head | None:
        """The committed head, None for an empty log."""

    def turn(self) -> AbstractContextManager[Turn]:
        """Wait for the head, and keep every other writer of this or any process from it.

        Inside the block ``head``, ``known`` and ``entries`` see all that was committed before
        the turn. One :meth:`commit` by the same thread belongs to it, is durable when it returns,
        and may end the turn there and then. Leaving without one writes nothing. Turns do not nest.

        Raises:
            StoreUnavailable: the turn did not come in time, or nothing may be written here.
        """

    def commit(self, group: CommitGroup) -> None:
        """Make ``group`` durable (fsync) in one transaction, outside a turn in one of its own.

        Raises:
            HeadMoved: the stored head is not ``group.head_before``; nothing was written.
            AppendRefused: the entries leave a gap, or repeat a record id or jti; nothing was
                written.
            OutcomeUnknown: COMMIT was sent and its outcome cannot be told; compare heads.
            StoreUnavailable: nothing was written.
        """

    def known(self, record_ids: Sequence[bytes], jti_keys: Sequence[bytes]) -> KnownIds:
        """Look up many ids at once (bounded by the commit group)."""

    def entry(self, index: int) -> EntryRow | None:
        """One entry, or None beyond the head."""

    def entries_at(self, indices: Sequence[int]) -> Mapping[int, EntryRow]:
        """Those of the entries that there are, by their index.

        One statement for as many as a page holds; it has the same text for the same number.
        """

    def entries(self, start: int, stop: int) -> Iterator[EntryRow]:
        """Entries ``start <= index < stop`` in order, streamed in bounded memory."""

    def entries_of(self, vcts: Sequence[str], *, start: int = 0) -> Iterator[EntryRow]:
        """All entries of the given types from ``start`` on, in order: what the fold reads."""

    def leaves(self, start: int, stop: int) -> bytes:
        """Concatenated leaf hashes of ``start <= index < stop``."""

    def tile(self, level: int, number: int) -> bytes | None:
        """The 8,192 bytes of a full tile."""

    def tile_roots(self, level: int, start: int, stop: int) -> bytes:
        """Concatenated roots of the full tiles ``start <= number < stop`` of a level."""

    def checkpoint_covering(self, index: int) -> str | None:
        """The first checkpoint whose size exceeds ``index``, a signed note: always the same."""

    def latest_checkpoint(self) -> str | None:
        """The newest signed note."""

    def checkpoints(self, above: int = 0) -> Iterator[tuple[int, str]]:
        """All kept (size, signed note) of a size above ``above``, ascending."""

    def keep_cosigned(self, size: int, note: str) -> None:
        """Keep a checkpoint whose cosignatures met the policy.

        Kept notes never change and only grow: of a size that is not above all those kept,
        nothing is kept, and that is no error.
        """

    def latest_cosigned(self) -> tuple[int, str] | None:
        """The newest cosigned (size, note)."""

    def cosigned_covering(self, index: int) -> str | None:
        """The first cosigned note whose size exceeds ``index``: always the same."""

    def cosigned(self, above: int) -> Iterator[tuple[int, str]]:
        """All cosigned (size, note) of a size above the given one, ascending."""

    def disclosures(self, indices: Sequence[int]) -> Mapping[int, str]:
        """Disclosures by entry, each ended by ``~``; absent where none are kept or none opens.

        A key that is missing in the shelf loses what it opens, and nothing else.
        """

    def vault_rows(self, start: int, stop: int) -> Iterator[VaultRow]:
        """Contents of the entries ``start <= index < stop`` as they are held, for a backup."""

    def restore_disclosures(self, index: int, disclosures: str) -> None:
        """Put back disclosures that were lost; never replaces what is there, or was erased.

        Raises:
            AppendRefused: there is no such entry.
        """

    def replace_disclosures(self, index: int, *, before: str, after: str) -> bool:
        """Put ``after`` in the place of exactly ``before``, durable on return; whether it did.

        For envelopes that are given more recipients (docs/spec/sealed.md): what is between may
        have been erased, or changed by another, and then nothing is written.
        """

    def erase(self, index: int, groups: Collection[str]) -> None:
        """Erase groups of an entry's record, in a turn of its own; on return nothing opens them.

        May be repeated, and is to be where it did not return. Groups that are not there do no
        harm, and what else there is stays.

        Raises:
            AppendRefused: there is no such entry.
            StoreUnavailable: they are erased, or not; nothing else is lost.
        """

    def search(self, query: SearchQuery) -> Sequence[int]:
        """Indices that match, newest first, at most ``query.limit``."""

    def outbox_after(self, position: int, limit: int) -> Sequence[tuple[int, str, int]]:
        """(position, topic, index) of rows after ``position``, in order; positions only grow."""

    def outbox_done(self, position: int) -> None:
        """Drop outbox rows up to and including ``position``."""

    def is_pinned(self, blob: str) -> bool:
        """Whether an admitted record cites the blob."""

    def pins_after(self, blob: str, *, size: int, limit: int) -> Sequence[tuple[str, int]]:
        """At most ``limit`` (blob id, index) pairs below ``size``, ids after ``blob``."""

    def replace_projections(
        self,
        projections: Iterator[tuple[Sequence[tuple[bytes, int]], Sequence[tuple[str, int]]]],
        *,
        size: int,
    ) -> None:
        """Rebuild search and standing of the entries below a size, in one transaction.

        Args:
            projections: the (search, standing) pairs of one entry or of many, in any order.
            size: a head's; what later entries brought stays.
        """

    def projected(self, size: int) -> Iterator[Projected]:
        """Every row beside the log about the entries below ``size``, in no order, streamed."""

    def restore_pins(self, pins: Sequence[tuple[str, int]]) -> None:
        """Put back (blob id, index) pairs that were lost; never moves what is there."""

    def drop_projected(
        self,
        search: Sequence[tuple[bytes, int]],
        standing: Sequence[tuple[str, int]],
        *,
        pins: Sequence[tuple[str, int]],
    ) -> None:
        """Drop rows that groups had brought which were erased: keys, parties, blobs by entry.

        Pairs that are not there do no harm.
        """

    def close(self) -> None:
        """Release connections and the right to write; later calls find the store unavailable."""
