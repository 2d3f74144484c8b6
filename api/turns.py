"""Turns at what many share: worker processes, the writer, threads that read.

Whoever wants some takes a turn and gives it back. While there is room nobody waits; where
there is none, flows are served in fair rounds (:mod:`ledger.fair_queue`), so that one that
asks for much waits for itself and not the others for it. Belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ledger.fair_queue import FairQueue


class FairTurns:
    """Lets a bounded weight in at a time, in fair rounds over flows."""

    def __init__(self, capacity: int, *, quantum: int) -> None:
        """Let in what weighs at most ``capacity`` together, or one that weighs more alone.

        Args:
            capacity: the weight that may be inside at once.
            quantum: the cost that a flow may spend in one round.
        """
        self._capacity = capacity
        self._inside = 0
        self._waiting: FairQueue[tuple[asyncio.Future[None], int]] = FairQueue(quantum)
        self._waiting_of: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many wait, of all flows."""
        return len(self._waiting)

    def waiting_of(self, flow: str) -> int:
        """How many of a flow wait."""
        return self._waiting_of[flow]

    def try_take(self, weight: int = 1) -> bool:
        """Take a turn if that needs no waiting."""
        if self._waiting or not self._fits(weight):
            return False
        self._inside += weight
        return True

    async def take(self, flow: str, *, cost: int = 1, weight: int = 1) -> None:
        """Wait for a turn. Give it back with :meth:`release`."""
        if self.try_take(weight):
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.push(flow, (granted, weight), cost)
        self._waiting_of[flow] += 1
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self.release(weight)
            raise
        finally:
            self._waiting_of[flow] -= 1
            if not self._waiting_of[flow]:
                del self._waiting_of[flow]

    def release(self, weight: int = 1) -> None:
        """Give a turn back; whoever is next is let in."""
        self._inside -= weight
        while (found := self._waiting.peek()) is not None:
            (granted, wanted), _ = found
            # Who has gone away is passed over.
            if not granted.done() and not self._fits(wanted):
                return
            self._waiting.pop()
            if not granted.done():
                self._inside += wanted
                granted.set_result(None)

    @asynccontextmanager
    async def taken(self, flow: str, *, cost: int = 1) -> AsyncIterator[None]:
        """A turn of weight 1 for the length of a block."""
        await self.take(flow, cost=cost)
        try:
            yield
        finally:
            self.release()

    def _fits(self, weight: int) -> bool:
        return self._inside == 0 or self._inside + weight <= self._capacity
