"""Logs, metrics and health, wrapped around the services; the algorithm does not know."""

from __future__ import annotations

import secrets
import sys
import time
from dataclasses import dataclass

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors
from ledger.service import Ledger

log = structlog.get_logger("lotmark")
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """The figures of one service, in a registry of its own."""

    def __init__(self, ledger: Ledger) -> None:
        """Measure ``ledger`` and the requests that :class:`Watch` sees."""
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "lotmark_http_requests",
            "Answers by method and status",
            ["method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "lotmark_http_request_seconds",
            "Time to answer",
            ["method"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        size = Gauge("lotmark_log_entries", "Entries in the log", registry=self.registry)
        size.set_function(lambda: ledger.size)
        waiting = Gauge("lotmark_log_waiting", "Records that wait", registry=self.registry)
        waiting.set_function(lambda: ledger.waiting)


class Watch:
    """Middleware: a request id for each answer, a count and a time for each."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Watch ``app``."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one exchange on, and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = secrets.token_hex(8)
        scope["request_id"] = request_id
        status = errors.INTERNAL

        async def send_watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request_id.encode()))
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            self._metrics.requests.labels(method, str(status)).inc()
            self._metrics.seconds.labels(method).observe(time.perf_counter() - started)


_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Health:
    """The HTTP routes that say how the service does."""

    ledger: Ledger
    metrics: Metrics

    def live(self, request: Request) -> Response:
        """``GET /livez``: the process answers."""
        del request
        return JSONResponse({"status": "alive"})

    def ready(self, request: Request) -> Response:
        """``GET /readyz``: the log is open, its writer runs, and the store answers."""
        del request
        if not self.ledger.is_running:
            return JSONResponse({"status": "stopping"}, errors.UNAVAILABLE)
        return JSONResponse({"status": "ready", "size": self.ledger.size})

    def figures(self, request: Request) -> Response:
        """``GET /metrics``: Prometheus text."""
        del request
        data = generate_latest(self.metrics.registry)
        return Response(data, media_type="text/plain; version=0.0.4; charset=utf-8")


def configure_logs() -> None:
    """Structured logs: one JSON object a line on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
