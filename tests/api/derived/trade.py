"""A customer and a supplier at work on a served log: what they agree on, ship and receive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ledger.compose import Filing
from tests.api.service import LABORATORY, OEM, STRANGER, SUPPLIER, LiveService
from tests.ledger.acts import Members

FAMILY = "gears"
LONG_WAIT_SECONDS = 20.0


@dataclass
class Trade:
    """Submits records of two parties; each method gives the record's id."""

    live: LiveService
    customer: str = OEM
    supplier: str = SUPPLIER

    def did(self, slug: str) -> str:
        """The DID of a party."""
        return self.live.party(slug).did

    def text(
        self, vct: str, groups: dict[str, Any], *, by: str, corrects: str | None = None
    ) -> str:
        """A record of one side to the other one, not submitted yet."""
        to = self.did(self.supplier if by == self.customer else self.customer)
        if corrects:
            groups = {**groups, "correction": {"reason": "typing", "note": "a wrong figure"}}
        cited = groups.get("state", {}).get("shipment") if vct == "goods-receipt/v1" else None
        filing = Filing(
            subject=to,
            to=[to],
            corrects=corrects,
            cites=[cited] if cited else [],
        )
        return self.live.record(groups, by=by, filing=filing, vct=vct)

    def file(self, vct: str, groups: dict[str, Any], **given: Any) -> str:
        """A record that is admitted."""
        return self.live.admit(self.text(vct, groups, **given))

    def endorse(self, of: str, *, by: str) -> str:
        """An approval."""
        state = {"act": "endorse", "of": of, "meaning": "approve"}
        return self.file("act/v1", {"state": state}, by=by)

    def agree(self) -> str:
        """A supply relation in force."""
        state = {
            "act": "relation",
            "kind": "supply",
            "customer": self.did(self.customer),
            "provider": self.did(self.supplier),
            "families": [FAMILY],
        }
        offer = self.file("act/v1", {"state": state}, by=self.customer)
        self.endorse(offer, by=self.supplier)
        return offer

    def add_part(self, number: str, *, unit: str = "H87", pieces_per_unit: str = "") -> str:
        """A part in force."""
        state = {
            "number": number,
            "revision": "A",
            "customer": self.did(self.customer),
            "supplier": self.did(self.supplier),
            "family": FAMILY,
            "unit": unit,
            "safety": False,
        }
        detail: dict[str, Any] = {"names": {"en": f"part {number}"}, "commodity": "steel"}
        if pieces_per_unit:
            detail["pieces_per_unit"] = pieces_per_unit
        groups = {"state": state, "detail": detail}
        part = self.file("part/v1", groups, by=self.customer)
        self.endorse(part, by=self.supplier)
        return part

    def part(self, number: str) -> dict[str, str]:
        """A part as papers name it."""
        return {
            "customer": self.did(self.customer),
            "supplier": self.did(self.supplier),
            "number": number,
            "revision": "A",
        }

    def shipment(
        self, number: str, *, part: str, on: str, quantity: str, unit: str = "H87", **given: Any
    ) -> str:
        """A shipment in one lot, or in those given as ``lots``."""
        lots = given.pop("lots", None) or [(f"L-{number}", quantity)]
        state = {"shipment": number, "part": self.part(part), "shipped_on": on}
        groups = {"state": state, "goods": goods(quantity, unit, lots)}
        return self.file("shipment/v1", groups, by=self.supplier, **given)

    def receipt(
        self, number: str, *, of: str, part: str, on: str, quantity: str, **given: Any
    ) -> str:
        """A receipt of a shipment record."""
        lots = given.pop("lots", None) or [(f"L-{number}", quantity)]
        state = {"receipt": number, "shipment": of, "part": self.part(part), "received_on": on}
        groups: dict[str, Any] = {
            "state": state,
            "goods": goods(quantity, given.pop("unit", "H87"), lots),
        }
        stated = given.pop("differences", None)
        if stated:
            groups["differences"] = stated
        return self.file("goods-receipt/v1", groups, by=self.customer, **given)

    def complaint(
        self, number: str, *, part: str, lot: str, opened_at: str, closure: dict[str, Any] | None
    ) -> str:
        """A case, closed where a closure is given."""
        problem = {
            "complaint": number,
            "opened_at": opened_at,
            "part": part,
            "lots": [lot],
            "defect": "burr",
            "severity": "major",
            "found": 3,
            "suspect": 10,
            "symptom": "burrs at the edge",
        }
        groups: dict[str, Any] = {"problem": problem}
        if closure is not None:
            groups["closure"] = {
                "closed_at": "2026-12-20T10:00:00Z",
                "result": "analysed",
                **closure,
            }
        return self.file("corrective-action/v1", groups, by=self.customer)

    def await_tables(self) -> int:
        """Wait until all that is in the log is counted; the log's size."""
        size = self.live.wired.ledger.size
        self.live.wired.derived.await_size(size, LONG_WAIT_SECONDS)
        assert self.live.wired.derived.size >= size
        return size


def goods(quantity: str, unit: str, lots: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A quantity in lots."""
    listed = [{"number": number, "quantity": part} for number, part in lots]
    return {"quantity": quantity, "unit": unit, "lots": listed}


@contextmanager
def suspended(trade: Trade) -> Iterator[None]:
    """For a while the supplier is suspended, by the votes of the others."""
    members = Members(trade.live.consortium, at_ms=trade.live.clock.now_ms())
    first, *others = (trade.live.party(slug) for slug in (OEM, STRANGER, LABORATORY))

    def decide(act: str) -> None:
        of = trade.live.admit(members.proposal(first, act, {"party": trade.did(SUPPLIER)}))
        for party in others:
            trade.live.submit(members.endorsement(party.admin, of))

    decide("suspend")
    try:
        yield
    finally:
        decide("reinstate")
