"""One event an episode: it opens, grows, and ends after quiet rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from scoring.anomaly.units import UnitChange
from scoring.anomaly.verdict import Level

_PARAMETERS_MAX: Final = 20


class EpisodeKind(StrEnum):
    """What an event is about; a row may belong to one of each."""

    ANOMALY = "anomaly"
    SPECIFICATION = "specification"


@dataclass(frozen=True, slots=True)
class RowMark:
    """Which row: of which source, and when it was measured."""

    source: str
    row: int
    at_us: int | None


@dataclass(frozen=True, slots=True)
class Episode:
    """An event of one line.

    ``id`` is the same for everybody who scores the same rows: kind, source and row at which it
    opened. ``first`` and ``last`` are its first and newest loud row, ``peak`` the one with the
    smallest p. ``rows`` counts all from the first to the last, ``loud_rows`` those with a level.
    ``parameters`` are those that led a row of it and how often, the most frequent first;
    ``units_suspected`` tells in which other units some of its rows seem to be.
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
    units_suspected: tuple[UnitChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Following:
    """An episode that is open, and how many quiet rows it has had since its newest loud one."""

    episode: Episode
    quiet: int


@dataclass(frozen=True, slots=True)
class Loud:
    """What a row adds to an episode of one kind."""

    level: Level
    mark: RowMark
    p: float
    score: float
    parameters: tuple[str, ...]
    model: str
    units_suspected: tuple[UnitChange, ...] = ()


def quieten(following: Following, quiet_rows: int) -> tuple[Following | None, Episode | None]:
    """The episode behind a quiet row; where it ends by it, no more of it but its last form."""
    quiet = following.quiet + 1
    if quiet >= quiet_rows:
        return None, replace(following.episode, is_open=False)
    return Following(following.episode, quiet), None


def grow(following: Following | None, kind: EpisodeKind, loud: Loud) -> Following:
    """The episode behind a loud row; one opens where there is none."""
    if following is None:
        return Following(_opened(kind, loud), 0)
    before = following.episode
    is_peak = (loud.p, -loud.score) < (before.peak_p, -before.peak_score)
    return Following(
        replace(
            before,
            level=Level.RED if Level.RED in (before.level, loud.level) else loud.level,
            last=loud.mark,
            peak=loud.mark if is_peak else before.peak,
            peak_p=loud.p if is_peak else before.peak_p,
            peak_score=loud.score if is_peak else before.peak_score,
            rows=before.rows + following.quiet + 1,
            loud_rows=before.loud_rows + 1,
            parameters=_counted(before.parameters, loud.parameters),
            units_suspected=_united(before.units_suspected, loud.units_suspected),
        ),
        0,
    )


def _opened(kind: EpisodeKind, loud: Loud) -> Episode:
    return Episode(
        id=f"{kind}:{loud.mark.source}:{loud.mark.row}",
        kind=kind,
        level=loud.level,
        first=loud.mark,
        last=loud.mark,
        peak=loud.mark,
        peak_p=loud.p,
        peak_score=loud.score,
        rows=1,
        loud_rows=1,
        parameters=_counted((), loud.parameters),
        model=loud.model,
        units_suspected=loud.units_suspected[:_PARAMETERS_MAX],
    )


def _united(before: tuple[UnitChange, ...], more: tuple[UnitChange, ...]) -> tuple[UnitChange, ...]:
    """One for each parameter: what was suspected first."""
    if not more:
        return before
    known = {each.parameter for each in before}
    return (*before, *(each for each in more if each.parameter not in known))[:_PARAMETERS_MAX]


def _counted(
    before: tuple[tuple[str, int], ...], more: tuple[str, ...]
) -> tuple[tuple[str, int], ...]:
    counts = Counter(dict(before))
    counts.update(more)
    # Of those as frequent as one another, the one that led first stays first.
    ordered = sorted(counts.items(), key=lambda each: -each[1])
    return tuple(ordered[:_PARAMETERS_MAX])
