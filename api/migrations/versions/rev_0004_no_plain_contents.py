"""The table of plain contents goes; all of them have moved (``api/contents_moving.py``)."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the table, which is empty."""
    op.drop_table("disclosure")
