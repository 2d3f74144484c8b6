"""Models of a production line: each card, what was decided about it, and which one is active.

A card is filed in *shadow*. Two keys of the line's owner, neither of them the card's own, approve
it: four eyes. Activated, it takes the place of the one before, which is *superseded*; rolled back,
the one before is active again. Pure, after docs/spec/models.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple

from ledger.grown_map import GrownMap

#: Keys that approve a card before it watches a line.
APPROVALS: Final = 2
_NO_CARDS: Final[tuple[str, ...]] = ()


class LineKey(NamedTuple):
    """What names a line: whose it is, and where which machine makes which part."""

    owner: str
    site: str
    line: str
    machine: str
    part: str


class CardState(StrEnum):
    """Where a model is in its life."""

    SHADOW = "shadow"
    APPROVED = "approved"
    REJECTED = "rejected"
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    RETIRED = "retired"
    ROLLED_BACK = "rolled-back"


class Decision(StrEnum):
    """What the owner of a line says of a model."""

    APPROVE = "approve"
    REJECT = "reject"
    ACTIVATE = "activate"
    RETIRE = "retire"
    ROLL_BACK = "roll-back"


#: In which states each decision may be said.
DECIDED_IN: Final[Mapping[Decision, frozenset[CardState]]] = {
    Decision.APPROVE: frozenset({CardState.SHADOW}),
    Decision.REJECT: frozenset({CardState.SHADOW, CardState.APPROVED}),
    Decision.ACTIVATE: frozenset({CardState.APPROVED}),
    Decision.RETIRE: frozenset(
        {CardState.SHADOW, CardState.APPROVED, CardState.ACTIVE, CardState.SUPERSEDED}
    ),
    Decision.ROLL_BACK: frozenset({CardState.ACTIVE}),
}


@dataclass(frozen=True, slots=True)
class Card:
    """A model as the log knows it.

    Attributes:
        record_id: of its card.
        line: what it watches.
        onnx_sha256: the digest of the model itself, base64url.
        signer: the key that signed the card, which does not approve it.
        parent: the card that it was trained after.
        index: of the card's entry.
        state: where it is in its life.
        approvals: the keys that approved it, in their order.
        changed_at: the entry of its newest change.
    """

    record_id: str
    line: LineKey
    onnx_sha256: str
    signer: str
    parent: str | None
    index: int
    state: CardState = CardState.SHADOW
    approvals: tuple[str, ...] = ()
    changed_at: int = 0

    @property
    def is_approved(self) -> bool:
        """Whether four eyes have seen it."""
        return len(self.approvals) >= APPROVALS


@dataclass(frozen=True, slots=True)
class Models:
    """Every card by its record, and of each line its cards in their order.

    ``active`` names the card that alarms on a line, ``trail`` those that were active before it
    and may be again, oldest first; ``first`` the one that was active first.
    """

    by_id: GrownMap[str, Card] = field(default_factory=GrownMap)
    by_line: GrownMap[LineKey, tuple[str, ...]] = field(default_factory=GrownMap)
    active: GrownMap[LineKey, str | None] = field(default_factory=GrownMap)
    trail: GrownMap[LineKey, tuple[str, ...]] = field(default_factory=GrownMap)
    first: GrownMap[LineKey, str] = field(default_factory=GrownMap)

    def of(self, line: LineKey) -> Iterator[Card]:
        """The cards of a line in the order of their entries."""
        return (self.by_id[record_id] for record_id in self.by_line.get(line, _NO_CARDS))

    def active_of(self, line: LineKey) -> Card | None:
        """The card whose model alarms on a line; None where none does."""
        record_id = self.active.get(line)
        return None if record_id is None else self.by_id[record_id]

    def first_of(self, line: LineKey) -> Card | None:
        """The card that was active first: what slow poisoning is compared with."""
        record_id = self.first.get(line)
        return None if record_id is None else self.by_id[record_id]

    def rolls_back_to(self, card: Card) -> Card | None:
        """The card that is active again once this one is rolled back; None where there is none."""
        trail = self.trail.get(card.line, _NO_CARDS)
        return self.by_id[trail[-1]] if trail else None

    def with_card(self, card: Card) -> Models:
        """The models after one more card."""
        known = self.by_line.get(card.line, _NO_CARDS)
        return replace(
            self,
            by_id=self.by_id.grown(card.record_id, replace(card, changed_at=card.index)),
            by_line=self.by_line.grown(card.line, (*known, card.record_id)),
        )

    def with_decision(self, record_id: str, decision: Decision, *, kid: str, index: int) -> Models:
        """The models after a decision; one about no card, or out of turn, changes nothing."""
        card = self.by_id.get(record_id)
        if card is None or card.state not in DECIDED_IN[decision]:
            return self
        match decision:
            case Decision.APPROVE:
                return self._approved(card, kid, index)
            case Decision.REJECT:
                return self._with(card, CardState.REJECTED, index)
            case Decision.ACTIVATE:
                return self._activated(card, index)
            case Decision.RETIRE:
                return self._retired(card, index)
            case Decision.ROLL_BACK:
                return self._rolled_back(card, index)

    def _approved(self, card: Card, kid: str, index: int) -> Models:
        if kid == card.signer or kid in card.approvals:
            return self
        card = replace(card, approvals=(*card.approvals, kid))
        state = CardState.APPROVED if len(card.approvals) >= APPROVALS else card.state
        return self._with(card, state, index)

    def _activated(self, card: Card, index: int) -> Models:
        before, models = self.active_of(card.line), self
        trail = self.trail.get(card.line, _NO_CARDS)
        if before is not None:
            models = self._with(before, CardState.SUPERSEDED, index)
            trail = (*trail, before.record_id)
        if card.line not in self.first:
            models = replace(models, first=models.first.grown(card.line, card.record_id))
        return models._with(card, CardState.ACTIVE, index)._pointing(
            card.line, card.record_id, trail=trail
        )

    def _retired(self, card: Card, index: int) -> Models:
        active = self.active.get(card.line)
        trail = self.trail.get(card.line, _NO_CARDS)
        return self._with(card, CardState.RETIRED, index)._pointing(
            card.line,
            None if active == card.record_id else active,
            trail=tuple(one for one in trail if one != card.record_id),
        )

    def _rolled_back(self, card: Card, index: int) -> Models:
        before = self.rolls_back_to(card)
        if before is None:
            return self
        models = self._with(card, CardState.ROLLED_BACK, index)
        return models._with(before, CardState.ACTIVE, index)._pointing(
            card.line, before.record_id, trail=self.trail[card.line][:-1]
        )

    def _with(self, card: Card, state: CardState, index: int) -> Models:
        after = replace(card, state=state, changed_at=index)
        return replace(self, by_id=self.by_id.grown(card.record_id, after))

    def _pointing(self, line: LineKey, record_id: str | None, *, trail: tuple[str, ...]) -> Models:
        return replace(
            self,
            active=self.active.grown(line, record_id),
            trail=self.trail.grown(line, trail),
        )


def line_of(owner: str, stated: Mapping[str, Any]) -> LineKey:
    """The line that a record names, of its owner."""
    return LineKey(owner, stated["site"], stated["line"], stated["machine"], stated["part"])


def read_card(state: Mapping[str, Any], *, record_id: str, kid: str, index: int) -> Card:
    """The card that the group ``state`` of a ``model-card/v1`` brings."""
    return Card(
        record_id=record_id,
        line=line_of(state["owner"], state["line"]),
        onnx_sha256=state["onnx_sha256"],
        signer=kid,
        parent=state.get("parent"),
        index=index,
    )
