"""What a measurement file says, as a stream of events: one model for every format.

A reader takes the pieces of a file and gives events in the file's order. A :class:`Part` comes
before its characteristics, a :class:`Characteristic` before its readings; where a file adds to a
description later, the whole description comes again under the same key and the last one counts.
Nothing is held but descriptions, so a file of a million readings costs no more memory than one
of ten. What cannot be read of one row is told as a :class:`Fault` and the reading goes on; a file
that is not of its format, or is beyond a bound, raises
:class:`~quality.errors.MeasurementFileRefused`.

Values are decimal text, written as records write it (no exponent, a point, no thousands), with
the digits that the file has. Times are ISO 8601 text; only where the file names an offset do they
have one, and whoever makes a record of them says which zone was meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


@dataclass(frozen=True, slots=True)
class Part:
    """The part, or the lot of it, that the following characteristics belong to."""

    key: str
    number: str | None = None
    name: str | None = None
    revision: str | None = None
    drawing: str | None = None
    lot: str | None = None
    order: str | None = None
    machine: str | None = None
    supplier: str | None = None
    customer: str | None = None
    reason: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A node of the hierarchy that holds characteristics and has no readings of its own."""

    key: str
    part: str
    number: str | None = None
    name: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Characteristic:
    """What is measured: its limits stand as absolute values, None where the file gives none.

    ``parent`` is the key of a group or of another characteristic, ``criticality`` the word the
    file uses, unchanged: what is critical is said by a specification, not by a file of readings.
    A bound that nature gives (no form error is below 0) is none of the limits:
    ``lower_natural`` and ``upper_natural`` hold it.
    """

    key: str
    part: str
    number: str | None = None
    name: str | None = None
    unit: str | None = None
    nominal: str | None = None
    lower: str | None = None
    upper: str | None = None
    lower_natural: str | None = None
    upper_natural: str | None = None
    is_attributive: bool = False
    is_error_log: bool = False
    criticality: str | None = None
    gauge: str | None = None
    gauge_resolution: str | None = None
    decimals: int | None = None
    parent: str | None = None


class Reading(NamedTuple):
    """One measured value, or the counts of one attributive check; a tuple, as there are millions.

    Exactly one of ``value`` and ``defective`` is there. ``sample`` is how many were looked at,
    ``line`` the line (or the row of a table) that it stands in, ``status`` the verdict that the
    file gives (``pass``, ``fail``, or its own word), which is never taken for ours.
    """

    characteristic: str
    line: int
    value: str | None = None
    sample: int | None = None
    defective: int | None = None
    at: str | None = None
    operator: str | None = None
    machine: str | None = None
    cavity: str | None = None
    batch: str | None = None
    order: str | None = None
    piece: str | None = None
    gauge: str | None = None
    process: str | None = None
    events: str | None = None
    status: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of a characteristic that the file itself states; they are shown, never believed."""

    characteristic: str
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Something of the file as a whole: who inspected, which report, when it was prepared."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One place that could not be read, or that was left out on purpose, and why.

    ``place`` names line and field (``line 17, K0001/2``) or the cell (``C17``). ``is_dropped``:
    the file itself marks the reading as invalid, so that nothing is wrong with the file.
    """

    place: str
    expected: str
    found: str
    is_dropped: bool = False

    def __str__(self) -> str:
        return f"{self.place}: expected {self.expected}, found {self.found}"


Event: TypeAlias = Part | Group | Characteristic | Reading | Summary | Note | Fault
#: What every reader gives.
MeasuredFile: TypeAlias = Iterator[Event]
