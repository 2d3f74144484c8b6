"""Whether the members may order this here and now (docs/spec/governance.md, section 4)."""

from __future__ import annotations

from ledger import limits
from ledger.faults import Fault, Refusal
from ledger.fold_state import PublicFold
from ledger.party import Standing
from ledger.proposal import Proposal
from ledger.sharing.act_forms import opens_of
from ledger.sharing.openings import NEVER_OPENED, find_opening_faults, judge_period
from ledger.sharing.orders import DISCLOSURE

_CONTENT = "/body/content"


def judge_order(fold: PublicFold, proposal: Proposal, *, at_ms: int) -> Refusal | None:
    """Whether an order is possible at this instant (Unix milliseconds).

    Whether the record of an erasure is there, and may be erased, is judged with the operator's
    act: the public fold does not know records.
    """
    if proposal.content["kind"] == DISCLOSURE:
        return _judge_disclosure(fold, proposal, at_ms=at_ms)
    return _judge_erasure(fold, proposal)


def _judge_disclosure(fold: PublicFold, proposal: Proposal, *, at_ms: int) -> Refusal | None:
    content = proposal.content
    for name in ("reader", "owner"):
        party = fold.parties.get(content[name])
        is_open = name == "owner" and content[name] is None
        if not is_open and (party is None or party.standing is Standing.REMOVED):
            return Refusal(
                "not-permitted", f"{name}: expected a party of this log, found {content[name]}"
            )
    faults = find_opening_faults(opens_of(content), fold.types, place=f"{_CONTENT}/opens")
    refusal = _refuse_first(tuple(faults)) or judge_period(
        content["reads"], now_ms=at_ms, place=f"{_CONTENT}/reads"
    )
    if refusal:
        return refusal
    alive = sum(order.reads_until_ms > at_ms for order in fold.orders)
    if alive < limits.ORDERS_LIVE_MAX:
        return None
    return Refusal(
        "not-permitted",
        f"expected at most {limits.ORDERS_LIVE_MAX} orders whose period is not over, found {alive}",
    )


def _judge_erasure(fold: PublicFold, proposal: Proposal) -> Refusal | None:
    kept = sorted(NEVER_OPENED.intersection(proposal.content["groups"]))
    if kept:
        fault = Fault(f"{_CONTENT}/groups", "groups that nothing in force is read from", kept[0])
        return Refusal("state-kept", f"{kept[0]} always stays", (fault,))
    if len(fold.erasure_orders) < limits.ERASURE_ORDERS_MAX:
        return None
    return Refusal(
        "not-permitted", f"expected at most {limits.ERASURE_ORDERS_MAX} orders to erase on a log"
    )


def _refuse_first(faults: tuple[Fault, ...]) -> Refusal | None:
    if not faults:
        return None
    detail = f"{faults[0].pointer}: expected {faults[0].expected}, found {faults[0].found}"
    return Refusal("invalid-claims", detail, faults)
