"""Tables that nobody should send: refused by name, or served without a silent zero."""

from __future__ import annotations

import time

import numpy as np
import pytest

from scoring.anomaly.blocks import ROWS_MAX, STRETCH_ROWS, stretches
from scoring.anomaly.levels import RED_SHARE
from scoring.anomaly.reference_detector import ReferenceDetector
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.training import train
from scoring.errors import MalformedTable, TooFewRows
from tests.scoring.anomaly.processes import rows, table


@pytest.mark.item("7.bad.constant")
def test_constant_columns_are_left_to_rules_and_the_others_are_modelled() -> None:
    values = rows(80, 5)
    values[:, 1], values[:, 3] = 7.5, 0.0
    model = train(table(values))
    assert model.modelled == (0, 2, 4)
    assert model.constants == {1: 7.5, 3: 0.0}


@pytest.mark.item("7.bad.constant")
def test_constant_columns_alone_make_no_model() -> None:
    with pytest.raises(TooFewRows, match="expected a parameter that varies"):
        train(table(np.ones((40, 3))))


def test_a_column_that_stands_still_in_one_block_is_still_modelled() -> None:
    values = rows(100, 4)
    values[:80, 2] = 1.0
    model = train(table(values))
    assert model.modelled == (0, 1, 2, 3)
    assert np.isfinite(model.calibration.scores).all()


@pytest.mark.item("7.bad.duplicated")
def test_duplicated_columns_are_modelled_and_told_apart_when_they_part() -> None:
    values = rows(300, 3)
    doubled = table(np.column_stack([values, values[:, 0]]))
    model = train(doubled)
    detector = ReferenceDetector(model)
    fresh = rows(20, 3, seed=9)
    together = np.column_stack([fresh, fresh[:, 0]])
    apart = together.copy()
    apart[10:, 3] += 2.0 * values[:, 0].std()
    quiet = detector.score(table(together), detector.start()).p_value
    loud = detector.score(table(apart), detector.start()).p_value
    assert np.isfinite(model.calibration.scores).all()
    assert (quiet > RED_SHARE * model.settings.yellow).all()
    assert (loud[10:] < RED_SHARE * model.settings.yellow).all()


@pytest.mark.item("7.bad.one-row")
@pytest.mark.parametrize("count", [0, 1, 9])
def test_a_few_rows_make_no_model_and_say_how_many_would(count: int) -> None:
    with pytest.raises(TooFewRows, match=f"expected 10 rows or more to learn from, found {count}"):
        train(table(rows(count, 3)))
    train(table(rows(10, 3)))


@pytest.mark.item("7.bad.one-row")
@pytest.mark.parametrize("count", [0, 1])
def test_no_row_and_one_row_are_scored_as_what_they_are(count: int) -> None:
    detector = ReferenceDetector(train(table(rows(300, 3, phi=0.6))))
    state = detector.start()
    found = detector.score(table(rows(count, 3)), state)
    assert len(found.score) == len(found.p_value) == count
    assert found.state.rows == count


@pytest.mark.item("7.bad.wide")
def test_five_thousand_columns_are_refused_at_once() -> None:
    values = np.zeros((200, 5000))
    began = time.perf_counter()
    with pytest.raises(MalformedTable, match="expected at most 1000 parameters, found 5000"):
        table(values)
    assert time.perf_counter() - began < 1.0


@pytest.mark.item("7.bad.long")
def test_of_a_long_table_the_same_stretches_are_fitted_to_from_end_to_end() -> None:
    values = np.arange(100_000, dtype=np.float64)[:, None]
    kept = stretches(table(values)).values[:, 0]
    assert len(kept) == ROWS_MAX
    assert (kept[0], kept[-1]) == (0.0, 99_999.0)
    assert np.count_nonzero(np.diff(kept) != 1.0) == ROWS_MAX // STRETCH_ROWS - 1
    short = table(values[:ROWS_MAX])
    assert stretches(short) is short


@pytest.mark.long
@pytest.mark.item("7.bad.long")
def test_a_million_rows_are_learnt_from_with_progress() -> None:
    values = np.tile(rows(1000, 8), (1000, 1))
    told: list[tuple[int, int]] = []
    model = train(table(values), note=lambda done, all_: told.append((done, all_)))
    assert (model.facts.rows, model.facts.used) == (1_000_000, ROWS_MAX)
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1][0] == told[-1][1]


@pytest.mark.item("7.bad.infinite")
@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e200])
def test_an_infinite_value_is_refused_with_its_place(value: float) -> None:
    values = rows(12, 3)
    values[4, 2] = value
    with pytest.raises(MalformedTable, match="row 5, parameter p2: expected a finite value"):
        table(values)
    values[4, 2] = 1e99
    table(values)


@pytest.mark.item("7.bad.text")
def test_text_among_numbers_is_refused_with_its_place() -> None:
    values = rows(12, 3).astype(object)
    values[3, 1] = "Inp OutRange"
    expected = "found 'Inp OutRange' in row 4, parameter p1"
    with pytest.raises(MalformedTable, match=expected):
        ParameterTable(("p0", "p1", "p2"), values)


@pytest.mark.item("7.bad.text")
def test_rows_without_a_value_are_never_scored_as_zeros() -> None:
    detector = ReferenceDetector(train(table(rows(200, 4))))
    values = rows(3, 4, seed=4)
    values[1] = np.nan
    found = detector.score(table(values), detector.start(), with_detail=True)
    assert found.detail is not None
    assert found.detail.present.tolist()[1] == [False] * 4


def test_repeated_names_are_refused() -> None:
    with pytest.raises(MalformedTable, match="expected each parameter once, found 'a' twice"):
        ParameterTable(("a", "b", "a"), rows(12, 3))
