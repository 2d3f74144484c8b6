"""Nonces that replicas share: once per key over all of them, restarts included."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import psycopg
import pytest
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.nonces import Nonce, UnixSeconds
from api.request_errors import NonceReplayed, SignatureExpired
from api.shared_nonces import SharedNonces
from ledger.clock import ManualClock
from ledger.limits import REQUEST_WINDOW_SECONDS
from ledger.store_errors import StoreUnavailable
from ledger.store_postgres_database import failures
from ledger.store_postgres_nonces import KEPT_SECONDS, Fate, NonceClaim, PostgresNonces
from tests.postgres import LogDatabase, PostgresServer

pytestmark = pytest.mark.item("3.3")

NOW = UnixSeconds(1_900_000_000)
KEY = "did:web:log.example:parties:acme#z6Mk"
Replica = Callable[[], SharedNonces]


@pytest.fixture
def clock() -> ManualClock:
    """The database's clock."""
    return ManualClock(NOW * 1000)


@pytest.fixture
def replica(postgres_log: LogDatabase, clock: ManualClock) -> Iterator[Replica]:
    """Makes one more replica; each has a memory and a connection of its own."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(
            closing(SharedNonces(PostgresNonces(postgres_log.url, clock=clock)))
        )


def a_nonce(number: int) -> Nonce:
    return Nonce(f"{number:022d}")


def held(log: LogDatabase) -> int:
    with psycopg.connect(log.owner_url) as connection:
        row = connection.execute("SELECT count(*) FROM request_nonce").fetchone()
        assert row
        return int(row[0])


def test_a_nonce_taken_at_one_replica_is_taken_at_all(replica: Replica) -> None:
    first, second = replica(), replica()
    first.claim(KEY, a_nonce(1), created=NOW, now=NOW)
    for other in (first, second, replica()):
        with pytest.raises(NonceReplayed, match="expected a nonce not used before"):
            other.claim(KEY, a_nonce(1), created=NOW, now=NOW)
    second.claim(KEY, a_nonce(2), created=NOW, now=NOW)
    second.claim(f"{KEY}x", a_nonce(1), created=NOW, now=NOW)


def test_of_many_claims_at_many_replicas_one_wins(
    replica: Replica, postgres_log: LogDatabase
) -> None:
    replicas = [replica() for _ in range(3)]

    def claim(number: int) -> bool:
        try:
            replicas[number % 3].claim(KEY, a_nonce(number // 6), created=NOW, now=NOW)
        except NonceReplayed:
            return False
        return True

    with ThreadPoolExecutor(12) as threads:
        won = list(threads.map(claim, range(360)))
    assert [sum(won[at : at + 6]) for at in range(0, 360, 6)] == [1] * 60
    assert held(postgres_log) == 60


def test_the_table_tells_neither_key_nor_nonce(replica: Replica, postgres_log: LogDatabase) -> None:
    replica().claim(KEY, a_nonce(1), created=NOW, now=NOW)
    with psycopg.connect(postgres_log.owner_url) as connection:
        row = connection.execute("SELECT key_hash, nonce_hash FROM request_nonce").fetchone()
    assert row == NonceClaim(KEY, a_nonce(1), NOW).hashes()
    assert [len(value) for value in row] == [32, 32]


@pytest.mark.parametrize(("age", "is_refused"), [(0, False), (1, True)])
def test_the_database_clock_says_what_may_have_been_forgotten(
    replica: Replica, clock: ManualClock, age: int, is_refused: bool
) -> None:
    # The process's own clock stands still: that of the database counts.
    clock.advance(1000 * (REQUEST_WINDOW_SECONDS + age))
    if is_refused:
        with pytest.raises(SignatureExpired, match="the database's time"):
            replica().claim(KEY, a_nonce(1), created=NOW, now=NOW)
    else:
        replica().claim(KEY, a_nonce(1), created=NOW, now=NOW)


def test_rows_are_forgotten_only_once_no_clock_lets_them_pass(
    postgres_log: LogDatabase, clock: ManualClock
) -> None:
    with closing(PostgresNonces(postgres_log.url, clock=clock)) as table:
        assert table.claim([NonceClaim(KEY, "a", NOW), NonceClaim(KEY, "b", NOW + 1)]) == [
            Fate.TAKEN,
            Fate.TAKEN,
        ]
        clock.advance(1000 * KEPT_SECONDS)
        assert table.forget() == 0
        clock.advance(1000)
        assert table.forget() == 1
        assert table.claim([NonceClaim(KEY, "a", NOW), NonceClaim(KEY, "b", NOW + 1)]) == [
            Fate.EXPIRED,
            Fate.EXPIRED,
        ]


def test_a_replica_forgets_by_itself(
    replica: Replica, clock: ManualClock, postgres_log: LogDatabase
) -> None:
    shared = replica()
    shared.claim(KEY, a_nonce(1), created=NOW, now=NOW)
    later = UnixSeconds(NOW + KEPT_SECONDS + 1)
    clock.advance(1000 * (later - NOW))
    shared.claim(KEY, a_nonce(2), created=later, now=later)
    assert held(postgres_log) == 1


def test_without_a_given_clock_the_true_time_counts(postgres_log: LogDatabase) -> None:
    now = int(time.time())
    with closing(PostgresNonces(postgres_log.url)) as table:
        claims = [NonceClaim(KEY, "a", now), NonceClaim(KEY, "b", now - 2 * KEPT_SECONDS)]
        assert table.claim(claims) == [Fate.TAKEN, Fate.EXPIRED]
        assert table.claim(claims[:1]) == [Fate.REPLAYED]


def test_a_database_that_is_away_takes_no_nonce_and_is_found_again(
    replica: Replica, postgres: PostgresServer, postgres_log: LogDatabase
) -> None:
    shared = replica()
    shared.claim(KEY, a_nonce(1), created=NOW, now=NOW)
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {postgres_log.name} ALLOW_CONNECTIONS false")
        postgres.disconnect(postgres_log)
        with pytest.raises(StoreUnavailable):
            shared.claim(KEY, a_nonce(2), created=NOW, now=NOW)
        connection.execute(f"ALTER DATABASE {postgres_log.name} ALLOW_CONNECTIONS true")
    shared.claim(KEY, a_nonce(3), created=NOW, now=NOW)
    with pytest.raises(NonceReplayed):
        replica().claim(KEY, a_nonce(1), created=NOW, now=NOW)


class BreakingTable(PostgresNonces):
    """A table whose first statement waits for others to gather, and whose second fails."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.gathered = threading.Event()

    def claim(self, claims: Sequence[NonceClaim]) -> list[Fate]:
        self.sizes.append(len(claims))
        if len(self.sizes) == 1:
            assert self.gathered.wait(10)
        if len(self.sizes) == 2:
            raise ValueError("expected what nobody expects")
        return [Fate.TAKEN] * len(claims)

    def forget(self) -> int:
        return 0


def test_a_fault_that_nobody_foresaw_ends_every_claim_that_it_meets() -> None:
    table = BreakingTable()
    shared = SharedNonces(table)

    def claim(number: int) -> str:
        try:
            shared.claim(KEY, a_nonce(number), created=NOW, now=NOW)
        except (ValueError, StoreUnavailable) as fault:
            return type(fault).__name__
        return "taken"

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(claim, 0)
        await_until(lambda: len(table.sizes) == 1)
        others = [threads.submit(claim, number) for number in (1, 2, 3)]
        await_until(lambda: shared.waiting == 3)
        table.gathered.set()
        assert first.result(10) == "taken"
        ended = sorted(other.result(10) for other in others)
    # Who asked for all three tells what happened; the others only that it is not known.
    assert ended == ["StoreUnavailable", "StoreUnavailable", "ValueError"]
    assert claim(4) == "taken"
    assert table.sizes == [1, 3, 1]


def await_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize("fault", [PoolTimeout("none is free"), InvalidRequestError("this is bad")])
def test_a_pool_that_lends_no_connection_is_a_store_that_does_not_answer(fault: Exception) -> None:
    with pytest.raises(StoreUnavailable, match=r"^database: "), failures():
        raise fault
