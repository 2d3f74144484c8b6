"""Uploads: create with the declared size, send pieces, ask where to go on (docs/spec/blobs.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import errors
from api.exchange import Reader, Refused, RequestJudge, media_type_of, read_body
from api.process_clock import ProcessClock
from api.records import RecordShelf, private
from keys.encoding import encode_base64url
from ledger import limits
from ledger.blob_errors import BlobError, OffsetMismatch
from ledger.blobs import BlobId, BlobStore
from ledger.faults import Refusal
from ledger.record_type import resolve_pointer
from ledger.service import Ledger

CHUNK_TYPE: Final = "application/offset+octet-stream"
P = ParamSpec("P")
T = TypeVar("T")

OFFSET: Final = "Upload-Offset"
LENGTH: Final = "Upload-Length"


@dataclass(frozen=True, slots=True)
class BlobDoor:
    """The HTTP routes of uploads; every one needs a signed request."""

    blobs: BlobStore
    ledger: Ledger
    shelf: RecordShelf
    judge: RequestJudge
    clock: ProcessClock

    async def create(self, request: Request) -> Response:
        """``POST /v1/blobs`` with ``Upload-Length``: 201 and the address of the upload."""
        owner = self._owner(request, await read_body(request, 0))
        declared = _decimal(request, LENGTH)
        now_ms = self.clock.now_ms()
        blob = await self._do(self.blobs.create, owner, declared, at_ms=now_ms)
        headers = {"Location": f"/v1/blobs/{blob}", OFFSET: "0"}
        return JSONResponse({"blob": blob, "bytes": declared}, errors.CREATED, headers=headers)

    async def append(self, request: Request) -> Response:
        """``PATCH /v1/blobs/{blob}`` with ``Upload-Offset``: the next bytes."""
        if media_type_of(request) != CHUNK_TYPE:
            raise Refused(Refusal("unsupported-media-type", f"expected {CHUNK_TYPE}"))
        chunk = await read_body(request, limits.BLOB_CHUNK_BYTES_MAX)
        owner = self._owner(request, chunk)
        offset = _decimal(request, OFFSET)
        blob = BlobId(request.path_params["blob"])
        after = await self._do(self.blobs.append, blob, owner, offset=offset, chunk=chunk)
        return Response(status_code=errors.NO_CONTENT, headers={OFFSET: str(after)})

    async def offset(self, request: Request) -> Response:
        """``HEAD /v1/blobs/{blob}``: where to go on."""
        owner = self._owner(request, b"")
        blob = BlobId(request.path_params["blob"])
        at = await self._do(self.blobs.offset, blob, owner)
        described = await self._do(self.blobs.describe, blob)
        headers = {OFFSET: str(at), LENGTH: str(described.declared_bytes)}
        if described.sha256 is not None:
            headers["Blob-Sha256"] = encode_base64url(described.sha256)
        return Response(status_code=errors.NO_CONTENT, headers=headers)

    async def read(self, request: Request) -> Response:
        """``GET /v1/records/{id}/blobs/{blob}``: access is by record and group, never by id."""
        reader = self.judge.reader_of(request, b"", now_s=self.clock.now_s())
        record = await run_in_threadpool(self.shelf.open, request.path_params["record_id"], reader)
        wanted = request.path_params["blob"]
        kind = self.ledger.fold.types.get(record.row.vct)
        shown = {disclosure.group: disclosure.value for disclosure in record.groups}
        for pointer in kind.blobs if kind else ():
            found = resolve_pointer(shown, pointer)
            for item in found if isinstance(found, list) else [found]:
                if isinstance(item, dict) and item.get("blob") == wanted:
                    return await self._bytes(request, BlobId(wanted), item["bytes"], reader)
        raise Refused(Refusal("not-found", "no such blob in what you may read of this record"))

    async def _bytes(self, request: Request, blob: BlobId, size: int, reader: Reader) -> Response:
        start, stop = _range(request, size)
        data = await self._do(self.blobs.read, blob, start=start, stop=stop) if size else b""
        whole = (start, stop) == (0, size)
        headers = {"Accept-Ranges": "bytes", "X-Content-Type-Options": "nosniff"}
        if not whole:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        status = errors.OK if whole else errors.PARTIAL_CONTENT
        # Evidence comes from other parties: never rendered, always a download.
        headers["Content-Disposition"] = "attachment"
        media_type = "application/octet-stream"
        return private(Response(data, status, media_type=media_type, headers=headers), reader)

    def _owner(self, request: Request, body: bytes) -> str:
        reader = self.judge.reader_of(request, body, now_s=self.clock.now_s())
        if reader.did is None:
            raise Refused(Refusal("signature-required", "uploads need a signed request"))
        return reader.did

    async def _do(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run file work beside the loop; a blob's fault becomes a problem."""
        try:
            return await run_in_threadpool(function, *args, **kwargs)
        except OffsetMismatch as fault:
            headers = {OFFSET: str(fault.offset)}
            raise Refused(Refusal(fault.code, str(fault)), headers=headers) from fault
        except BlobError as fault:
            raise Refused(Refusal(fault.code, str(fault))) from fault


def _decimal(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 16):
        raise Refused(Refusal("malformed-submission", f"expected the field {name} as a decimal"))
    return int(text)


def _range(request: Request, size: int) -> tuple[int, int]:
    """One byte range (RFC 9110, section 14.1.2), or the whole where it fits one answer."""
    text = request.headers.get("range")
    if text is None:
        if size > limits.BLOB_CHUNK_BYTES_MAX:
            detail = f"{size} bytes: ask for ranges of at most {limits.BLOB_CHUNK_BYTES_MAX}"
            raise Refused(Refusal("range-not-satisfiable", detail))
        return 0, size
    unit, _, span = text.partition("=")
    first, dash, last = span.partition("-")
    if unit.strip() != "bytes" or not dash or not first.isdecimal() or "," in span:
        raise Refused(Refusal("range-not-satisfiable", "expected Range: bytes=first-last"))
    start = int(first)
    stop = min(int(last) + 1 if last.isdecimal() else size, size)
    return start, min(stop, start + limits.BLOB_CHUNK_BYTES_MAX)
