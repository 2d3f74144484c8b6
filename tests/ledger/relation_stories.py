"""A consortium that keeps relations: its acts and its records of one side, and its log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger.compose import Filing
from ledger.record_type import document_digest
from ledger.relations import Relation, Relations
from ledger.store import Store
from ledger.submission import Admitted
from tests.ledger.ledger_stories import Story, a_story
from tests.ledger.parties import NOW_S, PartyKeys, Plan, a_consortium
from tests.ledger.sample_types import ACT, DELIVERY, ORDER, sample_type_text, type_text

PLAN: Final = Plan(
    founders={
        "borealis-motors": ("oem", "operator"),
        "hanfeng-drive": ("supplier",),
        "ningbo-casting": ("supplier",),
        "meridian-cert": ("certifier", "laboratory"),
    },
    types=(sample_type_text(), *map(type_text, (ACT, ORDER, DELIVERY))),
    thresholds={"policy": 1},
)
RELATED: Final = a_consortium(PLAN)
OEM, TIER1, TIER2, CERTIFIER = RELATED.parties.values()


def a_related_story(store: Store | None = None, **parts: Any) -> Story:
    """A log whose consortium is founded and has no relation yet."""
    story = a_story(store, **parts)
    story.admit(*RELATED.texts)
    return story


def sign(
    vct: str, party: PartyKeys, groups: Mapping[str, Any], *, label: str = "", **filing: Any
) -> str:
    """A signed business record; another label is another record."""
    composer = RELATED.composer(party.signing, label=f"{vct} {label} {groups} {filing}")
    kind = RELATED.fold.types[vct]
    return composer.compose_record(kind, groups, filing=Filing(**filing), iat=NOW_S)


def an_act(party: PartyKeys, state: Mapping[str, Any], to: Sequence[PartyKeys], **more: Any) -> str:
    """A signed act."""
    given = [other.did for other in to]
    filing = {"to": given, "subject": given[0] if given else None, **more}
    return sign("act/v1", party, {"state": dict(state)}, **filing)


def offer_state(
    customer: PartyKeys, provider: PartyKeys, *families: str, kind: str = "supply"
) -> dict[str, Any]:
    """What an offer says."""
    return {
        "act": "relation",
        "kind": kind,
        "customer": customer.did,
        "provider": provider.did,
        "families": list(families),
    }


def an_offer(customer: PartyKeys, provider: PartyKeys, *families: str, **more: Any) -> str:
    """A supply relation that the customer offers."""
    return an_act(customer, offer_state(customer, provider, *families), [provider], **more)


def an_answer(
    party: PartyKeys, of: str, to: PartyKeys, *, meaning: str = "approve", **more: Any
) -> str:
    """An endorsement of an offer."""
    return an_act(party, {"act": "endorse", "of": of, "meaning": meaning}, [to], **more)


def an_end(party: PartyKeys, of: str, to: PartyKeys, **more: Any) -> str:
    """The end of a relation."""
    return an_act(party, {"act": "end", "of": of, "reason": "over"}, [to], **more)


def an_order(
    customer: PartyKeys, *to: PartyKeys, family: str | None = None, number: str = "O-1"
) -> str:
    """What only a customer may say to its supplier."""
    groups = {"lot": {"number": number}}
    given = [other.did for other in to]
    subject = given[0] if given else None
    return sign("sample-order/v1", customer, groups, to=given, subject=subject, family=family)


def a_delivery(
    supplier: PartyKeys, *to: PartyKeys, family: str | None = None, number: str = "D-1"
) -> str:
    """What only a supplier may say to its customer."""
    groups = {"lot": {"number": number}}
    given = [other.did for other in to]
    subject = given[0] if given else None
    return sign("sample-delivery/v1", supplier, groups, to=given, subject=subject, family=family)


def some_parameters(name: str, members: Mapping[str, Any], *, label: str = "") -> str:
    """A version of parameters, which one vote is enough for here."""
    text = type_text(dict(members))
    body = {"name": name, "sha256": document_digest(text), "document": text}
    return RELATED.governance(OEM.signing, "parameters/v1", body, label=f"{name} {text} {label}")


def relate(story: Story, customer: PartyKeys, provider: PartyKeys, *families: str) -> Relation:
    """Put a supply relation in force."""
    [offered] = story.admit(an_offer(customer, provider, *families))
    story.admit(an_answer(provider, offered.record_id, customer))
    return relations_of(story).by_id[offered.record_id]


def relations_of(story: Story) -> Relations:
    """What the log says is in force."""
    return story.ledger.state.relations


def outcome(story: Story, text: str) -> str | None:
    """The code with which a record is refused; None where it is admitted."""
    [found] = story.submit(text)
    return None if isinstance(found, Admitted) else found.code
