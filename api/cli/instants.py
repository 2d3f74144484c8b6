"""Instants on the command line: a day, or a moment with its offset; told as Unix milliseconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import click

_ONE: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(click.ParamType[int]):
    """``2027-01-31`` (its first moment in UTC) or ``2027-01-31T08:00+08:00``."""

    name = "INSTANT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The milliseconds since 1970."""
        if isinstance(value, int):
            return value
        moment = _moment(str(value))
        if moment is None:
            self.fail(
                f"expected a day as 2027-01-31 or a moment as 2027-01-31T08:00+08:00, found "
                f"{str(value)[:80]!r}",
                param,
                ctx,
            )
        return (moment - _EPOCH) // _ONE


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        return moment
    try:
        day = date.fromisoformat(text)
    except ValueError:
        # A time without an offset means another instant to everybody who reads it.
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


INSTANT: Final = Instant()
