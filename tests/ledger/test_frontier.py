"""Appending: every root and every path against the slow reference."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import tree
from ledger.errors import MalformedFrontier
from ledger.frontier import EMPTY_FRONTIER, Appended, Frontier, append_leaves
from ledger.tree import LeafIndex, LeafNodes, TreeSize
from tests.ledger import reference_tree as reference

pytestmark = pytest.mark.item("2.4")

SIZE_MAX = 70
LEAVES = reference.some_leaves(SIZE_MAX)
ROOTS = [reference.root(LEAVES[:size]) for size in range(SIZE_MAX + 1)]


def frontier_of(size: int) -> Frontier:
    return append_leaves(EMPTY_FRONTIER, LEAVES[:size]).frontier


def grow(old_size: int, new_size: int) -> Appended:
    return append_leaves(frontier_of(old_size), LEAVES[old_size:new_size])


def expected_frontier(size: int) -> tuple[bytes, ...]:
    nodes = tree.perfect_subtrees(0, size)
    return tuple(LeafNodes(LEAVES[:size]).read_nodes(nodes))


@pytest.mark.parametrize("old_size", range(SIZE_MAX + 1))
def test_append_gives_the_reference_root_frontier_and_paths(old_size: int) -> None:
    for new_size in range(old_size, SIZE_MAX + 1):
        appended = grow(old_size, new_size)
        assert appended.root == appended.frontier.root() == ROOTS[new_size]
        assert appended.frontier.hashes == expected_frontier(new_size)
        nodes = LeafNodes(LEAVES[:new_size])
        assert appended.paths() == [
            tree.prove_inclusion(LeafIndex(index), TreeSize(new_size), nodes)
            for index in range(old_size, new_size)
        ]


def test_one_by_one_gives_the_same_as_all_at_once() -> None:
    frontier = EMPTY_FRONTIER
    for leaf in LEAVES:
        frontier = append_leaves(frontier, [leaf]).frontier
    assert frontier == frontier_of(SIZE_MAX)


def test_base64_paths_are_the_paths() -> None:
    appended = grow(13, 57)
    assert appended.paths_base64() == [
        tuple(base64.b64encode(found).decode() for found in path) for path in appended.paths()
    ]


def test_appending_nothing_changes_nothing() -> None:
    appended = grow(13, 13)
    assert (appended.frontier, appended.root) == (frontier_of(13), ROOTS[13])
    assert appended.paths() == []
    assert appended.paths_base64() == []


def test_empty_tree_has_the_empty_root() -> None:
    appended = append_leaves(EMPTY_FRONTIER, [])
    assert appended.root == EMPTY_FRONTIER.root() == tree.EMPTY_ROOT


def test_first_index_is_the_old_size() -> None:
    assert grow(13, 20).first_index == 13


@pytest.mark.parametrize("height", range(8))
def test_completed_names_exactly_the_new_perfect_subtrees(height: int) -> None:
    nodes = LeafNodes(LEAVES)
    for old_size, new_size in [(0, 70), (1, 2), (13, 57), (31, 32), (64, 65), (63, 64), (5, 5)]:
        positions = range(old_size >> height, new_size >> height)
        expected = nodes.read_nodes([tree.NodeAt(height, position) for position in positions])
        assert list(grow(old_size, new_size).completed(height)) == list(expected)


@settings(max_examples=25)
@given(old_size=st.integers(0, 5000), count=st.integers(1, 700), data=st.data())
def test_paths_verify_in_larger_trees(old_size: int, count: int, data: st.DataObject) -> None:
    before = append_leaves(EMPTY_FRONTIER, reference.some_leaves(old_size)).frontier
    leaves = reference.some_leaves(count, start=old_size)
    appended = append_leaves(before, leaves)
    paths = appended.paths()
    assert len(paths) == count
    for offset in data.draw(st.lists(st.integers(0, count - 1), max_size=20)):
        tree.verify_inclusion(
            LeafIndex(old_size + offset),
            appended.frontier.size,
            leaf=leaves[offset],
            path=paths[offset],
            root=appended.root,
        )


BAD_FRONTIERS: dict[str, tuple[int, Any]] = {
    "a hash missing": (13, expected_frontier(13)[1:]),
    "a hash too many": (13, (*expected_frontier(13), LEAVES[0])),
    "a short hash": (13, (LEAVES[0][:31], *expected_frontier(13)[1:])),
    "negative size": (-1, (LEAVES[0],)),
    "size beyond the bound": (2**63, (LEAVES[0],)),
}


@pytest.mark.parametrize("name", BAD_FRONTIERS)
def test_frontier_that_does_not_fit_its_size_is_refused(name: str) -> None:
    size, hashes = BAD_FRONTIERS[name]
    Frontier(TreeSize(13), expected_frontier(13))
    with pytest.raises(MalformedFrontier) as refused:
        Frontier(TreeSize(size), hashes)
    assert refused.value.code == "malformed-frontier"


def test_leaf_hash_of_another_width_is_refused() -> None:
    with pytest.raises(MalformedFrontier, match="32 bytes"):
        append_leaves(frontier_of(3), [LEAVES[3], LEAVES[4][:31]])


@pytest.mark.long
def test_a_path_costs_less_than_four_microseconds_at_a_million() -> None:
    # The best of 20 runs: what the code costs, not what else the machine does.
    frontier = append_leaves(EMPTY_FRONTIER, reference.some_leaves(1_000_000)).frontier
    leaves = reference.some_leaves(500, start=1_000_000)
    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        append_leaves(frontier, leaves).paths_base64()
        seconds.append(time.perf_counter() - started)
    assert min(seconds) / 500 < 4e-6
