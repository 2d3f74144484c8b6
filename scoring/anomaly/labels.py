"""What people say of events, and what becomes of the rows by it.

An acknowledgement says that somebody has seen an event; it changes no row. A label says what it
was: ``confirmed`` (rows are bad), ``false`` (rows are good, the call was wrong) or
``known-cause`` (rows are neither: they are no examples of good operation, and the call was not
wrong). The newest label of an event counts. Rows outside of events are good once the inspection
of what was made of them says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from scoring.anomaly.adaptive import (
    AdaptiveLevel,
    feed_bad,
    feed_good,
    hold,
    is_fair,
    start_level,
)


class LabelName(StrEnum):
    """What an event was."""

    CONFIRMED = "confirmed"
    FALSE = "false"
    KNOWN_CAUSE = "known-cause"


@dataclass(frozen=True, slots=True)
class AlarmLabel:
    """One act on an event: an acknowledgement where ``label`` is None.

    ``order`` is that of the log (the entry's index); the newest label counts.
    """

    episode: str
    order: int
    label: LabelName | None
    cause: str | None = None


class Outcome(StrEnum):
    """What is known of a row."""

    GOOD = "good"
    BAD = "bad"
    KNOWN_CAUSE = "known-cause"
    OPEN = "open"  # in an event that nobody has labelled
    UNKNOWN = "unknown"  # in no event, and not inspected


_BY_LABEL = {
    LabelName.CONFIRMED: Outcome.BAD,
    LabelName.FALSE: Outcome.GOOD,
    LabelName.KNOWN_CAUSE: Outcome.KNOWN_CAUSE,
}


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """What the life cycle keeps of a verdict: ``key`` names the row (source, number).

    ``was_called`` is what was told when the row was scored, at the level of that time.
    """

    key: tuple[str, int]
    at_us: int
    was_called: bool
    episode: str | None = None
    is_accepted: bool | None = None  # by inspection; None: not inspected yet


def newest_labels(acts: Iterable[AlarmLabel]) -> dict[str, LabelName]:
    """The label in force of each event that has one."""
    found: dict[str, tuple[int, LabelName]] = {}
    for act in acts:
        if act.label is None:
            continue
        if act.episode not in found or found[act.episode][0] < act.order:
            found[act.episode] = (act.order, act.label)
    return {episode: label for episode, (_, label) in found.items()}


def acknowledged(acts: Iterable[AlarmLabel]) -> frozenset[str]:
    """The events that somebody has seen; a label says so as well."""
    return frozenset(act.episode for act in acts)


def outcome_of(row: JudgedRow, labels: Mapping[str, LabelName]) -> Outcome:
    """What is known of a row. A label counts more than inspection, which does not see causes."""
    if row.episode is not None:
        label = labels.get(row.episode)
        return Outcome.OPEN if label is None else _BY_LABEL[label]
    if row.is_accepted is None:
        return Outcome.UNKNOWN
    return Outcome.GOOD if row.is_accepted else Outcome.BAD


def level_of(
    rows: Iterable[JudgedRow], acts: Iterable[AlarmLabel], *, target: float
) -> AdaptiveLevel:
    """The level in force after all that is known: a fold that can be repeated at any time.

    Rows are taken in the order in which they were measured (then by source and number), so that
    labels that came in another order lead to the same level. Where good rows are no fair sample
    (:func:`~scoring.anomaly.adaptive.is_fair`) they are counted and move nothing.
    """
    labels = newest_labels(acts)
    known: dict[Outcome, list[bool]] = {Outcome.GOOD: [], Outcome.BAD: []}
    for row in sorted(rows, key=lambda row: (row.at_us, row.key)):
        outcome = outcome_of(row, labels)
        if outcome in known:
            known[outcome].append(row.was_called)
    good = known[Outcome.GOOD]
    feed = feed_good if is_fair(good) else hold
    return feed_bad(feed(start_level(target), good), known[Outcome.BAD])
