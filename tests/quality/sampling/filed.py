"""Records about the sampling of one part, as the log files them."""

from __future__ import annotations

from typing import Any

from keys.encoding import encode_base64url
from quality.deliveries.agreed import Filed, Lane
from quality.in_force.skipping import pre_image
from quality.sampling.history import SampledRecord, SamplingRecords

CUSTOMER, SUPPLIER, LAB, OTHER = "did:web:c", "did:web:s", "did:web:l", "did:web:o"
LANE = Lane(CUSTOMER, SUPPLIER, "P-1")
PART = {"customer": CUSTOMER, "supplier": SUPPLIER, "number": "P-1"}
HOUR_MS = 3_600_000


def filed(index: int, vct: str, groups: dict[str, Any], *, by: str) -> Filed:
    """A record ``r<index>``, an hour after the one before."""
    return Filed(index, f"r{index}", by, vct, groups, admitted_ms=index * HOUR_MS)


def an_act(index: int, *, by: str = CUSTOMER, **state: Any) -> Filed:
    """An act with this state."""
    return filed(index, "act/v1", {"state": state}, by=by)


def a_laboratory(index: int, *, of: str = CUSTOMER, provider: str = LAB) -> list[Filed]:
    """A relation in which the laboratory measures for the customer, and its endorsement."""
    sides = {"customer": of, "provider": provider}
    offer = an_act(index, by=of, act="relation", kind="laboratory", families=[], **sides)
    answer = an_act(index + 1, by=provider, act="endorse", of=offer.record_id, meaning="approve")
    return [offer, answer]


def a_commit(index: int, **given: Any) -> Filed:
    """The customer commits to a chain of draws."""
    state: dict[str, Any] = {"part": PART, "end": "A" * 43, "length": 10, "one_in": 2}
    state |= {"accepted_before": 1, "reveal_within_hours": 24}
    return an_act(index, act="skip-commit", **state | given)


def a_reveal(index: int, *, lot: str, position: int, seed: bytes) -> Filed:
    """The customer reveals a position of the chain of ``r1``, which is 10 long."""
    preimage = encode_base64url(pre_image(seed, 10, position=position))
    state: dict[str, Any] = {"of": "r1", "lot": lot, "position": position, "preimage": preimage}
    return an_act(index, act="skip-reveal", **state)


def a_shipment(index: int, **given: Any) -> Filed:
    """A shipment of the part, with lots of the numbers ``lots``: one of its own."""
    lots = given.pop("lots", (f"L-{index}",))
    goods = {
        "quantity": str(1_000 * len(lots)),
        "unit": "H87",
        "lots": [{"number": number, "quantity": "1000"} for number in lots],
    }
    manifest = {"subject": given.pop("subject", CUSTOMER), "corrects": given.pop("corrects", None)}
    state = {"shipment": f"S-{index}", "part": PART, "shipped_on": "2026-10-01", **given}
    return filed(
        index, "shipment/v1", {"manifest": manifest, "state": state, "goods": goods}, by=SUPPLIER
    )


def a_report(index: int, **given: Any) -> Filed:
    """An inspection at receipt, accepted, of a lot of its own, by the customer.

    ``defective`` units of class major, of 80 by a plan that accepts 2, say whether it is.
    """
    by, defective = given.pop("by", CUSTOMER), given.pop("defective", 0)
    subject = given.pop("subject", SUPPLIER)
    decision = "accept" if defective <= 2 else "reject"
    severity = given.pop("severity", "normal")
    class_plan = {"class": "major", "aql": "1.0", "accept": 2, "reject": 3, "severity": severity}
    major = {"code": "burr", "class": "major", "units": defective, "nonconformities": defective}
    groups: dict[str, Any] = {
        "manifest": {
            "owner": by,
            "subject": subject,
            "corrects": given.pop("corrects", None),
            "groups": given.pop("tiers", {}),
        },
        "address": {"to": given.pop("to", [])},
        "lot": {
            "number": f"L-{index}",
            "part": "P-1",
            "quantity": "1000",
            "unit": "H87",
            "customer": CUSTOMER,
            "supplier": SUPPLIER,
            **given.pop("lot", {}),
        },
        "plan": {
            "standard": "ISO 2859-1",
            "level": "II",
            "severity": severity,
            "sample": 80,
            "whole_lot": False,
            "classes": [class_plan],
        },
        "verdict": {
            "decision": given.pop("decision", decision),
            "decided_at": "2026-10-01T08:00:00Z",
            "stage": given.pop("stage", "receiving"),
            "remark": "long words",
        },
        "defects": {"inspected": 80, "defective": defective, "items": [major] * bool(defective)},
        "measurements": {"characteristics": []},
    }
    assert not given, given
    return filed(index, "inspection-report/v1", groups, by=by)


def read_all(records: list[Filed]) -> list[SampledRecord]:
    """What these records say of sampling, each after those before it."""
    reading, found = SamplingRecords(), []
    for record in records:
        said = reading.read(record)
        reading.apply(record)
        if said is not None:
            found.append(said)
    return found
