"""Block cross-fit: every training row is scored by a fit that has not seen it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from scoring.anomaly.blocks import folds
from scoring.anomaly.filling import complete_in_order
from scoring.anomaly.fitting import Fit, Fitted, rescaled
from scoring.anomaly.model import ChannelName, Settings
from scoring.anomaly.reference import Computed, compute, start_arrays
from scoring.anomaly.table import Numbers, ParameterTable

Progress = Callable[[int, int], None]

#: Residuals beyond this many deviations count as this many in the deviation out of fold.
_WINSOR: Final = 6.0


@dataclass(frozen=True, slots=True)
class CrossFit:
    """Out of fold: raw statistics [n, s], and each residual's deviation [m] by channel."""

    statistics: Numbers
    deviations: dict[ChannelName, Numbers]


def cross_fit(table: ParameterTable, fit: Fit, *, note: Progress) -> CrossFit:
    """Fit to all blocks but one, score that one; by turns."""
    settings = fit.settings
    fitted: list[tuple[Fitted, slice]] = []
    for done, (rows, block) in enumerate(
        folds(len(table), settings.blocks, gap=settings.var_order)
    ):
        note(done, settings.blocks + 1)
        fitted.append((fit(table.take(rows)), block))
    note(settings.blocks, settings.blocks + 1)
    plain = [_score(each, table, block, settings=settings) for each, block in fitted]
    deviations = {name: _deviation(plain, name) for name in _channels(fitted[0][0])}
    scaled = [
        _score(rescaled(each, deviations), table, block, settings=settings)
        for each, block in fitted
    ]
    return CrossFit(np.vstack([each.statistics for each in scaled]), deviations)


def _channels(fitted: Fitted) -> list[ChannelName]:
    parts = fitted.parts
    dynamic = [] if parts.innovation is None else [ChannelName.INNOVATION]
    return [ChannelName.LEVEL, *dynamic]


def _deviation(scored: list[Computed], name: ChannelName) -> Numbers:
    rows = np.clip(np.vstack([each.residuals[str(name)] for each in scored]), -_WINSOR, _WINSOR)
    return np.asarray(np.maximum(np.sqrt((rows**2).mean(axis=0)), 1e-6))


def _score(fitted: Fitted, table: ParameterTable, block: slice, *, settings: Settings) -> Computed:
    """Score a block. Its first rows are foretold by the rows before it, as in a stream."""
    begin = max(0, block.start - settings.var_order)
    z = fitted.standardise(table.take(slice(begin, block.stop)), settings.clip)
    state = start_arrays(fitted.parts)
    whole = complete_in_order(z, fitted.parts, state)
    found = compute(fitted.parts, whole.z, whole.judged, state=state)
    before = block.start - begin
    cut = {name: rows[before:] for name, rows in found.residuals.items()}
    return replace(found, statistics=found.statistics[before:], residuals=cut)
