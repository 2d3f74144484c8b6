"""The Merkle tree against RFC 6962, other people's constants, and a slow reference."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import tree
from ledger.errors import LedgerError, NotConsistent, NotIncluded, OutOfRange
from ledger.tree import LeafIndex, LeafNodes, NodeAt, TreeSize
from tests.ledger import reference_tree as reference
from tests.vectors import vectors_dir

pytestmark = [pytest.mark.item("2.4"), pytest.mark.item("2.done.vectors-tlog")]

SIZE_MAX = 70
LEAVES = reference.some_leaves(SIZE_MAX)
ROOTS = [reference.root(LEAVES[:size]) for size in range(SIZE_MAX + 1)]
NODES = LeafNodes(LEAVES)


def prove(index: int, size: int) -> tuple[bytes, ...]:
    return tree.prove_inclusion(LeafIndex(index), TreeSize(size), NODES)


def check(index: int, size: int, *, leaf: bytes, path: Any, root: bytes) -> None:
    tree.verify_inclusion(LeafIndex(index), TreeSize(size), leaf=leaf, path=path, root=root)


def check_growth(sizes: tuple[int, int], roots: tuple[bytes, bytes], proof: Any) -> None:
    tree.verify_consistency(
        TreeSize(sizes[0]),
        TreeSize(sizes[1]),
        old_root=roots[0],
        new_root=roots[1],
        proof=proof,
    )


@pytest.fixture(scope="module")
def constants() -> Any:
    return json.loads((vectors_dir() / "tlog" / "rfc6962-constants.json").read_text())


def test_published_leaf_hashes_are_reproduced(constants: Any) -> None:
    for vector in constants["leaf_hash"]:
        data = bytes.fromhex(vector.get("data_hex", "")) or vector.get("data_ascii", "").encode()
        assert tree.leaf_hash(data).hex() == vector["hash_hex"]


def test_published_node_hashes_are_reproduced(constants: Any) -> None:
    for vector in constants["node_hash"]:
        found = tree.node_hash(vector["left_ascii"].encode(), vector["right_ascii"].encode())
        assert found.hex() == vector["hash_hex"]


def test_published_roots_of_every_size_are_reproduced(constants: Any) -> None:
    leaves = [tree.leaf_hash(bytes.fromhex(data)) for data in constants["leaf_inputs_hex"]]
    found = [tree.tree_root(TreeSize(n), LeafNodes(leaves[:n])).hex() for n in range(9)]
    assert found == constants["root_hashes_hex_by_size"]
    assert tree.EMPTY_ROOT.hex() == constants["empty_root_hex"]


def test_published_record_hash_is_reproduced() -> None:
    vectors = json.loads((vectors_dir() / "tlog/go-x-mod-sumdb/tlog.json").read_text())
    expected = vectors["format_tree"]
    found = tree.leaf_hash(expected["record_ascii"].encode())
    assert base64.b64encode(found).decode() == expected["hash_b64"]


@pytest.mark.parametrize("size", range(SIZE_MAX + 1))
def test_root_equals_the_reference(size: int) -> None:
    assert tree.tree_root(TreeSize(size), NODES) == ROOTS[size]


@pytest.mark.parametrize("size", range(1, SIZE_MAX + 1))
def test_every_inclusion_path_equals_the_reference_and_verifies(size: int) -> None:
    for index in range(size):
        path = prove(index, size)
        assert list(path) == reference.path(index, LEAVES[:size])
        check(index, size, leaf=LEAVES[index], path=path, root=ROOTS[size])


@pytest.mark.parametrize("new_size", range(1, 41))
def test_every_consistency_proof_equals_the_reference_and_verifies(new_size: int) -> None:
    for old_size in range(1, new_size + 1):
        proof = tree.prove_consistency(TreeSize(old_size), TreeSize(new_size), NODES)
        assert list(proof) == reference.consistency(old_size, LEAVES[:new_size])
        check_growth((old_size, new_size), (ROOTS[old_size], ROOTS[new_size]), proof)


@pytest.mark.parametrize("size", range(1, 41))
def test_path_verifies_at_no_other_index_or_size(size: int) -> None:
    for index in range(size):
        path, leaf, root = prove(index, size), LEAVES[index], ROOTS[size]
        for other in range(size + 2):
            if other != index:
                with pytest.raises(NotIncluded):
                    check(other, size, leaf=leaf, path=path, root=root)
        for other in (size - 1, size + 1, size * 2, size // 2):
            if not reference.is_included(index, other, leaf, path, root):
                with pytest.raises(NotIncluded):
                    check(index, other, leaf=leaf, path=path, root=root)


def test_a_size_that_gives_the_same_shape_leads_to_another_root() -> None:
    # A path alone does not fix the size: 5 and 6 leaves give leaf 0 the same path length. So
    # the size must come from the signed checkpoint, and then the root differs.
    path = prove(0, 5)
    assert tree.root_from_path(LeafIndex(0), TreeSize(6), leaf=LEAVES[0], path=path) == ROOTS[5]
    with pytest.raises(NotIncluded):
        check(0, 6, leaf=LEAVES[0], path=path, root=ROOTS[6])


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


Tamper = Callable[[dict[str, Any]], dict[str, Any]]

TAMPERED_INCLUSION: dict[str, Tamper] = {
    "index equals size": lambda p: p | {"index": 11},
    "index is negative": lambda p: p | {"index": -1},
    "index off by one": lambda p: p | {"index": 8},
    "size less one": lambda p: p | {"size": 10},
    "size plus one": lambda p: p | {"size": 12, "root": ROOTS[12]},
    "size doubled": lambda p: p | {"size": 22},
    "size halved": lambda p: p | {"size": 5},
    "size zero": lambda p: p | {"size": 0},
    "size beyond the bound": lambda p: p | {"size": 2**63},
    "another leaf": lambda p: p | {"leaf": LEAVES[8]},
    "leaf and root swapped": lambda p: p | {"leaf": p["root"], "root": p["leaf"]},
    "leaf of 31 bytes": lambda p: p | {"leaf": p["leaf"][:31]},
    "leaf of 33 bytes": lambda p: p | {"leaf": p["leaf"] + b"\x00"},
    "empty leaf": lambda p: p | {"leaf": b""},
    "root of another size": lambda p: p | {"root": ROOTS[12]},
    "root of 31 bytes": lambda p: p | {"root": p["root"][:31]},
    "root of 33 bytes": lambda p: p | {"root": p["root"] + b"\x00"},
    "first hash missing": lambda p: p | {"path": p["path"][1:]},
    "last hash missing": lambda p: p | {"path": p["path"][:-1]},
    "empty path": lambda p: p | {"path": ()},
    "extra hash at the end": lambda p: p | {"path": (*p["path"], LEAVES[0])},
    "extra hash at the start": lambda p: p | {"path": (LEAVES[0], *p["path"])},
    "root as extra hash": lambda p: p | {"path": (*p["path"], p["root"])},
    "hashes in another order": lambda p: p | {"path": p["path"][::-1]},
    "a bit changed": lambda p: p | {"path": (flipped(p["path"][0]), *p["path"][1:])},
    "short hash": lambda p: p | {"path": (p["path"][0][:31], *p["path"][1:])},
    "long hash": lambda p: p | {"path": (p["path"][0] + b"\x00", *p["path"][1:])},
    "two hashes run together": lambda p: p | {"path": (p["path"][0] + p["path"][1],)},
    "64 hashes": lambda p: p | {"path": (LEAVES[0],) * 64},
}


def inclusion_of_nine() -> dict[str, Any]:
    return {"index": 9, "size": 11, "leaf": LEAVES[9], "path": prove(9, 11), "root": ROOTS[11]}


def verify_dict(proof: dict[str, Any]) -> None:
    check(proof["index"], proof["size"], leaf=proof["leaf"], path=proof["path"], root=proof["root"])


def test_untampered_inclusion_is_accepted() -> None:
    verify_dict(inclusion_of_nine())


@pytest.mark.parametrize("name", TAMPERED_INCLUSION)
def test_tampered_inclusion_is_refused(name: str) -> None:
    with pytest.raises(NotIncluded) as refused:
        verify_dict(TAMPERED_INCLUSION[name](inclusion_of_nine()))
    assert refused.value.code == "not-included"


Growth = dict[str, Any]
TAMPERED_GROWTH: dict[str, Callable[[Growth], Growth]] = {
    "sizes swapped": lambda p: p | {"sizes": p["sizes"][::-1]},
    "roots swapped": lambda p: p | {"roots": p["roots"][::-1]},
    "old size zero": lambda p: p | {"sizes": (0, 13)},
    "old size zero, empty proof": lambda p: p | {"sizes": (0, 13), "proof": ()},
    "old size negative": lambda p: p | {"sizes": (-1, 13)},
    "old size plus one": lambda p: p | {"sizes": (7, 13)},
    "old size less one": lambda p: p | {"sizes": (5, 13)},
    "old size doubled": lambda p: p | {"sizes": (12, 13)},
    "old size halved": lambda p: p | {"sizes": (3, 13)},
    "new size less one": lambda p: p | {"sizes": (6, 12), "roots": (ROOTS[6], ROOTS[12])},
    "new size plus one": lambda p: p | {"sizes": (6, 14), "roots": (ROOTS[6], ROOTS[14])},
    "new size doubled": lambda p: p | {"sizes": (6, 26)},
    "new size halved": lambda p: p | {"sizes": (6, 6)},
    "new size beyond the bound": lambda p: p | {"sizes": (6, 2**63)},
    "equal sizes, a proof": lambda p: p | {"sizes": (13, 13), "roots": (ROOTS[13],) * 2},
    "equal sizes, two roots": lambda p: p | {"sizes": (13, 13), "proof": ()},
    "old root of another size": lambda p: p | {"roots": (ROOTS[5], ROOTS[13])},
    "new root of another size": lambda p: p | {"roots": (ROOTS[6], ROOTS[12])},
    "short old root": lambda p: p | {"roots": (ROOTS[6][:31], ROOTS[13])},
    "long new root": lambda p: p | {"roots": (ROOTS[6], ROOTS[13] + b"\x00")},
    "empty proof": lambda p: p | {"proof": ()},
    "first hash missing": lambda p: p | {"proof": p["proof"][1:]},
    "last hash missing": lambda p: p | {"proof": p["proof"][:-1]},
    "extra hash at the end": lambda p: p | {"proof": (*p["proof"], LEAVES[0])},
    "old root as first hash": lambda p: p | {"proof": (ROOTS[6], *p["proof"])},
    "a bit changed": lambda p: p | {"proof": (*p["proof"][:-1], flipped(p["proof"][-1]))},
    "short hash": lambda p: p | {"proof": (p["proof"][0][:31], *p["proof"][1:])},
    "64 hashes": lambda p: p | {"proof": (LEAVES[0],) * 64},
}


def growth_from_six() -> Growth:
    proof = tree.prove_consistency(TreeSize(6), TreeSize(13), NODES)
    return {"sizes": (6, 13), "roots": (ROOTS[6], ROOTS[13]), "proof": proof}


def test_untampered_consistency_is_accepted() -> None:
    check_growth(**growth_from_six())


@pytest.mark.parametrize("name", TAMPERED_GROWTH)
def test_tampered_consistency_is_refused(name: str) -> None:
    with pytest.raises(NotConsistent) as refused:
        check_growth(**TAMPERED_GROWTH[name](growth_from_six()))
    assert refused.value.code == "not-consistent"


def test_perfect_old_tree_must_not_send_its_own_root() -> None:
    # A verifier that lets the prover say where the old tree ends accepts forged histories.
    proof = tree.prove_consistency(TreeSize(8), TreeSize(13), NODES)
    check_growth((8, 13), (ROOTS[8], ROOTS[13]), proof)
    with pytest.raises(NotConsistent):
        check_growth((8, 13), (ROOTS[8], ROOTS[13]), (ROOTS[8], *proof))


def test_consistency_of_more_than_63_hashes_is_refused_by_its_sizes_alone() -> None:
    proof = (LEAVES[0],) * 64
    with pytest.raises(NotConsistent, match="at most 63"):
        check_growth((1 + 2**61, 2**63 - 1), (ROOTS[6], ROOTS[13]), proof[:64])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (6, 5)])
def test_no_path_is_built_for_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(OutOfRange) as refused:
        prove(index, size)
    assert refused.value.code == "out-of-range"


@pytest.mark.parametrize(("old_size", "new_size"), [(0, 0), (0, 5), (6, 5), (-1, 5)])
def test_no_consistency_proof_is_built_outside_the_tree(old_size: int, new_size: int) -> None:
    with pytest.raises(OutOfRange):
        tree.prove_consistency(TreeSize(old_size), TreeSize(new_size), NODES)


def test_a_range_is_cut_into_perfect_subtrees_largest_first() -> None:
    assert tree.perfect_subtrees(8, 21) == [NodeAt(3, 1), NodeAt(2, 4), NodeAt(0, 20)]


def test_every_proof_reads_its_nodes_in_one_batch() -> None:
    class CountingNodes:
        batches = 0

        def read_nodes(self, nodes: Any, /) -> Any:
            self.batches += 1
            return NODES.read_nodes(nodes)

    reader = CountingNodes()
    tree.prove_inclusion(LeafIndex(68), TreeSize(69), reader)
    assert reader.batches == 1


HASHES = st.sampled_from([*LEAVES[:3], *ROOTS[:8]])


@settings(max_examples=300)
@given(
    index=st.integers(0, 40),
    size=st.integers(0, 40),
    leaf=HASHES,
    path=st.lists(HASHES, max_size=7),
    root=HASHES,
)
def test_inclusion_verifier_agrees_with_rfc_9162_on_any_input(
    index: int, size: int, leaf: bytes, path: list[bytes], root: bytes
) -> None:
    expected = reference.is_included(index, size, leaf, path, root)
    assert is_accepted(lambda: check(index, size, leaf=leaf, path=path, root=root)) == expected


@settings(max_examples=200)
@given(data=st.data(), new_size=st.integers(1, SIZE_MAX))
def test_consistency_verifier_agrees_with_rfc_9162_on_altered_proofs(
    data: st.DataObject, new_size: int
) -> None:
    old_size = data.draw(st.integers(1, new_size))
    proof = reference.consistency(old_size, LEAVES[:new_size])
    sizes = data.draw(st.sampled_from([(old_size, new_size), (old_size, new_size + 1)]))
    roots = (ROOTS[old_size], data.draw(st.sampled_from([ROOTS[new_size], ROOTS[old_size]])))
    cut = data.draw(st.integers(0, len(proof)))
    altered = data.draw(st.sampled_from([proof, proof[:cut], [*proof, LEAVES[0]], proof[::-1]]))
    expected = reference.is_consistent(sizes, roots, altered)
    assert is_accepted(lambda: check_growth(sizes, roots, altered)) == expected


@settings(max_examples=25)
@given(size=st.integers(71, 3000), data=st.data())
def test_larger_trees_prove_and_verify(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    old_size = data.draw(st.integers(1, size))
    leaves = reference.some_leaves(size)
    nodes, root = LeafNodes(leaves), reference.root(leaves)
    path = tree.prove_inclusion(LeafIndex(index), TreeSize(size), nodes)
    check(index, size, leaf=leaves[index], path=path, root=root)
    proof = tree.prove_consistency(TreeSize(old_size), TreeSize(size), nodes)
    check_growth((old_size, size), (reference.root(leaves[:old_size]), root), proof)


def is_accepted(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except LedgerError:
        return False
    return True
