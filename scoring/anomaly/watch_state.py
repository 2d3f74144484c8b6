"""What the watch of one line carries from push to push, and its bytes.

JSON in UTF-8 with sorted keys; an array is {"shape": [...], "f8": base64 of little-endian
float64}. The same state has the same bytes. Nothing here is secret, and nothing here is signed:
who keeps a state keeps it where only the service writes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.anomaly.episodes import Following, RowMark
from scoring.anomaly.port import StreamState
from scoring.anomaly.table import Numbers


@dataclass(frozen=True, slots=True)
class Position:
    """Where a stream is: all that the next row's verdict depends on.

    ``points`` [<= 14, m] are the rows before on the charts of run rules; ``exceeded`` [3, m]
    tells of each parameter the number of the row at which it first was beyond 3 sigma, when that
    was measured, and the number of the newest such row, NaN where there is none. ``gaps`` [p] is
    where the watch of each missing rate is. ``yellow`` tells which of the last four rows were,
    the newest last; ``rows`` are taken in so far; ``newest`` is the last of them.
    """

    stream: StreamState
    points: Numbers
    exceeded: Numbers
    gaps: Numbers
    yellow: tuple[bool, ...] = ()
    following: tuple[Following, ...] = ()
    rows: int = 0
    newest: RowMark | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a stream in measured order, in the columns of the model.

    ``values`` [n, p] are quantised, NaN where missing; ``marks`` name the rows, ``setups`` their
    set-ups.
    """

    values: Numbers
    marks: tuple[RowMark, ...]
    setups: tuple[str | None, ...]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.marks)

    def part(self, first: int, last: int) -> Rows:
        """The rows from ``first`` up to and without ``last``."""
        chosen = slice(first, last)
        return Rows(self.values[chosen], self.marks[chosen], self.setups[chosen])

    def picked(self, order: list[int]) -> Rows:
        """Rows in the order asked for."""
        return Rows(
            self.values[order],
            tuple(self.marks[n] for n in order),
            tuple(self.setups[n] for n in order),
        )

    def joined(self, more: Rows) -> Rows:
        """These rows and more behind them."""
        values = np.concatenate([self.values, more.values])
        return Rows(values, self.marks + more.marks, self.setups + more.setups)


@dataclass(frozen=True, slots=True)
class WatchState:
    """The state of one line's watch.

    ``checkpoints`` are positions before some of the ``kept`` rows, the oldest before the first
    of them; scoring goes back to one when a row comes late. ``opened`` are the events that opened
    since the oldest checkpoint, each with the number of rows that were taken in before it.
    ``aside`` is where the rows are that could not be put into their place: a stream of their own,
    so that who states wrong times gets rid of no average and of no event.
    """

    model: str
    now: Position
    checkpoints: tuple[Position, ...]
    kept: Rows
    opened: tuple[tuple[str, int], ...] = ()
    aside: Position | None = None
