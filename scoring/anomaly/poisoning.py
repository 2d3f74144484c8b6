"""Slow poisoning: a drift so slow that every new model takes it for good operation.

A model is compared with the one before, and also with the FIRST one that was approved and with
the specification: what moves by a little each time has moved far from where it began. A finding
does not say who did it; it stops an activation until people have looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scoring.anomaly.injected import Reference
from scoring.anomaly.specification import Limit, Limits


class Anchor(StrEnum):
    """What a model is compared with."""

    FIRST = "first"  # the first approved model of the line
    PREVIOUS = "previous"  # the model in force
    SPECIFICATION = "specification"


class Moved(StrEnum):
    """What of a parameter has moved."""

    CENTRE = "centre"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True)
class PoisoningSettings:
    """How far a model may lie from its anchors.

    ``sigma`` bounds the shift of a centre in the anchor's spread, ``ratio`` how much wider or
    narrower a spread may be, ``off_centre`` how much nearer to a limit of the specification a
    centre may lie than at first, as a share of the way from target to limit.
    """

    sigma: float = 1.0
    ratio: float = 2.0
    off_centre: float = 0.25


@dataclass(frozen=True, slots=True)
class Movement:
    """A parameter of a new model that lies too far from an anchor: ``value`` beyond ``limit``."""

    parameter: str
    anchor: Anchor
    moved: Moved
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class Anchors:
    """Centre and spread of each parameter of the first and of the previous model, and limits."""

    first: Reference
    previous: Reference
    limits: Limits


def movements(
    candidate: Reference, anchors: Anchors, settings: PoisoningSettings | None = None
) -> tuple[Movement, ...]:
    """Where a new model lies too far from where its line began, by parameter."""
    chosen = settings or PoisoningSettings()
    found: list[Movement] = []
    for name, place in candidate.items():
        for anchor, reference in (
            (Anchor.FIRST, anchors.first),
            (Anchor.PREVIOUS, anchors.previous),
        ):
            if name in reference:
                found += _from(name, place, reference[name], anchor=anchor, settings=chosen)
        if name in anchors.first:
            was, limit = anchors.first[name][0], anchors.limits.of(name)
            found += _in_specification(name, place[0], was=was, limit=limit, settings=chosen)
    return tuple(found)


def _from(
    name: str,
    place: tuple[float, float],
    was: tuple[float, float],
    *,
    anchor: Anchor,
    settings: PoisoningSettings,
) -> list[Movement]:
    if was[1] <= 0.0:
        # It did not vary: whatever it does now is told by the model's columns.
        return []
    found = []
    shift = (place[0] - was[0]) / was[1]
    if abs(shift) > settings.sigma:
        found.append(Movement(name, anchor, Moved.CENTRE, shift, settings.sigma))
    ratio = place[1] / was[1]
    if not 1.0 / settings.ratio <= ratio <= settings.ratio:
        found.append(Movement(name, anchor, Moved.SPREAD, ratio, settings.ratio))
    return found


def _in_specification(
    name: str, centre: float, *, was: float, limit: Limit, settings: PoisoningSettings
) -> list[Movement]:
    """How far off its target, as a share of the way to the limit on that side."""
    now, before = _off(centre, limit), _off(was, limit)
    if now is None or before is None or now <= min(1.0, before + settings.off_centre):
        return []
    bound = min(1.0, before + settings.off_centre)
    return [Movement(name, Anchor.SPECIFICATION, Moved.CENTRE, now, bound)]


def _off(centre: float, limit: Limit) -> float | None:
    """0 at the target, 1 at the limit on that side; None without both limits."""
    if limit.lower is None or limit.upper is None or limit.lower >= limit.upper:
        return None
    middle = (limit.lower + limit.upper) / 2.0
    target = middle if limit.nominal is None else limit.nominal
    end = limit.upper if centre >= target else limit.lower
    return abs(centre - target) / abs(end - target) if end != target else None
