"""How the masters around one supplier come about: relations first, then what rests on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from ledger.compose import Filing
from quality.evaluation import master_records as masters
from quality.evaluation.calendar import DAY_MS, HOUR_MS, on_run
from quality.evaluation.cast import SimulatedParty
from quality.evaluation.draft import Draft
from quality.evaluation.draws import open_stream
from quality.evaluation.events import EventQueue, plan_site
from quality.evaluation.part_plan import PartPlan


class Foundations:
    """How a supplier's relations, parts, specifications and requirements come about."""

    def __init__(
        self,
        queue: EventQueue,
        seed: int,
        *,
        parts: Sequence[PartPlan],
        is_ready: Callable[[int, PartPlan], None],
    ) -> None:
        """Nothing is said yet; ``is_ready`` will be told of each part that can be delivered."""
        self._queue = queue
        self._supplier = parts[0].supplier
        self._draw: Random = open_stream(seed, "foundations", self._supplier.slug)
        self._parts = parts
        self._is_ready = is_ready

    def plan(
        self, begin_ms: int, certifier: SimulatedParty, *, laboratory: SimulatedParty | None
    ) -> None:
        """Everything from the first day on."""
        draw, queue = self._draw, self._queue
        plan_site(queue, self._supplier, begin_ms + HOUR_MS + draw.random() * 5 * HOUR_MS)
        start = begin_ms + 8 * HOUR_MS + draw.random() * 3 * DAY_MS
        for customer in {part.customer.slug: part.customer for part in self._parts}.values():
            queue.plan(start + draw.random() * DAY_MS, self._offer_supply, about=customer)
        queue.plan(start, self._offer_certification, about=certifier)
        if laboratory is not None:
            queue.plan(start, self._offer_measurement, about=laboratory)

    def _offer_supply(self, at: int, customer: SimulatedParty) -> Draft:
        groups = masters.relation_groups(
            "supply", customer, self._supplier, families=self._families(customer)
        )
        draft = self._offer(at, customer, groups=groups, to=self._supplier)
        self._queue.plan(self._soon(at), self._agree, about=(draft.stand_in, customer))
        return draft

    def _agree(self, at: int, about: tuple[str, SimulatedParty]) -> Draft:
        """The supplier endorses the relation; what rests on it follows."""
        offer, customer = about
        self._queue.plan(self._soon(at), self._require, about=customer)
        for part in self._parts:
            if part.customer is customer:
                self._queue.plan(self._soon(at), self._define, about=part)
        return self._endorse(at, (self._supplier, offer, customer))

    def _require(self, at: int, customer: SimulatedParty) -> Draft:
        supplier = self._supplier
        groups = masters.requirement_groups(
            customer, supplier, families=self._families(customer), at_ms=at
        )
        filing = _filed(supplier, masters.requirement_code(customer, supplier))
        draft = self._queue.draft(at, customer, content=("requirement/v1", groups, filing))
        self._plan_endorsement(self._soon(at), draft, by=supplier, to=customer)
        return draft

    def _define(self, at: int, part: PartPlan) -> Draft:
        filing = _filed(part.supplier, part.number, family=part.family)
        content = ("part/v1", masters.part_groups(part), filing)
        draft = self._queue.draft(at, part.customer, content=content)
        endorsed = on_run(self._soon(at))
        self._plan_endorsement(endorsed, draft, by=part.supplier, to=part.customer)
        self._queue.plan(self._soon(endorsed), self._specify, about=part)
        return draft

    def _specify(self, at: int, part: PartPlan) -> Draft:
        self._is_ready(at + DAY_MS, part)
        filing = _filed(part.supplier, masters.specification_code(part), family=part.family)
        content = ("specification/v1", masters.specification_groups(part, at), filing)
        return self._queue.draft(at, part.customer, content=content)

    def _offer_certification(self, at: int, certifier: SimulatedParty) -> Draft:
        supplier = self._supplier
        groups = masters.relation_groups("certification", supplier, certifier)
        draft = self._offer(at, certifier, groups=groups, to=supplier)
        self._plan_endorsement(self._soon(at), draft, by=supplier, to=certifier)
        self._queue.plan(at + 2 * DAY_MS, self._certify, about=certifier)
        return draft

    def _certify(self, at: int, certifier: SimulatedParty) -> Draft:
        supplier = self._supplier
        groups = masters.certificate_groups(certifier, supplier, at)
        filing = _filed(supplier, masters.certificate_code(certifier, supplier))
        content = ("quality-credential/v1", groups, filing)
        return self._queue.draft(at, certifier, content=content)

    def _offer_measurement(self, at: int, laboratory: SimulatedParty) -> Draft:
        groups = masters.relation_groups("laboratory", self._supplier, laboratory)
        draft = self._offer(at, self._supplier, groups=groups, to=laboratory)
        self._plan_endorsement(self._soon(at), draft, by=laboratory, to=self._supplier)
        return draft

    def _offer(
        self, at: int, who: SimulatedParty, *, groups: Mapping[str, Any], to: SimulatedParty
    ) -> Draft:
        return self._queue.draft(at, who, content=("act/v1", groups, _filed(to)))

    def _plan_endorsement(
        self, at: float, draft: Draft, *, by: SimulatedParty, to: SimulatedParty
    ) -> None:
        self._queue.plan(at, self._endorse, about=(by, draft.stand_in, to))

    def _endorse(self, at: int, about: tuple[SimulatedParty, str, SimulatedParty]) -> Draft:
        who, of, to = about
        content = ("act/v1", masters.endorsement_groups(of), _filed(to))
        return self._queue.draft(at, who, content=content)

    def _families(self, customer: SimulatedParty) -> list[str]:
        ours = (part.family for part in self._parts if part.customer is customer)
        return list(dict.fromkeys(ours))

    def _soon(self, at: int) -> float:
        """One to ten hours later, and on a later upload run in any case."""
        return at + HOUR_MS + self._draw.random() * 9 * HOUR_MS


def _filed(to: SimulatedParty, number: str | None = None, *, family: str | None = None) -> Filing:
    return Filing(subject=to.did, to=(to.did,), family=family, number=number)
