"""The benchmark of masters notices an answer that is not true."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bench.masters import expect_true
from quality.deliveries.agreed import Lane
from quality.deliveries.answers import MonthRow
from quality.deliveries.delivery import MonthKey
from quality.evaluation.truth import Cell, CellTruth

CELL = Cell("supplier", "customer", "P-1", "2026-10")


def a_row(delivered: int | None, *, lots: int = 2, bad: int = 1) -> MonthRow:
    """An answer about a month in which everything was received."""
    pieces = None if delivered is None else Decimal(delivered)
    unconfirmed = None if delivered is None else Decimal(0)
    key = MonthKey(Lane("customer", "supplier", "P-1"), "2026-10")
    return MonthRow(key, pieces, unconfirmed, lots, bad, 0)


@pytest.mark.parametrize(
    ("pieces", "row", "is_true"),
    [
        (40, a_row(40), True),
        (None, a_row(None), True),
        (40, a_row(None), False),
        (None, a_row(0), False),
        (40, a_row(41), False),
        (40, a_row(40, lots=1), False),
        (40, a_row(40, bad=0), False),
    ],
)
def test_an_answer_that_is_not_true_is_noticed(
    pieces: int | None, row: MonthRow, is_true: bool
) -> None:
    true = CellTruth(receipts=2, received_pieces=pieces, received_lots=2, confirmed=1)
    if is_true:
        expect_true(row, CELL, true)
        return
    with pytest.raises(AssertionError):
        expect_true(row, CELL, true)
