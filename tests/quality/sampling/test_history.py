"""Which records the sampling of a part follows from, and what is looked at of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quality.deliveries.agreed import Filed, Lane
from quality.sampling.history import UNKNOWN_PART, erase_sampled
from tests.quality.sampling.filed import (
    CUSTOMER,
    LAB,
    LANE,
    OTHER,
    SUPPLIER,
    a_commit,
    a_laboratory,
    a_report,
    a_shipment,
    an_act,
    read_all,
)


def ids_of(records: list[Filed]) -> list[str]:
    """The ids of those that concern the part."""
    return [said.filed.record_id for said in read_all(records) if said.lane == LANE]


@pytest.mark.parametrize(
    ("given", "is_read"),
    [
        ({}, True),
        ({"stage": "in-process"}, True),
        ({"subject": OTHER}, False),
        ({"subject": None}, False),
        ({"by": SUPPLIER, "subject": CUSTOMER, "stage": "outgoing"}, False),
        ({"by": OTHER}, False),
        ({"lot": {"customer": OTHER}}, False),
        ({"lot": {"supplier": None}}, False),
        ({"lot": {"supplier": None, "inspected": {"party": SUPPLIER}}}, True),
    ],
)
def test_a_report_of_the_customer_concerns_the_part_where_the_supplier_reads_it(
    given: dict[str, Any], is_read: bool
) -> None:
    assert bool(ids_of([a_report(0, **given)])) is is_read


@pytest.mark.item("6.2.whose")
@pytest.mark.parametrize(
    ("given", "is_read"),
    [
        ({}, True),
        ({"to": []}, False),
        ({"subject": CUSTOMER}, False),
        ({"subject": CUSTOMER, "to": [SUPPLIER]}, True),
        ({"tiers": {"defects": "restricted"}}, False),
        ({"tiers": {"measurements": "restricted"}}, True),
        ({"tiers": {"lot": "consortium"}}, True),
    ],
)
def test_a_laboratorys_report_concerns_the_part_where_both_sides_read_it(
    given: dict[str, Any], is_read: bool
) -> None:
    report = a_report(2, **{"by": LAB, "to": [CUSTOMER], **given})
    assert bool(ids_of([*a_laboratory(0), report])) is is_read


@pytest.mark.item("6.2.whose")
def test_a_laboratory_is_one_while_its_relation_with_the_customer_is_in_force() -> None:
    reports = [a_report(index, by=LAB, to=[CUSTOMER]) for index in (1, 3, 5)]
    offer, answer = a_laboratory(0)
    answer = replace(answer, index=2, record_id="r2")
    records = [offer, reports[0], answer, reports[1], an_act(4, act="end", of="r0"), reports[2]]
    (found,) = read_all(records)
    assert (found.filed.record_id, found.basis) == ("r3", ("r0", "r2"))
    assert read_all([*a_laboratory(0, of=OTHER), reports[1]]) == []


def test_remarks_and_measurements_stay_behind() -> None:
    (found,) = read_all([a_report(0, defective=1)])
    assert found.filed.groups.keys() == {"manifest", "lot", "plan", "verdict", "defects"}
    assert "long words" not in str(found.filed.groups)


def test_shipments_concern_a_part_from_its_commit_on() -> None:
    records = [a_shipment(0), a_commit(1), a_shipment(2), a_shipment(3, subject=OTHER)]
    assert ids_of(records) == ["r1", "r2"]


@pytest.mark.parametrize(
    ("state", "is_read"),
    [
        ({"act": "skip-reveal", "of": "r0", "lot": "r9"}, True),
        ({"act": "skip-reveal", "of": "r8", "lot": "r9"}, False),
        ({"act": "end", "of": "r0"}, True),
        ({"act": "end", "of": "r8"}, False),
        ({"act": "skip-reveal", "of": "r0", "by": OTHER}, False),
    ],
)
def test_reveals_and_ends_concern_the_part_of_their_commit(
    state: dict[str, Any], is_read: bool
) -> None:
    assert ids_of([a_commit(0), an_act(1, **state)]) == ["r0", "r1"][: 1 + is_read]


@pytest.mark.parametrize("groups", [{"verdict"}, {"defects", "plan"}, {"lot"}, {"measurements"}])
def test_erased_and_read_again_comes_to_the_same(groups: set[str]) -> None:
    report = a_report(0)
    (found,) = read_all([report])
    left = {name: value for name, value in report.groups.items() if name not in groups}
    (again,) = read_all([replace(report, groups=left, erased=frozenset(groups))])
    assert erase_sampled(found, groups) == again
    assert erase_sampled(again, groups) == again


def test_of_a_report_whose_lot_was_erased_the_part_is_not_known() -> None:
    (found,) = read_all([a_report(0)])
    erased = erase_sampled(found, {"lot"})
    assert erased is not None
    assert erased.lane == Lane(CUSTOMER, SUPPLIER, UNKNOWN_PART)
    assert erased.filed.groups.keys() == {"manifest"}
