"""Logs to be killed: founded and signed for once, then copied for as many series as are wanted.

A copy of a founded folder is as good as the folder: the same log, its key and its mark. The
records signed for it are therefore admitted by every copy.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from api.data_folder import DataFolder
from api.opening_log import open_log
from bench.consortium import OEM, ORIGIN, VCT, Consortium, found_consortium, upload_of
from keys.identifiers import party_did
from ledger.anchor import Anchor, parse_anchor
from ledger.compose import Filing
from ledger.record_type import parse_record_type
from quality.types import business_types
from tests.postgres import APP, OWNER, PostgresServer

KIND: Final = parse_record_type(next(text for text in business_types() if f'"{VCT}"' in text))
_FOUNDED: Final = "founded"


class Ground(Protocol):
    """An engine, and the log that was founded on it."""

    def attached(self, root: Path) -> AbstractContextManager[DataFolder]:
        """A folder, together with an empty database for its log, until the block is left."""

    def copied(self, founded: DataFolder, root: Path) -> AbstractContextManager[DataFolder]:
        """A log that begins where the founded one ends, until the block is left."""


class SqliteGround:
    """A file in the folder."""

    @contextmanager
    def attached(self, root: Path) -> Iterator[DataFolder]:
        """The file is made when the log is founded."""
        yield DataFolder(root)

    @contextmanager
    def copied(self, founded: DataFolder, root: Path) -> Iterator[DataFolder]:
        """The file is copied with the folder."""
        shutil.copytree(founded.root, root)
        yield replace(founded, root=root)
        shutil.rmtree(root)


@dataclass(slots=True)
class PostgresGround:
    """A database of a server that waits for the disk."""

    server: PostgresServer
    _made: int = 0

    @contextmanager
    def attached(self, root: Path) -> Iterator[DataFolder]:
        """A migrated database."""
        with self.server.log_database() as log:
            yield DataFolder(root, log.url)

    @contextmanager
    def copied(self, founded: DataFolder, root: Path) -> Iterator[DataFolder]:
        """A copy of the database, which nobody may be connected to."""
        shutil.copytree(founded.root, root)
        source = founded.server_url.partition("@/")[2].partition("?")[0]
        self._made += 1
        name = f"{source}_copy_{self._made}"
        with self.server.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {source} OWNER {OWNER}")
        yield DataFolder(root, self.server.url(name, APP))
        with self.server.connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        shutil.rmtree(root)


@dataclass(frozen=True, slots=True)
class Founded:
    """A founded log that nobody serves, its size, and records that every copy admits."""

    ground: Ground
    consortium: Consortium
    anchor: Anchor
    size: int
    texts: list[str]

    @classmethod
    @contextmanager
    def on(cls, ground: Ground, root: Path, *, records: int) -> Iterator[Founded]:
        """Found a log below ``root``, and sign so many records for it."""
        with ground.attached(root / _FOUNDED) as folder:
            consortium = found_consortium(folder)
            anchor = parse_anchor(folder.anchor.read_bytes())
            with closing(open_log(folder, read_only=True)) as store:
                head = store.head()
            assert head
            yield cls(ground, consortium, anchor, head.size, signed(consortium, records))

    @contextmanager
    def copied(self, root: Path) -> Iterator[Consortium]:
        """A copy of the log in a folder of its own."""
        with self.ground.copied(self.consortium.folder, root) as folder:
            yield replace(self.consortium, folder=folder)


def signed(consortium: Consortium, count: int) -> list[str]:
    """Distinct uploads of the suppliers."""
    composers = [party.machine_composer(consortium.policy) for party in consortium.suppliers]
    now = int(time.time())
    return [
        composers[number % len(composers)].compose_record(
            KIND,
            upload_of(number),
            filing=Filing(to=(party_did(ORIGIN, OEM),), number=f"R-{number}"),
            iat=now,
        )
        for number in range(count)
    ]
