"""A table of process parameters: rows in the order in which they were measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from scoring.errors import MalformedTable

Numbers: TypeAlias = npt.NDArray[np.float64]
Instants: TypeAlias = npt.NDArray[np.int64]

#: Columns of one model. An upload has at most 200; a wider file is to be split by station.
PARAMETERS_MAX: Final = 1000
#: Beyond this no sum of squares of a column is finite.
MAGNITUDE_MAX: Final = 1e100


@dataclass(frozen=True, slots=True)
class ParameterTable:
    """Rows of parameters, NaN where a value is missing.

    Args:
        names: of the parameters, in the order of the columns; each once.
        values: rows by parameters; NaN is a missing value, infinite ones are refused.
        at_us: when each row was measured, in microseconds since 1970 UTC; None where the order
            of the rows is all that is known.
        setups: what was set up while a row was made (tool, recipe, lot of material), by row.
        lots: the lot that each row belongs to.
        units: of the parameters, empty where they are not known.
        resolutions: the smallest step of each parameter's gauge, 0 where it is not known.

    Raises:
        MalformedTable: names that repeat, shapes that do not fit, infinite or huge values, or
            more than :data:`PARAMETERS_MAX` columns.
    """

    names: tuple[str, ...]
    values: Numbers
    at_us: Instants | None = None
    setups: tuple[str, ...] | None = None
    lots: tuple[str, ...] | None = None
    units: tuple[str, ...] = ()
    resolutions: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check what is said above."""
        _expect_names(self.names, self.units)
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            found = "x".join(map(str, self.values.shape))
            raise MalformedTable(f"expected rows of {len(self.names)} values, found {found}")
        for what in (self.at_us, self.setups, self.lots):
            if what is not None and len(what) != len(self.values):
                raise MalformedTable(
                    f"expected {len(self.values)} times, set-ups and lots, one a row,"
                    f" found {len(what)}"
                )
        if self.resolutions and len(self.resolutions) != len(self.names):
            found = f"{len(self.resolutions)}"
            raise MalformedTable(f"expected {len(self.names)} resolutions, found {found}")
        _expect_finite(self.names, self.values)

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.values)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> ParameterTable:
        """Some of the rows, in the order asked for."""
        index = np.arange(len(self))[rows]
        return ParameterTable(
            self.names,
            self.values[index],
            None if self.at_us is None else self.at_us[index],
            None if self.setups is None else tuple(self.setups[i] for i in index),
            None if self.lots is None else tuple(self.lots[i] for i in index),
            self.units,
            self.resolutions,
        )

    def columns(self, at: list[int]) -> ParameterTable:
        """Some of the columns, in the order asked for."""
        return ParameterTable(
            tuple(self.names[j] for j in at),
            self.values[:, at],
            self.at_us,
            self.setups,
            self.lots,
            tuple(self.units[j] for j in at) if self.units else (),
            tuple(self.resolutions[j] for j in at) if self.resolutions else (),
        )


def _expect_names(names: tuple[str, ...], units: tuple[str, ...]) -> None:
    if not names:
        raise MalformedTable("expected one parameter or more, found none")
    if len(names) > PARAMETERS_MAX:
        raise MalformedTable(
            f"expected at most {PARAMETERS_MAX} parameters, found {len(names)}:"
            " make a table for each station"
        )
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedTable(f"expected each parameter once, found {twice!r} twice")
    if units and len(units) != len(names):
        raise MalformedTable(f"expected {len(names)} units, found {len(units)}")


def _other_kind(names: tuple[str, ...], values: npt.NDArray[Any]) -> str:
    """The first value that is no number, and where; else the type of all of them."""
    if values.dtype.kind in "OUS":
        for row, cells in enumerate(values.tolist()):
            for name, cell in zip(names, cells, strict=True):
                if isinstance(cell, str | bytes):
                    return f"{cell!r} in row {row + 1}, parameter {name}"
    return str(values.dtype)


def _expect_finite(names: tuple[str, ...], values: Numbers) -> None:
    if values.dtype != np.float64:
        raise MalformedTable(f"expected numbers of float64, found {_other_kind(names, values)}")
    bad = np.isinf(values) | (np.abs(values) > MAGNITUDE_MAX)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise MalformedTable(
            f"row {row + 1}, parameter {names[column]}: expected a finite value below"
            f" {MAGNITUDE_MAX:g}, found {values[row, column]}"
        )
