"""Targets of what drift is judged by and of what it has counted."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from scoring.anomaly.drift import DriftMonitor, DriftRows
from scoring.anomaly.drift_bytes import (
    decode_drift_reference,
    decode_drift_state,
    encode_drift_reference,
    encode_drift_state,
)
from scoring.anomaly.drift_reference import BINS, LOOKS, DriftReference
from scoring.errors import MalformedState
from tests.fuzz.target import Target

_M: Final = 2


@cache
def _reference() -> DriftReference:
    one = np.ones(_M)
    return DriftReference(
        model_rows=300,
        names=("a", "b"),
        mean=0.0 * one,
        spread=one,
        dependence=one,
        residual_dependence=one,
        edges=np.tile(np.linspace(-1.0, 1.0, BINS - 1), (_M, 1)),
        shares=np.full((_M, BINS), 1.0 / BINS),
        psi_limit=0.25 * one,
        distance=(0.5, 1.0, 1.0),
        missing=0.0 * one,
        wander=np.full((len(LOOKS), _M), 0.3),
    )


def _state() -> bytes:
    monitor = DriftMonitor(_reference())
    rows = DriftRows(np.ones((60, _M)), np.ones((60, _M)), np.ones((60, _M), bool), np.ones(60))
    return encode_drift_state(monitor.push(rows, monitor.start())[1])


def _decode_reference(data: bytes) -> None:
    """What is accepted has one spelling."""
    assert encode_drift_reference(decode_drift_reference(data)) == data


def _decode_state(data: bytes) -> None:
    """What is accepted has one spelling."""
    assert encode_drift_state(decode_drift_state(data)) == data


TARGETS: Final = (
    Target(
        "drift-reference",
        _decode_reference,
        (MalformedState,),
        (decode_drift_reference,),
        lambda: [encode_drift_reference(_reference()), b"{}"],
        words=('"shape"', '"values"', '"names"', "null"),
    ),
    Target(
        "drift-state",
        _decode_state,
        (MalformedState,),
        (decode_drift_state,),
        lambda: [_state(), b"{}"],
        words=('"shape"', '"values"', '"told"', '"mean"', "-1", "null"),
    ),
)
