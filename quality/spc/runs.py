"""Run rules: what on a chart is unlikely while nothing has changed.

All rules are of one form: the newest point has a property, and so have at least k of the last m.
A rule fires at a point, never later: as soon as k of the points seen so far have it, without
waiting for m of them. :func:`signals` answers for a whole series at once, :class:`Watch` point by
point, both the same. Points are scores: distances from the center line in deviations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from quality.errors import ValuesNotFinite
from quality.spc.series import Numbers, read_series

Bits = npt.NDArray[np.bool_]


class Rule(StrEnum):
    """A rule by source and number; equal ones of the two sources have two names."""

    WE1 = "WE1"
    WE2 = "WE2"
    WE3 = "WE3"
    WE4 = "WE4"
    N1 = "N1"
    N2 = "N2"
    N3 = "N3"
    N4 = "N4"
    N5 = "N5"
    N6 = "N6"
    N7 = "N7"
    N8 = "N8"


class Trait(StrEnum):
    """A property of a point, or of a point beside those before it."""

    ABOVE = "above"
    BELOW = "below"
    WITHIN = "within"
    BEYOND = "beyond"
    RISES = "rises"
    FALLS = "falls"
    TURNS = "turns"


@dataclass(frozen=True, slots=True)
class Pattern:
    """At least ``need`` of the last ``window`` points have the trait at this distance."""

    trait: Trait
    need: int
    window: int
    distance: float = 0.0


def _sides(need: int, window: int, distance: float) -> tuple[Pattern, ...]:
    return (
        Pattern(Trait.ABOVE, need, window, distance),
        Pattern(Trait.BELOW, need, window, distance),
    )


#: Western Electric: Statistical Quality Control Handbook (1956), pages 25-28. Nelson: Journal of
#: Quality Technology 16 (1984) 237-239. Six rising points have five rises, fourteen that
#: alternate turn twelve times.
PATTERNS: Final[Mapping[Rule, tuple[Pattern, ...]]] = {
    Rule.WE1: _sides(1, 1, 3.0),
    Rule.WE2: _sides(2, 3, 2.0),
    Rule.WE3: _sides(4, 5, 1.0),
    Rule.WE4: _sides(8, 8, 0.0),
    Rule.N1: _sides(1, 1, 3.0),
    Rule.N2: _sides(9, 9, 0.0),
    Rule.N3: (Pattern(Trait.RISES, 5, 5), Pattern(Trait.FALLS, 5, 5)),
    Rule.N4: (Pattern(Trait.TURNS, 12, 12),),
    Rule.N5: _sides(2, 3, 2.0),
    Rule.N6: _sides(4, 5, 1.0),
    Rule.N7: (Pattern(Trait.WITHIN, 15, 15, 1.0),),
    Rule.N8: (Pattern(Trait.BEYOND, 8, 8, 1.0),),
}
WESTERN_ELECTRIC: Final = (Rule.WE1, Rule.WE2, Rule.WE3, Rule.WE4)
NELSON: Final = tuple(rule for rule in Rule if rule.name.startswith("N"))
#: All eight of Nelson would call every 44th point of a good process.
DEFAULT_RULES: Final = (Rule.N1, Rule.N2, Rule.N5, Rule.N6)


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule that fired at a point, counted from 0."""

    at: int
    rule: Rule


def fired(scores: Numbers, rule: Rule) -> Bits:
    """At which points of a chart a rule fires.

    Args:
        scores: One row a chart: shape (points,) or (charts, points).
        rule: The rule.

    Raises:
        ValuesNotFinite: a score is not a finite number.

    Source: :data:`PATTERNS`; for the start of a chart, Champ and Woodall, Technometrics 29
    (1987) 393-399, whose chains begin with no point at all.
    """
    points = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(points).all():
        raise ValuesNotFinite("expected finite scores, found one that is not")
    found = np.zeros(points.shape, dtype=np.bool_)
    for pattern in PATTERNS[rule]:
        found |= _match(points, pattern)
    return found


def signals(scores: Numbers, rules: Iterable[Rule] = DEFAULT_RULES) -> tuple[Signal, ...]:
    """What the rules say of a chart, in the order of its points.

    Raises:
        ValuesNotFinite, MalformedChart: no row of finite scores.

    Source: as :func:`fired`.
    """
    points = read_series(scores, at_least=0)
    pairs = (
        (int(at), order, rule)
        for order, rule in enumerate(dict.fromkeys(rules))
        for at in np.flatnonzero(fired(points, rule))
    )
    return tuple(Signal(at, rule) for at, _, rule in sorted(pairs))


class Watch:
    """The same rules over points that come one by one; memory does not grow."""

    def __init__(self, rules: Iterable[Rule] = DEFAULT_RULES) -> None:
        """Watch from before the first point.

        Source: as :func:`fired`.
        """
        self._rules = tuple(dict.fromkeys(rules))
        self._patterns = [(rule, p) for rule in self._rules for p in PATTERNS[rule]]
        self._memory = (0,) * len(self._patterns)
        self._last: float | None = None
        self._step = 0
        self._count = 0

    def add(self, score: float) -> tuple[Signal, ...]:
        """Take the next point; the answer is what fires at it.

        Raises:
            ValuesNotFinite: the score is not a finite number; nothing is taken then.

        Source: as :func:`fired`.
        """
        if not np.isfinite(score):
            raise ValuesNotFinite(f"expected a finite score, found {score}")
        step = 0 if self._last is None else (score > self._last) - (score < self._last)
        turns = step * self._step < 0
        found: list[Rule] = []
        memory: list[int] = []
        for (rule, pattern), seen in zip(self._patterns, self._memory, strict=True):
            has = _has(pattern, score, step=step, turns=turns)
            seen, fires = remember(pattern, seen, has=has)  # noqa: PLW2901 - the next memory
            memory.append(seen)
            if fires and rule not in found:
                found.append(rule)
        answer = tuple(Signal(self._count, rule) for rule in found)
        self._memory, self._last, self._step = tuple(memory), score, step
        self._count += 1
        return answer


def watch(scores: Iterable[float], rules: Iterable[Rule] = DEFAULT_RULES) -> Iterator[Signal]:
    """What fires in a stream, each as soon as its point is there.

    Raises:
        ValuesNotFinite: a score is not a finite number.

    Source: as :func:`fired`.
    """
    watching = Watch(rules)
    for score in scores:
        yield from watching.add(score)


def remember(pattern: Pattern, seen: int, *, has: bool) -> tuple[int, bool]:
    """What a pattern keeps of the past, the newest point in the lowest bit; and whether it fires.

    Source: the chains of Champ and Woodall, Technometrics 29 (1987) 393-399.
    """
    if pattern.need == pattern.window and not has:
        # An unbroken run is broken: what was before it cannot matter any more.
        return 0, False
    window = ((seen << 1) | has) & ((1 << pattern.window) - 1)
    # The oldest of a whole window leaves it with the next point.
    return window & ((1 << (pattern.window - 1)) - 1), has and window.bit_count() >= pattern.need


def _has(pattern: Pattern, score: float, *, step: int, turns: bool) -> bool:
    match pattern.trait:
        case Trait.ABOVE:
            return bool(score > pattern.distance)
        case Trait.BELOW:
            return bool(score < -pattern.distance)
        case Trait.WITHIN:
            return bool(abs(score) < pattern.distance)
        case Trait.BEYOND:
            return bool(abs(score) > pattern.distance)
        case Trait.RISES:
            return step > 0
        case Trait.FALLS:
            return step < 0
        case Trait.TURNS:
            return turns


def _match(points: npt.NDArray[np.float64], pattern: Pattern) -> Bits:
    has = _traits(points, pattern)
    if pattern.need == 1 or not has.size:
        return has
    # A count over a window is the difference of two counts from the beginning.
    counts = np.cumsum(has, axis=-1, dtype=np.int32)
    within = counts.copy()
    within[..., pattern.window :] -= counts[..., : -pattern.window]
    return has & (within >= pattern.need)


def _traits(points: npt.NDArray[np.float64], pattern: Pattern) -> Bits:
    match pattern.trait:
        case Trait.ABOVE:
            return np.asarray(points > pattern.distance)
        case Trait.BELOW:
            return np.asarray(points < -pattern.distance)
        case Trait.WITHIN:
            return np.asarray(np.abs(points) < pattern.distance)
        case Trait.BEYOND:
            return np.asarray(np.abs(points) > pattern.distance)
    has = np.zeros(points.shape, dtype=np.bool_)
    earlier, later = points[..., :-1], points[..., 1:]
    rises, falls = later > earlier, later < earlier
    if pattern.trait is Trait.RISES:
        has[..., 1:] = rises
    elif pattern.trait is Trait.FALLS:
        has[..., 1:] = falls
    else:
        has[..., 2:] = (rises[..., 1:] & falls[..., :-1]) | (falls[..., 1:] & rises[..., :-1])
    return has
