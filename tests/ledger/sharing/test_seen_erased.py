"""What is erased, in the counts of what others see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.grown_map import GrownMap
from ledger.policy_history import PolicyHistory
from ledger.sharing.agreements import Agreements, Erasure
from ledger.sharing.decision import ANYONE, SharingState
from ledger.sharing.filed import Filed
from ledger.sharing.seen import see_as

OWNER = "did:web:log.example:parties:owner"
RECORD, ACT = "r" * 43, "e" * 43
TIERS = (("verdict", "public"), ("lot", "partner"))
FILED = Filed(
    RECORD, 7, 1_000, "inspection-report/v1", OWNER, OWNER, None, TIERS, (), None, None, "p" * 43
)
STATE = SharingState(9, {}, PolicyHistory())


def erased(*groups: str) -> SharingState:
    """The state after an erasure of these groups."""
    act = Erasure(ACT, 8, RECORD, frozenset(groups), OWNER, "owner")
    agreements = Agreements(
        erasures=GrownMap([(ACT, act)]), erasures_of=GrownMap([(RECORD, GrownMap([(ACT, None)]))])
    )
    return replace(STATE, agreements=agreements)


@pytest.mark.item("5.9.page")
def test_what_is_erased_counts_as_shown_to_nobody() -> None:
    before, after = (
        {group.group: group for group in see_as([FILED], state, ANYONE, at_ms=2_000)}
        for state in (STATE, erased("verdict"))
    )
    assert (before["verdict"].shown, before["verdict"].erased) == (1, 0)
    assert (after["verdict"].shown, after["verdict"].erased) == (0, 1)
    assert (after["lot"].shown, after["lot"].erased) == (0, 0)
    assert after["lot"].needs == ("membership", "relation", "grant")
