"""Fills an empty store with the rows of a log, group by group as they were signed.

Every kept checkpoint ends a group, so that afterwards each receipt is against the checkpoint
it was against before. What follows from entries and disclosures (tree, tiles, index, pins,
outbox) is made anew. Nothing is verified for its own sake: an audit of the filled store does
that, before anything serves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from keys.errors import KeysError
from ledger import limits
from ledger.backup_rows import BackupDamaged, RowsInStep
from ledger.content import ANYONE, JTI_KEY_BYTES, Checker, Projections, derive_projections
from ledger.domain import DomainRules
from ledger.entry import parse_head, split_entry
from ledger.errors import LedgerError
from ledger.fold import PublicFold, apply
from ledger.frontier import Frontier, append_leaves
from ledger.open_tiles import NO_OPEN_TILES, TileGrowth
from ledger.record import GOVERNANCE_VCTS, jti_key, parse_jws, record_id
from ledger.recovery import governing
from ledger.store import CommitGroup, EntryRow, Head, Store, TileRow
from ledger.store_errors import HeadMoved
from ledger.store_memory import head_moved
from ledger.tree import TreeSize, leaf_hash
from ledger.vault.errors import ShelfDamaged
from ledger.vault.packed_row import parse_packed
from ledger.vault.sealing import Found, VaultRow
from ledger.vault.vault import Vault

ADMITTED: Final = "record.admitted"


@dataclass(frozen=True, slots=True)
class LogRows:
    """A log as a backup holds it: rows of (number, content), each ascending.

    ``entries`` and ``contents``, sealed, are numbered by index, notes by their size.
    ``vault`` opens contents, from which the index is made; what does not open is kept.
    """

    entries: Iterable[tuple[int, bytes]]
    contents: Iterable[tuple[int, bytes]]
    checkpoints: Iterable[tuple[int, bytes]]
    cosigned: Iterable[tuple[int, bytes]]
    vault: Vault


@dataclass(slots=True)
class _Group:
    """What the entries of one group bring into the store."""

    entries: list[EntryRow] = field(default_factory=list)
    sealed: list[VaultRow] = field(default_factory=list)
    search: list[tuple[bytes, int]] = field(default_factory=list)
    standing: list[tuple[str, int]] = field(default_factory=list)
    pins: list[tuple[str, int]] = field(default_factory=list)


class Reloading:
    """Fills one store."""

    def __init__(
        self,
        origin: str,
        store: Store,
        *,
        rules: DomainRules,
        search_secret: bytes,
        outbox_from: int,
    ) -> None:
        """Begin with a store that is empty, or that took the first groups before.

        Args:
            origin: the log that is expected.
            store: takes the rows; what one that was killed took stays, and is gone on from.
            rules: of the trade, for the types of the log.
            search_secret: keys the search index, which is made with it.
            outbox_from: the first entry that readers of the outbox have not seen.
        """
        self._store = store
        self.closed = 0
        self._outbox_from = outbox_from
        self._fold = PublicFold(origin)
        self._checker = Checker(origin, self._fold.book(), rules, search_secret)
        self._open_tiles = NO_OPEN_TILES
        self._head: Head | None = None
        self._present = store.head()

    @property
    def head(self) -> Head | None:
        """Where the filled log ends."""
        return self._head

    def run(self, rows: LogRows) -> Iterator[int]:
        """Fill the store; gives the size after each group.

        Raises:
            BackupDamaged: the rows do not fit each other, or an entry cannot be read.
            HeadMoved: the store holds another log.
            StoreUnavailable: the store did not take them.
        """
        entries, kept = iter(rows.entries), RowsInStep(rows.contents)
        for size, note in rows.checkpoints:
            count = size - (self._head.size if self._head else 0)
            if count > limits.CHECKPOINT_ENTRIES_MAX:
                raise BackupDamaged(
                    f"expected a checkpoint at most {limits.CHECKPOINT_ENTRIES_MAX} entries before "
                    f"that of {size}, found {count}"
                )
            texts = list(islice(entries, count))
            self._commit(texts, (kept, rows.vault), size=size, note=note)
            yield size
        if next(entries, None) is not None:
            raise BackupDamaged("expected a checkpoint over all entries, found entries behind it")
        kept.finish()
        if self._present and (self._head is None or self._head.size < self._present.size):
            raise HeadMoved(head_moved(self._head, self._present))
        for size, note in rows.cosigned:
            self._store.keep_cosigned(size, _text(note))

    def _commit(
        self,
        texts: list[tuple[int, bytes]],
        contents: tuple[RowsInStep, Vault],
        *,
        size: int,
        note: bytes,
    ) -> None:
        start = self._head.size if self._head else 0
        if [index for index, _ in texts] != list(range(start, size)):
            raise BackupDamaged(f"expected entries {start}..{size - 1} without a gap")
        kept, vault = contents
        group = _Group()
        for index, text in texts:
            jws = self._add(group, index, text)
            content = kept.take(index)
            if content is not None:
                self._add_content(group, jws, _sealed(index, content), vault=vault)
        frontier = Frontier(TreeSize(start), self._head.frontier if self._head else ())
        appended = append_leaves(frontier, [row.leaf for row in group.entries])
        growth = self._open_tiles.grown_by(appended)
        last = group.entries[-1]
        head = Head(
            size, last.leaf, appended.root, last.admitted_ms, tuple(appended.frontier.hashes)
        )
        if self._is_new(head):
            self._store.commit(self._rows(group, head, growth, note=_text(note)))
        self._head, self._open_tiles = head, growth.open_tiles

    def _is_new(self, head: Head) -> bool:
        present = self._present
        if present is None or present.size < head.size:
            return True
        if present.size == head.size and present != head:
            raise HeadMoved(head_moved(head, present))
        return False

    def _rows(self, group: _Group, head: Head, growth: TileGrowth, *, note: str) -> CommitGroup:
        new = [row.index for row in group.entries if row.index >= self._outbox_from]
        return CommitGroup(
            head_before=self._head,
            head=head,
            entries=group.entries,
            tiles=[TileRow(t.level, t.number, t.hashes, t.root) for t in growth.completed],
            checkpoint=note,
            disclosures=(),
            sealed=group.sealed,
            search=group.search,
            standing=group.standing,
            outbox=[(ADMITTED, index) for index in new],
            pins=group.pins,
        )

    def _add(self, group: _Group, index: int, text: bytes) -> str:
        try:
            row, jws = read_entry_row(index, text, origin=self._checker.origin)
            if row.vct in GOVERNANCE_VCTS:
                self._fold = apply(self._fold, governing(row, self._checker.origin))
                self._checker = self._checker_of(self._fold)
        except LedgerError as fault:
            raise BackupDamaged(f"entry {index}: {fault}") from fault
        group.entries.append(row)
        if row.vct in GOVERNANCE_VCTS:
            group.standing.append((ANYONE, index))
        return jws

    def _add_content(self, group: _Group, jws: str, sealed: VaultRow, *, vault: Vault) -> None:
        index = sealed.entry
        group.sealed.append(sealed)
        looked_up = Found(index, group.entries[-1].record_id, sealed)
        kept = vault.open([looked_up]).get(index)
        if kept is None:
            self.closed += vault.is_lost(looked_up)
            return
        found = self._project(jws, kept)
        group.search += [(key, index) for key in found.search]
        group.standing += [(party, index) for party in found.standing]
        group.pins += [(blob, index) for blob in found.blobs]

    def _project(self, jws: str, kept: str) -> Projections:
        try:
            return derive_projections(f"{jws}~{kept}", self._checker)
        except (LedgerError, KeysError):
            # The audit of the filled store says so, and names the entry.
            return Projections((), (), ())

    def _checker_of(self, fold: PublicFold) -> Checker:
        before = self._checker
        return Checker(before.origin, fold.book(), before.rules, before.search_secret)


def read_entry_row(index: int, text: bytes, *, origin: str) -> tuple[EntryRow, str]:
    """The row of an entry's bytes, and its JWS; its signature is not checked.

    Raises:
        LedgerError: it is no entry of this log, or not of this index.
    """
    head_text, jws = split_entry(text)
    head = parse_head(head_text)
    if head.index != index:
        raise BackupDamaged(f"expected entry {index}, found {head.index}")
    parsed = parse_jws(jws, origin=origin)
    claims = parsed.claims
    row = EntryRow(
        index=index,
        record_id=record_id(jws),
        jti_key=jti_key(claims.iss, claims.jti)[:JTI_KEY_BYTES],
        leaf=leaf_hash(text),
        text=text,
        party=claims.iss,
        vct=claims.vct,
        admitted_ms=head.admitted_ms,
    )
    return row, jws


def _sealed(index: int, content: bytes) -> VaultRow:
    try:
        return parse_packed(index, content)
    except ShelfDamaged as fault:
        raise BackupDamaged(str(fault)) from fault


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise BackupDamaged(f"expected text, found {content[:40]!r}") from fault
