"""Tallies over HTTP: a plan for a lot, a state for each reading, and a report that is admitted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.api.derived.trade import Trade, suspended
from tests.api.service import (
    LABORATORY,
    OEM,
    STRANGER,
    SUPPLIER,
    SignedClient,
    code_of,
    problem_of,
    serve,
)

DIAMETER = {
    "number": "D1",
    "name": "outer diameter",
    "class": "none",
    "nominal": "10.00",
    "lower": "9.90",
    "upper": "10.10",
    "unit": "MMT",
    "plausible": {"from": "5", "to": "15"},
    "sampling": {"standard": "ISO 2859-1", "level": "S-1", "aql": "6.5"},
}
COSMETIC = {
    **DIAMETER,
    "number": "A1",
    "name": "surface",
    "attributive": True,
    "lower": None,
    "upper": None,
}
for _name in ("nominal", "plausible"):
    del COSMETIC[_name]


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trade]:
    """A served log with a part, and a specification of it."""
    service = serve(tmp_path_factory.mktemp("log"))
    made = Trade(next(service))
    made.agree()
    made.add_part("GR-1")
    sides = {"customer": made.did(OEM), "supplier": made.did(SUPPLIER)}
    state = {"specification": "SP-1", "revision": "A", "in_force_from": "2026-11-01"}
    groups = {
        "state": {**state, "part": "GR-1", **sides},
        "characteristics": [DIAMETER, COSMETIC],
    }
    made.file("specification/v1", groups, by=OEM)
    yield made
    next(service, None)


def lot_of(trade: Trade, **members: Any) -> dict[str, Any]:
    """The lot of a report."""
    return {
        "number": "L-1",
        "part": "GR-1",
        "part_revision": "A",
        "quantity": "90",
        "unit": "H87",
        "customer": trade.did(OEM),
        "supplier": trade.did(SUPPLIER),
        "specification": {"id": "SP-1", "revision": "A"},
        **members,
    }


def post(client: SignedClient, target: str, body: object) -> httpx.Response:
    """A signed ``POST`` of JSON."""
    return client.send("POST", target, content=json.dumps(body).encode())


def opening(trade: Trade, **members: Any) -> dict[str, Any]:
    """What a receiving inspection is opened with."""
    return {"lot": lot_of(trade), "stage": "receiving", **members}


@contextmanager
def opened(trade: Trade, *, by: str = OEM, **members: Any) -> Iterator[dict[str, Any]]:
    """A tally, gone at the end."""
    client = trade.live.signed(by)
    answer = post(client, "/v1/tallies", opening(trade, **members))
    assert answer.status_code == 201, answer.text
    told = dict(answer.json())
    yield told
    client.send("DELETE", f"/v1/tallies/{told['tally']}")


def read(trade: Trade, tally: str, sequence: int, reading: dict[str, Any]) -> httpx.Response:
    """A reading of the customer."""
    body = {"sequence": sequence, "reading": reading}
    return post(trade.live.signed(OEM), f"/v1/tallies/{tally}/readings", body)


def measured(piece: int, value: str = "10.02") -> dict[str, Any]:
    """A diameter."""
    return {"measured": {"piece": str(piece), "characteristic": "D1", "value": value}}


@pytest.mark.item("6.4")
def test_lot_and_specification_in_plan_out(trade: Trade) -> None:
    with opened(trade) as told:
        classes = {one["name"]: one for one in told["plan"]["classes"]}
        major = classes["major"]
        assert (major["standard"], major["letter_asked"]) == ("ISO 2859-1", "B")
        assert (classes["critical"]["standard"], classes["critical"]["accept"]) == ("c=0", 0)
        assert set(told["risks"]["major"]) == {"en", "zh"}
        assert told["severities"]["major"] == {"severity": "normal", "from": "default"}
        diameter, surface = told["plan"]["characteristics"]
        assert (diameter["lower"], diameter["defect_class"]) == ("9.90", "major")
        assert (diameter["pieces"], surface["pieces"]) == (major["sample"], 0)
        assert told["specification"] is not None
        assert told["state"]["decision"] == "go-on"


@pytest.mark.item("6.4.readings")
def test_a_reading_is_answered_with_the_state_and_a_repeat_with_the_same(trade: Trade) -> None:
    with opened(trade) as told:
        tally = told["tally"]
        first = read(trade, tally, 1, measured(1))
        second = read(trade, tally, 2, {"defect": {"piece": "1", "class": "minor", "code": "SUR"}})
        assert first.json()["characteristics"][0]["measured"] == 1
        assert first.json()["next"]["zh"] == "请判定第 1 件：合格，或录入缺陷"
        assert second.json()["classes"][2]["defective"] == 1
        assert read(trade, tally, 1, measured(1)).content == first.content
        assert code_of(read(trade, tally, 1, measured(1, "10.03"))) == "sequence-taken"
        assert code_of(read(trade, tally, 4, measured(2))) == "sequence-missing"
        shown = trade.live.signed(OEM).get(f"/v1/tallies/{tally}").json()
        assert shown["state"] == second.json()
        assert shown["sequence"] == 2


@pytest.mark.item("6.4.readings")
def test_a_reading_that_does_not_fit_is_refused_by_name(trade: Trade) -> None:
    with opened(trade) as told:
        tally = told["tally"]
        assert read(trade, tally, 1, measured(1)).is_success
        again = problem_of(read(trade, tally, 2, measured(1, "10.01")))
        assert again["code"] == "reading-contradicts"
        assert "in reading 1: withdraw" in again["detail"]
        unknown = {"measured": {"piece": "1", "characteristic": "D7", "value": "1"}}
        assert code_of(read(trade, tally, 2, unknown)) == "malformed-reading"
        assert code_of(read(trade, tally, 2, {"good": {}})) == "malformed-reading"
        assert read(trade, tally, 2, {"good": {"piece": "1"}}).is_success


@pytest.mark.item("6.4.readings")
def test_a_restart_in_the_middle_of_a_tally_loses_nothing(trade: Trade) -> None:
    with opened(trade) as told:
        first = read(trade, told["tally"], 1, measured(1))
        trade.live.restart()
        assert read(trade, told["tally"], 1, measured(1)).content == first.content
        assert read(trade, told["tally"], 2, measured(2)).json()["sequence"] == 2


@pytest.mark.item("6.4.draft")
@pytest.mark.parametrize(("value", "decision"), [("10.02", "accept"), ("10.5", "reject")])
def test_the_draft_is_admitted_as_it_is(trade: Trade, value: str, decision: str) -> None:
    with opened(trade) as told:
        tally, client = told["tally"], trade.live.signed(OEM)
        sample = told["state"]["pieces"]["sample"]
        assert code_of(client.get(f"/v1/tallies/{tally}/draft")) == "tally-undecided"
        rest = [{"good": {"piece": "1"}}, {"good": {"pieces": sample - 2}}]
        readings = [measured(1, value), measured(2), {"good": {"piece": "2"}}, *rest]
        wanted = readings if decision == "accept" else readings[:1]
        answers = [read(trade, tally, at, one) for at, one in enumerate(wanted, start=1)]
        assert [answer.status_code for answer in answers] == [200] * len(wanted)
        draft = client.get(f"/v1/tallies/{tally}/draft").json()
        assert draft["type"] == "inspection-report/v1"
        assert draft["groups"]["verdict"]["decision"] == decision
        assert "lower" not in draft["groups"]["measurements"]["characteristics"][0]
        assert draft["filing"] == {"subject": trade.did(SUPPLIER), "to": [trade.did(SUPPLIER)]}
        trade.file("inspection-report/v1", draft["groups"], by=OEM)


@pytest.mark.item("6.4")
def test_a_tally_is_its_party_s_alone(trade: Trade) -> None:
    with opened(trade) as told:
        path, absent = f"/v1/tallies/{told['tally']}", f"/v1/tallies/{'A' * 22}"
        other = trade.live.signed(SUPPLIER)
        for target in (path, f"{path}/draft"):
            found, missing = other.get(target), other.get(target.replace(path, absent))
            assert (found.status_code, missing.status_code) == (404, 404)
            assert code_of(found) == "not-found"
        body = {"sequence": 1, "reading": measured(1)}
        assert code_of(post(other, f"{path}/readings", body)) == "not-found"
        assert code_of(other.send("DELETE", path)) == "not-found"
        listed = trade.live.signed(OEM).get("/v1/tallies").json()["tallies"]
        assert [one["tally"] for one in listed] == [told["tally"]]
        assert other.get("/v1/tallies").json()["tallies"] == []
        assert code_of(trade.live.http.get(path)) == "signature-required"
        assert code_of(trade.live.http.post("/v1/tallies", content=b"{}")) == "signature-required"


@pytest.mark.item("6.4")
def test_a_suspended_party_has_no_tallies(trade: Trade) -> None:
    outgoing = opening(trade, stage="outgoing")
    with opened(trade, by=SUPPLIER, stage="outgoing") as told:
        supplier = trade.live.signed(SUPPLIER)
        with suspended(trade):
            assert code_of(supplier.get(f"/v1/tallies/{told['tally']}")) == "not-found"
            assert code_of(supplier.get("/v1/tallies")) == "not-found"
            assert code_of(post(supplier, "/v1/tallies", outgoing)) == "not-found"
        assert supplier.get(f"/v1/tallies/{told['tally']}").is_success


SPECIFICATION = {"id": "SP-1", "revision": "A"}
REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (OEM, {}, {"lot": {"specification": {"id": "SP-1", "revision": "Z"}}}, "unknown-specification"),
    (STRANGER, {}, {}, "invalid-claims"),
    (LABORATORY, {}, {}, "unknown-specification"),
    (OEM, {}, {"lot": {"quantity": "0"}}, "invalid-claims"),
    (OEM, {}, {"lot": {"unit": "MTR"}}, "unit-mismatch"),
    (OEM, {}, {"lot": {"specification": None}}, "specification-required"),
    (OEM, {"stage": "sometimes"}, {}, "invalid-claims"),
    (OEM, {"sample": 3}, {}, "malformed-tally"),
    (OEM, {"plan": {"standard": "c=0"}}, {}, "invalid-claims"),
    (OEM, {"outside": {"D7": {"code": "DIM"}}}, {}, "malformed-tally"),
]


@pytest.mark.item("6.4")
@pytest.mark.parametrize(("by", "members", "lot", "code"), REFUSED)
def test_what_the_log_would_refuse_is_refused_before_anything_is_inspected(
    trade: Trade, by: str, members: dict[str, Any], lot: dict[str, Any], code: str
) -> None:
    body = opening(trade, **members)
    body["lot"] = {**body["lot"], **lot.get("lot", {})}
    if body["lot"]["specification"] is None:
        del body["lot"]["specification"]
    assert code_of(post(trade.live.signed(by), "/v1/tallies", body)) == code


@pytest.mark.item("6.4")
def test_a_plan_may_be_typed_for_a_part_that_nothing_is_agreed_of(trade: Trade) -> None:
    lot = lot_of(trade, part="OWN-1")
    del lot["specification"]
    typed = {
        "standard": "contract",
        "sample": 3,
        "whole_lot": False,
        "classes": [{"class": "major", "aql": None, "accept": 0, "reject": 1}],
    }
    with opened(trade, lot=lot, plan=typed, characteristics=[DIAMETER]) as told:
        assert told["severities"] == {"major": {"severity": "normal", "from": "stated"}}
        assert told["plan"]["characteristics"][0]["pieces"] == 3
    bad = {**DIAMETER, "lower": "11"}
    refused = opening(trade, lot=lot, plan=typed, characteristics=[bad])
    answer = post(trade.live.signed(OEM), "/v1/tallies", refused)
    assert code_of(answer) == "invalid-claims"


def wish_tightened(trade: Trade) -> None:
    """The customer wishes tightened inspection of major defects."""
    sides = {"customer": trade.did(OEM), "supplier": trade.did(SUPPLIER)}
    wish = {
        "act": "severity",
        "part": {**sides, "number": "GR-1"},
        "class": "major",
        "to": "tightened",
        "reason": "customer-wish",
    }
    trade.file("act/v1", {"state": wish}, by=OEM)


@pytest.mark.item("6.4")
def test_the_severity_in_force_is_that_of_the_switching_rules(trade: Trade) -> None:
    wish_tightened(trade)
    size = trade.await_tables()
    with opened(trade) as told:
        assert told["severities"]["major"] == {"severity": "tightened", "from": "in-force"}
        assert told["severities"]["minor"]["from"] in {"default", "in-force"}
        assert told["sampling_size"] == size
    with opened(trade, severities={"major": "normal"}) as told:
        assert told["severities"]["major"] == {"severity": "normal", "from": "stated"}
        (flag,) = told["flags"]
        assert (flag["flag"], flag["class"]) == ("severity-not-in-force", "major")
        shown = trade.live.signed(OEM).get(f"/v1/tallies/{told['tally']}").json()
        assert shown["flags"] == told["flags"]


@pytest.mark.item("6.4")
def test_a_history_that_takes_too_long_is_needed_only_where_nothing_is_stated(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish_tightened(trade)
    trade.await_tables()
    monkeypatch.setattr("api.derived.sampling.ROWS_MAX", 0)
    stated = {"critical": "normal", "major": "normal"}
    refused = post(trade.live.signed(OEM), "/v1/tallies", opening(trade, severities=stated))
    problem = problem_of(refused)
    assert (problem["code"], refused.status_code) == ("malformed-tally", 422)
    assert "/severities: expected minor stated" in problem["detail"]
    with opened(trade, severities={**stated, "minor": "normal"}) as told:
        assert told["severities"]["minor"] == {"severity": "normal", "from": "stated"}
        assert told["sampling_size"] is None


@pytest.mark.item("6.4")
def test_a_laboratory_is_told_that_the_severity_is_unknown(trade: Trade) -> None:
    lot = lot_of(trade)
    del lot["specification"]
    with opened(trade, by=LABORATORY, lot=lot) as told:
        assert told["severities"]["major"] == {"severity": "normal", "from": "unknown"}
    with opened(trade, by=LABORATORY, lot=lot, stage="outgoing") as told:
        assert told["severities"]["major"]["from"] == "default"
