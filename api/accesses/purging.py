"""Purging receipts whose retention is over, oldest first, in bounded transactions.

Up to where rows were purged is told before the first of them goes, so that who checks the rows
of an hour never takes one that was purged for one that was taken away.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, Table, delete, select, update

from api.accesses.database import AccessDatabase
from api.accesses.periods import HOUR_MS
from api.accesses.tables import ACCESS, ALERT, MARK, REQUEST
from ledger import limits


def purge_accesses(database: AccessDatabase, *, before_ms: int) -> int:
    """Purge what is older than the hour that ``before_ms`` lies in; gives how many rows went.

    Raises:
        StoreUnavailable: the rest goes the next time.
    """
    cut_ms = before_ms - before_ms % HOUR_MS
    gone = 0
    with database.writing() as connection:
        moved = connection.execute(
            update(MARK).where(MARK.c.kept_from_ms < cut_ms).values(kept_from_ms=cut_ms)
        )
        is_new = bool(moved.rowcount)
    while is_new:
        with database.writing() as connection:
            count = _purge_page(connection, cut_ms)
        gone += count
        is_new = count > 0
    return gone


def _purge_page(connection: Connection, cut_ms: int) -> int:
    rows = _delete(connection, ACCESS, ACCESS.c.number, ACCESS.c.at_ms < cut_ms)
    others = _delete(connection, REQUEST, REQUEST.c.digest, REQUEST.c.at_ms < cut_ms)
    return rows + others + _delete(connection, ALERT, ALERT.c.number, ALERT.c.last_ms < cut_ms)


def _delete(connection: Connection, table: Table, key: Column[object], is_old: object) -> int:
    page = select(key).where(is_old).limit(limits.ACCESSES_PURGED_AT_ONCE_MAX)  # type: ignore[arg-type]
    return connection.execute(delete(table).where(key.in_(page))).rowcount
