"""Searching records: a page depends on what its reader may find, and on nothing else.

A member finds every record by its clear claims, which the entry bundles show it anyway. Who is
no member finds what has something public, and what is its own. By content a record is found
only where the reader gets the group that holds the value. What is hidden and what is absent
cost the same statements (docs/spec/api.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from api.exchange import ANYONE as NOBODY
from api.exchange import Reader
from api.records import OpenedRecord, RecordShelf
from api.search_query import EVERYTHING, Asked, Content, encode_cursor
from api.sharing import Reading, Sharing
from ledger import limits
from ledger.content import ANYONE, search_key
from ledger.json_pointer import resolve_pointer
from ledger.service import Ledger
from ledger.store import EntryRow, SearchQuery, Store

_RECORDS_AT_ONCE: Final = 32
#: No entry has it: it fills the last look-up, so that its length tells nothing.
_NO_ENTRY: Final = -1


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a search, newest first, and where the next one begins (None: nowhere)."""

    records: tuple[OpenedRecord, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class RecordSearch:
    """Finds records for a reader."""

    ledger: Ledger
    store: Store
    secret: bytes
    shelf: RecordShelf
    sharing: Sharing

    def newest(self, asked: Asked, reader: Reader) -> Page:
        """The records that match, newest first, each as the reader gets it, to be shown.

        Fewer than asked for where their content is large; the cursor leads on.

        Raises:
            AccessNotKept: the receipts of the read cannot be kept.
        """
        self.ledger.catch_up()
        page = self._newest(asked, self.sharing.reading(reader))
        self.shelf.note(page.records, reader)
        return page

    def _newest(self, asked: Asked, reading: Reading) -> Page:
        if asked.content is not None:
            return self._by_content(asked, asked.content, reading)
        if not reading.principal.is_member:
            return self._newest_found(asked, reading)
        indices = self.candidates(asked, reading)
        pages = self._opened(indices[: asked.limit], reading)
        records, is_cut = _fill((record for page in pages for record in page), asked.limit)
        is_more = is_cut or len(indices) > asked.limit
        return _page(records, is_more=is_more, last=indices[: asked.limit])

    def _newest_found(self, asked: Asked, reading: Reading) -> Page:
        """The same for who is no member: what was public may have been narrowed since.

        Only what is found tells whether there is more, but where very many in a row are hidden.
        """
        room = asked.limit + limits.HIDDEN_CANDIDATES_MAX
        indices = self.candidates(replace(asked, limit=room), reading)
        at_once = min(_RECORDS_AT_ONCE, asked.limit + 1)
        pages = self._opened(indices[:room], reading, at_once=at_once)
        records, is_cut = _fill((record for page in pages for record in page), asked.limit)
        if not is_cut and len(indices) > room:
            return Page(records, encode_cursor(indices[room - 1]))
        return _page(records, is_more=is_cut, last=())

    def all_of(self, asked: Asked, reading: Reading) -> tuple[list[int], bool]:
        """The entries of all records that match, newest first, and whether there are more."""
        self.ledger.catch_up()
        if reading.principal.is_member:
            indices = self.candidates(asked, reading)
            return indices[: asked.limit], len(indices) > asked.limit
        # A policy may have narrowed since what was public at admission.
        room = asked.limit + limits.HIDDEN_CANDIDATES_MAX
        indices = self.candidates(replace(asked, limit=room), reading)
        pages = self._opened(indices[:room], reading)
        visible = (record.row.index for records in pages for record in records)
        found = list(islice(visible, asked.limit + 1))
        return found[: asked.limit], len(found) > asked.limit or len(indices) > room

    def candidates(self, asked: Asked, reading: Reading) -> list[int]:
        """The newest entries that match and may be known to the reader: one more than asked."""
        query = self._query(asked, limit=asked.limit + 1)
        found = {index for each in _readers(asked, reading) for index in self._find(query, each)}
        return sorted(found, reverse=True)[: asked.limit + 1]

    def known_to_anyone(self, *, before: int, limit: int) -> list[EntryRow]:
        """The newest entries below an index that anyone may know of."""
        asked = replace(EVERYTHING, limit=limit, before=before)
        return [record.row for record in self.newest(asked, NOBODY).records]

    def _by_content(self, asked: Asked, content: Content, reading: Reading) -> Page:
        """What holds the value where the reader gets it, of the newest that hold it.

        What the reader itself signed or stands in is looked for apart, so that records of
        others never stand before its own.
        """
        own = self._query(asked, limit=asked.limit + 1)
        indices = set(self._find(own, reading.principal.did))
        if asked.only_for is None:
            others = self._query(asked, limit=limits.CONTENT_CANDIDATES_MAX)
            indices.update(self._find(others, None))
        room = limits.CONTENT_CANDIDATES_MAX + asked.limit + 1
        wanted = sorted(indices, reverse=True)
        wanted += [_NO_ENTRY] * (-(-room // _RECORDS_AT_ONCE) * _RECORDS_AT_ONCE - len(wanted))
        visible = (
            record
            for page in self._opened(wanted, reading)
            for record in page
            if _shows(record, content)
        )
        records, is_cut = _fill(visible, asked.limit)
        for _ in visible:
            pass  # All is gone through: how far must not tell what is hidden.
        return _page(records, is_more=is_cut, last=())

    def _opened(
        self, indices: Sequence[int], reading: Reading, *, at_once: int = _RECORDS_AT_ONCE
    ) -> Iterator[list[OpenedRecord]]:
        for start in range(0, len(indices), at_once):
            opened = self.shelf.open_at(indices[start : start + at_once], reading)
            yield [record for record in opened if record.sight.is_found]

    def _find(self, query: SearchQuery, reader: str | None) -> Sequence[int]:
        return self.store.search(replace(query, reader=reader))

    def _query(self, asked: Asked, *, limit: int) -> SearchQuery:
        # The store may hold entries whose receipts have not left yet: they are not found either.
        end = self.ledger.size
        return SearchQuery(
            before=end if asked.before is None else min(asked.before, end),
            limit=limit,
            party=asked.party,
            vct=asked.vct,
            key=self._key(asked.content),
            since_ms=asked.since_ms,
            until_ms=asked.until_ms,
        )

    def _key(self, content: Content | None) -> bytes | None:
        if content is None:
            return None
        return search_key(self.secret, content.owner, field=content.field, value=content.value)


def _readers(asked: Asked, reading: Reading) -> tuple[str | None, ...]:
    """For whom the index is asked: a member for everybody, who is none for anyone and itself."""
    if asked.only_for is not None:
        return (asked.only_for,)
    if reading.principal.is_member:
        return (None,)
    did = reading.principal.did
    return (ANYONE,) if did is None else (ANYONE, did)


def _shows(record: OpenedRecord, content: Content) -> bool:
    shown = {disclosure.group: disclosure.value for disclosure in record.groups}
    value = resolve_pointer(shown, content.field)
    return type(value) in (str, int) and str(value) == content.value


def _fill(visible: Iterator[OpenedRecord], count: int) -> tuple[tuple[OpenedRecord, ...], bool]:
    """What fits into a page, and whether there was more."""
    kept: list[OpenedRecord] = []
    room = limits.SEARCH_PAGE_BYTES_MAX
    for record in visible:
        if len(kept) == count or room < 0:
            return tuple(kept), True
        kept.append(record)
        room -= record.size
    return tuple(kept), False


def _page(records: tuple[OpenedRecord, ...], *, is_more: bool, last: Sequence[int]) -> Page:
    if not is_more:
        return Page(records, None)
    at = records[-1].row.index if records else last[-1]
    return Page(records, encode_cursor(at))
