"""How rare the hits of run rules are on good rows: what makes a p-value of them.

Each rule of each parameter weighs -log of its hit rate on training rows out of fold; a row's
statistic is the sum of the weights of what fires at it, and its p-value is conformal.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from quality.spc.runs import Bits, Rule
from scoring.anomaly.rules import RuleSet, encode_rules
from scoring.anomaly.table import Numbers


@dataclass(frozen=True, slots=True)
class RuleCalibration:
    """What :func:`~scoring.anomaly.rule_training.calibrate_rules` found for one rule set.

    ``weights`` [m, rules] in the order of ``names`` and ``rules``, the engineers' own weights in
    them. ``scores`` [k] ascending are quantiles of the statistic of training rows out of fold, as
    many as independent rows: hits of runs come in clusters, and 500 rows with some 50 clusters
    tell nothing as rare as 1 in 500. ``on_innovation`` tells of which parameters runs are looked
    for on innovations, because their values are autocorrelated. ``rule_set`` is the digest of the
    rules that it is for.
    """

    names: tuple[str, ...]
    rules: tuple[Rule, ...]
    weights: Numbers
    scores: Numbers
    on_innovation: tuple[bool, ...]
    rule_set: str

    def statistic(self, hits: Bits) -> Numbers:
        """The weighted hits of rows [n, m, rules]."""
        return np.asarray((hits * self.weights).sum(axis=(1, 2)))

    def p_value(self, statistic: Numbers) -> Numbers:
        """The conformal p-value of each (Vovk, Gammerman, Shafer 2005)."""
        # A sum of weights may end in another bit by the order of its terms: equal to 1e-9.
        beyond = len(self.scores) - np.searchsorted(self.scores, statistic - 1e-9, side="left")
        return np.asarray((1.0 + beyond) / (len(self.scores) + 1.0))


def rule_set_digest(rules: RuleSet) -> str:
    """SHA-256 of the canonical bytes of what rules say, whatever version says it."""
    said = RuleSet(rules.default, rules.parameters)
    return hashlib.sha256(encode_rules(said)).hexdigest()
