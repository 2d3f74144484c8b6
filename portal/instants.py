"""Instants for people: one that machines read and one that people do, always in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from portal.messages import Words


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time, as ISO 8601 and in words."""

    iso: str
    text: str


def instant_of_ms(milliseconds: int, words: Words) -> Instant | None:
    """The instant of a Unix time; None where it lies beyond the calendar.

    A log's times are bounded by its own clock, those in a record by nothing but their form.
    """
    try:
        at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    months = words.text("date.months").split(" ")
    text = words.text(
        "date.readable", day=at.day, month=months[at.month - 1], year=at.year, time=f"{at:%H:%M:%S}"
    )
    return Instant(f"{at:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z", text)


def describe_span(seconds: int, words: Words) -> str:
    """A length of time in its largest whole unit."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return words.text(f"span.{unit}", count=seconds // length)
    return words.text("span.seconds", count=seconds)
