"""Who is told what about the sampling of a part, and in which form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from starlette.datastructures import QueryParams

from api.derived import sampling
from api.rebuilding import compare
from api.resampling import read_state, resample
from api.sampling_query import parse_sampling
from tests.api.derived.trade import Trade, suspended
from tests.api.service import LABORATORY, OEM, STRANGER, SUPPLIER, code_of, serve
from tests.api.test_client import a_client
from tests.quality.sampling.filed import a_report

ROUTE = "/v1/sampling"


def inspect(trade: Trade, number: int, *, defective: int) -> str:
    """A receiving inspection of a lot of its own; the record's id."""
    groups = dict(a_report(number, defective=defective).groups)
    del groups["manifest"], groups["address"], groups["measurements"]
    lot = groups["lot"]
    assert isinstance(lot, dict)
    lot |= {"customer": trade.did(OEM), "supplier": trade.did(SUPPLIER)}
    return trade.file("inspection-report/v1", groups, by=OEM)


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trade]:
    """A part with three lots, two of which were not accepted."""
    for live in serve(tmp_path_factory.mktemp("log")):
        trade = Trade(live)
        trade.agree()
        trade.add_part("P-1")
        for number, defective in enumerate((4, 0, 4)):
            inspect(trade, number, defective=defective)
        trade.await_tables()
        yield trade


def ask(trade: Trade, query: str = "", *, by: str) -> dict[str, Any]:
    """The answer to a member."""
    answer = trade.live.signed(by).get(f"{ROUTE}{query}")
    assert answer.status_code == 200, answer.text
    members: dict[str, Any] = answer.json()
    return members


def named(trade: Trade, **slugs: str) -> str:
    """A question that names parties."""
    return "?" + "&".join(
        f"{name}={quote(trade.did(slug), safe='')}" for name, slug in slugs.items()
    )


@pytest.mark.item("6.2.state")
@pytest.mark.parametrize("by", [OEM, SUPPLIER])
def test_both_sides_are_told_the_same_state_lots_and_switches(trade: Trade, by: str) -> None:
    told = ask(trade, "?part=P-1&class=major&as_of_ms=0&inputs=true", by=by)
    (state,), (switch,) = told["states"], told["switches"]
    assert (state["severity"], state["code"]) == ("tightened", "two-of-five")
    assert [row["decision"] for row in told["lots"]] == ["reject", "accept", "reject"]
    assert switch["record"] == told["lots"][2]["record"]
    assert sorted(row["record"] for row in told["lots"]) == told["entries"]
    assert (told["erased"], told["withdrawn"]) == ([], [])
    parameters = told["provenance"].pop("parameters")
    assert parameters is None or parameters["name"] == "sampling"
    assert told["provenance"] == {"method": "SMP-1", "tree_size": trade.live.size(), "as_of_ms": 0}


@pytest.mark.parametrize(
    ("by", "slugs", "is_told"),
    [
        (OEM, {"supplier": SUPPLIER}, True),
        (OEM, {"supplier": STRANGER}, False),
        (SUPPLIER, {"customer": OEM}, True),
        (SUPPLIER, {"customer": SUPPLIER}, False),
        (STRANGER, {"customer": OEM, "supplier": SUPPLIER}, False),
        (STRANGER, {"customer": STRANGER}, False),
        (LABORATORY, {"customer": OEM}, False),
    ],
)
def test_only_ones_own_parts_are_told(
    trade: Trade, by: str, slugs: dict[str, str], is_told: bool
) -> None:
    assert bool(ask(trade, named(trade, **slugs), by=by)["states"]) is is_told


@pytest.mark.item("5.done.leaks")
def test_what_is_not_ones_own_or_not_a_members_looks_like_nothing(trade: Trade) -> None:
    foreign = named(trade, customer=OEM, supplier=SUPPLIER) + "&inputs=true&as_of_ms=0"
    nothing = named(trade, customer=LABORATORY, supplier=OEM) + "&inputs=true&as_of_ms=0"
    answers = [trade.live.signed(STRANGER).get(f"{ROUTE}{query}") for query in (foreign, nothing)]
    assert answers[0].content == answers[1].content
    with suspended(trade):
        told = ask(trade, foreign, by=SUPPLIER)
    assert (told["states"], told["lots"], told["entries"]) == ([], [], [])


def test_an_unsigned_request_is_refused(trade: Trade) -> None:
    assert code_of(trade.live.http.get(ROUTE)) == "signature-required"


@pytest.mark.parametrize(
    "query", ["class=bad", "part=", "inputs=1", "as_of_ms=x", "at_least=-1", "colour=red"]
)
def test_a_question_of_another_form_is_refused(trade: Trade, query: str) -> None:
    assert code_of(trade.live.signed(OEM).get(f"{ROUTE}?{query}")) == "malformed-query"


@pytest.mark.parametrize(("bound", "is_told"), [(3, True), (2, False)])
def test_an_answer_that_is_too_large_is_refused(
    trade: Trade, monkeypatch: pytest.MonkeyPatch, bound: int, is_told: bool
) -> None:
    monkeypatch.setattr(sampling, "ROWS_MAX", bound)
    answer = trade.live.signed(OEM).get(ROUTE)
    assert (answer.status_code == 200) is is_told
    if not is_told:
        assert code_of(answer) == "malformed-query"
        assert "name a part" in answer.json()["detail"]


def test_a_report_by_a_plan_not_in_force_is_flagged_to_both_sides(trade: Trade) -> None:
    late = inspect(trade, 9, defective=0)
    size = trade.await_tables()
    for by, is_told in ((OEM, True), (SUPPLIER, True), (STRANGER, False)):
        told = trade.live.signed(by).get(f"/v1/records/{late}/flags").json()
        assert ("severity-not-in-force" in {flag["code"] for flag in told["flags"]}) is is_told
        assert (told["missing"], told["provenance"]["tree_size"]) == ([], size)
    assert compare(trade.live.folder).derived.differences.are_none


@pytest.mark.item("6.2.state")
@pytest.mark.parametrize("by", [OEM, SUPPLIER])
def test_the_inputs_of_an_answer_come_to_the_same_rows(trade: Trade, by: str) -> None:
    asked = parse_sampling(QueryParams({"as_of_ms": "0"}), now_ms=0)
    with a_client(trade.live, by) as client:
        told = read_state(client.sampling(inputs="true", as_of_ms=0))
        anchor = trade.live.anchor
        rows, without = (
            resample(client, anchor, entries, asked=asked, withdrawn=told.withdrawn)
            for entries in (told.entries, told.entries[1:])
        )
    assert told.rows["lots"]
    assert rows == told.rows
    assert without != told.rows


@pytest.mark.item("6.2.switching")
def test_an_act_that_was_admitted_is_told_with_what_follows(trade: Trade) -> None:
    part = {name: value for name, value in trade.part("P-1").items() if name != "revision"}
    wish = {"class": "minor", "to": "tightened", "reason": "customer-wish"}
    act = trade.file("act/v1", {"state": {"act": "severity", "part": part, **wish}}, by=OEM)
    trade.await_tables()
    for by in (OEM, SUPPLIER):
        told = ask(trade, "?part=P-1&class=minor&inputs=true", by=by)
        (row,) = told["states"]
        assert (row["severity"], row["code"]) == ("tightened", "customer-wish")
        assert row["since"]["record"] == act
        assert act in told["entries"]
