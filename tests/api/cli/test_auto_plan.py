"""Reports of readings get the plan that the rules accept, at the severity that is in force."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from api.cli.auto_plan import AutoPlan
from api.cli.drafts import Draft
from api.client_errors import ServerUnreachable
from ledger.compose import Filing
from quality.inspecting.plan import plan_faults
from quality.sampling.plan import Severity
from quality.sampling.specified import ClassSampling, class_plans
from quality.stated_plan import stated_plan
from tests.api.cli.tables import KINDS

VCT = "inspection-report/v1"
OWN, SUPPLIER = "did:web:x:parties:borealis", "did:web:x:parties:acme"
ISO = {"standard": "ISO 2859-1", "level": "II", "aql": "1.0"}
SPECIFICATION = {"characteristics": [{"number": "1", "class": "none", "sampling": ISO}]}


def a_report(quantity: str = "500", stage: str = "receiving", **more: Any) -> Draft:
    lot = {
        "number": "A",
        "part": "GR-1001",
        "quantity": quantity,
        "unit": "H87",
        "supplier": SUPPLIER,
        "specification": {"id": "SP-12", "revision": "B"},
    }
    verdict = {"decision": "accept", "decided_at": "2026-11-20T09:30:00Z", "stage": stage}
    return Draft(VCT, {"verdict": verdict, "lot": lot, **more}, Filing(), "row 2")


def planning(severity: str | None = None, *, is_asked: bool = True) -> AutoPlan:
    def told(part: Mapping[str, str]) -> Mapping[str, Any]:
        assert part == {"customer": OWN, "supplier": SUPPLIER, "part": "GR-1001"}
        if severity is None:
            raise ServerUnreachable("no answer")
        states = [("W9", "reduced"), (None, severity)]
        return {
            "states": [{"class": "major", "site": site, "severity": one} for site, one in states]
        }

    return AutoPlan(lambda _: SPECIFICATION, told, OWN, is_asked)


def classes(draft: Draft) -> dict[str, Any]:
    return {one["class"]: one for one in draft.groups["plan"]["classes"]}


@pytest.mark.parametrize(
    ("severity", "expected", "word"),
    [
        (None, (50, 1, 2, "normal"), "the severity in force was not told"),
        ("tightened", (80, 1, 2, "tightened"), "tightened, in force"),
    ],
)
def test_a_plan_is_that_of_the_specification_at_the_severity_in_force(
    severity: str | None, expected: tuple[object, ...], word: str
) -> None:
    plan = planning(severity)
    made = plan.plan(a_report(), KINDS[VCT])
    major = classes(made)["major"]
    names = ("sample", "accept", "reject", "severity")
    assert tuple(major[name] for name in names) == expected
    assert (major["letter_used"], made.groups["plan"]["standard"]) == (
        ("J", "ISO 2859-1") if severity else ("H", "ISO 2859-1")
    )
    assert classes(made)["critical"]["accept"] == 0
    assert not list(plan_faults(made.groups))
    assert any(word in note for note in plan.notes)
    assert any("/defects/inspected" in note for note in plan.notes)


@pytest.mark.parametrize("pieces", [1, 2, 15, 90, 500, 3_000, 200_000])
@pytest.mark.parametrize("severity", [*Severity])
@pytest.mark.parametrize("standard", ["c=0", "ISO 2859-1", "100 %"])
def test_every_plan_is_one_that_the_rules_accept(
    pieces: int, severity: Severity, standard: str
) -> None:
    asked = {
        "critical": ClassSampling("c=0", "II", Decimal("0.065")),
        "major": ClassSampling(standard, "II", Decimal("1.0")),
        "minor": ClassSampling(standard, "II", Decimal("2.5")),
    }
    groups = dict(a_report(str(pieces)).groups)
    groups["plan"] = stated_plan(
        class_plans(pieces, asked, severities=dict.fromkeys(asked, severity)), groups
    )
    assert list(plan_faults(groups)) == []


@pytest.mark.parametrize("quantity", ["0", "2.5"])
def test_a_lot_that_is_not_of_pieces_has_no_plan(quantity: str) -> None:
    made = planning().plan(a_report(quantity), KINDS[VCT])
    assert "plan" not in made.groups
    assert "expected a lot of whole pieces" in made.faults[0]


def test_a_plan_that_is_stated_stays() -> None:
    stated = a_report(plan={"standard": "contract"})
    assert planning("normal").plan(stated, KINDS[VCT]) is stated


@pytest.mark.parametrize(("stage", "is_told"), [("receiving", True), ("outgoing", False)])
def test_a_receiving_report_without_a_plan_is_told_that_it_does_not_count(
    stage: str, is_told: bool
) -> None:
    plan = planning(is_asked=False)
    draft = a_report(stage=stage)
    assert plan.plan(draft, KINDS[VCT]) is draft
    assert any("--plan auto" in note for note in plan.notes) == is_told
