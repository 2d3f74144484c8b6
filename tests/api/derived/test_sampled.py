"""Every book keeps the records that sampling follows from, and loads those of a part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from api.derived import sampling
from api.derived.answering import TooMuch
from api.derived.database import DerivedDatabase, derived_url
from api.derived.sampling import SqlSamplingBook
from api.derived.sql_book import SqlDeliveryBook
from quality.deliveries.agreed import Filed
from quality.deliveries.book import Changes, DeliveryBook, MemoryDeliveryBook
from quality.sampling.history import SampledParts, SampledRecord
from tests.postgres import LogDatabase
from tests.quality.sampling.filed import CUSTOMER, OTHER, SUPPLIER, a_commit, a_report, read_all

RECORDS: list[Filed] = [
    a_report(0),
    a_commit(1),
    a_report(2, lot={"part": "P-2"}),
    a_report(3, lot={"supplier": OTHER}, subject=OTHER),
    a_report(4, defective=3),
]


def save(book: DeliveryBook, erased: dict[str, frozenset[str]]) -> None:
    """A page with all of them, and one in which groups go."""
    rows = {row.filed.record_id: row for row in read_all(RECORDS)}
    assert book.save(Changes(5, sampled=rows), before=0)
    assert book.save(Changes(6, sampled_erased=erased), before=5)


def kept(erased: dict[str, frozenset[str]]) -> list[SampledRecord]:
    """The same in memory."""
    book = MemoryDeliveryBook()
    save(book, erased)
    return list(book.sampled_records())


@pytest.fixture(params=["sqlite", pytest.param("postgres")])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DerivedDatabase]:
    """Empty tables on either engine."""
    if request.param == "sqlite":
        url = derived_url("", tmp_path / "derived.sqlite")
    else:
        log: LogDatabase = request.getfixturevalue("postgres_log")
        url = log.url
    with closing(DerivedDatabase(url)) as opened:
        yield opened


ERASED = {"r0": frozenset({"lot"}), "r4": frozenset({"verdict"}), "r9": frozenset({"lot"})}


@pytest.mark.item("6.2.state")
def test_tables_hold_what_a_book_in_memory_does(database: DerivedDatabase) -> None:
    save(SqlDeliveryBook(database), ERASED)
    loaded = SqlSamplingBook(database).load([SampledParts()])
    assert loaded.tree_size == 6
    assert list(loaded.records) == kept(ERASED)


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ([SampledParts(CUSTOMER, SUPPLIER, "P-1")], ["r0", "r1", "r4"]),
        ([SampledParts(CUSTOMER, None, "P-2")], ["r0", "r2"]),
        ([SampledParts(None, OTHER)], ["r3"]),
        ([SampledParts(CUSTOMER), SampledParts(None, CUSTOMER)], ["r0", "r1", "r2", "r3", "r4"]),
        ([], []),
    ],
)
def test_records_of_the_parts_asked_about_and_of_unknown_ones_are_loaded(
    tmp_path: Path, asked: list[SampledParts], ids: list[str]
) -> None:
    with closing(DerivedDatabase(derived_url("", tmp_path / "derived.sqlite"))) as database:
        save(SqlDeliveryBook(database), ERASED)
        loaded = SqlSamplingBook(database).load(asked)
    assert [record.filed.record_id for record in loaded.records] == ids


def test_corrections_that_name_another_part_are_loaded_with_what_they_correct(
    database: DerivedDatabase,
) -> None:
    moved = read_all([a_report(6, corrects="r4", lot={"part": "P-2"})])
    book = SqlDeliveryBook(database)
    save(book, {})
    assert book.save(Changes(7, sampled={"r6": moved[0]}), before=6)
    for part, ids in (("P-1", ["r0", "r1", "r4", "r6"]), ("P-2", ["r2", "r6"])):
        asked = SampledParts(CUSTOMER, SUPPLIER, part)
        loaded = SqlSamplingBook(database).load([asked])
        assert [record.filed.record_id for record in loaded.records] == ids


def test_records_beside_another_are_those_of_its_part(tmp_path: Path) -> None:
    with closing(DerivedDatabase(derived_url("", tmp_path / "derived.sqlite"))) as database:
        save(SqlDeliveryBook(database), {})
        book = SqlSamplingBook(database)
        found = {name: book.load_beside(name).records for name in ("r4", "r2", "r9")}
    assert {name: [row.filed.record_id for row in rows] for name, rows in found.items()} == {
        "r4": ["r0", "r1", "r4"],
        "r2": ["r2"],
        "r9": [],
    }


@pytest.mark.parametrize(
    ("bound", "value", "is_loaded"),
    [("ROWS_MAX", 5, True), ("ROWS_MAX", 4, False), ("CHARACTERS_MAX", 100, False)],
)
def test_more_than_an_answer_may_take_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: int, is_loaded: bool
) -> None:
    monkeypatch.setattr(sampling, bound, value)
    with closing(DerivedDatabase(derived_url("", tmp_path / "derived.sqlite"))) as database:
        save(SqlDeliveryBook(database), {})
        book = SqlSamplingBook(database)
        if is_loaded:
            assert len(book.load([SampledParts()]).records) == 5
        else:
            with pytest.raises(TooMuch):
                book.load([SampledParts()])


def test_a_record_that_lost_its_last_word_is_gone(tmp_path: Path) -> None:
    (report,) = read_all([a_report(0)])
    nobody = replace(report, filed=replace(report.filed, groups={"lot": {}}))
    with closing(DerivedDatabase(derived_url("", tmp_path / "derived.sqlite"))) as database:
        book = SqlDeliveryBook(database)
        book.save(Changes(1, sampled={"r0": nobody}), before=0)
        book.save(Changes(2, sampled_erased={"r0": frozenset({"lot"})}), before=1)
        assert SqlSamplingBook(database).load([SampledParts()]).records == ()
