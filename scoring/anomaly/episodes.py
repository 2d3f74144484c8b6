"""One event an episode: it opens, grows, and ends after quiet rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scoring.anomaly.verdict import Level


class EpisodeKind(StrEnum):
    """What an event is about; a row may belong to one of each."""

    ANOMALY = "anomaly"
    SPECIFICATION = "specification"


@dataclass(frozen=True, slots=True)
class Episode:
    """An event of one line.

    ``number`` counts the line's episodes of both kinds from 1; ``id`` is the same for everybody
    who scores the same rows: kind, source and row at which it opened. ``first`` and ``last`` are
    (source, row, at_us) of its first and newest loud row, ``peak`` of the row with the smallest
    p. ``ended_us`` is None while it is open. ``parameters`` are those that led a row of it, the
    most frequent first.
    """

    id: str
    kind: EpisodeKind
    level: Level
    first: RowMark
    last: RowMark
    peak: RowMark
    peak_p: float
    peak_score: float
    rows: int
    loud_rows: int
    parameters: tuple[tuple[str, int], ...]
    model: str
    is_open: bool = True
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True)
class RowMark:
    """Which row: of which source, and when it was measured."""

    source: str
    row: int
    at_us: int | None
