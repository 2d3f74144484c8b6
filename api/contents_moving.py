"""Moves the plain contents of a log of an earlier version into the vault.

A batch is sealed, written and removed in one transaction, so a move that was killed goes on
where it was. Afterwards the space that the plain rows had is written anew: nothing of them
stays in the file, its free pages or its write-ahead log. What a server has archived, and what
older backups hold, is its operator's to destroy (docs/spec/vault.md, section 7).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    insert,
    inspect,
    select,
)

from ledger.store_tables import ENTRY, VAULT
from ledger.vault.sealing import Plain
from ledger.vault.vault import Vault

_BATCH: Final = 500
_PLAIN: Final = Table(
    "disclosure", MetaData(), Column("idx", Integer, primary_key=True), Column("text", Text)
)
_NEXT: Final = (
    select(_PLAIN.c.text, _PLAIN.c.idx, ENTRY.c.record_id)
    .join(ENTRY, ENTRY.c.idx == _PLAIN.c.idx)
    .order_by(_PLAIN.c.idx)
    .limit(_BATCH)
)


def has_plain_contents(connection: Connection) -> bool:
    """Whether the database has the table of an earlier version, and rows in it."""
    if not inspect(connection).has_table(_PLAIN.name):
        return False
    return connection.execute(select(_PLAIN.c.idx).limit(1)).first() is not None


def move_contents(engine: Engine, vault: Vault, *, on_moved: Callable[[int], None]) -> int:
    """Move all plain contents, then write the space anew.

    Args:
        engine: of the one connection that changes the schema.
        vault: seals them.
        on_moved: told how many more have moved.

    Returns:
        How many have moved.

    Raises:
        ShelfUnavailable: the shelf could not be written; what has moved stays so.
    """
    total = 0
    while moved := _move_batch(engine, vault):
        total += moved
        on_moved(moved)
    _write_anew(engine)
    return total


def _move_batch(engine: Engine, vault: Vault) -> int:
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            # Rows that are removed are overwritten, not only forgotten.
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
        plains = [Plain(*row) for row in connection.execute(_NEXT)]
        if plains:
            rows = [row._asdict() for row in vault.seal(plains)]
            connection.execute(insert(VAULT), [{"idx": row.pop("entry"), **row} for row in rows])
            last = plains[-1].entry
            connection.execute(delete(_PLAIN).where(_PLAIN.c.idx <= last))
        return len(plains)


def _write_anew(engine: Engine) -> None:
    """Before the revision says that nothing plain is there: a kill must not leave some."""
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        if connection.dialect.name == "sqlite":
            raw.execute("VACUUM").close()
            # What is in the write-ahead log goes into the file, and the log becomes empty.
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        else:
            raw.autocommit = True
            raw.execute(f"VACUUM FULL {_PLAIN.name}")
