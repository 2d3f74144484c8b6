"""Nonces of signed requests in a table that all replicas share.

The primary key decides: of all replicas that take a nonce, one inserts it. The table keeps
hashes, so that it tells nobody who reads it what to send, and is kept small by age. Every
replica goes by the database's clock, so that none takes what another has already forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple

from ledger.clock import Clock
from ledger.limits import REQUEST_WINDOW_SECONDS
from ledger.store_connections import close_engine
from ledger.store_postgres_connections import writer_engine
from ledger.store_postgres_database import failures

#: A row outlives the window by as much again: a clock that steps back a little opens nothing.
KEPT_SECONDS: Final = 2 * REQUEST_WINDOW_SECONDS

_NOW: Final = "coalesce(%s::bigint, floor(extract(epoch FROM clock_timestamp()))::bigint)"
_CLAIM: Final = f"""
WITH clock AS (SELECT {_NOW} AS now),
asked AS (
  SELECT key_hash, nonce_hash, created, created >= now - {REQUEST_WINDOW_SECONDS} AS is_fresh
  FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[]) AS a (key_hash, nonce_hash, created), clock
),
taken AS (
  INSERT INTO request_nonce (key_hash, nonce_hash, created)
  SELECT key_hash, nonce_hash, created FROM asked WHERE is_fresh
  ON CONFLICT DO NOTHING
  RETURNING key_hash, nonce_hash
)
SELECT asked.key_hash, asked.nonce_hash, is_fresh, taken.key_hash IS NOT NULL
FROM asked LEFT JOIN taken USING (key_hash, nonce_hash)
"""
_FORGET: Final = f"DELETE FROM request_nonce WHERE created < {_NOW} - {KEPT_SECONDS}"


class NonceClaim(NamedTuple):
    """A key, a nonce it has signed, and the Unix second in which it says it did."""

    key: str
    nonce: str
    created: int

    def hashes(self) -> tuple[bytes, bytes]:
        """What the table keeps of key and nonce: 32 bytes each."""
        return (
            hashlib.sha256(self.key.encode()).digest(),
            hashlib.sha256(self.nonce.encode()).digest(),
        )


class Fate(Enum):
    """What became of a claim."""

    TAKEN = "it is this claim's"
    REPLAYED = "another request had it"
    EXPIRED = "it may have been forgotten"


class PostgresNonces:
    """The table of one log; may be used by threads."""

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        """Use the database at ``url``; nothing is connected yet.

        Args:
            url: ``postgresql://role@host/database``.
            clock: stands for that of the database, in a test or a replay.
        """
        self._engine = writer_engine(url).execution_options(isolation_level="AUTOCOMMIT")
        self._clock = clock

    def claim(self, claims: Sequence[NonceClaim]) -> list[Fate]:
        """Take nonces, each once, in one statement; the fate of each in their order.

        Args:
            claims: no two of the same key and nonce.

        Raises:
            StoreUnavailable: it is not known what was taken; draw new nonces.
        """
        keyed = [claim.hashes() for claim in claims]
        columns = [key for key, _ in keyed], [nonce for _, nonce in keyed]
        created = [claim.created for claim in claims]
        with failures(), self._engine.connect() as connection:
            found = connection.exec_driver_sql(_CLAIM, (self._now(), *columns, created)).all()
        fates = {(key, nonce): _fate(fresh, taken) for key, nonce, fresh, taken in found}
        return [fates[hashes] for hashes in keyed]

    def forget(self) -> int:
        """Delete what no signature inside the window can have; how many there were.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with failures(), self._engine.connect() as connection:
            return connection.exec_driver_sql(_FORGET, (self._now(),)).rowcount

    def close(self) -> None:
        """Release the connections."""
        close_engine(self._engine)

    def _now(self) -> int | None:
        return None if self._clock is None else self._clock.now_ms() // 1000


def _fate(is_fresh: bool, is_taken: bool) -> Fate:
    if is_taken:
        return Fate.TAKEN
    return Fate.REPLAYED if is_fresh else Fate.EXPIRED
