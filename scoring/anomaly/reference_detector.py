"""The model served by NumPy and SciPy alone: what the graph is held to, slower and plainer."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from scoring.anomaly.filling import complete_in_order
from scoring.anomaly.front_end import FrontEnd, take_off_setups
from scoring.anomaly.model import Model
from scoring.anomaly.port import Detail, Scored, StreamState
from scoring.anomaly.reference import Computed, Parts, compute, standardise, start_arrays
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.errors import MalformedState, ParametersDiffer


class ReferenceDetector:
    """Implements :class:`~scoring.anomaly.port.Detector` for a model in memory."""

    def __init__(self, model: Model) -> None:
        """Serve a model."""
        self._model = model
        self._parts = Parts(model.level, model.innovation, model.coefficients, model.statistics)
        self._front = FrontEnd(
            model.modelled, model.constants, model.quantum, model.median, model.scale
        )
        self._digest = _digest(model)

    @property
    def digest(self) -> str:
        """SHA-256 over the numbers that scores follow from, in hex."""
        return self._digest

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that it scores."""
        return self._model.names

    def start(self) -> StreamState:
        """The state before the first row."""
        return StreamState(self._digest, start_arrays(self._parts))

    def score(
        self, table: ParameterTable, state: StreamState, *, with_detail: bool = False
    ) -> Scored:
        """Score rows in their order, going on from ``state``.

        Raises:
            ParametersDiffer: not the columns of the model, in its order.
            MalformedState: the state is of another model.
        """
        if table.names != self._model.names:
            raise ParametersDiffer(
                f"expected the parameters {self._model.names}, found {table.names}"
            )
        if state.model != self._digest:
            raise MalformedState(f"expected the state of {self._digest}, found {state.model}")
        raw = self._front.standardise(table.values, self._model.settings.clip)
        z = take_off_setups(raw, table.setups, self._model.setups)
        whole = complete_in_order(z, self._parts, state.arrays)
        found = compute(self._parts, whole.z, whole.judged, state=state.arrays)
        if "gaps" in state.arrays:
            found = replace(found, state={**found.state, "gaps": whole.gaps})
        detail = None
        if with_detail:
            detail = Detail(whole.z, whole.present, found.residuals, found.averages)
        return self._scored(table, found, state=state, detail=detail)

    def _scored(
        self, table: ParameterTable, found: Computed, *, state: StreamState, detail: Detail | None
    ) -> Scored:
        calibration = self._model.calibration
        standardised = standardise(calibration, found.statistics)
        score: Numbers = np.asarray(standardised.max(axis=1))
        last = state.last_us if table.at_us is None or not len(table) else int(table.at_us[-1])
        after = StreamState(state.model, found.state, state.rows + len(table), last, state.alpha)
        return Scored(
            score,
            calibration.p_value(score),
            standardised,
            standardised.argmax(axis=1),
            after,
            detail,
            tuple(statistic.name for statistic in self._model.statistics),
        )


def _digest(model: Model) -> str:
    digest = hashlib.sha256(model.facts.data_digest.encode())
    for array in (model.level.adjust, model.calibration.centre, model.calibration.scores):
        digest.update(np.ascontiguousarray(array, "<f8").tobytes())
    return digest.hexdigest()
