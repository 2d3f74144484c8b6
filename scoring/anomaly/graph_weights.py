"""The constants of a graph, as a runtime has them once it has loaded it.

Files keep float32; everything computes in double, so a runtime converts once. What a row is away
from what the rows before it foretell, R = (x - lags C - c) / s A, is one product of [x, lags]
with [A'; -C A'], A' = A / s, and a shift: made of the kept arrays when the graph is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass

from scoring.anomaly.graph_layout import order_of
from scoring.anomaly.graph_nodes import Nodes
from scoring.anomaly.model import Kind, Model
from scoring.anomaly.model_form import is_symmetric


@dataclass(frozen=True, slots=True)
class Product:
    """Weights [k, m], the same [m, k] for a single row, and what is added [m]."""

    weights: str
    turned: str
    shift: str | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """Names of the constants; without innovations or without T2 there is no such name."""

    centre: str
    spread: str
    level: Product
    innovation: Product | None
    precision: str | None
    usual: str
    width: str


def add_weights(nodes: Nodes, model: Model) -> Weights:
    """Add what follows from the kept arrays."""
    has_distance = any(one.kind is Kind.DISTANCE for one in model.statistics)
    adjust = nodes.double("level.adjust")
    return Weights(
        nodes.double("level.centre"),
        nodes.double("level.spread"),
        Product(adjust, _turned(nodes, adjust)),
        _innovation(nodes) if order_of(model) else None,
        _precision(nodes, model) if has_distance else None,
        nodes.double("calibration.centre"),
        nodes.double("calibration.width"),
    )


def _turned(nodes: Nodes, matrix: str) -> str:
    return nodes("Transpose", matrix, perm=[1, 0])


def _innovation(nodes: Nodes) -> Product:
    spread = nodes("Unsqueeze", nodes.double("innovation.spread"), axes=[1])
    scaled = nodes("Div", nodes.double("innovation.adjust"), spread)
    foretold = nodes("MatMul", nodes.double("coefficients"), scaled)
    weights = nodes("Concat", scaled, nodes("Neg", foretold), axis=0)
    shift = nodes("Neg", nodes("MatMul", nodes.double("innovation.centre"), scaled))
    return Product(weights, _turned(nodes, weights), shift)


def _precision(nodes: Nodes, model: Model) -> str:
    """The precision, from its upper triangle: (i, j) is at i (2m - i - 1) / 2 + j, i <= j."""
    kept, size = nodes.double("level.precision"), len(model.modelled)
    if not is_symmetric(model.level.precision):
        return kept
    index = nodes("Range", nodes.whole(0), nodes.whole(size), nodes.whole(1))
    column = nodes("Unsqueeze", index, axes=[1])
    low, high = nodes("Min", column, index), nodes("Max", column, index)
    doubled = nodes("Mul", low, nodes("Sub", nodes.whole(2 * size - 1), low))
    return nodes("Gather", kept, nodes("Add", nodes("Div", doubled, nodes.whole(2)), high))
