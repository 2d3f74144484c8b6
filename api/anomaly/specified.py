"""Lines without a model: a violation of the specification is told all the same.

It is a fact and no score, so it needs no model. Rows are taken as they come in, and the events
are those that the watch of a line would make of the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from api.anomaly.changes import facts_of
from api.anomaly.uploads import Upload
from scoring.anomaly.episodes import (
    Episode,
    EpisodeKind,
    Following,
    Loud,
    RowMark,
    grow,
    quieten,
)
from scoring.anomaly.specification import violations
from scoring.anomaly.units import UnitChange
from scoring.anomaly.verdict import Level, Violation

#: As many as a line with a model has.
QUIET_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class Violated:
    """A row outside of its specification."""

    row: int
    at_us: int
    violations: tuple[Violation, ...]
    episode: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Rows that are outside, the events that they touch as these are now, and what goes on."""

    rows: tuple[Violated, ...]
    episodes: tuple[Episode, ...]
    following: Following | None


def check_rows(upload: Upload, following: Following | None, *, source: str) -> Checked:
    """Look at rows beside their specification alone; row 1 is the first."""
    table = upload.table
    found = violations(table.names, table.values, upload.limits)
    touched: dict[str, Episode] = {}
    rows: list[Violated] = []
    for n, outside in enumerate(found):
        at_us = 0 if table.at_us is None else int(table.at_us[n])
        if not outside:
            if following is not None:
                following, ended = quieten(following, QUIET_ROWS)
                if ended is not None:
                    touched[ended.id] = ended
            continue
        following = grow(
            following, EpisodeKind.SPECIFICATION, _loud(RowMark(source, n + 1, at_us), outside)
        )
        touched[following.episode.id] = following.episode
        rows.append(Violated(n + 1, at_us, outside, following.episode.id))
    return Checked(tuple(rows), tuple(touched.values()), following)


def end(following: Following | None) -> Iterator[Episode]:
    """The event that was open, ended: a model goes on from here."""
    if following is not None:
        yield replace(following.episode, is_open=False)


def following_facts(following: Following | None) -> dict[str, Any] | None:
    """An open event as JSON takes it."""
    if following is None:
        return None
    return {"episode": facts_of(following.episode), "quiet": following.quiet}


def following_of(found: dict[str, Any] | None) -> Following | None:
    """The same of its JSON, which only this module writes."""
    if found is None:
        return None
    episode = dict(found["episode"])
    for name in ("first", "last", "peak"):
        episode[name] = RowMark(**episode[name])
    episode["kind"], episode["level"] = EpisodeKind(episode["kind"]), Level(episode["level"])
    episode["parameters"] = tuple((str(name), int(count)) for name, count in episode["parameters"])
    episode["units_suspected"] = tuple(
        UnitChange(**each) for each in episode.get("units_suspected", ())
    )
    return Following(Episode(**episode), int(found["quiet"]))


def _loud(mark: RowMark, outside: tuple[Violation, ...]) -> Loud:
    # A violation is certain: it has no p-value, and no row of such an event is rarer.
    return Loud(Level.RED, mark, 1.0, 0.0, tuple(each.parameter for each in outside), "")
