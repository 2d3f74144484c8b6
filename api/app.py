"""The ASGI application: routes, middleware and the one place where errors become answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import __version__, errors
from api.accesses.errors import AccessNotKept
from api.exchange import Refused
from api.exchange import refuse as problem_of
from api.gate import Gate
from api.observability import Metrics, Watch, log
from api.routes import add_portal, add_routes, open_served
from api.wiring import Service
from ledger.blob_errors import BlobsUnavailable
from ledger.errors import LedgerError, LogRolledBack
from ledger.faults import Refusal
from ledger.store_errors import StoreUnavailable
from portal.build import Portal
from portal.error_page import PageRefusal

EXPIRE_EVERY_SECONDS = 600


def build_app(service: Service) -> FastAPI:
    """The application over an open service; closing it closes the service."""
    metrics = Metrics(service.ledger)
    app = FastAPI(
        title="Lotmark",
        version=__version__,
        lifespan=_lifespan(service),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # A redirection would name the host that the client claims to have asked.
        redirect_slashes=False,
    )
    served = open_served(service)
    add_routes(app, served, metrics)
    portal = add_portal(app, served)
    _add_handlers(app, portal)
    app.add_middleware(Gate, quotas=served.quotas)
    app.add_middleware(Watch, metrics=metrics, clock=service.clock)
    return app


def _lifespan(service: Service) -> Callable[[Any], Any]:
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        del app
        await service.pool.warm_up()
        sweeper = asyncio.create_task(_expire_blobs(service))
        log.info("service.started", origin=service.config.origin, size=service.ledger.size)
        for party, index in service.ledger.state_gaps.items():
            log.warning("state.incomplete", party=party, entry_index=index)
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


# ---- errors ----


def _add_handlers(app: FastAPI, portal: Portal) -> None:
    def refuse(request: Request, refused: Refused) -> Response:
        return answer_refusal(request, refused, portal=portal)

    async def on_refused(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, Refused)
        return refuse(request, fault)

    async def on_ledger_error(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, LedgerError)
        return refuse(request, Refused(_refusal_for(fault, request)))

    async def on_http_error(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        is_method = fault.status_code == errors.METHOD_NOT_ALLOWED
        code = "method-not-allowed" if is_method else "not-found"
        headers = dict(fault.headers or {})
        return refuse(request, Refused(Refusal(code, f"no {request.method} here"), headers=headers))

    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(LedgerError, on_ledger_error)
    app.add_exception_handler(HTTPException, on_http_error)


_OF_THE_MACHINE: Final = (StoreUnavailable, BlobsUnavailable, LogRolledBack, AccessNotKept)


def _refusal_for(fault: LedgerError, request: Request) -> Refusal:
    is_ours = errors.status_of(fault.code) == errors.INTERNAL
    if not is_ours and not isinstance(fault, _OF_THE_MACHINE):
        return Refusal(fault.code, str(fault))
    # What these say names files of the machine: it is for the operator.
    request_id = request.scope.get("request_id", "")
    log.error("request.failed", code=fault.code, detail=str(fault), request_id=request_id)
    return Refusal(fault.code, f"the operator finds the cause under request id {request_id}")


def answer_refusal(request: Request, refused: Refused, *, portal: Portal) -> Response:
    """The problem document for a program, a page with the same status for a person."""
    problem = problem_of(request, refused)
    if not portal.wants_page(request):
        return problem
    code, request_id = refused.refusal.code, str(request.scope.get("request_id", ""))
    page = portal.refuse(request, PageRefusal(problem.status_code, code, request_id))
    page.headers.update(refused.headers)
    return page
