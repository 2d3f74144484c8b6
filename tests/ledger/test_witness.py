"""A witness's decision: the standard's table in its order, and one history whatever is asked."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerError, NotConsistent
from ledger.limits import ADD_CHECKPOINT_BYTES_MAX
from ledger.note import parse_vkey
from ledger.tree import EMPTY_ROOT, TreeSize, consistency_roots, verify_consistency
from ledger.witness import (
    NEVER_SEEN,
    LastSeen,
    WitnessedLog,
    check_extension,
    encode_request,
    parse_request,
    verify_request,
)
from ledger.witness_errors import (
    CheckpointNotSigned,
    EmptyRootWrong,
    ExtensionNotProven,
    MalformedAddCheckpoint,
    OldSizeTooLarge,
    OriginNotWitnessed,
    ProofUnexpected,
    RootsDiffer,
    SizeConflict,
)
from tests.ledger.signers import a_signer
from tests.ledger.witness_requests import ORIGIN, History, lines
from tests.vectors import vectors_dir

pytestmark = pytest.mark.item("3.4")

HONEST = History()
FORKED = History(fork=3)
LOGS = {ORIGIN: HONEST.log}
HASH = b"\x07" * 32


def decide(body: bytes, last: LastSeen = NEVER_SEEN, logs: Any = LOGS) -> LastSeen:
    """The whole decision; what the witness has seen last from then on."""
    return check_extension(verify_request(parse_request(body), logs), last)


def seen(size: int, history: History = HONEST) -> LastSeen:
    return LastSeen(TreeSize(size), history.root(size))


def test_published_request_of_the_go_checksum_database_is_cosigned() -> None:
    path = vectors_dir() / "tlog/torchwood/litewitness-sumdb.json"
    vector = json.loads(path.read_text())
    # Its origin is not its key's name.
    log = WitnessedLog(vector["origin"], (parse_vkey(vector["log_vkey"]),))
    last = NEVER_SEEN
    for case in vector["cases"]:
        assert case["status"] == 200
        last = decide(case["body"].encode(), last, {vector["origin"]: log})
    assert last.size == 35_225_469


@pytest.mark.parametrize(("old", "size"), [(0, 0), (0, 1), (1, 1), (1, 8), (5, 5), (5, 13)])
def test_honest_growth_is_cosigned(old: int, size: int) -> None:
    last = seen(old) if old else NEVER_SEEN
    assert decide(HONEST.request(old, size), last) == seen(size)


GOOD = HONEST.request(2, 5)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 2\n",
        GOOD.replace(b"old 2", b"old 02", 1),
        GOOD.replace(b"old 2", b"old +2", 1),
        GOOD.replace(b"old 2", b"old", 1),
        GOOD.replace(b"old 2", b"old  2", 1),
        GOOD.replace(b"old 2", b"new 2", 1),
        GOOD.replace(b"old 2\n", b"old 2\r\n", 1),
        GOOD.replace(b"old 2\n", b"old 9223372036854775808\n", 1),
        GOOD.replace(b"old 2\n", b"old 2\nAAAA\n", 1),
        GOOD.replace(b"old 2\n", "old ２\n".encode(), 1),
        GOOD.replace(b"=\n", b"\n", 1),
        GOOD.replace(b"\n5\n", b"\n05\n", 1),
        GOOD[:-1],
        GOOD + b"\xff\n",
        b"\n" + GOOD,
        encode_request(0, lines([HASH] * 64), note=HONEST.note(5)),
        encode_request(2, lines(HONEST.proof(2, 5)), note=HONEST.note(5, extensions=("more",))),
        GOOD + b" " * ADD_CHECKPOINT_BYTES_MAX,
    ],
)
def test_other_forms_are_malformed(body: bytes) -> None:
    assert decide(GOOD, seen(2)) == seen(5)
    with pytest.raises(MalformedAddCheckpoint):
        decide(body, seen(2))


def test_sixty_three_proof_lines_are_still_read() -> None:
    body = encode_request(0, lines([HASH] * 63), note=HONEST.note(5))
    assert len(parse_request(body).proof) == 63


OTHER_LOG = History(origin="log.example/others", signer=a_signer("log.example/others"))
IMPOSTOR = replace(HONEST, signer=a_signer(ORIGIN, seed=b"\x01" * 32))
FUTURE = encode_request(9, (), note=HONEST.note(5))
NOT_EMPTY_NOTE = HONEST.note(0)

TABLE: list[tuple[str, bytes, LastSeen, type[LedgerError]]] = [
    ("origin", OTHER_LOG.request(9, 5, proof=[HASH]), seen(2), OriginNotWitnessed),
    ("signature before old size", IMPOSTOR.request(9, 5), seen(2), CheckpointNotSigned),
    ("old size before conflict", FUTURE, seen(2), OldSizeTooLarge),
    ("conflict before roots", FORKED.request(4, 5), seen(5), SizeConflict),
    ("conflict before proof", HONEST.request(1, 5, proof=[HASH]), seen(2), SizeConflict),
    ("never seen", HONEST.request(2, 5), NEVER_SEEN, SizeConflict),
    ("proof from nothing", HONEST.request(0, 5, proof=[HASH]), NEVER_SEEN, ProofUnexpected),
    ("proof from empty", HONEST.request(0, 0, proof=[HASH]), NEVER_SEEN, ProofUnexpected),
    ("other root of the size", FORKED.request(5, 5), seen(5), RootsDiffer),
    ("other root, and a proof", FORKED.request(5, 5, proof=[HASH]), seen(5), RootsDiffer),
    ("no proof", HONEST.request(2, 5, proof=[]), seen(2), ExtensionNotProven),
    ("proof where none is due", HONEST.request(5, 5, proof=[HASH]), seen(5), ExtensionNotProven),
    ("another history", FORKED.request(4, 7), seen(4), ExtensionNotProven),
]


@pytest.mark.parametrize(("body", "last", "error"), [row[1:] for row in TABLE], ids=lambda _: "")
def test_the_first_reason_of_the_table_decides(
    body: bytes, last: LastSeen, error: type[LedgerError]
) -> None:
    with pytest.raises(error):
        decide(body, last)


def test_an_empty_tree_with_another_root_is_refused() -> None:
    root = base64.b64encode(EMPTY_ROOT).decode()
    other = base64.b64encode(HASH).decode()
    log = HONEST.signer
    text = HONEST.note(0).partition("\n\n")[0] + "\n"
    line = log.sign_text(text.replace(root, other).encode()).line()
    body = f"old 0\n\n{text.replace(root, other)}\n{line}".encode()
    with pytest.raises(EmptyRootWrong):
        decide(body)
    assert decide(HONEST.request(0, 0)) == NEVER_SEEN


def test_a_conflict_carries_the_size_to_build_on() -> None:
    with pytest.raises(SizeConflict) as caught:
        decide(HONEST.request(0, 5), seen(4))
    assert caught.value.size == 4


def test_a_failing_line_of_a_configured_key_refuses_the_note() -> None:
    stranger = a_signer("stranger.example")
    good = HONEST.note(5)
    text = good.partition("\n\n")[0] + "\n"
    ignored = good + stranger.sign_text(b"another text").line()
    assert decide(encode_request(0, (), note=ignored)) == seen(5)
    forged = replace(HONEST.signer, sign=stranger.sign)
    body = encode_request(0, (), note=good + forged.sign_text(text.encode()).line())
    with pytest.raises(CheckpointNotSigned):
        decide(body)


def test_only_lines_of_the_log_are_kept() -> None:
    stranger = a_signer("stranger.example")
    note = HONEST.note(5) + stranger.sign_text(b"another text").line()
    kept = verify_request(parse_request(encode_request(0, (), note=note)), LOGS).note
    assert [line.name for line in kept.signatures] == [ORIGIN]


def test_either_key_of_a_log_that_changes_its_key_is_enough() -> None:
    new = replace(HONEST, signer=a_signer(ORIGIN, seed=b"\x02" * 32))
    both = {ORIGIN: WitnessedLog(ORIGIN, (HONEST.signer.key, new.signer.key))}
    last = decide(HONEST.request(0, 4), NEVER_SEEN, both)
    assert decide(new.request(4, 9), last, both) == seen(9)


histories = st.sampled_from([HONEST, FORKED, History(fork=0), History(fork=7)])
sizes = st.integers(0, 12)


@given(st.lists(st.tuples(histories, sizes, sizes, st.booleans()), max_size=30))
def test_whatever_is_asked_one_history_is_cosigned(
    asked: list[tuple[History, int, int, bool]],
) -> None:
    """Every two cosigned heads are of one history: some leaves give both roots."""
    last, kept = NEVER_SEEN, [NEVER_SEEN]
    for history, old, size, is_learning in asked:
        # One that learns the size from the refusal gets further than one that guesses.
        base = last.size if is_learning else old
        try:
            last = decide(history.request(base, size), last)
        except LedgerError:
            continue
        kept.append(last)
    assert [item.size for item in kept] == sorted(item.size for item in kept)
    assert any(
        all(item.root == history.root(item.size) for item in kept)
        for history in (HONEST, FORKED, History(fork=0), History(fork=7))
    )


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_malformed(body: bytes) -> None:
    with suppress(MalformedAddCheckpoint):
        parse_request(body)


@given(st.integers(1, 40), st.integers(0, 40))
def test_roots_of_a_proof_are_those_that_verify(old: int, more: int) -> None:
    size = old + more
    proof = HONEST.proof(old, size)
    roots = consistency_roots(TreeSize(old), TreeSize(size), old_root=HONEST.root(old), proof=proof)
    if more:
        assert roots == (HONEST.root(old), HONEST.root(size))
    verify_consistency(
        TreeSize(old),
        TreeSize(size),
        old_root=HONEST.root(old),
        new_root=HONEST.root(size),
        proof=proof,
    )
    with pytest.raises(NotConsistent):
        consistency_roots(
            TreeSize(old), TreeSize(size), old_root=HONEST.root(old), proof=[*proof, HASH]
        )
