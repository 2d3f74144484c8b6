"""Limits of parameters: those of the specification, which are facts and no scores."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from scoring.anomaly.table import Numbers
from scoring.anomaly.verdict import Violation


@dataclass(frozen=True, slots=True)
class Limit:
    """The limits of one parameter; a value at a limit is inside. None: no limit there."""

    lower: float | None = None
    upper: float | None = None
    nominal: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The specification of a line, by name of the parameter."""

    by_parameter: dict[str, Limit] = field(default_factory=dict)

    def of(self, parameter: str) -> Limit:
        """The limits of a parameter, or none at all."""
        return self.by_parameter.get(parameter, Limit())


def bounds(names: tuple[str, ...], limits: Limits) -> tuple[Numbers, Numbers]:
    """Lower and upper limits [p] in the order of the names, infinite where there is none."""
    found = [limits.of(name) for name in names]
    lower = [-np.inf if limit.lower is None else limit.lower for limit in found]
    upper = [np.inf if limit.upper is None else limit.upper for limit in found]
    return np.array(lower, float), np.array(upper, float)


def violations(
    names: tuple[str, ...], values: Numbers, limits: Limits
) -> list[tuple[Violation, ...]]:
    """What of each row [n, p] is outside; a missing value is not outside."""
    lower, upper = bounds(names, limits)
    outside = (values < lower) | (values > upper)
    found: list[tuple[Violation, ...]] = [()] * len(values)
    for row in np.flatnonzero(outside.any(axis=1)):
        found[row] = tuple(
            _violation(names[j], float(values[row, j]), limits)
            for j in np.flatnonzero(outside[row])
        )
    return found


def _violation(name: str, value: float, limits: Limits) -> Violation:
    limit = limits.of(name)
    return Violation(name, value, limit.lower, limit.upper)
