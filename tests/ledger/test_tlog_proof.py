"""Offline proofs: other people's texts, and every way to make one lie."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.errors import (
    BadLogSignature,
    LogSignatureMissing,
    MalformedNote,
    MalformedProof,
    NotIncluded,
    QuorumNotMet,
    WrongOrigin,
)
from ledger.frontier import EMPTY_FRONTIER, append_leaves
from ledger.note import encode_note, encode_vkey
from ledger.tlog_proof import (
    ProvenInclusion,
    TlogProof,
    encode_tlog_proof,
    parse_tlog_proof,
    tlog_proof_head,
    verify_tlog_proof,
)
from ledger.tree import LeafIndex
from ledger.trust_policy import TrustPolicy
from ledger.trust_policy_file import parse_trust_policy
from tests.ledger import reference_tree as reference
from tests.ledger.signers import a_cosigner, a_signer, cosigned
from tests.vectors import vectors_dir

pytestmark = [pytest.mark.item("2.4"), pytest.mark.item("2.done.vectors-tlog")]

ORIGIN = "log.example/lots"
LOG = a_signer(ORIGIN)
LEAVES = reference.some_leaves(11)
TREE = append_leaves(EMPTY_FRONTIER, LEAVES)
WITNESS = "witness.example/w1"
POLICY = parse_trust_policy(
    f"log {encode_vkey(LOG.key)}\nwitness w1 {encode_vkey(a_cosigner(WITNESS).key)}\nquorum w1\n"
)
CHECKPOINT = Checkpoint(ORIGIN, TREE.frontier.size, TREE.root)
NOTE = encode_note(cosigned(sign_checkpoint(CHECKPOINT, [LOG]), WITNESS))


def a_proof(index: int = 9, *, note: bytes = NOTE, extra: bytes | None = None) -> TlogProof:
    return TlogProof(LeafIndex(index), TREE.paths()[index], note, extra=extra)


def verify(
    proof: TlogProof,
    *,
    leaf: bytes = LEAVES[9],
    policy: TrustPolicy = POLICY,
    origin: str = ORIGIN,
) -> ProvenInclusion:
    return verify_tlog_proof(proof, leaf=leaf, policy=policy, origin=origin)


@pytest.fixture(scope="module")
def formats() -> Any:
    path = vectors_dir() / "tlog/transparency-dev-formats/tlog-proof-and-cosig.json"
    return json.loads(path.read_text())


def test_published_proofs_are_read_and_written(formats: Any) -> None:
    for vector in formats["tlog_proof_marshal"]:
        extra = vector.get("extra_ascii")
        expected = TlogProof(
            LeafIndex(vector["index"]),
            tuple(base64.b64decode(found) for found in vector["hashes"]),
            vector["checkpoint"].encode(),
            extra=extra.encode() if extra else None,
        )
        assert parse_tlog_proof(vector["text"].encode()) == expected
        assert encode_tlog_proof(expected).decode() == vector["text"]


def test_published_malformed_proofs_are_refused(formats: Any) -> None:
    for text in formats["tlog_proof_reject"]:
        with pytest.raises(MalformedProof):
            parse_tlog_proof(text.encode())


@pytest.mark.parametrize("index", range(11))
def test_proof_of_every_leaf_verifies(index: int) -> None:
    found = verify(parse_tlog_proof(encode_tlog_proof(a_proof(index))), leaf=LEAVES[index])
    assert found.index == index
    assert found.trusted.checkpoint == CHECKPOINT
    assert [seen.witness for seen in found.trusted.cosigned_by] == ["w1"]


def test_head_from_base64_paths_is_the_head_of_the_proof() -> None:
    proof = a_proof(extra=b"head")
    head = tlog_proof_head(proof.index, TREE.paths_base64()[9], extra=b"head")
    assert head.encode() + NOTE == encode_tlog_proof(proof)


def test_extra_line_does_not_change_what_is_proven() -> None:
    assert verify(a_proof(extra=b"anything")) == verify(a_proof())


def test_empty_path_proves_a_log_of_one_entry() -> None:
    single = append_leaves(EMPTY_FRONTIER, LEAVES[:1])
    checkpoint = Checkpoint(ORIGIN, single.frontier.size, single.root)
    note = encode_note(cosigned(sign_checkpoint(checkpoint, [LOG]), WITNESS))
    verify(TlogProof(LeafIndex(0), (), note), leaf=LEAVES[0])
    with pytest.raises(NotIncluded):
        verify(TlogProof(LeafIndex(0), (), NOTE), leaf=LEAVES[0])


def test_leaf_of_another_entry_is_refused() -> None:
    with pytest.raises(NotIncluded) as refused:
        verify(a_proof(), leaf=LEAVES[8])
    assert refused.value.code == "not-included"


@pytest.mark.parametrize("index", [8, 10, 11, 2**63 - 1])
def test_proof_at_another_index_is_refused(index: int) -> None:
    with pytest.raises(NotIncluded):
        verify(TlogProof(LeafIndex(index), TREE.paths()[9], NOTE))


def test_path_of_another_entry_is_refused() -> None:
    with pytest.raises(NotIncluded):
        verify(TlogProof(LeafIndex(9), TREE.paths()[10], NOTE))


def test_checkpoint_of_another_size_is_refused() -> None:
    smaller = append_leaves(EMPTY_FRONTIER, LEAVES[:10])
    checkpoint = Checkpoint(ORIGIN, smaller.frontier.size, smaller.root)
    note = encode_note(cosigned(sign_checkpoint(checkpoint, [LOG]), WITNESS))
    with pytest.raises(NotIncluded):
        verify(a_proof(note=note))


def test_altered_size_breaks_the_signature_before_the_path() -> None:
    with pytest.raises(BadLogSignature):
        verify(a_proof(note=NOTE.replace(b"\n11\n", b"\n12\n")))


def test_proof_does_not_say_whom_to_believe() -> None:
    with pytest.raises(LogSignatureMissing):
        verify(a_proof(), policy=parse_trust_policy("quorum none\n"))


def test_proof_without_its_witness_is_refused() -> None:
    with pytest.raises(QuorumNotMet):
        verify(a_proof(note=encode_note(sign_checkpoint(CHECKPOINT, [LOG]))))


def test_proof_from_another_log_is_refused() -> None:
    other = Checkpoint("other.example", CHECKPOINT.size, CHECKPOINT.root)
    note = encode_note(cosigned(sign_checkpoint(other, [LOG]), WITNESS))
    with pytest.raises(WrongOrigin):
        verify(a_proof(note=note))


def test_proof_whose_checkpoint_is_no_note_is_refused() -> None:
    with pytest.raises(MalformedNote):
        verify(a_proof(note=b"checkpoint\n"))


HASH = base64.b64encode(LEAVES[0]).decode()
VERSION = "c2sp.org/tlog-proof@v1"
MALFORMED = {
    "empty": "",
    "header alone": f"{VERSION}\n\ncheckpoint\n",
    "another version": "c2sp.org/tlog-proof@v2\nindex 0\n\ncheckpoint\n",
    "space after the header": f"{VERSION} \nindex 0\n\ncheckpoint\n",
    "byte order mark": f"\ufeff{VERSION}\nindex 0\n\ncheckpoint\n",
    "carriage returns": f"{VERSION}\r\nindex 0\r\n\r\ncheckpoint\n",
    "no index": f"{VERSION}\n{HASH}\n\ncheckpoint\n",
    "two indices": f"{VERSION}\nindex 0\nindex 0\n\ncheckpoint\n",
    "index of nothing": f"{VERSION}\nindex \n\ncheckpoint\n",
    "index with zero": f"{VERSION}\nindex 00\n\ncheckpoint\n",
    "index with plus": f"{VERSION}\nindex +1\n\ncheckpoint\n",
    "index with two spaces": f"{VERSION}\nindex  1\n\ncheckpoint\n",
    "index in other digits": f"{VERSION}\nindex \u0661\n\ncheckpoint\n",
    "index of 2^63": f"{VERSION}\nindex {2**63}\n\ncheckpoint\n",
    "extra after the index": f"{VERSION}\nindex 0\nextra AAAA\n\ncheckpoint\n",
    "two extras": f"{VERSION}\nextra AAAA\nextra AAAA\nindex 0\n\ncheckpoint\n",
    "empty extra": f"{VERSION}\nextra \nindex 0\n\ncheckpoint\n",
    "extra without a space": f"{VERSION}\nextra\nindex 0\n\ncheckpoint\n",
    "extra with spare bits": f"{VERSION}\nextra AAB=\nindex 0\n\ncheckpoint\n",
    "hash without padding": f"{VERSION}\nindex 0\n{HASH[:-1]}\n\ncheckpoint\n",
    "hash of 31 bytes": f"{VERSION}\nindex 0\n{base64.b64encode(bytes(31)).decode()}\n\nc\n",
    "hash of 33 bytes": f"{VERSION}\nindex 0\n{base64.b64encode(bytes(33)).decode()}\n\nc\n",
    "hash with spare bits": f"{VERSION}\nindex 0\n{'A' * 42}B=\n\ncheckpoint\n",
    "space after a hash": f"{VERSION}\nindex 0\n{HASH} \n\ncheckpoint\n",
    "64 hashes": f"{VERSION}\nindex 0\n{(HASH + chr(10)) * 64}\ncheckpoint\n",
    "no blank line": f"{VERSION}\nindex 0\ncheckpoint\n",
    "no checkpoint": f"{VERSION}\nindex 0\n\n",
    "more than 128 KiB": f"{VERSION}\nindex 0\n\n{'c' * 128 * 1024}",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_any_other_form_of_a_proof_is_refused(name: str) -> None:
    with pytest.raises(MalformedProof) as refused:
        parse_tlog_proof(MALFORMED[name].encode())
    assert refused.value.code == "malformed-proof"


def test_63_hashes_are_read() -> None:
    text = f"{VERSION}\nindex 0\n{(HASH + chr(10)) * 63}\ncheckpoint\n"
    assert len(parse_tlog_proof(text.encode()).path) == 63


@given(
    index=st.integers(0, 2**63 - 1),
    path=st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    extra=st.none() | st.binary(min_size=1, max_size=300),
    checkpoint=st.binary(min_size=1, max_size=300),
)
def test_proof_is_written_and_read_back(
    index: int, path: list[bytes], extra: bytes | None, checkpoint: bytes
) -> None:
    proof = TlogProof(LeafIndex(index), tuple(path), checkpoint, extra=extra)
    assert parse_tlog_proof(encode_tlog_proof(proof)) == proof
