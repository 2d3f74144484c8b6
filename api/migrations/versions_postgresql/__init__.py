"""The revisions of a PostgreSQL database, in a line of their own."""
