"""Scoring by a model's ONNX file alone: numpy before the graph, onnxruntime for the graph.

One thread a detector. Rows go through in blocks of chunks (:mod:`.graph_averages`), so memory
does not grow with their number; any split of a stream gives the same scores within rounding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

from ledger.errors import MalformedJson
from ledger.strict_json import JsonValue, parse_json
from scoring.anomaly.filling import Completed, complete_in_order
from scoring.anomaly.front_end import FrontEnd, take_off_setups
from scoring.anomaly.graph_layout import (
    METADATA_KEY,
    OPERATORS,
    groups_of,
    order_of,
    state_rows,
)
from scoring.anomaly.model import Model
from scoring.anomaly.model_form import Tensor, put_model_together
from scoring.anomaly.onnx_file import MODEL_BYTES_MAX, parse_onnx
from scoring.anomaly.parts import Parts
from scoring.anomaly.port import Detail, Scored, StreamState
from scoring.anomaly.prepare import in_columns
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.errors import MalformedModel, MalformedState

#: Rows of a chunk: what is gained by longer ones is lost to their matrix of decay weights.
CHUNK_ROWS: Final = 16
#: Chunks that go through the graph at once; their numbers stay in the processor's cache.
CHUNKS_MAX: Final = 16
_STATE: Final = "state"
#: Which of the rows before had values filled in; the graph does not see it.
_GAPS: Final = "gaps"
_SEVERE: Final = 3
_REFUSALS: Final = (
    runtime.EPFail,
    runtime.Fail,
    runtime.InvalidArgument,
    runtime.InvalidGraph,
    runtime.InvalidProtobuf,
    runtime.NotImplemented,
    runtime.RuntimeException,
)


def read_model(onnx: bytes) -> Model:
    """The whole model that a file holds.

    Raises:
        MalformedModel: not a file of ours, beyond a bound, or with operators that none of our
            graphs has.
    """
    form, tensors = read_form(onnx, METADATA_KEY, operators=OPERATORS)
    return put_model_together(form, tensors)


def read_form(
    onnx: bytes, key: str, *, operators: frozenset[str]
) -> tuple[JsonValue, dict[str, Tensor]]:
    """The form that a file has among its metadata, and its tensors.

    Raises:
        MalformedModel: not the wire format, no such form, or other operators than these.
    """
    file = parse_onnx(onnx)
    foreign = file.operators - operators
    if foreign:
        raise MalformedModel(f"expected operators of our graphs, found {sorted(foreign)[:5]}")
    told = file.metadata.get(key)
    if told is None:
        raise MalformedModel(f"expected {key} among the metadata, found none")
    try:
        form = parse_json(told.encode(), bytes_max=MODEL_BYTES_MAX, numbers="any")
    except MalformedJson as fault:
        raise MalformedModel(f"expected the JSON of a model, found: {fault}") from fault
    return form, file.tensors


class OnnxDetector:
    """Scores rows by an ONNX file of :func:`scoring.anomaly.graph.export_model`.

    Args:
        onnx: the file.

    Raises:
        MalformedModel: not a file of ours, or not one that onnxruntime takes.
    """

    def __init__(self, onnx: bytes) -> None:
        self.digest: Final = hashlib.sha256(onnx).hexdigest()
        self.model: Final = read_model(onnx)
        self._session = open_session(onnx)
        self._groups = groups_of(self.model.statistics)
        self._state_rows = state_rows(self.model)
        self._statistics = tuple(one.name for one in self.model.statistics)
        self._front = _front_of(self.model)
        m = self.model
        self._parts = Parts(m.level, m.innovation, m.coefficients, m.statistics)

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
        """The table as the model wants it: its columns in order, and one row a lot.

        What is so already stays as it is.

        Raises:
            ParametersDiffer: a parameter is missing, or unknown to the model.
            UnitsDiffer: a unit is written otherwise.
            MalformedTable: a model of lots, and rows that do not say theirs.
        """
        is_ready = table.names == self.model.names and table.units in ((), self.model.units)
        return table if is_ready else in_columns(self.model, table)

    def start(self) -> StreamState:
        """The state before the first row: averages at what they average to, nothing seen."""
        alpha = self.model.settings.yellow
        if not self._state_rows:
            return StreamState(self.digest, {}, alpha=alpha)
        state = np.zeros((self._state_rows, len(self.model.modelled)))
        for group in self._groups:
            if group.is_squared:
                state[group.first_row : group.first_row + len(group.members)] = 1.0
        order = order_of(self.model)
        gaps = {_GAPS: np.zeros((order, state.shape[1]))} if order else {}
        return StreamState(self.digest, {_STATE: state, **gaps}, alpha=alpha)

    def score(
        self, table: ParameterTable, state: StreamState, *, with_detail: bool = False
    ) -> Scored:
        """Score rows in their order, going on from ``state``.

        Args:
            table: the rows, of the model's parameters in any order; NaN is a missing value. A
                model of lots has one score a lot.
            state: of this model's stream.
            with_detail: also give what explanations need. The average of a total is told by
                parameter [n, m]; its sum over parameters is the total.

        Raises:
            ParametersDiffer, UnitsDiffer: not the columns of the model.
            MalformedTable: a model of lots, and rows that do not say theirs.
            MalformedState: the state is of another model.
        """
        arrays = self._arrays(state)
        rows = self.rows_of(table)
        whole = self._prepared(rows, arrays)
        asked = ["score", "statistics", *(["state_after"] if arrays else [])]
        if with_detail:
            asked += [f"residuals/{name}" for name in self._channels()]
            asked += [group.name for group in self._groups]
        parts = []
        for block in blocks(len(rows)):
            feeds = {"rows": whole.z[block], "present": whole.judged[block].astype(np.float64)}
            part = self._run(asked, feeds, {_STATE: arrays[_STATE]} if arrays else {})
            arrays = {**arrays, _STATE: part["state_after"]} if arrays else {}
            parts.append(part)
        found = _joined(parts, self._statistics)
        return Scored(
            found.score,
            # A row without any value is not a normal one.
            np.where(whole.present.any(axis=1), self.p_value(found.score), np.nan),
            found.statistics,
            found.statistics.argmax(axis=1),
            advanced(state, {**arrays, _GAPS: whole.gaps} if _GAPS in arrays else arrays, rows),
            self._detail(parts, whole.z, whole.present) if with_detail else None,
            self._statistics,
        )

    def _run(
        self, asked: list[str], feeds: dict[str, Numbers], state: Mapping[str, Numbers]
    ) -> dict[str, Any]:
        count, size = feeds["rows"].shape
        length = min(count, CHUNK_ROWS)
        shaped = {name: rows.reshape(-1, length, size) for name, rows in feeds.items()}
        return dict(zip(asked, self._session.run(asked, {**shaped, **state}), strict=True))

    def _channels(self) -> tuple[str, ...]:
        return ("level", "innovation") if order_of(self.model) else ("level",)

    def _arrays(self, state: StreamState) -> Mapping[str, Numbers]:
        if state.model != self.digest:
            raise MalformedState(f"expected a state of {self.digest}, found one of {state.model}")
        size, order = len(self.model.modelled), order_of(self.model)
        expected = {_STATE: (self._state_rows, size)} | ({_GAPS: (order, size)} if order else {})
        found = {name: array.shape for name, array in state.arrays.items()}
        if found != (expected if self._state_rows else {}):
            raise MalformedState(f"expected arrays {expected}, found {found}")
        return state.arrays

    def _prepared(self, rows: ParameterTable, state: Mapping[str, Numbers]) -> Completed:
        """Rows in sigma of their set-up's baseline, missing ones filled in, and which were not.

        Whether values tell of another unit is judged where verdicts are: a fault may move a
        parameter by the factor of one, and is to be scored.
        """
        raw = self._front.standardise(rows.values, self.model.settings.clip)
        z = take_off_setups(raw, rows.setups, self.model.setups)
        return complete_in_order(z, self._parts, self._past(state))

    def _past(self, state: Mapping[str, Numbers]) -> Mapping[str, Numbers]:
        """What is known of the rows before, as :mod:`scoring.anomaly.filling` asks for it."""
        order = order_of(self.model)
        if not order:
            return {}
        rows = state[_STATE]
        return {"lags": rows[-1 - order : -1], "seen": rows[-1], "gaps": state[_GAPS]}

    def _detail(
        self, parts: list[dict[str, Any]], z: Numbers, present: npt.NDArray[np.bool_]
    ) -> Detail:
        size = len(self.model.modelled)
        residuals = {
            name: _stacked([part[f"residuals/{name}"] for part in parts], size)
            for name in self._channels()
        }
        averages = {
            self._statistics[member]: _stacked(
                [_of_group(part[group.name], n, of=len(group.members)) for part in parts], size
            )
            for group in self._groups
            for n, member in enumerate(group.members)
        }
        return Detail(z, present, residuals, averages)


def open_session(onnx: bytes) -> onnxruntime.InferenceSession:
    """A session of one thread.

    Raises:
        MalformedModel: onnxruntime takes no such file.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # It would warn of every tensor that is kept beside the graph.
    options.log_severity_level = _SEVERE
    try:
        return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    except _REFUSALS as fault:
        raise MalformedModel(f"expected a graph that runs, found: {fault}") from fault


def blocks(rows: int) -> Iterator[slice]:
    """Rows in their order, as blocks that are whole chunks, or fewer rows than a chunk has."""
    most = CHUNK_ROWS * CHUNKS_MAX
    place = 0
    while place < rows:
        left = rows - place
        step = min(most, left - left % CHUNK_ROWS) if left >= CHUNK_ROWS else left
        yield slice(place, place + step)
        place += step


@dataclass(frozen=True, slots=True)
class _Figures:
    score: Numbers
    statistics: Numbers


def _joined(parts: list[dict[str, Any]], statistics: tuple[str, ...]) -> _Figures:
    if not parts:
        return _Figures(np.empty(0), np.empty((0, len(statistics))))
    return _Figures(
        np.concatenate([part["score"] for part in parts]),
        np.concatenate([part["statistics"] for part in parts]),
    )


def _of_group(averages: Numbers, member: int, *, of: int) -> Numbers:
    """One of ``of`` averages [K, L, m] of a group [K, of * L, m]."""
    length = averages.shape[1] // of
    return averages[:, member * length : (member + 1) * length]


def _stacked(parts: list[Numbers], size: int) -> Numbers:
    return np.concatenate([np.empty((0, size)), *(part.reshape(-1, size) for part in parts)])


def _front_of(model: Model) -> FrontEnd:
    return FrontEnd(model.modelled, model.constants, model.quantum, model.median, model.scale)


def advanced(
    state: StreamState, arrays: Mapping[str, Numbers], table: ParameterTable
) -> StreamState:
    """The state behind these rows."""
    last = state.last_us
    if table.at_us is not None and len(table):
        newest = int(table.at_us.max())
        last = newest if last is None else max(last, newest)
    return StreamState(state.model, dict(arrays), state.rows + len(table), last, state.alpha)
