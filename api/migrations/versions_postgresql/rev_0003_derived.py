"""Schemas beside the log's in which the service's role makes its own tables.

Derived data follows from the log, so that a new form of its tables needs no revision: they are
dropped and made again (docs/adr/0014-derived-tables.md). Receipts of accesses follow from
nothing and stay (docs/spec/accesses.md).
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the schemas."""
    for suffix in ("_derived", "_accesses"):
        name = f"SELECT quote_ident(current_schema() || '{suffix}')"
        schema = op.get_bind().exec_driver_sql(name).scalar_one()
        op.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
