"""Members and machines come and go, keys are rotated and stolen; the log keeps its promise."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.party import Standing
from ledger.rules import ACTS
from tests.ledger.acts import DAY_MS, HOUR_MS, admission_of
from tests.ledger.parties import a_party, record_id_of
from tests.stories.consortium import Consortium
from tests.stories.members_at_work import MembersAtWork

NEW = a_party("new-castings")


@pytest.mark.item("3.done.test_key_rotation")
@pytest.mark.item("3.2.rotation")
def test_key_rotation(consortium: Consortium) -> None:
    """A machine key and the admin key above it are replaced while records are under way."""
    members = MembersAtWork(consortium)
    party, old = members.supplier, members.supplier.signing
    fresh, third = party.another_key("line 5"), party.another_key("third admin")
    under_way = members.report(party, old, "under way")
    members.admit(members.key(party, fresh, replaces=old.multikey))
    members.restart()
    # What was signed before may still arrive, for thirty days; what is signed later may not.
    members.wait(DAY_MS)
    assert members.submit(members.report(party, old, "too late")) == "key-not-valid"
    members.admit(under_way)
    members.admit(members.report(party, fresh, "with the new key"))
    # The committed key takes over from the admin key, by itself.
    members.admit(members.rotation(party, third, retires=[party.admin.multikey]))
    members.restart()
    another = party.another_key("line 6")
    assert members.submit(members.key(party, another)) == "key-not-valid"
    members.admit(members.key(party, another, by=party.next_admin))
    members.wait(30 * DAY_MS)
    late = members.report(party, old, "month later", late_s=30 * 24 * 3600)
    assert members.submit(late) == "key-not-valid"
    members.admit(members.report(party, another, "with the newest key"))


@pytest.mark.item("3.done.test_stolen_phone")
@pytest.mark.item("3.2.contested")
def test_stolen_phone(consortium: Consortium) -> None:
    """A thief files records until the key ends; it is cut off at its position in the log."""
    members = MembersAtWork(consortium)
    party, phone = members.supplier, members.supplier.another_key("phone")
    members.admit(members.key(party, phone))
    own = members.size
    members.admit(members.report(party, phone, "before the theft"))
    assert members.read(phone) is None
    members.wait(DAY_MS)
    doubted = members.size
    true = members.report(party, phone, "of the same morning")
    members.admit(true)
    members.wait(HOUR_MS)
    members.admit(members.report(party, phone, "by the thief"))
    members.wait(HOUR_MS)
    ended = members.size
    members.admit(
        members.revocation(party.admin, phone.kid, reason="stolen", contested_from=doubted)
    )
    members.restart()
    # Whatever the thief dates it: the position decides.
    assert members.submit(members.report(party, phone, "again")) == "key-not-valid"
    back = members.report(party, phone, "dated back", late_s=7200)
    assert members.submit(back) == "key-not-valid"
    assert members.read(phone) == "unknown-key"
    # The record before the theft stays what it was; the doubted ones are contested, not void.
    assert members.fold.contested(phone.kid, own) is None
    told = {"from": doubted, "before": ended, "at": ended}
    keys: Any = members.listed(party)["keys"]
    stolen = next(key for key in keys if key["kid"] == phone.kid)
    assert (stolen["ended_at"], stolen["contested"]) == (ended, [told])
    affirmed = members.size
    members.admit(members.endorsement(party.admin, record_id_of(true), "accept"))
    assert members.fold.parties[party.did].reaffirmed == {record_id_of(true): affirmed}
    members.restart()
    again = members.endorsement(party.admin, record_id_of(true), "accept")
    assert members.submit(again) == "not-permitted"
    members.admit(members.report(party, party.signing, "business goes on"))


@pytest.mark.item("3.done.test_party_leaves")
@pytest.mark.item("3.1")
def test_party_leaves(consortium: Consortium) -> None:
    """A party joins, works, and leaves; its records stay, and nobody takes its place."""
    members = MembersAtWork(consortium)
    founder, reader = members.oem, NEW.another_key("reader")
    members.join(NEW, founder, members.supplier, members.other, roles=["supplier"])
    members.admit(members.key(NEW, NEW.signing))
    members.admit(members.key(NEW, reader))
    first = members.size
    members.admit(members.report(NEW, NEW.signing, "first"))
    assert members.read(reader) is None
    members.admit(members.proposal(NEW, "remove", {"party": NEW.did}))
    members.restart()
    party = members.fold.parties[NEW.did]
    assert [standing for at, standing in party.standings if at < first] == [Standing.MEMBER]
    assert members.listed(NEW)["standing"] == "removed"
    assert members.submit(members.report(NEW, NEW.signing, "second")) == "not-permitted"
    assert members.read(reader) == "unknown-key"
    # Neither its slug nor its keys come back.
    again = a_party("new-castings-2")
    old_slug = admission_of(again) | {"slug": NEW.slug}
    assert members.submit(members.proposal(founder, "admit", old_slug)) == "not-permitted"
    old_key = admission_of(again) | {"admin_keys": [NEW.admin.multikey]}
    assert members.submit(members.proposal(founder, "admit", old_key)) == "key-not-valid"
    # What it said is there for ever, at the same place.
    assert consortium.service.wired.ledger.reader.entry(first).party == NEW.did
    # The operator may leave only after it has handed over the log.
    leaving = members.proposal(founder, "remove", {"party": founder.did})
    assert members.submit(leaving) == "not-permitted"


def quorum_of(threshold: object) -> dict[str, Any]:
    """An amendment of every rule to this threshold."""
    roles = ["oem", "supplier", "certifier"]
    return {"quorum": {act: {"electorate": roles, "threshold": threshold} for act in ACTS}}


@pytest.mark.item("3.done.test_quorum_change")
@pytest.mark.item("3.1")
def test_quorum_change(consortium: Consortium) -> None:
    """The rule itself is changed by its own rule, and never out of the members' reach."""
    members = MembersAtWork(consortium)
    founder, second, third, fourth = (
        members.oem,
        members.supplier,
        members.laboratory,
        members.other,
    )
    text = members.proposal(founder, "amend", quorum_of(5))
    assert members.submit(text) == "quorum-out-of-reach"
    members.decide(founder, "amend", quorum_of(4), second, third)
    members.restart()
    # Three were a majority before; now all four must agree.
    of = members.propose(founder, "admit", admission_of(NEW))
    members.accept(of, NEW.admin)
    members.vote(of, second, third)
    assert members.fold.standing(NEW.did) is None
    members.vote(of, fourth)
    assert members.fold.standing(NEW.did) is Standing.MEMBER
    # With five members one may leave, and then no other.
    members.admit(members.proposal(third, "remove", {"party": third.did}))
    leaving = members.proposal(second, "remove", {"party": second.did})
    assert members.submit(leaving) == "quorum-out-of-reach"
    members.decide(founder, "amend", quorum_of("majority"), second, fourth, NEW)
    members.restart()
    assert members.submit(leaving) is None
    assert members.fold.rules.quorum["admit"].threshold is None
