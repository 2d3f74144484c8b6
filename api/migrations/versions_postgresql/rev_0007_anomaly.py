"""The schema beside the log's in which the service's role makes the tables of scored parameters.

Models are kept there too, which follow from training (docs/adr/0018-anomaly-tables.md).
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the schema."""
    name = "SELECT quote_ident(current_schema() || '_anomaly')"
    schema = op.get_bind().exec_driver_sql(name).scalar_one()
    op.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
