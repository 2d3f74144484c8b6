"""A log of the trade: a customer, its supplier and a third party, and what they agree on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger.compose import Filing
from ledger.faults import Refusal
from ledger.record_type import document_digest
from ledger.store import Store
from ledger.submission import Admitted
from quality.masters import Masters
from quality.rules import QualityRules
from quality.types import business_types
from tests.ledger.ledger_stories import Story, a_story
from tests.ledger.parties import NOW_S, PartyKeys, Plan, a_consortium
from tests.quality.examples import Json, example

PLAN: Final = Plan(
    founders={
        "borealis-motors": ("oem", "operator"),
        "lindqvist-gears": ("supplier",),
        "suzhou-ceramics": ("supplier", "laboratory"),
    },
    types=business_types(),
    thresholds={"policy": 1},
)
TRADE: Final = a_consortium(PLAN)
OEM, SUPPLIER, OTHER = TRADE.parties.values()


def a_trade_story(store: Store | None = None) -> Story:
    """A log whose consortium is founded, on which nothing is agreed yet."""
    story = a_story(store, rules=QualityRules(), state=Masters())
    story.admit(*TRADE.texts)
    return story


def sign(
    vct: str,
    party: PartyKeys,
    groups: Mapping[str, Any],
    *,
    to: Sequence[PartyKeys] = (),
    label: str = "",
    **filing: Any,
) -> str:
    """A signed record; another label is another record."""
    composer = TRADE.composer(party.signing, label=f"{vct} {label} {groups} {filing}")
    addressed = [other.did for other in to]
    subject = addressed[0] if addressed else None
    given = Filing(**{"to": addressed, "subject": subject, **filing})
    return composer.compose_record(TRADE.fold.types[vct], groups, filing=given, iat=NOW_S)


def an_act(party: PartyKeys, to: PartyKeys, **state: Any) -> str:
    """A signed act."""
    return sign("act/v1", party, {"state": state}, to=[to])


def an_offer(*families: str) -> str:
    """A supply relation that the customer offers."""
    return an_act(
        OEM,
        SUPPLIER,
        act="relation",
        kind="supply",
        customer=OEM.did,
        provider=SUPPLIER.did,
        families=list(families),
    )


def an_answer(of: str, meaning: str = "approve") -> str:
    """The supplier's answer to what waits for it."""
    return an_act(SUPPLIER, OEM, act="endorse", of=of, meaning=meaning)


def a_site(party: PartyKeys, code: str) -> str:
    """A site of a party."""
    groups = example("site/v1")
    groups["state"] = {"site": code, "kind": "plant"}
    del groups["correction"]
    return sign("site/v1", party, groups)


def a_part(
    number: str = "GR-1", revision: str = "A", *, family: str = "GEARS", **state: Any
) -> str:
    """A part that the customer proposes."""
    said = {
        "number": number,
        "revision": revision,
        "customer": OEM.did,
        "supplier": SUPPLIER.did,
        "family": family,
        "unit": "H87",
        "safety": False,
    }
    detail = {"names": {"en": "Gear"}, "commodity": "gears"}
    return sign("part/v1", OEM, {"state": said | state, "detail": detail}, to=[SUPPLIER])


def a_specification(revision: str, day: str, *, part: str = "GR-1", **state: Any) -> str:
    """A specification of a part, in force from a day."""
    said = {
        "specification": "SP-1",
        "revision": revision,
        "part": part,
        "customer": OEM.did,
        "supplier": SUPPLIER.did,
        "in_force_from": day,
    }
    groups: Json = {
        "state": said | state,
        "characteristics": example("specification/v1")["characteristics"],
    }
    return sign("specification/v1", OEM, groups, to=[SUPPLIER])


def an_inspection(
    *, cited: str | None = None, limits: Mapping[str, str] | None = None, **lot: Any
) -> str:
    """The supplier's outgoing inspection of a part, on 2026-11-20."""
    groups = inspection_groups(cited=cited, limits=limits, **lot)
    return sign("inspection-report/v1", SUPPLIER, groups, to=[OEM])


def inspection_groups(
    *, cited: str | None = None, limits: Mapping[str, str] | None = None, **lot: Any
) -> dict[str, Json]:
    """What that inspection says."""
    said = {"number": "L-1", "part": "GR-1", "quantity": "10", "unit": "H87", **lot}
    if cited:
        said["specification"] = {"id": "SP-1", "revision": cited}
    measured = {"id": "D1", "class": "none", "unit": "MMT", "values": [{"value": "1"}]}
    return {
        "verdict": {
            "decision": "accept",
            "decided_at": "2026-11-20T09:30:00+01:00",
            "stage": "outgoing",
        },
        "lot": said,
        "measurements": {"characteristics": [measured | dict(limits or {})]},
    }


def a_shipment(
    *, number: str = "GR-1", revision: str = "A", unit: str = "H87", **state: Any
) -> str:
    """A shipment of the supplier."""
    part = {
        "customer": OEM.did,
        "supplier": SUPPLIER.did,
        "number": number,
        "revision": revision,
    }
    family = state.pop("family", None)
    groups = {
        "state": {"shipment": "DN-1", "part": part, "shipped_on": "2026-11-10", **state},
        "goods": {"quantity": "5", "unit": unit, "lots": [{"number": "L-1", "quantity": "5"}]},
    }
    return sign("shipment/v1", SUPPLIER, groups, to=[OEM], family=family)


def some_parameters(name: str, text: str) -> str:
    """A version of parameters, which one vote is enough for here."""
    body = {"name": name, "sha256": document_digest(text), "document": text}
    return TRADE.governance(OEM.signing, "parameters/v1", body, label=f"{name} {text}")


def agree(story: Story, text: str) -> str:
    """Have the supplier approve what the customer proposes; the record id of the proposal."""
    [proposed] = story.admit(text)
    story.admit(an_answer(proposed.record_id))
    return proposed.record_id


def masters_of(story: Story) -> Masters:
    """What is in force on the log."""
    state = story.ledger.state
    assert isinstance(state, Masters)
    return state


def refusal(story: Story, text: str) -> Refusal | None:
    """Why a record is refused; None where it is admitted."""
    [found] = story.submit(text)
    if isinstance(found, Admitted):
        return None
    assert isinstance(found, Refusal)
    return found


def code(story: Story, text: str) -> str | None:
    """The code of its refusal."""
    found = refusal(story, text)
    return found.code if found else None
