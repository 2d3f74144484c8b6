"""Acts of sharing: grants, delegations, cases, holds, erasures (docs/spec/agreements.md).

Pure: :func:`judge_sharing` says why an act may not be done here and now, :func:`apply_sharing`
gives what is agreed after it. Both run under the head lock: a few look-ups each. What there is
and what is not the signer's to know answer alike, ``unknown-record``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from ledger import limits
from ledger.domain_state import Said
from ledger.faults import Fault, Refusal
from ledger.relations import find_act_faults, judge_given, unknown_record
from ledger.sharing.act_forms import (
    CASE,
    DELEGATE,
    ERASE,
    GRANT,
    HOLD,
    RELEASE,
    REVOKE,
    SHARING_ACTS,
    find_sharing_faults,
    opens_of,
)
from ledger.sharing.agreements import Agreements, Case, Erasure, Grant, Hold
from ledger.sharing.circumstances import (
    Circumstances,
    is_removed,
    not_permitted,
)
from ledger.sharing.erasing import judge_erasure
from ledger.sharing.granting import judge_delegation, judge_grant, judge_revocation

_ANSWERS: Final = frozenset({"endorse", "end"})


def is_sharing(act: Mapping[str, Any], agreements: Agreements) -> bool:
    """Whether an act is about what is judged here: else it is about relations, or a trade's."""
    kind = act.get("act")
    if kind in _ANSWERS:
        return act.get("of") in agreements.cases
    return kind in SHARING_ACTS


def judge_sharing(said: Said, around: Circumstances) -> Refusal | None:
    """Why the act may not be done here and now; None where it may.

    Args:
        said: an act of which :func:`is_sharing` is true.
        around: what stands before it.
    """
    faults = find_act_faults(said.facts) + find_sharing_faults(said.facts)
    if faults:
        detail = f"{faults[0].pointer}: expected {faults[0].expected}"
        return Refusal("invalid-claims", detail, faults)
    return _JUDGES[said.facts["act"]](said, around)


def apply_sharing(said: Said, agreements: Agreements) -> Agreements:
    """What is agreed after an act that was judged, or that the log holds all the same.

    Where the content of earlier records is not held, an act may build on what is not known: it
    is without effect then.
    """
    return _CHANGES[said.facts["act"]](said, agreements)


# ---- cases ----


def _judge_case(said: Said, around: Circumstances) -> Refusal | None:
    act, party = said.facts, said.party
    customer, supplier = act["customer"], act["supplier"]
    if party not in (customer, supplier) or customer == supplier:
        return not_permitted(
            f"expected a case of {party} with another party, found {customer} and {supplier}"
        )
    agreements = around.agreements
    alive = [agreements.cases[item] for item in agreements.live_cases.get((customer, supplier), ())]
    if len(alive) >= limits.CASES_LIVE_MAX:
        return not_permitted(
            f"expected at most {limits.CASES_LIVE_MAX} cases of the two that are not closed, found "
            f"{len(alive)}: close one"
        )
    if any(case.number == act["number"] for case in alive):
        fault = Fault("/state/number", "a number that no open case of the two has", act["number"])
        return Refusal(
            "not-permitted", f"case {act['number']} of the two is not closed yet", (fault,)
        )
    return judge_given(supplier if party == customer else customer, said.given)


def _judge_answer(said: Said, around: Circumstances) -> Refusal | None:
    case = around.agreements.cases.get(said.facts["of"])
    if case is None or said.party not in case.participants:
        return unknown_record(said.facts["of"])
    other = case.supplier if said.party == case.customer else case.customer
    if said.facts["act"] != "end":
        return _judge_acknowledgement(said.party, case) or judge_given(other, said.given)
    if case.closed_at is None and is_removed(other, around.fold):
        # Nobody else could end it any more, and nobody is there to be told.
        return None
    return _judge_end(said.party, case) or judge_given(other, said.given)


def _judge_end(party: str, case: Case) -> Refusal | None:
    if case.closed_at is not None:
        return not_permitted(f"expected a case that is open, found one closed at {case.closed_at}")
    is_waiting = case.acknowledged_at is None
    if party == case.customer or (is_waiting and party == case.opened_by):
        return None
    return not_permitted(f"expected the customer {case.customer} to close it, found {party}")


def _judge_acknowledgement(party: str, case: Case) -> Refusal | None:
    if case.closed_at is not None or case.acknowledged_at is not None:
        return not_permitted("expected a case that waits for its other side, found an answered one")
    if party == case.opened_by:
        return not_permitted(f"expected the other side to acknowledge it, found {party} itself")
    return None


# ---- holds ----


def _judge_hold(said: Said, around: Circumstances) -> Refusal | None:
    of = said.facts["of"]
    filed = around.known(of)
    if isinstance(filed, Refusal):
        return filed
    if said.party in (filed.owner, filed.issuer):
        return not_permitted("expected a hold on another party's record, found an own one")
    if not around.may_know(said.party, filed):
        return unknown_record(of)
    held = list(around.agreements.held(of))
    if any(hold.holder == said.party for hold in held):
        return not_permitted(f"{of} is held by {said.party} already")
    if len(held) >= limits.HOLDS_LIVE_PER_RECORD_MAX:
        return not_permitted(f"expected at most {limits.HOLDS_LIVE_PER_RECORD_MAX} holds on {of}")
    return judge_given(filed.owner, said.given)


def _judge_release(said: Said, around: Circumstances) -> Refusal | None:
    of = said.facts["of"]
    hold = around.agreements.holds.get(of)
    if hold is None or hold.holder != said.party:
        return unknown_record(of)
    if hold.released_at is not None:
        return not_permitted(f"{of} was released at entry {hold.released_at}")
    filed = around.known(hold.of)
    return filed if isinstance(filed, Refusal) else judge_given(filed.owner, said.given)


_JUDGES: Final[Mapping[str, Callable[[Said, Circumstances], Refusal | None]]] = {
    GRANT: judge_grant,
    DELEGATE: judge_delegation,
    REVOKE: judge_revocation,
    CASE: _judge_case,
    HOLD: _judge_hold,
    RELEASE: _judge_release,
    ERASE: judge_erasure,
    "endorse": _judge_answer,
    "end": _judge_answer,
}


# ---- changes ----


def _grant(said: Said, agreements: Agreements) -> Agreements:
    act = said.facts
    chosen = act.get("records") or {}
    grant = Grant(
        record_id=said.record_id,
        index=said.index,
        owner=said.party,
        granted_by=said.party,
        reader=act["reader"],
        opens=opens_of(act),
        purpose=act["purpose"],
        reads_from_ms=act["reads"]["from"],
        reads_until_ms=act["reads"]["until"],
        families=frozenset(act["families"]) if act.get("families") else None,
        records_from_ms=chosen.get("from"),
        records=frozenset(chosen["ids"]) if "ids" in chosen else None,
        case=act.get("case"),
        is_delegable=act["delegable"],
    )
    return agreements.with_grant(grant, at_ms=said.admitted_ms)


def _delegate(said: Said, agreements: Agreements) -> Agreements:
    act = said.facts
    found = agreements.grants.get(act["of"])
    if found is None or found.of is not None:
        return agreements
    period = act.get("reads") or {"from": found.reads_from_ms, "until": found.reads_until_ms}
    # Which records it is about is for the grant to say, which is asked as well: its own position
    # in the log must not restrict it further.
    is_open = found.records is None and found.records_from_ms is None
    delegation = replace(
        found,
        record_id=said.record_id,
        index=said.index,
        granted_by=said.party,
        reader=act["reader"],
        reads_from_ms=period["from"],
        reads_until_ms=period["until"],
        records_from_ms=0 if is_open else found.records_from_ms,
        is_delegable=False,
        of=found.record_id,
        revoked_at=None,
    )
    return agreements.with_grant(delegation, at_ms=said.admitted_ms)


def _revoke(said: Said, agreements: Agreements) -> Agreements:
    found = agreements.grants.get(said.facts["of"])
    if found is None or found.revoked_at is not None:
        return agreements
    return agreements.with_revocation(found.record_id, index=said.index)


def _open_case(said: Said, agreements: Agreements) -> Agreements:
    act = said.facts
    return agreements.with_case(
        Case(
            record_id=said.record_id,
            index=said.index,
            customer=act["customer"],
            supplier=act["supplier"],
            opened_by=said.party,
            number=act["number"],
        )
    )


def _answer_case(said: Said, agreements: Agreements) -> Agreements:
    case = agreements.cases.get(said.facts["of"])
    if case is None or case.closed_at is not None:
        return agreements
    if said.facts["act"] == "endorse" and said.facts["meaning"] == "approve":
        return agreements.with_case(replace(case, acknowledged_at=said.index))
    return agreements.with_case(replace(case, closed_at=said.index))


def _hold(said: Said, agreements: Agreements) -> Agreements:
    act = said.facts
    return agreements.with_hold(
        Hold(said.record_id, said.index, act["of"], said.party, act["reason"])
    )


def _release(said: Said, agreements: Agreements) -> Agreements:
    hold = agreements.holds.get(said.facts["of"])
    if hold is None or hold.released_at is not None:
        return agreements
    return agreements.with_hold(replace(hold, released_at=said.index))


def _erase(said: Said, agreements: Agreements) -> Agreements:
    act = said.facts
    return agreements.with_erasure(
        Erasure(
            record_id=said.record_id,
            index=said.index,
            of=act["of"],
            groups=frozenset(act["groups"]),
            by=said.party,
            basis=act["basis"],
        )
    )


_CHANGES: Final[Mapping[str, Callable[[Said, Agreements], Agreements]]] = {
    GRANT: _grant,
    DELEGATE: _delegate,
    REVOKE: _revoke,
    CASE: _open_case,
    HOLD: _hold,
    RELEASE: _release,
    ERASE: _erase,
    "endorse": _answer_case,
    "end": _answer_case,
}
