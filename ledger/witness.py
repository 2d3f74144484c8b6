"""What a witness decides about a checkpoint it is sent (C2SP tlog-witness, add-checkpoint).

Pure, in the order that the standard gives: :func:`parse_request` the form,
:func:`verify_request` whose it is, :func:`check_extension` whether it extends what was
cosigned last. The last one must be asked together with storing its result, one request of a
log after another; :mod:`ledger.witness_desk` does that.

Lotmark is stricter than the text in one place: a checkpoint with extension lines is refused
as malformed, because a witness would vouch for words that nobody checks.

Not checked here: anything of the log's entries. A witness sees sizes and roots alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from keys.encoding import decode_base64, encode_base64
from keys.errors import MalformedEncoding
from ledger.checkpoint import Checkpoint, parse_checkpoint, parse_size
from ledger.errors import MalformedNote, NotConsistent, NoteRefused
from ledger.limits import ADD_CHECKPOINT_BYTES_MAX, PROOF_HASHES_MAX
from ledger.note import Ed25519Verifier, Note, VerifierKey, encode_note, parse_note, verify_lines
from ledger.tree import EMPTY_ROOT, HASH_BYTES, TreeSize, verify_consistency
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


@dataclass(frozen=True, slots=True)
class WitnessedLog:
    """A log that a witness is configured for; its keys may have another name than its origin."""

    origin: str
    keys: tuple[VerifierKey, ...]


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request of the right form: nothing of it is verified."""

    old_size: TreeSize
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request whose checkpoint a configured key signed; only verified lines are in ``note``."""

    old_size: TreeSize
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The tree head that a witness cosigned last for a log."""

    size: TreeSize
    root: bytes


NEVER_SEEN = LastSeen(TreeSize(0), EMPTY_ROOT)


def parse_request(body: bytes) -> AddCheckpoint:
    """Read the body of an add-checkpoint request (tlog-witness, add-checkpoint).

    Raises:
        MalformedAddCheckpoint: another form, too many proof lines, extension lines, or beyond
            the bounds.
    """
    if len(body) > ADD_CHECKPOINT_BYTES_MAX:
        raise MalformedAddCheckpoint(f"expected at most {ADD_CHECKPOINT_BYTES_MAX} bytes")
    head, blank, note_bytes = body.partition(b"\n\n")
    if not blank:
        raise MalformedAddCheckpoint("expected a blank line before the checkpoint, found none")
    try:
        old_size, proof = _parse_head(head.decode("ascii"))
        note = parse_note(note_bytes)
        checkpoint = parse_checkpoint(note.text)
    except (MalformedNote, MalformedEncoding, UnicodeDecodeError) as fault:
        raise MalformedAddCheckpoint(str(fault)) from fault
    if checkpoint.extensions:
        raise MalformedAddCheckpoint("expected a checkpoint without extension lines, found some")
    return AddCheckpoint(old_size, proof, note, checkpoint)


def encode_request(old_size: int, proof: tuple[str, ...], *, note: str) -> bytes:
    """Write a request; ``proof`` is base64 lines. The inverse of :func:`parse_request`."""
    return "".join([f"old {old_size}\n", *(f"{line}\n" for line in proof), "\n", note]).encode()


def verify_request(asked: AddCheckpoint, logs: Mapping[str, WitnessedLog]) -> SignedRequest:
    """Check that a configured log signed the checkpoint.

    Raises:
        OriginNotWitnessed: no such log is configured.
        CheckpointNotSigned: no line by one of its keys, or one that does not verify.
        OldSizeTooLarge: the old size is beyond the checkpoint's.
    """
    log = logs.get(asked.checkpoint.origin)
    if log is None:
        raise OriginNotWitnessed(f"no log {asked.checkpoint.origin[:200]!r} is witnessed here")
    try:
        lines = verify_lines(asked.note, [Ed25519Verifier(key) for key in log.keys])
    except NoteRefused as fault:
        raise CheckpointNotSigned(str(fault)) from fault
    if not lines:
        raise CheckpointNotSigned(f"expected a line by a key of {log.origin}, found none")
    if asked.old_size > asked.checkpoint.size:
        raise OldSizeTooLarge(
            f"expected an old size up to {asked.checkpoint.size}, found {asked.old_size}"
        )
    # What others wrote below the checkpoint is not handed on: nobody has checked it.
    note = Note(asked.note.text, lines)
    return SignedRequest(asked.old_size, asked.proof, note, asked.checkpoint)


def check_extension(asked: SignedRequest, last: LastSeen) -> LastSeen:
    """Check that the checkpoint extends what was cosigned last; what is so from then on.

    Raises:
        SizeConflict: the request builds on another size; the answer carries the right one.
        EmptyRootWrong, ProofUnexpected, RootsDiffer, ExtensionNotProven: it does not extend it.
    """
    found = asked.checkpoint
    if asked.old_size != last.size:
        raise SizeConflict(f"expected old size {last.size}, found {asked.old_size}", size=last.size)
    if found.size == 0 and found.root != EMPTY_ROOT:
        raise EmptyRootWrong("expected the root of nothing at size 0, found another")
    if last.size == 0:
        if asked.proof:
            raise ProofUnexpected(f"expected no proof from size 0, found {len(asked.proof)} lines")
        return LastSeen(found.size, found.root)
    if found.size == last.size and found.root != last.root:
        raise RootsDiffer(
            f"expected root {last.root.hex()} at size {last.size}, found {found.root.hex()}"
        )
    try:
        verify_consistency(
            last.size,
            found.size,
            old_root=last.root,
            new_root=found.root,
            proof=asked.proof,
        )
    except NotConsistent as fault:
        raise ExtensionNotProven(str(fault)) from fault
    return LastSeen(found.size, found.root)


def monitoring_path(origin: str) -> str:
    """Where a witness shows its last checkpoint of a log (tlog-witness, monitoring)."""
    return f"{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint"


def note_text(note: Note) -> str:
    """A note as text."""
    return encode_note(note).decode()


def proof_lines(proof: tuple[bytes, ...]) -> tuple[str, ...]:
    """A proof as base64 lines."""
    return tuple(encode_base64(found) for found in proof)


def parse_proof_line(line: str) -> bytes:
    """One hash of a proof.

    Raises:
        MalformedAddCheckpoint: not canonical base64 of 32 bytes.
    """
    try:
        found = decode_base64(line)
    except MalformedEncoding as fault:
        raise MalformedAddCheckpoint(f"proof: {fault}") from fault
    if len(found) != HASH_BYTES:
        raise MalformedAddCheckpoint(f"expected a hash of {HASH_BYTES} bytes, found {len(found)}")
    return found


def _parse_head(text: str) -> tuple[TreeSize, tuple[bytes, ...]]:
    first, *rest = text.split("\n")
    keyword, space, size = first.partition(" ")
    if keyword != "old" or not space:
        raise MalformedAddCheckpoint(f"expected 'old' and a size, found {first[:40]!r}")
    if len(rest) > PROOF_HASHES_MAX:
        raise MalformedAddCheckpoint(f"expected at most {PROOF_HASHES_MAX} hashes, found more")
    return parse_size(size), tuple(parse_proof_line(line) for line in rest)
