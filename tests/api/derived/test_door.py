"""Who is told what about deliveries, and in which form."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from api.deliveries_query import WAIT_SECONDS_MAX
from api.derived import answering, stored
from api.derived.rows import decode_papers
from ledger.limits import READS_AT_ONCE_MAX
from quality.deliveries.papers import Paper
from tests.api.derived.trade import Trade, suspended
from tests.api.service import LABORATORY, OEM, STRANGER, SUPPLIER, LiveService, code_of, serve

MONTHLY = "/v1/deliveries/monthly?from=2026-10&to=2026-11&as_of=2026-12-31"
DIFFERENCES = MONTHLY.replace("monthly", "differences")


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trade]:
    """One delivery received in part, one above, one repeated."""
    for live in serve(tmp_path_factory.mktemp("log")):
        trade = Trade(live)
        trade.agree()
        trade.add_part("P-1")
        part = trade.shipment("1", part="P-1", on="2026-10-01", quantity="100")
        trade.receipt("1", of=part, part="P-1", on="2026-10-02", quantity="60")
        above = trade.shipment("2", part="P-1", on="2026-10-05", quantity="100")
        trade.receipt("2", of=above, part="P-1", on="2026-11-02", quantity="101")
        trade.shipment("2", part="P-1", on="2026-10-05", quantity="100")
        trade.await_tables()
        yield trade


def ask(trade: Trade, target: str, *, by: str) -> dict[str, Any]:
    """The answer to a member."""
    answer = trade.live.signed(by).get(target)
    assert answer.status_code == 200, answer.text
    members: dict[str, Any] = answer.json()
    return members


def named(trade: Trade, **slugs: str) -> str:
    """A question that names parties."""
    dids = {name: quote(trade.did(slug), safe="") for name, slug in slugs.items()}
    return MONTHLY + "".join(f"&{name}={did}" for name, did in dids.items())


@pytest.mark.item("4.6.exposure")
@pytest.mark.parametrize("by", [OEM, SUPPLIER])
def test_both_sides_are_told_the_same(trade: Trade, by: str) -> None:
    told = ask(trade, MONTHLY, by=by)
    common = {
        "customer": trade.did(OEM),
        "supplier": trade.did(SUPPLIER),
        "part": "P-1",
        "unconfirmed": "0",
        "bad": 0,
        "open_cases": 0,
        "erased": 0,
        "ppm": "0.00",
        "lots": 1,
    }
    assert told["rows"] == [
        {**common, "month": "2026-10", "delivered": "60"},
        {**common, "month": "2026-11", "delivered": "101"},
    ]
    assert told["provenance"] == {
        "method": "DLV-1",
        "tree_size": trade.live.size(),
        "as_of": "2026-12-31",
        "from": "2026-10",
        "to": "2026-11",
    }


def test_inputs_are_named_where_they_are_asked_for(trade: Trade) -> None:
    assert "entries" not in ask(trade, MONTHLY, by=OEM)
    told = ask(trade, f"{MONTHLY}&inputs=true", by=OEM)
    assert len(told["entries"]) == 5
    assert told["rows"] == ask(trade, MONTHLY, by=OEM)["rows"]


@pytest.mark.parametrize(
    ("by", "slugs", "is_told"),
    [
        (OEM, {}, True),
        (OEM, {"supplier": SUPPLIER}, True),
        (OEM, {"customer": OEM, "supplier": SUPPLIER}, True),
        (OEM, {"supplier": STRANGER}, False),
        (SUPPLIER, {"customer": OEM}, True),
        (SUPPLIER, {"customer": SUPPLIER}, False),
        (STRANGER, {}, False),
        (STRANGER, {"supplier": SUPPLIER}, False),
        (STRANGER, {"customer": OEM}, False),
        (STRANGER, {"customer": OEM, "supplier": SUPPLIER}, False),
        (LABORATORY, {"customer": OEM, "supplier": SUPPLIER}, False),
    ],
)
def test_only_ones_own_deliveries_are_told(
    trade: Trade, by: str, slugs: dict[str, str], is_told: bool
) -> None:
    rows = ask(trade, named(trade, **slugs), by=by)["rows"]
    assert bool(rows) is is_told


def test_what_is_not_ones_own_looks_like_nothing(trade: Trade) -> None:
    foreign = trade.live.signed(STRANGER).get(
        f"{named(trade, customer=OEM, supplier=SUPPLIER)}&inputs=true"
    )
    nothing = trade.live.signed(STRANGER).get(
        f"{named(trade, customer=LABORATORY, supplier=OEM)}&inputs=true"
    )
    assert foreign.content == nothing.content
    fields = ("content-type", "cache-control", "vary", "content-length")
    for field in fields:
        assert foreign.headers[field] == nothing.headers[field]


@pytest.mark.parametrize("target", [MONTHLY, DIFFERENCES])
def test_an_unsigned_request_is_refused(trade: Trade, target: str) -> None:
    assert code_of(trade.live.http.get(target)) == "signature-required"


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-13",
        "from=202610",
        "from=2026-10&to=2026-09",
        "from=2020-01&to=2026-09",
        "as_of=20261001",
        "as_of=2026-02-30",
        "at_least=-1",
        "inputs=1",
        "part=",
        "colour=red",
        "part=a&part=b",
    ],
)
def test_a_question_of_another_form_is_refused(trade: Trade, query: str) -> None:
    answer = trade.live.signed(OEM).get(f"/v1/deliveries/monthly?{query}")
    assert code_of(answer) == "malformed-query"


@pytest.mark.item("4.6.differences")
@pytest.mark.parametrize("by", [OEM, SUPPLIER])
def test_differences_are_listed_for_both(trade: Trade, by: str) -> None:
    found = ask(trade, DIFFERENCES, by=by)["rows"]
    assert [(row["kind"], row["expected"], row["found"]) for row in found] == [
        ("quantity", "100", "60"),
        ("late", "2026-10-19", "2026-11-02"),
        ("quantity", "100", "101"),
    ]
    assert ask(trade, DIFFERENCES, by=STRANGER)["rows"] == []


@pytest.mark.item("4.done.receipt-above")
@pytest.mark.parametrize(
    ("number", "vct", "codes"),
    [
        ("1", "goods-receipt/v1", ["site-missing"]),
        ("2", "goods-receipt/v1", ["receipt-above-shipment", "site-missing"]),
        ("1", "shipment/v1", ["site-missing"]),
    ],
)
def test_flags_of_a_record_are_told_to_who_reads_it_whole(
    trade: Trade, number: str, vct: str, codes: list[str]
) -> None:
    record_id = record_of(trade, vct, number)
    for by, expected in ((OEM, codes), (SUPPLIER, codes), (STRANGER, [])):
        told = ask(trade, f"/v1/records/{record_id}/flags", by=by)
        assert [flag["code"] for flag in told["flags"]] == expected
        assert told["provenance"]["tree_size"] == trade.live.size()


def record_of(trade: Trade, vct: str, number: str) -> str:
    """The oldest record of a document number."""
    page = trade.live.signed(OEM).get(f"/v1/records?type={vct}&mine=1").json()["records"]
    name = vct.split("/", maxsplit=1)[0].removeprefix("goods-")
    found = [row for row in page if row["groups"]["state"][name] == number]
    return str(found[-1]["record_id"])


def test_flags_of_no_record_are_not_found(trade: Trade) -> None:
    assert code_of(trade.live.signed(OEM).get(f"/v1/records/{'A' * 43}/flags")) == "not-found"


@pytest.mark.item("5.done.leaks")
def test_a_suspended_side_is_told_no_figures(trade: Trade) -> None:
    with suspended(trade):
        answers = [
            ask(trade, f"{target}&inputs=true", by=SUPPLIER) for target in (MONTHLY, DIFFERENCES)
        ]
    assert [(told["rows"], told["entries"]) for told in answers] == [([], []), ([], [])]
    assert ask(trade, DIFFERENCES, by=SUPPLIER)["rows"]


def test_an_answer_waits_for_the_entries_it_is_asked_for(own_service: LiveService) -> None:
    trade = Trade(own_service)
    trade.agree()
    trade.add_part("P-1")
    trade.shipment("1", part="P-1", on="2026-10-01", quantity="100")
    told = ask(trade, f"{MONTHLY}&at_least={own_service.size()}", by=SUPPLIER)
    assert [row["unconfirmed"] for row in told["rows"]] == ["100"]


def test_nobody_waits_for_entries_that_are_not_there(trade: Trade) -> None:
    began = time.monotonic()
    ask(trade, f"{MONTHLY}&at_least=999999999", by=OEM)
    assert time.monotonic() - began < WAIT_SECONDS_MAX


@pytest.mark.parametrize("target", [MONTHLY, DIFFERENCES, f"{MONTHLY}&inputs=true"])
@pytest.mark.parametrize(
    ("bound", "value", "is_told"),
    [
        ("ROWS_MAX", 20, True),
        ("ROWS_MAX", 1, False),
        ("PAPER_CHARACTERS_MAX", 100_000, True),
        ("PAPER_CHARACTERS_MAX", 1, False),
    ],
)
def test_an_answer_that_is_too_large_is_refused_before_it_is_loaded(
    trade: Trade,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    bound: str,
    value: int,
    is_told: bool,
) -> None:
    if target == MONTHLY and bound == "PAPER_CHARACTERS_MAX" and not is_told:
        # Months without a shipment that waits for its receipt need no papers at all.
        is_told = True
    monkeypatch.setattr(answering, bound, value)
    loaded: list[str] = []
    monkeypatch.setattr(stored, "decode_papers", _noting(loaded.append))
    answer = trade.live.signed(OEM).get(target)
    assert answer.status_code == (200 if is_told else 400)
    if not is_told:
        assert code_of(answer) == "malformed-query"
        assert "name a part or a partner" in answer.json()["detail"]
        assert loaded == []


def test_the_tables_are_let_go_before_papers_are_evaluated(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool: Any = trade.live.wired.derived.book._database._readers.pool
    counts: list[int] = []
    noting = _noting(lambda _: counts.append(pool.checkedout()))
    monkeypatch.setattr(stored, "decode_papers", noting)
    ask(trade, f"{DIFFERENCES}&inputs=true", by=OEM)
    assert counts
    assert set(counts) == {0}


def _noting(note: Callable[[str], None]) -> Callable[[str], tuple[Paper, ...]]:
    """Reads papers, and notes each time that it does."""

    def reading(text: str) -> tuple[Paper, ...]:
        note(text)
        return decode_papers(text)

    return reading


def test_who_waits_for_entries_keeps_nobody_else_from_reading(own_service: LiveService) -> None:
    trade = Trade(own_service)
    # From here on nothing is counted any more: whoever waits does so to the end.
    own_service.wired.derived._stop.set()
    own_service.wired.derived._thread.join()
    trade.agree()
    target = f"{MONTHLY}&at_least={own_service.size()}"
    with ThreadPoolExecutor(READS_AT_ONCE_MAX) as pool:
        waiting = [pool.submit(ask, trade, target, by=OEM) for _ in range(READS_AT_ONCE_MAX)]
        time.sleep(0.5)
        began = time.monotonic()
        ask(trade, MONTHLY, by=SUPPLIER)
        took = time.monotonic() - began
        assert not any(one.done() for one in waiting)
    assert took < WAIT_SECONDS_MAX / 2
