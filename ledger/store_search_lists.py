"""A search as lists of entries to intersect, the one that is likely to be shortest first.

A condition is a list of entries: those with a search key, those a party stands in, those it
signed, those of a type.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from ledger.store import SearchQuery
from ledger.store_merge import key_prefix
from ledger.store_names import NameBook


@dataclass(frozen=True, slots=True)
class EntryList:
    """Entries ``idx`` of ``table`` whose ``column`` has one value."""

    table: str
    column: str
    value: int


def alternatives(
    connection: Connection, query: SearchQuery, names: NameBook
) -> list[list[EntryList]]:
    """Lists to intersect; with a reader two such, for what it stands in and what it signed.

    None where a name asked for is in no row; an empty list to intersect is the whole log.
    """
    numbers = _Numbers.of(connection, query, names)
    return [] if numbers is None else _alternatives(query, numbers)


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


def _alternatives(query: SearchQuery, numbers: _Numbers) -> list[list[EntryList]]:
    common: list[EntryList] = []
    if query.key is not None:
        common.append(EntryList("search", "prefix", key_prefix(query.key)))
    if numbers.party is not None:
        common.append(EntryList("entry", "party", numbers.party))
    if numbers.vct is not None:
        common.append(EntryList("entry", "vct", numbers.vct))
    if numbers.reader is None:
        return [common]
    stands = EntryList("standing", "party", numbers.reader)
    position = 1 if query.key is not None else 0
    alternatives = [[*common[:position], stands, *common[position:]]]
    if numbers.party in (None, numbers.reader):
        signed = EntryList("entry", "party", numbers.reader)
        alternatives.append(list(dict.fromkeys([*common[:position], signed, *common[position:]])))
    return alternatives
