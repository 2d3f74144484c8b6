"""Lines, models and trainings are their owner's, and rules are tried before they are changed."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from api.anomaly.card_signing import CardSigner
from api.party_folder import PartySigner
from tests.api.anomaly.plant import LONG_WAIT_SECONDS, Plant, a_plant
from tests.api.service import OEM, SUPPLIER, code_of, serve
from tests.ledger.parties import sign_key

BASE = "/v1/anomaly"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A line with an alarm."""
    for live in serve(tmp_path_factory.mktemp("log")):
        yield a_plant(live)


def get(plant: Plant, path: str, *, by: str = SUPPLIER) -> dict[str, Any]:
    """An answer."""
    answer = plant.live.signed(by).get(f"{BASE}/{path}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def post(plant: Plant, path: str, body: Any, *, by: str = SUPPLIER) -> Any:
    """What a question is answered with."""
    return plant.live.signed(by).send("POST", f"{BASE}/{path}", content=json.dumps(body).encode())


def trained(plant: Plant, **asked: Any) -> dict[str, Any]:
    """A training that has ended."""
    answer = post(plant, "models", {"line": plant.place.key, **asked})
    assert answer.status_code == 202, answer.text
    until = time.monotonic() + LONG_WAIT_SECONDS
    while time.monotonic() < until:
        job = get(plant, f"jobs/{answer.json()['job']}")
        if job["status"] in ("done", "failed"):
            return job
        time.sleep(0.05)
    raise AssertionError(f"expected a training that ends, found {job}")


def test_a_line_is_told_to_its_owner_alone(plant: Plant) -> None:
    (line,) = get(plant, "lines")["lines"]
    assert (line["key"], line["model"], line["status"]) == (plant.place.key, plant.model, "scored")
    assert get(plant, "lines", by=OEM)["lines"] == []
    for path in (f"models?line={plant.place.key}", f"far?line={plant.place.key}"):
        there, absent = (
            plant.live.signed(OEM).get(f"{BASE}/{target}")
            for target in (path, path.replace(plant.place.key, "A" * 22))
        )
        assert code_of(there) == code_of(absent) == "not-found"


@pytest.mark.item("7.7.cards")
def test_a_card_is_told_with_who_approved_it_and_its_bytes(plant: Plant) -> None:
    (card,) = _cards(plant)
    assert (card["record_id"], card["state"]) == (plant.active, "active")
    assert len(card["approvals"]) == 2
    assert get(plant, f"models/{plant.model}")["cards"] == [card]
    octets = {"Accept": "application/octet-stream"}
    target = f"{BASE}/models/{plant.model}"
    onnx = plant.live.signed(SUPPLIER).send("GET", target, headers=octets).content
    assert hashlib.sha256(onnx).hexdigest() == plant.model
    assert code_of(plant.live.signed(OEM).get(target)) == "not-found"


@pytest.mark.item("7.7.cards")
def test_a_training_drafts_a_card_that_is_signed_and_approved(plant: Plant) -> None:
    job = trained(plant, records=[plant.first])
    assert job["status"] == "done", job
    assert job["model"] == plant.model  # the same rows make the same model
    whole = trained(plant)
    card = plant.file("model-card/v1", whole["card"])
    plant.await_tables()
    states = {each["record_id"]: each["state"] for each in _cards(plant)}
    assert states == {plant.active: "active", card: "shadow"}
    (waiting,) = [each for each in _cards(plant) if each["shadow"] is not None]
    told = [each["objection"] for each in waiting["shadow"]["report"]["objections"]]
    assert (waiting["record_id"], told) == (card, ["too-few-shadow-rows"])
    plant.activate(card)
    plant.await_tables()
    states = {each["record_id"]: each["state"] for each in _cards(plant)}
    assert states == {plant.active: "superseded", card: "active"}


@pytest.mark.item("7.5")
@pytest.mark.parametrize(("use", "outcome"), [("model-card", "signed"), ("part", "unsigned")])
def test_the_service_key_signs_a_card_that_it_is_registered_for(
    plant: Plant, use: str, outcome: str
) -> None:
    assert trained(plant)["unsigned"] == "no-service-key"
    operator = plant.live.party(OEM)
    service = operator.another_key(f"service for {use}")
    plant.live.admit(sign_key(plant.live.consortium, operator, service, uses=(f"record:{use}",)))
    wired, owner = plant.live.wired, plant.place.owner
    cards = CardSigner(wired.ledger, wired.clock, PartySigner(service.did, service.key))
    draft = trained(plant, records=[plant.first])["card"]
    told = cards.sign(draft, owner=owner, job="A" * 22)
    assert told.keys() == {outcome}
    plant.await_tables()
    shadows = {card["record_id"] for card in _cards(plant) if card["state"] == "shadow"}
    assert shadows == ({told["signed"]} if outcome == "signed" else set())
    if shadows:
        # The same training does not sign twice, and its people decide as about any other card.
        assert "signed" not in cards.sign(draft, owner=owner, job="A" * 22)
        plant.decide(told["signed"], "reject", by="quality")
    plant.await_tables()


def _cards(plant: Plant) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(plant, f"models?line={plant.place.key}")["models"]
    assert {card.pop("line") for card in found} == {plant.place.key}
    return found


@pytest.mark.parametrize("records", [["A" * 43], []])
def test_records_of_no_line_are_not_trained_on(plant: Plant, records: list[str]) -> None:
    job = trained(plant, records=records)
    assert (job["status"] == "failed") is bool(records)
    assert not records or job["code"] == "malformed-table"


@pytest.mark.item("7.1.interface")
def test_a_challenger_is_trained_on_request_and_its_card_is_drafted(plant: Plant) -> None:
    job = trained(plant, records=[plant.first], challenger=True)
    assert job["status"] == "done", job
    assert {"name": "kind", "value": '"autoencoder"'} in job["card"]["settings"]
    asked = {"line": plant.place.key, "challenger": 1}
    assert code_of(post(plant, "models", asked)) == "anomaly-unfit"


@pytest.mark.item("7.7.limits")
def test_rules_are_tried_before_they_are_changed(plant: Plant) -> None:
    tight = {"parameters": [{"id": "force", "rules": [], "lower": "99", "upper": "101"}]}
    found = post(plant, "rules/preview", {"line": plant.place.key, "rules": tight}).json()
    assert found["rows"] > 100
    assert found["after"] > found["before"] + 20
    assert found["rate_after"] == pytest.approx(found["after"] / found["rows"])
    low, high = found["interval_after"]
    assert low < found["rate_after"] < high
    assert found["parameters"][0]["parameter"] == "force"


@pytest.mark.parametrize("body", [{}, {"line": "A" * 22, "rules": {}}, {"colour": 1}, []])
def test_a_question_of_another_form_is_refused(plant: Plant, body: Any) -> None:
    codes = {"not-found", "anomaly-unfit", "malformed-json"}
    assert code_of(post(plant, "rules/preview", body)) in codes
    assert code_of(post(plant, "models", body)) in codes


def test_the_realised_rate_is_told_with_its_interval(plant: Plant) -> None:
    (found,) = get(plant, f"far?line={plant.place.key}")["lines"]
    assert (found["rows"], found["lower"], found["upper"]) == (0, 0.0, 1.0)
    (line,) = get(plant, "lines")["lines"]
    assert line["false_alarms"] == {name: found[name] for name in found if name != "line"}
    assert (line["drift"], line["good_rows"], line["wanted"]) == (None, 0, [])
