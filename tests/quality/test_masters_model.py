"""Masters against a reading of the whole history, on random stories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.identifiers import Origin
from ledger.domain_state import Said
from ledger.fold_state import PublicFold
from quality.facts import record_facts
from quality.in_force.parts import PartKey
from quality.masters import Masters
from tests.quality.slow_masters import IN_FORCE, SlowMasters

FOLD: Final = PublicFold(Origin("log.example"))
CUSTOMER, SUPPLIER, STRANGER = (f"did:web:log.example:parties:{name}" for name in "cst")
PARTIES: Final = (CUSTOMER, CUSTOMER, SUPPLIER, SUPPLIER, SUPPLIER, STRANGER)
NUMBERS: Final = ("P-1", "P-2")
FAMILIES: Final = ("GEARS", "SHAFTS", "PUMPS")
REVISIONS: Final = ("A", "B", "C")
DAYS: Final = ("2026-01-01", "2026-02-01", "2026-03-01")
KINDS: Final = ("site", "part", "part", "answer", "answer", "answer", "move", "specification")
SIDES: Final = {"customer": CUSTOMER, "supplier": SUPPLIER}

Chosen = tuple[str, str, str, str, str, str, int]
steps = st.lists(
    st.tuples(
        st.sampled_from((*KINDS, "specification", "requirement", "shipment", "inspection")),
        st.sampled_from(PARTIES),
        st.sampled_from(NUMBERS),
        st.sampled_from(FAMILIES),
        st.sampled_from(REVISIONS),
        st.sampled_from(DAYS),
        st.integers(0, 5),
    ),
    max_size=40,
)


def said(
    index: int, party: str, vct: str, groups: Mapping[str, Any], corrects: str | None = None
) -> Said:
    to = tuple(did for did in (CUSTOMER, SUPPLIER) if did != party)
    facts = record_facts(vct, groups)
    assert facts is not None
    return Said(index, index, f"{index:043d}", party, vct, to, to[0], None, corrects, facts)


def step(index: int, chosen: Chosen, history: tuple[Said, ...]) -> Said:
    """The record that is tried next."""
    kind, party, number, family, revision, day, choice = chosen
    site = {} if choice % 2 else {"site": f"S-{choice // 2}"}
    masters = [one for one in history if one.vct in ("part/v1", "requirement/v1")]
    state: dict[str, Any]
    match kind:
        case "site":
            return said(
                index, party, "site/v1", {"state": {"site": f"S-{choice}", "kind": "plant"}}
            )
        case "part":
            state = {"number": number, "revision": revision, **SIDES, "family": family}
            groups = {"state": state | site | {"unit": "H87", "safety": True}}
            return said(index, CUSTOMER, "part/v1", groups)
        case "answer":
            of = masters[-1 - choice % len(masters)].record_id if masters else "x" * 43
            meaning = "reject" if choice == 5 else "approve"
            return said(
                index, party, "act/v1", {"state": {"act": "endorse", "of": of, "meaning": meaning}}
            )
        case "move":
            part = {"number": number, **SIDES}
            return said(
                index, party, "act/v1", {"state": {"act": "move", "part": part, "family": family}}
            )
        case "specification":
            return a_specification(index, chosen, history, site)
        case "requirement":
            state = {"requirement": "QR", "revision": revision, **SIDES, "families": ["GEARS"]}
            return said(
                index, CUSTOMER, "requirement/v1", {"state": state | site | {"in_force_from": day}}
            )
        case "shipment":
            state = {"shipment": "DN", "part": {"number": number, "revision": revision, **SIDES}}
            return said(
                index, SUPPLIER, "shipment/v1", {"state": state | site | {"shipped_on": day}}
            )
    return an_inspection(index, chosen, site)


def a_specification(
    index: int, chosen: Chosen, history: tuple[Said, ...], site: Mapping[str, str]
) -> Said:
    _, _, number, family, revision, day, choice = chosen
    state = {"specification": family, "revision": revision, "part": number, **SIDES, **site}
    earlier = [one.record_id for one in history if one.vct == "specification/v1"]
    corrects = earlier[-1] if earlier and choice > 3 else None
    groups = {"state": state | {"in_force_from": day}}
    return said(index, CUSTOMER, "specification/v1", groups, corrects)


def an_inspection(index: int, chosen: Chosen, site: Mapping[str, str]) -> Said:
    _, _, number, family, revision, day, choice = chosen
    cited = {"specification": {"id": family, "revision": revision}} if choice > 1 else {}
    limits = {"upper": "1"} if choice == 3 else {"upper": None}
    groups = {
        "verdict": {"stage": "outgoing", "decided_at": f"{day}T10:00:00Z"},
        "lot": {"number": "L", "part": number, "unit": "H87", **site, **cited},
        "measurements": {"characteristics": [limits]},
    }
    return said(index, SUPPLIER, "inspection-report/v1", groups)


def related() -> Masters:
    """A supply relation over the families in force."""
    offer = {
        "state": {
            "act": "relation",
            "kind": "supply",
            "customer": CUSTOMER,
            "provider": SUPPLIER,
            "families": sorted(IN_FORCE),
        }
    }
    masters = Masters().apply(said(0, CUSTOMER, "act/v1", offer), FOLD)
    answer = {"state": {"act": "endorse", "of": f"{0:043d}", "meaning": "approve"}}
    return masters.apply(said(1, SUPPLIER, "act/v1", answer), FOLD)


def check_alike(masters: Masters, slow: SlowMasters) -> None:
    """Every question has the same answer."""
    for party in {*PARTIES}:
        assert set(masters.sites.of(party)) == slow.sites(party)
    for number in NUMBERS:
        part = masters.part(CUSTOMER, SUPPLIER, number)
        in_force = part.in_force.record_id if part and part.in_force else None
        proposed = part.proposed.record_id if part and part.proposed else None
        assert (in_force, proposed, part.family if part else None) == slow.part(number)
        for day in DAYS:
            found = masters.specifications.at(PartKey(CUSTOMER, SUPPLIER, number), day)
            assert {one.record_id for one in found} == slow.specifications_at(number, day)
    acknowledged, _ = slow.requirement()
    for day in DAYS:
        begun = [one for one in acknowledged if one.facts["state"]["in_force_from"] <= day]
        best = max(begun, key=lambda one: one.facts["state"]["in_force_from"], default=None)
        latest = [
            one.record_id
            for one in begun
            if best and one.facts["state"]["in_force_from"] == best.facts["state"]["in_force_from"]
        ]
        asked = masters.asked.at((CUSTOMER, SUPPLIER), day)
        assert [one.record_id for one in asked] == latest[-1:]


@pytest.mark.item("4.2.countersigned")
@pytest.mark.item("4.2.families")
@pytest.mark.item("4.4.cited")
@settings(deadline=None, max_examples=60)
@given(steps)
def test_masters_are_what_a_reading_of_the_whole_history_says(chosen: list[Chosen]) -> None:
    masters, slow = related(), SlowMasters()
    flagged = []
    for index, one in enumerate(chosen, start=2):
        tried = step(index, one, slow.history)
        refusal = masters.judge(tried, FOLD)
        assert (refusal.code if refusal else None) == slow.judge(tried), tried
        if refusal is None:
            flagged.append((tried, masters.flags(tried)))
            masters, slow = masters.apply(tried, FOLD), slow.after(tried)
    check_alike(masters, slow)
    # What came later changes no flag.
    assert [masters.flags(tried) for tried, _ in flagged] == [flags for _, flags in flagged]


# Where content is lost, a record may answer or move what nobody knows any more.
@pytest.mark.item("4.state")
@settings(deadline=None, max_examples=40)
@given(steps)
def test_records_that_build_on_lost_ones_fail_nothing(chosen: list[Chosen]) -> None:
    masters, history = Masters(), SlowMasters()
    for index, one in enumerate(chosen):
        tried = step(index, one, history.history)
        history = history.after(tried)
        if index % 3:
            masters = masters.apply(tried, FOLD)
            assert masters.flags(tried) is not None
