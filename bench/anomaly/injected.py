"""Biases of one sensor in one row, found and named: T11, T12 and T13."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.anomaly.line import Line, learn
from bench.anomaly.runs import Runs
from bench.anomaly.targets import Judged, judge, unmeasured
from scoring.anomaly.table import Numbers, ParameterTable

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
    sigma = np.nanstd(runs.training[0].table.values, axis=0)
    found = {k: biased(line, good[0].table, k * sigma) for k in SIGMAS}
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


def biased(line: Line, table: ParameterTable, bias: Numbers) -> Biased:
    """Every parameter of some rows moved up and down by its bias, one at a time."""
    told: list[tuple[int, bool, bool, float]] = []
    for place in np.linspace(len(table) // 8, len(table) - 1, _PLACES).astype(int):
        before = line.score(table.take(slice(0, int(place)))).state
        for at, column in enumerate(line.model.modelled):
            for sign in (-1.0, 1.0):
                values = table.values[place : place + 1].copy()
                values[0, column] += sign * bias[column]
                row = ParameterTable(table.names, values)
                found = line.score(row, before, with_detail=True)
                assert found.detail is not None
                alarm = bool(found.p_value[0] < line.model.settings.yellow)
                z = found.detail.z[0]
                power = sum((R[0] ** 2 for R in found.detail.residuals.values()), z**2)
                told.append((at, alarm, int(power.argmax()) == at, _shapley_error(line, z)))
    parameter, found_, named, error = (np.array(column) for column in zip(*told, strict=True))
    return Biased(parameter, found_, named, float(error.max()))


def _shapley_error(line: Line, z: Numbers) -> float:
    level = line.model.level
    x = (z - level.centre) / level.spread
    pulled = level.precision @ x
    total = float(x @ pulled)
    return abs(float((x * pulled).sum()) - total) / max(abs(total), 1e-300)
