"""The tiles still open at the right edge, and which of them an append completes.

The store keeps full tiles only; the hashes of the partial ones follow from rows it has
(leaves at level 0, roots of full tiles above). The writer keeps them in memory as
:class:`OpenTiles`, so that an append reads nothing back (C2SP tlog-tiles).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.errors import MalformedFrontier
from ledger.frontier import Appended, Frontier
from ledger.tiles import TILE_BYTES, TILE_HEIGHT, TILE_WIDTH, level_count, level_shape, split_tile
from ledger.tree import HASH_BYTES, TreeSize, node_hash


@dataclass(frozen=True, slots=True)
class CompletedTile:
    """A full tile: its coordinates, its 8,192 bytes and the root they fold to."""

    level: int
    number: int
    hashes: bytes
    root: bytes


@dataclass(frozen=True, slots=True)
class SlotRange:
    """The slots of a tile level, over all tiles, that the open tile of a size holds."""

    level: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class OpenTiles:
    """The partial tiles of a tree, one for each level from 0: concatenated hashes, maybe none."""

    size: TreeSize
    hashes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        """Refuse hashes that do not fit the size.

        Raises:
            MalformedFrontier: a level too many or too few, or one of another width.
        """
        expected = [slots.stop - slots.start for slots in open_slots(self.size)]
        found = [len(row) / HASH_BYTES for row in self.hashes]
        if found != expected:
            raise MalformedFrontier(f"expected open tiles of widths {expected}, found {found}")

    def hashes_at(self, level: int) -> bytes:
        """The bytes of the open tile of a level; empty where its tiles are all full."""
        return self.hashes[level] if level < len(self.hashes) else b""

    def frontier(self) -> Frontier:
        """The frontier of the same tree, hashed from the open tiles."""
        rows = [split_tile(row, len(row) // HASH_BYTES) for row in reversed(self.hashes) if row]
        edge = [node for row in rows for node in _perfect_roots(row)]
        return Frontier(self.size, tuple(edge))

    def grown_by(self, appended: Appended) -> TileGrowth:
        """Add the nodes of an append to the open tiles.

        Args:
            appended: what :func:`ledger.frontier.append_leaves` gave for this very size.

        Returns:
            The tiles that are now full, lowest level first, and those open after it.
        """
        assert appended.old_size == self.size, "an append to another tree"
        completed: list[CompletedTile] = []
        still_open: list[bytes] = []
        for level in range(level_count(appended.frontier.size)):
            row = self.hashes_at(level) + b"".join(appended.completed(level * TILE_HEIGHT))
            completed += self._cut(level, row, appended)
            still_open.append(row[len(row) - len(row) % TILE_BYTES :])
        return TileGrowth(
            completed=tuple(completed),
            open_tiles=OpenTiles(appended.frontier.size, tuple(still_open)),
        )

    def _cut(self, level: int, row: bytes, appended: Appended) -> Iterator[CompletedTile]:
        first = level_shape(level, self.size).full
        # The append has hashed the roots already: they are nodes eight heights up.
        for offset, root in enumerate(appended.completed((level + 1) * TILE_HEIGHT)):
            hashes = row[offset * TILE_BYTES : (offset + 1) * TILE_BYTES]
            yield CompletedTile(level=level, number=first + offset, hashes=hashes, root=root)


@dataclass(frozen=True, slots=True)
class TileGrowth:
    """What an append did to the tiles."""

    completed: tuple[CompletedTile, ...]
    open_tiles: OpenTiles


def open_slots(size: TreeSize) -> tuple[SlotRange, ...]:
    """Which slots the open tiles of a size hold: leaves at level 0, else tile roots below it."""
    ranges = []
    for level in range(level_count(size)):
        stop = size >> TILE_HEIGHT * level
        ranges.append(SlotRange(level, stop - level_shape(level, size).partial, stop))
    return tuple(ranges)


def tile_root(hashes: bytes) -> bytes:
    """Fold a full tile into its root, the slot of its parent tile.

    Raises:
        MalformedTile: not 256 hashes.
    """
    return _fold(split_tile(hashes, TILE_WIDTH))


def _perfect_roots(row: list[bytes]) -> Iterator[bytes]:
    """The perfect subtrees of a partial tile's row, largest first."""
    while row:
        width = 1 << len(row).bit_length() - 1
        yield _fold(row[:width])
        row = row[width:]


def _fold(row: list[bytes]) -> bytes:
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


# Down here because building it calls the functions above.
NO_OPEN_TILES = OpenTiles(TreeSize(0), ())
