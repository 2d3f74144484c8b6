"""When a line wants a new model, what it may be trained on, and what speaks against it.

A person decides. This says that it is time, chooses the rows (confirmed good alone, nothing of an
event that is open) and holds the new model to what the old one could do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from scoring.anomaly.labels import JudgedRow, LabelName, Outcome, outcome_of
from scoring.anomaly.poisoning import Movement
from scoring.anomaly.shadow import SHADOW_ROWS, Found, ShadowReport

MORE_ROWS: Final = 0.5
AGE_US: Final = 90 * 24 * 3600 * 1_000_000
#: So much less of a fault's rows may be called than before: what chance makes of some 400 rows.
LOST_MOST: Final = 0.03


class Trigger(StrEnum):
    """Why it is time."""

    DRIFT = "drift"
    REGIME = "regime"
    MORE_ROWS = "more-rows"  # half as many confirmed-good rows again
    AGE = "age"  # 90 days
    SET_UP = "set-up"  # one that the model has no baseline of
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class LineHistory:
    """What has become of a line since its model was trained."""

    trained_us: int
    trained_rows: int
    good_rows: int  # confirmed since
    known_setups: frozenset[str] = frozenset()
    seen_setups: frozenset[str] = frozenset()
    has_drifted: bool = False
    is_out_of_domain: bool = False
    is_requested: bool = False


def triggers(history: LineHistory, *, now_us: int) -> tuple[Trigger, ...]:
    """Why a line wants a new model now; none: it does not."""
    told = {
        Trigger.DRIFT: history.has_drifted,
        Trigger.REGIME: history.is_out_of_domain,
        Trigger.MORE_ROWS: history.good_rows >= MORE_ROWS * history.trained_rows,
        Trigger.AGE: now_us - history.trained_us >= AGE_US,
        Trigger.SET_UP: bool(history.seen_setups - history.known_setups),
        Trigger.REQUEST: history.is_requested,
    }
    return tuple(trigger for trigger, holds in told.items() if holds)


@dataclass(frozen=True, slots=True)
class TrainingChoice:
    """Rows by key that may be trained on, and how many were left out for what they are."""

    rows: tuple[tuple[str, int], ...]
    left_out: Mapping[Outcome, int]


def training_rows(rows: Iterable[JudgedRow], labels: Mapping[str, LabelName]) -> TrainingChoice:
    """The rows that were confirmed good, in the order in which they were measured.

    Rows that nobody inspected, rows of open events, bad ones and those with a known cause are
    left out.
    """
    chosen: list[tuple[str, int]] = []
    left_out: dict[Outcome, int] = {
        outcome: 0 for outcome in Outcome if outcome is not Outcome.GOOD
    }
    for row in sorted(rows, key=lambda row: (row.at_us, row.key)):
        outcome = outcome_of(row, labels)
        if outcome is Outcome.GOOD:
            chosen.append(row.key)
        else:
            left_out[outcome] += 1
    return TrainingChoice(tuple(chosen), left_out)


class Objection(StrEnum):
    """What speaks against a new model."""

    TOO_FEW_SHADOW_ROWS = "too-few-shadow-rows"
    FALSE_ALARMS = "false-alarms"
    LOST_DETECTION = "lost-detection"
    LOST_INCIDENT = "lost-incident"
    MOVED_AWAY = "moved-away"  # from the first approved model or from the specification
    MODEL_NOT_HELD = "model-not-held"  # nobody here can say what the model does
    SHADOW_ALONE = "shadow-alone"  # a challenger in force would watch nothing
    CARD_DIFFERS = "card-differs"  # the card tells of its model what the model is not


@dataclass(frozen=True, slots=True)
class Objected:
    """An objection, about what, and the figures: ``found`` where ``expected`` was wanted."""

    objection: Objection
    about: str
    found: float
    expected: float


def objections(report: ShadowReport, moved: Iterable[Movement] = ()) -> tuple[Objected, ...]:
    """What speaks against activating a challenger; nothing: people may approve it.

    The false-alarm rate is objected to where even the lower end of its interval is above the
    nominal one; detection where a fault of the stored set, or a past incident, is called less.
    """
    found = []
    rate = report.challenger_rate
    if rate.rows < SHADOW_ROWS:
        few = Objection.TOO_FEW_SHADOW_ROWS
        found.append(Objected(few, "rows", float(rate.rows), float(SHADOW_ROWS)))
    if not rate.is_kept:
        found.append(Objected(Objection.FALSE_ALARMS, "rate", rate.lower, rate.nominal))
    found += _lost(report.faults, Objection.LOST_DETECTION)
    found += _lost(report.incidents, Objection.LOST_INCIDENT)
    found += [
        Objected(Objection.MOVED_AWAY, f"{each.anchor}/{each.parameter}", each.value, each.limit)
        for each in moved
    ]
    return tuple(found)


def _lost(faults: Iterable[Found], objection: Objection) -> list[Objected]:
    return [
        Objected(objection, each.name, each.challenger, each.champion)
        for each in faults
        if each.challenger < each.champion - LOST_MOST
    ]
