"""The HTTP interface of a witness (C2SP tlog-witness), and its page for people."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api import errors
from api.exchange import Refused, read_body
from api.observability import log
from api.process_clock import ProcessClock
from api.resource import OPEN, serve_resource
from api.witness_folder import (
    KnownLogs,
    WitnessConfig,
    WitnessFolder,
    read_witness,
    witness_cosigner,
)
from api.witness_rate import AdvanceRate
from keys.encoding import encode_base64
from keys.signer import Signer
from ledger import limits
from ledger.clock import Clock
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.store_witness import WitnessStore
from ledger.witness import SignedRequest, monitoring_path, parse_request, verify_request
from ledger.witness_desk import WitnessDesk
from ledger.witness_errors import SizeConflict, WitnessBusy
from portal.witness_page import WitnessedState, WitnessState, build_witness_routes

SIZE_TYPE: Final = "text/x.tlog.size"
NOTE_TYPE: Final = "text/plain; charset=utf-8"
_PLAIN: Final = {"X-Content-Type-Options": "nosniff"}
_NO_STORE: Final = {"Cache-Control": "no-store", **_PLAIN}
_SHOWN: Final = {"Cache-Control": "no-cache", **OPEN, **_PLAIN}


@dataclass(frozen=True, slots=True)
class WitnessService:
    """Everything a running witness holds."""

    config: WitnessConfig
    logs: KnownLogs
    store: WitnessStore
    desk: WitnessDesk
    rate: AdvanceRate

    def close(self) -> None:
        """Answer what waits, then release the memory."""
        self.desk.close()
        self.store.close()


def open_witness(
    folder: WitnessFolder,
    signer: Signer,
    *,
    clock: Clock | None = None,
    advances_per_second: float = limits.WITNESS_ADVANCES_PER_SECOND,
) -> WitnessService:
    """Open a witness for work; no other process may have its folder.

    Args:
        folder: where it is.
        signer: its opened key.
        clock: gives the time; the machine's own unless a test brings one.
        advances_per_second: how often one log may advance.

    Raises:
        SetupError, LedgerError: why it cannot run, and what to do.
    """
    config = read_witness(folder)
    logs = KnownLogs(folder)
    cosigner = witness_cosigner(config.name, signer)
    # Opened under the name that the key has now: the memory of another one is refused.
    store = WitnessStore(folder.database, vkey=cosigner.vkey)
    try:
        desk = WitnessDesk(store, cosigner, clock or ProcessClock())
    except BaseException:
        store.close()
        raise
    desk.start()
    rate = AdvanceRate(advances_per_second, seconds=time.monotonic)
    return WitnessService(config, logs, store, desk, rate)


def build_witness_app(witness: WitnessService) -> FastAPI:
    """The application over an open witness; closing it closes the witness."""
    app = FastAPI(
        title="Lotmark witness",
        lifespan=_lifespan(witness),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    door = WitnessDoor(witness)
    serve_resource(app, "/add-checkpoint", POST=door.add_checkpoint)
    serve_resource(app, "/{log_id}/checkpoint", is_open=True, GET=door.checkpoint)
    serve_resource(app, "/livez", GET=door.live)
    app.router.routes.extend(build_witness_routes(door.state))
    app.add_exception_handler(LedgerError, _on_ledger_error)
    app.add_exception_handler(Refused, _on_refused)
    app.add_exception_handler(HTTPException, _on_http_error)
    return app


def _lifespan(witness: WitnessService) -> Callable[[Any], Any]:
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        del app
        log.info("witness.started", name=witness.config.name, logs=len(witness.logs.now()))
        try:
            yield
        finally:
            await run_in_threadpool(witness.close)
            log.info("witness.stopped")

    return run


class WitnessDoor:
    """The HTTP routes of a witness."""

    def __init__(self, witness: WitnessService) -> None:
        """Answer for ``witness``."""
        self._witness = witness

    async def add_checkpoint(self, request: Request) -> Response:
        """``POST /add-checkpoint``: the cosignature line, or the refusal of the table."""
        asked = verify_request(parse_request(await _read(request)), self._witness.logs.now())
        origin, is_advance = asked.checkpoint.origin, asked.checkpoint.size > asked.old_size
        if is_advance and not self._witness.rate.may_advance(origin):
            raise WitnessBusy(f"{origin} advances too often")
        line = await self._cosign(asked)
        if is_advance:
            self._witness.rate.count(origin)
        return PlainTextResponse(line, headers=_NO_STORE)

    async def _cosign(self, asked: SignedRequest) -> str:
        try:
            return await asyncio.wrap_future(self._witness.desk.submit(asked))
        except LedgerError as fault:
            if not isinstance(fault, SizeConflict):
                origin, size = asked.checkpoint.origin, asked.checkpoint.size
                log.warning("checkpoint.refused", origin=origin, size=size, code=fault.code)
            raise

    async def checkpoint(self, request: Request) -> Response:
        """``GET /<hex SHA-256 of the origin>/checkpoint``: the last one that was cosigned."""
        asked = f"{request.path_params['log_id']}/checkpoint"
        for row in self._witness.desk.last().values():
            if monitoring_path(row.origin) == asked:
                return Response(row.note, media_type=NOTE_TYPE, headers=_SHOWN)
        raise HTTPException(errors.NOT_FOUND)

    async def live(self, request: Request) -> Response:
        """``GET /livez``: the process answers and its writer runs; else it is to be restarted."""
        del request
        if self._witness.desk.is_running:
            return PlainTextResponse("alive\n", headers=_NO_STORE)
        return PlainTextResponse("stopped\n", errors.UNAVAILABLE, headers=_NO_STORE)

    def state(self) -> WitnessState:
        """What the page shows."""
        config, desk, last = self._witness.config, self._witness.desk, self._witness.desk.last()
        origins = sorted({*self._witness.logs.now(), *last})
        return WitnessState(
            config.name,
            config.vkey,
            [
                WitnessedState(
                    origin=origin,
                    size=row.size if row else 0,
                    root=encode_base64(row.root) if row else "",
                    cosigned_ms=row.cosigned_s * 1000 if row else 0,
                    path=monitoring_path(origin),
                    forks=desk.fork_count(origin, is_proven=True),
                    refused=desk.fork_count(origin, is_proven=False),
                )
                for origin in origins
                for row in [last.get(origin)]
            ],
        )


async def _read(request: Request) -> bytes:
    try:
        async with asyncio.timeout(limits.WITNESS_BODY_SECONDS_MAX):
            return await read_body(request, limits.ADD_CHECKPOINT_BYTES_MAX)
    except TimeoutError as fault:
        raise Refused(Refusal("malformed-add-checkpoint", "the body came too slowly")) from fault


# ---- refusals: the status and, for programs, one line that names the reason ----


def _told(code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    status = errors.status_of(code)
    sent = {**_NO_STORE, **(headers or {})}
    if status in (errors.UNAVAILABLE, errors.TOO_MANY):
        sent["Retry-After"] = "1"
    return PlainTextResponse(f"{code}: {detail}\n", status, headers=sent)


async def _on_ledger_error(request: Request, fault: Exception) -> Response:
    del request
    assert isinstance(fault, LedgerError)
    if isinstance(fault, SizeConflict):
        # The standard's own form: the size alone, for the log to build on.
        text, status = f"{fault.size}\n", errors.status_of(fault.code)
        return Response(text, status, headers={**_NO_STORE, "Content-Type": SIZE_TYPE})
    if errors.status_of(fault.code) in (errors.UNAVAILABLE, errors.INTERNAL):
        log.error("witness.failed", code=fault.code, detail=str(fault))
        return _told(fault.code, "the witness's operator finds the cause in its log")
    return _told(fault.code, str(fault)[: errors.TEXT_CHARACTERS_MAX])


async def _on_refused(request: Request, fault: Exception) -> Response:
    del request
    assert isinstance(fault, Refused)
    return _told(fault.refusal.code, fault.refusal.detail, fault.headers)


async def _on_http_error(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    is_method = fault.status_code == errors.METHOD_NOT_ALLOWED
    code = "method-not-allowed" if is_method else "not-found"
    return _told(code, f"no {request.method} here", fault.headers)
