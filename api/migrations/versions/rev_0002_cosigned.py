"""Cosigned checkpoints: notes whose cosignatures met the policy, only ever added.

They ascend, so that the first one above an index stays the first; the guards are those of
checkpoints.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table, then guard it."""
    op.create_table(
        "cosigned",
        sa.Column("size", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("size"),
        sqlite_strict=True,
    )
    _refuse("INSERT", "NEW.size <= (SELECT coalesce(max(size), 0) FROM cosigned)")
    _refuse("UPDATE", "1")
    _refuse("DELETE", "1")


def _refuse(verb: str, condition: str) -> None:
    op.execute(
        f"CREATE TRIGGER cosigned_refuses_{verb.lower()} BEFORE {verb} ON cosigned "
        f"WHEN {condition} "
        f"BEGIN SELECT RAISE(ROLLBACK, 'append-only: {verb} on cosigned refused'); END"
    )
