"""Keys to seal to, as a client believes them: by the log's entry, never by the service's word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from api.client import LogClient
from api.client_errors import NoSealingKey, SealingKeySubstituted
from api.sealing_keys import SealingKeys
from ledger.sealed import OpenerKey
from tests.api.sealed_records import register
from tests.api.service import LABORATORY, OEM, STRANGER, SUPPLIER, LiveService
from tests.ledger.parties import a_seed

pytestmark = pytest.mark.item("5.6.sealed")
Lie = Callable[[dict[str, Any]], object]


class Liar(LogClient):
    """A client of a service that tells something else of its members' keys."""

    lie: Lie = staticmethod(lambda key: key)
    instead: Mapping[str, str] = {}

    def parties(self) -> Mapping[str, Any]:
        told = dict(super().parties())
        for party in told["parties"]:
            for key in party["keys"]:
                if "seal" in key["uses"]:
                    self.lie(key)
        return told

    def view(self, record_id: str) -> bytes:
        return super().view(self.instead.get(record_id, record_id))


@pytest.fixture(scope="module")
def key(service: LiveService) -> OpenerKey:
    return register(service, OEM, "believed desk")


@pytest.fixture
def client(service: LiveService) -> Iterator[Liar]:
    with Liar(service.settings.public_url) as found:
        yield found


def keys_of(client: LogClient, service: LiveService) -> SealingKeys:
    return SealingKeys(client, service.anchor)


def test_a_registered_key_is_believed(service: LiveService, key: OpenerKey, client: Liar) -> None:
    assert key.kid in keys_of(client, service).kids_of(service.party(OEM).did)


@pytest.mark.parametrize("place", ["kid", "registered_at"])
def test_a_key_that_the_log_does_not_have_is_refused_by_name(
    service: LiveService, key: OpenerKey, client: Liar, place: str
) -> None:
    did = service.party(OEM).did
    own = OpenerKey.of(did, a_seed("the operator's own"))
    told = {"kid": own.kid, "registered_at": 2}[place]
    client.lie = lambda item: item.update({place: told})
    with pytest.raises(SealingKeySubstituted, match=f"for {did}") as refusal:
        keys_of(client, service).kids_of(did)
    named = own.kid if place == "kid" else key.kid
    assert named in str(refusal.value)


def test_another_party_s_key_is_not_taken_for_the_reader_s(
    service: LiveService, key: OpenerKey, client: Liar
) -> None:
    """Whoever runs the service is a member too, and has registered a key of its own."""
    theirs = register(service, SUPPLIER, "of the operator")
    did = service.party(OEM).did
    told = keys_of(client, service).source.parties()
    index = next(
        item["registered_at"]
        for party in told["parties"]
        for item in party["keys"]
        if item["kid"] == theirs.kid
    )
    multikey = theirs.kid.partition("#")[2]
    client.lie = lambda item: item.update(kid=f"{did}#{multikey}", registered_at=index)
    with pytest.raises(SealingKeySubstituted, match="do not trust this service"):
        keys_of(client, service).kids_of(did)
    assert key.kid


def test_a_view_that_does_not_verify_is_refused(
    service: LiveService, key: OpenerKey, client: Liar
) -> None:
    class Forger(Liar):
        def view(self, record_id: str) -> bytes:
            multikey = key.kid.partition("#")[2].encode()
            return super().view(record_id).replace(multikey[:10], b"z6LSforged").replace(b"A", b"B")

    with Forger(service.settings.public_url) as forger, pytest.raises(SealingKeySubstituted):
        keys_of(forger, service).kids_of(service.party(OEM).did)


def test_who_has_no_key_is_not_sealed_to(service: LiveService, client: Liar) -> None:
    for did in (service.party(LABORATORY).did, service.party(STRANGER).did, "did:web:nobody"):
        with pytest.raises(NoSealingKey):
            keys_of(client, service).kids_of(did)


def test_a_key_that_ended_is_not_sealed_to(
    service: LiveService, key: OpenerKey, client: Liar
) -> None:
    did = service.party(OEM).did
    assert key.kid in keys_of(client, service).kids_of(did)
    body: dict[str, Any] = {"kid": key.kid, "keeps": [], "reason": "lost", "contested_from": None}
    party = service.party(OEM)
    service.admit(service.consortium.governance(party.admin, "key-revocation/v1", body))
    try:
        kids = keys_of(client, service).kids_of(did)
    except NoSealingKey:
        kids = ()
    assert key.kid not in kids
