"""Masters and deliveries: each refused value beside its allowed sibling."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from quality.rules import QualityRules
from tests.quality.examples import Json, changed, example, minimal, validator
from tests.quality.master_examples import CUSTOMER, MASTER_EXAMPLES, SUPPLIER

RULES = QualityRules()
SITE, PART, SPECIFICATION = "site/v1", "part/v1", "specification/v1"
REQUIREMENT, SHIPMENT, RECEIPT = "requirement/v1", "shipment/v1", "goods-receipt/v1"
STRANGER = "did:web:log.example:parties:suzhou-ceramics"
ATTRIBUTIVE = "/characteristics/1"
MEASURED = "/characteristics/0"
TABLES = {"standard": "ISO 2859-1", "level": "II", "aql": "0.65"}
DAY_SHIFT = {"days": ["mon"], "from": "06:00", "to": "14:00"}


class Case(NamedTuple):
    """An allowed and a refused value at one place; ``place`` is where the fault stands.

    ``given`` changes both.
    """

    vct: str
    pointer: str
    allowed: Json
    refused: Json
    place: str = ""
    given: tuple[tuple[str, Json], ...] = ()


CASES = [
    Case(SITE, "/identity/gln", "6901234500004", "6901234500005"),
    Case(SITE, "/identity/uscc", "91330200MA2AEXAMXX", "91330200MA2AEXAMXA"),
    Case(SITE, "/state/kind", "office", "plant", "/identity", (("/identity", {"name": {}}),)),
    Case(SITE, "/place/country", "CN", "ZZ"),
    Case(SITE, "/place/latitude", "90", "90.1"),
    Case(SITE, "/place/longitude", "-180", "-180.1"),
    Case(SITE, "/place/longitude", "0", ..., "/place"),
    Case(SITE, "/calendar/shifts/0/to", "05:59", "06:00"),
    Case(
        SITE,
        "/calendar/shifts/0/to",
        "24:00",
        "00:00",
        given=(("/calendar/shifts/0/from", "00:00"),),
    ),
    Case(SITE, "/calendar/shifts/0/from", "23:59", "24:00"),
    Case(SITE, "/calendar/working_days/0/on", "2026-10-10", "2026-10-01"),
    Case(SITE, "/contact/email", "a@b.example", ..., "/contact", (("/contact/phone", ...),)),
    Case(PART, "/state/supplier", SUPPLIER, CUSTOMER),
    Case(PART, "/detail/pieces_per_unit", "0.1", "0"),
    Case(PART, "/detail/pieces_per_unit", "1", "2", given=(("/state/unit", "H87"),)),
    Case(PART, "/detail/pieces_per_unit", "12", "1", given=(("/state/unit", "DZN"),)),
    Case(SPECIFICATION, f"{MEASURED}/upper", None, "0.975", f"{MEASURED}/lower"),
    Case(SPECIFICATION, f"{MEASURED}/lower", "0.9", None, MEASURED, ((f"{MEASURED}/upper", None),)),
    Case(SPECIFICATION, f"{ATTRIBUTIVE}/upper", None, "1", ATTRIBUTIVE),
    Case(SPECIFICATION, f"{ATTRIBUTIVE}/attributive", True, False, ATTRIBUTIVE),
    Case(SPECIFICATION, f"{MEASURED}/plausible/from", "0.975", "0.976", f"{MEASURED}/plausible"),
    Case(SPECIFICATION, f"{MEASURED}/plausible/to", "1.025", "1.024", f"{MEASURED}/plausible"),
    Case(SPECIFICATION, f"{MEASURED}/plausible/from", "0.5", "1.5"),
    Case(
        SPECIFICATION,
        f"{MEASURED}/sampling",
        {"standard": "100 %"},
        TABLES,
        f"{MEASURED}/sampling/standard",
    ),
    Case(
        SPECIFICATION,
        f"{MEASURED}/class",
        "none",
        "CC",
        f"{MEASURED}/sampling/standard",
        ((f"{MEASURED}/sampling", {"standard": "skip-lot"}),),
    ),
    Case(SPECIFICATION, f"{ATTRIBUTIVE}/sampling/aql", "0.65", ..., f"{ATTRIBUTIVE}/sampling"),
    Case(SPECIFICATION, f"{ATTRIBUTIVE}/sampling/aql", "0.01", "0"),
    Case(SPECIFICATION, f"{ATTRIBUTIVE}/sampling/aql", "0.65", "0.7"),
    Case(SPECIFICATION, f"{ATTRIBUTIVE}/sampling/aql", "1000", "1001"),
    Case(
        SPECIFICATION,
        f"{MEASURED}/sampling/aql",
        "10",
        "15",
        given=((f"{MEASURED}/sampling/aql", "1.0"),),
    ),
    Case(SPECIFICATION, f"{MEASURED}/gauge/resolution", "0.1", "0"),
    Case(SPECIFICATION, f"{ATTRIBUTIVE}/number", "V1", "D1"),
    Case(REQUIREMENT, "/limits/steps/0/days", ..., 1, "/limits/steps/0"),
    Case(REQUIREMENT, "/limits/steps/0/hours", 2, ..., "/limits/steps/0"),
    Case(REQUIREMENT, "/limits/steps/1/safety_hours", 24, 25),
    Case(REQUIREMENT, "/limits/steps/2/safety_hours", 168, 169),
    Case(REQUIREMENT, "/limits/steps/1/step", "D5", "ack"),
    Case(REQUIREMENT, "/targets/0/ppm", "1000000", "1000001"),
    Case(REQUIREMENT, "/targets/0/part", ..., "GR-1001", "/targets/0"),
    Case(REQUIREMENT, "/uploads/0/part", "GR-1001", ..., "/uploads/0"),
    Case(
        REQUIREMENT,
        "/calendars/0/shifts",
        [DAY_SHIFT],
        [DAY_SHIFT | {"to": "06:00"}],
        "/calendars/0/shifts/0/to",
    ),
    Case(SHIPMENT, "/goods/quantity", "500", "501"),
    Case(SHIPMENT, "/goods/lots/0/number", "A", "LG-2026-0418", "/goods/lots/1/number"),
    Case(SHIPMENT, "/goods/lots/0/manufactured_on", "2026-11-10", "2026-11-11"),
    Case(SHIPMENT, "/goods/packages/0", "376104250021234569", "376104250021234560"),
    Case(SHIPMENT, "/state/part/customer", CUSTOMER, SUPPLIER),
    Case(
        RECEIPT,
        "/goods/lots/1/quantity",
        "198",
        "198.5",
        "/goods/lots/1/quantity",
        (("/goods/quantity", "498"),),
    ),
    Case(RECEIPT, "/differences/0/quantity", "1", "0"),
]


def found(vct: str, groups: dict[str, Json]) -> list[str]:
    return [fault.pointer for fault in RULES.find_faults(vct, groups)]


def changed_or_not(groups: dict[str, Json], pointer: str, value: Json) -> dict[str, Json]:
    """As :func:`changed`; what is not there may be taken away, too."""
    try:
        return changed(groups, pointer, value)
    except KeyError:
        return groups


@pytest.mark.item("4.1")
@pytest.mark.item("4.2")
@pytest.mark.item("4.4")
@pytest.mark.item("4.5")
@pytest.mark.item("4.6")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.vct}:{case.pointer}")
def test_a_fault_is_told_from_its_allowed_sibling(case: Case) -> None:
    groups = example(case.vct)
    for pointer, value in case.given:
        groups = changed(groups, pointer, value)
    assert found(case.vct, changed_or_not(groups, case.pointer, case.allowed)) == []
    refused = changed(groups, case.pointer, case.refused)
    assert (case.place or case.pointer) in found(case.vct, refused)


@pytest.mark.parametrize("vct", MASTER_EXAMPLES)
def test_a_record_with_nothing_optional_has_no_faults_of_its_own(vct: str) -> None:
    groups = minimal(vct)
    if vct == SITE:
        groups = changed(groups, "/state/kind", "office")
    if vct == SPECIFICATION:
        groups = changed(groups, ATTRIBUTIVE, ...)
    assert found(vct, groups) == []


@pytest.mark.parametrize(("quantity", "is_whole"), [("1.5", True), ("1.0005", False)])
def test_thousands_of_pieces_are_whole_pieces(quantity: str, is_whole: bool) -> None:
    goods = {"quantity": quantity, "unit": "MIL", "lots": [{"number": "A", "quantity": quantity}]}
    groups = changed(example(SHIPMENT), "/goods", goods)
    assert validator(SHIPMENT).is_valid(groups)
    assert (found(SHIPMENT, groups) == []) == is_whole


def test_nothing_may_be_received_but_not_shipped() -> None:
    goods: Json = {"quantity": "0", "unit": "H87", "lots": []}
    assert found(RECEIPT, changed(example(RECEIPT), "/goods", goods)) == []
    assert found(SHIPMENT, changed(example(SHIPMENT), "/goods", goods)) == ["/goods/quantity"]


def given(to: list[str], *, owner: str, subject: str | None = None) -> dict[str, Json]:
    """The closed groups, as far as the rules read them."""
    return {
        "manifest": {"owner": owner, "subject": subject},
        "address": {"to": to, "links": {"cites": ["s" * 43]}},
    }


@pytest.mark.parametrize("vct", [PART, SPECIFICATION, REQUIREMENT, SHIPMENT, RECEIPT])
def test_a_record_of_two_parties_is_signed_by_one_and_given_to_the_other(vct: str) -> None:
    own, other = (SUPPLIER, CUSTOMER) if vct == SHIPMENT else (CUSTOMER, SUPPLIER)
    groups = example(vct)
    assert found(vct, groups | given([other], owner=own, subject=other)) == []
    assert found(vct, groups | given([other, STRANGER], owner=own, subject=other)) == []
    assert found(vct, groups | given([STRANGER], owner=own, subject=other)) == ["/address/to"]
    assert found(vct, groups | given([other], owner=own, subject=STRANGER)) == ["/manifest/subject"]
    # Who is addressed alone may not be able to read it.
    assert found(vct, groups | given([other], owner=own)) == ["/manifest/subject"]
    (place,) = found(vct, groups | given([other], owner=STRANGER, subject=other))
    assert place.endswith("/supplier" if vct == SHIPMENT else "/customer")


def test_a_receipt_cites_its_shipment() -> None:
    groups = example(RECEIPT) | given([SUPPLIER], owner=CUSTOMER, subject=SUPPLIER)
    assert found(RECEIPT, groups) == []
    groups = changed(groups, "/address/links/cites", ["t" * 43])
    assert found(RECEIPT, groups) == ["/address/links/cites"]


@pytest.mark.item("4.4.cited")
def test_a_special_characteristic_needs_limits_or_a_specification_that_has_them() -> None:
    vct = "inspection-report/v1"
    groups = example(vct)
    for name in ("nominal", "lower", "upper"):
        groups = changed(groups, f"/measurements/characteristics/1/{name}", ...)
    assert validator(vct).is_valid(groups)
    assert found(vct, groups) == ["/measurements/characteristics/1"]
    cited = changed(groups, "/lot/specification", {"id": "SP-1001", "revision": "C"})
    assert validator(vct).is_valid(cited)
    assert found(vct, cited) == []
    assert found(vct, changed(groups, "/lot", ...)) == []


def test_no_unit_is_confirmed_bad_where_no_fault_was_found() -> None:
    vct = "corrective-action/v1"
    for confirmed, places in ((0, []), (1, ["/closure/confirmed"])):
        closure = example(vct)["closure"] | {"responsible": "none-found", "confirmed": confirmed}
        groups = changed(example(vct), "/closure", closure)
        assert validator(vct).is_valid(groups)
        assert found(vct, groups) == places


@pytest.mark.item("4.done.kilograms")
@pytest.mark.item("4.2")
def test_a_part_in_kilograms_without_conversion_is_flagged_and_admitted() -> None:
    groups = example(PART)
    assert RULES.flags(PART, groups) == ()
    bare = changed(groups, "/detail/pieces_per_unit", ...)
    assert [flag.code for flag in RULES.flags(PART, bare)] == ["conversion-missing"]
    assert found(PART, bare) == []
    assert RULES.flags(PART, changed(bare, "/state/unit", "H87")) == ()
