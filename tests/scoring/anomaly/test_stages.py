"""What a model is allowed by how much it knows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.anomaly.model import Kind, Stage
from scoring.anomaly.sample_size import effective_rows, widening
from scoring.anomaly.stages import allowed, stage_text
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.training import train
from tests.scoring.anomaly.processes import rows, table


def labelled(count: int, setups: int) -> ParameterTable:
    """Rows of so many set-ups in turn."""
    labels = tuple(f"tool {n % setups}" for n in range(count))
    return replace(table(rows(count, 6)), setups=labels)


@pytest.mark.item("7.1.stages")
@pytest.mark.parametrize(
    ("count", "phi", "stage"),
    [
        (12, 0.0, Stage.LEARNING),
        (40, 0.8, Stage.LEARNING),
        (40, 0.0, Stage.PRIOR),
        (90, 0.0, Stage.PRIOR),
        (110, 0.0, Stage.OWN),
        (600, 0.6, Stage.DYNAMIC),
        (600, 0.0, Stage.OWN),
    ],
)
def test_the_stage_follows_the_effective_number_of_rows(
    count: int, phi: float, stage: Stage
) -> None:
    assert train(table(rows(count, 6, phi=phi))).stage is stage


@pytest.mark.item("7.1.stages")
def test_few_rows_of_two_set_ups_are_learnt_from_and_those_of_three_are_a_model() -> None:
    assert train(labelled(90, 3)).stage is Stage.PRIOR
    two = train(labelled(90, 2))
    assert (two.stage, stage_text(two)) == (Stage.LEARNING, "learning 2/3 set-ups")
    assert train(labelled(210, 2)).stage is Stage.OWN


@pytest.mark.item("7.1.stages")
def test_a_model_that_learns_says_how_far_it_is() -> None:
    assert stage_text(train(table(rows(12, 6)))) == "learning 12/30"
    assert stage_text(train(table(rows(40, 6)))) == "prior"


@pytest.mark.item("7.1.stages")
def test_a_model_alarms_the_more_the_more_it_knows() -> None:
    loud = [
        (each.yellow, each.red_with_agreement, each.red) for each in (allowed(s) for s in Stage)
    ]
    assert loud == sorted(loud)
    assert loud[0] == (False, False, False)
    assert loud[1] == (True, True, False)


@pytest.mark.item("7.1")
def test_levels_and_innovations_are_both_looked_at_where_rows_depend_on_each_other() -> None:
    channels = {s.channel for s in train(table(rows(600, 6, phi=0.6))).statistics}
    alone = {s.channel for s in train(table(rows(600, 6))).statistics}
    kinds = {s.kind for s in train(table(rows(600, 6))).statistics}
    assert [len(channels), len(alone)] == [2, 1]
    assert kinds > {Kind.LARGEST, Kind.DRIFT, Kind.SPREAD, Kind.TOTAL}


def test_independent_rows_count_whole_and_dependent_ones_as_few() -> None:
    assert effective_rows(rows(400, 6))[0] == 400.0
    few, rho = effective_rows(rows(400, 6, phi=0.6))
    assert rho == pytest.approx(0.6, abs=0.15)
    assert few == pytest.approx(400 * (1 - rho) / (1 + rho))


def test_a_column_that_moves_slowly_is_given_more_room_than_one_that_does_not() -> None:
    both = np.column_stack([rows(300, 1, phi=0.97), rows(300, 1, seed=2)])
    slow, fast = widening(both)
    assert 1.0 < fast < 1.02 < slow <= 3.0
