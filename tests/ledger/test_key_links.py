"""What an admin key rests on is bounded, so that every record finds room in a view."""

from __future__ import annotations

from functools import cache

import pytest

from ledger.anchor import parse_anchor
from ledger.commitment import commit_key
from ledger.limits import KEY_EVIDENCE_MAX, KEY_EVIDENCE_PROPOSED_MAX
from ledger.verify import verify_view
from ledger.view import encode_view, parse_view
from ledger.view_builder import Shown, build_view
from tests.ledger.acts import FIVE, Members, admission_of, recovery_of
from tests.ledger.ledger_stories import a_story
from tests.ledger.parties import PartySigner, a_consortium, a_party
from tests.ledger.view_log import anchor_text

pytestmark = pytest.mark.item("3.2.view")

FOUNDED = a_consortium(FIVE)
OEM, SUPPLIER, CERTIFIER, GEAR, AUDITOR = FOUNDED.parties.values()
NEW = a_party("new-castings")


@cache
def key(number: int) -> PartySigner:
    """The admin keys of a party that rotates and rotates."""
    return GEAR.next_admin if number == 0 else GEAR.another_key(f"rotated {number}")


def rotation(members: Members, number: int) -> str:
    """The next rotation."""
    retired = GEAR.admin if number == 0 else key(number - 1)
    following = commit_key(key(number + 1).multikey)
    return members.admin_key(
        GEAR, key(number), key(number), next_key=following, retires=[retired.multikey]
    )


def rotated(count: int) -> Members:
    """A party after so many rotations."""
    members = Members(FOUNDED)
    for number in range(count):
        members.admit(rotation(members, number))
    return members


#: Beside its rotations a founder's key rests on its endorsement of the charter.
ROTATIONS_MAX = KEY_EVIDENCE_MAX - 1


def test_a_party_rotates_as_long_as_its_records_verify() -> None:
    members = rotated(ROTATIONS_MAX)
    last = key(ROTATIONS_MAX - 1)
    assert members.submit(rotation(members, ROTATIONS_MAX)) == "too-many-links"
    # An addition rests on all that, too.
    assert members.submit(members.admin_key(GEAR, key(999), last)) == "too-many-links"
    members.admit(members.key(GEAR, GEAR.another_key("phone"), by=last))
    story = a_story()
    story.admit(*FOUNDED.texts)
    story.admit(*(text for text, _ in members.log))
    reader, fold = story.ledger.reader, story.ledger.fold
    registration = reader.entry(story.ledger.size - 1)
    view = build_view([Shown(registration, ())], reader, fold)
    assert len(view.records[0].keys) == 1 + KEY_EVIDENCE_MAX
    parsed = parse_view(encode_view(view).encode())
    anchor = parse_anchor(anchor_text(FOUNDED.charter).encode())
    assert verify_view(parsed, anchor).records[0].index == registration.index
    story.ledger.close()


@pytest.mark.parametrize("act", ["admit", "recover"])
@pytest.mark.parametrize(("more", "code"), [(0, None), (1, "too-many-links")])
def test_nobody_is_let_in_by_a_key_that_rests_on_too_much(
    act: str, more: int, code: str | None
) -> None:
    # Endorsement of the charter, rotations, proposal, consent; of the recovered its own
    # endorsement beside them.
    others = 3 if act == "admit" else 4
    count = KEY_EVIDENCE_PROPOSED_MAX - others + more
    members = rotated(count)
    assert members.submit(proposal(members, act, key(count - 1))) == code
    assert members.submit(proposal(members, act, OEM.admin)) is None


def proposal(members: Members, act: str, by: PartySigner) -> str:
    """A proposal to admit or recover, by a party's key."""
    found = SUPPLIER.another_key("found again")
    content = (
        admission_of(NEW)
        if act == "admit"
        else recovery_of(SUPPLIER, found, SUPPLIER.another_key("after that"))
    )
    body = {"act": act, "content": content, "reason": None}
    return members.sign(by, "proposal/v1", body)
