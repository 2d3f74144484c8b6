"""Checkpoints: the signed size and root of a log (C2SP tlog-checkpoint).

The origin says which log it is and the key says who signed; neither is derived from the
other, both are configured. Extension lines are carried and never interpreted: nobody
audits them.

Not checked here: whether the root is that of the log, or consistent with an earlier one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keys.encoding import decode_base64, encode_base64
from keys.errors import MalformedEncoding
from ledger.errors import MalformedNote, WrongOrigin
from ledger.limits import TREE_SIZE_MAX
from ledger.note import (
    Ed25519Signer,
    Note,
    NoteSignature,
    NoteVerifier,
    open_note,
    sign_note,
)
from ledger.tree import HASH_BYTES, TreeSize

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: origin, tree size and 32-byte root."""

    origin: str
    size: TreeSize
    root: bytes
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A checkpoint of the expected origin, with the verified line of each known key."""

    checkpoint: Checkpoint
    verified: tuple[NoteSignature, ...]


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint note (tlog-checkpoint, note text).

    Raises:
        MalformedNote: fewer than three lines, an empty one, a size that is no decimal
            up to 2^63-1, or a root that is not canonical base64 of 32 bytes.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise MalformedNote("expected three or more full lines, found an empty or no line")
    origin, size, root, *extensions = lines
    return Checkpoint(origin, parse_size(size), _parse_root(root), tuple(extensions))


def encode_checkpoint(checkpoint: Checkpoint) -> str:
    """Write the text of a checkpoint note.

    Raises:
        MalformedNote: a value that :func:`parse_checkpoint` would not give back.
    """
    root = encode_base64(checkpoint.root)
    lines = [checkpoint.origin, str(checkpoint.size), root, *checkpoint.extensions]
    text = "".join(f"{line}\n" for line in lines)
    if parse_checkpoint(text) != checkpoint:
        raise MalformedNote(f"expected lines without LF, found {checkpoint.origin!r}")
    return text


def sign_checkpoint(checkpoint: Checkpoint, signers: Iterable[Ed25519Signer]) -> Note:
    """Sign a checkpoint.

    The caller answers for what a log must never do: sign two roots of one size, or a size
    below one signed before (tlog-checkpoint). Persist before you sign.

    Raises:
        MalformedNote: a value that has no checkpoint text.
    """
    return sign_note(encode_checkpoint(checkpoint), signers)


def open_checkpoint(
    data: bytes, verifiers: Sequence[NoteVerifier], *, origin: str
) -> OpenedCheckpoint:
    """Verify a signed checkpoint of one log with the keys configured for it.

    Raises:
        MalformedNote: no signed note, or its text is no checkpoint.
        NoteRefused: no known key signed, one that did does not verify, or another origin.
    """
    note = open_note(data, verifiers)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != origin:
        raise WrongOrigin(f"expected origin {origin!r}, found {checkpoint.origin[:200]!r}")
    return OpenedCheckpoint(checkpoint, note.verified)


def parse_size(text: str) -> TreeSize:
    """Read a tree size: ASCII decimal without sign or leading zeros, up to 2^63-1.

    Raises:
        MalformedNote: any other text.
    """
    if not _DECIMAL.fullmatch(text) or int(text) > TREE_SIZE_MAX:
        raise MalformedNote(f"expected a decimal size, found {text[:40]!r}")
    return TreeSize(int(text))


def _parse_root(text: str) -> bytes:
    try:
        root = decode_base64(text)
    except MalformedEncoding as fault:
        raise MalformedNote(f"root: {fault}") from fault
    if len(root) != HASH_BYTES:
        raise MalformedNote(f"expected a root of {HASH_BYTES} bytes, found {len(root)}")
    return root
