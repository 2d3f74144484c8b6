"""The graph says what the reference says, however a stream is split, stopped and begun again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.anomaly.graph import export_model
from scoring.anomaly.model import Model
from scoring.anomaly.model_form import put_model_together, take_model_apart
from scoring.anomaly.port import StreamState
from scoring.anomaly.reference import standardise
from scoring.anomaly.serving import OnnxDetector, read_model
from scoring.anomaly.state import decode_state, encode_state
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.anomaly.training import train
from scoring.errors import MalformedModel, MalformedState
from tests.scoring.anomaly.models import any_model, any_rows, by_reference

_ROWS = 70
_SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def model() -> Model:
    """A dynamic model of five parameters."""
    return any_model(3, size=5, order=2)


@pytest.fixture(scope="module")
def detector(model: Model) -> OnnxDetector:
    """What serves it."""
    return OnnxDetector(export_model(model))


@pytest.fixture(scope="module")
def rows(model: Model) -> ParameterTable:
    """A stream with values missing."""
    return any_rows(4, model, _ROWS, missing=0.1)


@pytest.mark.item("7.done.parity")
@settings(max_examples=25, deadline=None)
@given(_SEEDS, st.integers(1, 7), st.integers(0, 3), st.integers(1, 70))
def test_the_graph_says_what_the_reference_says(
    seed: int, size: int, order: int, count: int
) -> None:
    model = any_model(seed, size=size, order=order)
    table = any_rows(seed, model, count, missing=0.1)
    expected = by_reference(model, table)
    detector = OnnxDetector(export_model(model))
    scored = detector.score(table, detector.start(), with_detail=True)
    standard = standardise(model.calibration, expected.statistics)
    assert np.allclose(scored.statistics, standard, rtol=1e-9, atol=1e-9)
    assert np.array_equal(scored.score, scored.statistics.max(axis=1))
    assert scored.detail is not None
    for name, residuals in expected.residuals.items():
        assert np.allclose(scored.detail.residuals[name], residuals, rtol=1e-9, atol=1e-9)
    for name, averages in expected.averages.items():
        found = scored.detail.averages[name]
        summed = found.sum(axis=1, keepdims=True) if averages.shape[1] < size else found
        assert np.allclose(summed, averages, rtol=1e-9, atol=1e-9)


@pytest.mark.item("7.2")
@settings(max_examples=10, deadline=None)
@given(_SEEDS, st.integers(1, 6), st.integers(0, 2))
def test_the_file_alone_is_the_model(seed: int, size: int, order: int) -> None:
    file = export_model(any_model(seed, size=size, order=order))
    assert export_model(read_model(file)) == file


@pytest.mark.item("7.done.streaming")
@settings(max_examples=20, deadline=None)
@given(cuts=st.sets(st.integers(1, _ROWS - 1), max_size=30))
def test_any_split_of_a_stream_gives_the_same_scores(
    cuts: set[int], detector: OnnxDetector, rows: ParameterTable
) -> None:
    whole = detector.score(rows, detector.start())
    found, state = _in_parts(detector, rows, sorted(cuts))
    assert np.allclose(found, whole.score, rtol=1e-10, atol=1e-10)
    assert np.allclose(state.arrays["state"], whole.state.arrays["state"], rtol=1e-10, atol=1e-10)
    assert (state.rows, state.last_us) == (whole.state.rows, whole.state.last_us)


def test_row_by_row_is_the_stream(detector: OnnxDetector, rows: ParameterTable) -> None:
    whole = detector.score(rows, detector.start())
    found, _ = _in_parts(detector, rows, list(range(1, _ROWS)))
    assert np.allclose(found, whole.score, rtol=1e-10, atol=1e-10)


@pytest.mark.item("7.2.state")
@pytest.mark.parametrize("at", [1, 2, 17, 48])
def test_a_restart_goes_on_exactly(
    at: int, model: Model, detector: OnnxDetector, rows: ParameterTable
) -> None:
    before = detector.score(rows.take(slice(0, at)), detector.start())
    straight = detector.score(rows.take(slice(at, None)), before.state)
    again = OnnxDetector(export_model(model))
    kept = decode_state(encode_state(before.state))
    behind = again.score(rows.take(slice(at, None)), kept)
    assert np.array_equal(behind.score, straight.score)
    assert encode_state(behind.state) == encode_state(straight.state)


def test_a_state_of_another_model_is_refused(detector: OnnxDetector, rows: ParameterTable) -> None:
    other = replace(detector.start(), model="00")
    with pytest.raises(MalformedState, match="expected a state of"):
        detector.score(rows, other)


def test_a_state_of_another_shape_is_refused(detector: OnnxDetector, rows: ParameterTable) -> None:
    other = replace(detector.start(), arrays={"state": np.zeros((2, 5))})
    with pytest.raises(MalformedState, match=r"found \{'state': \(2, 5\)\}"):
        detector.score(rows, other)


def test_no_rows_have_no_scores_and_leave_the_state(
    detector: OnnxDetector, rows: ParameterTable
) -> None:
    before = detector.score(rows, detector.start()).state
    none = detector.score(rows.take(slice(0, 0)), before, with_detail=True)
    assert (len(none.score), none.state) == (0, before)


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_file_that_was_cut_is_refused(cut: int, model: Model) -> None:
    with pytest.raises(MalformedModel):
        OnnxDetector(export_model(model)[:cut])


def _loops(file: onnx.ModelProto) -> None:
    file.graph.node[0].op_type = "Loop"


def _leaves_its_domain(file: onnx.ModelProto) -> None:
    file.graph.node[0].domain = "com.microsoft"


def _has_functions(file: onnx.ModelProto) -> None:
    file.functions.add().name = "f"


def _keeps_tensors_elsewhere(file: onnx.ModelProto) -> None:
    file.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL


def _tells_another_format(file: onnx.ModelProto) -> None:
    file.metadata_props[0].value = file.metadata_props[0].value.replace("anomaly/v1", "anomaly/v9")


def _tells_nothing(file: onnx.ModelProto) -> None:
    del file.metadata_props[:]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_loops, "expected operators of our graphs, found \\['Loop'\\]"),
        (_leaves_its_domain, "expected no domain, found 'com.microsoft'"),
        (_has_functions, "expected a graph alone, found functions"),
        (_keeps_tensors_elsewhere, "expected tensors in the file, found one kept elsewhere"),
        (_tells_another_format, "expected a model of lotmark.anomaly/v1"),
        (_tells_nothing, "expected lotmark.model among the metadata, found none"),
    ],
)
def test_a_file_of_another_kind_is_refused_before_it_runs(
    change: Callable[[onnx.ModelProto], None], expected: str, model: Model
) -> None:
    file = onnx.load_from_string(export_model(model))
    assert read_model(file.SerializeToString()).names == model.names
    change(file)
    with pytest.raises(MalformedModel, match=expected):
        read_model(file.SerializeToString())


def test_columns_in_another_order_are_put_in_the_model_s(
    detector: OnnxDetector, rows: ParameterTable
) -> None:
    turned = rows.columns(list(range(len(rows.names)))[::-1])
    expected = detector.score(rows, detector.start())
    assert np.array_equal(detector.score(turned, detector.start()).score, expected.score)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda model: replace(model, scale=-model.scale), "scale: expected numbers above 0"),
        (lambda model: replace(model, median=model.median[1:]), "median: expected an array"),
        (lambda model: replace(model, statistics=()), "calibration.centre: expected an array"),
        (lambda model: replace(model, innovation=None), "expected innovations and coefficients"),
        (lambda model: replace(model, modelled=(0, 1, 2, 3, 9)), "expected columns of 6"),
    ],
)
def test_numbers_that_do_not_fit_together_are_no_model(
    change: Callable[[Model], Model], expected: str, model: Model
) -> None:
    form, tensors = take_model_apart(change(model))
    with pytest.raises(MalformedModel, match=expected):
        put_model_together(form, tensors)


def _in_parts(
    detector: OnnxDetector, rows: ParameterTable, cuts: list[int]
) -> tuple[Numbers, StreamState]:
    state, found = detector.start(), []
    for low, high in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        scored = detector.score(rows.take(slice(low, high)), state)
        state = scored.state
        found.append(scored.score)
    return np.concatenate(found), state


def test_a_matrix_that_is_symmetric_by_chance_is_served_as_it_is() -> None:
    values = np.random.default_rng(0).normal(size=(400, 7))
    table = ParameterTable(tuple("abcdefg"), values)
    independent = train(table)
    # Nothing ties the parameters together, so the adjustment is shrunken to a diagonal.
    assert np.array_equal(independent.level.adjust, independent.level.adjust.T)
    found = OnnxDetector(export_model(independent))
    assert np.isfinite(found.score(table, found.start()).score).all()
