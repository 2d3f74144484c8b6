"""A record that the fold or the tables cannot take ends nobody else's counting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from api.derived import following
from api.derived.database import DerivedDatabase, UnfitContent
from api.derived.following import DeliveryFollower
from api.derived.sql_book import SqlDeliveryBook
from quality.deliveries.agreed import Lane
from quality.deliveries.book import Changes, MemoryDeliveryBook
from quality.deliveries.fold import fold_page
from quality.deliveries.papers import read_paper
from tests.api.derived.trade import Trade
from tests.api.service import LiveService
from tests.ledger.parties import ORIGIN
from tests.ledger.vault.forged_contents import forge_contents
from tests.postgres import LogDatabase
from tests.quality.deliveries.papers import ALWAYS, a_shipment


@pytest.fixture
def trade(own_service: LiveService) -> Trade:
    """Three deliveries, received."""
    trade = Trade(own_service)
    trade.agree()
    trade.add_part("P-1")
    for number in ("1", "2", "3"):
        shipped = trade.shipment(number, part="P-1", on="2026-10-01", quantity="10")
        trade.receipt(number, of=shipped, part="P-1", on="2026-10-02", quantity="10")
    return trade


class FussyBook(MemoryDeliveryBook):
    """A book that cannot take one delivery number."""

    def __init__(self, number: str, fault: Exception) -> None:
        super().__init__()
        self._number = number
        self._fault = fault

    def save(self, changes: Changes, *, before: int) -> bool:
        """Save, unless that number is in it."""
        papers = (paper for found in changes.deliveries.values() if found for paper in found.papers)
        if any(paper.number == self._number for paper in papers):
            raise self._fault
        return super().save(changes, before=before)


@pytest.mark.parametrize(
    ("number", "pieces", "passed_over"), [("none", [30], 0), ("2", [20], 2), ("1", [20], 2)]
)
@pytest.mark.parametrize("fault", [UnfitContent("odd"), OverflowError(), KeyError("odd")])
def test_what_cannot_be_taken_is_passed_over_by_itself(
    trade: Trade, number: str, pieces: list[int], passed_over: int, fault: Exception
) -> None:
    size, book = trade.await_tables(), FussyBook(number, fault)
    follower = DeliveryFollower(trade.live.wired.store, book, origin=ORIGIN)
    assert follower.bring_to(size) == size
    assert [month.pieces for month in book.months_of(ALWAYS)] == pieces
    assert follower.passed_over == passed_over


def test_a_record_that_cannot_be_read_is_passed_over(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    size, book = trade.await_tables(), MemoryDeliveryBook()
    monkeypatch.setattr(following, "read_paper", _fails_for("2", read_paper))
    follower = DeliveryFollower(trade.live.wired.store, book, origin=ORIGIN)
    assert follower.bring_to(size) == size
    assert follower.passed_over == 1
    assert [month.pieces for month in book.months_of(ALWAYS)] == [30]


def _fails_for(number: str, read: Callable[..., Any]) -> Callable[..., Any]:
    """Reads, but for shipments of one number."""

    def reading(record: Any, agreed: Any) -> Any:
        if record.groups["state"].get("shipment") == number:
            raise RecursionError
        return read(record, agreed)

    return reading


ODD = ("\\0", "P\\", "\uffff\U0010ffff", "'; --", "%", "\u00e9" * 62)


def test_odd_content_is_counted(own_service: LiveService) -> None:
    trade = Trade(own_service)
    trade.agree()
    for number in ODD:
        trade.shipment(number, part=number, on="1900-01-01", quantity="1")
        trade.complaint(
            number,
            part=number,
            lot=number,
            opened_at="2026-10-01T00:00:00+14:00",
            closure={"responsible": "supplier", "confirmed": 1_000_000_000},
        )
    trade.await_tables()
    worker = trade.live.wired.derived
    assert worker.describe()["passed_over"] == 0
    counted = [month.key.lane.part for month in worker.book.months_of(ALWAYS)]
    assert sorted(counted) == sorted(ODD)


def test_entries_without_content_are_passed(trade: Trade) -> None:
    size, store = trade.await_tables(), trade.live.wired.store
    folder = trade.live.folder
    forge_contents(folder.database, folder.shelf, range(21, size), lambda _: "W10~")
    book = MemoryDeliveryBook()
    assert DeliveryFollower(store, book, origin=ORIGIN).bring_to(size) == size


def test_a_database_says_what_it_cannot_hold(postgres_log: LogDatabase) -> None:
    with closing(DerivedDatabase(postgres_log.url)) as database:
        book = SqlDeliveryBook(database)
        page = fold_page(book, [a_shipment(0, lane=Lane("c\0", "s", "p"))], size=1)
        with pytest.raises(UnfitContent):
            book.save(page, before=0)
        assert book.size() == 0


@pytest.mark.parametrize(("after", "is_done"), [(3, False), (1_000, True)])
def test_a_follower_stops_inside_a_page(trade: Trade, after: int, is_done: bool) -> None:
    size, book = trade.await_tables(), MemoryDeliveryBook()
    asked = iter(range(10_000))
    follower = DeliveryFollower(
        trade.live.wired.store, book, origin=ORIGIN, is_stopped=lambda: next(asked) >= after
    )
    assert follower.bring_to(size) == (size if is_done else 0)


def test_a_service_stops_while_it_counts(trade: Trade) -> None:
    trade.await_tables()
    stopping = threading.Thread(target=trade.live.wired.derived.close)
    stopping.start()
    stopping.join(5)
    assert not stopping.is_alive()
