"""Catching up: from the end of the log that a replica knows to the one another replica made.

Only what is new is read. Hashing the new leaves onto our own frontier proves that the stored
head extends the log we know (the root would differ otherwise), and the checkpoint over it
must be signed by a log key that is in force after the new entries. Reading those first is
safe: a key comes in force only with the signature of one that was. The new entries are not
judged again: that another replica admitted them is the log's word, which an audit checks. What
they put in force between parties is read from their disclosures, which were committed with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger import limits
from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.commit import Tip
from ledger.domain import DomainRules
from ledger.entitled_reading import FoldReader, Folds
from ledger.errors import LedgerError, LogRolledBack, MalformedNote, NoteRefused
from ledger.fold import PublicFold, apply
from ledger.frontier import Frontier, append_leaves
from ledger.note import Ed25519Verifier, VerifierKey, parse_vkey
from ledger.open_tiles import OpenTiles
from ledger.recovery import governing
from ledger.store import EntryRow, Head, Store
from ledger.tree import HASH_BYTES, TreeSize, leaf_hash


class _Grown(NamedTuple):
    """The tree after the new leaves."""

    frontier: Frontier
    root: bytes
    leaf: bytes
    open_tiles: OpenTiles


def follow(
    tip: Tip, head: Head | None, *, store: Store, key: VerifierKey, rules: DomainRules
) -> Tip:
    """The tip at ``head``, which must extend ``tip``.

    Args:
        tip: the end of the log as we know it, its every entry checked before.
        head: the stored head now.
        store: holds the entries between the two.
        key: ours; what signed the log where we know nothing of it yet.
        rules: of the trade, which tell what a record puts in force.

    Raises:
        LogRolledBack: the stored log is shorter than ours, or does not extend it, or its
            checkpoint is not signed by a log key in force there.
        StoreUnavailable: it could not be read.
    """
    if head == tip.head:
        return tip
    if head is None or head.size <= tip.size:
        found = head.size if head else 0
        raise LogRolledBack(
            f"expected a log that extends the {tip.size} entries this process knows, found "
            f"{found} or others: the database is older than what was signed, or another one"
        )
    grown = _grow(tip, head, store)
    if (grown.frontier.hashes, grown.root, grown.leaf) != (head.frontier, head.root, head.leaf):
        raise LogRolledBack(f"expected {head.size} entries that extend ours, found other ones")
    folds = Folds(tip.fold, tip.entitled)
    rows = _read_rows(folds, range(tip.size, head.size), store=store)
    folds = FoldReader(store, rules, _apply_row).read(folds, rows)
    keys = [key] if tip.head is None else _log_keys(folds.public, head.size)
    _check_signature(tip.fold.origin, head, store=store, keys=keys)
    return Tip(head, grown.open_tiles, folds.public, folds.entitled)


def _grow(tip: Tip, head: Head, store: Store) -> _Grown:
    frontier = Frontier(TreeSize(tip.size), tip.head.frontier if tip.head else ())
    open_tiles, root, leaf = tip.open_tiles, b"", b""
    for start in range(tip.size, head.size, limits.FOLLOW_LEAVES_MAX):
        stop = min(start + limits.FOLLOW_LEAVES_MAX, head.size)
        data = store.leaves(start, stop)
        if len(data) != (stop - start) * HASH_BYTES:
            raise LogRolledBack(f"expected the entries {start} to {stop}, found fewer")
        leaves = [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
        appended = append_leaves(frontier, leaves)
        open_tiles = open_tiles.grown_by(appended).open_tiles
        frontier, root, leaf = appended.frontier, appended.root, leaves[-1]
    return _Grown(frontier, root, leaf, open_tiles)


def _log_keys(fold: PublicFold, size: int) -> list[VerifierKey]:
    rules = fold.rules_at(size)
    return [parse_vkey(vkey) for vkey in rules.log_keys] if rules else []


def _check_signature(origin: str, head: Head, *, store: Store, keys: Sequence[VerifierKey]) -> None:
    note = store.checkpoint_covering(head.size - 1)
    expected = Checkpoint(origin, TreeSize(head.size), head.root)
    known = [Ed25519Verifier(key) for key in keys]
    try:
        opened = open_checkpoint((note or "").encode(), known, origin=origin)
    except (MalformedNote, NoteRefused) as fault:
        raise LogRolledBack(
            f"expected the head of {head.size} entries signed by a log key in force: {fault}"
        ) from fault
    if opened.checkpoint != expected:
        raise LogRolledBack(
            f"expected a checkpoint of {head.size} entries, found one of {opened.checkpoint.size}"
        )


def _read_rows(folds: Folds, span: range, *, store: Store) -> Iterator[EntryRow]:
    for row in store.entries_of(folds.vcts(), start=span.start):
        if row.index >= span.stop:
            # Committed since the head was read: it is for the next time.
            break
        # The leaf is proven by now; the text is only what it says if it hashes to it.
        if leaf_hash(row.text) != row.leaf:
            raise LogRolledBack(f"expected entry {row.index} as it was hashed, found another text")
        yield row


def _apply_row(fold: PublicFold, row: EntryRow) -> PublicFold:
    try:
        return apply(fold, governing(row, fold.origin))
    except LedgerError as fault:
        raise LogRolledBack(f"expected entry {row.index} as admission lets through: {fault}") from (
            fault
        )
