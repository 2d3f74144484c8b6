"""Reading records: as a view, as a receipt, by search. Loading and permission are one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.exchange import Reader, Refused
from api.published import Published, asks_for_cosigned
from api.search_query import Asked, Content, encode_cursor, parse_search
from keys.encoding import encode_base64url
from ledger import limits
from ledger.content import search_key
from ledger.disclosure import Disclosure, open_disclosures
from ledger.entry import split_entry
from ledger.faults import Refusal
from ledger.record import GOVERNANCE_VCTS, parse_jws
from ledger.service import Ledger
from ledger.store import EntryRow, SearchQuery, Store
from ledger.view import encode_view, encode_view_lines
from ledger.view_builder import Shown, build_view

VIEW_TYPE: Final = "application/vnd.lotmark.view+json"
VIEW_LINES_TYPE: Final = "application/vnd.lotmark.view+jsonl"
PROOF_TYPE: Final = "text/plain; charset=utf-8"
_RECORDS_AT_ONCE: Final = 16
_FOR_PARTNERS: Final = frozenset({"public", "consortium", "partner"})


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """A record as one reader gets it: the entry, and the disclosures that are the reader's."""

    row: EntryRow
    disclosures: tuple[str, ...]
    groups: tuple[Disclosure, ...]


Rule = Callable[[EntryRow, Sequence[Disclosure], Reader], frozenset[str]]
"""Which of the opened groups of a record a reader gets."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a search, newest first, and where the next one begins (None: nowhere)."""

    records: tuple[OpenedRecord, ...]
    cursor: str | None


class RecordShelf:
    """The one way to a record: finds it and decides what the reader gets of it."""

    def __init__(
        self, ledger: Ledger, store: Store, search_secret: bytes, *, published: Published
    ) -> None:
        """Read from ``ledger`` and ``store``; views are proven as ``published`` says."""
        self._ledger = ledger
        self._published = published
        self._store = store
        self._secret = search_secret

    def open(self, record_id: str, reader: Reader) -> OpenedRecord:
        """One record for one reader.

        Raises:
            Refused: there is no such record.
        """
        row = self.find(record_id)
        (opened,) = self._open_rows([row], reader)
        return opened

    def find(self, record_id: str) -> EntryRow:
        """The entry of a record.

        Raises:
            Refused: there is no such record.
        """
        row = self._ledger.reader.find(record_id)
        if row is not None and row.index >= self._ledger.size:
            # Another replica has committed it, and may have acknowledged it by now.
            self._ledger.catch_up(row.index + 1)
        if row is None or row.index >= self._ledger.size:
            raise Refused(Refusal("not-found", f"no record {record_id[:60]!r}"))
        return row

    def open_for_partner(self, indices: Sequence[int], reader: Reader) -> list[OpenedRecord]:
        """Records as a partner of their signers gets them: groups of tier partner and wider too.

        The caller has seen that the reader signed them, or has a relation with who did in force.
        """
        rows = [self._ledger.reader.entry(index) for index in indices]
        return self._open_rows(rows, reader, readable=_readable_to_partner)

    def newest(self, asked: Asked, reader: Reader) -> Page:
        """The records that match, newest first, each as the reader gets it.

        Fewer than asked for where their content is large; the cursor leads on.
        """
        self._ledger.catch_up()
        indices = self._store.search(self._query(asked))
        records: list[OpenedRecord] = []
        room = limits.SEARCH_PAGE_BYTES_MAX
        for start in range(0, min(len(indices), asked.limit), _RECORDS_AT_ONCE):
            stop = min(start + _RECORDS_AT_ONCE, asked.limit)
            rows = [self._ledger.reader.entry(index) for index in indices[start:stop]]
            opened = self._open_rows(rows, reader)
            records.extend(opened)
            room -= sum(map(_size, opened))
            if room < 0:
                break
        is_more = len(records) < len(indices)
        return Page(tuple(records), encode_cursor(records[-1].row.index) if is_more else None)

    def view(
        self, records: Sequence[OpenedRecord], *, as_lines: bool, cosigned: bool | None = None
    ) -> str:
        """A view of the records with everything needed to verify it.

        By default under a checkpoint that the trust policy accepts; with ``cosigned`` False
        under the newest that the log signed.
        """
        shown = [Shown(record.row, record.disclosures) for record in records]
        size = max(item.row.index for item in shown) + 1
        note = self._published.checkpoint_over(size, cosigned=cosigned)
        view = build_view(shown, self._ledger.reader, self._ledger.fold, checkpoint=note)
        return encode_view_lines(view) if as_lines else encode_view(view)

    def _query(self, asked: Asked) -> SearchQuery:
        # The store may hold entries whose receipts have not left yet: they are not found either.
        end = self._ledger.size
        return SearchQuery(
            before=end if asked.before is None else min(asked.before, end),
            limit=asked.limit + 1,
            party=asked.party,
            vct=asked.vct,
            reader=asked.only_for,
            key=self._key(asked.content),
            since_ms=asked.since_ms,
            until_ms=asked.until_ms,
        )

    def _key(self, content: Content | None) -> bytes | None:
        if content is None:
            return None
        return search_key(self._secret, content.owner, field=content.field, value=content.value)

    def _open_rows(
        self, rows: Sequence[EntryRow], reader: Reader, *, readable: Rule | None = None
    ) -> list[OpenedRecord]:
        kept = self._store.disclosures([row.index for row in rows])
        rule = readable or readable_groups
        return [self._open_row(row, kept.get(row.index, ""), reader, rule=rule) for row in rows]

    def _open_row(self, row: EntryRow, kept: str, reader: Reader, *, rule: Rule) -> OpenedRecord:
        texts = kept[:-1].split("~") if kept else []
        _, jws = split_entry(row.text)
        claims = parse_jws(jws, origin=self._ledger.fold.origin).claims
        opened = open_disclosures(claims, texts)
        names = rule(row, opened, reader)
        shown = [pair for pair in zip(texts, opened, strict=True) if pair[1].group in names]
        return OpenedRecord(row, tuple(text for text, _ in shown), tuple(d for _, d in shown))


def _size(record: OpenedRecord) -> int:
    return sum(map(len, record.disclosures)) + len(record.row.text)


def readable_groups(row: EntryRow, opened: Sequence[Disclosure], reader: Reader) -> frozenset[str]:
    """The groups that a reader gets: all for owner, issuer and subject, else the public ones."""
    names = frozenset(disclosure.group for disclosure in opened)
    if reader.did is not None and reader.did == row.party:
        return names
    if row.vct in GOVERNANCE_VCTS:
        return frozenset()
    manifest = next((d.value for d in opened if d.group == "manifest"), None)
    if manifest is None:
        return frozenset()
    if reader.did is not None and reader.did in (manifest["owner"], manifest["subject"]):
        return names
    return frozenset(name for name in names if manifest["groups"].get(name) == "public")


def _readable_to_partner(
    row: EntryRow, opened: Sequence[Disclosure], reader: Reader
) -> frozenset[str]:
    names = readable_groups(row, opened, reader)
    manifest = next((d.value for d in opened if d.group == "manifest"), None)
    if manifest is None:
        return names
    wide = (name for name, tier in manifest["groups"].items() if tier in _FOR_PARTNERS)
    return names | frozenset(wide)


class RecordDoor:
    """The HTTP routes that read records."""

    def __init__(self, shelf: RecordShelf, published: Published) -> None:
        """Serve from ``shelf``, receipts as ``published`` has them."""
        self._shelf = shelf
        self._published = published

    def show(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/records/{id}``: a view."""
        is_cosigned = asks_for_cosigned(request)
        record = self._shelf.open(request.path_params["record_id"], reader)
        text = self._shelf.view([record], as_lines=False, cosigned=is_cosigned)
        return private(Response(text, media_type=VIEW_TYPE))

    def receipt(self, request: Request) -> Response:
        """``GET /v1/records/{id}/receipt``: the first receipt, the same bytes always.

        With ``cosigned=true`` the one against the first cosigned checkpoint over the entry.
        """
        is_cosigned = bool(asks_for_cosigned(request))
        row = self._shelf.find(request.path_params["record_id"])
        text = self._published.receipt(row.index, cosigned=is_cosigned)
        return Response(text, media_type=PROOF_TYPE, headers={"Cache-Control": "max-age=86400"})

    def search(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/records``: a page, newest first, as JSON or as one view."""
        accepted = _accepted(request)
        asked = parse_search(request.query_params, reader)
        if accepted & {VIEW_TYPE, VIEW_LINES_TYPE}:
            asked = self._provable(asked)
        page = self._shelf.newest(asked, reader)
        response = self._answer(page, accepted)
        if page.cursor:
            response.headers["X-Next-Cursor"] = page.cursor
        return private(response)

    def _provable(self, asked: Asked) -> Asked:
        """What a view can prove now: a page of newest records ends where cosigning does."""
        size = self._published.size()
        if size is None or (asked.before is not None and asked.before <= size):
            return asked
        return replace(asked, before=size)

    def _answer(self, page: Page, accepted: frozenset[str]) -> Response:
        # A view has at least one record; an empty page is JSON whatever was asked for.
        form = next((form for form in (VIEW_LINES_TYPE, VIEW_TYPE) if form in accepted), None)
        if form and page.records:
            text = self._shelf.view(page.records, as_lines=form == VIEW_LINES_TYPE)
            return Response(text, media_type=form)
        records = [describe(record) for record in page.records]
        return JSONResponse({"records": records, "next": page.cursor})


def _accepted(request: Request) -> frozenset[str]:
    ranges = request.headers.get("accept", "").lower().split(",")
    return frozenset(item.partition(";")[0].strip() for item in ranges)


def describe(record: OpenedRecord) -> dict[str, Any]:
    """A record as a line of a search result: what the reader gets, without its proof."""
    row = record.row
    return {
        "record_id": encode_base64url(row.record_id),
        "index": row.index,
        "party": row.party,
        "type": row.vct,
        "admitted_ms": row.admitted_ms,
        "groups": {disclosure.group: disclosure.value for disclosure in record.groups},
    }


def private(response: Response) -> Response:
    """Keep an answer that depends on the reader out of shared caches."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Signature, Signature-Input, Accept"
    return response
