"""Keys to be sealed to, and records sealed to them, of a served log."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.compose import Filing
from ledger.sealed import OpenerKey
from ledger.sealing_submission import seal_submission
from tests.api.service import SUPPLIER, LiveService
from tests.ledger.parties import RandomStream, a_seed, payload_of, resign, sign_key


def register(service: LiveService, slug: str, label: str) -> OpenerKey:
    """A new key to be sealed to, of a member."""
    party = service.party(slug)
    key = OpenerKey.of(party.did, a_seed(label))
    text = sign_key(service.consortium, party, party.another_key(label))
    body = payload_of(text)["body"]
    body |= {"multikey": key.kid.partition("#")[2], "uses": ["seal"], "possession": None}
    service.admit(resign(text, party.admin, claims={"body": body}))
    return key


def sealed(service: LiveService, composed: str, kids: Sequence[str]) -> str:
    stream = RandomStream("api sealed")
    origin = service.consortium.origin
    return seal_submission(composed, {"note": kids}, origin=origin, random_bytes=stream)


def admit_sealed(service: LiveService, label: str) -> tuple[str, str]:
    """A record of the supplier with a sealed note to itself alone: its id, and the envelope."""
    key = register(service, SUPPLIER, label)
    groups = {"lot": {"number": "L-9", "pieces": 1}, "note": "a secret recipe"}
    composed = service.record(groups, filing=Filing(tiers={"note": "sealed"}))
    text = sealed(service, composed, [key.kid])
    return service.admit(text), text[:-1].rpartition("~")[2]
