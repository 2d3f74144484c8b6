"""What a log makes of its witnesses' answers (C2SP tlog-witness, client side). Pure.

A cosigned checkpoint is kept only if a verifier with the same trust policy would accept it:
the last step is that verifier's own function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, parse_size
from ledger.cosignature import CosignatureVerifier
from ledger.errors import BadCosignature, LogRolledBack, MalformedNote
from ledger.note import (
    Ed25519Verifier,
    Note,
    NoteSignature,
    NoteVerifier,
    VerifierKey,
    encode_note,
    parse_note,
    verify_lines,
)
from ledger.reader import LogReader
from ledger.store import Store
from ledger.tile_nodes import FoldedTiles, TileNodeReader
from ledger.tree import EMPTY_ROOT, TreeSize, tree_root
from ledger.trust_policy import TrustPolicy, Witness, check_checkpoint


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint of this log's own, its text and lines as signed."""

    note: str
    size: int


def read_own_checkpoint(note: str) -> SignedCheckpoint:
    """A note of the log's own store."""
    return SignedCheckpoint(note, parse_checkpoint(parse_note(note.encode()).text).size)


def read_cosignature(reply: bytes, own: SignedCheckpoint, *, witness: Witness) -> NoteSignature:
    """The witness's verified line in its answer; what else stands there is dropped.

    Raises:
        MalformedNote: the answer is no signature lines.
        BadCosignature: none by this witness, or one that does not verify.
    """
    text = parse_note(own.note.encode()).text
    lines = parse_note(f"{text}\n".encode() + reply)
    # A blank line among the lines would move the end of the text.
    if lines.text != text:
        raise MalformedNote("expected signature lines alone, found a text")
    found = verify_lines(lines, [CosignatureVerifier(witness.key)])
    if not found:
        raise BadCosignature(f"expected a line by {witness.key.name}, found none")
    return found[0]


def join_cosignatures(
    own: SignedCheckpoint, lines: Mapping[str, NoteSignature], *, policy: TrustPolicy
) -> str:
    """The cosigned checkpoint: the log's lines, then each witness's, in the policy's order.

    Args:
        own: the log's checkpoint.
        lines: verified lines by the witness's name in the policy.
        policy: what a verifier will ask for.

    Raises:
        QuorumNotMet: too few.
    """
    note = parse_note(own.note.encode())
    cosigned = [lines[witness.name] for witness in policy.witnesses if witness.name in lines]
    joined = encode_note(Note(note.text, (*note.signatures, *cosigned)))
    check_checkpoint(joined, policy, origin=parse_checkpoint(note.text).origin)
    return joined.decode()


def parse_conflict(body: bytes) -> TreeSize:
    """The size in a 409 answer.

    Raises:
        MalformedNote: something else.
    """
    if not body.endswith(b"\n"):
        raise MalformedNote(f"expected a size and LF, found {body[:40]!r}")
    return parse_size(body[:-1].decode("ascii", "replace"))


def request_proof(reader: LogReader, old_size: int, size: int) -> tuple[str, ...]:
    """The consistency proof of a request, as base64 lines; none from size 0."""
    return tuple(reader.consistency_proof(old_size, size)) if 0 < old_size < size else ()


def read_witnessed(
    data: bytes, policy: TrustPolicy, *, witness: Witness, origin: str
) -> Checkpoint:
    """What a witness shows as its last checkpoint of this log, verified with both keys.

    Raises:
        MalformedNote, NoteRefused: not one that the log signed and the witness cosigned.
    """
    log_keys: list[VerifierKey] = [log.key for log in policy.logs if log.key.name == origin]
    verifiers: list[NoteVerifier] = [Ed25519Verifier(key) for key in log_keys]
    opened = open_checkpoint(data, verifiers, origin=origin)
    if not verify_lines(parse_note(data), [CosignatureVerifier(witness.key)]):
        raise BadCosignature(f"expected a line by {witness.key.name}, found none")
    return opened.checkpoint


def check_witnessed(store: Store, seen: Checkpoint, *, witness: str) -> None:
    """Refuse a log that is not an extension of what a witness has cosigned.

    Raises:
        LogRolledBack: witness, sizes and remedy, in words.
    """
    size = _size_of(store)
    if seen.size > size:
        refuse_shorter(size, seen.size, witness=witness)
    if _root_at(store, seen.size) != seen.root:
        raise LogRolledBack(
            f"expected the {seen.size} entries that witness {witness} has cosigned, found others: "
            "the log has signed two histories; keep this folder as it is and tell the members"
        )


def refuse_shorter(size: int, seen: int, *, witness: str) -> None:
    """Refuse a log that is shorter than a witness says."""
    raise LogRolledBack(
        f"expected at least the {seen} entries that witness {witness} has cosigned, found "
        f"{size}: the database is older than what was signed; restore the newest copy"
    )


def _size_of(store: Store) -> int:
    head = store.head()
    return head.size if head else 0


def _root_at(store: Store, size: int) -> bytes:
    if size == 0:
        return EMPTY_ROOT
    nodes = TileNodeReader(TreeSize(size), FoldedTiles(LogReader(store)))
    return tree_root(TreeSize(size), nodes)
