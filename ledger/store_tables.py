"""The tables of the SQL stores, as SQLAlchemy sees them.

The database is made by ``api/migrations`` alone; a test compares the two. Names of parties
and types are written once, in ``name``; index tables and projections can be rebuilt.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

SCHEMA_REVISION: Final = "0004"

METADATA: Final = MetaData()

# SQLite makes a column the key of its row tree only if its type is spelt INTEGER.
_Number: Final = BigInteger().with_variant(Integer(), "sqlite")


def _number(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, _Number, primary_key=key, nullable=False, autoincrement=False)


def _bytes(name: str, *, key: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, primary_key=key, nullable=False)


def _text(name: str, *, key: bool = False, unique: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False, unique=unique or None)


NAME: Final = Table(
    "name", METADATA, _number("id", key=True), _text("text", unique=True), sqlite_strict=True
)

# The short columns stand before the long one, so that reading them never follows a long row.
ENTRY: Final = Table(
    "entry",
    METADATA,
    _number("idx", key=True),
    _bytes("record_id"),
    _bytes("jti_key"),
    _bytes("leaf"),
    _number("party"),
    _number("vct"),
    _number("admitted_ms"),
    _bytes("text"),
    Index("entry_party", "party"),
    Index("entry_vct", "vct"),
    sqlite_strict=True,
)

TILE: Final = Table(
    "tile",
    METADATA,
    _number("level", key=True),
    _number("number", key=True),
    _bytes("root"),
    _bytes("hashes"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

CHECKPOINT: Final = Table(
    "checkpoint", METADATA, _number("size", key=True), _text("note"), sqlite_strict=True
)

# Checkpoints with the cosignatures that met the policy.
COSIGNED: Final = Table(
    "cosigned", METADATA, _number("size", key=True), _text("note"), sqlite_strict=True
)

HEAD: Final = Table(
    "head",
    METADATA,
    _number("only", key=True),
    _number("size"),
    _bytes("leaf"),
    _bytes("root"),
    _number("admitted_ms"),
    _bytes("frontier"),
    sqlite_strict=True,
)

# Contents under keys of the shelf; see ledger.vault.sealing.VaultRow.
VAULT: Final = Table(
    "vault",
    METADATA,
    Column("idx", _Number, ForeignKey("entry.idx"), primary_key=True, autoincrement=False),
    _bytes("epoch_key"),
    _number("version"),
    _bytes("wrapped"),
    _bytes("content"),
    sqlite_strict=True,
)

PIN: Final = Table(
    "pin",
    METADATA,
    _text("blob", key=True),
    _number("idx"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# A row is a run: ``entries`` consecutive entries from ``idx`` at consecutive positions.
OUTBOX: Final = Table(
    "outbox",
    METADATA,
    _number("position", key=True),
    _text("topic"),
    _number("idx"),
    _number("entries"),
    sqlite_strict=True,
)

BOOKMARK: Final = Table(
    "bookmark",
    METADATA,
    _text("name", key=True),
    _number("value"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# Index tables: the first 8 bytes of a key as a number, and the entries that have such a key.
RECORD_KEY: Final = Table(
    "record_key",
    METADATA,
    _number("prefix", key=True),
    _number("idx", key=True),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

JTI_KEY: Final = Table(
    "jti_key",
    METADATA,
    _number("prefix", key=True),
    _number("idx", key=True),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

SEARCH: Final = Table(
    "search",
    METADATA,
    _number("prefix", key=True),
    _number("idx", key=True),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

STANDING: Final = Table(
    "standing",
    METADATA,
    _number("party", key=True),
    _number("idx", key=True),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# Search keys and standing of the commit groups whose rows are not yet merged, packed.
UNMERGED: Final = Table(
    "unmerged",
    METADATA,
    _number("idx", key=True),
    _bytes("search"),
    _bytes("standing"),
    sqlite_strict=True,
)
