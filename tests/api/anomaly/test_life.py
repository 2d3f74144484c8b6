"""The life of a line's models in the service: shadow, objections, drift, regimes, notices."""

from __future__ import annotations

import copy
import hashlib
import itertools
from typing import Any

import numpy as np
import pytest

from api.anomaly.alarm_book import ToldLine
from api.anomaly.changes import decode_facts
from api.anomaly.events import card_digest, rows_not_trained_on, training_records
from api.anomaly.line_rates import rates_of
from api.anomaly.training_rows import training_rows
from scoring.anomaly.graph import export_model
from scoring.anomaly.rule_training import calibrate_rules
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.serving import OnnxDetector
from scoring.anomaly.training import train
from tests.api.anomaly.folded import DAY_MS, PLACE, FoldedLine
from tests.api.anomaly.plant import faulty_rows, normal_rows

TRAINED = 240


@pytest.fixture(scope="module")
def watched() -> FoldedLine:
    """A line with a model in force."""
    line = FoldedLine()
    line.activate(line.card(line.upload(normal_rows(TRAINED))))
    return line


@pytest.fixture
def line(watched: FoldedLine) -> FoldedLine:
    """The same for one test."""
    return copied(watched)


def copied(watched: FoldedLine) -> FoldedLine:
    """A line like this one that goes on by itself."""
    line = FoldedLine(dict(watched.records), dict(watched.onnx), watched.now_ms, watched.seconds)
    line.fold = watched.fold
    watched.restart()
    line.restart()
    line.fold.changes = copy.deepcopy(watched.fold.changes)
    return line


@pytest.mark.item("7.5.states")
def test_a_model_in_shadow_scores_what_the_active_one_scores_and_alarms_nothing(
    line: FoldedLine,
) -> None:
    first = line.upload(normal_rows(TRAINED, seed=7))
    card = line.card(first)
    faulty = line.upload(faulty_rows())
    row = line.fold.changes.shadows[(card, faulty)]
    assert decode_facts(row["facts"])["called"] >= 3
    assert line.life["challengers"][card]["rows"] == 20
    (alarm,) = line.alarms("anomaly")
    assert decode_facts(alarm["facts"])["provenance"]["card"] != card


@pytest.mark.item("7.5.states")
def test_who_approves_is_told_how_a_model_did_in_shadow_on_good_rows(line: FoldedLine) -> None:
    card = line.card(line.upload(normal_rows(TRAINED, seed=7)))
    (few,) = line.life["challengers"][card]["report"]["objections"]
    assert (few["objection"], few["found"]) == ("too-few-shadow-rows", 0.0)
    for incident in (line.upload(faulty_rows()), line.upload(faulty_rows()[:, :2], names="ab")):
        line.label(incident, (11, 20), "confirmed")
    good = line.upload(normal_rows(TRAINED, seed=8))
    line.label(good, (1, TRAINED), "false")
    report = line.life["challengers"][card]["report"]
    assert report["shadow"]["challenger_rate"]["rows"] == TRAINED
    assert len(report["shadow"]["faults"]) == 7
    # Rows of other parameters are no incident that both could have told.
    assert [each["rows"] for each in report["shadow"]["incidents"]] == [10]
    assert not [each for each in report["objections"] if each["objection"] == few["objection"]]
    # An approval against an objection is for people to sign, and this line has none left to wait.
    line.activate(card)
    assert line.life["challengers"] == {}


@pytest.mark.item("7.1.interface")
def test_a_challenger_scores_in_shadow_and_is_compared_but_in_force_watches_nothing(
    line: FoldedLine,
) -> None:
    card = line.card(line.upload(normal_rows(TRAINED, seed=7)), is_challenger=True)
    faulty = line.upload(faulty_rows())
    row = line.fold.changes.shadows[(card, faulty)]
    assert decode_facts(row["facts"])["status"] == "scored"
    assert line.life["challengers"][card]["rows"] == 20
    line.label(line.upload(normal_rows(TRAINED, seed=8)), (1, TRAINED), "false")
    report = line.life["challengers"][card]["report"]
    assert report["shadow"]["challenger_rate"]["rows"] == TRAINED
    objected = {each["objection"] for each in report["objections"]}
    assert "shadow-alone" in objected
    assert not objected & {"model-not-held", "card-differs"}
    line.activate(card)
    upload = line.upload(normal_rows(4, seed=9))
    told = decode_facts(line.fold.changes.uploads[upload]["facts"])
    assert told["status"] == "model-missing"


@pytest.mark.item("7.done.poisoning")
def test_a_model_that_moves_a_little_each_time_is_held_to_the_first_one(line: FoldedLine) -> None:
    objected = []
    for step in (1, 2):
        card = line.card(line.upload(normal_rows(TRAINED, seed=7) + 1.5 * step))
        told = line.life["challengers"][card]["report"]["objections"]
        objected.append({each["about"].partition("/")[0] for each in told} - {"rows"})
        line.activate(card)
    assert objected == [set(), {"first"}]


@pytest.mark.item("7.5.drift")
def test_drift_is_one_event_that_grows_and_a_restart_goes_on_with_it(line: FoldedLine) -> None:
    rows = normal_rows(600, seed=9) + 1.2
    line.upload(rows[:130])
    line.restart()
    line.upload(rows[130:])
    (alarm,) = line.alarms("drift")
    facts = decode_facts(alarm["facts"])
    assert facts["code"] == "drift"
    assert {each["kind"] for each in facts["drift"]["findings"]} & {"mean", "distance"}
    assert "drift" in {each["trigger"] for each in line.life["wanted"]}


def test_rows_like_those_trained_on_do_not_drift(line: FoldedLine) -> None:
    line.upload(normal_rows(600, seed=9))
    assert line.alarms("drift") == []
    assert line.life["wanted"] == []


@pytest.mark.item("7.5.retraining")
def test_a_new_model_is_wanted_for_its_age_a_set_up_and_half_as_many_good_rows(
    line: FoldedLine,
) -> None:
    line.now_ms += 89 * DAY_MS
    good = line.upload(normal_rows(TRAINED // 2, seed=9))
    assert line.life["wanted"] == []
    line.label(good, (1, TRAINED // 2), "false")
    line.now_ms += DAY_MS
    line.upload(normal_rows(4, seed=10), set_up="T-2")
    wanted = {each["trigger"]: each["since_us"] for each in line.life["wanted"]}
    assert wanted.keys() == {"more-rows", "age", "set-up"}
    assert wanted["age"] - wanted["more-rows"] == DAY_MS * 1_000


@pytest.mark.item("7.6.regime")
@pytest.mark.parametrize(("label", "events"), [("false", 1), ("known-cause", 0)])
def test_good_rows_that_are_called_are_a_regime_that_nobody_announced(
    line: FoldedLine, label: str, events: int
) -> None:
    rows = normal_rows(60, seed=9)
    rows[:, 0] += 15.0
    upload = line.upload(rows)
    line.label(upload, (1, 60), label)
    regimes = line.alarms("regime")
    assert [decode_facts(each["facts"])["code"] for each in regimes] == (
        ["suspected-undeclared-change"] * events
    )
    assert ("regime" in {each["trigger"] for each in line.life["wanted"]}) == bool(events)


@pytest.mark.item("7.6.regime")
def test_a_label_makes_no_regime_by_being_repeated_and_takes_back_the_one_it_made(
    line: FoldedLine,
) -> None:
    rows = normal_rows(60, seed=9)
    rows[:8, 0] += 15.0
    upload = line.upload(rows)
    for _ in range(8):
        line.label(upload, (1, 8), "false")
    assert line.alarms("regime") == []
    rows[:, 0] += 15.0
    other = line.upload(rows)
    line.label(other, (1, 60), "false")
    (before,) = line.alarms("regime")
    line.restart()
    line.label(other, (1, 60), "false")
    assert line.alarms("regime") == [before]
    line.label(other, (1, 60), "confirmed")
    assert (line.alarms("regime"), line.told["out_of_domain"]) == ([], None)


@pytest.mark.item("7.6.regime")
def test_labels_make_the_same_regime_in_whatever_order_they_come(watched: FoldedLine) -> None:
    rows = normal_rows(40, seed=9)
    rows[:, 0] += 15.0
    found = []
    for order in itertools.permutations(range(2)):
        line = copied(watched)
        uploads = [line.upload(rows), line.upload(rows)]
        for n in order:
            line.label(uploads[n], (1, 40), "false")
        (alarm,) = line.alarms("regime")
        found.append((alarm["id"], alarm["from_us"], line.told["out_of_domain"]))
    assert found[0] == found[1]


@pytest.mark.item("7.5.far")
def test_one_loud_line_of_many_stands_out_and_its_rate_has_an_interval(line: FoldedLine) -> None:
    line.upload(normal_rows(20, seed=3))
    quiet = line.told
    upload = line.upload(faulty_rows())
    line.label(upload, (1, 20), "false")
    told = [ToldLine(f"L{n}", PLACE, quiet) for n in range(9)]
    rates = rates_of([*told, ToldLine("L9", PLACE, line.told)])
    assert [each["line"] for each in rates if each["stands_out"]] == ["L9"]
    assert rates[0]["rate"] is None
    assert 0.0 < rates[9]["lower"] < rates[9]["rate"] < rates[9]["upper"] < 1.0
    assert rates[9]["alpha"] < rates[9]["target"] == 0.0075
    assert rates[9]["alpha_moved_us"] == line.now_ms * 1_000


@pytest.mark.item("7.5")
def test_whoever_trains_from_a_card_alone_has_the_same_model_and_the_rest_is_judged_by_it(
    line: FoldedLine,
) -> None:
    rows = normal_rows(TRAINED, seed=7)
    rows[10:20] += 40.0
    card = line.card(line.upload(rows), left_out=frozenset({3, *range(11, 21)}))
    record = line.records[card]
    named = training_rows(line.read(training_records(record)), rows_not_trained_on(record))
    assert hashlib.sha256(export_model(train(named.table))).hexdigest() == card_digest(record)
    line.activate(card)
    line.upload(normal_rows(60, seed=8))
    calibration, opened = line.calibration, OnnxDetector(line.onnx[card_digest(record)])
    expected = calibrate_rules(named.table, opened, opened.model, RuleSet())
    assert np.array_equal(calibration.scores, expected.scores)


@pytest.mark.item("7.4.labels")
def test_false_alarms_alone_silence_no_line_and_seeing_one_unsays_no_label(
    line: FoldedLine,
) -> None:
    upload = line.upload(faulty_rows())
    line.label(upload, (14, 20), "false")
    before = line.told["level"]
    assert before["alpha"] == before["target"]
    assert before["alarms"] == before["good"] == 7
    line.acknowledge(upload, (14, 20))
    assert line.told["level"] == before


def told_of_card(line: FoldedLine, card: str) -> set[str]:
    """What of a card's text, or of its file, is objected to."""
    told = line.life["challengers"][card]["report"]["objections"]
    named = {"model-not-held", "card-differs"}
    return {f"{each['objection']}: {each['about']}" for each in told if each["objection"] in named}


@pytest.mark.item("7.done.poisoning")
def test_what_a_card_tells_of_its_model_moves_no_comparison(line: FoldedLine) -> None:
    honest = line.card(line.upload(normal_rows(TRAINED, seed=7) + 6.0))
    assert told_of_card(line, honest) == set()
    first: Any = next(each for each in line.records.values() if each.vct == "model-card/v1")
    groups: dict[str, Any] = dict(copy.deepcopy(line.records[honest].groups))
    groups["reference"] = first.groups["reference"]
    groups["training"]["data_sha256"] = first.groups["training"]["data_sha256"]
    forged = line.take("model-card/v1", groups, kid="service")
    assert {"card-differs: reference/force", "card-differs: data_sha256"} <= told_of_card(
        line, forged
    )
    moved = line.life["challengers"][forged]["report"]["moved"]
    assert "force" in {each["parameter"] for each in moved if each["anchor"] == "first"}
    groups["state"]["onnx_sha256"] = "A" * 43
    unheld = line.take("model-card/v1", groups, kid="service")
    assert told_of_card(line, unheld) == {"model-not-held: model"}


@pytest.mark.item("7.6.regime")
@pytest.mark.parametrize(("shift", "level"), [(0.0, "yellow"), (25.0, "red")])
def test_rows_of_a_regime_that_are_red_raise_its_event_and_are_rows_of_it(
    line: FoldedLine, shift: float, level: str
) -> None:
    rows = normal_rows(60, seed=9)
    rows[:, 0] += 15.0
    called = line.upload(rows)
    # Averages forget the rows before.
    line.upload(normal_rows(200, seed=8))
    line.label(called, (1, 60), "false")
    (before,) = line.alarms("regime")
    line.restart()
    rows = normal_rows(20, seed=10)
    rows[10:, 0] += shift
    last = line.upload(rows)
    (after,) = line.alarms("regime")
    assert (after["id"], after["level"]) == (before["id"], level)
    red = decode_facts(after["facts"])["regime"].get("red")
    assert (red is not None and (red["last"]["source"], red["last"]["row"])) == (
        (last, 20) if shift else False
    )
    assert (after["until_us"] > before["until_us"]) == bool(shift)
    assert [each for each in line.alarms("anomaly") if each["record_id"] == last] == []
