"""Targets of the witness: add-checkpoint requests and evidence of forks."""

from __future__ import annotations

from functools import cache
from typing import Final

from ledger.errors import LedgerError
from ledger.fork_evidence import ForkEvidence, encode_fork, parse_fork, verify_fork
from ledger.note import encode_note
from ledger.witness import (
    encode_request,
    parse_proof_line,
    parse_request,
    proof_lines,
    verify_request,
)
from ledger.witness_errors import MalformedAddCheckpoint, MalformedForkEvidence
from tests.fuzz.choices import edited
from tests.fuzz.target import Target, raw_text_of
from tests.ledger.parties import ORIGIN, a_log_signer
from tests.ledger.view_story import a_story

_HASHES: Final = (bytes(32), bytes(range(32)))
_PROGRAMS: Final = (b"", b"\x00\x01\x02A", b"\x10\x00\x00\x05", b"\x20\x00\x01\x02abc")


def _parse_request(data: bytes) -> None:
    found = parse_request(data)
    note = encode_note(found.note).decode()
    assert encode_request(found.old_size, proof_lines(found.proof), note=note) == data
    # No log is configured, so whatever it says, nobody is believed.
    verify_request(found, {})


def _parse_proof_line(data: bytes) -> None:
    text = raw_text_of(data)
    assert proof_lines((parse_proof_line(text),)) == (text,)


def _parse_fork(data: bytes) -> None:
    found = parse_fork(data)
    assert parse_fork(encode_fork(found).encode()) == found


def _verify_edited_fork(data: bytes) -> None:
    evidence = parse_fork(edited(_honest_pair(), data))
    verify_fork(evidence, [a_log_signer().key])
    # The log has one history, and no edit of what it signed shows another.
    raise AssertionError("expected no fork of an honest log, found one")


# ---- what is changed ----


@cache
def _honest_pair() -> bytes:
    log = a_story().log
    notes = (log.note(size=3), log.note())
    return encode_fork(ForkEvidence(ORIGIN, *notes, _HASHES, 1_800_000_000_000, "w")).encode()


def _requests() -> list[bytes]:
    note = a_story().log.note()
    return [encode_request(3, proof_lines(_HASHES), note=note), encode_request(0, (), note=note)]


TARGETS: Final = (
    Target(
        "add-checkpoint",
        _parse_request,
        (LedgerError,),
        (parse_request, verify_request),
        _requests,
        words=("old ", "\n\n", "\n", ORIGIN),
    ),
    Target(
        "proof-line",
        _parse_proof_line,
        (MalformedAddCheckpoint,),
        (parse_proof_line,),
        lambda: [line.encode() for line in proof_lines(_HASHES)],
        bytes_max=64,
    ),
    Target(
        "fork",
        _parse_fork,
        (MalformedForkEvidence,),
        (parse_fork,),
        lambda: [encode_fork(ForkEvidence(ORIGIN, "a", "b", _HASHES, 5, "w")).encode()],
        words=('"format"', '"proof"', '"first"', '"noticed_ms"', "lotmark.fork/v1"),
    ),
    Target(
        "fork-edits",
        _verify_edited_fork,
        (LedgerError,),
        (verify_fork,),
        lambda: _PROGRAMS,
        bytes_max=64,
    ),
)
