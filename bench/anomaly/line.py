"""The product as it is used: a model of good rows, and its verdict on each row after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from scoring.anomaly.front_end import FrontEnd, complete
from scoring.anomaly.model import Model, Stage
from scoring.anomaly.reference import Computed, Parts, compute, standardise, start_arrays
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.anomaly.training import Prior, train

Flags: TypeAlias = npt.NDArray[np.bool_]


class Judge(Protocol):
    """Flags the rows of a run as the product and its peers do."""

    def flags(self, table: ParameterTable) -> Flags:
        """Which rows would be shown as not normal."""
        ...


Learn: TypeAlias = Callable[[ParameterTable], Judge]


@dataclass(frozen=True, slots=True)
class Line:
    """A model, and what it says of rows."""

    model: Model
    parts: Parts

    @property
    def alarms(self) -> bool:
        """Whether a model of its stage may alarm."""
        return self.model.stage is not Stage.LEARNING

    def p_values(self, table: ParameterTable) -> Numbers:
        """The p-value of every row, from the start of a stream."""
        return self.p_of(self.computed(table).statistics)

    def p_of(self, statistics: Numbers) -> Numbers:
        """The p-values of raw statistics."""
        calibration = self.model.calibration
        return calibration.p_value(standardise(calibration, statistics).max(axis=1))

    def computed(self, table: ParameterTable) -> Computed:
        """Statistics and residuals from the start of a stream."""
        return compute(self.parts, *self.standardised(table), state=start_arrays(self.parts))

    def standardised(self, table: ParameterTable) -> tuple[Numbers, Flags]:
        """Rows in sigma, missing values filled in, and which were there."""
        return self.standardised_values(table.values)

    def standardised_values(self, values: Numbers) -> tuple[Numbers, Flags]:
        m = self.model
        front = FrontEnd(m.modelled, m.constants, m.quantum, m.median, m.scale)
        z = front.standardise(values, m.settings.clip)
        return complete(z, m.level)

    def flags(self, table: ParameterTable) -> Flags:
        """Rows at or beyond yellow, where a model of this stage may alarm."""
        if not self.alarms:
            return np.zeros(len(table), np.bool_)
        return np.asarray(self.p_values(table) < self.model.settings.yellow)


def learn(table: ParameterTable, *, prior: Prior | None = None) -> Line:
    """Learn from good rows, as the product does without any option."""
    model = train(table, prior=prior)
    return Line(model, Parts(model.level, model.innovation, model.coefficients, model.statistics))
