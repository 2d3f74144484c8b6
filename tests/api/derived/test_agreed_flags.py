"""Flags beside what was agreed, over HTTP: of the record's own moment, for who reads it whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.derived.trade import Trade
from tests.api.service import OEM, STRANGER, SUPPLIER, serve
from tests.quality.examples import example
from tests.quality.master_stories import inspection_groups


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trade]:
    """A part whose specification is in force."""
    for live in serve(tmp_path_factory.mktemp("log")):
        trade = Trade(live)
        trade.agree()
        trade.add_part("GR-1")
        specify(trade, "A", "2026-01-01")
        yield trade


def specify(trade: Trade, revision: str, day: str) -> str:
    state = {
        "specification": "SP-1",
        "revision": revision,
        "part": "GR-1",
        "customer": trade.did(OEM),
        "supplier": trade.did(SUPPLIER),
        "in_force_from": day,
    }
    groups = {
        "state": state,
        "characteristics": example("specification/v1")["characteristics"],
    }
    return trade.file("specification/v1", groups, by=OEM)


def flags(trade: Trade, record_id: str, *, by: str) -> list[str]:
    told = trade.live.signed(by).get(f"/v1/records/{record_id}/flags").json()
    return [flag["code"] for flag in told["flags"]]


@pytest.mark.item("4.done.superseded")
def test_an_inspection_is_flagged_by_what_was_in_force_before_it(trade: Trade) -> None:
    groups = inspection_groups(cited="A")
    earlier = trade.file("inspection-report/v1", groups, by=SUPPLIER)
    specify(trade, "B", "2026-11-20")
    later = trade.file("inspection-report/v1", groups, by=SUPPLIER)
    for by in (OEM, SUPPLIER):
        assert flags(trade, earlier, by=by) == ["site-missing"]
        assert flags(trade, later, by=by) == ["site-missing", "specification-superseded"]
    assert flags(trade, later, by=STRANGER) == []
