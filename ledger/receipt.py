"""Verify a receipt with the record it is for (docs/spec/entry.md, receipt).

A receipt is a tlog-proof whose ``extra`` line is the entry's head. Together with the JWS that
its holder kept it proves that the log has the record, and where. Not shown by it: whether
the record's key was in force; a view shows that (:mod:`ledger.verify`). Nor is the JWS read: it
is the holder's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.anchor import Anchor
from ledger.entry import EntryHead, entry_bytes, parse_head
from ledger.errors import MalformedEntry, WrongIndex, WrongOrigin
from ledger.record_type import document_digest
from ledger.tlog_proof import TlogProof, parse_tlog_proof
from ledger.tree import leaf_hash, verify_inclusion
from ledger.trust_policy import check_checkpoint


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
        MalformedProof: the receipt has another form.
        MalformedNote, NoteRefused: the anchor's policy does not accept the checkpoint.
        MalformedEntry: no head in it, one of another form, or an entry that is too large.
        WrongOrigin, WrongIndex: the head is that of another log or entry.
        NotIncluded: the path does not lead from this record to the checkpoint.
    """
    proof = parse_tlog_proof(data)
    trusted = check_checkpoint(proof.checkpoint, anchor.policy, origin=anchor.origin)
    text = _head_text(proof)
    head = parse_head(text)
    entry = entry_bytes(text, jws)
    _check_head(head, proof, anchor)
    size, root = trusted.checkpoint.size, trusted.checkpoint.root
    verify_inclusion(proof.index, size, leaf=leaf_hash(entry), path=proof.path, root=root)
    return VerifiedReceipt(
        # The record id, of whatever text: an odd one is no record's, and not refused here.
        record_id=document_digest(jws),
        index=head.index,
        admitted_ms=head.admitted_ms,
        included_in=size,
        cosigned_by=tuple(found.witness for found in trusted.cosigned_by),
    )


def _head_text(proof: TlogProof) -> str:
    try:
        return (proof.extra or b"").decode()
    except UnicodeDecodeError as fault:
        raise MalformedEntry("expected a head in UTF-8, found other bytes") from fault


def _check_head(head: EntryHead, proof: TlogProof, anchor: Anchor) -> None:
    if head.origin != anchor.origin:
        raise WrongOrigin(f"expected an entry of {anchor.origin}, found one of {head.origin}")
    if head.index != proof.index:
        raise WrongIndex(f"expected index {proof.index}, found {head.index} in the head")
