"""A log on which a part is agreed and the defaults of sampling are in force, and its chains."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from keys.encoding import encode_base64url
from quality.builtin_parameters import builtin_sampling
from quality.in_force.parts import PartKey
from quality.in_force.skipping import chain_end, pre_image
from tests.ledger.ledger_stories import Story
from tests.ledger.parties import PartyKeys
from tests.quality.master_stories import (
    OEM,
    SUPPLIER,
    a_part,
    a_shipment,
    a_trade_story,
    agree,
    an_act,
    an_offer,
    some_parameters,
)

KEY: Final = PartKey(OEM.did, SUPPLIER.did, "GR-1")
PART: Final = {"customer": OEM.did, "supplier": SUPPLIER.did, "number": "GR-1"}
LENGTH: Final = 8


def a_seed(label: str = "first") -> bytes:
    """A seed that a test can make again."""
    return sha256(label.encode()).digest()


def an_end(label: str = "first") -> str:
    """The end of its chain, as a commit has it."""
    return encode_base64url(chain_end(a_seed(label), LENGTH))


def revealed(position: int, label: str = "first") -> str:
    """The pre-image of a position, as a reveal has it."""
    return encode_base64url(pre_image(a_seed(label), LENGTH, position=position))


def a_commit(
    label: str = "first", *, by: PartyKeys = OEM, to: PartyKeys = SUPPLIER, **changes: Any
) -> str:
    """A signed commit; a change to ``None`` leaves the member out."""
    state = {
        "act": "skip-commit",
        "part": PART,
        "end": an_end(label),
        "length": LENGTH,
        "one_in": 2,
        "accepted_before": 10,
        "reveal_within_hours": 24,
        **changes,
    }
    return an_act(by, to, **{name: value for name, value in state.items() if value is not None})


def a_reveal(of: str, lot: str, position: int, **changes: Any) -> str:
    """A signed reveal."""
    by, to = changes.pop("by", OEM), changes.pop("to", SUPPLIER)
    label = changes.pop("label", "first")
    state = {"act": "skip-reveal", "of": of, "lot": lot, "position": position}
    return an_act(by, to, **{**state, "preimage": revealed(position, label), **changes})


def a_sampled_story() -> Story:
    """A supply relation, the part GR-1 and the built-in parameters of sampling are in force."""
    story = a_trade_story()
    agree(story, an_offer("GEARS"))
    agree(story, a_part())
    story.admit(some_parameters("sampling", builtin_sampling().text))
    return story


def ship(story: Story, number: int) -> str:
    """Admit a shipment of the part; its record id."""
    [admitted] = story.admit(a_shipment(shipment=f"DN-{number}"))
    return admitted.record_id


def admit(story: Story, text: str) -> str:
    """Admit a record; its id."""
    [admitted] = story.admit(text)
    return admitted.record_id
