"""Few rows: T9 from independent ones, with and without a sister's prior; T10 from a stretch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from bench.anomaly.line import Line, learn
from bench.anomaly.runs import Run, Runs
from bench.anomaly.targets import Judged, judge, unmeasured
from bench.anomaly.tep import UNSEEN
from scoring.anomaly.correlation import correlation
from scoring.anomaly.model import Stage
from scoring.anomaly.sample_size import effective_rows
from scoring.anomaly.table import Numbers
from scoring.anomaly.training import Prior

ROWS: Final = 30
_DRAWS: Final = 10
_STRETCHES: Final = (30, 40, 50)
_SEED: Final = 907


def tests(runs: Runs) -> dict[str, Judged]:
    """T9 and T10 on these runs."""
    pool = [*runs.training, *runs.normal]
    if len(pool) < 2 or not runs.faults:
        reason = "expected two good runs or more, one of them the sister, and runs with a fault"
        return {"T9": unmeasured("T9", reason), "T10": unmeasured("T10", reason)}
    return {"T9": _independent(runs, pool), "T10": _contiguous(pool)}


def sister(run: Run) -> Prior:
    """The correlation that another line of the kind brings."""
    filled = np.nan_to_num(_standardised(run))
    return Prior(run.table.names, correlation(filled))


def _standardised(run: Run) -> Numbers:
    values = run.table.values
    spread = np.nanstd(values, axis=0)
    found = (values - np.nanmean(values, axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(found)


def _independent(runs: Runs, pool: Sequence[Run]) -> Judged:
    """Draws of rows far apart, each line's prior from another run than its rows."""
    generator = np.random.default_rng(_SEED)
    figures: dict[str, list[float]] = {}
    learning = 0
    for draw in range(_DRAWS):
        source, other = pool[draw % 2], pool[1 - draw % 2]
        rows = generator.choice(len(source.table), ROWS, replace=False)
        table = source.table.take(rows)
        good = _unused(runs, source, rows)
        for name, prior in (("prior", sister(other)), ("alone", None)):
            line = learn(table, prior=prior)
            learning += line.model.stage is Stage.LEARNING
            for figure, value in _rates(line, runs, good).items():
                figures.setdefault(f"{name}_{figure}", []).append(value)
    told: Mapping[str, float] = {name: float(np.mean(each)) for name, each in figures.items()}
    worst = {f"{n}_worst": max(v) for n, v in figures.items() if n.endswith("false_alarms")}
    return judge(
        "T9",
        {**told, **worst, "lines_still_learning": float(learning)},
        reason=f"{_DRAWS} draws of {ROWS} rows at random from two normal runs",
    )


def _unused(runs: Runs, source: Run, rows: npt.NDArray[np.int64]) -> list[Run]:
    """Good rows of the same run that were not drawn, and what came before faults."""
    left = np.setdiff1d(np.arange(len(source.table)), rows)
    rest = Run(source.name, source.table.take(left))
    return [rest, *(run.before for run in runs.faults if run.onset >= ROWS)]


def _rates(line: Line, runs: Runs, good: Sequence[Run]) -> dict[str, float]:
    false = np.concatenate([line.flags(run.table) for run in good])
    seen = [
        line.flags(run.table)[run.bad].mean()
        for run in runs.faults
        if run.fault not in UNSEEN and run.bad is not None
    ]
    return {"false_alarms": float(false.mean()), "detection": float(np.mean(seen))}


def _contiguous(pool: Sequence[Run]) -> Judged:
    """Stretches of a run, the rows after them scored: a model of them must say that it learns.

    Stretches of a run that is not autocorrelated enough are rows like any others.
    """
    told, alarms = [], 0
    for rows in _STRETCHES:
        for run in pool:
            if _worth(run, rows) >= ROWS:
                continue
            for low in range(0, len(run.table) - 2 * rows, max(rows, len(run.table) // 8)):
                line = learn(run.rows(low, low + rows).table)
                told.append(line.model.stage is Stage.LEARNING)
                alarms += int(line.flags(run.rows(low + rows, low + 2 * rows).table).sum())
    if not told:
        return unmeasured("T10", "the good runs are not autocorrelated")
    figures = {
        "said_learning": float(np.mean(told)),
        "model_alarms": float(alarms),
        "stretches": float(len(told)),
    }
    return judge("T10", figures)


def _worth(run: Run, rows: int) -> float:
    """How many independent rows so many are worth, by the autocorrelation of the whole run."""
    _, rho = effective_rows(_standardised(run))
    return rows * (1.0 - rho) / (1.0 + rho)
