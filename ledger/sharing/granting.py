"""Whether a grant, a delegation or a revocation is its signer's to give here and now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ledger import limits
from ledger.domain_state import Said
from ledger.faults import Fault, Refusal
from ledger.instants import tell_instant
from ledger.relations import CUSTOMER, judge_given, unknown_record
from ledger.sharing.act_forms import opens_of
from ledger.sharing.agreements import Grant
from ledger.sharing.circumstances import Circumstances, not_permitted
from ledger.sharing.openings import find_opening_faults, judge_period

_NAMED_MAX: Final = 5


def judge_grant(said: Said, around: Circumstances) -> Refusal | None:
    """An owner opens groups of its own records to one reader."""
    act = said.facts
    return (
        _judge_reader(act["reader"], said.party)
        or judge_given(act["reader"], said.given)
        or _refuse_faults(tuple(find_opening_faults(opens_of(act), around.fold.types)))
        or judge_period(act["reads"], now_ms=said.admitted_ms)
        or _judge_purpose(act["purpose"], around)
        or _judge_room(said.party, said, around)
        or _judge_filter(said, around)
    )


def judge_delegation(said: Said, around: Circumstances) -> Refusal | None:
    """The reader of a delegable grant opens it to its laboratory."""
    act = said.facts
    found = around.agreements.grants.get(act["of"])
    if found is None or said.party not in (found.owner, found.granted_by, found.reader):
        return unknown_record(act["of"])
    return (
        _judge_delegable(found, said)
        or _judge_reader(act["reader"], said.party, found.owner)
        or judge_given(act["reader"], said.given)
        or _judge_told(found.owner, said)
        or _judge_inside(found, act.get("reads"), now_ms=said.admitted_ms)
        or _judge_laboratory(said.party, act["reader"], around)
        or _judge_delegations(found, said, around)
    )


def judge_revocation(said: Said, around: Circumstances) -> Refusal | None:
    """The owner ends a grant or delegation, or a delegator its own."""
    of = said.facts["of"]
    found = around.agreements.grants.get(of)
    if found is None or said.party not in (found.owner, found.granted_by, found.reader):
        return unknown_record(of)
    if said.party not in (found.owner, found.granted_by):
        return not_permitted(f"expected {found.granted_by} to revoke it, found its reader")
    if found.revoked_at is not None:
        return not_permitted(f"{of} was revoked at entry {found.revoked_at}")
    refusal = judge_given(found.reader, said.given)
    if refusal or said.party == found.granted_by:
        return refusal
    return _judge_told(found.granted_by, said)


# ---- grants ----


def _judge_reader(reader: str, *others: str) -> Refusal | None:
    if reader not in others:
        return None
    fault = Fault("/state/reader", "a party that cannot read it already", reader)
    return _refuse_faults((fault,))


def _refuse_faults(faults: tuple[Fault, ...]) -> Refusal | None:
    if not faults:
        return None
    detail = f"{faults[0].pointer}: expected {faults[0].expected}, found {faults[0].found}"
    return Refusal("invalid-claims", detail, faults)


def _judge_purpose(purpose: str, around: Circumstances) -> Refusal | None:
    """A purpose is one of those that the newest policy of the consortium lists, if it lists any."""
    newest = around.fold.policies.newest()
    codes = [item.code for item in newest.document.purposes] if newest else []
    if not codes or purpose in codes:
        return None
    listed = " or ".join(codes[:_NAMED_MAX])
    fault = Fault("/state/purpose", f"a purpose of the policy in force, such as {listed}", purpose)
    return Refusal(
        "unknown-purpose", f"/state/purpose: expected {fault.expected}, found {purpose}", (fault,)
    )


def _judge_room(owner: str, said: Said, around: Circumstances) -> Refusal | None:
    reader = said.facts["reader"]
    found = around.agreements.live_between(owner, reader, at_ms=said.admitted_ms)
    if found < limits.GRANTS_LIVE_MAX:
        return None
    return not_permitted(
        f"expected at most {limits.GRANTS_LIVE_MAX} grants of {owner} to {reader} that have not "
        f"ended, found {found}: revoke one, one grant opens many types"
    )


def _judge_filter(said: Said, around: Circumstances) -> Refusal | None:
    """Cases and single records that a grant names are its signer's own."""
    case_id = said.facts.get("case")
    if case_id is not None:
        case = around.agreements.cases.get(case_id)
        if case is None or said.party not in case.participants:
            return unknown_record(case_id)
    ids = (said.facts.get("records") or {}).get("ids")
    return around.judge_owned(said.party, ids) if ids else None


# ---- delegations ----

#: The roles of whom a delegation may go to: a relation of two alone would let in anybody.
_MEASURING: Final = frozenset({"laboratory", "certifier"})


def _judge_delegable(found: Grant, said: Said) -> Refusal | None:
    if found.of is not None:
        return Refusal(
            "delegation-of-delegation",
            f"{found.record_id} is a delegation itself: expected a grant by {found.owner}",
        )
    if said.party != found.reader:
        return not_permitted(f"expected {found.reader}, its reader, to delegate it")
    if not found.is_delegable:
        return Refusal(
            "not-delegable",
            f"expected a grant that may be passed on, found that {found.owner} does not allow it",
        )
    if found.revoked_at is not None:
        return Refusal(
            "grant-expired",
            f"expected a grant in force, found one revoked at entry {found.revoked_at}",
        )
    return None


def _judge_told(party: str, said: Said) -> Refusal | None:
    """Whoever's word an act rests on, or ends, is among the addressees."""
    if party in said.to or party == said.party:
        return None
    fault = Fault("/address/to", f"{party} among the addressees", ", ".join(said.to))
    return _refuse_faults((fault,))


def _judge_inside(found: Grant, reads: Mapping[str, Any] | None, *, now_ms: int) -> Refusal | None:
    period = reads or {"from": found.reads_from_ms, "until": found.reads_until_ms}
    refusal = judge_period(period, now_ms=now_ms)
    if refusal:
        return refusal
    if found.reads_from_ms <= period["from"] and period["until"] <= found.reads_until_ms:
        return None
    span = f"{tell_instant(found.reads_from_ms)}..{tell_instant(found.reads_until_ms)}"
    expected = f"a period inside that of the grant, {span}"
    stated = f"{tell_instant(period['from'])}..{tell_instant(period['until'])}"
    fault = Fault("/state/reads", expected, stated)
    return Refusal("period-malformed", f"/state/reads: expected {expected}", (fault,))


def _judge_laboratory(delegator: str, reader: str, around: Circumstances) -> Refusal | None:
    found = around.relations.find_on_side(
        "laboratory", party=delegator, side=CUSTOMER, other=reader, family=None
    )
    party = around.fold.party(reader)
    if found and (party is None or party.roles.isdisjoint(_MEASURING)):
        return not_permitted(f"expected a laboratory or certifier by its roles, found {reader}")
    if found:
        return None
    return Refusal(
        "relation-not-in-force",
        f"expected {reader} to be the laboratory of {delegator} by a relation in force, found none",
    )


def _judge_delegations(found: Grant, said: Said, around: Circumstances) -> Refusal | None:
    alive = around.agreements.live_delegations(found.record_id, at_ms=said.admitted_ms)
    count = sum(1 for _ in alive)
    if count < limits.DELEGATIONS_LIVE_MAX:
        return _judge_room(found.owner, said, around)
    return not_permitted(
        f"expected at most {limits.DELEGATIONS_LIVE_MAX} delegations of it, found {count}: "
        "revoke one"
    )
