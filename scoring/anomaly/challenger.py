"""Training and exporting a challenger: an autoencoder of scikit-learn as an ONNX graph.

Only what trains imports this module; :mod:`scoring.anomaly.challenger_serving` serves the file.
"""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np
from onnx import helper
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from ledger.strict_json import encode_json
from scoring.anomaly.blocks import folds
from scoring.anomaly.calibration import calibrate
from scoring.anomaly.challenger_model import (
    METADATA_KEY,
    STATISTICS,
    Autoencoder,
    Layer,
    raw_statistics,
    reconstruct,
)
from scoring.anomaly.front_end import as_float32, fit_front_end
from scoring.anomaly.graph_nodes import IR_VERSION, OPSET, Nodes, value_of
from scoring.anomaly.model import Settings
from scoring.anomaly.model_form import take_model_apart
from scoring.anomaly.sample_size import effective_rows
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.anomaly.training import data_digest
from scoring.errors import TooFewRows

#: Few rows leave nothing to learn a reconstruction from.
ROWS_MIN: Final = 100
_BLOCKS: Final = 5
_GAP: Final = 2
_STEPS: Final = 60
_DECAY: Final = 0.1
_SEED: Final = 7
_LEAST: Final = 1e-3
_WINSOR: Final = 6.0
_THIRD: Final = 1.0 / 3.0


def train_challenger(
    table: ParameterTable, settings: Settings | None = None, *, seed: int = _SEED
) -> Autoencoder:
    """Train an autoencoder on rows that were good, calibrated out of fold.

    Args:
        table: the rows, in the order in which they were measured; a missing value is the median.
        settings: clip and level are those of the model.
        seed: of the first weights.

    Raises:
        TooFewRows: fewer than :data:`ROWS_MIN` rows, or no column that varies.
    """
    chosen = settings or Settings()
    if len(table) < ROWS_MIN:
        raise TooFewRows(f"expected {ROWS_MIN} rows or more to learn from, found {len(table)}")
    front = fit_front_end(table.values, table.resolutions)
    if not front.modelled:
        raise TooFewRows("expected a parameter that varies, found constant columns alone")
    z = np.nan_to_num(front.standardise(table.values, chosen.clip))
    errors = np.vstack(
        [
            z[block] - reconstruct(_fit(z[rows], seed), z[block])
            for rows, block in folds(len(z), _BLOCKS, gap=_GAP)
        ]
    )
    clipped = np.clip(errors, -_WINSOR, _WINSOR)
    deviation = as_float32(np.maximum(np.sqrt((clipped**2).mean(axis=0)), _LEAST))
    return Autoencoder(
        table.names,
        front.modelled,
        front.quantum,
        front.median,
        front.scale,
        chosen.clip,
        chosen.yellow,
        _fit(z, seed),
        deviation,
        calibrate(raw_statistics(errors / deviation)),
        len(z),
        effective_rows(z)[0],
        seed,
        data_digest(table.values, front.quantum),
    )


def export_challenger(model: Autoencoder) -> bytes:
    """The ONNX file of a challenger: the same bytes for the same one."""
    form, tensors = take_model_apart(model)
    nodes = Nodes()
    for place, array in tensors.items():
        nodes.kept(place, array)
    found = "rows"
    for n in range(len(model.layers)):
        product = nodes("MatMul", found, nodes.double(f"layers.{n}.weights"))
        found = nodes("Add", product, nodes.double(f"layers.{n}.bias"))
        if n + 1 < len(model.layers):
            found = nodes("Tanh", found)
    away = nodes("Div", nodes("Sub", "rows", found), nodes.double("deviation"))
    errors = nodes.named("residuals/reconstruction", "Mul", away, "present")
    _score(nodes, errors)
    size = len(model.modelled)
    inputs = [value_of(name, ["n", size]) for name in ("rows", "present")]
    outputs = [value_of("score", ["n"]), value_of("statistics", ["n", len(STATISTICS)])]
    outputs.append(value_of(errors, ["n", size]))
    opsets = [helper.make_opsetid("", OPSET)]
    graph = nodes.graph(inputs, outputs)
    file = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    file.producer_name = "lotmark"
    helper.set_model_props(file, {METADATA_KEY: encode_json(form, numbers="any").decode()})
    return bytes(file.SerializeToString(deterministic=True))


def _score(nodes: Nodes, errors: str) -> None:
    largest = nodes("ReduceMax", nodes("Abs", errors), axes=[1], keepdims=1)
    total = nodes("ReduceSum", nodes("Mul", errors, errors), axes=[1], keepdims=1)
    roots = nodes("Pow", nodes("Concat", largest, total, axis=1), nodes.number(_THIRD))
    off = nodes("Sub", roots, nodes.double("calibration.centre"))
    standard = nodes.named("statistics", "Div", off, nodes.double("calibration.width"))
    nodes.named("score", "ReduceMax", standard, nodes.whole([1]), keepdims=0)


def _fit(z: Numbers, seed: int) -> tuple[Layer, ...]:
    """A narrow layer between two wider ones, by a bounded number of steps of L-BFGS."""
    size = z.shape[1]
    narrow = max(1, size // 4)
    wide = max(2, size // 2)
    network = MLPRegressor(
        hidden_layer_sizes=(wide, narrow, wide),
        activation="tanh",
        solver="lbfgs",
        alpha=_DECAY,
        max_iter=_STEPS,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # Few steps are meant: they keep it from learning the rows by heart.
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(z, z[:, 0] if size == 1 else z)
    weights = [as_float32(np.asarray(each)) for each in network.coefs_]
    biases = [as_float32(np.asarray(each)) for each in network.intercepts_]
    return tuple(Layer(*pair) for pair in zip(weights, biases, strict=True))
