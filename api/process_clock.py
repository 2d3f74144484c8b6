"""The process clock: the one place that reads the time for the embedded log."""

from __future__ import annotations

import time


class ProcessClock:
    """Reads the machine's clock."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    def now_s(self) -> int:
        """Unix time in whole seconds."""
        return self.now_ms() // 1000
