"""A queue in which flows take turns: deficit round robin (Shreedhar and Varghese, 1995).

Each flow, a party or an address, has a line of its own. A turn gives the flow at its head a
quantum of cost to spend; what it does not spend because its next item costs more is kept for
its next turn, what it does not spend because it is empty is lost. However much one flow has
waiting, another's next item goes within one round: after at most a quantum, and the item that
exceeded it, of every other flow. Each step takes constant time where no item costs more than
the quantum.

Not safe to share between threads: whoever holds it locks.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """Items of many flows; within a flow first come, first served."""

    def __init__(self, quantum: int) -> None:
        """Let a flow spend ``quantum`` of cost a turn.

        Args:
            quantum: at least 1; as much as an item usually costs at most.
        """
        assert quantum >= 1, "a turn is worth something"
        self._quantum = quantum
        # In the order of their turns; a flow is here exactly while it has items.
        self._flows: dict[str, deque[tuple[Item, int]]] = {}
        self._turns: deque[str] = deque()
        self._left = 0
        self._kept: dict[str, int] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many items wait."""
        return self._count

    @property
    def flows(self) -> int:
        """How many flows have something waiting."""
        return len(self._flows)

    def push(self, flow: str, item: Item, cost: int = 1) -> None:
        """Add an item at the end of its flow's line."""
        line = self._flows.get(flow)
        if line is None:
            line = self._flows[flow] = deque()
            self._turns.append(flow)
            if len(self._turns) == 1:
                self._left = self._quantum
        line.append((item, cost))
        self._count += 1

    def peek(self) -> tuple[Item, int] | None:
        """The item whose turn it is, and its cost; None where nothing waits."""
        if not self._turns:
            return None
        while True:
            flow = self._turns[0]
            item, cost = self._flows[flow][0]
            # Alone there is nobody to wait for.
            if cost <= self._left or len(self._turns) == 1:
                return item, cost
            self._kept[flow] = self._left
            self._turns.rotate(-1)
            self._begin_turn()

    def pop(self) -> Item | None:
        """Take the item whose turn it is; None where nothing waits."""
        found = self.peek()
        if found is None:
            return None
        item, cost = found
        flow = self._turns[0]
        self._flows[flow].popleft()
        self._count -= 1
        self._left = max(self._left - cost, 0)
        if not self._flows[flow]:
            self._leave(flow)
        return item

    def _leave(self, flow: str) -> None:
        del self._flows[flow]
        self._turns.popleft()
        if self._turns:
            self._begin_turn()

    def _begin_turn(self) -> None:
        self._left = self._quantum + self._kept.pop(self._turns[0], 0)
