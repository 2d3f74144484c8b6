"""What is uploaded is scored by the worker of the service, and may be scored again from nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.anomaly import following
from api.anomaly.alarm_book import AlarmBook
from api.anomaly.changes import decode_facts
from api.anomaly.database import AnomalyDatabase
from api.anomaly.good_rows import rows_left_out
from api.anomaly.keeping import FAILED, QUEUED, Job
from api.anomaly.line_fold import LineFold
from api.anomaly.models import Models
from api.anomaly.tables import ALARM, LINE, METADATA, MODEL, UPLOAD, VERDICT
from api.anomaly.worker import score_uploads
from api.side_tables import side_url
from ledger.compose import Filing
from ledger.sealing_submission import seal_submission
from quality.deliveries.agreed import Filed
from scoring.anomaly.decision import decode_decision
from scoring.anomaly.replay import replay
from tests.api.anomaly.plant import ROWS, Plant, a_plant, normal_rows, upload_groups
from tests.api.sealed_records import register
from tests.api.service import SUPPLIER, serve
from tests.ledger.parties import ORIGIN, RandomStream

#: No owner erases what has to be kept for ten years before they are over.
RETENTION_MS = 3_651 * 24 * 3_600_000


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A line with an alarm, and a model in shadow."""
    for live in serve(tmp_path_factory.mktemp("log")):
        plant = a_plant(live)
        # A model in shadow goes through all that is asked here as well.
        plant.card(normal_rows(60, seed=3), plant.first)
        yield plant


def rows_of(database: AnomalyDatabase, table: Any) -> list[Any]:
    """All rows of a table."""
    with database.reading() as connection:
        return list(connection.execute(select(table)))


def everything(database: AnomalyDatabase) -> dict[str, list[Any]]:
    """All rows of all tables, in an order of their own."""
    tables = METADATA.sorted_tables
    return {table.name: sorted(map(repr, rows_of(database, table))) for table in tables}


def copied_models(plant: Plant, path: Path) -> AnomalyDatabase:
    """Empty tables elsewhere that have the models."""
    database = AnomalyDatabase(side_url("", path), origin=ORIGIN)
    with database.writing() as connection:
        for row in rows_of(plant.live.wired.anomaly.database, MODEL):
            connection.execute(MODEL.insert(), dict(row._mapping))
    return database


def facts_of(plant: Plant, record_id: str) -> dict[str, Any]:
    """What became of an upload."""
    plant.await_tables()
    found = rows_of(plant.live.wired.anomaly.database, UPLOAD)
    return next(decode_facts(row.facts) for row in found if row.record_id == record_id)


def alarms_of(plant: Plant, record_id: str) -> list[Any]:
    """The events that opened in an upload."""
    plant.await_tables()
    found = rows_of(plant.live.wired.anomaly.database, ALARM)
    return [row for row in found if row.record_id == record_id]


@pytest.mark.item("7.6")
def test_an_upload_is_scored_by_the_model_in_force(plant: Plant) -> None:
    assert facts_of(plant, plant.first)["status"] == "no-model"
    assert facts_of(plant, plant.faulty)["status"] == "scored"
    (alarm,) = alarms_of(plant, plant.faulty)
    facts = decode_facts(alarm.facts)
    assert alarm.kind == "anomaly"
    assert facts["episode"]["peak"]["row"] > 10
    assert facts["episode"]["parameters"][0][0] == "force"


@pytest.mark.item("7.6.provenance")
def test_an_alarm_names_what_it_follows_from_and_is_decided_again(plant: Plant) -> None:
    (alarm,) = alarms_of(plant, plant.faulty)
    facts = decode_facts(alarm.facts)
    told = facts["provenance"]
    assert (told["record_id"], told["model"]) == (plant.faulty, plant.model)
    assert told["card"] == plant.active
    peak = facts["episode"]["peak"]["row"]
    database = plant.live.wired.anomaly.database
    (row,) = [
        row
        for row in rows_of(database, VERDICT)
        if (row.record_id, row.row) == (plant.faulty, peak)
    ]
    verdict, path = decode_facts(row.facts), decode_decision(bytes(row.path))
    opened = Models(plant.live.wired.anomaly.models.onnx).open(plant.model)
    assert opened is not None
    assert replay(path, opened.detector).model == plant.model
    assert verdict["input_hash"]
    assert path.rows[0].score == pytest.approx(verdict["score"], abs=1e-9)


@pytest.mark.item("7.6.provenance")
@pytest.mark.parametrize("page", [1, 3, 32])
def test_tables_that_are_made_anew_are_equal(
    plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(following, "PAGE_RECORDS", page)
    plant.await_tables()
    copied_models(plant, tmp_path / "again.sqlite").close()
    parts = plant.parts(side_url("", tmp_path / "again.sqlite"))
    assert score_uploads(parts) == score_uploads(parts) == plant.live.size()
    with closing(AnomalyDatabase(parts.url, origin=ORIGIN)) as again:
        assert everything(again) == everything(plant.live.wired.anomaly.database)


def test_an_odd_record_costs_itself_alone_and_a_restart_goes_on_without_it(
    plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = plant.label(plant.first, (1, 1), label="false")
    before = plant.live.size()
    plant.upload(normal_rows(3, seed=6))
    note = LineFold._note

    def noted(fold: LineFold, record: Filed) -> None:
        note(fold, record)
        if record.record_id == odd:
            raise ValueError("odd")

    def followed(name: str, size: int) -> dict[str, list[Any]]:
        if not (tmp_path / name).exists():
            copied_models(plant, tmp_path / name).close()
        parts = replace(plant.parts(side_url("", tmp_path / name)), size=lambda: size)
        assert score_uploads(parts) == size
        with closing(AnomalyDatabase(parts.url, origin=ORIGIN)) as again:
            return everything(again)

    # Tables that hold it, as those of a version do to which it was not odd.
    assert odd in str(followed("restarted", before))
    monkeypatch.setattr(LineFold, "_note", noted)
    whole = followed("whole", plant.live.size())
    assert odd not in str(whole)
    assert followed("restarted", plant.live.size()) == whole


@pytest.mark.item("7.6.sealed")
def test_sealed_values_are_not_scored_and_that_is_said(plant: Plant) -> None:
    key = register(plant.live, SUPPLIER, "sealed parameters")
    groups = upload_groups(normal_rows(5, seed=9))
    filing = Filing(tiers={"values": "sealed"})
    composed = plant.live.record(groups, filing=filing, vct="parameter-upload/v1")
    origin, stream = plant.live.consortium.origin, RandomStream("sealed parameters")
    text = seal_submission(composed, {"values": [key.kid]}, origin=origin, random_bytes=stream)
    facts = facts_of(plant, plant.live.admit(text))
    assert (facts["status"], facts["rows"]) == ("sealed", 0)


def test_a_violation_is_told_without_a_model(plant: Plant) -> None:
    rows = normal_rows(4, seed=11)
    rows[2, 1] = 200.0
    record = plant.upload(rows, names=("force", "travel", "heat", "unknown"))
    assert facts_of(plant, record)["status"] == "parameters-differ"
    (alarm,) = alarms_of(plant, record)
    assert (alarm.kind, alarm.level) == ("specification", "red")


@pytest.mark.item("7.5.retraining")
def test_rows_of_an_event_train_nothing_until_somebody_says_that_they_are_good(
    plant: Plant,
) -> None:
    def left_out(upload: str) -> frozenset[int]:
        plant.await_tables()
        with AlarmBook(plant.live.wired.anomaly.database).at_once() as book:
            return rows_left_out(book, plant.place.key).get(upload, frozenset())

    assert left_out(plant.first) == frozenset()
    assert {12, 20} <= left_out(plant.faulty)
    assert 1 not in left_out(plant.faulty)
    plant.label(plant.faulty, (1, 12), label="confirmed")
    assert {1, 12} <= left_out(plant.faulty)
    plant.label(plant.faulty, (1, 20), label="false")
    assert left_out(plant.faulty) == frozenset()


def test_a_label_moves_the_level(plant: Plant) -> None:
    plant.label(plant.faulty, (1, 20), label="false")
    plant.await_tables()
    (line,) = rows_of(plant.live.wired.anomaly.database, LINE)
    level = decode_facts(line.facts)["level"]
    assert level["good"] == 20
    assert level["target"] / 4 <= level["alpha"] < level["target"]
    assert level["moved_us"] > 0


def test_a_correction_takes_the_place_of_what_it_corrects(plant: Plant) -> None:
    rows = normal_rows(6, seed=12)
    rows[3, 0] = 170.0
    wrong = plant.upload(rows)
    assert alarms_of(plant, wrong)
    right = plant.upload(
        normal_rows(6, seed=12), first=plant.seconds - 6, filing=Filing(corrects=wrong)
    )
    assert facts_of(plant, right)["status"] == "scored"
    assert facts_of(plant, wrong)["status"] == "corrected"
    assert not alarms_of(plant, wrong)


def test_what_is_erased_is_scored_no_more(plant: Plant, tmp_path: Path) -> None:
    state = {"act": "erase", "of": plant.faulty, "groups": ["values"], "reason": "owner"}
    plant.live.clock.advance(RETENTION_MS)
    plant.file("act/v1", {"state": state | {"basis": "owner"}})
    assert facts_of(plant, plant.faulty)["status"] == "erased"
    assert not alarms_of(plant, plant.faulty)
    test_tables_that_are_made_anew_are_equal(plant, tmp_path, pytest.MonkeyPatch(), 32)


@pytest.mark.parametrize("facts", [{}, {"records": [], "attempts": 3}])
def test_a_training_that_ends_in_a_mistake_of_ours_is_failed_and_the_next_one_is_done(
    plant: Plant, facts: dict[str, Any]
) -> None:
    wired = plant.live.wired
    name = f"odd{len(facts)}"
    job = Job(name, plant.place.owner, plant.place.key, QUEUED, 0, 0, facts)
    assert wired.anomaly.models.add_job(job)
    wired.trainings.wake()
    until = time.monotonic() + 20.0
    found = wired.anomaly.models.job(name, owner=plant.place.owner)
    while found is not None and found.status != FAILED and time.monotonic() < until:
        time.sleep(0.02)
        found = wired.anomaly.models.job(name, owner=plant.place.owner)
    assert found is not None
    assert (found.status, found.facts["code"]) == (FAILED, "internal")
    assert wired.trainings.describe() == {"status": "trains"}


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A line on which most parameters lie elsewhere after a change of tool."""
    for live in serve(tmp_path_factory.mktemp("changed")):
        plant = Plant(live)
        good = normal_rows(ROWS)
        plant.first = plant.upload(good, set_up="T-1")
        plant.active, plant.model = plant.card(good, plant.first, set_up="T-1")
        plant.activate(plant.active)
        plant.upload(normal_rows(20, seed=2), set_up="T-1")
        plant.faulty = plant.upload(normal_rows(60, seed=3) + 12.0, set_up="T-2")
        plant.await_tables()
        yield plant


@pytest.mark.item("7.6.regime")
def test_a_change_that_nobody_announced_is_one_event_of_its_own(changed: Plant) -> None:
    found = alarms_of(changed, changed.faulty)
    assert [row.kind for row in found] == ["regime"]
    facts = decode_facts(found[0].facts)
    assert facts["code"] == "suspected-undeclared-change"
    assert (facts["regime"]["before"], facts["regime"]["setup"]) == ("tool=T-1", "tool=T-2")
    (line,) = rows_of(changed.live.wired.anomaly.database, LINE)
    assert decode_facts(line.facts)["out_of_domain"]["event"] == found[0].id
