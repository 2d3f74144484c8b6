"""How many units of a class a report may say are defective, and what that decides."""

from __future__ import annotations

import pytest

from quality.rules import QualityRules
from tests.quality.examples import Json, example

INSPECTION = "inspection-report/v1"
RULES = QualityRules()
MAJOR = {"code": "BURR", "class": "major", "units": 1, "nonconformities": 1}


def two_kinds(*units: int, nonconformities: int = 0, **of_class: Json) -> dict[str, Json]:
    """An accepted lot with units of class major in two items, by a plan with Ac 1."""
    groups = example(INSPECTION)
    kinds = [
        MAJOR | {"code": code, "units": count, "nonconformities": max(nonconformities, count)}
        for code, count in zip(("BURR", "SCRATCH"), units, strict=True)
    ]
    groups["defects"] = {"inspected": 80, "defective": 4, "items": kinds}
    groups["plan"]["classes"][1] |= of_class
    return groups


@pytest.mark.parametrize(
    ("stated", "places"),
    [
        (1, ["/plan/classes/1/defective"]),
        (2, []),
        (4, []),
        (5, ["/plan/classes/1/defective"]),
    ],
)
def test_the_units_of_a_class_lie_between_the_largest_item_and_the_sum(
    stated: int, places: list[str]
) -> None:
    groups = two_kinds(2, 2, defective=stated)
    groups["verdict"]["decision"] = "reject"
    assert [fault.pointer for fault in RULES.find_faults(INSPECTION, groups)] == places


def test_the_units_that_a_class_states_decide_where_its_items_overlap() -> None:
    assert RULES.find_faults(INSPECTION, two_kinds(1, 1)) == ()
    assert RULES.find_faults(INSPECTION, two_kinds(1, 1, defective=1)) == ()
    (fault,) = RULES.find_faults(INSPECTION, two_kinds(1, 1, defective=2))
    assert fault.expected == "not accept, 2 major units being the rejection number"


@pytest.mark.parametrize(("nonconformities", "is_refused"), [(2, False), (3, True)])
def test_above_an_aql_of_ten_an_accepted_lot_is_judged_by_its_nonconformities(
    nonconformities: int, is_refused: bool
) -> None:
    groups = two_kinds(1, 1, nonconformities=nonconformities)
    groups["plan"] = {
        "standard": "ISO 2859-1",
        "sample": 2,
        "whole_lot": False,
        "classes": [{"class": "major", "aql": "65", "accept": 5, "reject": 6}],
    }
    groups["defects"] |= {"inspected": 2, "defective": 2}
    found = RULES.find_faults(INSPECTION, groups)
    expected = ["not accept, 6 major nonconformities being the rejection number"] * is_refused
    assert [fault.expected for fault in found] == expected
