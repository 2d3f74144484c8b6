"""Targets of the witness: add-checkpoint requests and evidence of forks."""

from __future__ import annotations

from functools import cache
from typing import Final

from ledger.anchor import parse_anchor
from ledger.cosigning import (
    SignedCheckpoint,
    parse_conflict,
    read_cosignature,
    read_own_checkpoint,
    read_witnessed,
)
from ledger.errors import LedgerError, MalformedNote, NoteRefused
from ledger.fork_evidence import ForkEvidence, encode_fork, parse_fork, verify_fork
from ledger.note import encode_note
from ledger.trust_policy import TrustPolicy
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
from tests.ledger.view_log import WITNESSES, anchor_text
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


def _read_reply(data: bytes) -> None:
    own, reply = _cosigned()
    policy = _policy()
    found = read_cosignature(edited(reply, data), own, witness=policy.witnesses[0])
    assert found.line().encode() in reply


def _read_witnessed(data: bytes) -> None:
    own, reply = _cosigned()
    policy = _policy()
    shown = edited(own.note.encode() + reply, data)
    found = read_witnessed(shown, policy, witness=policy.witnesses[0], origin=ORIGIN)
    assert found.size == own.size


def _parse_conflict(data: bytes) -> None:
    assert str(parse_conflict(data)).encode() + b"\n" == data


# ---- what is changed ----


@cache
def _policy() -> TrustPolicy:
    return parse_anchor(anchor_text(a_story().charter, "both").encode()).policy


@cache
def _cosigned() -> tuple[SignedCheckpoint, bytes]:
    """The log's own checkpoint, and the lines that its witnesses answer with."""
    log = a_story().log
    own = log.note()
    return read_own_checkpoint(own), log.note(*WITNESSES).removeprefix(own).encode()


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
    Target(
        "cosignature-reply",
        _read_reply,
        (MalformedNote, NoteRefused),
        (read_cosignature, read_own_checkpoint),
        lambda: _PROGRAMS,
        bytes_max=64,
    ),
    Target(
        "witnessed",
        _read_witnessed,
        (MalformedNote, NoteRefused),
        (read_witnessed,),
        lambda: _PROGRAMS,
        bytes_max=64,
    ),
    Target(
        "conflict",
        _parse_conflict,
        (MalformedNote,),
        (parse_conflict,),
        lambda: [b"41\n", b"0\n", b"41"],
        bytes_max=32,
    ),
)
