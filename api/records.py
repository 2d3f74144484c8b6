"""Reading records: as a view, as a receipt, by search. Loading and permission are one call."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.exchange import Reader, Refused, RequestJudge
from api.process_clock import ProcessClock
from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.content import search_key
from ledger.disclosure import Disclosure, open_disclosures
from ledger.entry import split_entry
from ledger.faults import Fault, Refusal
from ledger.record import GOVERNANCE_VCTS, parse_jws
from ledger.service import Ledger
from ledger.store import EntryRow, SearchQuery, Store
from ledger.view import encode_view, encode_view_lines
from ledger.view_builder import Shown, build_view

VIEW_TYPE: Final = "application/vnd.lotmark.view+json"
VIEW_LINES_TYPE: Final = "application/vnd.lotmark.view+jsonl"
PROOF_TYPE: Final = "text/plain; charset=utf-8"
LIMIT_DEFAULT: Final = 50
_QUERY: Final = frozenset(
    {"limit", "cursor", "party", "type", "owner", "field", "value", "since", "until", "mine"}
)


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """A record as one reader gets it: the entry, and the disclosures that are the reader's."""

    row: EntryRow
    disclosures: tuple[str, ...]
    groups: tuple[Disclosure, ...]


class RecordShelf:
    """The one way to a record: finds it and decides what the reader gets of it."""

    def __init__(self, ledger: Ledger, store: Store, search_secret: bytes) -> None:
        """Read from ``ledger`` and ``store``."""
        self._ledger = ledger
        self._store = store
        self._secret = search_secret

    def open(self, record_id: str, reader: Reader) -> OpenedRecord:
        """One record for one reader.

        Raises:
            Refused: there is no such record.
        """
        row = self._ledger.reader.find(record_id)
        if row is None:
            raise Refused(Refusal("not-found", f"no record {record_id[:60]!r}"))
        return self._open_rows([row], reader)[0]

    def newest(self, query: SearchQuery, reader: Reader) -> list[OpenedRecord]:
        """The records that match, newest first, each as the reader gets it."""
        rows = [self._ledger.reader.entry(index) for index in self._store.search(query)]
        return self._open_rows(rows, reader)

    def view(self, records: Sequence[OpenedRecord], *, as_lines: bool) -> str:
        """A view of the records with everything needed to verify it."""
        shown = [Shown(record.row, record.disclosures) for record in records]
        view = build_view(shown, self._ledger.reader, self._ledger.fold)
        return encode_view_lines(view) if as_lines else encode_view(view)

    def key_for(self, owner: str, field: str, value: str) -> bytes:
        """The stored form of a searchable value."""
        return search_key(self._secret, owner, field, value)

    def _open_rows(self, rows: Sequence[EntryRow], reader: Reader) -> list[OpenedRecord]:
        kept = self._store.disclosures([row.index for row in rows])
        return [self._open_row(row, kept.get(row.index, ""), reader) for row in rows]

    def _open_row(self, row: EntryRow, kept: str, reader: Reader) -> OpenedRecord:
        texts = kept[:-1].split("~") if kept else []
        _, jws = split_entry(row.text)
        claims = parse_jws(jws, origin=self._ledger.fold.origin).claims
        opened = open_disclosures(claims, texts)
        pairs = [
            (text, disclosure)
            for text, disclosure in zip(texts, opened, strict=True)
            if disclosure.group in readable_groups(row, opened, reader)
        ]
        return OpenedRecord(row, tuple(text for text, _ in pairs), tuple(d for _, d in pairs))


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


class RecordDoor:
    """The HTTP routes that read records."""

    def __init__(
        self, shelf: RecordShelf, ledger: Ledger, judge: RequestJudge, clock: ProcessClock
    ) -> None:
        """Serve from ``shelf``; readers are those that ``judge`` establishes."""
        self._shelf = shelf
        self._ledger = ledger
        self._judge = judge
        self._clock = clock

    def _reader(self, request: Request) -> Reader:
        return self._judge.reader_of(request, b"", now_s=self._clock.now_s())

    def show(self, request: Request) -> Response:
        """``GET /v1/records/{id}``: a view."""
        reader = self._reader(request)
        record = self._shelf.open(request.path_params["record_id"], reader)
        return view_response(self._shelf.view([record], as_lines=False), reader)

    def receipt(self, request: Request) -> Response:
        """``GET /v1/records/{id}/receipt``: the first receipt, the same bytes always."""
        row = self._ledger.reader.find(request.path_params["record_id"])
        if row is None:
            raise Refused(Refusal("not-found", "no such record"))
        text = self._ledger.reader.receipt(row.index)
        return Response(text, media_type=PROOF_TYPE, headers={"Cache-Control": "max-age=86400"})

    def search(self, request: Request) -> Response:
        """``GET /v1/records``: a page, newest first, as JSON or as one view."""
        reader = self._reader(request)
        query = self._query(request, reader)
        records = self._shelf.newest(query, reader)
        more = len(records) == query.limit and records[-1].row.index > 0
        cursor = encode_cursor(records[-1].row.index) if more else None
        accepted = request.headers.get("accept", "")
        if VIEW_LINES_TYPE in accepted and records:
            response = view_response(self._shelf.view(records, as_lines=True), reader)
            response.headers["content-type"] = VIEW_LINES_TYPE
        elif VIEW_TYPE in accepted and records:
            response = view_response(self._shelf.view(records, as_lines=False), reader)
        else:
            response = JSONResponse(
                {"records": [describe(record) for record in records], "next": cursor}
            )
        if cursor:
            response.headers["x-next-cursor"] = cursor
        return private(response, reader)

    def _query(self, request: Request, reader: Reader) -> SearchQuery:
        asked = request.query_params
        unknown = sorted(set(asked) - _QUERY)
        if unknown or len(set(asked)) != len(asked.multi_items()):
            faults = tuple(Fault(f"/{name}", "a known parameter, once", name) for name in unknown)
            raise Refused(Refusal("malformed-query", f"expected {sorted(_QUERY)}", faults))
        if asked.get("mine") and reader.did is None:
            raise Refused(Refusal("signature-required", "mine: sign the request"))
        key, visible_to = self._key(request, reader)
        return SearchQuery(
            before=decode_cursor(asked["cursor"]) if "cursor" in asked else None,
            limit=_integer(asked.get("limit", str(LIMIT_DEFAULT)), "limit", limits.SEARCH_PAGE_MAX),
            party=asked.get("party"),
            vct=asked.get("type"),
            reader=visible_to or (reader.did if asked.get("mine") else None),
            key=key,
            since_ms=_instant(asked.get("since"), "since"),
            until_ms=_instant(asked.get("until"), "until"),
        )

    def _key(self, request: Request, reader: Reader) -> tuple[bytes | None, str | None]:
        """The search key; a search by content finds only records the reader reads in full."""
        asked = request.query_params
        if "field" not in asked and "value" not in asked:
            return None, None
        if reader.did is None:
            raise Refused(Refusal("signature-required", "field and value: sign the request"))
        if "field" not in asked or "value" not in asked:
            raise Refused(Refusal("malformed-query", "expected field and value together"))
        owner = asked.get("owner", reader.did)
        return self._shelf.key_for(owner, asked["field"], asked["value"]), reader.did


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


def view_response(text: str, reader: Reader) -> Response:
    """A view as an answer that no shared cache keeps for the wrong reader."""
    return private(Response(text, media_type=VIEW_TYPE), reader)


def private(response: Response, reader: Reader) -> Response:
    """Keep what a signed request got out of shared caches."""
    del reader
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Signature, Signature-Input, Accept"
    return response


def encode_cursor(index: int) -> str:
    """An opaque cursor: the next page begins below this index."""
    return base64.urlsafe_b64encode(json.dumps([1, index]).encode()).rstrip(b"=").decode()


def decode_cursor(text: str) -> int:
    """The inverse of :func:`encode_cursor`.

    Raises:
        Refused: it is not one of ours.
    """
    try:
        version, index = json.loads(decode_base64url(text))
    except (MalformedEncoding, ValueError, TypeError) as fault:
        raise Refused(Refusal("malformed-query", "cursor: expected one of an answer")) from fault
    if version != 1 or type(index) is not int or not 0 <= index < 2**53:
        raise Refused(Refusal("malformed-query", "cursor: expected one of an answer"))
    return index


def _integer(text: str, name: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
        raise Refused(Refusal("malformed-query", f"{name}: expected 1..{most}, found {text[:40]}"))
    return int(text)


def _instant(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise Refused(Refusal("malformed-query", f"{name}: expected Unix milliseconds"))
    return int(text)
