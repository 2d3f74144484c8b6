"""The run rules on the charts of all parameters at once, in a stream.

Rule 1 looks at the value itself. Rules of runs assume independent points, so that on the charts
of autocorrelated parameters they look at the innovation's regression-adjusted variable instead;
its deviation is that of the training rows, not a moving range, which autocorrelation shortens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from quality.spc.runs import Bits, Rule, fired
from scoring.anomaly.model import ChannelName, Model
from scoring.anomaly.port import Detail
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.table import Numbers

#: Points before the newest that a pattern looks at: fifteen of N7 less one.
HISTORY_MAX: Final = 14
_FIRST_RULES: Final = (Rule.N1, Rule.WE1)
_SIGMA: Final = 3.0


@dataclass(frozen=True, slots=True)
class Charts:
    """Which rules are looked at on the charts of the modelled parameters [m].

    ``enabled`` [m, rules]; ``own_lower`` and ``own_upper`` [m] are control limits that somebody
    has set, NaN where none; ``on_innovation`` [m].
    """

    names: tuple[str, ...]
    columns: tuple[int, ...]
    rules: tuple[Rule, ...]
    enabled: Bits
    own_lower: Numbers
    own_upper: Numbers
    on_innovation: Bits

    def hits(self, values: Numbers, detail: Detail, history: Numbers) -> tuple[Bits, Numbers]:
        """What fires at each row [n, m, rules], and the history to go on with.

        Nothing fires on the chart of a parameter that is missing in the row; in runs over such a
        row its expectation stands for it.
        """
        points = self._points(detail)
        longer = np.concatenate([history, points]) if len(history) else points
        found = np.zeros((*points.shape, len(self.rules)), np.bool_)
        for n, rule in enumerate(self.rules):
            if rule in _FIRST_RULES:
                found[:, :, n] = self._beyond(values[:, self.columns], detail.z)
            else:
                found[:, :, n] = fired(longer.T, rule).T[len(longer) - len(points) :]
        found &= self.enabled & detail.present[:, :, None]
        return found, longer[max(0, len(longer) - HISTORY_MAX) :].copy()

    def _points(self, detail: Detail) -> Numbers:
        if not self.on_innovation.any():
            return detail.z
        innovation = detail.residuals[ChannelName.INNOVATION]
        return np.where(self.on_innovation, innovation, detail.z)

    def _beyond(self, values: Numbers, z: Numbers) -> Bits:
        """Beyond the limit that was set, or beyond 3 sigma where none was."""
        low = np.where(np.isnan(self.own_lower), z < -_SIGMA, values < self.own_lower)
        high = np.where(np.isnan(self.own_upper), z > _SIGMA, values > self.own_upper)
        return np.asarray(low | high)


def charts_of(model: Model, rules: RuleSet, on_innovation: tuple[bool, ...] | None) -> Charts:
    """The charts of a model; ``on_innovation`` None: all of them where it has innovations."""
    names = tuple(model.names[j] for j in model.modelled)
    chosen = [rules.of(name) for name in names]
    used = tuple(rule for rule in Rule if any(rule in each.rules for each in chosen))
    enabled = np.array([[rule in each.rules for rule in used] for each in chosen], np.bool_)
    if on_innovation is None or model.innovation is None:
        on_innovation = (model.innovation is not None,) * len(names)
    return Charts(
        names,
        model.modelled,
        used,
        enabled.reshape(len(names), len(used)),
        np.array([np.nan if each.lower is None else each.lower for each in chosen]),
        np.array([np.nan if each.upper is None else each.upper for each in chosen]),
        np.array(on_innovation, np.bool_),
    )
