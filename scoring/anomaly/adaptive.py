"""The level for yellow, corrected by units that were confirmed good later.

A conformal p-value keeps its promise for exchangeable rows; rows of a process are not. So the
level follows what was realised: a_(t+1) = a_t + gamma (a - err_t) over confirmed-good rows in
the order in which they were measured, err_t being 1 where row t was called (Gibbs and Candes
2021, "Adaptive conformal inference under distribution shift"). It is bounded, and part of what a
line's state carries; the same labels give the same level, whoever computes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

GAMMA: Final = 0.005
ALPHA_MIN: Final = 1e-4
ALPHA_MAX: Final = 0.2
#: The level that models are trained for (Settings.yellow).
TARGET: Final = 0.005


@dataclass(frozen=True, slots=True)
class AdaptiveLevel:
    """The level in force and what it was fed with.

    ``good`` rows were confirmed good, ``alarms`` of them had been called at the level of their
    time; ``bad`` rows were confirmed bad, ``missed`` of them had not been called. Bad rows move
    no level.
    """

    alpha: float = TARGET
    target: float = TARGET
    good: int = 0
    alarms: int = 0
    bad: int = 0
    missed: int = 0

    def red(self, nominal: float = 0.001) -> float:
        """The level for red, which keeps its share of the level for yellow."""
        return max(ALPHA_MIN / 10.0, nominal * self.alpha / self.target)


def start_level(target: float = TARGET) -> AdaptiveLevel:
    """The level before anything was confirmed.

    Raises:
        ValueError: a target outside of the bounds of the level.
    """
    if not ALPHA_MIN <= target <= ALPHA_MAX:
        raise ValueError(f"expected a level from {ALPHA_MIN} to {ALPHA_MAX}, found {target}")
    return AdaptiveLevel(target, target)


def feed_good(level: AdaptiveLevel, p_values: Iterable[float]) -> AdaptiveLevel:
    """The level after rows that were confirmed good, by the p-values of their verdicts.

    Args:
        level: the one before.
        p_values: of confirmed-good rows, in the order in which they were measured.
    """
    alpha, good, alarms = level.alpha, level.good, level.alarms
    for p in p_values:
        called = p <= alpha
        alpha += GAMMA * (level.target - called)
        alpha = min(ALPHA_MAX, max(ALPHA_MIN, alpha))
        good, alarms = good + 1, alarms + called
    return replace(level, alpha=alpha, good=good, alarms=alarms)


def feed_bad(level: AdaptiveLevel, p_values: Iterable[float]) -> AdaptiveLevel:
    """Count rows that were confirmed bad, and how many of them had not been called."""
    found = list(p_values)
    missed = sum(p > level.alpha for p in found)
    return replace(level, bad=level.bad + len(found), missed=level.missed + missed)
