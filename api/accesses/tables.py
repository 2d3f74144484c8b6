"""The tables of access receipts, in a place of their own (docs/spec/accesses.md, section 5).

On SQLite a file beside the log's, on PostgreSQL a schema that the service's role may create
tables in. Unlike derived tables they follow from nothing: nobody drops them, and tables of
another form are refused.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

FORM: Final = "accesses/1"
#: Replaced by the schema on PostgreSQL, and by none on SQLite.
SCHEMA: Final = "accesses"
METADATA: Final = MetaData(schema=SCHEMA)
# Only a plain INTEGER is the number of a row on SQLite.
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")


def _text(name: str, *, key: bool = False) -> Column[Any]:
    return Column(name, Text, primary_key=key, nullable=False)


def _number(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=nullable)


def _counted(name: str) -> Column[Any]:
    return Column(name, _NUMBER, primary_key=True, autoincrement=True)


# One row. Nothing is written at or before `closed_ms` any more; digests are on the log up to
# `digested_ms`, the first of them ends at `first_ms`; rows before `kept_from_ms` were purged.
MARK: Final = Table(
    "mark",
    METADATA,
    _text("form", key=True),
    _text("origin"),
    _number("closed_ms"),
    _number("digested_ms"),
    _number("first_ms"),
    _number("kept_from_ms"),
)

REQUEST: Final = Table(
    "request",
    METADATA,
    _text("digest", key=True),
    _number("at_ms"),
    _text("evidence"),
    Index("request_at", "at_ms"),
)

# `text` is the row itself; the columns beside it are what it is found by. `groups` has a space
# before and behind each name.
ACCESS: Final = Table(
    "access",
    METADATA,
    _counted("number"),
    _number("at_ms"),
    _text("owner"),
    _text("reader"),
    _text("record"),
    _text("vct"),
    _text("groups"),
    _text("request"),
    _text("text"),
    Index("access_owner", "owner", "number"),
    Index("access_owner_at", "owner", "at_ms"),
    Index("access_at", "at_ms"),
    sqlite_autoincrement=True,
)

RULE: Final = Table(
    "rule",
    METADATA,
    _text("owner", key=True),
    _text("name", key=True),
    _text("rule"),
)

# Who has read what a rule is about: whoever is not in it is new.
RULE_READER: Final = Table(
    "rule_reader",
    METADATA,
    _text("owner", key=True),
    _text("name", key=True),
    _text("reader", key=True),
)

# One for each rule and reader until it is acknowledged; `last` is the newest row it is about.
ALERT: Final = Table(
    "alert",
    METADATA,
    _counted("number"),
    _text("owner"),
    _text("name"),
    _text("reader"),
    _number("first_ms"),
    _number("last_ms"),
    _number("reads"),
    _text("last"),
    _number("acknowledged_ms", nullable=True),
    Index("alert_owner", "owner", "number"),
    Index("alert_open", "owner", "name", "reader", "acknowledged_ms"),
    sqlite_autoincrement=True,
)
