"""A log may define a built-in type in words of its own: nothing of it fails under the lock."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain_state import Said
from ledger.faults import Refusal
from quality.masters import Masters
from quality.rules import QualityRules
from tests.quality.examples import VCTS, Json, changed, example
from tests.quality.master_stories import (
    OEM,
    SUPPLIER,
    TRADE,
    a_part,
    a_trade_story,
    agree,
    an_offer,
    masters_of,
)
from tests.quality.test_rules_are_total import FORMLESS, POOL, pointers

pytestmark = pytest.mark.item("4.2")
RULES = QualityRules()
#: What is read of a state, and values that stand where others are meant.
NAMES = st.sampled_from(
    ("act", "of", "part", "customer", "supplier", "number", "family", "families", "site", "unit")
)
VALUES = st.recursive(
    st.sampled_from((*(one for one in (*POOL, *FORMLESS) if one is not ...), OEM.did, "move")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
GROUP_NAMES = st.sampled_from(("state", "detail", "goods", "lot", "verdict", "problem"))


@pytest.fixture(scope="module")
def masters() -> Masters:
    """What is in force after a part, so that there is something to be judged by."""
    story = a_trade_story()
    agree(story, an_offer("GEARS"))
    story.admit(a_part())
    found = masters_of(story)
    story.ledger.close()
    return found


def pass_through(masters: Masters, vct: str, groups: dict[str, Json]) -> None:
    """All that a log does with a record's groups, its schema having let them through."""
    list(RULES.find_faults(vct, groups))
    RULES.roles_for(vct, groups)
    facts = RULES.facts(vct, groups)
    if facts is None:
        return
    said = Said(
        index=99,
        admitted_ms=0,
        record_id="x",
        party=OEM.did,
        vct=vct,
        to=(SUPPLIER.did,),
        subject=None,
        family=None,
        corrects=None,
        facts=facts,
    )
    refusal = masters.judge(said, TRADE.fold)
    assert refusal is None or isinstance(refusal, Refusal)
    masters.flags(said)
    # A log may hold it all the same.
    masters.apply(said, TRADE.fold)


@settings(deadline=None)
@pytest.mark.parametrize("vct", VCTS)
@given(data=st.data())
def test_any_groups_of_any_type_are_judged_and_applied(
    masters: Masters, vct: str, data: st.DataObject
) -> None:
    if data.draw(st.booleans()):
        groups: Any = data.draw(st.dictionaries(GROUP_NAMES, VALUES, max_size=4))
    else:
        groups = example(vct)
        for _ in range(data.draw(st.integers(1, 4))):
            groups = groups or example(vct)
            pointer = data.draw(st.sampled_from(list(pointers(groups))))
            groups = changed(groups, pointer, data.draw(VALUES | st.just(...)))
    pass_through(masters, vct, groups)


@pytest.mark.parametrize(
    ("vct", "pointer", "value"),
    [
        ("part/v1", "/state/customer", ["x"]),
        ("part/v1", "/state/safety", ...),
        ("site/v1", "/state/site", {}),
        ("specification/v1", "/state/in_force_from", 7),
        ("requirement/v1", "/state/families", ["x"] * 65),
        ("shipment/v1", "/state/part", "GR-1"),
        ("shipment/v1", "/state/to_site", []),
        ("goods-receipt/v1", "/state/part/number", ...),
    ],
)
def test_a_state_of_another_form_is_refused_and_gives_no_facts(
    vct: str, pointer: str, value: Json
) -> None:
    groups = example(vct)
    assert RULES.facts(vct, groups) is not None
    assert [fault for fault in RULES.find_faults(vct, groups) if fault.pointer == pointer] == []
    foreign = changed(groups, pointer, value)
    assert RULES.facts(vct, foreign) is None
    assert pointer in [fault.pointer for fault in RULES.find_faults(vct, foreign)]


def test_an_act_of_a_kind_of_its_own_is_left_to_the_members() -> None:
    offer = {"act": "endorse", "of": "x", "meaning": "approve"}
    assert RULES.facts("act/v1", {"state": offer}) == offer
    for own in ({"act": "greet", "of": "x"}, {"act": "greet", "of": []}):
        assert RULES.facts("act/v1", {"state": own}) is None
        assert RULES.find_faults("act/v1", {"state": own}) == ()
