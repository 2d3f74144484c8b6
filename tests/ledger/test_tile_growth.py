"""Open tiles and proofs from tiles, against the slow reference."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import tree
from ledger.errors import MalformedFrontier, MalformedTile, OutOfRange
from ledger.frontier import EMPTY_FRONTIER, append_leaves
from ledger.open_tiles import NO_OPEN_TILES, CompletedTile, OpenTiles, open_slots, tile_root
from ledger.tile_nodes import FoldedTiles, MemoryTiles, TileNodeReader
from ledger.tiles import HashTile
from ledger.tree import LeafIndex, LeafNodes, NodeAt, TreeSize
from tests.ledger import reference_tree as reference

pytestmark = pytest.mark.item("2.4")

SIZE_MAX = 66_600  # Into the second tile of level 1, with a level 2.
LEAVES = reference.some_leaves(SIZE_MAX)
NODES = LeafNodes(LEAVES)


def slots(level: int, start: int, stop: int) -> bytes:
    return b"".join(NODES.read_nodes([NodeAt(8 * level, slot) for slot in range(start, stop)]))


def open_tiles_of(size: int) -> OpenTiles:
    ranges = open_slots(TreeSize(size))
    return OpenTiles(TreeSize(size), tuple(slots(r.level, r.start, r.stop) for r in ranges))


def grow(sizes: list[int]) -> tuple[OpenTiles, list[CompletedTile]]:
    """Append up to each of the sizes in turn."""
    frontier, open_tiles, completed = EMPTY_FRONTIER, NO_OPEN_TILES, list[CompletedTile]()
    for size in sizes:
        appended = append_leaves(frontier, LEAVES[frontier.size : size])
        growth = open_tiles.grown_by(appended)
        frontier, open_tiles = appended.frontier, growth.open_tiles
        completed += growth.completed
    return open_tiles, completed


def expected_tiles(size: int) -> dict[tuple[int, int], CompletedTile]:
    found = {}
    for level in range(3):
        for number in range(size >> 8 * (level + 1)):
            hashes = slots(level, 256 * number, 256 * (number + 1))
            (root,) = NODES.read_nodes([NodeAt(8 * (level + 1), number)])
            found[level, number] = CompletedTile(level, number, hashes, root)
    return found


GROWTHS = {
    "one leaf": [1],
    "up to a tile": [255, 256],
    "over a tile": [255, 257],
    "two tiles at once": [100, 600],
    "leaf by leaf over a tile": list(range(250, 262)),
    "over a level": [65_535, 65_536, 65_537],
    "all at once": [SIZE_MAX],
    "nothing": [300, 300],
}


@pytest.mark.parametrize("name", GROWTHS)
def test_growth_completes_each_full_tile_once_and_leaves_the_rest_open(name: str) -> None:
    sizes = GROWTHS[name]
    open_tiles, completed = grow(sizes)
    expected = expected_tiles(sizes[-1])
    assert {(tile.level, tile.number): tile for tile in completed} == expected
    assert len(completed) == len(expected)
    assert open_tiles == open_tiles_of(sizes[-1])


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 1000, 65_535, 65_536, 66_565])
def test_open_tiles_give_the_frontier_of_the_same_tree(size: int) -> None:
    expected = append_leaves(EMPTY_FRONTIER, LEAVES[:size]).frontier
    assert open_tiles_of(size).frontier() == expected


def test_completed_root_is_the_fold_of_its_tile() -> None:
    _, (tile, *_) = grow([256])
    assert tile_root(tile.hashes) == tile.root == reference.root(LEAVES[:256])


def test_root_of_a_partial_tile_is_refused() -> None:
    with pytest.raises(MalformedTile):
        tile_root(slots(0, 0, 255))


@pytest.mark.parametrize(
    ("size", "hashes"),
    [
        (300, (slots(0, 256, 299), slots(1, 0, 1))),
        (300, (slots(0, 256, 300),)),
        (300, (slots(0, 256, 300), slots(1, 0, 1), b"")),
        (300, (slots(0, 256, 300), slots(1, 0, 1)[:31])),
        (256, (slots(0, 0, 256), slots(1, 0, 1))),
    ],
)
def test_open_tiles_that_do_not_fit_their_size_are_refused(
    size: int, hashes: tuple[bytes, ...]
) -> None:
    OpenTiles(TreeSize(300), (slots(0, 256, 300), slots(1, 0, 1)))
    with pytest.raises(MalformedFrontier) as refused:
        OpenTiles(TreeSize(size), hashes)
    assert refused.value.code == "malformed-frontier"


def test_growth_of_another_tree_is_a_fault_of_the_caller() -> None:
    with pytest.raises(AssertionError):
        open_tiles_of(2).grown_by(append_leaves(EMPTY_FRONTIER, LEAVES[:5]))


@pytest.fixture(scope="module")
def memory_tiles() -> MemoryTiles:
    tiles = MemoryTiles()
    for start in range(0, SIZE_MAX, 7_777):
        tiles.append(LEAVES[start : start + 7_777])
    return tiles


@settings(max_examples=100)
@given(data=st.data(), size=st.one_of(st.integers(1, SIZE_MAX), st.integers(1, 1030)))
def test_proofs_from_tiles_equal_those_from_leaves(
    memory_tiles: MemoryTiles, data: st.DataObject, size: int
) -> None:
    index = LeafIndex(data.draw(st.integers(0, size - 1)))
    old_size = TreeSize(data.draw(st.integers(1, size)))
    tree_size = TreeSize(size)
    reader = TileNodeReader(tree_size, FoldedTiles(memory_tiles))
    assert tree.tree_root(tree_size, reader) == tree.tree_root(tree_size, NODES)
    found = tree.prove_inclusion(index, tree_size, reader)
    assert found == tree.prove_inclusion(index, tree_size, NODES)
    found = tree.prove_consistency(old_size, tree_size, reader)
    assert found == tree.prove_consistency(old_size, tree_size, NODES)


def test_one_cache_serves_trees_of_every_size(memory_tiles: MemoryTiles) -> None:
    folded = FoldedTiles(memory_tiles)
    for size in (TreeSize(300), TreeSize(70), TreeSize(299), TreeSize(66_000)):
        found = tree.tree_root(size, TileNodeReader(size, folded))
        assert found == tree.tree_root(size, NODES)


@pytest.mark.parametrize("node", [NodeAt(0, 300), NodeAt(8, 1), NodeAt(3, 37), NodeAt(16, 0)])
def test_node_that_the_size_has_not_completed_is_refused(
    memory_tiles: MemoryTiles, node: NodeAt
) -> None:
    reader = TileNodeReader(TreeSize(300), FoldedTiles(memory_tiles))
    assert len(reader.read_nodes([NodeAt(0, 299), NodeAt(8, 0), NodeAt(2, 74)])) == 3
    with pytest.raises(OutOfRange):
        reader.read_nodes([node])


def test_partial_tile_is_a_prefix_of_the_full_one(memory_tiles: MemoryTiles) -> None:
    full = memory_tiles.read_tile(HashTile(0, 3))
    assert memory_tiles.read_tile(HashTile(0, 3, 44)) == full[: 44 * 32]


@pytest.mark.parametrize(
    "tile", [HashTile(0, 260, 41), HashTile(0, 261, 1), HashTile(1, 1, 5), HashTile(3, 0, 1)]
)
def test_tile_beyond_the_tree_is_refused(memory_tiles: MemoryTiles, tile: HashTile) -> None:
    assert len(memory_tiles.read_tile(HashTile(0, 260, 40))) == 40 * 32
    with pytest.raises(OutOfRange):
        memory_tiles.read_tile(tile)


def test_tile_of_another_length_is_refused() -> None:
    class ShortTiles:
        def read_tile(self, tile: HashTile, /) -> bytes:
            return b"\x00" * (32 * tile.width - 1)

    reader = TileNodeReader(TreeSize(300), FoldedTiles(ShortTiles()))
    with pytest.raises(MalformedTile):
        reader.read_nodes([NodeAt(0, 0)])


@pytest.mark.long
def test_inclusion_proof_at_a_million_takes_two_milliseconds_at_most() -> None:
    tiles = MemoryTiles()
    tiles.append(reference.some_leaves(1_000_000))
    reader = TileNodeReader(tiles.frontier.size, FoldedTiles(tiles))
    draw = random.Random(1)
    seconds = []
    for _ in range(2_000):
        index = LeafIndex(draw.randrange(1_000_000))
        started = time.process_time()
        tree.prove_inclusion(index, tiles.frontier.size, reader)
        seconds.append(time.process_time() - started)
    assert sorted(seconds)[1_980] <= 2e-3
