"""What the service says of deliveries is counted again from verified records."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.datastructures import QueryParams

from api.deliveries_query import AskedDeliveries, parse_deliveries
from api.recounting import DIFFERENCES, MONTHLY, encode_rows, read_told, recount
from tests.api.derived.test_sheet import Filed
from tests.api.derived.trade import Trade
from tests.api.service import OEM, SUPPLIER, serve
from tests.api.test_client import a_client

QUESTION = {"from": "2026-09", "to": "2026-12", "as_of": "2026-11-30"}


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filed]:
    """The hand-computed sheet in a log that is served."""
    for live in serve(tmp_path_factory.mktemp("log")):
        yield Filed(Trade(live))


def asked() -> AskedDeliveries:
    """The question of these tests."""
    return parse_deliveries(QueryParams(QUESTION), now_ms=0)


@pytest.mark.item("4.done.sheet")
@pytest.mark.parametrize("by", [OEM, SUPPLIER])
@pytest.mark.parametrize("what", [MONTHLY, DIFFERENCES])
def test_the_inputs_of_an_answer_come_to_the_same_bytes(filed: Filed, what: str, by: str) -> None:
    with a_client(filed.trade.live, by) as client:
        told = read_told(client.deliveries(what, inputs="true", **QUESTION))
        anchor = filed.trade.live.anchor
        rows = recount(client, anchor, told.entries, what=what, asked=asked())
    assert told.rows
    assert encode_rows(rows) == encode_rows(told.rows)


def test_an_input_that_is_left_out_is_noticed_in_the_figures(filed: Filed) -> None:
    with a_client(filed.trade.live, OEM) as client:
        told = read_told(client.deliveries(MONTHLY, inputs="true", **QUESTION))
        rest = [name for name in told.entries if name != filed.ids["R-02"]]
        rows = recount(client, filed.trade.live.anchor, rest, what=MONTHLY, asked=asked())
    assert encode_rows(rows) != encode_rows(told.rows)
