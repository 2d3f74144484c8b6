"""Which inspection counts, and what each class of a report was."""

from __future__ import annotations

from typing import Any

import pytest

from quality.in_force.parts import PartKey
from quality.sampling.observed import Observed, observe
from quality.sampling.severity import Severity
from quality.sampling.switching import At, SamplingKey
from tests.quality.examples import HANFENG, LINDQVIST, example

PART = PartKey(HANFENG, LINDQVIST, "GR-1001")


def at(index: int) -> At:
    return At(index, f"{index:043}")


def a_report(**changes: object) -> dict[str, Any]:
    """The example of a receiving inspection; a name ``lot__site`` changes that place."""
    groups = example("inspection-report/v1")
    for name, value in changes.items():
        group, _, member = name.partition("__")
        if member:
            groups[group] = {**groups[group], member: value}
        elif value is None:
            del groups[group]
        else:
            groups[group] = value
    return groups


def seen(groups: dict[str, Any]) -> Observed:
    return observe(at(7), PART, groups)


def test_the_receivers_inspection_counts_for_each_class_that_its_plan_names() -> None:
    found = seen(a_report(lot__inspected={"party": LINDQVIST, "site": "Arvika"}))
    assert found.reason is None
    assert list(found.by_key()) == [
        SamplingKey(PART, "Arvika", "critical"),
        SamplingKey(PART, "Arvika", "major"),
    ]
    major = found.lots["major"]
    assert (major.is_accepted, major.is_original, major.accept) == (True, True, 1)
    assert (major.severity, major.at) == (Severity.NORMAL, at(7))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"verdict__stage": "outgoing"}, "not-receiving"),
        ({"verdict__stage": "in-process"}, "not-receiving"),
        ({"verdict__stage": "first-article"}, "not-receiving"),
        ({"plan__standard": "skip-lot"}, "skipped"),
        ({"plan__skipped_by": "r" * 43}, "skipped"),
        ({"plan__classes": []}, "no-class"),
        ({"plan": None}, "no-class"),
        ({"verdict": None}, "not-told"),
    ],
)
def test_a_report_that_does_not_count_says_why_in_both_languages(
    changes: dict[str, object], code: str
) -> None:
    found = seen(a_report(**changes))
    assert found.reason is not None
    assert (found.reason.code, dict(found.lots)) == (code, {})
    assert found.reason.en
    assert found.reason.zh


@pytest.mark.item("6.2.whose")
def test_a_resubmitted_lot_is_no_original_inspection() -> None:
    found = seen(a_report(lot__resubmission_of="r" * 43))
    assert [lot.is_original for lot in found.lots.values()] == [False, False]


def items(**units: int) -> list[dict[str, object]]:
    return [
        {"code": f"C-{name}", "class": name, "units": number, "nonconformities": number}
        for name, number in units.items()
    ]


@pytest.mark.parametrize(
    ("decision", "found", "accepted"),
    [
        ("accept", {"major": 1}, (True, True)),
        ("reject", {"major": 2}, (True, False)),
        ("reject", {"critical": 1, "major": 1}, (False, True)),
        # No number says for which class the lot was turned away.
        ("reject", {"major": 1}, (False, False)),
        ("conditional", {"major": 2}, (True, False)),
    ],
)
def test_a_lot_is_turned_away_for_the_classes_whose_number_is_reached(
    decision: str, found: dict[str, int], accepted: tuple[bool, bool]
) -> None:
    defects = {"inspected": 80, "defective": sum(found.values()), "items": items(**found)}
    report = seen(a_report(verdict__decision=decision, defects=defects))
    lots = report.lots
    assert (lots["critical"].is_accepted, lots["major"].is_accepted) == accepted


@pytest.mark.parametrize(
    ("accept", "units", "passes"),
    [(2, 1, True), (2, 2, False), (3, 2, True), (5, 3, True), (5, 4, False), (21, 14, True)],
)
def test_a_lot_passes_one_step_tighter_by_the_acceptance_number_before_its_own(
    accept: int, units: int, passes: bool
) -> None:
    classes = [{"class": "minor", "aql": "2.5", "accept": accept, "reject": accept + 1}]
    defects = {"inspected": 80, "defective": units, "items": items(minor=units)}
    lot = seen(a_report(plan__classes=classes, defects=defects)).lots["minor"]
    assert lot.passes_tighter is passes
    # Where the defects are not shown, nobody knows.
    hidden = seen(a_report(plan__classes=classes, defects=None)).lots["minor"]
    assert hidden.passes_tighter is None


@pytest.mark.parametrize("severity", ["reduced", "normal", None])
@pytest.mark.parametrize(("units", "is_in_gap"), [((1,), False), ((2,), True), ((2, 2), True)])
def test_an_accepted_lot_above_its_acceptance_number_is_in_the_gap(
    units: tuple[int, ...], is_in_gap: bool, severity: str | None
) -> None:
    """Whatever severity it names, and where its items may add up to the rejection number too."""
    planned: dict[str, object] = {"class": "major", "aql": "1.0", "accept": 1, "reject": 4}
    planned |= {"severity": severity} if severity else {}
    found = [item for count in units for item in items(major=count)]
    defects = {"inspected": 80, "defective": sum(units), "items": found}
    lot = seen(a_report(plan__classes=[planned], defects=defects)).lots["major"]
    assert (lot.is_accepted, lot.is_in_gap) == (True, is_in_gap)


@pytest.mark.parametrize(("reject", "is_in_gap"), [(4, True), (2, False)])
def test_where_the_defects_are_not_shown_an_accepted_lot_may_be_in_the_gap_if_there_is_one(
    reject: int, is_in_gap: bool
) -> None:
    planned = {"class": "major", "aql": "1.0", "accept": 1, "reject": reject}
    lot = seen(a_report(plan__classes=[planned], defects=None)).lots["major"]
    assert lot.is_in_gap is is_in_gap


def of_two_classes(stated: dict[str, int], **units: tuple[int, ...]) -> Observed:
    """A lot that was not accepted, by plans with Ac 2 for major and minor."""
    classes = [
        {"class": name, "aql": "1.0", "accept": 2, "reject": 3}
        | ({"defective": stated[name]} if name in stated else {})
        for name in ("major", "minor")
    ]
    found = [
        item for name, counts in units.items() for one in counts for item in items(**{name: one})
    ]
    told = sum(one for counts in units.values() for one in counts)
    defects = {"inspected": 80, "defective": told, "items": found}
    changes = {"plan__classes": classes, "defects": defects, "verdict__decision": "reject"}
    return seen(a_report(**changes))


@pytest.mark.parametrize(
    ("stated", "major", "minor", "accepted"),
    [
        ({}, (2,), (2, 2), (True, False)),
        ({}, (2, 2), (3,), (False, False)),
        ({"major": 2}, (2, 2), (3,), (True, False)),
        ({"major": 3}, (2, 2), (3,), (False, False)),
    ],
)
def test_a_class_that_may_have_reached_its_rejection_number_was_not_accepted(
    stated: dict[str, int],
    major: tuple[int, ...],
    minor: tuple[int, ...],
    accepted: tuple[bool, bool],
) -> None:
    """What its plan states decides; a class below it was not what the lot was turned away for."""
    lots = of_two_classes(stated, major=major, minor=minor).lots
    assert (lots["major"].is_accepted, lots["minor"].is_accepted) == accepted


def test_a_class_in_the_gap_is_not_what_a_lot_was_turned_away_for() -> None:
    classes = [
        {"class": name, "aql": "1.0", "accept": 1, "reject": 4, "severity": "reduced"}
        for name in ("major", "minor")
    ]
    defects = {"inspected": 20, "defective": 6, "items": items(major=2, minor=4)}
    changes = {"plan__classes": classes, "defects": defects, "verdict__decision": "reject"}
    lots = seen(a_report(**changes)).lots
    assert [(lot.is_accepted, lot.is_in_gap) for lot in lots.values()] == [
        (True, True),
        (False, False),
    ]


@pytest.mark.parametrize(("stated", "passes"), [({}, False), ({"defective": 1}, True)])
def test_a_lot_passes_one_step_tighter_only_where_that_is_certain(
    stated: dict[str, int], passes: bool
) -> None:
    planned = {"class": "minor", "aql": "2.5", "accept": 2, "reject": 3, **stated}
    defects = {"inspected": 80, "defective": 2, "items": [*items(minor=1), *items(minor=1)]}
    lot = seen(a_report(plan__classes=[planned], defects=defects)).lots["minor"]
    assert lot.passes_tighter is passes


@pytest.mark.parametrize(("aql", "passes"), [("10", True), ("15", False)])
def test_above_an_aql_of_ten_nonconformities_are_counted(aql: str, passes: bool) -> None:
    planned = {"class": "minor", "aql": aql, "accept": 5, "reject": 6}
    found = [{"code": "C", "class": "minor", "units": 1, "nonconformities": 4}]
    defects = {"inspected": 13, "defective": 1, "items": found}
    lot = seen(a_report(plan__classes=[planned], defects=defects)).lots["minor"]
    assert lot.passes_tighter is passes


@pytest.mark.item("6.2.whose")
@pytest.mark.parametrize(("inspected", "is_complete"), [(80, True), (79, False)])
def test_a_sample_that_was_broken_off_accepts_nothing(inspected: int, is_complete: bool) -> None:
    defects = {"inspected": inspected, "defective": 0, "items": []}
    lots = seen(a_report(defects=defects)).lots.values()
    assert {lot.is_complete for lot in lots} == {is_complete}


def test_defective_units_of_no_item_may_be_of_any_class() -> None:
    defects = {"inspected": 80, "defective": 79, "items": []}
    lots = seen(a_report(verdict__decision="accept", defects=defects)).lots.values()
    assert {(lot.is_in_gap, bool(lot.passes_tighter)) for lot in lots} == {(True, False)}


def test_a_lot_turned_away_without_naming_a_class_is_one_of_every_class() -> None:
    lots = seen(a_report(verdict__decision="reject", plan__classes=[])).lots
    assert [(name, lot.is_accepted) for name, lot in lots.items()] == [
        ("critical", False),
        ("major", False),
        ("minor", False),
    ]


def test_another_delivery_of_a_lot_is_another_lot() -> None:
    names = {
        seen(groups).lots["major"].lot
        for groups in (
            a_report(),
            a_report(lot__site="Wuhan"),
            a_report(lot__shipment="s" * 43),
            # Free text: whoever writes another note has no other lot.
            a_report(lot__delivery_note="LS-1"),
        )
    }
    assert len(names) == 2
