"""Deliveries and cases as records: shipments, receipts, receiving inspections, complaints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, TypeAlias

from quality.evaluation.calendar import day_text, instant_text
from quality.evaluation.master_records import REVISION, specification_code
from quality.evaluation.part_plan import PartPlan, hundredths
from quality.evaluation.truth import quantity_text

Groups: TypeAlias = Mapping[str, Any]

MEASURED: Final = 5
_ELSEWHERE: Final = ("transit", "own-stock", "sub-supplier", "field")
#: Codes of the built-in codebook of defects.
DEFECTS: Final = ("DIM-DIAMETER", "DIM-FLATNESS", "SUR-SCRATCH", "SUR-BURR", "MAT-POROSITY")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Bad units that lie together in one lot, from one cause."""

    units: int
    severity: str


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot on its way: ``amount`` in pieces, or in the part's unit where nobody converts."""

    number: str
    amount: int
    made_ms: int
    clusters: tuple[Cluster, ...] = ()

    @property
    def bad(self) -> int:
        """How many of its units are bad."""
        return sum(cluster.units for cluster in self.clusters)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a receipt finds different from the shipment, in amounts like the lot's."""

    kind: str
    amount: int


def part_reference(part: PartPlan) -> Mapping[str, str]:
    """How a shipment names its part; the same object for all that a part is in."""
    return {
        "customer": part.customer.did,
        "supplier": part.supplier.did,
        "number": part.number,
        "revision": REVISION,
    }


def shipment_groups(
    part: PartPlan, code: str, *, lots: Sequence[Lot], reference: Groups, at_ms: int
) -> Groups:
    """A shipment note."""
    return {
        "state": {
            "shipment": code,
            "part": reference,
            "site": part.supplier.site,
            "to_site": part.customer.site,
            "shipped_on": day_text(at_ms),
        },
        "goods": {
            "quantity": _total(part, lots),
            "unit": part.unit,
            "lots": [
                {
                    "number": lot.number,
                    "quantity": quantity_text(part.thousandths(lot.amount)),
                    "manufactured_on": day_text(lot.made_ms),
                }
                for lot in lots
            ],
        },
    }


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one receipt is about: which shipment, which of its lots, what differs."""

    shipment: str
    shipment_code: str
    lots: tuple[Lot, ...]
    difference: Difference | None


def receipt_groups(
    part: PartPlan, code: str, *, arrival: Arrival, reference: Groups, at_ms: int
) -> Groups:
    """A goods receipt."""
    groups: dict[str, Any] = {
        "state": {
            "receipt": code,
            "shipment": arrival.shipment,
            "part": reference,
            "site": part.customer.site,
            "received_on": day_text(at_ms),
        },
        "goods": {
            "quantity": _total(part, arrival.lots),
            "unit": part.unit,
            "lots": [
                {
                    "number": lot.number,
                    "quantity": quantity_text(part.thousandths(lot.amount)),
                }
                for lot in arrival.lots
            ],
        },
    }
    if arrival.difference is not None:
        groups["differences"] = [_difference(part, arrival.lots[0], arrival.difference)]
    return groups


def inspection_groups(
    part: PartPlan, lot: Lot, *, found: Sequence[tuple[Cluster, int]], arrival: str, at_ms: int
) -> dict[str, Any]:
    """A receiving inspection by the customer; ``found`` says how many of which cluster."""
    sample = sample_size(part, lot)
    defective = sum(units for _, units in found)
    return {
        "verdict": {
            "decision": "reject" if defective else "accept",
            "decided_at": instant_text(at_ms),
            "stage": "receiving",
        },
        "lot": {
            "number": lot.number,
            "part": part.number,
            "part_revision": REVISION,
            "quantity": quantity_text(part.thousandths(lot.amount)),
            "unit": part.unit,
            "supplier": part.supplier.did,
            "customer": part.customer.did,
            "site": part.customer.site,
            "specification": {"id": specification_code(part), "revision": REVISION},
            "delivery_note": arrival,
            "manufactured_on": day_text(lot.made_ms),
        },
        "plan": {"standard": "c=0", "sample": sample, "whole_lot": False, "classes": []},
        "defects": {
            "inspected": sample,
            "defective": defective,
            "items": [
                {
                    "code": defect_code(part),
                    "class": cluster.severity,
                    "units": units,
                    "nonconformities": units,
                }
                for cluster, units in found
            ],
        },
    }


def sample_size(part: PartPlan, lot: Lot) -> int:
    """How many units of a lot are looked at."""
    return min(lot.amount, 20) if part.is_counted else 5


def measured_groups(part: PartPlan, draw: Random) -> Groups:
    """Five values of the first characteristic, around its nominal value."""
    first = part.characteristics[0]
    nominal = int(first["nominal"].replace(".", ""))
    tolerance = int(first["upper"].replace(".", "")) - nominal
    values = [
        {"value": hundredths(nominal + round((draw.random() - 0.5) * tolerance))}
        for _ in range(MEASURED)
    ]
    return {
        "characteristics": [
            {
                "id": first["number"],
                "class": first["class"],
                "unit": first["unit"],
                "gauge": {"id": f"G-{part.customer.slug}"},
                "values": values,
            }
        ]
    }


@dataclass(frozen=True, slots=True)
class Case:
    """A complaint; ``found`` units of ``cluster``, or a trouble that is none (no cluster)."""

    code: str
    part: PartPlan
    lot: Lot
    cluster: Cluster | None
    found: int
    severity: str
    opened_ms: int
    received_month: str


def problem_group(case: Case) -> dict[str, Any]:
    """What every record of the case begins with (D0, D2)."""
    return {
        "complaint": case.code,
        "opened_at": instant_text(case.opened_ms),
        "part": case.part.number,
        "lots": [case.lot.number],
        "defect": defect_code(case.part),
        "severity": case.severity,
        "place": "zero-km",
        "found": case.found,
        "suspect": max(case.lot.amount, case.found),
        "symptom": "Part out of specification at the line",
    }


def containment_group(case: Case, at_ms: int) -> Groups:
    """Containment (D3)."""
    return {
        "measures": [
            {
                "place": "customer",
                "applies": True,
                "quantity": case.lot.amount,
                "sorted": case.lot.amount,
                "defective": case.found,
                "action": "Lot sorted",
                "done_at": instant_text(at_ms),
            },
            *({"place": place, "applies": False} for place in _ELSEWHERE),
        ],
        "effectiveness_percent": "100",
        "introduced_at": instant_text(at_ms),
    }


def cause_group() -> Groups:
    """Root cause (D4), where there is one."""
    return {
        "causes": [
            {
                "id": kind,
                "kind": kind,
                "statement": "Simulated cause",
                "method": "5-why",
                "reproduced": True,
                "category": "machine",
            }
            for kind in ("TUA", "TUN", "SUA", "SUN")
        ]
    }


def closure_group(case: Case, at_ms: int) -> Groups:
    """The end (D8): who was responsible, and how many units were bad."""
    confirmed = case.found if case.cluster else 0
    return {
        "closed_at": instant_text(at_ms),
        "result": "Confirmed" if case.cluster else "No trouble found",
        "responsible": "supplier" if case.cluster else "none-found",
        "confirmed": confirmed,
    }


def defect_code(part: PartPlan) -> str:
    """The defect type that a part is prone to, so that a part's cases repeat."""
    return DEFECTS[int(part.number[-2:]) % len(DEFECTS)]


def _difference(part: PartPlan, lot: Lot, difference: Difference) -> Groups:
    return {
        "kind": difference.kind,
        "lot": lot.number,
        **(
            {"quantity": quantity_text(part.thousandths(difference.amount))}
            if difference.amount
            else {}
        ),
    }


def _total(part: PartPlan, lots: Sequence[Lot]) -> str:
    return quantity_text(sum(part.thousandths(lot.amount) for lot in lots))
