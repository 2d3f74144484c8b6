"""Look-ups of the PostgreSQL store: known ids, and one page of a search.

A search walks the list that is likely to be shortest from its new end and probes the others
(:mod:`ledger.store_search_lists`); the connections keep the planner to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from ledger.store import KnownIds, SearchQuery
from ledger.store_names import NameBook
from ledger.store_search_lists import EntryList, alternatives

_KNOWN: Final = (
    "SELECT true, record_id, idx FROM entry WHERE record_id = ANY(%b) UNION ALL "
    "SELECT false, jti_key, idx FROM entry WHERE jti_key = ANY(%b)"
)


def look_up(
    connection: Connection, record_ids: Sequence[bytes], jti_keys: Sequence[bytes]
) -> KnownIds:
    """Which of the ids the log holds, in one round trip."""
    records: dict[bytes, int] = {}
    jtis: dict[bytes, int] = {}
    asked = (list(record_ids), list(jti_keys))
    for is_record, key, index in connection.exec_driver_sql(_KNOWN, asked):
        (records if is_record else jtis)[key] = index
    return KnownIds(records, jtis)


def search_tables(
    connection: Connection, query: SearchQuery, span: range, *, names: NameBook
) -> list[int]:
    """Indices in ``span`` that match, newest first, at most ``query.limit``."""
    found: set[int] = set()
    for lists in alternatives(connection, query, names):
        found.update(_walk(connection, lists, span, limit=query.limit))
    return sorted(found, reverse=True)[: query.limit]


def _walk(connection: Connection, lists: list[EntryList], span: range, *, limit: int) -> list[int]:
    if not lists or not limit:
        return list(reversed(span[-limit:])) if limit else []
    driver, *others = lists
    # Tables and columns are constants; values are bound.
    probes = "".join(
        f" AND EXISTS (SELECT 1 FROM {other.table} AS probed "
        f"WHERE probed.{other.column} = %s AND probed.idx = walked.idx)"
        for other in others
    )
    rows = connection.exec_driver_sql(
        f"SELECT idx FROM {driver.table} AS walked WHERE {driver.column} = %s "
        f"AND idx >= %s AND idx < %s{probes} ORDER BY idx DESC LIMIT %s",
        (driver.value, span.start, span.stop, *(other.value for other in others), limit),
    )
    return [index for (index,) in rows]
