"""The evaluation consortium of the method (section 1): a seed in, drafts of records out.

Streaming: one queue a party, merged by admission time, so that memory does not grow with the
number of records; and each supplier's records are the same whoever else is drawn beside it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from random import Random
from typing import Final

from keys.identifiers import parse_origin
from quality.evaluation.calendar import DAY_MS, HOUR_MS, month_after, start_of
from quality.evaluation.cases import Cases
from quality.evaluation.cast import LABORATORIES, OEMS, SimulatedParty, make_others, make_party
from quality.evaluation.deliveries_stream import Deliveries
from quality.evaluation.draft import Draft, draft_order
from quality.evaluation.draws import draw_one, open_stream
from quality.evaluation.events import EventQueue, plan_site
from quality.evaluation.foundations import Foundations
from quality.evaluation.part_plan import PartPlan, plan_parts
from quality.evaluation.profile import (
    SUPPLIERS,
    TIER1_EVERY,
    SupplierProfile,
    draw_profile,
)

#: Who reads the name knows that nothing below it is real (RFC 2606, section 3).
ORIGIN: Final = "simulated.example"
BEGIN: Final = date(2025, 1, 1)
_CUSTOMER_COUNTS: Final = (1, 1, 1, 1, 1, 2, 2, 2, 3, 3)
_OEM_SHARE: Final = 0.6


@dataclass(frozen=True)
class EvaluationConsortium:
    """The parties of one seed, and what they would say from the first day on.

    ``months`` ends it; None goes on without end. Taking fewer months, or stopping early, gives
    the same records from the start.
    """

    seed: int
    suppliers: int = SUPPLIERS
    months: int | None = None
    origin: str = ORIGIN
    begin: date = BEGIN
    others: tuple[SimulatedParty, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Name everybody who is no supplier."""
        object.__setattr__(self, "others", make_others(parse_origin(self.origin)))

    @cached_property
    def profiles(self) -> tuple[SupplierProfile, ...]:
        """What is true of each supplier."""
        return tuple(draw_profile(self.seed, at) for at in range(1, self.suppliers + 1))

    @property
    def parties(self) -> tuple[SimulatedParty, ...]:
        """Every member, suppliers last."""
        numbers = range(1, self.suppliers + 1)
        return (*self.others, *(make_party(self.origin, "supplier", at) for at in numbers))

    def drafts(self) -> Iterator[Draft]:
        """All records in the order of their admission; of one time, by party."""
        numbers = range(1, self.suppliers + 1)
        return _merged([self._sites(), *(self.supplier_drafts(number) for number in numbers)])

    def share(self, part: int, parts: int) -> Iterator[Draft]:
        """The records of every ``parts``-th supplier, and of the others where ``part`` is 0.

        The shares of several workers, merged by :func:`draft_order`, are :meth:`drafts`.
        """
        streams = [
            self.supplier_drafts(at) for at in range(1, self.suppliers + 1) if at % parts == part
        ]
        return _merged([self._sites(), *streams] if part == 0 else streams)

    def supplier_drafts(self, number: int) -> Iterator[Draft]:
        """What is said about one supplier, by itself and its customers."""
        queue, profile = EventQueue(self.seed, number), draw_profile(self.seed, number)
        cases = Cases(queue, self.seed, profile.slug)
        deliveries = Deliveries(queue, self.seed, on_bad=cases.note_bad)
        foundations = Foundations(
            queue, self.seed, parts=self.parts_of(number), is_ready=deliveries.begin
        )
        foundations.plan(
            self.begin_ms,
            self.others[OEMS + LABORATORIES + number % 3],
            laboratory=self.others[OEMS + number % LABORATORIES] if number % 5 == 0 else None,
        )
        if profile.has_complaints:
            cases.plan_nothing(self.begin_ms, deliveries)
        return self._until_end(queue.run())

    def parts_of(self, number: int) -> tuple[PartPlan, ...]:
        """The parts of one supplier."""
        profile = draw_profile(self.seed, number)
        draw = open_stream(self.seed, "customers", profile.slug)
        supplier = make_party(self.origin, "supplier", number)
        customers = self._customers(draw, number, count=profile.part_count)
        return plan_parts(self.seed, profile, supplier, customers=customers)

    @cached_property
    def begin_ms(self) -> int:
        """The first instant."""
        return start_of(self.begin)

    @cached_property
    def end_ms(self) -> int | None:
        """The instant at which everything stops."""
        return None if self.months is None else start_of(month_after(self.begin, self.months))

    def _customers(self, draw: Random, number: int, *, count: int) -> tuple[SimulatedParty, ...]:
        tier1s = [at for at in range(TIER1_EVERY, self.suppliers + 1, TIER1_EVERY) if at != number]
        wanted = min(count, draw_one(draw, _CUSTOMER_COUNTS))
        chosen: dict[str, SimulatedParty] = {}
        while len(chosen) < wanted:
            is_oem = number % TIER1_EVERY == 0 or not tier1s or draw.random() < _OEM_SHARE
            one = (
                draw_one(draw, self.others[:OEMS])
                if is_oem
                else make_party(self.origin, "supplier", draw_one(draw, tier1s))
            )
            chosen.setdefault(one.slug, one)
        return tuple(chosen.values())

    def _sites(self) -> Iterator[Draft]:
        queue = EventQueue(self.seed, 0)
        for at, party in enumerate(self.others):
            plan_site(queue, party, self.begin_ms + HOUR_MS + at * DAY_MS / 100)
        return self._until_end(queue.run())

    def _until_end(self, drafts: Iterator[Draft]) -> Iterator[Draft]:
        end_ms = self.end_ms
        for draft in drafts:
            if end_ms is not None and draft.at_ms >= end_ms:
                return
            yield draft


def _merged(streams: Sequence[Iterator[Draft]]) -> Iterator[Draft]:
    return heapq.merge(*streams, key=draft_order)
