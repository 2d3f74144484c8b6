"""Reading a proposal before it is voted on or accepted: verified from the trust anchor.

Whether it is still open, and who has voted, is the service's word (``GET /v1/proposals``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.setup_errors import ProposalUnexpected
from ledger.anchor import Anchor
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view


@dataclass(frozen=True, slots=True)
class ReadProposal:
    """What a proposal says, as its proposer signed it."""

    record_id: str
    index: int
    admitted_ms: int
    proposer: str
    act: str
    content: Mapping[str, Any]
    reason: str | None


def read_record(view: bytes, anchor: Anchor, record_id: str) -> VerifiedRecord:
    """Verify a view of one record.

    Raises:
        ProposalUnexpected: the view shows another record.
        LedgerError, KeysError: the view does not verify.
    """
    verified = verify_view(parse_view(view), anchor)
    (record, *others) = verified.records
    if others or record.record_id != record_id:
        raise ProposalUnexpected(
            f"expected a view of {record_id} alone, found one of {record.record_id}"
        )
    return record


def read_proposal(record: VerifiedRecord) -> ReadProposal:
    """Read a record that was verified as a proposal.

    Raises:
        ProposalUnexpected: it is none.
    """
    match record.body:
        case {"act": str(act), "content": dict(content), "reason": None | str() as reason} if (
            record.type == "proposal/v1"
        ):
            return ReadProposal(
                record.record_id,
                record.index,
                record.admitted_ms,
                record.issuer,
                act,
                content,
                reason,
            )
    raise ProposalUnexpected(f"expected a proposal, found {record.type} as {record.record_id}")
