"""Whether the numbers of a model fit together: what a file from outside has to show first."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scoring.anomaly.model import ChannelName, Model
from scoring.anomaly.table import PARAMETERS_MAX, Numbers
from scoring.errors import MalformedModel


def expect_consistent(model: Model) -> None:
    """Refuse a model that no training makes.

    Raises:
        MalformedModel: naming what is wrong with it.
    """
    size, count = len(model.modelled), len(model.names)
    if not 0 < size <= count <= PARAMETERS_MAX:
        raise MalformedModel(f"expected 1 to {PARAMETERS_MAX} parameters, found {size} of {count}")
    if len(set(model.names)) != count or len(model.units) not in (0, count):
        raise MalformedModel("expected each parameter once and its unit, found others")
    columns = [*model.modelled, *model.constants]
    if len(set(columns)) != len(columns) or not all(0 <= one < count for one in columns):
        raise MalformedModel(f"expected columns of {count} parameters, found {columns[:8]}")
    for place, array, shape in _shapes(model):
        if array.shape != shape:
            raise MalformedModel(f"{place}: expected an array {shape}, found {array.shape}")
    for place, array in _divisors(model):
        if not (array > 0).all():
            raise MalformedModel(f"{place}: expected numbers above 0, found others")
    _expect_statistics(model)
    _expect_calibration(model)


def _shapes(model: Model) -> Iterator[tuple[str, Numbers, tuple[int, ...]]]:
    size, figures = len(model.modelled), len(model.statistics)
    yield "quantum", model.quantum, (len(model.names),)
    yield "median", model.median, (size,)
    yield "scale", model.scale, (size,)
    for channel in (model.level, model.innovation):
        if channel is not None:
            for name in ("centre", "spread", "residual"):
                yield f"{channel.name}.{name}", getattr(channel, name), (size,)
            for name in ("precision", "adjust"):
                yield f"{channel.name}.{name}", getattr(channel, name), (size, size)
    if model.coefficients is not None:
        order = len(model.coefficients) // size
        yield "coefficients", model.coefficients, (order * size, size)
    yield "calibration.centre", model.calibration.centre, (figures,)
    yield "calibration.width", model.calibration.width, (figures,)
    for setup in model.setups:
        yield f"set-up {setup.label[:40]}", setup.offset, (size,)


def _divisors(model: Model) -> Iterator[tuple[str, Numbers]]:
    yield "quantum", model.quantum
    yield "scale", model.scale
    yield "level.spread", model.level.spread
    if model.innovation is not None:
        yield "innovation.spread", model.innovation.spread
    yield "calibration.width", model.calibration.width


def _expect_statistics(model: Model) -> None:
    known = {ChannelName.LEVEL, *([ChannelName.INNOVATION] if model.innovation else [])}
    told = model.level.name, model.innovation.name if model.innovation else None
    expected = ChannelName.LEVEL, ChannelName.INNOVATION if model.innovation else None
    if told != expected:
        raise MalformedModel(f"expected channels {expected}, found {told}")
    if (model.innovation is None) != (model.coefficients is None):
        raise MalformedModel("expected innovations and coefficients together, found one of them")
    if model.coefficients is not None and len(model.coefficients) < len(model.modelled):
        raise MalformedModel("expected coefficients of one row or more, found none")
    names = [one.name for one in model.statistics]
    if not names or len(set(names)) != len(names):
        raise MalformedModel(f"expected each statistic once, found {names[:8]}")
    for one in model.statistics:
        if one.channel not in known or not 0.0 < one.decay <= 1.0:
            raise MalformedModel(f"expected a statistic of this model, found {one.name}")


def _expect_calibration(model: Model) -> None:
    scores = model.calibration.scores
    if scores.ndim != 1 or not len(scores) or (np.diff(scores) < 0).any():
        raise MalformedModel("expected scores in ascending order, found others")
    if not model.settings.clip > 0 or not 0 < model.settings.yellow < 1:
        raise MalformedModel("expected a clip above 0 and a level within 0 and 1, found others")
