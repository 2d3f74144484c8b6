"""The product as it is used: a model of good rows, and its verdict on each row after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from scoring.anomaly.graph import export_model
from scoring.anomaly.model import Model
from scoring.anomaly.port import Scored, StreamState
from scoring.anomaly.prepare import in_columns
from scoring.anomaly.serving import OnnxDetector
from scoring.anomaly.stages import allowed
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
    """A model as it is served: by its ONNX file."""

    model: Model
    detector: OnnxDetector

    @property
    def digest(self) -> str:
        """Of the file."""
        return self.detector.digest

    def score(
        self, table: ParameterTable, state: StreamState | None = None, *, with_detail: bool = False
    ) -> Scored:
        """Score rows from the start of a stream, or going on."""
        rows = in_columns(self.model, table)
        begun = state or self.detector.start()
        return self.detector.score(rows, begun, with_detail=with_detail)

    def p_values(self, table: ParameterTable) -> Numbers:
        """The p-value of every row, from the start of a stream."""
        return self.score(table).p_value

    def flags(self, table: ParameterTable) -> Flags:
        """Rows at or beyond yellow, where a model of this stage may alarm."""
        if not allowed(self.model.stage).yellow:
            return np.zeros(len(table), np.bool_)
        return np.asarray(self.p_values(table) < self.model.settings.yellow)


def learn(table: ParameterTable, *, prior: Prior | None = None) -> Line:
    """Learn from good rows, as the product does without any option."""
    model = train(table, prior=prior)
    return Line(model, OnnxDetector(export_model(model)))
