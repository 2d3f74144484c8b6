"""Why a row stands out: shares of parameters in closed form, deterministic.

T2 = z'Pz of a standardised row z with precision P; the share of parameter j is z_j (Pz)_j, its
Shapley value for the quadratic form, and the shares sum to T2. What a parameter was expected to
be, given all others, is x_j - R_j s_j with R the regression-adjusted variable (Hawkins 1991).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contribution:
    """One parameter's part in an alarm.

    ``residual`` is R, signed, in sigma; ``z`` the plain distance from the usual value. ``share``
    is the part of T2, ``weight`` what the parameters were ordered by: R^2, or its average where
    the alarm is a slow one. ``first_row`` and ``first_us`` tell the first row of the episode at
    which the parameter itself was beyond 3 sigma. ``position`` is where the value lies in its
    specification: 0 at the lower, 1 at the upper limit, None where one is missing.
    """

    parameter: str
    unit: str
    value: float | None
    expected: float
    residual: float
    z: float
    share: float
    weight: float
    lower: float | None
    upper: float | None
    position: float | None
    first_row: int | None = None
    first_us: int | None = None

    @property
    def sign(self) -> int:
        """1 above, -1 below what was expected."""
        return 1 if self.residual >= 0 else -1


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parameters that an alarm is made of, the largest first.

    ``t2`` is the sum of every parameter's share: those of ``top`` and ``rest``, what all others
    have together. ``is_slow`` says that an average fired and not the row by itself.
    """

    statistic: str
    is_slow: bool
    t2: float
    rest: float
    top: tuple[Contribution, ...]
