"""The branch of a graph for chunks of rows."""

from __future__ import annotations

from typing import Final

from onnx import TensorProto

from scoring.anomaly.graph_averages import average_chunks
from scoring.anomaly.graph_layout import (
    Outputs,
    averages_of,
    groups_of,
    order_of,
    state_rows,
)
from scoring.anomaly.graph_nodes import Nodes
from scoring.anomaly.graph_weights import Weights
from scoring.anomaly.model import ChannelName, Kind, Model

_THIRD: Final = 1.0 / 3.0


class ManyRows:
    """Writes the branch; ``outputs`` tells how what it computes is to be called."""

    def __init__(self, nodes: Nodes, model: Model, weights: Weights, *, outputs: Outputs) -> None:
        self._nodes = nodes
        self._model = model
        self._weights = weights
        self._outputs = outputs
        self._groups = groups_of(model.statistics)
        self._squares: dict[ChannelName, str] = {}
        self._residuals: dict[ChannelName, str] = {}

    def write(self) -> None:
        """Add every node."""
        nodes, weights = self._nodes, self._weights
        by_row = nodes.whole([-1, len(self._model.modelled)])
        mask = nodes("Reshape", "present", by_row)
        centred = nodes("Sub", nodes("Reshape", "rows", by_row), weights.centre)
        x = nodes("Div", centred, weights.spread)
        self._add(ChannelName.LEVEL, nodes("MatMul", x, weights.level.weights), mask)
        after = self._innovations(centred, mask) if order_of(self._model) else []
        columns = self._of_rows(x, mask)
        if self._groups:
            columns.append(self._averages(after))
        if after:
            nodes.named(self._outputs["state_after"], "Concat", *after, axis=0)
        self._score(columns)

    def _add(self, channel: ChannelName, found: str, mask: str) -> None:
        """Residuals, 0 where missing, and their squares."""
        name = self._outputs[f"residuals/{channel}"]
        self._residuals[channel] = self._nodes.named(name, "Mul", found, mask)
        self._squares[channel] = self._nodes("Mul", name, name)

    def _innovations(self, centred: str, mask: str) -> list[str]:
        """What rows are away from what the rows before foretell; the lags and rows seen after."""
        nodes, order, product = self._nodes, order_of(self._model), self._weights.innovation
        assert product is not None
        assert product.shift is not None
        first = averages_of(self._groups)
        oldest_first = nodes.whole(list(range(first + order - 1, first - 1, -1)))
        longer = nodes("Concat", nodes("Gather", "state", oldest_first), centred, axis=0)
        lags = [
            nodes("Slice", longer, nodes.whole([order - lag]), nodes.whole([-lag]))
            for lag in range(1, order + 1)
        ]
        joined = nodes("Concat", centred, *lags, axis=1)
        found = nodes("Gemm", joined, product.weights, product.shift)
        known, seen_after = self._seen(centred)
        self._add(ChannelName.INNOVATION, found, nodes("Mul", mask, known))
        newest_first = nodes.whole([-lag for lag in range(1, order + 1)])
        return [nodes("Gather", longer, newest_first), seen_after]

    def _seen(self, centred: str) -> tuple[str, str]:
        """1 for rows [n, 1] that have a past of as many rows as foretell them; rows seen after."""
        nodes, order = self._nodes, self._nodes.number(float(order_of(self._model)))
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
        masked = nodes("Mul", x, mask)
        squares = nodes("Mul", masked, masked)
        for statistic in self._model.statistics:
            match statistic.kind:
                case Kind.LARGEST_Z:
                    columns.append(nodes("Sqrt", self._largest(squares)))
                case Kind.LARGEST:
                    of_channel = self._squares[statistic.channel]
                    columns.append(nodes("Sqrt", self._largest(of_channel)))
                case Kind.JOINT:
                    columns.append(self._joint(squares))
                case Kind.DISTANCE:
                    columns.append(self._distance(x))
                case _:
                    pass
        return columns

    def _largest(self, found: str) -> str:
        return self._nodes("ReduceMax", found, axes=[1], keepdims=1)

    def _joint(self, total: str) -> str:
        for squares in self._squares.values():
            total = self._nodes("Add", total, squares)
        return self._largest(total)

    def _distance(self, x: str) -> str:
        nodes, precision = self._nodes, self._weights.precision
        assert precision is not None
        each = nodes("Mul", nodes("MatMul", x, precision), x)
        total = nodes("ReduceSum", each, axes=[1], keepdims=1)
        return nodes("Max", total, nodes.number(0.0))

    def _averages(self, after: list[str]) -> str:
        """Figures of averages [n, a]; the averages themselves go before what comes after."""
        inputs = {
            group.name: (self._squares if group.is_squared else self._residuals)[group.channel]
            for group in self._groups
        }
        found = average_chunks(
            self._nodes,
            self._groups,
            self._model.statistics,
            inputs=inputs,
            outputs=self._outputs,
        )
        after.insert(0, found.after)
        return found.figures

    def _score(self, columns: list[str]) -> None:
        """Statistics in the order of the model, standardised; the largest is the score."""
        nodes, statistics = self._nodes, self._model.statistics
        averaged = [n for group in self._groups for n in group.members]
        found = [n for n in range(len(statistics)) if n not in averaged] + averaged
        ordered = nodes.whole([found.index(n) for n in range(len(statistics))])
        joined = nodes("Concat", *columns, axis=1)
        raw = nodes.named(self._outputs["raw"], "Gather", joined, ordered, axis=1)
        off = nodes("Sub", nodes("Pow", raw, nodes.number(_THIRD)), self._weights.usual)
        standard = nodes.named(self._outputs["statistics"], "Div", off, self._weights.width)
        largest = nodes.whole([1])
        nodes.named(self._outputs["score"], "ReduceMax", standard, largest, keepdims=0)
