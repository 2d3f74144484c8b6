"""Commit groups for tests of stores: their bytes mean nothing, their shape is that of real ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger.store import CommitGroup, EntryRow, Head, Store, TileRow

ALICE = "did:web:log.example:parties:alice"
BOB = "did:web:log.example:parties:bob"
CAROL = "did:web:log.example:parties:carol"
REPORT = "inspection-report/v1"
KEY = "key/v1"
CHARTER = "charter/v1"
FIRST_MS = 1_700_000_000_000

Pairs = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a group carries besides entries."""

    tiles: tuple[TileRow, ...] = ()
    disclosures: Pairs = ()
    search: tuple[tuple[bytes, int], ...] = ()
    standing: Pairs = ()
    outbox: Pairs = ()
    pins: Pairs = ()


def digest(*words: object) -> bytes:
    """32 bytes that are always the same for the same words."""
    return sha256(" ".join(map(str, words)).encode()).digest()


def a_row(
    index: int, *, party: str = ALICE, vct: str = REPORT, admitted_ms: int | None = None
) -> EntryRow:
    """The entry that this index has in every test."""
    return EntryRow(
        index=index,
        record_id=digest("record", index),
        jti_key=digest("jti", index)[:16],
        leaf=digest("leaf", index),
        text=f"entry {index}\n".encode(),
        party=party,
        vct=vct,
        admitted_ms=FIRST_MS + index if admitted_ms is None else admitted_ms,
    )


def rows_after(head: Head | None, count: int) -> list[EntryRow]:
    """The next entries of a log."""
    size = head.size if head else 0
    return [a_row(index) for index in range(size, size + count)]


def a_group(head: Head | None, rows: Sequence[EntryRow], parts: Parts = Parts()) -> CommitGroup:
    """A group of these entries at the end of a log."""
    size = rows[-1].index + 1
    return CommitGroup(
        head_before=head,
        head=Head(
            size=size,
            leaf=rows[-1].leaf,
            root=digest("root", size),
            admitted_ms=rows[-1].admitted_ms,
            frontier=tuple(digest("node", size, bit) for bit in range(size.bit_count())),
        ),
        entries=rows,
        tiles=parts.tiles,
        checkpoint=f"checkpoint of {size}\n",
        disclosures=parts.disclosures,
        search=parts.search,
        standing=parts.standing,
        outbox=parts.outbox,
        pins=parts.pins,
    )


def append(store: Store, count: int, parts: Parts = Parts()) -> CommitGroup:
    """Commit the next entries as one group."""
    head = store.head()
    group = a_group(head, rows_after(head, count), parts)
    store.commit(group)
    return group


def append_each(store: Store, rows: Iterable[EntryRow]) -> None:
    """Commit these entries, one group each."""
    for row in rows:
        store.commit(a_group(store.head(), [row]))


def contents(store: Store) -> tuple[object, ...]:
    """All that a store says: two stores of equal contents hold the same log."""
    head = store.head()
    size = head.size if head else 0
    rows = list(store.entries(0, size + 1))
    return (
        head,
        rows,
        store.known([row.record_id for row in rows], [row.jti_key for row in rows]),
        list(store.checkpoints()),
        list(store.cosigned(0)),
        store.disclosures(range(size)),
        store.tile_roots(0, 0, 9),
        store.outbox_after(0, 1_000),
    )
