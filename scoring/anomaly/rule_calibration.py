"""How rare the hits of run rules are on good rows: what makes a p-value of them.

Each rule of each parameter weighs -log of its hit rate on training rows out of fold; a row's
statistic is the sum of the weights of what fires at it, and its p-value is conformal.
"""

from __future__ import annotations

from dataclasses import dataclass

from quality.spc.runs import Rule
from scoring.anomaly.table import Numbers


@dataclass(frozen=True, slots=True)
class RuleCalibration:
    """What :func:`calibrate_rules` found, for one model and one rule set.

    ``weights`` [p, rules] in the order of ``names`` and ``rules``; ``scores`` [n] ascending are
    the statistic of training rows out of fold. ``on_innovation`` tells of which parameters runs
    are looked for on innovations, because their values are autocorrelated.
    """

    names: tuple[str, ...]
    rules: tuple[Rule, ...]
    weights: Numbers
    scores: Numbers
    on_innovation: tuple[bool, ...]
