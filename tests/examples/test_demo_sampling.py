"""The ten lots of the demo's sampling: real gears, plans and verdicts of the product itself."""

from __future__ import annotations

import pytest

from examples.demo_sampling import BATCHES, inspections

pytestmark = pytest.mark.item("6.done.demo")


def test_two_bad_lots_tighten_and_five_good_ones_lead_back_to_normal() -> None:
    told = [(str(one.plan.severity), one.verdict.decision) for one in inspections()]
    assert told == [
        *[("normal", "accept")] * 2,
        *[("normal", "reject")] * 2,
        *[("tightened", "accept")] * 5,
        ("normal", "accept"),
    ]
    assert len(set(BATCHES)) == 10


def test_each_sample_is_that_of_the_plan_in_force() -> None:
    assert [len(one.rows) for one in inspections()] == [5, 5, 5, 5, 8, 8, 8, 8, 8, 5]
    assert all(len(one.rows) == one.plan.sample for one in inspections())


def test_every_verdict_has_its_reason() -> None:
    words = [one.words() for one in inspections()]
    assert words[2] == (
        "lot LG-26-S03, normal: 1 major (n = 5, Ac 0, Re 1): Re reached, not accepted"
    )
    assert words[4].endswith("tightened: 0 major (n = 8, Ac 0, Re 1): at most Ac, accepted")
