"""What lies beyond the largest of n calibration scores: a Student-t tail of their logarithms.

Counting n scores tells nothing rarer than 1 / (n + 1). Beyond the largest of them the p-value is
that resolution times the share of the tail that is further out still; it is continuous there,
never larger than the resolution, and always said to be extrapolated.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.anomaly.table import Numbers

#: Degrees of freedom. Few enough for a heavy tail, and the distribution has a closed form.
FREEDOM: Final = 4
_NORMAL_95: Final = 1.6448536269514722


def student_tail(t: Numbers) -> Numbers:
    """P(T >= t) of Student's t with 4 degrees of freedom, exact to the last digits of float64.

    With s = t / sqrt(4 + t^2) it is (1 - s)^2 (2 + s) / 4; 1 - s is written without the
    difference of near numbers for positive t.
    """
    root = np.sqrt(FREEDOM + t * t)
    s = t / root
    above = np.where(t > 0, FREEDOM / (root * (root + np.abs(t))), 1.0 - s)
    return np.asarray(above**2 * (2.0 + s) / 4.0)


def beyond(scores: Numbers, score: Numbers) -> Numbers:
    """The share of the tail behind the largest of ``scores`` (ascending) that is at ``score``."""
    centre, width = _of_logarithms(scores)
    edge = student_tail((_logarithm(scores[-1:]) - centre) / width)
    found = student_tail((_logarithm(score) - centre) / width) / edge
    return np.asarray(np.minimum(found, 1.0))


def _of_logarithms(scores: Numbers) -> tuple[float, float]:
    half, most = _logarithm(np.quantile(scores, [0.5, 0.95]))
    return float(half), float(max((most - half) / _NORMAL_95, 1e-3))


def _logarithm(scores: Numbers) -> Numbers:
    # A score is in widths of the 95 % point, about 0 for an ordinary row.
    return np.asarray(np.log1p(np.maximum(scores, 0.0)))
