"""Every book of deliveries keeps the contract: memory, SQLite, PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from api.derived import sql_book
from api.derived.database import DerivedDatabase, derived_url
from api.derived.sql_book import SqlDeliveryBook
from api.derived.tables import BOOKMARK
from ledger.store_errors import StoreUnavailable
from quality.deliveries.answers import differences, erased_records, flags_of, inputs, monthly
from quality.deliveries.book import (
    DeliveryBook,
    DeliveryReading,
    FirstDay,
    MemoryDeliveryBook,
    Question,
)
from quality.deliveries.delivery import LotKey
from quality.deliveries.erasing import Erased, erase_records
from quality.deliveries.fold import PaperOrCase, fold_page
from quality.deliveries.papers import Gap
from tests.postgres import LogDatabase
from tests.quality.deliveries.papers import (
    ALWAYS,
    CUSTOMER,
    DAY,
    LANE,
    LONG_AFTER,
    OTHER,
    SUPPLIER,
    a_case,
    a_receipt,
    a_shipment,
    fold,
    histories,
)

QUESTIONS = (
    ALWAYS,
    replace(ALWAYS, first="2026-10", last="2026-10"),
    replace(ALWAYS, supplier=SUPPLIER),
    replace(ALWAYS, customer=CUSTOMER, supplier=OTHER, part="P-1"),
    replace(ALWAYS, customer=OTHER),
)


# Each book runs the same test, on one book that it clears: that is what is meant.
_SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]


def answers_of(book: DeliveryReading, question: Question) -> object:
    """Everything that a book answers to a question."""
    return (
        monthly(book, question, as_of=LONG_AFTER),
        differences(book, question, as_of=LONG_AFTER),
        inputs(book, question),
    )


class BookContract:
    """What every book does; each test begins with an empty one."""

    @pytest.mark.item("4.6.exposure")
    @settings(suppress_health_check=_SHARED, max_examples=15)
    @given(papers=histories())
    def test_answers_as_the_book_in_memory_does(
        self, book: DeliveryBook, papers: list[PaperOrCase]
    ) -> None:
        book.clear()
        fold(book, papers, pages=3)
        expected = fold(MemoryDeliveryBook(), papers)
        assert book.size() == expected.size() == len(papers)
        for question in QUESTIONS:
            assert answers_of(book, question) == answers_of(expected, question)
        for paper in papers:
            assert flags_of(book, paper.record_id) == flags_of(expected, paper.record_id)

    def test_is_empty_at_first_and_when_it_was_cleared(self, book: DeliveryBook) -> None:
        assert (book.size(), book.months_of(ALWAYS)) == (0, [])
        fold(book, [a_shipment(0), a_receipt(1, cites="r0"), a_case(2)])
        assert len(book.months_of(ALWAYS)) == 1
        book.clear()
        assert (book.size(), book.months_of(ALWAYS), book.places(["r0"])) == (0, [], {})

    @pytest.mark.parametrize(("before", "is_saved"), [(1, True), (0, False), (2, False)])
    def test_saves_a_page_only_onto_the_size_it_was_made_for(
        self, book: DeliveryBook, before: int, is_saved: bool
    ) -> None:
        fold(book, [a_shipment(0)])
        changes = fold_page(book, [a_receipt(1, cites="r0")], size=2)
        assert book.save(changes, before=before) is is_saved
        assert book.size() == (2 if is_saved else 1)
        assert len(book.places(["r1"])) == is_saved

    def test_totals_that_come_to_nothing_are_gone(self, book: DeliveryBook) -> None:
        fold(book, [a_shipment(0), a_receipt(1, cites="r0")])
        moved = a_receipt(2, cites="r0", corrects="r1", lane=LANE._replace(part="P-2"))
        fold(book, [moved])
        assert [month.key.lane.part for month in book.months_of(ALWAYS)] == ["P-2"]

    def test_reads_one_state_at_once(self, book: DeliveryBook) -> None:
        fold(book, [a_shipment(0)])
        with book.at_once() as frozen:
            assert frozen.size() == 1
            assert len(monthly(frozen, ALWAYS, as_of=LONG_AFTER)) == 1

    @pytest.mark.parametrize("left_out_at_once", [2_000, 0])
    def test_tells_when_a_lot_came_first(
        self, book: DeliveryBook, left_out_at_once: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sql_book, "BESIDES_MAX", left_out_at_once)
        days = (DAY, DAY, DAY + timedelta(days=1))
        fold(book, [a_shipment(n, number=f"S-{n}", on=day) for n, day in enumerate(days)])
        one, two, last = (book.places([f"r{n}"])[f"r{n}"] for n in range(3))
        lot, other = LotKey(LANE, "L-1"), LotKey(LANE, "L-2")
        for left_out, first in (
            ((), FirstDay(DAY, frozenset({one, two}))),
            ((one,), FirstDay(DAY, frozenset({two}))),
            ((one, two), FirstDay(days[2], frozenset({last}))),
        ):
            assert book.first_days([lot, other], besides=left_out) == {lot: first}
        assert book.first_days([lot], besides=[one, two, last]) == {}

    def test_tells_which_cases_name_a_lot(self, book: DeliveryBook) -> None:
        named, other = LotKey(LANE, "L-1"), LotKey(LANE, "L-2")
        fold(book, [a_shipment(0), a_case(1)])
        assert book.named_lots([named, other]) == {named}
        assert [len(cases) for cases in book.cases_naming([named, other]).values()] == [1]
        fold(book, [a_case(2, corrects="r1", lots=("L-2",))])
        assert book.named_lots([named, other]) == {other}

    @pytest.mark.item("5.8.derived")
    def test_erases_as_the_book_in_memory_does(self, book: DeliveryBook) -> None:
        papers: list[PaperOrCase] = [
            *(a_shipment(0), a_receipt(1, cites="r0")),
            *(a_case(2), a_case(3, complaint="C-2")),
        ]
        gap = Gap("r2", 2, (CUSTOMER, SUPPLIER), "2026-12")
        erased = [
            Erased("r1", frozenset({"goods"})),
            Erased("r2", frozenset({"problem", "closure"}), gap),
            Erased("r3", frozenset({"closure"})),
        ]
        found, expected = fold(book, papers), fold(MemoryDeliveryBook(), papers)
        for one in (found, expected):
            assert one.save(erase_records(one, erased, size=5), before=4)
        for question in QUESTIONS:
            assert answers_of(found, question) == answers_of(expected, question)
            assert erased_records(found, question) == erased_records(expected, question)
        assert found.places(["r0", "r1", "r2", "r3"]).keys() == {"r0", "r1", "r3"}

    def test_takes_many_keys_at_once(self, book: DeliveryBook) -> None:
        papers = [a_shipment(i, number=f"S-{i}", lots=(f"L-{i}",)) for i in range(1_201)]
        fold(book, papers, pages=2)
        assert len(book.places([paper.record_id for paper in papers])) == 1_201


class TestMemoryBook(BookContract):
    """The book in memory."""

    @pytest.fixture
    def book(self) -> DeliveryBook:
        """An empty one."""
        return MemoryDeliveryBook()


class TestSqliteBook(BookContract):
    """A SQLite file of its own."""

    @pytest.fixture
    def book(self, tmp_path: Path) -> Iterator[DeliveryBook]:
        """An empty one."""
        with closing(DerivedDatabase(derived_url("", tmp_path / "derived.sqlite"))) as database:
            yield SqlDeliveryBook(database)


class TestPostgresBook(BookContract):
    """A schema of its own, as the role that owns nothing of the log."""

    @pytest.fixture
    def book(self, postgres_log: LogDatabase) -> Iterator[DeliveryBook]:
        """An empty one."""
        with closing(DerivedDatabase(postgres_log.url)) as database:
            yield SqlDeliveryBook(database)


def test_tables_of_another_form_are_made_anew(tmp_path: Path) -> None:
    url = derived_url("", tmp_path / "derived.sqlite")
    for form, size in ((None, 1), ("DLV-0", 0)):
        with closing(DerivedDatabase(url)) as database:
            book = SqlDeliveryBook(database)
            book.clear()
            fold(book, [a_shipment(0)])
            if form:
                with database.writing() as connection:
                    connection.execute(BOOKMARK.update().values(form=form))
        with closing(DerivedDatabase(url)) as database:
            assert SqlDeliveryBook(database).size() == size


@pytest.mark.parametrize(
    ("values", "is_saved"),
    [({}, True), ({"form": "DLV-0"}, False), ({"leaf": "another"}, False), ({"size": 2}, False)],
)
def test_a_page_is_saved_only_onto_the_tables_it_was_made_for(
    tmp_path: Path, values: dict[str, str], is_saved: bool
) -> None:
    url = derived_url("", tmp_path / "derived.sqlite")
    with closing(DerivedDatabase(url)) as database:
        book = SqlDeliveryBook(database)
        fold(book, [a_shipment(0)])
        changes = fold_page(book, [a_receipt(1, cites="r0")], size=2)
        with database.writing() as connection:
            connection.execute(BOOKMARK.update().values(origin="", **values))
        assert book.save(changes, before=1) is is_saved


def test_tables_that_another_version_has_made_are_not_read(tmp_path: Path) -> None:
    url = derived_url("", tmp_path / "derived.sqlite")
    with closing(DerivedDatabase(url)) as database:
        book = SqlDeliveryBook(database)
        with book.at_once() as reading:
            assert reading.size() == 0
        with database.writing() as connection:
            connection.execute(BOOKMARK.update().values(form="DLV-9"))
        with pytest.raises(StoreUnavailable, match="DLV-1"), book.at_once():
            pass


def test_one_replica_at_a_time_has_the_turn(postgres_log: LogDatabase) -> None:
    with (
        closing(DerivedDatabase(postgres_log.url)) as one,
        closing(DerivedDatabase(postgres_log.url)) as other,
    ):
        with one.turn() as first, other.turn() as second:
            assert (first, second) == (True, False)
        with other.turn() as afterwards:
            assert afterwards


def test_a_page_of_two_replicas_is_saved_once(postgres_log: LogDatabase) -> None:
    with (
        closing(DerivedDatabase(postgres_log.url)) as one,
        closing(DerivedDatabase(postgres_log.url)) as other,
    ):
        books = [SqlDeliveryBook(one), SqlDeliveryBook(other)]
        pages = [fold_page(book, [a_shipment(0)], size=1) for book in books]
        saved = [book.save(page, before=0) for book, page in zip(books, pages, strict=True)]
        assert saved == [True, False]


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="derived"):
        DerivedDatabase(derived_url("", tmp_path / "missing" / "derived.sqlite"))
