"""Which column of a plain file says what: parameters, time, set-up, lot and label.

What is asked for counts; the rest is found by usual headings and by what the first rows hold.
Whatever is left out is told with the reason, since a parameter that nobody watches is worse
than an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from difflib import get_close_matches
from typing import Final

import numpy as np

from scoring.anomaly.cells import (
    Cells,
    has_comma,
    instants_of,
    is_missing,
    is_point,
    may_group,
    numbers_of,
)
from scoring.anomaly.table import PARAMETERS_MAX
from scoring.errors import MalformedTable

#: How many rows are looked at before a column is called one or the other.
PROBE_ROWS: Final = 1_000
#: Columns beside the parameters of a model: times, set-ups, labels, numbers of pieces.
_BESIDE_MAX: Final = 200
_TIMES: Final = frozenset(
    "time timestamp date datetime date_time at measured_at time_stamp ts 时间 日期 采集时间 "
    "测量时间 时间戳".split()
)
_LABELS: Final = frozenset("label labels anomaly is_anomaly changepoint 标签".split())
#: A column of 0 and 1 with one of these in its heading says how a row came out.
_OUTCOME: Final = re.compile(
    "fail|fault|defect|label|anomal|outlier|reject|scrap|故障|缺陷|不合格|异常", re.IGNORECASE
)
#: Text of so few words says what was set up rather than which piece it is.
_SETUP_WORDS_MAX: Final = 20
_LOTS: Final = frozenset("lot lot_number lot_no batch_lot 批号 批次 批次号".split())
_SETUPS: Final = frozenset("setup set_up set-up 换型 工装状态".split())
_UNIT_IN_HEADING: Final = re.compile(r".*\S\s*[\[(]([^\[\]()]{1,16})[\])]\s*")


@dataclass(frozen=True, slots=True)
class ColumnsAsked:
    """What somebody says of a file's columns, by heading.

    Args:
        time, lot, label: the column of each; None: the one with a usual heading, if any.
        setups: columns whose cells together say what was set up.
        only: nothing but these is a parameter; empty: every column of numbers is.
        left_out: no parameters, whatever they hold.
        beside: no parameters, and of no interest where they are none.
        wanted: the parameters of a model: they are read as such, whatever else is in the file.
        is_comma: whether numbers have a decimal comma; None: found out.
        zone: of times without an offset.
        is_comma_free: cells are apart by another sign than a comma, so that a comma in a number
            is a decimal one where no number has a point.
    """

    time: str | None = None
    lot: str | None = None
    label: str | None = None
    setups: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    is_comma: bool | None = None
    zone: tzinfo = UTC
    is_comma_free: bool = False


@dataclass(frozen=True, slots=True)
class FileLayout:
    """Which column says what, by number from 0; ``left_out`` holds headings and why.

    ``hints`` are what may be meant otherwise than it was taken.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    parameters: tuple[int, ...]
    time: int | None
    lot: int | None
    label: int | None
    setups: tuple[int, ...]
    is_comma: bool
    zone: tzinfo
    left_out: tuple[tuple[str, str], ...]
    hints: tuple[str, ...] = ()

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The parameters, in the order of their columns."""
        return tuple(self.names[at] for at in self.parameters)

    @property
    def parameter_units(self) -> tuple[str, ...]:
        """Their units; nothing where none is known."""
        units = tuple(self.units[at] if self.units else "" for at in self.parameters)
        return units if any(units) else ()


def find_layout(
    names: Sequence[str], probe: Sequence[Cells], asked: ColumnsAsked, *, units: Sequence[str] = ()
) -> FileLayout:
    """Say which column is what.

    Args:
        names: the headings.
        probe: the first rows by columns, at most :data:`PROBE_ROWS` are looked at.
        asked: what counts before anything is found.
        units: of the columns; empty: those that headings have in brackets.

    Raises:
        MalformedTable: a column that is asked for is not there, too many columns, none of
            numbers, or both decimal signs.
    """
    if len(names) > PARAMETERS_MAX + _BESIDE_MAX:
        raise MalformedTable(
            f"expected at most {PARAMETERS_MAX} parameters, found {len(names)} columns: make a"
            " file for each station"
        )
    return _Finder(tuple(names), probe, asked).layout(tuple(units))


class _Finder:
    def __init__(self, names: tuple[str, ...], probe: Sequence[Cells], asked: ColumnsAsked) -> None:
        self._names, self._asked = names, asked
        self._probe = [cells[:PROBE_ROWS] for cells in probe]
        self._left_out: list[tuple[str, str]] = []
        self._hints: list[str] = []

    def layout(self, units: tuple[str, ...]) -> FileLayout:
        asked = self._asked
        for name in (*asked.only, *asked.left_out):
            self._at(name)
        setups = tuple(self._at(name) for name in asked.setups)
        taken = set(setups)
        time = self._role(asked.time, _TIMES, taken)
        lot = self._role(asked.lot, _LOTS, taken)
        label = self._role(asked.label, _LABELS, taken)
        if not setups and (found := self._role(None, _SETUPS, taken)) is not None:
            setups = (found,)
        if time is None:
            time = self._unnamed_time(taken)
        is_comma = self._sign(taken)
        parameters = tuple(self._parameters(taken, is_comma=is_comma))
        if not parameters:
            whys = ", ".join(f"{name} ({why})" for name, why in self._left_out[:20])
            raise MalformedTable(
                f"expected a column of numbers, found {whys or ', '.join(self._names[:20])}"
            )
        told = units or tuple(_unit_in(name) for name in self._names)
        return FileLayout(
            self._names,
            told,
            parameters,
            time,
            lot,
            label,
            setups,
            is_comma,
            asked.zone,
            tuple(self._left_out),
            tuple(self._hints),
        )

    def _at(self, name: str) -> int:
        if name in self._names:
            return self._names.index(name)
        folded = [known.casefold() for known in self._names]
        if name.casefold() in folded:
            return folded.index(name.casefold())
        near = get_close_matches(name, self._names, n=1)
        hint = f": {near[0]!r}?" if near else f" in {', '.join(self._names[:20])}"
        raise MalformedTable(f"expected a column {name!r}, found none{hint}")

    def _role(self, asked: str | None, usual: frozenset[str], taken: set[int]) -> int | None:
        """The column that was asked for, else the first with a usual heading."""
        found = self._at(asked) if asked is not None else self._usual(usual, taken)
        if found is not None:
            taken.add(found)
        return found

    def _usual(self, usual: frozenset[str], taken: set[int]) -> int | None:
        for at, name in enumerate(self._names):
            is_free = at not in taken and name not in self._asked.wanted
            is_named = name.strip().casefold().replace(" ", "_") in usual
            if is_free and is_named and name not in self._asked.only:
                return at
        return None

    def _unnamed_time(self, taken: set[int]) -> int | None:
        """A first column of dates, whatever stands above it."""
        cells = self._probe[0] if self._probe else []
        if 0 in taken or self._names[0] in (*self._asked.wanted, *self._asked.only):
            return None
        if isinstance(cells, np.ndarray):
            is_time = cells.dtype == np.int64
        else:
            told = [cell for cell in cells if not is_missing(cell)][:20]
            is_time = bool(told) and not instants_of(told)[1] and len(numbers_of(told)[1]) > 0
        if not is_time:
            return None
        taken.add(0)
        return 0

    def _sign(self, taken: set[int]) -> bool:
        if self._asked.is_comma is not None:
            return self._asked.is_comma
        told = [
            (at, cell)
            for at, cells in enumerate(self._probe)
            if at not in taken and not isinstance(cells, np.ndarray)
            for cell in cells
        ]
        found = has_comma(cell for _, cell in told)
        if found is not None:
            return found
        at, shown = next((one for one in told if may_group(one[1])), told[0])
        if self._asked.is_comma_free and not any(is_point(cell) for _, cell in told):
            self._hints.append(
                f"the comma is taken as the decimal sign ({self._names[at]}: {shown.strip()});"
                " say --decimal point where it groups thousands"
            )
            return True
        raise MalformedTable(
            "expected numbers with one decimal sign, found points and commas, or commas that may"
            f" group thousands (column {self._names[at]!r}: {shown.strip()[:40]!r}): say"
            " --decimal comma or --decimal point"
        )

    def _parameters(self, taken: set[int], *, is_comma: bool) -> Iterator[int]:
        asked = self._asked
        only = {self._at(name) for name in asked.only}
        out = {self._at(name) for name in asked.left_out}
        for at, name in enumerate(self._names):
            if at in taken or name in asked.beside:
                continue
            if at in out or (only and at not in only):
                self._left_out.append((name, "as asked"))
            elif at in only or name in asked.wanted:
                yield at
            elif why := self._why_not(self._probe[at], is_comma=is_comma):
                self._left_out.append((name, why))
            else:
                self._hint_outcome(name, self._probe[at], is_comma=is_comma)
                yield at

    def _hint_outcome(self, name: str, cells: Cells, *, is_comma: bool) -> None:
        if not _OUTCOME.search(name):
            return
        values = numbers_of(cells, is_comma=is_comma)[0]
        if np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
            self._hints.append(
                f"column {name!r} has only 0 and 1 and looks like an outcome, not a parameter:"
                f" --label {name!r} where 1 is bad, or --leave-out {name!r}"
            )

    def _why_not(self, cells: Cells, *, is_comma: bool) -> str:
        """Why a column is no parameter; empty where it is one."""
        if isinstance(cells, np.ndarray) and cells.dtype == np.int64:
            return "a time"
        values, text = numbers_of(cells, is_comma=is_comma)
        present = values[~np.isnan(values)]
        if not len(present):
            return _why_text(cells) if text else "empty"
        is_whole = len(present) == len(values) and len(present) >= 10 and present[0] % 1.0 == 0.0
        return "counts rows" if is_whole and (np.diff(present) == 1.0).all() else ""


def _why_text(cells: Cells) -> str:
    told = [str(cell).strip() for cell in cells if str(cell).strip()]
    if len(set(told)) <= _SETUP_WORDS_MAX and len(told) >= 2 * len(set(told)):
        return "text in every cell; --setup where it says what was set up"
    return "text in every cell"


def _unit_in(name: str) -> str:
    found = _UNIT_IN_HEADING.fullmatch(name)
    return found[1].strip() if found else ""
