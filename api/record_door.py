"""The HTTP routes that read records: views, receipts, searches."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.exchange import Reader
from api.published import Published, asks_for_cosigned
from api.record_search import Page, RecordSearch
from api.records import RecordShelf, describe, private
from api.search_query import Asked, parse_search

VIEW_TYPE: Final = "application/vnd.lotmark.view+json"
VIEW_LINES_TYPE: Final = "application/vnd.lotmark.view+jsonl"
PROOF_TYPE: Final = "text/plain; charset=utf-8"


class RecordDoor:
    """The HTTP routes that read records."""

    def __init__(self, shelf: RecordShelf, search: RecordSearch, published: Published) -> None:
        """Serve from ``shelf`` what ``search`` finds, receipts as ``published`` has them."""
        self._shelf = shelf
        self._search = search
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
        page = self._search.newest(asked, reader)
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
