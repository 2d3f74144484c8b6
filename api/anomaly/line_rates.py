"""The realised false-alarm rate of lines, and which of many lines stand out together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from api.anomaly.alarm_book import ToldLine


def rates_of(lines: Iterable[ToldLine]) -> list[dict[str, Any]]:
    """Of each line the rate on confirmed-good rows with its interval, and whether it stands out.

    ``line_p`` is the p-value of a line at its newest upload; ``stands_out`` is by Benjamini and
    Hochberg over the lines that were asked for, so that ten lines do not cry ten times as often.
    """
    from scoring.anomaly.false_alarms import NOMINAL, discoveries, realised_rate

    asked = list(lines)
    looks = {line.key: line.facts["life"]["line_p"] for line in asked}
    loud = discoveries({key: p for key, p in looks.items() if p is not None})
    told = []
    for line in asked:
        level = line.facts["level"] or {"alarms": 0, "good": 0}
        found = realised_rate(level["alarms"], level["good"], nominal=NOMINAL)
        told.append(
            {
                "line": line.key,
                **{name: getattr(found, name) for name in found.__slots__},
                "is_kept": found.is_kept,
                **_level(level),
                "line_p": looks[line.key],
                "stands_out": line.key in loud,
            }
        )
    return told


def _level(level: Mapping[str, Any]) -> dict[str, Any]:
    """The level in force, what the model was trained for, and since when they differ or not."""
    return {
        "alpha": level.get("alpha"),
        "target": level.get("target"),
        "alpha_moved_us": level.get("moved_us"),
    }


def cards_of(line: ToldLine) -> list[dict[str, Any]]:
    """The cards of a line; those that wait with how they do in shadow and what speaks against."""
    waiting = line.facts["life"]["challengers"]
    return [{**card, "shadow": waiting.get(card["record_id"])} for card in line.facts["cards"]]


def life_of_line(line: ToldLine) -> dict[str, Any]:
    """What is told of a line beside its status: drift, and why a new model is wanted."""
    life = line.facts["life"]
    drifted = life["drifted"]
    return {
        "drift": None if drifted is None else drifted["id"],
        "wanted": life["wanted"],
        "good_rows": life["good_rows"],
    }
