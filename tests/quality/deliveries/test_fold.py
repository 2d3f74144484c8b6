"""The fold over deliveries, against a slow reading of the whole history and rule by rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.deliveries.agreed import Filed, Lane
from quality.deliveries.answers import MonthRow, differences, flags_of, inputs, monthly
from quality.deliveries.book import MemoryDeliveryBook, Question
from quality.deliveries.delivery import MonthKey
from quality.deliveries.fold import PaperOrCase, fold_page
from quality.deliveries.papers import Closure, Paper, Stated
from tests.quality.deliveries.papers import (
    ALWAYS,
    DAY,
    LANE,
    LONG_AFTER,
    OTHER,
    a_case,
    a_receipt,
    a_shipment,
    filed_histories,
    fold,
    histories,
    kinds_of,
    papers_of,
)
from tests.quality.deliveries.slow_deliveries import count_months


def rows_of(papers: Sequence[PaperOrCase], *, as_of: date = LONG_AFTER) -> tuple[MonthRow, ...]:
    """The rows of all months after these papers."""
    return monthly(fold(MemoryDeliveryBook(), papers), ALWAYS, as_of=as_of)


def the_row(papers: Sequence[PaperOrCase], *, as_of: date = LONG_AFTER) -> MonthRow:
    """The one row of a history that has only one."""
    (row,) = rows_of(papers, as_of=as_of)
    return row


def units(row: MonthRow) -> tuple[object, object]:
    """Delivered and unconfirmed units."""
    return row.delivered, row.unconfirmed


def of_pair(lane: Lane) -> Question:
    """Everything between these two."""
    return replace(ALWAYS, customer=lane.customer, supplier=lane.supplier)


# ---- as a whole ----


@pytest.mark.item("4.6.exposure")
@given(papers=histories(), as_of=st.dates(date(2026, 9, 25), date(2026, 12, 1)))
def test_fold_counts_as_a_reading_of_the_whole_history_does(
    papers: list[PaperOrCase], as_of: date
) -> None:
    found = {
        (*row.key.lane, row.key.month): (
            row.delivered,
            row.lots,
            row.bad,
            row.open_cases,
        )
        for row in rows_of(papers, as_of=as_of)
    }
    expected = {
        cell: (
            counted["pieces"] if counted["all"] else None,
            counted["lots"],
            counted["bad"],
            counted["open"],
        )
        for cell, counted in count_months(papers, as_of).items()
    }
    assert found == expected


@given(papers=histories(), pages=st.integers(2, 14))
def test_pages_do_not_matter(papers: list[PaperOrCase], pages: int) -> None:
    whole = fold(MemoryDeliveryBook(), papers)
    cut = fold(MemoryDeliveryBook(), papers, pages=pages)
    assert vars_of(cut) == vars_of(whole)


@given(papers=histories())
def test_whether_receipt_or_shipment_comes_first_does_not_matter(
    papers: list[PaperOrCase],
) -> None:
    receipts_first = sorted(papers, key=lambda p: not (isinstance(p, Paper) and p.shipment))
    moved = [replace(paper, index=index) for index, paper in enumerate(receipts_first)]
    assert rows_of(moved) == rows_of(papers)


@settings(max_examples=30)
@given(records=filed_histories())
def test_the_inputs_of_an_answer_give_the_same_answer(records: list[Filed]) -> None:
    book = fold(MemoryDeliveryBook(), papers_of(records))
    for row in monthly(book, ALWAYS, as_of=LONG_AFTER):
        asked = replace(of_pair(row.key.lane), first=row.key.month, last=row.key.month)
        asked = replace(asked, part=row.key.lane.part)
        named = inputs(book, asked)
        rest = papers_of(record for record in records if record.record_id in named)
        again = fold(MemoryDeliveryBook(), rest)
        for ask in (monthly, differences):
            assert ask(again, asked, as_of=LONG_AFTER) == ask(book, asked, as_of=LONG_AFTER)


def vars_of(book: object) -> dict[str, object]:
    """What a book in memory holds."""
    return {name: value for name, value in vars(book).items() if name != "_lock"}


def test_a_page_folded_twice_changes_nothing() -> None:
    book = fold(MemoryDeliveryBook(), [a_shipment(0), a_receipt(1, cites="r0")])
    again = fold_page(book, [a_shipment(0), a_receipt(1, cites="r0")], size=2)
    assert (again.deliveries, again.months, again.lot_days, again.places) == ({}, {}, {}, {})


def test_a_page_is_saved_only_onto_the_size_it_was_made_for() -> None:
    book = fold(MemoryDeliveryBook(), [a_shipment(0)])
    changes = fold_page(book, [a_receipt(1, cites="r0")], size=2)
    assert not book.save(changes, before=0)
    assert book.save(changes, before=1)


# ---- exposure, rule by rule ----


def test_a_receipt_counts_in_the_month_in_which_goods_were_received() -> None:
    shipped = a_shipment(0, on=date(2026, 10, 30))
    row = the_row([shipped, a_receipt(1, cites="r0", on=date(2026, 11, 1))])
    assert row.key == MonthKey(LANE, "2026-11")
    assert (*units(row), row.lots) == (100, 0, 1)


@pytest.mark.parametrize(
    ("days", "counted", "listed", "late"), [(14, 0, [], []), (15, 100, ["no-receipt"], ["late"])]
)
def test_the_14th_day_is_still_in_time(
    days: int, counted: int, listed: list[str], late: list[str]
) -> None:
    then = DAY + timedelta(days=days)
    book = fold(MemoryDeliveryBook(), [a_shipment(0)])
    assert sum(row.unconfirmed or 0 for row in monthly(book, ALWAYS, as_of=then)) == counted
    assert [found.kind for found in differences(book, ALWAYS, as_of=then)] == listed
    assert kinds_of([a_shipment(0), a_receipt(1, cites="r0", on=then)]) == late


def test_partial_receipts_add_up_and_nothing_is_unconfirmed() -> None:
    part = replace(a_receipt(1, cites="r0"), quantity=Decimal(30), pieces=Decimal(30))
    other = replace(part, record_id="r2", index=2, number="R-2")
    row = the_row([a_shipment(0), part, other])
    assert (*units(row), row.lots) == (60, 0, 1)


@pytest.mark.parametrize(
    ("number", "part", "counted"), [("R-1", "P-1", 100), ("R-2", "P-1", 200), ("R-1", "P-2", 100)]
)
def test_a_repeated_receipt_number_counts_once(number: str, part: str, counted: int) -> None:
    again = a_receipt(2, cites="r0", number=number, lane=LANE._replace(part=part))
    book = fold(MemoryDeliveryBook(), [a_shipment(0), a_receipt(1, cites="r0"), again])
    rows = {row.key.lane.part: row.delivered for row in monthly(book, ALWAYS, as_of=LONG_AFTER)}
    assert rows.get("P-1") == counted
    flags = [flag for flag in flags_of(book, "r2") if flag.code == "receipt-repeated"]
    is_repeated = (number, part) == ("R-1", "P-1")
    assert [flag.expected for flag in flags] == ["r1"] * is_repeated
    assert flags_of(book, "r1") == ()
    assert rows.get("P-2") == (100 if part == "P-2" else None)


def test_a_repeated_receipt_states_nothing() -> None:
    again = a_receipt(2, cites="r0", number="R-1", stated=(Stated("damaged"),))
    assert kinds_of([a_shipment(0), a_receipt(1, cites="r0"), again]) == []


def test_a_receipt_of_nothing_counts_nothing_and_is_a_difference() -> None:
    nothing = a_receipt(1, cites="r0", quantity=Decimal(0), pieces=Decimal(0), lots=())
    papers = [a_shipment(0, unit="KGM"), replace(nothing, unit="KGM")]
    assert rows_of(papers) == ()
    assert kinds_of(papers) == ["quantity"]


@pytest.mark.parametrize(("number", "counted"), [("S-1", 100), ("S-2", 200)])
def test_a_repeated_shipment_number_counts_once(number: str, counted: int) -> None:
    row = the_row([a_shipment(0), a_shipment(1, number=number)])
    assert row.delivered == counted


def test_a_receipt_of_a_repeated_shipment_receives_the_first_one() -> None:
    row = the_row([a_shipment(0), a_shipment(1), a_receipt(2, cites="r1")])
    assert units(row) == (100, 0)


def test_another_supplier_may_have_the_same_number() -> None:
    rows = rows_of([a_shipment(0), a_shipment(1, lane=LANE._replace(supplier=OTHER))])
    assert [row.delivered for row in rows] == [100, 100]


def test_a_corrected_receipt_counts_as_corrected() -> None:
    wrong = a_receipt(1, cites="r0")
    right = replace(wrong, record_id="r2", index=2, corrects="r1", pieces=Decimal(90))
    assert the_row([a_shipment(0), wrong, right]).delivered == 90


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({}, []),
        ({"number": "S-2"}, ["shipment-renumbered"]),
        ({"lane": LANE._replace(part="P-2")}, ["shipment-renumbered"]),
        ({"lane": LANE._replace(customer=OTHER)}, []),
    ],
)
def test_a_correction_leaves_a_shipment_in_its_delivery(
    changed: dict[str, Any], codes: list[str]
) -> None:
    few = {"quantity": Decimal(5), "pieces": Decimal(5)}
    other = a_shipment(0, **{"number": "S-2", **changed, **few})
    papers = [other, a_shipment(1), a_receipt(2, cites="r1")]
    moved = a_shipment(3, corrects="r1", **changed)
    book = fold(MemoryDeliveryBook(), [*papers, moved])
    assert [flag.code for flag in flags_of(book, "r3")] == codes
    assert flags_of(book, "r2") == ()
    before = fold(MemoryDeliveryBook(), papers)
    for ask in (monthly, differences):
        told = ask(book, ALWAYS, as_of=LONG_AFTER)
        assert told == ask(before, ALWAYS, as_of=LONG_AFTER)


@pytest.mark.parametrize("which", ["receipt", "pending"])
def test_what_cannot_be_converted_is_counted_in_lots_only(which: str) -> None:
    shipped = a_shipment(0, unit="KGM", pieces=None, lots=("L-1", "L-2"))
    papers: list[PaperOrCase] = [shipped]
    if which == "receipt":
        papers.append(a_receipt(1, cites="r0", unit="KGM", pieces=None, lots=("L-1", "L-2")))
    row = the_row(papers)
    assert (*units(row), row.lots, row.ppm) == (None, None, 2, None)


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize(
    "lane", [LANE._replace(customer=OTHER), LANE._replace(supplier=OTHER)], ids=["buys", "sells"]
)
def test_a_strangers_receipt_stands_alone(lane: Lane, is_known: bool) -> None:
    own = [a_shipment(0), a_receipt(1, cites="r0", quantity=Decimal(90), pieces=Decimal(90))]
    strange = a_receipt(2, cites="r0", lane=lane, revision="B", on=DAY + timedelta(days=60))
    papers = [*own, strange] if is_known else [strange, *own]
    book = fold(MemoryDeliveryBook(), papers)
    assert [row.delivered for row in monthly(book, of_pair(lane), as_of=LONG_AFTER)] == [100]
    assert inputs(book, of_pair(lane)) == ("r2",)
    assert differences(book, of_pair(lane), as_of=LONG_AFTER) == ()
    alone = fold(MemoryDeliveryBook(), own)
    for ask in (monthly, differences):
        told = ask(book, of_pair(LANE), as_of=LONG_AFTER)
        assert told == ask(alone, of_pair(LANE), as_of=LONG_AFTER)
    assert inputs(book, of_pair(LANE)) == ("r0", "r1")


@pytest.mark.parametrize("cited", ["gone", "r1", "r2"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_receipt_follows_whichever_version_it_cites(cited: str, is_first: bool) -> None:
    # The first version cannot be read any more.
    versions = [a_shipment(1, corrects="gone"), a_shipment(2, corrects="r1", number="S-2")]
    taken = a_receipt(0 if is_first else 3, cites=cited)
    papers = [taken, *versions] if is_first else [*versions, taken]
    assert units(the_row(papers)) == (100, 0)


# ---- bad units ----


@pytest.mark.parametrize(
    ("closure", "bad", "open_cases"),
    [
        (Closure("supplier", 3), 3, 0),
        (Closure("customer", 3), 0, 0),
        (Closure("none-found", 3), 0, 0),
        (Closure(None, 3), 0, 1),
        (None, 0, 1),
    ],
)
def test_only_units_that_are_the_suppliers_are_bad(
    closure: Closure | None, bad: int, open_cases: int
) -> None:
    row = the_row([a_shipment(0), a_receipt(1, cites="r0"), a_case(2, closure=closure)])
    assert (row.bad, row.open_cases) == (bad, open_cases)


@pytest.mark.parametrize(("lots", "month"), [(("L-1",), "2026-10"), (("L-9",), "2026-12")])
def test_bad_units_are_dated_like_the_delivery_of_their_lot(
    lots: tuple[str, ...], month: str
) -> None:
    rows = rows_of([a_case(0, lots=lots), a_shipment(1), a_receipt(2, cites="r1")])
    assert {row.key.month for row in rows if row.bad} == {month}


def test_a_case_counts_once_however_many_records_it_has() -> None:
    first = a_case(2, closure=None)
    papers: list[PaperOrCase] = [
        a_shipment(0),
        a_receipt(1, cites="r0"),
        first,
        a_case(3),
        a_case(4),
    ]
    row = the_row(papers)
    assert (row.bad, row.open_cases) == (3, 0)


def test_the_customers_closure_stands_above_the_suppliers() -> None:
    own = a_case(3, party=LANE.supplier, closure=Closure("none-found", 0))
    papers: list[PaperOrCase] = [a_shipment(0), a_receipt(1, cites="r0"), a_case(2), own]
    assert the_row(papers).bad == 3


@pytest.mark.parametrize(("closure", "counted"), [(None, (0, 1)), (Closure("supplier", 3), (3, 0))])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_supplier_neither_moves_nor_closes_its_customers_case(
    is_first: bool, closure: Closure | None, counted: tuple[int, int]
) -> None:
    alien = a_case(
        0 if is_first else 2,
        party=LANE.supplier,
        lane=LANE._replace(part="P-9"),
        opened_on=date(1999, 1, 1),
        lots=(),
        closure=Closure("supplier", 0),
    )
    row = the_row(sorted((a_case(1, closure=closure), alien), key=lambda found: found.index))
    assert (row.key, row.bad, row.open_cases) == (MonthKey(LANE, "2026-12"), *counted)


@pytest.mark.parametrize(("closure", "counted"), [(None, (0, 1)), (Closure("supplier", 2), (2, 0))])
def test_a_case_of_the_supplier_alone_goes_by_its_word(
    closure: Closure | None, counted: tuple[int, int]
) -> None:
    row = the_row([a_case(0, party=LANE.supplier, closure=closure)])
    assert (row.bad, row.open_cases) == counted


@pytest.mark.parametrize(("corrected", "bad"), [("r2", 5), ("r3", 9)])
def test_a_correction_stands_in_the_place_of_the_first_one(corrected: str, bad: int) -> None:
    # As with shipments: what was filed last decides, not what was corrected last.
    papers: list[PaperOrCase] = [
        a_case(2),
        a_case(3, closure=Closure("supplier", 5)),
        a_case(4, corrects=corrected, closure=Closure("supplier", 9)),
    ]
    assert the_row(papers).bad == bad


def test_ppm_is_rounded_half_even_to_two_places() -> None:
    assert MonthRow(MonthKey(LANE, "2026-10"), Decimal(800_000), None, 1, 1, 0).ppm == Decimal(
        "1.25"
    )
    row = MonthRow(MonthKey(LANE, "2026-10"), Decimal(160_000_000), None, 1, 1, 0)
    assert str(row.ppm) == "0.01"
    row = MonthRow(MonthKey(LANE, "2026-10"), Decimal(80_000_000), None, 1, 1, 0)
    assert str(row.ppm) == "0.01"
    row = MonthRow(MonthKey(LANE, "2026-10"), Decimal(200_000_000), None, 1, 1, 0)
    assert str(row.ppm) == "0.00"


def test_where_nothing_was_delivered_there_is_no_ppm() -> None:
    row = the_row([a_case(0)])
    assert (row.bad, *units(row), row.ppm) == (3, 0, 0, None)
