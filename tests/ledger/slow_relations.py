"""What is in force by the words of docs/spec/relations.md, looked up from scratch each time.

Holds nothing but the list of admitted acts. Every question walks that list; nothing of
:mod:`ledger.relations` is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

OPEN_OFFERS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Done:
    """An act at its index."""

    index: int
    record_id: str
    party: str
    act: Mapping[str, Any]


@dataclass(slots=True)
class SlowRelations:
    """The acts so far."""

    done: list[Done] = field(default_factory=list)

    def offers(self) -> list[Done]:
        """Every offer."""
        return [item for item in self.done if item.act["act"] == "relation"]

    def answers(self, of: str) -> list[Done]:
        """What was said of an offer once it was there, in order."""
        since = next((x.index for x in self.offers() if x.record_id == of), None)
        return [
            item
            for item in self.done
            if since is not None and item.act.get("of") == of and item.index > since
        ]

    def began(self, of: str) -> int | None:
        """The entry that put it in force."""
        found = [x.index for x in self.answers(of) if x.act.get("meaning") == "approve"]
        return found[0] if found else None

    def over(self, of: str) -> int | None:
        """The entry that ended or rejected it."""
        found = [x.index for x in self.answers(of) if x.act.get("meaning") != "approve"]
        return found[0] if found else None

    def is_in_force(self, of: str, index: int) -> bool:
        """Whether an entry of that index meets it in force."""
        began, over = self.began(of), self.over(of)
        return began is not None and began < index and (over is None or index <= over)

    def in_force(
        self, kind: str, customer: str, provider: str, *, family: str | None, index: int
    ) -> bool:
        """Whether any such relation is in force for an entry of that index."""
        return any(
            (offer.act["kind"], offer.act["customer"], offer.act["provider"])
            == (kind, customer, provider)
            and (family is None or family in offer.act["families"])
            and self.is_in_force(offer.record_id, index)
            for offer in self.offers()
        )

    def refuse(self, party: str, act: Mapping[str, Any], to: Sequence[str]) -> str | None:
        """The code that an act is refused with; None where it is admitted."""
        if act["act"] == "relation":
            return self._refuse_offer(party, act, to)
        offer = next((x for x in self.offers() if x.record_id == act["of"]), None)
        if offer is None:
            return None
        sides = {offer.act["customer"], offer.act["provider"]}
        if party not in sides:
            return "unknown-record"
        is_over = self.over(offer.record_id) is not None
        is_answered = is_over or self.began(offer.record_id) is not None
        if act["act"] == "end" and is_over:
            return "not-permitted"
        if act["act"] == "endorse" and (is_answered or party == offer.party):
            return "not-permitted"
        return None if (sides - {party}) <= set(to) else "invalid-claims"

    def _refuse_offer(self, party: str, act: Mapping[str, Any], to: Sequence[str]) -> str | None:
        sides = {act["customer"], act["provider"]}
        if party not in sides or len(sides) == 1:
            return "not-permitted"
        waiting = [
            x
            for x in self.offers()
            if x.party == party
            and (x.act["customer"], x.act["provider"]) == (act["customer"], act["provider"])
            and not self.answers(x.record_id)
        ]
        if len(waiting) >= OPEN_OFFERS_MAX:
            return "not-permitted"
        return None if (sides - {party}) <= set(to) else "invalid-claims"
