"""Logs, metrics and health, wrapped around the services; the algorithm does not know."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from functools import partial
from itertools import count
from typing import Final, Protocol, TextIO, cast

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
from ledger.clock import Clock
from ledger.errors import LogClosed
from ledger.faults import Refusal
from ledger.service import Ledger
from ledger.store import Store

log = structlog.get_logger("lotmark")
_FRAMES_MAX: Final = 12
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class AccessFigures(Protocol):
    """Counts receipts of reads."""

    kept: int
    refused: int


class Erasures(Protocol):
    """What carries out erasures."""

    @property
    def done_count(self) -> int:
        """How many were."""

    @property
    def waiting(self) -> int:
        """How many were ordered and are not."""

    @property
    def is_well(self) -> bool:
        """Whether they are carried out."""


class Metrics:
    """The figures of one service, in a registry of its own."""

    def __init__(self, ledger: Ledger) -> None:
        """Measure ``ledger`` and the requests that :class:`Watch` sees."""
        self.registry = CollectorRegistry()
        self._series: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
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

    def note_derived(self, size: Callable[[], int], is_well: Callable[[], bool]) -> None:
        """Show how far derived tables have come, and whether they follow."""
        held = Gauge("lotmark_derived_entries", "Entries counted", registry=self.registry)
        held.set_function(size)
        well = Gauge("lotmark_derived_up", "1: the tables follow the log", registry=self.registry)
        well.set_function(is_well)

    def note_anomaly(self, size: Callable[[], int], is_well: Callable[[], bool]) -> None:
        """Show how far parameters are scored, and whether scoring follows."""
        held = Gauge("lotmark_anomaly_entries", "Entries looked at", registry=self.registry)
        held.set_function(size)
        well = Gauge("lotmark_anomaly_up", "1: scoring follows the log", registry=self.registry)
        well.set_function(is_well)

    def note_trainings(self, is_well: Callable[[], bool]) -> None:
        """Show whether models are trained."""
        well = Gauge("lotmark_trainings_up", "1: models are trained", registry=self.registry)
        well.set_function(is_well)

    def note_accesses(self, kept: AccessFigures, digested_ms: Callable[[], int | None]) -> None:
        """Show how many receipts were kept and reads refused, and until when digests are there.

        No figure is one party's: what is read of whom is the owner's to know.
        """
        names = {
            "kept": ("lotmark_access_rows_kept", "Receipts of reads kept since the start"),
            "refused": ("lotmark_access_reads_refused", "Reads refused for want of a receipt"),
        }
        for name, (title, text) in names.items():
            figure = Gauge(title, text, registry=self.registry)
            figure.set_function(partial(getattr, kept, name))
        until = Gauge(
            "lotmark_access_digests_until_seconds",
            "Until when digests are on the log; 0: not known",
            registry=self.registry,
        )
        until.set_function(lambda: (digested_ms() or 0) / 1000)

    def note_erasures(self, worker: Erasures) -> None:
        """Show how many erasures were carried out and wait, and whether they are."""
        done = Gauge("lotmark_erasures_done", "Erasures carried out", registry=self.registry)
        done.set_function(lambda: worker.done_count)
        waiting = Gauge("lotmark_erasures_waiting", "Erasures ordered", registry=self.registry)
        waiting.set_function(lambda: worker.waiting)
        well = Gauge("lotmark_erasures_up", "1: erasures are carried out", registry=self.registry)
        well.set_function(lambda: worker.is_well)

    def note_answer(self, method: str, status: int, *, seconds: float) -> None:
        """Count an answer and the time it took."""
        counted, timed = self._series_of(method if method in _METHODS else "OTHER", status)
        counted.inc()
        timed.observe(seconds)

    def _series_of(self, method: str, status: int) -> tuple[Counter, Histogram]:
        # Finding a series by its labels costs more than counting; there are few of them.
        found = self._series.get((method, status))
        if found is None:
            found = self.requests.labels(method, str(status)), self.seconds.labels(method)
            self._series[method, status] = found
        return found


class Watch:
    """Middleware: a request id for each answer, a count and a time for each."""

    def __init__(self, app: ASGIApp, metrics: Metrics, clock: Clock) -> None:
        """Watch ``app``; answers are dated by ``clock``, which judges what clients sign."""
        self._app = app
        self._metrics = metrics
        self._clock = clock
        self._date = (0, b"")
        # Drawn once and counted on: a draw for each request is a system call for each.
        self._run = secrets.token_hex(4)
        self._answered = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one exchange on, and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = f"{self._run}{next(self._answered):08x}"
        scope["request_id"] = request_id
        status = 0

        async def send_watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._common_fields(scope)]
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        except Exception as fault:
            log.error("request.broken", request_id=request_id, **describe_fault(fault))
            if status:
                raise
            refusal = Refusal("internal", f"request id {request_id}")
            await errors.problem_response(refusal)(scope, receive, send_watched)
        finally:
            seconds = time.perf_counter() - started
            self._metrics.note_answer(scope["method"], status, seconds=seconds)

    def _common_fields(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """What every answer carries."""
        fields = [
            (b"date", self._date_now()),
            (b"x-request-id", scope["request_id"].encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        if scope.get("is_open"):
            fields.append((b"access-control-allow-origin", b"*"))
        return fields

    def _date_now(self) -> bytes:
        second = self._clock.now_ms() // 1_000
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True).encode("ascii"))
        return self._date[1]


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})


def describe_fault(fault: BaseException) -> dict[str, object]:
    """Kind and place of an error for the log, without its text, which may hold a payload."""
    frames = traceback.extract_tb(fault.__traceback__)[-_FRAMES_MAX:]
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return {"fault": type(fault).__name__, "places": places}


@dataclass(frozen=True, slots=True)
class Health:
    """The HTTP routes that say how the service does."""

    ledger: Ledger
    store: Store
    metrics: Metrics
    beside: Mapping[str, Callable[[], Mapping[str, object]]] = field(default_factory=dict)

    def live(self, request: Request) -> Response:
        """``GET /livez``: the process answers and its writer runs; else it is to be restarted."""
        del request
        if not self.ledger.is_running:
            headers = {"Retry-After": errors.COME_BACK_SECONDS}
            fault = self.ledger.stopped_by
            told = {"status": "stopped"} | ({"code": fault.code} if fault else {})
            return JSONResponse(told, errors.UNAVAILABLE, headers)
        return JSONResponse({"status": "alive"})

    def ready(self, request: Request) -> Response:
        """``GET /readyz``: the log is open, its writer runs, and the store answers.

        Raises:
            LogClosed, StoreUnavailable: it does not take records.
        """
        del request
        if not self.ledger.is_running:
            raise LogClosed("expected a log that takes records, found one that is stopping")
        self.store.head()
        # What is behind stops nobody: answers of derived tables say how far they have come, a
        # read whose receipt cannot be kept is refused by itself.
        beside = {name: dict(describe()) for name, describe in self.beside.items()}
        return JSONResponse({"status": "ready", "size": self.ledger.size, **beside})

    def figures(self, request: Request) -> Response:
        """``GET /metrics``: Prometheus text."""
        del request
        data = generate_latest(self.metrics.registry)
        return Response(data, media_type="text/plain; version=0.0.4; charset=utf-8")


def configure_logs(*, least: int = logging.INFO) -> None:
    """Structured logs: one JSON object a line on standard error, the server's own included.

    Args:
        least: the level from which on a line is written.
    """
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(least),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, LossyLines(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine())
    logging.basicConfig(level=least, handlers=[handler], force=True)
    # A line for every question to every witness, each second.
    logging.getLogger("httpx").setLevel(logging.WARNING)


class LossyLines:
    """A file of log lines that loses a line rather than fail the request that it is about."""

    def __init__(self, file: TextIO) -> None:
        """Write to ``file`` while its disk takes lines."""
        self._file = file

    def write(self, text: str) -> None:
        """Write, or lose, a line."""
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """Hand lines on to the system, or lose them."""
        with suppress(OSError):
            self._file.flush()


class JsonLine(logging.Formatter):
    """What libraries log, in the form of our own lines."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object; of an error its kind and place, not its text."""
        members: dict[str, object] = {
            "event": "library.said",
            "logger": record.name,
            "text": record.getMessage(),
            "level": record.levelname.lower(),
            "timestamp": _instant(record.created),
        }
        if record.exc_info and record.exc_info[1]:
            members |= describe_fault(record.exc_info[1])
        return json.dumps(members, ensure_ascii=False)


def _instant(unix_seconds: float) -> str:
    instant = datetime.fromtimestamp(unix_seconds, tz=UTC)
    return instant.isoformat().replace("+00:00", "Z")
