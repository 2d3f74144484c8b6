"""Run rules fire where they must, in a stream as on the prefix, and as rarely as they should."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.errors import MalformedChart, ValuesNotFinite
from quality.spc.false_alarms import false_alarms
from quality.spc.runs import (
    DEFAULT_RULES,
    NELSON,
    WESTERN_ELECTRIC,
    Rule,
    Signal,
    Watch,
    fired,
    signals,
    watch,
)

#: Steps and ties, as gauges give them, beside any number at all.
SCORES = st.lists(
    st.one_of(
        st.sampled_from([-3.5, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.5, 3.5]),
        st.floats(-4, 4),
    ),
    max_size=40,
)
ALTERNATING = [0.1, -0.1] * 7

CASES = {
    Rule.WE1: ([0.0, 3.1], [0.0, 3.0]),
    Rule.WE2: ([2.1, 0.0, 2.1], [2.1, 0.0, -2.1]),
    Rule.WE3: ([1.1, 1.1, 0.0, 1.1, 1.1], [1.1, 1.1, 0.0, 0.9, 1.1]),
    Rule.WE4: ([0.1] * 8, [0.1] * 7),
    Rule.N1: ([-3.1], [-3.0]),
    Rule.N2: ([-0.1] * 9, [-0.1] * 8),
    Rule.N3: ([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], [0.0, 0.1, 0.2, 0.3, 0.3, 0.4]),
    Rule.N4: (ALTERNATING, ALTERNATING[:13]),
    Rule.N5: ([-2.5, -2.5], [-2.5, 2.5]),
    Rule.N6: ([1.2, 1.3, 1.4, 1.1], [1.2, 1.3, 1.4, 1.0]),
    Rule.N7: ([0.9, -0.9] * 7 + [0.9], [0.9, -0.9] * 7),
    Rule.N8: ([1.1, -1.1] * 4, [1.1, -1.1] * 3 + [1.1, 0.9]),
}


@pytest.mark.item("6.3.rules")
@pytest.mark.parametrize("rule", Rule)
def test_a_rule_fires_at_the_last_point_of_its_pattern_and_not_a_point_short(rule: Rule) -> None:
    pattern, short = CASES[rule]
    assert signals(pattern, [rule]) == (Signal(len(pattern) - 1, rule),)
    assert signals(short, [rule]) == ()


@pytest.mark.item("6.3.rules")
def test_k_of_m_does_not_wait_for_m_points() -> None:
    assert signals([2.5, 2.5], [Rule.N5]) == (Signal(1, Rule.N5),)
    assert signals([1.2, 1.3, 1.4, 1.1], [Rule.N6]) == (Signal(3, Rule.N6),)


@pytest.mark.item("6.done.prefix")
@given(SCORES)
def test_a_rule_fires_in_a_stream_exactly_when_it_fires_on_the_prefix(scores: list[float]) -> None:
    watching = Watch(Rule)
    whole = {rule: fired(scores, rule) for rule in Rule}
    for at, score in enumerate(scores):
        streamed = watching.add(score)
        prefix = tuple(s for s in signals(scores[: at + 1], Rule) if s.at == at)
        assert streamed == prefix
        assert tuple(s.rule for s in streamed) == tuple(r for r in Rule if whole[r][at])


def slow(scores: list[float], rule: Rule) -> set[int]:
    """Rules as a person reads them from the chart, with no shortcut."""
    found = set()
    for at in range(len(scores)):
        last = scores[: at + 1]
        for side in (1, -1):
            seen = [side * score for score in last]
            if _seen_slowly(seen, rule):
                found.add(at)
    return found


def _seen_slowly(seen: list[float], rule: Rule) -> bool:
    of_m = {"1": (1, 1, 3), "2": (2, 3, 2), "3": (4, 5, 1), "4": (8, 8, 0)}
    nelson = {"1": (1, 1, 3), "2": (9, 9, 0), "5": (2, 3, 2), "6": (4, 5, 1)}
    number = rule.value[-1]
    table = of_m if rule.value.startswith("W") else nelson
    if number in table:
        k, m, far = table[number]
        return seen[-1] > far and sum(score > far for score in seen[-m:]) >= k
    pairs = list(pairwise(seen))
    if number == "3":
        return len(pairs) >= 5 and all(a < b for a, b in pairs[-5:])
    if number == "4":
        signs = [(b > a) - (b < a) for a, b in pairs[-13:]]
        return len(signs) == 13 and all(a * b < 0 for a, b in pairwise(signs))
    if number == "7":
        return len(seen) >= 15 and all(abs(score) < 1 for score in seen[-15:])
    return len(seen) >= 8 and all(abs(score) > 1 for score in seen[-8:])


@pytest.mark.item("6.3.rules")
@given(SCORES, st.sampled_from(Rule))
def test_the_fast_rules_are_the_slow_ones(scores: list[float], rule: Rule) -> None:
    assert {signal.at for signal in signals(scores, [rule])} == slow(scores, rule)


@pytest.mark.item("6.done.prefix")
def test_a_long_stream_says_what_the_whole_chart_says() -> None:
    scores = np.random.default_rng(6).standard_normal(3000)
    assert tuple(watch(scores.tolist(), Rule)) == signals(scores, Rule)


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_no_point_that_is_no_number_is_taken(score: float) -> None:
    watching = Watch()
    with pytest.raises(ValuesNotFinite, match="expected a finite score"):
        watching.add(score)
    with pytest.raises(ValuesNotFinite):
        fired([0.0, score], Rule.N1)
    assert watching.add(3.5) == (Signal(0, Rule.N1),)


@pytest.mark.item("6.3.false-alarms")
@pytest.mark.parametrize(
    ("rules", "published"),
    [
        ("1", 370.40),
        ("12", 225.44),
        ("13", 166.05),
        ("14", 152.73),
        ("123", 132.89),
        ("124", 122.05),
        ("134", 105.78),
        ("1234", 91.75),
    ],
)
def test_run_lengths_are_those_of_champ_and_woodall(rules: str, published: float) -> None:
    found = false_alarms([WESTERN_ELECTRIC[int(number) - 1] for number in rules])
    assert found.is_exact
    assert round(found.run_length, 2) == published


@pytest.mark.item("6.3.false-alarms")
def test_all_of_nelson_call_one_point_in_44_and_rule_1_one_in_370() -> None:
    every, one = false_alarms(NELSON), false_alarms([Rule.N1])
    assert not every.is_exact
    assert 1 / every.per_point == pytest.approx(44, abs=1.5)
    assert 1 / one.per_point == pytest.approx(370.4, abs=0.1)
    assert 1 / false_alarms(DEFAULT_RULES).per_point > 75


@pytest.mark.item("6.3.false-alarms")
def test_the_exact_rates_are_those_of_a_long_simulation() -> None:
    scores = np.random.default_rng(7).standard_normal(400_000)
    found = np.zeros(scores.shape, dtype=np.bool_)
    for rule in DEFAULT_RULES:
        found |= fired(scores, rule)
    rates = false_alarms(DEFAULT_RULES)
    assert found.mean() == pytest.approx(rates.per_point, rel=0.05)
    starts = found[1:] & ~found[:-1]
    assert starts.mean() == pytest.approx(rates.alarms_per_point, rel=0.05)


def test_a_shift_is_found_sooner_than_a_false_alarm() -> None:
    # Rule 1 alone finds a shift of one deviation after 44 points: Montgomery, section 6.2.
    assert false_alarms([Rule.N1], shift=1.0).run_length == pytest.approx(43.9, abs=0.05)
    assert false_alarms(DEFAULT_RULES, shift=1.0).run_length < 12


def test_no_rule_and_no_shift_have_no_rate() -> None:
    with pytest.raises(MalformedChart, match="expected rules"):
        false_alarms([])
    with pytest.raises(MalformedChart):
        false_alarms([Rule.N1], shift=float("nan"))
