"""The averages of chunks of rows, by matrices of decay weights instead of a loop.

An EWMA is linear, so within a chunk of L rows it is one product with an [L, L] matrix of decay
weights, and what chunks hand on to one another is one product with a [K + 1, K] matrix of the
weights of whole chunks: no node repeats another. Per row, parameter and average that costs
L + K / L multiplications, so chunks are short and few go through at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from scoring.anomaly.graph_layout import Group, Outputs
from scoring.anomaly.graph_nodes import Nodes
from scoring.anomaly.model import Kind, Statistic


@dataclass(frozen=True, slots=True)
class Averaged:
    """Names of the figures [n, a] in the order of the state, and of the averages after [a, m]."""

    figures: str
    after: str


def average_chunks(
    nodes: Nodes,
    groups: tuple[Group, ...],
    statistics: tuple[Statistic, ...],
    *,
    inputs: dict[str, str],
    outputs: Outputs,
) -> Averaged:
    """Add the averages of chunks.

    Args:
        nodes: what they are added to; it knows ``rows`` [K, L, m] and ``state``.
        groups: what is averaged.
        statistics: of the model.
        inputs: what [n, m] is averaged, by the name of the group.
        outputs: how the averages [K, gL, m] are to be called, by the name of the group.
    """
    shape = nodes("Shape", "rows")
    clock = _Clock(nodes, shape)
    figures, after = [], []
    for group in groups:
        chunked = nodes("Reshape", inputs[group.name], shape)
        averages = outputs[group.name]
        after.append(_group(clock, chunked, group, output=averages))
        size = averages if group.is_squared else nodes("Abs", averages)
        is_total = [statistics[n].kind is Kind.TOTAL for n in group.members]
        found = nodes("Transpose", _over_parameters(nodes, size, is_total), perm=[0, 2, 1])
        figures.append(nodes("Reshape", found, nodes.whole([-1, len(group.members)])))
    joined = nodes("Concat", *figures, axis=1)
    scaled = nodes("Div", joined, nodes.number(*units_of(groups, statistics)))
    return Averaged(scaled, nodes("Concat", *after, axis=0))


def units_of(groups: tuple[Group, ...], statistics: tuple[Statistic, ...]) -> list[float]:
    """What each figure is divided by: the deviation of an EWMA of unit variance, or 1."""
    found = []
    for group in groups:
        for n in group.members:
            weight = statistics[n].decay
            is_drift = statistics[n].kind is Kind.DRIFT
            found.append(float(np.sqrt(weight / (2.0 - weight))) if is_drift else 1.0)
    return found


def _over_parameters(nodes: Nodes, size: str, is_total: list[bool]) -> str:
    """Maxima over parameters, and sums where a statistic is one [K, g, L]."""
    by_chunk = nodes.whole([0, len(is_total), -1])
    largest = nodes("Reshape", nodes("ReduceMax", size, axes=[2], keepdims=0), by_chunk)
    if not any(is_total):
        return largest
    share = np.array(is_total, np.float64).reshape(-1, 1)
    whole = nodes("Reshape", nodes("ReduceSum", size, axes=[2], keepdims=0), by_chunk)
    return nodes(
        "Add",
        nodes("Mul", largest, nodes.array(1.0 - share)),
        nodes("Mul", whole, nodes.array(share)),
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


def _group(clock: _Clock, chunked: str, group: Group, *, output: str) -> str:
    """Write the averages [K, gL, m] of one group; those after the last row [g, m] come back."""
    nodes, size = clock.nodes, len(group.members)
    decays = clock.decays(group.decays)
    first = group.first_row
    start = nodes("Slice", "state", nodes.whole([first]), nodes.whole([first + size]))
    of_chunks = nodes("Transpose", nodes("MatMul", decays.last, chunked), perm=[1, 0, 2])
    carried = nodes("Mul", decays.begun, nodes("Unsqueeze", start, axes=[1]))
    ends = nodes("Add", nodes("MatMul", decays.outer, of_chunks), carried)
    begun = nodes("Slice", ends, nodes.whole([0]), nodes.whole([-1]), nodes.whole([1]))
    entry = nodes("Transpose", begun, perm=[1, 0, 2])
    nodes.named(output, "MatMul", decays.inner, nodes("Concat", entry, chunked, axis=1))
    return nodes("Gather", ends, nodes.whole(-1), axis=1)
