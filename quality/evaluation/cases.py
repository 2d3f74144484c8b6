"""Complaints of one supplier's customers, and what became of them.

A cluster of bad units is complained about when the customer finds one of them. Besides, every
supplier that is ever complained about has one complaint a year over nothing, and a few more
with the real ones: together they make the share of the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final

from ledger.compose import Filing
from quality.evaluation.calendar import DAY_MS, HOUR_MS, day_text
from quality.evaluation.deliveries_stream import Delivered, Deliveries, PartRun, draw_severity
from quality.evaluation.delivery_records import (
    Case,
    Cluster,
    Lot,
    cause_group,
    closure_group,
    containment_group,
    problem_group,
)
from quality.evaluation.draft import Draft
from quality.evaluation.draws import draw_one, open_stream
from quality.evaluation.events import EventQueue
from quality.evaluation.truth import Cell, Closed, Complained

#: The chance that a single bad unit is found by the customer.
FOUND_SHARE: Final = 0.7
#: How often a real complaint is followed by one over nothing, besides the one a year.
NOTHING_SHARE: Final = 0.115
_YEAR_MS: Final = 365 * DAY_MS


class Cases:
    """What customers complain about at one supplier."""

    def __init__(self, queue: EventQueue, seed: int, slug: str) -> None:
        """Nobody complains yet."""
        self._queue = queue
        self._draw: Random = open_stream(seed, "cases", slug)
        self._opened = 0
        # A supplier answers at its own pace, fast or slow.
        self._pace = 0.4 + 1.6 * self._draw.random()

    def plan_nothing(self, begin_ms: int, deliveries: Deliveries) -> None:
        """Let one complaint a year be about nothing."""
        # The first month has few deliveries to complain about.
        at = begin_ms + 30 * DAY_MS + self._draw.random() * (_YEAR_MS - 45 * DAY_MS)
        self._queue.plan(at, self._find_nothing, about=(begin_ms, deliveries))

    def note_bad(self, at: int, delivered: Delivered) -> None:
        """A lot with bad units has come in: some of them will be found."""
        for cluster in delivered.lot.clusters:
            found = sum(self._draw.random() < FOUND_SHARE for _ in range(cluster.units))
            if found:
                days = 0.1 + 20 * self._draw.random() ** 2
                self._queue.plan(at + days * DAY_MS, self._open, about=(delivered, cluster, found))
            if found and self._draw.random() < NOTHING_SHARE:
                days = 1 + 30 * self._draw.random()
                self._queue.plan(at + days * DAY_MS, self._open_nothing, about=delivered.run)

    def _find_nothing(self, at: int, about: tuple[int, Deliveries]) -> Draft | None:
        begin_ms, deliveries = about
        self.plan_nothing(begin_ms + _YEAR_MS, deliveries)
        received = [run for run in deliveries.runs if run.last is not None]
        if not received:
            # A supplier of a few pieces a year may not have delivered any yet.
            self._queue.plan(at + 20 * DAY_MS, self._retry_nothing, about=deliveries)
            return None
        return self._open_nothing(at, draw_one(self._draw, received))

    def _retry_nothing(self, at: int, deliveries: Deliveries) -> Draft | None:
        received = [run for run in deliveries.runs if run.last is not None]
        if received:
            return self._open_nothing(at, received[0])
        self._queue.plan(at + 20 * DAY_MS, self._retry_nothing, about=deliveries)
        return None

    def _open_nothing(self, at: int, run: PartRun) -> Draft:
        assert run.last is not None, "a part was received before it is complained about"
        lot, month = run.last
        suspected = min(lot.amount, 1 + int(self._draw.random() * 4))
        return self._issue(at, run, lot=lot, said=(None, suspected, month))

    def _open(self, at: int, about: tuple[Delivered, Cluster, int]) -> Draft:
        delivered, cluster, found = about
        said = (cluster, found, delivered.month)
        return self._issue(at, delivered.run, lot=delivered.lot, said=said)

    def _issue(
        self, at: int, run: PartRun, *, lot: Lot, said: tuple[Cluster | None, int, str]
    ) -> Draft:
        """D0 and D2, by the customer."""
        cluster, found, month = said
        self._opened += 1
        severity = cluster.severity if cluster else draw_severity(self._draw)
        code = f"C-{run.plan.customer.slug}-{run.plan.supplier.slug}-{self._opened:05}"
        case = Case(code, run.plan, lot, cluster, found, severity, at, month)
        fact = Complained(
            code,
            run.plan.supplier.slug,
            run.plan.customer.slug,
            run.plan.number,
            lot.number,
            severity=severity,
            bad=cluster.units if cluster else 0,
            found=found if cluster else 0,
            opened_on=day_text(at),
        )
        content = self._content(case, {}, is_supplier=False, answers=())
        draft = self._queue.draft(at, run.plan.customer, content=content, fact=fact)
        self._queue.plan(self._later(at, 16 * HOUR_MS), self._contain, about=(case, draft.stand_in))
        return draft

    def _contain(self, at: int, about: tuple[Case, str]) -> Draft:
        """D3, by the supplier."""
        case, first = about
        groups = {"containment": containment_group(case, at)}
        draft = self._answer(at, case, groups, first)
        following = self._explain if case.cluster else self._close
        self._queue.plan(self._later(at, 6 * DAY_MS), following, about=(case, draft.stand_in))
        return draft

    def _explain(self, at: int, about: tuple[Case, str]) -> Draft:
        """D4, by the supplier."""
        case, before = about
        draft = self._answer(at, case, {"cause": cause_group()}, before)
        self._queue.plan(self._later(at, 35 * DAY_MS), self._close, about=(case, draft.stand_in))
        return draft

    def _close(self, at: int, about: tuple[Case, str]) -> Draft:
        """D8, by the customer: what the analysis has shown."""
        case, before = about
        plan = case.part
        closure = closure_group(case, at)
        cell = Cell(plan.supplier.slug, plan.customer.slug, plan.number, case.received_month)
        content = self._content(case, {"closure": closure}, is_supplier=False, answers=(before,))
        fact = Closed(case.code, cell, closure["confirmed"])
        return self._queue.draft(at, plan.customer, content=content, fact=fact)

    def _answer(self, at: int, case: Case, groups: Mapping[str, Any], before: str) -> Draft:
        content = self._content(case, groups, is_supplier=True, answers=(before,))
        return self._queue.draft(at, case.part.supplier, content=content)

    def _content(
        self, case: Case, groups: Mapping[str, Any], *, is_supplier: bool, answers: tuple[str, ...]
    ) -> tuple[str, Mapping[str, Any], Filing]:
        plan = case.part
        signer, other = plan.customer, plan.supplier
        if is_supplier:
            signer, other = other, signer
        filing = Filing(
            subject=other.did,
            to=(other.did,),
            family=plan.family,
            answers=answers,
            number=case.code,
        )
        problem = {**problem_group(case), "site": signer.site}
        return "corrective-action/v1", {"problem": problem, **groups}, filing

    def _later(self, at: int, typical_ms: float) -> float:
        """Around a typical time at this supplier's pace, and on a later run in any case."""
        return at + HOUR_MS + typical_ms * self._pace * (0.3 + 1.4 * self._draw.random())
