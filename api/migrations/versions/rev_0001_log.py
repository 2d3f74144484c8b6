"""The first schema: the log, its index, the outbox, and the triggers that guard them.

Entries, tiles, checkpoints and names are only ever added. SQLite's REPLACE deletes without
asking a delete trigger unless the connection says otherwise, so an insert trigger refuses
what is there already, whoever connects. Triggers end in ROLLBACK and not in ABORT: ABORT
would make SQLite keep a copy of every page that an insert touches.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LOG_TABLES = ("entry", "tile", "checkpoint", "name")
_KEY_TABLES = ("record_key", "jti_key")

# What an insert must not meet: the next index for entries, a new key for the others.
_INSERT_REFUSED = {
    "entry": "NEW.idx <> (SELECT coalesce(max(idx) + 1, 0) FROM entry)",
    "tile": "EXISTS (SELECT 1 FROM tile WHERE level = NEW.level AND number = NEW.number)",
    "checkpoint": "NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoint)",
    "name": "EXISTS (SELECT 1 FROM name WHERE id = NEW.id OR text = NEW.text)",
    "head": "EXISTS (SELECT 1 FROM head) OR NEW.only <> 0",
}
_HEAD_UPDATE_REFUSED = (
    "NEW.only <> OLD.only OR NEW.size <= OLD.size OR NEW.size <> (SELECT max(idx) + 1 FROM entry)"
)


def upgrade() -> None:
    """Create the tables, then guard them."""
    _create_log()
    _create_content()
    _create_index()
    for table in (*_LOG_TABLES, *_KEY_TABLES):
        _refuse(table, "UPDATE")
        _refuse(table, "DELETE")
    for table, condition in _INSERT_REFUSED.items():
        _refuse(table, "INSERT", condition)
    _refuse("head", "UPDATE", _HEAD_UPDATE_REFUSED)
    _refuse("head", "DELETE")


def _create_log() -> None:
    _table("name", _number("id"), _text("text", unique=True), key="id")
    _table(
        "entry",
        _number("idx"),
        _bytes("record_id"),
        _bytes("jti_key"),
        _bytes("leaf"),
        _number("party"),
        _number("vct"),
        _number("admitted_ms"),
        _bytes("text"),
        key="idx",
    )
    op.create_index("entry_party", "entry", ["party"])
    op.create_index("entry_vct", "entry", ["vct"])
    _keyed_table(
        "tile",
        _number("level"),
        _number("number"),
        _bytes("root"),
        _bytes("hashes"),
        key="level number",
    )
    _table("checkpoint", _number("size"), _text("note"), key="size")
    _table(
        "head",
        _number("only"),
        _number("size"),
        _bytes("leaf"),
        _bytes("root"),
        _number("admitted_ms"),
        _bytes("frontier"),
        key="only",
    )


def _create_content() -> None:
    reference = sa.ForeignKeyConstraint(["idx"], ["entry.idx"])
    _table("disclosure", _number("idx"), _text("text"), reference, key="idx")
    _keyed_table("pin", _text("blob"), _number("idx"), key="blob")
    _table(
        "outbox",
        _number("position"),
        _text("topic"),
        _number("idx"),
        _number("entries"),
        key="position",
    )
    _keyed_table("bookmark", _text("name"), _number("value"), key="name")


def _create_index() -> None:
    _keyed_table("record_key", _number("prefix"), _number("idx"), key="prefix idx")
    _keyed_table("jti_key", _number("prefix"), _number("idx"), key="prefix idx")
    _keyed_table("search", _number("prefix"), _number("idx"), key="prefix idx")
    _keyed_table("standing", _number("party"), _number("idx"), key="party idx")
    _table("unmerged", _number("idx"), _bytes("search"), _bytes("standing"), key="idx")


def _table(name: str, *columns: sa.schema.SchemaItem, key: str, rowid: bool = True) -> None:
    primary = sa.PrimaryKeyConstraint(*key.split())
    op.create_table(name, *columns, primary, sqlite_strict=True, sqlite_with_rowid=rowid)


def _keyed_table(name: str, *columns: sa.schema.SchemaItem, key: str) -> None:
    """A table stored in the order of its key, which is then its only tree."""
    _table(name, *columns, key=key, rowid=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, _NUMBER, nullable=False, autoincrement=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _text(name: str, *, unique: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, unique=unique or None)


def _refuse(table: str, verb: str, condition: str = "1") -> None:
    op.execute(
        f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
        f"WHEN {condition} "
        f"BEGIN SELECT RAISE(ROLLBACK, 'append-only: {verb} on {table} refused'); END"
    )
