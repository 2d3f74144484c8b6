"""The schema beside the log's in which the service's role makes the tables of tallies.

They follow from nothing (docs/spec/tally.md, section 6), and are seen by all replicas.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the schema."""
    name = "SELECT quote_ident(current_schema() || '_tallies')"
    schema = op.get_bind().exec_driver_sql(name).scalar_one()
    op.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
