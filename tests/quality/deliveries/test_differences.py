"""Differences between what was shipped and received, and flags of papers beside others."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from quality.deliveries.answers import differences, encode_flag, flags_of, monthly
from quality.deliveries.book import MemoryDeliveryBook
from tests.quality.deliveries.papers import (
    ALWAYS,
    DAY,
    LANE,
    LONG_AFTER,
    a_receipt,
    a_shipment,
    fold,
    kinds_of,
)


@pytest.mark.item("4.6.differences")
@pytest.mark.parametrize(
    ("changed", "kinds"),
    [
        ({}, []),
        ({"quantity": Decimal(99)}, ["quantity"]),
        ({"revision": "B"}, ["revision"]),
        ({"lane": LANE._replace(part="P-2")}, ["part"]),
        ({"on": DAY + timedelta(days=14)}, []),
        ({"on": DAY + timedelta(days=15)}, ["late"]),
        ({"unit": "KGM", "pieces": None}, ["unit"]),
    ],
)
def test_differences_follow_from_the_papers(changed: dict[str, object], kinds: list[str]) -> None:
    assert kinds_of([a_shipment(0), a_receipt(1, cites="r0", **changed)]) == kinds


def test_a_shipment_that_nobody_received_is_a_difference() -> None:
    assert kinds_of([a_shipment(0)]) == ["no-receipt"]


@pytest.mark.item("4.done.receipt-above")
@pytest.mark.parametrize(("received", "codes"), [(100, []), (101, ["receipt-above-shipment"])])
def test_a_receipt_above_the_shipped_quantity_is_flagged(received: int, codes: list[str]) -> None:
    taken = a_receipt(1, cites="r0", quantity=Decimal(received), pieces=Decimal(received))
    book = fold(MemoryDeliveryBook(), [a_shipment(0), taken])
    assert [flag.code for flag in flags_of(book, "r1")] == codes
    (row,) = monthly(book, ALWAYS, as_of=LONG_AFTER)
    assert row.delivered == received


@pytest.mark.parametrize(
    ("index", "kinds"),
    [(1, []), (3, ["corrected-after-receipt", "late", "quantity"])],
    ids=["before the receipt", "after it"],
)
def test_a_shipment_is_not_corrected_to_match_its_receipt(index: int, kinds: list[str]) -> None:
    later = DAY + timedelta(days=20)
    fitted = a_shipment(index, corrects="r0", quantity=Decimal(90), on=later)
    papers = [a_shipment(0), a_receipt(2, cites="r0", quantity=Decimal(90), on=later), fitted]
    ordered = sorted(papers, key=lambda paper: paper.index)
    assert sorted(kinds_of(ordered)) == kinds


@pytest.mark.parametrize("cites", ["r0", "r1"])
def test_a_receipt_of_a_repeated_shipment_holds_the_first_one_too(cites: str) -> None:
    fitted = a_shipment(3, corrects="r0", quantity=Decimal(90))
    received = a_receipt(2, cites=cites, quantity=Decimal(90))
    told = kinds_of([a_shipment(0), a_shipment(1), received, fitted])
    assert sorted(told) == ["corrected-after-receipt", "quantity"]


def test_a_later_correction_of_a_shipment_is_told_with_what_it_changed() -> None:
    fitted = a_shipment(2, corrects="r0", quantity=Decimal(90))
    book = fold(MemoryDeliveryBook(), [a_shipment(0), a_receipt(1, cites="r0"), fitted])
    (found,) = differences(book, ALWAYS, as_of=LONG_AFTER)
    assert (found.kind, found.expected, found.found) == (
        "corrected-after-receipt",
        "100 H87",
        "90 H87",
    )
    assert (found.shipment, found.receipt, found.on) == ("r2", None, DAY)
    assert flags_of(book, "r1") == ()


@pytest.mark.parametrize(("more", "codes"), [(99, []), (100, ["too-many-papers"])])
def test_a_delivery_counts_so_many_papers_of_each_side(more: int, codes: list[str]) -> None:
    one = {"quantity": Decimal(1), "pieces": Decimal(1)}
    supplied = [a_shipment(n, corrects=f"r{n - 1}" if n else None) for n in range(150)]
    received = [a_receipt(150 + n, cites="r0", **one) for n in range(more + 1)]
    book = fold(MemoryDeliveryBook(), [*supplied, *received])
    (row,) = monthly(book, ALWAYS, as_of=LONG_AFTER)
    assert row.delivered == 100
    assert [flag.code for flag in flags_of(book, f"r{150 + more}")] == codes


def test_a_repeated_shipment_is_flagged_and_the_first_is_not() -> None:
    book = fold(MemoryDeliveryBook(), [a_shipment(0), a_shipment(1)])
    assert [flag.code for flag in flags_of(book, "r1")] == ["shipment-repeated"]
    assert flags_of(book, "r0") == ()
    assert flags_of(book, "unknown") == ()


def test_flags_are_told_in_two_languages() -> None:
    papers = [
        a_shipment(0),
        a_shipment(1),
        a_receipt(2, cites="r0", number="R-1", quantity=Decimal(101)),
        a_receipt(3, cites="r0", number="R-1"),
    ]
    book = fold(MemoryDeliveryBook(), papers)
    told = [encode_flag(flag) for n in range(4) for flag in flags_of(book, f"r{n}")]
    assert [(flag["code"], flag["en"]) for flag in told] == [
        ("shipment-repeated", "r0 has shipment number S-1 already: this record counts nothing"),
        ("receipt-above-shipment", "received 101 in all, expected at most 100 H87"),
        (
            "receipt-repeated",
            "r2 has receipt number R-1 of this delivery already: this record counts nothing",
        ),
    ]
    assert all(flag["expected"].removeprefix("at most ") in flag["zh"] for flag in told)


def test_a_quantity_that_differs_is_of_the_last_receipt_and_plain() -> None:
    book = fold(
        MemoryDeliveryBook(),
        [
            a_shipment(0, quantity=Decimal("100.50")),
            a_receipt(1, cites="r0", quantity=Decimal("60.20"), on=DAY + timedelta(days=9)),
            a_receipt(2, cites="r0", quantity=Decimal("39.80")),
        ],
    )
    (found,) = differences(book, ALWAYS, as_of=LONG_AFTER)
    assert (found.kind, found.receipt, found.on) == ("quantity", "r2", DAY + timedelta(days=2))
    assert (found.shipment, found.expected, found.found) == ("r0", "100.5", "100")


def test_as_of_is_asked_for_shipments_without_a_receipt_alone() -> None:
    late = a_receipt(1, cites="r0", on=DAY + timedelta(days=30))
    book = fold(MemoryDeliveryBook(), [a_shipment(0), late])
    assert [row.delivered for row in monthly(book, ALWAYS, as_of=DAY)] == [100]
