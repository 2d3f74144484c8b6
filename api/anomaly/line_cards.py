"""The cards of one line: the fold that admission judges decisions by, and what the cards say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from api.anomaly.events import card_digest, rows_not_trained_on, training_records
from api.anomaly.places import CARD_VCT, Place
from keys.encoding import decode_base64url
from quality.deliveries.agreed import Filed
from quality.in_force.models import Card, CardState, Decision, LineKey, Models
from quality.values import items, part, text
from scoring.anomaly.injected import Reference

_WAITING: Final = frozenset({CardState.SHADOW, CardState.APPROVED})


class LineCards:
    """Folds cards and decisions of one line in the order of their entries."""

    def __init__(self, place: Place) -> None:
        """No card was filed yet."""
        self._line = LineKey(*place)
        self._models = Models()
        self._records: dict[str, Filed] = {}

    def note(self, record: Filed) -> None:
        """Take in a card, or what was decided about one; what does not fit changes nothing."""
        if record.vct == CARD_VCT:
            self._records[record.record_id] = record
            self._models = self._models.with_card(self._card(record))
            return
        stated = record.groups
        card, decision = (text(stated, "state", name) for name in ("card", "decision"))
        if card is None or decision is None or record.party != self._line.owner:
            return
        self._models = self._models.with_decision(
            card, Decision(decision), kid=record.kid, index=record.index
        )

    @property
    def owner(self) -> str:
        """Whose line it is."""
        return self._line.owner

    @property
    def active(self) -> str | None:
        """The record id of the card in force."""
        return self._models.active.get(self._line)

    @property
    def first(self) -> str | None:
        """The record id of the card that was in force first."""
        return self._models.first.get(self._line)

    def waiting(self) -> list[str]:
        """The cards in shadow and those that only wait to be activated, the oldest first."""
        return [one.record_id for one in self._models.of(self._line) if one.state in _WAITING]

    def digest(self, card: str | None) -> str | None:
        """The digest of a card's model, in hex; None without a card."""
        return None if card is None else card_digest(self._records[card])

    def trained_on(self, card: str) -> Sequence[str]:
        """The ids of the uploads that a card's model was trained on."""
        return training_records(self._records[card])

    def left_out(self, card: str) -> dict[str, frozenset[int]]:
        """The rows of these uploads that a card's model was not trained on."""
        return rows_not_trained_on(self._records[card])

    def admitted_ms(self, card: str) -> int:
        """When a card was admitted: about when its model was trained."""
        return self._records[card].admitted_ms

    def reference(self, card: str) -> Reference:
        """Centre and spread of each parameter, as a card tells them."""
        found = {}
        for each in items(self._records[card].groups, "reference", "parameters"):
            name, centre, spread = (text(each, key) for key in ("id", "location", "spread"))
            if name is not None and centre is not None and spread is not None:
                found[name] = (float(centre), float(spread))
        return found

    def data_digest(self, card: str) -> str | None:
        """The digest of its model's training rows as a card tells it, in hex."""
        told = text(self._records[card].groups, "training", "data_sha256")
        return None if told is None else decode_base64url(told).hex()

    def set_ups(self, card: str) -> frozenset[str]:
        """The set-ups that a card's model has a baseline of."""
        listed = items(self._records[card].groups, "training", "set_ups")
        return frozenset(each for each in listed if isinstance(each, str))

    def rows(self, card: str) -> int:
        """How many rows a card's model was trained on; 0 where that is not held."""
        found = part(self._records[card].groups, "training", "rows")
        return found if isinstance(found, int) else 0

    def facts(self) -> list[dict[str, Any]]:
        """What is told of every card, the oldest first."""
        return [
            {
                "record_id": card.record_id,
                "entry": card.index,
                "model": self.digest(card.record_id),
                "state": str(card.state),
                "since": card.changed_at,
                "approvals": list(card.approvals),
            }
            for card in self._models.of(self._line)
        ]

    def _card(self, record: Filed) -> Card:
        stated = record.groups
        return Card(
            record_id=record.record_id,
            line=self._line,
            onnx_sha256=text(stated, "state", "onnx_sha256") or "",
            signer=record.kid,
            parent=text(stated, "state", "parent"),
            index=record.index,
        )
