"""The masters as records: sites, relations, parts, specifications, requirements, certificates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from quality.evaluation.calendar import day_text
from quality.evaluation.cast import SimulatedParty
from quality.evaluation.part_plan import PartPlan

Groups: TypeAlias = Mapping[str, Any]

REVISION: Final = "A"
_WEEK: Final = ["mon", "tue", "wed", "thu", "fri"]
#: Step limits of the method (section 3.1), in hours or days.
_STEPS: Final = (
    {"step": "ack", "hours": 2, "safety_hours": 1},
    {"step": "D3", "hours": 24, "safety_hours": 4},
    {"step": "D4", "days": 7, "safety_hours": 72},
    {"step": "D5", "days": 14, "safety_hours": 168},
    {"step": "D6", "days": 30, "safety_hours": 336},
    {"step": "D7", "days": 45},
    {"step": "D8", "days": 60},
)
_CERTIFICATE_DAYS: Final = 1095
_DAY_MS: Final = 86_400_000


def site_groups(party: SimulatedParty) -> Groups:
    """The one site of a party."""
    return {
        "state": {"site": party.site, "kind": party.site_kind},
        "identity": {"name": {"en": f"{party.name}, {party.city}"}, "gln": party.gln},
        "place": {"lines": ["1 Simulation Road"], "city": party.city, "country": party.country},
        "calendar": {
            "timezone": party.timezone,
            "shifts": [{"days": _WEEK, "from": "06:00", "to": "22:00"}],
            "holidays": [],
        },
    }


def relation_groups(
    kind: str, customer: SimulatedParty, provider: SimulatedParty, *, families: Sequence[str] = ()
) -> Groups:
    """An offer of a relation."""
    return {
        "state": {
            "act": "relation",
            "kind": kind,
            "customer": customer.did,
            "provider": provider.did,
            "families": list(families),
        }
    }


def endorsement_groups(stand_in: str) -> Groups:
    """The other side's yes to a relation, a part or a requirement."""
    return {"state": {"act": "endorse", "of": stand_in, "meaning": "approve"}}


def part_groups(part: PartPlan) -> Groups:
    """A part as its customer writes it."""
    per_unit = part.pieces_per_unit
    return {
        "state": {
            "number": part.number,
            "supplier_number": part.supplier_number,
            "revision": REVISION,
            "customer": part.customer.did,
            "supplier": part.supplier.did,
            "family": part.family,
            "unit": part.unit,
            "safety": part.is_safety,
            "site": part.customer.site,
        },
        "detail": {
            "names": {"en": f"{part.family} {part.number}"},
            "commodity": part.family,
            **({"pieces_per_unit": str(per_unit)} if per_unit else {}),
        },
    }


def specification_code(part: PartPlan) -> str:
    """The number of the one specification of a part."""
    return f"SPEC-{part.number}"


def specification_groups(part: PartPlan, at_ms: int) -> Groups:
    """The characteristics that a part is inspected against, in force from the day it is said."""
    return {
        "state": {
            "specification": specification_code(part),
            "revision": REVISION,
            "part": part.number,
            "customer": part.customer.did,
            "supplier": part.supplier.did,
            "in_force_from": day_text(at_ms),
            "site": part.customer.site,
        },
        "characteristics": [dict(item) for item in part.characteristics],
    }


def requirement_code(customer: SimulatedParty, supplier: SimulatedParty) -> str:
    """The number of the one requirement between two parties."""
    return f"REQ-{customer.slug}-{supplier.slug}"


def requirement_groups(
    customer: SimulatedParty, supplier: SimulatedParty, *, families: Sequence[str], at_ms: int
) -> Groups:
    """What a customer asks of a supplier besides its parts."""
    return {
        "state": {
            "requirement": requirement_code(customer, supplier),
            "revision": REVISION,
            "supplier": supplier.did,
            "customer": customer.did,
            "families": list(families),
            "in_force_from": day_text(at_ms),
            "site": customer.site,
        },
        "credentials": [
            {
                "kind": "system-certificate",
                "scheme": "ISO 9001",
                "sites": [supplier.site],
                "from": day_text(at_ms),
            }
        ],
        "limits": {
            "steps": [dict(step) for step in _STEPS],
            "decision_hours": 48,
            "distinct_persons": False,
        },
        "targets": [
            {"family": family, "ppm": "50", "from": day_text(at_ms)} for family in families
        ],
        "labels": {"standard": "GS1", "fields": ["part", "lot", "quantity"]},
    }


def certificate_groups(certifier: SimulatedParty, holder: SimulatedParty, at_ms: int) -> Groups:
    """A system certificate, valid for three years."""
    return {
        "credential": {
            "kind": "system-certificate",
            "scheme": "ISO 9001",
            "number": certificate_code(certifier, holder),
            "holder": {"party": holder.did, "name": holder.name},
            "valid_from": day_text(at_ms),
            "valid_until": day_text(at_ms + _CERTIFICATE_DAYS * _DAY_MS),
            "status": "active",
            "site": certifier.site,
        }
    }


def certificate_code(certifier: SimulatedParty, holder: SimulatedParty) -> str:
    """The number of a certificate."""
    return f"{certifier.slug}-{holder.slug}"
