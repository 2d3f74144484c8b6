"""Grows the tree of the entries that were read, and compares what the log keeps of its own.

Every tile that the entries complete, every checkpoint at its size, and at the end the tiles
that are still open (C2SP tlog-tiles, tlog-checkpoint).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import LedgerError
from ledger.fold import PublicFold
from ledger.frontier import append_leaves
from ledger.note import Ed25519Verifier, open_note, parse_vkey
from ledger.open_tiles import NO_OPEN_TILES, OpenTiles
from ledger.tile_nodes import FoldedTiles, TileNodeReader, TileReader
from ledger.tiles import HashTile, encode_tile_path, level_shape
from ledger.tree import HASH_BYTES, TreeSize, tree_root

AddFinding = Callable[[str, str, str], None]


class GrownTree:
    """The tree of the entries read so far, and its tiles beside those that the log keeps."""

    def __init__(self, tiles: TileReader, add: AddFinding, open_tiles: OpenTiles) -> None:
        """Begin with the open tiles of what was read before.

        Args:
            tiles: those that the log keeps.
            add: told the place, code and detail of everything that does not hold.
            open_tiles: of the entries already audited.
        """
        self._kept = tiles
        self._folded = FoldedTiles(tiles)
        self._add = add
        self.open_tiles = open_tiles
        self._frontier = open_tiles.frontier()

    @property
    def size(self) -> int:
        """How many entries it has."""
        return self._frontier.size

    def root(self) -> bytes:
        """The root of all of them."""
        return self._frontier.root()

    def root_at(self, size: int) -> bytes:
        """The root of the first entries, from tiles that were compared with them.

        Raises:
            LedgerError: there are not so many.
        """
        return tree_root(TreeSize(size), TileNodeReader(TreeSize(self.size), self._folded))

    def grow(self, leaves: Sequence[bytes]) -> None:
        """Append leaves, and compare every tile that they complete."""
        if not leaves:
            return
        appended = append_leaves(self._frontier, leaves)
        growth = self.open_tiles.grown_by(appended)
        for tile in growth.completed:
            self._compare(HashTile(tile.level, tile.number), tile.hashes, self._add)
        self._frontier, self.open_tiles = appended.frontier, growth.open_tiles

    def compare_open(self, add: AddFinding) -> None:
        """Compare the tiles at the right edge, which will be others when the log has grown."""
        for level, hashes in enumerate(self.open_tiles.hashes):
            if hashes:
                number = level_shape(level, self._frontier.size).full
                self._compare(HashTile(level, number, len(hashes) // HASH_BYTES), hashes, add)

    def _compare(self, tile: HashTile, hashes: bytes, add: AddFinding) -> None:
        place = encode_tile_path(tile)
        try:
            kept = self._kept.read_tile(tile)
        except LedgerError as fault:
            add(place, fault.code, str(fault))
            return
        if kept != hashes:
            add(place, "tile-mismatch", "the tile does not hold the hashes of the entries")


class KeptCheckpoints:
    """Compares each kept checkpoint with the tree at its size."""

    def __init__(
        self,
        checkpoints: Iterator[tuple[int, str]],
        tree: GrownTree,
        add: AddFinding,
        *,
        covered: int,
    ) -> None:
        """Begin where the tree is.

        Args:
            checkpoints: (size, signed note) above ``covered``, ascending.
            tree: grows with the leaves that are followed.
            add: told the place, code and detail of everything that does not hold.
            covered: the size of the last checkpoint that an earlier audit compared.
        """
        self._checkpoints = checkpoints
        self._next = next(checkpoints, None)
        self._tree = tree
        self._add = add
        self.covered = covered
        self._verifiers: dict[str, Ed25519Verifier] = {}

    def follow(self, leaves: Sequence[bytes], fold: PublicFold) -> int:
        """Add the next leaves and count the checkpoints met.

        The log keys are those of the fold's charter.
        """
        start = count = 0
        base = self._tree.size
        while self._next is not None and self._next[0] <= base + len(leaves):
            stop = max(self._next[0] - base, start)
            self._tree.grow(leaves[start:stop])
            start = stop
            self._compare(*self._next, fold)
            count += 1
            self._next = next(self._checkpoints, None)
        self._tree.grow(leaves[start:])
        return count

    def compare_cosigned(
        self, notes: Iterator[tuple[int, str]], fold: PublicFold, add: AddFinding
    ) -> int:
        """How many cosigned checkpoints are the log's own; the others are told.

        Whether the witnesses that cosigned are those of a policy is for a verifier to say.
        """
        count = 0
        for size, note in notes:
            try:
                checkpoint = self._open(size, note, fold)
                root = self._tree.root_at(size)
            except LedgerError as fault:
                add(f"cosigned {size}", fault.code, str(fault))
                continue
            if (checkpoint.origin, checkpoint.size, checkpoint.root) == (fold.origin, size, root):
                count += 1
            else:
                add(f"cosigned {size}", "root-mismatch", "it is not a checkpoint of these entries")
        return count

    def finish(self, add: AddFinding) -> None:
        """After the last leaf: is there a checkpoint of them all, and none of more?"""
        size = self._tree.size
        if self._next is not None:
            found = self._next[0]
            add(f"checkpoint {found}", "wrong-index", f"covers more than the {size} entries held")
        elif self.covered != size:
            add(
                f"entry {self.covered}",
                "checkpoint-missing",
                f"expected a checkpoint of all {size} entries, found one of {self.covered}",
            )

    def _compare(self, size: int, note: str, fold: PublicFold) -> None:
        place = f"checkpoint {size}"
        if size <= self.covered:
            self._add(place, "wrong-index", f"expected a size above {self.covered}, found {size}")
            if size < self.covered:
                return
        self.covered = size
        try:
            checkpoint = self._open(size, note, fold)
        except LedgerError as fault:
            self._add(place, fault.code, str(fault))
            return
        if checkpoint.origin != fold.origin:
            found = checkpoint.origin[:200]
            self._add(place, "wrong-origin", f"expected {fold.origin}, found {found}")
        if (checkpoint.size, checkpoint.root) != (size, self._tree.root()):
            expected, signed = self._tree.root().hex(), checkpoint.root.hex()
            self._add(
                place,
                "root-mismatch",
                f"expected size {size} and root {expected}, found {checkpoint.size} and {signed}",
            )

    def _open(self, size: int, note: str, fold: PublicFold) -> Checkpoint:
        rules = fold.rules_at(size)
        keys = rules.log_keys if rules else ()
        for key in keys:
            if key not in self._verifiers:
                self._verifiers[key] = Ed25519Verifier(parse_vkey(key))
        opened = open_note(note.encode(), [self._verifiers[key] for key in keys])
        return parse_checkpoint(opened.text)


NO_TREE = NO_OPEN_TILES
"""The open tiles of a log of which nothing was read yet."""
