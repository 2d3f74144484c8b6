"""How often rules call a process that has not changed.

The rate belongs to a set of rules, not to each: rule 1 alone calls one point in 370, all eight of
Nelson one in 44. It holds for independent normal values and limits that are known; limits from
few values, and values that follow one another, call more often.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from quality.errors import MalformedChart
from quality.spc.runs import PATTERNS, Pattern, Rule, Trait, fired, remember
from quality.spc.series import Floats

if TYPE_CHECKING:
    from scipy.sparse import coo_array

SEED: Final = 20_260_101
_CHARTS: Final = 1_500
_POINTS: Final = 512
#: From here on no window reaches back beyond the first point.
_SETTLED: Final = 16
_ZONES: Final = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
_MIDDLES: Final = (-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5)
_ORDERED: Final = frozenset({Trait.RISES, Trait.FALLS, Trait.TURNS})


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often rules fire while the process stays as it is, or has moved by a shift.

    Attributes:
        run_length: Points from the first one to the first alarm, in the mean.
        per_point: The share of points at which a rule fires, in the long run. An alarm that is
            not acted on goes on for some points, so that this is more than one in run_length.
        alarms_per_point: Alarms a point in the long run, those at neighbouring points being one.
        is_exact: Whether both were computed; else they were simulated.
    """

    run_length: float
    per_point: float
    alarms_per_point: float
    is_exact: bool


@dataclass(frozen=True, slots=True)
class _Chain:
    """Of each state and zone the next state, and whether a rule fires on the way."""

    following: npt.NDArray[np.int64]
    fires: npt.NDArray[np.bool_]


def false_alarms(rules: Iterable[Rule], *, shift: float = 0.0) -> FalseAlarms:
    """How often a set of rules fires.

    Args:
        rules: One or more.
        shift: How far the process has moved, in deviations; 0 gives the false alarms, another
            number how soon that shift is found.

    Returns:
        Exact by a Markov chain where every rule looks at zones only; with rules of rising or
        alternating points (N3, N4) a simulation of 1,500 charts with a fixed seed, within some
        3 per cent, in which a chart without a signal in 512 points counts as at risk that long.

    Raises:
        MalformedChart: no rule, or a shift that is no finite number.

    Source: Champ and Woodall, Technometrics 29 (1987) 393-399 (exact results by Markov chains).
    """
    chosen = tuple(sorted(set(rules)))
    if not chosen or not np.isfinite(shift):
        raise MalformedChart(f"expected rules and a finite shift, found {chosen} and {shift}")
    return _rates(chosen, float(shift))


@lru_cache(maxsize=64)
def _rates(rules: tuple[Rule, ...], shift: float) -> FalseAlarms:
    patterns = tuple(dict.fromkeys(p for rule in rules for p in PATTERNS[rule]))
    if any(pattern.trait in _ORDERED for pattern in patterns):
        return _simulate(rules, shift)
    chain, chances = _chain(patterns), _zone_chances(shift)
    settled = _settle(chain, chances, max(pattern.window for pattern in patterns))
    fires = np.where(chain.fires, chances, 0.0)
    share = float(settled @ fires.sum(axis=1))
    again = float(settled @ (fires * fires.sum(axis=1)[chain.following]).sum(axis=1))
    return FalseAlarms(
        run_length=_run_length(chain, chances),
        per_point=share,
        alarms_per_point=share - again,
        is_exact=True,
    )


def _zone_chances(shift: float) -> Floats:
    from scipy.special import ndtr

    edges = ndtr(np.array([-np.inf, *_ZONES, np.inf]) - shift)
    return np.asarray(np.diff(edges), dtype=np.float64)


def _chain(patterns: tuple[Pattern, ...]) -> _Chain:
    """Every state that points can lead to from none at all."""
    zones = [tuple(_in_zone(pattern, middle) for pattern in patterns) for middle in _MIDDLES]
    start = (0,) * len(patterns)
    numbers, waiting = {start: 0}, [start]
    following: list[list[int]] = []
    fires: list[list[bool]] = []
    for state in waiting:  # grows while it is walked
        steps = [
            [remember(p, seen, has=has) for p, seen, has in zip(patterns, state, zone, strict=True)]
            for zone in zones
        ]
        fires.append([any(alarm for _, alarm in step) for step in steps])
        reached = [tuple(seen for seen, _ in step) for step in steps]
        for new in dict.fromkeys(reached):
            if new not in numbers:
                numbers[new] = len(numbers)
                waiting.append(new)
        following.append([numbers[one] for one in reached])
    return _Chain(np.array(following), np.array(fires))


def _in_zone(pattern: Pattern, middle: float) -> bool:
    match pattern.trait:
        case Trait.ABOVE:
            return middle > pattern.distance
        case Trait.BELOW:
            return middle < -pattern.distance
        case Trait.WITHIN:
            return abs(middle) < pattern.distance
        case _:
            return abs(middle) > pattern.distance


def _run_length(chain: _Chain, chances: Floats) -> float:
    """From no point at all: L = 1 + the mean of L over the next states without an alarm."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import spsolve

    goes_on = np.where(chain.fires, 0.0, chances)
    system = (eye_array(len(goes_on)) - _moves(chain, goes_on)).tocsc()
    return float(np.atleast_1d(spsolve(system, np.ones(len(goes_on))))[0])


def _settle(chain: _Chain, chances: Floats, memory: int) -> Floats:
    """Where a chain is in the long run: rules forget what is older than their windows."""
    moving = _moves(chain, np.broadcast_to(chances, chain.fires.shape)).T.tocsr()
    state = np.zeros(len(chain.fires))
    state[0] = 1.0
    for _ in range(memory):
        state = moving @ state
    return state


def _moves(chain: _Chain, weights: Floats) -> coo_array:
    from scipy.sparse import coo_array

    states, zones = chain.following.shape
    rows = np.repeat(np.arange(states), zones)
    return coo_array((weights.ravel(), (rows, chain.following.ravel())), shape=(states, states))


def _simulate(rules: tuple[Rule, ...], shift: float) -> FalseAlarms:
    generator = np.random.default_rng(SEED)
    scores = generator.standard_normal((_CHARTS, _POINTS)) + shift
    found = np.zeros(scores.shape, dtype=np.bool_)
    for rule in rules:
        found |= fired(scores, rule)
    has_signal = found.any(axis=1)
    at_risk = np.where(has_signal, found.argmax(axis=1) + 1, _POINTS)
    return FalseAlarms(
        run_length=float(at_risk.sum() / max(1, has_signal.sum())),
        per_point=float(found[:, _SETTLED:].mean()),
        alarms_per_point=float((found[:, _SETTLED:] & ~found[:, _SETTLED - 1 : -1]).mean()),
        is_exact=False,
    )
