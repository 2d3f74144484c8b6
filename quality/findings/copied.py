"""Measurements that repeat others in the same order, in one report or across reports.

Two honest series agree in a value now and then, the more often the coarser the gauge. With r the
chance of one more agreement, L in a row agree at one of m pairs of places with a probability of
at most m r^L (the union bound), which is what a finding states. r is estimated on the safe side:
at least that of a normal distribution at the step of the values, of their differences (drift),
and of values some places apart (cavities that are not named, slow changes).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log, pi, sqrt
from typing import Final

from quality.findings.finding import EN, ZH, Finding, Thresholds
from quality.findings.reported import Reported, Series, mean_square, step_of

#: Cavities that take turns without being named.
_APART_MAX: Final = 16
_PAIRS_LEAST: Final = 10


@dataclass(frozen=True, slots=True)
class _Run:
    """Values of one series at one scale, and the chance that one more agrees with another."""

    report: Reported
    series: Series
    values: tuple[int, ...]
    chance: float


@dataclass(frozen=True, slots=True)
class _Copy:
    """So many values of one run from ``begin`` on stand in another from ``again`` on."""

    first: _Run
    begin: int
    second: _Run
    again: int
    length: int


def copied_findings(reports: Sequence[Reported], limits: Thresholds) -> Iterator[Finding]:
    """Values of one characteristic that repeat earlier ones more than chance does."""
    groups: defaultdict[tuple[str, ...], list[tuple[Reported, Series]]] = defaultdict(list)
    for report in reports:
        for series in report.series:
            groups[series.of].append((report, series))
    for group in groups.values():
        runs = [run for run in _runs(group) if len(run.values) >= limits.copied_least]
        yield from _search(runs, limits.level / len(groups), limits.copied_least)


def _runs(group: Sequence[tuple[Reported, Series]]) -> Iterator[_Run]:
    scale = max(series.scale for _, series in group)
    for report, series in group:
        factor = 10 ** (scale - series.scale)
        values = tuple(value * factor for value in series.values)
        yield _Run(report, series, values, chance_of_agreement(values))


def chance_of_agreement(values: Sequence[int]) -> float:
    """How likely one more value agrees where those before it did, estimated on the safe side."""
    count = len(values)
    if count < 2:
        return 1.0
    steps = [after - before for before, after in pairwise(values)]
    estimates = [_collisions(values), _collisions(steps), _normal(values), _apart(values)]
    return min(1.0, max(estimates) * (1 + 2 / sqrt(count)))


def _collisions(values: Sequence[int]) -> float:
    count = len(values)
    pairs = sum(times * (times - 1) for times in Counter(values).values())
    return pairs / (count * (count - 1)) if count > 1 else 1.0


def _normal(values: Sequence[int]) -> float:
    """Of two normal values rounded to a step: step / (2 sqrt(pi) deviation)."""
    deviation = sqrt(mean_square(values))
    return min(1.0, step_of(values) / (2 * sqrt(pi) * deviation)) if deviation > 0 else 1.0


def _apart(values: Sequence[int]) -> float:
    """Agreement with the value some places before, where that returns at twice the distance."""
    highest = 0.0
    for lag in range(1, min(_APART_MAX, len(values) // 4) + 1):
        highest = max(highest, min(_agreement(values, lag), _agreement(values, 2 * lag)))
    return highest


def _agreement(values: Sequence[int], lag: int) -> float:
    pairs = len(values) - lag
    if pairs < _PAIRS_LEAST:
        return 0.0
    return sum(a == b for a, b in zip(values, values[lag:], strict=False)) / pairs


def _search(runs: Sequence[_Run], level: float, least: int) -> Iterator[Finding]:
    total = sum(len(run.values) for run in runs)
    pairs = max(1.0, total * (total - 1) / 2)
    usable = [run for run in runs if run.chance < 1]
    if not usable:
        return
    # No shorter agreement can be rare enough, even between the two rarest runs.
    rarest = min(run.chance for run in usable)
    window = max(least, int(log(level / pairs) / log(max(rarest, 1e-12))))
    for copy in _copies(usable, window):
        chance = max(copy.first.chance, copy.second.chance)
        p_value = min(1.0, exp(log(pairs) + copy.length * log(chance)))
        if p_value <= level and not _may_repeat(copy):
            yield _finding(copy, p_value)


def _may_repeat(copy: _Copy) -> bool:
    """A correction says again what it corrects."""
    first, second = copy.first.report, copy.second.report
    return first.source != second.source and bool(
        {first.source, first.root} & {second.source, second.root}
    )


def _copies(runs: Sequence[_Run], window: int) -> Iterator[_Copy]:
    """Agreements of at least ``window`` values, each as long as it goes, with an earlier place."""
    seen: dict[tuple[int, ...], tuple[_Run, int]] = {}
    for run in runs:
        at = 0
        while at + window <= len(run.values):
            key = run.values[at : at + window]
            first, begin = seen.setdefault(key, (run, at))
            # Windows that overlap agree in a run of equal values, which is no copy.
            if first is run and at < begin + window:
                at += 1
                continue
            length = _extend(first, begin, run, again=at)
            yield _Copy(first, begin, run, at, length)
            at += max(1, length - window + 1)


def _extend(first: _Run, begin: int, second: _Run, *, again: int) -> int:
    most = min(len(first.values) - begin, len(second.values) - again)
    if first is second:
        most = min(most, again - begin)
    for length in range(most):
        if first.values[begin + length] != second.values[again + length]:
            return length
    return most


def _finding(copy: _Copy, p_value: float) -> Finding:
    places = (
        copy.first.series.range_of(copy.begin, copy.length),
        copy.second.series.range_of(copy.again, copy.length),
    )
    is_within = copy.first.report.source == copy.second.report.source
    where_en = "of the same report" if is_within else "of another report"
    where_zh = "同一报告" if is_within else "另一报告"
    return Finding(
        "measurements-copied",
        p_value,
        places,
        f"{EN}copied measurements: {copy.length} values in a row equal {copy.length} "
        f"{where_en} (chance at most {p_value:.1g})",
        f"{ZH}复制测量值：连续 {copy.length} 个数值与{where_zh}中的 {copy.length} 个相同"
        f"（偶然概率至多 {p_value:.1g}）",
    )
