"""Figures of a served log when what they rest on is erased: unknown, now and recounted."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from api.rebuilding import compare
from quality.deliveries.answers import erased_records, monthly
from quality.sampling.history import SampledParts
from quality.sampling.told import SamplingQuestion, tell_sampling
from tests.api.derived.test_sampling_door import inspect
from tests.api.derived.trade import LONG_WAIT_SECONDS, Trade
from tests.api.service import OEM, LiveService
from tests.quality.deliveries.papers import ALWAYS

pytestmark = pytest.mark.item("5.8.derived")

AS_OF = date(2027, 1, 1)
RETENTION_OVER_MS = 5_475 * 86_400_000
OVER = {"reason": "over", "basis": "owner"}


def rows(trade: Trade) -> list[Any]:
    """Delivered and erased, by month."""
    book = trade.live.wired.derived.book
    return [(row.delivered, row.erased) for row in monthly(book, ALWAYS, as_of=AS_OF)]


def test_erased_receipt_is_unknown_in_tables_and_answers_and_leaves_no_lot_behind(
    own_service: LiveService,
) -> None:
    trade = Trade(own_service)
    trade.agree()
    trade.add_part("P-1")
    shipped = trade.shipment("1", part="P-1", on="2026-10-01", quantity="100", unit="H87")
    receipt = trade.receipt("1", of=shipped, part="P-1", on="2026-10-02", quantity="90", unit="H87")
    trade.await_tables()
    assert rows(trade) == [(90, 0)]
    own_service.clock.advance(RETENTION_OVER_MS)
    state = {"act": "erase", "of": receipt, "groups": ["goods"], "reason": "over", "basis": "owner"}
    own_service.admit(own_service.record({"state": state}, by=OEM, vct="act/v1"))
    trade.await_tables()
    assert rows(trade) == [(None, 1)]
    assert erased_records(own_service.wired.derived.book, ALWAYS) == (receipt,)
    assert own_service.wired.erasing.await_done(LONG_WAIT_SECONDS)
    own_service.stop()
    found = compare(own_service.folder)
    own_service.start()
    assert found.derived.differences.are_none
    assert found.differences.are_none


def test_erased_verdict_counts_as_not_accepted_in_tables_kept_and_made_anew(
    own_service: LiveService,
) -> None:
    trade = Trade(own_service)
    trade.agree()
    trade.add_part("P-1")
    reports = [inspect(trade, number, defective=0) for number in (1, 2)]
    trade.await_tables()
    own_service.clock.advance(RETENTION_OVER_MS)
    for report in reports:
        state = {"act": "erase", "of": report, "groups": ["verdict"]} | OVER
        own_service.admit(own_service.record({"state": state}, by=OEM, vct="act/v1"))
    trade.await_tables()
    records = own_service.wired.derived.sampling.load([SampledParts()]).records
    told = tell_sampling(records, [SamplingQuestion()])
    assert [row["severity"] for row in told.rows["states"]] == ["tightened"]
    assert told.erased == tuple(sorted(reports))
    assert compare(own_service.folder).derived.differences.are_none
