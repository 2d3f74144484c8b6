"""The databases that a story is played on, each with what a story does to one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from api.data_folder import DataFolder
from tests.postgres import OWNER, LogDatabase, PostgresServer


class Engine(Protocol):
    """Where logs are kept."""

    @property
    def name(self) -> str:
        """``sqlite`` or ``postgresql``."""

    def attached(self, folder: DataFolder) -> AbstractContextManager[DataFolder]:
        """The folder together with an empty database for its log, until the block is left."""

    def save(self, folder: DataFolder) -> None:
        """Keep a copy of the database of a log that nobody serves at the moment."""

    def bring_back(self, folder: DataFolder) -> None:
        """Put the copy in the place of the database."""


@dataclass(frozen=True, slots=True)
class Sqlite:
    """A file in the data folder."""

    name: str = "sqlite"

    @contextmanager
    def attached(self, folder: DataFolder) -> Iterator[DataFolder]:
        """The file is made when the log is founded."""
        yield folder

    def save(self, folder: DataFolder) -> None:
        """Copy the file; a log that was closed in order has no other."""
        shutil.copyfile(folder.database, _copy_of(folder))

    def bring_back(self, folder: DataFolder) -> None:
        """Copy it back."""
        shutil.copyfile(_copy_of(folder), folder.database)


@dataclass(slots=True)
class Postgresql:
    """A database of the server that all tests share."""

    server: PostgresServer
    name: str = "postgresql"
    log: LogDatabase | None = None

    @contextmanager
    def attached(self, folder: DataFolder) -> Iterator[DataFolder]:
        """A database of its own, migrated by its owner."""
        with self.server.log_database() as log:
            self.log = log
            yield replace(folder, server_url=log.url)

    def save(self, folder: DataFolder) -> None:
        """Copy the database beside it."""
        del folder
        self._copy(self._name(), f"{self._name()}_saved")

    def bring_back(self, folder: DataFolder) -> None:
        """Put the copy in its place, under its name; it may be brought back again."""
        del folder
        self._copy(f"{self._name()}_saved", self._name())

    def _name(self) -> str:
        assert self.log, "expected a log that was attached"
        return self.log.name

    def _copy(self, source: str, target: str) -> None:
        with self.server.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {target} TEMPLATE {source} OWNER {OWNER}")


def _copy_of(folder: DataFolder) -> Path:
    return folder.root.with_name(f"{folder.root.name}.saved.db")
