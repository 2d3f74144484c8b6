"""A customer and a supplier next to each other in a chain: all that they say to each other.

Which party is the customer is the only thing that tells one link of a chain from the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.compose import Filing
from tests.api.service import LiveService
from tests.quality.examples import example

FAMILY: Final = "gears"
NUMBER: Final = "GR-1"
#: What one side says to the other, in the order in which it may: (name, side that signs).
SAID: Final = (
    ("relation", "customer"),
    ("endorse-relation", "supplier"),
    ("part", "customer"),
    ("endorse-part", "supplier"),
    ("specification", "customer"),
    ("requirement", "customer"),
    ("endorse-requirement", "supplier"),
    ("outgoing-inspection", "supplier"),
    ("shipment", "supplier"),
    ("goods-receipt", "customer"),
    ("receiving-inspection", "customer"),
    ("complaint", "customer"),
)


def register_site(service: LiveService, slug: str) -> str:
    """The one site of a party; its code."""
    groups = example("site/v1")
    code = f"{slug[:8]}-1"
    groups["state"] = {"site": code, "kind": "plant"}
    for name in ("correction", "contact"):
        del groups[name]
    service.admit(service.record(groups, by=slug, vct="site/v1"))
    return code


@dataclass
class Link:
    """Two parties; :attr:`ids` holds the record of everything that was said, by its name."""

    service: LiveService
    customer: str
    supplier: str
    sites: Mapping[str, str]

    def __post_init__(self) -> None:
        """Nothing is said yet."""
        self.ids: dict[str, str] = {}

    def say_all(self) -> None:
        """Everything of :data:`SAID`, each admitted."""
        for name, side in SAID:
            self.ids[name] = self.service.admit(self.text(name, side))

    def text(self, name: str, side: str) -> str:
        """A signed record by a side to the other one."""
        by, other = self.customer, self.supplier
        if side == "supplier":
            by, other = other, by
        vct, groups = self._content(name, by)
        is_act = vct == "act/v1"
        to = self.did(other)
        shipment = self.ids.get("shipment") if name == "goods-receipt" else None
        filing = Filing(
            subject=to,
            to=[to],
            family=None if is_act else FAMILY,
            cites=[shipment] if shipment else [],
        )
        return self.service.record(groups, by=by, filing=filing, vct=vct)

    def did(self, slug: str) -> str:
        """The DID of a party."""
        return self.service.party(slug).did

    def _content(self, name: str, by: str) -> tuple[str, dict[str, Any]]:
        act, _, of = name.partition("-")
        if act == "endorse":
            state = {"act": "endorse", "of": self.ids[of], "meaning": "approve"}
            return "act/v1", {"state": state}
        kind, _, what = name.partition("-")
        if what == "inspection":
            return "inspection-report/v1", self._inspection(kind, by)
        content = {
            "relation": self._relation,
            "part": self._part,
            "specification": self._specification,
            "requirement": self._requirement,
            "shipment": self._shipment,
            "goods-receipt": self._goods_receipt,
            "complaint": self._complaint,
        }[name]
        vct = {"relation": "act/v1", "complaint": "corrective-action/v1"}.get(name, f"{name}/v1")
        return vct, content(by)

    @property
    def _sides(self) -> dict[str, str]:
        return {"customer": self.did(self.customer), "supplier": self.did(self.supplier)}

    def _relation(self, by: str) -> dict[str, Any]:
        del by
        sides = {"customer": self._sides["customer"], "provider": self._sides["supplier"]}
        return {"state": {"act": "relation", "kind": "supply", **sides, "families": [FAMILY]}}

    def _part(self, by: str) -> dict[str, Any]:
        state = {"number": NUMBER, "revision": "A", "family": FAMILY, "unit": "H87"}
        detail = {"names": {"en": "Gear", "zh": "齿轮"}, "commodity": "gears"}
        return {"state": {**state, "safety": False, **self._at(by)}, "detail": detail}

    def _specification(self, by: str) -> dict[str, Any]:
        state = {"specification": "SP-1", "revision": "A", "part": NUMBER}
        characteristics = example("specification/v1")["characteristics"]
        return {
            "state": {**state, "in_force_from": "2026-01-01", **self._at(by)},
            "characteristics": characteristics,
        }

    def _requirement(self, by: str) -> dict[str, Any]:
        state = {"requirement": "QR-1", "revision": "1", "families": [FAMILY]}
        return {"state": {**state, "in_force_from": "2026-01-01", **self._at(by)}}

    def _at(self, by: str) -> dict[str, str]:
        return {**self._sides, "site": self.sites[by]}

    def _inspection(self, stage: str, by: str) -> dict[str, Any]:
        measured = {"id": "D1", "class": "SC", "unit": "INH", "values": [{"value": "1.000"}]}
        return {
            "verdict": {
                "decision": "accept",
                "decided_at": "2026-11-20T09:30:00+01:00",
                "stage": stage,
            },
            "lot": {
                "number": "L-1",
                "part": NUMBER,
                "quantity": "500",
                "unit": "H87",
                "site": self.sites[by],
                "specification": {"id": "SP-1", "revision": "A"},
                **self._sides,
            },
            "measurements": {"characteristics": [measured]},
        }

    def _shipment(self, by: str) -> dict[str, Any]:
        state = {"shipment": "DN-1", "part": self._delivered, "shipped_on": "2026-11-10"}
        sites = {"site": self.sites[by], "to_site": self.sites[self.customer]}
        return {"state": {**state, **sites}, "goods": _GOODS}

    def _goods_receipt(self, by: str) -> dict[str, Any]:
        state = {"receipt": "WE-1", "part": self._delivered, "received_on": "2026-11-18"}
        of = self.ids.get("shipment", "s" * 43)
        return {"state": {**state, "shipment": of, "site": self.sites[by]}, "goods": _GOODS}

    @property
    def _delivered(self) -> dict[str, str]:
        return {**self._sides, "number": NUMBER, "revision": "A"}

    def _complaint(self, by: str) -> dict[str, Any]:
        problem = {
            "complaint": "8D-1",
            "opened_at": "2026-11-21T08:00:00+01:00",
            "part": NUMBER,
            "lots": ["L-1"],
            "defect": "burr",
            "severity": "minor",
            "found": 1,
            "suspect": 1,
            "symptom": "Burr at the edge",
            "site": self.sites[by],
        }
        return {"problem": problem}


_GOODS: Final = {
    "quantity": "500",
    "unit": "H87",
    "lots": [{"number": "L-1", "quantity": "500"}],
}
