"""Several writers on one store: ordered by turns at its head, each with a mark of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from ledger.errors import ClockSuspect, LogClosed, LogRolledBack
from ledger.high_water import HighWaterMemory, Mark
from ledger.limits import CLOCKS_APART_MILLISECONDS_MAX
from ledger.receipt import verify_receipt
from ledger.service import Ledger, Pace
from ledger.store import CommitGroup, Store, Turn
from ledger.store_errors import HeadMoved, OutcomeUnknown, StoreUnavailable
from ledger.store_faulty import FaultyStore, When
from ledger.store_memory import MemoryStore
from ledger.store_postgres import PostgresStore
from ledger.submission import Admitted
from tests.ledger.ledger_stories import (
    FOUNDED,
    FOUNDING_SIZE,
    Story,
    a_founded_story,
    a_report,
    anchor,
    check_ledger,
    reports,
)
from tests.ledger.parties import NOW_MS, record_id_of, resign, sign_key
from tests.ledger.parties import PartyKeys as Party
from tests.ledger.sqlite_files import new_database, opened
from tests.ledger.test_ledger_failures import Lost
from tests.postgres import LogDatabase

pytestmark = pytest.mark.item("3.5.replicas")

SUPPLIER: Final[Party] = FOUNDED.parties["hanfeng-drive"]
HASTY: Final = Pace(first_seconds=0.002, longest_seconds=0.005, outcome_seconds_max=30)
OFTEN_SECONDS: Final = 0.005


@dataclass(frozen=True, slots=True)
class Shared:
    """A database that several writers share: what each opens of it."""

    open_store: Callable[[], Store]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shared]:
    """An empty log; on PostgreSQL every writer has connections of its own."""
    if request.param == "memory":
        memory = MemoryStore()
        yield Shared(lambda: memory)
    elif request.param == "sqlite":
        # Between processes a file lock keeps a second writer out: here they share the opened one.
        with opened(new_database(tmp_path)) as store:
            yield Shared(lambda: store)
    else:
        log: LogDatabase = request.getfixturevalue("postgres_log")
        with ExitStack() as stores:
            yield Shared(
                lambda: stores.enter_context(closing(PostgresStore(log.url, shelf=log.shelf)))
            )


@pytest.fixture
def store(shared: Shared) -> Store:
    """One writer's store."""
    return shared.open_store()


def a_replica(story: Story, **parts: Any) -> Story:
    """Another writer of the same log, with a mark of its own."""
    mark = HighWaterMemory(story.parts.high_water.read())
    whole = replace(story.parts, **{"high_water": mark, "pace": HASTY, **parts})
    replica = replace(story, parts=whole, ledger=Ledger(whole))
    replica.ledger.start()
    return replica


@contextmanager
def two_replicas(shared: Shared, **parts: Any) -> Iterator[tuple[Story, Story]]:
    """A founded log with two writers; both stop at the end."""
    founded = a_founded_story(shared.open_store())
    first = a_replica(founded, **parts)
    second = a_replica(founded, **{"store": shared.open_store(), **parts})
    founded.ledger.close()
    yield first, second
    first.ledger.close()
    second.ledger.close()


def test_replicas_in_turn_make_one_log(shared: Shared) -> None:
    with two_replicas(shared) as both:
        for number in range(6):
            [admitted] = both[number % 2].admit(a_report(number))
            assert (admitted.index, admitted.is_first) == (FOUNDING_SIZE + number, True)
        # Each is held against its own mark, which covers what it has shown.
        check_ledger(both[1], FOUNDING_SIZE + 6)
        both[0].admit(a_report(6))
        check_ledger(both[0], FOUNDING_SIZE + 7)


def test_repeat_at_another_replica_gets_the_first_receipt(shared: Shared) -> None:
    with two_replicas(shared) as (first, second):
        admitted = first.admit(*reports(3))
        first.admit(a_report(3))
        assert second.admit(*reports(3)) == [replace(one, is_first=False) for one in admitted]
        # A repeat shows what it is about, and its mark covers that.
        assert second.ledger.size == FOUNDING_SIZE + 4
        check_ledger(second, FOUNDING_SIZE + 4)


def test_jti_that_was_used_at_another_replica_is_used(shared: Shared) -> None:
    with two_replicas(shared) as (first, second):
        first.admit(a_report(0))
        again = resign(a_report(0), SUPPLIER.signing, claims={"iat": NOW_MS // 1000 - 1})
        [outcome] = second.submit(again)
        assert not isinstance(outcome, Admitted)
        assert outcome.code == "jti-used"


def test_key_that_one_replica_registered_signs_at_the_other(shared: Shared) -> None:
    with two_replicas(shared) as (first, second):
        key = SUPPLIER.another_key("line 5")
        text = resign(a_report(1), key)
        [refused] = second.submit(text)
        assert not isinstance(refused, Admitted)
        assert refused.code == "key-not-valid"
        first.admit(sign_key(FOUNDED, SUPPLIER, key))
        [admitted] = second.admit(text)
        assert admitted.index == FOUNDING_SIZE + 1
        assert second.ledger.fold.key(key.kid)
        check_ledger(second, FOUNDING_SIZE + 2)


@pytest.mark.item("3.6.two-writers")
def test_writers_side_by_side_admit_every_record_once(shared: Shared) -> None:
    with two_replicas(shared) as both, ThreadPoolExecutor(8) as threads:
        texts = reports(60)
        sent = [
            (text, threads.submit(both[(number + extra) % 2].admit, text))
            for number, text in enumerate(texts)
            for extra in (0, 1)
        ]
        answers = [(text, future.result()[0]) for text, future in sent]
        assert {answer.index for _, answer in answers} == set(
            range(FOUNDING_SIZE, FOUNDING_SIZE + len(texts))
        )
        assert sum(answer.is_first for _, answer in answers) == len(texts)
        for (text, one), (_, other) in list(pairwise(answers))[::2]:
            assert (one.receipt, one.record_id) == (other.receipt, record_id_of(text))
            verify_receipt(one.receipt.encode(), text.split("~")[0], anchor=anchor())
        last = max(both, key=lambda story: story.ledger.size)
        check_ledger(last, FOUNDING_SIZE + len(texts))


def test_idle_replica_follows_and_marks_what_it_shows(shared: Shared) -> None:
    with two_replicas(shared, follow_seconds=OFTEN_SECONDS) as (first, second):
        first.admit(*reports(300))
        await_size(second, FOUNDING_SIZE + 300)
        check_ledger(second, FOUNDING_SIZE + 300)


def await_size(story: Story, size: int) -> None:
    deadline = time.monotonic() + 20
    while story.ledger.size < size:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_reader_of_an_idle_replica_can_wait_for_what_another_acknowledged(shared: Shared) -> None:
    with two_replicas(shared, follow_seconds=60) as (first, second):
        [admitted] = first.admit(a_report())
        second.ledger.catch_up()
        assert second.ledger.size == admitted.index + 1
        first.admit(a_report(1))
        second.ledger.catch_up(admitted.index + 1)
        assert second.ledger.size == admitted.index + 1
        second.ledger.catch_up(admitted.index + 2)
        assert second.ledger.size == admitted.index + 2
        again = second.ledger.find_repeats([second.checked(a_report()).record_id])
        assert [found.receipt for found in again.values()] == [admitted.receipt]


class LostMark(HighWaterMemory):
    """A mark on a disk that takes no more until it is told to."""

    is_full = True

    def write(self, mark: Mark) -> None:
        if self.is_full:
            raise StoreUnavailable("expected a disk, found none")
        super().write(mark)


def test_replica_that_cannot_mark_shows_nothing_and_adds_nothing(shared: Shared) -> None:
    with two_replicas(shared) as (first, second):
        mark = LostMark(second.parts.high_water.read())
        third = a_replica(second, high_water=mark)
        first.admit(a_report(0))
        with pytest.raises(OutcomeUnknown, match="their mark is not"):
            third.submit(a_report(1))
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="expected a disk"):
                third.submit(a_report(2))
        assert third.ledger.size == FOUNDING_SIZE
        mark.is_full = False
        assert [one.is_first for one in third.admit(a_report(1), a_report(2))] == [False, True]
        check_ledger(third, FOUNDING_SIZE + 3)
        third.ledger.close()


# ---- a commit of unknown outcome, and a head that has moved on since ----


@pytest.mark.item("3.6.unknown-outcome")
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("others", [1, 3])
def test_unknown_outcome_is_found_behind_what_others_appended(
    shared: Shared, when: When, others: int
) -> None:
    with two_replicas(shared) as (first, second):
        lost = Lost(shared.open_store(), when=when)
        third = a_replica(first, store=lost)
        answer = third.hand_over(*reports(2))
        while not lost.is_lost:
            time.sleep(0.001)
        second.admit(*reports(others, first=10))
        lost.is_lost = False
        admitted = [one for one in answer.result(timeout=30) if isinstance(one, Admitted)]
        start = FOUNDING_SIZE + (others if when == "before" else 0)
        assert [(one.index, one.is_first) for one in admitted] == [(start, True), (start + 1, True)]
        repeated = second.admit(*reports(2))
        assert [one.receipt for one in repeated] == [one.receipt for one in admitted]
        check_ledger(second, FOUNDING_SIZE + others + 2)
        third.ledger.close()


class Overtaken(FaultyStore):
    """A store whose turns do not hold: the head moves between the turn and the commit."""

    def __init__(self, inner: Store, times: int) -> None:
        super().__init__(inner, fail_on="close", when="before", calls_before=1_000_000)
        self.left = times

    def commit(self, group: CommitGroup) -> None:
        if self.left:
            self.left -= 1
            raise HeadMoved("expected a log of its size, found a longer one")
        super().commit(group)


def test_head_that_moved_is_followed(store: Store) -> None:
    story = a_founded_story(store)
    overtaken = Overtaken(store, times=2)
    story = story.restarted(store=overtaken, pace=HASTY)
    assert [one.is_first for one in story.admit(a_report())] == [True]
    check_ledger(story, FOUNDING_SIZE + 1)
    overtaken.left = 1_000_000
    story = story.restarted(store=overtaken, pace=replace(HASTY, outcome_seconds_max=0.01))
    with pytest.raises(HeadMoved):
        story.submit(a_report(1))
    story.ledger.close()


# ---- a head that does not extend ours ----


def another_history(count: int) -> MemoryStore:
    """A log of the same founders that went another way."""
    store = MemoryStore()
    story = a_founded_story(store)
    story.admit(*reports(count, first=500))
    story.ledger.close()
    return store


class Swapped(FaultyStore):
    """A store behind which the database can be put in another's place."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner, fail_on="close", when="before", calls_before=1_000_000)


@pytest.mark.item("3.6.restored")
@pytest.mark.parametrize("count", [0, 2, 3, 9])
@pytest.mark.parametrize("is_idle", [True, False])
def test_log_that_does_not_extend_ours_stops_the_writer(count: int, is_idle: bool) -> None:
    story = a_founded_story(MemoryStore())
    swapped = Swapped(story.store)
    story = story.restarted(store=swapped, follow_seconds=OFTEN_SECONDS if is_idle else None)
    story.admit(*reports(3))
    swapped.inner = another_history(count)
    if is_idle:
        deadline = time.monotonic() + 20
        while story.ledger.is_running:
            assert time.monotonic() < deadline
            time.sleep(0.002)
    else:
        with pytest.raises(LogRolledBack, match="that extend"):
            story.submit(a_report(9))
    story.ledger.close()
    assert not story.ledger.is_running
    assert story.ledger.size == FOUNDING_SIZE + 3
    with pytest.raises(LogClosed, match="the log has stopped"):
        story.submit(a_report(10))
    head = swapped.inner.head()
    assert head is not None
    assert head.size == FOUNDING_SIZE + count, "nothing was built on it"


# ---- the clock of the database ----


class Clocked(FaultyStore):
    """A store whose database has a clock."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner, fail_on="close", when="before", calls_before=1_000_000)
        self.now_ms = NOW_MS

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        with super().turn() as turn:
            yield Turn(turn.head, self.now_ms)


def admitted_ms(story: Story, index: int) -> int:
    row = story.store.entry(index)
    assert row is not None
    return row.admitted_ms - NOW_MS


@pytest.mark.item("3.6.clock-back")
def test_database_clock_is_the_log_s(store: Store) -> None:
    story = a_founded_story(store)
    clocked = Clocked(store)
    story = story.restarted(store=clocked, is_clock_given=False)
    clocked.now_ms = NOW_MS + 700
    story.admit(a_report(0))
    # Stepped back a little it repeats the last time, and both clocks stand together.
    clocked.now_ms = NOW_MS - 59_000
    story.clock.advance(-59_000)
    story.admit(a_report(1))
    clocked.now_ms -= 1_000
    story.clock.advance(-1_000)
    with pytest.raises(ClockSuspect, match="expected a time after"):
        story.submit(a_report(2))
    assert [admitted_ms(story, FOUNDING_SIZE + n) for n in (0, 1)] == [700, 700]
    check_ledger(story, FOUNDING_SIZE + 2)
    story.ledger.close()


@pytest.mark.item("3.6.clock-back")
@pytest.mark.parametrize("sign", [1, -1])
def test_clocks_that_are_apart_are_suspect_and_nothing_is_written(store: Store, sign: int) -> None:
    story = a_founded_story(store)
    clocked = Clocked(store)
    story = story.restarted(store=clocked, is_clock_given=False)
    clocked.now_ms = NOW_MS + sign * CLOCKS_APART_MILLISECONDS_MAX
    story.admit(a_report(0))
    clocked.now_ms += sign
    with pytest.raises(ClockSuspect, match="expected the clocks of database and service within"):
        story.submit(a_report(1))
    check_ledger(story, FOUNDING_SIZE + 1)
    clocked.now_ms -= sign
    story.admit(a_report(1))
    story.ledger.close()
