"""Each class is judged by the sample of its own plan, in the order of inspection."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.errors import MalformedReading, ReadingContradicts
from quality.sampling.plan import Plan
from quality.sampling.risk import passing_chance
from quality.sampling.specified import ClassSampling, class_plans, specified_sampling
from quality.sampling.verdict import judge_lot
from quality.tally.deciding import ACCEPT, GO_ON, NOT_ACCEPT, ClassStanding, decide
from quality.tally.draft import Frame, draft_report
from quality.tally.fold import Fold, Tallied, tally_up
from quality.tally.judging import judge_reading
from quality.tally.plan import ClassPlan, TallyPlan
from quality.tally.readings import Reading
from tests.quality.tally.tallies import ATTRIBUTES, MEASURED, after, defect, good, measured
from tests.quality.tally.test_opening import PARAMETERS, planned

pytestmark = pytest.mark.item("6.4.readings")

#: Built-in parameters, a lot of 2,400: critical 125, major 43, minor 24, none may be defective.
DRAWN = planned().plan
SMALL = TallyPlan(
    100,
    (
        ClassPlan("critical", "c=0", sample=8, accept=0, reject=1),
        ClassPlan("major", "ISO 2859-1", sample=5, accept=1, reject=2),
        ClassPlan("minor", "ISO 2859-1", sample=3, accept=1, reject=2),
    ),
)


def standing(plan: TallyPlan, tallied: Tallied, name: str) -> ClassStanding:
    """How far a class is."""
    return next(one for one in decide(plan, tallied).classes if one.plan.name == name)


def test_the_built_in_parameters_draw_a_sample_for_each_class() -> None:
    drawn = [(one.name, one.sample, one.accept) for one in DRAWN.classes]
    assert drawn == [("critical", 125, 0), ("major", 43, 0), ("minor", 24, 0)]


@pytest.mark.parametrize(("name", "sample"), [("major", 43), ("minor", 24)])
def test_a_class_is_judged_by_its_own_sample_not_by_the_largest(name: str, sample: int) -> None:
    inside = after(DRAWN, good(sample - 1), defect("x", name))
    outside = after(DRAWN, good(sample), defect("x", name))
    assert decide(DRAWN, inside).decision == NOT_ACCEPT
    assert standing(DRAWN, outside, name).decision == ACCEPT
    assert decide(DRAWN, outside).decision == GO_ON
    whole = after(DRAWN, good(sample), defect("x", name), good(124 - sample))
    assert decide(DRAWN, whole).decision == ACCEPT


def test_a_critical_piece_counts_wherever_it_is_found() -> None:
    late = after(DRAWN, good(124), defect("x", "critical"))
    assert decide(DRAWN, late).decision == NOT_ACCEPT


def test_inspection_goes_on_until_the_largest_sample() -> None:
    assert decide(DRAWN, after(DRAWN, good(43))).decision == GO_ON
    assert decide(DRAWN, after(DRAWN, good(124))).decision == GO_ON
    assert decide(DRAWN, after(DRAWN, good(125))).decision == ACCEPT


def test_what_a_class_is_not_judged_by_is_told_in_the_remark_and_counted_nowhere() -> None:
    tallied = after(DRAWN, good(100), defect("x", "minor", "PACK"), good(24))
    lot = {"number": "L-1", "part": "P-1", "quantity": "2400", "unit": "H87"}
    groups = draft_report(DRAWN, tallied, Frame(lot, "outgoing", "2026-11-20T09:30:00Z"))
    remark = groups["verdict"]["remark"]
    assert "beyond the sample of their class" in remark
    assert "not counted: minor PACK (1)" in remark
    assert "未计入）：minor PACK (1)" in remark
    assert groups["defects"] == {"inspected": 125, "defective": 1, "items": []}


def test_a_later_find_on_a_piece_of_the_sample_does_not_turn_a_class() -> None:
    before = after(SMALL, good("1"), good("2"), good("3"))
    assert standing(SMALL, before, "minor").decision == ACCEPT
    found = after(SMALL, *(good(name) for name in "123"), *(defect(name, "minor") for name in "12"))
    assert standing(SMALL, found, "minor") == standing(SMALL, before, "minor")


def test_a_class_waits_for_all_defects_of_the_piece_at_hand() -> None:
    minor_first = [good(42), defect("x", "minor")]
    assert standing(DRAWN, after(DRAWN, *minor_first), "major").decision == GO_ON
    both = after(DRAWN, *minor_first, defect("x", "major"))
    assert standing(DRAWN, both, "major").decision == NOT_ACCEPT
    assert standing(DRAWN, after(DRAWN, *minor_first, good("y")), "major").decision == ACCEPT


def test_a_value_that_was_wanted_counts_wherever_its_piece_is() -> None:
    plan = TallyPlan(100, (*SMALL.classes[:1], SMALL.classes[1]), MEASURED.characteristics)
    readings = [good(5), measured("6", "10.2"), measured("7", "10.2")]
    assert decide(plan, after(plan, *readings)).decision == NOT_ACCEPT
    enough = [good(5), measured("6", "10.0"), measured("7", "10.0"), measured("8", "10.2")]
    assert standing(plan, after(plan, *enough), "major").decision == ACCEPT


NAMES = st.sampled_from([str(number) for number in range(1, 10)])
READINGS = st.one_of(
    st.builds(good, NAMES),
    st.builds(good, st.integers(1, 3)),
    st.builds(defect, NAMES, st.sampled_from(["major", "minor"])),
    st.builds(measured, NAMES, st.sampled_from(["9.95", "10.2"])),
)


@settings(max_examples=60)
@given(
    st.lists(READINGS, max_size=25),
    st.sampled_from([SMALL, ATTRIBUTES, TallyPlan(100, SMALL.classes, MEASURED.characteristics)]),
)
def test_a_class_decision_never_turns_from_accept(readings: list[Reading], plan: TallyPlan) -> None:
    fold, accepted = Fold(plan), set[str]()
    for reading in readings:
        at = fold.tallied.sequence + 1
        try:
            judge_reading(reading, plan, fold.tallied)
        except (ReadingContradicts, MalformedReading):
            continue
        tallied = fold.take(at, reading)
        now = {one.plan.name for one in decide(plan, tallied).classes if one.decision == ACCEPT}
        assert accepted - {"critical"} <= now
        accepted |= now


def plans_of(lot: int) -> dict[str, Plan]:
    """The plans by class that the built-in parameters draw."""
    defaults = {
        name: ClassSampling(PARAMETERS.standard, one.level, one.aql)
        for name, one in PARAMETERS.classes.items()
    }
    asked = specified_sampling({"characteristics": []}, defaults=defaults)
    return class_plans(lot, asked, severities={})


def test_decisions_are_those_of_the_judge_of_lots_and_as_frequent_as_the_plan_risks() -> None:
    """Lots of which 2 % of the pieces have a major defect, inspected piece by piece."""
    random, rate, lots = Random(859), 0.02, 400
    plans = plans_of(2400)
    accepted = 0
    for _ in range(lots):
        bad = [at for at in range(1, 126) if random.random() < rate]
        readings: list[Reading] = []
        last = 0
        for at in bad:
            readings += [good(at - last - 1)] if at - last > 1 else []
            readings.append(defect(str(at), "major"))
            last = at
        readings += [good(125 - last)] if last < 125 else []
        tallied = tally_up(DRAWN, list(enumerate(readings, start=1)))
        inside = sum(at <= plans["major"].sample for at in bad)
        expected = judge_lot(plans, {"major": inside}).decision == "accept"
        assert (decide(DRAWN, tallied).decision == ACCEPT) == expected
        accepted += expected
    chance = passing_chance(plans["major"], rate)
    assert abs(accepted / lots - chance) < 3 * (chance * (1 - chance) / lots) ** 0.5
