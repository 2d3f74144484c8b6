"""What an upload of process parameters must be, and what it may say that is bad.

Rules for ``parameter-upload/v1`` that its schema cannot say: the rows have the columns
that the process names. Missing values are null and allowed; real processes have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from ledger.faults import Fault
from quality.flags import Flag
from quality.limits import limit_faults, limits_of
from quality.repeats import repeat_faults
from quality.values import Groups, decimal, exact, instant, items, pointed, text


def parameter_faults(groups: Groups) -> Iterator[Fault]:
    """The faults of a parameter upload's groups."""
    parameters = items(groups, "process", "parameters")
    yield from repeat_faults("/process/parameters", parameters, name="id")
    for pointer, parameter in pointed("", groups, "process", "parameters"):
        yield from limit_faults(pointer, parameter)
        resolution = decimal(parameter, "resolution")
        if resolution is not None and resolution <= 0:
            yield Fault(f"{pointer}/resolution", "above 0", str(resolution))
    if "process" not in groups:
        return
    for pointer, row in pointed("", groups, "values", "rows"):
        values = len(items(row, "values"))
        if values != len(parameters):
            yield Fault(
                f"{pointer}/values", f"{len(parameters)} values, one a parameter", str(values)
            )


def parameter_flags(groups: Groups) -> Iterator[Flag]:
    """What a parameter upload says that is true but bad."""
    for column, parameter in enumerate(items(groups, "process", "parameters")):
        yield from _column_flags(groups, column, parameter=parameter)
    yield from _order_flags(groups)


def _column_flags(groups: Groups, column: int, *, parameter: object) -> Iterator[Flag]:
    limits, values = limits_of(parameter), list(_column(groups, column))
    outside = sum(limits.excludes(value) for value in values)
    if outside:
        name = text(parameter, "id")
        yield Flag(
            "parameter-outside-limits",
            f"/process/parameters/{column}",
            en=f"{outside} of {len(values)} values of {name} are outside the limits",
            zh=f"参数 {name} 的 {len(values)} 个数值中有 {outside} 个超出限值",
        )


def _column(groups: Groups, column: int) -> Iterator[Decimal]:
    for row in items(groups, "values", "rows"):
        values = items(row, "values")
        value = exact(values[column]) if column < len(values) else None
        if value is not None:
            yield value


def _order_flags(groups: Groups) -> Iterator[Flag]:
    times = [instant(row, "at") for row in items(groups, "values", "rows")]
    late = [
        position + 1
        for position, (before, after) in enumerate(pairwise(times))
        if before is not None and after is not None and after < before
    ]
    if late:
        yield Flag(
            "rows-out-of-order",
            f"/values/rows/{late[0]}/at",
            en=f"{len(late)} rows are earlier than the row before them",
            zh=f"有 {len(late)} 行的时间早于其前一行",
        )
