"""Whatever a party filed before, what others file meanwhile is judged by a few look-ups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ledger import limits
from ledger.domain_state import Said
from ledger.faults import Refusal
from ledger.grown_map import GrownMap
from ledger.relations import Relations
from quality.in_force import specifications as specification_bounds
from quality.in_force.parts import PARTS_WAITING_MAX
from quality.in_force.requirements import REQUIREMENTS_WAITING_MAX
from quality.masters import Masters
from quality.near_codes import near_known
from tests.quality.master_stories import OEM, OTHER, SUPPLIER, TRADE

pytestmark = pytest.mark.item("4.2")
PAIR: tuple[str, str] = (OEM.did, SUPPLIER.did)
SUPPLY = {"act": "relation", "kind": "supply", "customer": OEM.did, "provider": SUPPLIER.did}


class Unwalked(dict[str, Any]):
    """A mapping that is looked up in and never gone through."""

    def __iter__(self) -> Iterator[str]:
        """Refuse."""
        raise AssertionError("gone through")


def said(index: int, vct: str, *, by: str = OEM.did, **facts: Any) -> Said:
    """A record at an index, whose id is told by it."""
    return Said(
        index=index,
        admitted_ms=0,
        record_id=f"r{index}",
        party=by,
        vct=vct,
        to=(SUPPLIER.did if by == OEM.did else OEM.did,),
        subject=None,
        family=None,
        corrects=None,
        facts={"codes": [], **facts} if vct != "act/v1" else facts,
    )


def a_part(index: int, number: str) -> Said:
    state = {"number": number, "revision": "A", "customer": OEM.did, "supplier": SUPPLIER.did}
    state |= {"family": "GEARS", "unit": "H87"}
    return said(index, "part/v1", state={**state, "safety": False}, pieces=None)


def a_requirement(index: int, code: str) -> Said:
    state = {"requirement": code, "customer": OEM.did, "supplier": SUPPLIER.did}
    state |= {"revision": "1", "in_force_from": "2026-01-01"}
    return said(index, "requirement/v1", state={**state, "families": []})


def a_specification(index: int, code: str, revision: str) -> Said:
    state = {"specification": code, "part": "P", "customer": OEM.did, "supplier": SUPPLIER.did}
    state |= {"revision": revision, "in_force_from": "2026-01-01"}
    return said(index, "specification/v1", state=state)


@pytest.fixture
def masters() -> Masters:
    """A supply relation over gears, and a part proposed under it."""
    return applied(
        Masters(),
        said(0, "act/v1", **SUPPLY, families=["GEARS"]),
        said(1, "act/v1", by=SUPPLIER.did, act="endorse", of="r0", meaning="approve"),
        a_part(2, "P"),
    )


def applied(masters: Masters, *records: Said) -> Masters:
    for record in records:
        masters = masters.apply(record, TRADE.fold)
    return masters


def judged(masters: Masters, record: Said) -> str | None:
    refusal: Refusal | None = masters.judge(record, TRADE.fold)
    return refusal.code if refusal else None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("PART-O7000", ("PART-07000",)),
        ("part-07000", ("PART-07000",)),
        ("PART-70000", ("PART-07000",)),
        ("PART-7000", ("PART-07000",)),
        ("PART-070000", ("PART-07000",)),
        ("X" * 1000, ()),
    ],
)
def test_of_many_codes_the_near_ones_are_looked_up(wanted: str, found: tuple[str, ...]) -> None:
    known = Unwalked((f"PART-{number:05}", 1) for number in range(7000, 7100))
    assert near_known(wanted, known)[:1] == found
    assert near_known("WIDGET1", {"WIDGET-2": 1, "B": 2}) == ("WIDGET-2",)


def test_a_refused_shipment_goes_through_none_of_a_thousand_parts(masters: Masters) -> None:
    masters = applied(masters, *(a_part(at, f"PART-{at:05}") for at in range(10, 1010)))
    unknown = {"part": {"customer": OEM.did, "supplier": SUPPLIER.did, "number": "PART-O0500"}}
    shipped = said(2000, "shipment/v1", by=SUPPLIER.did, state=unknown, unit=[None, "/"])
    assert judged(masters, shipped) is None
    yes = said(1999, "act/v1", by=SUPPLIER.did, act="endorse", of="r2", meaning="approve")
    refusal = applied(masters, yes).judge(shipped, TRADE.fold)
    assert refusal is not None
    assert (refusal.code, "such as PART-00500" in refusal.detail) == ("unknown-part", True)


def test_only_so_many_parts_wait_for_one_supplier(masters: Masters) -> None:
    assert masters.parts.waiting[PAIR] == 1
    full = GrownMap([(PAIR, PARTS_WAITING_MAX)])
    crowded = replace(masters, parts=replace(masters.parts, waiting=full))
    assert judged(crowded, a_part(9, "Q")) == "not-permitted"
    # What takes the place of a proposal adds none.
    assert judged(crowded, a_part(9, "P")) is None
    answer = said(9, "act/v1", by=SUPPLIER.did, act="endorse", of="r2", meaning="reject")
    assert judged(applied(crowded, answer), a_part(10, "Q")) is None
    again = applied(masters, a_part(9, "P"))
    assert again.parts.waiting[PAIR] == 1


def test_only_so_many_requirements_wait_for_one_supplier(masters: Masters) -> None:
    codes = range(10, 10 + REQUIREMENTS_WAITING_MAX)
    crowded = applied(masters, *(a_requirement(at, f"R{at}") for at in codes))
    assert judged(crowded, a_requirement(9000, "R")) == "not-permitted"
    answer = said(9000, "act/v1", by=SUPPLIER.did, act="endorse", of="r10", meaning="approve")
    assert judged(applied(crowded, answer), a_requirement(9001, "R")) is None


def test_a_part_has_only_so_many_specifications_and_revisions(masters: Masters) -> None:
    most = specification_bounds.SPECIFICATIONS_OF_A_PART_MAX
    codes = (a_specification(at, f"S{at}", "1") for at in range(10, 10 + most))
    crowded = applied(masters, *codes)
    assert judged(crowded, a_specification(999, "S", "1")) == "not-permitted"
    assert judged(crowded, a_specification(999, "S10", "2")) is None
    revisions = range(1000, 999 + specification_bounds.REVISIONS_MAX)
    crowded = applied(crowded, *(a_specification(at, "S10", str(at)) for at in revisions))
    assert judged(crowded, a_specification(9999, "S10", "2")) == "not-permitted"
    assert judged(crowded, a_specification(9999, "S11", "2")) is None


def test_only_so_many_relations_of_two_parties_are_alive() -> None:
    relations = Relations()
    offer = {**SUPPLY, "families": ["GEARS"]}
    for at in range(limits.RELATIONS_LIVE_MAX):
        assert relations.judge(OEM.did, offer, to=[SUPPLIER.did]) is None
        relations = relations.apply(OEM.did, offer, record_id=f"o{at}", index=2 * at)
        yes = {"act": "endorse", "of": f"o{at}", "meaning": "approve"}
        relations = relations.apply(SUPPLIER.did, yes, record_id=f"y{at}", index=2 * at + 1)
    refusal = relations.judge(OEM.did, offer, to=[SUPPLIER.did])
    assert refusal is not None
    assert refusal.code == "not-permitted"
    end = {"act": "end", "of": "o0", "reason": "over"}
    relations = relations.apply(OEM.did, end, record_id="e", index=9_999)
    assert relations.judge(OEM.did, offer, to=[SUPPLIER.did]) is None


def test_offers_that_ended_are_not_gone_through_for_an_inspection(masters: Masters) -> None:
    about = {"customer": OEM.did, "supplier": SUPPLIER.did, "number": "P", "revision": None}
    inspected = said(
        99,
        "inspection-report/v1",
        by=OTHER.did,
        part=about,
        kind="x",
        day="2026-02-01",
        specification={"id": "S", "revision": "1"},
        limits=[],
        unit=[None, "/"],
    )
    lent: dict[str, Any] = {**SUPPLY, "kind": "laboratory", "provider": OTHER.did, "families": []}
    knowing = applied(
        masters,
        said(3, "act/v1", **lent),
        said(4, "act/v1", by=OTHER.did, act="endorse", of="r3", meaning="approve"),
        a_specification(5, "S", "1"),
    )
    # What ended is listed there alone; to whom it is looked for, it has none.
    knowing = replace(knowing, relations=replace(knowing.relations, by_pair=GrownMap()))
    assert judged(knowing, inspected) is None
    assert judged(applied(masters, a_specification(5, "S", "1")), inspected) == (
        "unknown-specification"
    )
