"""The averages of a graph: row by row for one row, by matrices of decay for chunks of rows.

An EWMA is linear, so within a chunk of L rows it is one product with an [L, L] matrix of decay
weights, and what chunks hand on to one another is one product with a [K + 1, K] matrix of the
weights of whole chunks. No node repeats another: the shape of the input decides how much each
computes. Cost per row and average: 2 (L + K m / L ...) multiplications instead of a loop in Python.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import GraphProto, TensorProto

from scoring.anomaly.graph_layout import Group, averages_of
from scoring.anomaly.graph_nodes import Nodes, value_of
from scoring.anomaly.model import Kind, Statistic


@dataclass(frozen=True, slots=True)
class Averages:
    """What averages are computed from: names of residuals [n, m] by group, and the state's."""

    groups: tuple[Group, ...]
    statistics: tuple[Statistic, ...]
    inputs: tuple[str, ...]
    state: str
    rows: str
    parameters: int

    @property
    def outputs(self) -> tuple[str, ...]:
        """Figures [n, averages] and the state after, then each group's averages."""
        return ("figures", "averages_after", *(group.name for group in self.groups))

    @property
    def units(self) -> list[float]:
        """What each figure is divided by: the deviation of an EWMA of unit variance."""
        found = []
        for group in self.groups:
            for n in group.members:
                weight = self.statistics[n].decay
                is_drift = self.statistics[n].kind is Kind.DRIFT
                found.append(float(np.sqrt(weight / (2.0 - weight))) if is_drift else 1.0)
        return found

    def is_total(self, group: Group) -> list[float]:
        """1 for each member of a group that is a sum over parameters, 0 for a maximum."""
        return [float(self.statistics[n].kind is Kind.TOTAL) for n in group.members]


def one_row(main: Nodes, given: Averages) -> GraphProto:
    """The branch for a single row: a_t = (1 - w) a_(t-1) + w x_t for all averages at once."""
    nodes = Nodes(main, "one/")
    decays = [decay for group in given.groups for decay in group.decays]
    weight = np.array(decays)[:, None]
    rows = [
        name for name, group in zip(given.inputs, given.groups, strict=True) for _ in group.members
    ]
    fresh = nodes("Mul", nodes("Concat", *rows, axis=0), nodes.array(weight))
    after = nodes("Add", nodes("Mul", given.state, nodes.array(1.0 - weight)), fresh)
    nodes.named("one/after", "Identity", after)
    size = nodes("Abs", after)
    totals = [total for group in given.groups for total in given.is_total(group)]
    figures = _figures(nodes, size, totals, axis=1)
    scaled = nodes("Div", figures, nodes.number(*given.units))
    nodes.named("one/figures", "Unsqueeze", scaled, nodes.whole([0]))
    outputs = [value_of("one/figures", ["n", "a"]), value_of("one/after", ["a", "m"])]
    for n, group in enumerate(given.groups):
        first = group.first_row
        part = nodes(
            "Slice", after, nodes.whole([first]), nodes.whole([first + len(group.members)])
        )
        nodes.named(f"one/group{n}", "Unsqueeze", part, nodes.whole([0, 2]))
        outputs.append(value_of(f"one/group{n}", ["k", "g", "l", "m"]))
    return nodes.graph([], outputs)


def many_rows(main: Nodes, given: Averages) -> GraphProto:
    """The branch for chunks of rows [K, L, m]."""
    nodes = Nodes(main, "many/")
    shape = nodes("Shape", given.rows)
    clock = _Clock(nodes, shape)
    figures, after, outputs = [], [], []
    for n, (name, group) in enumerate(zip(given.inputs, given.groups, strict=True)):
        chunked = nodes("Reshape", name, shape)
        averages, last = _group(clock, chunked, given=given, group=group)
        nodes.named(f"many/group{n}", "Identity", averages)
        outputs.append(value_of(f"many/group{n}", ["k", "g", "l", "m"]))
        after.append(last)
        size = averages if group.is_squared else nodes("Abs", averages)
        found = _figures(nodes, size, given.is_total(group), axis=3, along=(1, -1, 1))
        ordered = nodes("Transpose", found, perm=[0, 2, 1])
        figures.append(nodes("Reshape", ordered, nodes.whole([-1, len(group.members)])))
    scaled = nodes("Div", nodes("Concat", *figures, axis=1), nodes.number(*given.units))
    nodes.named("many/figures", "Identity", scaled)
    nodes.named("many/after", "Identity", nodes("Concat", *after, axis=0))
    first = [value_of("many/figures", ["n", "a"]), value_of("many/after", ["a", "m"])]
    return nodes.graph([], first + outputs)


def state_of(main: Nodes, groups: tuple[Group, ...]) -> str:
    """The averages in the state."""
    return main("Slice", "state", main.whole([0]), main.whole([averages_of(groups)]))


def _figures(
    nodes: Nodes,
    size: str,
    totals: list[float],
    *,
    axis: int,
    along: tuple[int, ...] = (-1,),
) -> str:
    """Maxima over parameters, and sums where a statistic is one."""
    largest = nodes("ReduceMax", size, axes=[axis], keepdims=0)
    if not any(totals):
        return largest
    total = np.array(totals).reshape(along)
    whole = nodes("ReduceSum", size, axes=[axis], keepdims=0)
    return nodes(
        "Add",
        nodes("Mul", largest, nodes.array(1.0 - total)),
        nodes("Mul", whole, nodes.array(total)),
    )


@dataclass(frozen=True, slots=True)
class _Decays:
    """Matrices for g decays: ``inner`` [gL, g + L], ``last`` [g, L], ``outer`` [g, K + 1, K],
    ``begun`` [g, K + 1, 1]."""

    inner: str
    last: str
    outer: str
    begun: str


class _Clock:
    """Matrices of decay weights of the input's shape, made once for the same decays."""

    def __init__(self, nodes: Nodes, shape: str) -> None:
        self.nodes = nodes
        self.chunks = nodes("Gather", shape, nodes.whole(0))
        self.length = nodes("Gather", shape, nodes.whole(1))
        self._found: dict[tuple[float, ...], _Decays] = {}

    def decays(self, weights: tuple[float, ...]) -> _Decays:
        if weights not in self._found:
            self._found[weights] = self._make(weights)
        return self._found[weights]

    def _make(self, weights: tuple[float, ...]) -> _Decays:
        nodes, size = self.nodes, len(weights)
        weight = nodes.array(np.array(weights).reshape(-1, 1, 1))
        keep = nodes.array(1.0 - np.array(weights).reshape(-1, 1, 1))
        time = self._range(self.length)
        inner = nodes("Mul", self._powers(keep, self._apart(time, time)), weight)
        column = nodes("Unsqueeze", nodes("Add", time, nodes.number(1.0)), axes=[1])
        head = nodes("Mul", nodes("Pow", keep, column), nodes.array(np.eye(size)[:, None, :]))
        both = nodes("Concat", head, inner, axis=2)
        width = nodes("Add", nodes("Unsqueeze", self.length, axes=[0]), nodes.whole([size]))
        flat = nodes("Reshape", both, nodes("Concat", nodes.whole([-1]), width, axis=0))
        length = nodes("Cast", self.length, to=TensorProto.DOUBLE)
        keep_chunk = nodes("Pow", keep, length)
        chunk = self._range(self.chunks)
        ends = self._range(nodes("Add", self.chunks, nodes.whole(1)))
        before = nodes("Sub", ends, nodes.number(1.0))
        return _Decays(
            flat,
            nodes("Gather", inner, nodes.whole(-1), axis=1),
            self._powers(keep_chunk, self._apart(before, chunk)),
            nodes("Pow", keep_chunk, nodes("Unsqueeze", ends, axes=[1])),
        )

    def _range(self, end: str) -> str:
        nodes = self.nodes
        found = nodes("Range", nodes.whole(0), end, nodes.whole(1))
        return nodes("Cast", found, to=TensorProto.DOUBLE)

    def _apart(self, later: str, earlier: str) -> str:
        return self.nodes("Sub", self.nodes("Unsqueeze", later, axes=[1]), earlier)

    def _powers(self, keep: str, apart: str) -> str:
        """keep ** apart [g, ., .], 0 where the earlier one is not earlier."""
        nodes = self.nodes
        zero = nodes.number(0.0)
        is_past = nodes("Cast", nodes("GreaterOrEqual", apart, zero), to=TensorProto.DOUBLE)
        return nodes("Mul", nodes("Pow", keep, nodes("Max", apart, zero)), is_past)


def _group(clock: _Clock, chunked: str, *, given: Averages, group: Group) -> tuple[str, str]:
    """The averages [K, g, L, m] of one group, and those after the last row [g, m]."""
    nodes, size = clock.nodes, len(group.members)
    decays = clock.decays(group.decays)
    start = nodes(
        "Slice",
        given.state,
        nodes.whole([group.first_row]),
        nodes.whole([group.first_row + size]),
    )
    of_chunks = nodes("Transpose", nodes("MatMul", decays.last, chunked), perm=[1, 0, 2])
    carried = nodes("Mul", decays.begun, nodes("Unsqueeze", start, axes=[1]))
    ends = nodes("Add", nodes("MatMul", decays.outer, of_chunks), carried)
    begun = nodes("Slice", ends, nodes.whole([0]), nodes.whole([-1]), nodes.whole([1]))
    entry = nodes("Transpose", begun, perm=[1, 0, 2])
    flat = nodes("MatMul", decays.inner, nodes("Concat", entry, chunked, axis=1))
    averages = nodes("Reshape", flat, nodes.whole([0, size, -1, given.parameters]))
    return averages, nodes("Gather", ends, nodes.whole(-1), axis=1)
