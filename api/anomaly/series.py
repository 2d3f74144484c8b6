"""The figures of an upload's rows, packed: what a plot shows, and what is counted.

A row is 26 bytes, little-endian: when it was measured, score, p, level, and whether it has a
score. A derived form that nobody else reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from scoring.anomaly.verdict import Level, Status, Verdict

_ROW: Final = np.dtype(
    [("at_us", "<i8"), ("score", "<f8"), ("p", "<f8"), ("level", "u1"), ("is_scored", "u1")]
)
LEVELS: Final = tuple(Level)
Series = npt.NDArray[Any]


def empty_series(rows: int) -> Series:
    """Figures of so many rows that have none yet."""
    found = np.zeros(rows, _ROW)
    found["score"], found["p"] = np.nan, np.nan
    return found


def note_verdicts(series: Series, verdicts: Iterable[Verdict]) -> Series:
    """The series with the figures of these verdicts, whose rows count from 1."""
    found = series.copy()
    for verdict in verdicts:
        found[verdict.row - 1] = (
            verdict.at_us or 0,
            verdict.score,
            verdict.p,
            LEVELS.index(verdict.level),
            verdict.status is Status.SCORED,
        )
    return found


def encode_series(series: Series) -> bytes:
    """Its bytes."""
    return series.tobytes()


def series_of_row(content: bytes) -> Series:
    """The series of its bytes."""
    return np.frombuffer(content, _ROW)
