"""Reads the log: entries, tiles, bundles, proofs, checkpoints and receipts."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from keys.encoding import decode_base64url, encode_base64
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.checkpoint import parse_checkpoint
from ledger.commit import encode_receipt
from ledger.entry import split_entry
from ledger.errors import NotInLog
from ledger.note import parse_note
from ledger.store import EntryRow, Store
from ledger.tile_nodes import FoldedTiles, KeptNodes, TileNodeReader
from ledger.tiles import TILE_WIDTH, EntryBundle, HashTile, encode_bundle
from ledger.tree import LeafIndex, TreeSize, prove_consistency, prove_inclusion


class LogReader:
    """Everything about the log that can be computed from its store; may be used by threads."""

    def __init__(self, store: Store, *, published: Callable[[], int] | None = None) -> None:
        """Read from ``store``.

        Args:
            store: where the log is.
            published: how many entries have left; a writer's store is ahead of it while the
                high-water mark is on its way to the disk. None: all that is stored.
        """
        self._store = store
        self._published = published
        self._folded = FoldedTiles(self)
        # A receipt is the same bytes always; who repeats, repeats the same.
        self._receipts = lru_cache(maxsize=limits.RECEIPTS_KEPT_MAX)(self._prove_receipt)

    def find(self, record_id: str) -> EntryRow | None:
        """The entry of a record, by the 43-character id."""
        try:
            key = decode_base64url(record_id)
        except MalformedEncoding:
            return None
        index = self._store.known([key], []).records.get(key)
        return None if index is None else self._store.entry(index)

    def entry(self, index: int) -> EntryRow:
        """One entry.

        Raises:
            NotInLog: the log is shorter.
        """
        row = self._store.entry(index)
        if row is None:
            raise NotInLog(f"expected an entry {index}, found a shorter log")
        return row

    def read_tile(self, tile: HashTile, /) -> bytes:
        """The bytes of a hash tile, full or partial.

        Raises:
            NotInLog: the log is too short to have it.
        """
        full = self._store.tile(tile.level, tile.number)
        if full is not None:
            return full[: tile.width * 32]
        hashes = self._read_hashes(tile.level, tile.number * TILE_WIDTH, tile.width)
        if len(hashes) != tile.width * 32:
            raise NotInLog(f"expected {tile.width} hashes in {tile}, found {len(hashes) // 32}")
        return hashes

    def read_bundle(self, bundle: EntryBundle) -> bytes:
        """The bytes of an entry bundle.

        Raises:
            NotInLog: the log is too short to have it.
        """
        start = bundle.number * TILE_WIDTH
        entries = [row.text for row in self._store.entries(start, start + bundle.width)]
        if len(entries) != bundle.width:
            raise NotInLog(f"expected {bundle.width} entries in {bundle}, found {len(entries)}")
        return encode_bundle(entries)

    def latest_checkpoint(self) -> str:
        """The newest signed note that may leave.

        Raises:
            NotInLog: the log is empty.
        """
        if self._published is None:
            note = self._store.latest_checkpoint()
        else:
            size = self._published()
            note = self._store.checkpoint_covering(size - 1) if size else None
        if note is None:
            raise NotInLog("expected a checkpoint, found an empty log")
        return note

    def inclusion_path(self, index: int, size: int) -> list[str]:
        """The inclusion path of an entry in the tree of ``size``, as base64 lines."""
        nodes = TileNodeReader(TreeSize(size), self._folded)
        path = prove_inclusion(LeafIndex(index), TreeSize(size), nodes)
        return [encode_base64(node) for node in path]

    def paths(self, size: int) -> Callable[[int], list[str]]:
        """Inclusion paths in the tree of ``size``, for many entries: what they share is kept."""
        nodes = KeptNodes(TileNodeReader(TreeSize(size), self._folded))

        def path_of(index: int) -> list[str]:
            found = prove_inclusion(LeafIndex(index), TreeSize(size), nodes)
            return [encode_base64(node) for node in found]

        return path_of

    def consistency_proof(self, old_size: int, size: int) -> list[str]:
        """The consistency proof between two sizes, as base64 lines."""
        nodes = TileNodeReader(TreeSize(size), self._folded)
        proof = prove_consistency(TreeSize(old_size), TreeSize(size), nodes)
        return [encode_base64(node) for node in proof]

    def receipt(self, index: int) -> str:
        """The entry's receipt against the first checkpoint that covers it: equal bytes always.

        Raises:
            NotInLog: no such entry.
        """
        return self._receipts(index)

    def _prove_receipt(self, index: int) -> str:
        row = self.entry(index)
        note = self._store.checkpoint_covering(index)
        assert note is not None, "an entry is committed together with a checkpoint over it"
        return self._receipt_under(note, row)

    def cosigned_receipt(self, index: int) -> str | None:
        """The receipt against the first cosigned checkpoint that covers the entry; None as yet.

        Raises:
            NotInLog: no such entry.
        """
        row = self.entry(index)
        note = self._store.cosigned_covering(index)
        return None if note is None else self._receipt_under(note, row)

    def _receipt_under(self, note: str, row: EntryRow) -> str:
        checkpoint = parse_checkpoint(parse_note(note.encode()).text)
        head, _ = split_entry(row.text)
        path = self.inclusion_path(row.index, checkpoint.size)
        return encode_receipt(head, row.index, path, note)

    def _read_hashes(self, level: int, start: int, count: int) -> bytes:
        if level == 0:
            return self._store.leaves(start, start + count)
        return self._store.tile_roots(level - 1, start, start + count)
