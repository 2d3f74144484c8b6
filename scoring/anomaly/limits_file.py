"""Limits of parameters from a small table: a row a parameter, its lower and upper limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from scoring.anomaly.cells import Cells, has_comma, is_missing, number_of
from scoring.anomaly.specification import Limit, Limits
from scoring.anomaly.text_files import TextAsked, read_text_file
from scoring.errors import MalformedTable

_HEADINGS: Final = {
    "parameter": ("parameter", "id", "name", "characteristic", "参数", "参数名称", "特性"),
    "lower": ("lower", "lsl", "min", "minimum", "下限"),
    "upper": ("upper", "usl", "max", "maximum", "上限"),
    "nominal": ("nominal", "target", "公称值", "目标值"),
}


def read_limits(chunks: Iterable[bytes]) -> Limits:
    """The limits of a delimited table with headings ``parameter``, ``lower``, ``upper``.

    Raises:
        MalformedTable: without these columns, a parameter twice, a limit that is no number, or
            a lower one above its upper one.
        MeasurementFileRefused: bytes that are no text, or beyond a bound.
    """
    file = read_text_file(chunks, TextAsked(has_heading=True, has_units=False))
    at = {name: _column(file.names, usual) for name, usual in _HEADINGS.items()}
    if at["parameter"] is None or (at["lower"] is None and at["upper"] is None):
        raise MalformedTable(
            f"expected columns parameter, lower and upper, found {', '.join(file.names[:10])}"
        )
    found: dict[str, Limit] = {}
    for batch in file.batches():
        for row, number in enumerate(batch.numbers):
            name = str(batch.columns[at["parameter"]][row]).strip()
            if name in found:
                raise MalformedTable(f"row {number}: expected {name!r} once, found it again")
            found[name] = _limit(batch.columns, at, row=row, number=number)
    return Limits(found)


def _column(names: Sequence[str], usual: Sequence[str]) -> int | None:
    folded = [name.strip().casefold() for name in names]
    return next((folded.index(name) for name in usual if name in folded), None)


def _limit(columns: Sequence[Cells], at: dict[str, int | None], *, row: int, number: int) -> Limit:
    told: list[float | None] = []
    for name in ("lower", "upper", "nominal"):
        column = at[name]
        cell = "" if column is None else str(columns[column][row])
        value = None
        if not is_missing(cell):
            value = number_of(cell, is_comma=bool(has_comma([cell])))
            if value is None or value - value != 0.0:
                raise MalformedTable(f"row {number}, {name}: expected a number, found {cell!r}")
        told.append(value)
    lower, upper, nominal = told
    if lower is not None and upper is not None and lower > upper:
        raise MalformedTable(
            f"row {number}: expected a lower limit below the upper one, found {lower:g} and"
            f" {upper:g}"
        )
    return Limit(lower, upper, nominal)
