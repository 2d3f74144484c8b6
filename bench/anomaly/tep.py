"""Normal operation and faults: T1, T2, T3, T5 and T6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.anomaly.line import Flags, Judge, Learn
from bench.anomaly.runs import Run, Runs, distinct
from bench.anomaly.targets import Judged, judge, unmeasured

#: Near the false-alarm rate for everybody (Russell, Chiang and Braatz 2000).
UNSEEN: Final = frozenset({"3", "9", "15"})
TRAINING_ROWS: Final = 500
#: A shorter run has a worst rate by chance: one false row of 160 is 0.6 %.
_RUN_ROWS: Final = 480
#: What comes before a fault is told as normal where it is long enough to have begun.
_BEFORE_ROWS: Final = 20
#: Runs learnt from, and runs scored by each, where a folder has hundreds.
_LEARNT_MAX: Final = 12
_SCORED_MAX: Final = 60
_QUIET_ROWS: Final = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """What a judge that learnt from one run says of all others, by name."""

    learnt_from: str
    good: Mapping[str, Flags]
    faults: Mapping[str, tuple[Run, Flags]]


def look(runs: Runs, learn: Learn) -> list[Seen]:
    """Learn from each stretch of training rows and judge every run that it is no part of."""
    return [_seen(runs, source, learn(source.table)) for source in sources(runs)]


def sources(runs: Runs) -> list[Run]:
    """What is learnt from: the runs for it, and both ends of a long good one."""
    found = list(runs.training)
    for run in runs.normal:
        n = len(run.table)
        if n >= 2 * TRAINING_ROWS - 50:
            found += [run.rows(0, TRAINING_ROWS), run.rows(n - TRAINING_ROWS, n)]
    return found[:_LEARNT_MAX]


def _seen(runs: Runs, source: Run, judge_: Judge) -> Seen:
    by_name = {run.name: run for run in (*runs.normal, *runs.training, *runs.faults)}
    faults = {run.name: (run, judge_.flags(run.table)) for run in runs.faults[: 4 * _SCORED_MAX]}
    good = {}
    for name, rows in good_rows(runs, source):
        flags = faults[name][1] if name in faults else judge_.flags(by_name[name].table)
        good[name] = flags[:rows]
    return Seen(source.name, good, faults)


#: Faults of the process that can be seen, fewest in the collections that are in use.
_KINDS: Final = 17


def _good(runs: Runs, source: Run) -> list[Run]:
    whole = [*runs.normal, *runs.training]
    return [run for run in whole if run.origin != source.origin]


def good_rows(runs: Runs, source: Run) -> list[tuple[str, int]]:
    """The runs that a judge of ``source`` is held to, by name, and how many rows from the start."""
    whole = [(run.name, len(run.table)) for run in _good(runs, source)]
    before = distinct([run for run in runs.faults if run.onset >= _BEFORE_ROWS])
    return whole[:_SCORED_MAX] + [(run.name, run.onset) for run in before[:_SCORED_MAX]]


def three_of_five(yellow: Flags) -> Flags:
    """Rows at which three of the last five are yellow."""
    return np.asarray(np.convolve(yellow.astype(int), np.ones(5, int))[: len(yellow)] >= 3)


def events(flags: Flags) -> int:
    """How many stretches of flagged rows there are, apart by more than a few others."""
    rows = np.flatnonzero(flags)
    return int(len(rows) > 0) + int((np.diff(rows) > _QUIET_ROWS).sum())


def false_alarms(seen: Sequence[Seen]) -> dict[str, float]:
    """T1: mean over all good rows, the worst run, and the worst short one beside it."""
    rates = [(len(f), float(f.mean())) for one in seen for f in one.good.values() if len(f)]
    if not rates:
        return {"mean": float("nan"), "worst": float("nan")}
    longer = [rate for rows, rate in rates if rows >= _RUN_ROWS]
    rows = max(sum(n for n, _ in rates), 1)
    return {
        "mean": sum(n * rate for n, rate in rates) / rows,
        "worst": max(longer or [rate for _, rate in rates]),
        "worst_short_run": max(rate for _, rate in rates),
        "rows": rows,
        "runs": len(rates),
    }


def detection(seen: Sequence[Seen]) -> dict[str, float]:
    """The share of bad rows that are flagged, by fault, mean over what was learnt from."""
    found: dict[str, list[float]] = {}
    for one in seen:
        for run, flags in one.faults.values():
            if run.bad is not None:
                found.setdefault(run.fault or run.name, []).append(float(flags[run.bad].mean()))
    return {fault: float(np.mean(rates)) for fault, rates in found.items()}


def over_seen(rates: Mapping[str, float]) -> float:
    """The mean over faults that can be seen at all."""
    return float(np.mean([rate for fault, rate in rates.items() if fault not in UNSEEN]))


def delays(seen: Sequence[Seen]) -> dict[str, float]:
    """T3: rows from the first bad one to the first red one, and red events on good rows."""
    waited: list[float] = []
    false, rows = 0, 0
    for one in seen:
        for flags in one.good.values():
            false += events(three_of_five(flags))
            rows += len(flags)
        red = {name: (run, three_of_five(flags)) for name, (run, flags) in one.faults.items()}
        waited += first_rows(red).values()
    told = np.array(waited)
    return {
        "found": float(np.isfinite(told).mean()),
        "delay_median": float(np.median(told)),
        "delay_p90": float(np.quantile(told, 0.9)),
        "false_events_per_1000": 1000.0 * false / max(rows, 1),
        "fault_runs": len(told),
    }


def first_rows(red: Mapping[str, tuple[Run, Flags]]) -> dict[str, float]:
    """Rows from the first bad one to the first red one, of faults that can be seen at all."""
    found = {}
    for name, (run, flags) in red.items():
        if run.fault not in UNSEEN:
            rows = np.flatnonzero(flags[run.onset :])
            found[name] = float(rows[0]) if len(rows) else float("inf")
    return found


def tests(runs: Runs, learn: Learn) -> dict[str, Judged]:
    """T1, T2, T3, T5 and T6 on these runs, each where they allow it."""
    source = runs.training[0]
    good, seen_at_all = good_rows(runs, source), {run.fault for run in runs.faults} - UNSEEN
    seen = look(runs, learn) if good or runs.faults else []
    no_good, no_fault = "expected good rows besides", "expected runs with a fault that can be seen"
    found = {name: unmeasured(name, no_fault) for name in ("T2", "T3", "T5", "T6")}
    found["T1"] = judge("T1", false_alarms(seen)) if good else unmeasured("T1", no_good)
    if seen_at_all:
        found |= _of_faults(seen)
    return found


def _of_faults(seen: Sequence[Seen]) -> dict[str, Judged]:
    rates, first = detection(seen), detection(seen[:1])
    kinds = len(set(rates) - UNSEEN)
    told = f"{kinds} kinds of detectable faults are in the data"
    unseen = {f"fault_{name}": rate for name, rate in sorted(rates.items()) if name in UNSEEN}
    t5 = {"detection": over_seen(first), "false_alarms": false_alarms(seen[:1])["mean"]}
    return {
        "T2": judge("T2", {"detection": over_seen(rates)}, reason=told, beside=_rounded(rates)),
        "T3": _waited(seen, kinds, told),
        "T5": judge("T5", t5, reason=told, beside=_rounded(first)),
        "T6": judge("T6", unseen, reason="reported only")
        if unseen
        else unmeasured("T6", "expected runs with the faults 3, 9 or 15"),
    }


def _waited(seen: Sequence[Seen], kinds: int, told: str) -> Judged:
    """T3. Its delays are asked of all faults that can be seen; of a part they are told alone."""
    judged = judge("T3", delays(seen), reason=told, beside=_by_fault(seen))
    if kinds < _KINDS:
        judged["holds"] = judged["reaches_aim"] = None
        judged["reason"] = (
            f"{told}, where the delays are asked of {_KINDS} or more: told, and not judged"
        )
    return judged


def _by_fault(seen: Sequence[Seen]) -> dict[str, list[float]]:
    """Rows to the first red one, a figure for each run learnt from."""
    found: dict[str, list[float]] = {}
    for one in seen:
        red = {name: (run, three_of_five(flags)) for name, (run, flags) in one.faults.items()}
        for name, waited in first_rows(red).items():
            found.setdefault(name, []).append(waited)
    return found


def _rounded(rates: Mapping[str, float]) -> dict[str, float]:
    return {name: round(rate, 4) for name, rate in rates.items()}
