"""A log with a record whose band its own exact value disproves.

As where the exact group was sealed when the record was admitted, and opened to a reader later.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from ledger.anchor import Anchor, parse_anchor
from tests.ledger.parties import Plan, a_consortium
from tests.ledger.sample_types import sample_definition, sample_type_text
from tests.ledger.view_log import ForgedLog, Show, anchor_text, as_text

SAMPLE_RULE: Final = {
    "flag": "/bands/many",
    "of": "/lot/pieces",
    "at_least": "100",
}


def banded_definition() -> dict[str, Any]:
    """The sample type with a group of bands beside the lot."""
    definition = sample_definition(consistency=[SAMPLE_RULE], sd_length=16)
    rule = {"cardinality": "0..1", "floor": "public", "default": "public", "ceiling": "partner"}
    definition["groups"]["bands"] = rule
    definition["schema"]["properties"]["bands"] = {
        "type": "object",
        "properties": {"many": {"type": "boolean"}},
        "additionalProperties": False,
    }
    return definition


class ContradictoryLog:
    """The log, and views of its last record."""

    @cached_property
    def _consortium(self) -> Any:
        return a_consortium(Plan(types=(sample_type_text(**banded_definition()),)))

    @cached_property
    def _record(self) -> list[str]:
        party = tuple(self._consortium.parties.values())[1]
        groups = {"lot": {"number": "L-1", "pieces": 99}, "bands": {"many": True}}
        text: str = self._consortium.record(party, groups)
        return text[:-1].split("~")

    @property
    def disclosures(self) -> list[str]:
        """Every group of the record."""
        return self._record[1:]

    @property
    def anchor_text(self) -> str:
        """The trust anchor file of the log."""
        return anchor_text(self._consortium.charter)

    @property
    def anchor(self) -> Anchor:
        """The trust anchor of the log."""
        return parse_anchor(self.anchor_text.encode())

    def view(self, disclosures: Sequence[str]) -> bytes:
        """A view that shows these groups."""
        texts = self._consortium.texts
        log = ForgedLog((*(text.partition("~")[0] for text in texts), self._record[0]))
        last = len(texts)
        show = Show(last, keys=(0, 1, 4), type=last - 1, disclosures=disclosures)
        return as_text(log.view(show)).encode()
