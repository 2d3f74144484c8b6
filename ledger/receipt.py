"""Verify a receipt with the record it is for (docs/spec/entry.md, receipt).

A receipt is a tlog-proof whose ``extra`` line is the entry's head. Together with the JWS that
its holder kept it proves that the log has the record, and where. Not shown by it: whether
the record's key was in force; a view shows that (:mod:`ledger.verify`).
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.anchor import Anchor
from ledger.entry import EntryHead, parse_head
from ledger.errors import MalformedEntry, MalformedProof, WrongIndex, WrongOrigin
from ledger.record import encode_record_id, record_id
from ledger.tlog_proof import TlogProof, parse_tlog_proof, verify_tlog_proof
from ledger.tree import leaf_hash


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """A record that the log promised to hold; times in Unix milliseconds."""

    record_id: str
    index: int
    admitted_ms: int
    included_in: int
    cosigned_by: tuple[str, ...]


def verify_receipt(data: bytes, jws: str, *, anchor: Anchor) -> VerifiedReceipt:
    """Verify that a record is in the log of a trust anchor.

    Args:
        data: the receipt.
        jws: the record's JWS, without disclosures, as its holder kept it.
        anchor: the trust anchor that the holder has.

    Raises:
        MalformedProof, MalformedEntry: the receipt, or the head in it, has another form.
        WrongOrigin, WrongIndex: the head is that of another log or entry.
        NoteRefused: the anchor's policy does not accept the checkpoint.
        NotIncluded: the path does not lead from this record to the checkpoint.
    """
    proof = parse_tlog_proof(data)
    text = _head_text(proof)
    head = parse_head(text)
    _check_head(head, proof, anchor)
    leaf = leaf_hash(f"{text}{_ascii(jws)}\n".encode("ascii"))
    proven = verify_tlog_proof(proof, leaf=leaf, policy=anchor.policy, origin=anchor.origin)
    return VerifiedReceipt(
        record_id=encode_record_id(record_id(jws)),
        index=head.index,
        admitted_ms=head.admitted_ms,
        included_in=proven.trusted.checkpoint.size,
        cosigned_by=tuple(found.witness for found in proven.trusted.cosigned_by),
    )


def _head_text(proof: TlogProof) -> str:
    if proof.extra is None:
        raise MalformedProof("expected the entry's head in the extra line, found no such line")
    try:
        return proof.extra.decode("ascii")
    except UnicodeDecodeError as fault:
        raise MalformedEntry("expected a head in ASCII, found other bytes") from fault


def _ascii(jws: str) -> str:
    if not jws.isascii() or "\n" in jws:
        raise MalformedEntry("expected a JWS of one ASCII line, found another text")
    return jws


def _check_head(head: EntryHead, proof: TlogProof, anchor: Anchor) -> None:
    if head.origin != anchor.origin:
        raise WrongOrigin(f"expected an entry of {anchor.origin}, found one of {head.origin}")
    if head.index != proof.index:
        raise WrongIndex(f"expected index {proof.index}, found {head.index} in the head")
