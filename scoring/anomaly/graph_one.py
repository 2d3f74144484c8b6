"""The branch of a graph for one row: as few nodes as there can be, and weights read once.

A stream is served row by row, so this is what a row costs. Each node costs a third of a
microsecond whatever it computes; the product of a row with a matrix costs its reading, and less
with the matrix on the left, where the runtime copies the row and not the matrix.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.anomaly.graph_averages import units_of
from scoring.anomaly.graph_layout import (
    Outputs,
    averages_of,
    groups_of,
    order_of,
    state_rows,
)
from scoring.anomaly.graph_nodes import Nodes
from scoring.anomaly.graph_weights import Product, Weights
from scoring.anomaly.model import ChannelName, Kind, Model

_THIRD: Final = 1.0 / 3.0
_OF_SQUARES: Final = (Kind.LARGEST_Z, Kind.LARGEST)
_SUMMED: Final = (Kind.TOTAL, Kind.DISTANCE)


class OneRow:
    """Writes the branch; ``outputs`` tells how what it computes is to be called."""

    def __init__(self, nodes: Nodes, model: Model, weights: Weights, *, outputs: Outputs) -> None:
        self._nodes = nodes
        self._model = model
        self._weights = weights
        self._outputs = outputs
        self._size = len(model.modelled)
        self._groups = groups_of(model.statistics)
        self._squares: dict[ChannelName, str] = {}
        self._residuals: dict[ChannelName, str] = {}

    def write(self) -> None:
        """Add every node."""
        nodes, weights = self._nodes, self._weights
        as_row = nodes.whole([1, self._size])
        mask = nodes("Reshape", "present", as_row)
        centred = nodes("Sub", nodes("Reshape", "rows", as_row), weights.centre)
        x = nodes("Div", centred, weights.spread)
        self._add(ChannelName.LEVEL, self._product(weights.level, x), mask)
        after = self._innovations(centred, mask) if weights.innovation else []
        looked_at = self._of_row(x, mask)
        if self._groups:
            averages = self._averages()
            looked_at.insert(0, averages)
            after.insert(0, averages)
        if after:
            nodes.named(self._outputs["state_after"], "Concat", *after, axis=0)
        self._score(looked_at)

    def _product(self, product: Product, *parts: str) -> str:
        """Parts side by side times weights [1, m], as weights times a column."""
        nodes = self._nodes
        joined = parts[0] if len(parts) == 1 else nodes("Concat", *parts, axis=0)
        column = nodes("Reshape", joined, nodes.whole([-1, 1]))
        found = nodes("MatMul", product.turned, column)
        row = nodes("Reshape", found, nodes.whole([1, self._size]))
        return row if product.shift is None else nodes("Add", row, product.shift)

    def _add(self, channel: ChannelName, found: str, mask: str) -> None:
        """Residuals, 0 where missing, and their squares."""
        name = self._outputs[f"residuals/{channel}"]
        self._residuals[channel] = self._nodes.named(name, "Mul", found, mask)
        self._squares[channel] = self._nodes("Mul", name, name)

    def _innovations(self, centred: str, mask: str) -> list[str]:
        """What the row is away from what the rows before foretell; the rows of the state after."""
        nodes, order = self._nodes, order_of(self._model)
        first, last = averages_of(self._groups), state_rows(self._model)
        lags = nodes("Slice", "state", nodes.whole([first]), nodes.whole([first + order]))
        seen = nodes("Slice", "state", nodes.whole([last - 1]), nodes.whole([last]))
        assert self._weights.innovation is not None
        found = self._product(self._weights.innovation, centred, lags)
        enough = nodes.number(float(order))
        # Rows seen are whole numbers, so this is 0 for fewer than enough and 1 for enough.
        missing = nodes("Min", nodes("Sub", enough, seen), nodes.number(1.0))
        known = nodes("Sub", nodes.number(1.0), missing)
        self._add(ChannelName.INNOVATION, found, nodes("Mul", mask, known))
        kept = nodes("Slice", lags, nodes.whole([0]), nodes.whole([order - 1]))
        seen_after = nodes("Min", nodes("Add", seen, nodes.number(1.0)), enough)
        return [centred, kept, seen_after] if order > 1 else [centred, seen_after]

    def _averages(self) -> str:
        """a_t = (1 - w) a_(t-1) + w x_t, all averages at once."""
        nodes, count = self._nodes, averages_of(self._groups)
        decays = np.array([decay for group in self._groups for decay in group.decays])[:, None]
        rows = [
            (self._squares if group.is_squared else self._residuals)[group.channel]
            for group in self._groups
            for _ in group.members
        ]
        before = nodes("Slice", "state", nodes.whole([0]), nodes.whole([count]))
        kept = nodes("Mul", before, nodes.array(1.0 - decays))
        fresh = nodes("Mul", nodes("Concat", *rows, axis=0), nodes.array(decays))
        averages = nodes("Add", kept, fresh)
        names = [self._outputs[group.name] for group in self._groups]
        sizes = [len(group.members) for group in self._groups]
        nodes.split(nodes("Unsqueeze", averages, axes=[0]), names, sizes=sizes, axis=1)
        return averages

    def _of_row(self, x: str, mask: str) -> list[str]:
        """What statistics of the row by itself look at, each [1, m], in their order."""
        nodes, found = self._nodes, []
        masked = nodes("Mul", x, mask)
        squares = nodes("Mul", masked, masked)
        for statistic in self._model.statistics:
            match statistic.kind:
                case Kind.LARGEST_Z:
                    found.append(squares)
                case Kind.LARGEST:
                    found.append(self._squares[statistic.channel])
                case Kind.JOINT:
                    found.append(self._joint(squares))
                case Kind.DISTANCE:
                    found.append(self._distance(x))
                case _:
                    pass
        return found

    def _joint(self, total: str) -> str:
        for squares in self._squares.values():
            total = self._nodes("Add", total, squares)
        return total

    def _distance(self, x: str) -> str:
        assert self._weights.precision is not None
        return self._nodes("Mul", self._nodes("MatMul", x, self._weights.precision), x)

    def _score(self, looked_at: list[str]) -> None:
        """Maxima, or sums, over parameters; standardised; the largest is the score."""
        nodes, statistics = self._nodes, self._model.statistics
        averaged = [n for group in self._groups for n in group.members]
        found = averaged + [n for n in range(len(statistics)) if n not in averaged]
        kinds = [statistics[n].kind for n in found]
        figures = self._over_parameters(nodes("Concat", *looked_at, axis=0), kinds)
        units = units_of(self._groups, statistics)
        scaled = nodes("Div", figures, nodes.number(*units, *[1.0] * (len(found) - len(units))))
        # What was looked at are squares of these.
        halves = [0.5 if kind in _OF_SQUARES else 1.0 for kind in kinds]
        rooted = nodes("Pow", scaled, nodes.number(*halves)) if 0.5 in halves else scaled
        ordered = nodes.whole([found.index(n) for n in range(len(statistics))])
        in_order = nodes("Gather", rooted, ordered)
        raw = nodes.named(self._outputs["raw"], "Unsqueeze", in_order, nodes.whole([0]))
        off = nodes("Sub", nodes("Pow", raw, nodes.number(_THIRD)), self._weights.usual)
        standard = nodes.named(self._outputs["statistics"], "Div", off, self._weights.width)
        nodes.named(self._outputs["score"], "ReduceMax", standard, nodes.whole([1]), keepdims=0)

    def _over_parameters(self, rows: str, kinds: list[Kind]) -> str:
        nodes = self._nodes
        largest = nodes("ReduceMax", nodes("Abs", rows), axes=[1], keepdims=0)
        share = np.array([kind in _SUMMED for kind in kinds], np.float64)
        if not share.any():
            return largest
        # A T2 that rounds to less than nothing is none.
        whole = nodes("Max", nodes("ReduceSum", rows, axes=[1], keepdims=0), nodes.number(0.0))
        return nodes(
            "Add",
            nodes("Mul", largest, nodes.array(1.0 - share)),
            nodes("Mul", whole, nodes.array(share)),
        )
