"""A watched line: run rules fused with the model (T15), regimes and drift (T16)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench.anomaly.line import Flags, Line, learn
from bench.anomaly.runs import Run, Runs
from bench.anomaly.simulated import process
from bench.anomaly.targets import Judged, judge, unmeasured
from bench.anomaly.tep import (
    Seen,
    detection,
    events,
    false_alarms,
    first_rows,
    good_rows,
    over_seen,
)
from scoring.anomaly.correlation import residuals
from scoring.anomaly.drift import DriftMonitor, DriftRows
from scoring.anomaly.drift_reference import drift_reference, log_distance, rows_of_model
from scoring.anomaly.regime import RegimeMonitor, RegimeRows
from scoring.anomaly.rule_training import calibrate_rules
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.verdict import Level
from scoring.anomaly.watch import Line as Watched
from scoring.anomaly.watch import LineWatch

#: Normal rows of made-up processes that regimes are looked for on: twenty of 960.
PROCESSES: Final = 20
_SHIFT: Final = 0.5
_SHIFTED_ROWS: Final = 500
_SEED: Final = 907


@dataclass(frozen=True, slots=True)
class Fused:
    """What a line's watch says of a run's rows, all eight of Nelson's rules on every parameter."""

    watch: LineWatch

    def levels(self, table: ParameterTable) -> tuple[Flags, Flags]:
        """Rows that are yellow or red, and those that are red."""
        told = self.watch.push(table, self.watch.start()).verdicts
        levels = [verdict.level for verdict in told]
        shown = np.array([level is not Level.NONE for level in levels])
        return shown, np.array([level is Level.RED for level in levels])


def fused(line: Line, table: ParameterTable) -> Fused:
    """A watch with every rule, calibrated on the rows that the line was learnt from."""
    rules = RuleSet()
    calibration = calibrate_rules(table, line.detector, line.model, rules)
    watched = Watched(line.model, rules=rules, calibration=calibration)
    return Fused(LineWatch(line.detector, watched))


def rules_test(runs: Runs) -> dict[str, Judged]:
    """T15 on the runs that T5 is told of."""
    source = runs.training[0]
    good = dict(good_rows(runs, source))
    if not good or not runs.faults:
        return {"T15": unmeasured("T15", "expected good rows and runs with a fault")}
    judge_ = fused(learn(source.table), source.table)
    by_name = {run.name: run for run in (*runs.normal, *runs.training, *runs.faults)}
    wanted = dict.fromkeys([*good, *(run.name for run in runs.faults)])
    told = {name: judge_.levels(by_name[name].table) for name in wanted}
    shown = {name: told[name][0][:rows] for name, rows in good.items()}
    seen = Seen(source.name, shown, {r.name: (r, told[r.name][0]) for r in runs.faults})
    red = {name: told[name][1] for name in told}
    return {"T15": judge("T15", _rates(seen) | _red(runs, red, good))}


def _rates(seen: Seen) -> dict[str, float]:
    found = {"false_alarms": false_alarms([seen])["mean"]}
    return found | {"detection": over_seen(detection([seen]))}


def _red(runs: Runs, red: dict[str, Flags], good: dict[str, int]) -> dict[str, float]:
    """The product's own red, whatever made it: events on good rows, and rows until the first."""
    rows = max(sum(good.values()), 1)
    false = sum(events(red[name][:n]) for name, n in good.items())
    waited = list(first_rows({r.name: (r, red[r.name]) for r in runs.faults}).values())
    return {
        "red_events_per_1000": 1000.0 * false / rows,
        "red_delay_median": float(np.median(waited)),
        "red_delay_p90": float(np.quantile(waited, 0.9)),
    }


def drift_test(runs: Runs, *, processes: int = PROCESSES) -> dict[str, Judged]:
    """T16: regimes told on normal rows, and half a sigma of each parameter in turn."""
    false, rows = 0, 0
    for normal, line, source in _normal(runs, processes):
        false += _regimes(line, source, normal)
        rows += len(normal.table)
    found = _shifts_found(runs)
    figures = {"false_events": float(false), "shifts_found": found, "rows": float(rows)}
    told = f"normal rows given, and {processes} made-up processes"
    return {"T16": judge("T16", figures, reason=told)}


def _normal(runs: Runs, processes: int) -> Iterator[tuple[Run, Line, ParameterTable]]:
    for one in (runs, *(process(seed) for seed in range(processes))):
        source = one.training[0].table
        line = learn(source)
        for run in one.normal:
            yield run, line, source


def _regimes(line: Line, source: ParameterTable, run: Run) -> int:
    """Events where every row is confirmed good, and a set-up begins every 100 rows."""
    monitor = RegimeMonitor(drift_reference(line.model, source))
    z, present = rows_of_model(line.model, run.table)
    setups = tuple(str(row // 100) for row in range(len(z)))
    begun, state = monitor.push(RegimeRows(z, present, setups), monitor.start())
    called, _ = monitor.confirm([bool(flag) for flag in line.flags(run.table)], state)
    return len(begun) + len(called)


def _shifts_found(runs: Runs) -> float:
    """The share of parameters whose shift is named, learnt from and shown rows without order."""
    pool = np.vstack([run.table.values for run in (*runs.normal, *runs.training)])
    generator = np.random.default_rng(_SEED)
    pool = pool[generator.permutation(len(pool))]
    learnt, fresh = pool[: len(pool) // 3], pool[len(pool) // 3 :]
    source = ParameterTable(runs.training[0].table.names, learnt)
    model = learn(source).model
    monitor = DriftMonitor(drift_reference(model, source))
    named = []
    for column in model.modelled:
        values = fresh[generator.choice(len(fresh), _SHIFTED_ROWS)].copy()
        values[:, column] += _SHIFT * np.nanstd(learnt[:, column])
        z, present = rows_of_model(model, replace(source, values=values))
        rows = DriftRows(z, residuals(model.level, z), present, log_distance(model, z))
        found, _ = monitor.push(rows, monitor.start())
        named.append(source.names[column] in {finding.parameter for finding in found})
    return float(np.mean(named))
