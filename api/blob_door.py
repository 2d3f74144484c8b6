"""Uploads: create with the declared size, send pieces, ask where to go on (docs/spec/blobs.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import errors
from api.exchange import Reader, Refused, RequestJudge, media_type_of, read_body
from api.http_signatures import is_signed
from api.records import OpenedRecord, RecordShelf, private
from api.target_uri import PublicBase
from keys.encoding import encode_base64url
from ledger import limits
from ledger.blob_errors import OffsetMismatch
from ledger.blobs import BlobId, BlobStore
from ledger.faults import Refusal
from ledger.json_pointer import resolve_pointer
from ledger.service import Ledger

CHUNK_TYPE: Final = "application/offset+octet-stream"
BYTES_TYPE: Final = "application/octet-stream"
OFFSET: Final = "Upload-Offset"
LENGTH: Final = "Upload-Length"
FRESH: Final = {"Cache-Control": "no-store"}
_RANGE: Final = re.compile(
    r"bytes=(?:(?P<first>[0-9]{1,15})-(?P<last>[0-9]{0,15})|-(?P<suffix>[0-9]{1,15}))"
)


@dataclass(frozen=True, slots=True)
class BlobDoor:
    """The HTTP routes of uploads; every one needs a signed request."""

    blobs: BlobStore
    ledger: Ledger
    shelf: RecordShelf
    judge: RequestJudge
    base: PublicBase

    async def create(self, request: Request) -> Response:
        """``POST /v1/blobs`` with ``Upload-Length``: 201 and the address of the upload."""
        owner = await self._owner(request, bytes_max=0)
        declared = _decimal(request, LENGTH)
        now_ms = self.judge.clock.now_ms()
        blob = await run_in_threadpool(self.blobs.create, owner, declared, at_ms=now_ms)
        headers = {"Location": f"{self.base}/v1/blobs/{blob}", OFFSET: "0"}
        return JSONResponse({"blob": blob, "bytes": declared}, errors.CREATED, headers=headers)

    async def append(self, request: Request) -> Response:
        """``PATCH /v1/blobs/{blob}`` with ``Upload-Offset``: the next bytes."""
        if media_type_of(request) != CHUNK_TYPE:
            raise Refused(Refusal("unsupported-media-type", f"expected {CHUNK_TYPE}"))
        owner, chunk = await self._signed_body(request, bytes_max=limits.BLOB_CHUNK_BYTES_MAX)
        offset = _decimal(request, OFFSET)
        blob = BlobId(request.path_params["blob"])
        try:
            append = self.blobs.append
            after = await run_in_threadpool(append, blob, owner, offset=offset, chunk=chunk)
        except OffsetMismatch as fault:
            headers = {OFFSET: str(fault.offset)}
            raise Refused(Refusal(fault.code, str(fault)), headers=headers) from fault
        return Response(status_code=errors.NO_CONTENT, headers={OFFSET: str(after)})

    async def offset(self, request: Request) -> Response:
        """``HEAD /v1/blobs/{blob}``: where to go on."""
        owner = await self._owner(request, bytes_max=0)
        blob = BlobId(request.path_params["blob"])
        at = await run_in_threadpool(self.blobs.offset, blob, owner)
        described = await run_in_threadpool(self.blobs.describe, blob)
        headers = {OFFSET: str(at), LENGTH: str(described.declared_bytes), **FRESH}
        if described.sha256 is not None:
            headers["Blob-Sha256"] = encode_base64url(described.sha256)
        return Response(status_code=errors.NO_CONTENT, headers=headers)

    def read(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/records/{id}/blobs/{blob}``: access is by record and group, never by id."""
        record = self.shelf.open(request.path_params["record_id"], reader)
        wanted = request.path_params["blob"]
        for item in self._cited(record):
            if item.get("blob") == wanted:
                return private(self._bytes(request, BlobId(wanted), item["bytes"]))
        raise Refused(Refusal("not-found", "no such blob in what you may read of this record"))

    def _cited(self, record: OpenedRecord) -> Iterator[dict[str, Any]]:
        """The blobs in those groups of the record that its reader gets."""
        kind = self.ledger.fold.types.get(record.row.vct)
        shown = {disclosure.group: disclosure.value for disclosure in record.groups}
        for pointer in kind.blobs if kind else ():
            found = resolve_pointer(shown, pointer)
            for item in found if isinstance(found, list) else [found]:
                if isinstance(item, dict):
                    yield item

    def _bytes(self, request: Request, blob: BlobId, size: int) -> Response:
        # Evidence comes from other parties: never rendered, always a download.
        headers = {"Accept-Ranges": "bytes", "Content-Disposition": "attachment"}
        asked = parse_range(request.headers.get("range"), size)
        if asked is None:
            data = self.blobs.read(blob, start=0, stop=size) if size else b""
            return Response(data, media_type=BYTES_TYPE, headers=headers)
        start, stop = asked
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        data = self.blobs.read(blob, start=start, stop=stop)
        return Response(data, errors.PARTIAL_CONTENT, media_type=BYTES_TYPE, headers=headers)

    async def _owner(self, request: Request, *, bytes_max: int) -> str:
        owner, _ = await self._signed_body(request, bytes_max=bytes_max)
        return owner

    async def _signed_body(self, request: Request, *, bytes_max: int) -> tuple[str, bytes]:
        """Who signed the request, and its body, which is not read where nobody did."""
        if not is_signed(tuple(request.headers.items())):
            raise Refused(Refusal("signature-required", "uploads need a signed request"))
        body = await read_body(request, bytes_max)
        owner = (await run_in_threadpool(self.judge.reader_of, request, body)).did
        assert owner is not None, "a signed request has a signer"
        return owner, body


def parse_range(text: str | None, size: int) -> tuple[int, int] | None:
    """One byte range (RFC 9110, section 14.1.2) as start and stop; None for the whole.

    What goes beyond the end or beyond one read is cut; other units are not looked at.

    Raises:
        Refused: nothing of the blob is in the range, or the whole is too long for one read.
    """
    most = limits.BLOB_CHUNK_BYTES_MAX
    if text is None or not text.strip().lower().startswith("bytes="):
        if size > most:
            raise _unsatisfiable(f"{size} bytes: ask for ranges of at most {most}", size)
        return None
    match = _RANGE.fullmatch(text.strip().lower())
    if not match:
        raise _unsatisfiable("expected Range: bytes=first-last", size)
    first, last, suffix = match["first"], match["last"], match["suffix"]
    start = int(first) if first else max(size - int(suffix), 0)
    stop = min(int(last) + 1 if last else size, size, start + most)
    if not start < stop:
        raise _unsatisfiable(f"expected bytes within {size}, found {text[:60]}", size)
    return start, stop


def _unsatisfiable(detail: str, size: int) -> Refused:
    headers = {"Content-Range": f"bytes */{size}"}
    return Refused(Refusal("range-not-satisfiable", detail), headers=headers)


def _decimal(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 16):
        raise Refused(Refusal("malformed-upload", f"expected the field {name} as a decimal"))
    return int(text)
