"""What the counts of a lot mean under its plans."""

from __future__ import annotations

from decimal import Decimal

import pytest

from quality.sampling.c_zero import c_zero_plan
from quality.sampling.plan import Plan, Severity, plan_for
from quality.sampling.verdict import judge_lot


def _plans(severity: Severity = Severity.NORMAL) -> dict[str, Plan]:
    return {
        "critical": c_zero_plan(2400, level="II", aql=Decimal("0.65")),
        "major": plan_for(2400, level="II", aql=Decimal("2.5"), severity=severity),
    }


@pytest.mark.parametrize(
    ("major", "decision", "words"),
    [(7, "accept", "at most Ac, accepted"), (8, "reject", "Re reached, not accepted")],
)
def test_a_lot_is_judged_by_its_acceptance_number(major: int, decision: str, words: str) -> None:
    verdict = judge_lot(_plans(), {"major": major})
    assert verdict.decision == decision
    assert verdict.reasons[1].en == f"{major} major (n = 125, Ac 7, Re 8): {words}"
    assert [reason.defect_class for reason in verdict.reasons] == ["critical", "major"]


@pytest.mark.parametrize(("critical", "decision"), [(0, "accept"), (1, "reject")])
def test_one_critical_unit_is_enough_and_makes_a_case_due(critical: int, decision: str) -> None:
    """Whatever the acceptance number says, as with a plan that a contract has for the class."""
    plans = {"critical": plan_for(2400, level="II", aql=Decimal("2.5"))}
    verdict = judge_lot(plans, {"critical": critical})
    assert (verdict.decision, verdict.case_due) == (decision, critical == 1)
    assert verdict.reasons[0].zh.startswith("致命")


@pytest.mark.item("6.2.reduced")
@pytest.mark.parametrize(
    ("major", "decision", "ends"), [(3, "accept", False), (4, "accept", True), (6, "reject", False)]
)
def test_in_the_gap_of_reduced_inspection_a_lot_is_accepted_and_normal_follows(
    major: int, decision: str, ends: bool
) -> None:
    verdict = judge_lot(_plans(Severity.REDUCED), {"major": major})
    assert (verdict.decision, verdict.to_normal) == (
        decision,
        frozenset({"major"} if ends else ()),
    )


@pytest.mark.parametrize(
    ("severity", "decision"), [("normal", "accept"), ("discontinued", "reject")]
)
def test_while_inspection_is_discontinued_nothing_is_accepted(severity: str, decision: str) -> None:
    verdict = judge_lot(_plans(Severity(severity)), {})
    assert verdict.decision == decision


@pytest.mark.parametrize(("minor", "decision"), [(0, "accept"), (1, "reject")])
def test_a_class_without_a_plan_allows_nothing(minor: int, decision: str) -> None:
    assert judge_lot(_plans(), {"minor": minor}).decision == decision


@pytest.mark.parametrize("major", [-1, 126])
def test_counts_are_of_the_sample(major: int) -> None:
    with pytest.raises(ValueError, match=f"found {major}"):
        judge_lot(_plans(), {"major": major})
