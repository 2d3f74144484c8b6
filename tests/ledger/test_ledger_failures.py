"""What the writer does when the store or the blobs fail it, and when its clock runs back."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Final

import pytest

from keys.encoding import encode_base64url
from ledger.blob_errors import BlobsUnavailable
from ledger.blobs import BlobId, MemoryBlobs
from ledger.errors import (
    ClockSuspect,
)
from ledger.faults import Refusal
from ledger.limits import BLOB_UNPINNED_SECONDS_MAX, OUTCOME_SECONDS_MAX
from ledger.service import Pace
from ledger.store import CommitGroup, Head, Store, Turn
from ledger.store_errors import (
    OutcomeUnknown,
    StoreUnavailable,
)
from ledger.store_faulty import FaultyStore, When
from ledger.submission import Admitted
from tests.ledger.ledger_stories import (
    FOUNDED,
    FOUNDING_SIZE,
    Story,
    a_founded_story,
    a_report,
    check_ledger,
    reports,
)
from tests.ledger.parties import NOW_MS, RandomStream, resign, sign_key

pytestmark = pytest.mark.item("2.4")

SECOND: Final = FOUNDED.parties["hanfeng-drive"]


# ---- the store ----


def with_fault(story: Story, fail_on: str, when: When, *, calls_before: int = 0) -> Story:
    """The log after a restart, on a store that fails once."""
    faulty = FaultyStore(story.store, fail_on=fail_on, when=when, calls_before=calls_before)
    return story.restarted(store=faulty)


def test_store_that_fails_before_the_commit_has_written_nothing(store: Store) -> None:
    story = with_fault(a_founded_story(store), "commit", "before")
    with pytest.raises(StoreUnavailable, match="expected commit to work"):
        story.submit(a_report())
    check_ledger(story, FOUNDING_SIZE)
    [admitted] = story.admit(a_report())
    assert (admitted.index, admitted.is_first) == (FOUNDING_SIZE, True)
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


def test_store_that_cannot_be_read_has_written_nothing(store: Store) -> None:
    story = with_fault(a_founded_story(store), "known", "before")
    with pytest.raises(StoreUnavailable):
        story.submit(a_report())
    check_ledger(story, FOUNDING_SIZE)
    story.admit(a_report())
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


def test_commit_of_unknown_outcome_that_happened_gives_its_receipts(store: Store) -> None:
    story = with_fault(a_founded_story(store), "commit", "after")
    texts = reports(3)
    admitted = story.admit(*texts)
    assert [a.index for a in admitted] == [FOUNDING_SIZE + n for n in range(3)]
    check_ledger(story, FOUNDING_SIZE + 3)
    assert [a.receipt for a in story.admit(*texts)] == [a.receipt for a in admitted]
    story.ledger.close()


def test_commit_of_unknown_outcome_that_did_not_happen_is_done_again(store: Store) -> None:
    faulty = FaultyStore(store, fail_on="commit", when="before", calls_before=1)
    story = a_founded_story(faulty)
    faulty.fail("commit", "before", error=OutcomeUnknown)
    story.admit(*reports(3))
    check_ledger(story, FOUNDING_SIZE + 3)
    story.ledger.close()


class Lost(FaultyStore):
    """A store whose database goes away in the middle of a commit, and comes back when told."""

    def __init__(self, inner: Store, *, when: When) -> None:
        super().__init__(inner, fail_on="commit", when=when)
        self.fail("commit", when, error=OutcomeUnknown)
        self.is_lost = False

    def commit(self, group: CommitGroup) -> None:
        try:
            super().commit(group)
        except OutcomeUnknown:
            self.is_lost = True
            raise

    def head(self) -> Head | None:
        self._expect()
        return super().head()

    def turn(self) -> AbstractContextManager[Turn]:
        self._expect()
        return super().turn()

    def _expect(self) -> None:
        if self.is_lost:
            raise StoreUnavailable("expected a database, found none")


HASTY = Pace(first_seconds=0.002, longest_seconds=0.005, outcome_seconds_max=0.02)


@pytest.mark.item("3.6.unknown-outcome")
@pytest.mark.parametrize("when", ["before", "after"])
def test_outcome_that_cannot_be_looked_up_is_told_and_the_writer_goes_on_with_the_store(
    store: Store, when: When
) -> None:
    story = a_founded_story(store)
    lost = Lost(store, when=when)
    story = story.restarted(store=lost, pace=HASTY)
    with pytest.raises(OutcomeUnknown, match="expected an outcome"):
        story.submit(a_report())
    # Nobody waits for a database that is not there.
    with pytest.raises(StoreUnavailable, match="expected a database, found none"):
        story.submit(a_report(1))
    lost.is_lost = False
    [admitted] = admit_soon(story, a_report())
    assert (admitted.index, admitted.is_first) == (FOUNDING_SIZE, when == "before")
    story.admit(a_report(1))
    check_ledger(story, FOUNDING_SIZE + 2)
    story.ledger.close()


def admit_soon(story: Story, text: str) -> list[Admitted]:
    """Submit again and again while the writer has not found its store."""
    for _ in range(200):
        try:
            return story.admit(text)
        except StoreUnavailable:
            time.sleep(0.005)
    raise AssertionError("the writer did not find its store")


@pytest.mark.item("3.6.unknown-outcome")
@pytest.mark.parametrize("when", ["before", "after"])
def test_outcome_that_can_be_looked_up_later_is_found_out(store: Store, when: When) -> None:
    story = a_founded_story(store)
    lost = Lost(store, when=when)
    story = story.restarted(store=lost, pace=Pace(0.002, 0.005, outcome_seconds_max=30))
    answer = story.hand_over(a_report())
    while not lost.is_lost:
        time.sleep(0.001)
    assert not answer.done()
    lost.is_lost = False
    [admitted] = answer.result(timeout=30)
    # It is an entry once, and this submission's own either way.
    assert isinstance(admitted, Admitted)
    assert (admitted.index, admitted.is_first) == (FOUNDING_SIZE, True)
    check_ledger(story, FOUNDING_SIZE + 1)
    assert story.admit(a_report()) == [replace(admitted, is_first=False)]
    story.ledger.close()


class Full(FaultyStore):
    """A store whose disk takes nothing: every commit fails, and reading goes on."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner, fail_on="commit", when="before")
        self.is_full = True

    def commit(self, group: CommitGroup) -> None:
        if self.is_full:
            raise OutcomeUnknown("COMMIT failed: the disk is full")
        self.inner.commit(group)


@pytest.mark.item("3.6.disk-full")
def test_store_that_takes_no_commit_is_said_to_be_unavailable_and_nobody_waits_long(
    store: Store,
) -> None:
    full = Full(store)
    # With the default patience: it is for outcomes that cannot be looked up.
    story = a_founded_story(store).restarted(store=full)
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="found 3 commits without effect"):
            story.submit(a_report())
    assert time.monotonic() - began < OUTCOME_SECONDS_MAX
    check_ledger(story, FOUNDING_SIZE)
    full.is_full = False
    [admitted] = story.admit(a_report())
    assert (admitted.index, admitted.is_first) == (FOUNDING_SIZE, True)
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


def test_repeat_that_cannot_be_read_fails_only_its_own_submission(store: Store) -> None:
    story = a_founded_story(store)
    story.admit(a_report(0))
    faulty = FaultyStore(store, fail_on="disclosures", when="before")
    waiting = story.reopened(store=faulty)
    answers = [waiting.hand_over(a_report(0)), waiting.hand_over(a_report(1), a_report(2))]
    waiting.ledger.start()
    with pytest.raises(StoreUnavailable, match="disclosures"):
        answers[0].result(timeout=30)
    assert [
        outcome for outcome in answers[1].result(timeout=30) if isinstance(outcome, Refusal)
    ] == []
    check_ledger(waiting, FOUNDING_SIZE + 3)
    waiting.ledger.close()


def test_submission_of_new_records_and_an_unreadable_repeat_is_of_unknown_outcome(
    store: Store,
) -> None:
    story = a_founded_story(store)
    story.admit(a_report(0))
    story = with_fault(story, "disclosures", "before")
    with pytest.raises(OutcomeUnknown, match="some records are entries now"):
        story.submit(a_report(0), a_report(1))
    # Nothing is wrong with the log: the same records again get their receipts.
    assert [a.is_first for a in story.admit(a_report(0), a_report(1))] == [False, False]
    check_ledger(story, FOUNDING_SIZE + 2)
    story.ledger.close()


def test_disclosures_that_the_store_lacks_come_with_a_repeat(store: Store) -> None:
    story = a_founded_story(store)
    registered = sign_key(FOUNDED, SECOND, SECOND.another_key("line 5"))
    bare, holder = registered.split("~", 1)
    [first] = story.admit(f"{bare}~")
    assert story.store.disclosures([first.index]) == {}
    [again] = story.admit(registered)
    assert (again.receipt, again.is_first) == (first.receipt, False)
    assert story.store.disclosures([first.index]) == {first.index: holder}
    story.admit(f"{bare}~")
    assert story.store.disclosures([first.index]) == {first.index: holder}
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


# ---- the blobs ----


class UnpinnableBlobs(MemoryBlobs):
    """Blobs whose files cannot be touched just when they are to be pinned."""

    def pin(self, blobs: Iterable[BlobId]) -> None:
        """Fail."""
        raise BlobsUnavailable(f"expected to pin {list(blobs)}, found a full disk")


def a_report_with_evidence(blobs: MemoryBlobs, content: bytes) -> tuple[str, BlobId]:
    """A report that cites an upload of these bytes."""
    blob = blobs.create(SECOND.did, len(content), at_ms=NOW_MS)
    blobs.append(blob, SECOND.did, offset=0, chunk=content)
    digest = encode_base64url(hashlib.sha256(content).digest())
    evidence = [{"blob": blob, "sha256": digest, "bytes": len(content)}]
    groups = {"lot": {"number": "LG-0417", "pieces": 500}, "evidence": evidence}
    return FOUNDED.record(SECOND, groups, label=f"evidence {content!r}"), blob


def test_cited_blob_is_pinned_when_its_record_is_admitted(store: Store) -> None:
    story = a_founded_story(store)
    text, blob = a_report_with_evidence(story.blobs, b"scan")
    _, other = a_report_with_evidence(story.blobs, b"other scan")
    story.admit(text)
    assert story.blobs.describe(blob).is_pinned
    assert not story.blobs.describe(other).is_pinned
    assert (store.is_pinned(blob), store.is_pinned(other)) == (True, False)
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


def test_blob_of_a_refused_record_is_not_pinned(store: Store) -> None:
    story = a_founded_story(store)
    text, blob = a_report_with_evidence(story.blobs, b"scan")
    stale = resign(text, SECOND.signing, claims={"iat": 0})
    [outcome] = story.submit(stale)
    assert isinstance(outcome, Refusal)
    assert not story.blobs.describe(blob).is_pinned
    story.ledger.close()


@pytest.mark.parametrize("bytes_more", [0, 1])
def test_record_is_refused_unless_its_blob_is_as_claimed(store: Store, bytes_more: int) -> None:
    story = a_founded_story(store)
    blob = story.blobs.create(SECOND.did, 4 + bytes_more, at_ms=NOW_MS)
    story.blobs.append(blob, SECOND.did, offset=0, chunk=b"scan")
    digest = encode_base64url(hashlib.sha256(b"scan").digest())
    evidence = [{"blob": blob, "sha256": digest, "bytes": 4}]
    groups = {"lot": {"number": "LG-0417", "pieces": 500}, "evidence": evidence}
    [outcome] = story.submit(FOUNDED.record(SECOND, groups))
    expected = "blob-not-ready" if bytes_more else None
    assert (outcome.code if isinstance(outcome, Refusal) else None) == expected
    story.ledger.close()


def test_blob_that_cannot_be_pinned_now_fails_no_record(store: Store) -> None:
    story = a_founded_story(store)
    blobs = UnpinnableBlobs(random_bytes=RandomStream("unpinnable"))
    story = story.restarted(blobs=blobs)
    text, blob = a_report_with_evidence(blobs, b"scan")
    story.admit(text)
    # Expiry makes up for it: what the store says is cited is pinned, not removed.
    later = NOW_MS + 1000 * (BLOB_UNPINNED_SECONDS_MAX + 1)
    assert blobs.expire(now_ms=later, is_cited=store.is_pinned) == 0
    assert blobs.describe(blob).is_pinned
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


# ---- the clock ----


def times(story: Story, first: int) -> list[int]:
    """The admission times from an index on."""
    return [row.admitted_ms - NOW_MS for row in story.store.entries(first, story.ledger.size)]


def test_clock_that_runs_on_gives_its_time(store: Store) -> None:
    story = a_founded_story(store)
    story.clock.advance(1)
    story.admit(*reports(2))
    story.clock.advance(10_000)
    story.admit(a_report(2))
    assert times(story, FOUNDING_SIZE) == [1, 1, 10_001]
    check_ledger(story, FOUNDING_SIZE + 3)
    story.ledger.close()


@pytest.mark.parametrize("seconds", [30, 60])
def test_clock_a_little_behind_repeats_the_last_time(store: Store, seconds: int) -> None:
    story = a_founded_story(store)
    story.clock.advance(-1000 * seconds)
    story.admit(a_report())
    assert times(story, FOUNDING_SIZE) == [0]
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


@pytest.mark.parametrize("milliseconds", [60_001, 90_000])
def test_clock_far_behind_is_suspect_and_nothing_is_written(
    store: Store, milliseconds: int
) -> None:
    story = a_founded_story(store)
    story.clock.advance(-milliseconds)
    with pytest.raises(ClockSuspect, match=r"expected a time after .* found"):
        story.submit(a_report())
    check_ledger(story, FOUNDING_SIZE)
    # It is the clock that is wrong, not the log: with the clock set, it goes on.
    story.clock.advance(milliseconds)
    story.admit(a_report())
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


def test_clock_is_compared_with_the_last_entry_after_a_restart_too(store: Store) -> None:
    story = a_founded_story(store)
    story.clock.advance(-90_000)
    story = story.restarted()
    with pytest.raises(ClockSuspect):
        story.submit(a_report())
    check_ledger(story, FOUNDING_SIZE)
    story.ledger.close()
