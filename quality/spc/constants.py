"""The constants of control charts, from their definitions rather than from a table.

With W the range and S the standard deviation of n independent standard normal values, d2 and d3
are mean and deviation of W, c4 is the mean of S. All other constants follow from these three.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import lgamma, pi, sqrt
from typing import Final

import numpy as np

from quality.errors import MalformedChart

SIZE_MAX: Final = 1000
#: Beyond this many deviations the normal density adds less than a double can hold.
_REACH: Final = 9.0
_NODES: Final = 96


@dataclass(frozen=True, slots=True)
class Constants:
    """The constants for subgroups of one size, under the names of the literature."""

    size: int
    d2: float
    d3: float
    c4: float

    @property
    def a2(self) -> float:
        """Limits of means from the mean range."""
        return 3 / (self.d2 * sqrt(self.size))

    @property
    def a3(self) -> float:
        """Limits of means from the mean standard deviation."""
        return 3 / (self.c4 * sqrt(self.size))

    @property
    def lower_d3(self) -> float:
        """Lower limit of ranges (D3)."""
        return max(0.0, 1 - 3 * self.d3 / self.d2)

    @property
    def upper_d4(self) -> float:
        """Upper limit of ranges (D4)."""
        return 1 + 3 * self.d3 / self.d2

    @property
    def lower_b3(self) -> float:
        """Lower limit of standard deviations (B3)."""
        return max(0.0, 1 - 3 * sqrt(1 - self.c4**2) / self.c4)

    @property
    def upper_b4(self) -> float:
        """Upper limit of standard deviations (B4)."""
        return 1 + 3 * sqrt(1 - self.c4**2) / self.c4

    @property
    def e2(self) -> float:
        """Limits of individual values from the mean moving range."""
        return 3 / self.d2


@lru_cache(maxsize=256)
def constants_of(size: int) -> Constants:
    """The constants for subgroups of ``size`` values.

    Raises:
        MalformedChart: a size outside 2..1000.

    Source: d2, d3: integrals of the distribution of the range, Tippett, Biometrika 17 (1925)
    364-387, here by Gauss-Legendre quadrature; c4: sqrt(2/(n-1)) gamma(n/2)/gamma((n-1)/2);
    A2, A3, B3, B4, D3, D4, E2: ASTM E2587, section 6.
    """
    if not 2 <= size <= SIZE_MAX:
        raise MalformedChart(f"expected subgroups of 2 to {SIZE_MAX} values, found {size}")
    mean, square = _range_moments(size)
    c4 = sqrt(2 / (size - 1)) * float(np.exp(lgamma(size / 2) - lgamma((size - 1) / 2)))
    return Constants(size=size, d2=mean, d3=sqrt(square - mean**2), c4=c4)


def range_divisor(size: int, groups: int) -> float:
    """d2*: the divisor of a mean of few ranges whose square is to be unbiased.

    Raises:
        MalformedChart: a size outside 2..1000, or no group.

    Source: Duncan, Quality Control and Industrial Statistics (1986), Appendix II, table D3:
    d2*^2 = d2^2 + d3^2 / g.
    """
    if groups < 1:
        raise MalformedChart(f"expected one or more ranges, found {groups}")
    constants = constants_of(size)
    return sqrt(constants.d2**2 + constants.d3**2 / groups)


def _range_moments(size: int) -> tuple[float, float]:
    """Mean and mean square of the range.

    The density of the range at w is n (n-1) times the integral over x of
    phi(x) phi(x + w) (Phi(x + w) - Phi(x))^(n-2): the least value at x, the largest at x + w.
    """
    from scipy.special import ndtr

    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    reach = _REACH + 1
    width = reach * (nodes + 1)
    # The middle of both ends runs over all that matters, whatever their distance.
    middle = _REACH * nodes
    low = middle[None, :] - width[:, None] / 2
    high = middle[None, :] + width[:, None] / 2
    density = np.exp(-(low**2 + high**2) / 2) / (2 * pi)
    between = ndtr(high) - ndtr(low)
    inner = (density * between ** (size - 2)) @ weights * _REACH
    outer = size * (size - 1) * inner * weights * reach
    return float(outer @ width), float(outer @ width**2)
