"""Gage R&R: how much of what is measured is the measuring.

A crossed study: every operator measures every part equally often. By analysis of variance, which
sees an interaction of operator and part, and by averages and ranges, which can be done by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from quality.errors import MalformedChart, NoVariation, TooFewValues
from quality.spc.constants import constants_of, range_divisor
from quality.spc.series import DEVIATION_MIN, Floats, Numbers, read_series

#: An interaction less likely to be chance than this is kept. AIAG pools what is not significant
#: and marks significance at 0.05 in its example; 0.25 is what Bancroft (Biometrics 20 (1964)
#: 427-442) advises before pooling, so that an interaction is seldom taken for repeatability.
POOL_ABOVE: Final = 0.25
#: From so many ranges on their mean is divided by d2 itself.
_MANY_RANGES: Final = 15
#: Deviations that a study speaks of: six of them are 99.7 % of what is measured.
_STUDY: Final = 6.0
_DISTINCT: Final = 1.41


class GageMethod(StrEnum):
    """How the components were found."""

    ANOVA = "anova"
    RANGES = "average-and-range"


@dataclass(frozen=True, slots=True)
class AnovaRow:
    """One line of the table; ``f`` and ``p_value`` are None for the last."""

    source: str
    degrees: int
    squares: float
    f: float | None
    p_value: float | None

    @property
    def mean_square(self) -> float:
        """Squares by degrees of freedom."""
        return self.squares / self.degrees


@dataclass(frozen=True, slots=True)
class GageStudy:
    """The components of variation, as standard deviations in the unit of the values.

    Raises:
        NoVariation: all components are 0, so that nothing can be a share of their sum.
    """

    method: GageMethod
    repeatability: float
    operators: float
    interaction: float
    parts: float
    is_pooled: bool
    table: tuple[AnovaRow, ...] = ()

    def __post_init__(self) -> None:
        if not self.total > 0:
            raise NoVariation(
                "expected values that differ within trials, between parts or between operators, "
                "found none of these"
            )

    @property
    def reproducibility(self) -> float:
        """Operators with their interaction."""
        return sqrt(self.operators**2 + self.interaction**2)

    @property
    def gage(self) -> float:
        """Repeatability and reproducibility."""
        return sqrt(self.repeatability**2 + self.reproducibility**2)

    @property
    def total(self) -> float:
        """The gage and the parts."""
        return sqrt(self.gage**2 + self.parts**2)

    @property
    def share_of_variance(self) -> float:
        """The gage's share of the total variance."""
        return self.gage**2 / self.total**2

    @property
    def share_of_study(self) -> float:
        """The gage's deviation by the total one (%GRR / 100)."""
        return self.gage / self.total

    @property
    def distinct(self) -> int | None:
        """The number of distinct categories (ndc); None where nothing repeats differently."""
        return int(_DISTINCT * self.parts / self.gage) if self.gage > 0 else None

    def share_of_tolerance(self, width: float) -> float:
        """Six deviations of the gage by the width of the tolerance.

        Raises:
            MalformedChart: a width that is not above zero.

        Source: AIAG Measurement Systems Analysis, 4th edition (2010), chapter III, section B.
        """
        if not width > 0:
            raise MalformedChart(f"expected a tolerance above zero, found {width}")
        return _STUDY * self.gage / width


def arrange(parts: Sequence[str], operators: Sequence[str], *, values: Numbers) -> Floats:
    """Rows of a study as an array by part, operator and trial, each in order of appearance.

    Raises:
        ValuesNotFinite, MalformedChart: no values, rows of other lengths, or an operator who
            measured a part more or less often than others did.

    Source: AIAG Measurement Systems Analysis, 4th edition (2010), chapter III (crossed study).
    """
    series = read_series(values)
    if not len(parts) == len(operators) == series.size:
        raise MalformedChart(
            f"expected a part and an operator for each of {series.size} values, "
            f"found {len(parts)} and {len(operators)}"
        )
    cells: dict[tuple[str, str], list[float]] = {}
    for part, operator, value in zip(parts, operators, series.tolist(), strict=True):
        cells.setdefault((part, operator), []).append(value)
    trials = max(map(len, cells.values()))
    rows = []
    for part in dict.fromkeys(parts):
        for operator in dict.fromkeys(operators):
            found = cells.get((part, operator), [])
            if len(found) != trials:
                raise MalformedChart(
                    f"part {part}, operator {operator}: expected {trials} trials, "
                    f"found {len(found)}"
                )
            rows.append(found)
    return np.array(rows).reshape(len(set(parts)), len(set(operators)), trials)


def gage_by_anova(measured: Numbers, *, pool_above: float = POOL_ABOVE) -> GageStudy:
    """Components by two-way analysis of variance with random effects.

    Args:
        measured: Shape (parts, operators, trials), at least two of each.
        pool_above: The p-value above which the interaction is taken for repeatability.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: no such array.
        NoVariation: all values are equal.

    Source: AIAG Measurement Systems Analysis, 4th edition (2010), chapter III, ANOVA method;
    negative components are 0.
    """
    cube = _cube(measured)
    table, is_pooled = _anova(cube, pool_above)
    squares = {row.source: row.mean_square for row in table}
    parts, operators, trials = cube.shape
    error = squares["repeatability"]
    crossed = error if is_pooled else squares["operator by part"]
    return GageStudy(
        method=GageMethod.ANOVA,
        repeatability=sqrt(error),
        operators=_component(squares["operator"] - crossed, parts * trials),
        interaction=0.0 if is_pooled else _component(crossed - error, trials),
        parts=_component(squares["part"] - crossed, operators * trials),
        is_pooled=is_pooled,
        table=table,
    )


def gage_by_ranges(measured: Numbers) -> GageStudy:
    """Components by averages and ranges; an interaction is not seen.

    Args:
        measured: Shape (parts, operators, trials), at least two of each.

    Raises:
        ValuesNotFinite, TooFewValues, MalformedChart: no such array.
        NoVariation: all values are equal, or they differ by an interaction alone, which this
            method does not see.

    Source: AIAG Measurement Systems Analysis, 4th edition (2010), chapter III, average and range
    method; K1, K2 and K3 are 1/d2*, with d2 itself for more than 15 ranges.
    """
    cube = _cube(measured)
    parts, operators, trials = cube.shape
    ranges = np.ptp(cube, axis=2)
    cells = parts * operators
    divisor = constants_of(trials).d2 if cells > _MANY_RANGES else range_divisor(trials, cells)
    repeatability = float(ranges.mean()) / divisor
    spread = float(np.ptp(cube.mean(axis=(0, 2)))) / range_divisor(operators, 1)
    return GageStudy(
        method=GageMethod.RANGES,
        repeatability=repeatability,
        operators=sqrt(max(0.0, spread**2 - repeatability**2 / (parts * trials))),
        interaction=0.0,
        parts=float(np.ptp(cube.mean(axis=(1, 2)))) / range_divisor(parts, 1),
        is_pooled=True,
    )


def _cube(measured: Numbers) -> npt.NDArray[np.float64]:
    raw = np.asarray(measured)
    if raw.ndim != 3:
        raise MalformedChart("expected values by part, operator and trial, found another form")
    if min(raw.shape) < 2:
        raise TooFewValues(f"expected at least two parts, operators and trials, found {raw.shape}")
    flat = read_series(raw.ravel())
    if not np.ptp(flat) >= DEVIATION_MIN:
        raise NoVariation(f"expected values that differ, found {flat.size} equal ones")
    # Relative to one of them, so that sums of squares keep their digits.
    parts, operators, trials = raw.shape
    shifted: npt.NDArray[np.float64] = flat - flat[0]
    return shifted.reshape(parts, operators, trials)


def _anova(cube: npt.NDArray[np.float64], pool_above: float) -> tuple[tuple[AnovaRow, ...], bool]:
    parts, operators, trials = cube.shape
    mean = cube.mean()
    by_part, by_operator = cube.mean(axis=(1, 2)) - mean, cube.mean(axis=(0, 2)) - mean
    cells = cube.mean(axis=2) - mean
    crossed = cells - by_part[:, None] - by_operator[None, :]
    within = cube - cube.mean(axis=2, keepdims=True)
    of_part = float(operators * trials * (by_part**2).sum()), parts - 1
    of_operator = float(parts * trials * (by_operator**2).sum()), operators - 1
    of_both = float(trials * (crossed**2).sum()), (parts - 1) * (operators - 1)
    of_error = float((within**2).sum()), parts * operators * (trials - 1)
    interaction = _row("operator by part", of_both, of_error)
    is_pooled = interaction.p_value is not None and interaction.p_value > pool_above
    if is_pooled:
        of_error = of_error[0] + of_both[0], of_error[1] + of_both[1]
    against = of_error if is_pooled else of_both
    rows = [_row("part", of_part, against), _row("operator", of_operator, against)]
    error = AnovaRow("repeatability", of_error[1], of_error[0], None, None)
    return (*rows, *(() if is_pooled else (interaction,)), error), is_pooled


def _row(source: str, effect: tuple[float, int], error: tuple[float, int]) -> AnovaRow:
    from scipy.special import fdtrc

    (squares, degrees), (rest, free) = effect, error
    if not rest > 0:
        # Nothing to compare with: whatever there is, is no chance.
        return AnovaRow(source, degrees, squares, None, 0.0 if squares > 0 else 1.0)
    ratio = (squares / degrees) / (rest / free)
    return AnovaRow(source, degrees, squares, ratio, float(fdtrc(degrees, free, ratio)))


def _component(excess: float, count: int) -> float:
    return sqrt(max(0.0, excess) / count)
