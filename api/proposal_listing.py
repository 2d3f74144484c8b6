"""What is being decided, as plain values: open proposals, and recoveries that wait for objections.

A courtesy: what the service's fold says now. Whoever votes reads the proposal itself, verified
from the trust anchor (:mod:`api.proposal_check`); that approvals sufficed an audit shows.
"""

from __future__ import annotations

from typing import Any

from ledger import limits
from ledger.fold_state import PublicFold
from ledger.proposal import Proposal, Recovery
from ledger.quorum import tally


def list_proposals(fold: PublicFold, *, now_ms: int) -> list[dict[str, Any]]:
    """The open proposals, oldest first; what has lapsed by now is left out."""
    return [
        _proposal_members(fold, item)
        for item in fold.proposals.values()
        if not item.has_lapsed(now_ms)
    ]


def list_recoveries(fold: PublicFold) -> list[dict[str, Any]]:
    """The recoveries that are carried and wait until their party's keys are replaced."""
    return [_recovery_members(item) for item in fold.recoveries.values()]


def _proposal_members(fold: PublicFold, proposal: Proposal) -> dict[str, Any]:
    count = tally(fold, proposal)
    return {
        **_said(proposal),
        "lapses_ms": proposal.admitted_ms + limits.PROPOSAL_MILLISECONDS_MAX,
        "rule": proposal.rule,
        "electors": sorted(count.electors),
        "approvals": sorted(count.approvals),
        "rejections": sorted(count.rejections),
        "needed": count.needed,
        "missing": max(0, count.needed - len(count.approvals)),
        "awaits_consent": proposal.awaits_consent,
        "consented_at": proposal.consented_at,
    }


def _recovery_members(recovery: Recovery) -> dict[str, Any]:
    return {
        **_said(recovery.proposal),
        "ruled_at": recovery.ruled_at,
        "due_ms": recovery.due_ms,
        "approvals": sorted(recovery.approvals),
    }


def _said(proposal: Proposal) -> dict[str, Any]:
    return {
        "record_id": proposal.record_id,
        "index": proposal.index,
        "admitted_ms": proposal.admitted_ms,
        "proposer": proposal.proposer,
        "act": proposal.act,
        "content": dict(proposal.content),
        "reason": proposal.reason,
        "about": proposal.about,
    }
