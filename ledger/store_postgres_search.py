"""Look-ups of the PostgreSQL store: known ids, and one page of a search.

A search intersects lists of entries (:mod:`ledger.store_search_lists`) from their new end,
by leaps: what one list lacks is skipped in all others, so that the shortest list bounds the
work, whichever it is, and no statistics of the database decide how long an answer takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
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
    if span and query.limit:
        for lists in alternatives(connection, query, names):
            found.update(_intersect(connection, lists, span, limit=query.limit))
    return sorted(found, reverse=True)[: query.limit]


def _intersect(
    connection: Connection, lists: list[EntryList], span: range, *, limit: int
) -> list[int]:
    if not lists:
        return list(reversed(span[-limit:]))
    values = [value for each in lists for value in (each.value, span.start)]
    rows = connection.exec_driver_sql(
        _intersection(tuple((each.table, each.column) for each in lists)),
        (span.stop - 1, *values, limit),
    )
    return [index for (index,) in rows]


@lru_cache(maxsize=64)
def _intersection(lists: tuple[tuple[str, str], ...]) -> str:
    """The statement for these tables and columns, which are constants; values are bound.

    Each step asks one list after the other for its newest entry that is not newer than what
    the one before gave. If the last gives what the first gave, all have it.
    """
    at_most = ["walk.candidate", *(f"l{n}.idx" for n in range(len(lists)))]
    steps = "".join(
        f" CROSS JOIN LATERAL (SELECT idx FROM {table} WHERE {column} = %s AND idx >= %s "
        f"AND idx <= {at_most[n]} ORDER BY idx DESC LIMIT 1) AS l{n}"
        for n, (table, column) in enumerate(lists)
    )
    last = f"l{len(lists) - 1}.idx"
    return (
        "WITH RECURSIVE walk (candidate, found) AS (SELECT %s::bigint, NULL::bigint UNION ALL "
        f"SELECT CASE WHEN {last} = l0.idx THEN l0.idx - 1 ELSE {last} END, "
        f"CASE WHEN {last} = l0.idx THEN l0.idx END FROM walk{steps}) "
        "SELECT found FROM walk WHERE found IS NOT NULL LIMIT %s"
    )
