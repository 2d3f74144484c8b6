"""A reader makes the decision again: honest ones never differ, dishonest ones do where it shows."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest

from ledger.record_type import TIERS
from ledger.sharing.decision import Decision, GroupDecision, decide
from ledger.sharing.filed import Filed
from ledger.sharing.recompute import AGREES, DIFFERS, LOG_WORD, KnownAct, ShownRecord, recompute
from tests.ledger.sharing.reference import Question
from tests.ledger.sharing.scenes import (
    CASES,
    EARLIER,
    FAMILY,
    ISSUER,
    NOW_MS,
    OTHER_SIDE,
    OWNER,
    POSITIONS,
    READER,
    stage,
)

pytestmark = pytest.mark.item("5.3.signed")

VCT = "sample/v1"
GROUPS = tuple((f"of_{tier}", tier) for tier in TIERS)
NAMES = [name for name, _ in GROUPS]
RELATION = KnownAct(
    "relation",
    20,
    READER,
    {
        "act": "relation",
        "kind": "supply",
        "customer": READER,
        "provider": ISSUER,
        "families": [FAMILY],
    },
)
GRANT = KnownAct(
    f"grant of {OWNER}",
    EARLIER,
    OWNER,
    {
        "act": "grant",
        "reader": READER,
        "opens": [{"type": VCT, "groups": NAMES}],
        "purpose": "audit",
        "reads": {"from": 0, "until": NOW_MS * 2},
        "delegable": False,
    },
)
OTHER_GRANT = KnownAct(f"grant of {OTHER_SIDE}", GRANT.index, OTHER_SIDE, {**GRANT.state})
CASE = KnownAct(
    "case",
    60,
    OWNER,
    {"act": "case", "customer": READER, "supplier": OWNER, "number": "8D-7"},
)
ACTS: Mapping[str, KnownAct] = {act.record_id: act for act in (RELATION, GRANT, OTHER_GRANT)}


def shown_of(filed: Filed, names: frozenset[str]) -> ShownRecord:
    """What a reader of these groups was shown."""
    groups = {
        "manifest": {
            "owner": filed.owner,
            "subject": filed.subject,
            "groups": dict(filed.tiers),
        },
        "address": {"to": list(filed.to), "case": filed.case, "family": filed.family},
    }
    return ShownRecord(
        record_id=filed.record_id,
        index=filed.index,
        admitted_ms=filed.admitted_ms,
        vct=filed.vct,
        issuer=filed.issuer,
        policy=filed.policy,
        groups={name: value for name, value in groups.items() if name in names},
    )


def asked(question: Question) -> tuple[Decision, ShownRecord]:
    """An honest decision, and what its reader was shown."""
    scene = stage(question, VCT, GROUPS)
    decision = decide(scene.filed, scene.state, scene.reader, at_ms=NOW_MS)
    return decision, shown_of(scene.filed, decision.readable)


def verdicts(decision: Decision, record: ShownRecord, **acts: KnownAct) -> dict[str, str]:
    """The findings by group."""
    return dict(recompute(decision, record, {**ACTS, **acts}))


@pytest.mark.parametrize("position", POSITIONS, ids=lambda position: " ".join(sorted(position)))
def test_no_honest_decision_differs(position: frozenset[str]) -> None:
    known: dict[str, KnownAct] = {"case": CASE} if "participant" in position else {}
    for standing, joined, case, relation, opened in product(
        ("member", "suspended"),
        ("before", "after"),
        CASES[:3],
        ("none", "in force"),
        ("none", "granted", "delegated", "ordered"),
    ):
        question = Question(standing, position, joined, case, relation, opened)
        decision, record = asked(question)
        for acts in ({**ACTS, **known}, {}):
            found = dict(recompute(decision, record, acts))
            assert DIFFERS not in found.values(), question


PLAIN = Question("member", frozenset({"addressee"}), "before", "none", "in force", "granted")


def test_what_follows_from_what_is_known_agrees() -> None:
    decision, record = asked(PLAIN)
    assert set(verdicts(decision, record).values()) == {AGREES}


def test_what_rests_on_an_unknown_act_is_the_log_s_word() -> None:
    decision, record = asked(PLAIN)
    found = dict(recompute(decision, record, {RELATION.record_id: RELATION}))
    assert (found["of_restricted"], found["of_partner"]) == (LOG_WORD, AGREES)


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "issuer", "by": None},
        {"rule": "subject", "by": None},
        {"by": RELATION.record_id},
        {"rule": "partner", "by": RELATION.record_id},
    ],
)
def test_a_decision_that_does_not_follow_differs(change: dict[str, object]) -> None:
    decision, record = asked(PLAIN)
    forged = edited(decision, "of_restricted", **change)
    assert verdicts(forged, record)["of_restricted"] == DIFFERS


def edited(decision: Decision, group: str, **change: object) -> Decision:
    """The decision with something else about a group."""
    groups: tuple[GroupDecision, ...] = tuple(
        item._replace(**change) if item.group == group else item  # type: ignore[arg-type]
        for item in decision.groups
    )
    return decision._replace(groups=groups)


def test_what_may_have_been_revoked_since_is_the_log_s_word() -> None:
    decision, record = asked(PLAIN)
    withheld = {"is_readable": False, "rule": "none", "by": None, "needs": ("grant",)}
    told = edited(decision, "of_restricted", **withheld)
    assert verdicts(told, record)["of_restricted"] == LOG_WORD


def test_a_tier_below_the_stated_one_differs() -> None:
    decision, record = asked(PLAIN)
    forged = edited(decision, "of_restricted", tier="partner", rule="partner", by="relation")
    assert verdicts(forged, record)["of_restricted"] == DIFFERS


def test_an_own_record_that_is_withheld_differs() -> None:
    decision, record = asked(Question("member", frozenset({"issuer"}), "before", *["none"] * 3))
    change = {"is_readable": False, "rule": "none", "by": None, "needs": ("grant",)}
    forged = edited(decision, "of_restricted", **change)
    assert verdicts(forged, record)["of_restricted"] == DIFFERS
    hidden = shown_of(stage(PLAIN, VCT, GROUPS).filed, frozenset())
    assert verdicts(decision, hidden)["of_restricted"] == DIFFERS


def test_a_decision_under_another_policy_differs() -> None:
    decision, record = asked(PLAIN)
    assert set(verdicts(decision._replace(policy="x"), record).values()) == {DIFFERS}


def test_acts_of_another_form_are_passed_over() -> None:
    decision, record = asked(PLAIN)
    odd = KnownAct(GRANT.record_id, 50, OWNER, {"act": "grant", "reader": 7})
    found = dict(recompute(decision, record, {odd.record_id: odd, "x": RELATION}))
    assert found["of_restricted"] == DIFFERS
