"""A card says what was trained, and how."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from hashlib import sha256

import pytest

from keys.encoding import decode_base64url
from ledger.schema_rules import compile_schema
from ledger.tree import leaf_hash, node_hash
from quality.types import business_types
from scoring.anomaly.cards import (
    CardFacts,
    LinePlace,
    TrainingRecord,
    card_content,
    card_id,
    decimal_text,
    training_root,
)
from scoring.anomaly.drafting import Lineage, Trained, draft_card
from scoring.anomaly.drift_bytes import decode_drift_reference
from scoring.anomaly.graph import export_model
from scoring.anomaly.levels import RED_SHARE
from scoring.anomaly.model import Model, Settings
from scoring.anomaly.serving import OnnxDetector
from scoring.anomaly.training import train
from scoring.errors import TooFewRows
from tests.scoring.anomaly.processes import rows, table

OWNER = "did:web:supplier.example"
LINE = (OWNER, "plant", "line-1", "press", "part")
RECORDS = (TrainingRecord("A" * 43), TrainingRecord("B" * 43, (3, 4)), TrainingRecord("C" * 43))


@pytest.fixture(scope="module")
def model() -> Model:
    """A small model."""
    return train(table(rows(260, 4)))


@pytest.fixture
def facts() -> CardFacts:
    """What was measured of it."""
    return CardFacts(
        place=LinePlace(*LINE),
        records=RECORDS,
        code_version="1.2.3",
        from_us=1_700_000_000_000_000,
        until_us=1_700_000_900_000_000,
        onnx_sha256=bytes(32),
        onnx_bytes=1000,
        parity_error=2.5e-9,
        drift_sha256=bytes(range(32)),
        benchmark={"far": 0.0, "shift-3": 0.61},
    )


@pytest.mark.item("7.5")
def test_a_card_names_what_was_trained_on_and_how(model: Model, facts: CardFacts) -> None:
    content = card_content(model, facts)
    assert content["training"]["records"] == [each.record_id for each in RECORDS]
    gone = {each.record_id: set(each.left_out) for each in RECORDS if each.left_out}
    assert gone == {
        each["record"]: {row for a, b in each["rows"] for row in range(a, b + 1)}
        for each in content["training"]["left_out"]
    }
    assert content["training"]["from"] == "2023-11-14T22:13:20Z"
    data = decode_base64url(content["training"]["data_sha256"])
    assert data.hex() == model.facts.data_digest
    assert {each["name"]: each["value"] for each in content["settings"]}["ridge"] == str(
        model.settings.ridge
    )
    assert content["results"]["parity_error"] == "0.0000000025"
    assert [each["id"] for each in content["reference"]["parameters"]] == list(model.names)


@pytest.mark.item("7.5")
def test_a_draft_is_measured_and_is_what_the_record_type_asks_for(model: Model) -> None:
    onnx = export_model(model)
    values = table(rows(260, 4))
    trained = Trained(model, onnx, OnnxDetector(onnx), values)
    lineage = Lineage(LinePlace(*LINE), RECORDS, "1.2.3", from_us=1, until_us=2, parent="P" * 43)
    draft = draft_card(trained, lineage)
    types = [json.loads(text) for text in business_types()]
    (schema,) = (each["schema"] for each in types if each["vct"] == "model-card/v1")
    assert [*compile_schema(schema).iter_errors(draft.content)] == []
    results = draft.content["results"]
    assert decode_base64url(draft.content["state"]["onnx_sha256"]) == sha256(onnx).digest()
    assert float(results["parity_error"]) < 1e-6
    figures = {each["name"]: float(each["value"]) for each in results["benchmark"]}
    assert figures["shift-5"] > figures["shift-3"] > figures["false-alarms"]
    digest = sha256(draft.drift_reference).digest()
    assert decode_base64url(draft.content["reference"]["sha256"]) == digest
    assert decode_drift_reference(draft.drift_reference).names == model.names


def test_the_red_limit_of_a_card_is_the_one_that_rows_are_judged_by(
    model: Model, facts: CardFacts
) -> None:
    results = card_content(model, facts)["results"]
    told = {each["statistic"]: each["limit"] for each in results["limits"]}
    p = model.calibration.judge(float(told["score@red"])).value
    assert p == pytest.approx(RED_SHARE * model.settings.yellow, rel=1e-3)


@pytest.mark.parametrize("changed", ["rows", "code", "settings"])
def test_the_id_of_a_card_covers_rows_code_and_settings(changed: str) -> None:
    records = RECORDS[:2] if changed == "rows" else RECORDS
    settings = replace(Settings(), ridge=0.05) if changed == "settings" else Settings()
    code = "1.2.4" if changed == "code" else "1.2.3"
    first = card_id(RECORDS, "1.2.3", settings=asdict(Settings()))
    assert card_id(RECORDS, "1.2.3", settings=asdict(Settings())) == first
    assert card_id(records, code, settings=asdict(settings)) != first


def test_a_row_that_was_left_out_makes_another_card() -> None:
    other = (*RECORDS[:2], TrainingRecord("C" * 43, (1,)))
    ids = {card_id(each, "1", settings=asdict(Settings())) for each in (RECORDS, other)}
    assert len(ids) == 2


def test_the_root_is_the_tree_hash_of_the_training_records() -> None:
    a, b, c = (leaf_hash(each.record_id.encode()) for each in RECORDS)
    root = training_root([each.record_id for each in RECORDS])
    assert decode_base64url(root) == node_hash(node_hash(a, b), c)


@pytest.mark.parametrize("record_ids", [[], ["A" * 43, "A" * 43]])
def test_no_record_and_one_twice_are_refused(record_ids: list[str]) -> None:
    with pytest.raises(TooFewRows, match="expected training records, each once"):
        training_root(record_ids)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (1e-9, "0.000000001"), (1e22, "1" + "0" * 22), (2.50, "2.5")],
)
def test_figures_have_no_exponent(value: float, text: str) -> None:
    assert decimal_text(value) == text
