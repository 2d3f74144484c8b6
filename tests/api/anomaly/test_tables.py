"""The tables of scored parameters on either engine: swapped, never mixed, and models are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from api.anomaly.changes import LineChanges
from api.anomaly.database import AnomalyDatabase
from api.anomaly.keeping import QUEUED, RUNNING, WAITING_MAX, Job, KeptModel, ModelStore
from api.anomaly.tables import LINE
from api.anomaly.writing import write_page
from api.derived.bookmark import Bookmark
from api.side_tables import side_url
from ledger.store_errors import StoreUnavailable
from tests.postgres import LogDatabase

ORIGIN = "log.example"
ROW = {"key": "k", "owner": "o", "site": "s", "line": "l", "machine": "m", "part": "p"}
JOB = Job("j" * 22, "o", "k", QUEUED, 1_000, 1_000, {"records": []})
MODEL = KeptModel("0" * 64, "o", "k", 1_000, b"onnx", {})


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a log of either kind keeps them."""
    if request.param == "sqlite":
        return side_url("", tmp_path / "anomaly.sqlite")
    log: LogDatabase = request.getfixturevalue("postgres_log")
    return side_url(log.url, tmp_path / "unused")


@pytest.fixture
def database(url: str) -> Iterator[AnomalyDatabase]:
    """Empty tables."""
    with closing(AnomalyDatabase(url, origin=ORIGIN)) as opened:
        yield opened


def save(database: AnomalyDatabase, facts: str, *, before: int, after: int) -> bool:
    """Write a page of one line."""
    changes = LineChanges(line={**ROW, "facts": facts, "state": b"\0"})
    marks = (Bookmark(size, ORIGIN if size else "", str(size or "")) for size in (before, after))
    was, then = marks
    with database.writing() as connection:
        return write_page(connection, [changes], before=was, after=then)


def test_a_page_is_written_onto_the_entries_that_it_was_made_for(
    database: AnomalyDatabase,
) -> None:
    assert save(database, "first", before=0, after=5)
    assert not save(database, "of a slower one", before=0, after=4)
    assert save(database, "second", before=5, after=9)
    with database.reading() as connection:
        assert connection.execute(select(LINE.c.facts)).scalar_one() == "second"
    assert database.bookmark().size == 9


def test_models_outlive_tables_that_are_made_anew(database: AnomalyDatabase) -> None:
    store = ModelStore(database)
    store.keep(MODEL)
    save(database, "first", before=0, after=5)
    database.remake()
    assert database.bookmark().size == 0
    assert store.model(MODEL.digest) == MODEL


def test_models_of_another_log_are_refused(database: AnomalyDatabase, url: str) -> None:
    ModelStore(database).keep(MODEL)
    with pytest.raises(StoreUnavailable, match=r"expected models of other\.example"):
        AnomalyDatabase(url, origin="other.example")


def test_a_training_is_taken_once_and_again_when_its_process_is_gone(
    database: AnomalyDatabase,
) -> None:
    store = ModelStore(database)
    assert store.add_job(JOB)
    taken = store.next_job(now_ms=2_000, stale_ms=500)
    assert taken is not None
    assert (taken.id, store.job(JOB.id, owner="o").status) == (JOB.id, RUNNING)  # type: ignore[union-attr]
    assert store.next_job(now_ms=2_100, stale_ms=500) is None
    assert store.next_job(now_ms=2_600, stale_ms=500) is not None
    assert store.job(JOB.id, owner="another") is None


def test_few_trainings_wait_for_one_party(database: AnomalyDatabase) -> None:
    store = ModelStore(database)
    added = [store.add_job(replace(JOB, id=f"{n}" * 22)) for n in range(WAITING_MAX + 1)]
    assert added == [True] * WAITING_MAX + [False]
    assert store.add_job(replace(JOB, id="z" * 22, owner="another"))
