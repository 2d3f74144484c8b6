"""Digests: every hour, for everybody, once, and of rows that change no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from api.accesses.book import AccessBook, AskedAccesses
from api.accesses.digests import DELAY_MS, DigestParts, DigestWorker
from api.accesses.log import AccessLog
from api.accesses.periods import Period, digest_state
from api.party_folder import PartySigner
from keys.encoding import encode_base64url
from ledger.disclosure import open_disclosures
from ledger.entry import split_entry
from ledger.kept import split_kept
from ledger.own_types import ACCESS_DIGEST, ACCESS_DIGEST_USE, own_types
from ledger.record import parse_jws
from ledger.tree import leaf_hash, node_hash
from tests.api.accesses.reads import HOUR, SEEN, a_log, a_reader
from tests.ledger.ledger_stories import Story, a_story
from tests.ledger.parties import NOW_MS, ORIGIN, Consortium, Plan, a_consortium, sign_key

BEGINS: Final = NOW_MS - NOW_MS % HOUR
YEARS: Final = 3 * 365 * 24 * HOUR


@cache
def founded() -> Consortium:
    """A consortium whose log has the type of digests."""
    return a_consortium(Plan(types=own_types()))


@dataclass
class Hours:
    """A log, receipts of its reads, and the worker that digests them."""

    story: Story
    log: AccessLog
    signer: PartySigner | None
    retention_ms: int = YEARS

    def __post_init__(self) -> None:
        """A replica, so to speak: as many as are made of one log."""
        self.worker = self.another_worker()

    def another_worker(self) -> DigestWorker:
        """One more that works on the same log."""
        clock = self.story.clock
        parts = DigestParts(self.log, self.story.ledger, clock, self.signer, self.retention_ms)
        return DigestWorker(parts)

    @property
    def owner(self) -> str:
        """A party that others read of."""
        return str(founded().parties["hanfeng-drive"].did)

    def read(self, count: int = 1) -> None:
        """Somebody reads so many records of the owner."""
        records = [replace(SEEN, index=at, owners=(self.owner,)) for at in range(count)]
        self.log.note(a_reader(), records)

    def pass_to(self, milliseconds: int) -> int:
        """Let time pass to so long after the hour of the beginning; gives the hours written."""
        self.story.clock.advance(BEGINS + milliseconds - self.story.clock.now_ms())
        return self.worker.catch_up()

    def digests(self, owner: str | None = None) -> list[dict[str, Any]]:
        """The group ``state`` of the digests about a party, oldest first."""
        store = self.story.store
        rows = store.entries_of((ACCESS_DIGEST,), start=0)
        found = []
        for row in rows:
            jws = split_entry(row.text)[1]
            claims = parse_jws(jws, origin=ORIGIN).claims
            kept = store.disclosures([row.index])[row.index]
            groups = {
                d.group: d.value for d in open_disclosures(claims, split_kept(kept).disclosures)
            }
            if groups["manifest"]["subject"] == (owner or self.owner):
                assert groups["manifest"]["groups"] == {"state": "restricted"}
                found.append(groups["state"])
        return found

    def rows(self) -> list[str]:
        """All rows of the owner, in their order."""
        asked = AskedAccesses(self.owner, 1_000, is_ascending=True)
        return [row.text for row in AccessBook(self.log).rows(asked)]


@pytest.fixture
def hours(tmp_path: Path) -> Iterator[Hours]:
    """A log of three parties whose operator has registered a service key."""
    operator = founded().founder
    service = operator.another_key("service")
    story = a_story()
    story.clock.advance(BEGINS - NOW_MS)
    story.admit(*founded().texts, sign_key(founded(), operator, service, uses=(ACCESS_DIGEST_USE,)))
    log = a_log(tmp_path, story.clock, origin=ORIGIN)
    yield Hours(story, log, PartySigner(service.did, service.key))
    log.close()
    story.ledger.close()


@pytest.mark.item("5.7.digests")
def test_a_digest_is_the_tree_hash_of_the_rows_of_its_hours(hours: Hours) -> None:
    hours.read(3)
    assert hours.pass_to(2 * HOUR + DELAY_MS) == 1
    a, b, c = (leaf_hash(row.encode()) for row in hours.rows())
    assert hours.digests() == [
        {
            "from": BEGINS,
            "until": BEGINS + 2 * HOUR,
            "count": 3,
            "root": encode_base64url(node_hash(node_hash(a, b), c)),
        }
    ]


@pytest.mark.item("5.7.digests")
def test_every_party_gets_one_whether_it_was_read_or_not(hours: Hours) -> None:
    hours.read()
    hours.pass_to(2 * HOUR + DELAY_MS)
    counts = {
        p.slug: [d["count"] for d in hours.digests(p.did)] for p in founded().parties.values()
    }
    assert counts == {"borealis-motors": [0], "hanfeng-drive": [1], "meridian-cert": [0]}


@pytest.mark.item("5.7.digests")
def test_hours_are_written_at_their_time_and_missed_ones_are_caught_up(hours: Hours) -> None:
    assert hours.pass_to(2 * HOUR + DELAY_MS - 1) == 0
    assert hours.pass_to(2 * HOUR + DELAY_MS) == 1
    assert hours.pass_to(3 * HOUR) == 0
    assert hours.pass_to(6 * HOUR + DELAY_MS) == 4
    spans = [(d["from"] - BEGINS, d["until"] - BEGINS) for d in hours.digests()]
    assert spans == [(0, 2 * HOUR), *((n * HOUR, (n + 1) * HOUR) for n in range(2, 6))]


@pytest.mark.item("5.7.digests")
def test_an_hour_that_was_written_twice_is_on_the_log_once(hours: Hours) -> None:
    hours.read()
    hours.pass_to(2 * HOUR + DELAY_MS)
    size = hours.story.ledger.size
    # As if the process had been killed between the log and its own mark.
    with hours.log.database().writing() as connection:
        connection.exec_driver_sql(f"UPDATE mark SET digested_ms = {BEGINS}")
    assert hours.another_worker().catch_up() == 1
    assert hours.story.ledger.size == size
    assert len(hours.digests()) == 1


@pytest.mark.item("5.7.digests")
def test_a_late_row_goes_into_the_next_hour(hours: Hours) -> None:
    hours.pass_to(2 * HOUR + DELAY_MS)
    # A replica whose clock is behind.
    hours.story.clock.advance(-HOUR)
    hours.read()
    hours.pass_to(3 * HOUR + DELAY_MS)
    assert [d["count"] for d in hours.digests()] == [0, 1]
    assert json.loads(hours.rows()[0])["at_ms"] == BEGINS + 2 * HOUR


@pytest.mark.item("5.7.digests")
@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_row_changed_or_taken_away_afterwards_has_another_root(row: int, hours: Hours) -> None:
    hours.read(3)
    hours.pass_to(2 * HOUR + DELAY_MS)
    (digest,) = hours.digests()
    period, rows = Period(BEGINS, BEGINS + 2 * HOUR), hours.rows()
    assert digest_state(period, rows) == digest
    changed = [*rows[:row], rows[row].replace("grant", "owner"), *rows[row + 1 :]]
    assert digest_state(period, changed) != digest
    assert digest_state(period, rows[:row] + rows[row + 1 :]) != digest


@pytest.mark.item("5.7.digests")
def test_without_a_key_of_the_operator_no_digest_is_written_and_health_says_why(
    hours: Hours,
) -> None:
    assert hours.signer is not None
    other = founded().parties["meridian-cert"].another_key("service")
    unregistered = founded().founder.another_key("elsewhere")
    for signer, why in (
        (None, "no-service-key"),
        (PartySigner(other.did, other.key), "not-of-the-operator"),
        (PartySigner(unregistered.did, unregistered.key), "key-not-registered"),
        (hours.signer, "written"),
    ):
        hours.signer = signer
        hours.worker = hours.another_worker()
        assert hours.pass_to(2 * HOUR + DELAY_MS) == (1 if why == "written" else 0)
        assert hours.worker.describe()["digests"] == why


@pytest.mark.item("5.7")
def test_rows_are_purged_when_their_retention_is_over_and_digested(hours: Hours) -> None:
    hours.retention_ms = 5 * HOUR
    hours.worker = hours.another_worker()
    hours.read()
    hours.pass_to(3 * HOUR)
    hours.read()
    assert len(hours.rows()) == 2
    hours.pass_to(7 * HOUR)
    assert [json.loads(row)["at_ms"] - BEGINS for row in hours.rows()] == [3 * HOUR]
    book = AccessBook(hours.log)
    assert book.mark().kept_from_ms == BEGINS + 2 * HOUR
    with hours.log.database().reading() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM request").scalar()
    assert count == 1
    # What was said of it stays on the log.
    assert [d["count"] for d in hours.digests()][:2] == [1, 0]
