"""One page of a search over the index tables of the SQLite store.

The list that is likely to be shortest is walked from its new end, the others are probed,
each inside its own index and never in the wide entry rows.
"""

from __future__ import annotations

from sqlalchemy import Connection

from ledger.store import SearchQuery
from ledger.store_names import NameBook
from ledger.store_search_lists import EntryList, alternatives


def search_tables(
    connection: Connection, query: SearchQuery, span: range, *, names: NameBook
) -> list[int]:
    """Indices in ``span`` that match, newest first, at most ``query.limit``."""
    found: set[int] = set()
    for lists in alternatives(connection, query, names):
        found.update(_walk(connection, lists, span, limit=query.limit))
    return sorted(found, reverse=True)[: query.limit]


def _walk(connection: Connection, lists: list[EntryList], span: range, *, limit: int) -> list[int]:
    if not lists:
        return list(reversed(span[-limit:]))
    driver, *others = lists
    # Tables and columns are constants; values are bound.
    probes = "".join(
        f" AND EXISTS (SELECT 1 FROM {other.table} {_hint(other)} "
        f"WHERE {other.column} = ? AND idx = walked.idx)"
        for other in others
    )
    rows = connection.exec_driver_sql(
        f"SELECT idx FROM {driver.table} AS walked {_hint(driver)} "
        f"WHERE {driver.column} = ? AND idx >= ? AND idx < ?{probes} ORDER BY idx DESC LIMIT ?",
        (driver.value, span.start, span.stop, *(other.value for other in others), limit),
    )
    return [index for (index,) in rows]


def _hint(listed: EntryList) -> str:
    return f"INDEXED BY entry_{listed.column}" if listed.table == "entry" else ""
