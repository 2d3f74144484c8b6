"""Cells of plain files as numbers and instants; what is neither is named, never taken for zero.

Read are decimal numbers with a point or a comma and exponents, in ASCII digits; dates as
:mod:`quality.readers.instants` reads them, Unix times in seconds, milliseconds or microseconds
(by their size), and seconds since a start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, TypeAlias

import numpy as np

from quality.readers.instants import iso_moment
from scoring.anomaly.table import Instants, Numbers

#: A column of a batch: text as it stands in the file, numbers, or instants in microseconds.
Cells: TypeAlias = Sequence[str] | Numbers | Instants
#: What a cell says where nothing was measured.
MISSING: Final = frozenset(
    {"", "nan", "na", "n/a", "#n/a", "null", "none", "nil", "-", "–", "/", "?"}
)
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d{1,4})?", re.ASCII)
_INFINITE: Final = re.compile(r"[+-]?inf(?:inity)?", re.ASCII | re.IGNORECASE)
_WITH_COMMA: Final = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d{1,4})?", re.ASCII)
_GROUPED: Final = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+", re.ASCII)
_WITH_POINT: Final = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d{1,4})?", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
#: Unix times by their size: below the first bound they are seconds, counted from any start.
_MILLISECONDS_FROM, _MICROSECONDS_FROM = 1e11, 1e14
_INSTANT_MAX: Final = 253_402_300_800 * 10**6  # the year 10000


def is_missing(cell: str) -> bool:
    """Whether a cell says that nothing was measured."""
    return cell.strip().lower() in MISSING


def number_of(cell: str, *, is_comma: bool = False) -> float | None:
    """A cell as a number, infinite ones too; None of one that is none."""
    text = cell.strip()
    if is_comma:
        text = text.replace(",", ".", 1)
    if _NUMBER.fullmatch(text):
        return float(text.lower().replace("d", "e"))
    return float(text) if _INFINITE.fullmatch(text) else None


def numbers_of(cells: Cells, *, is_comma: bool = False) -> tuple[Numbers, list[int]]:
    """A column as numbers, NaN where missing, and the positions of cells that are text."""
    if isinstance(cells, np.ndarray):
        return cells.astype(np.float64), []
    joined = "".join(cells)
    # What float() reads and is no number here: 1_000, digits of other scripts.
    if joined.isascii() and "_" not in joined and not is_comma:
        try:
            return np.array(list(map(float, cells)), np.float64), []
        except ValueError:
            pass
    values, text = np.full(len(cells), np.nan), []
    for position, cell in enumerate(cells):
        found = number_of(cell, is_comma=is_comma)
        if found is not None:
            values[position] = found
        elif not is_missing(cell):
            text.append(position)
    return values, text


def has_comma(cells: Iterable[str]) -> bool | None:
    """Whether numbers have a decimal comma; None where cells show both signs, or what could group.

    ``1,234`` alone may be 1234 as well as 1.234; one ``0,12`` beside it decides.
    """
    is_point = is_comma = is_grouped = False
    for cell in cells:
        text = cell.strip()
        if _GROUPED.fullmatch(text):
            is_grouped = True
        elif _WITH_COMMA.fullmatch(text):
            is_comma = True
        elif _WITH_POINT.fullmatch(text):
            is_point = True
    if (is_comma and is_point) or (is_grouped and not is_comma):
        return None
    return is_comma


def is_point(cell: str) -> bool:
    """Whether a cell is a number with a decimal point."""
    return _WITH_POINT.fullmatch(cell.strip()) is not None


def may_group(cell: str) -> bool:
    """Whether a comma in a cell may group thousands as well as be a decimal sign: ``1,234``."""
    return _GROUPED.fullmatch(cell.strip()) is not None


def instant_of(cell: str, zone: tzinfo = UTC) -> int | None:
    """A cell as microseconds since 1970; a time without an offset is of ``zone``.

    Returns:
        None of a cell that is no time, or one that can be read in two ways.
    """
    text = cell.strip()
    number = number_of(text)
    if number is not None:
        return _from_unix(number)
    try:
        moment = datetime.fromisoformat(text) if text[:4].isdigit() else None
    except ValueError:
        moment = None
    if moment is None:
        iso = iso_moment(text)
        if iso is None:
            return None
        moment = _from_iso(iso)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return (moment - _EPOCH) // _MICROSECOND


def instants_of(cells: Cells, zone: tzinfo = UTC) -> tuple[Instants, list[int]]:
    """A column as instants, and the positions of cells that are none."""
    if isinstance(cells, np.ndarray):
        if cells.dtype == np.int64:
            return cells.astype(np.int64), []
        cells = [repr(float(value)) for value in cells]
    found = [instant_of(cell, zone) for cell in cells]
    bad = [position for position, instant in enumerate(found) if instant is None]
    return np.array([instant or 0 for instant in found], np.int64), bad


def _from_iso(iso: str) -> datetime:
    # Nanoseconds are more than an instant here holds.
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", iso))


def _from_unix(number: float) -> int | None:
    size = abs(number)
    if not size < _INSTANT_MAX:
        return None
    if size >= _MICROSECONDS_FROM:
        return round(number)
    return round(number * (1e3 if size >= _MILLISECONDS_FROM else 1e6))
