"""A line of a known law, its model and its watch, for tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from scoring.anomaly.episodes import Episode
from scoring.anomaly.line import Line
from scoring.anomaly.model import Model
from scoring.anomaly.reference_detector import ReferenceDetector
from scoring.anomaly.rule_training import calibrate_rules
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.anomaly.training import train
from scoring.anomaly.verdict import Level, Verdict
from scoring.anomaly.watch import LineWatch
from scoring.anomaly.watch_state import WatchState

#: A row a second.
STEP_US = 1_000_000
BEGIN_US = 1_700_000_000 * STEP_US
PARAMETERS = 5


def law(rows: int, seed: int, *, phi: float = 0.5) -> Numbers:
    """Autocorrelated rows with a common factor."""
    chance = np.random.default_rng(seed)
    fresh = chance.normal(size=(rows, PARAMETERS)) + chance.normal(size=(rows, 1))
    for row in range(1, rows):
        fresh[row] += phi * fresh[row - 1]
    return np.asarray(fresh)


def timed(values: Numbers, *, first: int = 0) -> ParameterTable:
    """Rows measured one a second, ``first`` seconds after the beginning."""
    names = tuple(f"p{j}" for j in range(values.shape[1]))
    at_us = BEGIN_US + (first + np.arange(len(values), dtype=np.int64)) * STEP_US
    return ParameterTable(names, values, at_us)


@cache
def a_model() -> Model:
    """Of 400 rows of the law."""
    return train(timed(law(400, 1)))


@cache
def a_line(rules: RuleSet | None = None) -> Line:
    """The line with rules that are calibrated on the training rows."""
    model, chosen = a_model(), rules or RuleSet()
    found = calibrate_rules(timed(law(400, 1)), ReferenceDetector(model), model, chosen)
    return Line(model, rules=chosen, calibration=found, kept_rows=64, stride=16)


def a_watch(line: Line | None = None) -> LineWatch:
    """The watch of a line."""
    chosen = line or a_line()
    return LineWatch(ReferenceDetector(chosen.model), chosen)


@dataclass(frozen=True, slots=True)
class Told:
    """What a line was told in the end: verdicts by row, events by id, the state."""

    verdicts: list[Verdict]
    episodes: dict[str, Episode]
    state: WatchState

    def levels(self) -> list[Level]:
        """The level of each row."""
        return [verdict.level for verdict in self.verdicts]


def push_parts(watch: LineWatch, parts: Iterable[tuple[int, ParameterTable]]) -> Told:
    """Push parts one after the other, each with the number of its first row."""
    state = watch.start()
    found: dict[int, Verdict] = {}
    episodes: dict[str, Episode] = {}
    for first, table in parts:
        pushed = watch.push(table, state, source="upload", first_row=first)
        for verdict in (*pushed.verdicts, *pushed.again):
            found[verdict.row] = verdict
        for episode in pushed.episodes:
            episodes[episode.id] = episode
        for name in pushed.withdrawn:
            del episodes[name]
        state = pushed.state
    return Told([found[row] for row in sorted(found)], episodes, state)
