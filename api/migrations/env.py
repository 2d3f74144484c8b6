"""What Alembic runs: the revisions, on the connection that :mod:`api.migrate` hands over.

The caller began the transaction and commits it, so an upgrade happens whole or not at all.
"""

from __future__ import annotations

from alembic import context

from ledger.store_tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
context.run_migrations()
