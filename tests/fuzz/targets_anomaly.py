"""Targets of what is kept of the anomaly model: states of streams, decisions, models."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import numpy as np

from scoring.anomaly.challenger_serving import read_challenger
from scoring.anomaly.decision import (
    DecisionPath,
    DecisionRow,
    Limit,
    decode_decision,
    encode_decision,
)
from scoring.anomaly.graph import export_model
from scoring.anomaly.onnx_file import parse_onnx
from scoring.anomaly.port import StreamState
from scoring.anomaly.serving import read_form, read_model
from scoring.anomaly.state import decode_state, encode_state
from scoring.errors import MalformedDecision, MalformedModel, MalformedState
from tests.fuzz.target import Target
from tests.scoring.anomaly.models import any_model

_STATE: Final = StreamState("ab", {"state": np.array([[0.5, -1.0], [0.0, 2.0]])}, 3, 17, 0.02)
_ROW: Final = DecisionRow((4, None, 2**70), 17, "tool 1", 1.5, 0.25, "level/largest", "none")
_PATH: Final = DecisionPath(
    "ab", ("a", "b", "c"), encode_state(_STATE), (Limit("yellow", 0.01),), (_ROW,)
)


def _decode_state(data: bytes) -> None:
    """What is accepted has one spelling."""
    assert encode_state(decode_state(data)) == data


def _decode_decision(data: bytes) -> None:
    """What is accepted has one spelling."""
    assert encode_decision(decode_decision(data)) == data


def _read_model(data: bytes) -> None:
    """What is accepted is a model that a graph can be written of."""
    with suppress(MalformedModel):
        read_challenger(data)
    export_model(read_model(data))


TARGETS: Final = (
    Target(
        "anomaly-model",
        _read_model,
        (MalformedModel,),
        (parse_onnx, read_form, read_model, read_challenger),
        lambda: [export_model(any_model(1, size=1, order=0)), b""],
        bytes_max=8192,
        runs=20_000,
    ),
    Target(
        "anomaly-state",
        _decode_state,
        (MalformedState,),
        (decode_state,),
        lambda: [encode_state(_STATE), b"{}"],
        words=('"shape"', '"values"', '"alpha"', '"rows"', "null", '"0.01"'),
    ),
    Target(
        "anomaly-decision",
        _decode_decision,
        (MalformedDecision,),
        (decode_decision,),
        lambda: [encode_decision(_PATH), b"{}"],
        words=('"inputs"', '"limits"', '"rows"', '"p"', "null", "1e-2"),
    ),
)
