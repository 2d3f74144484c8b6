"""Five founders at work, as tests of membership and of keys begin."""

from __future__ import annotations

from ledger.party import RegisteredKey
from tests.ledger.acts import FIVE, Members
from tests.ledger.parties import PartySigner, a_consortium, a_party, resign

FOUNDED = a_consortium(FIVE)
OEM, SUPPLIER, CERTIFIER, GEAR, AUDITOR = FOUNDED.parties.values()
PHONE = GEAR.another_key("phone")
SPARE = GEAR.another_key("spare")
THIRD = GEAR.another_key("third")
NEW = a_party("new-castings")
OTHER = a_party("other-castings")


def at_work() -> Members:
    """The consortium after its founding."""
    return Members(FOUNDED)


def with_phone() -> Members:
    """One founder has put a second signing key in force."""
    members = at_work()
    members.admit(members.key(GEAR, PHONE))
    return members


def with_new_party() -> Members:
    """A sixth party was admitted, with a signing key."""
    members = at_work()
    members.join(NEW, OEM, SUPPLIER, CERTIFIER, roles=["supplier"])
    members.admit(members.key(NEW, NEW.signing))
    return members


def key_of(members: Members, kid: str) -> RegisteredKey:
    """A key that is or was in force."""
    key = members.fold.key(kid)
    assert key is not None
    return key


def report(
    members: Members, by: PartySigner = GEAR.signing, *, late_s: int = 0, label: str = ""
) -> str:
    """A record signed ``late_s`` seconds ago."""
    text = members.consortium.record(GEAR, iat=members.at_ms // 1000 - late_s, label=label)
    return resign(text, by, header={"kid": by.kid})
