"""The book of erasures that were carried out: one row each, with when and what."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import SQLAlchemyError

from api.derived.tables import SCHEMA
from api.erasing.purge import Purged
from api.erasing.tables import ERASURE, METADATA
from ledger.store_connections import close_engine
from ledger.store_errors import StoreUnavailable
from ledger.store_postgres_connections import is_postgres
from ledger.store_postgres_connections import writer_engine as postgres_writer
from ledger.store_postgres_tables import DERIVED_SUFFIX
from ledger.store_sqlite import create_file, database_path
from ledger.store_sqlite import writer_engine as sqlite_writer

_ASKED_MAX: Final = 500
_WAIT: Final = "SELECT pg_advisory_xact_lock(hashtext('lotmark erasures'))"


@dataclass(frozen=True, slots=True)
class Done:
    """What was done for one erasure, and when."""

    done_ms: int
    purged: Purged


class ErasureBook:
    """Rows of erasures done. May be used by threads."""

    def __init__(self, url: str) -> None:
        """Open the book at the URL of a SQLite file or of the log's server; make it first.

        Raises:
            StoreUnavailable: it cannot be made or read.
        """
        self._is_postgres = is_postgres(url)
        if self._is_postgres:
            self._engine = postgres_writer(url)
        else:
            path = database_path(url)
            create_file(path)
            self._engine = sqlite_writer(path)
        self._schema: str | None = None
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    def note(self, act: str, done: Done) -> None:
        """Write down that an erasure was carried out; what is there already stays.

        Raises:
            StoreUnavailable: it could not be written.
        """
        insert = insert_postgres if self._is_postgres else insert_sqlite
        purged = done.purged
        row = {
            "act": act,
            "entry": purged.entry,
            "done_ms": done.done_ms,
            "index_rows": purged.index_rows,
            "blobs": purged.blobs,
            "kept_blobs": purged.kept_blobs,
        }
        with self._writing() as connection:
            connection.execute(insert(ERASURE).on_conflict_do_nothing(), row)

    def acts(self) -> frozenset[str]:
        """The acts that were carried out.

        Raises:
            StoreUnavailable: it could not be read.
        """
        with self._writing() as connection:
            return frozenset(connection.execute(select(ERASURE.c.act)).scalars())

    def done(self, acts: Collection[str]) -> Mapping[str, Done]:
        """What was done for those of the acts that were carried out.

        Raises:
            StoreUnavailable: it could not be read.
        """
        asked, found = sorted(acts), {}
        with self._writing() as connection:
            for start in range(0, len(asked), _ASKED_MAX):
                part = asked[start : start + _ASKED_MAX]
                rows = connection.execute(select(ERASURE).where(ERASURE.c.act.in_(part)))
                for act, entry, done_ms, *counts in rows:
                    found[act] = Done(done_ms, Purged(entry, *counts))
        return found

    def close(self) -> None:
        """Close all connections."""
        close_engine(self._engine)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._translated().begin() as connection:
                yield connection
        except SQLAlchemyError as fault:
            told = " ".join(str(getattr(fault, "orig", None) or fault).split())
            raise StoreUnavailable(f"book of erasures: {told}") from fault

    def _translated(self) -> Engine:
        return self._engine.execution_options(schema_translate_map={SCHEMA: self._schema})

    def _make(self) -> None:
        if self._is_postgres:
            with self._writing() as connection:
                own = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
            self._schema = own + DERIVED_SUFFIX
        with self._writing() as connection:
            if self._is_postgres:
                connection.exec_driver_sql(_WAIT)
            METADATA.create_all(connection)
