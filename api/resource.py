"""One path of the interface: its methods, its ``OPTIONS``, and who may read it from a browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api import errors
from api.exchange import Reader, RequestJudge, read_body

Handler = Callable[[Request], Awaitable[Response]]
OPEN: Final = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT: Final = {
    **OPEN,
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, Signature, Signature-Input",
    "Access-Control-Max-Age": "86400",
}


def serve_resource(
    app: Starlette, path: str, *, is_open: bool = False, **handlers: Handler
) -> None:
    """Serve ``path`` by one handler a method; ``HEAD`` is answered as ``GET``.

    ``is_open`` lets a page of any origin read it: what everyone may read, and nothing else.
    """
    methods = {*handlers, "OPTIONS"} | ({"HEAD"} if "GET" in handlers else set())
    allow = ", ".join(sorted(methods))

    async def handle(request: Request) -> Response:
        if request.method == "OPTIONS":
            headers = {"Allow": allow} | (_PREFLIGHT if is_open else {})
            return Response(status_code=errors.NO_CONTENT, headers=headers)
        request.scope["is_open"] = is_open
        return await (handlers.get(request.method) or handlers["GET"])(request)

    app.router.add_route(path, handle, methods=sorted(methods))


def beside(handler: Callable[[Request], Response]) -> Handler:
    """Run a synchronous handler beside the event loop."""

    async def handle(request: Request) -> Response:
        return await run_in_threadpool(handler, request)

    return handle


def read_by(judge: RequestJudge, handler: Callable[[Request, Reader], Response]) -> Handler:
    """The same for a handler whose answer depends on who signed the request."""

    def answer(request: Request, body: bytes) -> Response:
        # Beside the loop too: taking a nonce may ask the database that replicas share.
        return handler(request, judge.reader_of(request, body))

    async def handle(request: Request) -> Response:
        return await run_in_threadpool(answer, request, await read_body(request, 0))

    return handle
