"""Model and rules as one p-value, by the Cauchy combination (Liu and Xie 2020).

It holds under dependence, and rules and model look at the same row. Rules alone never make an
alarm of a row by being many; they weigh in where they are rare.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.anomaly.table import Numbers

MODEL_WEIGHT: Final = 0.7
RULES_WEIGHT: Final = 0.3
#: Half of all good rows are as quiet as this: no evidence for a row, and none against. Uncapped, a
#: model at p = 1 would erase whatever rules found, and rules at p = 1 the model.
_QUIET: Final = 0.5
#: Below it 1 / tan(pi p) overflows nothing yet.
_LEAST: Final = 1e-300


def fuse(p_model: Numbers, p_rules: Numbers | None) -> Numbers:
    """The p-value of each row; ``p_rules`` None leaves the model's as it is."""
    if p_rules is None:
        return p_model
    model, rules = (_cauchy(np.minimum(each, _QUIET)) for each in (p_model, p_rules))
    found = MODEL_WEIGHT * model + RULES_WEIGHT * rules
    # arctan(1/t) keeps the digits that 1/2 - arctan(t)/pi loses for large t.
    with np.errstate(divide="ignore"):
        small = np.arctan(1.0 / found) / np.pi
    return np.asarray(np.where(found > 0, small, 0.5 - np.arctan(found) / np.pi))


def _cauchy(p: Numbers) -> Numbers:
    return np.asarray(1.0 / np.tan(np.pi * np.clip(p, _LEAST, 1.0 - 1e-12)))
