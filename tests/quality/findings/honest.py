"""Honest measurements of many kinds, and what a forger makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from quality.findings.reported import Reported, Series, series_of_values

Values = npt.NDArray[np.float64]
Process = Callable[[np.random.Generator, int], Values]
DECIDED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
REPORTS, VALUES = 8, 60


def decimals(values: Sequence[float] | Values, step: str = "0.001") -> tuple[Decimal, ...]:
    """What a gauge of this step reads."""
    unit = Decimal(step)
    return tuple(round(float(value) / float(unit)) * unit for value in values)


def a_series(values: Sequence[Decimal], *, source: str = "R", **known: Any) -> Series:
    """One characteristic of one report."""
    of = ("supplier", "P-1", "10", "MMT")
    return series_of_values(of, values, source=source, place="/m/0", **known)


def a_report(values: Sequence[Decimal], *, source: str = "R", **known: Any) -> Reported:
    """A report of one characteristic, signed three hours after its verdict."""
    return Reported(
        source=source,
        root=source,
        series=(a_series(values, source=source, **known),),
        readings=((f"{source}#/at", DECIDED - timedelta(minutes=30)),),
        decided_at=DECIDED,
        manufactured_on=date(2026, 3, 1),
        signed_at=DECIDED + timedelta(hours=3),
    )


def normal(generator: np.random.Generator, count: int) -> Values:
    """Independent values of one distribution."""
    return generator.normal(10.0, 0.02, count)


def drifting(generator: np.random.Generator, count: int) -> Values:
    """A tool that wears, and is set again."""
    wear = np.linspace(-0.03, 0.03, count)
    return 10.0 + wear + generator.normal(0.0, 0.004, count)


def related(generator: np.random.Generator, count: int) -> Values:
    """Each value near the one before."""
    steps, values = generator.normal(0.0, 0.01, count), np.empty(count)
    level = 0.0
    for at in range(count):
        level = 0.9 * level + steps[at]
        values[at] = 10.0 + level
    return values


def cavities(generator: np.random.Generator, count: int) -> Values:
    """Four cavities in turns, apart by more than they vary."""
    offsets = np.array([-0.03, 0.01, 0.02, -0.01])[np.arange(count) % 4]
    return 10.0 + offsets + generator.normal(0.0, 0.003, count)


def skewed(generator: np.random.Generator, count: int) -> Values:
    """Form errors, never below zero."""
    return generator.gamma(2.0, 0.01, count)


def lots_apart(generator: np.random.Generator, count: int) -> Values:
    """Lots that differ in mean, and in spread by a third."""
    return generator.normal(
        10.0 + generator.normal(0.0, 0.02), 0.02 * generator.uniform(0.7, 1.3), count
    )


#: Every process with every gauge: fine, usual, coarse, and one that reads in steps of five.
PROCESSES: dict[str, Process] = {
    one.__name__: one for one in (normal, drifting, related, cavities, skewed, lots_apart)
}
GAUGES = ("0.0001", "0.001", "0.01", "0.0005", "0.05")


def honest_reports(
    process: Process, gauge: str, generator: np.random.Generator
) -> tuple[Reported, ...]:
    """Reports of one characteristic, each of a lot."""
    return tuple(
        a_report(decimals(process(generator, VALUES), gauge), source=f"R{at}")
        for at in range(REPORTS)
    )
