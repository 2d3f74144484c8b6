"""Alarms are told to whom the values of their upload are open, with all that led to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.anomaly import told_alarms
from api.anomaly.alarm_book import AlarmBook
from keys.encoding import decode_base64url
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


def open_to_the_oem(plant: Plant) -> None:
    """Uploads from now on are open to a customer."""
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
    open_to_the_oem(plant)
    rows = normal_rows(6, seed=7)
    rows[2, 1] = 200.0
    later = plant.upload(rows)
    plant.await_tables()
    assert {alarm["record_id"] for alarm in alarms(plant, by=OEM)} == {later}
    assert len(alarms(plant)) > own
    assert not alarms(plant, by=STRANGER)
    assert later in plant.live.signed(SUPPLIER).get("/v1/accesses").text


def an_event_that_the_oem_may_read_a_part_of(plant: Plant) -> tuple[list[str], dict[str, Any]]:
    """An event that goes on over two uploads, the first of them closed; these, and the event."""
    loud = normal_rows(12, seed=9)
    loud[:, 0] += 15.0
    loud[0, 1] = 200.0
    filed = [plant.upload(loud[:4])]
    open_to_the_oem(plant)
    filed.append(plant.upload(loud[4:]))
    plant.await_tables()
    (event,) = alarms(plant, "?kind=anomaly")
    return filed, event


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Plant, Any]]:
    """A line with an event of which a customer may read a part."""
    for live in serve(tmp_path_factory.mktemp("shared")):
        plant = a_plant(live)
        yield plant, an_event_that_the_oem_may_read_a_part_of(plant)


@pytest.mark.item("7.6.sharing")
def test_a_reader_is_told_the_part_of_an_event_that_it_may_read(shared: tuple[Plant, Any]) -> None:
    plant, (filed, event) = shared
    (part,) = alarms(plant, by=OEM)
    assert (part["id"], part["record_id"]) == (f"anomaly:{filed[1]}:1", filed[1])
    assert (part["level"], part["rows"], part["loud_rows"]) == ("red", 8, 8)
    assert event["record_id"] == plant.faulty
    assert event["rows"] > 8
    assert event["from_us"] < part["from_us"]
    assert part["parameters"][0] == "force"


@pytest.mark.item("7.6.sharing")
def test_nothing_that_a_reader_is_told_names_the_closed_part(shared: tuple[Plant, Any]) -> None:
    plant, (filed, event) = shared
    (part,) = alarms(plant, by=OEM)
    told = plant.live.signed(OEM).get(f"{ROUTE}/{part['id']}")
    assert told.json()["provenance"]["record_id"] == filed[1]
    assert filed[0] not in told.text
    assert str(event["from_us"]) not in told.text
    assert plant.live.signed(OEM).get(f"{ROUTE}/{part['id']}/plot").status_code == 200
    assert code_of(plant.live.signed(OEM).get(f"{ROUTE}/{event['id']}")) == "not-found"
    # The owner finds the event by the name that its customer knows it by.
    owned = plant.live.signed(SUPPLIER).get(f"{ROUTE}/{part['id']}").json()
    assert owned["id"] == event["id"]


def test_a_next_page_is_one_with_an_alarm_that_is_told(shared: tuple[Plant, Any]) -> None:
    plant, _ = shared
    own, others = (plant.live.signed(by).get(f"{ROUTE}?limit=1").json() for by in (SUPPLIER, OEM))
    assert (len(own["alarms"]), len(others["alarms"]), others["next"]) == (1, 1, None)
    (second,) = alarms(plant, f"?limit=1&cursor={own['next']}")
    assert second["id"] != own["alarms"][0]["id"]


def test_where_too_many_are_passed_over_the_cursor_names_none_of_them(
    shared: tuple[Plant, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant, _ = shared
    monkeypatch.setattr(told_alarms, "SCANNED_MAX", 1)
    answer = plant.live.signed(STRANGER).get(ROUTE).json()
    assert json.loads(decode_base64url(answer["next"])) == [None, "", 1]
    last = plant.live.signed(STRANGER).get(f"{ROUTE}?cursor={answer['next']}").json()
    assert (last["alarms"], last["next"]) == ([], None)


def test_a_state_made_of_closed_uploads_is_told_by_its_digest(shared: tuple[Plant, Any]) -> None:
    plant, (filed, _) = shared
    with AlarmBook(plant.live.wired.anomaly.database).at_once() as book:
        behind = book.uploads_behind(plant.place.key, filed[1], 0)
    assert filed[0] in behind
    own, others = (
        plant.live.signed(by).get(f"{ROUTE}/{alarms(plant, by=by)[0]['id']}").json()
        for by in (SUPPLIER, OEM)
    )
    assert "state" in own["decision"]
    for name in ("decision", "opening_decision"):
        assert others[name] is None or "state" not in others[name]
