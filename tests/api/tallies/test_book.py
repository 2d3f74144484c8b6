"""The book of tallies, on either engine: each reading once, in order, and only its party's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import insert, select

from api.side_tables import SideTables, side_url
from api.tallies.book import KEPT_MS, NewReading, Tally, TallyBook
from api.tallies.errors import SequenceMissing, SequenceTaken, TallyFull, TooManyTallies
from api.tallies.tables import READING, SCHEMA, TALLY
from ledger import limits
from ledger.store_errors import StoreUnavailable
from ledger.store_postgres_tables import TALLIES_SUFFIX
from quality.errors import ReadingContradicts
from tests.postgres import LogDatabase

pytestmark = pytest.mark.item("6.4.readings")

ORIGIN = "log.example"
NOW = 1_790_000_000_000
ACME = "did:web:log.example:parties:acme"
OTHER = "did:web:log.example:parties:other"
FIRST = Tally("t" * 22, ACME, '{"lot":1}', NOW, NOW, 0)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a log of either kind keeps its tallies."""
    if request.param == "sqlite":
        return side_url("", tmp_path / "tallies.sqlite")
    log: LogDatabase = request.getfixturevalue("postgres_log")
    return side_url(log.url, tmp_path / "unused")


@pytest.fixture
def book(url: str) -> Iterator[TallyBook]:
    """A book with one tally of a party."""
    with closing(TallyBook(url, origin=ORIGIN)) as opened:
        opened.open(FIRST)
        yield opened


def let_pass(tally: Tally, before: Sequence[str]) -> None:
    """A judge that refuses nothing."""
    assert tally.last == len(before)


def add(book: TallyBook, sequence: int, text: str = "{}", *, at_ms: int = NOW) -> list[str] | None:
    """Take a reading."""
    return book.add(FIRST, NewReading(sequence, text, at_ms), judge=let_pass)


def test_a_reading_again_is_answered_as_the_first_time_and_counts_once(book: TallyBook) -> None:
    first = add(book, 1, '"a"')
    add(book, 2, '"b"')
    assert add(book, 1, '"a"') == first == ['"a"']
    assert add(book, 2, '"b"') == ['"a"', '"b"']
    found = book.find(FIRST.tally_id, party=ACME, now_ms=NOW)
    assert found is not None
    assert (found.last, book.readings(found)) == (2, ['"a"', '"b"'])


def test_another_reading_with_a_sequence_that_is_taken_is_refused(book: TallyBook) -> None:
    add(book, 1, '"a"')
    with pytest.raises(SequenceTaken, match="reading that 1 has already, found another"):
        add(book, 1, '"b"')


def test_a_reading_before_which_one_is_missing_is_refused(book: TallyBook) -> None:
    add(book, 1)
    with pytest.raises(SequenceMissing, match="expected 2, found 3: send first what is missing"):
        add(book, 3)
    assert add(book, 2) is not None


def test_a_refused_reading_leaves_nothing(book: TallyBook) -> None:
    def refuse(tally: Tally, before: Sequence[str]) -> None:
        raise ReadingContradicts(f"{tally.last} {before}")

    with pytest.raises(ReadingContradicts):
        book.add(FIRST, NewReading(1, '"a"', NOW), judge=refuse)
    assert add(book, 1, '"b"') == ['"b"']


def test_what_is_another_s_or_expired_is_as_if_it_were_not_there(book: TallyBook) -> None:
    add(book, 1)
    stolen = replace(FIRST, party=OTHER)
    later = NOW + KEPT_MS
    for party, now_ms in ((OTHER, NOW), (ACME, later)):
        assert book.find(FIRST.tally_id, party=party, now_ms=now_ms) is None
        assert book.of_party(party, now_ms=now_ms) == []
        assert not book.drop(FIRST.tally_id, party=party, now_ms=now_ms)
    assert book.add(stolen, NewReading(2, "{}", NOW), judge=let_pass) is None
    assert add(book, 2, at_ms=later) is None
    assert [tally.last for tally in book.of_party(ACME, now_ms=later - 1)] == [1]


def test_a_tally_that_is_deleted_is_gone_with_its_readings(book: TallyBook) -> None:
    add(book, 1)
    assert book.drop(FIRST.tally_id, party=ACME, now_ms=NOW)
    assert add(book, 2) is None
    book.open(FIRST)
    assert book.readings(replace(FIRST, last=9)) == []


def test_a_party_has_so_many_and_expired_ones_make_room(
    book: TallyBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TALLIES_MAX", 1)
    second = replace(FIRST, tally_id="u" * 22)
    with pytest.raises(TooManyTallies, match="at most 1 tallies"):
        book.open(second)
    book.open(replace(second, party=OTHER))
    later = NOW + KEPT_MS
    book.open(replace(second, tally_id="v" * 22, opened_ms=later, touched_ms=later))
    assert [one.tally_id for one in book.of_party(ACME, now_ms=later)] == ["v" * 22]


def test_a_tally_holds_as_much_as_a_report(
    book: TallyBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TALLY_BYTES_MAX", 10)
    add(book, 1, '"12345"')
    with pytest.raises(TallyFull, match="10000 readings and 10 bytes, found 2 and 11"):
        add(book, 2, '"ab"')
    assert add(book, 2, '"a"') is not None


def test_a_restart_in_the_middle_loses_nothing_and_replicas_see_it(
    book: TallyBook, url: str
) -> None:
    add(book, 1, '"a"')
    with closing(TallyBook(url, origin=ORIGIN)) as replica:
        assert add(replica, 1, '"a"') == ['"a"']
        assert add(replica, 2, '"b"') == ['"a"', '"b"']
    assert add(book, 3, '"c"') == ['"a"', '"b"', '"c"']


def test_of_two_readings_that_come_at_once_one_has_the_sequence(book: TallyBook) -> None:
    def attempt(text: str) -> bool:
        try:
            return add(book, 1, text) is not None
        except SequenceTaken:
            return False

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(attempt, (json.dumps(number) for number in range(4))))
    assert taken.count(True) == 1


def test_a_reading_is_judged_while_others_write(book: TallyBook, url: str) -> None:
    """Judging holds no lock: on SQLite, too, another tally takes a reading in the meantime."""
    second = replace(FIRST, tally_id="u" * 22)
    book.open(second)

    def judge(tally: Tally, before: Sequence[str]) -> None:
        del tally, before
        with closing(TallyBook(url, origin=ORIGIN)) as other:
            assert other.add(second, NewReading(1, "{}", NOW), judge=let_pass) == ["{}"]

    assert book.add(FIRST, NewReading(1, "{}", NOW), judge=judge) == ["{}"]


@pytest.mark.parametrize("first", ['"a"', '"b"'])
def test_of_two_that_are_judged_at_once_the_later_one_is_told(book: TallyBook, first: str) -> None:
    def judge(tally: Tally, before: Sequence[str]) -> None:
        del tally, before
        add(book, 1, first)

    new = NewReading(1, '"a"', NOW)
    if first == new.text:
        assert book.add(FIRST, new, judge=judge) == [first]
        return
    with pytest.raises(SequenceTaken, match="reading that 1 has already, found another"):
        book.add(FIRST, new, judge=judge)


def test_a_reading_that_comes_while_its_tally_is_deleted_stays_nowhere(
    book: TallyBook, url: str
) -> None:
    tables = SideTables(url, name=SCHEMA, words="tally tables", suffix=TALLIES_SUFFIX)
    orphan = {"tally": FIRST.tally_id, "sequence": 1, "reading": "{}", "at_ms": NOW}
    row = select(TALLY).where(TALLY.c.id == FIRST.tally_id)
    with closing(tables), ThreadPoolExecutor(1) as pool:
        with tables.writing() as adding:
            adding.execute(row.with_for_update()).one()
            adding.execute(insert(READING), orphan)
            dropped = pool.submit(book.drop, FIRST.tally_id, party=ACME, now_ms=NOW)
            wait([dropped], timeout=0.2)
        assert dropped.result()
        with tables.reading() as reading:
            assert reading.execute(select(READING)).all() == []


def test_of_two_that_are_opened_at_once_one_finds_room(
    book: TallyBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TALLIES_MAX", 2)
    start = Barrier(4)

    def attempt(letter: str) -> bool:
        start.wait()
        try:
            book.open(replace(FIRST, tally_id=letter * 22))
        except TooManyTallies:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(attempt, "abcd")).count(True) == 1


def test_tallies_of_another_log_are_refused(book: TallyBook, url: str) -> None:
    add(book, 1)
    with (
        closing(TallyBook(url, origin="other.example")) as other,
        pytest.raises(StoreUnavailable, match=r"expected tallies of other\.example"),
    ):
        other.of_party(ACME, now_ms=NOW)
