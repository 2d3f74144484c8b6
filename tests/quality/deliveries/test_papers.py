"""What records say of deliveries, and what is agreed on conversions and sides."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from quality.deliveries.agreed import AgreedRecords, Filed, Lane
from quality.deliveries.papers import CaseRecord, Paper, read_paper
from tests.quality.deliveries.papers import CUSTOMER, OTHER, SUPPLIER

PART = {"customer": CUSTOMER, "supplier": SUPPLIER, "number": "P-1", "revision": "A"}


def filed(vct: str, groups: dict[str, Any], *, by: str, to: str, index: int = 0) -> Filed:
    """An admitted record to one addressee."""
    shared = {"manifest": {"subject": to, "corrects": None}, "address": {"to": [to]}}
    return Filed(index, f"r{index}", by, vct, {**shared, **groups})


def a_shipment(*, unit: str = "H87", to: str = CUSTOMER, by: str = SUPPLIER) -> Filed:
    """A shipment of 12.5 units in two lots."""
    groups = {
        "state": {"shipment": "S-1", "part": PART, "site": "W", "shipped_on": "2026-10-05"},
        "goods": {
            "quantity": "12.5",
            "unit": unit,
            "lots": [{"number": "L-1", "quantity": "12"}, {"number": "L-2", "quantity": "0.5"}],
        },
    }
    return filed("shipment/v1", groups, by=by, to=to)


def a_part(index: int, *, per_unit: str | None = "40", unit: str = "KGM") -> Filed:
    """A part with a conversion."""
    state = {"number": "P-1", "customer": CUSTOMER, "supplier": SUPPLIER, "unit": unit}
    detail = {} if per_unit is None else {"pieces_per_unit": per_unit}
    groups = {"state": state, "detail": detail}
    return filed("part/v1", groups, by=CUSTOMER, to=SUPPLIER, index=index)


def an_act(index: int, *, by: str, **state: Any) -> Filed:
    """An act."""
    to = SUPPLIER if by == CUSTOMER else CUSTOMER
    return filed("act/v1", {"state": state}, by=by, to=to, index=index)


def an_endorsement(index: int, of: str, *, by: str = SUPPLIER) -> Filed:
    """An approval."""
    return an_act(index, by=by, act="endorse", of=of, meaning="approve")


def agreed(*records: Filed) -> AgreedRecords:
    """What is in force after these records."""
    found = AgreedRecords()
    for record in records:
        found.apply(record)
    return found


def pieces_of(shipment: Filed, *records: Filed) -> Decimal | None:
    """How many pieces a shipment is, where these records came before."""
    paper = read_paper(shipment, agreed(*records))
    assert isinstance(paper, Paper)
    return paper.pieces


def test_a_counting_unit_needs_no_part() -> None:
    assert pieces_of(a_shipment()) == Decimal("12.5")


def test_kilograms_are_converted_by_the_part() -> None:
    paper = read_paper(a_shipment(unit="KGM"), agreed(a_part(1), an_endorsement(2, "r1")))
    assert isinstance(paper, Paper)
    assert (paper.pieces, paper.basis, paper.lots) == (Decimal(500), ("r1", "r2"), ("L-1", "L-2"))


def test_a_unit_of_the_same_quantity_is_brought_to_the_unit_of_the_part() -> None:
    records = (a_part(1), an_endorsement(2, "r1"))
    assert pieces_of(a_shipment(unit="TNE"), *records) == 500_000
    assert pieces_of(a_shipment(unit="GRM"), *records) == Decimal("0.5")


@pytest.mark.parametrize(
    "records",
    [
        (),
        (a_part(1),),
        (a_part(1), an_endorsement(2, "r1", by=OTHER)),
        (a_part(1, per_unit=None), an_endorsement(2, "r1")),
        (a_part(1, per_unit="0"), an_endorsement(2, "r1")),
        (a_part(1, unit="MTR"), an_endorsement(2, "r1")),
    ],
)
def test_without_a_conversion_in_force_there_are_no_pieces(records: tuple[Filed, ...]) -> None:
    assert pieces_of(a_shipment(unit="KGM"), *records) is None


def test_nothing_of_a_unit_without_conversion_is_no_pieces() -> None:
    shipped = a_shipment(unit="KGM")
    goods = {"quantity": "0", "unit": "KGM", "lots": []}
    assert pieces_of(replace(shipped, groups={**shipped.groups, "goods": goods})) == 0


def test_a_newer_revision_that_is_in_force_converts() -> None:
    old = (a_part(1), an_endorsement(2, "r1"))
    newer = a_part(3, per_unit="20")
    assert pieces_of(a_shipment(unit="KGM"), *old, newer) == 500
    assert pieces_of(a_shipment(unit="KGM"), *old, newer, an_endorsement(4, "r3")) == 250


@pytest.mark.parametrize(("to", "by"), [(OTHER, SUPPLIER), (CUSTOMER, OTHER), (SUPPLIER, CUSTOMER)])
def test_what_not_both_sides_were_given_says_nothing(to: str, by: str) -> None:
    assert read_paper(a_shipment(to=to, by=by), agreed()) is None


def test_what_lacks_a_group_says_nothing() -> None:
    whole = a_shipment()
    for group in ("state", "goods"):
        rest = {name: value for name, value in whole.groups.items() if name != group}
        assert read_paper(Filed(0, "r0", SUPPLIER, whole.vct, rest), agreed()) is None


def a_case(*, by: str, to: str) -> Filed:
    """A complaint about a part."""
    problem = {
        "complaint": "C-1",
        "part": "P-1",
        "opened_at": "2026-10-31T23:30:00+08:00",
        "lots": ["L-1"],
        "found": 4,
    }
    closure = {"closed_at": "2026-11-30T10:00:00Z", "result": "x", "responsible": "supplier"}
    groups = {"problem": problem, "closure": closure}
    return filed("corrective-action/v1", groups, by=by, to=to)


SUPPLY = an_act(
    1,
    by=CUSTOMER,
    act="relation",
    kind="supply",
    customer=CUSTOMER,
    provider=SUPPLIER,
    families=["f"],
)


@pytest.mark.parametrize(
    "records",
    [(SUPPLY, an_endorsement(2, "r1")), (a_part(3), an_endorsement(4, "r3"))],
    ids=["relation", "part"],
)
@pytest.mark.parametrize(("by", "to"), [(CUSTOMER, SUPPLIER), (SUPPLIER, CUSTOMER)])
def test_who_buys_is_read_off_what_was_agreed(records: tuple[Filed, ...], by: str, to: str) -> None:
    case = read_paper(a_case(by=by, to=to), agreed(*records))
    assert isinstance(case, CaseRecord)
    assert case.lane == Lane(CUSTOMER, SUPPLIER, "P-1")


def test_a_supply_that_has_ended_still_tells_who_bought() -> None:
    ended = an_act(3, by=SUPPLIER, act="end", of="r1", reason="over")
    case = read_paper(
        a_case(by=SUPPLIER, to=CUSTOMER), agreed(SUPPLY, an_endorsement(2, "r1"), ended)
    )
    assert isinstance(case, CaseRecord)
    assert case.lane == Lane(CUSTOMER, SUPPLIER, "P-1")


def test_of_two_who_buy_from_each_other_who_opens_a_case_buys() -> None:
    back = an_act(
        3,
        by=SUPPLIER,
        act="relation",
        kind="supply",
        customer=SUPPLIER,
        provider=CUSTOMER,
        families=["f"],
    )
    both = (SUPPLY, an_endorsement(2, "r1"), back, an_endorsement(4, "r3", by=CUSTOMER))
    for by, to in ((CUSTOMER, SUPPLIER), (SUPPLIER, CUSTOMER)):
        case = read_paper(a_case(by=by, to=to), agreed(*both))
        assert isinstance(case, CaseRecord)
        assert case.lane == Lane(by, to, "P-1")


@pytest.mark.parametrize("by", [CUSTOMER, SUPPLIER])
@pytest.mark.parametrize(
    "records",
    [(), (SUPPLY,), (a_part(3),), (SUPPLY, an_endorsement(2, "r1"))],
    ids=["nothing", "offered", "proposed", "of others"],
)
def test_where_nothing_was_agreed_a_case_counts_nothing(
    records: tuple[Filed, ...], by: str
) -> None:
    other = CUSTOMER if by == SUPPLIER else SUPPLIER
    to = OTHER if len(records) == 2 else other
    assert read_paper(a_case(by=by, to=to), agreed(*records)) is None


def test_units_that_are_not_confirmed_in_number_are_those_found() -> None:
    supplied = agreed(SUPPLY, an_endorsement(2, "r1"))
    case = read_paper(a_case(by=CUSTOMER, to=SUPPLIER), supplied)
    assert isinstance(case, CaseRecord)
    assert case.closure is not None
    assert (case.closure.confirmed, case.opened_on.isoformat()) == (4, "2026-10-31")
