"""What one supplier delivers: shipments, their receipts and what the customer's inspection says.

Bad units come in clusters: how many units are delivered until the next cluster begins is drawn
from the part's true rate, so a lot that is twice as large holds twice as many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from ledger.compose import Filing
from quality.evaluation.calendar import DAY_MS, HOUR_MS, day_text, month_text, on_working_day
from quality.evaluation.delivery_records import (
    Arrival,
    Cluster,
    Difference,
    Lot,
    inspection_groups,
    measured_groups,
    part_reference,
    receipt_groups,
    sample_size,
    shipment_groups,
)
from quality.evaluation.draft import Draft
from quality.evaluation.draws import (
    draw_distance,
    draw_geometric,
    draw_one,
    open_stream,
    round_fairly,
)
from quality.evaluation.events import EventQueue
from quality.evaluation.part_plan import PartPlan
from quality.evaluation.profile import CLUSTER_MEAN, SEVERITIES
from quality.evaluation.truth import BadLot, Cell, Received, Shipped

LOST_SHARE: Final = 0.004
LATE_SHARE: Final = 0.02
PARTIAL_SHARE: Final = 0.04
DIFFERENCE_SHARE: Final = 0.015
INSPECTED_SHARE: Final = 0.5
MEASURED_SHARE: Final = 0.4
_KINDS: Final = (
    *("missing", "missing", "missing", "surplus"),
    *("damaged", "damaged", "wrong-label", "wrong-label"),
)


@dataclass(slots=True)
class PartRun:
    """A part that is being delivered: its draws, its counters, its last lot."""

    plan: PartPlan
    draw: Random
    reference: Mapping[str, str]
    supplies: Filing
    receives: Filing
    until_cluster: float
    shipments: int = 0
    lots: int = 0
    last: tuple[Lot, str] | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A lot that has come in with bad units; ``month`` is that of its receipt."""

    run: PartRun
    lot: Lot
    month: str


class Deliveries:
    """The flow of goods of one supplier."""

    def __init__(
        self, queue: EventQueue, seed: int, *, on_bad: Callable[[int, Delivered], None]
    ) -> None:
        """Nothing is delivered yet; ``on_bad`` is told of each lot with bad units that comes in."""
        self._queue = queue
        self._seed = seed
        self._on_bad = on_bad
        #: Parts whose delivery has begun, for whoever wants to complain about one.
        self.runs: list[PartRun] = []

    def begin(self, at: int, plan: PartPlan) -> None:
        """Deliver a part from an instant on."""
        draw = open_stream(self._seed, "deliveries", f"{plan.supplier.slug} {plan.number}")
        customer, supplier = plan.customer.did, plan.supplier.did
        run = PartRun(
            plan,
            draw,
            part_reference(plan),
            supplies=Filing(subject=customer, to=(customer,), family=plan.family),
            receives=Filing(subject=supplier, to=(supplier,), family=plan.family),
            until_cluster=draw_distance(draw, plan.bad_rate / CLUSTER_MEAN),
        )
        self.runs.append(run)
        self._plan_shipment(run, at + draw.random() * plan.gap_days * DAY_MS)

    def _plan_shipment(self, run: PartRun, due: float) -> None:
        in_the_day = (6 + 12 * run.draw.random()) * HOUR_MS
        day = on_working_day(int(due) // DAY_MS * DAY_MS)
        self._queue.plan(max(due, day + in_the_day), self._ship, about=(run, due))

    def _ship(self, at: int, about: tuple[PartRun, float]) -> Draft:
        run, due = about
        plan, draw = run.plan, run.draw
        self._plan_shipment(run, due + plan.gap_days * (0.8 + 0.4 * draw.random()) * DAY_MS)
        run.shipments += 1
        lots = self._make_lots(run, at)
        code = f"DN-{plan.number}-{run.shipments:05}"
        groups = shipment_groups(plan, code, lots=lots, reference=run.reference, at_ms=at)
        content = ("shipment/v1", groups, _numbered(run.supplies, code))
        amount = sum(lot.amount for lot in lots)
        fact = Shipped(_cell(plan, at), plan.unit, _thousandths(plan, lots), plan.pieces(amount))
        draft = self._queue.draft(at, plan.supplier, content=content, fact=fact)
        self._plan_receipts(run, at, lots=lots, shipment=(draft.stand_in, code))
        return draft

    def _make_lots(self, run: PartRun, at: int) -> tuple[Lot, ...]:
        plan, draw = run.plan, run.draw
        wanted = plan.monthly * plan.gap_days / 30.4375 * (0.7 + 0.6 * draw.random())
        amount = max(1, round_fairly(draw, wanted))
        count = min(1 + int(draw.random() ** 3 * 3), amount)
        each, rest = divmod(amount, count)
        return tuple(self._make_lot(run, each + (place < rest), at) for place in range(count))

    def _make_lot(self, run: PartRun, amount: int, at: int) -> Lot:
        run.lots += 1
        made = at - int((1 + 20 * run.draw.random()) * DAY_MS)
        clusters: list[Cluster] = []
        run.until_cluster -= amount
        while run.until_cluster < 0:
            run.until_cluster += draw_distance(run.draw, run.plan.bad_rate / CLUSTER_MEAN)
            clusters.append(_draw_cluster(run.draw))
        kept = _that_fit(clusters, amount) if clusters else ()
        return Lot(f"{run.plan.number}-L{run.lots:05}", amount, made, kept)

    def _plan_receipts(
        self, run: PartRun, at: int, *, lots: tuple[Lot, ...], shipment: tuple[str, str]
    ) -> None:
        draw = run.draw
        chance = draw.random()
        if chance < LOST_SHARE:
            return
        days = 1 + 4 * draw.random() + (15 * draw.random() if chance < LATE_SHARE else 0)
        arrives = on_working_day(at + int(days * DAY_MS))
        difference = _draw_difference(draw, lots[0])
        if draw.random() < PARTIAL_SHARE and len(lots) > 1:
            later = arrives + int((1 + 5 * draw.random()) * DAY_MS)
            rest = Arrival(*shipment, lots[1:], None)
            self._queue.plan(later, self._receive, about=(run, rest, 2))
            lots = lots[:1]
        arrival = Arrival(*shipment, _with_difference(lots, difference), difference)
        self._queue.plan(arrives, self._receive, about=(run, arrival, 1))

    def _receive(self, at: int, about: tuple[PartRun, Arrival, int]) -> Draft:
        run, arrival, number = about
        plan, draw, lots = run.plan, run.draw, arrival.lots
        month = month_text(at)
        bad = tuple(self._note_bad(run, lot, at, month=month) for lot in lots if lot.clusters)
        run.last = (lots[0], month)
        code = f"GR{arrival.shipment_code[2:]}-{number}"
        groups = receipt_groups(plan, code, arrival=arrival, reference=run.reference, at_ms=at)
        filing = _numbered(run.receives, code, cites=(arrival.shipment,))
        amount = sum(lot.amount for lot in lots)
        fact = Received(
            _cell(plan, at),
            plan.unit,
            _thousandths(plan, lots),
            plan.pieces(amount),
            lots=len(lots),
            bad_lots=bad,
        )
        content = ("goods-receipt/v1", groups, filing)
        draft = self._queue.draft(at, plan.customer, content=content, fact=fact)
        if draw.random() < INSPECTED_SHARE:
            about_it = (run, lots[0], draft.stand_in, arrival.shipment_code)
            self._queue.plan(at + (1 + 6 * draw.random()) * HOUR_MS, self._inspect, about=about_it)
        return draft

    def _note_bad(self, run: PartRun, lot: Lot, at: int, *, month: str) -> BadLot:
        plan = run.plan
        self._on_bad(at, Delivered(run, lot, month))
        return BadLot(
            plan.supplier.slug,
            plan.customer.slug,
            plan.number,
            lot.number,
            received_on=day_text(at),
            bad=lot.bad,
        )

    def _inspect(self, at: int, about: tuple[PartRun, Lot, str, str]) -> Draft:
        run, lot, receipt, note = about
        plan, draw = run.plan, run.draw
        found = _find_bad(draw, lot, sample_size(plan, lot)) if lot.clusters else []
        groups: dict[str, Any] = inspection_groups(plan, lot, found=found, arrival=note, at_ms=at)
        if draw.random() < MEASURED_SHARE:
            groups["measurements"] = measured_groups(plan, draw)
        filing = _numbered(run.receives, f"II-{lot.number}", cites=(receipt,))
        content = ("inspection-report/v1", groups, filing)
        return self._queue.draft(at, plan.customer, content=content)


def _draw_cluster(draw: Random) -> Cluster:
    return Cluster(draw_geometric(draw, CLUSTER_MEAN), draw_severity(draw))


def draw_severity(draw: Random) -> str:
    """Critical, major or minor, as often as the method says."""
    chance = draw.random()
    for name, share in SEVERITIES:
        chance -= share
        if chance < 0:
            return name
    return SEVERITIES[-1][0]


def _that_fit(clusters: list[Cluster], amount: int) -> tuple[Cluster, ...]:
    """A lot has no more bad units than units: what is beyond them never existed."""
    kept: list[Cluster] = []
    for cluster in clusters:
        units = min(cluster.units, amount)
        amount -= units
        if units:
            kept.append(Cluster(units, cluster.severity))
    return tuple(kept)


def _find_bad(draw: Random, lot: Lot, sample: int) -> list[tuple[Cluster, int]]:
    """How many bad units of each cluster a sample without replacement holds."""
    found, left, taken = [], lot.amount, min(sample, lot.amount)
    for cluster in lot.clusters:
        hits = 0
        for _ in range(cluster.units):
            if draw.random() * left < taken:
                hits, taken = hits + 1, taken - 1
            left -= 1
        if hits:
            found.append((cluster, hits))
    return found


def _draw_difference(draw: Random, lot: Lot) -> Difference | None:
    # Lots with bad units arrive whole, so that the truth about them needs no splitting.
    if draw.random() >= DIFFERENCE_SHARE or lot.clusters or lot.amount < 2:
        return None
    kind = draw_one(draw, _KINDS)
    amount = 1 + int(draw.random() * max(1, lot.amount // 50))
    return Difference(kind, 0 if kind == "wrong-label" else min(amount, lot.amount - 1))


def _with_difference(lots: tuple[Lot, ...], difference: Difference | None) -> tuple[Lot, ...]:
    """The lots as they are counted at the gate."""
    if difference is None or difference.kind not in ("missing", "surplus"):
        return lots
    change = difference.amount if difference.kind == "surplus" else -difference.amount
    first = lots[0]
    return (Lot(first.number, first.amount + change, first.made_ms), *lots[1:])


def _numbered(filing: Filing, number: str, *, cites: tuple[str, ...] = ()) -> Filing:
    return Filing(
        subject=filing.subject, to=filing.to, family=filing.family, cites=cites, number=number
    )


def _cell(plan: PartPlan, at: int) -> Cell:
    return Cell(plan.supplier.slug, plan.customer.slug, plan.number, month_text(at))


def _thousandths(plan: PartPlan, lots: tuple[Lot, ...]) -> int:
    return sum(plan.thousandths(lot.amount) for lot in lots)
