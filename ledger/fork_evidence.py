"""Evidence that a log has two histories: two checkpoints that it signed, and a proof.

The file ``lotmark.fork/v1`` convinces whoever holds the log's key, offline and without
trusting the witness that kept it. Two cases do: two roots of one size; or a newer
checkpoint with a consistency proof that leads to its root and, at the older size, to another
root than the one that was signed. In the second case the proof's hashes are bound by the
newer root, so the log's own newer tree shows that its beginning was replaced.

A proof that leads nowhere shows nothing: anyone can write one beneath a genuine checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from keys.encoding import encode_base64
from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.errors import LedgerError, NotConsistent
from ledger.limits import FORK_EVIDENCE_BYTES_MAX, PROOF_HASHES_MAX
from ledger.note import Ed25519Verifier, NoteVerifier, VerifierKey
from ledger.strict_json import parse_json
from ledger.tree import consistency_roots
from ledger.witness import parse_proof_line
from ledger.witness_errors import ForkNotShown, MalformedForkEvidence

FORMAT: Final = "lotmark.fork/v1"


@dataclass(frozen=True, slots=True)
class ForkEvidence:
    """Two signed checkpoints of one log, the older or equal size first.

    ``proof`` is the consistency proof that came with the second; ``noticed_ms`` and
    ``witness`` are the word of who kept it and decide nothing.
    """

    origin: str
    first: str
    second: str
    proof: tuple[bytes, ...]
    noticed_ms: int
    witness: str


@dataclass(frozen=True, slots=True)
class Fork:
    """Two histories of one log: the checkpoints, and the root of the second at the first size."""

    first: Checkpoint
    second: Checkpoint
    replaced_root: bytes


def verify_fork(evidence: ForkEvidence, keys: Sequence[VerifierKey]) -> Fork:
    """Check that a log signed two histories.

    Args:
        evidence: the two checkpoints and the proof.
        keys: the log's keys, from the verifier's own trust anchor.

    Raises:
        MalformedNote, NoteRefused: a checkpoint that the log did not sign.
        ForkNotShown: both may belong to one history, as far as this shows.
    """
    verifiers: list[NoteVerifier] = [Ed25519Verifier(key) for key in keys]
    first, second = (
        open_checkpoint(note.encode(), verifiers, origin=evidence.origin).checkpoint
        for note in (evidence.first, evidence.second)
    )
    return Fork(first, second, find_replaced_root(first, second, proof=evidence.proof))


def find_replaced_root(first: Checkpoint, second: Checkpoint, *, proof: Sequence[bytes]) -> bytes:
    """The root that the second history has at the size of the first.

    Raises:
        ForkNotShown: it is the root of the first, or the proof does not tell.
    """
    if first.size == second.size:
        found_old, found_new = second.root, second.root
    else:
        try:
            found_old, found_new = consistency_roots(
                first.size, second.size, old_root=first.root, proof=proof
            )
        except NotConsistent as fault:
            raise ForkNotShown(f"the proof does not tell: {fault}") from fault
    # Only hashes that lead to the signed newer root are the newer tree's own.
    if found_new != second.root:
        raise ForkNotShown(
            f"expected a proof that leads to root {second.root.hex()} at size {second.size}, "
            f"found {found_new.hex()}: ask the log for one from size {first.size}"
        )
    if found_old == first.root:
        raise ForkNotShown(f"both checkpoints have root {first.root.hex()} at size {first.size}")
    return found_old


def encode_fork(evidence: ForkEvidence) -> str:
    """The evidence file."""
    members = {
        "format": FORMAT,
        "origin": evidence.origin,
        "first": evidence.first,
        "second": evidence.second,
        "proof": [encode_base64(found) for found in evidence.proof],
        "noticed_ms": evidence.noticed_ms,
        "witness": evidence.witness,
    }
    return json.dumps(members, indent=1, ensure_ascii=False) + "\n"


def parse_fork(data: bytes) -> ForkEvidence:
    """Read an evidence file; nothing is verified.

    Raises:
        MalformedForkEvidence: another form, or beyond the bounds.
    """
    try:
        members = parse_json(data, bytes_max=FORK_EVIDENCE_BYTES_MAX)
    except LedgerError as fault:
        raise MalformedForkEvidence(str(fault)) from fault
    object_ = members if isinstance(members, dict) else {}
    match object_:
        case {
            "format": str(name),
            "origin": str(origin),
            "first": str(first),
            "second": str(second),
            "proof": list(proof),
            "noticed_ms": int(noticed_ms),
            "witness": str(witness),
        } if name == FORMAT and len(object_) == 7:
            return ForkEvidence(origin, first, second, _proof(proof), noticed_ms, witness)
    raise MalformedForkEvidence(f"expected the members of {FORMAT}, found another document")


def _proof(lines: Sequence[Any]) -> tuple[bytes, ...]:
    if len(lines) > PROOF_HASHES_MAX or not all(isinstance(line, str) for line in lines):
        raise MalformedForkEvidence(f"expected up to {PROOF_HASHES_MAX} base64 hashes in proof")
    try:
        return tuple(parse_proof_line(line) for line in lines)
    except LedgerError as fault:
        raise MalformedForkEvidence(str(fault)) from fault
