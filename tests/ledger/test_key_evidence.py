"""A service's own views: every record of a consortium's life with the evidence it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from ledger.anchor import parse_anchor
from ledger.key_evidence import KeyEvidence
from ledger.key_path import Contest
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import View, encode_view, parse_view
from ledger.view_builder import Shown, build_view
from tests.ledger.acts import DAY_MS, FIVE, HOUR_MS, Members, recovery_of
from tests.ledger.ledger_stories import Story, a_story
from tests.ledger.parties import NOW_MS, PartyKeys, PartySigner, a_consortium, a_party
from tests.ledger.verdicts import Case, disagreements
from tests.ledger.view_log import anchor_text

pytestmark = pytest.mark.item("3.2.view")

FOUNDED = a_consortium(FIVE)
OEM, SUPPLIER, CERTIFIER, GEAR, AUDITOR = FOUNDED.parties.values()
NEW = a_party("new-castings")
OTHER = a_party("other-castings")
ADDED = NEW.another_key("added admin")
NEW_B = NEW.another_key("signing b")
OTHER_B = OTHER.another_key("signing b")
FOUND_AGAIN = GEAR.another_key("found again")
GEAR_B = GEAR.another_key("signing b")


class Life(Members):
    """Entries by name, beside what :class:`Members` does."""

    def __init__(self) -> None:
        super().__init__(FOUNDED)
        self.at: dict[str, int] = {}

    def note(self, name: str, text: str) -> str:
        """Admit an entry and keep its index under a name."""
        self.at[name] = self.size
        return self.admit(text)

    def report(self, name: str, party: PartyKeys, key: PartySigner) -> str:
        """A report by a key."""
        signing = replace(party, signing=key)
        iat = self.at_ms // 1000
        return self.note(name, self.consortium.record(signing, iat=iat, label=name))


@cache
def a_life() -> Life:
    """Parties join, change keys, lose them, contest and affirm; told once."""
    life = Life()
    _join(life)
    _turn_keys(life)
    _contest(life)
    _recover(life)
    return life


def _join(life: Life) -> None:
    life.report("of a founder", GEAR, GEAR.signing)
    life.join(NEW, OEM, SUPPLIER, CERTIFIER, roles=["supplier"])
    life.at["new in force"] = life.size - 1
    life.note("new key", life.key(NEW, NEW.signing))
    life.report("of the new", NEW, NEW.signing)
    life.join(OTHER, NEW, OEM, SUPPLIER, CERTIFIER, roles=["supplier"])
    life.note("other key", life.key(OTHER, OTHER.signing))
    life.report("of the other", OTHER, OTHER.signing)


def _turn_keys(life: Life) -> None:
    life.note("adds", life.admin_key(NEW, ADDED, NEW.admin))
    life.note("new key b", life.key(NEW, NEW_B, by=ADDED, replaces=NEW.signing.multikey))
    life.report("of the new, key b", NEW, NEW_B)
    following = OTHER.another_key("later admin")
    retires = [OTHER.admin.multikey]
    life.note("rotates", life.rotation(OTHER, following, retires=retires))
    life.note("other key b", life.key(OTHER, OTHER_B, by=OTHER.next_admin))
    life.report("of the other, key b", OTHER, OTHER_B)


def _contest(life: Life) -> None:
    life.wait(HOUR_MS)
    stolen = life.report("stolen", OTHER, OTHER_B)
    revocation = life.revocation(
        OTHER.next_admin, OTHER_B.kid, reason="stolen", contested_from=life.at["stolen"]
    )
    life.note("revokes", revocation)
    life.note("affirms", life.endorsement(OTHER.next_admin, stolen, "accept"))
    life.note("ends", life.revocation(ADDED, NEW_B.kid, reason="left"))


def _recover(life: Life) -> None:
    content = recovery_of(GEAR, FOUND_AGAIN, GEAR.another_key("after that"))
    of = life.propose(OEM, "recover", content)
    life.vote(of, SUPPLIER, CERTIFIER, NEW)
    life.note("consents", life.endorsement(FOUND_AGAIN, of, "accept"))
    life.note("meanwhile", life.key(GEAR, GEAR.another_key("meanwhile")))
    life.report("meanwhile, signed", GEAR, GEAR.another_key("meanwhile"))
    life.wait(8 * DAY_MS)
    life.note("gear key b", life.key(GEAR, GEAR_B, by=FOUND_AGAIN))
    life.report("of the recovered", GEAR, GEAR_B)
    kid = GEAR.another_key("meanwhile").kid
    life.note("ends meanwhile", life.revocation(FOUND_AGAIN, kid, reason="stolen"))


@dataclass(frozen=True)
class Served:
    """The same life in a running log."""

    story: Story

    def view(self, *indices: int) -> View:
        """The service's view of some entries, nothing of them disclosed."""
        rows = [self.story.ledger.reader.entry(index) for index in indices]
        shown = [Shown(row, ()) for row in rows]
        return build_view(shown, self.story.ledger.reader, self.story.ledger.fold)

    def verified(self, name: str) -> VerifiedRecord:
        """What a reader's verifier says of a named record."""
        view = parse_view(encode_view(self.view(a_life().at[name])).encode())
        return verify_view(view, parse_anchor(ANCHOR.encode())).records[0]


ANCHOR = anchor_text(FOUNDED.charter)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    story = a_story()
    for text in FOUNDED.texts:
        story.admit(text)
    now = NOW_MS
    for text, at_ms in a_life().log:
        story.clock.advance(at_ms - now)
        now = at_ms
        story.admit(text)
    yield Served(story)
    story.ledger.close()


def signer_of(served: Served, name: str) -> tuple[int, int, set[str]]:
    found = served.verified(name).signer
    return found.key_registered_at, found.member_since, set(found.approved_by)


def at(name: str) -> int:
    return a_life().at[name]


def test_every_record_of_a_life_verifies_from_its_view(served: Served) -> None:
    size = served.story.ledger.size
    for index in range(size):
        view = served.view(index)
        verified = verify_view(view, parse_anchor(ANCHOR.encode()))
        assert [record.index for record in verified.records] == [index]
    whole = verify_view(served.view(*range(size)), parse_anchor(ANCHOR.encode()))
    assert len(whole.records) == size


def test_the_browser_says_the_same_of_the_services_views(
    served: Served, node: Path, tmp_path: Path
) -> None:
    view = encode_view(served.view(*range(served.story.ledger.size))).encode()
    assert disagreements([Case("all", view, ANCHOR.encode())], node=node, folder=tmp_path) == []


def test_the_fold_counts_what_a_view_shows_for_an_admin_key(served: Served) -> None:
    ledger = served.story.ledger
    evidence = KeyEvidence(ledger.reader, ledger.fold, ledger.size)
    kids = [key for party in ledger.fold.parties.values() for key in party.keys.values()]
    for key in (key for key in kids if key.is_admin):
        party = ledger.fold.parties[key.party]
        assert party.path_of(key.multikey) == evidence.links_of_kid(key.kid), key.kid


def test_a_founder_is_shown_by_charter_endorsement_and_key(served: Served) -> None:
    type_of_founder_1 = len(FOUNDED.texts) - 1
    assert len(served.view(type_of_founder_1).records[0].keys) == 2
    assert len(served.view(at("of a founder")).records[0].keys) == 3


def test_a_new_party_is_shown_with_who_approved_it(served: Served) -> None:
    registered_at, since, approved_by = signer_of(served, "of the new")
    assert registered_at == at("new key")
    assert since < at("new in force")
    assert approved_by == {OEM.did, SUPPLIER.did, CERTIFIER.did}


def test_a_proposer_that_came_later_is_shown_without_its_own_approvals(served: Served) -> None:
    assert signer_of(served, "of the other")[2] == {
        NEW.did,
        OEM.did,
        SUPPLIER.did,
        CERTIFIER.did,
    }
    indices = {entry.head.split("\n")[2] for entry in served.view(at("of the other")).entries}
    approvals_of_new = {str(at("new in force")), str(at("new in force") - 1)}
    assert approvals_of_new.isdisjoint(indices)


def test_keys_of_added_and_committed_admin_keys_are_shown(served: Served) -> None:
    assert signer_of(served, "of the new, key b")[0] == at("new key b")
    assert signer_of(served, "of the other, key b")[0] == at("other key b")
    assert signer_of(served, "rotates")[0] == at("rotates")


def test_a_key_that_ended_is_shown_to_have_ended_later(served: Served) -> None:
    later = served.verified("of the new, key b").aftermath
    assert (later.key_ended_at, later.contested) == (at("ends"), None)
    assert served.verified("of the new").aftermath.key_ended_at is None


def test_a_contested_record_is_shown_so_and_affirmed(served: Served) -> None:
    later = served.verified("stolen").aftermath
    assert later.contested == Contest(at("stolen"), at("revokes"))
    assert (later.key_ended_at, later.reaffirmed_at) == (at("revokes"), at("affirms"))


def test_a_record_before_the_contested_ones_is_not_contested(served: Served) -> None:
    later = served.verified("of the other, key b").aftermath
    assert (later.key_ended_at, later.contested) == (at("revokes"), None)


def test_a_recovered_party_is_shown_with_who_approved_that(served: Served) -> None:
    registered_at, since, approved_by = signer_of(served, "of the recovered")
    assert registered_at == at("gear key b")
    assert since == served.story.ledger.fold.parties[GEAR.did].joined_at
    assert approved_by == {OEM.did, SUPPLIER.did, CERTIFIER.did, NEW.did}


def test_what_old_keys_signed_before_a_recovery_was_complete_is_shown_without_it(
    served: Served,
) -> None:
    found = served.verified("meanwhile, signed")
    assert (found.signer.approved_by, found.aftermath.key_ended_at) == ((), None)
    assert served.story.ledger.fold.key(found.authentic) is not None


def test_an_older_checkpoint_shows_no_end_that_came_later(served: Served) -> None:
    index = at("of the new, key b")
    story = served.story
    shown = [Shown(story.ledger.reader.entry(index), ())]
    sizes = [(size, note) for size, note in story.store.checkpoints() if size <= at("ends")]
    for note, later in [(None, [at("ends")]), (sizes[-1][1], [])]:
        view = build_view(shown, story.ledger.reader, story.ledger.fold, checkpoint=note)
        positions = view.records[0].after
        indices = [int(view.entries[position].head.split("\n")[2]) for position in positions]
        assert indices[-1:] == later
