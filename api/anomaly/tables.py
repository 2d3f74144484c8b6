"""The tables of scored parameters, in a place of their own (docs/adr/0018-anomaly-tables.md).

On SQLite a file beside the log's, on PostgreSQL a schema that the service's role may make tables
in. Those of :data:`METADATA` follow from the log and from the models, and are made anew where
their form has changed. Those of :data:`KEPT` follow from training: a model's bytes could be made
again only while every record that it was trained on is held.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text

#: Changes with the tables and with what the fold makes of a log: other tables are dropped.
FORM: Final = "ANM-1/4"
#: Changes with the tables that are kept; those of another form are refused.
KEPT_FORM: Final = "anomaly-kept/1"
#: Replaced by the schema on PostgreSQL, and by none on SQLite.
SCHEMA: Final = "anomaly"
METADATA: Final = MetaData(schema=SCHEMA)
KEPT: Final = MetaData(schema=SCHEMA)


def _text(name: str, *, key: bool = False, nullable: bool = False) -> Column[Any]:
    return Column(name, Text, primary_key=key, nullable=nullable)


def _number(name: str, *, key: bool = False, nullable: bool = False) -> Column[Any]:
    return Column(name, BigInteger, primary_key=key, nullable=nullable, autoincrement=False)


def _bytes(name: str) -> Column[Any]:
    return Column(name, LargeBinary, nullable=False)


# One row: the form of the tables, how many entries they hold, and of which log.
BOOKMARK: Final = Table(
    "bookmark",
    METADATA,
    _text("form", key=True),
    _number("size"),
    _text("origin"),
    _text("leaf"),
)

# A line of an owner; others name it by its key. `state` is what its watch goes on from, `facts`
# what is told of it, as JSON.
LINE: Final = Table(
    "line",
    METADATA,
    _text("key", key=True),
    _text("owner"),
    _text("site"),
    _text("line"),
    _text("machine"),
    _text("part"),
    _text("facts"),
    _bytes("state"),
    Index("line_owner", "owner", "key"),
)

# Which entries a line follows from, in their order: read again where one of them is erased.
EVENT: Final = Table(
    "event",
    METADATA,
    _text("line", key=True),
    _number("entry", key=True),
    _text("record_id"),
    _text("kind"),
    Index("event_record", "record_id"),
)

# `manifest` and `address` are what decisions on sharing are made of, `facts` what is told of it,
# `series` the figures of its rows, packed.
UPLOAD: Final = Table(
    "upload",
    METADATA,
    _text("record_id", key=True),
    _text("line"),
    _number("entry"),
    _text("manifest"),
    _text("address"),
    _text("facts"),
    _bytes("series"),
    Index("upload_line", "line", "entry"),
)

# Rows that are not normal; of the others the series has the figures. `path` is the whole decision
# on the row at which an event opened, and on that of its peak; of others it is empty.
VERDICT: Final = Table(
    "verdict",
    METADATA,
    _text("record_id", key=True),
    _number("row", key=True),
    _text("line"),
    _number("at_us"),
    _text("facts"),
    _bytes("path"),
    Index("verdict_line", "line", "at_us"),
)

# One event an episode. `record_id` is the upload that it opened in.
ALARM: Final = Table(
    "alarm",
    METADATA,
    _text("id", key=True),
    _text("line"),
    _text("owner"),
    _text("kind"),
    _text("level"),
    _number("from_us"),
    _number("until_us"),
    _text("record_id"),
    _text("facts"),
    Index("alarm_line", "line", "from_us"),
    Index("alarm_owner", "owner", "from_us"),
    Index("alarm_from", "from_us", "id"),
)

# What a model in shadow says of an upload: kept apart, and no alarm. `card` is the record that it
# waits by, `series` has the figures of rows by measured time.
SHADOW: Final = Table(
    "shadow",
    METADATA,
    _text("card", key=True),
    _text("record_id", key=True),
    _text("line"),
    _number("entry"),
    _text("facts"),
    _bytes("series"),
    Index("shadow_line", "line", "card"),
)

KEPT_FORM_ROW: Final = Table("kept_form", KEPT, _text("form", key=True), _text("origin"))

# ONNX files by the SHA-256 of their bytes, in hex.
MODEL: Final = Table(
    "model",
    KEPT,
    _text("digest", key=True),
    _text("owner"),
    _text("line"),
    _number("made_ms"),
    _bytes("onnx"),
    _text("facts"),
    Index("model_line", "line", "made_ms"),
)

# Trainings that were asked for: how far they are, and what came of them.
JOB: Final = Table(
    "job",
    KEPT,
    _text("id", key=True),
    _text("owner"),
    _text("line"),
    _text("status"),
    _number("asked_ms"),
    _number("touched_ms"),
    _text("facts"),
    Index("job_owner", "owner", "asked_ms"),
)
