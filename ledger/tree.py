"""The Merkle tree: hashing, proofs, and what verifies them (RFC 6962, section 2.1).

Everything here is a pure function of hashes. A prover reads the hashes of *perfect*
subtrees through :class:`NodeReader`; any range that a proof needs is one of them or a
few of them folded. A verifier takes the shape of a proof from index and sizes alone, so
the prover cannot choose it: a proof of any other length is refused before it is hashed.

Not checked here: where a root came from. That is :mod:`ledger.checkpoint`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NewType, Protocol

from ledger.errors import NotConsistent, NotIncluded, OutOfRange, ProofRefused
from ledger.limits import PROOF_HASHES_MAX, TREE_SIZE_MAX

LeafIndex = NewType("LeafIndex", int)
TreeSize = NewType("TreeSize", int)

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class NodeAt:
    """A perfect subtree: the leaves ``position * 2**height`` up to the next multiple."""

    height: int
    position: int


class NodeReader(Protocol):
    """Gives the hashes of perfect subtrees of one tree."""

    def read_nodes(self, nodes: Sequence[NodeAt], /) -> Sequence[bytes]:
        """The hash of each node, in the order asked."""


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf: SHA-256(0x00 || data) (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node: SHA-256(0x01 || left || right) (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_path(
    index: LeafIndex, size: TreeSize, *, leaf: bytes, path: Sequence[bytes]
) -> bytes:
    """Compute the root that an inclusion path implies (RFC 9162, section 2.1.3.2).

    Args:
        index: position of the leaf, below ``size``.
        size: number of leaves of the tree.
        leaf: the leaf hash, 32 bytes.
        path: sibling hashes from the leaf's up to the root's child.

    Raises:
        NotIncluded: index outside the tree, a path of another length than index and size
            demand, or a hash that is not 32 bytes.
    """
    if not 0 <= index < size <= TREE_SIZE_MAX:
        raise NotIncluded(f"expected an index below the size, found {index} of {size}")
    # Below `inner` the leaf and the last leaf lie in different subtrees, so each level has a
    # sibling on the side that the index bit says. Above it the leaf is on the right edge, and
    # only levels where the index bit is set have a sibling, always to the left.
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    _require_hashes(path, inner + border, NotIncluded)
    _require_widths([leaf, *path], NotIncluded)
    root = _climb(leaf, path[:inner], index)
    return _climb(root, path[inner:], -1)


def verify_inclusion(
    index: LeafIndex, size: TreeSize, *, leaf: bytes, path: Sequence[bytes], root: bytes
) -> None:
    """Check that the leaf at ``index`` is in the tree of ``size`` leaves with this root.

    Raises:
        NotIncluded: the path does not lead from the leaf to the root, or is malformed.
    """
    found = root_from_path(index, size, leaf=leaf, path=path)
    if found != root:
        raise NotIncluded(f"expected root {root.hex()}, found {found.hex()} from the path")


def verify_consistency(
    old_size: TreeSize,
    new_size: TreeSize,
    *,
    old_root: bytes,
    new_root: bytes,
    proof: Sequence[bytes],
) -> None:
    """Check that the newer tree begins with the leaves of the older (RFC 9162, 2.1.4.2).

    An old size of 0 is refused: an empty tree has nothing to be consistent with, and who
    meets one must decide that without a proof.

    Raises:
        NotConsistent: sizes out of order, a root that the proof does not give, a proof of
            another length than the sizes demand, or a hash that is not 32 bytes.
    """
    roots = consistency_roots(old_size, new_size, old_root=old_root, proof=proof)
    _require_widths([new_root], NotConsistent)
    if roots != (old_root, new_root):
        found_old, found_new = roots
        raise NotConsistent(
            f"expected roots {old_root.hex()} and {new_root.hex()}, "
            f"found {found_old.hex()} and {found_new.hex()} from the proof"
        )


def consistency_roots(
    old_size: TreeSize, new_size: TreeSize, *, old_root: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The roots of the older and the newer tree that a proof gives (RFC 9162, 2.1.4.2).

    ``old_root`` takes part where the old tree is perfect: its root is then the proof's seed.

    Raises:
        NotConsistent: sizes out of order, a proof of another length than the sizes demand,
            or a hash that is not 32 bytes.
    """
    if not 1 <= old_size <= new_size <= TREE_SIZE_MAX:
        raise NotConsistent(f"expected 1 <= old size <= new size, found {old_size}, {new_size}")
    seeds, inner, border = _consistency_shape(old_size, new_size)
    _require_hashes(proof, seeds + inner + border, NotConsistent)
    _require_widths([old_root, *proof], NotConsistent)
    seed, rest = (proof[0], proof[1:]) if seeds else (old_root, proof)
    # The seed is the largest perfect subtree that ends where the old tree ends.
    position = (old_size - 1) >> _trailing_zeros(old_size)
    left_only = [h for level, h in enumerate(rest[:inner]) if position >> level & 1]
    found_old = _climb(seed, [*left_only, *rest[inner:]], -1)
    found_new = _climb(_climb(seed, rest[:inner], position), rest[inner:], -1)
    return found_old, found_new


def tree_root(size: TreeSize, reader: NodeReader) -> bytes:
    """Compute the root of the first ``size`` leaves (RFC 6962, MTH)."""
    if size == 0:
        return EMPTY_ROOT
    return _hash_ranges([(0, size)], reader)[0]


def prove_inclusion(index: LeafIndex, size: TreeSize, reader: NodeReader) -> tuple[bytes, ...]:
    """Build the inclusion path of a leaf (RFC 6962, PATH), leaf's sibling first.

    Raises:
        OutOfRange: the tree of this size has no such leaf.
    """
    if not 0 <= index < size:
        raise OutOfRange(f"expected an index below the size {size}, found {index}")
    low, high, siblings = 0, int(size), list[tuple[int, int]]()
    while high - low > 1:
        middle = low + _split(high - low)
        siblings.append((middle, high) if index < middle else (low, middle))
        low, high = (low, middle) if index < middle else (middle, high)
    return _hash_ranges(siblings[::-1], reader)


def prove_consistency(
    old_size: TreeSize, new_size: TreeSize, reader: NodeReader
) -> tuple[bytes, ...]:
    """Build the proof that the newer tree extends the older (RFC 6962, SUBPROOF).

    Raises:
        OutOfRange: not 1 <= old size <= new size.
    """
    if not 1 <= old_size <= new_size:
        raise OutOfRange(f"expected 1 <= old size <= {new_size}, found {old_size}")
    low, high, ranges = 0, int(new_size), list[tuple[int, int]]()
    while old_size < high:
        middle = low + _split(high - low)
        ranges.append((middle, high) if old_size <= middle else (low, middle))
        low, high = (low, middle) if old_size <= middle else (middle, high)
    if low > 0:
        # The verifier knows the old root; any smaller subtree it must be told.
        ranges.append((low, high))
    return _hash_ranges(ranges[::-1], reader)


def perfect_subtrees(low: int, high: int) -> list[NodeAt]:
    """Cut the leaves ``low..high`` into perfect subtrees, left to right, largest first.

    ``low`` is a multiple of the largest power of two that is not above ``high - low``: so
    it is for every range that a proof meets.
    """
    nodes: list[NodeAt] = []
    while low < high:
        height = (high - low).bit_length() - 1
        nodes.append(NodeAt(height, low >> height))
        low += 1 << height
    return nodes


def fold_right_edge(hashes: Sequence[bytes]) -> bytes:
    """Join perfect subtrees, largest first, into the root of the tree they cover."""
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


class LeafNodes:
    """A :class:`NodeReader` over leaf hashes in memory, for small logs and for views."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Hash every perfect subtree of ``leaves`` once."""
        self._rows = [list(leaves)]
        while len(self._rows[-1]) > 1:
            row = self._rows[-1]
            pairs = zip(row[::2], row[1::2], strict=False)  # An odd last node waits.
            self._rows.append([node_hash(left, right) for left, right in pairs])

    def read_nodes(self, nodes: Sequence[NodeAt], /) -> Sequence[bytes]:
        """The hash of each node, in the order asked."""
        return [self._rows[node.height][node.position] for node in nodes]


def _climb(node: bytes, siblings: Sequence[bytes], position: int) -> bytes:
    """Hash upwards: bit i of ``position`` set means sibling i is to the left (-1: all are)."""
    for sibling in siblings:
        node = node_hash(sibling, node) if position & 1 else node_hash(node, sibling)
        position >>= 1
    return node


def _consistency_shape(old_size: int, new_size: int) -> tuple[int, int, int]:
    """How many hashes the sizes demand: seed (0 or 1), inner, border."""
    if old_size == new_size:
        return 0, 0, 0
    shift = _trailing_zeros(old_size)
    inner = ((old_size - 1) ^ (new_size - 1)).bit_length()
    border = ((old_size - 1) >> inner).bit_count()
    # The seed of a perfect old tree is its root, which the verifier holds.
    return 0 if old_size == 1 << shift else 1, inner - shift, border


def _require_hashes(hashes: Sequence[bytes], count: int, refusal: type[ProofRefused]) -> None:
    if len(hashes) != count:
        raise refusal(f"expected {count} hashes, found {len(hashes)}")
    if count > PROOF_HASHES_MAX:
        raise refusal(f"expected at most {PROOF_HASHES_MAX} hashes, found {count}")


def _require_widths(hashes: Sequence[bytes], refusal: type[ProofRefused]) -> None:
    for found in hashes:
        if len(found) != HASH_BYTES:
            raise refusal(f"expected a hash of {HASH_BYTES} bytes, found {len(found)}")


def _hash_ranges(ranges: Sequence[tuple[int, int]], reader: NodeReader) -> tuple[bytes, ...]:
    """Hash every range; all nodes are read in one batch."""
    cuts = [perfect_subtrees(low, high) for low, high in ranges]
    hashes = iter(reader.read_nodes([node for cut in cuts for node in cut]))
    return tuple(fold_right_edge([next(hashes) for _ in cut]) for cut in cuts)


def _split(count: int) -> int:
    """The largest power of two below ``count``: strictly below (RFC 6962, section 2.1)."""
    return 1 << (count - 1).bit_length() - 1


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1
