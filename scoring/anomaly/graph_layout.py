"""What stands where in a graph's state: known to who writes a graph and to who runs it.

A group are the averages of one channel with the same input, R or R^2; they are computed together.
The state has a row for each average, group by group, then the lags, newest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from scoring.anomaly.model import ChannelName, Kind, Model, Statistic

#: How a branch calls what it computes, by the name of the graph's output.
Outputs: TypeAlias = Mapping[str, str]
#: Key of the model's form among a file's metadata.
METADATA_KEY: Final = "lotmark.model"
#: What a graph may consist of; none of them repeats anything (no Loop, no Scan).
OPERATORS: Final = frozenset(
    "Abs Add Cast Concat Div Equal Gather Gemm GreaterOrEqual If MatMul Max Min Mul Neg Pow"
    " Range ReduceMax ReduceSum Reshape Shape Size Slice Split Sqrt Sub Transpose Unsqueeze".split()
)
_AVERAGED: Final = {Kind.DRIFT: False, Kind.SPREAD: True, Kind.TOTAL: True}


@dataclass(frozen=True, slots=True)
class Group:
    """Averages of one channel; ``members`` are the numbers of their statistics."""

    channel: ChannelName
    is_squared: bool
    members: tuple[int, ...]
    decays: tuple[float, ...]
    first_row: int

    @property
    def name(self) -> str:
        """What its averages are called among the outputs."""
        return f"averages/{self.channel}/{'squares' if self.is_squared else 'residuals'}"


def groups_of(statistics: tuple[Statistic, ...]) -> tuple[Group, ...]:
    """The groups of a model's statistics, in the order of the state."""
    keys = dict.fromkeys(
        (one.channel, _AVERAGED[one.kind]) for one in statistics if one.kind in _AVERAGED
    )
    groups: list[Group] = []
    row = 0
    for channel, is_squared in keys:
        members = tuple(
            n
            for n, one in enumerate(statistics)
            if one.channel is channel and _AVERAGED.get(one.kind) is is_squared
        )
        decays = tuple(statistics[n].decay for n in members)
        groups.append(Group(channel, is_squared, members, decays, row))
        row += len(members)
    return tuple(groups)


def averages_of(groups: tuple[Group, ...]) -> int:
    """How many rows of the state are averages."""
    return sum(len(group.members) for group in groups)


def order_of(model: Model) -> int:
    """How many rows before foretell a row; 0 without innovations."""
    if model.innovation is None or model.coefficients is None:
        return 0
    return len(model.coefficients) // len(model.modelled)


def state_rows(model: Model) -> int:
    """Rows of the state: averages, lags, and the number of rows seen where there are lags."""
    order = order_of(model)
    return averages_of(groups_of(model.statistics)) + (order + 1 if order else 0)
