"""Many submitters, one writer: groups, bounds, and an end that leaves nobody waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Barrier, Event
from typing import Final

import pytest

from ledger import limits
from ledger.admission import Precedent
from ledger.content import CheckedRecord
from ledger.errors import LogClosed, TooBusy
from ledger.record import encode_record_id
from ledger.service import Ledger
from ledger.store import CommitGroup, Store
from ledger.store_faulty import FaultyStore
from ledger.store_memory import MemoryStore
from ledger.submission import Admitted, Outcome
from tests.ledger.ledger_stories import (
    FOUNDING_SIZE,
    Story,
    a_founded_story,
    a_report,
    check_ledger,
    reports,
)

pytestmark = pytest.mark.item("2.4")

SUBMITTERS: Final = 8
REPORTS_EACH: Final = 6


class GatedStore(FaultyStore):
    """A store whose commits wait for a gate, so that submissions gather behind one of them."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner, fail_on="close", when="before", calls_before=1_000_000)
        self.reached = Event()
        self.gate = Event()
        self.sizes: list[int] = []

    def commit(self, group: CommitGroup) -> None:
        self.reached.set()
        assert self.gate.wait(timeout=30)
        self.sizes.append(len(group.entries))
        super().commit(group)


@dataclass(frozen=True, slots=True)
class Gathered:
    """A log whose writer is held up in a commit, and the future of what it commits."""

    story: Story
    store: GatedStore
    first: Future[tuple[Outcome, ...]]


def held_up(store: Store) -> Gathered:
    story = a_founded_story(store)
    gated = GatedStore(store)
    story = story.restarted(store=gated)
    first = story.hand_over(a_report(100))
    assert gated.reached.wait(timeout=30)
    return Gathered(story, gated, first)


def test_everything_that_gathered_during_a_commit_is_one_group(store: Store) -> None:
    held = held_up(store)
    answers = [held.story.hand_over(a_report(number)) for number in range(5)]
    assert held.story.ledger.waiting == 5
    held.store.gate.set()
    indices = [outcome.index for answer in [held.first, *answers] for outcome in admitted(answer)]
    assert indices == list(range(FOUNDING_SIZE, FOUNDING_SIZE + 6))
    assert held.store.sizes == [1, 5]
    assert held.story.ledger.waiting == 0
    check_ledger(held.story, FOUNDING_SIZE + 6)
    held.story.ledger.close()


def admitted(answer: Future[tuple[Outcome, ...]]) -> list[Admitted]:
    outcomes = answer.result(timeout=30)
    found = [outcome for outcome in outcomes if isinstance(outcome, Admitted)]
    assert len(found) == len(outcomes), outcomes
    return found


def test_group_is_bounded_and_submissions_stay_whole(store: Store) -> None:
    held = held_up(store)
    checked = held.story.checked(a_report(0))
    half = limits.COMMIT_GROUP_RECORDS_MAX // 2
    answers = [held.story.ledger.submit(distinct(checked, half, first=n * half)) for n in range(3)]
    held.store.gate.set()
    sizes = [len(admitted(answer)) for answer in answers]
    assert sizes == [half] * 3
    assert held.store.sizes == [1, 2 * half, half]
    held.story.ledger.close()


def distinct(record: CheckedRecord, count: int, *, first: int) -> list[CheckedRecord]:
    """So many records that differ in what is unique only: quick, where content is no matter."""
    ids = [(first + number).to_bytes(32, "big") for number in range(count)]
    return [record._replace(record_id=key, jti_key=key[16:]) for key in ids]


def test_too_many_waiting_records_are_refused_and_those_that_wait_are_not() -> None:
    held = held_up(MemoryStore())
    checked = held.story.checked(a_report(0))
    waiting = [checked] * (limits.SUBMISSIONS_WAITING_MAX - 1)
    answer = held.story.ledger.submit(waiting)
    with pytest.raises(TooBusy, match="records wait already"):
        held.story.ledger.submit([checked, checked])
    last = held.story.ledger.submit([checked])
    with pytest.raises(TooBusy):
        held.story.ledger.submit([checked])
    held.store.gate.set()
    assert {outcome.index for outcome in admitted(answer)} == {FOUNDING_SIZE + 1}
    assert [outcome.index for outcome in admitted(last)] == [FOUNDING_SIZE + 1]
    check_ledger(held.story, FOUNDING_SIZE + 2)
    held.story.ledger.close()


def test_submitters_side_by_side_get_the_receipts_of_their_own_records(store: Store) -> None:
    story = a_founded_story(store)
    start = Barrier(SUBMITTERS)

    def submit(submitter: int) -> list[tuple[str, Admitted]]:
        texts = reports(REPORTS_EACH, first=100 * submitter)
        checked = [story.checked(text) for text in texts]
        start.wait(timeout=30)
        futures = [story.ledger.submit([record]) for record in checked]
        outcomes = [outcome for future in futures for outcome in admitted(future)]
        ids = [encode_record_id(record.record_id) for record in checked]
        return list(zip(ids, outcomes, strict=True))

    with ThreadPoolExecutor(SUBMITTERS) as pool:
        answers = [pair for found in pool.map(submit, range(SUBMITTERS)) for pair in found]
    assert all(name == outcome.record_id for name, outcome in answers)
    count = SUBMITTERS * REPORTS_EACH
    assert sorted(o.index for _, o in answers) == [FOUNDING_SIZE + n for n in range(count)]
    assert {o.receipt for _, o in answers} == {
        story.ledger.reader.receipt(FOUNDING_SIZE + n) for n in range(count)
    }
    check_ledger(story, FOUNDING_SIZE + count)
    story.ledger.close()


def test_submitters_of_the_same_record_get_the_same_receipt(store: Store) -> None:
    story = a_founded_story(store)
    with ThreadPoolExecutor(SUBMITTERS) as pool:
        outcomes = list(pool.map(lambda _: story.admit(a_report())[0], range(SUBMITTERS)))
    assert len({outcome.receipt for outcome in outcomes}) == 1
    assert sum(outcome.is_first for outcome in outcomes) == 1
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


def test_submission_whose_sender_gave_up_is_not_admitted(store: Store) -> None:
    held = held_up(store)
    given_up = held.story.hand_over(a_report(0))
    kept = held.story.hand_over(a_report(1))
    assert given_up.cancel()
    held.store.gate.set()
    assert [outcome.index for outcome in admitted(kept)] == [FOUNDING_SIZE + 1]
    with pytest.raises(CancelledError):
        given_up.result(timeout=30)
    check_ledger(held.story, FOUNDING_SIZE + 2)
    held.story.ledger.close()


def test_submission_that_is_being_written_cannot_be_given_up(store: Store) -> None:
    held = held_up(store)
    assert not held.first.cancel()
    held.store.gate.set()
    assert [outcome.index for outcome in admitted(held.first)] == [FOUNDING_SIZE]
    held.story.ledger.close()


def test_close_finishes_what_waits_and_refuses_what_comes(store: Store) -> None:
    held = held_up(store)
    answers = [held.story.hand_over(a_report(number)) for number in range(3)]
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(held.story.ledger.close)
        held.store.gate.set()
        closing.result(timeout=30)
    assert [len(admitted(answer)) for answer in answers] == [1, 1, 1]
    assert not held.story.ledger.is_running
    with pytest.raises(LogClosed, match="the log has stopped"):
        held.story.hand_over(a_report(9))
    check_ledger(held.story, FOUNDING_SIZE + 4)
    held.story.ledger.close()


def test_close_before_the_start_leaves_nobody_waiting(store: Store) -> None:
    story = a_founded_story(store).reopened()
    answer = story.hand_over(a_report())
    story.ledger.close()
    with pytest.raises(LogClosed):
        answer.result(timeout=30)
    check_ledger(story, FOUNDING_SIZE)


def test_empty_submission_is_answered_with_nothing(store: Store) -> None:
    story = a_founded_story(store)
    assert story.submit() == ()
    check_ledger(story, FOUNDING_SIZE)
    story.ledger.close()


class BrokenLedger(Ledger):
    """A ledger with a mistake in it: an assertion of its own fails."""

    def find_record(self, record_id: str) -> Precedent | None:
        """Fail as a mistake would."""
        raise AssertionError(f"a mistake in {record_id}")


# A mistake of ours ends the writer; pytest would report the thread that it ended.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_mistake_of_the_writer_leaves_nobody_waiting(store: Store) -> None:
    story = a_founded_story(store).reopened()
    broken = replace(story, ledger=BrokenLedger(story.parts))
    good = broken.hand_over(a_report(0))
    wrong = broken.ledger.submit(
        [broken.checked(a_report(1))._replace(links=("A" * 43,))],
    )
    broken.ledger.start()
    for answer in (good, wrong):
        with pytest.raises(AssertionError, match="a mistake"):
            answer.result(timeout=30)
    broken.ledger.close()
    with pytest.raises(LogClosed):
        broken.hand_over(a_report(2))
    story = story.restarted()
    check_ledger(story, FOUNDING_SIZE)
    story.ledger.close()


class SlowlyRead(FaultyStore):
    """A store whose old entries are read only when the gate opens."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner, fail_on="close", when="before", calls_before=1_000_000)
        self.gate = Event()

    def disclosures(self, indices: Sequence[int]) -> Mapping[int, str]:
        assert self.gate.wait(timeout=30)
        return super().disclosures(indices)


def test_repeats_do_not_hold_up_new_records_and_are_bounded_with_them() -> None:
    story = a_founded_story(MemoryStore())
    story.admit(a_report(0))
    slow = SlowlyRead(story.store)
    story = story.restarted(store=slow)
    checked = story.checked(a_report(0))
    repeats = story.ledger.submit([checked] * (limits.SUBMISSIONS_WAITING_MAX - 1))
    # The writer goes on while the old receipts are being proven, and they still count.
    assert [a.index for a in story.admit(a_report(1))] == [FOUNDING_SIZE + 1]
    assert story.ledger.waiting == limits.SUBMISSIONS_WAITING_MAX - 1
    with pytest.raises(TooBusy):
        story.ledger.submit([checked, checked])
    slow.gate.set()
    assert {outcome.receipt for outcome in admitted(repeats)} == {
        story.ledger.reader.receipt(FOUNDING_SIZE)
    }
    story.ledger.close()
    assert story.ledger.waiting == 0
    check_ledger(story, FOUNDING_SIZE + 2)
