"""Biases of one sensor in one row, found and named: T11, T12 and T13."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.anomaly.line import Line, learn
from bench.anomaly.runs import Runs
from bench.anomaly.targets import Judged, judge, unmeasured
from scoring.anomaly.reference import compute, start_arrays
from scoring.anomaly.table import Numbers

SIGMAS: Final = (3, 4, 5)
#: Rows that a bias is put into, evenly over the good ones.
_PLACES: Final = 24


@dataclass(frozen=True, slots=True)
class Biased:
    """Rows with one bias each: by parameter, and what was said of them."""

    parameter: Numbers
    is_found: Numbers
    named: Numbers
    shapley_error: float


def tests(runs: Runs) -> dict[str, Judged]:
    """T11, T12 and T13 on the first good run that was not learnt from."""
    good = [*runs.normal, *runs.training[1:], *(run.before for run in runs.faults)]
    if not runs.training or not good:
        return {t: unmeasured(t, "expected a good run besides") for t in ("T11", "T12", "T13")}
    line = learn(runs.training[0].table)
    values = good[0].table.values
    sigma = np.nanstd(runs.training[0].table.values, axis=0)
    found = {k: biased(line, values, k * sigma) for k in SIGMAS}
    rates = {f"sigma_{k}": float(b.is_found.mean()) for k, b in found.items()}
    named = {f"sigma_{k}": float(b.named.mean()) for k, b in found.items()}
    alarmed = {
        f"of_alarms_sigma_{k}": float(b.named[b.is_found > 0].mean()) for k, b in found.items()
    }
    worst = max(b.shapley_error for b in found.values())
    return {
        "T11": judge("T11", rates, reason=f"{_PLACES} rows x parameters x two signs"),
        "T12": judge("T12", named | alarmed, reason="of all biased rows, alarm or not"),
        "T13": judge("T13", {"relative_error": worst}),
    }


def biased(line: Line, values: Numbers, bias: Numbers) -> Biased:
    """Every parameter of some rows moved up and down by its bias, one at a time."""
    z, present = line.standardised_values(values)
    shift = bias[list(line.model.modelled)] / line.model.scale
    places = np.linspace(len(z) // 8, len(z) - 1, _PLACES).astype(int)
    told: list[tuple[int, bool, bool, float]] = []
    for place in places:
        before = compute(line.parts, z[:place], present[:place], state=start_arrays(line.parts))
        for j in range(z.shape[1]):
            for sign in (-1.0, 1.0):
                row = z[place : place + 1].copy()
                row[0, j] += sign * shift[j]
                now = compute(line.parts, row, present[place : place + 1], state=before.state)
                alarm = bool(line.p_of(now.statistics)[0] < line.model.settings.yellow)
                power = sum(R[0] ** 2 for R in now.residuals.values()) + row[0] ** 2
                told.append((j, alarm, int(power.argmax()) == j, _shapley_error(line, row[0])))
    parameter, found, named, error = (np.array(column) for column in zip(*told, strict=True))
    return Biased(parameter, found, named, float(error.max()))


def _shapley_error(line: Line, z: Numbers) -> float:
    level = line.model.level
    x = (z - level.centre) / level.spread
    pulled = level.precision @ x
    total = float(x @ pulled)
    return abs(float((x * pulled).sum()) - total) / max(abs(total), 1e-300)
