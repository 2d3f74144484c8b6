"""The ASGI application: routes, middleware and the one place where errors become answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import __version__, errors
from api.blob_door import BlobDoor
from api.exchange import LogKeys, Refused, RequestJudge, refuse
from api.log_door import LogDoor
from api.observability import Health, Metrics, Watch, log
from api.openapi import describe_api
from api.records import RecordDoor, RecordShelf
from api.submit import SubmissionDoor
from api.target_uri import parse_public_base
from api.wiring import Service
from ledger.errors import LedgerError
from ledger.faults import Refusal

EXPIRE_EVERY_SECONDS = 600
Handler = Callable[[Request], Response]


def build_app(service: Service) -> FastAPI:
    """The application over an open service; closing it closes the service."""
    metrics = Metrics(service.ledger)
    app = FastAPI(
        title="Lotmark",
        version=__version__,
        lifespan=_lifespan(service),
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    judge = RequestJudge(
        parse_public_base(service.settings.public_url), LogKeys(service.ledger), service.nonces
    )
    shelf = RecordShelf(service.ledger, service.store, service.search_secret)
    _add_writing(app, service, judge, shelf)
    _add_reading(app, service, judge, shelf)
    _add_health(app, Health(service.ledger, metrics))
    _add_handlers(app)
    app.openapi = lambda: describe_api(app)  # type: ignore[method-assign]
    app.add_middleware(Watch, metrics=metrics)
    return app


def _lifespan(service: Service) -> Callable[[Any], Any]:
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        del app
        await service.pool.warm_up()
        sweeper = asyncio.create_task(_expire_blobs(service))
        log.info("service.started", origin=service.config.origin, size=service.ledger.size)
        try:
            yield
        finally:
            sweeper.cancel()
            await run_in_threadpool(service.close)
            log.info("service.stopped")

    return run


async def _expire_blobs(service: Service) -> None:
    """Remove uploads that no record cites, every ten minutes."""
    while True:
        try:
            removed = await run_in_threadpool(service.expire_blobs)
            if removed:
                log.info("blobs.expired", count=removed)
        except LedgerError as fault:
            log.warning("blobs.not_expired", code=fault.code)
        await asyncio.sleep(EXPIRE_EVERY_SECONDS)


def _add_writing(app: FastAPI, service: Service, judge: RequestJudge, shelf: RecordShelf) -> None:
    door = SubmissionDoor(service.ledger, service.pool)
    blobs = BlobDoor(service.blobs, service.ledger, shelf, judge, service.clock)
    _route(app, "POST", "/v1/records", door.submit)
    _route(app, "POST", "/v1/blobs", blobs.create)
    _route(app, "PATCH", "/v1/blobs/{blob}", blobs.append)
    _route(app, "HEAD", "/v1/blobs/{blob}", blobs.offset)
    _route(app, "GET", "/v1/records/{record_id}/blobs/{blob}", blobs.read)


def _add_reading(app: FastAPI, service: Service, judge: RequestJudge, shelf: RecordShelf) -> None:
    records = RecordDoor(shelf, service.ledger, judge, service.clock)
    door = LogDoor(service.ledger, service.anchor_text, judge, service.clock)
    _route(app, "GET", "/v1/records", _beside(records.search))
    _route(app, "GET", "/v1/records/{record_id}", _beside(records.show))
    _route(app, "GET", "/v1/records/{record_id}/receipt", _beside(records.receipt))
    _route(app, "GET", "/v1/parties", _beside(door.parties))
    _route(app, "GET", "/v1/types/{name}/{version}", _beside(door.record_type))
    _route(app, "GET", "/v1/anchor", _beside(door.trust_anchor))
    _route(app, "GET", "/checkpoint", _beside(door.checkpoint))
    _route(app, "GET", "/tile/{path:path}", _beside(door.tile))
    _route(app, "GET", "/parties/{slug}/did.json", _beside(door.did_document))


def _add_health(app: FastAPI, health: Health) -> None:
    _route(app, "GET", "/livez", _beside(health.live))
    _route(app, "GET", "/readyz", _beside(health.ready))
    _route(app, "GET", "/metrics", _beside(health.figures))


def _beside(handler: Handler) -> Callable[[Request], Any]:
    """Run a synchronous handler beside the event loop."""

    async def handle(request: Request) -> Response:
        return await run_in_threadpool(handler, request)

    return handle


def _route(app: FastAPI, method: str, path: str, handler: Callable[[Request], Any]) -> None:
    # Plain ASGI routes: the description of the API is written out in api.openapi, and a
    # record costs no more than it must on its way in.
    app.router.add_route(path, handler, methods=[method])


def _add_handlers(app: FastAPI) -> None:
    async def on_refused(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, Refused)
        return refuse(request, fault)

    async def on_ledger_error(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, LedgerError)
        if errors.status_of(fault.code) == errors.INTERNAL:
            log.error("request.failed", code=fault.code, request_id=_request_id(request))
        return refuse(request, Refused(Refusal(fault.code, str(fault))))

    async def on_http_error(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        is_method = fault.status_code == errors.METHOD_NOT_ALLOWED
        code = "method-not-allowed" if is_method else "not-found"
        headers = dict(fault.headers or {})
        return refuse(request, Refused(Refusal(code, f"no {request.method} here"), headers=headers))

    async def on_fault(request: Request, fault: Exception) -> Response:
        log.error("request.broken", request_id=_request_id(request), exc_info=fault)
        detail = f"request id {_request_id(request)}"
        return refuse(request, Refused(Refusal("internal", detail)))

    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(LedgerError, on_ledger_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, on_fault)


def _request_id(request: Request) -> str:
    return str(request.scope.get("request_id", ""))
