"""What a witness remembers, in one SQLite file: what it cosigned, and evidence of forks.

Both tables are append-only, guarded by triggers; the times at which a checkpoint was cosigned
again only grow, one for each log. A row is on the disk when :meth:`keep`
returns, so nothing that a witness signed is missing after a crash. One process writes;
others may read at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from ledger.fork_evidence import ForkEvidence
from ledger.store_connections import close_engine
from ledger.store_errors import OutcomeUnknown, StoreUnavailable
from ledger.store_lock import WriterLock
from ledger.store_sqlite import create_file, reader_engine, writer_engine
from ledger.witness_errors import WitnessStateLost

SCHEMA_REVISION: Final = 2
_HASH_BYTES: Final = 32
_METADATA: Final = MetaData()
_Number: Final = BigInteger().with_variant(Integer(), "sqlite")

_IDENTITY: Final = Table(
    "identity",
    _METADATA,
    Column("only", _Number, primary_key=True, autoincrement=False),
    Column("vkey", Text, nullable=False),
    sqlite_strict=True,
)
_COSIGNED: Final = Table(
    "cosigned",
    _METADATA,
    Column("position", _Number, primary_key=True, autoincrement=False),
    Column("origin", Text, nullable=False),
    Column("size", _Number, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("cosigned_s", _Number, nullable=False),
    Column("note", Text, nullable=False),
    UniqueConstraint("origin", "size"),
    sqlite_strict=True,
)
_FORK: Final = Table(
    "fork",
    _METADATA,
    Column("position", _Number, primary_key=True, autoincrement=False),
    Column("origin", Text, nullable=False),
    Column("is_proven", _Number, nullable=False),
    Column("first", Text, nullable=False),
    Column("second", Text, nullable=False),
    Column("proof", LargeBinary, nullable=False),
    Column("noticed_ms", _Number, nullable=False),
    sqlite_strict=True,
)
# The newest time given to a checkpoint that was sent again, one row a log: what anybody may
# have repeated every second must not grow.
_REPEATED: Final = Table(
    "repeated",
    _METADATA,
    Column("origin", Text, primary_key=True),
    Column("cosigned_s", _Number, nullable=False),
    sqlite_strict=True,
)
_UPDATE_REFUSED: Final = {
    "repeated": "NEW.origin <> OLD.origin OR NEW.cosigned_s <= OLD.cosigned_s"
}
_INSERT_REFUSED: Final = {
    "identity": "EXISTS (SELECT 1 FROM identity) OR NEW.only <> 0",
    "repeated": "EXISTS (SELECT 1 FROM repeated WHERE origin = NEW.origin)",
    # One history, in its order: the last line of defence, whatever the process believes.
    "cosigned": "NEW.position <> (SELECT coalesce(max(position) + 1, 0) FROM cosigned) "
    "OR NEW.size <= (SELECT coalesce(max(size), -1) FROM cosigned WHERE origin = NEW.origin)",
    "fork": "NEW.position <> (SELECT coalesce(max(position) + 1, 0) FROM fork)",
}


@dataclass(frozen=True, slots=True)
class CosignedRow:
    """A checkpoint that was cosigned; ``note`` has the log's lines and the witness's own."""

    origin: str
    size: int
    root: bytes
    cosigned_s: int
    note: str


@dataclass(frozen=True, slots=True)
class ForkRow:
    """Evidence that was kept; one that is not proven shows a refused extension only."""

    evidence: ForkEvidence
    is_proven: bool


class WitnessStore:
    """The memory of one witness. Every method may be called from any thread."""

    def __init__(self, path: Path, *, vkey: str, read_only: bool = False) -> None:
        """Open the memory of the witness with this key.

        Raises:
            WitnessStateLost: it is missing, or that of another key.
            StoreBusy: another process writes to it.
            StoreUnavailable: it cannot be read.
        """
        if not path.exists():
            raise WitnessStateLost(
                f"expected the witness's memory at {path}, found none: a key that has cosigned "
                "must not go on without it; restore it, or begin a new witness under a new name"
            )
        self._vkey = vkey
        self._right = None if read_only else WriterLock(path)
        self._readers = reader_engine(path)
        self._writer = None if read_only else writer_engine(path)
        try:
            self._check_identity(path)
        except BaseException:
            self.close()
            raise

    def last(self) -> dict[str, CosignedRow]:
        """What was cosigned last for each log."""
        newest = select(func.max(_COSIGNED.c.position)).group_by(_COSIGNED.c.origin)
        with self._reading() as connection:
            rows = connection.execute(_select_cosigned().where(_COSIGNED.c.position.in_(newest)))
            return {row.origin: _cosigned_row(row) for row in rows}

    def repeated(self) -> dict[str, int]:
        """When a checkpoint of each log was last cosigned again, in Unix seconds."""
        with self._reading() as connection:
            rows = connection.execute(select(_REPEATED.c.origin, _REPEATED.c.cosigned_s))
            return {row.origin: row.cosigned_s for row in rows}

    def cosigned_at(self, origin: str, size: int) -> CosignedRow | None:
        """What was cosigned of a log at this size."""
        with self._reading() as connection:
            row = connection.execute(
                _select_cosigned().where(_COSIGNED.c.origin == origin, _COSIGNED.c.size == size)
            ).one_or_none()
            return _cosigned_row(row) if row else None

    def forks(self) -> list[ForkRow]:
        """All evidence, in the order in which it came."""
        columns = [column for column in _FORK.c if column.name != "position"]
        with self._reading() as connection:
            rows = connection.execute(select(*columns).order_by(_FORK.c.position))
            return [self._fork_row(*row) for row in rows]

    def keep(
        self,
        cosigned: Sequence[CosignedRow],
        forks: Sequence[ForkRow] = (),
        *,
        repeats: Mapping[str, int] | None = None,
    ) -> None:
        """Make rows durable, all or none.

        Args:
            cosigned: new checkpoints.
            forks: new evidence.
            repeats: by origin, the time at which its last checkpoint was cosigned again.

        Raises:
            OutcomeUnknown: COMMIT failed; ask :meth:`last` before anything is signed.
            StoreUnavailable: nothing was written.
        """
        with self._writing() as connection:
            if cosigned:
                self._insert(connection, _COSIGNED, [_cosigned_values(row) for row in cosigned])
            if forks:
                self._insert(connection, _FORK, [_fork_values(row) for row in forks])
            for origin, cosigned_s in (repeats or {}).items():
                _keep_repeat(connection, origin, cosigned_s)

    def close(self) -> None:
        """Release the file and the right to write."""
        close_engine(self._readers)
        if self._writer is not None:
            close_engine(self._writer)
        if self._right is not None:
            self._right.close()

    @staticmethod
    def _insert(connection: Connection, table: Table, rows: list[dict[str, object]]) -> None:
        first = connection.execute(
            select(func.coalesce(func.max(table.c.position) + 1, 0))
        ).scalar_one()
        numbered = [row | {"position": first + offset} for offset, row in enumerate(rows)]
        connection.execute(insert(table), numbered)

    def _fork_row(  # noqa: PLR0913  (one column each)
        self, origin: str, is_proven: int, first: str, second: str, proof: bytes, noticed_ms: int
    ) -> ForkRow:
        hashes = tuple(proof[at : at + _HASH_BYTES] for at in range(0, len(proof), _HASH_BYTES))
        witness = self._vkey.partition("+")[0]
        evidence = ForkEvidence(origin, first, second, hashes, noticed_ms, witness)
        return ForkRow(evidence, bool(is_proven))

    def _check_identity(self, path: Path) -> None:
        with self._reading() as connection:
            revision = connection.exec_driver_sql("PRAGMA user_version").scalar()
            if revision != SCHEMA_REVISION:
                raise WitnessStateLost(
                    f"{path}: expected witness schema {SCHEMA_REVISION}, found {revision}"
                )
            found = connection.execute(select(_IDENTITY.c.vkey)).scalar_one_or_none()
        if found != self._vkey:
            raise WitnessStateLost(
                f"{path}: expected the memory of {self._vkey}, found that of {found}"
            )

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _failures(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self._writer is None:
            raise StoreUnavailable("expected a memory that may be written, found a read-only one")
        with _failures(), self._writer.connect() as connection:
            connection.begin()
            yield connection
            try:
                connection.commit()
            except DBAPIError as fault:
                connection.invalidate()
                raise OutcomeUnknown(f"COMMIT failed: {fault.orig}") from fault


def create_witness_store(path: Path, vkey: str) -> None:
    """Make the empty memory of a new witness; it belongs to one key for ever.

    Raises:
        StoreUnavailable: it cannot be made, or is there already.
    """
    if path.exists():
        raise StoreUnavailable(f"expected no file at {path}, found one: it is never overwritten")
    create_file(path)
    engine = writer_engine(path)
    try:
        with _failures(), engine.connect() as connection:
            connection.begin()
            _METADATA.create_all(connection)
            for table in _METADATA.tables:
                for verb, condition in (
                    ("UPDATE", _UPDATE_REFUSED.get(table, "1")),
                    ("DELETE", "1"),
                    ("INSERT", _INSERT_REFUSED[table]),
                ):
                    connection.exec_driver_sql(
                        f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
                        f"WHEN {condition} BEGIN SELECT RAISE(ROLLBACK, "
                        f"'append-only: {verb} on {table} refused'); END"
                    )
            connection.execute(insert(_IDENTITY), {"only": 0, "vkey": vkey})
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_REVISION}")
            connection.commit()
    finally:
        engine.dispose()


def _select_cosigned() -> Select[str, int, bytes, int, str]:
    columns = _COSIGNED.c
    return select(columns.origin, columns.size, columns.root, columns.cosigned_s, columns.note)


def _cosigned_row(row: Row[str, int, bytes, int, str]) -> CosignedRow:
    origin, size, root, cosigned_s, note = row
    return CosignedRow(origin, size, root, cosigned_s, note)


def _cosigned_values(row: CosignedRow) -> dict[str, object]:
    return {
        "origin": row.origin,
        "size": row.size,
        "root": row.root,
        "cosigned_s": row.cosigned_s,
        "note": row.note,
    }


def _keep_repeat(connection: Connection, origin: str, cosigned_s: int) -> None:
    known = update(_REPEATED).where(_REPEATED.c.origin == origin)
    if connection.execute(known.values(cosigned_s=cosigned_s)).rowcount == 0:
        connection.execute(insert(_REPEATED), {"origin": origin, "cosigned_s": cosigned_s})


def _fork_values(row: ForkRow) -> dict[str, object]:
    evidence = row.evidence
    return {
        "origin": evidence.origin,
        "is_proven": int(row.is_proven),
        "first": evidence.first,
        "second": evidence.second,
        "proof": b"".join(evidence.proof),
        "noticed_ms": evidence.noticed_ms,
    }


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except DBAPIError as fault:
        raise StoreUnavailable(f"the witness's memory: {fault.orig}") from fault
