"""Faults put into good rows: what a new model has to find as often as the one before.

The set is fixed: which fault, how large, of which parameters, from which row. The same rows give
the same faulty rows, so that two models, and the same model years later, are held to one measure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from scoring.anomaly.table import Numbers, ParameterTable

#: Each fault of one parameter is tried on so many of them, spread over the table.
PLACES: Final = 4

Reference = Mapping[str, tuple[float, float]]


class Fault(StrEnum):
    """What happens to a parameter."""

    SHIFT = "shift"  # by `size` sigma
    VARIANCE = "variance"  # `size` times as much, about the centre
    STUCK = "stuck"  # at the last value before
    UNRELATED = "unrelated"  # its own values in another order: the correlation breaks


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """A fault of the set: of one parameter, or of every third one."""

    name: str
    fault: Fault
    size: float = 0.0
    of_a_third: bool = False


STORED_SET: Final = (
    InjectedFault("shift-3", Fault.SHIFT, 3.0),
    InjectedFault("shift-4", Fault.SHIFT, 4.0),
    InjectedFault("shift-5", Fault.SHIFT, 5.0),
    InjectedFault("shift-3-third", Fault.SHIFT, 3.0, of_a_third=True),
    InjectedFault("variance-2", Fault.VARIANCE, 2.0),
    InjectedFault("stuck", Fault.STUCK),
    InjectedFault("unrelated", Fault.UNRELATED),
)


def injected(
    table: ParameterTable, fault: InjectedFault, reference: Reference
) -> Iterator[ParameterTable]:
    """The rows with this fault from the first one on, once for each place that it is tried at.

    Args:
        table: good rows.
        fault: one of the set.
        reference: centre and spread of each parameter; those without a spread are left alone.
    """
    varying = [j for j, name in enumerate(table.names) if reference.get(name, (0.0, 0.0))[1] > 0]
    for columns in _places(varying, of_a_third=fault.of_a_third):
        values = table.values.copy()
        for column in columns:
            centre, spread = reference[table.names[column]]
            values[:, column] = _changed(values[:, column], fault, centre=centre, spread=spread)
        yield ParameterTable(
            table.names,
            values,
            table.at_us,
            table.setups,
            table.lots,
            table.units,
        )


def _places(varying: list[int], *, of_a_third: bool) -> Iterator[list[int]]:
    if not varying:
        return
    if of_a_third:
        yield varying[::3]
        return
    chosen = np.linspace(0, len(varying) - 1, min(PLACES, len(varying))).astype(int)
    yield from ([varying[at]] for at in chosen)


def _changed(column: Numbers, fault: InjectedFault, *, centre: float, spread: float) -> Numbers:
    match fault.fault:
        case Fault.SHIFT:
            return column + fault.size * spread
        case Fault.VARIANCE:
            return np.asarray(centre + np.sqrt(fault.size) * (column - centre))
        case Fault.STUCK:
            known = column[~np.isnan(column)]
            return np.full_like(column, known[0] if len(known) else centre)
        case Fault.UNRELATED:
            return column[::-1].copy()
