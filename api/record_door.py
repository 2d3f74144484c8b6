"""The HTTP routes that read records: views, receipts, searches."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from api.exchange import Reader
from api.published import Published, asks_for_cosigned
from api.record_search import Page, RecordSearch
from api.record_stream import RecordStream
from api.records import RecordShelf, describe, private
from api.search_query import Asked, encode_cursor, parse_search
from ledger import limits

VIEW_TYPE: Final = "application/vnd.lotmark.view+json"
VIEW_LINES_TYPE: Final = "application/vnd.lotmark.view+jsonl"
COUNT_FIELD: Final = "X-View-Records"
PROOF_TYPE: Final = "text/plain; charset=utf-8"


class RecordDoor:
    """The HTTP routes that read records."""

    def __init__(
        self,
        shelf: RecordShelf,
        search: RecordSearch,
        stream: RecordStream,
        *,
        published: Published,
    ) -> None:
        """Serve from ``shelf`` what ``search`` finds, receipts as ``published`` has them.

        ``stream`` writes what is more than a page.
        """
        self._shelf = shelf
        self._search = search
        self._stream = stream
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
        is_streamed = VIEW_LINES_TYPE in accepted
        asked = parse_search(request.query_params, reader, is_streamed=is_streamed)
        if accepted & {VIEW_TYPE, VIEW_LINES_TYPE}:
            asked = self._provable(asked)
        if asked.limit > limits.SEARCH_PAGE_MAX:
            return self._answer_all(asked, request, reader)
        page = self._search.newest(asked, reader)
        response = self._answer(page, accepted)
        if page.cursor:
            response.headers["X-Next-Cursor"] = page.cursor
        return private(response)

    def _answer_all(self, asked: Asked, request: Request, reader: Reader) -> Response:
        """Up to as many records as a view holds, written while they are read."""
        reading = self._stream.sharing.reading(reader)
        indices, is_more = self._search.all_of(asked, reading)
        if not indices:
            return private(JSONResponse({"records": [], "next": None}))
        note = self._published.checkpoint_over(indices[0] + 1)
        selected = self._stream.select(indices, checkpoint=note)
        # Of a HEAD nothing of a record leaves: none is read, and no receipt is made.
        is_head = request.method == "HEAD"
        lines = iter(()) if is_head else self._stream.write(selected, reading, reader)
        response = StreamingResponse(lines, media_type=VIEW_LINES_TYPE)
        response.headers[COUNT_FIELD] = str(len(selected.indices))
        if is_more or len(selected.indices) < len(indices):
            response.headers["X-Next-Cursor"] = encode_cursor(selected.indices[-1])
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
