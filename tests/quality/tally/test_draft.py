"""The draft that a tally ends as is a report that its type and the trade's rules take as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quality.errors import TallyUndecided
from quality.rules import QualityRules
from quality.sampling.counting import class_count
from quality.tally.draft import Frame, draft_report
from quality.tally.fold import Tallied
from quality.tally.plan import ClassPlan, TallyPlan
from tests.quality.examples import validator
from tests.quality.tally.tallies import (
    ATTRIBUTES,
    MAJOR,
    MEASURED,
    MINOR,
    after,
    defect,
    good,
    measured,
)

pytestmark = pytest.mark.item("6.4.draft")

REPORT = "inspection-report/v1"
CUSTOMER = "did:web:log.example:parties:acme"
LOT = {
    "number": "L-1",
    "part": "GR-1",
    "quantity": "100",
    "unit": "H87",
    "customer": CUSTOMER,
    "supplier": "did:web:log.example:parties:gears",
}
FRAME = Frame(LOT, "receiving", "2026-11-20T09:30:00Z")


def draft(plan: TallyPlan, tallied: Tallied) -> dict[str, Any]:
    """A draft that would be admitted."""
    groups = draft_report(plan, tallied, FRAME)
    assert validator(REPORT).is_valid(groups)
    roles = frozenset({"oem"})
    assert QualityRules().judge(REPORT, groups, issuer=CUSTOMER, roles=roles) == ()
    return groups


def test_an_accepted_lot_is_drafted_whole() -> None:
    tallied = after(
        MEASURED,
        measured("1", "10.01", operator="op-7", at="2026-11-20T09:00:00Z"),
        measured("2", "10.03", cavity="4"),
        good("1"),
        good("2"),
        good(2),
        defect("5", "minor", "SURF-SCRATCH", 2),
    )
    groups = draft(MEASURED, tallied)
    assert groups["verdict"]["decision"] == "accept"
    assert "minor: 1 defective of 5, below the rejection number 3" in groups["verdict"]["remark"]
    assert groups["defects"] == {
        "inspected": 5,
        "defective": 1,
        "items": [{"code": "SURF-SCRATCH", "class": "minor", "units": 1, "nonconformities": 2}],
    }
    (summary,) = groups["summary"]["characteristics"]
    assert (summary["count"], summary["mean"], summary["deviation"]) == (2, "10.02000", "0.0141421")
    assert summary["ppk"]["value"] == "1.886"
    (diameter,) = groups["measurements"]["characteristics"]
    assert (diameter["lower"], diameter["upper"], diameter["class"]) == ("9.90", "10.10", "none")
    assert diameter["values"][0] == {
        "value": "10.01",
        "piece": "1",
        "operator": "op-7",
        "at": "2026-11-20T09:00:00Z",
    }


def test_no_limit_is_typed_where_a_specification_is_cited() -> None:
    (typed,), (cited,) = (
        draft(plan, after(plan, *readings))["measurements"]["characteristics"]
        for plan, readings in (
            (MEASURED, _whole()),
            (replace(MEASURED, is_cited=True), _whole()),
        )
    )
    assert {"nominal", "lower", "upper"} <= typed.keys()
    assert not {"nominal", "lower", "upper"} & cited.keys()


def _whole() -> list[Any]:
    return [measured("1", "10.01"), measured("2", "10.03"), good("1"), good("2"), good(3)]


def test_the_plan_of_the_report_is_that_of_the_tally() -> None:
    groups = draft(ATTRIBUTES, after(ATTRIBUTES, good(5)))
    plan = groups["plan"]
    assert (plan["standard"], plan["sample"], plan["whole_lot"]) == ("ISO 2859-1", 5, False)
    assert (plan["level"], plan["severity"]) == ("S-3", "normal")
    assert plan["classes"][0] == {
        "class": "critical",
        "aql": "0.65",
        "accept": 0,
        "reject": 1,
        "sample": 3,
        "defective": 0,
        "severity": "normal",
        "arrow": "none",
    }


def test_a_lot_that_is_not_accepted_says_why_and_that_inspection_stopped() -> None:
    groups = draft(ATTRIBUTES, after(ATTRIBUTES, good("1"), defect("2", "critical")))
    remark = groups["verdict"]["remark"]
    assert groups["verdict"]["decision"] == "reject"
    assert "critical: 1 defective, the rejection number 1 is reached" in remark
    assert "stopped once it was certain: 2 of 5 pieces inspected" in remark
    assert "已达到拒收数" in remark


def test_an_undecided_lot_has_no_draft() -> None:
    with pytest.raises(TallyUndecided, match="4 of 5 pieces inspected, 1 to go"):
        draft(ATTRIBUTES, after(ATTRIBUTES, good(4)))


def test_only_who_inspected_every_piece_says_that_the_lot_was_inspected_whole() -> None:
    plan = TallyPlan(3, (ClassPlan("major", "100 %", 3, accept=0, reject=1, whole_lot=True),))
    frame = replace(FRAME, lot={**LOT, "quantity": "3"})
    whole = draft_report(plan, after(plan, good(3)), frame)["plan"]
    stopped = draft_report(plan, after(plan, defect("1", "major")), frame)["plan"]
    assert (whole["standard"], whole["whole_lot"], stopped["whole_lot"]) == ("100 %", True, False)


def test_above_aql_10_the_report_counts_what_the_tally_counted() -> None:
    counting = replace(MINOR, aql="15", counts_nonconformities=True)
    plan = TallyPlan(100, (MAJOR, counting))
    readings = [defect("1", "minor", "PACK", 2)]
    groups = draft(plan, after(plan, *readings, good(4)))
    minor = groups["plan"]["classes"][1]
    found = class_count(groups, minor)
    assert found == (2, 2)
    assert (minor["defective"], groups["verdict"]["decision"]) == (1, "accept")
    rejected = draft(plan, after(plan, *readings, defect("1", "minor", "SURF")))
    assert rejected["verdict"]["decision"] == "reject"
    assert class_count(rejected, rejected["plan"]["classes"][1]) == (3, 3)


def test_a_defect_beside_a_worse_one_is_told_in_the_remark() -> None:
    tallied = after(ATTRIBUTES, good(4), defect("5", "major"), defect("5", "minor", "PACK"))
    groups = draft(ATTRIBUTES, tallied)
    assert [item["class"] for item in groups["defects"]["items"]] == ["major"]
    assert "counted in a worse class: minor PACK" in groups["verdict"]["remark"]
