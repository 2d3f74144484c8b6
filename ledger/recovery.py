"""Start-up: from the store and the high-water mark to the tip the writer builds on."""

from __future__ import annotations

from ledger.commit import Tip
from ledger.entitled import EntitledFold
from ledger.entitled_reading import FoldReader, Folds, Trade
from ledger.entry import split_entry
from ledger.errors import LogRolledBack
from ledger.fold import Governing, PublicFold, apply
from ledger.frontier import Frontier
from ledger.high_water import HighWater, Mark
from ledger.open_tiles import NO_OPEN_TILES, OpenTiles, open_slots
from ledger.precedents import Signed
from ledger.reader import LogReader
from ledger.record import GOVERNANCE_VCTS, parse_header, parse_jws
from ledger.store import EntryRow, Head, Store
from ledger.tile_nodes import FoldedTiles, TileNodeReader
from ledger.tree import TreeSize, leaf_hash, tree_root


def load_tip(origin: str, store: Store, *, mark: HighWater, is_new: bool, trade: Trade) -> Tip:
    """Read head, open tiles and both folds, and check that the log extends what was signed.

    A record whose content is not held leaves a gap in the entitled fold; the log starts.

    Raises:
        LogRolledBack: the log is shorter than, or differs from, the last signed head; there
            is no mark although the log was not made just now; or the stored head is not that
            of the stored tree.
        HighWaterDamaged, StoreUnavailable: it could not be read.
    """
    head = store.head()
    check_mark(store, head, mark.read(), is_new=is_new)
    if head is not None:
        check_head(store, head)
    folds = read_folds(origin, store, trade)
    return Tip(head, _read_open_tiles(store, head), folds.public, folds.entitled)


def check_mark(store: Store, head: Head | None, mark: Mark | None, *, is_new: bool) -> None:
    """Refuse to go on from a log that is not an extension of what was signed.

    Raises:
        LogRolledBack: the reason in words.
    """
    size = head.size if head else 0
    if mark is None:
        if is_new and size == 0:
            return
        raise LogRolledBack(
            "expected the high-water file beside the log key, found none: restore it, "
            "or audit the log and start it as a new one"
        )
    if mark.size > size:
        raise LogRolledBack(
            f"expected a log of at least {mark.size} entries, found {size}: the database is "
            "older than what was signed; restore the newest copy"
        )
    if mark.size and _root_at(store, mark.size) != mark.root:
        raise LogRolledBack(f"the first {mark.size} entries are not those that were signed")


def check_head(store: Store, head: Head) -> None:
    """Refuse to build on a head that does not belong to the tree beside it.

    The next checkpoint is grown from the head alone: a damaged one would be signed.

    Raises:
        LogRolledBack: its leaf, frontier or root is not that of the stored entries.
    """
    last = store.entry(head.size - 1)
    if last is None or leaf_hash(last.text) != head.leaf:
        raise LogRolledBack(f"expected entry {head.size - 1} at the head, found another or none")
    frontier = Frontier(TreeSize(head.size), head.frontier)
    if not frontier.root() == head.root == _root_at(store, head.size):
        raise LogRolledBack(f"expected the root of {head.size} entries at the head, found another")


def read_fold(origin: str, store: Store) -> PublicFold:
    """The fold of all governance entries in the store."""
    fold = PublicFold(origin)
    for row in store.entries_of(sorted(GOVERNANCE_VCTS)):
        fold = apply(fold, governing(row, origin))
    return fold


def read_folds(origin: str, store: Store, trade: Trade) -> Folds:
    """Both folds of all entries in the store."""
    folds = Folds(PublicFold(origin), EntitledFold(trade.state))
    reader = FoldReader(
        store, trade.rules, lambda fold, row: apply(fold, governing(row, fold.origin))
    )
    return reader.read(folds, store.entries_of(folds.vcts()))


def governing(row: EntryRow, origin: str) -> Governing:
    """A stored governance entry as the fold reads it."""
    _, jws = split_entry(row.text)
    parsed = parse_jws(jws, origin=origin)
    assert parsed.claims.body is not None
    return Governing(
        index=row.index,
        admitted_ms=row.admitted_ms,
        record_id=row.record_id,
        iss=parsed.claims.iss,
        kid=parsed.header.kid,
        vct=parsed.claims.vct,
        body=parsed.claims.body,
    )


def signed_of(row: EntryRow) -> Signed:
    """A stored entry with the key that signed it."""
    _, jws = split_entry(row.text)
    return Signed(row.index, parse_header(jws.partition(".")[0]).kid, row.vct)


def _root_at(store: Store, size: int) -> bytes:
    nodes = TileNodeReader(TreeSize(size), FoldedTiles(LogReader(store)))
    return tree_root(TreeSize(size), nodes)


def _read_open_tiles(store: Store, head: Head | None) -> OpenTiles:
    if head is None:
        return NO_OPEN_TILES
    size = TreeSize(head.size)
    rows = [
        store.leaves(slots.start, slots.stop)
        if slots.level == 0
        else store.tile_roots(slots.level - 1, slots.start, slots.stop)
        for slots in open_slots(size)
    ]
    return OpenTiles(size, tuple(rows))
