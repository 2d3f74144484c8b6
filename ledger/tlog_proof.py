"""Offline proofs that an entry is in a log (C2SP tlog-proof).

A proof carries index, path and checkpoint. What it is a proof *of*, and whom to believe,
it does not say: leaf hash, trust policy and origin come from the caller.
The ``extra`` line is handed on and never trusted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keys.encoding import decode_base64, encode_base64
from keys.errors import MalformedEncoding
from ledger.errors import MalformedProof
from ledger.limits import PROOF_HASHES_MAX, PROOF_TEXT_BYTES_MAX, TREE_SIZE_MAX
from ledger.tree import HASH_BYTES, LeafIndex, verify_inclusion
from ledger.trust_policy import TrustedCheckpoint, TrustPolicy, check_checkpoint

HEADER: Final = "c2sp.org/tlog-proof@v1"

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)
_EXTRA_START: Final = "extra "


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A parsed proof: nothing of it is verified. ``checkpoint`` is the note, verbatim."""

    index: LeafIndex
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


@dataclass(frozen=True, slots=True)
class ProvenInclusion:
    """A leaf that a trusted checkpoint covers."""

    index: LeafIndex
    trusted: TrustedCheckpoint


def parse_tlog_proof(data: bytes) -> TlogProof:
    """Read a proof (tlog-proof, format). The checkpoint is not looked into.

    Raises:
        MalformedProof: another header, no index, a hash that is not canonical base64 of 32
            bytes, more than 63 of them, no checkpoint, or beyond the bound on bytes.
    """
    if len(data) > PROOF_TEXT_BYTES_MAX:
        raise MalformedProof(f"expected at most {PROOF_TEXT_BYTES_MAX} bytes, found {len(data)}")
    head, _, checkpoint = data.partition(b"\n\n")
    lines = _split_head(head)
    extra = _parse_extra(lines.pop(0)) if lines[:1] and lines[0].startswith(_EXTRA_START) else None
    index = _parse_index(lines.pop(0) if lines else "")
    if len(lines) > PROOF_HASHES_MAX or not checkpoint:
        raise MalformedProof(f"expected at most 63 hashes and a checkpoint, found {len(lines)}")
    return TlogProof(index, tuple(_parse_hash(line) for line in lines), checkpoint, extra=extra)


def encode_tlog_proof(proof: TlogProof) -> bytes:
    """Write a proof; the inverse of :func:`parse_tlog_proof`."""
    path = [encode_base64(found) for found in proof.path]
    head = tlog_proof_head(proof.index, path, extra=proof.extra)
    return head.encode("ascii") + proof.checkpoint


def tlog_proof_head(index: LeafIndex, path_base64: Sequence[str], *, extra: bytes | None) -> str:
    """The part of a proof before its checkpoint, blank line included.

    For the commit path, which has every path in base64 already
    (:meth:`ledger.frontier.Appended.paths_base64`).
    """
    lines = [HEADER] if extra is None else [HEADER, _EXTRA_START + encode_base64(extra)]
    return "\n".join([*lines, f"index {index}", *path_base64, "\n"])


def verify_tlog_proof(
    proof: TlogProof, *, leaf: bytes, policy: TrustPolicy, origin: str
) -> ProvenInclusion:
    """Check that a leaf is in the log, by a checkpoint that the policy accepts.

    Args:
        proof: the proof; its extra line is not used.
        leaf: the leaf hash that the caller computed from the data it holds.
        policy: the trust policy that the caller holds.
        origin: the log that the caller expects.

    Raises:
        MalformedNote: the proof holds no signed checkpoint.
        NoteRefused: the policy does not accept the checkpoint.
        NotIncluded: the path does not lead from the leaf to the checkpoint's root.
    """
    trusted = check_checkpoint(proof.checkpoint, policy, origin=origin)
    checkpoint = trusted.checkpoint
    verify_inclusion(proof.index, checkpoint.size, leaf=leaf, path=proof.path, root=checkpoint.root)
    return ProvenInclusion(proof.index, trusted)


def _split_head(head: bytes) -> list[str]:
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as fault:
        raise MalformedProof("expected ASCII before the checkpoint, found other bytes") from fault
    if first != HEADER:
        raise MalformedProof(f"expected {HEADER}, found {first[:80]!r}")
    return lines


def _parse_extra(line: str) -> bytes:
    extra = _decode(line.removeprefix(_EXTRA_START))
    if not extra:
        raise MalformedProof("expected no extra line where there is no extra data, found one")
    return extra


def _parse_index(line: str) -> LeafIndex:
    match = _INDEX.fullmatch(line)
    if match is None or int(match[1]) > TREE_SIZE_MAX:
        raise MalformedProof(f"expected an index line, found {line[:80]!r}")
    return LeafIndex(int(match[1]))


def _parse_hash(line: str) -> bytes:
    found = _decode(line)
    if len(found) != HASH_BYTES:
        raise MalformedProof(f"expected a hash of {HASH_BYTES} bytes, found {len(found)}")
    return found


def _decode(text: str) -> bytes:
    try:
        return decode_base64(text)
    except MalformedEncoding as fault:
        raise MalformedProof(str(fault)) from fault
