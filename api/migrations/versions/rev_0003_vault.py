"""Contents under keys of the shelf, beside the plain ones until those have moved.

``lotmark migrate`` moves them between this revision and the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table; its rows may be replaced, so nothing guards them."""
    op.create_table(
        "vault",
        sa.Column("idx", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("epoch_key", sa.LargeBinary, nullable=False),
        sa.Column("version", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("idx"),
        sa.ForeignKeyConstraint(["idx"], ["entry.idx"]),
        sqlite_strict=True,
    )
