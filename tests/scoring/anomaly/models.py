"""Models of any numbers: what a graph is compared with the reference on."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np

from scoring.anomaly.filling import complete_in_order
from scoring.anomaly.front_end import FrontEnd, as_float32, take_off_setups
from scoring.anomaly.model import (
    Calibration,
    Channel,
    ChannelName,
    Kind,
    Model,
    Settings,
    SetUp,
    Stage,
    Statistic,
)
from scoring.anomaly.reference import Computed, Parts, compute, start_arrays
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.training import train


def any_model(seed: int, *, size: int, order: int) -> Model:
    """A model of numbers by chance: no row was ever trained on; order 0 has no innovations."""
    chance = np.random.default_rng(seed)
    channels = [ChannelName.LEVEL, *([ChannelName.INNOVATION] if order else [])]
    statistics = _any_statistics(chance, channels)
    coefficients = as_float32(0.3 * chance.normal(size=(order * size, size)) / size)
    return replace(
        _trained(),
        names=tuple(f"p{j}" for j in range(size + 1)),
        units=(),
        # The first one is a constant.
        modelled=tuple(range(1, size + 1)),
        constants={0: 7.5},
        quantum=np.power(10.0, chance.integers(-6, -2, size + 1)),
        median=as_float32(chance.normal(size=size)),
        scale=as_float32(chance.uniform(0.5, 2.0, size)),
        stage=Stage.DYNAMIC if order else Stage.OWN,
        settings=Settings(var_order=order or 2),
        level=_any_channel(chance, ChannelName.LEVEL, size),
        innovation=_any_channel(chance, ChannelName.INNOVATION, size) if order else None,
        coefficients=coefficients if order else None,
        statistics=statistics,
        calibration=Calibration(
            chance.uniform(0.5, 2.0, len(statistics)),
            chance.uniform(0.3, 2.0, len(statistics)),
            np.sort(chance.normal(size=50)),
        ),
        setups=(SetUp("tool 2", as_float32(chance.normal(size=size)), 9),),
    )


def any_rows(seed: int, model: Model, count: int, *, missing: float = 0.0) -> ParameterTable:
    """Rows near the model's median, some of them far away, some set up otherwise."""
    chance = np.random.default_rng(seed)
    values = chance.normal(size=(count, len(model.names))) * 3.0
    values[chance.random(values.shape) < missing] = np.nan
    setups = tuple(chance.choice(["tool 1", "tool 2"], count))
    return ParameterTable(model.names, values, np.arange(count) * 1_000_000, setups)


def by_reference(model: Model, table: ParameterTable) -> Computed:
    """What plain NumPy makes of rows from the beginning of a stream."""
    front = FrontEnd(model.modelled, model.constants, model.quantum, model.median, model.scale)
    raw = front.standardise(table.values, model.settings.clip)
    parts = Parts(model.level, model.innovation, model.coefficients, model.statistics)
    state = start_arrays(parts)
    whole = complete_in_order(take_off_setups(raw, table.setups, model.setups), parts, state)
    return compute(parts, whole.z, whole.judged, state=state)


def _any_statistics(
    chance: np.random.Generator, channels: list[ChannelName]
) -> tuple[Statistic, ...]:
    decays = [float(np.round(decay, 3)) for decay in chance.uniform(0.02, 0.9, 2)]
    plain = [Statistic(ChannelName.LEVEL, kind) for kind in (Kind.LARGEST_Z, Kind.JOINT)]
    plain += [Statistic(ChannelName.LEVEL, Kind.DISTANCE)]
    plain += [Statistic(channel, Kind.LARGEST) for channel in channels]
    kinds = (Kind.DRIFT, Kind.SPREAD, Kind.TOTAL)
    plain += [Statistic(*one) for one in product(channels, kinds, decays)]
    kept = chance.permutation(len(plain))[: chance.integers(1, len(plain) + 1)]
    return tuple(plain[n] for n in kept)


def _any_channel(chance: np.random.Generator, name: ChannelName, size: int) -> Channel:
    root = chance.normal(size=(size, size)) / np.sqrt(size)
    precision = root @ root.T + np.eye(size)
    residual = chance.uniform(0.5, 1.5, size)
    return Channel(
        name,
        as_float32(chance.normal(size=size) * 0.1),
        as_float32(chance.uniform(0.5, 1.5, size)),
        as_float32((precision + precision.T) / 2.0),
        as_float32(precision / np.sqrt(np.diag(precision)) / residual),
        residual,
    )


@cache
def _trained() -> Model:
    """What is told of a training, whatever that is."""
    values = np.random.default_rng(1).normal(size=(60, 2))
    return train(ParameterTable(("a", "b"), values))
