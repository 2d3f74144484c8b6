"""What the decision table leaves to words: what counts as a tier, what is named, what is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from ledger.policy import PolicyDocument, TierRange
from ledger.policy_history import PolicyHistory, PolicyVersion, founding_history
from ledger.record_type import TIERS
from ledger.relations import Relation
from ledger.sharing.decision import Decision, decide, principal_of
from tests.ledger.sharing.reference import Question
from tests.ledger.sharing.scenes import (
    FAMILY,
    INDEX,
    ISSUER,
    LABORATORIES,
    NOW_MS,
    OTHER_SIDE,
    OWNER,
    READER,
    Scene,
    a_case,
    a_delegation,
    a_grant,
    agreements_of,
    relations_of,
    stage,
)

VCT: Final = "sample/v1"
GROUPS: Final = (("lot", "consortium"), ("recipe", "sealed"), ("values", "restricted"))
PLAIN: Final = Question("member", frozenset(), "before", "none", "none", "none")


def decided(scene: Scene, **state: object) -> Decision:
    """The decision of a scene whose state has something else."""
    changed = replace(scene.state, **state)  # type: ignore[arg-type]
    reader = principal_of(READER, replace(changed, relations=LABORATORIES))
    return decide(scene.filed, changed, reader, at_ms=NOW_MS)


def found(decision: Decision, group: str) -> tuple[str, str | None, tuple[str, ...]]:
    """Rule, record and needs of a group."""
    (item,) = (item for item in decision.groups if item.group == group)
    return item.rule, item.by, item.needs


def narrowed(*floors: str) -> PolicyHistory:
    """A charter's policy and later versions, each with this floor for the lot."""
    history = founding_history("charter")
    for number, floor in enumerate(floors, start=1):
        ranges = {(VCT, "lot"): TierRange(floor, floor, "sealed")}
        version = PolicyVersion(
            f"policy {number}", "default", number, number, "", "", PolicyDocument(ranges)
        )
        history = history.with_version(version)
    return history


@pytest.mark.item("5.1")
@pytest.mark.parametrize(
    ("floors", "tier"),
    [
        ((), "consortium"),
        (("public",), "consortium"),
        (("partner",), "partner"),
        (("restricted", "public"), "restricted"),
        (("public", "sealed"), "sealed"),
    ],
)
def test_later_versions_of_a_policy_only_narrow(floors: tuple[str, ...], tier: str) -> None:
    scene = stage(PLAIN, VCT, GROUPS)
    decision = decided(scene, tiers=narrowed(*floors))
    (lot,) = (item for item in decision.groups if item.group == "lot")
    assert (lot.tier, lot.is_readable) == (tier, TIERS.index(tier) <= 1)


def test_a_policy_of_another_name_narrows_nothing() -> None:
    ranges = {(VCT, "lot"): TierRange("sealed", "sealed", "sealed")}
    other = PolicyVersion("p", "another", 0, 1, "", "", PolicyDocument(ranges))
    tiers = founding_history("charter").with_version(other)
    assert "lot" in decided(stage(PLAIN, VCT, GROUPS), tiers=tiers).readable


@pytest.mark.item("5.bad.clock-edges")
@pytest.mark.parametrize(
    ("begun", "ended", "holds"),
    [
        (INDEX - 1, None, True),
        (INDEX, None, False),
        (INDEX - 2, INDEX, True),
        (INDEX - 2, INDEX - 1, False),
    ],
)
@pytest.mark.parametrize("is_customer", [True, False])
def test_a_relation_holds_for_entries_behind_it(
    begun: int, ended: int | None, holds: bool, *, is_customer: bool
) -> None:
    asked = replace_reader(PLAIN, "addressee")
    customer, provider = (READER, ISSUER) if is_customer else (ISSUER, READER)
    families = frozenset({FAMILY})
    relation = Relation("r", "supply", customer, provider, families, READER, 1, begun, ended)
    decision = decided(stage(asked, VCT, GROUPS), relations=relations_of(relation))
    assert found(decision, "address")[:2] == (("partner", "r") if holds else ("none", None))


def replace_reader(question: Question, *words: str) -> Question:
    """The question of a reader that is something else to the record."""
    return replace(question, reader=frozenset(words))


def test_the_word_that_opens_is_named() -> None:
    scene = stage(PLAIN, VCT, GROUPS)
    first, second = (
        replace(a_grant(OWNER, (VCT, frozenset({"values"}))), record_id=name, index=index)
        for name, index in (("first", 51), ("second", 52))
    )
    passed = a_delegation(replace(first, record_id="delegated"))
    assert found(decided(scene, agreements=agreements_of([second, first])), "values")[1] == "first"
    both = decided(scene, agreements=agreements_of([*passed, second]))
    assert found(both, "values")[:2] == ("grant", "second")
    alone = decided(scene, agreements=agreements_of(passed))
    assert found(alone, "values")[:2] == ("delegation", "delegation, delegated")


@pytest.mark.item("5.2.delegation")
def test_a_delegation_counts_in_both_periods_alone() -> None:
    scene = stage(PLAIN, VCT, GROUPS)
    grant, passed = a_delegation(a_grant(OWNER, (VCT, frozenset({"values"}))))
    for given, delegated, is_read in (
        (grant, passed, True),
        (replace(grant, reads_from_ms=NOW_MS + 1), passed, False),
        (grant, replace(passed, reads_from_ms=NOW_MS + 1), False),
        (grant, replace(passed, of="nothing"), False),
    ):
        decision = decided(scene, agreements=agreements_of([given, delegated]))
        assert ("values" in decision.readable) == is_read


def test_of_two_owners_the_record_s_own_is_named() -> None:
    scene = stage(replace(PLAIN, case="open"), VCT, GROUPS)
    opens = (VCT, frozenset({"values"}))
    case = a_case("open", OWNER, OTHER_SIDE)
    both = agreements_of([a_grant(OTHER_SIDE, opens), a_grant(OWNER, opens)], [case])
    assert found(decided(scene, agreements=both), "values")[:2] == ("grant", f"grant of {OWNER}")


def test_a_rejected_case_has_two_owners_and_no_readers() -> None:
    scene = stage(replace(replace_reader(PLAIN, "participant"), case="open"), VCT, GROUPS)
    case = replace(a_case("waiting", OWNER, READER), closed_at=70)
    assert found(decided(scene, agreements=agreements_of([], [case])), "values")[0] == "none"


@pytest.mark.item("5.done.leaks")
def test_that_a_record_is_of_a_case_is_told_to_readers_of_its_address() -> None:
    asked = replace(PLAIN, case="open", relation="in force")
    outside = decided(stage(asked, VCT, GROUPS))
    partner = decided(stage(replace_reader(asked, "addressee"), VCT, GROUPS))
    assert found(outside, "values")[2] == ("grant",)
    assert found(partner, "values")[2] == ("both-owners",)


def test_groups_are_told_in_one_order() -> None:
    groups = [item.group for item in decided(stage(PLAIN, VCT, GROUPS[::-1])).groups]
    assert groups == sorted(groups)
