"""How often a witness lets one log advance: a bucket of tokens for each log.

Only what advances a log takes one. A checkpoint is public and can be sent again by anybody,
and what somebody else sends must not use up what the log has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_BURST_SECONDS: Final = 2.0


class AdvanceRate:
    """Lets every log advance so many times a second, and twice as many at once."""

    def __init__(self, per_second: float, *, seconds: Callable[[], float]) -> None:
        """Count by the clock ``seconds``, which never goes back."""
        self._per_second = per_second
        self._full = max(per_second * _BURST_SECONDS, 1.0)
        self._seconds = seconds
        self._buckets: dict[str, tuple[float, float]] = {}

    def may_advance(self, origin: str) -> bool:
        """Whether a token is left."""
        return self._tokens(origin) >= 1

    def count(self, origin: str) -> None:
        """Take one."""
        self._buckets[origin] = (self._tokens(origin) - 1, self._seconds())

    def _tokens(self, origin: str) -> float:
        left, at = self._buckets.get(origin, (self._full, 0.0))
        return min(self._full, left + (self._seconds() - at) * self._per_second)
