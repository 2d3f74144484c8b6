"""Rounds of a benchmark: fewer and smaller where a machine is slow, and at least one."""

from __future__ import annotations

import pytest

from bench.pacing import Rounds, run_rounds

ROUNDS = Rounds(count=3, least=100, most=5_000)


@pytest.mark.parametrize(
    ("per_record", "measured"),
    [(0.001, [5_000] * 3), (0.01, [966, 967, 967]), (0.2, [100]), (10.0, [100])],
)
def test_rounds_are_as_large_as_the_time_allows(per_record: float, measured: list[int]) -> None:
    at = 0.0

    def measure(count: int) -> int:
        nonlocal at
        at += count * per_record
        return count

    found = run_rounds(ROUNDS, measure, until=30, now=lambda: at)
    assert found == measured
    assert at <= max(30, 2 * ROUNDS.least * per_record), "but for the warm-up and one round"
