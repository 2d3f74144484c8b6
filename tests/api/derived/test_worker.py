"""The worker follows the log at least once, and begins again where its tables are."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.data_folder import DataFolder
from api.derived import following
from api.derived.database import DerivedDatabase, derived_url
from api.derived.following import DeliveryFollower
from api.derived.outbox import OutboxKeeper
from api.derived.sql_book import SqlDeliveryBook
from api.derived.worker import DerivedParts, DerivedWorker, fold_deliveries
from api.opening_log import open_log
from ledger.store import Store
from ledger.store_errors import StoreUnavailable
from quality.deliveries.answers import monthly
from quality.deliveries.book import Changes, DeliveryBook, MemoryDeliveryBook
from quality.deliveries.delivery import Delivery
from tests.api.derived.trade import LONG_WAIT_SECONDS, Trade
from tests.api.service import LiveService
from tests.ledger.parties import ORIGIN
from tests.quality.deliveries.papers import ALWAYS

AS_OF = date(2027, 1, 1)


@pytest.fixture
def trade(own_service: LiveService) -> Trade:
    """A trade with one delivery by a part in kilograms."""
    trade = Trade(own_service)
    trade.agree()
    trade.add_part("P-1", unit="KGM", pieces_per_unit="40")
    for number in ("1", "2", "3"):
        shipped = trade.shipment(number, part="P-1", on="2026-10-01", quantity="2.5", unit="KGM")
        trade.receipt(number, of=shipped, part="P-1", on="2026-10-02", quantity="2", unit="KGM")
    return trade


def delivered(book: DeliveryBook) -> list[Any]:
    """Delivered units by month."""
    return [row.delivered for row in monthly(book, ALWAYS, as_of=AS_OF)]


def store_of(trade: Trade) -> Store:
    """The store of the served log."""
    return trade.live.wired.store


@pytest.mark.item("4.6.exposure")
def test_the_service_counts_what_is_admitted(trade: Trade) -> None:
    size = trade.await_tables()
    assert delivered(trade.live.wired.derived.book) == [240]
    assert trade.live.wired.derived.book.size() == size


def test_rows_of_the_outbox_are_dropped_when_they_are_worked_off(trade: Trade) -> None:
    trade.await_tables()
    for _ in range(200):
        if not store_of(trade).outbox_after(0, 10):
            return
        threading.Event().wait(0.05)
    raise AssertionError("rows of the outbox wait")


def test_a_row_waits_for_the_slowest_reader(trade: Trade) -> None:
    trade.await_tables()
    trade.live.stop()
    with closing(_reopened(trade)) as store:
        _announce(store)
        waiting = store.outbox_after(0, 1_000)
        OutboxKeeper(store, [lambda: 1_000_000, lambda: waiting[1][2]]).drop_done()
        assert store.outbox_after(0, 1_000) == waiting[1:]
    trade.live.start()


class KilledBook(MemoryDeliveryBook):
    """A book whose process dies at a page: before it is saved, or right after."""

    def __init__(self, *, at: int, when: str) -> None:
        super().__init__()
        self._left = at
        self._when = when

    def save(self, changes: Changes, *, before: int) -> bool:
        """Save, or die."""
        self._left -= 1
        if self._left == 0 and self._when == "before":
            raise KeyboardInterrupt
        saved = super().save(changes, before=before)
        if self._left == 0:
            raise KeyboardInterrupt
        return saved


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", [1, 3, 4])
def test_a_worker_that_was_killed_goes_on_where_its_tables_are(
    trade: Trade, monkeypatch: pytest.MonkeyPatch, at: int, when: str
) -> None:
    monkeypatch.setattr(following, "PAGE_RECORDS", 2)
    size, store = trade.await_tables(), store_of(trade)
    book = KilledBook(at=at, when=when)
    with pytest.raises(KeyboardInterrupt):
        DeliveryFollower(store, book, origin=ORIGIN).bring_to(size)
    assert book.size() < size
    assert DeliveryFollower(store, book, origin=ORIGIN).bring_to(size) == size
    assert delivered(book) == [240]


class FailingBook(MemoryDeliveryBook):
    """A book that does not answer once, in the midst of its third page."""

    def __init__(self, *, method: str) -> None:
        super().__init__()
        self._method = method
        self._saved = 0

    def _fail_once(self, method: str) -> None:
        if self._saved == 2 and self._method == method:
            self._method = ""
            raise StoreUnavailable("expected the book to answer, found it busy")

    def deliveries(self, keys: Collection[str]) -> Mapping[str, Delivery]:
        """Read, or fail."""
        self._fail_once("deliveries")
        return super().deliveries(keys)

    def save(self, changes: Changes, *, before: int) -> bool:
        """Save, or fail."""
        self._fail_once("save")
        self._saved += 1
        return super().save(changes, before=before)


@pytest.mark.parametrize("method", ["deliveries", "save"])
def test_a_page_that_failed_is_converted_by_what_was_agreed_before_it(
    trade: Trade, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    # The third page: the third delivery, and then a part that converts otherwise.
    monkeypatch.setattr(following, "PAGE_RECORDS", 4)
    trade.add_part("P-1", unit="KGM", pieces_per_unit="8")
    size, book = trade.await_tables(), FailingBook(method=method)
    follower = DeliveryFollower(store_of(trade), book, origin=ORIGIN)
    with pytest.raises(StoreUnavailable):
        follower.bring_to(size)
    assert 0 < book.size() < size
    assert follower.bring_to(size) == size
    assert delivered(book) == [240]


def test_a_follower_notices_that_another_one_has_moved_the_book(trade: Trade) -> None:
    size, store, book = trade.await_tables(), store_of(trade), MemoryDeliveryBook()
    one = DeliveryFollower(store, book, origin=ORIGIN)
    one.bring_to(3)
    DeliveryFollower(store, book, origin=ORIGIN).bring_to(size - 1)
    assert one.bring_to(size) == size
    assert delivered(book) == [240]


def test_tables_that_were_lost_are_made_again(trade: Trade) -> None:
    trade.await_tables()
    trade.live.stop()
    trade.live.folder.derived.unlink()
    trade.live.start()
    trade.await_tables()
    assert delivered(trade.live.wired.derived.book) == [240]


def test_a_task_brings_tables_up_to_date_and_may_be_repeated(trade: Trade, tmp_path: Path) -> None:
    size = trade.await_tables()
    url = derived_url("", tmp_path / "derived.sqlite")
    parts = DerivedParts(url, store_of(trade), ORIGIN, lambda: size)
    assert [fold_deliveries(parts), fold_deliveries(parts)] == [size, size]
    with closing(DerivedDatabase(url)) as database:
        assert delivered(SqlDeliveryBook(database)) == [240]


@pytest.fixture
def without_tables(trade: Trade, tmp_path: Path) -> Iterator[tuple[DerivedWorker, Path]]:
    """A worker whose tables cannot be opened, and the folder that is missing for it."""
    size, folder = trade.await_tables(), tmp_path / "missing"
    url = derived_url("", folder / "derived.sqlite")
    worker = DerivedWorker(DerivedParts(url, store_of(trade), ORIGIN, lambda: size))
    yield worker, folder
    worker.close()


def test_a_worker_without_tables_says_so_and_tries_again(
    without_tables: tuple[DerivedWorker, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, folder = without_tables
    monkeypatch.setattr("api.derived.worker.REST_SECONDS", 0.01)
    assert worker.fault
    assert not worker.is_well
    folder.mkdir()
    worker.start()
    worker.await_size(1, LONG_WAIT_SECONDS)
    assert delivered(worker.book) == [240]


def _reopened(trade: Trade) -> Any:

    return open_log(DataFolder(trade.live.folder.root))


def _announce(store: Any) -> None:
    """Nothing is left of the rows: put some back, as a commit would."""
    from sqlalchemy import insert

    from ledger.store_tables import OUTBOX

    rows = [
        {"position": 10**6 + n, "topic": "record.admitted", "idx": n, "entries": 1}
        for n in range(3)
    ]
    with store._database.writing() as connection:
        connection.execute(insert(OUTBOX), rows)
