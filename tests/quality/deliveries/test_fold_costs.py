"""What one party files again and again does not hold up the figures of everybody."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from quality.deliveries.answers import inputs, monthly
from quality.deliveries.book import MemoryDeliveryBook
from quality.deliveries.fold import PaperOrCase
from tests.quality.deliveries.papers import (
    ALWAYS,
    DAY,
    LONG_AFTER,
    a_case,
    a_receipt,
    a_shipment,
    fold,
)


@pytest.mark.parametrize("kind", ["shipment", "receipt", "case"])
def test_a_chain_of_corrections_is_folded_in_time(kind: str) -> None:
    many = 3_000

    def version(index: int) -> PaperOrCase:
        corrects = f"r{index - 1}" if index > 1 else None
        if kind == "shipment":
            return a_shipment(index, corrects=corrects)
        if kind == "receipt":
            return a_receipt(index, cites="r0", corrects=corrects)
        return a_case(index, corrects=corrects)

    began = time.process_time()
    fold(MemoryDeliveryBook(), [version(index) for index in range(1, many + 1)], pages=6)
    assert time.process_time() - began < 3


def test_corrections_that_move_between_two_numbers_are_folded_in_time() -> None:
    papers: list[PaperOrCase] = [
        a_shipment(n, number=f"S-{n % 2}", corrects=f"r{n - 1}" if n else None) for n in range(800)
    ]
    papers += [a_receipt(800 + n, cites=f"r{n}", quantity=Decimal(1)) for n in range(800)]
    began = time.process_time()
    book = fold(MemoryDeliveryBook(), papers, pages=2)
    assert time.process_time() - began < 5
    assert len(inputs(book, ALWAYS)) == 1_600


def seconds_of(papers: Sequence[PaperOrCase]) -> float:
    """How long the fold takes in ten pages."""
    began = time.process_time()
    fold(MemoryDeliveryBook(), papers, pages=10)
    return time.process_time() - began


def test_a_lot_of_many_deliveries_is_folded_in_time() -> None:
    # A lot called "N/A", of which somebody complains.
    papers: list[PaperOrCase] = [a_case(0, lots=("N/A",))]
    papers += [
        a_shipment(n, number=f"S-{n}", lots=("N/A",), on=DAY + timedelta(days=n % 9))
        for n in range(1, 6_000)
    ]
    assert seconds_of(papers) < 4


def test_many_receipts_of_one_shipment_are_folded_in_time() -> None:
    papers: list[PaperOrCase] = [a_shipment(0, quantity=Decimal(6_000))]
    papers += [a_receipt(n, cites="r0", quantity=Decimal(1)) for n in range(1, 6_000)]
    assert seconds_of(papers) < 4


def test_a_case_of_a_lot_of_many_deliveries_rests_on_the_first_ones() -> None:
    papers: list[PaperOrCase] = [a_case(0, lots=("N/A",), opened_on=DAY)]
    papers += [
        a_shipment(n, number=f"S-{n}", lots=("N/A",), on=DAY + timedelta(days=40 * n))
        for n in range(1, 5)
    ]
    book = fold(MemoryDeliveryBook(), papers)
    (row,) = [row for row in monthly(book, ALWAYS, as_of=LONG_AFTER) if row.bad]
    assert row.key.month == "2026-11"
    asked = ALWAYS.__class__("2026-11", "2026-11")
    assert inputs(book, asked) == ("r0", "r1")
