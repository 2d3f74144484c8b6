"""A challenger is trained, served and compared as the model is, and says what NumPy says."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from keys.encoding import encode_base64url
from ledger.schema_rules import compile_schema
from quality.types import business_types
from scoring.anomaly.cards import LinePlace, TrainingRecord
from scoring.anomaly.challenger import export_challenger, train_challenger
from scoring.anomaly.challenger_model import Autoencoder, raw_statistics, reconstruct
from scoring.anomaly.challenger_serving import ChallengerDetector, read_challenger
from scoring.anomaly.decision import Limit
from scoring.anomaly.detectors import open_detector
from scoring.anomaly.drafting import Lineage, Trained, draft_card
from scoring.anomaly.graph import export_model
from scoring.anomaly.outline import reference_of_model
from scoring.anomaly.reference import standardise
from scoring.anomaly.replay import decide, replay
from scoring.anomaly.serving import OnnxDetector
from scoring.anomaly.shadow import Contest, shadow_report
from scoring.anomaly.state import decode_state, encode_state
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.training import train
from scoring.errors import MalformedModel, MalformedState, TooFewRows
from tests.scoring.anomaly.processes import rows, table

_SIZE = 6


@pytest.fixture(scope="module")
def good() -> ParameterTable:
    """Rows to learn from."""
    return table(rows(300, _SIZE))


@pytest.fixture(scope="module")
def challenger(good: ParameterTable) -> Autoencoder:
    """What was learnt."""
    return train_challenger(good)


@pytest.fixture(scope="module")
def detector(challenger: Autoencoder) -> ChallengerDetector:
    """What serves it."""
    return ChallengerDetector(export_challenger(challenger))


def test_the_same_rows_make_the_same_challenger(
    good: ParameterTable, challenger: Autoencoder
) -> None:
    assert export_challenger(train_challenger(good)) == export_challenger(challenger)


def test_its_file_alone_is_the_challenger(challenger: Autoencoder) -> None:
    onnx = export_challenger(challenger)
    assert export_challenger(read_challenger(onnx)) == onnx


def test_its_graph_says_what_the_reference_says(
    challenger: Autoencoder, detector: ChallengerDetector
) -> None:
    scored = detector.score(table(rows(40, _SIZE, seed=3)), detector.start(), with_detail=True)
    assert scored.detail is not None
    z = scored.detail.z
    errors = (z - reconstruct(challenger.layers, z)) / challenger.deviation
    expected = standardise(challenger.calibration, raw_statistics(errors))
    assert np.allclose(scored.statistics, expected, rtol=1e-9, atol=1e-9)


def test_it_calls_what_is_unlike_the_rows_it_has_learnt_from(
    detector: ChallengerDetector,
) -> None:
    fresh = rows(200, _SIZE, seed=5)
    broken = fresh.copy()
    broken[:, 2] += 6.0
    shares = [
        (detector.score(table(values), detector.start()).p_value < 0.01).mean()
        for values in (fresh, broken)
    ]
    assert shares[0] <= 0.03
    assert shares[1] >= 0.5


@pytest.mark.item("7.1.interface")
def test_champion_and_challenger_are_compared_behind_one_interface(
    good: ParameterTable, detector: ChallengerDetector
) -> None:
    model = train(good)
    champion = OnnxDetector(export_model(model))
    fresh = table(rows(200, _SIZE, seed=8))
    report = shadow_report(
        Contest(champion, detector, model.settings.yellow),
        fresh,
        reference=reference_of_model(model),
    )
    assert (report.champion, report.challenger) == (champion.digest, detector.digest)
    assert all(0.0 <= fault.challenger <= 1.0 for fault in report.faults)


def test_a_file_tells_what_serves_it(good: ParameterTable, challenger: Autoencoder) -> None:
    files = (export_challenger(challenger), export_model(train(good)))
    kinds = [type(open_detector(file)) for file in files]
    assert kinds == [ChallengerDetector, OnnxDetector]


def test_its_decision_is_replayed_and_its_state_kept(detector: ChallengerDetector) -> None:
    state = decode_state(encode_state(detector.start()))
    fresh = table(rows(20, _SIZE, seed=4))
    path = decide(detector, fresh, state, limits=(Limit("yellow", 0.01),))
    assert replay(path, detector).largest_difference == 0.0


def test_a_state_of_another_model_is_refused(detector: ChallengerDetector) -> None:
    with pytest.raises(MalformedState, match="expected a state of"):
        detector.score(table(rows(5, _SIZE)), replace(detector.start(), model="00"))


def test_too_few_rows_teach_nothing() -> None:
    with pytest.raises(TooFewRows, match="expected 100 rows or more"):
        train_challenger(table(rows(99, _SIZE)))


def test_a_model_is_no_challenger(good: ParameterTable) -> None:
    with pytest.raises(MalformedModel, match="expected operators of our graphs"):
        read_challenger(export_model(train(good)))


@pytest.mark.item("7.1.interface")
def test_its_card_is_drafted_as_that_of_the_model_is_and_tells_its_kind(
    good: ParameterTable, challenger: Autoencoder
) -> None:
    onnx = export_challenger(challenger)
    place = LinePlace("did:web:log.example:parties:acme", "S1", "L1", "M1", "P1")
    lineage = Lineage(place, (TrainingRecord("A" * 43),), "1.2.3", from_us=1, until_us=2)
    content = draft_card(Trained(challenger, onnx, open_detector(onnx), good), lineage).content
    types = [json.loads(text) for text in business_types()]
    (schema,) = (each["schema"] for each in types if each["vct"] == "model-card/v1")
    assert [*compile_schema(schema).iter_errors(content)] == []
    assert {"name": "kind", "value": '"autoencoder"'} in content["settings"]
    assert float(content["results"]["parity_error"]) < 1e-9
    assert content["training"]["data_sha256"] == encode_base64url(
        bytes.fromhex(challenger.data_digest)
    )
