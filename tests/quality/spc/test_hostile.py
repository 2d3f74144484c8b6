"""Whatever numbers come: an answer of finite figures, or a refusal by name; never a warning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import partial
from math import isfinite
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quality.errors import StatisticsError
from quality.spc.attributes import beyond_chance, p_chart, u_chart
from quality.spc.capability import Tolerance
from quality.spc.charts import Chart, Process, cusum, ewma
from quality.spc.gage import GageStudy, gage_by_anova, gage_by_ranges
from quality.spc.study import Study, study

#: Of every size, and with neighbours that hardly differ.
NUMBERS = st.one_of(
    st.floats(),
    st.floats(-1e3, 1e3),
    st.sampled_from([0.0, 1e-320, 1e-200, 1.0, 1.0 + 2**-52, 1e16, 1e140, -1e140, 1e150]),
)
VALUES = st.lists(NUMBERS, max_size=30)
LIMIT = st.one_of(st.none(), NUMBERS)


def finite(found: Any) -> bool:
    """Whether every figure of an answer is one."""
    if is_dataclass(found):
        return all(finite(getattr(found, field.name)) for field in fields(found))
    if isinstance(found, tuple):
        return all(map(finite, found))
    if isinstance(found, np.ndarray):
        return bool(np.isfinite(found).all())
    return isfinite(found) if isinstance(found, float) else True


def is_answered_or_refused(ask: Callable[[], Any]) -> bool:
    """Whether it is refused by an error of the family, or every figure is a finite number."""
    try:
        found = ask()
    except StatisticsError:
        return True
    return finite(found)


@pytest.mark.item("6.3.charts")
@given(VALUES, LIMIT, LIMIT, st.integers(0, 6))
def test_a_study_answers_or_refuses_by_name(
    values: list[float], lower: float | None, upper: float | None, subgroup: int
) -> None:
    def ask() -> Study:
        tolerance = None if lower is None and upper is None else Tolerance(lower, upper)
        return study(values, tolerance, subgroup=subgroup)

    assert is_answered_or_refused(ask)


@given(VALUES, NUMBERS, NUMBERS, NUMBERS)
def test_moving_averages_and_sums_answer_or_refuse_by_name(
    values: list[float], target: float, deviation: float, weight: float
) -> None:
    process = Process(target, deviation)
    assert is_answered_or_refused(lambda: ewma(values, process=process, weight=weight))
    assert is_answered_or_refused(lambda: cusum(values, process=process, k=abs(weight)))


@given(VALUES, VALUES)
@example([1, 0], [1e16, 1e69])
@example([1, 0], [1e69, 1])
@example([3, 1e60], [1e61, 1e61])
@example([0, 1], [0.1, 1.5])
@example([5, 7], [1e-60, 1e60])
def test_counts_answer_or_refuse_by_name(counts: list[float], sizes: list[float]) -> None:
    for chart in (p_chart, u_chart):
        assert is_answered_or_refused(partial(figures_of, chart, counts, sizes))


def figures_of(
    chart: Callable[..., Chart], counts: list[float], sizes: list[float]
) -> tuple[Any, ...]:
    """The figures of a chart of counts."""
    found = chart(counts, sizes)
    chance = beyond_chance(found, sizes)
    assert 0 <= chance <= 1
    return found.points, found.center, found.spread, found.lower, found.upper, chance


@given(st.lists(NUMBERS, min_size=8, max_size=8))
@example([0, 0, 1, 1, 1, 1, 0, 0])
def test_gage_studies_answer_or_refuse_by_name(values: list[float]) -> None:
    cube = np.array(values).reshape(2, 2, 2)
    for gage in (gage_by_anova, gage_by_ranges):
        assert is_answered_or_refused(partial(components, gage, cube))


def components(gage: Callable[..., GageStudy], cube: Any) -> tuple[float, ...]:
    """The figures that a gage study rests on."""
    found = gage(cube)
    shares = found.share_of_study, found.share_of_variance
    return found.gage, found.parts, found.total, *shares, float(found.distinct or 0)
