"""What convinces a third party that a log has two histories, and what does not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerError, NoKnownSignature, WrongOrigin
from ledger.fork_evidence import ForkEvidence, encode_fork, parse_fork, verify_fork
from ledger.witness_errors import ForkNotShown, MalformedForkEvidence
from tests.ledger.signers import a_signer
from tests.ledger.witness_requests import ORIGIN, History

pytestmark = [pytest.mark.item("3.4.forks")]

HONEST = History()
FORKED = History(fork=3)
KEYS = [HONEST.signer.key]


def evidence(
    first: tuple[History, int], second: tuple[History, int], proof: list[bytes] | None = None
) -> ForkEvidence:
    (one, old), (other, size) = first, second
    given = other.proof(old, size) if proof is None else proof
    return ForkEvidence(ORIGIN, one.note(old), other.note(size), tuple(given), 1_000, "w.example")


def test_two_roots_of_one_size_are_a_fork() -> None:
    fork = verify_fork(evidence((HONEST, 6), (FORKED, 6)), KEYS)
    assert (fork.first.root, fork.replaced_root) == (HONEST.root(6), FORKED.root(6))
    with pytest.raises(ForkNotShown):
        verify_fork(evidence((HONEST, 6), (HONEST, 6)), KEYS)


def test_the_newer_trees_own_proof_shows_that_its_beginning_was_replaced() -> None:
    fork = verify_fork(evidence((HONEST, 6), (FORKED, 9)), KEYS)
    assert fork.replaced_root == FORKED.root(6)
    with pytest.raises(ForkNotShown):
        verify_fork(evidence((HONEST, 6), (HONEST, 9)), KEYS)


@given(st.integers(1, 20), st.integers(1, 20), st.lists(st.binary(min_size=32, max_size=32)))
def test_no_proof_makes_a_fork_of_an_honest_log(old: int, more: int, proof: list[bytes]) -> None:
    with pytest.raises(ForkNotShown):
        verify_fork(evidence((HONEST, old), (HONEST, old + more), proof), KEYS)


def test_a_perfect_old_tree_needs_two_roots_of_one_size() -> None:
    # Its root is the proof's seed: the proof of another tree leads nowhere with it.
    with pytest.raises(ForkNotShown, match="ask the log"):
        verify_fork(evidence((HONEST, 4), (FORKED, 9)), KEYS)


def test_checkpoints_that_the_log_did_not_sign_show_nothing() -> None:
    forger = replace(FORKED, signer=a_signer(ORIGIN, seed=b"\x01" * 32))
    with pytest.raises(NoKnownSignature):
        verify_fork(evidence((HONEST, 6), (forger, 6)), KEYS)
    other = replace(evidence((HONEST, 6), (FORKED, 6)), origin="log.example/other")
    with pytest.raises(WrongOrigin):
        verify_fork(other, KEYS)


def test_a_file_is_read_as_it_was_written() -> None:
    written = evidence((HONEST, 6), (FORKED, 9))
    assert parse_fork(encode_fork(written).encode()) == written


@pytest.mark.parametrize(
    "change",
    [
        {"format": "lotmark.fork/v2"},
        {"proof": ["AAAA"]},
        {"proof": [7]},
        {"proof": ["A" * 43 + "="] * 64},
        {"noticed_ms": "now"},
        {"more": 1},
    ],
)
def test_another_document_is_refused(change: dict[str, object]) -> None:
    members = json.loads(encode_fork(evidence((HONEST, 6), (FORKED, 9))))
    with pytest.raises(MalformedForkEvidence):
        parse_fork(json.dumps(members | change).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse_fork(data)
    except LedgerError as fault:
        assert isinstance(fault, MalformedForkEvidence)  # noqa: PT017
