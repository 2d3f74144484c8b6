"""Proofs from tiles: a :class:`ledger.tree.NodeReader` over tile bytes (C2SP tlog-tiles).

A tile holds the hashes of every eighth tree height; the heights between are folded here,
once per tile, and the folded tiles are kept in a small bounded cache that trees of any size
share, for a full tile never changes.

Not checked here: whether the tiles are true. A proof built from wrong tiles is refused by
whoever verifies it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from ledger.errors import OutOfRange
from ledger.frontier import EMPTY_FRONTIER, Frontier, append_leaves
from ledger.limits import TILES_FOLDED_MAX
from ledger.open_tiles import NO_OPEN_TILES, OpenTiles
from ledger.tiles import TILE_HEIGHT, TILE_WIDTH, HashTile, level_shape, split_tile, tile_width
from ledger.tree import HASH_BYTES, NodeAt, TreeSize, node_hash


class TileReader(Protocol):
    """Gives the bytes of a hash tile."""

    def read_tile(self, tile: HashTile, /) -> bytes:
        """The ``32 * tile.width`` bytes of a tile; a prefix of the full tile where partial."""


class FoldedTiles:
    """Tiles with their inner nodes, at most :data:`TILES_FOLDED_MAX` of them kept."""

    def __init__(self, tiles: TileReader) -> None:
        """Fold what ``tiles`` gives; the cache may be shared by threads."""
        self._tiles = tiles
        self._folded = lru_cache(maxsize=TILES_FOLDED_MAX)(self._fold)

    def node(self, tile: HashTile, height: int, offset: int) -> bytes:
        """The perfect subtree ``height`` above the tile's row, ``offset`` from its left end."""
        return self._folded(tile)[height][offset]

    def _fold(self, tile: HashTile) -> list[list[bytes]]:
        rows = [split_tile(self._tiles.read_tile(tile), tile.width)]
        for _ in range(TILE_HEIGHT - 1):
            pairs = zip(rows[-1][::2], rows[-1][1::2], strict=False)  # An odd last node waits.
            rows.append([node_hash(left, right) for left, right in pairs])
        return rows


class TileNodeReader:
    """Reads the nodes of the tree of one size out of its tiles."""

    def __init__(self, size: TreeSize, tiles: FoldedTiles) -> None:
        """``tiles`` must give every tile that a tree of ``size`` leaves implies."""
        self._size = size
        self._tiles = tiles

    def read_nodes(self, nodes: Sequence[NodeAt], /) -> Sequence[bytes]:
        """The hash of each node, in the order asked.

        Raises:
            OutOfRange: a node that the tree of this size has not completed.
            MalformedTile: a tile whose bytes do not fit its width.
        """
        return [self._read(node) for node in nodes]

    def _read(self, node: NodeAt) -> bytes:
        if (node.position + 1) << node.height > self._size:
            raise OutOfRange(f"expected a perfect subtree of {self._size} leaves, found {node}")
        level, height = divmod(node.height, TILE_HEIGHT)
        slots = TILE_WIDTH >> height
        number, offset = divmod(node.position, slots)
        width = tile_width(level, number, self._size)
        return self._tiles.node(HashTile(level, number, width), height, offset)


class KeptNodes:
    """Nodes that were read before, for the paths of many leaves of one tree."""

    def __init__(self, nodes: TileNodeReader) -> None:
        """Read from ``nodes`` what is not known yet."""
        self._nodes = nodes
        self._kept: dict[NodeAt, bytes] = {}

    def read_nodes(self, nodes: Sequence[NodeAt], /) -> Sequence[bytes]:
        """The hash of each node, in the order asked.

        Raises:
            OutOfRange, MalformedTile: as the reader below.
        """
        kept = self._kept
        missing = [node for node in nodes if node not in kept]
        kept.update(zip(missing, self._nodes.read_nodes(missing), strict=True))
        return [kept[node] for node in nodes]


class MemoryTiles:
    """A :class:`TileReader` that grows in memory: small logs, demonstrations and tests."""

    def __init__(self) -> None:
        """Begin with the empty tree."""
        self.frontier: Frontier = EMPTY_FRONTIER
        self._open: OpenTiles = NO_OPEN_TILES
        self._full: dict[tuple[int, int], bytes] = {}

    def append(self, leaves: Sequence[bytes]) -> None:
        """Append leaf hashes."""
        appended = append_leaves(self.frontier, leaves)
        growth = self._open.grown_by(appended)
        self._full.update({(tile.level, tile.number): tile.hashes for tile in growth.completed})
        self.frontier, self._open = appended.frontier, growth.open_tiles

    def read_tile(self, tile: HashTile, /) -> bytes:
        """The bytes of a tile, full or partial, of the present or any smaller size.

        Raises:
            OutOfRange: the tree does not have so many hashes there.
        """
        full = self._full.get((tile.level, tile.number))
        if full is None and tile.number == level_shape(tile.level, self.frontier.size).full:
            full = self._open.hashes_at(tile.level)
        if full is None or len(full) < tile.width * HASH_BYTES:
            raise OutOfRange(f"expected a tile of {self.frontier.size} leaves, found {tile}")
        return full[: tile.width * HASH_BYTES]
