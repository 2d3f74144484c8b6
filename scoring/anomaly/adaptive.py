"""The level for yellow, corrected by units that were confirmed good later.

A conformal p-value keeps its promise for exchangeable rows; rows of a process are not. So the
level follows what was realised: a_(t+1) = a_t + gamma (a - err_t) over confirmed-good rows in
the order in which they were measured, err_t being 1 where row t was called (Gibbs and Candes
2021, "Adaptive conformal inference under distribution shift"). It is bounded, and part of what a
line's state carries; the same labels give the same level, whoever computes it.

That holds for rows that were confirmed whether they were called or not. Where people label alarms
alone, every row they confirm was called, and a level that followed them would silence the line:
it does not move then, and never below a quarter of what the model was trained for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

GAMMA: Final = 0.005
ALPHA_MIN: Final = 1e-4
ALPHA_MAX: Final = 0.2
#: So much of its target is left of a level, whatever is labelled.
FLOOR_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class AdaptiveLevel:
    """The level in force and what it was fed with.

    ``target`` is what the model was trained for (``Settings.yellow``). ``good`` rows were confirmed
    good, ``alarms`` of them had been called when they were scored; ``bad`` rows were confirmed
    bad, ``missed`` of them had not been called. Bad rows move no level. ``moved_us`` is when the
    level came to differ from what it was before.
    """

    alpha: float
    target: float
    good: int = 0
    alarms: int = 0
    bad: int = 0
    missed: int = 0
    moved_us: int | None = None

    def red(self, nominal: float = 0.001) -> float:
        """The level for red, which keeps its share of the level for yellow."""
        return max(ALPHA_MIN / 10.0, nominal * self.alpha / self.target)


def start_level(target: float) -> AdaptiveLevel:
    """The level before anything was confirmed.

    Raises:
        ValueError: a target outside of the bounds of the level.
    """
    if not ALPHA_MIN <= target <= ALPHA_MAX:
        raise ValueError(f"expected a level from {ALPHA_MIN} to {ALPHA_MAX}, found {target}")
    return AdaptiveLevel(target, target)


def feed_good(level: AdaptiveLevel, calls: Iterable[bool]) -> AdaptiveLevel:
    """The level after rows that were confirmed good.

    Args:
        level: the one before.
        calls: whether each was called when it was scored, in the order of their measurement.
    """
    least = max(ALPHA_MIN, FLOOR_SHARE * level.target)
    alpha, good, alarms = level.alpha, level.good, level.alarms
    for called in calls:
        alpha += GAMMA * (level.target - called)
        alpha = min(ALPHA_MAX, max(least, alpha))
        good, alarms = good + 1, alarms + called
    return replace(level, alpha=alpha, good=good, alarms=alarms)


def hold(level: AdaptiveLevel, calls: Iterable[bool]) -> AdaptiveLevel:
    """Count rows that were confirmed good and are no fair sample: the level does not move."""
    found = list(calls)
    return replace(level, good=level.good + len(found), alarms=level.alarms + sum(found))


def is_fair(calls: Iterable[bool]) -> bool:
    """Whether good rows may move a level: as many of them were quiet as were called, or more.

    Rows that were confirmed because they were called say nothing of how often good rows are. Good
    rows of which most were called are another regime, and not for a level to take back.
    """
    found = list(calls)
    return 2 * sum(found) <= len(found)


def feed_bad(level: AdaptiveLevel, calls: Iterable[bool]) -> AdaptiveLevel:
    """Count rows that were confirmed bad, and how many of them had not been called."""
    found = list(calls)
    missed = len(found) - sum(found)
    return replace(level, bad=level.bad + len(found), missed=level.missed + missed)
