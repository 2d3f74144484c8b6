"""The first schema on PostgreSQL: the log, its projections, and the triggers that guard them.

Rows of the log are only ever added. Statement triggers refuse UPDATE, DELETE and TRUNCATE to
whoever owns the tables too, and fire under ``session_replication_role = replica`` as well;
whoever may drop a trigger is stopped by none of them, which is why the service's role owns
nothing. Their functions name the schema before ``pg_temp``: a temporary table of the same
name would answer for the real one otherwise.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_LOG_TABLES = ("entry", "tile", "checkpoint", "cosigned", "name")

# Signatures and hashes do not compress: EXTERNAL spares the attempt.
_TABLES = """
CREATE TABLE name (id bigint PRIMARY KEY, text text NOT NULL UNIQUE);

CREATE TABLE entry (
  idx bigint PRIMARY KEY,
  record_id bytea NOT NULL,
  jti_key bytea NOT NULL,
  leaf bytea NOT NULL,
  party bigint NOT NULL,
  vct bigint NOT NULL,
  admitted_ms bigint NOT NULL,
  text bytea STORAGE EXTERNAL NOT NULL
);
CREATE UNIQUE INDEX entry_record_id ON entry (record_id);
CREATE UNIQUE INDEX entry_jti_key ON entry (jti_key);
CREATE INDEX entry_party ON entry (party, idx);
CREATE INDEX entry_vct ON entry (vct, idx);

CREATE TABLE tile (
  level bigint NOT NULL,
  number bigint NOT NULL,
  root bytea NOT NULL,
  hashes bytea STORAGE EXTERNAL NOT NULL,
  PRIMARY KEY (level, number)
);

CREATE TABLE checkpoint (size bigint PRIMARY KEY, note text NOT NULL);

CREATE TABLE cosigned (size bigint PRIMARY KEY, note text NOT NULL);

CREATE TABLE head (
  id bigint PRIMARY KEY CHECK (id = 0),
  size bigint NOT NULL,
  leaf bytea NOT NULL,
  root bytea NOT NULL,
  admitted_ms bigint NOT NULL,
  frontier bytea NOT NULL,
  outbox_end bigint NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE disclosure (idx bigint PRIMARY KEY, text text NOT NULL);

CREATE TABLE pin (blob text PRIMARY KEY, idx bigint NOT NULL);

CREATE TABLE outbox (
  position bigint PRIMARY KEY, topic text NOT NULL, idx bigint NOT NULL, entries bigint NOT NULL
);

CREATE TABLE search (prefix bigint NOT NULL, idx bigint NOT NULL, PRIMARY KEY (prefix, idx));

CREATE TABLE standing (party bigint NOT NULL, idx bigint NOT NULL, PRIMARY KEY (party, idx));
"""

# The head is there from the start, so that the founders' first writers wait for each other too.
_FIRST_HEAD = "INSERT INTO head VALUES (0, 0, '', '', 0, '', 0)"

_REFUSE = """
  RAISE EXCEPTION USING
    ERRCODE = 'restrict_violation',
    MESSAGE = format('append-only: %s on %s refused', TG_OP, TG_TABLE_NAME);
"""

_REFUSES = f"BEGIN {_REFUSE} END"

# Added rows are consecutive, and follow the last one that was there; keys are unique anyway.
_EXTENDS_ENTRIES = f"""
DECLARE
  first bigint;
  last bigint;
  added_rows bigint;
BEGIN
  SELECT min(idx), max(idx), count(*) INTO first, last, added_rows FROM added;
  IF added_rows > 0 AND (
    last - first + 1 <> added_rows
    OR first <> 0 AND NOT EXISTS (SELECT 1 FROM entry WHERE idx = first - 1)
  ) THEN {_REFUSE} END IF;
  RETURN NULL;
END
"""

_ASCENDS = f"""
BEGIN
  IF NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoint) THEN {_REFUSE} END IF;
  RETURN NEW;
END
"""

# Not under the head's lock: the lock makes a second writer see what the first one kept.
_ASCENDS_COSIGNED = f"""
BEGIN
  PERFORM pg_advisory_xact_lock('cosigned'::regclass::oid::bigint);
  IF NEW.size <= (SELECT coalesce(max(size), 0) FROM cosigned) THEN {_REFUSE} END IF;
  RETURN NEW;
END
"""

_MOVES_WITH_ENTRIES = f"""
BEGIN
  IF NEW.size <= OLD.size
    OR NEW.size <> (SELECT max(idx) + 1 FROM entry)
    OR NEW.outbox_end < OLD.outbox_end
  THEN {_REFUSE} END IF;
  RETURN NEW;
END
"""


def upgrade() -> None:
    """Create the tables, then guard them."""
    op.execute(_TABLES)
    op.execute(_FIRST_HEAD)
    _function("refuses", _REFUSES)
    for table in _LOG_TABLES:
        _guard(table, "refuses", "BEFORE UPDATE OR DELETE OR TRUNCATE", each="STATEMENT")
    _guard("head", "refuses", "BEFORE INSERT OR DELETE OR TRUNCATE", each="STATEMENT")
    _function("extends_entries", _EXTENDS_ENTRIES)
    _guard(
        "entry", "extends_entries", "AFTER INSERT", each="STATEMENT", seeing="NEW TABLE AS added"
    )
    _function("ascends", _ASCENDS)
    _guard("checkpoint", "ascends", "BEFORE INSERT", each="ROW")
    _function("ascends_cosigned", _ASCENDS_COSIGNED)
    _guard("cosigned", "ascends_cosigned", "BEFORE INSERT", each="ROW")
    _function("moves_with_entries", _MOVES_WITH_ENTRIES)
    _guard("head", "moves_with_entries", "BEFORE UPDATE", each="ROW")


def _function(name: str, body: str) -> None:
    schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    op.get_bind().exec_driver_sql(
        f"CREATE FUNCTION lotmark_{name}() RETURNS trigger LANGUAGE plpgsql "
        f"SET search_path = {schema}, pg_temp AS $body${body}$body$".replace("%", "%%")
    )


def _guard(table: str, function: str, when: str, *, each: str, seeing: str = "") -> None:
    referencing = f"REFERENCING {seeing}" if seeing else ""
    op.execute(
        f"CREATE TRIGGER {table}_{function} {when} ON {table} {referencing} "
        f"FOR EACH {each} EXECUTE FUNCTION lotmark_{function}()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{function}")
