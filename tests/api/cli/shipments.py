"""What a shipment of a part says, for tests of commands that need one."""

from __future__ import annotations

from typing import Any

from tests.quality.examples import example


def shipment_groups(customer: str, supplier: str, number: str) -> dict[str, Any]:
    """Five pieces of one lot."""
    groups = example("shipment/v1")
    groups.pop("correction")
    part = {"customer": customer, "supplier": supplier, "number": number, "revision": "A"}
    groups["state"] = {"shipment": f"DN-{number}", "part": part, "shipped_on": "2026-11-10"}
    groups["goods"] = {"quantity": "5", "unit": "H87", "lots": [{"number": "L", "quantity": "5"}]}
    return groups
