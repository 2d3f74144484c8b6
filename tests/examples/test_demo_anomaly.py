"""The demo's press: good rows stay quiet, and wear stands out before any limit is reached."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from examples.demo_anomaly import (
    FAULT_ROWS,
    PARAMETERS,
    TRAINING_ROWS,
    WORN_FROM,
    limits,
    pressed,
    upload_groups,
)
from quality.rules import QualityRules
from scoring.anomaly.graph import export_model
from scoring.anomaly.line import Line
from scoring.anomaly.serving import OnnxDetector
from scoring.anomaly.specification import Limit, Limits
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.training import train
from scoring.anomaly.verdict import Level
from scoring.anomaly.watch import LineWatch
from tests.quality.examples import validator

pytestmark = pytest.mark.item("7.demo")


def table_of(rows: list[dict[str, object]]) -> ParameterTable:
    """The rows of an upload as the model takes them."""
    values = np.array([row["values"] for row in rows], float)
    at = [datetime.fromisoformat(str(row["at"])).timestamp() for row in rows]
    at_us = (np.array(at) * 1e6).astype(np.int64)
    return ParameterTable(tuple(name for name, *_ in PARAMETERS), values, at_us)


def test_wear_is_told_once_and_before_any_limit_is_reached() -> None:
    model = train(table_of(pressed(TRAINING_ROWS, seed=7)))
    bounds = Limits({name: Limit(low, high) for name, (low, high) in limits().items()})
    watch = LineWatch(OnnxDetector(export_model(model)), Line(model, bounds))
    rows = pressed(FAULT_ROWS, seed=11, first=TRAINING_ROWS, worn_from=WORN_FROM)
    found = watch.push(table_of(rows), watch.start(), source="u", first_row=1)
    loud = [verdict.row for verdict in found.verdicts if verdict.level is not Level.NONE]
    assert len(found.episodes) == 1
    assert WORN_FROM <= loud[0] <= WORN_FROM + 12
    assert not any(verdict.violations for verdict in found.verdicts)


def test_what_is_uploaded_is_a_record_in_order() -> None:
    groups = upload_groups(pressed(3, seed=7))
    assert validator("parameter-upload/v1").is_valid(groups)
    assert QualityRules().find_faults("parameter-upload/v1", groups) == ()
