"""What a model is trained to, on rows of a known law."""

from __future__ import annotations

import numpy as np

from scoring.anomaly.model import Stage
from scoring.anomaly.training import train
from tests.scoring.anomaly.processes import rows, table


def test_the_stage_follows_the_effective_number_of_rows() -> None:
    found = [train(table(rows(n, 6))).stage for n in (20, 60, 400)]
    assert found == [Stage.LEARNING, Stage.PRIOR, Stage.OWN]


def test_autocorrelated_rows_make_a_dynamic_model() -> None:
    assert train(table(rows(600, 6, phi=0.6))).stage is Stage.DYNAMIC


def test_the_same_rows_make_the_same_numbers() -> None:
    one, other = (train(table(rows(300, 5, phi=0.5))) for _ in range(2))
    assert np.array_equal(one.calibration.scores, other.calibration.scores)
    assert one.facts == other.facts
