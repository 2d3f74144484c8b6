"""A card says what was trained, and its life is a fold of what was signed about it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise

import pytest

from keys.encoding import decode_base64url
from ledger.schema_rules import compile_schema
from ledger.tree import leaf_hash, node_hash
from quality.in_force.models import Card, LineKey, Models
from quality.in_force.models import Decision as Admitted
from quality.types import business_types
from scoring.anomaly.card_states import (
    CardDecided,
    CardFiled,
    Cards,
    CardState,
    Decision,
    Refusal,
    Signer,
    fold_cards,
)
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
from scoring.anomaly.model import Model, Settings
from scoring.anomaly.serving import OnnxDetector
from scoring.anomaly.training import train
from scoring.errors import TooFewRows
from tests.scoring.anomaly.processes import rows, table

OWNER = "did:web:supplier.example"
LINE = (OWNER, "plant", "line-1", "press", "part")
ROBOT, ANN, BO = (Signer(OWNER, key) for key in ("robot", "ann", "bo"))
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


@pytest.mark.parametrize("changed", ["rows", "code", "settings"])
def test_the_id_of_a_card_covers_rows_code_and_settings(changed: str) -> None:
    records = RECORDS[:2] if changed == "rows" else RECORDS
    settings = replace(Settings(), ridge=0.05) if changed == "settings" else Settings()
    code = "1.2.4" if changed == "code" else "1.2.3"
    first = card_id(RECORDS, "1.2.3", settings=Settings())
    assert card_id(RECORDS, "1.2.3", settings=Settings()) == first
    assert card_id(records, code, settings=settings) != first


def test_a_row_that_was_left_out_makes_another_card() -> None:
    other = (*RECORDS[:2], TrainingRecord("C" * 43, (1,)))
    ids = {card_id(each, "1", settings=Settings()) for each in (RECORDS, other)}
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


def filed(index: int, card: str) -> CardFiled:
    """A card that the service's key signed."""
    return CardFiled(index, card, LINE, OWNER, ROBOT)


def said(index: int, card: str, decision: Decision, by: Signer = ANN) -> CardDecided:
    """A decision."""
    return CardDecided(index, card, decision, by)


def made_active(index: int, card: str) -> list[CardFiled | CardDecided]:
    """All that it takes."""
    return [
        filed(index, card),
        said(index + 1, card, Decision.APPROVE, ANN),
        said(index + 2, card, Decision.APPROVE, BO),
        said(index + 3, card, Decision.ACTIVATE),
    ]


@pytest.mark.item("7.5.states")
def test_two_keys_approve_a_card_before_it_may_be_active() -> None:
    states = [fold_cards(made_active(0, "one")[:n]).lives["one"].state for n in range(1, 5)]
    assert states == [CardState.SHADOW, CardState.SHADOW, CardState.APPROVED, CardState.ACTIVE]


def test_a_newer_model_supersedes_and_a_roll_back_points_back() -> None:
    cards = fold_cards(made_active(0, "one") + made_active(10, "two"))
    assert cards.active[LINE] == "two"
    assert cards.lives["one"].state is CardState.SUPERSEDED
    back = fold_cards([said(20, "two", Decision.ROLL_BACK)], cards)
    assert back.active[LINE] == "one"
    assert back.lives["two"].state is CardState.ROLLED_BACK
    assert back.lives["one"].state is CardState.ACTIVE
    assert back.first[LINE] == "one"


@pytest.mark.parametrize(
    ("decided", "refusal"),
    [
        (said(9, "none", Decision.APPROVE), Refusal.UNKNOWN_CARD),
        (said(9, "one", Decision.APPROVE, ROBOT), Refusal.OWN_CARD),
        (said(9, "one", Decision.APPROVE, ANN), Refusal.SAME_KEY),
        (said(9, "one", Decision.APPROVE, Signer("did:web:other", "x")), Refusal.NOT_THE_OWNER),
        (said(9, "one", Decision.ACTIVATE), Refusal.WRONG_STATE),
        (said(9, "one", Decision.ROLL_BACK), Refusal.WRONG_STATE),
    ],
)
def test_a_decision_that_does_not_fit_changes_nothing(
    decided: CardDecided, refusal: Refusal
) -> None:
    before = fold_cards(made_active(0, "one")[:2])
    after = fold_cards([decided], before)
    assert after.lives == before.lives
    assert [each.refusal for each in after.refused] == [refusal]


def test_the_first_model_of_a_line_has_nothing_to_roll_back_to() -> None:
    cards = fold_cards([*made_active(0, "one"), said(9, "one", Decision.ROLL_BACK)])
    assert cards.refused[0].refusal is Refusal.NOTHING_BEFORE
    assert cards.active[LINE] == "one"


def test_a_retired_model_leaves_its_line_without_one_and_is_not_rolled_back_to() -> None:
    cards = fold_cards([*made_active(0, "one"), said(9, "one", Decision.RETIRE)])
    assert LINE not in cards.active
    three = fold_cards(made_active(0, "one") + made_active(10, "two") + made_active(20, "three"))
    gone = fold_cards(
        [said(30, "two", Decision.RETIRE), said(31, "three", Decision.ROLL_BACK)], three
    )
    assert gone.active[LINE] == "one"


def test_folding_in_parts_gives_the_same_as_folding_at_once() -> None:
    events = [*made_active(0, "one"), *made_active(10, "two"), said(20, "two", Decision.ROLL_BACK)]
    whole = fold_cards(events)
    parts = Cards()
    for start, stop in pairwise([0, 3, 6, len(events)]):
        parts = fold_cards(events[start:stop], parts)
    assert parts == whole


# The log admits by a fold of its own, which keeps less and costs less; both must say the same.
@pytest.mark.parametrize("seed", range(40))
def test_the_fold_that_admits_decisions_and_this_one_agree(seed: int) -> None:
    chance = random.Random(seed)
    cards, admitted, filed_cards = Cards(), Models(), 0
    for index in range(60):
        if filed_cards == 0 or chance.random() < 0.1:
            event = filed(index, f"card-{filed_cards}")
            key = LineKey(*LINE)
            admitted = admitted.with_card(
                Card(event.card, key, "digest", signer=ROBOT.key, parent=None, index=index)
            )
            cards, filed_cards = fold_cards([event], cards), filed_cards + 1
            continue
        decided = said(
            index,
            f"card-{chance.randrange(filed_cards)}",
            chance.choice([*Decision, Decision.APPROVE, Decision.ACTIVATE]),
            chance.choice([ROBOT, ANN, BO]),
        )
        cards = fold_cards([decided], cards)
        admitted = admitted.with_decision(
            decided.card, Admitted(decided.decision), kid=decided.signer.key, index=index
        )
        states = {name: str(life.state) for name, life in cards.lives.items()}
        assert states == {name: str(card.state) for name, card in admitted.by_id.items()}
        active = admitted.active_of(LineKey(*LINE))
        assert cards.active.get(LINE) == (active.record_id if active else None)
        first = admitted.first_of(LineKey(*LINE))
        assert cards.first.get(LINE) == (first.record_id if first else None)
