"""What a ``parameter-upload/v1`` says, as a table that is scored: rows, limits, set-ups, lots.

The log has checked the form; whether a row has as many values as there are parameters no schema
can say, so it is looked at here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from quality.deliveries.agreed import Filed
from quality.values import Groups, exact, instant, items, part, text
from scoring.anomaly.specification import Limit, Limits
from scoring.anomaly.table import ParameterTable
from scoring.errors import MalformedTable

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Upload:
    """Rows of one record, and the specification that it states."""

    table: ParameterTable
    limits: Limits


def table_of(record: Filed) -> Upload:
    """The rows of an upload in the order of the record; row 1 is the first.

    Raises:
        MalformedTable: a row with another number of values, a parameter twice, a value beyond
            what can be calculated with.
    """
    groups = record.groups
    listed = items(groups, "process", "parameters")
    names = tuple(text(each, "id") or "" for each in listed)
    rows = items(groups, "values", "rows")
    values = np.array([_values(row, len(names), at=n) for n, row in enumerate(rows, 1)], float)
    table = ParameterTable(
        names,
        values.reshape(len(rows), len(names)),
        np.array([_measured_us(row, at=n) for n, row in enumerate(rows, 1)], np.int64),
        _setups(groups, rows),
        _lots(groups, rows),
        tuple(text(each, "unit") or "" for each in listed),
    )
    return Upload(table, limits_of(groups))


def limits_of(groups: Groups) -> Limits:
    """The specification of its parameters, as the upload states it."""
    found = {}
    for each in items(groups, "process", "parameters"):
        lower, upper, nominal = (_number(each, name) for name in ("lower", "upper", "nominal"))
        found[text(each, "id") or ""] = Limit(lower, upper, nominal)
    return Limits(found)


def _number(value: object, name: str) -> float | None:
    found = exact(part(value, name))
    return None if found is None else float(found)


def _values(row: object, width: int, *, at: int) -> list[float]:
    found = items(row, "values")
    if len(found) != width:
        raise MalformedTable(f"row {at}: expected {width} values, found {len(found)}")
    return [np.nan if value is None else float(str(value)) for value in found]


def _measured_us(row: object, *, at: int) -> int:
    moment = instant(row, "at")
    if moment is None:
        raise MalformedTable(f"row {at}: expected when it was measured, found no time")
    return (moment - _EPOCH) // _MICROSECOND


def _setups(groups: Groups, rows: object) -> tuple[str, ...] | None:
    of_record = _setup(part(groups, "process", "set_up"))
    found = tuple(_setup(part(row, "set_up")) or of_record for row in items({"r": rows}, "r"))
    return found if any(found) else None


def _setup(value: object) -> str:
    told = ((name, text(value, name)) for name in ("tool", "recipe", "material_lot"))
    return " ".join(f"{name}={said}" for name, said in told if said)


def _lots(groups: Groups, rows: object) -> tuple[str, ...] | None:
    of_record = text(groups, "process", "lot") or ""
    found = tuple(text(row, "lot") or of_record for row in items({"r": rows}, "r"))
    return found if any(found) else None
