"""Quality: a million values from a DFQ file and through the charts, and a plan with its verdict.

No figure needs a store; they stand under the engine's name as those of the others do. A file is
read by a process of its own, whose peak of memory is told. Each figure has beside it what the
same run found the machine to need for less: the csv module over the same bytes, one pass of NumPy
over the same values, a look into a dictionary.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt

from bench.dfq_file import csv_seconds, read_apart, write_dfq
from bench.engines import Engine
from bench.report import Figures, run_benchmark
from quality.sampling.c_zero import c_zero_plan
from quality.sampling.plan import plan_for
from quality.sampling.verdict import judge_lot
from quality.spc.capability import Tolerance, performance
from quality.spc.charts import individuals
from quality.spc.runs import signals

MILLION: Final = 1_000_000
CODED_SHARE: Final = 5
MICROSECONDS: Final = 1_000_000.0
LOTS: Final = (8, 120, 200, 500, 1_200, 2_400, 10_000, 35_001, 150_001, 500_001)
AQLS: Final = tuple(map(Decimal, ("0.065", "0.65", "1.0", "2.5", "4.0", "6.5")))


@dataclass(frozen=True, slots=True)
class Plan:
    """How many values a file and a chart have, and how often a plan is asked for."""

    values: int
    rounds: int
    plans: int


FULL: Final = Plan(MILLION, 3, 2_000)
QUICK: Final = Plan(20_000, 1, 100)


def measure(plan: Plan, _: Engine, root: Path) -> Figures:
    """All figures of one run; those of a million values are scaled where there were fewer."""
    return {**_dfq_figures(plan, root), **_spc_figures(plan), **_plan_figures(plan)}


def _dfq_figures(plan: Plan, root: Path) -> Figures:
    path = root / "million.dfq"
    # A fifth of the values is enough to see what a line for each field costs more.
    write_dfq(path, plan.values // CODED_SHARE, coded=True)
    coded = read_apart(path)
    write_dfq(path, plan.values, coded=False)
    plain = read_apart(path)
    assert (plain.values, coded.values) == (plan.values, plan.values // CODED_SHARE)
    return {
        "dfq_1m_s": plain.seconds * MILLION / plain.values,
        "dfq_cpu_1m_s": plain.cpu_seconds * MILLION / plain.values,
        "dfq_coded_1m_s": coded.seconds * MILLION / coded.values,
        "dfq_rss_mib": max(plain.rss_mib, coded.rss_mib),
        "ceiling_csv_1m_s": csv_seconds(path) * MILLION / plain.values,
    }


def _spc_figures(plan: Plan) -> Figures:
    values = np.random.default_rng(6).normal(10, 0.02, plan.values)
    scale = MILLION / plan.values

    def chart() -> None:
        pair = individuals(values)
        assert signals(pair.location.scores())
        assert performance(values, Tolerance(9.9, 10.1)).ppk.value > 1

    def one_pass() -> None:
        assert _pass_over(values) > 0

    chart()
    return {
        "spc_1m_s": _median_seconds(chart, plan.rounds) * scale,
        "ceiling_numpy_1m_s": _median_seconds(one_pass, plan.rounds) * scale,
    }


def _pass_over(values: npt.NDArray[np.float64]) -> float:
    return float(values.mean() + values.std() + values.max() - values.min())


def _plan_figures(plan: Plan) -> Figures:
    asked = [(lot, aql) for lot in LOTS for aql in AQLS]
    answers = {(lot, aql): plan_for(lot, level="II", aql=aql) for lot, aql in asked}

    def plans() -> None:
        # Each lot is one that was not seen before, as where no two lots are alike.
        plan_for.cache_clear()
        plans_again()

    def plans_again() -> None:
        for lot, aql in asked:
            major = plan_for(lot, level="II", aql=aql)
            judge_lot({"major": major}, {"major": major.accept})

    def look_up() -> None:
        for lot, aql in asked:
            assert answers[lot, aql].sample

    def protect() -> None:
        plan_for.cache_clear()
        c_zero_plan.cache_clear()
        for lot, aql in asked:
            judge_lot({"major": c_zero_plan(lot, level="II", aql=aql)}, {"major": 0})

    rounds = max(1, plan.plans // len(asked))
    each = MICROSECONDS / len(asked)
    return {
        "plan_us": _median_seconds(plans, rounds) * each,
        "plan_again_us": _median_seconds(plans_again, rounds) * each,
        "c_zero_us": _median_seconds(protect, rounds) * each,
        "ceiling_lookup_us": _median_seconds(look_up, rounds) * each,
    }


def _median_seconds(action: Callable[[], None], rounds: int) -> float:
    return median(_seconds(action) for _ in range(rounds))


def _seconds(action: Callable[[], None]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


if __name__ == "__main__":
    run_benchmark("quality", __doc__, measure=measure, quick=QUICK, full=FULL)
