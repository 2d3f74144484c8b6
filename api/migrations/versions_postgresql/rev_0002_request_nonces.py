"""Nonces of signed requests, which all replicas share, and which are forgotten by age.

No part of the log: rows are deleted once no signature inside the window can have them.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and the index by which rows are forgotten."""
    op.execute(
        "CREATE TABLE request_nonce ("
        "key_hash bytea NOT NULL, nonce_hash bytea NOT NULL, created bigint NOT NULL, "
        "PRIMARY KEY (key_hash, nonce_hash))"
    )
    op.execute("CREATE INDEX request_nonce_created ON request_nonce (created)")
