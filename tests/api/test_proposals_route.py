"""What is being decided is told to everybody: who voted, who may, what is missing, until when."""

from __future__ import annotations

from typing import Any

import pytest

from ledger import limits
from tests.api.service import LABORATORY, OEM, SUPPLIER, LiveService
from tests.ledger.acts import DAY_MS, Members, admission_of, recovery_of
from tests.ledger.parties import PartyKeys, a_party

pytestmark = pytest.mark.item("3.1")


def listed(live: LiveService) -> dict[str, Any]:
    """The answer of the route."""
    answer = live.http.get("/v1/proposals")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    members: dict[str, Any] = answer.json()
    return members


def test_an_open_proposal_is_listed_until_it_is_in_force(own_service: LiveService) -> None:
    members = Members(own_service.consortium, own_service.clock.now_ms())
    candidate = a_party("vega-forge")
    content = admission_of(candidate)
    of = own_service.admit(members.proposal(own_service.party(OEM), "admit", content, "tier 2"))

    (shown,) = listed(own_service)["proposals"]
    assert (shown["record_id"], shown["act"], shown["reason"]) == (of, "admit", "tier 2")
    assert (shown["content"], shown["about"]) == (content, candidate.did)
    assert shown["proposer"] == own_service.party(OEM).did
    assert shown["approvals"] == [own_service.party(OEM).did]
    assert (len(shown["electors"]), shown["needed"], shown["missing"]) == (4, 3, 2)
    assert shown["awaits_consent"]
    assert shown["lapses_ms"] == own_service.clock.now_ms() + limits.PROPOSAL_MILLISECONDS_MAX

    own_service.admit(members.endorsement(candidate.admin, of, "accept"))
    against = members.endorsement(own_service.party(LABORATORY).admin, of, "reject")
    own_service.admit(against)
    (shown,) = listed(own_service)["proposals"]
    assert (shown["awaits_consent"], shown["missing"]) == (False, 2)
    assert shown["rejections"] == [own_service.party(LABORATORY).did]

    for slug in (SUPPLIER, LABORATORY):
        own_service.admit(members.endorsement(own_service.party(slug).admin, of))
    assert listed(own_service)["proposals"] == []


def test_a_proposal_that_lapsed_is_not_listed(own_service: LiveService) -> None:
    members = Members(own_service.consortium, own_service.clock.now_ms())
    about = {"party": own_service.party(SUPPLIER).did}
    own_service.admit(members.proposal(own_service.party(LABORATORY), "suspend", about))
    own_service.clock.advance(limits.PROPOSAL_MILLISECONDS_MAX)
    assert len(listed(own_service)["proposals"]) == 1
    own_service.clock.advance(1)
    assert listed(own_service)["proposals"] == []


def test_a_carried_recovery_is_listed_until_it_is_due_and_then_its_keys_are(
    own_service: LiveService,
) -> None:
    members = Members(own_service.consortium, own_service.clock.now_ms())
    lost = own_service.party(SUPPLIER)
    key, following = lost.another_key("found"), lost.another_key("after")
    content = recovery_of(lost, key, following)
    of = own_service.admit(members.proposal(own_service.party(OEM), "recover", content))
    others = set(own_service.consortium.parties) - {OEM, SUPPLIER}
    for voter in sorted(others):
        own_service.admit(members.endorsement(own_service.party(voter).admin, of))
    (shown,) = listed(own_service)["proposals"]
    assert (shown["missing"], shown["awaits_consent"]) == (0, True)
    own_service.admit(members.endorsement(key, of, "accept"))

    (shown,) = listed(own_service)["recoveries"]
    due_ms = own_service.clock.now_ms() + 7 * DAY_MS
    assert (shown["record_id"], shown["due_ms"], shown["about"]) == (of, due_ms, lost.did)
    own_service.clock.advance(7 * DAY_MS - 1)
    assert len(listed(own_service)["recoveries"]) == 1
    own_service.clock.advance(1)
    assert listed(own_service)["recoveries"] == []
    assert told(own_service, lost) == {
        key.kid: (True, None, None),
        lost.admin.kid: (False, 0, None),
    }


def test_a_recovery_is_told_with_the_governance_entry_that_completed_it(
    own_service: LiveService,
) -> None:
    members = Members(own_service.consortium, own_service.clock.now_ms())
    lost = own_service.party(SUPPLIER)
    key, following = lost.another_key("found"), lost.another_key("after")
    content = recovery_of(lost, key, following)
    of = own_service.admit(members.proposal(own_service.party(OEM), "recover", content))
    for voter in sorted(set(own_service.consortium.parties) - {OEM, SUPPLIER}):
        own_service.admit(members.endorsement(own_service.party(voter).admin, of))
    own_service.admit(members.endorsement(key, of, "accept"))
    own_service.clock.advance(7 * DAY_MS)
    members.wait(7 * DAY_MS)

    # Business entries leave it to the next governance entry, however late they are.
    iat = own_service.clock.now_ms() // 1000
    own_service.admit(own_service.consortium.record(lost, iat=iat))
    due = {key.kid: (True, None, None), lost.admin.kid: (False, 0, None)}
    assert told(own_service, lost) == due
    index = own_service.http.get("/v1/parties").json()["size"]
    own_service.admit(members.key(lost, lost.another_key("phone"), by=key))
    complete = {key.kid: (True, index - 1, None), lost.admin.kid: (False, 0, index)}
    assert told(own_service, lost) == complete


def told(service: LiveService, party: PartyKeys) -> dict[str, tuple[bool, int | None, int | None]]:
    """What is told of the admin keys of a party: in force, since, until."""
    parties = service.http.get("/v1/parties").json()["parties"]
    found = next(item for item in parties if item["did"] == party.did)
    return {
        item["kid"]: (item["in_force"], item["registered_at"], item["ended_at"])
        for item in found["admin_keys"]
    }
