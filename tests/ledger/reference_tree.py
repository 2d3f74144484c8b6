"""The slow reference: RFC 6962 and RFC 9162 word by word, to compare the fast code with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    k = 1
    while 2 * k < count:
        k *= 2
    return k


def root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), root(leaves[k:])]
    return [*path(index - k, leaves[k:]), root(leaves[:k])]


def consistency(old_size: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PROOF of RFC 6962, section 2.1.2."""
    return subproof(old_size, leaves, is_known=True)


def subproof(old_size: int, leaves: Sequence[bytes], *, is_known: bool) -> list[bytes]:
    if old_size == len(leaves):
        return [] if is_known else [root(leaves)]
    k = split(len(leaves))
    if old_size <= k:
        return [*subproof(old_size, leaves[:k], is_known=is_known), root(leaves[k:])]
    return [*subproof(old_size - k, leaves[k:], is_known=False), root(leaves[:k])]


def is_included(index: int, size: int, found: bytes, proof: Sequence[bytes], top: bytes) -> bool:
    """The verifier of RFC 9162, section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn = index, size - 1
    for sibling in proof:
        if sn == 0:
            return False
        if fn % 2 or fn == sn:
            found = node(sibling, found)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node(found, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == top


def is_consistent(
    sizes: tuple[int, int], roots: tuple[bytes, bytes], proof: Sequence[bytes]
) -> bool:
    """The verifier of RFC 9162, section 2.1.4.2."""
    if sizes[0] == sizes[1]:
        return not proof and roots[0] == roots[1]
    if not proof:
        return False
    if sizes[0].bit_count() == 1:
        proof = [roots[0], *proof]
    fn, sn = sizes[0] - 1, sizes[1] - 1
    while fn % 2:
        fn, sn = fn >> 1, sn >> 1
    old = new = proof[0]
    for sibling in proof[1:]:
        if sn == 0:
            return False
        if fn % 2 or fn == sn:
            old, new = node(sibling, old), node(sibling, new)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node(new, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and (old, new) == roots


def some_leaves(count: int, *, start: int = 0) -> list[bytes]:
    """Distinct leaf hashes, the same for the same index."""
    return [leaf(b"entry %d" % index) for index in range(start, start + count)]
