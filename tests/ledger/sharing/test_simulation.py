"""A policy tried out: who would see what, by the decision itself."""

from __future__ import annotations

import pytest

from ledger.policy import TYPES_OWN, PolicyDocument, TierRange
from ledger.policy_history import PolicyVersion, founding_history
from ledger.record_type import TIERS
from ledger.sharing.simulation import READERS, SimulatedRecord, simulate

pytestmark = pytest.mark.item("5.1.cli")

VCT = "sample-report/v1"
#: The lowest of the readers' classes that read a group of each tier.
SEEN_BY = {
    "public": set(READERS),
    "consortium": set(READERS) - {"public", "late-member"},
    "partner": {"auditor", "partner", "grantee", "authority", "case", "subject", "owner"},
    "restricted": {"grantee", "authority", "case", "subject", "owner"},
}


@pytest.mark.parametrize("tier", SEEN_BY)
def test_every_class_sees_what_its_rule_opens(tier: str) -> None:
    record = SimulatedRecord(VCT, (("lot", tier),), "charter")
    seen = simulate(record, founding_history("charter"))
    readers = {reader for reader, (decision,) in seen.items() if decision.is_readable}
    assert readers == SEEN_BY[tier]


def test_a_later_version_narrows_what_was_filed_before_it() -> None:
    span = TierRange("restricted", "restricted", "sealed")
    later = PolicyVersion("later", "default", 1, 1, "", "", PolicyDocument({(VCT, "lot"): span}))
    policies = founding_history("charter").with_version(later)
    filed_before = SimulatedRecord(VCT, (("lot", "partner"),), "charter")
    filed_under = SimulatedRecord(VCT, (("lot", "partner"),), "later")
    for record, tier in ((filed_before, "restricted"), (filed_under, "partner")):
        (decision,) = simulate(record, policies, ("partner",))["partner"]
        assert (decision.tier, decision.is_readable) == (tier, tier == "partner")


def test_what_would_open_a_group_is_said_where_it_is_closed() -> None:
    assert TYPES_OWN.ranges == {}
    record = SimulatedRecord(VCT, tuple((tier, tier) for tier in TIERS), "charter")
    seen = simulate(record, founding_history("charter"), ("public", "member"))
    closed = {item.group: item.needs for item in seen["member"] if not item.is_readable}
    assert closed["partner"] == ("relation", "grant")
    assert closed["restricted"] == ("grant",)
