"""The false-alarm rate that was realised on confirmed-good rows, and error rates over lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scoring.anomaly.adaptive import AdaptiveLevel

CONFIDENCE: Final = 0.95
#: What is promised; the level itself is half of it, because few rows tell it exactly.
NOMINAL: Final = 0.01


@dataclass(frozen=True, slots=True)
class RealisedRate:
    """``alarms`` of ``rows`` confirmed-good rows were called; the interval is Clopper-Pearson's.

    ``rate`` is None before a row was confirmed; the interval is then 0 to 1.
    """

    nominal: float
    alarms: int
    rows: int
    rate: float | None
    lower: float
    upper: float
    confidence: float = CONFIDENCE

    @property
    def is_kept(self) -> bool:
        """Whether the rows do not speak against the nominal rate: it is not below the interval."""
        return self.lower <= self.nominal


def realised_rate(
    alarms: int, rows: int, *, nominal: float, confidence: float = CONFIDENCE
) -> RealisedRate:
    """The exact interval of a proportion (Clopper and Pearson, Biometrika 26 (1934) 404-413).

    Rows that follow one another are called together, so that the interval is too narrow for
    them; it is exact for rows that do not depend on each other.

    Raises:
        ValueError: counts that are none, or a confidence that is not between 0 and 1.
    """
    if not 0 <= alarms <= rows:
        raise ValueError(f"expected 0 to {rows} alarms, found {alarms}")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"expected a confidence between 0 and 1, found {confidence}")
    from scipy.special import betaincinv

    tail = (1.0 - confidence) / 2.0
    good = rows - alarms
    lower = 0.0 if alarms == 0 else float(betaincinv(alarms, good + 1, tail))
    upper = 1.0 if good == 0 else float(betaincinv(alarms + 1, good, 1.0 - tail))
    rate = alarms / rows if rows else None
    return RealisedRate(nominal, alarms, rows, rate, lower, upper, confidence)


def rate_of(level: AdaptiveLevel, nominal: float = NOMINAL) -> RealisedRate:
    """What a line's confirmed rows say of its nominal rate."""
    return realised_rate(level.alarms, level.good, nominal=nominal)


def discoveries(p_values: Mapping[str, float], *, rate: float = 0.05) -> frozenset[str]:
    """The lines that stand out together at this false discovery rate.

    Benjamini and Hochberg, J. R. Stat. Soc. B 57 (1995) 289-300; it holds for lines that do not
    depend on each other or do so positively.

    Args:
        p_values: the p-value of each line.
        rate: how large a share of those that stand out may be false, in the mean.

    Raises:
        ValueError: a p-value or a rate that is not between 0 and 1.
    """
    if not 0.0 < rate < 1.0:
        raise ValueError(f"expected a rate between 0 and 1, found {rate}")
    bad = next((p for p in p_values.values() if not 0.0 <= p <= 1.0), None)
    if bad is not None:
        raise ValueError(f"expected p-values from 0 to 1, found {bad}")
    ordered = sorted(p_values.values())
    lines = len(ordered)
    passing = [p for rank, p in enumerate(ordered, 1) if p <= rate * rank / lines]
    highest = max(passing, default=-1.0)
    return frozenset(line for line, p in p_values.items() if p <= highest)


def line_p_value(p_values: list[float]) -> float:
    """One p-value of a line from those of its rows since the last look: n times the smallest.

    Bonferroni's, so that it holds however the rows depend on each other.
    """
    return min(1.0, len(p_values) * min(p_values)) if p_values else 1.0
