"""Scored parameters made anew are those that were kept, and models are held to their digest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Table

from api.anomaly.copying import copy_models, put_back_models
from api.anomaly.database import AnomalyDatabase
from api.anomaly.keeping import ModelStore
from api.anomaly.tables import ALARM, METADATA, MODEL, UPLOAD
from api.data_folder import DataFolder
from api.rebuilding import compare, rebuild
from api.side_tables import side_url
from ledger.backup_rows import BackupDamaged
from tests.api.anomaly.plant import Plant, a_plant
from tests.api.service import serve
from tests.api.test_backup import restored, taken
from tests.ledger.parties import ORIGIN

pytestmark = pytest.mark.item("7.6.provenance")


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A line with an alarm, on a log whose service has stopped."""
    for live in serve(tmp_path_factory.mktemp("log")):
        plant = a_plant(live)
        live.stop()
        yield plant
        live.start()


def at(folder: DataFolder) -> AnomalyDatabase:
    """The tables of a log."""
    return AnomalyDatabase(side_url("", folder.anomaly), origin=ORIGIN)


def rows(database: AnomalyDatabase, table: Table) -> list[str]:
    """All rows of a table, in an order of their own."""
    with database.reading() as connection:
        return sorted(map(repr, connection.execute(table.select())))


def tables(plant: Plant) -> closing[AnomalyDatabase]:
    """The tables of the log."""
    return closing(at(plant.live.folder))


def test_tables_that_are_right_are_left_alone_and_models_counted(plant: Plant) -> None:
    checked = compare(plant.live.folder)
    found = checked.anomaly
    assert checked.is_as_before
    assert (found.size_before, found.size, found.models) == (checked.entries, checked.entries, 1)


def test_rows_that_were_changed_are_told_and_made_good(plant: Plant) -> None:
    with tables(plant) as database, database.writing() as connection:
        connection.execute(ALARM.delete())
        connection.execute(UPLOAD.update().values(series=b""))
    rebuilt = rebuild(plant.live.folder)
    missing = {kind: each.count for kind, each in rebuilt.anomaly.differences.missing.items()}
    surplus = {kind: each.count for kind, each in rebuilt.anomaly.differences.surplus.items()}
    assert (missing, surplus) == ({"alarm": 1, "upload": 3}, {"upload": 3})
    assert compare(plant.live.folder).is_as_before


def test_a_model_that_is_not_of_its_digest_is_told_and_scores_nothing(plant: Plant) -> None:
    with tables(plant) as database:
        with database.writing() as connection:
            onnx = connection.execute(MODEL.select()).one().onnx
            connection.execute(MODEL.update().values(onnx=onnx + b"\0"))
        assert compare(plant.live.folder).anomaly.changed_models == (plant.model,)
        with database.writing() as connection:
            connection.execute(MODEL.update().values(onnx=onnx))
    assert compare(plant.live.folder).is_as_before


@pytest.mark.item("3.7.backup")
def test_models_survive_a_restore_and_score_as_they_did(plant: Plant, tmp_path: Path) -> None:
    folder = plant.live.folder
    taken(plant.live, tmp_path / "backup")
    restored(tmp_path / "backup", tmp_path / "data")
    copy = DataFolder(tmp_path / "data")
    assert rebuild(copy).anomaly.models == 1
    with tables(plant) as database, closing(at(copy)) as again:
        for table in (*METADATA.sorted_tables, MODEL):
            assert rows(again, table) == rows(database, table)
    assert compare(folder).is_as_before


@pytest.mark.item("3.7.backup")
@pytest.mark.parametrize("changed", [b"", b"{}\n", b'{"digest":"00"}\nonnx', None])
def test_what_is_no_model_of_its_digest_is_not_put_back(
    plant: Plant, tmp_path: Path, changed: bytes | None
) -> None:
    with tables(plant) as database:
        ((_, content),) = copy_models(ModelStore(database))
    url = side_url("", tmp_path / "anomaly.sqlite")
    with closing(AnomalyDatabase(url, origin=ORIGIN)) as other:
        models = ModelStore(other)
        with pytest.raises(BackupDamaged):
            put_back_models(models, [(0, content + b"\0" if changed is None else changed)])
        assert put_back_models(models, [(0, content)]) == 1
        assert models.onnx(plant.model) is not None


def test_tables_that_are_not_there_are_made_and_a_comparison_makes_none(plant: Plant) -> None:
    file: Path = plant.live.folder.anomaly
    kept = file.rename(file.with_name("kept"))
    assert compare(plant.live.folder).anomaly.size_before == 0
    assert not file.exists()
    kept.rename(file)
