"""What deliveries are counted by is what admission holds to be in force."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.identifiers import Origin
from ledger.domain_state import Said
from ledger.fold_state import PublicFold
from quality.deliveries.agreed import AgreedRecords, Filed, Lane
from quality.facts import record_facts
from quality.masters import Masters
from quality.units import pieces
from quality.values import exact
from tests.quality.deliveries.papers import CUSTOMER, OTHER, SUPPLIER

FOLD: Final = PublicFold(Origin("log.example"))
PARTIES: Final = (CUSTOMER, SUPPLIER, OTHER)
NUMBERS: Final = ("P-1", "P-2")
QUANTITY: Final = Decimal("2.5")

_pairs = st.sampled_from(list(permutations(PARTIES, 2))[:4])
_steps = st.lists(
    st.tuples(
        st.sampled_from(["offer", "part", "part", "approve", "approve", "reject", "end"]),
        _pairs,
        st.sampled_from(NUMBERS),
        st.sampled_from(["KGM", "TNE", "MTR"]),
        st.sampled_from([None, "4", "0.5"]),
        st.integers(1, 4),
    ),
    max_size=25,
)


def filed(index: int, step: Any) -> Filed:
    """The record of a step; an answer is about the record that many entries before it."""
    kind, (party, other), number, unit, per_unit, back = step
    if kind == "part":
        state = {
            "number": number,
            "revision": "A",
            "customer": party,
            "supplier": other,
            "family": "f",
            "unit": unit,
            "safety": False,
        }
        detail = {"pieces_per_unit": per_unit} if per_unit else {}
        return Filed(index, f"r{index}", party, "part/v1", {"state": state, "detail": detail})
    act: dict[str, Any] = {"act": "endorse", "of": f"r{index - back}", "meaning": kind}
    if kind == "end":
        act = {"act": "end", "of": f"r{index - back}", "reason": "over"}
    elif kind == "offer":
        sides = {"customer": party, "provider": other}
        act = {"act": "relation", "kind": "supply", **sides, "families": ["f"]}
    return Filed(index, f"r{index}", party, "act/v1", {"state": act})


def said(record: Filed) -> Said:
    """The same record as admission sees it."""
    facts = record_facts(record.vct, record.groups)
    assert facts is not None
    return Said(
        index=record.index,
        admitted_ms=0,
        record_id=record.record_id,
        party=record.party,
        vct=record.vct,
        to=PARTIES,
        subject=None,
        family=None,
        corrects=None,
        facts=facts,
    )


@given(steps=_steps)
def test_conversions_and_sides_follow_the_rules_of_masters(steps: list[Any]) -> None:
    masters, agreed = Masters(), AgreedRecords()
    for index, step in enumerate(steps):
        record = filed(index, step)
        if masters.judge(said(record), FOLD) is None:
            masters = masters.apply(said(record), FOLD)
            agreed.apply(record)
    for one, other in permutations(PARTIES, 2):
        for number in NUMBERS:
            told = agreed.sides(one, other, number)
            pair = (told.customer, told.supplier) if told else None
            assert pair == sides(masters, one, other, number)
            for unit in ("KGM", "GRM", "MTR", "DZN"):
                conversion = agreed.conversion(Lane(one, other, number), unit)
                part = masters.part(one, other, number)
                known = part.in_force if part else None
                assert conversion.pieces(QUANTITY) == pieces(
                    QUANTITY,
                    unit,
                    part_unit=known.unit if known else None,
                    pieces_per_unit=exact(known.pieces) if known else None,
                )


def sides(masters: Masters, one: str, other: str, number: str) -> tuple[str, str] | None:
    """Customer and supplier by the part in force, else by a relation that ever was."""
    both = ((one, other), (other, one))
    for pair in both:
        part = masters.part(*pair, number)
        if part and part.in_force:
            return pair
    for pair in both:
        if any(found.in_force_at is not None for found in masters.relations.between(*pair)):
            return pair
    return None


@pytest.mark.parametrize(
    ("between", "converted"),
    [
        (("part", (CUSTOMER, SUPPLIER), "P-2", "KGM", "4", 0), 10),
        (("reject", (SUPPLIER, CUSTOMER), "", "", None, 1), None),
        (("part", (CUSTOMER, SUPPLIER), "P-1", "KGM", "8", 0), None),
    ],
    ids=["open", "rejected", "replaced"],
)
def test_only_an_open_proposal_comes_in_force(between: Any, converted: int | None) -> None:
    agreed = AgreedRecords()
    for index, step in enumerate(
        [
            ("part", (CUSTOMER, SUPPLIER), "P-1", "KGM", "4", 0),
            between,
            ("approve", (SUPPLIER, CUSTOMER), "", "", None, 2),
        ]
    ):
        agreed.apply(filed(index, step))
    assert agreed.conversion(Lane(CUSTOMER, SUPPLIER, "P-1"), "KGM").pieces(QUANTITY) == converted
