"""What readings amount to, what is certain of the lot and when, and what does not fit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.errors import MalformedReading, ReadingContradicts
from quality.sampling.plan import plan_for
from quality.sampling.verdict import judge_lot
from quality.tally.deciding import ACCEPT, GO_ON, NOT_ACCEPT, decide
from quality.tally.fold import IMPLAUSIBLE, OUTSIDE, Tallied, tally_up
from quality.tally.judging import judge_reading
from quality.tally.plan import ClassPlan, TallyPlan, plan_of
from quality.tally.readings import Reading, parse_reading, reading_members
from quality.tally.telling import tell
from tests.quality.tally.tallies import (
    ATTRIBUTES,
    CRITICAL,
    MAJOR,
    MEASURED,
    MINOR,
    after,
    defect,
    good,
    measured,
    withdrawn,
)

pytestmark = pytest.mark.item("6.4.readings")


def decision_of(tallied: Tallied, plan: TallyPlan = ATTRIBUTES) -> str:
    """What is certain."""
    return decide(plan, tallied).decision


def test_a_lot_is_accepted_once_the_sample_is_inspected() -> None:
    assert decision_of(after(ATTRIBUTES, good(4))) == GO_ON
    assert decision_of(after(ATTRIBUTES, good(4), good("5"))) == ACCEPT


def test_a_lot_is_not_accepted_as_soon_as_a_rejection_number_is_reached() -> None:
    one = after(ATTRIBUTES, defect("1", "major"))
    assert decision_of(one) == GO_ON
    assert decision_of(after(ATTRIBUTES, defect("1", "major"), defect("2", "major"))) == NOT_ACCEPT
    two_on_one_piece = after(ATTRIBUTES, defect("1", "major"), defect("1", "major"))
    assert decision_of(two_on_one_piece) == GO_ON


def test_one_critical_piece_decides_whatever_the_plan_says() -> None:
    lenient = TallyPlan(100, (ClassPlan("critical", "contract", 5, accept=2, reject=3), MAJOR))
    without = TallyPlan(100, (MAJOR,))
    for plan in (lenient, without, ATTRIBUTES):
        assert decision_of(after(plan, defect("1", "critical")), plan) == NOT_ACCEPT
        assert decision_of(after(plan, defect("1", "major")), plan) == GO_ON


def test_of_a_class_without_a_plan_none_may_be_defective() -> None:
    plan = TallyPlan(100, (MAJOR,))
    assert decision_of(after(plan, defect("1", "major")), plan) == GO_ON
    assert decision_of(after(plan, defect("1", "minor")), plan) == NOT_ACCEPT


def test_while_inspection_is_discontinued_no_lot_is_accepted() -> None:
    for severity, decision in (("tightened", ACCEPT), ("discontinued", NOT_ACCEPT)):
        plan = TallyPlan(5, (replace(MAJOR, severity=severity),))
        assert decision_of(after(plan, good(5)), plan) == decision


def test_decisions_are_those_of_the_plans() -> None:
    """Whole samples, by the fold and by the judge of sampling plans."""
    for lot, aql in ((90, "1.0"), (500, "2.5"), (1200, "6.5")):
        drawn = plan_for(lot, level="II", aql=Decimal(aql))
        own = ClassPlan("major", drawn.standard, drawn.sample, drawn.accept, drawn.reject)
        plan = TallyPlan(lot, (own,))
        for found in range(drawn.reject + 1):
            readings = [*(defect(str(at), "major") for at in range(found))]
            tallied = after(plan, *readings, *([good(drawn.sample - found)]))
            verdict = judge_lot({"major": drawn}, {"major": found})
            assert (decision_of(tallied, plan) == ACCEPT) == (verdict.decision == "accept")


def test_a_class_is_accepted_before_the_lot_is() -> None:
    tallied = after(ATTRIBUTES, good(4))
    standing = {one.plan.name: one for one in decide(ATTRIBUTES, tallied).classes}
    # Any piece of the largest sample may still be critical.
    assert (standing["critical"].decision, standing["critical"].remaining) == (GO_ON, 1)
    assert (standing["major"].decision, standing["major"].remaining) == (ACCEPT, 1)
    three = {one.plan.name: one for one in decide(ATTRIBUTES, after(ATTRIBUTES, good(3))).classes}
    assert (three["major"].decision, three["minor"].decision) == (GO_ON, ACCEPT)


def test_a_piece_counts_in_the_worst_class_of_its_defects() -> None:
    tallied = after(ATTRIBUTES, defect("1", "minor"), defect("1", "major"), defect("2", "minor"))
    counts = (tallied.defective_of("major"), tallied.defective_of("minor"), tallied.defective)
    assert counts == (1, 1, 2)


def test_above_aql_10_nonconformities_count_instead_of_pieces() -> None:
    by_piece = ClassPlan("minor", "ISO 2859-1", 5, accept=2, reject=3, aql="15")
    by_defect = ClassPlan(
        "minor", "ISO 2859-1", 5, accept=2, reject=3, aql="15", counts_nonconformities=True
    )
    for one, expected in ((by_piece, GO_ON), (by_defect, NOT_ACCEPT)):
        plan = TallyPlan(100, (one,))
        assert decision_of(after(plan, defect("1", "minor", count=3)), plan) == expected


def test_a_gap_between_ac_and_re_accepts_and_says_so() -> None:
    plan = TallyPlan(100, (ClassPlan("major", "MIL-STD-105E", 2, accept=0, reject=2),))
    decided = decide(plan, after(plan, defect("1", "major"), good("2")))
    assert decided.decision == ACCEPT
    assert "back to normal" in decided.reasons[0]["en"]
    assert "恢复正常检验" in decided.reasons[0]["zh"]


def test_a_value_outside_the_limits_makes_the_piece_defective() -> None:
    inside, outside = (after(MEASURED, measured("1", value)) for value in ("10.10", "10.11"))
    assert (inside.defective, outside.defective) == (0, 1)
    assert outside.pieces["1"].defects == {("major", "DIM"): 1}
    assert [flag["flag"] for flag in tell(MEASURED, outside)["flags"]] == [OUTSIDE]


def test_a_value_that_is_hardly_possible_is_held_until_it_is_confirmed() -> None:
    held = after(MEASURED, measured("1", "100.5"))
    assert (held.held, held.values, held.defective) == ((1,), {}, 0)
    told = tell(MEASURED, held)
    assert [flag["flag"] for flag in told["flags"]] == [OUTSIDE, IMPLAUSIBLE]
    assert (told["held"], told["characteristics"][0]["missing"]) == ([1], 2)
    confirmed = after(MEASURED, measured("1", "100.5"), measured("1", "100.5", confirmed=True))
    assert confirmed.defective_of("major") == 1


def test_a_lot_waits_for_the_values_that_are_missing() -> None:
    inspected = after(MEASURED, good(5), measured("1", "10.0"))
    assert decision_of(inspected, MEASURED) == GO_ON
    assert "1 of 2 values missing" in decide(MEASURED, inspected).reasons[0]["en"]
    whole = after(MEASURED, good(5), measured("1", "10.0"), measured("2", "10.0"))
    assert decision_of(whole, MEASURED) == ACCEPT
    assert whole.inspected == 5


def test_the_next_thing_to_do_is_told() -> None:
    steps = [
        (after(MEASURED), "inspect the next piece, 1 of 5"),
        (after(MEASURED, measured("1", "10.0")), "say whether piece 1 is good"),
        (after(MEASURED, good("1")), "measure D1 (outer diameter) of piece 1: 9.90 to 10.10 MMT"),
        (after(MEASURED, good(5)), "measure D1 (outer diameter) on one more piece"),
        (after(MEASURED, defect("1", "critical")), "the lot is not accepted"),
    ]
    for tallied, words in steps:
        assert tell(MEASURED, tallied)["next"]["en"].startswith(words)


def test_what_is_told_counts_every_class() -> None:
    told = tell(MEASURED, after(MEASURED, good("1"), measured("1", "10.05"), defect("2", "minor")))
    assert told["pieces"] == {"sample": 5, "inspected": 2, "defective": 1, "remaining": 3}
    minor = told["classes"][2]
    assert (minor["defective"], minor["allowed"], minor["decision"]) == (1, 1, GO_ON)
    (diameter,) = told["characteristics"]
    assert (diameter["mean"], diameter["outside"], diameter["missing"]) == ("10.05000", 0, 1)


FIVE = tuple(map(good, "12345"))
CONTRADICTIONS = [
    (FIVE, good("6"), good("5"), "the 5 of the sample"),
    ((good(4),), good(2), good(1), "at most 1"),
    (
        (measured("1", "10.0"),),
        measured("1", "10.1"),
        measured("2", "10.1"),
        "in reading 1: withdraw",
    ),
    ((defect("1", "minor"),), good("1"), good("2"), "found 1 with SURF"),
    ((good("1"),), withdrawn(2), withdrawn(1), "expected a reading that counts, found 2"),
    ((good("1"), withdrawn(1)), withdrawn(1), good("1"), "found 1"),
    ((good("1"), withdrawn(1)), withdrawn(2), good("1"), "found 2"),
]


@pytest.mark.parametrize(("before", "refused", "allowed", "words"), CONTRADICTIONS)
def test_a_reading_that_does_not_fit_is_refused(
    before: tuple[Reading, ...], refused: Reading, allowed: Reading, words: str
) -> None:
    after(MEASURED, *before, allowed)
    with pytest.raises(ReadingContradicts, match=words):
        judge_reading(refused, MEASURED, after(MEASURED, *before))


def test_a_characteristic_that_the_plan_does_not_have_is_refused() -> None:
    stray = parse_reading({"measured": {"piece": "1", "characteristic": "D2", "value": "10.0"}})
    with pytest.raises(MalformedReading, match="such as D1, found 'D2'"):
        judge_reading(stray, MEASURED, after(MEASURED))


def test_a_withdrawn_reading_counts_as_if_it_were_never_made() -> None:
    tallied = after(ATTRIBUTES, defect("1", "critical"), good("2"), withdrawn(1))
    never = after(ATTRIBUTES, good("2"))
    assert (tallied.pieces, tallied.unnamed) == (never.pieces, never.unnamed)
    assert decision_of(tallied) == GO_ON


READINGS = st.one_of(
    st.builds(good, st.sampled_from(["1", "2", "3", "4", "5", "6"])),
    st.builds(good, st.integers(1, 3)),
    st.builds(
        defect,
        st.sampled_from(["1", "2", "3", "7"]),
        st.sampled_from(["critical", "major", "minor"]),
    ),
    st.builds(
        measured,
        st.sampled_from(["1", "2", "3", "4"]),
        st.sampled_from(["9.95", "10.1", "10.2", "99"]),
    ),
    st.builds(withdrawn, st.integers(1, 8)),
)


@settings(max_examples=60)
@given(st.lists(READINGS, max_size=12))
def test_whatever_is_read_the_sample_is_never_exceeded_and_a_decision_never_wrong(
    readings: list[Reading],
) -> None:
    kept: list[tuple[int, Reading]] = []
    for reading in readings:
        try:
            judge_reading(reading, MEASURED, tally_up(MEASURED, kept))
        except (ReadingContradicts, MalformedReading):
            continue
        kept.append((len(kept) + 1, reading))
    tallied = tally_up(MEASURED, kept)
    assert tallied.inspected <= tallied.begun <= MEASURED.sample
    decision = decide(MEASURED, tallied).decision
    is_over = any(tallied.defective_of(one.name) >= one.reject for one in (CRITICAL, MAJOR, MINOR))
    assert (decision == NOT_ACCEPT) == is_over
    if decision == ACCEPT:
        assert tallied.inspected == MEASURED.sample
    assert set(tell(MEASURED, tallied)) >= {"decision", "reasons", "next"}


@settings(max_examples=30)
@given(READINGS)
def test_a_reading_has_one_form(reading: Reading) -> None:
    assert parse_reading(reading_members(reading)) == reading


def test_a_plan_is_read_back_as_it_was_kept() -> None:
    assert plan_of(MEASURED.members()) == MEASURED


MALFORMED: list[tuple[object, str]] = [
    ([], "expected one of measured, defect, good, withdrawn"),
    ({"good": {}, "defect": {}}, "expected one of"),
    ({"better": {}}, "expected an object under one of"),
    ({"good": []}, "expected an object under one of"),
    ({"good": {}}, "/good: expected piece or pieces"),
    ({"good": {"piece": "1", "pieces": 2}}, "/good: expected piece or pieces"),
    ({"good": {"pieces": 0}}, "/good/pieces: expected a whole number"),
    ({"good": {"pieces": True}}, "/good/pieces: expected a whole number"),
    ({"good": {"piece": "a\nb"}}, "/good/piece: expected one line"),
    ({"good": {"piece": "\u202e"}}, "/good/piece: expected one line"),
    ({"good": {"piece": "1", "mood": "x"}}, "/good: expected members of piece, pieces"),
    ({"defect": {"piece": "1", "class": "fatal", "code": "X"}}, "/defect/class: expected one of"),
    ({"measured": {"piece": "1", "characteristic": "D1", "value": "1,5"}}, '"12.50", found'),
    ({"measured": {"piece": "1", "characteristic": "D1", "value": "-0.0"}}, '"12.50", found'),
    ({"measured": {"piece": "1", "characteristic": "D1", "value": 1}}, '"12.50", found'),
    (
        {"measured": {"piece": "1", "characteristic": "D1", "value": "1", "at": "noon"}},
        "/measured/at: expected a day and a time",
    ),
    (
        {"measured": {"piece": "1", "characteristic": "D1", "value": "1", "confirmed": 1}},
        "/measured/confirmed: expected true or false",
    ),
    ({"withdrawn": {"sequence": 10_001}}, "expected at most 10000"),
]


@pytest.mark.parametrize(("members", "words"), MALFORMED)
def test_what_has_not_the_form_of_a_reading_is_refused(members: object, words: str) -> None:
    with pytest.raises(MalformedReading, match=words):
        parse_reading(members)
