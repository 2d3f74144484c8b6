"""Instants in messages: milliseconds, as the bytes have them, with the moment in UTC beside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def tell_instant(at_ms: int) -> str:
    """``2268429624777 ms (2041-11-18T23:33:44Z)``; milliseconds alone beyond the calendar."""
    try:
        moment = _EPOCH + timedelta(milliseconds=at_ms)
    except OverflowError:
        return f"{at_ms} ms"
    return f"{at_ms} ms ({moment:%Y-%m-%dT%H:%M:%SZ})"
