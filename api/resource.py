"""One path of the interface: its methods, its ``OPTIONS``, and who may read it from a browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api import errors

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
    """Run a synchronous handler beside the event loop, without waiting for a turn."""

    async def handle(request: Request) -> Response:
        return await run_in_threadpool(handler, request)

    return handle
