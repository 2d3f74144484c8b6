"""Contents under keys of the shelf, beside the plain ones until those have moved.

``lotmark migrate`` moves them between this revision and the next one.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table. Ciphertext does not compress: EXTERNAL spares the attempt."""
    op.execute(
        "CREATE TABLE vault ("
        "idx bigint PRIMARY KEY, epoch_key bytea NOT NULL, version bigint NOT NULL, "
        "wrapped bytea NOT NULL, content bytea STORAGE EXTERNAL NOT NULL)"
    )
