"""Membership by proposal and endorsement (docs/spec/governance.md, sections 2 and 4)."""

from __future__ import annotations

import pytest

from ledger.party import Evidence, Standing
from tests.ledger.acts import Members, admission_of
from tests.ledger.parties import a_consortium, a_party

pytestmark = pytest.mark.item("3.1")

FOUNDED = a_consortium()
OEM, SUPPLIER, CERTIFIER = FOUNDED.parties.values()
NEW = a_party("new-castings")


def test_a_party_is_admitted_by_votes_and_its_own_consent() -> None:
    members = Members(FOUNDED)
    first = members.size
    of = members.propose(OEM, "admit", admission_of(NEW))
    assert members.fold.standing(NEW.did) is None
    members.accept(of, NEW.admin)
    assert members.fold.standing(NEW.did) is None
    members.vote(of, SUPPLIER)
    party = members.fold.parties[NEW.did]
    assert (party.standing, party.joined_at) == (Standing.MEMBER, first + 2)
    assert party.admin_keys == {NEW.admin.multikey}
    assert members.fold.proposals == {}
    assert party.evidence == (
        Evidence(first, OEM.did, first + 2),
        Evidence(first + 1, NEW.did, first + 2),
        Evidence(first + 2, SUPPLIER.did, first + 2),
    )
    members.admit(members.key(NEW, NEW.signing))
    assert members.submit(members.consortium.record(NEW)) is None


def test_consent_may_come_last() -> None:
    members = Members(FOUNDED)
    of = members.propose(OEM, "admit", admission_of(NEW))
    members.vote(of, SUPPLIER, CERTIFIER)
    assert NEW.did not in members.fold.parties
    members.accept(of, NEW.admin)
    assert members.fold.standing(NEW.did) is Standing.MEMBER
