"""The door of the edge: machines post rows as JSON lines, and are answered when they are kept.

It listens on this machine alone and knows nobody: whoever may run programs here may send rows.
A browser cannot: a request that names where it comes from is refused, and one to a host that is
not this machine by its own name, which is what a page of elsewhere would have to ask for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api import errors
from api.cli.table_errors import JournalDamaged
from api.streaming.edge import Edge
from api.streaming.rows import StreamRow, check_time, parse_row
from quality.errors import MalformedReading, ReadingContradicts

BODY_BYTES_MAX: Final = 8 * 1024 * 1024
ROWS_MAX: Final = 10_000
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
MEDIA_TYPES: Final = frozenset({"application/x-ndjson", "application/jsonl", "application/json"})


def _now() -> datetime:
    return datetime.now(UTC)


def build_door(
    edge: Edge, parameters: Sequence[str], *, clock: Callable[[], datetime] = _now
) -> Starlette:
    """The application: ``POST /rows`` and ``GET /status``; ``clock`` is held against rows."""

    async def take(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in MEDIA_TYPES:
            expected = f"expected one of {', '.join(sorted(MEDIA_TYPES))}, found {kind!r}"
            return _refused("unsupported-media-type", expected)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                return _refused("too-large", f"expected at most {BODY_BYTES_MAX} bytes, found more")
        return await run_in_threadpool(_taken, edge, parameters, body, now=clock())

    async def status(request: Request) -> Response:
        del request
        return JSONResponse(await run_in_threadpool(edge.counts))

    routes = [Route("/rows", take, methods=["POST"]), Route("/status", status)]
    return Starlette(routes=routes, middleware=[Middleware(_OwnMachine)])


class _OwnMachine:
    """Passes on what programs of this machine ask for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and (fault := _foreign(scope)):
            app = _refused("not-permitted", fault)
        await app(scope, receive, send)


def _foreign(scope: Scope) -> str:
    """Why a request is none of this machine; empty where it is one."""
    headers, server = Headers(scope=scope), scope.get("server")
    hosts = headers.getlist("host")
    port = "80" if server is None or server[1] is None else str(server[1])
    names = {f"{name}:{port}" for name in LOOPBACK} | (LOOPBACK if port == "80" else set())
    if "origin" in headers:
        return "expected a request without Origin, found one of a page"
    if len(hosts) != 1 or hosts[0].lower() not in names:
        return f"Host: expected 127.0.0.1:{port}, found {', '.join(hosts)[:80]!r}"
    return ""


def _taken(edge: Edge, parameters: Sequence[str], body: bytes, *, now: datetime) -> Response:
    lines = [line for line in body.splitlines() if line.strip()]
    if not lines or len(lines) > ROWS_MAX:
        return _refused(
            "malformed-submission", f"expected 1 to {ROWS_MAX} rows, found {len(lines)}"
        )
    rows: list[StreamRow] = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(parse_row(line, parameters))
            check_time(rows[-1], now)
        except MalformedReading as fault:
            # All or none, so that the sender knows what to send again.
            return _refused(fault.code, f"line {number}: {fault}")
    try:
        taken = edge.accept(rows, at=time.monotonic())
    except ReadingContradicts as fault:
        return _refused("reading-contradicts", str(fault))
    except JournalDamaged as fault:
        return _refused("too-busy", str(fault))
    return JSONResponse({"accepted": taken, "repeated": len(rows) - taken})


def _refused(code: str, detail: str) -> Response:
    return JSONResponse({"code": code, "detail": detail}, errors.status_of(code))
