"""Rounds of a measurement as large as the time allows: a busy machine measures less, not longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Rate = TypeVar("Rate")


@dataclass(frozen=True, slots=True)
class Rounds:
    """How many rounds, and how many records one of them has at least and at most."""

    count: int
    least: int
    most: int


def run_rounds(
    rounds: Rounds,
    measure: Callable[[int], Rate],
    *,
    until: float,
    now: Callable[[], float] = time.monotonic,
) -> list[Rate]:
    """Measure rounds that end before ``until``, but always one, after one that warms up.

    Args:
        rounds: the most that is measured.
        measure: one round of so many records, with all that it takes to prepare them.
        until: when the last round shall have ended, by ``now``.
        now: a monotonic clock, in seconds.
    """
    _, per_record = _timed(rounds.least, measure, now)
    rates: list[Rate] = []
    for left in range(rounds.count, 0, -1):
        fitting = (until - now()) / left / per_record
        if rates and (until - now()) / per_record < rounds.least:
            break
        count = max(rounds.least, min(rounds.most, int(fitting)))
        rate, per_record = _timed(count, measure, now)
        rates.append(rate)
    return rates


def _timed(
    count: int, measure: Callable[[int], Rate], now: Callable[[], float]
) -> tuple[Rate, float]:
    """What a round found, and the seconds that each of its records took."""
    started = now()
    rate = measure(count)
    return rate, (now() - started) / count
