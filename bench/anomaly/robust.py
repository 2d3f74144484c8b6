"""Input that is not as it should be, and what training costs: T17 and T18."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import numpy as np

from bench.anomaly.line import learn
from bench.anomaly.runs import Runs
from bench.anomaly.simulated import process
from bench.anomaly.targets import Judged, judge
from scoring.anomaly.file_layout import ColumnsAsked, find_layout
from scoring.anomaly.files import ColumnBatch, read_tables
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.anomaly.verdict import Level, Status
from scoring.anomaly.watch import Line as Watched
from scoring.anomaly.watch import LineWatch, Pushed
from scoring.errors import MalformedTable, ParametersDiffer, ScoringError, TooFewRows, UnitsDiffer

_ROWS: Final = 500
_PARAMETERS: Final = 200
_ROUNDS: Final = 3
_MISSING: Final = 0.05
_SEED: Final = 907
#: Rows of the process in an hour: as much as an upload may have.
_HOUR: Final = 20
_HOURS: Final = 10 * _HOUR
_FALSE_ALARMS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Case:
    """Something wrong with a table, and whether what followed named it."""

    name: str
    is_told: Callable[[], bool]


def tests(runs: Runs) -> dict[str, Judged]:
    """T17 on the rows of the first training run and of a good one."""
    cases = {case.name: case.is_told() for case in _cases(runs)}
    silent = [name for name, told in cases.items() if not told]
    figures = {"named_or_missing": float(np.mean(list(cases.values()))), "silent": len(silent)}
    return {"T17": judge("T17", figures, reason=", ".join(silent), beside=cases)}


def _cases(runs: Runs) -> Sequence[Case]:
    table = runs.training[0].table
    good = (runs.normal or runs.training)[0].table
    line = learn(table)
    watch = LineWatch(line.detector, Watched(line.model))
    first = table.names[0]
    values = table.values

    def scores(other: ParameterTable) -> Callable[[], object]:
        return lambda: line.p_values(other)

    renamed = replace(good, names=(f"{first} new", *good.names[1:]))
    scaled = _with_column(good, 0, good.values[:, 0] * 1000.0)
    turned = ParameterTable(good.names[::-1], np.ascontiguousarray(good.values[:, ::-1]))
    one = np.repeat(values[:1], len(values), axis=0)
    wide = ParameterTable((*good.names, "unknown"), np.hstack([good.values, good.values[:, :1]]))
    return (
        Case("renamed column", _refused(scores(renamed), ParametersDiffer, first)),
        Case("unknown column", _refused(scores(wide), ParametersDiffer, "unknown")),
        Case("unit changed", lambda: _is_told(watch.push(scaled, watch.start()), first, 1000.0)),
        Case("text in a column", _refused(_read_text, MalformedTable, "torque")),
        Case("text as missing", _text_counts),
        Case("infinite", _refused(lambda: _infinite(good), MalformedTable, first)),
        Case("constants alone", _refused(lambda: learn(replace(table, values=one)), TooFewRows)),
        Case("one row", _refused(lambda: learn(table.take(slice(0, 1))), TooFewRows)),
        Case("other order", lambda: _same(line.p_values(turned), line.p_values(good))),
        Case("missing values", lambda: _scores_with_gaps(line.p_values, good)),
        Case("row without values", lambda: _is_missing(watch, good)),
        Case("faults are no other unit", lambda: _are_scored(watch, runs)),
    )


def _with_column(table: ParameterTable, column: int, values: Numbers) -> ParameterTable:
    changed = table.values.copy()
    changed[:, column] = values
    return replace(table, values=changed)


def _refused(
    action: Callable[[], object], error: type[ScoringError], *named: str
) -> Callable[[], bool]:
    """Whether an action is refused by this error, and names what is wrong."""

    def is_told() -> bool:
        try:
            action()
        except error as refusal:
            return all(name in str(refusal) for name in named)
        except ScoringError:
            return False
        return False

    return is_told


def _read_text(*, as_missing: bool = False) -> int:
    columns = [["1.0", "2.0", "n/v"], ["3.0", "4.0", "5.0"]]
    layout = find_layout(["torque", "force"], columns, ColumnsAsked(only=("torque", "force")))
    batch = ColumnBatch([1, 2, 3], columns)
    return sum(one.text_cells for one in read_tables([batch], layout, text_as_missing=as_missing))


def _text_counts() -> bool:
    return _read_text(as_missing=True) == 1


def _infinite(table: ParameterTable) -> ParameterTable:
    return _with_column(table, 0, np.full(len(table), np.inf))


def _same(found: Numbers, expected: Numbers) -> bool:
    return bool(np.allclose(found, expected, rtol=1e-9, atol=0.0))


def _scores_with_gaps(p_values: Callable[[ParameterTable], Numbers], good: ParameterTable) -> bool:
    """Every row has a verdict, and rows with gaps are called no more often than allowed."""
    gaps = np.random.default_rng(_SEED).random(good.values.shape) < _MISSING
    p = p_values(replace(good, values=np.where(gaps, np.nan, good.values)))
    return bool(np.isfinite(p).all() and (p < _FALSE_ALARMS / 2).mean() <= _FALSE_ALARMS)


def _is_missing(watch: LineWatch, good: ParameterTable) -> bool:
    """A row without any value is no normal row: its verdict says that it is missing."""
    values = good.values[:3].copy()
    values[1] = np.nan
    told = watch.push(replace(good.take(slice(0, 3)), values=values), watch.start()).verdicts
    expected = [Status.SCORED, Status.MISSING, Status.SCORED]
    return [verdict.status for verdict in told] == expected


def _is_told(pushed: Pushed, name: str, factor: float) -> bool:
    """Every row has a verdict and is called, and the event tells the parameter by its factor."""
    told = {(one.parameter, one.factor) for e in pushed.episodes for one in e.units_suspected}
    is_called = all(verdict.level is not Level.NONE for verdict in pushed.verdicts)
    return is_called and (name, factor) in told


def _are_scored(watch: LineWatch, runs: Runs) -> bool:
    """Rows of a fault have verdicts as they come, whatever level they move to."""
    try:
        for run in runs.faults:
            state = watch.start()
            for low in range(run.onset, min(len(run.table), run.onset + _HOURS), _HOUR):
                state = watch.push(run.table.take(slice(low, low + _HOUR)), state).state
    except UnitsDiffer:
        return False
    return True


def cost(*, parameters: int = _PARAMETERS, rows: int = _ROWS) -> dict[str, Judged]:
    """T18: seconds to learn 500 rows of 200 parameters, cross-fit included, and the same again."""
    table = process(1, parameters=parameters, rows=rows, onset=rows // 2).training[0].table
    seconds, digests = [], set()
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        line = learn(table)
        seconds.append(time.perf_counter() - begun)
        digests.add(line.digest)
    figures = {"seconds": median(seconds), "same_digest": float(len(digests) == 1)}
    return {"T18": judge("T18", figures)}
