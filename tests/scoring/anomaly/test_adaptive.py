"""The level follows what was confirmed, within its bounds, whatever order labels come in."""

from __future__ import annotations

import itertools

import pytest

from scoring.anomaly.adaptive import (
    ALPHA_MAX,
    GAMMA,
    feed_bad,
    feed_good,
    start_level,
)
from scoring.anomaly.labels import (
    AlarmLabel,
    JudgedRow,
    LabelName,
    Outcome,
    acknowledged,
    level_of,
    newest_labels,
    outcome_of,
)

TARGET = 0.01


def judged(row: int, *, called: bool, episode: str | None = None) -> JudgedRow:
    """A row that inspection accepted unless it is in an event."""
    accepted = None if episode else True
    return JudgedRow(("upload", row), row, called, episode, accepted)


@pytest.mark.item("7.1.adaptive")
def test_a_good_row_that_was_called_lowers_the_level_and_one_that_was_not_raises_it() -> None:
    level = start_level(TARGET)
    called, passed = feed_good(level, [True]), feed_good(level, [False])
    assert called.alpha == pytest.approx(TARGET - GAMMA * (1 - TARGET))
    assert passed.alpha == pytest.approx(TARGET + GAMMA * TARGET)
    assert (called.alarms, passed.alarms, called.good) == (1, 0, 1)


@pytest.mark.parametrize(("called", "bound"), [(True, TARGET / 4), (False, ALPHA_MAX)])
def test_the_level_stays_within_its_bounds(*, called: bool, bound: float) -> None:
    assert feed_good(start_level(TARGET), [called] * 10_000).alpha == bound


def test_the_realised_rate_comes_near_the_target_when_p_values_are_too_small() -> None:
    # p-values of a model that calls five times as often as it says.
    p_values = [((n * 377) % 1000) / 1000 / 5 for n in range(20_000)]
    level = start_level(TARGET)
    for p in p_values:
        level = feed_good(level, [p < level.alpha])
    unadapted = sum(p < TARGET for p in p_values) / len(p_values)
    assert unadapted == pytest.approx(0.05, abs=0.006)
    # Not all the way: at its lower bound the level takes back less than a call has cost.
    assert TARGET < level.alarms / level.good < 2.5 * TARGET


def test_bad_rows_are_counted_and_move_no_level() -> None:
    level = feed_bad(start_level(TARGET), [True, False])
    assert (level.alpha, level.bad, level.missed) == (TARGET, 2, 1)


def test_the_level_for_red_keeps_its_share_of_the_level_for_yellow() -> None:
    level = feed_good(start_level(TARGET), [False] * 200)
    assert level.red() / 0.001 == pytest.approx(level.alpha / TARGET)


@pytest.mark.item("7.4.labels")
@pytest.mark.parametrize(
    ("label", "outcome", "moves"),
    [
        (LabelName.FALSE, Outcome.GOOD, True),
        (LabelName.CONFIRMED, Outcome.BAD, False),
        (LabelName.KNOWN_CAUSE, Outcome.KNOWN_CAUSE, False),
        (None, Outcome.OPEN, False),
    ],
)
def test_a_label_decides_whether_the_rows_of_an_event_feed_the_calibration(
    label: LabelName | None, outcome: Outcome, *, moves: bool
) -> None:
    row, acts = judged(2, called=True, episode="e"), [AlarmLabel("e", 1, label)]
    assert outcome_of(row, newest_labels(acts)) is outcome
    rows = [judged(1, called=False), row]
    assert (level_of(rows, acts, target=TARGET).alpha < TARGET) is moves
    assert acknowledged(acts) == {"e"}


def test_the_newest_label_counts_whenever_it_is_read() -> None:
    acts = [AlarmLabel("e", 1, LabelName.FALSE), AlarmLabel("e", 2, LabelName.CONFIRMED)]
    for order in itertools.permutations(acts):
        assert newest_labels(order) == {"e": LabelName.CONFIRMED}


@pytest.mark.item("7.1.adaptive")
@pytest.mark.parametrize(("quiet", "moves"), [(0, False), (9, False), (10, True)])
def test_alarms_that_are_labelled_false_move_the_level_with_as_many_quiet_rows_alone(
    quiet: int, *, moves: bool
) -> None:
    loud = [judged(n, called=True, episode="e") for n in range(10)]
    rows = [*loud, *(judged(10 + n, called=False) for n in range(quiet))]
    level = level_of(rows, [AlarmLabel("e", 1, LabelName.FALSE)], target=TARGET)
    assert (level.good, level.alarms) == (10 + quiet, 10)
    assert (level.alpha < TARGET) is moves
    assert level.alpha >= TARGET / 4


def test_labels_that_come_in_another_order_lead_to_the_same_level() -> None:
    rows = [judged(n, called=n % 7 == 0) for n in range(40)]
    assert level_of(rows, [], target=TARGET) == level_of(rows[::-1], [], target=TARGET)


def test_rows_that_nobody_inspected_feed_nothing() -> None:
    row = JudgedRow(("upload", 1), 1, True)
    assert level_of([row], [], target=TARGET) == start_level(TARGET)


def test_a_target_beyond_the_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a level from 0.0001 to 0.2, found 0.5"):
        start_level(0.5)
