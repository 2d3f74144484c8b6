"""When a new model is wanted, what it may be made of, and what speaks against it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from scoring.anomaly.graph import export_model
from scoring.anomaly.injected import STORED_SET, Fault, InjectedFault, injected
from scoring.anomaly.labels import AlarmLabel, JudgedRow, LabelName, Outcome, newest_labels
from scoring.anomaly.model import Model, Settings
from scoring.anomaly.outline import reference_of_model
from scoring.anomaly.poisoning import Anchor, Anchors, Moved, Movement, movements
from scoring.anomaly.retraining import (
    AGE_US,
    LineHistory,
    Objection,
    Trigger,
    objections,
    training_rows,
    triggers,
)
from scoring.anomaly.serving import OnnxDetector
from scoring.anomaly.shadow import Contest, Incident, ShadowReport, shadow_report
from scoring.anomaly.specification import Limit, Limits
from scoring.anomaly.table import Numbers
from scoring.anomaly.training import train
from scoring.errors import TooFewRows
from tests.scoring.anomaly.processes import rows, table

M = 6
YELLOW = Settings().yellow
QUIET = LineHistory(trained_us=0, trained_rows=400, good_rows=199, known_setups=frozenset("ab"))


@pytest.fixture(scope="module")
def model() -> Model:
    """The model in force."""
    return train(table(rows(300, M)))


@pytest.fixture(scope="module")
def champion(model: Model) -> OnnxDetector:
    """Serves it."""
    return OnnxDetector(export_model(model))


def report_of(champion: OnnxDetector, values: Numbers, model: Model) -> ShadowReport:
    """A challenger that was trained on these rows, beside the champion."""
    contest = Contest(champion, OnnxDetector(export_model(train(table(values)))), YELLOW)
    bad = table(rows(100, M, seed=8) + 6.0 * (np.arange(M) == 1))
    return shadow_report(
        contest,
        table(rows(400, M, seed=7)),
        reference=reference_of_model(model),
        incidents=[Incident("tool broke", bad, 20)],
    )


@pytest.mark.item("7.5.retraining")
@pytest.mark.parametrize(
    ("history", "trigger"),
    [
        (replace(QUIET, has_drifted=True), Trigger.DRIFT),
        (replace(QUIET, is_out_of_domain=True), Trigger.REGIME),
        (replace(QUIET, good_rows=200), Trigger.MORE_ROWS),
        (replace(QUIET, trained_us=-1), Trigger.AGE),
        (replace(QUIET, seen_setups=frozenset("abc")), Trigger.SET_UP),
        (replace(QUIET, is_requested=True), Trigger.REQUEST),
    ],
)
def test_each_trigger_is_told_by_itself(history: LineHistory, trigger: Trigger) -> None:
    now = AGE_US - 1
    assert triggers(QUIET, now_us=now) == ()
    assert triggers(history, now_us=now) == (trigger,)


def test_only_rows_that_were_confirmed_good_are_trained_on() -> None:
    acts = [
        AlarmLabel("false", 1, LabelName.FALSE),
        AlarmLabel("true", 2, LabelName.CONFIRMED),
        AlarmLabel("seen", 3, None),
    ]
    judged = [
        JudgedRow(("u", 2), 2, False, None, is_accepted=True),
        JudgedRow(("u", 1), 1, True, "false"),
        JudgedRow(("u", 3), 3, True, "true"),
        JudgedRow(("u", 4), 4, True, "seen", is_accepted=True),
        JudgedRow(("u", 5), 5, False),
        JudgedRow(("u", 6), 6, False, None, is_accepted=False),
    ]
    found = training_rows(judged, newest_labels(acts))
    assert found.rows == (("u", 1), ("u", 2))
    counts = {Outcome.BAD: 2, Outcome.KNOWN_CAUSE: 0, Outcome.OPEN: 1, Outcome.UNKNOWN: 1}
    assert found.left_out == counts


@pytest.mark.item("7.5.retraining")
def test_a_challenger_trained_on_good_rows_meets_no_objection(
    champion: OnnxDetector, model: Model
) -> None:
    report = report_of(champion, rows(300, M, seed=3), model)
    assert objections(report) == ()
    assert [found.name for found in report.faults] == [fault.name for fault in STORED_SET]
    assert report.incidents[0].champion > 0.9


def test_a_challenger_trained_on_faulty_rows_loses_detection(
    champion: OnnxDetector, model: Model
) -> None:
    values = rows(300, M, seed=5)
    values[::4, :] += 4.0 * np.random.default_rng(1).normal(size=(75, M))
    found = objections(report_of(champion, values, model))
    assert {each.objection for each in found} >= {Objection.LOST_DETECTION}
    assert all(each.found < each.expected for each in found)


def test_a_challenger_that_calls_good_rows_is_objected_to(
    champion: OnnxDetector, model: Model
) -> None:
    report = report_of(champion, 0.3 * rows(300, M, seed=5), model)
    assert Objection.FALSE_ALARMS in {each.objection for each in objections(report)}


@pytest.mark.parametrize(("good", "is_refused"), [(199, True), (200, False)])
def test_a_shadow_of_fewer_than_200_rows_says_nothing(
    champion: OnnxDetector, model: Model, good: int, *, is_refused: bool
) -> None:
    contest, reference = Contest(champion, champion, YELLOW), reference_of_model(model)
    values = table(rows(good, M, seed=7))
    if is_refused:
        with pytest.raises(TooFewRows, match="expected 200 good rows in shadow or more, found 199"):
            shadow_report(contest, values, reference=reference)
    else:
        assert objections(shadow_report(contest, values, reference=reference)) == ()


def test_what_moved_away_is_an_objection(champion: OnnxDetector, model: Model) -> None:
    contest = Contest(champion, champion, YELLOW)
    good = table(rows(200, M, seed=7))
    report = shadow_report(contest, good, reference=reference_of_model(model))
    moved = Movement("p1", Anchor.FIRST, Moved.CENTRE, 1.4, 1.0)
    (found,) = objections(report, [moved])
    assert (found.objection, found.about) == (Objection.MOVED_AWAY, "first/p1")


@pytest.mark.parametrize("fault", STORED_SET, ids=lambda fault: fault.name)
def test_the_same_rows_give_the_same_faulty_rows(fault: InjectedFault, model: Model) -> None:
    good = table(rows(60, M, seed=7))
    first, again = ([*injected(good, fault, reference_of_model(model))] for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.values, other.values)
        touched = (one.values != good.values).any(axis=0)
        assert touched.sum() == (M // 3 if fault.of_a_third else 1)
    if fault.fault is Fault.STUCK:
        assert all(np.ptp(one.values, axis=0).min() == 0 for one in first)


# What poisons 0.003 sigma a row, trained anew on the newest 400 rows every 200.
@pytest.mark.item("7.done.poisoning")
def test_a_drift_that_trains_itself_in_passes_each_model_before_and_not_the_first() -> None:
    values = rows(1600, M, seed=4)
    sigma = values[:400, 2].std()
    values[:, 2] += 0.003 * sigma * np.arange(1600)
    references = [
        reference_of_model(train(table(values[at : at + 400]))) for at in range(0, 1201, 200)
    ]
    found = [
        movements(now, Anchors(references[0], before, Limits()))
        for before, now in pairwise(references)
    ]
    told = [{(each.parameter, each.anchor) for each in each_time} for each_time in found]
    assert not any(("p2", Anchor.PREVIOUS) in each for each in told)
    assert ("p2", Anchor.FIRST) not in told[0]
    assert ("p2", Anchor.FIRST) in told[-1]
    assert {name for each in told for name, _ in each} == {"p2"}


@pytest.mark.parametrize(("centre", "is_found"), [(10.4, False), (10.6, True)])
def test_a_centre_that_comes_near_its_limit_is_told(centre: float, *, is_found: bool) -> None:
    first = {"p": (10.0, 1.0)}
    limits = Limits({"p": Limit(8.0, 12.0, 10.0)})
    found = movements({"p": (centre, 1.0)}, Anchors(first, first, limits))
    assert [each.anchor for each in found] == [Anchor.SPECIFICATION] * is_found


@pytest.mark.parametrize(("spread", "is_found"), [(1.9, False), (2.1, True), (0.4, True)])
def test_a_spread_that_doubles_or_halves_is_told(spread: float, *, is_found: bool) -> None:
    first = {"p": (10.0, 1.0)}
    found = movements({"p": (10.0, spread)}, Anchors(first, {}, Limits()))
    assert [each.moved for each in found] == [Moved.SPREAD] * is_found
