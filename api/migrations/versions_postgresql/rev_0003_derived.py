"""A schema beside the log's for derived data, in which the service's role makes its own tables.

They follow from the log, so that a new form of them needs no revision: they are dropped and
made again (docs/adr/0014-derived-tables.md).
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the schema."""
    name = "SELECT quote_ident(current_schema() || '_derived')"
    schema = op.get_bind().exec_driver_sql(name).scalar_one()
    op.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
