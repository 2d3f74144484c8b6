"""Tables of scored parameters made anew from the log, and what of them was wrong before.

Models are not made anew: they are held to the SHA-256 that they are found by. One that is not of
it counts as not held, so a rebuild scores nothing with it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from api.anomaly.database import AnomalyDatabase
from api.anomaly.following import AnomalyFollower
from api.anomaly.keeping import ModelStore
from api.anomaly.line_book import LineBook
from api.anomaly.tables import BOOKMARK, METADATA
from api.data_folder import DataFolder, read_config
from api.derived.bookmark import Bookmark, MarkedLog
from api.derived.rebuilding import own_turn, rows_of
from api.side_tables import side_url
from ledger.store import Store
from ledger.store_postgres_connections import is_postgres
from ledger.store_scratch import Differences, Scratch

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class AnomalyRebuilt:
    """What was found: how many entries the tables held, and which rows were wrong.

    ``size`` is that of the log which the tables hold now, ``models`` how many models are held;
    ``changed_models`` are those whose bytes are not of their digest, which no rebuild mends.
    """

    size_before: int = 0
    size: int = 0
    differences: Differences = field(default_factory=lambda: Differences({}, {}))
    models: int = 0
    changed_models: tuple[str, ...] = ()

    @property
    def is_as_before(self) -> bool:
        """Whether everything was as it should be."""
        return self.differences.are_none and not self.changed_models


@dataclass(frozen=True, slots=True)
class _Log:
    store: Store
    origin: str

    @property
    def marked(self) -> MarkedLog:
        return MarkedLog(self.store, self.origin)


def rebuild_anomaly(
    folder: DataFolder, store: Store, *, size: int, on_progress: Progress
) -> AnomalyRebuilt:
    """Drop the tables that follow from the log and make them anew, and compare; models stay.

    Args:
        folder: where the log is.
        store: the log.
        size: how many of its entries.
        on_progress: told how many are scored.

    Raises:
        StoreUnavailable: the log or the tables did not answer, or a service is at work on them.
    """
    log = _Log(store, read_config(folder).origin)
    with (
        closing(AnomalyDatabase(anomaly_url(folder), origin=log.origin)) as database,
        own_turn(database),
        closing(Scratch()) as scratch,
    ):
        models = ModelStore(database)
        before = _take_rows(database, scratch, log)
        database.remake()
        # First to the size that the tables had: what they had not come to was not wrong.
        _score(log, database, models, size=min(before, size), on_progress=on_progress)
        with database.snapshot() as connection:
            scratch.add("expected", rows_of(connection, METADATA))
        _score(log, database, models, size=size, on_progress=on_progress)
        return AnomalyRebuilt(before, size, scratch.differences(), *_held(models))


def compare_anomaly(folder: DataFolder, store: Store, *, on_progress: Progress) -> AnomalyRebuilt:
    """Compare the tables with what their part of the log comes to; nothing is changed.

    Raises:
        StoreUnavailable: the log or the tables did not answer.
    """
    if not has_anomaly_tables(folder):
        return AnomalyRebuilt()
    log = _Log(store, read_config(folder).origin)
    with (
        closing(
            AnomalyDatabase(anomaly_url(folder), origin=log.origin, read_only=True)
        ) as database,
        closing(Scratch()) as scratch,
        tempfile.TemporaryDirectory() as place,
    ):
        if database.are_tables_new:
            return AnomalyRebuilt()
        models = ModelStore(database)
        before = _take_rows(database, scratch, log)
        beside = side_url("", Path(place) / "anomaly.sqlite")
        with closing(AnomalyDatabase(beside, origin=log.origin)) as fresh:
            _score(log, fresh, models, size=before, on_progress=on_progress)
            with fresh.snapshot() as connection:
                scratch.add("expected", rows_of(connection, METADATA))
        return AnomalyRebuilt(before, before, scratch.differences(), *_held(models))


def has_anomaly_tables(folder: DataFolder) -> bool:
    """Whether there may be tables: on a server their schema always is."""
    return is_postgres(anomaly_url(folder)) or folder.anomaly.exists()


def anomaly_url(folder: DataFolder) -> str:
    """Where the tables of a log are."""
    return side_url(folder.database_url, folder.anomaly)


def _take_rows(database: AnomalyDatabase, scratch: Scratch, log: _Log) -> int:
    """Take the rows down; to how many entries of this log they belong."""
    with database.snapshot() as connection:
        scratch.add("found", rows_of(connection, METADATA))
        row = connection.execute(select(BOOKMARK)).one()
    found = Bookmark(row.size, row.origin, row.leaf)
    # Rows of another log are surplus, each of them.
    return 0 if log.marked.fault_of(found) else found.size


def _score(
    log: _Log,
    database: AnomalyDatabase,
    models: ModelStore,
    *,
    size: int,
    on_progress: Progress,
) -> None:
    def note(done: int) -> bool:
        on_progress(done)
        return True

    book = LineBook(database, log.marked)
    follower = AnomalyFollower(log.store, book, origin=log.origin, onnx=models.onnx)
    follower.bring_to(size, note_page=note)


def _held(models: ModelStore) -> tuple[int, tuple[str, ...]]:
    count, changed = 0, []
    for model in models.models():
        count += 1
        if hashlib.sha256(model.onnx).hexdigest() != model.digest:
            changed.append(model.digest)
    return count, tuple(changed)
