"""Growing the tree: append leaves and know every new path at once.

A :class:`Frontier` is all that an append needs of the tree so far: the root hashes of the
perfect subtrees that the set bits of the size stand for. :func:`append_leaves` hashes each
new inner node once; :meth:`Appended.paths` then walks down from the root and gives every
appended leaf its inclusion path (RFC 6962, section 2.1) by putting one sibling in front of
its parent's path. For m leaves that is O(m) hashes and O(m log n) references.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ledger.errors import MalformedFrontier
from ledger.limits import TREE_SIZE_MAX
from ledger.tree import EMPTY_ROOT, HASH_BYTES, LeafIndex, TreeSize, fold_right_edge, node_hash

_Hash = TypeVar("_Hash")


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: one hash for each set bit of ``size``, largest subtree first."""

    size: TreeSize
    hashes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        """Refuse hashes that do not fit the size.

        Raises:
            MalformedFrontier: wrong number or width of hashes, or a size out of bounds.
        """
        if not 0 <= self.size <= TREE_SIZE_MAX or len(self.hashes) != self.size.bit_count():
            raise MalformedFrontier(
                f"expected one hash per set bit of the size, found {len(self.hashes)} "
                f"for size {self.size}"
            )
        if any(len(found) != HASH_BYTES for found in self.hashes):
            raise MalformedFrontier(f"expected hashes of {HASH_BYTES} bytes, found another width")

    def root(self) -> bytes:
        """The root hash of the tree (RFC 6962, MTH)."""
        return fold_right_edge(self.hashes) if self.hashes else EMPTY_ROOT


EMPTY_FRONTIER = Frontier(TreeSize(0), ())


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append produced: the new frontier and root, and every node hashed on the way.

    ``rows[h]`` holds the perfect subtrees of height h from the first one that a new path can
    touch to the last; it begins with the old frontier's node of that height where there is
    one, so that its first position is even. ``ragged[h]`` is the hash of the leaves right of
    the last perfect subtree of height h, None where there are none.
    """

    old_size: TreeSize
    frontier: Frontier
    root: bytes
    rows: tuple[tuple[bytes, ...], ...]
    ragged: tuple[bytes | None, ...]

    @property
    def first_index(self) -> LeafIndex:
        """The index of the first appended leaf."""
        return LeafIndex(self.old_size)

    def completed(self, height: int) -> tuple[bytes, ...]:
        """The perfect subtrees of this height that the append completed, left to right."""
        if height >= len(self.rows):
            return ()
        return self.rows[height][self.old_size >> height & 1 :]

    def paths(self) -> list[tuple[bytes, ...]]:
        """The inclusion path of every appended leaf against the new root, in leaf order."""
        return self._paths(lambda row: row)

    def paths_base64(self) -> list[tuple[str, ...]]:
        """Like :meth:`paths`, each hash in standard base64; every hash is encoded once."""
        return self._paths(_encode_row)

    def _paths(
        self, encoded: Callable[[Sequence[bytes]], Sequence[_Hash]]
    ) -> list[tuple[_Hash, ...]]:
        """Walk down from the root; ``encoded`` is asked once for each row of hashes."""
        if self.frontier.size == self.old_size:
            return []
        paths: list[tuple[_Hash, ...]] = [()]
        for height in reversed(range((self.frontier.size - 1).bit_length())):
            paths = self._paths_below(paths, encoded(self._row_with_ragged(height)), height)
        return paths

    def _paths_below(
        self, above: list[tuple[_Hash, ...]], row: Sequence[_Hash], height: int
    ) -> list[tuple[_Hash, ...]]:
        """The paths at ``height`` from those of the parents, one for each node a new leaf is in."""
        below: list[tuple[_Hash, ...]] = []
        # The row begins at an even position, so its pairs are the parents' children.
        for path, left, right in zip(above, row[::2], row[1::2], strict=False):
            below.append((right, *path))
            below.append((left, *path))
        if len(row) % 2:
            # The lone last node has no sibling: it is its own parent (RFC 6962, k < n).
            below.append(above[-1])
        # Where the first node is the old frontier's, no new leaf is under it.
        return below[self.old_size >> height & 1 :]

    def _row_with_ragged(self, height: int) -> tuple[bytes, ...]:
        ragged = self.ragged[height]
        return self.rows[height] if ragged is None else (*self.rows[height], ragged)


def append_leaves(frontier: Frontier, leaves: Sequence[bytes]) -> Appended:
    """Append leaf hashes to a tree.

    Args:
        frontier: the tree so far.
        leaves: leaf hashes of 32 bytes (:func:`ledger.tree.leaf_hash`), in order.

    Raises:
        MalformedFrontier: a leaf hash that is not 32 bytes, or a tree beyond its bound.
    """
    if any(len(leaf) != HASH_BYTES for leaf in leaves):
        raise MalformedFrontier(f"expected leaf hashes of {HASH_BYTES} bytes")
    new_size = TreeSize(frontier.size + len(leaves))
    rows = _hash_rows(frontier, leaves, new_size)
    ragged = _hash_ragged(rows, new_size)
    edge = [rows[h][-1] for h in reversed(range(len(rows))) if new_size >> h & 1]
    return Appended(
        old_size=frontier.size,
        frontier=Frontier(new_size, tuple(edge)),
        root=ragged[-1] or EMPTY_ROOT,
        rows=rows,
        ragged=ragged,
    )


def _hash_rows(
    frontier: Frontier, leaves: Sequence[bytes], new_size: int
) -> tuple[tuple[bytes, ...], ...]:
    sha256, waiting = hashlib.sha256, list(frontier.hashes)
    rows: list[tuple[bytes, ...]] = []
    row = tuple(leaves)
    for height in range(new_size.bit_length()):
        if frontier.size >> height & 1:
            row = (waiting.pop(), *row)
        rows.append(row)
        # Inlined node_hash: this line is the cost of an append.
        pairs = zip(row[::2], row[1::2], strict=False)  # An odd last node waits.
        row = tuple([sha256(b"\x01" + left + right).digest() for left, right in pairs])
    return tuple(rows)


def _hash_ragged(rows: Sequence[Sequence[bytes]], new_size: int) -> tuple[bytes | None, ...]:
    """The incomplete right-most subtree of each height; the one above all rows is the root."""
    ragged: list[bytes | None] = [None]
    for height, row in enumerate(rows):
        below = ragged[-1]
        if new_size >> height & 1:
            below = row[-1] if below is None else node_hash(row[-1], below)
        ragged.append(below)
    return tuple(ragged)


def _encode_row(row: Sequence[bytes]) -> list[str]:
    return [binascii.b2a_base64(node, newline=False).decode("ascii") for node in row]
