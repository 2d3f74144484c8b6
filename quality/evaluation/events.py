"""A queue of what will happen: each event makes one draft and plans what follows from it.

Memory is what is open (parts, goods in transit, cases), whatever has happened before.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from ledger.compose import Filing
from quality.evaluation import master_records as masters
from quality.evaluation.calendar import RUN_MS, on_run
from quality.evaluation.cast import SimulatedParty
from quality.evaluation.draft import Draft, stand_in
from quality.evaluation.truth import Fact

Act: TypeAlias = Callable[[int, Any], Draft | None]
#: Type, groups and filing of a record.
Content: TypeAlias = tuple[str, Mapping[str, Any], Filing]
_Event: TypeAlias = tuple[int, int, Act, Any]


class EventQueue:
    """What will happen around one party, by time and then in the order of planning."""

    def __init__(self, seed: int, stream: int) -> None:
        """Nothing is planned yet."""
        self._seed = seed
        self._stream = stream
        self._events: list[_Event] = []
        self._now = 0
        self._planned = 0
        self._drafted = 0

    def plan(self, at_ms: float, act: Act, *, about: Any = None) -> None:
        """Let ``act(at, about)`` happen on the upload run at or after an instant.

        On a later run than what happens now in any case: what follows from a record is
        admitted after it, and never in one transaction with it.
        """
        self._planned += 1
        at = max(on_run(at_ms), self._now + RUN_MS)
        heapq.heappush(self._events, (at, self._planned, act, about))

    def run(self) -> Iterator[Draft]:
        """Let everything happen in its order; ends where nothing is planned any more."""
        events = self._events
        while events:
            at_ms, _, act, about = heapq.heappop(events)
            self._now = at_ms
            draft = act(at_ms, about)
            if draft is not None:
                yield draft

    def draft(
        self, at_ms: int, party: SimulatedParty, *, content: Content, fact: Fact | None = None
    ) -> Draft:
        """One record of a party."""
        vct, groups, filing = content
        self._drafted += 1
        name = stand_in(self._seed, self._stream, self._drafted)
        return Draft(at_ms, name, party.slug, vct, groups, filing, fact, self._stream)


def plan_site(queue: EventQueue, party: SimulatedParty, at_ms: float) -> None:
    """A party says where it is."""

    def say(at: int, _: object) -> Draft:
        content = ("site/v1", masters.site_groups(party), Filing(number=party.site))
        return queue.draft(at, party, content=content)

    queue.plan(at_ms, say)
