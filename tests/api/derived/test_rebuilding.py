"""Derived tables that are made anew are those that were kept, or it is told what was wrong."""

from __future__ import annotations

from contextlib import closing

import pytest

from api.derived.database import DerivedDatabase, derived_url
from api.derived.tables import BOOKMARK, DELIVERY, MONTH
from api.rebuilding import compare, rebuild
from tests.api.derived.trade import Trade
from tests.api.service import LiveService
from tests.quality.deliveries.papers import ALWAYS

pytestmark = pytest.mark.item("3.7.rebuild")


@pytest.fixture
def trade(own_service: LiveService) -> Trade:
    """Two deliveries, one of them corrected, counted."""
    trade = Trade(own_service)
    trade.agree()
    trade.add_part("P-1", unit="KGM", pieces_per_unit="40")
    one = trade.shipment("1", part="P-1", on="2026-10-01", quantity="100", unit="KGM")
    wrong = trade.receipt("1", of=one, part="P-1", on="2026-10-02", quantity="10.55", unit="KGM")
    trade.await_tables()
    right = {"quantity": "97", "unit": "KGM", "corrects": wrong}
    trade.receipt("1", of=one, part="P-1", on="2026-10-02", **right)
    trade.shipment("2", part="P-1", on="2026-10-05", quantity="100", unit="KGM")
    trade.await_tables()
    return trade


def change(trade: Trade) -> None:
    """Put a wrong total and lose a delivery, as a fault of the disk could."""
    folder = trade.live.folder
    with (
        closing(DerivedDatabase(derived_url("", folder.derived))) as database,
        database.writing() as connection,
    ):
        connection.execute(MONTH.update().values(pieces="1"))
        connection.execute(DELIVERY.delete())


def test_tables_beside_a_service_are_compared_and_left_alone(trade: Trade) -> None:
    size = trade.await_tables()
    checked = compare(trade.live.folder)
    assert checked.is_as_before
    assert (checked.derived.size_before, checked.derived.size) == (size, size)


def test_rebuilt_tables_are_those_that_were_kept(trade: Trade) -> None:
    size = trade.await_tables()
    trade.live.stop()
    rebuilt = rebuild(trade.live.folder)
    assert rebuilt.is_as_before
    assert rebuilt.derived.size == size
    trade.live.start()
    assert trade.live.wired.derived.size == size


def test_rows_that_were_changed_are_told_and_made_good(trade: Trade) -> None:
    trade.await_tables()
    trade.live.stop()
    change(trade)
    checked = compare(trade.live.folder)
    assert not checked.is_as_before
    counts = {kind: found.count for kind, found in checked.derived.differences.missing.items()}
    assert counts == {"delivery": 2, "month": 1}
    assert checked.derived.differences.surplus["month"].count == 1
    assert not rebuild(trade.live.folder).is_as_before
    assert compare(trade.live.folder).is_as_before
    trade.live.start()


@pytest.mark.parametrize(
    ("values", "is_of_it"),
    [
        ({}, True),
        ({"origin": "another.example/log"}, False),
        ({"leaf": "another"}, False),
        ({"size": 1_000_000}, False),
    ],
)
def test_tables_of_another_log_are_made_anew(
    trade: Trade, values: dict[str, object], is_of_it: bool
) -> None:
    size = trade.await_tables()
    trade.live.stop()
    mark(trade, **values)
    assert (compare(trade.live.folder).derived.size_before == size) is is_of_it
    trade.live.start()
    trade.await_tables()
    pieces = [month.pieces for month in trade.live.wired.derived.book.months_of(ALWAYS)]
    # What was changed here shows whether the rows are those of before.
    assert pieces == ([1] if is_of_it else [3880])


def mark(trade: Trade, **values: object) -> None:
    """Put a wrong total, and let the tables say something else of where they come from."""
    with (
        closing(DerivedDatabase(derived_url("", trade.live.folder.derived))) as database,
        database.writing() as connection,
    ):
        connection.execute(MONTH.update().values(pieces="1"))
        if values:
            connection.execute(BOOKMARK.update().values(**values))


@pytest.mark.parametrize("form", [None, "DLV-9"])
def test_a_comparison_makes_nothing(trade: Trade, form: str | None) -> None:
    trade.await_tables()
    trade.live.stop()
    file = trade.live.folder.derived
    if form is None:
        file.unlink()
    else:
        mark(trade, form=form)
    before = file.read_bytes() if form else None
    assert compare(trade.live.folder).derived.size_before == 0
    assert (file.read_bytes() if file.exists() else None) == before
    trade.live.start()


def test_tables_that_are_behind_are_not_wrong(trade: Trade) -> None:
    size = trade.await_tables()
    trade.live.stop()
    trade.live.folder.derived.unlink()
    rebuilt = rebuild(trade.live.folder)
    assert rebuilt.is_as_before
    assert (rebuilt.derived.size_before, rebuilt.derived.size) == (0, size)
    trade.live.start()
