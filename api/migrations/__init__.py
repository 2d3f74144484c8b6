"""The history of the database schema, for Alembic; :mod:`api.migrate` runs it."""
