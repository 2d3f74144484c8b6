"""The ASGI application: routes, middleware and the one place where errors become answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import __version__, errors
from api.access_door import AccessDoor
from api.accesses.book import AccessBook
from api.accesses.errors import AccessNotKept
from api.blob_door import BlobDoor
from api.claimants import source_of
from api.deliveries_door import DeliveryDoor
from api.desk import SubmissionDesk
from api.exchange import ChargedNonces, LogKeys, Refused, RequestJudge
from api.exchange import refuse as problem_of
from api.gate import Gate
from api.log_door import LogDoor
from api.masters_door import MastersDoor
from api.observability import Health, Metrics, Watch, log
from api.openapi import describe_api
from api.own_facts import OwnServiceFacts
from api.page_door import PageDoor
from api.page_sessions import PageSeals
from api.portal_facts import ServiceFacts
from api.published import Published
from api.quotas import Quotas, build_quotas
from api.reading import ReadingDesk
from api.record_door import RecordDoor
from api.record_search import RecordSearch
from api.records import RecordShelf
from api.resource import beside, serve_resource
from api.sealed_door import SealedDoor
from api.seen import SeenByOthers, SeenDoor
from api.sharing import Sharing
from api.submit import SubmissionDoor
from api.wiring import Service
from ledger.blob_errors import BlobsUnavailable
from ledger.errors import LedgerError, LogRolledBack
from ledger.faults import Refusal
from ledger.store_errors import StoreUnavailable
from portal.build import Portal, build_portal
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
    quotas = build_quotas(service.settings, time.monotonic)
    judge = _judge(service, quotas)
    reading = ReadingDesk(judge)
    published = Published(service.ledger.reader, service.cosigning)
    sharing = Sharing(service.ledger, service.clock)
    shelf = RecordShelf(service.ledger, service.store, published=published, sharing=sharing)
    search = RecordSearch(service.ledger, service.store, service.search_secret, shelf, sharing)
    pages = _page_door(service)
    seen = SeenByOthers(service.ledger, service.store, shelf, sharing, service.clock)
    portal = build_portal(
        ServiceFacts(service.ledger, shelf, search, service.anchor_text, published),
        OwnServiceFacts(seen, pages, None),
    )
    _add_pages(app, pages, SeenDoor(seen), reading)
    desk = SubmissionDesk(service.ledger, service.pool, quotas)
    submissions = SubmissionDoor(desk, service.base, published=published)
    _add_records(app, submissions, RecordDoor(shelf, search, published), reading)
    sealed = SealedDoor(service.ledger, service.store, shelf, sharing, judge, reading)
    _add_sealed(app, sealed, reading)
    deliveries = DeliveryDoor(
        service.derived, shelf, service.clock, state=lambda: service.ledger.state
    )
    _add_deliveries(app, deliveries, reading)
    _add_masters(app, MastersDoor(service.ledger, shelf), reading)
    blobs = BlobDoor(service.blobs, service.ledger, shelf, judge, service.base)
    _add_blobs(app, blobs, reading)
    accesses = AccessDoor(AccessBook(service.accesses), judge, reading, service.clock)
    _add_accesses(app, accesses, reading)
    log_door = LogDoor(service.ledger, service.anchor_text, judge, published, service.clock)
    _add_log(app, log_door, reading)
    metrics.note_derived(lambda: service.derived.size, lambda: service.derived.is_well)
    metrics.note_accesses(service.accesses, lambda: service.digests.digested_ms)
    told = {"derived": service.derived.describe, "accesses": service.digests.describe}
    _add_health(app, Health(service.ledger, service.store, metrics, told))
    app.router.routes.extend(portal.routes)
    _add_handlers(app, portal)
    app.add_middleware(Gate, quotas=quotas)
    app.add_middleware(Watch, metrics=metrics, clock=service.clock)
    return app


def _page_door(service: Service) -> PageDoor:
    return PageDoor(
        PageSeals(service.search_secret),
        LogKeys(service.ledger),
        service.nonces,
        service.clock,
        service.base,
    )


def _judge(service: Service, quotas: Quotas) -> RequestJudge:
    return RequestJudge(
        service.base,
        LogKeys(service.ledger),
        ChargedNonces(service.nonces, quotas.reads.expect_left, quotas.reads.charge),
        service.clock,
        lambda request: quotas.visits.charge(source_of(request)),
    )


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


# ---- routes: plain ASGI ones, described in api.openapi (docs/adr/0004-plain-routes.md) ----


def _add_records(
    app: FastAPI, submissions: SubmissionDoor, records: RecordDoor, reading: ReadingDesk
) -> None:
    search = reading.read_by(records.search)
    serve_resource(app, "/v1/records", GET=search, POST=submissions.submit)
    serve_resource(app, "/v1/records/{record_id}", GET=reading.read_by(records.show))
    serve_resource(app, "/v1/records/{record_id}/receipt", GET=reading.beside(records.receipt))


def _add_pages(app: FastAPI, pages: PageDoor, seen: SeenDoor, reading: ReadingDesk) -> None:
    serve_resource(app, "/v1/seen-by", GET=reading.read_by(seen.show))
    serve_resource(app, "/v1/page-links", POST=reading.read_by(pages.link))
    serve_resource(app, "/sign-in", GET=reading.beside(pages.sign_in))


def _add_sealed(app: FastAPI, door: SealedDoor, reading: ReadingDesk) -> None:
    path = "/v1/records/{record_id}/sealed/{group}"
    serve_resource(app, path, GET=reading.read_by(door.show), POST=door.add)


def _add_deliveries(app: FastAPI, door: DeliveryDoor, reading: ReadingDesk) -> None:
    monthly = reading.read_by(door.monthly, first=door.await_entries)
    differences = reading.read_by(door.differences, first=door.await_entries)
    serve_resource(app, "/v1/deliveries/monthly", GET=monthly)
    serve_resource(app, "/v1/deliveries/differences", GET=differences)
    serve_resource(app, "/v1/records/{record_id}/flags", GET=reading.read_by(door.flags))


def _add_masters(app: FastAPI, door: MastersDoor, reading: ReadingDesk) -> None:
    for name, handler in (
        ("relations", door.relations),
        ("sites", door.sites),
        ("parts", door.parts),
        ("specifications", door.specifications),
        ("requirements", door.requirements),
        ("tasks", door.tasks),
    ):
        serve_resource(app, f"/v1/{name}", GET=reading.read_by(handler))


def _add_blobs(app: FastAPI, blobs: BlobDoor, reading: ReadingDesk) -> None:
    serve_resource(app, "/v1/blobs", POST=blobs.create)
    serve_resource(app, "/v1/blobs/{blob}", PATCH=blobs.append, HEAD=blobs.offset)
    serve_resource(app, "/v1/records/{record_id}/blobs/{blob}", GET=reading.read_by(blobs.read))


def _add_accesses(app: FastAPI, door: AccessDoor, reading: ReadingDesk) -> None:
    serve_resource(app, "/v1/accesses", GET=reading.read_by(door.accesses))
    serve_resource(app, "/v1/access-rules", GET=reading.read_by(door.rules))
    serve_resource(app, "/v1/access-rules/{rule}", PUT=door.put_rule, DELETE=door.drop_rule)
    serve_resource(app, "/v1/access-alerts", GET=reading.read_by(door.alerts))
    path = "/v1/access-alerts/{alert}/acknowledgement"
    serve_resource(app, path, POST=door.acknowledge)


def _add_log(app: FastAPI, door: LogDoor, reading: ReadingDesk) -> None:
    for path, handler in (
        ("/v1/parties", door.parties),
        ("/v1/proposals", door.proposals),
        ("/v1/types/{name}/{version}", door.record_type),
        ("/v1/parameters", door.parameters),
        ("/v1/parameters/{document:path}", door.parameters_text),
        ("/v1/policies", door.policies),
        ("/v1/policies/{policy}", door.policy_text),
        ("/v1/anchor", door.trust_anchor),
        ("/checkpoint", door.checkpoint),
        ("/tile/{path:path}", door.tile),
        ("/parties/{slug}/did.json", door.did_document),
        ("/v1/openapi.json", _description(app)),
    ):
        serve_resource(app, path, is_open=True, GET=reading.beside(handler))


def _add_health(app: FastAPI, health: Health) -> None:
    serve_resource(app, "/livez", GET=beside(health.live))
    serve_resource(app, "/readyz", GET=beside(health.ready))
    serve_resource(app, "/metrics", GET=beside(health.figures))


def _description(app: FastAPI) -> Callable[[Request], Response]:
    document = describe_api(app.title, app.version)
    return lambda _: JSONResponse(document, headers={"Cache-Control": "no-cache"})


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


_OF_THE_MACHINE = (StoreUnavailable, BlobsUnavailable, LogRolledBack, AccessNotKept)


def _refusal_for(fault: LedgerError, request: Request) -> Refusal:
    is_ours = errors.status_of(fault.code) == errors.INTERNAL
    if not is_ours and not isinstance(
        fault, StoreUnavailable | BlobsUnavailable | LogRolledBack | AccessNotKept
    ):
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
