"""Drift and regimes on rows of the Tennessee Eastman process, which wander by themselves."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from scoring.anomaly.correlation import residuals
from scoring.anomaly.drift import DriftMonitor, DriftRows
from scoring.anomaly.drift_reference import (
    DriftReference,
    drift_reference,
    log_distance,
    rows_of_model,
)
from scoring.anomaly.model import Model
from scoring.anomaly.regime import RegimeKind, RegimeMonitor, RegimeRows
from scoring.anomaly.table import Numbers
from scoring.anomaly.training import train
from tests.process_data import process_data_dir
from tests.scoring.anomaly.processes import table

ONSET = 160


def eastman(name: str) -> Numbers:
    """A file of the data set; one of them is stored by column."""
    with gzip.open(process_data_dir() / "tep" / f"{name}.dat.gz") as file:
        values = np.loadtxt(file)
    return np.asarray(values.T if values.shape[0] == 52 else values)


@pytest.fixture(scope="module")
def model() -> Model:
    """Of the rows given for training."""
    return train(table(eastman("d00")))


@pytest.fixture(scope="module")
def reference(model: Model) -> DriftReference:
    """Of the same rows."""
    return drift_reference(model, table(eastman("d00")))


@pytest.mark.parametrize(
    ("name", "setups", "kinds"),
    [
        ("d00_te", [row // 100 for row in range(960)], []),
        ("d05_te", [row >= ONSET for row in range(960)], [RegimeKind.SET_UP]),
        ("d04_te", [row >= ONSET for row in range(960)], []),  # one parameter of 52
    ],
)
def test_a_regime_is_told_where_a_third_of_the_process_has_moved(
    model: Model,
    reference: DriftReference,
    *,
    name: str,
    setups: list[int],
    kinds: list[RegimeKind],
) -> None:
    z, present = rows_of_model(model, table(eastman(name)))
    monitor = RegimeMonitor(reference)
    rows = RegimeRows(z, present, tuple(str(setup) for setup in setups))
    assert [event.kind for event in monitor.push(rows, monitor.start())[0]] == kinds


def test_normal_rows_of_ten_runs_have_no_drift(model: Model, reference: DriftReference) -> None:
    faults = (1, 2, 4, 5, 8, 10, 13, 15, 17, 20)
    normal = [eastman("d00_te"), *(eastman(f"d{number:02d}_te")[:ONSET] for number in faults)]
    z, present = rows_of_model(model, table(np.vstack(normal)))
    monitor = DriftMonitor(reference)
    rows = DriftRows(z, residuals(model.level, z), present, log_distance(model, z))
    assert monitor.push(rows, monitor.start())[0] == ()
