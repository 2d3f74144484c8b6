"""The tables of tallies, in a place of their own (docs/spec/tally.md, section 6).

On SQLite a file beside the log's, on PostgreSQL a schema that the service's role may create
tables in. They follow from nothing: nobody drops them, and tables of another form are refused.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text

FORM: Final = "tallies/1"
#: Replaced by the schema on PostgreSQL, and by none on SQLite.
SCHEMA: Final = "tallies"
METADATA: Final = MetaData(schema=SCHEMA)


def _text(name: str, *, key: bool = False) -> Column[Any]:
    return Column(name, Text, primary_key=key, nullable=False)


def _number(name: str, *, key: bool = False) -> Column[Any]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


FORM_ROW: Final = Table("form", METADATA, _text("form", key=True), _text("origin"))

# `opened` is the JSON of what it was opened for. `last` is the sequence of its newest reading,
# `bytes` the size of all of them.
TALLY: Final = Table(
    "tally",
    METADATA,
    _text("id", key=True),
    _text("party"),
    _text("opened"),
    _number("opened_ms"),
    _number("touched_ms"),
    _number("last"),
    _number("bytes"),
    Index("tally_party", "party", "opened_ms", "id"),
    Index("tally_touched", "touched_ms"),
)

READING: Final = Table(
    "reading",
    METADATA,
    _text("tally", key=True),
    _number("sequence", key=True),
    _text("reading"),
    _number("at_ms"),
)
