"""One page of a search over the index tables of the SQLite store.

A condition is a list of entries: those with a search key, those a party stands in, those it
signed, those of a type. The list that is likely to be shortest is walked from its new end,
the others are probed, each inside its own index and never in the wide entry rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from ledger.store import SearchQuery
from ledger.store_merge import key_prefix
from ledger.store_names import NameBook


@dataclass(frozen=True, slots=True)
class _List:
    """Entries ``idx`` of ``source`` whose ``column`` has one value; named shortest first."""

    source: str
    column: str
    value: int


def search_tables(
    connection: Connection, query: SearchQuery, span: range, *, names: NameBook
) -> list[int]:
    """Indices in ``span`` that match, newest first, at most ``query.limit``."""
    numbers = _Numbers.of(connection, query, names)
    if numbers is None:
        return []
    found: set[int] = set()
    for lists in _alternatives(query, numbers):
        found.update(_walk(connection, lists, span, limit=query.limit))
    return sorted(found, reverse=True)[: query.limit]


@dataclass(frozen=True, slots=True)
class _Numbers:
    party: int | None
    vct: int | None
    reader: int | None

    @classmethod
    def of(cls, connection: Connection, query: SearchQuery, names: NameBook) -> _Numbers | None:
        """The numbers of the names asked for, None where one of them is in no row."""
        asked = (query.party, query.vct, query.reader)
        found = [None if text is None else names.find(text, connection) for text in asked]
        if any(text is not None and n is None for text, n in zip(asked, found, strict=True)):
            return None
        return cls(*found)


def _alternatives(query: SearchQuery, numbers: _Numbers) -> list[list[_List]]:
    """Lists to intersect; with a reader two such, for what it stands in and what it signed."""
    common: list[_List] = []
    if query.key is not None:
        common.append(_List("search", "prefix", key_prefix(query.key)))
    if numbers.party is not None:
        common.append(_List("entry INDEXED BY entry_party", "party", numbers.party))
    if numbers.vct is not None:
        common.append(_List("entry INDEXED BY entry_vct", "vct", numbers.vct))
    if numbers.reader is None:
        return [common]
    stands = _List("standing", "party", numbers.reader)
    position = 1 if query.key is not None else 0
    alternatives = [[*common[:position], stands, *common[position:]]]
    if numbers.party in (None, numbers.reader):
        signed = _List("entry INDEXED BY entry_party", "party", numbers.reader)
        alternatives.append(list(dict.fromkeys([*common[:position], signed, *common[position:]])))
    return alternatives


def _walk(connection: Connection, lists: list[_List], span: range, *, limit: int) -> list[int]:
    if not lists:
        return list(reversed(span[-limit:]))
    driver, *others = lists
    # Sources and columns are the constants above; values are bound.
    source, _, hint = driver.source.partition(" ")
    probes = "".join(
        f" AND EXISTS (SELECT 1 FROM {other.source} WHERE {other.column} = ? AND idx = walked.idx)"
        for other in others
    )
    rows = connection.exec_driver_sql(
        f"SELECT idx FROM {source} AS walked {hint} "
        f"WHERE {driver.column} = ? AND idx >= ? AND idx < ?{probes} ORDER BY idx DESC LIMIT ?",
        (driver.value, span.start, span.stop, *(other.value for other in others), limit),
    )
    return [index for (index,) in rows]
