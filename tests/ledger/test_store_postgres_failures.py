"""What is left after a lost connection, a restarted server, a frozen writer: all or nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from ledger.errors import LedgerError
from ledger.store import Store
from ledger.store_errors import HeadMoved, OutcomeUnknown, StoreOutdated, StoreUnavailable
from ledger.store_open import open_store
from ledger.store_postgres import PostgresStore
from ledger.store_postgres_tables import POSTGRES_REVISION
from tests.ledger.store_groups import Parts, a_group, append, contents, digest, rows_after
from tests.postgres import APP, LogDatabase, PostgresServer, running
from tests.postgres_relay import Loss, relayed

pytestmark = pytest.mark.item("3.5")

WAIT_SECONDS_MAX = 30


@pytest.fixture
def log(postgres_log: LogDatabase) -> LogDatabase:
    """A log of three entries."""
    with closing(PostgresStore(postgres_log.url, shelf=postgres_log.shelf)) as store:
        append(store, 3)
    return postgres_log


@pytest.fixture
def store(log: LogDatabase) -> Iterator[PostgresStore]:
    """A store of it."""
    with closing(PostgresStore(log.url, shelf=log.shelf)) as store:
        yield store


def _size(store: Store) -> int:
    head = store.head()
    return head.size if head else 0


def _commit_after(store: Store, event: Callable[[], object]) -> None:
    """A turn in the middle of which something happens."""
    with store.turn() as turn:
        event()
        store.commit(a_group(turn.head, rows_after(turn.head, 2)))


# ---- connections that end ----


def test_sessions_that_ended_between_calls_are_replaced(
    postgres: PostgresServer, log: LogDatabase, store: PostgresStore
) -> None:
    append(store, 1)
    assert postgres.disconnect(log) >= 2
    assert _size(store) == 4
    append(store, 1)
    store.keep_cosigned(5, "five\n")
    assert store.latest_cosigned() == (5, "five\n")


def test_session_that_ends_in_a_turn_writes_nothing(
    postgres: PostgresServer, log: LogDatabase, store: PostgresStore
) -> None:
    before = contents(store)
    with pytest.raises(StoreUnavailable):
        _commit_after(store, lambda: postgres.disconnect(log))
    assert contents(store) == before
    append(store, 1)


def test_turn_left_after_its_session_ended_is_over_without_a_word(
    postgres: PostgresServer,
    log: LogDatabase,
    store: PostgresStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with store.turn():
        postgres.disconnect(log)
    append(store, 1)
    assert caplog.records == []


@pytest.mark.parametrize(("loss", "size"), [("before", 3), ("after", 5)])
def test_commit_whose_answer_is_lost_is_of_unknown_outcome(
    postgres: PostgresServer, log: LogDatabase, loss: Loss, size: int
) -> None:
    with (
        relayed(postgres) as relay,
        closing(PostgresStore(relay.url(log), shelf=log.shelf)) as store,
    ):
        with store.turn() as turn:
            head = turn.head
        group = a_group(head, rows_after(head, 2), Parts(search=((digest("lot"), 3),)))
        relay.lose(loss)
        with pytest.raises(OutcomeUnknown):
            store.commit(group)
        # The turn waits for whatever the lost session may still be doing.
        with store.turn() as turn:
            found = turn.head
        assert found == (group.head if size == 5 else head)
        if size == 5:
            with pytest.raises(HeadMoved):
                store.commit(group)
        else:
            store.commit(group)
        assert store.head() == group.head


def test_side_write_whose_answer_is_lost_is_of_unknown_outcome(
    postgres: PostgresServer, log: LogDatabase
) -> None:
    with (
        relayed(postgres) as relay,
        closing(PostgresStore(relay.url(log), shelf=log.shelf)) as store,
    ):
        store.keep_cosigned(2, "two\n")
        relay.lose("after")
        with pytest.raises(OutcomeUnknown):
            store.keep_cosigned(3, "three\n")
        store.keep_cosigned(3, "again\n")
        assert list(store.cosigned(2)) == [(3, "three\n")]


# ---- a server that restarts ----


@pytest.mark.parametrize("is_crash", [False, True])
def test_restarted_server_keeps_all_that_was_committed(is_crash: bool) -> None:
    with (
        running() as server,
        server.log_database() as log,
        closing(PostgresStore(log.url, shelf=log.shelf)) as store,
    ):
        append(store, 3)
        before = contents(store)
        with pytest.raises(StoreUnavailable):
            _commit_after(store, lambda: server.restart(is_crash=is_crash))
        assert contents(store) == before
        append(store, 2)
        server.stop()
        for use in (store.head, lambda: store.keep_cosigned(1, "x"), lambda: append(store, 1)):
            with pytest.raises(StoreUnavailable):
                use()
        server.start()
        assert _size(store) == 5
        append(store, 1)


# ---- several processes ----


def test_replicas_that_race_lose_nothing(log: LogDatabase) -> None:
    with ExitStack() as opened, ThreadPoolExecutor(3) as threads:
        stores = [
            opened.enter_context(closing(PostgresStore(log.url, shelf=log.shelf))) for _ in range(3)
        ]

        def extend(store: Store) -> None:
            for _ in range(12):
                with store.turn() as turn:
                    party = f"did:web:log.example:parties:{turn.head.size if turn.head else 0}"
                    standing = ((party, turn.head.size if turn.head else 0),)
                    group = a_group(turn.head, rows_after(turn.head, 3), Parts(standing=standing))
                    store.commit(group)

        for done in [threads.submit(extend, store) for store in stores]:
            done.result(WAIT_SECONDS_MAX)
        assert {_size(store) for store in stores} == {3 + 3 * 12 * 3}
        first, *others = map(contents, stores)
        assert all(other == first for other in others)


def test_replica_that_was_overtaken_is_told(log: LogDatabase, store: PostgresStore) -> None:
    stale = a_group(store.head(), rows_after(store.head(), 2))
    with closing(PostgresStore(log.url, shelf=log.shelf)) as other:
        append(other, 1)
    with pytest.raises(HeadMoved, match="end after 3 entries, found 4 entries"):
        store.commit(stale)


def test_replica_waits_for_the_turn_of_another(log: LogDatabase, store: PostgresStore) -> None:
    with (
        closing(PostgresStore(log.url, shelf=log.shelf)) as other,
        ThreadPoolExecutor(1) as threads,
    ):
        with store.turn() as turn:
            waits = threads.submit(append, other, 1)
            with pytest.raises(TimeoutError):
                waits.result(0.2)
            store.commit(a_group(turn.head, rows_after(turn.head, 2)))
            # COMMIT ends the turn: the other need not wait for the end of the block.
            with pytest.raises(HeadMoved):
                waits.result(WAIT_SECONDS_MAX)
        append(other, 1)


def test_turn_that_another_process_keeps_is_unavailable(
    postgres: PostgresServer, log: LogDatabase, store: PostgresStore
) -> None:
    with psycopg.connect(log.superuser_url) as other:
        other.execute("SELECT * FROM head FOR UPDATE")
        with postgres.connect() as connection:
            # The store's own bound holds, whatever the role's default is.
            role = f"ALTER ROLE {APP} IN DATABASE {log.name}"
            connection.execute(f"{role} SET lock_timeout = '1h'")
        with pytest.raises(StoreUnavailable, match="another process has taken too long"):
            append(store, 1)
        # Readers wait for nobody.
        assert _size(store) == 3
    append(store, 1)


def test_clock_is_that_of_the_database_and_read_under_the_lock(
    log: LogDatabase, store: PostgresStore
) -> None:
    begun = threading.Event()
    with (
        closing(PostgresStore(log.url, shelf=log.shelf)) as other,
        ThreadPoolExecutor(1) as threads,
    ):

        def first() -> int | None:
            with other.turn() as turn:
                begun.set()
                with pytest.raises(TimeoutError):
                    second.result(0.2)
                return turn.database_ms

        def later() -> int | None:
            begun.wait(WAIT_SECONDS_MAX)
            with store.turn() as turn:
                return turn.database_ms

        second = threads.submit(later)
        earlier, after = first(), second.result(WAIT_SECONDS_MAX)
        assert earlier is not None
        assert after is not None
        assert after - earlier >= 200


# ---- opening ----


def test_url_chooses_the_store(log: LogDatabase) -> None:
    with closing(open_store(log.url, shelf=log.shelf)) as store:
        assert isinstance(store, PostgresStore)
        assert _size(store) == 3


def test_store_that_only_reads_follows_and_never_writes(
    log: LogDatabase, store: PostgresStore
) -> None:
    with closing(open_store(log.url, shelf=log.shelf, read_only=True)) as reader:
        append(store, 2)
        assert _size(reader) == 5
        for use in (
            lambda: append(reader, 1),
            lambda: reader.turn().__enter__(),
            lambda: reader.keep_cosigned(1, "x"),
            lambda: reader.outbox_done(1),
        ):
            with pytest.raises(StoreUnavailable, match="may write"):
                use()


def test_database_without_schema_is_outdated(postgres: PostgresServer) -> None:
    with pytest.raises(StoreOutdated, match=f"expected schema {POSTGRES_REVISION}, found none"):
        PostgresStore(postgres.url("postgres"), shelf=postgres.folder)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("postgresql://nobody_there@/postgres?host={folder}", StoreUnavailable),
        ("postgresql://postgres@/no_such_log?host={folder}", StoreUnavailable),
        ("postgresql://postgres@/postgres?host=/no/such/folder", StoreUnavailable),
        ("postgresql://postgres@", StoreUnavailable),
        ("mysql://postgres@/log", StoreUnavailable),
    ],
)
def test_database_that_is_not_there_is_unavailable(
    postgres: PostgresServer, url: str, error: type[LedgerError]
) -> None:
    with pytest.raises(error):
        open_store(url.format(folder=postgres.folder), shelf=postgres.folder)


def test_password_is_in_no_message() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        open_store("postgresql://lotmark:hunter2@/log?host=/no/such/folder", shelf=Path("shelf"))
    assert "hunter2" not in str(caught.value)
