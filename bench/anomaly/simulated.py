"""Made-up processes, many of them: what was fitted to one set of files shows on these.

Each seed is a process of its own: some hidden movements of different slowness (AR(1)), each
parameter a mixture of them with noise of its own, some of it steps of a gauge. Faults are a step,
a drift, more noise, a stuck sensor and a broken relation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from bench.anomaly.line import learn
from bench.anomaly.runs import Run, Runs
from scoring.anomaly.table import Numbers, ParameterTable

PARAMETERS: Final = 52
TRAINING_ROWS: Final = 500
ROWS: Final = 960
ONSET: Final = 160
_WARM_UP: Final = 300
FAULTS: Final = ("step", "drift", "noise", "stuck", "relation")


def process(
    seed: int, *, parameters: int = PARAMETERS, rows: int = ROWS, onset: int = ONSET
) -> Runs:
    """A process: rows to learn from, a good run, and one for each fault."""
    generator = np.random.default_rng(seed)
    hidden = max(2, parameters // 6)
    mixture = generator.normal(size=(hidden, parameters)) * (
        generator.random((hidden, parameters)) < 0.4
    )
    memory = generator.uniform(0.0, 0.95, hidden)
    noise = generator.uniform(0.2, 1.0, parameters)
    names = tuple(f"p{n + 1}" for n in range(parameters))
    gauge = np.where(generator.random(parameters) < 0.2, 0.1, 1e-4)

    def run(name: str, length: int) -> Run:
        moved = _autoregressive(generator.normal(size=(_WARM_UP + length, hidden)), memory)
        values = moved[_WARM_UP:] @ mixture + noise * generator.normal(size=(length, parameters))
        table = ParameterTable(names, np.rint((100.0 + values) / gauge) * gauge)
        return Run(name, table, np.zeros(length, bool))

    learnt = min(TRAINING_ROWS, rows)
    faults = [
        _with_fault(run(f"{fault}:{seed}", rows), fault, onset=onset, generator=generator)
        for fault in FAULTS
    ]
    return Runs((run(f"train:{seed}", learnt),), (run(f"good:{seed}", rows),), tuple(faults))


def guard(seeds: int, *, parameters: int = PARAMETERS, rows: int = ROWS) -> dict[str, Any]:
    """False alarms over so many processes, mean and worst, and what is found of each fault."""
    false: list[float] = []
    found: dict[str, list[float]] = {fault: [] for fault in FAULTS}
    onset = rows // 6
    for seed in range(seeds):
        runs = process(seed, parameters=parameters, rows=rows, onset=onset)
        line = learn(runs.training[0].table)
        false.append(float(line.flags(runs.normal[0].table).mean()))
        for run in runs.faults:
            flags = line.flags(run.table)
            found[run.fault].append(float(flags[onset:].mean()))
    return {
        "processes": seeds,
        "parameters": parameters,
        "false_alarms_mean": round(float(np.mean(false)), 5),
        "false_alarms_worst": round(max(false), 5),
        "detection": {fault: round(float(np.mean(each)), 4) for fault, each in found.items()},
    }


def _autoregressive(noise: Numbers, memory: Numbers) -> Numbers:
    """AR(1) of variance one, column by column."""
    found = np.empty_like(noise)
    found[0] = noise[0]
    share = np.sqrt(1.0 - memory**2)
    for row in range(1, len(noise)):
        found[row] = memory * found[row - 1] + share * noise[row]
    return found


def _with_fault(run: Run, fault: str, *, onset: int, generator: np.random.Generator) -> Run:
    values = run.table.values.copy()
    spread = values.std(axis=0)
    after = len(values) - onset
    j, k = generator.choice(values.shape[1], 2, replace=False)
    match fault:
        case "step":
            values[onset:, j] += 3.0 * spread[j]
        case "drift":
            values[onset:, j] += np.linspace(0.0, 6.0, after) * spread[j]
        case "noise":
            values[onset:, j] += 2.0 * spread[j] * generator.normal(size=after)
        case "stuck":
            values[onset:, j] = values[onset, j]
        case _:
            # Both keep their distribution, and have nothing to do with the others any more.
            for column in (j, k):
                values[onset:, column] = generator.permutation(values[onset:, column])
    bad = np.arange(len(values)) >= onset
    table = ParameterTable(run.table.names, values)
    return replace(run, table=table, bad=bad, fault=fault)
