"""Alarms are told to whom the values of their upload are open, with all that led to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.compose import Filing
from scoring.anomaly.decision import decode_decision
from tests.api.anomaly.plant import Plant, a_plant, normal_rows
from tests.api.service import OEM, STRANGER, SUPPLIER, code_of, serve

ROUTE = "/v1/alarms"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A line with an alarm."""
    for live in serve(tmp_path_factory.mktemp("log")):
        yield a_plant(live)


def alarms(plant: Plant, query: str = "", *, by: str = SUPPLIER) -> list[dict[str, Any]]:
    """What a party is told."""
    answer = plant.live.signed(by).get(f"{ROUTE}{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["alarms"]
    return found


@pytest.mark.item("7.7")
def test_an_alarm_is_told_with_its_contributions_and_its_decision(plant: Plant) -> None:
    (head,) = alarms(plant)
    assert (head["code"], head["parameters"][0]) == ("anomaly", "force")
    told = plant.live.signed(SUPPLIER).get(f"{ROUTE}/{head['id']}").json()
    top = told["peak"]["explanation"]["top"]
    assert top[0]["parameter"] == "force"
    path = decode_decision(json.dumps(told["decision"], separators=(",", ":")).encode())
    assert path.model == plant.model
    provenance = told["provenance"]
    assert (provenance["record_id"], provenance["model"]) == (plant.faulty, plant.model)
    assert provenance["tree_size"] == plant.live.size()


@pytest.mark.item("7.7")
@pytest.mark.parametrize(
    ("form", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml")], ids=["png", "svg"]
)
def test_an_alarm_is_drawn(plant: Plant, form: str, begins: bytes) -> None:
    (head,) = alarms(plant)
    target = f"{ROUTE}/{head['id']}/plot?format={form}&language=zh"
    answer = plant.live.signed(SUPPLIER).get(target)
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(begins)


@pytest.mark.parametrize("by", [OEM, STRANGER])
def test_others_are_told_nothing_and_one_alarm_looks_like_none(plant: Plant, by: str) -> None:
    (head,) = alarms(plant)
    answer = plant.live.signed(by).get(ROUTE).json()
    assert (answer["alarms"], answer["next"]) == ([], None)
    for path in ("", "/plot"):
        there, absent = (
            plant.live.signed(by).get(f"{ROUTE}/{name}{path}")
            for name in (head["id"], f"anomaly:{'A' * 43}:1")
        )
        assert code_of(there) == code_of(absent) == "not-found"


def test_an_unsigned_request_is_refused(plant: Plant) -> None:
    assert code_of(plant.live.http.get(ROUTE)) == "signature-required"


@pytest.mark.parametrize(
    "query", ["level=blue", "kind=x", "limit=0", "cursor=W10", "colour=red", "since=x", "line="]
)
def test_a_question_of_another_form_is_refused(plant: Plant, query: str) -> None:
    assert code_of(plant.live.signed(SUPPLIER).get(f"{ROUTE}?{query}")) == "malformed-query"


def test_a_label_is_told_with_its_alarm(plant: Plant) -> None:
    (head,) = alarms(plant)
    assert not head["acknowledged"]
    plant.label(plant.faulty, (11, 20), label="known-cause", cause="tool-wear")
    plant.await_tables()
    (told,) = alarms(plant)
    assert (told["acknowledged"], told["label"]) == (True, "known-cause")


@pytest.mark.item("7.6.sharing")
def test_an_alarm_follows_the_grant_that_opens_the_values(plant: Plant) -> None:
    own = len(alarms(plant))
    now_ms = plant.live.clock.now_ms()
    grant = {
        "act": "grant",
        "reader": plant.live.party(OEM).did,
        "opens": [{"type": "parameter-upload/v1", "groups": ["values"]}],
        "purpose": "ppap",
        "reads": {"from": now_ms, "until": now_ms + 3_600_000},
        "delegable": False,
    }
    reader = Filing(subject=plant.live.party(OEM).did, to=[plant.live.party(OEM).did])
    plant.file("act/v1", {"state": grant}, filing=reader)
    rows = normal_rows(6, seed=7)
    rows[2, 1] = 200.0
    later = plant.upload(rows)
    plant.await_tables()
    assert {alarm["record_id"] for alarm in alarms(plant, by=OEM)} == {later}
    assert len(alarms(plant)) > own
    assert not alarms(plant, by=STRANGER)
    assert later in plant.live.signed(SUPPLIER).get("/v1/accesses").text
