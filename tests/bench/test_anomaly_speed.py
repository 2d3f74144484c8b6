"""What serving costs is measured on a graph that says what the reference says."""

from __future__ import annotations

from typing import Any

from bench.anomaly.speed import speed


def test_serving_is_measured_and_equals_the_reference() -> None:
    told: Any = speed(parameters=4, rounds=1, runs=20)["T14"]
    assert told["value"]["parity"] < 1e-9
    assert told["value"]["file_mib"] < 1.0
    assert told["more"]["row_in_python_us"] > 0
