"""Versions of policies, and the tiers that they leave: later ones only narrow."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.fold import PublicFold
from ledger.policy import PolicyDocument, Retention, TierRange
from ledger.policy_history import PolicyHistory, PolicyVersion, founding_history
from ledger.record_type import TIERS, document_digest
from tests.ledger.governance_documents import sign_policy
from tests.ledger.parties import Plan, a_consortium, record_id_of
from tests.ledger.sample_types import SAMPLE_VCT

pytestmark = pytest.mark.item("5.1")

FOUNDED = a_consortium(Plan(thresholds={"policy": 1}))
(FIRST, *_) = FOUNDED.parties.values()
CHARTER = FOUNDED.fold.charter_id


def with_floors(*floors: str | None, name: str = "default") -> PolicyHistory:
    """A history in which each version after the charter's has one floor, None for no word."""
    history = founding_history(CHARTER)
    for at, floor in enumerate(floors, start=1):
        ranges = {(SAMPLE_VCT, "lot"): TierRange(floor, floor, "sealed")} if floor else {}
        version = history.next_version(name)
        history = history.with_version(
            PolicyVersion(f"p{at}", name, version, at, "", "", PolicyDocument(ranges))
        )
    return history


def tier(history: PolicyHistory, policy: str, stated: str) -> str:
    return history.tier(policy, SAMPLE_VCT, "lot", stated=stated)


def a_policy(floor: str) -> str:
    span = f'{{"floor":"{floor}","default":"{floor}","ceiling":"restricted"}}'
    return f'{{"types":{{"{SAMPLE_VCT}":{{"lot":{span}}}}}}}'


def after(*policies: tuple[str, str]) -> tuple[PublicFold, list[str]]:
    """The fold after policies of (name, floor), and their record ids."""
    texts = [sign_policy(FOUNDED, FIRST, a_policy(floor), name=name) for name, floor in policies]
    return FOUNDED.after(*texts).fold, [record_id_of(text) for text in texts]


def test_the_fold_keeps_name_order_index_and_text_of_every_policy() -> None:
    fold, (first, other, second) = after(
        ("default", "public"), ("Tight", "partner"), ("default", "consortium")
    )
    versions = fold.policies.versions("default")
    assert [found.record_id for found in versions] == [CHARTER, first, second]
    assert [found.version for found in versions] == [0, 1, 2]
    assert [found.index for found in versions] == [0, FOUNDED.size, FOUNDED.size + 2]
    assert fold.policies.newest() == versions[-1]
    assert versions[-1].text == a_policy("consortium")
    assert versions[-1].sha256 == document_digest(a_policy("consortium"))
    assert [found.record_id for found in fold.policies.versions("Tight")] == [other]
    assert len(fold.policies) == 3


@pytest.mark.parametrize(
    ("filed", "expected"),
    [(0, "partner"), (1, "partner"), (2, "public")],
)
def test_a_record_is_narrowed_by_the_versions_after_its_own_only(filed: int, expected: str) -> None:
    fold, ids = after(("default", "consortium"), ("default", "partner"))
    policies = [CHARTER, *ids]
    assert tier(fold.policies, policies[filed], "public") == expected


def test_a_policy_of_another_name_narrows_nothing() -> None:
    fold, (tight,) = after(("Tight", "restricted"))
    assert tier(fold.policies, CHARTER, "public") == "public"
    assert tier(fold.policies, tight, "partner") == "partner"
    assert tier(fold.policies, "of another log", "partner") == "partner"
    assert fold.policies.tier(CHARTER, SAMPLE_VCT, "manifest", stated="consortium") == "consortium"


def test_a_later_version_that_is_wider_again_opens_nothing() -> None:
    history = with_floors("restricted", "public", None)
    assert tier(history, CHARTER, "public") == "restricted"
    assert tier(history, "p1", "public") == "public"


@given(st.lists(st.none() | st.sampled_from(TIERS), max_size=6))
def test_the_tier_is_the_stated_one_or_the_highest_floor_that_came_later(
    floors: list[str | None],
) -> None:
    history = with_floors(*floors)
    for filed, stated in product(range(len(floors) + 1), TIERS):
        later = [stated, *(floor for floor in floors[filed:] if floor)]
        policy = f"p{filed}" if filed else CHARTER
        assert tier(history, policy, stated) == max(later, key=TIERS.index)


def test_a_history_that_was_kept_stays_as_it_was() -> None:
    before = with_floors("consortium")
    later = PolicyDocument({(SAMPLE_VCT, "lot"): TierRange("sealed", "sealed", "sealed")})
    after_it = before.with_version(PolicyVersion("p2", "default", 2, 2, "", "", later))
    assert tier(before, CHARTER, "public") == "consortium"
    assert tier(after_it, CHARTER, "public") == "sealed"


def test_retention_is_said_by_the_policy_that_a_record_names() -> None:
    document = PolicyDocument({}, retention={SAMPLE_VCT: Retention(30, 60)})
    history = founding_history(CHARTER).with_version(
        PolicyVersion("p1", "default", 1, 9, "", "", document)
    )
    assert history.retention("p1", SAMPLE_VCT) == Retention(30, 60)
    assert history.retention("p1", "other/v1") == Retention()
    assert history.retention(CHARTER, SAMPLE_VCT) == Retention()
