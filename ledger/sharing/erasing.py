"""Whether groups of a record may be erased here and now.

Refused while they must be kept: under minimum retention, in a case that is not closed, under a
counterparty's hold, and for what the state of the log is read from.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ledger.domain_state import Said
from ledger.faults import Fault, Refusal
from ledger.instants import tell_instant
from ledger.relations import judge_given, unknown_record
from ledger.sharing.act_forms import BY_ORDER, BY_OWNER
from ledger.sharing.agreements import Case
from ledger.sharing.circumstances import Circumstances, not_permitted
from ledger.sharing.filed import Filed
from ledger.sharing.retention import ALWAYS_KEPT, days_kept

_DAY: Final = timedelta(days=1) // timedelta(milliseconds=1)


def judge_erasure(said: Said, around: Circumstances) -> Refusal | None:
    """The owner, or the operator by retention or order, has groups of a record erased."""
    act = said.facts
    filed = around.known(act["of"])
    if isinstance(filed, Refusal):
        return filed
    return (
        _judge_signer(said, filed, around)
        or _judge_groups(said, filed, around)
        or _judge_ground(said, filed, around)
        or _judge_kept(filed, around)
    )


def _judge_signer(said: Said, filed: Filed, around: Circumstances) -> Refusal | None:
    if said.facts["basis"] == BY_OWNER:
        return None if said.party == filed.owner else around.not_the_owner(said.party, filed)
    if said.party != around.operator:
        if not around.may_know(said.party, filed):
            return unknown_record(filed.record_id)
        return not_permitted(f"expected the operator {around.operator}, found {said.party}")
    return None if said.party == filed.owner else judge_given(filed.owner, said.given)


def _judge_groups(said: Said, filed: Filed, around: Circumstances) -> Refusal | None:
    groups = said.facts["groups"]
    kept = ALWAYS_KEPT | around.kept.get(filed.vct, frozenset())
    for group in groups:
        if group in kept:
            fault = Fault("/state/groups", "groups that nothing in force is read from", group)
            return Refusal("state-kept", f"{group} of {filed.vct} always stays", (fault,))
    defined = {group for group, _ in filed.tiers}
    strange = tuple(
        Fault("/state/groups", f"a group of {filed.vct}", group)
        for group in groups
        if group not in defined
    )
    if strange:
        detail = f"/state/groups: expected a group of {filed.vct}, found {strange[0].found}"
        return Refusal("invalid-claims", detail, strange)
    erased = around.agreements.erased(filed.record_id)
    for group in groups:
        if group in erased:
            return Refusal("already-erased", f"{group} was erased at entry {erased[group]}")
    return None


def _judge_ground(said: Said, filed: Filed, around: Circumstances) -> Refusal | None:
    if said.facts["basis"] == BY_ORDER:
        return _judge_order(said, filed, around)
    least, most = days_kept(filed, around.fold)
    days = least if said.facts["basis"] == BY_OWNER else most
    if days is None:
        return Refusal(
            "retention-not-over", f"no policy says when {filed.vct} is over: its owner may erase it"
        )
    over_ms = filed.admitted_ms + days * _DAY
    if said.admitted_ms >= over_ms:
        return None
    return Refusal(
        "retention-not-over",
        f"expected an erasure of {filed.vct} {days} days after its admission, from "
        f"{tell_instant(over_ms)} on, found {tell_instant(said.admitted_ms)}",
    )


def _judge_order(said: Said, filed: Filed, around: Circumstances) -> Refusal | None:
    """An order of the members stands above minimum retention, and for what it names alone."""
    order = around.fold.erasure_orders.get(said.facts["order"])
    groups = frozenset(said.facts["groups"])
    if order is None or order.of != filed.record_id or not groups <= order.groups:
        return not_permitted(
            f"expected an order in force to erase {sorted(groups)} of {filed.record_id}, found "
            f"{said.facts['order']}"
        )
    return None


def _judge_kept(filed: Filed, around: Circumstances) -> Refusal | None:
    found = around.keeps(filed)
    if isinstance(found, Case):
        return Refusal("case-open", f"it belongs to case {found.number}, which is not closed")
    if found is not None:
        return Refusal(
            "record-held", f"{found.holder} holds it since entry {found.index}: {found.reason[:80]}"
        )
    return None
