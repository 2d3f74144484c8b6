"""What acts may ask of earlier records: from a store, and in an audit that does not trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pytest

from keys.encoding import encode_base64url
from ledger.audit_earlier import FilingsBefore
from ledger.compose import Filing
from ledger.record import encode_record_id
from ledger.sharing.filed import Filed
from ledger.sharing.store_filings import StoreFilings
from tests.ledger.forgetful_store import ForgetfulStore
from tests.ledger.ledger_stories import FOUNDED, FOUNDING_SIZE, Story, a_founded_story
from tests.ledger.parties import ORIGIN, record_id_of

pytestmark = pytest.mark.item("5.2")
SUPPLIER = FOUNDED.parties["hanfeng-drive"]
OTHER = next(party for party in FOUNDED.parties.values() if party is not SUPPLIER)
REPORT = FOUNDED.record(
    SUPPLIER,
    {"lot": {"number": "L-1", "pieces": 1}, "note": "n" * 50_000},
    filing=Filing(to=[OTHER.did], subject=OTHER.did),
)
OF = record_id_of(REPORT)


@pytest.fixture(scope="module")
def story() -> Story:
    """A log with one report behind its founding."""
    story = a_founded_story(ForgetfulStore())
    story.admit(REPORT)
    return story


def filings(story: Story) -> StoreFilings:
    return StoreFilings(story.store, ORIGIN)


def test_a_record_says_whose_it_is_and_whom_it_names(story: Story) -> None:
    found = filings(story).filed([OF])[OF]
    assert found is not None
    assert (found.record_id, found.index) == (OF, FOUNDING_SIZE)
    assert (found.issuer, found.owner) == (SUPPLIER.did, SUPPLIER.did)
    assert (found.subject, found.to) == (OTHER.did, (OTHER.did,))
    assert {"lot", "note"} <= dict(found.tiers).keys()


def test_ids_of_no_record_are_absent(story: Story) -> None:
    row = story.store.entry(0)
    assert row is not None
    charter = encode_record_id(row.record_id)
    assert filings(story).filed(["A" * 43, "no id", "A" * 42, charter]) == {}


def test_a_key_has_its_holder_for_its_own_party_alone(story: Story) -> None:
    row = next(story.store.entries_of(["key/v1"]))
    of = encode_record_id(row.record_id)
    found = filings(story).filed([of])[of]
    assert found is not None
    assert (found.owner, found.to, found.subject) == (row.party, (), None)
    assert dict(found.tiers) == {"holder": "restricted"}


def test_content_that_is_not_held_is_none_and_not_absent() -> None:
    store = ForgetfulStore()
    story = a_founded_story(store)
    [admitted] = story.admit(REPORT)
    store.lost = {admitted.index: ""}
    assert filings(story).filed([OF]) == {OF: None}
    story.ledger.close()


def test_content_is_read_once_however_often_a_record_is_named() -> None:
    store = CountingStore()
    story = a_founded_story(store)
    story.admit(REPORT)
    asked, before = filings(story), store.read
    assert asked.filed([OF]) == asked.filed([OF, "A" * 43])
    assert store.read == before + 1
    story.ledger.close()


class CountingStore(ForgetfulStore):
    """Counts the contents that were read."""

    read = 0

    def disclosures(self, indices: Sequence[int]) -> Mapping[int, str]:
        """Those of the store."""
        self.read += len(indices)
        return super().disclosures(indices)


def test_an_audit_takes_no_record_behind_the_act_and_none_under_another_id(story: Story) -> None:
    found = filings(story).filed([OF])[OF]
    assert found is not None
    other = replace(found, record_id=encode_base64url(bytes(32)))
    lying = Fixed({OF: found, "B" * 43: other})
    assert FilingsBefore(lying, FOUNDING_SIZE + 1).filed([OF, "B" * 43]).keys() == {OF}
    assert FilingsBefore(lying, FOUNDING_SIZE).filed([OF]) == {}


@dataclass(frozen=True)
class Fixed:
    """Answers what it was told to, whether true or not."""

    answers: Mapping[str, Filed | None]

    def filed(self, record_ids: Sequence[str]) -> Mapping[str, Filed | None]:
        """Those of the answers."""
        return {key: self.answers[key] for key in record_ids}
