"""Tables of parameters in files of whatever form, with labels where they have any.

Matrices without heading (whitespace or a separator; one with columns for rows is turned), CSV
with a heading, Parquet; compressed by gzip or not. A cell that is no number is a missing value,
and how many there were is told; a column of which most are no numbers is left out, and told.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from scoring.anomaly.files import is_transposed
from scoring.anomaly.table import Instants, Numbers, ParameterTable

_GZIP: Final = b"\x1f\x8b"
_TIMES: Final = frozenset({"time", "timestamp", "datetime", "date", "ts", "date_time", "at"})
_LABELS: Final = frozenset(
    "label labels anomaly is_anomaly fault faulty faultnumber class target y outlier attack"
    " failure machine_failure status ok_nok result pass_fail".split()
)
#: Numbers of rows, runs and units, and marks of labellers: no parameter is called so.
_BESIDE: Final = frozenset(
    "index id udi uid row no sample simulationrun run changepoint product_id serial".split()
)
_GOOD: Final = frozenset(
    {"0", "-1", "", "ok", "good", "normal", "pass", "passed", "false", "no", "none", "n"}
)
_MISSING: Final = frozenset({"", "nan", "na", "n/a", "null", "none", "-", "?"})
#: A set-up is a column of words of which there are few.
_SETUPS_MAX: Final = 12
_KEPT_SHARE: Final = 0.5

Flags = npt.NDArray[np.bool_]
Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class Columns:
    """What columns are, where their names do not say it: by name."""

    label: str = ""
    setup: str = ""
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table, its labels, and the columns that divide it into runs.

    ``told`` says what was done to it: turned, columns left out, cells that were no numbers.
    """

    table: ParameterTable
    bad: Flags | None = None
    faults: tuple[str, ...] | None = None
    runs: tuple[str, ...] | None = None
    told: tuple[str, ...] = field(default=())


def read_any(path: Path, columns: Columns | None = None, *, width: int | None = None) -> ReadTable:
    """Read one file.

    Args:
        path: of the file.
        columns: what columns are, where their names do not tell.
        width: how many parameters are expected; a matrix with so many rows instead is turned.

    Raises:
        ValueError: no rows, or no column of numbers.
    """
    chosen = columns or Columns()
    if path.suffix == ".parquet":
        return _of_columns(_parquet(path), chosen)
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw.startswith(_GZIP) else raw).decode("utf-8-sig", "replace")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise ValueError(f"{path.name}: expected rows, found none")
    separator = _separator(lines[0])
    if all(_is_number(cell, separator) for cell in _cells(lines[0], separator)):
        return _matrix(lines, separator, width=width)
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=separator or " "))
    names = _named(rows[0])
    body = [row for row in rows[1:] if len(row) == len(names)]
    if not body:
        raise ValueError(f"{path.name}: expected rows of {len(names)} cells, found none")
    by_name = dict(zip(names, zip(*body, strict=True), strict=True))
    return _of_columns(by_name, chosen, has_comma=separator == ";")


def _separator(line: str) -> str:
    """What stands between cells; empty for whitespace. Beside another a comma is a decimal's."""
    return next((found for found in ";\t," if found in line), "")


def _cells(line: str, separator: str) -> list[str]:
    return line.split(separator) if separator else line.split()


def _is_number(cell: str, separator: str) -> bool:
    return cell.strip().lower() in _MISSING or np.isfinite(_number(cell, separator == ";"))


def _number(cell: str, has_comma: bool = False) -> float:
    plain = cell.strip()
    try:
        found = float(plain.replace(",", ".") if has_comma else plain)
    except ValueError:
        return float("nan")
    return found if np.isfinite(found) else float("nan")


def _matrix(lines: list[str], separator: str, *, width: int | None) -> ReadTable:
    has_comma = separator == ";"
    rows = [[_number(c, has_comma) for c in _cells(line, separator)] for line in lines]
    usual = max(len(row) for row in rows)
    values = np.array([row for row in rows if len(row) == usual])
    high, wide = values.shape
    told = []
    if high == width != wide or (width is None and is_transposed(values)):
        values = values.T
        told.append(f"turned: {high} rows of {wide} were taken as columns")
    names = tuple(f"x{n + 1}" for n in range(values.shape[1]))
    return ReadTable(ParameterTable(names, np.ascontiguousarray(values)), told=tuple(told))


def _named(heading: Cells) -> list[str]:
    """Each name once; a column without one is called by its number."""
    found: list[str] = []
    for n, raw in enumerate(heading):
        name = raw.strip() or f"column {n + 1}"
        found.append(name if name not in found else f"{name} ({n + 1})")
    return found


def _parquet(path: Path) -> dict[str, Cells]:
    from pyarrow import parquet

    found: dict[str, Any] = parquet.read_table(path).to_pydict()
    return {
        name: ["" if v is None else str(v) for v in column]
        for name, column in found.items()
        if not name.startswith("__")
    }


def _of_columns(
    by_name: Mapping[str, Cells], columns: Columns, *, has_comma: bool = False
) -> ReadTable:
    told: list[str] = []
    label = columns.label or next((n for n in by_name if _plain(n) in _LABELS), "")
    moments = next((n for n in by_name if _is_time(n, by_name[n])), "")
    setup = columns.setup
    beside = {label, moments, setup, *columns.drop} | {n for n in by_name if _plain(n) in _BESIDE}
    parameters: dict[str, Numbers] = {}
    for name, cells in by_name.items():
        if name in beside:
            continue
        numbers = np.array([_number(cell, has_comma) for cell in cells])
        words = sum(cell.strip().lower() not in _MISSING for cell in cells)
        strange = words - int(np.isfinite(numbers).sum())
        if strange > _KEPT_SHARE * len(cells):
            if is_setup := not setup and len(set(cells)) <= _SETUPS_MAX:
                setup = name
            told.append(f"column {name!r} is {'the set-up' if is_setup else 'no parameter'}")
            continue
        if strange:
            told.append(f"column {name!r}: {strange} cells that are no numbers taken as missing")
        parameters[name] = numbers
    if not parameters:
        raise ValueError("expected a column of numbers, found none")
    table = ParameterTable(
        tuple(parameters),
        np.column_stack(list(parameters.values())),
        _instants(by_name[moments]) if moments else None,
        tuple(by_name[setup]) if setup else None,
    )
    return _ordered(
        ReadTable(
            table,
            _bad(by_name[label]) if label else None,
            _words(by_name, "faultnumber"),
            _words(by_name, "simulationrun"),
            tuple(told),
        )
    )


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_").replace("/", "_")


def _words(by_name: Mapping[str, Cells], wanted: str) -> tuple[str, ...] | None:
    """A column by its plain name, whole numbers told alike however they are written."""
    found = next((cells for name, cells in by_name.items() if _plain(name) == wanted), None)
    return None if found is None else tuple(cell.strip().removesuffix(".0") for cell in found)


def _bad(cells: Cells) -> Flags:
    return np.array([cell.strip().lower().removesuffix(".0") not in _GOOD for cell in cells])


def _is_time(name: str, cells: Cells) -> bool:
    return (_plain(name) in _TIMES or name.startswith("column ")) and _moment(cells[0]) is not None


def _moment(cell: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(cell.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _instants(cells: Cells) -> Instants | None:
    found = [_moment(cell) for cell in cells]
    if any(moment is None for moment in found):
        return None
    return np.array([int(m.timestamp() * 1e6) for m in found if m is not None], np.int64)


def _ordered(read: ReadTable) -> ReadTable:
    """Rows in the order in which they were measured."""
    at = read.table.at_us
    if at is None or (np.diff(at) >= 0).all():
        return read
    order = np.argsort(at, kind="stable")
    bad = None if read.bad is None else read.bad[order]
    told = (*read.told, "rows were put in the order of their times")
    return ReadTable(read.table.take(order), bad, read.faults, read.runs, told)
