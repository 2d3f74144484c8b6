"""Scoring by a challenger's ONNX file alone, behind the interface that the model is served by."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from scoring.anomaly.challenger_model import (
    FORMAT,
    METADATA_KEY,
    OPERATORS,
    STATISTICS,
    Autoencoder,
    expect_consistent,
)
from scoring.anomaly.columns import align
from scoring.anomaly.front_end import FrontEnd
from scoring.anomaly.model_form import put_together
from scoring.anomaly.port import Detail, Scored, StreamState
from scoring.anomaly.serving import advanced, open_session, read_form
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.errors import MalformedState

_ERRORS: Final = "residuals/reconstruction"


def read_challenger(onnx: bytes) -> Autoencoder:
    """The whole challenger that a file holds.

    Raises:
        MalformedModel: not a file of ours, or with operators that none of our graphs has.
    """
    form, tensors = read_form(onnx, METADATA_KEY, operators=OPERATORS)
    found = put_together(Autoencoder, form, tensors, told=FORMAT)
    expect_consistent(found)
    return found


class ChallengerDetector:
    """Scores rows by an ONNX file of :func:`scoring.anomaly.challenger.export_challenger`.

    Args:
        onnx: the file.

    Raises:
        MalformedModel: not a file of ours, or not one that onnxruntime takes.
    """

    def __init__(self, onnx: bytes) -> None:
        self.digest: Final = hashlib.sha256(onnx).hexdigest()
        self.model: Final = read_challenger(onnx)
        self._session = open_session(onnx)
        model = self.model
        self._front = FrontEnd(model.modelled, {}, model.quantum, model.median, model.scale)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that it scores."""
        return self.model.names

    @property
    def quantum(self) -> Numbers:
        """What each parameter is rounded to [p]."""
        return self.model.quantum

    def p_value(self, score: Numbers) -> Numbers:
        """How rare each score is among good rows."""
        return self.model.calibration.p_value(score)

    def rows_of(self, table: ParameterTable) -> ParameterTable:
        """The table in the challenger's columns.

        Raises:
            ParametersDiffer: a parameter is missing, or unknown to the challenger.
        """
        return align(table, self.model.names)

    def start(self) -> StreamState:
        """It has no state but how far its stream is."""
        return StreamState(self.digest, {}, alpha=self.model.yellow)

    def score(
        self, table: ParameterTable, state: StreamState, *, with_detail: bool = False
    ) -> Scored:
        """Score rows; a missing value is taken for the median, and its error for none.

        Raises:
            ParametersDiffer: not the columns of the challenger.
            MalformedState: the state is of another model.
        """
        if state.model != self.digest or state.arrays:
            raise MalformedState(f"expected a state of {self.digest}, found one of {state.model}")
        rows = self.rows_of(table)
        z = self._front.standardise(rows.values, self.model.clip)
        present = ~np.isnan(z)
        filled = np.nan_to_num(z)
        feeds = {"rows": filled, "present": present.astype(np.float64)}
        asked = ["score", "statistics", _ERRORS]
        score, statistics, errors = self._session.run(asked, feeds)
        detail = Detail(filled, present, {"reconstruction": errors}, {}) if with_detail else None
        return Scored(
            score,
            np.where(present.any(axis=1), self.p_value(score), np.nan),
            statistics,
            statistics.argmax(axis=1),
            advanced(state, {}, rows),
            detail,
            STATISTICS,
        )
