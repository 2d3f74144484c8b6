"""What the watch of one line carries from push to push, and its bytes.

JSON in UTF-8 with sorted keys; an array is {"shape": [...], "f8": base64 of little-endian
float64}. The same state has the same bytes. Nothing here is secret, and nothing here is signed:
who keeps a state keeps it where only the service writes.
"""

from __future__ import annotations

from dataclasses import dataclass

from scoring.anomaly.episodes import Episode, RowMark
from scoring.anomaly.port import StreamState
from scoring.anomaly.table import Instants, Numbers


@dataclass(frozen=True, slots=True)
class Following:
    """An episode that is open, and how many quiet rows it has had since its newest loud one."""

    episode: Episode
    quiet: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where a stream is: all that the next row's verdict depends on.

    ``points`` [<= 16, p] are the rows before on the rules' charts, NaN where missing; ``yellow``
    tells which of the last four rows were, the newest last; ``rows`` are taken in so far.
    """

    stream: StreamState
    points: Numbers
    yellow: tuple[bool, ...] = ()
    following: tuple[Following, ...] = ()
    rows: int = 0
    newest: RowMark | None = None


@dataclass(frozen=True, slots=True)
class KeptRows:
    """The newest rows in measured order, so that a late one can be put in its place.

    ``values`` [n, p] are quantised; ``marks`` name the rows, ``setups`` their set-ups.
    """

    values: Numbers
    at_us: Instants
    marks: tuple[tuple[str, int], ...]
    setups: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class WatchState:
    """The state of one line's watch.

    ``checkpoints`` are positions before some of the kept rows, the oldest before the first of
    them; scoring goes back to one when a row comes late.
    """

    model: str
    now: Position
    checkpoints: tuple[Position, ...]
    kept: KeptRows
