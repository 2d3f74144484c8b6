"""A challenger to the model: an autoencoder, whose errors of reconstruction are the statistics.

It learns to repeat a row through a narrow layer; what is not like the rows it has learnt from
comes out otherwise (Kramer 1991). It is calibrated out of fold as the model is, its p-value means
the same, and it has no state: in shadow it may show what averages and innovations are worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.anomaly.model import Calibration
from scoring.anomaly.table import PARAMETERS_MAX, Numbers
from scoring.errors import MalformedModel

#: Changes with what the same numbers would score.
FORMAT: Final = "lotmark.anomaly-autoencoder/v1"
METADATA_KEY: Final = "lotmark.challenger"
OPERATORS: Final = frozenset(
    "Abs Add Cast Concat Div MatMul Mul Pow ReduceMax ReduceSum Sub Tanh".split()
)
#: The largest error of a parameter, and the sum of their squares, in their own deviations.
STATISTICS: Final = ("reconstruction/largest", "reconstruction/total")


@dataclass(frozen=True, slots=True)
class Layer:
    """Weights [in, out] and bias [out] of float32 numbers; tanh behind all layers but the last."""

    weights: Numbers
    bias: Numbers


@dataclass(frozen=True, slots=True)
class Autoencoder:
    """A trained challenger; arrays as in :class:`~scoring.anomaly.model.Model`.

    ``deviation`` [m] is that of each parameter's error out of fold, ``n_eff`` what its rows are
    worth as independent ones.
    """

    names: tuple[str, ...]
    modelled: tuple[int, ...]
    quantum: Numbers
    median: Numbers
    scale: Numbers
    clip: float
    yellow: float
    layers: tuple[Layer, ...]
    deviation: Numbers
    calibration: Calibration
    rows: int
    n_eff: float
    seed: int
    data_digest: str
    format: str = FORMAT


def reconstruct(layers: Sequence[Layer], z: Numbers) -> Numbers:
    """What comes out for rows [n, m]: the reference of the graph."""
    found = z
    for layer in layers[:-1]:
        found = np.tanh(found @ layer.weights + layer.bias)
    return np.asarray(found @ layers[-1].weights + layers[-1].bias)


def raw_statistics(errors: Numbers) -> Numbers:
    """The statistics [n, 2] of errors [n, m] in their deviations."""
    return np.column_stack([np.abs(errors).max(axis=1), (errors**2).sum(axis=1)])


def expect_consistent(model: Autoencoder) -> None:
    """Refuse numbers that no training makes.

    Raises:
        MalformedModel: naming what does not fit.
    """
    size, count = len(model.modelled), len(model.names)
    if not 0 < size <= count <= PARAMETERS_MAX or len(set(model.names)) != count:
        raise MalformedModel(f"expected 1 to {PARAMETERS_MAX} parameters, found {size} of {count}")
    if len(set(model.modelled)) != size or not all(0 <= one < count for one in model.modelled):
        raise MalformedModel(f"expected columns of {count} parameters, found others")
    shapes = [model.quantum.shape, model.median.shape, model.scale.shape, model.deviation.shape]
    if shapes != [(count,), (size,), (size,), (size,)]:
        raise MalformedModel(f"expected arrays of {size} parameters, found {shapes}")
    if not all((one > 0).all() for one in (model.quantum, model.scale, model.deviation)):
        raise MalformedModel("expected numbers above 0 to divide by, found others")
    _expect_layers(model.layers, size)
    calibration = model.calibration
    if calibration.centre.shape != calibration.width.shape or calibration.centre.shape != (2,):
        raise MalformedModel("expected the calibration of two statistics, found another")
    if not (calibration.width > 0).all() or calibration.scores.ndim != 1:
        raise MalformedModel("expected widths above 0 and a row of scores, found others")
    if not len(calibration.scores) or (np.diff(calibration.scores) < 0).any():
        raise MalformedModel("expected scores in ascending order, found others")


def _expect_layers(layers: tuple[Layer, ...], size: int) -> None:
    width = size
    for layer in layers:
        if layer.weights.ndim != 2 or layer.weights.shape[0] != width:
            raise MalformedModel(f"expected a layer of {width} inputs, found another")
        width = layer.weights.shape[1]
        if layer.bias.shape != (width,):
            raise MalformedModel(f"expected a bias of {width} numbers, found another")
    if not layers or width != size:
        raise MalformedModel(f"expected {size} outputs, found {width}")
