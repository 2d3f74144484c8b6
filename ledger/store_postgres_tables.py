"""The tables of the PostgreSQL store, and what the service's role may do with them.

The database is made by ``api/migrations/versions_postgresql`` alone; a test compares the
two. Tables that both products have are read through :mod:`ledger.store_tables`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

POSTGRES_REVISION: Final = "0007"
POSTGRES_METADATA: Final = MetaData()

#: Behind the name of the log's schema: that of the schema in which the service's role may make
#: tables of data that is derived from the log.
DERIVED_SUFFIX: Final = "_derived"
#: The same of the schema of access receipts, which follow from nothing and are never dropped.
ACCESSES_SUFFIX: Final = "_accesses"
#: The same of the schema of tallies: inspections under way, which no record says yet.
TALLIES_SUFFIX: Final = "_tallies"
#: The same of the schema of scored parameters and of the models that score them.
ANOMALY_SUFFIX: Final = "_anomaly"

#: What the role of the service may do. On the log itself that is to read it and to add to it.
GRANTS: Final = {
    "name": "SELECT, INSERT",
    "entry": "SELECT, INSERT",
    "tile": "SELECT, INSERT",
    "checkpoint": "SELECT, INSERT",
    "cosigned": "SELECT, INSERT",
    # Locking the row asks for UPDATE; a trigger lets it move with the entries only.
    "head": "SELECT, UPDATE",
    # An erasure wraps the rows of an epoch anew, and a repeat replaces what no key opens.
    "vault": "SELECT, INSERT, UPDATE",
    "pin": "SELECT, INSERT, DELETE",
    "outbox": "SELECT, INSERT, UPDATE, DELETE",
    "search": "SELECT, INSERT, DELETE",
    "standing": "SELECT, INSERT, DELETE",
    "request_nonce": "SELECT, INSERT, DELETE",
    "alembic_version": "SELECT",
}


def _number(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _text(name: str, *, key: bool = False, unique: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False, unique=unique or None)


Table("name", POSTGRES_METADATA, _number("id", key=True), _text("text", unique=True))

Table(
    "entry",
    POSTGRES_METADATA,
    _number("idx", key=True),
    _bytes("record_id"),
    _bytes("jti_key"),
    _bytes("leaf"),
    _number("party"),
    _number("vct"),
    _number("admitted_ms"),
    _bytes("text"),
    Index("entry_record_id", "record_id", unique=True),
    Index("entry_jti_key", "jti_key", unique=True),
    Index("entry_party", "party", "idx"),
    Index("entry_vct", "vct", "idx"),
)

Table(
    "tile",
    POSTGRES_METADATA,
    _number("level", key=True),
    _number("number", key=True),
    _bytes("root"),
    _bytes("hashes"),
)

Table("checkpoint", POSTGRES_METADATA, _number("size", key=True), _text("note"))

Table("cosigned", POSTGRES_METADATA, _number("size", key=True), _text("note"))

# An empty log has a row too, of size 0: its lock orders the founders' writers as well.
Table(
    "head",
    POSTGRES_METADATA,
    _number("id", key=True),
    _number("size"),
    _bytes("leaf"),
    _bytes("root"),
    _number("admitted_ms"),
    _bytes("frontier"),
    _number("outbox_end"),
    CheckConstraint("id = 0", name="head_id_check"),
)

Table(
    "vault",
    POSTGRES_METADATA,
    _number("idx", key=True),
    _bytes("epoch_key"),
    _number("version"),
    _bytes("wrapped"),
    _bytes("content"),
)

Table("pin", POSTGRES_METADATA, _text("blob", key=True), _number("idx"))

Table(
    "outbox",
    POSTGRES_METADATA,
    _number("position", key=True),
    _text("topic"),
    _number("idx"),
    _number("entries"),
)

Table("search", POSTGRES_METADATA, _number("prefix", key=True), _number("idx", key=True))

Table("standing", POSTGRES_METADATA, _number("party", key=True), _number("idx", key=True))

Table(
    "request_nonce",
    POSTGRES_METADATA,
    Column("key_hash", LargeBinary, primary_key=True, nullable=False),
    Column("nonce_hash", LargeBinary, primary_key=True, nullable=False),
    _number("created"),
    Index("request_nonce_created", "created"),
)
