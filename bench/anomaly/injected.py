"""Biases of one sensor in one row, found and named: T11, T12 and T13."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.anomaly.line import Flags, Line, learn
from bench.anomaly.runs import Runs
from bench.anomaly.targets import Judged, judge, unmeasured
from scoring.anomaly.explanation import Context, Explanation, explain
from scoring.anomaly.port import Detail
from scoring.anomaly.table import Numbers, ParameterTable

SIGMAS: Final = (3, 4, 5)
#: Rows that a bias is put into, evenly over the good ones.
_PLACES: Final = 16


@dataclass(frozen=True, slots=True)
class Biased:
    """Rows with one bias each, and what was said of them."""

    is_found: Flags
    named: Flags
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
    named = {f"sigma_{k}": float(b.named[b.is_found].mean()) for k, b in found.items()}
    silent = {f"of_all_rows_sigma_{k}": float(b.named.mean()) for k, b in found.items()}
    worst = max(b.shapley_error for b in found.values())
    return {
        "T11": judge("T11", rates, reason=f"{_PLACES} rows x parameters x two signs"),
        "T12": judge(
            "T12", named | silent, reason="of the rows that alarm, as others are not explained"
        ),
        "T13": judge("T13", {"relative_error": worst}),
    }


def biased(line: Line, table: ParameterTable, bias: Numbers) -> Biased:
    """Every parameter of some rows moved up and down by its bias, one at a time."""
    told: list[tuple[bool, bool, float]] = []
    for place in np.linspace(len(table) // 8, len(table) - 1, _PLACES).astype(int):
        before = line.score(table.take(slice(0, int(place)))).state
        for column in line.model.modelled:
            for sign in (-1.0, 1.0):
                values = table.values[place : place + 1].copy()
                values[0, column] += sign * bias[column]
                row = ParameterTable(table.names, values)
                found = line.score(row, before, with_detail=True)
                assert found.detail is not None
                alarm = bool(found.p_value[0] < line.model.settings.yellow)
                why = explain(found.detail, 0, int(found.fired[0]), _context(line, values))
                is_first = why.top[0].parameter == table.names[column]
                told.append((alarm, is_first, _shapley_error(line, found.detail, why)))
    found_, named, error = (np.array(column) for column in zip(*told, strict=True))
    return Biased(found_, named, float(error.max()))


def _context(line: Line, values: Numbers) -> Context:
    """A line without specification, and nothing beyond its limits so far."""
    size = len(line.model.modelled)
    none = np.full(size, np.inf)
    own = values[0, line.model.modelled]
    return Context(line.model, own, -none, none, np.zeros(size), np.zeros((3, size)), 0)


def _shapley_error(line: Line, detail: Detail, why: Explanation) -> float:
    """What the shares of all parameters are away from T2 by the matrix, relative to it."""
    level = line.model.level
    x = (detail.z[0] - level.centre) / level.spread
    total = float(x @ level.precision @ x)
    shares = [contribution.part for contribution in why.top]
    return abs(math.fsum([*shares, why.rest]) - total) / max(abs(total), 1e-300)
