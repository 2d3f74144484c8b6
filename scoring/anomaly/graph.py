"""A model as an ONNX graph: state in, state out, in double precision on weights kept as float32.

Inputs are rows [chunks, length, m], standardised and filled in, what of them was present, and the
state [rows, m]; a stream that is served row by row has chunks and length 1. The same model gives
the same bytes. What the file holds beside the graph is a model's form (:mod:`.model_form`), so
that the file alone is the model.
"""

from __future__ import annotations

from typing import Final

from onnx import TensorProto, ValueInfoProto, helper

from ledger.strict_json import encode_json
from scoring.anomaly.graph_averages import Averages, many_rows, one_row, state_of
from scoring.anomaly.graph_layout import METADATA_KEY, groups_of, order_of, state_rows
from scoring.anomaly.graph_nodes import IR_VERSION, OPSET, Nodes, value_of
from scoring.anomaly.model import ChannelName, Kind, Model
from scoring.anomaly.model_form import is_symmetric, take_model_apart

_THIRD: Final = 1.0 / 3.0
_FIGURES: Final = ("statistics", "raw")


def export_model(model: Model) -> bytes:
    """The ONNX file of a model: the same bytes for the same model."""
    form, tensors = take_model_apart(model)
    nodes = Nodes()
    for place, array in tensors.items():
        nodes.kept(place, array)
    writer = _Writer(model, nodes)
    writer.write()
    graph = nodes.graph(*writer.ends())
    opsets = [helper.make_opsetid("", OPSET)]
    file = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    file.producer_name = "lotmark"
    helper.set_model_props(file, {METADATA_KEY: encode_json(form, numbers="any").decode()})
    return bytes(file.SerializeToString(deterministic=True))


class _Writer:
    """Writes the main graph of one model; names of inputs and outputs are in graph_layout."""

    def __init__(self, model: Model, nodes: Nodes) -> None:
        self._model = model
        self._nodes = nodes
        self._size = len(model.modelled)
        self._groups = groups_of(model.statistics)
        self._order = order_of(model)
        self._residuals: dict[ChannelName, str] = {}
        self._squares: dict[ChannelName, str] = {}

    def ends(self) -> tuple[list[ValueInfoProto], list[ValueInfoProto]]:
        """The inputs and outputs of the graph."""
        size, rows = self._size, state_rows(self._model)
        inputs = [value_of(name, ["chunks", "length", size]) for name in ("rows", "present")]
        outputs = [value_of("score", ["n"])]
        outputs += [value_of(name, ["n", len(self._model.statistics)]) for name in _FIGURES]
        if rows:
            inputs.append(value_of("state", [rows, size]))
            outputs.append(value_of("state_after", [rows, size]))
        outputs += [value_of(name, ["n", size]) for name in self._residuals.values()]
        for group in self._groups:
            axes: list[str | int] = ["chunks", len(group.members), "length", size]
            outputs.append(value_of(group.name, axes))
        return inputs, outputs

    def write(self) -> None:
        """Add every node."""
        nodes = self._nodes
        flat = nodes("Reshape", "rows", nodes.whole([-1, self._size]))
        mask = nodes("Reshape", "present", nodes.whole([-1, self._size]))
        centred = nodes("Sub", flat, self._kept("level.centre"))
        x = nodes("Div", centred, self._kept("level.spread"))
        found = nodes("MatMul", x, self._kept("level.adjust"))
        self._add(ChannelName.LEVEL, found, mask)
        after = self._innovations(centred, mask) if self._order else []
        columns = self._of_rows(x, mask)
        if self._groups:
            figures, averages_after = self._averages(flat)
            columns.append(figures)
            after.insert(0, averages_after)
        if after:
            nodes.named("state_after", "Concat", *after, axis=0)
        self._score(columns)

    def _kept(self, place: str) -> str:
        return self._nodes.double(place)

    def _add(self, channel: ChannelName, found: str, mask: str) -> None:
        """Residuals, 0 where missing, and their squares."""
        name = self._nodes.named(f"residuals/{channel}", "Mul", found, mask)
        self._residuals[channel] = name
        self._squares[channel] = self._nodes("Mul", name, name)

    def _innovations(self, centred: str, mask: str) -> list[str]:
        """Residuals of what the rows before foretell; the lags and their number afterwards.

        R = (x - lags C - c) / s A is one product of [x, lags] with [A'; -C A'], A' = A / s, which
        the runtime makes once when it loads the graph.
        """
        nodes, order = self._nodes, self._order
        first = state_rows(self._model) - order - 1
        oldest_first = nodes.whole(list(range(first + order - 1, first - 1, -1)))
        longer = nodes("Concat", nodes("Gather", "state", oldest_first), centred, axis=0)
        lags = [
            nodes("Slice", longer, nodes.whole([order - lag]), nodes.whole([-lag]))
            for lag in range(1, order + 1)
        ]
        spread = nodes("Unsqueeze", self._kept("innovation.spread"), axes=[1])
        scaled = nodes("Div", self._kept("innovation.adjust"), spread)
        foretold = nodes("MatMul", self._kept("coefficients"), scaled)
        weights = nodes("Concat", scaled, nodes("Neg", foretold), axis=0)
        shift = nodes("MatMul", self._kept("innovation.centre"), scaled)
        product = nodes("MatMul", nodes("Concat", centred, *lags, axis=1), weights)
        known, seen_after = self._seen(centred)
        found = nodes("Sub", product, shift)
        self._add(ChannelName.INNOVATION, found, nodes("Mul", mask, known))
        newest_first = nodes.whole([-lag for lag in range(1, order + 1)])
        return [nodes("Gather", longer, newest_first), seen_after]

    def _seen(self, centred: str) -> tuple[str, str]:
        """1 for rows [n, 1] that have a past of as many rows as foretell them; rows seen after."""
        nodes, order = self._nodes, self._nodes.number(float(self._order))
        last = state_rows(self._model)
        seen = nodes("Slice", "state", nodes.whole([last - 1]), nodes.whole([last]))
        one = nodes("Slice", seen, nodes.whole([0]), nodes.whole([1]), nodes.whole([1]))
        count = nodes("Gather", nodes("Shape", centred), nodes.whole(0))
        index = nodes("Range", nodes.whole(0), count, nodes.whole(1))
        before = nodes("Unsqueeze", nodes("Cast", index, to=TensorProto.DOUBLE), axes=[1])
        is_known = nodes("GreaterOrEqual", nodes("Add", before, one), order)
        rows = nodes("Cast", count, to=TensorProto.DOUBLE)
        return (
            nodes("Cast", is_known, to=TensorProto.DOUBLE),
            nodes("Min", nodes("Add", seen, rows), order),
        )

    def _of_rows(self, x: str, mask: str) -> list[str]:
        """The statistics of a row by itself, each [n, 1], in their order."""
        nodes, columns = self._nodes, []
        for statistic in self._model.statistics:
            match statistic.kind:
                case Kind.LARGEST_Z:
                    columns.append(self._largest(nodes("Abs", nodes("Mul", x, mask))))
                case Kind.LARGEST:
                    columns.append(self._largest(nodes("Abs", self._residuals[statistic.channel])))
                case Kind.JOINT:
                    columns.append(self._joint(nodes("Mul", x, mask)))
                case Kind.DISTANCE:
                    columns.append(self._distance(x))
                case _:
                    pass
        return columns

    def _largest(self, found: str) -> str:
        return self._nodes("ReduceMax", found, axes=[1], keepdims=1)

    def _joint(self, x: str) -> str:
        nodes = self._nodes
        total = nodes("Mul", x, x)
        for squares in self._squares.values():
            total = nodes("Add", total, squares)
        return self._largest(total)

    def _distance(self, x: str) -> str:
        nodes = self._nodes
        each = nodes("Mul", nodes("MatMul", x, self._precision()), x)
        total = nodes("ReduceSum", each, axes=[1], keepdims=1)
        return nodes("Max", total, nodes.number(0.0))

    def _precision(self) -> str:
        """The precision, from its upper triangle: (i, j) is at i (2m - i - 1) / 2 + j, i <= j."""
        nodes, kept = self._nodes, self._kept("level.precision")
        if not is_symmetric(self._model.level.precision):
            return kept
        index = nodes("Range", nodes.whole(0), nodes.whole(self._size), nodes.whole(1))
        column = nodes("Unsqueeze", index, axes=[1])
        low, high = nodes("Min", column, index), nodes("Max", column, index)
        doubled = nodes("Mul", low, nodes("Sub", nodes.whole(2 * self._size - 1), low))
        return nodes("Gather", kept, nodes("Add", nodes("Div", doubled, nodes.whole(2)), high))

    def _averages(self, flat: str) -> tuple[str, str]:
        nodes = self._nodes
        inputs = tuple(
            (self._squares if group.is_squared else self._residuals)[group.channel]
            for group in self._groups
        )
        state = state_of(nodes, self._groups)
        given = Averages(self._groups, self._model.statistics, inputs, state, "rows", self._size)
        is_one = nodes("Equal", nodes("Size", flat), nodes.whole(self._size))
        nodes.choose(is_one, (one_row(nodes, given), many_rows(nodes, given)), given.outputs)
        return given.outputs[0], given.outputs[1]

    def _score(self, columns: list[str]) -> None:
        """Statistics in the order of the model, standardised; the largest is the score."""
        nodes, statistics = self._nodes, self._model.statistics
        averaged = [n for group in self._groups for n in group.members]
        found = [n for n in range(len(statistics)) if n not in averaged] + averaged
        joined = nodes("Concat", *columns, axis=1)
        ordered = nodes.whole([found.index(n) for n in range(len(statistics))])
        raw = nodes.named("raw", "Gather", joined, ordered, axis=1)
        roots = nodes("Pow", raw, nodes.number(_THIRD))
        off = nodes("Sub", roots, self._kept("calibration.centre"))
        nodes.named("statistics", "Div", off, self._kept("calibration.width"))
        nodes.named("score", "ReduceMax", "statistics", nodes.whole([1]), keepdims=0)
