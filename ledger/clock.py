"""Time as the log sees it: an instant in Unix milliseconds, given, never read."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Gives the present instant."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""


class ManualClock:
    """A clock that stands where it is put: for replay, tests and examples."""

    def __init__(self, now_ms: int) -> None:
        """Start at ``now_ms``."""
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """The instant it was put to."""
        return self._now_ms

    def advance(self, milliseconds: int) -> None:
        """Move by ``milliseconds``, backwards if negative."""
        self._now_ms += milliseconds
