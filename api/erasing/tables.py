"""What was done for each erasure, in a place of its own beside the log.

On SQLite a file, on PostgreSQL in the schema that the service's role may create tables in. A
row that is lost is made again: the erasure is carried out once more, which finds nothing left,
and the instant is that of the second time.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, MetaData, Table, Text

from api.derived.tables import SCHEMA

METADATA: Final = MetaData(schema=SCHEMA)


def _number(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False)


ERASURE: Final = Table(
    "erasure_done",
    METADATA,
    Column("act", Text, primary_key=True, nullable=False),
    _number("entry"),
    _number("done_ms"),
    _number("index_rows"),
    _number("blobs"),
    _number("kept_blobs"),
)
